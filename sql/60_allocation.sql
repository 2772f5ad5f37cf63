-- 60 allocation: the direct cost of six departments closes in three levels, to the last cent, and every yuan can be followed.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
SELECT code, name, category FROM hospital_cost.cost_item ORDER BY code;
SELECT p.code, s.step_no, s.server_class, s.receiver_classes, s.driver_code, s.fallback_driver_code
FROM hospital_cost.allocation_plan p JOIN hospital_cost.allocation_step s ON s.plan_code = p.code ORDER BY s.step_no;
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('1001', '财务科', 'administrative', 'none'), ('2001', '消毒供应中心', 'auxiliary', 'none'), ('3001', '检验科', 'technical', 'none'),
	('4001', '内科门诊', 'clinical', 'outpatient'), ('4002', '内科病区', 'clinical', 'inpatient'), ('4003', '外科病区', 'clinical', 'inpatient');
SELECT hospital_cost.open_period('2025-03-01');

-- What the departments spent, and what the accounts say they spent.
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES
	('2025-03-01', '1001', 'personnel', 100000), ('2025-03-01', '2001', 'personnel', 40000.01), ('2025-03-01', '2001', 'materials', 10000),
	('2025-03-01', '3001', 'personnel', 80000), ('2025-03-01', '3001', 'materials', 60000), ('2025-03-01', '4001', 'personnel', 150000),
	('2025-03-01', '4002', 'personnel', 250000), ('2025-03-01', '4002', 'drugs', 90000), ('2025-03-01', '4003', 'personnel', 300000);
INSERT INTO hospital_cost.cost_control_total (period, cost_item_code, amount) VALUES
	('2025-03-01', 'personnel', 920000.01), ('2025-03-01', 'materials', 70000), ('2025-03-01', 'drugs', 90000);

-- What they are allocated by: heads; pieces sterilised, for whom; income ordered, by whom.
INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity) VALUES
	('2025-03-01', 'headcount', NULL, '2001', 5), ('2025-03-01', 'headcount', NULL, '3001', 10), ('2025-03-01', 'headcount', NULL, '4001', 15),
	('2025-03-01', 'headcount', NULL, '4002', 30), ('2025-03-01', 'headcount', NULL, '4003', 40),
	('2025-03-01', 'service_quantity', '2001', '4002', 100), ('2025-03-01', 'service_quantity', '2001', '4003', 200),
	('2025-03-01', 'ordered_revenue', '3001', '4001', 70000), ('2025-03-01', 'ordered_revenue', '3001', '4002', 50000), ('2025-03-01', 'ordered_revenue', '3001', '4003', 30000);
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset

SELECT department_name, cost_item_code, direct, level1, level2, level3, full_cost, rounding FROM hospital_cost.department_cost
WHERE run_id = :run AND full_cost <> 0 ORDER BY department_code, cost_item_code;
SELECT class, sum(direct)::numeric(18,2) AS direct, sum(full_cost) AS full_cost FROM hospital_cost.department_cost WHERE run_id = :run GROUP BY class ORDER BY class;

-- Every transfer, with the driver that made it.
SELECT step_no, from_code, to_code, cost_item_code, driver_code, quantity, quantity_total, base, amount
FROM hospital_cost.allocation_flow(:run, to_code => '4003') ORDER BY step_no, from_code, cost_item_code;

-- The proof: accounts = direct = full, and nothing got lost on the way.
SELECT * FROM hospital_cost.verify_allocation(:run);
SELECT plan_code, method, official, total_direct, total_full FROM hospital_cost.run WHERE run_id = :run;

-- A correction names the row it takes back, here in part; the run that was made before it says so.
SAVEPOINT s;
UPDATE hospital_cost.direct_cost SET amount = 1;
ROLLBACK TO s;
INSERT INTO hospital_cost.direct_cost (corrects, amount, source) SELECT direct_cost_id, -500, '冲回' FROM hospital_cost.direct_cost WHERE department_code = '4001' AND cost_item_code = 'personnel';
SELECT identity, difference FROM hospital_cost.verify_allocation(:run) WHERE difference <> 0;
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS again \gset
SELECT official, total_full FROM hospital_cost.run WHERE run_id IN (:run, :again) ORDER BY run_id;
SELECT hospital_cost.make_official(:again);
SELECT official, total_full FROM hospital_cost.run WHERE run_id IN (:run, :again) ORDER BY run_id;

-- What cannot be allocated says whose, of what, by which driver.
SELECT hospital_cost.allocate('2025-03-01', 'no_such_plan');
ROLLBACK TO s;

-- A water bill of the whole hospital: sterile supply has a meter, the others share the rest by heads. Every yuan goes back to the bill.
INSERT INTO hospital_cost.cost_item (code, name, category) VALUES ('water', '水费', 'other');
INSERT INTO hospital_cost.driver (code, name, kind, unit) VALUES ('water_meter', '水表', 'statistic', 't');
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES ('2025-03-01', 'water_meter', '2001', 400);
INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount, source, source_key) VALUES ('2025-03-01', 'water', 4800, '水务公司', '202503');
SELECT severity, code, sqlstate, identifier, facts, cure FROM hospital_cost.check_allocation('2025-03-01', 'four_class_three_level');
INSERT INTO hospital_cost.spread_rule (cost_item_code, metered_driver_code, metered_price, driver_code) VALUES ('water', 'water_meter', 4.75, 'headcount');
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS watered \gset
SELECT department_code, part, driver_code, quantity, amount, source, source_key FROM hospital_cost.spread_cost(:watered);
SELECT cost_item_name, control_total, direct_cost, difference FROM hospital_cost.cost_control_difference('2025-03-01');

-- A driver is gone: the check lists what that does, before a run stops at the first of it.
DELETE FROM hospital_cost.driver_value WHERE driver_code = 'headcount';
SELECT severity, code, sqlstate, identifier FROM hospital_cost.check_allocation('2025-03-01', 'four_class_three_level');
\set VERBOSITY default
DELETE FROM hospital_cost.spread_rule;
INSERT INTO hospital_cost.direct_cost (corrects) SELECT direct_cost_id FROM hospital_cost.direct_cost WHERE cost_item_code = 'water';
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level');
ROLLBACK;
