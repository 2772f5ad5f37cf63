/*
 * posting_lock.h
 *		Locks on lines that are given back: those who give back wait for each other, and for those who change or delete the line.
 */
#ifndef HC_STORE_POSTING_LOCK_H
#define HC_STORE_POSTING_LOCK_H

#include "postgres.h"

typedef struct LineLock
{
	uint32 slot;
	bool gives_back;
} LineLock;

/* Locks that a statement needs, collected before the first is taken; zeros to begin with. */
typedef struct LineLocks
{
	LineLock *locks;
	int count;
	int room;
} LineLocks;

/* Wants a line of a table locked: against everybody if something of it is given back or no longer given back, else against those who do that. */
extern void line_locks_want(LineLocks *wanted, int16 source_id, int64 key, bool gives_back);

/*
 * Takes what is wanted, in one order for all statements, and keeps it until the transaction ends; nothing is wanted then. A transaction with many of them locks
 * the whole table in this sense, so that the lock table of the server does not overflow.
 */
extern void line_locks_take(LineLocks *wanted, int16 source_id);

#endif
