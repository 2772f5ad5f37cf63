-- 70 costing: what a visit and a bed-day cost. Everything is a roll-up of the cells of a run, so it ties to them.

-- The one place that knows which cost belongs to which scope (成本范围): a scope is the sum of groups 1 to n.
CREATE OR REPLACE FUNCTION hospital_cost._funding_group(cost_class text, funding_source text) RETURNS int
AS 'MODULE_PATHNAME', 'hc_funding_group'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE OR REPLACE VIEW hospital_cost._scope AS
SELECT s.scope, s.groups FROM (VALUES ('medical', 1), ('medical_full', 2), ('hospital_full', 3)) AS s (scope, groups);

-- Full cost of clinical units by object and scope; with drugs and billable materials apart. Scopes (成本范围) are sets of funding
-- sources and cost classes: 医疗成本 ⊂ 医疗全成本 ⊂ 医院全成本. A unit without cost in a scope has a row, its amounts null.
CREATE OR REPLACE VIEW hospital_cost._unit_cost_base AS
SELECT r.run_id, r.period, r.official, o.object, d.department_code, s.scope,
	sum(c.full_cost) AS total_cost,
	sum(c.full_cost) FILTER (WHERE i.category = 'drugs') AS drugs,
	sum(c.full_cost) FILTER (WHERE i.category = 'materials' AND i.billable) AS billable_materials
FROM hospital_cost._run r
JOIN hospital_cost._run_department d ON d.run_id = r.run_id AND d.class = 'clinical'
JOIN (VALUES ('outpatient', 'visit'), ('emergency', 'visit'), ('inpatient', 'bed_day')) AS o (setting, object) ON o.setting = d.setting
CROSS JOIN hospital_cost._scope s
LEFT JOIN hospital_cost._department_cost c ON c.run_id = d.run_id AND c.department_code = d.department_code
	AND s.groups >= hospital_cost._funding_group(c.cost_class, c.funding_source)
LEFT JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code
GROUP BY r.run_id, r.period, r.official, o.object, d.department_code, s.scope;

-- Income of a clinical unit: what was charged on its orders, whoever performed it, as its full cost holds what others did for it.
CREATE OR REPLACE VIEW hospital_cost._unit_income AS
SELECT t.period, coalesce(od.code, pd.code) AS department_code, sum(t.amount) * 0.01 AS income
FROM hospital_cost._item_total t
JOIN hospital_cost.department pd ON pd.department_id = t.performing_id
LEFT JOIN hospital_cost.department od ON od.department_id = t.ordering_id
GROUP BY t.period, coalesce(od.code, pd.code);

CREATE OR REPLACE VIEW hospital_cost._unit_cost AS
WITH unit AS (
	SELECT b.run_id, b.period, b.official, b.object, b.department_code, b.scope, coalesce(b.total_cost, 0) AS total_cost, coalesce(b.drugs, 0) AS drugs,
		coalesce(b.billable_materials, 0) AS billable_materials, coalesce(w.quantity, 0) AS quantity, coalesce(n.income, 0) AS income
	FROM hospital_cost._unit_cost_base b
	LEFT JOIN hospital_cost.workload w ON w.period = b.period AND w.department_code = b.department_code
		AND w.measure = CASE b.object WHEN 'visit' THEN 'visits' ELSE 'bed_days' END
	LEFT JOIN hospital_cost._unit_income n ON n.period = b.period AND n.department_code = b.department_code
	-- Who sees patients counts among the units, whether he has cost in this scope or not.
	WHERE b.total_cost IS NOT NULL OR w.quantity <> 0 OR n.income <> 0
), total AS (
	SELECT u.run_id, u.period, u.official, u.object, u.department_code, u.scope, sum(u.quantity) AS quantity,
		sum(u.total_cost) AS total_cost, sum(u.drugs) AS drugs, sum(u.billable_materials) AS billable_materials, sum(u.income) AS income
	FROM unit u
	GROUP BY GROUPING SETS ((u.run_id, u.period, u.official, u.object, u.scope, u.department_code),
		(u.run_id, u.period, u.official, u.object, u.scope))
)
SELECT t.object, t.run_id, t.period, t.department_code, t.scope,
	t.quantity::numeric(16,4) AS quantity, t.total_cost::numeric(18,2) AS total_cost,
	round(t.total_cost / nullif(t.quantity, 0), 2)::numeric(18,2) AS unit_cost,
	round((t.total_cost - t.drugs) / nullif(t.quantity, 0), 2)::numeric(18,2) AS unit_cost_without_drugs,
	round((t.total_cost - t.drugs - t.billable_materials) / nullif(t.quantity, 0), 2)::numeric(18,2) AS unit_cost_without_drugs_and_materials,
	round(t.income / nullif(t.quantity, 0), 2)::numeric(18,2) AS unit_income,
	round((t.income - t.total_cost) / nullif(t.quantity, 0), 2)::numeric(18,2) AS unit_result,
	t.income::numeric(18,2) AS income, t.official
FROM total t;

CREATE OR REPLACE VIEW hospital_cost.visit_cost AS
SELECT u.run_id, u.period, u.department_code, u.scope, u.quantity, u.total_cost, u.unit_cost, u.unit_cost_without_drugs,
	u.unit_cost_without_drugs_and_materials, u.unit_income, u.unit_result, u.income, u.official
FROM hospital_cost._unit_cost u WHERE u.object = 'visit';

CREATE OR REPLACE VIEW hospital_cost.bed_day_cost AS
SELECT u.run_id, u.period, u.department_code, u.scope, u.quantity, u.total_cost, u.unit_cost, u.unit_cost_without_drugs,
	u.unit_cost_without_drugs_and_materials, u.unit_income, u.unit_result, u.income, u.official
FROM hospital_cost._unit_cost u WHERE u.object = 'bed_day';
