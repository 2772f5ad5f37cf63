-- The SQL of docs/integration.md, in its order; test/lint compares the two. In a database of its own, so that its numbers begin at 1.
SELECT current_database() AS home \gset
\set SHOW_CONTEXT never
CREATE DATABASE integration;
\c integration
SET datestyle = ISO;
SET timezone = 'Asia/Shanghai';
CREATE EXTENSION hospital_cost CASCADE;

-- The hospital of the examples
SELECT hospital_cost.load_defaults();
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H001', '清河县人民医院');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('201', '内科门诊', 'clinical', 'outpatient'), ('305', '内科病区', 'clinical', 'inpatient'), ('410', '检验科', 'technical', 'none');
INSERT INTO hospital_cost.charge_item (code, name, unit, category, kind) VALUES
	('1001', '血常规', '次', '04', 'service'), ('1002', '床位费', '床日', '01', 'service'), ('1003', '中药饮片', '克', '10', 'drug');
INSERT INTO hospital_cost.price (item_code, price_class, unit_price) VALUES
	('1001', 'standard', 20), ('1001', 'child', 26), ('1002', 'standard', 42.50), ('1003', 'standard', 3.335);
INSERT INTO hospital_cost.reason_code (purpose, code, name) VALUES ('refund', '01', '医嘱取消');
SELECT hospital_cost.open_period('2025-03-01');
CREATE SCHEMA his;

-- National interface 2301
CREATE TABLE his.fee_2301 (
	mdtrt_id text, feedetl_sn text, init_feedetl_sn text,       -- 就诊ID, 费用明细流水号, 原费用流水号 (退费; else null)
	fee_ocur_time timestamp NOT NULL, medins_list_codg text,     -- 费用发生时间, 医药机构目录编码
	cnt numeric(16,4), pric numeric(16,6), det_item_fee_sumamt numeric(16,2),  -- 数量 (退费为负), 单价, 明细项目费用总额
	bilg_dept_codg text, bilg_dr_codg text, acord_dept_codg text,  -- 开单科室编码, 开单医生编码, 受单科室编码
	PRIMARY KEY (mdtrt_id, feedetl_sn)
);
SELECT hospital_cost.attach_charges('his.fee_2301', '{
	"source_key": ["mdtrt_id", "feedetl_sn"], "reverses_key": ["mdtrt_id", "init_feedetl_sn"], "encounter": "mdtrt_id",
	"item": "medins_list_codg", "quantity": "cnt", "unit_price": "pric", "amount": "det_item_fee_sumamt",
	"ordering_department": "bilg_dept_codg", "performing_department": "acord_dept_codg", "charged_at": "fee_ocur_time",
	"doctor": "bilg_dr_codg"}', mode => 'flag', pricing => 'verify');
INSERT INTO his.fee_2301 VALUES
	('Z001', '1', NULL, '2025-03-05 09:00', '1001', 2, 20, 40, '305', 'D01', '410'),
	('Z001', '2', '1', '2025-03-05 15:00', '1001', -1, 20, -20, '305', 'D01', '410'),
	('Z001', '3', NULL, '2025-03-06 09:00', '1001', 1, 21, 21, '305', 'D01', '410'),
	('Z001', '4', NULL, '2025-03-06 09:00', '1004', 1, 60, 60, '305', 'D01', '410');
SELECT source_key, kind, ordering_department_code AS ordered, performing_department_code AS done, quantity, amount, flags
FROM hospital_cost.ledger ORDER BY entry_id;
SELECT source_key, code, severity, field, expected, observed FROM hospital_cost.posting_issue ORDER BY issue_id;

-- A fee table with pinyin initials
CREATE TABLE his.zy_fymx (
	jlxh bigint PRIMARY KEY, zyh bigint NOT NULL, fyxh int NOT NULL,     -- 记录序号, 住院号, 费用序号
	fysl numeric(10,2) NOT NULL, fydj numeric(10,4), zjje numeric(12,2),  -- 费用数量, 费用单价, 总计金额
	fyks int, zxks int NOT NULL, fybq int, fyrq timestamp NOT NULL,      -- 费用科室 (开单), 执行科室, 费用病区, 费用日期
	czxh bigint, tfyy text, srgh text                                    -- 冲正的原记录, 退费原因, 输入工号
);
SELECT hospital_cost.attach_charges('his.zy_fymx', '{
	"source_key": "jlxh", "encounter": "zyh", "item": "fyxh", "quantity": "fysl", "unit_price": "fydj", "amount": "zjje",
	"ordering_department": "fyks", "performing_department": "zxks", "ward_department": "fybq", "charged_at": "fyrq",
	"reverses_key": "czxh", "reason": "tfyy", "operator": "srgh"}', mode => 'strict', options => '{"refund_reason": "coded"}');

