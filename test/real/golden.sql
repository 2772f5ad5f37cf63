-- The golden hospital: ten departments, one month, every figure known. What allocation and costing return is held against each of them.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\if `test -f "$HC_DATA/golden_hospital/departments.csv" && echo true || echo false`
BEGIN;
SELECT plan(32);
\ir fixture/golden.sql

CREATE TEMP TABLE full_cost (department text, cost_item text, direct numeric, level1 numeric, level2 numeric, level3 numeric, full_cost numeric);
CREATE TEMP TABLE level_total (department text, after_level1 numeric, after_level2 numeric, after_level3 numeric);
CREATE TEMP TABLE scope (scope text, amount numeric);
CREATE TEMP TABLE unit_cost (object text, department text, unit_cost numeric);
\copy full_cost from program 'cat "$HC_DATA/golden_hospital/expected_full_cost_unrounded.csv"' csv header
\copy level_total from program 'cat "$HC_DATA/golden_hospital/expected_level_totals.csv"' csv header
\copy scope from program 'cat "$HC_DATA/golden_hospital/expected_scopes.csv"' csv header
\copy unit_cost from program 'cat "$HC_DATA/golden_hospital/expected_unit_costs.csv"' csv header

INSERT INTO hospital_cost.cost_control_total (period, cost_item_code, funding_source, amount)
SELECT '2025-03-01', cost_item, funding_source, sum(amount) FROM direct GROUP BY 2, 3;
SELECT hospital_cost.allocate('2025-03-01', 'golden') AS run \gset
SELECT set_config('hc_test.run', :'run', false) \g /dev/null
-- The medical cost out of the hospital's own funds is what the expected figures of departments speak of.
CREATE TEMP VIEW cell AS SELECT c.* FROM hospital_cost.department_cost c
	WHERE c.run_id = current_setting('hc_test.run')::int AND c.funding_source = 'own' AND c.cost_class = 'medical';

SELECT is((SELECT count(*) FROM full_cost), 20::bigint, 'twenty cells are expected');
SELECT is_empty($$SELECT f.*, c.full_cost AS have FROM full_cost f
	LEFT JOIN cell c ON c.department_code = f.department AND c.cost_item_code = f.cost_item
	WHERE (f.direct, f.level1, f.level2, f.level3) IS DISTINCT FROM (c.direct, round(c.level1, 6), round(c.level2, 6), round(c.level3, 6))$$,
	'direct cost and what each level adds, cell by cell, exact');
SELECT is_empty($$SELECT f.*, c.full_cost AS have FROM full_cost f LEFT JOIN cell c ON c.department_code = f.department AND c.cost_item_code = f.cost_item
	WHERE (abs(c.full_cost - f.full_cost) < 0.01) IS NOT TRUE$$, 'every cell lies within a cent of its exact value');
SELECT is_empty($$SELECT * FROM cell c WHERE c.full_cost <> 0 AND NOT EXISTS (SELECT FROM full_cost f
	WHERE f.department = c.department_code AND f.cost_item = c.cost_item_code)$$, 'and no other cell holds anything');
SELECT results_eq($$SELECT c.department_code, sum(c.full_cost) FROM cell c GROUP BY 1 ORDER BY 1$$,
	$$SELECT l.department COLLATE "C", l.after_level3 FROM level_total l ORDER BY l.department COLLATE "C"$$, 'every department total is exact');
SELECT results_eq($$SELECT c.cost_item_code, sum(c.full_cost) FROM cell c GROUP BY 1 ORDER BY 1$$,
	$$SELECT d.cost_item COLLATE "C", sum(d.amount) FROM direct d WHERE d.funding_source = 'own' GROUP BY 1 ORDER BY 1$$, 'every cost item total is exact');
SELECT is((SELECT sum(c.full_cost) FROM cell c), 5830000.00, 'and so is the grand total');
SELECT is_empty($$SELECT l.department FROM level_total l JOIN (
		SELECT c.department_code, sum(c.direct + c.level1 - CASE WHEN c.class = 'administrative' THEN c.sent ELSE 0 END) AS one,
			sum(c.direct + c.level1 + c.level2 - CASE WHEN c.class IN ('administrative', 'auxiliary') THEN c.sent ELSE 0 END) AS two
		FROM cell c GROUP BY 1) x ON x.department_code = l.department
	WHERE (l.after_level1, l.after_level2) IS DISTINCT FROM (round(x.one, 2), round(x.two, 2))$$, 'what each department holds after each level');
SELECT is((SELECT count(*) FROM level_total), (SELECT count(DISTINCT department_code) FROM cell), 'of all departments');

