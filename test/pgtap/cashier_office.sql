-- Contract of what the office is told of itself: windows, refunds by reason, cash, insurers, the report of a year and the quarterly cross-audit.
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
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
ALTER TABLE his.fee ADD why text;
SELECT hospital_cost.attach_charges('his.fee', his.mapping() || '{"reason": "why"}') \g /dev/null
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('PILL', '阿司匹林', '09', 'drug');
INSERT INTO hospital_cost.price (item_code, valid, unit_price) VALUES ('PILL', '(,)', 10);
INSERT INTO hospital_cost.reason_code (purpose, code, name, feeds) VALUES ('refund', 'T1', '药品缺货', 'purchasing') ON CONFLICT DO NOTHING;
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at) VALUES ('E1', 'P1', 'outpatient', 'C1', '2025-03-05 08:00+08', '2025-03-05 18:00+08'),
	('E2', 'P2', 'outpatient', 'C1', '2025-03-06 08:00+08', '2025-03-06 18:00+08'), ('I1', 'P3', 'inpatient', 'C2', '2025-03-05 08:00+08', '2025-03-10 18:00+08');

-- windows
SELECT his.take(1, 100, at => '2025-03-05 10:00+08', began => '2025-03-05 09:58+08'), his.take(2, 50, at => '2025-03-05 10:10+08', began => '2025-03-05 10:06+08', way => 'wx'),
	his.take(3, 30, at => '2025-03-06 10:10+08', visit => 'E2'), his.take(4, 400, at => '2025-03-10 17:00+08', began => '2025-03-10 16:50+08', visit => 'I1', way => 'card', clerk => 'B'),
	his.take(5, 20, at => '2025-04-01 09:00+08', desk => 'W2', visit => 'E9'), his.take(6, 10, at => '2025-04-01 09:05+08', began => '2025-04-01 09:06+08', desk => 'W2', visit => 'E9') \g /dev/null
SELECT results_eq($$SELECT w.period::date, w.window_code, w.care, w.days, w.cashiers, w.transactions, w.transactions_per_day, w.amount, w.timed, w.mean_seconds, w.median_seconds, w.p80_seconds, w.longest_seconds
	FROM hospital_cost.window_performance w ORDER BY 1, 2, 3$$, $$VALUES ('2025-03-01'::date, 'W1' COLLATE "C", 'inpatient', 1::bigint, 1::bigint, 1::bigint, 1.00, 400.00, 1::bigint, 600.0, 600.0, 600.0, 600.0),
	('2025-03-01', 'W1', 'outpatient', 2, 1, 3, 1.50, 180.00, 2, 180.0, 120.0, 240.0, 240.0), ('2025-04-01', 'W2', 'outpatient', 1, 1, 2, 2.00, 30.00, 0, NULL, NULL, NULL, NULL)$$, 'windows: transactions, and how long they took where both times are known');

-- refunds by reason, of charges and of money
SELECT his.charge(1, item => 'PILL', qty => 6, visit => 'E1'), his.charge(2, visit => 'E1'), his.charge(3, item => 'CT', visit => 'E1') \g /dev/null
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at, refund_of, why) VALUES (4, 'E1', 'PILL', -2, 'C1', 'T1', '2025-03-06 10:00+08', 1, 'T1'), (5, 'E1', 'PILL', -1, 'C1', 'T1', '2025-03-06 11:00+08', 1, 'T1'),
	(6, 'E1', 'LAB', -1, 'C1', 'T1', '2025-03-31 23:59+08', 2, NULL), (7, 'E1', 'CT', -1, 'C1', 'T1', '2025-04-01 00:00+08', 3, 'x'), (8, 'E1', 'PILL', -1, 'C1', 'T1', '2025-03-06 12:00+08', 1, 'T1');
