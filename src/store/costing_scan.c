/*
 * costing_scan.c
 *		Reading the ledger: its fixed columns where they lie.
 *
 * The ledger's columns are NOT NULL, the fixed ones stand first, and it is never altered: a row is a C struct. That costs a third of what taking it
 * apart does.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/compat.h"
#include "store/costing_pass.h"
#include "store/ground.h"

/* The fixed columns of hospital_cost._ledger; the encounter follows. */
typedef struct LedgerRow
{
	int64 entry_id;
	int64 source_key;
	int64 quantity;
	int64 unit_price;
	int64 amount;
	int64 reverses;
	TimestampTz charged_at;
	int32 item_id;
	DateADT period;
	DateADT service_day;
	int16 source_id;
	int16 ordering_id;
	int16 performing_id;
	int16 ward_id;
	int16 kind;
	int16 version;
	int16 flags;
	char encounter[FLEXIBLE_ARRAY_MEMBER];
} LedgerRow;

#define FIXED_COLUMNS 17
/* Its columns: source_id, source_key, period. */
#define PERIOD_IN_INDEX 3

static const struct
{
	const char *name;
	int offset;
} places[] = {{"quantity", offsetof(LedgerRow, quantity)}, {"amount", offsetof(LedgerRow, amount)},
	{"item_id", offsetof(LedgerRow, item_id)}, {"period", offsetof(LedgerRow, period)},
	{"ordering_id", offsetof(LedgerRow, ordering_id)}, {"performing_id", offsetof(LedgerRow, performing_id)},
	{"flags", offsetof(LedgerRow, flags)}, {"encounter_code", offsetof(LedgerRow, encounter)}};

/* elog unless the table lies as the struct says. */
static void
check_layout(Relation rel)
{
	TupleDesc desc = RelationGetDescr(rel);
	int offset = 0;
	int found = 0;

	for (int i = 0; i <= FIXED_COLUMNS; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (i < FIXED_COLUMNS)
			offset = att_align_nominal(offset, attribute->attalign);
		for (int k = 0; k < lengthof(places); k++)
			if (strcmp(places[k].name, NameStr(attribute->attname)) == 0)
				found += places[k].offset == offset;
		if (attribute->attisdropped || (i < FIXED_COLUMNS && (attribute->attlen <= 0 || !attribute->attnotnull)))
			elog(ERROR, "column %d of the ledger is not as expected", i + 1);
		offset += i < FIXED_COLUMNS ? attribute->attlen : 0;
	}
	if (found != lengthof(places))
		elog(ERROR, "the columns of the ledger are not where they are expected");
}

/* Codes are short; one that is stored compressed is none of any hospital, but must not be misread. */
static inline struct varlena *
encounter_of(const LedgerRow *row)
{
	struct varlena *code = (struct varlena *) att_align_pointer(row->encounter, TYPALIGN_INT, -1, row->encounter);

	return VARATT_IS_SHORT(code) && !VARATT_IS_EXTERNAL(code) ? code : pg_detoast_datum_packed(code);
}

/*
 * The blocks from the first to the last that may hold the month, as the BRIN has it: appending clusters by month. Whatever a snapshot sees was there,
 * summarised or not, before the index was asked.
 */
static void
find_month(LedgerRange *range, Snapshot snapshot)
{
	Relation index = index_open(ground_relation("ledger_source_idx"), AccessShareLock);
	TIDBitmap *bitmap = tbm_create(work_mem * 1024L, NULL);
	IndexScanDesc search = BITMAP_SCAN(index, snapshot, 1);
	BlockNumber first = InvalidBlockNumber, last = 0;
	BITMAP_ITERATOR *iterator;
	BITMAP_RESULT result;
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, 0, PERIOD_IN_INDEX, BTEqualStrategyNumber, DATEOID, InvalidOid, F_DATE_EQ, DateADTGetDatum(range->period));
	index_rescan(search, &key, 1, NULL, 0);
	index_getbitmap(search, bitmap);
	index_endscan(search);
	index_close(index, AccessShareLock);
	iterator = BITMAP_BEGIN(bitmap);
	while (BITMAP_NEXT(iterator, result))
	{
		first = Min(first, BITMAP_BLOCK(result));
		last = Max(last, BITMAP_BLOCK(result));
	}
	BITMAP_END(iterator);
	tbm_free(bitmap);
	range->first = first == InvalidBlockNumber ? 0 : first;
	range->blocks = first == InvalidBlockNumber ? 0 : last - first + 1;
}

void
costing_find_range(LedgerRange *range, DateADT period)
{
	Relation rel = table_open(ground_relation("_ledger"), AccessShareLock);

	range->relid = RelationGetRelid(rel);
	range->period = period;
	check_layout(rel);
	find_month(range, GetActiveSnapshot());
	range->portion = range->blocks;
	pg_atomic_init_u32(&range->taken, 0);
	table_close(rel, NoLock);
}

static int64
scan_portion(TableScanDesc scan, DateADT period, const LedgerJob *job, void *state)
{
	HeapTuple tuple;
	int64 entries = 0;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		const LedgerRow *row = (const LedgerRow *) GETSTRUCT(tuple);
		LedgerLine line;

		if (row->period != period)
			continue;
		if ((entries++ & 0x3FFF) == 0)
			CHECK_FOR_INTERRUPTS();
		line = (LedgerLine) {row->item_id, row->ordering_id, row->performing_id, row->quantity, row->amount, encounter_of(row)};
		job->take(state, &line);
	}
	return entries;
}

int64
costing_scan_range(LedgerRange *range, const LedgerJob *job, void *state)
{
	Relation rel = table_open(range->relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetActiveSnapshot());
	/* A scan that joined another in the middle could not be limited. */
	TableScanDesc scan = table_beginscan_strat(rel, snapshot, 0, NULL, true, false);
	int64 entries = 0;
	uint32 at;

	while (range->portion > 0 && (at = pg_atomic_fetch_add_u32(&range->taken, 1)) < (range->blocks + range->portion - 1) / range->portion)
	{
		BlockNumber offset = at * range->portion;

		if (entries > 0)
			table_rescan(scan, NULL);
		heap_setscanlimits(scan, range->first + offset, Min(range->portion, range->blocks - offset));
		entries += scan_portion(scan, range->period, job, state);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return entries;
}
