/*
 * anomaly_encounter.h
 *		One encounter under the rules over lines: what it breaks, and what of that is new or over.
 */
#ifndef HC_ENTRY_ANOMALY_ENCOUNTER_H
#define HC_ENTRY_ANOMALY_ENCOUNTER_H

#include "entry/posting.h"
#include "store/activity.h"
#include "store/anomaly.h"
#include "store/posting_lines.h"

/* What became of findings of one version of a rule. */
typedef struct RuleTally
{
	char *code;
	int32 version;
	int64 added;
	int64 resolved;
} RuleTally;

/* One look at charges: those of a batch, or of the ledger. */
typedef struct Inspection
{
	const PostingBatch *batch; /* NULL: the ledger is looked through, nothing is raised */
	FindingWriter *findings;
	const Rule *rules;
	int rule_count;
	const char *only; /* rule that is looked for; NULL: all */
	Snapshot snapshot; /* of the ledger; NULL: what is not committed is seen as well */
	MemoryContext context; /* of the tallies; NULL: nobody asks for them */
	RuleTally *tallies;
	int tally_count;
} Inspection;

/* A breach with its lines, which outlive the list they were found in. */
typedef struct FoundBreach
{
	Breach breach;
	KnowledgeHead head;
	LineEntry line;
	LineEntry related; /* entry_id 0: none */
} FoundBreach;

typedef struct FoundList
{
	FoundBreach *found;
	int count;
	int room;
	const LineEntry *lines; /* that indexes of breaches mean */
} FoundList;

/* An encounter as it is judged. */
typedef struct EncounterSubject
{
	Piece encounter;
	bool facts_read;
	ActivityEncounter activity;
	EncounterFacts facts;
	LineList lines; /* netted, in the order of their ids */
	int needs;		/* of the items of its live lines */
} EncounterSubject;

/* Tells what lines of a batch may be looked at without the others. */
typedef struct Candidate
{
	Piece encounter;
	int row;   /* of the batch; -1: something was taken back */
	int needs; /* of its item; NEEDS_… */
} Candidate;

/* Judges the rows of a batch by the rules that look at nothing beside a row. */
extern void judge_rows(Inspection *inspection);

/* Judges the candidates of one encounter; "reversed": something of it was taken back. "needs" is what of items that were taken back asks for. */
extern void encounter_glance(Inspection *inspection, Piece encounter, const Candidate *candidates, int count, bool reversed, int needs);

/* Judges lines of an encounter that are all there is of their items; true if something looks wrong. */
extern bool encounter_looks_wrong(Inspection *inspection, Piece encounter, LineList *lines, bool needs_facts);

/* Whether days lie outside the stay of an inpatient, were there no grace. */
extern bool encounter_leaves_stay(Piece encounter, DateADT first, DateADT last);

/* Judges all of an encounter, writes what is new and closes what is over. */
extern void encounter_judge(Inspection *inspection, Piece encounter);

/*
 * Writes what of "found" nobody wrote yet of the encounter with this number, and closes what is over. "lines" are all lines of the encounter; but, of one
 * whose number is not 0, those of long windows, and nothing else is closed.
 */
extern void encounter_settle(Inspection *inspection, const EncounterSubject *subject, const LineList *lines, Piece encounter, int number,
							 const FoundList *found);

/* The count of findings of a version of a rule, begun at 0; NULL where nobody asks. */
extern RuleTally *inspection_tally(Inspection *inspection, const char *code, int32 version);

/* The texts and figures of a breach as a finding has them. */
extern void finding_of_breach(const Inspection *inspection, const FoundBreach *found, Finding *finding);

#endif
