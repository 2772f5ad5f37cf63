/*
 * anomaly.c
 *		Reading hospital_cost.rule. Parameters were checked when the row was written, so what cannot be read here is ignored, not raised.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/posting.h"
#include "store/anomaly.h"
#include "store/catalogue.h"
#include "store/decimal.h"
#include "store/ground.h"

static MemoryContext cache_context = NULL;
static Oid rule_relid = InvalidOid;
static Oid item_relid = InvalidOid;
static bool stale = true;
static uint64 generation = 0;
static Rule *rules = NULL;
static int rule_count = 0;
/* First versions by kind. */
static struct
{
	const RuleVersion **rules;
	int count;
} by_kind[RULE_KIND_COUNT];

static const char *const kind_names[RULE_KIND_COUNT] = {
	[RULE_PRICE_ABOVE_LIMIT] = "price_above_limit",
	[RULE_NO_CATALOGUE_PRICE] = "no_catalogue_price",
	[RULE_EXPIRED_PRICE] = "expired_price",
	[RULE_SUPPLY_DAYS] = "supply_days",
	[RULE_PAID_OUT_OF_SCOPE] = "paid_out_of_scope",
	[RULE_MISSING_FIELD] = "missing_field",
	[RULE_DISCOUNT_AUTHORITY] = "discount_authority",
	[RULE_CHANGED_AFTER_SETTLEMENT] = "changed_after_settlement",
	[RULE_TRACE_CODE_TWICE] = "trace_code_twice",
	[RULE_SAME_ITEM_SAME_DAY] = "same_item_same_day",
	[RULE_DAY_OUTSIDE_STAY] = "day_outside_stay",
	[RULE_ITEM_LIMIT] = "item_limit",
	[RULE_ITEM_PATIENT] = "item_patient",
	[RULE_ITEM_PLACE] = "item_place",
	[RULE_ITEM_PAIR] = "item_pair",
	[RULE_ITEM_BUNDLE] = "item_bundle",
	[RULE_SURGERY_DISCOUNT] = "surgery_discount",
};

/* Rules name items by code, and are read with the items' numbers in their place. */
void
anomaly_forget(Oid relid)
{
	if (relid == InvalidOid || relid == rule_relid || relid == item_relid)
		stale = true;
}

static Datum
column(HeapTuple tuple, TupleDesc desc, const char *name)
{
	bool isnull;

	return heap_getattr(tuple, get_attnum(rule_relid, name), desc, &isnull);
}

static bool
rule_kind(const char *name, RuleKind *kind)
{
	/* A limit of one item by another is judged as the pair it is. */
	if (strcmp(name, "item_quantity_pair") == 0)
		name = kind_names[RULE_ITEM_PAIR];
	for (*kind = 0; *kind < RULE_KIND_COUNT; (*kind)++)
		if (strcmp(name, kind_names[*kind]) == 0)
			return true;
	return false;
}

static int64
number_of(Jsonb *parameters, const char *name, int scale)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&parameters->root, name, strlen(name), NULL);
	int64 number = 0;
	bool rounded;

	if (value != NULL && value->type == jbvNumeric)
		(void) decimal_from_numeric(NumericGetDatum(value->val.numeric), scale, &number, &rounded);
	return number;
}

static int
by_number(const void *a, const void *b)
{
	int32 x = *(const int32 *) a;
	int32 y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

/* The numbers of the items an array of codes names; codes that the catalogue does not have are no items yet. */
static void
read_items(RuleVersion *rule, Jsonb *parameters, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&parameters->root, name, strlen(name), NULL);
	int32 *items;
	int count;

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return;
	count = JsonContainerSize(value->val.binary.data);
	items = palloc(Max(count, 1) * sizeof(int32));
	for (int i = 0; i < count; i++)
	{
		JsonbValue *code = getIthJsonbValueFromContainer(value->val.binary.data, i);
		const CatalogueItem *item = code == NULL || code->type != jbvString ? NULL : catalogue_item(code->val.string.val, code->val.string.len);

		if (item != NULL)
			items[rule->item_count++] = item->item_id;
	}
	qsort(items, rule->item_count, sizeof(int32), by_number);
	rule->items = items;
}

/* The fields an array of their names asks for. */
static uint32
read_fields(Jsonb *parameters)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&parameters->root, "fields", strlen("fields"), NULL);
	uint32 fields = 0;

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return 0;
	for (uint32 i = 0; i < JsonContainerSize(value->val.binary.data); i++)
	{
		JsonbValue *part = getIthJsonbValueFromContainer(value->val.binary.data, i);
		char *name = part->type == jbvString ? pnstrdup(part->val.string.val, part->val.string.len) : "";

		for (DetailField field = 0; field < DETAIL_COUNT; field++)
			if (strcmp(name, posting_detail_name(field)) == 0)
				fields |= 1u << field;
		if (strcmp(name, posting_field_name(FIELD_ORDERING)) == 0)
			fields |= FIELD_BIT_ORDERING;
		if (strcmp(name, posting_field_name(FIELD_WARD)) == 0)
			fields |= FIELD_BIT_WARD;
	}
	return fields;
}

