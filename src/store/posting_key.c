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

/* A key and the row it is of. */
typedef struct KeyPlace
{
	const char *key;
	int row;
} KeyPlace;

static int
by_key(const void *a, const void *b)
{
	const KeyPlace *x = a;
	const KeyPlace *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : x->row - y->row;
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

/* Claims keys that ascend, each once. What comes out of it are those that nobody had, in the same order. Leaves SPI open. */
static int
claim_ascending(int16 source_id, Datum *keys, int count, GroundUser *self, Relation *rel)
{
	Datum values[2] = {Int16GetDatum(source_id), PointerGetDatum(construct_array(keys, count, TEXTOID, -1, false, TYPALIGN_INT))};

	run_as_owner("INSERT INTO hospital_cost._posted_key (source_id, source_key) SELECT $1, k.key FROM pg_catalog.unnest($2) AS k (key) "
				 "ON CONFLICT DO NOTHING RETURNING source_key", TEXTARRAYOID, 2, values, self, rel);
	return (int) SPI_processed;
}

void
posting_key_claim(int16 source_id, char **keys, int count, bool *fresh)
{
	KeyPlace *places = palloc(Max(count, 1) * sizeof(KeyPlace));
	Datum *distinct = palloc(Max(count, 1) * sizeof(Datum));
	int distinct_count = 0, claimed_count, claimed = 0;
	const char *last = NULL;
	GroundUser self;
	Relation rel;

	for (int i = 0; i < count; i++)
		places[i] = (KeyPlace) {keys[i], i};
	/* In key order, so that two statements with the same keys do not wait for each other crosswise. */
	qsort(places, count, sizeof(KeyPlace), by_key);
	for (int i = 0; i < count; i++)
	{
		fresh[places[i].row] = last == NULL || strcmp(last, places[i].key) != 0;
		last = places[i].key;
		if (fresh[places[i].row])
			distinct[distinct_count++] = CStringGetTextDatum(last);
	}
	claimed_count = claim_ascending(source_id, distinct, distinct_count, &self, &rel);
	/* Most often all of them: then no key need be looked at. */
	for (int i = 0; i < count && claimed_count < distinct_count; i++)
	{
		bool *mine = &fresh[places[i].row];

		*mine = *mine && claimed < claimed_count &&
			strcmp(places[i].key, SPI_getvalue(SPI_tuptable->vals[claimed], SPI_tuptable->tupdesc, 1)) == 0;
		claimed += *mine;
	}
	back_to_self(&self, rel);
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
