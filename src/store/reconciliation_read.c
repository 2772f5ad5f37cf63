/*
 * reconciliation_read.c
 *		The queries that load the sides of a day, and the index that tells which references are in a match.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/compat.h"
#include "store/ground.h"
#include "store/reconciliation_read.h"

#define FORMAT_QUERY "SELECT f.amount_window, f.sum_window, f.sum_members, f.sum_candidates, f.look_back_days, f.methods, " \
	"hospital_cost.hospital_timezone(), f.our_reference, f.transit_days, f.transit_margin " \
	"FROM hospital_cost.statement_format f WHERE f.kind = $1 AND f.valid @> $2"
#define STATEMENT_QUERY "SELECT s.statement_id, s.digest FROM hospital_cost._standing_statement s WHERE s.kind = $1 ORDER BY s.statement_id"
#define DAY_QUERY "SELECT ($2 - n.age + 1)::timestamp AT TIME ZONE $1 FROM pg_catalog.generate_series(0, $3 - 1) AS n (age) ORDER BY n.age"

/*
 * $1 kind, $2 first day, $3 day, $4 methods, $5 time zone. Held: a person has the item in hand. An item that a run of a later day saw beside one of a
 * later day is judged by runs of that day.
 */
#define OUR_COLUMNS "SELECT p.entry_id, p.amount, p.paid_at, p.day, p.%s, p.source_key FROM hospital_cost._payment p "
#define LINE_COLUMNS "SELECT l.line_id, l.amount, coalesce(l.at, l.day::timestamp AT TIME ZONE $5), l.day, l.reference, l.failed, l.at IS NULL, " \
	"l.statement_id, l.line_no FROM hospital_cost.statement_line l "
#define OPEN_DIFFERENCE "JOIN hospital_cost._reconciliation_difference d ON d.kind = $1 AND NOT d.held AND "
#define OUR_ROWS OUR_COLUMNS "WHERE p.day BETWEEN $2 AND $3 AND p.method = ANY ($4) AND p.entry <> 'reverse' AND p.entry_id NOT IN (" \
	"SELECT d.entry_id FROM hospital_cost._reconciliation_difference d WHERE d.entry_id IS NOT NULL AND (d.held OR d.kind <> $1 OR d.day > $3))"
#define OUR_OPEN_ROWS OUR_COLUMNS OPEN_DIFFERENCE "d.entry_id = p.entry_id WHERE p.day < $2 " \
	"AND NOT EXISTS (SELECT FROM hospital_cost._reconciliation_match m WHERE m.entry_id = p.entry_id)"
#define LINE_ROWS LINE_COLUMNS "WHERE l.day BETWEEN $2 AND $3 AND l.line_id NOT IN (" \
	"SELECT d.line_id FROM hospital_cost._reconciliation_difference d WHERE d.line_id IS NOT NULL AND (d.held OR d.day > $3))"
#define LINE_OPEN_ROWS LINE_COLUMNS OPEN_DIFFERENCE "d.line_id = l.line_id WHERE l.day < $2 " \
	"AND NOT EXISTS (SELECT FROM hospital_cost._reconciliation_match m WHERE m.line_id = l.line_id)"

static const char *const id_queries[] = {
	[RECONCILIATION_MATCHED_ENTRIES] = "SELECT m.entry_id FROM hospital_cost._reconciliation_match m WHERE m.entry_id BETWEEN $1 AND $2 ORDER BY 1",
	[RECONCILIATION_MATCHED_LINES] = "SELECT m.line_id FROM hospital_cost._reconciliation_match m WHERE m.line_id BETWEEN $1 AND $2 ORDER BY 1",
	[RECONCILIATION_REVERSED] = "SELECT r.reverses FROM hospital_cost._payment r WHERE r.entry = 'reverse' AND r.reverses BETWEEN $1 AND $2 ORDER BY 1",
	[RECONCILIATION_REPLACED] = "SELECT r.reverses FROM hospital_cost._payment r WHERE r.entry = 'reverse' AND r.reverses BETWEEN $1 AND $2 AND EXISTS ("
		"SELECT FROM hospital_cost._payment n WHERE n.source_id = r.source_id AND n.source_key = r.source_key AND n.version > r.version) ORDER BY 1"
};

static int64
microseconds(HeapTuple tuple, int column)
{
	bool isnull;
	Interval *interval = DatumGetIntervalP(SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, &isnull));

	return ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY + interval->time;
}

static void
run(const char *query, int count, Oid *types, Datum *values)
{
	if (SPI_execute_with_args(query, count, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read what is to be reconciled");
}

static void
read_days(ReconciliationFormat *format)
{
	Oid types[] = {TEXTOID, DATEOID, INT4OID};
	Datum values[] = {format->zone, DateADTGetDatum(format->day), Int32GetDatum(format->transit_days)};
	bool isnull;

	run(DAY_QUERY, 3, types, values);
	format->end_of_day = palloc((SPI_processed + 1) * sizeof(TimestampTz));
	for (uint64 i = 0; i < SPI_processed; i++)
		format->end_of_day[i] = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
read_statements(ReconciliationFormat *format)
{
	Oid types[] = {TEXTOID};
	bool isnull;

	run(STATEMENT_QUERY, 1, types, &format->kind);
	format->statements = (int32) SPI_processed;
	format->statement = palloc0((SPI_processed + 1) * sizeof(ReconciliationStatement));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bytea *digest = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));

		format->statement[i].id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		memcpy(format->statement[i].digest, VARDATA_ANY(digest), Min(VARSIZE_ANY_EXHDR(digest), RECONCILIATION_DIGEST));
	}
}

