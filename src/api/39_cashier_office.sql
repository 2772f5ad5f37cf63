-- 30 cashier: how the office works: windows, refunds by reason, cash day by day.

CREATE OR REPLACE VIEW hospital_cost.window_performance AS
WITH live AS (
	SELECT p.period, p.window_code, p.day, p.cashier_code, CASE WHEN e.kind = 'inpatient' THEN 'inpatient' ELSE 'outpatient' END AS care,
		CASE WHEN p.started_at <= p.paid_at THEN extract(epoch FROM p.paid_at - p.started_at) END AS seconds, p.amount
	FROM hospital_cost._live_payment p LEFT JOIN hospital_cost.encounter e ON e.code = p.encounter_code
)
SELECT l.period::hospital_cost.period_month AS period, l.window_code, w.name AS window_name, l.care, count(DISTINCT l.day) AS days,
	count(DISTINCT l.cashier_code) AS cashiers, count(*) AS transactions, round(count(*) / count(DISTINCT l.day)::numeric, 2) AS transactions_per_day,
	sum(l.amount)::numeric(18,2) AS amount, count(l.seconds) AS timed, round(avg(l.seconds), 1) AS mean_seconds,
	round((percentile_disc(0.5) WITHIN GROUP (ORDER BY l.seconds))::numeric, 1) AS median_seconds,
	round((percentile_disc(0.8) WITHIN GROUP (ORDER BY l.seconds))::numeric, 1) AS p80_seconds, round(max(l.seconds), 1) AS longest_seconds
FROM live l LEFT JOIN hospital_cost.cashier_window w ON w.code = l.window_code
GROUP BY l.period, l.window_code, w.name, l.care;

-- The reason of a charge that was given back stands in the hospital's own row; the ledger says what and how much.
CREATE OR REPLACE FUNCTION hospital_cost._charge_refunds(a hospital_cost.attachment, day_from date, day_to date)
RETURNS TABLE (reason text, ordering_id smallint, item_id int, refunds bigint, quantity numeric, amount numeric)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	keys text[];
	reasons text[];
BEGIN
	IF a.columns ? 'reason' AND a.detached_at IS NULL AND EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation)
		AND hospital_cost._gone_columns(a) IS NULL THEN
		EXECUTE format('SELECT array_agg(x.k), array_agg(x.r) FROM (SELECT (%s)::pg_catalog.text AS k, NULLIF((%s)::pg_catalog.text, %L) AS r FROM %s s) x
			WHERE x.r IS NOT NULL', hospital_cost._source_sql(a.relation, a.columns, 'source_key'), hospital_cost._source_sql(a.relation, a.columns, 'reason'),
			'', a.relation) INTO keys, reasons;
	END IF;
	RETURN QUERY
	SELECT s.reason, r.ordering_id, r.item_id, count(*), -sum(r.quantity) * 0.0001, -sum(r.amount) * 0.01
	FROM hospital_cost._ledger r
	LEFT JOIN unnest(keys, reasons) AS s (key, reason) ON s.key = CASE r.source_key_text WHEN '' THEN r.source_key::text ELSE r.source_key_text END
	WHERE r.source_id = a.source_id AND r.service_day >= day_from AND r.service_day <= day_to AND r.amount < 0 AND r.flags & 64 = 0
		AND NOT EXISTS (SELECT FROM hospital_cost._ledger u WHERE u.encounter_code = r.encounter_code AND u.reverses = r.entry_id AND u.flags & 64 <> 0)
	GROUP BY s.reason, r.ordering_id, r.item_id;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.refund_reasons(day_from date, day_to date)
