/*
 * posting_lock.h
 *		Locks on lines and payments that are given back: those who give back wait for each other, and for those who change or delete the line.
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

/* Wants something locked that has a hash of its own. */
extern void line_locks_want_slot(LineLocks *wanted, uint32 slot, bool gives_back);

/*
 * Takes what is wanted, in one order for all statements, and keeps it until the transaction ends; nothing is wanted then. A transaction with many of them locks
 * the whole table in this sense, so that the lock table of the server does not overflow.
 */
extern void line_locks_take(LineLocks *wanted, int16 source_id);

/* The same for originals and accounts of payments, which are those of all tables together. */
extern void payment_locks_take(LineLocks *wanted);

#endif
