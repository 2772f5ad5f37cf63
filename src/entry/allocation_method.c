/*
 * allocation_method.c
 *		A run's inputs allocated by another method than its plan's.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "entry/allocation.h"
#include "entry/sql.h"
#include "store/allocation_turn.h"
#include "store/decimal.h"

SQL_FUNCTION(hc_method_cost);

/* _method_cost(run_id, method): the full cost of each department, were the run's inputs allocated by another method. */
Datum
hc_method_cost(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RunInput *input;
	const int64 *rounded;

	InitMaterializedSRF(fcinfo, 0);
	input = allocation_load(PG_GETARG_INT32(0));
	input->method = allocation_method(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	rounded = allocation_rounded(allocation_work_input(input, NULL, NULL, NULL, NULL));
	for (int department = 0; department <= input->departments; department++)
	{
		bool nulls[2] = {department == input->departments, false};
		Datum values[2] = {0};
		int64 sum = 0;

		/* In whole cents, of which the plan's cell unit is a multiple: a sum of cells fits, whatever each of them is. */
		for (int pool = 0; pool < input->pools; pool++)
			sum += rounded[(Size) department * input->pools + pool] / 1000000;
		if (!nulls[0])
			values[0] = CStringGetTextDatum(input->department_code[department]);
		values[1] = decimal_to_numeric(sum, 2);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
