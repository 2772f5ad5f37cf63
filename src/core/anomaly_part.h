/*
 * anomaly_part.h
 *		What the files of the judge share: lines by item, lines in the order of a window, and what is said of them.
 */
#ifndef HC_CORE_ANOMALY_PART_H
#define HC_CORE_ANOMALY_PART_H

#include "core/anomaly_judge.h"
#include "core/money.h"

/* A line at its place in a window. */
typedef struct Mark
{
	int64_t key;
	int32_t line;
	int32_t side; /* the caller's */
} Mark;

/* The live lines of one item: by_item[first .. first + count). */
typedef struct Run
{
	int32_t item;
	int32_t first;
	int32_t count;
	const ItemKnowledge *knowledge;
} Run;

typedef struct Judge
{
	const AnomalySubject *subject;
	int32_t *by_item;
	Run *runs;
	int run_count;
	Mark *marks; /* room for twice the lines */
	int mark_count;
	int32_t *hit;	/* of each line: the knowledge that it was found to break last */
	int32_t *stamp; /* of each line: the call of marks_add that added it */
	int32_t calls;
	int32_t last_day; /* the latest day with a live line */
} Judge;

static inline bool
days_hold(int32_t from, int32_t to, int32_t day)
{
	return day >= from && day < to;
}

/* The version of a rule in force on a day, NULL if none. */
extern const RuleVersion *rule_on(const RuleVersion *rule, int32_t day);

/* The run of an item, NULL if it has no live line. */
extern const Run *judge_run(const Judge *judge, int32_t item);

/* A window's number for a line; lines of one number are together. Rolling windows: the line's place in time. */
extern int64_t window_key(AnomalyWindow window, const LineEntry *line, int index);

/* First day of the window that ends with, or holds, a line. */
extern int32_t window_start(AnomalyWindow window, int32_t window_days, const LineEntry *line, const EncounterFacts *facts);

/* How far a rolling window reaches back, in units of its key; 0: it does not roll. */
extern int64_t window_reach(AnomalyWindow window, int32_t window_days);

/* Forgets the marks; adds the lines of some items on their days, each once. */
extern void marks_clear(Judge *judge);
extern void marks_add(Judge *judge, const ItemDays *items, int count, AnomalyWindow window, int32_t side);
/* Adds more, but for lines the last call of marks_add added. */
extern void marks_more(Judge *judge, const ItemDays *items, int count, AnomalyWindow window, int32_t side);
/* In order of key, line and side. */
extern void marks_sort(Judge *judge);

/* Sorts by key, line and side. */
extern void sort_marks(Mark *marks, int n);

/* What an excess of a line is worth, 1e-2: its share of the line at the line's price. */
extern int64_t excess_amount(const LineEntry *line, int64_t excess);

/* Says that a line breaks a row of knowledge, if it is one of its item's days, a version of the rule is in force and it was not said yet. */
extern void judge_tell(Judge *judge, const KnowledgeHead *head, Breach breach);

/* The rules by what they look at. */
extern void judge_limit(Judge *judge, const Run *run, const ItemLimit *limit);
extern void judge_pair(Judge *judge, const Run *run, const ItemPair *pair);
extern void judge_bundle(Judge *judge, const Run *run, const ItemBundle *bundle);
extern void judge_surgery(Judge *judge, const Run *run, const ItemSurgery *surgery);
extern void judge_check(Judge *judge, const Run *run, const ItemCheck *check);
extern void judge_repeated(Judge *judge, const Run *run);
extern void judge_stay(Judge *judge);

#endif
