/*
 * anomaly_pair.c
 *		Items that exclude each other, items that may not be more than another, and an item twice a day.
 */
#include "core/anomaly_part.h"

#define WIDE(number) ((MoneyWide) (number))

enum
{
	THIS_SIDE,
	OTHER_SIDE
};

/* The nearest line of the other side to mark i, -1 if none is in its window; with equal distance the earlier one. */
static int
nearest_other(const Judge *judge, int i, int64_t reach)
{
	const Mark *marks = judge->marks;
	int best = -1;
	MoneyWide distance = 0;

	for (int step = -1; step <= 1; step += 2)
		for (int k = i + step; k >= 0 && k < judge->mark_count; k += step)
		{
			MoneyWide away = WIDE(marks[k].key) - marks[i].key;

			if (away < 0)
				away = -away;
			if (reach == 0 ? away != 0 : away >= reach)
				break;
			if (marks[k].side != OTHER_SIDE || marks[k].line == marks[i].line)
				continue;
			if (best < 0 || away < distance)
			{
				best = marks[k].line;
				distance = away;
			}
			break;
		}
	return best;
}

static void
exclude(Judge *judge, const Run *run, const ItemPair *pair)
{
	const ItemDays self = {run->item, pair->head.from, pair->head.to};
	int64_t reach = window_reach(pair->window, pair->window_days);

	marks_clear(judge);
	marks_add(judge, pair->other, pair->other_count, pair->window, OTHER_SIDE);
	if (judge->mark_count == 0)
		return;
	marks_add(judge, &self, 1, pair->window, THIS_SIDE);
	marks_sort(judge);
	for (int i = 0; i < judge->mark_count; i++)
	{
		const LineEntry *line = &judge->subject->lines[judge->marks[i].line];
		int other;

		if (judge->marks[i].side != THIS_SIDE || (other = nearest_other(judge, i, reach)) < 0)
			continue;
		judge_tell(judge, &pair->head, (Breach) {
			.measure = BREACH_TOGETHER,
			.line = judge->marks[i].line,
			.related = other,
			.window_start = window_start(pair->window, pair->window_days, line, judge->subject->facts),
			.observed = line->left,
			.quantity = line->left,
			.amount = excess_amount(line, line->left),
		});
	}
}

/* Sums of both sides in the window of mark i: of this side what comes up to it, of the other side all. */
static void
sum_sides(const Judge *judge, int i, int64_t reach, MoneyWide *ours, MoneyWide *theirs)
{
	const Mark *marks = judge->marks;

	*ours = *theirs = 0;
	for (int step = -1; step <= 1; step += 2)
		for (int k = step < 0 ? i : i + 1; k >= 0 && k < judge->mark_count; k += step)
		{
			MoneyWide away = WIDE(marks[i].key) - marks[k].key;

			if (reach == 0 ? away != 0 : away >= reach || -away >= reach)
				break;
			if (marks[k].side == OTHER_SIDE)
				*theirs += judge->subject->lines[marks[k].line].left;
			else if (k <= i)
				*ours += judge->subject->lines[marks[k].line].left;
		}
}

static void
tell_measured(Judge *judge, const ItemPair *pair, int32_t index, MoneyWide ours, MoneyWide allowed)
{
	const LineEntry *line = &judge->subject->lines[index];
	int64_t excess = ours - allowed < line->left ? (int64_t) (ours - allowed) : line->left;

	judge_tell(judge, &pair->head, (Breach) {
		.measure = BREACH_QUANTITY,
		.line = index,
		.related = -1,
		.window_start = window_start(pair->window, pair->window_days, line, judge->subject->facts),
		.observed = ours > INT64_MAX ? INT64_MAX : (int64_t) ours,
		.limit = (int64_t) allowed,
		.quantity = excess,
		.amount = excess_amount(line, excess),
	});
}

/* Of relation quantity: what this side has above ratio × the other side is excess, from the line that crosses it on. */
static void
measure(Judge *judge, const Run *run, const ItemPair *pair)
{
	int64_t reach = window_reach(pair->window, pair->window_days);
	const Mark *marks = judge->marks;
	MoneyWide ours = 0, theirs = 0;

	marks_clear(judge);
	marks_add(judge, pair->counted, pair->counted_count, pair->window, THIS_SIDE);
	marks_add(judge, pair->other, pair->other_count, pair->window, OTHER_SIDE);
	marks_sort(judge);
	for (int i = 0; i < judge->mark_count; i++)
	{
		const LineEntry *line = &judge->subject->lines[marks[i].line];
		MoneyWide allowed;

		/* A window that does not roll is summed once. */
		if (reach > 0 || i == 0 || marks[i].key != marks[i - 1].key)
			sum_sides(judge, i, reach, &ours, &theirs);
		else if (marks[i].side == THIS_SIDE)
			ours += line->left;
		if (marks[i].side != THIS_SIDE || line->item != run->item)
			continue;
		allowed = theirs > INT64_MAX ? (MoneyWide) INT64_MAX : theirs * pair->ratio / 10000;
		allowed = allowed > INT64_MAX ? (MoneyWide) INT64_MAX : allowed;
		if (ours > allowed)
			tell_measured(judge, pair, marks[i].line, ours, allowed);
	}
}

void
judge_pair(Judge *judge, const Run *run, const ItemPair *pair)
{
	const EncounterFacts *facts = judge->subject->facts;

	if (pair->window == WINDOW_STAY && facts != NULL && facts->known && (facts->kind & KIND_INPATIENT) == 0)
		return;
	if (pair->quantity)
		measure(judge, run, pair);
	else
		exclude(judge, run, pair);
}

static bool
may_repeat(const RuleVersion *rule, int32_t item)
{
	int low = 0, high = rule->item_count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (rule->items[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rule->item_count && rule->items[low] == item;
}

static void
tell_repeated(Judge *judge, const Run *run, const RuleVersion *versions)
{
	for (int i = 1; i < judge->mark_count; i++)
	{
		const LineEntry *line = &judge->subject->lines[judge->marks[i].line];
		const RuleVersion *rule = rule_on(versions, line->day);

		if (judge->marks[i].key != judge->marks[i - 1].key || rule == NULL || may_repeat(rule, run->item))
			continue;
		judge->subject->found(judge->subject->context, &(Breach) {
			.rule = rule,
			.measure = BREACH_REPEATED,
			.line = judge->marks[i].line,
			.related = judge->marks[i - 1].line,
			.window_start = line->day,
			.quantity = line->left,
			.amount = excess_amount(line, line->left),
		});
	}
}

void
judge_repeated(Judge *judge, const Run *run)
{
	const ItemDays self = {run->item, INT32_MIN, INT32_MAX};

	if (judge->subject->repeated_count == 0 || run->count < 2)
		return;
	marks_clear(judge);
	marks_add(judge, &self, 1, WINDOW_DAY, 0);
	marks_sort(judge);
	for (int r = 0; r < judge->subject->repeated_count; r++)
		tell_repeated(judge, run, judge->subject->repeated[r]);
}
