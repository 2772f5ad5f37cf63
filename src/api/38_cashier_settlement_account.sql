-- 30 cashier: what a patient owes beside what the insurer bears.

-- The account of an encounter seen through its settlements, less what was given back of them: the insurer's part, and what the patient still pays or gets
-- back (出院应补退).
CREATE OR REPLACE FUNCTION hospital_cost.settlement_account(encounter text)
RETURNS TABLE (encounter_code text, charges numeric, settled numeric, not_settled numeric, fund_pay_sumamt numeric, acct_pay numeric, hosp_part_amt numeric,
	psn_cash_pay numeric, patient_paid numeric, patient_due numeric, state text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH s AS MATERIALIZED (
		SELECT x.* FROM hospital_cost.settlement x WHERE x.encounter_code = settlement_account.encounter AND x.state IN ('settled', 'to_confirm')
	), back AS (
		SELECT coalesce(sum(p.amount), 0) AS total, coalesce(sum(p.amount) FILTER (WHERE p.part = 'psn_cash_pay'), 0) AS cash,
			coalesce(sum(p.amount) FILTER (WHERE p.part IN ('acct_pay', 'acct_mulaid_pay')), 0) AS account, coalesce(sum(p.amount) FILTER (WHERE p.part = 'hosp_part_amt'), 0) AS hospital
		FROM s JOIN hospital_cost.settlement_refund r ON r.settlement_id = s.settlement_id
		JOIN hospital_cost.settlement_refund_part p ON p.refund_id = r.refund_id AND p.kind = 'payer'
	), settled AS (
		SELECT count(s.settlement_id) AS n, count(*) FILTER (WHERE s.state = 'to_confirm') AS waiting,
			(coalesce(sum(s.medfee_sumamt), 0) - b.total)::numeric(18,2) AS total,
			(coalesce(sum(s.fund_pay_sumamt), 0) - (b.total - b.cash - b.account - b.hospital))::numeric(18,2) AS fund,
			(coalesce(sum(s.psn_part_amt - s.psn_cash_pay), 0) - b.account)::numeric(18,2) AS account,
			(coalesce(sum(s.hosp_part_amt), 0) - b.hospital)::numeric(18,2) AS hospital, (coalesce(sum(s.psn_cash_pay), 0) - b.cash)::numeric(18,2) AS cash
		FROM back b LEFT JOIN s ON true GROUP BY b.total, b.cash, b.account, b.hospital
	)
	SELECT a.encounter_code, a.charges, s.total, a.charges - s.total, s.fund, s.account, s.hospital, s.cash, p.amount, s.cash - p.amount,
		CASE WHEN s.n = 0 THEN 'not_settled' WHEN s.waiting > 0 THEN 'to_confirm' WHEN a.charges <> s.total THEN 'charges_differ'
			WHEN s.cash = p.amount THEN 'closed' WHEN s.cash > p.amount THEN 'patient_owes' ELSE 'patient_gets' END
	FROM hospital_cost.encounter_account(encounter) a
	CROSS JOIN settled s
	CROSS JOIN (SELECT coalesce(sum(m.amount), 0)::numeric(18,2) AS amount FROM hospital_cost._payment m
		LEFT JOIN hospital_cost.payment_method k ON k.code = m.method COLLATE "C"
		WHERE COALESCE(m.encounter_code, m.patient_code) = settlement_account.encounter AND m.encounter_code = settlement_account.encounter
			AND k.channel IS DISTINCT FROM 'insurer_fund' AND k.channel IS DISTINCT FROM 'insurer_account') p;
END;
