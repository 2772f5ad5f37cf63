-- 20 posting: what a payment row says, what is wrong with it, and what is said about that.

-- Kinds in our words, amounts rounded and signed, days by the hospital's clock, and the first thing that makes a true entry impossible.
CREATE OR REPLACE FUNCTION hospital_cost._judge_payments(a hospital_cost.attachment, given hospital_cost._payment_row[])
RETURNS SETOF hospital_cost._payment_row
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	zone text := hospital_cost.hospital_timezone();
	kinds jsonb := coalesce((SELECT jsonb_object_agg(v.value, e.key) FROM jsonb_each(a.options -> 'kind') e, jsonb_array_elements_text(e.value) AS v (value)),
		'{"payment": "payment", "deposit": "deposit", "refund": "refund", "deposit_refund": "deposit_refund"}');
	charged text[] := ARRAY(SELECT jsonb_array_elements_text(a.options #> '{status,charged}'));
	wanted text := coalesce(a.options ->> 'refund_reason', 'optional');
	reasons text[] := ARRAY(SELECT r.code FROM hospital_cost.reason_code r WHERE r.purpose = 'refund' AND r.active);
BEGIN
	RETURN QUERY
	SELECT g.source_key, k.kind, g.method,
		CASE WHEN k.out THEN -abs(round(g.amount, 2)) ELSE round(g.amount, 2) END,
		g.paid_at, g.encounter_code, g.patient_code, CASE WHEN isfinite(g.started_at) THEN g.started_at END, g.operator, g.window_code, g.reverses_key,
		g.reason, g.receipt_no, g.settlement, g.external_reference, g.status, g.amount_text,
		CASE WHEN isfinite(g.paid_at) THEN (g.paid_at AT TIME ZONE zone)::date END, g.amount <> round(g.amount, 2),
		i.issue, i.field, i.observed
	FROM unnest(given) g
	CROSS JOIN LATERAL (SELECT kinds ->> g.kind AS kind, kinds ->> g.kind IN ('refund', 'deposit_refund') AS out) k
	CROSS JOIN LATERAL (SELECT CASE
		WHEN a.columns ? 'status' AND NOT coalesce(g.status, '') = ANY (charged) THEN '{unknown_status,status}'::text[] || g.status
		WHEN g.source_key IS NULL THEN '{missing_value,source_key,NULL}'
		WHEN g.kind IS NULL THEN '{missing_value,kind,NULL}'
		WHEN k.kind IS NULL THEN '{unknown_kind,kind}'::text[] || g.kind
		WHEN g.method IS NULL THEN '{missing_value,method,NULL}'
		WHEN g.amount_text IS NULL OR btrim(g.amount_text) = '' THEN '{missing_value,amount,NULL}'
		WHEN g.amount IS NULL OR abs(g.amount) >= 1e15 THEN '{unreadable_value,amount}'::text[] || g.amount_text
		WHEN g.amount < 0 AND NOT k.out THEN '{wrong_sign,amount}'::text[] || g.amount_text
		WHEN g.paid_at IS NULL THEN '{missing_value,paid_at,NULL}'
		WHEN NOT isfinite(g.paid_at) OR g.paid_at > '9999-12-30' THEN '{unreadable_value,paid_at,NULL}'
		WHEN octet_length(g.encounter_code) > 1000 THEN '{unreadable_value,encounter,NULL}'
		WHEN octet_length(g.patient_code) > 1000 THEN '{unreadable_value,patient,NULL}'
		WHEN octet_length(g.reverses_key) > 1000 THEN '{unreadable_value,reverses_key,NULL}'
		WHEN coalesce(g.encounter_code, g.patient_code) IS NULL AND (NOT k.out OR g.reverses_key IS NULL) THEN '{missing_value,encounter,NULL}'
		WHEN k.out AND wanted <> 'optional' AND g.reason IS NULL THEN '{missing_value,reason,NULL}'
		WHEN k.out AND wanted = 'coded' AND NOT g.reason = ANY (reasons) THEN '{unknown_reason,reason}'::text[] || g.reason
		END AS found) f
	CROSS JOIN LATERAL (SELECT f.found[1] AS issue, f.found[2] AS field, left(f.found[3], 200) AS observed) i;
END $$;

-- The first field in which a row says otherwise than its entry; null if it says the same. A refund that leaves encounter and patient open has its original's.
CREATE OR REPLACE FUNCTION hospital_cost._payment_difference(e hospital_cost._payment, r hospital_cost._payment_row) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN e.kind IS DISTINCT FROM r.kind THEN 'kind'
	WHEN e.amount IS DISTINCT FROM r.amount THEN 'amount'
	WHEN e.method IS DISTINCT FROM r.method THEN 'method'
	WHEN e.paid_at IS DISTINCT FROM r.paid_at THEN 'paid_at'
	WHEN e.reverses_key IS DISTINCT FROM r.reverses_key THEN 'reverses_key'
	WHEN e.encounter_code IS DISTINCT FROM r.encounter_code AND (r.encounter_code IS NOT NULL OR e.reverses IS NULL) THEN 'encounter'
	WHEN e.patient_code IS DISTINCT FROM r.patient_code AND (r.patient_code IS NOT NULL OR e.reverses IS NULL) THEN 'patient'
	WHEN e.started_at IS DISTINCT FROM r.started_at THEN 'started_at'
	WHEN e.operator IS DISTINCT FROM r.operator THEN 'operator'
	WHEN e.window_code IS DISTINCT FROM r.window_code THEN 'window_code'
	WHEN e.reason IS DISTINCT FROM r.reason THEN 'reason'
	WHEN e.receipt_no IS DISTINCT FROM r.receipt_no THEN 'receipt_no'
	WHEN e.settlement IS DISTINCT FROM r.settlement THEN 'settlement'
	WHEN e.external_reference IS DISTINCT FROM r.external_reference THEN 'external_reference' END;

-- The entries that stand for these keys now: of each key the last one, unless that is a reversal.
CREATE OR REPLACE FUNCTION hospital_cost._live_payments(source_id smallint, keys text[]) RETURNS SETOF hospital_cost._payment
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT l.* FROM (SELECT DISTINCT x.key FROM unnest(keys) AS x (key)) k
	CROSS JOIN LATERAL (SELECT p.* FROM hospital_cost._payment p WHERE p.source_id = _live_payments.source_id AND p.source_key = k.key
		ORDER BY p.version DESC, (p.entry = 'reverse') DESC LIMIT 1) l
	WHERE l.entry <> 'reverse';
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._payment_issue(source_id smallint, r hospital_cost._payment_row, code text, field text DEFAULT NULL,
	expected text DEFAULT NULL, observed text DEFAULT NULL, entry_id bigint DEFAULT NULL) RETURNS hospital_cost._finding
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding;
BEGIN
	f.source_id := source_id;
	f.source_key := coalesce(r.source_key, '');
	f.class := 'data';
	f.code := code;
	f.severity := CASE WHEN code IN ('no_original', 'original_not_found', 'differs_from_original', 'late', 'rounded') OR code LIKE 'exists\_with%'
		THEN 'warning' ELSE 'blocking' END;
	f.entry_id := entry_id;
	f.period := date_trunc('month', r.day::timestamp)::date;
	f.encounter_code := r.encounter_code;
	f.field := field;
	f.expected := expected;
	f.observed := observed;
	RETURN f;
END $$;

-- Mode strict: the first row that is not clean stops the statement. Encounters and patients are not shown.
CREATE OR REPLACE FUNCTION hospital_cost._raise_payment_issue(relation regclass, f hospital_cost._finding) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	says text[] := CASE regexp_replace(f.code, '_different_.*', '_different')
		WHEN 'missing_value' THEN '{MC221,a required value is missing,"Give the value, or map the field to another column."}'::text[]
		WHEN 'unreadable_value' THEN '{MC222,a value cannot be read,"Numbers are plain decimals within numeric(18,2); times are finite."}'
		WHEN 'period_closed' THEN '{MC227,the period is closed,"Open a later period, or reopen this one with a reason."}'
		WHEN 'period_not_open' THEN '{MC228,no period is open for it,"Open the month with hospital_cost.open_period(period)."}'
		WHEN 'unknown_status' THEN '{MC229,the status stands in no list of the mapping,"Correct it, or attach the table again with this value in options.status."}'
		WHEN 'unknown_reason' THEN '{MC22A,the reason of the refund is no known code,"Give a code of hospital_cost.reason_code with purpose refund."}'
		WHEN 'refund_exceeds' THEN '{MC22B,more is given back than is left of the original,"Correct the amount; see what was given back in hospital_cost.payment_ledger."}'
		WHEN 'unknown_kind' THEN '{MC241,the kind stands in no list of the mapping,"Correct it, or attach the table again with this value in options.kind."}'
		WHEN 'deposit_exceeded' THEN '{MC242,more is given back than was deposited,"Correct the amount; see hospital_cost.encounter_account."}'
		WHEN 'wrong_sign' THEN '{MC243,money that comes in is negative,"Write what is given back as a refund that names its original."}'
		WHEN 'no_original' THEN '{MC234,a refund names no original,"Map reverses_key and name the payment that is given back."}'
		WHEN 'original_not_found' THEN '{MC235,the original of a refund is not posted,"Post the original first, or correct its key."}'
		WHEN 'differs_from_original' THEN '{MC238,a refund says otherwise than its original,"Repeat what the original says."}'
		WHEN 'exists_with_different' THEN '{MC239,the key has an entry with another content,"Correct the first row, or give this one a key of its own."}' END;
	shown boolean := f.field IS NULL OR f.field NOT IN ('encounter', 'patient');
BEGIN
	RAISE EXCEPTION 'payment "%" of "%": %', f.source_key, (SELECT c.relname FROM pg_class c WHERE c.oid = relation), says[2] USING ERRCODE = says[1],
		DETAIL = format('Key "%s"%s%s%s.', f.source_key, ', field ' || f.field, CASE WHEN shown THEN ', expected ' || f.expected END,
			CASE WHEN shown THEN ', found ' || f.observed END), HINT = says[3];
END $$;

-- Rows of these keys were judged afresh: what is said again stays, what is not is resolved.
CREATE OR REPLACE FUNCTION hospital_cost._tell_payment_issues(a hospital_cost.attachment, keys text[], issues hospital_cost._finding[], raises boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding;
BEGIN
	IF raises AND a.mode = 'strict' THEN
		-- Late and rounded rows are posted even in strict mode: the row itself says nothing untrue.
		FOR f IN SELECT x.* FROM unnest(issues) x WHERE x.code NOT IN ('late', 'rounded') ORDER BY x.severity, x.source_key COLLATE "C" LIMIT 1 LOOP
			PERFORM hospital_cost._raise_payment_issue(a.relation, f);
		END LOOP;
	END IF;
	UPDATE hospital_cost._finding o SET state = 'resolved', closed_at = now(), closed_by = session_user, note = 'the source row changed'
	WHERE o.source_id = a.source_id AND o.source_key = ANY (keys) AND o.state = 'open' AND o.class = 'data' AND o.code NOT IN ('column_gone', 'not_readable')
		AND NOT EXISTS (SELECT FROM unnest(issues) x WHERE x.source_key = o.source_key AND x.code = o.code
			AND (x.field, x.expected, x.observed, x.entry_id, x.period) IS NOT DISTINCT FROM (o.field, o.expected, o.observed, o.entry_id, o.period));
	INSERT INTO hospital_cost._finding (class, code, severity, source_id, source_key, entry_id, period, encounter_code, field, expected, observed)
	SELECT DISTINCT x.class, x.code, x.severity, x.source_id, x.source_key, x.entry_id, x.period, x.encounter_code, x.field, x.expected, x.observed
	FROM unnest(issues) x
	WHERE NOT EXISTS (SELECT FROM hospital_cost._finding o WHERE o.source_id = a.source_id AND o.source_key = x.source_key AND o.state = 'open'
		AND o.code = x.code AND (x.field, x.expected, x.observed, x.entry_id, x.period) IS NOT DISTINCT FROM (o.field, o.expected, o.observed, o.entry_id, o.period));
END $$;
