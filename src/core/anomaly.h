/*
 * anomaly.h
 *		Rules over numbers: which line repeats another.
 */
#ifndef HC_CORE_ANOMALY_H
#define HC_CORE_ANOMALY_H

#include "core/posting.h"

/*
 * Nets the n entries of an encounter in place: "left" of each positive line becomes what reversals leave of it (0 at least). A reversal made by a
 * changed row takes from the entry it names; a refund from whatever entry of the row it names is in force; a negative line that names no
 * original from lines of the same item and day, oldest first. Entries must be in entry_id order.
 */
extern void anomaly_net(LineEntry *entries, int n);

/*
 * After anomaly_net: index of a line of the same item and day that is live beside entries[self], or -1 if there is none or self is not live
 * itself. Of two fresh lines only the later repeats the earlier; ids of other sessions say nothing about who was first. The nearest by id counts.
 */
extern int anomaly_repeats(const LineEntry *entries, int n, int self);

#endif
