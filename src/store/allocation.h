/*
 * allocation.h
 *		A run's stored inputs as arrays for the core, and its results as rows.
 */
#ifndef HC_STORE_ALLOCATION_H
#define HC_STORE_ALLOCATION_H

#include "postgres.h"

#include "core/allocation.h"

typedef enum RunMethod
{
	METHOD_STEP_DOWN,
	METHOD_DIRECT,
	METHOD_DOUBLE,
	METHOD_RECIPROCAL
} RunMethod;

/* One line of hospital_cost._run_step. Indexes are of the arrays below; -1: not given. */
typedef struct RunStep
{
	int step_no;
	int server_class; /* RunClass, or -1 */
	int server;		  /* department, or -1 */
	int classes;	  /* bit per RunClass of the receivers; 0: whoever has a quantity */
	int driver;
	int fallback;
	int cost_item; /* first pool with the item, or -1 for all; -2 for an item without any cost */
} RunStep;

typedef struct RunDriver
{
	char *code;
	AllocationBaseKind kind;
	int first; /* its values are values[first .. first + count), by server, then receiver; those for every server first */
	int count;
} RunDriver;

typedef struct RunValue
{
	int server; /* -1: all servers */
	int receiver;
	int64 quantity; /* 1e-6 */
} RunValue;

/* Everything a run was given. Departments ascend by code; one more row at the end, of no department, takes what stays at hospital level. */
typedef struct RunInput
{
	int run_id;
	int departments; /* without the hospital row */
	char **department_code;
	int *class_of_department;
	int pools;
	char **cost_item;
	char **funding_source;
	char **cost_class;
	int *source_of_pool; /* number of the funding source */
	int sources;
	int64 *direct; /* [departments + 1][pools], 1e-8 yuan */
	int steps;
	RunStep *step; /* by step_no, then step_id */
	int drivers;
	RunDriver *driver;
	RunValue *values;
	RunMethod method;
	AllocationManner same_level; /* of the groups of a step-down */
	AllocationPolicy policy;
	int64 cell_unit; /* 1e-8 yuan */
} RunInput;

/* Reads the inputs of a run into the current memory context; elog if there is no such run. */
extern RunInput *allocation_load(int run_id);

/* Name of a class of departments by its number in class_of_department. */
extern const char *allocation_class_name(int number);

/* Whether a run exists. */
extern bool allocation_exists(int run_id);

#define ALLOCATION_CELL_COLUMNS 12

/* Fills in the columns of one row of the result, in the current memory context; false if the cell is empty. Arguments as below. */
extern bool allocation_cell(const RunInput *input, const int64 *received, const int64 *sent, const int64 *full_cost, int department, int pool,
							Datum *v, bool *n);

/*
 * Writes the result: for each cell direct, received by level [4][departments + 1][pools], sent, and the rounded full cost (all 1e-8 yuan).
 * Empty cells are left out.
 */
extern void allocation_save(const RunInput *input, const int64 *received, const int64 *sent, const int64 *full_cost);

#endif
