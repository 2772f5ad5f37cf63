/*
 * allocation_snapshot.h
 *		The large inputs of a run, copied.
 */
#ifndef HC_STORE_ALLOCATION_SNAPSHOT_H
#define HC_STORE_ALLOCATION_SNAPSHOT_H

#include "postgres.h"

#include "utils/date.h"

/* Copies a month's direct cost, one row a department, cost item, source and class, with what _run_spread holds of the run. */
extern void run_snapshot_direct(int run_id, DateADT month);

/* Copies what a driver (text, as its kind) measures in a month. */
extern void run_snapshot_driver(int run_id, DateADT month, Datum driver, Datum kind);

#endif
