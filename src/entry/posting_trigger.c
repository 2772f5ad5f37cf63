/*
 * posting_trigger.c
 *		The triggers of an attached charge table: after a statement, and for each row that logical replication brings.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "entry/posting_poster.h"
#include "entry/sql.h"
#include "store/ground.h"
#include "store/posting_key.h"
#include "store/posting_source.h"

/* Mode async: the keys of all rows, to be posted by post_pending. */
static void
set_keys_aside(const Attachment *attachment, TupleDesc desc, Tuplestorestate *store, bool is_old)
{
	RowSource source = {0};
	Appender *queue;
	TupleTableSlot *slot;
	MemoryContext batch_context, caller;

	if (store == NULL)
		return;
	queue = posting_key_queue(LEDGER_BATCH);
	batch_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost keys set aside", ALLOCSET_DEFAULT_SIZES);
	source_open(&source, store, desc, 1);
	source_rewind(&source);
	caller = MemoryContextSwitchTo(batch_context);
	for (int64 i = 1; (slot = source_next(&source, 0)) != NULL; i++)
	{
		ChargeRow row;

		posting_decode(attachment, slot, &row);
		posting_key_put(queue, attachment->source_id, &row, is_old);
		if (i % LEDGER_BATCH == 0)
		{
			append_flush(queue, NULL);
			MemoryContextReset(batch_context);
		}
	}
	append_flush(queue, NULL);
	MemoryContextSwitchTo(caller);
	source_close(&source);
	append_end(queue);
	MemoryContextDelete(batch_context);
}

static void
post_changes(Relation rel, Tuplestorestate *old_store, Tuplestorestate *new_store, bool after_the_fact)
{
	const Attachment *attachment = poster_attachment(rel);

	if (attachment->mode == MODE_ASYNC)
	{
		set_keys_aside(attachment, RelationGetDescr(rel), old_store, true);
		set_keys_aside(attachment, RelationGetDescr(rel), new_store, false);
	}
	else
		posting_statement(attachment, RelationGetDescr(rel), old_store, new_store, after_the_fact, NULL, NULL);
}

SQL_FUNCTION(hc_post_charges);

/*
 * Trigger: AFTER INSERT, UPDATE or DELETE, FOR EACH STATEMENT, with transition tables, on an attached table.
 */
Datum
hc_post_charges(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Tuplestorestate *any;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) ||
		(any = data->tg_newtable ? data->tg_newtable : data->tg_oldtable) == NULL ||
		(TRIGGER_FIRED_BY_UPDATE(data->tg_event) && data->tg_oldtable == NULL))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("charges are posted by an AFTER statement trigger with transition tables"),
				errhint("Let hospital_cost.attach_charges create the triggers."));
	if (tuplestore_tuple_count(any) == 0)
		return PointerGetDatum(NULL);
	post_changes(data->tg_relation, TRIGGER_FIRED_BY_INSERT(data->tg_event) ? NULL : data->tg_oldtable,
				 TRIGGER_FIRED_BY_DELETE(data->tg_event) ? NULL : data->tg_newtable, false);
	return PointerGetDatum(NULL);
}

SQL_FUNCTION(hc_post_charge_row);

/*
 * Trigger: AFTER INSERT, UPDATE or DELETE, FOR EACH ROW, enabled for replication only: apply workers fire no statement triggers. Other sessions that
 * switch triggers off mean it, and where the ledger itself is replicated its entries come by themselves.
 */
Datum
hc_post_charge_row(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Tuplestorestate *old_store = NULL, *new_store = NULL;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("replicated charges are posted by an AFTER row trigger"),
				errhint("Let hospital_cost.attach_charges create the triggers."));
	if (!ground_rows_are_replicated("_ledger"))
		return PointerGetDatum(NULL);
	if (!TRIGGER_FIRED_BY_INSERT(data->tg_event))
	{
		old_store = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_puttupleslot(old_store, data->tg_trigslot);
	}
	if (!TRIGGER_FIRED_BY_DELETE(data->tg_event))
	{
		new_store = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_puttupleslot(new_store, TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newslot : data->tg_trigslot);
	}
	post_changes(data->tg_relation, old_store, new_store, true);
	if (old_store != NULL)
		tuplestore_end(old_store);
	if (new_store != NULL)
		tuplestore_end(new_store);
	return PointerGetDatum(NULL);
}
