-- 98 roles: figures of own departments that are asked for by month or run, because a view of all of them would be slow.

CREATE OR REPLACE FUNCTION hospital_cost.own_department_cost_now(period date, scope text DEFAULT 'medical')
RETURNS TABLE (department_code text, department_name text, class text, object text, quantity numeric, unit_cost numeric, cost numeric,
	provisional boolean, reason text, base_run int, base_period date, base_quantity numeric, base_cost numeric, uncosted_income numeric,
	direct_cost numeric, base_run_at timestamptz, as_of timestamptz)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT n.* FROM hospital_cost.department_cost_now(own_department_cost_now.period, own_department_cost_now.scope) n
	WHERE n.department_code IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;

CREATE OR REPLACE FUNCTION hospital_cost.own_cost_change(period_from date, period_to date, scope text DEFAULT 'medical')
RETURNS TABLE (object text, department_code text, quantity_before numeric, quantity_after numeric, cost_before numeric, cost_after numeric,
	change numeric, quantity_effect numeric, mix_effect numeric, price_effect numeric, driver_effect numeric, note text, run_before int, run_after int)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.cost_change(own_cost_change.period_from, own_cost_change.period_to, own_cost_change.scope) c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;

-- Rows of direct cost are told one by one where they are ours; what came from others is a sum, or their payrolls would be read here.
CREATE OR REPLACE FUNCTION hospital_cost.own_trace_cost(run int, department text, cost_item text DEFAULT NULL)
RETURNS TABLE (cost_item_code text, funding_source text, cost_class text, origin_code text, origin_name text, origin_class text, path text,
	direct_cost_id bigint, source text, source_key text, amount numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._require_own(department);
	RETURN QUERY
	WITH own AS MATERIALIZED (SELECT o.department_code AS code FROM hospital_cost._own_department() o),
	traced AS (
		SELECT t.cost_item_code AS item, t.funding_source AS fund, t.cost_class AS kind, t.origin_code AS origin, t.origin_name AS named,
			t.origin_class AS class, t.path AS way, CASE WHEN w.code IS NOT NULL THEN t.direct_cost_id END AS id,
			CASE WHEN w.code IS NOT NULL THEN t.source END AS came, CASE WHEN w.code IS NOT NULL THEN t.source_key END AS key, t.amount AS yuan
		FROM hospital_cost.trace_cost(run, department, cost_item) t LEFT JOIN own w ON w.code = t.origin_code
	)
	SELECT t.item, t.fund, t.kind, t.origin, t.named, t.class, t.way, t.id, t.came, t.key, sum(t.yuan)::numeric(22,8)
	FROM traced t
	GROUP BY t.item, t.fund, t.kind, t.origin, t.named, t.class, t.way, t.id, t.came, t.key
	ORDER BY t.item, t.fund, t.kind, t.way = 'rounding', t.origin <> department, t.origin, t.way, t.id;
END $$;

-- Cells of patients only where the access says so; what no patient took (unmatched, idle, excluded) in any case.
CREATE OR REPLACE FUNCTION hospital_cost.own_encounter_cost(period date) RETURNS SETOF hospital_cost.encounter_cost
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.encounter_cost c JOIN hospital_cost._own_department() o ON o.department_code = coalesce(c.department_code, '')
	WHERE c.run_id = (SELECT r.run_id FROM hospital_cost._run r WHERE r.official AND r.period = own_encounter_cost.period)
		AND (o.encounters OR c.encounter_code IS NULL);
END;

-- A finding is about the department a batch rule speaks of, else about who performed, ordered or had the patient on his ward. What stands in the
-- row of the hospital's table, and what a reviewer wrote, may name the patient.
CREATE OR REPLACE FUNCTION hospital_cost.own_finding(period date DEFAULT NULL)
RETURNS TABLE (finding_id bigint, department_code text, class text, code text, rule_version int, rule_name text, rule_name_en text, severity text,
	item_code text, item_name text, period date, field text, excess_quantity numeric, amount_at_risk numeric, state text, found_at timestamptz,
	deadline timestamptz, closed_at timestamptz, expected text, observed text, encounter_code text, source regclass, source_key text, entries bigint[],
	note text)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH own AS MATERIALIZED (
		SELECT d.department_id, d.code, o.encounters
		FROM hospital_cost._own_department() o JOIN hospital_cost.department d ON d.code = o.department_code
	), found AS (
		SELECT x.* FROM hospital_cost._finding x WHERE x.period = coalesce(own_finding.period, x.period)
	), about AS (
		SELECT x.finding_id, o.code, o.encounters, true AS figures
		FROM found x JOIN own o ON x.subject = 'department' AND o.code = x.subject_code
		UNION ALL
		SELECT x.finding_id, w.code, w.encounters, w.encounters
		FROM found x
		JOIN hospital_cost._ledger l ON l.encounter_code = x.encounter_code AND l.entry_id = x.entry_id
		CROSS JOIN LATERAL (SELECT o.code, o.encounters
			FROM (VALUES (1, l.performing_id), (2, l.ordering_id), (3, l.ward_id)) AS part (rank, id) JOIN own o ON o.department_id = part.id
			ORDER BY o.encounters DESC, part.rank LIMIT 1) w
		WHERE x.subject IS DISTINCT FROM 'department'
	)
	SELECT f.finding_id, a.code, f.class, f.code, f.rule_version, f.rule_name, f.rule_name_en, f.severity, f.item_code, f.item_name, f.period, f.field,
		f.excess_quantity, f.amount_at_risk, f.state, f.found_at, f.deadline, f.closed_at, n.expected, n.observed, p.encounter_code, p.source,
		p.source_key, p.entries, p.note
	FROM about a
	JOIN hospital_cost.finding f ON f.finding_id = a.finding_id
	LEFT JOIN LATERAL (SELECT f.expected, f.observed WHERE a.figures) n ON true
	LEFT JOIN LATERAL (SELECT f.encounter_code, f.source, f.source_key, f.entries, f.note WHERE a.encounters) p ON true;
END;

-- Forms list every department.
CREATE OR REPLACE FUNCTION hospital_cost.own_form(code text, period_from date, period_to date DEFAULT NULL, scope text DEFAULT 'medical',
	language text DEFAULT 'zh')
RETURNS TABLE (row_no int, row_code text, row_name text, col_no int, col_code text, col_name text, amount numeric, ratio numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._require_whole(true);
	RETURN QUERY SELECT * FROM hospital_cost.form(code, period_from, period_to, scope, language);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.own_indicator(period date, language text DEFAULT 'zh')
RETURNS TABLE (indicator_no int, code text, name text, unit text, value numeric, numerator numeric, denominator numeric,
	previous_month numeric, change_month numeric, year_ago numeric, change_year numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._require_whole(false);
	RETURN QUERY SELECT * FROM hospital_cost.indicator(period, language);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._access_setup() RETURNS TABLE (problem text, cure text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT DISTINCT format('department_access names role "%s", which does not exist', a.role_name),
		format('CREATE ROLE %I; or DELETE FROM hospital_cost.department_access WHERE role_name = %L', a.role_name, a.role_name)
	FROM hospital_cost.department_access a WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = a.role_name);
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('check_setup', '98', 'hospital_cost._access_setup')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;