static void
read_parameters(Rule *rule, Jsonb *parameters)
{
	switch (rule->kind)
	{
		case RULE_PRICE_ABOVE_LIMIT:
			rule->tolerance = number_of(parameters, "tolerance", PRICE_SCALE);
			break;
		case RULE_SAME_ITEM_SAME_DAY:
			read_items(&rule->days, parameters, "except_items");
			break;
		case RULE_DAY_OUTSIDE_STAY:
			rule->days.parameter = number_of(parameters, "grace_days", 0);
			break;
		case RULE_MISSING_FIELD:
			rule->fields = read_fields(parameters);
			break;
		default:
			break;
	}
}

static bool
read_rule(HeapTuple tuple, TupleDesc desc, Rule *rule)
{
	memset(rule, 0, sizeof(Rule));
	if (strcmp(TextDatumGetCString(column(tuple, desc, "timing")), "inline") != 0 ||
		!rule_kind(TextDatumGetCString(column(tuple, desc, "kind")), &rule->kind))
		return false;
	rule->code = TextDatumGetCString(column(tuple, desc, "code"));
	rule->version = DatumGetInt32(column(tuple, desc, "version"));
	rule->severity = TextDatumGetCString(column(tuple, desc, "severity"));
	rule->block = strcmp(TextDatumGetCString(column(tuple, desc, "action")), "block") == 0;
	rule->respond_within = *DatumGetIntervalP(column(tuple, desc, "respond_within"));
	ground_day_range(column(tuple, desc, "valid"), &rule->days.from, &rule->days.to);
	read_parameters(rule, DatumGetJsonbP(column(tuple, desc, "parameters")));
	return true;
}

/* Links the versions of each code and kind, and lists the first of each. */
static void
link_rules(void)
{
	memset(by_kind, 0, sizeof(by_kind));
	for (int i = 0; i < rule_count; i++)
	{
		rules[i].days.number = i;
		rules[i].first = true;
	}
	for (int i = 0; i < rule_count; i++)
	{
		RuleKind kind = rules[i].kind;
		int next = i + 1;

		while (next < rule_count && (rules[next].kind != kind || strcmp(rules[next].code, rules[i].code) != 0))
			next++;
		if (next < rule_count)
		{
			rules[i].days.next = &rules[next].days;
			rules[next].first = false;
		}
		if (by_kind[kind].rules == NULL)
			by_kind[kind].rules = palloc(rule_count * sizeof(RuleVersion *));
		if (rules[i].first)
			by_kind[kind].rules[by_kind[kind].count++] = &rules[i].days;
	}
}

static void
load_rules(void)
{
	Relation rel;
	Snapshot snapshot;
	SysScanDesc scan;
	HeapTuple tuple;
	MemoryContext old;
	int room = 8;

	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(CacheMemoryContext, "hospital_cost rules", ALLOCSET_SMALL_SIZES);
	rule_count = 0;
	generation++;
	MemoryContextReset(cache_context);
	old = MemoryContextSwitchTo(cache_context);
	rules = palloc(room * sizeof(Rule));
	rule_relid = ground_relation("rule");
	item_relid = ground_relation("charge_item");
	rel = table_open(rule_relid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	/* In the order of the key, so that findings come in one order whatever the heap looks like. */
	scan = systable_beginscan(rel, ground_relation("rule_pkey"), true, snapshot, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (rule_count == room)
			rules = repalloc(rules, (room *= 2) * sizeof(Rule));
		if (read_rule(tuple, RelationGetDescr(rel), &rules[rule_count]))
			rule_count++;
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	link_rules();
	MemoryContextSwitchTo(old);
}

const Rule *
anomaly_rules(int *count)
{
	if (stale)
	{
		/* Cleared first: an invalidation that arrives while reading sets it again. A failed read leaves no rules and reads anew. */
		stale = false;
		PG_TRY();
		{
			load_rules();
		}
		PG_CATCH();
		{
			stale = true;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	*count = rule_count;
	return rules;
}

const RuleVersion *
anomaly_versions(const char *code, RuleKind kind)
{
	for (int i = 0; i < by_kind[kind].count; i++)
		if (strcmp(rules[by_kind[kind].rules[i]->number].code, code) == 0)
			return by_kind[kind].rules[i];
	return NULL;
}

int
anomaly_rules_of(RuleKind kind, const RuleVersion *const **list)
{
	*list = by_kind[kind].rules;
	return by_kind[kind].count;
}

uint64
anomaly_rules_generation(void)
{
	return generation;
}
