/*
 * costing.c
 *		Splits that are told row by row.
 */
#include <string.h>

#include "core/costing.h"
#include "core/wide.h"

/* A class of weights in one split: what division leaves of a row of it. */
typedef struct Part
{
	int64_t		remainder;		/* 0 .. total - 1 */
	int64_t		count;
} Part;

/* Bytes of scratch for costing_split_begin and costing_unit_begin, any alignment. */
size_t
costing_scratch_size(size_t classes)
{
	return (classes + 1) * sizeof(Part);
}

static Fault
sum_weights(const CostingClass *classes, size_t n, int64_t *total)
{
	MoneyWide	sum = 0;

	for (size_t i = 0; i < n; i++)
	{
		sum += (MoneyWide) classes[i].weight * classes[i].count;
		/* far from 2^127, whatever the next product is */
		if (sum > WIDE_MAX / 2 || sum < -(WIDE_MAX / 2))
			return fault_at(FAULT_OVERFLOW, (int64_t) i, wide_saturate(sum));
	}
	if (!wide_fits_int64(sum))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(sum));
	*total = (int64_t) sum;
	if (sum > 0)
		return fault_none();
	return fault_at(sum == 0 ? FAULT_WEIGHT_ZERO : FAULT_WEIGHT_NEGATIVE, -1,
					*total);
}

/*
 * The k-th largest remainder, rows counted, by halving on one bit after another:
 * parts are moved about, the work is linear but for a few dozen short passes.
 * *tied receives how many rows with that remainder are among the k.
 */
static int64_t
find_threshold(Part *parts, size_t n, MoneyWide k, int64_t *tied)
{
	size_t		first = 0;
	size_t		end = n;

	for (int bit = 62; bit >= 0; bit--)
	{
		size_t		middle = first;
		MoneyWide	rows = 0;

		for (size_t i = first; i < end; i++)
			if ((parts[i].remainder >> bit) & 1)
			{
				Part		part = parts[i];

				rows += part.count;
				parts[i] = parts[middle];
				parts[middle++] = part;
			}
		if (rows >= k)
			end = middle;
		else
		{
			k -= rows;
			first = middle;
		}
	}
	*tied = (int64_t) k;
	return parts[first].remainder;
}

/* Floor of |amount| x weight / total, and what is left. */
static int64_t
floor_share(const CostingSplit *split, int64_t weight, int64_t *remainder)
{
	MoneyWide	size = split->amount;
	MoneyWide	left;
	MoneyWide	share;

	share = wide_divide_floor((size < 0 ? -size : size) * weight, split->total,
							  &left);
	*remainder = (int64_t) left;
	return (int64_t) share;
}

static bool
share_fits(const CostingSplit *split, int64_t weight)
{
	MoneyWide	size = split->amount;
	MoneyWide	left;

	return wide_fits_int64(wide_divide_floor((size < 0 ? -size : size) * weight,
											 split->total, &left) + 1);
}

static Fault
begin_split(int64_t amount, int64_t total, const CostingClass *classes,
			size_t n, void *scratch, CostingSplit *split)
{
	Part	   *parts = wide_align(scratch, sizeof(int64_t));
	MoneyWide	left = 0;

	*split = (CostingSplit) {amount, total, INT64_MAX, 0};
	if (amount == 0)
		return fault_none();
	for (size_t i = 0; i < n; i++)
	{
		if (!share_fits(split, classes[i].weight))
			return fault_at(FAULT_OVERFLOW, (int64_t) i, classes[i].weight);
		(void) floor_share(split, classes[i].weight, &parts[i].remainder);
		parts[i].count = classes[i].count;
		left += (MoneyWide) parts[i].remainder * parts[i].count;
	}
	/* the remainders add up to whole units, fewer than there are rows */
	if (left > 0)
		split->threshold = find_threshold(parts, n, left / total, &split->tied);
	return fault_none();
}

/*
 * Begins to spread the cells of a pool over rows with these weights. Weights may
 * be signed; their sum must be positive and fit int64.
 */
Fault
costing_unit_begin(const int64_t amounts[COSTING_CELLS],
				   const CostingClass *classes, size_t n, void *scratch,
				   CostingUnit *unit)
{
	int64_t		total = 0;
	Fault		fault = sum_weights(classes, n, &total);

	memset(unit->memo, 0, sizeof(unit->memo));
	for (int cell = 0; cell < COSTING_CELLS && fault.code == FAULT_NONE; cell++)
		fault = begin_split(amounts[cell], total, classes, n, scratch,
							&unit->split[cell]);
	return fault;
}

static void
remember(const CostingUnit *unit, int64_t weight, CostingMemo *memo)
{
	memo->weight = weight;
	memo->tied = 0;
	for (int cell = 0; cell < COSTING_CELLS; cell++)
	{
		const CostingSplit *split = &unit->split[cell];
		int64_t		remainder;
		int64_t		share;

		memo->share[cell] = 0;
		if (split->amount == 0)
			continue;
		share = floor_share(split, weight, &remainder) +
			(remainder > split->threshold);
		memo->share[cell] = split->amount < 0 ? -share : share;
		if (remainder == split->threshold)
			memo->tied |= UINT32_C(1) << cell;
	}
}

/* The shares of the next row, one a cell; a row of weight 0 gets nothing. */
void
costing_unit_next(CostingUnit *unit, int64_t weight,
				  int64_t shares[COSTING_CELLS])
{
	uint64_t	spread = (uint64_t) weight * UINT64_C(0x9e3779b97f4a7c15);
	CostingMemo *memo = &unit->memo[spread >> 58];

	if (weight != 0 && memo->weight != weight)
		remember(unit, weight, memo);
	if (weight == 0)
	{
		memset(shares, 0, COSTING_CELLS * sizeof(int64_t));
		return;
	}
	memcpy(shares, memo->share, COSTING_CELLS * sizeof(int64_t));
	if (memo->tied == 0)
		return;
	for (int cell = 0; cell < COSTING_CELLS; cell++)
	{
		CostingSplit *split = &unit->split[cell];

		if ((memo->tied >> cell & 1) == 0 || split->tied == 0)
			continue;
		split->tied--;
		shares[cell] += split->amount < 0 ? -1 : 1;
	}
}
