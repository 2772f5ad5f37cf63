/*
 * posting_pending.c
 *		The hospital's rows read for the proof, and rows that the triggers did not post handed to the same code.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "entry/posting_poster.h"
#include "entry/sql.h"
#include "store/posting_read.h"

SQL_FUNCTION(hc_read_source);

/*
 * _read_source(relation, query) and others of its kind: the rows of a query over an attached table, read as its owner. With a third argument, an
 * array of keys that is $1 of the query, the rows may be locked.
 */
Datum
hc_read_source(PG_FUNCTION_ARGS)
{
	Relation rel = table_open(PG_GETARG_OID(0), PG_NARGS() > 2 ? RowShareLock : AccessShareLock);
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	source_read(rel, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_NARGS() > 2 ? PG_GETARG_DATUM(2) : (Datum) 0, result->setDesc, result->setResult);
	table_close(rel, NoLock);
	return (Datum) 0;
}

/* The strings of a text array; nulls become NULL. */
static char **
array_strings(ArrayType *array, int *count)
{
	Datum *elements;
	bool *nulls;
	char **strings;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	strings = palloc(Max(*count, 1) * sizeof(char *));
	for (int i = 0; i < *count; i++)
		strings[i] = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
	return strings;
}

static void
put_outcome(ReturnSetInfo *result, const char *name, int64 count)
{
	Datum values[2] = {CStringGetTextDatum(name), Int64GetDatum(count)};
	bool nulls[2] = {false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

SQL_FUNCTION(hc_post_rows);

/*
 * _post_rows(relation, query, keys, versions, correct): posts the whole rows a query over $1 = keys returns; keys ascend by their bytes, versions are the
 * highest each ever had, 0 for none. Returns (outcome, row_count).
 */
Datum
hc_post_rows(PG_FUNCTION_ARGS)
{
	Relation rel = table_open(PG_GETARG_OID(0), RowShareLock);
	ArrayType *versions = PG_GETARG_ARRAYTYPE_P(3);
	Tuplestorestate *store = tuplestore_begin_heap(true, false, work_mem);
	ReturnSetInfo *result;
	PendingKeys pending;
	PostingOutcome outcome = {0};

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	pending.keys = array_strings(PG_GETARG_ARRAYTYPE_P(2), &pending.count);
	pending.versions = (int16 *) ARR_DATA_PTR(versions);
	pending.correct = PG_GETARG_BOOL(4);
	if (ARR_ELEMTYPE(versions) != INT2OID || ARR_HASNULL(versions) ||
		ArrayGetNItems(ARR_NDIM(versions), ARR_DIMS(versions)) != pending.count)
		elog(ERROR, "every pending key needs its version");
	source_read(rel, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_DATUM(2), NULL, store);
	if (tuplestore_tuple_count(store) > 0)
		posting_statement(poster_attachment(rel), RelationGetDescr(rel), NULL, store, true, &pending, &outcome);
	tuplestore_end(store);
	table_close(rel, NoLock);
	put_outcome(result, "posted", outcome.posted);
	put_outcome(result, "exists", outcome.exists);
	put_outcome(result, "refused", outcome.refused);
	for (ChargeField field = 0; field < FIELD_COUNT; field++)
		if (outcome.different[field] > 0)
			put_outcome(result, psprintf("exists_with_different_%s", posting_field_name(field)), outcome.different[field]);
	return (Datum) 0;
}

static void
set_key(const Attachment *attachment, const char *name, ChargeRow *row)
{
	Piece key = {name, (int) strlen(name)};

	row->key = attachment->integer_key ? pg_strtoint64(name) : posting_text_key(key);
	row->key_text = attachment->integer_key ? (Piece) {"", 0} : key;
}

SQL_FUNCTION(hc_take_back);

/* _take_back(relation, keys, encounters): takes back the live entries of source keys whose change was refused when it was made, or whose row is gone. */
Datum
hc_take_back(PG_FUNCTION_ARGS)
{
	Relation rel = table_open(PG_GETARG_OID(0), RowShareLock);
	Attachment *attachment = poster_attachment(rel);
	Poster poster;
	int count, encounter_count;
	char **keys = array_strings(PG_GETARG_ARRAYTYPE_P(1), &count);
	char **encounters = array_strings(PG_GETARG_ARRAYTYPE_P(2), &encounter_count);

	poster_begin(&poster, attachment, count, LEDGER_BATCH);
	/* As pending rows: the issue that was written when the change was refused stays until it can be made. */
	poster.pending = &(PendingKeys) {0, NULL, NULL, false};
	poster.after_the_fact = true;
	poster.follows = true;
	for (int i = 0; i < count && poster.has_refunds; i++)
	{
		ChargeRow row = {0};

		set_key(attachment, keys[i], &row);
		poster_want_row(&poster, &row);
	}
	poster_lock(&poster);
	poster_open_books(&poster);
	for (int i = 0; i < count; i++)
	{
		ChargeRow row = {.period = PERIOD_UNKNOWN};
		int16 version;

		CHECK_FOR_INTERRUPTS();
		/* Where the entry is looked for first. */
		if (i < encounter_count && encounters[i] != NULL)
			row.field[FIELD_ENCOUNTER] = (Piece) {encounters[i], (int) strlen(encounters[i])};
		set_key(attachment, keys[i], &row);
		(void) poster_reverse(&poster, &row, &version);
		if (poster.queued >= LEDGER_BATCH)
			poster_flush(&poster);
	}
	poster_flush(&poster);
	poster_settle_lines(&poster);
	poster_end(&poster);
	table_close(rel, NoLock);
	PG_RETURN_INT64(poster.outcome.taken_back);
}
