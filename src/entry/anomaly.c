/*
 * anomaly.c
 *		The inline rules over a batch that posting has just written.
 *
 * The index told which entries repeat an encounter, day and item; only for those the encounter's entries are read, once an encounter, and
 * netted before anything is said.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/anomaly.h"
#include "core/money.h"
#include "entry/anomaly.h"
#include "entry/posting.h"
#include "entry/raise.h"
#include "store/anomaly.h"
#include "store/decimal.h"
#include "store/posting_ledger.h"

/* The netted entries of the encounter looked at last; rows of one encounter come together. */
typedef struct EncounterLines
{
	Piece encounter;
	LineEntry *lines;
	int count;
	Piece glanced; /* that of the last row; perhaps only entries beside that row were read */
} EncounterLines;

static void
report(const PostingBatch *batch, const Rule *rule, Finding *finding)
{
	if (rule->block && !batch->after_the_fact)
		raise_finding(batch->attachment, finding);
	finding->class = "conduct";
	finding->code = rule->code;
	finding->rule_version = rule->version;
	finding->severity = rule->severity;
	finding->source_id = batch->attachment->source_id;
	finding->has_excess = true;
	finding->deadline = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), IntervalPGetDatum(&rule->respond_within)));
	finding_add(batch->findings, finding);
}

/* Price above the list price or the ceiling of the day (超限定单价). */
static void
judge_price(const PostingBatch *batch, const Rule *rule, const ChargeRow *row)
{
	Finding finding = {.code = rule->code, .row = row, .field = "unit_price"};
	int64 excess = row->result.price - row->input.limit;

	if ((row->result.flags & FLAG_ABOVE_LIMIT) == 0 || excess <= rule->tolerance)
		return;
	finding.expected = decimal_to_text(row->input.limit, PRICE_SCALE);
	finding.observed = decimal_to_text(row->result.price, PRICE_SCALE);
	/* A product that does not fit is no smaller for it. */
	if (money_multiply(row->input.quantity, excess, &finding.amount_at_risk).code != FAULT_NONE)
		finding.amount_at_risk = row->result.amount;
	report(batch, rule, &finding);
}

static int
by_entry_id(const void *id, const void *row)
{
	int64 a = *(const int64 *) id;
	int64 b = ((const ChargeRow *) row)->entry_id;

	return a < b ? -1 : a > b;
}

static void
net_lines(const PostingBatch *batch, LineEntry *lines, int count)
{
	for (int i = 0; i < count; i++)
		lines[i].fresh = bsearch(&lines[i].entry_id, batch->rows, batch->count, sizeof(ChargeRow), by_entry_id) != NULL;
	anomaly_net(lines, count);
}

/* The entry that a row repeats, -1 if none. Entries come in id order; this row is near the end. */
static int
find_repeated(const LineEntry *lines, int count, const ChargeRow *row)
{
	int self = count - 1;

	while (self >= 0 && lines[self].entry_id != row->entry_id)
		self--;
	return anomaly_repeats(lines, count, self);
}

/*
 * Whether a row repeats nothing, by the entries of its day and item alone: a changed row meets what it was before, and what took that back. Others may be
 * given back on another day, which all entries of the encounter tell; they are read at once when its next row comes right after.
 */
static bool
stands_alone(const PostingBatch *batch, EncounterLines *known, const ChargeRow *row)
{
	Piece encounter = row->field[FIELD_ENCOUNTER];
	LineEntry *lines;
	int count;

	if (known->glanced.text != NULL && piece_equal(known->glanced, encounter))
		return false;
	known->glanced = encounter;
	count = ledger_lines(encounter, row, &lines);
	net_lines(batch, lines, count);
	return find_repeated(lines, count, row) < 0;
}

static void
read_encounter(const PostingBatch *batch, EncounterLines *known, Piece encounter)
{
	if (known->encounter.text != NULL && piece_equal(known->encounter, encounter))
		return;
	known->encounter = encounter;
	known->count = ledger_lines(encounter, NULL, &known->lines);
	net_lines(batch, known->lines, known->count);
}

static bool
may_repeat(const Rule *rule, Piece item)
{
	for (int i = 0; i < rule->except_count; i++)
		if (strlen(rule->except_items[i]) == item.length && memcmp(rule->except_items[i], item.text, item.length) == 0)
			return true;
	return false;
}

/* Same item twice for the same encounter and day (重复收费), net of reversals, against everything posted before. */
static void
judge_repetition(const PostingBatch *batch, const Rule *rule, const ChargeRow *row, EncounterLines *known)
{
	Finding finding = {.code = rule->code, .row = row, .field = "item"};
	int other;

	if (!row->duplicate || row->kind != KIND_POST || may_repeat(rule, row->field[FIELD_ITEM]) || stands_alone(batch, known, row))
		return;
	read_encounter(batch, known, row->field[FIELD_ENCOUNTER]);
	other = find_repeated(known->lines, known->count, row);
	if (other < 0)
		return;
	finding.related_entry_id = known->lines[other].entry_id;
	finding.expected = "once a day";
	finding.observed = psprintf("entry " INT64_FORMAT " of the same day", finding.related_entry_id);
	finding.excess_quantity = row->input.quantity;
	finding.amount_at_risk = row->result.amount;
	report(batch, rule, &finding);
}

static void
inspect_batch(const PostingBatch *batch)
{
	EncounterLines known = {0};
	int rule_count;
	const Rule *rules = anomaly_rules(&rule_count);

	for (int i = 0; i < batch->count; i++)
	{
		const ChargeRow *row = &batch->rows[i];

		for (int r = 0; r < rule_count; r++)
		{
			const Rule *rule = &rules[r];

			if (row->day < rule->from || row->day >= rule->to)
				continue;
			switch (rule->kind)
			{
				case RULE_PRICE_ABOVE_LIMIT:
					judge_price(batch, rule, row);
					break;
				case RULE_SAME_ITEM_SAME_DAY:
					judge_repetition(batch, rule, row, &known);
					break;
				case RULE_KIND_COUNT:
					break;
			}
		}
	}
}

void
anomaly_init(void)
{
	posting_batch_hook = inspect_batch;
}
