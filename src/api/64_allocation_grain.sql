-- 60 allocation: the state after each level, the origins of every cell by class, the four cost scopes.

CREATE OR REPLACE VIEW hospital_cost.department_cost_by_level AS
SELECT c.run_id, r.period, c.department_code, d.department_name, d.class, c.cost_item_code, c.funding_source, c.cost_class, c.direct,
	(c.direct + c.level1 - CASE WHEN d.class = 'administrative' THEN c.sent ELSE 0 END)::numeric(22,8) AS after_level1,
	(c.direct + c.level1 + c.level2 - CASE WHEN d.class IN ('administrative', 'auxiliary') THEN c.sent ELSE 0 END)::numeric(22,8) AS after_level2,
	(c.direct + c.level1 + c.level2 + c.level3
		- CASE WHEN d.class IN ('administrative', 'auxiliary', 'technical') THEN c.sent ELSE 0 END)::numeric(22,8) AS after_level3,
	(c.direct + c.received - c.sent)::numeric(22,8) AS after_all, r.official
FROM hospital_cost._department_cost c
JOIN hospital_cost._run r ON r.run_id = c.run_id
LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code;

CREATE OR REPLACE FUNCTION hospital_cost.cost_origin(run int, department text DEFAULT NULL)
RETURNS TABLE (department_code text, cost_item_code text, funding_source text, cost_class text, origin_class text, path text, amount numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF department IS NULL THEN
		PERFORM hospital_cost._require_run(run);
	ELSE
		PERFORM hospital_cost._require_run_department(run, department);
	END IF;
	RETURN QUERY SELECT p.department_code, p.cost_item_code, p.funding_source, p.cost_class, p.origin, p.path, p.amount::numeric(22,8)
		FROM hospital_cost._trace_parts(run, department, NULL, NULL, NULL, NULL, true) p;
END $$;

-- Scopes are filters: on funding source and cost class, and for the innermost on the class whose direct cost it was.
CREATE OR REPLACE FUNCTION hospital_cost.cost_by_scope(run int)
RETURNS TABLE (department_code text, cost_item_code text, scope text, direct numeric, amount numeric)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH held AS (
		SELECT o.department_code, o.cost_item_code, o.funding_source, o.cost_class, o.origin_class, 0 AS direct, sum(o.amount) AS amount
		FROM hospital_cost.cost_origin(cost_by_scope.run) o GROUP BY 1, 2, 3, 4, 5
		UNION ALL
		SELECT c.department_code, c.cost_item_code, c.funding_source, c.cost_class, d.class, c.amount, 0
		FROM hospital_cost._run_direct c LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code
		WHERE c.run_id = cost_by_scope.run
	)
	SELECT h.department_code, h.cost_item_code, s.scope, sum(h.direct)::numeric(22,8), sum(h.amount)::numeric(22,8)
	FROM held h
	JOIN (VALUES (1, 'medical_business'), (2, 'medical'), (3, 'medical_full'), (4, 'hospital_full')) AS s (width, scope)
		ON s.width = 4 OR (h.cost_class = 'medical' AND (s.width = 3 AND h.funding_source <> 'science_education'
			OR h.funding_source IN ('own', 'fiscal_basic') AND (s.width = 2 OR s.width = 1 AND h.origin_class IS DISTINCT FROM 'administrative')))
	GROUP BY h.department_code, h.cost_item_code, s.width, s.scope
	ORDER BY h.department_code NULLS LAST, h.cost_item_code, s.width;
END;

COMMENT ON VIEW hospital_cost.department_cost_by_level IS 'Cost of departments after each level of allocation (各级分摊后成本), yuan, exact. A department still has after a level what it had and received up to it, unless its own class has served by then: item cost rests on technical units after level 2, visit and bed-day cost on clinical units after level 3';
COMMENT ON COLUMN hospital_cost.department_cost_by_level.department_code IS 'null: hospital level';
COMMENT ON COLUMN hospital_cost.department_cost_by_level.after_level1 IS 'After administrative units have served (一级分摊后)';
COMMENT ON COLUMN hospital_cost.department_cost_by_level.after_level2 IS 'After auxiliary units have served (二级分摊后)';
COMMENT ON COLUMN hospital_cost.department_cost_by_level.after_level3 IS 'After technical units have served (三级分摊后)';
COMMENT ON COLUMN hospital_cost.department_cost_by_level.after_all IS 'In the end: full cost before it is rounded to the cell unit; differs from after_level3 only where a plan lets other classes serve';
COMMENT ON FUNCTION hospital_cost.cost_origin(int, text) IS 'What the cells of a run are made of, for one department or all: class of the department whose direct cost it was, and path (direct; straight; through auxiliary …) as trace_cost tells it. The rows of a cell sum to direct + received − sent exactly. Yuan. MC614, MC618';
COMMENT ON FUNCTION hospital_cost.cost_by_scope(int) IS 'Direct cost and cost after allocation by department (null: hospital level), cost item and the four nested scopes (成本范围), yuan, exact: medical_business 医疗业务成本 (own and basic fiscal money, without what was direct cost of administrative units), medical 医疗成本, medical_full 医疗全成本 (with project and non-peer fiscal money), hospital_full 医院全成本 (all). In each scope the amounts of all departments sum to their direct cost. MC614';
