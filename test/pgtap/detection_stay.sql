-- Contract of the batch rules over patients, stays, stock and shares: each with what is just beyond its limit and what is just inside.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT * FROM no_plan();
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT is((SELECT string_agg(format('%s %s %s', s.code, s.state, s.needs), ', ' ORDER BY s.code) FROM hospital_cost.rule_state s WHERE s.code IN ('CA24', 'CA30', 'CA31', 'CA36', 'CA38', 'CA40', 'CA44')),
	'CA24 inactive {encounter}, CA30 inactive {stock}, CA31 inactive {stock}, CA36 active {}, CA38 inactive {encounter}, CA40 inactive {encounter}, CA44 active {}', 'the rules say what they lack');
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
CREATE FUNCTION his.found(rule text, month date DEFAULT '2025-03-01') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hospital_cost.detect(month, rule);
	RETURN QUERY SELECT format('%s %s %s: %s, %s yuan', f.subject, f.subject_code, f.fact, f.observed, f.amount_at_risk) FROM hospital_cost.finding f
		WHERE f.code = rule AND f.period = month AND f.state = 'open' ORDER BY 1;
END $$;
CREATE FUNCTION his.visit(code text, patient text, begins timestamptz, ends timestamptz DEFAULT NULL, kind text DEFAULT 'inpatient', diagnosis text DEFAULT NULL) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at, diagnosis_code) VALUES (code, patient, kind, 'C2', begins, ends, diagnosis);
END;
SAVEPOINT s;

-- CA24: in the stay, on its first and last day, of another patient, open stays, reversed
SELECT his.visit('S', 'P', '2025-03-05 23:59+08', '2025-03-08 00:00+08'), his.visit('S2', 'Q', '2025-03-30 10:00+08') \g /dev/null
SELECT his.visit('V' || n, CASE WHEN n < 7 THEN 'P' WHEN n < 9 THEN 'Q' END, '2025-03-01 08:00+08', kind => 'outpatient') FROM generate_series(1, 9) n \g /dev/null
SELECT his.charge(n, visit => 'V' || n, at => v.at) FROM (VALUES (1, timestamptz '2025-03-05 23:59:59+08'), (2, '2025-03-06 00:00+08'), (3, '2025-03-07 23:59:59+08'), (4, '2025-03-08 00:00+08'), (5, '2025-03-07 10:00+08'),
	(7, '2025-03-30 23:00+08'), (8, '2025-03-31 23:59+08'), (9, '2025-03-06 10:00+08')) v (n, at) \g /dev/null
SELECT his.charge(15, visit => 'V5', at => '2025-03-07 11:00+08', qty => -1, total => -20, refund_of => 5) \g /dev/null
SELECT results_eq($$SELECT his.found('CA24')$$, $$VALUES ('encounter V2 2025-03-06: 2025-03-06, 20.00 yuan'), ('encounter V3 2025-03-07: 2025-03-07, 20.00 yuan'), ('encounter V8 2025-03-31: 2025-03-31, 20.00 yuan')$$,
	'CA24: within the stay, its first and last day apart; net of what was given back');
ROLLBACK TO s;

-- CA38: 15 days, 16 days, another diagnosis, a cycle
SELECT his.visit('A' || p, p, '2025-02-10 10:00+08', '2025-02-20 23:59+08', diagnosis => d), his.visit('B' || p, p, b, diagnosis => f)
FROM (VALUES ('P', 'J18.901', timestamptz '2025-03-07 23:59:59+08', 'J18.000'), ('Q', 'J18.901', '2025-03-08 00:00+08', 'J18.901'), ('R', 'J18.901', '2025-03-01 00:00+08', 'J20'), ('T', 'Z51.1', '2025-03-02 10:00+08', 'Z51.1'),
	('U', 'I10', '2025-02-20 23:59:59+08', 'I10'), ('W', NULL, '2025-03-02 10:00+08', NULL)) v (p, d, b, f) \g /dev/null
