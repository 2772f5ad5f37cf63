-- 20 posting: following attached tables row by row.

-- How the changes are written: CTEs that end in written (keys that are there now) and, of a journal, barred (keys whose month is closed).
CREATE OR REPLACE FUNCTION hospital_cost._feed_write_sql(a hospital_cost.attachment, t hospital_cost._feed_target) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	names text;
	values_ text;
	sets text;
BEGIN
	SELECT string_agg(quote_ident(c.target), ', ' ORDER BY c.position), string_agg('c.' || quote_ident(c.target), ', ' ORDER BY c.position),
		string_agg(format('%1$I = excluded.%1$I', c.target), ', ' ORDER BY c.position) FILTER (WHERE c.target <> t.key_column)
	INTO names, values_, sets
	FROM hospital_cost._feed_column c WHERE c.feed = a.feed AND c.target IS NOT NULL;
	-- A scalar subquery is answered before the first row is written: room is made first.
	RETURN CASE t.style WHEN 'replace' THEN format(', cleared AS (
			DELETE FROM %1$s t WHERE t.source_id = %2$s
				AND t.source_key = ANY (ARRAY(SELECT c.source_key FROM change c WHERE c.outcome IN (''updated'', ''removed''))) RETURNING 1
		), written AS (
			INSERT INTO %1$s (%3$s, source_id, source_key) SELECT %4$s, %2$s, c.source_key FROM change c
			WHERE c.outcome IN (''inserted'', ''updated'') AND (SELECT count(*) FROM cleared) >= 0 ORDER BY %5$s ON CONFLICT DO NOTHING RETURNING source_key
		)', t.target, a.source_id, names, values_, t.write_order)
	WHEN 'keep' THEN format(', cleared AS (
			DELETE FROM %1$s t WHERE t.source_id = %2$s AND t.%3$I = ANY (ARRAY(SELECT c.source_key FROM change c WHERE c.outcome = ''removed'')) RETURNING 1
		), cancelled AS (
			UPDATE %1$s t SET status = ''cancelled'' WHERE t.source_id = %2$s
				AND t.%3$I = ANY (ARRAY(SELECT c.source_key FROM change c WHERE c.outcome = ''cancelled'')) RETURNING 1
		), written AS (
			INSERT INTO %1$s AS t (%4$s, source_id) SELECT %5$s, %2$s FROM change c WHERE c.outcome IN (''inserted'', ''updated'') ORDER BY %7$s
			ON CONFLICT (%3$I) DO UPDATE SET %6$s, source_id = excluded.source_id WHERE t.source_id IS NULL OR t.source_id = %2$s
			RETURNING t.%3$I AS source_key
		)', t.target, a.source_id, t.key_column, names, values_, sets, t.write_order)
	ELSE format(', booking AS MATERIALIZED (
			SELECT 0 AS side, x.* FROM (SELECT c.source_key, %3$s FROM line c) x
			WHERE x.source_key NOT IN (SELECT y.source_key FROM change y WHERE y.outcome = ''unchanged'')
			UNION ALL SELECT 1, c.source_key, %3$s FROM change c WHERE c.outcome IN (''inserted'', ''updated'')
		), closed AS MATERIALIZED (
			SELECT p.period FROM (SELECT DISTINCT b.period FROM booking b) p WHERE hospital_cost._period_is_closed(p.period)
		), barred AS MATERIALIZED (
			SELECT b.source_key, min(b.period)::date AS period FROM booking b JOIN closed p ON p.period = b.period GROUP BY b.source_key
		), written AS (
			INSERT INTO %1$s (%2$s, source, source_id, source_key)
			SELECT %4$s, %5$L, %6$s, c.source_key FROM booking c WHERE c.source_key NOT IN (SELECT b.source_key FROM barred b)
			ORDER BY c.source_key, c.side RETURNING source_key
		)', t.target, names, values_, (SELECT string_agg(CASE c.target WHEN 'amount' THEN 'CASE c.side WHEN 0 THEN -c.amount ELSE c.amount END'
				ELSE 'c.' || quote_ident(c.target) END, ', ' ORDER BY c.position) FROM hospital_cost._feed_column c WHERE c.feed = a.feed AND c.target IS NOT NULL),
			a.relation_name, a.source_id) END;