-- HL7 v2 DFT^P03, segment FT1
CREATE TABLE his.ft1 (
	msh_10 text NOT NULL, ft1_2 text PRIMARY KEY, pv1_19 text, ft1_4 timestamptz, ft1_6 text, ft1_7 text, ft1_10 numeric,
	ft1_11 numeric, ft1_12 numeric, ft1_13 text, ft1_16 text, ft1_17 text, ft1_20 text, ft1_24 text, ft1_31 text,
	quantity numeric GENERATED ALWAYS AS (CASE ft1_6 WHEN 'CD' THEN -abs(ft1_10) ELSE ft1_10 END) STORED,
	amount numeric GENERATED ALWAYS AS (CASE ft1_6 WHEN 'CD' THEN -abs(ft1_11) ELSE ft1_11 END) STORED
);
SELECT hospital_cost.attach_charges('his.ft1', '{
	"source_key": "ft1_2", "encounter": "pv1_19", "item": "ft1_7", "quantity": "quantity", "unit_price": "ft1_12", "amount": "amount",
	"ordering_department": "ft1_16", "performing_department": "ft1_13", "charged_at": "ft1_4", "reverses_key": "ft1_31",
	"price_class": "ft1_17", "doctor": "ft1_20", "operator": "ft1_24"}', mode => 'async',
	options => '{"status": {"column": "ft1_6", "charged": ["CG", "CD", "AJ"], "void": ["PY", "CO"]}}');
INSERT INTO his.ft1 (msh_10, ft1_2, pv1_19, ft1_4, ft1_6, ft1_7, ft1_10, ft1_11, ft1_12, ft1_13, ft1_16, ft1_31) VALUES
	('M1', 'T1', 'V001', '2025-03-05 10:00+08', 'CG', '1001', 2, 40, 20, '410', '201', NULL),
	('M1', 'T2', 'V001', '2025-03-05 10:00+08', 'PY', 'CASH', 1, 40, 40, NULL, NULL, NULL),
	('M2', 'T3', 'V001', '2025-03-05 11:00+08', 'CD', '1001', 1, 20, 20, '410', '201', 'T1')
ON CONFLICT (ft1_2) DO NOTHING;
SELECT * FROM hospital_cost.post_pending('his.ft1');
SELECT source_key, kind, quantity, amount FROM hospital_cost.ledger WHERE source = 'his.ft1'::regclass ORDER BY entry_id;

