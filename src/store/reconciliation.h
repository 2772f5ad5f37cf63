/*
 * reconciliation.h
 *		Both sides of a day, from the database to the matcher, and its matches back.
 */
#ifndef HC_STORE_RECONCILIATION_H
#define HC_STORE_RECONCILIATION_H

#include "postgres.h"
#include "utils/date.h"

#include "core/reconciliation.h"

/*
 * Reads what is open of a kind on a day, ours first, with the bounds of its rules; palloc'ed in the current memory context. "entry" is
 * scratch of the size the matcher wants. False where the kind has no format on that day.
 */
extern bool reconciliation_load(text *kind, DateADT day, Reconciliation *r);

/* A row of a match; of its line and entry one may be missing. */
typedef struct ReconciliationRow
{
	int64 match_id;
	int64 line_id;
	int64 entry_id;
	ReconciliationText reference; /* as loaded; NULL: another row of the match tells it */
	bool has_line;
	bool has_entry;
	bool outgoing;
	uint8 rule; /* ReconciliationRule */
} ReconciliationRow;

/* Writes the rows of the matches of a run. Where several tell one reference, it stands in the first of them. */
extern void reconciliation_save(text *kind, int32 run, ReconciliationRow *rows, int32 count);

#endif
