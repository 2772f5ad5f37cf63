/*
 * costing_total.c
 *		Totals of one pass over the ledger. Their number is that of items a department performs, not of charges.
 */
#include "postgres.h"

#include "common/int.h"

#include "store/costing_pass.h"
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
	const uint8 *setting_of_id; /* [32768] */
	total_hash *totals;
	Waiting waiting[WAITING];
	uint32 next;
} Counter;

static inline void
count_up(Counter *counter, uint64 key, int64 entries, int64 quantity, int64 amount)
{
	bool found;
	TotalEntry *entry = total_insert(counter->totals, key, &found);

	if (!found)
		entry->entries = entry->quantity = entry->amount = 0;
	entry->entries += entries;
	if (pg_add_s64_overflow(entry->quantity, quantity, &entry->quantity) || pg_add_s64_overflow(entry->amount, amount, &entry->amount))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the charges of a month do not fit"));
}

static void
count_line(void *state, const LedgerLine *line)
{
	Counter *counter = state;
	Waiting *place = &counter->waiting[counter->next++ % WAITING];
	int16 orderer = line->ordering_id != 0 ? line->ordering_id : line->performing_id;
	uint64 key = (uint64) (uint16) line->performing_id << 34 | (uint64) (uint32) line->item_id << 2 | counter->setting_of_id[(uint16) orderer & PG_INT16_MAX];

	if (place->key != 0)
		count_up(counter, place->key, 1, place->quantity, place->amount);
	*place = (Waiting) {key, line->quantity, line->amount};
	__builtin_prefetch(&counter->totals->data[hash_of_total(key) & counter->totals->sizemask], 1);
}

static void
count_waiting(Counter *counter)
{
	for (int i = 0; i < WAITING; i++)
		if (counter->waiting[i].key != 0)
			count_up(counter, counter->waiting[i].key, 1, counter->waiting[i].quantity, counter->waiting[i].amount);
}

static Counter *
begin_counter(const void *plan)
{
	Counter *counter = palloc0(sizeof(Counter));

	counter->setting_of_id = plan;
	counter->totals = total_create(CurrentMemoryContext, 4096, NULL);
	return counter;
}

static void *
begin_worker(const void *plan, LedgerTeller *teller)
{
	return begin_counter(plan);
}

static void
tell_totals(void *state, LedgerTeller *teller)
{
	Counter *counter = state;
	total_iterator scan;
	TotalEntry *entry;

	count_waiting(counter);
	total_start_iterate(counter->totals, &scan);
	while ((entry = total_iterate(counter->totals, &scan)) != NULL)
		ledger_tell(teller, entry, sizeof(TotalEntry), NULL, 0);
}

static void
hear_total(void *state, const void *piece, Size size)
{
	TotalEntry entry;

	memcpy(&entry, piece, sizeof(TotalEntry));
	count_up(state, entry.key, entry.entries, entry.quantity, entry.amount);
}

const LedgerJob ledger_total_job = {begin_worker, count_line, tell_totals, hear_total};

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
	Counter *counter = begin_counter(setting_of_id);
	total_iterator scan;
	TotalEntry *entry;
	int n = 0;

	costing_pass(&ledger_total_job, period, setting_of_id, PG_INT16_MAX + 1, counter);
	count_waiting(counter);
	*totals = palloc_extended(Max(counter->totals->members, 1) * sizeof(ChargeTotal), MCXT_ALLOC_HUGE);
	total_start_iterate(counter->totals, &scan);
	while ((entry = total_iterate(counter->totals, &scan)) != NULL)
		(*totals)[n++] = (ChargeTotal) {(int16) (entry->key >> 34), (int16) (entry->key & 3), (int32) (entry->key >> 2 & PG_UINT32_MAX),
			entry->entries, entry->quantity, entry->amount};
	total_destroy(counter->totals);
	qsort(*totals, n, sizeof(ChargeTotal), compare_totals);
	return n;
}
