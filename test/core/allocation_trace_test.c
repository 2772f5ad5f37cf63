/*
 * allocation_trace_test.c
 *		Where money comes from: both margins exact, shares in proportion, paths
 *		as they were walked, whatever the method that made the flows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/allocation_trace.h"
#include "random.h"

#define MOST 24					/* departments */
#define MOST_PHASES 6
#define MOST_PARTS 60000
#define ROUNDS 300
#define WALKS 4000

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

static void
note_part(void *context, int receiver, int origin, int path, int64_t amount)
{
	Case	   *c = context;

	assert_true(c->parts < MOST_PARTS);
	assert_true(amount != 0);
	c->part[c->parts++] = (Part) {receiver, origin, path, amount};
}

static void
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

static void
cost(Case *c, int department, int level, int64_t amount)
{
	c->level[department] = level;
	c->direct[department] = c->balance[department] = amount;
	c->mix[department][department] = (double) amount;
}

/* Adds a flow to the last phase; begin_phase() makes a new one. */
static void
begin_phase(Case *c)
{
	int			end = c->t.phases == 0 ? 0 : c->phase_end[c->t.phases - 1];

	c->phase_end[c->t.phases++] = end;
}

static void
flow(Case *c, int server, int receiver, int64_t amount)
{
	c->flow[c->phase_end[c->t.phases - 1]++] = (TraceFlow) {server, receiver, amount};
	c->balance[server] -= amount;
	c->balance[receiver] += amount;
}

/* Walks on scratch of exactly the size asked for. */
static void
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

static int64_t
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
static void
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

static void
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

/* Administration to auxiliary, technical, clinical; each level to the next. */
static void
names_paths(void **state)
{
	static Case c;

	(void) state;
	begin(&c, 4);
	cost(&c, 0, 0, 1000);
	cost(&c, 1, 1, 100);
	cost(&c, 2, 2, 10);
	cost(&c, 3, 3, 1);
	begin_phase(&c);
	flow(&c, 0, 1, 100);
	flow(&c, 0, 2, 400);
	flow(&c, 0, 3, 500);
	begin_phase(&c);
	flow(&c, 1, 2, 100);
	flow(&c, 1, 3, 100);
	begin_phase(&c);
	flow(&c, 2, 3, 510);
	walk(&c);
	assert_margins(&c);
	assert_int_equal(part_of(&c, 3, 3, 0), 1);	/* direct */
	assert_int_equal(part_of(&c, 3, 0, 0), 500);	/* straight */
	assert_int_equal(part_of(&c, 3, 0, 2), 50); /* through auxiliary */
	assert_int_equal(part_of(&c, 3, 0, 4), 400);	/* through technical */
	assert_int_equal(part_of(&c, 3, 0, 6), 50); /* through both */
	assert_int_equal(part_of(&c, 3, 1, 0), 50);
	assert_int_equal(part_of(&c, 3, 1, 4), 50);
	assert_int_equal(part_of(&c, 3, 2, 0), 10);
	assert_int_equal(c.parts, 8);
}

/* What stays with a server, and costs that cancel, are told as they lie. */
static void
tells_what_stays(void **state)
{
	static Case c;

	(void) state;
	begin(&c, 4);
	cost(&c, 0, 0, 70);
	cost(&c, 1, 1, -70);
	cost(&c, 2, 3, 5);
	cost(&c, 3, 3, 0);
	begin_phase(&c);
	flow(&c, 0, 1, 70);			/* 1 holds +70 of 0 and -70 of its own */
	walk(&c);
	assert_margins(&c);
	assert_int_equal(part_of(&c, 1, 0, 0), 70);
	assert_int_equal(part_of(&c, 1, 1, 0), -70);
	assert_int_equal(c.parts, 3);
	c.wanted[1] = false;
	walk(&c);
	assert_int_equal(c.parts, 1);
}

/* Two that serve each other: 0 sends half to 1, 1 sends half to 0. */
static void
solves_a_ring(void **state)
{
	static Case c;

	(void) state;
	begin(&c, 4);
	cost(&c, 0, 0, 900);
	cost(&c, 1, 1, 300);
	cost(&c, 2, 3, 0);
	cost(&c, 3, 3, 0);
	begin_phase(&c);
	flow(&c, 0, 1, 700);
	flow(&c, 0, 2, 700);
	flow(&c, 1, 0, 500);
	flow(&c, 1, 3, 500);
	walk(&c);
	assert_margins(&c);
	/* of 0: 1/2 x (1 + 1/4 + ...) = 2/3 to 2, 1/3 to 3 */
	assert_int_equal(part_of(&c, 2, 0, -1), 600);
	assert_int_equal(part_of(&c, 3, 0, -1), 300);
	assert_int_equal(part_of(&c, 2, 1, -1), 100);
	assert_int_equal(part_of(&c, 3, 1, -1), 200);
	assert_int_equal(part_of(&c, 2, 0, 0), 450);	/* straight */
	assert_int_equal(part_of(&c, 2, 0, TRACE_MUTUAL), 150);
	assert_int_equal(part_of(&c, 3, 0, TRACE_MUTUAL), 300);
	assert_int_equal(part_of(&c, 3, 1, 0), 150);
}

