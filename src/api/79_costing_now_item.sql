-- 70 costing: why the cost of service items changed between two months.

CREATE OR REPLACE FUNCTION hospital_cost._costed_run(period date) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_run int := hospital_cost._official_run(period);
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost._costing c WHERE c.run_id = found_run) THEN
		RAISE EXCEPTION 'run % of % is not costed', found_run, to_char(period, 'YYYY-MM') USING ERRCODE = 'MC735',
			HINT = format('Call hospital_cost.cost_objects(%s).', found_run);
	END IF;
	RETURN found_run;
END $$;

-- As cost_change, within each department: quantities do not add up, so workload grows by what the quantities would cost at old unit costs; the cost of
-- inputs is what the items come to together, and the driver is how they share it.
CREATE OR REPLACE FUNCTION hospital_cost.item_cost_change(period_from date, period_to date, scope text DEFAULT 'medical')
RETURNS TABLE (department_code text, item_code text, quantity_before numeric, quantity_after numeric, cost_before numeric, cost_after numeric,
	change numeric, quantity_effect numeric, mix_effect numeric, price_effect numeric, driver_effect numeric, note text, run_before int, run_after int)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH arg AS MATERIALIZED (
		SELECT hospital_cost._costed_run(item_cost_change.period_from) AS run0, hospital_cost._costed_run(item_cost_change.period_to) AS run1,
			hospital_cost._scope_groups(item_cost_change.scope) AS groups
	), before AS (
		SELECT b.* FROM arg CROSS JOIN LATERAL hospital_cost._item_base(arg.run0, arg.groups) b
	), after AS (
		SELECT b.* FROM arg CROSS JOIN LATERAL hospital_cost._item_base(arg.run1, arg.groups) b
	), item AS (
		SELECT department_code, item_code, b.quantity AS q0, a.quantity AS q1, coalesce(b.amount, 0) AS c0, coalesce(a.amount, 0) AS c1,
			CASE WHEN b.quantity IS NULL THEN 'new' WHEN a.quantity IS NULL THEN 'gone' END AS note,
			b.amount * coalesce(a.quantity, 0) / b.quantity AS shifted
		FROM before b FULL JOIN after a USING (department_code, item_code)
	), whole AS (
		SELECT i.*, sum(i.c0) OVER department AS all0, sum(i.shifted) OVER department AS flexed,
			sum(CASE WHEN i.note IS NULL THEN i.c1 END) OVER department AS kept
		FROM item i WINDOW department AS (PARTITION BY i.department_code)
	), chain AS (
		SELECT w.department_code, w.item_code, w.q0, w.q1, w.c0, w.c1, w.note, coalesce(round(w.c0 * w.flexed / nullif(w.all0, 0), 8), w.c0) AS grown,
			CASE w.note WHEN 'new' THEN w.c1 ELSE round(w.shifted, 8) END AS shifted,
			CASE w.note WHEN 'new' THEN w.c1 WHEN 'gone' THEN 0 ELSE coalesce(round(w.shifted * w.kept / nullif(w.flexed, 0), 8), round(w.shifted, 8)) END AS repriced
		FROM whole w
	)
	SELECT c.department_code, c.item_code, coalesce(c.q0, 0)::numeric(18,4), coalesce(c.q1, 0)::numeric(18,4), c.c0::numeric(22,8), c.c1::numeric(22,8),
		(c.c1 - c.c0)::numeric(22,8), (c.grown - c.c0)::numeric(22,8), (c.shifted - c.grown)::numeric(22,8), (c.repriced - c.shifted)::numeric(22,8),
		(c.c1 - c.repriced)::numeric(22,8), c.note, a.run0, a.run1
	FROM chain c CROSS JOIN arg a
	ORDER BY c.department_code COLLATE "C", c.item_code COLLATE "C";
END;

COMMENT ON FUNCTION hospital_cost._costed_run(date) IS 'The official run of a month, which cost_objects was called for; MC734, MC735';
COMMENT ON FUNCTION hospital_cost.item_cost_change(date, date, text) IS
'Why the cost of service items changed between the official runs of two months, by department and item, as cost_change: quantity_effect (workload of the department, its quantities at old unit costs), mix_effect (the item''s part of it), price_effect (what the items of both months cost together), driver_effect (how they share it); the effects add up to change exactly. note: new, gone. Yuan, exact to eight decimals. MC731 scope, MC734 no official run, MC735 a run that is not costed';
