/*
 * allocation_exact_test.c
 *		Every method against exact rational arithmetic on random hospitals: no cell
 *		is farther from the exact figure than the error bound that is reported.
 */
#include "exact.h"
#include "random.h"

#define ROUNDS 2500

/* One pool of a simultaneous group as equations. */
typedef struct Equations
{
	int			n;
	int			turn[MOST_TURNS];
	FaultCode	fault[MOST_TURNS];
	bool		stays[MOST_TURNS];
	bool		sends[MOST_TURNS];
	mpq_t		share[MOST_TURNS][MOST_DEPARTMENTS];
	mpq_t		gross[MOST_TURNS];
} Equations;

/* Solves for the servers that send; false if they hold what never leaves. */
static bool
solve(Exact *e, Equations *q, int pool)
{
	static mpq_t m[MOST_TURNS][MOST_TURNS + 1];
	bool		regular = true;
	mpq_t		x;
	int			n = 0;
	int			of[MOST_TURNS];

	mpq_init(x);
	for (int i = 0; i < q->n; i++)
		if (q->sends[i])
			of[n++] = i;
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j <= n; j++)
			mpq_init(m[i][j]);
		for (int j = 0; j < n; j++)
		{
			mpq_set_si(m[i][j], i == j, 1);
			mpq_sub(m[i][j], m[i][j], q->share[of[j]][e->f->turn[q->turn[of[i]]].server]);
		}
		mpq_set(m[i][n], e->start[e->f->turn[q->turn[of[i]]].server][pool]);
	}
	for (int k = 0; k < n && regular; k++)
	{
		regular = mpq_sgn(m[k][k]) != 0;
		for (int i = 0; i < n && regular; i++)
		{
			if (i == k || mpq_sgn(m[i][k]) == 0)
				continue;
			for (int j = n; j >= k; j--)
			{
				mpq_mul(x, m[i][k], m[k][j]);
				mpq_div(x, x, m[k][k]);
				mpq_sub(m[i][j], m[i][j], x);
			}
		}
	}
	for (int i = 0; i < n; i++)
	{
		if (regular)
			mpq_div(q->gross[of[i]], m[i][n], m[i][i]);
		for (int j = 0; j <= n; j++)
			mpq_clear(m[i][j]);
	}
	mpq_clear(x);
	return regular;
}

/* What a server has, its own and what comes from those who send. */
static void
find_gross(Exact *e, const Equations *q, int d, int pool, mpq_t sum)
{
	mpq_t		x;

	mpq_init(x);
	mpq_set(sum, e->start[d][pool]);
	for (int i = 0; i < q->n; i++)
		if (q->sends[i])
		{
			mpq_mul(x, q->gross[i], q->share[i][d]);
			mpq_add(sum, sum, x);
		}
	mpq_clear(x);
}

/* Who sends: whom money comes to, and, if credits stay, who has more. */
static bool
find_senders(Exact *e, Equations *q, int pool)
{
	bool		keep = e->f->a.policy.credit_balance == CREDIT_BALANCE_KEEP;
	bool		grown = true;
	bool		regular = true;
	mpq_t		sum;

	mpq_init(sum);
	while (grown && regular)
	{
		grown = false;
		for (int i = 0; i < q->n; i++)
		{
			bool		reached = false;
			int			d = e->f->turn[q->turn[i]].server;

			if (q->sends[i] || q->stays[i] || q->fault[i] != FAULT_NONE)
				continue;
			find_gross(e, q, d, pool, sum);
			for (int j = 0; j < q->n; j++)
				reached = reached || (q->sends[j] && mpq_sgn(q->share[j][d]) != 0);
			if (keep ? mpq_sgn(sum) > 0 : mpq_sgn(e->start[d][pool]) != 0 || reached)
				q->sends[i] = grown = true;
		}
		if (grown && keep)
			regular = solve(e, q, pool);
	}
	mpq_clear(sum);
	return keep ? regular : solve(e, q, pool);
}

