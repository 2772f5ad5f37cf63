-- Contract of settlements: amounts held against one another on the way in, one settlement a day, whole reversals, confirmation by another person,
-- estimates by dated rules told step by step, refunds shared to the cent, and the proof of a day.
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
CREATE ROLE hc_his LOGIN IN ROLE "hc desk_clerk";
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'trust') \g /dev/null
INSERT INTO hospital_cost.payment_method VALUES ('account', '个人账户', 'insurer_account', NULL);
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at, payer) VALUES
	('E1', 'P1', 'inpatient', 'C2', '2025-03-01 08:00+08', '2025-03-09 09:00+08', 'employee'),
	('E2', 'P1', 'inpatient', 'C2', '2025-03-15 08:00+08', '2025-03-20 09:00+08', 'employee'),
	('Y1', 'P2', 'inpatient', 'C2', '2025-12-30 08:00+08', '2026-01-02 09:00+08', '390'),
	('Y2', 'P3', 'inpatient', 'C2', '2025-12-30 08:00+08', '2026-01-02 09:00+08', '340'),
	('O1', 'P1', 'outpatient', 'C1', '2025-03-05 08:00+08', '2025-03-05 09:00+08', 'self');

-- rules: 职工 in a tertiary hospital
UPDATE hospital_cost.hospital SET level = '3';
UPDATE hospital_cost.benefit_scheme SET payers = '{employee}' WHERE code = '310';
UPDATE hospital_cost.benefit_scheme SET rule_day = 'admission' WHERE code = '340';
INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, layer, per, hospital_level, from_nth, class, band, amount, ratio, base) VALUES
	('310', 'inpatient', 'deductible', 'hifp_pay', 'stay', '3', 1, '', '[0,)', 800, NULL, 'own'), ('310', 'inpatient', 'deductible', 'hifp_pay', 'stay', '3', 2, '', '[0,)', 400, NULL, 'own'),
	('310', 'inpatient', 'deductible', 'hifp_pay', 'stay', '', 1, '', '[0,)', 100, NULL, 'own'),
	('310', 'inpatient', 'ratio', 'hifp_pay', 'year', '', 1, '', '[0,5000)', NULL, 0.85, 'own'), ('310', 'inpatient', 'ratio', 'hifp_pay', 'year', '', 1, '', '[5000,)', NULL, 0.9, 'own'),
	('310', 'inpatient', 'cap', 'hifp_pay', 'year', '', 1, '', '[0,)', 10000, NULL, 'own'),
	('310', 'inpatient', 'ratio', 'hifob_pay', 'year', '', 1, '', '[0,)', NULL, 0.8, 'above_cap'),
	('310', 'inpatient', 'class', 'hifp_pay', 'year', '', 1, '02', '[0,)', NULL, 0.1, 'own'), ('310', 'inpatient', 'account', 'hifp_pay', 'year', '', 1, '', '[0,)', NULL, 1, 'own');
INSERT INTO hospital_cost.item_benefit (item_code, scheme, class, ratio, price_limit, valid) VALUES ('LAB', '', '01', NULL, NULL, '(,)'), ('CT', '', '02', NULL, NULL, '(,2025-04-01)'), ('CT', '', '03', NULL, NULL, '[2025-04-01,)'),
	('CT', '340', '02', 0.2, NULL, '(,)'), ('BED', '', '01', NULL, 30, '(,)');
SELECT throws_ok($$INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, band, ratio) VALUES ('310', 'inpatient', 'ratio', '[4000,4500)', 0.5)$$, '23P01', NULL, 'bands of a day do not overlap');
SELECT throws_ok($$INSERT INTO hospital_cost.benefit_elsewhere (patient_code, scheme, year, paid) VALUES ('P1', '310', 2025, '{"hifp_pay": "much"}')$$, '23514', NULL, 'what was paid elsewhere is a number');
SELECT throws_ok($$INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, ratio) VALUES ('310', 'outpatient', 'cap', 0.5)$$, '23514', NULL, 'a cap is an amount');

