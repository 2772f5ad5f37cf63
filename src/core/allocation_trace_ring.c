/*
 * allocation_trace_ring.c
 *		Servers that serve one another, replaced by flows straight to the exits.
 *
 * Of what member s passes on, the share w(s,t) goes to member t and e(s,r) to
 * exit r; so of s's own content y(s,r) = e(s,r) + sum w(s,t) y(t,r) ends at r.
 * The y are solved in double by elimination with row pivots. content(s) x
 * y(s,r), rounded down, leaves a few units of each content and of each exit's
 * receipts; these are matched in order, first where the share is not zero.
 */
#include "core/allocation_trace_part.h"

#define SAFETY 1e-13			/* below what rounding in double may add */
#define LIMIT 9e18

static const TraceRun *
member_run(const Trace *w, int member)
{
	return &w->shape.run[w->shape.order[w->shape.ring_from + member]];
}

/* Which member a department is, or -1; its column is then below -1. */
static int
member_of(const Trace *w, int department)
{
	return w->shape.column[department] < -1 ?
		-2 - w->shape.column[department] : -1;
}

/* Numbers the members and exits; writes the equations [I - w | e]. */
static int
write_system(Trace *w, int members)
{
	const AllocationTrace *t = w->t;
	int		   *column = w->shape.column;
	size_t		width = (size_t) members + (size_t) t->departments;
	int			exits = 0;
	int			m;
	int			i;

	for (i = 0; i < t->departments; i++)
		column[i] = -1;
	for (m = 0; m < members; m++)
		column[member_run(w, m)->server] = -2 - m;
	for (m = 0; m < members; m++)
	{
		const TraceRun *run = member_run(w, m);
		double	   *row = w->space.system + (size_t) m * width;
		size_t		c;

		for (c = 0; c < width; c++)
			row[c] = 0;
		row[m] = 1;
		for (i = run->first; i < run->first + run->count; i++)
		{
			int			to = t->flow[i].receiver;
			double		share = (double) t->flow[i].amount / (double) run->sent;

			if (column[to] == -1)
				column[to] = exits++;
			if (column[to] >= 0)
				row[members + column[to]] += share;
			else
				row[member_of(w, to)] -= share;
		}
	}
	return exits;
}

/* Solves the equations; the shares y stand behind the first columns then. */
static bool
eliminate(Trace *w, int members, int exits)
{
	size_t		width = (size_t) members + (size_t) w->t->departments;
	int			last = members + exits;
	int			k;
	int			i;
	int			c;

	for (k = 0; k < members; k++)
	{
		double	   *pivot = w->space.system + (size_t) k * width;
		int			best = k;

		trace_pause(w);
		for (i = k; i < members; i++)
		{
			double		a = w->space.system[(size_t) i * width + (size_t) k];
			double		b = w->space.system[(size_t) best * width + (size_t) k];

			best = (a < 0 ? -a : a) > (b < 0 ? -b : b) ? i : best;
		}
		for (c = k; best != k && c < last; c++)
		{
			double	   *other = w->space.system + (size_t) best * width;
			double		value = pivot[c];

			pivot[c] = other[c];
			other[c] = value;
		}
		if (pivot[k] == 0)
			return false;
		for (i = k + 1; i < members; i++)
		{
			double	   *row = w->space.system + (size_t) i * width;
			double		factor = row[k] / pivot[k];

			for (c = k; factor != 0 && c < last; c++)
				row[c] -= factor * pivot[c];
		}
	}
	for (k = members - 1; k >= 0; k--)
	{
		double	   *pivot = w->space.system + (size_t) k * width;

		trace_pause(w);
		for (i = k + 1; i < members; i++)
			for (c = members; pivot[i] != 0 && c < last; c++)
				pivot[c] -= pivot[i] *
					w->space.system[(size_t) i * width + (size_t) c];
		for (c = members; c < last; c++)
			pivot[c] /= pivot[k];
	}
	return true;
}

/* Rounds content x share down; false if it does not fit. */
static bool
round_down(double value, int64_t *units)
{
	value -= (value < 0 ? -value : value) * SAFETY;
	if (!(value > -LIMIT && value < LIMIT))
		return false;
	*units = (int64_t) value;
	*units -= (double) *units > value ? 1 : 0;
	return true;
}

/*
 * Puts what is left of member m's content where exits still lack something: one
 * unit at each exit it has a share of, then, should the doubles have been off
 * by more, whatever lacks there; the last member takes all that is lacking.
 */
