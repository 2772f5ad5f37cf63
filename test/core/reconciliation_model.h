/*
 * reconciliation_model.h
 *		A matcher that tries everything: the rules as sentences over all pairs and all subsets.
 */
#ifndef HC_TEST_RECONCILIATION_MODEL_H
#define HC_TEST_RECONCILIATION_MODEL_H

#include <stdlib.h>

#include "reconciliation_fixture.h"

static Day	d;
static ReconciliationItem b[MOST];	/* what trying everything says */

static inline bool
before(int x, int y)
{
	int			order;

	if (b[x].at != b[y].at)
		return b[x].at < b[y].at;
	order = strcmp(b[x].tie.bytes, b[y].tie.bytes);
	return order != 0 ? order < 0 : b[x].id < b[y].id;
}

static inline bool
is_line(int x)
{
	return x >= d.r.ours;
}

static inline bool
same_reference(int x, int y)
{
	return b[x].key.bytes != NULL && b[y].key.bytes != NULL && strcmp(b[x].key.bytes, b[y].key.bytes) == 0 &&
		(b[x].amount < 0) == (b[y].amount < 0);
}

static inline void
settle(int x, ReconciliationOutcome outcome, ReconciliationRule rule, int head)
{
	b[x].outcome = outcome;
	b[x].rule = rule;
	b[x].head = head < 0 ? -1 : head - d.r.ours;
}

/* The least open item of a side, alive or dead, with the reference of x; by amount first where that counts. -1 if none. */
static inline int
least(int x, bool line, bool dead, bool of_amount, int64_t amount)
{
	int			found = -1;
	int			i;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (same_reference(i, x) && is_line(i) == line && b[i].dead == dead && b[i].outcome == RECONCILIATION_OPEN &&
			(!of_amount || b[i].amount == amount) &&
			(found < 0 || b[i].amount < b[found].amount || (b[i].amount == b[found].amount && before(i, found))))
			found = i;
	return found;
}

static inline int
head_of(int x)
{
	int			i;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (same_reference(i, x) && b[i].outcome == RECONCILIATION_MATCH)
			return b[i].head + d.r.ours;
	return -1;
}

static inline void
try_pairs(bool our_dead, bool line_dead, bool of_amount, ReconciliationOutcome outcome)
{
	int			a;
	int64_t		amount;
	int			x;
	int			y;
	int			head;

	for (amount = -10; amount <= 10; amount++)
		for (a = 0; a < d.r.ours; a++)
			for (;;)
			{
				if (!of_amount && amount > -10)
					break;
				x = least(a, false, our_dead, of_amount, amount);
				y = x < 0 ? -1 : least(a, true, line_dead, of_amount, amount);
				if (y < 0)
					break;
				head = outcome == RECONCILIATION_MATCH && head_of(x) >= 0 ? head_of(x) : y;
				settle(x, outcome, RULE_KEY, head);
				settle(y, outcome, RULE_KEY, head);
			}
}

static inline void
try_reference_sums(void)
{
	int			a;
	int			i;

	for (a = 0; a < d.r.ours; a++)
	{
		int			count[2] = {0, 0};
		int64_t		sum[2] = {0, 0};
		int			head = head_of(a);

		for (i = 0; i < d.r.ours + d.r.lines; i++)
			if (same_reference(i, a) && !b[i].dead && b[i].outcome == RECONCILIATION_OPEN)
			{
				count[is_line(i)]++;
				sum[is_line(i)] += b[i].amount;
			}
		if (count[0] * count[1] == 0 || (count[0] > 1 && count[1] > 1) || sum[0] != sum[1])
			continue;
		head = head >= 0 ? head : least(a, true, false, false, 0);
		for (i = 0; i < d.r.ours + d.r.lines; i++)
			if (same_reference(i, a) && !b[i].dead && b[i].outcome == RECONCILIATION_OPEN)
				settle(i, RECONCILIATION_MATCH, RULE_KEY_SUM, head);
	}
}

/* Duplicates: beside a settled item of its own side and reference; or, of the same amount, after an open one. */
static inline void
try_duplicates(bool of_amount)
{
	bool		duplicate[MOST] = {false};
	int			i;
	int			j;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		for (j = 0; j < d.r.ours + d.r.lines; j++)
			if (i != j && same_reference(i, j) && is_line(i) == is_line(j) && !b[i].dead && !b[j].dead &&
				b[i].outcome == RECONCILIATION_OPEN && (!of_amount || b[i].amount == b[j].amount) && !b[j].taken &&
				(b[j].outcome != RECONCILIATION_OPEN || (of_amount && before(j, i))))
				duplicate[i] = true;
	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (duplicate[i])
			settle(i, RECONCILIATION_DUPLICATE, RULE_KEY, -1);
}

static inline bool
open_item(int x)
{
	return b[x].outcome == RECONCILIATION_OPEN && !b[x].dead;
}

static inline bool
near(int x, int y, int64_t window)
{
	int64_t		distance = b[x].at - b[y].at;

	return distance <= window && -distance <= window;
}

/* The most pairs there can be between ours from x on and the lines not yet used. */
static inline int
most_pairs(int x, unsigned used, int64_t amount, bool our_key, bool line_key)
{
	int			most;
	int			y;

	if (x == d.r.ours)
		return 0;
	most = most_pairs(x + 1, used, amount, our_key, line_key);
	if (!open_item(x) || b[x].amount != amount || (b[x].key.bytes != NULL) != our_key)
		return most;
	for (y = d.r.ours; y < d.r.ours + d.r.lines; y++)
		if (!(used & 1u << y) && open_item(y) && b[y].amount == amount && (b[y].key.bytes != NULL) == line_key && near(x, y, d.r.window))
		{
			int			with = 1 + most_pairs(x + 1, used | 1u << y, amount, our_key, line_key);

			most = with > most ? with : most;
		}
	return most;
}

