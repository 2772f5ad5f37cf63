/*
 * allocation_method_test.c
 *		What the methods other than the step-down mean: published examples, their
 *		rules and refusals.
 */
#include "allocation_fixture.h"

/* S1 6,000: 20 % S2, 50 % P1, 30 % P2; S2 3,000: 10 % S1, 40 % P1, 50 % P2. */
static void
load_two_way(Fixture *f, int64_t unit)
{
	fixture_begin(f, 4, 1, unit);
	fixture_cost(f, 0, 0, 6000 * YUAN);
	fixture_cost(f, 1, 0, 3000 * YUAN);
	fixture_base(f, BASE_STATISTIC, 3, TO(1, 2, 3), BY(20 * ONE, 50 * ONE, 30 * ONE));
	fixture_base(f, BASE_STATISTIC, 3, TO(0, 2, 3), BY(10 * ONE, 40 * ONE, 50 * ONE));
}

static void
serves_both_ways_at_once(void **state)
{
	static Fixture f;

	(void) state;
	load_two_way(&f, CENT);
	fixture_turn(&f, 0, 0, 0);
	fixture_turn(&f, 1, 0, 1);
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 492857 * CENT, 407143 * CENT);
	/* gross cost: 45,000 / 7 and 30,000 / 7 */
	assert_int_equal(f.sent[0], 642857 * CENT);
	assert_int_equal(f.sent[1], 428571 * CENT);
	assert_int_equal(f.flow[0].base_amount, 642857 * CENT);
	assert_true(f.bound >= CENT / 2 && f.bound < 20 * CENT);

	/* a finer unit brings the bound below a cent, and so proves each cent */
	load_two_way(&f, 1);
	fixture_turn(&f, 0, 0, 0);
	fixture_turn(&f, 1, 0, 1);
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_int_equal(f.balance[2], INT64_C(492857142857));
	assert_int_equal(f.balance[3], INT64_C(407142857143));
	assert_true(f.bound < 20);
}

/* 6,000 and 3,000 once with servers open, then closing; by hand. */
static void
apportions_twice(void **state)
{
	static Fixture f;

	(void) state;
	load_two_way(&f, CENT);
	fixture_turn(&f, 0, 0, 0);
	fixture_turn(&f, 1, 0, 1);
	fixture_manner(&f, 0, TURN_OPEN);
	fixture_turn(&f, 0, 1, 0);
	fixture_turn(&f, 1, 2, 1);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	/* open: S1 300, S2 1,200, P1 4,200, P2 3,300; S1: 60 150 90; S2 1,260: 560 700 */
	ASSERT_BALANCES(&f, 0, 0, 4910 * YUAN, 4090 * YUAN);
	assert_int_equal(f.flows, 3 + 3 + 3 + 2);
	assert_int_equal(f.flow[0].amount, 1200 * YUAN);
	assert_int_equal(f.flow[6].base_amount, 300 * YUAN);
	assert_int_equal(f.flow[9].base_amount, 1260 * YUAN);
	assert_int_equal(f.sent[0], 6300 * YUAN);
}

/*
 * A course's hospital: building and food serve each other and three wards.  Its
 * printed answers round each rate to a hundredth; these are exact to the cent.
 */
static void
steps_peers_in_order(void **state)
{
	/* groups of the two, their manner, what the wards get, in 0.01 */
	static const struct
	{
		AllocationManner manner;
		int64_t		wards[3];
	}			cases[] = {
		{TURN_CLOSING, {94, 183, 623}},
		{TURN_SEQUENTIAL, {82, 156, 662}},
		{TURN_SIMULTANEOUS, {86, 165, 650}},
	};
	static Fixture f;
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		fixture_begin(&f, 5, 1, 1);
		fixture_cost(&f, 0, 0, 6 * YUAN);
		fixture_cost(&f, 1, 0, 3 * YUAN);
		fixture_turn(&f, 0, 0, fixture_base(&f, BASE_STATISTIC, 4, TO(1, 2, 3, 4),
											BY(15500 * ONE, 10000 * ONE, 20000 * ONE,
											   40000 * ONE)));
		fixture_turn(&f, 1, 0, fixture_base(&f, BASE_STATISTIC, 4, TO(0, 2, 3, 4),
											BY(12000 * ONE, 3000 * ONE, 4000 * ONE,
											   98000 * ONE)));
		fixture_manner(&f, 0, cases[i].manner);
		assert_int_equal(fixture_run(&f).code, FAULT_NONE);
		for (int d = 0; d < 3; d++)
			assert_int_equal((f.balance[2 + d] + CENT / 2) / CENT, cases[i].wards[d]);
		assert_int_equal(f.balance[0], 0);
		assert_int_equal(f.balance[1], 0);
	}
}

