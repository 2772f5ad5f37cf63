-- 20 posting: rows the triggers did not post, once the cause is mended.

CREATE OR REPLACE FUNCTION hospital_cost._post_rows(relation regclass, query text) RETURNS bigint
AS 'MODULE_PATHNAME', 'hc_post_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- One at a time for a table, and each row locked before it is looked at again by a fresh snapshot: what a trigger posts in the meantime
-- is seen, so nothing is posted twice.
CREATE OR REPLACE FUNCTION hospital_cost.post_pending(relation regclass) RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	pending text;
	wanted bigint;
	posted bigint;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	SELECT * INTO a FROM hospital_cost.attachment t WHERE t.relation = post_pending.relation AND t.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204',
			HINT = 'See hospital_cost.attachment for the tables that are.';
	ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'pending rows are posted in a read committed transaction' USING ERRCODE = 'MC208',
			HINT = 'Begin the transaction with ISOLATION LEVEL READ COMMITTED.';
	END IF;
	PERFORM pg_advisory_xact_lock(18500, a.source_id);
	pending := format('SELECT s FROM %s s WHERE NOT EXISTS (SELECT FROM hospital_cost._live_entry(%s::pg_catalog.int2) e
		WHERE e.source_key OPERATOR(pg_catalog.=) %s AND e.entries OPERATOR(pg_catalog.>) 0) FOR UPDATE OF s',
		relation, a.source_id, hospital_cost._source_sql(a.columns, 'source_key'));
	EXECUTE format('SELECT count(*) FROM (%s) x', pending) INTO wanted;
	posted := hospital_cost._post_rows(relation, pending);
	RETURN QUERY VALUES ('posted', posted), ('refused', wanted - posted);
END $$;

COMMENT ON FUNCTION hospital_cost._post_rows(regclass, text) IS 'Posts the rows a query over an attached table returns, closing their open issues; returns how many became entries';
COMMENT ON FUNCTION hospital_cost.post_pending(regclass) IS 'Posts the rows of an attached table that have no entry: those blocked by an issue since mended, and those the triggers never saw. Counts by outcome: posted, refused (see posting_issue). Needs READ COMMITTED (MC208) and ownership of the table';
