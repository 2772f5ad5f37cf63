-- 20 posting: taking payments back, and giving back no more than came in.

CREATE OR REPLACE FUNCTION hospital_cost._lock_slots(slots int[]) RETURNS void
AS 'MODULE_PATHNAME', 'hc_lock_slots'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- Originals and accounts that refunds look at, locked until the transaction ends, in one order. A transaction that keeps an older snapshot cannot see
-- what others gave back since, and fails as it would on a changed row.
CREATE OR REPLACE FUNCTION hospital_cost._lock_payments(source_id smallint, originals text[], accounts text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF cardinality(originals) + cardinality(accounts) = 0 THEN
		RETURN;
	END IF;
	PERFORM hospital_cost._lock_slots(ARRAY(SELECT hashtext(n.name)
		FROM (SELECT 'original ' || source_id || ' ' || o AS name FROM unnest(originals) AS o UNION ALL SELECT 'account ' || c FROM unnest(accounts) AS c) n
		WHERE n.name IS NOT NULL));
	IF current_setting('transaction_isolation') <> 'read committed' AND (
		hospital_cost._count_latest('SELECT pg_catalog.count(*) FROM hospital_cost._payment p
			WHERE p.source_key OPERATOR(pg_catalog.=) ANY ($1) OR p.reverses_key OPERATOR(pg_catalog.=) ANY ($1)', originals)
		<> (SELECT count(*) FROM hospital_cost._payment p WHERE p.source_key = ANY (originals) OR p.reverses_key = ANY (originals))
		OR hospital_cost._count_latest('SELECT pg_catalog.count(*) FROM hospital_cost._payment p
			WHERE COALESCE(p.encounter_code, p.patient_code) OPERATOR(pg_catalog.=) ANY ($1)', accounts)
		<> (SELECT count(*) FROM hospital_cost._payment p WHERE COALESCE(p.encounter_code, p.patient_code) = ANY (accounts))) THEN
		RAISE EXCEPTION 'could not serialize access due to concurrent payments' USING ERRCODE = 'serialization_failure',
			HINT = 'Run the transaction again.';
	END IF;
END $$;

-- What is left of the deposits of an encounter, or of a patient without one, but for one entry. A refund that names a deposit takes from the
-- deposits too, whatever the hospital calls it.
CREATE OR REPLACE FUNCTION hospital_cost._deposit_rest(account text, of_patient boolean, without_entry bigint) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH entry AS MATERIALIZED (
		SELECT p.* FROM hospital_cost._payment p
		WHERE COALESCE(p.encounter_code, p.patient_code) = account AND (p.encounter_code IS NULL) = of_patient AND p.kind IN ('deposit', 'deposit_refund')
	), deposit AS (
		SELECT e.source_id, e.source_key FROM entry e WHERE e.kind = 'deposit'
		GROUP BY 1, 2 HAVING sum(CASE e.entry WHEN 'reverse' THEN -1 ELSE 1 END) > 0
	)
	SELECT coalesce((SELECT sum(e.amount) FROM entry e WHERE e.entry_id IS DISTINCT FROM without_entry), 0)
		+ coalesce((SELECT sum(r.amount) FROM deposit d JOIN hospital_cost._payment r ON r.source_id = d.source_id AND r.reverses_key = d.source_key
			WHERE r.kind = 'refund' AND r.entry_id IS DISTINCT FROM without_entry), 0);
END;

-- Enters what takes these entries back; says of each whether it could, or why its month does not allow it.
CREATE OR REPLACE FUNCTION hospital_cost._reverse_payments(entries hospital_cost._payment[]) RETURNS TABLE (entry_id bigint, outcome text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	WITH month AS MATERIALIZED (
		SELECT m.month, p.period, p.outcome
		FROM (SELECT DISTINCT date_trunc('month', e.day::timestamp)::date AS month FROM unnest(entries) e ORDER BY 1) m
		CROSS JOIN LATERAL hospital_cost._posting_period(m.month) p
	), entry AS MATERIALIZED (
		SELECT e.*, m.period AS into_period, m.outcome, m.period <> m.month AS late
		FROM unnest(entries) e JOIN month m ON m.month = date_trunc('month', e.day::timestamp)::date
	), written AS (
		INSERT INTO hospital_cost._payment (reverses, paid_at, started_at, day, period, version, source_id, flags, amount, entry, kind, method,
			source_key, encounter_code, patient_code, operator, window_code, reverses_key, reason, receipt_no, settlement, external_reference)
		SELECT e.entry_id, e.paid_at, e.started_at, e.day, e.into_period, e.version, e.source_id, 64 + CASE WHEN e.late THEN 4 ELSE 0 END, -e.amount,
			'reverse', e.kind, e.method, e.source_key, e.encounter_code, e.patient_code, e.operator, e.window_code, e.reverses_key, e.reason,
			e.receipt_no, e.settlement, e.external_reference
		FROM entry e WHERE e.outcome = 'found'
		ON CONFLICT DO NOTHING
	)
	SELECT e.entry_id, e.outcome FROM entry e;
END $$;

-- Enters rows that have no entry; says of each what became of it: posted, why its month does not take it, or lost to a session that was faster.
CREATE OR REPLACE FUNCTION hospital_cost._enter_payments(source_id smallint, given hospital_cost._payment_row[], original bigint DEFAULT NULL)
RETURNS TABLE (source_key text, outcome text, flags smallint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	WITH month AS MATERIALIZED (
		SELECT m.month, p.period, p.outcome
		FROM (SELECT DISTINCT date_trunc('month', g.day::timestamp)::date AS month FROM unnest(given) g ORDER BY 1) m
		CROSS JOIN LATERAL hospital_cost._posting_period(m.month) p
	), written AS (
		INSERT INTO hospital_cost._payment AS t (reverses, paid_at, started_at, day, period, version, source_id, flags, amount, entry, kind, method,
			source_key, encounter_code, patient_code, operator, window_code, reverses_key, reason, receipt_no, settlement, external_reference)
		SELECT original, g.paid_at, g.started_at, g.day, m.period,
			1 + coalesce((SELECT p.version FROM hospital_cost._payment p WHERE p.source_id = _enter_payments.source_id AND p.source_key = g.source_key
				ORDER BY p.version DESC LIMIT 1), 0),
			_enter_payments.source_id, CASE WHEN m.period <> m.month THEN 4 ELSE 0 END + CASE WHEN g.rounded THEN 32 ELSE 0 END, g.amount,
			CASE WHEN g.kind IN ('payment', 'deposit') THEN 'post' ELSE 'refund' END, g.kind, g.method, g.source_key, g.encounter_code, g.patient_code,
			g.operator, g.window_code, g.reverses_key, g.reason, g.receipt_no, g.settlement, g.external_reference
		FROM unnest(given) g JOIN month m ON m.month = date_trunc('month', g.day::timestamp)::date AND m.outcome = 'found'
		ON CONFLICT DO NOTHING
		RETURNING t.source_key, t.flags
	)
	SELECT g.source_key::text, CASE WHEN m.outcome <> 'found' THEN m.outcome WHEN w.source_key IS NULL THEN 'lost' ELSE 'posted' END, w.flags
	FROM unnest(given) g JOIN month m ON m.month = date_trunc('month', g.day::timestamp)::date
	LEFT JOIN written w ON w.source_key = g.source_key;
END $$;

-- One refund, judged after all else of its statement: what is left of its original, and of the deposits. A refund that stands already and exceeds
-- now, because its original became smaller, is taken back. Returns posted, exists, refused or lost.
CREATE OR REPLACE FUNCTION hospital_cost._settle_refund(a hospital_cost.attachment, r hospital_cost._payment_row,
	OUT outcome text, OUT issues hospital_cost._finding[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	original hospital_cost._payment;
	standing hospital_cost._payment;
	was_named hospital_cost._payment_row := r;
	account text;
	of_patient boolean; -- the account is a patient's, without an encounter
	room numeric; -- what is left of the original
	deposits numeric;
	code text;
BEGIN
	outcome := 'refused';
	issues := '{}';
	PERFORM hospital_cost._lock_payments(a.source_id, array_remove(ARRAY[r.reverses_key], NULL), '{}');
	SELECT * INTO original FROM hospital_cost._live_payments(a.source_id, ARRAY[r.reverses_key]) l WHERE l.kind IN ('payment', 'deposit');
	r.encounter_code := coalesce(r.encounter_code, original.encounter_code);
	r.patient_code := coalesce(r.patient_code, original.patient_code);
	account := coalesce(r.encounter_code, r.patient_code);
	of_patient := r.encounter_code IS NULL;
	IF account IS NULL THEN
		issues := ARRAY[hospital_cost._payment_issue(a.source_id, r, 'missing_value', 'encounter')];
	ELSIF r.kind = 'deposit_refund' OR original.kind = 'deposit' THEN
		IF r.kind = 'refund' THEN
			account := coalesce(original.encounter_code, original.patient_code);
			of_patient := original.encounter_code IS NULL;
		END IF;
		PERFORM hospital_cost._lock_payments(a.source_id, '{}', ARRAY[account]);
	END IF;
	SELECT * INTO standing FROM hospital_cost._live_payments(a.source_id, ARRAY[r.source_key]);
	-- A payment that names another one, such as a bill written anew, makes no room.
	room := original.amount + coalesce((SELECT sum(p.amount) FROM hospital_cost._payment p
		WHERE p.source_id = a.source_id AND p.reverses_key = r.reverses_key AND p.kind IN ('refund', 'deposit_refund')), 0)
			- CASE WHEN standing.reverses_key = r.reverses_key THEN standing.amount ELSE 0 END;
	IF r.kind = 'deposit_refund' OR original.kind = 'deposit' THEN
		deposits := hospital_cost._deposit_rest(account, of_patient, standing.entry_id);
	END IF;
	IF room + r.amount < 0 THEN
		issues := issues || hospital_cost._payment_issue(a.source_id, r, 'refund_exceeds', 'amount', round(room, 2)::text, (-r.amount)::text);
	ELSIF deposits + r.amount < 0 THEN
		issues := issues || hospital_cost._payment_issue(a.source_id, r, 'deposit_exceeded', 'amount', round(deposits, 2)::text, (-r.amount)::text);
	END IF;
	IF standing.entry_id IS NOT NULL AND (cardinality(issues) > 0 OR hospital_cost._payment_difference(standing, r) IS NOT NULL) THEN
		SELECT v.outcome INTO code FROM hospital_cost._reverse_payments(ARRAY[standing]) v;
		IF code <> 'found' THEN
			issues := issues || hospital_cost._payment_issue(a.source_id, r, code);
		END IF;
		standing := NULL;
	END IF;
	DELETE FROM hospital_cost._payment_blocked b WHERE b.source_id = a.source_id AND b.source_key = r.source_key;
	IF cardinality(issues) > 0 THEN
		INSERT INTO hospital_cost._payment_blocked (source_id, source_key, reverses_key, account) VALUES (a.source_id, r.source_key, r.reverses_key, account)
		ON CONFLICT DO NOTHING;
		RETURN;
	END IF;
	outcome := 'exists';
	IF standing.entry_id IS NULL THEN
		SELECT e.outcome INTO outcome FROM hospital_cost._enter_payments(a.source_id, ARRAY[r], original.entry_id) e;
		IF outcome LIKE 'period%' THEN
			issues := ARRAY[hospital_cost._payment_issue(a.source_id, r, outcome)];
			outcome := 'refused';
			RETURN;
		END IF;
		SELECT * INTO standing FROM hospital_cost._live_payments(a.source_id, ARRAY[r.source_key]);
	END IF;
	IF r.reverses_key IS NULL AND r.kind = 'refund' THEN
		issues := ARRAY[hospital_cost._payment_issue(a.source_id, r, 'no_original', 'reverses_key', NULL, NULL, standing.entry_id)];
	ELSIF r.reverses_key IS NOT NULL AND original.entry_id IS NULL THEN
		issues := ARRAY[hospital_cost._payment_issue(a.source_id, r, 'original_not_found', 'reverses_key', NULL, r.reverses_key, standing.entry_id)];
	ELSIF original.encounter_code <> was_named.encounter_code THEN
		issues := ARRAY[hospital_cost._payment_issue(a.source_id, r, 'differs_from_original', 'encounter',
			original.encounter_code, was_named.encounter_code, standing.entry_id)];
	END IF;
END $$;
