/*
 * posting_original.c
 *		A refund and the line it gives back: found in the batch or in the ledger, one refund at a time.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "entry/posting_poster.h"
#include "store/catalogue.h"

/* The line a refund names among the rows of this batch, which are not written yet. */
static bool
find_in_batch(const Poster *poster, int64 key, Piece key_text, LedgerEntry *original)
{
	for (int i = poster->count - 1; i >= 0; i--)
		if (poster->rows[i].key == key && piece_equal(poster->rows[i].key_text, key_text))
		{
			ledger_entry_of_row(poster->attachment->source_id, &poster->rows[i], original);
			original->entry_id = poster->rows[i].entry_id;
			return true;
		}
	return false;
}

/* Rows of this batch as the arithmetic of refunds wants them. */
static int
entries_of_batch(const Poster *poster, int64 key, Piece key_text, RefundEntry **entries)
{
	int n = 0;

	*entries = palloc(Max(poster->count, 1) * sizeof(RefundEntry));
	for (int i = 0; i < poster->count; i++)
	{
		const ChargeRow *row = &poster->rows[i];
		bool of_original = row->key == key && piece_equal(row->key_text, key_text);

		if (of_original || row->reverses != 0)
			(*entries)[n++] = (RefundEntry) {row->entry_id, row->reverses, row->input.quantity, row->result.amount, row->result.flags,
				of_original, false};
	}
	return n;
}

void
poster_find_original(Poster *poster, ChargeRow *row)
{
	Piece key_text;
	int64 key;
	LedgerEntry original;
	int16 last_version;
	RefundEntry *entries;
	RefundLeft left;
	MemoryContext caller;
	bool found;
	int n;

	if (row->issues & (ISSUE_BIT(ISSUE_MISSING_VALUE) | ISSUE_BIT(ISSUE_UNREADABLE_VALUE)))
		return;
	if (poster->attachment->refund_reason == REASON_CODED &&
		!catalogue_refund_reason(row->field[FIELD_REASON].text, row->field[FIELD_REASON].length))
		posting_set_issue(row, ISSUE_UNKNOWN_REASON, FIELD_REASON);
	found = ledger_original_key(poster->attachment, row, &key, &key_text);
	if (found)
	{
		/* What was taken back and is not written yet would count twice. */
		if (poster->reversed_count > 0)
			poster_flush(poster);
		ledger_lock_original(poster->attachment->source_id, key);
		found = find_in_batch(poster, key, key_text, &original) ||
			ledger_find_live(poster->attachment->source_id, key, key_text, row->field[FIELD_ENCOUNTER], true, &original, &last_version);
	}
	if (!found || original.kind != KIND_POST)
	{
		row->issues |= ISSUE_BIT(ISSUE_ORIGINAL_NOT_FOUND);
		if (row->field[FIELD_ITEM].text == NULL)
			posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_ITEM);
		if (row->field[FIELD_PERFORMING].text == NULL)
			posting_set_issue(row, ISSUE_MISSING_VALUE, FIELD_PERFORMING);
		return;
	}
	/* All that the encounter ever had is read for one number, and a batch may be a thousand refunds of one encounter. */
	caller = MemoryContextSwitchTo(AllocSetContextCreate(CurrentMemoryContext, "hospital_cost refunds", ALLOCSET_DEFAULT_SIZES));
	n = entries_of_batch(poster, key, key_text, &entries);
	n = ledger_refunds(&original, row, true, &entries, n);
	left = (RefundLeft) {original.quantity, original.amount};
	posting_refund_left(entries, n, &left);
	MemoryContextDelete(MemoryContextSwitchTo(caller));
	ledger_refund_of(poster->attachment, row, &original, &left);
}
