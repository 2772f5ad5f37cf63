-- Contract of payments: every way to write them, every rule of refunds, the account of an encounter, and who may do what.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/payment.sql
SELECT * FROM no_plan();
CREATE FUNCTION his.attach(change jsonb DEFAULT '{}', mode text DEFAULT 'flag', options jsonb DEFAULT his.kinds()) RETURNS text LANGUAGE sql
RETURN format('SELECT hospital_cost.attach_payments(%L, %L, %L, %L)', 'his.payment', his.payment_mapping() || change, mode, options);

-- attaching
SELECT throws_ok(format('SELECT hospital_cost.attach_payments(%L, %L)', 'his.payment', his.payment_mapping(ARRAY[k])), 'MC201', NULL, 'lacks ' || k)
FROM unnest(ARRAY['source_key', 'kind', 'method', 'amount', 'paid_at']) k;
SELECT throws_ok(format('SELECT hospital_cost.attach_payments(%L, %L)', 'his.payment', his.payment_mapping('{encounter,patient}')), 'MC201', NULL, 'encounter or patient');
SELECT throws_ok(his.attach('{"item": "note"}'), 'MC201', NULL, 'a key that payments do not have');
SELECT throws_ok(his.attach('{"status": "note"}'), 'MC201', NULL, 'a status column is an option');
SELECT throws_ok(his.attach('{}', 'async'), 'MC203', NULL, 'no mode async');
SELECT throws_ok(his.attach('{}', 'flag', o::jsonb), 'MC203', NULL, 'options ' || o) FROM unnest(ARRAY['[]', '{"x": 1}', '{"kind": []}', '{"kind": {"payment": "1"}}',
	'{"kind": {"gift": ["1"]}}', '{"kind": {"payment": ["1"], "refund": ["1"]}}', '{"refund_reason": "maybe"}', '{"backfill": 1}']) o;
SELECT is((SELECT count(*) FROM hospital_cost.attachment), 0::bigint, 'nothing was attached by all that');
SELECT throws_ok($$SELECT hospital_cost.detach_payments('his.payment')$$, 'MC204', NULL, 'what is not attached cannot be detached');
SELECT throws_ok($$SELECT * FROM hospital_cost.unposted_payments('his.payment')$$, 'MC204', NULL, 'nor asked');
SELECT his.pay(900, visit => 'OLD'), his.pay(901, '3', 30, 900, 'OLD') \g /dev/null
SELECT lives_ok(his.attach('{}', 'flag', his.kinds() || '{"backfill": true}'), 'attaching, with the rows that are there');
SELECT set_eq($$SELECT his.entries()$$, ARRAY['900 post v1 payment 100.00', '901 refund v1 refund -30.00'], 'rows that were there are posted');
SELECT lives_ok(his.attach(), 'attaching again');
SELECT is((SELECT jsonb_object_agg(outcome, row_count) FROM hospital_cost.post_pending_payments('his.payment')), '{"posted": 0, "exists": 2, "refused": 0}', 'is repeatable');
SELECT throws_ok('TRUNCATE his.payment', 'MC206', NULL, 'TRUNCATE is refused');
SELECT throws_ok($$UPDATE hospital_cost._payment SET amount = 1$$, 'MC006', NULL, 'entries are append-only');

