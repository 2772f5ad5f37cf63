-- 60 allocation: where the money of a full cost comes from, and where a row of direct cost went.

CREATE OR REPLACE FUNCTION hospital_cost._trace_parts(run int, department text, cost_item text, funding_source text, cost_class text, origin text,
	by_class boolean DEFAULT false, OUT department_code text, OUT cost_item_code text, OUT funding_source text, OUT cost_class text,
	OUT origin text, OUT path text, OUT amount numeric)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_trace_parts'
LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000;

CREATE OR REPLACE FUNCTION hospital_cost._require_run_department(run int, department text) RETURNS hospital_cost._run
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run := hospital_cost._require_run(run);
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost._run_department d WHERE d.run_id = run AND d.department_code = department) THEN
		RAISE EXCEPTION 'department "%" is not in run %', department, run USING ERRCODE = 'MC618',
			DETAIL = format('The run is of %s.', to_char(r.period, 'YYYY-MM')), HINT = 'See hospital_cost.department_cost of this run.';
	END IF;
	RETURN r;
END $$;

-- The rows of direct cost behind the cells of a run: a department's own, what stays at hospital level, and its parts of what was spread.
CREATE OR REPLACE FUNCTION hospital_cost._run_source(run int, cost_item text DEFAULT NULL)
RETURNS TABLE (department_code text, cost_item_code text, funding_source text, cost_class text, direct_cost_id bigint, source text, source_key text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10000 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT d.department_code, d.cost_item_code, d.funding_source, d.cost_class, d.direct_cost_id, d.source, d.source_key, d.amount
	FROM hospital_cost._run r JOIN hospital_cost._direct_cost d ON d.period = r.period AND d.direct_cost_id <@ r.direct_rows
	WHERE r.run_id = _run_source.run AND d.cost_item_code = coalesce(_run_source.cost_item, d.cost_item_code)
		AND (d.department_code IS NOT NULL OR d.cost_class <> 'medical')
	UNION ALL
	SELECT s.department_code, s.cost_item_code, s.funding_source, 'medical', s.direct_cost_id, s.source, s.source_key, sum(s.amount)
	FROM hospital_cost.spread_cost(_run_source.run) s
	WHERE s.cost_item_code = coalesce(_run_source.cost_item, s.cost_item_code)
	GROUP BY 1, 2, 3, 4, 5, 6, 7;
END;

-- The same with running totals in units of 1e-8 yuan. What a stored cell has beyond its rows makes one more without a number.
CREATE OR REPLACE FUNCTION hospital_cost._run_direct_row(run int, cost_item text)
RETURNS TABLE (department_code text, cost_item_code text, funding_source text, cost_class text, direct_cost_id bigint, source text, source_key text,
	upto numeric, units numeric, total numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10000 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH booked AS MATERIALIZED (
		SELECT * FROM hospital_cost._run_source(_run_direct_row.run, _run_direct_row.cost_item)
	), source_row AS (
		SELECT * FROM booked
		UNION ALL
		SELECT x.department_code, x.cost_item_code, x.funding_source, x.cost_class, NULL, NULL, NULL, sum(x.amount)
		FROM (SELECT c.department_code, c.cost_item_code, c.funding_source, c.cost_class, c.amount FROM hospital_cost._run_direct c
				WHERE c.run_id = _run_direct_row.run AND c.cost_item_code = coalesce(_run_direct_row.cost_item, c.cost_item_code)
			UNION ALL
			SELECT b.department_code, b.cost_item_code, b.funding_source, b.cost_class, -b.amount FROM booked b) x
		GROUP BY 1, 2, 3, 4 HAVING sum(x.amount) <> 0
	)
	SELECT s.department_code, s.cost_item_code, s.funding_source, s.cost_class, s.direct_cost_id, s.source, s.source_key,
		sum(s.amount) OVER (cell ORDER BY s.direct_cost_id NULLS LAST ROWS UNBOUNDED PRECEDING) * 100000000, s.amount * 100000000,
		sum(s.amount) OVER cell * 100000000
	FROM source_row s
	WINDOW cell AS (PARTITION BY s.department_code, s.cost_item_code, s.funding_source, s.cost_class);
END;

CREATE OR REPLACE FUNCTION hospital_cost.trace_cost(run int, department text, cost_item text DEFAULT NULL)
RETURNS TABLE (cost_item_code text, funding_source text, cost_class text, origin_code text, origin_name text, origin_class text, path text,
	direct_cost_id bigint, source text, source_key text, amount numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run := hospital_cost._require_run_department(run, department);
BEGIN
	RETURN QUERY
	WITH part AS MATERIALIZED (
		SELECT p.cost_item_code AS item, p.funding_source AS fund, p.cost_class AS kind, p.origin, p.path AS way, p.amount * 100000000 AS units
		FROM hospital_cost._trace_parts(run, department, cost_item, NULL, NULL, NULL) p
	), source_row AS MATERIALIZED (
		SELECT * FROM hospital_cost._run_direct_row(run, cost_item) d
		WHERE d.department_code IS NOT NULL AND d.department_code IN (SELECT p.origin FROM part p)
	), traced AS (
		SELECT p.item, p.fund, p.kind, p.origin, p.way, d.direct_cost_id AS id, d.source AS origin_source, d.source_key AS origin_key,
			(div(d.upto * p.units, d.total) - div((d.upto - d.units) * p.units, d.total)) * 0.00000001 AS yuan
		FROM part p JOIN source_row d ON d.department_code = p.origin AND d.cost_item_code = p.item AND d.funding_source = p.fund AND d.cost_class = p.kind
		UNION ALL
		SELECT c.cost_item_code, c.funding_source, c.cost_class, NULL, 'rounding', NULL, NULL, NULL, c.full_cost - (c.direct + c.received - c.sent)
		FROM hospital_cost._department_cost c
		WHERE c.run_id = run AND c.department_code = department AND c.cost_item_code = coalesce(cost_item, c.cost_item_code)
	)
	SELECT t.item, t.fund, t.kind, t.origin, o.department_name, o.class, t.way, t.id, t.origin_source, t.origin_key, t.yuan::numeric(22,8)
	FROM traced t LEFT JOIN hospital_cost._run_department o ON o.run_id = run AND o.department_code = t.origin
	WHERE t.yuan <> 0
	ORDER BY t.item, t.fund, t.kind, t.way = 'rounding', t.origin <> department, t.origin, t.way, t.id;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.trace_direct_cost(run int, direct_cost_id bigint)
RETURNS TABLE (department_code text, department_name text, class text, origin_code text, path text, amount numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run := hospital_cost._require_run(run);
	d hospital_cost._direct_cost;
BEGIN
	SELECT * INTO d FROM hospital_cost._direct_cost x
	WHERE x.direct_cost_id = trace_direct_cost.direct_cost_id AND x.period = r.period AND x.direct_cost_id <@ r.direct_rows;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'row % of direct cost is not in run %', direct_cost_id, run USING ERRCODE = 'MC619',
			DETAIL = format('The run is of %s.', to_char(r.period, 'YYYY-MM')), HINT = 'See direct_cost_id in hospital_cost.direct_cost.';
	END IF;
	RETURN QUERY
	WITH place AS MATERIALIZED (
		SELECT s.department_code AS dept, s.units, s.total FROM hospital_cost._run_direct_row(run, d.cost_item_code) s
		WHERE s.direct_cost_id = d.direct_cost_id AND s.funding_source = d.funding_source AND s.cost_class = d.cost_class
	), part AS (
		SELECT p.department_code AS dept, p.origin, p.path AS way, p.amount * 100000000 AS units,
			sum(p.amount) OVER (PARTITION BY p.origin ORDER BY p.department_code NULLS LAST, p.path ROWS UNBOUNDED PRECEDING) * 100000000 AS upto
		FROM hospital_cost._trace_parts(run, NULL, d.cost_item_code, d.funding_source, d.cost_class, d.department_code) p
		WHERE p.origin IN (SELECT x.dept FROM place x)
	), traced AS (
		SELECT p.dept, p.origin, p.way, (div(p.upto * w.units, w.total) - div((p.upto - p.units) * w.units, w.total)) * 0.00000001 AS yuan
		FROM part p JOIN place w ON w.dept = p.origin AND w.total <> 0
		UNION ALL
		-- Hospital-level cost that is not spread stays where it is; so does cost that others of its cell cancel.
		SELECT w.dept, w.dept, 'direct', w.units * 0.00000001 FROM place w WHERE w.dept IS NULL OR w.total = 0
	)
	SELECT t.dept, n.department_name, n.class, t.origin, t.way, t.yuan::numeric(22,8)
	FROM traced t LEFT JOIN hospital_cost._run_department n ON n.run_id = run AND n.department_code = t.dept
	WHERE t.yuan <> 0 ORDER BY t.dept, t.origin, t.way;
END $$;

COMMENT ON FUNCTION hospital_cost.trace_cost(int, text, text) IS
'Where the full cost of a department comes from (成本追溯), row by row of direct cost, for one cost item or all: the department whose direct cost it was (origin), and the path: direct, straight (received from the origin itself), or through the levels of the servers passed on the way (through auxiliary; through auxiliary, technical; through one another: among servers that serve each other). The rows of a cell sum to its full_cost exactly; those but the path rounding to direct + received − sent. A department that passed everything on has no rows. The flows are those of allocation_flow; how they are split into origins stands in docs/allocation-trace.md. Yuan. MC614 no such run, MC618 no such department in it';
COMMENT ON FUNCTION hospital_cost.trace_direct_cost(int, bigint) IS
'Where a row of direct cost ended up: department and path, as trace_cost tells them. The rows sum to its amount exactly. origin_code is its department; of a hospital-level row each department that it was spread to. A hospital-level row that is not spread, or a row that others of its department, item and source cancel, stays where it is. MC614 no such run, MC619 the row was not part of it';
COMMENT ON FUNCTION hospital_cost._trace_parts(int, text, text, text, text, text, boolean) IS 'Parts of the cells of a run by origin and path (by_class: by class of origin), yuan; the arguments narrow it, null: all';
COMMENT ON FUNCTION hospital_cost._require_run_department(int, text) IS 'The run, if it has the department; MC614, MC618';
COMMENT ON FUNCTION hospital_cost._run_source(int, text) IS 'Rows of direct cost behind the cells of a run, what was spread already with the departments it went to';
COMMENT ON FUNCTION hospital_cost._run_direct_row(int, text) IS 'Rows of direct cost that a run saw, with the running total of their cell, in units of 10⁻⁸ yuan';
