-- The SQL of docs/tutorial.md, in its order; test/lint compares the two. In a database of its own, so that its numbers begin at 1.
SELECT current_database() AS home \gset
\set SHOW_CONTEXT never

-- The hospital
CREATE DATABASE tutorial;
\c tutorial
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H001', '清河县人民医院');
SET datestyle = ISO;

INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('XZ01', '财务科', 'administrative', 'none'),
	('YF01', '消毒供应中心', 'auxiliary', 'none'),
	('YJ01', '检验科', 'technical', 'none'),
	('MZ01', '内科门诊', 'clinical', 'outpatient'),
	('BQ01', '内科病区', 'clinical', 'inpatient');

INSERT INTO hospital_cost.charge_item (code, name, unit, category, kind) VALUES
	('ZC01', '门诊诊察费', '次', '02', 'service'),
	('HY01', '血常规', '次', '04', 'service'),
	('CW01', '床位费', '床日', '01', 'service'),
	('XY01', '阿莫西林胶囊', '盒', '09', 'drug');
INSERT INTO hospital_cost.price (item_code, valid, unit_price) VALUES
	('ZC01', '[2025-01-01,)', 15),
	('HY01', '[2025-01-01,2025-03-16)', 20),
	('HY01', '[2025-03-16,)', 18),
	('CW01', '[2025-01-01,)', 42.50),
	('XY01', '[2025-01-01,)', 12.80);
SELECT hospital_cost.price_of('HY01', '2025-03-15') AS before, hospital_cost.price_of('HY01', '2025-03-16') AS after;

SELECT problem FROM hospital_cost.check_setup();
SELECT hospital_cost.open_period('2025-03-01');

-- The hospital's own table is attached
CREATE SCHEMA his;
CREATE TABLE his.fee (
	id bigint PRIMARY KEY,
	visit_no text NOT NULL,
	item text NOT NULL,
	qty numeric(10,2) NOT NULL,
	price numeric(10,4) NOT NULL,
	total numeric(12,2) NOT NULL,
	order_dept text,
	exec_dept text NOT NULL,
	fee_time timestamptz NOT NULL,
	refund_of bigint
);
SELECT hospital_cost.attach_charges('his.fee', '{
	"source_key": "id", "encounter": "visit_no", "item": "item", "quantity": "qty", "unit_price": "price", "amount": "total",
	"ordering_department": "order_dept", "performing_department": "exec_dept", "charged_at": "fee_time",
	"reverses_key": "refund_of"}', mode => 'flag', pricing => 'verify');

-- Patients come
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES
	('M001', 'outpatient', 'MZ01', '2025-03-05 08:10+08', '2025-03-05 09:00+08'),
	('M002', 'outpatient', 'MZ01', '2025-03-20 08:40+08', '2025-03-20 09:30+08'),
	('Z001', 'inpatient', 'BQ01', '2025-03-10 10:00+08', '2025-03-13 11:00+08');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, bed, from_at, to_at) VALUES
	('Z001', 'BQ01', '08', '2025-03-10 10:00+08', '2025-03-13 11:00+08');

INSERT INTO his.fee VALUES
	(1, 'M001', 'ZC01', 1, 15, 15, 'MZ01', 'MZ01', '2025-03-05 08:12+08', NULL),
	(2, 'M001', 'HY01', 1, 20, 20, 'MZ01', 'YJ01', '2025-03-05 08:30+08', NULL),
	(3, 'M002', 'ZC01', 1, 15, 15, 'MZ01', 'MZ01', '2025-03-20 08:41+08', NULL),
	(4, 'M002', 'HY01', 1, 20, 20, 'MZ01', 'YJ01', '2025-03-20 09:00+08', NULL),
	(5, 'M002', 'XY01', 2, 12.80, 25.60, 'MZ01', 'MZ01', '2025-03-20 09:20+08', NULL),
	(6, 'Z001', 'CW01', 1, 42.50, 42.50, 'BQ01', 'BQ01', '2025-03-10 23:00+08', NULL),
	(7, 'Z001', 'CW01', 1, 42.50, 42.50, 'BQ01', 'BQ01', '2025-03-11 23:00+08', NULL),
	(8, 'Z001', 'HY01', 1, 20, 20, 'BQ01', 'YJ01', '2025-03-11 07:00+08', NULL),
	(9, 'Z001', 'HY01', 1, 20, 20, 'BQ01', 'YJ01', '2025-03-11 07:05+08', NULL),
	(10, 'Z001', 'HY99', 1, 60, 60, 'BQ01', 'YJ01', '2025-03-12 07:00+08', NULL),
	(11, 'Z001', 'CW01', 1, 42.50, 42.50, 'BQ01', 'BQ01', '2025-03-12 23:00+08', NULL);
SELECT source_key, encounter_code, item_name, quantity, unit_price, amount, service_day, flags
FROM hospital_cost.ledger ORDER BY entry_id;

-- What must be looked at
SELECT source_key, code, severity, field, expected, observed FROM hospital_cost.posting_issue ORDER BY issue_id;
SELECT * FROM hospital_cost.unposted('his.fee');

SELECT code, rule_name, source_key, observed, limit_value, amount_at_risk
FROM hospital_cost.finding WHERE class = 'conduct' ORDER BY code;

SELECT hospital_cost.review_finding(finding_id, 'confirmed', '重复计费，退费')
FROM hospital_cost.finding WHERE code = 'CA02';

