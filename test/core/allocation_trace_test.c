/*
 * allocation_trace_test.c
 *		Where money comes from: both margins exact, shares in proportion, paths
 *		as they were walked, whatever the method that made the flows.
 */
#include "allocation_trace_fixture.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_paths),
		cmocka_unit_test(tells_what_stays),
		cmocka_unit_test(solves_a_ring),
		cmocka_unit_test(takes_an_open_pass_at_once),
		cmocka_unit_test(refuses_what_is_no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
