/*
 * catalogue.c
 *		Items, prices and departments, cached.
 *
 * Unknown codes are cached too (id 0): inserting the code invalidates. Rows are read with a latest snapshot, because the cache outlives the
 * transaction that fills it; what this transaction itself wrote and rolls back is invalidated again by the abort.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/money.h"
#include "store/catalogue.h"
#include "store/compat.h"
#include "store/decimal.h"
#include "store/ground.h"

typedef struct CodeKey
{
	const char *text;
	int length;
} CodeKey;

typedef struct CodeEntry
{
	CodeKey key;
	uint32 hash;
	char status;
	CatalogueItem item; /* of a department only item_id is used */
} CodeEntry;

static inline bool
code_equal(CodeKey a, CodeKey b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

#define SH_PREFIX code
#define SH_ELEMENT_TYPE CodeEntry
#define SH_KEY_TYPE CodeKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).text, (k).length)
#define SH_EQUAL(tb, a, b) code_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static MemoryContext cache_context = NULL;
static code_hash *items = NULL;
static code_hash *departments = NULL;
static bool stale = true;
static Oid watched[3];

void
catalogue_forget(Oid relid)
{
	if (relid == InvalidOid || relid == watched[0] || relid == watched[1] || relid == watched[2])
		stale = true;
}

static void
prepare_cache(void)
{
	if (!stale)
		return;
	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(CacheMemoryContext, "hospital_cost catalogue",
											  ALLOCSET_DEFAULT_SIZES);
	items = NULL;
	departments = NULL;
	MemoryContextReset(cache_context);
	watched[0] = ground_relation("charge_item");
	watched[1] = ground_relation("price");
	watched[2] = ground_relation("department");
	items = code_create(cache_context, 1024, NULL);
	departments = code_create(cache_context, 128, NULL);
	/* From here on: an invalidation that arrives while a row is read makes the next lookup start anew. */
	stale = false;
}

static Datum
required_attribute(HeapTuple tuple, Relation rel, const char *name)
{
	bool isnull;
	Datum value = heap_getattr(tuple, get_attnum(RelationGetRelid(rel), name), RelationGetDescr(rel), &isnull);

	if (isnull)
		elog(ERROR, "column \"%s\" of \"%s\" is null", name, RelationGetRelationName(rel));
	return value;
}

static void
read_price(HeapTuple tuple, Relation rel, ItemPrice *price)
{
	bool isnull;
	Datum ceiling;
	bool rounded;

	ground_day_range(required_attribute(tuple, rel, "valid"), &price->from, &price->to);
	price->price_class = TextDatumGetCString(required_attribute(tuple, rel, "price_class"));
	if (!decimal_from_numeric(required_attribute(tuple, rel, "unit_price"), PRICE_SCALE,
							  &price->unit_price, &rounded))
		elog(ERROR, "unit_price of \"price\" does not fit");
	price->limit = price->unit_price;
	ceiling = heap_getattr(tuple, get_attnum(RelationGetRelid(rel), "ceiling"), RelationGetDescr(rel), &isnull);
	if (!isnull)
	{
		int64 limit;

		if (!decimal_from_numeric(ceiling, PRICE_SCALE, &limit, &rounded))
			elog(ERROR, "ceiling of \"price\" does not fit");
		price->limit = Min(price->limit, limit);
	}
}

/* Reads the prices of an item into the cache's memory. */
static void
load_prices(CatalogueItem *item, Datum code, Snapshot snapshot)
{
	Relation rel = table_open(watched[1], AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	int room = 4;

	item->prices = palloc(room * sizeof(ItemPrice));
	ScanKeyInit(&key, get_attnum(watched[1], "item_code"), BTEqualStrategyNumber, F_TEXTEQ, code);
	scan = systable_beginscan(rel, ground_relation("price_item_idx"), true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (item->price_count == room)
			item->prices = repalloc(item->prices, (room *= 2) * sizeof(ItemPrice));
		read_price(tuple, rel, &item->prices[item->price_count]);
		item->many_classes |= strcmp(item->prices[item->price_count++].price_class, "standard") != 0;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* Reads the id that a code has in a master table; 0 if it is not there. */
static int32
load_id(Oid relid, const char *index_name, const char *id_name, Datum code, Snapshot snapshot)
{
	Relation rel = table_open(relid, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	int32 id = 0;

	ScanKeyInit(&key, get_attnum(relid, "code"), BTEqualStrategyNumber, F_TEXTEQ, code);
	scan = systable_beginscan(rel, ground_relation(index_name), true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Datum value = required_attribute(tuple, rel, id_name);

		id = get_atttype(relid, get_attnum(relid, id_name)) == INT2OID ? DatumGetInt16(value) : DatumGetInt32(value);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return id;
}

/* Finds a code in the cache, or reads it. The entry is made last: an error on the way leaves no half entry. */
static CodeEntry *
find_code(bool is_item, const char *name, int length)
{
	CodeKey key = {name, length};
	CodeEntry *entry;
	CatalogueItem item = {0};
	MemoryContext old;
	Snapshot snapshot;
	Datum code;
	bool found;

	prepare_cache();
	entry = code_lookup(is_item ? items : departments, key);
	if (entry != NULL)
		return entry;

	old = MemoryContextSwitchTo(cache_context);
	code = PointerGetDatum(cstring_to_text_with_len(name, length));
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (is_item)
	{
		item.item_id = load_id(watched[0], "charge_item_pkey", "item_id", code, snapshot);
		if (item.item_id != 0)
			load_prices(&item, code, snapshot);
	}
	else
		item.item_id = load_id(watched[2], "department_pkey", "department_id", code, snapshot);
	UnregisterSnapshot(snapshot);

	key.text = VARDATA_ANY(DatumGetTextPP(code));
	entry = code_insert(is_item ? items : departments, key, &found);
	entry->item = item;
	MemoryContextSwitchTo(old);
	return entry;
}

const CatalogueItem *
catalogue_item(const char *code, int length)
{
	CodeEntry *entry = find_code(true, code, length);

	return entry->item.item_id == 0 ? NULL : &entry->item;
}

int16
catalogue_department(const char *code, int length)
{
	return (int16) find_code(false, code, length)->item.item_id;
}

const ItemPrice *
catalogue_price(const CatalogueItem *item, DateADT day, const char *price_class, int class_length)
{
	for (int i = 0; i < item->price_count; i++)
	{
		const ItemPrice *price = &item->prices[i];

		if (day >= price->from && day < price->to && strlen(price->price_class) == class_length &&
			memcmp(price->price_class, price_class, class_length) == 0)
			return price;
	}
	return NULL;
}