-- the estimate: 7,000 class A, 1,000 class B, bed 40 a day over a limit of 30, one item without a class; 200 of the lab given back
SELECT his.charge(1, 'LAB', 70, 100, 7000, 'E1'), his.charge(2, 'CT', 1, 1000, 1000, 'E1'), his.charge(3, 'BED', 8, 40, 320, 'E1'), his.charge(4, 'FREE', 1, 77.77, 77.77, 'E1'), his.charge(5, 'LAB', -2, 100, -200, 'E1', refund_of => 1) \g /dev/null
CREATE FUNCTION his.said(e hospital_cost.settlement_estimate) RETURNS text LANGUAGE sql AS $$ SELECT format('%s = own %s + over %s + first %s + scope %s; dedc %s, pool %s, large %s, fund %s, person %s, account %s, cash %s', e.medfee_sumamt, e.fulamt_ownpay_amt, e.overlmt_selfpay,
	e.preselfpay_amt, e.inscp_scp_amt, e.act_pay_dedc, e.hifp_pay, e.hifob_pay, e.fund_pay_sumamt, e.psn_part_amt, e.acct_pay, e.psn_cash_pay) $$;
-- in scope 6800 + 900 + 240 = 7940; (5000 − 800) × 0.85 + 2940 × 0.9 = 3570 + 2646
SELECT is(his.said(hospital_cost.estimate_settlement('E1')), '8197.77 = own 77.77 + over 80.00 + first 100.00 + scope 7940.00; dedc 800.00, pool 6216.00, large 0.00, fund 6216.00, person 1981.77, account 0.00, cash 1981.77', 'an estimate by hand');
SELECT is((hospital_cost.estimate_settlement('E1', account_balance => 500)).acct_pay, 500.00, 'the account pays what it holds');
SELECT is((hospital_cost.estimate_settlement('E1', account_balance => 9999)).psn_cash_pay, 157.77, 'but not own expense and what is above the limit');
SELECT results_eq($$SELECT x.step_no, x.field, x.what, x.base, x.from_amount, x.to_amount, x.ratio, x.amount FROM hospital_cost.explain_estimate('E1') x WHERE x.what IN ('deductible', 'band')$$,
	$$VALUES (6, 'act_pay_dedc', 'deductible', 7940.00, NULL, NULL, NULL, 800.00), (7, 'hifp_pay', 'band', 4200.00, 800.00, 5000.00, 0.85, 3570.00), (8, 'hifp_pay', 'band', 2940.00, 5000.00, 7940.00, 0.9, 2646.00)$$, 'step by step');
SELECT is((hospital_cost.estimate_settlement('E1', '2025-04-02')).inscp_scp_amt, 7940.00, 'a class is that of the service day');
UPDATE hospital_cost.hospital SET level = '2';
SELECT is((hospital_cost.estimate_settlement('E1')).act_pay_dedc, 100.00, 'another level, another deductible');
UPDATE hospital_cost.hospital SET level = '3';
UPDATE his.fee SET item = 'CT' WHERE id = 3;
SELECT is((hospital_cost.estimate_settlement('E1')).preselfpay_amt, 132.00, 'a corrected line counts as what it is now');
UPDATE his.fee SET item = 'BED' WHERE id = 3;
SELECT throws_ok($$SELECT hospital_cost.estimate_settlement('E9')$$, 'MC244', NULL, 'no such encounter');
SELECT throws_ok($$SELECT hospital_cost.estimate_settlement('O1')$$, 'MC30G', NULL, 'whose scheme nobody knows');
UPDATE hospital_cost.encounter SET payer = '310' WHERE code = 'O1';
SELECT throws_ok($$SELECT hospital_cost.estimate_settlement('O1')$$, 'MC30I', NULL, 'or has no rules');
SELECT lives_ok($$SELECT hospital_cost.keep_estimate('E1')$$, 'an estimate is kept');

