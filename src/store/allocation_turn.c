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

static bool
has_own_values(const RunInput *input, const RunDriver *driver, int server)
{
	for (int i = driver->first; i < driver->first + driver->count; i++)
		if (input->values[i].server == server)
			return true;
	return false;
}

/*
 * The base of a driver for a server (-1: for every server without values of its own). With receiver classes every department of them is a
 * receiver, be its quantity zero; without, whoever has a quantity.
 */
static AllocationBase
make_base(const RunInput *input, const RunDriver *driver, int server, int classes)
{
	bool measured = driver->kind == BASE_STATISTIC || driver->kind == BASE_FIXED_SHARE;
	int *receivers = palloc(Max(input->departments, 1) * sizeof(int));
	int64_t *weights = palloc0(Max(input->departments, 1) * sizeof(int64_t));
	int64_t *of_department = palloc0(Max(input->departments, 1) * sizeof(int64_t));
	bool *listed = palloc0(Max(input->departments, 1) * sizeof(bool));
	int n = 0;

	for (int i = driver->first; i < driver->first + driver->count; i++)
		if (input->values[i].server == server && input->values[i].receiver >= 0)
		{
			of_department[input->values[i].receiver] = input->values[i].quantity;
			listed[input->values[i].receiver] = true;
		}
	for (int d = 0; d < input->departments; d++)
	{
		bool member = classes == 0 ? !measured || listed[d] : (classes & (1 << input->class_of_department[d])) != 0;

		if (!member)
			continue;
		receivers[n] = d;
		weights[n++] = of_department[d];
	}
	pfree(of_department);
	pfree(listed);
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

/* Adds the turns of steps [from, to), which share a step_no. */
static void
add_group(const RunInput *input, RunTurns *turns, int from, int to, int group)
{
	SharedBase *shared = palloc((to - from) * sizeof(SharedBase));

	for (int s = 0; s < to - from; s++)
		shared[s] = (SharedBase) {ALLOCATION_NONE, ALLOCATION_NONE};
	for (int department = 0; department < input->departments; department++)
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
				base = base_of_step(input, turns, step, department, &shared[s - from]);
				for (int pool = 0; pool < input->pools; pool++)
					if (step->cost_item < 0 || strcmp(input->cost_item[pool], input->cost_item[step->cost_item]) == 0)
						base_of_pool[pool] = base;
			}
		if (base_of_pool == NULL)
			continue;
		turns->step_no_of_turn[turns->turns] = input->step[from].step_no;
		turns->turn[turns->turns++] = (AllocationTurn) {department, group, base_of_pool};
	}
	pfree(shared);
}

RunTurns *
allocation_turns(const RunInput *input)
{
	RunTurns *turns = palloc0(sizeof(RunTurns));
	int group = 0;
	int groups = 0;

	for (int s = 0; s < input->steps; s++)
		groups += s == 0 || input->step[s].step_no != input->step[s - 1].step_no;
	turns->turn = palloc0(Max(groups * input->departments, 1) * sizeof(AllocationTurn));
	turns->step_no_of_turn = palloc0(Max(groups * input->departments, 1) * sizeof(int));
	for (int from = 0, to; from < input->steps; from = to)
	{
		for (to = from; to < input->steps && input->step[to].step_no == input->step[from].step_no; to++)
			;
		add_group(input, turns, from, to, group++);
	}
	return turns;
}
