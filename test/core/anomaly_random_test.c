/*
 * anomaly_random_test.c
 *		Limits and pairs in every window against a judge that tries everything, straight from the words; and what an answer may not depend on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "anomaly_model.h"
#include "random.h"

#define ROUNDS 30000
static ItemKnowledge knowledge[ITEMS];
static Said said[4096];
static int said_count;
static int64_t seen[WINDOW_YEAR + 1];

static const ItemKnowledge *
knowledge_of(void *context, int32_t item)
{
	(void) context;
	return &knowledge[item];
}

static void
say(void *context, const Breach *breach)
{
	(void) context;
	if (breach->measure == BREACH_TOGETHER)
		said[said_count++] = (Said) {breach->knowledge_id, lines[breach->line].entry_id, 0, 0, breach->quantity, breach->amount};
	else
		said[said_count++] = (Said) {breach->knowledge_id, lines[breach->line].entry_id, breach->observed, breach->limit, breach->quantity,
			breach->amount};
}

static void
draw_days(KnowledgeHead *head, int id)
{
	*head = (KnowledgeHead) {id, INT32_MIN, INT32_MAX, 0, &rules[0]};
	if (random_below(3) == 0)
	{
		head->from = 9190 + random_below(20);
		head->to = head->from + 1 + random_below(30);
	}
}

static int
draw_items(int32_t item, const KnowledgeHead *head, ItemDays *list)
{
	int n = 0;

	list[n++] = (ItemDays) {item, head->from, head->to};
	if (random_below(3) == 0)
		list[n++] = (ItemDays) {random_below(ITEMS), 9195, 9220};
	return n;
}

static int64_t
draw_number(int one_in, int below)
{
	return random_below(one_in) == 0 ? random_below(below) : NO_LIMIT;
}

/* The days are those around the end of a month, quarter and year: 2025-03-01 is 9191. */
static void
draw_subject(void)
{
	static const int32_t starts[] = {9185, 9211, 9490};
	int32_t start = starts[random_below(3)];

	line_count = random_below(MOST + 1);
	for (int i = 0; i < line_count; i++)
	{
		int64_t quantity = 10000 * (1 + random_below(3));
		int32_t day = start + random_below(random_below(2) ? 4 : 25);
		int hour = random_below(24);

		lines[i] = (LineEntry) {.entry_id = 10 + 3 * i, .quantity = quantity, .key = i, .item = random_below(ITEMS), .day = day,
			.left = random_below(4) == 0 ? 5000 * random_below(3) : quantity, .price = 1000000 * random_below(9)};
		(void) money_multiply(quantity, lines[i].price, &lines[i].amount);
		lines[i].at = (int64_t) day * 24 * HOUR + hour * HOUR + (random_below(3) == 0 ? random_below(3600) * INT64_C(1000000) : 0);
		lines[i].hour = day * 24 + hour;
	}
	facts = (EncounterFacts) {.known = random_below(4) != 0, .kind = random_below(3) ? KIND_INPATIENT : 1, .first_day = start + random_below(3),
		.ended = random_below(2), .last_day = start + 3 + random_below(9)};
	rules[0] = (RuleVersion) {.next = random_below(2) ? &rules[1] : NULL, .from = INT32_MIN, .to = INT32_MAX};
	rules[1] = (RuleVersion) {.from = 0, .to = 0};
	if (rules[0].next != NULL)
	{
		rules[0].to = start + 2;
		rules[1] = (RuleVersion) {.from = start + 3, .to = INT32_MAX, .number = 1};
	}
	patient = random_below(2);
}

static AnomalyWindow
draw_window(void)
{
	return patient ? WINDOW_ROLL_DAYS + random_below(4) : random_below(WINDOW_STAY + 1);
}

