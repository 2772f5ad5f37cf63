-- 30 cashier: opening and closing a shift, and the float between them.

-- One step at a time for a cashier, and each sees what the one before it committed. Nobody who posts takes this lock.
CREATE OR REPLACE FUNCTION hospital_cost._lock_cashier(cashier text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'shifts are opened and closed in a read committed transaction' USING ERRCODE = 'MC30A',
			HINT = 'Begin the transaction with ISOLATION LEVEL READ COMMITTED.';
	END IF;
	PERFORM pg_advisory_xact_lock(18530, hashtext(cashier));
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.open_shift(window_code text DEFAULT NULL, cashier text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c hospital_cost.cashier := hospital_cost._own_cashier(cashier);
	result bigint;
BEGIN
	PERFORM hospital_cost._lock_cashier(c.code);
	SELECT s.shift_id INTO result FROM hospital_cost._shift s
	WHERE s.cashier_code = c.code AND NOT EXISTS (SELECT FROM hospital_cost._shift_close k WHERE k.shift_id = s.shift_id);
	IF FOUND THEN
		RETURN result;
	END IF;
	IF window_code IS NOT NULL AND NOT EXISTS (SELECT FROM hospital_cost.cashier_window w
		WHERE w.code = open_shift.window_code AND w.valid @> hospital_cost.hospital_day(now())) THEN
		RAISE EXCEPTION 'window "%" is not known', window_code USING ERRCODE = 'MC302', HINT = 'See hospital_cost.cashier_window and its validity.';
	END IF;
	INSERT INTO hospital_cost._shift AS s (cashier_code, window_code, opened_at, began_at, float_start)
	SELECT c.code, open_shift.window_code, coalesce(l.at, n.at), n.at, coalesce(l.float_end, 0)
	FROM (SELECT clock_timestamp() AS at) n
	LEFT JOIN (SELECT upper(k.span) AS at, k.float_end FROM hospital_cost._shift_close k WHERE k.cashier_code = c.code
		ORDER BY upper(k.span) DESC LIMIT 1) l ON true
	RETURNING s.shift_id INTO result;
	RETURN result;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._next_transaction() RETURNS xid8
AS 'MODULE_PATHNAME', 'hc_next_transaction'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- Takes what is the cashier's and in no close yet, then works out his cash from what was taken and nothing else. Where to begin looking: each close
-- notes the last entry number drawn before it, and the first transaction that had not begun. Once all before that one have ended, an entry up to
-- that number is there or never will be: a transaction that posts has its number before it draws one for an entry. The close that sees this
-- has then taken all the cashier's entries up to there.
CREATE OR REPLACE FUNCTION hospital_cost._close_shift(s hospital_cost._shift, counted numeric, banked numeric, float_counted numeric) RETURNS void
-- Entries are looked for from a number on, whatever statistics from when there were few say.
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
	-- What is drawn is read before what is running.
	drawn bigint := (SELECT CASE WHEN q.is_called THEN q.last_value ELSE q.last_value - 1 END FROM hospital_cost.payment_seq q);
	running xid8 := hospital_cost._next_transaction();
	before bigint := coalesce((SELECT max(k.decided) FROM hospital_cost._shift_close k WHERE k.cashier_code = s.cashier_code), 0);
	decided bigint;
	moved numeric;
	unknown text;
BEGIN
	-- Numbers that a session keeps for later would be drawn long before they are used.
	SELECT greatest(before, coalesce(max(x.drawn), 0)) INTO decided FROM (
		SELECT k.drawn FROM hospital_cost._shift_close k WHERE k.running <= pg_snapshot_xmin(pg_current_snapshot()) ORDER BY k.shift_id DESC LIMIT 1) x
	WHERE EXISTS (SELECT FROM pg_sequence q WHERE q.seqrelid = 'hospital_cost.payment_seq'::regclass AND q.seqcache = 1);
	INSERT INTO hospital_cost._closed_payment (entry_id, shift_id)
	SELECT p.entry_id, s.shift_id FROM hospital_cost._payment p
	WHERE p.entry_id > before AND p.operator COLLATE "C" = s.cashier_code AND NOT EXISTS (SELECT FROM hospital_cost._closed_payment c WHERE c.entry_id = p.entry_id);
	INSERT INTO hospital_cost._closed_float (float_id, shift_id)
	SELECT f.float_id, s.shift_id FROM hospital_cost._float_move f
	WHERE f.cashier_code = s.cashier_code AND NOT EXISTS (SELECT FROM hospital_cost._closed_float c WHERE c.float_id = f.float_id);
	SELECT string_agg(DISTINCT quote_ident(p.method), ', ') INTO unknown
	FROM hospital_cost._closed_payment o JOIN hospital_cost._payment p ON p.entry_id = o.entry_id
	WHERE o.shift_id = s.shift_id AND NOT EXISTS (SELECT FROM hospital_cost.payment_method m WHERE m.code = p.method COLLATE "C");
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'shift % has payments of unknown methods', s.shift_id USING ERRCODE = 'MC306',
			DETAIL = format('Methods: %s. Whether they are cash decides what is expected.', unknown), HINT = 'Insert them into hospital_cost.payment_method.';
	END IF;
	INSERT INTO hospital_cost._shift_method (shift_id, method, channel, transactions, amount_in, amount_out)
	SELECT s.shift_id, m.code, m.channel, sum(CASE p.entry WHEN 'reverse' THEN -1 ELSE 1 END),
		coalesce(sum(p.amount) FILTER (WHERE p.kind IN ('payment', 'deposit')), 0),
		coalesce(-sum(p.amount) FILTER (WHERE p.kind IN ('refund', 'deposit_refund')), 0)
	FROM hospital_cost._closed_payment o JOIN hospital_cost._payment p ON p.entry_id = o.entry_id
	JOIN hospital_cost.payment_method m ON m.code = p.method COLLATE "C"
	WHERE o.shift_id = s.shift_id GROUP BY m.code;
	SELECT coalesce(sum(f.amount), 0) INTO moved FROM hospital_cost._closed_float o JOIN hospital_cost._float_move f ON f.float_id = o.float_id
	WHERE o.shift_id = s.shift_id;
	INSERT INTO hospital_cost._shift_close (shift_id, cashier_code, span, entries, amount, float_start, float_moved, cash_in, cash_out, banked, float_end,
		counted, drawn, running, decided)
	SELECT s.shift_id, s.cashier_code, tstzrange(s.opened_at, greatest(clock_timestamp(), s.opened_at + interval '1 microsecond')),
		(SELECT count(*) FROM hospital_cost._closed_payment o WHERE o.shift_id = s.shift_id), coalesce(sum(m.amount_in - m.amount_out), 0), s.float_start, moved,
		coalesce(sum(m.amount_in) FILTER (WHERE m.channel = 'cash'), 0), coalesce(sum(m.amount_out) FILTER (WHERE m.channel = 'cash'), 0), banked,
		greatest(coalesce(float_counted, s.float_start + moved), 0), counted, drawn, running, decided
	FROM hospital_cost._shift_method m WHERE m.shift_id = s.shift_id;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.close_shift(shift bigint, counted numeric, banked numeric DEFAULT 0, float_counted numeric DEFAULT NULL)
RETURNS TABLE (expected numeric, counted_cash numeric, difference numeric, entries bigint, closed_at timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s hospital_cost._shift;
	v record;
BEGIN
	SELECT x.* INTO s FROM hospital_cost._shift x WHERE x.shift_id = shift;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'shift % is not known', shift USING ERRCODE = 'MC304', HINT = 'See hospital_cost.shift.';
	END IF;
	PERFORM hospital_cost._own_cashier(s.cashier_code);
	PERFORM hospital_cost._lock_cashier(s.cashier_code);
	IF NOT EXISTS (SELECT FROM hospital_cost._shift_close k WHERE k.shift_id = s.shift_id) THEN
		IF counted IS NULL THEN
			RAISE EXCEPTION 'shift % is not closed without a count', shift USING ERRCODE = 'MC305', HINT = 'Count the cash to be handed in and give the sum.';
		END IF;
		FOR v IN SELECT * FROM (VALUES ('counted', counted), ('banked', banked), ('float_counted', coalesce(float_counted, 0))) AS x (name, amount) LOOP
			IF (v.amount >= 0 AND v.amount < 1e15 AND v.amount = round(v.amount, 2)) IS NOT TRUE THEN
				RAISE EXCEPTION 'shift %: "%" is no amount of cash', shift, v.name USING ERRCODE = 'MC305', HINT = 'Give yuan and cents, not below zero.';
			END IF;
		END LOOP;
		PERFORM hospital_cost._close_shift(s, counted, banked, float_counted);
	END IF;
	RETURN QUERY SELECT k.expected, k.counted, k.counted - k.expected, k.entries, upper(k.span) FROM hospital_cost._shift_close k WHERE k.shift_id = shift;
END $$;

-- What was handed to a cashier, came back, or was counted by surprise. Nobody moves his own float.
CREATE OR REPLACE FUNCTION hospital_cost.move_float(cashier text, kind text, amount numeric, note text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c hospital_cost.cashier;
	result bigint;
BEGIN
	SELECT x.* INTO c FROM hospital_cost.cashier x WHERE x.code = cashier;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'cashier "%" is not known', cashier USING ERRCODE = 'MC302', HINT = 'See hospital_cost.cashier.';
	ELSIF c.login = session_user THEN
		RAISE EXCEPTION 'login "%" cannot move the float of cashier "%", who he is himself', session_user, cashier USING ERRCODE = 'MC303',
			HINT = 'The leader hands out floats; his own comes from another.';
	ELSIF (kind IN ('issue', 'top_up', 'return', 'count')) IS NOT TRUE
		OR (amount >= 0 AND amount < 1e15 AND amount = round(amount, 2) AND (amount > 0 OR kind = 'count')) IS NOT TRUE THEN
		RAISE EXCEPTION 'float of cashier "%": kind "%" with this amount is not possible', cashier, kind USING ERRCODE = 'MC302',
			HINT = 'kind: issue, top_up, return or count; the amount is above zero, in yuan and cents.';
	END IF;
	INSERT INTO hospital_cost._float_move AS f (cashier_code, kind, amount, counted, note)
	SELECT c.code, move_float.kind, CASE move_float.kind WHEN 'return' THEN -move_float.amount WHEN 'count' THEN 0 ELSE move_float.amount END,
		CASE move_float.kind WHEN 'count' THEN move_float.amount END, move_float.note
	RETURNING f.float_id INTO result;
	RETURN result;
END $$;

-- Whoever may count need not be able to hand out.
CREATE OR REPLACE FUNCTION hospital_cost.count_float(cashier text, counted numeric, note text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost.move_float(cashier, 'count', counted, note);

-- Movements, surprise counts, and the count at each close, in the order in which they hold; book is what was handed out and not given back.
CREATE OR REPLACE VIEW hospital_cost.float_ledger AS
SELECT x.cashier_code, c.name AS cashier_name, x.kind, x.at, x.by, x.amount,
	(sum(x.amount) OVER (PARTITION BY x.cashier_code ORDER BY x.shift_id NULLS LAST, x.ord, x.id))::numeric(18,2) AS book, x.counted, x.shift_id, x.note
FROM (
	SELECT f.cashier_code, f.kind, f.moved_at AS at, f.moved_by AS by, f.amount, f.counted, o.shift_id, f.note, 0 AS ord, f.float_id AS id
	FROM hospital_cost._float_move f LEFT JOIN hospital_cost._closed_float o ON o.float_id = f.float_id
	UNION ALL
	SELECT k.cashier_code, 'close', upper(k.span), k.closed_by, 0, k.float_end, k.shift_id, NULL, 1, 0 FROM hospital_cost._shift_close k) x
JOIN hospital_cost.cashier c ON c.code = x.cashier_code;
