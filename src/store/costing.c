/*
 * costing.c
 *		Reading a run's units and pools; writing cells.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/append.h"
#include "store/costing.h"
#include "store/costing_part.h"
#include "store/ground.h"

#define CELL_BATCH 1000

static const char *const cell_columns[] = {"run_id", "funding_group", "status", "personnel", "materials", "billable_materials", "drugs",
	"depreciation", "amortisation", "risk_fund", "other", "department_code", "encounter_code"};

struct CellWriter
{
	const CostingRun *run;
	Appender *appender;
	MemoryContext batch;
	Datum *department; /* code as text, by index */
	int pending;
	const bool *due; /* by COSTING_PART */
	int64 *rows;
	int64 written;
};

static uint64
query(const char *sql, const CostingRun *run)
{
	Oid types[2] = {INT4OID, TEXTOID};
	Datum values[2] = {Int32GetDatum(run->run_id), CStringGetTextDatum(run->service_units ? "service_units" : "ward_full")};

	if (SPI_execute_with_args(sql, 2, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the costing of run %d", run->run_id);
	return SPI_processed;
}

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int64
bigint_field(uint64 row, int column, int64 otherwise)
{
	bool isnull;
	Datum value = field(row, column, &isnull);

	return isnull ? otherwise : DatumGetInt64(value);
}

static void
load_run(CostingRun *run)
{
	bool isnull;

	if (query("SELECT r.period::pg_catalog.date, ((r.period + interval '1 month') AT TIME ZONE hospital_cost.hospital_timezone()) "
			  "FROM hospital_cost._run r WHERE r.run_id OPERATOR(pg_catalog.=) $1 AND $2 IS NOT NULL", run) != 1)
		elog(ERROR, "run %d does not exist", run->run_id);
	run->period = DatumGetDateADT(field(0, 1, &isnull));
	run->period_end = DatumGetTimestampTz(field(0, 2, &isnull));
}

static void
load_departments(CostingRun *run, MemoryContext context)
{
	uint64 n = query("SELECT u.department_code, u.department_id::pg_catalog.int8, u.basis, u.all_income, u.excluded::pg_catalog.int8, u.loaded, "
					 "u.capacity FROM hospital_cost._costing_unit($1, $2) u", run);

	if (n > COSTING_DEPARTMENTS)
		elog(ERROR, "run %d has too many departments", run->run_id);
	run->departments = (int) n;
	run->department = MemoryContextAllocZero(context, n * sizeof(CostingDepartment));
	run->index_of_id = MemoryContextAlloc(context, COSTING_DEPARTMENTS * sizeof(int16));
	memset(run->index_of_id, -1, COSTING_DEPARTMENTS * sizeof(int16));
	for (uint64 i = 0; i < n; i++)
	{
		CostingDepartment *department = &run->department[i];
		char *code = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		char *basis = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3);
		bool isnull;

		department->code = code == NULL ? NULL : MemoryContextStrdup(context, code);
		department->id = (int16) bigint_field(i, 2, 0);
		department->basis = basis == NULL ? BASIS_ACTIVITY : strcmp(basis, "income") == 0 ? BASIS_INCOME :
			strcmp(basis, "quantity") == 0 ? BASIS_QUANTITY : BASIS_ACTIVITY;
		department->all_income = DatumGetBool(field(i, 4, &isnull));
		department->excluded = (CellStatus) bigint_field(i, 5, CELL_NOT_ALLOCATED);
		department->loaded = bigint_field(i, 6, -1);
		department->capacity = bigint_field(i, 7, -1);
		if (department->id > 0)
			run->index_of_id[department->id] = (int16) i;
	}
}

/* Pools come in the order of the departments. */
static void
load_pools(CostingRun *run)
{
	uint64 n = query("SELECT p.department_code, ((p.funding_group - 1) * 8 + p.component)::pg_catalog.int8, p.amount "
					 "FROM hospital_cost._costing_pool($1, $2) p ORDER BY p.department_code COLLATE \"C\" NULLS LAST", run);
	int at = 0;

	for (uint64 i = 0; i < n; i++)
	{
		char *code = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		while (at < run->departments - 1 && (code == NULL || strcmp(run->department[at].code, code) != 0))
			at++;
		if ((code == NULL) != (run->department[at].code == NULL))
			elog(ERROR, "run %d has cost of a department it does not list", run->run_id);
		run->department[at].pool[bigint_field(i, 2, 0)] = bigint_field(i, 3, 0);
	}
	for (int d = 0; d < run->departments; d++)
	{
		CostingDepartment *department = &run->department[d];

		department->has_drugs = department->excluded == CELL_PATIENT && department->pool[COMPONENT_DRUGS] > 0;
		department->has_materials = department->excluded == CELL_PATIENT &&
			department->pool[COMPONENT_MATERIALS] + department->pool[COMPONENT_BILLABLE_MATERIALS] > 0;
	}
}

static void
load_items(CostingRun *run, MemoryContext context)
{
	uint64 n = query("SELECT i.item_id::pg_catalog.int8, CASE WHEN i.kind OPERATOR(pg_catalog.=) 'drug' THEN 1 "
					 "WHEN i.kind OPERATOR(pg_catalog.=) 'material' AND i.billable THEN 2 ELSE 0 END::pg_catalog.int8 "
					 "FROM hospital_cost.charge_item i WHERE $1 IS NOT NULL AND $2 IS NOT NULL ORDER BY i.item_id DESC", run);

	run->items = n == 0 ? 0 : (int) bigint_field(0, 1, 0) + 1;
	run->item_kind = MemoryContextAllocExtended(context, Max(run->items, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < n; i++)
		run->item_kind[bigint_field(i, 1, 0)] = (uint8) bigint_field(i, 2, 0);
}

CostingRun *
costing_load(int run_id, bool service_units)
{
	MemoryContext context = CurrentMemoryContext;
	CostingRun *run = palloc0(sizeof(CostingRun));

	run->run_id = run_id;
	run->service_units = service_units;
	SPI_connect();
	load_run(run);
	load_departments(run, context);
	load_pools(run);
	load_items(run, context);
	SPI_finish();
	return run;
}

CellWriter *
costing_cells_begin(const CostingRun *run, const bool *due, int64 *rows)
{
	CellWriter *writer = palloc0(sizeof(CellWriter));

	writer->run = run;
	writer->due = due;
	writer->rows = rows;
	writer->appender = append_begin("_encounter_cost", CELL_BATCH, PG_INT32_MAX, NULL);
	append_check_columns(writer->appender, cell_columns, lengthof(cell_columns));
	writer->batch = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost cells", ALLOCSET_DEFAULT_SIZES);
	writer->department = palloc0(run->departments * sizeof(Datum));
	for (int d = 0; d < run->departments; d++)
		if (run->department[d].code != NULL)
			writer->department[d] = CStringGetTextDatum(run->department[d].code);
	return writer;
}

/* One row for a funding group, unless it is empty or stands as it is. */
static void
add_group(CellWriter *writer, Datum code, int department, CellStatus status, int group, const int64 *cells)
{
	Datum *v;
	bool *nulls;
	bool empty = true;

	if (!writer->due[COSTING_PART(department, group)])
		return;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		empty = empty && cells[c] == 0;
	if (empty)
		return;
	append_slot(writer->appender, &v, &nulls);
	v[0] = Int32GetDatum(writer->run->run_id);
	v[1] = Int16GetDatum(group + 1);
	v[2] = Int16GetDatum(status);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		v[3 + c] = Int64GetDatum(cells[c]);
	v[11] = writer->department[department];
	nulls[11] = v[11] == (Datum) 0;
	v[12] = code;
	nulls[12] = code == (Datum) 0;
	writer->rows[COSTING_PART(department, group)]++;
	writer->written++;
	writer->pending++;
}

void
costing_cells_add(CellWriter *writer, const char *code, int length, int department, CellStatus status, const int64 cells[COSTING_CELLS])
{
	MemoryContext old;
	Datum text_code = (Datum) 0;

	if (writer->pending > CELL_BATCH - COSTING_GROUPS)
	{
		append_flush(writer->appender, NULL);
		MemoryContextReset(writer->batch);
		writer->pending = 0;
	}
	old = MemoryContextSwitchTo(writer->batch);
	if (code != NULL)
		text_code = PointerGetDatum(cstring_to_text_with_len(code, length));
	MemoryContextSwitchTo(old);
	for (int group = 0; group < COSTING_GROUPS; group++)
		add_group(writer, text_code, department, status, group, cells + group * COMPONENT_COUNT);
}

int64
costing_cells_end(CellWriter *writer)
{
	int64 rows = writer->written;

	append_end(writer->appender);
	MemoryContextDelete(writer->batch);
	pfree(writer);
	return rows;
}
