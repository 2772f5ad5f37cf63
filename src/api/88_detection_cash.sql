-- 88 detection: alerts over cash and refunds. A day is a hospital day of the payment, a month holds the days; what was taken back is not there.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES
	('cash_above', 'batch', '{"limit": {"type": "number", "minimum": 0, "default": 5000, "description": "yuan; more than this is listed"},
		"per": {"type": "text", "values": ["payment", "patient_day", "both"], "default": "both", "description": "single receipts, sums of a patient and day, or both"}}',
		'{payments}', 'hospital_cost._detect_cash_above',
		'Cash received above a limit, by one payment or by several of one patient on one day (超额现金缴费)'),
	('cash_large', 'batch', '{"limit": {"type": "number", "minimum": 0, "default": 5000, "description": "yuan; as much as this, or more"}}',
		'{payments}', 'hospital_cost._detect_cash_large', 'Cash received or given back, of a limit or more (大额现金交易)'),
	('cash_run', 'batch', '{"limit": {"type": "number", "minimum": 0, "default": 10000, "description": "yuan; more than this"},
		"days": {"type": "integer", "minimum": 1, "maximum": 366, "default": 3, "description": "days running"},
		"subject": {"type": "text", "values": ["cashier", "window", "hospital"], "default": "cashier", "description": "whose cash"},
		"mode": {"type": "text", "values": ["each_day", "sum_of_k_days"], "default": "each_day", "description": "each of the days is above, or their sum"},
		"consecutive": {"type": "text", "values": ["calendar", "worked"], "default": "calendar", "description": "calendar days, or days on which the subject took any money"},
		"net": {"type": "boolean", "default": false, "description": "whether cash given back reduces it"}}',
		'{payments}', 'hospital_cost._detect_cash_run', 'Cash above a limit on days running (连续多日现金收款超限), told once, on the day that completes it'),
	('refunds_of_patient', 'batch', '{"refunds": {"type": "integer", "minimum": 1, "default": 3, "description": "so many, or more"},
		"days": {"type": "integer", "minimum": 1, "maximum": 366, "default": 7, "description": "within so many days"},
		"long_refunds": {"type": "integer", "minimum": 1, "default": 5, "description": "or so many"},
		"long_days": {"type": "integer", "minimum": 1, "maximum": 366, "default": 30, "description": "within so many days"},
		"deposits": {"type": "boolean", "default": false, "description": "whether deposits given back count"}}',
		'{payments}', 'hospital_cost._detect_refunds_of_patient', 'Frequent refunds to one patient (同一患者频繁退费)'),
	('refunds_of_day', 'batch', '{"cashier": {"type": "integer", "minimum": 0, "default": 5, "description": "more than so many by one cashier"},
		"patient": {"type": "integer", "minimum": 0, "default": 2, "description": "more than so many to one patient"},
		"sigma": {"type": "number", "minimum": 0, "default": 3, "description": "of the hospital: above mean + so many standard deviations"},
		"history_days": {"type": "integer", "minimum": 2, "maximum": 3660, "default": 90, "description": "days before, that mean and deviation are of"},
		"minimum_days": {"type": "integer", "minimum": 2, "default": 30, "description": "fewer days before: the hospital is not judged"},
		"deposits": {"type": "boolean", "default": false, "description": "whether deposits given back count"},
		"voided": {"type": "boolean", "default": true, "description": "whether payments taken back without a successor count"}}',
		'{payments}', 'hospital_cost._detect_refunds_of_day', 'Too many refunds on one day, by cashier, patient or in all (单日退款次数超标)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en) VALUES
	('SD01', '超5000元的现金缴费', 'cash above 5000 yuan', 'cash_above', 'suspect', '现金缴费超过限额，请人工核对', 'Cash above the limit: check it by hand'),
	('SD03', '连续3日现金收款超万元', 'cash above 10000 yuan on three days running', 'cash_run', 'suspect', '连续多日现金收款超过限额，组长当日核查',
		'Cash above the limit on days running: the leader checks it the same day'),
	('SD04', '同一患者频繁退费', 'frequent refunds to one patient', 'refunds_of_patient', 'suspect', '同一患者退费频繁，组长当日核查',
		'Frequent refunds to one patient: the leader checks it the same day'),
	('SD05', '单日退款次数超标', 'too many refunds on one day', 'refunds_of_day', 'suspect', '当日退款次数超标', 'Too many refunds on the day'),
	('SD06', '大额现金交易', 'large cash transaction', 'cash_large', 'lead', '大额现金收付，审计标记', 'A large amount of cash was taken or given back')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

