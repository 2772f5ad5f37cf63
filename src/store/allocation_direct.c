/*
 * allocation_direct.c
 *		Reading a run's direct cost: its pools and its cells, in one pass.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/allocation_read.h"

/* Cells and pools as they are read: pools are numbered in order of appearance, and listed in the order of their names. */
typedef struct RunCells
{
	MemoryContext context;
	int *department;
	int *pool;
	int64 *amount;
	Size cells;
	Size room;
	char *(*name)[3]; /* [pools] cost item, funding source, cost class */
	int *order;		  /* [pools] pool numbers by name */
	int pools;
	int pool_room;
	int at; /* place in order of the pool found last */
} RunCells;

static int
compare_pool(const RunRows *rows, char *const *name)
{
	int order = run_text_compare_string(rows->values[RUN_DIRECT_ITEM], name[0]);

	if (order == 0)
		order = run_text_compare_string(rows->values[RUN_DIRECT_SOURCE], name[1]);
	return order != 0 ? order : run_text_compare_string(rows->values[RUN_DIRECT_CLASS], name[2]);
}

/* Lists a pool that is seen for the first time at a place of the order. */
static void
add_pool(RunCells *cells, const RunRows *rows, int place)
{
	MemoryContext old = MemoryContextSwitchTo(cells->context);

	if (cells->pools == cells->pool_room)
	{
		cells->pool_room *= 2;
		cells->name = repalloc(cells->name, cells->pool_room * sizeof(*cells->name));
		cells->order = repalloc(cells->order, cells->pool_room * sizeof(int));
	}
	for (int i = 0; i < 3; i++)
		cells->name[cells->pools][i] = run_text_string(rows->values[RUN_DIRECT_ITEM + i]);
	memmove(cells->order + place + 1, cells->order + place, (cells->pools - place) * sizeof(int));
	cells->order[place] = cells->pools++;
	MemoryContextSwitchTo(old);
}

/* The pool of a row. The rows of a department ascend by pool, so it is mostly the one after the last. */
static int
find_pool(RunCells *cells, const RunRows *rows)
{
	int low = 0, high = cells->pools - 1;

	if (cells->at + 1 < cells->pools && compare_pool(rows, cells->name[cells->order[cells->at + 1]]) == 0)
		return cells->order[++cells->at];
	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = compare_pool(rows, cells->name[cells->order[middle]]);

		if (order == 0)
		{
			cells->at = middle;
			return cells->order[middle];
		}
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	add_pool(cells, rows, low);
	cells->at = low;
	return cells->order[low];
}

static void
add_cell(RunCells *cells, int department, int pool, int64 amount)
{
	if (cells->cells == cells->room)
	{
		cells->room *= 2;
		cells->department = repalloc_huge(cells->department, cells->room * sizeof(int));
		cells->pool = repalloc_huge(cells->pool, cells->room * sizeof(int));
		cells->amount = repalloc_huge(cells->amount, cells->room * sizeof(int64));
	}
	cells->department[cells->cells] = department;
	cells->pool[cells->cells] = pool;
	cells->amount[cells->cells++] = amount;
}

/* Reads what the run has of direct cost; departments ascend, so the one before is looked at first. */
static void
read_cells(RunInput *input, RunCells *cells)
{
	RunRows *rows = run_direct_begin(input->run_id);
	int at = -1;

	while (run_rows_next(rows))
	{
		Datum department = rows->values[RUN_DIRECT_DEPARTMENT];

		if (rows->nulls[RUN_DIRECT_DEPARTMENT])
			at = input->departments;
		else if (at < 0 || at == input->departments || run_text_compare_string(department, input->department_code[at]) != 0)
			at = run_find_department(input, department);
		if (at < 0)
			elog(ERROR, "run %d has cost of a department it does not list", input->run_id);
		add_cell(cells, at, find_pool(cells, rows), run_fixed_point(rows, RUN_DIRECT_AMOUNT, ALLOCATION_AMOUNT_SCALE));
	}
	run_rows_end(rows);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Numbers the funding sources in order of their names. */
static void
number_sources(RunInput *input)
{
	char **names = palloc(Max(input->pools, 1) * sizeof(char *));

	memcpy(names, input->funding_source, input->pools * sizeof(char *));
	qsort(names, input->pools, sizeof(char *), compare_names);
	for (int i = 0; i < input->pools; i++)
		if (i == 0 || strcmp(names[i], names[input->sources - 1]) != 0)
			names[input->sources++] = names[i];
	for (int i = 0; i < input->pools; i++)
		while (strcmp(names[input->source_of_pool[i]], input->funding_source[i]) != 0)
			input->source_of_pool[i]++;
	pfree(names);
}

void
run_load_direct(RunInput *input, MemoryContext context)
{
	RunCells cells = {.context = context, .room = 1024, .pool_room = 64, .at = -1};
	int *place;

	cells.department = palloc(cells.room * sizeof(int));
	cells.pool = palloc(cells.room * sizeof(int));
	cells.amount = palloc(cells.room * sizeof(int64));
	cells.name = palloc(cells.pool_room * sizeof(*cells.name));
	cells.order = palloc(cells.pool_room * sizeof(int));
	read_cells(input, &cells);
	input->pools = cells.pools;
	input->cost_item = MemoryContextAllocZero(context, Max(cells.pools, 1) * sizeof(char *));
	input->funding_source = MemoryContextAllocZero(context, Max(cells.pools, 1) * sizeof(char *));
	input->cost_class = MemoryContextAllocZero(context, Max(cells.pools, 1) * sizeof(char *));
	input->source_of_pool = MemoryContextAllocZero(context, Max(cells.pools, 1) * sizeof(int));
	place = palloc(Max(cells.pools, 1) * sizeof(int));
	for (int i = 0; i < cells.pools; i++)
	{
		char **name = cells.name[cells.order[i]];

		place[cells.order[i]] = i;
		input->cost_item[i] = name[0];
		input->funding_source[i] = name[1];
		input->cost_class[i] = name[2];
	}
	number_sources(input);
	input->direct = MemoryContextAllocExtended(context, ((Size) input->departments + 1) * Max(input->pools, 1) * sizeof(int64),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (Size i = 0; i < cells.cells; i++)
		input->direct[(Size) cells.department[i] * input->pools + place[cells.pool[i]]] = cells.amount[i];
}
