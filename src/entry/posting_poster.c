/*
 * posting_poster.c
 *		What happens to one charge: price, period, original, entry, issues.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/period.h"
#include "entry/posting_poster.h"
#include "entry/raise.h"
#include "store/catalogue.h"
#include "store/posting_detail.h"

posting_batch_hook_type posting_batch_hook = NULL;

Attachment *
poster_attachment(Relation rel)
{
	Attachment *attachment;

	AcceptInvalidationMessages();
	attachment = posting_attachment(RelationGetRelid(rel));
	if (attachment == NULL)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '2', '0', '4')),
				errmsg("table \"%s\" is not attached", RelationGetRelationName(rel)),
				errhint("Attach it with hospital_cost.attach_charges, or drop its zz_hospital_cost triggers."));
	if (attachment->gone != NULL && attachment->mode == MODE_STRICT)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '2', '0', '7')),
				errmsg("column \"%s\" of attached table \"%s\" is gone or has another type", attachment->gone, RelationGetRelationName(rel)),
				errhint("Attach the table again with a mapping of its present columns."));
	return attachment;
}

/*
 * Whether this trigger fires for a statement that may run within another one: in a trigger, or in a function that a query calls, as RETURNING may. What
 * the client sends by itself, without RETURNING, is not nested; a function that it calls cannot write to its rows before it has.
 */
static bool
may_be_nested(void)
{
	PlannedStmt *statement;

	if (DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH)) > 1)
		return true;
	if (ActivePortal == NULL || ActivePortal->strategy != PORTAL_MULTI_QUERY || ActivePortal->stmts == NIL)
		return ActivePortal != NULL;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	return statement->commandType == CMD_UTILITY && !IsA(statement->utilityStmt, CopyStmt);
}

void
poster_begin(Poster *poster, const Attachment *attachment, int64 expected, int batch)
{
	memset(poster, 0, sizeof(*poster));
	poster->attachment = attachment;
	poster->context = CurrentMemoryContext;
	poster->has_refunds = attachment->fields[FIELD_REVERSES_KEY].count > 0;
	poster->ledger = ledger_begin(expected);
	poster->findings = finding_begin();
	poster->details = attachment->has_details ? detail_begin() : NULL;
	poster->rows = palloc(batch * sizeof(ChargeRow));
	poster->place = palloc(batch * sizeof(int));
	poster->reversed = palloc(batch * sizeof(ReversedEntry));
	poster->batch_context = AllocSetContextCreate(CurrentMemoryContext, "hospital_cost posting batch", ALLOCSET_DEFAULT_SIZES);
	poster->nested = may_be_nested();
	poster->statement = GetActiveSnapshot()->curcid;
	poster->touched = touched_within(attachment->source_id, poster->statement);
}

void
poster_end(Poster *poster)
{
	ledger_end(poster->ledger);
	finding_end(poster->findings);
	if (poster->details != NULL)
		detail_end(poster->details);
	MemoryContextDelete(poster->batch_context);
}

bool
poster_is_stale(const Poster *poster, const ChargeRow *row)
{
	return poster->touched != NULL && touched_has(poster->touched, posting_key_text(row));
}

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
	Finding finding = {.class = "data", .code = issue_text(row, code), .source_id = poster->attachment->source_id, .row = row};
	char *expected, *observed;

	finding.severity = ISSUE_BIT(code) & ISSUES_BLOCKING ? "blocking" : "warning";
	issue_values(row, code, &finding.field, &expected, &observed);
	finding.expected = expected;
	finding.observed = observed;
	finding_add(poster->findings, &finding);
}

void
poster_report(Poster *poster, const ChargeRow *row)
{
	uint32 issues = row->issues;

	/* A row without an entry is reported for what blocks it; the rest is judged when it is posted. */
	if (issues & ISSUES_BLOCKING)
		issues &= ISSUES_BLOCKING;
	for (IssueCode code = 0; issues != 0 && code < ISSUE_COUNT; code++)
	{
		if ((issues & ISSUE_BIT(code)) == 0)
			continue;
		if (poster->attachment->mode == MODE_STRICT && !poster->after_the_fact && (ISSUE_BIT(code) & ISSUES_STRICT))
			raise_issue(poster->attachment, row, code);
		/* A pending row refused again for the same cause keeps the issue it has. */
		if (poster->pending && finding_is_open(poster->attachment->source_id, posting_key_text(row), issue_text(row, code)))
			continue;
		write_issue(poster, row, code);
	}
}

