-- 70 costing, cases: inpatients discharged in a month, what they are and what they cost, three ways. cost_objects keeps both, so a month that was told
-- stays as it was told, and reading it is adding up.

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

-- What cases are now: inpatients discharged in the month, and of others ("also") those who left before it. A disease (病种) is a diagnosis and, if it
-- says so, a treatment: the longest prefix of the main diagnosis wins, then that of the main procedure.
CREATE OR REPLACE FUNCTION hospital_cost._case_fact(period date, also text[])
RETURNS TABLE (encounter_code text, department_code text, diagnosis_code text, procedure_code text, drg_code text, payer text, price_class text,
	admitted_on date, discharged_on date, late boolean, disease_code text, disease_name text, group_kind text, group_code text, group_name text,
	weight numeric, rate numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	-- Asked once: inlined, the time zone would be looked up for each encounter.
	WITH z AS MATERIALIZED (
		SELECT z.name, _case_fact.period::timestamp AT TIME ZONE z.name AS starts, (_case_fact.period + interval '1 month') AT TIME ZONE z.name AS ends
		FROM (SELECT hospital_cost.hospital_timezone() AS name) z
	), gone AS MATERIALIZED (
		SELECT e.code, e.department_code, e.diagnosis_code, e.procedure_code, e.drg_code, e.payer, e.price_class,
			(e.started_at AT TIME ZONE z.name)::date AS admitted_on, (e.ended_at AT TIME ZONE z.name)::date AS discharged_on, e.ended_at < z.starts AS late
		FROM z
		JOIN hospital_cost.encounter e ON e.status = 'active' AND e.kind = 'inpatient' AND e.ended_at < z.ends
			AND (e.ended_at >= z.starts OR e.code IN (SELECT u.code FROM unnest(_case_fact.also) AS u (code)))
	), treated AS (
		SELECT DISTINCT ON (t.diagnosis_code, t.procedure_code) t.diagnosis_code, t.procedure_code, x.code, x.name
		FROM (SELECT DISTINCT g.diagnosis_code, g.procedure_code FROM gone g) t
		CROSS JOIN hospital_cost.disease x
		CROSS JOIN LATERAL unnest(x.diagnosis_codes) AS k (prefix)
		LEFT JOIN LATERAL unnest(x.procedure_codes) AS p (prefix) ON starts_with(t.procedure_code, p.prefix)
		WHERE starts_with(t.diagnosis_code, k.prefix) AND (x.procedure_codes IS NULL OR p.prefix IS NOT NULL)
		ORDER BY t.diagnosis_code, t.procedure_code, length(k.prefix) DESC, length(p.prefix) DESC NULLS LAST, x.code
	)
	SELECT g.code, g.department_code, g.diagnosis_code, g.procedure_code, g.drg_code, g.payer, g.price_class, g.admitted_on, g.discharged_on, g.late,
		d.code, d.name, x.kind, x.code, x.name, x.weight, p.rate
	FROM gone g
	LEFT JOIN treated d ON d.diagnosis_code = g.diagnosis_code AND d.procedure_code IS NOT DISTINCT FROM g.procedure_code
	LEFT JOIN hospital_cost.payment_group x ON x.code = g.drg_code AND x.valid @> g.discharged_on AND NOT x.failed
	LEFT JOIN LATERAL (SELECT r.rate FROM hospital_cost.payment_rate r
		WHERE r.kind = x.kind AND r.valid @> g.discharged_on AND (r.payer = g.payer OR r.payer IS NULL) ORDER BY r.payer NULLS LAST LIMIT 1) p ON true;
END;

-- The first month that is looked at for what patients were charged and what they cost: the one before the first of them came, as examinations are
-- charged before admission. Older months are not read, or every costing would take as long as the hospital is old.
CREATE OR REPLACE FUNCTION hospital_cost._case_first_month(admitted_on date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (date_trunc('month', admitted_on::timestamp) - interval '1 month')::date;

-- Cost of encounters from the first month to that of the run, three ways, and what was charged to them; of the months before, by the official runs.
-- Nobody tells the planner how many rows a function returns, so it may not believe that they are few: it hashes, and sorts no half ledger.
CREATE OR REPLACE FUNCTION hospital_cost._case_cost(run int, codes text[], first date)
RETURNS TABLE (method int, funding_group int, personnel bigint, materials bigint, billable_materials bigint, drugs bigint, depreciation bigint,
	amortisation bigint, risk_fund bigint, other bigint, uncosted bigint, income bigint, unit text, encounter_code text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET enable_sort = off SET jit = off
BEGIN ATOMIC
	WITH this AS MATERIALIZED (
		SELECT r.run_id, r.period FROM hospital_cost._run r WHERE r.run_id = _case_cost.run
	), whose AS MATERIALIZED (
		SELECT u.code FROM unnest(_case_cost.codes) AS u (code)
	), basis AS MATERIALIZED (
		SELECT x.run_id, x.period, EXISTS (SELECT FROM hospital_cost._costing k WHERE k.run_id = x.run_id) AS costed
		FROM (SELECT t.run_id, t.period FROM this t
			UNION ALL SELECT r.run_id, r.period FROM hospital_cost._run r
			WHERE r.official AND r.period >= _case_cost.first AND r.period < (SELECT t.period FROM this t)) x
	), line AS MATERIALIZED (
		-- The run that says what it cost: null where the month has none.
		SELECT l.encounter_code, b.run_id, coalesce(b.costed, false) AS costed, d.code AS department_code, i.code AS item_code,
			CASE WHEN i.kind = 'drug' THEN 'drugs' WHEN i.kind = 'material' AND i.billable THEN 'materials' ELSE 'services' END AS kind, l.quantity, l.amount
		FROM (SELECT x.encounter_code, x.period, x.performing_id, x.item_id, sum(x.quantity) AS quantity, sum(x.amount) AS amount
			FROM hospital_cost._ledger x
			WHERE x.period BETWEEN _case_cost.first AND (SELECT t.period FROM this t) AND x.encounter_code IN (SELECT w.code FROM whose w)
			GROUP BY x.encounter_code, x.period, x.performing_id, x.item_id) l
		LEFT JOIN basis b ON b.period = l.period
		JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
		JOIN hospital_cost.department d ON d.department_id = l.performing_id
	), charged AS MATERIALIZED (
		SELECT l.encounter_code, sum(l.amount) AS amount, sum(l.amount) FILTER (WHERE l.kind = 'drugs') AS drugs,
			sum(l.amount) FILTER (WHERE l.kind = 'materials') AS materials, sum(l.amount) FILTER (WHERE NOT l.costed) AS without_cells
		FROM line l GROUP BY l.encounter_code
	), item AS MATERIALIZED (
		-- A unit, in 1e-8 yuan for 1e-4 of it.
		SELECT c.run_id, c.department_code, c.item_code, c.funding_group, sum(c.personnel) * 10000 / max(c.quantity) AS personnel,
			sum(c.materials) * 10000 / max(c.quantity) AS materials, sum(c.depreciation) * 10000 / max(c.quantity) AS depreciation,
			sum(c.amortisation) * 10000 / max(c.quantity) AS amortisation, sum(c.risk_fund) * 10000 / max(c.quantity) AS risk_fund,
			sum(c.other) * 10000 / max(c.quantity) AS other
		FROM hospital_cost._item_cost c
		WHERE c.matched = 'item' AND c.run_id IN (SELECT b.run_id FROM basis b)
		GROUP BY c.run_id, c.department_code, c.item_code, c.funding_group
		HAVING max(c.quantity) <> 0
	), ratio AS MATERIALIZED (
		-- A cent that was charged, in 1e-8 yuan.
		SELECT k.run_id, k.department_code, k.funding_group, k.personnel * 1000000 / k.income AS personnel, k.materials * 1000000 / k.income AS materials,
			k.depreciation * 1000000 / k.income AS depreciation, k.amortisation * 1000000 / k.income AS amortisation,
			k.risk_fund * 1000000 / k.income AS risk_fund, k.other * 1000000 / k.income AS other
		FROM hospital_cost.cost_to_charge k WHERE k.run_id = ANY (ARRAY(SELECT b.run_id FROM basis b)) AND k.income <> 0
	), laboratory AS (
		SELECT t.performing_department_code AS code FROM hospital_cost.charge_total t WHERE t.period <= (SELECT t.period FROM this t)
		GROUP BY t.performing_department_code HAVING sum(t.amount) < 2 * coalesce(sum(t.amount) FILTER (WHERE t.category = '04'), 0)
	), unit AS (
		-- A department that does not say what it is goes by its class and setting, a technical one by what it charges most for.
		SELECT d.run_id, d.department_code,
			CASE WHEN u.kind IN ('ward', 'icu', 'theatre') THEN u.kind WHEN u.kind IN ('clinic', 'pharmacy') THEN 'other_unit'
			WHEN d.class = 'technical' THEN CASE WHEN l.code IS NULL THEN 'examination' ELSE 'laboratory' END
			WHEN d.setting = 'inpatient' THEN 'ward' ELSE 'other_unit' END AS kind
		FROM basis b
		JOIN hospital_cost._run_department d ON d.run_id = b.run_id
		LEFT JOIN hospital_cost.service_unit u ON u.department_code = d.department_code
		LEFT JOIN laboratory l ON l.code = d.department_code
	), part AS (
		SELECT 1 AS method, c.funding_group::int AS funding_group, c.personnel::numeric AS personnel, c.materials::numeric AS materials,
			c.billable_materials::numeric AS billable_materials, c.drugs::numeric AS drugs, c.depreciation::numeric AS depreciation,
			c.amortisation::numeric AS amortisation, c.risk_fund::numeric AS risk_fund, c.other::numeric AS other, 0::numeric AS uncosted,
			0::numeric AS income, coalesce(u.kind, 'other_unit') AS unit, c.encounter_code
		FROM hospital_cost._encounter_cost c
		LEFT JOIN unit u ON u.run_id = c.run_id AND u.department_code = c.department_code
		WHERE c.run_id = ANY (ARRAY(SELECT b.run_id FROM basis b)) AND c.encounter_code IN (SELECT w.code FROM whose w)
		UNION ALL
		-- Top-down does not go by charges, so its uncosted is what was charged in months whose cost objects nobody computed.
		SELECT 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, c.without_cells, 0, '', c.encounter_code FROM charged c WHERE c.without_cells <> 0
		UNION ALL
		-- Drugs and billable materials are sold at what they cost (零加成).
		SELECT m.method, 1, 0, 0, coalesce(c.materials, 0) * 1000000, coalesce(c.drugs, 0) * 1000000, 0, 0, 0, 0, 0,
			CASE m.method WHEN 3 THEN c.amount ELSE 0 END, '', c.encounter_code
		FROM charged c CROSS JOIN (VALUES (2), (3)) AS m (method)
		UNION ALL
		SELECT 2, coalesce(i.funding_group, 1), coalesce(l.quantity * i.personnel, 0), coalesce(l.quantity * i.materials, 0), 0, 0,
			coalesce(l.quantity * i.depreciation, 0), coalesce(l.quantity * i.amortisation, 0), coalesce(l.quantity * i.risk_fund, 0),
			coalesce(l.quantity * i.other, 0), CASE WHEN i.run_id IS NULL THEN l.amount ELSE 0 END, 0, '', l.encounter_code
		FROM line l
		LEFT JOIN item i ON i.run_id = l.run_id AND i.department_code = l.department_code AND i.item_code = l.item_code
		WHERE l.kind = 'services'
		UNION ALL
		SELECT 3, coalesce(k.funding_group, 1), coalesce(l.amount * k.personnel, 0), coalesce(l.amount * k.materials, 0), 0, 0,
			coalesce(l.amount * k.depreciation, 0), coalesce(l.amount * k.amortisation, 0), coalesce(l.amount * k.risk_fund, 0),
			coalesce(l.amount * k.other, 0), CASE WHEN k.run_id IS NULL THEN l.amount ELSE 0 END, 0, '', l.encounter_code
		FROM (SELECT x.encounter_code, x.run_id, x.department_code, sum(x.amount) AS amount FROM line x WHERE x.kind = 'services' GROUP BY 1, 2, 3) l
		LEFT JOIN ratio k ON k.run_id = l.run_id AND k.department_code = l.department_code
	)
	SELECT p.method, p.funding_group, round(sum(p.personnel))::bigint, round(sum(p.materials))::bigint, round(sum(p.billable_materials))::bigint,
		round(sum(p.drugs))::bigint, round(sum(p.depreciation))::bigint, round(sum(p.amortisation))::bigint, round(sum(p.risk_fund))::bigint,
		round(sum(p.other))::bigint, sum(p.uncosted)::bigint, sum(p.income)::bigint, p.unit, p.encounter_code
	FROM part p
	GROUP BY p.method, p.funding_group, p.unit, p.encounter_code;
END;

-- Part of cost_objects: keeps the cases of a run and what they cost.
CREATE OR REPLACE FUNCTION hospital_cost._keep_cases(run int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	month date := (SELECT r.period FROM hospital_cost._run r WHERE r.run_id = run);
	began timestamptz := month::timestamp AT TIME ZONE hospital_cost.hospital_timezone();
	-- Whoever was charged or has cost and had left before.
	late_ones text[] := ARRAY(SELECT DISTINCT e.code
		FROM (SELECT c.encounter_code FROM hospital_cost._encounter_cost c WHERE c.run_id = run
			UNION ALL SELECT l.encounter_code FROM hospital_cost._ledger l WHERE l.period = month) u
		JOIN hospital_cost.encounter e ON e.code = u.encounter_code AND e.status = 'active' AND e.kind = 'inpatient' AND e.ended_at < began);
	came date;
	lacking date[];
BEGIN
	INSERT INTO hospital_cost._costing_case (run_id, encounter_code, department_code, diagnosis_code, procedure_code, drg_code, payer, price_class,
		admitted_on, discharged_on, late, incomplete, disease_code, disease_name, group_kind, group_code, group_name, weight, rate)
	SELECT run, f.encounter_code, f.department_code, f.diagnosis_code, f.procedure_code, f.drg_code, f.payer, f.price_class, f.admitted_on, f.discharged_on,
		f.late, false, f.disease_code, f.disease_name, f.group_kind, f.group_code, f.group_name, f.weight, f.rate
	FROM hospital_cost._case_fact(month, late_ones) f;
	came := (SELECT min(c.admitted_on) FROM hospital_cost._costing_case c WHERE c.run_id = run AND NOT c.late);
	lacking := ARRAY(SELECT m.month::date
		FROM generate_series(date_trunc('month', came::timestamp), month - interval '1 month', interval '1 month') AS m (month)
		WHERE NOT EXISTS (SELECT FROM hospital_cost._run r JOIN hospital_cost._costing k ON k.run_id = r.run_id WHERE r.official AND r.period = m.month)
		ORDER BY 1);
	UPDATE hospital_cost._costing_case c SET incomplete = true
	WHERE c.run_id = run AND NOT c.late AND date_trunc('month', c.admitted_on::timestamp) <= lacking[cardinality(lacking)];
	INSERT INTO hospital_cost._costing_case_cost
	SELECT run, c.* FROM hospital_cost._case_cost(run,
		ARRAY(SELECT k.encounter_code FROM hospital_cost._costing_case k WHERE k.run_id = run AND NOT k.late), hospital_cost._case_first_month(came)) c
	WHERE came IS NOT NULL;
	INSERT INTO hospital_cost._costing_case_cost
	SELECT run, c.* FROM hospital_cost._case_cost(run, late_ones, month) c WHERE late_ones <> '{}';
	-- A month that nobody booked cost in lies before the books: it cannot be costed.
	UPDATE hospital_cost._costing k SET cases = (SELECT count(*) FROM hospital_cost._costing_case c WHERE c.run_id = run AND NOT c.late),
		case_runs = ARRAY(SELECT r.run_id FROM hospital_cost._run r JOIN hospital_cost._costing b ON b.run_id = r.run_id
			WHERE r.official AND r.period >= hospital_cost._case_first_month(came) AND r.period < month ORDER BY r.run_id),
		missing_months = ARRAY(SELECT m FROM unnest(lacking) AS m
			WHERE EXISTS (SELECT FROM hospital_cost._direct_cost d WHERE d.period = m) OR EXISTS (SELECT FROM hospital_cost._run r WHERE r.period = m))
	WHERE k.run_id = run;
END $$;

COMMENT ON FUNCTION hospital_cost._case_fact(date, text[]) IS 'Inpatients discharged in a month, and those of the list who had left before it (late), as they are now: diagnosis, disease, payment group, weight, rate';
COMMENT ON FUNCTION hospital_cost._case_first_month(date) IS 'First month that is read for patients of whom the first came on a day';
COMMENT ON FUNCTION hospital_cost._case_cost(int, text[], date) IS 'Cost of encounters from a month to that of the run by method, funding group and kind of service unit, 1e-8 yuan; uncosted and income in cents';
COMMENT ON FUNCTION hospital_cost._keep_cases(int) IS 'Keeps the cases of a run and what they cost';
COMMENT ON TABLE hospital_cost._costing_case IS 'Cases of a costing as they were when it was made';
COMMENT ON TABLE hospital_cost._costing_case_cost IS 'Cost of those cases by method, funding group and kind of service unit, 1e-8 yuan';
