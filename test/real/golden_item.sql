-- Service-item cost: the golden hospital's laboratory, and the published cases of time-driven activities and of relative value units.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\if `test -f "$HC_DATA/golden_hospital/expected_items_T1.csv" -a -f "$HC_DATA/worked/tdabc_kaplan_customer_service.json" && echo true || echo false`
BEGIN;
SELECT plan(17);
\ir fixture/golden.sql

CREATE TEMP TABLE item (method text, item text, base numeric, quantity numeric, unit_cost numeric);
\copy item from program 'cat "$HC_DATA/golden_hospital/expected_items_T1.csv"' csv header
\set kaplan `cat "$HC_DATA/worked/tdabc_kaplan_customer_service.json"`
\set axiom `cat "$HC_DATA/worked/rvu_axiom_radiology.json"`
CREATE TEMP TABLE published (kaplan jsonb, axiom jsonb);
INSERT INTO published VALUES (:'kaplan', :'axiom');

SELECT hospital_cost.open_period(m) FROM unnest('{2025-04-01,2025-05-01}'::date[]) m \g /dev/null
INSERT INTO hospital_cost.charge_item (code, name, category) SELECT DISTINCT item, item, '04' FROM item;
INSERT INTO hospital_cost.item_volume_value SELECT '2025-03-01', 'T1', item, quantity, base FROM item WHERE method = 'income_ratio';
INSERT INTO hospital_cost.item_equivalent (department_code, item_code, equivalent) SELECT 'T1', item, base FROM item WHERE method = 'equivalent';
SELECT hospital_cost.allocate('2025-03-01', 'golden') AS run \gset

-- the laboratory
SELECT is((SELECT count(*) FROM item), 6::bigint, 'six figures are expected');
SELECT hospital_cost._compute_item_cost(:run) \g /dev/null
SELECT results_eq(format($$SELECT c.item_code, c.method, c.unit_cost, c.quantity, c.price FROM hospital_cost.item_cost c
	WHERE c.run_id = %s AND c.department_code = 'T1' AND c.matched = 'item' ORDER BY 1$$, :run),
	$$SELECT i.item COLLATE "C", 'ratio_income', i.unit_cost, i.quantity, i.base / i.quantity FROM item i WHERE i.method = 'income_ratio' ORDER BY 1$$,
	'by income, the method where none is said');
SELECT results_eq(format($$SELECT c.item_code, c.equivalent, c.ratio_income FROM hospital_cost.compare_item_methods(%s, 'T1') c$$, :run),
	$$SELECT i.item, i.unit_cost, o.unit_cost FROM item i JOIN item o ON o.item = i.item AND o.method = 'income_ratio' WHERE i.method = 'equivalent' ORDER BY i.item COLLATE "C"$$,
	'both methods side by side');
INSERT INTO hospital_cost.item_cost_method (department_code, method, valid) VALUES ('T1', 'equivalent', '[2025-03-31,)');
SELECT hospital_cost._compute_item_cost(:run) \g /dev/null
SELECT results_eq(format($$SELECT c.item_code, c.unit_cost FROM hospital_cost.item_cost c
	WHERE c.run_id = %s AND c.department_code = 'T1' AND c.method = 'equivalent' AND c.matched = 'item' ORDER BY 1$$, :run),
	$$SELECT i.item COLLATE "C", i.unit_cost FROM item i WHERE i.method = 'equivalent' ORDER BY 1$$, 'by equivalents from the day that is said');
SELECT is((SELECT sum(c.total_cost) FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code = 'T1'), 600000.00000000,
	'together what the laboratory has after two levels, to the last digit');
SELECT results_eq(format($$SELECT c.item_code, c.total_cost FROM hospital_cost.item_cost c WHERE c.run_id = %s AND c.department_code IS NULL AND c.matched = 'item' ORDER BY 1$$, :run),
	format($$SELECT c.item_code, c.total_cost FROM hospital_cost.item_cost c WHERE c.run_id = %s AND c.department_code = 'T1' AND c.matched = 'item' ORDER BY 1$$, :run),
	'done in one department, an item costs the hospital the same');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_item_cost(%s) v WHERE v.difference <> 0', :run), 'every identity holds, all departments');
SELECT is((SELECT sum(c.total_cost) FROM hospital_cost.item_cost_scope c WHERE c.run_id = :run AND c.department_code = 'C2' AND c.scope = 'hospital_full')
	- (SELECT sum(c.total_cost) FROM hospital_cost.item_cost_scope c WHERE c.run_id = :run AND c.department_code = 'C2' AND c.scope = 'medical'), 70000.00000000,
	'wider scopes hold what the state, science and education paid for');
SELECT is((SELECT sum(c.total_cost) FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code = 'C2' AND c.matched = 'unmatched'), 960000.00000000,
	'a ward that charged nothing shows its pool, drugs left out, as taken by no item');

