/*
 * period.h
 *		Days and months. A day is a count from 2000-01-01, as PostgreSQL's date; a period is the first day of a month.
 */
#ifndef HC_CORE_PERIOD_H
#define HC_CORE_PERIOD_H

#include <stdint.h>

/* Proleptic Gregorian year and month (1..12) of a day; any int32 is a valid day. */
extern void period_civil(int32_t day, int32_t *year, int32_t *month, int32_t *day_of_month);

/* First day of the month that holds a day. */
extern int32_t period_of_day(int32_t day);

/* Months since year 0: consecutive months differ by one, so it serves as the number of a month's lock. */
extern int32_t period_number(int32_t day);

#endif
