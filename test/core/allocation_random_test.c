/*
 * allocation_random_test.c
 *		Laws of the allocation over random hospitals, policies and methods.
 */
#include "allocation_fixture.h"
#include "random.h"

#define ROUNDS 3000

/* What a run came to. */
typedef struct Outcome
{
	Fault		fault;
	int64_t		balance[MOST_DEPARTMENTS * MOST_POOLS];
	int64_t		received[LEVELS * MOST_DEPARTMENTS * MOST_POOLS];
	int64_t		sent[MOST_DEPARTMENTS * MOST_POOLS];
} Outcome;

static void
run(Fixture *f, Outcome *outcome)
{
	outcome->fault = fixture_run(f);
	memcpy(outcome->balance, f->balance, sizeof(f->balance));
	memcpy(outcome->received, f->received, sizeof(f->received));
	memcpy(outcome->sent, f->sent, sizeof(f->sent));
}

static void
draw_base(Fixture *f, bool accumulated)
{
	static const AllocationBaseKind kinds[] = {
		BASE_STATISTIC, BASE_STATISTIC, BASE_STATISTIC, BASE_EQUAL,
		BASE_FIXED_SHARE, BASE_ACCUMULATED_COST
	};
	AllocationBaseKind kind = kinds[random_below(accumulated ? 6 : 5)];
	int			receivers[2 * MOST_DEPARTMENTS];
	int64_t		weights[2 * MOST_DEPARTMENTS];
	int64_t		left = ONE;
	int			n = random_below(f->a.departments + 4);
	int			bits = 1 + random_below(40);
	int			i;

	for (i = 0; i < n; i++)
	{
		receivers[i] = random_below(f->a.departments);
		weights[i] = random_below(12) == 0 ? random_signed(bits)
			: random_below(4) == 0 ? 0 : random_amount(bits);
		if (kind == BASE_FIXED_SHARE)
			weights[i] = i == n - 1 ? left : random_amount(18);
		left -= weights[i];
	}
	fixture_base(f, kind, n, receivers, weights);
}

/* Gives each group a manner; rounded multipliers know no equations. */
static void
draw_manners(Fixture *f)
{
	AllocationManner manner = TURN_CLOSING;
	int			i;

	for (i = 0; i < f->a.turns; i++)
	{
		if (i == 0 || f->turn[i].group != f->turn[i - 1].group)
			manner = (AllocationManner) random_below(
				f->a.policy.multiplier_scale == ALLOCATION_EXACT ? 4 : 3);
		f->turn[i].manner = manner;
	}
}

/* Draws a hospital that is well formed; its policies may still refuse it. */
static void
draw_hospital(Fixture *f, bool accumulated)
{
	static const int64_t units[] = {1, CENT, YUAN, 12345};
	int			departments = 2 + random_below(MOST_DEPARTMENTS - 2);
	int			group = 0;
	int			server = 0;
	int			i;

	fixture_begin(f, departments, 1 + random_below(MOST_POOLS), units[random_below(4)]);
	f->a.policy.multiplier_scale = random_below(3) == 0 ? random_below(9) : ALLOCATION_EXACT;
	f->a.policy.residual = random_below(2) ? MONEY_RESIDUAL_LARGEST_AMOUNT
		: MONEY_RESIDUAL_LARGEST_REMAINDER;
	f->a.policy.zero_base = (AllocationZeroBase) random_below(4);
	f->a.policy.negative_statistic = (AllocationNegativeStatistic) random_below(5);
	for (i = 0; i < departments * f->a.pools; i++)
		f->direct[i] = random_below(3) == 0 ? 0
			: random_below(10) == 0 ? random_signed(44) : random_amount(44);
	for (i = 0; i < departments; i++)
		f->level[i] = random_below(LEVELS);
	for (i = 1 + random_below(8); i > 0; i--)
		draw_base(f, accumulated);
	for (i = 0; i < f->a.bases; i++)
		f->base[i].fallback = random_below(f->a.bases + 1) - 1;
	for (i = 0; i < MOST_TURNS && i < departments; i++)
	{
		int			pool;

		if (random_below(3) == 0 || server + 1 >= departments)
		{
			group++;
			server = random_below(departments);
		}
		fixture_turn(f, server, group, 0);
		for (pool = 0; pool < f->a.pools; pool++)
			f->base_of_pool[i][pool] = random_below(f->a.bases + 1) - 1;
		server += random_below(2);
	}
	draw_manners(f);
}

static bool
closed(const Fixture *f, int department, int turn)
{
	AllocationManner manner = f->turn[turn].manner;
	int			server = f->turn[turn].server;
	int			i;

	if (department == server || manner == TURN_OPEN)
		return department == server;
	for (i = 0; i < f->a.turns; i++)
		if (f->turn[i].server == department && f->turn[i].manner != TURN_OPEN &&
			(f->turn[i].group < f->turn[turn].group ||
			 (f->turn[i].group == f->turn[turn].group &&
			  (manner == TURN_CLOSING ||
			   (manner == TURN_SEQUENTIAL && department < server)))))
			return true;
	return false;
}

