-- 30 cashier: settlements in the proof of a day. Counted, not summed: what is too much in one must not hide what lacks in another.

CREATE OR REPLACE FUNCTION hospital_cost._verify_settlements(day date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	WITH s AS MATERIALIZED (
		SELECT x.*, b.mutual_aid, coalesce(b.tolerance, 0.01) AS tolerance FROM hospital_cost.settlement x
		LEFT JOIN hospital_cost.benefit_scheme b ON b.code = x.scheme WHERE x.day = _verify_settlements.day AND x.outcome = 'success'
	), stands AS MATERIALIZED (
		SELECT c.*, s.tolerance FROM s JOIN hospital_cost.settlement_check c ON c.settlement_id = s.settlement_id
	), finals AS MATERIALIZED (
		SELECT a.*, i.fund AS fund_money, i.account AS account_money
		FROM (SELECT DISTINCT s.encounter_code FROM s WHERE s.state IN ('settled', 'to_confirm') AND s.stage = 'final') e
		CROSS JOIN LATERAL hospital_cost.settlement_account(e.encounter_code) a
		CROSS JOIN LATERAL (SELECT coalesce(sum(m.amount) FILTER (WHERE m.channel = 'insurer_fund'), 0) AS fund,
			coalesce(sum(m.amount) FILTER (WHERE m.channel = 'insurer_account'), 0) AS account
			FROM hospital_cost._money m WHERE m.encounter_code = e.encounter_code) i
	), given_back AS MATERIALIZED (
		SELECT r.refund_id, r.amount, coalesce(sum(x.amount) FILTER (WHERE x.kind = 'payer'), 0) AS payers,
			coalesce(sum(x.amount) FILTER (WHERE x.kind = 'line'), 0) AS lines, count(*) FILTER (WHERE x.kind = 'line') AS n
		FROM hospital_cost.settlement_refund r JOIN s ON s.settlement_id = r.settlement_id
		LEFT JOIN hospital_cost.settlement_refund_part x ON x.refund_id = r.refund_id GROUP BY r.refund_id, r.amount
	), wrong (n, example, found) AS (
		SELECT 1, 'settlement ' || s.settlement_id, greatest(
				abs(s.medfee_sumamt - s.fulamt_ownpay_amt - s.overlmt_selfpay - s.preselfpay_amt - s.inscp_scp_amt),
				abs(s.medfee_sumamt - s.fund_pay_sumamt - s.psn_part_amt - s.hosp_part_amt),
				abs(s.fund_pay_sumamt - s.hifp_pay - s.cvlserv_pay - s.hifes_pay - s.hifmi_pay - s.hifob_pay - s.maf_pay - s.oth_pay),
				abs(s.psn_part_amt - s.acct_pay - s.psn_cash_pay - CASE s.mutual_aid WHEN 'beside' THEN s.acct_mulaid_pay ELSE 0 END)) > s.tolerance FROM s
		UNION ALL SELECT 2, 'settlement ' || t.settlement_id, t.difference <> 0 FROM stands t
		UNION ALL SELECT 3, 'settlement ' || t.settlement_id, t.lines <> t.medfee_sumamt FROM stands t
		UNION ALL SELECT 4, 'settlement ' || t.settlement_id, t.funds <> t.fund_pay_sumamt FROM stands t
		UNION ALL SELECT 5, 'settlement ' || s.settlement_id, s.state = 'to_confirm' FROM s
		UNION ALL SELECT 6, 'encounter ' || f.encounter_code, f.patient_due <> 0 FROM finals f
		UNION ALL SELECT 7, 'encounter ' || f.encounter_code,
			(f.fund_money <> 0 AND f.fund_money <> f.fund_pay_sumamt) OR (f.account_money <> 0 AND f.account_money <> f.acct_pay) FROM finals f
		UNION ALL SELECT 8, 'refund ' || g.refund_id,
			g.payers <> g.amount OR (g.n > 0 AND g.lines <> g.amount) FROM given_back g
	)
	SELECT y.identity, y.expected, y.actual, y.example FROM (
		SELECT 0 AS n, 'settlements: charges = total' AS identity, coalesce(sum(t.medfee_sumamt), 0) AS expected, coalesce(sum(t.charges + t.refunded), 0) AS actual,
			'settlement ' || min(t.settlement_id) FILTER (WHERE t.difference <> 0) AS example FROM stands t
		UNION ALL SELECT k.n, k.what, 0, count(w.n), min(w.example)
		FROM (VALUES (1, 'settlements whose own amounts disagree'), (2, 'settlements that differ from their charges'), (3, 'settlements that differ from their lines'),
			(4, 'settlements that differ from their funds'), (5, 'settlements that wait for a person'),
			(6, 'settled encounters: patient paid more or less than his part'), (7, 'settled encounters: insurer''s payments are not its part'),
			(8, 'refunds of settlements that differ from their parts')) k (n, what)
		LEFT JOIN wrong w ON w.n = k.n AND w.found GROUP BY k.n, k.what
	) y ORDER BY y.n;
END $$;
