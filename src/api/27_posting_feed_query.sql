-- 20 posting: the SQL that makes rows of ours equal to the rows of an attached table, made from the registries. The triggers and refresh_feed run the same.

-- Read as the table's owner, under settings in which every value has one text. A policy that would hide rows is an error, not an empty table.
CREATE OR REPLACE FUNCTION hospital_cost._read_feed(relation regclass, query text) RETURNS TABLE (source_key text, fields text[])
AS 'MODULE_PATHNAME', 'hc_read_source'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' SET row_security = off;

-- What keeps the owner of an attached table, as whom it is read, from reading it; null if nothing does.
CREATE OR REPLACE FUNCTION hospital_cost._unreadable(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
	SELECT CASE WHEN NOT has_schema_privilege(c.relowner, c.relnamespace, 'USAGE') THEN 'USAGE of the schema'
		WHEN NOT has_table_privilege(c.relowner, c.oid, 'SELECT') AND EXISTS (
			SELECT FROM jsonb_each(a.columns) AS f (key, value), jsonb_array_elements_text(f.value -> 'columns') AS m (name)
			JOIN pg_attribute t ON t.attrelid = a.relation AND t.attname = m.name
			WHERE NOT has_column_privilege(c.relowner, c.oid, t.attnum, 'SELECT')) THEN 'SELECT'
		WHEN c.relrowsecurity AND c.relforcerowsecurity AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = c.relowner AND (r.rolsuper OR r.rolbypassrls))
			THEN 'NO FORCE ROW LEVEL SECURITY' END
	FROM pg_class c WHERE c.oid = a.relation);

-- Where it cannot be read, that is one issue of the table, which blocks every close until its rows have been taken over; the hospital goes on writing.
CREATE OR REPLACE FUNCTION hospital_cost._told_unreadable(a hospital_cost.attachment) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	lacks text := hospital_cost._unreadable(a);
BEGIN
	IF lacks IS NULL THEN
		RETURN false;
	END IF;
	INSERT INTO hospital_cost._finding (class, code, severity, source_id, source_key, expected)
	SELECT 'data', 'not_readable', 'blocking', a.source_id, '', lacks WHERE NOT EXISTS (SELECT FROM hospital_cost._finding f
		WHERE f.source_id = a.source_id AND f.source_key = '' AND f.code = 'not_readable' AND f.state = 'open');
	RETURN true;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._feed_key_sql(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CASE WHEN octet_length((%1$s)::text) <= 1000 THEN (%1$s)::text COLLATE "C" ELSE '''' END',
	-- Read as a code: a key that is one must not differ from it by blanks.
	hospital_cost._source_sql(a.relation, jsonb_build_object('code', a.columns -> 'source_key'), 'code'));

-- Fields as texts, null where they are empty. A time of 24:00 is the next day's midnight, so date and time are added before the zone is taken.
CREATE OR REPLACE FUNCTION hospital_cost._feed_read_sql(a hospital_cost.attachment, filter text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	zone text := hospital_cost.hospital_timezone();
	fields text;
BEGIN
	SELECT string_agg(CASE WHEN m.map ? 'constant' THEN quote_literal(m.map ->> 'constant') WHEN v.columns IS NULL THEN 'NULL'
		WHEN c.type = 'time' AND v.zoned THEN format('(%s)::text', hospital_cost._within_calendar(v.day, v.columns))
		WHEN c.type = 'time' THEN format('(%s)::text', hospital_cost._within_calendar(v.day, format('timezone(%L, (%s)::timestamp)', zone, v.columns)))
		WHEN c.type = 'number' AND NOT v.textual THEN format('%s::numeric::text', v.columns)
		ELSE format('NULLIF(%s, '''')', v.texts) END, ', ' ORDER BY c.position)
	INTO fields
	FROM hospital_cost._feed_column c
	CROSS JOIN LATERAL (SELECT a.columns -> c.field AS map) m
	CROSS JOIN LATERAL (
		SELECT string_agg(format('s.%I', t.attname), ' + ' ORDER BY t.atttypid = 'time'::regtype) AS columns,
			min(format('s.%I', t.attname)) FILTER (WHERE t.atttypid <> 'time'::regtype) AS day,
			string_agg(format('btrim(s.%I::text) COLLATE "C"', t.attname), ' || ''|'' || ' ORDER BY n.ord) AS texts,
			bool_or(t.atttypid = 'timestamptz'::regtype) AS zoned,
			bool_or(t.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)) AS textual
		FROM jsonb_array_elements_text(m.map -> 'columns') WITH ORDINALITY AS n (name, ord)
		JOIN pg_attribute t ON t.attrelid = a.relation AND t.attname = n.name) v
	WHERE c.feed = a.feed;
	RETURN format('SELECT %s, ARRAY[%s]::text[] FROM %s s WHERE %s', hospital_cost._feed_key_sql(a), fields, a.relation, filter);