-- settlement: written by the integration in its own transaction
CREATE FUNCTION his.settle(number text, visit text DEFAULT 'E1', total numeric DEFAULT 8197.77, scope numeric DEFAULT 7940, pool numeric DEFAULT 6216, person numeric DEFAULT 1981.77, account numeric DEFAULT 500,
	large numeric DEFAULT 0, at timestamptz DEFAULT '2025-03-09 10:00+08', days daterange DEFAULT NULL, stage text DEFAULT NULL, hospital numeric DEFAULT 0, fund numeric DEFAULT NULL, cash numeric DEFAULT NULL, mutual numeric DEFAULT 0, own numeric DEFAULT NULL) RETURNS bigint
LANGUAGE sql AS $$
	INSERT INTO hospital_cost.settlement (encounter_code, setl_id, medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, act_pay_dedc, hifp_pay, hifob_pay, fund_pay_sumamt, psn_part_amt, acct_pay,
		psn_cash_pay, hosp_part_amt, acct_mulaid_pay, finished_at, span, stage, credential, place, balc)
	VALUES (visit, number, total, coalesce(own, total - scope), 0, 0, scope, 800, pool, large, coalesce(fund, pool + large), person, account, coalesce(cash, person - account), hospital, mutual, at, days, stage, 'e_credential', 'local', 10)
	RETURNING settlement_id $$;
SET SESSION AUTHORIZATION hc_his;
SELECT throws_like($$SELECT his.settle('S1', total => 8197.75)$$, '%do not agree%', 'a total that is not own + fund + hospital');
SELECT throws_ok(format('SELECT his.settle(%L, %s)', 'S1', what), 'MC30C', NULL, what) FROM unnest('{own => 257.79,fund => 6216.02,person => 1981.75,cash => 1481.79,pool => 6215,hospital => 5,person => ''NaN'',"mutual => 1, cash => 1480.77"}'::text[]) what;
SELECT throws_ok($$SELECT his.settle('S1', person => -1, fund => 8198.77, pool => 8198.77, account => -1)$$, '23514', NULL, 'no negative parts');
SELECT his.settle('S1') AS s1 \gset
SELECT results_eq(format('SELECT s.scheme, s.patient_code, s.day, s.stage, s.state, s.written_by FROM hospital_cost.settlement s WHERE s.settlement_id = %s', :s1),
	$$VALUES ('310' COLLATE "C", 'P1' COLLATE "C", '2025-03-09'::date, 'final', 'settled', 'hc_his' COLLATE "C")$$, 'scheme and patient come from the encounter');
SELECT throws_ok($$SELECT his.settle('S2', 'E99')$$, 'MC30G', NULL, 'of an encounter that nobody knows the scheme is told');
SELECT throws_ok($$SELECT his.settle('S2')$$, 'MC30E', NULL, 'one settlement a day of an encounter');
SELECT throws_ok($$SELECT his.settle('S1', 'E2')$$, 'MC30E', NULL, 'one of a number');
SELECT throws_ok($$INSERT INTO hospital_cost._settlement_standing VALUES (1, 'E1', '(,)')$$, '42501', NULL, 'and nobody says otherwise');
SELECT throws_ok(format('UPDATE hospital_cost.settlement SET balc = 0 WHERE settlement_id = %s', :s1), '42501', NULL, 'nothing is changed');
RESET SESSION AUTHORIZATION;
SELECT throws_ok(format('UPDATE hospital_cost.settlement SET balc = 0 WHERE settlement_id = %s', :s1), 'MC006', NULL, 'by nobody');
SELECT throws_ok(format('%s hospital_cost.%I%s', v.verb, t, v.rest), 'MC006', NULL, v.verb || ' ' || t) FROM unnest('{_settlement,_settlement_confirmation,settlement_line,settlement_fund,settlement_estimate,settlement_refund,
	settlement_refund_part,benefit_elsewhere}'::text[]) t, (VALUES ('DELETE FROM', ''), ('TRUNCATE', ' CASCADE')) v (verb, rest);

