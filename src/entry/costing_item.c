/*
 * costing_item.c
 *		_item_cost_rows: each department's pool over its service items, by its method or by one that is asked for.
 *
 * The columns of a pool are funding group × component, then the variable part of each.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "core/costing_item.h"
#include "core/money.h"
#include "entry/costing_item.h"
#include "entry/raise.h"
#include "entry/sql.h"
#include "store/costing_item_due.h"
#include "store/decimal.h"

#define RESULT_COLUMNS 21

bool
costing_item_live(const ItemUnit *unit, int group)
{
	if (group == 0)
		return true;
	for (int k = 0; k < COMPONENTS; k++)
		if (unit->pool[group * COMPONENTS + k] != 0)
			return true;
	return false;
}

bool
costing_item_any(const int64 *cost, int stride, int index, int group)
{
	for (int k = 0; k < COMPONENTS; k++)
		if (cost[(Size) (group * COMPONENTS + k) * stride + index] != 0)
			return true;
	return false;
}

void
costing_item_fault(const ItemUnit *unit, Fault fault)
{
	FaultNames names = {.server = unit->department};

	if (fault.code != FAULT_NONE)
		raise_fault(fault, names);
}

int
costing_item_find(const CostingItemRow *rows, int count, const char *code)
{
	int low = 0, high = count - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(code, rows[middle].key[0]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}

static void
put_text(Datum *values, bool *nulls, int at, const char *text)
{
	nulls[at] = text == NULL;
	if (text != NULL)
		values[at] = CStringGetTextDatum(text);
}

void
costing_item_put(const ItemUnit *unit, const ItemOut *out, const int64 *cost, int stride, int index)
{
	Datum values[RESULT_COLUMNS];
	bool nulls[RESULT_COLUMNS] = {false};
	int64 variable = 0;
	const CostingItemRow *item = out->item;
	MemoryContext old = MemoryContextSwitchTo(unit->row_context);

	put_text(values, nulls, 0, unit->department);
	put_text(values, nulls, 1, unit->method);
	values[2] = Int16GetDatum(out->group + 1);
	put_text(values, nulls, 3, out->matched);
	put_text(values, nulls, 4, item == NULL ? NULL : item->key[0]);
	put_text(values, nulls, 5, out->activity);
	put_text(values, nulls, 6, out->resource);
	nulls[7] = item == NULL && out->capacity == 0 && out->used == 0;
	values[7] = decimal_to_numeric(item == NULL ? out->capacity : item->value[0], 4);
	nulls[8] = item != NULL || nulls[7];
	values[8] = decimal_to_numeric(out->used, 4);
	nulls[9] = item == NULL || item->null[1];
	values[9] = decimal_to_numeric(item == NULL ? 0 : item->value[1], 2);
	nulls[10] = item == NULL || item->null[2];
	values[10] = decimal_to_numeric(item == NULL ? 0 : item->value[2], 6);
	for (int k = 0; k < COMPONENTS; k++)
	{
		int column = out->group * COMPONENTS + k;

		values[11 + k] = decimal_to_numeric(cost == NULL ? 0 : cost[(Size) column * stride + index], 8);
		if (cost != NULL)
			variable += cost[(Size) (WHOLE + column) * stride + index];
	}
	values[11 + COMPONENTS] = decimal_to_numeric(variable, 8);
	nulls[12 + COMPONENTS] = nulls[8];
	values[12 + COMPONENTS] = decimal_to_numeric(out->supplied, 8);
	tuplestore_putvalues(unit->result->setResult, unit->result->setDesc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(unit->row_context);
}

void
costing_item_put_unmatched(const ItemUnit *unit, const int64 *unmatched)
{
	for (int group = 0; group < GROUPS; group++)
		if (costing_item_any(unmatched, 1, 0, group))
			costing_item_put(unit, &(ItemOut) {.group = group, .matched = "unmatched"}, unmatched, 1, 0);
}

/* Equivalents, minutes and quantity are multiplied by what was performed; income is a weight itself. */
static void
split_by_weight(const ItemUnit *unit)
{
	const CostingItemRow *item = unit->part[ITEM_VOLUME];
	int items = unit->count[ITEM_VOLUME];
	bool by_income = strcmp(unit->method, "ratio_income") == 0;
	int64 *weight = palloc0(Max(items, 1) * sizeof(int64));
	CostingByWeight w = {
		.columns = COLUMNS, .pool = (const int64_t *) unit->pool, .items = items, .weight = (int64_t *) weight,
		.cost = MemoryContextAllocExtended(CurrentMemoryContext, (Size) COLUMNS * Max(items, 1) * sizeof(int64), MCXT_ALLOC_HUGE),
		.unmatched = palloc0(COLUMNS * sizeof(int64)),
		.scratch = palloc(money_split_scratch_size(items))
	};

	for (int j = 0; j < items; j++)
	{
		if (by_income)
			weight[j] = item[j].value[1];
		else if (!item[j].null[3])
			costing_item_fault(unit, costing_item_weight(item[j].value[0], item[j].value[3], (int64_t *) &weight[j]));
	}
	costing_item_fault(unit, costing_by_weight(&w));
	for (int group = 0; group < GROUPS; group++)
		for (int j = 0; costing_item_live(unit, group) && j < items; j++)
		{
			bool excluded = !by_income && item[j].null[3];

			if (!excluded || group == 0)
				costing_item_put(unit, &(ItemOut) {.group = group, .matched = excluded ? "excluded" : "item", .item = &item[j],
					.resource = excluded ? "no base" : NULL}, (const int64 *) w.cost, items, j);
		}
	costing_item_put_unmatched(unit, (const int64 *) w.unmatched);
}

