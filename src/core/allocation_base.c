/*
 * allocation_base.c
 *		Who receives in a turn and by which weights: closing rule, negative
 *		statistics, zero bases and their fallbacks.
 */
#include "core/allocation_base.h"
#include "core/wide.h"

/* Whether a department may not receive in a turn. */
static bool
is_closed(const AllocationWorkspace *w, const AllocationTurn *turn,
		  int department)
{
	int64_t		since = w->closed_since[department];

	switch (turn->manner)
	{
		case TURN_OPEN:
			return department == turn->server;
		case TURN_SIMULTANEOUS:
			return department == turn->server || since < turn->group;
		case TURN_SEQUENTIAL:
			return department == turn->server || since < turn->group ||
				(since == turn->group && department < turn->server);
		case TURN_CLOSING:
		default:
			/* the server is closed since this group at the latest */
			return since <= turn->group;
	}
}

/* Sorts departments; they come sorted but from a caller of odd habits. */
static void
sort_departments(int *d, int n)
{
	int			gap;
	int			i;

	for (i = 1; i < n && d[i - 1] < d[i]; i++)
		;
	if (i >= n)
		return;
	for (gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
		for (i = gap; i < n; i++)
		{
			int			moving = d[i];
			int			at = i;

			for (; at >= gap && d[at - gap] > moving; at -= gap)
				d[at] = d[at - gap];
			d[at] = moving;
		}
}

/* Lists a base's open receivers with their weights, ascending. */
static Fault
collect_receivers(const Allocation *a, AllocationWorkspace *w, int turn_index,
				  AllocationReady *ready)
{
	const AllocationBase *base = &a->base[ready->base];
	bool		accumulated = base->kind == BASE_ACCUMULATED_COST;
	Fault		fault = fault_none();
	int			i;

	ready->n = ready->weightless = 0;
	ready->error = ready->lowest_error = 0;
	for (i = 0; i < base->n; i++)
	{
		int			d = base->receivers[i];

		if (is_closed(w, &a->turn[turn_index], d))
			continue;
		if (!w->member[d])
			w->receiver[ready->n++] = d;
		w->member[d] = true;
		if (base->kind == BASE_EQUAL)
			w->dense[d] = ONE_WEIGHT;
		else if (accumulated)
			w->dense[d] = w->accumulated[d];
		else if (!add_int64(&w->dense[d], base->weights[i]))
			fault = fault_at(FAULT_OVERFLOW, d, base->weights[i]);
	}
	ready->weight_scale = accumulated ?
		ALLOCATION_AMOUNT_SCALE : ALLOCATION_WEIGHT_SCALE;
	sort_departments(w->receiver, ready->n);
	for (i = 0; i < ready->n; i++)
	{
		int			d = w->receiver[i];

		w->weight[i] = w->dense[d];
		ready->error += accumulated ? w->error[d] : 0;
		if (accumulated && w->error[d] > ready->lowest_error)
			ready->lowest_error = w->error[d];
		w->dense[d] = 0;
		w->member[d] = false;
	}
	if (a->policy.negative_statistic != NEGATIVE_STATISTIC_SHIFT)
		ready->lowest_error = 0;
	ready->error += ready->n * ready->lowest_error;
	return fault;
}

/* Treats negative weights as the policy says. */
static Fault
treat_negatives(const Allocation *a, AllocationWorkspace *w,
				AllocationReady *ready)
{
	AllocationNegativeStatistic policy = a->policy.negative_statistic;
	int64_t		lowest = 0;
	int			i;

	for (i = 0; i < ready->n; i++)
	{
		if (w->weight[i] < 0 && policy == NEGATIVE_STATISTIC_ERROR)
			return fault_at(FAULT_STATISTIC_NEGATIVE, w->receiver[i],
							w->weight[i]);
		if (w->weight[i] < lowest)
			lowest = w->weight[i];
	}
	if (lowest == 0)
		return fault_none();
	ready->policy_used |= policy == NEGATIVE_STATISTIC_SIGNED ?
		FLOW_NEGATIVE_SIGNED : FLOW_NEGATIVE_CHANGED;
	for (i = 0; i < ready->n && policy != NEGATIVE_STATISTIC_SIGNED; i++)
	{
		MoneyWide	weight = w->weight[i];

		if (policy == NEGATIVE_STATISTIC_SHIFT)
			weight -= lowest;
		else if (weight < 0)
			weight = policy == NEGATIVE_STATISTIC_ABSOLUTE ? -weight : 0;
		if (!wide_fits_int64(weight))
			return fault_at(FAULT_OVERFLOW, w->receiver[i], w->weight[i]);
		w->weight[i] = (int64_t) weight;
	}
	return fault_none();
}

/*
 * Totals the weights; receivers without weight drop out of a base with one.
 * Those that exact arithmetic may give some stand behind, for the bound.
 */
static Fault
total_weights(AllocationWorkspace *w, AllocationReady *ready)
{
	MoneyWide	sum = 0;
	int			kept = 0;
	int			doubtful = 0;
	int			i;

	for (i = 0; i < ready->n; i++)
		sum += w->weight[i];
	if (sum < 0)
		return fault_at(FAULT_BASE_NEGATIVE, -1, wide_saturate(sum));
	if (!wide_fits_int64(sum))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(sum));
	ready->total = (int64_t) sum;
	for (i = 0; i < ready->n && sum > 0; i++)
	{
		if (w->weight[i] == 0)
		{
			if (ready->error > 0 && w->error[w->receiver[i]] + ready->lowest_error > 0)
				w->share[doubtful++] = w->receiver[i];
			continue;
		}
		w->receiver[kept] = w->receiver[i];
		w->weight[kept++] = w->weight[i];
	}
	if (sum == 0)
		return fault_none();
	for (i = 0; i < doubtful; i++)
	{
		w->receiver[kept + i] = (int) w->share[i];
		w->weight[kept + i] = 0;
	}
	ready->n = kept;
	ready->weightless = doubtful;
	return fault_none();
}

