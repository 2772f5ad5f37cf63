/*
 * exact.h
 *		The allocation in exact rational numbers, written from its meaning: slow,
 *		without any rounding, sharing no code with the core.
 */
#ifndef HC_TEST_EXACT_H
#define HC_TEST_EXACT_H

#include <stdbool.h>

#include <gmp.h>

#include "allocation_fixture.h"

typedef struct Exact
{
	const Fixture *f;
	FaultCode	fault;
	double		largest;		/* gross cost met, its size */
	mpq_t		balance[MOST_DEPARTMENTS][MOST_POOLS];
	mpq_t		start[MOST_DEPARTMENTS][MOST_POOLS];	/* of the group */
	mpq_t		share[MOST_DEPARTMENTS];	/* of the base at hand */
} Exact;

static inline void
exact_begin(Exact *e, const Fixture *f)
{
	int			d;
	int			p;

	e->f = f;
	e->fault = FAULT_NONE;
	e->largest = 0;
	for (d = 0; d < MOST_DEPARTMENTS; d++)
	{
		mpq_init(e->share[d]);
		for (p = 0; p < MOST_POOLS; p++)
		{
			mpq_init(e->balance[d][p]);
			mpq_init(e->start[d][p]);
			if (d < f->a.departments && p < f->a.pools)
				mpq_set_si(e->balance[d][p], f->direct[d * f->a.pools + p], 1);
		}
	}
}

static inline void
exact_end(Exact *e)
{
	int			d;
	int			p;

	for (d = 0; d < MOST_DEPARTMENTS; d++)
	{
		mpq_clear(e->share[d]);
		for (p = 0; p < MOST_POOLS; p++)
		{
			mpq_clear(e->balance[d][p]);
			mpq_clear(e->start[d][p]);
		}
	}
}

/* May d receive from the server of a turn? */
static inline bool
exact_receives(const Exact *e, int turn, int d)
{
	const AllocationTurn *t = &e->f->turn[turn];
	int			i;

	if (d == t->server)
		return false;
	for (i = 0; i < e->f->a.turns && t->manner != TURN_OPEN; i++)
	{
		const AllocationTurn *other = &e->f->turn[i];

		if (other->server != d || other->manner == TURN_OPEN || other->group > t->group)
			continue;
		if (other->group < t->group || t->manner == TURN_CLOSING ||
			(t->manner == TURN_SEQUENTIAL && d < t->server))
			return false;
	}
	return true;
}

/* Weights of the listed that may receive, negatives treated, into share. */
static inline FaultCode
exact_weigh(Exact *e, int turn, const AllocationBase *base, bool *listed)
{
	AllocationNegativeStatistic negative = e->f->a.policy.negative_statistic;
	mpq_t		x;
	mpq_t		lowest;
	int			below = 0;
	int			d;
	int			i;

	mpq_inits(x, lowest, NULL);
	for (d = 0; d < e->f->a.departments; d++)
	{
		mpq_set_si(e->share[d], 0, 1);
		listed[d] = false;
	}
	for (i = 0; i < base->n; i++)
	{
		d = base->receivers[i];
		if (!exact_receives(e, turn, d))
			continue;
		if (base->kind == BASE_EQUAL)
			mpq_set_si(e->share[d], 1, 1);
		else if (base->kind == BASE_ACCUMULATED_COST)
			for (int p = 0; p < e->f->a.pools && !listed[d]; p++)
				mpq_add(e->share[d], e->share[d], e->start[d][p]);
		else
		{
			mpq_set_si(x, base->weights[i], 1);
			mpq_add(e->share[d], e->share[d], x);
		}
		listed[d] = true;
	}
	for (d = 0; d < e->f->a.departments; d++)
		if (mpq_cmp(e->share[d], lowest) < 0)
		{
			mpq_set(lowest, e->share[d]);
			below++;
		}
	for (d = 0; d < e->f->a.departments && below > 0; d++)
		if (negative == NEGATIVE_STATISTIC_ABSOLUTE)
			mpq_abs(e->share[d], e->share[d]);
		else if (negative == NEGATIVE_STATISTIC_ZERO && mpq_sgn(e->share[d]) < 0)
			mpq_set_si(e->share[d], 0, 1);
		else if (negative == NEGATIVE_STATISTIC_SHIFT && listed[d])
			mpq_sub(e->share[d], e->share[d], lowest);
	mpq_clears(x, lowest, NULL);
	if (below > 0 && negative == NEGATIVE_STATISTIC_ERROR)
		return FAULT_STATISTIC_NEGATIVE;
	if (below > 0 && negative == NEGATIVE_STATISTIC_SIGNED &&
		e->f->turn[turn].manner == TURN_SIMULTANEOUS)
		return FAULT_SIMULTANEOUS_SIGNED;
	return FAULT_NONE;
}

/* The shares of a turn's base; *stays: nobody to give to, by policy. */
static inline FaultCode
exact_share(Exact *e, int turn, int number, bool *stays)
{
	bool		listed[MOST_DEPARTMENTS];
	FaultCode	fault;
	mpq_t		total;
	int			anybody = 0;
	int			d;
	int			hops;

	mpq_init(total);
	*stays = false;
	for (hops = 0;; hops++)
	{
		fault = exact_weigh(e, turn, &e->f->base[number], listed);
		mpq_set_si(total, 0, 1);
		for (d = 0; d < e->f->a.departments; d++)
		{
			anybody += listed[d];
			mpq_add(total, total, e->share[d]);
		}
		if (fault == FAULT_NONE && mpq_sgn(total) < 0)
			fault = FAULT_BASE_NEGATIVE;
		if (fault != FAULT_NONE || mpq_sgn(total) > 0)
			break;
		if (e->f->a.policy.zero_base == ZERO_BASE_UNALLOCATED)
			*stays = true;
		else if (e->f->a.policy.zero_base == ZERO_BASE_EQUAL && anybody > 0)
			for (d = 0; d < e->f->a.departments; d++)
			{
				mpq_set_si(e->share[d], listed[d], 1);
				mpq_add(total, total, e->share[d]);
			}
		else if (e->f->a.policy.zero_base == ZERO_BASE_FALLBACK &&
				 e->f->base[number].fallback >= 0 && hops <= e->f->a.bases)
		{
			number = e->f->base[number].fallback;
			continue;
		}
		else
			fault = e->f->a.policy.zero_base == ZERO_BASE_FALLBACK &&
				e->f->base[number].fallback >= 0 ? FAULT_FALLBACK_LOOP : FAULT_BASE_ZERO;
		break;
	}
	for (d = 0; d < e->f->a.departments && fault == FAULT_NONE && !*stays; d++)
		mpq_div(e->share[d], e->share[d], total);
	mpq_clear(total);
	return fault;
}

#endif							/* HC_TEST_EXACT_H */
