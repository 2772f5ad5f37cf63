-- 30 cashier: what insurers still owe and how long, what they refused, and how settling with them goes.

CREATE OR REPLACE TRIGGER guard_clearing BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost.insurer_clearing
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('What an insurer said stays: a correction is a row with the opposite amounts.');

-- What is open of each settlement on a day. What was paid or refused for a month as a whole covers its oldest settlements first, and so does what was
-- paid for a single one above its claim.
CREATE OR REPLACE FUNCTION hospital_cost._claim_at(day date)
RETURNS TABLE (scheme text, period date, settlement_id bigint, settled_on date, claimed numeric, open numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH claim AS (
		SELECT o.settlement_id, o.scheme, hospital_cost.period_of(o.day)::date AS period, o.day,
			sum(s.fund_pay_sumamt + s.acct_pay + CASE WHEN b.mutual_aid = 'beside' THEN s.acct_mulaid_pay ELSE 0 END) AS amount
		FROM hospital_cost._settlement s
		JOIN hospital_cost._settlement o ON o.settlement_id = coalesce(s.reverses, s.settlement_id)
		LEFT JOIN hospital_cost.benefit_scheme b ON b.code = o.scheme
		WHERE s.outcome = 'success' AND s.day <= _claim_at.day
		GROUP BY o.settlement_id, o.scheme, o.day
	), answer AS (
		SELECT c.scheme, c.period::date AS period, k.settlement_id, sum(c.paid + c.refused) AS amount
		FROM hospital_cost.insurer_clearing c
		LEFT JOIN claim k ON k.settlement_id = c.settlement_id AND k.scheme = c.scheme AND k.period = c.period
		WHERE c.day <= _claim_at.day GROUP BY c.scheme, c.period, k.settlement_id
	), rest AS (
		SELECT k.*, k.amount - coalesce(a.amount, 0) AS rest FROM claim k LEFT JOIN answer a ON a.settlement_id = k.settlement_id
	), lump AS (
		SELECT x.scheme, x.period, sum(x.amount) AS amount FROM (
			SELECT a.scheme, a.period, a.amount FROM answer a WHERE a.settlement_id IS NULL
			UNION ALL SELECT r.scheme, r.period, -r.rest FROM rest r WHERE r.rest < 0) x GROUP BY x.scheme, x.period
	), running AS (
		SELECT r.*, sum(greatest(r.rest, 0)) OVER (PARTITION BY r.scheme, r.period ORDER BY r.day, r.settlement_id) AS until FROM rest r
	)
	SELECT r.scheme, r.period, r.settlement_id, r.day, r.amount, least(greatest(r.until - coalesce(l.amount, 0), 0), greatest(r.rest, 0))
	FROM running r LEFT JOIN lump l ON l.scheme = r.scheme AND l.period = r.period;
END;

CREATE OR REPLACE FUNCTION hospital_cost.insurer_ageing(day date DEFAULT NULL)
RETURNS TABLE (scheme text, period date, settlements bigint, claimed numeric, paid numeric, refused numeric, refused_violation numeric,
	final boolean, difference numeric, open numeric, open_0_30 numeric, open_31_90 numeric, open_91_180 numeric, open_181_365 numeric,
		open_over_365 numeric, oldest date)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	on_day date := coalesce(day, hospital_cost.hospital_day(now()));
BEGIN
	RETURN QUERY
	WITH claim AS (
		SELECT c.scheme, c.period, count(*) FILTER (WHERE c.claimed <> 0) AS settlements, sum(c.claimed) AS claimed,
			coalesce(sum(c.open) FILTER (WHERE on_day - c.settled_on <= 30), 0) AS a,
			coalesce(sum(c.open) FILTER (WHERE on_day - c.settled_on BETWEEN 31 AND 90), 0) AS b,
			coalesce(sum(c.open) FILTER (WHERE on_day - c.settled_on BETWEEN 91 AND 180), 0) AS c,
			coalesce(sum(c.open) FILTER (WHERE on_day - c.settled_on BETWEEN 181 AND 365), 0) AS d,
			coalesce(sum(c.open) FILTER (WHERE on_day - c.settled_on > 365), 0) AS e, min(c.settled_on) FILTER (WHERE c.open > 0) AS oldest
		FROM hospital_cost._claim_at(on_day) c GROUP BY c.scheme, c.period
	), answer AS (
		SELECT x.scheme, x.period::date AS period, sum(x.paid) AS paid, sum(x.refused) AS refused,
			coalesce(sum(x.refused) FILTER (WHERE x.violation), 0) AS violation, bool_or(x.final) AS final
		FROM hospital_cost.insurer_clearing x WHERE x.day <= on_day GROUP BY x.scheme, x.period
	), told AS (
		SELECT coalesce(k.scheme, a.scheme) AS scheme, coalesce(k.period, a.period) AS period, coalesce(k.settlements, 0) AS settlements,
			coalesce(k.claimed, 0) AS claimed, coalesce(a.paid, 0) AS paid, coalesce(a.refused, 0) AS refused, coalesce(a.violation, 0) AS violation,
			coalesce(a.final, false) AS final, k.a, k.b, k.c, k.d, k.e, k.oldest
		FROM claim k FULL JOIN answer a ON a.scheme = k.scheme AND a.period = k.period
	)
	-- A month that is cleared for good has nothing open: what is missing is the difference. Before, only what was refused by policy is.
	SELECT t.scheme, t.period, t.settlements, t.claimed::numeric(18,2), t.paid::numeric(18,2), t.refused::numeric(18,2), t.violation::numeric(18,2),
		t.final,
		CASE WHEN t.final THEN t.paid + t.violation - t.claimed ELSE t.violation - t.refused END::numeric(18,2),
		CASE WHEN t.final THEN 0 ELSE t.claimed - t.paid - t.refused END::numeric(18,2), v.part[1], v.part[2], v.part[3], v.part[4], v.part[5],
		CASE WHEN NOT t.final THEN t.oldest END
	FROM told t
	CROSS JOIN LATERAL (SELECT CASE WHEN t.final THEN '{0.00,0.00,0.00,0.00,0.00}'
		ELSE ARRAY[t.a, coalesce(t.b, 0), coalesce(t.c, 0), coalesce(t.d, 0), coalesce(t.e, 0)] END::numeric(18,2)[] AS part) v
	ORDER BY t.scheme COLLATE "C", t.period;
END $$;

CREATE OR REPLACE VIEW hospital_cost.insurer_receivable AS
SELECT a.scheme, b.name AS scheme_name, a.period::hospital_cost.period_month AS period, a.settlements, a.claimed, a.paid, a.refused,
	a.refused_violation,
	a.final, a.difference, a.open, a.open_0_30, a.open_31_90, a.open_91_180, a.open_181_365, a.open_over_365, a.oldest
FROM hospital_cost.insurer_ageing() a
LEFT JOIN hospital_cost.benefit_scheme b ON b.code = a.scheme;

CREATE OR REPLACE VIEW hospital_cost.insurer_refusal AS
SELECT c.scheme, c.period, c.reason, c.violation, count(*) AS refusals, count(DISTINCT c.settlement_id) AS settlements,
	sum(c.refused)::numeric(18,2) AS refused
FROM hospital_cost.insurer_clearing c WHERE c.refused <> 0
GROUP BY c.scheme, c.period, c.reason, c.violation;

-- Attempts count as they went, whether or not they were cancelled later; money and shares are of what stands.
CREATE OR REPLACE VIEW hospital_cost.insurer_kpi AS
WITH attempt AS (
	SELECT hospital_cost.period_of(s.day) AS period, s.*, s.outcome = 'success' AND r.settlement_id IS NULL AS stands
	FROM hospital_cost._settlement s LEFT JOIN hospital_cost._settlement r ON r.reverses = s.settlement_id AND r.outcome = 'success'
	WHERE s.reverses IS NULL
), told AS (
	SELECT a.period, count(*) AS attempts, count(*) FILTER (WHERE a.outcome = 'success') AS succeeded,
		count(*) FILTER (WHERE a.place = 'remote') AS remote_attempts,
		count(*) FILTER (WHERE a.place = 'remote' AND a.outcome = 'success') AS remote_succeeded,
		count(*) FILTER (WHERE a.outcome = 'success' AND a.credential IS NOT NULL) AS with_credential,
		count(*) FILTER (WHERE a.outcome = 'success' AND a.credential = 'e_credential') AS e_credential,
		count(*) FILTER (WHERE a.outcome = 'success' AND a.pre_audit IS NOT NULL) AS pre_audited, count(*) FILTER (WHERE a.stands) AS standing,
		count(DISTINCT a.encounter_code) FILTER (WHERE a.stands) AS insured_encounters,
		coalesce(sum(a.medfee_sumamt) FILTER (WHERE a.stands), 0)::numeric(18,2) AS total,
		coalesce(sum(a.fund_pay_sumamt) FILTER (WHERE a.stands), 0)::numeric(18,2) AS fund,
		coalesce(sum(a.acct_pay) FILTER (WHERE a.stands), 0)::numeric(18,2) AS account,
		coalesce(sum(a.psn_part_amt) FILTER (WHERE a.stands), 0)::numeric(18,2) AS own
	FROM attempt a GROUP BY a.period
), everybody AS (
	SELECT x.period, count(DISTINCT x.encounter_code) AS encounters FROM (
		SELECT p.period, p.encounter_code FROM hospital_cost._live_payment p WHERE p.kind = 'payment' AND p.encounter_code IS NOT NULL
		UNION ALL SELECT a.period, a.encounter_code FROM attempt a WHERE a.stands) x GROUP BY x.period
)
SELECT coalesce(t.period, e.period)::hospital_cost.period_month AS period, coalesce(e.encounters, 0) AS encounters,
	coalesce(t.insured_encounters, 0) AS insured_encounters, round(100.0 * coalesce(t.insured_encounters, 0) / nullif(e.encounters, 0),
		2) AS insured_percent,
	coalesce(t.attempts, 0) AS attempts, coalesce(t.succeeded, 0) AS succeeded, round(100.0 * t.succeeded / nullif(t.attempts, 0), 2) AS success_percent,
	coalesce(t.remote_attempts, 0) AS remote_attempts, coalesce(t.remote_succeeded, 0) AS remote_succeeded,
	round(100.0 * t.remote_succeeded / nullif(t.remote_attempts, 0), 2) AS remote_success_percent,
	coalesce(t.with_credential, 0) AS with_credential, coalesce(t.e_credential, 0) AS e_credential,
	round(100.0 * t.e_credential / nullif(t.with_credential, 0), 2) AS e_credential_percent,
	round(100.0 * t.pre_audited / nullif(t.succeeded, 0), 2) AS pre_audited_percent, coalesce(t.standing, 0) AS settlements, coalesce(t.total,
		0) AS total,
	coalesce(t.fund, 0) AS fund, coalesce(t.account, 0) AS account, coalesce(t.own, 0) AS own, round(100 * t.fund / nullif(t.total, 0),
		2) AS fund_percent
FROM told t FULL JOIN everybody e ON e.period = t.period;

COMMENT ON TABLE hospital_cost.insurer_clearing IS 'What insurers answered to what was claimed (医保清算结果), yuan: paid, and refused with its reason, of a settlement or (settlement_id null) of a month of a scheme as a whole. INSERT only (MC006); clearing_no and line_no come once';
COMMENT ON COLUMN hospital_cost.insurer_clearing.clearing_no IS 'Number of the insurer''s notice (清算单号)';
COMMENT ON COLUMN hospital_cost.insurer_clearing.period IS 'Month of the settlements that it is about, not of the money';
COMMENT ON COLUMN hospital_cost.insurer_clearing.day IS 'Day of the money or of the notice';
COMMENT ON COLUMN hospital_cost.insurer_clearing.refused IS 'Refused (拒付), yuan; needs a reason';
COMMENT ON COLUMN hospital_cost.insurer_clearing.violation IS 'Refused for a violation (违规拒付): bad debt, not a settlement difference';
COMMENT ON COLUMN hospital_cost.insurer_clearing.final IS 'The month of the scheme is cleared with it (清算完成): what is still missing is the difference (结算差额), nothing is open';
COMMENT ON VIEW hospital_cost.insurer_receivable IS 'What insurers owe (应收医保款账龄) as of today, by scheme and month of settlement; see insurer_ageing';
COMMENT ON VIEW hospital_cost.insurer_refusal IS 'What insurers refused (拒付), by scheme, month, reason and whether it is a violation, yuan';
COMMENT ON VIEW hospital_cost.insurer_kpi IS 'How settling with insurers goes (医保结算指标), by month of settlement: insured_percent = encounters with a settlement that stands of all that paid or were settled (医保结算占比), remote_success_percent of attempts (异地直接结算成功率), e_credential_percent of those with a credential (电子凭证使用率), pre_audited_percent; amounts in yuan of what stands';
COMMENT ON FUNCTION hospital_cost.insurer_ageing(date) IS 'What insurers owe as of a day (应收医保款账龄), by scheme and month of settlement, yuan: claimed (funds and personal accounts of settlements, less cancelled ones) = paid + refused_violation − difference + open. difference (结算差额): what was refused but for violations, and once the month is final whatever else is missing or too much. open by age of the settlement in days; lump sums cover the oldest first; open below zero: overpaid. null: today';
COMMENT ON FUNCTION hospital_cost._claim_at(date) IS 'What is claimed and open of each settlement on a day';
