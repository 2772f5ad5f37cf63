/*
 * allocation_test.c
 *		What the step-down means: worked hospitals with known answers.
 */
#include "allocation_fixture.h"
#include "core/rounding.h"

/* Department numbers of the golden hospital, in code order. */
enum
{
	A1, A2, B1, B2, C1, C2, C3, C4, T1, T2, DEPARTMENTS
};

/* Direct cost in yuan: personnel, materials, drugs, depreciation, other. */
static void
load_golden_hospital(Fixture *f)
{
	static const int64_t direct[DEPARTMENTS][5] = {
		[A1] = {100000, 0, 0, 5000, 15000},
		[A2] = {150000, 0, 0, 10000, 40000},
		[B1] = {60000, 0, 0, 0, 20000},
		[B2] = {50000, 10000, 0, 20000, 0},
		[C1] = {300000, 20000, 400000, 10000, 20000},
		[C2] = {600000, 100000, 500000, 60000, 90000},
		[C3] = {150000, 30000, 120000, 10000, 10000},
		[C4] = {700000, 800000, 300000, 100000, 100000},
		[T1] = {200000, 300000, 0, 50000, 10000},
		[T2] = {120000, 30000, 0, 200000, 20000},
	};
	int			heads;
	int			d;
	int			pool;

	fixture_begin(f, DEPARTMENTS, 5, 1);
	for (d = 0; d < DEPARTMENTS; d++)
		for (pool = 0; pool < 5; pool++)
			fixture_cost(f, d, pool, direct[d][pool] * YUAN);
	f->level[B1] = f->level[B2] = 1;
	f->level[T1] = f->level[T2] = 2;
	heads = fixture_base(f, BASE_STATISTIC, 8, TO(B1, B2, T1, T2, C1, C2, C3, C4),
						 BY(10 * ONE, 10 * ONE, 20 * ONE, 10 * ONE, 20 * ONE,
							40 * ONE, 10 * ONE, 40 * ONE));
	fixture_turn(f, A1, 1, heads);
	fixture_turn(f, A2, 1, heads);
	fixture_turn(f, B1, 2, fixture_base(f, BASE_STATISTIC, 2, TO(C1, C3),
										BY(6000 * ONE, 4000 * ONE)));
	fixture_turn(f, B2, 2, fixture_base(f, BASE_STATISTIC, 3, TO(T2, C2, C4),
										BY(100 * ONE, 300 * ONE, 600 * ONE)));
	fixture_turn(f, T1, 3, fixture_base(f, BASE_STATISTIC, 4, TO(C1, C2, C3, C4),
										BY(300000 * ONE, 400000 * ONE, 100000 * ONE,
										   200000 * ONE)));
	fixture_turn(f, T2, 3, fixture_base(f, BASE_STATISTIC, 4, TO(C1, C2, C3, C4),
										BY(200000 * ONE, 200000 * ONE, 150000 * ONE,
										   250000 * ONE)));
}

/* Every cell of the clinical departments, in millionths of a yuan. */
static void
closes_the_golden_hospital(void **state)
{
	static const struct
	{
		int			department;
		int			pool;
		int64_t		level[LEVELS];
		int64_t		full;
	}			expected[] = {
		{4, 0, {31250000000, 45375000000, 104921875000}, 481546875000},
		{4, 1, {0, 0, 97750000000}, 117750000000},
		{4, 2, {0, 0, 0}, 400000000000},
		{4, 3, {1875000000, 562500000, 66320312500}, 78757812500},
		{4, 4, {6875000000, 14062500000, 11007812500}, 51945312500},
		{5, 0, {62500000000, 19687500000, 128046875000}, 810234375000},
		{5, 1, {0, 3000000000, 127750000000}, 230750000000},
		{5, 2, {0, 0, 0}, 500000000000},
		{5, 3, {3750000000, 6281250000, 71507812500}, 141539062500},
		{5, 4, {13750000000, 1031250000, 12695312500}, 117476562500},
		{6, 0, {15625000000, 30250000000, 49785156250}, 245660156250},
		{6, 1, {0, 0, 35812500000}, 65812500000},
		{6, 2, {0, 0, 0}, 120000000000},
		{6, 3, {937500000, 375000000, 43255859375}, 54568359375},
		{6, 4, {3437500000, 9375000000, 6146484375}, 28958984375},
		{7, 0, {62500000000, 39375000000, 90683593750}, 892558593750},
		{7, 1, {0, 6000000000, 69687500000}, 875687500000},
		{7, 2, {0, 0, 0}, 300000000000},
		{7, 3, {3750000000, 12562500000, 73822265625}, 190134765625},
		{7, 4, {13750000000, 2062500000, 10806640625}, 126619140625},
	};
	static Fixture f;
	size_t		i;
	int			level;
	int			d;

	(void) state;
	load_golden_hospital(&f);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
	{
		d = expected[i].department;
		for (level = 0; level < LEVELS; level++)
			assert_int_equal(fixture_received(&f, level, d, expected[i].pool),
							 expected[i].level[level] * 100);
		assert_int_equal(fixture_balance(&f, d, expected[i].pool),
						 expected[i].full * 100);
	}
	for (d = 0; d < DEPARTMENTS; d++)
		for (level = 0; (d < C1 || d > C4) && level < 5; level++)
			assert_int_equal(fixture_balance(&f, d, level), 0);
}

