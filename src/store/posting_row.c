/*
 * posting_row.c
 *		A row of a hospital table becomes a charge. Nothing is raised here: what cannot be read is an issue of the row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "core/period.h"
#include "store/compat.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/posting.h"

/* Days between the years 1 and 9999: what a hospital's clock can show, and every calendar function can take. */
#define FIRST_DAY (-730119)
#define LAST_DAY 2921939

/* The fields that are posted as texts. */
static const ChargeField texts[] = {FIELD_ENCOUNTER, FIELD_ITEM, FIELD_ORDERING, FIELD_PERFORMING, FIELD_WARD, FIELD_REVERSES_KEY,
	FIELD_PRICE_CLASS};

void
posting_set_issue(ChargeRow *row, IssueCode code, ChargeField field)
{
	if ((row->issues & ISSUES_BLOCKING) == 0)
		row->issue_field = field;
	row->issues |= ISSUE_BIT(code);
}

/* A time within a key, the same in every session: UTC for an instant. _source_sql says the same. Absent if no clock can show it. */
static Piece
piece_of_time(Timestamp at, bool instant)
{
	struct pg_tm tm;
	fsec_t fraction;
	char *iso;

	if (TIMESTAMP_NOT_FINITE(at) || timestamp2tm(at, NULL, &tm, &fraction, NULL, NULL) != 0 || tm.tm_year < 1 || tm.tm_year > 9999)
		return (Piece) {NULL, 0};
	iso = psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06d%s", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
				   (int) fraction, instant ? "Z" : "");
	return (Piece) {iso, (int) strlen(iso)};
}

static inline bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/*
 * Text of a column value: of a text type as it is, of others by their output function. Blanks at both ends do not make a code; an exact text keeps them, but for
 * those that fill a char(n).
 */
static Piece
piece_of_datum(Datum value, Oid type, bool exact)
{
	Piece piece;

	if (is_text(type))
	{
		text *string = DatumGetTextPP(value);

		piece.text = VARDATA_ANY(string);
		piece.length = VARSIZE_ANY_EXHDR(string);
		while (!exact && piece.length > 0 && piece.text[0] == ' ')
			piece.text++, piece.length--;
		while ((!exact || type == BPCHAROID) && piece.length > 0 && piece.text[piece.length - 1] == ' ')
			piece.length--;
	}
	else if (type == DATEOID && !DATE_NOT_FINITE(DatumGetDateADT(value)))
	{
		/* ISO whatever DateStyle says: a key must read the same in every session */
		struct pg_tm tm = {0};
		char *iso = palloc(MAXDATELEN + 1);

		j2date(DatumGetDateADT(value) + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, iso);
		piece = (Piece) {iso, (int) strlen(iso)};
	}
	else if (type == TIMESTAMPTZOID || type == TIMESTAMPOID)
		piece = piece_of_time(DatumGetTimestamp(value), type == TIMESTAMPTZOID);
	else
	{
		Oid output;
		bool varlena;

		getTypeOutputInfo(type, &output, &varlena);
		piece.text = OidOutputFunctionCall(output, value);
		piece.length = strlen(piece.text);
	}
	return piece;
}

Piece
posting_read_piece(const FieldMap *map, TupleTableSlot *slot, bool empty_parts, const FieldMap *key)
{
	Piece piece = {NULL, 0};
	StringInfoData joined;

	if (map->constant != NULL)
		return (Piece) {map->constant, (int) strlen(map->constant)};
	for (int i = 0; i < map->count; i++)
	{
		bool isnull;
		Datum value = slot_getattr(slot, map->attno[i], &isnull);
		Piece part;

		if (isnull)
			return (Piece) {NULL, 0};
		part = piece_of_datum(value, map->type[i], false);
		if (key != NULL && i < key->count && is_text(key->type[i]) && (part.length > 0 || empty_parts))
			part = piece_of_datum(value, map->type[i], true);
		/* An empty part names no row. */
		if (part.length == 0 && map->count > 1 && !empty_parts)
			return (Piece) {NULL, 0};
		if (map->count == 1)
			piece = part;
		else
		{
			if (i == 0)
				initStringInfo(&joined);
			else
				appendStringInfoChar(&joined, '|');
			for (int k = 0; k < part.length; k++)
			{
				/* so that ('a|b', 'c') and ('a', 'b|c') are two keys */
				if (part.text[k] == '|' || part.text[k] == '\\')
					appendStringInfoChar(&joined, '\\');
				appendStringInfoChar(&joined, part.text[k]);
			}
			piece = (Piece) {joined.data, joined.len};
		}
	}
	return piece.length == 0 ? (Piece) {NULL, 0} : piece;
}

