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
#include "store/decimal.h"
#include "store/ground.h"

static MemoryContext cache_context = NULL;
static Oid rule_relid = InvalidOid;
static bool stale = true;
static Rule *rules = NULL;
static int rule_count = 0;

void
anomaly_forget(Oid relid)
{
	if (relid == InvalidOid || relid == rule_relid)
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
	if (strcmp(name, "price_above_limit") == 0)
		*kind = RULE_PRICE_ABOVE_LIMIT;
	else if (strcmp(name, "same_item_same_day") == 0)
		*kind = RULE_SAME_ITEM_SAME_DAY;
	else
		return false;
	return true;
}

static void
read_parameters(Rule *rule, Jsonb *parameters)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&parameters->root, "tolerance", 9, NULL);
	bool rounded;

	if (value != NULL && value->type == jbvNumeric)
		(void) decimal_from_numeric(NumericGetDatum(value->val.numeric), PRICE_SCALE, &rule->tolerance, &rounded);
	value = getKeyJsonValueFromContainer(&parameters->root, "except_items", 12, NULL);
	if (value == NULL || value->type != jbvBinary)
		return;
	rule->except_items = palloc0((JsonContainerSize(value->val.binary.data) + 1) * sizeof(char *));
	for (int i = 0; i < JsonContainerSize(value->val.binary.data); i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(value->val.binary.data, i);

		if (item != NULL && item->type == jbvString)
			rule->except_items[rule->except_count++] = pnstrdup(item->val.string.val, item->val.string.len);
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
	ground_day_range(column(tuple, desc, "valid"), &rule->from, &rule->to);
	read_parameters(rule, DatumGetJsonbP(column(tuple, desc, "parameters")));
	return true;
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
	MemoryContextReset(cache_context);
	old = MemoryContextSwitchTo(cache_context);
	rules = palloc(room * sizeof(Rule));
	rule_relid = ground_relation("rule");
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
