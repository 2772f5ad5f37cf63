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
#include "utils/timestamp.h"

#include "store/activity.h"
#include "store/ground.h"

int
activity_kind(const char *name)
{
	static const char *const names[] = {"outpatient", "emergency", "inpatient", "checkup"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], name) == 0)
			return 1 << i;
	return 0;
}

static char *
text_of(HeapTuple tuple, Relation rel, const char *column)
{
	bool isnull;
	Datum value = heap_getattr(tuple, get_attnum(RelationGetRelid(rel), column), RelationGetDescr(rel), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static void
read_encounter(HeapTuple tuple, Relation rel, ActivityEncounter *found)
{
	Oid relid = RelationGetRelid(rel);
	TupleDesc desc = RelationGetDescr(rel);
	bool isnull;
	Datum value = heap_getattr(tuple, get_attnum(relid, "birth_date"), desc, &isnull);

	*found = (ActivityEncounter) {.has_birth = !isnull && !DATE_NOT_FINITE(DatumGetDateADT(value)), .birth = isnull ? 0 : DatumGetDateADT(value)};
	found->kind = activity_kind(text_of(tuple, rel, "kind"));
	found->sex = text_of(tuple, rel, "sex")[0];
	found->first_day = ground_day_of_instant(DatumGetTimestampTz(heap_getattr(tuple, get_attnum(relid, "started_at"), desc, &isnull)));
	value = heap_getattr(tuple, get_attnum(relid, "ended_at"), desc, &isnull);
	found->ended = !isnull;
	if (found->ended)
		found->last_day = ground_day_of_instant(DatumGetTimestampTz(value));
	found->patient = text_of(tuple, rel, "patient_code");
	found->payer = text_of(tuple, rel, "payer");
	found->diagnosis = text_of(tuple, rel, "diagnosis_code");
	found->price_class = text_of(tuple, rel, "price_class");
}

/* Reads the row of an encounter; false if there is none. */
static bool
find_encounter(const char *encounter, int length, void (*take)(HeapTuple, Relation, void *), void *context)
{
	Oid relid = ground_relation("encounter");
	Relation rel = table_open(relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	bool found;

	ScanKeyInit(&key, get_attnum(relid, "code"), BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(encounter, length)));
	scan = systable_beginscan(rel, ground_relation("encounter_pkey"), true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
		take(tuple, rel, context);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

static void
take_encounter(HeapTuple tuple, Relation rel, void *context)
{
	read_encounter(tuple, rel, context);
}

bool
activity_encounter(const char *encounter, int length, ActivityEncounter *found)
{
	return find_encounter(encounter, length, take_encounter, found);
}

static void
take_price_class(HeapTuple tuple, Relation rel, void *context)
{
	*(char **) context = text_of(tuple, rel, "price_class");
}

char *
activity_price_class(const char *encounter, int length)
{
	char *result = NULL;

	(void) find_encounter(encounter, length, take_price_class, &result);
	return result;
}

int
activity_encounters_of(const char *patient, char ***encounters)
{
	Oid relid = ground_relation("encounter");
	Relation rel = table_open(relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	int count = 0;
	int room = 8;

	*encounters = palloc(room * sizeof(char *));
	ScanKeyInit(&key, get_attnum(relid, "patient_code"), BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(patient));
	scan = systable_beginscan(rel, ground_relation("encounter_patient_idx"), true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (count == room)
			*encounters = repalloc(*encounters, (room *= 2) * sizeof(char *));
		(*encounters)[count++] = text_of(tuple, rel, "code");
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return count;
}
