/*
 * ground_replica.c
 *		Rows that logical replication brings.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_subscription_rel.h"
#include "replication/logicalworker.h"
#include "utils/fmgroids.h"

#include "store/compat.h"
#include "store/ground.h"

bool
ground_rows_are_replicated(const char *table)
{
	Relation rel;
	SysScanDesc scan;
	ScanKeyData key;
	bool subscribed;

	if (!IsLogicalWorker())
		return false;
	/* Few tables are subscribed to, and there is no index by relation alone. */
	rel = table_open(SubscriptionRelRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(ground_relation(table)));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	subscribed = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return !subscribed;
}