-- what is ordinary is entered without SQL, whatever else a statement says is settled in it: told apart by a settlement that fails
CREATE FUNCTION his.way_of(id bigint, type text DEFAULT '1', money numeric DEFAULT 1, more text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO his.payment (id, visit, type, way, money, at) VALUES (%L, ''E7'', %L, ''cash'', %L, ''2025-03-05'')%s', id, type, money, more);
	RAISE EXCEPTION USING ERRCODE = 'HC001';
EXCEPTION WHEN SQLSTATE 'HC001' THEN RETURN 'entered';
WHEN SQLSTATE 'HC002' THEN RETURN 'settled';
END $$;
SAVEPOINT ways;
CREATE OR REPLACE FUNCTION hospital_cost._settle_payment_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'HC002'; END $$;
SELECT is(his.way_of(800), 'entered', 'a payment');
SELECT is(his.way_of(800, '2', 1.50), 'entered', 'a deposit');
SELECT is(his.way_of(800, '1', 1, ', (801, ''E7'', ''2'', ''cash'', 3, ''2025-03-06'')'), 'entered', 'both');
SELECT is(his.way_of(800, '3'), 'settled', 'a refund');
SELECT is(his.way_of(800, '1', 1, ', (801, ''E7'', ''3'', ''cash'', 3, ''2025-03-06'')'), 'settled', 'a payment beside a refund');
SELECT is(his.way_of(800, '1', -1), 'settled', 'what is negative');
SELECT is(his.way_of(800, '1', 1.005), 'settled', 'what is rounded');
SELECT is(his.way_of(800, '9'), 'settled', 'an unknown kind');
SELECT is(his.way_of(800, '1', 'NaN'), 'settled', 'no number');
SELECT is(his.way_of(800, '1', 1, ', (801, ''E7'', ''1'', ''cash'', 3, ''2020-01-01'')'), 'settled', 'a month that is not open');
ROLLBACK TO ways;
INSERT INTO his.payment (id, visit, type, way, money, at, refund_of) VALUES (810, 'E7', '3', 'cash', 5, '2025-03-05', 811), (812, 'E8', '5', 'cash', 5, '2025-03-05', NULL);
SAVEPOINT ways;
CREATE OR REPLACE FUNCTION hospital_cost._settle_payment_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'HC002'; END $$;
SELECT is(his.way_of(811), 'settled', 'what a refund waits for');
SELECT is(his.way_of(813), 'entered', 'a payment beside a deposit refund that waits');
ROLLBACK TO ways;
SELECT set_eq($$SELECT his.issues() WHERE true$$, ARRAY['810 original_not_found reverses_key', '812 deposit_exceeded amount'], 'they wait');
INSERT INTO his.payment (id, visit, type, way, money, at) VALUES (811, 'E7', '1', 'cash', 5, '2025-03-05'), (813, 'E8', '2', 'cash', 5, '2025-03-05');
SELECT is_empty($$SELECT his.issues()$$, 'and are settled by what they waited for');
DELETE FROM his.payment WHERE id IN (810, 811, 812, 813);

-- writers
INSERT INTO his.payment (id, visit, type, way, money, at, clerk, desk, receipt, bill, bank_no, began) VALUES
	(1, 'E1', '1', ' WeChat ', 100.005, '2025-03-05 23:59+08', 'op1', 'W1', 'R1', 'S1', 'X1', '2025-03-05 23:50+08'), (2, 'E1', '2', 'cash', 500, '2025-03-05 10:00+08', NULL, NULL, NULL, NULL, NULL, NULL);
SELECT results_eq($$SELECT p.method, p.amount, p.day, p.period::date, p.operator, p.window_code, p.receipt_no, p.settlement, p.external_reference, p.flags, p.posted_by
	FROM hospital_cost.payment_ledger p WHERE source_key = '1'$$,
	$$VALUES ('WeChat', 100.01::numeric(18,2), '2025-03-05'::date, '2025-03-01'::date, 'op1', 'W1' COLLATE "C", 'R1', 'S1', 'X1', '{rounded}'::text[], session_user::text COLLATE "default")$$, 'what an entry says');
INSERT INTO his.payment (id, visit, type, way, money, at) SELECT 10 + i, 'W', '1', 'cash', i, '2025-03-06' FROM generate_series(1, 3) i;
WITH gone AS (DELETE FROM his.payment WHERE id = 11 RETURNING *) INSERT INTO his.payment SELECT * FROM gone;
SELECT results_eq($$SELECT his.entries('11')$$, ARRAY['11 post v1 payment 1.00'], 'deleted and inserted again by one statement: the entry stays');
INSERT INTO his.payment (id, visit, type, way, money, at) VALUES (12, 'W', '1', 'cash', 20, '2025-03-06') ON CONFLICT (id) DO UPDATE SET money = excluded.money;
INSERT INTO his.payment (id, visit, type, way, money, at) VALUES (12, 'W', '1', 'cash', 99, '2025-03-06') ON CONFLICT (id) DO NOTHING;
SELECT results_eq($$SELECT his.entries('12')$$, ARRAY['12 post v1 payment 2.00', '12 reverse v1 payment -2.00', '12 post v2 payment 20.00'], 'ON CONFLICT, both ways');
UPDATE his.payment SET note = 'seen' WHERE visit = 'W';
SELECT is((SELECT count(*) FROM his.entries() e WHERE e ~ '^1[123] '), 5::bigint, 'what is not mapped changes nothing');
ALTER TABLE his.payment DROP CONSTRAINT payment_pkey, ADD PRIMARY KEY (id) DEFERRABLE;
SELECT lives_ok(his.attach(), 'a key that is unique at the end of a statement');
UPDATE his.payment SET id = 24 - id WHERE visit = 'W' AND id <> 12;
SELECT is((SELECT jsonb_object_agg(l.source_key, l.amount) FROM hospital_cost._live_payments((SELECT source_id FROM hospital_cost.attachment), '{11,12,13}') l),
	'{"11": 3.00, "12": 20.00, "13": 1.00}', 'keys that change places');
MERGE INTO his.payment p USING (VALUES (11, 5), (12, 0), (14, 7)) v (id, money) ON p.id = v.id
WHEN MATCHED AND v.money = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET money = v.money
WHEN NOT MATCHED THEN INSERT (id, visit, type, way, money, at) VALUES (v.id, 'W', '1', 'cash', v.money, '2025-03-06');
SELECT is((SELECT sum(amount) FROM hospital_cost.payment_ledger WHERE encounter_code = 'W'), 13.00, 'MERGE');
SAVEPOINT s;
DELETE FROM his.payment;
SELECT is((SELECT sum(amount) FROM hospital_cost.payment_ledger), 0.00, 'everything deleted is everything reversed');
ROLLBACK TO s;
PREPARE pay AS INSERT INTO his.payment (id, visit, type, way, money, at) SELECT $1 + i, 'P', '1', 'cash', 1, '2025-03-07' FROM generate_series(1, $2) i;
EXECUTE pay(10000, 1);
EXECUTE pay(20000, 5000);
SELECT is((SELECT x.payments FROM hospital_cost.encounter_account('P') x), 5001.00, 'prepared, one row and thousands');
DELETE FROM his.payment WHERE visit = 'P';
-- a trigger of the HIS that writes the row again: what the table says last counts
CREATE FUNCTION his.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE his.payment SET receipt = 'R' || NEW.id, money = money + 1 WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER stamp AFTER INSERT ON his.payment FOR EACH ROW EXECUTE FUNCTION his.stamp();
SELECT his.pay(30, visit => 'N') \g /dev/null
DROP TRIGGER stamp ON his.payment;
SELECT results_eq($$SELECT his.entries('30')$$, ARRAY['30 post v1 payment 101.00'], 'a row that a trigger writes again');
SELECT is_empty('SELECT his.wrong()', 'and the proof holds');

-- rows that cannot be posted
INSERT INTO his.payment (id, visit, person, type, way, money, at) VALUES (40, 'B', NULL, '9', 'cash', 1, '2025-03-05'), (41, 'B', NULL, '1', NULL, 1, '2025-03-05'), (42, 'B', NULL, '1', 'cash', NULL, '2025-03-05'),
	(43, 'B', NULL, '1', 'cash', 'NaN', '2025-03-05'), (44, 'B', NULL, '1', 'cash', -1, '2025-03-05'), (45, 'B', NULL, '1', 'cash', 1, NULL), (46, 'B', NULL, '1', 'cash', 1, 'infinity'),
	(47, NULL, NULL, '1', 'cash', 1, '2025-03-05'), (48, NULL, 'P1', '1', 'cash', 1, '2025-03-05'), (49, 'B', NULL, '1', 'cash', 1e15, '2025-03-05'), (50, 'B', NULL, ' ', 'cash', 1, '2025-03-05');
SELECT set_eq($$SELECT i FROM his.issues() i WHERE i ~ '^[45]'$$, ARRAY['40 unknown_kind kind', '41 missing_value method', '42 missing_value amount', '43 unreadable_value amount', '44 wrong_sign amount',
	'45 missing_value paid_at', '46 unreadable_value paid_at', '47 missing_value encounter', '49 unreadable_value amount', '50 missing_value kind'], 'each says why; the others of the statement are posted');
SELECT set_eq($$SELECT u.source_key || ' ' || u.issue FROM hospital_cost.unposted_payments('his.payment') u$$, $$SELECT split_part(i, ' ', 1) || ' ' || split_part(i, ' ', 2) FROM his.issues() i WHERE i ~ '^[45]'$$, 'and is listed as unposted');
SELECT throws_like($$SELECT hospital_cost.close_period('2025-03-01')$$, '%not complete%', 'a month with them cannot be closed');
UPDATE his.payment SET type = '1', way = 'cash', money = 1, at = '2025-03-05', visit = 'B' WHERE id BETWEEN 40 AND 50;
SELECT is((SELECT x.payments FROM hospital_cost.encounter_account('B') x), 11.00, 'corrected rows are posted');
SELECT is_empty($$SELECT i FROM his.issues() i WHERE i ~ '^[45]'$$, 'and their issues resolved');
SELECT is_empty('SELECT his.wrong()', 'and the proof holds');

-- refunds
SELECT his.pay(60, visit => 'F'), his.pay(61, '3', 60, 60, 'F'), his.pay(62, '3', -30, 60, 'F'), his.pay(63, '3', 20, 60, 'F'), his.pay(64, '3', 10, 60, NULL) \g /dev/null
SELECT results_eq($$SELECT his.entries() EXCEPT SELECT e FROM his.entries() e WHERE e !~ '^6' ORDER BY 1$$, ARRAY['60 post v1 payment 100.00', '61 refund v1 refund -60.00', '62 refund v1 refund -30.00', '64 refund v1 refund -10.00'],
	'refunds to the last cent, whatever their sign; none above');
SELECT is((SELECT p.encounter_code FROM hospital_cost.payment_ledger p WHERE p.source_key = '64'), 'F' COLLATE "C", 'a refund without encounter has that of its original');
SELECT results_eq($$SELECT i.source_key COLLATE "default", i.code COLLATE "default", i.severity, i.expected, i.observed FROM hospital_cost.posting_issue i WHERE i.state = 'open' AND i.source_key LIKE '6%'$$,
	$$VALUES ('63', 'refund_exceeds', 'blocking', '10.00', '20.00')$$, 'the one too many says what is left');
SELECT is(his.balance('F'), 0.00, 'nothing is left');
DELETE FROM his.payment WHERE id = 61;
SELECT results_eq($$SELECT his.entries('63')$$, ARRAY['63 refund v1 refund -20.00'], 'when room comes back, the refund that waited is posted');
UPDATE his.payment SET money = 35 WHERE id = 60;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^6'$$, ARRAY['63 refund_exceeds amount', '64 refund_exceeds amount'], 'when the original shrinks, the youngest refunds fall');
SELECT is(his.balance('F'), 5.00, 'and the account says what is posted');
SELECT is_empty('SELECT his.wrong()', 'and the proof holds');
DELETE FROM his.payment WHERE id = 60;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^6'$$, ARRAY['62 original_not_found reverses_key', '63 original_not_found reverses_key', '64 missing_value encounter'],
	'without an original refunds are posted with a warning, if they say whose they are');
