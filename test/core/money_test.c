/*
 * money_test.c
 *		Reading and multiplying fixed-point money.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/money.h"
#include "random.h"

static void
reads_decimals(void **state)
{
	static const struct
	{
		const char *text;
		int			scale;
		int64_t		amount;
		bool		rounded;
	}			cases[] = {
		{"0", 2, 0, false},
		{"-0", 2, 0, false},
		{"12", 2, 1200, false},
		{"+12.3", 2, 1230, false},
		{".5", 2, 50, false},
		{"5.", 2, 500, false},
		{"-.5", 0, -1, true},
		{"0.4", 0, 0, true},
		{"0.0050", 2, 1, true},
		{"-0.005", 2, -1, true},
		{"0.00499999", 2, 0, true},
		{"1.2300000", 2, 123, false},
		{"000000000000000000000000000001.5", 1, 15, false},
		{"9.995", 2, 1000, true},
		{"92233720368547758.07", 2, INT64_MAX, false},
		{"-92233720368547758.08", 2, INT64_MIN, false},
		{"-92233720368547758.084", 2, INT64_MIN, true},
		{"9.223372036854775807", 18, INT64_MAX, false},
	};
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t		amount = 77;
		bool		rounded = !cases[i].rounded;
		Fault		fault = money_parse(cases[i].text, strlen(cases[i].text),
										cases[i].scale, &amount, &rounded);

		if (fault.code != FAULT_NONE || amount != cases[i].amount ||
			rounded != cases[i].rounded)
			fail_msg("\"%s\" gives fault %d, %lld, rounded %d", cases[i].text,
					 (int) fault.code, (long long) amount, rounded);
	}
}

static void
refuses_what_is_no_decimal(void **state)
{
	static const struct
	{
		const char *text;
		int			scale;
		FaultCode	code;
		int			at;
	}			cases[] = {
		{"", 2, FAULT_NUMBER_SYNTAX, 0},
		{"-", 2, FAULT_NUMBER_SYNTAX, 1},
		{".", 2, FAULT_NUMBER_SYNTAX, 1},
		{"+.", 2, FAULT_NUMBER_SYNTAX, 2},
		{" 1", 2, FAULT_NUMBER_SYNTAX, 0},
		{"1 ", 2, FAULT_NUMBER_SYNTAX, 1},
		{"1.2.3", 2, FAULT_NUMBER_SYNTAX, 3},
		{"--1", 2, FAULT_NUMBER_SYNTAX, 1},
		{"1e3", 2, FAULT_NUMBER_SYNTAX, 1},
		{"1,000", 2, FAULT_NUMBER_SYNTAX, 1},
		{"NaN", 2, FAULT_NUMBER_SYNTAX, 0},
		{"\xef\xbc\x91", 2, FAULT_NUMBER_SYNTAX, 0},
		{"92233720368547758.08", 2, FAULT_OVERFLOW, -1},
		{"92233720368547758.075", 2, FAULT_OVERFLOW, -1},
		{"-92233720368547758.085", 2, FAULT_OVERFLOW, -1},
		{"99999999999999999999999999", 0, FAULT_OVERFLOW, -1},
		{"10", 18, FAULT_OVERFLOW, -1},
		{"1", 19, FAULT_ARGUMENT, -1},
		{"1", -1, FAULT_ARGUMENT, -1},
	};
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t		amount = 77;
		bool		rounded = true;
		Fault		fault = money_parse(cases[i].text, strlen(cases[i].text),
										cases[i].scale, &amount, &rounded);

		if (fault.code != cases[i].code || fault.at != cases[i].at ||
			amount != 77 || !rounded)
			fail_msg("\"%s\" gives fault %d at %lld, %lld", cases[i].text,
					 (int) fault.code, (long long) fault.at, (long long) amount);
	}
}

static void
reads_no_further_than_told(void **state)
{
	int64_t		amount;
	bool		rounded;

	(void) state;
	assert_int_equal(money_parse("12x", 2, 0, &amount, &rounded).code,
					 FAULT_NONE);
	assert_int_equal(amount, 12);
}

static void
reads_back_what_is_printed(void **state)
{
	int			i;

	(void) state;
	random_begin("reads_back_what_is_printed");
	for (i = 0; i < 20000; i++)
	{
		int64_t		value = random_signed(62);
		uint64_t	size = (uint64_t) (value < 0 ? -value : value);
		int64_t		amount;
		bool		rounded;
		char		text[64];
		int			length = snprintf(text, sizeof(text), "%s%llu.%08llu",
									  value < 0 ? "-" : "",
									  (unsigned long long) (size / 100000000),
									  (unsigned long long) (size % 100000000));

		assert_int_equal(money_parse(text, (size_t) length, 8, &amount,
									 &rounded).code, FAULT_NONE);
		assert_true(amount == value && !rounded);
	}
}

static void
multiplies_to_cents(void **state)
{
	static const struct
	{
		int64_t		quantity;
		int64_t		price;
		int64_t		amount;
	}			cases[] = {
		{10000, 1000000, 100},	/* 1 x 1.00 */
		{25000, 12340000, 3085},	/* 2.5 x 12.34 = 30.85 */
		{10000, 5000, 1},		/* 0.005 */
		{10000, 4999, 0},
		{-10000, 5000, -1},
		{-10000, -5000, 1},
		{3333, 3000000, 100},	/* 0.9999 */
		{0, INT64_MAX, 0},
		{INT64_MIN, 100000000, INT64_MIN},
	};
	int64_t		amount = 77;
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_int_equal(money_multiply(cases[i].quantity, cases[i].price,
										&amount).code, FAULT_NONE);
		assert_true(amount == cases[i].amount);
	}
	amount = 77;
	assert_int_equal(money_multiply(INT64_MAX, INT64_MAX, &amount).code,
					 FAULT_OVERFLOW);
	assert_int_equal(money_multiply(INT64_MIN, -100000000, &amount).code,
					 FAULT_OVERFLOW);
	assert_int_equal(amount, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_decimals),
		cmocka_unit_test(refuses_what_is_no_decimal),
		cmocka_unit_test(reads_no_further_than_told),
		cmocka_unit_test(reads_back_what_is_printed),
		cmocka_unit_test(multiplies_to_cents),
	};

	return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