/* Weighs all open receivers of a zero base the same. */
static void
weigh_equally(AllocationWorkspace *w, AllocationReady *ready)
{
	int			i;

	for (i = 0; i < ready->n; i++)
		w->weight[i] = ONE_WEIGHT;
	ready->total = (int64_t) ready->n * ONE_WEIGHT;
	ready->weight_scale = ALLOCATION_WEIGHT_SCALE;
	ready->policy_used |= FLOW_EQUAL_FOR_ZERO;
}

/*
 * Makes the base ready->requested ready for the server of a turn:
 * follows fallbacks, fills *ready and the receivers and weights of the
 * workspace.  A total of zero means that the balance stays with the server
 * (ZERO_BASE_UNALLOCATED).  On a fault ready->base is the base it is about and
 * `at` the department, where one is to blame.
 */
Fault
allocation_ready_base(const Allocation *a, AllocationWorkspace *w,
					  int turn_index, AllocationReady *ready)
{
	int			hops;

	ready->base = ready->requested;
	ready->doubt = false;
	for (hops = 0; hops <= a->bases; hops++)
	{
		int			fallback = a->base[ready->base].fallback;
		Fault		fault = collect_receivers(a, w, turn_index, ready);

		ready->policy_used = hops > 0 ? FLOW_FALLBACK : 0;
		if (fault.code == FAULT_NONE)
			fault = treat_negatives(a, w, ready);
		if (fault.code == FAULT_NONE)
			fault = total_weights(w, ready);
		if (fault.code != FAULT_NONE || ready->total > 0)
			return fault;
		ready->doubt = ready->doubt || ready->error > 0;
		switch (a->policy.zero_base)
		{
			case ZERO_BASE_UNALLOCATED:
				ready->policy_used |= FLOW_UNALLOCATED;
				return fault_none();
			case ZERO_BASE_EQUAL:
				if (ready->n == 0)
					return fault_at(FAULT_BASE_ZERO, -1, 0);
				weigh_equally(w, ready);
				return fault_none();
			case ZERO_BASE_FALLBACK:
				if (fallback == ALLOCATION_NONE)
					return fault_at(FAULT_BASE_ZERO, -1, 0);
				ready->base = fallback;
				break;
			case ZERO_BASE_ERROR:
			default:
				return fault_at(FAULT_BASE_ZERO, -1, 0);
		}
	}
	return fault_at(FAULT_FALLBACK_LOOP, -1, 0);
}