/* What was performed where no cost stays: in auxiliary departments, or in ones the run does not know. */
static void
exclude_items(const ItemUnit *unit)
{
	for (int j = 0; j < unit->count[ITEM_VOLUME]; j++)
		costing_item_put(unit, &(ItemOut) {.matched = "excluded", .item = &unit->part[ITEM_VOLUME][j], .resource = "no pool"},
						 NULL, 0, 0);
}

static void
split_unit(ItemUnit *unit)
{
	const CostingItemRow *head = unit->part[ITEM_DEPARTMENT];

	unit->method = head->key[0];
	if (head->key[1] == NULL)
	{
		exclude_items(unit);
		return;
	}
	memset(unit->pool, 0, sizeof(unit->pool));
	for (int i = 0; i < unit->count[ITEM_POOL]; i++)
	{
		const CostingItemRow *row = &unit->part[ITEM_POOL][i];

		unit->pool[row->value[0]] = row->value[1];
		unit->pool[WHOLE + row->value[0]] = row->value[2];
	}
	if (strcmp(unit->method, "activity") == 0)
		costing_item_by_activity(unit);
	else
		split_by_weight(unit);
}

/* Loads the inputs of a run; method NULL: each department's own. */
static CostingItemRow *
load_rows(FunctionCallInfo fcinfo, const char *method, int *count)
{
	const char *misfit;
	CostingItemRow *rows = costing_item_load(PG_GETARG_INT32(0), method, count, &misfit);

	if (misfit != NULL)
		raise_fault(fault_at(FAULT_OVERFLOW, -1, 0), (FaultNames) {.server = misfit});
	return rows;
}

/* Splits the pools of the departments, "due_only": of those that are due. */
static void
split_units(FunctionCallInfo fcinfo, const CostingItemRow *rows, const CostingItemInput *inputs, int departments, bool due_only)
{
	ItemUnit unit = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost item unit", ALLOCSET_DEFAULT_SIZES);

	unit.row_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost item row", ALLOCSET_SMALL_SIZES);
	for (int d = 0; d < departments; d++)
	{
		MemoryContext outer;

		CHECK_FOR_INTERRUPTS();
		if (due_only && !costing_item_is_due(&inputs[d]))
			continue;
		unit.department = inputs[d].department;
		memset(unit.count, 0, sizeof(unit.count));
		for (int i = inputs[d].first; i < inputs[d].end; i++)
			if (unit.count[rows[i].part]++ == 0)
				unit.part[rows[i].part] = &rows[i];
		outer = MemoryContextSwitchTo(context);
		split_unit(&unit);
		MemoryContextSwitchTo(outer);
		MemoryContextReset(context);
	}
}

SQL_FUNCTION(hc_item_cost_rows);

/* _item_cost_rows(run, method): what each department's pool comes to, item by item, with what is idle or unmatched. */
Datum
hc_item_cost_rows(PG_FUNCTION_ARGS)
{
	int count, departments;
	CostingItemRow *rows;
	CostingItemInput *inputs;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	rows = load_rows(fcinfo, PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)), &count);
	inputs = costing_item_inputs(rows, count, &departments);
	split_units(fcinfo, rows, inputs, departments, false);
	return (Datum) 0;
}

SQL_FUNCTION(hc_item_cost_due);

/* _item_cost_due(run): the same of the departments whose inputs are not what they were; removes what was stored of those, and keeps their inputs. */
Datum
hc_item_cost_due(PG_FUNCTION_ARGS)
{
	int count, departments;
	CostingItemRow *rows;
	CostingItemInput *inputs;

	InitMaterializedSRF(fcinfo, 0);
	rows = load_rows(fcinfo, NULL, &count);
	inputs = costing_item_inputs(rows, count, &departments);
	costing_item_renew(PG_GETARG_INT32(0), inputs, departments);
	split_units(fcinfo, rows, inputs, departments, true);
	return (Datum) 0;
}

SQL_FUNCTION(hc_item_cost_facts);

/* _item_cost_facts(run): what each department's items would be costed from now. */
Datum
hc_item_cost_facts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int count, departments;
	CostingItemRow *rows;
	CostingItemInput *inputs;

	InitMaterializedSRF(fcinfo, 0);
	rows = load_rows(fcinfo, NULL, &count);
	inputs = costing_item_inputs(rows, count, &departments);
	for (int d = 0; d < departments; d++)
	{
		Datum values[1 + ITEM_FACTS] = {CStringGetTextDatum(inputs[d].department)};
		bool nulls[1 + ITEM_FACTS] = {false};

		for (int fact = 0; fact < ITEM_FACTS; fact++)
			values[1 + fact] = costing_digest_datum(inputs[d].fact[fact]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
