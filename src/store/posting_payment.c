/*
 * posting_payment.c
 *		Reading rows of payment tables by the very expressions that SQL reads them by, without an executor.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "store/compat.h"
#include "store/decimal.h"
#include "store/ground.h"
#include "store/ground_user.h"
#include "store/posting_payment.h"

/* As hospital_cost._judge_payments. */
#define MOST_MINOR_UNITS INT64CONST(100000000000000000)
#define LONGEST_CODE 1000
/* In the last days of 9999 a row is left to SQL. */
#define LAST_DAY 2921900

static HTAB *readers = NULL;
/* What any reader depends on. */
static Oid attachment_relid = InvalidOid;
static Oid hospital_relid = InvalidOid;

void
payment_forget(Oid relid)
{
	HASH_SEQ_STATUS scan;
	PaymentReader *reader;

	if (readers == NULL)
		return;
	if (relid != InvalidOid && relid != attachment_relid && relid != hospital_relid)
	{
		reader = hash_search(readers, &relid, HASH_FIND, NULL);
		if (reader != NULL)
			reader->valid = false;
		return;
	}
	hash_seq_init(&scan, readers);
	while ((reader = hash_seq_search(&scan)) != NULL)
		reader->valid = false;
}

static void
forget_rights(Datum arg, int cache, uint32 hash)
{
	payment_forget(InvalidOid);
}

void
payment_init(void)
{
	CacheRegisterSyscacheCallback(NAMESPACEOID, forget_rights, 0);
	CacheRegisterSyscacheCallback(AUTHOID, forget_rights, 0);
	CacheRegisterSyscacheCallback(AUTHMEMMEMROLE, forget_rights, 0);
}

/* A text[] of the row that SPI read, copied into the current memory context. */
static PaymentWords
copy_words(int column)
{
	PaymentWords words = {0};
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	if (!isnull)
		deconstruct_array(DatumGetArrayTypePCopy(value), TEXTOID, -1, false, TYPALIGN_INT, &words.word, NULL, &words.count);
	return words;
}

/* Makes expressions over a row of the table out of the columns of a query; false where one is not of the type that is expected. */
static bool
make_expressions(PaymentReader *reader, const char *query)
{
	RawStmt *raw = linitial_node(RawStmt, raw_parser(query, RAW_PARSE_DEFAULT));
	Query *analysed = parse_analyze_fixedparams(raw, query, NULL, 0, NULL);

	for (int i = 0; i < PAYMENT_FIELDS; i++)
	{
		TargetEntry *entry = list_nth_node(TargetEntry, analysed->targetList, i);
		Oid type = exprType((Node *) entry->expr);
		bool is_text = type == TEXTOID || type == VARCHAROID;

		if (i == PAYMENT_AMOUNT ? type != NUMERICOID : i == PAYMENT_PAID_AT || i == PAYMENT_STARTED_AT ? type != TIMESTAMPTZOID : !is_text)
			return false;
		reader->field[i] = ExecInitExpr(expression_planner(entry->expr), NULL);
	}
	reader->expressions = CreateStandaloneExprContext();
	return true;
}

