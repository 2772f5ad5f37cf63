/*
 * random.h
 *		Repeatable random numbers for property tests.
 */
#ifndef HC_TEST_RANDOM_H
#define HC_TEST_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

/* Starts from HC_SEED, else from the clock, and says how to repeat the run. */
static inline void
random_begin(const char *name)
{
	const char *text = getenv("HC_SEED");
	uint64_t	seed = text != NULL && *text != '\0' ?
		strtoull(text, NULL, 10) : (uint64_t) time(NULL);

	printf("%s: HC_SEED=%llu\n", name, (unsigned long long) seed);
	random_state = seed;
}

/* splitmix64 */
static inline uint64_t
random_bits(void)
{
	uint64_t	z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 .. below - 1 */
static inline int
random_below(int below)
{
	return (int) (random_bits() % (uint64_t) below);
}

/* Of random size too: small numbers are as likely as large ones; below 2^bits. */
static inline int64_t
random_amount(int bits)
{
	return (int64_t) (random_bits() >> (64 - 1 - random_below(bits)));
}

/* As random_amount, either sign. */
static inline int64_t
random_signed(int bits)
{
	int64_t		value = random_amount(bits);

	return random_bits() & 1 ? -value : value;
}

#endif							/* HC_TEST_RANDOM_H */