-- estimate beside settlement, charges beside total
SELECT results_eq($$SELECT d.field, d.estimated, d.settled, d.difference FROM hospital_cost.settlement_difference d WHERE d.at_settlement AND d.difference <> 0$$, $$VALUES ('psn_cash_pay', 1471.77, 1481.77, 10.00)$$,
	'the estimate made with it: the account held 510');
SELECT is((SELECT count(*) FROM hospital_cost.settlement_difference d WHERE NOT d.at_settlement), 7::bigint, 'and the one that was kept before');
SELECT results_eq($$SELECT c.state, c.difference FROM hospital_cost.settlement_check c$$, $$VALUES ('equal', 0.00)$$, 'Σ charges = total');
SELECT his.charge(6, 'LAB', 1, 20, 20, 'E1') \g /dev/null
SELECT results_eq($$SELECT c.state, c.difference FROM hospital_cost.settlement_check c$$, $$VALUES ('charges_came', 20.00)$$, 'until charges come');
SELECT is((SELECT a.state FROM hospital_cost.settlement_account('E1') a), 'charges_differ', 'which the account tells');
DELETE FROM his.fee WHERE id = 6;
UPDATE hospital_cost.benefit_scheme SET charges = 'strict' WHERE code = '310';
SELECT throws_ok($$SELECT his.settle('S2', 'E2', 100, 100, 0, 100, 0)$$, 'MC30F', NULL, 'strict: a settlement is the sum of its charges');
UPDATE hospital_cost.benefit_scheme SET charges = 'flag' WHERE code = '310';

-- money
SELECT his.take(1, 1000, type => '2'), his.take(2, 6216, way => 'fund'), his.take(3, 500, way => 'account') \g /dev/null
SELECT results_eq($$SELECT a.settled, a.fund_pay_sumamt, a.acct_pay, a.psn_cash_pay, a.patient_paid, a.patient_due, a.state FROM hospital_cost.settlement_account('E1') a$$, $$VALUES (8197.77, 6216.00, 500.00, 1481.77, 1000.00, 481.77, 'patient_owes')$$, 'the patient pays what the deposit leaves');
CREATE FUNCTION his.unsettled(day date DEFAULT '2025-03-09') RETURNS SETOF text LANGUAGE sql AS $$ SELECT format('%s: %s, %s', v.identity, v.difference, v.example) FROM hospital_cost.verify_money(day) v WHERE v.identity ~ 'settle' AND v.difference <> 0 $$;
SELECT results_eq($$SELECT his.unsettled()$$, ARRAY['settled encounters: patient paid more or less than his part: 1, encounter E1'], 'the proof says who owes');
UPDATE his.payment SET money = 400 WHERE id = 3;
SELECT set_eq($$SELECT his.unsettled()$$, ARRAY['settled encounters: patient paid more or less than his part: 1, encounter E1', 'settled encounters: insurer''s payments are not its part: 1, encounter E1'], 'and an account that paid another sum');
UPDATE his.payment SET money = 500 WHERE id = 3;
SELECT his.take(4, 481.77, way => 'wx') \g /dev/null
SELECT is_empty($$SELECT his.unsettled()$$, 'charges = settlement = money');
SELECT is((SELECT a.state FROM hospital_cost.settlement_account('E1') a), 'closed', 'and the account is closed');
SELECT isnt_empty($$SELECT v.identity FROM hospital_cost.verify_money('2025-03-09') v WHERE v.identity = 'settlements: charges = total' AND v.expected = 8197.77$$, 'of something');

SELECT results_eq($$SELECT v.event, v.account_code, v.debit, v.credit FROM hospital_cost.voucher v WHERE v.day = '2025-03-09' ORDER BY 1, 3$$, $$VALUES ('deposit_used', '121201' COLLATE "C", 0.00, 1000.00), ('deposit_used', '2305', 1000.00, 0.00)$$,
	'the deposit is used up; what fund and account paid is a payment already');
