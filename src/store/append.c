/*
 * append.c
 *		table_multi_insert and index_insert, as COPY does it, without an executor.
 *
 * The duplicate sensor is UNIQUE_CHECK_PARTIAL on a btree that is not unique: the index inserts as always and reports that an equal key is
 * there, be it of another session that has not committed; it never waits. What it reports is a hint, to be looked into.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "store/append.h"
#include "store/compat.h"
#include "store/ground.h"

/* Few rows are not worth a ring buffer of their own. */
#define BULK_ROWS 1000

struct Appender
{
	Relation rel;
	ResultRelInfo *result;
	EState *estate;
	BulkInsertState bulk;
	CommandId command;
	int batch;
	int pending;
	bool sense_duplicates;
	TupleDesc desc; /* a copy: it counts no references, so a thousand slots cost the resource owner nothing */
	TupleTableSlot **slots;
};

Appender *
append_begin(const char *table, int batch, int64 expected, bool sense_duplicates)
{
	Appender *appender = palloc0(sizeof(Appender));

	appender->rel = table_open(ground_relation(table), RowExclusiveLock);
	appender->estate = CreateExecutorState();
	appender->result = makeNode(ResultRelInfo);
	InitResultRelInfo(appender->result, appender->rel, 1, NULL, 0);
	ExecOpenIndices(appender->result, false);
	if (expected >= BULK_ROWS)
		appender->bulk = GetBulkInsertState();
	appender->command = GetCurrentCommandId(true);
	appender->batch = batch;
	appender->sense_duplicates = sense_duplicates;
	appender->desc = CreateTupleDescCopyConstr(RelationGetDescr(appender->rel));
	appender->slots = palloc0(batch * sizeof(TupleTableSlot *));
	return appender;
}

void
append_check_columns(Appender *appender, const char *const *names, int count)
{
	TupleDesc desc = RelationGetDescr(appender->rel);

	if (desc->natts != count)
		elog(ERROR, "\"%s\" has %d columns, expected %d", RelationGetRelationName(appender->rel), desc->natts, count);
	for (int i = 0; i < count; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), names[i]) != 0)
			elog(ERROR, "column %d of \"%s\" is not \"%s\"", i + 1, RelationGetRelationName(appender->rel), names[i]);
}

void
append_slot(Appender *appender, Datum **values, bool **nulls)
{
	TupleTableSlot *slot;

	if (appender->pending == appender->batch)
		append_flush(appender, NULL);
	slot = appender->slots[appender->pending];
	if (slot == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(appender));

		slot = appender->slots[appender->pending] = MakeSingleTupleTableSlot(appender->desc, table_slot_callbacks(appender->rel));
		MemoryContextSwitchTo(old);
	}
	ExecClearTuple(slot);
	memset(slot->tts_isnull, 0, slot->tts_tupleDescriptor->natts);
	memset(slot->tts_values, 0, slot->tts_tupleDescriptor->natts * sizeof(Datum));
	*values = slot->tts_values;
	*nulls = slot->tts_isnull;
	ExecStoreVirtualTuple(slot);
	appender->pending++;
}

static void
insert_index_rows(Appender *appender, bool *duplicate)
{
	ResultRelInfo *result = appender->result;

	for (int i = 0; i < appender->pending; i++)
	{
		TupleTableSlot *slot = appender->slots[i];

		for (int k = 0; k < result->ri_NumIndices; k++)
		{
			Datum values[INDEX_MAX_KEYS];
			bool nulls[INDEX_MAX_KEYS];
			bool sense = k == 0 && appender->sense_duplicates;
			IndexInfo *info = result->ri_IndexRelationInfo[k];
			Relation index = result->ri_IndexRelationDescs[k];
			bool alone;

			FormIndexDatum(info, slot, appender->estate, values, nulls);
			alone = index_insert(index, values, nulls, &slot->tts_tid, appender->rel,
								 sense ? UNIQUE_CHECK_PARTIAL :
								 index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
								 false, info);
			if (sense && duplicate != NULL)
				duplicate[i] = !alone;
		}
	}
}

/* Partial indexes have predicates that FormIndexDatum does not look at. */
static void
insert_through_executor(Appender *appender)
{
	for (int i = 0; i < appender->pending; i++)
	{
		compat_insert_index_tuples(appender->result, appender->slots[i], appender->estate);
		ResetPerTupleExprContext(appender->estate);
	}
}

static bool
has_predicate(const ResultRelInfo *result)
{
	for (int k = 0; k < result->ri_NumIndices; k++)
		if (result->ri_IndexRelationInfo[k]->ii_Predicate != NIL)
			return true;
	return false;
}

void
append_flush(Appender *appender, bool *duplicate)
{
	if (appender->pending == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	table_multi_insert(appender->rel, appender->slots, appender->pending, appender->command, 0, appender->bulk);
	if (has_predicate(appender->result))
		insert_through_executor(appender);
	else
		insert_index_rows(appender, duplicate);
	for (int i = 0; i < appender->pending; i++)
		ExecClearTuple(appender->slots[i]);
	appender->pending = 0;
}

void
append_end(Appender *appender)
{
	append_flush(appender, NULL);
	if (appender->bulk != NULL)
		FreeBulkInsertState(appender->bulk);
	table_finish_bulk_insert(appender->rel, 0);
	for (int i = 0; i < appender->batch && appender->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(appender->slots[i]);
	ExecCloseIndices(appender->result);
	FreeExecutorState(appender->estate);
	table_close(appender->rel, NoLock);
	pfree(appender->slots);
	pfree(appender);
}

int64
append_next_id(Oid sequence)
{
	return nextval_internal(sequence, false);
}
