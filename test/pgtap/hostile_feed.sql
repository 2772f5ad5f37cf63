-- Contract of payments and followed tables against attackers and impossible values: nothing a table owner makes runs with our rights, nothing a row
-- says fails the statement in mode flag, and no spelling gives back more than came in.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/payment.sql
SELECT plan(43);
-- A payment table as the tests of names and types want it.
CREATE FUNCTION his.table_of(name text, key text DEFAULT 'id bigint PRIMARY KEY', at text DEFAULT 'at timestamptz') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE his.%I (%s, visit text DEFAULT ''T'', kind text DEFAULT ''payment'', way text DEFAULT ''cash'', money numeric DEFAULT 10,
		%s DEFAULT ''2025-03-05'', orig text)', name, key, at);
END $$;
CREATE FUNCTION his.attach(name text, change jsonb DEFAULT '{}', mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	SELECT hospital_cost.attach_payments(format('his.%I', name)::regclass, '{"source_key": "id", "encounter": "visit", "kind": "kind", "method": "way",
		"amount": "money", "paid_at": "at", "reverses_key": "orig"}'::jsonb || change, mode, options) $$;

-- a trigger without the rows of its statement reads nothing in their place
SELECT hospital_cost.setup_roles('hf') \g /dev/null
CREATE ROLE hf_mallory;
GRANT hf_clerk, hf_controller TO hf_mallory;
CREATE SCHEMA mallory AUTHORIZATION hf_mallory;
SET LOCAL ROLE hf_mallory;
CREATE FUNCTION mallory.trap() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RAISE 'trapped as %', current_user; END $$;
CREATE TABLE mallory.payment (id text PRIMARY KEY, visit text, kind text, way text, money numeric, at timestamptz);
CREATE TABLE mallory.visit (id text PRIMARY KEY, kind text, dept text, at timestamptz);
SELECT hospital_cost.attach_payments('mallory.payment', '{"source_key": "id", "encounter": "visit", "kind": "kind", "method": "way", "amount": "money", "paid_at": "at"}'),
	hospital_cost.attach_encounters('mallory.visit', '{"encounter": "id", "kind": "kind", "department": "dept", "started_at": "at"}') \g /dev/null
CREATE TEMP VIEW hospital_cost_new AS SELECT mallory.trap() AS id, mallory.trap() AS visit, 'payment' AS kind, 'cash' AS way, 1::numeric AS money, now() AS at;
CREATE TEMP VIEW hospital_cost_old AS SELECT mallory.trap() AS id;
CREATE TRIGGER a AFTER INSERT OR DELETE ON mallory.payment FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.post_payments();
CREATE TRIGGER zz_hospital_cost_encounters_a AFTER INSERT OR DELETE ON mallory.visit FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.follow_feed();
SELECT throws_ok(c, '42501', NULL, 'no view stands in for what a statement wrote: ' || c) FROM unnest(ARRAY['INSERT INTO mallory.payment (id) VALUES (1)', 'DELETE FROM mallory.payment',
	'INSERT INTO mallory.visit (id) VALUES (1)', 'DELETE FROM mallory.visit']) c;
DROP VIEW hospital_cost_new, hospital_cost_old;
SELECT throws_ok(c, '42P01', NULL, 'nor does anything else: ' || c) FROM unnest(ARRAY['DELETE FROM mallory.payment', 'DELETE FROM mallory.visit']) c;
RESET ROLE;

-- no more is given back than came in
SELECT hospital_cost.attach_payments('his.payment', his.payment_mapping(), 'flag', his.kinds()) \g /dev/null
SELECT his.pay(1, '2', 500), his.pay(2, '3', 500, 1), his.pay(3, '4', 500) \g /dev/null
SELECT results_eq('SELECT his.issues()', ARRAY['3 deposit_exceeded amount'], 'a deposit given back as a refund is not there to be given back again');
DELETE FROM his.payment WHERE id = 2;
SELECT is_empty('SELECT his.issues()', 'once the refund is gone it is');
SELECT his.pay(2, '3', 500, 1) \g /dev/null
SELECT results_eq('SELECT his.issues()', ARRAY['2 deposit_exceeded amount'], 'nor the other way round');
DELETE FROM his.payment;
SELECT his.pay(11, '1', 100), his.pay(12, '1', 100, 11), his.pay(13, '3', 200, 11) \g /dev/null
SELECT results_eq('SELECT his.issues()', ARRAY['13 refund_exceeds amount'], 'a payment that names another one makes no room');
SELECT is_empty('SELECT his.wrong()', 'and the proof agrees');
DELETE FROM his.payment;
SELECT his.pay(20 + i, '3', 9e14, 50) FROM generate_series(1, 12) i \g /dev/null
SELECT lives_ok('SELECT his.pay(50, $$1$$, 1)', 'an original that comes after refunds beyond all measure');
SELECT is((SELECT count(*) FROM his.issues() i WHERE i LIKE '% refund_exceeds %'), 12::bigint, 'takes them all back');
DELETE FROM his.payment;
SELECT is_empty('SELECT his.issues()', 'deleted, with their issues');
SELECT his.table_of('big', 'id text PRIMARY KEY') \g /dev/null
SELECT his.attach('big', '{}', 'strict') \g /dev/null
SELECT lives_ok($$INSERT INTO his.big (id, kind, orig) SELECT 'p' || i, 'payment', NULL FROM generate_series(1, 2500) i UNION ALL VALUES ('a', 'refund', 'p999')$$,
	'strict: a refund whose key sorts thousands of rows before its original''s');
SELECT lives_ok('DELETE FROM his.big', 'and all of them deleted');
SELECT is((SELECT sum(amount) FROM hospital_cost.payment_ledger WHERE source = 'his.big'::regclass), 0.00, 'come to nothing');

-- keys
SELECT his.table_of('blank', 'id text PRIMARY KEY') \g /dev/null
INSERT INTO his.blank (id) VALUES (' K1 ');
SELECT his.attach('blank', '{}', 'flag', '{"backfill": true}') \g /dev/null
SELECT is_empty($$SELECT hospital_cost.unposted_payments('his.blank')$$, 'a key with blanks around it is back-filled');
INSERT INTO his.blank (id, kind, orig) VALUES ('O', 'payment', NULL), (' R ', 'refund', 'O');
UPDATE his.blank SET money = 3 WHERE id = 'O';
SELECT results_eq('SELECT his.issues()', ARRAY[' R  refund_exceeds amount'], 'and a refund with such a key is judged again');
SELECT his.table_of('percent', '"a%sb%" int PRIMARY KEY') \g /dev/null
SELECT his.attach('percent', '{"source_key": "a%sb%"}') \g /dev/null
SELECT lives_ok('INSERT INTO his.percent ("a%sb%") VALUES (1)', 'a key column with percent signs');
SELECT lives_ok('UPDATE his.percent SET money = 2', 'updated');
SELECT his.table_of('collated', 'a text COLLATE "C", b text COLLATE "POSIX"') \g /dev/null
SELECT his.attach('collated', '{"source_key": ["a", "b"]}') \g /dev/null
SELECT hospital_cost.attach_orders('his.collated', '{"source_key": ["a", "b"], "order": "a", "encounter": "visit", "item": "kind", "ordered_at": "at"}') \g /dev/null
SELECT lives_ok(c, 'key columns of two collations: ' || left(c, 6))
FROM unnest(ARRAY['INSERT INTO his.collated VALUES (1, 2)', 'UPDATE his.collated SET money = 2', 'DELETE FROM his.collated']) c;
CREATE SCHEMA "h'%s""q";
CREATE TABLE "h'%s""q"."t'%s
b" ("id'%
""c" int PRIMARY KEY, "k\'" text, at timestamptz DEFAULT '2025-03-05', "key of the row" text);
CREATE VIEW his.named AS SELECT * FROM "h'%s""q"."t'%s
b";
SELECT hospital_cost.attach_orders(c.oid, jsonb_build_object('source_key', jsonb_build_array(E'id\'%\n"c', 'key of the row'), 'order', E'k\\\'', 'encounter', E'k\\\'',
	'item', E'k\\\'', 'ordered_at', 'at', 'unit', jsonb_build_object('constant', E'a\'b%s\\"')), 'flag', E'{"values": {"item": {"it\'s %s": "x\\\\\'%"}}}')
FROM pg_class c WHERE c.relname LIKE E't\'%' AND c.relkind = 'r' \g /dev/null
INSERT INTO his.named VALUES (1, 'it''s %s', '2025-03-05', 'r');
SELECT is((SELECT l.item_code || l.unit FROM hospital_cost.order_line l WHERE l.source_key = '1|r'), E'x\\\'%a\'b%s\\"', 'names, constants and translations with quotes, percent signs and newlines');
UPDATE his.named SET at = '2025-03-06';
SELECT is((SELECT hospital_cost.hospital_day(l.ordered_at)::text FROM hospital_cost.order_line l WHERE l.source_key = '1|r'), '2025-03-06', 'updated');
SELECT his.table_of('long', 'id text') \g /dev/null
SELECT his.attach('long') \g /dev/null
CREATE FUNCTION his.long() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) i $$;
SELECT lives_ok('INSERT INTO his.long (id) VALUES (his.long())', 'a key that no index takes');
SELECT ok('  missing_value source_key' = ANY (ARRAY(SELECT ' ' || his.issues())), 'is none');
DELETE FROM his.long;
SELECT is((SELECT count(*) FROM his.issues() i WHERE i LIKE '%missing_value%'), 0::bigint, 'deleted, its issue is resolved');
SELECT his.table_of('retyped', 'id text PRIMARY KEY') \g /dev/null
SELECT his.attach('retyped') \g /dev/null
INSERT INTO his.retyped (id, kind, orig) VALUES ('1', 'payment', NULL), ('R2', 'refund', '1');
ALTER TABLE his.retyped ALTER id TYPE bigint USING length(id);
SELECT lives_ok('UPDATE his.retyped SET money = 5 WHERE id = 1', 'the key column became a number, and refunds stand whose key is none');

