/*
 * allocation_save.c
 *		Writing a run's result.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/allocation.h"
#include "store/append.h"
#include "store/decimal.h"
#include "store/progress.h"

static const char *const result_columns[] = {"run_id", "department_code", "cost_item_code", "funding_source", "cost_class",
	"direct", "level1", "level2", "level3", "received", "sent", "full_cost"};

bool
allocation_cell(const RunInput *input, const int64 *received, const int64 *sent, const int64 *full_cost, int department, int pool,
				Datum *v, bool *n)
{
	Size plane = ((Size) input->departments + 1) * input->pools;
	Size cell = (Size) department * input->pools + pool;
	int64 all = 0;
	bool empty = input->direct[cell] == 0 && sent[cell] == 0 && full_cost[cell] == 0;

	for (int level = 0; level < 4; level++)
		empty = empty && received[level * plane + cell] == 0;
	if (empty)
		return false;
	v[0] = Int32GetDatum(input->run_id);
	n[1] = department == input->departments;
	if (!n[1])
		v[1] = CStringGetTextDatum(input->department_code[department]);
	v[2] = CStringGetTextDatum(input->cost_item[pool]);
	v[3] = CStringGetTextDatum(input->funding_source[pool]);
	v[4] = CStringGetTextDatum(input->cost_class[pool]);
	v[5] = decimal_to_numeric(input->direct[cell], ALLOCATION_AMOUNT_SCALE);
	for (int level = 0; level < 4; level++)
	{
		all += received[level * plane + cell];
		if (level < 3)
			v[6 + level] = decimal_to_numeric(received[level * plane + cell], ALLOCATION_AMOUNT_SCALE);
	}
	v[9] = decimal_to_numeric(all, ALLOCATION_AMOUNT_SCALE);
	v[10] = decimal_to_numeric(sent[cell], ALLOCATION_AMOUNT_SCALE);
	/* Whole cents: the plan's cell unit is a multiple of one. */
	v[11] = decimal_to_numeric(full_cost[cell] / 1000000, 2);
	return true;
}

void
allocation_save(const RunInput *input, const int64 *received, const int64 *sent, const int64 *full_cost)
{
	Size plane = ((Size) input->departments + 1) * input->pools;
	Appender *appender = append_begin("_department_cost", 1000, plane, NULL);
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost cells", ALLOCSET_DEFAULT_SIZES);
	int pending = 0;

	append_check_columns(appender, result_columns, lengthof(result_columns));
	for (int department = 0; department <= input->departments; department++)
	{
		CHECK_FOR_INTERRUPTS();
		progress_done(department);
		for (int pool = 0; pool < input->pools; pool++)
		{
			Datum values[ALLOCATION_CELL_COLUMNS];
			bool nulls[ALLOCATION_CELL_COLUMNS] = {false};
			Datum *v;
			bool *n;
			MemoryContext old = MemoryContextSwitchTo(batch);

			if (allocation_cell(input, received, sent, full_cost, department, pool, values, nulls))
			{
				append_slot(appender, &v, &n);
				memcpy(v, values, sizeof(values));
				memcpy(n, nulls, sizeof(nulls));
				pending++;
			}
			MemoryContextSwitchTo(old);
			if (pending == 1000)
			{
				append_flush(appender, NULL);
				MemoryContextReset(batch);
				pending = 0;
			}
		}
	}
	append_end(appender);
	MemoryContextDelete(batch);
}
