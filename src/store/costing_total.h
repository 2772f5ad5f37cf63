/*
 * costing_total.h
 *		A month's charges counted anew from the ledger, by performing department, item and setting of the orderer.
 */
#ifndef HC_STORE_COSTING_TOTAL_H
#define HC_STORE_COSTING_TOTAL_H

#include "postgres.h"
#include "utils/date.h"

#define COSTING_SETTINGS 4 /* 0: none, or of no department */

typedef struct ChargeTotal
{
	int16 performing_id;
	int16 setting;
	int32 item_id;
	int64 entries;
	int64 quantity; /* 1e-4 */
	int64 amount;	/* cents */
} ChargeTotal;

/*
 * Counts the entries of a month in one pass. setting_of_id[32768] is the setting of a department by its number. *totals receives an array in the
 * current memory context, ascending by department, item and setting; returns its length.
 */
extern int costing_count_charges(DateADT period, const uint8 *setting_of_id, ChargeTotal **totals);

#endif
