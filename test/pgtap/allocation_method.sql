-- Contract of the allocation methods: the published two-way example by each, what stops the simultaneous ones and says why, the comparison.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(33);
SELECT hospital_cost.load_defaults() \g /dev/null
SELECT hospital_cost.open_period('2025-03-01') \g /dev/null
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('S1', 'x', 'administrative', 'none'), ('S2', 'x', 'auxiliary', 'none'),
	('P1', 'x', 'clinical', 'outpatient'), ('P2', 'x', 'clinical', 'inpatient');
INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('d', 'x', 'statistic');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'S1', 'other', 6000), ('2025-03-01', 'S2', 'other', 3000);
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', 'S1', 'S2', 20), ('2025-03-01', 'd', 'S1', 'P1', 50), ('2025-03-01', 'd', 'S1', 'P2', 30),
	('2025-03-01', 'd', 'S2', 'S1', 10), ('2025-03-01', 'd', 'S2', 'P1', 40), ('2025-03-01', 'd', 'S2', 'P2', 50);
CREATE SCHEMA plan;
-- S1 serves in the first step, S2 in the second or in the same.
CREATE FUNCTION plan.make(code text, method text, same_level text DEFAULT 'none', second int DEFAULT 2) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO hospital_cost.allocation_plan (code, method, same_level) VALUES (code, method, same_level);
	INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_code, driver_code) VALUES (code, 1, 'S1', 'd'), (code, second, 'S2', 'd');
END;
CREATE FUNCTION plan.result(run int) RETURNS text LANGUAGE sql RETURN (SELECT string_agg(format('%s %s', c.department_code, c.full_cost), ', ' ORDER BY c.department_code)
	FROM (SELECT department_code, sum(full_cost) AS full_cost FROM hospital_cost.department_cost WHERE run_id = run GROUP BY 1) c WHERE c.full_cost <> 0);
SELECT plan.make(m, m) FROM unnest('{direct,step_down,double,reciprocal}'::text[]) m \g /dev/null
SELECT plan.make(m, 'step_down', m, 1) FROM unnest('{none,sequential}'::text[]) m \g /dev/null
SELECT plan.make('level', 'step_down', 'reciprocal', 1), plan.make('apart', 'step_down', 'reciprocal', 2) \g /dev/null

-- what each gives
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'direct')), 'P1 5083.33, P2 3916.67', 'direct: servers never receive');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'step_down')), 'P1 4866.67, P2 4133.33', 'step-down: the first is closed');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'double')), 'P1 4910.00, P2 4090.00', 'double: once open, then closing');
SELECT hospital_cost.allocate('2025-03-01', 'reciprocal') AS run \gset
SELECT is(plan.result(:run), 'P1 4928.57, P2 4071.43', 'reciprocal: the published answer');
SELECT is((SELECT string_agg(c.sent::text, ' ' ORDER BY c.department_code) FROM hospital_cost.department_cost c WHERE c.run_id = :run AND c.sent <> 0),
	'6428.57142857 4285.71428571', 'gross cost is what was sent');
SELECT is((SELECT r.method FROM hospital_cost.run r WHERE r.run_id = :run), 'reciprocal', 'the run says by which method');
SELECT cmp_ok((SELECT r.error_bound FROM hospital_cost.run r WHERE r.run_id = :run), '<', 0.000001, 'and that each cent is proved');
SELECT cmp_ok((SELECT r.error_bound FROM hospital_cost.run r WHERE r.run_id = :run), '>', 0.0, 'by a bound, not by a claim');
SELECT is((SELECT string_agg(f.base::text, ' ' ORDER BY f.to_code) FROM hospital_cost.allocation_flow(:run, 'S1') f), '6428.57142857 6428.57142857 6428.57142857', 'flows split the gross cost');
SELECT is((SELECT sum(f.amount) FROM hospital_cost.allocation_flow(:run, NULL, 'P1') f), 4928.57142857, 'and add up to the cell');
SELECT is_empty(format($$SELECT v.* FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.verify_allocation(r.run_id) v WHERE v.difference <> 0$$), 'every identity of every method holds');
SELECT is((SELECT string_agg(f.pass || ':' || trim_scale(f.amount), ' ' ORDER BY f.pass, f.to_code) FROM hospital_cost.allocation_flow(:run - 1, 'S1') f),
	'1:3000 1:1800 1:1200 2:150 2:90 2:60', 'double shares out twice');

