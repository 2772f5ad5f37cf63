-- 30 cashier: what is given back of a settlement, shared by its lines, payers and payments; the parts close it to the cent.

-- An amount over parts in proportion to what is left of each, by largest remainder: no part gets more than it has, and the last amount takes all.
CREATE OR REPLACE FUNCTION hospital_cost._share_rest(amount numeric, rests numeric[]) RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH part AS (
		SELECT r.n, div(amount * 100 * r.rest * 100, nullif(t.total, 0)) AS share, mod(amount * 100 * r.rest * 100, nullif(t.total, 0)) AS remainder
		FROM unnest(rests) WITH ORDINALITY r (rest, n) CROSS JOIN (SELECT sum(x) * 100 AS total FROM unnest(rests) AS x) t
	), ranked AS (
		SELECT p.*, row_number() OVER (ORDER BY p.remainder DESC, p.n) AS place, amount * 100 - sum(p.share) OVER () AS over FROM part p
	)
	SELECT array_agg((k.share + CASE WHEN k.place <= k.over THEN 1 ELSE 0 END) * 0.01 ORDER BY k.n) FROM ranked k;
END;

-- Who paid a settlement, and what is left of each share. Own cash takes what the others leave of the total; a relative's account is a part where it is
-- beside the own one.
CREATE OR REPLACE FUNCTION hospital_cost._settlement_payer(s hospital_cost._settlement) RETURNS TABLE (part text, channel text, amount numeric, rest numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH other AS (
		SELECT * FROM (VALUES ('hifp_pay', 'insurer_fund', s.hifp_pay), ('hifob_pay', 'insurer_fund', s.hifob_pay), ('hifmi_pay', 'insurer_fund', s.hifmi_pay),
			('hifes_pay', 'insurer_fund', s.hifes_pay), ('cvlserv_pay', 'insurer_fund', s.cvlserv_pay), ('maf_pay', 'insurer_fund', s.maf_pay),
			('oth_pay', 'insurer_fund', s.oth_pay), ('acct_pay', 'insurer_account', s.acct_pay),
			('acct_mulaid_pay', 'insurer_account', s.psn_part_amt - s.acct_pay - s.psn_cash_pay), ('hosp_part_amt', 'hospital', s.hosp_part_amt)) v (part, channel, amount)
		WHERE v.amount > 0
	), payer AS (
		TABLE other UNION ALL SELECT 'psn_cash_pay', 'own', greatest(s.medfee_sumamt - coalesce((SELECT sum(o.amount) FROM other o), 0), 0)
	)
	SELECT p.part, p.channel, p.amount, p.amount - coalesce((SELECT sum(x.amount) FROM hospital_cost.settlement_refund r
		JOIN hospital_cost.settlement_refund_part x ON x.refund_id = r.refund_id AND x.kind = 'payer' AND x.part = p.part COLLATE "C"
		WHERE r.settlement_id = s.settlement_id), 0)
	FROM payer p;
END;

-- The payments of a settlement: those that name it, else those of its encounter; less what refunds gave back, or were told to.
CREATE OR REPLACE FUNCTION hospital_cost._settlement_payment(s hospital_cost._settlement)
RETURNS TABLE (part text, channel text, method text, amount numeric, rest numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH original AS (
		SELECT p.*, p.settlement IN (s.setl_id, s.medins_setl_id) IS TRUE AS named FROM hospital_cost._live_payment p
		WHERE COALESCE(p.encounter_code, p.patient_code) = s.encounter_code AND p.encounter_code = s.encounter_code AND p.entry = 'post' AND p.amount > 0
	)
	SELECT o.source_id || ':' || o.source_key, CASE WHEN m.channel IN ('insurer_fund', 'insurer_account') THEN m.channel ELSE 'own' END, o.method, o.amount,
		greatest(o.amount - greatest(-coalesce((SELECT sum(r.amount) FROM hospital_cost._payment r WHERE r.source_id = o.source_id
				AND r.reverses_key = o.source_key AND r.kind IN ('refund', 'deposit_refund')), 0),
			coalesce((SELECT sum(x.amount) FROM hospital_cost.settlement_refund f JOIN hospital_cost.settlement_refund_part x ON x.refund_id = f.refund_id
				WHERE f.settlement_id = s.settlement_id AND x.kind = 'payment' AND x.part = o.source_id || ':' || o.source_key), 0)), 0)
	FROM original o LEFT JOIN hospital_cost.payment_method m ON m.code = o.method COLLATE "C"
	WHERE o.named OR NOT EXISTS (SELECT FROM original n WHERE n.named);
END;

CREATE OR REPLACE FUNCTION hospital_cost._refund_lines(s hospital_cost._settlement, lines jsonb) RETURNS TABLE (part text, quantity numeric, amount numeric, rest numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g record;
	l record;
BEGIN
	IF jsonb_typeof(lines) IS DISTINCT FROM 'array' OR lines = '[]' OR lines @? '$[*] ? (@.type() != "object")'
		OR (SELECT count(*) <> count(DISTINCT x ->> 'line_no') FROM jsonb_array_elements(lines) x) THEN
		RAISE EXCEPTION 'the lines of a refund are not a list of lines' USING ERRCODE = 'MC30J', HINT = '[{"line_no": "1", "quantity": 2}], each line once.';
	END IF;
	FOR g IN SELECT x ->> 'line_no' AS line_no, (x ->> 'quantity')::numeric AS quantity FROM jsonb_array_elements(lines) x LOOP
		SELECT n.*, n.quantity - coalesce(d.quantity, 0) AS quantity_left, n.amount - coalesce(d.amount, 0) AS amount_left INTO l
		FROM hospital_cost.settlement_line n CROSS JOIN LATERAL (SELECT sum(p.quantity) AS quantity, sum(p.amount) AS amount FROM hospital_cost.settlement_refund r
			JOIN hospital_cost.settlement_refund_part p ON p.refund_id = r.refund_id AND p.kind = 'line' AND p.part = n.line_no
			WHERE r.settlement_id = s.settlement_id) d
		WHERE n.settlement_id = s.settlement_id AND n.line_no = g.line_no;
		IF NOT FOUND OR (g.quantity > 0 AND g.quantity <= l.quantity_left AND g.quantity = round(g.quantity, 4)) IS NOT TRUE THEN
			RAISE EXCEPTION 'line "%" of settlement % cannot be given back so', g.line_no, s.settlement_id USING ERRCODE = 'MC30J',
				DETAIL = CASE WHEN l.line_no IS NULL THEN 'It has no such line.' ELSE format('%s were asked for, %s are left.', g.quantity, l.quantity_left) END,
				HINT = 'See hospital_cost.settlement_line, and settlement_refund_part for what was given back.';
		END IF;
		part := g.line_no;
		quantity := g.quantity;
		rest := l.amount_left;
		amount := CASE WHEN g.quantity = l.quantity_left THEN l.amount_left ELSE least(round(l.amount * g.quantity / l.quantity, 2), l.amount_left) END;
		RETURN NEXT;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._split_refund(settlement bigint, lines jsonb, amount numeric)
RETURNS TABLE (kind text, part text, method text, quantity numeric, rest numeric, amount_back numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s hospital_cost._settlement;
	c record;
	left_over numeric;
BEGIN
	SELECT x.* INTO s FROM hospital_cost._settlement x JOIN hospital_cost._settlement_standing o ON o.settlement_id = x.settlement_id
	WHERE x.settlement_id = settlement;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'nothing can be given back of settlement %', settlement USING ERRCODE = 'MC30J',
			DETAIL = 'It is not known, failed, or was reversed.', HINT = 'See the state in hospital_cost.settlement.';
	END IF;
	IF lines IS NOT NULL THEN
		RETURN QUERY SELECT 'line', l.part, NULL::text, l.quantity, l.rest, l.amount FROM hospital_cost._refund_lines(s, lines) l;
		amount := (SELECT sum(l.amount) FROM hospital_cost._refund_lines(s, lines) l);
	END IF;
	left_over := s.medfee_sumamt - coalesce((SELECT sum(r.amount) FROM hospital_cost.settlement_refund r WHERE r.settlement_id = settlement), 0);
	IF (amount > 0 AND amount <= left_over AND amount = round(amount, 2)) IS NOT TRUE THEN
		RAISE EXCEPTION '% cannot be given back of settlement %', amount, settlement USING ERRCODE = 'MC30J',
			DETAIL = format('%s are left of it.', left_over), HINT = 'Give back an amount in yuan and cents that is above zero and not above what is left.';
	END IF;
	FOR c IN SELECT x.channel, sum(x.share) AS share
		FROM (SELECT array_agg(y.channel ORDER BY y.part) AS channels, array_agg(y.rest ORDER BY y.part) AS rests FROM hospital_cost._settlement_payer(s) y) p
		CROSS JOIN LATERAL unnest(hospital_cost._share_rest(amount, p.rests), p.channels) x (share, channel)
		WHERE x.share > 0 GROUP BY x.channel ORDER BY x.channel LOOP
		-- What no payment of this kind bore has nowhere to go back to: an insurer's share that is only claimed, arrears, the hospital's own part.
		RETURN QUERY WITH pay AS (
			SELECT array_agg(y.part ORDER BY y.part) AS parts, array_agg(y.method ORDER BY y.part) AS methods, array_agg(y.rest ORDER BY y.part) AS rests,
				coalesce(sum(y.rest), 0) AS total FROM hospital_cost._settlement_payment(s) y WHERE y.channel = c.channel AND y.rest > 0
		)
		SELECT 'payment', x.part, x.method, NULL::numeric, x.rest, x.share FROM pay
		CROSS JOIN LATERAL unnest(pay.parts, pay.methods, pay.rests, hospital_cost._share_rest(least(c.share, pay.total), pay.rests)) x (part, method, rest, share)
		WHERE x.share > 0
		UNION ALL SELECT 'unpaid', c.channel, NULL, NULL, NULL, c.share - pay.total FROM pay WHERE c.share > pay.total;
	END LOOP;
	RETURN QUERY SELECT 'payer', x.part, NULL::text, NULL::numeric, x.rest, x.share
		FROM (SELECT array_agg(y.part ORDER BY y.part) AS parts, array_agg(y.rest ORDER BY y.part) AS rests FROM hospital_cost._settlement_payer(s) y) p
		CROSS JOIN LATERAL unnest(p.parts, p.rests, hospital_cost._share_rest(amount, p.rests)) x (part, rest, share);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.split_refund(settlement bigint, lines jsonb, amount numeric DEFAULT NULL)
RETURNS TABLE (kind text, part text, method text, quantity numeric, rest numeric, amount_back numeric)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT x.kind, x.part, x.method, x.quantity, x.rest, x.amount_back FROM hospital_cost._split_refund(settlement, lines, amount) x
	ORDER BY array_position('{line,payer,payment,unpaid}'::text[], x.kind), x.part COLLATE "C";
END;

CREATE OR REPLACE FUNCTION hospital_cost.refund_settlement(settlement bigint, lines jsonb, reason text, amount numeric DEFAULT NULL)
RETURNS TABLE (kind text, part text, method text, quantity numeric, rest numeric, amount_back numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parts jsonb;
	refund bigint;
BEGIN
	IF coalesce(btrim(reason), '') = '' OR (EXISTS (SELECT FROM hospital_cost.reason_code c WHERE c.purpose = 'refund')
		AND NOT EXISTS (SELECT FROM hospital_cost.reason_code c WHERE c.purpose = 'refund' AND c.code = refund_settlement.reason AND c.active)) THEN
		RAISE EXCEPTION 'reason "%" is not one of a refund', reason USING ERRCODE = 'MC30J', HINT = 'See the rows of hospital_cost.reason_code with purpose refund.';
	END IF;
	-- Refunds of one settlement come one after the other.
	PERFORM FROM hospital_cost._settlement s WHERE s.settlement_id = settlement FOR UPDATE;
	parts := (SELECT jsonb_agg(to_jsonb(x)) FROM hospital_cost.split_refund(settlement, lines, amount) x);
	INSERT INTO hospital_cost.settlement_refund AS r (settlement_id, refund_no, amount, reason)
	SELECT settlement, 1 + (SELECT count(*) FROM hospital_cost.settlement_refund o WHERE o.settlement_id = settlement),
		(SELECT sum((p ->> 'amount_back')::numeric) FROM jsonb_array_elements(parts) p WHERE p ->> 'kind' = 'payer'), refund_settlement.reason
	ON CONFLICT (settlement_id, refund_no) DO NOTHING RETURNING r.refund_id INTO refund;
	IF refund IS NULL THEN
		RAISE EXCEPTION 'could not serialize access due to concurrent refunds' USING ERRCODE = 'serialization_failure', HINT = 'Run the transaction again.';
	END IF;
	INSERT INTO hospital_cost.settlement_refund_part (refund_id, kind, part, quantity, amount)
	SELECT refund, p ->> 'kind', p ->> 'part', (p ->> 'quantity')::numeric, (p ->> 'amount_back')::numeric
	FROM jsonb_array_elements(parts) p WHERE p ->> 'kind' <> 'unpaid';
	RETURN QUERY SELECT p.kind, p.part, p.method, p.quantity, p.rest, p.amount_back
		FROM jsonb_to_recordset(parts) p (kind text, part text, method text, quantity numeric, rest numeric, amount_back numeric);
END $$;
