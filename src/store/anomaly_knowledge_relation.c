/*
 * anomaly_knowledge_relation.c
 *		Rows about several items: pairs, bundles, groups of operations. Each hangs on the item whose lines it is said of.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/anomaly_knowledge_read.h"
#include "store/catalogue.h"
#include "store/decimal.h"
#include "store/ground.h"

/* Columns by position. */
enum
{
	P_ID, P_RULE, P_ITEM_A, P_ITEM_B, P_WINDOW, P_WINDOW_DAYS, P_RELATION, P_RATIO, P_SEVERITY, P_VALID
};
enum
{
	B_ID, B_RULE, B_BUNDLE, B_PART, B_PART_QUANTITY, B_MIN_PARTS, B_WINDOW, B_SEVERITY, B_VALID
};
enum
{
	S_ID, S_RULE, S_GROUP, S_ITEM, S_SHARE, S_SEVERITY, S_VALID
};

static int64
fraction(Datum number)
{
	int64 value;
	bool rounded;

	if (!decimal_from_numeric(number, 4, &value, &rounded))
		elog(ERROR, "a number of what is known of items does not fit");
	return value;
}

/* A row's head on the days it shares with a code; false if there is none, or no rule judges by it. */
static bool
read_head(const KnowledgeRow *row, const ItemCode *code, RuleKind kind, int severity, int valid, KnowledgeHead *head)
{
	head->rule = anomaly_versions(TextDatumGetCString(row->values[P_RULE]), kind);
	if (head->rule == NULL)
		return false;
	head->id = DatumGetInt32(row->values[P_ID]);
	head->severity = knowledge_severity(row->values[severity], row->nulls[severity]);
	ground_day_range(row->values[valid], &head->from, &head->to);
	head->from = Max(head->from, code->from);
	head->to = Min(head->to, code->to);
	return head->from < head->to;
}

/* Items of a code on the days of a row. */
static DaysList
items_of(KnowledgeReader *reader, const KnowledgeRow *row, int column, int valid)
{
	DaysList list = {0};
	int32 from, to;

	ground_day_range(row->values[valid], &from, &to);
	knowledge_items_of(reader, TextDatumGetCString(row->values[column]), from, to, &list);
	return list;
}

/* With *context the item stands as B, else as A. */
static void
take_pair(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	bool is_b = *(const bool *) context;
	bool quantity = strcmp(TextDatumGetCString(row->values[P_RELATION]), "quantity") == 0;
	ItemPair pair = {.quantity = quantity};
	DaysList own, other;

	if (!read_head(row, code, RULE_ITEM_PAIR, P_SEVERITY, P_VALID, &pair.head))
		return;
	own = items_of(reader, row, is_b ? P_ITEM_B : P_ITEM_A, P_VALID);
	other = items_of(reader, row, is_b ? P_ITEM_A : P_ITEM_B, P_VALID);
	if (other.count == 0 && !quantity)
		return;
	pair.window = knowledge_window(row->values[P_WINDOW]);
	knowledge_relate(reader, other.items, other.count);
	knowledge_relate(reader, own.items, own.count);
	/* A finding is said of B of what excludes each other, of A of what may not be more. */
	if (is_b == quantity)
	{
		reader->item->needs |= quantity ? NEEDS_LESS | (knowledge_needs(pair.window, false) & NEEDS_HOURS) : knowledge_needs(pair.window, false);
		return;
	}
	reader->item->needs |= knowledge_needs(pair.window, false);
	pair.window_days = row->nulls[P_WINDOW_DAYS] ? 0 : DatumGetInt32(row->values[P_WINDOW_DAYS]);
	pair.ratio = fraction(row->values[P_RATIO]);
	pair.other = knowledge_keep(reader, other.items, other.count * sizeof(ItemDays));
	pair.other_count = other.count;
	pair.counted = quantity ? knowledge_keep(reader, own.items, own.count * sizeof(ItemDays)) : NULL;
	pair.counted_count = quantity ? own.count : 0;
	reader->pairs = knowledge_grow(reader->pairs, reader->item->knowledge.pair_count, &reader->pair_room, sizeof(ItemPair));
	reader->pairs[reader->item->knowledge.pair_count++] = pair;
}

/* The parts of one bundle, by the row of one of them. */
typedef struct Parts
{
	const KnowledgeRow *of;
	BundlePart *parts;
	int count;
	int room;
	int number;
} Parts;

static bool
same_text(const KnowledgeRow *a, const KnowledgeRow *b, int column)
{
	return strcmp(TextDatumGetCString(a->values[column]), TextDatumGetCString(b->values[column])) == 0;
}

static void
take_part(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	Parts *parts = context;
	DaysList items;

	if (!same_text(row, parts->of, B_RULE) || !same_text(row, parts->of, B_WINDOW))
		return;
	items = items_of(reader, row, B_PART, B_VALID);
	for (int i = 0; i < items.count; i++)
	{
		parts->parts = knowledge_grow(parts->parts, parts->count, &parts->room, sizeof(BundlePart));
		parts->parts[parts->count++] = (BundlePart) {items.items[i], parts->number, DatumGetInt32(row->values[B_ID]),
			fraction(row->values[B_PART_QUANTITY])};
	}
	knowledge_relate(reader, items.items, items.count);
	parts->number += items.count > 0;
}