CREATE FUNCTION his.receivable() RETURNS numeric LANGUAGE sql AS $$ SELECT sum(v.debit - v.credit) FROM hospital_cost.voucher v WHERE v.account_code = '121201' $$;
SELECT is(his.receivable(), 0.00, 'and nothing is receivable any more');
DELETE FROM his.payment WHERE id IN (2, 3);
SELECT results_eq($$SELECT v.event, v.debit FROM hospital_cost.voucher v WHERE v.day = '2025-03-09' AND v.debit <> 0 ORDER BY 1$$, $$VALUES ('deposit_used', 1000.00), ('settlement_account', 500.00), ('settlement_fund', 6216.00)$$, 'an insurer''s part without a payment is the settlement''s');
SELECT is(his.receivable(), 0.00, 'which comes to the same');
SELECT his.take(2, 6216, way => 'fund'), his.take(3, 500, way => 'account') \g /dev/null

-- lines and funds; a refund is shared by line, payer and payment
INSERT INTO hospital_cost.settlement_line (settlement_id, line_no, quantity, amount, inscp_scp_amt) VALUES (:s1, '1', 3, 100, 100), (:s1, '2', 1, 8097.77, 8097.77);
SELECT throws_ok(format('INSERT INTO hospital_cost.settlement_line (settlement_id, line_no, quantity, amount) VALUES (%s, %L, 1, 10)', :s1, '3'), '23514', NULL, 'a line is the sum of its parts');
INSERT INTO hospital_cost.settlement_fund VALUES (:s1, '310100', 6215);
SELECT results_eq($$SELECT his.unsettled()$$, ARRAY[format('settlements that differ from their funds: 1, settlement %s', :s1)], 'funds that are not the fund total are told');
SELECT throws_ok(format('SELECT * FROM hospital_cost.split_refund(%s, %L, %s)', s, l, a), 'MC30J', NULL, format('no refund: %s %s %s', s, l, a)) FROM (VALUES (:s1, '[]', 'NULL'), (:s1, '[{"line_no": "1", "quantity": 4}]', 'NULL'), (:s1, '[{"line_no": "9", "quantity": 1}]', 'NULL'),
	(:s1, '[{"line_no": "1", "quantity": 1}, {"line_no": "1", "quantity": 1}]', 'NULL'), (:s1, '[1]', 'NULL'), (:s1, '[{"line_no": "1", "quantity": 0}]', 'NULL'), (:s1, '[{"line_no": "1", "quantity": "NaN"}]', 'NULL'), (999999, '[{"line_no": "1", "quantity": 1}]', 'NULL')) v (s, l, a);
SELECT throws_ok(format('SELECT * FROM hospital_cost.split_refund(%s, NULL, %s)', :s1, a), 'MC30J', NULL, 'no refund of ' || a) FROM unnest('{0,-1,8197.78,0.001,"NULL",''NaN''}'::text[]) a;
SELECT results_eq(format('SELECT x.kind, x.part, x.amount_back FROM hospital_cost.split_refund(%s, %L) x WHERE x.kind <> %L', :s1, '[{"line_no": "1", "quantity": 1}]', 'payment'),
	$$VALUES ('line', '1', 33.33), ('payer', 'acct_pay', 2.03), ('payer', 'hifp_pay', 25.27), ('payer', 'psn_cash_pay', 6.03)$$, '33.33 by largest remainder: 2.0329, 25.2725, 6.0246');
