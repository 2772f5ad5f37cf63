/*
 * money_split.c
 *		Fixed-point money in int64: splitting so that the parts sum up.
 */
#include "core/money_split.h"
#include "core/wide.h"

static const int64_t power_of_ten[MONEY_SCALE_MAX + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
	1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000
};

/* Where the split keeps its ranking: carved out of the caller's scratch. */
typedef struct Ranking
{
	MoneyWide  *remainder;		/* [n] by weight index */
	int64_t    *extra;			/* [n] shares of a residual */
	int		   *heap;			/* [size] weight indices, best first */
	int			size;
	int			shift;			/* remainder >> shift is a bucket */
} Ranking;

#define BUCKETS 256

/*
 * Says how many bytes of scratch a split over n weights needs, whatever its
 * alignment.
 */
size_t
money_split_scratch_size(int n)
{
	size_t		count = n > 0 ? (size_t) n : 0;

	return sizeof(MoneyWide) - 1 +
		count * (sizeof(MoneyWide) + sizeof(int64_t) + sizeof(int));
}

static Ranking
ranking_in(void *scratch, int n)
{
	Ranking		ranking;

	ranking.remainder = wide_align(scratch, sizeof(MoneyWide));
	ranking.extra = (int64_t *) (void *) (ranking.remainder + n);
	ranking.heap = (int *) (void *) (ranking.extra + n);
	ranking.size = 0;
	ranking.shift = 0;
	return ranking;
}

/* Larger remainder first, lower index on a tie: a total order. */
static bool
ranks_before(const Ranking *ranking, int a, int b)
{
	if (ranking->remainder[a] != ranking->remainder[b])
		return ranking->remainder[a] > ranking->remainder[b];
	return a < b;
}

static void
sift_down(Ranking *ranking, int at)
{
	int		   *heap = ranking->heap;
	int			moving = heap[at];

	for (;;)
	{
		int64_t		child = 2 * (int64_t) at + 1;

		if (child >= ranking->size)
			break;
		if (child + 1 < ranking->size &&
			ranks_before(ranking, heap[child + 1], heap[child]))
			child++;
		if (!ranks_before(ranking, heap[child], moving))
			break;
		heap[at] = heap[child];
		at = (int) child;
	}
	heap[at] = moving;
}

/* Takes the best one off; the caller knows that there is one. */
static int
pop_best(Ranking *ranking)
{
	int			best = ranking->heap[0];

	ranking->heap[0] = ranking->heap[--ranking->size];
	if (ranking->size > 0)
		sift_down(ranking, 0);
	return best;
}

/* Adds up weights; their sum must be positive and fit int64. */
static Fault
sum_weights(const int64_t *weights, int n, int64_t *total)
{
	MoneyWide	sum = 0;
	int			i;

	for (i = 0; i < n; i++)
		sum += weights[i];
	if (sum == 0)
		return fault_at(FAULT_WEIGHT_ZERO, -1, 0);
	if (sum < 0)
		return fault_at(FAULT_WEIGHT_NEGATIVE, -1, wide_saturate(sum));
	if (!wide_fits_int64(sum))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(sum));
	*total = (int64_t) sum;
	return fault_none();
}

/*
 * Gives each weight the whole units of its exact share of `size`, with the sign
 * of `negative`, and notes what was cut off.  *left is what nobody has yet.
 */
static Fault
share_whole_units(MoneyWide size, bool negative, int64_t unit,
				  const int64_t *weights, int n, int64_t total,
				  Ranking *ranking, int64_t *shares, MoneyWide *left)
{
	MoneyWide	divisor = (MoneyWide) total * unit;
	int			i;

	*left = size;
	for (i = 0; i < n; i++)
	{
		MoneyWide	share = wide_divide_floor(size * weights[i], divisor,
										 &ranking->remainder[i]) * unit;

		if (!wide_fits_int64(negative ? -share : share))
			return fault_at(FAULT_OVERFLOW, i, wide_saturate(share));
		*left -= share;
		shares[i] = (int64_t) (negative ? -share : share);
	}
	ranking->shift = 0;
	while (divisor >> ranking->shift >= BUCKETS)
		ranking->shift++;
	return fault_none();
}

