/*
 * allocation_graph.c
 *		Who serves whom in a simultaneous group: panels, the servers money comes
 *		to, the way out, closed loops.
 */
#include <string.h>

#include "core/allocation_system.h"

/* Asks the caller for memory that is all zero. */
void *
allocation_zeroed(const Allocation *a, size_t count, size_t size)
{
	size_t		bytes = count * size > 0 ? count * size : 1;

	return memset(a->memory(a->memory_context, bytes), 0, bytes);
}

/* The base of a server's pool, or none. */
static int
base_of(const Allocation *a, const AllocationSystem *system, int server, int pool)
{
	int			turn = system->turn_of[(size_t) server * a->pools + pool];

	return turn < 0 ? ALLOCATION_NONE : a->turn[turn].base_of_pool[pool];
}

static bool
same_bases(const Allocation *a, const AllocationSystem *system, int pool,
		   int other)
{
	int			s;

	for (s = 0; s < system->servers; s++)
		if (base_of(a, system, s, pool) != base_of(a, system, s, other))
			return false;
	return true;
}

/* Lists the group's servers, and which turn is a pool's of a server. */
static void
find_servers(const Allocation *a, AllocationSystem *system)
{
	int			turns = system->end_turn - system->first_turn;
	int			t;
	int			pool;

	system->department = allocation_zeroed(a, turns, sizeof(int));
	system->server_of = allocation_zeroed(a, a->departments, sizeof(int));
	system->turn_of = allocation_zeroed(a, (size_t) turns * a->pools, sizeof(int));
	for (t = 0; t < a->departments; t++)
		system->server_of[t] = -1;
	for (t = system->first_turn; t < system->end_turn; t++)
	{
		const AllocationTurn *turn = &a->turn[t];
		int		   *turn_of;

		if (system->server_of[turn->server] < 0)
		{
			system->server_of[turn->server] = system->servers;
			system->department[system->servers++] = turn->server;
			turn_of = system->turn_of + (size_t) (system->servers - 1) * a->pools;
			for (pool = 0; pool < a->pools; pool++)
				turn_of[pool] = -1;
		}
		turn_of = system->turn_of + (size_t) (system->servers - 1) * a->pools;
		for (pool = 0; pool < a->pools; pool++)
			if (turn_of[pool] < 0 && turn->base_of_pool[pool] != ALLOCATION_NONE)
				turn_of[pool] = t;
	}
}

/* Fills in the servers of the group of a turn, and sorts pools into panels. */
void
allocation_find_panels(Allocation *a, AllocationSystem *system, int number)
{
	int			pool;
	int			k;

	system->first_turn = number;
	for (system->end_turn = number; system->end_turn < a->turns &&
		 a->turn[system->end_turn].group == a->turn[number].group;)
		system->end_turn++;
	find_servers(a, system);
	system->panel_of_pool = allocation_zeroed(a, a->pools, sizeof(int));
	system->panel = allocation_zeroed(a, a->pools, sizeof(Panel));
	for (pool = 0; pool < a->pools; pool++)
	{
		for (k = 0; k < system->panels; k++)
			if (same_bases(a, system, pool, system->panel[k].pool[0]))
				break;
		if (k == system->panels)
		{
			system->panels++;
			system->panel[k].pool = allocation_zeroed(a, a->pools - pool, sizeof(int));
			system->panel[k].servers = system->servers;
			system->panel[k].row = allocation_zeroed(a, system->servers,
													 sizeof(PanelRow));
		}
		system->panel[k].pool[system->panel[k].pools++] = pool;
		system->panel_of_pool[pool] = k;
	}
}

/* Makes a server's base of a pool ready; signed statistics are refused. */
Fault
allocation_ready_server(const Allocation *a, AllocationWorkspace *w,
						const AllocationSystem *system, int server, int pool,
						AllocationReady *ready)
{
	int			turn = system->turn_of[(size_t) server * a->pools + pool];
	Fault		fault;

	ready->requested = a->turn[turn].base_of_pool[pool];
	fault = allocation_ready_base(a, w, turn, ready);
	if (fault.code == FAULT_NONE && (ready->policy_used & FLOW_NEGATIVE_SIGNED))
		fault = fault_at(FAULT_SIMULTANEOUS_SIGNED, -1, 0);
	return fault;
}

