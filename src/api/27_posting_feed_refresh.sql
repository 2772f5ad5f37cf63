-- 20 posting: our rows made equal to an attached table as a whole: back-fill, cure after disabled triggers or logical replication, proof.

-- Nobody else writes into our rows of this table until the transaction ends. Never waits in the queue: writers of the hospital would wait behind it.
CREATE OR REPLACE FUNCTION hospital_cost._lock_feed(a hospital_cost.attachment) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	give_up timestamptz := clock_timestamp() + interval '10 seconds';
BEGIN
	WHILE NOT pg_try_advisory_xact_lock(18504, a.source_id) LOOP
		IF clock_timestamp() >= give_up THEN
			RAISE EXCEPTION 'table % is being written to', a.relation USING ERRCODE = 'MC21F',
				DETAIL = (SELECT format('Server processes that wrote to it and have not ended their transaction: %s.', string_agg(l.pid::text, ', ' ORDER BY l.pid))
					FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 18504::oid AND l.objid = a.source_id::int::oid AND l.objsubid = 2
						AND l.granted AND l.pid <> pg_backend_pid()
						AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())),
				HINT = 'Try again, or look these pids up in pg_stat_activity.';
		END IF;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;

-- First without a lock, to find what differs, then alone, for that only: the hospital's writers wait as long as it takes to mend, not to compare.
CREATE OR REPLACE FUNCTION hospital_cost._refresh_feed(a hospital_cost.attachment) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t hospital_cost._feed_target;
	keys text[];
	same bigint;
	counts bigint[];
BEGIN
	PERFORM hospital_cost._require_read_committed();
	PERFORM hospital_cost._require_columns(a);
	SELECT * INTO STRICT t FROM hospital_cost._feed_target x WHERE x.feed = a.feed;
	EXECUTE hospital_cost._feed_judge_sql(a, t) || hospital_cost._feed_change_sql(a, t, false) || format(', concerned AS MATERIALIZED (
			SELECT c.source_key FROM change c WHERE c.outcome <> ''unchanged'' UNION SELECT j.source_key FROM judged j WHERE j.problem IS NOT NULL
			UNION SELECT f.source_key FROM hospital_cost._finding f WHERE f.source_id = %s AND f.class = ''data'' AND f.state = ''open''
		)
		SELECT (SELECT array_agg(x.source_key) FROM concerned x),
			(SELECT count(*) FROM change c WHERE NOT EXISTS (SELECT FROM concerned x WHERE x.source_key = c.source_key))', a.source_id)
		INTO keys, same USING a.relation, hospital_cost._feed_read_sql(a, 'true');
	UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = now(), closed_by = session_user, note = 'the columns are there'
	WHERE f.source_id = a.source_id AND f.state = 'open' AND f.code = 'column_gone';
	IF keys IS NULL THEN
		RETURN ARRAY[0, 0, 0, same, 0];
	END IF;
	PERFORM hospital_cost._lock_feed(a);
	SELECT y.counts INTO counts FROM hospital_cost._sync_feed(a, hospital_cost._feed_read_sql(a,
		format('%s IN (SELECT unnest(%L::text[]))', hospital_cost._feed_key_sql(a), keys)), keys) y;
	counts[4] := counts[4] + same;
	RETURN counts;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.refresh_feed(relation regclass DEFAULT NULL)
