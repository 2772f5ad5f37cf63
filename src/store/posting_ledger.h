/*
 * posting_ledger.h
 *		Ledger entries and charge totals: written in batches, found again by encounter or by source key.
 */
#ifndef HC_STORE_POSTING_LEDGER_H
#define HC_STORE_POSTING_LEDGER_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/date.h"

#include "core/posting.h"
#include "store/posting.h"

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

/* The entry that takes "entry" back because its source row changed, posted into "period". */
extern void ledger_reversal_of(const LedgerEntry *entry, DateADT period, LedgerEntry *reversal);

/*
 * Finds the live entry of a source key. The row's encounter says where to look; with "everywhere", if it is not there, the whole ledger is
 * searched by key, which is slow. Sees what this statement wrote already. False if there is none; *last_version is the highest version the key ever had, 0 if none.
 */
extern bool ledger_find_live(int16 source_id, int64 key, Piece key_text, Piece encounter, bool everywhere,
							 LedgerEntry *found, int16 *last_version);

/* All entries of an encounter in entry order, uncommitted ones of other sessions included; returns their number. */
extern int ledger_lines(Piece encounter, LineEntry **lines);

#endif
