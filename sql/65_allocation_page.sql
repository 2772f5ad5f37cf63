-- The SQL of docs/allocation.md, in its order; test/lint compares the two. In a database of its own, for the page rolls back a transaction.
SELECT current_database() AS home \gset
\set SHOW_CONTEXT never
CREATE DATABASE allocation_page;
\c allocation_page
SET client_min_messages = warning;
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
SELECT hospital_cost.open_period('2025-03-01');

-- Six departments, what they spent, what they are allocated by.
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('1001', '财务科', 'administrative', 'none'), ('2001', '消毒供应中心', 'auxiliary', 'none'), ('3001', '检验科', 'technical', 'none'),
	('4001', '内科门诊', 'clinical', 'outpatient'), ('4002', '内科病区', 'clinical', 'inpatient'), ('4003', '外科病区', 'clinical', 'inpatient');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES
	('2025-03-01', '1001', 'personnel', 100000), ('2025-03-01', '2001', 'personnel', 40000.01), ('2025-03-01', '2001', 'materials', 10000),
	('2025-03-01', '3001', 'personnel', 80000), ('2025-03-01', '3001', 'materials', 60000), ('2025-03-01', '4001', 'personnel', 150000),
	('2025-03-01', '4002', 'personnel', 250000), ('2025-03-01', '4002', 'drugs', 90000), ('2025-03-01', '4003', 'personnel', 300000);
INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity) VALUES
	('2025-03-01', 'headcount', NULL, '2001', 5), ('2025-03-01', 'headcount', NULL, '3001', 10), ('2025-03-01', 'headcount', NULL, '4001', 15),
	('2025-03-01', 'headcount', NULL, '4002', 30), ('2025-03-01', 'headcount', NULL, '4003', 40),
	('2025-03-01', 'ordered_revenue', '3001', '4001', 70000), ('2025-03-01', 'ordered_revenue', '3001', '4002', 50000), ('2025-03-01', 'ordered_revenue', '3001', '4003', 30000);

-- What goes in
INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount, source, source_key) VALUES ('2025-03-01', 'other', 3000, 'voucher', '记-0317');
INSERT INTO hospital_cost.driver (code, name, kind, unit) VALUES ('water', '用水量', 'statistic', 'm³');
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES ('2025-03-01', 'water', '3001', 200),
	('2025-03-01', 'area', '1001', 150), ('2025-03-01', 'area', '2001', 250), ('2025-03-01', 'area', '4001', 600), ('2025-03-01', 'area', '4002', 1200);
INSERT INTO hospital_cost.spread_rule (cost_item_code, metered_driver_code, metered_price, driver_code) VALUES ('other', 'water', 3.5, 'area');

-- A plan
INSERT INTO hospital_cost.allocation_plan (code, name, method) VALUES ('mutual', '交互分配', 'reciprocal');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code) VALUES
	('mutual', 1, 'administrative', '{auxiliary,technical,clinical}', 'headcount'),
	('mutual', 2, 'auxiliary', '{administrative,technical,clinical}', 'service_quantity'),
	('mutual', 3, 'technical', '{clinical}', 'ordered_revenue');

-- Before the run
SELECT severity, code, identifier, facts, cure FROM hospital_cost.check_allocation('2025-03-01', 'mutual');
INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity) VALUES
	('2025-03-01', 'service_quantity', '2001', '1001', 5), ('2025-03-01', 'service_quantity', '2001', '4001', 120);
SELECT severity, code, identifier, facts FROM hospital_cost.check_allocation('2025-03-01', 'mutual');

-- The run
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset
SELECT department_code, sum(direct) AS direct, sum(level1) AS level1, sum(level2) AS level2, sum(level3) AS level3, sum(full_cost) AS full_cost
FROM hospital_cost.department_cost WHERE official GROUP BY department_code ORDER BY department_code;
SELECT department_code, part, driver_code, quantity, amount, source_key FROM hospital_cost.spread_cost(:run) ORDER BY 1;
SELECT identity, difference FROM hospital_cost.verify_allocation(:run);

-- What would be
BEGIN;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', '1001', 'personnel', 1000);
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS trial \gset
SELECT department_code, cost_item_code, full_cost_a, full_cost_b, difference, because
FROM hospital_cost.compare_runs(:run, :trial);
ROLLBACK;

-- The methods
SELECT department_code, direct, step_down, "double", reciprocal, difference FROM hospital_cost.compare_methods('2025-03-01', 'mutual');

-- Gone without a trace.
\c :home
DROP DATABASE allocation_page WITH (FORCE);
