-- Oracle of predict_charges: a year of random stays, and a twin that looks for like cases one by one and does the arithmetic in a loop. Then the back-test,
-- recounted from the twin, and printed: how far the median is from the bill, and how many bills are not above P80.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(8);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'a', 'clinical', 'inpatient'), ('B', 'b', 'clinical', 'inpatient'), ('C', 'c', 'clinical', 'inpatient');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('X', 'x', '14');
SELECT hospital_cost.open_period(p::date) FROM generate_series('2024-12-01'::timestamp, '2026-02-01', '1 month') p \g /dev/null
CREATE SCHEMA his;
CREATE TABLE his.fee (id serial PRIMARY KEY, visit text, item text DEFAULT 'X', qty numeric DEFAULT 1, total numeric, dept text, at timestamptz, refund_of int);
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "amount": "total", "performing_department": "dept",
	"charged_at": "at", "reverses_key": "refund_of"}', 'flag', 'trust') \g /dev/null
-- Bills hang on diagnosis and department, rise with the days, and scatter; some are not over, some begin before the books, some get money back.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, diagnosis_code, drg_code, status)
SELECT 'S' || lpad(n::text, 4, '0'), CASE WHEN random() < 0.1 THEN 'outpatient' ELSE 'inpatient' END, (ARRAY['A', 'B', 'C'])[1 + floor(random() * 2.2)::int], x.at,
	CASE WHEN random() < 0.95 THEN x.at + floor(random() ^ 2 * 14) * interval '1 day' END, (ARRAY['I10', 'J18', 'K35', 'O82', 'Z9', NULL])[1 + floor(random() ^ 2 * 6)::int],
	CASE WHEN random() < 0.3 THEN (ARRAY['D1', 'D2'])[1 + floor(random() * 2)::int] END, CASE WHEN random() < 0.03 THEN 'cancelled' ELSE 'active' END
FROM generate_series(1, 1500) n, LATERAL (SELECT '2025-01-01 00:30+08'::timestamptz + floor(random() * 365 + n * 0) * interval '1 day' + random() * interval '22 hours' AS at) x;
CREATE TABLE his.stay AS
SELECT e.code, e.department_code, hospital_cost.hospital_day(e.started_at) AS first_day, coalesce(hospital_cost.hospital_day(e.ended_at), hospital_cost.hospital_day(e.started_at) + 5) AS last_day,
	(CASE e.department_code WHEN 'A' THEN 300 WHEN 'B' THEN 700 ELSE 1500 END + CASE e.diagnosis_code WHEN 'I10' THEN 100 WHEN 'K35' THEN 900 ELSE 400 END) * (0.7 + random() * 0.6) AS level
FROM hospital_cost.encounter e;
INSERT INTO his.fee (visit, total, dept, at)
SELECT s.code, round((s.level * CASE d WHEN 0 THEN 2 ELSE 1 END * (0.8 + random() * 0.4))::numeric, 2), s.department_code, (s.first_day + d)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '23 hours 59 minutes'
FROM his.stay s, LATERAL generate_series(CASE WHEN random() < 0.03 THEN 2 WHEN random() < 0.1 THEN 1 ELSE 0 END, s.last_day - s.first_day) d ORDER BY 3, 1, 4;
INSERT INTO his.fee (visit, qty, total, dept, at, refund_of)
SELECT f.visit, -1, -f.total, f.dept, f.at, f.id FROM his.fee f WHERE f.id % 29 = 0;
ANALYZE;

-- The twin: nothing shared but the view of the ledger and the table of encounters.
CREATE FUNCTION his.bill(visit text, until date DEFAULT 'infinity') RETURNS numeric LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(l.amount), 0) FROM hospital_cost.ledger l WHERE l.encounter_code = visit AND l.service_day <= until $$;
CREATE FUNCTION his.first(e hospital_cost.encounter) RETURNS date LANGUAGE sql STABLE AS $$ SELECT ($1.started_at AT TIME ZONE 'Asia/Shanghai')::date $$;
CREATE FUNCTION his.last(e hospital_cost.encounter) RETURNS date LANGUAGE sql STABLE AS $$ SELECT ($1.ended_at AT TIME ZONE 'Asia/Shanghai')::date $$;
CREATE FUNCTION his.twin(visit text, day date, with_drg boolean, OUT likeness text, OUT cases int, OUT median numeric, OUT p80 numeric) LANGUAGE plpgsql AS $$
DECLARE
	t hospital_cost.encounter;
	c hospital_cost.encounter;
	k int;
	names text[] := '{drg_department,drg,diagnosis_department,diagnosis,department,kind}';
	pool text[];
	so_far numeric;
	parts numeric[];
	rests numeric[];
	wholes numeric[];
	typical numeric;
	told numeric[];
