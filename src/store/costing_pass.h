/*
 * costing_pass.h
 *		A pass over the ledger's entries of a month, by this process and, where PostgreSQL allows, by parallel workers.
 *
 * Each process adds up what it reads by itself; at the end the workers tell theirs to this one. So what is added up must not depend on the order, and
 * the result is the same to the last byte whoever reads.
 */
#ifndef HC_STORE_COSTING_PASS_H
#define HC_STORE_COSTING_PASS_H

#include "postgres.h"
#include "port/atomics.h"
#include "storage/block.h"
#include "utils/date.h"

/* One entry of the ledger, as far as costing asks. "encounter" points into a page that stays pinned until the next entry. */
typedef struct LedgerLine
{
	int32 item_id;
	int16 ordering_id;
	int16 performing_id;
	int64 quantity;
	int64 amount;
	struct varlena *encounter;
} LedgerLine;

typedef struct LedgerTeller LedgerTeller;

/* What a process does. "begin" is called in workers only: "plan" is a copy of the caller's, which must not hold pointers. */
typedef struct LedgerJob
{
	void *(*begin)(const void *plan, LedgerTeller *teller);
	void (*take)(void *state, const LedgerLine *line);
	void (*tell)(void *state, LedgerTeller *teller);
	void (*hear)(void *state, const void *piece, Size size); /* one call of ledger_tell, in the caller's process */
} LedgerJob;

extern const LedgerJob ledger_total_job;
extern const LedgerJob ledger_use_job;

/* Reads the entries of a month with as many workers as PostgreSQL would give a scan of that size; returns their number. */
extern int64 costing_pass(const LedgerJob *job, DateADT period, const void *plan, Size size, void *state);

/* Tells the caller's process something: head, then tail. */
extern void ledger_tell(LedgerTeller *teller, const void *head, Size head_size, const void *tail, Size tail_size);

/* The blocks of a month, portion by portion. Lies in memory that all who read share. */
typedef struct LedgerRange
{
	Oid relid;
	DateADT period;
	BlockNumber first;
	BlockNumber blocks;
	BlockNumber portion;
	pg_atomic_uint32 taken; /* portions */
} LedgerRange;

/* Finds the blocks of a month; elog unless the ledger's columns are where they are expected. All of them are one portion. */
extern void costing_find_range(LedgerRange *range, DateADT period);

/* Hands the entries of portions that nobody has taken yet to the job; returns their number. */
extern int64 costing_scan_range(LedgerRange *range, const LedgerJob *job, void *state);

#endif
