-- 90 reporting: a small hospital, a month costed, the forms it files and an indicator; then a diagnosis is corrected, and a charge comes late.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
SET timezone = 'Asia/Shanghai';
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', '市第一人民医院');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('1001', '财务科', 'administrative', 'none'), ('3001', '检验科', 'technical', 'none'),
	('4001', '外科门诊', 'clinical', 'outpatient'), ('4002', '外科病区', 'clinical', 'inpatient');
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES
	('XCG', '血细胞分析', '04', 'service'), ('CW', '床位费', '01', 'service'), ('LW', '阑尾切除术', '06', 'service'), ('TB', '头孢', '09', 'drug');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('XCG', 20), ('CW', 60), ('LW', 1500), ('TB', 45);
SELECT hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null

-- Twenty visits. Four patients leave in March: three with appendicitis, two of them operated, and one whose front page is not coded; a fifth is still there.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at)
SELECT 'MZ' || i, 'outpatient', '4001', timestamptz '2025-03-03 08:00+08' + i * interval '1 day' FROM generate_series(1, 20) i;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, diagnosis_code, procedure_code, drg_code, payer) VALUES
	('ZY1', 'inpatient', '4002', '2025-03-03 10:00+08', '2025-03-09 09:00+08', 'K35.8', '47.01', 'GD29', '职工医保'),
	('ZY2', 'inpatient', '4002', '2025-03-05 10:00+08', '2025-03-12 09:00+08', 'K35.2', '47.09', 'GD29', '居民医保'),
	('ZY3', 'inpatient', '4002', '2025-03-10 10:00+08', '2025-03-14 09:00+08', 'K35.9', NULL, 'GZ19', '居民医保'),
	('ZY4', 'inpatient', '4002', '2025-03-20 10:00+08', '2025-03-23 09:00+08', NULL, NULL, '0000', '职工医保'),
	('ZY5', 'inpatient', '4002', '2025-03-28 10:00+08', '2025-04-04 09:00+08', 'K40.9', '53.05', 'GE19', '职工医保');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at)
SELECT code, department_code, started_at, ended_at FROM hospital_cost.encounter WHERE kind = 'inpatient';
INSERT INTO hospital_cost.disease (code, name, diagnosis_codes, procedure_codes) VALUES
	('LW1', '阑尾炎，手术', '{K35}', '{47.0}'), ('LW2', '阑尾炎，保守', '{K35}', NULL), ('SH', '腹股沟疝', '{K40}', NULL);
INSERT INTO hospital_cost.payment_group (code, name, weight, failed) VALUES
	('GD29', '阑尾切除术', 0.98, false), ('GE19', '疝手术', 0.92, false), ('GZ19', '其他消化系统疾患', 0.58, false), ('0000', '未入组', 0, true);
INSERT INTO hospital_cost.payment_rate (payer, rate) VALUES ('职工医保', 5000), ('居民医保', 4600);

CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge') \g /dev/null
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at)
SELECT 'MZ' || i, 'XCG', 1, '4001', '3001', timestamptz '2025-03-03 09:00+08' + i * interval '1 day' FROM generate_series(1, 20) i;
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at) VALUES
	('ZY1', 'CW', 6, '4002', '4002', '2025-03-09 09:00+08'), ('ZY1', 'LW', 1, '4002', '4002', '2025-03-04 09:00+08'), ('ZY1', 'XCG', 2, '4002', '3001', '2025-03-03 12:00+08'),
	('ZY1', 'TB', 6, '4002', '4002', '2025-03-05 09:00+08'), ('ZY2', 'CW', 7, '4002', '4002', '2025-03-12 09:00+08'), ('ZY2', 'LW', 1, '4002', '4002', '2025-03-06 09:00+08'),
	('ZY2', 'TB', 9, '4002', '4002', '2025-03-07 09:00+08'), ('ZY3', 'CW', 4, '4002', '4002', '2025-03-14 09:00+08'), ('ZY3', 'XCG', 1, '4002', '3001', '2025-03-10 12:00+08'),
	('ZY4', 'CW', 3, '4002', '4002', '2025-03-23 09:00+08'), ('ZY5', 'CW', 3, '4002', '4002', '2025-03-31 09:00+08');

