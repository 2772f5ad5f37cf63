-- 70 costing, service items: what an item costs.

CREATE OR REPLACE FUNCTION hospital_cost._item_cost_rows(run int, method text DEFAULT NULL,
	OUT department_code text, OUT method text, OUT funding_group smallint, OUT matched text, OUT item_code text, OUT activity_code text,
	OUT resource text, OUT quantity numeric, OUT used numeric, OUT income numeric, OUT list_price numeric, OUT personnel numeric,
	OUT materials numeric, OUT billable_materials numeric, OUT drugs numeric, OUT depreciation numeric, OUT amortisation numeric,
	OUT risk_fund numeric, OUT other numeric, OUT variable_cost numeric, OUT supplied numeric)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_item_cost_rows'
LANGUAGE C STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp;

-- Those of departments whose inputs differ from what _item_costing has; their old rows go.
CREATE OR REPLACE FUNCTION hospital_cost._item_cost_due(run int,
	OUT department_code text, OUT method text, OUT funding_group smallint, OUT matched text, OUT item_code text, OUT activity_code text,
	OUT resource text, OUT quantity numeric, OUT used numeric, OUT income numeric, OUT list_price numeric, OUT personnel numeric,
	OUT materials numeric, OUT billable_materials numeric, OUT drugs numeric, OUT depreciation numeric, OUT amortisation numeric,
	OUT risk_fund numeric, OUT other numeric, OUT variable_cost numeric, OUT supplied numeric)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_item_cost_due'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE FUNCTION hospital_cost._item_cost_facts(run int)
RETURNS TABLE (department_code text, quantities bytea, parameters bytea)
AS 'MODULE_PATHNAME', 'hc_item_cost_facts'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE FUNCTION hospital_cost._compute_item_cost(run int) RETURNS void
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost._item_cost (run_id, department_code, method, funding_group, matched, item_code, activity_code, resource, quantity, used,
		income, list_price, personnel, materials, billable_materials, drugs, depreciation, amortisation, risk_fund, other, variable_cost, supplied)
	SELECT _compute_item_cost.run, x.department_code, x.method, x.funding_group, x.matched, x.item_code, x.activity_code, x.resource, x.quantity, x.used,
		x.income, x.list_price, x.personnel, x.materials, x.billable_materials, x.drugs, x.depreciation, x.amortisation, x.risk_fund, x.other,
		x.variable_cost, x.supplied
	FROM hospital_cost._item_cost_due(_compute_item_cost.run) x;
END;

-- By scope: each adds a funding group. Quantity and income stand on every row of an item, the cost of its activities adds up.
CREATE OR REPLACE VIEW hospital_cost._item_cost_unit AS
SELECT c.run_id, s.scope, c.department_code, c.method, c.matched, c.item_code,
	max(c.quantity) FILTER (WHERE c.item_code IS NOT NULL) AS quantity, max(c.income) AS income, max(c.list_price) AS list_price,
	sum(c.personnel) AS personnel, sum(c.materials) AS materials, sum(c.billable_materials) AS billable_materials, sum(c.drugs) AS drugs,
	sum(c.depreciation) AS depreciation, sum(c.amortisation) AS amortisation, sum(c.risk_fund) AS risk_fund, sum(c.other) AS other,
	sum(c.variable_cost) AS variable_cost
FROM hospital_cost._item_cost c
JOIN hospital_cost._scope s ON c.funding_group <= s.groups
GROUP BY c.run_id, s.scope, c.department_code, c.method, c.matched, c.item_code;

