/*
 * allocation.c
 *		Computing a run from its stored inputs, and telling its flows again.
 *
 * Both go through the same code: a flow is told by doing the run once more, never by a second formula.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "core/rounding.h"
#include "entry/allocation.h"
#include "entry/raise.h"
#include "entry/sql.h"
#include "store/allocation.h"
#include "store/allocation_turn.h"
#include "store/decimal.h"
#include "store/progress.h"

/* Where flows go, and which are wanted. */
typedef struct FlowSink
{
	const Work *work;
	ReturnSetInfo *result;
	char *from; /* NULL: every server */
	char *to;
	MemoryContext row_context;
} FlowSink;

static void *
allocate_zeroed(Size size)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, Max(size, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Memory for the core, gone with the context of the call. */
static void *
lend_memory(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

static void
check_interrupts(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

/* The servers of a closed loop in code order, up to a few. */
static char *
loop_text(const Work *work)
{
	const Allocation *a = &work->allocation;
	StringInfoData text_of_loop;

	initStringInfo(&text_of_loop);
	for (int i = 0; i < Min(a->loop_servers, ALLOCATION_LOOP_NAMED); i++)
		appendStringInfo(&text_of_loop, "%s\"%s\"", i > 0 ? ", " : "", work->input->department_code[a->loop[i]]);
	if (a->loop_servers > ALLOCATION_LOOP_NAMED)
		appendStringInfo(&text_of_loop, " and %d more", a->loop_servers - ALLOCATION_LOOP_NAMED);
	return text_of_loop.data;
}

void
allocation_raise(const Work *work, Fault fault)
{
	const RunInput *input = work->input;
	FaultNames names = {0};

	if (fault.server >= 0)
		names.server = input->department_code[fault.server];
	if (fault.pool >= 0)
		names.cost_item = input->cost_item[fault.pool];
	if (fault.base >= 0)
		names.driver = input->driver[work->turns->driver_of_base[fault.base]].code;
	if (fault.code == FAULT_STATISTIC_NEGATIVE && fault.at >= 0 && fault.at < input->departments)
		names.receiver = input->department_code[fault.at];
	if (fault.code == FAULT_CLOSED_LOOP)
		names.loop = loop_text(work);
	raise_fault(fault, names);
}

void
allocation_require(int run_id)
{
	if (!allocation_exists(run_id))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '6', '1', '4')),
				errmsg("run %d does not exist", run_id), errhint("See hospital_cost.run."));
}

Work *
allocation_work(int run_id, AllocationSink flow, AllocationSink kept, void *context, const Work **handle)
{
	return allocation_work_input(allocation_load(run_id), flow, kept, context, handle);
}

Work *
allocation_work_input(RunInput *input, AllocationSink flow, AllocationSink kept, void *context, const Work **handle)
{
	Work *work = palloc0(sizeof(Work));
	Allocation *a = &work->allocation;
	int departments = input->departments + 1;
	Size plane = (Size) departments * input->pools;
	int *levels = palloc0(departments * sizeof(int));
	Fault fault;

	work->input = input;
	work->turns = allocation_turns(input);
	work->exact = allocate_zeroed(plane * sizeof(int64));
	if (plane > 0)
		memcpy(work->exact, input->direct, plane * sizeof(int64));
	for (int d = 0; d < input->departments; d++)
		levels[d] = Min(input->class_of_department[d], LEVELS - 1);
	*a = (Allocation) {
		.policy = input->policy,
		.departments = departments,
		.pools = input->pools,
		.bases = work->turns->bases,
		.turns = work->turns->turns,
		.levels = LEVELS,
		.base = work->turns->base,
		.turn = work->turns->turn,
		.level_of_department = levels,
		.balance = (int64_t *) work->exact,
		.received = allocate_zeroed(LEVELS * plane * sizeof(int64)),
		.sent = allocate_zeroed(plane * sizeof(int64)),
		.flow = flow,
		.kept = kept,
		.context = context,
		.memory = lend_memory,
		.pause = check_interrupts,
		.memory_context = CurrentMemoryContext,
		.scratch = allocate_zeroed(allocation_scratch_size(departments)),
	};
	if (handle != NULL)
		*handle = work;
	if (input->pools == 0)
		return work;
	progress_phase("compute", a->turns);
	fault = allocation_begin(a);
	for (int turn = 0; turn < a->turns && fault.code == FAULT_NONE; turn++)
	{
		CHECK_FOR_INTERRUPTS();
		progress_done(turn);
		fault = allocation_turn(a, turn);
	}
	if (fault.code == FAULT_NONE)
		fault = allocation_check(a, (int64_t *) input->direct);
	if (fault.code != FAULT_NONE)
		allocation_raise(work, fault);
	return work;
}

const int64 *
allocation_rounded(const Work *work)
{
	const RunInput *input = work->input;
	int departments = input->departments + 1;
	int64 *rounded;
	Fault fault;

	if (input->pools == 0)
		return NULL;
	rounded = allocate_zeroed((Size) departments * input->pools * sizeof(int64));
	fault = rounding_controlled((int64_t *) work->exact, departments, input->pools, input->source_of_pool, input->sources,
								input->cell_unit, (int64_t *) rounded,
								allocate_zeroed(rounding_scratch_size(departments, input->pools, input->sources)));
	if (fault.code != FAULT_NONE)
		allocation_raise(work, fault);
	return rounded;
}

SQL_FUNCTION(hc_compute_run);

