/*
 * anomaly_knowledge_limit.c
 *		Rows of item_limit: quantities and days in windows; for whom and where.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "store/activity.h"
#include "store/anomaly_knowledge_read.h"
#include "store/catalogue.h"
#include "store/decimal.h"
#include "store/ground.h"

/* Columns of item_limit by position. */
enum
{
	L_ID, L_RULE, L_ITEM, L_GROUP, L_WINDOW, L_WINDOW_DAYS, L_MAX_QUANTITY, L_MAX_PER_STAY_DAY, L_MAX_DAYS, L_MIN_GAP_DAYS, L_MAX_SUPPLY_DAYS,
	L_SEX, L_AGE_FROM, L_AGE_BELOW, L_DEPARTMENTS, L_ENCOUNTER_KINDS, L_HOSPITAL_LEVELS, L_PAYERS, L_DIAGNOSES, L_SEVERITY, L_VALID
};

static int64
number_of(const KnowledgeRow *row, int column)
{
	int64 number;
	bool rounded;

	if (row->nulls[column])
		return NO_LIMIT;
	if (column == L_MAX_DAYS || column == L_MIN_GAP_DAYS)
		return DatumGetInt32(row->values[column]);
	if (!decimal_from_numeric(row->values[column], QUANTITY_SCALE, &number, &rounded))
		elog(ERROR, "a quantity of \"item_limit\" does not fit");
	return number;
}

static bool
read_head(const KnowledgeRow *row, const ItemCode *code, RuleKind kind, KnowledgeHead *head)
{
	head->rule = anomaly_versions(TextDatumGetCString(row->values[L_RULE]), kind);
	if (head->rule == NULL)
		return false;
	head->id = DatumGetInt32(row->values[L_ID]);
	head->severity = knowledge_severity(row->values[L_SEVERITY], row->nulls[L_SEVERITY]);
	ground_day_range(row->values[L_VALID], &head->from, &head->to);
	head->from = Max(head->from, code->from);
	head->to = Min(head->to, code->to);
	return head->from < head->to;
}

/* What a limit sums: the items of the rows of one rule, group and window. */
typedef struct Members
{
	const KnowledgeRow *of;
	DaysList list;
} Members;

static bool
same_text(const KnowledgeRow *a, const KnowledgeRow *b, int column)
{
	return a->nulls[column] == b->nulls[column] &&
		(a->nulls[column] || strcmp(TextDatumGetCString(a->values[column]), TextDatumGetCString(b->values[column])) == 0);
}

static void
take_member(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	Members *members = context;
	int32 from, to;

	if (!same_text(row, members->of, L_RULE) || !same_text(row, members->of, L_GROUP) || !same_text(row, members->of, L_WINDOW) ||
		row->nulls[L_WINDOW_DAYS] != members->of->nulls[L_WINDOW_DAYS] ||
		(!row->nulls[L_WINDOW_DAYS] && row->values[L_WINDOW_DAYS] != members->of->values[L_WINDOW_DAYS]))
		return;
	ground_day_range(row->values[L_VALID], &from, &to);
	knowledge_items_of(reader, TextDatumGetCString(row->values[L_ITEM]), from, to, &members->list);
}

static void
add_limit(KnowledgeReader *reader, const ItemLimit *limit)
{
	bool alone = true;

	for (int i = 0; i < limit->counted_count; i++)
		alone &= limit->counted[i].item == reader->item->item_id;
	reader->item->needs |= knowledge_needs(limit->window, alone);
	reader->limits = knowledge_grow(reader->limits, reader->item->knowledge.limit_count, &reader->limit_room, sizeof(ItemLimit));
	reader->limits[reader->item->knowledge.limit_count++] = *limit;
}

static void
read_limit(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code)
{
	Members members = {row};
	ItemLimit limit = {
		.window = knowledge_window(row->values[L_WINDOW]),
		.window_days = row->nulls[L_WINDOW_DAYS] ? 0 : DatumGetInt32(row->values[L_WINDOW_DAYS]),
		.max_quantity = number_of(row, L_MAX_QUANTITY),
		.max_per_stay_day = number_of(row, L_MAX_PER_STAY_DAY),
		.max_days = number_of(row, L_MAX_DAYS),
		.min_gap_days = number_of(row, L_MIN_GAP_DAYS),
	};
	ItemCode key = *code;

	if (!read_head(row, code, RULE_ITEM_LIMIT, &limit.head))
		return;
	if (!row->nulls[L_GROUP])
		key.code = TextDatumGetCString(row->values[L_GROUP]);
	if (row->nulls[L_GROUP])
		knowledge_scan(reader, "item_limit", "item_limit_once", L_ITEM + 1, &key, take_member, &members);
	else
		knowledge_scan(reader, "item_limit", "item_limit_group_idx", L_GROUP + 1, &key, take_member, &members);
	limit.counted = knowledge_keep(reader, members.list.items, members.list.count * sizeof(ItemDays));
	limit.counted_count = members.list.count;
	knowledge_relate(reader, members.list.items, members.list.count);
	/* Days between are looked for beyond the encounter, whatever the window of the quantity. */
	if (limit.min_gap_days != NO_LIMIT && limit.window < WINDOW_ENCOUNTER)
	{
		ItemLimit gap = limit;

		gap.window = WINDOW_ROLL_DAYS;
		gap.window_days = (int32) limit.min_gap_days;
		gap.max_quantity = gap.max_per_stay_day = gap.max_days = limit.min_gap_days = NO_LIMIT;
		add_limit(reader, &gap);
	}
	if (limit.max_quantity != NO_LIMIT || limit.max_per_stay_day != NO_LIMIT || limit.max_days != NO_LIMIT || limit.min_gap_days != NO_LIMIT)
		add_limit(reader, &limit);
}

