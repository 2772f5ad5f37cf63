/*
 * allocation_snapshot.c
 *		A run's inputs, copied and told apart from others.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "entry/sql.h"
#include "store/allocation_fingerprint.h"
#include "store/allocation_snapshot.h"

SQL_FUNCTION(hc_snapshot_direct);

/* _snapshot_direct(run_id, month): copies the direct cost. */
Datum
hc_snapshot_direct(PG_FUNCTION_ARGS)
{
	run_snapshot_direct(PG_GETARG_INT32(0), PG_GETARG_DATEADT(1));
	PG_RETURN_VOID();
}

SQL_FUNCTION(hc_snapshot_driver);

/* _snapshot_driver(run_id, month, driver, kind): copies the values of a driver. */
Datum
hc_snapshot_driver(PG_FUNCTION_ARGS)
{
	run_snapshot_driver(PG_GETARG_INT32(0), PG_GETARG_DATEADT(1), PG_GETARG_DATUM(2), PG_GETARG_DATUM(3));
	PG_RETURN_VOID();
}

SQL_FUNCTION(hc_fingerprint);

/* _fingerprint(run_id): SHA-256 of the inputs of a run; NULL if there is no such run. */
Datum
hc_fingerprint(PG_FUNCTION_ARGS)
{
	char *fingerprint = run_fingerprint(PG_GETARG_INT32(0));

	if (fingerprint == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(fingerprint));
}
