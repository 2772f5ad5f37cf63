-- 30 cashier: vouchers for the general ledger. Each event is written as one amount with a debit and a credit, so that no voucher can fail to balance.

-- An encounter is inpatient if its row says so; without a row the department that ordered or performed decides for charges, and payments are outpatient.
CREATE OR REPLACE VIEW hospital_cost._voucher_event AS
SELECT l.service_day AS day, l.period, CASE x.inpatient WHEN true THEN 'inpatient_charge' ELSE 'outpatient_charge' END AS event,
	CASE x.inpatient WHEN true THEN 'receivable_inpatient' ELSE 'receivable_outpatient' END AS debit_purpose, NULL::text COLLATE "C" AS debit_account,
	CASE x.inpatient WHEN true THEN 'income_inpatient_' ELSE 'income_outpatient_' END || coalesce(i.category, '14') AS credit_purpose,
	(l.amount * 0.01)::numeric(18,2) AS amount
FROM hospital_cost._ledger l
JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
JOIN hospital_cost.department pd ON pd.department_id = l.performing_id
LEFT JOIN hospital_cost.department od ON od.department_id = l.ordering_id
LEFT JOIN hospital_cost.encounter e ON e.code = l.encounter_code
CROSS JOIN LATERAL (SELECT coalesce(e.kind, od.setting, pd.setting) = 'inpatient' AS inpatient) x
UNION ALL
SELECT m.day, m.period, v.event, coalesce(m.channel, 'other'), m.account_code, v.credit, m.amount
FROM hospital_cost._money m
LEFT JOIN hospital_cost.encounter e ON e.code = m.encounter_code
CROSS JOIN LATERAL (SELECT
	CASE WHEN m.kind IN ('deposit', 'deposit_refund') THEN 'deposit' WHEN e.kind = 'inpatient' THEN 'inpatient_payment' ELSE 'outpatient_payment' END AS event,
	CASE WHEN m.kind IN ('deposit', 'deposit_refund') THEN 'deposit' WHEN e.kind = 'inpatient' THEN 'receivable_inpatient'
		ELSE 'receivable_outpatient' END AS credit) v
UNION ALL
SELECT d.day, hospital_cost.period_of(d.day)::date, v.event, v.debit, NULL, v.credit, v.amount
FROM hospital_cost._shift_close k
CROSS JOIN LATERAL (SELECT hospital_cost.hospital_day(upper(k.span)) AS day) d
CROSS JOIN LATERAL (VALUES ('cash_banked', 'bank_transfer', 'cash', k.banked), ('cash_long', 'cash', 'cash_long', greatest(k.counted - k.expected, 0)),
	('cash_short', 'cash_short', 'cash', greatest(k.expected - k.counted, 0))) AS v (event, debit, credit, amount)
WHERE v.amount <> 0
UNION ALL
-- A settlement takes from the patient's receivable what its insurer bears, where no payment says so already, and what the deposits cover of his own part.
SELECT s.day, hospital_cost.period_of(s.day)::date, v.event, v.debit, NULL,
	CASE WHEN e.kind = 'inpatient' THEN 'receivable_inpatient' ELSE 'receivable_outpatient' END, v.amount
FROM hospital_cost._settlement s
LEFT JOIN hospital_cost.encounter e ON e.code = s.encounter_code
CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount) FILTER (WHERE p.kind IN ('deposit', 'deposit_refund')), 0) AS deposits,
		coalesce(sum(p.amount) FILTER (WHERE m.channel = 'insurer_fund'), 0) AS fund,
		coalesce(sum(p.amount) FILTER (WHERE m.channel = 'insurer_account'), 0) AS account
	FROM hospital_cost._payment p LEFT JOIN hospital_cost.payment_method m ON m.code = p.method COLLATE "C"
	WHERE COALESCE(p.encounter_code, p.patient_code) = s.encounter_code AND p.encounter_code = s.encounter_code) d
CROSS JOIN LATERAL (SELECT coalesce(sum(o.psn_cash_pay), 0) AS own FROM hospital_cost._settlement o
	WHERE o.encounter_code = s.encounter_code AND o.outcome = 'success' AND o.settlement_id <= s.settlement_id) u
CROSS JOIN LATERAL (VALUES
	('settlement_fund', 'insurer_fund', CASE d.fund WHEN 0 THEN s.fund_pay_sumamt ELSE 0 END),
	('settlement_account', 'insurer_account', CASE d.account WHEN 0 THEN s.psn_part_amt - s.psn_cash_pay ELSE 0 END),
	('deposit_used', 'deposit', least(d.deposits, u.own) - least(d.deposits, u.own - s.psn_cash_pay))) AS v (event, debit, amount)
WHERE s.outcome = 'success' AND v.amount <> 0;

CREATE OR REPLACE VIEW hospital_cost.voucher AS
SELECT e.day, e.period::hospital_cost.period_month AS period, e.event, s.side, coalesce(s.account, a.account_code, '?' || s.purpose) AS account_code,
	a.name AS account_name, CASE s.side WHEN 'debit' THEN sum(e.amount) ELSE 0 END::numeric(18,2) AS debit,
	CASE s.side WHEN 'credit' THEN sum(e.amount) ELSE 0 END::numeric(18,2) AS credit, sum(e.events)::bigint AS events
-- Added up before it is written to two sides: a day has many events, and few kinds of them.
FROM (SELECT x.day, x.period, x.event, x.debit_purpose, x.debit_account, x.credit_purpose, sum(x.amount) AS amount, count(*) AS events
	FROM hospital_cost._voucher_event x GROUP BY x.day, x.period, x.event, x.debit_purpose, x.debit_account, x.credit_purpose) e
CROSS JOIN LATERAL (VALUES ('debit', e.debit_purpose, e.debit_account), ('credit', e.credit_purpose, NULL::text COLLATE "C")) AS s (side, purpose, account)
LEFT JOIN hospital_cost.ledger_account a ON a.purpose = s.purpose COLLATE "C"
GROUP BY e.day, e.period, e.event, s.side, s.account, s.purpose, a.account_code, a.name;
