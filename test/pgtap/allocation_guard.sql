-- Contract of what a run rests on: plans that were run, months that are closed, figures that are no numbers, sums beyond one cell.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/allocation.sql
SELECT plan(25);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 100), ('2025-03-01', 'C1', 'other', 30);
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'C1', 1), ('2025-03-01', 'd', NULL, 'C2', 1);

-- a plan that was run
SELECT plan.make('p'), plan.make('draft') \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'p') AS run \gset
SELECT throws_ok($$UPDATE hospital_cost.allocation_step SET plan_code = 'p', step_no = 9 WHERE plan_code = 'draft'$$, 'MC613', NULL, 'no step moves into a plan that was run');
SELECT throws_ok($$UPDATE hospital_cost.allocation_plan SET code = 'q' WHERE code = 'p'$$, 'MC613', NULL, 'a plan that was run keeps its name');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, driver_code) VALUES ('p', 2, 'technical', 'd');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'MC613', 'plan "p" version 1 has been run', 'a step added to it stops the next run');
SELECT is((SELECT string_agg(c.sqlstate, ' ') FROM hospital_cost.check_allocation('2025-03-01', 'p') c WHERE c.severity = 'error'), 'MC613', 'which the check tells');
SELECT lives_ok($$DELETE FROM hospital_cost.allocation_step WHERE plan_code = 'p' AND step_no = 2$$, 'such a step may go again');
SELECT lives_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'and the plan is as it was');
SELECT throws_ok($$DELETE FROM hospital_cost.allocation_step WHERE plan_code = 'p'$$, 'MC613', NULL, 'a step that was run stays');
SELECT lives_ok($$DELETE FROM hospital_cost.allocation_step WHERE plan_code = 'draft'$$, 'one that was not may go');

-- a run that unit costs rest on
SELECT hospital_cost.allocate('2025-03-01', 'p') AS costed \gset
INSERT INTO hospital_cost._costing (run_id, mode) VALUES (:costed, 'ward_full');
SELECT lives_ok(format('SELECT hospital_cost.delete_run(%s)', :costed), 'a run with unit costs is deleted with them');

-- figures that are no numbers, classes that are none
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_plan (code, flow_unit) VALUES ('n', 'NaN')$$, '23514', NULL, 'a flow unit is a number');
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_plan (code, cell_unit) VALUES ('n', 'NaN')$$, '23514', NULL, 'so is a cell unit');
SELECT throws_ok($$INSERT INTO hospital_cost.cost_control_total VALUES ('2025-03-01', 'other', 'own', 'NaN')$$, '23514', NULL, 'and a control total');
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code) VALUES ('draft', 1, 'technical', '{}', 'd')$$, '23514', NULL,
	'a step for no class is none');
SELECT throws_ok($$INSERT INTO hospital_cost.spread_rule (driver_code, receiver_classes) VALUES ('d', '{}')$$, '23514', NULL, 'nor is a rule');

-- control totals: nothing in the accounts is the same as no cost, and a row taken back is no cost
INSERT INTO hospital_cost.cost_control_total VALUES ('2025-03-01', 'other', 'own', 130), ('2025-03-01', 'drugs', 'own', 0);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'materials', 5);
INSERT INTO hospital_cost.direct_cost (corrects) SELECT d.direct_cost_id FROM hospital_cost.direct_cost d WHERE d.cost_item_code = 'materials';
SELECT is_empty($$SELECT * FROM hospital_cost.cost_control_difference('2025-03-01') WHERE difference <> 0$$, 'no cost item differs');
SELECT hospital_cost.allocate('2025-03-01', 'p') AS proved \gset
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_allocation(%s) WHERE difference <> 0', :proved), 'and the proof of a run says the same');
UPDATE hospital_cost.cost_control_total SET amount = 1 WHERE cost_item_code = 'drugs';
SELECT is((SELECT v.actual FROM hospital_cost.verify_allocation(:proved) v WHERE v.identity LIKE 'cost item%'), 1::numeric, 'an item without cost that the accounts have differs');

-- a department whose cells fit and whose sum does not
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-04-01', 'C1', 'other', 70000000000), ('2025-04-01', 'C1', 'drugs', 70000000000);
SELECT hospital_cost.allocate('2025-04-01', 'p') AS rich \gset
SELECT is((SELECT sum(c.full_cost) FROM hospital_cost.department_cost c WHERE c.run_id = :rich), 140000000000.00, 'a run has it');
SELECT is((SELECT format('%s %s', c.step_down, c.reciprocal) FROM hospital_cost.compare_methods('2025-04-01', 'p') c WHERE c.department_code = 'C1'), '140000000000.00 140000000000.00',
	'and so has the comparison of methods');

-- a closed month
SELECT hospital_cost.open_period('2025-05-01') \g /dev/null
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-05-01', 'C1', 'other', 1);
SELECT hospital_cost.close_period('2025-05-01'), hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT hospital_cost.allocate('2025-05-01', 'p') AS late \gset
SELECT is((SELECT r.official FROM hospital_cost.run r WHERE r.run_id = :late), false, 'the first run of a month that is closed is not official');
SELECT throws_ok(format('SELECT hospital_cost.make_official(%s)', :late), 'MC001', NULL, 'nor does it become so');
SELECT throws_ok(format('SELECT hospital_cost.delete_run(%s)', :late), 'MC616', NULL, 'and it stays');
SELECT is((SELECT string_agg(r.run_id::text, ' ') FROM hospital_cost.run r WHERE r.period = '2025-03-01' AND r.official), :'run', 'the official run of a closed month stays the same');
SELECT hospital_cost.reopen_period('2025-05-01', 'to correct it') \g /dev/null
SELECT lives_ok(format('SELECT hospital_cost.make_official(%s)', :late), 'once it is reopened it may be official');
SELECT is((SELECT r.official FROM hospital_cost.run r WHERE r.run_id = :late), true, 'and is');
SELECT * FROM finish();
ROLLBACK;
