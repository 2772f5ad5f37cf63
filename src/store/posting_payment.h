/*
 * posting_payment.h
 *		The ordinary payment, without SQL: a row of an attached payment table that nobody posted before and that nothing is said about.
 *
 * Whatever is not plainly ordinary is left to the settlement written in SQL, which also finds what was entered here as if it had done so itself.
 */
#ifndef HC_STORE_POSTING_PAYMENT_H
#define HC_STORE_POSTING_PAYMENT_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/date.h"
#include "utils/rel.h"

/* Fields of a row in the order in which hospital_cost._payment_query reads them. */
typedef enum PaymentField
{
	PAYMENT_SOURCE_KEY, PAYMENT_KIND, PAYMENT_METHOD, PAYMENT_AMOUNT, PAYMENT_PAID_AT, PAYMENT_ENCOUNTER, PAYMENT_PATIENT, PAYMENT_STARTED_AT,
	PAYMENT_OPERATOR, PAYMENT_WINDOW, PAYMENT_REVERSES_KEY, PAYMENT_REASON, PAYMENT_RECEIPT_NO, PAYMENT_SETTLEMENT, PAYMENT_EXTERNAL_REFERENCE,
	PAYMENT_STATUS, PAYMENT_FIELDS
} PaymentField;

typedef struct PaymentWords
{
	int count;
	Datum *word; /* text */
} PaymentWords;

/* How rows of a table are read. */
typedef struct PaymentReader
{
	Oid relid; /* hash key */
	bool valid;
	bool able; /* its rows can be judged here */
	int16 source_id;
	MemoryContext context;
	ExprContext *expressions;
	ExprState *field[PAYMENT_FIELDS];
	PaymentWords payments; /* the hospital's words */
	PaymentWords deposits;
	PaymentWords charged;
	bool has_status;
} PaymentReader;

typedef struct PaymentRow
{
	Datum value[PAYMENT_FIELDS];
	bool null[PAYMENT_FIELDS];
	int64 amount; /* minor units */
	DateADT day;
	bool is_deposit;
} PaymentRow;

/* The reader of a table, made anew after the table, its attachment, or who may read it changed. */
extern PaymentReader *payment_reader(Relation rel);

/* Forgets what depends on a relation (invalid: on any); for the invalidation callback. */
extern void payment_forget(Oid relid);

/* Registers what else a reader depends on: who may read the table; once, in _PG_init. */
extern void payment_init(void);

/* Reads a row; false if it is not ordinary. What it points to lives in the memory of the reader's expressions. */
extern bool payment_read(PaymentReader *reader, TupleTableSlot *slot, PaymentRow *row);

/* Whether nothing is known yet, of anybody, committed or not, about these rows: no entry, no refund that waits for them, no issue; and no key comes twice. */
extern bool payment_are_new(const PaymentReader *reader, const PaymentRow *rows, int count);

/* Whether the month of each row is open; those that are stay so until the transaction ends. */
extern bool payment_months_are_open(const PaymentRow *rows, int count);

/* Enters the rows, each into the month of its day. */
extern void payment_append(const PaymentReader *reader, const PaymentRow *rows, int count);

#endif
