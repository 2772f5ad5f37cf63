/*
 * allocation_reciprocal.c
 *		Simultaneous groups: from balances to gross cost, to flows that close.
 *
 * The gross cost of each server is solved for in double and rounded to flow
 * units.  Each gross cost is then split by largest remainder, as in any turn, so
 * that all flows are whole units, and what came to a server less what it gave
 * is an exact integer residual.  While that is more than rounding explains, it
 * is solved for and added.  The few units left are handed on along a tree that
 * leads every server to an exit: each ends at zero, and what it gave is what it
 * got.  How far that is from the real solution is bounded in allocation_bound.c.
 */
#include "core/allocation_system.h"

/* Beyond this a gross cost in flow units is no int64 for sure. */
#define LARGEST_GROSS 4.6e18

/* Starts a group of open turns: what is split is what is there now. */
Fault
allocation_open_group(Allocation *a)
{
	size_t		cells = (size_t) a->departments * (size_t) a->pools;
	size_t		c;

	a->system = allocation_zeroed(a, 1, sizeof(AllocationSystem));
	a->system->start = allocation_zeroed(a, cells, sizeof(int64_t));
	for (c = 0; c < cells; c++)
		a->system->start[c] = a->balance[c];
	return fault_none();
}

/* Credits a receiver. */
static Fault
credit(Allocation *a, int server, int receiver, int pool, int64_t amount)
{
	size_t		plane = (size_t) a->departments * (size_t) a->pools *
		(size_t) a->level_of_department[server];
	size_t		cell = cell_at(a, receiver, pool);

	if (!add_int64(&a->balance[cell], amount) ||
		!add_int64(&a->received[plane + cell], amount))
		return fault_in(fault_at(FAULT_OVERFLOW, receiver, amount), server, pool, -1);
	return fault_none();
}

/* Splits the gross cost of one turn's server and credits the receivers. */
static Fault
give_turn(Allocation *a, AllocationWorkspace *w, const AllocationSystem *system,
		  int number, int direction)
{
	int			server = system->server_of[a->turn[number].server];
	AllocationReady ready = {0};
	Fault		fault = fault_none();
	int			pool;
	int			i;

	ready.requested = ALLOCATION_NONE;
	for (pool = 0; pool < a->pools; pool++)
	{
		size_t		cell = (size_t) server * a->pools + pool;
		AllocationFlow flow;

		if (system->turn_of[cell] != number || system->gross[cell] == 0)
			continue;
		if (ready.requested != a->turn[number].base_of_pool[pool])
			fault = allocation_ready_server(a, w, system, server, pool, &ready);
		flow = allocation_flow_of(a, number, pool, system->gross[cell], &ready);
		if (fault.code == FAULT_NONE)
			fault = allocation_split(a, w, ready.n, &flow);
		for (i = 0; i < ready.n && fault.code == FAULT_NONE; i++)
			fault = credit(a, flow.server, w->receiver[i], pool,
						   direction * w->share[i]);
		if (fault.code != FAULT_NONE)
			return fault_in(fault, flow.server, pool, ready.base);
	}
	return fault;
}

static Fault
give_all(Allocation *a, AllocationWorkspace *w, const AllocationSystem *system,
		 int direction)
{
	Fault		fault = fault_none();
	int			number;

	for (number = system->first_turn; number < system->end_turn &&
		 fault.code == FAULT_NONE; number++)
	{
		fault = give_turn(a, w, system, number, direction);
		allocation_pause(a);
	}
	return fault;
}

/* Adds solutions, rounded to flow units, to the gross cost of a panel. */
static Fault
add_gross(const Allocation *a, AllocationSystem *system, const Panel *p,
		  const double *x, int columns)
{
	double		limit = LARGEST_GROSS / (double) a->policy.flow_unit;
	int			s;
	int			k;

	for (s = 0; s < p->servers; s++)
		for (k = 0; k < p->pools; k++)
		{
			double		value = x[(size_t) s * columns + k];
			int64_t    *gross = &system->gross[(size_t) s * a->pools + p->pool[k]];

			/* not a number fails here too */
			if (!(value > -limit && value < limit) ||
				!add_int64(gross, (int64_t) (value + (value < 0 ? -0.5 : 0.5)) *
						   a->policy.flow_unit))
				return fault_in(fault_at(FAULT_OVERFLOW, system->department[s],
										 *gross), system->department[s],
								p->pool[k], -1);
		}
	return fault_none();
}

