/*
 * money_split_test.c
 *		Splits that sum up: printed vectors, and laws over random input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/money.h"
#include "random.h"

#define MOST 60					/* weights in a random split */

static char scratch[MOST * 40];

static void
begin_scratch(void)
{
	/* grows with the size of its structures: better to fail than to overrun */
	assert_true(money_split_scratch_size(MOST) <= sizeof(scratch));
}

static void
assert_split(int64_t amount, int64_t unit, const int64_t *weights, int n,
			 const int64_t *expected)
{
	int64_t		shares[MOST];
	int			i;

	begin_scratch();
	assert_int_equal(money_split(amount, unit, weights, n, scratch,
								 shares).code, FAULT_NONE);
	for (i = 0; i < n; i++)
		assert_int_equal(shares[i], expected[i]);
	/* the mirror image */
	assert_int_equal(money_split(-amount, unit, weights, n, scratch,
								 shares).code, FAULT_NONE);
	for (i = 0; i < n; i++)
		assert_int_equal(shares[i], -expected[i]);
}

#define SPLIT(amount, unit, n, weights, shares) \
	assert_split(amount, unit, (const int64_t[]) weights, n, \
				 (const int64_t[]) shares)
#define L(...) {__VA_ARGS__}

static void
splits_by_largest_remainder(void **state)
{
	(void) state;
	SPLIT(18225, 1, 2, L(98, 2), L(17861, 364));
	/* exact 261.6671.., 261.6671.., 261.7456..: the cent left is the third's */
	SPLIT(78508, 1, 3, L(3333, 3333, 3334), L(26167, 26167, 26174));
	SPLIT(1002, 1, 3, L(33, 33, 34), L(331, 330, 341));
	SPLIT(1, 1, 2, L(95, 5), L(1, 0));
	SPLIT(10000, 1, 3, L(1, 1, 1), L(3334, 3333, 3333));
	SPLIT(10000, 1, 1, L(7), L(10000));
	SPLIT(0, 1, 2, L(1, 2), L(0, 0));
	/* no weight, no share, even when a unit is left over */
	SPLIT(1, 1, 3, L(0, 1, 1), L(0, 1, 0));
	SPLIT(INT64_MAX, 1, 2, L(1, 1), L(INT64_MAX / 2 + 1, INT64_MAX / 2));
}

static void
splits_in_units(void **state)
{
	(void) state;
	SPLIT(1000, 100, 3, L(1, 1, 1), L(400, 300, 300));
	/* 30 is below one unit and goes with the first unit */
	SPLIT(1030, 100, 3, L(1, 1, 1), L(430, 300, 300));
	/* exact 257.5, 257.5, 515: cut 57.5, 57.5, 15 */
	SPLIT(1030, 100, 3, L(1, 1, 2), L(330, 200, 500));
	/* less than one unit: all to the largest fraction */
	SPLIT(30, 100, 3, L(1, 3, 2), L(0, 30, 0));
	SPLIT(1, INT64_MAX, 2, L(INT64_MAX - 1, 1), L(1, 0));
}

static void
splits_by_signed_weights(void **state)
{
	(void) state;
	SPLIT(10000, 1, 2, L(3, -1), L(15000, -5000));
	/* exact 14.28.., -4.76.., 0.476..: floors 14, -5, 0, one unit left */
	SPLIT(10, 1, 3, L(30, -10, 1), L(14, -5, 1));
}

static void
splits_the_lowest_amount(void **state)
{
	int64_t		weight = 5;
	int64_t		share;

	(void) state;
	begin_scratch();
	assert_int_equal(money_split(INT64_MIN, 1, &weight, 1, scratch,
								 &share).code, FAULT_NONE);
	assert_true(share == INT64_MIN);
}

static FaultCode
refusal(int64_t amount, int64_t unit, int64_t first, int64_t second, int n)
{
	int64_t		weights[2] = {first, second};
	int64_t		shares[2];

	return money_split(amount, unit, weights, n, scratch, shares).code;
}

