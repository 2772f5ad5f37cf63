/*
 * allocation_trace.h
 *		Where the money of a cell comes from: one pool's flows, walked with names.
 *
 * Every amount is a bundle of parts; a part knows its origin (the department
 * whose direct cost it was) and its path (the levels it passed between). When a
 * server passes its content on, each receiver's amount takes of every part in
 * proportion. The parts are integers and both margins tie: what the receivers
 * take of a part is that part, what one receiver takes of all parts is the
 * flow. The rule: the server's outputs are halved again and again (first those
 * of its balance's sign from the others), and of running totals C of the parts
 * the first half gets C x half / whole, rounded down. So a part is never given
 * the wrong sign or more than there is, and ends within a few units of its
 * proportion. Sums along origins and along receivers are exact; one matrix
 * origin x receiver answers both questions.
 *
 * Flows are taken as given, from whatever method made them. A phase is a set of
 * servers that send together. If each sends just what it held when the phase
 * began, the phase is one pass. Else servers that nobody in the phase serves
 * any more go first; what remains serves one another in a ring, and is replaced
 * by the flows from each member's own content straight to the exits: the
 * shares are solved in double and closed to both margins in integers.
 *
 * Use: fill an AllocationTrace, allocation_trace_measure(), give it scratch,
 * allocation_trace_run(). All memory is the caller's.
 */
#ifndef HC_CORE_ALLOCATION_TRACE_H
#define HC_CORE_ALLOCATION_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"

#define TRACE_LEVELS 4			/* levels of departments, as in Allocation */
#define TRACE_MUTUAL (1 << TRACE_LEVELS)	/* passed through a ring */
#define TRACE_PATHS (2 * TRACE_MUTUAL)

typedef struct TraceFlow
{
	int			server;
	int			receiver;
	int64_t		amount;			/* never 0 */
} TraceFlow;

/*
 * One part of what a department holds in the end. path has a bit for the level
 * of each server passed between origin and receiver, and TRACE_MUTUAL if it
 * passed members of a ring; 0 is straight, or, where origin and receiver are
 * one, direct.
 */
typedef void (*TraceSink) (void *context, int receiver, int origin, int path,
						   int64_t amount);

typedef struct AllocationTrace
{
	/* input, not changed: one pool of a run */
	int			departments;
	const int  *level_of_department;	/* [departments] 0 .. TRACE_LEVELS - 1 */
	const int64_t *direct;		/* [departments] */
	int			phases;
	const int  *phase_end;		/* [phases] flows of phase i end before it */
	const TraceFlow *flow;		/* phases in order; in a phase the flows of a
								 * server stand together */
	const bool *wanted;			/* [departments] whose parts to report */
	TraceSink	found;			/* receivers ascending; parts that are not 0 */
	void		(*pause) (void *context);	/* called often, or NULL; need not return */
	void	   *context;

	void	   *small;			/* allocation_trace_small_size() bytes, any
								 * alignment, kept from measure to run */
	void	   *scratch;		/* as many bytes as measure said, any alignment */

	/* kept by measure */
	int			slots;
	int			origins;
	int			paths;
	int			longest_ring;
	int			most_servers;
	int			most_outputs;
} AllocationTrace;

extern size_t allocation_trace_small_size(int departments);
extern Fault allocation_trace_measure(AllocationTrace *t, size_t *scratch_size);
extern Fault allocation_trace_run(AllocationTrace *t);

#endif							/* HC_CORE_ALLOCATION_TRACE_H */
