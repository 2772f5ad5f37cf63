/*
 * anomaly_settle.c
 *		What is seen against what is on record: new findings are written, those whose cause is gone closed, figures of open ones kept true.
 *
 * Looking and writing is one step for other sessions (a short lock by encounter, given back at once), so that two of them that see the same pair
 * write one finding. What a person has judged is left alone, and what an older version of the rule or the knowledge said, too.
 */
#include "postgres.h"

#include "entry/anomaly_encounter.h"
#include "entry/raise.h"
#include "store/anomaly_finding.h"
#include "store/anomaly_knowledge.h"
#include "store/decimal.h"

RuleTally *
inspection_tally(Inspection *inspection, const char *code, int32 version)
{
	MemoryContext old;

	if (inspection->context == NULL)
		return NULL;
	/* By name: the rules may be read anew while the ledger is looked through. */
	for (int i = 0; i < inspection->tally_count; i++)
		if (inspection->tallies[i].version == version && strcmp(inspection->tallies[i].code, code) == 0)
			return &inspection->tallies[i];
	old = MemoryContextSwitchTo(inspection->context);
	inspection->tallies = inspection->tallies == NULL ? palloc(sizeof(RuleTally)) :
		repalloc(inspection->tallies, (inspection->tally_count + 1) * sizeof(RuleTally));
	inspection->tallies[inspection->tally_count] = (RuleTally) {pstrdup(code), version, 0, 0};
	MemoryContextSwitchTo(old);
	return &inspection->tallies[inspection->tally_count++];
}

static void
count_added(Inspection *inspection, const Rule *rule)
{
	RuleTally *tally = inspection_tally(inspection, rule->code, rule->version);

	if (tally != NULL)
		tally->added++;
}

static void
count_resolved(Inspection *inspection, const RecordedFinding *recorded)
{
	RuleTally *tally = inspection_tally(inspection, recorded->code, recorded->version);

	if (tally != NULL)
		tally->resolved++;
}

/* Whether a line was posted by the batch that is judged. */
static bool
is_fresh(const Inspection *inspection, const LineEntry *line)
{
	for (int i = 0; line->entry_id != 0 && i < inspection->batch->count; i++)
		if (inspection->batch->rows[i].entry_id == line->entry_id)
			return true;
	return false;
}

/*
 * Whether the batch has a part in a breach: it posted one of its lines, or a related item under a lower number than the line that is found. Old lines that are
 * found by the way are no reason to stop a new one.
 */
static bool
takes_part(const Inspection *inspection, Piece encounter, const FoundBreach *found)
{
	const KnownItem *known = knowledge_item(found->line.item);

	if (is_fresh(inspection, &found->line) || is_fresh(inspection, &found->related))
		return true;
	for (int i = 0; i < inspection->batch->count; i++)
	{
		const ChargeRow *row = &inspection->batch->rows[i];

		if (row->kind != KIND_POST || row->entry_id > found->line.entry_id || !piece_equal(row->field[FIELD_ENCOUNTER], encounter))
			continue;
		for (int k = 0; k < known->related_count; k++)
			if (known->related[k] == row->item_id)
				return true;
	}
	return false;
}

/* The row of a batch that a line became, NULL if it is of another one. */
static const ChargeRow *
row_of(const Inspection *inspection, const LineEntry *line)
{
	for (int i = 0; inspection->batch != NULL && i < inspection->batch->count; i++)
		if (inspection->batch->rows[i].entry_id == line->entry_id)
			return &inspection->batch->rows[i];
	return NULL;
}

/* The row an error speaks of: the line that is found, or the newest of this batch in its encounter. */
static void
raise_breach(const Inspection *inspection, Piece encounter, BreachMeasure measure, Finding *finding)
{
	const PostingBatch *batch = inspection->batch;

	/* Of a patient nothing is said. */
	if (measure == BREACH_SEX || measure == BREACH_AGE || measure == BREACH_PAYER || measure == BREACH_DIAGNOSIS)
		finding->observed = NULL;
	for (int i = batch->count - 1; i >= 0 && row_of(inspection, &(LineEntry) {.entry_id = finding->row->entry_id}) == NULL; i--)
		if (piece_equal(batch->rows[i].field[FIELD_ENCOUNTER], encounter))
			finding->row = &batch->rows[i];
	raise_finding(batch->attachment, finding);
}

/* Writes one finding, or raises it where its rule blocks and the batch has a part in it. */
static void
write_finding(Inspection *inspection, Piece encounter, const FoundBreach *found, bool raises)
{
	const Rule *rule = &inspection->rules[found->breach.rule->number];
	const ChargeRow *row = row_of(inspection, &found->line);
	const char *code = knowledge_item(found->line.item)->code;
	LedgerEntry entry;
	ChargeRow *made;
	Finding finding = {0};

	finding_of_breach(inspection, found, &finding);
	if (row == NULL)
	{
		/* Rolled back since it was read. */
		if (!ledger_entry_of_line(encounter, &found->line, &entry))
			return;
		made = palloc0(sizeof(ChargeRow));
		made->key = entry.source_key;
		made->key_text = entry.key_text;
		made->entry_id = entry.entry_id;
		made->period = entry.period;
		made->field[FIELD_ENCOUNTER] = entry.encounter;
		made->field[FIELD_ITEM] = (Piece) {code, code == NULL ? 0 : (int) strlen(code)};
		finding.source_id = entry.source_id;
		row = made;
	}
	else
		finding.source_id = inspection->batch->attachment->source_id;
	finding.row = row;
	if (raises && rule->block && !inspection->batch->after_the_fact)
		raise_breach(inspection, encounter, found->breach.measure, &finding);
	finding_add(inspection->findings, &finding);
	count_added(inspection, rule);
}