BEGIN
	SELECT * INTO t FROM hospital_cost.encounter e WHERE e.code = visit;
	k := day - his.first(t);
	so_far := his.bill(visit, day);
	FOR level IN CASE WHEN with_drg THEN 1 ELSE 3 END .. 6 LOOP
		pool := '{}';
		FOR c IN SELECT * FROM hospital_cost.encounter e WHERE e.kind = t.kind AND e.status = 'active' AND e.ended_at IS NOT NULL AND e.code <> visit
			ORDER BY (e.ended_at AT TIME ZONE 'Asia/Shanghai')::date DESC, e.code LOOP
			CONTINUE WHEN his.last(c) >= day OR his.last(c) < day - 730 OR his.last(c) - his.first(c) < k;
			CONTINUE WHEN level IN (1, 2) AND (c.drg_code = t.drg_code) IS NOT TRUE;
			CONTINUE WHEN level IN (3, 4) AND (c.diagnosis_code = t.diagnosis_code) IS NOT TRUE;
			CONTINUE WHEN level IN (1, 3, 5) AND c.department_code <> t.department_code;
			CONTINUE WHEN NOT EXISTS (SELECT FROM hospital_cost.ledger l WHERE l.encounter_code = c.code AND l.service_day - his.first(c) <= 1);
			pool := pool || c.code;
		END LOOP;
		IF cardinality(pool) >= 20 OR (level = 6 AND cardinality(pool) > 0) THEN
			likeness := names[level];
			EXIT;
		END IF;
	END LOOP;
	cases := least(cardinality(pool), 200);
	IF cases = 0 THEN
		RETURN;
	END IF;
	FOR i IN 1 .. cases LOOP
		SELECT * INTO c FROM hospital_cost.encounter e WHERE e.code = pool[i];
		parts[i] := his.bill(c.code, his.first(c) + k);
		wholes[i] := his.bill(c.code);
		rests[i] := wholes[i] - parts[i];
	END LOOP;
	typical := (ARRAY(SELECT p FROM unnest(parts) p ORDER BY p))[ceil(cases * 0.5)];
	FOR i IN 1 .. cases LOOP
		IF so_far <= 0 THEN told[i] := wholes[i];
		ELSIF typical <= 0 THEN told[i] := so_far + rests[i];
		ELSIF so_far / typical < 0.5 THEN told[i] := so_far + rests[i] * 0.5;
		ELSIF so_far / typical > 2 THEN told[i] := so_far + rests[i] * 2;
		ELSE told[i] := round(so_far + rests[i] * (so_far / typical), 2);
		END IF;
	END LOOP;
	told := ARRAY(SELECT round(x, 2) FROM unnest(told) x ORDER BY x);
	median := told[ceil(cases * 0.5)];
	p80 := told[ceil(cases * 0.8)];
