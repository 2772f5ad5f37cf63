-- 70 costing: what an open month and a patient still with us cost by now, by the unit costs of the last official run. Provisional, and says on what
-- it rests.

-- The official run a month rests on: its own, or the last before it; costed: the last that cost_objects was called for.
CREATE OR REPLACE FUNCTION hospital_cost._base_run(period date, costed boolean)
RETURNS TABLE (run_id int, run_period date, run_at timestamptz, final boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.run_id, r.period, r.run_at, r.period = _base_run.period AND coalesce(p.state = 'closed', false)
	FROM hospital_cost._run r LEFT JOIN hospital_cost.period p ON p.period = r.period
	WHERE r.official AND r.period <= _base_run.period
		AND (NOT _base_run.costed OR EXISTS (SELECT FROM hospital_cost._costing c WHERE c.run_id = r.run_id))
	ORDER BY r.period DESC LIMIT 1;
END;

-- Items of a run by department: what they cost in all, and how many there were.
CREATE OR REPLACE FUNCTION hospital_cost._item_base(run int, groups int)
RETURNS TABLE (department_code text, item_code text, quantity numeric, amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.department_code, c.item_code, max(c.quantity),
		sum(c.personnel + c.materials + c.billable_materials + c.drugs + c.depreciation + c.amortisation + c.risk_fund + c.other)
	FROM hospital_cost._item_cost c
	WHERE c.run_id = _item_base.run AND c.matched = 'item' AND c.funding_group <= _item_base.groups
	GROUP BY c.department_code, c.item_code HAVING max(c.quantity) <> 0;
END;

CREATE OR REPLACE FUNCTION hospital_cost.department_cost_now(period date, scope text DEFAULT 'medical')
RETURNS TABLE (department_code text, department_name text, class text, object text, quantity numeric, unit_cost numeric, cost numeric,
	provisional boolean, reason text, base_run int, base_period date, base_quantity numeric, base_cost numeric, uncosted_income numeric, direct_cost numeric,
	base_run_at timestamptz, as_of timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH arg AS MATERIALIZED (
		SELECT department_cost_now.period::hospital_cost.period_month::date AS period, hospital_cost._scope_groups(department_cost_now.scope) AS groups
	), base AS MATERIALIZED (
		SELECT b.* FROM arg CROSS JOIN LATERAL hospital_cost._base_run(arg.period, false) b
	), item_run AS MATERIALIZED (
		SELECT b.* FROM arg CROSS JOIN LATERAL hospital_cost._base_run(arg.period, true) b
	), present AS MATERIALIZED (
		SELECT q.* FROM arg CROSS JOIN LATERAL hospital_cost._unit_quantity(arg.period) q
	), past AS MATERIALIZED (
		SELECT q.* FROM base CROSS JOIN LATERAL hospital_cost._unit_quantity(base.run_period) q
	), unit AS (
		SELECT d.code, d.name, d.class,
			CASE WHEN d.class = 'technical' THEN 'item' WHEN d.class <> 'clinical' THEN NULL
				WHEN d.setting IN ('outpatient', 'emergency') THEN 'visit' WHEN d.setting = 'inpatient' THEN 'bed_day' END AS object
		FROM arg JOIN hospital_cost.department d ON d.valid && daterange(arg.period, (arg.period + interval '1 month')::date)
			OR EXISTS (SELECT FROM base JOIN hospital_cost._run_department r ON r.run_id = base.run_id AND r.department_code = d.code)
	), item AS (
		SELECT v.department_code, round(sum(b.amount * v.quantity / b.quantity), 2) AS cost, sum(b.amount) AS base_cost,
			coalesce(sum(v.income) FILTER (WHERE b.item_code IS NULL), 0) AS uncosted_income
		FROM arg JOIN hospital_cost.item_volume v ON v.period = arg.period
		LEFT JOIN (SELECT i.* FROM arg CROSS JOIN item_run CROSS JOIN LATERAL hospital_cost._item_base(item_run.run_id, arg.groups) i) b
			ON b.department_code = v.department_code AND b.item_code = v.item_code
		GROUP BY v.department_code
	), figure AS (
		SELECT u.code, u.name, u.class, u.object, coalesce(n.quantity, 0) AS quantity, coalesce(o.quantity, 0) AS base_quantity,
			c.total_cost AS base_cost, b.run_id, b.run_period, b.run_at, b.final,
			round(c.total_cost * coalesce(n.quantity, 0) / nullif(o.quantity, 0), 2) AS cost,
			round(c.total_cost / nullif(o.quantity, 0), 2) AS unit_cost, NULL::numeric AS uncosted_income,
			CASE WHEN b.run_id IS NULL THEN 'no_official_run' WHEN c.total_cost IS NULL THEN 'no_cost_then'
				WHEN coalesce(o.quantity, 0) = 0 THEN 'no_quantity_then' END AS reason
		FROM unit u
		LEFT JOIN base b ON true
		LEFT JOIN hospital_cost._unit_cost_base c ON c.run_id = b.run_id AND c.scope = department_cost_now.scope
			AND c.department_code = u.code AND c.object = u.object
		LEFT JOIN present n ON n.department_code = u.code AND n.measure = u.object || 's'
		LEFT JOIN past o ON o.department_code = u.code AND o.measure = u.object || 's'
		WHERE u.object IN ('visit', 'bed_day')
		UNION ALL
		SELECT u.code, u.name, u.class, u.object, NULL, NULL, i.base_cost, r.run_id, r.run_period, r.run_at, r.final,
			CASE WHEN r.run_id IS NOT NULL THEN CASE WHEN i.department_code IS NULL THEN 0 ELSE i.cost END END, NULL, i.uncosted_income,
			CASE WHEN r.run_id IS NULL THEN 'no_costed_run' WHEN i.department_code IS NOT NULL AND i.cost IS NULL THEN 'no_cost_then'
				WHEN i.uncosted_income <> 0 THEN 'items_without_cost' END
		FROM unit u LEFT JOIN item_run r ON true LEFT JOIN item i ON i.department_code = u.code
		WHERE u.object = 'item'
		UNION ALL
		SELECT u.code, u.name, u.class, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			CASE WHEN u.class IN ('administrative', 'auxiliary') THEN 'passed_on' WHEN u.class = 'external' THEN 'external' ELSE 'no_object' END
		FROM unit u WHERE u.object IS NULL
	)
	SELECT f.code, f.name, f.class, f.object, f.quantity::numeric(16,4), f.unit_cost::numeric(18,2), f.cost::numeric(18,2), NOT coalesce(f.final, false),
		f.reason, f.run_id, f.run_period, f.base_quantity::numeric(16,4), f.base_cost::numeric(18,2), f.uncosted_income::numeric(18,2),
		(SELECT coalesce(sum(x.amount), 0) FROM hospital_cost._direct_cost x WHERE x.period = arg.period AND x.department_code = f.code
			AND arg.groups >= hospital_cost._funding_group(x.cost_class, x.funding_source))::numeric(18,2),
		f.run_at, now()
	FROM figure f CROSS JOIN arg
	ORDER BY f.code COLLATE "C";
END;

-- What visits and bed-days of each clinical unit cost in a run beside drugs and billable materials charged, as cost_objects spreads it in mode
-- ward_full.
CREATE OR REPLACE FUNCTION hospital_cost._time_base(run int, groups int)
RETURNS TABLE (department_code text, measure text, quantity numeric, amount numeric, drugs boolean, materials boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH pool AS (
		SELECT p.department_code, sum(p.amount) FILTER (WHERE p.funding_group <= _time_base.groups) AS amount,
			coalesce(sum(p.amount) FILTER (WHERE p.component = 3 AND p.funding_group = 1), 0) > 0 AS drugs,
			coalesce(sum(p.amount) FILTER (WHERE p.component IN (1, 2) AND p.funding_group = 1), 0) > 0 AS materials
		FROM hospital_cost._costing_pool(_time_base.run, 'ward_full') p GROUP BY p.department_code
	), charged AS (
		SELECT coalesce(nullif(t.ordering_id, 0), t.performing_id) AS department_id, sum(t.amount) FILTER (WHERE i.kind = 'drug') AS drugs,
			sum(t.amount) FILTER (WHERE i.kind = 'material') AS materials
		FROM hospital_cost._run r
		JOIN hospital_cost._item_total t ON t.period = r.period
		JOIN hospital_cost.charge_item i ON i.item_id = t.item_id AND (i.kind = 'drug' OR i.kind = 'material' AND i.billable)
		WHERE r.run_id = _time_base.run
		GROUP BY 1
	), counted AS (
		SELECT t.department_code, t.measure, sum(t.quantity) AS quantity
		FROM hospital_cost._run r CROSS JOIN LATERAL hospital_cost._encounter_time(r.period) t WHERE r.run_id = _time_base.run
		GROUP BY t.department_code, t.measure
	)
	SELECT u.department_code, u.basis, greatest(coalesce(u.loaded * 0.0001, 0), coalesce(k.quantity, 0)),
		coalesce(p.amount, 0) * 0.00000001 - coalesce(CASE WHEN p.drugs THEN c.drugs END, 0) * 0.01
			- coalesce(CASE WHEN p.materials THEN c.materials END, 0) * 0.01,
		coalesce(p.drugs, false), coalesce(p.materials, false)
	FROM hospital_cost._costing_unit(_time_base.run, 'ward_full') u
	LEFT JOIN pool p ON p.department_code = u.department_code
	LEFT JOIN charged c ON c.department_id = u.department_id
	LEFT JOIN counted k ON k.department_code = u.department_code AND k.measure = u.basis
	WHERE u.excluded = 0;
END;

CREATE OR REPLACE FUNCTION hospital_cost._now_encounter(encounter text, method text) RETURNS hospital_cost.encounter
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	e hospital_cost.encounter;
BEGIN
	SELECT * INTO e FROM hospital_cost.encounter x WHERE x.code = encounter;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'encounter "%" is not known', encounter USING ERRCODE = 'MC732', HINT = 'See hospital_cost.encounter.';
	ELSIF method IS NULL OR method NOT IN ('top_down', 'bottom_up') THEN
		RAISE EXCEPTION 'costing method "%" is not known here', method USING ERRCODE = 'MC733', HINT = 'Say top_down or bottom_up.';
	END IF;
	RETURN e;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.encounter_cost_now(encounter text, scope text DEFAULT 'medical', method text DEFAULT 'top_down')
RETURNS TABLE (period date, department_code text, object text, item_code text, quantity numeric, unit_cost numeric, cost numeric, income numeric,
	provisional boolean, reason text, base_run int, base_period date, base_quantity numeric, base_run_at timestamptz, as_of timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	WITH arg AS MATERIALIZED (
		SELECT e.code, e.kind, e.status, hospital_cost._scope_groups(encounter_cost_now.scope) AS groups, encounter_cost_now.method AS method,
			date_trunc('month', e.started_at AT TIME ZONE z.name)::date AS first_month,
			date_trunc('month', coalesce(e.ended_at, greatest(now(), e.started_at)) AT TIME ZONE z.name)::date AS last_month
		FROM hospital_cost._now_encounter(encounter_cost_now.encounter, encounter_cost_now.method) e,
			(SELECT hospital_cost.hospital_timezone() AS name) z
	), line AS MATERIALIZED (
		SELECT l.period::date AS period, coalesce(o.code, p.code) AS ordering, p.code AS performing, i.code AS item_code,
			CASE WHEN i.kind = 'drug' THEN 'drug' WHEN i.kind = 'material' AND i.billable THEN 'material' ELSE 'item' END AS object,
			sum(l.quantity) * 0.0001 AS quantity, sum(l.amount) * 0.01 AS amount
		FROM arg JOIN hospital_cost._ledger l ON l.encounter_code = arg.code
		JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
		JOIN hospital_cost.department p ON p.department_id = l.performing_id
		LEFT JOIN hospital_cost.department o ON o.department_id = l.ordering_id
		WHERE arg.status = 'active'
		GROUP BY 1, 2, 3, 4, 5
	), month AS MATERIALIZED (
		SELECT m.period, b.run_id, b.run_period, b.run_at, coalesce(b.final, false) AS final, arg.method = 'top_down' AND coalesce(b.final, false)
			AND EXISTS (SELECT FROM hospital_cost._costing c WHERE c.run_id = b.run_id) AS told
		FROM arg
		CROSS JOIN LATERAL (SELECT g::date AS period FROM generate_series(arg.first_month::timestamp, CASE arg.kind WHEN 'inpatient' THEN arg.last_month
				ELSE arg.first_month END::timestamp, interval '1 month') g
			UNION SELECT l.period FROM line l) m
		LEFT JOIN LATERAL hospital_cost._base_run(m.period, arg.method = 'bottom_up') b ON true
	), rate AS MATERIALIZED (
		SELECT b.run_id, t.* FROM arg JOIN (SELECT DISTINCT m.run_id FROM month m WHERE NOT m.told AND m.run_id IS NOT NULL) b ON arg.method = 'top_down'
		CROSS JOIN LATERAL hospital_cost._time_base(b.run_id, arg.groups) t
	), item AS MATERIALIZED (
		SELECT b.run_id, t.* FROM arg JOIN (SELECT DISTINCT m.run_id FROM month m WHERE m.run_id IS NOT NULL) b ON arg.method = 'bottom_up'
		CROSS JOIN LATERAL hospital_cost._item_base(b.run_id, arg.groups) t
	), part AS (
		SELECT m.period, c.department_code, 'official' AS object, NULL AS item_code, NULL::numeric AS quantity, NULL::numeric AS unit_cost,
			sum(c.personnel::numeric + c.materials + c.billable_materials + c.drugs + c.depreciation + c.amortisation + c.risk_fund + c.other)
				* 0.00000001 AS cost, NULL::numeric AS income, NULL AS reason, NULL::numeric AS base_quantity
		FROM month m CROSS JOIN arg
		JOIN hospital_cost._encounter_cost c ON c.run_id = m.run_id AND c.encounter_code = arg.code AND c.funding_group <= arg.groups
		WHERE m.told
		GROUP BY m.period, c.department_code
		UNION ALL
		SELECT m.period, t.department_code, left(t.measure, -1), NULL, t.quantity, r.amount / nullif(r.quantity, 0),
			r.amount * t.quantity / nullif(r.quantity, 0), NULL, CASE WHEN m.run_id IS NULL THEN 'no_official_run'
				WHEN r.department_code IS NULL THEN 'no_cost_then' WHEN r.quantity = 0 THEN 'no_quantity_then' END, r.quantity
		FROM month m CROSS JOIN arg
		CROSS JOIN LATERAL hospital_cost._encounter_time(m.period) t
		LEFT JOIN rate r ON r.run_id = m.run_id AND r.department_code = t.department_code AND r.measure = t.measure
		WHERE NOT m.told AND arg.method = 'top_down' AND t.encounter_code = arg.code
		UNION ALL
		SELECT l.period, CASE arg.method WHEN 'top_down' THEN l.ordering ELSE l.performing END, l.object, l.item_code, l.quantity,
			l.amount / nullif(l.quantity, 0), CASE WHEN k.taken THEN l.amount END, l.amount, CASE WHEN NOT k.taken THEN 'no_such_cost_then' END, NULL
		FROM line l CROSS JOIN arg
		JOIN month m ON m.period = l.period AND NOT m.told
		LEFT JOIN rate r ON r.run_id = m.run_id AND r.department_code = l.ordering
		-- A unit that had such cost, or of which the run knows nothing.
		CROSS JOIN LATERAL (SELECT CASE WHEN r.run_id IS NOT NULL THEN CASE l.object WHEN 'drug' THEN r.drugs ELSE r.materials END
			ELSE arg.method = 'bottom_up' OR NOT EXISTS (SELECT FROM hospital_cost._run_department d
				WHERE d.run_id = m.run_id AND d.department_code = l.ordering) END AS taken) k
		WHERE l.object <> 'item'
		UNION ALL
		SELECT l.period, l.performing, 'item', l.item_code, l.quantity, i.amount / i.quantity, i.amount * l.quantity / i.quantity, l.amount,
			CASE WHEN m.run_id IS NULL THEN 'no_costed_run' WHEN i.item_code IS NULL THEN 'no_cost_then' END, i.quantity
		FROM line l CROSS JOIN arg
		JOIN month m ON m.period = l.period
		LEFT JOIN item i ON i.run_id = m.run_id AND i.department_code = l.performing AND i.item_code = l.item_code
		WHERE l.object = 'item' AND arg.method = 'bottom_up'
	)
	SELECT p.period, p.department_code, p.object, p.item_code, p.quantity::numeric(16,4), p.unit_cost::numeric(18,6), p.cost::numeric(22,8),
		p.income::numeric(18,2), NOT m.final, p.reason, m.run_id, m.run_period, p.base_quantity::numeric(16,4), m.run_at, now()
	FROM part p JOIN month m ON m.period = p.period
	ORDER BY p.period, p.object, p.department_code COLLATE "C", p.item_code COLLATE "C";
END;
