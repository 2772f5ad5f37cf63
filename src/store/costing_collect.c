/*
 * costing_collect.c
 *		What encounters had of units: by the activity of the month, and by what they were charged.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/int.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "store/compat.h"
#include "store/costing.h"

#define FETCH_ROWS 10000

/* What a line is looked up in. */
typedef struct Trait
{
	uint8 basis;
	bool is_spread;
	bool has_drugs;
	bool has_materials;
} Trait;

typedef struct CollectPlan
{
	bool service_units;
	int items;
	int16 index_of_id[COSTING_DEPARTMENTS];
	Trait trait[COSTING_DEPARTMENTS];
	uint8 item_kind[FLEXIBLE_ARRAY_MEMBER];
} CollectPlan;

typedef struct Collector
{
	const CollectPlan *plan;
	CostingHash *hash;
	int64 not_taken;
} Collector;

/* One batch of rows of _costing_activity. */
static void
take_activity(const CostingRun *run, CostingHash *hash)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull, unknown;
		Datum value = SPI_getbinval(row, desc, 1, &unknown);
		struct varlena *code = unknown ? NULL : PG_DETOAST_DATUM_PACKED(value);
		const char *bytes = unknown ? "" : VARDATA_ANY(code); /* an empty code is that of no encounter */
		int length = unknown ? 0 : (int) VARSIZE_ANY_EXHDR(code);
		CostingUse use = {.department = run->index_of_id[DatumGetInt16(SPI_getbinval(row, desc, 2, &isnull))],
			.weight = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull))};
		bool in_progress = DatumGetBool(SPI_getbinval(row, desc, 4, &isnull));

		costing_hash_add(hash, costing_hash_code(bytes, length), bytes, length, &use, !unknown, !unknown && in_progress);
	}
}

static void
collect_activity(const CostingRun *run, CostingHash *hash)
{
	Oid types[2] = {INT4OID, TEXTOID};
	Datum values[2];
	Portal portal;

	SPI_connect();
	values[0] = Int32GetDatum(run->run_id);
	values[1] = CStringGetTextDatum(run->service_units ? "service_units" : "ward_full");
	portal = SPI_cursor_open_with_args(NULL, "SELECT a.encounter_code, a.department_id, a.weight, a.in_progress "
									   "FROM hospital_cost._costing_activity($1, $2) a", 2, types, values, NULL, true, 0);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		take_activity(run, hash);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	SPI_finish();
}

/* The unit whose cost a drug or billable material comes from, -1 if none has such a cost. */
static int
find_holder(const CollectPlan *plan, int ordering, int performing, ItemKind kind)
{
	int candidates[2] = {plan->service_units ? performing : ordering, plan->service_units ? ordering : -1};

	for (int i = 0; i < 2; i++)
		if (candidates[i] >= 0 && (kind == ITEM_DRUG ? plan->trait[candidates[i]].has_drugs : plan->trait[candidates[i]].has_materials))
			return candidates[i];
	return -1;
}

static void
add_not_taken(Collector *collector, int64 amount)
{
	if (pg_add_s64_overflow(collector->not_taken, amount, &collector->not_taken))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the charges of a month do not fit"));
}

static void
collect_line(void *state, const LedgerLine *line)
{
	Collector *collector = state;
	const CollectPlan *plan = collector->plan;
	ItemKind kind = line->item_id < plan->items ? (ItemKind) plan->item_kind[line->item_id] : ITEM_SERVICE;
	int performing = plan->index_of_id[line->performing_id];
	int ordering = line->ordering_id == 0 ? performing : plan->index_of_id[line->ordering_id];
	const Trait *unit = performing < 0 ? NULL : &plan->trait[performing];
	bool weighs = unit != NULL && unit->basis != BASIS_ACTIVITY && unit->is_spread;
	int holder = kind == ITEM_SERVICE ? -1 : find_holder(plan, ordering, performing, kind);
	const char *code = VARDATA_ANY(line->encounter);
	int length = (int) VARSIZE_ANY_EXHDR(line->encounter);
	uint32 code_hash;

	if (kind != ITEM_SERVICE && holder < 0)
		add_not_taken(collector, line->amount);
	if (!weighs && holder < 0)
		return;
	code_hash = costing_hash_code(code, length);
	if (weighs)
	{
		int64 value = unit->basis == BASIS_INCOME ? line->amount : line->quantity;
		CostingUse use = {(int16) performing, kind == ITEM_SERVICE || unit->basis == BASIS_QUANTITY ? value : 0, value, 0, 0};

		costing_hash_add(collector->hash, code_hash, code, length, &use, false, false);
	}
	if (holder >= 0)
	{
		CostingUse use = {(int16) holder, 0, 0, kind == ITEM_DRUG ? line->amount : 0, kind == ITEM_DRUG ? 0 : line->amount};

		costing_hash_add(collector->hash, code_hash, code, length, &use, false, false);
	}
}

static void *
begin_worker(const void *plan, LedgerTeller *teller)
{
	Collector *collector = palloc0(sizeof(Collector));

	collector->plan = plan;
	collector->hash = costing_hash_begin(teller);
	return collector;
}

static void
tell_collected(void *state, LedgerTeller *teller)
{
	Collector *collector = state;

	costing_hash_tell(collector->hash);
	ledger_tell(teller, &collector->not_taken, sizeof(int64), NULL, 0);
}

static void
hear_collected(void *state, const void *piece, Size size)
{
	Collector *collector = state;
	int64 not_taken;

	if (size > sizeof(int64))
	{
		costing_hash_hear(collector->hash, piece, size);
		return;
	}
	memcpy(&not_taken, piece, sizeof(int64));
	add_not_taken(collector, not_taken);
}

const LedgerJob ledger_use_job = {begin_worker, collect_line, tell_collected, hear_collected};

static CollectPlan *
make_plan(const CostingRun *run, Size *size)
{
	CollectPlan *plan;

	*size = offsetof(CollectPlan, item_kind) + run->items;
	plan = palloc_extended(*size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	plan->service_units = run->service_units;
	plan->items = run->items;
	memcpy(plan->index_of_id, run->index_of_id, sizeof(plan->index_of_id));
	for (int d = 0; d < run->departments; d++)
		plan->trait[d] = (Trait) {(uint8) run->department[d].basis, run->department[d].excluded == CELL_PATIENT, run->department[d].has_drugs,
			run->department[d].has_materials};
	memcpy(plan->item_kind, run->item_kind, run->items);
	return plan;
}

CostingSort *
costing_collect(const CostingRun *run, int64 *entries, int64 *not_taken)
{
	Size size;
	CollectPlan *plan = make_plan(run, &size);
	Collector collector = {.plan = plan, .hash = costing_hash_begin(NULL)};

	collect_activity(run, collector.hash);
	*entries = costing_pass(&ledger_use_job, run->period, plan, size, &collector);
	*not_taken = collector.not_taken;
	pfree(plan);
	return costing_hash_sort(collector.hash);
}
