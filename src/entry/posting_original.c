/*
 * posting_original.c
 *		A refund and the line it gives back: found in the batch or in the ledger, one refund at a time.
 */
#include "postgres.h"

#include "entry/posting_poster.h"
#include "store/catalogue.h"

void
poster_find_original(Poster *poster, ChargeRow *row)
{
	Piece key_text;
	int64 key;
	LedgerEntry original;
	int16 last_version;
	RefundLeft left;
	bool found;

	if (row->issues & (ISSUE_BIT(ISSUE_MISSING_VALUE) | ISSUE_BIT(ISSUE_UNREADABLE_VALUE)))
		return;
	if (poster->attachment->refund_reason == REASON_CODED &&
		!catalogue_refund_reason(row->field[FIELD_REASON].text, row->field[FIELD_REASON].length))
		posting_set_issue(row, ISSUE_UNKNOWN_REASON, FIELD_REASON);
	found = ledger_original_key(poster->attachment, row, &key, &key_text);
	if (found)
	{
		/* What was taken back and is not written yet would be found, if the whole ledger is searched. */
		if (poster->reversed_count > 0)
			poster_flush(poster);
		found = ledger_find_live(poster->books, poster->attachment->source_id, key, key_text, row->field[FIELD_ENCOUNTER], true, &original,
								 &last_version);
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
	left = (RefundLeft) {original.quantity, original.amount};
	(void) poster_left(poster, &original, row, &left);
	ledger_refund_of(poster->attachment, row, &original, &left);
}
