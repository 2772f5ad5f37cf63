-- 70 costing: what a disease and a DRG group cost: the cases that were kept, added up. Patients count in the month of discharge with the cost of all
-- months of the stay; what came later is late cost of the month it came in.

-- Each case by method and scope; of a late one the cost and the income of the month alone, and nothing else. A month whose cost objects nobody computed keeps nothing: cost to charge alone can be told, and as things are now.
CREATE OR REPLACE FUNCTION hospital_cost._case_result(period date)
RETURNS TABLE (encounter_code text, late boolean, incomplete boolean, disease_code text, disease_name text, drg_kind text, drg_code text, drg_name text,
	weight numeric, payment numeric, days numeric, income numeric, method text, scope text, total numeric, personnel numeric, materials numeric,
	billable_materials numeric, drugs numeric, depreciation numeric, amortisation numeric, risk_fund numeric, other numeric, uncosted numeric,
	late_cost numeric, late_income numeric)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH r AS MATERIALIZED (
		SELECT r.run_id, r.period, EXISTS (SELECT FROM hospital_cost._costing k WHERE k.run_id = r.run_id) AS costed
		FROM hospital_cost._run r WHERE r.official AND r.period = _case_result.period
	), gone AS MATERIALIZED (
		SELECT c.encounter_code, c.late, c.incomplete, c.disease_code, c.disease_name, c.group_kind, c.group_code, c.group_name, c.weight, c.rate,
			c.admitted_on, c.discharged_on
		FROM hospital_cost._costing_case c WHERE c.run_id = (SELECT r.run_id FROM r)
		UNION ALL
		SELECT f.encounter_code, f.late, false, f.disease_code, f.disease_name, f.group_kind, f.group_code, f.group_name, f.weight, f.rate, f.admitted_on,
			f.discharged_on
		FROM r CROSS JOIN LATERAL hospital_cost._case_fact(r.period, '{}') f WHERE NOT r.costed
	), cost AS MATERIALIZED (
		SELECT c.method, c.encounter_code, c.funding_group, c.personnel, c.materials, c.billable_materials, c.drugs, c.depreciation, c.amortisation,
			c.risk_fund, c.other, c.uncosted, c.income
		FROM hospital_cost._costing_case_cost c WHERE c.run_id = (SELECT r.run_id FROM r)
		UNION ALL
		SELECT c.method, c.encounter_code, c.funding_group, c.personnel, c.materials, c.billable_materials, c.drugs, c.depreciation, c.amortisation,
			c.risk_fund, c.other, c.uncosted, c.income
		FROM r CROSS JOIN LATERAL hospital_cost._case_cost(r.run_id, ARRAY(SELECT g.encounter_code FROM gone g),
			(SELECT hospital_cost._case_first_month(min(g.admitted_on)) FROM gone g)) c
		WHERE NOT r.costed AND c.method = 3
	), wide AS (
		SELECT c.method, c.encounter_code, s.scope, sum(c.personnel) AS personnel, sum(c.materials) AS materials,
			sum(c.billable_materials) AS billable_materials, sum(c.drugs) AS drugs, sum(c.depreciation) AS depreciation,
			sum(c.amortisation) AS amortisation, sum(c.risk_fund) AS risk_fund, sum(c.other) AS other, sum(c.uncosted) AS uncosted
		FROM cost c JOIN hospital_cost._scope s ON c.funding_group <= s.groups
		GROUP BY c.method, c.encounter_code, s.scope
	), earned AS (
		SELECT c.encounter_code, sum(c.income) AS income FROM cost c WHERE c.method = 3 GROUP BY c.encounter_code
	)
	SELECT g.encounter_code, g.late, g.incomplete, g.disease_code, g.disease_name, g.group_kind, g.group_code, g.group_name,
		CASE WHEN NOT g.late THEN g.weight END, CASE WHEN NOT g.late THEN round(g.weight * g.rate, 2) END,
		CASE WHEN NOT g.late THEN greatest(1, g.discharged_on - g.admitted_on)::numeric END, CASE WHEN NOT g.late THEN x.income END,
		(ARRAY['top_down', 'bottom_up', 'cost_to_charge'])[m.method], s.scope, CASE WHEN NOT g.late THEN x.total END,
		coalesce(w.personnel, 0) * x.unit, coalesce(w.materials, 0) * x.unit, coalesce(w.billable_materials, 0) * x.unit, coalesce(w.drugs, 0) * x.unit,
		coalesce(w.depreciation, 0) * x.unit, coalesce(w.amortisation, 0) * x.unit, coalesce(w.risk_fund, 0) * x.unit, coalesce(w.other, 0) * x.unit,
		CASE WHEN NOT g.late THEN coalesce(w.uncosted, 0) * 0.01 END, CASE WHEN g.late THEN x.total END, CASE WHEN g.late THEN x.income END
	FROM r
	CROSS JOIN gone g
	CROSS JOIN generate_series(1, 3) AS m (method)
	CROSS JOIN hospital_cost._scope s
	LEFT JOIN wide w ON w.method = m.method AND w.encounter_code = g.encounter_code AND w.scope = s.scope
	LEFT JOIN earned n ON n.encounter_code = g.encounter_code
	CROSS JOIN LATERAL (SELECT CASE WHEN NOT g.late THEN 0.00000001 END AS unit, coalesce(n.income, 0) * 0.01 AS income, coalesce(w.personnel
		+ w.materials + w.billable_materials + w.drugs + w.depreciation + w.amortisation + w.risk_fund + w.other, 0) * 0.00000001 AS total) x
	WHERE r.costed OR m.method = 3;
