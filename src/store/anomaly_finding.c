/*
 * anomaly_finding.c
 *		Findings of an encounter by their index, and changes to them as the owner of the inbox.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/anomaly_finding.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/ground_user.h"

/* First key of the advisory locks of encounters whose findings are being written; the second is the encounter's hash. */
#define FINDING_LOCK_CLASS 18507

/* Attribute numbers by position, proved by append_check_columns when findings are written. */
#define A_FINDING_ID 1
#define A_CODE 3
#define A_RULE_VERSION 4
#define A_ENTRY_ID 8
#define A_ENCOUNTER_CODE 11
#define A_OBSERVED 15
#define A_EXCESS_QUANTITY 16
#define A_AMOUNT_AT_RISK 17
#define A_STATE 18
#define A_KNOWLEDGE_ID 24
#define A_SUBJECT 25

static Datum
attribute(HeapTuple tuple, TupleDesc desc, int attno)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attno, desc, &isnull);

	return isnull ? (Datum) 0 : value;
}

static int64
number_of(HeapTuple tuple, TupleDesc desc, int attno, int scale)
{
	Datum number = attribute(tuple, desc, attno);
	int64 value = 0;
	bool rounded;

	if (number != (Datum) 0)
		(void) decimal_from_numeric(number, scale, &value, &rounded);
	return value;
}

static RecordedFinding
read_finding(HeapTuple tuple, TupleDesc desc)
{
	char *state = TextDatumGetCString(attribute(tuple, desc, A_STATE));
	Datum observed = attribute(tuple, desc, A_OBSERVED);

	return (RecordedFinding) {
		.finding_id = DatumGetInt64(attribute(tuple, desc, A_FINDING_ID)),
		.code = TextDatumGetCString(attribute(tuple, desc, A_CODE)),
		.version = DatumGetInt32(attribute(tuple, desc, A_RULE_VERSION)),
		.knowledge_id = DatumGetInt32(attribute(tuple, desc, A_KNOWLEDGE_ID)),
		.entry_id = DatumGetInt64(attribute(tuple, desc, A_ENTRY_ID)),
		.excess_quantity = number_of(tuple, desc, A_EXCESS_QUANTITY, QUANTITY_SCALE),
		.amount_at_risk = number_of(tuple, desc, A_AMOUNT_AT_RISK, AMOUNT_SCALE),
		.observed = observed == (Datum) 0 ? NULL : TextDatumGetCString(observed),
		.open = strcmp(state, "open") == 0,
		.resolved = strcmp(state, "resolved") == 0,
	};
}

