/*
 * allocation_fixture.h
 *		A small hospital for tests of the allocation, built line by line.
 */
#ifndef HC_TEST_ALLOCATION_FIXTURE_H
#define HC_TEST_ALLOCATION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/allocation.h"

#define MOST_DEPARTMENTS 16
#define MOST_POOLS 6
#define MOST_BASES 24
#define MOST_TURNS 16
#define MOST_FLOWS 4000
#define LEVELS 3
#define MOST_MEMORY 4096
#define CENT INT64_C(1000000)	/* in 10^-8 yuan */
#define YUAN INT64_C(100000000)
#define ONE INT64_C(1000000)	/* 1.0 of a statistic */

typedef struct Fixture
{
	Allocation	a;
	AllocationBase base[MOST_BASES];
	int			receivers[MOST_BASES][2 * MOST_DEPARTMENTS];
	int64_t		weights[MOST_BASES][2 * MOST_DEPARTMENTS];
	AllocationTurn turn[MOST_TURNS];
	int			base_of_pool[MOST_TURNS][MOST_POOLS];
	int			level[MOST_DEPARTMENTS];
	int64_t		direct[MOST_DEPARTMENTS * MOST_POOLS];
	int64_t		balance[MOST_DEPARTMENTS * MOST_POOLS];
	int64_t		received[LEVELS * MOST_DEPARTMENTS * MOST_POOLS];
	int64_t		sent[MOST_DEPARTMENTS * MOST_POOLS];
	AllocationFlow flow[MOST_FLOWS];
	AllocationFlow kept[MOST_FLOWS];
	int			flows;
	int			keeps;
	void	   *memory[MOST_MEMORY];
	int			memories;
	int64_t		bound;			/* of the error, after fixture_run */
} Fixture;

/* Memory of exactly the size asked for, dirty, freed at the end of the run. */
static inline void *
lend_memory(void *context, size_t size)
{
	Fixture    *f = context;

	assert_true(f->memories < MOST_MEMORY);
	f->memory[f->memories] = malloc(size);
	assert_non_null(f->memory[f->memories]);
	memset(f->memory[f->memories], 0xa5, size);
	return f->memory[f->memories++];
}

static inline void
note_flow(void *context, const AllocationFlow *flow)
{
	Fixture    *f = context;

	assert_true(f->flows < MOST_FLOWS);
	f->flow[f->flows++] = *flow;
}

static inline void
note_kept(void *context, const AllocationFlow *flow)
{
	Fixture    *f = context;

	assert_true(f->keeps < MOST_FLOWS);
	f->kept[f->keeps++] = *flow;
}

/* Empties a fixture: no cost, no base, no turn; exact, strict, flows of unit. */
static inline void
fixture_begin(Fixture *f, int departments, int pools, int64_t unit)
{
	memset(f, 0, sizeof(*f));
	f->a.policy.flow_unit = unit;
	f->a.policy.multiplier_scale = ALLOCATION_EXACT;
	f->a.departments = departments;
	f->a.pools = pools;
	f->a.levels = LEVELS;
	f->a.base = f->base;
	f->a.turn = f->turn;
	f->a.level_of_department = f->level;
	f->a.balance = f->balance;
	f->a.received = f->received;
	f->a.sent = f->sent;
	f->a.flow = note_flow;
	f->a.kept = note_kept;
	f->a.context = f;
	f->a.memory = lend_memory;
	f->a.memory_context = f;
}

/* Sets a cell of direct cost, in 10^-8 yuan. */
static inline void
fixture_cost(Fixture *f, int department, int pool, int64_t amount)
{
	f->direct[department * f->a.pools + pool] = amount;
}

/* Adds a base; weights[i] belongs to receivers[i] and may be NULL. */
static inline int
fixture_base(Fixture *f, AllocationBaseKind kind, int n, const int *receivers,
			 const int64_t *weights)
{
	int			number = f->a.bases++;
	AllocationBase *base = &f->base[number];

	memcpy(f->receivers[number], receivers, sizeof(int) * (size_t) n);
	if (weights != NULL)
		memcpy(f->weights[number], weights, sizeof(int64_t) * (size_t) n);
	base->kind = kind;
	base->n = n;
	base->receivers = f->receivers[number];
	base->weights = weights != NULL ? f->weights[number] : NULL;
	base->fallback = ALLOCATION_NONE;
	return number;
}

/* Adds a turn in which all pools use one base. */
static inline void
fixture_turn(Fixture *f, int server, int group, int base)
{
	int			number = f->a.turns++;
	int			pool;

	for (pool = 0; pool < f->a.pools; pool++)
		f->base_of_pool[number][pool] = base;
	f->turn[number].server = server;
	f->turn[number].group = group;
	f->turn[number].base_of_pool = f->base_of_pool[number];
}

/* Gives all turns from `first` on a manner. */
static inline void
fixture_manner(Fixture *f, int first, AllocationManner manner)
{
	for (; first < f->a.turns; first++)
		f->turn[first].manner = manner;
}

/* Runs all turns and the check, on scratch of exactly the size asked for. */
static inline Fault
fixture_run(Fixture *f)
{
	Fault		fault;
	int			i;

	f->a.scratch = malloc(allocation_scratch_size(f->a.departments));
	memcpy(f->balance, f->direct, sizeof(f->balance));
	f->flows = f->keeps = 0;
	fault = allocation_begin(&f->a);
	for (i = 0; i < f->a.turns && fault.code == FAULT_NONE; i++)
		fault = allocation_turn(&f->a, i);
	if (fault.code == FAULT_NONE)
		fault = allocation_check(&f->a, f->direct);
	f->bound = fault.code == FAULT_NONE ? allocation_error_bound(&f->a) : -1;
	while (f->memories > 0)
		free(f->memory[--f->memories]);
	free(f->a.scratch);
	f->a.scratch = NULL;
	return fault;
}

static inline int64_t
fixture_balance(const Fixture *f, int department, int pool)
{
	return f->balance[department * f->a.pools + pool];
}

static inline int64_t
fixture_received(const Fixture *f, int level, int department, int pool)
{
	return f->received[(level * f->a.departments + department) * f->a.pools +
					   pool];
}

/* Balances of pool 0, department by department. */
#define ASSERT_BALANCES(f, ...) \
	do { \
		const int64_t expected[] = {__VA_ARGS__}; \
		for (int i_ = 0; i_ < (f)->a.departments; i_++) \
			assert_int_equal(fixture_balance(f, i_, 0), expected[i_]); \
	} while (0)

/* Lists of receivers and weights in a call. */
#define TO(...) (const int[]) {__VA_ARGS__}
#define BY(...) (const int64_t[]) {__VA_ARGS__}

#endif							/* HC_TEST_ALLOCATION_FIXTURE_H */