END;

-- The median of exact numbers is exact: the mean of the two in the middle.
CREATE OR REPLACE VIEW hospital_cost.disease_cost AS
SELECT r.period, c.method, c.scope, c.disease_code, max(c.disease_name) AS disease_name,
	CASE WHEN c.disease_code IS NULL THEN 'no disease' ELSE 'case' END AS matched, count(c.total) AS cases,
	round(sum(c.total), 2)::numeric(18,2) AS total_cost, round(avg(c.total), 2)::numeric(18,2) AS unit_cost,
	round((percentile_disc(0.5) WITHIN GROUP (ORDER BY c.total) + percentile_disc(0.5) WITHIN GROUP (ORDER BY c.total DESC)) / 2, 2)::numeric(18,2)
		AS median_cost,
	round(sum(c.total - c.drugs - c.billable_materials), 2)::numeric(18,2) AS service_cost,
	round(sum(c.personnel), 2)::numeric(18,2) AS personnel, round(sum(c.materials), 2)::numeric(18,2) AS materials,
	round(sum(c.billable_materials), 2)::numeric(18,2) AS billable_materials, round(sum(c.drugs), 2)::numeric(18,2) AS drugs,
	round(sum(c.depreciation), 2)::numeric(18,2) AS depreciation, round(sum(c.amortisation), 2)::numeric(18,2) AS amortisation,
	round(sum(c.risk_fund), 2)::numeric(18,2) AS risk_fund, round(sum(c.other), 2)::numeric(18,2) AS other,
	sum(c.days) AS bed_days, round(avg(c.days), 2) AS average_stay, sum(c.income)::numeric(18,2) AS income,
	round(sum(c.income - c.total), 2)::numeric(18,2) AS result, sum(c.uncosted)::numeric(18,2) AS uncosted_income,
	coalesce(round(sum(c.late_cost), 2), 0)::numeric(18,2) AS late_cost, coalesce(sum(c.late_income), 0)::numeric(18,2) AS late_income,
	count(*) FILTER (WHERE c.incomplete) AS incomplete_cases
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost._case_result(r.period) c
WHERE r.official
GROUP BY r.period, c.method, c.scope, c.disease_code;

CREATE OR REPLACE VIEW hospital_cost.drg_cost AS
SELECT r.period, c.method, c.scope, c.drg_kind AS kind, c.drg_code, max(c.drg_name) AS drg_name,
	CASE WHEN c.drg_code IS NULL THEN 'not grouped' ELSE 'case' END AS matched, count(c.total) AS cases,
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
	sum(c.payment)::numeric(18,2) AS payment, count(c.total) FILTER (WHERE c.payment IS NULL) AS unpaid_cases,
	round(sum(c.payment - c.total), 2)::numeric(18,2) AS result, round(sum(c.income - c.total), 2)::numeric(18,2) AS income_result,
	sum(c.uncosted)::numeric(18,2) AS uncosted_income,
	coalesce(round(sum(c.late_cost), 2), 0)::numeric(18,2) AS late_cost, coalesce(sum(c.late_income), 0)::numeric(18,2) AS late_income,
	count(*) FILTER (WHERE c.incomplete) AS incomplete_cases
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost._case_result(r.period) c
WHERE r.official
GROUP BY r.period, c.method, c.scope, c.drg_kind, c.drg_code;
