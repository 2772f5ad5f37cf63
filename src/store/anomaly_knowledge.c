/*
 * anomaly_knowledge.c
 *		The cache of knowledge by item.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "store/anomaly.h"
#include "store/anomaly_knowledge.h"
#include "store/anomaly_knowledge_read.h"
#include "store/ground.h"

/* What an idle session may keep, and what a batch may begin with. */
#define IDLE_BYTES (1024 * 1024)
#define BUSY_BYTES (16 * 1024 * 1024)

/* Items stand elsewhere, so that they stay where they are when the table grows. */
typedef struct KnownEntry
{
	int32 item_id;
	char status;
	KnownItem *item;
} KnownEntry;

#define SH_PREFIX known
#define SH_ELEMENT_TYPE KnownEntry
#define SH_KEY_TYPE int32
#define SH_KEY item_id
#define SH_HASH_KEY(tb, k) murmurhash32((uint32) (k))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static const char *const names[] = {"item_limit", "item_pair", "item_bundle", "surgery_group", "item_code_map", "charge_item", "price",
	"department", "hospital"};

static MemoryContext cache_context = NULL;
static known_hash *items = NULL;
static bool stale = true;
static uint64 generation = 0;
static Oid watched[lengthof(names)];

void
knowledge_forget(Oid relid)
{
	stale |= relid == InvalidOid;
	for (int i = 0; i < lengthof(names); i++)
		stale |= relid == watched[i];
}

static void
empty(void)
{
	items = NULL;
	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(CacheMemoryContext, "hospital_cost knowledge", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(cache_context);
}

const Rule *
knowledge_begin(int *count)
{
	const Rule *rules = anomaly_rules(count);

	if (*count == 0 || (!stale && items != NULL && generation == anomaly_rules_generation() &&
						MemoryContextMemAllocated(cache_context, true) <= BUSY_BYTES))
		return rules;
	empty();
	for (int i = 0; i < lengthof(names); i++)
		watched[i] = ground_relation(names[i]);
	/* From here on: an invalidation that arrives while a row is read makes the next batch start anew. */
	stale = false;
	generation = anomaly_rules_generation();
	items = known_create(cache_context, 128, NULL);
	return rules;
}

void
knowledge_trim(void)
{
	if (items != NULL && MemoryContextMemAllocated(cache_context, true) > IDLE_BYTES)
		empty();
}

const KnownItem *
knowledge_item(int32 item_id)
{
	KnownEntry *entry = known_lookup(items, item_id);
	KnownItem *item;
	bool found;

	if (entry != NULL)
		return entry->item;
	/* The entry is made last: an error on the way leaves no half entry. */
	item = knowledge_read_item(item_id, cache_context);
	entry = known_insert(items, item_id, &found);
	entry->item = item;
	return item;
}
