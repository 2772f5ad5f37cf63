/*
 * allocation_trace.c
 *		Walks one pool's flows phase by phase; see allocation_trace.h.
 */
#include "core/allocation_trace_part.h"

/* Says how many bytes of small scratch so many departments need. */
size_t
allocation_trace_small_size(int departments)
{
	size_t		n = departments > 0 ? (size_t) departments : 0;

	return sizeof(int64_t) - 1 + n * (sizeof(int64_t) + sizeof(TraceRun) +
									  7 * sizeof(int) + sizeof(uint32_t));
}

static TraceShape
shape_of(const AllocationTrace *t)
{
	TraceShape	s = {0};
	size_t		n = (size_t) t->departments;

	s.balance = wide_align(t->small, sizeof(int64_t));
	s.run = (TraceRun *) (void *) (s.balance + n);
	s.run_of = (int *) (void *) (s.run + n);
	s.served_by = s.run_of + n;
	s.order = s.served_by + n;
	s.slot = s.order + n;
	s.rank = s.slot + n;
	s.origin = s.rank + n;
	s.column = s.origin + n;
	s.paths = (uint32_t *) (void *) (s.column + n);
	return s;
}

static size_t
space_size(const AllocationTrace *t)
{
	size_t		n = (size_t) t->departments;
	size_t		parts = (size_t) t->origins * (size_t) t->paths;
	size_t		ring = (size_t) t->longest_ring;

	return sizeof(int64_t) - 1 +
		sizeof(int64_t) * (parts * ((size_t) t->slots + (size_t) t->most_servers +
									TRACE_DEPTH) + ring * (ring + n) +
						   ring * n + n) +
		sizeof(TraceOutput) * 2 * (size_t) t->most_outputs +
		sizeof(int) * (parts * ((size_t) t->most_servers + 2) +
					   (size_t) t->most_servers + (size_t) t->most_outputs + 1);
}

/*
 * Checks the flows and says how much scratch the walk needs. FAULT_ARGUMENT: a
 * flow is not as flows are (at = its number); FAULT_CELL_CONSERVATION: a server
 * sends something else than it holds.
 */
Fault
allocation_trace_measure(AllocationTrace *t, size_t *scratch_size)
{
	TraceShape	s = shape_of(t);
	Fault		fault = fault_none();
	uint32_t	paths = 1;
	int			i;

	t->slots = t->origins = t->paths = t->longest_ring = t->most_servers = 0;
	t->most_outputs = 2 * t->departments;
	for (i = 0; i < t->departments; i++)
	{
		if (t->level_of_department[i] < 0 ||
			t->level_of_department[i] >= TRACE_LEVELS)
			return fault_at(FAULT_ARGUMENT, i, t->level_of_department[i]);
		s.balance[i] = t->direct[i];
		s.slot[i] = t->wanted[i] ? 0 : -1;
		s.rank[i] = -1;
		s.paths[i] = 0;
	}
	for (i = 0; i < t->phases && fault.code == FAULT_NONE; i++)
		fault = trace_measure_phase(t, &s, i);
	for (i = 0; i < t->departments; i++)
	{
		if (s.slot[i] == 1 && t->direct[i] != 0)
			s.rank[i] = t->origins++;
		if (s.slot[i] >= 0)
			paths |= s.paths[i];
		s.slot[i] = s.slot[i] >= 0 ? t->slots++ : -1;
	}
	for (i = 0; i < TRACE_PATHS; i++)
		t->paths += (paths >> i) & 1;
	*scratch_size = space_size(t);
	return fault;
}

static TraceSpace
space_of(const AllocationTrace *t)
{
	TraceSpace	space = {0};
	size_t		n = (size_t) t->departments;
	size_t		parts = (size_t) t->origins * (size_t) t->paths;
	size_t		ring = (size_t) t->longest_ring;

	space.parts = (int) parts;
	space.hold = wide_align(t->scratch, sizeof(int64_t));
	space.content = space.hold + parts * (size_t) t->slots;
	space.half = space.content + parts * (size_t) t->most_servers;
	space.system = (double *) (void *) (space.half + parts * TRACE_DEPTH);
	space.through = (int64_t *) (void *) (space.system + ring * (ring + n) + n);
	space.output = (TraceOutput *) (void *) (space.through + ring * n);
	space.sorted = space.output + t->most_outputs;
	space.part = (int *) (void *) (space.sorted + t->most_outputs);
	space.landing = space.part + parts * (size_t) t->most_servers;
	space.count = space.landing + 2 * parts;
	space.needed = space.count + t->most_servers;
	return space;
}

/* Takes what a server holds into the content of its run. */
static void
take_content(Trace *w, int run)
{
	size_t		parts = (size_t) w->space.parts;
	size_t		row = (size_t) run * parts;
	int64_t    *hold = w->space.hold +
		(size_t) w->shape.slot[w->shape.run[run].server] * parts;
	int			n = 0;
	size_t		i;

	for (i = 0; i < parts; i++)
	{
		if (hold[i] == 0)
			continue;
		w->space.content[row + (size_t) n] = hold[i];
		w->space.part[row + (size_t) n++] = (int) i;
		hold[i] = 0;
	}
	w->space.count[run] = n;
}