/* Codes go into the ledger's btree, whose rows have a limit; no code is that long. */
static Piece
read_code(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row, ChargeField field)
{
	bool is_key = field == FIELD_SOURCE_KEY || field == FIELD_REVERSES_KEY;
	Piece piece = posting_read_piece(&attachment->fields[field], slot, field != FIELD_REVERSES_KEY,
							 is_key ? &attachment->fields[FIELD_SOURCE_KEY] : NULL);

	if (piece.length > MAX_CODE_LENGTH)
	{
		piece.length = pg_mbcliplen(piece.text, piece.length, MAX_CODE_LENGTH);
		posting_set_issue(row, ISSUE_UNREADABLE_VALUE, field);
	}
	return piece;
}

/* Whether a number is one a charge may have; the bounds are those of the ledger's views. */
static bool
within_limit(ChargeField field, int64 number)
{
	int64 limit = field == FIELD_QUANTITY ? CHARGE_QUANTITY_LIMIT :
		field == FIELD_UNIT_PRICE ? CHARGE_PRICE_LIMIT : CHARGE_AMOUNT_LIMIT;

	return number > -limit && number < limit;
}

/* Reads a number; false if it is absent. */
static bool
read_number(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row, ChargeField field, int scale, int64 *number)
{
	const FieldMap *map = &attachment->fields[field];
	bool rounded = false;
	bool readable;

	if (map->constant != NULL)
		readable = decimal_from_datum(CStringGetTextDatum(map->constant), TEXTOID, scale, number, &rounded);
	else
	{
		bool isnull = true;
		Datum value = map->count == 0 ? (Datum) 0 : slot_getattr(slot, map->attno[0], &isnull);

		if (isnull)
			return false;
		readable = decimal_from_datum(value, map->type[0], scale, number, &rounded);
		if (!readable || !within_limit(field, *number))
			row->field[field] = piece_of_datum(value, map->type[0], false);
	}
	readable = readable && within_limit(field, *number);
	if (!readable)
		posting_set_issue(row, ISSUE_UNREADABLE_VALUE, field);
	if (rounded)
	{
		row->issues |= ISSUE_BIT(ISSUE_ROUNDED);
		row->result.flags |= FLAG_ROUNDED;
	}
	return readable;
}

int64
posting_text_key(Piece key)
{
	return (int64) hash_bytes_extended((const unsigned char *) key.text, key.length, 0);
}

static void
read_key(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row)
{
	const FieldMap *map = &attachment->fields[FIELD_SOURCE_KEY];

	row->key_text = (Piece) {"", 0};
	if (attachment->integer_key)
	{
		bool isnull;
		Datum value = slot_getattr(slot, map->attno[0], &isnull);

		if (isnull)
			posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_SOURCE_KEY);
		else
			row->key = map->type[0] == INT2OID ? DatumGetInt16(value) :
				map->type[0] == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
		return;
	}
	row->key_text = read_code(attachment, slot, row, FIELD_SOURCE_KEY);
	if (row->key_text.text == NULL)
	{
		posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_SOURCE_KEY);
		row->key_text = (Piece) {"", 0};
	}
	row->key = posting_text_key(row->key_text);
}

/* Reads the time of the charge, from one column or a date and a time. */
static void
read_time(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row)
{
	const FieldMap *map = &attachment->fields[FIELD_CHARGED_AT];
	Datum value[2] = {0};
	Timestamp local;

	if (map->count == 0)
		return; /* its column is gone */
	for (int i = 0; i < map->count; i++)
	{
		bool isnull;

		value[i] = slot_getattr(slot, map->attno[i], &isnull);
		if (isnull)
		{
			posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_CHARGED_AT);
			return;
		}
	}
	if (map->type[0] == DATEOID ? DATE_NOT_FINITE(DatumGetDateADT(value[0])) :
		TIMESTAMP_NOT_FINITE(DatumGetTimestamp(value[0])))
	{
		row->field[FIELD_CHARGED_AT] = (Piece) {"infinity", 8};
		posting_set_issue(row, ISSUE_UNREADABLE_VALUE, FIELD_CHARGED_AT);
		return;
	}
	if (map->type[0] != DATEOID && map->type[0] != TIMEOID &&
		(DatumGetTimestamp(value[0]) / USECS_PER_DAY < FIRST_DAY || DatumGetTimestamp(value[0]) / USECS_PER_DAY >= LAST_DAY))
	{
		posting_set_issue(row, ISSUE_UNREADABLE_VALUE, FIELD_CHARGED_AT);
		return;
	}
	if (map->type[0] == TIMESTAMPTZOID)
	{
		row->charged_at = DatumGetTimestampTz(value[0]);
		row->day = ground_day_of_instant(row->charged_at);
		row->period = period_of_day(row->day);
		return;
	}
	if (map->type[0] == TIMESTAMPOID)
		local = DatumGetTimestamp(value[0]);
	else
	{
		int16 time_at = map->type[0] == DATEOID ? 1 : 0;

		if (DatumGetDateADT(value[1 - time_at]) < FIRST_DAY || DatumGetDateADT(value[1 - time_at]) >= LAST_DAY)
		{
			posting_set_issue(row, ISSUE_UNREADABLE_VALUE, FIELD_CHARGED_AT);
			return;
		}
		local = (Timestamp) DatumGetDateADT(value[1 - time_at]) * USECS_PER_DAY +
			(map->count > 1 ? DatumGetTimeADT(value[time_at]) : 0);
	}
	row->charged_at = ground_instant_of_wall_clock(local, &row->day);
	row->period = period_of_day(row->day);
}

