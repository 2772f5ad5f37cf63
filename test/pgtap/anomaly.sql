-- Contract of the inline rules: price above list or ceiling, and the same item twice a day net of reversals; rules as versioned data.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(46);
CREATE FUNCTION his.found(visit text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s %s %s', f.code, f.source_key, f.observed, f.limit_value, f.excess_quantity, f.amount_at_risk, f.state)
	FROM hospital_cost.finding f WHERE f.class = 'conduct' AND f.encounter_code = visit ORDER BY f.finding_id $$;
-- Findings of repetition name entries, whose numbers mean nothing: only key, quantity, amount and state are looked at.
CREATE FUNCTION his.repeated(visit text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s', f.source_key, f.excess_quantity, f.amount_at_risk, f.state)
	FROM hospital_cost.finding f WHERE f.code = 'CA02' AND f.encounter_code = visit ORDER BY f.finding_id $$;
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null

-- price above the list or the ceiling
SELECT his.charge(1, visit => 'P1', price => 20), his.charge(2, visit => 'P2', price => 21), his.charge(3, visit => 'P3', price => 26, qty => 2),
	his.charge(4, visit => 'P4', price => 19), his.charge(5, visit => 'P5', price => 22, at => '2025-04-01 10:00+08'),
	his.charge(6, visit => 'P6', price => 16, class => 'staff'), his.charge(7, visit => 'P7', item => 'FREE', price => 999),
	his.charge(8, visit => 'P8', price => 26, qty => -1) \g /dev/null
SELECT is_empty($$SELECT his.found('P1')$$, 'the list price is no finding');
SELECT results_eq($$SELECT his.found('P2')$$, ARRAY['CA04 2 21.000000 20.000000 0.0000 1.00 open'], 'above the list price');
SELECT results_eq($$SELECT his.found('P3')$$, ARRAY['CA04 3 26.000000 20.000000 0.0000 12.00 open'], 'the amount at risk counts every unit');
SELECT is_empty($$SELECT his.found('P4')$$, 'below the list is an issue of data, not of conduct');
SELECT is_empty($$SELECT his.found('P5')$$, 'a line that is not posted is not judged');
SELECT results_eq($$SELECT his.found('P6')$$, ARRAY['CA04 6 16.000000 15.000000 0.0000 1.00 open'], 'the limit is that of the price class');
SELECT is_empty($$SELECT * FROM his.found('P7') f WHERE f LIKE 'CA04%'$$, 'without a price there is no limit');
SELECT is_empty($$SELECT his.found('P8')$$, 'a refund gives back what was charged and is not judged');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('CAP', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price, ceiling) VALUES ('CAP', 30, 25);
SELECT his.charge(9, visit => 'P9', item => 'CAP', price => 30) \g /dev/null
SELECT results_eq($$SELECT his.found('P9')$$, ARRAY['CA04 9 30.000000 25.000000 0.0000 5.00 open'], 'a list price above the ceiling is above the limit');
SELECT results_eq($$SELECT f.severity, f.rule_name, f.deadline - f.found_at, cardinality(f.entries), f.evidence ->> 'limit' FROM hospital_cost.finding f
	WHERE f.source_key = '2' AND f.class = 'conduct'$$, $$VALUES ('definite', '超限定单价', interval '1 day', 1, '20.000000')$$,
	'a finding says what rule, how sure, by when, which entry');
UPDATE his.fee SET price = 20 WHERE id = 2;
SELECT results_eq($$SELECT his.found('P2')$$, ARRAY['CA04 2 21.000000 20.000000 0.0000 1.00 resolved'], 'a corrected row resolves its finding');

-- the same item twice
SELECT his.charge(20, visit => 'D1'), his.charge(21, visit => 'D1', at => '2025-03-05 23:59+08') \g /dev/null
SELECT results_eq($$SELECT his.repeated('D1')$$, ARRAY['21 1.0000 20.00 open'], 'the second of a day is found');
SELECT is((SELECT array_agg(l.source_key ORDER BY l.entry_id) FROM hospital_cost.ledger l JOIN hospital_cost.finding f ON l.entry_id = ANY (f.entries)
	WHERE f.source_key = '21'), ARRAY['20', '21'], 'with both entries');
SELECT his.charge(22, visit => 'D2'), his.charge(23, visit => 'D2', at => '2025-03-06 00:00+08'), his.charge(24, visit => 'D3') \g /dev/null
SELECT is_empty($$SELECT his.repeated(v) FROM unnest(ARRAY['D2', 'D3']) v$$, 'another day or another encounter is not');
SELECT his.charge(25, visit => 'D4'), his.charge(26, visit => 'D4', item => 'CT') \g /dev/null
SELECT is_empty($$SELECT his.repeated('D4')$$, 'nor another item');
INSERT INTO his.fee (id, visit, item, qty, done_by, at) SELECT i, 'D5', 'LAB', 1, 'T1', '2025-03-05 10:00+08' FROM generate_series(30, 32) i;
SELECT results_eq($$SELECT his.repeated('D5')$$, ARRAY['31 1.0000 20.00 open', '32 1.0000 20.00 open'], 'within one statement too');
SELECT his.charge(40, visit => 'D6'), his.charge(41, visit => 'D6', qty => -1, refund_of => 40), his.charge(42, visit => 'D6') \g /dev/null
SELECT is_empty($$SELECT his.repeated('D6')$$, 'charged, refunded, charged again is once');
SELECT his.charge(43, visit => 'D7', qty => 3), his.charge(44, visit => 'D7', qty => -2, refund_of => 43), his.charge(45, visit => 'D7') \g /dev/null
SELECT results_eq($$SELECT his.repeated('D7')$$, ARRAY['45 1.0000 20.00 open'], 'a part refunded leaves a rest that repeats');
SELECT his.charge(46, visit => 'D8'), his.charge(47, visit => 'D8', qty => -1), his.charge(48, visit => 'D8') \g /dev/null
SELECT is_empty($$SELECT his.repeated('D8')$$, 'a refund that names no line takes from that item and day');
SELECT his.charge(49, visit => 'D9') \g /dev/null
UPDATE his.fee SET qty = 2 WHERE id = 49;
SELECT is_empty($$SELECT his.repeated('D9')$$, 'a changed row does not repeat itself');
DELETE FROM his.fee WHERE id = 49;
SELECT his.charge(50, visit => 'D9') \g /dev/null
SELECT is_empty($$SELECT his.repeated('D9')$$, 'nor does one that went');
DELETE FROM his.fee WHERE id = 20;
SELECT results_eq($$SELECT his.repeated('D1')$$, ARRAY['21 1.0000 20.00 resolved'], 'when the other line of a pair goes, the finding is resolved');
SELECT is((SELECT count(*) FROM hospital_cost.finding f WHERE f.class = 'conduct' AND f.state = 'open' AND f.source_key IN ('20', '21')), 0::bigint,
	'and nothing of the pair is open');

-- rules are versioned data
SELECT throws_ok($$INSERT INTO hospital_cost.rule (code, name, name_en, kind) VALUES ('X', 'x', 'x', 'no_such_kind')$$, 'MC411', NULL, 'an unknown kind');
SELECT throws_ok($$INSERT INTO hospital_cost.rule (code, name, name_en, kind, timing) VALUES ('X', 'x', 'x', 'same_item_same_day', 'batch')$$, 'MC411', NULL,
	'a timing its kind does not have');
SELECT throws_ok($$UPDATE hospital_cost.rule SET parameters = '{"tolerence": 1}' WHERE code = 'CA04'$$, 'MC412', NULL, 'a misspelt parameter');
SELECT throws_ok($$UPDATE hospital_cost.rule SET parameters = '{"tolerance": -1}' WHERE code = 'CA04'$$, 'MC412', NULL, 'a parameter out of range');
SELECT throws_ok($$UPDATE hospital_cost.rule SET parameters = '{"except_items": "LAB"}' WHERE code = 'CA02'$$, 'MC412', NULL, 'a parameter of another type');
SELECT throws_ok($$UPDATE hospital_cost.rule SET parameters = '[]' WHERE code = 'CA02'$$, 'MC412', NULL, 'parameters that are no object');
SELECT throws_ok($$INSERT INTO hospital_cost.rule (code, version, name, name_en, kind) VALUES ('CA04', 2, 'x', 'x', 'price_above_limit')$$, '23P01', NULL,
	'two versions of a rule on one day');
UPDATE hospital_cost.rule SET parameters = '{"tolerance": 1}' WHERE code = 'CA04';
UPDATE hospital_cost.rule SET parameters = '{"except_items": ["BED", "LAB"]}' WHERE code = 'CA02';
SELECT his.charge(60, visit => 'T1', price => 21), his.charge(61, visit => 'T2', price => 21.000001), his.charge(62, visit => 'T1') \g /dev/null
SELECT is_empty($$SELECT his.found('T1')$$, 'within the tolerance, and an item that may repeat');
SELECT is((SELECT count(*) FROM his.found('T2')), 1::bigint, 'just beyond it');
UPDATE hospital_cost.rule SET valid = '[2025-01-01,2025-03-06)', parameters = '{}' WHERE code = 'CA04';
INSERT INTO hospital_cost.rule (code, version, name, name_en, kind, severity, valid) VALUES
	('CA04', 2, '超限定单价', 'price above limit', 'price_above_limit', 'lead', '[2025-03-07,)');
SELECT his.charge(63, visit => 'V1', price => 21), his.charge(64, visit => 'V2', price => 21, at => '2025-03-06 10:00+08'),
	his.charge(65, visit => 'V3', price => 21, at => '2025-03-07 10:00+08') \g /dev/null
SELECT results_eq($$SELECT f.source_key::int, f.rule_version, f.severity FROM hospital_cost.finding f WHERE f.source_key IN ('63', '64', '65')
	AND f.class = 'conduct' ORDER BY 1$$, $$VALUES (63, 1, 'definite'), (65, 2, 'lead')$$, 'the version of the service day judges');
UPDATE hospital_cost.rule SET action = 'block' WHERE code = 'CA04';
SELECT throws_ok($$SELECT his.charge(66, visit => 'B1', price => 21)$$, 'MC401', NULL, 'a rule may block, in flag mode too');
SELECT is_empty($$SELECT FROM hospital_cost.ledger l WHERE l.source_key = '66'$$, 'then nothing is posted');
DELETE FROM hospital_cost.rule;
SELECT his.charge(67, visit => 'N1', price => 99), his.charge(68, visit => 'N1', price => 99) \g /dev/null
SELECT is_empty($$SELECT his.found('N1')$$, 'without rules nothing is found');
SELECT hospital_cost.load_defaults(), hospital_cost.load_defaults() \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost.rule), (SELECT count(*) FROM hospital_cost._shipped_rule), 'load_defaults() brings the shipped rules back, once');
UPDATE hospital_cost.rule SET severity = 'lead';
SELECT hospital_cost.load_defaults() \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost.rule WHERE severity = 'lead'), (SELECT count(*) FROM hospital_cost._shipped_rule), 'never over the hospital''s changes');

