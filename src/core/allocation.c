/*
 * allocation.c
 *		Step-down allocation: one turn empties one server, pool by pool.
 */
#include "core/allocation.h"
#include "core/allocation_base.h"
#include "core/wide.h"

/*
 * Says how many bytes of scratch an Allocation over so many departments needs,
 * whatever their alignment.
 */
size_t
allocation_scratch_size(int departments)
{
	size_t		n = departments > 0 ? (size_t) departments : 0;

	return sizeof(int64_t) - 1 +
		n * (5 * sizeof(int64_t) + sizeof(int) + sizeof(bool)) +
		money_split_scratch_size(departments);
}

static AllocationWorkspace
workspace_of(const Allocation *a)
{
	AllocationWorkspace	w;
	int			n = a->departments;

	w.closed_since = wide_align(a->scratch, sizeof(int64_t));
	w.accumulated = w.closed_since + n;
	w.dense = w.accumulated + n;
	w.weight = w.dense + n;
	w.share = w.weight + n;
	w.receiver = (int *) (void *) (w.share + n);
	w.member = (bool *) (void *) (w.receiver + n);
	w.split = w.member + n;
	return w;
}

static size_t
cell_at(const Allocation *a, int department, int pool)
{
	return (size_t) department * (size_t) a->pools + (size_t) pool;
}

static Fault
fault_in(Fault fault, int server, int pool, int base)
{
	fault.server = server;
	fault.pool = pool;
	fault.base = base;
	return fault;
}

/* Looks at one base's shape; a fixed share that is given must be whole. */
static Fault
check_base(const Allocation *a, int number)
{
	const AllocationBase *base = &a->base[number];
	bool		weighted = base->kind == BASE_STATISTIC ||
		base->kind == BASE_FIXED_SHARE;
	MoneyWide	sum = 0;
	int			i;

	if (base->n < 0 || base->fallback < ALLOCATION_NONE ||
		base->fallback >= a->bases)
		return fault_at(FAULT_ARGUMENT, -1, base->fallback);
	for (i = 0; i < base->n; i++)
	{
		if (base->receivers[i] < 0 || base->receivers[i] >= a->departments)
			return fault_at(FAULT_ARGUMENT, i, base->receivers[i]);
		sum += weighted ? base->weights[i] : 0;
	}
	if (base->kind == BASE_FIXED_SHARE && base->n > 0 && sum != ONE_WEIGHT)
		return fault_at(FAULT_FIXED_SHARE, -1, wide_saturate(sum));
	return fault_none();
}

/* Turns must ascend by group, then by server. */
static Fault
check_turn(const Allocation *a, int number)
{
	const AllocationTurn *turn = &a->turn[number];

	if (turn->server < 0 || turn->server >= a->departments)
		return fault_at(FAULT_ARGUMENT, number, turn->server);
	if (number > 0 && (turn[-1].group > turn->group ||
					   (turn[-1].group == turn->group &&
						turn[-1].server > turn->server)))
		return fault_in(fault_at(FAULT_TURN_ORDER, number, 0), turn->server,
						-1, -1);
	return fault_none();
}

/*
 * Checks the input, notes since which group each server is closed, clears
 * received and sent.  balance holds the direct cost; scratch is set.  On a
 * fault no turn may be run: FAULT_ARGUMENT, FAULT_FIXED_SHARE (base named),
 * FAULT_TURN_ORDER.
 */
Fault
allocation_begin(Allocation *a)
{
	size_t		cells = (size_t) a->departments * (size_t) a->pools;
	AllocationWorkspace	w;
	size_t		c;
	int			i;

	if (a->departments < 0 || a->pools < 0 || a->bases < 0 || a->turns < 0 ||
		a->levels < 1 || a->policy.flow_unit < 1 ||
		a->policy.multiplier_scale < ALLOCATION_EXACT ||
		a->policy.multiplier_scale > MONEY_SCALE_MAX)
		return fault_at(FAULT_ARGUMENT, -1, 0);
	w = workspace_of(a);
	for (i = 0; i < a->departments; i++)
	{
		if (a->level_of_department[i] < 0 ||
			a->level_of_department[i] >= a->levels)
			return fault_at(FAULT_ARGUMENT, i, a->level_of_department[i]);
		w.closed_since[i] = INT64_MAX;
		w.accumulated[i] = 0;
	}
	for (i = 0; i < a->bases; i++)
	{
		Fault		fault = check_base(a, i);

		if (fault.code != FAULT_NONE)
			return fault_in(fault, -1, -1, i);
	}
	for (i = 0; i < a->turns; i++)
	{
		Fault		fault = check_turn(a, i);
		int64_t    *since = &w.closed_since[a->turn[i].server];

		if (fault.code != FAULT_NONE)
			return fault;
		if (a->turn[i].group < *since)
			*since = a->turn[i].group;
	}
	for (c = 0; c < cells; c++)
		a->sent[c] = 0;
	for (c = 0; c < cells * (size_t) a->levels; c++)
		a->received[c] = 0;
	a->next_turn = 0;
	return fault_none();
}

