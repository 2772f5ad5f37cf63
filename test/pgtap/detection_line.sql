-- Contract of the alerts over charges beside stock, orders, codes and payments, and over errors of cashiers.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT * FROM no_plan();
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT is((SELECT string_agg(format('%s %s', s.code, s.needs), ', ' ORDER BY s.code) FROM hospital_cost.rule_state s WHERE s.state = 'inactive' AND s.code IN ('SD10', 'SD13', 'SD15', 'SD17', 'SD29', 'SD31')),
	'SD10 {item_cost}, SD13 {stock,payments}, SD15 {orders,encounter}, SD29 {payments}, SD31 {payments,cashier}', 'the alerts say what they lack');
\ir fixture/payment.sql
\ir fixture/cashier.sql
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
CREATE FUNCTION his.found(rule text, month date DEFAULT '2025-03-01') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hospital_cost.detect(month, rule);
	RETURN QUERY SELECT format('%s %s: %s of %s, %s yuan', f.subject, f.subject_code, f.observed, f.limit_value, f.amount_at_risk) FROM hospital_cost.finding f
		WHERE f.code = rule AND f.period = month AND f.state = 'open' ORDER BY 1;
END $$;
SAVEPOINT s;

-- SD17: no code, a code that is over on the day, a code; midnight parts the days
INSERT INTO hospital_cost.item_code_map (item_code, national_code, valid) VALUES ('CT', '002101010010000', '[2025-01-01,2025-03-06)');
UPDATE hospital_cost.charge_item SET national_code = '001101010010000' WHERE code = 'BED';
SELECT his.charge(1, 'LAB'), his.charge(2, 'CT', at => '2025-03-05 23:59:59+08'), his.charge(3, 'CT', at => '2025-03-06 00:00+08'), his.charge(4, 'BED'), his.charge(5, 'LAB', at => '2025-04-01 00:00+08') \g /dev/null
SELECT results_eq($$SELECT his.found('SD17')$$, $$VALUES ('item CT: expired of valid, 200.50 yuan'), ('item LAB: none of valid, 20.00 yuan')$$, 'SD17: no national code, or none on the day');
DELETE FROM his.fee WHERE id = 3;
SELECT results_eq($$SELECT his.found('SD17')$$, $$VALUES ('item LAB: none of valid, 20.00 yuan')$$, 'what was taken back needs no code');
ROLLBACK TO s;

-- SD15: the nurse checks in the moment of the charge, a moment later, never; other kinds of encounter
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) SELECT 'I' || n, CASE n WHEN 4 THEN 'outpatient' ELSE 'inpatient' END, 'C2', '2025-03-01 00:00+08' FROM generate_series(1, 6) n;
INSERT INTO hospital_cost.order_line (source_key, order_no, encounter_code, item_code, ordered_at, nurse_checked_at, status) VALUES
	('1', 'O1', 'I1', 'LAB', '2025-03-05 08:00+08', '2025-03-05 10:00+08', 'ordered'), ('2', 'O2', 'I2', 'LAB', '2025-03-05 08:00+08', '2025-03-05 10:00:01+08', 'ordered'),
	('3', 'O3', 'I3', 'LAB', '2025-03-05 08:00+08', NULL, 'ordered'), ('4', 'O4', 'I4', 'LAB', '2025-03-05 08:00+08', NULL, 'ordered'), ('5', 'O5', 'I5', 'LAB', '2025-03-05 08:00+08', NULL, 'cancelled');
SELECT his.charge(n, 'LAB', visit => 'I' || n) FROM generate_series(1, 6) n \g /dev/null
SELECT results_eq($$SELECT split_part(x, ',', 2) || split_part(x, ':', 1) FROM his.found('SD15') x$$, $$VALUES (' 20.00 yuanencounter I2'), (' 20.00 yuanencounter I3')$$, 'SD15: checked too late, or never');
DELETE FROM his.fee WHERE id = 2;
SELECT is((SELECT count(*) FROM his.found('SD15')), 1::bigint, 'a charge that was taken back closes it');
ROLLBACK TO s;

-- SD13: 10 in stock at eight, 4 come at nine, 2 go at ten; paid at half past nine and at ten
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('D', 'x', '09', 'drug'), ('D2', 'x', '09', 'drug');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('D', 2), ('D2', 2);
INSERT INTO hospital_cost.stock (source_key, kind, department_code, item_code, quantity, as_of) VALUES ('0', 'on_hand', 'T1', 'D', 99, '2025-03-04 08:00+08'), ('1', 'on_hand', 'T1', 'D', 10, '2025-03-05 08:00+08'),
	('2', 'received', 'T1', 'D', 4, '2025-03-05 09:00+08'), ('3', 'issued', 'T1', 'D', 2, '2025-03-05 10:00+08'), ('4', 'issued', 'T1', 'D', 5, '2025-03-05 07:00+08');
