/*
 * posting_poster.h
 *		One charge at a time: into the ledger, or out of it.
 */
#ifndef HC_ENTRY_POSTING_POSTER_H
#define HC_ENTRY_POSTING_POSTER_H

#include "entry/posting.h"
#include "store/ground.h"
#include "store/posting_book.h"
#include "store/posting_lock.h"
#include "store/posting_touched.h"

#define KNOWN_MONTHS 8

/* The work of one statement. */
typedef struct Poster
{
	const Attachment *attachment;
	LedgerWriter *ledger;
	FindingWriter *findings;
	struct DetailWriter *details; /* NULL: the mapping knows none */
	MemoryContext batch_context; /* reset after every batch */
	ChargeRow *rows;			 /* rows of this batch that were posted */
	int *place;					 /* place[i]: position of rows[i] among the entries queued */
	int count;
	int queued;
	ReversedEntry *reversed; /* entries of this batch that were taken back and are not written yet */
	int reversed_count;
	struct
	{
		DateADT month;
		DateADT target;
		PeriodOutcome outcome;
	} months[KNOWN_MONTHS];
	int month_count;
	const PendingKeys *pending; /* rows that may have been refused before; NULL in a trigger */
	bool nested;				/* another statement may be under way around this one */
	CommandId statement;		/* the command id of its snapshot */
	Touched *touched;			/* what statements within this one had posted when its trigger fired; NULL: nothing */
	bool after_the_fact;		/* the rows are committed: nothing is raised */
	bool *counts;				/* of pending rows whose keys can come twice: which keys were posted by this very call */
	bool *fresh;				/* where keys can come twice: which rows of the batch have a key nobody had before */
	bool settled;				/* the row that is being taken back bears a settlement, and keeps it or goes with it */
	bool taken_back;			/* the first pass took back what the present row's key had */
	int row;					/* position of the present row in its batch */
	bool refunds;				/* this pass is for refunds: all that they may name is posted by now */
	bool refunds_wait;			/* some row is left for that pass */
	bool has_refunds;			/* the mapping knows refunds */
	bool follows;				/* there are rows as they were before, or rows that may have entries */
	bool locked;				/* with them, refunds were locked too */
	MemoryContext context;		/* of the statement */
	LineLocks locks;			/* wanted */
	struct Book **quiet;		/* encounters of which nothing was given back; NULL: asked in every batch */
	Books *books;				/* of the batch; NULL: nothing is asked of its encounters */
	bool asked;					/* what comes next is known */
	bool elsewhere;				/* some lines of the table have refunds in other encounters than their own */
	struct Lines *lines;		/* that were taken back and have refunds, or had */
	PostingOutcome outcome;
} Poster;

/* The version after this one. It tells a first entry from later ones and shows their order; a row that changed oftener than the column counts stays at its end. */
static inline int16
next_version(int16 version)
{
	return version == PG_INT16_MAX ? version : version + 1;
}

/* The attachment of a table whose rows are to be posted; raises if it is not attached, or in mode strict if a column is gone. */
extern Attachment *poster_attachment(Relation rel);

/* Finds the line a refund names, and takes from it what the refund is made of; an issue says if it cannot be. */
extern void poster_find_original(Poster *poster, ChargeRow *row);

/* Opens the books of a batch if there may be questions; to be called when its locks are taken. */
extern void poster_open_books(Poster *poster);

/* Wants what a row that is changed (new_slot) or deleted needs locked; what a row that waited needs; what a refund needs. */
extern void poster_want_change(Poster *poster, TupleTableSlot *old_slot, TupleTableSlot *new_slot);
extern void poster_want_row(Poster *poster, const ChargeRow *row);

/* Takes the locks that are wanted. */
extern void poster_lock(Poster *poster);

/* Subtracts from *left what was given back of a line, but for what "self" gave; returns how many refunds stand. */
extern int poster_left(Poster *poster, const LedgerEntry *original, const ChargeRow *self, RefundLeft *left);

/* Notes that an entry of a row is taken back: what was given back of it stays, or what it gave back is back. NULL: it has none. */
extern void poster_line_goes(Poster *poster, const ChargeRow *old, const LedgerEntry *live);

/* Judges a charge by what was given back of its key before. */
extern void poster_check_refunds(Poster *poster, ChargeRow *row);

/* Notes that a charge is posted, perhaps in the place of one that went. */
extern void poster_line_comes(Poster *poster, const ChargeRow *row);

/* At the end of a statement, all written: lines that went under their refunds are issues, those whose refunds went too are none any more. */
extern void poster_settle_lines(Poster *poster);

/* What is live for a key, entries that this batch takes back and has not written yet left out. "everywhere" as in ledger_find_live. */
extern bool poster_find_live(Poster *poster, const ChargeRow *row, bool everywhere, LedgerEntry *live, int16 *last_version);

/* The first field in which a row, prices computed where they are, differs from an entry, FIELD_COUNT if none; *value is what the entry has. */
extern ChargeField poster_differs(const Poster *poster, const ChargeRow *row, const LedgerEntry *live, char **value);

/*
 * Holds a row against the entry that its key has. Counts the outcome and returns the first field that differs, FIELD_COUNT if none; row->other_value is
 * what the entry has.
 */
extern ChargeField poster_compare(Poster *poster, ChargeRow *row, const LedgerEntry *live);

/* Writes down, or in mode strict raises, what row->issues says. */
extern void poster_report(Poster *poster, const ChargeRow *row);

/* Writes down, or in mode strict raises, that a row's key has an entry with another content. */
extern void poster_report_repeated(Poster *poster, ChargeRow *row, const LedgerEntry *live);

/* Begins a statement of about "expected" rows, in batches of at most "batch"; to be ended by poster_end. */
extern void poster_begin(Poster *poster, const Attachment *attachment, int64 expected, int batch);

/* Posts one decoded row of the given version, or writes down why it cannot be. */
extern void poster_post(Poster *poster, ChargeRow *row);

/*
 * Takes the entry of a changed or deleted row back. False if its period refuses that; the row then keeps its entry and an issue. *version
 * receives the version its next entry gets.
 */
extern bool poster_reverse(Poster *poster, ChargeRow *old, int16 *version);

/* Writes the batch and offers it to the hook. */
extern void poster_flush(Poster *poster);

/* Closes what poster_begin opened; the batch must have been flushed. */
extern void poster_end(Poster *poster);

/* Whether a statement inside a trigger or a function has posted this key since this statement began: then its image here is stale. */
extern bool poster_is_stale(const Poster *poster, const ChargeRow *row);

#endif
