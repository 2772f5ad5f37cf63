/*
 * posting_book.h
 *		What the ledger holds of encounters, each read once for all the questions of a batch.
 */
#ifndef HC_STORE_POSTING_BOOK_H
#define HC_STORE_POSTING_BOOK_H

#include "postgres.h"

#include "store/posting_ledger.h"

typedef struct Books Books;

/* Entries to be handed to the arithmetic of refunds, growing. */
typedef struct RefundList
{
	RefundEntry *entries;
	int count;
	int room;
} RefundList;

/* Where encounters of which nothing was given back are kept in mind, in the current memory context. */
extern struct Book **books_shelf(void);

/*
 * Begins without a book, in the current memory context, which everything noted in them must outlive. With a shelf of earlier books, what they found there is
 * believed: for tables of which nobody gives back anything. NULL: nothing is.
 */
extern Books *books_begin(struct Book **quiet);

/* Closes every book, to be read anew: what is noted and not written yet stays noted. */
extern void books_close(Books *books);

/* Notes an entry that is queued and not written yet. */
extern void books_note(Books *books, const LedgerEntry *entry);

/* Says that all that was noted is written; books that have grown large are closed. */
extern void books_written(Books *books);

/*
 * Reads the entries of a source key in an encounter; returns their number. What is found lives in the book, its "encounter" included.
 */
extern int books_entries(Books *books, Piece encounter, int16 source_id, int64 key, Piece key_text, LedgerEntry **entries);

/*
 * Adds to the list what an encounter holds of refunds of a source row, of whatever version: the row's entries, their refunds (those of "self" left out; NULL:
 * of nobody) and what takes them back. Returns how many refunds still stand.
 */
extern int books_refunds(Books *books, Piece encounter, int16 source_id, int64 key, Piece key_text, const ChargeRow *self, RefundList *list);

/* Subtracts from *left what the refunds of a list gave back. */
extern void books_left(RefundList *list, RefundLeft *left);

/* The entry of this id among those of an encounter, NULL if there is none. */
extern const LedgerEntry *books_entry(Books *books, Piece encounter, int64 entry_id);

#endif
