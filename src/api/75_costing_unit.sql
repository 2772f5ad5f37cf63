-- 70 costing: unit cost by cost item, and how far beds and other capacity were used.

-- The scopes and objects of _unit_cost_base, item by item: its sums are those of visit_cost and bed_day_cost.
CREATE OR REPLACE VIEW hospital_cost._unit_cost_item AS
WITH part AS (
	SELECT c.run_id, r.period, r.official, o.object, c.department_code, s.scope, c.cost_item_code, i.category, sum(c.full_cost) AS total_cost
	FROM hospital_cost._department_cost c
	JOIN hospital_cost._run r ON r.run_id = c.run_id
	JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code AND d.class = 'clinical'
	JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code
	JOIN (VALUES ('outpatient', 'visit'), ('emergency', 'visit'), ('inpatient', 'bed_day')) AS o (setting, object) ON o.setting = d.setting
	JOIN hospital_cost._scope s ON s.groups >= hospital_cost._funding_group(c.cost_class, c.funding_source)
	GROUP BY c.run_id, r.period, r.official, o.object, c.department_code, s.scope, c.cost_item_code, i.category
), total AS (
	SELECT p.run_id, p.period, p.official, p.object, p.department_code, p.scope, p.cost_item_code, p.category, sum(p.total_cost) AS total_cost
	FROM part p
	GROUP BY GROUPING SETS ((p.run_id, p.period, p.official, p.object, p.scope, p.cost_item_code, p.category, p.department_code),
		(p.run_id, p.period, p.official, p.object, p.scope, p.cost_item_code, p.category))
)
SELECT t.object, t.run_id, t.period, t.department_code, t.scope, t.cost_item_code, t.category, u.quantity,
	t.total_cost::numeric(18,2) AS total_cost, round(t.total_cost / nullif(u.quantity, 0), 2)::numeric(18,2) AS unit_cost,
	round(t.total_cost / nullif(sum(t.total_cost) OVER (PARTITION BY t.object, t.run_id, t.department_code, t.scope), 0), 6)::numeric(12,6) AS ratio,
	t.official
FROM total t
JOIN hospital_cost._unit_cost u ON (u.object, u.run_id, u.scope) = (t.object, t.run_id, t.scope)
	AND u.department_code IS NOT DISTINCT FROM t.department_code;

CREATE OR REPLACE VIEW hospital_cost.visit_cost_item AS
SELECT u.run_id, u.period, u.department_code, u.scope, u.cost_item_code, u.category, u.quantity, u.total_cost, u.unit_cost, u.ratio, u.official
FROM hospital_cost._unit_cost_item u WHERE u.object = 'visit';

CREATE OR REPLACE VIEW hospital_cost.bed_day_cost_item AS
SELECT u.run_id, u.period, u.department_code, u.scope, u.cost_item_code, u.category, u.quantity, u.total_cost, u.unit_cost, u.ratio, u.official
FROM hospital_cost._unit_cost_item u WHERE u.object = 'bed_day';

-- Days of a month that are over: an unfinished month counts up to last midnight, as its bed-days do.
CREATE OR REPLACE FUNCTION hospital_cost._days_over(period date) RETURNS int
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN greatest(least((period + interval '1 month')::date, (now() AT TIME ZONE hospital_cost.hospital_timezone())::date) - period, 0);

CREATE OR REPLACE VIEW hospital_cost.bed_use AS
WITH zone AS (SELECT hospital_cost.hospital_timezone() AS name),
gone AS (
	SELECT hospital_cost.period_of(x.out_day) AS period, x.department_code, sum(greatest(x.out_day - x.in_day, 1))::numeric AS bed_days, count(*)::numeric AS discharges
	FROM (SELECT (e.started_at AT TIME ZONE z.name)::date AS in_day, (e.ended_at AT TIME ZONE z.name)::date AS out_day,
			coalesce((SELECT s.department_code FROM hospital_cost.department_stay s WHERE s.encounter_code = e.code ORDER BY s.from_at DESC LIMIT 1),
				e.department_code) AS department_code
		FROM hospital_cost.encounter e CROSS JOIN zone z
		WHERE e.status = 'active' AND e.kind = 'inpatient' AND e.ended_at IS NOT NULL) x
	GROUP BY 1, 2
), used AS (
	SELECT w.period, w.department_code, sum(w.quantity) FILTER (WHERE w.measure = 'bed_days') AS bed_days,
		sum(w.quantity) FILTER (WHERE w.measure = 'discharges') AS discharges
	FROM hospital_cost.workload w WHERE w.measure IN ('bed_days', 'discharges') GROUP BY w.period, w.department_code
)
SELECT c.period, c.department_code, c.quantity AS beds, d.days, coalesce(u.bed_days, 0)::numeric(16,4) AS bed_days,
	coalesce(u.discharges, 0)::numeric(16,4) AS discharges,
	round(coalesce(u.bed_days, 0) / nullif(c.quantity * d.days, 0), 6)::numeric(12,6) AS occupancy,
	round(coalesce(u.discharges, 0) / nullif(c.quantity, 0), 4)::numeric(16,4) AS turnover,
	round(g.bed_days / nullif(g.discharges, 0), 2)::numeric(10,2) AS length_of_stay
FROM hospital_cost.capacity c
CROSS JOIN LATERAL (SELECT hospital_cost._days_over(c.period) AS days) d
LEFT JOIN used u ON u.period = c.period AND u.department_code = c.department_code
LEFT JOIN gone g ON g.period = c.period AND g.department_code = c.department_code
WHERE c.resource = 'beds';

-- Capacity against what was used of it; what the unused part of the month's cost was, where there is an official run.
CREATE OR REPLACE VIEW hospital_cost.unused_capacity AS
WITH zone AS (SELECT hospital_cost.hospital_timezone() AS name),
amount AS (
	SELECT c.period, c.department_code, c.resource, c.quantity * CASE c.resource WHEN 'beds' THEN hospital_cost._days_over(c.period) ELSE 1 END AS available,
		coalesce(CASE c.resource
			WHEN 'beds' THEN (SELECT w.quantity FROM hospital_cost.workload w WHERE (w.period, w.department_code, w.measure) = (c.period, c.department_code, 'bed_days'))
			WHEN 'visits' THEN (SELECT w.quantity FROM hospital_cost.workload w WHERE (w.period, w.department_code, w.measure) = (c.period, c.department_code, 'visits'))
			ELSE (SELECT sum(s.quantity) FROM hospital_cost.service_use s, zone z WHERE s.department_code = c.department_code AND s.resource = c.resource
				AND s.started_at >= c.period::timestamp AT TIME ZONE z.name AND s.started_at < (c.period + interval '1 month') AT TIME ZONE z.name) END, 0) AS used
	FROM hospital_cost.capacity c
)
SELECT a.period, a.department_code, a.resource, a.available::numeric(18,4) AS available, a.used::numeric(18,4) AS used,
	greatest(a.available - a.used, 0)::numeric(18,4) AS unused, round(a.used / nullif(a.available, 0), 6)::numeric(12,6) AS utilisation,
	round(f.amount * greatest(a.available - a.used, 0) / nullif(a.available, 0), 2)::numeric(18,2) AS unused_cost
FROM amount a
LEFT JOIN LATERAL (SELECT sum(c.direct + c.level1 + c.level2) AS amount FROM hospital_cost._run r
	JOIN hospital_cost._department_cost c ON c.run_id = r.run_id AND c.department_code = a.department_code
		AND hospital_cost._funding_group(c.cost_class, c.funding_source) = 1
	JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code AND i.behaviour <> 'variable'
	WHERE r.period = a.period AND r.official) f ON true;
