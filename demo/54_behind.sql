-- What stands behind a figure, and what else the run says: methods, one cell traced to its vouchers, items, patients, a form.
\pset title '5a  The methods side by side (分摊方法对比), plan mutual: full cost of the clinical units that differ most'
WITH m AS (SELECT c.* FROM hospital_cost.compare_methods(:'period', 'mutual') c),
	most AS (SELECT m.* FROM m WHERE m.class = 'clinical' ORDER BY m.difference DESC, m.department_code LIMIT 5)
SELECT x.name AS "科室 unit", to_char(x.direct, '99,999,990.00') AS "   直接 direct", to_char(x.step_down, '99,999,990.00') AS "逐级 step-down",
	to_char(x.twice, '99,999,990.00') AS "  二次 double", to_char(x.reciprocal, '999,999,990.00') AS "代数 reciprocal",
	to_char(x.difference, '999,990.00') AS "相差 apart"
FROM (
	SELECT 1, most.department_name, most.direct, most.step_down, most.double, most.reciprocal, most.difference FROM most
	UNION ALL SELECT 2, '合计 total', sum(m.direct), sum(m.step_down), sum(m.double), sum(m.reciprocal),
		greatest(sum(m.direct), sum(m.step_down), sum(m.double), sum(m.reciprocal)) - least(sum(m.direct), sum(m.step_down), sum(m.double), sum(m.reciprocal)) FROM m
) AS x (place, name, direct, step_down, twice, reciprocal, difference) ORDER BY x.place, x.difference DESC;

\pset title '5b  One cell back to its source rows (成本追溯): 人员经费 in the full cost of BQ01, the dearest vouchers of each way it came'
WITH t AS MATERIALIZED (SELECT * FROM hospital_cost.trace_cost(:run, 'BQ01', 'personnel')),
	ranked AS (
		SELECT t.*, row_number() OVER w AS place, sum(t.amount) OVER (PARTITION BY t.path, t.origin_class) AS way
		FROM t WINDOW w AS (PARTITION BY t.path, t.origin_class ORDER BY t.amount DESC, t.source_key)
	)
SELECT x.path AS "路径 path", x.origin AS "来源科室 origin", x.source_key AS "凭证 voucher", to_char(x.booked, '9,999,990.00') AS "  原额 booked",
	to_char(x.amount, '999,990.00000000') AS "计入 in this cell"
FROM (
	SELECT 1 AS part, r.path, r.origin_name AS origin, r.source_key, v.amount AS booked, r.amount, r.way
	FROM ranked r JOIN hrp.voucher_line v ON v.voucher_no = r.source_key WHERE r.place = 1
	UNION ALL SELECT 2, count(*) || ' further rows', NULL, NULL, NULL, sum(r.amount), NULL FROM ranked r WHERE r.place > 1 OR r.source_key IS NULL
	UNION ALL SELECT 3, 'all rows', NULL, NULL, NULL, sum(t.amount), NULL FROM t
	UNION ALL SELECT 4, 'full_cost in department_cost', NULL, NULL, NULL, sum(c.full_cost), NULL FROM hospital_cost.department_cost c
		WHERE c.run_id = :run AND c.department_code = 'BQ01' AND c.cost_item_code = 'personnel'
) x ORDER BY x.part, x.way DESC;

\pset title '5c  Cost of service items (项目成本), hospital: what earns most and what loses most; method ratio_income'
WITH i AS (
	SELECT c.*, s.name, row_number() OVER (ORDER BY c.result DESC, c.item_code) AS best, row_number() OVER (ORDER BY c.result, c.item_code) AS worst
	FROM hospital_cost.item_cost c JOIN hospital_cost.charge_item s ON s.code = c.item_code
	WHERE c.run_id = :run AND c.department_code IS NULL
)
SELECT i.item_code AS "code", i.name AS "项目 item", to_char(i.quantity, '99,990') AS "数量 n", to_char(i.price, '99,990.00') AS "价格 price",
	to_char(i.unit_cost, '99,990.00') AS "单位成本", to_char(i.unit_result, 'S99,990.00') AS "单位收益", to_char(i.result, 'S999,990.00') AS "收益 result",
	to_char(i.break_even_quantity, '999,990') AS "保本量"
FROM i WHERE i.best <= 3 OR i.worst <= 3 ORDER BY i.best;