END $$;

-- The field of a source row, translated as options.values says, as text and as what it means; null if it cannot be read.
CREATE OR REPLACE FUNCTION hospital_cost._feed_field_sql(a hospital_cost.attachment, c hospital_cost._feed_column) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	raw text := format('s.fields[%s]', c.position);
	-- 2025-03, 202503, 2025|3 from a year and a month, or the text of a day.
	month constant text := '^([1-9][0-9]{3})([-/.|年]?)(1[0-2]|0?[1-9])(月|-[0-3][0-9])?$';
BEGIN
	IF a.options #> ARRAY['values', c.field] IS NOT NULL THEN
		raw := format('COALESCE(%1$L::jsonb ->> COALESCE(%2$s, ''''), CASE WHEN %2$s IS NOT NULL THEN %1$L::jsonb ->> ''*'' END, %2$s)',
			a.options #> ARRAY['values', c.field], raw);
	END IF;
	IF c.fallback IS NOT NULL THEN
		raw := format('COALESCE(%s, %L)', raw, c.fallback);
	END IF;
	RETURN format('%s AS %I, %s AS %I', raw, 'raw ' || c.field, CASE c.type
		WHEN 'number' THEN format($q$CASE WHEN length(%1$s) <= 60 AND %1$s ~ '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$' THEN %1$s::numeric END$q$, raw)
		WHEN 'time' THEN format('CASE WHEN isfinite(%1$s::timestamptz) THEN %1$s::timestamptz END', raw)
		WHEN 'month' THEN format('CASE WHEN %1$s ~ %2$L THEN make_date((regexp_match(%1$s, %2$L))[1]::int, (regexp_match(%1$s, %2$L))[3]::int, 1) END', raw, month)
		ELSE raw END, c.field);
END $$;

-- What is wrong with a field: branches of a CASE that gives {code, field, expected, observed}.
CREATE OR REPLACE FUNCTION hospital_cost._feed_problem_sql(c hospital_cost._feed_column) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	digits text[] := regexp_match(c.target_type, '^numeric\((\d+),(\d+)\)$');
	branches text := '';
BEGIN
	IF c.required THEN
		branches := format(' WHEN f.%I IS NULL THEN ARRAY[''missing_value'', %L, NULL, NULL]', 'raw ' || c.field, c.field);
	END IF;
	-- An end that lies at infinity is no end.
	IF c.type <> 'code' AND (c.type <> 'time' OR c.required) THEN
		branches := branches || format(' WHEN f.%1$I IS NOT NULL AND f.%2$I IS NULL %3$s THEN ARRAY[''unreadable_value'', %2$L, NULL, left(f.%1$I, 100)]',
			'raw ' || c.field, c.field,
			CASE WHEN c.type = 'number' THEN format('OR abs(round(f.%I, %s)) >= 1e%s', c.field, coalesce(digits[2]::int, 8),
				coalesce(digits[1]::int - digits[2]::int, 14)) END);
	END IF;
	-- Longer than any index of ours takes.
	IF c.type = 'code' AND c.allowed IS NULL AND c.target IS NOT NULL THEN
		branches := branches || format(' WHEN octet_length(f.%1$I) > 1000 THEN ARRAY[''unreadable_value'', %1$L, NULL, left(f.%1$I, 100)]', c.field);
	END IF;
	IF c.allowed IS NOT NULL THEN
		branches := branches || format(' WHEN f.%1$I <> ALL (%2$L::text[]) THEN ARRAY[%3$L, %1$L, %4$L, left(f.%1$I, 100)]',
			c.field, c.allowed, c.unknown, array_to_string(c.allowed, ', '));
	END IF;
	IF c.master IS NOT NULL THEN
		branches := branches || format(' WHEN f.%1$I IS NOT NULL AND NOT EXISTS (SELECT FROM %2$s m WHERE m.code = f.%1$I)
			THEN ARRAY[%3$L, %1$L, NULL, left(f.%1$I, 100)]', c.field, c.master, c.unknown);
	END IF;
	RETURN branches;
END $$;

-- Source rows read and judged. $1 the relation, $2 the query that reads it. MATERIALIZED keeps casts behind the judgement that allows them.
CREATE OR REPLACE FUNCTION hospital_cost._feed_judge_sql(a hospital_cost.attachment, t hospital_cost._feed_target) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	fields text;
	problems text;
	checks text;
	skipped text;
BEGIN
	SELECT string_agg(hospital_cost._feed_field_sql(a, c), ', ' ORDER BY c.position),
		string_agg(hospital_cost._feed_problem_sql(c), '' ORDER BY c.position),
		concat_ws(' OR ', max('status IN (''planned'', ''void'')') FILTER (WHERE c.field = 'status'), t.nothing)
	INTO fields, problems, skipped FROM hospital_cost._feed_column c WHERE c.feed = a.feed;
	SELECT string_agg(format(' WHEN %s THEN ARRAY[%L, %L, (%s)::text, (%s)::text]', k.condition, k.code, k.field,
		coalesce(k.expected, 'NULL'), coalesce(k.observed, 'NULL')), '' ORDER BY k.position)
	INTO checks FROM hospital_cost._feed_check k WHERE k.feed = a.feed;
	RETURN format('WITH source AS MATERIALIZED (
		SELECT r.source_key, min(r.fields COLLATE "C") AS fields, min(r.fields COLLATE "C") <> max(r.fields COLLATE "C") AS twice
		FROM hospital_cost._read_feed($1, $2) r GROUP BY r.source_key
	), judged AS MATERIALIZED (
		SELECT f.*, CASE WHEN f.twice THEN ARRAY[''duplicate_key'', ''source_key'', NULL, NULL] WHEN f.skipped THEN NULL
			WHEN f.source_key = '''' THEN ARRAY[''missing_value'', ''source_key'', NULL, NULL]%s%s END AS problem
		FROM (SELECT g.*, COALESCE(%s, false) AS skipped FROM (SELECT s.source_key, s.twice, %s FROM source s) g) f
	)', problems, replace(checks, '{zone}', quote_literal(hospital_cost.hospital_timezone())), coalesce(nullif(skipped, ''), 'false'), fields);
