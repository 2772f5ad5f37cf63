/*
 * reconciliation_test.c
 *		What each rule of the matcher says, one small day each.
 */
#include "reconciliation_fixture.h"

static Day	d;

static void
said(int index, ReconciliationOutcome outcome, ReconciliationRule rule, int head)
{
	assert_int_equal(d.item[index].outcome, outcome);
	assert_int_equal(d.item[index].rule, rule);
	assert_int_equal(d.item[index].head, head);
}

static void
match(void)
{
	assert_int_equal(reconciliation_match(&d.r).code, FAULT_NONE);
}

static void
a_reference_and_an_amount_match(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, "420000-1", 100, 0);
	ours(&d, "420000-10", 100, 0);
	line(&d, "420000-10", 100, 500);
	line(&d, "420000-1", 100, 900);
	match();
	said(0, RECONCILIATION_MATCH, RULE_KEY, 1);
	said(1, RECONCILIATION_MATCH, RULE_KEY, 0);
	said(2, RECONCILIATION_MATCH, RULE_KEY, 0);
	said(3, RECONCILIATION_MATCH, RULE_KEY, 1);
}

static void
two_references_are_never_one_payment(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, "a", 100, 0);
	ours(&d, "late", 7, 0)->transit = true;
	line(&d, "b", 100, 0);
	match();
	said(0, RECONCILIATION_ONLY, RULE_NONE, -1);
	said(1, RECONCILIATION_TRANSIT, RULE_NONE, -1);
	said(2, RECONCILIATION_ONLY, RULE_NONE, -1);
}

static void
a_payment_and_its_refund_share_a_reference(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, "a", 100, 0);
	ours(&d, "a", -100, 1);
	line(&d, "a", -100, 1);
	line(&d, "a", 100, 0);
	match();
	said(0, RECONCILIATION_MATCH, RULE_KEY, 1);
	said(1, RECONCILIATION_MATCH, RULE_KEY, 0);
}

static void
a_reference_that_differs(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, "amount", 100, 0);
	ours(&d, "callback", 50, 0);
	ours(&d, "failed", 30, 0);
	ours(&d, "undone", 20, 0)->dead = true;
	ours(&d, "both", 10, 0)->dead = true;
	line(&d, "amount", 99, 0);
	line(&d, "callback", 50, 1);
	line(&d, "callback", 50, 0);
	line(&d, "failed", 30, 0)->dead = true;
	line(&d, "undone", 20, 0);
	line(&d, "both", 10, 0)->dead = true;
	match();
	said(0, RECONCILIATION_AMOUNT, RULE_KEY, 0);
	said(1, RECONCILIATION_MATCH, RULE_KEY, 2);
	said(2, RECONCILIATION_STATUS, RULE_KEY, 3);
	said(3, RECONCILIATION_STATUS, RULE_KEY, 4);
	said(4, RECONCILIATION_VOID, RULE_NONE, -1);
	said(6, RECONCILIATION_DUPLICATE, RULE_KEY, -1);
	said(8, RECONCILIATION_STATUS, RULE_KEY, 3);
	said(10, RECONCILIATION_VOID, RULE_NONE, -1);
}

static void
a_reference_is_matched_once(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, NULL, 100, 0);
	line(&d, "a", 100, 0)->taken = true;
	match();
	said(0, RECONCILIATION_ONLY, RULE_NONE, -1);
	said(1, RECONCILIATION_DUPLICATE, RULE_KEY, -1);
}

static void
a_reference_in_parts(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, "a", 100, 0);
	line(&d, "a", 70, 0);
	line(&d, "a", 30, 0);
	match();
	said(0, RECONCILIATION_MATCH, RULE_KEY_SUM, 1);
	said(1, RECONCILIATION_MATCH, RULE_KEY_SUM, 1);
	said(2, RECONCILIATION_MATCH, RULE_KEY_SUM, 1);
}

