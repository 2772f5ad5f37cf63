-- Contract of payments, continued: months, rows the triggers did not see, keys that come twice, columns that go, partitions, rights.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/payment.sql
SELECT * FROM no_plan();
SELECT hospital_cost.attach_payments('his.payment', his.payment_mapping(), 'flag', his.kinds()) \g /dev/null
SELECT his.pay(100, '2', 300, visit => 'ACC'), his.pay(101, '1', 50, visit => 'ACC'), his.pay(102, '3', 10, 101, 'ACC'), his.pay(103, '4', 20, 100, 'ACC') \g /dev/null

-- locks: one for each payment that is given back, so that strangers do not wait for each other
SAVEPOINT locks;
CREATE FUNCTION his.payment_locks() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 18505 AND l.pid = pg_backend_pid() $$;
CREATE TEMP TABLE locks_before AS SELECT his.payment_locks() AS locks;
INSERT INTO his.payment (id, visit, type, way, money, at, refund_of) SELECT 9000 + i, 'L', '1', 'cash', 10, '2025-03-05', NULL FROM generate_series(1, 300) i;
INSERT INTO his.payment (id, visit, type, way, money, at, refund_of) SELECT 9500 + i, 'L', '3', 'cash', 4, '2025-03-05', 9000 + i FROM generate_series(1, 300) i;
SELECT is(his.payment_locks() - b.locks, 300::bigint, 'three hundred refunds have a lock each') FROM locks_before b;
ROLLBACK TO locks;

-- months
UPDATE hospital_cost.hospital SET late_policy = 'refuse';
SELECT his.pay(120, at => '2025-05-05', visit => 'M') \g /dev/null
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^12'$$, ARRAY['120 period_not_open'], 'no month for it');
SELECT hospital_cost.open_period('2025-05-01') \g /dev/null
SELECT is((SELECT jsonb_object_agg(outcome, row_count) -> 'posted' FROM hospital_cost.post_pending_payments('his.payment')), '1', 'posted once its month is open');
UPDATE his.payment SET at = '2025-05-06' WHERE id = 120;
SELECT hospital_cost.close_period('2025-05-01') \g /dev/null
UPDATE his.payment SET money = 101 WHERE id = 120;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^12'$$, ARRAY['120 period_closed'], 'a closed month takes nothing back');
SELECT is(his.balance('M'), 100.00, 'the entry stays');
UPDATE hospital_cost.hospital SET late_policy = 'to_open_period';
SELECT hospital_cost.open_period('2025-06-01') \g /dev/null
UPDATE his.payment SET money = 102 WHERE id = 120;
SELECT results_eq($$SELECT p.amount, p.day, p.period::date, p.flags FROM hospital_cost.payment_ledger p WHERE p.source_key = '120' ORDER BY entry_id DESC LIMIT 2$$,
	$$VALUES (102.00, '2025-05-06'::date, '2025-06-01'::date, '{late}'::text[]), (-100.00, '2025-05-06', '2025-06-01', '{late,source_changed}')$$, 'late: into the next open month, the day kept');
SELECT is_empty($$SELECT v.* FROM unnest('{2025-03-01,2025-05-01,2025-06-01}'::date[]) m CROSS JOIN LATERAL hospital_cost.verify_payments(m) v WHERE v.difference <> 0$$, 'the proof of each month holds');

-- behind the back of the triggers
ALTER TABLE his.payment DISABLE TRIGGER USER;
SELECT his.pay(130, visit => 'T'), his.pay(131, '3', 10, 130, 'T') \g /dev/null
UPDATE his.payment SET money = 7 WHERE id = 100;
DELETE FROM his.payment WHERE id = 103;
ALTER TABLE his.payment ENABLE TRIGGER USER;
SELECT results_eq($$SELECT identity, difference, example FROM hospital_cost.verify_payments('2025-03-01') WHERE difference <> 0 ORDER BY 1$$,
	$$VALUES ('his.payment: amount of rows = of entries', 273.00, '100: amount'), ('his.payment: rows = entries', 1.00, '103'),
	('his.payment: rows that differ from their entry', 2.00, '100: amount'), ('his.payment: rows without an entry = blocking issues', 2.00, '130')$$, 'each tampering is named');
SELECT set_eq($$SELECT u.source_key FROM hospital_cost.unposted_payments('his.payment') u WHERE u.issue IS NULL$$, ARRAY['130', '131'], 'and what was missed');
SELECT is((SELECT jsonb_object_agg(outcome, row_count) - 'exists' FROM hospital_cost.post_pending_payments('his.payment')),
	'{"posted": 2, "refused": 0, "gone": 1, "exists_with_different_amount": 1}', 'post_pending_payments() posts what is missing, and tells the rest');
