/*
 * allocation_system.h
 *		Between the files of the simultaneous allocation: the servers of a group as
 *		a system of equations.
 *
 * Gross cost X of the servers of a group, pool by pool:
 *		X_s = balance_s + sum over servers t of w_ts X_t
 * where w_ts is s's share of t's base.  Pools whose servers all have the same
 * bases share one matrix: a panel.  Numbers of servers here count within the
 * group, ascending by department.
 */
#ifndef HC_CORE_ALLOCATION_SYSTEM_H
#define HC_CORE_ALLOCATION_SYSTEM_H

#include "core/allocation_base.h"

/* What a server does in a panel. */
typedef enum ServerState
{
	SERVER_IDLE,				/* no money comes to it, or it has no base */
	SERVER_SENDS,
	SERVER_BLOCKED				/* what comes stays: a zero base, or a fault */
} ServerState;

/* One server's edges to servers of its group. */
typedef struct PanelRow
{
	ServerState state;
	int			pool;			/* the first that money came in */
	int			edges;
	int		   *to;				/* [edges] servers, ascending */
	double	   *share;			/* [edges] */
	double		outside;		/* share of departments that are no servers */
	int			outside_best;	/* the one with the largest share, or -1 */
	double		outside_share;
	double		exit;			/* share of whoever does not send */
	int			distance;		/* hops to an exit, 0 = none is reached */
	int			parent;			/* department one hop nearer */
	int			policy_used;
	Fault		fault;			/* why it is blocked */
} PanelRow;

typedef struct Panel
{
	int			pools;
	int		   *pool;			/* [pools] */
	int			servers;
	PanelRow   *row;			/* [servers] */

	/* edges between servers that send, by receiver */
	int		   *first;			/* [servers + 1] */
	int		   *from;
	double	   *share;

	double	   *steady;			/* [servers] about what all servers hold when each
								 * is given one */
	double		steady_exit;	/* what leaves of it in a pass */
	double	   *factor;			/* [servers][servers] once it was needed */
	double	   *factor_sum;		/* [servers] */
	double	   *kept_factor;	/* the same among those who send in one column, */
	double	   *kept_sum;		/* made anew for each */
} Panel;

typedef struct AllocationSystem
{
	int64_t    *start;			/* open groups: [departments][pools] */

	int			first_turn;
	int			end_turn;
	int			servers;
	int		   *department;		/* [servers] */
	int		   *server_of;		/* [departments] or -1 */
	int		   *turn_of;		/* [servers][pools] turn with a base, or -1 */
	int64_t    *gross;			/* [servers][pools] what is split */
	int64_t    *closing;		/* [servers][pools] what the last units of a
								 * server add to its parent's flow */
	int			panels;
	Panel	   *panel;
	int		   *panel_of_pool;	/* [pools] */
} AllocationSystem;

static inline void
allocation_pause(const Allocation *a)
{
	if (a->pause != NULL)
		a->pause(a->memory_context);
}

extern void *allocation_zeroed(const Allocation *a, size_t count, size_t size);
extern Fault allocation_open_group(Allocation *a);
extern Fault allocation_solve_group(Allocation *a, AllocationWorkspace *w,
									int number);
extern Fault allocation_tell_turn(Allocation *a, AllocationWorkspace *w,
								  int number);

extern void allocation_find_panels(Allocation *a, AllocationSystem *system,
								   int number);
extern Fault allocation_trace_panel(Allocation *a, AllocationWorkspace *w,
									const AllocationSystem *system, Panel *p);
extern Fault allocation_ready_server(const Allocation *a,
									 AllocationWorkspace *w,
									 const AllocationSystem *system, int server,
									 int pool, AllocationReady *ready);

extern void allocation_steady(const Allocation *a, Panel *p);
extern void allocation_solve_columns(const Allocation *a, Panel *p, int columns,
									 double tolerance, const double *b,
									 double *x);
extern void allocation_solve_kept(const Allocation *a, Panel *p,
								  const double *b, double *x);
extern void allocation_factor(const Allocation *a, const Panel *p,
							  const bool *taken, double *factor, double *sum);
extern void allocation_solve_factor(const Allocation *a, const double *factor,
									const double *sum, int n, int columns,
									double *x);

extern void allocation_bound_system(Allocation *a, AllocationWorkspace *w,
									AllocationSystem *system);

#endif							/* HC_CORE_ALLOCATION_SYSTEM_H */
