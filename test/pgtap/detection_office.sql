-- Contract of the alerts over the cashier office and over insurers: each with what is just beyond its limit and what is just inside.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT * FROM no_plan();
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT is((SELECT string_agg(format('%s %s', s.code, s.needs), ', ' ORDER BY s.code) FROM hospital_cost.rule_state s WHERE s.state = 'inactive' AND s.code IN ('SD02', 'SD11', 'SD14', 'SD16', 'SD18', 'SD21', 'SD22', 'SD24', 'SD25', 'SD26')),
	'SD02 {settlement}, SD11 {payments,authority}, SD14 {settlement}, SD16 {payments}, SD18 {settlement}, SD21 {shift}, SD22 {shift}, SD24 {payments,shift}, SD25 {cashier}, SD26 {payments}', 'the alerts say what they lack');
\ir fixture/payment.sql
\ir fixture/cashier.sql
CREATE FUNCTION his.found(rule text, month date DEFAULT '2025-03-01') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hospital_cost.detect(month, rule);
	RETURN QUERY SELECT format('%s %s %s: %s, %s yuan', f.subject, f.subject_code, f.fact, f.observed, f.amount_at_risk) FROM hospital_cost.finding f
		WHERE f.code = rule AND f.period = month AND f.state = 'open' ORDER BY 1;
