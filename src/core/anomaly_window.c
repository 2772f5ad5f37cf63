/*
 * anomaly_window.c
 *		Which lines are together in a window, and lines in the order of one.
 */
#include "core/anomaly_part.h"
#include "core/period.h"

#define HOUR INT64_C(3600000000)

/* Largest whole number at most a quotient; of dates before the epoch, too. */
static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
window_key(AnomalyWindow window, const LineEntry *line, int index)
{
	switch (window)
	{
		case WINDOW_LINE:
			return index;
		case WINDOW_HOUR:
			return line->hour;
		case WINDOW_ROLL_6H:
			return line->at;
		case WINDOW_DAY:
		case WINDOW_ROLL_DAYS:
			return line->day;
		case WINDOW_MONTH:
			return period_number(line->day);
		case WINDOW_QUARTER:
			return floor_divide(period_number(line->day), 3);
		case WINDOW_YEAR:
			return floor_divide(period_number(line->day), 12);
		case WINDOW_ENCOUNTER:
		case WINDOW_STAY:
			break;
	}
	return 0;
}

/* First day of the month that is "back" months before a day's month; 0 <= back < 12. */
static int32_t
months_before(int32_t day, int64_t back)
{
	int32_t first = period_of_day(day);

	for (int64_t i = 0; i < back && first > INT32_MIN + 31; i++)
		first = period_of_day(first - 1);
	return first;
}

int32_t
window_start(AnomalyWindow window, int32_t window_days, const LineEntry *line, const EncounterFacts *facts)
{
	int64_t month = period_number(line->day);

	switch (window)
	{
		case WINDOW_ROLL_DAYS:
			return line->day < INT32_MIN + window_days ? INT32_MIN : line->day - (window_days - 1);
		case WINDOW_MONTH:
			return months_before(line->day, 0);
		case WINDOW_QUARTER:
			return months_before(line->day, month - floor_divide(month, 3) * 3);
		case WINDOW_YEAR:
			return months_before(line->day, month - floor_divide(month, 12) * 12);
		case WINDOW_ENCOUNTER:
		case WINDOW_STAY:
			return facts != NULL && facts->known ? facts->first_day : line->day;
		default:
			return line->day;
	}
}

int64_t
window_reach(AnomalyWindow window, int32_t window_days)
{
	return window == WINDOW_ROLL_6H ? 6 * HOUR : window == WINDOW_ROLL_DAYS ? window_days : 0;
}

static bool
comes_before(const Mark *a, const Mark *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return a->line != b->line ? a->line < b->line : a->side < b->side;
}

static void
sift_down(Mark *marks, int root, int n)
{
	Mark moved = marks[root];

	for (;;)
	{
		int child = 2 * root + 1;

		if (child >= n)
			break;
		if (child + 1 < n && comes_before(&marks[child], &marks[child + 1]))
			child++;
		if (!comes_before(&moved, &marks[child]))
			break;
		marks[root] = marks[child];
		root = child;
	}
	marks[root] = moved;
}

void
sort_marks(Mark *marks, int n)
{
	int sorted = 1;

	/* Most often lines were posted in the order of their days. */
	while (sorted < n && !comes_before(&marks[sorted], &marks[sorted - 1]))
		sorted++;
	if (sorted >= n)
		return;
	if (n <= 16)
	{
		for (int i = sorted; i < n; i++)
		{
			Mark moved = marks[i];
			int j = i;

			for (; j > 0 && comes_before(&moved, &marks[j - 1]); j--)
				marks[j] = marks[j - 1];
			marks[j] = moved;
		}
		return;
	}
	for (int i = n / 2 - 1; i >= 0; i--)
		sift_down(marks, i, n);
	for (int i = n - 1; i > 0; i--)
	{
		Mark last = marks[i];

		marks[i] = marks[0];
		marks[0] = last;
		sift_down(marks, 0, i);
	}
}

void
marks_clear(Judge *judge)
{
	judge->mark_count = 0;
}

void
marks_add(Judge *judge, const ItemDays *items, int count, AnomalyWindow window, int32_t side)
{
	judge->calls++;
	marks_more(judge, items, count, window, side);
}

void
marks_more(Judge *judge, const ItemDays *items, int count, AnomalyWindow window, int32_t side)
{
	for (int k = 0; k < count; k++)
	{
		const Run *run = judge_run(judge, items[k].item);

		for (int i = 0; run != NULL && i < run->count; i++)
		{
			int32_t index = judge->by_item[run->first + i];
			const LineEntry *line = &judge->subject->lines[index];

			if (!days_hold(items[k].from, items[k].to, line->day) || judge->stamp[index] == judge->calls)
				continue;
			judge->stamp[index] = judge->calls;
			judge->marks[judge->mark_count++] = (Mark) {window_key(window, line, index), index, side};
		}
	}
}

void
marks_sort(Judge *judge)
{
	sort_marks(judge->marks, judge->mark_count);
}
