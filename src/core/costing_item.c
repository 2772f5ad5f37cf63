/*
 * costing_item.c
 *		Splitting the pool of a department over its service items.
 */
#include <string.h>

#include "core/costing_item.h"
#include "core/wide.h"

#define ONE 10000				/* 1.0 at COSTING_ITEM_QUANTITY_SCALE */

/* The caller's scratch, carved up. */
typedef struct Workspace
{
	int64_t    *weight;			/* [n] */
	int64_t    *share;			/* [n] */
	int64_t    *stage;			/* [n] what roles or activities got */
	void	   *split;
} Workspace;

/*
 * Multiplies the quantity of an item by the factor of one unit, both at 1e-4.
 */
Fault
costing_item_weight(int64_t quantity, int64_t factor, int64_t *weight)
{
	MoneyWide	product = (MoneyWide) quantity * factor;

	if (!wide_fits_int64(product))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(product));
	*weight = (int64_t) product;
	return fault_none();
}

static MoneyWide
sum_of(const int64_t *values, int n)
{
	MoneyWide	sum = 0;
	int			i;

	for (i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

/*
 * Splits each column by the weights.  Where they sum to zero or less there is
 * nobody to take the pool: it is all unmatched.
 */
Fault
costing_by_weight(const CostingByWeight *w)
{
	bool		usable = sum_of(w->weight, w->items) > 0;
	Fault		fault = fault_none();
	int			c;

	for (c = 0; c < w->columns && fault.code == FAULT_NONE; c++)
	{
		int64_t    *cost = w->cost + (size_t) c * w->items;

		w->unmatched[c] = usable ? 0 : w->pool[c];
		if (usable && w->pool[c] != 0)
			fault = money_split(w->pool[c], 1, w->weight, w->items, w->scratch,
								cost);
		else if (w->items > 0)
			memset(cost, 0, (size_t) w->items * sizeof(int64_t));
	}
	return fault;
}

static int
longest(const CostingByActivity *a)
{
	int			n = a->roles;

	if (a->activities > n)
		n = a->activities;
	if (a->cells > n)
		n = a->cells;
	if (a->staffs > n)
		n = a->staffs;
	return n + 1;				/* the idle one */
}

/*
 * Says how many bytes of scratch the model needs, whatever its alignment.
 */
size_t
costing_by_activity_scratch_size(const CostingByActivity *a)
{
	int			n = longest(a);

	return sizeof(int64_t) - 1 + 3 * (size_t) n * sizeof(int64_t) +
		money_split_scratch_size(n);
}

static Workspace
workspace_in(void *scratch, int n)
{
	Workspace	w;

	w.weight = wide_align(scratch, sizeof(int64_t));
	w.share = w.weight + n;
	w.stage = w.share + n;
	w.split = w.stage + n;
	return w;
}

static Fault
add_to(int64_t *sum, int64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		return fault_at(FAULT_OVERFLOW, -1, value);
	return fault_none();
}

/*
 * Takes out of *rest what is traced to items.  A part of a column is traced as
 * far as it is a part.
 */
static Fault
trace(const CostingByActivity *a, int column, int64_t *rest)
{
	int			whole = a->whole[column];
	const int64_t *unit = a->traced + (size_t) whole * a->items;
	int64_t    *cost = a->traced_cost + (size_t) column * a->items;
	Fault		fault = fault_none();
	int			j;

	for (j = 0; j < a->items && fault.code == FAULT_NONE; j++)
	{
		MoneyWide	amount = wide_divide_half_away((MoneyWide) unit[j] *
												   a->quantity[j], ONE);

		if (!wide_fits_int64(amount))
			return fault_at(FAULT_OVERFLOW, j, wide_saturate(amount));
		if (whole != column)
		{
			MoneyWide	part = amount * a->pool[column];

			if (a->pool[whole] == 0)
				amount = 0;
			else if (a->pool[whole] > 0)
				amount = wide_divide_half_away(part, a->pool[whole]);
			else
				amount = wide_divide_half_away(-part, -(MoneyWide) a->pool[whole]);
			if (!wide_fits_int64(amount))
				return fault_at(FAULT_OVERFLOW, j, wide_saturate(amount));
		}
		cost[j] = (int64_t) amount;
		if (__builtin_sub_overflow(*rest, cost[j], rest))
			fault = fault_at(FAULT_OVERFLOW, j, cost[j]);
	}
	return fault;
}

/*
 * Splits the amount of a role over the minutes that cells took of it and those
 * that nobody took.
 */
static Fault
spread_role(const CostingByActivity *a, Workspace *w, int column, int role,
			int first, int n)
{
	int64_t    *idle = a->idle + (size_t) column *
		(a->roles + a->drivers + a->activities);
	MoneyWide	taken = 0;
	MoneyWide	left;
	Fault		fault = fault_none();
	int			i;

	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
	{
		int			cell = a->staff_cell[first + i];

		fault = costing_item_weight(a->quantity[a->cell_item[cell]],
									a->staff_minutes[first + i], &w->weight[i]);
		taken += w->weight[i];
	}
	left = (MoneyWide) a->role_minutes[role] * ONE - taken;
	if (fault.code == FAULT_NONE && !wide_fits_int64(left))
		fault = fault_at(FAULT_OVERFLOW, role, wide_saturate(left));
	if (fault.code != FAULT_NONE)
		return fault;
	w->weight[n] = (int64_t) left;
	a->supplied[(size_t) column * (a->roles + a->drivers) + role] = w->stage[role];
	a->used[role] = (int64_t) wide_divide_half_away(taken, ONE);
	fault = money_split(w->stage[role], 1, w->weight, n + 1, w->split, w->share);
	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
		fault = add_to(&a->cost[(size_t) column * a->cells +
								a->staff_cell[first + i]], w->share[i]);
	if (fault.code == FAULT_NONE)
		idle[role] = w->share[n];
	return fault;
}

/* A column by minutes: to roles by what they cost, to cells by minutes. */
static Fault
spread_by_staff(const CostingByActivity *a, Workspace *w, int column,
				int64_t amount)
{
	int			first = 0;
	int			role;
	Fault		fault;

	if (sum_of(a->role_cost, a->roles) <= 0)
		return add_to(&a->unmatched[column], amount);
	fault = money_split(amount, 1, a->role_cost, a->roles, w->split, w->stage);
	for (role = 0; role < a->roles && fault.code == FAULT_NONE; role++)
	{
		int			last = first;

		while (last < a->staffs && a->staff_role[last] == role)
			last++;
		fault = spread_role(a, w, column, role, first, last - first);
		first = last;
	}
	if (fault.code == FAULT_NONE && first != a->staffs)
		return fault_at(FAULT_ARGUMENT, first, a->staffs);
	return fault;
}

/* What an activity got, to the items that cause it; caused by none it is idle. */
static Fault
spread_activity(const CostingByActivity *a, Workspace *w, int column,
				int activity, int first, int n)
{
	int64_t    *idle = a->idle + (size_t) column *
		(a->roles + a->drivers + a->activities);
	Fault		fault = fault_none();
	int			i;

	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
		fault = costing_item_weight(a->quantity[a->cell_item[first + i]],
									a->cell_weight[first + i], &w->weight[i]);
	if (fault.code != FAULT_NONE)
		return fault;
	if (sum_of(w->weight, n) <= 0)
	{
		idle[a->roles + a->drivers + activity] = w->stage[activity];
		return fault;
	}
	fault = money_split(w->stage[activity], 1, w->weight, n, w->split, w->share);
	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
		fault = add_to(&a->cost[(size_t) column * a->cells + first + i],
					   w->share[i]);
	return fault;
}

/* A column by a resource driver: to activities, then to their items. */
static Fault
spread_by_driver(const CostingByActivity *a, Workspace *w, int column,
				 int64_t amount)
{
	int			driver = a->route[column];
	const int64_t *resource = a->resource + (size_t) driver * a->activities;
	MoneyWide	taken = sum_of(resource, a->activities);
	MoneyWide	left = a->capacity[driver] > 0 ? a->capacity[driver] - taken : 0;
	int			first = 0;
	int			activity;
	Fault		fault;

	if (!wide_fits_int64(left) || !wide_fits_int64(taken))
		return fault_at(FAULT_OVERFLOW, driver, wide_saturate(taken));
	a->supplied[(size_t) column * (a->roles + a->drivers) + a->roles + driver] =
		amount;
	a->used[a->roles + driver] = (int64_t) taken;
	if (taken + left <= 0)
		return add_to(&a->unmatched[column], amount);
	if (a->activities > 0)
		memcpy(w->weight, resource, (size_t) a->activities * sizeof(int64_t));
	w->weight[a->activities] = (int64_t) left;
	fault = money_split(amount, 1, w->weight, a->activities + 1, w->split,
						w->stage);
	if (fault.code == FAULT_NONE)
		a->idle[(size_t) column * (a->roles + a->drivers + a->activities) +
				a->roles + driver] = w->stage[a->activities];
	for (activity = 0; activity < a->activities && fault.code == FAULT_NONE;
		 activity++)
	{
		int			last = first;

		while (last < a->cells && a->cell_activity[last] == activity)
			last++;
		fault = spread_activity(a, w, column, activity, first, last - first);
		first = last;
	}
	if (fault.code == FAULT_NONE && first != a->cells)
		return fault_at(FAULT_ARGUMENT, first, a->cells);
	return fault;
}

/*
 * Splits each column: what is traced goes to its items, the rest by the column's
 * route.  For every column traced cost + cost + idle + unmatched is the pool.
 * used[] is filled for the roles and drivers that a column went by.  On a fault
 * the results are void.
 */
Fault
costing_by_activity(const CostingByActivity *a)
{
	int			idlers = a->roles + a->drivers + a->activities;
	Workspace	w = workspace_in(a->scratch, longest(a));
	Fault		fault = fault_none();
	int			c;

	memset(a->cost, 0, (size_t) a->columns * a->cells * sizeof(int64_t));
	memset(a->traced_cost, 0, (size_t) a->columns * a->items * sizeof(int64_t));
	memset(a->idle, 0, (size_t) a->columns * idlers * sizeof(int64_t));
	memset(a->supplied, 0, (size_t) a->columns * (a->roles + a->drivers) *
		   sizeof(int64_t));
	memset(a->used, 0, (size_t) (a->roles + a->drivers) * sizeof(int64_t));
	memset(a->unmatched, 0, (size_t) a->columns * sizeof(int64_t));
	for (c = 0; c < a->columns && fault.code == FAULT_NONE; c++)
	{
		int64_t		rest = a->pool[c];

		fault = trace(a, c, &rest);
		if (fault.code != FAULT_NONE || rest == 0)
			continue;
		if (a->route[c] == COSTING_BY_STAFF)
			fault = spread_by_staff(a, &w, c, rest);
		else
			fault = spread_by_driver(a, &w, c, rest);
	}
	return fault;
}