/* Replays the flows over the direct cost; none goes where it must not. */
static void
assert_flows_explain(const Fixture *f)
{
	int64_t		balance[MOST_DEPARTMENTS * MOST_POOLS];
	int			i;

	memcpy(balance, f->direct, sizeof(balance));
	for (i = 0; i < f->flows; i++)
	{
		const AllocationFlow *flow = &f->flow[i];

		assert_true(flow->amount != 0);
		assert_int_equal(flow->server, f->turn[flow->turn].server);
		assert_false(closed(f, flow->receiver, flow->turn));
		assert_true(flow->weight != 0 && flow->weight_total > 0);
		balance[flow->server * f->a.pools + flow->pool] -= flow->amount;
		balance[flow->receiver * f->a.pools + flow->pool] += flow->amount;
	}
	for (i = 0; i < f->a.departments * f->a.pools; i++)
		assert_true(balance[i] == f->balance[i]);
	for (i = 0; i < f->keeps; i++)
		assert_true(f->kept[i].amount != 0 && f->kept[i].policy_used != 0);
}

static void
conserves_and_explains(void **state)
{
	static Fixture f;
	static Outcome first;
	int			done = 0;
	int			round;

	(void) state;
	random_begin("conserves_and_explains");
	for (round = 0; round < ROUNDS; round++)
	{
		draw_hospital(&f, true);
		if (random_below(2))
			f.a.policy.credit_balance = CREDIT_BALANCE_KEEP;
		run(&f, &first);
		assert_int_not_equal(first.fault.code, FAULT_POOL_CONSERVATION);
		assert_int_not_equal(first.fault.code, FAULT_CELL_CONSERVATION);
		assert_int_not_equal(first.fault.code, FAULT_INVARIANT);
		assert_int_not_equal(first.fault.code, FAULT_ARGUMENT);
		if (first.fault.code != FAULT_NONE)
			continue;
		assert_flows_explain(&f);
		done++;
	}
	/* some hospitals are refused by a policy; most must not be */
	assert_true(done > ROUNDS / 3);
}

static void
shuffle_receivers(Fixture *f)
{
	int			base;
	int			i;

	for (base = 0; base < f->a.bases; base++)
		for (i = f->base[base].n - 1; i > 0; i--)
		{
			int			j = random_below(i + 1);
			int			receiver = f->receivers[base][i];
			int64_t		weight = f->weights[base][i];

			f->receivers[base][i] = f->receivers[base][j];
			f->weights[base][i] = f->weights[base][j];
			f->receivers[base][j] = receiver;
			f->weights[base][j] = weight;
		}
}

static void
ignores_the_order_of_receivers(void **state)
{
	static Fixture f;
	static Outcome first;
	static Outcome second;
	int			round;

	(void) state;
	random_begin("ignores_the_order_of_receivers");
	for (round = 0; round < ROUNDS; round++)
	{
		draw_hospital(&f, true);
		run(&f, &first);
		shuffle_receivers(&f);
		run(&f, &second);
		assert_memory_equal(&first, &second, sizeof(first));
	}
}

static void
reverse_pools(Fixture *f)
{
	int			last = f->a.pools - 1;
	int			row;
	int			i;

	for (i = 0; i < (last + 1) / 2; i++)
	{
		for (row = 0; row < f->a.departments; row++)
		{
			int64_t    *cells = f->direct + row * f->a.pools;
			int64_t		cell = cells[i];

			cells[i] = cells[last - i];
			cells[last - i] = cell;
		}
		for (row = 0; row < f->a.turns; row++)
		{
			int			base = f->base_of_pool[row][i];

			f->base_of_pool[row][i] = f->base_of_pool[row][last - i];
			f->base_of_pool[row][last - i] = base;
		}
	}
}

static void
ignores_the_order_of_pools(void **state)
{
	static Fixture f;
	static Outcome first;
	static Outcome second;
	int			round;

	(void) state;
	random_begin("ignores_the_order_of_pools");
	for (round = 0; round < ROUNDS; round++)
	{
		int			pools;
		int			rows;
		int			i;

		draw_hospital(&f, true);
		run(&f, &first);
		reverse_pools(&f);
		run(&f, &second);
		/* which of several faults comes first does depend on the order */
		assert_int_equal(first.fault.code == FAULT_NONE, second.fault.code == FAULT_NONE);
		if (first.fault.code != FAULT_NONE)
			continue;
		pools = f.a.pools;
		rows = f.a.departments;
		for (i = 0; i < rows * pools; i++)
		{
			int			mirror = i - i % pools + (pools - 1 - i % pools);

			assert_true(first.balance[i] == second.balance[mirror]);
			assert_true(first.sent[i] == second.sent[mirror]);
		}
		for (i = 0; i < LEVELS * rows * pools; i++)
			assert_true(first.received[i] ==
						second.received[i - i % pools + (pools - 1 - i % pools)]);
	}
}

/* Negative cost is negative allocation, but for bases that look at cost. */
static void
mirrors_negative_cost(void **state)
{
	static Fixture f;
	static Outcome first;
	static Outcome second;
	int			round;
	int			i;

	(void) state;
	random_begin("mirrors_negative_cost");
	for (round = 0; round < ROUNDS; round++)
	{
		draw_hospital(&f, false);
		run(&f, &first);
		for (i = 0; i < f.a.departments * f.a.pools; i++)
			f.direct[i] = -f.direct[i];
		run(&f, &second);
		assert_int_equal(first.fault.code, second.fault.code);
		for (i = 0; first.fault.code == FAULT_NONE && i < f.a.departments * f.a.pools; i++)
		{
			assert_true(first.balance[i] == -second.balance[i]);
			assert_true(first.sent[i] == -second.sent[i]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conserves_and_explains),
		cmocka_unit_test(ignores_the_order_of_receivers),
		cmocka_unit_test(ignores_the_order_of_pools),
		cmocka_unit_test(mirrors_negative_cost),
	};

	return cmocka_run_group_tests_name("allocation_random", tests, NULL, NULL);
}
