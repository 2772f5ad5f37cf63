-- 20 posting: rows the triggers did not post, once the cause is mended, the mode is async, or the triggers never saw them.

CREATE OR REPLACE FUNCTION hospital_cost._post_rows(relation regclass, query text, keys text[], versions smallint[], correct boolean)
RETURNS TABLE (outcome text, row_count bigint)
AS 'MODULE_PATHNAME', 'hc_post_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._take_back(relation regclass, keys text[], encounters text[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'hc_take_back'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- Posts the source rows of these keys, as they are now; entries that differ from them are told, or made good. Each row is locked and its entries looked for
-- again before it is posted: what a trigger posted in the meantime is seen.
CREATE OR REPLACE FUNCTION hospital_cost._post_keys(a hospital_cost.attachment, keys text[], versions smallint[], correct boolean)
RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT p.outcome, p.row_count
	FROM hospital_cost._post_rows(a.relation, format('SELECT s.*::%s FROM %1$s s WHERE %s OPERATOR(pg_catalog.=) ANY ($1) AND %s FOR UPDATE',
		a.relation, hospital_cost._source_sql(a.relation, a.columns, 'source_key'), hospital_cost._source_filter(a)), keys, versions, correct) p;
END;

CREATE OR REPLACE FUNCTION hospital_cost._require_read_committed() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'pending rows are posted in a read committed transaction' USING ERRCODE = 'MC208',
			HINT = 'Begin the transaction with ISOLATION LEVEL READ COMMITTED.';
	END IF;
END $$;

