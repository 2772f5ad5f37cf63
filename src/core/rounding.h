/*
 * rounding.h
 *		Controlled rounding of a matrix: cells and all its totals tie.
 *
 * Rows are departments, columns are cost item x funding source; each column
 * belongs to one group (its funding source). Every cell becomes a multiple of
 * the unit next to its exact value (itself where it is one already), and so do
 * all the sums: column, group, department x group, department, grand total.
 * Row sums and column sums nest in two laminar families, so such a rounding
 * always exists; the one found depends on the order of rows and columns alone.
 */
#ifndef HC_CORE_ROUNDING_H
#define HC_CORE_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"

extern size_t rounding_scratch_size(int departments, int columns, int groups);
extern Fault rounding_controlled(const int64_t *cells, int departments,
								 int columns, const int *group_of_column,
								 int groups, int64_t unit, int64_t *result,
								 void *scratch);

#endif							/* HC_CORE_ROUNDING_H */
