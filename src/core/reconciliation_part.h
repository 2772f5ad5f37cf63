/*
 * reconciliation_part.h
 *		What the parts of the matcher share; private to the core.
 */
#ifndef HC_CORE_RECONCILIATION_PART_H
#define HC_CORE_RECONCILIATION_PART_H

#include "core/reconciliation.h"

/* Negative, zero or positive, as memcmp; absent comes first. */
extern int	reconciliation_compare_text(ReconciliationText a, ReconciliationText b);

/* By time, tie and id; never equal for two items of one side. */
extern int	reconciliation_compare_tie(const ReconciliationItem *a, const ReconciliationItem *b);

typedef int (*ReconciliationCompare) (const Reconciliation *r, int32_t a, int32_t b);

/* Sorts the first n entries by word, then as "compare" says; the second half of the scratch serves. */
extern void reconciliation_sort(const Reconciliation *r, int32_t n, ReconciliationCompare compare);

/* The amount as a word that sorts alike. */
extern uint64_t reconciliation_word(int64_t value);

/* The rules over amounts, and over sums, for what is open. */
extern void reconciliation_by_amount(const Reconciliation *r);
extern void reconciliation_by_sum(const Reconciliation *r);

static inline bool
reconciliation_is_line(const Reconciliation *r, int32_t index)
{
	return index >= r->ours;
}

static inline bool
reconciliation_is_open(const ReconciliationItem *item)
{
	return item->outcome == RECONCILIATION_OPEN && !item->dead;
}

/* Settles an item; head is an index among all items, or -1. */
static inline void
reconciliation_settle(const Reconciliation *r, int32_t index, ReconciliationOutcome outcome, ReconciliationRule rule, int32_t head)
{
	r->item[index].outcome = outcome;
	r->item[index].rule = rule;
	r->item[index].head = head < 0 ? -1 : head - r->ours;
}

#endif							/* HC_CORE_RECONCILIATION_PART_H */