DELETE FROM his.fee WHERE id = 8;
UPDATE his.fee SET qty = 5 WHERE id = 1;
SELECT his.take(7, 30, type => '3', refund_of => 1, at => '2025-03-06 10:05+08') \g /dev/null
UPDATE his.payment SET why = 'T1' WHERE id = 7;
SELECT his.take(8, 5, type => '3', refund_of => 2, way => 'wx', at => '2025-03-07 10:05+08') \g /dev/null
SELECT results_eq($$SELECT r.origin, r.reason, r.reason_name, r.feeds, r.department_code, r.item_code, r.is_drug, r.refunds, r.quantity, r.amount FROM hospital_cost.refund_reasons('2025-03-01', '2025-03-31') r$$,
	$$VALUES ('charge', 'T1', '药品缺货', 'purchasing', 'C1', 'PILL', true, 2::bigint, 3.0000, 30.00), ('charge', NULL, NULL, NULL, 'C1', 'LAB', false, 1, 1.0000, 20.00),
	('payment', 'T1', '药品缺货', 'purchasing', 'C1', NULL, NULL, 1, NULL, 30.00), ('payment', NULL, NULL, NULL, 'C1', NULL, NULL, 1, NULL, 5.00)$$,
	'by reason, department and drug; corrected and withdrawn rows do not count');
SELECT results_eq($$SELECT r.reason, r.item_code FROM hospital_cost.refund_reasons('2025-04-01', '2025-04-01') r$$, $$VALUES ('x', 'CT')$$, 'both days are of the range; an unknown word is told as it is');
SELECT hospital_cost.detach_charges('his.fee') \g /dev/null
SELECT is((SELECT sum(r.amount) FROM hospital_cost.refund_reasons('2025-03-01', '2025-03-31') r WHERE r.reason IS NULL AND r.origin = 'charge'), 50.00, 'of a table that is detached, reasons are gone, money is not');

-- cash
SET SESSION AUTHORIZATION hc_ann;
SELECT hospital_cost.open_shift('W1') AS ann \gset
SELECT * FROM hospital_cost.close_shift(:ann, 135) \g /dev/null
SET SESSION AUTHORIZATION hc_bob;
SELECT hospital_cost.open_shift('W2') AS bob \gset
SELECT * FROM hospital_cost.close_shift(:bob, 0) \g /dev/null
SET SESSION AUTHORIZATION hc_lea;
SELECT hospital_cost.review_shift(:ann), hospital_cost.review_shift(:bob) \g /dev/null
SELECT hospital_cost.handle_long_short(:ann, 'change', 'liability') \g /dev/null
SET SESSION AUTHORIZATION hc_acc;
SELECT * FROM hospital_cost.audit_shift(:ann, 3, 7) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT c.day, c.closes, c.cashiers, c.cash_in, c.cash_out, c.banked, c.expected, c.counted, c.long_cash, c.short_cash, c.reviewed, c.audited FROM hospital_cost.cash_sheet c$$,
	$$VALUES (hospital_cost.hospital_day(now()), 2::bigint, 2::bigint, 160.00, 30.00, 0.00, 130.00, 135.00, 5.00, 0.00, 2::bigint, 1::bigint)$$, 'cash of a day, all cashiers');

-- insurers
INSERT INTO hospital_cost.benefit_scheme (code, name) VALUES ('310', '职工') ON CONFLICT (code) DO UPDATE SET name = excluded.name;
CREATE FUNCTION his.settle(id text, visit text, at timestamptz, fund numeric, account numeric, place text DEFAULT 'local', credential text DEFAULT 'e_credential', outcome text DEFAULT 'success', audit text DEFAULT 'passed') RETURNS void LANGUAGE sql AS $$
	INSERT INTO hospital_cost.settlement (encounter_code, scheme, stage, place, credential, outcome, pre_audit, confirmation, finished_at, setl_id, medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, act_pay_dedc,
		hifp_pay, cvlserv_pay, hifes_pay, hifmi_pay, hifob_pay, maf_pay, oth_pay, fund_pay_sumamt, psn_part_amt, acct_pay, psn_cash_pay, acct_mulaid_pay, hosp_part_amt)
	VALUES (visit, '310', 'final', place, credential, outcome, audit, 'none', at, id, fund + 100, 0, 0, 0, fund + 100, 0, fund, 0, 0, 0, 0, 0, 0, fund, 100, account, 100 - account, 0, 0) $$;