void
poster_post(Poster *poster, ChargeRow *row)
{
	PeriodOutcome outcome;
	DateADT target = row->period;

	if (poster->nested)
		touched_add(poster->attachment->source_id, posting_key_text(row), poster->statement);
	if ((row->issues & ISSUE_BIT(ISSUE_COLUMN_GONE)) == 0)
	{
		posting_look_up(row);
		if (posting_is_refund(row))
			poster_find_original(poster, row);
		posting_price(poster->attachment, row);
		if (row->reverses != 0)
			row->kind = KIND_REVERSE;
		else if (row->kind == KIND_POST && (row->issues & ISSUES_BLOCKING) == 0)
			poster_check_refunds(poster, row);
	}
	/* A row that stays without an entry holds its month open as well: a close that cannot see its issue yet must not miss it. */
	outcome = row->period == PERIOD_UNKNOWN ? PERIOD_FOUND : posting_period(poster, row->day, &target);
	if ((row->issues & ISSUES_BLOCKING) == 0)
	{
		if (outcome != PERIOD_FOUND)
			row->issues |= ISSUE_BIT(outcome == PERIOD_CLOSED ? ISSUE_PERIOD_CLOSED : ISSUE_PERIOD_NOT_OPEN);
		else if (target != row->period)
		{
			row->issues |= ISSUE_BIT(ISSUE_LATE);
			row->result.flags |= FLAG_LATE;
			row->period = target;
		}
	}
	if ((row->issues & ISSUES_BLOCKING) == 0)
	{
		LedgerEntry entry;

		ledger_entry_of_row(poster->attachment->source_id, row, &entry);
		ledger_add(poster->ledger, &entry);
		if (poster->books != NULL)
			books_note(poster->books, &entry);
		row->entry_id = entry.entry_id;
		poster->place[poster->count] = poster->queued++;
		poster->rows[poster->count++] = *row;
		poster->outcome.posted++;
		if (poster->pending)
		{
			finding_flush(poster->findings);
			finding_resolve(poster->attachment->source_id, posting_key_text(row), 0, row->kind != KIND_POST);
		}
		poster_line_comes(poster, row);
	}
	else
		poster->outcome.refused++;
	poster_report(poster, row);
}

ChargeField
poster_differs(const Poster *poster, const ChargeRow *row, const LedgerEntry *live, char **value)
{
	ChargeRow looked_up = *row;

	posting_look_up(&looked_up);
	/* Where prices are computed, the column only shows what its type can hold. */
	looked_up.input.has_price &= poster->attachment->pricing != PRICING_COMPUTE;
	return ledger_differs(&looked_up, live, value);
}

ChargeField
poster_compare(Poster *poster, ChargeRow *row, const LedgerEntry *live)
{
	row->other_field = poster_differs(poster, row, live, &row->other_value);
	if (row->other_field == FIELD_COUNT)
		poster->outcome.exists++;
	else
		poster->outcome.different[row->other_field]++;
	return row->other_field;
}

void
poster_report_repeated(Poster *poster, ChargeRow *row, const LedgerEntry *live)
{
	row->issues = ISSUE_BIT(ISSUE_EXISTS_DIFFERENT);
	row->entry_id = live->entry_id;
	poster_report(poster, row);
}

/* A row whose key is absent or cut off was never posted: the entry it seems to have is that of another row. */
static bool
lacks_key(const ChargeRow *row)
{
	return (row->issues & ISSUES_BLOCKING) != 0 && row->issue_field == FIELD_SOURCE_KEY;
}

/* Looks where the entry of a row lies that nobody moved: most often the only look. */
static bool
find_exact(Poster *poster, const ChargeRow *row, LedgerEntry *live, int16 *last_version)
{
	const CatalogueItem *item;

	if (row->field[FIELD_ENCOUNTER].text == NULL || row->field[FIELD_ITEM].text == NULL || row->period == PERIOD_UNKNOWN)
		return false;
	item = catalogue_item(row->field[FIELD_ITEM].text, row->field[FIELD_ITEM].length);
	return item != NULL && ledger_find_exact(poster->attachment->source_id, row->key, row->key_text, row->field[FIELD_ENCOUNTER], row->day, item->item_id,
											 live, last_version);
}

/*
 * Finds what is live for a key. An entry of this batch's reversals counts as live still, because they are not written; where that is what was
 * found (a key that is not unique) the batch is written and the search repeated.
 */
bool
poster_find_live(Poster *poster, const ChargeRow *row, bool everywhere, LedgerEntry *live, int16 *last_version)
{
	*last_version = 0;
	while (!lacks_key(row))
	{
		bool again = false;

		/* Where keys can come twice, another session's entry may be there since the books were opened. */
		if (!find_exact(poster, row, live, last_version) &&
			!ledger_find_live(poster->attachment->key_is_unique ? poster->books : NULL, poster->attachment->source_id, row->key, row->key_text,
							  row->field[FIELD_ENCOUNTER], everywhere, live, last_version))
			return false;
		for (int i = 0; i < poster->reversed_count && !again; i++)
			again = poster->reversed[i].entry_id == live->entry_id;
		if (!again)
			return true;
		poster_flush(poster);
	}
	return false;
}

