-- 50 reconciliation: what is matched, what is open, how often they differ, and the bank beside the books.

CREATE OR REPLACE VIEW hospital_cost.reconciliation_match AS
SELECT m.match_id, m.kind, m.rule, m.line_id, l.day AS line_day, l.amount AS line_amount, l.reference, m.entry_id, p.day, p.amount, p.source_key,
	p.receipt_no, m.run_id, m.matched_by
FROM hospital_cost._reconciliation_match m
LEFT JOIN hospital_cost.statement_line l ON l.line_id = m.line_id
LEFT JOIN hospital_cost._payment p ON p.entry_id = m.entry_id;

CREATE OR REPLACE VIEW hospital_cost.reconciliation_difference AS
SELECT d.kind, d.day, d.outcome, CASE d.outcome WHEN 'channel_only' THEN '长款' WHEN 'his_only' THEN '短款' WHEN 'amount_differs' THEN '金额不符'
		WHEN 'in_transit' THEN '在途' WHEN 'duplicate' THEN '重复' ELSE '状态不符' END AS outcome_zh,
	p.amount AS our_amount, l.amount AS line_amount, (coalesce(l.amount, 0) - coalesce(p.amount, 0))::numeric(18,2) AS difference,
	coalesce(l.reference, p.external_reference) AS reference, d.line_id, d.entry_id, a.relation_name AS source_name, p.source_key, p.method,
	p.operator, p.window_code, p.receipt_no, d.since,
	d.outcome IN ('his_only', 'channel_only') AND EXISTS (SELECT FROM hospital_cost._reconciliation_event e
		WHERE (e.line_id = d.line_id OR e.entry_id = d.entry_id) AND e.event = 'appeared' AND e.what = 'in_transit') AS overdue, d.held
FROM hospital_cost._reconciliation_difference d
LEFT JOIN hospital_cost.statement_line l ON l.line_id = d.line_id
LEFT JOIN hospital_cost._payment p ON p.entry_id = d.entry_id
LEFT JOIN hospital_cost.attachment a ON a.source_id = p.source_id;

CREATE OR REPLACE VIEW hospital_cost.reconciliation_event AS
SELECT e.event_id, e.at, e.kind, e.event, e.what, e.line_id, e.entry_id, e.run_id, e.note, e.done_by FROM hospital_cost._reconciliation_event e;

-- The last run of each day tells how it stood; what cleared since counts no more in "open".
CREATE OR REPLACE VIEW hospital_cost.reconciliation_rate AS
SELECT r.kind, r.day, r.ours, r.lines, r.our_amount, r.line_amount, n.differences, n.in_transit,
	round(100.0 * n.differences / nullif(greatest(r.ours, r.lines), 0), 4) AS difference_percent,
	(SELECT count(*) FROM hospital_cost._reconciliation_difference d WHERE d.kind = r.kind AND d.day = r.day AND d.outcome <> 'in_transit') AS open,
	r.run_id, r.run_at
FROM (SELECT DISTINCT ON (x.kind, x.day) x.* FROM hospital_cost._reconciliation_run x ORDER BY x.kind, x.day, x.run_id DESC) r
CROSS JOIN LATERAL (SELECT coalesce(sum((o.value ->> 'items')::bigint) FILTER (WHERE o.key <> 'in_transit'), 0)::bigint AS differences,
	coalesce(sum((o.value ->> 'items')::bigint) FILTER (WHERE o.key = 'in_transit'), 0)::bigint AS in_transit FROM jsonb_each(r.outcomes) o) n;

