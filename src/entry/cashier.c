/*
 * cashier.c
 *		What a close of a shift asks of the server that no SQL tells.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "utils/xid8.h"

#include "entry/sql.h"

SQL_FUNCTION(hc_next_transaction);

/* _next_transaction(): above the number of every transaction that has one. A snapshot's upper end is not: it lies below those that run. */
Datum
hc_next_transaction(PG_FUNCTION_ARGS)
{
	PG_RETURN_FULLTRANSACTIONID(ReadNextFullTransactionId());
}