/* The list prices of the bundle, whatever items it goes by. */
static void
read_bundle_prices(KnowledgeReader *reader, ItemBundle *bundle, const char *code)
{
	const CatalogueItem *item = catalogue_item(code, strlen(code));
	DaysList days = {0};
	int64 *prices;

	if (item == NULL)
		return;
	prices = palloc(Max(item->price_count, 1) * sizeof(int64));
	for (int i = 0; i < item->price_count; i++)
		if (strcmp(item->prices[i].price_class, "standard") == 0 && item->prices[i].from < item->prices[i].to)
		{
			prices[days.count] = item->prices[i].unit_price;
			knowledge_add(&days, item->item_id, item->prices[i].from, item->prices[i].to);
		}
	bundle->priced = knowledge_keep(reader, days.items, days.count * sizeof(ItemDays));
	bundle->prices = knowledge_keep(reader, prices, days.count * sizeof(int64));
	bundle->price_count = days.count;
}

static void
take_bundle(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	ItemBundle bundle = {.min_parts = DatumGetInt32(row->values[B_MIN_PARTS])};
	ItemCode key = {TextDatumGetCString(row->values[B_BUNDLE]), PG_INT32_MIN, PG_INT32_MAX};
	Parts parts = {row};
	DaysList whole;

	if (!read_head(row, code, RULE_ITEM_BUNDLE, B_SEVERITY, B_VALID, &bundle.head))
		return;
	bundle.window = knowledge_window(row->values[B_WINDOW]);
	knowledge_scan(reader, "item_bundle", "item_bundle_idx", B_BUNDLE + 1, &key, take_part, &parts);
	whole = items_of(reader, row, B_BUNDLE, B_VALID);
	bundle.parts = knowledge_keep(reader, parts.parts, parts.count * sizeof(BundlePart));
	bundle.part_count = parts.count;
	bundle.bundle = knowledge_keep(reader, whole.items, whole.count * sizeof(ItemDays));
	bundle.bundle_count = whole.count;
	/* The price is asked for under the code the knowledge has, or that of the item it stands for. */
	if (whole.count > 0)
		read_bundle_prices(reader, &bundle, knowledge_item_code(reader, whole.items[0].item, NULL));
	knowledge_relate(reader, whole.items, whole.count);
	reader->item->needs |= knowledge_needs(bundle.window, false);
	reader->bundles = knowledge_grow(reader->bundles, reader->item->knowledge.bundle_count, &reader->bundle_room, sizeof(ItemBundle));
	reader->bundles[reader->item->knowledge.bundle_count++] = bundle;
}

static void
take_whole(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	reader->item->needs |= NEEDS_LESS | (knowledge_needs(knowledge_window(row->values[B_WINDOW]), false) & NEEDS_HOURS);
}

typedef struct Operations
{
	const KnowledgeRow *of;
	SurgeryMember *members;
	int count;
	int room;
} Operations;

static void
take_operation(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	Operations *operations = context;
	DaysList items;

	if (!same_text(row, operations->of, S_RULE))
		return;
	items = items_of(reader, row, S_ITEM, S_VALID);
	for (int i = 0; i < items.count; i++)
	{
		operations->members = knowledge_grow(operations->members, operations->count, &operations->room, sizeof(SurgeryMember));
		operations->members[operations->count++] = (SurgeryMember) {items.items[i], DatumGetInt32(row->values[S_ID]), fraction(row->values[S_SHARE])};
	}
	knowledge_relate(reader, items.items, items.count);
}

static void
take_surgery(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	ItemSurgery surgery = {{0}};
	ItemCode key = {TextDatumGetCString(row->values[S_GROUP]), PG_INT32_MIN, PG_INT32_MAX};
	Operations operations = {row};

	if (!read_head(row, code, RULE_SURGERY_DISCOUNT, S_SEVERITY, S_VALID, &surgery.head))
		return;
	knowledge_scan(reader, "surgery_group", "surgery_group_idx", S_GROUP + 1, &key, take_operation, &operations);
	surgery.members = knowledge_keep(reader, operations.members, operations.count * sizeof(SurgeryMember));
	surgery.member_count = operations.count;
	reader->item->needs |= NEEDS_DAY | NEEDS_LIST;
	reader->surgeries = knowledge_grow(reader->surgeries, reader->item->knowledge.surgery_count, &reader->surgery_room, sizeof(ItemSurgery));
	reader->surgeries[reader->item->knowledge.surgery_count++] = surgery;
}

void
knowledge_read_relations(KnowledgeReader *reader, const ItemCode *code)
{
	bool is_b = false;

	knowledge_scan(reader, "item_pair", "item_pair_once", P_ITEM_A + 1, code, take_pair, &is_b);
	is_b = true;
	knowledge_scan(reader, "item_pair", "item_pair_b_idx", P_ITEM_B + 1, code, take_pair, &is_b);
	knowledge_scan(reader, "item_bundle", "item_bundle_once", B_PART + 1, code, take_bundle, NULL);
	knowledge_scan(reader, "item_bundle", "item_bundle_idx", B_BUNDLE + 1, code, take_whole, NULL);
	knowledge_scan(reader, "surgery_group", "surgery_group_once", S_ITEM + 1, code, take_surgery, NULL);
}