-- Payments that stand. Where no patient is told, the encounter stands for him.
CREATE OR REPLACE VIEW hospital_cost._detection_payment AS
SELECT p.entry_id, p.source_id, p.source_key, p.encounter_code, coalesce(p.patient_code, e.patient_code, p.encounter_code) AS patient_code, p.cashier_code,
	p.window_code, p.day, p.paid_at, p.kind, p.method, p.amount, p.reason, p.reverses, p.settlement, p.kind IN ('payment', 'deposit') AS is_receipt,
	coalesce(m.channel = 'cash', p.method IN ('cash', '现金')) AS is_cash, m.channel
FROM hospital_cost._live_payment p
LEFT JOIN hospital_cost.payment_method m ON m.code = p.method COLLATE "C"
LEFT JOIN hospital_cost.encounter e ON e.code = p.encounter_code;

CREATE OR REPLACE FUNCTION hospital_cost._detect_cash_above(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'limit')::numeric AS most, hospital_cost._parameter(rule, 'per') AS per
	), taken AS MATERIALIZED (
		SELECT p.* FROM hospital_cost._detection_payment p
		WHERE p.is_cash AND p.is_receipt AND p.day >= _detect_cash_above.period AND p.day < _detect_cash_above.period + interval '1 month'
	)
	SELECT 'payment', t.source_key, '', t.encounter_code, NULL::text, t.source_id, t.source_key, NULL::bigint, NULL::bigint, 'amount', t.amount::text,
		o.most::text, NULL::numeric, t.amount,
		jsonb_build_object('payments', jsonb_build_array(t.entry_id), 'day', t.day, 'cashier', t.cashier_code, 'patient', t.patient_code)
	FROM taken t CROSS JOIN o WHERE o.per <> 'patient_day' AND t.amount > o.most
	UNION ALL
	-- What single payments have told is not told again.
	SELECT 'patient', t.patient_code, t.day::text, min(t.encounter_code), NULL, NULL, NULL, NULL, NULL, 'amount', sum(t.amount)::text, o.most::text, NULL,
		sum(t.amount), jsonb_build_object('payments', jsonb_agg(t.entry_id ORDER BY t.entry_id), 'day', t.day)
	FROM taken t CROSS JOIN o WHERE o.per <> 'payment'
	GROUP BY t.patient_code, t.day, o.most, o.per HAVING sum(t.amount) > o.most AND (max(t.amount) <= o.most OR o.per = 'patient_day');
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_cash_large(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'payment', p.source_key, '', p.encounter_code, NULL::text, p.source_id, p.source_key, NULL::bigint, NULL::bigint, 'amount', p.amount::text, o.least::text,
		NULL::numeric, abs(p.amount), jsonb_build_object('payments', jsonb_build_array(p.entry_id), 'day', p.day, 'kind', p.kind, 'cashier', p.cashier_code)
	FROM hospital_cost._detection_payment p CROSS JOIN (SELECT hospital_cost._parameter(rule, 'limit')::numeric AS least OFFSET 0) o
	WHERE p.is_cash AND p.day >= _detect_cash_large.period AND p.day < _detect_cash_large.period + interval '1 month' AND abs(p.amount) >= o.least;
END;

-- Islands of days: a day less its number among the subject's days is the same along a run.
CREATE OR REPLACE FUNCTION hospital_cost._detect_cash_run(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'limit')::numeric AS most, hospital_cost._parameter(rule, 'days')::int AS days,
			hospital_cost._parameter(rule, 'subject') AS subject, hospital_cost._parameter(rule, 'mode') AS mode,
			hospital_cost._parameter(rule, 'consecutive') AS consecutive, hospital_cost._parameter(rule, 'net')::boolean AS net
	), worked AS MATERIALIZED (
		SELECT s.code, p.day, coalesce(sum(p.amount) FILTER (WHERE p.is_cash AND (p.is_receipt OR o.net)), 0) AS amount
		FROM hospital_cost._detection_payment p CROSS JOIN o
		CROSS JOIN LATERAL (SELECT CASE o.subject WHEN 'cashier' THEN p.cashier_code WHEN 'window' THEN p.window_code ELSE 'hospital' END COLLATE "C" AS code) s
		WHERE s.code IS NOT NULL AND p.day < _detect_cash_run.period + interval '1 month' AND p.day >= _detect_cash_run.period - interval '1 year'
		GROUP BY s.code, p.day
	), numbered AS (
		SELECT w.code, w.day, w.amount, CASE o.consecutive WHEN 'worked' THEN row_number() OVER (PARTITION BY w.code ORDER BY w.day) ELSE w.day - date '2000-01-01' END AS no
		FROM worked w CROSS JOIN o
	), summed AS (
		SELECT n.*, CASE o.mode WHEN 'each_day' THEN n.amount ELSE (SELECT sum(x.amount) FROM numbered x WHERE x.code = n.code AND x.no > n.no - o.days AND x.no <= n.no) END AS judged
		FROM numbered n CROSS JOIN o
	), above AS (
		SELECT s.*, s.no - row_number() OVER (PARTITION BY s.code ORDER BY s.no) AS island FROM summed s CROSS JOIN o WHERE s.judged > o.most
	), ranked AS (
		SELECT a.*, row_number() OVER (PARTITION BY a.code, a.island ORDER BY a.no) AS place, min(a.day) OVER (PARTITION BY a.code, a.island) AS first_day,
			sum(a.amount) OVER (PARTITION BY a.code, a.island ORDER BY a.no) AS running
		FROM above a
	)
	SELECT o.subject, r.code, r.first_day::text, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'amount',
		CASE o.mode WHEN 'each_day' THEN r.running ELSE r.judged END::text, o.most::text, NULL::numeric, CASE o.mode WHEN 'each_day' THEN r.running ELSE r.judged END,
		jsonb_build_object('first_day', r.first_day, 'day', r.day, 'days', o.days, 'mode', o.mode)
	FROM ranked r CROSS JOIN o
	WHERE r.place = CASE o.mode WHEN 'each_day' THEN o.days ELSE 1 END AND r.day >= _detect_cash_run.period;
