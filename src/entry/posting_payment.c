/*
 * posting_payment.c
 *		The trigger of an attached payment table: ordinary payments are entered here, whatever else a statement wrote is settled in SQL.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "entry/sql.h"
#include "store/posting_payment.h"
#include "store/posting_source.h"

#define ROWS_AT_A_TIME 1000

/*
 * Enters the rows of a statement, as long as all of a batch are ordinary. False as soon as some are not: the statement is then settled in SQL, where those
 * that were entered count as posted.
 */
static bool
post_ordinary(PaymentReader *reader, TupleDesc desc, Tuplestorestate *store)
{
	int64 left = tuplestore_tuple_count(store);
	RowSource source = {0};
	PaymentRow *rows = palloc(Min(left, ROWS_AT_A_TIME) * sizeof(PaymentRow));
	bool ordinary = true;

	source_open(&source, store, desc, (int) Min(left, ROWS_AT_A_TIME));
	source_rewind(&source);
	for (; left > 0 && ordinary; left -= ROWS_AT_A_TIME)
	{
		int count = (int) Min(left, ROWS_AT_A_TIME);
		MemoryContext old = MemoryContextSwitchTo(reader->expressions->ecxt_per_tuple_memory);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < count && ordinary; i++)
			ordinary = payment_read(reader, source_next(&source, i), &rows[i]);
		ordinary = ordinary && payment_are_new(reader, rows, count) && payment_months_are_open(rows, count);
		if (ordinary)
			payment_append(reader, rows, count);
		MemoryContextSwitchTo(old);
		source_clear(&source);
		ResetExprContext(reader->expressions);
	}
	source_close(&source);
	pfree(rows);
	return ordinary;
}

/* Hands the trigger's call on to the function that settles any statement. */
static Datum
settle_in_sql(FunctionCallInfo fcinfo)
{
	LOCAL_FCINFO(call, 0);
	FmgrInfo function;
	/* Looked up beside this one: the writer may not look into our schema. */
	Oid oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("_settle_payment_statement"),
							  PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(get_func_namespace(fcinfo->flinfo->fn_oid)));

	fmgr_info(oid, &function);
	InitFunctionCallInfoData(*call, &function, 0, InvalidOid, fcinfo->context, NULL);
	return FunctionCallInvoke(call);
}

SQL_FUNCTION(hc_post_payments);

/*
 * Trigger: AFTER INSERT, UPDATE or DELETE, FOR EACH STATEMENT, with transition tables, on an attached payment table.
 */
Datum
hc_post_payments(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("payments are posted by an AFTER statement trigger with transition tables"),
				errhint("Let hospital_cost.attach_payments create the triggers."));
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event) && data->tg_newtable != NULL)
	{
		PaymentReader *reader = payment_reader(data->tg_relation);

		if (reader->able && post_ordinary(reader, RelationGetDescr(data->tg_relation), data->tg_newtable))
			return PointerGetDatum(NULL);
	}
	return settle_in_sql(fcinfo);
}