static void
refuses_what_cannot_be_split(void **state)
{
	(void) state;
	begin_scratch();
	assert_int_equal(refusal(1, 1, 0, 0, 2), FAULT_WEIGHT_ZERO);
	assert_int_equal(refusal(1, 1, 1, 1, 0), FAULT_WEIGHT_ZERO);
	assert_int_equal(refusal(1, 1, 3, -3, 2), FAULT_WEIGHT_ZERO);
	assert_int_equal(refusal(1, 1, 3, -4, 2), FAULT_WEIGHT_NEGATIVE);
	assert_int_equal(refusal(1, 1, INT64_MAX, 1, 2), FAULT_OVERFLOW);
	assert_int_equal(refusal(1, 0, 1, 1, 2), FAULT_ARGUMENT);
	assert_int_equal(refusal(1, 1, 1, 1, -1), FAULT_ARGUMENT);
	assert_int_equal(refusal(10, 1, INT64_MAX, -INT64_MAX + 1, 2),
					 FAULT_OVERFLOW);
}

/* Slow and plain: pick the largest cut fraction again and again. */
static void
split_slowly(int64_t amount, int64_t unit, const int64_t *weights, int n,
			 int64_t *shares)
{
	MoneyWide	fraction[MOST];
	MoneyWide	total = 0;
	int64_t		left = amount;
	int			i;

	for (i = 0; i < n; i++)
		total += weights[i];
	for (i = 0; i < n; i++)
	{
		MoneyWide	product = (MoneyWide) amount * weights[i];

		shares[i] = (int64_t) (product / (total * unit)) * unit;
		fraction[i] = product - shares[i] * total;
		left -= shares[i];
	}
	while (left > 0)
	{
		int			best = 0;
		int64_t		part = left < unit ? left : unit + left % unit;

		for (i = 1; i < n; i++)
			best = fraction[i] > fraction[best] ? i : best;
		shares[best] += part;
		left -= part;
		fraction[best] = -1;
	}
}

static int
random_weights(int64_t *weights)
{
	int			n = 1 + random_below(MOST);
	int			bits = 1 + random_below(56);
	int			i;

	for (i = 0; i < n; i++)
		weights[i] = random_below(4) == 0 ? 0 : random_amount(bits);
	weights[random_below(n)] += 1;
	return n;
}

static void
agrees_with_the_slow_split(void **state)
{
	static const int64_t units[] = {1, 7, 100, 1000000, 100000000};
	int			round;

	(void) state;
	begin_scratch();
	random_begin("agrees_with_the_slow_split");
	for (round = 0; round < 20000; round++)
	{
		int64_t		weights[MOST];
		int64_t		expected[MOST];
		int64_t		shares[MOST];
		int64_t		amount = random_amount(62);
		int64_t		unit = units[random_below(5)];
		int			n = random_weights(weights);
		int			sign;
		int			i;

		split_slowly(amount, unit, weights, n, expected);
		for (sign = -1; sign <= 1; sign += 2)
		{
			MoneyWide	sum = 0;

			assert_int_equal(money_split(sign * amount, unit, weights, n,
										 scratch, shares).code, FAULT_NONE);
			for (i = 0; i < n; i++)
			{
				assert_true(shares[i] == sign * expected[i]);
				sum += shares[i];
			}
			assert_true(sum == sign * amount);
		}
	}
}

static void
assert_multiplied(const MoneyMultiplierRule *rule, int64_t amount,
				  int64_t unit, const int64_t *weights, int n,
				  int64_t expected_multiplier, const int64_t *expected)
{
	int64_t		shares[MOST];
	int64_t		multiplier;
	int			sign;
	int			i;

	begin_scratch();
	for (sign = -1; sign <= 1; sign += 2)
	{
		assert_int_equal(money_split_multiplier(sign * amount, unit, rule,
												weights, n, scratch,
												&multiplier, shares).code,
						 FAULT_NONE);
		assert_int_equal(multiplier, sign * expected_multiplier);
		for (i = 0; i < n; i++)
			assert_int_equal(shares[i], sign * expected[i]);
	}
}

#define MULTIPLIED(rule, amount, unit, n, weights, multiplier, shares) \
	assert_multiplied(&(rule), amount, unit, (const int64_t[]) weights, n, \
					  multiplier, (const int64_t[]) shares)

