/*
 * costing_digest.h
 *		SHA-256 of the facts that cost is computed from.
 */
#ifndef HC_STORE_COSTING_DIGEST_H
#define HC_STORE_COSTING_DIGEST_H

#include "postgres.h"
#include "common/sha2.h"

#define COSTING_DIGEST PG_SHA256_DIGEST_LENGTH

typedef struct CostingDigest CostingDigest;

/* In the current memory context. Facts are put one after the other; numbers are the same bytes on every machine. */
extern CostingDigest *costing_digest_begin(void);
extern void costing_digest_bytes(CostingDigest *digest, const void *bytes, int length);
extern void costing_digest_number(CostingDigest *digest, int64 number);

/* NULL goes apart from "". */
extern void costing_digest_text(CostingDigest *digest, const char *text);

/* Ends and frees it. NULL, nothing was put, gives zeros. */
extern void costing_digest_end(CostingDigest *digest, uint8 result[COSTING_DIGEST]);

/* As bytea, in the current memory context; and whether a bytea is this one. */
extern Datum costing_digest_datum(const uint8 result[COSTING_DIGEST]);
extern bool costing_digest_is(Datum kept, const uint8 result[COSTING_DIGEST]);

#endif
