/*
 * anomaly.h
 *		What is left of lines when reversals have taken what they take.
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

#endif