SELECT his.settle('S1', 'E1', '2025-03-05 18:00+08', 100, 20), his.settle('F1', 'I1', '2025-03-10 17:00+08', 300, 0, 'remote', outcome => 'failed', audit => NULL),
	his.settle('S2', 'I1', '2025-03-10 18:00+08', 300, 0, 'remote', 'card'), his.settle('S3', 'E2', '2025-03-06 18:00+08', 50, 10, 'remote', NULL) \g /dev/null
INSERT INTO hospital_cost.settlement (reverses, finished_at, setl_id) SELECT s.settlement_id, '2025-03-06 19:00+08', 'R3' FROM hospital_cost.settlement s WHERE s.setl_id = 'S3';
SELECT results_eq($$SELECT k.encounters, k.insured_encounters, k.insured_percent, k.attempts, k.succeeded, k.success_percent, k.remote_attempts, k.remote_succeeded, k.remote_success_percent, k.with_credential, k.e_credential_percent,
	k.pre_audited_percent, k.settlements, k.total, k.fund, k.account, k.own, k.fund_percent FROM hospital_cost.insurer_kpi k WHERE k.period = '2025-03-01'$$,
	$$VALUES (3::bigint, 2::bigint, 66.67, 4::bigint, 3::bigint, 75.00, 3::bigint, 2::bigint, 66.67, 2::bigint, 50.00, 100.00, 2::bigint, 600.00, 400.00, 20.00, 200.00, 66.67)$$, 'how settling with insurers goes');
SELECT results_eq($$SELECT a.settlements, a.claimed, a.open, a.open_0_30, a.open_31_90, a.oldest FROM hospital_cost.insurer_ageing('2025-04-06') a$$,
	$$VALUES (2::bigint, 420.00, 420.00, 300.00, 120.00, '2025-03-05'::date)$$, 'what is owed, by age; what was cancelled is not');
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day, paid) VALUES ('C1', '310', '2025-03-01', '2025-04-10', 200);
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, settlement_id, day, refused, violation, reason) SELECT 'C2', '310', '2025-03-01', s.settlement_id, '2025-04-11', 40, true, '超量' FROM hospital_cost.settlement s WHERE s.setl_id = 'S2';
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day, refused, reason) VALUES ('C3', '310', '2025-03-01', '2025-04-12', 30, 'DRG 超支');
SELECT results_eq($$SELECT a.claimed, a.paid, a.refused, a.refused_violation, a.difference, a.open, a.open_31_90, a.final FROM hospital_cost.insurer_ageing('2025-04-20') a$$,
	$$VALUES (420.00, 200.00, 70.00, 40.00, -30.00, 150.00, 150.00, false)$$, 'paid, refused by policy or for a violation, open');
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day, paid, final) VALUES ('C4', '310', '2025-03-01', '2025-12-31', 140, true);
SELECT results_eq($$SELECT r.scheme_name, r.paid, r.difference, r.open, r.open_over_365, r.oldest FROM hospital_cost.insurer_receivable r$$, $$VALUES ('职工', 340.00, -40.00, 0.00, 0.00, NULL::date)$$, 'once a month is cleared, what is missing is the difference');
SELECT set_eq('SELECT r.reason, r.violation, r.refused FROM hospital_cost.insurer_refusal r', $$VALUES ('超量', true, 40.00), ('DRG 超支', false, 30.00)$$, 'refusals by reason');
SELECT throws_ok($$INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day, paid) VALUES ('C1', '310', '2025-03-01', '2025-04-10', 200)$$, '23505', NULL, 'a notice comes once');
SELECT throws_ok($$INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day, refused) VALUES ('C9', '310', '2025-03-01', '2025-04-10', 1)$$, '23514', NULL, 'no refusal without a reason');
SELECT throws_ok('DELETE FROM hospital_cost.insurer_clearing', 'MC006', NULL, 'what an insurer said stays');

