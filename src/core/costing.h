/*
 * costing.h
 *		Cost of encounters: a unit's pool spread over its activity rows, one at
 *		a time, in any number.
 *
 * A pool has a cell for each funding group and component, in 10^-8 yuan. Each
 * cell is split over the activity of the unit by largest remainder, ties by the
 * order of the rows, negative amounts mirrored: exactly what money_split gives.
 * What a row gets depends on its weight alone, but for ties. So the rows need not
 * be held: how often each weight comes up is enough to begin, then each row is
 * told its shares as it passes by, in order.
 *
 * Use: costing_unit_begin() with the classes of weights, then
 * costing_unit_next() for each row in order. All memory is the caller's.
 */
#ifndef HC_CORE_COSTING_H
#define HC_CORE_COSTING_H

#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"

typedef enum CostingComponent
{
	COMPONENT_PERSONNEL,
	COMPONENT_MATERIALS,		/* not charged by themselves */
	COMPONENT_BILLABLE_MATERIALS,
	COMPONENT_DRUGS,
	COMPONENT_DEPRECIATION,
	COMPONENT_AMORTISATION,
	COMPONENT_RISK_FUND,
	COMPONENT_OTHER,
	COMPONENT_COUNT
} CostingComponent;

/* Funding groups: medical, what medical_full adds, what hospital_full adds. */
#define COSTING_GROUPS 3
#define COSTING_CELLS (COSTING_GROUPS * COMPONENT_COUNT)

/* How many activity rows have a weight. */
typedef struct CostingClass
{
	int64_t		weight;
	int64_t		count;			/* >= 1 */
} CostingClass;

/* One amount on its way to the rows. */
typedef struct CostingSplit
{
	int64_t		amount;
	int64_t		total;			/* of all weights, > 0 */
	int64_t		threshold;		/* a remainder above it gets one unit more */
	int64_t		tied;			/* so do this many rows with just that one */
} CostingSplit;

#define COSTING_MEMO 64

/* What a weight gets, computed once: most rows share few weights. */
typedef struct CostingMemo
{
	int64_t		weight;			/* 0: empty, as weight 0 gets nothing */
	uint32_t	tied;			/* bit per cell whose remainder is the threshold */
	int64_t		share[COSTING_CELLS];
} CostingMemo;

typedef struct CostingUnit
{
	CostingSplit split[COSTING_CELLS];
	CostingMemo memo[COSTING_MEMO];
} CostingUnit;

extern size_t costing_scratch_size(size_t classes);
extern Fault costing_unit_begin(const int64_t amounts[COSTING_CELLS],
								const CostingClass *classes, size_t n,
								void *scratch, CostingUnit *unit);
extern void costing_unit_next(CostingUnit *unit, int64_t weight,
							  int64_t shares[COSTING_CELLS]);

#endif							/* HC_CORE_COSTING_H */