static void
close_row(Trace *w, int m, int exits, int64_t left, int64_t *lack, bool last)
{
	size_t		width = (size_t) w->t->departments;
	int64_t    *through = w->space.through + (size_t) m * width;
	int			members = w->shape.runs - w->shape.ring_from;
	const double *share = w->space.system +
		(size_t) m * ((size_t) members + width) + members;
	int			round;
	int			c;

	for (round = 0; round < 2 && !last; round++)
		for (c = 0; c < exits && left > 0; c++)
		{
			int64_t		units = left < lack[c] ? left : lack[c];

			if (share[c] == 0 || units <= 0)
				continue;
			units = round == 0 ? 1 : units;
			through[c] += units;
			lack[c] -= units;
			left -= units;
		}
	for (c = 0; last && c < exits; c++)
	{
		through[c] += lack[c];
		left -= lack[c];
		lack[c] = 0;
	}
	if (left != 0 && exits > 0)
	{
		through[exits - 1] += left;
		lack[exits - 1] -= left;
	}
}

/* Writes through[member][exit]: rows sum to the contents, columns to receipts. */
static Fault
close_margins(Trace *w, int members, int exits)
{
	const AllocationTrace *t = w->t;
	size_t		width = (size_t) t->departments;
	int64_t    *lack = (int64_t *) (void *) w->space.system +
		(size_t) members * ((size_t) members + width);
	int			last = -1;
	int			m;
	int			c;
	int			i;

	for (c = 0; c < exits; c++)
		lack[c] = 0;
	for (m = 0; m < members; m++)
	{
		const TraceRun *run = member_run(w, m);
		const double *share = w->space.system +
			(size_t) m * ((size_t) members + width) + members;
		int64_t    *through = w->space.through + (size_t) m * width;

		for (i = run->first; i < run->first + run->count; i++)
			if (w->shape.column[t->flow[i].receiver] >= 0)
				lack[w->shape.column[t->flow[i].receiver]] += t->flow[i].amount;
		for (c = 0; c < exits; c++)
		{
			if (!round_down((double) w->shape.balance[run->server] * share[c],
							&through[c]))
				return fault_at(FAULT_OVERFLOW, run->server, 0);
		}
	}
	for (m = 0; m < members; m++)
		for (c = 0; c < exits; c++)
			lack[c] -= w->space.through[(size_t) m * width + (size_t) c];
	for (m = 0; m < members; m++)
		if (w->shape.balance[member_run(w, m)->server] != 0)
			last = m;
	for (m = 0; m <= last; m++)
	{
		int64_t		left = w->shape.balance[member_run(w, m)->server];

		for (c = 0; c < exits; c++)
			left -= w->space.through[(size_t) m * width + (size_t) c];
		close_row(w, m, exits, left, lack, m == last);
	}
	return fault_none();
}

/*
 * Solves the ring of the phase, order[ring_from .. runs): fills through and
 * column, and says how many exits there are. balance holds each member's own
 * content. FAULT_INVARIANT if money cannot leave, which no run lets happen.
 */
Fault
trace_solve_ring(Trace *w, int *exits)
{
	int			members = w->shape.runs - w->shape.ring_from;

	*exits = write_system(w, members);
	if (*exits == 0 || !eliminate(w, members, *exits))
		return fault_at(FAULT_INVARIANT, member_run(w, 0)->server, members);
	return close_margins(w, members, *exits);
}

/*
 * Lists a member's flows to the exits as outputs: what it sends there itself,
 * in proportion to its own content, and what goes through other members.
 * Returns how many there are.
 */
int
trace_ring_outputs(Trace *w, int member, int exits)
{
	const TraceRun *run = member_run(w, member);
	const AllocationTrace *t = w->t;
	const int64_t *through = w->space.through +
		(size_t) member * (size_t) t->departments;
	MoneyWide	content = w->shape.balance[run->server];
	TraceOutput *output = w->space.output;
	int		   *output_of = w->space.needed;	/* by exit */
	int			n = 0;
	int			kept;
	int			i;

	for (i = 0; i < t->departments; i++)
	{
		int			c = w->shape.column[i];

		if (c < 0 || c >= exits || through[c] == 0)
			continue;
		output_of[c] = n;
		output[n++] = (TraceOutput) {i, TRACE_MUTUAL, through[c]};
	}
	for (i = run->first; i < run->first + run->count; i++)
	{
		int			c = w->shape.column[t->flow[i].receiver];
		MoneyWide	straight;
		int64_t		most;

		if (c < 0 || through[c] == 0)
			continue;
		most = output[output_of[c]].amount;
		straight = content * t->flow[i].amount / run->sent;
		if (most > 0)
			straight = straight < 0 ? 0 : straight > most ? most : straight;
		else
			straight = straight > 0 ? 0 : straight < most ? most : straight;
		output[output_of[c]].amount -= (int64_t) straight;
		output[n++] = (TraceOutput) {t->flow[i].receiver, 0, (int64_t) straight};
	}
	for (i = 0, kept = 0; i < n; i++)
		if (output[i].amount != 0)
			output[kept++] = output[i];
	return kept;
}
