-- 88 detection: frequent visits, and departments beside each other. Rules over patients and departments go on here.

CREATE OR REPLACE FUNCTION hospital_cost._detect_frequent(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH visit AS MATERIALIZED (
		SELECT e.patient_code, e.code, e.kind, hospital_cost.hospital_day(e.started_at) AS day FROM hospital_cost.encounter e
		WHERE e.status = 'active' AND e.patient_code IS NOT NULL
	), counted AS (
		SELECT v.patient_code, 'visits' AS what, count(*) AS times FROM visit v
		WHERE v.kind IN ('outpatient', 'emergency') AND v.day >= _detect_frequent.period AND v.day < _detect_frequent.period + interval '1 month' GROUP BY v.patient_code
		UNION ALL
		SELECT b.patient_code, 'drug_days', count(DISTINCT b.service_day) FROM (
			SELECT v.patient_code, l.service_day, l.item_id FROM visit v JOIN hospital_cost._ledger l ON l.encounter_code = v.code
			JOIN hospital_cost.charge_item i ON i.item_id = l.item_id AND i.kind = 'drug'
			WHERE v.kind IN ('outpatient', 'emergency') AND l.service_day >= _detect_frequent.period AND l.service_day < _detect_frequent.period + interval '1 month'
			GROUP BY v.patient_code, l.service_day, l.item_id HAVING sum(l.quantity) > 0) b GROUP BY b.patient_code
		UNION ALL
		SELECT v.patient_code, 'stays', count(*) FROM visit v
		WHERE v.kind = 'inpatient' AND v.day >= date_trunc('year', _detect_frequent.period::timestamp) AND v.day < _detect_frequent.period + interval '1 month'
		GROUP BY v.patient_code HAVING max(v.day) >= _detect_frequent.period
	)
	SELECT 'patient', c.patient_code, c.what, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, c.what, c.times::text, o.most::text,
		(c.times - o.most)::numeric, NULL::numeric, NULL::jsonb
	FROM counted c JOIN (SELECT v.what, hospital_cost._parameter(rule, v.what)::int AS most FROM (VALUES ('visits'), ('drug_days'), ('stays')) AS v (what) OFFSET 0) o
		ON o.what = c.what AND c.times > o.most;
END;

-- A unit is the ordering department; its patients are the encounters it ordered anything for. Units that never order the test count in the median.
CREATE OR REPLACE FUNCTION hospital_cost._detect_routine_test(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH had AS MATERIALIZED (
		SELECT l.ordering_id, l.encounter_code, l.item_id, sum(l.amount) AS amount FROM hospital_cost._ledger l
		WHERE l.ordering_id <> 0 AND l.service_day >= _detect_routine_test.period AND l.service_day < _detect_routine_test.period + interval '1 month'
		GROUP BY l.ordering_id, l.encounter_code, l.item_id HAVING sum(l.quantity) > 0
	), unit AS MATERIALIZED (
		SELECT h.ordering_id, count(DISTINCT h.encounter_code) AS cases FROM had h GROUP BY h.ordering_id
		HAVING count(DISTINCT h.encounter_code) >= hospital_cost._parameter(rule, 'minimum_cases')::int
	), test AS (
		SELECT h.item_id, h.ordering_id, count(*) AS cases, sum(h.amount) * 0.01 AS amount FROM had h
		JOIN hospital_cost.charge_item i ON i.item_id = h.item_id AND hospital_cost._parameter(rule, 'categories')::jsonb ? i.category
		GROUP BY h.item_id, h.ordering_id
	), share AS (
		SELECT i.item_id, u.ordering_id, u.cases, coalesce(t.cases, 0) AS tested, t.amount, coalesce(t.cases, 0)::numeric / u.cases AS share
		FROM (SELECT DISTINCT x.item_id FROM test x) i CROSS JOIN unit u LEFT JOIN test t ON t.item_id = i.item_id AND t.ordering_id = u.ordering_id
	), median AS (
		SELECT s.item_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.share)::numeric AS median FROM share s GROUP BY s.item_id
		HAVING count(*) >= hospital_cost._parameter(rule, 'minimum_units')::int
	)
	SELECT 'department', d.code, i.code, NULL::text, i.code, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'share', round(s.share, 6)::text,
		round(m.median * o.factor, 6)::text, NULL::numeric, round(s.amount * (s.share - m.median) / s.share, 2),
		jsonb_build_object('cases', s.cases, 'tested', s.tested, 'median', round(m.median, 6))
	FROM share s JOIN median m ON m.item_id = s.item_id CROSS JOIN (SELECT hospital_cost._parameter(rule, 'factor')::numeric AS factor OFFSET 0) o
	JOIN hospital_cost.department d ON d.department_id = s.ordering_id JOIN hospital_cost.charge_item i ON i.item_id = s.item_id
	-- A test that most units never order is a matter of the speciality.
	WHERE m.median > 0 AND round(s.share, 6) > round(m.median * o.factor, 6);
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_fee_share(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH total AS MATERIALIZED (
		SELECT t.ordering_id, i.category, i.name, sum(t.amount) * 0.01 AS amount, sum(t.entries) AS entries FROM hospital_cost._item_total t
		JOIN hospital_cost.charge_item i ON i.item_id = t.item_id WHERE t.period = _detect_fee_share.period AND t.ordering_id <> 0
		GROUP BY t.ordering_id, i.category, i.name
	), part AS (
		SELECT t.ordering_id, p.what, sum(t.amount) FILTER (WHERE p.is_in) AS amount, sum(t.amount) AS total
		FROM total t CROSS JOIN LATERAL (VALUES ('drug', t.category IN ('09', '11')), ('lab', t.category = '04'), ('material', t.category = '08'), ('treatment', t.category = '05'),
			('ct', t.category = '03' AND t.name ~ hospital_cost._parameter(rule, 'ct_name')), ('mri', t.category = '03' AND t.name ~ hospital_cost._parameter(rule, 'mri_name'))) AS p (what, is_in)
		GROUP BY t.ordering_id, p.what HAVING sum(t.entries) >= hospital_cost._parameter(rule, 'minimum_entries')::int AND sum(t.amount) > 0
	)
	SELECT 'department', d.code, p.what, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'share', round(p.amount / p.total, 6)::text, o.most::text,
		NULL::numeric, round(p.amount - p.total * o.most, 2), jsonb_build_object('amount', p.amount, 'total', p.total)
	FROM part p JOIN hospital_cost.department d ON d.department_id = p.ordering_id
	CROSS JOIN LATERAL (SELECT hospital_cost._parameter(rule, p.what)::numeric AS most) o
	WHERE p.amount > p.total * o.most;
END;

COMMENT ON FUNCTION hospital_cost._detect_frequent(date, hospital_cost.rule) IS 'CA40: patients with very many visits, purchases of drugs or stays';
COMMENT ON FUNCTION hospital_cost._detect_routine_test(date, hospital_cost.rule) IS 'CA36: tests that a unit orders for nearly everybody in a month';
COMMENT ON FUNCTION hospital_cost._detect_fee_share(date, hospital_cost.rule) IS 'CA44: shares of fees of a department and month above their limits';
