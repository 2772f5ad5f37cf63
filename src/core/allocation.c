/*
 * allocation.c
 *		Allocation turn by turn: each empties one server, pool by pool.
 */
#include "core/allocation.h"
#include "core/allocation_base.h"
#include "core/allocation_system.h"
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
		n * (5 * sizeof(int64_t) + 2 * sizeof(double) + 2 * sizeof(int) +
			 sizeof(bool)) +
		money_split_scratch_size(departments);
}

/* Carves up the caller's scratch. */
AllocationWorkspace
allocation_workspace(const Allocation *a)
{
	AllocationWorkspace	w;
	int			n = a->departments;

	w.closed_since = wide_align(a->scratch, sizeof(int64_t));
	w.accumulated = w.closed_since + n;
	w.dense = w.accumulated + n;
	w.error = (double *) (void *) (w.dense + n);
	w.more_error = w.error + n;
	w.weight = (int64_t *) (void *) (w.more_error + n);
	w.share = w.weight + n;
	w.receiver = (int *) (void *) (w.share + n);
	w.touched = w.receiver + n;
	w.member = (bool *) (void *) (w.touched + n);
	w.split = w.member + n;
	w.touches = 0;
	return w;
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

/* Turns must ascend by group, then by server; a group has one manner. */
static Fault
check_turn(const Allocation *a, int number)
{
	const AllocationTurn *turn = &a->turn[number];
	bool		peer = number > 0 && turn[-1].group == turn->group;

	if (turn->server < 0 || turn->server >= a->departments)
		return fault_at(FAULT_ARGUMENT, number, turn->server);
	if (turn->manner < TURN_CLOSING || turn->manner > TURN_SIMULTANEOUS ||
		(peer && turn[-1].manner != turn->manner) ||
		(turn->manner >= TURN_OPEN && a->memory == NULL))
		return fault_at(FAULT_ARGUMENT, number, turn->manner);
	if (turn->manner == TURN_SIMULTANEOUS &&
		a->policy.multiplier_scale != ALLOCATION_EXACT)
		return fault_at(FAULT_SIMULTANEOUS_MULTIPLIER, number, 0);
	if (number > 0 && (turn[-1].group > turn->group ||
					   (peer && turn[-1].server > turn->server)))
		return fault_in(fault_at(FAULT_TURN_ORDER, number, 0), turn->server,
						-1, -1);
	return fault_none();
}

/*
 * Checks the input, notes since which group each server is closed, clears
 * received and sent.  balance holds the direct cost; scratch is set.  On a
 * fault no turn may be run: FAULT_ARGUMENT, FAULT_FIXED_SHARE (base named),
 * FAULT_TURN_ORDER, FAULT_SIMULTANEOUS_MULTIPLIER (a multiplier rounded for
 * each server is no share of a system of equations).
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
	w = allocation_workspace(a);
	for (i = 0; i < a->departments; i++)
	{
		if (a->level_of_department[i] < 0 ||
			a->level_of_department[i] >= a->levels)
			return fault_at(FAULT_ARGUMENT, i, a->level_of_department[i]);
		w.closed_since[i] = INT64_MAX;
		w.accumulated[i] = 0;
		w.dense[i] = 0;
		w.error[i] = w.more_error[i] = 0;
		w.member[i] = false;
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
		if (a->turn[i].manner != TURN_OPEN && a->turn[i].group < *since)
			*since = a->turn[i].group;
	}
	for (c = 0; c < cells; c++)
		a->sent[c] = 0;
	for (c = 0; c < cells * (size_t) a->levels; c++)
		a->received[c] = 0;
	a->next_turn = 0;
	a->loop_servers = 0;
	a->system = NULL;
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
	a->balance[from] -= flow->base_amount;
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

/*
 * Splits one pool of a turn's server; *ready carries over between pools.  A base
 * is made ready without an amount too where the exact amount may differ from
 * zero, for the bound of the error.
 */
static Fault
split_pool(Allocation *a, AllocationWorkspace *w, int number, int pool,
		   AllocationReady *ready)
{
	const AllocationTurn *turn = &a->turn[number];
	int			base = turn->base_of_pool[pool];
	bool		open = turn->manner == TURN_OPEN;
	size_t		from = cell_at(a, turn->server, pool);
	int64_t		amount = open ? a->system->start[from] : a->balance[from];
	bool		kept = amount < 0 &&
		a->policy.credit_balance == CREDIT_BALANCE_KEEP;
	AllocationFlow flow;
	Fault		fault;

	if (base < ALLOCATION_NONE || base >= a->bases)
		return fault_at(FAULT_ARGUMENT, number, base);
	if (base == ALLOCATION_NONE)
		return fault_none();
	if (kept && !open)
		allocation_keep(a, allocation_flow_of(a, number, pool, amount, NULL),
						FLOW_CREDIT);
	if ((amount == 0 || kept) && w->error[turn->server] == 0)
		return fault_none();
	if (ready->requested != base)
	{
		ready->requested = base;
		ready->fault = allocation_ready_base(a, w, number, ready);
		if (ready->fault.code == FAULT_NONE)
			allocation_note_error(a, w, ready, turn->server,
								  allocation_largest(a, turn->server));
	}
	if (amount == 0 || kept)
		return fault_none();
	fault = ready->fault;
	if (fault.code == FAULT_BASE_ZERO || fault.code == FAULT_FALLBACK_LOOP)
		fault.detail = amount;
	if (fault.code != FAULT_NONE)
		return fault_in(fault, -1, -1, ready->base);
	flow = allocation_flow_of(a, number, pool, amount, ready);
	if (ready->total == 0)
	{
		if (!open)
			allocation_keep(a, flow, 0);
		return fault_none();
	}
	fault = allocation_split(a, w, ready->n, &flow);
	if (fault.code == FAULT_NONE)
		fault = move_shares(a, w, ready->n, &flow);
	return fault.code == FAULT_NONE ? fault : fault_in(fault, -1, -1, flow.base);
}

/* At the first turn of a group: accumulated cost, open balances, the system. */
static Fault
begin_group(Allocation *a, AllocationWorkspace *w, int number)
{
	AllocationManner manner = a->turn[number].manner;
	Fault		fault;

	if (number > 0 && a->turn[number - 1].group == a->turn[number].group)
		return fault_none();
	a->system = NULL;
	fault = accumulate_costs(a, w);
	if (fault.code != FAULT_NONE)
		return fault_in(fault, a->turn[number].server, -1, -1);
	if (manner == TURN_OPEN)
		return allocation_open_group(a);
	if (manner == TURN_SIMULTANEOUS)
		return allocation_solve_group(a, w, number);
	return fault;
}

/* Whether nothing, not even the error of an amount, is left with the server. */
static bool
leaves_nothing(const Allocation *a, const AllocationTurn *turn)
{
	int			pool;

	if (turn->manner == TURN_OPEN ||
		a->policy.credit_balance == CREDIT_BALANCE_KEEP)
		return false;
	for (pool = 0; pool < a->pools; pool++)
		if (turn->base_of_pool[pool] == ALLOCATION_NONE ||
			a->balance[cell_at(a, turn->server, pool)] != 0)
			return false;
	return true;
}

/*
 * Runs one turn: every pool of the server that has a base and a balance is
 * split over the base's receivers, in flow units, so that balance and sent of
 * the server and balance and received of the receivers move by the same amount.
 * The first turn of a simultaneous group solves it and moves the money of all
 * its servers; the others only tell their flows.  Turns run in order, each
 * once; between two the caller may check for interrupts.  Work: O(pools x
 * receivers) a turn.
 *
 * A fault names server, pool and base, FAULT_CLOSED_LOOP fills a->loop; the
 * state is then void.
 */
Fault
allocation_turn(Allocation *a, int turn_index)
{
	AllocationReady ready = {0};
	AllocationWorkspace w;
	const AllocationTurn *turn;
	Fault		fault;
	int			pool;

	if (turn_index != a->next_turn || turn_index < 0 || turn_index >= a->turns)
		return fault_at(FAULT_TURN_ORDER, turn_index, a->next_turn);
	w = allocation_workspace(a);
	turn = &a->turn[turn_index];
	fault = begin_group(a, &w, turn_index);
	if (fault.code != FAULT_NONE)
		return fault;
	a->next_turn++;
	if (turn->manner == TURN_SIMULTANEOUS)
		return allocation_tell_turn(a, &w, turn_index);
	ready.requested = ALLOCATION_NONE;
	for (pool = 0; pool < a->pools; pool++)
	{
		fault = split_pool(a, &w, turn_index, pool, &ready);
		if (fault.code != FAULT_NONE)
			return fault_in(fault, turn->server, pool, fault.base);
	}
	allocation_add_error(&w, turn->server, leaves_nothing(a, turn));
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
