/*
 * costing_item.h
 *		What the split of a run's pools over service items is made from.
 */
#ifndef HC_STORE_COSTING_ITEM_H
#define HC_STORE_COSTING_ITEM_H

#include "postgres.h"

typedef enum CostingItemPart
{
	ITEM_DEPARTMENT, /* key method, "pool" if it has one */
	ITEM_POOL,		 /* column, amount 1e-8, variable part 1e-8 */
	ITEM_VOLUME,	 /* key item; quantity 1e-4, income 1e-2, list price 1e-6, base of one unit 1e-4 */
	ITEM_ACTIVITY,	 /* key activity */
	ITEM_CELL,		 /* keys activity, item; activity driver of one unit 1e-4 */
	ITEM_RESOURCE,	 /* keys driver, activity ("": capacity); quantity 1e-4 */
	ITEM_ROLE,		 /* key role; personnel cost 1e-2, practical minutes 1e-4 */
	ITEM_STAFF,		 /* keys role, activity, item; minutes of one unit 1e-4 */
	ITEM_TRACED,	 /* key item; component, yuan of one unit 1e-8 */
	ITEM_ROUTE,		 /* key driver; component */
	ITEM_PARTS
} CostingItemPart;

#define ITEM_KEYS 3
#define ITEM_VALUES 4

typedef struct CostingItemRow
{
	char *department;
	CostingItemPart part;
	char *key[ITEM_KEYS];
	int64 value[ITEM_VALUES];
	bool null[ITEM_VALUES];
} CostingItemRow;

/*
 * Reads the inputs of a run into the current memory context, by department, part and keys in strcmp order. method NULL: each department's
 * own. *misfit is set to the department of a number that does not fit, else to NULL.
 */
extern CostingItemRow *costing_item_load(int run_id, const char *method, int *count, const char **misfit);

#endif