SELECT his.pay(60, visit => 'F') \g /dev/null
SELECT is_empty($$SELECT i FROM his.issues() i WHERE i ~ '^6'$$, 'the original comes back: all is clean');
SELECT is(his.balance('F'), 40.00, 'in the account too');
INSERT INTO his.payment (id, visit, type, way, money, at, refund_of) VALUES (70, 'G', '3', 'cash', 80, '2025-03-05', 72), (71, 'G', '3', 'cash', 80, '2025-03-04', 72), (72, 'G', '1', 'cash', 100, '2025-03-05', NULL),
	(73, 'G', '3', 'cash', 20, '2025-03-05', 72), (74, 'G', '3', 'cash', 1, '2025-03-05', NULL);
SELECT set_eq($$SELECT e FROM his.entries() e WHERE e ~ '^7'$$, ARRAY['72 post v1 payment 100.00', '71 refund v1 refund -80.00', '73 refund v1 refund -20.00', '74 refund v1 refund -1.00'],
	'refunds and their original in one statement: in order of payment, and one that is too much stops no other');
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^7'$$, ARRAY['70 refund_exceeds amount', '74 no_original reverses_key'], 'each told');
UPDATE his.payment SET refund_of = 73 WHERE id = 70;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^70'$$, ARRAY['70 original_not_found reverses_key'], 'a refund is nobody''s original');
UPDATE his.payment SET visit = 'H', refund_of = 2, money = 1 WHERE id = 70;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^70'$$, ARRAY['70 differs_from_original encounter'], 'of another encounter than its original');
DELETE FROM his.payment WHERE id BETWEEN 60 AND 79;

