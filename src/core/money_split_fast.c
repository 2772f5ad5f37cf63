/*
 * money_split_fast.c
 *		The split of money.h in 64 bits: the same shares, a few times sooner.
 *
 * The quotient is guessed in double and put right by its remainder, which is
 * exact modulo 2^64.  With up to 2^51 units the guess is off by one at
 * most, so that the true remainder fits.
 */
#include <string.h>

#include "core/money_split.h"

#define MOST_UNITS (INT64_C(1) << 51)
#define MOST_TOTAL (INT64_C(1) << 60)
#define BUCKETS 128

/* Cuts each share to whole units; returns the units nobody has yet. */
static int64_t
cut_shares(int64_t units, const int64_t *weights, int n, int64_t total,
		   int64_t *remainder, int64_t *shares)
{
	double		ratio = (double) units / (double) total;
	int64_t		left = units;
	int			i;

	for (i = 0; i < n; i++)
	{
		int64_t		share = (int64_t) (ratio * (double) weights[i]);
		int64_t		rest = (int64_t) ((uint64_t) units * (uint64_t) weights[i] -
									  (uint64_t) share * (uint64_t) total);
		int64_t		low = rest >> 63;	/* -1 if the guess was too high */
		int64_t		high;

		rest += total & low;
		high = (total - 1 - rest) >> 63;	/* -1 if it was too low */
		rest -= total & high;
		share += low - high;
		remainder[i] = rest;
		shares[i] = share;
		left -= share;
	}
	return left;
}

/* Gives one unit each to the largest remainders of one bucket, lower index first. */
static void
give_bucket(int64_t *remainder, int n, int64_t left, int shift, int bucket,
			int64_t *shares)
{
	for (; left > 0; left--)
	{
		int64_t		most = -1;
		int			best = -1;
		int			i;

		for (i = 0; i < n; i++)
			if (remainder[i] >> shift == bucket && remainder[i] > most)
			{
				most = remainder[i];
				best = i;
			}
		shares[best]++;
		remainder[best] = -1;
	}
}

/* Gives one unit each to the `left` largest remainders. */
static void
give_left(int64_t *remainder, int n, int64_t total, int64_t left,
		  int64_t *shares)
{
	int			count[BUCKETS];
	int			kept = 0;
	int			border = BUCKETS - 1;
	int			shift = 64 - __builtin_clzll((uint64_t) total) - 7;
	int			i;

	shift = shift > 0 ? shift : 0;
	memset(count, 0, sizeof(count));
	for (i = 0; i < n; i++)
		count[remainder[i] >> shift]++;
	for (; border > 0 && left >= count[border]; border--)
		left -= count[border];
	/* above the border all get one; at the border they are ranked */
	for (i = 0; i < n; i++)
		shares[i] += remainder[i] >> shift > border;
	for (i = 0; i < n && left > 0; i++)
		kept += remainder[i] >> shift == border;
	if (kept > 0)
		give_bucket(remainder, n, left, shift, border, shares);
}

/*
 * Splits as money_split does, if it may: true with shares[] filled, or false
 * with them void.  total is the sum of the weights, remainder [n] scratch.
 */
bool
money_split_fast(int64_t amount, int64_t unit, const int64_t *weights, int n,
				 int64_t total, int64_t *remainder, int64_t *shares)
{
	int64_t		units = amount / unit;
	int64_t		factor = amount < 0 ? -unit : unit;
	int64_t		signs = 0;
	int64_t		left;
	int			i;

	for (i = 0; i < n; i++)
		signs |= weights[i];
	if (signs < 0 || total > MOST_TOTAL || units > MOST_UNITS || units < -MOST_UNITS ||
		amount % unit != 0)
		return false;
	units = units < 0 ? -units : units;
	left = cut_shares(units, weights, n, total, remainder, shares);
	if (left > 0)
		give_left(remainder, n, total, left, shares);
	for (i = 0; i < n && factor != 1; i++)
		shares[i] *= factor;
	return true;
}