static int64_t
total_balance(const Fixture *f, int department)
{
	int64_t		sum = 0;
	int			pool;

	for (pool = 0; pool < f->a.pools; pool++)
		sum += fixture_balance(f, department, pool);
	return sum;
}

/* The totals after each level, read between two turns. */
static void
shows_each_level_on_the_way(void **state)
{
	static const int64_t after[LEVELS][DEPARTMENTS] = {
		{0, 0, 100000, 100000, 790000, 1430000, 340000, 2080000, 600000, 390000},
		{0, 0, 0, 0, 850000, 1460000, 380000, 2140000, 600000, 400000},
		{0, 0, 0, 0, 1130000, 1800000, 515000, 2385000, 0, 0},
	};
	static Fixture f;
	char		scratch[4096];
	int			turn;
	int			d;

	(void) state;
	load_golden_hospital(&f);
	assert_true(allocation_scratch_size(DEPARTMENTS) <= sizeof(scratch));
	f.a.scratch = scratch;
	memcpy(f.balance, f.direct, sizeof(f.balance));
	assert_int_equal(allocation_begin(&f.a).code, FAULT_NONE);
	for (turn = 0; turn < f.a.turns; turn++)
	{
		assert_int_equal(allocation_turn(&f.a, turn).code, FAULT_NONE);
		assert_int_equal(allocation_check(&f.a, f.direct).code, FAULT_NONE);
		for (d = 0; turn % 2 == 1 && d < DEPARTMENTS; d++)
			assert_int_equal(total_balance(&f, d), after[turn / 2][d] * YUAN);
	}
}

/* Laundry by kg, housekeeping by m2, administration by staff; in cents. */
static void
steps_the_manual_hospital_down(void **state)
{
	static Fixture f;

	(void) state;
	fixture_begin(&f, 5, 1, CENT);
	fixture_cost(&f, 0, 0, 7000 * YUAN);
	fixture_cost(&f, 1, 0, 5000 * YUAN);
	fixture_cost(&f, 2, 0, 20000 * YUAN);
	fixture_cost(&f, 3, 0, 40000 * YUAN);
	fixture_cost(&f, 4, 0, 100000 * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_STATISTIC, 4, TO(1, 2, 3, 4),
										BY(5 * ONE, 20 * ONE, 40 * ONE, 20 * ONE)));
	/* housekeeping cleans its own rooms and those of the laundry too: no matter */
	fixture_turn(&f, 1, 1, fixture_base(&f, BASE_STATISTIC, 5, TO(0, 1, 2, 3, 4),
										BY(90 * ONE, 40 * ONE, 100 * ONE, 100 * ONE,
										   100 * ONE)));
	fixture_turn(&f, 2, 2, fixture_base(&f, BASE_STATISTIC, 2, TO(3, 4),
										BY(4 * ONE, 2 * ONE)));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 6073203 * CENT, 11126797 * CENT);
	assert_int_equal(f.flows, 4 + 3 + 2);
	assert_int_equal(f.flow[0].amount, 41176 * CENT);
	assert_int_equal(f.flow[1].amount, 164706 * CENT);
	assert_int_equal(f.flow[2].amount, 329412 * CENT);
	assert_int_equal(f.flow[4].amount, 180392 * CENT);
	assert_int_equal(f.flow[4].base_amount, 541176 * CENT);
	assert_int_equal(f.flow[7].amount, 1563399 * CENT);
	assert_int_equal(f.flow[8].amount, 781699 * CENT);
}