SELECT is((SELECT jsonb_object_agg(outcome, row_count) - 'exists' FROM hospital_cost.post_pending_payments('his.payment', true)),
	'{"posted": 1, "refused": 0, "gone_reversed": 1}', 'and makes the payments follow the table where it is told to');
SELECT is_empty('SELECT his.wrong()', 'and the proof holds');
SELECT is((SELECT count(*) FROM hospital_cost.post_pending() p WHERE p.relation = 'his.payment'::regclass AND p.outcome = 'exists'), 1::bigint, 'post_pending() looks at payments too');
ALTER TABLE hospital_cost._payment DISABLE TRIGGER guard_payment;
UPDATE hospital_cost._payment SET amount = 3 WHERE source_key = '101';
SELECT isnt_empty($$SELECT his.wrong() INTERSECT SELECT 'his.payment: rows that differ from their entry: 1, example 101: amount'$$, 'an entry tampered with is named');
UPDATE hospital_cost._payment SET amount = 50 WHERE source_key = '101';

-- keys that can come twice
CREATE TABLE his.loose (LIKE his.payment);
ALTER TABLE his.loose ALTER id DROP NOT NULL;
SELECT hospital_cost.attach_payments('his.loose', his.payment_mapping(), 'flag', his.kinds()) \g /dev/null
INSERT INTO his.loose (id, visit, type, way, money, at) VALUES (1, 'L', '1', 'cash', 10, '2025-03-05'), (1, 'L', '1', 'cash', 10, '2025-03-05'), (1, 'L', '1', 'cash', 11, '2025-03-05'), (NULL, 'L', '1', 'cash', 9, '2025-03-05');
INSERT INTO his.loose (id, visit, type, way, money, at) VALUES (1, 'L', '1', 'card', 10, '2025-03-05');
SELECT is(his.balance('L'), 10.00, 'a key is posted once');
SELECT set_eq($$SELECT i.source_key || ' ' || i.code FROM hospital_cost.posting_issue i WHERE i.source_name = 'his.loose' AND i.state = 'open'$$,
	ARRAY['1 exists_with_different_method', ' missing_value'], 'what differs is told');
DELETE FROM his.loose WHERE ctid = (SELECT min(ctid) FROM his.loose);
SELECT is(his.balance('L'), 10.00, 'one of two equal rows goes: the other stands');
DELETE FROM his.loose WHERE money = 10 AND way = 'cash';
SELECT is(his.balance('L'), 11.00, 'both go: the next of the key takes its place');

-- the owner may not read his own table any more
CREATE ROLE "payment test owner";
GRANT USAGE ON SCHEMA his TO "payment test owner";
ALTER TABLE his.loose OWNER TO "payment test owner";
REVOKE SELECT ON his.loose FROM "payment test owner";
SELECT lives_ok($$INSERT INTO his.loose (id, visit, type, way, money, at) VALUES (77, 'N', '1', 'cash', 7, '2025-03-05')$$, 'the owner lost SELECT: the HIS goes on');
SELECT lives_ok($$UPDATE his.loose SET money = 8 WHERE id = 77$$, 'and on');
SELECT is((SELECT string_agg(i.code, ' ') FROM hospital_cost.posting_issue i WHERE i.source = 'his.loose'::regclass AND i.code = 'not_readable' AND i.state = 'open'), 'not_readable', 'told once');
GRANT SELECT, UPDATE ON his.loose TO "payment test owner";
SELECT * FROM hospital_cost.post_pending_payments('his.loose') \g /dev/null
SELECT is(his.balance('N'), 8.00, 'posted once it can be read');
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue i WHERE i.code = 'not_readable' AND i.state = 'open'), 0::bigint, 'and the issue is resolved');
SELECT throws_ok($$SELECT hospital_cost.attach_payments('his.loose', his.payment_mapping(), options => his.kinds() || '{"status": {"column": "way", "charged": [null]}}')$$, 'MC203', NULL,
	'null is no value of a status');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping(), options => '{"status": {"column": "ward", "charged": ["1", true]}}')$$, 'MC203', NULL, 'nor is true');
ALTER TABLE his.loose OWNER TO CURRENT_USER;

