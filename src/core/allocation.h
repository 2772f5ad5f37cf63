/*
 * allocation.h
 *		Allocation: how direct cost of departments closes, turn by turn.
 *
 * Departments are numbered in code order, so "lower index" is "lower code".
 * A pool is one (cost item, funding source, cost class); each pool is allocated
 * by itself. Money is int64 in 10^-8 yuan; a matrix lies department-major:
 * cell (department, pool) is at department * pools + pool.
 *
 * A turn empties one server: for each pool its balance is split over the
 * receivers of the pool's base. What leaves the server is what arrives. Who may
 * receive depends on the turn's manner; the server itself never does. Receivers
 * that may not drop out of the base and their statistics do not count. The
 * order in which a base lists its receivers does not matter.
 *
 * The methods are made of manners: direct = one group of closing turns;
 * step-down = a group a step; double = a group of open turns before those of
 * the step-down; reciprocal = one simultaneous group.
 *
 * Use: fill an Allocation, allocation_begin(), allocation_turn() for each turn
 * in order, allocation_check(). All memory is the caller's; nothing is kept.
 */
#ifndef HC_CORE_ALLOCATION_H
#define HC_CORE_ALLOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"
#include "core/money.h"

#define ALLOCATION_AMOUNT_SCALE 8	/* balances, flows, flow_unit */
#define ALLOCATION_WEIGHT_SCALE 6	/* statistics and fixed shares */
#define ALLOCATION_EXACT (-1)	/* multiplier_scale: no rounded multiplier */
#define ALLOCATION_NONE (-1)	/* no base, no fallback */

/* What to do with a non-zero balance whose base sums to zero. */
typedef enum AllocationZeroBase
{
	ZERO_BASE_ERROR,
	ZERO_BASE_FALLBACK,			/* the base's fallback; error if none is left */
	ZERO_BASE_UNALLOCATED,		/* stays with the server */
	ZERO_BASE_EQUAL				/* equal weights over the base's receivers */
} AllocationZeroBase;

/* What to do with a base in which a receiver's weight is negative. */
typedef enum AllocationNegativeStatistic
{
	NEGATIVE_STATISTIC_ERROR,
	NEGATIVE_STATISTIC_ZERO,	/* negative weights count as zero */
	NEGATIVE_STATISTIC_ABSOLUTE,	/* signs are dropped */
	NEGATIVE_STATISTIC_SHIFT,	/* all weights are raised by the lowest's size */
	NEGATIVE_STATISTIC_SIGNED	/* used as they are; their sum must not be
								 * negative */
} AllocationNegativeStatistic;

/* What to do with a pool that is negative at its server's turn. */
typedef enum AllocationCreditBalance
{
	CREDIT_BALANCE_ALLOCATE,	/* split like a debit, mirrored */
	CREDIT_BALANCE_KEEP			/* stays with the server; what comes in later
								 * pays it back first */
} AllocationCreditBalance;

typedef struct AllocationPolicy
{
	int64_t		flow_unit;		/* flows are multiples of it; >= 1 */
	int			multiplier_scale;	/* decimals, or ALLOCATION_EXACT */
	MoneyResidual residual;		/* used with a rounded multiplier only */
	AllocationZeroBase zero_base;
	AllocationNegativeStatistic negative_statistic;
	AllocationCreditBalance credit_balance;
} AllocationPolicy;

typedef enum AllocationBaseKind
{
	BASE_STATISTIC,				/* weights given; repeated receivers add up */
	BASE_EQUAL,					/* weights NULL: one each */
	BASE_ACCUMULATED_COST,		/* weights NULL: the receiver's balance over all
								 * pools at the start of the group of turns */
	BASE_FIXED_SHARE			/* weights given; must sum to 1.000000 */
} AllocationBaseKind;

typedef struct AllocationBase
{
	AllocationBaseKind kind;
	int			n;				/* receivers listed, closed ones included */
	const int  *receivers;		/* [n] department indices */
	const int64_t *weights;		/* [n] scale ALLOCATION_WEIGHT_SCALE, or NULL */
	int			fallback;		/* another base, or ALLOCATION_NONE */
} AllocationBase;

