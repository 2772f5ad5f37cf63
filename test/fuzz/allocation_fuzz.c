/*
 * allocation_fuzz.c
 *		No plan, however odd, makes the allocation lose or invent money.
 */
#include "core/allocation.h"
#include "input.h"

#define LEVELS 3
#define MOST_BASES 6
#define MOST_TURNS 8

typedef struct Plan
{
	Allocation	a;
	AllocationBase base[MOST_BASES];
	AllocationTurn turn[MOST_TURNS];
	void	   *owned[4096];
	int			owned_count;
} Plan;

static void *
own(Plan *plan, size_t size)
{
	void	   *memory = exactly(size);

	plan->owned[plan->owned_count++] = memory;
	memset(memory, 0, size);
	return memory;
}

/* As own, for the core, which must not count on zeros. */
static void *
lend(void *context, size_t size)
{
	LAW(((Plan *) context)->owned_count < 4096);
	return memset(own(context, size), 0xa5, size);
}

/* An index that is out of range now and then. */
static int
draw_index(Input *input, int count)
{
	int			byte = draw_byte(input);

	return byte >= 250 ? byte - 253 : byte % (count > 0 ? count : 1);
}

static void
draw_policy(Input *input, AllocationPolicy *policy)
{
	static const int64_t units[] = {1, 1000000, 100000000, 7};

	policy->flow_unit = draw_below(input, 16) == 0 ? draw_number(input)
		: units[draw_below(input, 4)];
	policy->multiplier_scale = draw_below(input, 21) - 1;
	policy->residual = (MoneyResidual) draw_below(input, 2);
	policy->zero_base = (AllocationZeroBase) draw_below(input, 4);
	policy->negative_statistic = (AllocationNegativeStatistic) draw_below(input, 5);
	policy->credit_balance = (AllocationCreditBalance) draw_below(input, 2);
}

static void
draw_bases(Input *input, Plan *plan)
{
	int			i;
	int			j;

	plan->a.bases = draw_below(input, MOST_BASES + 1);
	for (i = 0; i < plan->a.bases; i++)
	{
		AllocationBase *base = &plan->base[i];
		int			n = draw_below(input, 16);
		int		   *receivers = own(plan, sizeof(int) * (size_t) n);
		int64_t    *weights = own(plan, sizeof(int64_t) * (size_t) n);

		base->kind = (AllocationBaseKind) draw_below(input, 4);
		base->n = n;
		base->receivers = receivers;
		base->weights = weights;
		base->fallback = draw_index(input, plan->a.bases + 1) - 1;
		for (j = 0; j < n; j++)
		{
			receivers[j] = draw_index(input, plan->a.departments);
			weights[j] = draw_number(input);
		}
		if (base->kind == BASE_FIXED_SHARE && n > 0)
			for (j = 0; j < n; j++)
				weights[j] = j == 0 ? 1000000 - 10 * (n - 1) : 10;
	}
}

static void
draw_turns(Input *input, Plan *plan)
{
	AllocationManner manner = TURN_CLOSING;
	int			group = 0;
	int			i;
	int			j;

	plan->a.turns = draw_below(input, MOST_TURNS + 1);
	for (i = 0; i < plan->a.turns; i++)
	{
		int		   *base_of_pool = own(plan, sizeof(int) * (size_t) plan->a.pools);

		if (i == 0 || draw_below(input, 2))
		{
			group++;
			manner = (AllocationManner) draw_below(input, 4);
		}
		plan->turn[i].group = group;
		plan->turn[i].manner = manner;
		plan->turn[i].server = draw_index(input, plan->a.departments);
		plan->turn[i].base_of_pool = base_of_pool;
		for (j = 0; j < plan->a.pools; j++)
			base_of_pool[j] = draw_index(input, plan->a.bases + 1) - 1;
	}
}

static void
law_flow(void *context, const AllocationFlow *flow)
{
	const Allocation *a = context;

	LAW(flow->amount != 0 && flow->server != flow->receiver);
	LAW(flow->receiver >= 0 && flow->receiver < a->departments);
	LAW(flow->pool >= 0 && flow->pool < a->pools);
	LAW(flow->weight_total > 0 && flow->weight != 0);
}

static void
law_kept(void *context, const AllocationFlow *flow)
{
	(void) context;
	LAW(flow->amount != 0 && flow->server == flow->receiver);
}

/* Draws cost and gives every array exactly its size. */
static int64_t *
draw_cost(Input *input, Plan *plan)
{
	Allocation *a = &plan->a;
	size_t		cells = (size_t) a->departments * (size_t) a->pools;
	int64_t    *direct = own(plan, sizeof(int64_t) * cells);
	int		   *level = own(plan, sizeof(int) * (size_t) a->departments);
	size_t		i;

	for (i = 0; i < cells; i++)
		direct[i] = draw_number(input);
	for (i = 0; i < (size_t) a->departments; i++)
		level[i] = draw_below(input, LEVELS);
	a->level_of_department = level;
	a->balance = own(plan, sizeof(int64_t) * cells);
	a->received = own(plan, sizeof(int64_t) * cells * LEVELS);
	a->sent = own(plan, sizeof(int64_t) * cells);
	a->scratch = own(plan, allocation_scratch_size(a->departments));
	memcpy(a->balance, direct, sizeof(int64_t) * cells);
	return direct;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Plan plan;
	Input		input = {data, size};
	Allocation *a = &plan.a;
	const int64_t *direct;
	Fault		fault;
	int			i;

	memset(&plan, 0, sizeof(plan));
	a->departments = draw_below(&input, 10);
	a->pools = draw_below(&input, 4);
	a->levels = LEVELS;
	a->base = plan.base;
	a->turn = plan.turn;
	a->flow = law_flow;
	a->kept = law_kept;
	a->context = a;
	a->memory = lend;
	a->memory_context = &plan;
	draw_policy(&input, &a->policy);
	draw_bases(&input, &plan);
	draw_turns(&input, &plan);
	direct = draw_cost(&input, &plan);
	fault = allocation_begin(a);
	for (i = 0; i < a->turns && fault.code == FAULT_NONE; i++)
	{
		fault = allocation_turn(a, i);
		LAW(fault.code != FAULT_INVARIANT && fault.code != FAULT_TURN_ORDER);
		if (fault.code == FAULT_NONE)
			LAW(allocation_check(a, direct).code == FAULT_NONE);
	}
	if (fault.code == FAULT_NONE)
		LAW(allocation_error_bound(a) > 0);
	else if (fault.code == FAULT_CLOSED_LOOP)
		LAW(a->loop_servers == fault.detail && a->loop[0] == fault.server);
	for (i = 0; i < plan.owned_count; i++)
		free(plan.owned[i]);
	return 0;
}
