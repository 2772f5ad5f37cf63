/*
 * money.h
 *		Fixed-point money in int64: reading, multiplying, splitting.
 *
 * An amount is a count of 10^-scale yuan; the scale belongs to the caller.
 * Products are formed in 128 bits. Rounding is half away from zero. No float.
 */
#ifndef HC_CORE_MONEY_H
#define HC_CORE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"

/* Decimals of a charge: quantity 1e-4, unit price 1e-6, amount 1e-2 yuan. */
#define QUANTITY_SCALE 4
#define PRICE_SCALE 6
#define AMOUNT_SCALE 2

/*
 * What one charge may be, either sign: quantity below 10^12 units, price below 10^10 and amount below 10^13 yuan. So the columns of the views hold
 * them, and a bigint the total of some ten thousand of the largest.
 */
#define CHARGE_QUANTITY_LIMIT INT64_C(10000000000000000)
#define CHARGE_PRICE_LIMIT INT64_C(10000000000000000)
#define CHARGE_AMOUNT_LIMIT INT64_C(1000000000000000)

/* Holds any product of two int64; PostgreSQL's int128 carries an alignment. */
__extension__ typedef __int128 MoneyWide;

#define MONEY_SCALE_MAX 18

/* Who takes the difference that rounding a multiplier leaves. */
typedef enum MoneyResidual
{
	MONEY_RESIDUAL_LARGEST_REMAINDER,	/* split again, exactly, by the weights */
	MONEY_RESIDUAL_LARGEST_AMOUNT	/* all to the largest share, the first on a
									 * tie */
} MoneyResidual;

/* Scales of a split through a rounded unit cost multiplier. */
typedef struct MoneyMultiplierRule
{
	int			amount_scale;	/* amount and unit count 10^-amount_scale */
	int			weight_scale;	/* weights count 10^-weight_scale */
	int			multiplier_scale;	/* decimals of the multiplier, 0..18 */
	MoneyResidual residual;
} MoneyMultiplierRule;

extern Fault money_parse(const char *text, size_t length, int scale,
						 int64_t *amount, bool *rounded);
extern Fault money_multiply(int64_t quantity_e4, int64_t price_e6,
							int64_t *amount_e2);
extern size_t money_split_scratch_size(int n);
extern Fault money_split(int64_t amount, int64_t unit, const int64_t *weights,
						 int n, void *scratch, int64_t *shares);
extern Fault money_split_multiplier(int64_t amount, int64_t unit,
									const MoneyMultiplierRule *rule,
									const int64_t *weights, int n,
									void *scratch, int64_t *multiplier,
									int64_t *shares);

#endif							/* HC_CORE_MONEY_H */
