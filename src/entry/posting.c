/*
 * posting.c
 *		The statement triggers of an attached charge table.
 *
 * One pass over the transition tables in batches: decode, price, find the period, write entries, write issues, offer the batch to the
 * anomaly room. An update is a reversal and a new entry, a delete a reversal. Nothing but strict mode and blocking rules raises.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "core/period.h"
#include "entry/posting.h"
#include "entry/raise.h"
#include "entry/sql.h"
#include "store/ground.h"
#include "store/posting_ledger.h"
#include "store/posting_source.h"

posting_batch_hook_type posting_batch_hook = NULL;

#define KNOWN_MONTHS 8

/* The work of one statement. */
typedef struct Poster
{
	const Attachment *attachment;
	LedgerWriter *ledger;
	FindingWriter *findings;
	MemoryContext batch_context; /* reset after every batch */
	ChargeRow *rows;			 /* rows of this batch that were posted */
	int *place;					 /* place[i]: position of rows[i] among the entries queued */
	int count;
	int queued;
	struct
	{
		DateADT month;
		DateADT target;
		PeriodOutcome outcome;
	} months[KNOWN_MONTHS];
	int month_count;
	bool pending;	 /* rows that may have been refused before: their issues close when they are posted */
	int64 posted;	 /* rows that became entries */
} Poster;

static PeriodOutcome
posting_period(Poster *poster, DateADT day, DateADT *target)
{
	DateADT month = period_of_day(day);
	int at;

	for (at = 0; at < poster->month_count; at++)
		if (poster->months[at].month == month)
		{
			*target = poster->months[at].target;
			return poster->months[at].outcome;
		}
	/* A ninth month takes the last place: its answer is asked for again, which is only slower. */
	at = Min(at, KNOWN_MONTHS - 1);
	poster->months[at].month = month;
	poster->months[at].outcome = ground_posting_period(month, target);
	poster->months[at].target = *target;
	poster->month_count = Min(poster->month_count + 1, KNOWN_MONTHS);
	return poster->months[at].outcome;
}

static void
write_issue(Poster *poster, const ChargeRow *row, IssueCode code)
{
	Finding finding = {.class = "data", .code = issue_name(code), .source_id = poster->attachment->source_id, .row = row};
	char *expected, *observed;

	finding.severity = ISSUE_BIT(code) & ISSUES_BLOCKING ? "blocking" : "warning";
	issue_values(row, code, &finding.field, &expected, &observed);
	finding.expected = expected;
	finding.observed = observed;
	finding_add(poster->findings, &finding);
}

static void
report_issues(Poster *poster, const ChargeRow *row)
{
	uint32 issues = row->issues;

	/* A row without an entry is reported for what blocks it; the rest is judged when it is posted. */
	if (issues & ISSUES_BLOCKING)
		issues &= ISSUES_BLOCKING;
	for (IssueCode code = 0; issues != 0 && code < ISSUE_COUNT; code++)
	{
		if ((issues & ISSUE_BIT(code)) == 0)
			continue;
		if (poster->attachment->strict && (ISSUE_BIT(code) & ISSUES_STRICT))
			raise_issue(poster->attachment, row, code);
		/* A pending row refused again for the same cause keeps the issue it has. */
		if (poster->pending && finding_is_open(poster->attachment->source_id, posting_key_text(row), issue_name(code)))
			continue;
		write_issue(poster, row, code);
	}
}

/* Finds the line a refund names: in this batch, which is not written yet, or in the ledger. */
static void
find_original(Poster *poster, ChargeRow *row)
{
	Piece named = row->field[FIELD_REVERSES_KEY];
	bool integer_key = poster->attachment->integer_key;
	int64 key = 0;
	LedgerEntry original;
	int16 last_version;

	row->kind = KIND_ADJUST;
	if (integer_key)
	{
		char *end;
		char *digits = pnstrdup(named.text, named.length);

		errno = 0;
		key = strtoll(digits, &end, 10);
		if (errno != 0 || *end != '\0')
		{
			row->issues |= ISSUE_BIT(ISSUE_ORIGINAL_NOT_FOUND);
			return;
		}
	}
	else
		key = posting_text_key(named);
	for (int i = 0; i < poster->count && row->reverses == 0; i++)
		if (poster->rows[i].key == key && (integer_key || (poster->rows[i].key_text.length == named.length &&
			memcmp(poster->rows[i].key_text.text, named.text, named.length) == 0)))
			row->reverses = poster->rows[i].entry_id;
	if (row->reverses == 0 && ledger_find_live(poster->attachment->source_id, key, integer_key ? (Piece) {"", 0} : named,
											   row->field[FIELD_ENCOUNTER], &original, &last_version))
		row->reverses = original.entry_id;
	if (row->reverses == 0)
		row->issues |= ISSUE_BIT(ISSUE_ORIGINAL_NOT_FOUND);
	else
		row->kind = KIND_REVERSE;
}