/* A third department is served by both, and by nobody else. */
static void
leaves_later_groups_to_close(void **state)
{
	static Fixture f;

	(void) state;
	fixture_begin(&f, 5, 1, 1);
	fixture_cost(&f, 0, 0, 100 * YUAN);
	fixture_cost(&f, 1, 0, 50 * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 3, TO(0, 1, 2), NULL));
	fixture_turn(&f, 1, 0, fixture_base(&f, BASE_EQUAL, 2, TO(0, 2), NULL));
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	fixture_turn(&f, 2, 1, fixture_base(&f, BASE_EQUAL, 4, TO(0, 1, 3, 4), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 75 * YUAN, 75 * YUAN);
	assert_int_equal(f.balance[3] + f.balance[4], 150 * YUAN);
	/* the error of a solution goes on with the money */
	assert_true(f.bound > 1);
}

static void
names_closed_loops(void **state)
{
	static Fixture f;
	Fault		fault;

	(void) state;
	fixture_begin(&f, 5, 2, 1);
	fixture_cost(&f, 3, 1, 100 * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 1, TO(4), NULL));
	fixture_turn(&f, 1, 0, fixture_base(&f, BASE_EQUAL, 1, TO(2), NULL));
	fixture_turn(&f, 2, 0, fixture_base(&f, BASE_EQUAL, 1, TO(1), NULL));
	fixture_turn(&f, 3, 0, fixture_base(&f, BASE_EQUAL, 2, TO(0, 1), NULL));
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	fault = fixture_run(&f);
	assert_int_equal(fault.code, FAULT_CLOSED_LOOP);
	assert_int_equal(fault.detail, 2);
	assert_int_equal(fault.pool, 1);
	assert_int_equal(f.a.loop_servers, 2);
	assert_int_equal(f.a.loop[0], 1);
	assert_int_equal(f.a.loop[1], 2);
	/* a loop that no money comes to is no trouble */
	fixture_cost(&f, 3, 1, 0);
	fixture_cost(&f, 0, 0, YUAN);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 0, YUAN);
}

static void
refuses_what_has_no_meaning(void **state)
{
	static Fixture f;
	Fault		fault;

	(void) state;
	load_two_way(&f, CENT);
	fixture_turn(&f, 0, 0, 0);
	fixture_turn(&f, 1, 0, 1);
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	f.a.policy.multiplier_scale = 6;
	assert_int_equal(fixture_run(&f).code, FAULT_SIMULTANEOUS_MULTIPLIER);
	f.a.policy.multiplier_scale = ALLOCATION_EXACT;
	f.weights[1][0] = -10 * ONE;
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_SIGNED;
	fault = fixture_run(&f);
	assert_int_equal(fault.code, FAULT_SIMULTANEOUS_SIGNED);
	assert_int_equal(fault.server, 1);
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_ERROR;
	fault = fixture_run(&f);
	assert_int_equal(fault.code, FAULT_STATISTIC_NEGATIVE);
	assert_int_equal(fault.at, 0);
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_ABSOLUTE;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 492857 * CENT, 407143 * CENT);
	f.turn[1].manner = TURN_CLOSING;
	assert_int_equal(fixture_run(&f).code, FAULT_ARGUMENT);
	f.a.memory = NULL;
	f.turn[1].manner = TURN_SIMULTANEOUS;
	assert_int_equal(fixture_run(&f).code, FAULT_ARGUMENT);
}