-- A row that is gone and has no entry takes its issues along, but not that of refunds it left behind.
CREATE OR REPLACE FUNCTION hospital_cost._close_issues(source_id smallint, keys text[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = now(), closed_by = session_user, note = 'the source row is gone'
	WHERE f.source_id = _close_issues.source_id AND f.source_key = ANY (keys) AND f.class = 'data' AND f.state = 'open'
		AND f.code <> 'below_refunds';
END;

-- The whole table against the ledger. A change that a closed period refused is made first: its entry is taken back, and the row, if it is still there,
-- waits like any other. Entries of rows
-- that changed or went without a trace stay unless the caller says otherwise: neither a detached partition nor another mapping is a refund.
CREATE OR REPLACE FUNCTION hospital_cost._post_table(a hospital_cost.attachment, correct boolean)
RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stuck text[];
	wanted text[];
	versions smallint[];
	gone text[];
	keyless bigint;
	vanished text[];
	same bigint;
BEGIN
	SELECT array_agg(DISTINCT f.source_key) INTO stuck
	FROM hospital_cost._finding f JOIN hospital_cost._live_entry(a.source_id) e ON e.source_key = f.source_key AND e.entries > 0
	WHERE f.source_id = a.source_id AND f.state = 'open' AND (f.code IN ('period_closed', 'period_not_open')
		-- a refund that came before its original
		OR (f.code = 'original_not_found' AND EXISTS (SELECT FROM hospital_cost._live_entry(a.source_id) o WHERE o.source_key = f.observed AND o.entries > 0)));
	PERFORM hospital_cost._take_back(a.relation, stuck, '{}');

	SELECT array_agg(s.source_key ORDER BY s.source_key COLLATE "C") FILTER (WHERE s.is_wanted),
		array_agg(coalesce(s.last_version, 0)::smallint ORDER BY s.source_key COLLATE "C") FILTER (WHERE s.is_wanted),
		count(*) FILTER (WHERE s.has_row AND s.source_key IS NULL), count(*) FILTER (WHERE s.entries > 0 AND s.has_row AND s.wrong IS NULL),
		array_agg(s.source_key) FILTER (WHERE s.wrong = 'gone'), array_agg(i.source_key) FILTER (WHERE (s.has_row OR s.entries > 0) IS NOT TRUE)
	INTO wanted, versions, keyless, same, gone, vanished
	FROM (SELECT x.*, x.has_row AND x.source_key IS NOT NULL AND (x.entries <= 0 OR x.wrong IS NOT NULL) AS is_wanted
		FROM hospital_cost._source_state(a) x) s
	FULL JOIN (SELECT DISTINCT f.source_key FROM hospital_cost._finding f WHERE f.source_id = a.source_id AND f.class = 'data' AND f.state = 'open') i
		ON i.source_key = s.source_key;
	PERFORM hospital_cost._close_issues(a.source_id, vanished);
	IF correct THEN
		RETURN QUERY SELECT 'gone_reversed', t.n FROM hospital_cost._take_back(a.relation, coalesce(gone, '{}'), '{}') AS t (n) WHERE t.n > 0;
	ELSIF gone IS NOT NULL THEN
		RETURN QUERY VALUES ('gone', cardinality(gone)::bigint);
	END IF;
	RETURN QUERY SELECT p.outcome, p.row_count + CASE p.outcome WHEN 'exists' THEN same WHEN 'refused' THEN keyless ELSE 0 END
		FROM hospital_cost._post_keys(a, coalesce(wanted, '{}'), coalesce(versions, '{}'), correct) p;
END $$;

-- Mode async: the keys the triggers set aside. A key whose row is gone, or is no charge any more, is taken back.
CREATE OR REPLACE FUNCTION hospital_cost._post_queue(a hospital_cost.attachment) RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	queued text[];
	versions smallint[];
	encounters text[];
	here text[];
	lost record;
BEGIN
	-- The encounters of a key, as its rows had them, lead to whatever it was posted as. A refund was posted in the encounter of its original, though, and a row may
	-- have changed unseen: for keys that were there before (no more new images than old ones) and are not found so, the whole ledger is searched.
	WITH taken AS (
		DELETE FROM hospital_cost._pending p WHERE p.source_id = a.source_id RETURNING p.source_key, p.encounter_code, p.is_old
	), known AS (
		SELECT t.source_key, coalesce(max(l.version), 0)::smallint AS version,
			(array_agg(l.encounter_code ORDER BY l.version DESC) FILTER (WHERE l.encounter_code IS NOT NULL))[1] AS encounter_code
		FROM (SELECT x.source_key, x.encounter_code FROM taken x
			UNION -- those refused before
			SELECT f.source_key, f.encounter_code FROM hospital_cost._finding f
			WHERE f.source_id = a.source_id AND f.severity = 'blocking' AND f.state = 'open') t
		LEFT JOIN hospital_cost._ledger l ON l.encounter_code = t.encounter_code AND l.source_id = a.source_id
			AND CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END = t.source_key
		GROUP BY t.source_key
	), lost_sight AS (
		SELECT k.source_key FROM known k JOIN taken t ON t.source_key = k.source_key WHERE k.version = 0
		GROUP BY 1 HAVING count(*) FILTER (WHERE t.is_old) >= count(*) FILTER (WHERE NOT t.is_old)
		UNION -- those whose change was refused have an entry
		SELECT f.source_key FROM known k JOIN hospital_cost._finding f ON f.source_key = k.source_key
		WHERE k.version = 0 AND f.source_id = a.source_id AND f.state = 'open' AND f.code IN ('period_closed', 'period_not_open')
	), sought AS (
		SELECT s.source_key, max(l.version) AS version, (array_agg(l.encounter_code ORDER BY l.version DESC))[1] AS encounter_code
		FROM lost_sight s JOIN hospital_cost._ledger l ON s.source_key = CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END
		WHERE l.source_id = a.source_id AND EXISTS (SELECT FROM lost_sight)
		GROUP BY 1
	)
	SELECT array_agg(k.source_key ORDER BY k.source_key COLLATE "C"), array_agg(greatest(k.version, s.version) ORDER BY k.source_key COLLATE "C"),
		array_agg(coalesce(s.encounter_code, k.encounter_code) ORDER BY k.source_key COLLATE "C")
	INTO queued, versions, encounters FROM known k LEFT JOIN sought s ON s.source_key = k.source_key;
	SELECT array_agg(r.source_key) INTO here
	FROM hospital_cost._read_source(a.relation, format('%s AND %s OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.text[])',
		hospital_cost._source_query(a), hospital_cost._source_sql(a.relation, a.columns, 'source_key'), coalesce(queued, '{}'))) r;
	SELECT array_agg(q.key) AS keys, array_agg(q.encounter) AS encounters INTO lost
	FROM unnest(queued, versions, encounters) AS q (key, version, encounter)
	WHERE q.version > 0 AND q.key <> ALL (coalesce(here, '{}'));
	PERFORM hospital_cost._close_issues(a.source_id, ARRAY(SELECT q.key FROM unnest(queued, versions) AS q (key, version)
		WHERE q.version = 0 AND q.key <> ALL (coalesce(here, '{}'))));
	IF lost.keys IS NOT NULL THEN
		RETURN QUERY VALUES ('gone_reversed', hospital_cost._take_back(a.relation, lost.keys, lost.encounters));
	END IF;
	RETURN QUERY SELECT p.outcome, p.row_count FROM hospital_cost._post_keys(a, coalesce(queued, '{}'), coalesce(versions, '{}'), true) p;
END $$;

-- One session at a time for a table.
CREATE OR REPLACE FUNCTION hospital_cost.post_pending(relation regclass, whole_table boolean DEFAULT NULL, correct boolean DEFAULT false)
RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment := hospital_cost._attached(relation, 'charges');
BEGIN
	PERFORM hospital_cost._require_read_committed();
	PERFORM pg_advisory_xact_lock(18500, a.source_id);
	IF coalesce(whole_table, a.mode <> 'async') OR correct THEN
		DELETE FROM hospital_cost._pending p WHERE p.source_id = a.source_id;
		RETURN QUERY SELECT * FROM hospital_cost._post_table(a, correct);
	ELSE
		RETURN QUERY SELECT * FROM hospital_cost._post_queue(a);
	END IF;
END $$;

-- All attached tables that the caller owns. Those that are followed row by row come first: charges are priced by their encounters.
CREATE OR REPLACE FUNCTION hospital_cost.post_pending() RETURNS TABLE (relation regclass, outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a record;
BEGIN
	RETURN QUERY SELECT r.source, r.outcome, r.row_count FROM hospital_cost.refresh_feed() r;
	FOR a IN SELECT t.relation, k.pending FROM hospital_cost.attachment t JOIN pg_class c ON c.oid = t.relation
		JOIN hospital_cost._feed k ON k.feed = t.feed AND k.pending IS NOT NULL
		WHERE t.detached_at IS NULL AND pg_has_role(hospital_cost._outer_user()::name, c.relowner, 'USAGE')
		ORDER BY t.source_id LOOP
		RETURN QUERY EXECUTE format('SELECT $1, p.outcome, p.row_count FROM %s($1) p', a.pending) USING a.relation;
	END LOOP;
END $$;

COMMENT ON FUNCTION hospital_cost._post_rows(regclass, text, text[], smallint[], boolean) IS 'Posts rows of an attached table, read as its owner; counts by outcome';
COMMENT ON FUNCTION hospital_cost._take_back(regclass, text[], text[]) IS 'Takes back the live entries of source keys; returns how many keys are clear now';
COMMENT ON FUNCTION hospital_cost._post_keys(hospital_cost.attachment, text[], smallint[], boolean) IS 'Posts the source rows of these keys as they are now';
COMMENT ON FUNCTION hospital_cost._require_read_committed() IS 'Refuses other isolation levels (MC208)';
COMMENT ON FUNCTION hospital_cost._close_issues(smallint, text[]) IS 'Closes the open issues of rows that are gone';
COMMENT ON FUNCTION hospital_cost._post_table(hospital_cost.attachment, boolean) IS 'Holds a whole table against the ledger and posts what is missing';
COMMENT ON FUNCTION hospital_cost._post_queue(hospital_cost.attachment) IS 'Posts the keys that mode async set aside';
COMMENT ON FUNCTION hospital_cost.post_pending(regclass, boolean, boolean) IS 'Posts the rows of an attached table that have no entry: those blocked by an issue since mended, and those the triggers never saw. Counts by outcome: posted, exists, refused (see posting_issue), exists_with_different_<field> (the row was changed behind the triggers'' back, or mapped otherwise since: an issue), gone (entries whose row is no longer there). correct => true makes the ledger follow the table: entries that differ are reversed and posted again, entries of missing rows reversed (gone_reversed); never say it after detaching a partition. Of a table in mode async only the keys set aside are looked at, and followed, unless whole_table. Needs READ COMMITTED (MC208) and ownership of the table';
COMMENT ON FUNCTION hospital_cost.post_pending() IS 'Posts what is pending in every attached table that the caller owns: first refresh_feed() of the tables that are followed row by row, then charges and payments. MC21F if one of the former is being written to for ten seconds';
