/*
 * allocation_trace_shape.c
 *		Phases of the flows: who serves, in which order, along which paths.
 */
#include "core/allocation_trace_part.h"

static int
phase_begin(const AllocationTrace *t, int phase)
{
	return phase == 0 ? 0 : t->phase_end[phase - 1];
}

/*
 * Lists the servers of a phase and what each sends. FAULT_ARGUMENT: a flow to
 * the server itself, of nothing, apart from the server's others, or flows that
 * sum to nothing.
 */
Fault
trace_list_runs(const AllocationTrace *t, TraceShape *s, int phase)
{
	int			i;

	for (i = 0; i < t->departments; i++)
		s->run_of[i] = -1;
	s->runs = 0;
	for (i = phase_begin(t, phase); i < t->phase_end[phase]; i++)
	{
		const TraceFlow *flow = &t->flow[i];
		TraceRun   *run;

		if (flow->server < 0 || flow->server >= t->departments ||
			flow->receiver < 0 || flow->receiver >= t->departments ||
			flow->server == flow->receiver || flow->amount == 0)
			return fault_at(FAULT_ARGUMENT, i, flow->receiver);
		if (s->runs == 0 || s->run[s->runs - 1].server != flow->server)
		{
			if (s->run_of[flow->server] >= 0)
				return fault_at(FAULT_ARGUMENT, i, flow->server);
			s->run_of[flow->server] = s->runs;
			s->run[s->runs++] = (TraceRun) {flow->server, i, 0, 0};
		}
		run = &s->run[s->runs - 1];
		run->count++;
		if (__builtin_add_overflow(run->sent, flow->amount, &run->sent))
			return fault_at(FAULT_OVERFLOW, flow->server, flow->amount);
	}
	return fault_none();
}

/*
 * Orders the runs of a phase: as they are if each sends what it held, else
 * those first that no run left serves; what is left is the ring.
 */
void
trace_order_runs(const AllocationTrace *t, TraceShape *s)
{
	int			done = 0;
	int			placed = 0;
	int			i;

	s->snapshot = true;
	for (i = 0; i < s->runs; i++)
	{
		s->snapshot = s->snapshot &&
			s->run[i].sent == s->balance[s->run[i].server];
		s->served_by[i] = 0;
		s->order[i] = i;
	}
	s->ring_from = s->runs;
	if (s->snapshot || s->runs == 0)
		return;
	for (i = s->run[0].first; i < s->run[s->runs - 1].first +
		 s->run[s->runs - 1].count; i++)
		if (s->run_of[t->flow[i].receiver] >= 0)
			s->served_by[s->run_of[t->flow[i].receiver]]++;
	for (i = 0; i < s->runs; i++)
		if (s->served_by[i] == 0)
			s->order[placed++] = i;
	for (; done < placed; done++)
	{
		const TraceRun *run = &s->run[s->order[done]];

		for (i = run->first; i < run->first + run->count; i++)
		{
			int			next = s->run_of[t->flow[i].receiver];

			if (next >= 0 && --s->served_by[next] == 0)
				s->order[placed++] = next;
		}
	}
	s->ring_from = placed;
	for (i = 0; i < s->runs; i++)
		if (s->served_by[i] > 0)
			s->order[placed++] = i;
}

/* Moves the phase's flows in the balances; each server must end at zero. */
Fault
trace_move_balances(const AllocationTrace *t, TraceShape *s, int phase)
{
	int			i;

	for (i = 0; i < s->runs; i++)
		s->balance[s->run[i].server] -= s->snapshot ? s->run[i].sent : 0;
	for (i = phase_begin(t, phase); i < t->phase_end[phase]; i++)
		if (__builtin_add_overflow(s->balance[t->flow[i].receiver],
								   t->flow[i].amount,
								   &s->balance[t->flow[i].receiver]))
			return fault_at(FAULT_OVERFLOW, t->flow[i].receiver,
							t->flow[i].amount);
	for (i = 0; i < s->runs && !s->snapshot; i++)
	{
		int64_t    *balance = &s->balance[s->run[i].server];

		*balance -= s->run[i].sent;
		if (*balance != 0)
			return fault_at(FAULT_CELL_CONSERVATION, s->run[i].server, *balance);
	}
	return fault_none();
}

/* The paths of a server's parts, as its receivers will call them. */
static uint32_t
paths_from(const AllocationTrace *t, const TraceShape *s, int server, bool ring)
{
	int			level = 1 << t->level_of_department[server];
	uint32_t	paths = 1;
	int			path;

	for (path = 0; path < TRACE_PATHS; path++)
		if (s->paths[server] & (UINT32_C(1) << path))
			paths |= UINT32_C(1) << (path | level);
	for (path = 0; ring && path < TRACE_MUTUAL; path++)
		if (paths & (UINT32_C(1) << path))
			paths |= UINT32_C(1) << (path | TRACE_MUTUAL);
	return paths;
}

/* Spreads paths along the flows of a phase until nothing is new. */
static void
spread_paths(const AllocationTrace *t, TraceShape *s)
{
	bool		grown = true;
	int			i;
	int			k;

	while (grown)
	{
		grown = false;
		for (k = 0; k < s->runs; k++)
		{
			const TraceRun *run = &s->run[s->order[k]];
			uint32_t	paths = paths_from(t, s, run->server, k >= s->ring_from);

			for (i = run->first; i < run->first + run->count; i++)
			{
				uint32_t   *there = &s->paths[t->flow[i].receiver];

				grown = grown || (paths & ~*there) != 0;
				*there |= paths;
			}
		}
	}
}

/*
 * Looks at one phase: who serves (slot 1), how long its ring is, where paths
 * lead; moves the balances.
 */
Fault
trace_measure_phase(AllocationTrace *t, TraceShape *s, int phase)
{
	Fault		fault = trace_list_runs(t, s, phase);
	int			i;

	if (fault.code != FAULT_NONE)
		return fault;
	trace_order_runs(t, s);
	spread_paths(t, s);
	if (s->runs - s->ring_from > t->longest_ring)
		t->longest_ring = s->runs - s->ring_from;
	if (s->runs > t->most_servers)
		t->most_servers = s->runs;
	for (i = 0; i < s->runs; i++)
	{
		if (s->run[i].sent == 0)
			return fault_at(FAULT_ARGUMENT, s->run[i].first, s->run[i].server);
		s->slot[s->run[i].server] = 1;
	}
	return trace_move_balances(t, s, phase);
}
