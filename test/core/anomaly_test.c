/*
 * anomaly_test.c
 *		Which line repeats another, net of what was taken back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/anomaly.h"
#include "random.h"

/* Entries are given as {id, reverses, quantity, key, item, day, fresh, scratch}. */
static int
repeats(LineEntry *entries, int n, int self)
{
	anomaly_net(entries, n);
	return anomaly_repeats(entries, n, self);
}

static void
finds_the_line_before(void **state)
{
	LineEntry lines[] = {{1, 0, 1, 1, 7, 100, false, 0}, {2, 0, 1, 2, 8, 100, false, 0}, {3, 0, 1, 3, 7, 101, false, 0}, {4, 0, 2, 4, 7, 100, false, 0}};

	(void) state;
	assert_int_equal(repeats(lines, 4, 3), 0);
	assert_int_equal(repeats(lines, 4, 2), -1);
	assert_int_equal(repeats(lines, 4, 0), 3); /* posted elsewhere, whatever its id */
	assert_int_equal(repeats(lines, 4, -1), -1);
	assert_int_equal(repeats(lines, 4, 4), -1);
}

static void
nets_linked_reversals(void **state)
{
	/* line 1 is taken back whole, on another day; line 3 is then the first of its day */
	LineEntry whole[] = {{1, 0, 2, 1, 7, 100, false, 0}, {2, 1, -2, 2, 7, 105, false, 0}, {3, 0, 1, 3, 7, 100, false, 0}};
	/* taken back in part, it is still there */
	LineEntry part[] = {{1, 0, 2, 1, 7, 100, false, 0}, {2, 1, -1, 2, 7, 105, false, 0}, {3, 0, 1, 3, 7, 100, false, 0}};
	/* the refund itself was undone by the deletion of its row */
	LineEntry undone[] = {{1, 0, 2, 1, 7, 100, false, 0}, {2, 1, -2, 2, 7, 105, false, 0}, {3, 2, 2, 2, 7, 105, false, 0}, {4, 0, 1, 4, 7, 100, false, 0}};

	(void) state;
	assert_int_equal(repeats(whole, 3, 2), -1);
	assert_int_equal(repeats(part, 3, 2), 0);
	assert_int_equal(repeats(undone, 4, 3), 0);
}

static void
nets_negative_lines_oldest_first(void **state)
{
	LineEntry lines[] = {{1, 0, 1, 1, 7, 100, false, 0}, {2, 0, 1, 2, 7, 100, false, 0}, {3, 0, -1, 3, 7, 100, false, 0}, {4, 0, 1, 4, 7, 100, false, 0}};
	/* of another day, it takes nothing back here */
	LineEntry other[] = {{1, 0, 1, 1, 7, 100, false, 0}, {2, 0, -1, 2, 7, 101, false, 0}, {3, 0, 1, 3, 7, 100, false, 0}};

	(void) state;
	assert_int_equal(repeats(lines, 4, 3), 1);
	assert_int_equal(lines[0].left, 0);
	assert_int_equal(repeats(other, 3, 2), 0);
}

/* The charge was corrected after its refund: the refund follows the row to its new entry. */
static void
follows_a_corrected_row(void **state)
{
	LineEntry lines[] = {{1, 0, 1, 1, 7, 100, false, 0}, {2, 1, -1, 2, 7, 101, false, 0}, {3, 1, -1, 1, 7, 100, false, 0},
		{4, 0, 1, 1, 7, 100, false, 0}, {5, 0, 1, 5, 7, 100, false, 0}};

	(void) state;
	assert_int_equal(repeats(lines, 5, 4), -1);
	assert_int_equal(lines[3].left, 0);
}

/* Ids of two sessions say nothing about who was first; within one batch only the later line repeats the earlier. */
static void
looks_both_ways(void **state)
{
	LineEntry lines[] = {{8, 0, 1, 8, 7, 100, true, 0}, {9, 0, 1, 9, 7, 100, false, 0}};
	LineEntry both[] = {{8, 0, 1, 8, 7, 100, true, 0}, {9, 0, 1, 9, 7, 100, true, 0}};

	(void) state;
	assert_int_equal(repeats(lines, 2, 0), 1);
	assert_int_equal(repeats(both, 2, 0), -1);
	assert_int_equal(repeats(both, 2, 1), 0);
}

static void
survives_the_largest_numbers(void **state)
{
	LineEntry lines[] = {{1, 0, INT64_MAX, 1, 7, 100, false, 0}, {2, 0, INT64_MIN, 2, 7, 100, false, 0}, {3, 0, 1, 3, 7, 100, false, 0}};

	(void) state;
	assert_int_equal(repeats(lines, 3, 2), -1);
	assert_int_equal(lines[0].left, 0);
}

/* Nothing is made and nothing lost: what lines keep and what was taken from them is what they were. */
static void
conserves_quantities(void **state)
{
	(void) state;
	random_begin("anomaly");
	for (int round = 0; round < 20000; round++)
	{
		LineEntry lines[24];
		int n = 1 + random_below(24);
		int64_t charged = 0, given_back = 0, left = 0;

		memset(lines, 0, sizeof(lines));
		for (int i = 0; i < n; i++)
		{
			int original = i > 0 ? random_below(i) : 0;

			lines[i] = (LineEntry) {i + 1, 0, 1 + random_below(5), i + 1, random_below(2), random_below(2), false, 0};
			if (i > 0 && random_below(3) == 0 && lines[original].reverses == 0 && lines[original].quantity > 0)
			{
				lines[i] = lines[original];
				lines[i].entry_id = i + 1;
				lines[i].reverses = original + 1;
				/* half are the row's own change, half refunds by a row of their own */
				lines[i].key = random_below(2) ? i + 1 : lines[original].key;
				lines[i].quantity = -1 - random_below((int) lines[original].quantity);
			}
			if (lines[i].quantity > 0)
				charged += lines[i].quantity;
			else
				given_back -= lines[i].quantity;
		}
		anomaly_net(lines, n);
		for (int i = 0; i < n; i++)
		{
			assert_true(lines[i].left >= 0);
			if (lines[i].quantity > 0)
				left += lines[i].left;
			else
				given_back -= lines[i].left; /* more than there was to take */
		}
		assert_int_equal(left, charged - given_back);
		for (int self = 0; self < n; self++)
		{
			int other = anomaly_repeats(lines, n, self);

			if (other >= 0)
				assert_true(lines[other].item == lines[self].item && lines[other].day == lines[self].day &&
							lines[other].left > 0 && lines[self].left > 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_line_before),
		cmocka_unit_test(nets_linked_reversals),
		cmocka_unit_test(nets_negative_lines_oldest_first),
		cmocka_unit_test(follows_a_corrected_row),
		cmocka_unit_test(looks_both_ways),
		cmocka_unit_test(survives_the_largest_numbers),
		cmocka_unit_test(conserves_quantities),
	};

	return cmocka_run_group_tests_name("anomaly", tests, NULL, NULL);
}