END;

-- A cluster begins where no alarm was in the days before; it is told once, where it begins.
CREATE OR REPLACE FUNCTION hospital_cost._detect_refunds_of_patient(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT v.leg, v.refunds, v.days FROM (VALUES (1, hospital_cost._parameter(rule, 'refunds')::int, hospital_cost._parameter(rule, 'days')::int),
			(2, hospital_cost._parameter(rule, 'long_refunds')::int, hospital_cost._parameter(rule, 'long_days')::int)) AS v (leg, refunds, days)
	), given AS MATERIALIZED (
		SELECT p.patient_code, p.day, p.amount, p.entry_id, row_number() OVER (PARTITION BY p.patient_code ORDER BY p.day, p.paid_at, p.entry_id) AS no
		FROM hospital_cost._detection_payment p
		WHERE (p.kind = 'refund' OR p.kind = 'deposit_refund' AND hospital_cost._parameter(rule, 'deposits')::boolean)
			AND p.day < _detect_refunds_of_patient.period + interval '1 month' AND p.day >= _detect_refunds_of_patient.period - interval '2 years'
	), alarm AS (
		SELECT o.leg, o.refunds, o.days, g.patient_code, g.day, g.no, f.day AS first_day, lag(g.day) OVER (PARTITION BY o.leg, g.patient_code ORDER BY g.no) AS before
		FROM given g CROSS JOIN o JOIN given f ON f.patient_code = g.patient_code AND f.no = g.no - o.refunds + 1 AND g.day - f.day < o.days
	), told AS (
		SELECT DISTINCT ON (a.patient_code, a.day) a.* FROM alarm a
		WHERE (a.before IS NULL OR a.day - a.before >= a.days) AND a.day >= _detect_refunds_of_patient.period
			AND (a.leg = 1 OR NOT EXISTS (SELECT FROM alarm s WHERE s.patient_code = a.patient_code AND s.leg = 1 AND s.day > a.day - a.days AND s.day <= a.day))
		ORDER BY a.patient_code, a.day, a.leg, a.no
	)
	SELECT 'patient', t.patient_code, t.day::text, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'refunds', n.refunds::text,
		t.refunds::text, (n.refunds - t.refunds + 1)::numeric, n.amount, jsonb_build_object('payments', n.entries, 'first_day', t.first_day, 'day', t.day, 'days', t.days)
	FROM told t
	CROSS JOIN LATERAL (SELECT count(*) AS refunds, -sum(g.amount) AS amount, jsonb_agg(g.entry_id ORDER BY g.no) AS entries FROM given g
		WHERE g.patient_code = t.patient_code AND g.day BETWEEN t.day - t.days + 1 AND t.day) n;