-- deposits
SELECT his.pay(80, '5', 300, visit => 'D') \g /dev/null
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^8'$$, ARRAY['80 deposit_exceeded amount'], 'no deposit, nothing to give back');
SELECT his.pay(81, '2', 200, visit => 'D') \g /dev/null
SELECT is(his.balance('D'), 200.00, 'too little to give it back');
SELECT his.pay(82, '2', 150, visit => 'D') \g /dev/null
SELECT results_eq($$SELECT x.deposits, x.deposit_refunds, x.balance FROM hospital_cost.encounter_account('D') x$$, $$VALUES (350.00, 300.00, 50.00)$$, 'enough: what waited is posted');
SELECT his.pay(83, '4', 50, 82, 'D'), his.pay(84, '4', 0.01, visit => 'D') \g /dev/null
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^8'$$, ARRAY['84 deposit_exceeded amount'], 'not a cent more than was deposited');
UPDATE his.payment SET money = 100 WHERE id = 82;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^8'$$, ARRAY['83 deposit_exceeded amount', '84 deposit_exceeded amount'], 'a deposit shrinks: the younger refund falls');
CREATE TABLE his.deposit (no text, part int, visit text, money text, on_day date, at_time time, state text, PRIMARY KEY (no, part));
SELECT hospital_cost.attach_payments('his.deposit', '{"source_key": ["no", "part"], "encounter": "visit", "kind": {"constant": "deposit"}, "method": {"constant": "cash"}, "amount": "money", "paid_at": ["on_day", "at_time"]}',
	'flag', '{"status": {"column": "state", "planned": ["p"], "charged": ["c"], "void": ["v"]}}') \g /dev/null
