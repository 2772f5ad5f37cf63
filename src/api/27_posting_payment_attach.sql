-- 20 posting: payment tables (收款明细): attaching them, and reading their rows.

INSERT INTO hospital_cost._feed (feed, room, function, row_function, entries, pending) VALUES
	('payments', '20', 'hospital_cost.post_payments', NULL, 'hospital_cost._payment', 'hospital_cost.post_pending_payments')
ON CONFLICT (feed) DO UPDATE SET room = excluded.room, function = excluded.function, row_function = excluded.row_function, entries = excluded.entries,
	pending = excluded.pending;
INSERT INTO hospital_cost._feed_field (feed, field, required, type) VALUES
	('payments', 'source_key', true, 'key'), ('payments', 'kind', true, 'code'), ('payments', 'method', true, 'code'),
	('payments', 'amount', true, 'number'), ('payments', 'paid_at', true, 'time'), ('payments', 'encounter', false, 'code'),
	('payments', 'patient', false, 'code'), ('payments', 'started_at', false, 'time'), ('payments', 'operator', false, 'code'),
	('payments', 'window_code', false, 'code'), ('payments', 'reverses_key', false, 'key'), ('payments', 'reason', false, 'code'),
	('payments', 'receipt_no', false, 'code'), ('payments', 'settlement', false, 'code'), ('payments', 'external_reference', false, 'code'),
	('payments', 'status', false, 'code')
ON CONFLICT (feed, field) DO UPDATE SET required = excluded.required, type = excluded.type;