-- options and times
ALTER TABLE his.retyped ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT throws_ok($$SELECT his.attach('retyped')$$, 'MC202', NULL, 'policies that hide payments from the owner of the table');
ALTER TABLE his.retyped NO FORCE ROW LEVEL SECURITY;
SELECT throws_ok($$SELECT his.attach('retyped', '{}', 'flag', '{"kind": {"payment": ["payment", null]}}')$$, 'MC203', NULL, 'a kind is no null');
SELECT his.table_of('parts', 'id int PRIMARY KEY', 't time, at date') \g /dev/null
SELECT his.attach('parts', '{"paid_at": ["at", "t"]}') \g /dev/null
ALTER TABLE his.parts ALTER t TYPE date USING NULL;
SELECT lives_ok('INSERT INTO his.parts (id) VALUES (1)', 'a time that became a date');
SELECT ok(EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.source = 'his.parts'::regclass AND i.code = 'column_gone' AND i.state = 'open'), 'is a column that is gone');
SELECT his.table_of('at ' || t, 'id int PRIMARY KEY', 'at ' || t), his.attach('at ' || t) FROM unnest('{date,timestamp,timestamptz}'::text[]) t \g /dev/null
SELECT lives_ok(format('INSERT INTO his.%I (id, at) SELECT row_number() OVER (), v::%s FROM unnest(%L::text[]) v', 'at ' || t, t, v), 'days beyond all calendars: ' || t)
FROM (VALUES ('date', '{5874897-12-31,4714-11-24 BC,infinity,-infinity}'), ('timestamp', '{294276-12-31 23:59:59,4714-11-24 BC,infinity,-infinity}'),
	('timestamptz', '{294276-12-31 23:59:59+00,4714-11-24 00:00:00+00 BC,infinity,-infinity}')) AS x (t, v);
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue i WHERE i.source_name LIKE '%"at %' AND i.code = 'unreadable_value' AND i.state = 'open'), 12::bigint, 'are unreadable');
CREATE TABLE his.visit (no text, kind text DEFAULT 'outpatient', dept text DEFAULT 'C1', a date, b date, born date);
SELECT hospital_cost.attach_encounters('his.visit', '{"encounter": "no", "kind": "kind", "department": "dept", "started_at": "a", "ended_at": "b", "birth_date": "born"}') \g /dev/null
SELECT lives_ok($$INSERT INTO his.visit (no, a, b, born) VALUES ('1', '5874897-12-31', NULL, NULL), ('2', '4714-11-24 BC', NULL, NULL),
	('3', '2025-03-01', '5874897-12-31', 'infinity'), (his.long(), '2025-03-01', NULL, NULL)$$, 'nor is there a visit that fails the statement');
SELECT is((SELECT string_agg(e.code, ' ') FROM hospital_cost.encounter e), '3', 'those that can be are taken over');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.visit') v WHERE v.difference <> 0$$, 'and the proof agrees');

-- two kinds of locks
DELETE FROM his.payment;
SELECT his.pay(70, '1', 5), his.pay(71, '3', 5, 70) \g /dev/null
SELECT is((SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 18504 AND l.mode = 'ExclusiveLock' AND l.pid = pg_backend_pid()), 0::bigint,
	'a refund never locks what writers of followed tables share');
SELECT isnt((SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 18505 AND l.mode = 'ExclusiveLock' AND l.pid = pg_backend_pid()), 0::bigint,
	'it has locks of its own');
SELECT * FROM finish();
ROLLBACK;
