/*
 * posting.c
 *		Pricing of one charge, and which entry of a source key is live.
 */
#include "core/posting.h"

const char *
issue_name(IssueCode code)
{
	static const char *const names[] = {
		[ISSUE_MISSING_VALUE] = "missing_value",
		[ISSUE_UNREADABLE_VALUE] = "unreadable_value",
		[ISSUE_UNKNOWN_ITEM] = "unknown_item",
		[ISSUE_UNKNOWN_DEPARTMENT] = "unknown_department",
		[ISSUE_NO_PRICE] = "no_price",
		[ISSUE_NO_AMOUNT] = "no_amount",
		[ISSUE_PERIOD_CLOSED] = "period_closed",
		[ISSUE_PERIOD_NOT_OPEN] = "period_not_open",
		[ISSUE_COLUMN_GONE] = "column_gone",
		[ISSUE_UNKNOWN_STATUS] = "unknown_status",
		[ISSUE_UNKNOWN_REASON] = "unknown_reason",
		[ISSUE_REFUND_EXCEEDS] = "refund_exceeds",
		[ISSUE_PRICE_DIFFERS] = "price_differs",
		[ISSUE_AMOUNT_DIFFERS] = "amount_differs",
		[ISSUE_NO_LIST_PRICE] = "no_list_price",
		[ISSUE_NO_ORIGINAL] = "no_original",
		[ISSUE_ORIGINAL_NOT_FOUND] = "original_not_found",
		[ISSUE_DIFFERS_FROM_ORIGINAL] = "differs_from_original",
		[ISSUE_EXISTS_DIFFERENT] = "exists_with_different",
		[ISSUE_BELOW_REFUNDS] = "below_refunds",
		[ISSUE_LATE] = "late",
		[ISSUE_ROUNDED] = "rounded",
	};

	return code >= 0 && code < ISSUE_COUNT ? names[code] : "unknown";
}

/* Unit price of a line that gives only its amount: amount / quantity at six decimals, 0 where there is none to give. */
static int64_t
price_from_amount(int64_t amount, int64_t quantity)
{
	__int128 dividend = (__int128) amount * 100000000;
	__int128 price;

	if (quantity == 0)
		return 0;
	if (quantity < 0)
	{
		dividend = -dividend;
		quantity = -quantity;
	}
	price = ((dividend < 0 ? -dividend : dividend) + quantity / 2) / quantity;
	if (price >= CHARGE_PRICE_LIMIT)
		return 0;
	return (int64_t) (dividend < 0 ? -price : price);
}

/* Chooses the price and whether it must be compared; returns false if nothing can be posted. */
static bool
choose_price(Pricing pricing, const ChargeInput *in, ChargeResult *out)
{
	if (pricing == PRICING_COMPUTE)
	{
		if (in->has_list)
			out->price = in->list_price;
		else
			out->issues |= ISSUE_BIT(ISSUE_NO_PRICE);
		return in->has_list;
	}
	if (in->has_price)
		out->price = in->price;
	else if (in->has_list && (pricing == PRICING_VERIFY || in->has_original))
		out->price = in->list_price;
	else if (in->has_amount)
		out->price = price_from_amount(in->amount, in->quantity);
	else
	{
		out->issues |= ISSUE_BIT(ISSUE_NO_AMOUNT);
		return false;
	}
	return true;
}

void
posting_resolve(Pricing pricing, const ChargeInput *in, ChargeResult *out)
{
	*out = (ChargeResult) {0};
	if (!choose_price(pricing, in, out))
		return;
	if (money_multiply(in->quantity, out->price, &out->computed).code != FAULT_NONE ||
		out->computed <= -CHARGE_AMOUNT_LIMIT || out->computed >= CHARGE_AMOUNT_LIMIT)
	{
		*out = (ChargeResult) {.issues = ISSUE_BIT(ISSUE_UNREADABLE_VALUE)};
		return;
	}
	if (in->closes_line && out->computed != -in->left)
	{
		out->computed = -in->left;
		out->flags |= FLAG_CLOSES_LINE;
	}
	out->amount = pricing != PRICING_COMPUTE && in->has_amount ? in->amount : out->computed;
	/* An original billed below quantity x price has less to give back than its price says. */
	if (in->has_original && out->amount < -in->left)
	{
		*out = (ChargeResult) {.computed = out->computed, .issues = ISSUE_BIT(ISSUE_REFUND_EXCEEDS)};
		return;
	}

	if (pricing != PRICING_TRUST)
	{
		if (!in->has_list)
			out->issues |= ISSUE_BIT(ISSUE_NO_LIST_PRICE);
		else if (in->has_price && in->price != in->list_price)
		{
			out->issues |= ISSUE_BIT(ISSUE_PRICE_DIFFERS);
			out->flags |= FLAG_PRICE_DIFFERS;
		}
		if (in->has_amount && in->amount != out->computed)
		{
			out->issues |= ISSUE_BIT(ISSUE_AMOUNT_DIFFERS);
			out->flags |= FLAG_AMOUNT_DIFFERS;
		}
	}
	/* The limit holds whoever made the price; a refund gives back what was charged, so it is not judged again. */
	if (in->has_list && !in->has_original && in->quantity > 0 && out->price > in->limit)
		out->flags |= FLAG_ABOVE_LIMIT;
	if ((in->quantity < 0 || out->amount < 0) && !in->names_original)
		out->issues |= ISSUE_BIT(ISSUE_NO_ORIGINAL);
}

int
posting_live(const NetEntry *entries, int n)
{
	for (int i = n - 1; i >= 0; i--)
	{
		bool reversed = (entries[i].flags & FLAG_SOURCE_CHANGED) != 0;

		for (int j = 0; j < n && !reversed; j++)
			reversed = (entries[j].flags & FLAG_SOURCE_CHANGED) != 0 &&
					   entries[j].reverses == entries[i].entry_id;
		if (!reversed)
			return i;
	}
	return -1;
}
