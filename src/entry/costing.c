/*
 * costing.c
 *		The cell table of a run: pools of units, spread over what encounters had of them.
 *
 * Two passes over the same sorted uses. The first counts, for each unit, how often each weight comes up and what is taken from the pool directly;
 * the second tells each encounter its shares. So memory grows with departments and distinct weights, not with encounters.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "entry/raise.h"
#include "entry/sql.h"
#include "store/costing.h"
#include "store/costing_part.h"

/* Cents to 1e-8 yuan. */
#define FLOW_OF_CENT 1000000

typedef struct WeightKey
{
	int64 weight;
	int32 department;
} WeightKey;

typedef struct WeightEntry
{
	WeightKey key;
	int64 count;
	char status;
} WeightEntry;

#define SH_PREFIX weight
#define SH_ELEMENT_TYPE WeightEntry
#define SH_KEY_TYPE WeightKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_combine(murmurhash32((uint32) (k).weight ^ (uint32) ((k).weight >> 32)), murmurhash32((uint32) (k).department))
#define SH_EQUAL(tb, a, b) ((a).weight == (b).weight && (a).department == (b).department)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* What the first pass finds of a unit. */
typedef struct UnitTotals
{
	int64 services; /* income of services, to see whether there is any */
	int64 known;	/* weight of encounters */
	int64 unknown;	/* and of what has none */
	int64 weights;	/* distinct ones */
	int64 drugs;	/* charged, cents */
	int64 materials;
	int64 lost_drugs; /* of these, to nobody we know */
	int64 lost_materials;
	int64 workload; /* weight of the row for activity without an encounter */
	int64 idle;
	bool all_income;
	bool due;	 /* a part of it is */
	bool spread; /* "unit" is begun */
	CostingUnit unit;
} UnitTotals;

typedef struct Costing
{
	CostingRun *run;
	CostingSort *sort;
	CostingParts *parts;
	const bool *due; /* by COSTING_PART: to be computed */
	bool any_due;
	UnitTotals *totals;
	weight_hash *weights;
	char *standing; /* of each encounter in order: known, in progress */
	Size encounters;
	Size standing_room;
} Costing;

static void
raise_overflow(void)
{
	ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the amounts of the costing do not fit"),
			errhint("What a department has and what it charges must stay below 80,000,000,000 in a month."));
}

static void
add(int64 *sum, int64 value)
{
	if (pg_add_s64_overflow(*sum, value, sum))
		raise_overflow();
}

static int64
flow(int64 cents)
{
	int64 amount;

	if (pg_mul_s64_overflow(cents, FLOW_OF_CENT, &amount))
		raise_overflow();
	return amount;
}

/* Income of a unit that charges nothing but drugs and materials is all it has to weigh by. */
static int64
weight_of(const Costing *costing, const CostingUse *use)
{
	return costing->totals[use->department].all_income ? use->all : use->weight;
}

static void
count_weight(Costing *costing, int department, int64 weight)
{
	WeightKey key = {weight, department};
	bool found;
	WeightEntry *entry = weight_insert(costing->weights, key, &found);

	if (!found)
	{
		entry->count = 0;
		costing->totals[department].weights++;
	}
	entry->count++;
}

static void
remember_standing(Costing *costing, const CostingEncounter *encounter)
{
	if (costing->encounters == costing->standing_room)
	{
		costing->standing_room *= 2;
		costing->standing = repalloc_huge(costing->standing, costing->standing_room);
	}
	costing->standing[costing->encounters++] = (char) ((encounter->known ? 1 : 0) | (encounter->in_progress ? 2 : 0));
}

/* Whether a unit goes by services or by all it charges is decided before any weight is counted. */
static void
choose_income(Costing *costing)
{
	CostingEncounter encounter;

	while (costing_sort_next(costing->sort, &encounter))
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < encounter.uses; i++)
			add(&costing->totals[encounter.use[i].department].services, encounter.use[i].weight);
	}
	for (int d = 0; d < costing->run->departments; d++)
	{
		const CostingDepartment *department = &costing->run->department[d];

		costing->totals[d].all_income = department->basis == BASIS_INCOME && (department->all_income || costing->totals[d].services <= 0);
	}
	costing_sort_rewind(costing->sort);
}

