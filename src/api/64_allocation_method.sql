-- 60 allocation: the methods side by side.

CREATE OR REPLACE FUNCTION hospital_cost._method_cost(run_id int, method text, OUT department_code text, OUT full_cost numeric)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_method_cost'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- The inputs of the month are stored as those of a run, each method computes from them, and all is rolled back: what is left is what was read.
CREATE OR REPLACE FUNCTION hospital_cost._method_costs(period date, plan hospital_cost.allocation_plan) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	trial int;
	method text;
	costs jsonb := '{}';
BEGIN
	INSERT INTO hospital_cost._run (period, plan_code, plan_version, plan)
	VALUES (_method_costs.period, _method_costs.plan.code, _method_costs.plan.version, to_jsonb(_method_costs.plan)) RETURNING run_id INTO trial;
	PERFORM hospital_cost._snapshot_inputs(trial, _method_costs.period, _method_costs.plan);
	costs := jsonb_build_object('departments', (SELECT jsonb_agg(d) FROM (
		SELECT d.department_code AS code, d.department_name AS name, d.class,
			(SELECT coalesce(sum(c.amount), 0) FROM hospital_cost._run_direct c WHERE c.run_id = trial AND c.department_code = d.department_code) AS own
		FROM hospital_cost._run_department d WHERE d.run_id = trial
		UNION ALL
		SELECT NULL, NULL, NULL, sum(c.amount) FROM hospital_cost._run_direct c WHERE c.run_id = trial AND c.department_code IS NULL HAVING count(*) > 0) d));
	FOREACH method IN ARRAY ARRAY['direct', 'step_down', 'double', 'reciprocal'] LOOP
		BEGIN
			costs := costs || jsonb_build_object(method, (SELECT jsonb_object_agg(coalesce(m.department_code, ''), m.full_cost)
				FROM hospital_cost._method_cost(trial, method) m));
		EXCEPTION WHEN OTHERS THEN
			IF SQLSTATE NOT LIKE 'MC6%' THEN
				RAISE;
			END IF;
			RAISE WARNING 'by method "%" there is no result: %', method, SQLERRM USING ERRCODE = SQLSTATE;
		END;
	END LOOP;
	RAISE EXCEPTION 'done' USING ERRCODE = 'ZZ600';
EXCEPTION WHEN SQLSTATE 'ZZ600' THEN
	RETURN costs;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.compare_methods(period date, plan text DEFAULT NULL)
RETURNS TABLE (department_code text, department_name text, class text, direct_cost numeric, direct numeric, step_down numeric, "double" numeric,
	reciprocal numeric, difference numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	chosen hospital_cost.allocation_plan;
	costs jsonb;
BEGIN
	PERFORM period::hospital_cost.period_month;
	SELECT p.* INTO chosen FROM hospital_cost.allocation_plan p
	LEFT JOIN hospital_cost._run r ON r.period = compare_methods.period AND r.official AND r.plan_code = p.code AND r.plan_version = p.version
	WHERE p.code = coalesce(compare_methods.plan, r.plan_code) ORDER BY p.version DESC LIMIT 1;
	IF NOT FOUND AND plan IS NULL THEN
		RAISE EXCEPTION 'there is no official run of %', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC610',
			HINT = 'Name a plan of hospital_cost.allocation_plan; without one, that of the month''s official run is compared.';
	ELSIF NOT FOUND THEN
		RAISE EXCEPTION 'allocation plan "%" does not exist', plan USING ERRCODE = 'MC610', HINT = 'See hospital_cost.allocation_plan.';
	ELSIF NOT EXISTS (SELECT FROM hospital_cost.allocation_step s WHERE s.plan_code = chosen.code AND s.plan_version = chosen.version) THEN
		RAISE EXCEPTION 'allocation plan "%" version % has no steps', chosen.code, chosen.version USING ERRCODE = 'MC611',
			HINT = 'Insert its steps into hospital_cost.allocation_step.';
	END IF;
	costs := hospital_cost._method_costs(period, chosen);
	RETURN QUERY
	SELECT d.code, d.name, d.class, d.own, v.direct, v.step_down, v.twice, v.reciprocal,
		greatest(v.direct, v.step_down, v.twice, v.reciprocal) - least(v.direct, v.step_down, v.twice, v.reciprocal)
	FROM jsonb_to_recordset(costs -> 'departments') AS d (code text, name text, class text, own numeric)
	CROSS JOIN LATERAL (SELECT (costs -> 'direct' ->> coalesce(d.code, ''))::numeric AS direct, (costs -> 'step_down' ->> coalesce(d.code, ''))::numeric AS step_down,
		(costs -> 'double' ->> coalesce(d.code, ''))::numeric AS twice, (costs -> 'reciprocal' ->> coalesce(d.code, ''))::numeric AS reciprocal) v
	ORDER BY d.code COLLATE "C";
END $$;

COMMENT ON FUNCTION hospital_cost._method_cost(int, text) IS 'Full cost of each department of a run''s inputs by another method than the plan''s, in yuan; nothing is stored';
COMMENT ON FUNCTION hospital_cost._method_costs(date, hospital_cost.allocation_plan) IS 'compare_methods: full cost by method and department; what it stored on the way is rolled back';
COMMENT ON FUNCTION hospital_cost.compare_methods(date, text) IS 'The methods side by side (分摊方法对比): full cost of each department by direct 直接分配, step_down 逐级结转, double 二次分配 and reciprocal 代数分配, in yuan, rounded as a run rounds; difference is the largest less the smallest. Receivers, drivers and policies are those of the plan, else of the plan of the month''s official run. A method that cannot be done is null, with a warning that says why (MC601 to MC609). Nothing is stored. MC610, MC611 if the plan cannot be used';
