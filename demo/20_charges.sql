-- Who came: visits of the clinics, admissions, ward stays. Everything is drawn from hashes of fixed keys.

-- March 2025 and the forty days before it, for patients who were already in bed on the first. Weekdays are heavier.
CREATE TABLE demo.day AS
SELECT day::date, day >= '2025-03-01' AS in_month, dow,
	CASE WHEN dow IN (6, 7) THEN 0.45 WHEN dow = 1 THEN 1.25 ELSE 1.0 END AS clinic,
	CASE WHEN dow IN (6, 7) THEN 0.62 WHEN dow = 1 THEN 1.2 ELSE 1.0 END AS ward
FROM generate_series(timestamp '2025-01-20', '2025-03-31', '1 day') AS day, LATERAL (SELECT extract(isodow FROM day)::int AS dow) d;

-- Arrivals by half hour: the counters are full from 7:30 to 9:00 and from 14:00 to 15:30; 急诊 never closes.
CREATE TABLE demo.half_hour AS
SELECT setting, slot, weight FROM (VALUES
	('outpatient', '{14,3,15,12,16,15,17,12.5,18,6.2,19,6,20,5.5,21,4.5,22,3,23,1.5,24,1,25,1,26,2,27,4,28,9.5,29,9,30,9.2,31,4,32,3,33,1.5}'::numeric[]),
	('emergency', '{0,2,2,1.5,4,1,6,1,8,1,10,1.2,12,1.5,14,2,16,3,17,3,18,3,20,3,22,3,24,3,26,2.5,28,3,30,3,32,3,34,3.5,36,5,37,5,38,6,39,6,40,6,41,5,42,5,44,4,46,3}')
) AS w (setting, pairs), generate_series(1, cardinality(pairs), 2) AS i, LATERAL (SELECT pairs[i]::int AS slot, pairs[i + 1] AS weight) x;

-- A draw by weight is a look-up in ranges of [0, 1).
CREATE TABLE demo.draw AS
SELECT kind, value, (sum(weight) OVER w - weight) / sum(weight) OVER (PARTITION BY kind) AS low,
	sum(weight) OVER w / sum(weight) OVER (PARTITION BY kind) AS high
FROM (SELECT 'clinic day' AS kind, day - date '2025-01-01' AS value, clinic AS weight FROM demo.day WHERE in_month
	UNION ALL SELECT 'emergency day', day - date '2025-01-01', 1 FROM demo.day WHERE in_month
	UNION ALL SELECT 'admission day', day - date '2025-01-01', ward FROM demo.day WHERE in_month
	UNION ALL SELECT 'earlier day', day - date '2025-01-01', ward FROM demo.day WHERE NOT in_month
	UNION ALL SELECT setting || ' slot', slot, weight FROM demo.half_hour) AS weights
WINDOW w AS (PARTITION BY kind ORDER BY value);

