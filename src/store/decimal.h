/*
 * decimal.h
 *		numeric and the hospital's other number types, to and from fixed-point int64.
 */
#ifndef HC_STORE_DECIMAL_H
#define HC_STORE_DECIMAL_H

#include "postgres.h"

/*
 * Value of a numeric in units of 10^-scale, rounded half away from zero; *rounded says whether digits were lost. False for NaN, infinity
 * and what does not fit.
 */
extern bool decimal_from_numeric(Datum numeric, int scale, int64 *value, bool *rounded);

/* The same for a value of one of the number or text types a mapping allows. False also for text that is no number. */
extern bool decimal_from_datum(Datum datum, Oid type, int scale, int64 *value, bool *rounded);

/* A numeric of "value" units of 10^-scale, in the current memory context. */
extern Datum decimal_to_numeric(int64 value, int scale);

/* The same as text. */
extern char *decimal_to_text(int64 value, int scale);

#endif
