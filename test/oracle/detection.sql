-- Oracle of the statistical alerts: clinics with noise and a season they share, effects of 10, 20 and 50 % planted in some; a twin that sorts arrays and takes
-- their middles says the same of each clinic; how many of the planted are found, and how many of the found were planted, is printed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(6);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('CT', 'CT', '03');
INSERT INTO hospital_cost.department (code, name, class, setting) SELECT 'K' || k, 'x', 'clinical', 'outpatient' FROM generate_series(1, 200) k;
-- Income per visit: a level of the clinic × the month's season × noise of 5 % (the mean of twelve draws) × the effect in the last month.
CREATE SCHEMA twin;
CREATE TABLE twin.clinic AS SELECT k, 'K' || k AS code, 50 + random() * 200 AS level, (ARRAY[0, 0, 0, 0, 0, 0, 0, 0.1, 0.2, 0.5])[1 + k % 10] AS effect FROM generate_series(1, 200) k;
CREATE TABLE twin.season AS SELECT n, 0.75 + random() * 0.5 AS factor FROM generate_series(0, 12) n;
CREATE TABLE twin.value AS
SELECT c.code, s.n, (date '2024-03-01' + s.n * interval '1 month')::date AS month, v.visits,
	round((c.level * s.factor * (1 + 0.05 * z.noise) * CASE s.n WHEN 12 THEN 1 + c.effect ELSE 1 END * v.visits)::numeric, 2) AS income,
	round((c.level * 100 * (1 + 0.05 * z.noise) * CASE s.n WHEN 12 THEN 1 + c.effect ELSE 1 END)::numeric, 2) AS cost
FROM twin.clinic c CROSS JOIN twin.season s
CROSS JOIN LATERAL (SELECT 60 + floor(random() * 400 + c.k * 0)::int AS visits) v
CROSS JOIN LATERAL (SELECT sum(random()) - 6 + s.n * 0 + c.k * 0 AS noise FROM generate_series(1, 12)) z;
INSERT INTO hospital_cost.workload_value (period, department_code, measure, quantity) SELECT v.month, v.code, 'visits', v.visits FROM twin.value v;
INSERT INTO hospital_cost._charge_total (period, ordering_id, performing_id, item_id, entries, quantity, amount)
SELECT v.month, d.department_id, d.department_id, i.item_id, 1, 10000, v.income * 100 FROM twin.value v JOIN hospital_cost.department d ON d.code = v.code CROSS JOIN hospital_cost.charge_item i;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) SELECT v.month, v.code, 'other', v.cost FROM twin.value v;

CREATE FUNCTION twin.middle(a numeric[]) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	s numeric[] := ARRAY(SELECT x FROM unnest(a) x ORDER BY x);
	n int := cardinality(a);
BEGIN
	RETURN (s[(n + 1) / 2] + s[n / 2 + 1]) / 2;
END $$;
-- A month of a clinic without its season: divided by the middle of what the other clinics were, beside their own middles, in that month.
CREATE TABLE twin.per_visit AS SELECT v.code, v.n, v.cost AS income, round(v.income / v.visits, 6) AS x FROM twin.value v;
CREATE TABLE twin.base AS SELECT c.code, twin.middle(ARRAY(SELECT p.x FROM twin.per_visit p WHERE p.code = c.code AND p.n < 12)) AS base FROM twin.clinic c;
CREATE TABLE twin.ratio AS SELECT p.n, p.code, p.x / b.base AS ratio FROM twin.per_visit p JOIN twin.base b USING (code);
CREATE TABLE twin.clean AS
SELECT p.code, p.n, round(p.x / round(twin.middle(ARRAY(SELECT r.ratio FROM twin.ratio r WHERE r.n = p.n AND r.code <> p.code)), 6), 6) AS y FROM twin.per_visit p;
CREATE TABLE twin.judged AS
SELECT c.code, m.median, round(twin.middle(ARRAY(SELECT abs(h.y - m.median) FROM twin.clean h WHERE h.code = c.code AND h.n < 12)), 6) AS mad, y.y,
	i.median AS income_median, twin.middle(ARRAY(SELECT abs(h.income - i.median) FROM twin.per_visit h WHERE h.code = c.code AND h.n < 12)) AS income_mad, p.income
FROM twin.clinic c JOIN twin.clean y ON y.code = c.code AND y.n = 12 JOIN twin.per_visit p ON p.code = c.code AND p.n = 12
CROSS JOIN LATERAL (SELECT round(twin.middle(ARRAY(SELECT h.y FROM twin.clean h WHERE h.code = c.code AND h.n < 12)), 6) AS median) m
CROSS JOIN LATERAL (SELECT twin.middle(ARRAY(SELECT h.income FROM twin.per_visit h WHERE h.code = c.code AND h.n < 12)) AS median) i;
SELECT * FROM hospital_cost.detect('2025-03-01', 'SD07') \g /dev/null
SELECT * FROM hospital_cost.detect('2025-03-01', 'SD09') \g /dev/null
CREATE TABLE twin.found AS
SELECT j.code, j.y > j.median * 1.2 AND 0.6745 * (j.y - j.median) > 3 * j.mad AS far,
	abs(j.y - j.median * 1.2) < 0.001 OR abs(0.6745 * (j.y - j.median) - 3 * j.mad) < 0.001 AS close FROM twin.judged j;
SELECT is_empty($$SELECT t.code, t.far FROM twin.found t LEFT JOIN hospital_cost.finding f ON f.code = 'SD07' AND f.subject_code = t.code WHERE t.far <> (f.finding_id IS NOT NULL) AND NOT t.close$$, 'SD07 finds what the twin finds');
SELECT is_empty($$SELECT j.code FROM twin.judged j LEFT JOIN hospital_cost.finding f ON f.code = 'SD09' AND f.subject_code = j.code
	WHERE (abs(j.income - j.income_median) > 3 * 1.4826 * j.income_mad AND abs(j.income - j.income_median) > 0.2 * j.income_median AND abs(j.income - j.income_median) > 1000) <> (f.finding_id IS NOT NULL)
	AND abs(abs(j.income - j.income_median) - greatest(3 * 1.4826 * j.income_mad, 0.2 * j.income_median, 1000)) > 0.0001$$, 'and so does SD09');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.finding f WHERE f.code = 'SD09'), '>', 0::bigint, 'which finds something');
SELECT diag(format('SD07, effect %s %%: %s of %s clinics found', c.effect * 100, count(f.finding_id), count(*))) FROM twin.clinic c
LEFT JOIN hospital_cost.finding f ON f.code = 'SD07' AND f.subject_code = c.code GROUP BY c.effect ORDER BY c.effect;
SELECT diag(format('SD07, precision %s', round(count(*) FILTER (WHERE c.effect > 0)::numeric / nullif(count(*), 0), 4))) FROM hospital_cost.finding f JOIN twin.clinic c ON c.code = f.subject_code WHERE f.code = 'SD07';
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.finding f JOIN twin.clinic c ON c.code = f.subject_code WHERE f.code = 'SD07' AND c.effect = 0.5), '>=', 16::bigint, 'four in five effects of 50 % are found');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.finding f JOIN twin.clinic c ON c.code = f.subject_code WHERE f.code = 'SD07' AND c.effect = 0), '<=', 4::bigint, 'and hardly a clinic without one');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01') d WHERE d.code IN ('SD07', 'SD09') AND d.added + d.resolved <> 0$$, 'a second run adds nothing');
SELECT * FROM finish();
ROLLBACK;