-- scopes
SELECT is((SELECT s.amount FROM scope s WHERE s.scope = '医疗业务成本'), (SELECT sum(c.direct)::numeric(18,2) FROM cell c WHERE c.class <> 'administrative'), '医疗业务成本');
SELECT is((SELECT s.amount FROM scope s WHERE s.scope = '医疗成本'), (SELECT sum(c.full_cost) FROM cell c), '医疗成本');
SELECT is((SELECT s.amount FROM scope s WHERE s.scope = '医疗全成本'), (SELECT sum(c.full_cost) FROM hospital_cost.department_cost c
	WHERE c.run_id = :run AND c.cost_class = 'medical' AND c.funding_source <> 'science_education'), '医疗全成本 adds what the state paid for');
SELECT is((SELECT s.amount FROM scope s WHERE s.scope = '医院全成本'), (SELECT sum(c.full_cost) FROM hospital_cost.department_cost c WHERE c.run_id = :run),
	'医院全成本 adds science, education and the hospital''s other cost');
SELECT is((SELECT r.total_full FROM hospital_cost.run r WHERE r.run_id = :run), 5910000.00, 'the run says the same');
SELECT results_eq($$SELECT c.department_code, c.full_cost FROM hospital_cost.department_cost c
	WHERE c.run_id = current_setting('hc_test.run')::int AND c.cost_class = 'other'$$, $$VALUES (NULL COLLATE "C", 10000.00::numeric(18,2))$$, 'cost of the hospital stays at the hospital');

-- visits and bed-days
CREATE TEMP VIEW unit AS
	SELECT 'visit' AS object, v.scope, v.department_code, v.quantity, v.total_cost, v.unit_cost, v.unit_cost_without_drugs, v.run_id FROM hospital_cost.visit_cost v
	UNION ALL SELECT 'bed_day', b.scope, b.department_code, b.quantity, b.total_cost, b.unit_cost, b.unit_cost_without_drugs, b.run_id FROM hospital_cost.bed_day_cost b;
SELECT is((SELECT CASE WHEN x.object LIKE '%without_drugs' THEN u.unit_cost_without_drugs ELSE u.unit_cost END FROM unit u
	WHERE u.run_id = :run AND u.scope = 'medical' AND u.object = split_part(x.object, '_without', 1)
		AND u.department_code IS NOT DISTINCT FROM nullif(x.department, '(hospital)')), x.unit_cost, format('%s of %s', x.object, x.department))
FROM unit_cost x ORDER BY x.object, x.department;
SELECT is((SELECT count(*) FROM unit_cost), 8::bigint, 'eight unit costs are expected');
SELECT results_eq($$SELECT u.scope, u.total_cost FROM unit u WHERE u.run_id = current_setting('hc_test.run')::int AND u.department_code = 'C2' ORDER BY u.total_cost$$,
	$$VALUES ('medical', 1800000.00::numeric(18,2)), ('medical_full', 1850000), ('hospital_full', 1870000)$$, 'the scopes of a bed-day''s cost');
SELECT results_eq($$SELECT u.object, u.total_cost, u.quantity FROM unit u WHERE u.run_id = current_setting('hc_test.run')::int AND u.scope = 'medical' AND u.department_code IS NULL
	ORDER BY 1$$, $$VALUES ('bed_day', 4185000.00::numeric(18,2), 3500.0000::numeric(16,4)), ('visit', 1645000, 10000)$$,
	'visits and bed-days together cost what the hospital cost');

-- the proof, and what it sees
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_allocation(%s) v WHERE v.difference <> 0', :run), 'every identity holds');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.verify_allocation(:run)), '=', 11::bigint, 'eleven of them, the control totals included');
SELECT is((SELECT sum(f.amount) FROM hospital_cost.allocation_flow(:run) f WHERE f.to_code = 'C1')::numeric(18,2), 380000.00, 'flows into a department');
SELECT results_eq(format($$SELECT f.quantity, f.quantity_total, f.base, f.amount FROM hospital_cost.allocation_flow(%s, 'T1', 'C2') f
	WHERE f.cost_item_code = 'materials'$$, :run), 'VALUES (400000::numeric, 1000000::numeric, 300000::numeric, 120000::numeric)', 'one flow with its driver');
SELECT is((SELECT hospital_cost.allocate('2025-03-01', 'golden') - :run), 1, 'a second run');
SELECT is_empty(format('(SELECT department_code, cost_item_code, funding_source, cost_class, direct, level1, level2, level3, full_cost
	FROM hospital_cost.department_cost WHERE run_id = %s EXCEPT SELECT department_code, cost_item_code, funding_source, cost_class, direct, level1, level2, level3, full_cost
	FROM hospital_cost.department_cost WHERE run_id = %s)', :run, :run + 1), 'gives the same cells');

SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('the golden hospital is not here: HC_DATA names no folder with golden_hospital in it', 1);
SELECT * FROM finish();
\endif
