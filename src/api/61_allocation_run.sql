-- 60 allocation: runs, their results and their proof.

CREATE OR REPLACE FUNCTION hospital_cost._require_run(run int) RETURNS hospital_cost._run
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run;
BEGIN
	SELECT * INTO r FROM hospital_cost._run x WHERE x.run_id = run;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'run % does not exist', run USING ERRCODE = 'MC614', HINT = 'See hospital_cost.run.';
	END IF;
	RETURN r;
END $$;
COMMENT ON FUNCTION hospital_cost._require_run(int) IS 'The run, or MC614';

CREATE OR REPLACE FUNCTION hospital_cost._compute_run(run_id int) RETURNS numeric
AS 'MODULE_PATHNAME', 'hc_compute_run'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost.allocation_flow(run int, from_code text DEFAULT NULL, to_code text DEFAULT NULL,
	OUT step_no int, OUT from_code text, OUT to_code text, OUT cost_item_code text, OUT funding_source text, OUT cost_class text,
	OUT driver_code text, OUT quantity numeric, OUT quantity_total numeric, OUT base numeric, OUT amount numeric, OUT policy text, OUT pass int)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_allocation_flow'
LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE FUNCTION hospital_cost._snapshot_direct(new_run int, month date) RETURNS void
AS 'MODULE_PATHNAME', 'hc_snapshot_direct'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._snapshot_driver(new_run int, month date, driver text, kind text) RETURNS void
AS 'MODULE_PATHNAME', 'hc_snapshot_driver'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- A step that was added to a plan version after its first run. No guard of the table can see it: a restore loads steps in no order with runs.
CREATE OR REPLACE FUNCTION hospital_cost._require_same_steps(new_run int, plan hospital_cost.allocation_plan) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first_run int := (SELECT min(r.run_id) FROM hospital_cost._run r WHERE r.plan_code = plan.code AND r.plan_version = plan.version);
	added int;
BEGIN
	SELECT min(s.step_no) INTO added FROM hospital_cost._run_step s WHERE s.run_id = new_run
		AND NOT EXISTS (SELECT FROM hospital_cost._run_step f WHERE f.run_id = first_run AND f.step_id = s.step_id);
	IF added IS NOT NULL THEN
		RAISE EXCEPTION 'plan "%" version % has been run', plan.code, plan.version USING ERRCODE = 'MC613',
			DETAIL = format('Step %s was not part of it in run %s.', added, first_run), HINT = 'Delete the step again, and insert the changed plan and its steps as a new version.';
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._flow_proof(run_id int, OUT total numeric, OUT open_splits bigint)
AS 'MODULE_PATHNAME', 'hc_flow_proof'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE;

-- The inputs of a run, copied: what is computed from them can be computed again years later.
CREATE OR REPLACE FUNCTION hospital_cost._snapshot_inputs(new_run int, month date, plan hospital_cost.allocation_plan) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done text;
	booked int8multirange;
BEGIN
	PERFORM hospital_cost._spread_costs(new_run, month, plan.flow_unit);
	-- One statement, so that the amounts and the rows they are of are of one moment: cost is booked meanwhile.
	SELECT hospital_cost._snapshot_direct(new_run, month)::text, (SELECT coalesce(range_agg(int8range(d.id, d.id, '[]')), '{}')
		FROM (SELECT c.direct_cost_id FROM hospital_cost._direct_cost c
				WHERE c.period = month AND (c.department_code IS NOT NULL OR c.cost_class <> 'medical')
			UNION ALL SELECT s.direct_cost_id FROM hospital_cost._run_spread_row s WHERE s.run_id = new_run) AS d (id))
	INTO done, booked;
	UPDATE hospital_cost._run r SET direct_rows = booked
	WHERE r.run_id = new_run;

	INSERT INTO hospital_cost._run_cost_item (run_id, cost_item_code, cost_item_name, category, behaviour, billable)
	SELECT new_run, i.code, i.name, i.category, i.behaviour, i.billable
	FROM hospital_cost.cost_item i
	WHERE i.code IN (SELECT d.cost_item_code FROM hospital_cost._run_direct d WHERE d.run_id = new_run);

	INSERT INTO hospital_cost._run_step (run_id, step_id, step_no, server_class, server_code, receiver_classes, driver_code,
		cost_item_code, fallback_driver_code)
	SELECT new_run, s.step_id, s.step_no, s.server_class, s.server_code, s.receiver_classes, s.driver_code,
		s.cost_item_code, s.fallback_driver_code
	FROM hospital_cost.allocation_step s WHERE s.plan_code = plan.code AND s.plan_version = plan.version;
	PERFORM hospital_cost._require_same_steps(new_run, plan);

	PERFORM hospital_cost._snapshot_driver(new_run, month, d.code, d.kind)
	FROM (SELECT * FROM hospital_cost.driver x
		WHERE x.code IN (SELECT u FROM hospital_cost._run_step s, unnest(ARRAY[s.driver_code, s.fallback_driver_code]) AS u WHERE s.run_id = new_run)
		ORDER BY x.code) d;

	-- Departments of the month, and any other that cost, driver or plan names.
	INSERT INTO hospital_cost._run_department (run_id, department_code, department_name, class, setting)
	SELECT new_run, d.code, d.name, d.class, d.setting
	FROM hospital_cost.department d
	WHERE d.valid && daterange(month, (month + interval '1 month')::date)
		OR EXISTS (SELECT FROM hospital_cost._run_direct r WHERE r.run_id = new_run AND r.department_code = d.code)
		OR EXISTS (SELECT FROM hospital_cost._run_driver r WHERE r.run_id = new_run AND d.code IN (r.server_code, r.receiver_code))
		OR EXISTS (SELECT FROM hospital_cost._run_step r WHERE r.run_id = new_run AND r.server_code = d.code);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.allocate(period date, plan text, version int DEFAULT NULL) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	chosen hospital_cost.allocation_plan;
	new_run int;
	started timestamptz := clock_timestamp();
