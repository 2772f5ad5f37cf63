-- The report. Every figure comes out of a view or function of hospital_cost; run it again after any change.
\set QUIET on
\pset pager off
\pset format aligned
\pset linestyle unicode
\pset border 1
\pset footer off
\pset null ''
SET timezone = 'Asia/Shanghai';
\set period '2025-03-01'
SELECT max(d.run_id) AS run FROM hospital_cost.department_cost d WHERE d.period = :'period' \gset

\pset title '1  The month in numbers (本月概况)'
WITH fee AS MATERIALIZED (
	SELECT l.encounter_code, count(*) AS entries, sum(l.amount) AS amount
	FROM hospital_cost.ledger l WHERE l.period = :'period' GROUP BY 1
), account AS MATERIALIZED (
	SELECT e.kind, e.payer LIKE '%医保' AS insured, count(*) AS encounters, sum(f.entries) AS entries, sum(f.amount) AS amount
	FROM fee f JOIN hospital_cost.encounter e ON e.code = f.encounter_code GROUP BY 1, 2
), work AS MATERIALIZED (
	SELECT w.measure, sum(w.quantity) AS quantity FROM hospital_cost.workload w WHERE w.period = :'period' GROUP BY 1
)
SELECT x.what AS "指标", lpad(x.figure, 16) AS "figure" FROM (
	SELECT 1, '门急诊收据 outpatient and emergency receipts', to_char(sum(encounters) FILTER (WHERE kind <> 'inpatient'), 'FM999,999,990') FROM account
	UNION ALL SELECT 2, '入院 admissions', to_char(sum(quantity), 'FM999,999,990') FROM work WHERE measure = 'admissions'
	UNION ALL SELECT 3, '出院结算 discharges settled', to_char(sum(quantity), 'FM999,999,990') FROM work WHERE measure = 'discharges'
	UNION ALL SELECT 4, '实际占用床日 occupied bed-days at 24:00', to_char(sum(quantity), 'FM999,999,990') FROM work WHERE measure = 'bed_days'
	UNION ALL SELECT 5, '平均住院日 mean length of stay, days', to_char(avg(hospital_cost.hospital_day(e.ended_at) - hospital_cost.hospital_day(e.started_at)), 'FM990.0')
		FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' AND hospital_cost.period_of(hospital_cost.hospital_day(e.ended_at)) = :'period'
	UNION ALL SELECT 6, '总账分录 ledger entries', to_char(sum(entries), 'FM999,999,990') FROM account
	UNION ALL SELECT 7, '医疗收入 revenue, yuan', to_char(sum(t.amount), 'FM999,999,990.00') FROM hospital_cost.charge_total t WHERE t.period = :'period'
	UNION ALL SELECT 8, '  of it 住院 inpatient', to_char(sum(t.amount), 'FM999,999,990.00')
		FROM hospital_cost.charge_total t WHERE t.period = :'period' AND t.setting = 'inpatient'
	UNION ALL SELECT 9, '  of it 药品 drugs', to_char(sum(t.amount), 'FM999,999,990.00')
		FROM hospital_cost.charge_total t WHERE t.period = :'period' AND t.category IN ('09', '10', '11')
	UNION ALL SELECT 10, '医保 insured share of encounters', to_char(100.0 * sum(encounters) FILTER (WHERE insured) / sum(encounters), 'FM990.0" %"') FROM account
	UNION ALL SELECT 11, '  of revenue', to_char(100.0 * sum(amount) FILTER (WHERE insured) / sum(amount), 'FM990.0" %"') FROM account
) AS x (place, what, figure) ORDER BY x.place;

\pset title '   Peak half hours of arrival (高峰时段), outpatient and emergency'
WITH slot AS (
	SELECT to_char(date_bin('30 minutes', e.started_at, '2025-03-01 00:00+08'), 'HH24:MI') AS slot, count(*) AS visits
	FROM hospital_cost.encounter e
	WHERE e.kind IN ('outpatient', 'emergency') AND e.status = 'active' AND hospital_cost.period_of(hospital_cost.hospital_day(e.started_at)) = :'period'
	GROUP BY 1
), peak AS (SELECT s.*, sum(s.visits) OVER () AS total, rank() OVER (ORDER BY s.visits DESC, s.slot) AS place FROM slot s)
SELECT p.slot AS "from", p.visits AS "人次", round(100 * p.visits / p.total, 1) AS "%", repeat('█', round(200 * p.visits / p.total)::int) AS "share of the day"
FROM peak p WHERE p.place <= 6 ORDER BY p.slot;

\pset title '2  Findings (疑点) by rule, and rows that are not clean (数据问题)'
\ir 51_findings.sql

\set heading '3  Three-level allocation (四类三级分摊), yuan: run ' :run
\pset title :heading
WITH cost AS (
	SELECT d.department_code AS code, d.department_name AS name, d.class, sum(d.direct) AS direct, sum(d.level1) AS level1,
		sum(d.level2) AS level2, sum(d.level3) AS level3, sum(d.sent) AS sent, sum(d.full_cost) AS full_cost
	FROM hospital_cost.department_cost d WHERE d.run_id = :run GROUP BY 1, 2, 3
), line AS (
	SELECT coalesce(array_position(ARRAY['clinical', 'technical', 'auxiliary', 'administrative'], c.class), 5) AS place, c.class, c.code,
		CASE WHEN grouping(c.class) = 1 THEN '合计 total' WHEN grouping(c.code) = 1 THEN CASE c.class WHEN 'clinical' THEN '临床服务类 小计'
			WHEN 'technical' THEN '医疗技术类 小计' WHEN 'auxiliary' THEN '医疗辅助类 小计' WHEN 'administrative' THEN '行政后勤类 小计' ELSE c.class END
			ELSE coalesce(c.name, '医院层面 hospital level') END AS name,
		grouping(c.class) AS is_total, grouping(c.code) AS is_sum,
		sum(c.direct) AS direct, sum(c.level1) AS level1, sum(c.level2) AS level2, sum(c.level3) AS level3, sum(c.sent) AS sent, sum(c.full_cost) AS full_cost
	FROM cost c GROUP BY GROUPING SETS ((c.class, c.code, c.name), (c.class), ())
)
SELECT CASE WHEN l.is_sum = 1 THEN '' ELSE l.code END AS "code", l.name AS "科室 unit", to_char(l.direct, '99,999,990.00') AS "   直接 direct",
	to_char(l.level1, '9,999,990.00') AS " 一级 level 1", to_char(l.level2, '9,999,990.00') AS " 二级 level 2",
	to_char(l.level3, '99,999,990.00') AS "  三级 level 3", to_char(-l.sent, '99,999,990.00') AS "     分出 sent",
	to_char(l.full_cost, '99,999,990.00') AS "   全成本 full"
FROM line l WHERE l.class IS NOT NULL OR l.is_sum = 0 OR l.is_total = 1
ORDER BY l.is_total, l.place, l.is_sum, l.code;

\pset title '4a  Cost of a visit (诊次成本), yuan: three scopes; cost without drugs and billed materials, income and result in scope 医疗成本'
\set view visit_cost
\ir 52_unit_cost.sql
\pset title '4b  Cost of a bed-day (床日成本), yuan'
\set view bed_day_cost
\ir 52_unit_cost.sql

\ir 54_behind.sql

\ir 55_cashier.sql

\pset title '7  The proof (勾稽): charges of the HIS = ledger = totals, to the cent'
\ir 53_proof.sql
\pset title
