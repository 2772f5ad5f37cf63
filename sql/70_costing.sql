-- 70 costing: what a visit and a bed-day cost, from encounters, ward stays, charges and an allocated month.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
SET timezone = 'Asia/Shanghai';
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', '市第一人民医院');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('1001', '财务科', 'administrative', 'none'), ('3001', '检验科', 'technical', 'none'),
	('4001', '内科门诊', 'clinical', 'outpatient'), ('4002', '内科病区', 'clinical', 'inpatient'), ('4003', '重症医学科', 'clinical', 'inpatient');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('XCG', '血细胞分析', '04'), ('CW', '床位费', '01');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('XCG', 20), ('CW', 45);
SELECT hospital_cost.open_period('2025-03-01');

-- Forty visits, one of them cancelled; three admissions: one over a transfer to intensive care and back, one in and out on a day, one from February into April.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, status)
SELECT 'MZ' || i, 'outpatient', '4001', timestamptz '2025-03-03 08:00+08' + i * interval '13 hours', NULL, CASE i WHEN 40 THEN 'cancelled' ELSE 'active' END
FROM generate_series(1, 40) i;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES
	('ZY1', 'inpatient', '4002', '2025-03-04 10:00+08', '2025-03-14 09:00+08'),
	('ZY2', 'inpatient', '4002', '2025-03-20 08:00+08', '2025-03-20 17:00+08'),
	('ZY3', 'inpatient', '4002', '2025-02-26 12:00+08', '2025-04-02 12:00+08');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) VALUES
	('ZY1', '4002', '2025-03-04 10:00+08', '2025-03-06 23:00+08'), ('ZY1', '4003', '2025-03-06 23:00+08', '2025-03-09 11:00+08'),
	('ZY1', '4002', '2025-03-09 11:00+08', '2025-03-14 09:00+08'), ('ZY2', '4002', '2025-03-20 08:00+08', '2025-03-20 17:00+08'),
	('ZY3', '4002', '2025-02-26 12:00+08', '2025-04-02 12:00+08');
SELECT department_code, measure, quantity, origin FROM hospital_cost.workload WHERE period = '2025-03-01' ORDER BY department_code, measure;

-- What was charged: a blood count a visit, a bed a day.
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge');
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at)
SELECT 'MZ' || i, 'XCG', 1, '4001', '3001', timestamptz '2025-03-03 09:00+08' + i * interval '13 hours' FROM generate_series(1, 39) i;
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at) VALUES
	('ZY1', 'CW', 7, '4002', '4002', '2025-03-14 09:00+08'), ('ZY1', 'CW', 3, '4003', '4003', '2025-03-14 09:00+08'), ('ZY1', 'XCG', 1, '4002', '3001', '2025-03-04 12:00+08');

-- What was spent, the ICU's ventilators by the state, and how it is allocated: the laboratory by what was ordered from it, live.
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount) VALUES
	('2025-03-01', '1001', 'personnel', 'own', 4000), ('2025-03-01', '3001', 'personnel', 'own', 1000), ('2025-03-01', '3001', 'materials', 'own', 600),
	('2025-03-01', '4001', 'personnel', 'own', 1500), ('2025-03-01', '4001', 'drugs', 'own', 780), ('2025-03-01', '4002', 'personnel', 'own', 8000),
	('2025-03-01', '4003', 'personnel', 'own', 6000), ('2025-03-01', '4003', 'depreciation', 'fiscal_project', 900);
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES
	('2025-03-01', 'headcount', '3001', 2), ('2025-03-01', 'headcount', '4001', 2), ('2025-03-01', 'headcount', '4002', 8), ('2025-03-01', 'headcount', '4003', 8);
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset

SELECT coalesce(department_code, '全院') AS department, scope, quantity, total_cost, unit_cost, unit_cost_without_drugs, unit_income, unit_result
FROM hospital_cost.visit_cost WHERE run_id = :run AND scope = 'medical' ORDER BY department_code;
SELECT coalesce(department_code, '全院') AS department, scope, quantity, total_cost, unit_cost, unit_income, unit_result
FROM hospital_cost.bed_day_cost WHERE run_id = :run AND scope <> 'hospital_full' ORDER BY department_code, scope;
SELECT sum(total_cost) AS visits_and_bed_days, (SELECT total_full FROM hospital_cost.run WHERE run_id = :run) AS full_cost
FROM (TABLE hospital_cost.visit_cost UNION ALL TABLE hospital_cost.bed_day_cost) u WHERE run_id = :run AND scope = 'hospital_full' AND department_code IS NULL;

-- A figure the hospital loads wins over the counted one, and the unit cost follows.
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', '4001', 'visits', 50);
SELECT quantity, origin FROM hospital_cost.workload WHERE department_code = '4001' AND period = '2025-03-01' AND measure = 'visits';
SELECT quantity, unit_cost FROM hospital_cost.visit_cost WHERE run_id = :run AND scope = 'medical' AND department_code = '4001';
ROLLBACK;
