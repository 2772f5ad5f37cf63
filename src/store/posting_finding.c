/*
 * posting_finding.c
 *		Writing and closing findings.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/append.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/ground_user.h"
#include "store/posting_finding.h"

#define FINDING_BATCH 500

/* Attribute numbers by position, proved by append_check_columns. */
#define A_FINDING_ID 1
#define A_CODE 3
#define A_SEVERITY 5
#define A_SOURCE_ID 6
#define A_SOURCE_KEY 7
#define A_RELATED_ENTRY_ID 9
#define A_STATE 18

struct FindingWriter
{
	Appender *appender;
	Oid sequence;
	MemoryContext context;
};

static const char *const columns[] = {"finding_id", "class", "code", "rule_version", "severity", "source_id", "source_key",
	"entry_id", "related_entry_id", "period", "encounter_code", "item_code", "field", "expected", "observed",
	"excess_quantity", "amount_at_risk", "state", "found_at", "deadline", "closed_at", "closed_by", "note",
	"knowledge_id", "subject", "subject_code", "fact", "evidence"};

FindingWriter *
finding_begin(void)
{
	FindingWriter *writer = palloc0(sizeof(FindingWriter));

	writer->context = CurrentMemoryContext;
	return writer;
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static Datum
piece_or_null(Piece piece, bool *isnull)
{
	*isnull = piece.text == NULL;
	return piece.text == NULL ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(piece.text, piece.length));
}

void
finding_add(FindingWriter *writer, const Finding *finding)
{
	const ChargeRow *row = finding->row;
	Datum *v;
	bool *n;

	if (writer->appender == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->context);

		writer->sequence = ground_relation("finding_seq");
		writer->appender = append_begin("_finding", FINDING_BATCH, 0, NULL);
		append_check_columns(writer->appender, columns, lengthof(columns));
		MemoryContextSwitchTo(old);
	}
	append_slot(writer->appender, &v, &n);
	v[0] = Int64GetDatum(append_next_id(writer->sequence));
	v[1] = CStringGetTextDatum(finding->class);
	v[2] = CStringGetTextDatum(finding->code);
	v[3] = Int32GetDatum(finding->rule_version);
	n[3] = finding->rule_version == 0;
	v[4] = CStringGetTextDatum(finding->severity);
	v[5] = Int16GetDatum(finding->source_id);
	v[6] = CStringGetTextDatum(posting_key_text(row));
	v[7] = Int64GetDatum(row->entry_id);
	n[7] = row->entry_id == 0;
	v[8] = Int64GetDatum(finding->related_entry_id);
	n[8] = finding->related_entry_id == 0;
	v[9] = DateADTGetDatum(row->period);
	n[9] = row->period == PERIOD_UNKNOWN;
	v[10] = piece_or_null(row->field[FIELD_ENCOUNTER], &n[10]);
	v[11] = piece_or_null(row->field[FIELD_ITEM], &n[11]);
	v[12] = text_or_null(finding->field, &n[12]);
	v[13] = text_or_null(finding->expected, &n[13]);
	v[14] = text_or_null(finding->observed, &n[14]);
	n[15] = n[16] = !finding->has_excess;
	if (finding->has_excess)
	{
		v[15] = decimal_to_numeric(finding->excess_quantity, QUANTITY_SCALE);
		v[16] = decimal_to_numeric(finding->amount_at_risk, AMOUNT_SCALE);
	}
	v[17] = CStringGetTextDatum("open");
	v[18] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	v[19] = TimestampTzGetDatum(finding->deadline);
	n[19] = finding->deadline == 0;
	for (int i = 20; i < lengthof(columns); i++)
		n[i] = true;
	v[23] = Int32GetDatum(finding->knowledge_id);
	n[23] = finding->knowledge_id == 0;
	n[27] = finding->evidence == NULL;
	if (!n[27])
		v[27] = DirectFunctionCall1(jsonb_in, CStringGetDatum(finding->evidence));
}

