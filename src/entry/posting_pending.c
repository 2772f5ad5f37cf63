/*
 * posting_pending.c
 *		Rows that the triggers did not post, handed to the same code.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "access/table.h"

#include "entry/posting.h"
#include "entry/sql.h"

#define FETCH_ROWS 10000

/* Moves whole-row values into a tuplestore of the relation's row type: dropped columns keep their place. */
static void
store_rows(Tuplestorestate *store)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool isnull;
		HeapTupleHeader header = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

		ItemPointerSetInvalid(&tuple.t_self);
		tuplestore_puttuple(store, &tuple);
	}
}

SQL_FUNCTION(hc_post_rows);

/* _post_rows(relation, query): posts the whole rows a query returns; returns how many became entries. */
Datum
hc_post_rows(PG_FUNCTION_ARGS)
{
	Oid relid = PG_GETARG_OID(0);
	char *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Relation rel = table_open(relid, RowShareLock);
	Attachment *attachment;
	Tuplestorestate *store = tuplestore_begin_heap(true, false, work_mem);
	SPIPlanPtr plan;
	Portal portal;
	char *missing;
	int64 posted = 0;

	SPI_connect();
	plan = SPI_prepare(query, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not prepare the pending rows");
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		store_rows(store);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	SPI_finish();

	AcceptInvalidationMessages();
	attachment = posting_attachment(relid, &missing);
	if (attachment == NULL || missing != NULL)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '2', '0', '7')),
				errmsg("column \"%s\" of attached table \"%s\" is gone or has another type", missing ? missing : "", get_rel_name(relid)),
				errhint("Attach the table again with a mapping of its present columns."));
	if (tuplestore_tuple_count(store) > 0)
		posted = posting_statement(attachment, RelationGetDescr(rel), NULL, store, true);
	tuplestore_end(store);
	table_close(rel, NoLock);
	PG_RETURN_INT64(posted);
}