-- FHIR ChargeItem, R4 and R5
CREATE TABLE his.charge_item (
	id text PRIMARY KEY, status text, encounter text, code text, quantity numeric, unit_price numeric, amount numeric,
	requester text, performer text, occurred timestamptz, resource jsonb NOT NULL
);
CREATE FUNCTION his.put_charge_item(r jsonb) RETURNS void LANGUAGE sql SET timezone = 'Asia/Shanghai' AS $$
	INSERT INTO his.charge_item AS c VALUES (r ->> 'id', r ->> 'status',
		regexp_replace(coalesce(r #>> '{encounter,reference}', r #>> '{context,reference}'), '^.*/', ''),
		r #>> '{code,coding,0,code}', coalesce((r #>> '{quantity,value}')::numeric, 1),
		coalesce(r #>> '{unitPriceComponent,amount,value}', r #>> '{priceOverride,value}')::numeric,
		(r #>> '{totalPriceComponent,amount,value}')::numeric,
		regexp_replace(r #>> '{requestingOrganization,reference}', '^.*/', ''),
		regexp_replace(coalesce(r #>> '{costCenter,reference}', r #>> '{performingOrganization,reference}'), '^.*/', ''),
		coalesce(r ->> 'occurrenceDateTime', r #>> '{occurrencePeriod,start}', r ->> 'enteredDate')::timestamptz, r)
	ON CONFLICT (id) DO UPDATE SET (status, encounter, code, quantity, unit_price, amount, requester, performer, occurred, resource)
		= ROW (excluded.status, excluded.encounter, excluded.code, excluded.quantity, excluded.unit_price, excluded.amount,
			excluded.requester, excluded.performer, excluded.occurred, excluded.resource)
$$;
SELECT hospital_cost.attach_charges('his.charge_item', '{
	"source_key": "id", "encounter": "encounter", "item": "code", "quantity": "quantity", "unit_price": "unit_price", "amount": "amount",
	"ordering_department": "requester", "performing_department": "performer", "charged_at": "occurred"}', options => '{"status": {
	"column": "status", "planned": ["planned"], "charged": ["billable", "billed"], "void": ["not-billable", "aborted", "entered-in-error"]}}');
SELECT his.put_charge_item('{"resourceType": "ChargeItem", "id": "c1", "status": "planned", "code": {"coding": [{"code": "1001"}]},
	"context": {"reference": "Encounter/V002"}, "occurrenceDateTime": "2025-03-05T09:30:00+08:00", "quantity": {"value": 2},
	"requestingOrganization": {"reference": "Organization/201"}, "performingOrganization": {"reference": "Organization/410"}}');
SELECT his.put_charge_item(resource || '{"status": "billable"}') FROM his.charge_item;
SELECT his.put_charge_item(resource || '{"status": "billed", "quantity": {"value": 1}}') FROM his.charge_item;
SELECT his.put_charge_item(resource || '{"status": "entered-in-error"}') FROM his.charge_item;
SELECT source_key, kind, version, quantity, amount FROM hospital_cost.ledger WHERE source = 'his.charge_item'::regclass ORDER BY entry_id;

-- Every way of writing
INSERT INTO his.zy_fymx (jlxh, zyh, fyxh, fysl, fydj, zjje, fyks, zxks, fybq, fyrq)
SELECT n, 9001, 1002, 1, 42.50, 42.50, 305, 305, 305, timestamp '2025-03-04 08:00' + n * interval '1 day' FROM generate_series(1, 3) AS n;
COPY his.zy_fymx (jlxh, zyh, fyxh, fysl, fydj, zjje, zxks, fyrq) FROM STDIN (FORMAT csv);
4,9001,1001,1,20,20,410,2025-03-05 09:00
\.
WITH gone AS (DELETE FROM his.zy_fymx WHERE jlxh = 3 RETURNING *) SELECT count(*) FROM gone;
INSERT INTO his.zy_fymx (jlxh, zyh, fyxh, fysl, fydj, zjje, zxks, fyrq) VALUES (4, 9001, 1001, 1, 20, 20, 410, '2025-03-05 09:00')
ON CONFLICT DO NOTHING;
INSERT INTO his.zy_fymx (jlxh, zyh, fyxh, fysl, fydj, zjje, zxks, fyrq) VALUES (4, 9001, 1001, 2, 20, 40, 410, '2025-03-05 09:00')
ON CONFLICT (jlxh) DO UPDATE SET fysl = excluded.fysl, zjje = excluded.zjje;
MERGE INTO his.zy_fymx f USING (VALUES (4, 3), (5, 1)) AS s (jlxh, fysl) ON f.jlxh = s.jlxh
WHEN MATCHED THEN UPDATE SET fysl = s.fysl, zjje = 20 * s.fysl
WHEN NOT MATCHED THEN INSERT (jlxh, zyh, fyxh, fysl, fydj, zjje, zxks, fyrq)
	VALUES (s.jlxh, 9001, 1001, s.fysl, 20, 20 * s.fysl, 410, '2025-03-05 10:00');
BEGIN;
SAVEPOINT line;
DELETE FROM his.zy_fymx WHERE jlxh = 5;
ROLLBACK TO line;
UPDATE his.zy_fymx SET srgh = '0031';
COMMIT;
TRUNCATE his.zy_fymx;
SELECT source_key, kind, version, quantity, amount FROM hospital_cost.ledger WHERE source = 'his.zy_fymx'::regclass ORDER BY entry_id;

-- A table in which a key can come twice
CREATE TABLE his.middle (sn text, visit text, item text, qty numeric, price numeric, dept text, day date, clock time);
SELECT hospital_cost.attach_charges('his.middle', '{"source_key": "sn", "encounter": "visit", "item": "item", "quantity": "qty",
	"unit_price": "price", "performing_department": "dept", "charged_at": ["day", "clock"]}');
INSERT INTO his.middle VALUES ('a', 'V003', '1001', 1, 20, '410', '2025-03-05', '10:00');
INSERT INTO his.middle VALUES ('a', 'V003', '1001', 1, 20, '410', '2025-03-05', '10:00');
INSERT INTO his.middle VALUES ('a', 'V003', '1001', 2, 20, '410', '2025-03-05', '10:00');
SELECT source_key, quantity, amount FROM hospital_cost.ledger WHERE source = 'his.middle'::regclass;
SELECT source_key, code, expected, observed FROM hospital_cost.posting_issue WHERE source = 'his.middle'::regclass;

-- Prices computed here
SELECT hospital_cost.create_charge_table('his.bill', 'strict', 'compute');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, price_class)
VALUES ('V004', 'outpatient', '201', '2025-03-05 08:00', 'child');
SELECT item_code, unit_price, amount, issue
FROM hospital_cost.quote('V004', '[{"item": "1001"}, {"item": "1002", "quantity": 2}, {"item": "1009"}]');
INSERT INTO his.bill (encounter_code, item_code, quantity, performing_department, charged_at)
VALUES ('V004', '1001', 1, '410', '2025-03-05 09:00'), ('V004', '1002', 2, '305', '2025-03-05 09:00')
RETURNING item_code, unit_price, amount;

-- Refunds
INSERT INTO his.bill (charge_id, encounter_code, item_code, quantity, ordering_department, performing_department, charged_at)
VALUES (10, 'V005', '1003', 2, '201', '410', '2025-03-06 08:00') RETURNING amount;
INSERT INTO his.bill (charge_id, encounter_code, item_code, quantity, performing_department, charged_at, reverses_charge_id)
VALUES (11, 'V005', '1003', -1, '410', '2025-03-07 08:00', 10) RETURNING amount;
INSERT INTO his.bill (charge_id, encounter_code, item_code, quantity, performing_department, charged_at, reverses_charge_id)
VALUES (12, 'V005', '1003', -2, '410', '2025-03-07 09:00', 10) RETURNING amount;
\echo :LAST_ERROR_SQLSTATE
UPDATE hospital_cost.price SET unit_price = 4 WHERE item_code = '1003';
INSERT INTO his.bill (charge_id, encounter_code, item_code, quantity, performing_department, charged_at, reverses_charge_id)
VALUES (12, 'V005', '1003', -1, '410', '2025-03-07 09:00', 10) RETURNING amount;
SELECT source_key, kind, ordering_department_code AS ordered, quantity, unit_price, amount, flags
FROM hospital_cost.ledger WHERE encounter_code = 'V005' ORDER BY entry_id;

-- What was not posted
SELECT * FROM hospital_cost.unposted('his.fee_2301');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('1004', '降钙素原', '04');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('1004', 60);
SELECT * FROM hospital_cost.post_pending('his.fee_2301');
SET session_replication_role = replica;
INSERT INTO his.fee_2301 VALUES ('Z002', '1', NULL, '2025-03-07 09:00', '1001', 1, 20, 20, '305', 'D01', '410');
UPDATE his.fee_2301 SET pric = 20, det_item_fee_sumamt = 20 WHERE feedetl_sn = '3';
DELETE FROM his.fee_2301 WHERE feedetl_sn = '4';
RESET session_replication_role;
SELECT * FROM hospital_cost.post_pending('his.fee_2301');
SELECT * FROM hospital_cost.post_pending('his.fee_2301', correct => true);

-- History
CREATE TABLE his.fee_2024 (LIKE his.fee_2301 INCLUDING ALL);
INSERT INTO his.fee_2024
SELECT 'Z900', n, NULL, timestamp '2025-01-05 09:00' + n * interval '9 days', '1001', 1, 18, 18, '305', NULL, '410'
FROM generate_series(1, 5) AS n;
SELECT hospital_cost.open_period('2025-01-01'), hospital_cost.open_period('2025-02-01');
SELECT hospital_cost.attach_charges('his.fee_2024', '{"source_key": ["mdtrt_id", "feedetl_sn"], "encounter": "mdtrt_id",
	"item": "medins_list_codg", "quantity": "cnt", "amount": "det_item_fee_sumamt", "performing_department": "acord_dept_codg",
	"charged_at": "fee_ocur_time"}', pricing => 'trust');
SELECT * FROM hospital_cost.backfill('his.fee_2024', '2025-01-01', '2025-03-01', step_rows => 3);
SELECT * FROM hospital_cost.backfill('his.fee_2024', '2025-01-01', '2025-03-01', step_rows => 3);

-- Late
SELECT hospital_cost.open_period('2025-04-01');
SELECT hospital_cost.close_period('2025-03-01');
INSERT INTO his.fee_2301 VALUES ('Z001', '5', NULL, '2025-03-31 20:00', '1001', 1, 20, 20, '305', 'D01', '410');
UPDATE his.fee_2301 SET cnt = 3, det_item_fee_sumamt = 60 WHERE mdtrt_id = 'Z001' AND feedetl_sn = '1';
SELECT source_key, kind, quantity, service_day, period, flags FROM hospital_cost.ledger WHERE period = '2025-04-01' ORDER BY entry_id;

-- What happens to the table
ALTER TABLE his.fee_2301 RENAME COLUMN pric TO unit_pric;
ALTER TABLE his.fee_2301 ALTER COLUMN fee_ocur_time TYPE text;
INSERT INTO his.fee_2301 VALUES ('Z001', '6', NULL, '2025-04-01 20:00', '1001', 1, 20, 20, '305', 'D01', '410');
SELECT source_key, code, field FROM hospital_cost.posting_issue WHERE severity = 'blocking' AND state = 'open';
SELECT problem FROM hospital_cost.check_setup();
ALTER TABLE his.fee_2301 ALTER COLUMN fee_ocur_time TYPE timestamp USING fee_ocur_time::timestamp;
SELECT * FROM hospital_cost.post_pending('his.fee_2301');
CREATE TABLE his.line (id bigint, day date, visit text, item text, qty numeric, dept text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE his.line_04 PARTITION OF his.line FOR VALUES FROM ('2025-04-01') TO ('2025-05-01');
SELECT hospital_cost.attach_charges('his.line', '{"source_key": ["id", "day"], "encounter": "visit", "item": "item", "quantity": "qty",
	"performing_department": "dept", "charged_at": "day"}');
INSERT INTO his.line VALUES (1, '2025-04-02', 'V006', '1001', 1, '410');
INSERT INTO his.line_04 VALUES (2, '2025-04-02', 'V007', '1001', 1, '410');
SELECT * FROM hospital_cost.post_pending('his.line');
ALTER TABLE his.line DETACH PARTITION his.line_04;
SELECT * FROM hospital_cost.post_pending('his.line');
ALTER TABLE his.line ATTACH PARTITION his.line_04 FOR VALUES FROM ('2025-04-01') TO ('2025-05-01');
SET client_min_messages = warning;
DROP EXTENSION hospital_cost CASCADE;
\echo :LAST_ERROR_SQLSTATE
DROP TABLE his.fee_2024;
SELECT source, source_name, count(*) FROM hospital_cost.ledger WHERE encounter_code = 'Z900' GROUP BY 1, 2;

-- What a strict table says
INSERT INTO his.zy_fymx (jlxh, zyh, fyxh, fysl, fydj, zjje, zxks, fyrq) VALUES (6, 9001, 1001, 1, 20, 20, 999, '2025-04-05 11:00');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO his.zy_fymx VALUES (7, 9001, 1001, -1, 20, -20, NULL, 410, NULL, '2025-04-05 12:00', 4, '99', '0031');
\echo :LAST_ERROR_SQLSTATE

-- Before go-live
SELECT problem, cure FROM hospital_cost.check_setup();
SELECT a.relation, u.* FROM hospital_cost.attachment a CROSS JOIN LATERAL hospital_cost.unposted(a.relation) u
WHERE a.feed = 'charges' AND a.detached_at IS NULL;
SELECT source, code, severity, count(*) FROM hospital_cost.posting_issue WHERE state = 'open' GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v WHERE v.difference <> 0;
-- Gone without a trace.
\c :home
DROP DATABASE integration WITH (FORCE);
