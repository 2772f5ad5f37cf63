-- Contract of the policies of a plan: each is used as its name says, and policy_use has a row that says so, also for what stays where it is.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/allocation.sql
SELECT plan(17);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 100), ('2025-03-01', 'C1', 'other', 30), ('2025-03-01', 'C2', 'other', 10);
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'C1', 1), ('2025-03-01', 'd', NULL, 'C2', 1), ('2025-03-01', 'd', NULL, 'C3', 1);
CREATE FUNCTION plan.used(run int) RETURNS text LANGUAGE sql RETURN (SELECT string_agg(format('%s %s %s: %s %s%s', u.step_no, u.department_code, u.driver_code, u.policy, round(u.amount, 2),
	CASE WHEN u.kept THEN ' kept' ELSE ' to ' || u.receivers END), '; ' ORDER BY u.department_code, u.policy) FROM hospital_cost.policy_use(run) u);
CREATE FUNCTION plan.try(code text) RETURNS text LANGUAGE sql RETURN plan.used(hospital_cost.allocate('2025-03-01', code));

SELECT plan.make('p') \g /dev/null
SELECT is(plan.try('p'), NULL, 'nothing bent, no row');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'A', 7);
SELECT is(plan.try('p'), '1 A d: own statistic left out 100.00 to 3', 'receiver = sender: what it does for itself does not count');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', 'A', 'A', 5), ('2025-03-01', 'd', 'A', 'C1', 5);
SELECT is(plan.try('p'), '1 A d: own statistic left out 100.00 to 1', 'nor does a value of its own');
DELETE FROM hospital_cost.driver_value WHERE receiver_code = 'A' AND server_code = 'A';
SELECT is(plan.try('p'), NULL, 'its own values have none for itself: those for all are not asked');
DELETE FROM hospital_cost.driver_value WHERE receiver_code = 'A' OR server_code = 'A';

-- zero bases
SELECT plan.make('zero_equal', '{"zero_base": "equal"}', '{"driver": "none"}') \g /dev/null
SELECT is(plan.try('zero_equal'), '1 A none: equal for zero base 100.00 to 3', 'zero base: equal');
SELECT plan.make('zero_stays', '{"zero_base": "unallocated"}', '{"driver": "none"}') \g /dev/null
SELECT is(plan.try('zero_stays'), '1 A none: zero base unallocated 100.00 kept', 'unallocated: what stays is told');
SELECT plan.make('zero_fallback', '{"zero_base": "fallback"}', '{"driver": "none", "fallback": "d"}') \g /dev/null
SELECT is(plan.try('zero_fallback'), '1 A d: fallback driver 100.00 to 3', 'the fallback driver');

-- negative statistics: the four that go on, by name; the fifth is an error
UPDATE hospital_cost.driver_value SET quantity = CASE receiver_code WHEN 'C1' THEN -1 WHEN 'C2' THEN 3 ELSE 2 END WHERE driver_code = 'd';
SELECT plan.make(k, jsonb_build_object('negative_statistic', k)) FROM unnest(ARRAY['zero', 'absolute', 'shift', 'signed']) k \g /dev/null
SELECT is(plan.try('zero'), '1 A d: negative statistic zero 100.00 to 2', 'negative statistic: zero');
SELECT is(plan.try('absolute'), '1 A d: negative statistic absolute 100.00 to 3', 'absolute');
SELECT is(plan.try('shift'), '1 A d: negative statistic shift 100.00 to 2', 'shift');
SELECT is(plan.try('signed'), '1 A d: negative statistic signed 100.00 to 3', 'signed');
SELECT throws_ok($$SELECT plan.try('p')$$, 'MC602', NULL, 'error');
SELECT plan.make('both', '{"negative_statistic": "zero", "zero_base": "fallback"}', '{"driver": "none", "fallback": "d"}') \g /dev/null
SELECT is(plan.try('both'), '1 A d: fallback driver 100.00 to 2; 1 A d: negative statistic zero 100.00 to 2', 'two at once are two rows');
UPDATE hospital_cost.driver_value SET quantity = 1 WHERE driver_code = 'd';

-- credit balances
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', -190);
SELECT is(plan.try('p'), '1 A d: credit allocated -90.00 to 3', 'a credit is allocated, and said to be');
SELECT plan.make('keep', '{"credit_balance": "keep"}') \g /dev/null
SELECT is(plan.try('keep'), '1 A d: credit kept -90.00 kept', 'or kept');
SELECT is((SELECT sum(c.full_cost) FROM hospital_cost.department_cost c WHERE c.department_code = 'A' AND c.run_id = (SELECT max(run_id) FROM hospital_cost.run)), -90.00, 'and stands there');
SELECT throws_ok('SELECT * FROM hospital_cost.policy_use(-1)', 'MC614', NULL, 'no such run');
SELECT * FROM finish();
ROLLBACK;
