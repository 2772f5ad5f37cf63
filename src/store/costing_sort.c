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

#define COLUMNS 8
/* The columns, from 0. */
#define HEAD 0 /* what follows the prefix, as a number: cheaper to compare than a text */
#define CODE 1
#define DEPARTMENT 2
#define KNOWN 3
#define WEIGHT 4
#define ALL 5
#define DRUGS 6
#define MATERIALS 7
/* What is known of the encounter when its row is put. */
#define USE_KNOWN 1
#define USE_IN_PROGRESS 2

struct CostingSort
{
	Tuplesortstate *state;
	TupleTableSlot *in;
	TupleTableSlot *out;
	CostingPrefix prefix;
	bool ahead; /* "out" holds the first row of the next encounter */
	char *code; /* of the encounter handed out */
	Size code_room;
	CostingUse *use;
	int use_room;
};

CostingSort *
costing_sort_begin(const CostingPrefix *prefix)
{
	static const char *const names[COLUMNS] = {"head", "encounter", "department", "known", "weight", "all", "drugs", "materials"};
	CostingSort *sort = palloc0(sizeof(CostingSort));
	TupleDesc desc = CreateTemplateTupleDesc(COLUMNS);
	AttrNumber keys[3] = {HEAD + 1, CODE + 1, DEPARTMENT + 1};
	Oid operators[3] = {Int8LessOperator, TextLessOperator, lookup_type_cache(INT2OID, TYPECACHE_LT_OPR)->lt_opr};
	Oid collations[3] = {InvalidOid, C_COLLATION_OID, InvalidOid};
	bool nulls_first[3] = {false, false, false};

	for (int i = 0; i < COLUMNS; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), names[i],
						   i == CODE ? TEXTOID : i == DEPARTMENT || i == KNOWN ? INT2OID : INT8OID, -1, 0);
	TupleDescInitEntryCollation(desc, CODE + 1, C_COLLATION_OID);
	sort->prefix = *prefix;
	sort->state = tuplesort_begin_heap(desc, 3, keys, operators, collations, nulls_first, work_mem, NULL, TUPLESORT_RANDOMACCESS);
	sort->in = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	sort->out = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	return sort;
}

/* Eight bytes behind the prefix in the order of bytes. A code that ends sooner, or is empty, is not behind one that goes on with zeros; codes tell them apart. */
static int64
head_of(const CostingSort *sort, const char *code, int length)
{
	int skip = Max(sort->prefix.length, 0);
	uint64 head = 0;

	for (int i = skip; i < skip + (int) sizeof(head); i++)
		head = head << 8 | (i < length ? (unsigned char) code[i] : 0);
	return (int64) (head ^ (UINT64CONST(1) << 63));
}

void
costing_sort_put(CostingSort *sort, const char *code, int length, const CostingUse *use, bool known, bool in_progress)
{
	Datum *v = sort->in->tts_values;
	text *value = cstring_to_text_with_len(code, length);

	ExecClearTuple(sort->in);
	memset(sort->in->tts_isnull, 0, COLUMNS * sizeof(bool));
	v[HEAD] = Int64GetDatum(head_of(sort, code, length));
	v[CODE] = PointerGetDatum(value);
	v[DEPARTMENT] = Int16GetDatum(use->department);
	v[KNOWN] = Int16GetDatum((int16) ((known ? USE_KNOWN : 0) | (in_progress ? USE_IN_PROGRESS : 0)));
	v[WEIGHT] = Int64GetDatum(use->weight);
	v[ALL] = Int64GetDatum(use->all);
	v[DRUGS] = Int64GetDatum(use->drugs);
	v[MATERIALS] = Int64GetDatum(use->materials);
	ExecStoreVirtualTuple(sort->in);
	tuplesort_puttupleslot(sort->state, sort->in);
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
	struct varlena *code = (struct varlena *) DatumGetPointer(sort->out->tts_values[CODE]);

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
	int16 department = DatumGetInt16(v[DEPARTMENT]);
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
	encounter->known = encounter->known || (DatumGetInt16(v[KNOWN]) & USE_KNOWN);
	encounter->in_progress = encounter->in_progress || (DatumGetInt16(v[KNOWN]) & USE_IN_PROGRESS);
	add_sum(&use->weight, DatumGetInt64(v[WEIGHT]));
	add_sum(&use->all, DatumGetInt64(v[ALL]));
	add_sum(&use->drugs, DatumGetInt64(v[DRUGS]));
	add_sum(&use->materials, DatumGetInt64(v[MATERIALS]));
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
	code = (struct varlena *) DatumGetPointer(sort->out->tts_values[CODE]);
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
