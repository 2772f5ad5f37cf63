-- Contract of looking through the ledger: what the posting transaction could not see is found by the same judge, once; what is over is closed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(25);
\ir fixture/rule.sql
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT his.charge(1, visit => 'X', item => 'A'), his.charge(2, visit => 'X', item => 'B'), his.charge(3, visit => 'X', item => 'B', at => '2025-04-05 10:00+08'),
	his.charge(4, visit => 'X', item => 'A', at => '2025-04-05 10:00+08'), his.charge(5, visit => 'Y', item => 'A'), his.charge(6, visit => 'Z', item => 'CT') \g /dev/null
SELECT is(his.detected('2025-03-01'), 0::bigint, 'nothing known, nothing found');
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window") VALUES ('CA01', 'A', 'B', 'DAY');
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity) VALUES ('CA12', 'CT', 'ENCOUNTER', 1);
SELECT is_empty($$SELECT his.broken(v) FROM unnest('{X,Y,Z}'::text[]) v$$, 'knowledge that comes later finds nothing by itself');
SELECT is(his.detected('2025-03-17'), 2::bigint, 'but when it is looked for: of whole encounters, not of the month''s part of them');
SELECT results_eq($$SELECT f.source_key FROM hospital_cost.finding f WHERE f.code = 'CA01' ORDER BY 1$$, $$VALUES ('2' COLLATE "C"), ('3')$$, 'each said of its line');
SELECT is(his.detected('2025-03-01'), 0::bigint, 'a second run adds nothing');
SELECT is(his.detected('2025-04-01'), 0::bigint, 'nor does another month');
SELECT is(his.detected('2025-05-01'), 0::bigint, 'or one without charges');
UPDATE hospital_cost._finding SET state = 'false_positive' WHERE source_key = '2';
SELECT is(his.detected('2025-03-01'), 0::bigint, 'what was judged by a person is not found again');

-- one rule, an encounter that comes later, a patient
INSERT INTO hospital_cost.item_limit (rule_code, item_code, sex) VALUES ('CA18', 'LAB', 'F');
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity) VALUES ('CA21', 'MON', 'MONTH', 1);
SELECT his.charge(10, visit => 'S'), his.charge(11, visit => 'S'), his.charge(12, visit => 'S', item => 'MON'), his.charge(13, visit => 'T', item => 'MON', at => '2025-03-31 23:00+08') \g /dev/null
SELECT his.visit('S', 'inpatient', 'P', '2025-03-04 10:00+08', '2025-03-06 10:00+08', 'M'), his.visit('T', 'inpatient', 'P', '2025-03-01 10:00+08', '2025-03-30 10:00+08') \g /dev/null
SELECT is(his.detected('2025-03-01', 'CA18'), 2::bigint, 'the sex of a patient who was not known');
SELECT is(his.detected('2025-03-01', 'CA21'), 1::bigint, 'two encounters that are one patient''s');
SELECT results_eq($$SELECT f.source_key FROM hospital_cost.finding f WHERE f.code = 'CA21'$$, $$VALUES ('13' COLLATE "C")$$, 'of the later line');
SELECT is(his.detected('2025-03-01'), 1::bigint, 'and all the rest: a day outside the stay');
SELECT results_eq($$SELECT f.code, f.source_key FROM hospital_cost.finding f WHERE f.code = 'CA23'$$, $$VALUES ('CA23' COLLATE "C", '13' COLLATE "C")$$, 'of an encounter that was not known');
UPDATE hospital_cost.encounter SET ended_at = '2025-04-02 10:00+08' WHERE code = 'T';
SELECT is(his.detected('2025-03-01'), 0::bigint, 'the stay is corrected');
SELECT results_eq($$SELECT f.state, f.note FROM hospital_cost.finding f WHERE f.code = 'CA23'$$, $$VALUES ('resolved', 'the cause is gone')$$, 'and the finding closed');
UPDATE hospital_cost.encounter SET ended_at = '2025-03-30 10:00+08' WHERE code = 'T';
SELECT is(his.detected('2025-03-01'), 1::bigint, 'what is back is found anew');

-- rules and knowledge that went close nothing
DELETE FROM hospital_cost.item_pair;
UPDATE hospital_cost.rule SET valid = '[2020-01-01,2020-01-02)' WHERE code = 'CA18';
SELECT is(his.detected('2025-03-01') + his.detected('2025-04-01'), 0::bigint, 'without the pair');
SELECT is((SELECT count(*) FROM hospital_cost.finding f WHERE f.code = 'CA01' AND f.state = 'open'), 1::bigint, 'what it found stays open');
-- a finding of an entry that never was
INSERT INTO hospital_cost._finding (class, code, rule_version, severity, source_id, source_key, entry_id, encounter_code, period)
	VALUES ('conduct', 'CA02', 1, 'suspect', 1, '99', 999999, 'GHOST', '2025-03-01'), ('conduct', 'CA02', 1, 'suspect', 1, '98', 999998, 'S', '2025-03-01');
SELECT is(his.detected('2025-03-01'), 0::bigint, 'a session was rolled back after another had seen it');
SELECT is((SELECT count(*) FROM hospital_cost.finding f WHERE f.source_key IN ('98', '99') AND f.state = 'resolved'), 2::bigint, 'what was found of it is over');

-- the same by detect(), rule by rule
SELECT his.charge(20, visit => 'U', item => 'CT'), his.charge(21, visit => 'U', item => 'CT', at => '2025-03-07 10:00+08'), his.charge(22, visit => 'U', item => 'LAB') \g /dev/null
DELETE FROM hospital_cost._finding WHERE encounter_code = 'U';
SELECT his.charge(23, visit => 'U', item => 'LAB') \g /dev/null
DELETE FROM hospital_cost._finding WHERE encounter_code = 'U';
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-01', 'CA12')$$, $$VALUES ('CA12', 1, 1::bigint, 0::bigint)$$, 'detect looks for one rule over lines');
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-01', 'CA12')$$, $$VALUES ('CA12', 1, 0::bigint, 0::bigint)$$, 'and a second time finds none');
UPDATE hospital_cost._finding SET entry_id = 999997 WHERE code = 'CA12' AND encounter_code = 'U';
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-01') WHERE added + resolved > 0 AND code LIKE 'CA%'$$,
	$$VALUES ('CA02', 1, 1::bigint, 0::bigint), ('CA12', 1, 1::bigint, 1::bigint)$$, 'or for all of them at once, each with what is new and what is over');
SELECT bag_eq($$SELECT code COLLATE "C" FROM hospital_cost.detect('2025-03-01')$$, $$SELECT code FROM hospital_cost.rule_state s WHERE s.state = 'active' AND s.timing = 'inline' AND code NOT IN ('CA04', 'CA43', 'CA46')
	UNION ALL SELECT code FROM hospital_cost.rule_state s WHERE s.state = 'active' AND s.timing = 'batch'$$, 'every rule at work says how many');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01', 'CA04')$$, 'but those that judge a row as it is posted');

SELECT * FROM finish();
ROLLBACK;
