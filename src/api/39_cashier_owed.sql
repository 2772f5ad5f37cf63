-- 30 cashier: who owes, since when, and whose deposit will not last.

-- As things stood at the end of a day; null: as they stand. An encounter owes what charges are above payments, since the first charge that no longer
-- was covered by what has been paid in all.
CREATE OR REPLACE FUNCTION hospital_cost._unpaid_at(day date DEFAULT NULL)
RETURNS TABLE (encounter_code text, charges numeric, payments numeric, deposits numeric, insurer numeric, unpaid numeric, since timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	until date := coalesce(day, 'infinity');
BEGIN
	RETURN QUERY
	WITH charged AS (
		SELECT l.encounter_code AS code, sum(l.amount) * 0.01 AS amount FROM hospital_cost._ledger l WHERE l.service_day <= until
		GROUP BY l.encounter_code HAVING sum(l.amount) > 0
	), paid AS (
		SELECT p.encounter_code AS code, sum(p.amount) AS amount, sum(p.amount) FILTER (WHERE p.kind IN ('deposit', 'deposit_refund')) AS deposits,
			sum(p.amount) FILTER (WHERE m.channel IN ('insurer_fund', 'insurer_account')) AS by_insurer
		FROM hospital_cost._payment p LEFT JOIN hospital_cost.payment_method m ON m.code = p.method COLLATE "C"
		WHERE p.encounter_code IS NOT NULL AND p.day <= until GROUP BY p.encounter_code
	), settled AS (
		SELECT s.encounter_code AS code, sum(s.medfee_sumamt - s.psn_cash_pay) AS amount FROM hospital_cost._settlement s
		WHERE s.outcome = 'success' AND s.day <= until GROUP BY s.encounter_code
	), owed AS (
		SELECT c.code, c.amount AS charges, coalesce(p.amount, 0) + x.insurer AS paid, coalesce(p.deposits, 0) AS deposits, x.insurer
		FROM charged c LEFT JOIN paid p ON p.code = c.code LEFT JOIN settled s ON s.code = c.code
		CROSS JOIN LATERAL (SELECT greatest(coalesce(s.amount, 0) - coalesce(p.by_insurer, 0), 0) AS insurer) x
		WHERE c.amount > coalesce(p.amount, 0) + x.insurer
	)
	SELECT o.code, o.charges::numeric(18,2), (o.paid - o.deposits - o.insurer)::numeric(18,2), o.deposits::numeric(18,2), o.insurer::numeric(18,2),
		(o.charges - o.paid)::numeric(18,2), s.at
	FROM owed o
	CROSS JOIN LATERAL (
		SELECT min(r.at) AS at FROM (
			SELECT d.*, max(d.service_day) FILTER (WHERE d.running <= o.paid) OVER () AS covered FROM (
				SELECT l.service_day, min(l.charged_at) AS at, sum(sum(l.amount) * 0.01) OVER (ORDER BY l.service_day) AS running
				FROM hospital_cost._ledger l WHERE l.encounter_code = o.code AND l.service_day <= until GROUP BY l.service_day) d) r
		WHERE r.service_day > coalesce(r.covered, '-infinity')) s;
END $$;

CREATE OR REPLACE VIEW hospital_cost.unpaid AS
SELECT u.encounter_code, e.patient_code, e.kind, e.department_code, d.name AS department_name, e.payer,
	CASE WHEN e.kind = 'inpatient' AND e.ended_at IS NULL AND e.status = 'active' THEN 'in_house'
		WHEN e.code IS NULL THEN 'unknown' ELSE 'left' END AS state,
	u.charges, u.payments, u.deposits, u.insurer, u.unpaid, u.since, x.days,
	CASE WHEN x.days <= 1 THEN '0-1' WHEN x.days <= 7 THEN '2-7' WHEN x.days <= 30 THEN '8-30' WHEN x.days <= 90 THEN '31-90'
		WHEN x.days <= 365 THEN '91-365' ELSE '>365' END AS age
FROM hospital_cost._unpaid_at() u
CROSS JOIN LATERAL (SELECT hospital_cost.hospital_day(now()) - hospital_cost.hospital_day(u.since) AS days) x
LEFT JOIN hospital_cost.encounter e ON e.code = u.encounter_code
LEFT JOIN hospital_cost.department d ON d.code = e.department_code;

-- The rule for a patient on a day: of his department before that of his payer before that of the house.
CREATE OR REPLACE FUNCTION hospital_cost._reminder_rule(kind text, department_code text, payer text, day date) RETURNS hospital_cost.reminder_rule
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r FROM hospital_cost.reminder_rule r
	WHERE r.kind = _reminder_rule.kind AND r.valid @> day AND r.department_code IN ('', _reminder_rule.department_code)
		AND r.payer IN ('', _reminder_rule.payer)
	ORDER BY r.department_code = '', r.payer = '' LIMIT 1;
END;

-- In-house patients whose money does not reach: for what is kept at least, or for what is still expected to be charged.
CREATE OR REPLACE FUNCTION hospital_cost._deposit_shortfall_at(day date DEFAULT NULL)
RETURNS TABLE (encounter_code text, as_of date, day_of_stay int, charges numeric, paid numeric, own_share numeric, balance numeric,
	minimum_balance numeric, expected_charges numeric, expected_further numeric, shortfall numeric, why text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	zone text := hospital_cost.hospital_timezone();
	codes text[];
	days date[];
BEGIN
	-- Without a day, each patient as of the last one he was charged for.
	SELECT array_agg(e.code ORDER BY e.code),
		array_agg(coalesce(_deposit_shortfall_at.day, greatest(l.last_day, (e.started_at AT TIME ZONE zone)::date)) ORDER BY e.code) INTO codes, days
	FROM hospital_cost.encounter e
	LEFT JOIN LATERAL (SELECT max(b.service_day) AS last_day FROM hospital_cost._ledger b WHERE b.encounter_code = e.code) l
		ON _deposit_shortfall_at.day IS NULL
	WHERE e.kind = 'inpatient' AND e.status = 'active' AND CASE WHEN _deposit_shortfall_at.day IS NULL THEN e.ended_at IS NULL
		ELSE (e.started_at AT TIME ZONE zone)::date <= _deposit_shortfall_at.day
			AND (e.ended_at IS NULL OR (e.ended_at AT TIME ZONE zone)::date > _deposit_shortfall_at.day) END;
	RETURN QUERY
	SELECT p.encounter_code, p.day, p.day_of_stay, p.charges::numeric(18,2), m.amount::numeric(18,2), r.own_share, b.balance::numeric(18,2),
		r.minimum_balance, p.median::numeric(18,2), x.further::numeric(18,2), greatest(r.minimum_balance - b.balance, x.further - b.balance)::numeric(18,2),
		CASE WHEN b.balance < r.minimum_balance THEN 'below_minimum' ELSE 'below_expected' END
	FROM hospital_cost._predict(codes, days) p
	JOIN hospital_cost.encounter e ON e.code = p.encounter_code
	CROSS JOIN LATERAL hospital_cost._reminder_rule('deposit', e.department_code, e.payer, p.day) r
	CROSS JOIN LATERAL (SELECT coalesce(sum(y.amount), 0) AS amount FROM hospital_cost._payment y
		WHERE COALESCE(y.encounter_code, y.patient_code) = e.code AND y.encounter_code = e.code
			AND y.day <= coalesce(_deposit_shortfall_at.day, 'infinity')) m
	CROSS JOIN LATERAL (SELECT m.amount - round(p.charges * r.own_share, 2) AS balance) b
	CROSS JOIN LATERAL (SELECT round(greatest(p.median - p.charges, 0) * r.own_share, 2) AS further) x
	WHERE r.kind IS NOT NULL AND (b.balance < r.minimum_balance OR b.balance < x.further);
END $$;

CREATE OR REPLACE VIEW hospital_cost.deposit_shortfall AS
SELECT s.encounter_code, e.patient_code, e.department_code, d.name AS department_name, e.payer, e.started_at, s.as_of, s.day_of_stay, s.charges,
	s.paid,
	s.own_share, s.balance, s.minimum_balance, s.expected_charges, s.expected_further, s.shortfall, s.why
FROM hospital_cost._deposit_shortfall_at() s
JOIN hospital_cost.encounter e ON e.code = s.encounter_code
LEFT JOIN hospital_cost.department d ON d.code = e.department_code;

-- What is owed on a day and was not said within the days of the rule; what is no longer owed is withdrawn, unless it was sent.
CREATE OR REPLACE FUNCTION hospital_cost.make_reminders(day date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	on_day date := coalesce(day, hospital_cost.hospital_day(now()));
	until timestamptz;
	zone text := hospital_cost.hospital_timezone();
	made bigint;
BEGIN
	IF NOT isfinite(on_day) THEN
		RAISE EXCEPTION 'reminders of "%" are not possible', on_day USING ERRCODE = 'MC30Y', HINT = 'Give a day.';
	END IF;
	-- One at a time: the second sees what the first said.
	PERFORM pg_advisory_xact_lock(18531, 0);
	until := (on_day + 1)::timestamp AT TIME ZONE zone;
	WITH owed AS MATERIALIZED (
		SELECT 'unpaid' AS kind, 'unpaid' AS why, e.code, e.patient_code, e.department_code, u.unpaid AS amount, r.due_days, r.repeat_days
		FROM hospital_cost._unpaid_at(on_day) u
		JOIN hospital_cost.encounter e ON e.code = u.encounter_code
		CROSS JOIN LATERAL hospital_cost._reminder_rule('unpaid', e.department_code, e.payer, on_day) r
		-- Who is in the house pays by deposit.
		WHERE (e.kind <> 'inpatient' OR e.ended_at < until) AND u.unpaid >= r.minimum_amount AND u.since + r.grace <= least(now(), until)
		UNION ALL
		SELECT 'deposit', s.why, e.code, e.patient_code, e.department_code, s.shortfall, r.due_days, r.repeat_days
		FROM hospital_cost._deposit_shortfall_at(on_day) s
		JOIN hospital_cost.encounter e ON e.code = s.encounter_code
		CROSS JOIN LATERAL hospital_cost._reminder_rule('deposit', e.department_code, e.payer, on_day) r
		WHERE s.shortfall >= r.minimum_amount
	), withdrawn AS (
		UPDATE hospital_cost.reminder m SET state = 'withdrawn'
		WHERE m.state = 'pending' AND m.day <= on_day AND NOT EXISTS (SELECT FROM owed o WHERE o.code = m.encounter_code AND o.kind = m.kind)
	)
	INSERT INTO hospital_cost.reminder (day, kind, why, encounter_code, patient_code, department_code, amount, due)
	SELECT on_day, o.kind, o.why, o.code, o.patient_code, o.department_code, o.amount, on_day + o.due_days FROM owed o
	WHERE NOT EXISTS (SELECT FROM hospital_cost.reminder m WHERE m.encounter_code = o.code AND m.kind = o.kind
		AND m.day > on_day - o.repeat_days AND m.day <= on_day AND (m.state <> 'withdrawn' OR m.day = on_day))
	ORDER BY o.code, o.kind;
	GET DIAGNOSTICS made = ROW_COUNT;
	RETURN made;
END $$;