/* Settles one pool of a simultaneous group. */
static FaultCode
settle(Exact *e, Equations *q, int pool)
{
	bool		keep = e->f->a.policy.credit_balance == CREDIT_BALANCE_KEEP;
	FaultCode	fault = FAULT_NONE;
	mpq_t		sum;

	if (!find_senders(e, q, pool))
		return FAULT_CLOSED_LOOP;
	mpq_init(sum);
	for (int d = 0; d < e->f->a.departments; d++)
	{
		find_gross(e, q, d, pool, sum);
		for (int i = 0; i < q->n; i++)
		{
			if (e->f->turn[q->turn[i]].server != d)
				continue;
			if (q->sends[i])
			{
				double		size = mpq_get_d(q->gross[i]);

				size = size < 0 ? -size : size;
				e->largest = size > e->largest ? size : e->largest;
				mpq_sub(sum, sum, q->gross[i]);
			}
			else if (fault == FAULT_NONE && mpq_sgn(sum) != 0 &&
					 !(keep && mpq_sgn(sum) < 0))
				fault = q->fault[i];
		}
		mpq_set(e->balance[d][pool], sum);
	}
	mpq_clear(sum);
	return fault;
}

static FaultCode
exact_system(Exact *e, int first, int end, int pool)
{
	static Equations q;
	bool		seen[MOST_DEPARTMENTS] = {false};
	FaultCode	fault;

	q.n = 0;
	for (int t = first; t < end; t++)
	{
		int			base = e->f->base_of_pool[t][pool];

		/* a server's first turn with a base counts */
		if (base < 0 || seen[e->f->turn[t].server])
			continue;
		seen[e->f->turn[t].server] = true;
		q.turn[q.n] = t;
		q.sends[q.n] = false;
		mpq_init(q.gross[q.n]);
		q.fault[q.n] = exact_share(e, t, base, &q.stays[q.n]);
		for (int d = 0; d < MOST_DEPARTMENTS; d++)
		{
			mpq_init(q.share[q.n][d]);
			mpq_set(q.share[q.n][d], e->share[d]);
		}
		q.n++;
	}
	fault = settle(e, &q, pool);
	for (int i = 0; i < q.n; i++)
	{
		mpq_clear(q.gross[i]);
		for (int d = 0; d < MOST_DEPARTMENTS; d++)
			mpq_clear(q.share[i][d]);
	}
	return fault;
}

/* One turn of any other manner. */
static FaultCode
exact_turn(Exact *e, int t, int pool)
{
	int			server = e->f->turn[t].server;
	int			base = e->f->base_of_pool[t][pool];
	bool		open = e->f->turn[t].manner == TURN_OPEN;
	FaultCode	fault = FAULT_NONE;
	bool		stays;
	mpq_t		amount;
	mpq_t		part;

	mpq_inits(amount, part, NULL);
	mpq_set(amount, open ? e->start[server][pool] : e->balance[server][pool]);
	if (base >= 0 && mpq_sgn(amount) != 0 &&
		!(mpq_sgn(amount) < 0 && e->f->a.policy.credit_balance == CREDIT_BALANCE_KEEP))
		fault = exact_share(e, t, base, &stays);
	else
		stays = true;
	for (int d = 0; d < e->f->a.departments && fault == FAULT_NONE && !stays; d++)
	{
		mpq_mul(part, amount, e->share[d]);
		mpq_add(e->balance[d][pool], e->balance[d][pool], part);
		mpq_sub(e->balance[server][pool], e->balance[server][pool], part);
	}
	mpq_clears(amount, part, NULL);
	return fault;
}

static void
exact_run(Exact *e)
{
	int			end;

	for (int first = 0; first < e->f->a.turns && e->fault == FAULT_NONE; first = end)
	{
		for (int d = 0; d < MOST_DEPARTMENTS; d++)
			for (int p = 0; p < MOST_POOLS; p++)
				mpq_set(e->start[d][p], e->balance[d][p]);
		for (end = first; end < e->f->a.turns &&
			 e->f->turn[end].group == e->f->turn[first].group;)
			end++;
		for (int p = 0; p < e->f->a.pools && e->fault == FAULT_NONE; p++)
			if (e->f->turn[first].manner == TURN_SIMULTANEOUS)
				e->fault = exact_system(e, first, end, p);
			else
				for (int t = first; t < end && e->fault == FAULT_NONE; t++)
					e->fault = exact_turn(e, t, p);
	}
}

