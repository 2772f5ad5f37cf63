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

-- A correction is a row with the opposite sign; the run that was made before it says so.
SAVEPOINT s;
UPDATE hospital_cost.direct_cost SET amount = 1;
ROLLBACK TO s;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount, source) VALUES ('2025-03-01', '4001', 'personnel', -500, '冲回');
SELECT identity, difference FROM hospital_cost.verify_allocation(:run) WHERE difference <> 0;
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS again \gset
SELECT official, total_full FROM hospital_cost.run WHERE run_id IN (:run, :again) ORDER BY run_id;
SELECT hospital_cost.make_official(:again);
SELECT official, total_full FROM hospital_cost.run WHERE run_id IN (:run, :again) ORDER BY run_id;

-- What cannot be allocated says whose, of what, by which driver.
SELECT hospital_cost.allocate('2025-03-01', 'no_such_plan');
ROLLBACK TO s;
DELETE FROM hospital_cost.driver_value WHERE driver_code = 'headcount';
\set VERBOSITY default
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level');
ROLLBACK;
