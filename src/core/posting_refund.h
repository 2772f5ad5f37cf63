/*
 * posting_refund.h
 *		How much of a charge may still be given back, and for how much money.
 */
#ifndef HC_CORE_POSTING_REFUND_H
#define HC_CORE_POSTING_REFUND_H

#include <stdbool.h>
#include <stdint.h>

/* An entry of the encounter of a refund's original. */
typedef struct RefundEntry
{
	int64_t entry_id;
	int64_t reverses; /* 0: none */
	int64_t quantity;
	int64_t amount;
	int flags;
	bool of_original; /* an entry of the original's source row, of whatever version */
	bool refund;	  /* set by posting_refund_left */
} RefundEntry;

/* What is left of an original: what it stands at now, less what refunds of any of its versions gave back. */
typedef struct RefundLeft
{
	int64_t quantity;
	int64_t amount;
} RefundLeft;

/*
 * Subtracts from *left (which comes holding the original's quantity and amount) what the entries gave back. Refunds that were themselves taken
 * back count no more. The entries must ascend by entry_id; their "refund" marks are set.
 */
extern void posting_refund_left(RefundEntry *entries, int n, RefundLeft *left);

/*
 * Whether a refund of "quantity" (not positive; 0: money only) fits into what is left; "amount" (not positive) is looked at if has_amount. If it fits,
 * *closes says whether nothing is left after it: it then gives back exactly left->amount.
 */
extern bool posting_refund_fits(const RefundLeft *left, int64_t quantity, bool has_amount, int64_t amount, bool *closes);

#endif