SELECT results_eq(format('SELECT x.method, x.amount_back FROM hospital_cost.split_refund(%s, %L) x WHERE x.kind = %L', :s1, '[{"line_no": "1", "quantity": 1}]', 'payment'),
	$$VALUES ('cash', 4.07), ('fund', 25.27), ('account', 2.03), ('wx', 1.96)$$, 'and by the payments of each payer');
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok(format('SELECT * FROM hospital_cost.refund_settlement(%s, %L, %L)', :s1, '[{"line_no": "1", "quantity": 1}]', ''), 'MC30J', NULL, 'a refund has a reason');
SELECT hospital_cost.refund_settlement(:s1, '[{"line_no": "1", "quantity": 1}]', 'drug out of stock') \g /dev/null
SELECT hospital_cost.refund_settlement(:s1, '[{"line_no": "1", "quantity": 1}]', 'drug out of stock') \g /dev/null
SELECT is((SELECT x.amount_back FROM hospital_cost.refund_settlement(:s1, '[{"line_no": "1", "quantity": 1}]', 'x') x WHERE x.kind = 'line'), 33.34, 'the last part closes the line to the cent');
SELECT throws_ok(format('SELECT * FROM hospital_cost.refund_settlement(%s, %L, %L)', :s1, '[{"line_no": "1", "quantity": 1}]', 'x'), 'MC30J', NULL, 'more than all is not given back');
SELECT hospital_cost.refund_settlement(:s1, '[{"line_no": "2", "quantity": 1}]', 'x') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT p.kind, p.part, sum(p.amount) FROM hospital_cost.settlement_refund_part p GROUP BY 1, 2 HAVING p.kind = 'payer' ORDER BY 2$$, $$VALUES ('payer', 'acct_pay' COLLATE "C", 500.00), ('payer', 'hifp_pay', 6216.00), ('payer', 'psn_cash_pay', 1481.77)$$, 'given back whole, each payer has his own again');
SELECT is((SELECT sum(p.amount) FROM hospital_cost.settlement_refund_part p WHERE p.kind = 'payment'), 8197.77, 'and each payment');
SELECT is((SELECT a.psn_cash_pay FROM hospital_cost.settlement_account('E1') a), 0.00, 'nothing is owed for what was given back');

-- reversal: a counter row, whole
SET SESSION AUTHORIZATION hc_his;
SELECT throws_ok(format('INSERT INTO hospital_cost.settlement (reverses, medfee_sumamt) VALUES (%s, -1)', :s1), 'MC30D', NULL, 'a part of a settlement is not cancelled');
SELECT throws_ok('INSERT INTO hospital_cost.settlement (reverses) VALUES (0)', 'MC30D', NULL, 'nor what was never settled');
INSERT INTO hospital_cost.settlement (reverses, reason, raw) VALUES (:s1, 'wrong card', '{"setlinfo": {"setl_id": "S1", "medfee_sumamt": 8197.77}}') RETURNING settlement_id AS r1 \gset
SELECT results_eq(format('SELECT s.state, s.medfee_sumamt, s.psn_cash_pay, s.encounter_code, s.reason FROM hospital_cost.settlement s WHERE s.settlement_id IN (%s, %s) ORDER BY 1', :s1, :r1),
	$$VALUES ('reversal', -8197.77, -1481.77, 'E1' COLLATE "C", 'wrong card'), ('reversed', 8197.77, 1481.77, 'E1', NULL)$$, 'is its opposite');
SELECT throws_ok(format('INSERT INTO hospital_cost.settlement (reverses) VALUES (%s)', s), 'MC30D', NULL, 'once') FROM unnest(ARRAY[:s1, :r1]) s;
SELECT his.settle('S3', stage => 'interim', days => '(,2025-03-05)', total => 0, scope => 0, pool => 0, person => 0, account => 0) AS s0 \gset
SELECT throws_ok($$SELECT his.settle('S4', days => '[2025-03-04,)')$$, 'MC30E', NULL, 'days of two settlements do not overlap');
SELECT lives_ok($$SELECT his.settle('S4', days => '[2025-03-05,)')$$, 'the rest is settled at discharge');
INSERT INTO hospital_cost.settlement (encounter_code, outcome, place) VALUES ('E2', 'failed', 'remote') RETURNING settlement_id AS f \gset
SELECT is((SELECT s.state FROM hospital_cost.settlement s WHERE s.settlement_id = :f), 'failed', 'what failed is kept, and stands in nobody''s way');
SELECT throws_ok(format('INSERT INTO hospital_cost.settlement (reverses) VALUES (%s)', :f), 'MC30D', NULL, 'and has nothing to reverse');

