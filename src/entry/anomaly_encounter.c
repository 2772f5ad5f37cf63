/*
 * anomaly_encounter.c
 *		Reading as much of an encounter as its new lines ask for, and all of it once that looks wrong.
 *
 * The first look nets only what it read, so it sees no less than there is; where it sees nothing there is nothing. Entries of other sessions are read
 * before they commit: our own are in the index by then, so of two sessions that post halves of a pair at least one sees both.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "core/anomaly.h"
#include "entry/anomaly_encounter.h"
#include "store/anomaly_finding.h"
#include "store/anomaly_knowledge.h"
#include "store/catalogue.h"
#include "store/ground.h"

#define NEEDS_READING (NEEDS_TWINS | NEEDS_DAY | NEEDS_NEAR | NEEDS_ENCOUNTER | NEEDS_PATIENT)

static const ItemKnowledge *
knowledge_of(void *context, int32_t item)
{
	return &knowledge_item(item)->knowledge;
}

static void
keep_breach(void *context, const Breach *breach)
{
	FoundList *list = context;
	FoundBreach *found;

	if (list->count == list->room)
	{
		list->room = Max(8, list->room * 2);
		list->found = list->found == NULL ? palloc(list->room * sizeof(FoundBreach)) : repalloc_huge(list->found, list->room * sizeof(FoundBreach));
	}
	found = &list->found[list->count++];
	found->breach = *breach;
	found->head = breach->knowledge == NULL ? (KnowledgeHead) {0} : *breach->knowledge;
	found->line = list->lines[breach->line];
	found->related = breach->related < 0 ? (LineEntry) {0} : list->lines[breach->related];
}

static void
judge_lines(const EncounterSubject *subject, const LineList *lines, bool patient, FoundList *found)
{
	AnomalySubject judged = {
		.lines = lines->lines,
		.count = lines->count,
		.patient = patient,
		.facts = subject->facts_read && !patient ? &subject->facts : NULL,
		.knowledge = knowledge_of,
		.found = keep_breach,
		.context = found,
	};
	void *space = MemoryContextAllocHuge(CurrentMemoryContext, anomaly_space_size(lines->count));

	judged.repeated_count = anomaly_rules_of(RULE_SAME_ITEM_SAME_DAY, &judged.repeated);
	judged.outside_stay_count = anomaly_rules_of(RULE_DAY_OUTSIDE_STAY, &judged.outside_stay);
	found->lines = lines->lines;
	anomaly_judge(&judged, space);
	pfree(space);
}

static void
read_facts(EncounterSubject *subject)
{
	ActivityEncounter *activity = &subject->activity;

	if (subject->facts_read)
		return;
	subject->facts_read = true;
	if (!activity_encounter(subject->encounter.text, subject->encounter.length, activity))
	{
		memset(activity, 0, sizeof(*activity));
		return;
	}
	subject->facts = (EncounterFacts) {
		.known = true,
		.kind = activity->kind,
		.sex = activity->sex,
		.has_birth = activity->has_birth,
		.birth = activity->birth,
		.first_day = activity->first_day,
		.ended = activity->ended,
		.last_day = activity->last_day,
		.payer = activity->payer,
		.diagnosis = activity->diagnosis,
	};
}

static int64
list_price(const EncounterSubject *subject, const LineEntry *line, const char *code)
{
	const CatalogueItem *item = code == NULL ? NULL : catalogue_item(code, strlen(code));
	const char *class = subject->facts_read && subject->activity.price_class != NULL ? subject->activity.price_class : "standard";
	const ItemPrice *price = item == NULL ? NULL : catalogue_price(item, line->day, class, strlen(class));

	return price == NULL ? 0 : price->unit_price;
}

/* What rules ask of lines beyond what the ledger has; and what the items of lines need. */
static void
complete_lines(EncounterSubject *subject, LineList *list)
{
	for (int i = 0; i < list->count; i++)
	{
		LineEntry *line = &list->lines[i];
		const KnownItem *known;

		if (line->reverses != 0 || line->quantity <= 0)
			continue;
		known = knowledge_item(line->item);
		subject->needs |= known->needs;
		if (known->needs & NEEDS_HOURS)
			line->hour = ground_hour_of_instant(line->at);
		if (known->needs & NEEDS_LIST)
		{
			read_facts(subject);
			line->list = list_price(subject, line, known->code);
		}
	}
}

