/*
 * posting_priced.c
 *		A list in the transaction's memory, of one statement's refunds.
 */
#include "postgres.h"

#include "access/xact.h"
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
static CommandId statement;

static void
begin_statement(void)
{
	if (statement != GetCurrentCommandId(false))
		count = 0;
	statement = GetCurrentCommandId(false);
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

int
posting_priced(int16 source_id, const ChargeRow *self, int64 original_id, RefundEntry **entries)
{
	int n = 0;

	begin_statement();
	*entries = palloc(Max(count, 1) * sizeof(RefundEntry));
	for (int i = 0; i < count; i++)
		if (list[i].source_id == source_id && list[i].original_id == original_id && list[i].key != self->key)
		{
			/* no entry has these ids */
			(*entries)[n] = (RefundEntry) {-1 - n, original_id, list[i].quantity, list[i].amount, 0, false, false};
			n++;
		}
	return n;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		list = NULL; /* the memory goes with the transaction */
		count = room = 0;
	}
}

void
posting_priced_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}
