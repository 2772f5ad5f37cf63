-- 30 cashier: daily reports. Every one is a GROUP BY of the same entries, so they tie.

CREATE OR REPLACE VIEW hospital_cost._money AS
SELECT p.entry_id, p.day, p.period, p.operator COLLATE "C" AS cashier_code, p.window_code, p.method COLLATE "C" AS method, m.channel, m.account_code, p.kind,
	CASE p.entry WHEN 'reverse' THEN -1 ELSE 1 END AS transactions, p.amount,
	CASE WHEN p.kind IN ('payment', 'deposit') THEN p.amount ELSE 0 END AS amount_in,
	CASE WHEN p.kind IN ('refund', 'deposit_refund') THEN -p.amount ELSE 0 END AS amount_out,
	p.encounter_code, p.paid_at, p.started_at, o.shift_id
FROM hospital_cost._payment p
LEFT JOIN hospital_cost.payment_method m ON m.code = p.method COLLATE "C"
LEFT JOIN hospital_cost._closed_payment o ON o.entry_id = p.entry_id;

CREATE OR REPLACE VIEW hospital_cost.cashier_day AS
SELECT x.day, x.cashier_code, c.name AS cashier_name, x.shift_id, x.method, x.channel, sum(x.transactions)::bigint AS transactions,
	sum(x.amount_in)::numeric(18,2) AS amount_in, sum(x.amount_out)::numeric(18,2) AS amount_out, sum(x.amount)::numeric(18,2) AS amount
FROM hospital_cost._money x
LEFT JOIN hospital_cost.cashier c ON c.code = x.cashier_code
GROUP BY x.day, x.cashier_code, c.name, x.shift_id, x.method, x.channel;

CREATE OR REPLACE VIEW hospital_cost.hospital_day AS
SELECT x.day, sum(x.transactions)::bigint AS transactions,
	coalesce(sum(x.amount) FILTER (WHERE x.kind = 'payment'), 0)::numeric(18,2) AS payments,
	coalesce(sum(x.amount) FILTER (WHERE x.kind = 'deposit'), 0)::numeric(18,2) AS deposits,
	coalesce(-sum(x.amount) FILTER (WHERE x.kind = 'refund'), 0)::numeric(18,2) AS refunds,
	coalesce(-sum(x.amount) FILTER (WHERE x.kind = 'deposit_refund'), 0)::numeric(18,2) AS deposit_refunds,
	sum(x.amount)::numeric(18,2) AS amount,
	coalesce(sum(x.amount) FILTER (WHERE x.channel = 'cash'), 0)::numeric(18,2) AS cash,
	coalesce(sum(x.amount) FILTER (WHERE x.channel IN ('bank_card', 'bank_transfer', 'cheque')), 0)::numeric(18,2) AS bank,
	coalesce(sum(x.amount) FILTER (WHERE x.channel IN ('wechat', 'alipay')), 0)::numeric(18,2) AS mobile,
	coalesce(sum(x.amount) FILTER (WHERE x.channel IN ('insurer_account', 'insurer_fund')), 0)::numeric(18,2) AS insurer,
	coalesce(sum(x.amount) FILTER (WHERE x.channel IS NULL OR x.channel IN ('patient_account', 'other')), 0)::numeric(18,2) AS other,
	coalesce(sum(x.amount) FILTER (WHERE x.shift_id IS NOT NULL), 0)::numeric(18,2) AS closed,
	coalesce(sum(x.amount) FILTER (WHERE x.shift_id IS NULL), 0)::numeric(18,2) AS not_closed
FROM hospital_cost._money x
GROUP BY x.day;

-- Shares of what a month brought in net of what was given back, and how they moved since the month before it that has any.
CREATE OR REPLACE VIEW hospital_cost.payment_mix AS
SELECT s.period, s.channel, s.transactions, s.amount, s.share, s.share - lag(s.share) OVER (PARTITION BY s.channel ORDER BY s.period) AS share_change
FROM (
	SELECT p.period::hospital_cost.period_month AS period, c.channel, coalesce(sum(x.transactions), 0)::bigint AS transactions,
		coalesce(sum(x.amount), 0)::numeric(18,2) AS amount,
		round(coalesce(sum(x.amount), 0) / nullif(sum(sum(x.amount)) OVER (PARTITION BY p.period), 0), 6) AS share
	FROM (SELECT DISTINCT y.period FROM hospital_cost._payment y) p
	CROSS JOIN (SELECT DISTINCT coalesce(y.channel, 'unknown') AS channel FROM hospital_cost._money y) c
	LEFT JOIN hospital_cost._money x ON x.period = p.period AND coalesce(x.channel, 'unknown') = c.channel
	GROUP BY p.period, c.channel) s;

-- Weekday 1 is Monday. Days are those of this weekday on which any window took money, so that a quiet half hour counts as quiet.
CREATE OR REPLACE VIEW hospital_cost.window_demand AS
WITH live AS (
	SELECT p.window_code, p.day, extract(isodow FROM p.day)::int AS weekday,
		date_bin('30 minutes', p.paid_at AT TIME ZONE z.zone, '2000-01-01')::time AS half_hour,
		CASE WHEN p.started_at <= p.paid_at THEN extract(epoch FROM p.paid_at - p.started_at) END AS seconds
	FROM hospital_cost._live_payment p
	CROSS JOIN (SELECT hospital_cost.hospital_timezone() AS zone OFFSET 0) z
), days AS (
	SELECT l.weekday, count(DISTINCT l.day) AS days FROM live l GROUP BY l.weekday
)
SELECT l.weekday, l.half_hour, l.window_code, count(*) AS transactions, d.days, round(count(*) / d.days::numeric, 2) AS transactions_per_day,
	round(avg(l.seconds), 1) AS mean_seconds,
	round((percentile_disc(0.8) WITHIN GROUP (ORDER BY l.seconds))::numeric, 1) AS p80_seconds
FROM live l JOIN days d ON d.weekday = l.weekday
GROUP BY l.weekday, l.half_hour, l.window_code, d.days;
