-- 60 allocation: runs are performed again, compared, locked; several months in one call.

CREATE OR REPLACE FUNCTION hospital_cost.replay(run int)
RETURNS TABLE (identity text, expected text, actual text, holds boolean, first_difference text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run;
	differing bigint;
	example text;
	cells bigint;
BEGIN
	r := hospital_cost._require_run(run);
	RETURN QUERY SELECT 'fingerprint of the stored inputs', r.fingerprint, f, r.fingerprint IS NOT DISTINCT FROM f, NULL::text
		FROM hospital_cost._fingerprint(run) f;
	RETURN QUERY
		WITH booked AS (
			SELECT d.department_code, d.cost_item_code, d.funding_source, d.cost_class, sum(d.amount) AS amount
			FROM hospital_cost._run_source(run) d GROUP BY 1, 2, 3, 4
		), stray AS (
			SELECT row_number() OVER (ORDER BY d.department_code NULLS LAST, d.cost_item_code, d.funding_source, d.cost_class) AS n,
				format('%s / %s / %s / %s: %s stored, %s in its rows', coalesce(d.department_code, 'hospital'), d.cost_item_code, d.funding_source,
					d.cost_class, coalesce(d.amount::text, 'nothing'), coalesce(b.amount::text, 'nothing')) AS what
			FROM (SELECT * FROM hospital_cost._run_direct x WHERE x.run_id = run) d
			FULL JOIN booked b ON coalesce(b.department_code, '') = coalesce(d.department_code, '') AND b.cost_item_code = d.cost_item_code
				AND b.funding_source = d.funding_source AND b.cost_class = d.cost_class
			WHERE d.amount IS DISTINCT FROM b.amount
		)
		SELECT 'stored direct cost that differs from its rows', '0', count(*)::text, count(*) = 0, max(s.what) FILTER (WHERE s.n = 1) FROM stray s;
	BEGIN
		SELECT count(*), max(format('%s / %s / %s / %s: %s', coalesce(x.department_code, 'hospital'), x.cost_item_code, x.funding_source, x.cost_class,
			CASE WHEN x.stored IS NULL THEN 'not stored, performed again ' || (x.again ->> 'full_cost')
				WHEN x.again IS NULL THEN 'stored ' || (x.stored ->> 'full_cost') || ', nothing when performed again'
				ELSE (SELECT string_agg(format('%s stored %s, performed again %s', k.key, k.value, x.again ->> k.key), '; ' ORDER BY k.key)
					FROM jsonb_each_text(x.stored) k WHERE k.value IS DISTINCT FROM x.again ->> k.key) END)) FILTER (WHERE x.n = 1)
		INTO differing, example
		FROM (SELECT c.*, row_number() OVER () AS n FROM hospital_cost._cell_difference(run) c) x;
		SELECT count(*) INTO cells FROM hospital_cost._perform_again(run);
		RETURN QUERY SELECT 'cells', (SELECT count(*) FROM hospital_cost._department_cost c WHERE c.run_id = run)::text, cells::text,
			cells = (SELECT count(*) FROM hospital_cost._department_cost c WHERE c.run_id = run), NULL::text;
		RETURN QUERY SELECT 'cells that differ, byte for byte', '0', differing::text, differing = 0, example;
	EXCEPTION WHEN SQLSTATE 'MC601' OR SQLSTATE 'MC602' OR SQLSTATE 'MC603' OR SQLSTATE 'MC604' OR SQLSTATE 'MC605' OR SQLSTATE 'MC606'
		OR SQLSTATE 'MC607' OR SQLSTATE 'MC608' OR SQLSTATE 'MC609' THEN
		RETURN QUERY SELECT 'performing it again', 'the stored result', SQLSTATE::text, false, SQLERRM::text;
	END;
	RETURN QUERY SELECT 'totals', format('%s in, %s out', r.total_direct, r.total_full), format('%s in, %s out', t.direct, t.full_cost),
		(r.total_direct, r.total_full) IS NOT DISTINCT FROM (t.direct, t.full_cost), NULL::text
		FROM (SELECT coalesce(sum(c.direct), 0)::numeric(22,8) AS direct, coalesce(sum(c.full_cost), 0)::numeric(18,2) AS full_cost
			FROM hospital_cost._department_cost c WHERE c.run_id = run) t;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.allocate(period_from date, period_to date, plan text, version int DEFAULT NULL)
RETURNS TABLE (period date, run_id int)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM period_from::hospital_cost.period_month;
	IF (period_from <= period_to AND isfinite(period_to)) IS NOT TRUE THEN
		RAISE EXCEPTION 'there is no month from % to %', period_from, period_to USING ERRCODE = 'MC615', HINT = 'Give the first and the last month, in this order.';
	END IF;
	RETURN QUERY SELECT m::date, hospital_cost.allocate(m::date, allocate.plan, allocate.version)
		FROM generate_series(period_from::timestamp, period_to::timestamp, interval '1 month') AS m;
END $$;

-- Two literals without a type would fit (period, plan, version) as well as (from, to, plan): this form makes the choice.
CREATE OR REPLACE FUNCTION hospital_cost.allocate(period_from date, period_to text, plan text, version int DEFAULT NULL)
RETURNS TABLE (period date, run_id int)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT a.period, a.run_id FROM hospital_cost.allocate(allocate.period_from, allocate.period_to::date, allocate.plan, allocate.version) a;
END;

-- Cells of two runs side by side, and which of their inputs differ where that can be told of a cell.
CREATE OR REPLACE FUNCTION hospital_cost.compare_runs(a int, b int, every_cell boolean DEFAULT false)
RETURNS TABLE (department_code text, cost_item_code text, funding_source text, cost_class text, only_in int, full_cost_a numeric, full_cost_b numeric,
	difference numeric, direct_difference numeric, received_difference numeric, sent_difference numeric, because text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	one hospital_cost._run := hospital_cost._require_run(a);
	two hospital_cost._run := hospital_cost._require_run(b);
	plan_changed boolean := one.plan IS DISTINCT FROM two.plan;
BEGIN
	RETURN QUERY
	WITH driver AS (
		SELECT coalesce(x.receiver_code, y.receiver_code) AS receiver, string_agg(DISTINCT coalesce(x.driver_code, y.driver_code), ', ') AS drivers
		FROM (SELECT * FROM hospital_cost._run_driver v WHERE v.run_id = a) x
		FULL JOIN (SELECT * FROM hospital_cost._run_driver v WHERE v.run_id = b) y ON y.driver_code = x.driver_code
			AND coalesce(y.server_code, '') = coalesce(x.server_code, '') AND coalesce(y.receiver_code, '') = coalesce(x.receiver_code, '')
		WHERE x.quantity IS DISTINCT FROM y.quantity GROUP BY 1
	), class AS (
		SELECT coalesce(x.department_code, y.department_code) AS department, format('class %s, %s', x.class, y.class) AS change
		FROM (SELECT * FROM hospital_cost._run_department d WHERE d.run_id = a) x
		FULL JOIN (SELECT * FROM hospital_cost._run_department d WHERE d.run_id = b) y ON y.department_code = x.department_code
		WHERE x.class IS DISTINCT FROM y.class
	), cell AS (
		SELECT coalesce(x.department_code, y.department_code) AS dept, coalesce(x.cost_item_code, y.cost_item_code) AS item,
			coalesce(x.funding_source, y.funding_source) AS fund, coalesce(x.cost_class, y.cost_class) AS kind,
			CASE WHEN x.run_id IS NULL THEN b WHEN y.run_id IS NULL THEN a END AS missing, x.full_cost AS x_full, y.full_cost AS y_full,
			coalesce(y.direct, 0) - coalesce(x.direct, 0) AS direct, coalesce(y.received, 0) - coalesce(x.received, 0) AS received,
			coalesce(y.sent, 0) - coalesce(x.sent, 0) AS sent
		FROM (SELECT * FROM hospital_cost._department_cost c WHERE c.run_id = a) x
		FULL JOIN (SELECT * FROM hospital_cost._department_cost c WHERE c.run_id = b) y ON coalesce(y.department_code, '') = coalesce(x.department_code, '')
			AND y.cost_item_code = x.cost_item_code AND y.funding_source = x.funding_source AND y.cost_class = x.cost_class
	), pool AS (
		SELECT c.item, c.fund, c.kind, array_agg(c.dept ORDER BY c.dept) AS changed FROM cell c WHERE c.direct <> 0 AND c.dept IS NOT NULL GROUP BY 1, 2, 3
	)
	SELECT c.dept, c.item, c.fund, c.kind, c.missing, c.x_full, c.y_full, coalesce(c.y_full, 0) - coalesce(c.x_full, 0), c.direct, c.received, c.sent,
		nullif(concat_ws('; ', CASE WHEN c.direct <> 0 THEN 'direct cost' END,
			CASE WHEN c.received <> 0 AND plan_changed THEN 'plan' END,
			CASE WHEN c.received <> 0 OR c.sent <> 0 THEN k.change END,
			CASE WHEN c.received <> 0 THEN 'driver ' || d.drivers END,
			CASE WHEN c.received <> 0 THEN 'direct cost of ' || array_to_string((array_remove(p.changed, c.dept))[1:5], ', ')
				|| CASE WHEN cardinality(array_remove(p.changed, c.dept)) > 5 THEN ' and others' ELSE '' END END,
			CASE WHEN c.x_full <> c.y_full AND c.direct + c.received = c.sent THEN 'rounding' END), '')
	FROM cell c
	LEFT JOIN driver d ON d.receiver = c.dept
	LEFT JOIN class k ON k.department = c.dept
	LEFT JOIN pool p ON p.item = c.item AND p.fund = c.fund AND p.kind = c.kind AND cardinality(array_remove(p.changed, c.dept)) > 0
	WHERE every_cell OR c.missing IS NOT NULL OR c.x_full <> c.y_full OR c.direct <> 0 OR c.received <> 0 OR c.sent <> 0
	ORDER BY c.dept NULLS LAST, c.item, c.fund, c.kind;
END $$;

COMMENT ON FUNCTION hospital_cost.replay(int) IS 'Performs a run again from its stored inputs (重算) and holds it against what is stored, a row an identity: fingerprint of the inputs, rows behind the direct cost, cells byte for byte, totals. holds is true in each row if nothing was tampered with; first_difference names the first cell. Writes nothing. MC614';
COMMENT ON FUNCTION hospital_cost.allocate(date, date, text, int) IS 'allocate for each month from the first to the last, both included (period_to may be any day of its month); one run a month, in one transaction. MC615 if there is no month between; else as allocate(period, plan)';
COMMENT ON FUNCTION hospital_cost.allocate(date, text, text, int) IS 'allocate(period_from, period_to, plan) where the months are written as literals without a type';
COMMENT ON FUNCTION hospital_cost.compare_runs(int, int, boolean) IS 'Cells of two runs side by side: those that differ, or every one. only_in is the run that has the cell if the other has not; differences are b − a, in yuan; because names the inputs that differ and bear on the cell: its direct cost, the plan, the class of the department, drivers with another value for it, direct cost of others in the same cost item and source; rounding where only that differs. Two runs with the same inputs give no row. MC614';
COMMENT ON COLUMN hospital_cost.run.fingerprint IS 'SHA-256 of the inputs: runs with the same inputs have the same, in whatever order rows were written';
COMMENT ON COLUMN hospital_cost.run.engine_version IS 'Version of the extension that made the run';
