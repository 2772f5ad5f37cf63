/*
 * posting_priced.h
 *		Refunds that this statement has priced before their rows are stored, so that the last part of a line is known while the others are not posted.
 */
#ifndef HC_STORE_POSTING_PRICED_H
#define HC_STORE_POSTING_PRICED_H

#include "postgres.h"

#include "store/posting_book.h"

/* Remembers a refund that was priced, until the next statement. A hint: a row that is thrown away after it is remembered all the same. */
extern void posting_note_price(int16 source_id, const ChargeRow *row);

/* Subtracts from *left what this statement gave back of an original, other than by the row itself. */
extern void posting_priced(int16 source_id, const ChargeRow *self, int64 original_id, RefundLeft *left);

/* The books of what was posted before this statement. */
extern Books *posting_priced_books(void);

/* Forgets at the end of every transaction; call once, in _PG_init. */
extern void posting_priced_init(void);

#endif
