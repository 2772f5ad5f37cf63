/*
 * allocation_trace_fixture.h
 *		Flows of one pool for tests of the trace, built line by line.
 */
#ifndef HC_TEST_ALLOCATION_TRACE_FIXTURE_H
#define HC_TEST_ALLOCATION_TRACE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/allocation_trace.h"

#define MOST 24					/* departments */
#define MOST_PHASES 6
#define MOST_PARTS 60000

typedef struct Part
{
	int			receiver;
	int			origin;
	int			path;
	int64_t		amount;
} Part;

typedef struct Case
{
	AllocationTrace t;
	int			level[MOST];
	int64_t		direct[MOST];
	int64_t		balance[MOST];
	bool		wanted[MOST];
	TraceFlow	flow[MOST_PHASES * MOST * MOST];
	int			phase_end[MOST_PHASES];
	double		mix[MOST][MOST];	/* [receiver][origin], in proportion */
	Part		part[MOST_PARTS];
	int			parts;
	Fault		fault;
} Case;

static inline void
note_part(void *context, int receiver, int origin, int path, int64_t amount)
{
	Case	   *c = context;

	assert_true(c->parts < MOST_PARTS);
	assert_true(amount != 0);
	c->part[c->parts++] = (Part) {receiver, origin, path, amount};
}

static inline void
begin(Case *c, int departments)
{
	int			d;

	memset(c, 0, sizeof(*c));
	c->t.departments = departments;
	c->t.level_of_department = c->level;
	c->t.direct = c->direct;
	c->t.phase_end = c->phase_end;
	c->t.flow = c->flow;
	c->t.wanted = c->wanted;
	c->t.found = note_part;
	c->t.context = c;
	for (d = 0; d < departments; d++)
		c->wanted[d] = true;
}

static inline void
cost(Case *c, int department, int level, int64_t amount)
{
	c->level[department] = level;
	c->direct[department] = c->balance[department] = amount;
	c->mix[department][department] = (double) amount;
}

/* Adds a flow to the last phase; begin_phase() makes a new one. */
static inline void
begin_phase(Case *c)
{
	int			end = c->t.phases == 0 ? 0 : c->phase_end[c->t.phases - 1];

	c->phase_end[c->t.phases++] = end;
}

static inline void
flow(Case *c, int server, int receiver, int64_t amount)
{
	c->flow[c->phase_end[c->t.phases - 1]++] = (TraceFlow) {server, receiver, amount};
	c->balance[server] -= amount;
	c->balance[receiver] += amount;
}

/* Walks on scratch of exactly the size asked for. */
static inline void
walk(Case *c)
{
	size_t		size;

	c->parts = 0;
	c->t.small = malloc(allocation_trace_small_size(c->t.departments));
	c->fault = allocation_trace_measure(&c->t, &size);
	c->t.scratch = malloc(size);
	if (c->fault.code == FAULT_NONE)
		c->fault = allocation_trace_run(&c->t);
	free(c->t.scratch);
	free(c->t.small);
}

static inline int64_t
part_of(const Case *c, int receiver, int origin, int path)
{
	int64_t		sum = 0;
	int			i;

	for (i = 0; i < c->parts; i++)
		if (c->part[i].receiver == receiver && c->part[i].origin == origin &&
			(path < 0 || c->part[i].path == path))
			sum += c->part[i].amount;
	return sum;
}

/* Parts of a receiver sum to its balance, parts of an origin to its cost. */
static inline void
assert_margins(const Case *c)
{
	int			d;
	int			i;

	assert_int_equal(c->fault.code, FAULT_NONE);
	for (d = 0; d < c->t.departments; d++)
	{
		int64_t		held = 0;
		int64_t		cost = 0;

		for (i = 0; i < c->parts; i++)
		{
			held += c->part[i].receiver == d ? c->part[i].amount : 0;
			cost += c->part[i].origin == d ? c->part[i].amount : 0;
		}
		assert_int_equal(held, c->balance[d]);
		assert_int_equal(cost, c->direct[d]);
	}
}

static inline void
assert_proportion(const Case *c, double tolerance)
{
	int			d;
	int			o;

	for (d = 0; d < c->t.departments; d++)
		for (o = 0; o < c->t.departments; o++)
		{
			double		error = (double) part_of(c, d, o, -1) - c->mix[d][o];

			assert_true(error < tolerance && error > -tolerance);
		}
}

#endif							/* HC_TEST_ALLOCATION_TRACE_FIXTURE_H */
