-- 20 posting: rows the triggers did not post, once the cause is mended.

CREATE OR REPLACE FUNCTION hospital_cost._post_rows(relation regclass, query text, keys text[], versions smallint[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'hc_post_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._take_back(relation regclass, keys text[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'hc_take_back'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- One at a time for a table. Each row is locked and its entries looked for again before it is posted: what a trigger posted in the meantime is
-- seen. A change that a closed period refused is made first: its entry is taken back, and the row, if it is still there, waits like any other.
CREATE OR REPLACE FUNCTION hospital_cost.post_pending(relation regclass) RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	stuck text[];
	wanted text[];
	versions smallint[];
	keyless bigint;
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
	PERFORM hospital_cost._require_columns(a);
	PERFORM pg_advisory_xact_lock(18500, a.source_id);
	SELECT array_agg(DISTINCT f.source_key) INTO stuck
	FROM hospital_cost._finding f JOIN hospital_cost._live_entry(a.source_id) e ON e.source_key = f.source_key AND e.entries > 0
	WHERE f.source_id = a.source_id AND f.state = 'open' AND f.code IN ('period_closed', 'period_not_open');
	PERFORM hospital_cost._take_back(relation, stuck);

	SELECT array_agg(r.source_key ORDER BY r.source_key COLLATE "C") FILTER (WHERE r.source_key IS NOT NULL),
		array_agg(coalesce(e.last_version, 0)::smallint ORDER BY r.source_key COLLATE "C") FILTER (WHERE r.source_key IS NOT NULL),
		count(*) FILTER (WHERE r.source_key IS NULL)
	INTO wanted, versions, keyless
	FROM hospital_cost._read_source(relation, hospital_cost._source_query(a)) r
	LEFT JOIN hospital_cost._live_entry(a.source_id) e ON e.source_key = r.source_key
	WHERE coalesce(e.entries, 0) <= 0;
	posted := coalesce(hospital_cost._post_rows(relation, format('SELECT s.*::%s FROM %1$s s WHERE %s OPERATOR(pg_catalog.=) ANY ($1) FOR UPDATE',
		relation, hospital_cost._source_sql(relation, a.columns, 'source_key')), wanted, versions), 0);
	RETURN QUERY VALUES ('posted', posted), ('refused', coalesce(cardinality(wanted), 0) + keyless - posted);
END $$;

-- What would let charges pass unposted: tables gone, triggers missing or switched off, partitions written directly.
CREATE OR REPLACE FUNCTION hospital_cost._posting_setup() RETURNS TABLE (problem text, cure text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'no table is attached', $q$SELECT hospital_cost.create_charge_table('his.charge')$q$
	WHERE NOT EXISTS (SELECT FROM hospital_cost.attachment a WHERE a.detached_at IS NULL)
	UNION ALL
	SELECT format('attached table with id %s is gone', a.relation::oid),
		format('UPDATE hospital_cost.attachment SET detached_at = now() WHERE source_id = %s', a.source_id)
	FROM hospital_cost.attachment a
	WHERE a.detached_at IS NULL AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation)
	UNION ALL
	SELECT 'index hospital_cost.ledger_encounter_idx is gone: no charge can be posted',
		'CREATE INDEX ledger_encounter_idx ON hospital_cost._ledger (encounter_code, service_day, item_id)'
	WHERE to_regclass('hospital_cost.ledger_encounter_idx') IS NULL
	UNION ALL
	SELECT format('the mapping of %s names columns that are gone or of another type: %s', a.relation, hospital_cost._gone_columns(a)),
		format('SELECT hospital_cost.attach_charges(%L, …) with its present columns', a.relation)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation
	WHERE a.detached_at IS NULL AND hospital_cost._gone_columns(a) IS NOT NULL
	UNION ALL
	SELECT format('trigger %s of %s is missing or switched off', t.name, a.relation),
		format('ALTER TABLE %s ENABLE TRIGGER %s; or attach it again, then SELECT * FROM hospital_cost.post_pending(%L)', a.relation, t.name, a.relation)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation
	CROSS JOIN (VALUES ('zz_hospital_cost_insert'), ('zz_hospital_cost_update'), ('zz_hospital_cost_delete'), ('zz_hospital_cost_truncate')) AS t (name)
	WHERE a.detached_at IS NULL AND NOT EXISTS (SELECT FROM pg_trigger g
		WHERE g.tgrelid = a.relation AND g.tgname = t.name::name AND g.tgenabled IN ('O', 'A'))
	UNION ALL
	SELECT format('%s has partitions: rows written straight into one are not seen by its triggers', a.relation),
		format('REVOKE the right to write to the partitions, or run SELECT * FROM hospital_cost.post_pending(%L)', a.relation)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation AND c.relkind = 'p'
	WHERE a.detached_at IS NULL;
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('check_setup', '20', 'hospital_cost._posting_setup')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;

COMMENT ON FUNCTION hospital_cost._posting_setup() IS 'check_setup of the posting room';
COMMENT ON FUNCTION hospital_cost._post_rows(regclass, text, text[], smallint[]) IS 'Posts rows of an attached table, read as its owner; returns how many became entries';
COMMENT ON FUNCTION hospital_cost._take_back(regclass, text[]) IS 'Takes back the live entries of source keys; returns how many keys are clear now';
COMMENT ON FUNCTION hospital_cost.post_pending(regclass) IS 'Posts the rows of an attached table that have no entry: those blocked by an issue since mended, and those the triggers never saw. Counts by outcome: posted, refused (see posting_issue). Needs READ COMMITTED (MC208) and ownership of the table';
