-- 20 posting: where settlements of payments begin: the statement that wrote the rows, or whoever posts what is pending.

-- Rows of a statement whose entries differ from them, replaced by what the table says now: a trigger of the HIS may have written them again.
CREATE OR REPLACE FUNCTION hospital_cost._replace_stale(a hospital_cost.attachment, standing hospital_cost._payment[], given hospital_cost._payment_row[])
RETURNS hospital_cost._payment_row[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	doubtful text[] := ARRAY(SELECT l.source_key FROM unnest(standing) l WHERE NOT EXISTS (SELECT FROM unnest(given) g
		WHERE g.source_key = l.source_key AND g.issue IS NULL AND hospital_cost._payment_difference(l, g) IS NULL));
	fresh hospital_cost._payment_row[];
BEGIN
	IF cardinality(doubtful) = 0 THEN
		RETURN given;
	END IF;
	fresh := ARRAY(SELECT j FROM hospital_cost._judge_payments(a, hospital_cost._payments_now(a, doubtful, false, false)) j);
	RETURN fresh || ARRAY(SELECT g FROM unnest(given) g
		WHERE g.source_key IS NULL OR NOT g.source_key IN (SELECT f.source_key FROM unnest(fresh) f WHERE f.source_key IS NOT NULL));
END $$;

-- A deposit of one table limits refunds in others, too.
CREATE OR REPLACE FUNCTION hospital_cost._settle_elsewhere(source_id smallint, keys text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	rows_now hospital_cost._payment_row[];
BEGIN
	SELECT t.* INTO a FROM hospital_cost.attachment t JOIN pg_class c ON c.oid = t.relation
	WHERE t.source_id = _settle_elsewhere.source_id AND t.detached_at IS NULL;
	IF FOUND AND hospital_cost._gone_columns(a) IS NULL AND NOT hospital_cost._told_unreadable(a) THEN
		rows_now := hospital_cost._payments_now(a, keys, false, true);
		PERFORM hospital_cost._settle_payments(a, ARRAY(SELECT f.source_key FROM unnest(rows_now) f), rows_now, false, true);
	END IF;
END $$;

-- Late and rounded entries, and rows that say otherwise than the entry of their key.
CREATE OR REPLACE FUNCTION hospital_cost._payment_warnings(source_id smallint, given hospital_cost._payment_row[], issues hospital_cost._finding[])
RETURNS SETOF hospital_cost._finding
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF cardinality(given) = 0 THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT DISTINCT (w.f).* FROM (
		SELECT g, l, l.flags, l.entry_id, hospital_cost._payment_difference(l, g) AS differs
		FROM unnest(given) g
		JOIN hospital_cost._live_payments(_payment_warnings.source_id, ARRAY(SELECT x.source_key FROM unnest(given) x)) l ON l.source_key = g.source_key
		WHERE g.issue IS NULL AND NOT EXISTS (SELECT FROM unnest(issues) i WHERE i.source_key = g.source_key AND i.severity = 'blocking')) x
	CROSS JOIN LATERAL (
		SELECT hospital_cost._payment_issue(_payment_warnings.source_id, x.g, 'late', NULL, NULL, NULL, x.entry_id) AS f WHERE x.differs IS NULL AND x.flags & 4 <> 0
		UNION ALL SELECT hospital_cost._payment_issue(_payment_warnings.source_id, x.g, 'rounded', 'amount', NULL, NULL, x.entry_id) WHERE x.differs IS NULL AND x.flags & 32 <> 0
		UNION ALL SELECT hospital_cost._payment_issue(_payment_warnings.source_id, x.g, 'exists_with_different_' || x.differs, x.differs,
			to_jsonb(x.l) ->> n.name, to_jsonb(x.g) ->> n.name, x.entry_id)
		FROM (SELECT CASE x.differs WHEN 'encounter' THEN 'encounter_code' WHEN 'patient' THEN 'patient_code' ELSE x.differs END AS name) n
		WHERE x.differs IS NOT NULL) w;
END $$;

-- What C needs to judge a table's rows by itself; no row, or no query, where it must not.
CREATE OR REPLACE FUNCTION hospital_cost._payment_reader(relation regclass)
RETURNS TABLE (source_id smallint, query text, payments text[], deposits text[], charged text[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT t.source_id, hospital_cost._payment_query(t, t.relation::text), k.payments, k.deposits,
		CASE WHEN t.columns ? 'status' THEN ARRAY(SELECT jsonb_array_elements_text(t.options #> '{status,charged}')) END
	FROM hospital_cost.attachment t
	CROSS JOIN LATERAL (SELECT CASE WHEN t.options ? 'kind' THEN t.options -> 'kind' ELSE '{"payment": ["payment"], "deposit": ["deposit"]}' END AS words) w
	CROSS JOIN LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(w.words -> 'payment')) AS payments,
		ARRAY(SELECT jsonb_array_elements_text(w.words -> 'deposit')) AS deposits) k
	WHERE t.relation = _payment_reader.relation AND t.feed = 'payments' AND t.detached_at IS NULL AND t.key_is_unique
		AND hospital_cost._gone_columns(t) IS NULL AND hospital_cost._unreadable(t) IS NULL;
END;

-- The trigger: ordinary payments it enters itself, anything else goes to the function below.
CREATE OR REPLACE FUNCTION hospital_cost.post_payments() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_post_payments'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._settle_payment_statement() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	gone text;
	origin text := 'SELECT NULL::pg_catalog.text AS key, NULL::hospital_cost._payment_row AS r, false AS has_row, 0::pg_catalog.int8 AS ord WHERE false';
	key text;
	keys text;
	refunds text[];
	b record;
BEGIN
	PERFORM hospital_cost._refuse_stand_in();
	SELECT * INTO a FROM hospital_cost.attachment t WHERE t.relation = TG_RELID AND t.feed = 'payments' AND t.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table "%" is not attached', TG_TABLE_NAME USING ERRCODE = 'MC204',
			HINT = 'Attach it with hospital_cost.attach_payments, or drop its zz_hospital_cost triggers.';
	END IF;
	gone := hospital_cost._gone_columns(a);
	IF gone IS NOT NULL AND a.mode = 'strict' THEN
		PERFORM hospital_cost._require_columns(a);
	ELSIF gone IS NOT NULL THEN
		-- No row can be told from another: one issue for the table, which blocks every close until its rows have been posted.
		INSERT INTO hospital_cost._finding (class, code, severity, source_id, source_key, field, observed)
		SELECT 'data', 'column_gone', 'blocking', a.source_id, '', 'source_key', gone
		WHERE NOT EXISTS (SELECT FROM hospital_cost._finding f WHERE f.source_id = a.source_id AND f.source_key = '' AND f.code = 'column_gone'
			AND f.state = 'open');
		RETURN NULL;
	ELSIF a.mode <> 'strict' AND hospital_cost._told_unreadable(a) THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		origin := format('SELECT q.source_key AS key, ROW(q.*, NULL, NULL, NULL, NULL, NULL)::hospital_cost._payment_row AS r, true AS has_row,
				pg_catalog.row_number() OVER () AS ord
			FROM (%s WHERE %s) q (source_key, kind, method, amount, paid_at, encounter_code, patient_code, started_at, operator, window_code, reverses_key,
				reason, receipt_no, settlement, external_reference, status, amount_text)',
			hospital_cost._payment_query(a, 'hospital_cost_new'), hospital_cost._source_filter(a));
	END IF;
	-- Keys that have no row any more, or none that counts.
	key := hospital_cost._payment_key_sql(a);
	keys := CASE TG_OP WHEN 'INSERT' THEN 'SELECT NULL::pg_catalog.text WHERE false' WHEN 'DELETE' THEN format('SELECT %s FROM hospital_cost_old s', key)
		ELSE format('SELECT %1$s FROM hospital_cost_old s UNION SELECT %1$s FROM hospital_cost_new s', key) END;
	-- Refunds come in the last batches: what they give back is then there.
	refunds := ARRAY(SELECT v.value FROM jsonb_each(coalesce(a.options -> 'kind', '{"refund": ["refund"], "deposit_refund": ["deposit_refund"]}')) e,
		jsonb_array_elements_text(e.value) AS v (value) WHERE e.key IN ('refund', 'deposit_refund'));
	FOR b IN EXECUTE format('WITH o AS MATERIALIZED (%s), n AS (SELECT o.key, o.r, o.has_row, o.ord FROM o
			UNION ALL SELECT k.key, NULL, false, 0 FROM (%s EXCEPT SELECT o.key FROM o) k (key))
		SELECT pg_catalog.array_agg(DISTINCT COALESCE(x.key, '''')) AS keys,
			COALESCE(pg_catalog.array_agg(x.r ORDER BY x.ord) FILTER (WHERE x.has_row), ''{}'') AS rows
		FROM (SELECT n.*, (pg_catalog.row_number() OVER (
			ORDER BY (n.r).kind OPERATOR(pg_catalog.=) ANY (%L), n.key COLLATE "C", n.ord)
				OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 2000 AS batch FROM n) x
		GROUP BY x.batch ORDER BY x.batch', origin, keys, refunds) LOOP
		PERFORM hospital_cost._settle_payments(a, b.keys, b.rows, a.key_is_unique OR TG_OP <> 'INSERT', false);
	END LOOP;
	RETURN NULL;
END $$;

-- One session at a time for a table. Rows without an entry, and what an issue is open about; entries that differ only where the caller says so.
CREATE OR REPLACE FUNCTION hospital_cost.post_pending_payments(relation regclass, correct boolean DEFAULT false)
RETURNS TABLE (outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment := hospital_cost._attached(relation, 'payments');
	s record;
	batch text[];
	total jsonb;
	r record;
BEGIN
	PERFORM hospital_cost._require_read_committed();
	PERFORM pg_advisory_xact_lock(18500, a.source_id);
	WITH state AS MATERIALIZED (
		SELECT y.*, (SELECT bool_or(f.severity = 'blocking') FROM hospital_cost._finding f
			WHERE f.source_id = a.source_id AND f.source_key = y.source_key AND f.state = 'open' AND f.class = 'data') AS blocked
		FROM hospital_cost._payment_state(a) y
	), judged AS (
		SELECT x.*, x.source_key IS NOT NULL AND CASE WHEN x.has_row THEN x.entries = 0 OR correct AND x.wrong IS NOT NULL
			OR coalesce(x.blocked, false) OR x.wrong IS NULL AND x.blocked IS NOT NULL ELSE correct END AS is_wanted FROM state x
	)
	SELECT array_agg(j.source_key ORDER BY j.source_key COLLATE "C") FILTER (WHERE j.is_wanted) AS wanted,
		count(*) FILTER (WHERE j.has_row AND j.entries > 0 AND j.wrong IS NULL) AS same, count(*) FILTER (WHERE j.wrong = 'gone') AS gone,
		count(*) FILTER (WHERE j.has_row AND j.source_key IS NULL) AS keyless,
		(SELECT jsonb_object_agg('exists_with_different_' || d.wrong, d.n) FROM (SELECT k.wrong, count(*) AS n FROM judged k
			WHERE k.has_row AND k.wrong IS NOT NULL AND NOT k.is_wanted GROUP BY k.wrong) d) AS different
	INTO s FROM judged j;
	total := '{"posted": 0, "exists": 0, "refused": 0}'::jsonb || coalesce(s.different, '{}');
	FOR n IN 0 .. (coalesce(cardinality(s.wanted), 0) - 1) / 2000 LOOP
		batch := s.wanted[n * 2000 + 1 : n * 2000 + 2000];
		CONTINUE WHEN coalesce(cardinality(batch), 0) = 0;
		FOR r IN SELECT * FROM hospital_cost._settle_payments(a, batch, hospital_cost._payments_now(a, batch, true, true), false, true) LOOP
			total := total || jsonb_build_object(r.outcome, coalesce((total ->> r.outcome)::bigint, 0) + r.row_count);
		END LOOP;
	END LOOP;
	UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = now(), closed_by = session_user, note = 'the rows of the table were posted'
	WHERE f.source_id = a.source_id AND f.source_key = '' AND f.state = 'open' AND (f.code IN ('column_gone', 'not_readable') OR s.keyless = 0);
	total := total || jsonb_build_object('exists', s.same, 'refused', (total ->> 'refused')::bigint + s.keyless);
	IF s.gone > 0 THEN
		total := total || jsonb_build_object(CASE WHEN correct THEN 'gone_reversed' ELSE 'gone' END, s.gone);
	END IF;
	RETURN QUERY SELECT t.key, t.value::bigint FROM jsonb_each_text(total) t ORDER BY array_position('{posted,exists,refused}'::text[], t.key), t.key;
END $$;
