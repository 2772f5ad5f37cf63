-- Contract of allocation: what stops a run and says why, what each policy of a plan does, what a run keeps, what a closed month refuses.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(44);
SELECT hospital_cost.load_defaults() \g /dev/null
SELECT hospital_cost.open_period('2025-03-01') \g /dev/null
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'x', 'administrative', 'none'), ('T', 'x', 'technical', 'none'),
	('C1', 'x', 'clinical', 'outpatient'), ('C2', 'x', 'clinical', 'inpatient'), ('C3', 'x', 'clinical', 'inpatient');
CREATE SCHEMA plan;
-- A plan of one step: A serves the clinical departments by driver d. Changes are given as a JSON object of plan columns.
CREATE FUNCTION plan.make(code text, change jsonb DEFAULT '{}', step jsonb DEFAULT '{}') RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO hospital_cost.allocation_plan SELECT (jsonb_populate_record(NULL::hospital_cost.allocation_plan, jsonb_build_object('version', 1, 'method', 'step_down', 'same_level', 'none', 'flow_unit', 0.00000001,
		'cell_unit', 0.01, 'residual_rule', 'largest_remainder', 'zero_base', 'error', 'negative_statistic', 'error', 'credit_balance', 'allocate') || change || jsonb_build_object('code', code))).*;
	INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code, fallback_driver_code)
	SELECT code, 1, 'administrative', '{clinical}', coalesce(step ->> 'driver', 'd'), step ->> 'fallback';
END;
CREATE FUNCTION plan.result(run int) RETURNS text LANGUAGE sql RETURN (SELECT string_agg(format('%s %s', c.department_code, c.full_cost), ', ' ORDER BY c.department_code)
	FROM (SELECT department_code, sum(full_cost) AS full_cost FROM hospital_cost.department_cost WHERE run_id = run GROUP BY 1) c WHERE c.full_cost <> 0);
INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('d', 'x', 'statistic'), ('none', 'x', 'statistic'), ('same', 'x', 'equal'), ('cost', 'x', 'accumulated_cost'), ('share', 'x', 'fixed_share');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 100), ('2025-03-01', 'C1', 'other', 30), ('2025-03-01', 'C2', 'other', 10);
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'C1', 1), ('2025-03-01', 'd', NULL, 'C2', 1), ('2025-03-01', 'd', NULL, 'C3', 1), ('2025-03-01', 'd', NULL, 'A', 7);

-- what it does
SELECT plan.make('p') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'p')), 'C1 63.34, C2 43.33, C3 33.33', 'a third each, the cent to the first; the server''s own statistic does not count');
SELECT plan.make('cent', '{"flow_unit": 0.01}') \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'cent') AS run \gset
SELECT is((SELECT string_agg(round(f.amount, 2)::text, ' ' ORDER BY f.to_code) FROM hospital_cost.allocation_flow(:run) f), '33.34 33.33 33.33', 'flows in whole cents if the plan says so');
SELECT plan.make('equal', step => '{"driver": "same"}') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'equal')), 'C1 63.34, C2 43.33, C3 33.33', 'a driver may be: all the same');
SELECT plan.make('by_cost', step => '{"driver": "cost"}') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'by_cost')), 'C1 105.00, C2 35.00', 'or: by the cost they have');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'share', NULL, 'C1', 0.5), ('2025-03-01', 'share', NULL, 'C2', 0.3), ('2025-03-01', 'share', NULL, 'C3', 0.2);
SELECT plan.make('shares', step => '{"driver": "share"}') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'shares')), 'C1 80.00, C2 40.00, C3 20.00', 'or: fixed shares');
UPDATE hospital_cost.driver_value SET quantity = 0.21 WHERE driver_code = 'share' AND receiver_code = 'C3';
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'shares')$$, 'MC604', NULL, 'which must add up to one');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', 'A', 'C2', 1);
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'p')), 'C1 30.00, C2 110.00', 'values for one server win over those for all');
DELETE FROM hospital_cost.driver_value WHERE server_code = 'A';

-- zero bases
SELECT plan.make('zero_error', step => '{"driver": "none"}') \g /dev/null
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'zero_error')$$, 'MC601', NULL, 'zero base: an error that names department, cost item and driver');
SELECT plan.make('zero_equal', '{"zero_base": "equal"}', '{"driver": "none"}') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'zero_equal')), 'C1 63.34, C2 43.33, C3 33.33', 'zero base: equal');
SELECT plan.make('zero_stays', '{"zero_base": "unallocated"}', '{"driver": "none"}') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'zero_stays')), 'A 100.00, C1 30.00, C2 10.00', 'zero base: unallocated');
SELECT plan.make('zero_fallback', '{"zero_base": "fallback"}', '{"driver": "none", "fallback": "cost"}') \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'zero_fallback') AS run \gset
SELECT is(plan.result(:run), 'C1 105.00, C2 35.00', 'zero base: the fallback driver');
SELECT is((SELECT string_agg(DISTINCT f.driver_code || ': ' || f.policy, ' ') FROM hospital_cost.allocation_flow(:run) f), 'cost: fallback driver', 'and the flow says so');
SELECT plan.make('no_fallback', '{"zero_base": "fallback"}', '{"driver": "none"}') \g /dev/null
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'no_fallback')$$, 'MC601', NULL, 'zero base: no fallback driver');

