/*
 * costing_item_random_test.c
 *		Laws of service-item cost over random departments.
 */
#include "costing_item_fixture.h"
#include "random.h"

#define ROUNDS 4000

static void
draw_department(Department *d)
{
	int			c;
	int			i;
	int			j;

	department_begin(d, 2 * (1 + random_below(MOST_COLUMNS / 2)),
					 1 + random_below(MOST), random_below(MOST + 1));
	d->a.drivers = 1 + random_below(MOST);
	d->a.roles = random_below(MOST + 1);
	for (c = 0; c < d->a.columns; c++)
	{
		int			half = d->a.columns / 2;

		d->whole[c] = c % half;
		/* a part is less than its whole, as variable cost is of cost */
		d->pool[c] = c < half ? random_signed(50)
			: d->pool[c - half] / (1 + random_below(9));
		d->route[c] = c >= half ? d->route[c - half] : random_below(d->a.drivers + 1) - 1;
		for (j = 0; j < d->a.items; j++)
			d->traced[c * d->a.items + j] = random_below(4) ? 0 : random_signed(30);
	}
	for (j = 0; j < d->a.items; j++)
		d->quantity[j] = random_below(6) ? random_amount(30) : random_signed(30);
	for (i = 0; i < d->a.activities; i++)
		for (j = 0; j < d->a.items; j++)
			if (random_below(2))
				put_cell(d, i, j, random_amount(24));
	for (i = 0; i < d->a.drivers; i++)
	{
		d->capacity[i] = random_below(2) ? random_amount(30) : 0;
		for (j = 0; j < d->a.activities; j++)
			d->resource[i * d->a.activities + j] = random_below(3) ? random_amount(26) : 0;
	}
	for (i = 0; i < d->a.roles; i++)
	{
		d->role_cost[i] = 1 + random_amount(40);
		d->role_minutes[i] = 1 + random_amount(36);
		for (j = 0; j < d->a.cells; j++)
			if (random_below(3) == 0)
				put_staff(d, i, j, random_amount(20));
	}
}

static void
sums_up_to_the_pool(void **state)
{
	static Department d;
	static Department mirror;
	int			done = 0;
	int			round;

	(void) state;
	random_begin("sums_up_to_the_pool");
	for (round = 0; round < ROUNDS; round++)
	{
		Fault		fault;
		int			c;
		int			j;

		draw_department(&d);
		fault = run(&d);
		if (fault.code == FAULT_OVERFLOW)
			continue;			/* uses a capacity of next to nothing */
		assert_int_equal(fault.code, FAULT_NONE);
		done++;
		for (c = 0; c < d.a.columns; c++)
		{
			MoneyWide	sum = idle_cost(&d, c) + d.unmatched[c];

			for (j = 0; j < d.a.items; j++)
				sum += item_cost(&d, c, j);
			assert_true(sum == d.pool[c]);
		}
		/* a pool of the other sign gives the same parts, mirrored */
		mirror = d;
		department_begin(&mirror, d.a.columns, d.a.items, d.a.activities);
		memcpy(mirror.pool, d.pool, (char *) d.cost - (char *) d.pool);
		mirror.a.cells = d.a.cells;
		mirror.a.drivers = d.a.drivers;
		mirror.a.roles = d.a.roles;
		mirror.a.staffs = d.a.staffs;
		for (c = 0; c < d.a.columns; c++)
			mirror.pool[c] = -d.pool[c];
		for (c = 0; c < d.a.columns * d.a.items; c++)
			mirror.traced[c] = -d.traced[c];
		assert_int_equal(run(&mirror).code, FAULT_NONE);
		for (c = 0; c < d.a.columns * d.a.cells; c++)
			assert_true(mirror.cost[c] == -d.cost[c]);
	}
	assert_true(done > ROUNDS / 2);
}

/* |share x total - amount x weight| < total: a unit at most beside the exact. */
static void
gives_each_item_its_share(void **state)
{
	static int64_t weight[MOST_CELLS];
	static int64_t cost[MOST_CELLS];
	int			round;

	(void) state;
	random_begin("gives_each_item_its_share");
	for (round = 0; round < ROUNDS; round++)
	{
		int64_t		pool = random_signed(60);
		int64_t		unmatched;
		CostingByWeight w = {1, &pool, 1 + random_below(MOST_CELLS), weight, cost, &unmatched, scratch};
		MoneyWide	total = 0;
		int64_t		sum;
		int			j;

		for (j = 0; j < w.items; j++)
		{
			weight[j] = random_below(5) ? random_amount(50) : random_signed(40);
			total += weight[j];
		}
		assert_int_equal(costing_by_weight(&w).code, FAULT_NONE);
		sum = unmatched;
		for (j = 0; j < w.items; j++)
		{
			MoneyWide	off = (MoneyWide) cost[j] * total - (MoneyWide) pool * weight[j];

			sum += cost[j];
			assert_true(total <= 0 || (off < total && -off < total));
		}
		assert_true(sum == pool);
		assert_true(total <= 0 || unmatched == 0);
	}
}

/* One activity without capacity is nothing but a base. */
static void
agrees_with_one_base(void **state)
{
	static Department d;
	int			round;

	(void) state;
	random_begin("agrees_with_one_base");
	for (round = 0; round < ROUNDS; round++)
	{
		int64_t		weight[MOST];
		int64_t		cost[MOST];
		int64_t		unmatched;
		CostingByWeight w = {1, d.pool, 1 + random_below(MOST), weight, cost, &unmatched, scratch};
		int			j;

		department_begin(&d, 1, w.items, 1);
		d.pool[0] = random_signed(55);
		d.a.drivers = 1;
		d.resource[0] = 1 + random_amount(20);
		for (j = 0; j < w.items; j++)
		{
			d.quantity[j] = random_amount(30);
			put_cell(&d, 0, j, random_amount(20));
			assert_int_equal(costing_item_weight(d.quantity[j], d.cell_weight[j], &weight[j]).code, FAULT_NONE);
		}
		assert_int_equal(run(&d).code, FAULT_NONE);
		assert_int_equal(costing_by_weight(&w).code, FAULT_NONE);
		for (j = 0; j < w.items; j++)
			assert_true(d.cost[j] == cost[j]);
		assert_true(d.idle[1] == unmatched);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_up_to_the_pool),
		cmocka_unit_test(gives_each_item_its_share),
		cmocka_unit_test(agrees_with_one_base),
	};

	return cmocka_run_group_tests_name("costing_item_random", tests, NULL, NULL);
}
