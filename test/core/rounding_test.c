/*
 * rounding_test.c
 *		Controlled rounding: every cell and every total a neighbour of its exact
 *		value, against all roundings of tiny matrices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/money.h"
#include "core/rounding.h"
#include "random.h"

typedef struct Matrix
{
	int			departments;
	int			columns;
	int			groups;
	int64_t		unit;
	const int  *group_of_column;
	const int64_t *cells;
} Matrix;

/* Floor or ceiling in units; the exact value itself if it is a multiple. */
static bool
neighbours(MoneyWide exact, MoneyWide rounded, int64_t unit)
{
	MoneyWide	distance = rounded - exact;

	return rounded % unit == 0 && distance < unit && distance > -unit;
}

/* Sums the cells of one department (-1: all) and one column or group. */
static MoneyWide
total_of(const Matrix *m, const int64_t *cells, int department, int column,
		 int group)
{
	MoneyWide	sum = 0;
	int			d;
	int			c;

	for (d = 0; d < m->departments; d++)
		for (c = 0; c < m->columns; c++)
			if ((department < 0 || d == department) &&
				(column < 0 || c == column) &&
				(group < 0 || m->group_of_column[c] == group))
				sum += cells[(size_t) d * (size_t) m->columns + (size_t) c];
	return sum;
}

static bool
total_holds(const Matrix *m, const int64_t *result, int department, int column,
			int group)
{
	return neighbours(total_of(m, m->cells, department, column, group),
					  total_of(m, result, department, column, group), m->unit);
}

/* Holds all that rounding.h promises? */
static bool
promises_hold(const Matrix *m, const int64_t *result)
{
	int			cells = m->departments * m->columns;
	bool		held = total_holds(m, result, -1, -1, -1);
	int			d;
	int			c;
	int			g;

	for (c = 0; c < cells; c++)
		held = held && neighbours(m->cells[c], result[c], m->unit);
	for (c = 0; held && c < m->columns; c++)
		held = total_holds(m, result, -1, c, -1);
	for (g = 0; held && g < m->groups; g++)
		held = total_holds(m, result, -1, -1, g);
	for (d = 0; held && d < m->departments; d++)
	{
		held = total_holds(m, result, d, -1, -1);
		for (g = 0; held && g < m->groups; g++)
			held = total_holds(m, result, d, -1, g);
	}
	return held;
}

/* Rounds into result with a scratch of exactly the size asked for. */
static Fault
round_matrix(const Matrix *m, int64_t *result)
{
	void	   *scratch = malloc(rounding_scratch_size(m->departments,
													   m->columns, m->groups));
	Fault		fault = rounding_controlled(m->cells, m->departments,
											m->columns, m->group_of_column,
											m->groups, m->unit, result,
											scratch);

	free(scratch);
	return fault;
}

/*
 * C1 to C4 of the golden hospital, P M D F O, in 10^-8 yuan.  Each cell rounded
 * alone the P column sums to 2430000.01 and the O column to 324999.99.
 */
static void
ties_the_golden_hospital(void **state)
{
	static const int64_t cells[] = {
		48154687500000, 11775000000000, 40000000000000, 7875781250000, 5194531250000,
		81023437500000, 23075000000000, 50000000000000, 14153906250000, 11747656250000,
		24566015625000, 6581250000000, 12000000000000, 5456835937500, 2895898437500,
		89255859375000, 87568750000000, 30000000000000, 19013476562500, 12661914062500
	};
	static const int group_of_column[5] = {0};
	static const int64_t columns[] = {243000000, 129000000, 132000000, 46500000, 32500000};
	static const int64_t rows[] = {113000000, 180000000, 51500000, 238500000};
	Matrix		m = {4, 5, 1, 1000000, group_of_column, cells};
	int64_t		result[20];
	int			i;

	(void) state;
	assert_int_equal(round_matrix(&m, result).code, FAULT_NONE);
	assert_true(promises_hold(&m, result));
	for (i = 0; i < 5; i++)
		assert_true(total_of(&m, result, -1, i, -1) == columns[i] * INT64_C(1000000));
	for (i = 0; i < 4; i++)
		assert_true(total_of(&m, result, i, -1, -1) == rows[i] * INT64_C(1000000));
}

static void
leaves_multiples_alone(void **state)
{
	static const int64_t cells[] = {300, -500, 0, 100, 9223372036854775800, -9223372036854775800};
	static const int group_of_column[] = {0, 1, 0};
	Matrix		m = {2, 3, 2, 100, group_of_column, cells};
	int64_t		result[6];

	(void) state;
	assert_int_equal(round_matrix(&m, result).code, FAULT_NONE);
	assert_memory_equal(result, cells, sizeof(cells));
}

static void
rounds_in_place(void **state)
{
	int64_t		cells[] = {50, 50, 50, 50};
	const int	group_of_column[] = {0, 0};
	const int64_t before[] = {50, 50, 50, 50};
	Matrix		m = {2, 2, 1, 100, group_of_column, before};
	char		scratch[1024];

	(void) state;
	assert_true(rounding_scratch_size(2, 2, 1) <= sizeof(scratch));
	assert_int_equal(rounding_controlled(cells, 2, 2, group_of_column, 1, 100,
										 cells, scratch).code, FAULT_NONE);
	assert_true(promises_hold(&m, cells));
}

static void
takes_empty_matrices(void **state)
{
	static const int group_of_column[] = {0, 0};
	Matrix		m = {0, 0, 0, 100, group_of_column, NULL};

	(void) state;
	assert_int_equal(round_matrix(&m, NULL).code, FAULT_NONE);
	m.columns = 2;
	m.groups = 1;
	assert_int_equal(round_matrix(&m, NULL).code, FAULT_NONE);
	m.columns = 0;
	m.departments = 3;
	assert_int_equal(round_matrix(&m, NULL).code, FAULT_NONE);
}

