/*
 * reconciliation_save.c
 *		Writes the matches of a run: the table as they come, each unique index in its own order.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/append.h"
#include "store/compat.h"
#include "store/reconciliation.h"
#include "store/reconciliation_read.h"

static const char *const columns[] = {"match_id", "line_id", "entry_id", "run_id", "rule", "kind", "outgoing", "reference", "matched_by"};

static const char *const rule_names[] = {
	[RULE_NONE] = "", [RULE_KEY] = "key", [RULE_KEY_SUM] = "key_sum", [RULE_AMOUNT] = "amount", [RULE_ONE_TO_MANY] = "one_to_many",
	[RULE_MANY_TO_ONE] = "many_to_one"
};

typedef struct Save
{
	ReconciliationRow *row;
	int32 count;
	int32 run;
	Datum kind;
	Datum matched_by;
	Datum rule[lengthof(rule_names)];
	bool by_reference; /* while sorting */
	int32 *by_line;
	int32 *by_entry;
	int32 *of_reference;
} Save;

/* A row, and the word that decides most comparisons. */
typedef struct Place
{
	uint64 word;
	int32 row;
} Place;

static int
compare_places(const Place *a, const Place *b, const Save *save)
{
	if (a->word != b->word)
		return a->word < b->word ? -1 : 1;
	if (save->by_reference)
	{
		const ReconciliationRow *x = &save->row[a->row], *y = &save->row[b->row];
		int order = memcmp(x->reference.bytes, y->reference.bytes, Min(x->reference.length, y->reference.length));

		if (order != 0 || x->reference.length != y->reference.length)
			return order != 0 ? order : x->reference.length - y->reference.length;
		if (x->outgoing != y->outgoing)
			return x->outgoing - y->outgoing;
	}
	return (a->row > b->row) - (a->row < b->row);
}

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE Place
#define ST_COMPARE_ARG_TYPE const Save
#define ST_COMPARE(a, b, arg) compare_places(a, b, arg)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void *
allocate(int32 count, Size size)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, Max(count, 1) * size, MCXT_ALLOC_HUGE);
}

/* Rows in order of an id that some do not have. */
static int32 *
order_by_id(Save *save, bool lines)
{
	Place *place = allocate(save->count, sizeof(Place));
	int32 *order = allocate(save->count, sizeof(int32));

	save->by_reference = false;
	for (int32 i = 0; i < save->count; i++)
	{
		const ReconciliationRow *row = &save->row[i];

		place[i] = (Place) {lines ? (row->has_line ? row->line_id : PG_INT64_MAX) : (row->has_entry ? row->entry_id : PG_INT64_MAX), i};
	}
	sort_places(place, save->count, save);
	for (int32 i = 0; i < save->count; i++)
		order[i] = place[i].row;
	pfree(place);
	return order;
}

/* How many bytes all references have in common at their beginning: they decide nothing. */
static int32
common_prefix(const Save *save)
{
	const ReconciliationText *first = NULL;
	int32 common = 0;

	for (int32 i = 0; i < save->count; i++)
	{
		const ReconciliationText *text = &save->row[i].reference;
		int32 same = 0;

		if (text->bytes == NULL)
			continue;
		if (first == NULL)
		{
			first = text;
			common = text->length;
		}
		while (same < Min(common, text->length) && text->bytes[same] == first->bytes[same])
			same++;
		common = same;
	}
	return common;
}

static uint64
word_at(const ReconciliationText *text, int32 from)
{
	uint64 word = 0;

	for (int32 i = from; i < from + 8; i++)
		word = word << 8 | (i < text->length ? (unsigned char) text->bytes[i] : 0);
	return word;
}

static bool
is_same_reference(const Save *save, int32 a, int32 b)
{
	const ReconciliationRow *x = &save->row[a], *y = &save->row[b];

	return x->outgoing == y->outgoing && x->reference.length == y->reference.length &&
		memcmp(x->reference.bytes, y->reference.bytes, x->reference.length) == 0;
}

/* Rows in order of the reference they tell. A reference stands once, whatever the number of items that have it. */
static int32 *
order_by_reference(Save *save)
{
	Place *place = allocate(save->count, sizeof(Place));
	int32 *order = allocate(save->count, sizeof(int32));
	int32 prefix = common_prefix(save);
	int32 telling = 0, silent = 0;

	save->by_reference = true;
	for (int32 i = 0; i < save->count; i++)
		if (save->row[i].reference.bytes != NULL)
			place[telling++] = (Place) {word_at(&save->row[i].reference, prefix), i};
		else
			order[save->count - ++silent] = i;
	sort_places(place, telling, save);
	/* From the end, so that the one that keeps it is there to be compared with. */
	for (int32 i = telling - 1; i >= 0; i--)
	{
		order[i] = place[i].row;
		if (i > 0 && is_same_reference(save, place[i - 1].row, order[i]))
			save->row[order[i]].reference.bytes = NULL;
	}
	pfree(place);
	return order;
}

static void
fill_row(void *context, int64 number, Datum *values, bool *nulls)
{
	const Save *save = context;
	const ReconciliationRow *row = &save->row[number];

	nulls[1] = !row->has_line;
	nulls[2] = !row->has_entry;
	nulls[7] = row->reference.bytes == NULL;
	values[0] = Int64GetDatum(row->match_id);
	values[1] = Int64GetDatum(row->line_id);
	values[2] = Int64GetDatum(row->entry_id);
	values[3] = Int32GetDatum(save->run);
	values[4] = save->rule[row->rule];
	values[5] = save->kind;
	values[6] = BoolGetDatum(row->outgoing);
	if (!nulls[7])
		values[7] = RECONCILIATION_DATUM(row->reference);
	values[8] = save->matched_by;
}

static const int32 *
order_rows(void *context, const char *column)
{
	const Save *save = context;

	if (strcmp(column, "line_id") == 0)
		return save->by_line;
	if (strcmp(column, "entry_id") == 0)
		return save->by_entry;
	return strcmp(column, "reference") == 0 ? save->of_reference : NULL;
}

void
reconciliation_save(text *kind, int32 run, ReconciliationRow *rows, int32 count)
{
	Save save = {.row = rows, .count = count, .run = run, .kind = PointerGetDatum(kind)};

	if (count == 0)
		return;
	save.matched_by = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	for (int i = 0; i < lengthof(rule_names); i++)
		save.rule[i] = CStringGetTextDatum(rule_names[i]);
	save.by_line = order_by_id(&save, true);
	save.by_entry = order_by_id(&save, false);
	save.of_reference = order_by_reference(&save);
	append_ordered("_reconciliation_match", columns, lengthof(columns), count, fill_row, order_rows, &save);
	pfree(save.by_line);
	pfree(save.by_entry);
	pfree(save.of_reference);
}
