/*
 * posting_find.c
 *		Finding entries again: by the encounter through the btree, by the source key through SPI and the BRIN.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/compat.h"
#include "store/ground.h"
#include "store/ground_user.h"
#include "store/posting_book.h"

/* Of an int64, with its sign. */
#define MAX_DIGITS 20

/* Attribute numbers of the ledger by position in its definition; append_check_columns proves them when entries are written. */
enum
{
	A_ENTRY_ID = 1, A_SOURCE_KEY, A_QUANTITY, A_UNIT_PRICE, A_AMOUNT, A_REVERSES, A_CHARGED_AT, A_ITEM_ID, A_PERIOD,
	A_SERVICE_DAY, A_SOURCE_ID, A_ORDERING_ID, A_PERFORMING_ID, A_WARD_ID, A_KIND, A_VERSION, A_FLAGS, A_ENCOUNTER_CODE,
	A_SOURCE_KEY_TEXT
};

static Datum
attribute(HeapTuple tuple, TupleDesc desc, int attno)
{
	bool isnull;

	return heap_getattr(tuple, attno, desc, &isnull);
}

static Piece
copy_text(Datum datum)
{
	char *copy = TextDatumGetCString(datum);

	return (Piece) {copy, (int) strlen(copy)};
}

void
ledger_read_entry(HeapTuple tuple, TupleDesc desc, LedgerEntry *entry)
{
	*entry = (LedgerEntry) {
		.entry_id = DatumGetInt64(attribute(tuple, desc, A_ENTRY_ID)),
		.source_key = DatumGetInt64(attribute(tuple, desc, A_SOURCE_KEY)),
		.quantity = DatumGetInt64(attribute(tuple, desc, A_QUANTITY)),
		.unit_price = DatumGetInt64(attribute(tuple, desc, A_UNIT_PRICE)),
		.amount = DatumGetInt64(attribute(tuple, desc, A_AMOUNT)),
		.reverses = DatumGetInt64(attribute(tuple, desc, A_REVERSES)),
		.charged_at = DatumGetTimestampTz(attribute(tuple, desc, A_CHARGED_AT)),
		.item_id = DatumGetInt32(attribute(tuple, desc, A_ITEM_ID)),
		.period = DatumGetDateADT(attribute(tuple, desc, A_PERIOD)),
		.service_day = DatumGetDateADT(attribute(tuple, desc, A_SERVICE_DAY)),
		.source_id = DatumGetInt16(attribute(tuple, desc, A_SOURCE_ID)),
		.ordering_id = DatumGetInt16(attribute(tuple, desc, A_ORDERING_ID)),
		.performing_id = DatumGetInt16(attribute(tuple, desc, A_PERFORMING_ID)),
		.ward_id = DatumGetInt16(attribute(tuple, desc, A_WARD_ID)),
		.kind = DatumGetInt16(attribute(tuple, desc, A_KIND)),
		.version = DatumGetInt16(attribute(tuple, desc, A_VERSION)),
		.flags = DatumGetInt16(attribute(tuple, desc, A_FLAGS)),
		.encounter = copy_text(attribute(tuple, desc, A_ENCOUNTER_CODE)),
		.key_text = copy_text(attribute(tuple, desc, A_SOURCE_KEY_TEXT)),
	};
}

/* Entries of one source key, growing. */
typedef struct KeyEntries
{
	int16 source_id;
	int64 key;
	Piece key_text;
	LedgerEntry *entries;
	int count;
	int room;
} KeyEntries;

