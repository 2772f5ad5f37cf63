/*
 * rounding.c
 *		Controlled rounding by cancelling cycles of fractional edges.
 *
 * The matrix is a circulation: root -> department -> (department, group) ->
 * column -> group -> sink -> root.  Every total is the flow of one edge, a cell
 * is the edge from (department, group) to its column.  Of each flow only the
 * part above a multiple of the unit matters, in 0 .. unit; an edge at either
 * end is settled for good.
 *
 * What flows in flows out, so no node has exactly one unsettled edge.  A walk
 * along unsettled edges therefore never gets stuck and must close a cycle;
 * pushing flow around it, in the direction that needs less, until the first
 * edge settles keeps all sums.  Each push settles an edge, so it ends, and
 * then every total is a neighbouring multiple.
 *
 * Each node remembers its first two unsettled edges.  Edges never unsettle, so
 * these marks only move forward; after a push the walk resumes from the part of
 * the path before the settled edge.
 */
#include <limits.h>

#include "core/rounding.h"
#include "core/wide.h"

typedef struct Step
{
	int			node;
	int			edge;			/* taken to leave the node */
} Step;

typedef struct Network
{
	int			departments;
	int			columns;
	int			groups;
	int64_t		unit;

	/* nodes: departments from 0, pairs (department-major), then these */
	int			first_pair;
	int			first_column;
	int			first_group;
	int			sink;
	int			root;
	int			nodes;

	/* edges: the grand total is 0, cells (row by row) come last */
	int			first_cell;
	int			edges;

	int64_t    *fraction;		/* [edges] 0 .. unit */
	int		   *from;			/* [edges] node */
	int		   *to;				/* [edges] node */
	int		   *incident;		/* [2 * edges] unsettled edges by node */
	int		   *start;			/* [nodes + 1] into incident */
	int		   *mark;			/* [nodes][2] into incident */
	int		   *position;		/* [nodes] on the path, or -1 */
	Step	   *path;			/* [nodes] */
} Network;

/* Counts nodes and edges; false if an int does not number them. */
static bool
count_network(Network *net)
{
	MoneyWide	d = net->departments;
	MoneyWide	c = net->columns;
	MoneyWide	g = net->groups;
	MoneyWide	first_cell = 1 + g + c + d + d * g;

	if (d < 0 || c < 0 || g < 0 || first_cell + d * c > INT_MAX / 2)
		return false;
	net->first_pair = (int) d;
	net->first_column = (int) (d + d * g);
	net->first_group = net->first_column + (int) c;
	net->sink = net->first_group + (int) g;
	net->root = net->sink + 1;
	net->nodes = net->root + 1;
	net->first_cell = (int) first_cell;
	net->edges = (int) (first_cell + d * c);
	return true;
}

/*
 * Says how many bytes of scratch rounding_controlled needs for such a matrix,
 * whatever their alignment; 0 for a shape that it refuses.
 */
size_t
rounding_scratch_size(int departments, int columns, int groups)
{
	Network		net = {0};

	net.departments = departments;
	net.columns = columns;
	net.groups = groups;
	if (!count_network(&net))
		return 0;
	return sizeof(int64_t) - 1 +
		(size_t) net.edges * (sizeof(int64_t) + 4 * sizeof(int)) +
		(size_t) net.nodes * (4 * sizeof(int) + sizeof(Step)) + sizeof(int);
}

/* Carves the scratch up. */
static void
lay_out(Network *net, void *scratch)
{
	net->fraction = wide_align(scratch, sizeof(int64_t));
	net->from = (int *) (void *) (net->fraction + net->edges);
	net->to = net->from + net->edges;
	net->incident = net->to + net->edges;
	net->start = net->incident + 2 * (size_t) net->edges;
	net->mark = net->start + net->nodes + 1;
	net->position = net->mark + 2 * (size_t) net->nodes;
	net->path = (Step *) (void *) (net->position + net->nodes);
}

/* Numbers the next edge and clears it. */
static void
add_edge(Network *net, int *edge, int from, int to)
{
	net->fraction[*edge] = 0;
	net->from[*edge] = from;
	net->to[*edge] = to;
	(*edge)++;
}