/* Totals all pools of each department, if a base asks for them. */
static Fault
accumulate_costs(const Allocation *a, AllocationWorkspace *w)
{
	bool		wanted = false;
	int			d;
	int			i;

	for (i = 0; i < a->bases; i++)
		wanted = wanted || a->base[i].kind == BASE_ACCUMULATED_COST;
	for (d = 0; wanted && d < a->departments; d++)
	{
		MoneyWide	sum = 0;

		for (i = 0; i < a->pools; i++)
			sum += a->balance[cell_at(a, d, i)];
		if (!wide_fits_int64(sum))
			return fault_at(FAULT_OVERFLOW, d, wide_saturate(sum));
		w->accumulated[d] = (int64_t) sum;
	}
	return fault_none();
}

/* Fills in what all flows of a server's pool have in common. */
static AllocationFlow
flow_of(const Allocation *a, int number, int pool, const AllocationReady *ready)
{
	AllocationFlow flow = {0};

	flow.turn = number;
	flow.server = a->turn[number].server;
	flow.receiver = flow.server;
	flow.pool = pool;
	flow.base = a->turn[number].base_of_pool[pool];
	flow.base_amount = a->balance[cell_at(a, flow.server, pool)];
	flow.amount = flow.base_amount;
	if (ready == NULL)
		return flow;
	flow.base = ready->base;
	flow.policy_used = ready->policy_used;
	flow.weight_scale = ready->weight_scale;
	flow.weight_total = ready->total;
	return flow;
}

/* Reports a balance that stays with its server. */
static void
keep_balance(const Allocation *a, AllocationFlow flow, int policy_used)
{
	flow.policy_used |= policy_used;
	if (a->kept != NULL)
		a->kept(a->context, &flow);
}

/* Splits a balance over the ready base into w->share. */
static Fault
split_balance(const Allocation *a, AllocationWorkspace *w, int n,
			  AllocationFlow *flow)
{
	MoneyMultiplierRule rule;
	Fault		fault;

	rule.amount_scale = ALLOCATION_AMOUNT_SCALE;
	rule.weight_scale = flow->weight_scale;
	rule.multiplier_scale = a->policy.multiplier_scale;
	rule.residual = a->policy.residual;
	if (rule.multiplier_scale == ALLOCATION_EXACT)
		fault = money_split(flow->base_amount, a->policy.flow_unit, w->weight,
							n, w->split, w->share);
	else
		fault = money_split_multiplier(flow->base_amount, a->policy.flow_unit,
									   &rule, w->weight, n, w->split,
									   &flow->multiplier, w->share);
	if (fault.at >= 0 && fault.at < n)
		fault.at = w->receiver[fault.at];
	return fault;
}

/* Moves the shares: the server's cell is emptied, the receivers' grow. */
static Fault
move_shares(Allocation *a, const AllocationWorkspace *w, int n,
			AllocationFlow *flow)
{
	size_t		cells = (size_t) a->departments * (size_t) a->pools;
	int64_t    *received = a->received +
		cells * (size_t) a->level_of_department[flow->server];
	size_t		from = cell_at(a, flow->server, flow->pool);
	int			i;

	if (!add_int64(&a->sent[from], flow->base_amount))
		return fault_at(FAULT_OVERFLOW, flow->server, flow->base_amount);
	a->balance[from] = 0;
	for (i = 0; i < n; i++)
	{
		size_t		to = cell_at(a, w->receiver[i], flow->pool);

		flow->receiver = w->receiver[i];
		flow->weight = w->weight[i];
		flow->amount = w->share[i];
		if (flow->amount == 0)
			continue;
		if (!add_int64(&a->balance[to], flow->amount) ||
			!add_int64(&received[to], flow->amount))
			return fault_at(FAULT_OVERFLOW, flow->receiver, flow->amount);
		if (a->flow != NULL)
			a->flow(a->context, flow);
	}
	return fault_none();
}

