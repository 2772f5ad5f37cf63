-- 30 cashier: what others see of a close: the leader's review, the accountant's sample, long and short cash.

-- The close of a shift, for somebody who had no part in it: who he is, is his login, never what he says.
CREATE OR REPLACE FUNCTION hospital_cost._closed_by_other(shift bigint) RETURNS hospital_cost._shift_close
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k hospital_cost._shift_close;
BEGIN
	SELECT x.* INTO k FROM hospital_cost._shift_close x WHERE x.shift_id = shift;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'shift % is not closed', shift USING ERRCODE = 'MC304', HINT = 'See hospital_cost.shift.';
	ELSIF session_user = k.closed_by OR EXISTS (SELECT FROM hospital_cost._shift s WHERE s.shift_id = shift AND s.opened_by = session_user)
		OR EXISTS (SELECT FROM hospital_cost.cashier c WHERE c.code = k.cashier_code AND c.login = session_user) THEN
		RAISE EXCEPTION 'login "%" cannot judge shift %, which is his own', session_user, shift USING ERRCODE = 'MC303',
			HINT = 'Closing, review and audit are by three different logins.';
	END IF;
	RETURN k;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.review_shift(shift bigint, note text DEFAULT NULL) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k hospital_cost._shift_close := hospital_cost._closed_by_other(shift);
	waiting text;
BEGIN
	SELECT string_agg(x.source_key, ', ') INTO waiting FROM (
		SELECT r.source_key FROM hospital_cost.refund_approval r WHERE r.shift_id = shift AND r.state = 'waiting' ORDER BY r.entry_id LIMIT 10) x;
	IF waiting IS NOT NULL THEN
		RAISE EXCEPTION 'shift % has refunds that wait for approval', shift USING ERRCODE = 'MC307', DETAIL = format('Keys: %s.', waiting),
			HINT = 'See hospital_cost.refund_approval; hospital_cost.approve(''refund'', table, key, amount, note) approves one.';
	END IF;
	INSERT INTO hospital_cost._shift_review (shift_id, note) VALUES (shift, review_shift.note) ON CONFLICT DO NOTHING;
	RETURN (SELECT r.reviewed_at FROM hospital_cost._shift_review r WHERE r.shift_id = shift);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.audit_shift(shift bigint, sample_size int DEFAULT 20, seed bigint DEFAULT NULL)
