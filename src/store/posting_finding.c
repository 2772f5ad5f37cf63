/*
 * posting_finding.c
 *		Writing and closing findings.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/append.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/posting_finding.h"

#define FINDING_BATCH 500

struct FindingWriter
{
	Appender *appender;
	MemoryContext context;
};

static const char *const columns[] = {"finding_id", "class", "code", "rule_version", "severity", "source_id", "source_key",
	"entry_id", "related_entry_id", "period", "encounter_code", "item_code", "field", "expected", "observed",
	"excess_quantity", "amount_at_risk", "state", "found_at", "deadline", "closed_at", "closed_by", "note"};

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

		writer->appender = append_begin("_finding", FINDING_BATCH, 0, false);
		append_check_columns(writer->appender, columns, lengthof(columns));
		MemoryContextSwitchTo(old);
	}
	append_slot(writer->appender, &v, &n);
	v[0] = Int64GetDatum(append_next_id("finding_seq"));
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
	n[20] = n[21] = n[22] = true;
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

void
finding_resolve(int16 source_id, const char *source_key, int64 entry_id)
{
	static SPIPlanPtr plan = NULL;
	Datum values[3];
	Oid user;
	int context;
	Relation rel = table_open(ground_relation("_finding"), RowExclusiveLock);

	/* The writer of a hospital table has no right on the inbox; its owner closes the finding in his stead. */
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	values[0] = Int16GetDatum(source_id);
	values[1] = CStringGetTextDatum(source_key);
	values[2] = Int64GetDatum(entry_id);
	if (plan == NULL || !SPI_plan_is_valid(plan))
	{
		Oid types[3] = {INT2OID, TEXTOID, INT8OID};
		SPIPlanPtr fresh = SPI_prepare(
			"UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = pg_catalog.now(), closed_by = SESSION_USER, "
			"note = 'the source row changed' WHERE f.state OPERATOR(pg_catalog.=) 'open' AND (f.source_id OPERATOR(pg_catalog.=) $1 "
			"AND f.source_key OPERATOR(pg_catalog.=) $2 OR f.related_entry_id OPERATOR(pg_catalog.=) $3)", 3, types);

		if (fresh == NULL || SPI_keepplan(fresh) != 0)
			elog(ERROR, "could not prepare the closing of findings");
		if (plan != NULL)
			SPI_freeplan(plan);
		plan = fresh;
	}
	if (SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not close findings");
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	table_close(rel, NoLock);
}
