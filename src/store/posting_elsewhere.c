/*
 * posting_elsewhere.c
 *		Read by the index, what others have committed and what this statement has written; written by SPI, as the table's owner.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/ground.h"
#include "store/ground_user.h"
#include "store/posting_elsewhere.h"

enum
{
	A_SOURCE_ID = 1, A_SOURCE_KEY, A_ENCOUNTER_CODE
};

/* The encounters of a key, or (source_key NULL) of the first key of the source. */
static int
read_encounters(int16 source_id, const char *source_key, Piece **encounters)
{
	Relation rel = table_open(ground_relation("_refund_elsewhere"), AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	int count = 0, room = 0;

	*encounters = NULL;
	ScanKeyInit(&keys[0], A_SOURCE_ID, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(source_id));
	if (source_key != NULL)
		ScanKeyInit(&keys[1], A_SOURCE_KEY, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(source_key));
	scan = systable_beginscan(rel, ground_relation("_refund_elsewhere_pkey"), true, SnapshotSelf, source_key != NULL ? 2 : 1, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		char *encounter = TextDatumGetCString(heap_getattr(tuple, A_ENCOUNTER_CODE, RelationGetDescr(rel), &isnull));

		if (count == room)
		{
			room = Max(4, room * 2);
			*encounters = *encounters == NULL ? palloc(room * sizeof(Piece)) : repalloc(*encounters, room * sizeof(Piece));
		}
		(*encounters)[count++] = (Piece) {encounter, (int) strlen(encounter)};
		if (source_key == NULL)
			break;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return count;
}

bool
elsewhere_any(int16 source_id)
{
	Piece *encounters;

	return read_encounters(source_id, NULL, &encounters) > 0;
}

int
elsewhere_encounters(int16 source_id, const char *source_key, Piece **encounters)
{
	return read_encounters(source_id, source_key, encounters);
}

/* The writer of a hospital table has no right on our table: its owner writes in his stead. */
static void
run_as_owner(const char *command, int16 source_id, const char *source_key, Piece encounter)
{
	Oid types[3] = {INT2OID, TEXTOID, TEXTOID};
	Datum values[3] = {Int16GetDatum(source_id), CStringGetTextDatum(source_key),
		PointerGetDatum(cstring_to_text_with_len(encounter.text, encounter.length))};
	GroundUser self;
	Relation rel = table_open(ground_relation("_refund_elsewhere"), RowExclusiveLock);

	ground_become_owner(rel->rd_rel->relowner, &self);
	ground_plan_by_index();
	SPI_connect();
	/* A latest snapshot, as reading has. */
	if (SPI_execute_snapshot(SPI_prepare(command, 3, types), values, NULL, GetLatestSnapshot(), InvalidSnapshot, false, true, 0) < 0)
		elog(ERROR, "could not note the encounter of refunds");
	SPI_finish();
	ground_become_self(&self);
	table_close(rel, NoLock);
}

void
elsewhere_add(int16 source_id, const char *source_key, Piece encounter)
{
	run_as_owner("INSERT INTO hospital_cost._refund_elsewhere (source_id, source_key, encounter_code) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
				 source_id, source_key, encounter);
}

void
elsewhere_remove(int16 source_id, const char *source_key, Piece encounter)
{
	run_as_owner("DELETE FROM hospital_cost._refund_elsewhere e WHERE e.source_id OPERATOR(pg_catalog.=) $1 "
				 "AND e.source_key OPERATOR(pg_catalog.=) $2 AND e.encounter_code OPERATOR(pg_catalog.=) $3", source_id, source_key, encounter);
}
