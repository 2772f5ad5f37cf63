/*
 * posting.c
 *		The catalogue of attached tables, cached by relation.
 *
 * Columns are mapped by name and the map is rebuilt when the relation changes. An entry is made invalid before it is refilled, so a refill that
 * fails leaves no half truth.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

#include "store/ground.h"
#include "store/posting.h"

typedef struct CacheEntry
{
	Oid relid; /* hash key */
	MemoryContext context;
	Attachment attachment;
} CacheEntry;

static HTAB *cache = NULL;
static Oid catalogue_relid = InvalidOid;

const char *
posting_field_name(ChargeField field)
{
	static const char *const names[FIELD_COUNT] = {
		[FIELD_SOURCE_KEY] = "source_key",
		[FIELD_ENCOUNTER] = "encounter",
		[FIELD_ITEM] = "item",
		[FIELD_QUANTITY] = "quantity",
		[FIELD_UNIT_PRICE] = "unit_price",
		[FIELD_AMOUNT] = "amount",
		[FIELD_ORDERING] = "ordering_department",
		[FIELD_PERFORMING] = "performing_department",
		[FIELD_WARD] = "ward_department",
		[FIELD_CHARGED_AT] = "charged_at",
		[FIELD_REVERSES_KEY] = "reverses_key",
		[FIELD_PRICE_CLASS] = "price_class",
		[FIELD_REASON] = "reason",
		[FIELD_STATUS] = "status",
	};

	return names[field];
}

ChargeField
posting_gone_field(const Attachment *attachment)
{
	ChargeField field = 0;

	while (field < FIELD_COUNT - 1 && attachment->fields[field].gone == NULL)
		field++;
	return field;
}

void
posting_forget(Oid relid)
{
	HASH_SEQ_STATUS scan;
	CacheEntry *entry;

	if (cache == NULL)
		return;
	if (relid != InvalidOid && relid != catalogue_relid)
	{
		entry = hash_search(cache, &relid, HASH_FIND, NULL);
		if (entry != NULL)
			entry->attachment.valid = false;
		return;
	}
	hash_seq_init(&scan, cache);
	while ((entry = hash_seq_search(&scan)) != NULL)
		entry->attachment.valid = false;
}

static char *
numeric_out_text(Numeric number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
}

static JsonbValue *
get_key(JsonbContainer *object, const char *key)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), NULL);
}

const char *
posting_detail_name(DetailField field)
{
	static const char *const names[DETAIL_COUNT] = {
		[DETAIL_OPERATOR] = "operator",
		[DETAIL_DOCTOR] = "doctor",
		[DETAIL_ORDER] = "order",
		[DETAIL_APPROVED_BY] = "approved_by",
		[DETAIL_TRACE_CODE] = "trace_code",
		[DETAIL_SETTLEMENT] = "settlement",
		[DETAIL_DISCOUNT] = "discount",
		[DETAIL_DAYS] = "days",
		[DETAIL_FUND_AMOUNT] = "fund_amount",
		[DETAIL_REIMBURSABLE] = "reimbursable",
	};

	return names[field];
}

/* The types posting_row.c decodes; hospital_cost._check_mapping says the same when a table is attached. */
static bool
readable_type(ChargeField field, Oid type)
{
	bool is_text = type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
	bool is_whole = type == INT2OID || type == INT4OID || type == INT8OID;

	if (field == FIELD_CHARGED_AT)
		return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID || type == TIMEOID;
	if (field == FIELD_QUANTITY || field == FIELD_UNIT_PRICE || field == FIELD_AMOUNT)
		return is_text || is_whole || type == NUMERICOID || type == FLOAT4OID || type == FLOAT8OID;
	if ((field == FIELD_SOURCE_KEY || field == FIELD_REVERSES_KEY) && (type == TIMESTAMPTZOID || type == TIMESTAMPOID))
		return true;
	return is_text || is_whole || type == NUMERICOID || type == UUIDOID || type == DATEOID;
}

/* The types posting_detail.c decodes. */
static bool
readable_detail(DetailField field, Oid type)
{
	if (field == DETAIL_REIMBURSABLE)
		return type == BOOLOID || readable_type(FIELD_STATUS, type);
	return readable_type(field < DETAIL_TEXTS ? FIELD_STATUS : FIELD_QUANTITY, type);
}

