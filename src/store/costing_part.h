/*
 * costing_part.h
 *		Parts of a costing: unit × funding group, and what each was computed from.
 *
 * The cells of a part follow from three things: the activity its pool is spread by, what was charged and taken from it directly (first funding group
 * only), and its terms: pool, basis, loaded workload, capacity. Each has a SHA-256 that is kept with the run. A part whose three are what they were has
 * the cells it had, so it is left alone.
 */
#ifndef HC_STORE_COSTING_PART_H
#define HC_STORE_COSTING_PART_H

#include "postgres.h"

#include "store/costing.h"

#define COSTING_PART(department, group) ((department) * COSTING_GROUPS + (group))

typedef struct CostingParts CostingParts;

/* Nothing noted yet. Lives in the current memory context. */
extern CostingParts *costing_parts_begin(const CostingRun *run);

/* Takes note of what an encounter had of a unit; "weight" is what it weighs there. Encounters come in order. */
extern void costing_parts_note(CostingParts *parts, const CostingEncounter *encounter, const CostingUse *use, int64 weight);

/*
 * Holds what was noted against what the cells of the run were computed from, and removes the cells of the parts that differ. Returns whether each part,
 * by COSTING_PART, is due to be computed.
 */
extern const bool *costing_parts_due(CostingParts *parts);

/* Keeps what the parts that were due are made from; cells[] are their rows, by COSTING_PART. */
extern void costing_parts_end(CostingParts *parts, const int64 *cells);

#endif
