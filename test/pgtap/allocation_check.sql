-- Contract of check_allocation: what would stop a run is a row before it runs, with a cure; what would distort it as well; it never raises.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/allocation.sql
SELECT plan(66);
INSERT INTO hospital_cost.department (code, name, class) VALUES ('X', 'x', 'auxiliary');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'other', 100), ('2025-03-01', 'C1', 'other', 30);
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'C1', 1), ('2025-03-01', 'd', NULL, 'C2', 1), ('2025-03-01', 'd', NULL, 'C3', 1);
-- The errors of a check, and what allocate says; both of one plan.
CREATE FUNCTION plan.errors(code text, month date DEFAULT '2025-03-01') RETURNS text LANGUAGE sql RETURN
	(SELECT string_agg(c.sqlstate || ' ' || c.identifier, '; ' ORDER BY c.sqlstate, c.identifier) FROM hospital_cost.check_allocation(month, code) c WHERE c.severity = 'error');
CREATE FUNCTION plan.found(code text, finding text) RETURNS text LANGUAGE sql RETURN
	(SELECT string_agg(concat_ws('|', c.severity, c.identifier, c.facts), '; ' ORDER BY c.identifier) FROM hospital_cost.check_allocation('2025-03-01', code) c WHERE c.code = finding);
CREATE FUNCTION plan.agrees(code text, expected text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	cured bigint;
BEGIN
	RETURN NEXT is(plan.errors(code), expected, what);
	BEGIN
		PERFORM hospital_cost.allocate('2025-03-01', code);
	EXCEPTION WHEN OTHERS THEN
		said := SQLSTATE;
	END;
	RETURN NEXT ok(coalesce(position(said IN expected) > 0, said IS NULL AND expected IS NULL), format('%s: as allocate says (%s)', what, coalesce(said, 'nothing')));
END $$;

-- nothing wrong
SELECT plan.make('p') \g /dev/null
SELECT is_empty($$SELECT * FROM hospital_cost.check_allocation('2025-03-01', 'p')$$, 'all is well: no row');
SELECT is((SELECT count(*) FROM hospital_cost.run), 0::bigint, 'the rehearsal leaves no run behind');

-- each error of a run
SELECT plan.agrees('nope', 'MC610 nope', 'no such plan');
SELECT is((SELECT c.code FROM hospital_cost.check_allocation('2025-03-01', 'p', 7) c), 'no_plan', 'no such version');
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('empty');
SELECT is(plan.errors('empty'), 'MC611 empty', 'a plan without steps');
SELECT is((SELECT string_agg(c.code, ' ') FROM hospital_cost.check_allocation('2025-03-02', 'p') c), 'no_month', 'a day that begins no month');
SELECT lives_ok($$SELECT * FROM hospital_cost.check_allocation(NULL, NULL) a, hospital_cost.check_allocation('infinity', 'p') b$$, 'no argument makes it raise');
SELECT plan.make('zero', step => '{"driver": "none"}') \g /dev/null
SELECT plan.agrees('zero', 'MC601 step 1, department "A", driver "none"', 'zero base');
SET datestyle = 'SQL, DMY';
SELECT matches((SELECT c.cure FROM hospital_cost.check_allocation(date '2025-03-01', 'zero') c WHERE c.code = 'zero_base'), $$'2025-03-01'$$, 'a cure tells its month in ISO, whatever the session writes');
RESET datestyle;
SELECT plan.make('no_fallback', '{"zero_base": "fallback"}', '{"driver": "none"}'), plan.make('zero_fallback', '{"zero_base": "fallback"}', '{"driver": "none", "fallback": "share"}') \g /dev/null
SELECT plan.agrees('no_fallback', 'MC601 step 1, department "A", driver "none"', 'no fallback');
SELECT plan.make('equal', '{"zero_base": "equal"}', '{"driver": "none"}'), plan.make('stays', '{"zero_base": "unallocated"}', '{"driver": "none"}'), plan.make('second', '{"zero_base": "fallback"}', '{"driver": "none", "fallback": "d"}') \g /dev/null
SELECT plan.agrees('equal', NULL, 'zero base, shared equally');
SELECT is(plan.found('equal', 'zero_base'), 'warning|step 1, department "A", driver "none"|no quantity for a department that may receive at its turn; shared equally', 'is a warning');
SELECT is(plan.found('stays', 'zero_base'), 'warning|step 1, department "A", driver "none"|no quantity for a department that may receive at its turn; the cost stays', 'so is cost that stays');
SELECT is(plan.found('second', 'fallback_used'), 'note|step 1, department "A", driver "none"|the driver adds up to zero; "d" is used instead', 'the fallback is a note');
SELECT is((SELECT c.cure FROM hospital_cost.check_allocation('2025-03-01', 'zero') c WHERE c.code = 'zero_base'),
	$$INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity) VALUES ('2025-03-01', 'none', NULL, '…', …)$$, 'with the statement that mends it');
