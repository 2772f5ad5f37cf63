-- 60 allocation: the same inputs have the same fingerprint, and a run performed again is the same byte for byte.

-- Everything that decides the result of a run, a line each, in no order. Not among it: what depends on when or in which order rows were
-- written (numbers of runs, steps, rows).
CREATE OR REPLACE FUNCTION hospital_cost._run_input_small(run int) RETURNS SETOF text
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_build_array('plan', r.period, r.plan)::text FROM hospital_cost._run r WHERE r.run_id = _run_input_small.run
	UNION ALL
	SELECT jsonb_build_array('department', d.department_code, d.department_name, d.class, d.setting)::text
	FROM hospital_cost._run_department d WHERE d.run_id = _run_input_small.run
	UNION ALL
	SELECT jsonb_build_array('spread', s.cost_item_code, s.funding_source, s.part, s.department_code, s.driver_code, s.quantity, s.quantity_total,
		s.metered_price, s.base, s.amount)::text
	FROM hospital_cost._run_spread s WHERE s.run_id = _run_input_small.run
	UNION ALL
	SELECT jsonb_build_array('spread row', s.cost_item_code, s.funding_source, s.amount, s.source, s.source_key)::text
	FROM hospital_cost._run_spread_row s WHERE s.run_id = _run_input_small.run
	UNION ALL
	SELECT jsonb_build_array('step', s.step_no, s.server_class, s.server_code, (SELECT array_agg(c ORDER BY c COLLATE "C") FROM unnest(s.receiver_classes) c),
		s.driver_code, s.cost_item_code, s.fallback_driver_code)::text
	FROM hospital_cost._run_step s WHERE s.run_id = _run_input_small.run;
END;

CREATE OR REPLACE FUNCTION hospital_cost._run_input(run int) RETURNS SETOF text
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10000 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT i FROM hospital_cost._run_input_small(_run_input.run) i
	UNION ALL
	SELECT jsonb_build_array('direct', d.department_code, d.cost_item_code, d.funding_source, d.cost_class, d.amount)::text
	FROM hospital_cost._run_direct d WHERE d.run_id = _run_input.run
	UNION ALL
	SELECT jsonb_build_array('driver', d.driver_code, d.kind, d.server_code, d.receiver_code, d.quantity)::text
	FROM hospital_cost._run_driver d WHERE d.run_id = _run_input.run;
END;

-- In C: sorting and joining the lines took a fifth of a run.
CREATE OR REPLACE FUNCTION hospital_cost._fingerprint(run int) RETURNS text
AS 'MODULE_PATHNAME', 'hc_fingerprint'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._perform_again(run int) RETURNS SETOF hospital_cost._department_cost
AS 'MODULE_PATHNAME', 'hc_perform_again'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE;

-- Cells of a run that are not, byte for byte, what its stored inputs give.
CREATE OR REPLACE FUNCTION hospital_cost._cell_difference(run int)
RETURNS TABLE (department_code text, cost_item_code text, funding_source text, cost_class text, stored jsonb, again jsonb)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(s.department_code, a.department_code), coalesce(s.cost_item_code, a.cost_item_code),
		coalesce(s.funding_source, a.funding_source), coalesce(s.cost_class, a.cost_class),
		CASE WHEN s.run_id IS NOT NULL THEN to_jsonb(s) END, CASE WHEN a.run_id IS NOT NULL THEN to_jsonb(a) END
	FROM (SELECT * FROM hospital_cost._department_cost c WHERE c.run_id = _cell_difference.run) s
	FULL JOIN hospital_cost._perform_again(_cell_difference.run) a
		ON coalesce(a.department_code, '') = coalesce(s.department_code, '') AND a.cost_item_code = s.cost_item_code
		AND a.funding_source = s.funding_source AND a.cost_class = s.cost_class
	WHERE s.run_id IS NULL OR a.run_id IS NULL
		OR record_image_ne(ROW(s.direct, s.level1, s.level2, s.level3, s.received, s.sent, s.full_cost),
			ROW(a.direct, a.level1, a.level2, a.level3, a.received, a.sent, a.full_cost))
	ORDER BY 1 NULLS LAST, 2, 3, 4;
END;

COMMENT ON FUNCTION hospital_cost._run_input(int) IS 'Inputs of a run, a canonical line each';
COMMENT ON FUNCTION hospital_cost._run_input_small(int) IS 'The same without direct cost and driver values';
COMMENT ON FUNCTION hospital_cost._fingerprint(int) IS 'SHA-256 over the inputs of a run in "C" order: the same inputs, the same fingerprint, in whatever order their rows were written';
COMMENT ON FUNCTION hospital_cost._perform_again(int) IS 'The cells that the stored inputs of a run give, written nowhere';
COMMENT ON FUNCTION hospital_cost._cell_difference(int) IS 'Cells of a run that differ from what its stored inputs give, as stored and as performed again';
