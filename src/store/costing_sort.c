/*
 * costing_sort.c
 *		Uses by encounter and department, in the order of codes: what is more than work_mem waits on disk.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "common/int.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "store/compat.h"
#include "store/costing.h"
#include "store/ground.h"

#define FETCH_ROWS 10000
#define COLUMNS 7
/* What is known of the encounter when its row is put. */
#define USE_KNOWN 1
#define USE_IN_PROGRESS 2

struct CostingSort
{
	Tuplesortstate *state;
	TupleTableSlot *in;
	TupleTableSlot *out;
	bool ahead; /* "out" holds the first row of the next encounter */
	char *code; /* of the encounter handed out */
	Size code_room;
	CostingUse *use;
	int use_room;
};

CostingSort *
costing_sort_begin(void)
{
	static const char *const names[COLUMNS] = {"encounter", "department", "known", "weight", "all", "drugs", "materials"};
	CostingSort *sort = palloc0(sizeof(CostingSort));
	TupleDesc desc = CreateTemplateTupleDesc(COLUMNS);
	AttrNumber keys[2] = {1, 2};
	Oid operators[2] = {TextLessOperator, lookup_type_cache(INT2OID, TYPECACHE_LT_OPR)->lt_opr};
	Oid collations[2] = {C_COLLATION_OID, InvalidOid};
	bool nulls_first[2] = {false, false};

	for (int i = 0; i < COLUMNS; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), names[i], i == 0 ? TEXTOID : i < 3 ? INT2OID : INT8OID, -1, 0);
	TupleDescInitEntryCollation(desc, 1, C_COLLATION_OID);
	sort->state = tuplesort_begin_heap(desc, 2, keys, operators, collations, nulls_first, work_mem, NULL, TUPLESORT_RANDOMACCESS);
	sort->in = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	sort->out = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	return sort;
}

static void
put_datum(CostingSort *sort, Datum code, const CostingUse *use, int known)
{
	Datum *v = sort->in->tts_values;

	ExecClearTuple(sort->in);
	memset(sort->in->tts_isnull, 0, COLUMNS * sizeof(bool));
	v[0] = code;
	v[1] = Int16GetDatum(use->department);
	v[2] = Int16GetDatum((int16) known);
	v[3] = Int64GetDatum(use->weight);
	v[4] = Int64GetDatum(use->all);
	v[5] = Int64GetDatum(use->drugs);
	v[6] = Int64GetDatum(use->materials);
	ExecStoreVirtualTuple(sort->in);
	tuplesort_puttupleslot(sort->state, sort->in);
}

void
costing_sort_put(CostingSort *sort, const char *code, int length, const CostingUse *use, bool known, bool in_progress)
{
	text *value = cstring_to_text_with_len(code, length);

	put_datum(sort, PointerGetDatum(value), use, (known ? USE_KNOWN : 0) | (in_progress ? USE_IN_PROGRESS : 0));
	pfree(value);
}

void
costing_sort_perform(CostingSort *sort)
{
	tuplesort_performsort(sort->state);
}

/* The row of the sort that "out" holds is of the encounter handed out. */
static bool
is_same_encounter(const CostingSort *sort, const CostingEncounter *encounter)
{
	struct varlena *code = (struct varlena *) DatumGetPointer(sort->out->tts_values[0]);

	return VARSIZE_ANY_EXHDR(code) == encounter->length && memcmp(VARDATA_ANY(code), encounter->code, encounter->length) == 0;
}

static void
add_sum(int64 *sum, int64 value)
{
	if (pg_add_s64_overflow(*sum, value, sum))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the charges of an encounter do not fit"));
}

static void
take_row(CostingSort *sort, CostingEncounter *encounter)
{
	const Datum *v = sort->out->tts_values;
	int16 department = DatumGetInt16(v[1]);
	CostingUse *use = encounter->uses == 0 ? NULL : &sort->use[encounter->uses - 1];

	if (use == NULL || use->department != department)
	{
		if (encounter->uses == sort->use_room)
		{
			sort->use_room = Max(16, sort->use_room * 2);
			sort->use = sort->use == NULL ? palloc(sort->use_room * sizeof(CostingUse)) : repalloc(sort->use, sort->use_room * sizeof(CostingUse));
		}
		use = &sort->use[encounter->uses++];
		*use = (CostingUse) {.department = department};
	}
	encounter->known = encounter->known || (DatumGetInt16(v[2]) & USE_KNOWN);
	encounter->in_progress = encounter->in_progress || (DatumGetInt16(v[2]) & USE_IN_PROGRESS);
	add_sum(&use->weight, DatumGetInt64(v[3]));
	add_sum(&use->all, DatumGetInt64(v[4]));
	add_sum(&use->drugs, DatumGetInt64(v[5]));
	add_sum(&use->materials, DatumGetInt64(v[6]));
}

