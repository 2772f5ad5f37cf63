/*
 * reconciliation.c
 *		Reading what is to be matched, a portion at a time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/decimal.h"
#include "store/reconciliation.h"

#define FETCH_ROWS 5000

typedef struct Items
{
	MemoryContext context;
	ReconciliationItem *item;
	int32 count;
	int32 room;
} Items;

static ReconciliationText
text_of(const Items *items, HeapTuple tuple, TupleDesc descriptor, int column)
{
	ReconciliationText result = {NULL, 0};
	bool isnull;
	Datum value = SPI_getbinval(tuple, descriptor, column, &isnull);
	text *packed;
	char *bytes;

	if (isnull)
		return result;
	packed = DatumGetTextPP(value);
	result.length = VARSIZE_ANY_EXHDR(packed);
	bytes = MemoryContextAlloc(items->context, Max(result.length, 1));
	memcpy(bytes, VARDATA_ANY(packed), result.length);
	result.bytes = bytes;
	return result;
}

/* Columns: id, amount, at, dead, taken, transit, reference, tie. */
static void
add_item(Items *items, HeapTuple tuple, TupleDesc descriptor)
{
	ReconciliationItem *item;
	int64 amount;
	bool isnull, rounded;

	if (items->count == items->room)
	{
		if (items->room > PG_INT32_MAX / 4)
			ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many items to match"));
		items->room *= 2;
		items->item = repalloc_huge(items->item, items->room * sizeof(ReconciliationItem));
	}
	item = &items->item[items->count++];
	memset(item, 0, sizeof(ReconciliationItem));
	item->id = DatumGetInt64(SPI_getbinval(tuple, descriptor, 1, &isnull));
	/* numeric(18,2) always fits */
	if (!decimal_from_numeric(SPI_getbinval(tuple, descriptor, 2, &isnull), 2, &amount, &rounded))
		elog(ERROR, "an amount does not fit");
	item->amount = amount;
	item->at = DatumGetTimestampTz(SPI_getbinval(tuple, descriptor, 3, &isnull));
	item->dead = DatumGetBool(SPI_getbinval(tuple, descriptor, 4, &isnull));
	item->taken = DatumGetBool(SPI_getbinval(tuple, descriptor, 5, &isnull));
	item->transit = DatumGetBool(SPI_getbinval(tuple, descriptor, 6, &isnull));
	item->key = text_of(items, tuple, descriptor, 7);
	item->tie = text_of(items, tuple, descriptor, 8);
}

static void
read_side(Items *items, const char *query, Datum *values)
{
	Oid types[] = {TEXTOID, DATEOID};
	Portal portal = SPI_cursor_open_with_args(NULL, query, 2, types, values, NULL, true, CURSOR_OPT_NO_SCROLL);

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
			add_item(items, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
}

static int64
microseconds(HeapTuple tuple, int column)
{
	bool isnull;
	Interval *interval = DatumGetIntervalP(SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, &isnull));

	return ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY + interval->time;
}

static bool
read_bounds(Datum *values, Reconciliation *r)
{
	Oid types[] = {TEXTOID, DATEOID};
	bool isnull;
	HeapTuple tuple;

	if (SPI_execute_with_args("SELECT f.amount_window, f.sum_window, f.sum_members, f.sum_candidates FROM hospital_cost.statement_format f "
							  "WHERE f.kind = $1 AND f.valid @> $2", 2, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the format of a statement");
	if (SPI_processed == 0)
		return false;
	tuple = SPI_tuptable->vals[0];
	r->window = microseconds(tuple, 1);
	r->group_window = microseconds(tuple, 2);
	r->members = DatumGetInt16(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 3, &isnull));
	r->candidates = DatumGetInt16(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 4, &isnull));
	return true;
}

bool
reconciliation_load(text *kind, DateADT day, Reconciliation *r)
{
	Items items = {.context = CurrentMemoryContext, .room = 1024};
	Datum values[] = {PointerGetDatum(kind), DateADTGetDatum(day)};
	bool found;

	memset(r, 0, sizeof(Reconciliation));
	items.item = palloc(items.room * sizeof(ReconciliationItem));
	SPI_connect();
	found = read_bounds(values, r);
	if (found)
	{
		read_side(&items, "SELECT i.* FROM hospital_cost._reconciliation_ours($1, $2) i", values);
		r->ours = items.count;
		read_side(&items, "SELECT i.* FROM hospital_cost._reconciliation_lines($1, $2) i", values);
		r->lines = items.count - r->ours;
	}
	SPI_finish();
	r->item = items.item;
	r->entry = MemoryContextAllocExtended(CurrentMemoryContext, Max(items.count, 1) * 2 * sizeof(ReconciliationEntry), MCXT_ALLOC_HUGE);
	return found;
}
