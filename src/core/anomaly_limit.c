/*
 * anomaly_limit.c
 *		How much of an item a window allows: quantities, days with it, days between.
 */
#include "core/anomaly_part.h"

#define WIDE(number) ((MoneyWide) (number))

static int64_t
narrow(MoneyWide number)
{
	return number > INT64_MAX ? INT64_MAX : number < INT64_MIN ? INT64_MIN : (int64_t) number;
}

/* Days of the stay (计入不计出, one at least): of one that has not ended, those that have a charge. 0: it is no stay, or not known. */
static int64_t
stay_days(const Judge *judge)
{
	const EncounterFacts *facts = judge->subject->facts;
	int64_t days;

	if (facts == NULL || !facts->known || (facts->kind & KIND_INPATIENT) == 0)
		return 0;
	days = facts->ended ? (int64_t) facts->last_day - facts->first_day : (int64_t) judge->last_day - facts->first_day + 1;
	return days < 1 ? 1 : days;
}

/* A stay is that of an inpatient; of an encounter that is not known it is taken to be one. */
static bool
window_applies(const Judge *judge, AnomalyWindow window)
{
	const EncounterFacts *facts = judge->subject->facts;

	return window != WINDOW_STAY || facts == NULL || !facts->known || (facts->kind & KIND_INPATIENT) != 0;
}

static void
tell(Judge *judge, const Run *run, const ItemLimit *limit, const Mark *mark, BreachMeasure measure, int related, int64_t observed, int64_t allowed,
	 int64_t excess)
{
	const LineEntry *line = &judge->subject->lines[mark->line];

	if (line->item != run->item)
		return;
	judge_tell(judge, &limit->head, (Breach) {
		.measure = measure,
		.line = mark->line,
		.related = related,
		.window_start = window_start(limit->window, limit->window_days, line, judge->subject->facts),
		.observed = observed,
		.limit = allowed,
		.quantity = excess,
		.amount = excess_amount(line, excess),
	});
}

/* Whether mark i is out of the window that ends with mark "last". */
static bool
is_out(const Mark *marks, int i, int last, int64_t reach)
{
	return reach == 0 ? marks[i].key != marks[last].key : WIDE(marks[last].key) - marks[i].key >= reach;
}

/* Running sums: what a line brings above the limit is its excess. */
static void
judge_quantity(Judge *judge, const Run *run, const ItemLimit *limit, int64_t allowed)
{
	const LineEntry *lines = judge->subject->lines;
	int64_t reach = window_reach(limit->window, limit->window_days);
	MoneyWide sum = 0;
	int first = 0;

	for (int i = 0; i < judge->mark_count; i++)
	{
		int64_t left = lines[judge->marks[i].line].left;

		for (; is_out(judge->marks, first, i, reach); first++)
			sum -= lines[judge->marks[first].line].left;
		sum += left;
		if (sum > allowed)
			tell(judge, run, limit, &judge->marks[i], BREACH_QUANTITY, i > first ? judge->marks[i - 1].line : -1, narrow(sum), allowed,
				 sum - allowed < left ? (int64_t) (sum - allowed) : left);
	}
}

/* A line's month, quarter or year; all lines of an encounter are in one. */
static int64_t
year_key(const Judge *judge, const ItemLimit *limit, int mark)
{
	return window_reach(limit->window, limit->window_days) > 0 ? 0 :
		window_key(limit->window, &judge->subject->lines[judge->marks[mark].line], 0);
}

/* Days with the item, the marks being in order of days: all lines of a day beyond the most allowed are excess, and all of a day too near the last. */
static void
judge_days(Judge *judge, const Run *run, const ItemLimit *limit)
{
	const LineEntry *lines = judge->subject->lines;
	Mark *marks = judge->marks;
	int64_t reach = window_reach(limit->window, limit->window_days);
	int64_t days = 0;
	int first = 0;	   /* the first mark in the window */
	int previous = -1; /* the last mark of the day before */

	for (int i = 0; i < judge->mark_count; i++)
	{
		int64_t left = lines[marks[i].line].left;

		if (i > 0 && year_key(judge, limit, i) != year_key(judge, limit, i - 1))
		{
			days = 0;
			previous = -1;
			first = i;
		}
		else if (i > 0 && marks[i].key != marks[i - 1].key)
			previous = i - 1;
		if (i == 0 || marks[i].key != marks[i - 1].key)
			days++;
		for (; reach > 0 && is_out(marks, first, i, reach); first++)
			days -= marks[first].key != marks[first + 1].key;
		if (limit->max_days != NO_LIMIT && days > limit->max_days)
			tell(judge, run, limit, &marks[i], BREACH_DAYS, previous < 0 ? -1 : marks[previous].line, days, limit->max_days, left);
		if (limit->min_gap_days != NO_LIMIT && previous >= 0 && WIDE(marks[i].key) - marks[previous].key < limit->min_gap_days)
			tell(judge, run, limit, &marks[i], BREACH_GAP, marks[previous].line, marks[i].key - marks[previous].key, limit->min_gap_days, left);
	}
}

void
judge_limit(Judge *judge, const Run *run, const ItemLimit *limit)
{
	int64_t allowed = limit->max_quantity;

	if (!window_applies(judge, limit->window))
		return;
	if (limit->max_per_stay_day != NO_LIMIT && stay_days(judge) > 0)
	{
		int64_t of_stay = narrow(WIDE(limit->max_per_stay_day) * stay_days(judge));

		allowed = allowed == NO_LIMIT || of_stay < allowed ? of_stay : allowed;
	}
	if (allowed != NO_LIMIT)
	{
		marks_clear(judge);
		marks_add(judge, limit->counted, limit->counted_count, limit->window, 0);
		marks_sort(judge);
		judge_quantity(judge, run, limit, allowed);
	}
	if (limit->max_days != NO_LIMIT || limit->min_gap_days != NO_LIMIT)
	{
		marks_clear(judge);
		marks_add(judge, limit->counted, limit->counted_count, WINDOW_DAY, 0);
		marks_sort(judge);
		judge_days(judge, run, limit);
	}
}
