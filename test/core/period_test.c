/*
 * period_test.c
 *		The civil calendar, against a count day by day.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/period.h"
#include "random.h"

static bool
is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in(int32_t year, int32_t month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Five hundred years walked one day at a time, through every kind of leap year. */
static void
agrees_with_walking(void **state)
{
	int32_t year = 1800, month = 1, day = 1;
	/* 1800-01-01 is 73048 days before 2000-01-01 */
	int32_t count = -73048;

	(void) state;
	while (year < 2300)
	{
		int32_t y, m, d;

		period_civil(count, &y, &m, &d);
		assert_int_equal(y, year);
		assert_int_equal(m, month);
		assert_int_equal(d, day);
		assert_int_equal(period_of_day(count), count - (day - 1));
		assert_int_equal(period_number(count), year * 12 + month - 1);
		count++;
		if (++day > days_in(year, month))
		{
			day = 1;
			if (++month > 12)
			{
				month = 1;
				year++;
			}
		}
	}
}

static void
knows_the_epoch(void **state)
{
	int32_t year, month, day;

	(void) state;
	period_civil(0, &year, &month, &day);
	assert_int_equal(year, 2000);
	assert_int_equal(month, 1);
	assert_int_equal(day, 1);
	assert_int_equal(period_of_day(9190 + 30), period_of_day(9190 + 5));
}

/* Any day there is has a month that begins on or before it and holds it. */
static void
holds_for_any_day(void **state)
{
	(void) state;
	random_begin("period");
	for (int i = 0; i < 200000; i++)
	{
		int32_t day = (int32_t) random_bits();
		int32_t first = period_of_day(day);
		int32_t year, month, of_month;

		if (day < INT32_MIN + 31)
			continue;
		period_civil(first, &year, &month, &of_month);
		assert_int_equal(of_month, 1);
		assert_true(first <= day && (int64_t) day - first < 31);
		assert_int_equal(period_number(first), period_number(day));
	}
	assert_int_equal(period_of_day(INT32_MIN), INT32_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_walking),
		cmocka_unit_test(knows_the_epoch),
		cmocka_unit_test(holds_for_any_day),
	};

	return cmocka_run_group_tests_name("period", tests, NULL, NULL);
}
