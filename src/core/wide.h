/*
 * wide.h
 *		128-bit helpers private to the core.
 *
 * GCC turns 128-bit division into calls of its runtime; nothing here needs more
 * than those, and nothing overflows: the callers keep products below 2^127.
 */
#ifndef HC_CORE_WIDE_H
#define HC_CORE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/money.h"

#define WIDE_MAX ((MoneyWide) ((~(unsigned __int128) 0) >> 1))

static inline bool
wide_fits_int64(MoneyWide value)
{
	return value >= INT64_MIN && value <= INT64_MAX;
}

/* Nearest int64, for the detail of a fault. */
static inline int64_t
wide_saturate(MoneyWide value)
{
	if (value > INT64_MAX)
		return INT64_MAX;
	return value < INT64_MIN ? INT64_MIN : (int64_t) value;
}

/* Floor quotient for d > 0; most operands fit 64 bits, where division is cheap. */
static inline MoneyWide
wide_divide_floor(MoneyWide n, MoneyWide d, MoneyWide *remainder)
{
	MoneyWide	quotient;

	if (n >= 0 && n <= (MoneyWide) UINT64_MAX && d <= (MoneyWide) UINT64_MAX)
	{
		*remainder = (uint64_t) n % (uint64_t) d;
		return (uint64_t) n / (uint64_t) d;
	}
	quotient = n / d;
	*remainder = n - quotient * d;
	if (*remainder < 0)
	{
		*remainder += d;
		quotient--;
	}
	return quotient;
}

/* Quotient for d > 0 and n > -2^127, rounded half away from zero. */
static inline MoneyWide
wide_divide_half_away(MoneyWide n, MoneyWide d)
{
	MoneyWide	size = n < 0 ? -n : n;
	MoneyWide	remainder;
	MoneyWide	quotient = wide_divide_floor(size, d, &remainder);

	if (remainder >= d - remainder)
		quotient++;
	return n < 0 ? -quotient : quotient;
}

/* Next address at or after p that suits objects of `size` bytes. */
static inline void *
wide_align(void *p, size_t size)
{
	size_t		beyond = (size_t) ((uintptr_t) p % size);

	return beyond == 0 ? p : (void *) ((char *) p + (size - beyond));
}

#endif							/* HC_CORE_WIDE_H */