-- Departments, and the hospital: an item done in several departments has the mean of their unit costs, weighted by quantity. Two branches and not
-- GROUPING SETS, through which a filter on run_id would not reach the table.
CREATE OR REPLACE VIEW hospital_cost.item_cost_scope AS
WITH unit AS NOT MATERIALIZED (
	SELECT u.run_id, u.scope, u.department_code, u.method, u.matched, u.item_code, u.quantity, u.income, u.list_price, u.personnel, u.materials,
		u.billable_materials, u.drugs, u.depreciation, u.amortisation, u.risk_fund, u.other, u.variable_cost
	FROM hospital_cost._item_cost_unit u
	UNION ALL
	SELECT u.run_id, u.scope, NULL COLLATE "C", CASE WHEN min(u.method) = max(u.method) THEN min(u.method) ELSE 'mixed' END, u.matched, u.item_code,
		sum(u.quantity), sum(u.income), max(u.list_price), sum(u.personnel), sum(u.materials), sum(u.billable_materials), sum(u.drugs),
		sum(u.depreciation), sum(u.amortisation), sum(u.risk_fund), sum(u.other), sum(u.variable_cost)
	FROM hospital_cost._item_cost_unit u
	GROUP BY u.run_id, u.scope, u.matched, u.item_code
)
SELECT u.run_id, r.period, u.department_code, u.item_code, u.method, u.quantity::numeric(18,4) AS quantity,
	t.total::numeric(22,8) AS total_cost, p.unit_cost::numeric(24,6) AS unit_cost,
	u.personnel::numeric(22,8) AS personnel, u.materials::numeric(22,8) AS materials, u.billable_materials::numeric(22,8) AS billable_materials,
	u.drugs::numeric(22,8) AS drugs, u.depreciation::numeric(22,8) AS depreciation, u.amortisation::numeric(22,8) AS amortisation,
	u.risk_fund::numeric(22,8) AS risk_fund, u.other::numeric(22,8) AS other,
	p.price::numeric(24,6) AS price, (p.price - p.unit_cost)::numeric(24,6) AS unit_result,
	CASE WHEN u.matched = 'item' THEN (u.income - t.total)::numeric(22,8) END AS result,
	round((p.price - p.unit_cost) / nullif(p.price, 0), 6) AS margin,
	CASE WHEN p.price > p.unit_variable THEN round((t.total - u.variable_cost) / (p.price - p.unit_variable), 4) END AS break_even_quantity,
	u.matched, u.scope, u.income::numeric(18,2) AS income, u.list_price, u.variable_cost::numeric(22,8) AS variable_cost,
	p.unit_variable::numeric(24,6) AS unit_variable_cost, r.official
FROM unit u
JOIN hospital_cost._run r ON r.run_id = u.run_id
CROSS JOIN LATERAL (
	SELECT u.personnel + u.materials + u.billable_materials + u.drugs + u.depreciation + u.amortisation + u.risk_fund + u.other AS total) t
CROSS JOIN LATERAL (SELECT
	CASE WHEN u.matched = 'item' THEN t.total / nullif(u.quantity, 0) END AS unit_cost,
	CASE WHEN u.matched = 'item' THEN u.variable_cost / nullif(u.quantity, 0) END AS unit_variable,
	CASE WHEN u.quantity <> 0 AND u.income <> 0 THEN u.income / u.quantity ELSE u.list_price END AS price) p;

CREATE OR REPLACE VIEW hospital_cost.item_cost AS
SELECT s.run_id, s.period, s.department_code, s.item_code, s.method, s.quantity, s.total_cost, s.unit_cost, s.personnel, s.materials,
	s.billable_materials, s.drugs, s.depreciation, s.amortisation, s.risk_fund, s.other, s.price, s.unit_result, s.result, s.margin,
	s.break_even_quantity, s.matched, s.income, s.list_price, s.variable_cost, s.unit_variable_cost, s.official
FROM hospital_cost.item_cost_scope s WHERE s.scope = 'medical';

-- What activities cost, and what of them no item caused.
CREATE OR REPLACE VIEW hospital_cost.activity_cost AS
SELECT c.run_id, r.period, c.department_code, c.activity_code, a.name AS activity_name, c.item_code, c.matched, max(c.quantity) AS quantity,
	sum(c.personnel + c.materials + c.depreciation + c.amortisation + c.risk_fund + c.other)::numeric(22,8) AS total_cost,
	sum(c.personnel)::numeric(22,8) AS personnel, sum(c.materials)::numeric(22,8) AS materials, sum(c.depreciation)::numeric(22,8) AS depreciation,
	sum(c.amortisation)::numeric(22,8) AS amortisation, sum(c.risk_fund)::numeric(22,8) AS risk_fund, sum(c.other)::numeric(22,8) AS other, r.official
FROM hospital_cost._item_cost c
JOIN hospital_cost._run r ON r.run_id = c.run_id
LEFT JOIN hospital_cost.activity a ON a.department_code = c.department_code AND a.code = c.activity_code
WHERE c.funding_group = 1 AND c.activity_code IS NOT NULL
GROUP BY c.run_id, r.period, c.department_code, c.activity_code, a.name, c.item_code, c.matched, r.official;

CREATE OR REPLACE VIEW hospital_cost.idle_capacity AS
SELECT c.run_id, r.period, c.department_code, split_part(c.resource, ':', 1) AS kind, substr(c.resource, strpos(c.resource, ':') + 1) AS resource,
	c.quantity AS capacity, c.used, CASE WHEN c.quantity > 0 THEN c.quantity - c.used END AS unused, c.supplied AS cost,
	round(c.supplied / nullif(c.quantity, 0), 8) AS rate, round(c.used / nullif(c.quantity, 0), 6) AS utilisation,
	c.personnel + c.materials + c.depreciation + c.amortisation + c.risk_fund + c.other AS idle_cost, r.official
FROM hospital_cost._item_cost c
JOIN hospital_cost._run r ON r.run_id = c.run_id
WHERE c.funding_group = 1 AND c.matched = 'idle' AND c.resource IS NOT NULL;