RETURNS TABLE (entry_id bigint, source regclass, source_key text, kind text, method text, amount numeric, paid_at timestamptz, receipt_no text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k hospital_cost._shift_close := hospital_cost._closed_by_other(shift);
	reviewer text;
	drawn bigint := coalesce(seed, floor(random() * 2000000000)::bigint);
BEGIN
	SELECT r.reviewed_by INTO reviewer FROM hospital_cost._shift_review r WHERE r.shift_id = shift;
	IF reviewer IS NULL THEN
		RAISE EXCEPTION 'shift % is not reviewed', shift USING ERRCODE = 'MC308', HINT = 'The leader reviews first: hospital_cost.review_shift(shift).';
	ELSIF reviewer = session_user THEN
		RAISE EXCEPTION 'login "%" cannot audit shift %, which he reviewed', session_user, shift USING ERRCODE = 'MC303',
			HINT = 'Closing, review and audit are by three different logins.';
	ELSIF (sample_size BETWEEN 1 AND 10000) IS NOT TRUE THEN
		RAISE EXCEPTION 'a sample of % is not possible', sample_size USING ERRCODE = 'MC302', HINT = 'Draw 1 to 10000 entries.';
	END IF;
	INSERT INTO hospital_cost._shift_audit AS a (shift_id, seed, sample_size) VALUES (shift, drawn, audit_shift.sample_size) ON CONFLICT DO NOTHING;
	IF FOUND THEN
		-- The seed and the number decide: whoever has both draws the same sample again.
		INSERT INTO hospital_cost._shift_audit_entry (shift_id, entry_id)
		SELECT shift, o.entry_id FROM hospital_cost._closed_payment o WHERE o.shift_id = shift
		ORDER BY md5(drawn || ':' || o.entry_id) COLLATE "C", o.entry_id LIMIT audit_shift.sample_size;
	END IF;
	RETURN QUERY SELECT p.entry_id, a.relation, p.source_key, p.kind, p.method, p.amount, p.paid_at, p.receipt_no
		FROM hospital_cost._shift_audit_entry e JOIN hospital_cost._payment p ON p.entry_id = e.entry_id
		JOIN hospital_cost.attachment a ON a.source_id = p.source_id
		WHERE e.shift_id = shift ORDER BY p.entry_id;
END $$;

CREATE OR REPLACE VIEW hospital_cost.shift AS
SELECT s.shift_id, s.cashier_code, c.name AS cashier_name, s.window_code, s.opened_at, s.began_at, s.opened_by, upper(k.span) AS closed_at, k.closed_by,
	CASE WHEN a.shift_id IS NOT NULL THEN 'audited' WHEN r.shift_id IS NOT NULL THEN 'reviewed' WHEN k.shift_id IS NOT NULL THEN 'closed' ELSE 'open' END AS state,
	k.entries, k.amount, s.float_start, k.float_moved, k.cash_in, k.cash_out, k.banked, k.float_end, k.expected, k.counted,
	(k.counted - k.expected)::numeric(18,2) AS difference, r.reviewed_at, r.reviewed_by, a.audited_at, a.audited_by, a.seed, a.sample_size
FROM hospital_cost._shift s
JOIN hospital_cost.cashier c ON c.code = s.cashier_code
LEFT JOIN hospital_cost._shift_close k ON k.shift_id = s.shift_id
LEFT JOIN hospital_cost._shift_review r ON r.shift_id = s.shift_id
LEFT JOIN hospital_cost._shift_audit a ON a.shift_id = s.shift_id;

-- A case is a close whose count differs; the last word about it holds.
CREATE OR REPLACE VIEW hospital_cost.long_short AS
SELECT k.shift_id, k.cashier_code, c.name AS cashier_name, CASE WHEN k.counted > k.expected THEN 'long' ELSE 'short' END AS kind,
	(k.counted - k.expected)::numeric(18,2) AS difference, k.expected, k.counted, upper(k.span) AS found_at, upper(k.span) + interval '24 hours' AS deadline,
	CASE WHEN h.handled_at IS NULL AND now() > upper(k.span) + interval '24 hours' THEN 'overdue' WHEN h.handled_at IS NULL THEN 'open'
		WHEN f.handled_at > upper(k.span) + interval '24 hours' THEN 'handled_late' ELSE 'handled' END AS state,
	h.cause_code, u.name AS cause_name, h.treatment, h.note, h.handled_at, h.handled_by
FROM hospital_cost._shift_close k
JOIN hospital_cost.cashier c ON c.code = k.cashier_code
LEFT JOIN LATERAL (SELECT x.* FROM hospital_cost._long_short_handling x WHERE x.shift_id = k.shift_id ORDER BY x.handling_id DESC LIMIT 1) h ON true
LEFT JOIN LATERAL (SELECT min(x.handled_at) AS handled_at FROM hospital_cost._long_short_handling x WHERE x.shift_id = k.shift_id) f ON true
LEFT JOIN hospital_cost.long_short_cause u ON u.code = h.cause_code
WHERE k.counted <> k.expected;

CREATE OR REPLACE FUNCTION hospital_cost.handle_long_short(shift bigint, cause text, treatment text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k hospital_cost._shift_close := hospital_cost._closed_by_other(shift);
BEGIN
	IF k.counted = k.expected THEN
		RAISE EXCEPTION 'shift % is neither long nor short', shift USING ERRCODE = 'MC309', HINT = 'See hospital_cost.long_short.';
	ELSIF NOT EXISTS (SELECT FROM hospital_cost.long_short_cause u WHERE u.code = cause AND u.active) THEN
		RAISE EXCEPTION 'cause "%" is not known', cause USING ERRCODE = 'MC309', HINT = 'See hospital_cost.long_short_cause.';
	ELSIF (treatment = ANY (CASE WHEN k.counted > k.expected THEN '{explained,liability,refunded}'
		ELSE '{explained,compensated,written_off}' END::text[])) IS NOT TRUE THEN
		RAISE EXCEPTION 'shift %: treatment "%" does not fit', shift, treatment USING ERRCODE = 'MC309',
			HINT = 'Of long cash: explained, liability, refunded. Of short cash: explained, compensated, written_off.';
	END IF;
	INSERT INTO hospital_cost._long_short_handling (shift_id, cause_code, treatment, note) VALUES (shift, cause, treatment, handle_long_short.note);
END $$;

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{_shift,_shift_close,_closed_payment,_shift_method,_float_move,_closed_float,_shift_review,_shift_audit,_shift_audit_entry,
		_long_short_handling,_receipt_range,_receipt_void}'::pg_catalog.text[] LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER guard_history BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost.%I FOR EACH STATEMENT '
			'EXECUTE FUNCTION hospital_cost._refuse_change(%L)', name, 'What was closed stays: a correction is a new payment, refund or case, not a change.');
	END LOOP;
END $$;
