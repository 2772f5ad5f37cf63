/*
 * costing_item_due.c
 *		What the items of a department were costed from, kept with the run.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/costing_item_due.h"

static const char *const fact_names[ITEM_FACTS] = {"quantities", "parameters"};

static void
put_value(CostingDigest *digest, const CostingItemRow *row, int i)
{
	costing_digest_number(digest, row->null[i]);
	costing_digest_number(digest, row->null[i] ? 0 : row->value[i]);
}

/* Quantity and income of an item are its quantities, all else is parameters. */
static void
put_row(CostingDigest *const digest[ITEM_FACTS], const CostingItemRow *row)
{
	int split = row->part == ITEM_VOLUME ? 2 : 0;

	for (int fact = split == 0 ? ITEM_FACT_PARAMETERS : ITEM_FACT_QUANTITIES; fact < ITEM_FACTS; fact++)
	{
		costing_digest_number(digest[fact], row->part);
		for (int k = 0; k < ITEM_KEYS; k++)
			costing_digest_text(digest[fact], row->key[k]);
	}
	for (int i = 0; i < ITEM_VALUES; i++)
		put_value(digest[i < split ? ITEM_FACT_QUANTITIES : ITEM_FACT_PARAMETERS], row, i);
}

CostingItemInput *
costing_item_inputs(const CostingItemRow *rows, int count, int *departments)
{
	CostingItemInput *inputs = palloc0(Max(count, 1) * sizeof(CostingItemInput));
	int n = 0;

	for (int i = 0; i < count;)
	{
		CostingItemInput *input = &inputs[n++];
		CostingDigest *digest[ITEM_FACTS];

		*input = (CostingItemInput) {.department = rows[i].department, .first = i};
		for (int fact = 0; fact < ITEM_FACTS; fact++)
			digest[fact] = costing_digest_begin();
		for (; i < count && strcmp(rows[i].department, input->department) == 0; i++)
			put_row(digest, &rows[i]);
		input->end = i;
		for (int fact = 0; fact < ITEM_FACTS; fact++)
			costing_digest_end(digest[fact], input->fact[fact]);
	}
	*departments = n;
	return inputs;
}

bool
costing_item_is_due(const CostingItemInput *input)
{
	return !input->kept || input->differs[ITEM_FACT_QUANTITIES] || input->differs[ITEM_FACT_PARAMETERS];
}

static CostingItemInput *
find_department(CostingItemInput *inputs, int departments, const char *code)
{
	int low = 0, high = departments - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(code, inputs[middle].department);

		if (order == 0)
			return &inputs[middle];
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Compares with what is kept; returns the codes of departments that have inputs no more. *kept receives how many there are. */
static Datum *
compare_inputs(int run_id, CostingItemInput *inputs, int departments, uint64 *kept, int *gone)
{
	Oid type = INT4OID;
	Datum run = Int32GetDatum(run_id);
	Datum *codes;

	if (SPI_execute_with_args("SELECT i.department_code, i.quantities, i.parameters FROM hospital_cost._item_costing i "
							  "WHERE i.run_id OPERATOR(pg_catalog.=) $1", 1, &type, &run, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read what the items of run %d were costed from", run_id);
	*kept = SPI_processed;
	*gone = 0;
	codes = palloc((SPI_processed + departments) * sizeof(Datum));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		char *code = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
		CostingItemInput *input = find_department(inputs, departments, code);
		bool isnull;

		if (input == NULL)
		{
			codes[(*gone)++] = CStringGetTextDatum(code);
			continue;
		}
		input->kept = true;
		for (int fact = 0; fact < ITEM_FACTS; fact++)
			input->differs[fact] = !costing_digest_is(SPI_getbinval(row, SPI_tuptable->tupdesc, 2 + fact, &isnull), input->fact[fact]);
	}
	return codes;
}

static void
remove_rows(int run_id, Datum *codes, int n)
{
	Oid types[2] = {INT4OID, TEXTARRAYOID};
	Datum values[2] = {Int32GetDatum(run_id), PointerGetDatum(construct_array(codes, n, TEXTOID, -1, false, TYPALIGN_INT))};
	static const char *const statements[] = {
		"DELETE FROM hospital_cost._item_cost i WHERE i.run_id OPERATOR(pg_catalog.=) $1 AND i.department_code OPERATOR(pg_catalog.=) ANY ($2)",
		"DELETE FROM hospital_cost._item_costing i WHERE i.run_id OPERATOR(pg_catalog.=) $1 AND i.department_code OPERATOR(pg_catalog.=) ANY ($2)"};

	for (int i = 0; n > 0 && i < lengthof(statements); i++)
		if (SPI_execute_with_args(statements[i], 2, types, values, NULL, false, 0) != SPI_OK_DELETE)
			elog(ERROR, "could not remove the item cost of run %d", run_id);
}

static void
keep_inputs(int run_id, const CostingItemInput *inputs, int departments)
{
	Oid types[5] = {INT4OID, TEXTOID, TEXTARRAYOID, BYTEAOID, BYTEAOID};
	SPIPlanPtr plan = SPI_prepare("INSERT INTO hospital_cost._item_costing (run_id, department_code, changed, quantities, parameters) "
								  "VALUES ($1, $2, $3, $4, $5)", 5, types);

	for (int d = 0; d < departments; d++)
	{
		const CostingItemInput *input = &inputs[d];
		Datum names[ITEM_FACTS];
		Datum values[5] = {Int32GetDatum(run_id), CStringGetTextDatum(input->department)};
		int n = 0;

		for (int fact = 0; fact < ITEM_FACTS; fact++)
		{
			if (input->differs[fact])
				names[n++] = CStringGetTextDatum(fact_names[fact]);
			values[3 + fact] = costing_digest_datum(input->fact[fact]);
		}
		values[2] = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
		if (costing_item_is_due(input) && (plan == NULL || SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_INSERT))
			elog(ERROR, "could not keep what the items of run %d are costed from", run_id);
	}
}

void
costing_item_renew(int run_id, CostingItemInput *inputs, int departments)
{
	Oid type = INT4OID;
	Datum run = Int32GetDatum(run_id);
	Datum *codes;
	uint64 kept;
	int n;

	SPI_connect();
	codes = compare_inputs(run_id, inputs, departments, &kept, &n);
	for (int d = 0; d < departments; d++)
		if (costing_item_is_due(&inputs[d]))
			codes[n++] = CStringGetTextDatum(inputs[d].department);
	if (kept > 0)
		remove_rows(run_id, codes, n);
	else if (SPI_execute_with_args("DELETE FROM hospital_cost._item_cost i WHERE i.run_id OPERATOR(pg_catalog.=) $1", 1, &type, &run, NULL, false, 0) !=
			 SPI_OK_DELETE)
		elog(ERROR, "could not remove the item cost of run %d", run_id);
	keep_inputs(run_id, inputs, departments);
	SPI_finish();
}
