/*
 * anomaly.c
 *		Rules net before they judge: what is taken back is no finding.
 */
#include "core/anomaly.h"

#include <stdbool.h>

static void
take(LineEntry *line, int64_t *quantity)
{
	int64_t part = line->left < *quantity ? line->left : *quantity;

	line->left -= part;
	*quantity -= part;
}

static bool
is_line(const LineEntry *entry)
{
	return entry->reverses == 0 && entry->quantity > 0;
}

static const LineEntry *
find_entry(const LineEntry *entries, int n, int64_t entry_id)
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
	return entry_id != 0 && low < n && entries[low].entry_id == entry_id ? &entries[low] : NULL;
}

/* Whether a reversal takes from a target; "original" is the entry it names, NULL if that is not of this encounter. */
static bool
takes_from(const LineEntry *reversal, const LineEntry *original, const LineEntry *target)
{
	if (reversal->reverses == 0)
		return is_line(target) && target->item == reversal->item && target->day == reversal->day;
	if (original == NULL)
		return false;
	/* The row's own change undoes that one entry; a refund follows the row through its corrections. */
	return reversal->key == original->key ? target == original : is_line(target) && target->key == original->key;
}

/* Takes what entry i has left away from what it reverses. */
static void
apply_reversal(LineEntry *entries, int n, int i)
{
	LineEntry *reversal = &entries[i];
	const LineEntry *original = find_entry(entries, n, reversal->reverses);

	for (int j = 0; j < n && reversal->left > 0; j++)
		if (takes_from(reversal, original, &entries[j]))
			take(&entries[j], &reversal->left);
}

/* In which order reversals take: undone refunds first, for they take nothing; then a row's own changes; then refunds and negative lines. */
static int
pass_of(const LineEntry *entries, int n, const LineEntry *reversal)
{
	const LineEntry *original = find_entry(entries, n, reversal->reverses);

	if (reversal->quantity > 0)
		return 0;
	return original != NULL && original->key == reversal->key ? 1 : 2;
}

void
anomaly_net(LineEntry *entries, int n)
{
	bool any = false; /* that may take */

	/* -INT64_MIN does not exist; such a quantity takes back everything that could be there */
	for (int i = 0; i < n; i++)
		entries[i].left = entries[i].quantity == INT64_MIN ? INT64_MAX :
			entries[i].quantity < 0 ? -entries[i].quantity : entries[i].quantity;

	for (int i = 0; i < n && !any; i++)
		any = !is_line(&entries[i]);
	for (int pass = 0; pass < 3 && any; pass++)
		for (int i = 0; i < n; i++)
			if (!is_line(&entries[i]) && pass_of(entries, n, &entries[i]) == pass)
				apply_reversal(entries, n, i);
}