static void
make_reader(PaymentReader *reader)
{
	Oid types[] = {REGCLASSOID};
	Datum values[] = {ObjectIdGetDatum(reader->relid)};
	MemoryContext caller = CurrentMemoryContext;
	Relation catalogue;
	GroundUser self;
	bool isnull;
	Datum query;

	if (reader->context != NULL)
		MemoryContextDelete(reader->context);
	reader->context = AllocSetContextCreate(TopMemoryContext, "hospital_cost payment table", ALLOCSET_DEFAULT_SIZES);
	reader->able = false;
	attachment_relid = ground_relation("attachment");
	hospital_relid = ground_relation("hospital");
	/* Valid before the read: an invalidation that arrives during it must not be lost. */
	reader->valid = true;
	/* The writer may not read our tables, and must not choose what the words of a query mean. */
	catalogue = table_open(attachment_relid, AccessShareLock);
	ground_become_owner(catalogue->rd_rel->relowner, &self);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_execute_with_args("SELECT r.source_id, r.query, r.payments, r.deposits, r.charged FROM hospital_cost._payment_reader($1) r",
							  1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read how payments are read");
	query = SPI_processed == 0 ? (Datum) 0 : SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	if (query != (Datum) 0)
	{
		MemoryContextSwitchTo(reader->context);
		reader->source_id = DatumGetInt16(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		reader->payments = copy_words(3);
		reader->deposits = copy_words(4);
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &isnull);
		reader->has_status = !isnull;
		reader->charged = copy_words(5);
		reader->able = make_expressions(reader, TextDatumGetCString(query));
	}
	SPI_finish();
	MemoryContextSwitchTo(caller);
	ground_become_self(&self);
	table_close(catalogue, AccessShareLock);
}

PaymentReader *
payment_reader(Relation rel)
{
	Oid relid = RelationGetRelid(rel);
	PaymentReader *reader;
	bool found;

	if (readers == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(PaymentReader)};

		readers = hash_create("hospital_cost payment tables", 16, &control, HASH_ELEM | HASH_BLOBS);
	}
	reader = hash_search(readers, &relid, HASH_ENTER, &found);
	if (!found)
		memset((char *) reader + sizeof(Oid), 0, sizeof(PaymentReader) - sizeof(Oid));
	if (!reader->valid)
	{
		PG_TRY();
		{
			make_reader(reader);
		}
		PG_CATCH();
		{
			reader->valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	return reader;
}

static bool
is_among(Datum value, const PaymentWords *words)
{
	text *x = DatumGetTextPP(value);

	for (int i = 0; i < words->count; i++)
	{
		text *y = DatumGetTextPP(words->word[i]);

		if (VARSIZE_ANY_EXHDR(x) == VARSIZE_ANY_EXHDR(y) && memcmp(VARDATA_ANY(x), VARDATA_ANY(y), VARSIZE_ANY_EXHDR(x)) == 0)
			return true;
	}
	return false;
}

static bool
is_too_long(const PaymentRow *row, PaymentField field)
{
	return !row->null[field] && VARSIZE_ANY_EXHDR(DatumGetTextPP(row->value[field])) > LONGEST_CODE;
}

/* As hospital_cost._judge_payments, for what comes in and is as it should be. */
static bool
is_ordinary(const PaymentReader *reader, PaymentRow *row)
{
	bool rounded;

	if (reader->has_status && (row->null[PAYMENT_STATUS] || !is_among(row->value[PAYMENT_STATUS], &reader->charged)))
		return false;
	if (row->null[PAYMENT_SOURCE_KEY] || row->null[PAYMENT_KIND] || row->null[PAYMENT_METHOD] || row->null[PAYMENT_AMOUNT] ||
		row->null[PAYMENT_PAID_AT] || (row->null[PAYMENT_ENCOUNTER] && row->null[PAYMENT_PATIENT]))
		return false;
	row->is_deposit = is_among(row->value[PAYMENT_KIND], &reader->deposits);
	if (!row->is_deposit && !is_among(row->value[PAYMENT_KIND], &reader->payments))
		return false;
	if (!decimal_from_numeric(row->value[PAYMENT_AMOUNT], 2, &row->amount, &rounded) || rounded || row->amount < 0 || row->amount >= MOST_MINOR_UNITS)
		return false;
	if (is_too_long(row, PAYMENT_ENCOUNTER) || is_too_long(row, PAYMENT_PATIENT) || is_too_long(row, PAYMENT_REVERSES_KEY) ||
		TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(row->value[PAYMENT_PAID_AT])))
		return false;
	row->day = ground_day_of_instant(DatumGetTimestampTz(row->value[PAYMENT_PAID_AT]));
	if (!row->null[PAYMENT_STARTED_AT] && TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(row->value[PAYMENT_STARTED_AT])))
		row->null[PAYMENT_STARTED_AT] = true;
	return row->day < LAST_DAY;
}

bool
payment_read(PaymentReader *reader, TupleTableSlot *slot, PaymentRow *row)
{
	reader->expressions->ecxt_scantuple = slot;
	for (int i = 0; i < PAYMENT_FIELDS; i++)
		row->value[i] = ExecEvalExprSwitchContext(reader->field[i], reader->expressions, &row->null[i]);
	return is_ordinary(reader, row);
}
