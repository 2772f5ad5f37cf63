/*
 * posting_period.c
 *		The one decision where a day is posted, and the latest state of our own tables, for feeds that are written in SQL.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "core/period.h"
#include "entry/sql.h"
#include "store/ground.h"
#include "store/posting_read.h"

SQL_FUNCTION(hc_posting_period);

/* _posting_period(day): (period, outcome), one row. The period that was found stays locked against closing until the transaction ends. */
Datum
hc_posting_period(PG_FUNCTION_ARGS)
{
	static const char *const outcomes[] = {
		[PERIOD_FOUND] = "found",
		[PERIOD_CLOSED] = "period_closed",
		[PERIOD_NOT_OPEN] = "period_not_open",
	};
	DateADT day = PG_GETARG_DATEADT(0);
	DateADT target;
	PeriodOutcome outcome;
	ReturnSetInfo *result;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (DATE_NOT_FINITE(day))
		ereport(ERROR, errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("a day that is posted is finite"));
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	outcome = ground_posting_period(period_of_day(day), &target);
	values[0] = DateADTGetDatum(target);
	values[1] = CStringGetTextDatum(outcomes[outcome]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

SQL_FUNCTION(hc_count_latest);

/* _count_latest(query, keys): the number that a query over $1 = keys returns, by what is committed now, whatever the snapshot of the transaction. */
Datum
hc_count_latest(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_latest(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_DATUM(1)));
}
