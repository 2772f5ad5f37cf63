/*
 * posting_read.c
 *		SPI over a hospital's table, in batches, as the table's owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "store/compat.h"
#include "store/ground_user.h"
#include "store/posting_read.h"

#define FETCH_ROWS 10000

/* The types must be those asked for: what the owner's casts return is not believed. */
static void
check_types(Relation rel, TupleDesc wanted)
{
	TupleDesc found = SPI_tuptable->tupdesc;
	bool same = wanted == NULL ? found->natts == 1 && TupleDescAttr(found, 0)->atttypid == rel->rd_rel->reltype :
		found->natts == wanted->natts;

	for (int i = 0; wanted != NULL && same && i < wanted->natts; i++)
		same = TupleDescAttr(found, i)->atttypid == TupleDescAttr(wanted, i)->atttypid;
	if (!same)
		elog(ERROR, "the rows of \"%s\" are not of the types asked for", RelationGetRelationName(rel));
}

static void
put_row(HeapTuple row, TupleDesc desc, Tuplestorestate *store)
{
	HeapTupleData tuple;
	bool isnull;
	Datum whole;

	if (desc != NULL)
	{
		tuplestore_puttuple(store, row);
		return;
	}
	whole = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		return;
	tuple.t_data = DatumGetHeapTupleHeader(whole);
	tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuplestore_puttuple(store, &tuple);
}

void
source_read(Relation rel, const char *query, Datum keys, TupleDesc desc, Tuplestorestate *store)
{
	Oid type = TEXTARRAYOID;
	GroundUser self;
	Portal portal;
	uint64 fetched;

	ground_become_stranger(rel->rd_rel->relowner, &self);
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, query, keys == 0 ? 0 : 1, &type, &keys, NULL, keys == 0, CURSOR_OPT_NO_SCROLL);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		fetched = SPI_processed;
		check_types(rel, desc);
		for (uint64 i = 0; i < fetched; i++)
			put_row(SPI_tuptable->vals[i], desc, store);
		SPI_freetuptable(SPI_tuptable);
	} while (fetched > 0);
	SPI_cursor_close(portal);
	SPI_finish();
	ground_become_self(&self);
}

int64
count_latest(const char *query, Datum keys)
{
	Oid type = TEXTARRAYOID;
	SPIPlanPtr plan;
	Snapshot snapshot;
	bool isnull;
	int64 count;

	SPI_connect();
	plan = SPI_prepare(query, 1, &type);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (plan == NULL || SPI_execute_snapshot(plan, &keys, NULL, snapshot, InvalidSnapshot, true, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not count");
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	UnregisterSnapshot(snapshot);
	SPI_finish();
	return count;
}
