/*
 * posting.h
 *		What higher rooms hook into: the resolved batch of charges, so that judging them is no second scan.
 */
#ifndef HC_ENTRY_POSTING_H
#define HC_ENTRY_POSTING_H

#include "utils/tuplestore.h"

#include "store/posting.h"
#include "store/posting_finding.h"

/* Charges just written to the ledger by one statement: rows[0..count), each with its entry_id. Lives until the hook returns. */
typedef struct PostingBatch
{
	const Attachment *attachment;
	const ChargeRow *rows;
	int count;
	FindingWriter *findings;
} PostingBatch;

typedef void (*posting_batch_hook_type)(const PostingBatch *batch);
extern posting_batch_hook_type posting_batch_hook;

/* Keys of rows without an entry, in strcmp order, with the highest version each ever had. */
typedef struct PendingKeys
{
	int count;
	char **keys;
	int16 *versions;
} PendingKeys;

/*
 * Posts what a statement changed: rows of old_store are taken back, rows of new_store posted; either may be NULL, with both the rows pair up.
 * "pending" (NULL in a trigger) says that the
 * rows may have been refused before: their open issues close when they are posted. Returns how many rows became entries.
 */
extern int64 posting_statement(const Attachment *attachment, TupleDesc desc, Tuplestorestate *old_store,
							   Tuplestorestate *new_store, const PendingKeys *pending);

#endif