-- An item counts as met once every item of its match is there by the day.
CREATE OR REPLACE FUNCTION hospital_cost.bank_reconciliation(kind text, day date)
RETURNS TABLE (row_no int, name text, name_zh text, items bigint, amount numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost.statement_format := hospital_cost._statement_format(kind, day);
	first hospital_cost.statement;
	last hospital_cost.statement;
	book record;
	not_booked record;
	not_at_bank record;
BEGIN
	SELECT s.* INTO first FROM hospital_cost._standing_statement s WHERE s.kind = bank_reconciliation.kind AND s.opening_balance IS NOT NULL
	ORDER BY s.day, s.statement_id LIMIT 1;
	SELECT s.* INTO last FROM hospital_cost._standing_statement s WHERE s.kind = bank_reconciliation.kind AND s.day <= bank_reconciliation.day
		AND s.closing_balance IS NOT NULL ORDER BY s.day DESC, s.statement_id DESC LIMIT 1;
	IF first.statement_id IS NULL OR last.statement_id IS NULL THEN
		RAISE EXCEPTION 'statements of kind "%" tell no balance up to %', kind, day USING ERRCODE = 'MC509',
			DETAIL = 'The first one needs its opening balance, the last one its closing balance.', HINT = 'Load statements with their balances.';
	END IF;
	SELECT count(*) FILTER (WHERE p.entry <> 'reverse') AS items, coalesce(sum(p.amount), 0) AS amount INTO book FROM hospital_cost._payment p
	WHERE p.method = ANY (f.methods) AND p.day BETWEEN first.day AND bank_reconciliation.day;
	WITH member AS (
		SELECT m.match_id, greatest(max(l.day), max(p.day)) AS complete FROM hospital_cost._reconciliation_match m
		LEFT JOIN hospital_cost.statement_line l ON l.line_id = m.line_id
		LEFT JOIN hospital_cost._payment p ON p.entry_id = m.entry_id
		WHERE m.kind = bank_reconciliation.kind GROUP BY m.match_id
	)
	SELECT count(*) FILTER (WHERE l.amount > 0) AS items_in, coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS money_in,
		count(*) FILTER (WHERE l.amount < 0) AS items_out, coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS money_out INTO not_booked
	FROM hospital_cost.statement_line l
	JOIN hospital_cost._standing_statement s ON s.statement_id = l.statement_id AND s.kind = bank_reconciliation.kind
	LEFT JOIN hospital_cost._reconciliation_match m ON m.line_id = l.line_id
	LEFT JOIN member b ON b.match_id = m.match_id
	WHERE NOT l.failed AND l.day BETWEEN first.day AND bank_reconciliation.day AND (b.complete IS NULL OR b.complete > bank_reconciliation.day);
	WITH member AS (
		SELECT m.match_id, greatest(max(l.day), max(p.day)) AS complete FROM hospital_cost._reconciliation_match m
		LEFT JOIN hospital_cost.statement_line l ON l.line_id = m.line_id
		LEFT JOIN hospital_cost._payment p ON p.entry_id = m.entry_id
		WHERE m.kind = bank_reconciliation.kind GROUP BY m.match_id
	)
	SELECT count(*) FILTER (WHERE p.amount > 0) AS items_in, coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0) AS money_in,
		count(*) FILTER (WHERE p.amount < 0) AS items_out, coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) AS money_out INTO not_at_bank
	FROM hospital_cost._payment p
	LEFT JOIN hospital_cost._reconciliation_match m ON m.entry_id = p.entry_id
	LEFT JOIN member b ON b.match_id = m.match_id
	WHERE p.method = ANY (f.methods) AND p.day BETWEEN first.day AND bank_reconciliation.day AND p.entry <> 'reverse'
		AND NOT EXISTS (SELECT FROM hospital_cost._payment r WHERE r.source_id = p.source_id AND r.source_key = p.source_key
			AND r.version = p.version AND r.entry = 'reverse') AND (b.complete IS NULL OR b.complete > bank_reconciliation.day);
	RETURN QUERY SELECT v.* FROM (VALUES
		(1, 'book balance', '单位账面余额', book.items, first.opening_balance + book.amount),
		(2, 'received by the bank, not booked', '加：银行已收单位未收', not_booked.items_in, not_booked.money_in),
		(3, 'paid by the bank, not booked', '减：银行已付单位未付', not_booked.items_out, not_booked.money_out),
		(4, 'book balance adjusted', '调节后单位余额', NULL, first.opening_balance + book.amount + not_booked.money_in - not_booked.money_out),
		(5, 'bank balance', '银行对账单余额', NULL, last.closing_balance),
		(6, 'received in the books, not at the bank', '加：单位已收银行未收', not_at_bank.items_in, not_at_bank.money_in),
		(7, 'paid in the books, not by the bank', '减：单位已付银行未付', not_at_bank.items_out, not_at_bank.money_out),
		(8, 'bank balance adjusted', '调节后银行余额', NULL, last.closing_balance + not_at_bank.money_in - not_at_bank.money_out),
		(9, 'difference', '差额', NULL, first.opening_balance + book.amount + not_booked.money_in - not_booked.money_out
			- last.closing_balance - not_at_bank.money_in + not_at_bank.money_out)
	) AS v (row_no, name, name_zh, items, amount);
END $$;
