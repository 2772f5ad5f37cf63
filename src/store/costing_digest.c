/*
 * costing_digest.c
 *		Facts on their way into SHA-256, many at a time: each is a few bytes.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "fmgr.h"
#include "port/pg_bswap.h"

#include "store/compat.h"
#include "store/costing_digest.h"

/* Part of every digest: to be raised when the same facts give other cost, so that what an older version computed is computed again. */
#define ARITHMETIC 1
#define ROOM 2048

struct CostingDigest
{
	pg_cryptohash_ctx *hash;
	int used;
	uint8 bytes[ROOM];
};

CostingDigest *
costing_digest_begin(void)
{
	CostingDigest *digest = palloc(sizeof(CostingDigest));

	digest->used = 0;
	digest->hash = pg_cryptohash_create(PG_SHA256);
	if (digest->hash == NULL || pg_cryptohash_init(digest->hash) < 0)
		elog(ERROR, "could not begin SHA-256");
	costing_digest_number(digest, ARITHMETIC);
	return digest;
}

static void
flush(CostingDigest *digest)
{
	if (pg_cryptohash_update(digest->hash, digest->bytes, digest->used) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(digest->hash));
	digest->used = 0;
}

void
costing_digest_bytes(CostingDigest *digest, const void *bytes, int length)
{
	const uint8 *from = bytes;

	while (length > 0)
	{
		int fits = Min(length, ROOM - digest->used);

		memcpy(digest->bytes + digest->used, from, fits);
		digest->used += fits;
		from += fits;
		length -= fits;
		if (digest->used == ROOM)
			flush(digest);
	}
}

void
costing_digest_number(CostingDigest *digest, int64 number)
{
	uint64 bytes = pg_hton64((uint64) number);

	costing_digest_bytes(digest, &bytes, sizeof(bytes));
}

void
costing_digest_text(CostingDigest *digest, const char *text)
{
	costing_digest_number(digest, text == NULL ? -1 : (int64) strlen(text));
	if (text != NULL)
		costing_digest_bytes(digest, text, (int) strlen(text));
}

void
costing_digest_end(CostingDigest *digest, uint8 result[COSTING_DIGEST])
{
	memset(result, 0, COSTING_DIGEST);
	if (digest == NULL)
		return;
	flush(digest);
	if (pg_cryptohash_final(digest->hash, result, COSTING_DIGEST) < 0)
		elog(ERROR, "could not finish SHA-256: %s", pg_cryptohash_error(digest->hash));
	pg_cryptohash_free(digest->hash);
	pfree(digest);
}

Datum
costing_digest_datum(const uint8 result[COSTING_DIGEST])
{
	bytea *value = palloc(VARHDRSZ + COSTING_DIGEST);

	SET_VARSIZE(value, VARHDRSZ + COSTING_DIGEST);
	memcpy(VARDATA(value), result, COSTING_DIGEST);
	return PointerGetDatum(value);
}

bool
costing_digest_is(Datum kept, const uint8 result[COSTING_DIGEST])
{
	bytea *value = DatumGetByteaPP(kept);

	return VARSIZE_ANY_EXHDR(value) == COSTING_DIGEST && memcmp(VARDATA_ANY(value), result, COSTING_DIGEST) == 0;
}