/* Reads what the status column says; a value that stands in no list is an issue. */
static void
read_state(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row)
{
	Piece value;

	if (attachment->fields[FIELD_STATUS].count == 0)
		return;
	value = row->field[FIELD_STATUS] = read_code(attachment, slot, row, FIELD_STATUS);
	for (ChargeState state = 0; state < CHARGE_STATE_COUNT; state++)
		for (int i = 0; i < attachment->status_count[state]; i++)
		{
			const char *known = attachment->status_values[state][i];

			if (strlen(known) == value.length && memcmp(known, value.text ? value.text : "", value.length) == 0)
			{
				row->state = state;
				return;
			}
		}
	posting_set_issue(row, ISSUE_UNKNOWN_STATUS, FIELD_STATUS);
}

/* What must be there. A refund takes item and department from its original, so posting asks for them again once that is not found. */
static void
require_values(const Attachment *attachment, ChargeRow *row)
{
	bool refund = posting_is_refund(row);

	if (row->field[FIELD_ENCOUNTER].text == NULL)
		posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_ENCOUNTER);
	if (row->field[FIELD_ITEM].text == NULL && !refund)
		posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_ITEM);
	if (row->field[FIELD_PERFORMING].text == NULL && !refund)
		posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_PERFORMING);
	if (attachment->refund_reason != REASON_OPTIONAL && row->field[FIELD_REASON].text == NULL &&
		(row->input.quantity < 0 || (row->input.has_amount && row->input.amount < 0)))
		posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_REASON);
}

void
posting_decode_key(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row)
{
	memset(row, 0, sizeof(*row));
	read_key(attachment, slot, row);
}

void
posting_decode(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row)
{
	memset(row, 0, sizeof(*row));
	row->version = 1;
	row->period = PERIOD_UNKNOWN;
	read_key(attachment, slot, row);
	for (int i = 0; i < lengthof(texts); i++)
		row->field[texts[i]] = read_code(attachment, slot, row, texts[i]);
	if (attachment->refund_reason != REASON_OPTIONAL)
		row->field[FIELD_REASON] = read_code(attachment, slot, row, FIELD_REASON);
	read_state(attachment, slot, row);
	read_time(attachment, slot, row);
	if (!read_number(attachment, slot, row, FIELD_QUANTITY, QUANTITY_SCALE, &row->input.quantity) &&
		(row->issues & ISSUE_BIT(ISSUE_UNREADABLE_VALUE)) == 0)
		posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_QUANTITY);
	row->input.has_price = read_number(attachment, slot, row, FIELD_UNIT_PRICE, PRICE_SCALE, &row->input.price);
	row->input.has_amount = read_number(attachment, slot, row, FIELD_AMOUNT, AMOUNT_SCALE, &row->input.amount);
	row->input.names_original = row->field[FIELD_REVERSES_KEY].text != NULL;
	require_values(attachment, row);
	if (attachment->has_details)
		row->detail = posting_read_detail(attachment, slot);
	if (attachment->gone != NULL)
	{
		/* What is missing for that reason is not the row's fault, so the one cause is named. */
		row->issues = ISSUE_BIT(ISSUE_COLUMN_GONE);
		row->issue_field = posting_gone_field(attachment);
	}
}

bool
posting_same(const ChargeRow *a, const ChargeRow *b)
{
	for (int i = 0; i < lengthof(texts); i++)
		if (!piece_equal(a->field[texts[i]], b->field[texts[i]]))
			return false;
	return a->key == b->key && piece_equal(a->key_text, b->key_text) && a->charged_at == b->charged_at && a->state == b->state &&
		piece_equal(a->field[FIELD_REASON], b->field[FIELD_REASON]) &&
		a->issues == b->issues && a->input.quantity == b->input.quantity && a->input.has_price == b->input.has_price &&
		a->input.price == b->input.price && a->input.has_amount == b->input.has_amount && a->input.amount == b->input.amount;
}

char *
posting_key_text(const ChargeRow *row)
{
	return row->key_text.length > 0 ? pnstrdup(row->key_text.text, row->key_text.length) : psprintf(INT64_FORMAT, row->key);
}
