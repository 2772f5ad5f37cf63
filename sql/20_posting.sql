-- 20 posting: the hospital's fee table is attached; what the HIS writes there becomes ledger entries in the same transaction.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
SET timezone = 'Asia/Shanghai';
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', '市第一人民医院');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('3001', '检验科', 'technical', 'none'), ('4001', '内科门诊', 'clinical', 'outpatient'), ('4002', '内科病区', 'clinical', 'inpatient');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('XCG', '血细胞分析', '04'), ('CW', '床位费', '01');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('XCG', 20), ('CW', 45);
SELECT hospital_cost.open_period('2025-03-01');

-- The table is the hospital's; only the mapping says what its columns mean.
CREATE SCHEMA his;
CREATE TABLE his.fee_detail (fee_id bigint PRIMARY KEY, visit_no text, item_code text, qty numeric(10,2), price numeric(10,4), total numeric(12,2),
	order_dept text, exec_dept text, fee_date date, fee_time time, refund_of bigint, remark text);
SELECT hospital_cost.attach_charges('his.fee_detail', '{"source_key": "fee_id", "encounter": "visit_no", "item": "item_code", "quantity": "qty",
	"unit_price": "price", "amount": "total", "ordering_department": "order_dept", "performing_department": "exec_dept",
	"charged_at": ["fee_date", "fee_time"], "reverses_key": "refund_of"}');
INSERT INTO his.fee_detail VALUES
	(1, 'MZ001', 'XCG', 1, 20, 20, '4001', '3001', '2025-03-05', '09:15', NULL, NULL),
	(2, 'ZY001', 'CW', 3, 45, 135, '4002', '4002', '2025-03-05', '23:59', NULL, NULL),
	(3, 'MZ002', 'XCG', 1, 22, 22, '4001', '3001', '2025-03-05', '09:20', NULL, '单价与目录不符'),
	(4, 'MZ003', 'XCG', 1, 20, 20, '4001', '3999', '2025-03-05', '09:25', NULL, '执行科室未知'),
	(5, 'MZ001', 'XCG', -1, 20, -20, '4001', '3001', '2025-03-06', '10:00', 1, '退费');
SELECT source_key, kind, encounter_code, item_name, ordering_department_code AS ordered, performing_department_code AS done, quantity, unit_price, amount, charged_at, flags
FROM hospital_cost.ledger ORDER BY entry_id;

-- No row is swallowed: what could not be posted says why, what was posted but is not clean says what was expected.
SELECT source_key, code, severity, field, expected, observed FROM hospital_cost.posting_issue ORDER BY issue_id;
SELECT * FROM hospital_cost.unposted('his.fee_detail');

-- The HIS corrects its rows; the ledger reverses and posts again.
UPDATE his.fee_detail SET exec_dept = '3001' WHERE fee_id = 4;
UPDATE his.fee_detail SET price = 20, total = 20 WHERE fee_id = 3;
DELETE FROM his.fee_detail WHERE fee_id = 2;
SELECT entry_id - min(entry_id) OVER () + 1 AS entry, kind, source_key, version, amount, flags FROM hospital_cost.ledger ORDER BY entry_id;
SELECT source_key, code, state FROM hospital_cost.posting_issue ORDER BY issue_id;
SELECT ordering_department_code AS ordered, performing_department_code AS done, category, setting, entries, amount FROM hospital_cost.charge_total
ORDER BY 1, 2, 3;
SELECT * FROM hospital_cost.verify_ledger('2025-03-01');

-- What the hospital rolls back was never posted.
SAVEPOINT s;
INSERT INTO his.fee_detail VALUES (6, 'MZ004', 'XCG', 1, 20, 20, '4001', '3001', '2025-03-05', '09:15');
ROLLBACK TO s;
SELECT count(*) FROM hospital_cost.ledger WHERE source_key = '6';

-- A code that is put into the catalogue afterwards: the rows that waited for it are posted.
INSERT INTO his.fee_detail VALUES (7, 'MZ005', 'CT', 1, 180, 180, '4001', '3001', '2025-03-07', '11:00');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('CT', 'CT平扫', '03');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('CT', 180);
SELECT * FROM hospital_cost.post_pending('his.fee_detail') ORDER BY outcome;
SELECT source_key, amount FROM hospital_cost.ledger WHERE source_key = '7';

-- Strict mode tells the HIS instead; computed prices come back with RETURNING.
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'compute');
INSERT INTO his.charge (encounter_code, item_code, quantity, performing_department, charged_at)
VALUES ('ZY002', 'CW', 2, '4002', '2025-03-08 12:00') RETURNING item_code, quantity, unit_price, amount;
\set VERBOSITY default
INSERT INTO his.charge (encounter_code, item_code, quantity, performing_department, charged_at)
VALUES ('ZY002', 'MRI', 2, '4002', '2025-03-08 12:00');
ROLLBACK;
