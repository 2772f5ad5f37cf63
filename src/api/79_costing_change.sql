-- 70 costing: what departments earn against what they cost, and why cost changed between two months.

-- Funding groups of a scope: 1 medical, 2 medical_full, 3 hospital_full.
CREATE OR REPLACE FUNCTION hospital_cost._scope_groups(scope text) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF array_position('{medical,medical_full,hospital_full}'::text[], scope) IS NULL THEN
		RAISE EXCEPTION 'cost scope "%" is not known', scope USING ERRCODE = 'MC731', HINT = 'Say medical, medical_full or hospital_full.';
	END IF;
	RETURN array_position('{medical,medical_full,hospital_full}'::text[], scope);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._official_run(period date) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_run int := (SELECT r.run_id FROM hospital_cost._run r WHERE r.period = _official_run.period AND r.official);
BEGIN
	IF found_run IS NULL THEN
		RAISE EXCEPTION 'month % has no official run', coalesce(to_char(period, 'YYYY-MM'), 'null') USING ERRCODE = 'MC734',
			HINT = 'Call hospital_cost.allocate(period, plan), and hospital_cost.make_official(run) if another was official. See hospital_cost.run.';
	END IF;
	RETURN found_run;
END $$;

-- Visits and bed-days of a month by department, as the view workload has them: loaded, or counted. The view counts all months to tell one.
CREATE OR REPLACE FUNCTION hospital_cost._unit_quantity(period date) RETURNS TABLE (department_code text, measure text, quantity numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT department_code, measure, coalesce(w.quantity, c.quantity)
	FROM (SELECT t.department_code, t.measure, sum(t.quantity) AS quantity FROM hospital_cost._encounter_time(_unit_quantity.period) t GROUP BY 1, 2) c
	FULL JOIN (SELECT v.department_code, v.measure, v.quantity FROM hospital_cost._workload_value v
		WHERE v.period = _unit_quantity.period AND v.measure IN ('visits', 'bed_days')) w USING (department_code, measure);
END;

-- Two pairs: what a department ordered against its full cost, which holds what others did for it; what it performed against its cost before it
-- served others.
CREATE OR REPLACE VIEW hospital_cost.department_result AS
WITH part AS (
	SELECT c.run_id, c.department_code, s.scope, c.full_cost AS full_cost,
		c.direct + c.received - c.level3 - CASE WHEN d.class = 'technical' THEN 0 ELSE c.sent END AS performed_cost,
		0::numeric AS ordered, 0::numeric AS performed
	FROM hospital_cost._department_cost c
	LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code
	JOIN hospital_cost._scope s ON s.groups >= hospital_cost._funding_group(c.cost_class, c.funding_source)
	UNION ALL
	SELECT r.run_id, d.code, s.scope, 0, 0, v.ordered * 0.01, v.performed * 0.01
	FROM hospital_cost._run r
	JOIN hospital_cost._item_total t ON t.period = r.period
	CROSS JOIN LATERAL (VALUES (coalesce(nullif(t.ordering_id, 0), t.performing_id), t.amount, 0), (t.performing_id, 0, t.amount))
		AS v (department_id, ordered, performed)
	JOIN hospital_cost.department d ON d.department_id = v.department_id
	CROSS JOIN hospital_cost._scope s
	WHERE r.official
)
SELECT r.run_id, r.period, p.department_code, coalesce(d.department_name, n.name) AS department_name, coalesce(d.class, n.class) AS class, p.scope,
	p.income_ordered, p.full_cost, (p.income_ordered - p.full_cost)::numeric(18,2) AS result,
	round((p.income_ordered - p.full_cost) / nullif(p.income_ordered, 0), 6) AS margin,
	p.income_performed, p.performed_cost, (p.income_performed - p.performed_cost)::numeric(22,8) AS performed_result,
	round((p.income_performed - p.performed_cost) / nullif(p.income_performed, 0), 6) AS performed_margin
FROM (SELECT x.run_id, x.department_code, x.scope, sum(x.full_cost)::numeric(18,2) AS full_cost,
		sum(x.performed_cost)::numeric(22,8) AS performed_cost, sum(x.ordered)::numeric(18,2) AS income_ordered,
		sum(x.performed)::numeric(18,2) AS income_performed
	FROM part x GROUP BY x.run_id, x.department_code, x.scope) p
JOIN hospital_cost._run r ON r.run_id = p.run_id AND r.official
LEFT JOIN hospital_cost._run_department d ON d.run_id = p.run_id AND d.department_code = p.department_code
LEFT JOIN hospital_cost.department n ON n.code = p.department_code;

-- What of each origin's direct cost ended in which department, within a scope.
CREATE OR REPLACE FUNCTION hospital_cost._cost_share(run int, groups int)
RETURNS TABLE (department_code text, origin text, pool text, amount numeric, whole numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10000 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT p.department_code, p.origin, concat_ws(' ', p.cost_item_code, p.funding_source, p.cost_class), sum(p.amount),
		sum(sum(p.amount)) OVER (PARTITION BY p.origin, p.cost_item_code, p.funding_source, p.cost_class)
	FROM hospital_cost._trace_parts(_cost_share.run, NULL, NULL, NULL, NULL, NULL) p
	WHERE _cost_share.groups >= hospital_cost._funding_group(p.cost_class, p.funding_source)
	GROUP BY p.department_code, p.origin, p.cost_item_code, p.funding_source, p.cost_class;
END;

-- Cost of each department by the inputs of a later month in the shares of an earlier one; an input that is new comes with its own shares.
CREATE OR REPLACE FUNCTION hospital_cost._cost_at_old_shares(run0 int, run1 int, groups int) RETURNS TABLE (department_code text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
BEGIN ATOMIC
	WITH before AS MATERIALIZED (SELECT * FROM hospital_cost._cost_share(_cost_at_old_shares.run0, _cost_at_old_shares.groups)),
	after AS MATERIALIZED (SELECT * FROM hospital_cost._cost_share(_cost_at_old_shares.run1, _cost_at_old_shares.groups)),
	whole0 AS MATERIALIZED (SELECT b.origin, b.pool, max(b.whole) AS whole FROM before b WHERE b.whole <> 0 GROUP BY b.origin, b.pool),
	whole1 AS MATERIALIZED (SELECT a.origin, a.pool, max(a.whole) AS whole FROM after a GROUP BY a.origin, a.pool)
	SELECT x.department_code, round(sum(x.amount), 2)
	FROM (SELECT b.department_code, b.amount * w.whole / b.whole AS amount
			FROM before b JOIN whole1 w ON w.origin = b.origin AND w.pool = b.pool WHERE b.whole <> 0
		UNION ALL
		SELECT a.department_code, a.amount FROM after a LEFT JOIN whole0 w ON w.origin = a.origin AND w.pool = a.pool WHERE w.origin IS NULL) x
	GROUP BY x.department_code;
END;

-- Chain substitution: one factor after the other goes from its old to its new value, and what that does to the cost is its effect.
CREATE OR REPLACE FUNCTION hospital_cost.cost_change(period_from date, period_to date, scope text DEFAULT 'medical')
RETURNS TABLE (object text, department_code text, quantity_before numeric, quantity_after numeric, cost_before numeric, cost_after numeric,
	change numeric, quantity_effect numeric, mix_effect numeric, price_effect numeric, driver_effect numeric, note text, run_before int, run_after int)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH arg AS MATERIALIZED (
		SELECT hospital_cost._official_run(cost_change.period_from) AS run0, hospital_cost._official_run(cost_change.period_to) AS run1,
			hospital_cost._scope_groups(cost_change.scope) AS groups
	), moment AS MATERIALIZED (
		SELECT b.object, b.department_code, 0 AS side, b.total_cost, coalesce(q.quantity, 0) AS quantity
		FROM arg JOIN hospital_cost._unit_cost_base b ON b.run_id = arg.run0 AND b.scope = cost_change.scope AND b.total_cost IS NOT NULL
		LEFT JOIN hospital_cost._unit_quantity(cost_change.period_from) q ON q.department_code = b.department_code AND q.measure = b.object || 's'
		UNION ALL
		SELECT b.object, b.department_code, 1, b.total_cost, coalesce(q.quantity, 0)
		FROM arg JOIN hospital_cost._unit_cost_base b ON b.run_id = arg.run1 AND b.scope = cost_change.scope AND b.total_cost IS NOT NULL
		LEFT JOIN hospital_cost._unit_quantity(cost_change.period_to) q ON q.department_code = b.department_code AND q.measure = b.object || 's'
	), unit AS (
		SELECT m.object, m.department_code, min(m.side) AS first_side, max(m.side) AS last_side,
			coalesce(max(m.total_cost) FILTER (WHERE m.side = 0), 0) AS c0, coalesce(max(m.total_cost) FILTER (WHERE m.side = 1), 0) AS c1,
			coalesce(max(m.quantity) FILTER (WHERE m.side = 0), 0) AS q0, coalesce(max(m.quantity) FILTER (WHERE m.side = 1), 0) AS q1
		FROM moment m GROUP BY m.object, m.department_code
	), whole AS (
		SELECT u.*, sum(u.q0) OVER object AS all0, sum(u.q1) OVER object AS all1 FROM unit u WINDOW object AS (PARTITION BY u.object)
	), workload AS (
		SELECT w.*, CASE WHEN w.first_side = 1 THEN 'new' WHEN w.last_side = 0 THEN 'gone' WHEN w.q0 = 0 THEN 'no_quantity_before'
				WHEN w.q1 = 0 THEN 'no_quantity_after' END AS note,
			CASE WHEN w.q0 = 0 OR w.q1 = 0 AND w.last_side = 1 THEN w.c0 ELSE round(w.c0 * w.all1 / w.all0, 2) END AS grown
		FROM whole w
	), chain AS (
		SELECT k.*, CASE WHEN k.note IN ('new', 'gone') THEN k.c1 WHEN k.note IS NOT NULL THEN k.c0 ELSE round(k.c0 * k.q1 / k.q0, 2) END AS shifted
		FROM workload k
	), step AS (
		SELECT c.*, CASE WHEN c.note IN ('new', 'gone') THEN c.shifted ELSE coalesce(o.amount, 0) END AS repriced
		FROM chain c
		LEFT JOIN (SELECT x.department_code, x.amount FROM arg CROSS JOIN LATERAL hospital_cost._cost_at_old_shares(arg.run0, arg.run1, arg.groups) x) o
			ON o.department_code = c.department_code
	)
	SELECT s.object, s.department_code, sum(s.q0)::numeric(16,4), sum(s.q1)::numeric(16,4), sum(s.c0)::numeric(18,2), sum(s.c1)::numeric(18,2),
		sum(s.c1 - s.c0)::numeric(18,2), sum(s.grown - s.c0)::numeric(18,2), sum(s.shifted - s.grown)::numeric(18,2),
		sum(s.repriced - s.shifted)::numeric(18,2), sum(s.c1 - s.repriced)::numeric(18,2),
		CASE WHEN GROUPING(s.department_code) = 0 THEN max(s.note) END, max(a.run0), max(a.run1)
	FROM step s CROSS JOIN arg a
	GROUP BY GROUPING SETS ((s.object, s.department_code), (s.object))
	ORDER BY s.object, s.department_code COLLATE "C" NULLS FIRST;
END;
