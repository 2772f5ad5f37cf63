/*
 * anomaly.c
 *		The duplicate rule nets before it judges: a pair of which one line is taken back is no finding.
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

/* Takes what entry i has left away from what it reverses. */
static void
apply_reversal(LineEntry *entries, int n, int i)
{
	LineEntry *reversal = &entries[i];

	for (int j = 0; j < n && reversal->left > 0; j++)
	{
		LineEntry *target = &entries[j];

		if (reversal->reverses != 0 ? target->entry_id == reversal->reverses :
			is_line(target) && target->item == reversal->item && target->day == reversal->day)
			take(target, &reversal->left);
	}
}

void
anomaly_net(LineEntry *entries, int n)
{
	/* -INT64_MIN does not exist; such a quantity takes back everything that could be there */
	for (int i = 0; i < n; i++)
		entries[i].left = entries[i].quantity == INT64_MIN ? INT64_MAX :
			entries[i].quantity < 0 ? -entries[i].quantity : entries[i].quantity;

	/* A refund that was itself undone takes nothing, so those come first. */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < n; i++)
			if (!is_line(&entries[i]) && (entries[i].quantity > 0) == (pass == 0))
				apply_reversal(entries, n, i);
}

int
anomaly_repeats(const LineEntry *entries, int n, int self)
{
	if (self < 0 || self >= n || !is_line(&entries[self]) || entries[self].left <= 0)
		return -1;
	for (int i = self - 1; i >= 0; i--)
		if (is_line(&entries[i]) && entries[i].left > 0 && entries[i].item == entries[self].item &&
			entries[i].day == entries[self].day)
			return i;
	return -1;
}
