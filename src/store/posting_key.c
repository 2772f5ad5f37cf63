/*
 * posting_key.c
 *		Source keys claimed by SPI, because only the executor waits for another session's insertion; keys set aside by plain appending.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "store/ground.h"
#include "store/ground_user.h"
#include "store/posting_key.h"

static int
by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Runs a command as the owner of our tables: the writer of a hospital table has no right on them. Leaves SPI open. */
static void
run_as_owner(const char *command, Oid type, int count, Datum *values, GroundUser *self, Relation *rel)
{
	Oid types[4] = {INT2OID, type, INT4OID, BOOLOID};

	*rel = table_open(ground_relation("_posted_key"), RowExclusiveLock);
	ground_become_owner((*rel)->rd_rel->relowner, self);
	ground_plan_by_index();
	SPI_connect();
	if (SPI_execute_with_args(command, count, types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not claim source keys");
}

static void
back_to_self(GroundUser *self, Relation rel)
{
	SPI_finish();
	ground_become_self(self);
	table_close(rel, NoLock);
}

void
posting_key_claim(int16 source_id, char **keys, int count, bool *fresh)
{
	Datum *texts = palloc(Max(count, 1) * sizeof(Datum));
	Datum values[2] = {Int16GetDatum(source_id), 0};
	MemoryContext caller = CurrentMemoryContext;
	GroundUser self;
	Relation rel;
	char **claimed;
	int claimed_count;
	bool *given;

	for (int i = 0; i < count; i++)
		texts[i] = CStringGetTextDatum(keys[i]);
	values[1] = PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
	/* In key order, so that two statements with the same keys do not wait for each other crosswise. */
	run_as_owner("INSERT INTO hospital_cost._posted_key (source_id, source_key) SELECT DISTINCT $1, k.key COLLATE pg_catalog.\"C\" "
				 "FROM pg_catalog.unnest($2) AS k (key) ORDER BY 2 ON CONFLICT DO NOTHING RETURNING source_key",
				 TEXTARRAYOID, 2, values, &self, &rel);
	claimed_count = (int) SPI_processed;
	claimed = MemoryContextAlloc(caller, Max(claimed_count, 1) * sizeof(char *));
	for (int i = 0; i < claimed_count; i++)
		claimed[i] = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	back_to_self(&self, rel);
	qsort(claimed, claimed_count, sizeof(char *), by_string);
	given = palloc0(Max(claimed_count, 1) * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		char **place = bsearch(&keys[i], claimed, claimed_count, sizeof(char *), by_string);

		fresh[i] = place != NULL && !given[place - claimed];
		if (fresh[i])
			given[place - claimed] = true;
	}
}

int
posting_key_lock(int16 source_id, const char *source_key)
{
	Datum values[2] = {Int16GetDatum(source_id), CStringGetTextDatum(source_key)};
	GroundUser self;
	Relation rel;
	bool isnull;
	int rows;

	run_as_owner("SELECT k.rows FROM hospital_cost._posted_key k WHERE k.source_id OPERATOR(pg_catalog.=) $1 "
				 "AND k.source_key OPERATOR(pg_catalog.=) $2 FOR UPDATE", TEXTOID, 2, values, &self, &rel);
	rows = SPI_processed == 0 ? 0 : DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	back_to_self(&self, rel);
	return rows;
}

int
posting_key_count(int16 source_id, const char *source_key, int change, bool anew)
{
	Datum values[4] = {Int16GetDatum(source_id), CStringGetTextDatum(source_key), Int32GetDatum(change), BoolGetDatum(anew)};
	GroundUser self;
	Relation rel;
	bool isnull;
	int rows;

	run_as_owner("UPDATE hospital_cost._posted_key k SET rows = CASE WHEN $4 THEN 1 ELSE GREATEST(k.rows OPERATOR(pg_catalog.+) $3, 0) END "
				 "WHERE k.source_id OPERATOR(pg_catalog.=) $1 AND k.source_key OPERATOR(pg_catalog.=) $2 RETURNING k.rows",
				 TEXTOID, 4, values, &self, &rel);
	rows = SPI_processed == 0 ? 0 : DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	back_to_self(&self, rel);
	return rows;
}

Appender *
posting_key_queue(int64 expected)
{
	static const char *const columns[] = {"source_id", "source_key", "encounter_code", "is_old"};
	Appender *queue = append_begin("_pending", (int) Min(Max(expected, 1), 1000), expected, NULL);

	append_check_columns(queue, columns, lengthof(columns));
	return queue;
}

void
posting_key_put(Appender *queue, int16 source_id, const ChargeRow *row, bool is_old)
{
	Piece encounter = row->field[FIELD_ENCOUNTER];
	Datum *v;
	bool *nulls;

	append_slot(queue, &v, &nulls);
	v[0] = Int16GetDatum(source_id);
	v[1] = CStringGetTextDatum(posting_key_text(row));
	nulls[2] = encounter.text == NULL;
	if (encounter.text != NULL)
		v[2] = PointerGetDatum(cstring_to_text_with_len(encounter.text, encounter.length));
	v[3] = BoolGetDatum(is_old);
}
