/*
 * reconciliation.h
 *		What the hospital booked against what a statement says: pairs, groups, and what is left over.
 *
 * Rules go in this order, each over what the ones before left: the reference; the amount within a window of time, only where one side has no
 * reference; one item against several whose sum it is, only where exactly one choice of amounts gives that sum. The result is the same whatever
 * the order of the items: ties go by time, then by "tie" in byte order, then by id.
 */
#ifndef HC_CORE_RECONCILIATION_H
#define HC_CORE_RECONCILIATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fault.h"

typedef enum ReconciliationOutcome
{
	RECONCILIATION_OPEN,		/* only while the rules run */
	RECONCILIATION_VOID,		/* failed or taken back, and the other side does not say otherwise */
	RECONCILIATION_MATCH,
	RECONCILIATION_ONLY,		/* the other side has nothing: 短款 of ours, 长款 of a line */
	RECONCILIATION_TRANSIT,		/* as ONLY, but the other side may still come (在途) */
	RECONCILIATION_AMOUNT,		/* same reference, another amount (金额不符) */
	RECONCILIATION_DUPLICATE,	/* its reference came before */
	RECONCILIATION_STATUS		/* good on one side, failed or taken back on the other */
} ReconciliationOutcome;

typedef enum ReconciliationRule
{
	RULE_NONE,
	RULE_KEY,					/* reference and amount */
	RULE_KEY_SUM,				/* reference, one item against the sum of several */
	RULE_AMOUNT,				/* amount, within the window */
	RULE_ONE_TO_MANY,			/* one of ours is several lines */
	RULE_MANY_TO_ONE			/* several of ours are one line */
} ReconciliationRule;

/* Bytes of somebody else's; NULL is absent. */
typedef struct ReconciliationText
{
	const char *bytes;
	int32_t		length;
} ReconciliationText;

typedef struct ReconciliationItem
{
	ReconciliationText key;		/* external reference */
	ReconciliationText tie;
	int64_t		id;				/* unique on its side */
	int64_t		amount;			/* minor units; out of the hospital is negative */
	int64_t		at;				/* microseconds */
	bool		dead;			/* failed, or taken back */
	bool		taken;			/* its reference was matched by an earlier run */
	bool		transit;		/* the other side may come later */

	/* what comes out */
	ReconciliationOutcome outcome;
	ReconciliationRule rule;
	int32_t		head;			/* index of the first line of the match or pair, else -1 */
} ReconciliationItem;

/* An item in a sorted list: a number that decides most comparisons, and the item. Lines follow ours. */
typedef struct ReconciliationEntry
{
	uint64_t	word;
	int32_t		index;
} ReconciliationEntry;

#define RECONCILIATION_MOST_MEMBERS 16
#define RECONCILIATION_MOST_CANDIDATES 64

typedef struct Reconciliation
{
	ReconciliationItem *item;	/* ours, then the lines */
	int32_t		ours;
	int32_t		lines;
	int64_t		window;			/* of the amount rule, microseconds */
	int64_t		group_window;	/* of the rules over sums */
	int			members;		/* most items of a sum, 0: no rules over sums */
	int			candidates;		/* no search where more could take part */
	ReconciliationEntry *entry; /* scratch, 2 * (ours + lines) */
} Reconciliation;

/* Matches both sides in place. Refuses sizes and bounds that make no sense. */
extern Fault reconciliation_match(Reconciliation *r);

#endif							/* HC_CORE_RECONCILIATION_H */
