-- 20 posting: what was paid, and the proof of it by separate SQL.

CREATE OR REPLACE VIEW hospital_cost.payment_ledger AS
SELECT p.entry_id, p.entry, p.kind, a.relation AS source, p.source_key, p.version, p.encounter_code, p.patient_code, p.method, p.amount,
	p.paid_at, p.started_at, p.day, p.period::hospital_cost.period_month AS period, p.operator, p.window_code, p.receipt_no, p.settlement,
	p.external_reference, p.reason, p.reverses_key, p.reverses,
	array_remove(ARRAY[CASE WHEN p.flags & 4 <> 0 THEN 'late' END, CASE WHEN p.flags & 32 <> 0 THEN 'rounded' END,
		CASE WHEN p.flags & 64 <> 0 THEN 'source_changed' END], NULL) AS flags,
	p.posted_at, p.posted_by, a.relation_name AS source_name
FROM hospital_cost._payment p
JOIN hospital_cost.attachment a ON a.source_id = p.source_id;

-- Every source row beside what its key stands for: kinds, signs and roundings worked out here again, not by the code that posts.
CREATE OR REPLACE FUNCTION hospital_cost._payment_state(a hospital_cost.attachment)
RETURNS TABLE (source_key text, has_row boolean, day date, amount numeric, entries bigint, entry_amount numeric, period date, wrong text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	zone text := hospital_cost.hospital_timezone();
BEGIN
	RETURN QUERY
	WITH kind AS (
		SELECT v.value AS theirs, e.key AS ours, CASE WHEN e.key LIKE '%refund' THEN -1 END AS sign
		FROM jsonb_each(coalesce(a.options -> 'kind',
			'{"payment": ["payment"], "deposit": ["deposit"], "refund": ["refund"], "deposit_refund": ["deposit_refund"]}')) e,
			jsonb_array_elements_text(e.value) AS v (value)
	), source AS (
		SELECT s.*, k.ours, round(CASE WHEN k.sign < 0 THEN -abs(s.amount) ELSE s.amount END, 2) AS signed,
			CASE WHEN isfinite(s.paid_at) THEN (s.paid_at AT TIME ZONE zone)::date END AS on_day
		FROM hospital_cost._read_payments(a.relation, hospital_cost._payment_query(a, a.relation::text) || ' WHERE ' || hospital_cost._source_filter(a)) s
		LEFT JOIN kind k ON k.theirs = s.kind
	), total AS (
		SELECT p.source_key, sum(CASE p.entry WHEN 'reverse' THEN -1 ELSE 1 END) AS entries, sum(p.amount) AS amount, max(p.version) AS version
		FROM hospital_cost._payment p WHERE p.source_id = a.source_id GROUP BY 1
	), pair AS MATERIALIZED (
		SELECT coalesce(s.source_key, t.source_key) AS key, s.ours IS NOT NULL OR s.source_key IS NOT NULL OR s.amount_text IS NOT NULL AS has_row, s.on_day, s.signed,
			coalesce(t.entries, 0)::bigint AS n, t.amount, l.period,
			CASE WHEN coalesce(t.entries, 0) NOT IN (0, 1) THEN t.entries || ' live entries'
				WHEN t.entries = 0 AND t.amount <> 0 THEN 'reversals that do not add up'
				WHEN t.entries = 1 AND s.source_key IS NULL THEN 'gone'
				WHEN coalesce(t.entries, 0) = 0 THEN NULL
				WHEN s.ours IS DISTINCT FROM l.kind THEN 'kind'
				WHEN s.signed IS DISTINCT FROM t.amount THEN 'amount'
				WHEN s.method IS DISTINCT FROM l.method THEN 'method'
				WHEN s.on_day IS DISTINCT FROM l.day OR s.paid_at IS DISTINCT FROM l.paid_at THEN 'paid_at'
				WHEN s.encounter_code IS DISTINCT FROM l.encounter_code AND (s.encounter_code IS NOT NULL OR l.reverses IS NULL) THEN 'encounter'
				WHEN s.patient_code IS DISTINCT FROM l.patient_code AND (s.patient_code IS NOT NULL OR l.reverses IS NULL) THEN 'patient'
				WHEN s.reverses_key IS DISTINCT FROM l.reverses_key THEN 'reverses_key'
				WHEN s.operator IS DISTINCT FROM l.operator THEN 'operator'
				WHEN s.window_code IS DISTINCT FROM l.window_code THEN 'window_code'
				WHEN s.receipt_no IS DISTINCT FROM l.receipt_no THEN 'receipt_no'
				WHEN s.settlement IS DISTINCT FROM l.settlement THEN 'settlement'
				WHEN s.external_reference IS DISTINCT FROM l.external_reference THEN 'external_reference'
				WHEN s.reason IS DISTINCT FROM l.reason THEN 'reason'
				WHEN CASE WHEN isfinite(s.started_at) THEN s.started_at END IS DISTINCT FROM l.started_at THEN 'started_at' END AS differs
		FROM source s
		FULL JOIN total t ON t.source_key = s.source_key
		LEFT JOIN hospital_cost._payment l ON l.source_id = a.source_id AND l.source_key = t.source_key
			AND l.version = t.version AND l.entry <> 'reverse' AND t.entries = 1
	)
	SELECT * FROM pair WHERE a.key_is_unique OR pair.key IS NULL
	UNION ALL
	(SELECT DISTINCT ON (p.key) p.* FROM pair p WHERE NOT a.key_is_unique AND p.key IS NOT NULL ORDER BY p.key, p.differs IS NOT NULL);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.unposted_payments(relation regclass) RETURNS TABLE (source_key text, day date, issue text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment := hospital_cost._attached(relation, 'payments');
BEGIN
	RETURN QUERY
	SELECT s.source_key, s.day, (SELECT f.code FROM hospital_cost._finding f WHERE f.source_id = a.source_id AND f.source_key = coalesce(s.source_key, '')
		AND f.severity = 'blocking' AND f.state = 'open' ORDER BY f.finding_id DESC LIMIT 1)
	FROM hospital_cost._payment_state(a) s WHERE s.has_row AND s.entries = 0;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._verify_payment_rows(a hospital_cost.attachment, period date)
RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH state AS MATERIALIZED (
		SELECT s.*, s.has_row AND s.entries = 0 AS missing,
			EXISTS (SELECT FROM hospital_cost._finding f WHERE f.source_id = a.source_id
				AND f.source_key = coalesce(s.source_key, '') AND f.severity = 'blocking' AND f.state = 'open') AS explained
		FROM hospital_cost._payment_state(a) s
		WHERE s.period = _verify_payment_rows.period OR s.wrong LIKE '% %'
			OR (s.entries = 0 AND date_trunc('month', s.day::timestamp)::date = _verify_payment_rows.period)
	)
	SELECT a.relation::text || ': ' || v.identity, v.expected, v.actual, v.example
	FROM (SELECT count(*) FILTER (WHERE s.has_row AND s.entries > 0) AS rows, count(*) FILTER (WHERE s.entries > 0) AS live,
			coalesce(sum(s.amount) FILTER (WHERE s.entries > 0), 0) AS row_amount, coalesce(sum(s.entry_amount), 0) AS entry_amount,
			count(*) FILTER (WHERE s.wrong IS NOT NULL) AS bad, min(s.source_key || ': ' || s.wrong) AS first_bad,
			min(s.source_key) FILTER (WHERE s.wrong = 'gone') AS first_gone,
			count(*) FILTER (WHERE s.missing) AS missing, count(*) FILTER (WHERE s.missing AND s.explained) AS explained,
			min(s.source_key) FILTER (WHERE s.missing AND NOT s.explained) AS first_missing
		FROM state s) t
	CROSS JOIN LATERAL (VALUES ('rows = entries', t.rows::numeric, t.live::numeric, t.first_gone),
		('amount of rows = of entries', t.row_amount, t.entry_amount, t.first_bad),
		('rows that differ from their entry', 0, t.bad, t.first_bad),
		('rows without an entry = blocking issues', t.explained, t.missing, t.first_missing)) AS v (identity, expected, actual, example);
END;

CREATE OR REPLACE FUNCTION hospital_cost._verify_payment_entries(period date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'payments: reversals that do not mirror their entry', 0::numeric, count(*)::numeric, 'entry ' || min(r.entry_id)
	FROM hospital_cost._payment r LEFT JOIN hospital_cost._payment o ON o.entry_id = r.reverses
	WHERE r.period = _verify_payment_entries.period AND r.entry = 'reverse' AND (o.entry_id IS NULL OR o.entry = 'reverse' OR o.amount <> -r.amount
		OR (o.source_id, o.source_key, o.version, o.kind, o.method, o.day, o.encounter_code, o.patient_code, o.reverses_key)
		IS DISTINCT FROM (r.source_id, r.source_key, r.version, r.kind, r.method, r.day, r.encounter_code, r.patient_code, r.reverses_key))
	UNION ALL
	SELECT 'payments: refunds above their original', 0, count(*), min(x.name) FROM (
		SELECT a.relation_name || ' ' || n.reverses_key AS name
		FROM (SELECT DISTINCT p.source_id, p.reverses_key FROM hospital_cost._payment p WHERE p.period = _verify_payment_entries.period AND p.entry = 'refund') n
		JOIN hospital_cost.attachment a ON a.source_id = n.source_id
		CROSS JOIN LATERAL (SELECT sum(o.amount) AS amount, sum(CASE o.entry WHEN 'reverse' THEN -1 ELSE 1 END) AS live FROM hospital_cost._payment o
			WHERE o.source_id = n.source_id AND o.source_key = n.reverses_key AND o.kind IN ('payment', 'deposit')) o
		CROSS JOIN LATERAL (SELECT sum(r.amount) AS amount FROM hospital_cost._payment r WHERE r.source_id = n.source_id AND r.reverses_key = n.reverses_key
			AND r.kind IN ('refund', 'deposit_refund')) r
		WHERE o.live > 0 AND o.amount + r.amount < 0) x
	UNION ALL
	SELECT 'payments: deposit refunds above the deposits', 0, count(*), min('entry ' || x.entry_id) FROM (
		SELECT min(p.entry_id) AS entry_id, coalesce(p.encounter_code, p.patient_code) AS account, p.encounter_code IS NULL AS no_encounter FROM hospital_cost._payment p
		WHERE p.period = _verify_payment_entries.period AND p.kind = 'deposit_refund' GROUP BY 2, 3) x
	CROSS JOIN LATERAL (SELECT hospital_cost._deposit_rest(x.account, x.no_encounter, NULL) AS amount) d
	WHERE d.amount < 0;
END;