static void
keeps_what_has_no_base(void **state)
{
	static Fixture f;
	Fault		fault;

	(void) state;
	load_two_way(&f, CENT);
	f.weights[1][0] = f.weights[1][1] = f.weights[1][2] = 0;
	fixture_turn(&f, 0, 0, 0);
	fixture_turn(&f, 1, 0, 1);
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	fault = fixture_run(&f);
	assert_int_equal(fault.code, FAULT_BASE_ZERO);
	assert_int_equal(fault.server, 1);
	assert_int_equal(fault.detail, 4200 * YUAN);
	f.a.policy.zero_base = ZERO_BASE_UNALLOCATED;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 4200 * YUAN, 3000 * YUAN, 1800 * YUAN);
	assert_int_equal(f.keeps, 1);
	assert_int_equal(f.kept[0].policy_used, FLOW_UNALLOCATED);
	assert_int_equal(f.kept[0].amount, 4200 * YUAN);
	/* equal over P1, P2 and S1: the system has its solution again */
	f.a.policy.zero_base = ZERO_BASE_EQUAL;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_int_equal(f.balance[2] + f.balance[3], 9000 * YUAN);
	assert_int_equal(f.flow[3].policy_used, FLOW_EQUAL_FOR_ZERO);
}

/* What comes in pays a credit back first; only what is left is passed on. */
static void
keeps_credits(void **state)
{
	static Fixture f;

	(void) state;
	load_two_way(&f, CENT);
	f.a.policy.credit_balance = CREDIT_BALANCE_KEEP;
	fixture_turn(&f, 0, 0, 0);
	fixture_turn(&f, 1, 0, 1);
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	fixture_cost(&f, 1, 0, -3000 * YUAN);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, -1800 * YUAN, 3000 * YUAN, 1800 * YUAN);
	assert_int_equal(f.keeps, 1);
	assert_int_equal(f.kept[0].policy_used, FLOW_CREDIT);
	/* 1,200 come in, 1,000 pay back, 10 % of what is left comes round again */
	fixture_cost(&f, 1, 0, -1000 * YUAN);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_int_equal(f.keeps, 0);
	assert_int_equal(f.balance[2] + f.balance[3], 5000 * YUAN);
	f.a.policy.credit_balance = CREDIT_BALANCE_ALLOCATE;
	fixture_cost(&f, 1, 0, -3000 * YUAN);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 217347 * CENT, 82653 * CENT);
}

/* Nine servers in a ring, of which one millionth leaves in each round. */
static void
solves_where_little_leaves(void **state)
{
	static Fixture f;
	int			i;

	(void) state;
	fixture_begin(&f, 10, 1, 1);
	for (i = 0; i < 9; i++)
	{
		fixture_cost(&f, i, 0, (i + 1) * YUAN);
		fixture_turn(&f, i, 0,
					 fixture_base(&f, BASE_STATISTIC, 2, TO((i + 1) % 9, 9),
								  BY(i == 4 ? 999999 * ONE : ONE, i == 4 ? ONE : 0)));
	}
	fixture_manner(&f, 0, TURN_SIMULTANEOUS);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 45 * YUAN);
	/* 45 leave the fifth as a millionth of what it gives */
	assert_in_range(f.sent[4], 45000000 * YUAN - 1000, 45000000 * YUAN + 1000);
	/* what the ring holds is more than the type: refused, never wrong */
	f.weights[4][0] = INT64_C(9000000000000000000);
	f.weights[4][1] = 1;
	assert_int_equal(fixture_run(&f).code, FAULT_OVERFLOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_both_ways_at_once),
		cmocka_unit_test(apportions_twice),
		cmocka_unit_test(steps_peers_in_order),
		cmocka_unit_test(leaves_later_groups_to_close),
		cmocka_unit_test(names_closed_loops),
		cmocka_unit_test(refuses_what_has_no_meaning),
		cmocka_unit_test(keeps_what_has_no_base),
		cmocka_unit_test(keeps_credits),
		cmocka_unit_test(solves_where_little_leaves),
	};

	return cmocka_run_group_tests_name("allocation_method", tests, NULL, NULL);
}
