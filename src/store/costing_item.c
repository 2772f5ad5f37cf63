/*
 * costing_item.c
 *		Reading what the split over service items is made from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/costing_item.h"
#include "store/decimal.h"

/* Decimals of each part's values. */
static const int scales[ITEM_PARTS][ITEM_VALUES] = {
	[ITEM_POOL] = {0, 8, 8},
	[ITEM_VOLUME] = {4, 2, 6, 4},
	[ITEM_CELL] = {4},
	[ITEM_RESOURCE] = {4},
	[ITEM_ROLE] = {2, 4},
	[ITEM_STAFF] = {4},
	[ITEM_TRACED] = {0, 8},
};

static char *
text_of(HeapTuple tuple, TupleDesc descriptor, int column, MemoryContext context)
{
	char *value = SPI_getvalue(tuple, descriptor, column);

	return value == NULL ? NULL : MemoryContextStrdup(context, value);
}

static bool
read_row(HeapTuple tuple, TupleDesc descriptor, MemoryContext context, CostingItemRow *row)
{
	bool isnull, rounded;

	row->department = text_of(tuple, descriptor, 1, context);
	row->part = (CostingItemPart) DatumGetInt32(SPI_getbinval(tuple, descriptor, 2, &isnull));
	for (int i = 0; i < ITEM_KEYS; i++)
		row->key[i] = text_of(tuple, descriptor, 3 + i, context);
	for (int i = 0; i < ITEM_VALUES; i++)
	{
		Datum value = SPI_getbinval(tuple, descriptor, 3 + ITEM_KEYS + i, &row->null[i]);

		if (!row->null[i] && !decimal_from_numeric(value, scales[row->part][i], &row->value[i], &rounded))
			return false;
	}
	return true;
}

CostingItemRow *
costing_item_load(int run_id, const char *method, int *count, const char **misfit)
{
	MemoryContext context = CurrentMemoryContext;
	Oid types[] = {INT4OID, TEXTOID};
	Datum values[] = {Int32GetDatum(run_id), method == NULL ? (Datum) 0 : CStringGetTextDatum(method)};
	CostingItemRow *rows;

	*misfit = NULL;
	SPI_connect();
	if (SPI_execute_with_args("SELECT i.department_code, i.part, i.key1, i.key2, i.key3, i.value1, i.value2, i.value3, i.value4 "
							  "FROM hospital_cost._item_cost_input($1, $2) i", 2, types, values,
							  method == NULL ? " n" : NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the service items of run %d", run_id);
	*count = (int) SPI_processed;
	rows = MemoryContextAllocExtended(context, Max(SPI_processed, 1) * sizeof(CostingItemRow), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < *count && *misfit == NULL; i++)
		if (!read_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, context, &rows[i]))
			*misfit = rows[i].department;
	SPI_finish();
	return rows;
}