SELECT results_eq($$SELECT his.found('CA38')$$, $$VALUES ('patient P BP: 15,  yuan')$$, 'CA38: fifteen days are told, sixteen are not, nor other diagnoses or cycles');
SELECT results_eq($$SELECT his.found('CA38', '2025-02-01')$$, $$VALUES ('patient U BU: 0,  yuan')$$, 'in the month of the admission');
ROLLBACK TO s;

-- CA40: twenty visits and one more; ten days of drugs; six stays and one more
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('D', 'x', '09', 'drug');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('D', 2);
SELECT his.visit('P' || n, 'P', '2025-03-01 00:00+08'::timestamptz + n * interval '1 day', kind => 'outpatient') FROM generate_series(0, 20) n \g /dev/null
SELECT his.visit('Q' || n, 'Q', '2025-03-31 23:59+08', kind => 'emergency') FROM generate_series(1, 20) n \g /dev/null
SELECT his.visit('Q0', 'Q', '2025-04-01 00:00+08', kind => 'outpatient') \g /dev/null
SELECT his.visit('S' || n, 'S', ('2025-01-0' || n || ' 10:00+08')::timestamptz, ('2025-01-0' || n || ' 11:00+08')::timestamptz) FROM generate_series(1, 6) n \g /dev/null
SELECT his.visit('S7', 'S', '2025-03-31 23:59+08'), his.visit('D1', 'D', '2025-03-01 08:00+08', kind => 'outpatient'), his.visit('D2', 'E', '2025-03-01 08:00+08', kind => 'outpatient') \g /dev/null
SELECT his.charge(100 * e + n, 'D', visit => 'D' || e, at => '2025-03-01 10:00+08'::timestamptz + n * interval '1 day') FROM (VALUES (1, 11), (2, 10)) v (e, m), generate_series(1, m) n \g /dev/null
SELECT his.charge(300 + n, 'D', visit => 'D2', at => '2025-03-02 11:00+08') FROM generate_series(1, 3) n \g /dev/null
SELECT results_eq($$SELECT his.found('CA40')$$, $$VALUES ('patient D drug_days: 11,  yuan'), ('patient P visits: 21,  yuan'), ('patient S stays: 7,  yuan')$$, 'CA40: one more than the limit, in the month');
ROLLBACK TO s;

-- CA30: by patient and by month
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('M1', 'x', '08', 'material'), ('M2', 'x', '08', 'material'), ('M3', 'x', '08', 'material');
INSERT INTO hospital_cost.price (item_code, unit_price) SELECT 'M' || n, 10 FROM generate_series(1, 3) n;
INSERT INTO hospital_cost.stock (source_key, kind, department_code, item_code, encounter_code, quantity, as_of) VALUES ('1', 'issued', 'T1', 'M1', 'E1', 2, '2025-02-28 23:00+08'), ('2', 'issued', 'T1', 'M1', 'E2', 2, '2025-03-31 23:59+08'),
	('3', 'issued', 'T1', 'M1', 'E3', 2, '2025-04-01 00:00+08'), ('4', 'issued', 'T1', 'M2', NULL, 5, '2025-03-01 00:00+08'), ('5', 'issued', 'T1', 'M2', NULL, 5, '2025-02-28 23:59:59+08');
SELECT his.charge(1, 'M1', visit => 'E1', qty => 2), his.charge(2, 'M1', visit => 'E2', qty => 3), his.charge(3, 'M1', visit => 'E3', qty => 1), his.charge(4, 'M2', visit => 'E4', qty => 5), his.charge(5, 'M3', visit => 'E5', qty => 9) \g /dev/null
SELECT results_eq($$SELECT his.found('CA30')$$, $$VALUES ('encounter E2 M1: 3, 10.00 yuan'), ('encounter E3 M1: 1, 10.00 yuan')$$, 'CA30: by patient what was issued up to the month''s end serves; M2 is just covered; M3 is in no stock');
SELECT his.charge(6, 'M2', visit => 'E6', qty => 0.5, at => '2025-03-31 23:59+08') \g /dev/null
SELECT results_eq($$SELECT x FROM his.found('CA30') x WHERE x ~ 'M2'$$, $$VALUES ('item M2 M2: 5.5, 5.00 yuan')$$, 'half a piece more than the month issued');
ROLLBACK TO s;

