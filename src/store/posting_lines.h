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
	Snapshot snapshot; /* NULL: what is not committed is seen as well */
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

/* An entry as the index has it. */
typedef struct WalkedEntry
{
	DateADT day;
	int32 item;
	ItemPointerData tid;
} WalkedEntry;

typedef struct LedgerWalk LedgerWalk;

/* Walks through the ledger by encounter, in the index alone: what is invisible to the snapshot is met, too. */
extern LedgerWalk *ledger_walk_begin(Snapshot snapshot);

/* The next encounter with its entries by day and item; false at the end. What is handed out is good until the next call. */
extern bool ledger_walk_next(LedgerWalk *walk, Piece *encounter, const WalkedEntry **entries, int *count);

/* Adds the line of an entry, if it is visible. */
extern void ledger_walk_line(LedgerWalk *walk, const WalkedEntry *entry, LineList *list);
extern void ledger_walk_end(LedgerWalk *walk);

#endif