static Fault
add_share(int64_t *share, int64_t extra, int at)
{
	MoneyWide	sum = (MoneyWide) *share + extra;

	if (!wide_fits_int64(sum))
		return fault_at(FAULT_OVERFLOW, at, wide_saturate(sum));
	*share = (int64_t) sum;
	return fault_none();
}

/*
 * Adds `part` to the shares of the `units` largest remainders.  Buckets find
 * nearly all of them; only the bucket on the border is ranked in full.
 */
static Fault
give_units(Ranking *ranking, int n, int64_t units, int64_t part,
		   int64_t *shares)
{
	int			count[BUCKETS] = {0};
	int			border = BUCKETS - 1;
	Fault		fault = fault_none();
	int			i;

	for (i = 0; i < n; i++)
		count[ranking->remainder[i] >> ranking->shift]++;
	for (; border > 0 && units > count[border]; border--)
		units -= count[border];
	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
	{
		int			bucket = (int) (ranking->remainder[i] >> ranking->shift);

		if (bucket > border)
			fault = add_share(&shares[i], part, i);
		else if (bucket == border)
			ranking->heap[ranking->size++] = i;
	}
	for (i = ranking->size / 2 - 1; i >= 0; i--)
		sift_down(ranking, i);
	for (; units > 0 && fault.code == FAULT_NONE; units--)
	{
		i = pop_best(ranking);
		fault = add_share(&shares[i], part, i);
	}
	return fault;
}

/* The weight ranked first. */
static int
best_of(const Ranking *ranking, int n)
{
	int			best = 0;
	int			i;

	for (i = 1; i < n; i++)
		if (ranking->remainder[i] > ranking->remainder[best])
			best = i;
	return best;
}

/*
 * Splits an amount over n weights by largest remainder: each share is its exact
 * value cut to whole units, and the units left go one each to the largest cut
 * fractions, the lower index on a tie.  What is left below one unit (amount is
 * no multiple of it) goes to the one ranked first.  The shares always sum to
 * the amount, and a negative amount gives the same shares mirrored.
 *
 * Weights may be signed; their sum must be positive and fit int64.  unit >= 1.
 * scratch has money_split_scratch_size(n) bytes.  On a fault shares[] is void;
 * `at` is the weight whose share overflows.
 */
Fault
money_split(int64_t amount, int64_t unit, const int64_t *weights, int n,
			void *scratch, int64_t *shares)
{
	bool		negative = amount < 0;
	MoneyWide	left;
	Ranking		ranking;
	int64_t		total;
	Fault		fault;

	if (unit < 1 || n < 0)
		return fault_at(FAULT_ARGUMENT, -1, unit < 1 ? unit : n);
	fault = sum_weights(weights, n, &total);
	if (fault.code != FAULT_NONE)
		return fault;
	ranking = ranking_in(scratch, n);
	if (money_split_fast(amount, unit, weights, n, total,
						 (int64_t *) (void *) ranking.remainder, shares))
		return fault;
	fault = share_whole_units(negative ? -(MoneyWide) amount : amount, negative,
							  unit, weights, n, total, &ranking, shares, &left);
	if (fault.code != FAULT_NONE)
		return fault;
	if (left % unit != 0)
	{
		int64_t		rest = (int64_t) (left % unit);
		int			best = best_of(&ranking, n);

		fault = add_share(&shares[best], negative ? -rest : rest, best);
	}
	if (left < unit || fault.code != FAULT_NONE)
		return fault;
	return give_units(&ranking, n, (int64_t) (left / unit),
					  negative ? -unit : unit, shares);
}

/*
 * Rounds amount / total to the multiplier's decimals, per 1.0 of statistic.
 */
static Fault
unit_cost_multiplier(int64_t amount, int64_t total,
					 const MoneyMultiplierRule *rule, int64_t *multiplier)
{
	int			exponent = rule->weight_scale + rule->multiplier_scale -
		rule->amount_scale;
	MoneyWide	n = amount;
	MoneyWide	d = total;
	MoneyWide	value;

	if (exponent < -MONEY_SCALE_MAX || exponent > MONEY_SCALE_MAX)
		return fault_at(FAULT_ARGUMENT, -1, exponent);
	if (exponent > 0)
		n *= power_of_ten[exponent];
	else
		d *= power_of_ten[-exponent];
	value = wide_divide_half_away(n, d);
	if (!wide_fits_int64(value))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(value));
	*multiplier = (int64_t) value;
	return fault_none();
}