/* Whole dollars, whole statistics, multiplier to 6 decimals. */
static void
splits_through_a_multiplier(void **state)
{
	MoneyMultiplierRule amount = {0, 0, 6, MONEY_RESIDUAL_LARGEST_AMOUNT};
	MoneyMultiplierRule remainder = {0, 0, 6, MONEY_RESIDUAL_LARGEST_REMAINDER};
	MoneyMultiplierRule scaled = {8, 6, 6, MONEY_RESIDUAL_LARGEST_AMOUNT};
	MoneyMultiplierRule coarse = {2, 0, 0, MONEY_RESIDUAL_LARGEST_AMOUNT};

	(void) state;
	MULTIPLIED(amount, 53, 1, 4, L(991, 544, 425, 177), 24801, L(25, 13, 11, 4));
	/* 33 each by the multiplier; what is left goes to the first of equals */
	MULTIPLIED(amount, 100, 1, 3, L(1, 1, 1), 33333333, L(34, 33, 33));
	/* 2.5 each rounds up to 3; the largest share pays the excess */
	MULTIPLIED(amount, 10, 1, 4, L(1, 1, 1, 1), 2500000, L(1, 3, 3, 3));
	MULTIPLIED(remainder, 10, 1, 4, L(1, 1, 1, 1), 2500000, L(2, 2, 3, 3));
	/* all round to nothing: the first with a weight takes it */
	MULTIPLIED(amount, 1, 1, 4, L(0, 1, 1, 1), 333333, L(0, 1, 0, 0));
	/* the same dollars in 10^-8, statistics in 10^-6 */
	MULTIPLIED(scaled, INT64_C(5300000000), 100000000, 4,
			   L(991000000, 544000000, 425000000, 177000000), 24801,
			   L(2500000000, 1300000000, 1100000000, 400000000));
	/* a multiplier of whole yuan over cents: 10.00 / 3 is 3 */
	MULTIPLIED(coarse, 1000, 1, 2, L(1, 2), 3, L(300, 700));
}

static void
refuses_a_multiplier_out_of_range(void **state)
{
	MoneyMultiplierRule rule = {0, 6, 18, MONEY_RESIDUAL_LARGEST_AMOUNT};
	int64_t		weights[2] = {1, 1};
	int64_t		shares[2];
	int64_t		multiplier;

	(void) state;
	begin_scratch();
	assert_int_equal(money_split_multiplier(1, 1, &rule, weights, 2, scratch,
											&multiplier, shares).code,
					 FAULT_ARGUMENT);
	rule.multiplier_scale = 12;
	assert_int_equal(money_split_multiplier(INT64_MAX, 1, &rule, weights, 2,
											scratch, &multiplier, shares).code,
					 FAULT_OVERFLOW);
	weights[1] = -1;
	assert_int_equal(money_split_multiplier(1, 1, &rule, weights, 2, scratch,
											&multiplier, shares).code,
					 FAULT_WEIGHT_ZERO);
}

static void
conserves_through_any_multiplier(void **state)
{
	int			round;

	(void) state;
	begin_scratch();
	random_begin("conserves_through_any_multiplier");
	for (round = 0; round < 20000; round++)
	{
		MoneyMultiplierRule rule = {8, 6, 0, MONEY_RESIDUAL_LARGEST_AMOUNT};
		int64_t		weights[MOST];
		int64_t		shares[2][MOST];
		int64_t		multiplier[2];
		int64_t		amount = random_amount(50);
		int			n = random_weights(weights);
		Fault		fault[2];
		int			sign;
		int			i;

		rule.multiplier_scale = random_below(10);
		if (round % 2 == 0)
			rule.residual = MONEY_RESIDUAL_LARGEST_REMAINDER;
		for (sign = 0; sign < 2; sign++)
			fault[sign] = money_split_multiplier(sign == 0 ? amount : -amount,
												 1000000, &rule, weights, n,
												 scratch, &multiplier[sign],
												 shares[sign]);
		assert_int_equal(fault[0].code, fault[1].code);
		if (fault[0].code != FAULT_NONE)
		{
			assert_int_equal(fault[0].code, FAULT_OVERFLOW);
			continue;
		}
		assert_true(multiplier[0] == -multiplier[1]);
		for (i = 0; i < n; i++)
		{
			assert_true(shares[0][i] == -shares[1][i]);
			assert_true(weights[i] > 0 || shares[0][i] == 0);
			amount -= shares[0][i];
		}
		assert_true(amount == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_by_largest_remainder),
		cmocka_unit_test(splits_in_units),
		cmocka_unit_test(splits_by_signed_weights),
		cmocka_unit_test(splits_the_lowest_amount),
		cmocka_unit_test(refuses_what_cannot_be_split),
		cmocka_unit_test(agrees_with_the_slow_split),
		cmocka_unit_test(splits_through_a_multiplier),
		cmocka_unit_test(refuses_a_multiplier_out_of_range),
		cmocka_unit_test(conserves_through_any_multiplier),
	};

	return cmocka_run_group_tests_name("money_split", tests, NULL, NULL);
}
