/*
 * posting.c
 *		A statement's rows, in passes.
 *
 * The transition tables are read in batches: decode, price, find the period, write entries, write issues, offer the batch to the anomaly room.
 * A delete is a reversal, an update a reversal and a new entry, in two passes. Nothing but strict mode and blocking rules raises.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "entry/posting_poster.h"
#include "store/posting_key.h"
#include "store/posting_source.h"

static int
by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* What the key of a row has in this batch, which is not written yet. */
static bool
find_in_batch(Poster *poster, const ChargeRow *row, LedgerEntry *live)
{
	for (int i = 0; i < poster->count; i++)
		if (poster->rows[i].key == row->key && piece_equal(poster->rows[i].key_text, row->key_text))
		{
			ledger_entry_of_row(poster->attachment->source_id, &poster->rows[i], live);
			live->entry_id = poster->rows[i].entry_id;
			return true;
		}
	return false;
}

/* The place of a key among the pending ones, -1 if it is none of them. */
static int
pending_place(const PendingKeys *pending, const char *key)
{
	char **place = bsearch(&key, pending->keys, pending->count, sizeof(char *), by_string);

	return place == NULL ? -1 : place - pending->keys;
}

/*
 * Whether a row that says what its key's entry says is one more of them. A pending row is, if the entry was made by this call; of an older one it may
 * have been counted before.
 */
static bool
counts(const Poster *poster, const char *key)
{
	int place = poster->pending == NULL ? -1 : pending_place(poster->pending, key);

	return poster->pending == NULL || (place >= 0 && poster->counts[place]);
}

/*
 * Where keys can come twice: whether this row is the first of its key. The same message again is no charge again; with another content it is an
 * issue.
 */
static bool
claim_key(Poster *poster, ChargeRow *row)
{
	int16 source_id = poster->attachment->source_id;
	char *key = posting_key_text(row);
	int16 known = row->version;
	LedgerEntry live;
	bool found, everywhere;

	if ((row->issues & ISSUES_BLOCKING) || poster->fresh[poster->row])
		return true;
	found = find_in_batch(poster, row, &live);
	if (!found)
	{
		/* This statement took the key's entry back and nobody has it again: that is not worth a search of the whole ledger. */
		everywhere = posting_key_lock(source_id, key) > 0 || !poster->taken_back;
		found = poster_find_live(poster, row, everywhere, &live, &row->version);
		row->version = Max(next_version(row->version), known);
	}
	if (!found)
	{
		/* It came before and could not be posted, or was taken back; now it can, or says again why not. */
		(void) posting_key_count(source_id, key, 0, true);
		finding_flush(poster->findings);
		finding_resolve(source_id, key, 0, false);
		return true;
	}
	if (poster_compare(poster, row, &live) != FIELD_COUNT)
		poster_report_repeated(poster, row, &live);
	else if (counts(poster, key))
		(void) posting_key_count(source_id, key, 1, false);
	return false;
}

/* Where keys can come twice: whether a row that goes takes its key's entry with it. A row that never was that entry does not. */
static bool
releases_key(Poster *poster, ChargeRow *row)
{
	LedgerEntry live;
	int16 last_version;
	char *value;

	if (!poster_find_live(poster, row, true, &live, &last_version))
		return true;
	if (poster_differs(poster, row, &live, &value) == FIELD_COUNT)
		return posting_key_count(poster->attachment->source_id, posting_key_text(row), -1, false) == 0;
	finding_flush(poster->findings);
	finding_resolve(poster->attachment->source_id, posting_key_text(row), 0, true);
	return false;
}

/*
 * A pending row that turns out to have an entry: posted by a trigger while we waited for its lock, or changed behind the triggers' back, which
 * is an issue, or made good if the caller says so. False if nothing is left to be posted.
 */
