/*
 * reconciliation_amount.c
 *		The rules for items whose references do not tell: equal amounts near in time, and sums.
 */
#include "core/reconciliation.h"

#include <stddef.h>

#include "core/reconciliation_part.h"
#include "core/wide.h"

/* A window of more open items than this is no place for a search. */
#define MOST_IN_WINDOW 4096
/* Most steps of one search. */
#define MOST_STEPS 100000

static bool
has_key(const ReconciliationItem *item)
{
	return item->key.bytes != NULL;
}

static bool
within(int64_t a, int64_t b, int64_t window)
{
	MoneyWide	distance = (MoneyWide) a - b;

	return distance <= window && -distance <= window;
}

static int
compare_side(const Reconciliation *r, int32_t a, int32_t b)
{
	if (reconciliation_is_line(r, a) != reconciliation_is_line(r, b))
		return reconciliation_is_line(r, a) - reconciliation_is_line(r, b);
	return reconciliation_compare_tie(&r->item[a], &r->item[b]);
}

/* Pairs entries of one amount, ours in [low, middle), lines in [middle, high), both in time order: the earliest that can be paired are. */
static void
pair_amounts(const Reconciliation *r, int32_t low, int32_t middle, int32_t high, bool our_key, bool line_key)
{
	int32_t		a = low;
	int32_t		b = middle;

	while (a < middle && b < high)
	{
		const ReconciliationItem *ours = &r->item[r->entry[a].index];
		const ReconciliationItem *line = &r->item[r->entry[b].index];

		if (ours->outcome != RECONCILIATION_OPEN || has_key(ours) != our_key)
			a++;
		else if (line->outcome != RECONCILIATION_OPEN || has_key(line) != line_key)
			b++;
		else if (within(ours->at, line->at, r->window))
		{
			reconciliation_settle(r, r->entry[a].index, RECONCILIATION_MATCH, RULE_AMOUNT, r->entry[b].index);
			reconciliation_settle(r, r->entry[b].index, RECONCILIATION_MATCH, RULE_AMOUNT, r->entry[b].index);
			a++;
			b++;
		}
		else if (ours->at < line->at)
			a++;
		else
			b++;
	}
}

void
reconciliation_by_amount(const Reconciliation *r)
{
	int32_t		n = 0;
	int32_t		low;
	int32_t		middle;
	int32_t		high;
	int32_t		i;

	for (i = 0; i < r->ours + r->lines; i++)
		if (reconciliation_is_open(&r->item[i]))
		{
			r->entry[n].word = reconciliation_word(r->item[i].amount);
			r->entry[n++].index = i;
		}
	reconciliation_sort(r, n, compare_side);
	for (low = 0; low < n; low = high)
	{
		middle = low;
		while (middle < n && r->entry[middle].word == r->entry[low].word && !reconciliation_is_line(r, r->entry[middle].index))
			middle++;
		high = middle;
		while (high < n && r->entry[high].word == r->entry[low].word)
			high++;
		pair_amounts(r, low, middle, high, false, false);
		pair_amounts(r, low, middle, high, true, false);
		pair_amounts(r, low, middle, high, false, true);
	}
}

/* The search for a sum: candidates from the largest amount down, what those from each on come to, and the choice being tried. */
typedef struct SumSearch
{
	const Reconciliation *r;
	int			candidates;
	int32_t		candidate[RECONCILIATION_MOST_CANDIDATES];
	MoneyWide	rest[RECONCILIATION_MOST_CANDIDATES + 1];
	int			chosen;
	int32_t		choice[RECONCILIATION_MOST_MEMBERS];
	int			solutions;
	int			members;		/* of the first solution */
	int32_t		solution[RECONCILIATION_MOST_MEMBERS];
	int			steps;
} SumSearch;

static int64_t
size_of(const SumSearch *s, int at)
{
	int64_t		amount = s->r->item[s->candidate[at]].amount;

	return amount < 0 ? -amount : amount;
}

/* Among equal amounts the earlier is always chosen first, so that each choice of amounts is met once. */
static void
search(SumSearch *s, int from, int64_t left)
{
	int			i;

	if (left == 0)
	{
		if (s->solutions++ == 0)
			for (s->members = 0; s->members < s->chosen; s->members++)
				s->solution[s->members] = s->choice[s->members];
		return;
	}
	if (s->chosen == s->r->members)
		return;
	for (i = from; i < s->candidates && s->solutions < 2 && s->steps < MOST_STEPS && s->rest[i] >= left; i++)
	{
		s->steps++;
		if (size_of(s, i) > left || (i > from && size_of(s, i) == size_of(s, i - 1)))
			continue;
		s->choice[s->chosen++] = s->candidate[i];
		search(s, i + 1, left - size_of(s, i));
		s->chosen--;
	}
}

