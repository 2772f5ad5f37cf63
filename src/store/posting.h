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
	FIELD_REASON,
	FIELD_STATUS,
	FIELD_COUNT
} ChargeField;

/* What a charge may say beside: kept where it is mapped, never a reason to refuse a row. Texts, then numbers, then flags. */
typedef enum DetailField
{
	DETAIL_OPERATOR,
	DETAIL_DOCTOR,
	DETAIL_ORDER,
	DETAIL_APPROVED_BY,
	DETAIL_TRACE_CODE,
	DETAIL_SETTLEMENT,
	DETAIL_DISCOUNT,	/* yuan 1e-2 */
	DETAIL_DAYS,		/* 1e-4 */
	DETAIL_FUND_AMOUNT, /* yuan 1e-2 */
	DETAIL_REIMBURSABLE,
	DETAIL_COUNT
} DetailField;

#define DETAIL_TEXTS DETAIL_DISCOUNT

#define FIELD_MAX_COLUMNS 8
#define MAX_CODE_LENGTH 512

typedef struct FieldMap
{
	int count; /* columns; 0 with constant NULL: not mapped */
	AttrNumber attno[FIELD_MAX_COLUMNS];
	Oid type[FIELD_MAX_COLUMNS];
	char *constant;
	char *gone; /* a mapped column that is not there any more, or cannot be read; the field then counts as not mapped */
} FieldMap;

/* What to do with rows that are not clean. */
typedef enum PostingMode
{
	MODE_STRICT, /* raise */
	MODE_FLAG,	 /* accept and explain */
	MODE_ASYNC	 /* only note the key; post_pending posts */
} PostingMode;

/* What a row's status column says of it. */
typedef enum ChargeState
{
	CHARGE_CHARGED, /* it is a charge; also without a status column */
	CHARGE_PLANNED, /* not yet */
	CHARGE_VOID		/* no more */
} ChargeState;

#define CHARGE_STATE_COUNT 3

typedef enum RefundReason
{
	REASON_OPTIONAL,
	REASON_REQUIRED,
	REASON_CODED /* and a code of reason_code */
} RefundReason;

/* An attached table. Valid until the next posting_attachment() call. */
typedef struct Attachment
{
	Oid relid;
	bool valid;
	bool attached;
	int16 source_id;
	PostingMode mode;
	Pricing pricing;
	RefundReason refund_reason;
	bool integer_key;	/* source_key is one integer column */
	bool key_is_unique; /* the table keeps a key from coming twice */
	const char *gone;	/* some mapped column that is gone, or NULL */
	char **status_values[CHARGE_STATE_COUNT];
	int status_count[CHARGE_STATE_COUNT];
	FieldMap fields[FIELD_COUNT];
	bool has_details; /* some of them are mapped */
	FieldMap details[DETAIL_COUNT];
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

/* The details of a charge; what is absent or cannot be read is not there. */
typedef struct ChargeDetail
{
	bool has[DETAIL_COUNT];
	Piece text[DETAIL_TEXTS];
	int64 number[DETAIL_COUNT];
	bool reimbursable;
} ChargeDetail;

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
	ChargeState state;
	uint32 issues;
	ChargeField issue_field; /* which field a missing, unreadable or unknown value is about */
	ChargeField other_field; /* which field differs from the original or from the entry that is there */
	char *other_value;		 /* and what that one has */
	ChargeDetail *detail;	 /* NULL: none is mapped */
	bool duplicate;			 /* the index held this encounter, day and item before */
} ChargeRow;

#define PERIOD_UNKNOWN PG_INT32_MIN

#define KIND_POST 1
#define KIND_REVERSE 2
#define KIND_ADJUST 3

/* The attachment of a relation, read from the catalogue or the cache; NULL if the relation is not attached. elog for a mapping that
 * cannot be read. */
extern Attachment *posting_attachment(Oid relid);

/* The key of attachment.columns that a field goes by. */
extern const char *posting_field_name(ChargeField field);

/* The key of attachment.columns that a detail goes by. */
extern const char *posting_detail_name(DetailField field);

/* The first field whose column is gone; only if attachment->gone says that there is one. */
extern ChargeField posting_gone_field(const Attachment *attachment);

/* Decodes only the source key of a row. */
extern void posting_decode_key(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row);

/*
 * Reads a field as text, its columns joined by '|'. Empty text counts as absent. With a "key" (NULL: none) the parts are spelled as in that field, whose texts are
 * exact: 'a' and 'a ' are two rows. Nothing but blanks is no name of a row all the same.
 */
extern Piece posting_read_piece(const FieldMap *map, TupleTableSlot *slot, bool empty_parts, const FieldMap *key);

/* The details of a row, in the current memory context. */
extern ChargeDetail *posting_read_detail(const Attachment *attachment, TupleTableSlot *slot);

/* Decodes one row of the attached table. Strings live in the current memory context. Issues are set, nothing is raised. */
extern void posting_decode(const Attachment *attachment, TupleTableSlot *slot, ChargeRow *row);

/* Looks codes up and the list price of the day. Call after posting_decode. */
extern void posting_look_up(ChargeRow *row);

/* Decides price, amount and kind from what was decoded and looked up. */
extern void posting_price(const Attachment *attachment, ChargeRow *row);

/* Sets a blocking or other issue; the field of the first blocking one is the one that is named. */
extern void posting_set_issue(ChargeRow *row, IssueCode code, ChargeField field);

/* Whether the row gives something back and says what. */
static inline bool
posting_is_refund(const ChargeRow *row)
{
	return row->input.names_original && (row->input.quantity < 0 || (row->input.has_amount && row->input.amount < 0));
}

/* Whether two decoded rows would be posted alike. */
extern bool posting_same(const ChargeRow *a, const ChargeRow *b);

/* The number a key that is text goes by in the ledger. */
extern int64 posting_text_key(Piece key);

/* Printable source key, in the current memory context. */
extern char *posting_key_text(const ChargeRow *row);

/* Forgets what depends on a relation; for the invalidation callback. */
extern void posting_forget(Oid relid);

#endif
