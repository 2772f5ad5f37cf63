/*
 * costing_item_due.h
 *		Which departments' service items are to be costed again, by what they were costed from.
 */
#ifndef HC_STORE_COSTING_ITEM_DUE_H
#define HC_STORE_COSTING_ITEM_DUE_H

#include "postgres.h"

#include "store/costing_digest.h"
#include "store/costing_item.h"

typedef enum ItemFact
{
	ITEM_FACT_QUANTITIES, /* what was performed and charged */
	ITEM_FACT_PARAMETERS, /* pool, method, weights, activities, prices */
	ITEM_FACTS
} ItemFact;

/* One department's inputs: rows "first" to "end" - 1. */
typedef struct CostingItemInput
{
	const char *department;
	int first;
	int end;
	uint8 fact[ITEM_FACTS][COSTING_DIGEST];
	bool kept; /* was costed before */
	bool differs[ITEM_FACTS];
} CostingItemInput;

/* Takes the rows of costing_item_load apart by department, in the current memory context. */
extern CostingItemInput *costing_item_inputs(const CostingItemRow *rows, int count, int *departments);

/* Whether a department is new or has other inputs than before. */
extern bool costing_item_is_due(const CostingItemInput *input);

/*
 * Holds the inputs against those that the items of the run were costed from, removes the item cost of the departments that are due, or have no inputs
 * any more, and keeps the new inputs.
 */
extern void costing_item_renew(int run_id, CostingItemInput *inputs, int departments);

#endif
