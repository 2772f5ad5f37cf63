/*
 * reconciliation.c
 *		_reconcile: matches a day, writes the matches and says which items are left over, and why.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "core/reconciliation.h"
#include "entry/sql.h"
#include "store/reconciliation.h"

#define RESULT_COLUMNS 3

typedef struct Output
{
	const Reconciliation *r;
	ReturnSetInfo *result;
	int32 *first[2]; /* per line: the first item of ours, and of the lines, whose head it is; -1 if none */
	int32 *next;	 /* per item: the next one of its side and head */
	ReconciliationRow *row; /* of matches */
	int32 rows;
} Output;

static const char *
outcome_name(const Reconciliation *r, int32 index)
{
	switch (r->item[index].outcome)
	{
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
		case RECONCILIATION_MATCH:
			break;
	}
	return NULL;
}

/* One difference: a line, an item of ours, or both (-1: none). */
static void
put_difference(const Output *out, int32 line, int32 ours)
{
	Datum values[RESULT_COLUMNS] = {0};
	bool nulls[RESULT_COLUMNS] = {line < 0, ours < 0, false};

	if (line >= 0)
		values[0] = Int64GetDatum(out->r->item[line].id);
	if (ours >= 0)
		values[1] = Int64GetDatum(out->r->item[ours].id);
	values[2] = CStringGetTextDatum(outcome_name(out->r, line >= 0 ? line : ours));
	tuplestore_putvalues(out->result->setResult, out->result->setDesc, values, nulls);
}

/* The reference stands in the first row of a match by reference, else in each that has one. */
static void
add_row(Output *out, int32 line, int32 ours, int32 head, bool first)
{
	const ReconciliationItem *item = out->r->item;
	const ReconciliationItem *any = &item[line >= 0 ? line : ours];
	ReconciliationRow *row = &out->row[out->rows++];

	*row = (ReconciliationRow) {.match_id = item[head].id, .has_line = line >= 0, .has_entry = ours >= 0, .outgoing = any->amount < 0,
		.rule = any->rule};
	if (line >= 0)
		row->line_id = item[line].id;
	if (ours >= 0)
		row->entry_id = item[ours].id;
	if (first || (any->rule != RULE_KEY && any->rule != RULE_KEY_SUM))
		row->reference = any->key.bytes != NULL || ours < 0 ? any->key : item[ours].key;
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

/* What belongs to one head: a difference, or rows of a match. */
static void
put_head(Output *out, int32 head)
{
	int32 ours = out->first[0][head];
	int32 line = out->first[1][head];
	bool is_match = line >= 0 && out->r->item[line].outcome == RECONCILIATION_MATCH;
	bool first = true;

	for (; ours >= 0 || line >= 0; first = false)
	{
		if (is_match)
			add_row(out, line, ours, out->r->ours + head, first);
		else
			put_difference(out, line, ours);
		ours = ours < 0 ? -1 : out->next[ours];
		line = line < 0 ? -1 : out->next[line];
	}
}

static void
put_all(Output *out)
{
	const Reconciliation *r = out->r;

	for (int32 i = 0; i < r->ours + r->lines; i++)
		if (r->item[i].head < 0 && outcome_name(r, i) != NULL)
			put_difference(out, i >= r->ours ? i : -1, i >= r->ours ? -1 : i);
	for (int32 head = 0; head < r->lines; head++)
	{
		if (head % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		put_head(out, head);
	}
}

SQL_FUNCTION(hc_reconcile);

/* _reconcile(kind, day, run): matches what is open and returns what does not match; a kind without a format has nothing. */
Datum
hc_reconcile(PG_FUNCTION_ARGS)
{
	Reconciliation r;
	Output out = {.r = &r};
	Fault fault;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || !reconciliation_load(PG_GETARG_TEXT_PP(0), PG_GETARG_DATEADT(1), &r))
		return (Datum) 0;
	fault = reconciliation_match(&r);
	if (fault.code != FAULT_NONE)
		elog(ERROR, "reconciliation: fault %d at " INT64_FORMAT, fault.code, fault.at);
	out.result = (ReturnSetInfo *) fcinfo->resultinfo;
	out.row = MemoryContextAllocExtended(CurrentMemoryContext, Max(r.ours + r.lines, 1) * sizeof(ReconciliationRow), MCXT_ALLOC_HUGE);
	gather_heads(&out);
	put_all(&out);
	reconciliation_save(PG_GETARG_TEXT_PP(0), PG_GETARG_INT32(2), out.row, out.rows);
	return (Datum) 0;
}