-- Direct cost, and a bill of the hospital as a whole (heating) that is spread by area: parts of a cent.
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES
	('2025-03-01', '1001', 'personnel', 2400), ('2025-03-01', '3001', 'personnel', 900), ('2025-03-01', '3001', 'materials', 260.50), ('2025-03-01', '4001', 'personnel', 1800),
	('2025-03-01', '4002', 'personnel', 9000), ('2025-03-01', '4002', 'drugs', 675), ('2025-03-01', '4002', 'depreciation', 620), ('2025-03-01', NULL, 'other', 1000),
	('2025-04-01', '4002', 'personnel', 3000), ('2025-04-01', '4002', 'drugs', 90);
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES
	('2025-03-01', 'area', '1001', 100), ('2025-03-01', 'area', '3001', 150), ('2025-03-01', 'area', '4001', 150), ('2025-03-01', 'area', '4002', 500),
	('2025-03-01', 'headcount', '3001', 3), ('2025-03-01', 'headcount', '4001', 4), ('2025-03-01', 'headcount', '4002', 16);
INSERT INTO hospital_cost.spread_rule (cost_item_code, driver_code) VALUES ('other', 'area');
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset
SELECT hospital_cost.cost_objects(:run) > 0 AS costed;

\echo F01 医院各科室直接成本表
SELECT row_name, personnel, materials, drugs, depreciation, other, total FROM hospital_cost.form_f01 ORDER BY row_no;
\echo F06 科室成本分摊汇总表
SELECT row_name, direct_cost, level1, level2, level3, rounding, full_cost FROM hospital_cost.form_f06 ORDER BY row_no;
\echo F12 病种成本明细表
SELECT row_name, cases, average_stay, total_cost, unit_cost, drugs, services, income, result FROM hospital_cost.form_f12 ORDER BY row_no;
\echo F15 DRG成本明细表
SELECT row_name, cases, unit_cost, income, weight, cmi, payment, balance, unpaid_cases FROM hospital_cost.form_f15 ORDER BY row_no;
SELECT i.name, i.unit, i.value FROM hospital_cost.indicator('2025-03-01') i WHERE i.code IN ('visit_cost', 'bed_day_cost') ORDER BY i.indicator_no;
SELECT count(*) AS identities, count(*) FILTER (WHERE difference <> 0) AS broken FROM hospital_cost.verify_forms('2025-03-01');

-- The records room corrects a diagnosis. What was told stays, says so, and names the cure.
UPDATE hospital_cost.encounter SET diagnosis_code = 'K40.9' WHERE code = 'ZY3';
SELECT encounter_code, field, kept, now FROM hospital_cost.case_change ORDER BY encounter_code, field;
SELECT code, amount, cure = format('hospital_cost.cost_objects(%s)', :run) AS cure FROM hospital_cost.costing_warning WHERE code LIKE 'cases%';
SELECT row_name, cases, total_cost FROM hospital_cost.form_f12 WHERE row_code IN ('LW1', 'LW2', 'SH') ORDER BY row_no;
SELECT hospital_cost.cost_objects(:run) > 0 AS costed;
SELECT row_name, cases, total_cost FROM hospital_cost.form_f12 WHERE row_code IN ('LW1', 'LW2', 'SH') ORDER BY row_no;

-- April: ZY5 leaves, with the cost of both months. Two boxes of ZY1, gone for a month, are charged late: cost of April, told by itself.
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at) VALUES
	('ZY5', 'CW', 4, '4002', '4002', '2025-04-04 09:00+08'), ('ZY1', 'TB', 2, '4002', '4002', '2025-04-08 09:00+08');
SELECT hospital_cost.allocate('2025-04-01', 'four_class_three_level') AS april \gset
SELECT hospital_cost.cost_objects(:april) > 0 AS costed;
SELECT row_name, cases, total_cost, income FROM hospital_cost.form_f12 WHERE period = '2025-04-01' ORDER BY row_no;
SELECT disease_name, cases, total_cost, late_cost, late_income FROM hospital_cost.disease_cost
WHERE period = '2025-04-01' AND scope = 'medical' AND method = 'top_down' ORDER BY disease_code;
SELECT identity, expected, actual, difference FROM hospital_cost.verify_costing(:april) WHERE identity LIKE 'diseases%';
ROLLBACK;
