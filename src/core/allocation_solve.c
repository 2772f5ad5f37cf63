/*
 * allocation_solve.c
 *		Approximate solutions of x = b + W'x, many columns at a time.
 *
 * Gauss-Seidel, with one correction a pass: what comes in must leave by the
 * exits, so the sum of what the servers still owe is known without a residual
 * and is put back along the steady state.  That removes the slow part of the
 * error, whose rate is 1 - exit, so that well mixed services take some fifteen
 * passes however little leaves in each.  Where services hardly mix (chains,
 * islands) passes are bounded by the cost of elimination, which then takes over.
 *
 * The order of every sum is fixed and nothing is fused, so that the same input
 * gives the same bits on any machine; the exact residual judges the outcome.
 */
#include <string.h>

#include "core/allocation_system.h"

/* Square of the relative change that is as small as the noise of the sums. */
#define SETTLED 1e-28

/* Four columns; memory need not be aligned to them. */
typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));

/* Puts new values of four columns in place, and notes how they changed. */
static inline void __attribute__((always_inline))
put_four(Four *out, const Four *sum, double *change, double *size)
{
	Four		d = *sum - *out;

	*(Four *) change += d * d;
	*(Four *) size += *sum * *sum;
	*out = *sum;
}

/* Gauss-Seidel for one server and 8 columns, 16 if wide, from c on. */
static inline void __attribute__((always_inline))
update_server(const Panel *p, int s, int columns, int c, bool wide,
			  const double *b, double *x, double *change, double *size)
{
	const Four *in = (const Four *) (b + (size_t) s * columns + c);
	Four	   *out = (Four *) (x + (size_t) s * columns + c);
	Four		sum0 = in[0];
	Four		sum1 = in[1];
	Four		sum2 = in[wide ? 2 : 0];
	Four		sum3 = in[wide ? 3 : 1];
	int			i;

	for (i = p->first[s]; i < p->first[s + 1]; i++)
	{
		const Four *other = (const Four *)
			(x + (size_t) p->from[i] * columns + c);
		double		share = p->share[i];

		sum0 += other[0] * share;
		sum1 += other[1] * share;
		if (!wide)
			continue;
		sum2 += other[2] * share;
		sum3 += other[3] * share;
	}
	put_four(out, &sum0, change + c, size + c);
	put_four(out + 1, &sum1, change + c + 4, size + c + 4);
	if (!wide)
		return;
	put_four(out + 2, &sum2, change + c + 8, size + c + 8);
	put_four(out + 3, &sum3, change + c + 12, size + c + 12);
}

/* One pass over many columns, a multiple of 8; squares of changes and values. */
static void
pass_wide(const Panel *p, int columns, const double *b, double *x,
		  double *change, double *size)
{
	int			s;
	int			c;

	for (s = 0; s < p->servers; s++)
	{
		if (p->row[s].state != SERVER_SENDS)
			continue;
		for (c = 0; c + 16 <= columns; c += 16)
			update_server(p, s, columns, c, true, b, x, change, size);
		if (c < columns)
			update_server(p, s, columns, c, false, b, x, change, size);
	}
}

/* The same for one column. */
static void
pass_narrow(const Panel *p, const double *b, double *x, double *change,
			double *size)
{
	int			s;
	int			i;

	for (s = 0; s < p->servers; s++)
	{
		double		sum = b[s];
		double		d;

		if (p->row[s].state != SERVER_SENDS)
			continue;
		for (i = p->first[s]; i < p->first[s + 1]; i++)
			sum += x[p->from[i]] * p->share[i];
		d = sum - x[s];
		*change += d * d;
		*size += sum * sum;
		x[s] = sum;
	}
}

static void
pass(const Panel *p, int columns, const double *b, double *x, double *change,
	 double *size)
{
	memset(change, 0, sizeof(double) * (size_t) columns);
	memset(size, 0, sizeof(double) * (size_t) columns);
	if (columns == 1)
		pass_narrow(p, b, x, change, size);
	else
		pass_wide(p, columns, b, x, change, size);
}

/* Puts what did not yet leave back along the steady state. */
static void
settle_exits(const Panel *p, int columns, const double *total, double *owed,
			 double *x)
{
	int			s;
	int			c;

	if (!(p->steady_exit > 0))
		return;
	for (c = 0; c < columns; c++)
		owed[c] = total[c];
	for (s = 0; s < p->servers; s++)
	{
		double		exit = p->row[s].exit;
		double	   *of_server = x + (size_t) s * columns;

		if (p->row[s].state != SERVER_SENDS || exit == 0)
			continue;
		for (c = 0; c < columns; c++)
			owed[c] -= exit * of_server[c];
	}
	for (c = 0; c < columns; c++)
		owed[c] /= p->steady_exit;
	for (s = 0; s < p->servers; s++)
	{
		double		part = p->steady[s];
		double	   *of_server = x + (size_t) s * columns;

		for (c = 0; c < columns; c++)
			of_server[c] += part * owed[c];
	}
}

static bool
has_settled(int columns, double tolerance, const double *change,
			const double *size)
{
	int			c;

	for (c = 0; c < columns; c++)
		if (change[c] > tolerance * tolerance && !(change[c] <= SETTLED * size[c]))
			return false;
	return true;
}