-- review
SELECT throws_ok($$SELECT hospital_cost.review_finding(f.finding_id, 'fine') FROM hospital_cost.finding f WHERE f.source_key = '3' AND f.class = 'conduct'$$, 'MC413', NULL,
	'an unknown verdict');
SELECT lives_ok($$SELECT hospital_cost.review_finding(f.finding_id, 'confirmed', 'asked the ward') FROM hospital_cost.finding f
	WHERE f.source_key = '3' AND f.class = 'conduct'$$, 'a finding is reviewed');
SELECT results_eq($$SELECT f.state, f.closed_by, f.note FROM hospital_cost.finding f WHERE f.source_key = '3' AND f.class = 'conduct'$$,
	$$VALUES ('confirmed', session_user::text COLLATE "default", 'asked the ward')$$, 'by whom, and with what note');
SELECT throws_ok($$SELECT hospital_cost.review_finding(f.finding_id, 'confirmed') FROM hospital_cost.finding f WHERE f.source_key = '3' AND f.class = 'conduct'$$, 'MC414', NULL,
	'once');
SELECT throws_ok($$SELECT hospital_cost.review_finding(-1, 'confirmed')$$, 'MC414', NULL, 'a finding that is not there');

-- one inbox, one vocabulary: what the columns of both views are called means the same in both
SELECT string_agg(quote_ident(f.attname), ', ') AS shared FROM pg_attribute f JOIN pg_attribute p ON p.attrelid = 'hospital_cost.posting_issue'::regclass AND p.attname = f.attname
WHERE f.attrelid = 'hospital_cost.finding'::regclass AND f.attnum > 0 \gset
SELECT ok('{expected,observed,finding_id,class,entry_id,source_name}'::text[] <@ string_to_array(:'shared', ', ') AND EXISTS (SELECT FROM hospital_cost.posting_issue), 'expected and observed, as issue and as finding');
SELECT set_eq(format('SELECT %s FROM hospital_cost.finding WHERE class = ''data''', :'shared'), format('SELECT %s FROM hospital_cost.posting_issue', :'shared'), 'issues are the same in both');
SELECT is_empty('SELECT FROM hospital_cost.finding f WHERE f.limit_value IS DISTINCT FROM f.expected UNION ALL SELECT FROM hospital_cost.posting_issue p WHERE p.issue_id <> p.finding_id', 'and the older names still hold');

SELECT * FROM finish();
ROLLBACK;