INSERT INTO hospital_cost.settlement (encounter_code, outcome, medfee_sumamt) VALUES ('E2', 'unknown', 50) RETURNING settlement_id AS u \gset
INSERT INTO hospital_cost.settlement (reverses, outcome) VALUES (:u, 'failed');
SELECT is((SELECT s.state FROM hospital_cost.settlement s WHERE s.settlement_id = :u), 'unknown', 'an unknown result whose reversal failed stays unknown');
INSERT INTO hospital_cost.settlement (reverses) VALUES (:u);
SELECT is((SELECT s.state FROM hospital_cost.settlement s WHERE s.settlement_id = :u), 'reversed', 'until one succeeds');

-- the answer as it came
INSERT INTO hospital_cost.settlement (encounter_code, raw) VALUES ('Y1', '{"setlinfo": {"setl_id": "R1", "medfee_sumamt": "100.00", "fulamt_ownpay_amt": 10, "inscp_scp_amt": 90, "hifmi_pay": 60, "fund_pay_sumamt": 60, "psn_part_amt": 40, "psn_cash_pay": 40, "overlmt_selfpay": "", "psn_no": "x"}}')
	RETURNING settlement_id AS y1 \gset
SELECT results_eq(format('SELECT s.setl_id, s.medfee_sumamt, s.hifmi_pay, s.state FROM hospital_cost.settlement s WHERE s.settlement_id = %s', :y1), $$VALUES ('R1' COLLATE "C", 100.00, 60.00, 'to_confirm')$$,
	'amounts come out of the raw answer; serious illness waits for a person');
SELECT throws_ok(format('SELECT hospital_cost.confirm_settlement(%s, %L)', :y1, 'seen'), '42501', NULL, 'who is not the clerk');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT sum(v.debit) FROM hospital_cost.voucher v WHERE v.event = 'deposit_used'), 1000.00, 'cancelled and settled again, the deposit is used once');
GRANT "hc desk_accountant" TO hc_his;
SET SESSION AUTHORIZATION hc_his;
SELECT throws_ok(format('SELECT hospital_cost.confirm_settlement(%s, %L)', :y1, 'seen'), 'MC303', NULL, 'nor whoever wrote it, whatever his roles');
SET SESSION AUTHORIZATION hc_acc;
SELECT throws_ok(format('SELECT hospital_cost.confirm_settlement(%s, %L)', :y1, ' '), 'MC302', NULL, 'nor without a word');
SELECT throws_ok(format('SELECT hospital_cost.confirm_settlement(%s, %L)', s, 'seen'), 'MC30H', NULL, 'what does not wait') FROM unnest(ARRAY[:s1, :f, 0]) s;
SELECT is(hospital_cost.confirm_settlement(:y1, 'seen'), now(), 'a second person confirms');
SELECT is(hospital_cost.confirm_settlement(:y1, 'again'), now(), 'once');
SELECT results_eq(format('SELECT s.state, s.confirmed_by, s.confirmation_note FROM hospital_cost.settlement s WHERE s.settlement_id = %s', :y1), $$VALUES ('settled', 'hc_acc' COLLATE "C", 'seen')$$, 'and is named');
RESET SESSION AUTHORIZATION;

-- a second stay of the year, and the cap
INSERT INTO his.fee (id, visit, item, qty, price, total, done_by, at) VALUES (20, 'E2', 'LAB', 1, 12000, 12000, 'T1', '2025-03-16 10:00+08');
-- deductible 400; 4600 × 0.85 + 7000 × 0.9 = 10210, of 10000 − 6216 left: 3784 = 3784 / 0.85 = 4451.77 of in-scope money, 7148.23 above it × 0.8
SELECT is(his.said(hospital_cost.estimate_settlement('E2')), '12000.00 = own 0.00 + over 0.00 + first 0.00 + scope 12000.00; dedc 400.00, pool 3784.00, large 5718.58, fund 9502.58, person 2497.42, account 10.00, cash 2487.42', 'what the year used up counts');
INSERT INTO hospital_cost.benefit_elsewhere (patient_code, scheme, year, stays, paid) VALUES ('P1', '310', 2025, 1, '{"hifp_pay": 3000}');
SELECT is((hospital_cost.estimate_settlement('E2')).hifp_pay, 784.00, 'so does what the insurer told of elsewhere');

