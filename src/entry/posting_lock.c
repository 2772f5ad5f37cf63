/*
 * posting_lock.c
 *		Locks of payments for the SQL that settles them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "entry/sql.h"
#include "store/posting_lock.h"

SQL_FUNCTION(hc_lock_slots);

/* _lock_slots(slots): takes these locks, smallest slot first, and keeps them until the transaction ends. */
Datum
hc_lock_slots(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	LineLocks wanted = {0};

	if (ARR_ELEMTYPE(array) != INT4OID || ARR_HASNULL(array))
		elog(ERROR, "slots are integers");
	for (int i = 0; i < count; i++)
		line_locks_want_slot(&wanted, ((uint32 *) ARR_DATA_PTR(array))[i], true);
	payment_locks_take(&wanted);
	return (Datum) 0;
}