static void
add_batch_line(const PostingBatch *batch, int row_number, LineList *list)
{
	const ChargeRow *row = &batch->rows[row_number];

	list->lines[list->count++] = (LineEntry) {
		.entry_id = row->entry_id,
		.quantity = row->input.quantity,
		.key = row->key,
		.item = row->item_id,
		.day = row->day,
		.price = row->result.price,
		.amount = row->result.amount,
		.at = row->charged_at,
		.performing = row->performing_id,
	};
}

static int
by_number(const void *a, const void *b)
{
	int32 x = *(const int32 *) a;
	int32 y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

/* The items that matter beside those of the candidates, ascending; each may come twice. */
static int32 *
related_items(const PostingBatch *batch, const Candidate *candidates, int count, int *found)
{
	int room = 0;
	int32 *items;

	*found = 0;
	for (int i = 0; i < count; i++)
		room += knowledge_item(batch->rows[candidates[i].row].item_id)->related_count + 1;
	items = palloc(room * sizeof(int32));
	for (int i = 0; i < count; i++)
	{
		const KnownItem *known = knowledge_item(batch->rows[candidates[i].row].item_id);

		items[(*found)++] = known->item_id;
		memcpy(items + *found, known->related, known->related_count * sizeof(int32));
		*found += known->related_count;
	}
	qsort(items, *found, sizeof(int32), by_number);
	return items;
}

/* Reads what the candidates ask for; those that need nothing beside them are taken as they are. */
static void
read_glance(const PostingBatch *batch, EncounterSubject *subject, const Candidate *candidates, int count, int needs)
{
	LineScan scan = {subject->encounter, PG_INT32_MAX, PG_INT32_MIN};

	if ((needs & NEEDS_READING) == 0)
	{
		subject->lines.lines = palloc(count * sizeof(LineEntry));
		for (int i = 0; i < count; i++)
			add_batch_line(batch, candidates[i].row, &subject->lines);
	}
	else
	{
		for (int i = 0; i < count; i++)
		{
			DateADT day = batch->rows[candidates[i].row].day;

			scan.from = Min(scan.from, needs & NEEDS_NEAR ? day - 1 : day);
			scan.to = Max(scan.to, needs & NEEDS_NEAR ? day + 1 : day);
		}
		if (needs & (NEEDS_ENCOUNTER | NEEDS_PATIENT))
		{
			scan.from = PG_INT32_MIN;
			scan.to = PG_INT32_MAX;
		}
		scan.items = related_items(batch, candidates, count, &scan.item_count);
		ledger_lines(&scan, 0, &subject->lines);
	}
}

/*
 * The lines of the patient's other encounters of items with long windows, beside those of this one. Without a patient, those of this one. Encounter
 * i + 1 of *encounters has number i + 1; 0 is this one.
 */
static void
read_patient(const Inspection *inspection, const EncounterSubject *subject, LineList *lines, char ***encounters, int *encounter_count)
{
	LineScan scan = {.from = PG_INT32_MIN, .to = PG_INT32_MAX, .snapshot = inspection->snapshot};
	int room = 0;
	int32 *items;

	*encounter_count = 0;
	for (int i = 0; i < subject->lines.count; i++)
		room += knowledge_item(subject->lines.lines[i].item)->related_count;
	items = palloc(Max(room, 1) * sizeof(int32));
	for (int i = 0; i < subject->lines.count; i++)
	{
		const KnownItem *known = knowledge_item(subject->lines.lines[i].item);

		if ((known->needs & NEEDS_PATIENT) == 0)
			continue;
		memcpy(items + scan.item_count, known->related, known->related_count * sizeof(int32));
		scan.item_count += known->related_count;
	}
	qsort(items, scan.item_count, sizeof(int32), by_number);
	scan.items = items;
	lines->lines = palloc(Max(subject->lines.count, 1) * sizeof(LineEntry));
	lines->room = Max(subject->lines.count, 1);
	lines->count = subject->lines.count;
	memcpy(lines->lines, subject->lines.lines, lines->count * sizeof(LineEntry));
	if (subject->activity.patient != NULL)
		*encounter_count = activity_encounters_of(subject->activity.patient, encounters);
	for (int i = 0; i < *encounter_count; i++)
	{
		LineList others = {0};

		scan.encounter = (Piece) {(*encounters)[i], (int) strlen((*encounters)[i])};
		if (piece_equal(scan.encounter, subject->encounter))
			continue;
		ledger_lines(&scan, i + 1, &others);
		ledger_sort_lines(&others);
		anomaly_net(others.lines, others.count);
		for (int k = 0; k < others.count; k++)
			ledger_add_line(lines, &others.lines[k]);
	}
	ledger_sort_lines(lines);
}

/* Judges long windows over the patient's lines; breaches of other encounters come with the numbers of those. */
static void
judge_patient(Inspection *inspection, EncounterSubject *subject, FoundList *found, bool settle)
{
	LineList lines = {0};
	FoundList patient = {0};
	char **encounters = NULL;
	int count;

	read_facts(subject);
	read_patient(inspection, subject, &lines, &encounters, &count);
	judge_lines(subject, &lines, true, &patient);
	for (int i = 0; i < patient.count; i++)
	{
		if (patient.found[i].line.encounter == 0 || !settle)
		{
			found->lines = lines.lines;
			keep_breach(found, &patient.found[i].breach);
		}
	}
	for (int i = 0; i < count && settle; i++)
	{
		Piece other = {encounters[i], (int) strlen(encounters[i])};

		if (!piece_equal(other, subject->encounter))
			encounter_settle(inspection, subject, &lines, other, i + 1, &patient);
	}
}

void
encounter_judge(Inspection *inspection, Piece encounter)
{
	EncounterSubject subject = {.encounter = encounter};
	LineScan scan = {encounter, ALL_DAYS, .snapshot = inspection->snapshot};
	FoundList found = {0};

	ledger_lines(&scan, 0, &subject.lines);
	ledger_sort_lines(&subject.lines);
	anomaly_net(subject.lines.lines, subject.lines.count);
	read_facts(&subject);
	complete_lines(&subject, &subject.lines);
	judge_lines(&subject, &subject.lines, false, &found);
	if (subject.needs & NEEDS_PATIENT)
		judge_patient(inspection, &subject, &found, true);
	encounter_settle(inspection, &subject, &subject.lines, encounter, 0, &found);
}

/* Judges what was read, encounter and patient. */
static bool
looks_wrong(Inspection *inspection, EncounterSubject *subject, int needs)
{
	FoundList found = {0};

	ledger_sort_lines(&subject->lines);
	anomaly_net(subject->lines.lines, subject->lines.count);
	if (needs & NEEDS_FACTS)
		read_facts(subject);
	complete_lines(subject, &subject->lines);
	judge_lines(subject, &subject->lines, false, &found);
	if (found.count == 0 && ((needs | subject->needs) & NEEDS_PATIENT))
		judge_patient(inspection, subject, &found, false);
	return found.count > 0;
}

bool
encounter_leaves_stay(Piece encounter, DateADT first, DateADT last)
{
	EncounterSubject subject = {.encounter = encounter};

	read_facts(&subject);
	return subject.facts.known && (subject.facts.kind & KIND_INPATIENT) != 0 &&
		(first < subject.facts.first_day || (subject.facts.ended && last > subject.facts.last_day));
}

bool
encounter_looks_wrong(Inspection *inspection, Piece encounter, LineList *lines, bool needs_facts)
{
	EncounterSubject subject = {.encounter = encounter, .lines = *lines};

	return looks_wrong(inspection, &subject, needs_facts ? NEEDS_FACTS : 0);
}

void
encounter_glance(Inspection *inspection, Piece encounter, const Candidate *candidates, int count, bool reversed, int needs)
{
	EncounterSubject subject = {.encounter = encounter};
	bool wrong = false;

	for (int i = 0; i < count; i++)
		needs |= candidates[i].needs;
	if (count > 0)
	{
		read_glance(inspection->batch, &subject, candidates, count, needs);
		wrong = looks_wrong(inspection, &subject, needs);
	}
	/* What is taken back, or measures another item, may be the end of a finding, or of what kept one from being. */
	if (wrong || (needs & NEEDS_LESS) || (reversed && anomaly_has_open(encounter)))
		encounter_judge(inspection, encounter);
}