RETURNS TABLE (source regclass, feed text, outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	counts bigint[];
	any_found boolean := relation IS NULL;
BEGIN
	IF relation IS NOT NULL THEN
		PERFORM hospital_cost._require_owner(relation);
	END IF;
	FOR a IN SELECT t.* FROM hospital_cost.attachment t JOIN pg_class c ON c.oid = t.relation
		WHERE t.detached_at IS NULL AND t.feed IN (SELECT x.feed FROM hospital_cost._feed_target x) AND t.relation = coalesce(refresh_feed.relation, t.relation)
			AND pg_has_role(hospital_cost._outer_user()::name, c.relowner, 'USAGE')
		ORDER BY t.feed, t.source_id LOOP
		any_found := true;
		counts := hospital_cost._refresh_feed(a);
		RETURN QUERY SELECT a.relation, a.feed, o.name, counts[o.ord]
			FROM unnest('{inserted,updated,removed,unchanged,refused}'::text[]) WITH ORDINALITY AS o (name, ord);
	END LOOP;
	IF NOT any_found THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204',
			HINT = 'See hospital_cost.attachment for the tables that are; charges have hospital_cost.post_pending.';
	END IF;
END $$;

-- Key and fields of each source row that should be ours, as texts; read apart from what the triggers run.
CREATE OR REPLACE FUNCTION hospital_cost._feed_expected(a hospital_cost.attachment) RETURNS TABLE (source_key text, field text, value text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	WITH cell AS (
		SELECT r.source_key, c.field, c.allowed, coalesce(CASE WHEN coalesce(v.map, '{}') ? coalesce(r.fields[c.position], '') THEN v.map ->> coalesce(r.fields[c.position], '')
			WHEN v.map ? '*' AND r.fields[c.position] IS NOT NULL THEN v.map ->> '*' ELSE r.fields[c.position] END, c.fallback) AS value
		FROM (SELECT DISTINCT x.source_key, x.fields FROM hospital_cost._read_feed(a.relation, hospital_cost._feed_read_sql(a, 'true')) x) r
		JOIN hospital_cost._feed_column c ON c.feed = a.feed
		CROSS JOIN LATERAL (SELECT a.options #> ARRAY['values', c.field] AS map) v
	)
	SELECT k.source_key, k.field, k.value FROM cell k
	WHERE NOT EXISTS (SELECT FROM cell s WHERE s.source_key = k.source_key AND s.field = 'status' AND s.value IN ('planned', 'void'))
		AND NOT EXISTS (SELECT FROM hospital_cost._finding f WHERE f.source_id = a.source_id AND f.class = 'data' AND f.severity = 'blocking'
			AND f.state = 'open' AND f.source_key = k.source_key);
END $$;

-- The same of our rows.
CREATE OR REPLACE FUNCTION hospital_cost._feed_actual(a hospital_cost.attachment) RETURNS TABLE (source_key text, field text, value text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE (
		SELECT format('SELECT t.%I::text, v.field, v.value FROM %s t CROSS JOIN LATERAL (VALUES %s) AS v (field, value) WHERE t.source_id = $1', t.key_column, t.target,
			string_agg(format('(%L, t.%I::text)', c.field, c.target), ', ' ORDER BY c.position))
		FROM hospital_cost._feed_target t JOIN hospital_cost._feed_column c ON c.feed = t.feed AND c.target IS NOT NULL
		WHERE t.feed = a.feed GROUP BY t.key_column, t.target) USING a.source_id;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._verify_mirror(a hospital_cost.attachment) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text := format('%s as %s', a.relation, a.feed);
BEGIN
	RETURN QUERY
	WITH theirs AS MATERIALIZED (SELECT * FROM hospital_cost._feed_expected(a)),
	ours AS MATERIALIZED (SELECT * FROM hospital_cost._feed_actual(a)),
	-- What was deleted there while others speak of it is cancelled here.
	gone AS (SELECT o.source_key FROM ours o WHERE a.feed = 'encounters' AND o.field = 'status' AND o.value = 'cancelled'
		AND NOT EXISTS (SELECT FROM theirs t WHERE t.source_key = o.source_key)),
	pair AS (
		SELECT coalesce(t.source_key, o.source_key) AS key, t.source_key IS NOT NULL AS is_theirs, o.source_key IS NOT NULL AS is_ours, c.field,
			CASE WHEN t.source_key IS NULL OR o.source_key IS NULL THEN NULL
				WHEN c.type = 'number' THEN round(t.value::numeric, 4) IS DISTINCT FROM o.value::numeric
				WHEN c.target_type = 'date' THEN (t.value::timestamptz AT TIME ZONE hospital_cost.hospital_timezone())::date IS DISTINCT FROM o.value::date
				WHEN c.type = 'time' THEN nullif(nullif(t.value, 'infinity'), '-infinity')::timestamptz IS DISTINCT FROM o.value::timestamptz
				ELSE t.value IS DISTINCT FROM o.value END AS differs
		FROM theirs t FULL JOIN ours o ON o.source_key = t.source_key AND o.field = t.field
		JOIN hospital_cost._feed_column c ON c.feed = a.feed AND c.field = coalesce(t.field, o.field) AND c.target IS NOT NULL
		WHERE coalesce(t.source_key, o.source_key) NOT IN (SELECT g.source_key FROM gone g)
	)
	SELECT name || ': rows = rows of ours', count(DISTINCT p.key) FILTER (WHERE p.is_theirs)::numeric, count(DISTINCT p.key) FILTER (WHERE p.is_ours)::numeric,
		min(p.key) FILTER (WHERE p.is_theirs <> p.is_ours) FROM pair p
	UNION ALL
	SELECT format('%s: rows that differ in %s', name, c.field), 0, count(*) FILTER (WHERE p.differs)::numeric, min(p.key) FILTER (WHERE p.differs)
	FROM hospital_cost._feed_column c LEFT JOIN pair p ON p.field = c.field
	WHERE c.feed = a.feed AND c.target IS NOT NULL GROUP BY c.position, c.field;
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
		RETURN QUERY EXECUTE format('SELECT v.identity, v.expected, v.actual, v.actual - v.expected, CASE WHEN v.actual <> v.expected THEN v.example END FROM %s($1) v', f.proof)
			USING f.a;
	END LOOP;
	IF NOT any_found THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204', HINT = 'See hospital_cost.attachment for the tables that are.';
	END IF;
END $$;

COMMENT ON FUNCTION hospital_cost._lock_feed(hospital_cost.attachment) IS 'Keeps other writers from our rows of a table, without queueing; MC21F with the blocking pids after ten seconds';
COMMENT ON FUNCTION hospital_cost._refresh_feed(hospital_cost.attachment) IS 'refresh_feed for one attachment: counts inserted, updated, removed, unchanged, refused';
COMMENT ON FUNCTION hospital_cost.refresh_feed(regclass) IS 'Makes our rows equal to an attached table of encounters, stays, service use, orders, stock or costs (重新同步): the back-fill, the way to take over rows whose issue was mended, the cure after disabled triggers, logical replication and rows written straight into a partition. Without a table all that the caller owns, encounters before stays. Counts by outcome: inserted, updated, removed, unchanged, refused (see posting_issue); a second call finds everything unchanged or refused. Needs READ COMMITTED (MC208) and ownership (42501); MC204 not attached, MC207 columns gone, MC21F others are writing';
COMMENT ON FUNCTION hospital_cost._feed_expected(hospital_cost.attachment) IS 'Key, field and value of the source rows that should be ours';
COMMENT ON FUNCTION hospital_cost._feed_actual(hospital_cost.attachment) IS 'Key, field and value of our rows of an attached table';
COMMENT ON FUNCTION hospital_cost._verify_mirror(hospital_cost.attachment) IS 'Identities between an attached table and our rows of it';
COMMENT ON FUNCTION hospital_cost.verify_feed(regclass) IS 'Proof that our rows are those of an attached table of encounters, stays, service use, orders, stock or costs (勾稽), by SQL apart from what the triggers run: as many rows, and none that differs in any field; difference is 0 in each line if all is well, else example is the key of the first offender. Rows with a blocking issue, planned and void rows are not expected. MC204 not attached, 42501 not the owner';
