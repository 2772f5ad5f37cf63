-- 90 reporting: the year of a cashier office, from data: the report that finance and audit read.

-- What was taken and given back, window by window, as the reports of the cashier room count it.
CREATE OR REPLACE FUNCTION hospital_cost._office_work(day_from date, day_to date)
RETURNS TABLE (section int, code text, name text, name_en text, unit text, period date, value numeric, detail text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH live AS MATERIALIZED (
		SELECT p.*, CASE WHEN e.kind = 'inpatient' THEN 'inpatient' ELSE 'outpatient' END AS care, coalesce(m.channel, 'unknown') AS channel,
			CASE WHEN p.started_at <= p.paid_at THEN extract(epoch FROM p.paid_at - p.started_at) END AS seconds,
			p.kind IN ('payment', 'deposit') AS is_in, date_trunc('month', p.day::timestamp)::date AS month
		FROM hospital_cost._live_payment p LEFT JOIN hospital_cost.encounter e ON e.code = p.encounter_code
		LEFT JOIN hospital_cost.payment_method m ON m.code = p.method COLLATE "C"
		WHERE p.day BETWEEN day_from AND day_to
	), busy AS (
		SELECT l.day, count(*) AS n FROM live l GROUP BY l.day ORDER BY n DESC, l.day LIMIT 1
	), half_hour AS (
		SELECT date_bin('30 minutes', l.paid_at AT TIME ZONE z.zone, '2000-01-01')::time AS at, count(*) AS n
		FROM live l CROSS JOIN (SELECT hospital_cost.hospital_timezone() AS zone OFFSET 0) z GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1
	), mix AS (
		SELECT l.channel, l.month, sum(l.amount) AS amount, sum(sum(l.amount)) OVER (PARTITION BY l.month) AS total FROM live l GROUP BY l.channel, l.month
	)
	SELECT 1, v.code, v.name, v.name_en, v.unit, NULL::date, v.value, v.detail
	FROM (SELECT count(DISTINCT l.window_code) AS windows, count(DISTINCT l.cashier_code) AS cashiers, count(DISTINCT l.day) AS days, count(*) AS n,
			count(DISTINCT coalesce(l.receipt_no, l.source_id || ':' || l.source_key)) FILTER (WHERE l.care = 'outpatient' AND l.kind = 'payment') AS receipts,
			count(DISTINCT l.encounter_code) FILTER (WHERE l.care = 'inpatient' AND l.kind = 'payment') AS settled,
			coalesce(sum(l.amount) FILTER (WHERE l.is_in), 0) AS money_in, coalesce(-sum(l.amount) FILTER (WHERE NOT l.is_in), 0) AS money_out FROM live l) t
	CROSS JOIN LATERAL (VALUES ('windows', '收费窗口', 'windows', '个', t.windows::numeric, NULL::text), ('cashiers', '收款员', 'cashiers', '人', t.cashiers,
		NULL),
		('days', '有业务天数', 'days with business', '天', t.days, NULL), ('transactions', '收退款笔数', 'transactions', '笔', t.n, NULL),
		('transactions_per_day', '日均笔数', 'transactions a day', '笔', round(t.n / nullif(t.days, 0)::numeric, 2), NULL),
		('outpatient_receipts', '门急诊收费人次', 'outpatient receipts', '张', t.receipts, NULL),
		('inpatient_settlements', '住院结算人次', 'inpatient stays settled', '人次', t.settled, NULL),
		('amount_in', '收款金额', 'taken', '元', t.money_in, NULL), ('amount_out', '退款金额', 'given back', '元', t.money_out, NULL),
		('peak_day', '业务高峰日', 'busiest day', '笔', (SELECT b.n FROM busy b), (SELECT to_char(b.day, 'YYYY-MM-DD') FROM busy b)),
		('peak_half_hour', '业务高峰时段', 'busiest half hour', '笔', (SELECT h.n FROM half_hour h), (SELECT to_char(h.at, 'HH24:MI') FROM half_hour h)))
		AS v (code, name, name_en, unit, value, detail)
	UNION ALL
	SELECT 2, 'mix_' || m.channel, c.name, c.name_en, '%', m.month, round(100 * m.amount / nullif(m.total, 0), 4), m.amount::text
	FROM (TABLE mix UNION ALL SELECT x.channel, NULL, sum(x.amount), sum(sum(x.amount)) OVER () FROM mix x GROUP BY x.channel) m (channel, month, amount,
		total)
	LEFT JOIN (VALUES ('cash', '现金占比', 'share of cash'), ('bank_card', '银行卡占比', 'share of bank cards'), ('wechat', '微信占比', 'share of WeChat'),
		('alipay', '支付宝占比', 'share of Alipay'), ('bank_transfer', '转账占比', 'share of transfers'), ('cheque', '支票占比', 'share of cheques'),
		('insurer_account', '个人账户占比', 'share of insurance accounts'), ('insurer_fund', '统筹基金占比', 'share of insurance funds'),
		('patient_account', '院内账户占比', 'share of patient accounts'), ('other', '其他占比', 'share of others'), ('unknown', '未知方式占比', 'share of unknown methods'))
		AS c (channel, name, name_en) ON c.channel = m.channel
	UNION ALL
	SELECT 3, x.care || '_' || v.code, CASE x.care WHEN 'inpatient' THEN '住院' ELSE '门急诊' END || v.name, x.care || ', ' || v.name_en, '秒', NULL,
		round(v.value, 1), x.n || ' timed'
	FROM (SELECT l.care, count(l.seconds) AS n, avg(l.seconds) AS mean, percentile_disc(0.8) WITHIN GROUP (ORDER BY l.seconds) AS p80,
		max(l.seconds) AS longest
		FROM live l WHERE l.seconds IS NOT NULL GROUP BY l.care) x
	CROSS JOIN LATERAL (VALUES ('mean_seconds', '平均办理时长', 'mean time', x.mean), ('p80_seconds', '办理时长 80 分位', '80th percentile of time', x.p80),
		('longest_seconds', '最长办理时长', 'longest time', x.longest)) AS v (code, name, name_en, value)
	UNION ALL
	SELECT 6, v.code, v.name, v.name_en, v.unit, NULL, v.value, NULL
	FROM (SELECT count(*) FILTER (WHERE NOT l.is_in) AS n, -coalesce(sum(l.amount) FILTER (WHERE NOT l.is_in), 0) AS amount,
			sum(l.amount) FILTER (WHERE l.is_in) AS money_in FROM live l) t
	CROSS JOIN LATERAL (VALUES ('refunds', '退费笔数', 'refunds', '笔', t.n::numeric), ('refund_amount', '退费金额', 'refunded', '元', t.amount),
		('refund_percent', '退费率', 'refunded of taken', '%', round(100 * t.amount / nullif(t.money_in, 0), 4)),
		('refunds_waiting', '超限退费待审批', 'refunds above the limit, not approved', '笔',
			(SELECT count(*) FROM hospital_cost.refund_approval r WHERE r.state = 'waiting' AND r.day BETWEEN day_from AND day_to)))
		AS v (code, name, name_en, unit, value)
	UNION ALL
	SELECT 6, 'refund_reason', coalesce(min(r.name), x.reason, '未填原因'), coalesce(x.reason, 'no reason given'), '笔', NULL, count(*),
		(-sum(x.amount))::text
	FROM live x LEFT JOIN hospital_cost.reason_code r ON r.purpose = 'refund' AND r.code = x.reason WHERE NOT x.is_in GROUP BY x.reason;
END;

-- How the days were closed and met their statements.
CREATE OR REPLACE FUNCTION hospital_cost._office_control(day_from date, day_to date)
RETURNS TABLE (section int, code text, name text, name_en text, unit text, period date, value numeric, detail text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH closed AS MATERIALIZED (
		SELECT s.* FROM hospital_cost.shift s WHERE s.closed_at IS NOT NULL AND hospital_cost.hospital_day(s.closed_at) BETWEEN day_from AND day_to
	), rate AS MATERIALIZED (
		SELECT r.kind, hospital_cost.period_of(r.day)::date AS month, greatest(r.ours, r.lines) AS items, r.differences, r.open
		FROM hospital_cost.reconciliation_rate r WHERE r.day BETWEEN day_from AND day_to
	)
	SELECT 4, v.code, v.name, v.name_en, v.unit, NULL::date, v.value, NULL::text
	FROM (SELECT count(*) AS n, count(c.reviewed_at) AS reviewed, count(c.audited_at) AS audited, count(*) FILTER (WHERE c.difference > 0) AS long_cases,
			coalesce(sum(c.difference) FILTER (WHERE c.difference > 0), 0) AS long_amount, count(*) FILTER (WHERE c.difference < 0) AS short_cases,
			coalesce(-sum(c.difference) FILTER (WHERE c.difference < 0), 0) AS short_amount FROM closed c) t
	CROSS JOIN (SELECT count(*) AS cases, count(*) FILTER (WHERE l.state = 'handled') AS in_time, count(*) FILTER (WHERE l.state IN ('open',
		'overdue')) AS open
		FROM hospital_cost.long_short l JOIN closed c ON c.shift_id = l.shift_id) h
	CROSS JOIN LATERAL (VALUES ('closes', '日结次数', 'closes', '次', t.n::numeric),
		('reviewed_percent', '组长复核率', 'reviewed by a leader', '%', round(100.0 * t.reviewed / nullif(t.n, 0), 2)),
		('audited_percent', '会计抽查率', 'audited by an accountant', '%', round(100.0 * t.audited / nullif(t.n, 0), 2)),
		('long_cases', '长款笔数', 'cases of long cash', '笔', t.long_cases), ('long_amount', '长款金额', 'long cash', '元', t.long_amount),
		('short_cases', '短款笔数', 'cases of short cash', '笔', t.short_cases), ('short_amount', '短款金额', 'short cash', '元', t.short_amount),
		('handled_in_24h_percent', '长短款 24 小时处理率', 'long and short cash handled within 24 hours', '%', round(100.0 * h.in_time / nullif(h.cases, 0), 2)),
		('long_short_open', '未处理长短款', 'long and short cash not handled', '笔', h.open)) AS v (code, name, name_en, unit, value)
	UNION ALL
	SELECT 5, 'difference_percent', '对账差错率', 'differences of transactions reconciled', '%', r.month,
		round(100.0 * sum(r.differences) / nullif(sum(r.items), 0), 4), sum(r.differences) || ' / ' || sum(r.items)
	FROM rate r GROUP BY GROUPING SETS ((r.month), ()) HAVING count(*) > 0
	UNION ALL
	SELECT 5, 'difference_percent_' || r.kind, '对账差错率 ' || r.kind, 'differences, ' || r.kind, '%', NULL,
		round(100.0 * sum(r.differences) / nullif(sum(r.items), 0), 4), sum(r.differences) || ' / ' || sum(r.items)
	FROM rate r GROUP BY r.kind
	UNION ALL SELECT 5, 'differences_open', '未核销差异', 'differences still open', '笔', NULL, coalesce(sum(r.open), 0), NULL FROM rate r;
END;

-- Insurers, receipts and debts. Insurers' figures are of whole months.
CREATE OR REPLACE FUNCTION hospital_cost._office_debt(day_from date, day_to date)
RETURNS TABLE (section int, code text, name text, name_en text, unit text, period date, value numeric, detail text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 7, v.code, v.name, v.name_en, v.unit, NULL::date, v.value, NULL::text
	FROM (SELECT coalesce(sum(k.encounters), 0) AS encounters, sum(k.insured_encounters) AS insured, sum(k.remote_attempts) AS remote,
		sum(k.remote_succeeded) AS remote_ok,
			sum(k.with_credential) AS credential, sum(k.e_credential) AS e, sum(k.settlements) AS settlements FROM hospital_cost.insurer_kpi k
		WHERE k.period BETWEEN hospital_cost.period_of(day_from) AND day_to) t
	CROSS JOIN (SELECT coalesce(sum(a.claimed), 0) AS claimed, coalesce(sum(a.paid), 0) AS paid, coalesce(sum(a.refused), 0) AS refused,
			coalesce(sum(a.refused_violation), 0) AS violation, coalesce(sum(a.difference), 0) AS difference, coalesce(sum(a.open), 0) AS open
		FROM hospital_cost.insurer_ageing(day_to) a WHERE a.period BETWEEN hospital_cost.period_of(day_from) AND day_to) c
	CROSS JOIN LATERAL (VALUES ('insured_percent', '医保结算占比', 'settled with an insurer', '%', round(100 * t.insured / nullif(t.encounters, 0), 2)),
		('settlements', '医保结算笔数', 'settlements with insurers', '笔', coalesce(t.settlements, 0)),
		('remote_success_percent', '异地直接结算成功率', 'remote settlements that succeeded', '%', round(100 * t.remote_ok / nullif(t.remote, 0), 2)),
		('e_credential_percent', '医保电子凭证使用率', 'by e-credential', '%', round(100 * t.e / nullif(t.credential, 0), 2)),
		('claimed', '应收医保款', 'claimed from insurers', '元', c.claimed), ('insurer_paid', '已收医保款', 'paid by insurers', '元', c.paid),
		('refused', '拒付', 'refused', '元', c.refused), ('refused_violation', '其中违规拒付', 'of it for violations', '元', c.violation),
		('settlement_difference', '结算差额', 'settlement difference', '元', c.difference), ('insurer_open', '未收医保款', 'still owed by insurers', '元', c.open))
		AS v (code, name, name_en, unit, value)
	UNION ALL
	SELECT 8, 'receipts_' || s.state, s.name, s.name_en, '张', NULL, coalesce(r.n, 0), NULL
	FROM (VALUES ('used', '已用票据', 'receipts used'), ('flushed', '红冲票据', 'receipts given back'), ('red', '红字票据', 'red receipts'),
		('void', '作废票据', 'void receipts'), ('gap', '断号', 'gaps'), ('duplicate', '重号', 'duplicates'), ('void_used', '作废后使用', 'void, but used'),
		('outside', '号段外', 'outside of any range'), ('other_cashier', '他人号段', 'used by another cashier')) AS s (state, name, name_en)
	LEFT JOIN (SELECT x.state, count(*) AS n FROM hospital_cost.receipt x
		WHERE coalesce(x.day, hospital_cost.hospital_day(x.voided_at), day_from) BETWEEN day_from AND day_to GROUP BY x.state) r ON r.state = s.state
	UNION ALL
	SELECT 9, v.code, v.name, v.name_en, v.unit, NULL, v.value, NULL
	FROM (SELECT count(*) AS n, coalesce(sum(u.unpaid), 0) AS amount FROM hospital_cost._unpaid_at(day_to) u) t
	CROSS JOIN (SELECT count(*) AS n, count(*) FILTER (WHERE m.state = 'sent') AS sent FROM hospital_cost.reminder m WHERE m.day BETWEEN day_from
		AND day_to) m
	CROSS JOIN LATERAL (VALUES ('unpaid_encounters', '期末欠费人次', 'encounters that owe at the end', '人次', t.n::numeric),
		('unpaid_amount', '期末欠费金额', 'owed at the end', '元', t.amount), ('reminders', '催缴提醒', 'reminders', '条', m.n),
		('reminders_sent', '已发提醒', 'reminders sent', '条', m.sent)) AS v (code, name, name_en, unit, value);
END;

CREATE OR REPLACE FUNCTION hospital_cost.cashier_office_report(day_from date, day_to date)
RETURNS TABLE (row_no int, section text, section_en text, code text, name text, name_en text, unit text, period date, value numeric, detail text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	WITH told AS (
		SELECT w.*, row_number() OVER () AS place FROM hospital_cost._office_work(day_from, day_to) w
		UNION ALL SELECT w.*, row_number() OVER () FROM hospital_cost._office_control(day_from, day_to) w
		UNION ALL SELECT w.*, row_number() OVER () FROM hospital_cost._office_debt(day_from, day_to) w
	)
	SELECT (row_number() OVER (ORDER BY t.section, t.code = 'refund_reason',
			CASE WHEN t.section NOT IN (2, 5, 8) AND t.code <> 'refund_reason' THEN t.place END, t.code COLLATE "C", t.period NULLS FIRST, t.value DESC,
			t.name_en COLLATE "C"))::int,
		('{业务量,支付结构,办理时长,日清日结,对账,退费,医保结算,票据,欠费}'::text[])[t.section],
		('{workload,payment mix,time taken,day close,reconciliation,refunds,insurance,receipts,debts}'::text[])[t.section],
		t.code, t.name, t.name_en, t.unit, t.period, t.value, t.detail
	FROM told t ORDER BY 1;
END;

COMMENT ON FUNCTION hospital_cost.cashier_office_report(date, date) IS 'Report of a cashier office over a year or any days (收费处年度报告), both days included, as long rows in Chinese and English, in nine sections: workload with busiest day and half hour, payment mix and its months, time taken, day close with long and short cash, reconciliation and its months, refunds by reason, insurance (whole months), receipts, debts. period: a month, null for all of it; value null: nothing to divide by';
COMMENT ON FUNCTION hospital_cost._office_work(date, date) IS 'Sections workload, payment mix, time and refunds of cashier_office_report';
COMMENT ON FUNCTION hospital_cost._office_control(date, date) IS 'Sections day close and reconciliation of cashier_office_report';
COMMENT ON FUNCTION hospital_cost._office_debt(date, date) IS 'Sections insurance, receipts and debts of cashier_office_report';