static bool
settle_pending(Poster *poster, ChargeRow *row)
{
	const PendingKeys *pending = poster->pending;
	char *key = posting_key_text(row);
	int place = pending_place(pending, key);
	int16 known = place < 0 ? 0 : pending->versions[place];
	LedgerEntry live;
	bool found = (!poster->attachment->key_is_unique && find_in_batch(poster, row, &live)) ||
		poster_find_live(poster, row, known > 0, &live, &row->version);

	row->version = next_version(Max(row->version, known));
	if (!found)
	{
		bool first = poster->attachment->key_is_unique || claim_key(poster, row);

		if (poster->counts != NULL && place >= 0)
			poster->counts[place] |= first;
		return first;
	}
	if (poster_compare(poster, row, &live) == FIELD_COUNT)
	{
		if (poster->counts != NULL && counts(poster, key))
			(void) posting_key_count(poster->attachment->source_id, key, 1, false);
		return false;
	}
	if (poster->attachment->key_is_unique && pending->correct)
		return poster_reverse(poster, row, &row->version);
	/* A change that a closed period refused is on record already. */
	if (!finding_is_open(poster->attachment->source_id, key, "blocking"))
		poster_report_repeated(poster, row, &live);
	return false;
}

/* Whether a row that bore a settlement is changed or deleted as if it bore none: whoever cancels the settlement first, or with it, clears its number. */
static bool
is_settled(const ChargeRow *old, const ChargeRow *new)
{
	if (old->detail == NULL || !old->detail->has[DETAIL_SETTLEMENT])
		return false;
	return new == NULL || new->detail == NULL || (new->detail->has[DETAIL_SETTLEMENT] &&
		piece_equal(old->detail->text[DETAIL_SETTLEMENT], new->detail->text[DETAIL_SETTLEMENT]));
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
		if (posting_same(&old, &new) || (old.state != CHARGE_CHARGED && new.state != CHARGE_CHARGED))
		{
			*version = 0;
			return;
		}
	}
	poster->settled = is_settled(&old, new_slot == NULL ? NULL : &new);
	if (poster_is_stale(poster, &old))
		*version = 0;
	else if ((poster->attachment->key_is_unique || (old.state == CHARGE_CHARGED && releases_key(poster, &old))) &&
		!poster_reverse(poster, &old, version))
	{
		*version = 0;
		/* The row goes by another key now, under which nothing is posted: that key says why, too. */
		if (new_slot != NULL && new.state == CHARGE_CHARGED && (new.key != old.key || !piece_equal(new.key_text, old.key_text)))
		{
			new.issues = old.issues;
			poster_report(poster, &new);
		}
	}
}

/* Whether the first pass took back what this very key had. */
static bool
was_taken_back(const Poster *poster, TupleTableSlot *old_slot, const ChargeRow *row)
{
	ChargeRow old;

	if (poster->attachment->key_is_unique || row->version < 2 || old_slot == NULL)
		return false;
	posting_decode_key(poster->attachment, old_slot, &old);
	return old.key == row->key && piece_equal(old.key_text, row->key_text);
}

/* Second pass, a row as it is now; third pass, the refunds, which may stand before what they name. */
static void
post_new(Poster *poster, TupleTableSlot *old_slot, TupleTableSlot *slot, int16 *version)
{
	ChargeRow row;

	if (*version == 0)
		return;
	posting_decode(poster->attachment, slot, &row);
	row.version = *version;
	if (row.state != CHARGE_CHARGED || poster_is_stale(poster, &row))
		return;
	if (posting_is_refund(&row) != poster->refunds)
	{
		if (!poster->refunds && !poster->locked)
			poster_want_row(poster, &row);
		poster->refunds_wait |= !poster->refunds;
		return;
	}
	poster->taken_back = was_taken_back(poster, old_slot, &row);
	if (poster->pending != NULL ? settle_pending(poster, &row) : poster->attachment->key_is_unique || claim_key(poster, &row))
		poster_post(poster, &row);
}

/* Claims the keys of a batch at once; its rows are judged one by one then. */
static void
claim_batch(Poster *poster, RowSource *new, int count)
{
	char **keys = palloc(Max(count, 1) * sizeof(char *));

	poster->fresh = palloc(Max(count, 1) * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		ChargeRow row;

		posting_decode_key(poster->attachment, new->slots[i], &row);
		keys[i] = posting_key_text(&row);
	}
	posting_key_claim(poster->attachment->source_id, keys, count, poster->fresh);
}

