/*
 * allocation_turn.c
 *		Bases from driver values, turns from steps.
 */
#include "postgres.h"

#include "store/allocation_turn.h"

/* Bases of one step that do not depend on the server, made once: by the driver and by the fallback driver. */
typedef struct SharedBase
{
	int by_driver;
	int by_fallback;
} SharedBase;

RunMethod
allocation_method(const char *name)
{
	static const char *const names[] = {"step_down", "direct", "double", "reciprocal"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], name) == 0)
			return (RunMethod) i;
	elog(ERROR, "allocation method \"%s\" is not known", name);
}

static int
add_base(RunTurns *turns, AllocationBase base, int driver)
{
	if (turns->bases == turns->base_room)
	{
		turns->base_room = Max(64, turns->base_room * 2);
		turns->base = turns->base == NULL ? palloc(turns->base_room * sizeof(AllocationBase)) :
			repalloc(turns->base, turns->base_room * sizeof(AllocationBase));
		turns->driver_of_base = turns->driver_of_base == NULL ? palloc(turns->base_room * sizeof(int)) :
			repalloc(turns->driver_of_base, turns->base_room * sizeof(int));
	}
	turns->base[turns->bases] = base;
	turns->driver_of_base[turns->bases] = driver;
	return turns->bases++;
}

/* Where the values of a driver for a server begin, among values sorted by server; the end is where those of the next begin. */
static int
values_of_server(const RunInput *input, const RunDriver *driver, int server)
{
	int low = driver->first, high = driver->first + driver->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (input->values[middle].server < server)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has_own_values(const RunInput *input, const RunDriver *driver, int server)
{
	return values_of_server(input, driver, server) < values_of_server(input, driver, server + 1);
}

/* Whether a receiver without a quantity makes a difference. */
static bool
zeros_count(const RunInput *input, const RunDriver *driver)
{
	return driver->kind == BASE_FIXED_SHARE || input->policy.zero_base == ZERO_BASE_EQUAL ||
		input->policy.negative_statistic == NEGATIVE_STATISTIC_SHIFT;
}

/*
 * The base of a driver for a server (-1: for every server without values of its own). With receiver classes every department of them is a
 * receiver, be its quantity zero; without, whoever has a quantity.
 */
static AllocationBase
make_base(const RunInput *input, const RunDriver *driver, int server, int classes)
{
	bool measured = driver->kind == BASE_STATISTIC || driver->kind == BASE_FIXED_SHARE;
	int from = values_of_server(input, driver, server);
	int to = values_of_server(input, driver, server + 1);
	bool all = !measured || (classes != 0 && zeros_count(input, driver));
	int room = Max(all ? input->departments : to - from, 1);
	int *receivers = MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(int));
	int64_t *weights = MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(int64_t));
	int n = 0;

	/* Departments and values both ascend. */
	for (int d = all ? 0 : from; d < (all ? input->departments : to); d++)
	{
		int department = all ? d : input->values[d].receiver;
		int64_t quantity;

		while (all && from < to && input->values[from].receiver < department)
			from++;
		quantity = !all ? input->values[d].quantity :
			from < to && input->values[from].receiver == department ? input->values[from].quantity : 0;
		if (department < 0 || (classes != 0 && (classes & (1 << input->class_of_department[department])) == 0))
			continue;
		receivers[n] = department;
		weights[n++] = quantity;
	}
	return (AllocationBase) {.kind = driver->kind, .n = n, .receivers = receivers, .weights = measured ? weights : NULL,
		.fallback = ALLOCATION_NONE};
}

/* The base of a driver for a server; the one for every server without values of its own is made once. */
static int
find_base(const RunInput *input, RunTurns *turns, const RunStep *step, int driver, int server, bool own, int *shared)
{
	const RunDriver *measure = &input->driver[driver];
	int values_of = has_own_values(input, measure, server) ? server : -1;

	if (own)
		return add_base(turns, make_base(input, measure, values_of, step->classes), driver);
	if (*shared == ALLOCATION_NONE)
		*shared = add_base(turns, make_base(input, measure, -1, step->classes), driver);
	return *shared;
}

/* A base carries its fallback, so a server with values of its own in either has a base of its own. */
static int
base_of_step(const RunInput *input, RunTurns *turns, const RunStep *step, int server, SharedBase *shared)
{
	bool own = has_own_values(input, &input->driver[step->driver], server) ||
		(step->fallback >= 0 && has_own_values(input, &input->driver[step->fallback], server));
	int base = find_base(input, turns, step, step->driver, server, own, &shared->by_driver);

	if (step->fallback >= 0 && turns->base[base].fallback == ALLOCATION_NONE)
	{
		int fallback = find_base(input, turns, step, step->fallback, server, own, &shared->by_fallback);

		turns->base[base].fallback = fallback;
	}
	return base;
}

/* How telling a step is: 0 class, 1 class and item, 2 server, 3 server and item. */
static int
precision(const RunStep *step)
{
	return (step->server >= 0 ? 2 : 0) + (step->cost_item != -1 ? 1 : 0);
}

static bool
serves(const RunInput *input, const RunStep *step, int department)
{
	return step->server >= 0 ? step->server == department : step->server_class == input->class_of_department[department];
}