SELECT plan.make('shares', step => '{"driver": "share"}') \g /dev/null
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'share', NULL, 'C1', 0.5), ('2025-03-01', 'share', NULL, 'C2', 0.3);
SELECT plan.agrees('shares', 'MC604 step 1, department "A", driver "share"', 'fixed shares');
SELECT plan.agrees('zero_fallback', 'MC604 step 1, department "A", driver "share"', 'of the fallback driver too');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'share', NULL, 'C3', 0.2);
SELECT plan.agrees('shares', NULL, 'whole shares');
SAVEPOINT s;
UPDATE hospital_cost.driver_value SET quantity = CASE receiver_code WHEN 'C1' THEN -9 ELSE 3 END WHERE driver_code = 'd';
SELECT plan.make(k, jsonb_build_object('negative_statistic', k)) FROM unnest(ARRAY['zeroed', 'absolute', 'shift', 'signed']) k WHERE k <> 'zeroed' \g /dev/null
SELECT plan.agrees('p', 'MC602 step 1, department "A", driver "d"', 'a negative statistic');
SELECT plan.agrees('signed', 'MC603 step 1, department "A", driver "d"', 'a negative base');
SELECT is(plan.found('shift', 'negative_statistic'), 'warning|step 1, department "A", driver "d"|receiver "C1" has -9; the plan says negative_statistic shift', 'a policy that bends it is a warning');
ROLLBACK TO s;
INSERT INTO hospital_cost.department (code, name, class) SELECT 'K' || i, 'x', 'clinical' FROM generate_series(1, 20) i;
INSERT INTO hospital_cost.driver_value SELECT '2025-03-01', 'd', NULL, 'K' || i, 999999999999 FROM generate_series(1, 20) i;
SELECT plan.agrees('p', 'MC606 step 1, department "A", driver "d"', 'statistics that do not fit');
ROLLBACK TO s;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'other', 79999999999.99), ('2025-03-01', 'C1', 'other', 79999999999.99);
SELECT plan.agrees('p', 'MC606 cost item "other" (own)', 'amounts that do not fit');
ROLLBACK TO s;
INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount) VALUES ('2025-03-01', 'other', 5), ('2025-03-01', 'drugs', 5);
SELECT plan.agrees('p', 'MC612 hospital-level cost of "drugs" (own); MC612 hospital-level cost of "other" (own)', 'hospital-level cost without a rule, each');
INSERT INTO hospital_cost.spread_rule (driver_code, metered_driver_code) VALUES ('none', 'd');
SELECT plan.agrees('p', 'MC632 hospital-level cost of "drugs" (own); MC632 hospital-level cost of "other" (own)', 'a metered part without price');
UPDATE hospital_cost.spread_rule SET metered_price = 2;
SELECT plan.agrees('p', 'MC631 hospital-level cost of "drugs" (own); MC631 hospital-level cost of "other" (own)', 'a metered part above the amount');
UPDATE hospital_cost.spread_rule SET metered_price = 1;
SELECT plan.agrees('p', 'MC601 hospital-level cost of "drugs" (own); MC601 hospital-level cost of "other" (own)', 'a rest without base');
UPDATE hospital_cost.spread_rule SET driver_code = 'share', metered_driver_code = NULL, metered_price = NULL;
SELECT plan.agrees('p', NULL, 'a rule that holds');
ROLLBACK TO s;
CREATE FUNCTION plan.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk of somebody is full' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON hospital_cost._run FOR EACH ROW EXECUTE FUNCTION plan.refuse();
SELECT is((SELECT concat_ws('|', c.severity, c.code, c.sqlstate, c.facts) FROM hospital_cost.check_allocation('2025-03-01', 'p') c WHERE c.severity = 'error'), 'error|run_stops|53100|the disk of somebody is full', 'an error nobody thought of is told by the rehearsal');
ROLLBACK TO s;

-- money that comes to a server at its turn
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'T', 1);
SELECT plan.make('chain') \g /dev/null
UPDATE hospital_cost.allocation_step SET receiver_classes = '{technical,clinical}' WHERE plan_code = 'chain';
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code) VALUES ('chain', 2, 'auxiliary', '{clinical}', 'none'), ('chain', 3, 'technical', '{clinical}', 'none');
SELECT plan.agrees('chain', 'MC601 step 3, department "T", driver "none"', 'a server without cost of its own receives some first; one that never has any stops nothing');
UPDATE hospital_cost.allocation_step SET driver_code = 'd' WHERE plan_code = 'chain' AND step_no = 3;
SELECT plan.agrees('chain', NULL, 'a plan of several steps');
SELECT is(plan.found('chain', 'receiver_left_out'), 'note|step 3, driver "d"|values of 1 departments do not count, because they have served or serve here, or are of another class: T', 'receivers closed by the order of the steps');

