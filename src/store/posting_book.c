/*
 * posting_book.c
 *		Entries of an encounter in memory, chained by source key and by what they reverse, so that a thousand refunds of it cost one scan.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "store/posting_book.h"

#define BOOK_BUCKETS 256
#define FIRST_ROOM 32

/* Books of more entries than this, all together, are closed as soon as they can be: memory is not to grow with the ledger. */
#define ENTRIES_AT_MOST 200000

/* Chains run through the entries from the youngest to the oldest; -1 ends them. Heads: room of them, a power of two. */
typedef struct Book
{
	struct Book *next;
	Piece encounter;
	LedgerEntry *entries;
	int count;
	int room;
	int *of_key;
	int *of_reversed;
	int *of_id;
	int *next_of_key;
	int *next_of_reversed;
	int *next_of_id;
} Book;

struct Books
{
	MemoryContext context;
	Book *buckets[BOOK_BUCKETS];
	Book **quiet; /* not read: nothing of these encounters was given back */
	bool keeps;	  /* the shelf is the caller's */
	int64 count;
	LedgerEntry *unwritten; /* noted, in the ledger soon */
	int unwritten_count;
	int unwritten_room;
};

Book **
books_shelf(void)
{
	return palloc0(BOOK_BUCKETS * sizeof(Book *));
}

Books *
books_begin(Book **quiet)
{
	Books *books = palloc0(sizeof(Books));

	books->keeps = quiet != NULL;
	books->quiet = books->keeps ? quiet : books_shelf();
	books->context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost encounters", ALLOCSET_DEFAULT_SIZES);
	return books;
}

void
books_close(Books *books)
{
	MemoryContextReset(books->context);
	memset(books->buckets, 0, sizeof(books->buckets));
	if (!books->keeps)
		memset(books->quiet, 0, BOOK_BUCKETS * sizeof(Book *));
	books->count = 0;
}

static inline int
slot_of(const Book *book, int64 number)
{
	return (int) (murmurhash32((uint32) number ^ (uint32) ((uint64) number >> 32)) & (uint32) (book->room - 1));
}

static void
chain(Book *book, int at)
{
	const LedgerEntry *entry = &book->entries[at];
	int *head = &book->of_key[slot_of(book, entry->source_key)];

	book->next_of_key[at] = *head;
	*head = at;
	head = &book->of_id[slot_of(book, entry->entry_id)];
	book->next_of_id[at] = *head;
	*head = at;
	if (entry->reverses == 0)
		return;
	head = &book->of_reversed[slot_of(book, entry->reverses)];
	book->next_of_reversed[at] = *head;
	*head = at;
}

/* Gives a book room for more entries; the chains are made anew. */
static void
enlarge(Book *book, MemoryContext context)
{
	int room = Max(FIRST_ROOM, book->room * 2);
	int **chains[] = {&book->of_key, &book->of_reversed, &book->of_id, &book->next_of_key, &book->next_of_reversed, &book->next_of_id};

	book->entries = book->entries == NULL ? MemoryContextAlloc(context, room * sizeof(LedgerEntry)) :
		repalloc_huge(book->entries, room * sizeof(LedgerEntry));
	for (int i = 0; i < lengthof(chains); i++)
	{
		if (*chains[i] != NULL)
			pfree(*chains[i]);
		*chains[i] = MemoryContextAllocHuge(context, room * sizeof(int));
		memset(*chains[i], -1, room * sizeof(int));
	}
	book->room = room;
	for (int i = 0; i < book->count; i++)
		chain(book, i);
}

static void
add_entry(Books *books, Book *book, const LedgerEntry *entry)
{
	if (book->count == book->room)
		enlarge(book, books->context);
	book->entries[book->count] = *entry;
	book->entries[book->count].encounter = book->encounter;
	chain(book, book->count++);
	books->count++;
}

typedef struct Reading
{
	Books *books;
	Book *book;
} Reading;

