/*
 * allocation.c
 *		Reading a run's inputs.
 *
 * Codes become indexes by binary search in sorted arrays: COLLATE "C" order in SQL is strcmp order here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/allocation.h"
#include "store/allocation_read.h"
#include "store/allocation_turn.h"
#include "store/decimal.h"

/* Same order as the level of a server: administrative, auxiliary, technical, then whoever else serves. */
static const char *const class_names[] = {"administrative", "auxiliary", "technical", "clinical", "external"};

static int
class_number(const char *name)
{
	for (int i = 0; i < lengthof(class_names); i++)
		if (strcmp(class_names[i], name) == 0)
			return i;
	elog(ERROR, "department class \"%s\" is not known", name);
}

const char *
allocation_class_name(int number)
{
	return class_names[number];
}

/* Runs a query about the run; rows are read with the functions below before the next call. */
static uint64
query(const char *sql, int run_id)
{
	Oid type = INT4OID;
	Datum value = Int32GetDatum(run_id);

	if (SPI_execute_with_args(sql, 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the inputs of run %d", run_id);
	return SPI_processed;
}

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int
int_field(uint64 row, int column)
{
	bool isnull;
	Datum value = field(row, column, &isnull);

	return isnull ? -1 : DatumGetInt32(value);
}

/* A text column as a string that outlives SPI; NULL stays NULL. */
static char *
text_field(uint64 row, int column, MemoryContext context)
{
	char *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : MemoryContextStrdup(context, value);
}

static int64
decimal_field(uint64 row, int column, int scale)
{
	bool isnull;
	Datum datum = field(row, column, &isnull);

	return run_decimal(datum, isnull, scale);
}

static void
load_plan(RunInput *input)
{
	if (query("SELECT r.plan ->> 'flow_unit', r.plan ->> 'cell_unit', (r.plan ->> 'multiplier_scale')::pg_catalog.int4, "
			  "r.plan ->> 'residual_rule', r.plan ->> 'zero_base', r.plan ->> 'negative_statistic', r.plan ->> 'credit_balance', "
			  "(r.plan ->> 'flow_unit')::pg_catalog.numeric, (r.plan ->> 'cell_unit')::pg_catalog.numeric, "
			  "r.plan ->> 'method', COALESCE(r.plan ->> 'same_level', 'none') "
			  "FROM hospital_cost._run r WHERE r.run_id OPERATOR(pg_catalog.=) $1", input->run_id) != 1)
		elog(ERROR, "run %d does not exist", input->run_id);
	static const char *const zero[] = {"error", "fallback", "unallocated", "equal"};
	static const char *const negative[] = {"error", "zero", "absolute", "shift", "signed"};
	char *same_level = text_field(0, 11, CurrentMemoryContext);
	char *residual = text_field(0, 4, CurrentMemoryContext);
	char *zero_base = text_field(0, 5, CurrentMemoryContext);
	char *statistic = text_field(0, 6, CurrentMemoryContext);
	char *credit = text_field(0, 7, CurrentMemoryContext);

	input->method = allocation_method(text_field(0, 10, CurrentMemoryContext));
	input->same_level = strcmp(same_level, "sequential") == 0 ? TURN_SEQUENTIAL :
		strcmp(same_level, "reciprocal") == 0 ? TURN_SIMULTANEOUS : TURN_CLOSING;
	input->policy.flow_unit = decimal_field(0, 8, ALLOCATION_AMOUNT_SCALE);
	input->cell_unit = decimal_field(0, 9, ALLOCATION_AMOUNT_SCALE);
	input->policy.multiplier_scale = int_field(0, 3) < 0 ? ALLOCATION_EXACT : int_field(0, 3);
	input->policy.residual = strcmp(residual, "largest_amount") == 0 ?
		MONEY_RESIDUAL_LARGEST_AMOUNT : MONEY_RESIDUAL_LARGEST_REMAINDER;
	for (int i = 0; i < lengthof(zero); i++)
		if (strcmp(zero[i], zero_base) == 0)
			input->policy.zero_base = (AllocationZeroBase) i;
	for (int i = 0; i < lengthof(negative); i++)
		if (strcmp(negative[i], statistic) == 0)
			input->policy.negative_statistic = (AllocationNegativeStatistic) i;
	input->policy.credit_balance = strcmp(credit, "keep") == 0 ? CREDIT_BALANCE_KEEP : CREDIT_BALANCE_ALLOCATE;
}

static void
load_departments(RunInput *input, MemoryContext context)
{
	int n = (int) query("SELECT d.department_code, d.class FROM hospital_cost._run_department d "
						"WHERE d.run_id OPERATOR(pg_catalog.=) $1 ORDER BY d.department_code COLLATE \"C\"", input->run_id);

	input->departments = n;
	input->department_code = MemoryContextAllocZero(context, (n + 1) * sizeof(char *));
	input->class_of_department = MemoryContextAllocZero(context, (n + 1) * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		input->department_code[i] = text_field(i, 1, context);
		input->class_of_department[i] = class_number(text_field(i, 2, CurrentMemoryContext));
	}
}

static AllocationBaseKind
base_kind(const char *kind)
{
	if (strcmp(kind, "equal") == 0)
		return BASE_EQUAL;
	if (strcmp(kind, "accumulated_cost") == 0)
		return BASE_ACCUMULATED_COST;
	return strcmp(kind, "fixed_share") == 0 ? BASE_FIXED_SHARE : BASE_STATISTIC;
}

static int
compare_value(const void *a, const void *b)
{
	const RunValue *left = a, *right = b;

	if (left->server != right->server)
		return left->server < right->server ? -1 : 1;
	return (left->receiver > right->receiver) - (left->receiver < right->receiver);
}

/* The next driver; its kind stands in each of its rows. */
static RunDriver *
add_driver(RunInput *input, const RunRows *rows, int values, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	RunDriver *driver;

	input->driver = input->driver == NULL ? palloc(sizeof(RunDriver)) : repalloc(input->driver, (input->drivers + 1) * sizeof(RunDriver));
	driver = &input->driver[input->drivers++];
	*driver = (RunDriver) {.code = run_text_string(rows->values[RUN_DRIVER_CODE]), .first = values,
		.kind = base_kind(run_text_string(rows->values[RUN_DRIVER_KIND]))};
	MemoryContextSwitchTo(old);
	return driver;
}

/* A department named in a row of a driver, or -1. Servers repeat and receivers ascend, so *last, and the one after it, are looked at first. */
static int
driver_department(const RunInput *input, const RunRows *rows, int column, int *last)
{
	Datum code = rows->values[column];

	if (rows->nulls[column])
		return -1;
	for (int at = Max(*last, 0); at <= *last + 1 && at < input->departments; at++)
		if (run_text_compare_string(code, input->department_code[at]) == 0)
			return *last = at;
	return *last = run_find_department(input, code);
}

/* Reads the drivers in order of their codes. The key puts values for every server last, they are wanted first. */
static void
load_drivers(RunInput *input, MemoryContext context)
{
	RunRows *rows = run_driver_begin(input->run_id);
	RunDriver *driver = NULL;
	int room = 1024, values = 0, server = -1, receiver = -1;

	input->values = MemoryContextAlloc(context, room * sizeof(RunValue));
	while (run_rows_next(rows))
	{
		if (driver == NULL || run_text_compare_string(rows->values[RUN_DRIVER_CODE], driver->code) != 0)
			driver = add_driver(input, rows, values, context);
		if (rows->nulls[RUN_DRIVER_RECEIVER])
			continue;
		if (values == room)
			input->values = repalloc_huge(input->values, (Size) (room *= 2) * sizeof(RunValue));
		input->values[values++] = (RunValue) {
			.server = driver_department(input, rows, RUN_DRIVER_SERVER, &server),
			.receiver = driver_department(input, rows, RUN_DRIVER_RECEIVER, &receiver),
			.quantity = run_fixed_point(rows, RUN_DRIVER_QUANTITY, ALLOCATION_WEIGHT_SCALE)};
		driver->count++;
	}
	run_rows_end(rows);
	for (int i = 0; i < input->drivers; i++)
	{
		RunValue *first = &input->values[input->driver[i].first];
		int count = input->driver[i].count;

		for (int k = 1; k < count; k++)
			if (compare_value(&first[k - 1], &first[k]) > 0)
			{
				qsort(first, count, sizeof(RunValue), compare_value);
				break;
			}
	}
}

static int
find_driver(const RunInput *input, const char *code)
{
	for (int i = 0; code != NULL && i < input->drivers; i++)
		if (strcmp(input->driver[i].code, code) == 0)
			return i;
	return -1;
}

static void
load_steps(RunInput *input, MemoryContext context)
{
	int n = (int) query("SELECT s.step_no, s.server_class, s.server_code, s.receiver_classes, s.driver_code, s.fallback_driver_code, "
						"s.cost_item_code FROM hospital_cost._run_step s WHERE s.run_id OPERATOR(pg_catalog.=) $1 "
						"ORDER BY s.step_no, s.step_id", input->run_id);

	input->steps = n;
	input->step = MemoryContextAllocZero(context, Max(n, 1) * sizeof(RunStep));
	for (int i = 0; i < n; i++)
	{
		RunStep *step = &input->step[i];
		char *server_class = text_field(i, 2, CurrentMemoryContext);
		char *cost_item = text_field(i, 7, CurrentMemoryContext);
		bool isnull;
		Datum server = field(i, 3, &isnull);
		Datum classes;
		Datum *elements;
		int count = 0;

		step->step_no = int_field(i, 1);
		step->server_class = server_class == NULL ? -1 : class_number(server_class);
		step->server = isnull ? -1 : run_find_department(input, server);
		classes = field(i, 4, &isnull);
		step->driver = find_driver(input, text_field(i, 5, CurrentMemoryContext));
		step->fallback = find_driver(input, text_field(i, 6, CurrentMemoryContext));
		if (!isnull)
			deconstruct_array(DatumGetArrayTypeP(classes), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
		for (int k = 0; k < count; k++)
			step->classes |= 1 << class_number(TextDatumGetCString(elements[k]));
		step->cost_item = cost_item == NULL ? -1 : -2;
		for (int p = input->pools - 1; cost_item != NULL && p >= 0; p--)
			if (strcmp(input->cost_item[p], cost_item) == 0)
				step->cost_item = p;
	}
}

RunInput *
allocation_load(int run_id)
{
	MemoryContext context = CurrentMemoryContext;
	RunInput *input = palloc0(sizeof(RunInput));

	input->run_id = run_id;
	SPI_connect();
	load_plan(input);
	load_departments(input, context);
	run_load_direct(input, context);
	load_drivers(input, context);
	load_steps(input, context);
	SPI_finish();
	return input;
}

bool
allocation_exists(int run_id)
{
	bool exists;

	SPI_connect();
	exists = query("SELECT 1 FROM hospital_cost._run r WHERE r.run_id OPERATOR(pg_catalog.=) $1", run_id) > 0;
	SPI_finish();
	return exists;
}
