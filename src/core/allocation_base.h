/*
 * allocation_base.h
 *		Between the files of the allocation: a base made ready for a turn, moves
 *		of money, the bound of their error.
 */
#ifndef HC_CORE_ALLOCATION_BASE_H
#define HC_CORE_ALLOCATION_BASE_H

#include <stdbool.h>

#include "core/allocation.h"

#define ALLOCATION_NO_BOUND 1e300
#define ONE_WEIGHT 1000000		/* 1.0 at ALLOCATION_WEIGHT_SCALE */

/* The caller's scratch, carved up. */
typedef struct AllocationWorkspace
{
	int64_t    *closed_since;	/* [departments] group, INT64_MAX = never */
	int64_t    *accumulated;	/* [departments] total at the group's start */
	int64_t    *dense;			/* [departments] weights while collecting */
	double	   *error;			/* [departments] bound of the error of a balance,
								 * all pools, in flow units */
	double	   *more_error;		/* [departments] what the turn adds to it */
	int64_t    *weight;			/* [n] weights in use */
	int64_t    *share;			/* [n] */
	int		   *receiver;		/* [n] departments in use, ascending */
	int		   *touched;		/* [touches] departments with more_error */
	int			touches;
	bool	   *member;			/* [departments] listed and open; clear between
								 * uses */
	void	   *split;			/* for money_split */
} AllocationWorkspace;

/* A base made ready for one server: who receives, by which weights. */
typedef struct AllocationReady
{
	int			requested;		/* base of the pool, or ALLOCATION_NONE */
	int			base;			/* base in use */
	int			n;
	int			weightless;		/* receivers behind the n whose accumulated cost
								 * is zero within its error only */
	int			weight_scale;
	int			policy_used;
	int64_t		total;
	double		error;			/* sum of the receivers' errors, in flow units,
								 * where accumulated cost is the weight */
	double		lowest_error;	/* what raising all weights adds to that of each */
	bool		doubt;			/* accumulated cost was zero within its error, and
								 * so the policy for zero bases was used */
	Fault		fault;			/* why it is not ready */
} AllocationReady;

static inline bool
add_int64(int64_t *sum, int64_t value)
{
	return !__builtin_add_overflow(*sum, value, sum);
}

static inline size_t
cell_at(const Allocation *a, int department, int pool)
{
	return (size_t) department * (size_t) a->pools + (size_t) pool;
}

static inline Fault
fault_in(Fault fault, int server, int pool, int base)
{
	fault.server = server;
	fault.pool = pool;
	fault.base = base;
	return fault;
}

extern AllocationWorkspace allocation_workspace(const Allocation *a);
extern Fault allocation_ready_base(const Allocation *a,
								   AllocationWorkspace *w, int turn_index,
								   AllocationReady *ready);
extern AllocationFlow allocation_flow_of(const Allocation *a, int number,
										 int pool, int64_t amount,
										 const AllocationReady *ready);
extern void allocation_keep(const Allocation *a, AllocationFlow flow,
							int policy_used);
extern Fault allocation_split(const Allocation *a, AllocationWorkspace *w,
							  int n, AllocationFlow *flow);
extern double allocation_largest(const Allocation *a, int server);
extern double allocation_share_error(const Allocation *a,
									 const AllocationWorkspace *w,
									 const AllocationReady *ready, int i,
									 double error, double largest);
extern void allocation_note_error(const Allocation *a, AllocationWorkspace *w,
								  const AllocationReady *ready, int server,
								  double largest);
extern void allocation_add_error(AllocationWorkspace *w, int server,
								 bool emptied);

#endif							/* HC_CORE_ALLOCATION_BASE_H */
