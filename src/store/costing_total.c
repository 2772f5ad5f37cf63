/*
 * costing_total.c
 *		Totals of one pass over the ledger. Their number is that of items a department performs, not of charges.
 */
#include "postgres.h"

#include "common/int.h"

#include "store/costing.h"
#include "store/costing_total.h"

typedef struct TotalEntry
{
	uint64 key; /* department, item, setting: their order is that of the key */
	int64 entries;
	int64 quantity;
	int64 amount;
	char status;
} TotalEntry;

static inline uint32
hash_of_total(uint64 key)
{
	return (uint32) ((key * UINT64CONST(0x9e3779b97f4a7c15)) >> 32);
}

#define SH_PREFIX total
#define SH_ELEMENT_TYPE TotalEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_of_total(k)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* A line waits until the memory it is added up in has been fetched: totals are more than a processor's nearest cache holds. */
#define WAITING 16

typedef struct Waiting
{
	uint64 key; /* 0: none; no item has number 0 */
	int64 quantity;
	int64 amount;
} Waiting;

typedef struct Counter
{
	const uint8 *setting_of_id;
	total_hash *totals;
	Waiting waiting[WAITING];
	uint32 next;
} Counter;

static void
count_waiting(Counter *counter, const Waiting *line)
{
	bool found;
	TotalEntry *entry;

	if (line->key == 0)
		return;
	entry = total_insert(counter->totals, line->key, &found);

	if (!found)
		entry->entries = entry->quantity = entry->amount = 0;
	entry->entries++;
	if (pg_add_s64_overflow(entry->quantity, line->quantity, &entry->quantity) ||
		pg_add_s64_overflow(entry->amount, line->amount, &entry->amount))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the charges of a month do not fit"));
}

static void
count_line(void *context, const LedgerLine *line)
{
	Counter *counter = context;
	Waiting *place = &counter->waiting[counter->next++ % WAITING];
	int16 orderer = line->ordering_id != 0 ? line->ordering_id : line->performing_id;
	uint64 key = (uint64) (uint16) line->performing_id << 34 | (uint64) (uint32) line->item_id << 2 | counter->setting_of_id[(uint16) orderer & PG_INT16_MAX];

	count_waiting(counter, place);
	*place = (Waiting) {key, line->quantity, line->amount};
	__builtin_prefetch(&counter->totals->data[hash_of_total(key) & counter->totals->sizemask], 1);
}

static int
compare_totals(const void *a, const void *b)
{
	const ChargeTotal *x = a, *y = b;

	if (x->performing_id != y->performing_id)
		return x->performing_id < y->performing_id ? -1 : 1;
	if (x->item_id != y->item_id)
		return x->item_id < y->item_id ? -1 : 1;
	return x->setting < y->setting ? -1 : x->setting > y->setting;
}

int
costing_count_charges(DateADT period, const uint8 *setting_of_id, ChargeTotal **totals)
{
	Counter counter = {.setting_of_id = setting_of_id, .totals = total_create(CurrentMemoryContext, 4096, NULL)};
	total_iterator scan;
	TotalEntry *entry;
	int n = 0;

	costing_scan_ledger(period, count_line, &counter);
	for (int i = 0; i < WAITING; i++)
		count_waiting(&counter, &counter.waiting[i]);
	*totals = palloc_extended(Max(counter.totals->members, 1) * sizeof(ChargeTotal), MCXT_ALLOC_HUGE);
	total_start_iterate(counter.totals, &scan);
	while ((entry = total_iterate(counter.totals, &scan)) != NULL)
		(*totals)[n++] = (ChargeTotal) {(int16) (entry->key >> 34), (int16) (entry->key & 3), (int32) (entry->key >> 2 & PG_UINT32_MAX),
			entry->entries, entry->quantity, entry->amount};
	total_destroy(counter.totals);
	qsort(*totals, n, sizeof(ChargeTotal), compare_totals);
	return n;
}
