/*
 * posting_lookup.c
 *		What the catalogue says of a charge: ids, list price, and what follows from them.
 */
#include "postgres.h"

#include "store/activity.h"
#include "store/catalogue.h"
#include "store/decimal.h"
#include "store/posting.h"

static int16
find_department(ChargeRow *row, ChargeField field)
{
	Piece code = row->field[field];
	int16 id = code.text == NULL ? 0 : catalogue_department(code.text, code.length);

	if (code.text != NULL && id == 0)
		posting_set_issue(row, ISSUE_UNKNOWN_DEPARTMENT, field);
	return id;
}

/*
 * The price of the row's own class, and of no other; a row without one has the class of its encounter, and the standard price where the item has
 * none for that class.
 */
static const ItemPrice *
find_price(const CatalogueItem *item, const ChargeRow *row)
{
	Piece wanted = row->field[FIELD_PRICE_CLASS];
	const ItemPrice *price = NULL;
	char *class;

	if (wanted.text != NULL)
		return catalogue_price(item, row->day, wanted.text, wanted.length);
	/* Most items have one price for everybody: then nobody need be asked. */
	if (item->many_classes && row->field[FIELD_ENCOUNTER].text != NULL &&
		(class = activity_price_class(row->field[FIELD_ENCOUNTER].text, row->field[FIELD_ENCOUNTER].length)) != NULL)
		price = catalogue_price(item, row->day, class, strlen(class));
	return price != NULL ? price : catalogue_price(item, row->day, "standard", 8);
}

void
posting_look_up(ChargeRow *row)
{
	const CatalogueItem *item;
	const ItemPrice *price;

	row->ordering_id = find_department(row, FIELD_ORDERING);
	row->performing_id = find_department(row, FIELD_PERFORMING);
	row->ward_id = find_department(row, FIELD_WARD);
	if (row->field[FIELD_ITEM].text == NULL || (row->issues & (ISSUE_BIT(ISSUE_MISSING_VALUE) | ISSUE_BIT(ISSUE_UNREADABLE_VALUE))))
		return;
	item = catalogue_item(row->field[FIELD_ITEM].text, row->field[FIELD_ITEM].length);
	if (item == NULL)
	{
		/* Without the item there is no price to speak of, so nothing more is said about the row. */
		posting_set_issue(row, ISSUE_UNKNOWN_ITEM, FIELD_ITEM);
		return;
	}
	price = find_price(item, row);
	row->item_id = item->item_id;
	row->input.has_list = price != NULL;
	row->input.list_price = price ? price->unit_price : 0;
	row->input.limit = price ? price->limit : 0;
}

void
posting_price(const Attachment *attachment, ChargeRow *row)
{
	int flags = row->result.flags & FLAG_ROUNDED;

	if (row->issues & (ISSUE_BIT(ISSUE_MISSING_VALUE) | ISSUE_BIT(ISSUE_UNREADABLE_VALUE) | ISSUE_BIT(ISSUE_UNKNOWN_ITEM)))
		return;
	posting_resolve(attachment->pricing, &row->input, &row->result);
	if (row->result.issues & ISSUES_BLOCKING)
		posting_set_issue(row, ISSUE_NO_PRICE,
						  row->result.issues & (ISSUE_BIT(ISSUE_NO_AMOUNT) | ISSUE_BIT(ISSUE_REFUND_EXCEEDS)) ? FIELD_AMOUNT : FIELD_UNIT_PRICE);
	if (row->result.issues & ~row->issues & ISSUE_BIT(ISSUE_REFUND_EXCEEDS))
	{
		row->other_value = decimal_to_text(row->input.left, AMOUNT_SCALE);
		row->input.amount = row->result.computed; /* to be shown */
	}
	row->issues = (row->issues & ~ISSUE_BIT(ISSUE_NO_PRICE)) | row->result.issues;
	row->result.flags |= flags;
	row->kind = row->input.quantity < 0 || row->result.amount < 0 ? KIND_ADJUST : KIND_POST;
}
