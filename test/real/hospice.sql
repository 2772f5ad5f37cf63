-- 101 cost reports really filed with Medicare: the step-down performed again through allocate(), with nothing but another plan row.
-- Their rule: unit cost multipliers to six decimals, whole dollars, the difference to the largest amount, a centre with a credit balance
-- is not stepped down. Each report is a month here, each line of the form a department, each general service line a step.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\if `test -f "$HC_DATA/hospice_filed_stepdown/reports.csv" && echo true || echo false`
BEGIN;
SELECT plan(13);

CREATE TEMP TABLE report (report text, provider text, fy_begin text, fy_end text, lines int, steps int);
CREATE TEMP TABLE centre (report text, line text, label text, role text, net_cost numeric);
CREATE TEMP TABLE statistic (report text, step text, line text, quantity numeric);
CREATE TEMP TABLE filed_allocation (report text, step text, line text, amount numeric);
CREATE TEMP TABLE filed_multiplier (report text, step text, multiplier numeric);
CREATE TEMP TABLE filed_final (report text, line text, amount numeric);
\copy report from program 'cat "$HC_DATA/hospice_filed_stepdown/reports.csv"' csv header
\copy centre from program 'cat "$HC_DATA/hospice_filed_stepdown/cost_centers.csv"' csv header
\copy statistic from program 'cat "$HC_DATA/hospice_filed_stepdown/statistics.csv"' csv header
\copy filed_allocation from program 'cat "$HC_DATA/hospice_filed_stepdown/expected_allocations.csv"' csv header
\copy filed_multiplier from program 'cat "$HC_DATA/hospice_filed_stepdown/expected_unit_cost_multipliers.csv"' csv header
\copy filed_final from program 'cat "$HC_DATA/hospice_filed_stepdown/expected_final.csv"' csv header
CREATE TEMP TABLE month AS SELECT r.report, (date '2001-01-01' + interval '1 month' * row_number() OVER (ORDER BY r.report))::date AS period FROM report r;

SELECT hospital_cost.load_defaults() \g /dev/null
SELECT hospital_cost.open_period(m.period) FROM month m \g /dev/null
INSERT INTO hospital_cost.department (code, name, class)
SELECT c.line, min(c.label), CASE WHEN bool_or(c.role = 'step') THEN 'administrative' ELSE 'clinical' END FROM centre c GROUP BY 1;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount)
SELECT m.period, c.line, 'other', c.net_cost FROM centre c JOIN month m USING (report);
INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('filed', 'statistic of the filed report', 'statistic');
INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity)
SELECT m.period, 'filed', s.step, s.line, s.quantity FROM statistic s JOIN month m USING (report);
INSERT INTO hospital_cost.allocation_plan (code, flow_unit, cell_unit, multiplier_scale, residual_rule, credit_balance)
VALUES ('medicare', 1, 1, 6, 'largest_amount', 'keep');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_code, driver_code)
SELECT 'medicare', row_number() OVER (ORDER BY c.line COLLATE "C"), c.line, 'filed' FROM centre c WHERE c.role = 'step' GROUP BY c.line;

CREATE TEMP TABLE run AS SELECT m.report, m.period, hospital_cost.allocate(m.period, 'medicare') AS run_id FROM month m;
CREATE TEMP TABLE flow AS SELECT r.report, f.* FROM run r CROSS JOIN LATERAL hospital_cost.allocation_flow(r.run_id) f;
CREATE TEMP TABLE cell AS SELECT r.report, c.* FROM run r JOIN hospital_cost.department_cost c ON c.run_id = r.run_id;

SELECT is((SELECT count(*) FROM run), 101::bigint, '101 reports');
SELECT is((SELECT count(*) FROM filed_allocation), 2390::bigint, 'with 2,390 filed allocations');
SELECT is((SELECT count(*) FROM flow), 2390::bigint, 'and as many flows');
SELECT is_empty($$SELECT a.*, f.amount AS have FROM filed_allocation a FULL JOIN flow f ON f.report = a.report AND f.from_code = a.step AND f.to_code = a.line
	WHERE a.amount IS DISTINCT FROM f.amount$$, 'every allocation of every report, to the dollar');
SELECT is((SELECT count(*) FROM filed_multiplier), 409::bigint, '409 filed multipliers');
SELECT is_empty($$SELECT u.*, f.multiplier AS have FROM filed_multiplier u
	FULL JOIN (SELECT DISTINCT report, from_code, round(base / quantity_total, 6) AS multiplier FROM flow) f ON f.report = u.report AND f.from_code = u.step
	WHERE u.multiplier IS DISTINCT FROM f.multiplier$$, 'every unit cost multiplier, to six decimals');
SELECT is((SELECT count(*) FROM filed_final), 1379::bigint, '1,379 filed final lines');
SELECT is_empty($$SELECT x.*, c.full_cost AS have FROM filed_final x LEFT JOIN cell c ON c.report = x.report AND c.department_code = x.line
	WHERE x.amount IS DISTINCT FROM coalesce(c.full_cost, 0)$$, 'every final line, to the dollar');
SELECT is_empty($$SELECT c.report, c.department_code, c.full_cost FROM cell c WHERE c.full_cost <> 0
	AND NOT EXISTS (SELECT FROM filed_final x WHERE x.report = c.report AND x.line = c.department_code)
	AND NOT (c.direct + c.received < 0 AND c.sent = 0)$$, 'nothing is left elsewhere but credit balances, which stay');
SELECT is_empty('SELECT * FROM cell c WHERE c.rounding <> 0', 'whole dollars need no rounding at the end');
SELECT is_empty($$SELECT c.report FROM cell c GROUP BY 1 HAVING sum(c.full_cost) <> (SELECT sum(x.net_cost) FROM centre x WHERE x.report = c.report)$$,
	'each report''s total is its net cost');
SELECT is_empty($$SELECT r.report, v.* FROM run r CROSS JOIN LATERAL hospital_cost.verify_allocation(r.run_id) v WHERE v.difference <> 0$$,
	'every identity of every run holds');
-- The rule is what makes them exact: the default plan's exact shares differ from what was filed.
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('exact');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_code, driver_code)
SELECT 'exact', s.step_no, s.server_code, s.driver_code FROM hospital_cost.allocation_step s WHERE s.plan_code = 'medicare';
CREATE TEMP TABLE again AS SELECT m.report, hospital_cost.allocate(m.period, 'exact') AS run_id FROM month m;
SELECT isnt_empty($$SELECT FROM again a JOIN hospital_cost.department_cost c ON c.run_id = a.run_id
	JOIN filed_final x ON x.report = a.report AND x.line = c.department_code WHERE c.full_cost <> x.amount$$, 'a plan without that rule gives other figures');

SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('the filed hospice reports are not here: HC_DATA names no folder with hospice_filed_stepdown in it', 1);
SELECT * FROM finish();
\endif
