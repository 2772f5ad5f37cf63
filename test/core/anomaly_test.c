/*
 * anomaly_test.c
 *		What is left of lines when reversals have taken what they take.
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

#define LINE(id, undoes, q, row, of_item, on_day) \
	{.entry_id = (id), .reverses = (undoes), .quantity = (q), .key = (row), .item = (of_item), .day = (on_day)}

static void
leaves(LineEntry *entries, int n, const int64_t *expected)
{
	anomaly_net(entries, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(entries[i].left, expected[i]);
}

static void
nets_linked_reversals(void **state)
{
	/* line 1 is taken back whole, on another day */
	LineEntry whole[] = {LINE(1, 0, 2, 1, 7, 100), LINE(2, 1, -2, 2, 7, 105), LINE(3, 0, 1, 3, 7, 100)};
	LineEntry part[] = {LINE(1, 0, 2, 1, 7, 100), LINE(2, 1, -1, 2, 7, 105), LINE(3, 0, 1, 3, 7, 100)};
	/* the refund itself was undone by the deletion of its row */
	LineEntry undone[] = {LINE(1, 0, 2, 1, 7, 100), LINE(2, 1, -2, 2, 7, 105), LINE(3, 2, 2, 2, 7, 105), LINE(4, 0, 1, 4, 7, 100)};

	(void) state;
	leaves(whole, 3, (int64_t[]) {0, 0, 1});
	leaves(part, 3, (int64_t[]) {1, 0, 1});
	leaves(undone, 4, (int64_t[]) {2, 0, 0, 1});
}

static void
nets_negative_lines_oldest_first(void **state)
{
	LineEntry lines[] = {LINE(1, 0, 1, 1, 7, 100), LINE(2, 0, 1, 2, 7, 100), LINE(3, 0, -1, 3, 7, 100), LINE(4, 0, 1, 4, 7, 100)};
	/* of another day, it takes nothing back here */
	LineEntry other[] = {LINE(1, 0, 1, 1, 7, 100), LINE(2, 0, -1, 2, 7, 101), LINE(3, 0, 1, 3, 7, 100)};

	(void) state;
	leaves(lines, 4, (int64_t[]) {0, 1, 0, 1});
	leaves(other, 3, (int64_t[]) {1, 1, 1});
}

/* The charge was corrected after its refund: the refund follows the row to its new entry. */
static void
follows_a_corrected_row(void **state)
{
	LineEntry lines[] = {LINE(1, 0, 1, 1, 7, 100), LINE(2, 1, -1, 2, 7, 101), LINE(3, 1, -1, 1, 7, 100), LINE(4, 0, 1, 1, 7, 100),
		LINE(5, 0, 1, 5, 7, 100)};

	(void) state;
	leaves(lines, 5, (int64_t[]) {0, 0, 0, 0, 1});
}

static void
survives_the_largest_numbers(void **state)
{
	LineEntry lines[] = {LINE(1, 0, INT64_MAX, 1, 7, 100), LINE(2, 0, INT64_MIN, 2, 7, 100), LINE(3, 0, 1, 3, 7, 100)};

	(void) state;
	leaves(lines, 3, (int64_t[]) {0, 0, 1});
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

			lines[i] = (LineEntry) LINE(i + 1, 0, 1 + random_below(5), i + 1, random_below(2), random_below(2));
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
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nets_linked_reversals),
		cmocka_unit_test(nets_negative_lines_oldest_first),
		cmocka_unit_test(follows_a_corrected_row),
		cmocka_unit_test(survives_the_largest_numbers),
		cmocka_unit_test(conserves_quantities),
	};

	return cmocka_run_group_tests_name("anomaly", tests, NULL, NULL);
}