BEGIN
	PERFORM period::hospital_cost.period_month;
	PERFORM pg_advisory_xact_lock(18502, period - '2000-01-01'::date); -- one run of a month at a time: the first becomes official
	SELECT * INTO chosen FROM hospital_cost.allocation_plan p
	WHERE p.code = plan AND p.version = coalesce(allocate.version, p.version) ORDER BY p.version DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'allocation plan "%" does not exist', plan || coalesce(' version ' || version, '') USING ERRCODE = 'MC610',
			HINT = 'See hospital_cost.allocation_plan; hospital_cost.load_defaults() loads the plan four_class_three_level.';
	ELSIF NOT EXISTS (SELECT FROM hospital_cost.allocation_step s WHERE s.plan_code = chosen.code AND s.plan_version = chosen.version) THEN
		RAISE EXCEPTION 'allocation plan "%" version % has no steps', chosen.code, chosen.version USING ERRCODE = 'MC611',
			HINT = 'Insert its steps into hospital_cost.allocation_step.';
	END IF;
	PERFORM hospital_cost._progress_start('allocate', to_char(period, 'YYYY-MM ') || chosen.code), hospital_cost._progress_phase('snapshot');
	INSERT INTO hospital_cost._run (period, plan_code, plan_version, plan)
	VALUES (allocate.period, chosen.code, chosen.version, to_jsonb(chosen)) RETURNING run_id INTO new_run;
	PERFORM hospital_cost._snapshot_inputs(new_run, allocate.period, chosen);
	UPDATE hospital_cost._run r SET error_bound = hospital_cost._compute_run(new_run) WHERE r.run_id = new_run;
	UPDATE hospital_cost._run r
	SET total_direct = t.direct, total_full = t.full_cost, fingerprint = hospital_cost._fingerprint(new_run),
		engine_version = (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'hospital_cost'), seconds = extract(epoch FROM clock_timestamp() - started),
		official = NOT hospital_cost._period_is_closed(allocate.period)
			AND NOT EXISTS (SELECT FROM hospital_cost._run o WHERE o.period = allocate.period AND o.official)
	FROM (SELECT coalesce(sum(c.direct), 0) AS direct, coalesce(sum(c.full_cost), 0) AS full_cost
		FROM hospital_cost._department_cost c WHERE c.run_id = new_run) t
	WHERE r.run_id = new_run;
	PERFORM hospital_cost._progress_end();
	RETURN new_run;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.make_official(run int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	month date := (SELECT r.period FROM hospital_cost._run r WHERE r.run_id = run);
BEGIN
	IF month IS NULL THEN
		RAISE EXCEPTION 'run % does not exist', run USING ERRCODE = 'MC614', HINT = 'See hospital_cost.run.';
	END IF;
	PERFORM hospital_cost._period_guard(month), pg_advisory_xact_lock(18502, month - '2000-01-01'::date);
	UPDATE hospital_cost._run r SET official = false WHERE r.period = month AND r.official;
	UPDATE hospital_cost._run r SET official = true WHERE r.run_id = run;
END $$;

CREATE OR REPLACE VIEW hospital_cost.run AS
SELECT r.run_id, r.period, r.plan_code, r.plan_version, r.plan ->> 'method' AS method, r.official, p.state AS period_state,
	r.total_direct, r.total_full, r.seconds, r.run_at, r.run_by, r.fingerprint, r.engine_version, r.error_bound
FROM hospital_cost._run r LEFT JOIN hospital_cost.period p ON p.period = r.period;

CREATE OR REPLACE VIEW hospital_cost.department_cost AS
SELECT c.run_id, r.period, c.department_code, d.department_name, d.class, c.cost_item_code, c.funding_source,
	c.direct, c.level1, c.level2, c.level3, c.received, c.sent, c.full_cost,
	(c.full_cost - (c.direct + c.received - c.sent))::numeric(22,8) AS rounding, c.cost_class, r.official
FROM hospital_cost._department_cost c
JOIN hospital_cost._run r ON r.run_id = c.run_id
LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code;

CREATE OR REPLACE FUNCTION hospital_cost.verify_allocation(run int)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH r AS MATERIALIZED (SELECT * FROM hospital_cost._run x WHERE x.run_id = verify_allocation.run),
	cell AS MATERIALIZED (SELECT * FROM hospital_cost._department_cost c WHERE c.run_id = verify_allocation.run),
	unit AS (SELECT (r.plan ->> 'cell_unit')::numeric AS cent FROM r),
	control AS (
		SELECT coalesce(sum(t.amount), 0) AS amount FROM hospital_cost.cost_control_total t JOIN r ON r.period = t.period
	), ledger_item AS (
		SELECT coalesce(d.amount, 0) - coalesce(t.amount, 0) AS difference
		FROM (SELECT t.cost_item_code, t.funding_source, t.amount FROM hospital_cost.cost_control_total t JOIN r ON r.period = t.period) t
		FULL JOIN (SELECT d.cost_item_code, d.funding_source, sum(d.amount) AS amount FROM hospital_cost._direct_cost d JOIN r ON r.period = d.period
			WHERE d.cost_class = 'medical' GROUP BY 1, 2) d USING (cost_item_code, funding_source)
	), flow AS MATERIALIZED (
		SELECT f.total, f.open_splits FROM hospital_cost._flow_proof(verify_allocation.run) f
	), margin AS (
		SELECT sum(c.full_cost) AS rounded, sum(c.direct + c.received - c.sent) AS exact FROM cell c GROUP BY c.department_code
		UNION ALL
		SELECT sum(c.full_cost), sum(c.direct + c.received - c.sent) FROM cell c GROUP BY c.department_code, c.funding_source
		UNION ALL
		SELECT sum(c.full_cost), sum(c.direct + c.received - c.sent) FROM cell c GROUP BY c.cost_item_code, c.funding_source, c.cost_class
		UNION ALL
		SELECT c.full_cost, c.direct + c.received - c.sent FROM cell c
		UNION ALL
		SELECT sum(c.full_cost), sum(c.direct + c.received - c.sent) FROM cell c
	)
	SELECT v.name, v.want, v.have, v.have - v.want
	FROM (SELECT
		(SELECT coalesce(sum(d.amount), 0) FROM hospital_cost._direct_cost d JOIN r ON r.period = d.period) AS booked,
		(SELECT coalesce(sum(d.amount), 0) FROM hospital_cost._direct_cost d JOIN r ON r.period = d.period WHERE d.cost_class = 'medical') AS medical,
		(SELECT c.amount FROM control c) AS control,
		(SELECT count(*) FROM ledger_item i WHERE i.difference <> 0)::numeric AS bad_items,
		(SELECT coalesce(sum(c.direct), 0) FROM cell c) AS direct,
		(SELECT coalesce(sum(c.direct + c.received - c.sent), 0) FROM cell c) AS exact,
		(SELECT coalesce(sum(c.full_cost), 0) FROM cell c) AS full_cost,
		(SELECT coalesce(sum(c.received), 0) FROM cell c) AS received, (SELECT coalesce(sum(c.sent), 0) FROM cell c) AS sent,
		coalesce((SELECT f.total FROM flow f), 0) AS flows,
		coalesce((SELECT f.open_splits FROM flow f), 0)::numeric AS open_splits,
		(SELECT count(*) FROM margin m, unit u WHERE abs(m.rounded - m.exact) >= u.cent)::numeric AS bad_margins,
		(SELECT count(*) FROM r WHERE r.fingerprint IS DISTINCT FROM hospital_cost._fingerprint(r.run_id))::numeric AS changed_inputs,
		(SELECT count(*) FROM r CROSS JOIN LATERAL hospital_cost._cell_difference(r.run_id))::numeric AS changed_cells
	) t
	CROSS JOIN LATERAL (VALUES
		(CASE WHEN EXISTS (SELECT FROM hospital_cost.cost_control_total k JOIN r ON r.period = k.period) THEN 1 END,
			'control total of the accounts = direct cost (medical)', t.control, t.medical),
		(CASE WHEN EXISTS (SELECT FROM hospital_cost.cost_control_total k JOIN r ON r.period = k.period) THEN 2 END,
			'cost item × source that differ from their control total', 0, t.bad_items),
		(3, 'direct cost now = direct cost of the run', t.booked, t.direct), (4, 'direct + received − sent = direct', t.direct, t.exact),
		(5, 'full cost = direct cost, to the neighbouring cell unit',
			CASE WHEN abs(t.full_cost - t.direct) < (SELECT u.cent FROM unit u) THEN t.full_cost ELSE t.direct END, t.full_cost),
		(6, 'received = sent', t.sent, t.received), (7, 'flows retold = sent', t.sent, t.flows),
		(8, 'splits that do not close', 0, t.open_splits), (9, 'cells or margins not at a neighbouring cent', 0, t.bad_margins),
		(10, 'stored inputs that no longer have their fingerprint', 0, t.changed_inputs),
		(11, 'stored cells that differ when the run is performed again', 0, t.changed_cells)
	) AS v (ord, name, want, have)
	WHERE v.ord IS NOT NULL
	ORDER BY v.ord;
END;