END $$;

-- Issues follow what is wrong now: those of rows that are clean or gone are resolved, new ones are opened. Then the counts, and the first refused row.
-- Keys are looked up in arrays and hashed subplans, never joined: nobody can tell the planner how many rows a statement brought, and statistics may be
-- from when our tables were empty.
CREATE OR REPLACE FUNCTION hospital_cost._feed_tell_sql(a hospital_cost.attachment, t hospital_cost._feed_target, scoped boolean) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format(', failed AS (
		SELECT j.source_key, j.problem, NULL::date AS month, %s FROM judged j WHERE j.problem IS NOT NULL
		UNION ALL %s
	), refused AS MATERIALIZED (
		SELECT x.source_key, x.problem[1] AS code, x.problem[2] AS field, x.problem[3] AS expected, x.problem[4] AS observed,
			COALESCE(x.month, hospital_cost.period_of(x."of day")) AS period, x."of encounter" AS encounter
		FROM failed x
	), resolved AS (
		UPDATE hospital_cost._finding f SET state = ''resolved'', closed_at = now(), closed_by = session_user, note = ''the source row changed''
		WHERE f.source_id = %s AND f.state = ''open'' AND f.class = ''data'' AND f.code NOT IN (''column_gone'', ''not_readable'') %s
			AND (f.source_key, f.code, f.field, f.expected, f.observed)::text NOT IN (
				SELECT (r.source_key, r.code, r.field, r.expected, r.observed)::text FROM refused r)
		RETURNING 1
	), opened AS (
		INSERT INTO hospital_cost._finding (class, code, severity, source_id, source_key, period, encounter_code, field, expected, observed)
		SELECT ''data'', r.code, ''blocking'', %3$s, r.source_key, r.period, r.encounter, r.field, r.expected, r.observed FROM refused r
		WHERE (r.source_key, r.code, r.field, r.expected, r.observed)::text NOT IN (
			SELECT (f.source_key, f.code, f.field, f.expected, f.observed)::text FROM hospital_cost._finding f
			WHERE f.source_id = %3$s AND f.state = ''open'' AND f.class = ''data'' %4$s)
		ORDER BY r.source_key RETURNING 1
	)
	SELECT ARRAY[count(*) FILTER (WHERE c.outcome = ''inserted''), count(*) FILTER (WHERE c.outcome = ''updated''),
			count(*) FILTER (WHERE c.outcome IN (''removed'', ''cancelled'')),
			(SELECT count(*) FROM change u WHERE u.outcome = ''unchanged''), (SELECT count(DISTINCT r.source_key) FROM refused r)],
		(SELECT ARRAY[r.source_key, r.code, r.field, r.expected, r.observed] FROM refused r ORDER BY r.source_key, r.code LIMIT 1)
	FROM change c WHERE %5$s',
	hospital_cost._feed_whose_sql(a, t),
	CASE t.style WHEN 'journal' THEN 'SELECT b.source_key, ARRAY[''period_closed'', ''period'', NULL, to_char(b.period, ''YYYY-MM'')],
		b.period, NULL, NULL FROM barred b'
		ELSE format('SELECT c.source_key, ARRAY[%L, ''source_key'', NULL, NULL], NULL, c."of day", c."of encounter" FROM change c
			WHERE c.outcome IN (''inserted'', ''updated'') AND c.source_key NOT IN (SELECT w.source_key FROM written w)', t.conflict) END,
	a.source_id, CASE WHEN scoped THEN 'AND f.source_key = ANY ($3)' ELSE '' END,
	CASE t.style WHEN 'journal' THEN 'c.source_key NOT IN (SELECT b.source_key FROM barred b)'
		ELSE 'c.outcome IN (''removed'', ''cancelled'') OR c.source_key IN (SELECT w.source_key FROM written w)' END);

