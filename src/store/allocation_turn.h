/*
 * allocation_turn.h
 *		A run's steps as the turns and bases the core works with.
 */
#ifndef HC_STORE_ALLOCATION_TURN_H
#define HC_STORE_ALLOCATION_TURN_H

#include "store/allocation.h"

/* What a base and a turn came from, to tell it in words. */
typedef struct RunTurns
{
	AllocationTurn *turn;
	int turns;
	int *step_no_of_turn;
	int *pass_of_turn; /* 1, or 2 for the closing pass of double apportionment */
	AllocationBase *base;
	int bases;
	int base_room;
	int *driver_of_base;
} RunTurns;

/*
 * Makes the turns of a run, in the current memory context. In a step-down the servers of one step_no form a group; direct and reciprocal have one
 * group of all, in which a server's first step with a base for a pool counts; double has that group as an open one before those of the step-down. For a server and pool the most telling step of
 * the group counts: one that names the server before one that names its class, one that names the cost item before one that does not.
 */
extern RunTurns *allocation_turns(const RunInput *input);

/* The method a plan names; elog if there is none of that name. */
extern RunMethod allocation_method(const char *name);

#endif
