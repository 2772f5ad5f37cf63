/*
 * reconciliation.c
 *		Reads both sides of a day: one pass over each table, rows taken as the executor hands them out. What earlier runs matched, and what was taken
 *		back since, is looked up beside it in order of the ids.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/compat.h"
#include "store/decimal.h"
#include "store/reconciliation.h"
#include "store/reconciliation_read.h"

typedef struct Side
{
	DestReceiver receiver;
	Reconciliation *r;
	ReconciliationFormat format;
	MemoryContext texts;
	int32 count;
	int32 room;
	int64 statement; /* the last one that was looked for, and its digest */
	const char *digest;
} Side;

static ReconciliationText
keep_text(Side *side, Datum value)
{
	text *packed = DatumGetTextPP(value);
	ReconciliationText result = {NULL, (int32) VARSIZE_ANY_EXHDR(packed)};
	text *copy = MemoryContextAlloc(side->texts, VARHDRSZ + result.length);

	SET_VARSIZE(copy, VARHDRSZ + result.length);
	memcpy(VARDATA(copy), VARDATA_ANY(packed), result.length);
	result.bytes = VARDATA(copy);
	return result;
}

static int
by_statement(const void *a, const void *b)
{
	int64 x = ((const ReconciliationStatement *) a)->id;
	int64 y = ((const ReconciliationStatement *) b)->id;

	return x < y ? -1 : x > y;
}

/* Whether a line's statement is of the kind; then its digest is at hand. */
static bool
find_statement(Side *side, int64 id)
{
	if (id != side->statement)
	{
		ReconciliationStatement wanted = {.id = id};
		const ReconciliationStatement *found = bsearch(&wanted, side->format.statement, side->format.statements, sizeof(wanted), by_statement);

		side->statement = id;
		side->digest = found == NULL ? NULL : found->digest;
	}
	return side->digest != NULL;
}

/* What tells lines of one instant apart: the number within the statement, then what the statement says; the id that the load gave them does not count. */
static ReconciliationText
tie_of_line(Side *side, int32 line_no)
{
	ReconciliationText result = {NULL, 4 + RECONCILIATION_DIGEST};
	uint32 word = (uint32) line_no ^ (UINT32_C(1) << 31);
	char *bytes = MemoryContextAlloc(side->texts, result.length);

	for (int i = 0; i < 4; i++)
		bytes[i] = (char) (word >> (24 - 8 * i));
	memcpy(bytes + 4, side->digest, RECONCILIATION_DIGEST);
	result.bytes = bytes;
	return result;
}

static ReconciliationItem *
next_item(Side *side)
{
	ReconciliationItem *item;

	if (side->count == side->room)
	{
		if (side->room > PG_INT32_MAX / 4)
			ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many items to match"));
		side->room *= 2;
		side->r->item = repalloc_huge(side->r->item, side->room * sizeof(ReconciliationItem));
	}
	item = &side->r->item[side->count++];
	memset(item, 0, sizeof(ReconciliationItem));
	return item;
}

/* Whether the other side may tell an item of this day and instant only later. */
static bool
is_in_transit(const ReconciliationFormat *format, DateADT day, TimestampTz at, bool at_is_known)
{
	int32 age = format->day - day;

	return age >= 0 && age < format->transit_days && (!at_is_known || format->end_of_day[age] - at <= format->transit_margin);
}

