-- Contract of limits: quantities, days and gaps in every window, just inside and just beyond, net of what was taken back.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(36);
\ir fixture/rule.sql
DELETE FROM hospital_cost.rule WHERE code = 'CA02';
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", window_days, max_quantity) VALUES
	('CA10', 'LAB', 'DAY', NULL, 2), ('CA25', 'CT', 'LINE', NULL, 3), ('CA11', 'HR', 'HOUR', NULL, 1), ('CA13', 'SIX', 'ROLL_6H', NULL, 1),
	('CA12', 'ONCE', 'ENCOUNTER', NULL, 1), ('CA13', 'WEEK', 'ROLL_n_DAYS', 7, 1), ('CA21', 'MON', 'MONTH', NULL, 2), ('CA21', 'YR', 'YEAR', NULL, 2);

-- DAY
SELECT his.charge(1, visit => 'D1', qty => 2), his.charge(2, visit => 'D1', at => '2025-03-06 00:00+08', qty => 2) \g /dev/null
SELECT is_empty($$SELECT his.broken('D1')$$, 'the limit itself is allowed, each day');
SELECT his.charge(3, visit => 'D1', at => '2025-03-05 23:59:59+08', qty => 1.5) \g /dev/null
SELECT results_eq($$SELECT his.broken('D1')$$, ARRAY['CA10 3 3.5000 2.0000 1.5000 30.00 open'], 'the line that crosses the limit, by what it brings above it');
SELECT his.charge(4, visit => 'D1') \g /dev/null
SELECT results_eq($$SELECT his.broken('D1')$$, ARRAY['CA10 3 3.5000 2.0000 1.5000 30.00 open', 'CA10 4 4.5000 2.0000 1.0000 20.00 open'],
	'and those after it');
SELECT his.charge(5, visit => 'D1', qty => -1, refund_of => 1) \g /dev/null
SELECT results_eq($$SELECT his.broken('D1')$$, ARRAY['CA10 3 2.5000 2.0000 0.5000 10.00 open', 'CA10 4 3.5000 2.0000 1.0000 20.00 open'],
	'given back in part: the figures follow');
SELECT his.charge(6, visit => 'D1', qty => -1.5, refund_of => 3) \g /dev/null
SELECT results_eq($$SELECT his.broken('D1')$$, ARRAY['CA10 3 2.5000 2.0000 0.5000 10.00 resolved', 'CA10 4 3.5000 2.0000 1.0000 20.00 resolved'],
	'given back: the findings close themselves');
INSERT INTO his.fee (id, visit, item, qty, done_by, at) SELECT i, 'D2', 'LAB', 1, 'T1', '2025-03-05 10:00+08' FROM generate_series(10, 13) i;
SELECT results_eq($$SELECT his.broken('D2')$$, ARRAY['CA10 12 3.0000 2.0000 1.0000 20.00 open', 'CA10 13 4.0000 2.0000 1.0000 20.00 open'],
	'within one statement');
UPDATE his.fee SET qty = 0.5 WHERE visit = 'D2';
SELECT is_empty($$SELECT b FROM his.broken('D2') b WHERE b LIKE '%open'$$, 'rows made smaller resolve them');
UPDATE his.fee SET qty = 1 WHERE visit = 'D2';
SELECT is((SELECT count(*) FROM his.broken('D2') b WHERE b LIKE '%open'), 2::bigint, 'and made greater again, they are found again');
DELETE FROM his.fee WHERE id = 10;
SELECT is((SELECT count(*) FROM his.broken('D2') b WHERE b LIKE '%open'), 1::bigint, 'a row that goes takes one with it');

-- LINE, HOUR, ROLL_6H
SELECT his.charge(20, visit => 'L1', item => 'CT', qty => 3), his.charge(21, visit => 'L1', item => 'CT', qty => 3) \g /dev/null
SELECT is_empty($$SELECT his.broken('L1')$$, 'each line for itself');
SELECT his.charge(22, visit => 'L1', item => 'CT', qty => 3.25) \g /dev/null
SELECT results_eq($$SELECT his.broken('L1')$$, ARRAY['CA25 22 3.2500 3.0000 0.2500 50.13 open'], 'one line above the limit');
SELECT his.charge(30, visit => 'H1', item => 'HR', at => '2025-03-05 10:00+08'), his.charge(31, visit => 'H1', item => 'HR', at => '2025-03-05 09:59:59+08') \g /dev/null
SELECT is_empty($$SELECT his.broken('H1')$$, 'two clock hours');
SELECT his.charge(32, visit => 'H1', item => 'HR', at => '2025-03-05 10:59:59+08') \g /dev/null
SELECT results_eq($$SELECT his.broken('H1')$$, ARRAY['CA11 32 2.0000 1.0000 1.0000 10.00 open'], 'one clock hour');
SELECT his.charge(33, visit => 'S1', item => 'SIX', at => '2025-03-05 22:00+08'), his.charge(34, visit => 'S1', item => 'SIX', at => '2025-03-06 04:00+08') \g /dev/null
SELECT is_empty($$SELECT his.broken('S1')$$, 'six hours apart, over midnight');
SELECT his.charge(35, visit => 'S2', item => 'SIX', at => '2025-03-05 22:00+08'), his.charge(36, visit => 'S2', item => 'SIX', at => '2025-03-06 03:59:59+08') \g /dev/null
SELECT results_eq($$SELECT his.broken('S2')$$, ARRAY['CA13 36 2.0000 1.0000 1.0000 10.00 open'], 'a second less');