SELECT his.charge(n, 'D', visit => 'V' || n, qty => q, at => '2025-03-05 09:00+08') FROM (VALUES (1, 14), (2, 14.5), (3, 12), (4, 12.5), (5, 90)) v (n, q) \g /dev/null
SELECT his.charge(6, 'D', visit => 'V6', qty => 12.5, at => '2025-03-05 09:00+08', done_by => 'T2'), his.charge(7, 'D2', visit => 'V7', qty => 90) \g /dev/null
SELECT his.take(n, 10, visit => 'V' || n, at => CASE WHEN n < 3 THEN '2025-03-05 09:30+08' ELSE '2025-03-05 10:00+08' END::timestamptz) FROM unnest('{1,2,3,4,6,7}'::int[]) n \g /dev/null
SELECT results_eq($$SELECT his.found('SD13')$$, $$VALUES ('encounter V2: 14.5 of 14, 1.00 yuan'), ('encounter V4: 12.5 of 12, 1.00 yuan'), ('encounter V6: 12.5 of 12, 1.00 yuan')$$,
	'SD13: stock at the moment of payment; not paid, not told; a department without a store draws on all; an item that no store knows is not judged');
ROLLBACK TO s;

-- SD29: two hours, those in the house, those who paid
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('IN', 'inpatient', 'C2', '2025-03-01 00:00+08');
SELECT his.charge(1, visit => 'U1'), his.charge(2, visit => 'U2'), his.charge(3, visit => 'IN'), his.charge(4, visit => 'U4', at => '2025-03-31 23:59:59+08'), his.charge(5, visit => 'U5', at => '2025-04-01 00:00+08') \g /dev/null
SELECT his.take(1, 19.99, visit => 'U1'), his.take(2, 20, visit => 'U2') \g /dev/null
SELECT results_eq($$SELECT his.found('SD29')$$, $$VALUES ('encounter U1: 0.01 of 0, 0.01 yuan'), ('encounter U4: 20.00 of 0, 20.00 yuan')$$, 'SD29: a cent is unpaid');
SELECT his.take(3, 0.01, visit => 'U1') \g /dev/null
SELECT results_eq($$SELECT his.found('SD29')$$, $$VALUES ('encounter U4: 20.00 of 0, 20.00 yuan')$$, 'paying closes it');
SELECT hospital_cost.open_period(hospital_cost.period_of(hospital_cost.hospital_day(now()))) \g /dev/null
SELECT hospital_cost.open_period(hospital_cost.period_of(hospital_cost.hospital_day(now() - interval '3 hours'))) \g /dev/null
SELECT his.charge(8, visit => 'U8', price => 20, at => now() - interval '2 hours'), his.charge(9, visit => 'U9', price => 20, at => now() - interval '2 hours 1 microsecond') \g /dev/null
SELECT is_empty($$SELECT x FROM his.found('SD29', hospital_cost.period_of(hospital_cost.hospital_day(now() - interval '2 hours'))) x WHERE x ~ 'U8'$$, 'two hours are not yet too long');
SELECT isnt_empty($$SELECT x FROM his.found('SD29', hospital_cost.period_of(hospital_cost.hospital_day(now() - interval '2 hours 1 microsecond'))) x WHERE x ~ 'U9'$$, 'a moment more is');
ROLLBACK TO s;

-- SD31: the others 10 in 100; a new one 12 in 100 and another 11 in 100; one with too few
UPDATE hospital_cost.cashier SET valid = '[2025-02-01,)' WHERE code IN ('B', 'K', 'L');
SELECT his.take(k * 1000 + n, 10, c, visit => 'X' || n) FROM (VALUES (1, 'A', 100), (2, 'B', 100), (3, 'K', 100), (4, 'L', 29)) v (k, c, m), generate_series(1, m) n \g /dev/null
DELETE FROM his.payment WHERE id IN (SELECT k * 1000 + n FROM (VALUES (1, 5), (2, 6), (3, 6), (4, 29)) v (k, m), generate_series(1, m) n);
SELECT his.take(50000 + k * 1000 + n, 10, CASE k WHEN 1 THEN 'A' WHEN 2 THEN 'B' ELSE 'K' END, '3', refund_of => k * 1000 + 50 + n, visit => 'X' || 50 + n) FROM (VALUES (1, 5), (2, 6), (3, 5)) v (k, m), generate_series(1, m) n \g /dev/null
SELECT results_eq($$SELECT x FROM his.found('SD31') x$$, $$VALUES ('cashier B: 0.120000 of 0.115000,  yuan')$$, 'SD31: more than 15 % above the others; 11 in 100 is inside, 29 payments are too few');
SELECT * FROM finish();
ROLLBACK;
