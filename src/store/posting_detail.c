/*
 * posting_detail.c
 *		Reading, writing and finding details of charges.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/append.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/posting_detail.h"

#define DETAIL_BATCH 1000

/* Attribute numbers by position, proved by append_check_columns. */
enum
{
	A_ENTRY_ID = 1, A_ENCOUNTER_CODE, A_ITEM_ID, A_FIRST
};

static const char *const columns[] = {"entry_id", "encounter_code", "item_id", "operator", "doctor", "order", "approved_by", "trace_code",
	"settlement", "discount", "days", "fund_amount", "reimbursable"};

struct DetailWriter
{
	Appender *appender;
	MemoryContext context;
};

static int
scale_of(DetailField field)
{
	return field == DETAIL_DAYS ? QUANTITY_SCALE : AMOUNT_SCALE;
}

/* A flag by what stands for it; false if it says neither yes nor no. */
static bool
read_flag(Piece text, bool *flag)
{
	static const char *const words[2][8] = {{"0", "f", "false", "n", "no", "\xe5\x90\xa6"}, {"1", "t", "true", "y", "yes", "\xe6\x98\xaf"}};

	for (int value = 0; value < 2; value++)
		for (int i = 0; words[value][i] != NULL; i++)
			if (strlen(words[value][i]) == text.length && pg_strncasecmp(words[value][i], text.text, text.length) == 0)
			{
				*flag = value == 1;
				return true;
			}
	return false;
}

static bool
read_number(const FieldMap *map, TupleTableSlot *slot, int scale, int64 *number)
{
	bool isnull = true, rounded;
	Datum value;

	if (map->constant != NULL)
		return decimal_from_datum(CStringGetTextDatum(map->constant), TEXTOID, scale, number, &rounded);
	value = map->count == 0 ? (Datum) 0 : slot_getattr(slot, map->attno[0], &isnull);
	return !isnull && decimal_from_datum(value, map->type[0], scale, number, &rounded);
}

ChargeDetail *
posting_read_detail(const Attachment *attachment, TupleTableSlot *slot)
{
	ChargeDetail *detail = palloc0(sizeof(ChargeDetail));

	for (DetailField field = 0; field < DETAIL_COUNT; field++)
	{
		const FieldMap *map = &attachment->details[field];

		if (field >= DETAIL_TEXTS && field != DETAIL_REIMBURSABLE)
			detail->has[field] = read_number(map, slot, scale_of(field), &detail->number[field]);
		else
		{
			Piece text = posting_read_piece(map, slot, true, NULL);

			/* What is longer than any code is none. */
			if (field == DETAIL_REIMBURSABLE)
				detail->has[field] = text.text != NULL && read_flag(text, &detail->reimbursable);
			else if ((detail->has[field] = text.text != NULL && text.length <= MAX_CODE_LENGTH))
				detail->text[field] = text;
		}
	}
	return detail;
}

DetailWriter *
detail_begin(void)
{
	DetailWriter *writer = palloc0(sizeof(DetailWriter));

	writer->context = CurrentMemoryContext;
	return writer;
}

static Datum
text_datum(Piece piece)
{
	return PointerGetDatum(cstring_to_text_with_len(piece.text, piece.length));
}

static Datum
value_of(const ChargeDetail *detail, DetailField field)
{
	if (field < DETAIL_TEXTS)
		return text_datum(detail->text[field]);
	if (field == DETAIL_REIMBURSABLE)
		return BoolGetDatum(detail->reimbursable);
	return decimal_to_numeric(detail->number[field], scale_of(field));
}

void
detail_add(DetailWriter *writer, const ChargeRow *row)
{
	const ChargeDetail *detail = row->detail;
	bool any = false;
	Datum *v;
	bool *n;

	for (DetailField field = 0; detail != NULL && field < DETAIL_COUNT; field++)
		any |= detail->has[field];
	if (!any)
		return;
	if (writer->appender == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->context);

		writer->appender = append_begin("_charge_detail", DETAIL_BATCH, 0, NULL);
		append_check_columns(writer->appender, columns, lengthof(columns));
		MemoryContextSwitchTo(old);
	}
	append_slot(writer->appender, &v, &n);
	v[A_ENTRY_ID - 1] = Int64GetDatum(row->entry_id);
	v[A_ENCOUNTER_CODE - 1] = text_datum(row->field[FIELD_ENCOUNTER]);
	v[A_ITEM_ID - 1] = Int32GetDatum(row->item_id);
	for (DetailField field = 0; field < DETAIL_COUNT; field++)
	{
		n[A_FIRST - 1 + field] = !detail->has[field];
		if (detail->has[field])
			v[A_FIRST - 1 + field] = value_of(detail, field);
	}
}

void
detail_flush(DetailWriter *writer)
{
	if (writer->appender != NULL)
		append_flush(writer->appender, NULL);
}

void
detail_end(DetailWriter *writer)
{
	if (writer->appender != NULL)
		append_end(writer->appender);
	pfree(writer);
}

static Piece
piece_at(HeapTuple tuple, TupleDesc desc, int attno)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attno, desc, &isnull);
	char *string = isnull ? NULL : TextDatumGetCString(value);

	return (Piece) {string, string == NULL ? 0 : (int) strlen(string)};
}

int
detail_traced(Piece trace_code, TracedEntry **entries)
{
	Relation rel = table_open(ground_relation("_charge_detail"), AccessShareLock);
	TupleDesc desc = RelationGetDescr(rel);
	int count = 0, room = 0;
	SnapshotData dirty;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;

	*entries = NULL;
	ScanKeyInit(&key, A_FIRST + DETAIL_TRACE_CODE, BTEqualStrategyNumber, F_TEXTEQ, text_datum(trace_code));
	InitDirtySnapshot(dirty);
	scan = systable_beginscan(rel, ground_relation("charge_detail_trace_idx"), true, &dirty, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;

		if (count == room)
		{
			room = Max(4, room * 2);
			*entries = *entries == NULL ? palloc(room * sizeof(TracedEntry)) : repalloc(*entries, room * sizeof(TracedEntry));
		}
		(*entries)[count++] = (TracedEntry) {
			.entry_id = DatumGetInt64(heap_getattr(tuple, A_ENTRY_ID, desc, &isnull)),
			.encounter = piece_at(tuple, desc, A_ENCOUNTER_CODE),
			.item_id = DatumGetInt32(heap_getattr(tuple, A_ITEM_ID, desc, &isnull)),
			.settlement = piece_at(tuple, desc, A_FIRST + DETAIL_SETTLEMENT),
		};
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return count;
}
