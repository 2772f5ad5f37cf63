-- 90 reporting: the quarterly cross-audit (交叉稽核) of finance and audit: what to look at, what the books say of it, and a sample to pull.

CREATE OR REPLACE FUNCTION hospital_cost.cross_audit(quarter date, sample int DEFAULT 20, seed bigint DEFAULT NULL)
RETURNS TABLE (row_no int, area text, check_code text, name text, name_en text, observed numeric, state text, example text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	first date;
	last date;
	drawn bigint;
BEGIN
	IF isfinite(quarter) IS NOT TRUE OR (sample BETWEEN 0 AND 10000) IS NOT TRUE THEN
		RAISE EXCEPTION 'a cross-audit of "%" with a sample of % is not possible', quarter, sample USING ERRCODE = 'MC90C',
			HINT = 'Give a day of the quarter, and a sample of 0 to 10000.';
	END IF;
	first := date_trunc('quarter', quarter::timestamp)::date;
	last := (first + interval '3 months')::date - 1;
	drawn := coalesce(seed, extract(year FROM quarter)::bigint * 10 + extract(quarter FROM quarter)::bigint);
	RETURN QUERY
	WITH live AS MATERIALIZED (
		SELECT p.* FROM hospital_cost._live_payment p WHERE p.day BETWEEN first AND last
	), receipts AS MATERIALIZED (
		SELECT r.* FROM hospital_cost.receipt r WHERE coalesce(r.day, first) BETWEEN first AND last
	), closed AS MATERIALIZED (
		SELECT s.* FROM hospital_cost.shift s WHERE hospital_cost.hospital_day(s.closed_at) BETWEEN first AND last
	), counted AS MATERIALIZED (
		SELECT c.code, c.name, (SELECT f.book FROM hospital_cost.float_ledger f WHERE f.cashier_code = c.code ORDER BY f.at DESC LIMIT 1) AS book,
			k.book AS book_then, k.counted
		FROM hospital_cost.cashier c
		LEFT JOIN LATERAL (SELECT f.book, f.counted FROM hospital_cost.float_ledger f WHERE f.cashier_code = c.code AND f.kind = 'count'
			AND hospital_cost.hospital_day(f.at) BETWEEN first AND last ORDER BY f.at DESC LIMIT 1) k ON true
	), found AS (
		SELECT 1 AS part, '收费单据' AS area, 'no_receipt' AS code, '无票据号的收款' AS name, 'payments without a receipt number' AS name_en, count(*) AS n,
			'entry ' || min(l.entry_id) AS example FROM live l WHERE l.entry = 'post' AND l.receipt_no IS NULL
		UNION ALL SELECT 1, '收费单据', 'not_closed', '未进入日结的收退款', 'payments in no close', count(*), 'entry ' || min(l.entry_id) FROM live l
		WHERE NOT EXISTS (SELECT FROM hospital_cost._closed_payment o WHERE o.entry_id = l.entry_id)
		UNION ALL SELECT 1, '收费单据', 'refund_without_reason', '无原因退费', 'refunds without a reason', count(*), 'entry ' || min(l.entry_id) FROM live l
		WHERE l.kind IN ('refund', 'deposit_refund') AND l.reason IS NULL
		UNION ALL SELECT 1, '收费单据', 'refund_not_approved', '超限退费未审批', 'refunds above the limit, not approved', count(*), 'entry ' || min(r.entry_id)
		FROM hospital_cost.refund_approval r WHERE r.state = 'waiting' AND r.day BETWEEN first AND last
		UNION ALL SELECT 2, '备用金', 'float_not_counted', '本季未盘点的备用金', 'floats not counted by surprise', count(*), min(c.name) FROM counted c
		WHERE c.book > 0 AND c.counted IS NULL
		UNION ALL SELECT 2, '备用金', 'float_differs', '盘点与账面不符', 'counts that differ from the book', count(*), min(c.name) FROM counted c
		WHERE c.counted <> c.book_then
		UNION ALL SELECT 3, '票据存根', 'receipt_' || s.state, s.name, s.name_en, count(r.receipt_no), min(r.receipt_no)
		FROM (VALUES ('gap', '断号', 'gaps'), ('duplicate', '重号', 'duplicates'), ('void_used', '作废后使用', 'void, but used'),
			('outside', '号段外', 'outside of any range'), ('other_cashier', '他人号段', 'used by another cashier')) AS s (state, name, name_en)
		LEFT JOIN receipts r ON r.state = s.state GROUP BY s.state, s.name, s.name_en
		UNION ALL SELECT 4, '日清日结', 'not_reviewed', '未复核的日结', 'closes without a review', count(*), 'shift ' || min(c.shift_id) FROM closed c
		WHERE c.reviewed_at IS NULL
		UNION ALL SELECT 4, '日清日结', 'not_audited', '未抽查的日结', 'closes without an audit', count(*), 'shift ' || min(c.shift_id) FROM closed c
		WHERE c.audited_at IS NULL
		UNION ALL SELECT 4, '日清日结', 'long_short_open', '未处理的长短款', 'long and short cash not handled', count(*), 'shift ' || min(l.shift_id)
		FROM hospital_cost.long_short l JOIN closed c ON c.shift_id = l.shift_id WHERE l.state IN ('open', 'overdue')
		UNION ALL SELECT 5, '对账', 'difference_open', '未核销的对账差异', 'reconciliation differences still open', count(*), min(d.kind || ' ' || d.outcome)
		FROM hospital_cost.reconciliation_difference d WHERE d.day BETWEEN first AND last AND d.outcome <> 'in_transit'
		UNION ALL SELECT 5, '对账', 'day_not_reconciled', '未对账的渠道日', 'days of a channel without reconciliation', count(*), min(x.kind || ' ' || to_char(x.day,
			'YYYY-MM-DD'))
		FROM (SELECT DISTINCT f.kind, l.day FROM live l JOIN hospital_cost.statement_format f ON f.valid @> l.day AND l.method = ANY (f.methods)
			WHERE NOT EXISTS (SELECT FROM hospital_cost.reconciliation_rate r WHERE r.kind = f.kind AND r.day = l.day)) x
		UNION ALL SELECT 6, '医保', 'not_confirmed', '待人工确认的结算', 'settlements that wait for a person', count(*), 'settlement ' || min(s.settlement_id)
		FROM hospital_cost.settlement s WHERE s.state = 'to_confirm' AND s.day BETWEEN first AND last
		UNION ALL SELECT 6, '医保', 'receivable_old', '账龄超过 90 天的应收', 'insurers owe for more than 90 days', count(*), min(a.scheme || ' ' || to_char(a.period,
			'YYYY-MM'))
		FROM hospital_cost.insurer_ageing(last) a WHERE a.open_91_180 + a.open_181_365 + a.open_over_365 > 0
	), peak AS (
		SELECT date_trunc('month', l.day::timestamp)::date AS month FROM live l GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
	), ranked AS (
		-- The seed and the number decide, as in audit_shift; the busiest month is looked at half as much again.
		SELECT l.*, row_number() OVER (ORDER BY md5(drawn || ':' || l.entry_id) COLLATE "C", l.entry_id) AS rank,
			row_number() OVER (PARTITION BY date_trunc('month', l.day::timestamp)::date = (SELECT p.month FROM peak p)
				ORDER BY md5(drawn || ':' || l.entry_id) COLLATE "C", l.entry_id) AS rank_in_peak, date_trunc('month', l.day::timestamp)::date AS month
		FROM live l
	), told AS (
		SELECT f.part, f.area, f.code, f.name, f.name_en, f.n::numeric AS observed, CASE f.n WHEN 0 THEN 'ok' ELSE 'look' END AS state,
			CASE WHEN f.n > 0 THEN f.example END AS example, 0::bigint AS place
		FROM found f
		UNION ALL SELECT 7, '抽样', 'seed', '抽样种子', 'seed of the sample', drawn, 'ok', NULL, 0
		UNION ALL SELECT 8, '抽样', 'sample', concat_ws(' ', '调阅', to_char(r.day, 'YYYY-MM-DD'), r.window_code, r.cashier_code), concat_ws(' ', r.kind,
			r.method), r.amount, 'pull',
			coalesce(r.receipt_no, 'entry ' || r.entry_id), r.entry_id
		FROM ranked r WHERE r.rank <= sample OR (r.month = (SELECT p.month FROM peak p) AND r.rank_in_peak <= sample / 2)
	)
	SELECT (row_number() OVER (ORDER BY t.part, t.place, t.code COLLATE "C"))::int, t.area, t.code, t.name, t.name_en, t.observed, t.state, t.example
	FROM told t ORDER BY 1;
END $$;

COMMENT ON FUNCTION hospital_cost.cross_audit(date, int, bigint) IS 'Checklist of a quarter for finance and audit (季度交叉稽核), by any of its days: receipts and payments, floats, receipt stubs, closes, reconciliation, insurers; each check with how many it found (state ok or look) and the first of them, then the payments to pull (state pull), drawn by a seed: sample of all, and half as many from the busiest month. The same seed draws the same; null: one made of the quarter, which anybody can foresee. MC90C no quarter or sample';
