/*
 * anomaly.c
 *		The inline rules over a batch that posting has just written.
 *
 * What a row says by itself is judged first. For the rest the rows are sorted by encounter, and of each encounter no more is read than what is known of their items
 * asks for: where nothing is known, nothing.
 */
#include "postgres.h"

#include "access/xact.h"

#include "entry/anomaly.h"
#include "entry/anomaly_encounter.h"
#include "store/anomaly_knowledge.h"

static int
by_encounter(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;
	int order = memcmp(x->encounter.text, y->encounter.text, Min(x->encounter.length, y->encounter.length));

	if (order == 0)
		order = x->encounter.length - y->encounter.length;
	return order != 0 ? order : x->row - y->row;
}

/* What a new line asks for beside it; 0: nobody asks anything of it. */
static int
needs_of(const ChargeRow *row, bool repeated, bool outside_stay)
{
	int needs = knowledge_item(row->item_id)->needs;

	if (row->kind != KIND_POST)
		return needs & NEEDS_LESS;
	if (outside_stay)
		needs |= NEEDS_LINE | NEEDS_FACTS;
	/* The index says that a line has no twin: then it is all there is of its item and day. */
	if (!row->duplicate && (needs & NEEDS_TWINS))
		needs = (needs & ~NEEDS_TWINS) | NEEDS_LINE;
	else if (row->duplicate && repeated)
		needs |= NEEDS_TWINS;
	return needs;
}

/* The rows and reversals that rules over lines ask something of; returns their number. */
static int
find_candidates(const PostingBatch *batch, Candidate *candidates)
{
	const RuleVersion *const *rules;
	bool repeated = anomaly_rules_of(RULE_SAME_ITEM_SAME_DAY, &rules) > 0;
	bool outside_stay = anomaly_rules_of(RULE_DAY_OUTSIDE_STAY, &rules) > 0;
	int count = 0;

	for (int i = 0; i < batch->count; i++)
	{
		const ChargeRow *row = &batch->rows[i];
		int needs = needs_of(row, repeated, outside_stay);

		if (needs != 0 || row->kind != KIND_POST)
			candidates[count++] = (Candidate) {row->field[FIELD_ENCOUNTER], row->kind == KIND_POST ? i : -1, needs};
	}
	for (int i = 0; i < batch->reversed_count; i++)
		candidates[count++] = (Candidate) {batch->reversed[i].encounter, -1, knowledge_item(batch->reversed[i].item_id)->needs & NEEDS_LESS};
	return count;
}

/* Hands the candidates of one encounter on: those taken back stand before the others. */
static void
inspect_encounter(Inspection *inspection, const Candidate *candidates, int count)
{
	int reversed = 0;
	int needs = 0;

	for (; reversed < count && candidates[reversed].row < 0; reversed++)
		needs |= candidates[reversed].needs;
	encounter_glance(inspection, candidates[0].encounter, candidates + reversed, count - reversed, reversed > 0, needs);
}

static void
inspect_batch(const PostingBatch *batch)
{
	Inspection inspection = {.batch = batch, .findings = batch->findings};
	Candidate *candidates;
	int count;

	inspection.rules = knowledge_begin(&inspection.rule_count);
	if (inspection.rule_count == 0)
		return;
	judge_rows(&inspection);
	candidates = palloc((batch->count + batch->reversed_count) * sizeof(Candidate));
	count = find_candidates(batch, candidates);
	if (count > 1)
		qsort(candidates, count, sizeof(Candidate), by_encounter);
	for (int first = 0, end; first < count; first = end)
	{
		for (end = first + 1; end < count && piece_equal(candidates[end].encounter, candidates[first].encounter); end++)
			;
		inspect_encounter(&inspection, candidates + first, end - first);
	}
}

/* A session that is idle keeps little. */
static void
trim_knowledge(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		knowledge_trim();
}

void
anomaly_init(void)
{
	posting_batch_hook = inspect_batch;
	RegisterXactCallback(trim_knowledge, NULL);
}