/* Passes a run's content on along its own flows. */
static Fault
pass_flows(Trace *w, int run)
{
	const TraceRun *r = &w->shape.run[run];
	int			i;

	for (i = 0; i < r->count; i++)
	{
		const TraceFlow *flow = &w->t->flow[r->first + i];

		w->space.output[i] = (TraceOutput) {flow->receiver, 0, flow->amount};
	}
	return trace_pass_on(w, run, r->count);
}

/* What comes to the ring's members from outside is theirs before they begin. */
static Fault
pass_ring(Trace *w)
{
	TraceShape *s = &w->shape;
	Fault		fault;
	int			exits;
	int			k;
	int			i;

	for (k = 0; k < s->ring_from; k++)
	{
		const TraceRun *run = &s->run[s->order[k]];

		for (i = run->first; i < run->first + run->count; i++)
			s->balance[w->t->flow[i].receiver] += w->t->flow[i].amount;
	}
	fault = trace_solve_ring(w, &exits);
	for (k = s->ring_from; k < s->runs && fault.code == FAULT_NONE; k++)
		if (s->balance[s->run[s->order[k]].server] != 0)
		{
			take_content(w, s->order[k]);
			fault = trace_pass_on(w, s->order[k],
								  trace_ring_outputs(w, k - s->ring_from, exits));
		}
	for (k = 0; k < s->ring_from; k++)
	{
		const TraceRun *run = &s->run[s->order[k]];

		for (i = run->first; i < run->first + run->count; i++)
			s->balance[w->t->flow[i].receiver] -= w->t->flow[i].amount;
	}
	return fault;
}

static Fault
walk_phase(Trace *w, int phase)
{
	Fault		fault = trace_list_runs(w->t, &w->shape, phase);
	int			k;

	if (fault.code != FAULT_NONE)
		return fault;
	trace_order_runs(w->t, &w->shape);
	for (k = 0; k < w->shape.runs && w->shape.snapshot; k++)
		take_content(w, k);
	for (k = 0; k < w->shape.ring_from && fault.code == FAULT_NONE; k++)
	{
		if (!w->shape.snapshot)
			take_content(w, w->shape.order[k]);
		fault = pass_flows(w, w->shape.order[k]);
	}
	if (fault.code == FAULT_NONE && w->shape.ring_from < w->shape.runs)
		fault = pass_ring(w);
	return fault.code == FAULT_NONE ?
		trace_move_balances(w->t, &w->shape, phase) : fault;
}

/* Tells the parts of every wanted department. */
static void
report(Trace *w)
{
	const AllocationTrace *t = w->t;
	int			d;
	int			i;

	for (d = 0; d < t->departments; d++)
	{
		const int64_t *hold = w->space.hold +
			(size_t) (w->shape.slot[d] < 0 ? 0 : w->shape.slot[d]) *
			(size_t) w->space.parts;

		if (!t->wanted[d])
			continue;
		if (w->shape.rank[d] < 0 && t->direct[d] != 0)
			t->found(t->context, d, d, 0, t->direct[d]);
		for (i = 0; i < w->space.parts; i++)
			if (hold[i] != 0)
				t->found(t->context, d, w->shape.origin[i / t->paths],
						 w->shape.path[i % t->paths], hold[i]);
	}
}

/*
 * Walks the flows and reports the parts of every wanted department, which sum
 * to what it holds in the end. FAULT_OVERFLOW: parts of opposite signs are too
 * large; else as measure.
 */
Fault
allocation_trace_run(AllocationTrace *t)
{
	Trace		w = {t, shape_of(t), space_of(t)};
	Fault		fault = fault_none();
	uint32_t	paths = 1;
	size_t		part;
	int			i;

	for (i = 0; i < t->departments; i++)
		paths |= w.shape.slot[i] >= 0 ? w.shape.paths[i] : 0;
	for (i = 0; i < TRACE_PATHS; i++)
	{
		w.shape.path_rank[i] = (i == 0 ? 0 : w.shape.path_rank[i - 1] +
								(int) ((paths >> (i - 1)) & 1));
		if ((paths >> i) & 1)
			w.shape.path[w.shape.path_rank[i]] = i;
	}
	for (part = 0; part < (size_t) t->slots * (size_t) w.space.parts; part++)
		w.space.hold[part] = 0;
	for (i = 0; i < t->departments; i++)
	{
		int			rank = w.shape.rank[i];

		w.shape.balance[i] = t->direct[i];
		if (rank < 0)
			continue;
		w.shape.origin[rank] = i;
		w.space.hold[(size_t) w.shape.slot[i] * (size_t) w.space.parts +
					 (size_t) rank * (size_t) t->paths] = t->direct[i];
	}
	for (i = 0; i < t->phases && fault.code == FAULT_NONE; i++)
		fault = walk_phase(&w, i);
	if (fault.code == FAULT_NONE)
		report(&w);
	return fault;
}
