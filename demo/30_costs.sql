-- The books of the finance office: balances of the month by account and source of funds first; then the voucher lines that book
-- each balance on cost units, by largest remainder, so that what the vouchers say is what the ledger says, to the cent.

-- 零加成: drugs and billed materials are sold at purchase price, so what was issued is what the HIS charged for them.
INSERT INTO hrp.balance (month, account, fund, class, amount)
SELECT date '2025-03-01', b.account, b.fund, b.class, round(b.amount * :factor, 2)
FROM (VALUES ('personnel', 'own', 'medical', 6480000.00), ('personnel', 'fiscal_basic', 'medical', 960000.00),
	('materials', 'own', 'medical', 1146300.00), ('materials', 'fiscal_project', 'medical', 58000.00),
	('depreciation', 'own', 'medical', 1248600.00), ('depreciation', 'fiscal_project', 'medical', 382400.00),
	('amortisation', 'own', 'medical', 61250.00), ('amortisation', 'fiscal_project', 'medical', 17900.00),
	('risk_fund', 'own', 'medical', 38350.00), ('other', 'own', 'medical', 1717900.00),
	('other', 'fiscal_project', 'medical', 44600.00), ('other', 'science_education', 'medical', 86300.00),
	('other', 'own', 'disposal', 23800.00)) AS b (account, fund, class, amount)
UNION ALL
SELECT date '2025-03-01', CASE i.kind WHEN 'drug' THEN 'drugs' ELSE 'materials_billed' END, 'own', 'medical', sum(f.total)
FROM his.fee_detail f JOIN hospital_cost.charge_item i ON i.code = f.item_code
WHERE i.kind IN ('drug', 'material')
GROUP BY i.kind;

-- How each balance is spread: who is paid, who has the equipment, who ordered the drugs, who used the material.
CREATE TABLE demo.weight AS
WITH ordered AS (
	SELECT f.order_dept AS unit, sum(f.total) FILTER (WHERE i.kind = 'drug') AS drugs, sum(f.total) AS income
	FROM his.fee_detail f JOIN hospital_cost.charge_item i ON i.code = f.item_code GROUP BY 1
), used AS (
	SELECT f.exec_dept AS unit, sum(f.total) AS billed
	FROM his.fee_detail f JOIN hospital_cost.charge_item i ON i.code = f.item_code WHERE i.kind = 'material' GROUP BY 1
)
SELECT u.code AS unit, w.account, w.fund, greatest(coalesce(w.weight, 0), 0) AS weight
FROM demo.unit u LEFT JOIN ordered o ON o.unit = u.code LEFT JOIN used s ON s.unit = u.code,
	LATERAL (VALUES ('personnel', 'own', u.heads * u.wage), ('personnel', 'fiscal_basic', u.heads),
		('drugs', 'own', o.drugs), ('materials_billed', 'own', s.billed),
		('materials', 'own', u.materials), ('materials', 'fiscal_project', CASE WHEN u.materials >= 40 THEN u.materials END),
		('depreciation', 'own', u.equipment + u.area * 0.007), ('depreciation', 'fiscal_project', CASE WHEN u.equipment >= 48 THEN u.equipment END),
		('amortisation', 'own', u.heads + CASE u.code WHEN 'XZ06' THEN 900 ELSE 0 END),
		('amortisation', 'fiscal_project', CASE u.code WHEN 'XZ06' THEN 3 WHEN 'YJ02' THEN 1 END),
		('risk_fund', 'own', CASE u.class WHEN 'clinical' THEN o.income END),
		('other', 'own', u.heads * 6 + u.area * 0.35 + CASE u.code WHEN 'XZ07' THEN 1100 ELSE 0 END),
		('other', 'fiscal_project', CASE WHEN u.code IN ('BQ02', 'BQ14', 'MZ16', 'YJ01') THEN u.heads END),
		('other', 'science_education', CASE WHEN u.setting = 'inpatient' OR u.code = 'YJ06' THEN u.heads END)) AS w (account, fund, weight);

INSERT INTO hrp.voucher_line (voucher_no, month, account, fund, class, unit, amount)
SELECT 'P' || lpad((row_number() OVER (ORDER BY b.account COLLATE "C", b.fund COLLATE "C", s.unit))::text, 5, '0'),
	b.month, b.account, b.fund, b.class, s.unit, s.share
