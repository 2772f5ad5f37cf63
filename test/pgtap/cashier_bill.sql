-- Contract of what patients are told: the daily bill, who owes since when, whose deposit will not last, reminders, and what a stay will come to.
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
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
UPDATE hospital_cost.charge_item SET unit = '次' WHERE code = 'LAB';
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, payer, diagnosis_code) VALUES
	('I1', 'P1', 'inpatient', 'C2', '2025-03-03 15:00+08', '职工医保', 'I10');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, bed, from_at) VALUES ('I1', 'C2', '12床', '2025-03-03 15:00+08');

-- the daily bill
SELECT his.charge(1, visit => 'I1', at => '2025-03-03 16:00+08'), his.charge(2, item => 'CT', visit => 'I1', done_by => 'T2', at => '2025-03-03 17:00+08'),
	his.charge(3, qty => 3, visit => 'I1', at => '2025-03-04 00:00+08'), his.charge(4, item => 'BED', visit => 'I1', done_by => 'C2', at => '2025-03-04 23:59+08'),
	his.charge(5, visit => 'I1', at => '2025-03-05 08:00+08'), his.charge(6, visit => 'I1', qty => 1, price => 19, total => 19, at => '2025-03-04 09:00+08') \g /dev/null
SELECT his.charge(7, visit => 'I1', qty => -1, refund_of => 3, at => '2025-03-04 12:00+08'), his.charge(8, item => 'CT', visit => 'I1', done_by => 'T2', at => '2025-03-04 13:00+08') \g /dev/null
SELECT his.charge(9, item => 'CT', visit => 'I1', qty => -1, done_by => 'T2', refund_of => 8, at => '2025-03-04 14:00+08') \g /dev/null
SELECT his.take(1, 200, type => '2', visit => 'I1', at => '2025-03-03 15:10+08'), his.take(2, 50, type => '2', visit => 'I1', at => '2025-03-05 00:00+08'),
	his.take(3, 30, type => '4', visit => 'I1', at => '2025-03-04 15:10+08', refund_of => 1), his.take(4, 7, visit => 'I1', at => '2025-03-04 15:10+08') \g /dev/null
SELECT results_eq($$SELECT b.section, b.code, b.quantity, b.amount FROM hospital_cost.daily_bill('I1', '2025-03-04') b ORDER BY b.row_no$$,
	$$VALUES ('ward', 'C2', NULL::numeric, NULL::numeric), ('item', 'BED', 1, 33.33), ('item', 'LAB', 1, 19.00), ('item', 'LAB', 2, 40.00), ('category', '01', NULL, 33.33), ('category', '04', NULL, 59.00),
	('day', NULL, NULL, 92.33), ('to_date', NULL, NULL, 312.83), ('deposits', NULL, NULL, 170.00), ('payments', NULL, NULL, 7.00), ('balance', NULL, NULL, -135.83)$$,
	'a day: net by item and price, subtotals, what was charged and paid until its end');
SELECT results_eq($$SELECT b.name, b.name_en FROM hospital_cost.daily_bill('I1', '2025-03-04') b WHERE b.section IN ('ward', 'category', 'balance') ORDER BY b.row_no$$,
	$$VALUES ('内科病区 12床', 'ward and bed'), ('床位费', 'bed'), ('化验费', 'laboratory'), ('余额（负数为欠费）', 'balance; below zero is owed')$$, 'in two languages');
SELECT is((SELECT min(b.bill_day) FROM hospital_cost.daily_bill('I1') b), '2025-03-05'::date, 'by default the last day that was charged');
SELECT results_eq($$SELECT b.section, b.amount FROM hospital_cost.daily_bill('I1', '2025-03-01') b WHERE b.amount IS NOT NULL$$,
	$$VALUES ('day', 0.00), ('to_date', 0.00), ('deposits', 0.00), ('payments', 0.00), ('balance', 0.00)$$, 'a day before anything');
