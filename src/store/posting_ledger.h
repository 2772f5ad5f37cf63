/*
 * posting_ledger.h
 *		Ledger entries and charge totals: written in batches, found again by encounter or by source key.
 */
#ifndef HC_STORE_POSTING_LEDGER_H
#define HC_STORE_POSTING_LEDGER_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/date.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "core/posting.h"
#include "core/posting_refund.h"
#include "store/posting.h"
#include "utils/snapshot.h"

/* One row of the ledger; texts live in the context that read or made it. */
typedef struct LedgerEntry
{
	int64 entry_id;
	int64 source_key;
	int64 quantity;
	int64 unit_price;
	int64 amount;
	int64 reverses;
	TimestampTz charged_at;
	int32 item_id;
	DateADT period;
	DateADT service_day;
	int16 source_id;
	int16 ordering_id;
	int16 performing_id;
	int16 ward_id;
	int16 kind;
	int16 version;
	int16 flags;
	Piece encounter;
	Piece key_text;
} LedgerEntry;

typedef struct LedgerWriter LedgerWriter;

#define LEDGER_BATCH 1000

/* Opens the ledger and the totals for about "expected" entries of one statement. */
extern LedgerWriter *ledger_begin(int64 expected);

/* Queues an entry; gives it its id. At most LEDGER_BATCH between two flushes. */
extern void ledger_add(LedgerWriter *writer, LedgerEntry *entry);

/* Writes what is queued; duplicate[i] tells whether the i-th queued entry repeats an encounter, day and item. */
extern void ledger_flush(LedgerWriter *writer, bool *duplicate);

/* Appends the statement's totals and closes. */
extern void ledger_end(LedgerWriter *writer);

/* The entry a decoded row becomes (without id). */
extern void ledger_entry_of_row(int16 source_id, const ChargeRow *row, LedgerEntry *entry);

/* Gives a row the id, item, day, month, quantity and amount of its entry. */
extern void ledger_entry_to_row(const LedgerEntry *entry, ChargeRow *row);

/* The entry that takes "entry" back because its source row changed, posted into "period". */
extern void ledger_reversal_of(const LedgerEntry *entry, DateADT period, LedgerEntry *reversal);

struct Books;

/*
 * Finds the live entry of a source key. The row's encounter says where to look, in the books if there are some (NULL: in the ledger); with "everywhere", if
 * it is not there, the whole ledger is searched by key, which is slow. Sees what this statement wrote already. False if there is none; *last_version is the highest version the key ever had, 0 if none.
 * A key whose column was an integer once and is a text or numeric now, or the other way round, is found as it was posted.
 */
extern bool ledger_find_live(struct Books *books, int16 source_id, int64 key, Piece key_text, Piece encounter, bool everywhere,
							 LedgerEntry *found, int16 *last_version);

/*
 * The same by the day and item the row had, too: one look instead of one at each entry of the encounter. A reversal lies beside what it takes back, so an
 * answer from here is live; none says nothing.
 */
extern bool ledger_find_exact(int16 source_id, int64 key, Piece key_text, Piece encounter, DateADT day, int32 item_id,
							  LedgerEntry *found, int16 *last_version);

/* Whether the ledger knows of anything in an encounter that was given back. */
extern bool ledger_has_refunds(Piece encounter);

/*
 * Finds every live entry of a source key in the whole ledger; returns their number. There is more than
 * one where a month refused to take a deleted row's entry back and the key was used again.
 */
extern int ledger_find_all_live(int16 source_id, int64 key, Piece key_text, LedgerEntry **found, int16 *last_version);

/* The first field in which a priced row differs from the entry it once became, FIELD_COUNT if in none. *value (in the current memory context) is
 * what the entry has. */
extern ChargeField ledger_differs(const ChargeRow *row, const LedgerEntry *entry, char **value);

/* Scans the entries of an encounter through the btree and hands each to "take". */
extern void ledger_scan_encounter(Piece encounter, Snapshot snapshot, void (*take)(void *, HeapTuple, TupleDesc), void *context);

/* Decodes a tuple of the ledger; texts are copied into the current memory context. */
extern void ledger_read_entry(HeapTuple tuple, TupleDesc desc, LedgerEntry *entry);

/* The key of the line a refund names, as the ledger holds it; false if the name cannot be a key of this table. */
extern bool ledger_original_key(const Attachment *attachment, const ChargeRow *row, int64 *key, Piece *key_text);

/*
 * Prices a refund by its original: the original's price and dimensions, what is left of it, and the rest to the cent if nothing stays. Sets the issues of
 * a refund that gives back too much, or says otherwise than its original.
 */
extern void ledger_refund_of(const Attachment *attachment, ChargeRow *row, const LedgerEntry *original, const RefundLeft *left);

/*
 * Subtracts from *left what was given back of a source row, of whatever version: in the encounter of "original" and in those where else it left refunds. What
 * "self" (NULL: nobody) gave back is left out. Returns how many refunds stand.
 */
extern int ledger_left(struct Books *books, const LedgerEntry *original, const Piece *elsewhere, int count, const ChargeRow *self,
					   RefundLeft *left);

/* Sets an issue if less than nothing is left of a row: it is less now than was given back of it. */
extern bool ledger_is_overdrawn(const RefundLeft *left, ChargeRow *row);

#endif
