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
	bool nested;				/* runs inside a trigger */
	CommandId command;			/* when the statement began */
	const Touched *touched;		/* what nested statements had posted by then */
	int64 posted;				/* rows that became entries */
} Poster;

/* The attachment of a table whose rows are to be posted; raises if it is not attached or its mapping no longer fits. */
extern Attachment *poster_attachment(Relation rel);

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

/* Whether a statement inside a trigger has posted this key since this statement began: then its image here is stale. */
extern bool poster_is_stale(const Poster *poster, const ChargeRow *row);

#endif
