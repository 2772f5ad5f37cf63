/*
 * allocation_trace.c
 *		Where the money of a run's cells comes from, and performing a run again.
 *
 * The flows are those the run's own code tells; the core walks them pool by pool. As many pools are collected at a time as their flows fit
 * into some hundred megabytes; a larger run is told several times.
 */
#include "postgres.h"

#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "core/allocation_trace.h"
#include "entry/allocation.h"
#include "entry/sql.h"
#include "store/allocation.h"
#include "store/decimal.h"

#define MOST_FLOWS 8000000 /* at a time */
#define CLASSES 6		   /* those of departments, and the hospital itself */

/* The flows of one pool; phases are the groups of turns that moved anything. */
typedef struct PoolFlows
{
	TraceFlow *flow;
	int flows;
	int room;
	int *phase_end;
	int phases;
	int group;
} PoolFlows;

/* What is asked for, and the pools collected at the moment. */
typedef struct Tracer
{
	const Work *work;
	ReturnSetInfo *result;
	char *filter[5]; /* receiver, cost item, funding source, cost class, origin; NULL: all */
	bool by_class;	 /* origins of one class together */
	int64 sum[CLASSES][TRACE_PATHS]; /* by_class: of the receiver at hand */
	int receiver;	 /* or -1 */
	PoolFlows *pool; /* [pools] */
	int from;
	int to;
	int current;
	MemoryContext row_context;
	MemoryContext batch_context;
} Tracer;

static bool
differs(const char *filter, const char *value)
{
	return filter != NULL && (value == NULL || strcmp(filter, value) != 0);
}

static bool
pool_wanted(const Tracer *tracer, int pool)
{
	const RunInput *input = tracer->work->input;

	return pool >= tracer->from && pool < tracer->to && !differs(tracer->filter[1], input->cost_item[pool]) &&
		!differs(tracer->filter[2], input->funding_source[pool]) && !differs(tracer->filter[3], input->cost_class[pool]);
}

static const char *
department_name(const RunInput *input, int department)
{
	return department == input->departments ? NULL : input->department_code[department];
}

/* At the first flow it is known how many there may be: ends the batch before the pool that could be one too many. */
static void
begin_batch(Tracer *tracer)
{
	const Allocation *a = &tracer->work->allocation;
	double flows = 0;
	int pool;

	tracer->pool = MemoryContextAllocZero(tracer->batch_context, a->pools * sizeof(PoolFlows));
	for (pool = tracer->from; pool < a->pools; pool++)
	{
		if (!pool_wanted(tracer, pool))
			continue;
		flows += (double) a->turns * a->departments;
		if (flows > MOST_FLOWS && pool > tracer->from)
			break;
	}
	tracer->to = pool;
}

/* Sink of the run: keeps the flows of wanted pools. */
static void
collect_flow(void *context, const AllocationFlow *flow)
{
	Tracer *tracer = context;
	const Allocation *a = &tracer->work->allocation;
	int group = a->turn[flow->turn].group;
	PoolFlows *pool;

	if (tracer->pool == NULL)
		begin_batch(tracer);
	if (!pool_wanted(tracer, flow->pool))
		return;
	pool = &tracer->pool[flow->pool];
	if (pool->phase_end == NULL)
	{
		pool->room = 1024;
		pool->flow = MemoryContextAlloc(tracer->batch_context, pool->room * sizeof(TraceFlow));
		pool->phase_end = MemoryContextAllocZero(tracer->batch_context, a->turns * sizeof(int));
	}
	if (pool->flows == pool->room)
	{
		pool->room *= 2;
		pool->flow = repalloc_huge(pool->flow, pool->room * sizeof(TraceFlow));
	}
	if (pool->phases == 0 || pool->group != group)
		pool->phases++;
	pool->group = group;
	pool->flow[pool->flows++] = (TraceFlow) {flow->server, flow->receiver, flow->amount};
	pool->phase_end[pool->phases - 1] = pool->flows;
}

