/*
 * activity.c
 *		Reading encounters by index, without SPI and without a privilege of the writer.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/activity.h"
#include "store/ground.h"

char *
activity_price_class(const char *encounter, int length)
{
	Oid relid = ground_relation("encounter");
	Relation rel = table_open(relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	char *result = NULL;
	bool isnull;

	ScanKeyInit(&key, get_attnum(relid, "code"), BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(encounter, length)));
	scan = systable_beginscan(rel, ground_relation("encounter_pkey"), true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		result = TextDatumGetCString(heap_getattr(tuple, get_attnum(relid, "price_class"), RelationGetDescr(rel), &isnull));
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return result;
}
