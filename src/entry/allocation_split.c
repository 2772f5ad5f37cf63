/*
 * allocation_split.c
 *		The one split, for SQL: what is spread before a run is split by the code that splits within it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/numeric.h"

#include "core/allocation.h"
#include "core/money.h"
#include "entry/raise.h"
#include "entry/sql.h"
#include "store/decimal.h"

static int64
fixed_point(Datum numeric, int scale)
{
	int64 value;
	bool rounded;

	if (!decimal_from_numeric(numeric, scale, &value, &rounded) || rounded)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '6', '0', '6')), errmsg("a number of a split does not fit"),
				errdetail("It keeps %d decimals.", scale), errhint("Check the unit of what was loaded."));
	return value;
}

SQL_FUNCTION(hc_split);

/*
 * _split(amount, unit, weights, scale): parts of an amount by weights of "scale" decimals, in their order; whole units by largest remainder, the first
 * weight on a tie. The parts add up to the amount, to eight decimals. No null weights; their sum is more than zero.
 */
Datum
hc_split(PG_FUNCTION_ARGS)
{
	int64 amount = fixed_point(PG_GETARG_DATUM(0), ALLOCATION_AMOUNT_SCALE);
	int64 unit = fixed_point(PG_GETARG_DATUM(1), ALLOCATION_AMOUNT_SCALE);
	int scale = PG_GETARG_INT32(3);
	Datum *elements;
	int64_t *weights, *shares;
	int n;
	Fault fault;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), NUMERICOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	weights = palloc(Max(n, 1) * sizeof(int64_t));
	shares = palloc(Max(n, 1) * sizeof(int64_t));
	for (int i = 0; i < n; i++)
		weights[i] = fixed_point(elements[i], scale);
	fault = money_split(amount, unit, weights, n, palloc(money_split_scratch_size(n)), shares);
	if (fault.code != FAULT_NONE)
		raise_fault(fault, (FaultNames) {0});
	for (int i = 0; i < n; i++)
		elements[i] = decimal_to_numeric(shares[i], ALLOCATION_AMOUNT_SCALE);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, n, NUMERICOID, -1, false, TYPALIGN_INT));
}