/* Solves the columns in which a server would give away a credit. */
static void
solve_credits(const Allocation *a, Panel *p, const double *b, double *x,
			  int columns)
{
	double	   *one = allocation_zeroed(a, 2 * (size_t) p->servers, sizeof(double));
	int			s;
	int			k;

	for (k = 0; k < p->pools; k++)
	{
		bool		credit_given = false;

		for (s = 0; s < p->servers; s++)
		{
			one[s] = b[(size_t) s * columns + k];
			credit_given = credit_given || x[(size_t) s * columns + k] < -0.5;
		}
		if (!credit_given)
			continue;
		allocation_solve_kept(a, p, one, one + p->servers);
		for (s = 0; s < p->servers; s++)
			x[(size_t) s * columns + k] = one[p->servers + s];
	}
}

/* Solves one panel: its gross cost to about a unit. */
static Fault
solve_panel(Allocation *a, AllocationSystem *system, Panel *p)
{
	bool		keep = a->policy.credit_balance == CREDIT_BALANCE_KEEP;
	int			columns = (p->pools + 7) / 8 * 8;
	size_t		cells = (size_t) p->servers * (size_t) columns;
	double	   *b = allocation_zeroed(a, cells, sizeof(double));
	double	   *x = allocation_zeroed(a, cells, sizeof(double));
	int			s;
	int			k;

	for (s = 0; s < p->servers; s++)
		for (k = 0; k < p->pools && p->row[s].state == SERVER_SENDS; k++)
			b[(size_t) s * columns + k] = (double)
				a->balance[cell_at(a, system->department[s], p->pool[k])] /
				(double) a->policy.flow_unit;
	allocation_steady(a, p);
	allocation_solve_columns(a, p, columns, 0.1, b, x);
	if (keep)
		solve_credits(a, p, b, x, columns);
	for (s = 0; keep && s < p->servers; s++)
		for (k = 0; k < columns; k++)
			if (x[(size_t) s * columns + k] < 0)
				x[(size_t) s * columns + k] = 0;
	return add_gross(a, system, p, x, columns);
}

/*
 * Fills r [servers][columns] with what the servers got less what they gave, in
 * flow units; says how many times the most is what rounding explains.
 */
static double
find_residual(const Allocation *a, const AllocationSystem *system,
			  const Panel *p, int columns, double *r)
{
	double		most = 0;
	int			s;
	int			k;

	for (s = 0; s < p->servers; s++)
		for (k = 0; k < p->pools && p->row[s].state == SERVER_SENDS; k++)
		{
			size_t		gross = (size_t) s * a->pools + p->pool[k];
			double		value = (double)
				(a->balance[cell_at(a, system->department[s], p->pool[k])] -
				 system->gross[gross]) / (double) a->policy.flow_unit;
			double		size = value < 0 ? -value : value;
			double		explained = p->first[s + 1] - p->first[s] + 2;

			r[(size_t) s * columns + k] = value;
			most = size / explained > most ? size / explained : most;
		}
	return most;
}

/*
 * Gives the gross cost of all servers to their receivers, and improves it while
 * the exact residual is more than rounding explains and falls by half.
 */
static Fault
give_and_improve(Allocation *a, AllocationWorkspace *w, AllocationSystem *system)
{
	double		last = LARGEST_GROSS;
	Fault		fault = give_all(a, w, system, 1);

	while (fault.code == FAULT_NONE &&
		   a->policy.credit_balance == CREDIT_BALANCE_ALLOCATE)
	{
		double		most = 0;
		double	  **r = allocation_zeroed(a, system->panels, sizeof(double *));
		int			k;

		for (k = 0; k < system->panels; k++)
		{
			Panel	   *p = &system->panel[k];
			int			columns = (p->pools + 7) / 8 * 8;
			double		here;

			r[k] = allocation_zeroed(a, (size_t) p->servers * columns, sizeof(double));
			here = find_residual(a, system, p, columns, r[k]);
			most = here > most ? here : most;
		}
		if (most <= 1 || most > last / 2)
			break;
		last = most;
		fault = give_all(a, w, system, -1);
		for (k = 0; k < system->panels && fault.code == FAULT_NONE; k++)
		{
			Panel	   *p = &system->panel[k];
			int			columns = (p->pools + 7) / 8 * 8;
			double	   *x = allocation_zeroed(a, (size_t) p->servers * columns,
											  sizeof(double));

			allocation_solve_columns(a, p, columns, 0.1, r[k], x);
			fault = add_gross(a, system, p, x, columns);
		}
		if (fault.code == FAULT_NONE)
			fault = give_all(a, w, system, 1);
	}
	return fault;
}

