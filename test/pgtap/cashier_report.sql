-- Contract of receipts, daily reports, vouchers and the proof of a day: the same entries everywhere, and planted faults found.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/payment.sql
\ir fixture/cashier.sql
SELECT * FROM no_plan();

-- receipts: ranges are handed out once
SELECT throws_ok(format('SELECT hospital_cost.issue_receipts(%L, %L, %L, %L, %L)', p, f, l, w, c), 'MC302', NULL, format('no range: %s %s %s %s %s', p, f, l, w, c)) FROM (VALUES ('R', 2, 1, 4, NULL), ('R', -1, 1, 4, NULL),
	('R', 1, 10000, 4, NULL), ('R', 1, 2000000, 8, NULL), (NULL, 1, 2, 4, NULL), ('R', 1, 2, NULL, NULL), ('R', 1, 2, 19, NULL), ('R', 1, 2, 4, 'Z')) v (p, f, l, w, c);
SET SESSION AUTHORIZATION hc_lea;
SELECT lives_ok($$SELECT hospital_cost.issue_receipts('R', 1, 20, 4, 'A')$$, 'the leader hands out numbers');
SELECT throws_ok($$SELECT hospital_cost.issue_receipts('R', 20, 30, 4, 'B')$$, 'MC30B', NULL, 'each once');
SELECT lives_ok($$SELECT hospital_cost.issue_receipts('R', 20, 30, 5, NULL), hospital_cost.issue_receipts('S', 1, 20, 4, NULL)$$, 'another width or prefix is another number');
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok($$SELECT hospital_cost.void_receipt('R0003', '')$$, 'MC302', NULL, 'no void without a reason');
SELECT lives_ok($$SELECT hospital_cost.void_receipt('R0003', 'torn'), hospital_cost.void_receipt('R0003', 'torn'), hospital_cost.void_receipt('R0008', 'paper jam')$$, 'the cashier voids');
RESET SESSION AUTHORIZATION;
SELECT his.take(1, 100, receipt => 'R0001'), his.take(2, 40, receipt => 'R0002'), his.take(3, 60, way => 'fund', receipt => 'R0002'), his.take(4, 10, receipt => 'R0005'), his.take(5, 10, receipt => 'R0005', visit => 'E2'),
	his.take(6, 7, receipt => 'R0006', clerk => 'B'), his.take(7, 9, receipt => 'R0007'), his.take(8, 9, type => '3', refund_of => 7, receipt => 'R0009'), his.take(9, 11, receipt => 'R0008'), his.take(10, 1, receipt => 'X1'),
	his.take(11, 5, receipt => 'R0010'), his.take(12, 2, type => '3', refund_of => 11, receipt => 'R0010') \g /dev/null
SELECT set_eq($$SELECT r.receipt_no || ' ' || r.state FROM hospital_cost.receipt r$$, ARRAY['R0001 used', 'R0002 used', 'R0003 void', 'R0004 gap', 'R0005 duplicate', 'R0006 other_cashier', 'R0007 flushed', 'R0008 void_used', 'R0009 red',
	'R0010 used', 'X1 outside'], 'each number up to the highest used: once, void or a question');
SELECT results_eq($$SELECT r.payments, r.amount, r.given_back FROM hospital_cost.receipt r WHERE r.receipt_no IN ('R0002', 'R0010') ORDER BY 1$$, $$VALUES (1::bigint, 5.00, 2.00), (2, 100.00, 0.00)$$, 'matched to its payments, whatever the methods');
DELETE FROM his.payment WHERE id IN (6, 9, 10, 5);
SELECT set_eq($$SELECT r.receipt_no || ' ' || r.state FROM hospital_cost.receipt r WHERE r.state IN ('gap', 'duplicate', 'void_used', 'outside', 'other_cashier')$$, ARRAY['R0004 gap', 'R0006 gap'], 'payments taken back use no number');
SELECT his.take(13, 3) \g /dev/null
SELECT set_eq('SELECT his.wrong_money()', ARRAY['receipts: payments without a number: 1, example entry ' || (SELECT max(l.entry_id) FROM hospital_cost.payment_ledger l)], 'a payment without a receipt is told');
UPDATE his.payment SET receipt = 'R0006' WHERE id = 13;
SELECT is_empty('SELECT his.wrong_money()', 'until it has one');