static void
count_uses(Costing *costing)
{
	EncounterFinder *finder = costing_finder_begin(costing->run->period_end);
	CostingEncounter encounter;

	while (costing_sort_next(costing->sort, &encounter))
	{
		CHECK_FOR_INTERRUPTS();
		if (!encounter.known)
			costing_find(finder, &encounter);
		remember_standing(costing, &encounter);
		for (int i = 0; i < encounter.uses; i++)
		{
			const CostingUse *use = &encounter.use[i];
			UnitTotals *totals = &costing->totals[use->department];
			int64 weight = weight_of(costing, use);

			add(&totals->drugs, use->drugs);
			add(&totals->materials, use->materials);
			costing_parts_note(costing->parts, &encounter, use, weight);
			add(encounter.known ? &totals->known : &totals->unknown, weight);
			if (!encounter.known)
			{
				add(&totals->lost_drugs, use->drugs);
				add(&totals->lost_materials, use->materials);
			}
			else if (weight != 0)
				count_weight(costing, use->department, weight);
		}
	}
	costing_finder_end(finder);
	costing_sort_rewind(costing->sort);
}

/* What is left of a pool once what was charged by itself is taken from it. Materials are one pot: what was charged of it came from either kind. */
static void
rest_of_pool(const CostingDepartment *department, const UnitTotals *totals, int64 rest[COSTING_CELLS])
{
	memcpy(rest, department->pool, sizeof(department->pool));
	if (pg_sub_s64_overflow(rest[COMPONENT_DRUGS], flow(totals->drugs), &rest[COMPONENT_DRUGS]))
		raise_overflow();
	add(&rest[COMPONENT_MATERIALS], rest[COMPONENT_BILLABLE_MATERIALS]);
	if (pg_sub_s64_overflow(rest[COMPONENT_MATERIALS], flow(totals->materials), &rest[COMPONENT_MATERIALS]))
		raise_overflow();
	rest[COMPONENT_BILLABLE_MATERIALS] = 0;
}

/* The classes of a department's weights, with the rows of no encounter behind. */
static size_t
classes_of(const Costing *costing, int department, CostingClass *classes)
{
	const UnitTotals *totals = &costing->totals[department];
	weight_iterator scan;
	WeightEntry *entry;
	size_t n = 0;

	weight_start_iterate(costing->weights, &scan);
	while ((entry = weight_iterate(costing->weights, &scan)) != NULL)
		if (entry->key.department == department)
			classes[n++] = (CostingClass) {entry->key.weight, entry->count};
	if (totals->workload != 0)
		classes[n++] = (CostingClass) {totals->workload, 1};
	if (totals->idle != 0)
		classes[n++] = (CostingClass) {totals->idle, 1};
	return n;
}

/* Weighs what has no encounter, and begins to spread; false in totals->spread if there is nothing to spread by. */
static void
begin_unit(Costing *costing, int d, int64 rest[COSTING_CELLS])
{
	const CostingDepartment *department = &costing->run->department[d];
	UnitTotals *totals = &costing->totals[d];
	CostingClass *classes = palloc_extended((totals->weights + 2) * sizeof(CostingClass), MCXT_ALLOC_HUGE);
	int64 counted = totals->known;
	size_t n;
	Fault fault;

	add(&counted, totals->unknown);
	totals->workload = totals->unknown;
	if (department->loaded > counted)
		add(&totals->workload, department->loaded - counted);
	if (department->capacity > totals->known + totals->workload)
		totals->idle = department->capacity - totals->known - totals->workload;
	rest_of_pool(department, totals, rest);
	n = classes_of(costing, d, classes);
	fault = costing_unit_begin((int64_t *) rest, classes, n,
							   palloc_extended(costing_scratch_size(n), MCXT_ALLOC_HUGE), &totals->unit);
	if (fault.code == FAULT_OVERFLOW)
		raise_overflow();
	totals->spread = fault.code == FAULT_NONE;
}

static void
add_charged(int64 cells[COSTING_CELLS], int64 drugs, int64 materials)
{
	add(&cells[COMPONENT_DRUGS], flow(drugs));
	add(&cells[COMPONENT_BILLABLE_MATERIALS], flow(materials));
}