/*
 * _compute_run(run_id): allocates, rounds and writes the cells of a run whose inputs are stored. Returns how far a cell before its rounding may be
 * from exact arithmetic, in yuan; NULL where that cannot be said.
 */
Datum
hc_compute_run(PG_FUNCTION_ARGS)
{
	Work *work;
	const int64 *rounded;
	int64 bound;

	progress_phase("load", -1);
	work = allocation_work(PG_GETARG_INT32(0), NULL, NULL, NULL, NULL);
	progress_phase("round", -1);
	rounded = allocation_rounded(work);
	progress_phase("store", work->input->departments + 1);
	CHECK_FOR_INTERRUPTS();
	if (rounded == NULL)
		PG_RETURN_NULL();
	bound = allocation_error_bound(&work->allocation);
	allocation_save(work->input, (int64 *) work->allocation.received, (int64 *) work->allocation.sent, rounded);
	if (bound == PG_INT64_MAX)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(decimal_to_numeric(bound, ALLOCATION_AMOUNT_SCALE));
}

/* The policies that bent a flow or kept a balance, by the names the plan gives them. */
static Datum
policy_text(int bits, const AllocationPolicy *policy, bool *isnull)
{
	static const char *const negative[] = {
		[NEGATIVE_STATISTIC_ERROR] = "", [NEGATIVE_STATISTIC_ZERO] = "negative statistic zero", [NEGATIVE_STATISTIC_ABSOLUTE] = "negative statistic absolute",
		[NEGATIVE_STATISTIC_SHIFT] = "negative statistic shift", [NEGATIVE_STATISTIC_SIGNED] = "negative statistic signed",
	};
	const char *const names[] = {negative[policy->negative_statistic], negative[policy->negative_statistic], "fallback driver",
		"equal for zero base", "zero base unallocated", "credit kept"};
	StringInfoData text_of_bits;

	*isnull = bits == 0;
	if (bits == 0)
		return (Datum) 0;
	initStringInfo(&text_of_bits);
	for (int i = 0; i < lengthof(names); i++)
		if (bits & (1 << i))
			appendStringInfo(&text_of_bits, "%s%s", text_of_bits.len ? ", " : "", names[i]);
	return CStringGetTextDatum(text_of_bits.data);
}

static void
put_flow(void *context, const AllocationFlow *flow)
{
	FlowSink *sink = context;
	const RunInput *input = sink->work->input;
	const char *from = input->department_code[flow->server];
	const char *to = input->department_code[flow->receiver];
	Datum values[13];
	bool nulls[13] = {false};
	MemoryContext old;

	if ((sink->from != NULL && strcmp(sink->from, from) != 0) || (sink->to != NULL && strcmp(sink->to, to) != 0))
		return;
	old = MemoryContextSwitchTo(sink->row_context);
	values[0] = Int32GetDatum(sink->work->turns->step_no_of_turn[flow->turn]);
	values[1] = CStringGetTextDatum(from);
	values[2] = CStringGetTextDatum(to);
	values[3] = CStringGetTextDatum(input->cost_item[flow->pool]);
	values[4] = CStringGetTextDatum(input->funding_source[flow->pool]);
	values[5] = CStringGetTextDatum(input->cost_class[flow->pool]);
	values[6] = CStringGetTextDatum(input->driver[sink->work->turns->driver_of_base[flow->base]].code);
	values[7] = decimal_to_numeric(flow->weight, flow->weight_scale);
	values[8] = decimal_to_numeric(flow->weight_total, flow->weight_scale);
	values[9] = decimal_to_numeric(flow->base_amount, ALLOCATION_AMOUNT_SCALE);
	values[10] = decimal_to_numeric(flow->amount, ALLOCATION_AMOUNT_SCALE);
	values[11] = policy_text(flow->policy_used, &input->policy, &nulls[11]);
	values[12] = Int32GetDatum(sink->work->turns->pass_of_turn[flow->turn]);
	tuplestore_putvalues(sink->result->setResult, sink->result->setDesc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(sink->row_context);
}

/* Does a run once more and puts its transfers, or the balances it kept, into the result of the SQL function. */
static void
tell_run(FunctionCallInfo fcinfo, FlowSink *sink, AllocationSink flow, AllocationSink kept)
{
	int run_id = PG_GETARG_INT32(0);

	allocation_require(run_id);
	sink->result = (ReturnSetInfo *) fcinfo->resultinfo;
	sink->row_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost flow", ALLOCSET_SMALL_SIZES);
	(void) allocation_work(run_id, flow, kept, sink, &sink->work);
}

SQL_FUNCTION(hc_allocation_flow);

/* allocation_flow(run [, from, to]): every transfer of a run, told by doing the run again from its stored inputs. */
Datum
hc_allocation_flow(PG_FUNCTION_ARGS)
{
	FlowSink sink = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	sink.from = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	sink.to = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	tell_run(fcinfo, &sink, put_flow, NULL);
	return (Datum) 0;
}

SQL_FUNCTION(hc_allocation_kept);

/* _allocation_kept(run_id): every balance that a policy of the plan leaves with its server, as allocation_flow tells transfers. */
Datum
hc_allocation_kept(PG_FUNCTION_ARGS)
{
	FlowSink sink = {0};

	InitMaterializedSRF(fcinfo, 0);
	tell_run(fcinfo, &sink, NULL, put_flow);
	return (Datum) 0;
}