SELECT is((SELECT b.amount FROM hospital_cost.daily_bill('I1', '2025-03-05') b WHERE b.section = 'balance'), his.balance('I1'), 'the last balance is that of the account');
SELECT is((SELECT sum(b.own_amount) FROM hospital_cost.daily_bill('I1', '2025-03-04') b WHERE b.section = 'item'), 92.33, 'without a scheme all of it is the patient''s own');
INSERT INTO hospital_cost.benefit_scheme (code, name, payers) VALUES ('310', '职工', '{职工医保}') ON CONFLICT (code) DO UPDATE SET payers = excluded.payers;
INSERT INTO hospital_cost.item_benefit (item_code, class, ratio) VALUES ('LAB', '02', 0.1), ('BED', '03', NULL);
SELECT results_eq($$SELECT b.section, b.code, b.insurance_class, b.own_amount FROM hospital_cost.daily_bill('I1', '2025-03-04') b WHERE b.own_amount IS NOT NULL ORDER BY b.row_no$$,
	$$VALUES ('item', 'BED', '03', 33.33), ('item', 'LAB', '02', 1.90), ('item', 'LAB', '02', 4.00), ('category', '01', NULL, 33.33), ('category', '04', NULL, 5.90), ('day', NULL, NULL, 39.23)$$, 'classes and own part as the scheme has them');
SELECT throws_ok($$SELECT hospital_cost.daily_bill('none')$$, 'MC244', NULL, 'an unknown encounter');
SELECT is_empty($$SELECT c.category FROM hospital_cost.charge_item i JOIN hospital_cost._charge_category() c ON false UNION
	SELECT lpad(g::text, 2, '0') FROM generate_series(1, 14) g EXCEPT SELECT c.category FROM hospital_cost._charge_category() c$$, 'each category has a name');

-- who owes, since when
SELECT results_eq($$SELECT u.charges, u.payments, u.deposits, u.unpaid, u.since, u.state FROM hospital_cost.unpaid u WHERE u.encounter_code = 'I1'$$,
	$$VALUES (332.83, 7.00, 220.00, 105.83, '2025-03-04 00:00+08'::timestamptz, 'in_house')$$, 'owes since the first charge that is not covered');
SELECT his.take(5, 85.83, visit => 'I1') \g /dev/null
SELECT results_eq($$SELECT u.unpaid, u.since FROM hospital_cost.unpaid u WHERE u.encounter_code = 'I1'$$, $$VALUES (20.00, '2025-03-05 08:00+08'::timestamptz)$$, 'money covers the oldest first');
SELECT results_eq($$SELECT u.encounter_code, u.unpaid, u.since FROM hospital_cost._unpaid_at('2025-03-03') u$$, $$VALUES ('I1', 20.50, '2025-03-03 16:00+08'::timestamptz)$$, 'as it was on a day');
SELECT his.take(6, 20, visit => 'I1') \g /dev/null
SELECT is_empty($$SELECT * FROM hospital_cost.unpaid u$$, 'paid to the cent owes nothing');
SELECT his.take(7, 5, visit => 'I1') \g /dev/null
SELECT his.charge(20, visit => 'O1', at => '2025-03-06 09:00+08'), his.charge(21, visit => 'O2', at => hospital_cost.hospital_day(now())::timestamp AT TIME ZONE 'Asia/Shanghai' - interval '7 days') \g /dev/null
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at) VALUES ('O1', 'P2', 'outpatient', 'C1', '2025-03-06 08:00+08', '2025-03-06 10:00+08');
SELECT results_eq($$SELECT u.encounter_code, u.patient_code, u.department_name, u.unpaid, u.state, u.age FROM hospital_cost.unpaid u WHERE u.encounter_code = 'O1'$$,
	format($$VALUES ('O1', 'P2' COLLATE "C", '内科门诊', 20.00, 'left', %L)$$, CASE WHEN hospital_cost.hospital_day(now()) > '2026-03-06' THEN '>365' ELSE '91-365' END), 'with patient, department and age');

