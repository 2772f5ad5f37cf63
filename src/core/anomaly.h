/*
 * anomaly.h
 *		Rules over numbers: which line repeats another.
 */
#ifndef HC_CORE_ANOMALY_H
#define HC_CORE_ANOMALY_H

#include "core/posting.h"

/*
 * Nets the n entries of an encounter in place: "left" of each positive line becomes what linked reversals and, oldest first, negative
 * lines of the same item and day that name no original leave of it (0 at least). Entries must be in entry_id order.
 */
extern void anomaly_net(LineEntry *entries, int n);

/*
 * After anomaly_net: index of the latest line before entries[self] of the same item and day that is still live, or -1 if there is none
 * or self is not live itself.
 */
extern int anomaly_repeats(const LineEntry *entries, int n, int self);

#endif
