/*
 * reconciliation.c
 *		The rule of the reference, and what is said of the items that no rule matched.
 */
#include "core/reconciliation.h"

#include <stddef.h>
#include <string.h>

#include "core/reconciliation_part.h"
#include "core/wide.h"

int
reconciliation_compare_text(ReconciliationText a, ReconciliationText b)
{
	int32_t		shorter = a.length < b.length ? a.length : b.length;
	int			order;

	if (a.bytes == NULL || b.bytes == NULL)
		return (a.bytes != NULL) - (b.bytes != NULL);
	order = memcmp(a.bytes, b.bytes, (size_t) shorter);
	if (order != 0)
		return order;
	return (a.length > b.length) - (a.length < b.length);
}

int
reconciliation_compare_tie(const ReconciliationItem *a, const ReconciliationItem *b)
{
	int			order;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	order = reconciliation_compare_text(a->tie, b->tie);
	if (order != 0)
		return order;
	return (a->id > b->id) - (a->id < b->id);
}

uint64_t
reconciliation_word(int64_t value)
{
	return (uint64_t) value ^ (UINT64_C(1) << 63);
}

void
reconciliation_sort(const Reconciliation *r, int32_t n, ReconciliationCompare compare)
{
	ReconciliationEntry *from = r->entry;
	ReconciliationEntry *to = r->entry + r->ours + r->lines;
	int64_t		width;

	for (width = 1; width < n; width *= 2)
	{
		ReconciliationEntry *swap = from;
		int64_t		start;

		for (start = 0; start < n; start += 2 * width)
		{
			int64_t		a = start;
			int64_t		middle = start + width < n ? start + width : n;
			int64_t		b = middle;
			int64_t		end = start + 2 * width < n ? start + 2 * width : n;
			int64_t		k;

			for (k = start; k < end; k++)
			{
				bool		left = a < middle && (b >= end || from[a].word < from[b].word ||
												  (from[a].word == from[b].word && compare(r, from[a].index, from[b].index) <= 0));

				to[k] = left ? from[a++] : from[b++];
			}
		}
		from = to;
		to = swap;
	}
	if (from != r->entry)
		memcpy(r->entry, from, (size_t) n * sizeof(ReconciliationEntry));
}

static bool
is_out(const ReconciliationItem *item)
{
	return item->amount < 0;
}

/* Items of one reference and direction stand together, of one amount side by side: ours that live, ours that are dead, then lines. */
static int
compare_keyed(const Reconciliation *r, int32_t a, int32_t b)
{
	const ReconciliationItem *x = &r->item[a];
	const ReconciliationItem *y = &r->item[b];
	int			order = reconciliation_compare_text(x->key, y->key);

	if (order != 0)
		return order;
	if (is_out(x) != is_out(y))
		return is_out(x) - is_out(y);
	if (x->amount != y->amount)
		return x->amount < y->amount ? -1 : 1;
	if (reconciliation_is_line(r, a) != reconciliation_is_line(r, b))
		return reconciliation_is_line(r, a) - reconciliation_is_line(r, b);
	if (x->dead != y->dead)
		return x->dead - y->dead;
	return reconciliation_compare_tie(x, y);
}

/* The first open item at or after "from" of one side, alive or dead; "to" if there is none. */
static int32_t
next_open(const Reconciliation *r, int32_t from, int32_t to, bool line, bool dead)
{
	for (; from < to; from++)
	{
		const ReconciliationItem *item = &r->item[r->entry[from].index];

		if (item->outcome == RECONCILIATION_OPEN && item->dead == dead && reconciliation_is_line(r, r->entry[from].index) == line)
			break;
	}
	return from;
}

/*
 * Pairs open items of ours with open lines in order. A match of a reference is one match, whatever the number of its pairs: its head is the line
 * that was matched first.
 */
static void
pair_up(const Reconciliation *r, int32_t low, int32_t high, bool our_dead, bool line_dead, ReconciliationOutcome outcome, int32_t *head)
{
	int32_t		a = next_open(r, low, high, false, our_dead);
	int32_t		b = next_open(r, low, high, true, line_dead);

	while (a < high && b < high)
	{
		int32_t		line = r->entry[b].index;

		if (head != NULL && *head < 0)
			*head = line;
		reconciliation_settle(r, r->entry[a].index, outcome, RULE_KEY, head == NULL ? line : *head);
		reconciliation_settle(r, line, outcome, RULE_KEY, head == NULL ? line : *head);
		a = next_open(r, a + 1, high, false, our_dead);
		b = next_open(r, b + 1, high, true, line_dead);
	}
}

/* One open item against the sum of several, all of one reference. */
static void
match_sum(const Reconciliation *r, int32_t low, int32_t high, int32_t *head)
{
	int32_t		count[2] = {0, 0};
	MoneyWide	sum[2] = {0, 0};
	int32_t		k;

	for (k = low; k < high; k++)
		if (reconciliation_is_open(&r->item[r->entry[k].index]))
		{
			count[reconciliation_is_line(r, r->entry[k].index)]++;
			sum[reconciliation_is_line(r, r->entry[k].index)] += r->item[r->entry[k].index].amount;
		}
	if ((count[0] != 1 && count[1] != 1) || count[0] == 0 || count[1] == 0 || sum[0] != sum[1])
		return;
	if (*head < 0)
		*head = r->entry[next_open(r, low, high, true, false)].index;
	for (k = low; k < high; k++)
		if (reconciliation_is_open(&r->item[r->entry[k].index]))
			reconciliation_settle(r, r->entry[k].index, RECONCILIATION_MATCH, RULE_KEY_SUM, *head);
}