static void
list_edges(Network *net, const int *group_of_column)
{
	int			edge = 0;
	int			i;
	int			c;

	add_edge(net, &edge, net->sink, net->root);
	for (i = 0; i < net->groups; i++)
		add_edge(net, &edge, net->first_group + i, net->sink);
	for (c = 0; c < net->columns; c++)
		add_edge(net, &edge, net->first_column + c,
				 net->first_group + group_of_column[c]);
	for (i = 0; i < net->departments; i++)
		add_edge(net, &edge, net->root, i);
	for (i = 0; i < net->departments * net->groups; i++)
		add_edge(net, &edge, i / net->groups, net->first_pair + i);
	for (i = 0; i < net->departments; i++)
		for (c = 0; c < net->columns; c++)
			add_edge(net, &edge,
					 net->first_pair + i * net->groups + group_of_column[c],
					 net->first_column + c);
}

static int64_t
fraction_of(int64_t value, int64_t unit)
{
	int64_t		rest = value % unit;

	return rest < 0 ? rest + unit : rest;
}

static void
add_fraction(int64_t *sum, int64_t fraction, int64_t unit)
{
	*sum = *sum >= unit - fraction ? *sum - (unit - fraction) : *sum + fraction;
}

/* Sums the cells' fractions up both families; whole units do not matter. */
static void
load_fractions(Network *net, const int64_t *cells, const int *group_of_column)
{
	int64_t    *group = net->fraction + 1;
	int64_t    *column = group + net->groups;
	int64_t    *department = column + net->columns;
	int64_t    *pair = department + net->departments;
	int64_t    *cell = net->fraction + net->first_cell;
	int			d;
	int			c;

	for (d = 0; d < net->departments; d++, pair += net->groups)
	{
		for (c = 0; c < net->columns; c++, cell++)
		{
			int			g = group_of_column[c];

			*cell = fraction_of(*cells++, net->unit);
			add_fraction(&pair[g], *cell, net->unit);
			add_fraction(&department[d], *cell, net->unit);
			add_fraction(&column[c], *cell, net->unit);
			add_fraction(&group[g], *cell, net->unit);
			add_fraction(net->fraction, *cell, net->unit);
		}
	}
}

static bool
settled(const Network *net, int edge)
{
	return net->fraction[edge] == 0 || net->fraction[edge] == net->unit;
}

/* Lists the unsettled edges of each node, in the order of edges. */
static void
list_incident(Network *net)
{
	int		   *start = net->start;
	int			i;

	for (i = 0; i <= net->nodes; i++)
		start[i] = 0;
	for (i = 0; i < net->edges; i++)
	{
		if (settled(net, i))
			continue;
		start[net->from[i]]++;
		start[net->to[i]]++;
	}
	for (i = 1; i <= net->nodes; i++)
		start[i] += start[i - 1];
	/* filling from the back moves each end to its start */
	for (i = net->edges - 1; i >= 0; i--)
	{
		if (settled(net, i))
			continue;
		net->incident[--start[net->from[i]]] = i;
		net->incident[--start[net->to[i]]] = i;
	}
	for (i = 0; i < net->nodes; i++)
	{
		net->mark[2 * i] = start[i];
		net->mark[2 * i + 1] = start[i];
		net->position[i] = -1;
	}
}

/* First unsettled edge of a node other than the one arrived by, or -1. */
static int
next_edge(Network *net, int node, int arrived_by)
{
	int		   *mark = &net->mark[2 * node];
	int			end = net->start[node + 1];
	int			i;

	for (i = 0; i < 2; i++)
	{
		if (i == 1 && mark[1] <= mark[0])
			mark[1] = mark[0] + 1;
		while (mark[i] < end && settled(net, net->incident[mark[i]]))
			mark[i]++;
		if (mark[i] >= end)
			return -1;
		if (net->incident[mark[i]] != arrived_by)
			return net->incident[mark[i]];
	}
	return -1;
}