/* As many passes as elimination would cost, and some at least. */
static double
most_passes(const Panel *p, int columns)
{
	double		n = p->servers;
	double		edges = p->first[p->servers];

	return 40 + (n * n * n / 3 + n * n * columns) / ((edges + n) * columns);
}

/* Estimates what the servers hold when each is given one. */
void
allocation_steady(const Allocation *a, Panel *p)
{
	double	   *one = allocation_zeroed(a, p->servers, sizeof(double));
	double		change;
	double		size;
	int			s;
	int			k;

	p->steady = allocation_zeroed(a, p->servers, sizeof(double));
	for (s = 0; s < p->servers; s++)
		one[s] = p->row[s].state == SERVER_SENDS;
	for (k = 0; k < 12; k++)
		pass(p, 1, one, p->steady, &change, &size);
	p->steady_exit = 0;
	for (s = 0; s < p->servers; s++)
		if (p->row[s].state == SERVER_SENDS)
			p->steady_exit += p->row[s].exit * p->steady[s];
}

static void
solve_by_elimination(const Allocation *a, Panel *p, int columns,
					 const double *b, double *x)
{
	size_t		n = (size_t) p->servers;
	bool	   *taken;
	int			s;

	if (p->factor == NULL)
	{
		taken = allocation_zeroed(a, n, sizeof(bool));
		for (s = 0; s < p->servers; s++)
			taken[s] = p->row[s].state == SERVER_SENDS;
		p->factor = allocation_zeroed(a, n * n, sizeof(double));
		p->factor_sum = allocation_zeroed(a, n, sizeof(double));
		allocation_factor(a, p, taken, p->factor, p->factor_sum);
	}
	memcpy(x, b, sizeof(double) * n * (size_t) columns);
	allocation_solve_factor(a, p->factor, p->factor_sum, p->servers, columns, x);
}

/*
 * Solves for `columns` right sides [servers][columns], 1 or a multiple of 8, to
 * about the tolerance; servers that do not send have zeros in b.  Once a panel
 * was eliminated, its factor is used again.
 */
void
allocation_solve_columns(const Allocation *a, Panel *p, int columns,
						 double tolerance, const double *b, double *x)
{
	size_t		cells = (size_t) p->servers * (size_t) columns;
	double	   *work = allocation_zeroed(a, 4 * (size_t) columns, sizeof(double));
	double	   *total = work + columns;
	double	   *change = total + columns;
	double	   *size = change + columns;
	double		most = most_passes(p, columns);
	double		passes;
	size_t		i;

	memset(x, 0, sizeof(double) * cells);
	for (i = 0; i < cells; i++)
		total[i % (size_t) columns] += b[i];
	for (passes = 0; p->factor == NULL && passes < most; passes++)
	{
		settle_exits(p, columns, total, work, x);
		pass(p, columns, b, x, change, size);
		if (has_settled(columns, tolerance, change, size))
			return;
		allocation_pause(a);
	}
	solve_by_elimination(a, p, columns, b, x);
}

/* Solves among the servers that send in this column only. */
static void
solve_senders(const Allocation *a, Panel *p, const bool *sends,
			  const double *b, double *x)
{
	size_t		n = (size_t) p->servers;
	size_t		s;

	if (p->kept_factor == NULL)
	{
		p->kept_factor = allocation_zeroed(a, n * n, sizeof(double));
		p->kept_sum = allocation_zeroed(a, n, sizeof(double));
	}
	else
		memset(p->kept_factor, 0, sizeof(double) * n * n);
	allocation_factor(a, p, sends, p->kept_factor, p->kept_sum);
	for (s = 0; s < n; s++)
		x[s] = sends[s] ? b[s] : 0;
	allocation_solve_factor(a, p->kept_factor, p->kept_sum, p->servers, 1, x);
}

/* One pass in which nobody gives less than nothing; says whether it moved. */
static bool
pass_kept(const Panel *p, const double *b, double *x, bool *sends)
{
	double		change = 0;
	double		size = 0;
	int			s;
	int			i;

	for (s = 0; s < p->servers; s++)
	{
		double		sum = b[s];

		if (p->row[s].state != SERVER_SENDS)
			continue;
		for (i = p->first[s]; i < p->first[s + 1]; i++)
			sum += x[p->from[i]] * p->share[i];
		sum = sum > 0 ? sum : 0;
		change += (sum - x[s]) * (sum - x[s]);
		size += sum * sum;
		sends[s] = sends[s] || sum > 0;
		x[s] = sum;
	}
	return change > 0.0025 && change > SETTLED * size;
}

/*
 * Solves x = max(b + W'x, 0) for one column: a server keeps its credit, and
 * what comes in pays it back first.  The solution is unique, as no server gives
 * more than it gets.  Passes from zero only grow: who sends in one of them sends
 * in the end.  So, where they take too long, elimination among those who send,
 * and again with those its money turns into senders, ends as well.
 */
void
allocation_solve_kept(const Allocation *a, Panel *p, const double *b, double *x)
{
	double		most = most_passes(p, 1);
	bool	   *sends = allocation_zeroed(a, p->servers, sizeof(bool));
	double		passes;

	memset(x, 0, sizeof(double) * (size_t) p->servers);
	for (passes = 0; passes < most + p->servers; passes++)
	{
		if (!pass_kept(p, b, x, sends))
			return;
		if (passes >= most)
			solve_senders(a, p, sends, b, x);
		allocation_pause(a);
	}
}
