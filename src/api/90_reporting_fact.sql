-- 90 reporting: what forms of items, diseases and DRG groups are made of, as _form_department_fact says it of departments.

-- Classes: item; idle, unmatched, excluded: cost that no item has. Funding groups are told by the origin that each begins with. The measure cost is exact
-- and for unit costs; whole_cost is to the cent, rounded in each run so that items and the rest add up (largest remainder).
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
	SELECT true, false, x.member, NULL, x.matched, '', 'whole_cost', NULL, x.origin,
		sum(floor(x.cents) + CASE WHEN x.place <= round(x.total) - x.floors THEN 1 ELSE 0 END) * 0.01
	FROM (SELECT t.*, row_number() OVER (w ORDER BY t.cents - floor(t.cents) DESC, t.matched, t.member) AS place, sum(t.cents) OVER w AS total,
			sum(floor(t.cents)) OVER w AS floors
		FROM (SELECT c.run_id, coalesce(c.item_code, '') AS member, c.matched, c.origin, sum(c.personnel + c.materials + c.billable_materials + c.drugs
				+ c.depreciation + c.amortisation + c.risk_fund + c.other) * 100 AS cents
			FROM cost c GROUP BY 1, 2, 3, 4) t
		WINDOW w AS (PARTITION BY t.run_id, t.origin)) x
	GROUP BY x.member, x.matched, x.origin
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

-- Top-down cost of the cases of the months, as it was kept. Classes: grouped; failed: no disease, or no group; late: cost and income of the months for
-- patients who had left before. Settings: the service unit that had the cost. Money is told to the cent: in each month a disease or group has the cent
-- that is nearest in every scope, and its parts are rounded so that they add up to it (largest remainder).
CREATE OR REPLACE FUNCTION hospital_cost._form_case_fact(object text, period_from date, period_to date)
RETURNS TABLE (in_range boolean, in_year boolean, member text, name text, class text, setting text, measure text, component text,
	origin text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH gone AS MATERIALIZED (
		SELECT r.run_id, c.encounter_code, CASE WHEN c.late THEN '' ELSE coalesce(x.code, '') END AS member, x.name,
			CASE WHEN c.late THEN 'late' WHEN x.code IS NULL THEN 'failed' ELSE 'grouped' END AS class,
			greatest(1, c.discharged_on - c.admitted_on)::numeric AS days, c.weight, round(c.weight * c.rate, 2) AS payment
		FROM hospital_cost._run r
		JOIN hospital_cost._costing_case c ON c.run_id = r.run_id
		CROSS JOIN LATERAL (SELECT CASE _form_case_fact.object WHEN 'drg' THEN c.group_code ELSE c.disease_code END AS code,
			CASE _form_case_fact.object WHEN 'drg' THEN c.group_name ELSE c.disease_name END AS name) x
		WHERE r.official AND r.period BETWEEN _form_case_fact.period_from AND _form_case_fact.period_to
	), cost AS (
		SELECT g.run_id, g.member, g.class, c.unit, c.funding_group, g.payment IS NOT NULL AND g.class <> 'late' AS paid, sum(c.personnel) AS personnel,
			sum(c.materials) AS materials, sum(c.billable_materials) AS billable_materials, sum(c.drugs) AS drugs, sum(c.depreciation) AS depreciation,
			sum(c.amortisation) AS amortisation, sum(c.risk_fund) AS risk_fund, sum(c.other) AS other
		FROM gone g
		JOIN hospital_cost._costing_case_cost c ON c.run_id = g.run_id AND c.encounter_code = g.encounter_code AND c.method = 1
		GROUP BY g.run_id, g.member, g.class, c.unit, c.funding_group, g.payment IS NOT NULL AND g.class <> 'late'
	), part AS (
		SELECT c.run_id, c.member, c.class, c.funding_group, c.paid, m.component,
			CASE m.component WHEN 'drugs' THEN 'drugs' WHEN 'billable_materials' THEN 'materials' ELSE coalesce(nullif(c.unit, ''), 'other_unit') END AS setting,
			sum(m.amount) * 0.000001 AS cents
		FROM cost c
		CROSS JOIN LATERAL (VALUES ('personnel', c.personnel), ('materials', c.materials), ('billable_materials', c.billable_materials), ('drugs', c.drugs),
			('depreciation', c.depreciation), ('amortisation', c.amortisation), ('risk_fund', c.risk_fund), ('other', c.other)) AS m (component, amount)
		WHERE m.amount <> 0
		GROUP BY 1, 2, 3, 4, 5, 6, 7
	), ladder AS (
		-- Scopes are sums of groups, so each group has what its scope adds to the one before, in whole cents.
		SELECT t.run_id, t.member, t.class, t.funding_group, round(t.upto) - round(t.upto - t.cents) AS cents
		FROM (SELECT x.*, sum(x.cents) OVER (PARTITION BY x.run_id, x.member, x.class ORDER BY x.funding_group) AS upto
			FROM (SELECT p.run_id, p.member, p.class, p.funding_group, sum(p.cents) AS cents FROM part p GROUP BY 1, 2, 3, 4) x) t
	), rounded AS (
		SELECT p.member, p.class, p.funding_group, p.paid, p.setting, p.component, floor(p.cents)
			+ CASE WHEN row_number() OVER (w ORDER BY p.cents - floor(p.cents) DESC, p.setting, p.component, p.paid) <= l.cents - sum(floor(p.cents)) OVER w
				THEN 1 ELSE 0 END AS cents
		FROM part p
		JOIN ladder l ON l.run_id = p.run_id AND l.member = p.member AND l.class = p.class AND l.funding_group = p.funding_group
		WINDOW w AS (PARTITION BY p.run_id, p.member, p.class, p.funding_group)
	)
	SELECT true, false, c.member, NULL, c.class, c.setting, k.measure, c.component, (ARRAY['own', 'fiscal', 'science_education'])[c.funding_group],
		c.cents * 0.01
	FROM rounded c
	CROSS JOIN (VALUES ('cost'), ('paid_cost')) AS k (measure)
	WHERE k.measure = 'cost' OR c.paid
	UNION ALL
	SELECT true, false, g.member, NULL, g.class, '', 'income', NULL, NULL, sum(c.income) * 0.01
	FROM gone g
	JOIN hospital_cost._costing_case_cost c ON c.run_id = g.run_id AND c.encounter_code = g.encounter_code AND c.method = 3
	GROUP BY g.member, g.class
	UNION ALL
	SELECT true, false, g.member, max(g.name), g.class, '', m.measure, NULL, NULL, sum(m.amount)
	FROM gone g
	CROSS JOIN LATERAL (VALUES ('cases', 1), ('bed_days', g.days), ('weight', g.weight), ('payment', g.payment),
		('unpaid_cases', CASE WHEN g.payment IS NULL THEN 1 ELSE 0 END)) AS m (measure, amount)
	WHERE g.class <> 'late'
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
		RETURN QUERY SELECT * FROM hospital_cost._form_case_fact(object, period_from, period_to);
	END IF;
END $$;