-- negative statistics
UPDATE hospital_cost.driver_value SET quantity = CASE receiver_code WHEN 'C1' THEN -1 WHEN 'C2' THEN 3 ELSE 2 END WHERE driver_code = 'd' AND receiver_code LIKE 'C%';
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'MC602', NULL, 'negative statistic: an error');
SELECT plan.make(k, jsonb_build_object('negative_statistic', k)) FROM unnest(ARRAY['zero', 'absolute', 'shift', 'signed']) k \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'zero')), 'C1 30.00, C2 70.00, C3 40.00', 'negative statistic: zero (3 : 2)');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'absolute')), 'C1 46.67, C2 60.00, C3 33.33', 'absolute (1 : 3 : 2)');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'shift')), 'C1 30.00, C2 67.14, C3 42.86', 'shift (0 : 4 : 3)');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'signed')), 'C1 5.00, C2 85.00, C3 50.00', 'signed (-1 : 3 : 2)');
UPDATE hospital_cost.driver_value SET quantity = -9 WHERE driver_code = 'd' AND receiver_code = 'C1';
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'signed')$$, 'MC603', NULL, 'signed, adding up to less than zero');
UPDATE hospital_cost.driver_value SET quantity = 1 WHERE driver_code = 'd';

-- credit balances
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', -190);
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'p')), 'C2 -20.00, C3 -30.00', 'a credit balance is allocated');
SELECT plan.make('keep', '{"credit_balance": "keep"}') \g /dev/null
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'keep')), 'A -90.00, C1 30.00, C2 10.00', 'or kept');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 190);

-- what stops before it begins
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'nope')$$, 'MC610', NULL, 'no such plan');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p', 2)$$, 'MC610', NULL, 'no such version');
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('empty');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'empty')$$, 'MC611', NULL, 'a plan without steps');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-02', 'p')$$, '23514', NULL, 'a day that begins no month');
SAVEPOINT s;
INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount) VALUES ('2025-03-01', 'other', 5);
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'MC612', NULL, 'medical cost without a department');
ROLLBACK TO s;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'other', 79999999999.99), ('2025-03-01', 'C1', 'other', 79999999999.99);
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'MC606', NULL, 'amounts beyond what fits');
ROLLBACK TO s;
SELECT throws_ok($$SELECT * FROM hospital_cost.allocation_flow(-1)$$, 'MC614', NULL, 'flows of a run that is not there');
SELECT throws_ok($$SELECT hospital_cost.make_official(-1)$$, 'MC614', NULL, 'nor made official');
SELECT lives_ok($$SELECT hospital_cost.open_period('2025-04-01'), hospital_cost.allocate('2025-04-01', 'p')$$, 'a month without cost is a run without cells');

-- the rows that go in
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, server_code, driver_code) VALUES ('p', 2, 'technical', 'T', 'd')$$, '23514', NULL, 'a step has a class or a server');
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_plan (code, flow_unit) VALUES ('x', 0)$$, '23514', NULL, 'a flow unit is more than nothing');
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_plan (code, cell_unit) VALUES ('x', 0.001)$$, '23514', NULL, 'a cell is whole cents');
SELECT throws_ok($$INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 'NaN')$$, '23514', NULL, 'NaN is no amount');
SELECT throws_ok($$INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'C1', 1)$$, '23505', NULL, 'one value a driver, server and receiver');
SELECT throws_ok($$DELETE FROM hospital_cost.direct_cost$$, 'MC006', NULL, 'direct cost is not deleted');
SELECT throws_ok($$UPDATE hospital_cost._direct_cost SET amount = 0$$, 'MC006', NULL, 'not from behind either');

-- a run keeps its inputs; its plan keeps its shape
SELECT hospital_cost.allocate('2025-03-01', 'p') AS run \gset
CREATE TABLE plan.told AS SELECT * FROM hospital_cost.allocation_flow(:run);
UPDATE hospital_cost.driver_value SET quantity = 5 WHERE driver_code = 'd' AND receiver_code = 'C1';
UPDATE hospital_cost.department SET class = 'external' WHERE code = 'C3';
SELECT is_empty(format('SELECT * FROM hospital_cost.allocation_flow(%s) EXCEPT TABLE plan.told', :run), 'flows are told again as they were, whatever drivers and departments are now');
SELECT throws_ok($$UPDATE hospital_cost.allocation_step SET step_no = 2 WHERE plan_code = 'p'$$, 'MC613', NULL, 'a step of a plan that was run stays');
SELECT throws_ok($$DELETE FROM hospital_cost.allocation_plan WHERE code = 'p'$$, 'MC613', NULL, 'and the plan');
SELECT is((SELECT count(*) FROM hospital_cost.run r WHERE r.period = '2025-03-01' AND r.official), 1::bigint, 'the first run of a month is official, and the only one');

-- a closed month
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT throws_ok($$INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 1)$$, 'MC001', NULL, 'a closed month takes no cost');
SELECT throws_ok($$UPDATE hospital_cost.driver_value SET quantity = 1 WHERE driver_code = 'd'$$, 'MC001', NULL, 'no driver value');
SELECT throws_ok(format('SELECT hospital_cost.make_official(%s)', :run), 'MC001', NULL, 'and no other official run');

SELECT * FROM finish();
ROLLBACK;