/* Notes a server's edges, once money is known to come to it. */
static void
trace_row(const Allocation *a, AllocationWorkspace *w,
		  const AllocationSystem *system, const Panel *p, int server, int pool)
{
	PanelRow   *row = &p->row[server];
	AllocationReady ready = {0};
	int64_t		outside = 0;
	int			i;

	row->pool = pool;
	row->fault = allocation_ready_server(a, w, system, server, pool, &ready);
	row->fault.base = ready.base;
	if (ready.doubt)
		w->error[system->department[server]] = ALLOCATION_NO_BOUND;
	row->policy_used = ready.policy_used;
	row->state = SERVER_BLOCKED;
	if (row->fault.code != FAULT_NONE || ready.total == 0)
		return;
	row->state = SERVER_SENDS;
	row->outside_best = -1;
	row->to = a->memory(a->memory_context, sizeof(int) * (size_t) (ready.n + 1));
	row->share = a->memory(a->memory_context, sizeof(double) * (size_t) (ready.n + 1));
	for (i = 0; i < ready.n; i++)
	{
		double		share = (double) w->weight[i] / (double) ready.total;

		if (system->server_of[w->receiver[i]] >= 0)
		{
			row->to[row->edges] = system->server_of[w->receiver[i]];
			row->share[row->edges++] = share;
			continue;
		}
		outside += w->weight[i];
		if (share > row->outside_share)
		{
			row->outside_share = share;
			row->outside_best = w->receiver[i];
		}
	}
	row->outside = (double) outside / (double) ready.total;
}

/*
 * Follows the money of the panel's pools from server to server; with doubt,
 * follows amounts that are zero within their error only.
 */
static void
trace_money(Allocation *a, AllocationWorkspace *w,
			const AllocationSystem *system, Panel *p, bool doubt, int *queue)
{
	bool		keep = a->policy.credit_balance == CREDIT_BALANCE_KEEP;
	int			k;
	int			s;

	for (k = 0; k < p->pools; k++)
	{
		int			head = 0;
		int			tail = 0;

		for (s = 0; s < p->servers; s++)
		{
			int			d = system->department[s];
			int64_t		balance = a->balance[cell_at(a, d, p->pool[k])];

			if (p->row[s].state == SERVER_IDLE &&
				base_of(a, system, s, p->pool[k]) != ALLOCATION_NONE &&
				(doubt ? w->error[d] > 0 : keep ? balance > 0 : balance != 0))
			{
				trace_row(a, w, system, p, s, p->pool[k]);
				queue[tail++] = s;
			}
		}
		for (; head < tail; head++)
		{
			const PanelRow *row = &p->row[queue[head]];
			int			i;

			for (i = 0; i < row->edges; i++)
			{
				s = row->to[i];
				if (p->row[s].state != SERVER_IDLE ||
					base_of(a, system, s, p->pool[k]) == ALLOCATION_NONE)
					continue;
				trace_row(a, w, system, p, s, p->pool[k]);
				queue[tail++] = s;
			}
			allocation_pause(a);
		}
	}
}

/* Lists the edges between servers that send by receiver, and sums the exits. */
static void
turn_edges(const Allocation *a, Panel *p)
{
	int			s;
	int			i;

	p->first = allocation_zeroed(a, (size_t) p->servers + 2, sizeof(int));
	for (s = 0; s < p->servers; s++)
	{
		PanelRow   *row = &p->row[s];

		row->exit = row->outside;
		for (i = 0; i < row->edges && row->state == SERVER_SENDS; i++)
			if (p->row[row->to[i]].state == SERVER_SENDS)
				p->first[row->to[i] + 2]++;
			else
				row->exit += row->share[i];
	}
	for (s = 0; s < p->servers; s++)
		p->first[s + 2] += p->first[s + 1];
	p->from = allocation_zeroed(a, p->first[p->servers + 1], sizeof(int));
	p->share = allocation_zeroed(a, p->first[p->servers + 1], sizeof(double));
	for (s = 0; s < p->servers; s++)
		for (i = 0; i < p->row[s].edges && p->row[s].state == SERVER_SENDS; i++)
		{
			int			to = p->row[s].to[i];

			if (p->row[to].state != SERVER_SENDS)
				continue;
			p->share[p->first[to + 1]] = p->row[s].share[i];
			p->from[p->first[to + 1]++] = s;
		}
}