-- reports
SELECT his.take(20, 30, way => 'card', receipt => 'R0011', at => '2025-03-05 10:29+08', began => '2025-03-05 10:27+08'), his.take(21, 8, way => 'wx', clerk => 'B', receipt => 'S0001', at => '2025-03-05 10:31+08', desk => 'W2'),
	his.take(22, 70, type => '2', clerk => 'B', receipt => 'S0002', at => '2025-03-12 10:15+08', began => '2025-03-12 10:11+08'), his.take(23, 20, type => '4', clerk => 'B', receipt => 'S0003', at => '2025-03-12 10:16+08', refund_of => 22) \g /dev/null
SET SESSION AUTHORIZATION hc_bob;
SELECT hospital_cost.open_shift('W2') AS bob \gset
SELECT * FROM hospital_cost.close_shift(:bob, 62, 5) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT c.day, c.cashier_code, c.shift_id IS NOT NULL, c.channel, c.transactions, c.amount_in, c.amount_out, c.amount FROM hospital_cost.cashier_day c
	WHERE c.method NOT IN ('fund') AND (c.cashier_code = 'B' OR c.method = 'card') ORDER BY 1, 2, 4$$, $$VALUES ('2025-03-05'::date, 'A' COLLATE "C", false, 'bank_card', 1::bigint, 30.00, 0.00, 30.00),
	('2025-03-05', 'B', true, 'cash', 0, 0.00, 0.00, 0.00), ('2025-03-05', 'B', true, 'wechat', 1, 8.00, 0.00, 8.00), ('2025-03-12', 'B', true, 'cash', 2, 70.00, 20.00, 50.00)$$, 'cashier daily report');
SELECT results_eq($$SELECT h.transactions, h.payments, h.deposits, h.refunds, h.deposit_refunds, h.amount, h.cash, h.bank, h.mobile, h.insurer, h.other, h.closed, h.not_closed FROM hospital_cost.hospital_day h ORDER BY h.day$$,
	$$VALUES (11::bigint, 265.00, 0.00, 11.00, 0.00, 254.00, 156.00, 30.00, 8.00, 60.00, 0.00, 8.00, 246.00), (2, 0.00, 70.00, 0.00, 20.00, 50.00, 50.00, 0.00, 0.00, 0.00, 0.00, 50.00, 0.00)$$, 'hospital daily report');
SELECT is_empty($$SELECT h.day FROM hospital_cost.hospital_day h WHERE ROW(h.amount, h.transactions)::text IS DISTINCT FROM (SELECT ROW(sum(c.amount), sum(c.transactions)::bigint)::text FROM hospital_cost.cashier_day c WHERE c.day = h.day)$$, 'reports tie');
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT his.take(30, 100, way => 'wx', receipt => 'R0012', at => '2025-04-01 10:00+08'), his.take(31, 100, receipt => 'R0013', at => '2025-04-01 10:00+08') \g /dev/null
SELECT results_eq($$SELECT m.period::date, m.channel, m.amount, m.share, m.share_change FROM hospital_cost.payment_mix m WHERE m.channel IN ('cash', 'wechat') ORDER BY 1, 2$$,
	$$VALUES ('2025-03-01'::date, 'cash', 206.00, 0.677632, NULL), ('2025-03-01', 'wechat', 8.00, 0.026316, NULL), ('2025-04-01', 'cash', 100.00, 0.500000, -0.177632), ('2025-04-01', 'wechat', 100.00, 0.500000, 0.473684)$$, 'payment mix and its trend');
SELECT results_eq($$SELECT w.weekday, w.half_hour, w.window_code, w.transactions, w.days, w.transactions_per_day, w.mean_seconds, w.p80_seconds FROM hospital_cost.window_demand w WHERE w.weekday = 3 ORDER BY 2, 3$$,
	$$VALUES (3, '10:00'::time, 'W1' COLLATE "C", 12::bigint, 2::bigint, 6.00, 180.0, 240.0), (3, '10:30', 'W2', 1, 2, 0.50, NULL, NULL)$$, 'demand by weekday, half hour and window');

-- vouchers
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('I1', 'inpatient', 'C2', '2025-03-05 09:00+08');
SELECT his.charge(1, visit => 'E1'), his.charge(2, item => 'CT', visit => 'I1'), his.charge(3, visit => 'E7', ordered_by => 'C2') \g /dev/null
SELECT his.take(40, 100, visit => 'I1', receipt => 'R0014') \g /dev/null
SELECT set_eq($$SELECT format('%s %s %s %s', v.event, v.account_code, v.debit, v.credit) FROM hospital_cost.voucher v WHERE v.day = '2025-03-05'$$, ARRAY['inpatient_charge 121201 220.50 0.00', 'inpatient_charge 4101010203 0.00 200.50',
	'inpatient_charge 4101010204 0.00 20.00', 'outpatient_charge 12120202 20.00 0.00', 'outpatient_charge 4101010104 0.00 20.00', 'inpatient_payment 1001 100.00 0.00', 'inpatient_payment 121201 0.00 100.00', 'outpatient_payment 1001 156.00 0.00',
	'outpatient_payment 100201 30.00 0.00', 'outpatient_payment 1021 8.00 0.00', 'outpatient_payment 12120201 60.00 0.00', 'outpatient_payment 12120202 0.00 254.00'], 'vouchers of a day');