/*
 * Rounds multiplier x weight to whole units of amount; the scales have been
 * checked by unit_cost_multiplier.
 */
static Fault
multiply_weights(int64_t multiplier, int64_t unit,
				 const MoneyMultiplierRule *rule, const int64_t *weights,
				 int n, int64_t *shares, MoneyWide *left)
{
	int			exponent = rule->weight_scale + rule->multiplier_scale -
		rule->amount_scale;
	MoneyWide	up = exponent < 0 ? power_of_ten[-exponent] : 1;
	MoneyWide	limit = WIDE_MAX / up;
	MoneyWide	divisor = (MoneyWide) unit *
		(exponent > 0 ? power_of_ten[exponent] : 1);
	int			i;

	for (i = 0; i < n; i++)
	{
		MoneyWide	product = (MoneyWide) multiplier * weights[i];
		MoneyWide	share;

		if (product > limit || product < -limit)
			return fault_at(FAULT_OVERFLOW, i, wide_saturate(product));
		share = wide_divide_half_away(product * up, divisor);
		if (share > INT64_MAX / unit || share < INT64_MIN / unit)
			return fault_at(FAULT_OVERFLOW, i, wide_saturate(share));
		shares[i] = (int64_t) (share * unit);
		*left -= shares[i];
	}
	return fault_none();
}

/*
 * Gives the residual to the largest share, mirrored for a negative amount.  A
 * receiver without weight is passed over even when all shares round to zero.
 */
static Fault
add_to_largest(bool negative, int64_t residual, const int64_t *weights, int n,
			   int64_t *shares)
{
	int			best = -1;
	int			i;

	for (i = 0; i < n; i++)
	{
		if (weights[i] <= 0)
			continue;
		if (best < 0 || (negative ? shares[i] < shares[best]
						 : shares[i] > shares[best]))
			best = i;
	}
	if (best < 0)
		return fault_at(FAULT_INVARIANT, -1, residual);
	return add_share(&shares[best], residual, best);
}

/* Splits the residual by the same weights and adds the parts. */
static Fault
add_split(int64_t residual, int64_t unit, const int64_t *weights, int n,
		  void *scratch, int64_t *shares)
{
	int64_t    *extra = ranking_in(scratch, n).extra;
	Fault		fault = money_split(residual, unit, weights, n, scratch, extra);
	int			i;

	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
		fault = add_share(&shares[i], extra[i], i);
	return fault;
}

/*
 * Splits an amount through a rounded unit cost multiplier, as Medicare cost
 * reports do: multiplier = amount / sum(weights) rounded to its decimals, share
 * = multiplier x weight rounded to whole units, both half away from zero; the
 * rule's residual says who takes the difference.  The shares sum to the amount;
 * a negative amount is mirrored.
 *
 * Weights and scratch are as for money_split, scales 0..18.  *multiplier counts
 * 10^-multiplier_scale yuan per 1.0 of statistic.  On a fault *multiplier and
 * shares[] are void.
 */
Fault
money_split_multiplier(int64_t amount, int64_t unit,
					   const MoneyMultiplierRule *rule, const int64_t *weights,
					   int n, void *scratch, int64_t *multiplier,
					   int64_t *shares)
{
	MoneyWide	left = amount;
	int64_t		total;
	Fault		fault;

	if (unit < 1 || n < 0 || rule->multiplier_scale < 0)
		return fault_at(FAULT_ARGUMENT, -1, unit < 1 ? unit : n);
	fault = sum_weights(weights, n, &total);
	if (fault.code == FAULT_NONE)
		fault = unit_cost_multiplier(amount, total, rule, multiplier);
	if (fault.code == FAULT_NONE)
		fault = multiply_weights(*multiplier, unit, rule, weights, n, shares,
								 &left);
	if (fault.code != FAULT_NONE || left == 0)
		return fault;
	if (!wide_fits_int64(left))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(left));
	if (rule->residual == MONEY_RESIDUAL_LARGEST_AMOUNT)
		return add_to_largest(amount < 0, (int64_t) left, weights, n, shares);
	return add_split((int64_t) left, unit, weights, n, scratch, shares);
}
