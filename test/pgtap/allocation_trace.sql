-- Contract of runs and traces: the same inputs give the same bytes in whatever order they came, a run is replayed, locked, compared, and every
-- yuan of it followed to rows of direct cost and back. The twin mixes in exact fractions, step by step.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(59);
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.department (code, name, class, setting) SELECT c, 'x', k, 'none' FROM unnest('{administrative,auxiliary,technical,clinical}'::text[],
	'{A1 A2,B1 B2,T1 T2 T3,C1 C2 C3 C4 C5}'::text[]) AS u (k, codes), regexp_split_to_table(codes, ' ') c;
CREATE SCHEMA twin;
CREATE TABLE twin.cost AS SELECT d.code, i AS item, f AS fund, (k * 7919 % 9973 * 13.37 - CASE WHEN k % 11 = 0 THEN 40000 ELSE 0 END)::numeric(22,8) AS amount, 'hrp' AS source, k::text AS key
FROM (SELECT d.code, i, f, row_number() OVER (ORDER BY d.code, i, f, n) AS k FROM hospital_cost.department d, unnest('{personnel,other}'::text[]) i, unnest('{own,fiscal_project,science_education}'::text[]) f,
	generate_series(1, 2) n WHERE d.code ~ '^[ABTC][1-5]$') x JOIN hospital_cost.department d USING (code);
CREATE TABLE twin.value AS SELECT 'h' AS driver, NULL AS server, code AS receiver, (1 + row_number() OVER (ORDER BY code) * 37 % 19)::numeric AS quantity FROM hospital_cost.department WHERE code ~ '^[ABTC][1-5]$'
UNION ALL SELECT 'h', 'T2', 'C3', 5 UNION ALL SELECT 'h', 'T2', 'C4', 0.3;
CREATE TABLE twin.step AS SELECT * FROM (VALUES (1, 'administrative', '{auxiliary,technical,clinical}'::text[]), (2, 'auxiliary', '{technical,clinical}'), (3, 'technical', '{clinical}')) v (no, class, receivers);
INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('h', 'x', 'headcount');
-- Writes all inputs of the month in an order of its own, and allocates.
CREATE FUNCTION twin.run(seed float) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setseed(seed);
	INSERT INTO hospital_cost.allocation_plan (code) VALUES ('p');
	INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code)
	SELECT 'p', no, class, ARRAY(SELECT r FROM unnest(receivers) r ORDER BY random()), 'h' FROM twin.step ORDER BY random();
	INSERT INTO hospital_cost.driver_value SELECT '2025-03-01', driver, server, receiver, quantity FROM twin.value ORDER BY random();
	INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount, source, source_key)
	SELECT '2025-03-01', code, item, fund, amount, source, key FROM twin.cost ORDER BY random();
	RETURN hospital_cost.allocate('2025-03-01', 'p');
END $$;
CREATE FUNCTION twin.bytes(run int) RETURNS text LANGUAGE sql RETURN (SELECT md5(string_agg(to_jsonb(c)::text, e'\n' ORDER BY c.department_code, c.cost_item_code, c.funding_source))
	FROM (SELECT department_code, cost_item_code, funding_source, direct, level1, level2, level3, received, sent, full_cost FROM hospital_cost.department_cost WHERE run_id = run) c);
CREATE FUNCTION twin.traces(run int) RETURNS text LANGUAGE sql RETURN (SELECT md5(string_agg(to_jsonb(t)::text, e'\n' ORDER BY t.*::text)) FROM (SELECT x.department_code, p.* FROM
	(SELECT DISTINCT department_code FROM hospital_cost.department_cost WHERE run_id = run) x, hospital_cost.cost_origin(run, x.department_code) p) t);

CREATE FUNCTION twin.print(run int) RETURNS text LANGUAGE sql RETURN (SELECT encode(sha256(convert_to(string_agg(i, e'\n' ORDER BY i COLLATE "C"), 'UTF8')), 'hex')
	FROM hospital_cost._run_input(run) i);

-- whatever the order
SELECT set_config('twin.seen', '', true) \g /dev/null
SAVEPOINT before;
SELECT twin.run(0.1) AS run \gset
SELECT twin.bytes(:run) AS bytes, twin.traces(:run) AS traces, fingerprint AS print FROM hospital_cost.run WHERE run_id = :run \gset
SELECT matches(:'print'::text, '^[0-9a-f]{64}$', 'a run has the fingerprint of its inputs');
ROLLBACK TO before;
SELECT twin.run(0.7) AS run \gset
SELECT is((SELECT ARRAY[twin.bytes(:run), twin.traces(:run), fingerprint] FROM hospital_cost.run WHERE run_id = :run), ARRAY[:'bytes', :'traces', :'print'], 'rows written in another order: same cells, same traces, same fingerprint');
ROLLBACK TO before;
SELECT twin.run(-0.3) AS run \gset
SELECT is((SELECT ARRAY[twin.bytes(:run), twin.traces(:run), fingerprint] FROM hospital_cost.run WHERE run_id = :run), ARRAY[:'bytes', :'traces', :'print'], 'and in a third');
SELECT is((SELECT engine_version FROM hospital_cost.run WHERE run_id = :run), (SELECT extversion::text FROM pg_extension WHERE extname = 'hospital_cost'), 'a run knows the version that made it');

