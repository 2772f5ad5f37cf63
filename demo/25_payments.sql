-- The cashier office (收费室) on the last day of the month: deposits of who is in the house and of who leaves, what the day brought in at eight windows, and
-- what WeChat says of it. The HIS writes its own table, which is attached as the fee lines are.
CREATE TABLE his.payment (
	pay_no text PRIMARY KEY,
	visit_no text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('收费', '预交金', '退费', '退预交金')),
	method text NOT NULL,
	amount numeric(14,2) NOT NULL,
	pay_time timestamptz NOT NULL,
	begin_time timestamptz,
	operator text NOT NULL,
	window_no text NOT NULL,
	receipt text,
	channel_no text,
	refund_of text,
	reason text
);
INSERT INTO hospital_cost.cashier_window (code, name) SELECT 'W' || w, w || ' 号窗口' FROM generate_series(1, 8) w;
INSERT INTO hospital_cost.cashier (code, name, login) SELECT 'C' || w, w || ' 号窗口收款员', 'demo_cashier' FROM generate_series(1, 8) w;
INSERT INTO hospital_cost.payment_method (code, name, channel) VALUES ('现金', '现金', 'cash'), ('银行卡', '银行卡', 'bank_card'), ('微信', '微信支付', 'wechat'),
	('支付宝', '支付宝', 'alipay'), ('统筹', '医保统筹基金', 'insurer_fund');
SELECT hospital_cost.attach_payments('his.payment', '{"source_key": "pay_no", "encounter": "visit_no", "kind": "kind", "method": "method", "amount": "amount",
	"paid_at": "pay_time", "started_at": "begin_time", "operator": "operator", "window_code": "window_no", "receipt_no": "receipt",
	"external_reference": "channel_no", "reverses_key": "refund_of", "reason": "reason"}', 'flag',
	'{"kind": {"payment": ["收费"], "deposit": ["预交金"], "refund": ["退费"], "deposit_refund": ["退预交金"]}}') \g /dev/null

-- What each visit came to; the fund pays its part of the insured, the patient the rest by one method, inpatients first out of their deposit.
CREATE TABLE demo.pay AS
WITH bill AS (
	SELECT v.visit_no, v.visit_type = '住院' AS stays, v.insurance IN ('职工医保', '居民医保') AS insured, v.reg_time, v.leave_time, f.total, f.last_line
	FROM his.visit v JOIN (SELECT d.visit_no, sum(d.total) AS total, max(d.fee_time) AS last_line FROM his.fee_detail d GROUP BY d.visit_no) f
		ON f.visit_no = v.visit_no
	WHERE v.visit_state = '有效' AND (v.leave_time >= '2025-03-31' OR v.leave_time IS NULL)
), drawn AS (
	SELECT b.*, row_number() OVER (ORDER BY b.visit_no COLLATE "C") + 9000000 AS k FROM bill b WHERE b.total > 0
)
SELECT d.visit_no, d.stays, d.k, d.total, greatest(d.reg_time, '2025-03-01 08:00') + interval '20 minutes' AS in_time,
	CASE WHEN d.stays THEN d.leave_time ELSE greatest(d.last_line, d.reg_time) END AS out_time,
	CASE WHEN d.insured THEN round(d.total * (0.35 + 0.3 * demo.u(d.k, 1))::numeric, 2) ELSE 0 END AS fund,
	CASE WHEN d.stays THEN 1000 * (1 + floor(demo.u(d.k, 2) * 8)) ELSE 0 END AS deposit,
	(ARRAY['微信', '微信', '微信', '微信', '支付宝', '支付宝', '银行卡', '现金', '现金', '现金'])[1 + floor(demo.u(d.k, 3) * 10)::int] AS method,
	1 + floor(demo.u(d.k, 4) * 8)::int AS w, 70 + floor(demo.u(d.k, 5) * 160) AS seconds
FROM drawn d;
INSERT INTO his.payment (pay_no, visit_no, kind, method, amount, pay_time, begin_time, operator, window_no, receipt, channel_no, refund_of)
SELECT x.pay_no, x.visit_no, x.kind, x.method, x.amount, x.at, x.at - make_interval(secs => x.seconds), 'C' || x.w, 'W' || x.w, x.receipt,
	CASE WHEN x.method IN ('微信', '支付宝', '银行卡') THEN '4200' || x.pay_no END, x.refund_of