static void
take_entry(void *context, HeapTuple tuple, TupleDesc desc)
{
	Reading *reading = context;
	MemoryContext caller = MemoryContextSwitchTo(reading->books->context);
	LedgerEntry entry;

	ledger_read_entry(tuple, desc, &entry);
	pfree((char *) entry.encounter.text);
	add_entry(reading->books, reading->book, &entry);
	MemoryContextSwitchTo(caller);
}

static uint32
bucket_of(Piece encounter)
{
	return hash_bytes((const unsigned char *) encounter.text, encounter.length) % BOOK_BUCKETS;
}

/* The book of an encounter on its shelf, NULL if it is not there. */
static Book *
known_book(Book *const *shelf, Piece encounter)
{
	Book *book = shelf[bucket_of(encounter)];

	while (book != NULL && !piece_equal(book->encounter, encounter))
		book = book->next;
	return book;
}

/* Puts an empty book on a shelf. */
static Book *
new_book(MemoryContext context, Book **shelf, Piece encounter)
{
	Book *book = MemoryContextAllocZero(context, sizeof(Book));
	uint32 bucket = bucket_of(encounter);

	book->encounter = (Piece) {MemoryContextStrdup(context, pnstrdup(encounter.text, encounter.length)), encounter.length};
	book->next = shelf[bucket];
	shelf[bucket] = book;
	return book;
}

static inline bool
is_refund(const LedgerEntry *entry)
{
	return entry->reverses != 0 && (entry->flags & FLAG_SOURCE_CHANGED) == 0;
}

/* Whether nothing of an encounter was given back: as most often, and then its book need not be opened. */
static bool
is_quiet(Books *books, Piece encounter)
{
	if (known_book(books->buckets, encounter) != NULL)
		return false;
	if (known_book(books->quiet, encounter) != NULL)
		return true;
	for (int i = 0; i < books->unwritten_count; i++)
		if (is_refund(&books->unwritten[i]) && piece_equal(books->unwritten[i].encounter, encounter))
			return false;
	if (ledger_has_refunds(encounter))
		return false;
	(void) new_book(books->keeps ? GetMemoryChunkContext(books->quiet) : books->context, books->quiet, encounter);
	return true;
}

/* The book of an encounter, read if it is not open. Sees what this statement wrote. */
static Book *
book_of(Books *books, Piece encounter)
{
	Book *book = known_book(books->buckets, encounter);
	Reading reading = {books};

	if (book != NULL)
		return book;
	book = new_book(books->context, books->buckets, encounter);
	reading.book = book;
	ledger_scan_encounter(encounter, SnapshotSelf, take_entry, &reading);
	for (int i = 0; i < books->unwritten_count; i++)
		if (piece_equal(books->unwritten[i].encounter, encounter))
			add_entry(books, book, &books->unwritten[i]);
	return book;
}

void
books_note(Books *books, const LedgerEntry *entry)
{
	Book *book = known_book(books->buckets, entry->encounter);

	if (book == NULL && is_refund(entry) && known_book(books->quiet, entry->encounter) != NULL)
		memset(books->quiet, 0, BOOK_BUCKETS * sizeof(Book *));
	if (books->unwritten_count == books->unwritten_room)
	{
		books->unwritten_room = Max(FIRST_ROOM, books->unwritten_room * 2);
		books->unwritten = books->unwritten == NULL ?
			MemoryContextAlloc(GetMemoryChunkContext(books), books->unwritten_room * sizeof(LedgerEntry)) :
			repalloc(books->unwritten, books->unwritten_room * sizeof(LedgerEntry));
	}
	books->unwritten[books->unwritten_count++] = *entry;
	if (book != NULL)
		add_entry(books, book, entry);
}

void
books_written(Books *books)
{
	books->unwritten_count = 0;
	if (books->count > ENTRIES_AT_MOST)
		books_close(books);
}

static inline bool
is_of_key(const LedgerEntry *entry, int16 source_id, int64 key, Piece key_text)
{
	return entry->source_key == key && entry->source_id == source_id && piece_equal(entry->key_text, key_text);
}

