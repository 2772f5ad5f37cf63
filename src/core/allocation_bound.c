/*
 * allocation_bound.c
 *		How far the flows of a simultaneous group are from the real solution.
 *
 * Ours solve X = b + W'X + e, where each flow into a server adds its rounding to
 * e, and each server's last units add theirs along the tree.  The difference
 * from the real solution is at most the y that solves y = |e| + W'y, since W has
 * no negative entry; any y that is at least |e| + W'y is a bound too, and that
 * is checked, with the rounding of the check itself on the safe side.
 */
#include "core/allocation_system.h"

#define SLACK 1e-12

static double
size_of(int64_t amount, const Allocation *a)
{
	double		size = (double) amount / (double) a->policy.flow_unit;

	return size < 0 ? -size : size;
}

/*
 * Finds of a server, over the panel's pools, the largest gross cost, the most
 * units handed on at the end, and the most that was given of money not got.
 */
static void
measure_server(const Allocation *a, const AllocationSystem *system,
			   const Panel *p, int s, double *largest, double *closing,
			   double *beyond)
{
	int			k;

	*largest = *closing = *beyond = 0;
	for (k = 0; k < p->pools; k++)
	{
		size_t		at = (size_t) s * a->pools + p->pool[k];
		double		gross = size_of(system->gross[at], a);
		double		rest = size_of(system->closing[at], a);
		int64_t		balance = a->balance[cell_at(a, system->department[s], p->pool[k])];

		*largest = gross > *largest ? gross : *largest;
		*closing = rest > *closing ? rest : *closing;
		if (balance < 0 && gross > *beyond)
			*beyond = gross;
	}
}

/*
 * Adds to error [departments] what a server's flows add by themselves (y 0), or
 * what they carry of its own error y to departments that do not send.
 */
static void
spread_error(const Allocation *a, AllocationWorkspace *w,
			 const AllocationSystem *system, const Panel *p, int s, double y,
			 double *error)
{
	const PanelRow *row = &p->row[s];
	AllocationReady ready = {0};
	double		largest;
	double		closing;
	double		beyond;
	int			i;

	(void) allocation_ready_server(a, w, system, s, p->pool[0], &ready);
	measure_server(a, system, p, s, &largest, &closing, &beyond);
	for (i = 0; i < ready.n + ready.weightless; i++)
	{
		int			to = system->server_of[w->receiver[i]];
		double		share = (double) w->weight[i] / (double) ready.total;

		if (y == 0)
			error[w->receiver[i]] += share * closing +
				allocation_share_error(a, w, &ready, i, 0, largest);
		else if (to < 0 || p->row[to].state != SERVER_SENDS)
			error[w->receiver[i]] += share * y;
	}
	if (y == 0)
	{
		error[row->parent] += closing;
		error[system->department[s]] += beyond;
	}
}

/* Raises y until it is a bound; says whether it is. */
static bool
raise_bound(const Panel *p, const double *e, double *y)
{
	int			tries;
	int			s;
	int			i;

	for (tries = 0; tries < 8; tries++)
	{
		bool		holds = true;

		for (s = 0; s < p->servers; s++)
			y[s] *= tries == 0 ? 1 + 1e-6 : 2;
		for (s = 0; s < p->servers && holds; s++)
		{
			double		sum = e[s];

			for (i = p->first[s]; i < p->first[s + 1]; i++)
				sum += p->share[i] * y[p->from[i]];
			holds = p->row[s].state != SERVER_SENDS || y[s] >= sum * (1 + SLACK);
		}
		if (holds)
			return true;
	}
	return false;
}

/* Bounds one panel: y [servers], and error [departments] of the others. */
static void
bound_panel(const Allocation *a, AllocationWorkspace *w,
			const AllocationSystem *system, Panel *p, double *y, double *error)
{
	double	   *e = allocation_zeroed(a, p->servers, sizeof(double));
	int			s;

	for (s = 0; s < p->servers; s++)
		if (p->row[s].state == SERVER_SENDS)
			spread_error(a, w, system, p, s, 0, error);
	for (s = 0; s < p->servers; s++)
		if (p->row[s].state == SERVER_SENDS)
			e[s] = error[system->department[s]] + w->error[system->department[s]];
	allocation_solve_columns(a, p, 1, 1e-3, e, y);
	if (!raise_bound(p, e, y))
		for (s = 0; s < p->servers; s++)
			y[s] = ALLOCATION_NO_BOUND;
	for (s = 0; s < p->servers; s++)
		if (p->row[s].state == SERVER_SENDS)
			spread_error(a, w, system, p, s, y[s], error);
}

/* Notes the bound of all departments, the largest of the panels each. */
void
allocation_bound_system(Allocation *a, AllocationWorkspace *w,
						AllocationSystem *system)
{
	bool		keep = a->policy.credit_balance == CREDIT_BALANCE_KEEP;
	double	   *more = allocation_zeroed(a, a->departments, sizeof(double));
	bool	   *stays = allocation_zeroed(a, a->departments, sizeof(bool));
	int			d;
	int			k;

	for (k = 0; k < system->panels; k++)
	{
		Panel	   *p = &system->panel[k];
		double	   *error = allocation_zeroed(a, a->departments, sizeof(double));
		double	   *y = allocation_zeroed(a, p->servers, sizeof(double));

		bound_panel(a, w, system, p, y, error);
		for (d = 0; d < a->departments; d++)
		{
			int			s = system->server_of[d];
			bool		sends = s >= 0 && p->row[s].state == SERVER_SENDS;

			stays[d] = stays[d] || !sends || keep;
			error[d] = !sends ? error[d] : keep ? y[s] : 0;
			more[d] = error[d] > more[d] ? error[d] : more[d];
		}
	}
	for (d = 0; d < a->departments; d++)
		w->error[d] = more[d] + (stays[d] ? w->error[d] : 0);
}
