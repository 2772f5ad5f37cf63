/*
 * allocation.h
 *		Doing a run from its stored inputs: for its result, its flows, its trace.
 */
#ifndef HC_ENTRY_ALLOCATION_H
#define HC_ENTRY_ALLOCATION_H

#include "postgres.h"

#include "core/allocation.h"
#include "core/fault.h"
#include "store/allocation.h"
#include "store/allocation_turn.h"

#define LEVELS 4

/* A run being worked: the hospital row is a department of its own that takes no part. */
typedef struct Work
{
	RunInput *input;
	RunTurns *turns;
	Allocation allocation;
	int64 *exact; /* the core's balance: direct cost on the way to full cost */
} Work;

/*
 * Does the whole run in the current memory context and raises what stops it. Where they are given, "flow" is told every transfer and "kept"
 * every balance that a policy leaves in place; *handle is set before the first.
 */
extern Work *allocation_work(int run_id, AllocationSink flow, AllocationSink kept, void *context, const Work **handle);

/* The same for inputs that are loaded already. */
extern Work *allocation_work_input(RunInput *input, AllocationSink flow, AllocationSink kept, void *context, const Work **handle);

/* The full cost of each cell after controlled rounding, [departments + 1][pools] in 1e-8 yuan; NULL without pools. */
extern const int64 *allocation_rounded(const Work *work);

/* Raises MC614 if there is no such run. */
extern void allocation_require(int run_id);

/* Raises a fault of the core with the names of the run. */
extern void allocation_raise(const Work *work, Fault fault) __attribute__((noreturn));

#endif
