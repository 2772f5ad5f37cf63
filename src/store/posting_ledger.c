/*
 * posting_ledger.c
 *		Writing the ledger: one entry a charge, one delta row per department pair and item of a statement.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/append.h"
#include "store/ground.h"
#include "store/posting_ledger.h"

typedef struct DeltaKey
{
	DateADT period;
	int32 item_id;
	int16 ordering_id;
	int16 performing_id;
} DeltaKey;

typedef struct Delta
{
	DeltaKey key;
	char status;
	int64 entries;
	int64 quantity;
	int64 amount;
} Delta;

static inline uint32
delta_hash_key(DeltaKey key)
{
	return hash_combine(murmurhash32((uint32) key.item_id ^ (uint32) key.period << 16),
						murmurhash32((uint32) (uint16) key.ordering_id << 16 | (uint16) key.performing_id));
}

#define SH_PREFIX delta
#define SH_ELEMENT_TYPE Delta
#define SH_KEY_TYPE DeltaKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) delta_hash_key(k)
#define SH_EQUAL(tb, a, b) (memcmp(&(a), &(b), sizeof(DeltaKey)) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct LedgerWriter
{
	Appender *appender;
	delta_hash *deltas;
	Oid sequence;
};

static const char *const ledger_columns[] = {"entry_id", "source_key", "quantity", "unit_price", "amount", "reverses",
	"charged_at", "item_id", "period", "service_day", "source_id", "ordering_id", "performing_id", "ward_id", "kind",
	"version", "flags", "encounter_code", "source_key_text"};

static const char *const delta_columns[] = {"period", "ordering_id", "performing_id", "item_id", "entries", "quantity",
	"amount"};

LedgerWriter *
ledger_begin(int64 expected)
{
	LedgerWriter *writer = palloc0(sizeof(LedgerWriter));

	writer->sequence = ground_relation("ledger_seq");
	/* An update queues a reversal and a new entry for each row. */
	writer->appender = append_begin("_ledger", (int) Min(Max(expected, 1) * 2, LEDGER_BATCH * 2), expected, "ledger_encounter_idx");
	append_check_columns(writer->appender, ledger_columns, lengthof(ledger_columns));
	writer->deltas = delta_create(CurrentMemoryContext, expected > 16 ? 1024 : 4, NULL);
	return writer;
}

static void
add_to_delta(LedgerWriter *writer, const LedgerEntry *entry)
{
	DeltaKey key = {entry->period, entry->item_id, entry->ordering_id, entry->performing_id};
	bool found;
	Delta *delta = delta_insert(writer->deltas, key, &found);

	if (!found)
		delta->entries = delta->quantity = delta->amount = 0;
	delta->entries++;
	if (pg_add_s64_overflow(delta->quantity, entry->quantity, &delta->quantity) ||
		pg_add_s64_overflow(delta->amount, entry->amount, &delta->amount))
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				errmsg("the charges of one statement do not fit the charge total"));
}

void
ledger_add(LedgerWriter *writer, LedgerEntry *entry)
{
	Datum *v;
	bool *nulls;

	entry->entry_id = append_next_id(writer->sequence);
	append_slot(writer->appender, &v, &nulls);
	v[0] = Int64GetDatum(entry->entry_id);
	v[1] = Int64GetDatum(entry->source_key);
	v[2] = Int64GetDatum(entry->quantity);
	v[3] = Int64GetDatum(entry->unit_price);
	v[4] = Int64GetDatum(entry->amount);
	v[5] = Int64GetDatum(entry->reverses);
	v[6] = TimestampTzGetDatum(entry->charged_at);
	v[7] = Int32GetDatum(entry->item_id);
	v[8] = DateADTGetDatum(entry->period);
	v[9] = DateADTGetDatum(entry->service_day);
	v[10] = Int16GetDatum(entry->source_id);
	v[11] = Int16GetDatum(entry->ordering_id);
	v[12] = Int16GetDatum(entry->performing_id);
	v[13] = Int16GetDatum(entry->ward_id);
	v[14] = Int16GetDatum(entry->kind);
	v[15] = Int16GetDatum(entry->version);
	v[16] = Int16GetDatum(entry->flags);
	v[17] = PointerGetDatum(cstring_to_text_with_len(entry->encounter.text, entry->encounter.length));
	v[18] = PointerGetDatum(cstring_to_text_with_len(entry->key_text.text, entry->key_text.length));
	add_to_delta(writer, entry);
}

void
ledger_flush(LedgerWriter *writer, bool *duplicate)
{
	append_flush(writer->appender, duplicate);
}

void
ledger_end(LedgerWriter *writer)
{
	delta_iterator scan;
	Delta *delta;
	int64 count = writer->deltas->members;

	append_end(writer->appender);
	if (count > 0)
	{
		Appender *appender = append_begin("_charge_delta", (int) Min(count, LEDGER_BATCH), count, NULL);

		append_check_columns(appender, delta_columns, lengthof(delta_columns));
		delta_start_iterate(writer->deltas, &scan);
		while ((delta = delta_iterate(writer->deltas, &scan)) != NULL)
		{
			Datum *v;
			bool *nulls;

			append_slot(appender, &v, &nulls);
			v[0] = DateADTGetDatum(delta->key.period);
			v[1] = Int16GetDatum(delta->key.ordering_id);
			v[2] = Int16GetDatum(delta->key.performing_id);
			v[3] = Int32GetDatum(delta->key.item_id);
			v[4] = Int64GetDatum(delta->entries);
			v[5] = Int64GetDatum(delta->quantity);
			v[6] = Int64GetDatum(delta->amount);
		}
		append_end(appender);
	}
	delta_destroy(writer->deltas);
	pfree(writer);
}

void
ledger_entry_of_row(int16 source_id, const ChargeRow *row, LedgerEntry *entry)
{
	*entry = (LedgerEntry) {
		.source_key = row->key,
		.quantity = row->input.quantity,
		.unit_price = row->result.price,
		.amount = row->result.amount,
		.reverses = row->reverses,
		.charged_at = row->charged_at,
		.item_id = row->item_id,
		.period = row->period,
		.service_day = row->day,
		.source_id = source_id,
		.ordering_id = row->ordering_id,
		.performing_id = row->performing_id,
		.ward_id = row->ward_id,
		.kind = row->kind,
		.version = row->version,
		.flags = (int16) row->result.flags,
		.encounter = row->field[FIELD_ENCOUNTER],
		.key_text = row->key_text,
	};
}

void
ledger_entry_to_row(const LedgerEntry *entry, ChargeRow *row)
{
	row->entry_id = entry->entry_id;
	row->item_id = entry->item_id;
	row->day = entry->service_day;
	row->period = entry->period;
	row->input.quantity = entry->quantity;
	row->result.amount = entry->amount;
}

void
ledger_reversal_of(const LedgerEntry *entry, DateADT period, LedgerEntry *reversal)
{
	*reversal = *entry;
	reversal->reverses = entry->entry_id;
	reversal->quantity = -entry->quantity;
	reversal->amount = -entry->amount;
	reversal->period = period;
	reversal->kind = KIND_REVERSE;
	reversal->flags = FLAG_SOURCE_CHANGED | (period != entry->period ? FLAG_LATE : 0);
}
