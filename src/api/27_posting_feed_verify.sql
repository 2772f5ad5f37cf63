-- 20 posting: the proof that our rows are those of an attached table, by SQL apart from what the triggers run.

-- Key and fields of each source row that should be ours, in one spelling; fields in the order of the registry.
CREATE OR REPLACE FUNCTION hospital_cost._feed_expected(a hospital_cost.attachment, targets_only boolean) RETURNS TABLE (source_key text, cells text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	list text;
	status text;
BEGIN
	SELECT string_agg(x.cell, ', ' ORDER BY c.position) FILTER (WHERE c.target IS NOT NULL OR NOT targets_only), min(t.text) FILTER (WHERE c.field = 'status')
	INTO list, status
	FROM hospital_cost._feed_column c
	CROSS JOIN LATERAL (SELECT format('r.fields[%s]', c.position) AS text, a.options #> ARRAY['values', c.field] AS map) r
	CROSS JOIN LATERAL (SELECT format(CASE WHEN r.map IS NULL THEN 'COALESCE(%1$s, %3$L)'
		ELSE 'COALESCE(CASE WHEN %2$L::jsonb ? COALESCE(%1$s, '''') THEN %2$L::jsonb ->> COALESCE(%1$s, '''')
			WHEN %1$s IS NOT NULL THEN COALESCE(%2$L::jsonb ->> ''*'', %1$s) END, %3$L)' END, r.text, r.map, c.fallback) AS text) t
	CROSS JOIN LATERAL (SELECT format(CASE WHEN c.target_type = 'date' AND c.type = 'time'
		THEN 'CASE WHEN isfinite(%1$s::timestamptz) THEN (%1$s::timestamptz AT TIME ZONE %2$L)::date::text END'
		WHEN c.type = 'time' THEN 'CASE WHEN isfinite(%1$s::timestamptz) THEN %1$s::timestamptz::text END'
		WHEN c.type = 'number' THEN 'CASE WHEN %1$s ~ ''^[-+.0-9]{1,60}$'' THEN trim_scale(round(%1$s::numeric, %3$s))::text ELSE %1$s END'
		ELSE '%1$s' END, t.text, hospital_cost.hospital_timezone(), coalesce((regexp_match(c.target_type, ',(\d+)'))[1], '8')) AS cell) x
	WHERE c.feed = a.feed;
	RETURN QUERY EXECUTE format('SELECT r.source_key, ARRAY[%s] FROM (SELECT DISTINCT x.source_key, x.fields FROM hospital_cost._read_feed($1, $2) x) r
		WHERE %s <> ALL (''{planned,void}'') AND r.source_key NOT IN (SELECT f.source_key FROM hospital_cost._finding f
			WHERE f.source_id = %s AND f.class = ''data'' AND f.severity = ''blocking'' AND f.state = ''open'')', list, status, a.source_id)
		USING a.relation, hospital_cost._feed_read_sql(a, 'true');
END $$;

-- The same of our rows.
CREATE OR REPLACE FUNCTION hospital_cost._feed_actual(a hospital_cost.attachment) RETURNS TABLE (source_key text, cells text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE (
		SELECT format('SELECT t.%I::text, ARRAY[%s] FROM %s t WHERE t.source_id = $1', t.key_column,
			string_agg(format(CASE c.type WHEN 'number' THEN 'trim_scale(t.%I)::text' ELSE 't.%I::text' END, c.target), ', ' ORDER BY c.position), t.target)
		FROM hospital_cost._feed_target t JOIN hospital_cost._feed_column c ON c.feed = t.feed AND c.target IS NOT NULL
		WHERE t.feed = a.feed GROUP BY t.key_column, t.target) USING a.source_id;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._verify_mirror(a hospital_cost.attachment) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text := format('%s as %s', a.relation, a.feed);
BEGIN
	RETURN QUERY
	WITH pair AS MATERIALIZED (
		SELECT coalesce(t.source_key, o.source_key) AS key, t.cells AS theirs, o.cells AS ours
		FROM hospital_cost._feed_expected(a, true) t FULL JOIN hospital_cost._feed_actual(a) o ON o.source_key = t.source_key
		-- What was deleted there while others speak of it is cancelled here.
		WHERE t.source_key IS NOT NULL OR a.feed <> 'encounters' OR o.cells[3] <> 'cancelled'
	), cell AS (
		SELECT p.key, x.ord FROM pair p, unnest(p.theirs, p.ours) WITH ORDINALITY AS x (theirs, ours, ord)
		WHERE p.theirs <> p.ours AND x.theirs IS DISTINCT FROM x.ours
	)
	SELECT name || ': rows = rows of ours', count(p.theirs)::numeric, count(p.ours)::numeric,
		min(p.key) FILTER (WHERE p.theirs IS NULL OR p.ours IS NULL) FROM pair p
	UNION ALL
	(SELECT format('%s: rows that differ in %s', name, c.field), 0, count(p.key)::numeric, min(p.key)
	FROM (SELECT x.field, row_number() OVER (ORDER BY x.position) AS ord FROM hospital_cost._feed_column x WHERE x.feed = a.feed AND x.target IS NOT NULL) c
	LEFT JOIN cell p ON p.ord = c.ord
	GROUP BY c.ord, c.field ORDER BY c.ord);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.verify_feed(relation regclass)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f record;
	any_found boolean := false;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	FOR f IN SELECT t AS a, x.proof FROM hospital_cost.attachment t JOIN hospital_cost._feed_target x ON x.feed = t.feed
		WHERE t.relation = verify_feed.relation AND t.detached_at IS NULL ORDER BY t.feed LOOP
		any_found := true;
		PERFORM hospital_cost._require_columns(f.a);
		RETURN QUERY EXECUTE format('SELECT v.identity, v.expected, v.actual, v.actual - v.expected,
			CASE WHEN v.actual <> v.expected THEN v.example END FROM %s($1) v', f.proof)
			USING f.a;
	END LOOP;
	IF NOT any_found THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204', HINT = 'See hospital_cost.attachment for the tables that are.';
	END IF;
END $$;

COMMENT ON FUNCTION hospital_cost._feed_expected(hospital_cost.attachment, boolean) IS 'Key and fields of the source rows that should be ours';
COMMENT ON FUNCTION hospital_cost._feed_actual(hospital_cost.attachment) IS 'Key and fields of our rows of an attached table';
COMMENT ON FUNCTION hospital_cost._verify_mirror(hospital_cost.attachment) IS 'Identities between an attached table and our rows of it';
COMMENT ON FUNCTION hospital_cost.verify_feed(regclass) IS 'Proof that our rows are those of an attached table of encounters, stays, service use, orders, stock or costs (勾稽), by SQL apart from what the triggers run: as many rows, and none that differs in any field; difference is 0 in each line if all is well, else example is the key of the first offender. Rows with a blocking issue, planned and void rows are not expected. MC204 not attached, 42501 not the owner';
