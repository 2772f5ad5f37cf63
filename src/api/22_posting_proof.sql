-- 20 posting: the ledger held against the hospital's own tables by separate SQL.

-- The SQL that reads one mapped field from table alias "s": text for keys and codes, numeric for numbers, NULL if not mapped. Texts come out
-- as the C code reads them, whatever the session's DateStyle: dates in ISO, text without blanks at its ends, columns joined by '|', which is escaped
-- within them.
CREATE OR REPLACE FUNCTION hospital_cost._source_sql(relation regclass, columns jsonb, field text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN columns #> ARRAY[field, 'constant'] IS NOT NULL THEN quote_literal(columns #>> ARRAY[field, 'constant'])
	WHEN columns #> ARRAY[field, 'columns'] IS NULL THEN 'NULL'
	WHEN field IN ('quantity', 'unit_price', 'amount') THEN (
		SELECT format(CASE WHEN a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
			THEN $q$CASE WHEN s.%1$I OPERATOR(pg_catalog.~) '^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+) *$' THEN s.%1$I::pg_catalog.numeric END$q$
			ELSE 's.%I::pg_catalog.numeric' END, a.attname)
		FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = columns #>> ARRAY[field, 'columns', '0'])
	ELSE (
		SELECT CASE count(*) WHEN 1 THEN min(x.part)
			ELSE '(' || string_agg(format($q$pg_catalog.regexp_replace(%s, '([\\|])', '\\\1', 'g')$q$, x.part),
				$q$ OPERATOR(pg_catalog.||) '|' OPERATOR(pg_catalog.||) $q$ ORDER BY x.ord) || ')' END
		FROM (SELECT c.ord, format(CASE
				WHEN a.atttypid = 'date'::regtype THEN 'pg_catalog.to_char(s.%I, ''YYYY-MM-DD'')'
				WHEN a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN 'pg_catalog.btrim(s.%I::pg_catalog.text)'
				ELSE 's.%I::pg_catalog.text' END, c.name) AS part
			FROM jsonb_array_elements_text(columns #> ARRAY[field, 'columns']) WITH ORDINALITY AS c (name, ord)
			JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c.name) x) END;

-- The SQL for the service day of a row; the zone is put in as a constant, so that it is not asked for each row.
CREATE OR REPLACE FUNCTION hospital_cost._source_day_sql(relation regclass, columns jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- A time of 24:00 is the next day's midnight, so date and time are added before the day is taken.
	SELECT '(' || string_agg(CASE WHEN a.atttypid = 'timestamptz'::regtype
		THEN format('(s.%I AT TIME ZONE %L)', a.attname, hospital_cost.hospital_timezone())
		ELSE format('s.%I', a.attname) END, ' OPERATOR(pg_catalog.+) ' ORDER BY a.atttypid = 'time'::regtype) || ')'
	FROM jsonb_array_elements_text(columns #> '{charged_at,columns}') AS c (name)
	JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c.name;
END;

-- Mapped columns that the table no longer has, or that have a type that cannot be read; null if none.
CREATE OR REPLACE FUNCTION hospital_cost._gone_columns(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT string_agg(DISTINCT quote_ident(c.name), ', ')
	FROM jsonb_each(a.columns) AS f (key, value), jsonb_array_elements_text(f.value -> 'columns') AS c (name)
	WHERE NOT EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = a.relation AND t.attname = c.name AND t.attnum > 0 AND NOT t.attisdropped
		AND t.atttypid = ANY (hospital_cost._field_types(f.key, jsonb_array_length(f.value -> 'columns'))));
END;

CREATE OR REPLACE FUNCTION hospital_cost._require_columns(a hospital_cost.attachment) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF hospital_cost._gone_columns(a) IS NOT NULL THEN
		RAISE EXCEPTION 'attached table % cannot be read, columns gone or of another type: %', a.relation, hospital_cost._gone_columns(a) USING ERRCODE = 'MC207',
			HINT = 'Attach the table again with a mapping of its present columns.';
	END IF;
END $$;

-- Read as the table's owner: its casts, functions and indexes are his code and must not run with the rights of this one.
CREATE OR REPLACE FUNCTION hospital_cost._read_source(relation regclass, query text)
RETURNS TABLE (source_key text, quantity numeric, amount numeric, day date)
AS 'MODULE_PATHNAME', 'hc_read_source'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._source_query(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT (%1$s)::pg_catalog.text, pg_catalog.round((%2$s)::pg_catalog.numeric, 4),
		pg_catalog.round(COALESCE((%4$s)::pg_catalog.numeric, pg_catalog.round((%2$s)::pg_catalog.numeric, 4)
			OPERATOR(pg_catalog.*) pg_catalog.round((%3$s)::pg_catalog.numeric, 6)), 2), (%5$s)::pg_catalog.date FROM %6$s s',
	hospital_cost._source_sql(a.relation, a.columns, 'source_key'), hospital_cost._source_sql(a.relation, a.columns, 'quantity'),
	hospital_cost._source_sql(a.relation, a.columns, 'unit_price'), hospital_cost._source_sql(a.relation, a.columns, 'amount'),
	hospital_cost._source_day_sql(a.relation, a.columns), a.relation);

-- What each source key stands for in the ledger now: reversals made by a changed or deleted row cancel what they reverse.
CREATE OR REPLACE FUNCTION hospital_cost._live_entry(source_id smallint)
RETURNS TABLE (source_key text, entries bigint, quantity numeric, amount numeric, periods date[], last_version smallint)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END,
		sum(CASE WHEN l.flags & 64 <> 0 THEN -1 ELSE 1 END), sum(l.quantity), sum(l.amount), array_agg(DISTINCT l.period),
		max(l.version)
	FROM hospital_cost._ledger l
	WHERE l.source_id = _live_entry.source_id
	GROUP BY 1;
END;

CREATE OR REPLACE FUNCTION hospital_cost.unposted(relation regclass)
RETURNS TABLE (source_key text, service_day date, issue text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	SELECT * INTO a FROM hospital_cost.attachment t WHERE t.relation = unposted.relation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204',
			HINT = 'See hospital_cost.attachment for the tables that are.';
	END IF;
	PERFORM hospital_cost._require_columns(a);
	RETURN QUERY
	SELECT r.source_key, r.day, (SELECT f.code FROM hospital_cost._finding f WHERE f.source_id = a.source_id
		AND f.source_key = r.source_key AND f.severity = 'blocking' AND f.state = 'open' ORDER BY f.finding_id DESC LIMIT 1)
	FROM hospital_cost._read_source(relation, hospital_cost._source_query(a)) r
	WHERE NOT EXISTS (SELECT FROM hospital_cost._live_entry(a.source_id) e WHERE e.source_key = r.source_key AND e.entries > 0);
END $$;

-- The source rows of a month (those with entries in it, and those of its days without any) against their entries.
CREATE OR REPLACE FUNCTION hospital_cost._verify_source(a hospital_cost.attachment, period date)
RETURNS TABLE (identity text, expected numeric, actual numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text := a.relation::text;
BEGIN
	RETURN QUERY
		WITH source AS MATERIALIZED (
			SELECT r.source_key AS key, r.quantity, r.amount, r.day
			FROM hospital_cost._read_source(a.relation, hospital_cost._source_query(a)) r
		), entry AS MATERIALIZED (SELECT * FROM hospital_cost._live_entry(a.source_id)),
		pair AS (
			SELECT s.key AS s_key, e.source_key AS e_key, coalesce(e.entries, 0) AS entries,
				s.quantity AS s_quantity, e.quantity * 0.0001 AS e_quantity, coalesce(s.amount, e.amount * 0.01) AS s_amount, e.amount * 0.01 AS e_amount,
				(s.day >= _verify_source.period AND s.day < (_verify_source.period + interval '1 month')::date) AS in_month
			FROM source s FULL JOIN entry e ON e.source_key = s.key
			WHERE _verify_source.period = ANY (e.periods) OR (coalesce(e.entries, 0) = 0 AND s.day >= _verify_source.period AND s.day < (_verify_source.period + interval '1 month')::date)
		)
		SELECT v.identity, v.expected, v.actual FROM (SELECT
			count(*) FILTER (WHERE s_key IS NOT NULL AND entries > 0)::numeric AS rows, count(*) FILTER (WHERE entries > 0)::numeric AS live,
			coalesce(sum(s_quantity) FILTER (WHERE entries > 0), 0) AS sq, coalesce(sum(e_quantity), 0) AS eq,
			coalesce(sum(s_amount) FILTER (WHERE entries > 0), 0) AS sa, coalesce(sum(e_amount), 0) AS ea,
			count(*) FILTER (WHERE entries > 1 OR entries < 0 OR (entries = 0 AND coalesce(e_amount, 0) <> 0)
				OR (entries = 1 AND (s_quantity IS DISTINCT FROM e_quantity OR s_amount IS DISTINCT FROM e_amount)))::numeric AS bad,
			count(*) FILTER (WHERE s_key IS NOT NULL AND entries = 0 AND in_month)::numeric AS missing,
			(SELECT count(DISTINCT f.source_key) FROM hospital_cost._finding f JOIN source s ON s.key = f.source_key
				WHERE f.source_id = a.source_id AND f.severity = 'blocking' AND f.state = 'open'
				AND s.day >= _verify_source.period AND s.day < (_verify_source.period + interval '1 month')::date)::numeric AS explained
			FROM pair) t
		CROSS JOIN LATERAL (VALUES (name || ': rows = entries', rows, live), (name || ': quantity of rows = of entries', sq, eq),
			(name || ': amount of rows = of entries', sa, ea), (name || ': rows that differ from their entry', 0, bad),
			(name || ': rows without an entry = blocking issues', explained, missing)) AS v (identity, expected, actual);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.verify_ledger(period date)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	RETURN QUERY
	WITH entry AS (
		SELECT l.ordering_id, l.performing_id, l.item_id, count(*) AS entries, sum(l.quantity) AS quantity, sum(l.amount) AS amount
		FROM hospital_cost._ledger l WHERE l.period = verify_ledger.period GROUP BY 1, 2, 3
	), pair AS (
		SELECT coalesce(e.amount, 0) AS entry_amount, coalesce(t.amount, 0) AS total_amount,
			coalesce(e.entries, 0) AS entry_count, coalesce(t.entries, 0) AS total_count,
			(e.entries, e.quantity, e.amount) IS DISTINCT FROM (t.entries, t.quantity, t.amount) AS differs
		FROM entry e
		FULL JOIN (SELECT * FROM hospital_cost._item_total i WHERE i.period = verify_ledger.period) t
			ON t.ordering_id = e.ordering_id AND t.performing_id = e.performing_id AND t.item_id = e.item_id
	), cell AS (
		SELECT coalesce(sum(p.entry_amount), 0) * 0.01 AS ea, coalesce(sum(p.total_amount), 0) * 0.01 AS ta,
			coalesce(sum(p.entry_count), 0) AS ec, coalesce(sum(p.total_count), 0) AS tc, count(*) FILTER (WHERE p.differs) AS bad
		FROM pair p
	)
	SELECT v.name, v.want, v.have, v.have - v.want FROM cell
	CROSS JOIN LATERAL (VALUES ('entries: amount = charge totals', ea, ta), ('entries: count = charge totals', ec, tc),
		('totals that differ from their entries', 0, bad::numeric)) AS v (name, want, have);

	RETURN QUERY
	SELECT 'reversals that do not mirror their entry', 0::numeric, count(*)::numeric, count(*)::numeric
	FROM hospital_cost._ledger r
	LEFT JOIN hospital_cost._ledger o ON o.entry_id = r.reverses AND o.source_id = r.source_id AND o.source_key = r.source_key
	WHERE r.period = verify_ledger.period AND r.flags & 64 <> 0
		AND (o.source_key_text, o.encounter_code, o.item_id, o.service_day, o.ordering_id, o.performing_id, o.ward_id, o.version,
			o.unit_price, o.quantity + r.quantity, o.amount + r.amount)
		IS DISTINCT FROM (r.source_key_text, r.encounter_code, r.item_id, r.service_day, r.ordering_id, r.performing_id, r.ward_id,
			r.version, r.unit_price, 0::bigint, 0::bigint);

	RETURN QUERY
	SELECT 'entries whose amount is not quantity × price and not flagged', 0::numeric, count(*)::numeric, count(*)::numeric
	FROM hospital_cost._ledger l
	JOIN hospital_cost.attachment t ON t.source_id = l.source_id AND t.pricing <> 'trust'
	WHERE l.period = verify_ledger.period AND l.flags & (2 | 64) = 0
		AND round(l.quantity::numeric * l.unit_price / 100000000) <> l.amount;

	-- A table dropped under its attachment has nothing left to be held against.
	RETURN QUERY
	SELECT format('attached table with id %s is gone', t.relation::oid), 0::numeric, 1::numeric, 1::numeric
	FROM hospital_cost.attachment t
	WHERE t.detached_at IS NULL AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.relation) ORDER BY t.source_id;

	RETURN QUERY
	SELECT format('%s: columns of its mapping are gone or of another type: %s', t.relation, hospital_cost._gone_columns(t)), 0::numeric, 1::numeric, 1::numeric
	FROM hospital_cost.attachment t JOIN pg_class c ON c.oid = t.relation
	WHERE t.detached_at IS NULL AND hospital_cost._gone_columns(t) IS NOT NULL ORDER BY t.source_id;

	FOR a IN SELECT t.* FROM hospital_cost.attachment t JOIN pg_class c ON c.oid = t.relation
		WHERE t.detached_at IS NULL AND hospital_cost._gone_columns(t) IS NULL ORDER BY t.source_id LOOP
		RETURN QUERY SELECT s.identity, s.expected, s.actual, s.actual - s.expected FROM hospital_cost._verify_source(a, period) s;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._check_blocking_issues(period date) RETURNS SETOF text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT format('%s row(s) of %s not posted, %s, first key %s', count(*), a.relation, f.code, min(f.source_key))
	FROM hospital_cost._finding f JOIN hospital_cost.attachment a ON a.source_id = f.source_id
	WHERE f.class = 'data' AND f.severity = 'blocking' AND f.state = 'open'
		AND (f.period = _check_blocking_issues.period OR f.period IS NULL)
	GROUP BY a.relation, f.code;
END;
INSERT INTO hospital_cost.period_check (name, room, function, description) VALUES
	('rows not posted', '20', 'hospital_cost._check_blocking_issues', 'Rows of hospital tables that could not be posted (未入账)')
ON CONFLICT (name) DO UPDATE SET room = excluded.room, function = excluded.function, description = excluded.description;