INSERT INTO hospital_cost.settlement (encounter_code, scheme, stage, place, outcome, confirmation, finished_at, medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, act_pay_dedc,
	hifp_pay, cvlserv_pay, hifes_pay, hifmi_pay, hifob_pay, maf_pay, oth_pay, fund_pay_sumamt, psn_part_amt, acct_pay, psn_cash_pay, acct_mulaid_pay, hosp_part_amt, setl_id)
	VALUES ('O1', '310', 'final', 'local', 'success', 'none', '2025-03-06 10:00+08', 20, 0, 0, 0, 20, 0, 12, 0, 0, 0, 0, 0, 0, 12, 8, 3, 5, 0, 0, 'S1');
SELECT results_eq($$SELECT u.insurer, u.unpaid FROM hospital_cost.unpaid u WHERE u.encounter_code = 'O1'$$, 'VALUES (15.00, 5.00)', 'what the insurer pays is not owed by the patient');
SELECT his.take(100, 12, way => 'fund', visit => 'O1', at => '2025-03-06 10:00+08') \g /dev/null
SELECT results_eq($$SELECT u.insurer, u.unpaid FROM hospital_cost.unpaid u WHERE u.encounter_code = 'O1'$$, 'VALUES (3.00, 5.00)', 'once, also where it is booked as a payment');
SELECT hospital_cost.daily_bill('O1') \g /dev/null
INSERT INTO hospital_cost.settlement (reverses, finished_at, setl_id) SELECT s.settlement_id, '2025-03-06 11:00+08', 'S1R' FROM hospital_cost.settlement s;
DELETE FROM his.payment WHERE id = 100;
SELECT results_eq($$SELECT u.insurer, u.unpaid FROM hospital_cost.unpaid u WHERE u.encounter_code = 'O1'$$, 'VALUES (0.00, 20.00)', 'a settlement that was cancelled pays nothing');

-- whose deposit will not last
SELECT is_empty('TABLE hospital_cost.deposit_shortfall EXCEPT SELECT * FROM hospital_cost.deposit_shortfall s WHERE s.why = ''below_minimum''', 'without like cases only the minimum counts');
SELECT results_eq($$SELECT s.encounter_code, s.as_of, s.day_of_stay, s.balance, s.minimum_balance, s.shortfall, s.why FROM hospital_cost.deposit_shortfall s$$,
	$$VALUES ('I1', '2025-03-05'::date, 3, 5.00, 1000.00, 995.00, 'below_minimum')$$, 'below the minimum of the house');
INSERT INTO hospital_cost.reminder_rule (kind, payer, minimum_balance, own_share) VALUES ('deposit', '职工医保', 100, 0.3);
SELECT is_empty('TABLE hospital_cost.deposit_shortfall', 'whose insurer pays most of it needs less');
INSERT INTO hospital_cost.reminder_rule (kind, department_code, minimum_balance, minimum_amount, repeat_days) VALUES ('deposit', 'C2', 200, 50, 2);
SELECT results_eq($$SELECT s.own_share, s.balance, s.shortfall FROM hospital_cost.deposit_shortfall s$$, $$VALUES (1.000000, 5.00, 195.00)$$, 'the department''s rule goes before the payer''s');
SELECT throws_ok($$INSERT INTO hospital_cost.reminder_rule (kind, department_code) VALUES ('deposit', 'C2')$$, '23P01', NULL, 'one rule a day');

-- reminders
SELECT is(hospital_cost.make_reminders('2025-03-06'), 2::bigint, 'a bill and a deposit');
SELECT is(hospital_cost.make_reminders('2025-03-06'), 0::bigint, 'are said once');
SELECT set_eq($$SELECT m.day, m.kind, m.why, m.encounter_code, m.patient_code, m.amount, m.due, m.state FROM hospital_cost.reminder m$$,
	$$VALUES ('2025-03-06'::date, 'unpaid', 'unpaid', 'O1', 'P2', 20.00, '2025-03-09'::date, 'pending'), ('2025-03-06', 'deposit', 'below_minimum', 'I1', 'P1', 195.00, '2025-03-07', 'pending')$$, 'who, why, how much, until when');
