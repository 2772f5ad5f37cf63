/*
 * decimal.c
 *		numeric to int64 without numeric arithmetic.
 *
 * A numeric on disk is a header and base-10000 digits; the layout has been part of the on-disk format since 9.1 and cannot change without a
 * dump and reload. Decoding it costs a few nanoseconds where numeric functions cost hundreds, three times a charge.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "core/money.h"
#include "store/compat.h"
#include "store/decimal.h"

#define DIGIT_BASE 10000
/* Beyond this the value cannot fit int64 whatever follows; keeps the products inside int128. */
#define VALUE_CAP (((int128) 1) << 100)

/* Adds digit * 10000^weight * 10^scale to *sum, keeping one decimal more than asked for; false on overflow. */
static bool
add_digit(int128 *sum, int digit, int exponent, bool *beyond)
{
	int128 value = digit;

	for (; exponent > 0 && value != 0; exponent--)
	{
		value *= 10;
		if (value > VALUE_CAP)
			return false;
	}
	for (; exponent < 0; exponent++)
	{
		if (value % 10 != 0)
			*beyond = true;
		value /= 10;
	}
	*sum += value;
	return *sum <= VALUE_CAP;
}

bool
decimal_from_numeric(Datum numeric, int scale, int64 *value, bool *rounded)
{
	struct varlena *datum = PG_DETOAST_DATUM_PACKED(numeric);
	const unsigned char *data = (const unsigned char *) VARDATA_ANY(datum);
	int length = VARSIZE_ANY_EXHDR(datum);
	int weight, ndigits, last;
	bool negative;
	bool beyond = false;
	int128 sum = 0;
	uint16 header;

	memcpy(&header, data, sizeof(header));
	if ((header & 0xC000) == 0xC000)
		return false; /* NaN or infinity */
	if ((header & 0xC000) == 0x8000)
	{
		negative = (header & 0x2000) != 0;
		weight = (header & 0x0040) ? (int) (header & 0x003F) - 64 : (int) (header & 0x003F);
		data += 2;
		ndigits = (length - 2) / 2;
	}
	else
	{
		int16 long_weight;

		negative = (header & 0xC000) == 0x4000;
		memcpy(&long_weight, data + 2, sizeof(long_weight));
		weight = long_weight;
		data += 4;
		ndigits = (length - 4) / 2;
	}

	/* One decimal more than asked for, so that the half can be seen. */
	for (int i = 0; i < ndigits; i++)
	{
		int16 digit;

		memcpy(&digit, data + 2 * i, sizeof(digit));
		if (!add_digit(&sum, digit, 4 * (weight - i) + scale + 1, &beyond))
			return false;
	}
	last = (int) (sum % 10);
	sum = sum / 10 + (last >= 5);
	*rounded = beyond || last != 0;
	if (sum > PG_INT64_MAX)
		return false;
	*value = negative ? -(int64) sum : (int64) sum;
	return true;
}

static bool
decimal_from_text(const char *text, int length, int scale, int64 *value, bool *rounded)
{
	while (length > 0 && text[0] == ' ')
		text++, length--;
	while (length > 0 && text[length - 1] == ' ')
		length--;
	return money_parse(text, length, scale, value, rounded).code == FAULT_NONE;
}

bool
decimal_from_datum(Datum datum, Oid type, int scale, int64 *value, bool *rounded)
{
	*rounded = false;
	switch (type)
	{
		case NUMERICOID:
			return decimal_from_numeric(datum, scale, value, rounded);
		case INT2OID:
		case INT4OID:
		case INT8OID:
			{
				int64 whole = type == INT2OID ? DatumGetInt16(datum) :
					type == INT4OID ? DatumGetInt32(datum) : DatumGetInt64(datum);
				int128 scaled = whole;

				for (int i = 0; i < scale; i++)
					scaled *= 10;
				*value = (int64) scaled;
				return scaled >= -PG_INT64_MAX && scaled <= PG_INT64_MAX;
			}
		case FLOAT4OID:
		case FLOAT8OID:
			/* Fifteen (six) digits, as the cast to numeric gives: the decimal that was meant, not the binary one */
			return decimal_from_numeric(DirectFunctionCall1(type == FLOAT4OID ? float4_numeric : float8_numeric, datum),
										scale, value, rounded);
		default:
			{
				text *string = DatumGetTextPP(datum);

				return decimal_from_text(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string), scale, value, rounded);
			}
	}
}

Datum
decimal_to_numeric(int64 value, int scale)
{
	return NumericGetDatum(int64_div_fast_to_numeric(value, scale));
}

char *
decimal_to_text(int64 value, int scale)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, decimal_to_numeric(value, scale)));
}
