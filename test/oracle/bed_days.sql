-- Oracle of the workload view: every night of every stay counted one by one, on random stays: in and out on one day, transfers within a day,
-- stays over months and years, patients still there, cancelled and outpatient encounters, midnights of the hospital and not of the session.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(10);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SET timezone = 'America/New_York';
INSERT INTO hospital_cost.hospital (code, name, timezone) VALUES ('H1', 'x', 'Asia/Shanghai');
INSERT INTO hospital_cost.department (code, name, class, setting) SELECT 'W' || i, 'x', 'clinical', 'inpatient' FROM generate_series(1, 6) i;

-- A third of the stays end within hours, a tenth last for months; a sixth of the patients are there still.
CREATE TEMP TABLE trip AS
SELECT i AS n, timestamptz '2024-10-01 00:00+08' + random() * interval '150 days' AS from_at,
	CASE WHEN random() < 0.3 THEN random() * interval '14 hours' WHEN random() < 0.1 THEN random() * interval '100 days' ELSE random() * interval '12 days' END AS length,
	1 + floor(random() * 4)::int AS wards, random() < 0.17 AS still_there, random() AS dice
FROM generate_series(1, 700) i;
-- Moments that decide: exactly at midnight, one second before it.
UPDATE trip SET from_at = date_trunc('day', from_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' WHERE n % 23 = 0;
UPDATE trip SET from_at = date_trunc('day', from_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' - interval '1 second', length = interval '2 seconds' WHERE n % 29 = 0;
UPDATE trip SET length = interval '0' WHERE n % 31 = 0;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, status)
SELECT 'E' || n, CASE WHEN dice < 0.9 THEN 'inpatient' WHEN dice < 0.95 THEN 'emergency' ELSE 'outpatient' END, 'W1', from_at, CASE WHEN NOT still_there THEN from_at + length END,
	CASE WHEN n % 37 = 0 THEN 'cancelled' ELSE 'active' END FROM trip;
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at)
SELECT 'E' || n, 'W' || 1 + floor(random() * 6)::int, from_at + length * (w - 1) / wards, CASE WHEN w < wards OR NOT still_there THEN from_at + length * w / wards END
FROM trip, generate_series(1, wards) w WHERE length > '0' OR w = 1;
-- Somebody is announced for a day that has not come.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('F', 'inpatient', 'W1', now() + interval '3 days');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at) VALUES ('F', 'W1', now() + interval '3 days');

-- The slow way: midnight by midnight. A stay holds the night that begins with day d if the patient is in the ward at the end of d.
CREATE TEMP TABLE night AS
SELECT s.encounter_code, s.department_code, d.day
FROM hospital_cost.department_stay s
JOIN hospital_cost.encounter e ON e.code = s.encounter_code AND e.kind = 'inpatient' AND e.status = 'active'
CROSS JOIN LATERAL (SELECT x::date AS day FROM generate_series((s.from_at AT TIME ZONE 'Asia/Shanghai')::date, (now() AT TIME ZONE 'Asia/Shanghai')::date, interval '1 day') x) d
WHERE s.from_at < (d.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
	AND coalesce(s.to_at, 'infinity') >= (d.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
	AND (d.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' <= now();
-- Admitted and gone without a midnight between: one bed-day in the last ward.
INSERT INTO night
SELECT DISTINCT ON (s.encounter_code) s.encounter_code, s.department_code, (s.from_at AT TIME ZONE 'Asia/Shanghai')::date
FROM hospital_cost.department_stay s JOIN hospital_cost.encounter e ON e.code = s.encounter_code AND e.kind = 'inpatient' AND e.status = 'active'
WHERE e.ended_at IS NOT NULL AND NOT EXISTS (SELECT FROM night n WHERE n.encounter_code = s.encounter_code)
ORDER BY s.encounter_code, s.from_at DESC;

SELECT cmp_ok((SELECT count(*) FROM night), '>', 3000::bigint, 'nights were spent');
SELECT cmp_ok((SELECT count(*) FROM (SELECT encounter_code FROM night GROUP BY 1 HAVING count(*) = 1) x), '>', 20::bigint, 'some stays are a day');
CREATE TEMP VIEW counted AS SELECT w.period::date AS period, w.department_code, w.quantity FROM hospital_cost.workload w WHERE w.measure = 'bed_days';
CREATE TEMP VIEW slow AS SELECT date_trunc('month', n.day)::date AS period, n.department_code, count(*)::numeric AS quantity FROM night n GROUP BY 1, 2;
SELECT is_empty('TABLE slow EXCEPT TABLE counted ORDER BY 1, 2 LIMIT 5', 'bed-days by month and ward, counted night by night');
SELECT is_empty('TABLE counted EXCEPT TABLE slow ORDER BY 1, 2 LIMIT 5', 'and no others');
SELECT is((SELECT sum(quantity) FROM counted), (SELECT count(*)::numeric FROM night), 'in all');
SELECT is_empty($$SELECT w.period::date, w.department_code, w.quantity FROM hospital_cost.workload w WHERE w.measure = 'discharges'
	EXCEPT SELECT date_trunc('month', e.ended_at AT TIME ZONE 'Asia/Shanghai')::date,
		(SELECT s.department_code FROM hospital_cost.department_stay s WHERE s.encounter_code = e.code ORDER BY s.from_at DESC LIMIT 1), count(*)::numeric
	FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' AND e.status = 'active' AND e.ended_at IS NOT NULL GROUP BY 1, 2$$, 'discharges belong to the last ward');
SELECT is((SELECT sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'discharges'),
	(SELECT count(*)::numeric FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' AND e.status = 'active' AND e.ended_at IS NOT NULL), 'all of them');
SELECT is((SELECT sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'visits'),
	(SELECT count(*)::numeric FROM hospital_cost.encounter e WHERE e.kind IN ('outpatient', 'emergency') AND e.status = 'active'), 'visits are encounters that are neither inpatient nor cancelled');
SELECT results_eq($$SELECT w.period::date, sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'admissions' AND w.period < '2025-06-01' GROUP BY 1 ORDER BY 1$$,
	$$SELECT date_trunc('month', e.started_at AT TIME ZONE 'Asia/Shanghai')::date, count(*)::numeric FROM hospital_cost.encounter e
	WHERE e.kind = 'inpatient' AND e.status = 'active' AND e.code <> 'F' GROUP BY 1 ORDER BY 1$$, 'admissions by month');
CREATE TEMP TABLE before AS TABLE counted;
SET timezone = 'Pacific/Auckland';
SELECT is_empty('TABLE counted EXCEPT TABLE before', 'another session time zone changes nothing');

SELECT * FROM finish();
ROLLBACK;
