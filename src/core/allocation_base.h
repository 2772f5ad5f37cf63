/*
 * allocation_base.h
 *		Between allocation.c and allocation_base.c: a base made ready for a turn.
 */
#ifndef HC_CORE_ALLOCATION_BASE_H
#define HC_CORE_ALLOCATION_BASE_H

#include <stdbool.h>

#include "core/allocation.h"

#define ONE_WEIGHT 1000000		/* 1.0 at ALLOCATION_WEIGHT_SCALE */

/* The caller's scratch, carved up. */
typedef struct AllocationWorkspace
{
	int64_t    *closed_since;	/* [departments] group, INT64_MAX = never */
	int64_t    *accumulated;	/* [departments] total at the group's start */
	int64_t    *dense;			/* [departments] weights while collecting */
	int64_t    *weight;			/* [n] weights in use */
	int64_t    *share;			/* [n] */
	int		   *receiver;		/* [n] departments in use, ascending */
	bool	   *member;			/* [departments] listed and open */
	void	   *split;			/* for money_split */
} AllocationWorkspace;

/* A base made ready for one server: who receives, by which weights. */
typedef struct AllocationReady
{
	int			requested;		/* base of the pool, or ALLOCATION_NONE */
	int			base;			/* base in use */
	int			n;
	int			weight_scale;
	int			policy_used;
	int64_t		total;
} AllocationReady;

static inline bool
add_int64(int64_t *sum, int64_t value)
{
	return !__builtin_add_overflow(*sum, value, sum);
}

extern Fault allocation_ready_base(const Allocation *a,
								   AllocationWorkspace *w, int group,
								   AllocationReady *ready);

#endif							/* HC_CORE_ALLOCATION_BASE_H */
