/*
 * fault.h
 *		What can go wrong in the core, as a value.
 *
 * The core raises nothing: every function that can refuse returns a Fault, and
 * src/entry/raise.c turns it into SQLSTATE, message and hint with one switch.
 * Codes stand in room order; a new one goes to the end of its room.
 */
#ifndef HC_CORE_FAULT_H
#define HC_CORE_FAULT_H

#include <stdint.h>

typedef enum FaultCode
{
	FAULT_NONE = 0,

	/* 00 ground */
	FAULT_ARGUMENT,				/* shape or parameter out of range: the caller's bug */
	FAULT_INVARIANT,			/* the core contradicts itself: our bug */
	FAULT_OVERFLOW,				/* result does not fit int64 */
	FAULT_NUMBER_SYNTAX,		/* not a plain decimal; at = byte offset */
	FAULT_WEIGHT_ZERO,			/* weights sum to zero, or there are none */
	FAULT_WEIGHT_NEGATIVE,		/* weights sum to less than zero; detail = sum */

	/* 60 allocation: server, pool and base are set where they apply */
	FAULT_TURN_ORDER,			/* turns unsorted or called out of order; at = turn */
	FAULT_BASE_ZERO,			/* base and its fallbacks are zero; detail = balance */
	FAULT_STATISTIC_NEGATIVE,	/* at = receiver, detail = its weight */
	FAULT_BASE_NEGATIVE,		/* signed statistics sum below zero; detail = sum */
	FAULT_FIXED_SHARE,			/* fixed shares are not 1.000000; detail = sum */
	FAULT_FALLBACK_LOOP,		/* fallback bases lead back to themselves */
	FAULT_POOL_CONSERVATION,	/* sum of a pool changed; detail = difference */
	FAULT_CELL_CONSERVATION,	/* direct + received - sent <> balance; at =
								 * department, detail = difference */
	FAULT_CLOSED_LOOP,			/* servers that serve each other only hold cost;
								 * detail = how many */
	FAULT_SIMULTANEOUS_SIGNED,	/* signed statistics in simultaneous equations */
	FAULT_SIMULTANEOUS_MULTIPLIER	/* rounded multipliers in the same */
} FaultCode;

typedef struct Fault
{
	FaultCode	code;
	int			server;			/* department index, or -1 */
	int			pool;			/* pool index, or -1 */
	int			base;			/* base index, or -1 */
	int64_t		at;				/* index of the offending element, or -1 */
	int64_t		detail;			/* the offending number, or 0; saturates */
} Fault;

/* Builds a fault about one element; server, pool and base stay unset. */
static inline Fault
fault_at(FaultCode code, int64_t at, int64_t detail)
{
	Fault		fault = {code, -1, -1, -1, at, detail};

	return fault;
}

/* Says that all went well. */
static inline Fault
fault_none(void)
{
	return fault_at(FAULT_NONE, -1, 0);
}

#endif							/* HC_CORE_FAULT_H */
