/*
 * posting.h
 *		What higher rooms hook into: the resolved batch of charges, so that judging them is no second scan.
 */
#ifndef HC_ENTRY_POSTING_H
#define HC_ENTRY_POSTING_H

#include "utils/tuplestore.h"

#include "store/posting.h"
#include "store/posting_finding.h"

/* An entry that was taken back because its row changed or went. */
typedef struct ReversedEntry
{
	int64 entry_id;
	Piece encounter;
	int32 item_id;
	const ChargeRow *settled; /* the row as it was, with its entry and amount, if it bore a settlement that it keeps or goes with; NULL: it did not */
} ReversedEntry;

/* Charges just written to the ledger by one statement: rows[0..count), each with its entry_id. Lives until the hook returns. */
typedef struct PostingBatch
{
	const Attachment *attachment;
	const ChargeRow *rows;
	int count;
	bool after_the_fact; /* too late to block */
	FindingWriter *findings;
	const ReversedEntry *reversed;
	int reversed_count;
} PostingBatch;

typedef void (*posting_batch_hook_type)(const PostingBatch *batch);
extern posting_batch_hook_type posting_batch_hook;

/* Keys of rows without an entry, in strcmp order, with the highest version each ever had. */
typedef struct PendingKeys
{
	int count;
	char **keys;
	int16 *versions;
	bool correct; /* entries that differ from their rows are made good, not only told */
} PendingKeys;

/* What became of the rows of a statement. */
typedef struct PostingOutcome
{
	int64 posted;
	int64 exists;				  /* the key has an entry with the same content */
	int64 different[FIELD_COUNT]; /* the key has an entry with another content; counted by the first field that differs */
	int64 refused;				  /* a blocking issue says why */
	int64 taken_back;			  /* entries reversed because their row changed or went */
} PostingOutcome;

/*
 * Posts what a statement changed: rows of old_store are taken back, rows of new_store posted; either may be NULL, with both the rows pair up.
 * after_the_fact: the rows are committed already, so nothing is raised for what they say. "pending" (NULL in a trigger) says that the rows may have
 * been refused before: their open issues close when they are posted. *outcome may be NULL.
 */
extern void posting_statement(const Attachment *attachment, TupleDesc desc, Tuplestorestate *old_store, Tuplestorestate *new_store,
							  bool after_the_fact, const PendingKeys *pending, PostingOutcome *outcome);

#endif