/* Steps one pool of a turn's server down; *ready carries over between pools. */
static Fault
step_down_pool(Allocation *a, AllocationWorkspace *w, int number, int pool,
			   AllocationReady *ready)
{
	const AllocationTurn *turn = &a->turn[number];
	int			base = turn->base_of_pool[pool];
	int64_t		amount = a->balance[cell_at(a, turn->server, pool)];
	AllocationFlow flow;
	Fault		fault;

	if (base < ALLOCATION_NONE || base >= a->bases)
		return fault_at(FAULT_ARGUMENT, number, base);
	if (base == ALLOCATION_NONE || amount == 0)
		return fault_none();
	if (amount < 0 && a->policy.credit_balance == CREDIT_BALANCE_KEEP)
	{
		keep_balance(a, flow_of(a, number, pool, NULL), FLOW_CREDIT);
		return fault_none();
	}
	if (ready->requested != base)
	{
		ready->requested = base;
		fault = allocation_ready_base(a, w, turn->group, ready);
		if (fault.code == FAULT_BASE_ZERO || fault.code == FAULT_FALLBACK_LOOP)
			fault.detail = amount;
		if (fault.code != FAULT_NONE)
			return fault_in(fault, -1, -1, ready->base);
	}
	flow = flow_of(a, number, pool, ready);
	if (ready->total == 0)
	{
		keep_balance(a, flow, 0);
		return fault_none();
	}
	fault = split_balance(a, w, ready->n, &flow);
	if (fault.code == FAULT_NONE)
		fault = move_shares(a, w, ready->n, &flow);
	return fault.code == FAULT_NONE ? fault : fault_in(fault, -1, -1, flow.base);
}

/*
 * Runs one turn: every pool of the server that has a base and a balance is
 * split over the base's open receivers, in flow units, so that balance and sent
 * of the server and balance and received of the receivers move by the same
 * amount.  Turns run in order, each once; between two the caller may check for
 * interrupts.  Work: O(pools x receivers), plus O(departments) per change of
 * base from one pool to the next.
 *
 * A fault names server, pool and base; the state is then void.
 */
Fault
allocation_turn(Allocation *a, int turn_index)
{
	AllocationReady ready = {0};
	AllocationWorkspace w;
	Fault		fault = fault_none();
	int			server;
	int			pool;

	if (turn_index != a->next_turn || turn_index < 0 || turn_index >= a->turns)
		return fault_at(FAULT_TURN_ORDER, turn_index, a->next_turn);
	w = workspace_of(a);
	server = a->turn[turn_index].server;
	if (turn_index == 0 ||
		a->turn[turn_index - 1].group != a->turn[turn_index].group)
		fault = accumulate_costs(a, &w);
	if (fault.code != FAULT_NONE)
		return fault_in(fault, server, -1, -1);
	ready.requested = ALLOCATION_NONE;
	for (pool = 0; pool < a->pools; pool++)
	{
		fault = step_down_pool(a, &w, turn_index, pool, &ready);
		if (fault.code != FAULT_NONE)
			return fault_in(fault, server, pool, fault.base);
	}
	a->next_turn++;
	return fault;
}

/*
 * Proves conservation against the direct cost [departments][pools] that balance
 * held at first: each pool's sum is unchanged, and each cell is direct +
 * received - sent.  Returns the first violation, pools first.
 */
Fault
allocation_check(const Allocation *a, const int64_t *direct)
{
	size_t		cells = (size_t) a->departments * (size_t) a->pools;
	int			pool;
	int			d;
	int			level;

	for (pool = 0; pool < a->pools; pool++)
	{
		MoneyWide	change = 0;

		for (d = 0; d < a->departments; d++)
			change += (MoneyWide) a->balance[cell_at(a, d, pool)] -
				direct[cell_at(a, d, pool)];
		if (change != 0)
			return fault_in(fault_at(FAULT_POOL_CONSERVATION, -1,
									 wide_saturate(change)), -1, pool, -1);
	}
	for (d = 0; d < a->departments; d++)
		for (pool = 0; pool < a->pools; pool++)
		{
			size_t		c = cell_at(a, d, pool);
			MoneyWide	error = (MoneyWide) direct[c] - a->sent[c] -
				a->balance[c];

			for (level = 0; level < a->levels; level++)
				error += a->received[cells * (size_t) level + c];
			if (error != 0)
				return fault_in(fault_at(FAULT_CELL_CONSERVATION, d,
										 wide_saturate(error)), -1, pool, -1);
		}
	return fault_none();
}
