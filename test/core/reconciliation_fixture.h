/*
 * reconciliation_fixture.h
 *		A day of a few items on both sides.
 */
#ifndef HC_TEST_RECONCILIATION_FIXTURE_H
#define HC_TEST_RECONCILIATION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/reconciliation.h"

#define MOST 16

typedef struct Day
{
	Reconciliation r;
	ReconciliationItem item[MOST];
	ReconciliationEntry entry[2 * MOST];
} Day;

static inline ReconciliationText
text_of(const char *bytes)
{
	ReconciliationText text = {bytes, bytes == NULL ? 0 : (int32_t) strlen(bytes)};

	return text;
}

static inline void
day_begin(Day *d)
{
	memset(d, 0, sizeof(Day));
	d->r.item = d->item;
	d->r.entry = d->entry;
	d->r.window = d->r.group_window = 3;
	d->r.members = 4;
	d->r.candidates = 8;
}

static inline ReconciliationItem *
day_add(Day *d, const char *key, int64_t amount, int64_t at, bool dead)
{
	ReconciliationItem *item = &d->item[d->r.ours + d->r.lines];

	item->key = text_of(key);
	item->amount = amount;
	item->at = at;
	item->dead = dead;
	item->id = d->r.ours + d->r.lines;
	return item;
}

/* Ours come first, then the lines. */
static inline ReconciliationItem *
ours(Day *d, const char *key, int64_t amount, int64_t at)
{
	ReconciliationItem *item = day_add(d, key, amount, at, false);

	assert_int_equal(d->r.lines, 0);
	d->r.ours++;
	return item;
}

static inline ReconciliationItem *
line(Day *d, const char *key, int64_t amount, int64_t at)
{
	ReconciliationItem *item = day_add(d, key, amount, at, false);

	d->r.lines++;
	return item;
}

#endif							/* HC_TEST_RECONCILIATION_FIXTURE_H */