/* Whom the servers of a group may serve. */
typedef enum AllocationManner
{
	TURN_CLOSING,				/* no server of this group or an earlier one */
	TURN_SEQUENTIAL,			/* as closing, but peers whose turn is yet to
								 * come do receive */
	TURN_OPEN,					/* everybody; what is split is the balance at the
								 * group's start, and nobody is closed by it */
	TURN_SIMULTANEOUS			/* no server of an earlier group; the group's
								 * balances solve one system of equations */
} AllocationManner;

typedef struct AllocationTurn
{
	int			server;			/* department index */
	int			group;
	const int  *base_of_pool;	/* [pools], ALLOCATION_NONE = not allocated */
	AllocationManner manner;	/* the same in all turns of a group */
} AllocationTurn;

/* How a flow came about; bits. */
#define FLOW_NEGATIVE_CHANGED	1	/* negative statistics zeroed, made absolute
									 * or shifted */
#define FLOW_NEGATIVE_SIGNED	2	/* negative statistics used as they are */
#define FLOW_FALLBACK			4	/* a fallback base was used */
#define FLOW_EQUAL_FOR_ZERO		8	/* zero base, split equally */
#define FLOW_UNALLOCATED		16	/* kept: zero base */
#define FLOW_CREDIT				32	/* kept: credit balance */

/* One transfer, or, through the kept sink, one balance that stays. */
typedef struct AllocationFlow
{
	int			turn;
	int			server;
	int			receiver;		/* the server itself in the kept sink */
	int			pool;
	int			base;			/* the one used, which may be a fallback */
	int			policy_used;	/* FLOW_... bits */
	int			weight_scale;	/* decimals of weight and weight_total */
	int64_t		weight;			/* as used, after policy; 0 in the kept sink */
	int64_t		weight_total;
	int64_t		multiplier;		/* at the policy's multiplier_scale, 0 if exact */
	int64_t		base_amount;	/* the server's balance that is split */
	int64_t		amount;			/* what this receiver gets, never 0 */
} AllocationFlow;

typedef void (*AllocationSink) (void *context, const AllocationFlow *flow);

/* Gives memory for any type, which lives as long as the Allocation is used. */
typedef void *(*AllocationMemory) (void *context, size_t size);

/* Called often in long work; need not return. */
typedef void (*AllocationPause) (void *context);

#define ALLOCATION_LOOP_NAMED 8 /* servers of a closed loop that are named */

typedef struct Allocation
{
	/* input, not changed */
	AllocationPolicy policy;
	int			departments;
	int			pools;
	int			bases;
	int			turns;
	int			levels;			/* planes of received, >= 1 */
	const AllocationBase *base; /* [bases] */
	const AllocationTurn *turn; /* [turns] ascending by group, then server; a
								 * server may have several turns in a group,
								 * each for pools of its own */
	const int  *level_of_department;	/* [departments] 0 .. levels - 1 */

	/* in: direct cost; out: what remains after the turns done */
	int64_t    *balance;		/* [departments][pools] */

	/* out, cleared by allocation_begin */
	int64_t    *received;		/* [levels][departments][pools], the plane is
								 * the level of the server */
	int64_t    *sent;			/* [departments][pools] */

	/* called for each transfer, pools ascending, then receivers; may be NULL */
	AllocationSink flow;
	/* called for each non-zero balance a policy leaves in place; may be NULL */
	AllocationSink kept;
	void	   *context;		/* of the two sinks */

	/* needed where turns are open or simultaneous; pause may be NULL */
	AllocationMemory memory;
	AllocationPause pause;
	void	   *memory_context;

	/* out, with FAULT_CLOSED_LOOP: its first servers in code order */
	int			loop[ALLOCATION_LOOP_NAMED];
	int			loop_servers;	/* all of them, named or not */

	void	   *scratch;		/* allocation_scratch_size() bytes, any alignment */
	int			next_turn;		/* kept by allocation_begin and _turn */
	struct AllocationSystem *system;	/* the same, within a group */
} Allocation;

extern size_t allocation_scratch_size(int departments);
extern Fault allocation_begin(Allocation *a);
extern Fault allocation_turn(Allocation *a, int turn_index);
extern int64_t allocation_error_bound(const Allocation *a);
extern Fault allocation_check(const Allocation *a, const int64_t *direct);

#endif							/* HC_CORE_ALLOCATION_H */
