-- Contract of the statistical alerts: what is far out, what is just inside, what the season explains, and too few cases.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT * FROM no_plan();
SELECT hospital_cost.open_period((date '2024-03-01' + n * interval '1 month')::date) FROM generate_series(0, 11) n \g /dev/null
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), pricing => 'trust') \g /dev/null
CREATE FUNCTION his.found(rule text, month date DEFAULT '2025-03-01') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hospital_cost.detect(month, rule);
	RETURN QUERY SELECT format('%s %s %s: %s > %s, %s yuan', f.subject, f.subject_code, f.fact, f.observed, f.limit_value, f.amount_at_risk) FROM hospital_cost.finding f
		WHERE f.code = rule AND f.period = month AND f.state = 'open' ORDER BY 1;
END $$;
-- Five clinics, a year before and March: 100 visits a month, CT of 100 yuan a visit and 1 to 3 more or less; months are numbered from 0, March 2025 is 12.
INSERT INTO hospital_cost.department (code, name, class, setting) SELECT 'K' || k, 'x', 'clinical', 'outpatient' FROM generate_series(1, 5) k;
INSERT INTO hospital_cost.workload_value (period, department_code, measure, quantity)
SELECT (date '2024-03-01' + n * interval '1 month')::date, 'K' || k, 'visits', 100 FROM generate_series(0, 12) n, generate_series(1, 5) k;
CREATE SEQUENCE his.no;
CREATE FUNCTION his.month(clinic text, n int, total numeric) RETURNS void LANGUAGE sql AS $$
	SELECT his.charge(nextval('his.no'), 'CT', total => total, price => total, visit => clinic || n, ordered_by => clinic, done_by => 'T2', at => '2024-03-10 10:00+08'::timestamptz + n * interval '1 month') $$;
SELECT his.month('K' || k, n, 10000 + 100 * (n % 7 - 3)) FROM generate_series(0, 11) n, generate_series(1, 5) k \g /dev/null
SAVEPOINT s;

-- without peers. History of 97 … 103 in twelve months: median 99.5, MAD 1.5 by hand; z above 3 from 106.1712 on, the effect from 119.4 on
UPDATE hospital_cost.rule SET parameters = '{"minimum_peers": 5}' WHERE code = 'SD07';
SELECT his.month('K1', 12, 11940), his.month('K2', 12, 11940.01), his.month('K3', 12, 9950), his.month('K4', 12, 9950), his.month('K5', 12, 9950) \g /dev/null
SELECT results_eq($$SELECT his.found('SD07')$$, $$VALUES ('department K2 : 119.400100 > 119.400000, 1990.01 yuan')$$, 'SD07: 20 % above the median is inside, a cent more is not');
SELECT is((SELECT concat_ws(' ', f.evidence ->> 'median', f.evidence ->> 'mad', f.evidence ->> 'z', f.evidence ->> 'season') FROM hospital_cost.finding f WHERE f.code = 'SD07'), '99.500000 1.500000 8.9484 1', 'with what it was held against');
SELECT results_eq($$SELECT x.what, x.item_code::text, x.department_code::text, x.amount FROM hospital_cost.finding f, hospital_cost.explain_finding(f.finding_id) x WHERE f.code = 'SD07'$$, $$VALUES ('charge', 'CT', 'K2', 11940.01)$$,
	'from the figure to the entries and codes behind it');
SELECT is((SELECT sum(d.amount) FROM hospital_cost.department_entries('2025-03-15', 'K2', '03') d), (SELECT t.amount FROM hospital_cost.charge_total t WHERE t.period = '2025-03-01' AND t.ordering_department_code = 'K2'), 'which add up to it');
SELECT his.charge(99999, 'LAB', total => 99, price => 99, ordered_by => 'K2') \g /dev/null
SELECT is((SELECT array_agg(f.code COLLATE "default" ORDER BY f.code) FROM hospital_cost.department_entries('2025-03-01', 'K2', '04') d JOIN hospital_cost.finding f ON f.finding_id = ANY (d.findings)), '{CA04}'::text[], 'and from a line to its findings');
SELECT is_empty($$SELECT * FROM hospital_cost.department_entries('2025-03-01', 'K2', '09')$$, 'by category');
SELECT throws_ok('SELECT * FROM hospital_cost.explain_finding(-1)', 'MC881', NULL, 'a finding that is not there');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01', 'SD07') d WHERE d.added <> 0$$, 'a second run adds nothing');
UPDATE hospital_cost.rule SET parameters = '{"minimum_peers": 5, "minimum_months": 13}' WHERE code = 'SD07';
SELECT is_empty($$SELECT his.found('SD07')$$, 'no finding from fewer months than the minimum');
UPDATE hospital_cost.rule SET parameters = '{"minimum_peers": 5, "minimum_cases": 101}' WHERE code = 'SD07';
SELECT is_empty($$SELECT his.found('SD07')$$, 'nor from fewer visits');
UPDATE hospital_cost.rule SET parameters = '{"minimum_peers": 5, "factor": 8.9}' WHERE code = 'SD07';
SELECT isnt_empty($$SELECT his.found('SD07')$$, 'z of 8.9484 is above 8.9');
UPDATE hospital_cost.rule SET parameters = '{"minimum_peers": 5, "factor": 8.95}' WHERE code = 'SD07';
SELECT is_empty($$SELECT his.found('SD07')$$, 'and not above 8.95');
ROLLBACK TO s;
SELECT his.month('K' || k, 12, 9950 * 1.3) FROM generate_series(1, 5) k \g /dev/null
SELECT is_empty($$SELECT his.found('SD07')$$, 'what all clinics have more is the season');
UPDATE hospital_cost.rule SET parameters = '{"minimum_peers": 5}' WHERE code = 'SD07';
SELECT is((SELECT count(*) FROM his.found('SD07')), 5::bigint, 'unless there are too few peers to know it');
ROLLBACK TO s;

-- SD09: history 9700 … 10300 by 100: median 9950, MAD 150; 3 × 1.4826 × 150 = 667.17, 20 % = 1990, floor 1000
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount)
SELECT (date '2024-03-01' + n * interval '1 month')::date, 'K' || k, 'personnel', 10000 + 100 * (n % 7 - 3) FROM generate_series(0, 11) n, generate_series(1, 4) k;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'K1', 'personnel', 11940), ('2025-03-01', 'K2', 'personnel', 11940.01),
	('2025-03-01', 'K3', 'personnel', 7959.99), ('2025-03-01', 'K4', 'personnel', 7960), ('2025-03-01', 'K5', 'personnel', 99999);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) SELECT (date '2024-10-01' + n * interval '1 month')::date, 'K5', 'other', 100 FROM generate_series(0, 4) n;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'K5', 'other', 5000);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) SELECT (date '2024-09-01' + n * interval '1 month')::date, 'K4', 'other', 100 FROM generate_series(0, 5) n;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'K4', 'other', 1100);
SELECT results_eq($$SELECT his.found('SD09')$$, $$VALUES ('department K2 personnel: 11940.01 > 11940.00, 1990.01 yuan'), ('department K3 personnel: 7959.99 > 7960.00, 1990.01 yuan')$$,
	'SD09: beyond the deviations, 20 % and the floor, both ways; five months and a difference of exactly the floor are no finding');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'K4', 'other', 0.01);
SELECT is((SELECT count(*) FROM his.found('SD09') x WHERE x ~ 'K4 other'), 1::bigint, 'a cent above the floor is one');
SELECT * FROM finish();
ROLLBACK;