-- Patients belong to pools, so that a child stays a child and comes back now and then. Who pays goes with the patient: 63 % insured.
CREATE FUNCTION demo.patient(key bigint, tag text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE tag WHEN 'ped' THEN 7000000 WHEN 'obgyn' THEN 6000000 ELSE 1000000 END
	+ floor(demo.u(key, 2) * 30000 * greatest(:factor, 0.01))::bigint;
CREATE TABLE demo.diagnosis (tag text, codes text[]);
INSERT INTO demo.diagnosis VALUES
	('card', '{I10,I25.1,I50.9}'), ('resp', '{J18.9,J44.1,J20.9}'), ('gi', '{K29.5,K25.9,K57.3}'), ('neuro', '{I63.9,G45.9,R42}'),
	('endo', '{E11.9,N18.9,E05.9}'), ('surg', '{K80.2,K35.8,K40.9}'), ('ortho', '{S72.0,M51.2,S82.1}'), ('uro', '{N20.1,N40,N39.0}'),
	('neuros', '{I61.9,S06.5,D32.0}'), ('obgyn', '{O82,D25.9,N76.0}'), ('ped', '{J06.9,J18.0,A08.4}'), ('eye', '{H25.9,H10.9,H52.1}'),
	('ent', '{J32.9,H66.9,J35.0}'), ('dental', '{K04.0,K02.1,K01.1}'), ('derm', '{L20.9,L50.9,B35.4}'), ('tcm', '{M54.5,I69.3,M47.8}'),
	('ed', '{R10.4,S01.9,R50.9}'), ('head', '{H25.9,J32.9,H66.9}');

CREATE TABLE demo.visit AS
WITH unit AS (SELECT u.*, row_number() OVER (ORDER BY u.code) AS no FROM demo.unit u),
clinic AS (
	SELECT u.no * 100000 + i AS k, u.code AS dept, u.tag, u.setting, i > n AS cancelled,
		CASE u.setting WHEN 'emergency' THEN 'emergency day' ELSE 'clinic day' END AS day_kind, 0 AS nights
	FROM unit u, LATERAL (SELECT round(u.visits * :factor)::int AS n) q,
		generate_series(1, n + round(u.visits * 0.004 * :factor)::int) AS i
	WHERE u.visits > 0
), ward AS (
	SELECT 6000000 + u.no * 100000 + i AS k, u.code, u.tag, u.setting, false,
		CASE WHEN i <= n THEN 'admission day' ELSE 'earlier day' END,
		-- Length of stay: the shape of a log-normal, read off at one hundred places; some leave the same day.
		CASE WHEN demo.u(6000000 + u.no * 100000 + i, 4) < 0.012 THEN 0 ELSE greatest(1, round(u.los * l.shape))::int END
	FROM unit u, LATERAL (SELECT round(u.admissions * :factor)::int AS n) q,
		generate_series(1, n + round(u.admissions * :factor * 40 / 31)::int) AS i,
		LATERAL (SELECT demo.u(6000000 + u.no * 100000 + i, 3) * 19 AS x) p,
		LATERAL (SELECT (s.a[floor(x)::int + 1] + (s.a[floor(x)::int + 2] - s.a[floor(x)::int + 1]) * (x - floor(x)))::numeric AS shape
			FROM (SELECT '{0.15,0.27,0.36,0.43,0.5,0.56,0.62,0.68,0.74,0.8,0.87,0.94,1.02,1.11,1.22,1.35,1.53,1.8,2.25,3.6}'::float8[] AS a) s) l
	WHERE u.admissions > 0
), placed AS (
	SELECT v.*, date '2025-01-01' + d.value AS day, demo.patient(v.k, v.tag) AS patient,
		CASE WHEN v.k < 6000000 THEN h.value * 30 + floor(demo.u(v.k, 6) * 30) ELSE 480 + floor(demo.u(v.k, 6) * 540) END AS minute
	FROM (TABLE clinic UNION ALL TABLE ward) v
	JOIN demo.draw d ON d.kind = v.day_kind AND demo.u(v.k, 1) >= d.low AND demo.u(v.k, 1) < d.high
	LEFT JOIN demo.draw h ON h.kind = v.setting || ' slot' AND demo.u(v.k, 5) >= h.low AND demo.u(v.k, 5) < h.high
)
SELECT p.*, CASE p.setting WHEN 'outpatient' THEN 'M' WHEN 'emergency' THEN 'J' ELSE 'Z' END || to_char(p.day, 'YYMMDD')
		|| lpad(row_number() OVER (PARTITION BY p.day, p.setting ORDER BY p.minute, p.k)::text, 4, '0') AS visit_no,
	p.day + make_interval(mins => p.minute::int, secs => floor(demo.u(p.k, 7) * 60)) AS reg_time,
	CASE WHEN p.setting <> 'inpatient' THEN p.day + make_interval(mins => p.minute::int + 70 + floor(demo.u(p.k, 8) * 120)::int)
		WHEN p.nights = 0 THEN p.day + make_interval(mins => p.minute::int + 200 + floor(demo.u(p.k, 8) * 150)::int)
		ELSE p.day + p.nights + make_interval(mins => 540 + floor(demo.u(p.k, 8) * 400)::int) END AS leave_time
FROM placed p
WHERE p.day + p.nights >= '2025-03-01';

INSERT INTO his.visit (visit_no, patient_no, visit_type, visit_state, dept, reg_time, leave_time, insurance, sex, birth_date, diag_code)
SELECT v.visit_no, 'P' || v.patient, CASE v.setting WHEN 'outpatient' THEN '门诊' WHEN 'emergency' THEN '急诊' ELSE '住院' END,
	CASE WHEN v.cancelled THEN '退号' ELSE '有效' END, v.dept, v.reg_time,
	CASE WHEN v.leave_time < '2025-04-01' THEN v.leave_time END,
	CASE WHEN demo.u(v.patient, 10) < 0.34 THEN '职工医保' WHEN demo.u(v.patient, 10) < 0.63 THEN '居民医保'
		WHEN demo.u(v.patient, 10) < 0.68 THEN '商业保险' ELSE '自费' END,
	CASE WHEN v.patient >= 6000000 AND v.patient < 7000000 OR demo.u(v.patient, 11) < 0.47 THEN 'F' ELSE 'M' END,
	CASE WHEN v.patient >= 7000000 THEN date '2024-12-31' - floor(demo.u(v.patient, 12) * 13 * 365)::int
		WHEN v.patient >= 6000000 THEN date '2005-01-01' - floor(demo.u(v.patient, 12) * 30 * 365)::int
		ELSE date '2006-12-31' - floor(demo.u(v.patient, 12) * 68 * 365)::int END,
	g.codes[1 + floor(demo.u(v.k, 13) * 3)::int]
FROM demo.visit v JOIN demo.diagnosis g ON g.tag = v.tag
ORDER BY v.reg_time, v.visit_no;

-- Ward stays. About 5 in 100 of the longer stays pass through intensive care (ICU), 1 in 100 through another ward.
CREATE TABLE demo.stay AS
WITH moved AS (
	SELECT v.*, r < 0.055 AS to_icu, a, least(2 + floor(demo.u(v.k, 16) * 5)::int, v.nights - a - 1) AS m,
		CASE WHEN r < 0.055 THEN 'BQ14' ELSE (SELECT w.code FROM demo.unit w WHERE w.setting = 'inpatient' AND w.admissions > 250
			AND w.code <> v.dept ORDER BY demo.u(v.k, 17 + right(w.code, 2)::int), w.code LIMIT 1) END AS other
	FROM demo.visit v, LATERAL (SELECT demo.u(v.k, 14) AS r, floor(demo.u(v.k, 15) * 2.5)::int AS a) q
	WHERE v.setting = 'inpatient' AND v.nights >= 4 AND r < CASE v.tag WHEN 'ped' THEN 0 WHEN 'obgyn' THEN 0.01 ELSE 0.067 END
), part AS (
	SELECT m.k, s.ward, s.first_night, s.past_night, m.nights FROM moved m,
		LATERAL (VALUES (m.dept, 0, m.a), (m.other, m.a, m.a + m.m), (m.dept, m.a + m.m, m.nights)) AS s (ward, first_night, past_night)
	WHERE s.past_night > s.first_night
	UNION ALL
	SELECT v.k, v.dept, 0, v.nights, v.nights FROM demo.visit v
	WHERE v.setting = 'inpatient' AND NOT EXISTS (SELECT FROM moved m WHERE m.k = v.k)
)
SELECT p.k, v.visit_no, p.ward, u.tag, v.tag AS home_tag, v.dept AS home, v.day + p.first_night AS first_day, v.day + p.past_night AS past_day,
	p.first_night, p.past_night = v.nights AS is_last, v.nights,
	CASE p.first_night WHEN 0 THEN v.reg_time ELSE v.day + p.first_night + make_interval(mins => 600 + floor(demo.u(v.k, 40 + p.first_night) * 420)::int) END AS in_time,
	CASE WHEN p.past_night = v.nights THEN v.leave_time
		ELSE v.day + p.past_night + make_interval(mins => 600 + floor(demo.u(v.k, 40 + p.past_night) * 420)::int) END AS out_time
FROM part p JOIN demo.visit v ON v.k = p.k JOIN demo.unit u ON u.code = p.ward;

INSERT INTO his.ward_stay (visit_no, ward, bed_no, in_time, out_time)
SELECT s.visit_no, s.ward, right(s.ward, 2) || '-' || lpad((1 + floor(demo.u(s.k, 60 + s.first_night) * 80))::text, 2, '0'),
	s.in_time, CASE WHEN s.out_time < '2025-04-01' THEN s.out_time END
FROM demo.stay s
WHERE s.in_time < '2025-04-01'
ORDER BY s.in_time, s.visit_no;