/* "direct", "straight", or the levels of the servers passed on the way. */
static const char *
path_text(int path, bool direct, char *buffer, Size size)
{
	static const char *const levels[TRACE_LEVELS] = {"administrative", "auxiliary", "technical", "clinical"};
	int used = 0;

	if (path == 0)
		return direct ? "direct" : "straight";
	for (int level = 0; level <= TRACE_LEVELS; level++)
	{
		bool mutual = level == TRACE_LEVELS;

		if ((path & (mutual ? TRACE_MUTUAL : 1 << level)) == 0)
			continue;
		used += snprintf(buffer + used, size - used, "%s%s", used == 0 ? "through " : ", ", mutual ? "one another" : levels[level]);
	}
	return buffer;
}

/* One row of the result. */
static void
put_row(Tracer *tracer, int receiver, const char *origin, const char *path, int64 amount)
{
	const RunInput *input = tracer->work->input;
	const char *names[6] = {department_name(input, receiver), input->cost_item[tracer->current], input->funding_source[tracer->current],
		input->cost_class[tracer->current], origin, path};
	Datum values[7];
	bool nulls[7] = {false};
	MemoryContext old = MemoryContextSwitchTo(tracer->row_context);

	for (int i = 0; i < 6; i++)
	{
		nulls[i] = names[i] == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(names[i]);
	}
	values[6] = decimal_to_numeric(amount, ALLOCATION_AMOUNT_SCALE);
	tuplestore_putvalues(tracer->result->setResult, tracer->result->setDesc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(tracer->row_context);
}

/* Puts the sums by class of the receiver at hand. Its own cost is summed apart, as the path 0 of no class. */
static void
flush_classes(Tracer *tracer)
{
	char buffer[100];

	for (int number = 0; number < CLASSES && tracer->receiver >= 0; number++)
		for (int path = 0; path < TRACE_PATHS; path++)
			if (tracer->sum[number][path] != 0)
			{
				bool direct = number == CLASSES - 1;
				const RunInput *input = tracer->work->input;
				const char *origin = direct && tracer->receiver == input->departments ? NULL :
					allocation_class_name(direct ? input->class_of_department[tracer->receiver] : number);

				put_row(tracer, tracer->receiver, origin, path_text(path, direct, buffer, sizeof(buffer)), tracer->sum[number][path]);
			}
	memset(tracer->sum, 0, sizeof(tracer->sum));
	tracer->receiver = -1;
}

/* Sink of the trace. */
static void
put_part(void *context, int receiver, int origin, int path, int64_t amount)
{
	Tracer *tracer = context;
	const RunInput *input = tracer->work->input;
	bool direct = path == 0 && receiver == origin;
	char buffer[100];
	int number;

	if (!tracer->by_class)
	{
		if (!differs(tracer->filter[4], department_name(input, origin)))
			put_row(tracer, receiver, department_name(input, origin), path_text(path, direct, buffer, sizeof(buffer)), amount);
		return;
	}
	if (receiver != tracer->receiver)
		flush_classes(tracer);
	tracer->receiver = receiver;
	number = direct ? CLASSES - 1 : input->class_of_department[origin];
	if (pg_add_s64_overflow(tracer->sum[number][path], amount, &tracer->sum[number][path]))
		allocation_raise(tracer->work, (Fault) {FAULT_OVERFLOW, -1, tracer->current, -1, -1, 0});
}

static void
check_interrupts(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

/* Walks the flows of one collected pool. */
static void
trace_pool(Tracer *tracer, AllocationTrace *trace, int64_t *direct, int pool)
{
	const RunInput *input = tracer->work->input;
	const PoolFlows *flows = tracer->pool == NULL ? NULL : &tracer->pool[pool];
	Size size;
	Fault fault;

	for (int d = 0; d <= input->departments; d++)
		direct[d] = input->direct[(Size) d * input->pools + pool];
	tracer->current = pool;
	trace->phases = flows == NULL ? 0 : flows->phases;
	trace->phase_end = flows == NULL ? NULL : flows->phase_end;
	trace->flow = flows == NULL ? NULL : flows->flow;
	fault = allocation_trace_measure(trace, &size);
	if (fault.code == FAULT_NONE)
	{
		trace->scratch = MemoryContextAllocHuge(tracer->batch_context, size);
		fault = allocation_trace_run(trace);
		pfree(trace->scratch);
	}
	if (fault.code != FAULT_NONE)
	{
		fault.server = fault.code == FAULT_OVERFLOW || fault.code == FAULT_CELL_CONSERVATION ? (int) fault.at : -1;
		fault.pool = pool;
		allocation_raise(tracer->work, fault);
	}
	flush_classes(tracer);
}

/* Does the run once, then traces the pools of the batch; returns the first pool of the next one, or -1. */
static int
trace_batch(Tracer *tracer, int run_id, int from)
{
	AllocationTrace trace = {.found = put_part, .pause = check_interrupts, .context = tracer};
	const RunInput *input;
	int *levels;
	bool *wanted;
	int64_t *direct;

	tracer->from = from;
	tracer->to = INT_MAX;
	tracer->pool = NULL;
	input = allocation_work(run_id, collect_flow, NULL, tracer, &tracer->work)->input;
	trace.departments = input->departments + 1;
	trace.level_of_department = levels = palloc(trace.departments * sizeof(int));
	trace.wanted = wanted = palloc(trace.departments * sizeof(bool));
	trace.direct = direct = palloc(trace.departments * sizeof(int64_t));
	trace.small = palloc(allocation_trace_small_size(trace.departments));
	for (int d = 0; d < trace.departments; d++)
	{
		levels[d] = d == input->departments ? LEVELS - 1 : Min(input->class_of_department[d], LEVELS - 1);
		wanted[d] = !differs(tracer->filter[0], department_name(input, d));
	}
	for (int pool = from; pool < Min(tracer->to, input->pools); pool++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pool_wanted(tracer, pool))
			trace_pool(tracer, &trace, direct, pool);
	}
	return tracer->to < input->pools ? tracer->to : -1;
}

SQL_FUNCTION(hc_trace_parts);

/* _trace_parts(run, department, cost item, funding source, cost class, origin, by_class): the parts of a run's cells; NULL: all. */
Datum
hc_trace_parts(PG_FUNCTION_ARGS)
{
	Tracer tracer = {.receiver = -1};
	int run_id;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	run_id = PG_GETARG_INT32(0);
	allocation_require(run_id);
	tracer.result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; i < lengthof(tracer.filter); i++)
		tracer.filter[i] = PG_ARGISNULL(i + 1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i + 1));
	tracer.by_class = PG_GETARG_BOOL(6);
	tracer.row_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost part", ALLOCSET_SMALL_SIZES);
	tracer.batch_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost trace", ALLOCSET_DEFAULT_SIZES);
	for (int from = 0; from >= 0;)
	{
		MemoryContext old = MemoryContextSwitchTo(tracer.batch_context);

		from = trace_batch(&tracer, run_id, from);
		MemoryContextSwitchTo(old);
		MemoryContextReset(tracer.batch_context);
	}
	return (Datum) 0;
}

SQL_FUNCTION(hc_perform_again);

/* _perform_again(run): the cells of a run, computed from its stored inputs once more and written nowhere. */
Datum
hc_perform_again(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	MemoryContext row_context;
	const Work *work;
	const int64 *rounded;

	InitMaterializedSRF(fcinfo, 0);
	allocation_require(PG_GETARG_INT32(0));
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	row_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost cell", ALLOCSET_SMALL_SIZES);
	work = allocation_work(PG_GETARG_INT32(0), NULL, NULL, NULL, NULL);
	rounded = allocation_rounded(work);
	for (int department = 0; department <= work->input->departments; department++)
		for (int pool = 0; pool < work->input->pools; pool++)
		{
			Datum values[ALLOCATION_CELL_COLUMNS];
			bool nulls[ALLOCATION_CELL_COLUMNS] = {false};
			MemoryContext old = MemoryContextSwitchTo(row_context);

			if (allocation_cell(work->input, (int64 *) work->allocation.received, (int64 *) work->allocation.sent, rounded, department, pool,
								values, nulls))
				tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row_context);
		}
	return (Datum) 0;
}