END;

-- Payments that were taken back with nothing in their place are mistakes of the day, like refunds.
CREATE OR REPLACE FUNCTION hospital_cost._detect_refunds_of_day(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'cashier')::int AS cashier, hospital_cost._parameter(rule, 'patient')::int AS patient,
			hospital_cost._parameter(rule, 'sigma')::numeric AS sigma, hospital_cost._parameter(rule, 'history_days')::int AS history,
			hospital_cost._parameter(rule, 'minimum_days')::int AS minimum, hospital_cost._parameter(rule, 'deposits')::boolean AS deposits,
			hospital_cost._parameter(rule, 'voided')::boolean AS voided
	), given AS MATERIALIZED (
		SELECT p.entry_id, p.patient_code, p.cashier_code, p.day, -p.amount AS amount FROM hospital_cost._detection_payment p CROSS JOIN o
		WHERE (p.kind = 'refund' OR p.kind = 'deposit_refund' AND o.deposits)
			AND p.day >= _detect_refunds_of_day.period - o.history AND p.day < _detect_refunds_of_day.period + interval '1 month'
		UNION ALL
		SELECT p.entry_id, coalesce(p.patient_code, p.encounter_code), p.operator COLLATE "C", p.day, -p.amount FROM hospital_cost._payment p CROSS JOIN o
		WHERE o.voided AND p.entry = 'reverse' AND p.kind = 'payment'
			AND p.day >= _detect_refunds_of_day.period - o.history AND p.day < _detect_refunds_of_day.period + interval '1 month'
			AND NOT EXISTS (SELECT FROM hospital_cost._payment n WHERE n.source_id = p.source_id AND n.source_key = p.source_key AND n.version > p.version)
	), counted AS (
		SELECT s.subject, s.code, g.day, count(*) AS refunds, sum(g.amount) AS amount, jsonb_agg(g.entry_id ORDER BY g.entry_id) AS entries
		FROM given g CROSS JOIN LATERAL (VALUES ('cashier', g.cashier_code), ('patient', g.patient_code), ('hospital', 'hospital')) AS s (subject, code)
		WHERE s.code IS NOT NULL GROUP BY s.subject, s.code, g.day
	), begun AS (
		SELECT min(p.day) AS day FROM hospital_cost._payment p
	), judged AS (
		SELECT c.*, CASE c.subject WHEN 'cashier' THEN o.cashier WHEN 'patient' THEN o.patient ELSE h.most END AS most
		FROM counted c CROSS JOIN o
		LEFT JOIN LATERAL (
			-- Days without refunds are days, from the first payment on.
			SELECT CASE WHEN count(*) >= o.minimum THEN round(avg(coalesce(x.refunds, 0)) + o.sigma * stddev_samp(coalesce(x.refunds, 0)), 4) END AS most
			FROM begun b CROSS JOIN LATERAL generate_series(greatest(b.day, c.day - o.history), c.day - 1, interval '1 day') AS d (day)
			LEFT JOIN counted x ON x.subject = 'hospital' AND x.day = d.day) h ON c.subject = 'hospital'
		WHERE c.day >= _detect_refunds_of_day.period
	)
	SELECT j.subject, j.code, j.day::text, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'refunds', j.refunds::text, j.most::text,
		j.refunds - j.most, j.amount, jsonb_build_object('payments', j.entries, 'day', j.day)
	FROM judged j WHERE j.refunds > j.most;
END;

COMMENT ON VIEW hospital_cost._detection_payment IS 'Payments that stand, as detectors see them: patient (or the encounter where none is told), cash or not, received or given back';
COMMENT ON FUNCTION hospital_cost._detect_cash_above(date, hospital_cost.rule) IS 'SD01: cash received above a limit, in a month';
COMMENT ON FUNCTION hospital_cost._detect_cash_large(date, hospital_cost.rule) IS 'SD06: large cash transactions of a month';
COMMENT ON FUNCTION hospital_cost._detect_cash_run(date, hospital_cost.rule) IS 'SD03: cash above a limit on days running, where a month has the day that completes it';
COMMENT ON FUNCTION hospital_cost._detect_refunds_of_patient(date, hospital_cost.rule) IS 'SD04: frequent refunds to one patient, where a month has the day that completes them';
COMMENT ON FUNCTION hospital_cost._detect_refunds_of_day(date, hospital_cost.rule) IS 'SD05: too many refunds on a day of a month';