static void
draw(Fixture *f)
{
	static const AllocationBaseKind kinds[] = {BASE_STATISTIC, BASE_STATISTIC,
		BASE_STATISTIC, BASE_EQUAL, BASE_ACCUMULATED_COST};
	static const int64_t units[] = {1, CENT, YUAN, 1};
	int			departments = 2 + random_below(9);
	int			group = 0;

	fixture_begin(f, departments, 1 + random_below(2), units[random_below(4)]);
	f->a.policy.zero_base = (AllocationZeroBase) random_below(4);
	f->a.policy.negative_statistic = (AllocationNegativeStatistic) random_below(5);
	f->a.policy.credit_balance = (AllocationCreditBalance) random_below(2);
	for (int i = 0; i < departments * f->a.pools; i++)
		f->direct[i] = random_below(3) == 0 ? 0 :
			random_below(4) == 0 ? random_signed(50) : random_amount(50);
	for (int i = 1 + random_below(departments + 2); i > 0; i--)
	{
		AllocationBaseKind kind = kinds[random_below(5)];
		int			receivers[MOST_DEPARTMENTS];
		int64_t		weights[MOST_DEPARTMENTS];
		int			n = random_below(random_below(2) ? departments + 1 : 4);

		for (int k = 0; k < n; k++)
		{
			receivers[k] = random_below(departments);
			weights[k] = random_below(30) == 0 ? random_signed(20) :
				random_below(8) == 0 ? 0 : random_amount(40);
		}
		fixture_base(f, kind, n, receivers, weights);
	}
	for (int i = 0; i < f->a.bases; i++)
		f->base[i].fallback = random_below(f->a.bases + 1) - 1;
	for (int i = 0; i < 3; i++)
	{
		AllocationManner manner = (AllocationManner) random_below(4);

		for (int d = 0; d < departments && f->a.turns < MOST_TURNS - 1; d++)
		{
			if (random_below(i == 0 ? 2 : 4) == 0)
				continue;
			fixture_turn(f, d, group, random_below(f->a.bases));
			f->turn[f->a.turns - 1].manner = manner;
			if (random_below(6) == 0)
				f->base_of_pool[f->a.turns - 1][0] = random_below(f->a.bases + 1) - 1;
		}
		group++;
	}
}

/* The farthest cell from its exact figure, rounded up, in 10^-8 yuan. */
static int64_t
farthest(const Fixture *f, Exact *e)
{
	int64_t		result;
	mpq_t		worst;
	mpq_t		x;
	mpz_t		whole;

	mpq_inits(worst, x, NULL);
	mpz_init(whole);
	for (int i = 0; i < f->a.departments * f->a.pools; i++)
	{
		mpq_set_si(x, f->balance[i], 1);
		mpq_sub(x, x, e->balance[i / f->a.pools][i % f->a.pools]);
		mpq_abs(x, x);
		if (mpq_cmp(x, worst) > 0)
			mpq_set(worst, x);
	}
	mpz_cdiv_q(whole, mpq_numref(worst), mpq_denref(worst));
	result = mpz_fits_slong_p(whole) ? mpz_get_si(whole) : INT64_MAX;
	mpz_clear(whole);
	mpq_clears(worst, x, NULL);
	return result;
}

static void
stays_within_the_bound(void **state)
{
	static Fixture f;
	static Exact e;
	int			compared = 0;
	int			far = 0;
	int			unlike = 0;

	(void) state;
	random_begin("stays_within_the_bound");
	for (int round = 0; round < ROUNDS; round++)
	{
		Fault		fault;
		int64_t		distance;

		draw(&f);
		fault = fixture_run(&f);
		exact_begin(&e, &f);
		exact_run(&e);
		if (fault.code == FAULT_NONE && e.fault == FAULT_NONE)
		{
			distance = farthest(&f, &e);
			if (distance > f.bound)
				print_error("round %d: a cell is %lld off, the bound is %lld\n", round,
							(long long) distance, (long long) f.bound);
			assert_true(distance <= f.bound);
			compared++;
			far += f.bound < 100000 * f.a.policy.flow_unit;
		}
		else if (fault.code == FAULT_OVERFLOW)
			assert_true(e.largest > 1e18 || e.fault != FAULT_NONE);
		else if ((fault.code == FAULT_NONE) != (e.fault == FAULT_NONE))
			unlike++;
		exact_end(&e);
	}
	print_message("%d compared, %d of them to a hundred thousand units, %d refused by one only\n",
				  compared, far, unlike);
	/* amounts below a unit may be zero to one of them; nothing else */
	assert_true(compared > ROUNDS / 5 && far > compared / 2 && unlike <= ROUNDS / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_within_the_bound),
	};

	return cmocka_run_group_tests_name("allocation_exact", tests, NULL, NULL);
}