SELECT set_eq($$SELECT format('%s %s %s %s', v.event, v.account_code, v.debit, v.credit) FROM hospital_cost.voucher v WHERE v.day = hospital_cost.hospital_day(now())$$, ARRAY['cash_banked 1002 5.00 0.00', 'cash_banked 1001 0.00 5.00',
	'cash_long 1001 17.00 0.00', 'cash_long 2307 0.00 17.00'], 'and of its closes');
SELECT is_empty($$SELECT v.day, v.event FROM hospital_cost.voucher v GROUP BY 1, 2 HAVING sum(v.debit) <> sum(v.credit)$$, 'each balances');
DELETE FROM hospital_cost.ledger_account WHERE purpose IN ('cash', 'receivable_outpatient');
SELECT is_empty($$SELECT v.day, v.event FROM hospital_cost.voucher v GROUP BY 1, 2 HAVING sum(v.debit) <> sum(v.credit)$$, 'also without an account for it');
SELECT set_eq('SELECT his.wrong_money()', ARRAY['vouchers: lines without an account: 4, example ?cash', 'vouchers: lines without an account: 2, example ?cash'], 'which the proof tells');
SELECT hospital_cost.load_defaults() \g /dev/null
SELECT is_empty('SELECT his.wrong_money()', 'the defaults come back');

-- what the guards would stop, done past them: the proof finds it
CREATE FUNCTION his.past_guards(change text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN
	SET LOCAL session_replication_role = replica;
	EXECUTE change;
	SET LOCAL session_replication_role = origin;
	RETURN QUERY SELECT regexp_replace(w, ': [-0-9.]+, example.*', '') FROM his.wrong_money() w;
END $$;
SAVEPOINT s;
SELECT set_eq($$SELECT his.past_guards('DELETE FROM hospital_cost._closed_payment WHERE entry_id = (SELECT max(entry_id) FROM hospital_cost._closed_payment)')$$, ARRAY['closes: amount of the entries they own', 'closes: entries they own', 'closes: cash in − cash out'], 'an entry taken out of a close');
ROLLBACK TO s;
SELECT set_eq($$SELECT his.past_guards('UPDATE hospital_cost._shift_close SET cash_in = cash_in - 1')$$, ARRAY['closes: cash in − cash out'], 'a close made smaller');
ROLLBACK TO s;
SELECT set_eq($$SELECT his.past_guards('UPDATE hospital_cost._shift_close SET span = tstzrange(lower(span) + interval ''1 microsecond'', upper(span))')$$, ARRAY['closes that do not begin where the one before ended'], 'a gap between shifts');
ROLLBACK TO s;
SELECT set_eq($$SELECT his.past_guards('UPDATE hospital_cost._closed_payment o SET entry_id = (SELECT min(l.entry_id) FROM hospital_cost.payment_ledger l WHERE l.operator = ''A'') WHERE entry_id = (SELECT max(entry_id) FROM hospital_cost._closed_payment)')$$,
	ARRAY['closes: amount of the entries they own', 'closes: cash in − cash out', 'closes: entries of another cashier, or gone'], 'money of somebody else');
ROLLBACK TO s;
SELECT his.past_guards('UPDATE hospital_cost._shift_close SET span = tstzrange(lower(span) - interval ''2 days'', upper(span) - interval ''25 hours'')') \g /dev/null
SELECT is((SELECT l.state FROM hospital_cost.long_short l), 'overdue', 'a case of yesterday is overdue');
SET SESSION AUTHORIZATION hc_acc;
SELECT hospital_cost.handle_long_short(:bob, 'change', 'liability'), hospital_cost.handle_long_short(:bob, 'duplicate', 'refunded') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT l.state, l.cause_code FROM hospital_cost.long_short l', $$VALUES ('handled_late', 'duplicate' COLLATE "C")$$, 'handled late, and the last word holds');
SELECT * FROM finish();
ROLLBACK;
