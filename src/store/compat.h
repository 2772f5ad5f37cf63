/*
 * compat.h
 *		What differs between the supported majors (15, 17, 18). The only file that reads PG_VERSION_NUM.
 */
#ifndef HC_STORE_COMPAT_H
#define HC_STORE_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "hospital_cost requires PostgreSQL 15 or later"
#endif

#include "executor/executor.h"

/* PostgreSQL 16 moved the macros of variable-length datums out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* PostgreSQL 16 added the argument onlySummarizing. */
static inline void
compat_insert_index_tuples(ResultRelInfo *result, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false);
#else
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL);
#endif
}

#endif
