/*
 * reconciliation_read.h
 *		What loading the sides of a day asks the database.
 */
#ifndef HC_STORE_RECONCILIATION_READ_H
#define HC_STORE_RECONCILIATION_READ_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "tcop/dest.h"
#include "utils/date.h"

#include "core/reconciliation.h"

#define RECONCILIATION_DIGEST 32
#define RECONCILIATION_OUR_COLUMNS 6

typedef struct ReconciliationStatement
{
	int64 id;
	char digest[RECONCILIATION_DIGEST];
} ReconciliationStatement;

/* The format of a kind on a day, and what follows from it. */
typedef struct ReconciliationFormat
{
	Datum kind;
	DateADT day;
	DateADT first_day; /* of those that are looked at again */
	Datum methods;
	Datum zone;
	char *reference; /* column of a payment */
	int32 transit_days;
	int64 transit_margin; /* microseconds */
	TimestampTz *end_of_day; /* of "day" and the days before it that may be in transit */
	ReconciliationStatement *statement; /* of the kind, in order of their ids */
	int32 statements;
} ReconciliationFormat;

/* Reads the format, and the bounds of the rules into *r. False where there is none. SPI is connected, here and below. */
extern bool reconciliation_read_format(text *kind, DateADT day, Reconciliation *r, ReconciliationFormat *format);

/* Hands out payments or lines of the days looked at, or (open) those still open from before them. */
extern void reconciliation_read_rows(const ReconciliationFormat *format, bool lines, bool open, DestReceiver *receiver);

/* Ids in ascending order. */
typedef struct ReconciliationIds
{
	int64 *id;
	uint64 count;
	uint64 place; /* where the last one asked for would be */
} ReconciliationIds;

typedef enum ReconciliationIdList
{
	RECONCILIATION_MATCHED_ENTRIES,
	RECONCILIATION_MATCHED_LINES,
	RECONCILIATION_REVERSED, /* entries taken back */
	RECONCILIATION_REPLACED	 /* and another stands in their place */
} ReconciliationIdList;

/* The ids of a list between two, palloc'ed. */
extern ReconciliationIds reconciliation_read_ids(ReconciliationIdList list, int64 low, int64 high);

/* Whether an id is in the list; quickest where the ids that are asked for ascend. */
extern bool reconciliation_has_id(ReconciliationIds *ids, int64 id);

/* A text of an item as a Datum: it lies behind its length. */
#define RECONCILIATION_DATUM(text) PointerGetDatum((text).bytes - VARHDRSZ)

/* Marks the items whose reference is in a match. */
extern void reconciliation_mark_taken(text *kind, Reconciliation *r);

#endif