INSERT INTO his.deposit VALUES ('A|B', 1, 'D', ' 50 ', '2025-03-31', '24:00', 'p'), ('A|B', 2, 'D', 'fifty', '2025-03-05', '10:00', 'c'), ('A|B', 3, 'D', '1e3', '2025-03-05', '10:00', 'x');
SELECT set_eq($$SELECT i FROM his.issues() i WHERE i ~ '^A'$$, ARRAY['A\|B|2 unreadable_value amount', 'A\|B|3 unknown_status status'], 'text that is no number, a status nobody knows; what is planned is no payment yet');
UPDATE his.deposit SET state = 'c', at_time = '10:00' WHERE part = 1;
SELECT is(his.balance('D'), 0.00, 'a deposit of another table makes room');
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^8'$$, ARRAY['84 deposit_exceeded amount'], 'and what waited there is posted');
UPDATE his.deposit SET state = 'v' WHERE part = 1;
SELECT results_eq($$SELECT i FROM his.issues() i WHERE i ~ '^8'$$, ARRAY['83 deposit_exceeded amount', '84 deposit_exceeded amount'], 'void: it falls again');
DELETE FROM his.deposit;
SELECT is_empty('SELECT his.wrong()', 'and the proof holds');

-- the account, within the transaction, with charges
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT his.charge(1, 'CT', 1, visit => 'ACC') \g /dev/null
SELECT his.pay(100, '2', 300, visit => 'ACC', at => '2025-03-06 09:00+08'), his.pay(101, '1', 50, visit => 'ACC'), his.pay(102, '3', 10, 101, 'ACC'), his.pay(103, '4', 20, 100, 'ACC') \g /dev/null
SELECT his.charge(2, 'CT', -1, visit => 'ACC', refund_of => 1), his.charge(3, 'LAB', 2, visit => 'ACC') \g /dev/null
SELECT results_eq($$SELECT * FROM hospital_cost.encounter_account('ACC')$$, $$VALUES ('ACC', 40.00, 50.00, 300.00, 10.00, 20.00, 280.00, '2025-03-06 09:00+08'::timestamptz)$$, 'encounter_account');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('NEW', 'outpatient', 'C1', '2025-03-05');
SELECT is(his.balance('NEW'), 0.00, 'an encounter with nothing on it');
SELECT throws_ok($$SELECT hospital_cost.encounter_account('NOBODY')$$, 'MC244', NULL, 'an encounter nobody knows');