/* Counts the hops from each sending server to whoever does not send. */
static void
measure_distances(Panel *p, int *queue)
{
	int			head;
	int			tail = 0;
	int			s;
	int			i;

	for (s = 0; s < p->servers; s++)
	{
		p->row[s].distance = p->row[s].state == SERVER_SENDS && p->row[s].exit > 0;
		if (p->row[s].distance == 1)
			queue[tail++] = s;
	}
	for (head = 0; head < tail; head++)
		for (i = p->first[queue[head]]; i < p->first[queue[head] + 1]; i++)
		{
			PanelRow   *row = &p->row[p->from[i]];

			if (row->distance > 0)
				continue;
			row->distance = p->row[queue[head]].distance + 1;
			queue[tail++] = p->from[i];
		}
}

/* Finds where a server's last units go: its largest share one hop nearer. */
static void
choose_parents(const AllocationSystem *system, Panel *p)
{
	int			s;
	int			i;

	for (s = 0; s < p->servers; s++)
	{
		PanelRow   *row = &p->row[s];
		double		best = 0;

		if (row->state != SERVER_SENDS)
			continue;
		row->parent = row->distance == 1 ? row->outside_best : -1;
		best = row->parent < 0 ? 0 : row->outside_share;
		for (i = 0; i < row->edges; i++)
		{
			const PanelRow *to = &p->row[row->to[i]];
			int			distance = to->state == SERVER_SENDS ? to->distance : 0;

			if (distance == row->distance - 1 && row->share[i] > best)
			{
				best = row->share[i];
				row->parent = system->department[row->to[i]];
			}
		}
	}
}

/* Names the servers that hold money and reach no exit. */
static Fault
find_loop(Allocation *a, const AllocationSystem *system, const Panel *p)
{
	Fault		fault = fault_none();
	int			s;

	a->loop_servers = 0;
	for (s = 0; s < p->servers; s++)
	{
		if (p->row[s].state != SERVER_SENDS || p->row[s].distance > 0)
			continue;
		if (a->loop_servers < ALLOCATION_LOOP_NAMED)
			a->loop[a->loop_servers] = system->department[s];
		a->loop_servers++;
	}
	if (a->loop_servers > 0)
	{
		fault = fault_at(FAULT_CLOSED_LOOP, -1, a->loop_servers);
		fault.server = a->loop[0];
		fault.pool = p->row[system->server_of[a->loop[0]]].pool;
	}
	return fault;
}

/*
 * Finds the servers of a panel that money comes to, their edges, their exits
 * and the way there.  FAULT_CLOSED_LOOP if some have none.
 */
Fault
allocation_trace_panel(Allocation *a, AllocationWorkspace *w,
					   const AllocationSystem *system, Panel *p)
{
	int		   *queue = allocation_zeroed(a, p->servers, sizeof(int));
	bool		doubt = false;
	Fault		fault;
	int			s;

	trace_money(a, w, system, p, false, queue);
	turn_edges(a, p);
	measure_distances(p, queue);
	fault = find_loop(a, system, p);
	if (fault.code != FAULT_NONE)
		return fault;
	for (s = 0; s < p->servers && !doubt; s++)
		doubt = w->error[system->department[s]] > 0;
	if (doubt)
	{
		trace_money(a, w, system, p, true, queue);
		turn_edges(a, p);
		measure_distances(p, queue);
		/* what is zero within its error may stay in a loop */
		for (s = 0; s < p->servers; s++)
			if (p->row[s].state == SERVER_SENDS && p->row[s].distance == 0)
				p->row[s].state = SERVER_BLOCKED;
		turn_edges(a, p);
		measure_distances(p, queue);
	}
	choose_parents(system, p);
	return fault;
}
