-- 88 detection: alerts over the cashier office: closes, reviews, cash that was not handed over, floats and receipts.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES
	('long_short_open', 'batch', '{"within": {"type": "interval", "default": "24 hours", "description": "time to handle a case"}}',
		'{shift}', 'hospital_cost._detect_long_short', 'Long or short cash not handled in time (长款短款未按时处理)'),
	('close_unreviewed', 'batch', '{"cut_off": {"type": "interval", "default": "12 hours", "description": "after the midnight that ends the day of the close"},
		"sample_percent": {"type": "number", "minimum": 0, "maximum": 100, "default": 10, "description": "entries of the close that the accountant looks at, percent"}}',
		'{shift}', 'hospital_cost._detect_unreviewed', 'Closes without review, or without the accountant''s sample, at the cut-off (三级对账未完成)'),
	('cash_not_handed_over', 'batch', '{"days": {"type": "integer", "minimum": 0, "default": 1, "description": "days that are let pass"}}',
		'{payments,shift}', 'hospital_cost._detect_cash_kept',
		'Cash received and in no close, cash short and not explained, time between closes (截留挪用线索)'),
	('float_and_receipts', 'batch', '{}', '{cashier}', 'hospital_cost._detect_float_receipt',
		'Float counted otherwise than booked; receipt numbers missing, twice, void but used, of nobody''s range (备用金与票据核查)'),
	('peak_sample', 'batch', '{"percentile": {"type": "number", "minimum": 0, "maximum": 100, "default": 75, "description": "of the receipts of the months"},
		"months": {"type": "integer", "minimum": 2, "maximum": 120, "default": 12, "description": "months compared, this one among them"},
		"minimum_months": {"type": "integer", "minimum": 2, "default": 6, "description": "fewer months with receipts: no finding"},
		"sample": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 30, "description": "payments to look at"}}',
		'{payments}', 'hospital_cost._detect_peak', 'Months with the most receipts, with a sample of payments to check (收费高峰月重点核查)'),
	('refund_reason', 'batch', '{"mode": {"type": "text", "values": ["coded", "any"], "default": "coded", "description": "a code of reason_code, or any words"},
		"deposits": {"type": "boolean", "default": false, "description": "whether deposits given back need a reason"}}',
		'{payments}', 'hospital_cost._detect_refund_reason', 'Refund without a reason code (退费无原因编码)'),
	('refund_beyond_authority', 'batch', '{}', '{payments,authority}', 'hospital_cost._detect_beyond_authority',
		'Refund above the authority of the cashier, without approval (超权限退费)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en) VALUES
	('SD11', '超权限退费', 'refund beyond authority', 'refund_beyond_authority', 'definite', '退费金额超过收费员权限且未经审批',
		'The refund is above what the cashier may give back alone, and nobody approved it'),
	('SD16', '退费原因未编码', 'refund without reason code', 'refund_reason', 'suspect', '退费没有原因编码', 'The refund gives no reason code'),
	('SD21', '长款短款24小时内未处理', 'long or short cash not handled in 24 hours', 'long_short_open', 'definite', '长短款超过时限未处理',
		'Long or short cash was not handled in time'),
	('SD22', '三级对账未按时完成', 'three-level check not done in time', 'close_unreviewed', 'definite', '日结未按时复核或抽核',
		'The close was not reviewed or sampled in time'),
	('SD24', '现金未按时上缴', 'cash not handed over', 'cash_not_handed_over', 'suspect', '已收现金未按时上缴，请审计核查', 'Cash was received and not handed over'),
	('SD25', '备用金与票据核查', 'float and receipts', 'float_and_receipts', 'suspect', '备用金或票据与账不符', 'Float or receipts do not meet the books'),
	('SD26', '收费高峰月重点核查', 'sample of a peak month', 'peak_sample', 'lead', '收费高峰月，请扩大抽查', 'A month with much money: look at the sample')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

CREATE OR REPLACE FUNCTION hospital_cost._detect_long_short(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'shift', s.shift_id::text, '', NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'handled_at',
		coalesce(h.at::text, 'open'), (s.found_at + o.within)::text, NULL::numeric, abs(s.difference),
		jsonb_build_object('cashier', s.cashier_code, 'kind', s.kind, 'expected', s.expected, 'counted', s.counted, 'found_at', s.found_at)
	FROM hospital_cost.long_short s CROSS JOIN (SELECT hospital_cost._parameter(rule, 'within')::interval AS within OFFSET 0) o
	LEFT JOIN LATERAL (SELECT min(x.handled_at) AS at FROM hospital_cost._long_short_handling x WHERE x.shift_id = s.shift_id) h ON true
	WHERE hospital_cost.period_of(hospital_cost.hospital_day(s.found_at)) = _detect_long_short.period AND coalesce(h.at, now()) > s.found_at + o.within;
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_unreviewed(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH due AS MATERIALIZED (
		SELECT s.*, ((hospital_cost.hospital_day(s.closed_at) + 1)::timestamp + hospital_cost._parameter(rule, 'cut_off')::interval)
				AT TIME ZONE hospital_cost.hospital_timezone() AS cut_off,
			ceil(s.entries * hospital_cost._parameter(rule, 'sample_percent')::numeric / 100) AS wanted
		FROM hospital_cost.shift s
		WHERE s.closed_at IS NOT NULL AND hospital_cost.period_of(hospital_cost.hospital_day(s.closed_at)) = _detect_unreviewed.period
	)
	SELECT 'shift', d.shift_id::text, v.what, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, v.what, v.observed, v.most, NULL::numeric,
		d.cash_in, jsonb_build_object('cashier', d.cashier_code, 'closed_at', d.closed_at, 'cut_off', d.cut_off, 'entries', d.entries)
	FROM due d
	CROSS JOIN LATERAL (VALUES ('review', coalesce(d.reviewed_at::text, 'none'), d.cut_off::text, d.reviewed_at IS NULL OR d.reviewed_at > d.cut_off),
		('audit', coalesce(d.audited_at::text, 'none'), d.cut_off::text, d.wanted > 0 AND (d.audited_at IS NULL OR d.audited_at > d.cut_off)),
		('sample', d.sample_size::text, d.wanted::text, d.audited_at <= d.cut_off AND d.sample_size < d.wanted)) AS v (what, observed, most, wrong)
	WHERE v.wrong AND now() > d.cut_off;
END;

-- What is in no close is told by cashier and day; a close that follows late does not make it punctual.
CREATE OR REPLACE FUNCTION hospital_cost._detect_cash_kept(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'days')::int AS days, hospital_cost.hospital_day(now()) AS today
	), kept AS (
		SELECT 'cashier' AS subject, p.cashier_code AS code, 'not_closed ' || p.day AS fact, p.day + o.days AS due, sum(p.amount) AS amount,
			jsonb_build_object('payments', jsonb_agg(p.entry_id ORDER BY p.entry_id), 'day', p.day) AS evidence
		FROM hospital_cost._detection_payment p CROSS JOIN o
		LEFT JOIN hospital_cost._closed_payment c ON c.entry_id = p.entry_id
		LEFT JOIN hospital_cost._shift_close k ON k.shift_id = c.shift_id
		WHERE p.is_cash AND p.cashier_code IS NOT NULL AND p.day >= _detect_cash_kept.period AND p.day < _detect_cash_kept.period + interval '1 month'
			AND coalesce(hospital_cost.hospital_day(upper(k.span)), o.today) > p.day + o.days
		GROUP BY p.cashier_code, p.day, o.days HAVING sum(p.amount) > 0
		UNION ALL
		SELECT 'shift', s.shift_id::text, 'short', hospital_cost.hospital_day(s.found_at) + o.days, -s.difference,
			jsonb_build_object('cashier', s.cashier_code, 'expected', s.expected, 'counted', s.counted)
		FROM hospital_cost.long_short s CROSS JOIN o
		WHERE s.kind = 'short' AND hospital_cost.period_of(hospital_cost.hospital_day(s.found_at)) = _detect_cash_kept.period
			AND hospital_cost.hospital_day(coalesce(s.handled_at, now())) > hospital_cost.hospital_day(s.found_at) + o.days
		UNION ALL
		SELECT 'shift', g.shift_id::text, 'gap', g.day, NULL, jsonb_build_object('cashier', g.cashier_code, 'from', g.before, 'to', g.begins)
		FROM (SELECT k.shift_id, k.cashier_code, lower(k.span) AS begins, lag(upper(k.span)) OVER (PARTITION BY k.cashier_code ORDER BY k.span) AS before,
				hospital_cost.hospital_day(lower(k.span)) AS day FROM hospital_cost._shift_close k) g
		WHERE g.begins > g.before AND hospital_cost.period_of(g.day) = _detect_cash_kept.period
	)
	SELECT k.subject, k.code, k.fact, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'handed_over', coalesce(k.amount::text, 'gap'),
		k.due::text, NULL::numeric, k.amount, k.evidence
	FROM kept k;
END;

-- Missing numbers that follow each other are one finding, in the month of the number that came after them.
CREATE OR REPLACE FUNCTION hospital_cost._detect_float_receipt(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH told AS MATERIALIZED (
		SELECT r.*, min(r.day) OVER (PARTITION BY r.range_id ORDER BY r.receipt_no ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later,
			row_number() OVER w - row_number() OVER (PARTITION BY r.range_id, r.state ORDER BY r.receipt_no) AS island
		FROM hospital_cost.receipt r WINDOW w AS (PARTITION BY r.range_id ORDER BY r.receipt_no)
	), wrong AS (
		SELECT t.state, min(t.receipt_no) AS first_no, max(t.receipt_no) AS last_no, count(*) AS numbers, sum(t.amount) AS amount, min(t.issued_to) AS issued_to,
			min(t.cashier_code) AS cashier_code
		FROM told t WHERE t.state IN ('gap', 'duplicate', 'outside', 'other_cashier', 'void_used')
			AND hospital_cost.period_of(coalesce(t.day, t.later, hospital_cost.hospital_day(t.voided_at))) = _detect_float_receipt.period
		GROUP BY t.state, t.range_id, CASE t.state WHEN 'gap' THEN t.island::text ELSE t.receipt_no END
	)
	SELECT 'receipt', w.first_no, w.state, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'receipt_no', w.state,
		NULL::text, w.numbers::numeric, w.amount,
		jsonb_build_object('last_no', w.last_no, 'numbers', w.numbers, 'issued_to', w.issued_to, 'cashier', w.cashier_code)
	FROM wrong w
	UNION ALL
	SELECT 'cashier', f.cashier_code, 'float ' || f.at, NULL, NULL, NULL, NULL, NULL, NULL, 'float', f.counted::text, f.book::text, NULL, abs(f.counted - f.book),
		jsonb_build_object('kind', f.kind, 'by', f.by, 'shift', f.shift_id)
	FROM hospital_cost.float_ledger f
	WHERE f.counted <> f.book AND hospital_cost.period_of(hospital_cost.hospital_day(f.at)) = _detect_float_receipt.period;
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_peak(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH months AS MATERIALIZED (
		SELECT date_trunc('month', p.day::timestamp)::date AS month, sum(p.amount) AS amount FROM hospital_cost._detection_payment p
		WHERE p.is_receipt AND p.day < _detect_peak.period + interval '1 month'
			AND p.day >= _detect_peak.period - (hospital_cost._parameter(rule, 'months')::int - 1) * interval '1 month'
		GROUP BY 1
	), judged AS (
		SELECT count(*) AS months, percentile_cont(hospital_cost._parameter(rule, 'percentile')::float8 / 100) WITHIN GROUP (ORDER BY m.amount) AS most FROM months m
	)
	SELECT 'hospital', 'hospital', 'sample', NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'receipts', m.amount::text,
		round(j.most::numeric, 2)::text, NULL::numeric, NULL::numeric, jsonb_build_object('months', j.months, 'payments', s.entries)
	FROM months m CROSS JOIN judged j
	CROSS JOIN LATERAL (SELECT jsonb_agg(x.entry_id ORDER BY x.entry_id) AS entries FROM (SELECT p.entry_id FROM hospital_cost._live_payment p
		WHERE p.day >= _detect_peak.period AND p.day < _detect_peak.period + interval '1 month'
		-- The month is the seed: whoever draws again draws the same.
		ORDER BY md5(_detect_peak.period || ':' || p.entry_id) COLLATE "C", p.entry_id LIMIT hospital_cost._parameter(rule, 'sample')::int) x) s
	WHERE m.month = _detect_peak.period AND j.months >= hospital_cost._parameter(rule, 'minimum_months')::int AND m.amount > round(j.most::numeric, 2);
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_refund_reason(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'payment', p.source_key, '', p.encounter_code, NULL::text, p.source_id, p.source_key, NULL::bigint, NULL::bigint, 'reason', coalesce(p.reason, ''),
		o.mode, NULL::numeric, -p.amount, jsonb_build_object('payments', jsonb_build_array(p.entry_id), 'day', p.day, 'cashier', p.cashier_code)
	FROM hospital_cost._detection_payment p
	CROSS JOIN (SELECT hospital_cost._parameter(rule, 'mode') AS mode, hospital_cost._parameter(rule, 'deposits')::boolean AS deposits OFFSET 0) o
	WHERE (p.kind = 'refund' OR p.kind = 'deposit_refund' AND o.deposits)
		AND p.day >= _detect_refund_reason.period AND p.day < _detect_refund_reason.period + interval '1 month'
		AND (coalesce(btrim(p.reason), '') = ''
			OR o.mode = 'coded' AND NOT EXISTS (SELECT FROM hospital_cost.reason_code c WHERE c.purpose = 'refund' AND c.code = p.reason COLLATE "C"));
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_beyond_authority(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'payment', r.source_key, '', p.encounter_code, NULL::text, p.source_id, p.source_key, NULL::bigint, NULL::bigint, 'amount', r.amount::text,
		r.limit_amount::text, NULL::numeric, r.amount - r.limit_amount,
		jsonb_build_object('payments', jsonb_build_array(r.entry_id), 'day', r.day, 'cashier', r.cashier_code)
	FROM hospital_cost.refund_approval r JOIN hospital_cost._payment p ON p.entry_id = r.entry_id
	WHERE r.state = 'waiting' AND r.day >= _detect_beyond_authority.period AND r.day < _detect_beyond_authority.period + interval '1 month';
END;

COMMENT ON FUNCTION hospital_cost._detect_long_short(date, hospital_cost.rule) IS 'SD21: long and short cash of closes of a month that nobody handled in time';
COMMENT ON FUNCTION hospital_cost._detect_unreviewed(date, hospital_cost.rule) IS 'SD22: closes of a month that were not reviewed or sampled in time';
COMMENT ON FUNCTION hospital_cost._detect_cash_kept(date, hospital_cost.rule) IS 'SD24: cash of a month that was not handed over in time';
COMMENT ON FUNCTION hospital_cost._detect_float_receipt(date, hospital_cost.rule) IS 'SD25: floats and receipts of a month that do not meet the books';
COMMENT ON FUNCTION hospital_cost._detect_peak(date, hospital_cost.rule) IS 'SD26: a month with more receipts than most, with its sample';
COMMENT ON FUNCTION hospital_cost._detect_refund_reason(date, hospital_cost.rule) IS 'SD16: refunds of a month that give no reason code';
COMMENT ON FUNCTION hospital_cost._detect_beyond_authority(date, hospital_cost.rule) IS 'SD11: refunds of a month beyond the cashier''s authority that nobody approved';
