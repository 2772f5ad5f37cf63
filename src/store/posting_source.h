/*
 * posting_source.h
 *		Rows of a transition table, a batch at a time.
 */
#ifndef HC_STORE_POSTING_SOURCE_H
#define HC_STORE_POSTING_SOURCE_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "utils/tuplestore.h"

/* A tuplestore being read; store NULL: an empty one. */
typedef struct RowSource
{
	Tuplestorestate *store;
	int pointer;
	int batch;
	TupleTableSlot **slots;
} RowSource;

/* Begins to read rows of type "desc", "batch" at a time, from the start. The slots live in the current memory context. */
extern void source_open(RowSource *source, Tuplestorestate *store, TupleDesc desc, int batch);

/* Goes back to the first row. */
extern void source_rewind(RowSource *source);

/* The next row, as the at-th of its batch; it stays until source_clear. NULL at the end. */
extern TupleTableSlot *source_next(RowSource *source, int at);

/* The at-th row of the batch that was read, NULL if there is none. */
extern TupleTableSlot *source_slot(RowSource *source, int at);

/* Lets go of the batch's rows; to be called before the memory they were read into goes. */
extern void source_clear(RowSource *source);

/* Ends reading; the source is then an empty one. The tuplestore stays. */
extern void source_close(RowSource *source);

#endif
