/*
 * posting_lines.c
 *		Reading lines through the btree: an entry of an item that nobody asked for costs no look into the heap.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/compat.h"
#include "store/ground.h"
#include "store/posting_lines.h"

/* Attribute numbers of the ledger by position in its definition; append_check_columns proves them when entries are written. */
enum
{
	A_ENTRY_ID = 1, A_SOURCE_KEY, A_QUANTITY, A_UNIT_PRICE, A_AMOUNT, A_REVERSES, A_CHARGED_AT, A_ITEM_ID, A_PERIOD,
	A_SERVICE_DAY, A_SOURCE_ID, A_ORDERING_ID, A_PERFORMING_ID, A_WARD_ID, A_KIND, A_VERSION, A_FLAGS, A_ENCOUNTER_CODE
};
/* And of the index. */
enum
{
	I_ENCOUNTER = 1, I_DAY, I_ITEM
};

static bool
is_wanted(const LineScan *scan, int32 item)
{
	int low = 0, high = scan->item_count;

	if (scan->items == NULL)
		return true;
	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (scan->items[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < scan->item_count && scan->items[low] == item;
}

void
ledger_add_line(LineList *list, const LineEntry *line)
{
	if (list->count == list->room)
	{
		list->room = Max(32, list->room * 2);
		list->lines = list->lines == NULL ? palloc(list->room * sizeof(LineEntry)) :
			repalloc_huge(list->lines, list->room * sizeof(LineEntry));
	}
	list->lines[list->count++] = *line;
}

static void
take_line(TupleTableSlot *slot, int encounter, LineList *list)
{
	Datum *v = slot->tts_values - 1; /* counted from 1, as attributes are */

	slot_getsomeattrs(slot, A_PERFORMING_ID);
	ledger_add_line(list, &(LineEntry) {
		.entry_id = DatumGetInt64(v[A_ENTRY_ID]),
		.reverses = DatumGetInt64(v[A_REVERSES]),
		.quantity = DatumGetInt64(v[A_QUANTITY]),
		/* two tables may use one key for two rows */
		.key = (int64) ((uint64) DatumGetInt64(v[A_SOURCE_KEY]) * 32768 + (uint64) DatumGetInt16(v[A_SOURCE_ID])),
		.item = DatumGetInt32(v[A_ITEM_ID]),
		.day = DatumGetDateADT(v[A_SERVICE_DAY]),
		.price = DatumGetInt64(v[A_UNIT_PRICE]),
		.amount = DatumGetInt64(v[A_AMOUNT]),
		.at = DatumGetTimestampTz(v[A_CHARGED_AT]),
		.performing = DatumGetInt16(v[A_PERFORMING_ID]),
		.encounter = encounter,
	});
}

void
ledger_lines(const LineScan *wanted, int encounter, LineList *list)
{
	Relation rel = table_open(ground_relation("_ledger"), AccessShareLock);
	Relation index = index_open(ground_relation("ledger_encounter_idx"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	SnapshotData dirty;
	IndexScanDesc scan;
	ScanKeyData keys[3];
	int count = 1;

	ScanKeyInit(&keys[0], I_ENCOUNTER, BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(wanted->encounter.text, wanted->encounter.length)));
	if (wanted->from != PG_INT32_MIN)
		ScanKeyInit(&keys[count++], I_DAY, BTGreaterEqualStrategyNumber, F_DATE_GE, DateADTGetDatum(wanted->from));
	if (wanted->to != PG_INT32_MAX)
		ScanKeyInit(&keys[count++], I_DAY, BTLessEqualStrategyNumber, F_DATE_LE, DateADTGetDatum(wanted->to));
	InitDirtySnapshot(dirty);
	scan = INDEX_SCAN(rel, index, wanted->snapshot == NULL ? &dirty : wanted->snapshot, count);
	scan->xs_want_itup = true;
	index_rescan(scan, keys, count, NULL, 0);
	while (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		bool isnull;

		CHECK_FOR_INTERRUPTS();
		if (is_wanted(wanted, DatumGetInt32(index_getattr(scan->xs_itup, I_ITEM, RelationGetDescr(index), &isnull))) &&
			index_fetch_heap(scan, slot))
			take_line(slot, encounter, list);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
}

/* Lines begin with their id. */
static int
by_entry_id(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

void
ledger_sort_lines(LineList *list)
{
	if (list->count > 1)
		qsort(list->lines, list->count, sizeof(LineEntry), by_entry_id);
}

bool
ledger_entry_of_line(Piece encounter, const LineEntry *line, LedgerEntry *entry)
{
	Relation rel = table_open(ground_relation("_ledger"), AccessShareLock);
	SnapshotData dirty;
	SysScanDesc scan;
	ScanKeyData keys[3];
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&keys[0], A_ENCOUNTER_CODE, BTEqualStrategyNumber, F_TEXTEQ, PointerGetDatum(cstring_to_text_with_len(encounter.text, encounter.length)));
	ScanKeyInit(&keys[1], A_SERVICE_DAY, BTEqualStrategyNumber, F_DATE_EQ, DateADTGetDatum(line->day));
	ScanKeyInit(&keys[2], A_ITEM_ID, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(line->item));
	InitDirtySnapshot(dirty);
	scan = systable_beginscan(rel, ground_relation("ledger_encounter_idx"), true, &dirty, lengthof(keys), keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;

		found = DatumGetInt64(heap_getattr(tuple, A_ENTRY_ID, RelationGetDescr(rel), &isnull)) == line->entry_id;
		if (found)
			ledger_read_entry(tuple, RelationGetDescr(rel), entry);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

struct LedgerWalk
{
	Relation rel;
	Relation index;
	IndexScanDesc scan;
	Snapshot snapshot;
	TupleTableSlot *slot;
	StringInfoData encounter; /* whose entries are being collected */
	StringInfoData ahead;	  /* whose first entry was met */
	WalkedEntry next;
	bool at_end;
	WalkedEntry *entries;
	int count;
	int room;
};

/* Goes to the next entry; "ahead" and "next" are what it has. */
static void
step(LedgerWalk *walk)
{
	TupleDesc desc = RelationGetDescr(walk->index);
	IndexTuple tuple;
	bool isnull;
	text *code;

	CHECK_FOR_INTERRUPTS();
	walk->at_end = index_getnext_tid(walk->scan, ForwardScanDirection) == NULL;
	if (walk->at_end)
		return;
	tuple = walk->scan->xs_itup;
	code = DatumGetTextPP(index_getattr(tuple, I_ENCOUNTER, desc, &isnull));
	resetStringInfo(&walk->ahead);
	appendBinaryStringInfo(&walk->ahead, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	walk->next = (WalkedEntry) {DatumGetDateADT(index_getattr(tuple, I_DAY, desc, &isnull)), DatumGetInt32(index_getattr(tuple, I_ITEM, desc, &isnull)),
		walk->scan->xs_heaptid};
}

LedgerWalk *
ledger_walk_begin(Snapshot snapshot)
{
	LedgerWalk *walk = palloc0(sizeof(LedgerWalk));

	walk->rel = table_open(ground_relation("_ledger"), AccessShareLock);
	walk->index = index_open(ground_relation("ledger_encounter_idx"), AccessShareLock);
	walk->slot = table_slot_create(walk->rel, NULL);
	walk->snapshot = snapshot;
	walk->scan = INDEX_SCAN(walk->rel, walk->index, snapshot, 0);
	walk->scan->xs_want_itup = true;
	index_rescan(walk->scan, NULL, 0, NULL, 0);
	initStringInfo(&walk->encounter);
	initStringInfo(&walk->ahead);
	walk->room = 1024;
	walk->entries = palloc(walk->room * sizeof(WalkedEntry));
	step(walk);
	return walk;
}

bool
ledger_walk_next(LedgerWalk *walk, Piece *encounter, const WalkedEntry **entries, int *count)
{
	if (walk->at_end)
		return false;
	resetStringInfo(&walk->encounter);
	appendBinaryStringInfo(&walk->encounter, walk->ahead.data, walk->ahead.len);
	walk->count = 0;
	while (!walk->at_end && walk->ahead.len == walk->encounter.len && memcmp(walk->ahead.data, walk->encounter.data, walk->ahead.len) == 0)
	{
		if (walk->count == walk->room)
			walk->entries = repalloc_huge(walk->entries, (walk->room *= 2) * sizeof(WalkedEntry));
		walk->entries[walk->count++] = walk->next;
		step(walk);
	}
	*encounter = (Piece) {walk->encounter.data, walk->encounter.len};
	*entries = walk->entries;
	*count = walk->count;
	return true;
}

void
ledger_walk_line(LedgerWalk *walk, const WalkedEntry *entry, LineList *list)
{
	ItemPointerData tid = entry->tid;

	if (table_tuple_fetch_row_version(walk->rel, &tid, walk->snapshot, walk->slot))
		take_line(walk->slot, 0, list);
	ExecClearTuple(walk->slot);
}

void
ledger_walk_end(LedgerWalk *walk)
{
	index_endscan(walk->scan);
	ExecDropSingleTupleTableSlot(walk->slot);
	index_close(walk->index, AccessShareLock);
	table_close(walk->rel, AccessShareLock);
}
