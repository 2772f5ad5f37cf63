/*
 * costing_total.c
 *		Recounting a month's charges.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "entry/sql.h"
#include "store/costing_total.h"

SQL_FUNCTION(hc_recount_charges);

/*
 * _recount_charges(period, outpatient, emergency, inpatient): charges of a month from the ledger itself. The arrays are the numbers of the departments
 * of each setting.
 */
Datum
hc_recount_charges(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint8 *setting_of_id = palloc0(PG_INT16_MAX + 1);
	ChargeTotal *totals;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	for (int setting = 1; setting < COSTING_SETTINGS; setting++)
	{
		ArrayType *ids = PG_GETARG_ARRAYTYPE_P(setting);
		const int16 *id = (const int16 *) ARR_DATA_PTR(ids);

		if (ARR_HASNULL(ids) || ARR_NDIM(ids) > 1)
			elog(ERROR, "departments of a setting are not a plain list");
		for (int i = 0; i < ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)); i++)
			setting_of_id[(uint16) id[i] & PG_INT16_MAX] = (uint8) setting;
	}
	n = costing_count_charges(PG_GETARG_DATEADT(0), setting_of_id, &totals);
	for (int i = 0; i < n; i++)
	{
		Datum values[6] = {Int16GetDatum(totals[i].performing_id), Int32GetDatum(totals[i].item_id), Int16GetDatum(totals[i].setting),
			Int64GetDatum(totals[i].entries), Int64GetDatum(totals[i].quantity), Int64GetDatum(totals[i].amount)};
		bool nulls[6] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
