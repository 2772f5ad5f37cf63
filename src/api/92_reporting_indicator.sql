-- 90 reporting: the indicators of cost analysis (成本分析指标). Each is a quotient of sums of one month, and tells its numerator and denominator.

-- What indicators are made of: named sums of one month, null where nobody counted. No rows where the month has no official run, so that
-- nothing is compared with an empty month.
CREATE OR REPLACE FUNCTION hospital_cost._indicator_base(period date) RETURNS TABLE (name text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH official AS MATERIALIZED (
		SELECT r.run_id, r.period, hospital_cost._days_over(r.period)::numeric AS days
		FROM hospital_cost._run r WHERE r.official AND r.period = _indicator_base.period
	), cost AS MATERIALIZED (
		SELECT i.category, i.behaviour,
			CASE WHEN d.class <> 'clinical' THEN 'none' WHEN d.setting = 'emergency' THEN 'outpatient' ELSE d.setting END AS setting,
			sum(c.direct) AS direct, sum(c.full_cost) AS full_cost
		FROM official o
		JOIN hospital_cost._department_cost c ON c.run_id = o.run_id
		JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code
		LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code
		WHERE hospital_cost._cost_origin(c.funding_source, c.cost_class) = 'own'
		GROUP BY 1, 2, 3
	), income AS MATERIALIZED (
		-- By what the ordering department was in the run, as forms have it.
		SELECT t.category, CASE s.setting WHEN 'emergency' THEN 'outpatient' ELSE s.setting END AS setting, sum(t.amount) AS amount
		FROM official o
		JOIN hospital_cost.charge_total t ON t.period = o.period
		LEFT JOIN hospital_cost._run_department d ON d.run_id = o.run_id
			AND d.department_code = coalesce(t.ordering_department_code, t.performing_department_code)
		CROSS JOIN LATERAL (SELECT coalesce(d.setting, t.setting) AS setting) s
		GROUP BY 1, 2
	), work AS MATERIALIZED (
		SELECT w.measure, sum(w.quantity) AS quantity FROM hospital_cost.workload w WHERE w.period = _indicator_base.period GROUP BY w.measure
	), stay AS (
		SELECT sum(greatest(1, (e.ended_at AT TIME ZONE z.name)::date - (e.started_at AT TIME ZONE z.name)::date))::numeric AS days
		FROM (SELECT hospital_cost.hospital_timezone() AS name) z
		JOIN hospital_cost.encounter e ON e.kind = 'inpatient' AND e.status = 'active'
			AND e.ended_at >= _indicator_base.period::timestamp AT TIME ZONE z.name
			AND e.ended_at < (_indicator_base.period + interval '1 month') AT TIME ZONE z.name
	), said AS (
		SELECT o.days, coalesce((SELECT w.quantity FROM work w WHERE w.measure = 'visits'), 0) AS visits,
			coalesce((SELECT w.quantity FROM work w WHERE w.measure = 'bed_days'), 0) AS bed_days,
			coalesce((SELECT w.quantity FROM work w WHERE w.measure = 'discharges'), 0) AS discharges,
			coalesce((SELECT w.quantity FROM work w WHERE w.measure = 'discharged_bed_days'), (SELECT s.days FROM stay s), 0) AS discharged_bed_days,
			coalesce((SELECT w.quantity FROM work w WHERE w.measure = 'open_bed_days'),
				o.days * (SELECT sum(c.quantity) FROM hospital_cost.capacity c WHERE c.period = o.period AND c.resource = 'beds')) AS open_bed_days,
			coalesce((SELECT w.quantity FROM work w WHERE w.measure = 'employees'),
				(SELECT sum(v.quantity) FROM hospital_cost._driver_value v
				WHERE v.period = o.period AND v.driver_code = 'headcount' AND v.server_code IS NULL)) AS employees
		FROM official o
	), money AS (
		SELECT x.name, x.amount FROM (
			SELECT coalesce(sum(c.direct), 0) AS cost, coalesce(sum(c.direct) FILTER (WHERE c.category = 'personnel'), 0) AS personnel,
				coalesce(sum(c.direct) FILTER (WHERE c.category = 'materials'), 0) AS materials,
				coalesce(sum(c.direct) FILTER (WHERE c.category = 'drugs'), 0) AS drugs,
				coalesce(sum(c.direct) FILTER (WHERE c.category = 'depreciation'), 0) AS depreciation,
				coalesce(sum(c.direct) FILTER (WHERE c.behaviour = 'fixed'), 0) AS fixed,
				coalesce(sum(c.direct) FILTER (WHERE c.behaviour = 'variable'), 0) AS variable,
				coalesce(sum(c.direct) FILTER (WHERE c.behaviour = 'mixed'), 0) AS mixed,
				coalesce(sum(c.full_cost) FILTER (WHERE c.setting = 'outpatient'), 0) AS outpatient,
				coalesce(sum(c.full_cost) FILTER (WHERE c.setting = 'inpatient'), 0) AS inpatient,
				coalesce(sum(c.full_cost) FILTER (WHERE c.setting = 'outpatient' AND c.behaviour = 'variable'), 0) AS outpatient_variable,
				coalesce(sum(c.full_cost) FILTER (WHERE c.setting = 'inpatient' AND c.behaviour = 'variable'), 0) AS inpatient_variable
			FROM cost c) k
		CROSS JOIN said s
		CROSS JOIN LATERAL (VALUES ('cost', k.cost), ('cost_personnel', k.personnel), ('cost_materials', k.materials), ('cost_drugs', k.drugs),
			('cost_depreciation', k.depreciation), ('cost_fixed', k.fixed), ('cost_variable', k.variable), ('cost_mixed', k.mixed),
			('cost_outpatient', k.outpatient), ('cost_inpatient', k.inpatient), ('cost_outpatient_variable', k.outpatient_variable),
			('cost_inpatient_variable', k.inpatient_variable),
			-- A break-even quantity is (fixed cost ÷ margin of all units) × units. Mixed cost counts as fixed: rather too careful.
			('fixed_visits', (k.outpatient - k.outpatient_variable) * s.visits), ('fixed_bed_days', (k.inpatient - k.inpatient_variable) * s.bed_days))
			AS x (name, amount)
	)
	SELECT m.name, m.amount FROM money m
	UNION ALL
	SELECT x.name, x.amount
	FROM official o
	CROSS JOIN (SELECT coalesce(sum(n.amount), 0) AS income, coalesce(sum(n.amount) FILTER (WHERE n.setting = 'outpatient'), 0) AS outpatient,
			coalesce(sum(n.amount) FILTER (WHERE n.setting = 'inpatient'), 0) AS inpatient,
			coalesce(sum(n.amount) FILTER (WHERE n.category IN ('09', '10', '11')), 0) AS drugs,
			coalesce(sum(n.amount) FILTER (WHERE n.category = '10'), 0) AS herbs,
			coalesce(sum(n.amount) FILTER (WHERE n.category = '08'), 0) AS materials FROM income n) n
	CROSS JOIN LATERAL (VALUES ('income', n.income), ('income_outpatient', n.outpatient), ('income_inpatient', n.inpatient),
		('income_drugs', n.drugs), ('income_herbs', n.herbs), ('income_materials', n.materials)) AS x (name, amount)
	UNION ALL
	SELECT x.name, x.amount
	FROM said s
	CROSS JOIN LATERAL (VALUES ('visits', s.visits), ('bed_days', s.bed_days), ('discharges', s.discharges), ('employees', s.employees),
		('open_bed_days', s.open_bed_days), ('discharged_bed_days', s.discharged_bed_days), ('discharges_x_days', s.discharges * s.days),
		('bed_days_x_days', s.bed_days * s.days)) AS x (name, amount);
END;

-- One indicator of one month. A name that the month does not have makes it null, and so does a denominator that is not above zero.
CREATE OR REPLACE FUNCTION hospital_cost._indicator_value(period date)
RETURNS TABLE (code text, value numeric, numerator numeric, denominator numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH base AS MATERIALIZED (SELECT * FROM hospital_cost._indicator_base(_indicator_value.period)),
	part AS (
		SELECT l.code, l.factor, l.decimals, l.denominator IS NOT NULL AS quotient, n.amount AS numerator, d.amount AS denominator
		FROM hospital_cost.indicator_layout l
		CROSS JOIN LATERAL (SELECT CASE WHEN count(*) = count(b.amount) THEN sum(CASE WHEN x.name LIKE '-%' THEN -b.amount ELSE b.amount END) END AS amount
			FROM unnest(l.numerator) AS x (name) LEFT JOIN base b ON b.name = ltrim(x.name, '-')) n
		CROSS JOIN LATERAL (SELECT CASE WHEN count(*) = count(b.amount) THEN sum(CASE WHEN x.name LIKE '-%' THEN -b.amount ELSE b.amount END) END AS amount
			FROM unnest(l.denominator) AS x (name) LEFT JOIN base b ON b.name = ltrim(x.name, '-')) d
	)
	SELECT p.code, round(p.factor * CASE WHEN NOT p.quotient THEN p.numerator WHEN p.denominator > 0 THEN p.numerator / p.denominator END, p.decimals),
		p.numerator, p.denominator
	FROM part p;
END;

CREATE OR REPLACE FUNCTION hospital_cost.indicator(period date, language text DEFAULT 'zh')
RETURNS TABLE (indicator_no int, code text, name text, unit text, value numeric, numerator numeric, denominator numeric,
	previous_month numeric, change_month numeric, year_ago numeric, change_year numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
	IF indicator.language IS NULL OR indicator.language NOT IN ('zh', 'en') THEN
		RAISE EXCEPTION 'language "%" is not known', indicator.language USING ERRCODE = 'MC903', HINT = 'Use zh or en.';
	END IF;
	PERFORM indicator.period::hospital_cost.period_month;
	IF NOT EXISTS (SELECT FROM hospital_cost._run r WHERE r.official AND r.period = indicator.period) THEN
		RAISE EXCEPTION 'there is no official run of %', coalesce(to_char(indicator.period, 'YYYY-MM'), 'null') USING ERRCODE = 'MC904',
			HINT = 'Call hospital_cost.allocate(period, plan), or hospital_cost.make_official(run).';
	END IF;
	RETURN QUERY SELECT (row_number() OVER (ORDER BY l.position, l.code))::int, l.code,
		CASE indicator.language WHEN 'en' THEN l.name_en ELSE l.name_zh END, l.unit, v.value, v.numerator, v.denominator,
		p.value, round((v.value - p.value) / nullif(abs(p.value), 0), 6), y.value, round((v.value - y.value) / nullif(abs(y.value), 0), 6)
	FROM hospital_cost.indicator_layout l
	JOIN hospital_cost._indicator_value(indicator.period) v ON v.code = l.code
	JOIN hospital_cost._indicator_value((indicator.period - interval '1 month')::date) p ON p.code = l.code
	JOIN hospital_cost._indicator_value((indicator.period - interval '1 year')::date) y ON y.code = l.code
	ORDER BY 1;
END $$;
