/*
 * costing_scan.c
 *		One pass over the ledger: its fixed columns are read where they lie, and added up in a hash.
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
#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/compat.h"
#include "store/costing.h"
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
 * Limits a scan to the blocks from the first to the last that may hold the month, as the BRIN has it: appending clusters by month. Whatever a snapshot
 * sees was there, summarised or not, before the index was asked.
 */
static void
limit_to_month(TableScanDesc scan, Snapshot snapshot, DateADT period)
{
	Relation index = index_open(ground_relation("ledger_source_idx"), AccessShareLock);
	TIDBitmap *bitmap = tbm_create(work_mem * 1024L, NULL);
	IndexScanDesc search = BITMAP_SCAN(index, snapshot, 1);
	BlockNumber first = InvalidBlockNumber, last = 0;
	BITMAP_ITERATOR *iterator;
	BITMAP_RESULT result;
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, 0, PERIOD_IN_INDEX, BTEqualStrategyNumber, DATEOID, InvalidOid, F_DATE_EQ, DateADTGetDatum(period));
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
	heap_setscanlimits(scan, first == InvalidBlockNumber ? 0 : first, first == InvalidBlockNumber ? 0 : last - first + 1);
}

int64
costing_scan_ledger(DateADT period, void (*take)(void *, const LedgerLine *), void *context)
{
	Relation rel = table_open(ground_relation("_ledger"), AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetActiveSnapshot());
	TableScanDesc scan;
	HeapTuple tuple;
	int64 entries = 0;

	check_layout(rel);
	/* A scan that joined another in the middle could not be limited. */
	scan = table_beginscan_strat(rel, snapshot, 0, NULL, true, false);
	limit_to_month(scan, snapshot, period);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		const LedgerRow *row = (const LedgerRow *) GETSTRUCT(tuple);
		LedgerLine line;

		if (row->period != period)
			continue;
		if ((entries++ & 0x3FFF) == 0)
			CHECK_FOR_INTERRUPTS();
		line = (LedgerLine) {row->item_id, row->ordering_id, row->performing_id, row->quantity, row->amount, encounter_of(row)};
		take(context, &line);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return entries;
}

typedef struct UseKey
{
	const char *code;
	uint32 hash;
	int16 department;
	uint16 length;
} UseKey;

typedef struct UseEntry
{
	UseKey key;
	char status;
	int64 weight;
	int64 all;
	int64 drugs;
	int64 materials;
} UseEntry;

#define SH_PREFIX use
#define SH_ELEMENT_TYPE UseEntry
#define SH_KEY_TYPE UseKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) ((k).hash)
#define SH_EQUAL(tb, a, b) \
	((a).hash == (b).hash && (a).department == (b).department && (a).length == (b).length && memcmp((a).code, (b).code, (a).length) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, e) ((e)->key.hash)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

typedef struct Collector
{
	const CostingRun *run;
	CostingSort *sort;
	MemoryContext codes;
	use_hash *uses;
	Size room; /* bytes left before what is added up goes to the sort */
	int64 not_taken;
} Collector;

static void
begin_uses(Collector *collector)
{
	collector->uses = use_create(collector->codes, 4096, NULL);
	collector->room = (Size) work_mem * 1024;
}

/* What was added up so far goes to the sort; it will be added up again there. */
static void
spill_uses(Collector *collector)
{
	use_iterator scan;
	UseEntry *entry;

	use_start_iterate(collector->uses, &scan);
	while ((entry = use_iterate(collector->uses, &scan)) != NULL)
	{
		CostingUse use = {entry->key.department, entry->weight, entry->all, entry->drugs, entry->materials};

		costing_sort_put(collector->sort, entry->key.code, entry->key.length, &use, false, false);
	}
	MemoryContextReset(collector->codes);
	collector->uses = NULL;
}

static UseEntry *
find_use(Collector *collector, const LedgerLine *line, int department, uint32 text_hash)
{
	UseKey key = {VARDATA_ANY(line->encounter), hash_combine(text_hash, murmurhash32((uint32) department)), (int16) department,
		(uint16) VARSIZE_ANY_EXHDR(line->encounter)};
	bool found;
	UseEntry *entry = use_insert(collector->uses, key, &found);

	if (!found)
	{
		char *copy = MemoryContextAlloc(collector->codes, Max(key.length, 1));
		Size used = 2 * sizeof(UseEntry) + GetMemoryChunkSpace(copy);

		memcpy(copy, key.code, key.length);
		entry->key.code = copy;
		entry->weight = entry->all = entry->drugs = entry->materials = 0;
		collector->room -= Min(used, collector->room);
	}
	return entry;
}

static void
add(int64 *sum, int64 value)
{
	if (pg_add_s64_overflow(*sum, value, sum))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the charges of an encounter do not fit"));
}

/* The unit whose cost a drug or billable material comes from, -1 if none has such a cost. */
static int
find_holder(const CostingRun *run, int ordering, int performing, ItemKind kind)
{
	int candidates[2] = {run->service_units ? performing : ordering, run->service_units ? ordering : -1};

	for (int i = 0; i < 2; i++)
		if (candidates[i] >= 0 && (kind == ITEM_DRUG ? run->department[candidates[i]].has_drugs : run->department[candidates[i]].has_materials))
			return candidates[i];
	return -1;
}

static void
collect_line(void *context, const LedgerLine *line)
{
	Collector *collector = context;
	const CostingRun *run = collector->run;
	ItemKind kind = line->item_id < run->items ? (ItemKind) run->item_kind[line->item_id] : ITEM_SERVICE;
	int performing = run->index_of_id[line->performing_id];
	int ordering = line->ordering_id == 0 ? performing : run->index_of_id[line->ordering_id];
	const CostingDepartment *unit = performing < 0 ? NULL : &run->department[performing];
	bool weighs = unit != NULL && unit->basis != BASIS_ACTIVITY && unit->excluded == CELL_PATIENT;
	int holder = kind == ITEM_SERVICE ? -1 : find_holder(run, ordering, performing, kind);
	uint32 text_hash;
	UseEntry *entry;

	if (kind != ITEM_SERVICE && holder < 0)
		add(&collector->not_taken, line->amount);
	if (!weighs && holder < 0)
		return;
	text_hash = hash_bytes((const unsigned char *) VARDATA_ANY(line->encounter), VARSIZE_ANY_EXHDR(line->encounter));
	if (weighs)
	{
		int64 value = unit->basis == BASIS_INCOME ? line->amount : line->quantity;

		entry = find_use(collector, line, performing, text_hash);
		if (kind == ITEM_SERVICE || unit->basis == BASIS_QUANTITY)
			add(&entry->weight, value);
		add(&entry->all, value);
	}
	if (holder >= 0)
	{
		entry = find_use(collector, line, holder, text_hash);
		add(kind == ITEM_DRUG ? &entry->drugs : &entry->materials, line->amount);
	}
	if (collector->room == 0)
	{
		spill_uses(collector);
		begin_uses(collector);
	}
}

int64
costing_collect_charges(const CostingRun *run, CostingSort *sort, int64 *not_taken)
{
	Collector collector = {.run = run, .sort = sort};
	int64 entries;

	collector.codes = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost encounters", ALLOCSET_DEFAULT_SIZES);
	begin_uses(&collector);
	entries = costing_scan_ledger(run->period, collect_line, &collector);
	spill_uses(&collector);
	MemoryContextDelete(collector.codes);
	*not_taken = collector.not_taken;
	return entries;
}
