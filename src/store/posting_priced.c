/*
 * posting_priced.c
 *		A list in the transaction's memory, of one statement's refunds.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/int.h"
#include "utils/memutils.h"

#include "store/posting_priced.h"

typedef struct Priced
{
	int16 source_id;
	int64 key;
	int64 original_id;
	int64 quantity;
	int64 amount;
} Priced;

static Priced *list = NULL;
static int count = 0;
static int room = 0;
static Books *books = NULL;
static CommandId command;
static SubTransactionId subtransaction;
static TimestampTz began;

/* Of the statement before nothing is true any more. One that failed before it wrote leaves its command id to the next. */
static void
begin_statement(void)
{
	if (command == GetCurrentCommandId(false) && subtransaction == GetCurrentSubTransactionId() && began == GetCurrentStatementStartTimestamp())
		return;
	count = 0;
	if (books != NULL)
		books_close(books);
	command = GetCurrentCommandId(false);
	subtransaction = GetCurrentSubTransactionId();
	began = GetCurrentStatementStartTimestamp();
}

Books *
posting_priced_books(void)
{
	begin_statement();
	if (books == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

		books = books_begin(NULL);
		MemoryContextSwitchTo(caller);
	}
	books_written(books);
	return books;
}

void
posting_note_price(int16 source_id, const ChargeRow *row)
{
	begin_statement();
	if (count == room)
	{
		room = Max(16, room * 2);
		list = list == NULL ? MemoryContextAlloc(TopTransactionContext, room * sizeof(Priced)) : repalloc(list, room * sizeof(Priced));
	}
	list[count++] = (Priced) {source_id, row->key, row->reverses, row->input.quantity, row->result.amount};
}

void
posting_priced(int16 source_id, const ChargeRow *self, int64 original_id, RefundLeft *left)
{
	begin_statement();
	for (int i = 0; i < count; i++)
		if (list[i].source_id == source_id && list[i].original_id == original_id && list[i].key != self->key)
		{
			if (pg_add_s64_overflow(left->quantity, list[i].quantity, &left->quantity))
				left->quantity = -PG_INT64_MAX;
			if (pg_add_s64_overflow(left->amount, list[i].amount, &left->amount))
				left->amount = -PG_INT64_MAX;
		}
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		list = NULL; /* the memory goes with the transaction */
		books = NULL;
		count = room = 0;
	}
}

void
posting_priced_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}