/*
 * Pushes flow around the cycle path[first .. last] the shorter way, along the
 * walk on a tie, until an edge settles; returns the first step whose edge did.
 */
static int
cancel_cycle(Network *net, int first, int last)
{
	int64_t		along = net->unit;
	int64_t		against = net->unit;
	int64_t		push;
	int			stop = last;
	int			i;

	for (i = first; i <= last; i++)
	{
		const Step *step = &net->path[i];
		int64_t		below = net->fraction[step->edge];
		int64_t		above = net->unit - below;
		bool		forward = net->from[step->edge] == step->node;
		int64_t		room = forward ? above : below;

		along = room < along ? room : along;
		room = forward ? below : above;
		against = room < against ? room : against;
	}
	push = along <= against ? along : -against;
	for (i = last; i >= first; i--)
	{
		const Step *step = &net->path[i];

		net->fraction[step->edge] +=
			net->from[step->edge] == step->node ? push : -push;
		if (settled(net, step->edge))
			stop = i;
	}
	return stop;
}

/* Walks from a node, cancelling cycles, until all its edges are settled. */
static Fault
settle_from(Network *net, int start)
{
	int			length = 0;
	int			node = start;
	int			arrived_by = -1;

	for (;;)
	{
		int			edge = next_edge(net, node, arrived_by);
		int			other;
		int			keep;

		if (edge < 0)
			break;
		net->path[length].node = node;
		net->path[length].edge = edge;
		net->position[node] = length;
		other = net->from[edge] == node ? net->to[edge] : net->from[edge];
		if (net->position[other] < 0)
		{
			node = other;
			arrived_by = edge;
			length++;
			continue;
		}
		keep = cancel_cycle(net, net->position[other], length);
		for (; length >= keep; length--)
			net->position[net->path[length].node] = -1;
		length = keep;
		node = net->path[keep].node;
		arrived_by = keep > 0 ? net->path[keep - 1].edge : -1;
	}
	return length == 0 ? fault_none() : fault_at(FAULT_INVARIANT, node, length);
}

/*
 * Rounds a matrix of departments x columns cells to multiples of `unit` (same
 * scale, >= 1) so that every cell and every column, group, department x group,
 * department and grand total is a multiple next to its exact value, itself
 * where that is one.  group_of_column[columns] is in 0 .. groups - 1; cells may
 * be negative ("next to" then means floor or ceiling).
 *
 * result[departments][columns], which may be cells itself, and scratch
 * (rounding_scratch_size bytes) are the caller's.  On a fault result is void:
 * FAULT_ARGUMENT (at = column with a bad group, or -1 for the shape),
 * FAULT_OVERFLOW (at = cell).
 */
Fault
rounding_controlled(const int64_t *cells, int departments, int columns,
					const int *group_of_column, int groups, int64_t unit,
					int64_t *result, void *scratch)
{
	Network		net = {0};
	Fault		fault = fault_none();
	int			i;

	net.departments = departments;
	net.columns = columns;
	net.groups = groups;
	net.unit = unit;
	if (unit < 1 || !count_network(&net))
		return fault_at(FAULT_ARGUMENT, -1, unit);
	for (i = 0; i < columns; i++)
		if (group_of_column[i] < 0 || group_of_column[i] >= groups)
			return fault_at(FAULT_ARGUMENT, i, group_of_column[i]);
	lay_out(&net, scratch);
	list_edges(&net, group_of_column);
	load_fractions(&net, cells, group_of_column);
	list_incident(&net);
	for (i = 0; i < net.nodes && fault.code == FAULT_NONE; i++)
		fault = settle_from(&net, i);
	for (i = 0; i < net.edges - net.first_cell && fault.code == FAULT_NONE; i++)
	{
		MoneyWide	cell = (MoneyWide) cells[i] - fraction_of(cells[i], unit) +
			net.fraction[net.first_cell + i];

		if (!wide_fits_int64(cell))
			return fault_at(FAULT_OVERFLOW, i, wide_saturate(cell));
		result[i] = (int64_t) cell;
	}
	return fault;
}
