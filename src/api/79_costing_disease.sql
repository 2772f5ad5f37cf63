-- 70 costing: what a disease and a DRG group cost, three ways. Only patients discharged in the month; a stay over months has the cost of all of them.

-- What a department's cost after two levels, without drugs and billable materials, is to what it earned by its services.
CREATE OR REPLACE VIEW hospital_cost.cost_to_charge AS
SELECT c.run_id, r.period, c.department_code, c.funding_group, c.cost::numeric(22,8) AS cost, coalesce(i.income, 0)::numeric(18,2) AS income,
	round(c.cost / nullif(i.income, 0), 6) AS ratio, c.personnel, c.materials, c.depreciation, c.amortisation, c.risk_fund, c.other, r.official
FROM (SELECT x.run_id, x.department_code, x.funding_group, sum(x.amount) AS cost,
		coalesce(sum(x.amount) FILTER (WHERE x.category = 'personnel'), 0) AS personnel,
		coalesce(sum(x.amount) FILTER (WHERE x.category = 'materials'), 0) AS materials,
		coalesce(sum(x.amount) FILTER (WHERE x.category = 'depreciation'), 0) AS depreciation,
		coalesce(sum(x.amount) FILTER (WHERE x.category = 'amortisation'), 0) AS amortisation,
		coalesce(sum(x.amount) FILTER (WHERE x.category = 'risk_fund'), 0) AS risk_fund,
		coalesce(sum(x.amount) FILTER (WHERE x.category = 'other'), 0) AS other
	FROM (SELECT k.run_id, k.department_code, i.category, k.direct + k.level1 + k.level2 AS amount,
			hospital_cost._funding_group(k.cost_class, k.funding_source) AS funding_group
		FROM hospital_cost._department_cost k
		JOIN hospital_cost._run_department d ON d.run_id = k.run_id AND d.department_code = k.department_code AND d.class IN ('clinical', 'technical')
		JOIN hospital_cost._run_cost_item i ON i.run_id = k.run_id AND i.cost_item_code = k.cost_item_code
			AND i.category <> 'drugs' AND NOT (i.category = 'materials' AND i.billable)) x
	GROUP BY x.run_id, x.department_code, x.funding_group) c
JOIN hospital_cost._run r ON r.run_id = c.run_id
LEFT JOIN (SELECT t.period, d.code, sum(t.amount) * 0.01 AS income
	FROM hospital_cost._item_total t
	JOIN hospital_cost.charge_item i ON i.item_id = t.item_id AND i.kind <> 'drug' AND NOT (i.kind = 'material' AND i.billable)
	JOIN hospital_cost.department d ON d.department_id = t.performing_id
	GROUP BY t.period, d.code) i ON i.period = r.period AND i.code = c.department_code;