/* Calls what is left of a side a duplicate where that side has an item before it. */
static void
mark_duplicates(const Reconciliation *r, int32_t low, int32_t high, bool line, bool settled_only)
{
	bool		seen = false;
	int32_t		k;

	for (k = low; k < high; k++)
	{
		const ReconciliationItem *item = &r->item[r->entry[k].index];

		if (reconciliation_is_line(r, r->entry[k].index) == line && !item->dead)
			seen = seen || item->outcome != RECONCILIATION_OPEN;
	}
	for (k = low; k < high; k++)
	{
		int32_t		index = r->entry[k].index;

		if (reconciliation_is_line(r, index) != line || !reconciliation_is_open(&r->item[index]))
			continue;
		if (seen)
			reconciliation_settle(r, index, RECONCILIATION_DUPLICATE, RULE_KEY, -1);
		seen = seen || !settled_only;
	}
}

static int32_t
end_of_amount(const Reconciliation *r, int32_t low, int32_t high)
{
	int32_t		end = low;

	while (end < high && r->item[r->entry[end].index].amount == r->item[r->entry[low].index].amount)
		end++;
	return end;
}

/* The items of one reference and direction, entries [low, high). */
static void
judge_reference(const Reconciliation *r, int32_t low, int32_t high)
{
	int32_t		head = -1;
	int32_t		start;
	int32_t		end;

	for (start = low; start < high; start = end)
	{
		end = end_of_amount(r, start, high);
		pair_up(r, start, end, false, false, RECONCILIATION_MATCH, &head);
	}
	match_sum(r, low, high, &head);
	for (start = low; start < high; start = end)
	{
		end = end_of_amount(r, start, high);
		pair_up(r, start, end, false, true, RECONCILIATION_STATUS, NULL);
		pair_up(r, start, end, true, false, RECONCILIATION_STATUS, NULL);
		mark_duplicates(r, start, end, false, false);
		mark_duplicates(r, start, end, true, false);
	}
	pair_up(r, low, high, false, false, RECONCILIATION_AMOUNT, NULL);
	mark_duplicates(r, low, high, false, true);
	mark_duplicates(r, low, high, true, true);
}

/* Equal references have equal words; others rarely do, and then the references themselves decide. Which comes first does not matter. */
static uint64_t
scatter(ReconciliationText key)
{
	uint64_t	word = (uint64_t) (uint32_t) key.length;
	int32_t		i;

	for (i = 0; i < key.length; i += 8)
	{
		uint64_t	part = 0;

		memcpy(&part, key.bytes + i, (size_t) (key.length - i < 8 ? key.length - i : 8));
		word = (word ^ part) * UINT64_C(0x9e3779b97f4a7c15);
		word ^= word >> 29;
	}
	return word;
}

static void
match_references(const Reconciliation *r)
{
	int32_t		n = 0;
	int32_t		low;
	int32_t		high;
	int32_t		i;

	for (i = 0; i < r->ours + r->lines; i++)
		if (r->item[i].key.bytes != NULL && r->item[i].outcome == RECONCILIATION_OPEN)
		{
			r->entry[n].word = scatter(r->item[i].key);
			r->entry[n++].index = i;
		}
	reconciliation_sort(r, n, compare_keyed);
	for (low = 0; low < n; low = high)
	{
		const ReconciliationItem *first = &r->item[r->entry[low].index];

		for (high = low + 1; high < n; high++)
		{
			const ReconciliationItem *other = &r->item[r->entry[high].index];

			if (r->entry[high].word != r->entry[low].word || is_out(first) != is_out(other) ||
				reconciliation_compare_text(first->key, other->key) != 0)
				break;
		}
		if (high - low > 1)
			judge_reference(r, low, high);
	}
}

Fault
reconciliation_match(Reconciliation *r)
{
	int32_t		i;

	if (r->ours < 0 || r->lines < 0 || r->ours > INT32_MAX / 2 - r->lines || r->window < 0 || r->group_window < 0 ||
		r->members < 0 || r->members > RECONCILIATION_MOST_MEMBERS || r->candidates < 0 || r->candidates > RECONCILIATION_MOST_CANDIDATES)
		return fault_at(FAULT_ARGUMENT, -1, 0);
	for (i = 0; i < r->ours + r->lines; i++)
	{
		ReconciliationItem *item = &r->item[i];

		if (item->amount == INT64_MIN)
			return fault_at(FAULT_OVERFLOW, i, item->amount);
		item->outcome = item->taken && !item->dead ? RECONCILIATION_DUPLICATE : RECONCILIATION_OPEN;
		item->rule = item->taken && !item->dead ? RULE_KEY : RULE_NONE;
		item->head = -1;
	}
	match_references(r);
	reconciliation_by_amount(r);
	if (r->members > 1)
		reconciliation_by_sum(r);
	for (i = 0; i < r->ours + r->lines; i++)
		if (r->item[i].outcome == RECONCILIATION_OPEN)
			r->item[i].outcome = r->item[i].dead ? RECONCILIATION_VOID : r->item[i].transit ? RECONCILIATION_TRANSIT : RECONCILIATION_ONLY;
	return fault_none();
}