-- same level
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'none')), 'P1 5083.33, P2 3916.67', 'same_level none: peers do not serve each other');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'sequential')), 'P1 4866.67, P2 4133.33', 'sequential: the later one still receives');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'level')), 'P1 4928.57, P2 4071.43', 'reciprocal: the step is one system');
SELECT is(plan.result(hospital_cost.allocate('2025-03-01', 'apart')), 'P1 4866.67, P2 4133.33', 'of one step only');

-- side by side
SELECT count(*) AS runs FROM hospital_cost._run \gset
SELECT results_eq($$SELECT department_code, direct_cost, direct, step_down, "double", reciprocal, difference FROM hospital_cost.compare_methods('2025-03-01', 'reciprocal')$$,
	$$VALUES ('P1', 0.00::numeric, 5083.33::numeric, 4866.67::numeric, 4910.00::numeric, 4928.57::numeric, 216.66::numeric), ('P2', 0, 3916.67, 4133.33, 4090, 4071.43, 216.66),
	('S1', 6000, 0, 0, 0, 0, 0), ('S2', 3000, 0, 0, 0, 0, 0)$$, 'compare_methods shows them side by side');
SELECT results_eq($$SELECT * FROM hospital_cost.compare_methods('2025-03-01')$$, $$SELECT * FROM hospital_cost.compare_methods('2025-03-01', 'direct')$$,
	'without a plan, by that of the official run');
SELECT is((SELECT count(*) FROM hospital_cost._run), :runs::bigint, 'and leaves no run behind');
SELECT is((SELECT count(*) FROM hospital_cost._run_direct d WHERE NOT EXISTS (SELECT FROM hospital_cost._run r WHERE r.run_id = d.run_id)), 0::bigint, 'nor inputs of one');
SELECT throws_ok($$SELECT * FROM hospital_cost.compare_methods('2025-03-01', 'no')$$, 'MC610', 'allocation plan "no" does not exist', 'an unknown plan is named');
SELECT throws_ok($$SELECT * FROM hospital_cost.compare_methods('2025-04-01')$$, 'MC610', 'there is no official run of 2025-04', 'as is a month without a run');
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('bare');
SELECT throws_ok($$SELECT * FROM hospital_cost.compare_methods('2025-03-01', 'bare')$$, 'MC611', 'allocation plan "bare" version 1 has no steps', 'and a plan without steps');

-- what stops simultaneous equations
INSERT INTO hospital_cost.allocation_plan (code, method, multiplier_scale) VALUES ('medicare', 'reciprocal', 6);
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_code, driver_code) VALUES ('medicare', 1, 'S1', 'd');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'medicare')$$, 'MC609', 'a plan with simultaneous equations cannot have multiplier_scale', 'rounded multipliers');
SELECT is((SELECT string_agg(c.department_code || coalesce(c.reciprocal::text, '-') || c.direct, ' ') FROM hospital_cost.compare_methods('2025-03-01', 'medicare') c WHERE c.class = 'clinical'),
	'P1-3000.00 P2-1800.00', 'a method that cannot be done is null beside the others');
SELECT is((SELECT r.error_bound FROM hospital_cost.run r WHERE r.run_id = :run + 100), NULL, 'no run, no bound');
SAVEPOINT a;
UPDATE hospital_cost.driver_value SET quantity = -10 WHERE server_code = 'S2' AND receiver_code = 'S1';
INSERT INTO hospital_cost.allocation_plan (code, method, negative_statistic) VALUES ('signed', 'reciprocal', 'signed');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_code, driver_code) VALUES ('signed', 1, 'S1', 'd'), ('signed', 2, 'S2', 'd');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'signed')$$, 'MC608', 'department "S2" has signed statistics, which simultaneous equations do not know', 'signed statistics');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'reciprocal')$$, 'MC602', 'department "S2" has a negative statistic in its base', 'a negative one as ever');
ROLLBACK TO a;
UPDATE hospital_cost.driver_value SET quantity = 0 WHERE receiver_code LIKE 'P%';
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'reciprocal')$$, 'MC607', 'departments "S1", "S2" hold cost that never leaves them: they serve each other only', 'a closed loop is named');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'level')$$, 'MC607', NULL, 'within a level too');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'step_down')$$, 'MC601', 'department "S2" has no base to be allocated by', 'the step-down stops where nobody is left');
ROLLBACK TO a;
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_plan (code, method) VALUES ('x', 'magic')$$, '23514', NULL, 'no other method');
SELECT throws_ok($$INSERT INTO hospital_cost.allocation_plan (code, same_level) VALUES ('x', 'magic')$$, '23514', NULL, 'no other same level');

SELECT * FROM finish();
ROLLBACK;
