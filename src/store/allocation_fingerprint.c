/*
 * allocation_fingerprint.c
 *		SHA-256 over the inputs of a run.
 *
 * The two large inputs are read in order of their keys, which is the order of their lines unless a code has characters below the quotation mark
 * or such that JSON escapes. A line out of order is seen, and then all lines are sorted by the server. Nothing is held in memory either way.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "store/allocation_fingerprint.h"
#include "store/allocation_read.h"
#include "store/compat.h"

#define ROWS_AT_A_TIME 1000

typedef struct Digest
{
	pg_cryptohash_ctx *hash;
	StringInfoData line[2]; /* the one at hand, and the one before */
	int at;
	int64 lines;
	bool ordered;
	MemoryContext row; /* for what a line is made of */
} Digest;

static void
digest_bytes(Digest *digest, const char *bytes, int length)
{
	if (pg_cryptohash_update(digest->hash, (const uint8 *) bytes, length) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(digest->hash));
}

/* The line that is to be filled; it begins empty. */
static StringInfo
begin_line(Digest *digest)
{
	resetStringInfo(&digest->line[digest->at]);
	return &digest->line[digest->at];
}

static void
end_line(Digest *digest)
{
	StringInfo line = &digest->line[digest->at];
	StringInfo before = &digest->line[1 - digest->at];
	int order = memcmp(before->data, line->data, Min(before->len, line->len));
	char *converted = pg_server_to_any(line->data, line->len, PG_UTF8);

	if (digest->lines > 0)
	{
		digest->ordered = digest->ordered && (order < 0 || (order == 0 && before->len <= line->len));
		digest_bytes(digest, "\n", 1);
	}
	digest_bytes(digest, converted, converted == line->data ? line->len : (int) strlen(converted));
	digest->lines++;
	digest->at = 1 - digest->at;
}

/* A text as a string of JSON. Hardly one has anything to escape. */
static void
append_text(StringInfo line, const RunRows *rows, int column)
{
	text *value;
	const char *bytes;
	int length;

	if (rows->nulls[column])
	{
		appendBinaryStringInfo(line, ", null", 6);
		return;
	}
	value = DatumGetTextPP(rows->values[column]);
	bytes = VARDATA_ANY(value);
	length = VARSIZE_ANY_EXHDR(value);
	appendBinaryStringInfo(line, ", ", 2);
	for (int i = 0; i < length; i++)
		if ((unsigned char) bytes[i] < ' ' || bytes[i] == '"' || bytes[i] == '\\')
		{
			escape_json(line, run_text_string(rows->values[column]));
			return;
		}
	appendStringInfoChar(line, '"');
	appendBinaryStringInfo(line, bytes, length);
	appendStringInfoChar(line, '"');
}

/* The lines of one large input: its kind, its texts, its number. */
static void
digest_rows(Digest *digest, RunRows *rows, const char *kind, int texts)
{
	while (run_rows_next(rows))
	{
		StringInfo line = begin_line(digest);
		MemoryContext old = MemoryContextSwitchTo(digest->row);

		appendStringInfoString(line, "[\"");
		appendStringInfoString(line, kind);
		appendStringInfoChar(line, '"');
		for (int column = 1; column <= texts; column++)
			append_text(line, rows, column);
		appendStringInfoString(line, ", ");
		appendStringInfoString(line, rows->nulls[texts + 1] ? "null" :
							   DatumGetCString(DirectFunctionCall1(numeric_out, rows->values[texts + 1])));
		appendStringInfoChar(line, ']');
		end_line(digest);
		MemoryContextSwitchTo(old);
		MemoryContextReset(digest->row);
	}
	run_rows_end(rows);
}

static void
digest_large_inputs(Digest *digest, int run_id)
{
	digest_rows(digest, run_direct_begin(run_id), "direct", RUN_DIRECT_CLASS);
	digest_rows(digest, run_driver_begin(run_id), "driver", RUN_DRIVER_RECEIVER);
}

/* The lines a query gives in order; with "large" the large inputs go where they belong among them. */
static void
digest_query(Digest *digest, int run_id, const char *sql, bool large)
{
	Oid type = INT4OID;
	Datum value = Int32GetDatum(run_id);
	Portal portal = SPI_cursor_open_with_args(NULL, sql, 1, &type, &value, NULL, true, CURSOR_OPT_NO_SCROLL);

	do
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_A_TIME);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			char *text = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

			if (large && strcmp(text, "[\"direct\"") > 0)
			{
				digest_large_inputs(digest, run_id);
				large = false;
			}
			appendStringInfoString(begin_line(digest), text);
			end_line(digest);
			pfree(text);
		}
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	if (large)
		digest_large_inputs(digest, run_id);
	SPI_cursor_close(portal);
}

static void
begin_digest(Digest *digest)
{
	digest->lines = 0;
	digest->ordered = true;
	if (digest->hash == NULL)
		digest->hash = pg_cryptohash_create(PG_SHA256);
	if (digest->hash == NULL || pg_cryptohash_init(digest->hash) < 0)
		elog(ERROR, "could not begin SHA-256");
}

char *
run_fingerprint(int run_id)
{
	Digest digest = {0};
	uint8 result[PG_SHA256_DIGEST_LENGTH];
	char *digits = palloc0(2 * PG_SHA256_DIGEST_LENGTH + 1);

	digest.row = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost input", ALLOCSET_SMALL_SIZES);
	initStringInfo(&digest.line[0]);
	initStringInfo(&digest.line[1]);
	begin_digest(&digest);
	SPI_connect();
	digest_query(&digest, run_id, "SELECT i FROM hospital_cost._run_input_small($1) i ORDER BY i COLLATE \"C\"", true);
	if (!digest.ordered)
	{
		begin_digest(&digest);
		digest_query(&digest, run_id, "SELECT i FROM hospital_cost._run_input($1) i ORDER BY i COLLATE \"C\"", false);
	}
	SPI_finish();
	if (pg_cryptohash_final(digest.hash, result, sizeof(result)) < 0)
		elog(ERROR, "could not finish SHA-256: %s", pg_cryptohash_error(digest.hash));
	pg_cryptohash_free(digest.hash);
	for (int i = 0; i < lengthof(result); i++)
		snprintf(digits + 2 * i, 3, "%02x", result[i]);
	return digest.lines == 0 ? NULL : digits;
}