-- the year switch: rules that change at midnight of 1 January
SELECT hospital_cost.open_period('2025-12-01') \g /dev/null
INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, ratio, valid) SELECT s, 'inpatient', 'ratio', r, v FROM unnest('{340,390}'::text[]) s, (VALUES (0.5, '(,2026-01-01)'::daterange), (0.7, '[2026-01-01,)')) x (r, v);
INSERT INTO his.fee (id, visit, item, qty, price, total, done_by, at) VALUES (30, 'Y1', 'LAB', 1, 1000, 1000, 'T1', '2025-12-31 23:59+08'), (31, 'Y2', 'LAB', 1, 1000, 1000, 'T1', '2025-12-31 23:59+08');
SELECT is((hospital_cost.estimate_settlement('Y1', d)).hifp_pay, p, 'by day of settlement, on ' || d) FROM (VALUES ('2025-12-31'::date, 500.00), ('2026-01-01', 700.00)) v (d, p);
SELECT is((hospital_cost.estimate_settlement('Y2', '2026-01-02')).hifp_pay, 500.00, 'by day of admission');
SELECT his.settle('S9', 'Y2', 1000, 1000, 500, 500, 0, at => '2026-01-02 10:00+08') AS s9 \gset
SELECT is((SELECT s.rule_day FROM hospital_cost.settlement s WHERE s.settlement_id = :s9), '2025-12-30'::date, 'a settlement keeps the day that decided');

-- the table of docs/cashier.md
CREATE TABLE his.duty (what text, who text[]);
INSERT INTO his.duty VALUES ('confirm_settlement(bigint,text)', '{accountant,cashier_leader}'), ('refund_settlement(bigint,jsonb,text,numeric)', '{cashier}'), ('keep_estimate(text,date,numeric)', '{cashier,clerk}'),
	('estimate_settlement(text,date,numeric)', '{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}'), ('settlement_account(text)', '{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}');
SELECT is(ARRAY(SELECT r FROM unnest('{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}'::text[]) r WHERE has_function_privilege('hc desk_' || r, 'hospital_cost.' || d.what, 'EXECUTE') ORDER BY r), d.who, d.what)
FROM his.duty d;
SELECT is(ARRAY(SELECT r FROM unnest('{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}'::text[]) r WHERE has_table_privilege('hc desk_' || r, 'hospital_cost.' || w.t, 'INSERT') ORDER BY r), w.who, 'who writes ' || w.t)
FROM (VALUES ('settlement', '{cashier,clerk}'::text[]), ('settlement_line', '{cashier,clerk}'), ('settlement_fund', '{cashier,clerk}'), ('benefit_elsewhere', '{cashier,clerk}'), ('benefit_rule', '{accountant}'), ('benefit_scheme', '{accountant}'),
	('item_benefit', '{accountant}'), ('_settlement', '{}'), ('_settlement_standing', '{}'), ('_settlement_confirmation', '{}'), ('settlement_estimate', '{}'), ('settlement_refund', '{}')) w (t, who);
SET SESSION AUTHORIZATION hc_acc;
SELECT lives_ok($$INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, ratio) VALUES ('510', 'inpatient', 'ratio', 0.5)$$, 'the accountant writes rules');
SET SESSION AUTHORIZATION hc_his;
SELECT lives_ok($$INSERT INTO hospital_cost.benefit_elsewhere (patient_code, scheme, year) VALUES ('P7', '310', 2025)$$, 'the integration what the insurer told');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
ROLLBACK;
