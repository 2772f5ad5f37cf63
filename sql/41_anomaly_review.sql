-- 40 anomaly: a hospital's day. A price above the list, an item twice, a pair, a limit; what becomes of the findings; how good the rules were.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', '市第一人民医院');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('3001', '检验科', 'technical');
-- Two of the hospital's items are known to the national lists: one contains the other; a third may be charged once a day.
INSERT INTO hospital_cost.charge_item (code, name, category, national_code) VALUES ('XCG', '血细胞分析', '04', NULL), ('OGTT', '葡萄糖耐量试验', '04', '003102050010000'),
	('GLU', '葡萄糖测定', '04', '002503020010200'), ('JY', '胃肠减压', '05', '001209000010000');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('XCG', 20), ('OGTT', 30), ('GLU', 5), ('JY', 8);
SELECT hospital_cost.open_period('2025-03-01') \g /dev/null
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'flag', 'verify');
INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, performing_department, charged_at) VALUES
	('A', 'XCG', 1, 24, '3001', '2025-03-05 08:00+08'), ('B', 'XCG', 1, 20, '3001', '2025-03-05 08:00+08'), ('B', 'XCG', 1, 20, '3001', '2025-03-05 17:00+08'),
	('C', 'OGTT', 1, 30, '3001', '2025-03-05 08:00+08'), ('C', 'GLU', 1, 5, '3001', '2025-03-05 09:00+08'), ('D', 'JY', 3, 8, '3001', '2025-03-05 10:00+08'),
	('E', 'XCG', 1, 20, '3001', '2025-03-05 08:00+08'), ('E', 'XCG', 1, 20, '3001', '2025-03-06 08:00+08');

-- What waits, the most yuan first. E was charged as it should be.
SELECT code, rule_name, severity, encounter_code, item_name, limit_value, excess_quantity, amount_at_risk, level, role FROM hospital_cost.worklist;

-- B: the ward says why. C: given back, the finding closes itself. A and D are judged.
SELECT hospital_cost.answer_finding(finding_id, '上午标本溶血, 下午重查') FROM hospital_cost.worklist WHERE encounter_code = 'B';
DELETE FROM his.charge WHERE encounter_code = 'C' AND item_code = 'GLU';
SELECT hospital_cost.review_finding(finding_id, 'confirmed', '退还差价') FROM hospital_cost.worklist WHERE encounter_code = 'A';
SELECT hospital_cost.review_finding(finding_id, 'corrected', '改为一次') FROM hospital_cost.worklist WHERE encounter_code = 'D';
SELECT hospital_cost.review_finding(finding_id, 'false_positive', explanation) FROM hospital_cost.worklist WHERE encounter_code = 'B';
SELECT code, encounter_code, state, note FROM hospital_cost.finding WHERE class = 'conduct' ORDER BY encounter_code;

-- The auditor does not believe it and opens it again; now it holds. Each step is kept.
SELECT hospital_cost.reopen_finding(finding_id, '标本记录未见溶血') FROM hospital_cost.finding WHERE encounter_code = 'B' AND class = 'conduct';
SELECT hospital_cost.review_finding(finding_id, 'confirmed', '重复收费') FROM hospital_cost.worklist WHERE encounter_code = 'B';
SELECT e.event, e.from_state, e.to_state, e.note FROM hospital_cost.finding_event e JOIN hospital_cost.finding f ON f.finding_id = e.finding_id WHERE f.encounter_code = 'B' ORDER BY e.event_id;

-- How good the rules were, and what is left to learn from, without patients.
SELECT code, findings, waiting, closed_itself, reviewed, precision, precision_low, precision_high, amount_confirmed, review_again FROM hospital_cost.rule_quality ORDER BY code;
SELECT code, rule_name, item_name, department_name, limit_value, excess_quantity, amount_at_risk, verdict, note FROM hospital_cost.case_library ORDER BY code;

-- A rule that blocks stops the HIS's statement and says which rule, which limit, and what to do.
UPDATE hospital_cost.rule SET action = 'block' WHERE code = 'CA10';
\set VERBOSITY default
INSERT INTO his.charge (encounter_code, item_code, quantity, performing_department, charged_at) VALUES ('F', 'JY', 2, '3001', '2025-03-05 10:00+08');
ROLLBACK;
