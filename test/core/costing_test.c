/*
 * costing_test.c
 *		Splits told row by row: what money_split gives, whatever the rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/costing.h"
#include "core/money.h"
#include "random.h"

#define MOST 80

static char scratch[MOST * 40 + 64];
static CostingUnit unit;

/* Classes of the weights, in no order of theirs. */
static size_t
count_classes(const int64_t *weights, int n, CostingClass *classes)
{
	size_t		found = 0;

	for (int i = 0; i < n; i++)
	{
		size_t		c = 0;

		while (c < found && classes[c].weight != weights[i])
			c++;
		if (c == found)
			classes[found++] = (CostingClass) {weights[i], 0};
		classes[c].count++;
	}
	return found;
}

/* One amount alone: the first cell of a unit whose other cells are empty. */
static Fault
begin_one(int64_t amount, const CostingClass *classes, size_t n)
{
	int64_t		amounts[COSTING_CELLS] = {amount};

	return costing_unit_begin(amounts, classes, n, scratch, &unit);
}

static int64_t
next_share(int64_t weight)
{
	int64_t		shares[COSTING_CELLS];

	costing_unit_next(&unit, weight, shares);
	return shares[0];
}

static void
assert_as_money_split(int64_t amount, const int64_t *weights, int n)
{
	CostingClass classes[MOST];
	int64_t		expected[MOST];
	size_t		found = count_classes(weights, n, classes);
	Fault		fault = money_split(amount, 1, weights, n, scratch, expected);
	Fault		ours = begin_one(amount, classes, found);

	assert_int_equal(ours.code, fault.code);
	if (fault.code != FAULT_NONE)
		return;
	for (int i = 0; i < n; i++)
		assert_int_equal(next_share(weights[i]), expected[i]);
	assert_int_equal(unit.split[0].tied, 0);
}

static void
test_printed(void **state)
{
	const int64_t thirds[] = {1, 1, 1};
	const int64_t days[] = {3, 1, 3, 1};
	const int64_t same_remainder[] = {3, 1};
	CostingClass classes[] = {{1, 3}};

	(void) state;
	assert_int_equal(begin_one(100, classes, 1).code, FAULT_NONE);
	assert_int_equal(next_share(1), 34);
	assert_int_equal(next_share(1), 33);
	assert_int_equal(next_share(1), 33);
	assert_as_money_split(-100, thirds, 3);
	assert_as_money_split(1001, days, 4);
	/* 2 x 3 / 4 and 2 x 1 / 4 leave the same: the unit goes to the first */
	assert_as_money_split(2, same_remainder, 2);
}

static void
test_refused(void **state)
{
	CostingClass nothing[] = {{0, 4}};
	CostingClass negative[] = {{-1, 4}, {1, 3}};
	CostingClass large[] = {{INT64_MAX, 2}};

	(void) state;
	assert_int_equal(begin_one(5, nothing, 1).code,
					 FAULT_WEIGHT_ZERO);
	assert_int_equal(begin_one(5, NULL, 0).code,
					 FAULT_WEIGHT_ZERO);
	assert_int_equal(begin_one(5, negative, 2).code,
					 FAULT_WEIGHT_NEGATIVE);
	assert_int_equal(begin_one(5, large, 1).code,
					 FAULT_OVERFLOW);
}

static void
test_random(void **state)
{
	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		int64_t		weights[MOST];
		int			n = 1 + random_below(MOST);
		int			kinds = 1 + random_below(12);
		int64_t		kind[12];

		for (int k = 0; k < kinds; k++)
			kind[k] = random_below(10) == 0 ? -random_amount(20) :
				random_amount(random_below(2) ? 6 : 40);
		for (int i = 0; i < n; i++)
			weights[i] = kind[random_below(kinds)];
		assert_as_money_split(random_signed(62), weights, n);
	}
}

/* Each cell of a unit is split as money_split splits it alone, and closes. */
static void
test_unit(void **state)
{
	(void) state;
	for (int round = 0; round < 3000; round++)
	{
		int64_t		amounts[COSTING_CELLS];
		int64_t		weights[MOST];
		int64_t		left[COSTING_CELLS];
		CostingClass classes[MOST];
		int64_t		expected[COSTING_CELLS][MOST];
		int			n = 1 + random_below(MOST);
		size_t		found;

		for (int i = 0; i < n; i++)
			weights[i] = random_below(2) ? random_below(200) : 1 + random_below(3);
		weights[0] += 1;
		found = count_classes(weights, n, classes);
		for (int cell = 0; cell < COSTING_CELLS; cell++)
		{
			left[cell] = amounts[cell] = random_below(4) ? random_signed(60) : 0;
			assert_int_equal(money_split(amounts[cell], 1, weights, n, scratch,
										 expected[cell]).code, FAULT_NONE);
		}
		assert_int_equal(costing_unit_begin(amounts, classes, found, scratch,
											&unit).code, FAULT_NONE);
		for (int i = 0; i < n; i++)
		{
			int64_t		shares[COSTING_CELLS];

			costing_unit_next(&unit, weights[i], shares);
			for (int cell = 0; cell < COSTING_CELLS; cell++)
			{
				assert_int_equal(shares[cell], expected[cell][i]);
				left[cell] -= shares[cell];
			}
		}
		for (int cell = 0; cell < COSTING_CELLS; cell++)
			assert_int_equal(left[cell], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_unit),
	};

	random_begin("costing_test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