/* Locks the lines of a batch that may be taken back, or given back less of, all at once; and opens its books. */
static void
lock_batch(Poster *poster, RowSource *old, RowSource *new, int count, bool takes_back)
{
	for (int i = 0; i < count && poster->has_refunds; i++)
	{
		ChargeRow row;

		if (takes_back)
			poster_want_change(poster, source_slot(old, i), source_slot(new, i));
		else if (poster->pending != NULL && poster->pending->correct)
		{
			posting_decode(poster->attachment, source_slot(new, i), &row);
			poster_want_row(poster, &row);
		}
	}
	if (takes_back || poster->pending != NULL)
		poster_lock(poster);
	poster_open_books(poster);
}

/* Goes through both tables side by side, a batch at a time; "versions" has a place for every row. */
static void
run_pass(Poster *poster, RowSource *old, RowSource *new, int16 *versions,
		 void (*handle)(Poster *, TupleTableSlot *, TupleTableSlot *, int16 *))
{
	int batch = Max(old->batch, new->batch);
	int count = batch;
	bool claims = handle == post_new && !poster->attachment->key_is_unique;

	source_rewind(old);
	source_rewind(new);
	while (count == batch)
	{
		MemoryContext caller = MemoryContextSwitchTo(poster->batch_context);
		bool has_old = true, has_new = true;

		for (count = 0; count < batch; count++)
		{
			has_old = has_old && source_next(old, count) != NULL;
			has_new = has_new && source_next(new, count) != NULL;
			if (!has_old && !has_new)
				break;
		}
		if (claims)
			claim_batch(poster, new, count);
		lock_batch(poster, old, new, count, handle == take_back);
		for (poster->row = 0; poster->row < count; poster->row++)
			handle(poster, source_slot(old, poster->row), source_slot(new, poster->row), versions++);
		poster_flush(poster);
		poster->books = NULL;
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
void
posting_statement(const Attachment *attachment, TupleDesc desc, Tuplestorestate *old_store, Tuplestorestate *new_store,
				  bool after_the_fact, const PendingKeys *pending, PostingOutcome *outcome)
{
	int64 old_count = old_store == NULL ? 0 : tuplestore_tuple_count(old_store);
	int64 new_count = new_store == NULL ? 0 : tuplestore_tuple_count(new_store);
	int64 expected = Max(old_count, new_count);
	int batch = (int) Min(expected, LEDGER_BATCH);
	/* A trigger on a partition may drop a row on its way to another one; then nothing says which old row a new one was. */
	bool paired = old_count == new_count;
	Poster poster;
	RowSource old = {0}, new = {0}, none = {0};
	int16 *versions = MemoryContextAllocHuge(CurrentMemoryContext, expected * sizeof(int16));

	for (int64 i = 0; i < expected; i++)
		versions[i] = 1;
	poster_begin(&poster, attachment, expected, batch);
	poster.pending = pending;
	poster.after_the_fact = after_the_fact;
	poster.follows = old_store != NULL || pending != NULL;
	poster.locked = old_store != NULL && paired;
	if (pending != NULL && !attachment->key_is_unique)
		poster.counts = palloc0(Max(pending->count, 1) * sizeof(bool));
	source_open(&old, old_store, desc, batch);
	source_open(&new, new_store, desc, batch);
	if (old_store != NULL)
		run_pass(&poster, &old, paired ? &new : &none, versions, take_back);
	for (int64 i = 0; i < expected && !paired; i++)
		versions[i] = 1;
	if (new_store != NULL)
		run_pass(&poster, &none, &new, versions, post_new);
	poster.refunds = poster.refunds_wait;
	if (poster.refunds)
	{
		poster_lock(&poster);
		run_pass(&poster, &none, &new, versions, post_new);
	}
	poster_settle_lines(&poster);
	source_close(&old);
	source_close(&new);
	poster_end(&poster);
	pfree(versions);
	if (outcome != NULL)
		*outcome = poster.outcome;
}
