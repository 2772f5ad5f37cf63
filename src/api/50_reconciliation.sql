-- 50 reconciliation: statements come in, and the matcher.

DO $$
DECLARE
	part text;
BEGIN
	FOREACH part IN ARRAY '{statement,statement_withdrawal,statement_line,statement_total,_reconciliation_run,_reconciliation_event}'::text[] LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER guard_change BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost.%I
			FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change(%L)', part,
			CASE WHEN part LIKE 'statement%' THEN 'A statement is what the other side said: load the corrected one beside it, under a later number.'
				ELSE 'The trail of reconciliation is append-only.' END);
	END LOOP;
END $$;

-- What counts.
CREATE OR REPLACE VIEW hospital_cost._standing_statement AS
SELECT s.* FROM hospital_cost.statement s WHERE NOT EXISTS (SELECT FROM hospital_cost.statement_withdrawal w WHERE w.statement_id = s.statement_id);

CREATE OR REPLACE FUNCTION hospital_cost._statement_format(kind text, day date) RETURNS hospital_cost.statement_format
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost.statement_format;
BEGIN
	SELECT x.* INTO f FROM hospital_cost.statement_format x WHERE x.kind = _statement_format.kind AND x.valid @> _statement_format.day;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'statements of kind "%" have no format on %', kind, day USING ERRCODE = 'MC501',
			DETAIL = 'The format says which methods of payment they are about and by which rules they are matched.',
			HINT = 'Insert a row into hospital_cost.statement_format.';
	END IF;
	RETURN f;
END $$;

-- A field of a row of the channel's file, by the heading the format gives it.
CREATE OR REPLACE FUNCTION hospital_cost._statement_field(f hospital_cost.statement_format, line jsonb, field text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN nullif(btrim(line ->> coalesce(f.columns ->> field, field)), '');

CREATE OR REPLACE FUNCTION hospital_cost.load_statement(kind text, day date, lines jsonb, source text DEFAULT '', opening_balance numeric DEFAULT NULL,
	closing_balance numeric DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost.statement_format := hospital_cost._statement_format(kind, day);
	zone text := hospital_cost.hospital_timezone();
	hash bytea;
	id bigint;
	bad text;
BEGIN
	IF jsonb_typeof(lines) IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'the lines of statement "%" of % are no list', kind, day USING ERRCODE = 'MC502',
			DETAIL = 'A jsonb array of objects is expected, one a line, its keys the headings of the file.', HINT = 'Give the rows of the file as a jsonb array.';
	END IF;
	hash := sha256(convert_to(concat_ws(E'\n', opening_balance, closing_balance, lines::text), 'UTF8'));
	-- What was withdrawn may be loaded again.
	WHILE EXISTS (SELECT FROM hospital_cost.statement s JOIN hospital_cost.statement_withdrawal w ON w.statement_id = s.statement_id
		WHERE s.kind = load_statement.kind AND s.day = load_statement.day AND s.digest = hash) LOOP
		hash := sha256(hash);
	END LOOP;
	SELECT s.statement_id INTO id FROM hospital_cost.statement s
	WHERE s.kind = load_statement.kind AND s.day = load_statement.day AND s.digest = hash;
	IF FOUND THEN
		RETURN id;
	END IF;
	SELECT 'line ' || l.n INTO bad FROM jsonb_array_elements(lines) WITH ORDINALITY AS l (line, n)
	WHERE hospital_cost._statement_field(f, l.line, 'amount') !~ '^[+-]?[0-9]{1,16}(\.[0-9]{1,2}0*)?$'
		OR hospital_cost._statement_field(f, l.line, 'amount') IS NULL
		OR jsonb_typeof(l.line) <> 'object'
	ORDER BY l.n LIMIT 1;
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'statement "%" of %: % has no amount that can be read', kind, day, bad USING ERRCODE = 'MC503',
			DETAIL = format('Heading of the amount: "%s". Amounts are plain decimals of two places.', coalesce(f.columns ->> 'amount', 'amount')),
			HINT = 'Correct columns in hospital_cost.statement_format, or the file.';
	END IF;
	INSERT INTO hospital_cost.statement (kind, day, source, opening_balance, closing_balance, digest)
	VALUES (kind, day, source, opening_balance, closing_balance, hash) ON CONFLICT DO NOTHING RETURNING statement_id INTO id;
	IF id IS NULL THEN
		-- Another session has just loaded the same.
		SELECT s.statement_id INTO id FROM hospital_cost.statement s
		WHERE s.kind = load_statement.kind AND s.day = load_statement.day AND s.digest = hash;
		RETURN id;
	END IF;
	INSERT INTO hospital_cost.statement_line (statement_id, line_no, at, day, amount, failed, reference)
	SELECT id, l.n, x.at, coalesce((x.at AT TIME ZONE zone)::date, load_statement.day),
		CASE WHEN hospital_cost._statement_field(f, l.line, 'direction') = ANY (f.outgoing) THEN -abs(x.amount) ELSE x.amount END,
		coalesce(hospital_cost._statement_field(f, l.line, 'status') = ANY (f.failed_statuses), false),
		hospital_cost._statement_field(f, l.line, 'reference')
	FROM jsonb_array_elements(lines) WITH ORDINALITY AS l (line, n)
	CROSS JOIN LATERAL (SELECT hospital_cost._statement_field(f, l.line, 'amount')::numeric AS amount, CASE
		WHEN hospital_cost._statement_field(f, l.line, 'at') ~ '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' AND hospital_cost._statement_field(f, l.line, 'at') ~ ':'
			THEN hospital_cost._statement_field(f, l.line, 'at')::timestamptz
		ELSE hospital_cost._statement_field(f, l.line, 'at')::timestamp AT TIME ZONE zone END AS at) x;
	RETURN id;
END $$;

-- Matches every entry of the kind's methods and every line that is in no match, and keeps the matches. Entries taken back count while nothing stands in their
-- place: then the channel should have nothing either. Returned is what does not match.
CREATE OR REPLACE FUNCTION hospital_cost._reconcile(kind text, day date, run int) RETURNS TABLE (line_id bigint, entry_id bigint, outcome text)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'hc_reconcile';