-- Kaplan and Anderson: one role, three services of two activities each
INSERT INTO hospital_cost.charge_item (code, name) SELECT a ->> 'name', a ->> 'name' FROM published p, jsonb_array_elements(p.kaplan #> '{inputs,activities}') a;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount)
SELECT '2025-04-01', 'T2', 'personnel', (p.kaplan #>> '{inputs,resource_cost}')::numeric FROM published p;
INSERT INTO hospital_cost.item_volume_value SELECT '2025-04-01', 'T2', a ->> 'name', (a ->> 'quantity')::numeric FROM published p, jsonb_array_elements(p.kaplan #> '{inputs,activities}') a;
INSERT INTO hospital_cost.item_cost_method (department_code, method) VALUES ('T2', 'activity');
INSERT INTO hospital_cost.activity (department_code, code, name) VALUES ('T2', 'take', '接单'), ('T2', 'work', '处理');
INSERT INTO hospital_cost.activity_staff (department_code, activity_code, item_code, role, minutes)
SELECT 'T2', s.activity, a ->> 'name', 'clerk', CASE s.activity WHEN 'take' THEN 15 ELSE (a ->> 'unit_minutes')::numeric - 15 END
FROM published p, jsonb_array_elements(p.kaplan #> '{inputs,activities}') a, (VALUES ('take'), ('work')) AS s (activity);
INSERT INTO hospital_cost.staff_rate (department_code, role, practical_minutes, personnel_cost)
SELECT 'T2', 'clerk', (p.kaplan #>> '{inputs,practical_capacity_min}')::numeric, 1 FROM published p;
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('none');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, driver_code) VALUES ('none', 1, 'administrative', 'headcount');
SELECT hospital_cost.allocate('2025-04-01', 'none') AS run \gset
SELECT hospital_cost._compute_item_cost(:run) \g /dev/null
SELECT results_eq(format($$SELECT c.unit_cost, c.total_cost FROM hospital_cost.item_cost c WHERE c.run_id = %s AND c.department_code = 'T2' AND c.matched = 'item' ORDER BY c.total_cost$$, :run),
	$$SELECT (u.rate #>> '{}')::numeric, (c.cost #>> '{}')::numeric FROM published p, jsonb_array_elements(p.kaplan #> '{expected,unit_rate}') WITH ORDINALITY AS u (rate, n)
	JOIN jsonb_array_elements((SELECT q.kaplan #> '{expected,cost}' FROM published q)) WITH ORDINALITY AS c (cost, n) USING (n) ORDER BY 2$$, 'unit cost and cost of the published services');
SELECT results_eq(format($$SELECT i.rate, i.used, i.unused, i.idle_cost, round(i.utilisation * 100) FROM hospital_cost.idle_capacity i WHERE i.run_id = %s$$, :run),
	$$SELECT (e ->> 'rate')::numeric, (e ->> 'total_minutes')::numeric, (e ->> 'unused_minutes')::numeric, (e ->> 'unused_cost')::numeric, (e ->> 'utilisation_pct_rounded')::numeric
	FROM published p, LATERAL (SELECT p.kaplan -> 'expected') AS x (e)$$, 'rate, minutes used and unused, cost of what is unused');
SELECT is((SELECT c.total_cost FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code = 'T2' AND c.item_code IS NULL AND c.matched = 'idle'),
	(SELECT (p.kaplan #>> '{expected,unused_cost}')::numeric FROM published p), 'idle capacity is a row of its own');
SELECT is((SELECT sum(c.total_cost) FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code = 'T2' AND c.item_code IS NOT NULL),
	(SELECT (p.kaplan #>> '{expected,total_cost}')::numeric FROM published p), 'what the services cost in all');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_item_cost(%s) v WHERE v.difference <> 0', :run), 'every identity holds');
SELECT is_empty(format('SELECT * FROM hospital_cost.check_item_cost(%s)', :run), 'and nothing is left to be said');

-- Axiom: relative value units are equivalents
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('elbow', 'Elbow view'), ('rest', 'all other views');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount)
SELECT '2025-05-01', 'T1', 'other', (p.axiom #>> '{inputs,pool}')::numeric FROM published p;
INSERT INTO hospital_cost.item_volume_value SELECT '2025-05-01', 'T1', x.item, x.quantity
FROM published p, LATERAL (SELECT p.axiom -> 'inputs', p.axiom #> '{inputs,item}') AS i (i, j), LATERAL (VALUES ('elbow', (j ->> 'volume')::numeric),
	('rest', (i ->> 'total_weighted_rvu')::numeric - (j ->> 'rvu')::numeric * (j ->> 'volume')::numeric)) AS x (item, quantity);
INSERT INTO hospital_cost.item_equivalent (item_code, equivalent) SELECT 'elbow', (p.axiom #>> '{inputs,item,rvu}')::numeric FROM published p;
INSERT INTO hospital_cost.item_equivalent (item_code, equivalent) VALUES ('rest', 1);
SELECT hospital_cost.allocate('2025-05-01', 'none') AS run \gset
SELECT hospital_cost._compute_item_cost(:run) \g /dev/null
SELECT results_eq(format($$SELECT c.unit_cost, round(c.total_cost, 2) FROM hospital_cost.item_cost c WHERE c.run_id = %s AND c.department_code = 'T1' AND c.item_code = 'elbow'$$, :run),
	'VALUES (30.769231, 1538.46)', 'the exact figures behind the published ones');
SELECT is((SELECT round(c.unit_cost, 3) FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code = 'T1' AND c.item_code = 'rest'),
	(SELECT (p.axiom #>> '{expected,cost_per_rvu_3dp}')::numeric FROM published p), 'cost of a relative value unit as published');

SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('golden figures and published cases are not here: HC_DATA names no folder with golden_hospital and worked in it', 1);
SELECT * FROM finish();
\endif
