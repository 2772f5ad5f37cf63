/*
 * append.c
 *		table_multi_insert and index_insert, as COPY does it, without an executor.
 *
 * The duplicate sensor is UNIQUE_CHECK_PARTIAL on a btree that is not unique: the index inserts as always and reports that an equal key is
 * there, be it of another session that has not committed; it never waits. What it reports is a hint, to be looked into.
 */
#include "postgres.h"

#include "access/brin_revmap.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "store/append.h"
#include "store/compat.h"
#include "store/ground.h"

/* Few rows are not worth a ring buffer of their own. */
#define BULK_ROWS 1000
/* Nor, fewer still, a row type of their own. */
#define COPY_ROWS 32
/* Rows written at a time where their number is known. */
#define ORDERED_BATCH 1000

struct Appender
{
	Relation rel;
	ResultRelInfo *result;
	EState *estate; /* only where an index computes something */
	BulkInsertState bulk;
	CommandId command;
	int batch;
	int pending;
	Oid sensor; /* index that reports duplicates, or InvalidOid */
	TupleDesc desc; /* for many rows a copy: it counts no references, so a thousand slots cost the resource owner nothing */
	TupleTableSlot **slots;
};

/* Ours compute nothing; a DBA may have added an index that does. */
static bool
needs_executor(ResultRelInfo *result)
{
	for (int k = 0; k < result->ri_NumIndices; k++)
		if (result->ri_IndexRelationInfo[k]->ii_Expressions != NIL || result->ri_IndexRelationInfo[k]->ii_Predicate != NIL)
			return true;
	return false;
}

Appender *
append_begin(const char *table, int batch, int64 expected, const char *sensor)
{
	Appender *appender = palloc0(sizeof(Appender));

	appender->rel = table_open(ground_relation(table), RowExclusiveLock);
	appender->result = makeNode(ResultRelInfo);
	InitResultRelInfo(appender->result, appender->rel, 1, NULL, 0);
	ExecOpenIndices(appender->result, false);
	if (needs_executor(appender->result))
		appender->estate = CreateExecutorState();
	if (expected >= BULK_ROWS)
		appender->bulk = GetBulkInsertState();
	appender->command = GetCurrentCommandId(true);
	appender->batch = batch;
	appender->sensor = sensor == NULL ? InvalidOid : ground_relation(sensor);
	appender->desc = batch <= COPY_ROWS ? RelationGetDescr(appender->rel) : CreateTupleDescCopyConstr(RelationGetDescr(appender->rel));
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

/* Whether a row belongs into an index: a DBA may have added a partial one. */
static bool
belongs_into(Appender *appender, IndexInfo *info)
{
	if (info->ii_Predicate == NIL)
		return true;
	if (info->ii_PredicateState == NULL)
		info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, appender->estate);
	return ExecQual(info->ii_PredicateState, GetPerTupleExprContext(appender->estate));
}

static void
insert_index_row(Appender *appender, TupleTableSlot *slot, int k, bool *duplicate)
{
	Relation index = appender->result->ri_IndexRelationDescs[k];
	IndexInfo *info = appender->result->ri_IndexRelationInfo[k];
	bool sense = RelationGetRelid(index) == appender->sensor;
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
	bool alone;

	if (appender->estate != NULL)
		GetPerTupleExprContext(appender->estate)->ecxt_scantuple = slot;
	/* An index that is being built concurrently is not ready for rows yet. */
	if (!info->ii_ReadyForInserts || !belongs_into(appender, info))
		return;
	FormIndexDatum(info, slot, appender->estate, values, nulls);
	alone = index_insert(index, values, nulls, &slot->tts_tid, appender->rel,
						 sense ? UNIQUE_CHECK_PARTIAL :
						 index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
						 false, info);
	if (sense && duplicate != NULL)
		*duplicate = !alone;
	if (appender->estate != NULL)
		ResetPerTupleExprContext(appender->estate);
}

/* Whether a BRIN index says nothing of the page range a block belongs to; *pages and *range receive the size and the number of the range. */
static bool
range_is_bare(Relation index, BlockNumber block, BlockNumber *pages, BlockNumber *range)
{
	Buffer buffer = InvalidBuffer;
	OffsetNumber offset;
	BrinRevmap *revmap = BRIN_REVMAP(index, pages);
	bool bare;

	*range = block / *pages;
	bare = BRIN_TUPLE(revmap, *range * *pages, &buffer, &offset) == NULL;
	if (!bare)
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (BufferIsValid(buffer))
		ReleaseBuffer(buffer);
	brinRevmapTerminate(revmap);
	return bare;
}

/*
 * A range without a summary needs no entry for any of its rows: all of the batch is in the heap by now, and whoever summarises the range from here
 * on reads the heap. So one look is enough for all rows of a range. The first row of a page is inserted all the same, as it may be what asks for
 * the range before to be summarised. From the last row to the first, because keys mostly ascend: the last one widens a summary for all.
 */
