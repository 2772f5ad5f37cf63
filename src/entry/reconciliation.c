/*
 * reconciliation.c
 *		_reconcile: matches a day and says what became of every item.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "core/reconciliation.h"
#include "entry/sql.h"
#include "store/reconciliation.h"

#define RESULT_COLUMNS 7

static const char *const rule_names[] = {
	[RULE_NONE] = NULL, [RULE_KEY] = "key", [RULE_KEY_SUM] = "key_sum", [RULE_AMOUNT] = "amount",
	[RULE_ONE_TO_MANY] = "one_to_many", [RULE_MANY_TO_ONE] = "many_to_one"
};

typedef struct Output
{
	const Reconciliation *r;
	ReturnSetInfo *result;
	MemoryContext row_context;
	int32 *first[2]; /* per line: the first item of ours, and of the lines, whose head it is; -1 if none */
	int32 *next;	 /* per item: the next one of its side and head */
} Output;

static const char *
outcome_name(const Reconciliation *r, int32 index)
{
	switch (r->item[index].outcome)
	{
		case RECONCILIATION_MATCH:
			return "match";
		case RECONCILIATION_ONLY:
			return index < r->ours ? "his_only" : "channel_only";
		case RECONCILIATION_TRANSIT:
			return "in_transit";
		case RECONCILIATION_AMOUNT:
			return "amount_differs";
		case RECONCILIATION_DUPLICATE:
			return "duplicate";
		case RECONCILIATION_STATUS:
			return "status_differs";
		case RECONCILIATION_OPEN:
		case RECONCILIATION_VOID:
			break;
	}
	return NULL;
}

/* One row: a line, an item of ours, or both (-1: none). The reference stands in the first row of a match by reference, else in each. */
static void
put_row(const Output *out, int32 line, int32 ours, int32 head, bool first)
{
	Datum values[RESULT_COLUMNS] = {0};
	bool nulls[RESULT_COLUMNS] = {false};
	int32 index = line >= 0 ? line : ours;
	const ReconciliationItem *item = &out->r->item[index];
	const ReconciliationText *key = item->key.bytes != NULL || ours < 0 ? &item->key : &out->r->item[ours].key;
	MemoryContext old = MemoryContextSwitchTo(out->row_context);

	nulls[0] = line < 0;
	nulls[1] = ours < 0;
	nulls[2] = head < 0;
	if (line >= 0)
		values[0] = Int64GetDatum(item->id);
	if (ours >= 0)
		values[1] = Int64GetDatum(out->r->item[ours].id);
	if (head >= 0)
		values[2] = Int64GetDatum(out->r->item[head].id);
	values[3] = CStringGetTextDatum(outcome_name(out->r, index));
	nulls[4] = item->rule == RULE_NONE;
	if (!nulls[4])
		values[4] = CStringGetTextDatum(rule_names[item->rule]);
	values[5] = BoolGetDatum(item->amount < 0);
	nulls[6] = key->bytes == NULL || (!first && (item->rule == RULE_KEY || item->rule == RULE_KEY_SUM));
	if (!nulls[6])
		values[6] = PointerGetDatum(cstring_to_text_with_len(key->bytes, key->length));
	tuplestore_putvalues(out->result->setResult, out->result->setDesc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(out->row_context);
}

/* Strings together what belongs to one head, so that its items lie side by side in rows. */
static void
gather_heads(Output *out)
{
	const Reconciliation *r = out->r;
	Size lines = Max(r->lines, 1) * sizeof(int32);
	Size items = Max(r->ours + r->lines, 1) * sizeof(int32);

	for (int side = 0; side < 2; side++)
	{
		out->first[side] = MemoryContextAllocExtended(CurrentMemoryContext, lines, MCXT_ALLOC_HUGE);
		memset(out->first[side], 0xff, lines);
	}
	out->next = MemoryContextAllocExtended(CurrentMemoryContext, items, MCXT_ALLOC_HUGE);
	for (int32 i = r->ours + r->lines - 1; i >= 0; i--)
	{
		int32 head = r->item[i].head;

		if (head < 0)
			continue;
		out->next[i] = out->first[i >= r->ours][head];
		out->first[i >= r->ours][head] = i;
	}
}

static void
put_all(const Output *out)
{
	const Reconciliation *r = out->r;

	for (int32 i = 0; i < r->ours + r->lines; i++)
		if (r->item[i].head < 0 && outcome_name(r, i) != NULL)
			put_row(out, i >= r->ours ? i : -1, i >= r->ours ? -1 : i, -1, true);
	for (int32 head = 0; head < r->lines; head++)
	{
		int32 ours = out->first[0][head];
		int32 line = out->first[1][head];
		bool first = true;

		if (head % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		for (; ours >= 0 || line >= 0; first = false)
		{
			put_row(out, line, ours, r->ours + head, first);
			ours = ours < 0 ? -1 : out->next[ours];
			line = line < 0 ? -1 : out->next[line];
		}
	}
}

SQL_FUNCTION(hc_reconcile);

/* _reconcile(kind, day): what became of every open item; a kind without a format has none. */
Datum
hc_reconcile(PG_FUNCTION_ARGS)
{
	Reconciliation r;
	Output out = {.r = &r};
	Fault fault;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || !reconciliation_load(PG_GETARG_TEXT_PP(0), PG_GETARG_DATEADT(1), &r))
		return (Datum) 0;
	fault = reconciliation_match(&r);
	if (fault.code != FAULT_NONE)
		elog(ERROR, "reconciliation: fault %d at " INT64_FORMAT, fault.code, fault.at);
	out.result = (ReturnSetInfo *) fcinfo->resultinfo;
	out.row_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost reconciliation row", ALLOCSET_SMALL_SIZES);
	gather_heads(&out);
	put_all(&out);
	return (Datum) 0;
}