static void
add_check(KnowledgeReader *reader, const ItemCheck *check)
{
	reader->item->needs |= NEEDS_LINE | NEEDS_FACTS;
	reader->checks = knowledge_grow(reader->checks, reader->item->knowledge.check_count, &reader->check_room, sizeof(ItemCheck));
	reader->checks[reader->item->knowledge.check_count++] = *check;
}

/* An age in months and days. */
static bool
age_of(const KnowledgeRow *row, int column, int32 *months, int32 *days)
{
	Interval *age = row->nulls[column] ? NULL : DatumGetIntervalP(row->values[column]);

	if (age == NULL)
		return false;
	*months = age->month;
	*days = age->day + (int32) (age->time / USECS_PER_DAY);
	return true;
}

static void
read_patient(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code)
{
	ItemCheck check = {0};

	if (!row->nulls[L_SEX])
		check.sex = TextDatumGetCString(row->values[L_SEX])[0];
	check.has_age_from = age_of(row, L_AGE_FROM, &check.age_from_months, &check.age_from_days);
	check.has_age_below = age_of(row, L_AGE_BELOW, &check.age_below_months, &check.age_below_days);
	if ((check.sex != 0 || check.has_age_from || check.has_age_below) && read_head(row, code, RULE_ITEM_PATIENT, &check.head))
		add_check(reader, &check);
}

/* The strings of a text array, NULL left out; in the current context. */
static char **
strings_of(const KnowledgeRow *row, int column, int *count)
{
	Datum *elements;
	bool *nulls;
	char **strings;
	int n;

	*count = 0;
	if (row->nulls[column])
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(row->values[column]), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	strings = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			strings[(*count)++] = TextDatumGetCString(elements[i]);
	return strings;
}

/* The same in the cache. */
static const char *const *
kept_strings(KnowledgeReader *reader, const KnowledgeRow *row, int column, int *count)
{
	char **strings = strings_of(row, column, count);

	for (int i = 0; i < *count; i++)
		strings[i] = knowledge_keep(reader, strings[i], strlen(strings[i]) + 1);
	return knowledge_keep(reader, strings, *count * sizeof(char *));
}

static bool
is_wrong_level(KnowledgeReader *reader, const KnowledgeRow *row)
{
	int count;
	char **levels = strings_of(row, L_HOSPITAL_LEVELS, &count);
	char *ours = row->nulls[L_HOSPITAL_LEVELS] ? NULL : ground_hospital_level();

	for (int i = 0; i < count && ours != NULL; i++)
		if (strcmp(levels[i], ours) == 0)
			return false;
	return ours != NULL;
}

static void
read_place(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code)
{
	ItemCheck check = {.limits_place = true};
	int16 *departments;
	char **names;
	int count;

	if (row->nulls[L_DEPARTMENTS] && row->nulls[L_ENCOUNTER_KINDS] && row->nulls[L_HOSPITAL_LEVELS] && row->nulls[L_PAYERS] && row->nulls[L_DIAGNOSES])
		return;
	if (!read_head(row, code, RULE_ITEM_PLACE, &check.head))
		return;
	names = strings_of(row, L_DEPARTMENTS, &count);
	departments = palloc(Max(count, 1) * sizeof(int16));
	/* A code that is no department of ours stays in the list, as one that nobody is. */
	for (int i = 0; i < count; i++)
		departments[check.department_count++] = catalogue_department(names[i], strlen(names[i]));
	check.departments = knowledge_keep(reader, departments, count * sizeof(int16));
	names = strings_of(row, L_ENCOUNTER_KINDS, &count);
	for (int i = 0; i < count; i++)
		check.kinds |= activity_kind(names[i]);
	check.wrong_level = is_wrong_level(reader, row);
	check.payers = kept_strings(reader, row, L_PAYERS, &check.payer_count);
	check.diagnoses = kept_strings(reader, row, L_DIAGNOSES, &check.diagnosis_count);
	add_check(reader, &check);
}

static void
read_supply(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code)
{
	ItemSupply supply = {.max_days = row->nulls[L_MAX_SUPPLY_DAYS] ? 0 : DatumGetInt32(row->values[L_MAX_SUPPLY_DAYS])};

	if (supply.max_days == 0 || !read_head(row, code, RULE_SUPPLY_DAYS, &supply.head))
		return;
	reader->supplies = knowledge_grow(reader->supplies, reader->item->supply_count, &reader->supply_room, sizeof(ItemSupply));
	reader->supplies[reader->item->supply_count++] = supply;
}

static void
take_limit(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context)
{
	read_limit(reader, row, code);
	read_patient(reader, row, code);
	read_place(reader, row, code);
	read_supply(reader, row, code);
}

void
knowledge_read_limits(KnowledgeReader *reader, const ItemCode *code)
{
	knowledge_scan(reader, "item_limit", "item_limit_once", L_ITEM + 1, code, take_limit, NULL);
}