-- reasons, strict mode
INSERT INTO hospital_cost.reason_code (purpose, code, name) VALUES ('refund', 'NODRUG', '药品缺货');
SELECT lives_ok(his.attach('{}', 'strict', his.kinds() || '{"refund_reason": "coded"}'), 'strict, with coded reasons');
SELECT his.pay(110, visit => 'S') \g /dev/null
SELECT throws_ok($$SELECT his.pay(111, '3', 10, 110, 'S')$$, 'MC221', NULL, 'a refund wants a reason');
SELECT throws_ok($$INSERT INTO his.payment (id, visit, type, way, money, at, refund_of, why) VALUES (111, 'S', '3', 'cash', 10, '2025-03-05', 110, 'x')$$, 'MC22A', NULL, 'that is known');
SELECT lives_ok($$INSERT INTO his.payment (id, visit, type, way, money, at, refund_of, why) VALUES (111, 'S', '3', 'cash', 10, '2025-03-05', 110, 'NODRUG')$$, 'with it, it is posted');
SELECT throws_ok($$INSERT INTO his.payment (id, visit, type, way, money, at, refund_of, why) VALUES (112, 'S', '3', 'cash', 91, '2025-03-05', 110, 'NODRUG')$$, 'MC22B', NULL, 'too much raises');
SELECT throws_ok($$INSERT INTO his.payment (id, visit, type, way, money, at, why) VALUES (112, 'S', '4', 'cash', 1, '2025-03-05', 'NODRUG')$$, 'MC242', NULL, 'so does a deposit refund without deposit');
SELECT throws_ok($$UPDATE his.payment SET money = 5 WHERE id = 110$$, 'MC22B', NULL, 'and an original that becomes too small');
SELECT throws_ok($$DELETE FROM his.payment WHERE id = 110$$, 'MC235', NULL, 'or goes');
SELECT throws_ok($$SELECT his.pay(113, '9')$$, 'MC241', NULL, 'an unknown kind');
SELECT throws_ok($$SELECT his.pay(113, '1', -1)$$, 'MC243', NULL, 'a negative payment');
SELECT throws_ok($$INSERT INTO his.payment (id, visit, type, way, money, at, refund_of, why) VALUES (113, 'S', '3', 'cash', 1, '2025-03-05', 4711, 'NODRUG')$$, 'MC235', NULL, 'an original that is not there');
SELECT lives_ok($$DELETE FROM his.payment WHERE id IN (110, 111)$$, 'original and refund together may go');
SELECT lives_ok(his.attach(), 'back to flag');

SELECT * FROM finish();
ROLLBACK;
