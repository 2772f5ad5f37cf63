/*
 * posting_payment_enter.c
 *		Entering ordinary payments: what must not be there is looked for under a snapshot that sees what is not committed, too.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/period.h"
#include "store/append.h"
#include "store/compat.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/posting_payment.h"

static const char *const columns[] = {"entry_id", "reverses", "paid_at", "started_at", "posted_at", "day", "period", "version", "source_id", "flags",
	"amount", "entry", "kind", "method", "source_key", "encounter_code", "patient_code", "operator", "window_code", "reverses_key", "reason",
	"receipt_no", "settlement", "external_reference", "posted_by"};

/* Columns that take a field as it was read. */
static const struct
{
	int column;
	PaymentField field;
} taken_over[] = {{2, PAYMENT_PAID_AT}, {3, PAYMENT_STARTED_AT}, {13, PAYMENT_METHOD}, {14, PAYMENT_SOURCE_KEY}, {15, PAYMENT_ENCOUNTER},
	{16, PAYMENT_PATIENT}, {17, PAYMENT_OPERATOR}, {18, PAYMENT_WINDOW}, {19, PAYMENT_REVERSES_KEY}, {20, PAYMENT_REASON},
	{21, PAYMENT_RECEIPT_NO}, {22, PAYMENT_SETTLEMENT}, {23, PAYMENT_EXTERNAL_REFERENCE}};

/* The account a payment is on. */
static Datum
account_of(const PaymentRow *row)
{
	return row->value[row->null[PAYMENT_ENCOUNTER] ? PAYMENT_PATIENT : PAYMENT_ENCOUNTER];
}

/* Whether an index of (source_id, key), or of a key alone, has one of the keys; of_account: those of deposits. */
static bool
has_any(const char *table, const char *index_name, int16 source_id, bool of_account, const PaymentRow *rows, int count)
{
	Relation heap = table_open(ground_relation(table), AccessShareLock);
	Relation index;
	TupleTableSlot *slot;
	SnapshotData dirty;
	ScanKeyData keys[2];
	int last = of_account ? 0 : 1;
	IndexScanDesc scan;
	bool found = false;

	if (RelationGetNumberOfBlocks(heap) == 0)
	{
		table_close(heap, AccessShareLock);
		return false;
	}
	index = index_open(ground_relation(index_name), AccessShareLock);
	slot = table_slot_create(heap, NULL);
	InitDirtySnapshot(dirty);
	scan = INDEX_SCAN(heap, index, &dirty, last + 1);
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, INT2OID, InvalidOid, F_INT2EQ, Int16GetDatum(source_id));
	for (int i = 0; i < count && !found; i++)
	{
		if (of_account && !rows[i].is_deposit)
			continue;
		ScanKeyEntryInitialize(&keys[last], 0, last + 1, BTEqualStrategyNumber, TEXTOID, index->rd_indcollation[last], F_TEXTEQ,
							   of_account ? account_of(&rows[i]) : rows[i].value[PAYMENT_SOURCE_KEY]);
		index_rescan(scan, keys, last + 1, NULL, 0);
		found = index_getnext_slot(scan, ForwardScanDirection, slot);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return found;
}

static int
by_key(const void *a, const void *b)
{
	text *x = DatumGetTextPP(*(const Datum *) a), *y = DatumGetTextPP(*(const Datum *) b);
	int lengths = (int) VARSIZE_ANY_EXHDR(x) - (int) VARSIZE_ANY_EXHDR(y);

	return lengths != 0 ? lengths : memcmp(VARDATA_ANY(x), VARDATA_ANY(y), VARSIZE_ANY_EXHDR(x));
}

static bool
has_twice(const PaymentRow *rows, int count)
{
	Datum *keys;

	if (count == 1)
		return false;
	keys = palloc(count * sizeof(Datum));
	for (int i = 0; i < count; i++)
		keys[i] = rows[i].value[PAYMENT_SOURCE_KEY];
	qsort(keys, count, sizeof(Datum), by_key);
	for (int i = 1; i < count; i++)
		if (by_key(&keys[i - 1], &keys[i]) == 0)
			return true;
	pfree(keys);
	return false;
}

bool
payment_are_new(const PaymentReader *reader, const PaymentRow *rows, int count)
{
	bool deposits = false;

	for (int i = 0; i < count; i++)
		deposits = deposits || rows[i].is_deposit;
	return !has_twice(rows, count) &&
		!has_any("_payment", "payment_source_key", reader->source_id, false, rows, count) &&
		!has_any("_payment", "payment_original_idx", reader->source_id, false, rows, count) &&
		!has_any("_payment_blocked", "payment_blocked_original_idx", reader->source_id, false, rows, count) &&
		!has_any("_finding", "finding_source_idx", reader->source_id, false, rows, count) &&
		!(deposits && has_any("_payment_blocked", "payment_blocked_account_idx", 0, true, rows, count));
}

bool
payment_months_are_open(const PaymentRow *rows, int count)
{
	DateADT known = 0, target;

	for (int i = 0; i < count; i++)
	{
		DateADT month = period_of_day(rows[i].day);

		if ((i == 0 || month != known) && (ground_posting_period(month, &target) != PERIOD_FOUND || target != month))
			return false;
		known = month;
	}
	return true;
}

void
payment_append(const PaymentReader *reader, const PaymentRow *rows, int count)
{
	Appender *appender = append_begin("_payment", count, count, NULL);
	Oid sequence = ground_relation("payment_seq");
	Datum posted_by = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	Datum entry = CStringGetTextDatum("post");
	Datum kind[] = {CStringGetTextDatum("payment"), CStringGetTextDatum("deposit")};

	append_check_columns(appender, columns, lengthof(columns));
	for (int i = 0; i < count; i++)
	{
		Datum *values;
		bool *nulls;

		append_slot(appender, &values, &nulls);
		for (int k = 0; k < lengthof(taken_over); k++)
		{
			values[taken_over[k].column] = rows[i].value[taken_over[k].field];
			nulls[taken_over[k].column] = rows[i].null[taken_over[k].field];
		}
		values[0] = Int64GetDatum(append_next_id(sequence));
		nulls[1] = true;
		values[4] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		values[5] = DateADTGetDatum(rows[i].day);
		values[6] = DateADTGetDatum(period_of_day(rows[i].day));
		values[7] = Int32GetDatum(1);
		values[8] = Int16GetDatum(reader->source_id);
		values[9] = Int16GetDatum(0);
		values[10] = decimal_to_numeric(rows[i].amount, 2);
		values[11] = entry;
		values[12] = kind[rows[i].is_deposit];
		values[24] = posted_by;
	}
	append_end(appender);
}