/* Puts a candidate in its place: larger amounts first, equal ones in order of time. False when there is no more room. */
static bool
add_candidate(SumSearch *s, int32_t index)
{
	int			at = s->candidates;
	int64_t		size = s->r->item[index].amount < 0 ? -s->r->item[index].amount : s->r->item[index].amount;

	if (s->candidates == s->r->candidates)
		return false;
	while (at > 0 && (size_of(s, at - 1) < size ||
					  (size_of(s, at - 1) == size && reconciliation_compare_tie(&s->r->item[s->candidate[at - 1]], &s->r->item[index]) > 0)))
	{
		s->candidate[at] = s->candidate[at - 1];
		at--;
	}
	s->candidate[at] = index;
	s->candidates++;
	return true;
}

static bool
may_be_member(const ReconciliationItem *target, const ReconciliationItem *item)
{
	if (!reconciliation_is_open(item) || (has_key(target) && has_key(item)) || (item->amount < 0) != (target->amount < 0))
		return false;
	return item->amount != 0 && (target->amount < 0 ? item->amount > target->amount : item->amount < target->amount);
}

/* Gathers from entries [low, high), in time order, what could be part of the target. False when there is too much. */
static bool
gather(SumSearch *s, const ReconciliationItem *target, int32_t low, int32_t high)
{
	int32_t		end = high;
	int32_t		looked = 0;

	s->candidates = 0;
	while (low < end)
	{
		int32_t		middle = low + (end - low) / 2;
		int64_t		at = s->r->item[s->r->entry[middle].index].at;

		if (at < target->at && !within(at, target->at, s->r->group_window))
			low = middle + 1;
		else
			end = middle;
	}
	for (; low < high && within(s->r->item[s->r->entry[low].index].at, target->at, s->r->group_window); low++)
		if (++looked > MOST_IN_WINDOW ||
			(may_be_member(target, &s->r->item[s->r->entry[low].index]) && !add_candidate(s, s->r->entry[low].index)))
			return false;
	return s->candidates > 1;
}

/* Whether the open items in entries [low, high) have exactly one choice of amounts that is the target; then it is matched. */
static void
match_target(const Reconciliation *r, int32_t target, int32_t low, int32_t high)
{
	SumSearch	s;
	const ReconciliationItem *item = &r->item[target];
	bool		line = reconciliation_is_line(r, target);
	int32_t		head = target;
	int			i;

	s.r = r;
	if (!reconciliation_is_open(item) || item->amount == 0 || !gather(&s, item, low, high))
		return;
	s.rest[s.candidates] = 0;
	for (i = s.candidates - 1; i >= 0; i--)
		s.rest[i] = s.rest[i + 1] + size_of(&s, i);
	s.chosen = s.solutions = s.steps = s.members = 0;
	search(&s, 0, item->amount < 0 ? -item->amount : item->amount);
	if (s.solutions != 1 || s.steps >= MOST_STEPS)
		return;
	for (i = 0; i < s.members && !line; i++)
		if (head == target || reconciliation_compare_tie(&r->item[s.solution[i]], &r->item[head]) < 0)
			head = s.solution[i];
	reconciliation_settle(r, target, RECONCILIATION_MATCH, line ? RULE_MANY_TO_ONE : RULE_ONE_TO_MANY, head);
	for (i = 0; i < s.members; i++)
		reconciliation_settle(r, s.solution[i], RECONCILIATION_MATCH, line ? RULE_MANY_TO_ONE : RULE_ONE_TO_MANY, head);
}

void
reconciliation_by_sum(const Reconciliation *r)
{
	int32_t		n = 0;
	int32_t		ours;
	int32_t		i;

	for (i = 0; i < r->ours + r->lines; i++)
		if (reconciliation_is_open(&r->item[i]))
		{
			r->entry[n].word = reconciliation_is_line(r, i);
			r->entry[n++].index = i;
		}
	reconciliation_sort(r, n, compare_side);
	for (ours = 0; ours < n && !reconciliation_is_line(r, r->entry[ours].index); ours++)
		;
	for (i = ours; i < n; i++)
		match_target(r, r->entry[i].index, 0, ours);
	for (i = 0; i < ours; i++)
		match_target(r, r->entry[i].index, ours, n);
}