SELECT is(hospital_cost.make_reminders('2025-03-07'), 0::bigint, 'and not again before the days of the rule');
SELECT is(hospital_cost.make_reminders('2025-03-08'), 1::bigint, 'then they are');
SELECT reminder_id AS first FROM hospital_cost.reminder WHERE kind = 'unpaid' \gset
SELECT lives_ok(format('SELECT hospital_cost.mark_reminder(%s, ''failed'', ''sms'', ''no number'')', :first), 'the integration says what became of it');
SELECT lives_ok(format('SELECT hospital_cost.mark_reminder(%s, ''sent'')', :first), 'sent at last');
SELECT throws_ok(format('SELECT hospital_cost.mark_reminder(%s, ''pending'')', :first), 'MC30Y', NULL, 'which is final');
SELECT throws_ok($$SELECT hospital_cost.mark_reminder(0, 'sent')$$, 'MC30Y', NULL, 'an unknown one');
SELECT throws_ok(format('SELECT hospital_cost.mark_reminder(%s, ''read'')', :first), 'MC30Y', NULL, 'an unknown state');
SELECT throws_ok(format('UPDATE hospital_cost.reminder SET amount = 1 WHERE reminder_id = %s', :first), 'MC006', NULL, 'what was said stays');
SELECT throws_ok('DELETE FROM hospital_cost.reminder', 'MC006', NULL, 'on record');
SELECT results_eq(format('SELECT m.state, m.channel, m.note, m.state_by = session_user FROM hospital_cost.reminder m WHERE m.reminder_id = %s', :first), $$VALUES ('sent', 'sms', 'no number', true)$$, 'how and by whom');
SELECT his.take(8, 2000, type => '2', visit => 'I1', at => '2025-03-09 10:00+08'), his.take(9, 20, visit => 'O1', at => '2025-03-09 10:00+08') \g /dev/null
SELECT is(hospital_cost.make_reminders('2025-03-09'), 0::bigint, 'who paid is not reminded');
SELECT set_eq($$SELECT m.day, m.kind, m.state FROM hospital_cost.reminder m$$, $$VALUES ('2025-03-06'::date, 'unpaid', 'sent'), ('2025-03-06', 'deposit', 'withdrawn'), ('2025-03-08', 'deposit', 'withdrawn')$$, 'and what was not sent yet is withdrawn');
SELECT throws_ok($$SELECT hospital_cost.make_reminders('infinity')$$, 'MC30Y', NULL, 'no day');
DELETE FROM hospital_cost.reminder_rule;
SELECT is(hospital_cost.make_reminders('2025-06-01'), 0::bigint, 'without a rule nobody is reminded');

-- what a stay will come to: a hundred stays of three days, of 100, 101, … yuan, half of it charged on the first day
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, diagnosis_code)
SELECT 'K' || lpad(n::text, 3, '0'), 'inpatient', CASE WHEN n % 2 = 0 THEN 'C2' ELSE 'C1' END, '2025-02-01 10:00+08'::timestamptz + n / 10 * interval '1 day',
	'2025-02-03 10:00+08'::timestamptz + n / 10 * interval '1 day', CASE WHEN n < 50 THEN 'I10' ELSE 'J18' END
FROM generate_series(0, 99) n;
INSERT INTO his.fee (id, visit, item, qty, price, total, ordered_by, done_by, at)
SELECT 1000 + n * 2 + d, 'K' || lpad(n::text, 3, '0'), 'FREE', 1, (100 + n) / 2.0, (100 + n) / 2.0, 'C2', 'C2', '2025-02-01 12:00+08'::timestamptz + (n / 10 + d * 2) * interval '1 day'
FROM generate_series(0, 99) n, generate_series(0, 1) d;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, diagnosis_code) VALUES ('N1', 'inpatient', 'C2', '2025-03-10 10:00+08', 'I10');
-- I10 in C2: 100, 102, … 148: 25 stays; the median is the 13th, 124, and 80 % are not above the 20th, 138
SELECT results_eq($$SELECT p.as_of, p.day_of_stay, p.charges, p.median, p.p80, p.cases, p.likeness, p.state FROM hospital_cost.predict_charges('N1') p$$,
	$$VALUES ('2025-03-10'::date, 1, 0.00, 124.00, 138.00, 25::bigint, 'diagnosis_department', 'predicted')$$, 'before any charge: what the like cases came to');