static void
refuses_bad_shapes(void **state)
{
	static const int64_t cells[] = {INT64_MAX, 1};
	static const int bad[] = {0, 2};
	static const int good[] = {0, 0};
	Matrix		m = {1, 2, 1, 100, bad, cells};
	int64_t		result[2];
	Fault		fault = round_matrix(&m, result);

	(void) state;
	assert_int_equal(fault.code, FAULT_ARGUMENT);
	assert_int_equal(fault.at, 1);
	m.group_of_column = good;
	m.unit = 0;
	assert_int_equal(round_matrix(&m, result).code, FAULT_ARGUMENT);
	m.unit = 100;
	m.departments = -1;
	assert_int_equal(round_matrix(&m, result).code, FAULT_ARGUMENT);
	assert_int_equal(rounding_scratch_size(-1, 2, 1), 0);
	assert_int_equal(rounding_scratch_size(1 << 20, 1 << 20, 1), 0);
}

static void
refuses_multiples_beyond_int64(void **state)
{
	static const int64_t highest[] = {INT64_MAX};	/* ends in 7: goes up */
	static const int64_t lowest[] = {INT64_MIN};
	static const int group_of_column[] = {0};
	Matrix		m = {1, 1, 1, 10, group_of_column, highest};
	int64_t		result;
	Fault		fault = round_matrix(&m, &result);

	(void) state;
	assert_int_equal(fault.code, FAULT_OVERFLOW);
	assert_int_equal(fault.at, 0);
	m.cells = lowest;
	m.unit = INT64_MAX;
	assert_int_equal(round_matrix(&m, &result).code, FAULT_NONE);
	assert_true(result == -INT64_MAX);
}

/* Does any choice of floors and ceilings keep the promises, and is it ours? */
static void
assert_among_all_roundings(const Matrix *m, const int64_t *result)
{
	int			cells = m->departments * m->columns;
	int64_t		trial[9];
	int			holding = 0;
	bool		found = false;
	int			choice;
	int			i;

	for (choice = 0; choice < 1 << cells; choice++)
	{
		bool		possible = true;

		for (i = 0; i < cells; i++)
		{
			int64_t		rest = m->cells[i] % m->unit;
			bool		up = (choice >> i) & 1;

			rest = rest < 0 ? rest + m->unit : rest;
			possible = possible && !(up && rest == 0);
			trial[i] = m->cells[i] - rest + (up ? m->unit : 0);
		}
		if (!possible || !promises_hold(m, trial))
			continue;
		holding++;
		found = found || memcmp(trial, result, sizeof(int64_t) * (size_t) cells) == 0;
	}
	assert_true(holding > 0);
	assert_true(found);
}

static void
is_one_of_all_roundings(void **state)
{
	int			round;

	(void) state;
	random_begin("is_one_of_all_roundings");
	for (round = 0; round < 1500; round++)
	{
		int64_t		cells[9];
		int64_t		result[9];
		int			group_of_column[3];
		Matrix		m = {1 + random_below(3), 1 + random_below(3), 1 + random_below(3),
						 1 + random_below(6), group_of_column, cells};
		int			i;

		for (i = 0; i < m.columns; i++)
			group_of_column[i] = random_below(m.groups);
		for (i = 0; i < m.departments * m.columns; i++)
			cells[i] = random_signed(6);
		assert_int_equal(round_matrix(&m, result).code, FAULT_NONE);
		assert_among_all_roundings(&m, result);
	}
}

#define ROWS 60
#define COLUMNS 40

/* Dense, sparse, tiny and huge cells; the same input gives the same result. */
static void
keeps_promises_on_random_matrices(void **state)
{
	static const int64_t units[] = {1, 2, 3, 100, 1000000, INT64_C(1) << 40};
	static int64_t cells[ROWS * COLUMNS];
	static int64_t result[ROWS * COLUMNS];
	static int64_t again[ROWS * COLUMNS];
	int			round;

	(void) state;
	random_begin("keeps_promises_on_random_matrices");
	for (round = 0; round < 60; round++)
	{
		int			group_of_column[COLUMNS];
		Matrix		m = {1 + random_below(ROWS), 1 + random_below(COLUMNS),
						 1 + random_below(6), units[random_below(6)],
						 group_of_column, cells};
		int			emptiness = 1 + random_below(20);
		int			bits = 4 + random_below(56);
		size_t		size = sizeof(int64_t) * (size_t) (m.departments * m.columns);
		int			i;

		for (i = 0; i < m.columns; i++)
			group_of_column[i] = random_below(m.groups);
		for (i = 0; i < m.departments * m.columns; i++)
			cells[i] = random_below(emptiness) > 2 ? 0 : random_signed(bits);
		assert_int_equal(round_matrix(&m, result).code, FAULT_NONE);
		assert_true(promises_hold(&m, result));
		assert_int_equal(round_matrix(&m, again).code, FAULT_NONE);
		assert_memory_equal(result, again, size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ties_the_golden_hospital),
		cmocka_unit_test(leaves_multiples_alone),
		cmocka_unit_test(rounds_in_place),
		cmocka_unit_test(takes_empty_matrices),
		cmocka_unit_test(refuses_bad_shapes),
		cmocka_unit_test(refuses_multiples_beyond_int64),
		cmocka_unit_test(is_one_of_all_roundings),
		cmocka_unit_test(keeps_promises_on_random_matrices),
	};

	return cmocka_run_group_tests_name("rounding", tests, NULL, NULL);
}
