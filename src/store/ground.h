/*
 * ground.h
 *		The extension's own relations, the hospital's clock, and the state of periods.
 */
#ifndef HC_STORE_GROUND_H
#define HC_STORE_GROUND_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/rel.h"

/* Oid of a relation or index of schema hospital_cost; elog if it is not there. "name" is a literal: its place is remembered. */
extern Oid ground_relation(const char *name);

/* Calls "forget" (which may only set flags) whenever a relation changes; register once, in _PG_init. */
extern void ground_register(void (*forget)(Oid relid));

/* Accounting day of an instant, by the hospital's time zone. The instant must be finite. */
extern DateADT ground_day_of_instant(TimestampTz at);

/* Clock hours since 2000 at an instant, where the hospital is. The instant must be finite. */
extern int32 ground_hour_of_instant(TimestampTz at);

/* Level of the hospital, NULL if it is not given; in the current memory context. */
extern char *ground_hospital_level(void);

/* Instant of a wall clock reading in the hospital's time zone, and its day. The reading must be finite. */
extern TimestampTz ground_instant_of_wall_clock(Timestamp local, DateADT *day);

/* Days [from, to) of a daterange; a side without bound is the lowest or highest int32. */
extern void ground_day_range(Datum range, DateADT *from, DateADT *to);

/* Where a charge of a service month goes. */
typedef enum PeriodOutcome
{
	PERIOD_FOUND,	 /* "target" is open and share-locked until the transaction ends */
	PERIOD_CLOSED,	 /* closed, and the policy refuses late rows */
	PERIOD_NOT_OPEN	 /* never opened and no open month follows */
} PeriodOutcome;

/*
 * Decides the posting period of a service month: itself if open, else, under the policy to_open_period, the first open month after it.
 * *target is the service month itself where none is found. Every path that posts asks here. Takes the share lock that a close excludes, then reads the state with a fresh snapshot.
 */
extern PeriodOutcome ground_posting_period(DateADT service_month, DateADT *target);

/* Whether this process applies rows of another server, and does not get this table of ours from there as well. */
extern bool ground_rows_are_replicated(const char *table);

/* Forgets what was read from the hospital row; for the invalidation callback. */
extern void ground_forget(Oid relid);

#endif
