/*
 * allocation_tell.c
 *		The flows of a simultaneous group, told turn by turn after it was solved.
 */
#include "core/allocation_system.h"

/* Tells the flows of one pool: the split of its gross cost, the rest on top. */
static Fault
tell_pool(const Allocation *a, AllocationWorkspace *w, const PanelRow *row,
		  int64_t gross, int64_t closing, AllocationFlow *flow, int n)
{
	Fault		fault = fault_none();
	int			i;

	flow->base_amount = gross;
	if (gross != 0)
		fault = allocation_split(a, w, n, flow);
	flow->base_amount += closing;
	for (i = 0; i < n && fault.code == FAULT_NONE; i++)
	{
		flow->receiver = w->receiver[i];
		flow->weight = w->weight[i];
		flow->amount = (gross != 0 ? w->share[i] : 0) +
			(w->receiver[i] == row->parent ? closing : 0);
		if (flow->amount != 0)
			a->flow(a->context, flow);
	}
	return fault;
}

/* Tells of a balance that stays: a credit, or that of a zero base. */
static void
tell_kept(const Allocation *a, const PanelRow *row, int number, int pool)
{
	int64_t		balance = a->balance[cell_at(a, a->turn[number].server, pool)];
	bool		blocked = row->state == SERVER_BLOCKED && balance > 0;

	if (balance != 0)
		allocation_keep(a, allocation_flow_of(a, number, pool, balance, NULL),
						blocked || a->policy.credit_balance == CREDIT_BALANCE_ALLOCATE
						? row->policy_used : FLOW_CREDIT);
}

/* Tells the flows of one turn of a simultaneous group, pools ascending. */
Fault
allocation_tell_turn(Allocation *a, AllocationWorkspace *w, int number)
{
	const AllocationSystem *system = a->system;
	int			s = system->server_of[a->turn[number].server];
	AllocationReady ready = {0};
	Fault		fault = fault_none();
	int			pool;

	ready.requested = ALLOCATION_NONE;
	for (pool = 0; pool < a->pools && fault.code == FAULT_NONE; pool++)
	{
		size_t		at = (size_t) s * a->pools + pool;
		const PanelRow *row = &system->panel[system->panel_of_pool[pool]].row[s];
		AllocationFlow flow;

		if (system->turn_of[at] != number)
			continue;
		tell_kept(a, row, number, pool);
		if (a->flow == NULL || (system->gross[at] == 0 && system->closing[at] == 0))
			continue;
		if (ready.requested != a->turn[number].base_of_pool[pool])
			fault = allocation_ready_server(a, w, system, s, pool, &ready);
		flow = allocation_flow_of(a, number, pool, 0, &ready);
		if (fault.code == FAULT_NONE)
			fault = tell_pool(a, w, row, system->gross[at], system->closing[at],
							  &flow, ready.n);
	}
	return fault;
}
