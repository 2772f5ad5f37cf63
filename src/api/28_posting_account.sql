-- 20 posting: the proof of a month's payments, and the account of an encounter.

CREATE OR REPLACE FUNCTION hospital_cost.verify_payments(period date)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric, example text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	RETURN QUERY SELECT e.identity, e.expected, e.actual, e.actual - e.expected, CASE WHEN e.actual <> e.expected THEN e.example END
		FROM hospital_cost._verify_payment_entries(period) e;
	FOR a IN SELECT t.* FROM hospital_cost.attachment t WHERE t.feed = 'payments' AND t.detached_at IS NULL ORDER BY t.source_id LOOP
		IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation) THEN
			RETURN QUERY VALUES (format('attached table %s is gone', a.relation_name), 0::numeric, 1::numeric, 1::numeric, NULL::text);
		ELSIF hospital_cost._gone_columns(a) IS NOT NULL THEN
			RETURN QUERY VALUES (format('%s: columns of its mapping are gone or of another type', a.relation), 0::numeric, 1::numeric, 1::numeric,
				hospital_cost._gone_columns(a));
		ELSE
			RETURN QUERY SELECT s.identity, s.expected, s.actual, s.actual - s.expected, CASE WHEN s.actual <> s.expected THEN s.example END
				FROM hospital_cost._verify_payment_rows(a, period) s;
		END IF;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.encounter_account(encounter text)
RETURNS TABLE (encounter_code text, charges numeric, payments numeric, deposits numeric, refunds numeric, deposit_refunds numeric, balance numeric,
	last_movement timestamptz)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
	p record;
BEGIN
	SELECT coalesce(sum(l.amount), 0) * 0.01 AS amount, max(l.charged_at) AS at INTO c FROM hospital_cost._ledger l WHERE l.encounter_code = encounter;
	SELECT coalesce(sum(x.amount) FILTER (WHERE x.kind = 'payment'), 0) AS payments, coalesce(sum(x.amount) FILTER (WHERE x.kind = 'deposit'), 0) AS deposits,
		-coalesce(sum(x.amount) FILTER (WHERE x.kind = 'refund'), 0) AS refunds,
		-coalesce(sum(x.amount) FILTER (WHERE x.kind = 'deposit_refund'), 0) AS deposit_refunds, coalesce(sum(x.amount), 0) AS amount, max(x.paid_at) AS at
	INTO p FROM hospital_cost._payment x WHERE COALESCE(x.encounter_code, x.patient_code) = encounter AND x.encounter_code = encounter;
	IF c.at IS NULL AND p.at IS NULL AND NOT EXISTS (SELECT FROM hospital_cost.encounter e WHERE e.code = encounter) THEN
		RAISE EXCEPTION 'encounter is not known' USING ERRCODE = 'MC244',
			DETAIL = 'It has no charge, no payment and no row in hospital_cost.encounter.', HINT = 'Check the number that was asked for.';
	END IF;
	RETURN QUERY SELECT encounter, c.amount::numeric(18,2), p.payments::numeric(18,2), p.deposits::numeric(18,2), p.refunds::numeric(18,2),
		p.deposit_refunds::numeric(18,2), (p.amount - c.amount)::numeric(18,2), greatest(c.at, p.at);
END $$;