/* Posts one decoded row, or writes down why it cannot be. */
static void
post_row(Poster *poster, ChargeRow *row)
{
	posting_price(poster->attachment, row);
	if ((row->issues & ISSUES_BLOCKING) == 0)
	{
		DateADT target;
		PeriodOutcome outcome = posting_period(poster, row->day, &target);

		if (outcome != PERIOD_FOUND)
			row->issues |= ISSUE_BIT(outcome == PERIOD_CLOSED ? ISSUE_PERIOD_CLOSED : ISSUE_PERIOD_NOT_OPEN);
		else if (target != row->period)
		{
			row->issues |= ISSUE_BIT(ISSUE_LATE);
			row->result.flags |= FLAG_LATE;
			row->period = target;
		}
		if (row->kind == KIND_ADJUST && row->input.names_original)
			find_original(poster, row);
	}
	if ((row->issues & ISSUES_BLOCKING) == 0)
	{
		LedgerEntry entry;

		ledger_entry_of_row(poster->attachment->source_id, row, &entry);
		ledger_add(poster->ledger, &entry);
		row->entry_id = entry.entry_id;
		poster->place[poster->count] = poster->queued++;
		poster->rows[poster->count++] = *row;
		poster->posted++;
		if (poster->pending)
		{
			finding_flush(poster->findings);
			finding_resolve(poster->attachment->source_id, posting_key_text(row), 0);
		}
	}
	report_issues(poster, row);
}

/* Takes the entry of a changed or deleted row back. False if its period refuses that; the row then keeps its entry and an issue. */
static bool
reverse_row(Poster *poster, ChargeRow *old, int16 *version)
{
	LedgerEntry live, reversal;
	DateADT target;
	bool found;

	found = ledger_find_live(poster->attachment->source_id, old->key, old->key_text, old->field[FIELD_ENCOUNTER], &live,
							 version);
	(*version)++;
	if (found)
	{
		PeriodOutcome outcome = posting_period(poster, live.service_day, &target);

		if (outcome != PERIOD_FOUND)
		{
			old->issues = ISSUE_BIT(outcome == PERIOD_CLOSED ? ISSUE_PERIOD_CLOSED : ISSUE_PERIOD_NOT_OPEN);
			old->period = live.period;
			report_issues(poster, old);
			return false;
		}
		ledger_reversal_of(&live, target, &reversal);
		ledger_add(poster->ledger, &reversal);
		poster->queued++;
	}
	finding_flush(poster->findings);
	finding_resolve(poster->attachment->source_id, posting_key_text(old), found ? live.entry_id : 0);
	return true;
}

/* The version a pending row gets: it may have had entries that were taken back. */
static int16
next_version(Poster *poster, const ChargeRow *row)
{
	LedgerEntry live;
	int16 last_version;

	(void) ledger_find_live(poster->attachment->source_id, row->key, row->key_text, row->field[FIELD_ENCOUNTER], &live,
							&last_version);
	return last_version + 1;
}

static void
flush_batch(Poster *poster)
{
	bool *duplicate = palloc0(Max(poster->queued, 1) * sizeof(bool));

	ledger_flush(poster->ledger, duplicate);
	for (int i = 0; i < poster->count; i++)
		poster->rows[i].duplicate = duplicate[poster->place[i]];
	if (posting_batch_hook != NULL && poster->count > 0)
	{
		PostingBatch batch = {poster->attachment, poster->rows, poster->count, poster->findings};

		posting_batch_hook(&batch);
	}
	finding_flush(poster->findings);
	poster->count = poster->queued = 0;
	CHECK_FOR_INTERRUPTS();
}

/* First pass, a row that was changed or deleted: what it had is taken back. Version 0: there is nothing to post in its place. */
static void
take_back(Poster *poster, TupleTableSlot *old_slot, TupleTableSlot *new_slot, int16 *version)
{
	ChargeRow old, new;

	posting_decode(poster->attachment, old_slot, &old);
	if (new_slot != NULL)
	{
		posting_decode(poster->attachment, new_slot, &new);
		if (posting_same(&old, &new))
		{
			*version = 0;
			return;
		}
	}
	if (!reverse_row(poster, &old, version))
		*version = 0;
}