/* The earliest of one side that is open, has this amount and a key or none, and is not yet tried. */
static inline int
earliest(bool line, int64_t amount, bool key, unsigned tried, int near_to)
{
	int			found = -1;
	int			i;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (is_line(i) == line && open_item(i) && b[i].amount == amount && (b[i].key.bytes != NULL) == key && !(tried & 1u << i) &&
			(near_to < 0 || near(i, near_to, d.r.window)) && (found < 0 || before(i, found)))
			found = i;
	return found;
}

static inline void
try_amounts(bool our_key, bool line_key)
{
	int64_t		amount;

	for (amount = -10; amount <= 10; amount++)
	{
		unsigned	tried = 0;
		int			most = most_pairs(0, 0, amount, our_key, line_key);
		int			pairs = 0;
		int			x;

		while ((x = earliest(false, amount, our_key, tried, -1)) >= 0)
		{
			int			y = earliest(true, amount, line_key, tried, x);

			tried |= 1u << x;
			if (y < 0)
				continue;
			settle(x, RECONCILIATION_MATCH, RULE_AMOUNT, y);
			settle(y, RECONCILIATION_MATCH, RULE_AMOUNT, y);
			pairs++;
		}
		assert_int_equal(pairs, most);
	}
}

static inline bool
may_be_part(int target, int x)
{
	return open_item(x) && is_line(x) != is_line(target) && near(x, target, d.r.group_window) &&
		(b[x].key.bytes == NULL || b[target].key.bytes == NULL) && b[x].amount != 0 && b[x].amount * b[target].amount > 0 &&
		llabs(b[x].amount) < llabs(b[target].amount);
}

/* Of two sets, the same amounts? */
static inline bool
same_amounts(unsigned x, unsigned y)
{
	int			balance[21] = {0};
	int			i;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		balance[b[i].amount + 10] += (x >> i & 1) - (y >> i & 1);
	for (i = 0; i < 21; i++)
		if (balance[i] != 0)
			return false;
	return true;
}

/* Is each member the earliest of its amount that could have been taken? */
static inline bool
takes_the_earliest(int target, unsigned set)
{
	int			i;
	int			j;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		for (j = 0; j < d.r.ours + d.r.lines; j++)
			if ((set >> i & 1) && !(set >> j & 1) && may_be_part(target, j) && b[i].amount == b[j].amount && before(j, i))
				return false;
	return true;
}

static inline void
try_sum(int target)
{
	unsigned	candidates = 0;
	unsigned	found = 0;
	unsigned	set;
	int			count = 0;
	int			i;
	int			head = target;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (open_item(target) && may_be_part(target, i))
			candidates |= 1u << i;
	if (__builtin_popcount(candidates) > d.r.candidates)
		return;
	for (set = candidates; set != 0; set = (set - 1) & candidates)
	{
		int64_t		sum = 0;

		for (i = 0; i < MOST; i++)
			sum += set >> i & 1 ? b[i].amount : 0;
		if (sum != b[target].amount || __builtin_popcount(set) > d.r.members || !takes_the_earliest(target, set))
			continue;
		if (count++ > 0)
			assert_false(same_amounts(set, found));
		found = set;
	}
	if (count != 1)
		return;
	for (i = d.r.ours; i < d.r.ours + d.r.lines; i++)
		if (!is_line(target) && (found >> i & 1) && (head == target || before(i, head)))
			head = i;
	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if ((found >> i & 1) || i == target)
			settle(i, RECONCILIATION_MATCH, is_line(target) ? RULE_MANY_TO_ONE : RULE_ONE_TO_MANY, head);
}

static inline void
try_sums(bool line)
{
	unsigned	tried = 0;
	int			i;

	for (;;)
	{
		int			next = -1;

		for (i = 0; i < d.r.ours + d.r.lines; i++)
			if (is_line(i) == line && !(tried & 1u << i) && (next < 0 || before(i, next)))
				next = i;
		if (next < 0)
			return;
		tried |= 1u << next;
		try_sum(next);
	}
}

static inline void
try_everything(void)
{
	int			i;

	memcpy(b, d.item, sizeof(b));
	for (i = 0; i < d.r.ours + d.r.lines; i++)
		settle(i, b[i].taken && !b[i].dead ? RECONCILIATION_DUPLICATE : RECONCILIATION_OPEN, b[i].taken && !b[i].dead ? RULE_KEY : RULE_NONE, -1);
	try_pairs(false, false, true, RECONCILIATION_MATCH);
	try_reference_sums();
	try_pairs(false, true, true, RECONCILIATION_STATUS);
	try_pairs(true, false, true, RECONCILIATION_STATUS);
	try_duplicates(true);
	try_pairs(false, false, false, RECONCILIATION_AMOUNT);
	try_duplicates(false);
	try_amounts(false, false);
	try_amounts(true, false);
	try_amounts(false, true);
	try_sums(true);
	try_sums(false);
	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (b[i].outcome == RECONCILIATION_OPEN)
			b[i].outcome = b[i].dead ? RECONCILIATION_VOID : b[i].transit ? RECONCILIATION_TRANSIT : RECONCILIATION_ONLY;
}

#endif							/* HC_TEST_RECONCILIATION_MODEL_H */