int
books_entries(Books *books, Piece encounter, int16 source_id, int64 key, Piece key_text, LedgerEntry **entries)
{
	const Book *book = book_of(books, encounter);
	int count = 0, room = 8;

	*entries = palloc(room * sizeof(LedgerEntry));
	for (int i = book->count == 0 ? -1 : book->of_key[slot_of(book, key)]; i >= 0; i = book->next_of_key[i])
	{
		if (!is_of_key(&book->entries[i], source_id, key, key_text))
			continue;
		if (count == room)
			*entries = repalloc(*entries, (room *= 2) * sizeof(LedgerEntry));
		(*entries)[count++] = book->entries[i];
	}
	return count;
}

static void
list_add(RefundList *list, const LedgerEntry *entry, bool of_original)
{
	if (list->count == list->room)
	{
		list->room = Max(FIRST_ROOM, list->room * 2);
		list->entries = list->entries == NULL ? palloc(list->room * sizeof(RefundEntry)) :
			repalloc_huge(list->entries, list->room * sizeof(RefundEntry));
	}
	list->entries[list->count++] = (RefundEntry) {entry->entry_id, entry->reverses, entry->quantity, entry->amount, entry->flags, of_original, false};
}

/* Adds a refund and what took it back. Returns whether it still stands. */
static bool
add_refund(const Book *book, int at, RefundList *list)
{
	int64 id = book->entries[at].entry_id;
	bool stands = true;

	list_add(list, &book->entries[at], false);
	for (int i = book->of_reversed[slot_of(book, id)]; i >= 0; i = book->next_of_reversed[i])
		if (book->entries[i].reverses == id && (book->entries[i].flags & FLAG_SOURCE_CHANGED))
		{
			list_add(list, &book->entries[i], false);
			stands = false;
		}
	return stands;
}

int
books_refunds(Books *books, Piece encounter, int16 source_id, int64 key, Piece key_text, const ChargeRow *self, RefundList *list)
{
	const Book *book;
	int standing = 0;

	if (is_quiet(books, encounter))
		return 0;
	book = book_of(books, encounter);
	for (int i = book->count == 0 ? -1 : book->of_key[slot_of(book, key)]; i >= 0; i = book->next_of_key[i])
	{
		const LedgerEntry *version = &book->entries[i];

		if (!is_of_key(version, source_id, key, key_text))
			continue;
		for (int j = book->of_reversed[slot_of(book, version->entry_id)]; j >= 0; j = book->next_of_reversed[j])
		{
			const LedgerEntry *refund = &book->entries[j];

			if (refund->reverses == version->entry_id && (refund->flags & FLAG_SOURCE_CHANGED) == 0 &&
				(self == NULL || !is_of_key(refund, source_id, self->key, self->key_text)))
				standing += add_refund(book, j, list);
		}
		list_add(list, version, true);
	}
	return standing;
}

static int
by_entry_id(const void *a, const void *b)
{
	int64 x = ((const RefundEntry *) a)->entry_id;
	int64 y = ((const RefundEntry *) b)->entry_id;

	return x < y ? -1 : x > y;
}

void
books_left(RefundList *list, RefundLeft *left)
{
	/* They came youngest first: turned round, they are in order already, or nearly. */
	for (int i = 0, j = list->count - 1; i < j; i++, j--)
	{
		RefundEntry entry = list->entries[i];

		list->entries[i] = list->entries[j];
		list->entries[j] = entry;
	}
	if (list->count > 1)
		qsort(list->entries, list->count, sizeof(RefundEntry), by_entry_id);
	posting_refund_left(list->entries, list->count, left);
}

const LedgerEntry *
books_entry(Books *books, Piece encounter, int64 entry_id)
{
	const Book *book = book_of(books, encounter);

	for (int i = book->count == 0 ? -1 : book->of_id[slot_of(book, entry_id)]; i >= 0; i = book->next_of_id[i])
		if (book->entries[i].entry_id == entry_id)
			return &book->entries[i];
	return NULL;
}
