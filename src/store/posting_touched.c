/*
 * posting_touched.c
 *		A list in the transaction's memory, latest first. A key is known by its hash: 64 bits do not meet by chance in one transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "utils/memutils.h"

#include "store/posting_touched.h"

typedef struct Entry
{
	struct Entry *next;
	uint64 key; /* hash of the source key */
	SubTransactionId subtransaction;
	CommandId statement;
	int16 source_id;
} Entry;

typedef struct Key
{
	uint64 key;
	char status;
} Key;

#define SH_PREFIX touched
#define SH_ELEMENT_TYPE Key
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, k) ((uint32) (k))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static Entry *touched = NULL;

static uint64
hash_of_key(const char *source_key)
{
	return hash_bytes_extended((const unsigned char *) source_key, strlen(source_key), 0);
}

void
touched_add(int16 source_id, const char *source_key, CommandId statement)
{
	Entry *entry = MemoryContextAlloc(TopTransactionContext, sizeof(Entry));

	entry->next = touched;
	entry->key = hash_of_key(source_key);
	entry->subtransaction = GetCurrentSubTransactionId();
	entry->statement = statement;
	entry->source_id = source_id;
	touched = entry;
}

static void
insert_hash(Touched **keys, uint64 key)
{
	bool found;

	if (*keys == NULL)
		*keys = touched_create(CurrentMemoryContext, 64, NULL);
	(void) touched_insert(*keys, key, &found);
}

Touched *
touched_within(int16 source_id, CommandId statement)
{
	Touched *keys = NULL;

	/* Latest first. Statements nest: one that began earlier ends the search; the same one has other triggers that fired before. */
	for (const Entry *entry = touched; entry != NULL && entry->statement >= statement; entry = entry->next)
		if (entry->source_id == source_id && entry->statement > statement)
			insert_hash(&keys, entry->key);
	return keys;
}

bool
touched_has(Touched *keys, const char *source_key)
{
	return keys != NULL && touched_lookup(keys, hash_of_key(source_key)) != NULL;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		touched = NULL; /* the memory goes with the transaction */
}

/* What a rolled back subtransaction posted was not posted. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (touched != NULL && touched->subtransaction >= mine)
			touched = touched->next;
}

void
touched_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
