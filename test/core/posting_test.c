/*
 * posting_test.c
 *		What a charge becomes, and which entry of a key is live.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/posting.h"
#include "random.h"

#define YUAN(x) ((int64_t) ((x) * 1000000))

typedef struct Case
{
	const char *what;
	Pricing pricing;
	ChargeInput in;
	int64_t price;
	int64_t amount;
	int flags;
	uint32_t issues;
} Case;

#define BIT ISSUE_BIT

static const Case cases[] = {
	{"verify: clean", PRICING_VERIFY, {.quantity = 20000, .has_price = true, .price = YUAN(5), .has_amount = true, .amount = 1000,
		.has_list = true, .list_price = YUAN(5), .limit = YUAN(5)}, YUAN(5), 1000, 0, 0},
	{"verify: dearer than the list", PRICING_VERIFY, {.quantity = 10000, .has_price = true, .price = YUAN(6), .has_list = true,
		.list_price = YUAN(5), .limit = YUAN(5)}, YUAN(6), 600, FLAG_PRICE_DIFFERS | FLAG_ABOVE_LIMIT, BIT(ISSUE_PRICE_DIFFERS)},
	{"verify: cheaper than the list", PRICING_VERIFY, {.quantity = 10000, .has_price = true, .price = YUAN(4), .has_list = true,
		.list_price = YUAN(5), .limit = YUAN(5)}, YUAN(4), 400, FLAG_PRICE_DIFFERS, BIT(ISSUE_PRICE_DIFFERS)},
	{"verify: the list itself above the ceiling", PRICING_VERIFY, {.quantity = 10000, .has_price = true, .price = YUAN(5),
		.has_list = true, .list_price = YUAN(5), .limit = YUAN(3)}, YUAN(5), 500, FLAG_ABOVE_LIMIT, 0},
	{"verify: billed amount is posted, not the product", PRICING_VERIFY, {.quantity = 10000, .has_price = true, .price = YUAN(5),
		.has_amount = true, .amount = 501, .has_list = true, .list_price = YUAN(5), .limit = YUAN(5)},
		YUAN(5), 501, FLAG_AMOUNT_DIFFERS, BIT(ISSUE_AMOUNT_DIFFERS)},
	{"verify: no price given, the list serves", PRICING_VERIFY, {.quantity = 30000, .has_list = true, .list_price = YUAN(5),
		.limit = YUAN(5)}, YUAN(5), 1500, 0, 0},
	{"verify: no list price", PRICING_VERIFY, {.quantity = 10000, .has_price = true, .price = YUAN(5)}, YUAN(5), 500, 0,
		BIT(ISSUE_NO_LIST_PRICE)},
	{"verify: only an amount", PRICING_VERIFY, {.quantity = 30000, .has_amount = true, .amount = 1000}, 3333333, 1000, 0,
		BIT(ISSUE_NO_LIST_PRICE)},
	{"verify: neither price nor amount nor list", PRICING_VERIFY, {.quantity = 10000}, 0, 0, 0, BIT(ISSUE_NO_AMOUNT)},
	{"trust: nothing is compared", PRICING_TRUST, {.quantity = 10000, .has_price = true, .price = YUAN(6), .has_amount = true,
		.amount = 1, .has_list = true, .list_price = YUAN(7), .limit = YUAN(7)}, YUAN(6), 1, 0, 0},
	{"trust: the limit still holds", PRICING_TRUST, {.quantity = 10000, .has_price = true, .price = YUAN(8), .has_list = true,
		.list_price = YUAN(7), .limit = YUAN(7)}, YUAN(8), 800, FLAG_ABOVE_LIMIT, 0},
	{"compute: the list price whatever was typed", PRICING_COMPUTE, {.quantity = 20000, .has_price = true, .price = YUAN(9),
		.has_list = true, .list_price = YUAN(7), .limit = YUAN(7)}, YUAN(7), 1400, FLAG_PRICE_DIFFERS, BIT(ISSUE_PRICE_DIFFERS)},
	{"compute: no list price, no entry", PRICING_COMPUTE, {.quantity = 20000, .has_price = true, .price = YUAN(9)}, 0, 0, 0,
		BIT(ISSUE_NO_PRICE)},
	{"a refund without original", PRICING_VERIFY, {.quantity = -10000, .has_price = true, .price = YUAN(5), .has_list = true,
		.list_price = YUAN(5), .limit = YUAN(5)}, YUAN(5), -500, 0, BIT(ISSUE_NO_ORIGINAL)},
	{"a refund with its original", PRICING_VERIFY, {.quantity = -10000, .has_price = true, .price = YUAN(5), .has_list = true,
		.list_price = YUAN(5), .limit = YUAN(5), .names_original = true}, YUAN(5), -500, 0, 0},
	{"a refund at a price once too high is no second finding", PRICING_TRUST, {.quantity = -10000, .has_price = true,
		.price = YUAN(9), .has_list = true, .list_price = YUAN(5), .limit = YUAN(5), .names_original = true}, YUAN(9), -900, 0, 0},
	{"a refund costs what its original cost, under trust too", PRICING_TRUST, {.quantity = -10000, .has_list = true, .list_price = YUAN(5),
		.names_original = true, .has_original = true, .left = 1000}, YUAN(5), -500, 0, 0},
	{"a refund worth more than is left of an original billed low", PRICING_VERIFY, {.quantity = -10000, .has_list = true,
		.list_price = YUAN(5), .names_original = true, .has_original = true, .left = 400}, 0, 0, 0, BIT(ISSUE_REFUND_EXCEEDS)},
	{"the last part gives back what is left, whatever its price", PRICING_VERIFY, {.quantity = -10000, .has_list = true,
		.list_price = YUAN(5), .names_original = true, .has_original = true, .closes_line = true, .left = 400}, YUAN(5), -400,
		FLAG_CLOSES_LINE, 0},
	{"a product that does not fit", PRICING_TRUST, {.quantity = INT64_MAX, .has_price = true, .price = INT64_MAX}, 0, 0, 0,
		BIT(ISSUE_UNREADABLE_VALUE)},
};

static void
resolves_charges(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		ChargeResult out;

		posting_resolve(cases[i].pricing, &cases[i].in, &out);
		if (out.price != cases[i].price || out.amount != cases[i].amount || out.flags != cases[i].flags ||
			out.issues != cases[i].issues)
			fail_msg("%s: price %lld amount %lld flags %d issues %x", cases[i].what, (long long) out.price,
					 (long long) out.amount, out.flags, out.issues);
	}
}

/* Whatever the numbers: an entry or a blocking issue, never both, never neither; a clean row's amount is its product. */
static void
is_total(void **state)
{
	(void) state;
	random_begin("posting");
	for (int i = 0; i < 300000; i++)
	{
		ChargeInput in = {random_signed(63), random_bits() & 1, random_amount(63), random_bits() & 1, random_signed(63),
			random_bits() & 1, random_amount(40), random_amount(40), random_bits() & 1, random_bits() & 1, random_bits() & 1,
			random_signed(40)};
		Pricing pricing = (Pricing) random_below(3);
		ChargeResult out;

		posting_resolve(pricing, &in, &out);
		if (out.issues & ISSUES_BLOCKING)
			assert_true(out.price == 0 && out.amount == 0);
		else if (pricing != PRICING_TRUST && !(out.issues & ISSUE_BIT(ISSUE_AMOUNT_DIFFERS)))
			assert_true(out.amount == out.computed);
		if (pricing == PRICING_COMPUTE && !(out.issues & ISSUES_BLOCKING))
			assert_true(out.price == in.list_price);
		if (in.has_original && !(out.issues & ISSUES_BLOCKING))
			assert_true(out.amount >= -in.left);
		assert_int_equal(out.issues >> ISSUE_COUNT, 0);
	}
}

