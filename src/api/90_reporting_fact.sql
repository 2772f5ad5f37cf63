-- 90 reporting: what forms of items, diseases and DRG groups are made of, as _form_department_fact says it of departments.

-- Classes: item; idle, unmatched, excluded: cost that no item has. Funding groups are told by the origin that each begins with.
CREATE OR REPLACE FUNCTION hospital_cost._form_item_fact(period_from date, period_to date)
RETURNS TABLE (in_range boolean, in_year boolean, member text, name text, class text, setting text, measure text, component text,
	origin text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH cost AS MATERIALIZED (
		SELECT c.run_id, c.department_code, c.item_code, c.matched, c.quantity, c.income,
			(ARRAY['own', 'fiscal', 'science_education'])[c.funding_group] AS origin,
			c.personnel, c.materials, c.billable_materials, c.drugs, c.depreciation, c.amortisation, c.risk_fund, c.other
		FROM hospital_cost._run r JOIN hospital_cost._item_cost c ON c.run_id = r.run_id
		WHERE r.official AND r.period BETWEEN _form_item_fact.period_from AND _form_item_fact.period_to
	)
	SELECT true, false, coalesce(c.item_code, ''), NULL, c.matched, '', 'cost', m.component, c.origin, sum(m.amount)
	FROM cost c
	CROSS JOIN LATERAL (VALUES ('personnel', c.personnel), ('materials', c.materials), ('billable_materials', c.billable_materials), ('drugs', c.drugs),
		('depreciation', c.depreciation), ('amortisation', c.amortisation), ('risk_fund', c.risk_fund), ('other', c.other)) AS m (component, amount)
	GROUP BY c.item_code, c.matched, m.component, c.origin
	UNION ALL
	-- Quantity and income stand on every row of an item in a department: they count once. Quantities of several items add up to nothing, so
	-- they have a setting of their own, which lines of totals leave out.
	SELECT true, false, d.item_code, i.name || coalesce('（' || i.unit || '）', ''), 'item', m.setting, m.measure, NULL, NULL, sum(m.amount)
	FROM (SELECT c.run_id, c.department_code, c.item_code, max(c.quantity) AS quantity, max(c.income) AS income
		FROM cost c WHERE c.matched = 'item' GROUP BY c.run_id, c.department_code, c.item_code) d
	JOIN hospital_cost.charge_item i ON i.code = d.item_code
	CROSS JOIN LATERAL (VALUES ('quantity', 'item', d.quantity), ('income', '', d.income)) AS m (measure, setting, amount)
	GROUP BY d.item_code, i.name, i.unit, m.measure, m.setting;
END;

-- Top-down cost of patients discharged in the months. Classes: grouped; failed: no disease, or no group. Settings: the service unit that had the cost.
-- A department that does not say what it is goes by its class and setting, a technical one by what it charges most for; in mode ward_full patients have
-- nothing of technical ones. What was charged is read from the ledger only where the form tells of it.
CREATE OR REPLACE FUNCTION hospital_cost._form_case_fact(object text, period_from date, period_to date, wanted text[])
RETURNS TABLE (in_range boolean, in_year boolean, member text, name text, class text, setting text, measure text, component text,
	origin text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH month AS MATERIALIZED (
		SELECT r.period FROM hospital_cost._run r
		WHERE r.official AND r.period BETWEEN _form_case_fact.period_from AND _form_case_fact.period_to
	), gone AS MATERIALIZED (
		SELECT g.encounter_code, coalesce(x.code, '') AS member, x.name, CASE WHEN x.code IS NULL THEN 'failed' ELSE 'grouped' END AS class,
			g.days, g.income, g.weight, g.payment
		FROM month m
		CROSS JOIN LATERAL hospital_cost._case_group(m.period, _form_case_fact.wanted && '{income}') g
		CROSS JOIN LATERAL (SELECT CASE _form_case_fact.object WHEN 'drg' THEN g.drg_code ELSE g.disease_code END AS code,
			CASE _form_case_fact.object WHEN 'drg' THEN g.drg_name ELSE g.disease_name END AS name) x
	), laboratory AS (
		SELECT t.performing_department_code AS code FROM hospital_cost.charge_total t
		WHERE t.period <= _form_case_fact.period_to AND EXISTS (SELECT FROM hospital_cost._costing k WHERE k.mode = 'service_units')
		GROUP BY t.performing_department_code HAVING sum(t.amount) < 2 * coalesce(sum(t.amount) FILTER (WHERE t.category = '04'), 0)
	), unit AS (
		SELECT d.run_id, d.department_code,
			CASE WHEN u.kind IN ('ward', 'icu', 'theatre') THEN u.kind WHEN u.kind IN ('clinic', 'pharmacy') THEN 'other_unit'
			WHEN d.class = 'technical' THEN CASE WHEN l.code IS NULL THEN 'examination' ELSE 'laboratory' END
			WHEN d.setting = 'inpatient' THEN 'ward' ELSE 'other_unit' END AS kind
		FROM hospital_cost._run_department d
		LEFT JOIN hospital_cost.service_unit u ON u.department_code = d.department_code
		LEFT JOIN laboratory l ON l.code = d.department_code
	), cost AS (
		SELECT g.member, g.class, u.kind, c.funding_group, g.payment IS NOT NULL AS paid, sum(c.personnel) AS personnel, sum(c.materials) AS materials,
			sum(c.billable_materials) AS billable_materials, sum(c.drugs) AS drugs, sum(c.depreciation) AS depreciation,
			sum(c.amortisation) AS amortisation, sum(c.risk_fund) AS risk_fund, sum(c.other) AS other
		FROM month m
		CROSS JOIN LATERAL hospital_cost._case_top_down(m.period) c
		JOIN gone g ON g.encounter_code = c.encounter_code
		LEFT JOIN unit u ON u.run_id = c.run_id AND u.department_code = c.department_code
		GROUP BY g.member, g.class, u.kind, c.funding_group, g.payment IS NOT NULL
	)
	SELECT true, false, c.member, NULL, c.class,
		CASE m.component WHEN 'drugs' THEN 'drugs' WHEN 'billable_materials' THEN 'materials' ELSE coalesce(c.kind, 'other_unit') END,
		k.measure, m.component, (ARRAY['own', 'fiscal', 'science_education'])[c.funding_group], m.amount
	FROM cost c
	CROSS JOIN LATERAL (VALUES ('personnel', c.personnel), ('materials', c.materials), ('billable_materials', c.billable_materials), ('drugs', c.drugs),
		('depreciation', c.depreciation), ('amortisation', c.amortisation), ('risk_fund', c.risk_fund), ('other', c.other)) AS m (component, amount)
	CROSS JOIN (VALUES ('cost'), ('paid_cost')) AS k (measure)
	WHERE k.measure = 'cost' OR c.paid
	UNION ALL
	SELECT true, false, g.member, max(g.name), g.class, '', m.measure, NULL, NULL, sum(m.amount)
	FROM gone g
	CROSS JOIN LATERAL (VALUES ('cases', 1), ('bed_days', g.days), ('income', g.income), ('weight', g.weight), ('payment', g.payment),
		('unpaid_cases', CASE WHEN g.payment IS NULL THEN 1 ELSE 0 END)) AS m (measure, amount)
	GROUP BY g.member, g.class, m.measure;
END;

CREATE OR REPLACE FUNCTION hospital_cost._form_fact(object text, period_from date, period_to date, wanted text[], first date)
RETURNS TABLE (in_range boolean, in_year boolean, member text, name text, class text, setting text, measure text, component text,
	origin text, amount numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF object = 'department' THEN
		RETURN QUERY SELECT * FROM hospital_cost._form_department_fact(period_from, period_to, wanted, first);
	ELSIF object = 'item' THEN
		RETURN QUERY SELECT * FROM hospital_cost._form_item_fact(period_from, period_to);
	ELSE
		RETURN QUERY SELECT * FROM hospital_cost._form_case_fact(object, period_from, period_to, wanted);
	END IF;
END $$;
