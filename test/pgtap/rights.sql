-- Contract of rights: who may write a hospital table can post through it and can do nothing else.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(51);
CREATE ROLE hc_clerk;
CREATE ROLE hc_owner;
GRANT USAGE ON SCHEMA his TO hc_clerk, hc_owner;
GRANT USAGE ON SCHEMA hospital_cost TO hc_owner;
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
GRANT SELECT, INSERT, UPDATE, DELETE ON his.fee TO hc_clerk;
-- What a clerk may run is asked before he is one; pgTAP's own functions stay within reach of everyone.
SELECT set_config('hc_test.tables', (SELECT string_agg(c.oid::regclass::text, ' ') FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass
	AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hospital_cost') WHERE c.relkind IN ('r', 'v', 'S')), true) \g /dev/null

SET LOCAL ROLE hc_clerk;
SELECT lives_ok($$INSERT INTO his.fee (id, visit, item, qty, price, ordered_by, done_by, at) VALUES (1, 'E', 'LAB', 1, 26, 'C1', 'T1', '2025-03-05 10:00+08'),
	(2, 'E', 'LAB', 1, 20, 'C1', 'T1', '2025-03-05 11:00+08'), (3, 'E', 'NONE', 1, 20, 'C1', 'T1', '2025-03-05 11:00+08')$$, 'a clerk posts, with issues and findings');
SELECT lives_ok($$UPDATE his.fee SET qty = 2 WHERE id = 1$$, 'changes');
SELECT lives_ok($$UPDATE his.fee SET visit = 'E2' WHERE id = 1$$, 'moves a line to another encounter');
SELECT lives_ok($$INSERT INTO his.fee (id, visit, item, qty, refund_of, ordered_by, done_by, at) VALUES (4, 'E', 'LAB', -1, 2, 'C1', 'T1', '2025-03-05 12:00+08')$$, 'refunds');
SELECT lives_ok($$DELETE FROM his.fee WHERE id = 1$$, 'and deletes');
SELECT throws_ok('TABLE hospital_cost.ledger', '42501', NULL, 'he does not read the ledger');
SELECT throws_ok('TABLE hospital_cost._ledger', '42501', NULL, 'nor what lies behind it');
SELECT throws_ok('TABLE hospital_cost.posting_issue', '42501', NULL, 'nor issues');
SELECT throws_ok($$INSERT INTO hospital_cost._charge_delta VALUES ('2025-03-01', 1, 1, 1, 1, 1, 1)$$, '42501', NULL, 'he does not write totals');
SELECT throws_ok($$UPDATE hospital_cost.price SET unit_price = 1$$, '42501', NULL, 'nor prices');
SELECT throws_ok($$SELECT hospital_cost.open_period('2025-04-01')$$, '42501', NULL, 'he opens no period');
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, '42501', NULL, 'closes none');
SELECT throws_ok($$SELECT hospital_cost.detach_charges('his.fee')$$, '42501', NULL, 'detaches nothing');
SELECT throws_ok($$TRUNCATE his.fee$$, '42501', NULL, 'and cannot truncate');
RESET ROLE;
SELECT is((SELECT count(*) FROM hospital_cost.ledger), 8::bigint, 'what he did is in the ledger: two lines posted, one changed twice, one refunded, one deleted');
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l), 0.00, 'and comes to nothing');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_ledger('2025-03-01') v WHERE v.difference <> 0$$, 'every identity holds');

-- every other way of posting, for a clerk who has rights on the tables of the hospital and on nothing else
\ir fixture/table.sql
SELECT his.make('his.twice', 'k text'), his.attach('his.twice'), his.make('his.later') \g /dev/null
SELECT hospital_cost.attach_charges('his.later', his.plain(), 'async', 'trust') \g /dev/null
CREATE TABLE his.parts (LIKE his.fee, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE his.parts_a PARTITION OF his.parts DEFAULT;
SELECT hospital_cost.attach_charges('his.parts', his.mapping('{reverses_key}') || '{"source_key": ["id", "at"]}', 'flag', 'compute') \g /dev/null
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, price_class) VALUES ('STAFF', 'outpatient', 'C1', '2025-03-05', 'staff');
GRANT SELECT, INSERT, UPDATE, DELETE ON his.twice, his.later, his.parts, his.parts_a TO hc_clerk;
SET LOCAL ROLE hc_clerk;
SELECT lives_ok($$INSERT INTO his.twice (k, v) VALUES ('A', 'M'), ('A', 'M'), ('B', 'M2'), ('B', 'M3')$$, 'keys that come twice');
SELECT lives_ok($$UPDATE his.twice SET k = 'C' WHERE v = 'M3'$$, 'and change');
SELECT lives_ok($$DELETE FROM his.twice WHERE k = 'A'$$, 'and go');
SELECT lives_ok($$INSERT INTO his.later (k) VALUES (1), (2)$$, 'a table in mode async');
SELECT lives_ok($$INSERT INTO his.parts (id, visit, item, qty, done_by, at) VALUES (1, 'STAFF', 'LAB', 2, 'T1', '2025-03-05')$$, 'a partitioned one, priced by the class of the encounter');
SELECT lives_ok($$INSERT INTO his.parts_a (id, visit, item, qty, done_by, at) VALUES (2, 'STAFF', 'LAB', 1, 'T1', '2025-03-05')$$, 'or straight into a partition');
SELECT throws_ok($$SELECT * FROM hospital_cost.post_pending('his.later')$$, '42501', NULL, 'what waits he does not post');
SELECT throws_ok($$SELECT * FROM hospital_cost.backfill('his.later')$$, '42501', NULL, 'nor history');
SELECT throws_ok($$SELECT * FROM hospital_cost.quote('E', '[]')$$, '42501', NULL, 'nor asks for prices');
SELECT throws_ok($$INSERT INTO hospital_cost._posted_key VALUES (1, 'X')$$, '42501', NULL, 'he claims no keys himself');
SELECT throws_ok($$DELETE FROM hospital_cost._pending$$, '42501', NULL, 'nor empties the queue');
SELECT throws_ok($$SET hospital_cost.posting_allow_drop = on$$, '42501', NULL, 'nor unlocks the books');
SELECT throws_ok($$INSERT INTO hospital_cost.reason_code (purpose, code, name) VALUES ('refund', 'X', 'x')$$, '42501', NULL, 'nor invents reasons');
RESET ROLE;
SELECT is((SELECT string_agg(l.source_key || ' ' || l.kind, ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source = 'his.twice'::regclass), 'A post, B post, C post, A reverse', 'keys that come twice are right');
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.source = 'his.parts'::regclass), 45.00, 'so are prices');
SELECT is((SELECT sum(p.row_count) FROM hospital_cost.post_pending('his.later') p WHERE p.outcome = 'posted'), 2::numeric, 'and what he set aside');
-- rows that apply workers write: nobody else can pretend to be one
SET LOCAL session_replication_role = replica;
INSERT INTO his.fee (id, visit, item, qty, done_by, at) VALUES (77, 'R', 'LAB', 1, 'T1', '2025-03-05');
RESET session_replication_role;
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source_key = '77'), 0::bigint, 'a session that switches triggers off posts nothing');
DELETE FROM his.fee WHERE id = 77;

