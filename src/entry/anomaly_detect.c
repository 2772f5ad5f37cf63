/*
 * anomaly_detect.c
 *		The rules over lines, looked for in the ledger: one walk by encounter, in which most entries are passed by in the index.
 *
 * Where an encounter has items that nothing is known of, each once a day, its entries are not read at all. The others are judged as in the posting
 * transaction, by the same code, whole stays and not only the month's part of them; a second run meets what is on record and adds nothing.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/period.h"
#include "entry/anomaly_encounter.h"
#include "entry/sql.h"
#include "store/anomaly_finding.h"
#include "store/anomaly_knowledge.h"
#include "store/progress.h"

/* So many entries between two reports, and two looks at what the cache takes. */
#define STRIDE 100000

typedef struct Detection
{
	Inspection inspection;
	LedgerWalk *walk;
	DateADT from; /* days [from, to) of the month */
	DateADT to;
	bool repeated;
	bool outside_stay;
	char **open; /* encounters with open findings, in the order of the walk */
	int open_count;
	int open_next;
} Detection;

/* Whether an entry's item is one something is known of, or comes twice on its day. */
static bool
is_of_interest(const Detection *detection, const WalkedEntry *entries, int count, int i, int *needs)
{
	int of_item = knowledge_item(entries[i].item)->needs;

	*needs |= of_item;
	return of_item != 0 ||
		(detection->repeated && ((i > 0 && entries[i - 1].item == entries[i].item && entries[i - 1].day == entries[i].day) ||
								 (i + 1 < count && entries[i + 1].item == entries[i].item && entries[i + 1].day == entries[i].day)));
}

static bool
has_day_in(const Detection *detection, const WalkedEntry *entries, int count)
{
	/* Entries come by day. */
	for (int i = 0; i < count; i++)
		if (entries[i].day >= detection->from)
			return entries[i].day < detection->to;
	return false;
}

/* Whether an encounter has open findings. Those that come before it in order have no entries at all: what was found of them was rolled back. */
static bool
has_open(Detection *detection, Piece encounter)
{
	while (detection->open_next < detection->open_count)
	{
		char *name = detection->open[detection->open_next];
		int length = strlen(name);
		int order = memcmp(name, encounter.text, Min(length, encounter.length));

		if (order == 0)
			order = length - encounter.length;
		if (order > 0)
			return false;
		detection->open_next++;
		if (order == 0)
			return true;
		encounter_judge(&detection->inspection, (Piece) {name, length});
	}
	return false;
}

/* The encounter is judged by what is of interest; all of it if that looks wrong, or something is open. */
static void
look_at(Detection *detection, Piece encounter, const WalkedEntry *entries, int count)
{
	LineList lines = {0};
	int needs = 0;

	if (has_open(detection, encounter) ||
		(detection->outside_stay && encounter_leaves_stay(encounter, entries[0].day, entries[count - 1].day)))
	{
		encounter_judge(&detection->inspection, encounter);
		return;
	}
	for (int i = 0; i < count; i++)
		if (is_of_interest(detection, entries, count, i, &needs))
			ledger_walk_line(detection->walk, &entries[i], &lines);
	if (lines.count > 0 && encounter_looks_wrong(&detection->inspection, encounter, &lines, (needs & NEEDS_FACTS) != 0))
		encounter_judge(&detection->inspection, encounter);
}

static void
walk_ledger(Detection *detection)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost detection", ALLOCSET_DEFAULT_SIZES);
	const WalkedEntry *entries;
	Piece encounter;
	int count;
	int64 done = 0;

	detection->walk = ledger_walk_begin(detection->inspection.snapshot);
	while (ledger_walk_next(detection->walk, &encounter, &entries, &count))
	{
		MemoryContext caller = MemoryContextSwitchTo(scratch);

		if (has_day_in(detection, entries, count))
			look_at(detection, encounter, entries, count);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
		if (done / STRIDE != (done + count) / STRIDE)
		{
			progress_done(done);
			detection->inspection.rules = knowledge_begin(&detection->inspection.rule_count);
		}
		done += count;
	}
	ledger_walk_end(detection->walk);
	MemoryContextDelete(scratch);
}

static void
put_tallies(const Inspection *inspection, ReturnSetInfo *result)
{
	for (int i = 0; i < inspection->tally_count; i++)
	{
		const RuleTally *tally = &inspection->tallies[i];
		Datum values[4] = {CStringGetTextDatum(tally->code), Int32GetDatum(tally->version), Int64GetDatum(tally->added), Int64GetDatum(tally->resolved)};
		bool nulls[4] = {false, false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

SQL_FUNCTION(hc_detect_lines);

/*
 * _detect_lines(period, rule): looks through the ledger for breaches of the rules over lines in encounters with a service day in the month; of one rule, or
 * of all if it is null. Returns (code, version, added, resolved) of the rules with anything new or over.
 */
Datum
hc_detect_lines(PG_FUNCTION_ARGS)
{
	const RuleVersion *const *rules;
	Detection detection = {{0}};
	Snapshot snapshot;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	detection.inspection.context = CurrentMemoryContext;
	detection.from = period_of_day(PG_GETARG_DATEADT(0));
	detection.to = period_of_day(detection.from + 31);
	detection.inspection.only = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	detection.inspection.findings = finding_begin();
	detection.inspection.rules = knowledge_begin(&detection.inspection.rule_count);
	detection.repeated = anomaly_rules_of(RULE_SAME_ITEM_SAME_DAY, &rules) > 0;
	detection.outside_stay = anomaly_rules_of(RULE_DAY_OUTSIDE_STAY, &rules) > 0;
	if (detection.inspection.rule_count == 0)
		return (Datum) 0;
	detection.open = anomaly_open_encounters(&detection.open_count);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	detection.inspection.snapshot = snapshot;
	walk_ledger(&detection);
	UnregisterSnapshot(snapshot);
	finding_end(detection.inspection.findings);
	put_tallies(&detection.inspection, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
