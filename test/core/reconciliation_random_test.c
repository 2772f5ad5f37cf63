/*
 * reconciliation_random_test.c
 *		The matcher against one that tries everything, over small random days; and whatever the order of the items.
 */
#include "reconciliation_model.h"
#include "random.h"

#define ROUNDS 20000

static void
draw_day(void)
{
	static const char *const keys[] = {NULL, "a", "ab", "b"};
	static const char *const ties[] = {"x", "y"};
	int			n = random_below(8);
	int			m = random_below(8);
	int			keyed = 1 + random_below(4);
	int			most = 1 + random_below(9);
	int			i;

	day_begin(&d);
	d.r.members = random_below(6);
	d.r.members = d.r.members == 1 ? 0 : d.r.members;
	d.r.candidates = random_below(9);
	d.r.window = random_below(6);
	d.r.group_window = random_below(9);
	for (i = 0; i < n + m; i++)
	{
		ReconciliationItem *item = (i < n ? ours : line) (&d, keys[random_below(keyed)], random_below(4) ? 1 + random_below(most) : -random_below(most), random_below(10));

		item->tie = text_of(ties[random_below(2)]);
		item->dead = random_below(6) == 0;
		item->transit = random_below(4) == 0;
		/* what is taken is so for all of a reference and direction */
		item->taken = item->key.bytes != NULL && item->key.bytes[0] == 'b' && most > 7;
	}
}

static void
same_as_before(const char *what, int round)
{
	int			i;

	for (i = 0; i < d.r.ours + d.r.lines; i++)
		if (d.item[i].outcome != b[i].outcome || d.item[i].rule != b[i].rule || d.item[i].head != b[i].head)
			fail_msg("%s, round %d, item %d: outcome %d rule %d head %d, not %d %d %d", what, round, i, d.item[i].outcome, d.item[i].rule,
					 d.item[i].head, b[i].outcome, b[i].rule, b[i].head);
}

static void
says_what_trying_everything_says(void **state)
{
	int			round;
	long		seen[RULE_MANY_TO_ONE + 1] = {0};
	int			i;

	(void) state;
	random_begin("says_what_trying_everything_says");
	for (round = 0; round < ROUNDS; round++)
	{
		draw_day();
		try_everything();
		if (d.r.members == 0)
			for (i = 0; i < d.r.ours + d.r.lines; i++)
				assert_true(b[i].rule < RULE_ONE_TO_MANY);
		assert_int_equal(reconciliation_match(&d.r).code, FAULT_NONE);
		same_as_before("matched", round);
		for (i = 0; i < d.r.ours + d.r.lines; i++)
			seen[d.item[i].rule]++;
	}
	for (i = 0; i <= RULE_MANY_TO_ONE; i++)
		assert_true(seen[i] > 30);
}

static void
shuffle(int from, int n, int *place)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		int			j = random_below(n - i) + i;
		ReconciliationItem swap = d.item[from + i];
		int			at = place[from + i];

		d.item[from + i] = d.item[from + j];
		d.item[from + j] = swap;
		place[from + i] = place[from + j];
		place[from + j] = at;
	}
}

static void
says_the_same_in_any_order(void **state)
{
	int			round;

	(void) state;
	random_begin("says_the_same_in_any_order");
	for (round = 0; round < ROUNDS; round++)
	{
		int			place[MOST];	/* where the item at i stood before */
		int			i;

		draw_day();
		assert_int_equal(reconciliation_match(&d.r).code, FAULT_NONE);
		memcpy(b, d.item, sizeof(b));
		for (i = 0; i < MOST; i++)
			place[i] = i;
		shuffle(0, d.r.ours, place);
		shuffle(d.r.ours, d.r.lines, place);
		assert_int_equal(reconciliation_match(&d.r).code, FAULT_NONE);
		for (i = 0; i < d.r.ours + d.r.lines; i++)
		{
			int			head = d.item[i].head;

			assert_int_equal(d.item[i].outcome, b[place[i]].outcome);
			assert_int_equal(d.item[i].rule, b[place[i]].rule);
			assert_int_equal(head < 0 ? -1 : place[d.r.ours + head] - d.r.ours, b[place[i]].head);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_trying_everything_says),
		cmocka_unit_test(says_the_same_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
