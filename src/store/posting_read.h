/*
 * posting_read.h
 *		Reading a hospital's table by SQL, as its owner: casts, functions and indexes of that table are his code and run with his rights.
 */
#ifndef HC_STORE_POSTING_READ_H
#define HC_STORE_POSTING_READ_H

#include "postgres.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

/*
 * Runs a query over an attached table and puts its rows into a tuplestore. The rows must be of the types of "desc", or with desc NULL of one
 * column holding whole rows of the table, which are put as rows of the table; elog otherwise. "keys" is $1 of the query, 0 if it has none.
 */
extern void source_read(Relation rel, const char *query, Datum keys, TupleDesc desc, Tuplestorestate *store);

/* The bigint that a query over $1 = a text array returns, seen with a latest snapshot even where the transaction keeps an older one. */
extern int64 count_latest(const char *query, Datum keys);

#endif
