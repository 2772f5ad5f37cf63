-- 30 cashier: receipts. Numbers are handed out in ranges; each is used once, void, or a question.

CREATE OR REPLACE FUNCTION hospital_cost.issue_receipts(prefix text, first_no bigint, last_no bigint, width int, cashier text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	result bigint;
BEGIN
	IF (first_no >= 0 AND last_no >= first_no AND last_no - first_no < 1000000 AND width BETWEEN length(last_no::text) AND 18 AND prefix IS NOT NULL)
		IS NOT TRUE THEN
		RAISE EXCEPTION 'receipts "%" % to % are no range', prefix, first_no, last_no USING ERRCODE = 'MC302',
			HINT = 'Give prefix, first and last number, at most a million of them, and a width that holds the last.';
	ELSIF cashier IS NOT NULL AND NOT EXISTS (SELECT FROM hospital_cost.cashier c WHERE c.code = cashier) THEN
		RAISE EXCEPTION 'cashier "%" is not known', cashier USING ERRCODE = 'MC302', HINT = 'See hospital_cost.cashier.';
	END IF;
	INSERT INTO hospital_cost._receipt_range AS r (prefix, width, numbers, cashier_code)
	VALUES (issue_receipts.prefix, issue_receipts.width, int8range(first_no, last_no, '[]'), cashier) RETURNING r.range_id INTO result;
	RETURN result;
EXCEPTION WHEN exclusion_violation THEN
	RAISE EXCEPTION 'receipts "%" % to % were handed out before', prefix, first_no, last_no USING ERRCODE = 'MC30B',
		HINT = 'See hospital_cost.receipt_range; a number is handed out once.';
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.void_receipt(receipt_no text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(btrim(reason), '') = '' OR coalesce(receipt_no, '') = '' THEN
		RAISE EXCEPTION 'receipt "%" is not void without a reason', receipt_no USING ERRCODE = 'MC302', HINT = 'Give its number and say why.';
	END IF;
	INSERT INTO hospital_cost._receipt_void (receipt_no, reason) VALUES (void_receipt.receipt_no, void_receipt.reason) ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE VIEW hospital_cost.receipt_range AS
SELECT r.range_id, r.prefix, r.width, lower(r.numbers) AS first_no, upper(r.numbers) - 1 AS last_no, r.cashier_code, r.issued_at, r.issued_by
FROM hospital_cost._receipt_range r;

-- What the ledger says of each number. One receipt may be paid by several methods: it is a duplicate where two visits, settlements, cashiers or days share it.
CREATE OR REPLACE VIEW hospital_cost._receipt_use AS
SELECT p.receipt_no COLLATE "C" AS receipt_no, min(p.entry_id) AS entry_id, count(*) FILTER (WHERE p.entry = 'post') AS payments,
	coalesce(sum(p.amount) FILTER (WHERE p.entry = 'post'), 0)::numeric(18,2) AS amount,
	coalesce(-sum(b.amount) FILTER (WHERE p.entry = 'post'), 0)::numeric(18,2) AS given_back,
	-- Cheaper than counting what is distinct: whether the least is the greatest. Codes are never empty.
	CASE WHEN min(COALESCE(p.encounter_code, p.patient_code)) FILTER (WHERE p.entry = 'post') <> max(COALESCE(p.encounter_code, p.patient_code))
		FILTER (WHERE p.entry = 'post') OR min(coalesce(p.settlement, '') COLLATE "C") FILTER (WHERE p.entry = 'post') <> max(coalesce(p.settlement, '')
		COLLATE "C") FILTER (WHERE p.entry = 'post') OR min(coalesce(p.cashier_code, '')) FILTER (WHERE p.entry = 'post') <> max(coalesce(p.cashier_code, ''))
		FILTER (WHERE p.entry = 'post') OR min(p.day) FILTER (WHERE p.entry = 'post') <> max(p.day) FILTER (WHERE p.entry = 'post') THEN 2 ELSE 1 END AS uses,
	min(p.cashier_code) AS cashier_code, CASE WHEN min(p.cashier_code) <> max(p.cashier_code) THEN 2 ELSE 1 END AS cashiers, min(p.day) AS day
FROM hospital_cost._live_payment p
LEFT JOIN LATERAL (SELECT sum(r.amount) AS amount FROM hospital_cost._payment r WHERE r.source_id = p.source_id AND r.reverses_key = p.source_key
	AND r.kind IN ('refund', 'deposit_refund')) b ON p.entry = 'post'
WHERE p.receipt_no IS NOT NULL
GROUP BY p.receipt_no COLLATE "C";

CREATE OR REPLACE VIEW hospital_cost.receipt AS
WITH issued AS (
	SELECT r.range_id, r.cashier_code, r.prefix || lpad(n.no::text, r.width, '0') AS receipt_no, n.no
	FROM hospital_cost._receipt_range r CROSS JOIN LATERAL generate_series(lower(r.numbers), upper(r.numbers) - 1) AS n (no)
), told AS (
	SELECT coalesce(i.receipt_no, u.receipt_no) AS receipt_no, i.range_id, i.cashier_code AS issued_to, u.cashier_code, u.cashiers, u.entry_id, u.payments,
		u.amount, u.given_back, u.uses, u.day, v.receipt_no IS NOT NULL AS void, v.reason, v.voided_at, v.voided_by,
		max(i.no) FILTER (WHERE u.receipt_no IS NOT NULL OR v.receipt_no IS NOT NULL) OVER (PARTITION BY i.range_id) >= i.no AS is_past
	FROM issued i
	FULL JOIN hospital_cost._receipt_use u ON u.receipt_no = i.receipt_no
	LEFT JOIN hospital_cost._receipt_void v ON v.receipt_no = coalesce(i.receipt_no, u.receipt_no)
)
SELECT t.receipt_no, t.range_id, t.issued_to, CASE
	WHEN t.void AND t.payments > 0 THEN 'void_used' WHEN t.void THEN 'void' WHEN t.entry_id IS NULL THEN 'gap'
	WHEN t.uses > 1 THEN 'duplicate' WHEN t.range_id IS NULL THEN 'outside'
	WHEN t.issued_to <> t.cashier_code OR t.cashiers > 1 THEN 'other_cashier'
	WHEN t.payments = 0 THEN 'red' WHEN t.amount = t.given_back AND t.amount > 0 THEN 'flushed' ELSE 'used' END AS state,
	t.cashier_code, t.day, t.payments, t.amount, t.given_back, t.entry_id, t.reason, t.voided_at, t.voided_by
FROM told t
WHERE t.is_past OR t.range_id IS NULL;
