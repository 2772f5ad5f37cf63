-- 70 costing: what the cell table is computed from: units with their pools, and the time encounters spent in them.

-- Departments of a run and how each one's cost reaches the encounters. excluded: the status of rows that reach none.
CREATE OR REPLACE FUNCTION hospital_cost._costing_unit(run int, mode text)
RETURNS TABLE (department_code text, department_id smallint, kind text, basis text, resource text, all_income boolean, excluded smallint,
	loaded bigint, capacity bigint)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH r AS (SELECT x.period, x.run_id FROM hospital_cost._run x WHERE x.run_id = _costing_unit.run),
	unit AS (
		SELECT r.period, d.department_code, m.department_id,
			CASE WHEN d.class = 'clinical' OR d.class = 'technical' AND _costing_unit.mode = 'service_units' THEN 0
				WHEN d.class = 'external' THEN 8 ELSE 7 END::smallint AS excluded,
			CASE WHEN _costing_unit.mode = 'service_units' THEN u.kind END AS own_kind,
			CASE WHEN d.class = 'technical' THEN 'technical' WHEN d.setting = 'inpatient' THEN 'ward' ELSE 'clinic' END AS default_kind,
			CASE WHEN _costing_unit.mode = 'service_units' THEN u.basis END AS own_basis,
			CASE WHEN d.class = 'technical' THEN 'income' WHEN d.setting = 'inpatient' THEN 'bed_days'
				WHEN d.setting = 'none' AND _costing_unit.mode = 'service_units' THEN 'income' ELSE 'visits' END AS default_basis,
			u.resource, coalesce(u.kind = 'pharmacy', false) AS all_income, _costing_unit.mode = 'service_units' AND coalesce(u.idle_apart, false) AS idle_apart
		FROM r
		JOIN hospital_cost._run_department d ON d.run_id = r.run_id
		LEFT JOIN hospital_cost.department m ON m.code = d.department_code
		LEFT JOIN hospital_cost.service_unit u ON u.department_code = d.department_code
	)
	SELECT x.* FROM (SELECT t.department_code, t.department_id, coalesce(t.own_kind, t.default_kind), t.basis,
		CASE WHEN t.basis = 'resource' THEN t.resource END, t.all_income, t.excluded, (w.quantity * 10000)::bigint,
		CASE WHEN t.idle_apart THEN (SELECT sum(c.quantity * CASE t.basis WHEN 'bed_days'
				THEN ((t.period + interval '1 month')::date - t.period) ELSE 1 END * 10000)::bigint
			FROM hospital_cost.capacity c WHERE c.period = t.period AND c.department_code = t.department_code
				AND CASE t.basis WHEN 'bed_days' THEN c.resource = 'beds' WHEN 'visits' THEN c.resource = 'visits'
					WHEN 'resource' THEN c.resource = coalesce(t.resource, c.resource) AND c.resource NOT IN ('beds', 'visits') ELSE false END) END
	FROM (SELECT x.*, coalesce(x.own_basis, x.default_basis) AS basis FROM unit x) t
	LEFT JOIN hospital_cost._workload_value w ON w.period = t.period AND w.department_code = t.department_code
		AND w.measure = t.basis AND t.basis IN ('bed_days', 'visits')
	UNION ALL
	SELECT NULL, NULL, NULL, NULL, NULL, false, 6::smallint, NULL, NULL) x
	ORDER BY x.department_code COLLATE "C" NULLS LAST;
END;