-- CA31: 10 at the beginning, 20 came, 5 are left: 25 may be charged
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('D', 'x', '09', 'drug');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('D', 2);
INSERT INTO hospital_cost.stock (source_key, kind, department_code, item_code, quantity, as_of) VALUES ('1', 'on_hand', 'T1', 'D', 10, '2025-03-01 00:00+08'), ('2', 'received', 'T1', 'D', 20, '2025-03-15 08:00+08'),
	('3', 'on_hand', 'T1', 'D', 5, '2025-04-01 00:00+08'), ('4', 'on_hand', 'T1', 'D', 99, '2025-02-01 00:00+08'), ('5', 'received', 'T1', 'D', 50, '2025-03-01 00:00+08'), ('6', 'on_hand', 'T1', 'D', 1, '2025-04-01 00:00:01+08');
SELECT his.charge(1, 'D', qty => 25), his.charge(2, 'D', qty => 9, at => '2025-04-01 00:00+08') \g /dev/null
SELECT is_empty($$SELECT his.found('CA31')$$, 'CA31: what the stock accounts for');
SELECT his.charge(3, 'D', qty => 1, at => '2025-03-31 23:59:59+08') \g /dev/null
SELECT results_eq($$SELECT his.found('CA31')$$, $$VALUES ('item D : 26, 2.00 yuan')$$, 'and one more');
ROLLBACK TO s;

-- CA36: four units of 30 patients; CT for 10, 10, 10 and 30 or 31 of them
INSERT INTO hospital_cost.department (code, name, class, setting) SELECT 'U' || u, 'x', 'clinical', 'outpatient' FROM generate_series(1, 5) u;
SELECT his.charge(u * 1000 + n, 'LAB', visit => format('U%s-%s', u, n), ordered_by => 'U' || u), his.charge(u * 1000 + 500 + n, 'CT', visit => format('U%s-%s', u, n), ordered_by => 'U' || u, done_by => 'T2')
FROM (VALUES (1, 10), (2, 10), (3, 10), (4, 30)) v (u, m), generate_series(1, 30) n WHERE n <= m \g /dev/null
SELECT his.charge(u * 1000 + n, 'LAB', visit => format('U%s-%s', u, n), ordered_by => 'U' || u) FROM generate_series(1, 3) u, generate_series(11, 30) n \g /dev/null
SELECT is_empty($$SELECT x FROM his.found('CA36') x WHERE x ~ 'CT'$$, 'CA36: three times the median is not more than three times');
DELETE FROM his.fee WHERE id IN (1501, 2501, 3501);
SELECT results_eq($$SELECT x FROM his.found('CA36') x WHERE x ~ 'CT'$$, $$VALUES ('department U4 CT: 1.000000, 4210.50 yuan')$$, 'with the others at 9 in 30 it is');
SELECT is((SELECT count(*) FROM his.found('CA36') x WHERE x !~ 'CT'), 0::bigint, 'what all order is no finding');
DELETE FROM his.fee WHERE visit = 'U4-30';
SELECT is_empty($$SELECT x FROM his.found('CA36') x WHERE x ~ 'CT'$$, 'nor from 29 patients');
ROLLBACK TO s;

-- CA44: shares of 30 charges
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('FREE', 1);
SELECT his.charge(n, 'FREE', visit => 'X', total => 2, price => 2, ordered_by => 'C1') FROM generate_series(1, 29) n \g /dev/null
SELECT his.charge(30, 'LAB', visit => 'X', total => 38.66, price => 38.66, ordered_by => 'C1') \g /dev/null
SELECT is_empty($$SELECT his.found('CA44')$$, 'CA44: a share of 0.39997');
SELECT his.charge(31, 'LAB', visit => 'X', total => 0.02, price => 0.02, ordered_by => 'C1'), his.charge(40, 'LAB', visit => 'Y', ordered_by => 'C2') \g /dev/null
SELECT results_eq($$SELECT his.found('CA44')$$, $$VALUES ('department C1 lab: 0.400083, 0.01 yuan')$$, 'above 0.4; a department with one charge is not judged');
SELECT * FROM finish();
ROLLBACK;
