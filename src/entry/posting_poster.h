/*
 * posting_poster.h
 *		One charge at a time: into the ledger, or out of it.
 */
#ifndef HC_ENTRY_POSTING_POSTER_H
#define HC_ENTRY_POSTING_POSTER_H

#include "entry/posting.h"
#include "store/ground.h"
#include "store/posting_ledger.h"
#include "store/posting_touched.h"

#define KNOWN_MONTHS 8

/* The work of one statement. */
typedef struct Poster
{
	const Attachment *attachment;
	LedgerWriter *ledger;
	FindingWriter *findings;
	MemoryContext batch_context; /* reset after every batch */
	ChargeRow *rows;			 /* rows of this batch that were posted */
	int *place;					 /* place[i]: position of rows[i] among the entries queued */
	int count;
	int queued;
	int64 *reversed; /* entries of this batch that were taken back and are not written yet */
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
	Touched *unrefunded;		/* encounters of which nothing was given back; NULL: none is known */
	bool after_the_fact;		/* the rows are committed: nothing is raised */
	bool *counts;				/* of pending rows whose keys can come twice: which keys were posted by this very call */
	bool *fresh;				/* where keys can come twice: which rows of the batch have a key nobody had before */
	bool taken_back;			/* the first pass took back what the present row's key had */
	int row;					/* position of the present row in its batch */
	bool refunds;				/* this pass is for refunds: all that they may name is posted by now */
	bool refunds_wait;			/* some row is left for that pass */
	PostingOutcome outcome;
} Poster;

/* The attachment of a table whose rows are to be posted; raises if it is not attached, or in mode strict if a column is gone. */
extern Attachment *poster_attachment(Relation rel);

/* Finds the line a refund names, and takes from it what the refund is made of; an issue says if it cannot be. */
extern void poster_find_original(Poster *poster, ChargeRow *row);

/* What is live for a key, entries that this batch takes back and has not written yet left out. "everywhere" as in ledger_find_live. */
extern bool poster_find_live(Poster *poster, const ChargeRow *row, bool everywhere, LedgerEntry *live, int16 *last_version);

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