END $$;
-- A shift of the past, closed at a time, with what was expected and counted; shifts of a cashier follow each other.
CREATE FUNCTION his.shut(id bigint, closed timestamptz, clerk text DEFAULT 'A', counted numeric DEFAULT 100, entries bigint DEFAULT 100, begun timestamptz DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	since timestamptz := coalesce(begun, (SELECT max(upper(k.span)) FROM hospital_cost._shift_close k WHERE k.cashier_code = clerk), '2025-02-01 00:00+08');
BEGIN
	INSERT INTO hospital_cost._shift (shift_id, cashier_code, opened_at, began_at, float_start) VALUES (id, clerk, since, since, 0);
	INSERT INTO hospital_cost._shift_close (shift_id, cashier_code, span, entries, amount, float_start, float_moved, cash_in, cash_out, banked, float_end, counted, drawn, running, decided)
	VALUES (id, clerk, tstzrange(since, closed), entries, 100, 0, 0, 100, 0, 0, 0, counted, 0, '3', 0);
END $$;
-- Numbers of the settlements that were found.
CREATE FUNCTION his.settled(rule text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hospital_cost.detect('2025-03-01', rule);
	RETURN QUERY SELECT format('%s %s', f.evidence ->> 'setl_id', f.amount_at_risk) FROM hospital_cost.finding f WHERE f.code = rule AND f.state = 'open' ORDER BY 1;
END $$;
SAVEPOINT s;

-- SD21: 24 hours from the close, strictly
SELECT his.shut(1, '2025-03-01 00:00+08', counted => 90), his.shut(2, '2025-03-31 23:59:59+08', counted => 130), his.shut(3, '2025-04-01 12:00+08', counted => 99),
	his.shut(4, '2025-03-10 10:00+08', 'B', 80), his.shut(5, '2025-03-11 10:00+08', 'B', 80), his.shut(6, '2025-03-12 10:00+08', 'B') \g /dev/null
INSERT INTO hospital_cost._long_short_handling (shift_id, cause_code, treatment, handled_at) VALUES (4, 'change', 'compensated', '2025-03-11 10:00+08'), (5, 'change', 'compensated', '2025-03-12 10:00:00.000001+08');
SELECT results_eq($$SELECT his.found('SD21')$$, $$VALUES ('shift 1 : open, 10.00 yuan'), ('shift 2 : open, 30.00 yuan'), (format('shift 5 : %s, 20.00 yuan', timestamptz '2025-03-12 10:00:00.000001+08'))$$,
	'SD21: what was handled within 24 hours is not there, a microsecond later is');
SELECT is_empty($$SELECT his.found('SD21', '2025-02-01')$$, 'midnight of 1 March is March');
INSERT INTO hospital_cost._long_short_handling (shift_id, cause_code, treatment) VALUES (1, 'change', 'compensated');
SELECT matches((SELECT x FROM his.found('SD21') x WHERE x ~ 'shift 1'), 'shift 1 : open', 'handled late stays late');

-- SD24: short cash not handled on the next day; cash in no close
SELECT results_eq($$SELECT x FROM his.found('SD24') x$$, $$VALUES ('shift 1 short: 10.00, 10.00 yuan')$$, 'SD24: short cash that was handled a day later is let pass');
SELECT his.take(1, 300, 'A', at => '2025-03-30 10:00+08'), his.take(2, 50, 'A', type => '3', refund_of => 1, at => '2025-03-30 23:00+08'), his.take(3, 70, 'A', way => 'wx', at => '2025-03-30 10:00+08'),
	his.take(4, 10, 'B', at => '2025-03-10 23:59+08'), his.take(5, 10, 'B', at => '2025-03-10 00:00+08') \g /dev/null
INSERT INTO hospital_cost._closed_payment SELECT p.entry_id, CASE p.source_key WHEN '5' THEN 6 WHEN '4' THEN 5 ELSE 3 END FROM hospital_cost._payment p;
SELECT results_eq($$SELECT x FROM his.found('SD24') x WHERE x ~ 'not_closed'$$, $$VALUES ('cashier A not_closed 2025-03-30: 250.00, 250.00 yuan'), ('cashier B not_closed 2025-03-10: 10.00, 10.00 yuan')$$,
	'cash closed two days later is told, a day later not; only what is cash, net of what was given back');
SELECT his.shut(7, '2025-03-14 10:00+08', 'B', begun => '2025-03-12 10:00:00.001+08') \g /dev/null
SELECT results_eq($$SELECT x FROM his.found('SD24') x WHERE x ~ 'gap'$$, $$VALUES ('shift 7 gap: gap,  yuan')$$, 'time between two closes is told');
ROLLBACK TO s;

-- SD22: review and sample by noon of the next day, a tenth of the entries
SELECT his.shut(n, v.at, 'A', entries => v.entries) FROM (VALUES (1, timestamptz '2025-03-05 00:00+08', 100), (2, '2025-03-05 23:59:59+08', 101), (3, '2025-03-07 10:00+08', 0), (4, '2025-03-31 10:00+08', 5)) v (n, at, entries) \g /dev/null
INSERT INTO hospital_cost._shift_review (shift_id, reviewed_at, reviewed_by) VALUES (1, '2025-03-06 12:00+08', 'x'), (2, '2025-03-06 12:00+08', 'x'), (3, '2025-03-08 12:00:00.000001+08', 'x');
INSERT INTO hospital_cost._shift_audit (shift_id, seed, sample_size, audited_at, audited_by) VALUES (1, 1, 10, '2025-03-06 12:00+08', 'y'), (2, 1, 10, '2025-03-06 12:00+08', 'y');
SELECT results_eq($$SELECT his.found('SD22')$$, $$VALUES ('shift 2 sample: 10, 100.00 yuan'), (format('shift 3 review: %s, 100.00 yuan', timestamptz '2025-03-08 12:00:00.000001+08')),
	('shift 4 audit: none, 100.00 yuan'), ('shift 4 review: none, 100.00 yuan')$$, 'SD22: noon of the next day is in time; 10 of 101 are less than a tenth; a close of nothing needs no sample');
ROLLBACK TO s;

-- SD25: floats and receipts
SELECT hospital_cost.issue_receipts('N', 1, 100, 4, 'A') \g /dev/null
SELECT his.take(n, 10, 'A', visit => 'E' || n, receipt => 'N' || lpad(n::text, 4, '0'), at => '2025-03-05 10:00+08') FROM unnest('{1,2,5,6,9}'::int[]) n \g /dev/null
SELECT his.take(10, 10, 'A', visit => 'E10', receipt => 'N0010', at => '2025-04-01 00:00+08'), his.take(11, 10, 'A', visit => 'E11', receipt => 'N0009'), his.take(12, 10, 'A', visit => 'E12', receipt => 'Z1') \g /dev/null
SELECT hospital_cost.void_receipt('N0007', 'torn'), hospital_cost.void_receipt('N0006', 'torn') \g /dev/null
SELECT results_eq($$SELECT his.found('SD25')$$, $$VALUES ('receipt N0003 gap: gap,  yuan'), ('receipt N0006 void_used: void_used, 10.00 yuan'), ('receipt N0008 gap: gap,  yuan'), ('receipt N0009 duplicate: duplicate, 20.00 yuan'),
	('receipt Z1 outside: outside, 10.00 yuan')$$, 'SD25: numbers missing, twice, void but used, of no range; void ones are well');
SELECT is((SELECT f.excess_quantity FROM hospital_cost.finding f WHERE f.code = 'SD25' AND f.subject_code = 'N0003'), 2::numeric, 'missing numbers that follow each other are one finding');
INSERT INTO hospital_cost._float_move (cashier_code, kind, amount, counted, moved_at) VALUES ('B', 'issue', 500, NULL, '2025-03-02 08:00+08'), ('B', 'count', 0, 490, '2025-03-31 23:00+08'), ('B', 'count', 0, 500, '2025-03-03 08:00+08');
SELECT results_eq($$SELECT x FROM his.found('SD25') x WHERE x ~ 'float'$$, ARRAY[format('cashier B float %s: 490.00, 10.00 yuan', timestamptz '2025-03-31 23:00+08')], 'a float that was counted otherwise');
ROLLBACK TO s;

-- SD16 and SD11: refunds without a code, and beyond what the cashier may
INSERT INTO hospital_cost.reason_code (purpose, code, name) VALUES ('refund', 'drug_unused', '未取药') ON CONFLICT DO NOTHING;
SELECT his.take(1, 1000) \g /dev/null
INSERT INTO his.payment (id, visit, type, way, money, at, clerk, refund_of, why) SELECT v.id, 'E1', '3', 'cash', v.money, '2025-03-31 23:59+08', 'A', 1, v.why
FROM (VALUES (2, 100, NULL), (3, 100.01, 'drug_unused'), (4, 50, 'just so'), (5, 10, 'drug_unused'), (6, 10, ' ')) v (id, money, why);
INSERT INTO hospital_cost.authority (role, action, limit_amount) VALUES ('cashier', 'refund', 100), ('cashier_leader', 'refund', 1000);
SELECT results_eq($$SELECT his.found('SD16')$$, $$VALUES ('payment 2 : , 100.00 yuan'), ('payment 4 : just so, 50.00 yuan'), ('payment 6 : , 10.00 yuan')$$, 'SD16: no reason, or none of the codes');
SELECT results_eq($$SELECT his.found('SD11')$$, $$VALUES ('payment 3 : 100.01, 0.01 yuan')$$, 'SD11: a cent beyond the authority');
INSERT INTO hospital_cost._approval (action, source_id, source_key, amount, note, approved_by) SELECT 'refund', p.source_id, '3', 100.01, 'x', 'hc_lea' FROM hospital_cost._payment p LIMIT 1;
SELECT is_empty($$SELECT his.found('SD11')$$, 'until the leader approves');
ROLLBACK TO s;

-- SD26: the month above three quarters of the months
SELECT hospital_cost.open_period((date '2024-10-01' + n * interval '1 month')::date) FROM generate_series(0, 3) n \g /dev/null
SELECT his.take(n, 100 + n, at => '2024-10-05 10:00+08'::timestamptz + n * interval '1 month') FROM generate_series(0, 4) n \g /dev/null
SELECT his.take(9, 104, at => '2025-03-31 23:59+08') \g /dev/null
SELECT results_eq($$SELECT his.found('SD26')$$, $$VALUES ('hospital hospital sample: 104.00,  yuan')$$, 'SD26: 104 is above three quarters of the six months');
SELECT is((SELECT f.evidence -> 'payments' FROM hospital_cost.finding f WHERE f.code = 'SD26'), (SELECT jsonb_build_array(p.entry_id) FROM hospital_cost._payment p WHERE p.source_key = '9'), 'with its sample');
SELECT is_empty($$SELECT his.found('SD26', '2025-02-01')$$, 'five months are fewer than the minimum');
ROLLBACK TO s;

-- SD02, SD14, SD18
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at) SELECT 'S' || n, 'P' || n, CASE WHEN n = 5 THEN 'outpatient' ELSE 'inpatient' END, 'C2', '2025-03-01 08:00+08', '2025-03-05 08:00+08'
FROM generate_series(1, 9) n;
CREATE FUNCTION his.settle(n int, at timestamptz, audit text DEFAULT 'passed', serious numeric DEFAULT 0) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO hospital_cost.settlement (encounter_code, scheme, setl_id, medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, act_pay_dedc, hifp_pay, hifmi_pay, fund_pay_sumamt, psn_part_amt, acct_pay,
		psn_cash_pay, finished_at, pre_audit, place)
	VALUES ('S' || n, '310', 'N' || n, 100 + serious, 0, 0, 0, 100 + serious, 0, 60, serious, 60 + serious, 40, 0, 40, at, audit, 'local') RETURNING settlement_id $$;
INSERT INTO hospital_cost.benefit_scheme (code, name, charges) VALUES ('310', 'x', 'flag') ON CONFLICT (code) DO UPDATE SET charges = 'flag';
SELECT his.settle(1, '2025-03-05 10:00+08'), his.settle(2, '2025-03-05 23:59:59+08'), his.settle(3, '2025-03-06 00:00+08', NULL), his.settle(4, '2025-03-31 23:59+08', 'passed', 500),
	his.settle(5, '2025-03-07 10:00+08', NULL), his.settle(6, '2025-03-07 10:00+08', NULL), his.settle(7, '2025-04-01 00:00+08', NULL), his.settle(8, '2025-03-08 10:00+08') \g /dev/null
INSERT INTO hospital_cost.settlement (reverses, reason) SELECT s.settlement_id, 'x' FROM hospital_cost.settlement s WHERE s.setl_id = 'N6' AND s.reverses IS NULL;
INSERT INTO hospital_cost.statement_format (kind, name, methods, our_reference) VALUES ('insurer', 'x', '{fund}', 'settlement');
SELECT hospital_cost.load_statement('insurer', '2025-03-06', '[{"reference": "N1", "amount": 60, "at": "2025-03-06T23:00:00+08:00"}]'), hospital_cost.load_statement('insurer', '2025-03-07', '[{"reference": "N2", "amount": 60, "at": "2025-03-07T01:00:00+08:00"}]') \g /dev/null
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, settlement_id, day, paid) SELECT 'C1', '310', '2025-03-01', s.settlement_id, '2025-03-09', 60 FROM hospital_cost.settlement s WHERE s.setl_id = 'N8';
SELECT results_eq($$SELECT his.settled('SD02')$$, ARRAY['N2 60.00', 'N3 60.00', 'N4 560.00', 'N5 60.00'], 'SD02: a line of the next day is in time, one of the day after is not, a clearing is money too');
SELECT results_eq($$SELECT his.settled('SD14')$$, ARRAY['N3 60.00'], 'SD14: inpatients without pre-audit, not what was reversed');
SELECT results_eq($$SELECT his.settled('SD18')$$, ARRAY['N4 500.00'], 'SD18: serious illness that nobody confirmed');
INSERT INTO hospital_cost._settlement_confirmation (settlement_id, note, confirmed_by) SELECT s.settlement_id, 'seen', 'x' FROM hospital_cost.settlement s WHERE s.setl_id = 'N4';
SELECT is((SELECT d.resolved FROM hospital_cost.detect('2025-03-01', 'SD18') d), 1::bigint, 'a confirmation closes it');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01') d WHERE d.code ~ '^SD' AND d.resolved > 0$$, 'all rules of the month again: nothing closes');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01') d WHERE d.code ~ '^SD' AND d.added + d.resolved > 0$$, 'and a second run adds nothing');
SELECT * FROM finish();
ROLLBACK;