-- columns that go
ALTER TABLE his.loose DROP COLUMN way;
INSERT INTO his.loose (id, visit, type, money, at) VALUES (5, 'L', '1', 10, '2025-03-05');
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue i WHERE i.code = 'column_gone' AND i.state = 'open'), 1::bigint, 'a mapped column is gone: told, and the HIS goes on');
SELECT throws_like($$SELECT hospital_cost.close_period('2025-03-01')$$, '%not complete%', 'the month waits for it');
SELECT hospital_cost.attach_payments('his.loose', his.payment_mapping() || '{"method": {"constant": "cash"}}', 'strict', his.kinds()) \g /dev/null
ALTER TABLE his.loose RENAME money TO yuan;
INSERT INTO his.loose (id, visit, type, yuan, at) VALUES (6, 'L', '1', 10, '2025-03-05');
SELECT is((SELECT count(*) FROM his.entries('6')), 1::bigint, 'a renamed column is followed');
ALTER TABLE his.loose DROP COLUMN yuan;
SELECT throws_ok($$INSERT INTO his.loose (id, visit, type, at) VALUES (7, 'L', '1', '2025-03-05')$$, 'MC207', NULL, 'strict raises');
ALTER TABLE his.loose RENAME TO loose_old;
SELECT is((SELECT a.relation_name FROM hospital_cost.attachment a WHERE a.relation = 'his.loose_old'::regclass), 'his.loose_old', 'a renamed table is followed');
ALTER TABLE his.loose_old RENAME TO loose;
SELECT hospital_cost.detach_payments('his.loose') \g /dev/null
SELECT lives_ok($$DELETE FROM his.loose$$, 'detached, it is the hospital''s own again');

DROP TABLE his.loose;
CREATE TABLE his.loose (LIKE his.payment, PRIMARY KEY (id));
SELECT throws_ok($$SELECT hospital_cost.attach_payments('his.loose', his.payment_mapping(), 'flag', his.kinds())$$, 'MC219', NULL, 'a table of a name that has entries says whether it continues');
SELECT lives_ok($$SELECT hospital_cost.attach_payments('his.loose', his.payment_mapping(), 'flag', his.kinds() || '{"continues": false}')$$, 'it begins anew');

-- partitions
CREATE TABLE his.parted (LIKE his.payment) PARTITION BY RANGE (id);
CREATE TABLE his.parted_1 PARTITION OF his.parted FOR VALUES FROM (0) TO (10);
CREATE TABLE his.parted_2 PARTITION OF his.parted FOR VALUES FROM (10) TO (20);
ALTER TABLE his.parted ADD PRIMARY KEY (id);
SELECT hospital_cost.attach_payments('his.parted', his.payment_mapping(), 'flag', his.kinds()) \g /dev/null
INSERT INTO his.parted (id, visit, type, way, money, at) VALUES (1, 'Q', '1', 'cash', 10, '2025-03-05'), (11, 'Q', '1', 'cash', 20, '2025-03-05');
UPDATE his.parted SET id = 12 WHERE id = 1;
INSERT INTO his.parted_1 (id, visit, type, way, money, at) VALUES (2, 'Q', '1', 'cash', 5, '2025-03-05');
SELECT is(his.balance('Q'), 30.00, 'a partitioned table, and a row that moves');
SELECT results_eq($$SELECT u.source_key FROM hospital_cost.unposted_payments('his.parted') u$$, ARRAY['2'], 'a leaf written directly is listed');

-- rights
CREATE ROLE "payment test clerk";
GRANT USAGE ON SCHEMA his TO "payment test clerk";
GRANT INSERT ON his.payment TO "payment test clerk";
SET ROLE "payment test clerk";
SELECT lives_ok($$INSERT INTO his.payment (id, visit, type, way, money, at, refund_of) VALUES (140, 'R', '1', 'cash', 10, '2025-03-05', NULL), (141, 'R', '3', 'cash', 4, '2025-03-05', 140)$$, 'a clerk with INSERT and nothing else can post');
SELECT throws_ok($$SELECT * FROM hospital_cost.payment_ledger$$, '42501', NULL, 'and not read');
SELECT throws_ok($$INSERT INTO hospital_cost._payment (entry_id) VALUES (1)$$, '42501', NULL, 'nor write entries');
SELECT throws_ok($$SELECT hospital_cost.post_pending_payments('his.payment')$$, '42501', NULL, 'nor post by hand');
CREATE TEMP TABLE mine (id int);
SELECT throws_ok($$CREATE TRIGGER t AFTER INSERT ON mine REFERENCING NEW TABLE AS hospital_cost_new FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.post_payments()$$, '42501', NULL, 'nor hang our trigger on a table of his own');
RESET ROLE;
SELECT is(his.balance('R'), 6.00, 'what he wrote is posted');
SELECT is((SELECT DISTINCT p.posted_by FROM hospital_cost.payment_ledger p WHERE p.encounter_code = 'R'), session_user::text, 'by the login');
SELECT * FROM finish();
ROLLBACK;