/* Columns: id, amount, at, day, reference; then of ours the key, of lines whether failed, whether at is known, statement and number. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	Side *side = (Side *) receiver;
	bool is_line = slot->tts_tupleDescriptor->natts > RECONCILIATION_OUR_COLUMNS;
	ReconciliationItem *item;
	bool rounded;
	Datum *values = slot->tts_values;

	slot_getallattrs(slot);
	if (is_line && !find_statement(side, DatumGetInt64(values[7])))
		return true;
	item = next_item(side);
	item->id = DatumGetInt64(values[0]);
	/* numeric(18,2) always fits */
	if (!decimal_from_numeric(values[1], 2, &item->amount, &rounded))
		elog(ERROR, "an amount does not fit");
	item->at = DatumGetTimestampTz(values[2]);
	item->transit = is_in_transit(&side->format, DatumGetDateADT(values[3]), item->at, !is_line || !DatumGetBool(values[6]));
	if (!slot->tts_isnull[4])
		item->key = keep_text(side, values[4]);
	item->dead = is_line && DatumGetBool(values[5]);
	item->tie = is_line ? tie_of_line(side, DatumGetInt32(values[8])) : keep_text(side, values[5]);
	return true;
}

static void
start_rows(DestReceiver *self, int operation, TupleDesc type)
{
}

static void
end_rows(DestReceiver *self)
{
}

/* Items [from, count) lie in order of their ids, but for those a table keeps otherwise; dead and gone ones are told by lists that ascend. */
static void
judge_items(Side *side, int32 from, ReconciliationIds *matched, ReconciliationIds *reversed, ReconciliationIds *replaced)
{
	int32 kept = from;

	for (int32 i = from; i < side->count; i++)
	{
		ReconciliationItem *item = &side->r->item[i];

		if (reconciliation_has_id(matched, item->id) || reconciliation_has_id(replaced, item->id))
			continue;
		item->dead = item->dead || reconciliation_has_id(reversed, item->id);
		side->r->item[kept++] = *item;
	}
	side->count = kept;
}

static void
id_range(const Side *side, int32 from, int32 to, int64 *low, int64 *high)
{
	*low = PG_INT64_MAX;
	*high = PG_INT64_MIN;
	for (int32 i = from; i < to; i++)
	{
		*low = Min(*low, side->r->item[i].id);
		*high = Max(*high, side->r->item[i].id);
	}
}

/* One side: the days that are looked at, then what is open from before them. */
static void
read_side(Side *side, bool lines)
{
	int32 from = side->count;
	int64 low, high;
	ReconciliationIds matched, reversed = {0}, replaced = {0};

	reconciliation_read_rows(&side->format, lines, false, &side->receiver);
	id_range(side, from, side->count, &low, &high);
	matched = reconciliation_read_ids(lines ? RECONCILIATION_MATCHED_LINES : RECONCILIATION_MATCHED_ENTRIES, low, high);
	reconciliation_read_rows(&side->format, lines, true, &side->receiver);
	if (!lines)
	{
		id_range(side, from, side->count, &low, &high);
		reversed = reconciliation_read_ids(RECONCILIATION_REVERSED, low, high);
		replaced = reconciliation_read_ids(RECONCILIATION_REPLACED, low, high);
	}
	judge_items(side, from, &matched, &reversed, &replaced);
}

bool
reconciliation_load(text *kind, DateADT day, Reconciliation *r)
{
	Side side = {.r = r, .room = 1024, .statement = -1, .receiver = {.receiveSlot = take_row, .rStartup = start_rows, .rShutdown = end_rows,
		.rDestroy = end_rows, .mydest = DestNone}};
	MemoryContext own = CurrentMemoryContext;
	bool found;

	memset(r, 0, sizeof(Reconciliation));
	r->item = palloc(side.room * sizeof(ReconciliationItem));
	side.texts = GenerationContextCreate(own, "hospital_cost reconciliation texts", ALLOCSET_DEFAULT_SIZES);
	SPI_connect();
	found = reconciliation_read_format(kind, day, r, &side.format);
	if (found)
	{
		read_side(&side, false);
		r->ours = side.count;
		read_side(&side, true);
		r->lines = side.count - r->ours;
		reconciliation_mark_taken(kind, r);
	}
	SPI_finish();
	r->entry = MemoryContextAllocExtended(own, Max(side.count, 1) * 2 * sizeof(ReconciliationEntry), MCXT_ALLOC_HUGE);
	return found;
}