/* Second pass, a row as it is now. */
static void
post_new(Poster *poster, TupleTableSlot *unused, TupleTableSlot *slot, int16 *version)
{
	ChargeRow row;

	if (*version == 0)
		return;
	posting_decode(poster->attachment, slot, &row);
	row.version = poster->pending ? next_version(poster, &row) : *version;
	post_row(poster, &row);
}

/* Goes through both tables side by side, a batch at a time; "versions" has a place for every row. */
static void
run_pass(Poster *poster, RowSource *old, RowSource *new, int16 *versions,
		 void (*handle)(Poster *, TupleTableSlot *, TupleTableSlot *, int16 *))
{
	int batch = Max(old->batch, new->batch);
	bool more = true;

	source_rewind(old);
	source_rewind(new);
	while (more)
	{
		MemoryContext caller = MemoryContextSwitchTo(poster->batch_context);

		for (int i = 0; i < batch && more; i++)
		{
			TupleTableSlot *old_slot = source_next(old, i);
			TupleTableSlot *new_slot = source_next(new, i);

			more = old_slot != NULL || new_slot != NULL;
			if (more)
				handle(poster, old_slot, new_slot, versions++);
		}
		flush_batch(poster);
		MemoryContextSwitchTo(caller);
		source_clear(old);
		source_clear(new);
		MemoryContextReset(poster->batch_context);
	}
}

/*
 * An update takes back everything before it posts anything: keys may have moved from row to row within the statement, and a key's new entry
 * must not be taken for its old one.
 */
int64
posting_statement(const Attachment *attachment, TupleDesc desc, Tuplestorestate *old_store, Tuplestorestate *new_store, bool pending)
{
	int64 expected = tuplestore_tuple_count(new_store != NULL ? new_store : old_store);
	int batch = (int) Min(expected, LEDGER_BATCH);
	Poster poster = {.attachment = attachment, .pending = pending};
	RowSource old = {0}, new = {0};
	int16 *versions = MemoryContextAllocHuge(CurrentMemoryContext, expected * sizeof(int16));

	for (int64 i = 0; i < expected; i++)
		versions[i] = 1;
	poster.ledger = ledger_begin(expected);
	poster.findings = finding_begin();
	poster.rows = palloc(batch * sizeof(ChargeRow));
	poster.place = palloc(batch * sizeof(int));
	poster.batch_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost posting batch", ALLOCSET_DEFAULT_SIZES);
	source_open(&old, old_store, desc, batch);
	source_open(&new, new_store, desc, batch);
	if (old_store != NULL)
		run_pass(&poster, &old, &new, versions, take_back);
	source_close(&old);
	if (new_store != NULL)
		run_pass(&poster, &old, &new, versions, post_new);
	source_close(&new);
	ledger_end(poster.ledger);
	finding_end(poster.findings);
	MemoryContextDelete(poster.batch_context);
	pfree(versions);
	return poster.posted;
}

SQL_FUNCTION(hc_post_charges);

/*
 * Trigger: AFTER INSERT, UPDATE or DELETE, FOR EACH STATEMENT, with transition tables, on an attached table.
 */
Datum
hc_post_charges(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Attachment *attachment;
	char *missing;
	Tuplestorestate *any;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) ||
		(any = data->tg_newtable ? data->tg_newtable : data->tg_oldtable) == NULL ||
		(TRIGGER_FIRED_BY_UPDATE(data->tg_event) && data->tg_oldtable == NULL))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("charges are posted by an AFTER statement trigger with transition tables"),
				errhint("Let hospital_cost.attach_charges create the triggers."));
	if (tuplestore_tuple_count(any) == 0)
		return PointerGetDatum(NULL);
	AcceptInvalidationMessages();
	attachment = posting_attachment(RelationGetRelid(data->tg_relation), &missing);
	if (attachment == NULL)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '2', '0', '4')),
				errmsg("table \"%s\" is not attached", RelationGetRelationName(data->tg_relation)),
				errhint("Attach it with hospital_cost.attach_charges, or drop its zz_hospital_cost triggers."));
	if (missing != NULL)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '2', '0', '7')),
				errmsg("column \"%s\" of attached table \"%s\" is gone or has another type", missing, RelationGetRelationName(data->tg_relation)),
				errhint("Attach the table again with a mapping of its present columns."));
	(void) posting_statement(attachment, RelationGetDescr(data->tg_relation),
							 TRIGGER_FIRED_BY_INSERT(data->tg_event) ? NULL : data->tg_oldtable,
							 TRIGGER_FIRED_BY_DELETE(data->tg_event) ? NULL : data->tg_newtable, false);
	return PointerGetDatum(NULL);
}
