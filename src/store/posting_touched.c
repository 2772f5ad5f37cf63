/*
 * posting_touched.c
 *		A list in the transaction's memory. It stays empty unless HIS triggers write to attached tables, so a list serves.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "store/posting_touched.h"

struct Touched
{
	struct Touched *next;
	SubTransactionId subtransaction;
	CommandId command;
	int16 source_id;
	char source_key[FLEXIBLE_ARRAY_MEMBER];
};

static Touched *touched = NULL;

void
touched_add(int16 source_id, const char *source_key)
{
	Touched *entry = MemoryContextAlloc(TopTransactionContext, offsetof(Touched, source_key) + strlen(source_key) + 1);

	entry->next = touched;
	entry->subtransaction = GetCurrentSubTransactionId();
	entry->command = GetCurrentCommandId(false);
	entry->source_id = source_id;
	strcpy(entry->source_key, source_key);
	touched = entry;
}

bool
touched_since(const Touched *mark, int16 source_id, const char *source_key, CommandId since)
{
	/* Latest first: older ones than "since" end the search. */
	for (const Touched *entry = mark; entry != NULL && entry->command > since; entry = entry->next)
		if (entry->source_id == source_id && strcmp(entry->source_key, source_key) == 0)
			return true;
	return false;
}

const Touched *
touched_mark(void)
{
	return touched;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		touched = NULL; /* the memory goes with the transaction */
}

/* What a rolled back subtransaction posted was not posted. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (touched != NULL && touched->subtransaction >= mine)
			touched = touched->next;
}

void
touched_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