static void
collect(void *context, HeapTuple tuple, TupleDesc desc)
{
	KeyEntries *set = context;
	text *key_text;

	if (DatumGetInt16(attribute(tuple, desc, A_SOURCE_ID)) != set->source_id ||
		DatumGetInt64(attribute(tuple, desc, A_SOURCE_KEY)) != set->key)
		return;
	key_text = DatumGetTextPP(attribute(tuple, desc, A_SOURCE_KEY_TEXT));
	if (VARSIZE_ANY_EXHDR(key_text) != set->key_text.length ||
		memcmp(VARDATA_ANY(key_text), set->key_text.text, set->key_text.length) != 0)
		return;
	if (set->count == set->room)
	{
		set->room = Max(8, set->room * 2);
		set->entries = set->entries == NULL ? palloc(set->room * sizeof(LedgerEntry)) :
			repalloc(set->entries, set->room * sizeof(LedgerEntry));
	}
	ledger_read_entry(tuple, desc, &set->entries[set->count++]);
}

/* Entries of either kind begin with their id. */
static int
by_entry_id(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* What the core needs to tell which entries are live, in the order of their ids. */
static NetEntry *
net_entries(KeyEntries *set, int16 *last_version)
{
	NetEntry *nets = palloc(Max(set->count, 1) * sizeof(NetEntry));

	if (set->count > 1)
		qsort(set->entries, set->count, sizeof(LedgerEntry), by_entry_id);
	for (int i = 0; i < set->count; i++)
	{
		*last_version = Max(*last_version, set->entries[i].version);
		nets[i] = (NetEntry) {set->entries[i].entry_id, set->entries[i].reverses, set->entries[i].flags};
	}
	return nets;
}

static bool
choose_live(KeyEntries *set, LedgerEntry *found, int16 *last_version)
{
	NetEntry *nets = net_entries(set, last_version);
	int live = posting_live(nets, set->count);

	pfree(nets);
	if (live >= 0)
		*found = set->entries[live];
	return live >= 0;
}

/* Scans the ledger's btree for its first "count" columns. */
static void
scan_btree(Snapshot snapshot, ScanKey keys, int count, void (*take)(void *, HeapTuple, TupleDesc), void *context)
{
	Relation rel = table_open(ground_relation("_ledger"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, ground_relation("ledger_encounter_idx"), true, snapshot, count, keys);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		take(context, tuple, RelationGetDescr(rel));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static void
key_of_encounter(ScanKey key, Piece encounter)
{
	ScanKeyInit(key, A_ENCOUNTER_CODE, BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(encounter.text, encounter.length)));
}

/* The other two columns of the btree. */
static void
keys_of_place(ScanKey keys, DateADT day, int32 item_id)
{
	ScanKeyInit(&keys[1], A_SERVICE_DAY, BTEqualStrategyNumber, F_DATE_EQ, DateADTGetDatum(day));
	ScanKeyInit(&keys[2], A_ITEM_ID, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(item_id));
}

void
ledger_scan_encounter(Piece encounter, Snapshot snapshot, void (*take)(void *, HeapTuple, TupleDesc), void *context)
{
	ScanKeyData key;

	key_of_encounter(&key, encounter);
	scan_btree(snapshot, &key, 1, take, context);
}

/* Searches the whole ledger for a key, as the owner of the ledger: the writer of a hospital table may not read it. */
static void
search_key(KeyEntries *set)
{
	Oid types[2] = {INT2OID, INT8OID};
	Datum values[2] = {Int16GetDatum(set->source_id), Int64GetDatum(set->key)};
	MemoryContext caller = CurrentMemoryContext;
	GroundUser self;
	Relation rel = table_open(ground_relation("_ledger"), AccessShareLock);

	ground_become_owner(rel->rd_rel->relowner, &self);
	ground_plan_by_index();
	SPI_connect();
	/* What this statement wrote so far is to be seen, too. */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_with_args("SELECT l.* FROM hospital_cost._ledger l WHERE l.source_id OPERATOR(pg_catalog.=) $1 "
							  "AND l.source_key OPERATOR(pg_catalog.=) $2", 2, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not search the ledger by source key");
	PopActiveSnapshot();
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		collect(set, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	ground_become_self(&self);
	table_close(rel, AccessShareLock);
}

/* A text that a book may take with it when it closes. */
static Piece
own_text(Piece piece)
{
	return (Piece) {pnstrdup(piece.text, piece.length), piece.length};
}

static bool
find_live(KeyEntries *set, Books *books, Piece encounter, bool everywhere, LedgerEntry *found, int16 *last_version)
{
	if (encounter.text != NULL && books != NULL)
		set->count = set->room = books_entries(books, encounter, set->source_id, set->key, set->key_text, &set->entries);
	else if (encounter.text != NULL)
		ledger_scan_encounter(encounter, SnapshotSelf, collect, set);
	/* Entries of a key can be spread over encounters if the row was moved, so an answer from one encounter alone must be live. */
	if (choose_live(set, found, last_version))
	{
		found->encounter = own_text(found->encounter);
		found->key_text = own_text(found->key_text);
		return true;
	}
	if (!everywhere)
		return false;
	set->count = 0;
	search_key(set);
	return choose_live(set, found, last_version);
}

/* The key as it was posted before its column became a text or a number: an integer stands by itself, a text by its hash. False if it has no such form. */
static bool
other_form(KeyEntries *set)
{
	char *digits;

	if (set->key_text.length == 0)
	{
		digits = psprintf(INT64_FORMAT, set->key);
		set->key_text = (Piece) {digits, (int) strlen(digits)};
		set->key = posting_text_key(set->key_text);
		return true;
	}
	if (set->key_text.length > MAX_DIGITS)
		return false;
	set->key = strtoll(pnstrdup(set->key_text.text, set->key_text.length), NULL, 10);
	digits = psprintf(INT64_FORMAT, set->key);
	if (!piece_equal(set->key_text, (Piece) {digits, (int) strlen(digits)}))
		return false;
	set->key_text = (Piece) {"", 0};
	return true;
}

bool
ledger_find_live(Books *books, int16 source_id, int64 key, Piece key_text, Piece encounter, bool everywhere, LedgerEntry *found,
				 int16 *last_version)
{
	KeyEntries set = {.source_id = source_id, .key = key, .key_text = key_text};

	*last_version = 0;
	if (find_live(&set, books, encounter, everywhere, found, last_version))
		return true;
	set.count = 0;
	return other_form(&set) && find_live(&set, books, encounter, everywhere, found, last_version);
}

bool
ledger_find_exact(int16 source_id, int64 key, Piece key_text, Piece encounter, DateADT day, int32 item_id, LedgerEntry *found, int16 *last_version)
{
	KeyEntries set = {.source_id = source_id, .key = key, .key_text = key_text};
	ScanKeyData keys[3];

	key_of_encounter(&keys[0], encounter);
	keys_of_place(keys, day, item_id);
	scan_btree(SnapshotSelf, keys, lengthof(keys), collect, &set);
	*last_version = 0;
	return choose_live(&set, found, last_version);
}

static void
take_any_refund(void *context, HeapTuple tuple, TupleDesc desc)
{
	bool *any = context;

	*any |= DatumGetInt64(attribute(tuple, desc, A_REVERSES)) != 0 && (DatumGetInt16(attribute(tuple, desc, A_FLAGS)) & FLAG_SOURCE_CHANGED) == 0;
}

bool
ledger_has_refunds(Piece encounter)
{
	bool any = false;

	ledger_scan_encounter(encounter, SnapshotSelf, take_any_refund, &any);
	return any;
}

int
ledger_find_all_live(int16 source_id, int64 key, Piece key_text, LedgerEntry **found, int16 *last_version)
{
	KeyEntries set = {.source_id = source_id, .key = key, .key_text = key_text};
	NetEntry *nets;
	int count = 0;
	int live;

	*last_version = 0;
	search_key(&set);
	nets = net_entries(&set, last_version);
	*found = palloc(Max(set.count, 1) * sizeof(LedgerEntry));
	while ((live = posting_live(nets, set.count)) >= 0)
	{
		(*found)[count++] = set.entries[live];
		nets[live] = (NetEntry) {.flags = FLAG_SOURCE_CHANGED}; /* not live for the next search */
	}
	pfree(nets);
	return count;
}
