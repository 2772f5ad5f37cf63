/*
 * costing.h
 *		A run's units and their pools, what encounters used of them, and the cell table.
 */
#ifndef HC_STORE_COSTING_H
#define HC_STORE_COSTING_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/snapshot.h"

#include "core/costing.h"
#include "store/costing_pass.h"

/* What a row of the cell table is; hospital_cost.encounter_cost says the same in words. */
typedef enum CellStatus
{
	CELL_PATIENT,
	CELL_IN_PROGRESS,
	CELL_WORKLOAD,		 /* activity of no encounter: loaded above the counted, or of encounters that are not known */
	CELL_CHARGES,		 /* drugs and billable materials charged to encounters that are not known */
	CELL_NO_ACTIVITY,	 /* nothing to spread by */
	CELL_IDLE,			 /* capacity that nobody used */
	CELL_HOSPITAL_LEVEL, /* the remaining ones: cost of no unit that treats patients */
	CELL_NOT_ALLOCATED,
	CELL_EXTERNAL
} CellStatus;

/* Which side of a ledger entry a unit's weights come from. */
typedef enum CostingBasis
{
	BASIS_ACTIVITY, /* bed-days, visits, resources: not from the ledger */
	BASIS_INCOME,
	BASIS_QUANTITY
} CostingBasis;

#define COSTING_DEPARTMENTS (PG_INT16_MAX + 1) /* no more than there are numbers */

typedef struct CostingDepartment
{
	char *code; /* NULL: hospital level, the last one */
	int16 id;	/* of the ledger; 0: none */
	CostingBasis basis;
	bool all_income;	 /* drugs and materials weigh too */
	CellStatus excluded; /* CELL_PATIENT: its cost is spread */
	int64 loaded;		 /* workload and capacity, 1e-4; -1: none */
	int64 capacity;
	int64 pool[COSTING_CELLS]; /* 1e-8 yuan */
	bool has_drugs;			   /* cost of drugs, so that charges for them can be taken from it */
	bool has_materials;
} CostingDepartment;

typedef struct CostingRun
{
	int run_id;
	DateADT period;
	TimestampTz period_end;
	bool service_units; /* mode */
	int departments;
	CostingDepartment *department; /* ascending by code */
	int16 *index_of_id;			   /* [COSTING_DEPARTMENTS], -1: not of this run */
	int items;
	uint8 *item_kind; /* [items] ItemKind by item number */
} CostingRun;

typedef enum ItemKind
{
	ITEM_SERVICE,
	ITEM_DRUG,
	ITEM_MATERIAL /* charged by itself */
} ItemKind;

/* What an encounter had of a unit. Amounts in cents. */
typedef struct CostingUse
{
	int16 department; /* index */
	int64 weight;	  /* activity; or income (quantity) of services */
	int64 all;		  /* income of everything */
	int64 drugs;	  /* charged, taken from this unit's cost */
	int64 materials;
} CostingUse;

/* Everything of one encounter. */
typedef struct CostingEncounter
{
	const char *code;
	int length;
	bool known;
	bool in_progress;
	int uses;
	CostingUse *use; /* ascending by department */
} CostingEncounter;

typedef struct CostingHash CostingHash;
typedef struct CostingSort CostingSort;
typedef struct CellWriter CellWriter;

/* Reads run, units, pools and items into the current memory context. */
extern CostingRun *costing_load(int run_id, bool service_units);

/*
 * Reads what encounters had of units in the month: activity, and what the ledger says was charged. *entries receives the number of entries,
 * *not_taken the charges (cents) for drugs and materials of which no unit concerned has any cost.
 */
extern CostingSort *costing_collect(const CostingRun *run, int64 *entries, int64 *not_taken);

/* What codes begin with, so that a sort need not compare it. */
#define COSTING_PREFIX 32
typedef struct CostingPrefix
{
	int length; /* < 0: there are no codes */
	char bytes[COSTING_PREFIX];
} CostingPrefix;

/*
 * Adds up uses by encounter and department within the memory of a hash (work_mem × hash_mem_multiplier), the rest on disk; that of a worker is told
 * instead.
 */
extern CostingHash *costing_hash_begin(LedgerTeller *teller);
extern uint32 costing_hash_code(const char *code, int length);
extern void costing_hash_add(CostingHash *hash, uint32 code_hash, const char *code, int length, const CostingUse *use, bool known, bool in_progress);

/* Tells everything added, and forgets it; what is told is heard by the hash of the process that asked. */
extern void costing_hash_tell(CostingHash *hash);
extern void costing_hash_hear(CostingHash *hash, const void *piece, Size size);

/* Everything added, sorted and ready to be read; frees the hash. */
extern CostingSort *costing_hash_sort(CostingHash *hash);

/* A sort by encounter and department within work_mem, the rest on disk. */
extern CostingSort *costing_sort_begin(const CostingPrefix *prefix);
extern void costing_sort_put(CostingSort *sort, const char *code, int length, const CostingUse *use, bool known, bool in_progress);
extern void costing_sort_perform(CostingSort *sort);

/* The next encounter with all it had, uses of one department added up; false at the end. From the beginning again after costing_sort_rewind. */
extern bool costing_sort_next(CostingSort *sort, CostingEncounter *encounter);
extern void costing_sort_rewind(CostingSort *sort);
extern void costing_sort_end(CostingSort *sort);

/* Finds encounters by their primary key, for those that had no counted activity in the month. */
typedef struct EncounterFinder EncounterFinder;
extern EncounterFinder *costing_finder_begin(TimestampTz period_end);
extern void costing_find(EncounterFinder *finder, CostingEncounter *encounter);
extern void costing_finder_end(EncounterFinder *finder);

/*
 * Writes the cells of the parts (unit × funding group) that are due, and counts them; code NULL: of no encounter. Returns the number of rows at the end.
 */
extern CellWriter *costing_cells_begin(const CostingRun *run, const bool *due, int64 *rows);
extern void costing_cells_add(CellWriter *writer, const char *code, int length, int department, CellStatus status, const int64 cells[COSTING_CELLS]);
extern int64 costing_cells_end(CellWriter *writer);

#endif