static void
write_encounters(Costing *costing, CellWriter *writer)
{
	CostingEncounter encounter;

	if (!costing->any_due)
		return;
	for (Size at = 0; costing_sort_next(costing->sort, &encounter); at++)
	{
		CellStatus status = costing->standing[at] & 2 ? CELL_IN_PROGRESS : CELL_PATIENT;

		CHECK_FOR_INTERRUPTS();
		if ((costing->standing[at] & 1) == 0)
			continue;
		for (int i = 0; i < encounter.uses; i++)
		{
			const CostingUse *use = &encounter.use[i];
			UnitTotals *totals = &costing->totals[use->department];
			int64 cells[COSTING_CELLS] = {0};

			if (!totals->due)
				continue;
			if (totals->spread)
				costing_unit_next(&totals->unit, weight_of(costing, use), (int64_t *) cells);
			add_charged(cells, use->drugs, use->materials);
			costing_cells_add(writer, encounter.code, encounter.length, use->department, status, cells);
		}
	}
}

/* The rows of no encounter, each from its own weight or amount. */
static void
write_remaining(Costing *costing, int d, int64 rest[COSTING_CELLS], CellWriter *writer)
{
	const CostingDepartment *department = &costing->run->department[d];
	UnitTotals *totals = &costing->totals[d];
	int64 cells[COSTING_CELLS] = {0};

	if (department->excluded != CELL_PATIENT)
	{
		costing_cells_add(writer, NULL, 0, d, department->excluded, department->pool);
		return;
	}
	add_charged(cells, totals->lost_drugs, totals->lost_materials);
	costing_cells_add(writer, NULL, 0, d, CELL_CHARGES, cells);
	if (!totals->spread)
	{
		costing_cells_add(writer, NULL, 0, d, CELL_NO_ACTIVITY, rest);
		return;
	}
	costing_unit_next(&totals->unit, totals->workload, (int64_t *) cells);
	costing_cells_add(writer, NULL, 0, d, CELL_WORKLOAD, cells);
	costing_unit_next(&totals->unit, totals->idle, (int64_t *) cells);
	costing_cells_add(writer, NULL, 0, d, CELL_IDLE, cells);
}

/* Units of which nothing changed since the run was costed last keep their cells. */
static void
choose_units(Costing *costing)
{
	costing->due = costing_parts_due(costing->parts);
	for (int d = 0; d < costing->run->departments; d++)
		for (int group = 0; group < COSTING_GROUPS; group++)
			if (costing->due[COSTING_PART(d, group)])
				costing->any_due = costing->totals[d].due = true;
}

static int64
write_cells(Costing *costing)
{
	CostingRun *run = costing->run;
	int64 (*rest)[COSTING_CELLS] = palloc0(run->departments * sizeof(*rest));
	int64 written;
	int64 *rows = palloc0((Size) run->departments * COSTING_GROUPS * sizeof(int64));
	CellWriter *writer = costing_cells_begin(run, costing->due, rows);
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost unit", ALLOCSET_DEFAULT_SIZES);

	for (int d = 0; d < run->departments; d++)
	{
		MemoryContext old = MemoryContextSwitchTo(work);

		CHECK_FOR_INTERRUPTS();
		if (run->department[d].excluded == CELL_PATIENT && costing->totals[d].due)
			begin_unit(costing, d, rest[d]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
	}
	write_encounters(costing, writer);
	for (int d = 0; d < run->departments; d++)
		if (costing->totals[d].due)
			write_remaining(costing, d, rest[d], writer);
	written = costing_cells_end(writer);
	costing_parts_end(costing->parts, rows);
	return written;
}

SQL_FUNCTION(hc_cost_encounters);

/*
 * _cost_encounters(run, service_units): writes the cells of a run that are not there or not up to date; returns entries read, cells written, and what
 * was charged but taken from no unit.
 */
Datum
hc_cost_encounters(PG_FUNCTION_ARGS)
{
	Costing costing = {.standing_room = 1 << 16};
	int64 entries, cells, not_taken;
	ArrayType *result;
	Datum values[3];

	costing.run = costing_load(PG_GETARG_INT32(0), PG_GETARG_BOOL(1));
	costing.totals = palloc_extended(costing.run->departments * sizeof(UnitTotals), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	costing.weights = weight_create(CurrentMemoryContext, 1024, NULL);
	costing.standing = palloc(costing.standing_room);
	costing.parts = costing_parts_begin(costing.run);
	costing.sort = costing_collect(costing.run, &entries, &not_taken);
	if (costing.run->service_units)
		choose_income(&costing);
	count_uses(&costing);
	choose_units(&costing);
	cells = write_cells(&costing);
	costing_sort_end(costing.sort);
	values[0] = Int64GetDatum(entries);
	values[1] = Int64GetDatum(cells);
	values[2] = Int64GetDatum(not_taken);
	result = construct_array(values, 3, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	PG_RETURN_ARRAYTYPE_P(result);
}
