/*
 * anomaly_model.h
 *		Limits and pairs judged by trying everything, straight from the words.
 */
#ifndef HC_TEST_ANOMALY_MODEL_H
#define HC_TEST_ANOMALY_MODEL_H

#include "core/anomaly_judge.h"
#include "core/money.h"
#include "core/period.h"

#define MOST 24
#define ITEMS 4
#define HOUR INT64_C(3600000000)

typedef struct Said
{
	int64_t knowledge;
	int64_t entry;
	int64_t observed, limit, quantity, amount;
} Said;

static LineEntry lines[MOST];
static int line_count;
static RuleVersion rules[2];
static ItemDays days[ITEMS][4], pair_days[ITEMS][4];
static ItemLimit limits[ITEMS];
static ItemPair pairs[ITEMS];
static EncounterFacts facts;
static bool patient;
static Said expected[4096];
static int expected_count;

/* Whether two lines are together; of rolling windows, whether b is in the one that ends with a. */
static bool
together(AnomalyWindow window, int32_t n, const LineEntry *a, const LineEntry *b)
{
	int32_t ya, ma, da, yb, mb, db;

	period_civil(a->day, &ya, &ma, &da);
	period_civil(b->day, &yb, &mb, &db);
	switch (window)
	{
		case WINDOW_LINE:
			return a == b;
		case WINDOW_HOUR:
			return a->hour == b->hour;
		case WINDOW_ROLL_6H:
			return a->at - b->at < 6 * HOUR && b->at - a->at < 6 * HOUR;
		case WINDOW_DAY:
			return a->day == b->day;
		case WINDOW_ROLL_DAYS:
			return a->day - b->day < n && b->day - a->day < n;
		case WINDOW_MONTH:
			return ya == yb && ma == mb;
		case WINDOW_QUARTER:
			return ya == yb && (ma - 1) / 3 == (mb - 1) / 3;
		case WINDOW_YEAR:
			return ya == yb;
		default:
			return true;
	}
}

static bool
rolls(AnomalyWindow window)
{
	return window == WINDOW_ROLL_6H || window == WINDOW_ROLL_DAYS;
}

/* Whether b comes before a, or is a: by time where the window rolls, then by id. */
static bool
up_to(AnomalyWindow window, const LineEntry *a, const LineEntry *b)
{
	int64_t x = window == WINDOW_ROLL_6H ? a->at : window == WINDOW_ROLL_DAYS ? a->day : 0;
	int64_t y = window == WINDOW_ROLL_6H ? b->at : window == WINDOW_ROLL_DAYS ? b->day : 0;

	return y != x ? y < x : b->entry_id <= a->entry_id;
}

static bool
live(const LineEntry *line)
{
	return line->quantity > 0 && line->reverses == 0 && line->left > 0;
}

static bool
is_counted(const ItemDays *list, int n, const LineEntry *line)
{
	for (int i = 0; i < n; i++)
		if (list[i].item == line->item && line->day >= list[i].from && line->day < list[i].to)
			return live(line);
	return false;
}

static bool
is_judged(const KnowledgeHead *head, const LineEntry *line)
{
	bool in_force = false;

	for (int i = 0; i < 2; i++)
		in_force |= line->day >= rules[i].from && line->day < rules[i].to;
	return live(line) && in_force && line->day >= head->from && line->day < head->to;
}

static void
expect(int32_t id, const LineEntry *line, int64_t observed, int64_t limit, int64_t excess)
{
	int64_t amount = line->amount;

	for (int i = 0; i < expected_count; i++)
		if (expected[i].knowledge == id && expected[i].entry == line->entry_id)
			return;
	if (excess != line->quantity)
		(void) money_multiply(excess, line->price, &amount);
	expected[expected_count++] = (Said) {id, line->entry_id, observed, limit, excess, amount};
}

