-- 40 anomaly: two rules work in the transaction that posts; a finding says what, why and how much.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
SELECT code, name, name_en, kind, severity, action, respond_within FROM hospital_cost.rule WHERE code IN ('CA02', 'CA04') ORDER BY code;
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', '市第一人民医院');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('3001', '检验科', 'technical');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('XCG', '血细胞分析', '04'), ('SH', '生化全套', '04');
INSERT INTO hospital_cost.price (item_code, unit_price, ceiling) VALUES ('XCG', 20, 25), ('SH', 120, NULL);
SELECT hospital_cost.open_period('2025-03-01');
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'flag', 'verify');
CREATE FUNCTION his.charge(visit text, item text, price numeric, qty numeric DEFAULT 1, reverses bigint DEFAULT NULL, at timestamptz DEFAULT '2025-03-05 10:00+08') RETURNS bigint
LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, unit_price, quantity, reverses_charge_id, performing_department, charged_at)
	VALUES (visit, item, price, qty, reverses, '3001', at) RETURNING charge_id;
END;

-- Above the list price, twice on one day, once on the next.
SELECT his.charge('A', 'XCG', 24), his.charge('A', 'SH', 120), his.charge('A', 'SH', 120), his.charge('A', 'SH', 120, at => '2025-03-06 10:00+08');
SELECT code, rule_name, severity, source_key, observed, limit_value, excess_quantity, amount_at_risk FROM hospital_cost.finding
WHERE class = 'conduct' AND code = 'CA04';
SELECT code, rule_name, severity, source_key, cardinality(entries) AS entries, limit_value, excess_quantity, amount_at_risk FROM hospital_cost.finding
WHERE class = 'conduct' AND code = 'CA02';

-- Charged, given back, charged again is once.
SELECT his.charge('B', 'XCG', 20), his.charge('B', 'XCG', 20, -1, 5), his.charge('B', 'XCG', 20);
SELECT count(*) FROM hospital_cost.finding WHERE encounter_code = 'B' AND class = 'conduct';

-- The ward takes the second line back: the finding is resolved. The other one is looked at.
DELETE FROM his.charge WHERE charge_id = 3;
SELECT hospital_cost.review_finding(finding_id, 'confirmed', '已核实, 退还差价') FROM hospital_cost.finding WHERE code = 'CA04';
SELECT code, source_key, state, note FROM hospital_cost.finding WHERE class = 'conduct' ORDER BY code;

-- Rules are data with a validity: an item that may repeat, a tolerance, a rule that blocks.
UPDATE hospital_cost.rule SET parameters = '{"except_items": ["SH"]}' WHERE code = 'CA02';
UPDATE hospital_cost.rule SET parameters = '{"tolerance": 5}' WHERE code = 'CA04';
SELECT his.charge('C', 'SH', 120), his.charge('C', 'SH', 120), his.charge('C', 'XCG', 25);
SELECT count(*) FROM hospital_cost.finding WHERE encounter_code = 'C' AND class = 'conduct';
UPDATE hospital_cost.rule SET parameters = '{}', action = 'block' WHERE code = 'CA04';
\set VERBOSITY default
SAVEPOINT s;
SELECT his.charge('D', 'XCG', 30);
ROLLBACK TO s;
UPDATE hospital_cost.rule SET parameters = '{"tolerence": 5}' WHERE code = 'CA04';
ROLLBACK;