/* S1 6,000: 20 % S2, 50 % P1, 30 % P2; S2 3,000: 10 % S1, 40 % P1, 50 % P2. */
static void
serves_two_ways(void **state)
{
	/* groups of S1 and S2: direct, S1 first, S2 first */
	static const struct
	{
		int			group[2];
		int64_t		cents[2];
	}			cases[] = {
		{{0, 0}, {508333, 391667}},
		{{0, 1}, {486667, 413333}},
		{{1, 0}, {513750, 386250}},
	};
	static Fixture f;
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int			first = cases[i].group[0] > cases[i].group[1];
		int			base[2];

		fixture_begin(&f, 4, 1, CENT);
		fixture_cost(&f, 0, 0, 6000 * YUAN);
		fixture_cost(&f, 1, 0, 3000 * YUAN);
		base[0] = fixture_base(&f, BASE_STATISTIC, 3, TO(1, 2, 3),
							   BY(20 * ONE, 50 * ONE, 30 * ONE));
		base[1] = fixture_base(&f, BASE_STATISTIC, 3, TO(0, 2, 3),
							   BY(10 * ONE, 40 * ONE, 50 * ONE));
		fixture_turn(&f, first, cases[i].group[first], base[first]);
		fixture_turn(&f, !first, cases[i].group[!first], base[!first]);
		assert_int_equal(fixture_run(&f).code, FAULT_NONE);
		ASSERT_BALANCES(&f, 0, 0, cases[i].cents[0] * CENT, cases[i].cents[1] * CENT);
	}
}

/* A cost report filed with Medicare: dollars, multipliers to 6 decimals. */
static void
steps_a_filed_report_down(void **state)
{
	static const int64_t multipliers[] = {1000000, 1000000, 24801};
	static Fixture f;
	int			i;

	(void) state;
	fixture_begin(&f, 7, 1, YUAN);
	f.a.policy.multiplier_scale = 6;
	f.a.policy.residual = MONEY_RESIDUAL_LARGEST_AMOUNT;
	f.a.policy.credit_balance = CREDIT_BALANCE_KEEP;
	for (i = 0; i < 7; i++)
		fixture_cost(&f, i, 0, (const int64_t[]) {52, 1, 0, 991, 544, 425, 177}[i] * YUAN);
	fixture_turn(&f, 0, 0, fixture_base(&f, BASE_STATISTIC, 1, TO(2), BY(52 * ONE)));
	fixture_turn(&f, 1, 1, fixture_base(&f, BASE_STATISTIC, 1, TO(2), BY(ONE)));
	fixture_turn(&f, 2, 2, fixture_base(&f, BASE_ACCUMULATED_COST, 4, TO(3, 4, 5, 6), NULL));
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	ASSERT_BALANCES(&f, 0, 0, 0, 1016 * YUAN, 557 * YUAN, 436 * YUAN, 181 * YUAN);
	for (i = 0; i < f.flows; i++)
		assert_int_equal(f.flow[i].multiplier, multipliers[f.flow[i].turn]);
	assert_int_equal(f.flow[2].weight_scale, ALLOCATION_AMOUNT_SCALE);
	assert_int_equal(f.flow[2].weight_total, 2137 * YUAN);
}

/* Cells to the cent: both margins of the golden hospital tie. */
static void
rounds_to_cents_that_tie(void **state)
{
	static const int group_of_column[5] = {0};
	static Fixture f;
	int64_t		cents[DEPARTMENTS * 5];
	void	   *scratch = malloc(rounding_scratch_size(DEPARTMENTS, 5, 1));
	int			d;
	int			pool;

	(void) state;
	load_golden_hospital(&f);
	assert_int_equal(fixture_run(&f).code, FAULT_NONE);
	assert_int_equal(rounding_controlled(f.balance, DEPARTMENTS, 5,
										 group_of_column, 1, CENT, cents,
										 scratch).code, FAULT_NONE);
	free(scratch);
	for (pool = 0; pool < 5; pool++)
	{
		int64_t		change = 0;

		for (d = 0; d < DEPARTMENTS; d++)
			change += cents[d * 5 + pool] - f.direct[d * 5 + pool];
		assert_int_equal(change, 0);
	}
	for (d = 0; d < DEPARTMENTS; d++)
	{
		int64_t		change = 0;

		for (pool = 0; pool < 5; pool++)
			change += cents[d * 5 + pool] - fixture_balance(&f, d, pool);
		assert_int_equal(change, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_the_golden_hospital),
		cmocka_unit_test(shows_each_level_on_the_way),
		cmocka_unit_test(steps_the_manual_hospital_down),
		cmocka_unit_test(serves_two_ways),
		cmocka_unit_test(steps_a_filed_report_down),
		cmocka_unit_test(rounds_to_cents_that_tie),
	};

	return cmocka_run_group_tests_name("allocation", tests, NULL, NULL);
}