/* Resolves {"columns": [...]} or {"constant": "..."} of one field, or of one detail, against the relation. */
static void
map_columns(CacheEntry *entry, JsonbContainer *mapping, const char *key, FieldMap *map, int field, bool is_detail)
{
	JsonbValue *value = get_key(mapping, key);
	JsonbValue *part;

	if (value == NULL)
		return;
	if ((part = get_key(value->val.binary.data, "constant")) != NULL)
	{
		if (part->type != jbvString)
			elog(ERROR, "the mapping of \"%s\" has a constant that is no text", key);
		map->constant = pnstrdup(part->val.string.val, part->val.string.len);
		return;
	}
	part = get_key(value->val.binary.data, "columns");
	for (int i = 0; part != NULL && i < FIELD_MAX_COLUMNS; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(part->val.binary.data, i);
		char *column;

		if (name == NULL)
			break;
		column = pnstrdup(name->val.string.val, name->val.string.len);
		map->attno[i] = get_attnum(entry->relid, column);
		if (map->attno[i] != InvalidAttrNumber)
			map->type[i] = get_atttype(entry->relid, map->attno[i]);
		/* The column may have been altered since it was attached; what cannot be decoded must not be tried. */
		if (map->attno[i] == InvalidAttrNumber || !(is_detail ? readable_detail(field, map->type[i]) : readable_type(field, map->type[i])))
			map->gone = column;
		map->count = i + 1;
	}
	if (map->gone != NULL)
		map->count = 0;
}

static void
map_field(CacheEntry *entry, JsonbContainer *mapping, ChargeField field)
{
	FieldMap *map = &entry->attachment.fields[field];

	map_columns(entry, mapping, posting_field_name(field), map, field, false);
	if (map->gone != NULL)
		entry->attachment.gone = map->gone;
}

/* A detail whose column is gone is not there any more; no row is refused for it. */
static void
map_detail(CacheEntry *entry, JsonbContainer *mapping, DetailField field)
{
	FieldMap *map = &entry->attachment.details[field];

	map_columns(entry, mapping, posting_detail_name(field), map, field, true);
	entry->attachment.has_details |= map->count > 0 || map->constant != NULL;
}

/* Reads {"charged": ["1", "2"], ...} of the options. */
static void
read_status_values(Attachment *attachment, JsonbContainer *status)
{
	static const char *const words[CHARGE_STATE_COUNT] = {"charged", "planned", "void"};

	for (ChargeState state = 0; state < CHARGE_STATE_COUNT; state++)
	{
		JsonbValue *list = get_key(status, words[state]);
		int count = list == NULL ? 0 : JsonContainerSize(list->val.binary.data);

		attachment->status_values[state] = palloc(Max(count, 1) * sizeof(char *));
		attachment->status_count[state] = count;
		for (int i = 0; i < count; i++)
		{
			JsonbValue *value = getIthJsonbValueFromContainer(list->val.binary.data, i);

			/* A number in the list stands for its text. */
			attachment->status_values[state][i] = value->type == jbvString ?
				pnstrdup(value->val.string.val, value->val.string.len) :
				value->type == jbvNumeric ? numeric_out_text(value->val.numeric) : pstrdup("");
		}
	}
}

static void
read_options(Attachment *attachment, JsonbContainer *options)
{
	JsonbValue *status = get_key(options, "status");
	JsonbValue *reason = get_key(options, "refund_reason");

	if (status != NULL && status->type == jbvBinary)
		read_status_values(attachment, status->val.binary.data);
	attachment->refund_reason = reason == NULL || reason->type != jbvString ? REASON_OPTIONAL :
		strncmp(reason->val.string.val, "required", reason->val.string.len) == 0 ? REASON_REQUIRED :
		strncmp(reason->val.string.val, "coded", reason->val.string.len) == 0 ? REASON_CODED : REASON_OPTIONAL;
}