static void
names_every_issue(void **state)
{
	(void) state;
	for (int code = 0; code < ISSUE_COUNT; code++)
		assert_string_not_equal(issue_name((IssueCode) code), "unknown");
	assert_string_equal(issue_name(ISSUE_COUNT), "unknown");
}

/* A key's life of posts, changes and deletions, replayed against a model that keeps the live entry by hand. */
static void
finds_the_live_entry(void **state)
{
	(void) state;
	random_begin("posting live");
	for (int round = 0; round < 20000; round++)
	{
		NetEntry entries[40];
		int n = 0;
		int live = -1;

		while (n < 38)
		{
			if (live >= 0 && random_below(3) > 0)
			{
				entries[n] = (NetEntry) {n + 1, entries[live].entry_id, FLAG_SOURCE_CHANGED};
				n++;
				live = -1;
			}
			if (live < 0 && random_below(2) == 0)
			{
				/* a refund names an entry of another key; that does not make it less live */
				entries[n] = (NetEntry) {n + 1, random_below(4) == 0 ? 1000 + n : 0, 0};
				live = n++;
			}
			assert_int_equal(posting_live(entries, n), live);
			if (random_below(8) == 0)
				break;
		}
	}
	assert_int_equal(posting_live(NULL, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_charges),
		cmocka_unit_test(is_total),
		cmocka_unit_test(names_every_issue),
		cmocka_unit_test(finds_the_live_entry),
	};

	return cmocka_run_group_tests_name("posting", tests, NULL, NULL);
}