-- Where the day of an instant is posted, decided by the code that posts charges.
CREATE OR REPLACE FUNCTION hospital_cost._posting_period(day date) RETURNS TABLE (period date, outcome text)
AS 'MODULE_PATHNAME', 'hc_posting_period'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._count_latest(query text, keys text[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'hc_count_latest'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- As _read_source, for payments: rows of a query, read as the table's owner, and the same with rows locked for whoever posts them.
-- A policy that would hide rows is an error, not a table without them.
CREATE OR REPLACE FUNCTION hospital_cost._read_payments(relation regclass, query text)
RETURNS TABLE (source_key text, kind text, method text, amount numeric, paid_at timestamptz, encounter_code text, patient_code text,
	started_at timestamptz, operator text, window_code text, reverses_key text, reason text, receipt_no text, settlement text,
	external_reference text, status text, amount_text text)
AS 'MODULE_PATHNAME', 'hc_read_source'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE SET row_security = off;
CREATE OR REPLACE FUNCTION hospital_cost._read_payments(relation regclass, query text, keys text[])
RETURNS TABLE (source_key text, kind text, method text, amount numeric, paid_at timestamptz, encounter_code text, patient_code text,
	started_at timestamptz, operator text, window_code text, reverses_key text, reason text, receipt_no text, settlement text,
	external_reference text, status text, amount_text text)
AS 'MODULE_PATHNAME', 'hc_read_source'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SET row_security = off;

-- SQL expression: the key of a row. One that no index of ours takes is none.
CREATE OR REPLACE FUNCTION hospital_cost._payment_key_sql(a hospital_cost.attachment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CASE WHEN pg_catalog.octet_length(%1$s) OPERATOR(pg_catalog.<=) 1000 THEN NULLIF((%1$s) COLLATE pg_catalog."C", '''') END',
	hospital_cost._source_sql(a.relation, a.columns, 'source_key'));

-- SQL text that reads the rows of an attached payment table, or of a transition table of it, as they are: texts as _source_sql reads them, instants by
-- the hospital's clock, and the amount as text beside the number, because what no plain number is must not stop the statement.
CREATE OR REPLACE FUNCTION hospital_cost._payment_query(a hospital_cost.attachment, origin text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	zone text := hospital_cost.hospital_timezone();
BEGIN
	RETURN (SELECT format('SELECT %s FROM %s s', string_agg(CASE
			WHEN f.name IN ('paid_at', 'started_at') AND t.n = 0 THEN 'NULL::pg_catalog.timestamptz'
			WHEN f.name IN ('paid_at', 'started_at') THEN t.instant
			WHEN f.name = 'source_key' THEN hospital_cost._payment_key_sql(a)
			-- What no amount is, such as NaN, is judged; a true number needs no look at its digits.
			WHEN f.name = 'amount' AND t.number IS NOT NULL THEN t.number
			WHEN f.name = 'amount' THEN format(
				$q$CASE WHEN %1$s OPERATOR(pg_catalog.~) '^ *[-+]?([0-9]{1,20}[.]?[0-9]{0,20}|[.][0-9]{1,20}) *$' THEN (%1$s)::pg_catalog.numeric END$q$,
					coalesce(x.constant, t.plain))
			WHEN f.name = 'amount_text' THEN format('pg_catalog."left"(%s, 40)', coalesce(x.constant, t.plain))
			WHEN t.n > 1 THEN hospital_cost._source_sql(a.relation, a.columns, f.name)
			WHEN f.name = 'reverses_key' THEN format('NULLIF((%s)::pg_catalog.text, %L)', hospital_cost._source_sql(a.relation, a.columns, f.name), '')
			ELSE coalesce('NULLIF(' || coalesce(x.constant, t.code) || ', '''')', 'NULL::pg_catalog.text') END, ', ' ORDER BY f.ord), origin)
		FROM unnest('{source_key,kind,method,amount,paid_at,encounter,patient,started_at,operator,window_code,
			reverses_key,reason,receipt_no,settlement,external_reference,status,amount_text}'::text[])
			WITH ORDINALITY AS f (name, ord)
		CROSS JOIN LATERAL (SELECT a.columns -> CASE f.name WHEN 'amount_text' THEN 'amount' ELSE f.name END AS mapped) m
		CROSS JOIN LATERAL (SELECT quote_literal(m.mapped ->> 'constant') || '::pg_catalog.text' AS constant) x
		CROSS JOIN LATERAL (
			SELECT count(*) AS n,
				min(format('s.%I::pg_catalog.numeric', c.attname)) FILTER (WHERE c.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype,
					'numeric'::regtype)) AS number,
				min(CASE WHEN c.atttypid IN ('float4'::regtype, 'float8'::regtype) THEN format('s.%I::pg_catalog.numeric::pg_catalog.text', c.attname)
					ELSE format('s.%I::pg_catalog.text', c.attname) END) AS plain,
				min(CASE WHEN c.atttypid = 'date'::regtype THEN format('pg_catalog.to_char(s.%I, ''YYYY-MM-DD'')', c.attname)
					WHEN c.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN format('pg_catalog.btrim(s.%I::pg_catalog.text)', c.attname)
					ELSE format('s.%I::pg_catalog.text', c.attname) END) AS code,
				hospital_cost._within_calendar(min(format('s.%I', c.attname)) FILTER (WHERE c.atttypid <> 'time'::regtype),
					CASE WHEN bool_or(c.atttypid = 'timestamptz'::regtype) THEN min(format('s.%I', c.attname))
					ELSE format('((%s)::pg_catalog.timestamp AT TIME ZONE %L)',
						string_agg(format('s.%I', c.attname), ' OPERATOR(pg_catalog.+) ' ORDER BY c.atttypid = 'time'::regtype), zone) END) AS instant
			FROM jsonb_array_elements_text(m.mapped -> 'columns') AS n (name)
			JOIN pg_attribute c ON c.attrelid = a.relation AND c.attname = n.name) t);
END $$;

-- Those of the keys that a column of this type can hold: it may have had another one when they were posted.
CREATE OR REPLACE FUNCTION hospital_cost._keys_of_type(keys text[], type oid) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
	SELECT coalesce(array_agg(k.key), '{}') FROM unnest(keys) AS k (key)
	WHERE CASE WHEN type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN
			CASE WHEN k.key ~ '^-?[0-9]{1,19}$'
				THEN abs(k.key::numeric + 0.5) < 2 ^ (CASE type WHEN 'int2'::regtype THEN 15 WHEN 'int4'::regtype THEN 31 ELSE 63 END)::numeric END
		WHEN type = 'numeric'::regtype THEN k.key ~ '^-?([0-9]{1,1000}([.][0-9]+)?|Infinity|NaN)$'
		WHEN type = 'uuid'::regtype THEN k.key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
		ELSE true END);