static void
fill_entry(CacheEntry *entry, HeapTuple tuple, TupleDesc desc)
{
	Attachment *attachment = &entry->attachment;
	FieldMap *key = &attachment->fields[FIELD_SOURCE_KEY];
	bool isnull;
	char *mode, *pricing;
	Jsonb *mapping;

	attachment->source_id = DatumGetInt16(heap_getattr(tuple, get_attnum(catalogue_relid, "source_id"), desc, &isnull));
	mode = TextDatumGetCString(heap_getattr(tuple, get_attnum(catalogue_relid, "mode"), desc, &isnull));
	attachment->mode = strcmp(mode, "strict") == 0 ? MODE_STRICT : strcmp(mode, "async") == 0 ? MODE_ASYNC : MODE_FLAG;
	attachment->key_is_unique = DatumGetBool(heap_getattr(tuple, get_attnum(catalogue_relid, "key_is_unique"), desc, &isnull));
	pricing = TextDatumGetCString(heap_getattr(tuple, get_attnum(catalogue_relid, "pricing"), desc, &isnull));
	attachment->pricing = strcmp(pricing, "compute") == 0 ? PRICING_COMPUTE :
		strcmp(pricing, "verify") == 0 ? PRICING_VERIFY : PRICING_TRUST;
	mapping = DatumGetJsonbP(heap_getattr(tuple, get_attnum(catalogue_relid, "columns"), desc, &isnull));
	for (ChargeField field = 0; field < FIELD_COUNT; field++)
		map_field(entry, &mapping->root, field);
	for (DetailField field = 0; field < DETAIL_COUNT; field++)
		map_detail(entry, &mapping->root, field);
	attachment->integer_key = key->count == 1 &&
		(key->type[0] == INT2OID || key->type[0] == INT4OID || key->type[0] == INT8OID);
	mapping = DatumGetJsonbP(heap_getattr(tuple, get_attnum(catalogue_relid, "options"), desc, &isnull));
	read_options(attachment, &mapping->root);
	(void) heap_getattr(tuple, get_attnum(catalogue_relid, "detached_at"), desc, &isnull);
	attachment->attached = isnull;
}

/* Reads the catalogue row of a relation into the entry, columns mapped against the entry's own relation. False if there is none. */
static bool
read_attachment(CacheEntry *entry, Relation rel, Oid relid)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&key, get_attnum(catalogue_relid, "relation"), BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(rel, ground_relation("attachment_relation_key"), true, snapshot, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;

		/* One table may feed several rooms. */
		found = strcmp("charges", TextDatumGetCString(heap_getattr(tuple, get_attnum(catalogue_relid, "feed"), RelationGetDescr(rel),
																   &isnull))) == 0;
		if (found)
			fill_entry(entry, tuple, RelationGetDescr(rel));
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/* A partition goes by what its nearest attached ancestor says: row triggers are cloned to it and fire with its own row type. */
static void
load_entry(CacheEntry *entry)
{
	MemoryContext old = MemoryContextSwitchTo(entry->context);
	Relation rel;
	ListCell *cell;

	MemoryContextReset(entry->context);
	memset(&entry->attachment, 0, sizeof(Attachment));
	entry->attachment.relid = entry->relid;
	catalogue_relid = ground_relation("attachment");
	rel = table_open(catalogue_relid, AccessShareLock);
	entry->attachment.valid = true; /* an invalidation that comes while reading must not be overwritten */
	if (!read_attachment(entry, rel, entry->relid) && get_rel_relispartition(entry->relid))
		foreach(cell, get_partition_ancestors(entry->relid))
			if (read_attachment(entry, rel, lfirst_oid(cell)))
				break;
	table_close(rel, AccessShareLock);
	MemoryContextSwitchTo(old);
}

Attachment *
posting_attachment(Oid relid)
{
	CacheEntry *entry;
	bool found;

	if (cache == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(CacheEntry), .hcxt = CacheMemoryContext};

		cache = hash_create("hospital_cost attachments", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(cache, &relid, HASH_ENTER, &found);
	if (!found)
	{
		memset(&entry->attachment, 0, sizeof(Attachment));
		entry->context = NULL;
	}
	if (entry->context == NULL)
		entry->context = AllocSetContextCreate(CacheMemoryContext, "hospital_cost attachment", ALLOCSET_SMALL_SIZES);
	if (!entry->attachment.valid)
	{
		PG_TRY();
		{
			load_entry(entry);
		}
		PG_CATCH();
		{
			entry->attachment.valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	return entry->attachment.attached ? &entry->attachment : NULL;
}
