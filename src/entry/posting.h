/*
 * posting.h
 *		What higher rooms hook into: the resolved batch of charges, so that judging them is no second scan.
 */
#ifndef HC_ENTRY_POSTING_H
#define HC_ENTRY_POSTING_H

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

#endif