-- the twin
CREATE TABLE twin.mix AS SELECT department_code AS department, department_code AS origin, '{}'::text[] AS way, cost_item_code AS item, funding_source AS fund, sum(amount)::numeric AS amount
FROM hospital_cost.direct_cost WHERE period = '2025-03-01' GROUP BY 1, 2, 4, 5;
DO $$
BEGIN
	FOR s IN 1 .. 3 LOOP
		CREATE TEMP TABLE passed AS SELECT f.to_code, m.origin, m.way || CASE WHEN m.origin = f.from_code THEN '{}' ELSE ARRAY[d.class] END AS way, m.item, m.fund, f.from_code, m.amount * f.amount / f.base AS amount
		FROM hospital_cost.allocation_flow((SELECT max(run_id) FROM hospital_cost.run)) f JOIN twin.mix m ON (m.department, m.item, m.fund) = (f.from_code, f.cost_item_code, f.funding_source)
		JOIN hospital_cost.department d ON d.code = f.from_code WHERE f.step_no = s;
		DELETE FROM twin.mix m USING passed p WHERE (m.department, m.item, m.fund) = (p.from_code, p.item, p.fund);
		INSERT INTO twin.mix SELECT to_code, origin, way, item, fund, sum(amount) FROM passed GROUP BY 1, 2, 3, 4, 5;
		DROP TABLE passed;
	END LOOP;
END $$;
CREATE TABLE twin.trace AS SELECT c.code AS department, t.* FROM hospital_cost.department c, hospital_cost.trace_cost(:run, c.code) t WHERE c.code ~ '^[ABTC][1-5]$';
SELECT cmp_ok((SELECT count(*) FROM twin.trace), '>', 900::bigint, 'costs are traced');
SELECT is_empty($$SELECT * FROM (SELECT department, origin, item, fund, CASE WHEN origin = department THEN 'direct' WHEN way = '{}' THEN 'straight' ELSE 'through ' || array_to_string(way, ', ') END AS path, amount FROM twin.mix) m
	FULL JOIN (SELECT department, origin_code AS origin, cost_item_code AS item, funding_source AS fund, path, sum(amount) AS traced FROM twin.trace WHERE path <> 'rounding' GROUP BY 1, 2, 3, 4, 5) t
	USING (department, origin, item, fund, path) WHERE abs(coalesce(amount, 0) - coalesce(traced, 0)) > 0.000001$$, 'each origin and path as the twin has it in fractions, to a millionth of a yuan');
SELECT is_empty(format($$SELECT * FROM (SELECT department_code AS department, cost_item_code, funding_source, full_cost, direct + received - sent AS exact FROM hospital_cost.department_cost WHERE run_id = %s) c
	FULL JOIN (SELECT department, cost_item_code, funding_source, sum(amount) AS traced, sum(amount) FILTER (WHERE path <> 'rounding') AS unrounded FROM twin.trace GROUP BY 1, 2, 3) t USING (department, cost_item_code, funding_source)
	WHERE coalesce(traced, 0) <> full_cost OR coalesce(unrounded, 0) <> exact$$, :run), 'what is traced sums to the cell, exactly');
SELECT is_empty($$SELECT * FROM (SELECT department_code AS origin, cost_item_code, funding_source, sum(amount) AS booked FROM hospital_cost.direct_cost WHERE period = '2025-03-01' GROUP BY 1, 2, 3) d
	FULL JOIN (SELECT origin_code AS origin, cost_item_code, funding_source, sum(amount) AS traced FROM twin.trace WHERE path <> 'rounding' GROUP BY 1, 2, 3) t USING (origin, cost_item_code, funding_source)
	WHERE booked IS DISTINCT FROM traced$$, 'and over all departments to the direct cost of the origin, exactly');
SELECT is_empty($$SELECT * FROM twin.trace t LEFT JOIN hospital_cost.direct_cost d USING (direct_cost_id) WHERE t.path <> 'rounding'
	AND (d.department_code, d.cost_item_code, d.funding_source, d.source, d.source_key) IS DISTINCT FROM (t.origin_code, t.cost_item_code, t.funding_source, t.source, t.source_key)$$, 'down to rows of direct cost and their keys');
SELECT is((SELECT count(DISTINCT direct_cost_id) FROM twin.trace), (SELECT count(*) FROM hospital_cost.direct_cost WHERE period = '2025-03-01'), 'none of which is left out');
SELECT set_eq(format($$SELECT * FROM hospital_cost.trace_cost(%s, 'C2', 'other')$$, :run), $$SELECT cost_item_code, funding_source, cost_class, origin_code, origin_name, origin_class, path, direct_cost_id, source, source_key, amount
	FROM twin.trace WHERE department = 'C2' AND cost_item_code = 'other'$$, 'one cost item: the same as of all');
