/*
 * posting.h
 *		Attached tables: which of their columns mean what, and their rows as charges.
 */
#ifndef HC_STORE_POSTING_H
#define HC_STORE_POSTING_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/date.h"
#include "utils/rel.h"

#include "core/posting.h"

typedef enum ChargeField
{
	FIELD_SOURCE_KEY,
	FIELD_ENCOUNTER,
	FIELD_ITEM,
	FIELD_QUANTITY,
	FIELD_UNIT_PRICE,
	FIELD_AMOUNT,
	FIELD_ORDERING,
	FIELD_PERFORMING,
	FIELD_WARD,
	FIELD_CHARGED_AT,
	FIELD_REVERSES_KEY,
	FIELD_PRICE_CLASS,
	FIELD_COUNT
} ChargeField;

#define FIELD_MAX_COLUMNS 8

typedef struct FieldMap
{
	int count; /* columns; 0 with constant NULL: not mapped */
	AttrNumber attno[FIELD_MAX_COLUMNS];
	Oid type[FIELD_MAX_COLUMNS];
	char *constant;
} FieldMap;

/* An attached table. Valid until the next posting_attachment() call. */
typedef struct Attachment
{
	Oid relid;
	bool valid;
	bool attached;
	int16 source_id;
	bool strict;
	Pricing pricing;
	bool integer_key; /* source_key is one integer column */
	FieldMap fields[FIELD_COUNT];
} Attachment;

/* A length-counted string in the batch's memory; text NULL: absent. */
typedef struct Piece
{
	const char *text;
	int length;
} Piece;

static inline bool
piece_equal(Piece a, Piece b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.text, b.text, a.length) == 0);
}

/* One charge on its way into the ledger. */
typedef struct ChargeRow
{
	Piece field[FIELD_COUNT]; /* texts; numbers and times are decoded below */
	int64 key;
	Piece key_text; /* "" if the key is an integer */
	ChargeInput input;
	ChargeResult result;
	TimestampTz charged_at;
	DateADT day;
	DateADT period; /* month of service, then the month posted into; PERIOD_UNKNOWN if the time cannot be read */
	int32 item_id;
	int16 ordering_id;
	int16 performing_id;
	int16 ward_id;
	int16 kind;
	int16 version;
	int64 reverses;
	int64 entry_id;
	uint32 issues;
	ChargeField issue_field; /* which field a missing, unreadable or unknown value is about */
	bool duplicate;			 /* the index held this encounter, day and item before */
} ChargeRow;

#define PERIOD_UNKNOWN PG_INT32_MIN

#define KIND_POST 1
#define KIND_REVERSE 2
#define KIND_ADJUST 3

/* The attachment of a relation, read from the catalogue or the cache; NULL if the relation is not attached. elog for a mapping that
 * cannot be read. If a mapped column is gone or has a type that cannot be read, *missing names it and the attachment is not usable. */
extern Attachment *posting_attachment(Oid relid, char **missing);

/* The key of attachment.columns that a field goes by. */
extern const char *posting_field_name(ChargeField field);

/* Decodes one row of the attached table. Strings live in the current memory context. Issues are set, nothing is raised. */
extern void posting_decode(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row);

/* Looks codes and prices up, computes price and amount. Call after posting_decode. */
extern void posting_price(const Attachment *attachment, ChargeRow *row);

/* Whether two decoded rows would be posted alike. */
extern bool posting_same(const ChargeRow *a, const ChargeRow *b);

/* The number a key that is text goes by in the ledger. */
extern int64 posting_text_key(Piece key);

/* Printable source key, in the current memory context. */
extern char *posting_key_text(const ChargeRow *row);

/* Forgets what depends on a relation; for the invalidation callback. */
extern void posting_forget(Oid relid);

#endif
