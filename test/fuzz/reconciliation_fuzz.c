/*
 * reconciliation_fuzz.c
 *		A match is exact, of live items, and never of two references; every item gets one outcome.
 */
#include "core/money.h"
#include "core/reconciliation.h"
#include "input.h"

#define MOST 96					/* items of both sides */

typedef struct Group
{
	MoneyWide	sum[2];
	int			count[2];
} Group;

static bool
same_reference(const ReconciliationItem *a, const ReconciliationItem *b)
{
	if (a->key.bytes == NULL || b->key.bytes == NULL)
		return true;
	return a->key.length == b->key.length && memcmp(a->key.bytes, b->key.bytes, (size_t) a->key.length) == 0;
}

static void
check_item(const Reconciliation *r, int index, Group *group)
{
	const ReconciliationItem *item = &r->item[index];
	bool		line = index >= r->ours;
	Group	   *g;

	LAW(item->outcome != RECONCILIATION_OPEN);
	LAW((item->outcome == RECONCILIATION_VOID) <= item->dead);
	LAW(item->outcome != RECONCILIATION_MATCH || !item->dead);
	LAW(item->outcome != RECONCILIATION_TRANSIT || item->transit);
	LAW((item->head >= 0) == (item->outcome == RECONCILIATION_MATCH || item->outcome == RECONCILIATION_AMOUNT || item->outcome == RECONCILIATION_STATUS));
	LAW(item->rule < RULE_ONE_TO_MANY || r->members > 1);
	if (item->head < 0)
		return;
	LAW(item->head < r->lines);
	LAW(r->item[r->ours + item->head].outcome == item->outcome && r->item[r->ours + item->head].head == item->head);
	g = &group[item->head];
	g->sum[line] += item->amount;
	g->count[line]++;
	LAW(line || item->rule == RULE_MANY_TO_ONE || item->rule == RULE_ONE_TO_MANY || same_reference(item, &r->item[r->ours + item->head]));
}

static void
check_laws(const Reconciliation *r)
{
	Group		group[MOST];
	int			i;

	memset(group, 0, sizeof(group));
	for (i = 0; i < r->ours + r->lines; i++)
		check_item(r, i, group);
	for (i = 0; i < r->lines; i++)
	{
		const ReconciliationItem *line = &r->item[r->ours + i];

		if (group[i].count[1] == 0)
			continue;
		LAW(group[i].count[0] > 0);
		if (line->outcome == RECONCILIATION_MATCH)
			LAW(group[i].sum[0] == group[i].sum[1]);
		else
			LAW(group[i].count[0] == 1 && group[i].count[1] == 1);
		if (line->rule == RULE_MANY_TO_ONE)
			LAW(group[i].count[1] == 1 && group[i].count[0] > 1 && group[i].count[0] <= r->members);
		if (line->rule == RULE_ONE_TO_MANY)
			LAW(group[i].count[0] == 1 && group[i].count[1] > 1 && group[i].count[1] <= r->members);
	}
}

static void
draw_item(Input *input, ReconciliationItem *item, int id)
{
	int			kind = draw_byte(input);

	memset(item, 0, sizeof(*item));
	item->id = id;
	item->dead = (kind & 7) == 7;
	item->taken = (kind & 24) == 24;
	item->transit = kind & 32;
	if (kind & 64)
	{
		item->key.length = draw_below(input, 12);
		item->key.bytes = (const char *) input->next;
		if ((size_t) item->key.length > input->left)
			item->key.length = (int32_t) input->left;
		input->next += item->key.length;
		input->left -= (size_t) item->key.length;
	}
	item->amount = kind & 128 ? draw_number(input) : draw_below(input, 16);
	item->at = kind & 128 ? draw_number(input) : draw_below(input, 16);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};
	Reconciliation r = {0};
	Fault		fault;
	bool		fits = true;
	int			i;

	r.ours = draw_below(&input, MOST / 2);
	r.lines = draw_below(&input, MOST / 2);
	r.window = draw_below(&input, 32);
	r.group_window = draw_below(&input, 32);
	r.members = draw_below(&input, RECONCILIATION_MOST_MEMBERS + 2);
	r.candidates = draw_below(&input, RECONCILIATION_MOST_CANDIDATES + 2);
	r.item = exactly(sizeof(ReconciliationItem) * (size_t) (r.ours + r.lines));
	r.entry = exactly(sizeof(ReconciliationEntry) * 2 * (size_t) (r.ours + r.lines));
	for (i = 0; i < r.ours + r.lines; i++)
	{
		draw_item(&input, &r.item[i], i);
		fits = fits && r.item[i].amount != INT64_MIN;
	}
	fault = reconciliation_match(&r);
	LAW(fault.code == FAULT_NONE || (fault.code == FAULT_OVERFLOW && !fits) ||
		(fault.code == FAULT_ARGUMENT && (r.members > RECONCILIATION_MOST_MEMBERS || r.candidates > RECONCILIATION_MOST_CANDIDATES)));
	if (fault.code == FAULT_NONE)
		check_laws(&r);
	free(r.item);
	free(r.entry);
	return 0;
}
