-- 30 cashier: the standing check of a day's money, by separate SQL over the entries.

-- Closes that ended on the day, worked out again from the entries they own.
CREATE OR REPLACE FUNCTION hospital_cost._verify_closes(day date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH k AS MATERIALIZED (
		SELECT c.*, s.opened_at FROM hospital_cost._shift_close c JOIN hospital_cost._shift s ON s.shift_id = c.shift_id
		WHERE hospital_cost.hospital_day(upper(c.span)) = _verify_closes.day
	), owned AS (
		SELECT k.shift_id, count(p.entry_id) AS entries, coalesce(sum(p.amount), 0) AS amount,
			coalesce(sum(p.amount) FILTER (WHERE m.channel = 'cash'), 0) AS cash, count(*) FILTER (WHERE p.operator COLLATE "C" <> k.cashier_code) AS foreigners,
			count(*) FILTER (WHERE o.entry_id IS NOT NULL AND p.entry_id IS NULL) AS gone
		FROM k LEFT JOIN hospital_cost._closed_payment o ON o.shift_id = k.shift_id LEFT JOIN hospital_cost._payment p ON p.entry_id = o.entry_id
		LEFT JOIN hospital_cost._shift_method m ON m.shift_id = k.shift_id AND m.method = p.method COLLATE "C"
		GROUP BY k.shift_id
	)
	SELECT 'closes: amount of the entries they own', coalesce(sum(k.amount), 0), coalesce(sum(o.amount), 0),
		'shift ' || min(k.shift_id) FILTER (WHERE k.amount <> o.amount) FROM k JOIN owned o ON o.shift_id = k.shift_id
	UNION ALL SELECT 'closes: entries they own', coalesce(sum(k.entries), 0), coalesce(sum(o.entries), 0),
		'shift ' || min(k.shift_id) FILTER (WHERE k.entries <> o.entries) FROM k JOIN owned o ON o.shift_id = k.shift_id
	UNION ALL SELECT 'closes: cash in − cash out', coalesce(sum(k.cash_in - k.cash_out), 0), coalesce(sum(o.cash), 0),
		'shift ' || min(k.shift_id) FILTER (WHERE k.cash_in - k.cash_out <> o.cash) FROM k JOIN owned o ON o.shift_id = k.shift_id
	UNION ALL SELECT 'closes: entries of another cashier, or gone', 0, coalesce(sum(o.foreigners + o.gone), 0),
		'shift ' || min(o.shift_id) FILTER (WHERE o.foreigners + o.gone > 0) FROM owned o
	UNION ALL SELECT 'closes that do not begin where the one before ended', 0, count(*), 'shift ' || min(k.shift_id)
		FROM k JOIN LATERAL (SELECT max(upper(b.span)) AS at FROM hospital_cost._shift_close b WHERE b.cashier_code = k.cashier_code
			AND upper(b.span) < upper(k.span)) b ON true WHERE b.at <> lower(k.span) OR k.opened_at <> lower(k.span)
	UNION ALL SELECT 'closes: float counted at the start = at the end of the one before', 0, count(*), 'shift ' || min(k.shift_id)
		FROM k JOIN hospital_cost._shift_close b ON b.cashier_code = k.cashier_code AND upper(b.span) = lower(k.span) WHERE b.float_end <> k.float_start;
END;

CREATE OR REPLACE FUNCTION hospital_cost._verify_vouchers(day date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH v AS MATERIALIZED (SELECT x.* FROM hospital_cost.voucher x WHERE x.day = _verify_vouchers.day)
	SELECT 'vouchers: debit = credit', coalesce(sum(v.debit), 0), coalesce(sum(v.credit), 0), NULL FROM v
	UNION ALL SELECT 'vouchers: income = charges of the day', (SELECT coalesce(sum(l.amount), 0) * 0.01 FROM hospital_cost._ledger l
		WHERE l.service_day = _verify_vouchers.day), coalesce(sum(v.credit), 0), NULL FROM v WHERE v.event IN ('outpatient_charge', 'inpatient_charge')
	UNION ALL SELECT 'vouchers: money = payments of the day', (SELECT coalesce(sum(p.amount), 0) FROM hospital_cost._payment p
		WHERE p.day = _verify_vouchers.day), coalesce(sum(v.debit), 0), NULL FROM v WHERE v.event IN ('outpatient_payment', 'inpatient_payment', 'deposit')
	UNION ALL SELECT 'vouchers: lines without an account', 0, count(*), min(v.account_code) FROM v WHERE v.account_code LIKE '?%';
END;

CREATE OR REPLACE FUNCTION hospital_cost._verify_receipts(day date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'receipts: payments without a number', 0::numeric, count(*)::numeric, 'entry ' || min(p.entry_id)
	FROM hospital_cost._live_payment p WHERE p.day = _verify_receipts.day AND p.entry = 'post' AND p.receipt_no IS NULL
		AND EXISTS (SELECT FROM hospital_cost._receipt_range)
	UNION ALL SELECT 'receipts: numbers used twice, void, outside or by another cashier', 0, count(*), min(x.receipt_no)
	FROM (
		SELECT u.receipt_no FROM (
			SELECT p.receipt_no COLLATE "C" AS receipt_no, min(p.cashier_code) AS first_cashier, max(p.cashier_code) AS last_cashier,
				count(*) FILTER (WHERE p.entry = 'post') AS payments,
				min(w.account) <> max(w.account) OR min(w.settlement) <> max(w.settlement) OR min(w.cashier_code) <> max(w.cashier_code)
					OR min(w.day) <> max(w.day) AS is_shared
			-- The numbers of the day, and whatever else was given one of them on any day.
			FROM (SELECT DISTINCT d.receipt_no COLLATE "C" AS receipt_no FROM hospital_cost._live_payment d
				WHERE d.day = _verify_receipts.day AND d.receipt_no IS NOT NULL) o
			JOIN hospital_cost._live_payment p ON p.receipt_no COLLATE "C" = o.receipt_no
			LEFT JOIN LATERAL (SELECT COALESCE(p.encounter_code, p.patient_code) AS account, coalesce(p.settlement, '') COLLATE "C" AS settlement,
				coalesce(p.cashier_code, '') AS cashier_code, p.day WHERE p.entry = 'post') w ON true
			GROUP BY p.receipt_no COLLATE "C" HAVING min(p.day) = _verify_receipts.day) u
		LEFT JOIN hospital_cost._receipt_range r ON left(u.receipt_no, length(r.prefix)) = r.prefix AND length(u.receipt_no) = length(r.prefix) + r.width
			AND CASE WHEN substr(u.receipt_no, length(r.prefix) + 1) ~ '^[0-9]{1,18}$' THEN substr(u.receipt_no, length(r.prefix) + 1)::bigint <@ r.numbers END
		LEFT JOIN hospital_cost._receipt_void v ON v.receipt_no = u.receipt_no
		WHERE v.receipt_no IS NOT NULL AND u.payments > 0 OR v.receipt_no IS NULL AND (u.is_shared OR r.range_id IS NULL
			OR r.cashier_code <> u.first_cashier OR u.first_cashier <> u.last_cashier)) x
	WHERE EXISTS (SELECT FROM hospital_cost._receipt_range);
END;

-- What this room knows of a day's money; room 50 adds what statements say of it.
CREATE OR REPLACE FUNCTION hospital_cost._verify_cashier(day date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'payments of the day = in closes + not closed yet' AS identity, coalesce(sum(p.amount), 0) AS expected,
		(SELECT coalesce(sum(h.closed + h.not_closed), 0) FROM hospital_cost.hospital_day h WHERE h.day = _verify_cashier.day) AS actual, NULL::text AS example
	FROM hospital_cost._payment p WHERE p.day = _verify_cashier.day
	UNION ALL SELECT 'payments of the day = by cashier', coalesce(sum(p.amount), 0),
		(SELECT coalesce(sum(c.amount), 0) FROM hospital_cost.cashier_day c WHERE c.day = _verify_cashier.day), NULL
	FROM hospital_cost._payment p WHERE p.day = _verify_cashier.day
	UNION ALL SELECT 'payments that nobody can close: no such cashier', 0, count(*), 'entry ' || min(m.entry_id) FROM hospital_cost._live_payment m
	WHERE m.day = _verify_cashier.day AND NOT EXISTS (SELECT FROM hospital_cost.cashier c
		WHERE c.code = m.cashier_code AND c.login IS NOT NULL)
	UNION ALL SELECT 'payments of an unknown method', 0, count(*), 'entry ' || min(m.entry_id) FROM hospital_cost._money m
	WHERE m.day = _verify_cashier.day AND m.channel IS NULL
	UNION ALL SELECT * FROM hospital_cost._verify_closes(_verify_cashier.day)
	UNION ALL SELECT * FROM hospital_cost._verify_vouchers(_verify_cashier.day)
	UNION ALL SELECT * FROM hospital_cost._verify_receipts(_verify_cashier.day)
	UNION ALL SELECT * FROM hospital_cost._verify_settlements(_verify_cashier.day);
END;
