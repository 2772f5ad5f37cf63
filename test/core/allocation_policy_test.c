/*
 * allocation_policy_test.c
 *		Rules and refusals of the step-down: who may receive, what a zero base, a
 *		negative statistic or a credit balance does, which fault names what.
 */
#include "allocation_fixture.h"

/* One server (0) with 100.00 and receivers 1 .. n - 1, in cents. */
static void
begin_one_server(Fixture *f, int departments)
{
	fixture_begin(f, departments, 1, CENT);
	fixture_cost(f, 0, 0, 100 * YUAN);
}

static void
assert_fault(Fault fault, FaultCode code, int server, int pool, int base)
{
	assert_int_equal(fault.code, code);
	assert_int_equal(fault.server, server);
	assert_int_equal(fault.pool, pool);
	assert_int_equal(fault.base, base);
}

static void
drops_closed_receivers_from_the_base(void **state)
{
	static Fixture f;
	int			all;

	(void) state;
	fixture_begin(&f, 5, 1, CENT);
	fixture_cost(&f, 1, 0, 30 * YUAN);
	fixture_cost(&f, 2, 0, 90 * YUAN);
	all = fixture_base(&f, BASE_STATISTIC, 5, TO(0, 1, 2, 3, 4),
					   BY(500 * ONE, 70 * ONE, 70 * ONE, ONE, 2 * ONE));
	/* 0 serves first, without cost; 1 and 2 are of one group */
	fixture_turn(&f, 0, 0, all);
	fixture_turn(&f, 1, 1, all);
	fixture_turn(&f, 2, 1, all);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 40 * YUAN, 80 * YUAN);
	assert_int_equal(f.flow[0].weight_total, 3 * ONE);
}

/* Two management departments serve one auxiliary department on one item. */
static void
adds_up_what_several_servers_send(void **state)
{
	static Fixture f;

	(void) state;
	fixture_begin(&f, 4, 2, CENT);
	fixture_cost(&f, 0, 1, 10 * YUAN);
	fixture_cost(&f, 1, 1, 20 * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 1, TO(2), NULL));
	fixture_turn(&f, 1, 0, fixture_base(&f, BASE_EQUAL, 2, TO(2, 3), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	/* neither receiver had cost of its own on the item */
	assert_int_equal(fixture_balance(&f, 2, 1), 20 * YUAN);
	assert_int_equal(fixture_balance(&f, 3, 1), 10 * YUAN);
	assert_int_equal(f.flows, 3);
	assert_int_equal(f.flow[0].pool, 1);
}

static void
takes_accumulated_cost_at_the_groups_start(void **state)
{
	static Fixture f;
	int			base;

	(void) state;
	fixture_begin(&f, 5, 2, CENT);
	fixture_cost(&f, 0, 0, 60 * YUAN);
	fixture_cost(&f, 1, 0, 90 * YUAN);
	fixture_cost(&f, 2, 0, 90 * YUAN);
	fixture_cost(&f, 3, 1, 10 * YUAN);	/* the other pool counts too */
	fixture_cost(&f, 4, 0, 20 * YUAN);
	base = fixture_base(&f, BASE_ACCUMULATED_COST, 2, TO(3, 4), NULL);
	/* 0 gives all to 3: the next group starts with 70 to 20 */
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 1, TO(3), NULL));
	/* what 1 gives to 4 does not change by what 2, of the same group, splits */
	fixture_turn(&f, 1, 1, fixture_base(&f, BASE_EQUAL, 1, TO(4), NULL));
	fixture_turn(&f, 2, 1, base);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 130 * YUAN, 130 * YUAN);
}

static void
splits_fixed_shares(void **state)
{
	static Fixture f;
	int			base;

	(void) state;
	begin_one_server(&f, 4);
	base = fixture_base(&f, BASE_FIXED_SHARE, 3, TO(1, 2, 3), BY(500000, 300000, 200000));
	fixture_turn(&f, 0, 0, base);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 50 * YUAN, 30 * YUAN, 20 * YUAN);
	f.weights[base][2] = 199999;
	assert_fault(fixture_run(&f), FAULT_FIXED_SHARE, -1, -1, base);
	assert_int_equal(fixture_run(&f).detail, 999999);
}

