/*
 * allocation_move.c
 *		What every manner of turn does with an amount: split it, tell of it, bound
 *		the error it carries.
 *
 * The bound speaks of exact arithmetic: were every split a real number, no
 * balance would differ from ours by more than the error noted for its
 * department.  A share is exact but for one unit of rounding, and carries its
 * part of the server's error.  One figure serves all pools of a department, so
 * it is the largest of them.
 */
#include "core/allocation_base.h"
#include "core/wide.h"

/* Fills in what all flows of an amount have in common; ready may be NULL. */
AllocationFlow
allocation_flow_of(const Allocation *a, int number, int pool, int64_t amount,
				   const AllocationReady *ready)
{
	AllocationFlow flow = {0};

	flow.turn = number;
	flow.server = a->turn[number].server;
	flow.receiver = flow.server;
	flow.pool = pool;
	flow.base = a->turn[number].base_of_pool[pool];
	flow.base_amount = flow.amount = amount;
	if (ready == NULL)
		return flow;
	flow.base = ready->base;
	flow.policy_used = ready->policy_used;
	flow.weight_scale = ready->weight_scale;
	flow.weight_total = ready->total;
	return flow;
}

/* Reports a balance that stays with its server. */
void
allocation_keep(const Allocation *a, AllocationFlow flow, int policy_used)
{
	flow.policy_used |= policy_used;
	if (a->kept != NULL)
		a->kept(a->context, &flow);
}

/*
 * Splits flow->base_amount over the ready base into w->share.  On a fault `at`
 * is a department.
 */
Fault
allocation_split(const Allocation *a, AllocationWorkspace *w, int n,
				 AllocationFlow *flow)
{
	MoneyMultiplierRule rule;
	Fault		fault;

	rule.amount_scale = ALLOCATION_AMOUNT_SCALE;
	rule.weight_scale = flow->weight_scale;
	rule.multiplier_scale = a->policy.multiplier_scale;
	rule.residual = a->policy.residual;
	if (rule.multiplier_scale == ALLOCATION_EXACT)
		fault = money_split(flow->base_amount, a->policy.flow_unit, w->weight,
							n, w->split, w->share);
	else
		fault = money_split_multiplier(flow->base_amount, a->policy.flow_unit,
									   &rule, w->weight, n, w->split,
									   &flow->multiplier, w->share);
	if (fault.at >= 0 && fault.at < n)
		fault.at = w->receiver[fault.at];
	return fault;
}

/* The size of the server's largest balance, in flow units. */
double
allocation_largest(const Allocation *a, int server)
{
	double		largest = 0;
	int			pool;

	for (pool = 0; pool < a->pools; pool++)
	{
		double		size = (double) a->balance[cell_at(a, server, pool)];

		size = size < 0 ? -size : size;
		largest = size > largest ? size : largest;
	}
	return largest / (double) a->policy.flow_unit;
}

/*
 * Bounds the error of the ready base's share i, in flow units, of an amount
 * known to `error` and not larger than `largest`.  Accumulated cost is a weight
 * with an error of its own.
 */
double
allocation_share_error(const Allocation *a, const AllocationWorkspace *w,
					   const AllocationReady *ready, int i, double error,
					   double largest)
{
	/* an amount below one unit goes along with the first share */
	double		bound = a->policy.flow_unit == 1 ? 1 : 2;
	double		share = (double) w->weight[i] / (double) ready->total;
	double		each;
	double		total;

	share = share < 0 ? -share : share;
	bound += share * error;
	if (ready->doubt)
		return ALLOCATION_NO_BOUND;
	/* twice what is known, which covers the noise of double */
	each = 2.0 * a->pools * (double) a->policy.flow_unit;
	total = ready->error * each;
	if (total == 0)
		return bound;
	if (total >= (double) ready->total)
		return ALLOCATION_NO_BOUND;
	return bound + (largest + error) *
		((w->error[w->receiver[i]] + ready->lowest_error) * each + share * total) /
		((double) ready->total - total);
}

/* Notes the errors of the shares of one base of a turn. */
void
allocation_note_error(const Allocation *a, AllocationWorkspace *w,
					  const AllocationReady *ready, int server, double largest)
{
	int			i;

	if (ready->doubt)
		w->error[server] = ALLOCATION_NO_BOUND;
	for (i = 0; i < ready->n + ready->weightless && ready->total > 0; i++)
	{
		double	   *more = &w->more_error[w->receiver[i]];
		double		bound = allocation_share_error(a, w, ready, i,
												   w->error[server], largest);

		if (*more == 0)
			w->touched[w->touches++] = w->receiver[i];
		*more = bound > *more ? bound : *more;
	}
}

/* Adds what was noted to the errors, at the end of a turn. */
void
allocation_add_error(AllocationWorkspace *w, int server, bool emptied)
{
	int			i;

	for (i = 0; i < w->touches; i++)
	{
		w->error[w->touched[i]] += w->more_error[w->touched[i]];
		w->more_error[w->touched[i]] = 0;
	}
	w->touches = 0;
	if (emptied)
		w->error[server] = 0;
}

/*
 * Says how far, at most, any balance is from what exact arithmetic without any
 * rounding gives, in 10^-8 yuan; INT64_MAX where that cannot be said, as with
 * rounded multipliers, whose rule is to round.  Signed statistics count, as
 * does that accumulated cost is itself rounded.
 */
int64_t
allocation_error_bound(const Allocation *a)
{
	AllocationWorkspace w = allocation_workspace(a);
	double		largest = 0;
	int			i;

	if (a->policy.multiplier_scale != ALLOCATION_EXACT)
		return INT64_MAX;
	for (i = 0; i < a->departments; i++)
		largest = w.error[i] > largest ? w.error[i] : largest;
	largest *= (double) a->policy.flow_unit * (1 + 1e-9);
	/* sums of a few thousand roundings: far above the noise of double */
	return largest < 9e18 ? (int64_t) largest + 1 : INT64_MAX;
}
