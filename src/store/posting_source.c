/*
 * posting_source.c
 *		Reading a transition table as the executor does: with a read pointer of its own, because every trigger of the statement shares the
 *		store and its first pointer may be anywhere.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/executor.h"

#include "store/posting_source.h"

/* Fewer rows are not worth a row type of their own. */
#define COPY_ROWS 32

void
source_open(RowSource *source, Tuplestorestate *store, TupleDesc desc, int batch)
{
	source->store = store;
	source->batch = store == NULL ? 0 : batch;
	if (store == NULL)
		return;
	source->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	/* A copy counts no references: a thousand slots on one counted descriptor make the resource owner search them all. */
	if (batch > COPY_ROWS)
		desc = CreateTupleDescCopyConstr(desc); /* with the values of columns added later */
	source->slots = palloc(batch * sizeof(TupleTableSlot *));
	for (int i = 0; i < batch; i++)
		source->slots[i] = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

void
source_rewind(RowSource *source)
{
	if (source->store == NULL)
		return;
	tuplestore_select_read_pointer(source->store, source->pointer);
	tuplestore_rescan(source->store);
}

TupleTableSlot *
source_next(RowSource *source, int at)
{
	if (source->store == NULL)
		return NULL;
	tuplestore_select_read_pointer(source->store, source->pointer);
	/* Not copied: nothing is added to a transition table any more, so its rows stay where they are. */
	return tuplestore_gettupleslot(source->store, true, false, source->slots[at]) ? source->slots[at] : NULL;
}

TupleTableSlot *
source_slot(RowSource *source, int at)
{
	return source->store == NULL || TupIsNull(source->slots[at]) ? NULL : source->slots[at];
}

void
source_clear(RowSource *source)
{
	for (int i = 0; i < source->batch; i++)
		ExecClearTuple(source->slots[i]);
}

void
source_close(RowSource *source)
{
	for (int i = 0; i < source->batch; i++)
		ExecDropSingleTupleTableSlot(source->slots[i]);
	source->store = NULL;
	source->batch = 0;
}
