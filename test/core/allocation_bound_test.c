/*
 * allocation_bound_test.c
 *		The error bound where accumulated cost, itself rounded by one unit, shares
 *		out a large amount; the exact figures are worked by hand.
 */
#include "allocation_fixture.h"

#define LARGE INT64_C(1000000000000000)

/* What a cell is off by, against an exact value in units. */
static void
assert_bounded(const Fixture *f, int department, double exact)
{
	double		distance = exact - (double) fixture_balance(f, department, 0);

	distance = distance < 0 ? -distance : distance;
	if (distance > (double) f->bound)
		print_error("department %d is %.0f off, the bound is %.0f\n", department,
					distance, (double) f->bound);
	assert_true(distance <= (double) f->bound);
}

/* A receiver whose cost was rounded to nothing has a share in exact arithmetic. */
static void
counts_receivers_rounded_to_nothing(void **state)
{
	static Fixture f;

	(void) state;
	fixture_begin(&f, 14, 1, 1);
	fixture_cost(&f, 0, 0, 1);
	fixture_cost(&f, 3, 0, LARGE);
	for (int d = 4; d < 14; d++)
		fixture_cost(&f, d, 0, 1000000);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 2, TO(1, 2), NULL));
	fixture_turn(&f, 3, 1, fixture_base(&f, BASE_ACCUMULATED_COST, 11,
										TO(2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_int_equal(fixture_balance(&f, 2, 0), 0);
	assert_bounded(&f, 2, 0.5 + (double) LARGE * 0.5 / 10000000.5);
	/* the same through a system of equations */
	fixture_manner(&f, 1, TURN_SIMULTANEOUS);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_bounded(&f, 2, 0.5 + (double) LARGE * 0.5 / 10000000.5);
}

/* Raising all weights by the lowest's size adds its error to each of them. */
static void
counts_the_lowest_in_every_weight(void **state)
{
	static Fixture f;

	(void) state;
	fixture_begin(&f, 16, 1, 1);
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_SHIFT;
	fixture_cost(&f, 0, 0, 2);
	fixture_cost(&f, 3, 0, -10);
	fixture_cost(&f, 4, 0, LARGE);
	fixture_cost(&f, 5, 0, 1000000);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 3, TO(1, 2, 3), NULL));
	fixture_turn(&f, 4, 1, fixture_base(&f, BASE_ACCUMULATED_COST, 12,
										TO(3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_bounded(&f, 5, 1000000 + (double) LARGE * (1000000 + 28 / 3.0) /
				   (1000000 + 11 * 28 / 3.0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_receivers_rounded_to_nothing),
		cmocka_unit_test(counts_the_lowest_in_every_weight),
	};

	return cmocka_run_group_tests_name("allocation_bound", tests, NULL, NULL);
}