FROM (
	SELECT 'D' || p.k AS pay_no, p.visit_no, '预交金' AS kind, p.method, p.deposit AS amount, p.in_time AS at, p.seconds, p.w, 'Y' || p.k AS receipt, NULL AS refund_of
	FROM demo.pay p WHERE p.stays
	UNION ALL SELECT 'F' || p.k, p.visit_no, '收费', '统筹', p.fund, p.out_time, p.seconds, p.w, 'P' || p.k, NULL FROM demo.pay p
	WHERE p.fund > 0 AND p.out_time IS NOT NULL
	UNION ALL SELECT 'P' || p.k, p.visit_no, '收费', p.method, p.total - p.fund - p.deposit, p.out_time, p.seconds, p.w, 'P' || p.k, NULL FROM demo.pay p
	WHERE p.total - p.fund > p.deposit AND p.out_time IS NOT NULL AND demo.u(p.k, 6) > 0.01
	UNION ALL SELECT 'R' || p.k, p.visit_no, '退预交金', p.method, p.deposit + p.fund - p.total, p.out_time, p.seconds, p.w, 'P' || p.k, 'D' || p.k FROM demo.pay p
	WHERE p.stays AND p.total - p.fund < p.deposit AND p.out_time IS NOT NULL
) x ORDER BY x.at, x.pay_no;

-- Three people and three logins. Whoever closes counts first: window 3 is 20 yuan long, window 6 is 5 short.
SELECT hospital_cost.setup_roles() \g /dev/null
SELECT format('CREATE ROLE %I', r.name) FROM unnest('{demo_cashier,demo_leader,demo_accountant}'::name[]) AS r (name)
WHERE NOT EXISTS (SELECT FROM pg_roles p WHERE p.rolname = r.name)
\gexec
GRANT hospital_cost_cashier TO demo_cashier;
GRANT hospital_cost_cashier_leader TO demo_leader;
GRANT hospital_cost_accountant TO demo_accountant;
CREATE TABLE demo.counted AS
SELECT c.code, c.window_code, coalesce(sum(l.amount) FILTER (WHERE l.method = '现金'), 0) + CASE c.code WHEN 'C3' THEN 20 WHEN 'C6' THEN -5 ELSE 0 END AS cash
FROM (SELECT 'C' || w AS code, 'W' || w AS window_code FROM generate_series(1, 8) w) c
LEFT JOIN hospital_cost.payment_ledger l ON l.operator = c.code GROUP BY c.code, c.window_code;
SELECT string_agg(format('SELECT * FROM hospital_cost.close_shift(hospital_cost.open_shift(%L, %L), %s)', c.window_code, c.code, c.cash), '; ' ORDER BY c.code)
	AS close_all FROM demo.counted c \gset
SET SESSION AUTHORIZATION demo_cashier;
\o /dev/null
:close_all;
SET SESSION AUTHORIZATION demo_leader;
SELECT hospital_cost.review_shift(s.shift_id) FROM hospital_cost.shift s WHERE s.cashier_code <> 'C8';
SELECT hospital_cost.handle_long_short(l.shift_id, 'change', 'liability', '找零差错，挂其他应付款') FROM hospital_cost.long_short l WHERE l.kind = 'long';
SET SESSION AUTHORIZATION demo_accountant;
SELECT hospital_cost.audit_shift(s.shift_id, 5, 20250331) FROM hospital_cost.shift s WHERE s.cashier_code = 'C1';
\o
RESET SESSION AUTHORIZATION;

-- WeChat's statement: one payment is missing there, one amount differs, and one line nobody booked.
INSERT INTO hospital_cost.statement_format (kind, name, methods) VALUES ('wechat', '微信对账单', '{微信}');
SELECT hospital_cost.load_statement('wechat', '2025-03-31', (
	SELECT jsonb_agg(jsonb_build_object('reference', x.channel_no, 'at', to_char(x.pay_time, 'YYYY-MM-DD HH24:MI:SS'),
		'amount', CASE WHEN x.place = 2 THEN x.amount - 1 ELSE x.amount END) ORDER BY x.pay_no)
		|| '{"reference": "4200X9", "at": "2025-03-31 11:08:09", "amount": 86.5}'
	FROM (SELECT p.pay_no, p.channel_no, p.pay_time, CASE p.kind WHEN '退预交金' THEN -p.amount ELSE p.amount END AS amount,
			row_number() OVER (ORDER BY p.kind DESC, p.pay_no) AS place
		FROM his.payment p WHERE p.method = '微信' AND p.pay_time >= '2025-03-31') x WHERE x.place <> 1)) \g /dev/null
SELECT * FROM hospital_cost.reconcile('wechat', '2025-03-31') \g /dev/null