INSERT INTO hospital_cost.charge_item (code, name, unit, category) VALUES ('HY99', '降钙素原检测', '次', '04');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('HY99', 60);
SELECT * FROM hospital_cost.post_pending('his.fee');
UPDATE his.fee SET price = 18, total = 18 WHERE id = 4;
INSERT INTO his.fee VALUES (12, 'Z001', 'HY01', -1, 20, -20, 'BQ01', 'YJ01', '2025-03-12 15:00+08', 9);
SELECT kind, source_key, version, item_code, quantity, amount, flags
FROM hospital_cost.ledger WHERE source_key IN ('4', '9', '10', '12') ORDER BY entry_id;
SELECT source_key, code, state FROM hospital_cost.finding ORDER BY finding_id;

SELECT ordering_department_code AS ordered, performing_department_code AS performed, category, entries, amount
FROM hospital_cost.charge_total ORDER BY 1, 2, 3;
SELECT * FROM hospital_cost.verify_ledger('2025-03-01');

-- What the month cost
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES
	('2025-03-01', 'XZ01', 'personnel', 120), ('2025-03-01', 'XZ01', 'other', 31),
	('2025-03-01', 'YF01', 'personnel', 60), ('2025-03-01', 'YF01', 'materials', 20),
	('2025-03-01', 'YJ01', 'personnel', 150), ('2025-03-01', 'YJ01', 'depreciation', 40),
	('2025-03-01', 'MZ01', 'personnel', 200), ('2025-03-01', 'MZ01', 'drugs', 25.60),
	('2025-03-01', 'BQ01', 'personnel', 300), ('2025-03-01', 'BQ01', 'other', 25);
INSERT INTO hospital_cost.cost_control_total (period, cost_item_code, amount) VALUES
	('2025-03-01', 'personnel', 830), ('2025-03-01', 'materials', 20), ('2025-03-01', 'drugs', 25.60),
	('2025-03-01', 'depreciation', 40), ('2025-03-01', 'other', 56);

INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity) VALUES
	('2025-03-01', 'headcount', NULL, 'YF01', 2), ('2025-03-01', 'headcount', NULL, 'YJ01', 3),
	('2025-03-01', 'headcount', NULL, 'MZ01', 4), ('2025-03-01', 'headcount', NULL, 'BQ01', 6),
	('2025-03-01', 'service_quantity', 'YF01', 'YJ01', 10), ('2025-03-01', 'service_quantity', 'YF01', 'MZ01', 30),
	('2025-03-01', 'service_quantity', 'YF01', 'BQ01', 60);
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run;
SELECT department_code, sum(direct) AS direct, sum(level1) AS level1, sum(level2) AS level2, sum(level3) AS level3,
	sum(sent) AS sent, sum(full_cost) AS full_cost
FROM hospital_cost.department_cost WHERE run_id = 1 GROUP BY department_code ORDER BY department_code;

SELECT from_code, to_code, cost_item_code, driver_code, quantity, quantity_total, base, amount
FROM hospital_cost.allocation_flow(1) WHERE step_no = 3 ORDER BY cost_item_code, to_code;
SELECT * FROM hospital_cost.verify_allocation(1);

SELECT origin_code, path, direct_cost_id, amount FROM hospital_cost.trace_cost(1, 'BQ01', 'personnel');
SELECT identity, holds FROM hospital_cost.replay(1);
SELECT department_code, direct, step_down, "double", reciprocal
FROM hospital_cost.compare_methods('2025-03-01') WHERE class = 'clinical';

-- A visit and a bed-day
SELECT period, department_code, measure, quantity, origin FROM hospital_cost.workload ORDER BY measure, department_code;
SELECT department_code, quantity, total_cost, unit_cost, unit_cost_without_drugs, unit_income, unit_result
FROM hospital_cost.visit_cost WHERE official AND scope = 'medical' ORDER BY department_code;
SELECT department_code, quantity, total_cost, unit_cost, unit_income, unit_result
FROM hospital_cost.bed_day_cost WHERE official AND scope = 'medical' ORDER BY department_code;

-- A patient, an item, a form
SELECT hospital_cost.cost_objects(1);
SELECT encounter_code, round(personnel, 2) AS personnel, round(drugs, 2) AS drugs, round(total, 2) AS total, income
FROM hospital_cost.patient_cost WHERE scope = 'medical' ORDER BY encounter_code;

SELECT department_code, item_code, quantity, round(unit_cost, 2) AS unit_cost, round(price, 2) AS price, round(result, 2) AS result
FROM hospital_cost.item_cost WHERE official AND department_code IS NOT NULL ORDER BY department_code, item_code;

SELECT row_name, direct_cost, round(level1, 2) AS level1, round(level2, 2) AS level2, round(level3, 2) AS level3, full_cost
FROM hospital_cost.form_f06 WHERE period = '2025-03-01' ORDER BY row_no;
SELECT col_name, amount FROM hospital_cost.form('F01', '2025-03-01') WHERE row_code = 'BQ01' ORDER BY col_no;
SELECT identity, difference FROM hospital_cost.verify_costing(1);

-- The books are closed
SELECT hospital_cost.close_period('2025-03-01');
SELECT hospital_cost.open_period('2025-04-01');
INSERT INTO his.fee VALUES (13, 'M002', 'ZC01', 1, 15, 15, 'MZ01', 'MZ01', '2025-03-31 16:00+08', NULL);
SELECT source_key, service_day, period, flags FROM hospital_cost.ledger WHERE source_key = '13';
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'XZ01', 'other', 1);

-- Gone without a trace.
\c :home
DROP DATABASE tutorial WITH (FORCE);