-- Inpatients discharged in the month.
CREATE OR REPLACE FUNCTION hospital_cost._case_stay(period date)
RETURNS TABLE (encounter_code text, diagnosis_code text, drg_code text, payer text, admitted_on date, discharged_on date, days numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	-- Asked once: inlined, the time zone would be looked up for each encounter.
	WITH z AS MATERIALIZED (
		SELECT z.name, _case_stay.period::timestamp AT TIME ZONE z.name AS starts, (_case_stay.period + interval '1 month') AT TIME ZONE z.name AS ends
		FROM (SELECT hospital_cost.hospital_timezone() AS name) z
	)
	SELECT e.code, e.diagnosis_code, e.drg_code, e.payer, d.first_day, d.last_day, greatest(1, d.last_day - d.first_day)::numeric
	FROM z
	JOIN hospital_cost.encounter e ON e.status = 'active' AND e.kind = 'inpatient' AND e.ended_at >= z.starts AND e.ended_at < z.ends
	CROSS JOIN LATERAL (SELECT (e.started_at AT TIME ZONE z.name)::date AS first_day, (e.ended_at AT TIME ZONE z.name)::date AS last_day) d;
END;

-- The first month that is looked at for what these patients were charged and what they cost: the one before the first of them came, as
-- examinations are charged before admission. Older months are not read, or every figure would take as long as the hospital is old.
CREATE OR REPLACE FUNCTION hospital_cost._case_first_month(period date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT (date_trunc('month', min(s.admitted_on)::timestamp) - interval '1 month')::date
	FROM hospital_cost._case_stay(_case_first_month.period) s);

-- The same with what was charged to them up to the end of the month. Nobody tells the planner how many rows a function returns, so here and below it
-- may not believe that they are few: it hashes, and sorts no half ledger to add it up.
CREATE OR REPLACE FUNCTION hospital_cost._discharged_case(period date, charged boolean DEFAULT true)
RETURNS TABLE (encounter_code text, diagnosis_code text, drg_code text, payer text, discharged_on date, days numeric, income numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET enable_sort = off SET jit = off
BEGIN ATOMIC
	WITH gone AS MATERIALIZED (SELECT * FROM hospital_cost._case_stay(_discharged_case.period))
	SELECT g.encounter_code, g.diagnosis_code, g.drg_code, g.payer, g.discharged_on, g.days, coalesce(c.income, 0)
	FROM gone g
	LEFT JOIN (SELECT l.encounter_code, sum(l.amount) * 0.01 AS income FROM hospital_cost._ledger l
		WHERE _discharged_case.charged AND l.period BETWEEN (SELECT hospital_cost._case_first_month(_discharged_case.period)) AND _discharged_case.period
			AND l.encounter_code IN (SELECT x.encounter_code FROM gone x)
		GROUP BY l.encounter_code) c ON c.encounter_code = g.encounter_code;
END;

-- Lines charged to those patients by month, performing department and item, with the run that says what they cost: null where the month has none.
CREATE OR REPLACE FUNCTION hospital_cost._case_line(period date)
RETURNS TABLE (encounter_code text, run_id int, department_code text, item_code text, component text, quantity numeric, amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET enable_sort = off SET jit = off
BEGIN ATOMIC
	SELECT l.encounter_code, r.run_id, d.code, i.code,
		CASE WHEN i.kind = 'drug' THEN 'drugs' WHEN i.kind = 'material' AND i.billable THEN 'billable_materials' END,
		l.quantity * 0.0001, l.amount * 0.01
	FROM (SELECT x.encounter_code, x.period, x.performing_id, x.item_id, sum(x.quantity) AS quantity, sum(x.amount) AS amount
		FROM hospital_cost._ledger x
		WHERE x.period BETWEEN (SELECT hospital_cost._case_first_month(_case_line.period)) AND _case_line.period
			AND x.encounter_code IN (SELECT c.encounter_code FROM hospital_cost._case_stay(_case_line.period) c)
		GROUP BY x.encounter_code, x.period, x.performing_id, x.item_id) l
	LEFT JOIN hospital_cost._run r ON r.period = l.period AND r.official
	JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
	JOIN hospital_cost.department d ON d.department_id = l.performing_id;
END;

-- What those patients have in the cells.
CREATE OR REPLACE FUNCTION hospital_cost._case_top_down(period date)
RETURNS TABLE (encounter_code text, run_id int, department_code text, funding_group int, personnel numeric, materials numeric,
	billable_materials numeric, drugs numeric, depreciation numeric, amortisation numeric, risk_fund numeric, other numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	SELECT c.encounter_code, c.run_id, c.department_code, c.funding_group::int, c.personnel * 0.00000001, c.materials * 0.00000001,
		c.billable_materials * 0.00000001, c.drugs * 0.00000001, c.depreciation * 0.00000001, c.amortisation * 0.00000001,
		c.risk_fund * 0.00000001, c.other * 0.00000001
	FROM hospital_cost._encounter_cost c
	JOIN hospital_cost._case_stay(_case_top_down.period) g ON g.encounter_code = c.encounter_code
	WHERE c.run_id = ANY (ARRAY(SELECT r.run_id FROM hospital_cost._run r WHERE r.official
		AND r.period BETWEEN (SELECT hospital_cost._case_first_month(_case_top_down.period)) AND _case_top_down.period));
END;

-- Cost of those patients by method, department and funding group. uncosted: what was charged and whose cost nobody computed; top_down does not go by
-- charges, so there it is what was charged in months whose cost objects nobody computed.
CREATE OR REPLACE FUNCTION hospital_cost._case_cost(period date)
RETURNS TABLE (method text, encounter_code text, run_id int, department_code text, funding_group int, personnel numeric, materials numeric,
	billable_materials numeric, drugs numeric, depreciation numeric, amortisation numeric, risk_fund numeric, other numeric, uncosted numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH line AS MATERIALIZED (SELECT * FROM hospital_cost._case_line(_case_cost.period)),
	item AS MATERIALIZED (
		SELECT c.run_id, c.department_code, c.item_code, c.funding_group, max(c.quantity) AS quantity, sum(c.personnel) AS personnel,
			sum(c.materials) AS materials, sum(c.depreciation) AS depreciation, sum(c.amortisation) AS amortisation,
			sum(c.risk_fund) AS risk_fund, sum(c.other) AS other
		FROM hospital_cost._item_cost c
		WHERE c.matched = 'item' AND c.run_id IN (SELECT l.run_id FROM line l)
		GROUP BY c.run_id, c.department_code, c.item_code, c.funding_group
		HAVING max(c.quantity) <> 0
	)
	SELECT 'top_down', c.encounter_code, c.run_id, c.department_code, c.funding_group, c.personnel, c.materials, c.billable_materials, c.drugs,
		c.depreciation, c.amortisation, c.risk_fund, c.other, 0::numeric
	FROM hospital_cost._case_top_down(_case_cost.period) c
	UNION ALL
	SELECT 'top_down', l.encounter_code, l.run_id, l.department_code, 1, 0, 0, 0, 0, 0, 0, 0, 0, l.amount
	FROM line l
	WHERE NOT EXISTS (SELECT FROM hospital_cost._costing k WHERE k.run_id = l.run_id)
	UNION ALL
	-- Drugs and billable materials are sold at what they cost (零加成).
	SELECT m.method, l.encounter_code, l.run_id, l.department_code, 1, 0, 0, CASE l.component WHEN 'billable_materials' THEN l.amount ELSE 0 END,
		CASE l.component WHEN 'drugs' THEN l.amount ELSE 0 END, 0, 0, 0, 0, 0
	FROM line l CROSS JOIN (VALUES ('bottom_up'), ('cost_to_charge')) AS m (method)
	WHERE l.component IS NOT NULL
	UNION ALL
	SELECT 'bottom_up', l.encounter_code, l.run_id, l.department_code, coalesce(i.funding_group, 1), coalesce(l.quantity * i.personnel / i.quantity, 0),
		coalesce(l.quantity * i.materials / i.quantity, 0), 0, 0, coalesce(l.quantity * i.depreciation / i.quantity, 0),
		coalesce(l.quantity * i.amortisation / i.quantity, 0), coalesce(l.quantity * i.risk_fund / i.quantity, 0),
		coalesce(l.quantity * i.other / i.quantity, 0), CASE WHEN i.quantity IS NULL THEN l.amount ELSE 0 END
	FROM line l
	LEFT JOIN item i ON i.run_id = l.run_id AND i.department_code = l.department_code AND i.item_code = l.item_code
	WHERE l.component IS NULL
	UNION ALL
	SELECT 'cost_to_charge', l.encounter_code, l.run_id, l.department_code, coalesce(k.funding_group, 1), coalesce(l.amount * k.personnel / k.income, 0),
		coalesce(l.amount * k.materials / k.income, 0), 0, 0, coalesce(l.amount * k.depreciation / k.income, 0),
		coalesce(l.amount * k.amortisation / k.income, 0), coalesce(l.amount * k.risk_fund / k.income, 0),
		coalesce(l.amount * k.other / k.income, 0), CASE WHEN k.income IS NULL THEN l.amount ELSE 0 END
	FROM (SELECT x.encounter_code, x.run_id, x.department_code, sum(x.amount) AS amount FROM line x WHERE x.component IS NULL GROUP BY 1, 2, 3) l
	LEFT JOIN hospital_cost.cost_to_charge k ON k.run_id = l.run_id AND k.department_code = l.department_code AND k.income <> 0;
END;

-- To which disease and which payment group a case belongs, and what is paid for it. The longest prefix of the main diagnosis wins.
CREATE OR REPLACE FUNCTION hospital_cost._case_group(period date, charged boolean DEFAULT true)
RETURNS TABLE (encounter_code text, disease_code text, disease_name text, drg_kind text, drg_code text, drg_name text, weight numeric, payment numeric,
	days numeric, income numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	SELECT c.encounter_code, d.code, d.name, g.kind, g.code, g.name, g.weight, round(g.weight * p.rate, 2), c.days, c.income
	FROM hospital_cost._discharged_case(_case_group.period, _case_group.charged) c
	LEFT JOIN LATERAL (SELECT x.code, x.name FROM hospital_cost.disease x CROSS JOIN LATERAL unnest(x.diagnosis_codes) AS k (prefix)
		WHERE starts_with(c.diagnosis_code, k.prefix) ORDER BY length(k.prefix) DESC, x.code LIMIT 1) d ON true
	LEFT JOIN hospital_cost.payment_group g ON g.code = c.drg_code AND g.valid @> c.discharged_on AND NOT g.failed
	LEFT JOIN LATERAL (SELECT x.rate FROM hospital_cost.payment_rate x
		WHERE x.kind = g.kind AND x.valid @> c.discharged_on AND (x.payer = c.payer OR x.payer IS NULL) ORDER BY x.payer NULLS LAST LIMIT 1) p ON true;
END;

-- Each case by method and scope. Top-down and bottom-up only where cost_objects() was called for the run of the month.
CREATE OR REPLACE FUNCTION hospital_cost._case_result(period date)
RETURNS TABLE (encounter_code text, disease_code text, disease_name text, drg_kind text, drg_code text, drg_name text, weight numeric, payment numeric,
	days numeric, income numeric, method text, scope text, total numeric, personnel numeric, materials numeric, billable_materials numeric,
	drugs numeric, depreciation numeric, amortisation numeric, risk_fund numeric, other numeric, uncosted numeric)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH cost AS MATERIALIZED (
		SELECT k.method, k.encounter_code, k.funding_group, sum(k.personnel) AS personnel, sum(k.materials) AS materials,
			sum(k.billable_materials) AS billable_materials, sum(k.drugs) AS drugs, sum(k.depreciation) AS depreciation,
			sum(k.amortisation) AS amortisation, sum(k.risk_fund) AS risk_fund, sum(k.other) AS other, sum(k.uncosted) AS uncosted
		FROM hospital_cost._case_cost(_case_result.period) k
		GROUP BY k.method, k.encounter_code, k.funding_group
	), wide AS (
		SELECT c.method, c.encounter_code, s.scope, sum(c.personnel) AS personnel, sum(c.materials) AS materials,
			sum(c.billable_materials) AS billable_materials, sum(c.drugs) AS drugs, sum(c.depreciation) AS depreciation,
			sum(c.amortisation) AS amortisation, sum(c.risk_fund) AS risk_fund, sum(c.other) AS other, sum(c.uncosted) AS uncosted
		FROM cost c JOIN hospital_cost._scope s ON c.funding_group <= s.groups
		GROUP BY c.method, c.encounter_code, s.scope
	)
	SELECT g.encounter_code, g.disease_code, g.disease_name, g.drg_kind, g.drg_code, g.drg_name, g.weight, g.payment, g.days, g.income, m.method, s.scope,
		coalesce(w.personnel + w.materials + w.billable_materials + w.drugs + w.depreciation + w.amortisation + w.risk_fund + w.other, 0),
		coalesce(w.personnel, 0), coalesce(w.materials, 0), coalesce(w.billable_materials, 0), coalesce(w.drugs, 0), coalesce(w.depreciation, 0),
		coalesce(w.amortisation, 0), coalesce(w.risk_fund, 0), coalesce(w.other, 0), coalesce(w.uncosted, 0)
	FROM hospital_cost._run r
	CROSS JOIN hospital_cost._case_group(_case_result.period) g
	CROSS JOIN (VALUES ('top_down'), ('bottom_up'), ('cost_to_charge')) AS m (method)
	CROSS JOIN hospital_cost._scope s
	LEFT JOIN wide w ON w.method = m.method AND w.encounter_code = g.encounter_code AND w.scope = s.scope
	WHERE r.official AND r.period = _case_result.period
		AND (m.method = 'cost_to_charge' OR EXISTS (SELECT FROM hospital_cost._costing k WHERE k.run_id = r.run_id));
END;

-- The median of exact numbers is exact: the mean of the two in the middle.
CREATE OR REPLACE VIEW hospital_cost.disease_cost AS
SELECT r.period, c.method, c.scope, c.disease_code, max(c.disease_name) AS disease_name,
	CASE WHEN c.disease_code IS NULL THEN 'no disease' ELSE 'case' END AS matched, count(*) AS cases,
	round(sum(c.total), 2)::numeric(18,2) AS total_cost, round(avg(c.total), 2)::numeric(18,2) AS unit_cost,
	round((percentile_disc(0.5) WITHIN GROUP (ORDER BY c.total) + percentile_disc(0.5) WITHIN GROUP (ORDER BY c.total DESC)) / 2, 2)::numeric(18,2)
		AS median_cost,
	round(sum(c.total - c.drugs - c.billable_materials), 2)::numeric(18,2) AS service_cost,
	round(sum(c.personnel), 2)::numeric(18,2) AS personnel, round(sum(c.materials), 2)::numeric(18,2) AS materials,
	round(sum(c.billable_materials), 2)::numeric(18,2) AS billable_materials, round(sum(c.drugs), 2)::numeric(18,2) AS drugs,
	round(sum(c.depreciation), 2)::numeric(18,2) AS depreciation, round(sum(c.amortisation), 2)::numeric(18,2) AS amortisation,
	round(sum(c.risk_fund), 2)::numeric(18,2) AS risk_fund, round(sum(c.other), 2)::numeric(18,2) AS other,
	sum(c.days) AS bed_days, round(avg(c.days), 2) AS average_stay, sum(c.income)::numeric(18,2) AS income,
	round(sum(c.income - c.total), 2)::numeric(18,2) AS result, sum(c.uncosted)::numeric(18,2) AS uncosted_income
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost._case_result(r.period) c
WHERE r.official
GROUP BY r.period, c.method, c.scope, c.disease_code;

CREATE OR REPLACE VIEW hospital_cost.drg_cost AS
SELECT r.period, c.method, c.scope, c.drg_kind AS kind, c.drg_code, max(c.drg_name) AS drg_name,
	CASE WHEN c.drg_code IS NULL THEN 'not grouped' ELSE 'case' END AS matched, count(*) AS cases,
	sum(c.weight) AS weight, round(avg(c.weight), 4) AS cmi,
	round(sum(c.total), 2)::numeric(18,2) AS total_cost, round(avg(c.total), 2)::numeric(18,2) AS unit_cost,
	round((percentile_disc(0.5) WITHIN GROUP (ORDER BY c.total) + percentile_disc(0.5) WITHIN GROUP (ORDER BY c.total DESC)) / 2, 2)::numeric(18,2)
		AS median_cost,
	round(sum(c.total - c.drugs - c.billable_materials), 2)::numeric(18,2) AS service_cost,
	round(sum(c.personnel), 2)::numeric(18,2) AS personnel, round(sum(c.materials), 2)::numeric(18,2) AS materials,
	round(sum(c.billable_materials), 2)::numeric(18,2) AS billable_materials, round(sum(c.drugs), 2)::numeric(18,2) AS drugs,
	round(sum(c.depreciation), 2)::numeric(18,2) AS depreciation, round(sum(c.amortisation), 2)::numeric(18,2) AS amortisation,
	round(sum(c.risk_fund), 2)::numeric(18,2) AS risk_fund, round(sum(c.other), 2)::numeric(18,2) AS other,
	sum(c.days) AS bed_days, round(avg(c.days), 2) AS average_stay, sum(c.income)::numeric(18,2) AS income,
	sum(c.payment)::numeric(18,2) AS payment, count(*) FILTER (WHERE c.payment IS NULL) AS unpaid_cases,
	round(sum(c.payment - c.total), 2)::numeric(18,2) AS result, round(sum(c.income - c.total), 2)::numeric(18,2) AS income_result,
	sum(c.uncosted)::numeric(18,2) AS uncosted_income
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost._case_result(r.period) c
WHERE r.official
GROUP BY r.period, c.method, c.scope, c.drg_kind, c.drg_code;