-- what distorts
ROLLBACK TO s;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'T', 'drugs', 7), ('2025-03-01', 'A', 'drugs', -2);
SELECT is(plan.found('p', 'cost_stays'), 'warning|department "T"|7 yuan, class technical: no step of the plan lets it serve', 'cost that no step moves');
SELECT is(plan.found('p', 'credit_balance'), 'note|department "A", cost item "drugs" (own)|-2 yuan before its turn; the plan says credit_balance allocate', 'a credit');
INSERT INTO hospital_cost.cost_control_total (period, cost_item_code, amount) VALUES ('2025-03-01', 'other', 130), ('2025-03-01', 'drugs', 5.5);
SELECT is(plan.found('p', 'control_total_differs'), 'warning|cost item "drugs" (own)|accounts 5.50, direct cost 5, difference -0.5', 'accounts that say otherwise');
UPDATE hospital_cost.department SET valid = '[2025-04-01,)' WHERE code IN ('C2', 'T');
SELECT is(plan.found('p', 'department_not_valid'), 'warning|department "C2"|valid [2025-04-01,), but it has driver values in the month; warning|department "T"|valid [2025-04-01,), but it has cost in the month', 'departments that are not there yet');
UPDATE hospital_cost.cost_item SET parent_code = 'drugs' WHERE code = 'materials';
SELECT is(plan.found('p', 'cost_on_parent_item'), 'warning|cost item "drugs"|5 yuan on an item that has items below it', 'cost on an item that is not a leaf');
ROLLBACK TO s;
SELECT plan.make('heads', '{"zero_base": "fallback"}', '{"driver": "headcount", "fallback": "headcount"}') \g /dev/null
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'headcount', NULL, 'C1', 3), ('2025-03-01', 'headcount', NULL, 'A', 3);
SELECT is(plan.found('heads', 'driver_value_missing'), 'warning|driver "headcount", department "C2"|no value in the month: it receives nothing in step 1; warning|driver "headcount", department "C3"|no value in the month: it receives nothing in step 1', 'departments without heads');
SELECT is(plan.found('heads', 'fallback_is_driver'), 'warning|step 1, driver "headcount"|the fallback driver is the driver itself', 'a fallback that is none');
SELECT is(plan.found('heads', 'driver_unused'), 'note|driver "d"|3 values in the month, but no step of the plan and no spread rule names it; note|driver "share"|3 values in the month, but no step of the plan and no spread rule names it', 'drivers that nobody asks');
SELECT is(plan.found('zero', 'driver_empty'), 'warning|driver "none"|it has no value in the month, though a step names it', 'a driver without values');
SELECT plan.make('odd', step => '{"driver": "d", "fallback": "none", "server": "external"}') \g /dev/null
UPDATE hospital_cost.allocation_step SET cost_item_code = 'risk_fund' WHERE plan_code = 'odd';
SELECT is(plan.found('odd', 'step_without_server'), 'note|step 1|no department is of class external', 'a step without a server');
SELECT is(plan.found('odd', 'step_without_cost'), 'note|step 1|the month has no cost of item "risk_fund"', 'or without cost');
SELECT is(plan.found('odd', 'fallback_unused'), 'note|step 1, driver "none"|a fallback driver, but the plan says zero_base error', 'a fallback the plan does not use');
-- the ledger
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('X', 'x', '04');
CREATE TABLE plan.charge (id int PRIMARY KEY, visit text, item text, qty numeric, price numeric, by text, at text, day timestamptz DEFAULT '2025-03-05 10:00+08');
SELECT hospital_cost.attach_charges('plan.charge', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price", "ordering_department": "by", "performing_department": "at", "charged_at": "day"}', 'flag', 'trust') \g /dev/null
INSERT INTO plan.charge VALUES (1, 'V1', 'X', 1, 10, 'C1', 'A'), (2, 'V2', 'X', 2, 10, NULL, 'A'), (3, 'V3', 'NONE', 1, 5, 'C1', 'A');
SELECT plan.make('revenue', step => '{"driver": "ordered_revenue"}') \g /dev/null
SELECT is(plan.found('revenue', 'revenue_without_order'), 'warning|driver "ordered_revenue"|20.00 yuan of the month name no ordering department, so they weigh in no pair', 'revenue that nobody ordered');
SELECT is(plan.found('revenue', 'posting_open'), 'warning|driver "ordered_revenue"|1 charges of the month are not posted yet, so revenue lacks them', 'and what is not posted');
-- the month
SELECT is((SELECT string_agg(c.code, ' ' ORDER BY c.code) FROM hospital_cost.check_allocation('2025-05-01', 'p') c), 'driver_empty no_cost period_missing', 'a month that was never opened');
DELETE FROM plan.charge;
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT is(plan.found('p', 'period_closed'), 'warning|2025-03|the month is closed: a run of it cannot become official', 'a closed month');
SELECT * FROM finish();
ROLLBACK;
