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
	bool isnull, rounded;
	int64 value;
	Datum datum = field(row, column, &isnull);

	if (isnull || !decimal_from_numeric(datum, scale, &value, &rounded))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '6', '0', '6')),
				errmsg("a number of the run does not fit"),
				errhint("Amounts must stay below 80,000,000,000 and statistics below 9,000,000,000,000."));
	return value;
}

static int
find_department(const RunInput *input, const char *code)
{
	int low = 0, high = input->departments - 1;

	while (code != NULL && low <= high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(code, input->department_code[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
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

/* Pools in the order of cost item, funding source, cost class; the funding sources get numbers in order of their names. */
static void
load_pools(RunInput *input, MemoryContext context)
{
	int n = (int) query("SELECT p.cost_item_code, p.funding_source, p.cost_class, "
						"(dense_rank() OVER (ORDER BY p.funding_source COLLATE \"C\") - 1)::pg_catalog.int4 FROM (SELECT DISTINCT d.cost_item_code, "
						"d.funding_source, d.cost_class FROM hospital_cost._run_direct d WHERE d.run_id OPERATOR(pg_catalog.=) $1) p "
						"ORDER BY p.cost_item_code COLLATE \"C\", p.funding_source COLLATE \"C\", p.cost_class COLLATE \"C\"", input->run_id);

	input->pools = n;
	input->cost_item = MemoryContextAllocZero(context, Max(n, 1) * sizeof(char *));
	input->funding_source = MemoryContextAllocZero(context, Max(n, 1) * sizeof(char *));
	input->cost_class = MemoryContextAllocZero(context, Max(n, 1) * sizeof(char *));
	input->source_of_pool = MemoryContextAllocZero(context, Max(n, 1) * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		input->cost_item[i] = text_field(i, 1, context);
		input->funding_source[i] = text_field(i, 2, context);
		input->cost_class[i] = text_field(i, 3, context);
		input->source_of_pool[i] = int_field(i, 4);
		input->sources = Max(input->sources, input->source_of_pool[i] + 1);
	}
}

static void
load_direct(RunInput *input, MemoryContext context)
{
	int pool = 0;
	uint64 n = query("SELECT d.cost_item_code, d.funding_source, d.cost_class, d.department_code, d.amount FROM hospital_cost._run_direct d "
					 "WHERE d.run_id OPERATOR(pg_catalog.=) $1 ORDER BY d.cost_item_code COLLATE \"C\", d.funding_source COLLATE \"C\", "
					 "d.cost_class COLLATE \"C\"", input->run_id);

	input->direct = MemoryContextAllocExtended(context, ((Size) input->departments + 1) * Max(input->pools, 1) * sizeof(int64),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < n; i++)
	{
		char *item = text_field(i, 1, CurrentMemoryContext);
		char *source = text_field(i, 2, CurrentMemoryContext);
		char *cost_class = text_field(i, 3, CurrentMemoryContext);
		char *department = text_field(i, 4, CurrentMemoryContext);
		int at = department == NULL ? input->departments : find_department(input, department);

		/* Rows come in the order of the pools. */
		while (strcmp(item, input->cost_item[pool]) != 0 || strcmp(source, input->funding_source[pool]) != 0 ||
			   strcmp(cost_class, input->cost_class[pool]) != 0)
			pool++;
		if (at < 0)
			elog(ERROR, "run %d has cost of a department it does not list", input->run_id);
		input->direct[(Size) at * input->pools + pool] = decimal_field(i, 5, ALLOCATION_AMOUNT_SCALE);
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

static void
load_drivers(RunInput *input, MemoryContext context)
{
	int n = (int) query("SELECT d.driver_code, d.kind, d.server_code, d.receiver_code, d.quantity FROM hospital_cost._run_driver d "
						"WHERE d.run_id OPERATOR(pg_catalog.=) $1 ORDER BY d.driver_code COLLATE \"C\", d.server_code COLLATE \"C\" NULLS FIRST, "
						"d.receiver_code COLLATE \"C\"", input->run_id);
	int values = 0;

	input->driver = MemoryContextAllocZero(context, Max(n, 1) * sizeof(RunDriver));
	input->values = MemoryContextAllocZero(context, Max(n, 1) * sizeof(RunValue));
	for (int i = 0; i < n; i++)
	{
		char *code = text_field(i, 1, context);
		char *receiver = text_field(i, 4, CurrentMemoryContext);
		RunDriver *driver = &input->driver[input->drivers - 1];

		if (input->drivers == 0 || strcmp(driver->code, code) != 0)
		{
			driver = &input->driver[input->drivers++];
			driver->code = code;
			driver->kind = base_kind(text_field(i, 2, CurrentMemoryContext));
			driver->first = values;
		}
		if (receiver == NULL)
			continue;
		input->values[values].server = find_department(input, text_field(i, 3, CurrentMemoryContext));
		input->values[values].receiver = find_department(input, receiver);
		input->values[values].quantity = decimal_field(i, 5, ALLOCATION_WEIGHT_SCALE);
		values++;
		driver->count++;
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
		Datum classes = field(i, 4, &isnull);
		Datum *elements;
		int count = 0;

		step->step_no = int_field(i, 1);
		step->server_class = server_class == NULL ? -1 : class_number(server_class);
		step->server = find_department(input, text_field(i, 3, CurrentMemoryContext));
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
	load_pools(input, context);
	load_direct(input, context);
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