static void
an_amount_matches_within_its_window(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, NULL, 100, 0);
	ours(&d, NULL, 100, 10);
	ours(&d, "a", 8, 10);
	line(&d, NULL, 100, 14);
	line(&d, NULL, 100, 13);
	line(&d, NULL, 8, 7);
	match();
	said(0, RECONCILIATION_ONLY, RULE_NONE, -1);
	said(1, RECONCILIATION_MATCH, RULE_AMOUNT, 1);
	said(2, RECONCILIATION_MATCH, RULE_AMOUNT, 2);
	said(3, RECONCILIATION_ONLY, RULE_NONE, -1);
}

static void
several_payments_are_one_line(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, NULL, 30, 0);
	ours(&d, NULL, 50, 0);
	ours(&d, NULL, 50, 1);
	ours(&d, NULL, -80, 1);
	line(&d, "bank", 80, 2);
	match();
	said(0, RECONCILIATION_MATCH, RULE_MANY_TO_ONE, 0);
	said(1, RECONCILIATION_MATCH, RULE_MANY_TO_ONE, 0);
	said(2, RECONCILIATION_ONLY, RULE_NONE, -1);
	said(3, RECONCILIATION_ONLY, RULE_NONE, -1);
}

static void
one_payment_is_several_lines(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, "a", -80, 0);
	line(&d, NULL, -50, 1);
	line(&d, NULL, -30, 0);
	match();
	said(0, RECONCILIATION_MATCH, RULE_ONE_TO_MANY, 1);
	said(1, RECONCILIATION_MATCH, RULE_ONE_TO_MANY, 1);
	said(2, RECONCILIATION_MATCH, RULE_ONE_TO_MANY, 1);
}

static void
a_sum_that_may_be_either_is_left_to_a_person(void **state)
{
	(void) state;
	day_begin(&d);
	ours(&d, NULL, 10, 0);
	ours(&d, NULL, 20, 0);
	ours(&d, NULL, 12, 0);
	ours(&d, NULL, 18, 0);
	line(&d, NULL, 30, 0);
	match();
	said(0, RECONCILIATION_ONLY, RULE_NONE, -1);
	said(4, RECONCILIATION_ONLY, RULE_NONE, -1);
	d.r.candidates = 3;
	d.item[3].at = 9;
	match();
	said(4, RECONCILIATION_MATCH, RULE_MANY_TO_ONE, 0);
	d.item[3].at = 0;
	d.item[3].amount = 19;
	match();
	said(4, RECONCILIATION_ONLY, RULE_NONE, -1);
}

static void
bounds_are_checked(void **state)
{
	(void) state;
	day_begin(&d);
	match();
	d.r.members = RECONCILIATION_MOST_MEMBERS + 1;
	assert_int_equal(reconciliation_match(&d.r).code, FAULT_ARGUMENT);
	day_begin(&d);
	d.r.window = -1;
	assert_int_equal(reconciliation_match(&d.r).code, FAULT_ARGUMENT);
	day_begin(&d);
	ours(&d, NULL, INT64_MIN, 0);
	assert_int_equal(reconciliation_match(&d.r).code, FAULT_OVERFLOW);
	day_begin(&d);
	ours(&d, NULL, INT64_MAX, INT64_MAX);
	line(&d, NULL, INT64_MAX, INT64_MIN);
	match();
	said(0, RECONCILIATION_ONLY, RULE_NONE, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_and_an_amount_match),
		cmocka_unit_test(two_references_are_never_one_payment),
		cmocka_unit_test(a_payment_and_its_refund_share_a_reference),
		cmocka_unit_test(a_reference_that_differs),
		cmocka_unit_test(a_reference_is_matched_once),
		cmocka_unit_test(a_reference_in_parts),
		cmocka_unit_test(an_amount_matches_within_its_window),
		cmocka_unit_test(several_payments_are_one_line),
		cmocka_unit_test(one_payment_is_several_lines),
		cmocka_unit_test(a_sum_that_may_be_either_is_left_to_a_person),
		cmocka_unit_test(bounds_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