/* The next row into "out", its columns taken apart; false at the end. */
static bool
fetch(CostingSort *sort)
{
	if (!tuplesort_gettupleslot(sort->state, true, false, sort->out, NULL))
		return false;
	slot_getallattrs(sort->out);
	return true;
}

bool
costing_sort_next(CostingSort *sort, CostingEncounter *encounter)
{
	struct varlena *code;

	*encounter = (CostingEncounter) {0};
	if (!sort->ahead && !fetch(sort))
		return false;
	code = (struct varlena *) DatumGetPointer(sort->out->tts_values[0]);
	encounter->length = (int) VARSIZE_ANY_EXHDR(code);
	if (sort->code_room < encounter->length + 1)
	{
		sort->code_room = encounter->length + 64;
		sort->code = palloc(sort->code_room);
	}
	memcpy(sort->code, VARDATA_ANY(code), encounter->length);
	encounter->code = sort->code;
	do
		take_row(sort, encounter);
	while ((sort->ahead = fetch(sort)) && is_same_encounter(sort, encounter));
	encounter->use = sort->use;
	return true;
}

void
costing_sort_rewind(CostingSort *sort)
{
	ExecClearTuple(sort->out);
	tuplesort_rescan(sort->state);
	sort->ahead = false;
}

void
costing_sort_end(CostingSort *sort)
{
	ExecDropSingleTupleTableSlot(sort->in);
	ExecDropSingleTupleTableSlot(sort->out);
	tuplesort_end(sort->state);
	pfree(sort);
}

/* One batch of rows of _costing_activity. */
static void
put_activity(const CostingRun *run, CostingSort *sort)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull, unknown;
		Datum code = SPI_getbinval(row, desc, 1, &unknown);
		CostingUse use = {.department = run->index_of_id[DatumGetInt16(SPI_getbinval(row, desc, 2, &isnull))],
			.weight = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull))};
		bool in_progress = DatumGetBool(SPI_getbinval(row, desc, 4, &isnull));

		/* An empty code is that of no encounter. */
		put_datum(sort, unknown ? PointerGetDatum(cstring_to_text("")) : code, &use,
				  unknown ? 0 : USE_KNOWN | (in_progress ? USE_IN_PROGRESS : 0));
	}
}

void
costing_collect_activity(const CostingRun *run, CostingSort *sort)
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
		put_activity(run, sort);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	SPI_finish();
}

struct EncounterFinder
{
	Relation rel;
	Oid index;
	Snapshot snapshot;
	AttrNumber code, status, kind, ended_at;
	TimestampTz period_end;
	MemoryContext row;
};

EncounterFinder *
costing_finder_begin(TimestampTz period_end)
{
	EncounterFinder *finder = palloc0(sizeof(EncounterFinder));
	Oid relid = ground_relation("encounter");

	finder->rel = table_open(relid, AccessShareLock);
	finder->index = ground_relation("encounter_pkey");
	finder->snapshot = RegisterSnapshot(GetActiveSnapshot());
	finder->code = get_attnum(relid, "code");
	finder->status = get_attnum(relid, "status");
	finder->kind = get_attnum(relid, "kind");
	finder->ended_at = get_attnum(relid, "ended_at");
	finder->period_end = period_end;
	finder->row = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost encounter", ALLOCSET_SMALL_SIZES);
	return finder;
}

void
costing_find(EncounterFinder *finder, CostingEncounter *encounter)
{
	TupleDesc desc = RelationGetDescr(finder->rel);
	MemoryContext old = MemoryContextSwitchTo(finder->row);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;

	ScanKeyInit(&key, finder->code, BTEqualStrategyNumber, F_TEXTEQ, PointerGetDatum(cstring_to_text_with_len(encounter->code, encounter->length)));
	scan = systable_beginscan(finder->rel, finder->index, true, finder->snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool isnull, still_here;
		char *status = TextDatumGetCString(heap_getattr(tuple, finder->status, desc, &isnull));
		char *kind = TextDatumGetCString(heap_getattr(tuple, finder->kind, desc, &isnull));
		Datum ended_at = heap_getattr(tuple, finder->ended_at, desc, &still_here);

		encounter->known = strcmp(status, "active") == 0;
		encounter->in_progress = strcmp(kind, "inpatient") == 0 && (still_here || DatumGetTimestampTz(ended_at) >= finder->period_end);
	}
	systable_endscan(scan);
	MemoryContextSwitchTo(old);
	MemoryContextReset(finder->row);
}

void
costing_finder_end(EncounterFinder *finder)
{
	UnregisterSnapshot(finder->snapshot);
	table_close(finder->rel, AccessShareLock);
	MemoryContextDelete(finder->row);
	pfree(finder);
}