static void
draw_knowledge(void)
{
	memset(knowledge, 0, sizeof(knowledge));
	for (int32_t item = 0; item < ITEMS; item++)
	{
		ItemLimit *limit = &limits[item];
		ItemPair *pair = &pairs[item];

		memset(limit, 0, sizeof(*limit));
		draw_days(&limit->head, 1 + item);
		limit->window = draw_window();
		limit->window_days = 1 + random_below(9);
		limit->counted = days[item];
		limit->counted_count = draw_items(item, &limit->head, days[item]);
		limit->max_quantity = random_below(2) ? 5000 * random_below(9) : NO_LIMIT;
		limit->max_per_stay_day = limit->window == WINDOW_STAY && random_below(2) ? 10000 : NO_LIMIT;
		limit->max_days = limit->window >= WINDOW_ENCOUNTER ? draw_number(3, 4) : NO_LIMIT;
		limit->min_gap_days = limit->window >= WINDOW_ENCOUNTER ? draw_number(3, 9) : NO_LIMIT;
		memset(pair, 0, sizeof(*pair));
		draw_days(&pair->head, 100 + item);
		pair->window = draw_window();
		if (pair->window == WINDOW_LINE)
			pair->window = WINDOW_DAY;
		pair->window_days = 1 + random_below(9);
		pair->quantity = random_below(2);
		pair->ratio = 5000 * (1 + random_below(4));
		pair->counted = pair_days[item];
		pair->counted_count = draw_items(item, &pair->head, pair_days[item]);
		pair->other = &days[(item + 1) % ITEMS][0];
		pair->other_count = 1;
		knowledge[item] = (ItemKnowledge) {.limits = limit, .limit_count = 1, .pairs = pair, .pair_count = 1};
	}
}

static int
by_fact(const void *a, const void *b)
{
	return memcmp(a, b, 2 * sizeof(int64_t));
}

static void
judge(void)
{
	AnomalySubject subject = {.lines = lines, .count = line_count, .patient = patient, .facts = patient ? NULL : &facts, .knowledge = knowledge_of,
		.found = say};
	void *space = malloc(anomaly_space_size(line_count));

	memset(said, 0, sizeof(said));
	said_count = 0;
	anomaly_judge(&subject, space);
	free(space);
	qsort(said, (size_t) said_count, sizeof(Said), by_fact);
}

static void
says_what_trying_everything_says(void **state)
{
	(void) state;
	random_begin("says_what_trying_everything_says");
	for (int round = 0; round < ROUNDS; round++)
	{
		draw_subject();
		draw_knowledge();
		memset(expected, 0, sizeof(expected));
		expected_count = 0;
		for (int32_t item = 0; item < ITEMS; item++)
		{
			try_limit(&limits[item], item);
			try_pair(&pairs[item], item);
			seen[limits[item].window] += expected_count;
		}
		qsort(expected, (size_t) expected_count, sizeof(Said), by_fact);
		judge();
		for (int i = 0; i < said_count && i < expected_count; i++)
			if (memcmp(&said[i], &expected[i], sizeof(Said)) != 0)
				fail_msg("round %d: knowledge %d entry %d observed %ld limit %ld quantity %ld amount %ld, expected %d %d %ld %ld %ld %ld; window %d", round,
						 (int) said[i].knowledge, (int) said[i].entry, (long) said[i].observed, (long) said[i].limit, (long) said[i].quantity, (long) said[i].amount,
						 (int) expected[i].knowledge, (int) expected[i].entry, (long) expected[i].observed, (long) expected[i].limit, (long) expected[i].quantity,
						 (long) expected[i].amount, said[i].knowledge < 100 ? (int) limits[said[i].knowledge - 1].window : (int) pairs[said[i].knowledge - 100].window);
		if (said_count != expected_count)
			fail_msg("round %d: %d breaches, expected %d", round, said_count, expected_count);
	}
	for (int window = 0; window <= WINDOW_YEAR; window++)
		assert_true(seen[window] > 100);
}

/* A line more takes nothing back of limits and exclusions, where no stay grows by it: what was found is found, with no smaller excess. */
static void
keeps_what_it_found(void **state)
{
	static Said before[4096];

	(void) state;
	random_begin("keeps_what_it_found");
	for (int round = 0; round < ROUNDS; round++)
	{
		int all, count;

		draw_subject();
		draw_knowledge();
		for (int item = 0; item < ITEMS; item++)
		{
			pairs[item].quantity = false;
			limits[item].max_per_stay_day = limits[item].max_days = limits[item].min_gap_days = NO_LIMIT;
		}
		all = line_count;
		line_count = all / 2;
		judge();
		count = said_count;
		memcpy(before, said, sizeof(said));
		line_count = all;
		judge();
		for (int i = 0; i < count; i++)
		{
			int k = 0;

			while (k < said_count && (said[k].knowledge != before[i].knowledge || said[k].entry != before[i].entry))
				k++;
			assert_true(k < said_count && said[k].quantity >= before[i].quantity);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_trying_everything_says),
		cmocka_unit_test(keeps_what_it_found),
	};

	return cmocka_run_group_tests_name("anomaly_random", tests, NULL, NULL);
}
