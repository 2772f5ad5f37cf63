-- 20 posting: our rows made equal to an attached table as a whole: back-fill, cure after disabled triggers or logical replication.

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
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
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
	UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = now(), closed_by = session_user, note = 'the table was read'
	WHERE f.source_id = a.source_id AND f.state = 'open' AND f.code IN ('column_gone', 'not_readable');
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

COMMENT ON FUNCTION hospital_cost._lock_feed(hospital_cost.attachment) IS 'Keeps other writers from our rows of a table, without queueing; MC21F with the blocking pids after ten seconds';
COMMENT ON FUNCTION hospital_cost._refresh_feed(hospital_cost.attachment) IS 'refresh_feed for one attachment: counts inserted, updated, removed, unchanged, refused';
COMMENT ON FUNCTION hospital_cost.refresh_feed(regclass) IS 'Makes our rows equal to an attached table of encounters, stays, service use, orders, stock or costs (重新同步): the back-fill, the way to take over rows whose issue was mended, the cure after disabled triggers, logical replication and rows written straight into a partition. Without a table all that the caller owns, encounters before stays. Counts by outcome: inserted, updated, removed, unchanged, refused (see posting_issue); a second call finds everything unchanged or refused. Needs READ COMMITTED (MC208) and ownership (42501); MC204 not attached, MC207 columns gone, MC21F others are writing';
