/*
 * allocation_read.h
 *		The stored rows of one run, in the order of the table's key, without an executor and one at a time.
 */
#ifndef HC_STORE_ALLOCATION_READ_H
#define HC_STORE_ALLOCATION_READ_H

#include "postgres.h"

#include "access/genam.h"
#include "utils/rel.h"

#include "store/allocation.h"

/* A scan; "values" and "nulls" are the columns of the row at hand, good until the next. */
typedef struct RunRows
{
	Relation rel;
	Relation index;
	SysScanDesc scan;
	Datum *values;
	bool *nulls;
} RunRows;

/* Columns of the two large inputs, by position. */
#define RUN_DIRECT_DEPARTMENT 1
#define RUN_DIRECT_ITEM 2
#define RUN_DIRECT_SOURCE 3
#define RUN_DIRECT_CLASS 4
#define RUN_DIRECT_AMOUNT 5
#define RUN_DRIVER_CODE 1
#define RUN_DRIVER_KIND 2
#define RUN_DRIVER_SERVER 3
#define RUN_DRIVER_RECEIVER 4
#define RUN_DRIVER_QUANTITY 5

/* Scans the direct cost of a run by department, cost item, source, class; codes ascend bytewise, null comes last. */
extern RunRows *run_direct_begin(int run_id);

/* Scans the driver values of a run by driver, server, receiver. */
extern RunRows *run_driver_begin(int run_id);

/* The next row; false at the end. */
extern bool run_rows_next(RunRows *rows);

/* Closes the scan. */
extern void run_rows_end(RunRows *rows);

/* Order of a text value and a string, bytewise, as strcmp orders strings. */
extern int run_text_compare_string(Datum left, const char *right);

/* A text value as a string of the current memory context. */
extern char *run_text_string(Datum value);

/* A number in units of 10^-scale; MC606 if it is null or does not fit. The second reads it from the row at hand. */
extern int64 run_decimal(Datum numeric, bool isnull, int scale);
extern int64 run_fixed_point(const RunRows *rows, int column, int scale);

/* The department of a code, or -1. */
extern int run_find_department(const RunInput *input, Datum code);

/* Reads the direct cost of a run into a context: its pools, in the order of cost item, funding source, cost class, and its cells. */
extern void run_load_direct(RunInput *input, MemoryContext context);

#endif