-- SQL condition for the rows of these keys: by the key's own columns, so that its index serves, wherever text leads back to them.
CREATE OR REPLACE FUNCTION hospital_cost._payment_key_filter(a hospital_cost.attachment, keys text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
	SELECT CASE WHEN count(*) = 1 AND bool_and(c.atttypid NOT IN ('text'::regtype, 'varchar'::regtype)) OR a.key_is_unique AND count(*) = 1
		THEN format('s.%I OPERATOR(pg_catalog.=) ANY (%L::%s[])',
			min(c.attname), hospital_cost._keys_of_type(keys, min(c.atttypid)), min(format_type(c.atttypid, -1)))
		WHEN bool_or(position('\' IN k.joined) > 0) THEN 'true'
		ELSE format('(%s)', string_agg(format('s.%I OPERATOR(pg_catalog.=) ANY (%L::%s[])', c.attname,
			hospital_cost._keys_of_type((SELECT array_agg(DISTINCT split_part(x.key, '|', n.ord::int)) FROM unnest(keys) AS x (key)), c.atttypid),
				format_type(c.atttypid, -1)), ' AND ')) END
		|| format(' AND (%s) OPERATOR(pg_catalog.=) ANY ($1)', hospital_cost._source_sql(a.relation, a.columns, 'source_key'))
	FROM jsonb_array_elements_text(a.columns #> '{source_key,columns}') WITH ORDINALITY AS n (name, ord)
	JOIN pg_attribute c ON c.attrelid = a.relation AND c.attname = n.name
	CROSS JOIN (SELECT array_to_string(keys, ' ')) AS k (joined));

-- Options of a payment table: those of charges, and the hospital's own words for our kinds.
CREATE OR REPLACE FUNCTION hospital_cost._check_payment_options(relation regclass, mapping jsonb, options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kinds jsonb := options -> 'kind';
	problem text;
BEGIN
	IF kinds IS NOT NULL AND jsonb_typeof(options) = 'object' THEN
		SELECT string_agg(e.key, ', ') INTO problem FROM jsonb_each(CASE jsonb_typeof(kinds) WHEN 'object' THEN kinds ELSE '{"?": 0}' END) e
		WHERE e.key NOT IN ('payment', 'deposit', 'refund', 'deposit_refund') OR jsonb_typeof(e.value) <> 'array'
			OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END) AS v (value)
				WHERE jsonb_typeof(v.value) NOT IN ('string', 'number'));
		IF problem IS NULL THEN
			SELECT 'value ' || min(v.value) INTO problem FROM jsonb_each(kinds) e, jsonb_array_elements_text(e.value) AS v (value)
			GROUP BY v.value HAVING count(*) > 1 LIMIT 1;
		END IF;
		IF problem IS NOT NULL THEN
			RAISE EXCEPTION 'cannot attach % with these options: kind: %', relation, problem USING ERRCODE = 'MC203',
				HINT = 'Options: {"kind": {"payment": […], "deposit": […], "refund": […], "deposit_refund": […]}}; a value of the hospital stands in one list.';
		END IF;
	END IF;
	RETURN hospital_cost._check_charge_options(relation, mapping, CASE jsonb_typeof(options) WHEN 'object' THEN options - 'kind' ELSE options END);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_payments(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping jsonb;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	PERFORM hospital_cost._require_visible(relation);
	IF (mode IN ('strict', 'flag')) IS NOT TRUE THEN
		RAISE EXCEPTION 'cannot attach % with mode "%"', relation, mode USING ERRCODE = 'MC203', HINT = 'mode of payments: strict or flag.';
	END IF;
	mapping := hospital_cost._check_mapping(relation, 'payments', columns);
	IF NOT mapping ?| '{encounter,patient}' THEN
		RAISE EXCEPTION 'the mapping of % lacks: encounter or patient', relation USING ERRCODE = 'MC201', HINT = 'Name the column of at least one of them.';
	END IF;
	mapping := hospital_cost._check_payment_options(relation, mapping, coalesce(options, '{}'));
	PERFORM hospital_cost._continue(relation, 'payments', (options ->> 'continues')::boolean);
	PERFORM hospital_cost._attach(relation, 'payments', mapping, mode, NULL, coalesce(options, '{}') - '{backfill,continues}'::text[]);
	IF (options ->> 'backfill')::boolean THEN
		PERFORM hospital_cost.post_pending_payments(relation);
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detach_payments(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._detach(relation, 'payments');
END;

CREATE OR REPLACE TRIGGER guard_payment BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._payment FOR EACH STATEMENT
	EXECUTE FUNCTION hospital_cost._refuse_change('Payments are append-only: correct the row in the hospital''s table, it is reversed and posted again.');