FROM hrp.balance b
JOIN LATERAL (
	SELECT array_agg(w.unit ORDER BY w.unit) AS units, demo.split(b.amount, array_agg(w.weight ORDER BY w.unit)) AS shares
	FROM demo.weight w WHERE w.account = b.account AND w.fund = b.fund) q ON true
JOIN LATERAL unnest(q.units, q.shares) AS s (unit, share) ON s.share <> 0
WHERE b.class = 'medical'
UNION ALL
-- Disposal of assets (资产处置) belongs to the hospital as a whole and to 医院全成本 only.
SELECT 'P' || b.class, b.month, b.account, b.fund, b.class, NULL, b.amount FROM hrp.balance b WHERE b.class <> 'medical';

-- Billed materials get a cost item of their own under 卫生材料费, so that unit costs can leave them out.
INSERT INTO hospital_cost.cost_item (code, parent_code, name, category, behaviour, billable)
VALUES ('materials_billed', 'materials', '可单独收费卫生材料', 'materials', 'variable', true);

INSERT INTO hospital_cost.cost_control_total (period, cost_item_code, funding_source, amount)
SELECT b.month, b.account, b.fund, b.amount FROM hrp.balance b WHERE b.class = 'medical' ORDER BY 2, 3;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount, source, source_key)
SELECT v.month, v.unit, v.account, v.fund, v.class, v.amount, 'hrp.voucher_line', v.voucher_no
FROM hrp.voucher_line v ORDER BY v.voucher_no;

-- Level 1: heads (those of administrative units count where units serve one another). Level 2: packs sterilised, receipts issued, settlements made, records filed, server by server.
-- Level 3 needs no values: the plan takes what was ordered from charge_total, live.
INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity)
SELECT date '2025-03-01', 'headcount', NULL, u.code, u.heads FROM demo.unit u
UNION ALL
SELECT date '2025-03-01', 'area', NULL, u.code, u.area FROM demo.unit u
UNION ALL
SELECT date '2025-03-01', 'service_quantity', 'YF01', u.code, round(p.packs * :factor)
FROM demo.unit u, LATERAL (SELECT CASE u.code WHEN 'YJ07' THEN 5200 WHEN 'YJ05' THEN 1100 WHEN 'MZ13' THEN 2400 WHEN 'MZ16' THEN 700
	WHEN 'BQ14' THEN 800 ELSE CASE u.setting WHEN 'inpatient' THEN 120 + u.admissions * u.operated WHEN 'outpatient' THEN 60 END END AS packs) p
WHERE p.packs IS NOT NULL
UNION ALL
SELECT w.period, 'service_quantity', s.server, w.department_code, w.quantity
FROM hospital_cost.workload w JOIN (VALUES ('YF02', 'visits'), ('YF03', 'discharges'), ('YF04', 'discharges')) AS s (server, measure)
	ON s.measure = w.measure
WHERE w.period = '2025-03-01';

-- Beds there are, so that occupancy can be told: some 86 % of them are in use.
INSERT INTO hospital_cost.capacity (period, department_code, resource, quantity)
SELECT w.period, w.department_code, 'beds', ceil(w.quantity / 31 / 0.86) FROM hospital_cost.workload w
WHERE w.period = '2025-03-01' AND w.measure = 'bed_days' AND w.department_code IS NOT NULL;

-- A second plan, to compare methods by: general services clean by area, offices serve by heads, and both serve each other too.
INSERT INTO hospital_cost.allocation_plan (code, name, method) VALUES ('mutual', '相互服务', 'reciprocal');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, server_code, receiver_classes, driver_code) VALUES
	('mutual', 1, NULL, 'XZ07', '{administrative,auxiliary,technical,clinical}', 'area'),
	('mutual', 2, 'administrative', NULL, '{administrative,auxiliary,technical,clinical}', 'headcount'),
	('mutual', 3, 'auxiliary', NULL, '{technical,clinical}', 'service_quantity'),
	('mutual', 4, 'technical', NULL, '{clinical}', 'ordered_revenue');
