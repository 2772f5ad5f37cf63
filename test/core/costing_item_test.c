/*
 * costing_item_test.c
 *		Service-item cost: published and worked cases.
 */
#include "costing_item_fixture.h"

/* Kaplan and Anderson's customer service, each service in two activities. */
static void
tells_the_published_time_driven_case(void **state)
{
	static const int64_t quantity[] = {9800, 280, 500};
	static const int64_t minutes[2][3] = {{15, 60, 100}, {25, 160, 150}};
	static const int64_t cost[] = {313600, 49280, 100000};
	static Department d;
	int			i;

	(void) state;
	department_begin(&d, 1, 3, 2);
	d.pool[0] = 560000 * YUAN;
	d.route[0] = COSTING_BY_STAFF;
	d.a.roles = 1;
	d.role_cost[0] = 1;
	d.role_minutes[0] = INT64_C(700000) * ONE;
	for (i = 0; i < 6; i++)
	{
		d.quantity[i % 3] = quantity[i % 3] * ONE;
		put_cell(&d, i / 3, i % 3, ONE);
		put_staff(&d, 0, i, minutes[i / 3][i % 3] * ONE);
	}
	assert_int_equal(run(&d).code, FAULT_NONE);
	for (i = 0; i < 3; i++)
		assert_int_equal(item_cost(&d, 0, i), cost[i] * YUAN);
	assert_int_equal(d.supplied[0], d.pool[0]);
	assert_int_equal(d.used[0], INT64_C(578600) * ONE);
	assert_int_equal(idle_cost(&d, 0), 97120 * YUAN);
	assert_int_equal(d.unmatched[0], 0);
}

/* More minutes than there are: the rate stays, what is lacking is negative. */
static void
shows_what_is_used_beyond_capacity(void **state)
{
	static Department d;

	(void) state;
	department_begin(&d, 1, 1, 1);
	d.pool[0] = 100 * YUAN;
	d.route[0] = COSTING_BY_STAFF;
	d.a.roles = 1;
	d.role_cost[0] = 1;
	d.role_minutes[0] = 50 * ONE;
	d.quantity[0] = 6 * ONE;
	put_cell(&d, 0, 0, ONE);
	put_staff(&d, 0, 0, 10 * ONE);
	assert_int_equal(run(&d).code, FAULT_NONE);
	assert_int_equal(item_cost(&d, 0, 0), 120 * YUAN);
	assert_int_equal(idle_cost(&d, 0), -20 * YUAN);
}

/*
 * Two activities by machine hours, 30 of 40 in use; then by count and by time.
 * Item 0 has a kit of 2 yuan a piece traced to it.
 */
static void
goes_by_resources_then_by_activities(void **state)
{
	static Department d;

	(void) state;
	department_begin(&d, 2, 2, 3);
	d.pool[0] = 1000 * YUAN;
	d.pool[1] = 250 * YUAN;		/* a quarter of it is variable */
	d.whole[1] = 0;
	d.quantity[0] = 100 * ONE;
	d.quantity[1] = 50 * ONE;
	d.traced[0] = 2 * YUAN;
	d.a.drivers = 1;
	d.capacity[0] = 40 * ONE;
	d.resource[0] = 10 * ONE;
	d.resource[1] = 15 * ONE;
	d.resource[2] = 5 * ONE;
	put_cell(&d, 0, 0, ONE);
	put_cell(&d, 0, 1, ONE);
	put_cell(&d, 1, 0, 3 * ONE);
	put_cell(&d, 1, 1, 9 * ONE);
	assert_int_equal(run(&d).code, FAULT_NONE);
	/* 200 traced; 800: 200 to activity 0, 300 to 1, 100 to 2, 200 idle */
	assert_int_equal(d.traced_cost[0], 200 * YUAN);
	assert_int_equal(d.cost[1], INT64_C(6666666667));
	assert_int_equal(item_cost(&d, 0, 0), 200 * YUAN + INT64_C(13333333333) + 120 * YUAN);
	assert_int_equal(item_cost(&d, 0, 1), INT64_C(6666666667) + 180 * YUAN);
	assert_int_equal(d.idle[0], 200 * YUAN);	/* hours nobody took */
	assert_int_equal(d.idle[3], 100 * YUAN);	/* an activity nobody caused */
	assert_int_equal(d.used[0], 30 * ONE);
	assert_int_equal(d.traced_cost[2], 50 * YUAN);
	assert_int_equal(item_cost(&d, 1, 1), INT64_C(1666666667) + 45 * YUAN);
}

static void
keeps_what_has_no_measure(void **state)
{
	static Department d;

	(void) state;
	department_begin(&d, 2, 1, 1);
	d.pool[0] = 7 * YUAN;
	d.pool[1] = 5 * YUAN;
	d.route[1] = COSTING_BY_STAFF;
	d.a.drivers = 1;
	d.quantity[0] = ONE;
	assert_int_equal(run(&d).code, FAULT_NONE);
	assert_int_equal(d.unmatched[0], 7 * YUAN);
	assert_int_equal(d.unmatched[1], 5 * YUAN);
}

static void
splits_by_one_weight(void **state)
{
	static const int64_t pool[] = {600000 * YUAN, -100, 0};
	int64_t		weight[] = {10000, 20000, 12000};
	int64_t		cost[9];
	int64_t		unmatched[3];
	CostingByWeight w = {3, pool, 3, weight, cost, unmatched, scratch};

	(void) state;
	assert_int_equal(costing_by_weight(&w).code, FAULT_NONE);
	assert_int_equal(cost[0], INT64_C(14285714285714));
	assert_int_equal(cost[1], INT64_C(28571428571429));
	assert_int_equal(cost[2], INT64_C(17142857142857));
	assert_int_equal(cost[3] + cost[4] + cost[5], -100);
	assert_int_equal(cost[8], 0);
	weight[2] = -30000;
	assert_int_equal(costing_by_weight(&w).code, FAULT_NONE);
	assert_int_equal(cost[0], 0);
	assert_int_equal(unmatched[0], pool[0]);
	assert_int_equal(unmatched[1], pool[1]);
}

static void
refuses_what_does_not_fit(void **state)
{
	static Department d;
	int64_t		weight;

	(void) state;
	assert_int_equal(costing_item_weight(INT64_MAX, 2, &weight).code, FAULT_OVERFLOW);
	assert_int_equal(costing_item_weight(INT64_MIN, 1, &weight).code, FAULT_NONE);
	department_begin(&d, 1, 1, 0);
	d.pool[0] = 1;
	d.traced[0] = INT64_MAX;
	d.quantity[0] = INT64_MAX;
	assert_int_equal(run(&d).code, FAULT_OVERFLOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_published_time_driven_case),
		cmocka_unit_test(shows_what_is_used_beyond_capacity),
		cmocka_unit_test(goes_by_resources_then_by_activities),
		cmocka_unit_test(keeps_what_has_no_measure),
		cmocka_unit_test(splits_by_one_weight),
		cmocka_unit_test(refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests_name("costing_item", tests, NULL, NULL);
}
