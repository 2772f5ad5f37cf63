/*
 * allocation_trace_random_test.c
 *		Random flows of every method: both margins exact, shares in proportion.
 */
#include "allocation_trace_fixture.h"
#include "random.h"

#define ROUNDS 300
#define WALKS 4000

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
		cmocka_unit_test(follows_any_step_down),
		cmocka_unit_test(follows_signed_flows),
		cmocka_unit_test(follows_any_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
