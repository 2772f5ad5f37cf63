-- The twin's activity-based cost of month n: each stage a table of amounts that the next one splits.
CREATE FUNCTION by_activity(n int) RETURNS void LANGUAGE sql AS $$
	WITH day AS (SELECT (twin.month(n) + interval '1 month' - interval '1 day')::date AS day
	), v AS (SELECT * FROM twin.volume WHERE period = twin.month(n)
	), p AS (SELECT * FROM twin.pool WHERE period = twin.month(n)
	), consumed AS (
		SELECT v.d, v.i, CASE c.component WHEN 'materials' THEN 1 ELSE 4 END AS component, round(c.amount * v.q, 8) AS amount
		FROM v JOIN hospital_cost.item_consumption c ON c.department_code = v.d AND c.item_code = v.i WHERE c.component IN ('materials', 'depreciation')
	), traced AS (
		SELECT t.d, t.i, t.component, w.variable, CASE WHEN NOT w.variable THEN t.amount WHEN w.amount = 0 THEN 0
			ELSE round(t.amount * part.amount / w.amount, 8) END AS amount
		FROM consumed t
		JOIN LATERAL (SELECT x.variable, coalesce((SELECT p.amount FROM p WHERE p.d = t.d AND p.grp = 1 AND p.component = t.component AND NOT p.variable), 0) AS amount
			FROM (VALUES (false), (true)) x (variable)) w ON true
		LEFT JOIN p part ON part.d = t.d AND part.grp = 1 AND part.component = t.component AND part.variable
	), rest AS (
		SELECT d, grp, component, variable, sum(amount) AS amount FROM (SELECT d, grp, component, variable, amount FROM p
			UNION ALL SELECT d, 1, component, variable, -coalesce(amount, 0) FROM traced) x GROUP BY 1, 2, 3, 4
	), routed AS (
		SELECT r.*, CASE WHEN r.component = 0 AND r.d IN (SELECT s.department_code FROM hospital_cost.staff_rate s) THEN 'minutes'
			WHEN r.component = 0 THEN 'staff' WHEN r.component = 1 THEN CASE r.d WHEN 'D1' THEN 'staff' ELSE 'equipment' END
			WHEN r.component IN (4, 5) THEN 'equipment' WHEN r.component = 6 THEN CASE r.d WHEN 'D2' THEN 'area' ELSE 'hours' END ELSE 'area' END AS route
		FROM rest r WHERE r.amount <> 0
	), role AS (
		SELECT r.d, r.grp, r.component, r.variable, s.role, s.amount FROM routed r
		JOIN (SELECT department_code AS d, array_agg(role ORDER BY role COLLATE "C") AS roles, array_agg(personnel_cost ORDER BY role COLLATE "C") AS costs
			FROM hospital_cost.staff_rate GROUP BY 1) a ON a.d = r.d
		CROSS JOIN LATERAL unnest(a.roles, twin.split(r.amount, a.costs)) AS s (role, amount) WHERE r.route = 'minutes'
	), minutes AS (
		SELECT s.department_code AS d, s.role, s.activity_code AS a, s.item_code AS i, s.persons * s.minutes * v.q AS w
		FROM hospital_cost.activity_staff s JOIN v ON v.d = s.department_code AND v.i = s.item_code
	), given AS (
		SELECT d, role, array_agg(a ORDER BY last, a COLLATE "C", i COLLATE "C") AS activities, array_agg(i ORDER BY last, a COLLATE "C", i COLLATE "C") AS items,
			array_agg(w ORDER BY last, a COLLATE "C", i COLLATE "C") AS weights
		FROM (SELECT d, role, a, i, w, 0 AS last FROM minutes UNION ALL
			SELECT s.department_code, s.role, NULL, NULL, s.practical_minutes - coalesce((SELECT sum(m.w) FROM minutes m WHERE m.d = s.department_code AND m.role = s.role), 0), 1
			FROM hospital_cost.staff_rate s) x GROUP BY 1, 2
	), labour AS (
		SELECT r.d, r.grp, r.component, r.variable, r.role, s.a, s.i, s.amount
		FROM role r JOIN given g ON g.d = r.d AND g.role = r.role CROSS JOIN LATERAL unnest(g.activities, g.items, twin.split(r.amount, g.weights)) AS s (a, i, amount)
	), resource AS (
		SELECT c.department_code AS d, k.driver, c.code AS a, coalesce(r.quantity, 0) AS w, 0 AS last FROM hospital_cost.activity c
		CROSS JOIN unnest('{staff,area,equipment,hours}'::text[]) k (driver)
		LEFT JOIN hospital_cost.activity_resource r ON r.department_code = c.department_code AND r.activity_code = c.code AND r.driver = k.driver
	), supply AS (
		SELECT d, driver, array_agg(a ORDER BY last, a COLLATE "C") AS activities, array_agg(w ORDER BY last, a COLLATE "C") AS weights, sum(w) AS total
		FROM (TABLE resource UNION ALL SELECT x.d, x.driver, NULL, CASE WHEN c.quantity > 0 THEN c.quantity - x.w ELSE 0 END, 1
			FROM (SELECT d, driver, sum(w) AS w FROM resource GROUP BY 1, 2) x
			LEFT JOIN hospital_cost.activity_resource c ON c.department_code = x.d AND c.driver = x.driver AND c.activity_code IS NULL) y GROUP BY 1, 2
	), activity AS (
		SELECT r.d, r.grp, r.component, r.variable, r.route, s.a, s.amount
		FROM routed r JOIN supply u ON u.d = r.d AND u.driver = r.route AND u.total > 0 CROSS JOIN LATERAL unnest(u.activities, twin.split(r.amount, u.weights)) AS s (a, amount)
	), cause AS (
		SELECT x.department_code AS d, x.activity_code AS a, array_agg(x.item_code ORDER BY x.item_code COLLATE "C") AS items, array_agg(f.w * v.q ORDER BY x.item_code COLLATE "C") AS weights, sum(f.w * v.q) AS total
		FROM hospital_cost.activity_item x JOIN day ON x.valid @> day.day JOIN v ON v.d = x.department_code AND v.i = x.item_code
		JOIN hospital_cost.activity c ON c.department_code = x.department_code AND c.code = x.activity_code
		CROSS JOIN LATERAL (SELECT CASE c.driver WHEN 'count' THEN x.times WHEN 'time' THEN x.minutes WHEN 'difficulty' THEN x.times * x.difficulty ELSE x.times * x.risk END) f (w)
		GROUP BY 1, 2
	)
	INSERT INTO twin.cost
	SELECT n, 'activity', t.d, 1, 'item', t.i, NULL, NULL, t.component, t.variable, t.amount FROM traced t WHERE t.amount IS NOT NULL
	UNION ALL
	SELECT n, 'activity', l.d, l.grp, CASE WHEN l.i IS NULL THEN 'idle' ELSE 'item' END, l.i, l.a, CASE WHEN l.i IS NULL THEN 'role:' || l.role END, l.component, l.variable, l.amount FROM labour l
	UNION ALL
	SELECT n, 'activity', s.d, s.grp, 'idle', NULL, s.a, CASE WHEN s.a IS NULL THEN 'driver:' || s.route END, s.component, s.variable, s.amount
	FROM activity s LEFT JOIN cause c ON c.d = s.d AND c.a = s.a WHERE s.a IS NULL OR coalesce(c.total, 0) <= 0
	UNION ALL
	SELECT n, 'activity', s.d, s.grp, 'item', x.item, s.a, NULL, s.component, s.variable, x.amount
	FROM activity s JOIN cause c ON c.d = s.d AND c.a = s.a AND c.total > 0 CROSS JOIN LATERAL unnest(c.items, twin.split(s.amount, c.weights)) AS x (item, amount)
	UNION ALL
	SELECT n, 'activity', r.d, r.grp, 'unmatched', NULL, NULL, NULL, r.component, r.variable, r.amount
	FROM routed r LEFT JOIN supply u ON u.d = r.d AND u.driver = r.route WHERE r.route <> 'minutes' AND coalesce(u.total, 0) <= 0
	UNION ALL
	SELECT n, 'activity', v.d, 1, 'excluded', v.i, NULL, CASE WHEN v.d IN ('A', 'X') THEN 'no pool' ELSE 'no base' END, -1, true, 0
	FROM v WHERE v.d IN ('A', 'X') OR NOT EXISTS (SELECT FROM cause c WHERE c.d = v.d AND v.i = ANY (c.items)) AND NOT EXISTS (SELECT FROM minutes m WHERE m.d = v.d AND m.i = v.i)
		AND NOT EXISTS (SELECT FROM traced t WHERE t.d = v.d AND t.i = v.i AND t.amount <> 0) $$;
