/*
 * costing_item.h
 *		The pool of one department split over the service items it performed.
 *
 * A pool is a row of columns (funding group by cost component), each split by
 * itself so that its parts sum up to it, at 1e-8 yuan.  A column may be a part
 * of another one (its variable cost): it is split by the same weights.
 *
 * Weights of items are products of two numbers at 1e-4, so they count 1e-8.
 * They may be negative, as a month may give back more than it charged.
 */
#ifndef HC_CORE_COSTING_ITEM_H
#define HC_CORE_COSTING_ITEM_H

#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"

#define COSTING_ITEM_AMOUNT_SCALE 8
#define COSTING_ITEM_QUANTITY_SCALE 4

/* A column that goes by the minutes of staff, not by a resource driver. */
#define COSTING_BY_STAFF (-1)

/* One base for all columns: income, equivalents, minutes, quantity. */
typedef struct CostingByWeight
{
	int			columns;
	const int64_t *pool;		/* [columns] */
	int			items;
	const int64_t *weight;		/* [items] */
	int64_t    *cost;			/* out [columns][items] */
	int64_t    *unmatched;		/* out [columns] the pool, where weights sum to
								 * nothing */
	void	   *scratch;		/* money_split_scratch_size(items) */
} CostingByWeight;

/*
 * Activities: items cause activities, activities use resources.  Whatever a
 * resource can supply beyond its use is idle and goes to no item; used beyond
 * what it can supply, its idle cost is negative and the items pay the same rate.
 */
typedef struct CostingByActivity
{
	int			columns;
	const int64_t *pool;		/* [columns] */
	const int  *whole;			/* [columns] itself, or what it is a part of */
	const int  *route;			/* [columns] driver, or COSTING_BY_STAFF */

	int			items;
	const int64_t *quantity;	/* [items] */
	const int64_t *traced;		/* [columns][items] yuan of one unit; read for
								 * whole columns only */

	int			activities;
	int			cells;			/* activity by item, ascending */
	const int  *cell_activity;
	const int  *cell_item;
	const int64_t *cell_weight; /* activity driver of one unit of the item */

	int			drivers;
	const int64_t *resource;	/* [drivers][activities] */
	const int64_t *capacity;	/* [drivers] 0: what is used */

	int			roles;
	const int64_t *role_cost;	/* [roles] any unit, positive */
	const int64_t *role_minutes;	/* [roles] practical capacity, positive */
	int			staffs;			/* role by cell, ascending */
	const int  *staff_role;
	const int  *staff_cell;
	const int64_t *staff_minutes;	/* of one unit of the item */

	int64_t    *cost;			/* out [columns][cells] */
	int64_t    *traced_cost;	/* out [columns][items] */
	int64_t    *idle;			/* out [columns][roles + drivers + activities] */
	int64_t    *supplied;		/* out [columns][roles + drivers] what each had
								 * to hand out */
	int64_t    *used;			/* out [roles + drivers] */
	int64_t    *unmatched;		/* out [columns] no resource was measured */
	void	   *scratch;		/* costing_by_activity_scratch_size() */
} CostingByActivity;

extern Fault costing_item_weight(int64_t quantity, int64_t factor,
								 int64_t *weight);
extern Fault costing_by_weight(const CostingByWeight *w);
extern size_t costing_by_activity_scratch_size(const CostingByActivity *a);
extern Fault costing_by_activity(const CostingByActivity *a);

#endif							/* HC_CORE_COSTING_ITEM_H */