-- the report
SELECT results_eq($$SELECT r.section_en, r.code, r.value, r.detail FROM hospital_cost.cashier_office_report('2025-03-01', '2025-03-31') r WHERE r.section_en IN ('workload', 'time taken', 'refunds')$$, $$VALUES
	('workload', 'windows', 1::numeric, NULL), ('workload', 'cashiers', 2, NULL), ('workload', 'days', 4, NULL), ('workload', 'transactions', 6, NULL), ('workload', 'transactions_per_day', 1.5, NULL),
	('workload', 'outpatient_receipts', 3, NULL), ('workload', 'inpatient_settlements', 1, NULL), ('workload', 'amount_in', 580, NULL), ('workload', 'amount_out', 35, NULL), ('workload', 'peak_day', 2, '2025-03-05'),
	('workload', 'peak_half_hour', 5, '10:00'), ('time taken', 'inpatient_mean_seconds', 600, '1 timed'), ('time taken', 'inpatient_p80_seconds', 600, '1 timed'), ('time taken', 'inpatient_longest_seconds', 600, '1 timed'),
	('time taken', 'outpatient_mean_seconds', 180, '2 timed'), ('time taken', 'outpatient_p80_seconds', 240, '2 timed'), ('time taken', 'outpatient_longest_seconds', 240, '2 timed'),
	('refunds', 'refunds', 2, NULL), ('refunds', 'refund_amount', 35, NULL), ('refunds', 'refund_percent', 6.0345, NULL), ('refunds', 'refunds_waiting', 0, NULL), ('refunds', 'refund_reason', 1, '30.00'), ('refunds', 'refund_reason', 1, '5.00')$$,
	'workload, time and refunds of a year');
SELECT set_eq($$SELECT r.code, r.period, r.value FROM hospital_cost.cashier_office_report('2025-03-01', '2025-12-31') r WHERE r.section_en = 'payment mix' AND r.code IN ('mix_cash', 'mix_wechat')$$,
	$$VALUES ('mix_cash', NULL::date, 22.6087), ('mix_cash', '2025-03-01', 18.3486), ('mix_cash', '2025-04-01', 100), ('mix_wechat', NULL, 7.8261), ('mix_wechat', '2025-03-01', 8.2569)$$, 'payment mix, all and by month');
SELECT is((SELECT round(sum(r.value)) FROM hospital_cost.cashier_office_report('2025-03-01', '2025-12-31') r WHERE r.section_en = 'payment mix' AND r.period IS NULL), 100::numeric, 'which is all of it');
SELECT set_eq($$SELECT r.code, r.value FROM hospital_cost.cashier_office_report(hospital_cost.hospital_day(now()), hospital_cost.hospital_day(now())) r WHERE r.section_en = 'day close'$$,
	$$VALUES ('closes', 2::numeric), ('reviewed_percent', 100), ('audited_percent', 50), ('long_cases', 1), ('long_amount', 5), ('short_cases', 0), ('short_amount', 0), ('handled_in_24h_percent', 100), ('long_short_open', 0)$$, 'closes of the day');
INSERT INTO hospital_cost.statement_format (kind, name, methods) VALUES ('wx', '微信', '{wx}');
SELECT hospital_cost.load_statement('wx', '2025-03-05', '[{"amount": 50, "at": "2025-03-05 10:10"}, {"amount": 9, "reference": "z", "at": "2025-03-05 12:10"}]') \g /dev/null
SELECT * FROM hospital_cost.reconcile('wx', '2025-03-05') \g /dev/null
SELECT results_eq($$SELECT r.code, r.period, r.value, r.detail FROM hospital_cost.cashier_office_report('2025-01-01', '2025-12-31') r WHERE r.section_en = 'reconciliation'$$,
	$$VALUES ('difference_percent', NULL::date, 50.0000, '1 / 2'), ('difference_percent', '2025-03-01', 50.0000, '1 / 2'), ('difference_percent_wx', NULL, 50.0000, '1 / 2'), ('differences_open', NULL, 1, NULL)$$, 'how often statements differ, by month and channel');
SELECT set_eq($$SELECT r.code, r.value FROM hospital_cost.cashier_office_report('2025-01-01', '2025-12-31') r WHERE r.section_en = 'insurance' AND r.unit = '元' OR r.code = 'remote_success_percent'$$,
	$$VALUES ('claimed', 420.00), ('insurer_paid', 340.00), ('refused', 70.00), ('refused_violation', 40.00), ('settlement_difference', -40.00), ('insurer_open', 0.00), ('remote_success_percent', 66.67)$$, 'insurers');
SELECT is_empty($$SELECT r.code FROM hospital_cost.cashier_office_report('2025-01-01', '2025-12-31') r WHERE r.name IS NULL OR r.name_en IS NULL OR r.unit IS NULL OR r.section IS NULL$$, 'all in two languages');

