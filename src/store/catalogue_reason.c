/*
 * catalogue_reason.c
 *		Reasons of refunds. Refunds are few, so the table is asked each time.
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

#include "store/catalogue.h"
#include "store/ground.h"

bool
catalogue_refund_reason(const char *code, int length)
{
	Oid relid = ground_relation("reason_code");
	Relation rel = table_open(relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple tuple;
	bool isnull;
	bool active = false;

	ScanKeyInit(&keys[0], get_attnum(relid, "purpose"), BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum("refund"));
	ScanKeyInit(&keys[1], get_attnum(relid, "code"), BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(code, length)));
	scan = systable_beginscan(rel, ground_relation("reason_code_pkey"), true, snapshot, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		active = DatumGetBool(heap_getattr(tuple, get_attnum(relid, "active"), RelationGetDescr(rel), &isnull));
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return active;
}