INSERT INTO his.fee (id, visit, item, qty, price, total, ordered_by, done_by, at) VALUES (5000, 'N1', 'FREE', 1, 93, 93, 'C2', 'C2', '2025-03-10 12:00+08');
-- 93 against a typical 62 by the first day: one and a half times 62 and 69 are still to come
SELECT results_eq($$SELECT p.charges, p.median, p.p80 FROM hospital_cost.predict_charges('N1') p$$, $$VALUES (93.00, 186.00, 196.50)$$, 'what is to come, scaled by what was charged');
UPDATE his.fee SET price = 6.2, total = 6.2 WHERE id = 5000;
SELECT results_eq($$SELECT p.charges, p.median FROM hospital_cost.predict_charges('N1') p$$, $$VALUES (6.20, 37.20)$$, 'at most halved');
SELECT results_eq($$SELECT p.day_of_stay, p.charges, p.median, p.cases FROM hospital_cost.predict_charges('N1', '2025-03-11') p$$, $$VALUES (2, 6.20, 37.20, 25::bigint)$$, 'of the second day');
SELECT results_eq($$SELECT p.median, p.cases, p.state FROM hospital_cost.predict_charges('N1', '2025-03-13') p$$, $$VALUES (NULL::numeric, 0::bigint, 'no_cases')$$, 'nobody like him stayed that long');
UPDATE hospital_cost.encounter SET diagnosis_code = 'I10' WHERE code = 'K099';
SELECT results_eq($$SELECT p.likeness, p.cases FROM hospital_cost.predict_charges('N1') p$$, $$VALUES ('diagnosis_department', 25::bigint)$$, 'a case of the other department is none');
UPDATE hospital_cost.encounter SET status = 'cancelled' WHERE code IN ('K000', 'K002', 'K004', 'K006', 'K008', 'K010');
SELECT results_eq($$SELECT p.likeness, p.cases FROM hospital_cost.predict_charges('N1') p$$, $$VALUES ('diagnosis', 45::bigint)$$, 'where too few are left, it widens');
UPDATE hospital_cost.encounter SET diagnosis_code = 'X' WHERE code = 'N1';
SELECT results_eq($$SELECT p.likeness, p.cases FROM hospital_cost.predict_charges('N1') p$$, $$VALUES ('department', 44::bigint)$$, 'to the department');
UPDATE hospital_cost.encounter SET department_code = 'T1' WHERE code = 'N1';
SELECT results_eq($$SELECT p.likeness, p.cases FROM hospital_cost.predict_charges('N1') p$$, $$VALUES ('kind', 94::bigint)$$, 'to all of its kind');
UPDATE hospital_cost.encounter SET drg_code = 'FZ11' WHERE code = 'N1' OR code >= 'K070';
SELECT results_eq($$SELECT p.likeness, p.cases FROM hospital_cost.predict_charges('N1') p$$, $$VALUES ('drg', 30::bigint)$$, 'a DRG comes before all');
UPDATE hospital_cost.encounter SET started_at = '2025-02-08 10:00+08' WHERE code = 'N1';
SELECT results_eq($$SELECT p.likeness, p.cases FROM hospital_cost.predict_charges('N1', '2025-02-08') p$$, $$VALUES ('kind', 44::bigint)$$, 'what was not over by then is not known');
SELECT results_eq($$SELECT p.median, p.p80, p.cases, p.state FROM hospital_cost.predict_charges('K050') p$$, $$VALUES (150.00, 150.00, NULL::bigint, 'over')$$, 'who left has a bill');
SELECT throws_ok($$SELECT hospital_cost.predict_charges('none')$$, 'MC244', NULL, 'an unknown encounter');
SELECT throws_ok($$SELECT hospital_cost.predict_charges('N1', '2025-02-07')$$, 'MC30Z', NULL, 'a day before the stay');
SELECT throws_ok($$SELECT hospital_cost.predict_charges_error('2025-03-02', '2025-03-01')$$, 'MC30Z', NULL, 'no days to go back to');
SELECT * FROM finish();
ROLLBACK;