static void
treats_negative_statistics(void **state)
{
	/* shares of +3 and -1 in cents, what the flow says */
	static const struct
	{
		AllocationNegativeStatistic policy;
		int64_t		first;
		int64_t		second;
		int			used;
	}			cases[] = {
		{NEGATIVE_STATISTIC_SIGNED, 15000, -5000, FLOW_NEGATIVE_SIGNED},
		{NEGATIVE_STATISTIC_ABSOLUTE, 7500, 2500, FLOW_NEGATIVE_CHANGED},
		{NEGATIVE_STATISTIC_ZERO, 10000, 0, FLOW_NEGATIVE_CHANGED},
		{NEGATIVE_STATISTIC_SHIFT, 10000, 0, FLOW_NEGATIVE_CHANGED},
	};
	static Fixture f;
	Fault		fault;
	size_t		i;
	int			base;

	(void) state;
	begin_one_server(&f, 3);
	base = fixture_base(&f, BASE_STATISTIC, 2, TO(1, 2), BY(3 * ONE, -ONE));
	fixture_turn(&f, 0, 0, base);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		f.a.policy.negative_statistic = cases[i].policy;
		assert_int_equal(fixture_run(&f).code, FAULT_NONE);
		ASSERT_BALANCES(&f, 0, cases[i].first * CENT, cases[i].second * CENT);
		assert_int_equal(f.flow[0].policy_used, cases[i].used);
	}
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_ERROR;
	fault = fixture_run(&f);
	assert_fault(fault, FAULT_STATISTIC_NEGATIVE, 0, 0, base);
	assert_int_equal(fault.at, 2);
	assert_int_equal(fault.detail, -ONE);
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_SIGNED;
	f.weights[base][1] = -4 * ONE;
	assert_fault(fixture_run(&f), FAULT_BASE_NEGATIVE, 0, 0, base);
	/* without cost there is nothing to complain about */
	fixture_cost(&f, 0, 0, 0);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
}

static void
shifts_all_receivers(void **state)
{
	static Fixture f;

	(void) state;
	begin_one_server(&f, 4);
	f.a.policy.negative_statistic = NEGATIVE_STATISTIC_SHIFT;
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_STATISTIC, 3, TO(1, 2, 3),
										BY(2 * ONE, -ONE, 0)));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 75 * YUAN, 0, 25 * YUAN);
}

static void
treats_a_zero_base(void **state)
{
	static Fixture f;
	Fault		fault;
	int			base;

	(void) state;
	begin_one_server(&f, 4);
	base = fixture_base(&f, BASE_STATISTIC, 3, TO(1, 2, 3), BY(0, 0, 0));
	fixture_turn(&f, 0, 0, base);
	fault = fixture_run(&f);
	assert_fault(fault, FAULT_BASE_ZERO, 0, 0, base);
	assert_int_equal(fault.detail, 100 * YUAN);

	f.a.policy.zero_base = ZERO_BASE_UNALLOCATED;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 100 * YUAN, 0, 0, 0);
	assert_int_equal(f.flows, 0);
	assert_int_equal(f.keeps, 1);
	assert_int_equal(f.kept[0].policy_used, FLOW_UNALLOCATED);
	assert_int_equal(f.kept[0].amount, 100 * YUAN);
	assert_int_equal(f.kept[0].receiver, 0);

	f.a.policy.zero_base = ZERO_BASE_EQUAL;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 3334 * CENT, 3333 * CENT, 3333 * CENT);
	assert_int_equal(f.flow[2].policy_used, FLOW_EQUAL_FOR_ZERO);
	f.base[base].n = 0;
	assert_fault(fixture_run(&f), FAULT_BASE_ZERO, 0, 0, base);
}

/* Two service departments that serve only each other: the second is stuck. */
static void
names_a_loop_without_exit(void **state)
{
	static Fixture f;
	int			back;

	(void) state;
	begin_one_server(&f, 3);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 1, TO(1), NULL));
	back = fixture_base(&f, BASE_EQUAL, 1, TO(0), NULL);
	fixture_turn(&f, 1, 1, back);
	assert_fault(fixture_run(&f), FAULT_BASE_ZERO, 1, 0, back);
}

static void
follows_fallbacks(void **state)
{
	static Fixture f;
	int			empty;
	int			zero;
	int			good;

	(void) state;
	begin_one_server(&f, 3);
	f.a.policy.zero_base = ZERO_BASE_FALLBACK;
	empty = fixture_base(&f, BASE_FIXED_SHARE, 0, TO(0), BY(0));
	zero = fixture_base(&f, BASE_STATISTIC, 1, TO(1), BY(0));
	good = fixture_base(&f, BASE_STATISTIC, 1, TO(2), BY(5 * ONE));
	f.base[empty].fallback = zero;
	f.base[zero].fallback = good;
	fixture_turn(&f, 0, 0, empty);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 100 * YUAN);
	assert_int_equal(f.flow[0].base, good);
	assert_int_equal(f.flow[0].policy_used, FLOW_FALLBACK);

	f.base[zero].fallback = ALLOCATION_NONE;
	assert_fault(fixture_run(&f), FAULT_BASE_ZERO, 0, 0, zero);
	f.base[zero].fallback = empty;
	assert_int_equal(fixture_run(&f).code, FAULT_FALLBACK_LOOP);
}

static void
treats_a_credit_balance(void **state)
{
	static Fixture f;

	(void) state;
	begin_one_server(&f, 4);
	fixture_cost(&f, 0, 0, -100 * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 3, TO(1, 2, 3), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, -3334 * CENT, -3333 * CENT, -3333 * CENT);
	f.a.policy.credit_balance = CREDIT_BALANCE_KEEP;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, -100 * YUAN, 0, 0, 0);
	assert_int_equal(f.kept[0].policy_used, FLOW_CREDIT);
	assert_int_equal(f.kept[0].amount, -100 * YUAN);
	fixture_cost(&f, 0, 0, 3 * YUAN);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, YUAN, YUAN, YUAN);
}

