/*
 * allocation_core.c
 *		The arithmetic of the allocation alone, beside its plain twins: the same
 *		step-down in double without any rounding, and dense dgesv for the
 *		simultaneous equations.  Prints one line a pair: name, ours, theirs, in ms of
 *		CPU.  Called by allocation_core.sh.
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/allocation.h"

#define POOLS 30

/* LAPACK's solver of general systems, column-major. */
extern void dgesv_(const int *n, const int *columns, double *a, const int *lda,
				   int *pivot, double *b, const int *ldb, int *info);

typedef struct Hospital
{
	int			departments;
	int			servers;		/* the first ones */
	AllocationBase *base;		/* one a server */
	AllocationTurn *turn;
	int		   *level;
	int64_t    *direct;
} Hospital;

static uint64_t seed = 20250301;

static double
draw(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (double) (seed >> 11) / 9007199254740992.0;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

static void *
lend(void *context, size_t size)
{
	void	   *memory = malloc(size > 0 ? size : 1);

	(void) context;
	if (memory == NULL)
		abort();
	return memory;
}

/*
 * Servers first, each serving whoever comes later (or, mutual, everybody) with
 * the probability of the density; exit is the share of the last department.
 */
static Hospital
make_hospital(int departments, int servers, double density, double exit, bool mutual)
{
	Hospital	h = {departments, servers, calloc((size_t) servers, sizeof(AllocationBase)),
		calloc((size_t) servers, sizeof(AllocationTurn)), calloc((size_t) departments, sizeof(int)),
	calloc((size_t) departments * POOLS, sizeof(int64_t))};

	for (int i = 0; i < departments * POOLS; i++)
		h.direct[i] = (int64_t) (draw() * 1e14);
	for (int s = 0; s < servers; s++)
	{
		int		   *receivers = malloc(sizeof(int) * (size_t) departments);
		int64_t    *weights = malloc(sizeof(int64_t) * (size_t) departments);
		int		   *bases = malloc(sizeof(int) * POOLS);
		int64_t		sum = 0;
		int			n = 0;

		for (int d = mutual ? 0 : s + 1; d < departments - mutual; d++)
			if (d != s && (draw() < density || (!mutual && n == 0 && d == departments - 1)))
			{
				receivers[n] = d;
				weights[n] = 1000000 * (1 + (int64_t) (draw() * 1000));
				sum += weights[n++];
			}
		if (mutual)
		{
			receivers[n] = departments - 1;
			weights[n++] = (int64_t) ((double) sum * exit / (1 - exit)) + 1;
		}
		for (int p = 0; p < POOLS; p++)
			bases[p] = s;
		h.base[s] = (AllocationBase) {BASE_STATISTIC, n, receivers, weights, ALLOCATION_NONE};
		h.turn[s] = (AllocationTurn) {s, mutual ? 0 : s, bases, mutual ? TURN_SIMULTANEOUS : TURN_CLOSING};
	}
	return h;
}

/* Runs the core; what it needs beforehand is not timed. */
static double
run_core(const Hospital *h, double *bound)
{
	size_t		cells = (size_t) h->departments * POOLS;
	Allocation	a = {.policy = {1, ALLOCATION_EXACT, MONEY_RESIDUAL_LARGEST_REMAINDER, ZERO_BASE_ERROR,
			NEGATIVE_STATISTIC_ERROR, CREDIT_BALANCE_ALLOCATE}, .departments = h->departments,
		.pools = POOLS, .bases = h->servers, .turns = h->servers, .levels = 1, .base = h->base,
		.turn = h->turn, .level_of_department = h->level, .balance = malloc(cells * sizeof(int64_t)),
		.received = malloc(cells * sizeof(int64_t)), .sent = malloc(cells * sizeof(int64_t)),
		.memory = lend, .scratch = malloc(allocation_scratch_size(h->departments))};
	Fault		fault;
	double		start;
	double		time;

	memcpy(a.balance, h->direct, cells * sizeof(int64_t));
	memset(a.sent, 0, cells * sizeof(int64_t));
	memset(a.received, 0, cells * sizeof(int64_t));
	start = now();
	fault = allocation_begin(&a);
	for (int t = 0; t < a.turns && fault.code == FAULT_NONE; t++)
		fault = allocation_turn(&a, t);
	time = now() - start;
	if (fault.code != FAULT_NONE || allocation_check(&a, h->direct).code != FAULT_NONE)
	{
		fprintf(stderr, "fault %d\n", fault.code);
		exit(1);
	}
	*bound = (double) allocation_error_bound(&a) * 1e-8;
	free(a.balance);
	free(a.received);
	free(a.sent);
	free(a.scratch);
	return time;
}

/* The same in double: no unit, no remainder, no proof. */
static double
run_double(const Hospital *h)
{
	size_t		cells = (size_t) h->departments * POOLS;
	double	   *balance = malloc(cells * sizeof(double));
	double		start;

	for (size_t i = 0; i < cells; i++)
		balance[i] = (double) h->direct[i] * 1e-8;
	start = now();
	for (int s = 0; s < h->servers; s++)
	{
		const AllocationBase *base = &h->base[s];
		double		total = 0;

		for (int i = 0; i < base->n; i++)
			total += base->receivers[i] > s ? (double) base->weights[i] : 0;
		for (int i = 0; i < base->n; i++)
		{
			double		share = (double) base->weights[i] / total;
			double	   *to = balance + (size_t) base->receivers[i] * POOLS;

			for (int p = 0; p < POOLS; p++)
				to[p] += share * balance[(size_t) s * POOLS + p];
		}
		for (int p = 0; p < POOLS; p++)
			balance[(size_t) s * POOLS + p] = 0;
	}
	start = now() - start;
	if (balance[cells - 1] < 0)
		abort();
	free(balance);
	return start;
}

static double
run_lapack(const Hospital *h)
{
	int			n = h->servers;
	int			columns = POOLS;
	int			info = 0;
	double	   *a = calloc((size_t) n * (size_t) n, sizeof(double));
	double	   *b = malloc((size_t) n * POOLS * sizeof(double));
	int		   *pivot = malloc(sizeof(int) * (size_t) n);
	double		start;

	for (int s = 0; s < n; s++)
	{
		double		total = 0;

		a[(size_t) s * n + s] = 1;
		for (int i = 0; i < h->base[s].n; i++)
			total += (double) h->base[s].weights[i];
		for (int i = 0; i < h->base[s].n; i++)
			if (h->base[s].receivers[i] < n)
				a[(size_t) s * n + h->base[s].receivers[i]] -= (double) h->base[s].weights[i] / total;
		for (int p = 0; p < POOLS; p++)
			b[(size_t) p * n + s] = (double) h->direct[(size_t) s * POOLS + p];
	}
	start = now();
	dgesv_(&n, &columns, a, &n, pivot, b, &n, &info);
	start = now() - start;
	if (info != 0)
		abort();
	free(a);
	free(b);
	free(pivot);
	return start;
}

int
main(void)
{
	double		bound;

	for (int k = 0; k < 2; k++)
	{
		Hospital	h = make_hospital(1000, 400, k == 0 ? 1 : 0.03, 0, false);
		double		ours = run_core(&h, &bound);

		printf("%s %.3f %.3f %.8f\n", k == 0 ? "dense" : "sparse", ours, run_double(&h), bound);
	}
	for (int k = 0; k < 4; k++)
	{
		static const double exits[] = {0.2, 0.5, 0.05, 0.001};
		Hospital	h = make_hospital(2001, 2000, 0.03, exits[k], true);
		double		ours = run_core(&h, &bound);

		printf("exit_%g %.3f %.3f %.8f\n", exits[k], ours, run_lapack(&h), bound);
	}
	{
		Hospital	small = make_hospital(1000, 400, 20.0 / 800, 0, false);
		Hospital	large = make_hospital(2000, 800, 20.0 / 1600, 0, false);
		double		of_large = run_core(&large, &bound);

		printf("growth %.3f %.3f 0\n", of_large, run_core(&small, &bound));
	}
	return 0;
}