bool
reconciliation_read_format(text *kind, DateADT day, Reconciliation *r, ReconciliationFormat *format)
{
	Oid types[] = {TEXTOID, DATEOID};
	Datum values[] = {PointerGetDatum(kind), DateADTGetDatum(day)};
	bool isnull;
	HeapTuple tuple;
	TupleDesc desc;

	run(FORMAT_QUERY, 2, types, values);
	if (SPI_processed == 0)
		return false;
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	r->window = microseconds(tuple, 1);
	r->group_window = microseconds(tuple, 2);
	r->members = DatumGetInt16(SPI_getbinval(tuple, desc, 3, &isnull));
	r->candidates = DatumGetInt16(SPI_getbinval(tuple, desc, 4, &isnull));
	*format = (ReconciliationFormat) {
		.kind = values[0],
		.day = day,
		.first_day = day - DatumGetInt32(SPI_getbinval(tuple, desc, 5, &isnull)),
		.methods = SPI_getbinval(tuple, desc, 6, &isnull),
		.zone = SPI_getbinval(tuple, desc, 7, &isnull),
		.reference = TextDatumGetCString(SPI_getbinval(tuple, desc, 8, &isnull)),
		.transit_days = DatumGetInt32(SPI_getbinval(tuple, desc, 9, &isnull)),
		.transit_margin = microseconds(tuple, 10)
	};
	read_days(format);
	read_statements(format);
	return true;
}

void
reconciliation_read_rows(const ReconciliationFormat *format, bool lines, bool open, DestReceiver *receiver)
{
	Oid types[] = {TEXTOID, DATEOID, DATEOID, TEXTARRAYOID, TEXTOID};
	Datum values[] = {format->kind, DateADTGetDatum(format->first_day), DateADTGetDatum(format->day), format->methods, format->zone};
	char *query = psprintf(lines ? (open ? LINE_OPEN_ROWS : LINE_ROWS) : (open ? OUR_OPEN_ROWS : OUR_ROWS), quote_identifier(format->reference));
	SPIPlanPtr plan = SPI_prepare(query, lengthof(values), types);
	SPIExecuteOptions options = {.read_only = true, .dest = receiver, .params = makeParamList(lengthof(values))};

	for (int i = 0; i < lengthof(values); i++)
		options.params->params[i] = (ParamExternData) {.value = values[i], .pflags = PARAM_FLAG_CONST, .ptype = types[i]};
	if (plan == NULL || SPI_execute_plan_extended(plan, &options) < 0)
		elog(ERROR, "could not read what is to be reconciled");
	SPI_freeplan(plan);
}

ReconciliationIds
reconciliation_read_ids(ReconciliationIdList list, int64 low, int64 high)
{
	Oid types[] = {INT8OID, INT8OID};
	Datum values[] = {Int64GetDatum(low), Int64GetDatum(high)};
	ReconciliationIds result = {0};
	bool isnull;

	if (low > high)
		return result;
	run(id_queries[list], 2, types, values);
	result.count = SPI_processed;
	result.id = MemoryContextAllocExtended(CurrentMemoryContext, (result.count + 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < result.count; i++)
		result.id[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return result;
}

bool
reconciliation_has_id(ReconciliationIds *ids, int64 id)
{
	uint64 low = 0, high = ids->count;
	uint64 place = ids->place;

	if (place < ids->count && ids->id[place] < id)
		place++;
	/* Not where the one before leads to: look for the first that is not below it. */
	if ((place > 0 && ids->id[place - 1] >= id) || (place < ids->count && ids->id[place] < id))
	{
		while (low < high)
		{
			uint64 middle = low + (high - low) / 2;

			if (ids->id[middle] < id)
				low = middle + 1;
			else
				high = middle;
		}
		place = low;
	}
	ids->place = place;
	return place < ids->count && ids->id[place] == id;
}

void
reconciliation_mark_taken(text *kind, Reconciliation *r)
{
	Relation heap = table_open(ground_relation("_reconciliation_match"), AccessShareLock);
	Relation index = index_open(ground_relation("reconciliation_match_reference_once"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	IndexScanDesc scan = INDEX_SCAN(heap, index, GetActiveSnapshot(), 3);
	ScanKeyData keys[3];

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID, F_TEXTEQ, PointerGetDatum(kind));
	for (int32 i = 0; i < r->ours + r->lines; i++)
	{
		ReconciliationItem *item = &r->item[i];

		if (item->key.bytes == NULL)
			continue;
		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		/* Texts lie behind their length, as the database has them. */
		ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID, F_TEXTEQ, RECONCILIATION_DATUM(item->key));
		ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, BOOLOID, InvalidOid, F_BOOLEQ, BoolGetDatum(item->amount < 0));
		index_rescan(scan, keys, 3, NULL, 0);
		item->taken = index_getnext_slot(scan, ForwardScanDirection, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
}
