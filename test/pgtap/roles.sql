-- Contract of the roles: each can do its work with what setup_roles() grants, and not the work of another.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(54 + count(*)::int) FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relkind = 'v' AND c.relname !~ '^_';
SELECT set_eq($$SELECT hospital_cost.setup_roles('hc test')$$, ARRAY['hc test_reader', 'hc test_clerk', 'hc test_pricing', 'hc test_accountant', 'hc test_controller', 'hc test_cashier', 'hc test_cashier_leader', 'hc test_auditor', 'hc test_department_head'],
	'setup_roles() makes the roles, under any prefix');
SELECT is_empty($$SELECT hospital_cost.setup_roles('hc test')$$, 'and makes none twice');
SELECT results_eq($$SELECT count(*) FROM pg_authid a WHERE a.rolname LIKE 'hc test\_%' AND (a.rolcanlogin OR a.rolsuper OR a.rolcreaterole OR a.rolcreatedb OR a.rolbypassrls)$$, ARRAY[0::bigint], 'none may log in or is more than a role');
CREATE SCHEMA ward;
GRANT USAGE, CREATE ON SCHEMA ward TO "hc test_clerk";
GRANT USAGE ON SCHEMA his TO PUBLIC;
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT his.charge(1), his.charge(2, visit => 'E1', price => 30), his.charge(3, item => 'NONE') \g /dev/null
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES ('E1', 'outpatient', 'C1', '2025-03-05 09:00+08', NULL);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'other', 100);
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset
SELECT set_config('hc_test.run', :'run', true) \g /dev/null

-- reader: everything there is to see, nothing to change
SELECT lives_ok(format('DO $do$ BEGIN SET LOCAL ROLE "hc test_reader"; PERFORM * FROM hospital_cost.%I; RESET ROLE; END $do$', c.relname), 'reader reads ' || c.relname)
FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relkind = 'v' AND c.relname !~ '^_' ORDER BY c.relname;
SET LOCAL ROLE "hc test_reader";
SELECT lives_ok($$SELECT * FROM hospital_cost.verify_ledger('2025-03-01')$$, 'reader proves the ledger');
SELECT lives_ok($$SELECT * FROM hospital_cost.verify_allocation(current_setting('hc_test.run')::int)$$, 'and a run');
SELECT lives_ok($$SELECT * FROM hospital_cost.allocation_flow(current_setting('hc_test.run')::int)$$, 'and has its flows told');
SELECT lives_ok($$SELECT * FROM hospital_cost.check_setup()$$, 'reader asks what is missing');
SELECT throws_ok($$UPDATE hospital_cost.price SET unit_price = 1$$, '42501', NULL, 'reader changes no price');
SELECT throws_ok($$INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'other', 1)$$, '42501', NULL, 'writes no cost');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level')$$, '42501', NULL, 'allocates nothing');
RESET ROLE;

-- clerk: looks after tables of his own that were attached for him, records what happened; attaches none, sees no ledger
SET LOCAL ROLE "hc test_clerk";
SELECT throws_ok($$SELECT hospital_cost.create_charge_table('ward.charge')$$, '42501', NULL, 'clerk makes no charge table');
CREATE TABLE ward.payment (id int PRIMARY KEY, visit text, kind text, way text, amount numeric, at timestamptz);
SELECT throws_ok(format('SELECT hospital_cost.%s(''ward.payment'', ''{}'')', f), '42501', NULL, 'nor ' || f || ' with a table of his own')
FROM unnest('{attach_charges,attach_payments,attach_encounters,attach_stays,attach_service_use,attach_orders,attach_stock,attach_costs}'::text[]) AS f;
RESET ROLE;
GRANT "hc test_clerk" TO "hc test_controller";
SET LOCAL ROLE "hc test_controller";
SELECT lives_ok($$SELECT hospital_cost.create_charge_table('ward.charge')$$, 'controller makes one');
SELECT lives_ok($$ALTER TABLE ward.charge OWNER TO "hc test_clerk"$$, 'and hands it over');
SET LOCAL ROLE "hc test_clerk";
SELECT lives_ok($$INSERT INTO ward.charge (encounter_code, item_code, performing_department, charged_at) VALUES ('E9', 'LAB', 'T1', '2025-03-05 10:00+08'), ('E9', 'X', 'T1', '2025-03-05 10:00+08')$$, 'and posts through it');
SELECT lives_ok($$SELECT * FROM hospital_cost.unposted('ward.charge')$$, 'asks what is not posted');
SELECT lives_ok($$SELECT * FROM hospital_cost.post_pending('ward.charge')$$, 'posts what waited');
SELECT lives_ok($$INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('E9', 'inpatient', 'C2', '2025-03-05 09:00+08')$$, 'records encounters');
SELECT throws_ok($$TABLE hospital_cost.ledger$$, '42501', NULL, 'clerk does not read the ledger');
SELECT throws_ok($$SELECT * FROM hospital_cost.seal_period('2025-03-01')$$, '42501', NULL, 'seals no month');
SELECT throws_ok($$SELECT hospital_cost.review_finding(1, 'confirmed')$$, '42501', NULL, 'and reviews nothing');
RESET ROLE;

