/*
 * posting_key.c
 *		Source keys claimed by SPI, because only the executor waits for another session's insertion; keys set aside by plain appending.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "store/ground.h"
#include "store/ground_user.h"
#include "store/posting_key.h"

static SPIPlanPtr plans[2];
static const char *const commands[2] = {
	"INSERT INTO hospital_cost._posted_key (source_id, source_key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
	"SELECT 1 FROM hospital_cost._posted_key k WHERE k.source_id OPERATOR(pg_catalog.=) $1 AND k.source_key OPERATOR(pg_catalog.=) $2 FOR UPDATE",
};

/* Runs one of the two commands; returns how many rows it met. */
static uint64
run_command(int which, Datum *values)
{
	static Oid types[2] = {INT2OID, TEXTOID};

	if (plans[which] == NULL || !SPI_plan_is_valid(plans[which]))
	{
		SPIPlanPtr plan = SPI_prepare(commands[which], 2, types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare the claim of a source key");
		if (plans[which] != NULL)
			SPI_freeplan(plans[which]);
		plans[which] = plan;
	}
	if (SPI_execute_plan(plans[which], values, NULL, false, 0) < 0)
		elog(ERROR, "could not claim a source key");
	return SPI_processed;
}

bool
posting_key_claim(int16 source_id, const char *source_key)
{
	Datum values[2] = {Int16GetDatum(source_id), CStringGetTextDatum(source_key)};
	Relation rel = table_open(ground_relation("_posted_key"), RowExclusiveLock);
	GroundUser self;
	bool fresh;

	/* The writer of a hospital table has no right on our tables; their owner claims in his stead. */
	ground_become_owner(rel->rd_rel->relowner, &self);
	ground_plan_by_index();
	SPI_connect();
	fresh = run_command(0, values) > 0;
	if (!fresh)
		(void) run_command(1, values);
	SPI_finish();
	ground_become_self(&self);
	table_close(rel, NoLock);
	return fresh;
}

Appender *
posting_key_queue(int64 expected)
{
	static const char *const columns[] = {"source_id", "source_key", "encounter_code"};
	Appender *queue = append_begin("_pending", (int) Min(Max(expected, 1), 1000), expected, NULL);

	append_check_columns(queue, columns, lengthof(columns));
	return queue;
}

void
posting_key_put(Appender *queue, int16 source_id, const ChargeRow *row)
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
}