/* The bases of a department's pools by the steps [from, to), which share a step_no; NULL if it serves in none of them. */
static int *
bases_of_step(const RunInput *input, RunTurns *turns, int from, int to, int department, SharedBase *shared)
{
	int *base_of_pool = NULL;

	for (int rank = 0; rank < 4; rank++)
		for (int s = from; s < to; s++)
		{
			const RunStep *step = &input->step[s];
			int base;

			if (precision(step) != rank || step->cost_item == -2 || !serves(input, step, department))
				continue;
			if (base_of_pool == NULL)
			{
				base_of_pool = palloc(Max(input->pools, 1) * sizeof(int));
				for (int pool = 0; pool < input->pools; pool++)
					base_of_pool[pool] = ALLOCATION_NONE;
			}
			base = base_of_step(input, turns, step, department, &shared[s]);
			for (int pool = 0; pool < input->pools; pool++)
				if (step->cost_item < 0 || strcmp(input->cost_item[pool], input->cost_item[step->cost_item]) == 0)
					base_of_pool[pool] = base;
		}
	return base_of_pool;
}

static void
add_turn(RunTurns *turns, AllocationTurn turn, int step_no, int pass)
{
	turns->step_no_of_turn[turns->turns] = step_no;
	turns->pass_of_turn[turns->turns] = pass;
	turns->turn[turns->turns++] = turn;
}

static int
compare_server(const void *a, const void *b, void *turn)
{
	const AllocationTurn *left = (AllocationTurn *) turn + *(const int *) a;
	const AllocationTurn *right = (AllocationTurn *) turn + *(const int *) b;

	if (left->server != right->server)
		return left->server < right->server ? -1 : 1;
	return left->group < right->group ? -1 : left->group > right->group;
}

/* Adds the turns of a step-down once more as one group, by server: its first turn with a base for a pool is that pool's. */
static void
add_one_group(const RunInput *input, RunTurns *turns, const RunTurns *steps, AllocationManner manner)
{
	int *order = palloc(Max(steps->turns, 1) * sizeof(int));
	bool *taken = palloc0(Max(input->pools, 1) * sizeof(bool));

	for (int i = 0; i < steps->turns; i++)
		order[i] = i;
	qsort_arg(order, steps->turns, sizeof(int), compare_server, steps->turn);
	for (int i = 0; i < steps->turns; i++)
	{
		const AllocationTurn *turn = &steps->turn[order[i]];
		int *base_of_pool = palloc(Max(input->pools, 1) * sizeof(int));

		if (i == 0 || steps->turn[order[i - 1]].server != turn->server)
			memset(taken, false, input->pools * sizeof(bool));
		for (int pool = 0; pool < input->pools; pool++)
		{
			base_of_pool[pool] = taken[pool] ? ALLOCATION_NONE : turn->base_of_pool[pool];
			taken[pool] |= turn->base_of_pool[pool] != ALLOCATION_NONE;
		}
		add_turn(turns, (AllocationTurn) {turn->server, 0, base_of_pool, manner}, steps->step_no_of_turn[order[i]], 1);
	}
}

/* The turns of the step-down, on which the other methods build. Groups begin with 1. */
static void
add_steps(const RunInput *input, RunTurns *turns, int pass)
{
	SharedBase *shared = palloc(Max(input->steps, 1) * sizeof(SharedBase));
	int group = 0;

	for (int s = 0; s < input->steps; s++)
		shared[s] = (SharedBase) {ALLOCATION_NONE, ALLOCATION_NONE};
	for (int from = 0, to; from < input->steps; from = to)
	{
		for (to = from; to < input->steps && input->step[to].step_no == input->step[from].step_no; to++)
			;
		group++;
		for (int department = 0; department < input->departments; department++)
		{
			int *base_of_pool = bases_of_step(input, turns, from, to, department, shared);

			if (base_of_pool != NULL)
				add_turn(turns, (AllocationTurn) {department, group, base_of_pool, input->same_level}, input->step[from].step_no, pass);
		}
	}
}

static void
make_room(RunTurns *turns, int room)
{
	turns->turn = palloc0(Max(room, 1) * sizeof(AllocationTurn));
	turns->step_no_of_turn = palloc0(Max(room, 1) * sizeof(int));
	turns->pass_of_turn = palloc0(Max(room, 1) * sizeof(int));
}

RunTurns *
allocation_turns(const RunInput *input)
{
	RunTurns *turns = palloc0(sizeof(RunTurns));
	RunTurns steps;
	int groups = 0;

	for (int s = 0; s < input->steps; s++)
		groups += s == 0 || input->step[s].step_no != input->step[s - 1].step_no;
	make_room(turns, groups * input->departments);
	add_steps(input, turns, input->method == METHOD_DOUBLE ? 2 : 1);
	if (input->method == METHOD_STEP_DOWN)
		return turns;
	steps = *turns;
	turns->turns = 0;
	make_room(turns, 2 * steps.turns);
	add_one_group(input, turns, &steps, input->method == METHOD_DIRECT ? TURN_CLOSING :
				  input->method == METHOD_RECIPROCAL ? TURN_SIMULTANEOUS : TURN_OPEN);
	for (int i = 0; i < steps.turns && input->method == METHOD_DOUBLE; i++)
		add_turn(turns, steps.turn[i], steps.step_no_of_turn[i], steps.pass_of_turn[i]);
	return turns;
}