/* Hands a server's last units to its parent: it gave what it got. */
static Fault
close_server(Allocation *a, AllocationSystem *system, const PanelRow *row,
			 int s, int pool)
{
	int			d = system->department[s];
	size_t		at = (size_t) s * a->pools + pool;
	int64_t    *balance = &a->balance[cell_at(a, d, pool)];
	int64_t    *sent = &a->sent[cell_at(a, d, pool)];
	int64_t		gross = system->gross[at];
	bool		credit_kept = *balance < 0 &&
		a->policy.credit_balance == CREDIT_BALANCE_KEEP;
	int64_t		rest = *balance;
	Fault		fault = fault_none();

	if (!add_int64(&rest, -gross) || !add_int64(sent, gross))
		return fault_in(fault_at(FAULT_OVERFLOW, d, *balance), d, pool, -1);
	*balance = rest;
	if (rest == 0 || credit_kept)
		return fault;
	*balance = 0;
	system->closing[at] = rest;
	if (!add_int64(sent, rest))
		return fault_in(fault_at(FAULT_OVERFLOW, d, rest), d, pool, -1);
	return credit(a, d, row->parent, pool, rest);
}

/* Closes a panel, the servers farthest from an exit first. */
static Fault
close_panel(Allocation *a, AllocationSystem *system, const Panel *p)
{
	Fault		fault = fault_none();
	int			farthest = 0;
	int			distance;
	int			s;
	int			k;

	for (s = 0; s < p->servers; s++)
		if (p->row[s].distance > farthest)
			farthest = p->row[s].distance;
	for (distance = farthest; distance > 0; distance--)
		for (s = 0; s < p->servers; s++)
		{
			if (p->row[s].state != SERVER_SENDS || p->row[s].distance != distance)
				continue;
			for (k = 0; k < p->pools && fault.code == FAULT_NONE; k++)
				fault = close_server(a, system, &p->row[s], s, p->pool[k]);
		}
	return fault;
}

/* A server whose base is at fault may not hold what it should give. */
static Fault
check_blocked(const Allocation *a, const AllocationSystem *system,
			  const Panel *p)
{
	bool		keep = a->policy.credit_balance == CREDIT_BALANCE_KEEP;
	int			s;
	int			k;

	for (s = 0; s < p->servers; s++)
		for (k = 0; k < p->pools && p->row[s].state == SERVER_BLOCKED; k++)
		{
			int			d = system->department[s];
			int64_t		balance = a->balance[cell_at(a, d, p->pool[k])];
			Fault		fault = p->row[s].fault;

			if (fault.code == FAULT_NONE || balance == 0 || (keep && balance < 0))
				continue;
			if (fault.code == FAULT_BASE_ZERO || fault.code == FAULT_FALLBACK_LOOP)
				fault.detail = balance;
			return fault_in(fault, d, p->pool[k], fault.base);
		}
	return fault_none();
}

/* Looks at the bases of a group's turns before any of them is used. */
static Fault
check_bases(const Allocation *a, int number)
{
	int			t;
	int			pool;

	for (t = number; t < a->turns && a->turn[t].group == a->turn[number].group; t++)
		for (pool = 0; pool < a->pools; pool++)
		{
			int			base = a->turn[t].base_of_pool[pool];

			if (base < ALLOCATION_NONE || base >= a->bases)
				return fault_in(fault_at(FAULT_ARGUMENT, t, base),
								a->turn[t].server, pool, -1);
		}
	return fault_none();
}

/*
 * At the first turn of a simultaneous group: solves it, moves the money of all
 * its servers and closes them.  Faults as allocation_turn's.
 */
Fault
allocation_solve_group(Allocation *a, AllocationWorkspace *w, int number)
{
	AllocationSystem *system = allocation_zeroed(a, 1, sizeof(AllocationSystem));
	Fault		fault = check_bases(a, number);
	size_t		cells;
	int			k;

	if (fault.code != FAULT_NONE)
		return fault;
	a->system = system;
	allocation_find_panels(a, system, number);
	cells = (size_t) system->servers * (size_t) a->pools;
	system->gross = allocation_zeroed(a, cells, sizeof(int64_t));
	system->closing = allocation_zeroed(a, cells, sizeof(int64_t));
	for (k = 0; k < system->panels && fault.code == FAULT_NONE; k++)
		fault = allocation_trace_panel(a, w, system, &system->panel[k]);
	for (k = 0; k < system->panels && fault.code == FAULT_NONE; k++)
		fault = solve_panel(a, system, &system->panel[k]);
	if (fault.code == FAULT_NONE)
		fault = give_and_improve(a, w, system);
	for (k = 0; k < system->panels && fault.code == FAULT_NONE; k++)
		fault = close_panel(a, system, &system->panel[k]);
	for (k = 0; k < system->panels && fault.code == FAULT_NONE; k++)
		fault = check_blocked(a, system, &system->panel[k]);
	if (fault.code == FAULT_NONE)
		allocation_bound_system(a, w, system);
	return fault;
}
