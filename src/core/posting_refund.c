/*
 * posting_refund.c
 *		Partial refunds never add up to more than the charge, and the last part closes it to the cent.
 */
#include "core/posting_refund.h"

#include <stddef.h>

#include "core/posting.h"
#include "core/wide.h"

static RefundEntry *
find_entry(RefundEntry *entries, int n, int64_t entry_id)
{
	int low = 0, high = n;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (entries[middle].entry_id < entry_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && entries[low].entry_id == entry_id ? &entries[low] : NULL;
}

static int64_t
clamp(MoneyWide sum)
{
	return sum > INT64_MAX ? INT64_MAX : sum < -INT64_MAX ? -INT64_MAX : (int64_t) sum;
}

void
posting_refund_left(RefundEntry *entries, int n, RefundLeft *left)
{
	MoneyWide quantity = left->quantity;
	MoneyWide amount = left->amount;

	/* Ids of different sessions do not ascend in time, so a refund may stand before its original: two passes. */
	for (int i = 0; i < n; i++)
	{
		const RefundEntry *original = entries[i].reverses == 0 ? NULL : find_entry(entries, n, entries[i].reverses);

		entries[i].refund = (entries[i].flags & FLAG_SOURCE_CHANGED) == 0 && original != NULL && original->of_original;
	}
	for (int i = 0; i < n; i++)
	{
		const RefundEntry *undone = entries[i].flags & FLAG_SOURCE_CHANGED ? find_entry(entries, n, entries[i].reverses) : NULL;

		if (!entries[i].refund && (undone == NULL || !undone->refund))
			continue;
		quantity += entries[i].quantity;
		amount += entries[i].amount;
	}
	left->quantity = clamp(quantity);
	left->amount = clamp(amount);
}

bool
posting_refund_fits(const RefundLeft *left, int64_t quantity, bool has_amount, int64_t amount, bool *closes)
{
	*closes = false;
	if (quantity < -left->quantity || (has_amount && amount < -left->amount))
		return false;
	*closes = quantity != 0 && quantity == -left->quantity;
	return true;
}
