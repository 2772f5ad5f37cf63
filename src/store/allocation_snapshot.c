/*
 * allocation_snapshot.c
 *		Copying the large inputs of a run in order of their keys, without an executor: an index that grows at its end costs half.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "store/allocation_snapshot.h"
#include "store/append.h"

#define ROWS_AT_A_TIME 1000
/* Many enough for a buffer of their own; how many there are shows only at the end. */
#define ROWS_EXPECTED 1000000

/* Parameters of the queries below: the run, the month, the driver and its kind. */
typedef struct SnapshotArguments
{
	Oid type[4];
	Datum value[4];
	int count;
} SnapshotArguments;

/* Appends the rows of a query, which have the columns of the table; returns how many. */
static int64
append_query(Appender *appender, const char *sql, SnapshotArguments *arguments)
{
	Portal portal = SPI_cursor_open_with_args(NULL, sql, arguments->count, arguments->type, arguments->value, NULL, true, CURSOR_OPT_NO_SCROLL);
	int64 rows = 0;

	do
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_A_TIME);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			Datum *values;
			bool *nulls;

			append_slot(appender, &values, &nulls);
			heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		}
		append_flush(appender, NULL);
		rows += SPI_processed;
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	return rows;
}

void
run_snapshot_direct(int run_id, DateADT month)
{
	static const char *const columns[] = {"run_id", "department_code", "cost_item_code", "funding_source", "cost_class", "amount"};
	SnapshotArguments arguments = {{INT4OID, DATEOID}, {Int32GetDatum(run_id), DateADTGetDatum(month)}, 2};
	Appender *appender = append_begin("_run_direct", ROWS_AT_A_TIME, ROWS_EXPECTED, NULL);

	append_check_columns(appender, columns, lengthof(columns));
	SPI_connect();
	/* What departments have of their own, what stays at hospital level, and what was spread from there. */
	append_query(appender, "SELECT $1, d.department_code, d.cost_item_code, d.funding_source, d.cost_class, "
				 "pg_catalog.sum(d.amount)::pg_catalog.numeric(22,8) "
				 "FROM (SELECT c.department_code, c.cost_item_code, c.funding_source, c.cost_class, c.amount "
				 "FROM hospital_cost._direct_cost c WHERE c.period OPERATOR(pg_catalog.=) $2 "
				 "AND (c.department_code IS NOT NULL OR c.cost_class OPERATOR(pg_catalog.<>) 'medical') "
				 "UNION ALL SELECT s.department_code, s.cost_item_code, s.funding_source, 'medical', s.amount "
				 "FROM hospital_cost._run_spread s WHERE s.run_id OPERATOR(pg_catalog.=) $1) d GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5", &arguments);
	SPI_finish();
	append_end(appender);
}

void
run_snapshot_driver(int run_id, DateADT month, Datum driver, Datum kind)
{
	static const char *const columns[] = {"run_id", "driver_code", "kind", "server_code", "receiver_code", "quantity"};
	SnapshotArguments arguments = {{INT4OID, DATEOID, TEXTOID, TEXTOID},
		{Int32GetDatum(run_id), DateADTGetDatum(month), driver, kind}, 4};
	Appender *appender = append_begin("_run_driver", ROWS_AT_A_TIME, ROWS_EXPECTED, NULL);

	append_check_columns(appender, columns, lengthof(columns));
	SPI_connect();
	/* Loaded values lie in the order of their key; what is counted does not, and is less. A driver without values has one row that says so. */
	if (append_query(appender, "SELECT $1, v.driver_code, $4, v.server_code, v.receiver_code, v.quantity FROM hospital_cost._driver_value v "
					 "WHERE v.period OPERATOR(pg_catalog.=) $2 AND v.driver_code OPERATOR(pg_catalog.=) $3 "
					 "AND $4 OPERATOR(pg_catalog.<>) ALL ('{equal,accumulated_cost}') ORDER BY v.server_code, v.receiver_code", &arguments) == 0)
		append_query(appender, "SELECT $1, $3, $4, q.server_code, q.receiver_code, q.quantity::pg_catalog.numeric(18,6) FROM (SELECT) one "
					 "LEFT JOIN hospital_cost._driver_quantity($2, $3) q ON $4 OPERATOR(pg_catalog.<>) ALL ('{equal,accumulated_cost}') "
					 "ORDER BY q.server_code COLLATE \"C\", q.receiver_code COLLATE \"C\"", &arguments);
	SPI_finish();
	append_end(appender);
}