int
anomaly_recorded(Piece encounter, RecordedFinding **recorded)
{
	Relation rel = table_open(ground_relation("_finding"), AccessShareLock);
	TupleDesc desc = RelationGetDescr(rel);
	SnapshotData dirty;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	int count = 0;
	int room = 0;

	*recorded = NULL;
	ScanKeyInit(&key, A_ENCOUNTER_CODE, BTEqualStrategyNumber, F_TEXTEQ, PointerGetDatum(cstring_to_text_with_len(encounter.text, encounter.length)));
	InitDirtySnapshot(dirty);
	scan = systable_beginscan(rel, ground_relation("finding_encounter_idx"), true, &dirty, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		/* What a batch rule found of a subject is that rule's business. */
		if (attribute(tuple, desc, A_SUBJECT) != (Datum) 0 || attribute(tuple, desc, A_ENTRY_ID) == (Datum) 0)
			continue;
		if (count == room)
		{
			room = Max(16, room * 2);
			*recorded = *recorded == NULL ? palloc(room * sizeof(RecordedFinding)) : repalloc(*recorded, room * sizeof(RecordedFinding));
		}
		(*recorded)[count++] = read_finding(tuple, desc);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return count;
}

bool
anomaly_has_open(Piece encounter)
{
	RecordedFinding *recorded;
	int count = anomaly_recorded(encounter, &recorded);

	for (int i = 0; i < count; i++)
		if (recorded[i].open)
			return true;
	return false;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

char **
anomaly_open_encounters(int *count)
{
	Relation rel = table_open(ground_relation("_finding"), AccessShareLock);
	TupleDesc desc = RelationGetDescr(rel);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	int room = 64, all = 0;
	char **encounters = palloc(room * sizeof(char *));
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Datum encounter = attribute(tuple, desc, A_ENCOUNTER_CODE);

		CHECK_FOR_INTERRUPTS();
		if (encounter == (Datum) 0 || attribute(tuple, desc, A_RULE_VERSION) == (Datum) 0 || attribute(tuple, desc, A_SUBJECT) != (Datum) 0 ||
			strcmp(TextDatumGetCString(attribute(tuple, desc, A_STATE)), "open") != 0)
			continue;
		if (all == room)
			encounters = repalloc_huge(encounters, (room *= 2) * sizeof(char *));
		encounters[all++] = TextDatumGetCString(encounter);
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	qsort(encounters, all, sizeof(char *), by_bytes);
	*count = 0;
	for (int i = 0; i < all; i++)
		if (*count == 0 || strcmp(encounters[*count - 1], encounters[i]) != 0)
			encounters[(*count)++] = encounters[i];
	return encounters;
}

/* Runs a statement as the owner of the inbox: the writer of a hospital table has no right on it. */
static void
run_as_owner(const char *sql, int count, Oid *types, Datum *values, const char *nulls)
{
	GroundUser self;
	Relation rel = table_open(ground_relation("_finding"), RowExclusiveLock);

	ground_become_owner(rel->rd_rel->relowner, &self);
	ground_plan_by_index();
	SPI_connect();
	if (SPI_execute_snapshot(SPI_prepare(sql, count, types), values, nulls, GetLatestSnapshot(), InvalidSnapshot, false, true, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not change findings");
	SPI_finish();
	ground_become_self(&self);
	table_close(rel, NoLock);
}

void
anomaly_close(const int64 *finding_ids, int count)
{
	Oid types[1] = {INT8ARRAYOID};
	Datum *elements = palloc(Max(count, 1) * sizeof(Datum));
	Datum values[1];

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(finding_ids[i]);
	values[0] = PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	run_as_owner("UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = pg_catalog.now(), closed_by = SESSION_USER, "
				 "note = 'the cause is gone' FROM (SELECT g.finding_id FROM hospital_cost._finding g "
				 "WHERE g.finding_id OPERATOR(pg_catalog.=) ANY ($1) AND g.state OPERATOR(pg_catalog.=) 'open' FOR UPDATE SKIP LOCKED) o "
				 "WHERE f.finding_id OPERATOR(pg_catalog.=) o.finding_id", 1, types, values, NULL);
}

void
anomaly_update(int64 finding_id, const Finding *finding)
{
	Oid types[6] = {INT8OID, TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, INT8OID};
	Datum values[6] = {Int64GetDatum(finding_id), CStringGetTextDatum(finding->observed == NULL ? "" : finding->observed),
		CStringGetTextDatum(finding->expected == NULL ? "" : finding->expected), decimal_to_numeric(finding->excess_quantity, QUANTITY_SCALE),
		decimal_to_numeric(finding->amount_at_risk, AMOUNT_SCALE), Int64GetDatum(finding->related_entry_id)};
	char nulls[6] = {' ', finding->observed == NULL ? 'n' : ' ', finding->expected == NULL ? 'n' : ' ', ' ', ' ',
		finding->related_entry_id == 0 ? 'n' : ' '};

	run_as_owner("UPDATE hospital_cost._finding f SET observed = $2, expected = $3, excess_quantity = $4, amount_at_risk = $5, related_entry_id = $6 "
				 "FROM (SELECT g.finding_id FROM hospital_cost._finding g WHERE g.finding_id OPERATOR(pg_catalog.=) $1 "
				 "AND g.state OPERATOR(pg_catalog.=) 'open' FOR UPDATE SKIP LOCKED) o WHERE f.finding_id OPERATOR(pg_catalog.=) o.finding_id",
				 6, types, values, nulls);
}

static void
lock_tag(Piece encounter, LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, FINDING_LOCK_CLASS, hash_bytes((const unsigned char *) encounter.text, encounter.length), 2);
}

void
anomaly_lock(Piece encounter)
{
	LOCKTAG tag;

	lock_tag(encounter, &tag);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

void
anomaly_unlock(Piece encounter)
{
	LOCKTAG tag;

	lock_tag(encounter, &tag);
	(void) LockRelease(&tag, ExclusiveLock, false);
}
