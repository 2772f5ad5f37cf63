/*
 * money.c
 *		Fixed-point money in int64: reading and multiplying.
 */
#include "core/wide.h"

/*
 * Reads one digit into a size; false once it can no longer be an int64.
 */
static bool
append_digit(uint64_t *size, int digit)
{
	const uint64_t limit = (uint64_t) INT64_MAX + 1;

	if (*size > (limit - (uint64_t) digit) / 10)
		return false;
	*size = *size * 10 + (uint64_t) digit;
	return true;
}

/*
 * Reads decimal text of `length` bytes (sign, digits, one dot; no blanks, no
 * exponent) into *amount, a count of 10^-scale, scale 0..18.  Digits beyond the
 * scale round half away from zero; *rounded says that the value changed by it.
 * On a fault (syntax, overflow, scale) *amount and *rounded are not written.
 */
Fault
money_parse(const char *text, size_t length, int scale, int64_t *amount,
			bool *rounded)
{
	uint64_t	size = 0;
	int			decimals = -1;	/* -1 before the dot */
	int			digits = 0;
	bool		inexact = false;
	bool		round_up = false;
	bool		negative = length > 0 && text[0] == '-';
	bool		fits = true;
	size_t		i = length > 0 && (text[0] == '-' || text[0] == '+');

	if (scale < 0 || scale > MONEY_SCALE_MAX)
		return fault_at(FAULT_ARGUMENT, -1, scale);
	for (; i < length; i++)
	{
		int			digit = text[i] - '0';

		if (text[i] == '.' && decimals < 0)
		{
			decimals = 0;
			continue;
		}
		if (digit < 0 || digit > 9)
			return fault_at(FAULT_NUMBER_SYNTAX, (int64_t) i, 0);
		digits = 1;
		if (decimals < scale)
			fits = fits && append_digit(&size, digit);
		else
		{
			round_up = decimals == scale ? digit >= 5 : round_up;
			inexact = inexact || digit != 0;
		}
		if (decimals >= 0 && decimals <= scale)
			decimals++;
	}
	if (digits == 0)
		return fault_at(FAULT_NUMBER_SYNTAX, (int64_t) length, 0);
	for (decimals = decimals < 0 ? 0 : decimals; decimals < scale; decimals++)
		fits = fits && append_digit(&size, 0);
	size += round_up && fits;
	if (!fits || size > (uint64_t) INT64_MAX + (negative ? 1 : 0))
		return fault_at(FAULT_OVERFLOW, -1, 0);
	*amount = negative ? (int64_t) (-(MoneyWide) size) : (int64_t) size;
	*rounded = inexact;
	return fault_none();
}

/*
 * Multiplies a quantity in 10^-4 by a price in 10^-6 yuan into cents, rounded
 * half away from zero.  On overflow *amount_e2 is not written.
 */
Fault
money_multiply(int64_t quantity_e4, int64_t price_e6, int64_t *amount_e2)
{
	/* 10^-4 times 10^-6 is 10^-10, a cent is 10^-2 */
	MoneyWide	cents = wide_divide_half_away((MoneyWide) quantity_e4 * price_e6,
											  100000000);

	if (!wide_fits_int64(cents))
		return fault_at(FAULT_OVERFLOW, -1, wide_saturate(cents));
	*amount_e2 = (int64_t) cents;
	return fault_none();
}