-- an owner attaches his own tables only, and definer rights are no ladder
GRANT EXECUTE ON FUNCTION hospital_cost.attach_charges(regclass, jsonb, text, text, jsonb), hospital_cost.detach_charges(regclass),
	hospital_cost.unposted(regclass) TO hc_owner;
CREATE TABLE his.own (LIKE his.fee INCLUDING ALL);
ALTER TABLE his.own OWNER TO hc_owner;
SELECT set_config('hc_test.mapping', his.mapping()::text, true) \g /dev/null
SET LOCAL ROLE hc_owner;
SELECT lives_ok($$SELECT hospital_cost.attach_charges('his.own', current_setting('hc_test.mapping')::jsonb)$$, 'an owner attaches his table');
SELECT lives_ok($$SELECT * FROM hospital_cost.unposted('his.own')$$, 'asks what of it is not posted');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', current_setting('hc_test.mapping')::jsonb)$$, '42501', NULL, 'another''s he does not attach');
SELECT throws_ok($$SELECT hospital_cost.detach_charges('his.fee')$$, '42501', NULL, 'nor detach');
SELECT throws_ok($$SELECT * FROM hospital_cost.unposted('his.fee')$$, '42501', NULL, 'nor read through unposted()');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('pg_catalog.pg_class', '{}')$$, 'MC202', NULL, 'nor touch the catalogue');
-- A function of his that shadows an operator or a cast must not run with the definer's rights.
CREATE FUNCTION pg_temp.trap(regclass, regclass) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE OPERATOR pg_temp.= (LEFTARG = regclass, RIGHTARG = regclass, FUNCTION = pg_temp.trap);
SET LOCAL search_path = pg_temp, pg_catalog, public;
SELECT lives_ok($$SELECT hospital_cost.detach_charges('his.own')$$, 'his search_path is not the definer''s');
RESET search_path;
RESET ROLE;

-- what PUBLIC may and may not
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'hospital_cost'::regnamespace AND p.prorettype <> 'trigger'::regtype
	AND (p.provolatile = 'v' OR p.prosecdef) AND has_function_privilege('hc_clerk', p.oid, 'EXECUTE')$$, 'nobody but who was granted it runs what writes or has definer rights');
SELECT is_empty($$SELECT n FROM unnest(string_to_array(current_setting('hc_test.tables'), ' ')) n, unnest(ARRAY['SELECT', 'UPDATE']) r
	WHERE CASE WHEN n LIKE '%\_seq' THEN has_sequence_privilege('hc_clerk', n, 'UPDATE') ELSE has_table_privilege('hc_clerk', n, r) END$$,
	'nor reads or writes any table, view or sequence of the extension');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'hospital_cost'::regnamespace AND p.prosecdef
	AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']$$, 'definer rights go with a pinned search_path');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relkind = 'v'
	AND c.relowner <> (SELECT e.extowner FROM pg_extension e WHERE e.extname = 'hospital_cost')$$, 'views belong to who installed the extension');
SELECT hasnt_function('public', 'hc_post_charges', 'C symbols are reached by their SQL names only');

-- guards of the truth hold for its owner too
SELECT throws_ok('UPDATE hospital_cost._ledger SET amount = 1', 'MC006', NULL, 'the ledger is not updated');
SELECT throws_ok('DELETE FROM hospital_cost._ledger', 'MC006', NULL, 'not deleted from');
SELECT throws_ok('TRUNCATE hospital_cost._ledger', 'MC006', NULL, 'not truncated');
SELECT throws_ok($$DELETE FROM hospital_cost.charge_item WHERE code = 'LAB'$$, NULL, NULL, 'an item that was charged stays');
SELECT throws_ok($$UPDATE hospital_cost.department SET code = 'T9' WHERE code = 'T1'$$, 'MC211', NULL, 'a department that was charged keeps its code');

SELECT * FROM finish();
ROLLBACK;