static void
insert_brin_rows(Appender *appender, int k)
{
	Relation index = appender->result->ri_IndexRelationDescs[k];
	BlockNumber range = InvalidBlockNumber, pages = 1;
	bool bare = false;

	for (int i = appender->pending - 1; i >= 0; i--)
	{
		TupleTableSlot *slot = appender->slots[i];
		BlockNumber block = ItemPointerGetBlockNumber(&slot->tts_tid);

		if (block / pages != range)
			bare = range_is_bare(index, block, &pages, &range);
		if (!bare || ItemPointerGetOffsetNumber(&slot->tts_tid) == FirstOffsetNumber)
			insert_index_row(appender, slot, k, NULL);
	}
}

static void
insert_index_rows(Appender *appender, bool *duplicate)
{
	for (int k = 0; k < appender->result->ri_NumIndices; k++)
	{
		if (appender->pending > 1 && appender->result->ri_IndexRelationDescs[k]->rd_rel->relam == BRIN_AM_OID)
			insert_brin_rows(appender, k);
		else
			for (int i = 0; i < appender->pending; i++)
				insert_index_row(appender, appender->slots[i], k, duplicate == NULL ? NULL : &duplicate[i]);
	}
}

void
append_flush(Appender *appender, bool *duplicate)
{
	if (appender->pending == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	/* A row by itself makes a smaller record. */
	if (appender->pending == 1)
		table_tuple_insert(appender->rel, appender->slots[0], appender->command, 0, appender->bulk);
	else
		table_multi_insert(appender->rel, appender->slots, appender->pending, appender->command, 0, appender->bulk);
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
	if (appender->estate != NULL)
		FreeExecutorState(appender->estate);
	table_close(appender->rel, NoLock);
	pfree(appender->slots);
	pfree(appender);
}

/* Writes the table alone; tids[i] becomes the place of row i. */
static void
append_heap(Appender *appender, int64 count, AppendFill fill, void *rows, ItemPointerData *tids)
{
	MemoryContext values_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost rows to append", ALLOCSET_DEFAULT_SIZES);

	for (int64 i = 0; i < count;)
	{
		int64 first = i;
		MemoryContext old = MemoryContextSwitchTo(values_context);

		for (; i < count && appender->pending < appender->batch; i++)
		{
			Datum *values;
			bool *nulls;

			append_slot(appender, &values, &nulls);
			fill(rows, i, values, nulls);
		}
		MemoryContextSwitchTo(old);
		CHECK_FOR_INTERRUPTS();
		table_multi_insert(appender->rel, appender->slots, appender->pending, appender->command, 0, appender->bulk);
		for (int k = 0; k < appender->pending; k++)
		{
			tids[first + k] = appender->slots[k]->tts_tid;
			ExecClearTuple(appender->slots[k]);
		}
		appender->pending = 0;
		MemoryContextReset(values_context);
	}
	MemoryContextDelete(values_context);
}

/* The first column of an index that tells an order. */
static const int32 *
order_of_index(Appender *appender, int k, AppendOrder order, void *rows)
{
	IndexInfo *info = appender->result->ri_IndexRelationInfo[k];
	const int32 *result = NULL;

	for (int i = 0; i < info->ii_NumIndexKeyAttrs && result == NULL; i++)
		if (info->ii_IndexAttrNumbers[i] > 0)
			result = order(rows, NameStr(TupleDescAttr(RelationGetDescr(appender->rel), info->ii_IndexAttrNumbers[i] - 1)->attname));
	return result;
}

void
append_ordered(const char *table, const char *const *columns, int column_count, int64 count, AppendFill fill, AppendOrder order, void *rows)
{
	Appender *appender = append_begin(table, ORDERED_BATCH, count, NULL);
	ItemPointerData *tids = MemoryContextAllocExtended(CurrentMemoryContext, Max(count, 1) * sizeof(ItemPointerData), MCXT_ALLOC_HUGE);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost row to index", ALLOCSET_DEFAULT_SIZES);

	append_check_columns(appender, columns, column_count);
	append_heap(appender, count, fill, rows, tids);
	for (int k = 0; k < appender->result->ri_NumIndices && count > 0; k++)
	{
		const int32 *place = order_of_index(appender, k, order, rows);

		for (int64 i = 0; i < count; i++)
		{
			int64 row = place == NULL ? i : place[i];
			TupleTableSlot *slot = appender->slots[0];
			MemoryContext old = MemoryContextSwitchTo(row_context);

			if (i % 4096 == 0)
				CHECK_FOR_INTERRUPTS();
			ExecClearTuple(slot);
			memset(slot->tts_isnull, 0, slot->tts_tupleDescriptor->natts);
			fill(rows, row, slot->tts_values, slot->tts_isnull);
			ExecStoreVirtualTuple(slot);
			slot->tts_tid = tids[row];
			insert_index_row(appender, slot, k, NULL);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row_context);
		}
	}
	MemoryContextDelete(row_context);
	pfree(tids);
	append_end(appender);
}

int64
append_next_id(Oid sequence)
{
	return nextval_internal(sequence, false);
}