-- ENCOUNTER and longer, over the patient's encounters
SELECT his.charge(40, visit => 'E1', item => 'ONCE'), his.charge(41, visit => 'E1', item => 'ONCE', at => '2025-03-09 10:00+08'),
	his.charge(42, visit => 'E2', item => 'ONCE') \g /dev/null
SELECT results_eq($$SELECT his.broken('E1')$$, ARRAY['CA12 41 2.0000 1.0000 1.0000 10.00 open'], 'once an encounter');
SELECT is_empty($$SELECT his.broken('E2')$$, 'another encounter is another one');
SELECT his.visit('W1', 'outpatient', 'P1'), his.visit('W2', 'outpatient', 'P1'), his.visit('W3', 'outpatient', 'P2') \g /dev/null
SELECT his.charge(50, visit => 'W1', item => 'WEEK', at => '2025-03-05 10:00+08'), his.charge(51, visit => 'W2', item => 'WEEK', at => '2025-03-12 10:00+08'),
	his.charge(52, visit => 'W3', item => 'WEEK', at => '2025-03-06 10:00+08') \g /dev/null
SELECT is_empty($$SELECT his.broken(v) FROM unnest('{W1,W2,W3}'::text[]) v$$, 'seven days apart, and another patient');
SELECT his.charge(53, visit => 'W2', item => 'WEEK', at => '2025-03-11 23:59+08') \g /dev/null
SELECT results_eq($$SELECT his.broken('W2')$$, ARRAY['CA13 53 2.0000 1.0000 1.0000 10.00 open', 'CA13 51 2.0000 1.0000 1.0000 10.00 open'],
	'within seven days, in another encounter; the later one is too near now');