static bool
same_fact(const Inspection *inspection, const RecordedFinding *recorded, const FoundBreach *found)
{
	return recorded->entry_id == found->line.entry_id && recorded->knowledge_id == found->breach.knowledge_id &&
		strcmp(recorded->code, inspection->rules[found->breach.rule->number].code) == 0;
}

static bool
is_sought(const Inspection *inspection, const char *code)
{
	return inspection->only == NULL || strcmp(inspection->only, code) == 0;
}

static bool
says_the_same(const RecordedFinding *recorded, const Finding *finding)
{
	return recorded->excess_quantity == finding->excess_quantity && recorded->amount_at_risk == finding->amount_at_risk &&
		strcmp(recorded->observed == NULL ? "" : recorded->observed, finding->observed == NULL ? "" : finding->observed) == 0;
}

/* Looks one breach up among what is on record. */
static void
settle_breach(Inspection *inspection, Piece encounter, const FoundBreach *found, const RecordedFinding *recorded, int count, bool *seen)
{
	for (int i = 0; i < count; i++)
	{
		Finding finding = {0};

		if (recorded[i].resolved || !same_fact(inspection, &recorded[i], found))
			continue;
		seen[i] = true;
		if (!recorded[i].open)
			return;
		finding_of_breach(inspection, found, &finding);
		if (!says_the_same(&recorded[i], &finding))
		{
			finding_flush(inspection->findings);
			anomaly_update(recorded[i].finding_id, &finding);
		}
		return;
	}
	write_finding(inspection, encounter, found, inspection->batch != NULL && takes_part(inspection, encounter, found));
}

/* Whether an item is still known by a row of knowledge, and by one with a long window. */
static bool
knows(int32 item, int32 knowledge_id, bool *is_long)
{
	const ItemKnowledge *known = &knowledge_item(item)->knowledge;
	bool found = false;

	*is_long = false;
	for (int i = 0; i < known->limit_count; i++)
		if (known->limits[i].head.id == knowledge_id)
		{
			found = true;
			*is_long |= window_is_long(known->limits[i].window);
		}
	for (int i = 0; i < known->pair_count; i++)
		if (known->pairs[i].head.id == knowledge_id)
		{
			found = true;
			*is_long |= window_is_long(known->pairs[i].window);
		}
	for (int i = 0; i < known->bundle_count; i++)
		found |= known->bundles[i].head.id == knowledge_id;
	for (int i = 0; i < known->surgery_count; i++)
		found |= known->surgeries[i].head.id == knowledge_id;
	for (int i = 0; i < known->check_count; i++)
		found |= known->checks[i].head.id == knowledge_id;
	return found;
}

static const Rule *
rule_of(const Inspection *inspection, const RecordedFinding *recorded)
{
	for (int i = 0; i < inspection->rule_count; i++)
		if (inspection->rules[i].version == recorded->version && strcmp(inspection->rules[i].code, recorded->code) == 0)
			return &inspection->rules[i];
	return NULL;
}

/* Whether an open finding that is not seen any more is over, and not only judged by another rule or knowledge now. */
static bool
is_over(const Inspection *inspection, const RecordedFinding *recorded, const LineList *lines, int number)
{
	const Rule *rule = rule_of(inspection, recorded);
	const LineEntry *line = NULL;
	bool is_long;

	for (int i = 0; i < lines->count && line == NULL; i++)
		if (lines->lines[i].encounter == number && lines->lines[i].entry_id == recorded->entry_id)
			line = &lines->lines[i];
	/* Without its line it was found of an entry that was rolled back, or whose reversal closes it anyway; only who read all lines can tell. */
	if (line == NULL)
		return number == 0;
	/* That a line was taken back is what it says. */
	if (rule != NULL && rule->kind == RULE_CHANGED_AFTER_SETTLEMENT)
		return false;
	if (number == 0 && line->quantity > 0 && line->left <= 0)
		return true;
	if (rule == NULL || rule_is_of_row(rule->kind))
		return false;
	if (recorded->knowledge_id == 0)
		return number == 0;
	return knows(line->item, recorded->knowledge_id, &is_long) && (number == 0 || is_long);
}

void
encounter_settle(Inspection *inspection, const EncounterSubject *subject, const LineList *lines, Piece encounter, int number,
				 const FoundList *found)
{
	RecordedFinding *recorded;
	int64 *over;
	bool *seen;
	int count, over_count = 0;

	anomaly_lock(encounter);
	count = anomaly_recorded(encounter, &recorded);
	seen = palloc0(Max(count, 1) * sizeof(bool));
	over = palloc(Max(count, 1) * sizeof(int64));
	for (int i = 0; i < found->count; i++)
		if (found->found[i].line.encounter == number && is_sought(inspection, inspection->rules[found->found[i].breach.rule->number].code))
			settle_breach(inspection, encounter, &found->found[i], recorded, count, seen);
	for (int i = 0; i < count; i++)
		if (recorded[i].open && !seen[i] && is_sought(inspection, recorded[i].code) && is_over(inspection, &recorded[i], lines, number))
		{
			over[over_count++] = recorded[i].finding_id;
			count_resolved(inspection, &recorded[i]);
		}
	finding_flush(inspection->findings);
	anomaly_close(over, over_count);
	anomaly_unlock(encounter);
}