static void
leaves_pools_without_base(void **state)
{
	static Fixture f;

	(void) state;
	fixture_begin(&f, 2, 2, CENT);
	fixture_cost(&f, 0, 0, YUAN);
	fixture_cost(&f, 0, 1, 2 * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 1, TO(1), NULL));
	f.base_of_pool[0][0] = ALLOCATION_NONE;
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_int_equal(fixture_balance(&f, 0, 0), YUAN);
	assert_int_equal(fixture_balance(&f, 1, 1), 2 * YUAN);
	assert_int_equal(f.keeps, 0);
}

static void
refuses_bad_turns(void **state)
{
	static Fixture f;
	char		scratch[2048];
	Fault		fault;

	(void) state;
	begin_one_server(&f, 3);
	f.a.scratch = scratch;
	assert_true(allocation_scratch_size(3) <= sizeof(scratch));
	fixture_turn(&f, 0, 1, fixture_base(&f, BASE_EQUAL, 1, TO(2), NULL));
	fixture_turn(&f, 1, 1, 0);
	assert_int_equal(allocation_begin(&f.a).code, FAULT_NONE);
	assert_int_equal(allocation_turn(&f.a, 1).code, FAULT_TURN_ORDER);
	assert_int_equal(allocation_turn(&f.a, 0).code, FAULT_NONE);
	assert_int_equal(allocation_turn(&f.a, 0).code, FAULT_TURN_ORDER);
	assert_int_equal(allocation_turn(&f.a, 1).code, FAULT_NONE);
	assert_int_equal(allocation_turn(&f.a, 2).code, FAULT_TURN_ORDER);
	f.turn[1].group = 0;
	fault = fixture_run(&f);
	assert_fault(fault, FAULT_TURN_ORDER, 1, -1, -1);
	assert_int_equal(fault.at, 1);
	f.turn[1].group = 1;
	f.turn[1].server = 3;
	assert_int_equal(fixture_run(&f).code, FAULT_ARGUMENT);
	f.turn[1].server = 1;
	f.base_of_pool[1][0] = 1;
	assert_fault(fixture_run(&f), FAULT_ARGUMENT, 1, 0, -1);
	f.base_of_pool[1][0] = 0;
	f.receivers[0][0] = 3;
	assert_fault(fixture_run(&f), FAULT_ARGUMENT, -1, -1, 0);
}

static void
names_what_overflows(void **state)
{
	static Fixture f;
	Fault		fault;

	(void) state;
	fixture_begin(&f, 3, 2, 1);
	fixture_cost(&f, 0, 1, INT64_MAX);
	fixture_cost(&f, 2, 1, 1);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 1, TO(2), NULL));
	fault = fixture_run(&f);
	assert_fault(fault, FAULT_OVERFLOW, 0, 1, 0);
	assert_int_equal(fault.at, 2);
	f.base[0].kind = BASE_STATISTIC;
	f.base[0].n = 2;
	f.base[0].weights = f.weights[0];
	f.receivers[0][0] = 1;
	f.receivers[0][1] = 2;
	f.weights[0][0] = f.weights[0][1] = INT64_MAX;
	assert_fault(fixture_run(&f), FAULT_OVERFLOW, 0, 1, 0);
}

static void
finds_what_does_not_conserve(void **state)
{
	static Fixture f;
	Fault		fault;

	(void) state;
	begin_one_server(&f, 3);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_EQUAL, 2, TO(1, 2), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	f.balance[1] += 3;
	fault = allocation_check(&f.a, f.direct);
	assert_fault(fault, FAULT_POOL_CONSERVATION, -1, 0, -1);
	assert_int_equal(fault.detail, 3);
	f.balance[2] -= 3;
	fault = allocation_check(&f.a, f.direct);
	assert_fault(fault, FAULT_CELL_CONSERVATION, -1, 0, -1);
	assert_int_equal(fault.at, 1);
	assert_int_equal(fault.detail, -3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops_closed_receivers_from_the_base),
		cmocka_unit_test(adds_up_what_several_servers_send),
		cmocka_unit_test(takes_accumulated_cost_at_the_groups_start),
		cmocka_unit_test(splits_fixed_shares),
		cmocka_unit_test(treats_negative_statistics),
		cmocka_unit_test(shifts_all_receivers),
		cmocka_unit_test(treats_a_zero_base),
		cmocka_unit_test(names_a_loop_without_exit),
		cmocka_unit_test(follows_fallbacks),
		cmocka_unit_test(treats_a_credit_balance),
		cmocka_unit_test(leaves_pools_without_base),
		cmocka_unit_test(refuses_bad_turns),
		cmocka_unit_test(names_what_overflows),
		cmocka_unit_test(finds_what_does_not_conserve),
	};

	return cmocka_run_group_tests_name("allocation_policy", tests, NULL, NULL);
}