DELETE FROM his.fee WHERE id = 50;
SELECT results_eq($$SELECT his.broken('W2')$$, ARRAY['CA13 53 2.0000 1.0000 1.0000 10.00 resolved', 'CA13 51 2.0000 1.0000 1.0000 10.00 open'],
	'the first one went: the finding in the other encounter closes');
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT his.charge(55, visit => 'W1', item => 'MON', qty => 2, at => '2025-03-31 23:59+08'), his.charge(56, visit => 'W2', item => 'MON', qty => 2, at => '2025-04-01 00:00+08') \g /dev/null
SELECT is_empty($$SELECT his.broken('W1')$$, 'two months');
SELECT his.charge(57, visit => 'W2', item => 'MON', at => '2025-03-01 00:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('W2') b WHERE b LIKE 'CA21%'$$, ARRAY['CA21 57 3.0000 2.0000 1.0000 10.00 open'], 'one month, two encounters');
SELECT his.charge(58, visit => 'W1', item => 'YR', qty => 2, at => '2025-03-31 23:59+08'), his.charge(59, visit => 'W2', item => 'YR', at => '2025-04-01 00:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('W2') b WHERE b LIKE 'CA21 59%'$$, ARRAY['CA21 59 3.0000 2.0000 1.0000 10.00 open'], 'one year');

-- days, gaps, the stay
INSERT INTO hospital_cost.item_limit (rule_code, item_code, group_code, "window", max_days, min_gap_days, max_per_stay_day) VALUES
	('CA21', 'DAYS', NULL, 'ENCOUNTER', 2, NULL, NULL), ('CA13', 'GAP', NULL, 'LINE', NULL, 14, NULL),
	('CA14', 'BED', 'bed', 'STAY', NULL, NULL, 1), ('CA14', 'BED2', 'bed', 'STAY', NULL, NULL, 1);
SELECT his.charge(60, visit => 'G1', item => 'DAYS', at => '2025-03-05 10:00+08', qty => 9), his.charge(61, visit => 'G1', item => 'DAYS', at => '2025-03-05 11:00+08'),
	his.charge(62, visit => 'G1', item => 'DAYS', at => '2025-03-09 11:00+08') \g /dev/null
SELECT is_empty($$SELECT his.broken('G1')$$, 'two days');
SELECT his.charge(63, visit => 'G1', item => 'DAYS', at => '2025-03-07 11:00+08', qty => 2) \g /dev/null
SELECT results_eq($$SELECT his.broken('G1')$$, ARRAY['CA21 62 3 days 2 days 1.0000 10.00 open'], 'the third day, whatever was posted last');
SELECT his.charge(64, visit => 'W1', item => 'GAP', at => '2025-03-05 10:00+08'), his.charge(65, visit => 'W2', item => 'GAP', at => '2025-03-19 10:00+08') \g /dev/null
SELECT is_empty($$SELECT b FROM unnest('{W1,W2}'::text[]) v, his.broken(v) b WHERE b LIKE 'CA13 6_%'$$, 'fourteen days between');
SELECT his.charge(66, visit => 'W1', item => 'GAP', at => '2025-04-01 10:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('W1') b WHERE b LIKE 'CA13 6_%'$$, ARRAY['CA13 66 13 days 14 days 1.0000 10.00 open'], 'thirteen, over the end of the month');
SELECT his.visit('Y1', 'inpatient', 'P3', '2025-03-05 09:00+08', '2025-03-08 10:00+08'), his.visit('Y2', 'inpatient', 'P4', '2025-03-05 09:00+08') \g /dev/null
SELECT his.charge(70, visit => 'Y1', item => 'BED', qty => 2), his.charge(71, visit => 'Y1', item => 'BED2', qty => 1, at => '2025-03-07 10:00+08') \g /dev/null
SELECT is_empty($$SELECT his.broken('Y1')$$, 'three beds in a stay of three days');
SELECT his.charge(72, visit => 'Y1', item => 'BED2', qty => 1, at => '2025-03-08 10:00+08') \g /dev/null
SELECT results_eq($$SELECT his.broken('Y1')$$, ARRAY['CA14 72 4.0000 3.0000 1.0000 10.00 open'], 'four, whichever bed');
INSERT INTO his.fee (id, visit, item, qty, done_by, at) SELECT 80 + i, 'Y2', 'BED', 1, 'T1', timestamptz '2025-03-05 10:00+08' + i * interval '1 day' FROM generate_series(0, 3) i;
SELECT is_empty($$SELECT his.broken('Y2')$$, 'a stay that has not ended has the days that have charges');
UPDATE hospital_cost.encounter SET ended_at = '2025-03-07 10:00+08' WHERE code = 'Y2';
SELECT his.charge(85, visit => 'Y2', item => 'BED2', qty => 0.5, at => '2025-03-07 10:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('Y2') b WHERE b LIKE 'CA14%' ORDER BY 1$$, ARRAY['CA14 82 3.0000 2.0000 1.0000 33.33 open', 'CA14 83 4.0000 2.0000 1.0000 33.33 open',
	'CA14 85 4.5000 2.0000 0.5000 5.00 open'], 'when it has ended, what was charged before is judged anew');

-- national codes, validity, rules
INSERT INTO hospital_cost.charge_item (code, name, national_code) VALUES ('N1', 'x', '001109000019999');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('N2', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('N1', 5), ('N2', 5);
INSERT INTO hospital_cost.item_code_map (item_code, national_code, valid) VALUES ('N2', '001109000019999', '[2025-03-05,2025-03-06)');
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity, valid) VALUES ('CA10', '001109000019999', 'DAY', 1, '[2025-03-01,2025-03-07)');
SELECT his.charge(90, visit => 'N', item => 'N1', price => 5), his.charge(91, visit => 'N', item => 'N2', price => 5) \g /dev/null
SELECT results_eq($$SELECT his.broken('N')$$, ARRAY['CA10 91 2.0000 1.0000 1.0000 5.00 open'], 'two items of one national code are one');
SELECT his.charge(92, visit => 'N', item => 'N1', price => 5, at => '2025-03-06 10:00+08'), his.charge(93, visit => 'N', item => 'N2', price => 5, at => '2025-03-06 10:00+08') \g /dev/null
SELECT is((SELECT count(*) FROM his.broken('N')), 1::bigint, 'while the map says so');
SELECT his.charge(94, visit => 'N', item => 'N1', qty => 3, price => 5, at => '2025-03-07 10:00+08') \g /dev/null
SELECT is((SELECT count(*) FROM his.broken('N')), 1::bigint, 'and while the knowledge is valid');
UPDATE hospital_cost.rule SET action = 'block' WHERE code = 'CA10';
SELECT throws_like($$SELECT his.charge(95, visit => 'D1', qty => 3)$$, '%charge "95" of "fee" breaks rule "CA10"%', 'a rule that blocks names itself and the charge');
SELECT is_empty($$SELECT FROM hospital_cost.ledger l WHERE l.source_key = '95'$$, 'then nothing is posted');

SELECT * FROM finish();
ROLLBACK;
