/*
 * posting_lines.h
 *		The entries of an encounter as rules see them: those of other sessions that have not committed included.
 */
#ifndef HC_STORE_POSTING_LINES_H
#define HC_STORE_POSTING_LINES_H

#include "store/posting_ledger.h"

/* Which entries of an encounter: of days from .. to, both included, and of some items (ascending; NULL: of all). */
typedef struct LineScan
{
	Piece encounter;
	DateADT from;
	DateADT to;
	const int32 *items;
	int item_count;
} LineScan;

#define ALL_DAYS PG_INT32_MIN, PG_INT32_MAX

typedef struct LineList
{
	LineEntry *lines;
	int count;
	int room;
} LineList;

/* Adds the entries of a scan to a list, each with the number "encounter". */
extern void ledger_lines(const LineScan *scan, int encounter, LineList *list);

/* Adds one line. */
extern void ledger_add_line(LineList *list, const LineEntry *line);

/* Puts lines in the order of their ids. */
extern void ledger_sort_lines(LineList *list);

/* Reads the whole entry of a line; false if it is not there any more. */
extern bool ledger_entry_of_line(Piece encounter, const LineEntry *line, LedgerEntry *entry);

#endif
