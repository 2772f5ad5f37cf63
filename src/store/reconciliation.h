/*
 * reconciliation.h
 *		Both sides of a day, from the database to the matcher.
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

#endif
