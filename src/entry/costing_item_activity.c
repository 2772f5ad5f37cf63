/*
 * costing_item_activity.c
 *		Activity-based cost of a department's items: its rows become the core's model, and back.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "core/costing_item.h"
#include "entry/costing_item.h"

#define DRIVERS 4

static const char *const driver_names[DRIVERS] = {"staff", "area", "equipment", "hours"};

/* Resource driver of each component that has no row of its own, in their order: personnel, materials, (billable), (drugs), depreciation … */
static const int default_driver[COMPONENTS] = {0, 3, 3, 3, 2, 2, 3, 1};

static void *
zeroed(Size count, Size size)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, Max(count, 1) * size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static int
driver_number(const char *name)
{
	for (int i = 0; i < DRIVERS; i++)
		if (strcmp(driver_names[i], name) == 0)
			return i;
	elog(ERROR, "resource driver \"%s\" is not known", name);
}

/* Personnel goes by minutes where roles have a rate, the other components by their resource driver. */
static void
fill_columns(const ItemUnit *unit, CostingByActivity *a)
{
	int driver[COMPONENTS];
	int *whole = zeroed(COLUMNS, sizeof(int)), *route = zeroed(COLUMNS, sizeof(int));
	int64 *traced = zeroed((Size) COLUMNS * a->items, sizeof(int64));

	memcpy(driver, default_driver, sizeof(driver));
	for (int i = 0; i < unit->count[ITEM_ROUTE]; i++)
		driver[unit->part[ITEM_ROUTE][i].value[0]] = driver_number(unit->part[ITEM_ROUTE][i].key[0]);
	if (a->roles > 0)
		driver[0] = COSTING_BY_STAFF;
	for (int c = 0; c < COLUMNS; c++)
	{
		whole[c] = c % WHOLE;
		route[c] = driver[c % COMPONENTS];
	}
	/* What an item consumes was bought with the hospital's own money: the first funding group. */
	for (int i = 0; i < unit->count[ITEM_TRACED]; i++)
	{
		const CostingItemRow *row = &unit->part[ITEM_TRACED][i];
		int item = costing_item_find(unit->part[ITEM_VOLUME], a->items, row->key[0]);

		traced[(Size) row->value[0] * a->items + item] = row->value[1];
	}
	a->whole = whole;
	a->route = route;
	a->traced = (int64_t *) traced;
}

static void
fill_items(const ItemUnit *unit, CostingByActivity *a)
{
	int64 *quantity = zeroed(a->items, sizeof(int64)), *weight = zeroed(a->cells, sizeof(int64));
	int *activity = zeroed(a->cells, sizeof(int)), *item = zeroed(a->cells, sizeof(int));

	for (int j = 0; j < a->items; j++)
		quantity[j] = unit->part[ITEM_VOLUME][j].value[0];
	for (int k = 0; k < a->cells; k++)
	{
		const CostingItemRow *row = &unit->part[ITEM_CELL][k];

		activity[k] = costing_item_find(unit->part[ITEM_ACTIVITY], a->activities, row->key[0]);
		item[k] = costing_item_find(unit->part[ITEM_VOLUME], a->items, row->key[1]);
		weight[k] = row->value[0];
	}
	a->quantity = (int64_t *) quantity;
	a->cell_activity = activity;
	a->cell_item = item;
	a->cell_weight = (int64_t *) weight;
}

static void
fill_resources(const ItemUnit *unit, CostingByActivity *a)
{
	int64 *resource = zeroed((Size) DRIVERS * a->activities, sizeof(int64)), *capacity = zeroed(DRIVERS, sizeof(int64));

	for (int i = 0; i < unit->count[ITEM_RESOURCE]; i++)
	{
		const CostingItemRow *row = &unit->part[ITEM_RESOURCE][i];
		int driver = driver_number(row->key[0]);

		if (*row->key[1] == '\0')
			capacity[driver] = row->value[0];
		else
			resource[(Size) driver * a->activities + costing_item_find(unit->part[ITEM_ACTIVITY], a->activities, row->key[1])] =
				row->value[0];
	}
	a->resource = (int64_t *) resource;
	a->capacity = (int64_t *) capacity;
}

static int
find_cell(const ItemUnit *unit, const char *activity, const char *item)
{
	const CostingItemRow *cell = unit->part[ITEM_CELL];
	int low = 0, high = unit->count[ITEM_CELL] - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(activity, cell[middle].key[0]);

		if (order == 0)
			order = strcmp(item, cell[middle].key[1]);
		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	elog(ERROR, "activity \"%s\" has no cell for item \"%s\"", activity, item);
}