-- the cross-audit of a quarter
SELECT set_eq($$SELECT c.check_code, c.observed FROM hospital_cost.cross_audit('2025-02-15') c WHERE c.state = 'look'$$,
	$$VALUES ('no_receipt', 4::numeric), ('refund_without_reason', 1), ('difference_open', 1), ('day_not_reconciled', 1)$$, 'what a quarter has to look at');
SELECT is((SELECT count(*) FROM hospital_cost.cross_audit('2025-02-15', 0) c WHERE c.state = 'pull'), 0::bigint, 'no sample if none is wanted');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.cross_audit('2025-02-15', 2, 5) c WHERE c.state = 'pull'), '>=', 2::bigint, 'a sample to pull');
SELECT results_eq($$SELECT c.example FROM hospital_cost.cross_audit('2025-02-15', 3, 5) c WHERE c.state = 'pull'$$, $$SELECT c.example FROM hospital_cost.cross_audit('2025-03-31', 3, 5) c WHERE c.state = 'pull'$$, 'the same for the same seed and quarter');
SELECT cmp_ok((SELECT count(DISTINCT x.s) FROM (SELECT string_agg(c.example, ',') AS s FROM generate_series(1, 9) g, hospital_cost.cross_audit('2025-02-15', 2, g) c WHERE c.state = 'pull' GROUP BY g) x), '>', 2::bigint, 'another seed draws others');
SELECT throws_ok($$SELECT hospital_cost.cross_audit('infinity')$$, 'MC90C', NULL, 'no quarter');
SELECT throws_ok($$SELECT hospital_cost.cross_audit('2025-01-01', -1)$$, 'MC90C', NULL, 'no sample');

-- who may
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok(q, '42501', NULL, 'not the cashier: ' || q) FROM unnest(ARRAY['TABLE hospital_cost.unpaid', 'TABLE hospital_cost.insurer_receivable', 'SELECT * FROM hospital_cost.cashier_office_report(''2025-01-01'', ''2025-12-31'')',
	'SELECT hospital_cost.make_reminders()', 'SELECT hospital_cost.cross_audit(''2025-01-01'')', 'SELECT * FROM hospital_cost.refund_reasons(''2025-01-01'', ''2025-12-31'')']) q;
SET SESSION AUTHORIZATION hc_lea;
SELECT lives_ok(q, 'the leader: ' || q) FROM unnest(ARRAY['TABLE hospital_cost.unpaid', 'SELECT hospital_cost.make_reminders()', 'SELECT * FROM hospital_cost.cashier_office_report(''2025-01-01'', ''2025-12-31'')']) q;
SELECT throws_ok(q, '42501', NULL, 'not the leader: ' || q) FROM unnest(ARRAY['INSERT INTO hospital_cost.reminder_rule (kind) VALUES (''deposit'')', 'UPDATE hospital_cost.reminder SET state = ''sent''', 'SELECT hospital_cost.cross_audit(''2025-01-01'')',
	'INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day) VALUES (''X'', ''310'', ''2025-03-01'', ''2025-04-01'')']) q;
SET SESSION AUTHORIZATION hc_acc;
SELECT lives_ok(q, 'the accountant: ' || q) FROM unnest(ARRAY['INSERT INTO hospital_cost.reminder_rule (kind, payer) VALUES (''deposit'', ''x'')', 'SELECT hospital_cost.cross_audit(''2025-01-01'')', 'SELECT * FROM hospital_cost.refund_reasons(''2025-01-01'', ''2025-12-31'')',
	'INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day) VALUES (''X'', ''310'', ''2025-03-01'', ''2025-04-01'')', 'SELECT * FROM hospital_cost.predict_charges(''I1'')', 'SELECT * FROM hospital_cost.daily_bill(''I1'')']) q;
SET SESSION AUTHORIZATION hc_aud;
SELECT lives_ok($$SELECT hospital_cost.cross_audit('2025-01-01')$$, 'the auditor audits');
SELECT throws_ok($$SELECT hospital_cost.make_reminders()$$, '42501', NULL, 'and reminds nobody');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
ROLLBACK;
