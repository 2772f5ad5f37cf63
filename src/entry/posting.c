/*
 * posting.c
 *		The statement triggers of an attached charge table.
 *
 * The transition tables are read in batches: decode, price, find the period, write entries, write issues, offer the batch to the anomaly room.
 * A delete is a reversal, an update a reversal and a new entry, in two passes. Nothing but strict mode and blocking rules raises.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "entry/posting_poster.h"
#include "entry/sql.h"
#include "store/posting_source.h"

/* First pass, a row that was changed or deleted: what it had is taken back. Version 0: there is nothing to post in its place. */
static void
take_back(Poster *poster, TupleTableSlot *old_slot, TupleTableSlot *new_slot, int16 *version)
{
	ChargeRow old, new;

	posting_decode(poster->attachment, old_slot, &old);
	if (new_slot != NULL)
	{
		posting_decode(poster->attachment, new_slot, &new);
		if (posting_same(&old, &new))
		{
			*version = 0;
			return;
		}
	}
	if (poster_is_stale(poster, &old) || !poster_reverse(poster, &old, version))
		*version = 0;
}

static int
by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The version a pending row gets, 0 if it turns out to have an entry: a trigger posted it while we waited for its lock. */
static int16
pending_version(Poster *poster, const ChargeRow *row)
{
	const PendingKeys *pending = poster->pending;
	char *key = posting_key_text(row);
	LedgerEntry live;
	int16 last_version;
	char **place;

	if (ledger_find_live(poster->attachment->source_id, row->key, row->key_text, row->field[FIELD_ENCOUNTER], false, &live,
						 &last_version))
		return 0;
	place = bsearch(&key, pending->keys, pending->count, sizeof(char *), by_string);
	return (place == NULL ? last_version : Max(pending->versions[place - pending->keys], last_version)) + 1;
}

/* Second pass, a row as it is now. */
static void
post_new(Poster *poster, TupleTableSlot *unused, TupleTableSlot *slot, int16 *version)
{
	ChargeRow row;

	if (*version == 0)
		return;
	posting_decode(poster->attachment, slot, &row);
	row.version = poster->pending != NULL ? pending_version(poster, &row) : *version;
	if (row.version > 0 && !poster_is_stale(poster, &row))
		poster_post(poster, &row);
}

/* Goes through both tables side by side, a batch at a time; "versions" has a place for every row. */
static void
run_pass(Poster *poster, RowSource *old, RowSource *new, int16 *versions,
		 void (*handle)(Poster *, TupleTableSlot *, TupleTableSlot *, int16 *))
{
	int batch = Max(old->batch, new->batch);
	bool more = true;

	source_rewind(old);
	source_rewind(new);
	while (more)
	{
		MemoryContext caller = MemoryContextSwitchTo(poster->batch_context);

		for (int i = 0; i < batch && more; i++)
		{
			TupleTableSlot *old_slot = source_next(old, i);
			TupleTableSlot *new_slot = source_next(new, i);

			more = old_slot != NULL || new_slot != NULL;
			if (more)
				handle(poster, old_slot, new_slot, versions++);
		}
		poster_flush(poster);
		MemoryContextSwitchTo(caller);
		source_clear(old);
		source_clear(new);
		MemoryContextReset(poster->batch_context);
	}
}

/*
 * An update takes back everything before it posts anything: keys may have moved from row to row within the statement, and a key's new entry
 * must not be taken for its old one.
 */
int64
posting_statement(const Attachment *attachment, TupleDesc desc, Tuplestorestate *old_store, Tuplestorestate *new_store,
				  const PendingKeys *pending)
{
	int64 old_count = old_store == NULL ? 0 : tuplestore_tuple_count(old_store);
	int64 new_count = new_store == NULL ? 0 : tuplestore_tuple_count(new_store);
	int64 expected = Max(old_count, new_count);
	int batch = (int) Min(expected, LEDGER_BATCH);
	/* A trigger on a partition may drop a row on its way to another one; then nothing says which old row a new one was. */
	bool paired = old_count == new_count;
	Poster poster;
	RowSource old = {0}, new = {0}, none = {0};
	int16 *versions = MemoryContextAllocHuge(CurrentMemoryContext, expected * sizeof(int16));

	for (int64 i = 0; i < expected; i++)
		versions[i] = 1;
	poster_begin(&poster, attachment, expected, batch);
	poster.pending = pending;
	source_open(&old, old_store, desc, batch);
	source_open(&new, new_store, desc, batch);
	if (old_store != NULL)
		run_pass(&poster, &old, paired ? &new : &none, versions, take_back);
	for (int64 i = 0; i < expected && !paired; i++)
		versions[i] = 1;
	if (new_store != NULL)
		run_pass(&poster, &none, &new, versions, post_new);
	source_close(&old);
	source_close(&new);
	poster_end(&poster);
	pfree(versions);
	return poster.posted;
}

SQL_FUNCTION(hc_post_charges);

/*
 * Trigger: AFTER INSERT, UPDATE or DELETE, FOR EACH STATEMENT, with transition tables, on an attached table.
 */
Datum
hc_post_charges(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Attachment *attachment;
	Tuplestorestate *any;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) ||
		(any = data->tg_newtable ? data->tg_newtable : data->tg_oldtable) == NULL ||
		(TRIGGER_FIRED_BY_UPDATE(data->tg_event) && data->tg_oldtable == NULL))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("charges are posted by an AFTER statement trigger with transition tables"),
				errhint("Let hospital_cost.attach_charges create the triggers."));
	if (tuplestore_tuple_count(any) == 0)
		return PointerGetDatum(NULL);
	attachment = poster_attachment(data->tg_relation);
	(void) posting_statement(attachment, RelationGetDescr(data->tg_relation),
							 TRIGGER_FIRED_BY_INSERT(data->tg_event) ? NULL : data->tg_oldtable,
							 TRIGGER_FIRED_BY_DELETE(data->tg_event) ? NULL : data->tg_newtable, NULL);
	return PointerGetDatum(NULL);
}