-- Makes our rows equal to the source rows that the query reads; keys are those concerned, null for all. counts: inserted, updated, removed, unchanged, refused.
CREATE OR REPLACE FUNCTION hospital_cost._sync_feed(a hospital_cost.attachment, query text, keys text[], OUT counts bigint[], OUT first_refused text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
	t hospital_cost._feed_target;
BEGIN
	SELECT * INTO STRICT t FROM hospital_cost._feed_target x WHERE x.feed = a.feed;
	EXECUTE hospital_cost._feed_judge_sql(a, t) || hospital_cost._feed_change_sql(a, t, keys IS NOT NULL)
		|| hospital_cost._feed_write_sql(a, t) || hospital_cost._feed_tell_sql(a, t, keys IS NOT NULL)
		INTO counts, first_refused USING a.relation, query, keys;
END $$;

-- _sync_feed, once more for each foreign key that another session broke meanwhile; returns the first refused row.
CREATE OR REPLACE FUNCTION hospital_cost._sync_feed_again(a hospital_cost.attachment, query text, keys text[]) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	FOR attempt IN 1 .. 3 LOOP
		BEGIN
			RETURN (SELECT y.first_refused FROM hospital_cost._sync_feed(a, query, keys) y);
		EXCEPTION WHEN foreign_key_violation THEN
			IF attempt = 3 THEN
				RAISE;
			END IF;
		END;
	END LOOP;
END $$;

-- The keys a statement touched, and the condition that finds their rows in the table by the columns of the key, so that an index on them serves.
CREATE OR REPLACE FUNCTION hospital_cost._feed_touched_sql(a hospital_cost.attachment, event text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key_columns text;
	named text; -- by names of ours, which none of theirs can be
	arrays text;
	unnested text;
	key text := hospital_cost._feed_key_sql(a);
BEGIN
	SELECT string_agg(format('s.%I', t.attname), ', ' ORDER BY c.ord),
		string_agg(format('s.%I AS "key column %s"', t.attname, c.ord), ', ' ORDER BY c.ord),
		string_agg(format('array_agg(k."key column %s")::text', c.ord), ', ' ORDER BY c.ord),
		string_agg(format('%%L::pg_catalog.%I[]', y.typname), ', ' ORDER BY c.ord)
	INTO key_columns, named, arrays, unnested
	FROM jsonb_array_elements_text(a.columns #> '{source_key,columns}') WITH ORDINALITY AS c (name, ord)
	JOIN pg_attribute t ON t.attrelid = a.relation AND t.attname = c.name JOIN pg_type y ON y.oid = t.atttypid;
	RETURN format('SELECT array_agg(DISTINCT k."key of the row"), format(%L, %s) || CASE WHEN bool_or(k."key of the row" = '''') THEN %L ELSE '''' END
		FROM (SELECT DISTINCT %s AS "key of the row", %s FROM (%s) s) k',
		format('(%s) IN (SELECT * FROM unnest(%s))', replace(key_columns, '%', '%%'), unnested), arrays, format(' OR %s = ''''', key), key, named,
		CASE event WHEN 'INSERT' THEN 'TABLE hospital_cost_new' WHEN 'DELETE' THEN 'TABLE hospital_cost_old'
			ELSE format('SELECT %1$s FROM hospital_cost_old s UNION ALL SELECT %1$s FROM hospital_cost_new s', key_columns) END);
END $$;

-- Statement trigger of every such table. What the statement left in the table counts, not what it was seen to do: so it does not matter in which order the
-- triggers of an ON CONFLICT or a MERGE come, nor what other triggers did in between.
CREATE OR REPLACE FUNCTION hospital_cost.follow_feed() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
	SET enable_seqscan = off SET jit = off AS $$
DECLARE
	a hospital_cost.attachment;
	keys text[];
	filter text;
	refused text[];
	gone text;
BEGIN
	IF TG_LEVEL <> 'STATEMENT' OR TG_WHEN <> 'AFTER' THEN
		RAISE EXCEPTION 'hospital_cost.follow_feed is a statement trigger after INSERT, UPDATE or DELETE' USING ERRCODE = '39P01';
	END IF;
	PERFORM hospital_cost._refuse_stand_in();
	SELECT * INTO a FROM hospital_cost.attachment t
	WHERE t.relation IN (TG_RELID, pg_partition_root(TG_RELID)) AND t.feed = substring(TG_NAME FROM '^zz_hospital_cost_(.*)_[a-z]+$') AND t.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not attached', TG_RELID::regclass USING ERRCODE = 'MC204',
			HINT = format('Attach it, or DROP TRIGGER %I ON %s.', TG_NAME, TG_RELID::regclass);
	END IF;
	gone := hospital_cost._gone_columns(a);
	IF gone IS NOT NULL AND a.mode = 'strict' THEN
		PERFORM hospital_cost._require_columns(a);
	ELSIF gone IS NOT NULL THEN
		INSERT INTO hospital_cost._finding (class, code, severity, source_id, source_key, field)
		SELECT 'data', 'column_gone', 'blocking', a.source_id, '', gone WHERE NOT EXISTS (SELECT FROM hospital_cost._finding f
			WHERE f.source_id = a.source_id AND f.source_key = '' AND f.code = 'column_gone' AND f.state = 'open');
		RETURN NULL;
	ELSIF a.mode <> 'strict' AND hospital_cost._told_unreadable(a) THEN
		RETURN NULL;
	END IF;
	EXECUTE hospital_cost._feed_touched_sql(a, TG_OP) INTO keys, filter;
	IF keys IS NULL THEN
		RETURN NULL;
	END IF;
	-- refresh_feed holds this alone while it writes.
	PERFORM pg_advisory_xact_lock_shared(18504, a.source_id);
	-- An encounter that goes while another session brings its stay, seen by neither: whoever comes second looks again. A subtransaction for the few
	-- statements that can meet this.
	IF a.feed = 'encounters' AND TG_OP = 'DELETE' OR a.feed = 'stays' AND TG_OP <> 'DELETE' THEN
		refused := hospital_cost._sync_feed_again(a, hospital_cost._feed_read_sql(a, filter), keys);
	ELSE
		SELECT y.first_refused INTO refused FROM hospital_cost._sync_feed(a, hospital_cost._feed_read_sql(a, filter), keys) y;
	END IF;
	IF a.mode = 'strict' AND refused IS NOT NULL THEN
		PERFORM hospital_cost._raise_refused(a, refused);
	END IF;
	RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._raise_refused(a hospital_cost.attachment, refused text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i hospital_cost._feed_issue;
BEGIN
	SELECT * INTO STRICT i FROM hospital_cost._feed_issue x WHERE x.code = refused[2];
	RAISE EXCEPTION '% refused by %: %', a.relation, a.feed, refused[2] USING ERRCODE = i.sqlstate, HINT = i.hint,
		DETAIL = format('Row with key "%s", field %s%s%s.', refused[1], refused[3], ', expected ' || refused[4], ', found "' || refused[5] || '"');
END $$;

COMMENT ON FUNCTION hospital_cost._feed_write_sql(hospital_cost.attachment, hospital_cost._feed_target) IS 'SQL text that writes what is to be done';
COMMENT ON FUNCTION hospital_cost._feed_tell_sql(hospital_cost.attachment, hospital_cost._feed_target, boolean) IS 'SQL text that brings issues up to date and counts';
COMMENT ON FUNCTION hospital_cost._sync_feed(hospital_cost.attachment, text, text[]) IS 'Makes our rows equal to source rows: counts inserted, updated, removed, unchanged, refused; and key, code, field, expected, observed of the first refused row';
COMMENT ON FUNCTION hospital_cost._sync_feed_again(hospital_cost.attachment, text, text[]) IS 'As _sync_feed, repeated where another session broke a foreign key meanwhile';
COMMENT ON FUNCTION hospital_cost._feed_touched_sql(hospital_cost.attachment, text) IS 'SQL text that tells which keys a statement touched';
COMMENT ON FUNCTION hospital_cost.follow_feed() IS 'Statement trigger of tables attached as encounters, stays, service_use, orders, stock or costs: our rows follow theirs in the same transaction. MC204 on a table that is not attached';
COMMENT ON FUNCTION hospital_cost._raise_refused(hospital_cost.attachment, text[]) IS 'Mode strict: raises for a refused row, with the SQLSTATE of its issue';
