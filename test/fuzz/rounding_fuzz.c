/*
 * rounding_fuzz.c
 *		Every cell and every total of a controlled rounding is a neighbour.
 */
#include "core/money.h"
#include "core/rounding.h"
#include "input.h"

#define MOST 12					/* departments, columns, groups */

static void
law_neighbours(MoneyWide exact, MoneyWide rounded, int64_t unit)
{
	LAW(rounded % unit == 0);
	LAW(rounded - exact < unit && exact - rounded < unit);
}

/* Sums of exact and rounded cells; one slot each for all totals. */
typedef struct Totals
{
	MoneyWide	column[MOST];
	MoneyWide	group[MOST];
	MoneyWide	department[MOST];
	MoneyWide	pair[MOST][MOST];
	MoneyWide	grand;
} Totals;

static void
add_up(Totals *t, const int64_t *cells, int departments, int columns, const int *group)
{
	int			d;
	int			c;

	memset(t, 0, sizeof(*t));
	for (d = 0; d < departments; d++)
		for (c = 0; c < columns; c++)
		{
			int64_t		cell = cells[d * columns + c];

			t->column[c] += cell;
			t->group[group[c]] += cell;
			t->department[d] += cell;
			t->pair[d][group[c]] += cell;
			t->grand += cell;
		}
}

static void
check_laws(const int64_t *cells, const int64_t *result, int departments, int columns,
		   const int *group, int64_t unit)
{
	Totals		exact;
	Totals		rounded;
	int			i;
	int			g;

	add_up(&exact, cells, departments, columns, group);
	add_up(&rounded, result, departments, columns, group);
	for (i = 0; i < departments * columns; i++)
		law_neighbours(cells[i], result[i], unit);
	for (i = 0; i < MOST; i++)
	{
		law_neighbours(exact.column[i], rounded.column[i], unit);
		law_neighbours(exact.group[i], rounded.group[i], unit);
		law_neighbours(exact.department[i], rounded.department[i], unit);
		for (g = 0; g < MOST; g++)
			law_neighbours(exact.pair[i][g], rounded.pair[i][g], unit);
	}
	law_neighbours(exact.grand, rounded.grand, unit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};
	int			departments = draw_below(&input, MOST + 1);
	int			columns = draw_below(&input, MOST + 1);
	int			groups = draw_below(&input, MOST) + 1;
	int64_t		unit = draw_number(&input);
	int			cells_count = departments * columns;
	int		   *group = exactly(sizeof(int) * (size_t) columns);
	int64_t    *cells = exactly(sizeof(int64_t) * (size_t) cells_count);
	int64_t    *result = exactly(sizeof(int64_t) * (size_t) cells_count);
	void	   *scratch = exactly(rounding_scratch_size(departments, columns, groups));
	Fault		fault;
	int			i;

	for (i = 0; i < columns; i++)
		group[i] = draw_below(&input, groups);
	for (i = 0; i < cells_count; i++)
		cells[i] = draw_number(&input);
	fault = rounding_controlled(cells, departments, columns, group, groups, unit, result,
								scratch);
	LAW(fault.code == FAULT_NONE || fault.code == FAULT_OVERFLOW ||
		(fault.code == FAULT_ARGUMENT && unit < 1));
	if (fault.code == FAULT_NONE)
		check_laws(cells, result, departments, columns, group, unit);
	free(group);
	free(cells);
	free(result);
	free(scratch);
	return 0;
}
