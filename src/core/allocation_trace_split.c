/*
 * allocation_trace_split.c
 *		What a server holds, part by part, divided over its outputs.
 */
#include "core/allocation_trace_part.h"

#define LARGEST(amount) ((amount) < 0 ? -(amount) : (amount))

/*
 * Divides parts that sum to whole so that the first half sums to half: of the
 * running total C that is C x half / whole rounded down. With half between 0
 * and whole a rounded-up fraction of 2^64 serves, and each share lies between 0
 * and its part.
 */
static Fault
divide_parts(const int64_t *part, int n, int64_t whole, int64_t half,
			 int64_t *share)
{
	bool		within = whole > 0 ? half >= 0 && half <= whole :
		half <= 0 && half >= whole;
	MoneyWide	sign = whole < 0 ? -1 : 1;
	MoneyWide	size = sign * whole;
	MoneyWide	running = 0;
	MoneyWide	before = 0;
	uint64_t	fraction = 0;
	int			i;

	if (whole == 0)
		return fault_at(FAULT_INVARIANT, -1, half);
	if (half == whole || half == 0)
	{
		for (i = 0; i < n; i++)
			share[i] = half == 0 ? 0 : part[i];
		return fault_none();
	}
	if (within)
		fraction = (uint64_t) (((((unsigned __int128) (sign * half)) << 64) +
								(unsigned __int128) size - 1) /
							   (unsigned __int128) size);
	for (i = 0; i < n; i++)
	{
		MoneyWide	reached;
		MoneyWide	remainder;

		running += sign * part[i];
		reached = within ? (running * (MoneyWide) fraction) >> 64 :
			wide_divide_floor(running * sign * half, size, &remainder);
		if (!wide_fits_int64(reached - before))
			return fault_at(FAULT_OVERFLOW, i, wide_saturate(reached - before));
		share[i] = (int64_t) (sign * (reached - before));
		before = reached;
	}
	return fault_none();
}

/* Gives an output its parts. */
static Fault
land(Trace *w, const TraceOutput *output, const int64_t *part, int n)
{
	int			slot = w->shape.slot[output->receiver];
	const int  *landing = w->space.landing +
		(output->mark == 0 ? 0 : w->space.parts);
	int64_t    *hold = w->space.hold + (size_t) slot * (size_t) w->space.parts;
	int			i;

	for (i = 0; i < n; i++)
		if (__builtin_add_overflow(hold[landing[i]], part[i], &hold[landing[i]]))
			return fault_at(FAULT_OVERFLOW, output->receiver, part[i]);
	return fault_none();
}

/*
 * Divides node over sorted[from, to), whose amounts sum to whole; cut is where
 * to divide, or -1 for the middle. node is used up.
 */
static Fault
divide_node(Trace *w, int64_t *node, int n, int from, int to, int64_t whole,
			int cut)
{
	const TraceOutput *output = w->space.sorted;
	int64_t    *left = node + w->space.parts;

	while (w->space.needed[to] > w->space.needed[from] && to - from > 1)
	{
		int			middle = cut >= 0 ? cut : from + (to - from) / 2;
		MoneyWide	half = 0;
		Fault		fault;
		int			i;

		cut = -1;
		for (i = from; i < middle; i++)
			half += output[i].amount;
		if (!wide_fits_int64(half) || !wide_fits_int64(whole - half))
			return fault_at(FAULT_OVERFLOW, -1, wide_saturate(half));
		fault = divide_parts(node, n, whole, (int64_t) half, left);
		for (i = 0; i < n && fault.code == FAULT_NONE; i++)
			if (__builtin_sub_overflow(node[i], left[i], &node[i]))
				fault = fault_at(FAULT_OVERFLOW, -1, node[i]);
		if (fault.code == FAULT_NONE)
			fault = divide_node(w, left, n, from, middle, (int64_t) half, -1);
		if (fault.code != FAULT_NONE)
			return fault;
		from = middle;
		whole -= (int64_t) half;
	}
	if (w->space.needed[to] == w->space.needed[from])
		return fault_none();
	return land(w, &output[from], node, n);
}

/* Numbers the parts of a server as its receivers will call them. */
static void
name_landings(Trace *w, int server, const int *part, int n)
{
	const TraceShape *s = &w->shape;
	int			level = 1 << w->t->level_of_department[server];
	int			i;

	for (i = 0; i < n; i++)
	{
		int			rank = part[i] / w->t->paths;
		int			path = s->path[part[i] % w->t->paths];
		int			base = rank * w->t->paths;

		if (path != 0 || s->origin[rank] != server)
			path |= level;
		w->space.landing[i] = base + s->path_rank[path];
		w->space.landing[w->space.parts + i] =
			base + s->path_rank[path | TRACE_MUTUAL];
	}
}

/*
 * Passes what was taken from a server (content, part, count of the run) on to
 * output[0 .. outputs), whose amounts sum to what was taken. Only receivers
 * with a slot are told.
 */
Fault
trace_pass_on(Trace *w, int run, int outputs)
{
	TraceSpace *space = &w->space;
	size_t		row = (size_t) run * (size_t) space->parts;
	int			n = space->count[run];
	MoneyWide	sum = 0;
	MoneyWide	size = 0;
	int			cut = 0;
	int			kept = 0;
	int			i;

	trace_pause(w);
	for (i = 0; i < n; i++)
	{
		sum += space->content[row + (size_t) i];
		size += LARGEST((MoneyWide) space->content[row + (size_t) i]);
	}
	if (!wide_fits_int64(size))
		return fault_at(FAULT_OVERFLOW, w->shape.run[run].server,
						wide_saturate(size));
	for (i = 0; i < outputs; i++)
		if ((space->output[i].amount > 0) == (sum > 0))
			space->sorted[kept++] = space->output[i];
	cut = kept;
	for (i = 0; i < outputs; i++)
		if ((space->output[i].amount > 0) != (sum > 0))
			space->sorted[kept++] = space->output[i];
	space->needed[0] = 0;
	for (i = 0; i < outputs; i++)
		space->needed[i + 1] = space->needed[i] +
			(w->shape.slot[space->sorted[i].receiver] >= 0 ? 1 : 0);
	name_landings(w, w->shape.run[run].server, space->part + row, n);
	for (i = 0; i < n; i++)
		space->half[i] = space->content[row + (size_t) i];
	return divide_node(w, space->half, n, 0, outputs, (int64_t) sum,
					   cut > 0 && cut < outputs ? cut : -1);
}
