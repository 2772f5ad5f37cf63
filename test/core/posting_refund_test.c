/*
 * posting_refund_test.c
 *		Refunds of a charge: what is left, what fits, what closes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/posting.h"
#include "core/posting_refund.h"
#include "random.h"

#define CHANGED FLAG_SOURCE_CHANGED

static void
counts_what_was_given_back(void **state)
{
	(void) state;
	/* 10: the original; 20: a part; 30, 31: a part taken back; 40: another row's refund; 50: a later version of the original; 60: a part of that */
	RefundEntry entries[] = {
		{10, 0, 30000, 10000, 0, true, false},
		{11, 10, -30000, -10000, CHANGED, true, false},
		{20, 10, -10000, -3333, 0, false, false},
		{30, 10, -10000, -3333, 0, false, false},
		{31, 30, 10000, 3333, CHANGED, false, false},
		{39, 0, 10000, 500, 0, false, false},
		{40, 39, -10000, -500, 0, false, false},
		{50, 0, 40000, 13333, 0, true, false},
		{60, 50, -5000, -1667, 0, false, false},
	};
	RefundLeft left = {40000, 13333};

	posting_refund_left(entries, 9, &left);
	assert_int_equal(left.quantity, 25000);
	assert_int_equal(left.amount, 8333);
	assert_true(entries[2].refund && entries[3].refund && entries[8].refund);
	assert_false(entries[0].refund || entries[1].refund || entries[6].refund);

	left = (RefundLeft) {5, 7};
	posting_refund_left(NULL, 0, &left);
	assert_int_equal(left.quantity, 5);
	assert_int_equal(left.amount, 7);
}

static void
refuses_too_much(void **state)
{
	(void) state;
	const RefundLeft left = {25000, 8333};
	const RefundLeft none = {0, 0};
	const RefundLeft less_than_none = {-5000, -100};
	bool closes;

	assert_true(posting_refund_fits(&left, -10000, false, 0, &closes));
	assert_false(closes);
	assert_true(posting_refund_fits(&left, -25000, false, 0, &closes));
	assert_true(closes);
	assert_false(posting_refund_fits(&left, -25001, false, 0, &closes));
	assert_false(closes);
	assert_true(posting_refund_fits(&left, -1, true, -8333, &closes));
	assert_false(posting_refund_fits(&left, -1, true, -8334, &closes));
	/* money only: nothing is closed by it */
	assert_true(posting_refund_fits(&left, 0, true, -8333, &closes));
	assert_false(closes);
	assert_false(posting_refund_fits(&none, -1, false, 0, &closes));
	assert_true(posting_refund_fits(&none, 0, true, 0, &closes));
	assert_false(closes);
	assert_false(posting_refund_fits(&less_than_none, 0, false, 0, &closes));
}

static int
by_entry_id(const void *a, const void *b)
{
	int64_t x = ((const RefundEntry *) a)->entry_id;
	int64_t y = ((const RefundEntry *) b)->entry_id;

	return x < y ? -1 : x > y;
}

/* A random life of one charge among others; the model only keeps sums. Ids are dealt out of order, as sessions do. */
static void
agrees_with_the_sums(void **state)
{
	(void) state;
	random_begin("refunds");
	for (int round = 0; round < 20000; round++)
	{
		RefundEntry entries[60];
		int64_t ids[60];
		int live[60], live_count = 0, n = 0;
		RefundLeft model, left, original = {1 + random_below(100000), random_below(1000000)};

		for (int i = 0; i < 60; i++)
			ids[i] = i * 7 % 61 + 1;
		entries[n] = (RefundEntry) {ids[n], 0, original.quantity, original.amount, 0, true, false};
		n++;
		model = original;
		while (n < 60 && random_below(20) > 0)
		{
			if (live_count > 0 && random_below(3) == 0)
			{
				int at = random_below(live_count);
				const RefundEntry *undone = &entries[live[at]];

				entries[n] = (RefundEntry) {ids[n], undone->entry_id, -undone->quantity, -undone->amount, FLAG_SOURCE_CHANGED, false, false};
				model.quantity += entries[n].quantity;
				model.amount += entries[n].amount;
				live[at] = live[--live_count];
			}
			else if (random_below(4) == 0)
				entries[n] = (RefundEntry) {ids[n], random_below(2) == 0 ? 0 : 1000 + n, -5, -5, random_below(2) ? FLAG_SOURCE_CHANGED : 0, false, false};
			else
			{
				int64_t quantity = -random_below((int) original.quantity + 1);
				bool closes;

				if (!posting_refund_fits(&model, quantity, false, 0, &closes))
				{
					assert_true(-quantity > model.quantity);
					continue;
				}
				entries[n] = (RefundEntry) {ids[n], ids[0], quantity, closes ? -model.amount : -random_below((int) (model.amount > 0 ? model.amount : 0) + 1), 0,
					false, false};
				model.quantity += quantity;
				model.amount += entries[n].amount;
				if (closes)
					assert_true(model.quantity == 0 && model.amount == 0);
				live[live_count++] = n;
			}
			n++;
		}
		qsort(entries, n, sizeof(RefundEntry), by_entry_id);
		left = original;
		posting_refund_left(entries, n, &left);
		assert_int_equal(left.quantity, model.quantity);
		assert_int_equal(left.amount, model.amount);
		assert_true(left.quantity >= 0);
	}
}

/* Numbers no hospital has are still no undefined behaviour. */
static void
is_total(void **state)
{
	(void) state;
	RefundEntry entries[40];
	RefundLeft left = {-INT64_MAX, INT64_MAX};

	for (int i = 0; i < 40; i++)
		entries[i] = (RefundEntry) {i + 1, i > 0, i == 0 ? 1 : -INT64_MAX, INT64_MAX, 0, i == 0, false};
	posting_refund_left(entries, 40, &left);
	assert_int_equal(left.quantity, -INT64_MAX);
	assert_int_equal(left.amount, INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_was_given_back),
		cmocka_unit_test(refuses_too_much),
		cmocka_unit_test(agrees_with_the_sums),
		cmocka_unit_test(is_total),
	};

	return cmocka_run_group_tests_name("posting_refund", tests, NULL, NULL);
}
