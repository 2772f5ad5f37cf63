-- 70 costing, service items: what the figures are for, and their proof.

CREATE OR REPLACE FUNCTION hospital_cost.compare_item_methods(run int, department text DEFAULT NULL)
RETURNS TABLE (department_code text, item_code text, quantity numeric, activity numeric, equivalent numeric, ratio_income numeric,
	ratio_time numeric, ratio_quantity numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._require_run(compare_item_methods.run);
	WITH item AS (
		SELECT m.method, x.department_code, x.item_code, max(x.quantity) AS quantity,
			sum(x.personnel + x.materials + x.depreciation + x.amortisation + x.risk_fund + x.other) / nullif(max(x.quantity), 0) AS unit_cost
		FROM unnest('{activity,equivalent,ratio_income,ratio_time,ratio_quantity}'::text[]) AS m (method)
		CROSS JOIN LATERAL hospital_cost._item_cost_rows(compare_item_methods.run, m.method) x
		WHERE x.matched = 'item' AND x.funding_group = 1
			AND x.department_code = coalesce(compare_item_methods.department, x.department_code)
		GROUP BY m.method, x.department_code, x.item_code
	)
	SELECT i.department_code, i.item_code, max(i.quantity), round(max(i.unit_cost) FILTER (WHERE i.method = 'activity'), 6),
		round(max(i.unit_cost) FILTER (WHERE i.method = 'equivalent'), 6), round(max(i.unit_cost) FILTER (WHERE i.method = 'ratio_income'), 6),
		round(max(i.unit_cost) FILTER (WHERE i.method = 'ratio_time'), 6), round(max(i.unit_cost) FILTER (WHERE i.method = 'ratio_quantity'), 6)
	FROM item i
	GROUP BY i.department_code, i.item_code
	ORDER BY i.department_code COLLATE "C", i.item_code COLLATE "C";
END;

CREATE OR REPLACE FUNCTION hospital_cost.price_floor(run int, item text)
RETURNS TABLE (department_code text, method text, quantity numeric, price numeric, short_term_floor numeric, long_term_floor numeric, covers text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.department_code, c.method, c.quantity, c.price, c.unit_variable_cost, c.unit_cost,
		CASE WHEN c.price >= c.unit_cost THEN 'full' WHEN c.price >= c.unit_variable_cost THEN 'variable' WHEN c.price IS NOT NULL THEN 'none' END
	FROM hospital_cost.item_cost c
	WHERE c.run_id = price_floor.run AND c.item_code = price_floor.item AND c.matched = 'item'
	ORDER BY c.department_code COLLATE "C" NULLS FIRST;
END;

CREATE OR REPLACE FUNCTION hospital_cost.item_ranking(period date DEFAULT NULL, run int DEFAULT NULL)
RETURNS TABLE (rank bigint, item_code text, item_name text, quantity numeric, income numeric, variable_cost numeric, contribution numeric,
	contribution_ratio numeric, total_cost numeric, result numeric, cumulative_contribution numeric, run_id int)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT row_number() OVER w, c.item_code, i.name, c.quantity, c.income, c.variable_cost, c.income - c.variable_cost,
		round((c.income - c.variable_cost) / nullif(c.income, 0), 6), c.total_cost, c.result, sum(c.income - c.variable_cost) OVER w, c.run_id
	FROM hospital_cost.item_cost c
	JOIN hospital_cost.charge_item i ON i.code = c.item_code
	WHERE c.department_code IS NULL AND c.matched = 'item'
		AND c.run_id = coalesce(item_ranking.run, (SELECT r.run_id FROM hospital_cost.run r WHERE r.period = item_ranking.period AND r.official))
	WINDOW w AS (ORDER BY c.income - c.variable_cost DESC, c.item_code COLLATE "C")
	ORDER BY 1;
END;

-- Departments whose items were costed from other inputs than there are now, or from none we know.
CREATE OR REPLACE FUNCTION hospital_cost._item_cost_change(run int) RETURNS TABLE (department_code text, quantities boolean, parameters boolean)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(k.department_code, f.department_code), k.quantities IS DISTINCT FROM f.quantities, k.parameters IS DISTINCT FROM f.parameters
	FROM (SELECT i.* FROM hospital_cost._item_costing i WHERE i.run_id = _item_cost_change.run) k
	FULL JOIN (SELECT x.* FROM hospital_cost._item_cost_facts(_item_cost_change.run) x) f ON f.department_code = k.department_code
	WHERE (k.quantities, k.parameters) IS DISTINCT FROM (f.quantities, f.parameters)
		AND EXISTS (SELECT FROM hospital_cost._costing c WHERE c.run_id = _item_cost_change.run);
END;

CREATE OR REPLACE FUNCTION hospital_cost.verify_item_cost(run int)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._require_run(verify_item_cost.run);
	WITH pool AS MATERIALIZED (
		SELECT p.department_code, p.funding_group, p.component, p.amount, p.variable FROM hospital_cost._item_cost_pool(verify_item_cost.run) p
	), change AS MATERIALIZED (
		SELECT x.department_code, x.parameters FROM hospital_cost._item_cost_change(verify_item_cost.run) x
	), cost AS MATERIALIZED (
		SELECT c.* FROM hospital_cost._item_cost c WHERE c.run_id = verify_item_cost.run
	), cell AS (
		SELECT c.department_code, c.funding_group, v.component, sum(v.amount) AS amount
		FROM cost c CROSS JOIN LATERAL (VALUES (0, c.personnel), (1, c.materials), (2, c.billable_materials), (3, c.drugs), (4, c.depreciation),
			(5, c.amortisation), (6, c.risk_fund), (7, c.other)) AS v (component, amount)
		GROUP BY c.department_code, c.funding_group, v.component
	), done AS (
		SELECT c.department_code, c.item_code, max(c.quantity) AS quantity, max(c.income) AS income FROM cost c
		WHERE c.item_code IS NOT NULL GROUP BY c.department_code, c.item_code
	), now AS (
		SELECT v.department_code, v.item_code, v.quantity, v.income FROM hospital_cost.item_volume v
		JOIN hospital_cost._run r ON r.run_id = verify_item_cost.run AND r.period = v.period
	)
	SELECT v.name, v.want, v.have, v.have - v.want FROM (VALUES
		(1, 'pools after two levels = items + idle + unmatched', (SELECT coalesce(sum(p.amount), 0) FROM pool p),
			(SELECT coalesce(sum(c.amount), 0) FROM cell c)),
		(2, 'department × funding group × component that differ', 0, (SELECT count(*)::numeric
			FROM pool p FULL JOIN cell c USING (department_code, funding_group, component) WHERE coalesce(p.amount, 0) <> coalesce(c.amount, 0))),
		-- Today's variable shares say nothing of a department that was costed by others.
		(3, 'variable part of the pools = of items + idle + unmatched', (SELECT coalesce(sum(p.variable), 0) FROM pool p
				WHERE p.department_code NOT IN (SELECT x.department_code FROM change x WHERE x.parameters)),
			(SELECT coalesce(sum(c.variable_cost), 0) FROM cost c WHERE c.department_code NOT IN (SELECT x.department_code FROM change x WHERE x.parameters))),
		(4, 'income of items now = income costed', (SELECT coalesce(sum(n.income), 0) FROM now n), (SELECT coalesce(sum(d.income), 0) FROM done d)),
		(5, 'department × item whose quantity now differs', 0, (SELECT count(*)::numeric
			FROM now n FULL JOIN done d USING (department_code, item_code) WHERE n.quantity IS DISTINCT FROM d.quantity)),
		(6, 'inputs changed since: departments', 0, (SELECT count(*)::numeric FROM change x))
	) AS v (ord, name, want, have)
	ORDER BY v.ord;
END;

CREATE OR REPLACE FUNCTION hospital_cost.check_item_cost(run int)
RETURNS TABLE (department_code text, item_code text, problem text, cost numeric)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._require_run(check_item_cost.run);
	WITH cost AS MATERIALIZED (
		SELECT c.*, c.personnel + c.materials + c.depreciation + c.amortisation + c.risk_fund + c.other AS total
		FROM hospital_cost._item_cost c WHERE c.run_id = check_item_cost.run AND c.funding_group = 1
	)
	SELECT c.department_code, c.item_code, CASE c.resource WHEN 'no pool' THEN 'performed where no cost stays after two levels'
		ELSE format('no base for method %s: it takes no cost', c.method) END, c.total
	FROM cost c WHERE c.matched = 'excluded'
	UNION ALL
	SELECT c.department_code, NULL, format('cost that no item takes by method %s', c.method), c.total FROM cost c WHERE c.matched = 'unmatched'
	UNION ALL
	SELECT c.department_code, c.item_code, 'fewer than two activities', sum(c.total) FROM cost c
	WHERE c.matched = 'item' AND c.method = 'activity'
	GROUP BY c.department_code, c.item_code HAVING count(c.activity_code) < 2
	UNION ALL
	SELECT c.department_code, NULL, format('%s is used beyond its capacity: %s of %s', split_part(c.resource, ':', 2), c.used, c.quantity), c.total
	FROM cost c WHERE c.matched = 'idle' AND c.used > c.quantity AND c.quantity > 0
	UNION ALL
	SELECT x.department_code, NULL, format('%s changed since it was costed', CASE WHEN x.quantities THEN 'quantities or income' ELSE 'parameters' END),
		(SELECT sum(c.total) FROM cost c WHERE c.department_code = x.department_code)
	FROM hospital_cost._item_cost_change(check_item_cost.run) x
	ORDER BY 1, 2 NULLS FIRST, 3;
END;