RETURNS TABLE (origin text, reason text, reason_name text, feeds text, department_code text, department_name text, item_code text, item_name text,
	is_drug boolean, refunds bigint, quantity numeric, amount numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	WITH told AS (
		SELECT 'charge' AS origin, c.reason, d.code, d.name, i.code AS item, i.name AS item_name, i.kind = 'drug' AS is_drug, c.refunds, c.quantity,
			c.amount
		FROM hospital_cost.attachment a CROSS JOIN LATERAL hospital_cost._charge_refunds(a, day_from, day_to) c
		JOIN hospital_cost.charge_item i ON i.item_id = c.item_id LEFT JOIN hospital_cost.department d ON d.department_id = c.ordering_id
		WHERE a.feed = 'charges'
		UNION ALL
		SELECT 'payment', p.reason, d.code, d.name, NULL, NULL, NULL, count(*), NULL, -sum(p.amount)
		FROM hospital_cost._live_payment p LEFT JOIN hospital_cost.encounter e ON e.code = p.encounter_code
		LEFT JOIN hospital_cost.department d ON d.code = e.department_code
		WHERE p.kind IN ('refund', 'deposit_refund') AND p.day >= day_from AND p.day <= day_to GROUP BY p.reason, d.code, d.name
	)
	SELECT t.origin, t.reason, min(r.name), min(r.feeds), t.code, t.name, t.item, t.item_name, t.is_drug, sum(t.refunds)::bigint,
		sum(t.quantity)::numeric(16,4), sum(t.amount)::numeric(18,2)
	FROM told t LEFT JOIN hospital_cost.reason_code r ON r.purpose = 'refund' AND r.code = t.reason
	GROUP BY t.origin, t.reason, t.code, t.name, t.item, t.item_name, t.is_drug
	ORDER BY t.origin, sum(t.amount) DESC, t.reason COLLATE "C", t.code COLLATE "C", t.item COLLATE "C";
END $$;

CREATE OR REPLACE VIEW hospital_cost.cash_sheet AS
SELECT x.day, count(*) AS closes, count(DISTINCT x.cashier_code) AS cashiers, sum(x.float_start)::numeric(18,2) AS float_start,
	sum(x.float_moved)::numeric(18,2) AS float_moved, sum(x.cash_in)::numeric(18,2) AS cash_in, sum(x.cash_out)::numeric(18,2) AS cash_out,
	sum(x.banked)::numeric(18,2) AS banked, sum(x.float_end)::numeric(18,2) AS float_end, sum(x.expected)::numeric(18,2) AS expected,
	sum(x.counted)::numeric(18,2) AS counted, coalesce(sum(x.counted - x.expected) FILTER (WHERE x.counted > x.expected), 0)::numeric(18,2) AS long_cash,
	coalesce(sum(x.expected - x.counted) FILTER (WHERE x.counted < x.expected), 0)::numeric(18,2) AS short_cash,
	count(r.shift_id) AS reviewed, count(a.shift_id) AS audited
FROM (SELECT k.*, hospital_cost.hospital_day(upper(k.span)) AS day FROM hospital_cost._shift_close k) x
LEFT JOIN hospital_cost._shift_review r ON r.shift_id = x.shift_id
LEFT JOIN hospital_cost._shift_audit a ON a.shift_id = x.shift_id
GROUP BY x.day;

COMMENT ON VIEW hospital_cost.window_performance IS 'Windows (窗口效率) by month and care (inpatient 住院 or outpatient 门急诊): transactions, and seconds from started_at to paid_at (办理时长): mean, median, 80th percentile, longest, of those timed. Payments of an encounter without a row count as outpatient';
COMMENT ON FUNCTION hospital_cost.refund_reasons(date, date) IS 'Refunds by reason (退费原因) from day_from to day_to (both included), for purchasing, pharmacy and departments: charges given back by ordering department and item (origin charge, day of service), money given back by department of the encounter (origin payment, day of payment). reason null: none was given; feeds: whom it concerns, see reason_code. Reads the reason in the attached tables';
COMMENT ON FUNCTION hospital_cost._charge_refunds(hospital_cost.attachment, date, date) IS 'Charges of one attached table that were given back, by reason, department and item';
COMMENT ON VIEW hospital_cost.cash_sheet IS 'Cash by day of the close (现金日报), all cashiers: expected = float_start + float_moved + cash_in − cash_out − banked − float_end, what was counted, long and short, and how many closes were reviewed and audited';
