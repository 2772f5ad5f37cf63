/*
 * costing_part.c
 *		What the parts of a costing were computed from, and which of them are to be computed again.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/compat.h"
#include "store/costing_digest.h"
#include "store/costing_part.h"

typedef enum PartFact
{
	FACT_ACTIVITY,
	FACT_CHARGES,
	FACT_TERMS,
	PART_FACTS
} PartFact;

static const char *const fact_names[PART_FACTS] = {"activity", "charges", "terms"};

typedef struct Part
{
	uint8 fact[PART_FACTS][COSTING_DIGEST];
	bool empty;		 /* no pool, so no cells whatever happens */
	bool kept;		 /* was computed before */
	bool differs[PART_FACTS];
} Part;

struct CostingParts
{
	const CostingRun *run;
	CostingDigest **stream; /* [departments * FACT_TERMS], NULL: nothing noted */
	Part *part;		 /* [departments * COSTING_GROUPS] */
	bool *due;
};

CostingParts *
costing_parts_begin(const CostingRun *run)
{
	CostingParts *parts = palloc0(sizeof(CostingParts));
	Size n = (Size) run->departments * COSTING_GROUPS;

	parts->run = run;
	parts->stream = palloc0((Size) run->departments * FACT_TERMS * sizeof(CostingDigest *));
	parts->part = palloc_extended(n * sizeof(Part), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	parts->due = palloc0(n * sizeof(bool));
	return parts;
}

/* The encounter, as far as cells depend on it, goes before its numbers. */
static CostingDigest *
put_encounter(CostingParts *parts, int department, PartFact fact, const CostingEncounter *encounter)
{
	CostingDigest **stream = &parts->stream[department * FACT_TERMS + fact];
	uint8 standing = (encounter->known ? 1 : 0) | (encounter->in_progress ? 2 : 0);

	if (*stream == NULL)
		*stream = costing_digest_begin();
	costing_digest_number(*stream, encounter->length);
	costing_digest_bytes(*stream, encounter->code, encounter->length);
	costing_digest_bytes(*stream, &standing, 1);
	return *stream;
}

void
costing_parts_note(CostingParts *parts, const CostingEncounter *encounter, const CostingUse *use, int64 weight)
{
	CostingDigest *stream;

	if (weight != 0)
		costing_digest_number(put_encounter(parts, use->department, FACT_ACTIVITY, encounter), weight);
	if (use->drugs == 0 && use->materials == 0)
		return;
	stream = put_encounter(parts, use->department, FACT_CHARGES, encounter);
	costing_digest_number(stream, use->drugs);
	costing_digest_number(stream, use->materials);
}

static void
digest_terms(const CostingRun *run, const CostingDepartment *department, int group, uint8 digest[COSTING_DIGEST])
{
	CostingDigest *stream = costing_digest_begin();

	costing_digest_number(stream, run->service_units);
	costing_digest_number(stream, department->excluded);
	costing_digest_number(stream, department->basis);
	costing_digest_number(stream, department->loaded);
	costing_digest_number(stream, department->capacity);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		costing_digest_number(stream, department->pool[group * COMPONENT_COUNT + c]);
	costing_digest_end(stream, digest);
}

static bool
has_pool(const CostingDepartment *department, int group)
{
	for (int c = 0; c < COMPONENT_COUNT; c++)
		if (department->pool[group * COMPONENT_COUNT + c] != 0)
			return true;
	return false;
}

static void
digest_department(CostingParts *parts, int d)
{
	const CostingDepartment *department = &parts->run->department[d];
	uint8 noted[FACT_TERMS][COSTING_DIGEST];

	for (int fact = 0; fact < FACT_TERMS; fact++)
		costing_digest_end(parts->stream[d * FACT_TERMS + fact], noted[fact]);
	for (int group = 0; group < COSTING_GROUPS; group++)
	{
		Part *part = &parts->part[COSTING_PART(d, group)];

		part->empty = !has_pool(department, group);
		memcpy(part->fact[FACT_ACTIVITY], noted[FACT_ACTIVITY], COSTING_DIGEST);
		/* Charges are taken from the first group alone. */
		if (group == 0)
			memcpy(part->fact[FACT_CHARGES], noted[FACT_CHARGES], COSTING_DIGEST);
		digest_terms(parts->run, department, group, part->fact[FACT_TERMS]);
	}
}

/* The department of a code, -1 if the run has it no more; the hospital level, without code, is the last. */
static int
find_department(const CostingRun *run, const char *code)
{
	int low = 0, high = run->departments - 2;

	if (code == NULL)
		return run->departments - 1;
	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(code, run->department[middle].code);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}

/* Reads what the parts were computed from; returns how many there are. */
static uint64
compare_parts(CostingParts *parts)
{
	Oid type = INT4OID;
	Datum run_id = Int32GetDatum(parts->run->run_id);

	if (SPI_execute_with_args("SELECT p.department_code, p.funding_group, p.activity, p.charges, p.terms FROM hospital_cost._costing_part p "
							  "WHERE p.run_id OPERATOR(pg_catalog.=) $1", 1, &type, &run_id, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the parts of run %d", parts->run->run_id);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull;
		int d = find_department(parts->run, SPI_getvalue(row, desc, 1));
		Part *part;

		if (d < 0)
			continue;
		part = &parts->part[COSTING_PART(d, DatumGetInt16(SPI_getbinval(row, desc, 2, &isnull)) - 1)];
		part->kept = true;
		for (int fact = 0; fact < PART_FACTS; fact++)
			part->differs[fact] = !costing_digest_is(SPI_getbinval(row, desc, 3 + fact, &isnull), part->fact[fact]);
	}
	return SPI_processed;
}

static Datum
code_of(const CostingParts *parts, int d)
{
	return CStringGetTextDatum(parts->run->department[d].code == NULL ? "" : parts->run->department[d].code);
}

/* Removes the cells of the parts that are due; all of the run's if it has no parts. */
static void
remove_cells(CostingParts *parts, bool all)
{
	int n = parts->run->departments * COSTING_GROUPS;
	Oid types[3] = {INT4OID, TEXTARRAYOID, INT2ARRAYOID};
	Datum *codes = palloc(n * sizeof(Datum));
	Datum *groups = palloc(n * sizeof(Datum));
	Datum values[3];
	int due = 0;

	for (int p = 0; p < n; p++)
		if (parts->due[p])
		{
			codes[due] = code_of(parts, p / COSTING_GROUPS);
			groups[due++] = Int16GetDatum(p % COSTING_GROUPS + 1);
		}
	if (due == 0 && !all)
		return;
	values[0] = Int32GetDatum(parts->run->run_id);
	values[1] = PointerGetDatum(construct_array(codes, due, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = PointerGetDatum(construct_array(groups, due, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
	if (SPI_execute_with_args(all ? "DELETE FROM hospital_cost._encounter_cost e WHERE e.run_id OPERATOR(pg_catalog.=) $1 AND $2 IS NOT NULL AND $3 IS NOT NULL"
							  : "DELETE FROM hospital_cost._encounter_cost e USING ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS d (code, number) "
							  "WHERE e.run_id OPERATOR(pg_catalog.=) $1 AND e.funding_group OPERATOR(pg_catalog.=) d.number "
							  "AND coalesce(e.department_code, '') OPERATOR(pg_catalog.=) d.code", 3, types, values, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not remove cells of run %d", parts->run->run_id);
}

const bool *
costing_parts_due(CostingParts *parts)
{
	int n = parts->run->departments * COSTING_GROUPS;
	bool all;

	for (int d = 0; d < parts->run->departments; d++)
		digest_department(parts, d);
	SPI_connect();
	all = compare_parts(parts) == 0;
	for (int p = 0; p < n; p++)
	{
		const Part *part = &parts->part[p];

		parts->due[p] = !part->empty && (!part->kept || part->differs[FACT_ACTIVITY] || part->differs[FACT_CHARGES] || part->differs[FACT_TERMS]);
	}
	remove_cells(parts, all);
	SPI_finish();
	return parts->due;
}

/* The facts that differed; none for a part that is new. */
static Datum
changed_facts(const Part *part)
{
	Datum names[PART_FACTS];
	int n = 0;

	for (int fact = 0; fact < PART_FACTS; fact++)
		if (part->differs[fact])
			names[n++] = CStringGetTextDatum(fact_names[fact]);
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

void
costing_parts_end(CostingParts *parts, const int64 *cells)
{
	Oid types[8] = {INT4OID, TEXTOID, INT2OID, INT8OID, TEXTARRAYOID, BYTEAOID, BYTEAOID, BYTEAOID};
	SPIPlanPtr plan;

	SPI_connect();
	plan = SPI_prepare("INSERT INTO hospital_cost._costing_part AS p (run_id, department_code, funding_group, cells, changed, activity, charges, terms) "
					   "VALUES ($1, nullif($2, ''), $3, $4, $5, $6, $7, $8) ON CONFLICT ON CONSTRAINT costing_part_key DO UPDATE SET cells = excluded.cells, "
					   "changed = excluded.changed, activity = excluded.activity, charges = excluded.charges, terms = excluded.terms, computed_at = pg_catalog.clock_timestamp()",
					   8, types);
	for (int p = 0; plan != NULL && p < parts->run->departments * COSTING_GROUPS; p++)
	{
		const Part *part = &parts->part[p];
		Datum values[8] = {Int32GetDatum(parts->run->run_id), code_of(parts, p / COSTING_GROUPS), Int16GetDatum(p % COSTING_GROUPS + 1),
			Int64GetDatum(cells[p]), changed_facts(part)};

		for (int fact = 0; fact < PART_FACTS; fact++)
			values[5 + fact] = costing_digest_datum(part->fact[fact]);
		if (parts->due[p] && SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not keep the parts of run %d", parts->run->run_id);
	}
	if (plan == NULL)
		elog(ERROR, "could not keep the parts of run %d", parts->run->run_id);
	SPI_finish();
}
