/*
 * posting_detail.h
 *		What charges say beside what they cost: kept by entry, found again by trace code.
 */
#ifndef HC_STORE_POSTING_DETAIL_H
#define HC_STORE_POSTING_DETAIL_H

#include "store/posting.h"

typedef struct DetailWriter DetailWriter;

/* Opens the table; it is really opened with the first row that has any detail. Lives in the current memory context. */
extern DetailWriter *detail_begin(void);

/* Queues the details of a posted row, if it has any. */
extern void detail_add(DetailWriter *writer, const ChargeRow *row);

/* Writes what is queued. */
extern void detail_flush(DetailWriter *writer);

/* Writes what is queued and closes. */
extern void detail_end(DetailWriter *writer);

/* An entry with a trace code. */
typedef struct TracedEntry
{
	int64 entry_id;
	Piece encounter;
	int32 item_id;
	Piece settlement; /* absent if not known */
} TracedEntry;

/* The entries with a trace code, those of other sessions that have not committed included; returns their number. */
extern int detail_traced(Piece trace_code, TracedEntry **entries);

#endif
