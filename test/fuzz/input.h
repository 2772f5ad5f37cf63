/*
 * input.h
 *		Draws numbers from a fuzzer's bytes; an exhausted input gives zeros.
 */
#ifndef HC_TEST_FUZZ_INPUT_H
#define HC_TEST_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Input
{
	const uint8_t *next;
	size_t		left;
} Input;

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, so that the fuzzer keeps the input, when a law is broken. */
#define LAW(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static inline uint8_t
draw_byte(Input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->next++;
}

/* 0 .. below - 1, below <= 256 */
static inline int
draw_below(Input *input, int below)
{
	return draw_byte(input) % below;
}

/* Any int64; the first byte says how many more make it up. */
static inline int64_t
draw_number(Input *input)
{
	uint8_t		kind = draw_byte(input);
	uint64_t	bits = 0;
	int			i;

	for (i = 0; i < kind % 9; i++)
		bits = bits << 8 | draw_byte(input);
	if (kind & 0x80)
		bits = ~bits;
	return (int64_t) bits;
}

/* Memory of exactly this size, so that the sanitizer sees one byte beyond it. */
static inline void *
exactly(size_t size)
{
	void	   *memory = malloc(size > 0 ? size : 1);

	LAW(memory != NULL);
	return memory;
}

#endif							/* HC_TEST_FUZZ_INPUT_H */
