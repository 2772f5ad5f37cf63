/*
 * posting_refund.c
 *		What the ledger knows of refunds, and how a row compares with its entry.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/decimal.h"
#include "store/posting_book.h"

int
ledger_left(Books *books, const LedgerEntry *original, const Piece *elsewhere, int count, const ChargeRow *self, RefundLeft *left)
{
	MemoryContext caller = MemoryContextSwitchTo(AllocSetContextCreate(CurrentMemoryContext, "hospital_cost refunds", ALLOCSET_DEFAULT_SIZES));
	RefundList list = {0};
	int standing = 0;

	if (original->encounter.text != NULL)
		standing = books_refunds(books, original->encounter, original->source_id, original->source_key, original->key_text, self, &list);
	for (int i = 0; i < count; i++)
	{
		bool known = piece_equal(elsewhere[i], original->encounter);

		for (int j = 0; j < i && !known; j++)
			known = piece_equal(elsewhere[i], elsewhere[j]);
		if (!known)
			standing += books_refunds(books, elsewhere[i], original->source_id, original->source_key, original->key_text, self, &list);
	}
	books_left(&list, left);
	MemoryContextDelete(MemoryContextSwitchTo(caller));
	return standing;
}

bool
ledger_is_overdrawn(const RefundLeft *left, ChargeRow *row)
{
	if (left->quantity >= 0 && left->amount >= 0)
		return false;
	row->issues |= ISSUE_BIT(ISSUE_BELOW_REFUNDS);
	row->other_field = left->quantity < 0 ? FIELD_QUANTITY : FIELD_AMOUNT;
	row->other_value = left->quantity < 0 ? decimal_to_text(row->input.quantity - left->quantity, QUANTITY_SCALE) :
		decimal_to_text(row->result.amount - left->amount, AMOUNT_SCALE);
	return true;
}

bool
ledger_original_key(const Attachment *attachment, const ChargeRow *row, int64 *key, Piece *key_text)
{
	Piece named = row->field[FIELD_REVERSES_KEY];
	char *digits, *end;

	if (!attachment->integer_key)
	{
		*key = posting_text_key(named);
		*key_text = named;
		return true;
	}
	digits = pnstrdup(named.text, named.length);
	errno = 0;
	*key = strtoll(digits, &end, 10);
	*key_text = (Piece) {"", 0};
	return errno == 0 && *end == '\0' && end != digits;
}

static void
compare_dimension(ChargeRow *row, ChargeField field, bool same)
{
	if (row->field[field].text == NULL || same || (row->issues & ISSUE_BIT(ISSUE_DIFFERS_FROM_ORIGINAL)))
		return;
	row->issues |= ISSUE_BIT(ISSUE_DIFFERS_FROM_ORIGINAL);
	row->other_field = field;
}

void
ledger_refund_of(const Attachment *attachment, ChargeRow *row, const LedgerEntry *original, const RefundLeft *left)
{
	bool closes;

	compare_dimension(row, FIELD_ENCOUNTER, piece_equal(row->field[FIELD_ENCOUNTER], original->encounter));
	compare_dimension(row, FIELD_ITEM, row->item_id == original->item_id);
	compare_dimension(row, FIELD_ORDERING, row->ordering_id == original->ordering_id);
	compare_dimension(row, FIELD_PERFORMING, row->performing_id == original->performing_id);
	compare_dimension(row, FIELD_WARD, row->ward_id == original->ward_id);
	row->reverses = original->entry_id;
	row->item_id = original->item_id;
	row->ordering_id = original->ordering_id;
	row->performing_id = original->performing_id;
	row->ward_id = original->ward_id;
	row->field[FIELD_ENCOUNTER] = original->encounter;
	row->input.has_list = true;
	row->input.list_price = original->unit_price;

	if (row->input.quantity > 0)
	{
		/* A negative price would give money back and quantity out again. */
		posting_set_issue(row, ISSUE_UNREADABLE_VALUE, FIELD_QUANTITY);
		row->field[FIELD_QUANTITY] = (Piece) {decimal_to_text(row->input.quantity, QUANTITY_SCALE), 0};
		row->field[FIELD_QUANTITY].length = strlen(row->field[FIELD_QUANTITY].text);
		return;
	}
	if (!posting_refund_fits(left, row->input.quantity, row->input.has_amount && attachment->pricing != PRICING_COMPUTE,
							 row->input.amount, &closes))
	{
		bool by_quantity = row->input.quantity < -left->quantity;

		posting_set_issue(row, ISSUE_REFUND_EXCEEDS, by_quantity ? FIELD_QUANTITY : FIELD_AMOUNT);
		row->other_value = by_quantity ? decimal_to_text(left->quantity, QUANTITY_SCALE) : decimal_to_text(left->amount, AMOUNT_SCALE);
	}
	row->input.has_original = true;
	row->input.closes_line = closes;
	row->input.left = left->amount;
}

ChargeField
ledger_differs(const ChargeRow *row, const LedgerEntry *entry, char **value)
{
	/* A refund has the dimensions of its original, whatever its row says. */
	bool refund = entry->kind == KIND_REVERSE;

	*value = NULL;
	if (!refund && !piece_equal(row->field[FIELD_ENCOUNTER], entry->encounter))
		return FIELD_ENCOUNTER;
	if (!refund && row->item_id != entry->item_id)
		return FIELD_ITEM;
	if (row->input.quantity != entry->quantity)
	{
		*value = decimal_to_text(entry->quantity, QUANTITY_SCALE);
		return FIELD_QUANTITY;
	}
	if (row->input.has_amount && row->input.amount != entry->amount)
	{
		*value = decimal_to_text(entry->amount, AMOUNT_SCALE);
		return FIELD_AMOUNT;
	}
	if (row->input.has_price && row->input.price != entry->unit_price)
	{
		*value = decimal_to_text(entry->unit_price, PRICE_SCALE);
		return FIELD_UNIT_PRICE;
	}
	if (row->charged_at != entry->charged_at)
		return FIELD_CHARGED_AT;
	if (!refund && row->ordering_id != entry->ordering_id)
		return FIELD_ORDERING;
	if (!refund && row->performing_id != entry->performing_id)
		return FIELD_PERFORMING;
	if (!refund && row->ward_id != entry->ward_id)
		return FIELD_WARD;
	return FIELD_COUNT;
}
