/*
 * allocation_dense.c
 *		Elimination for services that hardly mix.
 *
 * A server is taken out by passing what it gives on to whom its receivers are
 * (Grassmann, Taksar and Heyman): what it gives is summed from its shares, never
 * found as 1 - something, so that nothing cancels and each number keeps its
 * relative precision however little leaves in a pass.  General LU loses that.
 * Blocks of servers are taken out together to keep within the cache.
 */
#include "core/allocation_system.h"

#define BLOCK 64

typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));

typedef struct Elimination
{
	int			n;
	double	   *share;			/* [n][n] what row gives to column */
	double	   *exit;			/* [n] */
	double	   *sum;			/* [n] all that a row gives to those left */
} Elimination;

/* row to += times * row from, over columns [from_column, n). */
static void
add_row(double *to, const double *from, double times, int from_column, int n)
{
	int			j = from_column;

	for (; j + 4 <= n; j += 4)
		*(Four *) (to + j) += *(const Four *) (from + j) * times;
	for (; j < n; j++)
		to[j] += from[j] * times;
}

/* Takes servers [start, end) out, as far as their own rows and columns go. */
static void
eliminate_block(Elimination *e, int start, int end)
{
	size_t		n = (size_t) e->n;
	int			k;
	int			i;

	for (k = start; k < end; k++)
	{
		double	   *row = e->share + (size_t) k * n;
		double		sum = e->exit[k];

		for (i = k + 1; i < e->n; i++)
			sum += row[i];
		e->sum[k] = sum;
		for (i = k + 1; i < e->n; i++)
			row[i] /= sum;
		e->exit[k] /= sum;
		for (i = k + 1; i < e->n; i++)
		{
			double	   *other = e->share + (size_t) i * n;

			if (other[k] == 0)
				continue;
			e->exit[i] += other[k] * e->exit[k];
			add_row(other, row, other[k], k + 1, i < end ? e->n : end);
		}
	}
}

/* Adds to four rows, in four columns, what they give by way of the block. */
static void
update_tile(double *rows, size_t n, const double *by, const double *strip, int k)
{
	Four		sum[4];
	int			i;

	for (i = 0; i < 4; i++)
		sum[i] = *(Four *) (rows + (size_t) i * n);
	for (i = 0; i < k; i++)
	{
		Four		of_block = *(const Four *) (strip + 4 * i);

		sum[0] += of_block * by[i];
		sum[1] += of_block * by[n + i];
		sum[2] += of_block * by[2 * n + i];
		sum[3] += of_block * by[3 * n + i];
	}
	for (i = 0; i < 4; i++)
		*(Four *) (rows + (size_t) i * n) = sum[i];
}

/* Adds what the servers behind a block give to each other by way of it. */
static void
update_rest(Elimination *e, int start, int end)
{
	size_t		n = (size_t) e->n;
	double		strip[4 * BLOCK];
	int			i;
	int			j;
	int			k;

	for (j = end; j + 4 <= e->n; j += 4)
	{
		for (k = start; k < end; k++)
			for (i = 0; i < 4; i++)
				strip[4 * (k - start) + i] = e->share[(size_t) k * n + j + i];
		for (i = end; i + 4 <= e->n; i += 4)
			update_tile(e->share + (size_t) i * n + j, n,
						e->share + (size_t) i * n + start, strip, end - start);
	}
	/* what the tiles left over: the last columns, the last rows */
	for (i = end; i < e->n; i++)
	{
		double	   *row = e->share + (size_t) i * n;
		int			from = i < end + (e->n - end) / 4 * 4 ?
			end + (e->n - end) / 4 * 4 : end;

		for (k = start; k < end; k++)
			add_row(row, e->share + (size_t) k * n, row[k], from, e->n);
	}
}

/*
 * Eliminates the servers of a panel that are taken; the others take no part.
 * factor [servers][servers] is zero, sum [servers].
 */
void
allocation_factor(const Allocation *a, const Panel *p, const bool *taken,
				  double *factor, double *sum)
{
	Elimination e = {p->servers, factor, NULL, sum};
	int			start;
	int			s;
	int			i;

	e.exit = allocation_zeroed(a, p->servers, sizeof(double));
	for (s = 0; s < p->servers; s++)
	{
		const PanelRow *row = &p->row[s];

		e.exit[s] = taken[s] ? row->outside : 1;
		for (i = 0; taken[s] && i < row->edges; i++)
			if (taken[row->to[i]])
				factor[(size_t) s * p->servers + row->to[i]] = row->share[i];
			else
				e.exit[s] += row->share[i];
	}
	for (start = 0; start < e.n; start += BLOCK)
	{
		int			end = start + BLOCK < e.n ? start + BLOCK : e.n;

		eliminate_block(&e, start, end);
		update_rest(&e, start, end);
		allocation_pause(a);
	}
}

/* Turns right sides x [n][columns] into solutions, by allocation_factor. */
void
allocation_solve_factor(const Allocation *a, const double *factor,
						const double *sum, int n, int columns, double *x)
{
	size_t		width = (size_t) columns;
	int			k;
	int			i;
	int			c;

	for (k = 0; k < n; k++)
	{
		for (i = k + 1; i < n; i++)
			if (factor[(size_t) k * n + i] != 0)
				add_row(x + i * width, x + k * width,
						factor[(size_t) k * n + i], 0, columns);
		allocation_pause(a);
	}
	for (k = n - 1; k >= 0; k--)
	{
		for (c = 0; c < columns; c++)
			x[k * width + c] /= sum[k];
		for (i = 0; i < k; i++)
			if (factor[(size_t) k * n + i] != 0)
				add_row(x + i * width, x + k * width,
						factor[(size_t) k * n + i], 0, columns);
		allocation_pause(a);
	}
}
