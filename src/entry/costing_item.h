/*
 * costing_item.h
 *		Between costing_item.c and costing_item_activity.c: one department on its way from inputs to rows.
 */
#ifndef HC_ENTRY_COSTING_ITEM_H
#define HC_ENTRY_COSTING_ITEM_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "core/fault.h"
#include "store/costing_item.h"

#define GROUPS 3	 /* funding groups: what each scope adds */
#define COMPONENTS 8
#define WHOLE (GROUPS * COMPONENTS)
#define COLUMNS (2 * WHOLE) /* and the variable part of each */

typedef struct ItemUnit
{
	const char *department;
	const char *method;
	const CostingItemRow *part[ITEM_PARTS];
	int count[ITEM_PARTS];
	int64 pool[COLUMNS];
	ReturnSetInfo *result;
	MemoryContext row_context;
} ItemUnit;

/* One row of the result, but for its cost. */
typedef struct ItemOut
{
	int group; /* from 0 */
	const char *matched;
	const CostingItemRow *item; /* of part ITEM_VOLUME */
	const char *activity;
	const char *resource;
	int64 capacity; /* 1e-4 */
	int64 used;
	int64 supplied; /* 1e-8 yuan */
} ItemOut;

/* Whether a funding group has rows: the first always, the others where there is cost. */
extern bool costing_item_live(const ItemUnit *unit, int group);

/* Whether there is any cost at cost[column][index] of a funding group. */
extern bool costing_item_any(const int64 *cost, int stride, int index, int group);

/* Raises the fault, if it is one, with the department's code. */
extern void costing_item_fault(const ItemUnit *unit, Fault fault);

/* Place of a code among rows that ascend by their first key; -1 if it is not there. */
extern int costing_item_find(const CostingItemRow *rows, int count, const char *code);

/* Puts out one row with the cost of its funding group at cost[column][index]; cost NULL: none. */
extern void costing_item_put(const ItemUnit *unit, const ItemOut *out, const int64 *cost, int stride, int index);

/* Puts out what nobody takes. */
extern void costing_item_put_unmatched(const ItemUnit *unit, const int64 *unmatched);

/* Splits the pool of a department by its activities. */
extern void costing_item_by_activity(const ItemUnit *unit);

#endif
