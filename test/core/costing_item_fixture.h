/*
 * costing_item_fixture.h
 *		A department with room for everything, for tests of service-item cost.
 */
#ifndef HC_TEST_COSTING_ITEM_FIXTURE_H
#define HC_TEST_COSTING_ITEM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/costing_item.h"
#include "core/money.h"

#define YUAN INT64_C(100000000)
#define ONE 10000				/* of a quantity, of minutes */
#define MOST 12					/* items, activities, drivers, roles */
#define MOST_CELLS (MOST * MOST)
#define MOST_STAFFS (MOST * MOST_CELLS)
#define MOST_COLUMNS 6

static char scratch[(MOST_STAFFS + 1) * 80];

/* A department with room for everything. */
typedef struct Department
{
	CostingByActivity a;
	int64_t		pool[MOST_COLUMNS];
	int			whole[MOST_COLUMNS];
	int			route[MOST_COLUMNS];
	int64_t		quantity[MOST];
	int64_t		traced[MOST_COLUMNS * MOST];
	int			cell_activity[MOST_CELLS];
	int			cell_item[MOST_CELLS];
	int64_t		cell_weight[MOST_CELLS];
	int64_t		resource[MOST * MOST];
	int64_t		capacity[MOST];
	int64_t		role_cost[MOST];
	int64_t		role_minutes[MOST];
	int			staff_role[MOST_STAFFS];
	int			staff_cell[MOST_STAFFS];
	int64_t		staff_minutes[MOST_STAFFS];
	int64_t		cost[MOST_COLUMNS * MOST_CELLS];
	int64_t		traced_cost[MOST_COLUMNS * MOST];
	int64_t		idle[MOST_COLUMNS * 3 * MOST];
	int64_t		supplied[MOST_COLUMNS * 2 * MOST];
	int64_t		used[2 * MOST];
	int64_t		unmatched[MOST_COLUMNS];
} Department;

static inline void
department_begin(Department *d, int columns, int items, int activities)
{
	int			c;

	memset(d, 0, sizeof(*d));
	d->a = (CostingByActivity) {
		.columns = columns, .pool = d->pool, .whole = d->whole,
		.route = d->route, .items = items, .quantity = d->quantity,
		.traced = d->traced, .activities = activities,
		.cell_activity = d->cell_activity, .cell_item = d->cell_item,
		.cell_weight = d->cell_weight, .resource = d->resource,
		.capacity = d->capacity, .role_cost = d->role_cost,
		.role_minutes = d->role_minutes, .staff_role = d->staff_role,
		.staff_cell = d->staff_cell, .staff_minutes = d->staff_minutes,
		.cost = d->cost, .traced_cost = d->traced_cost, .idle = d->idle,
		.supplied = d->supplied, .used = d->used, .unmatched = d->unmatched, .scratch = scratch
	};
	for (c = 0; c < columns; c++)
		d->whole[c] = c;
}

static inline void
put_cell(Department *d, int activity, int item, int64_t weight)
{
	d->cell_activity[d->a.cells] = activity;
	d->cell_item[d->a.cells] = item;
	d->cell_weight[d->a.cells++] = weight;
}

static inline void
put_staff(Department *d, int role, int cell, int64_t minutes)
{
	d->staff_role[d->a.staffs] = role;
	d->staff_cell[d->a.staffs] = cell;
	d->staff_minutes[d->a.staffs++] = minutes;
}

static inline Fault
run(Department *d)
{
	assert_true(costing_by_activity_scratch_size(&d->a) <= sizeof(scratch));
	return costing_by_activity(&d->a);
}

/* Cost of an item in a column, activities and tracing together. */
static inline MoneyWide
item_cost(const Department *d, int column, int item)
{
	MoneyWide	sum = d->traced_cost[column * d->a.items + item];
	int			k;

	for (k = 0; k < d->a.cells; k++)
		if (d->cell_item[k] == item)
			sum += d->cost[column * d->a.cells + k];
	return sum;
}

static inline MoneyWide
idle_cost(const Department *d, int column)
{
	int			n = d->a.roles + d->a.drivers + d->a.activities;
	MoneyWide	sum = 0;
	int			i;

	for (i = 0; i < n; i++)
		sum += d->idle[column * n + i];
	return sum;
}

#endif							/* HC_TEST_COSTING_ITEM_FIXTURE_H */
