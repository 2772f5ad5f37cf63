-- 90 reporting: prescribed forms and indicators, computed from official runs and the ledger when asked for; nothing is stored.

-- Which step of the ladder of scopes (成本范围) a cost belongs to: medical = own; medical_full adds fiscal; hospital_full the rest.
CREATE OR REPLACE FUNCTION hospital_cost._cost_origin(funding_source text, cost_class text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN cost_class <> 'medical' THEN cost_class WHEN funding_source IN ('own', 'fiscal_basic') THEN 'own'
	WHEN funding_source = 'science_education' THEN 'science_education' ELSE 'fiscal' END;

-- What forms of departments are made of, added up over the months asked for. in_range: the month lies between from and to; in_year: it
-- lies in the year of the last month, up to that month. Money has a component; cost has an origin as well, and a scope is a set of origins.
-- The measure "listed" only says that the department is there.
CREATE OR REPLACE FUNCTION hospital_cost._form_department_fact(period_from date, period_to date, wanted text[], first date)
RETURNS TABLE (in_range boolean, in_year boolean, member text, name text, class text, setting text, measure text, component text,
	origin text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH official AS MATERIALIZED (
		SELECT r.run_id, r.period, r.period >= _form_department_fact.period_from AS in_range,
			r.period >= date_trunc('year', _form_department_fact.period_to::timestamp) AS in_year
		FROM hospital_cost._run r
		WHERE r.official AND r.period BETWEEN _form_department_fact.first AND _form_department_fact.period_to
	), unit AS MATERIALIZED (
		SELECT o.period, o.in_range, o.in_year, d.department_code, d.department_name, d.class, d.setting
		FROM official o JOIN hospital_cost._run_department d ON d.run_id = o.run_id
	), cell AS (
		SELECT o.run_id, o.in_range, o.in_year, coalesce(c.department_code, '') AS member, coalesce(d.class, 'unassigned') AS class,
			coalesce(d.setting, 'none') AS setting, c.cost_item_code, c.funding_source, c.cost_class,
			CASE WHEN i.category = 'materials' AND i.billable THEN 'billable_materials' ELSE i.category END AS component,
			m.part, m.amount * 100 AS cents
		FROM official o
		JOIN hospital_cost._department_cost c ON c.run_id = o.run_id
		JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code
		LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code
		CROSS JOIN LATERAL (VALUES ('direct', c.direct), ('level1', c.level1 - CASE d.class WHEN 'administrative' THEN c.sent ELSE 0 END),
			('level2', c.level2 - CASE d.class WHEN 'auxiliary' THEN c.sent ELSE 0 END),
			('level3', c.level3 - CASE d.class WHEN 'technical' THEN c.sent ELSE 0 END), ('full', c.full_cost)) AS m (part, amount)
	), rounded AS (
		-- Direct cost that was spread and transfers are finer than a cent. Each cost item keeps its sum, to the cent, and departments are rounded so
		-- that they add up to it (largest remainder), before anything is added up: so whatever is added up ties. Full cost was rounded by the run.
		SELECT c.*, floor(c.cents) + CASE WHEN row_number() OVER (w ORDER BY c.cents - floor(c.cents) DESC, c.member)
			<= round(sum(c.cents) OVER w) - sum(floor(c.cents)) OVER w THEN 1 ELSE 0 END AS whole
		FROM cell c
		WINDOW w AS (PARTITION BY c.run_id, c.part, c.cost_item_code, c.funding_source, c.cost_class)
	), income AS (
		SELECT t.period, coalesce(t.ordering_department_code, t.performing_department_code) AS department_code, t.setting,
			t.category, sum(t.amount) AS amount
		FROM hospital_cost.charge_total t
		WHERE _form_department_fact.wanted && ARRAY['income', 'cost_income']
			AND t.period BETWEEN _form_department_fact.first AND _form_department_fact.period_to
		GROUP BY 1, 2, 3, 4
	), counted AS (
		-- Of these two the months asked for are counted by themselves, not all there are.
		SELECT o.period, t.department_code, t.measure, sum(t.quantity) AS quantity
		FROM official o CROSS JOIN LATERAL hospital_cost._encounter_time(o.period) t
		WHERE _form_department_fact.wanted && ARRAY['visits', 'bed_days'] AND t.measure = ANY (_form_department_fact.wanted)
		GROUP BY 1, 2, 3
	), work AS (
		SELECT c.period, c.department_code, c.measure, c.quantity::numeric(16,4) AS quantity
		FROM counted c
		WHERE NOT EXISTS (SELECT FROM hospital_cost._workload_value w
			WHERE w.period = c.period AND w.department_code = c.department_code AND w.measure = c.measure)
		UNION ALL
		SELECT w.period, w.department_code, w.measure, w.quantity
		FROM hospital_cost._workload_value w
		WHERE w.measure IN ('visits', 'bed_days') AND w.measure = ANY (_form_department_fact.wanted)
		UNION ALL
		SELECT w.period, w.department_code, w.measure, w.quantity
		FROM hospital_cost.workload w
		WHERE _form_department_fact.wanted && ARRAY['discharges', 'admissions', 'checkups']
			AND w.measure = ANY (_form_department_fact.wanted) AND w.measure NOT IN ('visits', 'bed_days')
			AND w.period BETWEEN _form_department_fact.first AND _form_department_fact.period_to
	)
	SELECT c.in_range, c.in_year, c.member, NULL, c.class, c.setting, m.measure, c.component,
		hospital_cost._cost_origin(c.funding_source, c.cost_class), sum(c.whole * m.sign) * 0.01
	FROM rounded c
	JOIN (VALUES ('direct', 'direct', 1), ('direct', 'indirect', -1), ('direct', 'rounding', -1), ('level1', 'level1', 1), ('level1', 'rounding', -1),
		('level2', 'level2', 1), ('level2', 'rounding', -1), ('level3', 'level3', 1), ('level3', 'rounding', -1), ('full', 'full', 1),
		('full', 'indirect', 1), ('full', 'rounding', 1)) AS m (part, measure, sign) ON m.part = c.part
	WHERE m.measure = ANY (_form_department_fact.wanted)
	GROUP BY 1, 2, 3, 5, 6, 7, 8, 9
	UNION ALL
	SELECT o.in_range, o.in_year, n.department_code, NULL, coalesce(u.class, d.class), coalesce(u.setting, n.setting), 'income', n.category,
		NULL, n.amount
	FROM income n
	JOIN official o ON o.period = n.period
	JOIN hospital_cost.department d ON d.code = n.department_code
	LEFT JOIN unit u ON u.period = n.period AND u.department_code = n.department_code
	UNION ALL
	SELECT o.in_range, o.in_year, w.department_code, NULL, coalesce(u.class, d.class), coalesce(u.setting, d.setting), w.measure, NULL, NULL,
		w.quantity
	FROM work w
	JOIN official o ON o.period = w.period
	JOIN hospital_cost.department d ON d.code = w.department_code
	LEFT JOIN unit u ON u.period = w.period AND u.department_code = w.department_code
	UNION ALL
	SELECT * FROM (
		SELECT DISTINCT ON (u.department_code, u.class) true, true, u.department_code, u.department_name, u.class, u.setting, 'listed',
			NULL::text, NULL::text, 0::numeric
		FROM unit u WHERE u.in_range
		ORDER BY u.department_code, u.class, u.period DESC) listed;
END;

CREATE OR REPLACE FUNCTION hospital_cost._form_guard(code text, period_from date, period_to date, scope text, language text, year boolean)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	missing text;
	again text;
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost.form_layout l WHERE l.code = _form_guard.code) THEN
		RAISE EXCEPTION 'form "%" does not exist', code USING ERRCODE = 'MC901',
			HINT = 'See hospital_cost.form_layout; hospital_cost.load_defaults() loads F01 to F17 and HY02F1.';
	ELSIF scope IS NULL OR scope NOT IN ('medical', 'medical_full', 'hospital_full') THEN
		RAISE EXCEPTION 'cost scope "%" does not exist', scope USING ERRCODE = 'MC903', HINT = 'Use medical, medical_full or hospital_full.';
	ELSIF language IS NULL OR language NOT IN ('zh', 'en') THEN
		RAISE EXCEPTION 'language "%" is not known', language USING ERRCODE = 'MC903', HINT = 'Use zh or en.';
	END IF;
	PERFORM period_from::hospital_cost.period_month, period_to::hospital_cost.period_month;
	IF period_from IS NULL OR period_to < period_from THEN
		RAISE EXCEPTION 'months from % to % are no range', coalesce(to_char(period_from, 'YYYY-MM'), 'null'), to_char(period_to, 'YYYY-MM')
			USING ERRCODE = 'MC902', HINT = 'Give the first and the last month, each by its first day.';
	END IF;
	-- Of the year before the range only the months that have something are asked for: a hospital may begin in May.
	SELECT string_agg(to_char(m.month, 'YYYY-MM'), ', ' ORDER BY m.month) INTO missing
	FROM (SELECT g::date AS month FROM generate_series(CASE WHEN year THEN least(period_from, date_trunc('year', period_to::timestamp))
		ELSE period_from END, period_to, interval '1 month') g) m
	WHERE NOT EXISTS (SELECT FROM hospital_cost._run r WHERE r.official AND r.period = m.month)
		AND (m.month >= period_from OR EXISTS (SELECT FROM hospital_cost._direct_cost d WHERE d.period = m.month)
			OR EXISTS (SELECT FROM hospital_cost._item_total t WHERE t.period = m.month));
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'there is no official run of %', missing USING ERRCODE = 'MC904',
			HINT = 'Call hospital_cost.allocate(period, plan) for each of these months, or hospital_cost.make_official(run).';
	END IF;
	SELECT string_agg(format('%s of %s', r.run_id, to_char(r.period, 'YYYY-MM')), ', ' ORDER BY r.period) INTO missing
	FROM hospital_cost._run r
	WHERE r.official AND r.period BETWEEN period_from AND period_to
		AND NOT EXISTS (SELECT FROM hospital_cost._costing k WHERE k.run_id = r.run_id)
		AND EXISTS (SELECT FROM hospital_cost.form_layout l WHERE l.code = _form_guard.code AND l.object <> 'department');
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'form "%" needs the cost objects of run %', code, missing USING ERRCODE = 'MC905',
			HINT = 'Call hospital_cost.cost_objects(run) for each of these runs.';
	END IF;
	-- A case is told with all months of its stay, or not at all.
	SELECT string_agg(DISTINCT to_char(m.month, 'YYYY-MM'), ', ' ORDER BY to_char(m.month, 'YYYY-MM')),
		string_agg(DISTINCT format('hospital_cost.cost_objects(%s)', r.run_id), ', ') INTO missing, again
	FROM hospital_cost._run r
	JOIN hospital_cost._costing k ON k.run_id = r.run_id
	CROSS JOIN LATERAL unnest(k.missing_months) AS m (month)
	WHERE r.official AND r.period BETWEEN period_from AND period_to
		AND EXISTS (SELECT FROM hospital_cost.form_layout l WHERE l.code = _form_guard.code AND l.object IN ('disease', 'drg'));
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'form "%" lacks the cost of stays in %', code, missing USING ERRCODE = 'MC906',
			DETAIL = 'Patients discharged in its months were there then, and those months have cost booked but no cost objects.',
			HINT = format('Call hospital_cost.allocate and hospital_cost.cost_objects for %s, then %s again.', missing, again);
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.form(code text, period_from date, period_to date DEFAULT NULL, scope text DEFAULT 'medical',
	language text DEFAULT 'zh')
RETURNS TABLE (row_no int, row_code text, row_name text, col_no int, col_code text, col_name text, amount numeric, ratio numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	last date := coalesce(period_to, period_from);
	year boolean := EXISTS (SELECT FROM hospital_cost.form_line l WHERE l.form_code = form.code AND l.span = 'year');
BEGIN
	PERFORM hospital_cost._form_guard(code, period_from, last, scope, language, year);
	RETURN QUERY SELECT c.row_no, c.row_code, c.row_name, c.col_no, c.col_code, c.col_name, c.amount, c.ratio
	FROM hospital_cost._form_cell(form.code, period_from, last, form.scope, form.language,
		CASE WHEN year THEN least(period_from, date_trunc('year', last::timestamp)::date) ELSE period_from END) c
	ORDER BY c.row_no, c.col_no;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.form_head(code text, period_from date, period_to date DEFAULT NULL, scope text DEFAULT 'medical',
	language text DEFAULT 'zh')
RETURNS TABLE (form_code text, official_number text, title text, hospital text, first_month date, last_month date, currency text,
	cost_scope text, runs int[], provisional boolean, prepared_by text, prepared_at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
	PERFORM hospital_cost._form_guard(form_head.code, form_head.period_from, coalesce(form_head.period_to, form_head.period_from),
		form_head.scope, form_head.language, false);
	RETURN QUERY SELECT l.code, l.official_number, CASE form_head.language WHEN 'en' THEN l.title_en ELSE l.title_zh END,
		(SELECT h.name FROM hospital_cost.hospital h), form_head.period_from, coalesce(form_head.period_to, form_head.period_from),
		coalesce((SELECT h.currency FROM hospital_cost.hospital h), 'CNY'), form_head.scope, r.runs, r.provisional, session_user::text, now()
	FROM hospital_cost.form_layout l
	CROSS JOIN (SELECT array_agg(r.run_id ORDER BY r.period) AS runs, bool_or(p.state IS DISTINCT FROM 'closed') AS provisional
		FROM hospital_cost._run r LEFT JOIN hospital_cost.period p ON p.period = r.period
		WHERE r.official AND r.period BETWEEN form_head.period_from AND coalesce(form_head.period_to, form_head.period_from)) r
	WHERE l.code = form_head.code;
END $$;