static void
fill_staff(const ItemUnit *unit, CostingByActivity *a)
{
	const CostingItemRow *roles = unit->part[ITEM_ROLE];
	int64 *cost = zeroed(a->roles, sizeof(int64)), *practical = zeroed(a->roles, sizeof(int64));
	int64 *minutes = zeroed(a->staffs, sizeof(int64));
	int *role = zeroed(a->staffs, sizeof(int)), *cell = zeroed(a->staffs, sizeof(int));

	for (int r = 0; r < a->roles; r++)
	{
		cost[r] = roles[r].value[0];
		practical[r] = roles[r].value[1];
	}
	for (int s = 0; s < a->staffs; s++)
	{
		const CostingItemRow *row = &unit->part[ITEM_STAFF][s];

		role[s] = costing_item_find(roles, a->roles, row->key[0]);
		if (role[s] < 0)
			ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '2', '1')),
					errmsg("role \"%s\" of department \"%s\" has no rate", row->key[0], unit->department),
					errdetail("Activity \"%s\" of item \"%s\" takes its minutes.", row->key[1], row->key[2]),
					errhint("Insert its practical minutes and personnel cost into hospital_cost.staff_rate."));
		cell[s] = find_cell(unit, row->key[1], row->key[2]);
		minutes[s] = row->value[0];
	}
	a->role_cost = (int64_t *) cost;
	a->role_minutes = (int64_t *) practical;
	a->staff_role = role;
	a->staff_cell = cell;
	a->staff_minutes = (int64_t *) minutes;
}

/* Items by activity, then what was traced to them. An item that neither an activity nor a consumption names has no cost of its own. */
static void
put_items(const ItemUnit *unit, const CostingByActivity *a, int group)
{
	const CostingItemRow *items = unit->part[ITEM_VOLUME];
	bool *caused = zeroed(a->items, sizeof(bool));

	for (int k = 0; k < a->cells; k++)
	{
		caused[a->cell_item[k]] = true;
		costing_item_put(unit, &(ItemOut) {.group = group, .matched = "item", .item = &items[a->cell_item[k]],
			.activity = unit->part[ITEM_CELL][k].key[0]}, (const int64 *) a->cost, a->cells, k);
	}
	for (int j = 0; j < a->items; j++)
	{
		if (costing_item_any((const int64 *) a->traced_cost, a->items, j, group))
			costing_item_put(unit, &(ItemOut) {.group = group, .matched = "item", .item = &items[j]},
							 (const int64 *) a->traced_cost, a->items, j);
		else if (!caused[j] && group == 0)
			costing_item_put(unit, &(ItemOut) {.matched = "excluded", .item = &items[j], .resource = "no base"}, NULL, 0, 0);
	}
}

static int64
supplied_by(const CostingByActivity *a, int resource, int group)
{
	int64 sum = 0;

	for (int k = 0; k < COMPONENTS; k++)
		sum += a->supplied[(Size) (group * COMPONENTS + k) * (a->roles + a->drivers) + resource];
	return sum;
}

static void
put_idle(const ItemUnit *unit, const CostingByActivity *a, int group)
{
	int idlers = a->roles + a->drivers + a->activities;

	for (int i = 0; i < idlers; i++)
	{
		ItemOut out = {.group = group, .matched = "idle"};

		if (i < a->roles + a->drivers)
			out.supplied = supplied_by(a, i, group);
		if (i < a->roles)
		{
			out.resource = psprintf("role:%s", unit->part[ITEM_ROLE][i].key[0]);
			out.capacity = a->role_minutes[i];
			out.used = a->used[i];
		}
		else if (i < a->roles + a->drivers)
		{
			out.resource = psprintf("driver:%s", driver_names[i - a->roles]);
			out.capacity = a->capacity[i - a->roles];
			out.used = a->used[i];
		}
		else
			out.activity = unit->part[ITEM_ACTIVITY][i - a->roles - a->drivers].key[0];
		if (costing_item_any((const int64 *) a->idle, idlers, i, group) || (group == 0 && out.used != 0 && out.capacity != 0))
			costing_item_put(unit, &out, (const int64 *) a->idle, idlers, i);
	}
}

void
costing_item_by_activity(const ItemUnit *unit)
{
	CostingByActivity a = {
		.columns = COLUMNS, .pool = (const int64_t *) unit->pool, .items = unit->count[ITEM_VOLUME],
		.activities = unit->count[ITEM_ACTIVITY], .cells = unit->count[ITEM_CELL], .drivers = DRIVERS,
		.roles = unit->count[ITEM_ROLE], .staffs = unit->count[ITEM_STAFF]
	};

	fill_columns(unit, &a);
	fill_items(unit, &a);
	fill_resources(unit, &a);
	fill_staff(unit, &a);
	a.cost = zeroed((Size) COLUMNS * a.cells, sizeof(int64));
	a.traced_cost = zeroed((Size) COLUMNS * a.items, sizeof(int64));
	a.idle = zeroed((Size) COLUMNS * (a.roles + a.drivers + a.activities), sizeof(int64));
	a.supplied = zeroed((Size) COLUMNS * (a.roles + a.drivers), sizeof(int64));
	a.used = zeroed(a.roles + a.drivers, sizeof(int64));
	a.unmatched = zeroed(COLUMNS, sizeof(int64));
	a.scratch = zeroed(costing_by_activity_scratch_size(&a), 1);
	costing_item_fault(unit, costing_by_activity(&a));
	for (int group = 0; group < GROUPS; group++)
		if (costing_item_live(unit, group))
		{
			put_items(unit, &a, group);
			put_idle(unit, &a, group);
		}
	costing_item_put_unmatched(unit, (const int64 *) a.unmatched);
}
