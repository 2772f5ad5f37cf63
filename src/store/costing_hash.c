/*
 * costing_hash.c
 *		What encounters had of units, added up as it comes.
 *
 * An entry is a cache line, and is fetched while those that came before are added up: there are more of them than the processor's caches hold. What the memory has no room for waits in files by the hash of its key; each is added up by itself afterwards, and divided again if need be.
 * So whatever the memory, what an encounter had of a unit is sorted as one row.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "store/compat.h"
#include "store/costing.h"

#define CACHE_LINE 64
#define NEAR_CODE 24 /* longer codes lie elsewhere */
#define WAITING 16
#define FEWEST_SLOTS 64
/* The file goes by the upper bits of the hash, other ones on each level; the slot by the lower ones. */
#define FILE_BITS 4
#define FILES (1 << FILE_BITS)
#define LEVELS (32 / FILE_BITS)

typedef struct Used
{
	uint32 hash;
	uint16 unit; /* index of the department + 1; 0: empty */
	uint16 length : 14; /* of the code; a key of the ledger's btree is shorter by far */
	uint16 known : 1;
	uint16 in_progress : 1;
	union
	{
		char near[NEAR_CODE]; /* zeros behind it */
		const char *far;
	} code;
	int64 weight;
	int64 all;
	int64 drugs;
	int64 materials;
} Used;

StaticAssertDecl(sizeof(Used) == CACHE_LINE, "what is used fills a cache line");

struct CostingHash
{
	MemoryContext context; /* slots and long codes */
	void *memory;		   /* of the slots, which begin at a cache line */
	Used *slot;
	uint32 slots; /* a power of two */
	uint32 used;
	Size limit;		 /* bytes */
	Size long_codes; /* bytes */
	int level;
	BufFile **file; /* [FILES] of this level; NULL: nothing waits */
	Used waiting[WAITING];
	uint32 next;
	CostingPrefix prefix;
	LedgerTeller *teller; /* of a worker */
};

static inline const char *
code_of(const Used *entry)
{
	return entry->length <= NEAR_CODE ? entry->code.near : entry->code.far;
}

static inline bool
is_same(const Used *a, const Used *b)
{
	if (a->hash != b->hash || a->unit != b->unit || a->length != b->length)
		return false;
	if (a->length <= NEAR_CODE)
		return memcmp(a->code.near, b->code.near, NEAR_CODE) == 0;
	return memcmp(a->code.far, b->code.far, a->length) == 0;
}

static void
make_slots(CostingHash *hash, uint32 slots)
{
	hash->memory = MemoryContextAllocExtended(hash->context, ((Size) slots + 1) * CACHE_LINE, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	hash->slot = (Used *) TYPEALIGN(CACHE_LINE, hash->memory);
	hash->slots = slots;
}

static void
begin_slots(CostingHash *hash)
{
	MemoryContextReset(hash->context);
	hash->used = 0;
	hash->long_codes = 0;
	make_slots(hash, FEWEST_SLOTS);
}

/* Where an entry is, or would be. */
static inline Used *
place_of(const CostingHash *hash, const Used *key)
{
	uint32 mask = hash->slots - 1;
	uint32 at = key->hash & mask;

	while (hash->slot[at].unit != 0 && !is_same(&hash->slot[at], key))
		at = (at + 1) & mask;
	return &hash->slot[at];
}

static void
double_slots(CostingHash *hash)
{
	void *memory = hash->memory;
	Used *slot = hash->slot;
	uint32 slots = hash->slots;

	make_slots(hash, slots * 2);
	for (uint32 i = 0; i < slots; i++)
		if (slot[i].unit != 0)
			*place_of(hash, &slot[i]) = slot[i];
	pfree(memory);
}

/*
 * Makes room for one more; false if there is none left. An eighth of the slots stays empty, so that a search ends soon. Where no bit is left to
 * divide by, memory must do: these are keys of one hash.
 */
static bool
has_room(CostingHash *hash)
{
	if (hash->used < hash->slots - hash->slots / 8)
		return true;
	if (hash->level < LEVELS && (Size) hash->slots * 2 * CACHE_LINE + hash->long_codes > hash->limit)
		return false;
	double_slots(hash);
	return true;
}

static void
write_out(CostingHash *hash, Used *entry)
{
	uint32 number = (entry->hash >> (32 - FILE_BITS * (hash->level + 1))) & (FILES - 1);
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(hash)); /* files outlive whoever is being read */

	if (hash->file == NULL)
		hash->file = palloc0(FILES * sizeof(BufFile *));
	if (hash->file[number] == NULL)
		hash->file[number] = BufFileCreateTemp(false);
	BufFileWrite(hash->file[number], entry, sizeof(Used));
	if (entry->length > NEAR_CODE)
		BufFileWrite(hash->file[number], unconstify(char *, entry->code.far), entry->length);
	MemoryContextSwitchTo(old);
}

/* Everything in the hash goes to the sort. */
static void
empty_slots(CostingHash *hash, CostingSort *sort)
{
	for (uint32 i = 0; i < hash->slots; i++)
	{
		const Used *entry = &hash->slot[i];
		CostingUse use = {(int16) (entry->unit - 1), entry->weight, entry->all, entry->drugs, entry->materials};

		if (entry->unit != 0)
			costing_sort_put(sort, code_of(entry), entry->length, &use, entry->known, entry->in_progress);
	}
	begin_slots(hash);
}

static void
add(int64 *sum, int64 value)
{
	if (pg_add_s64_overflow(*sum, value, sum))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '7', '0', '2')), errmsg("the charges of an encounter do not fit"));
}