/* In an open pass all send what they held at first, and keep what comes. */
static void
takes_an_open_pass_at_once(void **state)
{
	static Case c;

	(void) state;
	begin(&c, 3);
	cost(&c, 0, 0, 100);
	cost(&c, 1, 1, 40);
	cost(&c, 2, 3, 0);
	begin_phase(&c);
	flow(&c, 0, 1, 100);
	flow(&c, 1, 0, 40);
	begin_phase(&c);
	flow(&c, 0, 2, 40);
	begin_phase(&c);
	flow(&c, 1, 2, 100);
	walk(&c);
	assert_margins(&c);
	assert_int_equal(part_of(&c, 2, 1, 1), 40);	/* of 1 through 0 */
	assert_int_equal(part_of(&c, 2, 0, 2), 100);	/* of 0 through 1 */
	assert_int_equal(c.parts, 2);
}

static void
refuses_what_is_no_run(void **state)
{
	static Case c;

	(void) state;
	begin(&c, 3);
	cost(&c, 0, 0, 100);
	begin_phase(&c);
	flow(&c, 0, 1, 99);
	walk(&c);
	assert_int_equal(c.fault.code, FAULT_CELL_CONSERVATION);
	assert_int_equal(c.fault.at, 0);
	c.flow[0].receiver = 0;
	walk(&c);
	assert_int_equal(c.fault.code, FAULT_ARGUMENT);
	c.flow[0] = (TraceFlow) {0, 7, 100};
	walk(&c);
	assert_int_equal(c.fault.code, FAULT_ARGUMENT);
}

/* Cuts an amount into n flows, with zeros and, if asked, of both signs. */
static void
pour(Case *c, int server, const int *receivers, int n, int64_t amount, bool both)
{
	int64_t		left = amount;
	int			i;

	for (i = 0; i < n; i++)
	{
		int64_t		part = i == n - 1 ? left : random_below(4) == 0 ? 0 :
			(int64_t) ((double) left * random_below(100) / 100);

		if (both && i < n - 1 && random_below(3) == 0)
			part = -part;
		left -= part;
		if (part != 0)
			flow(c, server, receivers[i], part);
	}
}

/* Mixes as in a pass of what was held when it began. */
static void
mix_from(Case *c, int server, const double *held, int64_t sent, int first)
{
	int			i;
	int			o;

	for (i = first; i < c->phase_end[c->t.phases - 1]; i++)
		for (o = 0; o < c->t.departments; o++)
			c->mix[c->flow[i].receiver][o] +=
				held[o] * (double) c->flow[i].amount / (double) sent;
	for (o = 0; o < c->t.departments; o++)
		c->mix[server][o] -= held[o];
}

/* A step-down in random groups, maybe after an open pass. */
static void
draw_step_down(Case *c, bool both, int bits)
{
	int			departments = 3 + random_below(MOST - 3);
	int			servers = 1 + random_below(departments - 2);
	int			s;
	int			n;

	begin(c, departments);
	for (s = 0; s < departments; s++)
		cost(c, s, random_below(TRACE_LEVELS), both ? random_signed(bits) :
			 random_below(5) ? random_amount(bits) : 0);
	if (random_below(2))
	{
		int64_t		start[MOST];
		double		mix[MOST][MOST];

		memcpy(start, c->balance, sizeof(start));
		memcpy(mix, c->mix, sizeof(mix));
		begin_phase(c);
		for (s = 0; s < servers; s++)
		{
			int			first = c->phase_end[c->t.phases - 1];
			int			to[MOST];

			for (n = 0; n < departments - 1; n++)
				to[n] = n < s ? n : n + 1;
			if (start[s] == 0)
				continue;
			pour(c, s, to, n, start[s], both);
			mix_from(c, s, mix[s], start[s], first);
		}
	}
	begin_phase(c);
	for (s = 0; s < servers; s++)
	{
		int			first;
		int64_t		sent = c->balance[s];
		double		held[MOST];
		int			to[MOST];

		if (c->t.phases < MOST_PHASES && random_below(3) == 0)
			begin_phase(c);
		first = c->phase_end[c->t.phases - 1];
		for (n = 0; s + 1 + n < departments; n++)
			to[n] = s + 1 + n;
		if (sent == 0)
			continue;
		memcpy(held, c->mix[s], sizeof(held));
		pour(c, s, to, n, sent, both);
		mix_from(c, s, held, sent, first);
	}
}

