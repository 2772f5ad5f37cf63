/*
 * allocation_proof.c
 *		Whether the flows of a run close, added up as they are told: a dense run has millions of them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/fmgrprotos.h"

#include "entry/allocation.h"
#include "entry/sql.h"
#include "store/decimal.h"

#define UNITS_A_YUAN 100000000 /* ALLOCATION_AMOUNT_SCALE decimals */

/* What a server had of a pool at its turn, and what arrived of it. */
typedef struct SplitSum
{
	int128 arrived;
	int64 base;
	bool told;
} SplitSum;

typedef struct FlowProof
{
	const Work *work;
	SplitSum *split; /* [turns][pools] */
	int128 total;
} FlowProof;

/* Sink of the run. */
static void
add_flow(void *context, const AllocationFlow *flow)
{
	FlowProof *proof = context;
	const Allocation *a = &proof->work->allocation;
	SplitSum *split;

	if (proof->split == NULL)
		proof->split = MemoryContextAllocExtended(CurrentMemoryContext, (Size) a->turns * a->pools * sizeof(SplitSum),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	split = &proof->split[(Size) flow->turn * a->pools + flow->pool];
	if (!split->told || flow->base_amount < split->base)
		split->base = flow->base_amount;
	split->told = true;
	split->arrived += flow->amount;
	proof->total += flow->amount;
}

/* Yuan of more units than fit 64 bits. */
static Datum
wide_numeric(int128 units)
{
	return DirectFunctionCall2(numeric_add, decimal_to_numeric((int64) (units / UNITS_A_YUAN), 0),
							   decimal_to_numeric((int64) (units % UNITS_A_YUAN), ALLOCATION_AMOUNT_SCALE));
}

SQL_FUNCTION(hc_flow_proof);

/* _flow_proof(run_id): the sum of all transfers of a run, told once more, and how many splits do not give away what their server had. */
Datum
hc_flow_proof(PG_FUNCTION_ARGS)
{
	FlowProof proof = {0};
	TupleDesc desc;
	Datum values[2];
	bool nulls[2] = {false, false};
	int64 open = 0;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the result must be a row");
	allocation_require(PG_GETARG_INT32(0));
	(void) allocation_work(PG_GETARG_INT32(0), add_flow, NULL, &proof, &proof.work);
	for (Size i = 0; proof.split != NULL && i < (Size) proof.work->allocation.turns * proof.work->allocation.pools; i++)
		open += proof.split[i].told && proof.split[i].arrived != proof.split[i].base;
	values[0] = wide_numeric(proof.total);
	values[1] = Int64GetDatum(open);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