/* Whether a change of this key was refused by its month: what its entries say is then older than the row. */
static bool
change_was_refused(const Poster *poster, const char *key)
{
	int16 source_id = poster->attachment->source_id;

	return finding_is_open(source_id, key, issue_name(ISSUE_PERIOD_CLOSED)) ||
		finding_is_open(source_id, key, issue_name(ISSUE_PERIOD_NOT_OPEN));
}

/* The live entries of a key: one, or none. After a refused change there may be one more, under whatever encounter the row had. */
static int
live_entries(Poster *poster, const ChargeRow *row, LedgerEntry **live, int16 *last_version)
{
	const char *key = posting_key_text(row);
	/* A row whose refusal is on record has no entry: only a row without one is worth a search of the whole ledger. */
	bool blocked;

	if (lacks_key(row))
		return 0;
	blocked = finding_is_open(poster->attachment->source_id, key, "blocking");
	if (blocked && change_was_refused(poster, key))
	{
		poster_flush(poster);
		return ledger_find_all_live(poster->attachment->source_id, row->key, row->key_text, live, last_version);
	}
	*live = palloc(sizeof(LedgerEntry));
	return poster_find_live(poster, row, poster->pending != NULL || (row->state == CHARGE_CHARGED && !blocked), *live, last_version) ? 1 : 0;
}

/* A row as its entry had it, for whoever judges that it is taken back. */
static const ChargeRow *
settled_row(const ChargeRow *old, const LedgerEntry *live)
{
	ChargeRow *row = palloc(sizeof(ChargeRow));

	*row = *old;
	ledger_entry_to_row(live, row);
	return row;
}

bool
poster_reverse(Poster *poster, ChargeRow *old, int16 *version)
{
	const char *key = posting_key_text(old);
	LedgerEntry *live, reversal;
	int count = live_entries(poster, old, &live, version);
	DateADT target;

	if (poster->nested)
		touched_add(poster->attachment->source_id, key, poster->statement);
	*version = next_version(*version);
	/* All of them or none: half a change would be no truth at all. */
	for (int i = 0; i < count; i++)
	{
		PeriodOutcome outcome = posting_period(poster, live[i].service_day, &target);

		if (outcome != PERIOD_FOUND)
		{
			old->issues = ISSUE_BIT(outcome == PERIOD_CLOSED ? ISSUE_PERIOD_CLOSED : ISSUE_PERIOD_NOT_OPEN);
			old->period = live[i].period;
			poster_report(poster, old);
			return false;
		}
	}
	finding_flush(poster->findings);
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			poster_flush(poster); /* there is room for one reversal a row */
		(void) posting_period(poster, live[i].service_day, &target);
		ledger_reversal_of(&live[i], target, &reversal);
		poster_line_goes(poster, old, &live[i]);
		ledger_add(poster->ledger, &reversal);
		books_note(poster->books, &reversal);
		poster->reversed[poster->reversed_count++] = (ReversedEntry) {live[i].entry_id, live[i].encounter, live[i].item_id,
			poster->settled ? settled_row(old, &live[i]) : NULL};
		poster->queued++;
		poster->outcome.taken_back++;
		finding_resolve(poster->attachment->source_id, key, live[i].entry_id, false);
	}
	if (count == 0)
	{
		poster_line_goes(poster, old, NULL);
		finding_resolve(poster->attachment->source_id, key, 0, false);
	}
	return true;
}

void
poster_flush(Poster *poster)
{
	bool *duplicate = palloc0(Max(poster->queued, 1) * sizeof(bool));

	ledger_flush(poster->ledger, duplicate);
	for (int i = 0; i < poster->count; i++)
		poster->rows[i].duplicate = duplicate[poster->place[i]];
	for (int i = 0; i < poster->count && poster->details != NULL; i++)
		detail_add(poster->details, &poster->rows[i]);
	/* Before anybody judges: of two sessions with one trace code at least one must see the other's. */
	if (poster->details != NULL)
		detail_flush(poster->details);
	if (posting_batch_hook != NULL && (poster->count > 0 || poster->reversed_count > 0))
	{
		PostingBatch batch = {poster->attachment, poster->rows, poster->count, poster->after_the_fact, poster->findings, poster->reversed,
			poster->reversed_count};

		posting_batch_hook(&batch);
	}
	if (poster->books != NULL)
		books_written(poster->books);
	finding_flush(poster->findings);
	poster->count = poster->queued = poster->reversed_count = 0;
	CHECK_FOR_INTERRUPTS();
}