END $$;
CREATE TABLE his.target AS
SELECT e.code, least(his.first(e) + floor(random() ^ 2 * 6)::int, coalesce(his.last(e), '2025-12-31')) AS day FROM hospital_cost.encounter e WHERE e.status = 'active' ORDER BY random() LIMIT 70;
CREATE TABLE his.compared AS
SELECT t.*, p.likeness, p.cases, p.median, p.p80, w.likeness AS w_likeness, w.cases AS w_cases, w.median AS w_median, w.p80 AS w_p80
FROM his.target t CROSS JOIN LATERAL hospital_cost.predict_charges(t.code, t.day) p CROSS JOIN LATERAL his.twin(t.code, t.day, true) w;
SELECT is_empty($$SELECT * FROM his.compared c WHERE (c.likeness, c.cases, c.median, c.p80) IS DISTINCT FROM (c.w_likeness, c.w_cases, c.w_median, c.w_p80) LIMIT 5$$, 'each prediction is what the twin says');
SELECT cmp_ok((SELECT count(DISTINCT c.likeness) FROM his.compared c), '>', 3::bigint, 'of several likenesses');
SELECT is_empty($$SELECT p.encounter_code FROM (SELECT array_agg(t.code) AS c, array_agg(t.day) AS d FROM his.target t) x, hospital_cost._predict(x.c, x.d) p
	JOIN his.compared c ON c.code = p.encounter_code WHERE (p.median, p.p80, p.cases) IS DISTINCT FROM (c.median, c.p80, c.cases)$$, 'many at once are as one by one');

-- the back-test, recounted
CREATE TABLE his.past AS
SELECT e.code, his.bill(e.code) AS bill, w.* FROM hospital_cost.encounter e CROSS JOIN LATERAL his.twin(e.code, his.first(e) + 1, false) w
WHERE e.kind = 'inpatient' AND e.status = 'active' AND his.last(e) BETWEEN '2025-11-01' AND '2025-11-30' AND his.last(e) > his.first(e)
	AND EXISTS (SELECT FROM hospital_cost.ledger l WHERE l.encounter_code = e.code AND l.service_day <= his.first(e) + 1);
SELECT set_eq($$SELECT p.likeness, p.cases, p.mape, p.p80_coverage FROM hospital_cost.predict_charges_error('2025-11-01', '2025-11-30', 2) p$$,
	$$SELECT coalesce(x.likeness, 'all'), count(x.median), round(100 * avg(abs(x.median - x.bill) / x.bill), 2) AS mape, round(100.0 * count(*) FILTER (WHERE x.bill <= x.p80) / count(x.median), 2) AS covered
	FROM his.past x WHERE x.bill > 0 GROUP BY ROLLUP (x.likeness)$$, 'the back-test counts what the twin predicts');
SELECT cmp_ok((SELECT count(*) FROM his.past), '>', 20::bigint, 'of many stays');
CREATE TABLE his.error AS SELECT d AS stay_day, p.* FROM generate_series(1, 5, 2) d, hospital_cost.predict_charges_error('2025-07-01', '2025-12-31', d) p WHERE p.likeness = 'all';
SELECT diag(format('day %s of the stay, %s stays: MAPE %s %%, bias %s %%, %s %% of bills not above P80', e.stay_day, e.cases, e.mape, e.bias, e.p80_coverage)) FROM his.error e ORDER BY e.stay_day;
SELECT is_empty($$SELECT e.stay_day, e.p80_coverage FROM his.error e WHERE e.p80_coverage NOT BETWEEN 65 AND 92$$, 'about four in five bills are not above P80');
SELECT ok((SELECT bool_and(e.before > e.mape) FROM (SELECT e.mape, lag(e.mape) OVER (ORDER BY e.stay_day) AS before FROM his.error e) e WHERE e.before IS NOT NULL), 'the longer the stay, the smaller the error');
-- What comes later is not known then: the past is predicted the same with the rest of the year taken away.
CREATE TABLE his.before AS SELECT t.code, p.median, p.p80, p.cases FROM his.target t CROSS JOIN LATERAL hospital_cost.predict_charges(t.code, t.day) p WHERE t.day < '2025-07-01';
DELETE FROM his.fee f USING his.stay s WHERE s.code = f.visit AND s.first_day >= '2025-07-01';
UPDATE hospital_cost.encounter e SET diagnosis_code = 'I10', department_code = 'A' WHERE e.started_at >= '2025-07-01';
SELECT results_eq($$SELECT b.code, b.median, b.p80, b.cases FROM his.before b ORDER BY 1$$, $$SELECT t.code, p.median, p.p80, p.cases FROM his.target t CROSS JOIN LATERAL hospital_cost.predict_charges(t.code, t.day) p
	WHERE t.day < '2025-07-01' ORDER BY 1$$, 'nothing of what came later was looked at');
SELECT * FROM finish();
ROLLBACK;