\pset title '5d  Cost of patients (患者成本), 医疗成本: the three dearest discharged, by what they consumed'
SELECT p.encounter_code AS "就诊", to_char(p.personnel, '99,990.00') AS "人员 staff", to_char(p.drugs, '99,990.00') AS "药品 drugs",
	to_char(p.materials + p.billable_materials, '99,990.00') AS "材料", to_char(p.depreciation + p.amortisation, '99,990.00') AS "折旧摊销",
	to_char(p.risk_fund + p.other, '99,990.00') AS "其他", to_char(p.total, '99,990.00') AS "成本 cost",
	to_char(p.income, '999,990.00') AS "收入 income", to_char(p.income - p.total, 'S999,990.00') AS "收益 result"
FROM hospital_cost.patient_cost p
WHERE p.scope = 'medical' AND p.kind = 'inpatient' AND NOT p.in_progress ORDER BY p.total DESC, p.encounter_code LIMIT 3;

\pset title '5e  Prescribed forms (成本报表), scope 医疗成本: the totals of F06 科室成本分摊汇总表 and F01 医院各科室直接成本表'
SELECT f.row_name AS "F06", to_char(f.direct_cost, '99,999,990.00') AS "直接成本", to_char(f.level1, '99,999,990.00') AS "一级",
	to_char(f.level2, '99,999,990.00') AS "二级", to_char(f.level3, '99,999,990.00') AS "三级", to_char(f.full_cost, '99,999,990.00') AS "全成本"
FROM hospital_cost.form_f06 f
WHERE f.period = :'period' AND f.row_code NOT IN (SELECT d.code FROM hospital_cost.department d) ORDER BY f.row_no;
\pset title
SELECT f.row_name AS "F01", to_char(f.personnel, '99,999,990.00') AS "人员经费", to_char(f.materials, '99,999,990.00') AS "卫生材料",
	to_char(f.drugs, '99,999,990.00') AS "药品", to_char(f.depreciation, '9,999,990.00') AS "折旧", to_char(f.other, '9,999,990.00') AS "其他",
	to_char(f.total, '99,999,990.00') AS "合计"
FROM hospital_cost.form_f01 f
WHERE f.period = :'period' AND f.row_code NOT IN (SELECT d.code FROM hospital_cost.department d) ORDER BY f.row_no;
\pset title '5f  Indicators (成本分析指标), some of indicator()'
SELECT i.name AS "指标", i.unit AS "单位", to_char(i.value, '999,990.00') AS "value" FROM hospital_cost.indicator(:'period') i
WHERE i.code IN ('visit_charge', 'visit_cost', 'bed_day_cost', 'cost_per_100_outpatient_income', 'bed_occupancy', 'length_of_stay', 'material_share', 'break_even_visits')
ORDER BY i.indicator_no;

\pset title '5g  DRG of those who left (DRG成本), 医疗成本, top-down: the groups that balance best and worst, and what failed grouping; payment of insured patients'
WITH g AS (
	SELECT d.*, row_number() OVER (ORDER BY d.result DESC NULLS LAST) AS best, row_number() OVER (ORDER BY d.result) AS worst
	FROM hospital_cost.drg_cost d WHERE d.period = :'period' AND d.scope = 'medical' AND d.method = 'top_down'
)
SELECT coalesce(g.drg_code, '') AS "DRG", coalesce(g.drg_name, '未入组 not grouped') AS "组 group", to_char(g.cases, '9,990') AS "例数",
	to_char(g.average_stay, '990.0') AS "住院日", to_char(g.cmi, '90.00') AS "权重", to_char(g.unit_cost, '99,990.00') AS "单位成本", to_char(g.median_cost, '99,990.00') AS "中位数",
	to_char(g.payment, '9,999,990.00') AS "支付 payment", to_char(g.result, 'S9,999,990.00') AS "结余 result"
FROM g WHERE g.best <= 3 OR g.worst <= 3 OR g.drg_code IS NULL ORDER BY g.drg_code IS NULL, g.best;
\pset title '5h  Activity-based cost (作业成本法) of 放射科 and 内镜中心: where time was left'
SELECT d.name AS "科室", c.resource AS "资源", to_char(c.used, '999,990') AS "已用 used", to_char(c.unused, '999,990') AS "闲置 idle",
	to_char(100 * c.utilisation, '990.0" %"') AS "利用率", to_char(c.idle_cost, '99,990.00') AS "闲置成本"
FROM hospital_cost.idle_capacity c JOIN hospital_cost.department d ON d.code = c.department_code
WHERE c.run_id = :run AND c.kind = 'role' ORDER BY c.department_code, c.idle_cost DESC;