END $$;

-- What an issue of the row says beside what is wrong.
CREATE OR REPLACE FUNCTION hospital_cost._feed_whose_sql(a hospital_cost.attachment, t hospital_cost._feed_target) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('%s AS "of day", %s AS "of encounter"', replace(t.month_of, '{zone}', quote_literal(hospital_cost.hospital_timezone())),
	CASE WHEN EXISTS (SELECT FROM hospital_cost._feed_column c WHERE c.feed = a.feed AND c.field = 'encounter') THEN 'encounter' ELSE 'NULL::text' END);

-- The rows we should have, those we have, and what is to be done with each key. $3 the keys concerned, if it is scoped.
CREATE OR REPLACE FUNCTION hospital_cost._feed_change_sql(a hospital_cost.attachment, t hospital_cost._feed_target, scoped boolean) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text;
	ours text;
	held text;
	both_differ text;
	gone text := '''removed''';
	scope text := CASE WHEN scoped THEN format('AND t.%I = ANY ($3)', t.key_column) ELSE '' END;
BEGIN
	SELECT string_agg(format('(%s)::%s AS %I', coalesce(replace(c.expression, '{zone}', quote_literal(hospital_cost.hospital_timezone())), format('%I', c.field)),
			c.target_type, c.target), ', ' ORDER BY c.position),
		string_agg(format('t.%I', c.target), ', ' ORDER BY c.position) FILTER (WHERE t.style <> 'journal' OR c.target <> 'amount'),
		string_agg(format('min(t.%1$I) AS %1$I', c.target), ', ' ORDER BY c.position),
		format('(%s) IS DISTINCT FROM (%s)', string_agg(format('w.%I', c.target), ', ' ORDER BY c.position),
			string_agg(format('t.%I', c.target), ', ' ORDER BY c.position))
	INTO wanted, ours, held, both_differ
	FROM hospital_cost._feed_column c WHERE c.feed = a.feed AND c.target IS NOT NULL;
	IF t.style = 'keep' THEN
		gone := format('CASE WHEN NOT (%s) THEN ''removed'' WHEN t.status = ''cancelled'' THEN ''unchanged'' ELSE ''cancelled'' END', t.used);
	ELSIF t.style = 'journal' THEN
		both_differ := 't.lines > 1 OR ' || both_differ;
	END IF;
	RETURN format(', wanted AS (
		SELECT f.source_key, %s, %s FROM judged f WHERE f.problem IS NULL AND NOT f.skipped
	), line AS MATERIALIZED (%s), held AS (%s), change AS MATERIALIZED (
		SELECT COALESCE(w.source_key, t.source_key) AS source_key, CASE WHEN t.source_key IS NULL THEN ''inserted'' WHEN w.source_key IS NULL THEN %s
			WHEN %s THEN ''updated'' ELSE ''unchanged'' END AS outcome, %s, w."of day", w."of encounter"
		FROM wanted w FULL JOIN held t ON t.source_key = w.source_key
	)', wanted, hospital_cost._feed_whose_sql(a, t),
		CASE WHEN t.style = 'journal' THEN format('SELECT t.source_key, %s, sum(t.amount)::numeric(22,8) AS amount FROM %s t WHERE t.source_id = %s %s
			GROUP BY t.source_key, %1$s HAVING sum(t.amount) <> 0', ours, t.target, a.source_id, scope)
		ELSE format('SELECT t.%I AS source_key, %s FROM %s t WHERE t.source_id = %s %s', t.key_column, ours, t.target, a.source_id, scope) END,
		CASE WHEN t.style = 'journal' THEN format('SELECT t.source_key, count(*) AS lines, %s FROM line t GROUP BY t.source_key', held)
		ELSE 'SELECT * FROM line' END, gone, both_differ,
		(SELECT string_agg(format('w.%I', c.target), ', ' ORDER BY c.position) FROM hospital_cost._feed_column c WHERE c.feed = a.feed AND c.target IS NOT NULL));
