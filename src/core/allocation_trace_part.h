/*
 * allocation_trace_part.h
 *		Between the files of allocation_trace: the caller's memory, carved up.
 */
#ifndef HC_CORE_ALLOCATION_TRACE_PART_H
#define HC_CORE_ALLOCATION_TRACE_PART_H

#include "core/allocation_trace.h"
#include "core/wide.h"

#define TRACE_DEPTH 40			/* halvings of 2 x INT_MAX outputs, and one */

/* One server of a phase: its flows are flow[first .. first + count). */
typedef struct TraceRun
{
	int			server;
	int			first;
	int			count;
	int64_t		sent;
} TraceRun;

/* What a server passes on: the straight part and the part through a ring. */
typedef struct TraceOutput
{
	int			receiver;
	int			mark;			/* 0 or TRACE_MUTUAL */
	int64_t		amount;
} TraceOutput;

/* The small scratch: numbers of departments, and the phase at hand. */
typedef struct TraceShape
{
	int64_t    *balance;		/* [departments] content by the flows */
	TraceRun   *run;			/* [departments] of the phase */
	int		   *run_of;			/* [departments] index in run, or -1 */
	int		   *served_by;		/* [departments] runs not yet gone that serve it */
	int		   *order;			/* [departments] runs, those of the ring last */
	int		   *slot;			/* [departments] row of hold, or -1 */
	int		   *rank;			/* [departments] number as an origin, or -1 */
	int		   *origin;			/* [departments] department of an origin */
	int		   *column;			/* [departments] exit of a ring, or -1 */
	uint32_t   *paths;			/* [departments] bit per path of its parts */
	int			path_rank[TRACE_PATHS];
	int			path[TRACE_PATHS];
	int			runs;
	int			ring_from;		/* order[ring_from .. runs) is a ring */
	bool		snapshot;
} TraceShape;

/* The large scratch. A part's number is origin rank x paths + path rank. */
typedef struct TraceSpace
{
	int64_t    *hold;			/* [slots][parts] */
	int64_t    *content;		/* [most_servers][parts] not-0 parts, packed */
	int		   *part;			/* [most_servers][parts] their numbers */
	int		   *count;			/* [most_servers] */
	int64_t    *half;			/* [TRACE_DEPTH][parts] */
	int		   *landing;		/* [2][parts] their numbers at the receiver */
	TraceOutput *output;		/* [most_outputs] */
	TraceOutput *sorted;		/* [most_outputs] */
	int		   *needed;			/* [most_outputs + 1] wanted ones before it */
	double	   *system;			/* [ring][ring + departments] */
	int64_t    *through;		/* [ring][departments] */
	int			parts;
} TraceSpace;

/* All that the walk of one pool knows. */
typedef struct Trace
{
	AllocationTrace *t;
	TraceShape	shape;
	TraceSpace	space;
} Trace;

static inline void
trace_pause(const Trace *w)
{
	if (w->t->pause != NULL)
		w->t->pause(w->t->context);
}

extern Fault trace_list_runs(const AllocationTrace *t, TraceShape *s, int phase);
extern void trace_order_runs(const AllocationTrace *t, TraceShape *s);
extern Fault trace_move_balances(const AllocationTrace *t, TraceShape *s,
								 int phase);
extern Fault trace_measure_phase(AllocationTrace *t, TraceShape *s, int phase);
extern Fault trace_pass_on(Trace *w, int run, int outputs);
extern Fault trace_solve_ring(Trace *w, int *exits);
extern int	trace_ring_outputs(Trace *w, int member, int exits);

#endif							/* HC_CORE_ALLOCATION_TRACE_PART_H */
