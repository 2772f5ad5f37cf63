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
	AllocationBase *base;
	int bases;
	int base_room;
	int *driver_of_base;
} RunTurns;

/*
 * Makes the turns of a run, in the current memory context. Servers of one step_no form a group. For a server and pool the most telling step of
 * the group counts: one that names the server before one that names its class, one that names the cost item before one that does not.
 */
extern RunTurns *allocation_turns(const RunInput *input);

#endif