SELECT is_empty(format($$SELECT * FROM hospital_cost.trace_cost(%s, 'T1')$$, :run), 'who passed everything on has nothing left to trace');

-- the other way
CREATE TABLE twin.back AS SELECT d.direct_cost_id, d.amount AS whole, t.* FROM hospital_cost.direct_cost d, hospital_cost.trace_direct_cost(:run, d.direct_cost_id) t WHERE d.period = '2025-03-01';
SELECT is_empty($$SELECT d.direct_cost_id FROM hospital_cost.direct_cost d LEFT JOIN twin.back b USING (direct_cost_id) WHERE d.period = '2025-03-01' GROUP BY 1, d.amount HAVING sum(b.amount) IS DISTINCT FROM d.amount$$, 'a row of direct cost ends up somewhere to the last unit');
SELECT is_empty($$SELECT * FROM twin.back b FULL JOIN (SELECT * FROM twin.trace WHERE path <> 'rounding') t ON (t.direct_cost_id, t.department, t.path) = (b.direct_cost_id, b.department_code, b.path)
	WHERE abs(coalesce(b.amount, 0) - coalesce(t.amount, 0)) > 0.00000002$$, 'both directions tell the same, row by row to the last unit or two');
SELECT throws_ok(format($$SELECT * FROM hospital_cost.trace_cost(%s, 'C9')$$, :run), 'MC618', NULL, 'a department that is not there');
SELECT throws_ok($$SELECT * FROM hospital_cost.trace_cost(-1, 'C1')$$, 'MC614', NULL, 'a run that is not there');
SELECT throws_ok(format($$SELECT * FROM hospital_cost.trace_direct_cost(%s, -1)$$, :run), 'MC619', NULL, 'a row that is not there');
SELECT throws_ok(format($$SELECT * FROM hospital_cost.cost_origin(%s, 'C9')$$, :run), 'MC618', NULL, 'nor for its origins');

-- levels, origins, scopes
SELECT results_eq(format($$SELECT class COLLATE "C", sum(direct) > 0, sum(after_level1) = 0, sum(after_level2) = 0, sum(after_level3) = 0, sum(after_all) = sum(after_level3) FROM hospital_cost.department_cost_by_level
	WHERE run_id = %s GROUP BY 1 ORDER BY 1$$, :run), $$VALUES ('administrative' COLLATE "C", true, true, true, true, true), ('auxiliary', true, false, true, true, true), ('clinical', true, false, false, false, true),
	('technical', true, false, false, true, true)$$, 'after its own level a class is empty');
SELECT results_eq(format($$SELECT sum(direct), sum(direct), sum(direct), sum(direct) FROM hospital_cost.department_cost_by_level WHERE run_id = %s$$, :run),
	format($$SELECT sum(after_level1), sum(after_level2), sum(after_level3), sum(after_all) FROM hospital_cost.department_cost_by_level WHERE run_id = %s$$, :run), 'no level loses or makes anything');
SELECT is_empty(format($$SELECT department_code, after_level2, sent FROM hospital_cost.department_cost_by_level l JOIN hospital_cost.department_cost c USING (run_id, department_code, cost_item_code, funding_source)
	WHERE run_id = %s AND l.class = 'technical' AND after_level2 <> sent$$, :run), 'what technical units have after level 2 is what they pass on');
SELECT set_eq(format($$SELECT department_code, cost_item_code, funding_source, origin_class, path, amount FROM hospital_cost.cost_origin(%s)$$, :run), $$SELECT department, cost_item_code, funding_source, origin_class, path, sum(amount)
	FROM twin.trace WHERE path <> 'rounding' GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount) <> 0$$, 'origins by class are the traces, summed');
SELECT results_eq(format($$SELECT scope COLLATE "C", sum(direct), sum(amount) FROM hospital_cost.cost_by_scope(%s) GROUP BY 1 ORDER BY 1$$, :run), $$SELECT v.scope COLLATE "C", v.yuan, v.yuan FROM (SELECT
	sum(amount) FILTER (WHERE funding_source = 'own' AND department_code !~ '^A') AS business, sum(amount) FILTER (WHERE funding_source = 'own') AS medical, sum(amount) FILTER (WHERE funding_source <> 'science_education') AS medical_full,
	sum(amount) AS hospital_full FROM hospital_cost.direct_cost WHERE period = '2025-03-01') d, LATERAL (VALUES ('medical_business', d.business), ('medical', d.medical), ('medical_full', d.medical_full), ('hospital_full', d.hospital_full)) v (scope, yuan) ORDER BY 1$$,
	'four nested scopes: direct cost before, the same sum after');
\ir fixture/allocation_run.sql
\ir fixture/allocation_spread.sql
SELECT * FROM finish();
ROLLBACK;