-- What each unit has to hand out, in 1e-8 yuan: after all levels; in mode service_units as if technical units had served nobody.
CREATE OR REPLACE FUNCTION hospital_cost._costing_pool(run int, mode text)
RETURNS TABLE (department_code text, funding_group int, component int, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.department_code, g.funding_group, g.component,
		(sum(c.direct + c.received - CASE WHEN _costing_pool.mode = 'service_units'
			THEN c.level3 + CASE WHEN d.class = 'technical' THEN 0 ELSE c.sent END ELSE c.sent END) * 100000000)::bigint
	FROM hospital_cost._department_cost c
	LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code
	JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code
	CROSS JOIN LATERAL (SELECT
		hospital_cost._funding_group(c.cost_class, c.funding_source) AS funding_group,
		CASE i.category WHEN 'personnel' THEN 0 WHEN 'materials' THEN CASE WHEN i.billable THEN 2 ELSE 1 END WHEN 'drugs' THEN 3
			WHEN 'depreciation' THEN 4 WHEN 'amortisation' THEN 5 WHEN 'risk_fund' THEN 6 ELSE 7 END AS component) g
	WHERE c.run_id = _costing_pool.run
	GROUP BY c.department_code, g.funding_group, g.component;
END;

-- Visits and bed-days of one month by encounter: what hospital_cost.workload counts, before adding up. A midnight counts for the day it ends; days to
-- come do not count; admitted and gone on one day is one bed-day, in the last ward.
CREATE OR REPLACE FUNCTION hospital_cost._encounter_time(month date)
RETURNS TABLE (encounter_code text, department_code text, measure text, quantity numeric, in_progress boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH span AS MATERIALIZED (
		SELECT z.name AS zone, _encounter_time.month AS first_day, (_encounter_time.month + interval '1 month')::date AS next_day,
			_encounter_time.month::timestamp AT TIME ZONE z.name AS starts, (_encounter_time.month + interval '1 month') AT TIME ZONE z.name AS ends
		FROM (SELECT hospital_cost.hospital_timezone() AS name) z
	), stay AS (
		SELECT s.encounter_code, s.department_code, s.from_at, e.ended_at, p.first_day AS month_day, p.next_day, p.zone, p.ends,
			(s.from_at AT TIME ZONE p.zone)::date AS first_day,
			(least(s.to_at, greatest(now(), s.from_at)) AT TIME ZONE p.zone)::date AS last_day
		FROM span p
		JOIN hospital_cost.department_stay s ON s.from_at < p.ends AND (s.to_at >= p.starts OR s.to_at IS NULL) AND s.from_at <= now()
		JOIN hospital_cost.encounter e ON e.code = s.encounter_code AND e.status = 'active' AND e.kind = 'inpatient'
	), same_day AS (
		SELECT DISTINCT ON (s.encounter_code) s.encounter_code, s.department_code
		FROM stay s
		WHERE s.first_day = s.last_day AND s.first_day >= s.month_day AND s.first_day < s.next_day AND s.ended_at IS NOT NULL
			AND NOT EXISTS (SELECT FROM hospital_cost.department_stay o WHERE o.encounter_code = s.encounter_code AND o.from_at <= now()
				AND ((o.from_at AT TIME ZONE s.zone)::date <> s.first_day
					OR (least(o.to_at, greatest(now(), o.from_at)) AT TIME ZONE s.zone)::date <> s.first_day))
		ORDER BY s.encounter_code, s.from_at DESC
	)
	SELECT s.encounter_code, s.department_code, 'bed_days',
		sum(least(s.last_day, s.next_day) - greatest(s.first_day, s.month_day))::numeric, bool_or(s.ended_at IS NULL OR s.ended_at >= s.ends)
	FROM stay s WHERE least(s.last_day, s.next_day) > greatest(s.first_day, s.month_day)
	GROUP BY s.encounter_code, s.department_code
	UNION ALL
	SELECT d.encounter_code, d.department_code, 'bed_days', 1, false FROM same_day d
	UNION ALL
	SELECT e.code, e.department_code, 'visits', 1, false
	FROM span p JOIN hospital_cost.encounter e ON e.started_at >= p.starts AND e.started_at < p.ends
	WHERE e.status = 'active' AND e.kind IN ('outpatient', 'emergency');
END;

-- What encounters used of the units that go by time or use, weights in 1e-4. Without an encounter that counts: encounter_code null.
CREATE OR REPLACE FUNCTION hospital_cost._costing_activity(run int, mode text)
RETURNS TABLE (encounter_code text, department_id smallint, weight bigint, in_progress boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH unit AS MATERIALIZED (
		SELECT u.department_code, u.department_id, u.basis, u.resource FROM hospital_cost._costing_unit(_costing_activity.run, _costing_activity.mode) u
		WHERE u.excluded = 0
	), span AS MATERIALIZED (
		SELECT r.period, r.period::timestamp AT TIME ZONE z.name AS starts, (r.period + interval '1 month') AT TIME ZONE z.name AS ends
		FROM hospital_cost._run r, (SELECT hospital_cost.hospital_timezone() AS name) z WHERE r.run_id = _costing_activity.run
	)
	SELECT t.encounter_code, u.department_id, (t.quantity * 10000)::bigint, t.in_progress
	FROM span p CROSS JOIN LATERAL hospital_cost._encounter_time(p.period) t
	JOIN unit u ON u.department_code = t.department_code AND u.basis = t.measure
	UNION ALL
	SELECT e.code, u.department_id, (s.quantity * 10000)::bigint, coalesce(e.kind = 'inpatient' AND (e.ended_at IS NULL OR e.ended_at >= p.ends), false)
	FROM span p
	JOIN hospital_cost.service_use s ON s.started_at >= p.starts AND s.started_at < p.ends
	JOIN unit u ON u.department_code = s.department_code AND u.basis = 'resource' AND s.resource = coalesce(u.resource, s.resource)
	LEFT JOIN hospital_cost.encounter e ON e.code = s.encounter_code AND e.status = 'active';
END;

-- Drugs and billable materials charged in the month of a run, from the charge totals: those taken from the cost of a unit, and those no unit has cost for.
CREATE OR REPLACE FUNCTION hospital_cost._charged_taken(run int) RETURNS TABLE (drugs numeric, materials numeric, not_taken numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH k AS (SELECT c.run_id, c.mode, r.period FROM hospital_cost._costing c JOIN hospital_cost._run r ON r.run_id = c.run_id
		WHERE c.run_id = _charged_taken.run),
	holder AS MATERIALIZED (
		SELECT u.department_id, k.mode, coalesce(sum(p.amount) FILTER (WHERE p.component = 3), 0) > 0 AS drugs,
			coalesce(sum(p.amount) FILTER (WHERE p.component IN (1, 2)), 0) > 0 AS materials
		FROM k CROSS JOIN LATERAL hospital_cost._costing_unit(k.run_id, k.mode) u
		JOIN LATERAL hospital_cost._costing_pool(k.run_id, k.mode) p ON p.department_code = u.department_code AND p.funding_group = 1
		WHERE u.excluded = 0 GROUP BY u.department_id, k.mode
	), charged AS (
		SELECT i.kind, t.amount, EXISTS (SELECT FROM holder h WHERE h.department_id = ANY (CASE k.mode
			WHEN 'ward_full' THEN ARRAY[coalesce(nullif(t.ordering_id, 0), t.performing_id)] ELSE ARRAY[t.performing_id, nullif(t.ordering_id, 0)] END)
			AND CASE i.kind WHEN 'drug' THEN h.drugs ELSE h.materials END) AS taken
		FROM k JOIN hospital_cost._item_total t ON t.period = k.period
		JOIN hospital_cost.charge_item i ON i.item_id = t.item_id AND (i.kind = 'drug' OR i.kind = 'material' AND i.billable)
	)
	SELECT coalesce(sum(c.amount) FILTER (WHERE c.taken AND c.kind = 'drug'), 0) * 0.01,
		coalesce(sum(c.amount) FILTER (WHERE c.taken AND c.kind = 'material'), 0) * 0.01, coalesce(sum(c.amount) FILTER (WHERE NOT c.taken), 0) * 0.01
	FROM charged c;
END;

COMMENT ON FUNCTION hospital_cost._charged_taken(int) IS 'Drugs and billable materials charged in the month of a costing, yuan: taken from the cost of a unit, or not';
COMMENT ON FUNCTION hospital_cost._costing_unit(int, text) IS 'Departments of a run, and by what their cost reaches encounters in a mode; loaded workload and capacity in 1e-4';
COMMENT ON FUNCTION hospital_cost._costing_pool(int, text) IS 'Cost that each unit hands out in a mode, by funding group and component, 1e-8 yuan';
COMMENT ON FUNCTION hospital_cost._encounter_time(date) IS 'Visits and bed-days of a month by encounter and department, as hospital_cost.workload counts them';
COMMENT ON FUNCTION hospital_cost._costing_activity(int, text) IS 'Activity by which the units of a run spread their cost, ledger income and quantity apart; weights in 1e-4';