/* Everything in the hash is told. */
static void
tell_slots(CostingHash *hash)
{
	for (uint32 i = 0; i < hash->slots; i++)
	{
		const Used *entry = &hash->slot[i];

		if (entry->unit != 0)
			ledger_tell(hash->teller, entry, sizeof(Used), entry->code.far, entry->length > NEAR_CODE ? entry->length : 0);
	}
	begin_slots(hash);
}

/* What all codes begin with, but for the empty one, which is that of no encounter. */
static void
see_prefix(CostingPrefix *prefix, const char *code, int length)
{
	int same = 0;

	if (length == 0)
		return;
	if (prefix->length < 0)
	{
		prefix->length = Min(length, COSTING_PREFIX);
		memcpy(prefix->bytes, code, prefix->length);
		return;
	}
	while (same < prefix->length && same < length && prefix->bytes[same] == code[same])
		same++;
	prefix->length = same;
}

static void
add_up(CostingHash *hash, Used *more)
{
	Used *entry = place_of(hash, more);

	if (entry->unit != 0)
	{
		add(&entry->weight, more->weight);
		add(&entry->all, more->all);
		add(&entry->drugs, more->drugs);
		add(&entry->materials, more->materials);
		entry->known |= more->known;
		entry->in_progress |= more->in_progress;
		return;
	}
	if (hash->level == 0)
		see_prefix(&hash->prefix, code_of(more), more->length);
	if (!has_room(hash))
	{
		if (hash->teller == NULL)
		{
			write_out(hash, more);
			return;
		}
		tell_slots(hash);
	}
	entry = place_of(hash, more);
	*entry = *more;
	hash->used++;
	if (more->length > NEAR_CODE)
	{
		char *copy = MemoryContextAlloc(hash->context, more->length);

		entry->code.far = memcpy(copy, more->code.far, more->length);
		hash->long_codes += GetMemoryChunkSpace(copy);
	}
}

static void
read_back(CostingHash *hash, BufFile *file)
{
	Used one;
	char *code = palloc(PG_UINT16_MAX);

	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR, errcode_for_file_access(), errmsg("could not rewind temporary file"));
	while (BufFileRead(file, &one, sizeof(Used)) == sizeof(Used))
	{
		CHECK_FOR_INTERRUPTS();
		if (one.length > NEAR_CODE)
		{
			if (BufFileRead(file, code, one.length) != one.length)
				ereport(ERROR, errcode_for_file_access(), errmsg("could not read from temporary file"));
			one.code.far = code;
		}
		add_up(hash, &one);
	}
	pfree(code);
}

/* What is in the hash goes to the sort; then, file by file, what found no place in it. */
static void
finish_level(CostingHash *hash, CostingSort *sort)
{
	BufFile **file = hash->file;

	empty_slots(hash, sort);
	hash->file = NULL;
	if (file == NULL)
		return;
	hash->level++;
	for (int i = 0; i < FILES; i++)
		if (file[i] != NULL)
		{
			read_back(hash, file[i]);
			BufFileClose(file[i]);
			finish_level(hash, sort);
		}
	hash->level--;
	pfree(file);
}

CostingHash *
costing_hash_begin(LedgerTeller *teller)
{
	CostingHash *hash = palloc0(sizeof(CostingHash));

	hash->limit = get_hash_memory_limit();
	hash->prefix.length = -1;
	hash->teller = teller;
	hash->context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost encounters", ALLOCSET_DEFAULT_SIZES);
	begin_slots(hash);
	return hash;
}

uint32
costing_hash_code(const char *code, int length)
{
	return hash_bytes((const unsigned char *) code, length);
}

/* Waits until the memory has come. A long code need not stay where it is, so it cannot wait. */
void
costing_hash_add(CostingHash *hash, uint32 code_hash, const char *code, int length, const CostingUse *use, bool known, bool in_progress)
{
	Used *place = &hash->waiting[hash->next++ % WAITING];
	Used one = {.hash = hash_combine(code_hash, murmurhash32((uint32) use->department)), .unit = (uint16) (use->department + 1), .length = length,
		.known = known, .in_progress = in_progress, .weight = use->weight, .all = use->all, .drugs = use->drugs, .materials = use->materials};

	if (place->unit != 0)
		add_up(hash, place);
	place->unit = 0;
	if (length > NEAR_CODE)
	{
		one.code.far = code;
		add_up(hash, &one);
		return;
	}
	memcpy(one.code.near, code, length);
	*place = one;
	__builtin_prefetch(&hash->slot[one.hash & (hash->slots - 1)], 1);
}

static void
add_waiting(CostingHash *hash)
{
	for (int i = 0; i < WAITING; i++)
	{
		if (hash->waiting[i].unit != 0)
			add_up(hash, &hash->waiting[i]);
		hash->waiting[i].unit = 0;
	}
}

void
costing_hash_tell(CostingHash *hash)
{
	add_waiting(hash);
	tell_slots(hash);
}

void
costing_hash_hear(CostingHash *hash, const void *piece, Size size)
{
	Used one;

	memcpy(&one, piece, sizeof(Used));
	if (one.length > NEAR_CODE)
		one.code.far = (const char *) piece + sizeof(Used);
	add_up(hash, &one);
}

CostingSort *
costing_hash_sort(CostingHash *hash)
{
	CostingSort *sort;

	add_waiting(hash);
	sort = costing_sort_begin(&hash->prefix);
	finish_level(hash, sort);
	MemoryContextDelete(hash->context);
	pfree(hash);
	costing_sort_perform(sort);
	return sort;
}
