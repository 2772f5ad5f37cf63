-- 70 costing, service items: what goes in, and the split of each department's pool.

-- The day whose rows hold for a month.
CREATE OR REPLACE FUNCTION hospital_cost._last_day(period date) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (period + interval '1 month' - interval '1 day')::date;

CREATE OR REPLACE FUNCTION hospital_cost._component_number(component text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN array_position('{personnel,materials,billable_materials,drugs,depreciation,amortisation,risk_fund,other}'::text[], component) - 1;

CREATE OR REPLACE FUNCTION hospital_cost._item_list_price(item text, period date) RETURNS numeric
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT p.unit_price FROM hospital_cost.price p
	WHERE p.item_code = item AND p.price_class = 'standard' AND p.valid @> hospital_cost._last_day(_item_list_price.period);
END;

CREATE OR REPLACE VIEW hospital_cost.item_volume_value AS
SELECT v.period, v.department_code, v.item_code, v.quantity, v.income FROM hospital_cost._item_volume v;

CREATE OR REPLACE FUNCTION hospital_cost._write_item_volume() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM hospital_cost._period_guard(OLD.period);
		DELETE FROM hospital_cost._item_volume v
		WHERE v.period = OLD.period AND v.department_code = OLD.department_code AND v.item_code = OLD.item_code;
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	PERFORM hospital_cost._period_guard(NEW.period);
	INSERT INTO hospital_cost._item_volume (period, department_code, item_code, quantity, income)
	VALUES (NEW.period, NEW.department_code, NEW.item_code, NEW.quantity, NEW.income);
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER write_item_volume INSTEAD OF INSERT OR UPDATE OR DELETE ON hospital_cost.item_volume_value
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._write_item_volume();

-- Drugs and materials charged by themselves are no service items.
CREATE OR REPLACE VIEW hospital_cost.item_volume AS
SELECT v.period, v.department_code, v.item_code, v.quantity,
	coalesce(v.income, round(v.quantity * hospital_cost._item_list_price(v.item_code, v.period), 2), 0)::numeric(18,2) AS income,
	'loaded' AS origin
FROM hospital_cost._item_volume v
JOIN hospital_cost.charge_item i ON i.code = v.item_code
WHERE i.kind <> 'drug' AND NOT (i.kind = 'material' AND i.billable)
UNION ALL
SELECT t.period, d.code, i.code, (sum(t.quantity) * 0.0001)::numeric(16,4), (sum(t.amount) * 0.01)::numeric(18,2), 'counted'
FROM hospital_cost._item_total t
JOIN hospital_cost.department d ON d.department_id = t.performing_id
JOIN hospital_cost.charge_item i ON i.item_id = t.item_id
WHERE i.kind <> 'drug' AND NOT (i.kind = 'material' AND i.billable)
	AND NOT EXISTS (SELECT FROM hospital_cost._item_volume v WHERE v.period = t.period AND v.department_code = d.code AND v.item_code = i.code)
GROUP BY t.period, d.code, i.code;

-- Pool of a department: its cost after two levels without drugs and materials charged by themselves, by funding group (what each scope adds) and
-- component, and what of it is variable.
CREATE OR REPLACE FUNCTION hospital_cost._item_cost_pool(run int)
RETURNS TABLE (department_code text, funding_group int, component int, amount numeric, variable numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.department_code, g.funding_group, g.component, sum(c.direct + c.level1 + c.level2),
		sum(round((c.direct + c.level1 + c.level2) * coalesce(v.share, CASE i.behaviour WHEN 'fixed' THEN 0 WHEN 'variable' THEN 1 ELSE 0.5 END), 8))
	FROM hospital_cost._department_cost c
	JOIN hospital_cost._run r ON r.run_id = c.run_id
	JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code AND d.class IN ('clinical', 'technical')
	JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code AND i.category <> 'drugs' AND NOT (i.category = 'materials' AND i.billable)
	LEFT JOIN hospital_cost.variable_share v ON v.cost_item_code = i.cost_item_code AND v.valid @> hospital_cost._last_day(r.period)
	CROSS JOIN LATERAL (SELECT
		hospital_cost._funding_group(c.cost_class, c.funding_source) AS funding_group,
		hospital_cost._component_number(i.category) AS component) g
	WHERE c.run_id = _item_cost_pool.run
	GROUP BY c.department_code, g.funding_group, g.component;
END;

-- Everything the split of a run's pools needs, a department at a time. Parts: 0 department, 1 pool, 2 item, 3 activity, 4 activity × item, 5 resource
-- (key2 empty: capacity), 6 role, 7 role × activity × item, 8 consumption of an item, 9 resource driver of a component. The planner takes the month's
-- volumes for a handful of rows; joined row by row they took minutes where hashes take a second.
CREATE OR REPLACE FUNCTION hospital_cost._item_cost_input(run int, method text)
RETURNS TABLE (department_code text, part int, key1 text, key2 text, key3 text, value1 numeric, value2 numeric, value3 numeric, value4 numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH r AS (
		SELECT x.run_id, x.period, hospital_cost._last_day(x.period) AS day FROM hospital_cost._run x WHERE x.run_id = _item_cost_input.run
	), volume AS MATERIALIZED (
		SELECT v.department_code, v.item_code, v.quantity, v.income, p.unit_price AS list_price
		FROM r JOIN hospital_cost.item_volume v ON v.period = r.period
		LEFT JOIN hospital_cost.price p ON p.item_code = v.item_code AND p.price_class = 'standard' AND p.valid @> r.day
	), unit AS MATERIALIZED (
		SELECT r.day, d.department_code, coalesce(_item_cost_input.method, (SELECT m.method FROM hospital_cost.item_cost_method m
			WHERE (m.department_code = d.department_code OR m.department_code IS NULL) AND m.valid @> r.day
			ORDER BY m.department_code NULLS LAST LIMIT 1), 'ratio_income') AS method
		FROM r JOIN hospital_cost._run_department d ON d.run_id = r.run_id AND d.class IN ('clinical', 'technical')
	), active AS MATERIALIZED (
		SELECT u.department_code, u.day FROM unit u WHERE u.method = 'activity'
	), cell AS MATERIALIZED (
		SELECT a.department_code, x.activity_code, x.item_code,
			CASE c.driver WHEN 'count' THEN x.times WHEN 'time' THEN x.minutes WHEN 'difficulty' THEN x.times * x.difficulty
				ELSE x.times * x.risk END AS weight
		FROM active a
		JOIN hospital_cost.activity_item x ON x.department_code = a.department_code AND x.valid @> a.day
		JOIN hospital_cost.activity c ON c.department_code = x.department_code AND c.code = x.activity_code
		JOIN volume v ON v.department_code = x.department_code AND v.item_code = x.item_code
	), staff AS MATERIALIZED (
		SELECT a.department_code, s.role, s.activity_code, s.item_code, s.persons * s.minutes AS minutes
		FROM active a
		JOIN hospital_cost.activity_staff s ON s.department_code = a.department_code AND s.valid @> a.day
		JOIN volume v ON v.department_code = s.department_code AND v.item_code = s.item_code
	)
	SELECT t.department_code, t.part, t.key1, t.key2, t.key3, t.value1, t.value2, t.value3, t.value4 FROM (
		SELECT u.department_code, 0, u.method, 'pool', NULL, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric FROM unit u
		UNION ALL
		SELECT DISTINCT v.department_code, 0, coalesce(_item_cost_input.method, 'ratio_income'), NULL, NULL, NULL::numeric, NULL::numeric,
			NULL::numeric, NULL::numeric
		FROM volume v WHERE NOT EXISTS (SELECT FROM unit u WHERE u.department_code = v.department_code)
		UNION ALL
		SELECT p.department_code, 1, NULL, NULL, NULL, (p.funding_group - 1) * 8 + p.component, p.amount, p.variable, NULL
		FROM hospital_cost._item_cost_pool(_item_cost_input.run) p
		UNION ALL
		SELECT v.department_code, 2, v.item_code, NULL, NULL, v.quantity, v.income, v.list_price, CASE u.method WHEN 'ratio_quantity' THEN 1
			WHEN 'equivalent' THEN coalesce(e.equivalent, ea.equivalent) WHEN 'ratio_time' THEN coalesce(t.minutes, ta.minutes) END
		FROM volume v
		LEFT JOIN unit u ON u.department_code = v.department_code
		LEFT JOIN hospital_cost.item_equivalent e ON e.item_code = v.item_code AND e.department_code = v.department_code AND e.valid @> u.day
		LEFT JOIN hospital_cost.item_equivalent ea ON ea.item_code = v.item_code AND ea.department_code IS NULL AND ea.valid @> u.day
		LEFT JOIN hospital_cost.item_time t ON t.item_code = v.item_code AND t.department_code = v.department_code AND t.valid @> u.day
		LEFT JOIN hospital_cost.item_time ta ON ta.item_code = v.item_code AND ta.department_code IS NULL AND ta.valid @> u.day
		UNION ALL
		SELECT a.department_code, 3, c.code, NULL, NULL, NULL, NULL, NULL, NULL
		FROM active a JOIN hospital_cost.activity c ON c.department_code = a.department_code
		UNION ALL
		SELECT x.department_code, 4, x.activity_code, x.item_code, NULL, max(x.weight), NULL, NULL, NULL
		FROM (SELECT c.department_code, c.activity_code, c.item_code, c.weight FROM cell c
			UNION ALL SELECT s.department_code, s.activity_code, s.item_code, 0 FROM staff s) x
		GROUP BY x.department_code, x.activity_code, x.item_code
		UNION ALL
		SELECT a.department_code, 5, x.driver, coalesce(x.activity_code, ''), NULL, x.quantity, NULL, NULL, NULL
		FROM active a JOIN hospital_cost.activity_resource x ON x.department_code = a.department_code AND x.valid @> a.day
		UNION ALL
		SELECT a.department_code, 6, x.role, NULL, NULL, x.personnel_cost, x.practical_minutes, NULL, NULL
		FROM active a JOIN hospital_cost.staff_rate x ON x.department_code = a.department_code AND x.valid @> a.day
		UNION ALL
		SELECT s.department_code, 7, s.role, s.activity_code, s.item_code, s.minutes, NULL, NULL, NULL FROM staff s
		UNION ALL
		SELECT a.department_code, 8, x.item_code, NULL, NULL, hospital_cost._component_number(x.component), x.amount, NULL, NULL
		FROM active a
		JOIN hospital_cost.item_consumption x ON x.department_code = a.department_code AND x.valid @> a.day
		JOIN volume v ON v.department_code = x.department_code AND v.item_code = x.item_code
		UNION ALL
		SELECT a.department_code, 9, x.driver, NULL, NULL, hospital_cost._component_number(x.component), NULL, NULL, NULL
		FROM active a
		JOIN hospital_cost.resource_driver x ON x.valid @> a.day AND (x.department_code = a.department_code OR x.department_code IS NULL
			AND NOT EXISTS (SELECT FROM hospital_cost.resource_driver o
				WHERE o.department_code = a.department_code AND o.component = x.component AND o.valid @> a.day))
	) AS t (department_code, part, key1, key2, key3, value1, value2, value3, value4)
	ORDER BY t.department_code COLLATE "C", t.part, t.key1 COLLATE "C", t.key2 COLLATE "C", t.key3 COLLATE "C", t.value1;
END;