static void
follows_any_step_down(void **state)
{
	static Case c;
	int			round;
	int			i;

	(void) state;
	random_begin("follows_any_step_down");
	for (round = 0; round < ROUNDS; round++)
	{
		draw_step_down(&c, false, 1 + random_below(46));
		walk(&c);
		assert_margins(&c);
		assert_proportion(&c, 40 * MOST);
		for (i = 0; i < c.parts; i++)
			assert_true(c.part[i].amount > 0);
	}
}

/* With both signs shares can be many times their whole: margins hold, always. */
static void
follows_signed_flows(void **state)
{
	static Case c;
	int			done = 0;
	int			round;

	(void) state;
	random_begin("follows_signed_flows");
	for (round = 0; round < ROUNDS; round++)
	{
		draw_step_down(&c, true, 30);
		walk(&c);
		if (c.fault.code == FAULT_OVERFLOW || c.fault.code == FAULT_ARGUMENT)
			continue;
		assert_margins(&c);
		done++;
	}
	assert_true(done > ROUNDS / 2);
}

/* Flows of a ring: chunks that walk among servers until they leave. */
static void
draw_ring(Case *c)
{
	static int64_t moved[MOST][MOST];
	int			departments = 4 + random_below(MOST - 4);
	int			servers = 2 + random_below(departments - 3);
	int			s;
	int			r;
	int			i;

	begin(c, departments);
	memset(moved, 0, sizeof(moved));
	for (s = 0; s < departments; s++)
		cost(c, s, random_below(TRACE_LEVELS), 0);
	for (i = 0; i < WALKS; i++)
	{
		int64_t		chunk = 1 + random_amount(30);

		r = random_below(departments);
		c->direct[r] += chunk;
		c->balance[r] += chunk;
		for (; r < servers; r = s)
		{
			do
				s = random_below(departments);
			while (s == r);
			moved[r][s] += chunk;
		}
	}
	begin_phase(c);
	for (s = 0; s < servers; s++)
		for (r = 0; r < departments; r++)
			if (moved[s][r] != 0)
				flow(c, s, r, moved[s][r]);
}

/* The same shares by passing on again and again. */
static void
mix_ring(Case *c)
{
	double		sent[MOST] = {0};
	double		now[MOST];
	int			o;
	int			i;
	int			pass;

	for (i = 0; i < c->phase_end[0]; i++)
		sent[c->flow[i].server] += (double) c->flow[i].amount;
	for (o = 0; o < c->t.departments; o++)
	{
		memset(now, 0, sizeof(now));
		now[o] = (double) c->direct[o];
		for (pass = 0; pass < 3000; pass++)
		{
			double		next[MOST] = {0};

			for (i = 0; i < c->t.departments; i++)
				next[i] += sent[i] == 0 ? now[i] : 0;
			for (i = 0; i < c->phase_end[0]; i++)
				next[c->flow[i].receiver] += now[c->flow[i].server] *
					(double) c->flow[i].amount / sent[c->flow[i].server];
			memcpy(now, next, sizeof(now));
		}
		for (i = 0; i < c->t.departments; i++)
			c->mix[i][o] = now[i];
	}
}

static void
follows_any_ring(void **state)
{
	static Case c;
	int			round;
	int			i;

	(void) state;
	random_begin("follows_any_ring");
	for (round = 0; round < 12; round++)
	{
		draw_ring(&c);
		mix_ring(&c);
		walk(&c);
		assert_margins(&c);
		assert_proportion(&c, 40 * MOST);
		for (i = 0; i < c.parts; i++)
			assert_true(c.part[i].amount > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_paths),
		cmocka_unit_test(tells_what_stays),
		cmocka_unit_test(solves_a_ring),
		cmocka_unit_test(takes_an_open_pass_at_once),
		cmocka_unit_test(refuses_what_is_no_run),
		cmocka_unit_test(follows_any_step_down),
		cmocka_unit_test(follows_signed_flows),
		cmocka_unit_test(follows_any_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