-- pricing, accountant, controller, auditor
SET LOCAL ROLE "hc test_pricing";
SELECT lives_ok($$UPDATE hospital_cost.price SET unit_price = 31 WHERE item_code = 'CT'$$, 'pricing changes prices');
SELECT lives_ok($$INSERT INTO hospital_cost.charge_item (code, name) VALUES ('NEW', 'x')$$, 'adds items');
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, '42501', NULL, 'and closes no month');
SET LOCAL ROLE "hc test_accountant";
SELECT lives_ok($$INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'other', 1)$$, 'accountant writes direct cost');
SELECT lives_ok($$INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'headcount', NULL, 'C1', 3)$$, 'driver values');
SELECT lives_ok($$INSERT INTO hospital_cost.allocation_plan (code) VALUES ('mine')$$, 'plans');
SELECT lives_ok($$INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, driver_code) VALUES ('mine', 1, 'technical', 'headcount')$$, 'and their steps');
SELECT throws_ok($$UPDATE hospital_cost.price SET unit_price = 1$$, '42501', NULL, 'and changes no price');
SET LOCAL ROLE "hc test_controller";
SELECT lives_ok($$SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level')$$, 'controller allocates');
SELECT lives_ok($$SELECT hospital_cost.open_period('2025-04-01'), hospital_cost.close_period('2025-04-01'), hospital_cost.reopen_period('2025-04-01', 'x')$$, 'opens, closes, reopens');
SELECT lives_ok($$SELECT hospital_cost.open_period('2025-02-01'); SELECT hospital_cost.close_period('2025-02-01'); SELECT * FROM hospital_cost.seal_period('2025-02-01')$$, 'seals');
SELECT throws_ok($$INSERT INTO hospital_cost._seal SELECT * FROM hospital_cost._seal$$, '42501', NULL, 'and writes no seal of his own');
SELECT lives_ok($$UPDATE hospital_cost.rule SET severity = 'lead'$$, 'sets rules');
SET LOCAL ROLE "hc test_auditor";
SELECT lives_ok($$SELECT hospital_cost.review_finding(f.finding_id, 'false_positive') FROM hospital_cost.finding f WHERE f.class = 'conduct' AND f.state = 'open' LIMIT 1$$, 'auditor reviews findings');
SELECT throws_ok($$SELECT hospital_cost.reopen_period('2025-04-01', 'x')$$, '42501', NULL, 'reopens nothing');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_seal('2025-02-01', (SELECT s.head FROM hospital_cost.seal s)) v WHERE v.difference <> 0$$, 'proves a seal');
SELECT throws_ok($$SELECT * FROM hospital_cost.seal_period('2025-02-01')$$, '42501', NULL, 'and makes none');
RESET ROLE;

-- accountant reconciles; nobody else does, and nobody changes a statement
INSERT INTO hospital_cost.statement_format (kind, name, methods) VALUES ('pos', 'POS', '{card}');
SET LOCAL ROLE "hc test_accountant";
SELECT lives_ok($$SELECT hospital_cost.load_statement('pos', '2025-03-05', '[{"amount": 1}]')$$, 'accountant loads a statement');
SELECT lives_ok($$SELECT * FROM hospital_cost.reconcile('pos', '2025-03-05')$$, 'and reconciles it');
SELECT throws_ok($$INSERT INTO hospital_cost._reconciliation_match (match_id, rule, kind, outgoing) VALUES (1, 'key', 'pos', false)$$, '42501', NULL, 'but writes no match past the rules');
SELECT throws_ok($$DELETE FROM hospital_cost.statement_line$$, '42501', NULL, 'and takes no line away');
SELECT lives_ok($$SELECT hospital_cost.withdraw_statement(max(statement_id), 'another shop') FROM hospital_cost.statement$$, 'nor a statement, but withdraws it');
SET LOCAL ROLE "hc test_cashier_leader";
SELECT throws_ok($$SELECT hospital_cost.load_statement('pos', '2025-03-05', '[{"amount": 2}]')$$, '42501', NULL, 'a leader loads none');
SELECT throws_ok($$SELECT hospital_cost.unmatch(1::bigint, 'x')$$, '42501', NULL, 'and takes nothing apart');
SELECT throws_ok($$SELECT hospital_cost.withdraw_statement(1, 'x')$$, '42501', NULL, 'nor withdraws any');
SELECT lives_ok($$TABLE hospital_cost.reconciliation_difference$$, 'but sees what is open');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
