-- Contract of rules over relations: pairs, quantities by another item, bundles, operations; for whom, where and when an item may be charged.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(39);
\ir fixture/rule.sql
DELETE FROM hospital_cost.rule WHERE code = 'CA02';
-- The line that is found and the one beside it, by their keys.
CREATE FUNCTION his.pairs(visit text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s %s', f.code, f.source_key, l.source_key, f.excess_quantity, f.amount_at_risk, f.state)
	FROM hospital_cost.finding f LEFT JOIN hospital_cost.ledger l ON l.entry_id = f.entries[1] AND cardinality(f.entries) > 1
	WHERE f.class = 'conduct' AND f.encounter_code = visit ORDER BY f.finding_id $$;
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window", severity) VALUES
	('CA01', 'A', 'B', 'DAY', 'lead'), ('CA01', 'ONCE', 'WEEK', 'ENCOUNTER', NULL), ('CA17', 'HR', 'SIX', 'HOUR', NULL), ('CA33', 'MON', 'YR', 'ROLL_6H', NULL);

SELECT his.charge(1, visit => 'P1', item => 'A'), his.charge(2, visit => 'P1', item => 'B', at => '2025-03-06 00:00+08'), his.charge(3, visit => 'P2', item => 'B') \g /dev/null
SELECT is_empty($$SELECT his.pairs(v) FROM unnest('{P1,P2}'::text[]) v$$, 'not the same day, not the same encounter');
SELECT his.charge(4, visit => 'P1', item => 'B', qty => 2, at => '2025-03-05 23:59:59+08') \g /dev/null
SELECT results_eq($$SELECT his.pairs('P1')$$, ARRAY['CA01 4 1 2.0000 20.00 open'], 'both in the window: said of the contained one');
SELECT results_eq($$SELECT f.severity, f.knowledge_id = k.knowledge_id, f.evidence ->> 'window_start' FROM hospital_cost.finding f, hospital_cost.item_pair k
	WHERE f.source_key = '4' AND k.item_a = 'A' AND f.class = 'conduct'$$, $$VALUES ('lead', true, '2025-03-05')$$,
	'by the row of knowledge, with its severity and window');
SELECT his.charge(5, visit => 'P1', item => 'A', qty => -1, refund_of => 1) \g /dev/null
SELECT results_eq($$SELECT his.pairs('P1')$$, ARRAY['CA01 4 1 2.0000 20.00 resolved'], 'a reversed pair is none');
SELECT his.charge(6, visit => 'P3', item => 'B'), his.charge(7, visit => 'P3', item => 'A') \g /dev/null
SELECT results_eq($$SELECT his.pairs('P3')$$, ARRAY['CA01 6 7 1.0000 10.00 open'], 'whichever comes first');
DELETE FROM his.fee WHERE id = 7;
SELECT results_eq($$SELECT his.pairs('P3')$$, ARRAY['CA01 6 7 1.0000 10.00 resolved'], 'one of them deleted: it closes');
SELECT his.charge(10, visit => 'P4', item => 'ONCE'), his.charge(11, visit => 'P4', item => 'WEEK', at => '2025-03-20 10:00+08') \g /dev/null
SELECT results_eq($$SELECT his.pairs('P4')$$, ARRAY['CA01 11 10 1.0000 10.00 open'], 'one encounter, two weeks apart');
SELECT his.charge(12, visit => 'P5', item => 'HR', at => '2025-03-05 10:59+08'), his.charge(13, visit => 'P5', item => 'SIX', at => '2025-03-05 11:00+08') \g /dev/null
SELECT is_empty($$SELECT his.pairs('P5')$$, 'a minute apart, two clock hours');
SELECT his.charge(14, visit => 'P5', item => 'SIX', at => '2025-03-05 10:00+08') \g /dev/null
SELECT results_eq($$SELECT his.pairs('P5')$$, ARRAY['CA17 14 12 1.0000 10.00 open'], 'one clock hour');
SELECT his.charge(15, visit => 'P6', item => 'MON', at => '2025-03-05 22:00+08'), his.charge(16, visit => 'P6', item => 'YR', at => '2025-03-06 04:00+08'),
	his.charge(17, visit => 'P6', item => 'YR', at => '2025-03-05 16:00+08') \g /dev/null
SELECT is_empty($$SELECT his.pairs('P6')$$, 'six hours before and after');
SELECT his.charge(18, visit => 'P6', item => 'YR', at => '2025-03-06 03:59:59+08') \g /dev/null
SELECT results_eq($$SELECT his.pairs('P6')$$, ARRAY['CA33 18 15 1.0000 10.00 open'], 'less than six hours, over midnight');
INSERT INTO his.fee (id, visit, item, qty, done_by, at) VALUES (20, 'P7', 'B', 1, 'T1', '2025-03-05 10:00+08'), (21, 'P7', 'A', 1, 'T1', '2025-03-05 10:00+08'),
	(22, 'P7', 'B', 1, 'T1', '2025-03-05 10:00+08');
SELECT is((SELECT count(*) FROM his.pairs('P7')), 2::bigint, 'in one statement each contained line is found');

-- more than another
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window", relation, ratio) VALUES ('CA16', 'DAYS', 'GAP', 'DAY', 'quantity', 1.5);
SELECT his.charge(30, visit => 'Q1', item => 'GAP', qty => 2), his.charge(31, visit => 'Q1', item => 'DAYS', qty => 3) \g /dev/null
SELECT is_empty($$SELECT his.broken('Q1')$$, 'as much as the ratio allows');
SELECT his.charge(32, visit => 'Q1', item => 'DAYS', qty => 1) \g /dev/null
SELECT results_eq($$SELECT his.broken('Q1')$$, ARRAY['CA16 32 4.0000 3.0000 1.0000 10.00 open'], 'more than that');
SELECT his.charge(33, visit => 'Q1', item => 'GAP', qty => 1) \g /dev/null
SELECT results_eq($$SELECT his.broken('Q1')$$, ARRAY['CA16 32 4.0000 3.0000 1.0000 10.00 resolved'], 'what measures it may come later');
SELECT his.charge(34, visit => 'Q1', item => 'GAP', qty => -2, refund_of => 30) \g /dev/null
SELECT results_eq($$SELECT his.broken('Q1') OFFSET 1$$, ARRAY['CA16 31 3.0000 1.5000 1.5000 15.00 open', 'CA16 32 4.0000 1.5000 1.0000 10.00 open'],
	'and may be given back');

-- bundles
INSERT INTO hospital_cost.item_bundle (rule_code, bundle_item, part_item, min_parts) SELECT 'CA08', 'WHOLE', p, 2 FROM unnest('{PART1,PART2,PART3}'::text[]) p;
SELECT his.charge(40, visit => 'B1', item => 'PART1'), his.charge(41, visit => 'B1', item => 'PART2', price => 5) \g /dev/null
SELECT is_empty($$SELECT b FROM his.broken('B1') b WHERE b LIKE 'CA08%'$$, 'parts for no more than the bundle');
SELECT his.charge(42, visit => 'B1', item => 'PART3') \g /dev/null
SELECT results_eq($$SELECT his.broken('B1')$$, ARRAY['CA08 42 25.00 15.00 1.0000 10.00 open'], 'parts for more');
SELECT his.charge(43, visit => 'B2', item => 'PART1', qty => 9) \g /dev/null
SELECT is_empty($$SELECT his.broken('B2')$$, 'one part alone is no bundle');
SELECT his.charge(44, visit => 'B1', item => 'WHOLE') \g /dev/null
SELECT results_eq($$SELECT his.broken('B1')$$, ARRAY['CA08 42 25.00 15.00 1.0000 10.00 resolved'], 'beside the bundle itself they are something else');
SELECT his.charge(45, visit => 'B3', item => 'PART1', qty => 2), his.charge(46, visit => 'B3', item => 'PART2', qty => 2) \g /dev/null
SELECT results_eq($$SELECT his.broken('B3')$$, ARRAY['CA08 46 40.00 30.00 2.0000 10.00 open'], 'two bundles cost two');

-- operations
INSERT INTO hospital_cost.surgery_group (group_code, item_code, discount_share) SELECT '肝胆', o, 0.5 FROM unnest('{OP1,OP2,OP3}'::text[]) o;
SELECT his.charge(50, visit => 'O1', item => 'OP2', price => 400), his.charge(51, visit => 'O1', item => 'OP1', price => 1000), his.charge(52, visit => 'O1', item => 'OP3', price => 301),
	his.charge(53, visit => 'O1', item => 'OP3', price => 600, at => '2025-03-06 10:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('O1') b WHERE b LIKE 'CA06%'$$, ARRAY['CA06 52 301.000000 300.000000 1.0000 1.00 open'],
	'the dearest whole, the others at their share, each day');
SELECT his.charge(54, visit => 'O2', item => 'OP2', price => 800), his.charge(55, visit => 'O2', item => 'OP1', price => 1000) \g /dev/null
SELECT results_eq($$SELECT his.broken('O2')$$, ARRAY['CA06 54 800.000000 400.000000 1.0000 400.00 open'], 'not discounted');

-- for whom, where, when
INSERT INTO hospital_cost.item_limit (rule_code, item_code, sex, age_from, age_below) VALUES ('CA18', 'LAB', 'F', NULL, NULL), ('CA19', 'CT', NULL, '16 years', '61 years'),
	('CA19', 'BED2', NULL, NULL, '29 days');
SELECT his.visit('F', 'outpatient', sex => 'F', birth => '1964-03-06'), his.visit('M', 'outpatient', sex => 'M', birth => '2009-03-06'), his.visit('U', 'outpatient') \g /dev/null
SELECT his.charge(60, visit => 'F'), his.charge(61, visit => 'M'), his.charge(62, visit => 'U'), his.charge(63, visit => 'nobody') \g /dev/null
SELECT results_eq($$SELECT his.broken(v) FROM unnest('{F,M,U,nobody}'::text[]) v$$, ARRAY['CA18 61 M F 1.0000 20.00 open'], 'the other sex; not a sex nobody knows');
SELECT his.charge(64, visit => 'F', item => 'CT'), his.charge(65, visit => 'M', item => 'CT'), his.charge(66, visit => 'M', item => 'CT', at => '2025-03-06 00:00+08'),
	his.charge(67, visit => 'U', item => 'CT') \g /dev/null
SELECT results_eq($$SELECT f.code, f.source_key, f.limit_value FROM hospital_cost.finding f WHERE f.code = 'CA19'$$, $$VALUES ('CA19' COLLATE "C", '65' COLLATE "C", 'older')$$,
	'sixteen tomorrow; sixty-one tomorrow may');
SELECT his.charge(68, visit => 'F', item => 'CT', at => '2025-03-06 00:00+08') \g /dev/null
SELECT results_eq($$SELECT f.source_key, f.limit_value FROM hospital_cost.finding f WHERE f.code = 'CA19' OFFSET 1$$, $$VALUES ('68' COLLATE "C", 'younger')$$, 'sixty-one today');
SELECT his.visit('NB', 'inpatient', birth => '2025-02-05', started => '2025-02-05 10:00+08') \g /dev/null
SELECT his.charge(69, visit => 'NB', item => 'BED2'), his.charge(70, visit => 'NB', item => 'BED2', at => '2025-03-06 10:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('NB') b$$, ARRAY['CA19 70 29 days old younger 1.0000 10.00 open'], 'a newborn has twenty-eight days');
UPDATE hospital_cost.hospital SET level = '二级';
INSERT INTO hospital_cost.item_limit (rule_code, item_code, departments, encounter_kinds, hospital_levels, payers, diagnoses) VALUES
	('CA20', 'A', '{T2,gone}', NULL, NULL, NULL, NULL), ('CA20', 'B', NULL, '{inpatient,emergency}', NULL, NULL, NULL), ('CA20', 'HR', NULL, NULL, '{三级}', NULL, NULL),
	('CA20', 'SIX', NULL, NULL, '{三级,二级}', '{职工医保}', '{I21,I22}');
SELECT his.visit('K1', 'outpatient', payer => '居民医保', diagnosis => 'I21.9'), his.visit('K2', 'inpatient', payer => '职工医保', diagnosis => 'I20.9'),
	his.visit('K3', 'emergency', payer => '职工医保', diagnosis => 'I22'), his.visit('K4', 'outpatient') \g /dev/null
SELECT his.charge(70 + n, visit => v, item => i, done_by => d) FROM (VALUES (1, 'K1', 'A', 'T1'), (2, 'K1', 'A', 'T2'), (3, 'K1', 'B', 'T1'), (4, 'K2', 'B', 'T1'), (5, 'K3', 'B', 'T1'),
	(6, 'K1', 'HR', 'T1'), (7, 'K1', 'SIX', 'T1'), (8, 'K2', 'SIX', 'T1'), (9, 'K3', 'SIX', 'T1'), (10, 'K4', 'SIX', 'T1'), (11, 'nobody', 'B', 'T1')) v (n, v, i, d) \g /dev/null
SELECT results_eq($$SELECT f.source_key, f.field FROM hospital_cost.finding f WHERE f.code = 'CA20' ORDER BY f.finding_id$$,
	$$SELECT k COLLATE "C", f FROM (VALUES ('71', 'performing_department'), ('73', 'encounter_kind'), ('76', 'hospital_level'), ('77', 'payer'), ('78', 'diagnosis')) v (k, f)$$,
	'department, kind of encounter, level, payer, diagnosis');
SELECT his.visit('I', 'inpatient', started => '2025-03-05 22:00+08', ended => '2025-03-08 08:00+08') \g /dev/null
SELECT his.charge(90, visit => 'I', item => 'BED2', at => '2025-03-05 00:00+08'), his.charge(91, visit => 'I', item => 'BED2', at => '2025-03-08 23:59+08'),
	his.charge(92, visit => 'I', item => 'BED2', at => '2025-03-04 23:59+08'), his.charge(93, visit => 'I', item => 'BED2', at => '2025-03-09 00:00+08') \g /dev/null
SELECT results_eq($$SELECT his.broken('I')$$, ARRAY['CA23 92 2025-03-04 2025-03-05 1.0000 10.00 open', 'CA23 93 2025-03-09 2025-03-08 1.0000 10.00 open'],
	'the day before admission, the day after discharge');
UPDATE hospital_cost.rule SET parameters = '{"grace_days": 1}' WHERE code = 'CA23';
SELECT his.charge(94, visit => 'I', item => 'BED2', at => '2025-03-09 23:59+08'), his.charge(95, visit => 'I', item => 'BED2', at => '2025-03-10 00:00+08') \g /dev/null
SELECT results_eq($$SELECT b FROM his.broken('I') b OFFSET 2$$, ARRAY['CA23 95 2025-03-10 2025-03-09 1.0000 10.00 open'], 'a day of grace');

-- rules and knowledge as data
UPDATE hospital_cost.rule SET action = 'block' WHERE code IN ('CA01', 'CA18');
SELECT his.charge(100, visit => 'R1', item => 'B') \g /dev/null
SELECT throws_like($$SELECT his.charge(101, visit => 'R1', item => 'A')$$, '%breaks rule "CA01"%', 'a pair may block whichever half comes second');
SELECT is_empty($$SELECT his.pairs('R1')$$, 'then nothing is found either');
SELECT lives_ok($$SELECT his.charge(102, visit => 'P3', item => 'LAB')$$, 'old findings stop nobody');
SELECT throws_like($$SELECT his.charge(103, visit => 'M')$$, '%breaks rule "CA18"%', 'the other sex may block');
DELETE FROM hospital_cost.item_pair;
SELECT lives_ok($$SELECT his.charge(104, visit => 'R1', item => 'A')$$, 'knowledge that went is forgotten at once');
SELECT is((SELECT count(*) FROM his.pairs('P7') p WHERE p LIKE '%open'), 2::bigint, 'what it found stays');
SELECT his.charge(105, visit => 'P7', item => 'CT'), his.charge(106, visit => 'P7', item => 'B') \g /dev/null
SELECT is((SELECT count(*) FROM his.pairs('P7') p WHERE p LIKE '%open'), 2::bigint, 'also when the encounter is judged again');
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window", valid) VALUES ('CA17', 'A', 'B', 'DAY', '[2025-03-06,)');
UPDATE hospital_cost.rule SET valid = '(,2025-03-08)' WHERE code = 'CA17' AND version = 1;
INSERT INTO hospital_cost.rule (code, version, name, name_en, kind, valid, severity) VALUES ('CA17', 2, 'x', 'x', 'item_pair', '[2025-03-09,)', 'lead');
SELECT his.charge(110 + 2 * d, visit => 'V', item => 'A', at => timestamptz '2025-03-05 10:00+08' + d * interval '1 day'),
	his.charge(111 + 2 * d, visit => 'V', item => 'B', at => timestamptz '2025-03-05 10:00+08' + d * interval '1 day') FROM generate_series(0, 4) d \g /dev/null
SELECT results_eq($$SELECT f.source_key::int, f.rule_version FROM hospital_cost.finding f WHERE f.encounter_code = 'V' AND f.code = 'CA17' ORDER BY 1$$,
	$$VALUES (113, 1), (115, 1), (119, 2)$$, 'knowledge and version of the service day judge');
SELECT results_eq($$SELECT s.state, s.needs FROM hospital_cost.rule_state s WHERE s.code = 'CA07'$$, $$VALUES ('inactive', '{knowledge}'::text[])$$,
	'a rule that nothing is known for says so');

SELECT * FROM finish();
ROLLBACK;