END $$;

COMMENT ON FUNCTION hospital_cost._unreadable(hospital_cost.attachment) IS 'What the owner of an attached table lacks to read it; null if nothing';
COMMENT ON FUNCTION hospital_cost._told_unreadable(hospital_cost.attachment) IS 'Whether an attached table cannot be read; if so, an issue says it';
COMMENT ON FUNCTION hospital_cost._read_feed(regclass, text) IS 'Key and fields of the rows of a query over an attached table, read as its owner';
COMMENT ON FUNCTION hospital_cost._feed_key_sql(hospital_cost.attachment) IS 'SQL expression: the key of a source row, empty if it has none';
COMMENT ON FUNCTION hospital_cost._feed_read_sql(hospital_cost.attachment, text) IS 'SQL text that reads key and fields of the source rows that meet a condition';
COMMENT ON FUNCTION hospital_cost._feed_field_sql(hospital_cost.attachment, hospital_cost._feed_column) IS 'SQL expressions: a field as translated text and as a value';
COMMENT ON FUNCTION hospital_cost._feed_problem_sql(hospital_cost._feed_column) IS 'Branches of a CASE: what can be wrong with a field';
COMMENT ON FUNCTION hospital_cost._feed_judge_sql(hospital_cost.attachment, hospital_cost._feed_target) IS 'SQL text: source rows read and judged';
COMMENT ON FUNCTION hospital_cost._feed_whose_sql(hospital_cost.attachment, hospital_cost._feed_target) IS 'SQL expressions: day and encounter of a row';
COMMENT ON FUNCTION hospital_cost._feed_change_sql(hospital_cost.attachment, hospital_cost._feed_target, boolean) IS 'SQL text: what is to be done with each key';
