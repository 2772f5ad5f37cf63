/*
 * period.c
 *		Civil calendar arithmetic, without the server: leap years by 400-year eras.
 */
#include "core/period.h"

/* Days from 0000-03-01 to 2000-01-01, the day PostgreSQL counts from. */
#define EPOCH_SHIFT 730425

void
period_civil(int32_t day, int32_t *year, int32_t *month, int32_t *day_of_month)
{
	int64_t z = (int64_t) day + EPOCH_SHIFT;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * day_of_year + 2) / 153;

	*day_of_month = (int32_t) (day_of_year - (153 * shifted_month + 2) / 5 + 1);
	*month = (int32_t) (shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	*year = (int32_t) (year_of_era + era * 400 + (*month <= 2));
}

int32_t
period_of_day(int32_t day)
{
	int32_t year, month, day_of_month;

	period_civil(day, &year, &month, &day_of_month);
	/* The earliest few days of int32 have no first day of their month; they stay as they are. */
	return day < INT32_MIN + 31 ? day : day - (day_of_month - 1);
}

int32_t
period_number(int32_t day)
{
	int32_t year, month, day_of_month;

	period_civil(day, &year, &month, &day_of_month);
	return year * 12 + month - 1;
}