static int64_t
stay_limit(const ItemLimit *limit)
{
	int32_t last = INT32_MIN;
	int64_t stay;

	for (int i = 0; i < line_count; i++)
		if (live(&lines[i]) && lines[i].day > last)
			last = lines[i].day;
	stay = facts.ended ? facts.last_day - facts.first_day : last - facts.first_day + 1;
	return limit->max_per_stay_day * (stay < 1 ? 1 : stay);
}

static void
try_limit(const ItemLimit *limit, int32_t item)
{
	for (int i = 0; i < line_count; i++)
	{
		const LineEntry *line = &lines[i];
		int64_t sum = 0, allowed = limit->max_quantity, distinct = 0, gap = INT64_MAX;

		if (line->item != item || !is_judged(&limit->head, line) || window_is_long(limit->window) != patient ||
			(limit->window == WINDOW_STAY && facts.known && facts.kind != KIND_INPATIENT))
			continue;
		if (limit->max_per_stay_day != NO_LIMIT && facts.known && facts.kind == KIND_INPATIENT && !patient)
			allowed = allowed == NO_LIMIT || stay_limit(limit) < allowed ? stay_limit(limit) : allowed;
		for (int k = 0; k < line_count; k++)
		{
			bool first_of_day = true;

			if (!is_counted(limit->counted, limit->counted_count, &lines[k]) || !together(limit->window, limit->window_days, line, &lines[k]))
				continue;
			if (up_to(limit->window, line, &lines[k]))
				sum += lines[k].left;
			for (int m = 0; m < k; m++)
				first_of_day &= !(is_counted(limit->counted, limit->counted_count, &lines[m]) && lines[m].day == lines[k].day);
			distinct += first_of_day && lines[k].day <= line->day;
		}
		/* The days between are those to the last day before, in whatever rolling window; within the month, quarter or year of others. */
		for (int k = 0; k < line_count; k++)
			if (is_counted(limit->counted, limit->counted_count, &lines[k]) && lines[k].day < line->day && line->day - lines[k].day < gap &&
				(rolls(limit->window) || limit->window == WINDOW_ENCOUNTER || limit->window == WINDOW_STAY ||
				 together(limit->window, limit->window_days, line, &lines[k])))
				gap = line->day - lines[k].day;
		if (allowed != NO_LIMIT && sum > allowed)
			expect(limit->head.id, line, sum, allowed, sum - allowed < line->left ? sum - allowed : line->left);
		if (limit->max_days != NO_LIMIT && distinct > limit->max_days)
			expect(limit->head.id, line, distinct, limit->max_days, line->left);
		if (limit->min_gap_days != NO_LIMIT && gap < limit->min_gap_days)
			expect(limit->head.id, line, gap, limit->min_gap_days, line->left);
	}
}

static void
try_pair(const ItemPair *pair, int32_t item)
{
	for (int i = 0; i < line_count; i++)
	{
		const LineEntry *line = &lines[i];
		int64_t ours = 0, theirs = 0, allowed;
		bool other = false;

		if (line->item != item || !is_judged(&pair->head, line) || window_is_long(pair->window) != patient ||
			(pair->window == WINDOW_STAY && facts.known && facts.kind != KIND_INPATIENT))
			continue;
		for (int k = 0; k < line_count; k++)
		{
			if (!together(pair->window, pair->window_days, line, &lines[k]))
				continue;
			if (is_counted(pair->other, pair->other_count, &lines[k]))
			{
				other |= k != i;
				theirs += lines[k].left;
			}
			if (pair->quantity && is_counted(pair->counted, pair->counted_count, &lines[k]) && up_to(pair->window, line, &lines[k]))
				ours += lines[k].left;
		}
		allowed = theirs * pair->ratio / 10000;
		if (pair->quantity && ours > allowed)
			expect(pair->head.id, line, ours, allowed, ours - allowed < line->left ? ours - allowed : line->left);
		if (!pair->quantity && other)
			expect(pair->head.id, line, 0, 0, line->left);
	}
}

#endif
