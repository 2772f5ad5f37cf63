/*
 * allocation_read.c
 *		Reading the large inputs of a run: a scan of the key's index, rows as they come.
 *
 * A run of five thousand departments has some millions of driver values; a query would sort them and hold them all at once.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "store/allocation_read.h"
#include "store/compat.h"
#include "store/decimal.h"
#include "store/ground.h"

/* What is read by position is checked by name. */
static void
check_columns(Relation rel, const char *const *names, int count)
{
	TupleDesc desc = RelationGetDescr(rel);

	if (desc->natts != count)
		elog(ERROR, "\"%s\" has %d columns, expected %d", RelationGetRelationName(rel), desc->natts, count);
	for (int i = 0; i < count; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), names[i]) != 0)
			elog(ERROR, "column %d of \"%s\" is not \"%s\"", i + 1, RelationGetRelationName(rel), names[i]);
}

static RunRows *
begin_rows(Oid relid, Oid index, const char *const *names, int count, int run_id)
{
	RunRows *rows = palloc0(sizeof(RunRows));
	ScanKeyData key;

	rows->rel = table_open(relid, AccessShareLock);
	rows->index = index_open(index, AccessShareLock);
	check_columns(rows->rel, names, count);
	rows->values = palloc(count * sizeof(Datum));
	rows->nulls = palloc(count * sizeof(bool));
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(run_id));
	rows->scan = systable_beginscan_ordered(rows->rel, rows->index, GetActiveSnapshot(), 1, &key);
	return rows;
}

RunRows *
run_direct_begin(int run_id)
{
	static const char *const names[] = {"run_id", "department_code", "cost_item_code", "funding_source", "cost_class", "amount"};

	return begin_rows(ground_relation("_run_direct"), ground_relation("run_direct_key"), names, lengthof(names), run_id);
}

RunRows *
run_driver_begin(int run_id)
{
	static const char *const names[] = {"run_id", "driver_code", "kind", "server_code", "receiver_code", "quantity"};

	return begin_rows(ground_relation("_run_driver"), ground_relation("run_driver_key"), names, lengthof(names), run_id);
}

bool
run_rows_next(RunRows *rows)
{
	HeapTuple tuple = systable_getnext_ordered(rows->scan, ForwardScanDirection);

	CHECK_FOR_INTERRUPTS();
	if (!HeapTupleIsValid(tuple))
		return false;
	heap_deform_tuple(tuple, RelationGetDescr(rows->rel), rows->values, rows->nulls);
	return true;
}

void
run_rows_end(RunRows *rows)
{
	systable_endscan_ordered(rows->scan);
	index_close(rows->index, AccessShareLock);
	table_close(rows->rel, AccessShareLock);
	pfree(rows->values);
	pfree(rows->nulls);
	pfree(rows);
}

int
run_text_compare_string(Datum left, const char *right)
{
	text *a = DatumGetTextPP(left);
	int left_length = VARSIZE_ANY_EXHDR(a);
	int right_length = strlen(right);
	int order = memcmp(VARDATA_ANY(a), right, Min(left_length, right_length));

	return order != 0 ? order : left_length - right_length;
}

char *
run_text_string(Datum value)
{
	return TextDatumGetCString(value);
}

int64
run_decimal(Datum numeric, bool isnull, int scale)
{
	bool rounded;
	int64 value;

	if (isnull || !decimal_from_numeric(numeric, scale, &value, &rounded))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '6', '0', '6')),
				errmsg("a number of the run does not fit"),
				errhint("Amounts must stay below 80,000,000,000 and statistics below 9,000,000,000,000."));
	return value;
}

int64
run_fixed_point(const RunRows *rows, int column, int scale)
{
	return run_decimal(rows->values[column], rows->nulls[column], scale);
}

int
run_find_department(const RunInput *input, Datum code)
{
	int low = 0, high = input->departments - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = run_text_compare_string(code, input->department_code[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}