void
finding_flush(FindingWriter *writer)
{
	if (writer->appender != NULL)
		append_flush(writer->appender, NULL);
}

void
finding_end(FindingWriter *writer)
{
	if (writer->appender != NULL)
		append_end(writer->appender);
	pfree(writer);
}

/* Adds the ids of the open findings an index scan with these keys meets to "ids"; with "code", only of that one, or of the severity "blocking". */
static ArrayBuildState *
open_findings(ArrayBuildState *ids, const char *index, ScanKeyData *keys, int nkeys, const char *code)
{
	Relation rel = table_open(ground_relation("_finding"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, ground_relation(index), true, SnapshotSelf, nkeys, keys);
	TupleDesc desc = RelationGetDescr(rel);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;

		if (strcmp(TextDatumGetCString(heap_getattr(tuple, A_STATE, desc, &isnull)), "open") == 0 &&
			(code == NULL || strcmp(TextDatumGetCString(heap_getattr(tuple, A_CODE, desc, &isnull)), code) == 0 ||
			 strcmp(TextDatumGetCString(heap_getattr(tuple, A_SEVERITY, desc, &isnull)), code) == 0))
			ids = accumArrayResult(ids, heap_getattr(tuple, A_FINDING_ID, desc, &isnull), false, INT8OID, CurrentMemoryContext);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return ids;
}

static ArrayBuildState *
findings_of_key(int16 source_id, const char *source_key, const char *code)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], A_SOURCE_ID, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(source_id));
	ScanKeyInit(&keys[1], A_SOURCE_KEY, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(source_key));
	return open_findings(NULL, "finding_source_idx", keys, 2, code);
}

bool
finding_is_open(int16 source_id, const char *source_key, const char *code)
{
	return findings_of_key(source_id, source_key, code) != NULL;
}

/* Closes open findings, but those of the code "except" (NULL: all). */
static void
close_findings(ArrayBuildState *ids, const char *except)
{
	Oid types[2] = {INT8ARRAYOID, TEXTOID};
	Datum values[2];
	GroundUser self;
	Relation rel;

	if (ids == NULL)
		return;
	values[0] = makeArrayResult(ids, CurrentMemoryContext);
	values[1] = CStringGetTextDatum(except == NULL ? "" : except);

	/* The writer of a hospital table has no right on the inbox; its owner closes the finding in his stead. */
	rel = table_open(ground_relation("_finding"), RowExclusiveLock);
	ground_become_owner(rel->rd_rel->relowner, &self);
	ground_plan_by_index();
	SPI_connect();
	/* A latest snapshot, as the search above had: post_pending may have written the finding after a REPEATABLE READ transaction began. */
	if (SPI_execute_snapshot(SPI_prepare(
			"UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = pg_catalog.now(), closed_by = SESSION_USER, "
			"note = 'the source row changed' WHERE f.finding_id OPERATOR(pg_catalog.=) ANY ($1) AND f.state OPERATOR(pg_catalog.=) 'open' "
			"AND f.code OPERATOR(pg_catalog.<>) $2", 2, types), values, NULL, GetLatestSnapshot(), InvalidSnapshot, false, true, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not close findings");
	SPI_finish();
	ground_become_self(&self);
	table_close(rel, NoLock);
}

void
finding_resolve(int16 source_id, const char *source_key, int64 entry_id, bool keep_refunds)
{
	ArrayBuildState *ids = findings_of_key(source_id, source_key, NULL);
	ScanKeyData key;

	ScanKeyInit(&key, A_RELATED_ENTRY_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(entry_id));
	if (entry_id != 0)
		ids = open_findings(ids, "finding_related_idx", &key, 1, NULL);
	close_findings(ids, keep_refunds ? issue_name(ISSUE_BELOW_REFUNDS) : NULL);
}

void
finding_resolve_code(int16 source_id, const char *source_key, const char *code)
{
	close_findings(findings_of_key(source_id, source_key, code), NULL);
}
