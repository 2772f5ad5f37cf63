/*
 * anomaly_knowledge_read.c
 *		By which codes an item goes, and which items go by a code: its own, the national one of the catalogue, those of the dated map.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/anomaly_knowledge_read.h"
#include "store/ground.h"

static const char *const windows[] = {
	[WINDOW_LINE] = "LINE",
	[WINDOW_HOUR] = "HOUR",
	[WINDOW_ROLL_6H] = "ROLL_6H",
	[WINDOW_DAY] = "DAY",
	[WINDOW_ENCOUNTER] = "ENCOUNTER",
	[WINDOW_STAY] = "STAY",
	[WINDOW_ROLL_DAYS] = "ROLL_n_DAYS",
	[WINDOW_MONTH] = "MONTH",
	[WINDOW_QUARTER] = "QUARTER",
	[WINDOW_YEAR] = "YEAR",
};
static const char *const severities[] = {NULL, "lead", "suspect", "definite"};

AnomalyWindow
knowledge_window(Datum name)
{
	char *window = TextDatumGetCString(name);

	for (int i = 0; i < lengthof(windows); i++)
		if (strcmp(windows[i], window) == 0)
			return i;
	elog(ERROR, "window \"%s\" is not known", window);
}

const char *
knowledge_window_name(AnomalyWindow window)
{
	return windows[window];
}

int
knowledge_needs(AnomalyWindow window, bool alone)
{
	switch (window)
	{
		case WINDOW_LINE:
			return NEEDS_LINE;
		case WINDOW_HOUR:
			return (alone ? NEEDS_TWINS : NEEDS_DAY) | NEEDS_HOURS;
		case WINDOW_DAY:
			return alone ? NEEDS_TWINS : NEEDS_DAY;
		case WINDOW_ROLL_6H:
			return NEEDS_NEAR;
		case WINDOW_ENCOUNTER:
			return NEEDS_ENCOUNTER;
		case WINDOW_STAY:
			return NEEDS_ENCOUNTER | NEEDS_FACTS;
		default:
			return NEEDS_PATIENT;
	}
}

int
knowledge_severity(Datum name, bool isnull)
{
	for (int i = 1; !isnull && i < lengthof(severities); i++)
		if (strcmp(severities[i], TextDatumGetCString(name)) == 0)
			return i;
	return 0;
}

const char *
knowledge_severity_name(int severity)
{
	return severities[severity];
}

void *
knowledge_keep(KnowledgeReader *reader, const void *what, Size size)
{
	return size == 0 ? NULL : memcpy(MemoryContextAlloc(reader->cache, size), what, size);
}

void *
knowledge_grow(void *array, int count, int *room, Size size)
{
	if (count < *room)
		return array;
	*room = Max(4, *room * 2);
	return array == NULL ? palloc(*room * size) : repalloc(array, *room * size);
}

void
knowledge_add(DaysList *list, int32 item, int32 from, int32 to)
{
	if (from >= to)
		return;
	list->items = knowledge_grow(list->items, list->count, &list->room, sizeof(ItemDays));
	list->items[list->count++] = (ItemDays) {item, from, to};
}

void
knowledge_relate(KnowledgeReader *reader, const ItemDays *items, int count)
{
	for (int i = 0; i < count; i++)
		knowledge_add(&reader->related, items[i].item, PG_INT32_MIN, PG_INT32_MAX);
}

void
knowledge_scan(KnowledgeReader *reader, const char *table, const char *index, int attno, const ItemCode *code, KnowledgeTake take, void *context)
{
	Relation rel = table_open(ground_relation(table), AccessShareLock);
	TupleDesc desc = RelationGetDescr(rel);
	KnowledgeRow row;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;

	/* A table that never had a row is not worth a descent. */
	if (RelationGetNumberOfBlocks(rel) == 0)
	{
		table_close(rel, AccessShareLock);
		return;
	}
	row.values = palloc(desc->natts * sizeof(Datum));
	row.nulls = palloc(desc->natts * sizeof(bool));
	ScanKeyInit(&key, attno, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(code->code));
	scan = systable_beginscan(rel, ground_relation(index), true, reader->snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		heap_deform_tuple(tuple, desc, row.values, row.nulls);
		take(reader, &row, code, context);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* Columns of the catalogue's tables, by name: their order is not ours. */
static int
position(const char *table, const char *column)
{
	return get_attnum(ground_relation(table), column) - 1;
}

static void
take_item(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	knowledge_add(context, DatumGetInt32(row->values[position("charge_item", "item_id")]), code->from, code->to);
}

static void
take_mapped_item(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	ItemCode own = {TextDatumGetCString(row->values[position("item_code_map", "item_code")])};

	ground_day_range(row->values[position("item_code_map", "valid")], &own.from, &own.to);
	own.from = Max(own.from, code->from);
	own.to = Min(own.to, code->to);
	knowledge_scan(reader, "charge_item", "charge_item_pkey", position("charge_item", "code") + 1, &own, take_item, context);
}

void
knowledge_items_of(KnowledgeReader *reader, const char *code, int32 from, int32 to, DaysList *list)
{
	ItemCode key = {(char *) code, from, to};

	knowledge_scan(reader, "charge_item", "charge_item_pkey", position("charge_item", "code") + 1, &key, take_item, list);
	knowledge_scan(reader, "charge_item", "charge_item_national_idx", position("charge_item", "national_code") + 1, &key, take_item, list);
	knowledge_scan(reader, "item_code_map", "item_code_map_national_idx", position("item_code_map", "national_code") + 1, &key, take_mapped_item,
				   list);
}

/* One item may come by its national code from the catalogue and from the map: a code is looked up once. */
static void
add_code(KnowledgeReader *reader, char *code, int32 from, int32 to)
{
	for (int i = 0; i < reader->code_count; i++)
		if (strcmp(reader->codes[i].code, code) == 0 && reader->codes[i].from <= from && reader->codes[i].to >= to)
			return;
	reader->codes = knowledge_grow(reader->codes, reader->code_count, &reader->code_room, sizeof(ItemCode));
	reader->codes[reader->code_count++] = (ItemCode) {code, from, to};
}

static void
take_map(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	int32 from, to;

	ground_day_range(row->values[position("item_code_map", "valid")], &from, &to);
	add_code(reader, TextDatumGetCString(row->values[position("item_code_map", "national_code")]), from, to);
}

char *
knowledge_item_code(KnowledgeReader *reader, int32 item_id, char **national)
{
	Oid relid = ground_relation("charge_item");
	Relation rel = table_open(relid, AccessShareLock);
	char *code = NULL;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	bool isnull;

	ScanKeyInit(&key, get_attnum(relid, "item_id"), BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(item_id));
	scan = systable_beginscan(rel, ground_relation("charge_item_item_id_key"), true, reader->snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Datum value = heap_getattr(tuple, get_attnum(relid, "national_code"), RelationGetDescr(rel), &isnull);

		if (national != NULL)
			*national = isnull ? NULL : TextDatumGetCString(value);
		code = TextDatumGetCString(heap_getattr(tuple, get_attnum(relid, "code"), RelationGetDescr(rel), &isnull));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return code;
}

/* The codes an item goes by. */
static void
read_codes(KnowledgeReader *reader, int32 item_id)
{
	char *national;
	ItemCode own = {knowledge_item_code(reader, item_id, &national), PG_INT32_MIN, PG_INT32_MAX};

	if (own.code == NULL)
		return;
	reader->item->code = knowledge_keep(reader, own.code, strlen(own.code) + 1);
	add_code(reader, own.code, own.from, own.to);
	if (national != NULL)
		add_code(reader, national, own.from, own.to);
	knowledge_scan(reader, "item_code_map", "item_code_map_item_idx", position("item_code_map", "item_code") + 1, &own, take_map, NULL);
}

static int
by_item(const void *a, const void *b)
{
	int32 x = ((const ItemDays *) a)->item;
	int32 y = ((const ItemDays *) b)->item;

	return x < y ? -1 : x > y;
}

static void
keep_related(KnowledgeReader *reader)
{
	KnownItem *item = reader->item;
	int32 *related;

	knowledge_add(&reader->related, item->item_id, PG_INT32_MIN, PG_INT32_MAX);
	qsort(reader->related.items, reader->related.count, sizeof(ItemDays), by_item);
	related = MemoryContextAlloc(reader->cache, reader->related.count * sizeof(int32));
	for (int i = 0; i < reader->related.count; i++)
		if (item->related_count == 0 || related[item->related_count - 1] != reader->related.items[i].item)
			related[item->related_count++] = reader->related.items[i].item;
	item->related = related;
}

KnownItem *
knowledge_read_item(int32 item_id, MemoryContext cache)
{
	KnowledgeReader reader = {.cache = cache};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost knowledge of an item", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	ItemKnowledge *known;

	reader.item = MemoryContextAllocZero(cache, sizeof(KnownItem));
	reader.item->item_id = item_id;
	known = &reader.item->knowledge;
	reader.snapshot = RegisterSnapshot(GetLatestSnapshot());
	read_codes(&reader, item_id);
	for (int i = 0; i < reader.code_count; i++)
	{
		knowledge_read_limits(&reader, &reader.codes[i]);
		knowledge_read_relations(&reader, &reader.codes[i]);
	}
	UnregisterSnapshot(reader.snapshot);
	known->limits = knowledge_keep(&reader, reader.limits, known->limit_count * sizeof(ItemLimit));
	known->pairs = knowledge_keep(&reader, reader.pairs, known->pair_count * sizeof(ItemPair));
	known->bundles = knowledge_keep(&reader, reader.bundles, known->bundle_count * sizeof(ItemBundle));
	known->surgeries = knowledge_keep(&reader, reader.surgeries, known->surgery_count * sizeof(ItemSurgery));
	known->checks = knowledge_keep(&reader, reader.checks, known->check_count * sizeof(ItemCheck));
	reader.item->supplies = knowledge_keep(&reader, reader.supplies, reader.item->supply_count * sizeof(ItemSupply));
	if (reader.item->needs != 0)
		keep_related(&reader);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return reader.item;
}
