-- 20 posting: the ledger held against the hospital's own tables by separate SQL.

-- The SQL that reads one mapped field from table alias "s": text for keys and codes, numeric for numbers, NULL if not mapped. Texts come out
-- as the C code reads them, whatever the session's DateStyle: dates in ISO, text without blanks at its ends (but keys as they are, and what names a row as that
-- row's key is), columns joined by '|', which is escaped within them.
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
			ELSE '(' || string_agg(format($q$pg_catalog.regexp_replace((%s) COLLATE pg_catalog."C", '([\\|])', '\\\1', 'g')$q$, x.part),
				$q$ OPERATOR(pg_catalog.||) '|' OPERATOR(pg_catalog.||) $q$ ORDER BY x.ord) || ')' END
		FROM (SELECT c.ord, format(CASE
				WHEN a.atttypid = 'date'::regtype THEN 'pg_catalog.to_char(s.%I, ''YYYY-MM-DD'')'
				WHEN a.atttypid = 'timestamptz'::regtype THEN $q$pg_catalog.to_char(s.%I AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')$q$
				WHEN a.atttypid = 'timestamp'::regtype THEN $q$pg_catalog.to_char(s.%I, 'YYYY-MM-DD"T"HH24:MI:SS.US')$q$
				WHEN field IN ('source_key', 'reverses_key') AND EXISTS (SELECT FROM pg_attribute k
					WHERE k.attrelid = relation AND k.attname = columns #>> ARRAY['source_key', 'columns', (c.ord - 1)::text]
						AND k.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype))
				THEN CASE field WHEN 'source_key' THEN 's.%I::pg_catalog.text'
					ELSE $q$CASE WHEN s.%1$I::pg_catalog.text OPERATOR(pg_catalog.~) '^ *$' THEN '' ELSE s.%1$I::pg_catalog.text END$q$ END
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

-- SQL expression: an instant, made of a date or timestamp column; infinity where that lies outside the years 1 to 9999, which no arithmetic overflows.
CREATE OR REPLACE FUNCTION hospital_cost._within_calendar(day text, instant text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CASE WHEN %1$s OPERATOR(pg_catalog.>=) ''0001-01-03'' AND %1$s OPERATOR(pg_catalog.<=) ''9999-12-29'' THEN %2$s
	WHEN %1$s IS NOT NULL THEN ''infinity''::pg_catalog.timestamptz END', day, instant);

-- A trigger that was made without the rows of its statement would read a temporary table or view of their name, with our rights.
CREATE OR REPLACE FUNCTION hospital_cost._refuse_stand_in() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass('pg_temp.hospital_cost_new') IS NOT NULL OR to_regclass('pg_temp.hospital_cost_old') IS NOT NULL THEN
		RAISE EXCEPTION 'a temporary relation has the name of the rows that a statement wrote' USING ERRCODE = 'insufficient_privilege',
			HINT = 'Drop pg_temp.hospital_cost_new and pg_temp.hospital_cost_old.';
	END IF;
END $$;

-- And for its instant: a wall clock is the hospital's.
CREATE OR REPLACE FUNCTION hospital_cost._source_instant_sql(relation regclass, columns jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE a.atttypid WHEN 'timestamptz'::regtype THEN format('s.%I', a.attname)
		ELSE format('%s::pg_catalog.timestamp AT TIME ZONE %L', hospital_cost._source_day_sql(relation, columns), hospital_cost.hospital_timezone()) END
	FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = columns #>> '{charged_at,columns,0}';
END;

-- Mapped columns that the table no longer has, or that have a type that cannot be read; null if none.
CREATE OR REPLACE FUNCTION hospital_cost._gone_columns(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT string_agg(DISTINCT quote_ident(c.name), ', ')
	FROM jsonb_each(a.columns) AS f (key, value)
	JOIN hospital_cost._feed_field d ON d.feed = a.feed AND d.field = f.key,
	jsonb_array_elements_text(f.value -> 'columns') AS c (name)
	WHERE NOT EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = a.relation AND t.attname = c.name AND t.attnum > 0 AND NOT t.attisdropped
		AND t.atttypid = ANY (hospital_cost._field_types(d.type, jsonb_array_length(f.value -> 'columns'))))
		OR d.type = 'time' AND jsonb_array_length(f.value -> 'columns') = 2 AND 1 <> (SELECT count(*) FROM pg_attribute t
			WHERE t.attrelid = a.relation AND f.value -> 'columns' ? t.attname::text AND t.atttypid = 'date'::regtype);
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
RETURNS TABLE (source_key text, quantity numeric, amount numeric, day date, billed numeric, price numeric, at timestamptz, encounter text, item text, ordering text, performing text, ward text,
	reverses text)
AS 'MODULE_PATHNAME', 'hc_read_source'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 200000;

-- Which rows are charges: all but those whose status says planned or void. A status nobody knows counts, so that the row is missed.
CREATE OR REPLACE FUNCTION hospital_cost._source_filter(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN a.columns ? 'status' THEN format($q$COALESCE(%s, '') OPERATOR(pg_catalog.<>) ALL (%L::pg_catalog.text[])$q$,
	hospital_cost._source_sql(a.relation, a.columns, 'status'),
	(SELECT coalesce(array_agg(v.value), '{}') FROM unnest('{planned,void}'::text[]) AS w (word),
		jsonb_array_elements_text(coalesce(a.options #> ARRAY['status', w.word], '[]')) AS v (value))) ELSE 'true' END;

CREATE OR REPLACE FUNCTION hospital_cost._source_query(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT (%1$s)::pg_catalog.text, pg_catalog.round((%2$s)::pg_catalog.numeric, 4),
		pg_catalog.round(COALESCE((%3$s)::pg_catalog.numeric, pg_catalog.round((%2$s)::pg_catalog.numeric, 4)
			OPERATOR(pg_catalog.*) pg_catalog.round((%4$s)::pg_catalog.numeric, 6)), 2), (%5$s)::pg_catalog.date,
		pg_catalog.round((%3$s)::pg_catalog.numeric, 2), pg_catalog.round((%4$s)::pg_catalog.numeric, 6), %9$s, %6$s FROM %7$s s WHERE %8$s',
	hospital_cost._source_sql(a.relation, a.columns, 'source_key'), hospital_cost._source_sql(a.relation, a.columns, 'quantity'),
	hospital_cost._source_sql(a.relation, a.columns, 'amount'), hospital_cost._source_sql(a.relation, a.columns, 'unit_price'),
	hospital_cost._source_day_sql(a.relation, a.columns),
	(SELECT string_agg(format('NULLIF((%s)::pg_catalog.text, %L)', hospital_cost._source_sql(a.relation, a.columns, f.field), ''), ', ' ORDER BY f.ord)
		FROM unnest('{encounter,item,ordering_department,performing_department,ward_department,reverses_key}'::text[]) WITH ORDINALITY AS f (field, ord)),
	a.relation, hospital_cost._source_filter(a), hospital_cost._source_instant_sql(a.relation, a.columns));

-- What each source key stands for in the ledger now: reversals made by a changed or deleted row cancel what they reverse. of_month: it has entries in
-- that month; entry_id: the live entry, if there is one.
CREATE OR REPLACE FUNCTION hospital_cost._live_entry(source_id smallint, month date DEFAULT NULL)
RETURNS TABLE (source_key text, entries bigint, quantity numeric, amount numeric, of_month boolean, last_version smallint, entry_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 200000 SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
BEGIN ATOMIC
	SELECT CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END,
		count(*) - 2 * count(*) FILTER (WHERE l.flags & 64 <> 0), sum(l.quantity), sum(l.amount), bool_or(l.period = month), max(l.version),
		-- what was taken back cancels itself
		bit_xor(CASE WHEN l.flags & 64 <> 0 THEN l.reverses ELSE l.entry_id END)
	FROM hospital_cost._ledger l
	WHERE l.source_id = _live_entry.source_id
	GROUP BY 1;
END;

-- Every source row beside what its key stands for in the ledger; "wrong" says what does not fit, by the first field that differs. Of rows
-- that repeat a key, the one that fits best. With a month only what concerns it: keys with entries in it, and rows of its days without any. A refund has
-- the dimensions of its original, so only its own are compared. Each table is read once and hashed: a ledger never analysed looks as if it had few
-- rows, and the planner would go through all of it for each of them.
CREATE OR REPLACE FUNCTION hospital_cost._source_state(a hospital_cost.attachment, month date DEFAULT NULL)
RETURNS TABLE (source_key text, has_row boolean, day date, quantity numeric, amount numeric, entries bigint, entry_quantity numeric,
	entry_amount numeric, last_version smallint, reverses text, wrong text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET work_mem = '64MB'
	SET enable_nestloop = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
	next_month date := (month + interval '1 month')::date;
BEGIN
	RETURN QUERY
	WITH pair AS (
		SELECT coalesce(s.source_key, e.source_key) AS key, s.source_key IS NOT NULL AS has_row, s.day, s.quantity,
			CASE WHEN l.kind = 2 AND s.billed IS NULL THEN l.amount * 0.01 ELSE coalesce(s.amount, e.amount * 0.01) END AS amount,
			coalesce(e.entries, 0) AS entries, e.quantity * 0.0001 AS entry_quantity, e.amount * 0.01 AS entry_amount, e.last_version, s.reverses,
			CASE WHEN coalesce(e.entries, 0) NOT IN (0, 1) THEN e.entries || ' live entries'
				WHEN e.entries = 0 AND e.amount <> 0 OR e.entries = 1 AND (CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END
					= e.source_key) IS NOT TRUE THEN 'reversals that do not add up'
				WHEN e.entries = 1 AND s.source_key IS NULL THEN 'gone'
				WHEN l.entry_id IS NULL THEN NULL
				WHEN s.quantity IS DISTINCT FROM l.quantity * 0.0001 THEN 'quantity'
				WHEN s.amount <> l.amount * 0.01 AND (l.kind <> 2 OR s.billed IS NOT NULL) THEN 'amount'
				WHEN a.pricing <> 'compute' AND s.price <> l.unit_price * 0.000001 THEN 'unit_price'
				WHEN s.at IS DISTINCT FROM l.charged_at OR s.day IS DISTINCT FROM l.service_day THEN 'charged_at'
				WHEN l.kind = 2 THEN NULL
				WHEN s.encounter IS DISTINCT FROM l.encounter_code THEN 'encounter'
				WHEN s.item IS DISTINCT FROM i.code THEN 'item'
				WHEN s.ordering IS DISTINCT FROM od.code THEN 'ordering_department'
				WHEN s.performing IS DISTINCT FROM pd.code THEN 'performing_department'
				WHEN s.ward IS DISTINCT FROM wd.code THEN 'ward_department' END AS wrong
		FROM hospital_cost._read_source(a.relation, hospital_cost._source_query(a)) s
		FULL JOIN hospital_cost._live_entry(a.source_id, month) e ON e.source_key = s.source_key
		LEFT JOIN hospital_cost._ledger l ON l.entry_id = e.entry_id AND e.entries = 1 AND l.source_id = a.source_id AND l.flags & 64 = 0
		LEFT JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
		LEFT JOIN hospital_cost.department od ON od.department_id = l.ordering_id
		LEFT JOIN hospital_cost.department pd ON pd.department_id = l.performing_id
		LEFT JOIN hospital_cost.department wd ON wd.department_id = l.ward_id
		WHERE month IS NULL OR e.of_month OR (coalesce(e.entries, 0) = 0 AND s.day >= month AND s.day < next_month)
	)
	SELECT * FROM pair WHERE a.key_is_unique
	UNION ALL
	(SELECT DISTINCT ON (p.key) p.* FROM pair p WHERE NOT a.key_is_unique AND p.key IS NOT NULL ORDER BY p.key, p.wrong IS NOT NULL)
	UNION ALL
	SELECT p.* FROM pair p WHERE NOT a.key_is_unique AND p.key IS NULL;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.unposted(relation regclass)
RETURNS TABLE (source_key text, service_day date, issue text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	SELECT * INTO a FROM hospital_cost.attachment t WHERE t.relation = unposted.relation AND t.feed = 'charges';
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

-- Keys that mode async set aside may be of any month until they are posted.
CREATE OR REPLACE FUNCTION hospital_cost._check_pending(period date) RETURNS SETOF text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT format('%s row(s) of %s set aside for post_pending, first key %s', count(*), a.relation_name, min(p.source_key))
	FROM hospital_cost._pending p JOIN hospital_cost.attachment a ON a.source_id = p.source_id
	GROUP BY a.relation_name;
END;
INSERT INTO hospital_cost.period_check (name, room, function, description) VALUES
	('rows set aside', '20', 'hospital_cost._check_pending', 'Rows that mode async set aside and nobody posted yet (待入账)')
ON CONFLICT (name) DO UPDATE SET room = excluded.room, function = excluded.function, description = excluded.description;

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
