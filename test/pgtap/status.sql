-- Contract of status columns, price classes, modes and keys that come twice.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/table.sql
SELECT plan(54);
CREATE FUNCTION his.entry(name text, key text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', l.kind, l.version, l.amount), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source = name::regclass AND l.source_key = key $$;
CREATE FUNCTION his.issue(name text, key text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', i.code, i.expected, i.observed), ', ' ORDER BY i.issue_id) FROM hospital_cost.posting_issue i
	WHERE i.source = name::regclass AND i.source_key = key AND i.state = 'open' $$;
CREATE FUNCTION his.pending(name text, whole boolean DEFAULT NULL, correct boolean DEFAULT false) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(format('%s %s', p.outcome, p.row_count), ', ' ORDER BY p.outcome) FROM hospital_cost.post_pending(name::regclass, whole, correct) p WHERE p.row_count > 0 $$;
CREATE FUNCTION his.agrees(why text) RETURNS text LANGUAGE sql AS $$
	SELECT is((SELECT string_agg(format('%s: %s', x.identity, x.difference), '; ') FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.difference <> 0),
		NULL, why || ': every identity holds') $$;

-- planned, charged, void
SELECT his.make('his.s', 'k int PRIMARY KEY, st text') \g /dev/null
SELECT throws_ok(format($$SELECT hospital_cost.attach_charges('his.s', his.plain(), options => %L)$$, o), 'MC203', NULL, o)
FROM unnest(ARRAY['{"status": {"column": "st"}}', '{"status": {"charged": ["1"]}}', '{"status": {"column": "st", "charged": ["1"], "void": ["1"]}}', '{"status": "st"}',
	'{"status": {"column": "st", "charged": "1"}}', '{"stati": {}}', '[]', '{"backfill": "yes"}', '{"refund_reason": "why"}']) AS o;
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.s', his.plain(), options => '{"status": {"column": "state", "charged": ["1"]}}')$$, 'MC201', NULL, 'a status column that is not there');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.s', his.plain('{"status": "st"}'))$$, 'MC201', NULL, 'the status is no key of the mapping');
SELECT hospital_cost.attach_charges('his.s', his.plain(), 'flag', 'trust', '{"status": {"column": "st", "planned": ["0"], "charged": ["1", 2], "void": ["9"]}}') \g /dev/null
INSERT INTO his.s (k, v, st) VALUES (1, 'A', '0'), (2, 'A2', '1'), (3, 'A3', '9'), (4, 'A4', ' 2 '), (5, 'A5', 'x'), (6, 'A6', NULL);
SELECT is((SELECT string_agg(l.source_key, ',' ORDER BY l.source_key) FROM hospital_cost.ledger l), '2,4', 'only what is charged is posted');
SELECT is(his.issue('his.s', '5') || '; ' || his.issue('his.s', '6'), 'unknown_status x; unknown_status', 'a status that stands in no list is an issue');
SELECT is((SELECT string_agg(u.source_key, ',' ORDER BY u.source_key) FROM hospital_cost.unposted('his.s') u), '5,6', 'planned and void rows are not missed');
UPDATE his.s SET st = '1' WHERE k IN (1, 5);
UPDATE his.s SET st = '2' WHERE k = 2;
UPDATE his.s SET st = '9' WHERE k = 4;
SELECT is(concat_ws('; ', his.entry('his.s', '1'), his.entry('his.s', '2'), his.entry('his.s', '4'), his.entry('his.s', '5')),
	'post 1 20.00; post 1 20.00; post 1 20.00, reverse 1 -20.00; post 1 20.00', 'what becomes charged is posted, what becomes void taken back, another word for charged is nothing');
UPDATE his.s SET st = '0', t = 30 WHERE k = 1;
UPDATE his.s SET t = 40 WHERE k = 1;
UPDATE his.s SET st = '1' WHERE k = 1;
SELECT is(his.entry('his.s', '1'), 'post 1 20.00, reverse 1 -20.00, post 2 40.00', 'changes of what is not charged are nothing');
DELETE FROM his.s WHERE k IN (3, 6);
SELECT is(his.pending('his.s'), 'exists 3', 'nothing waits');
SELECT his.agrees('status');
ALTER TABLE his.s RENAME st TO fee_status;
INSERT INTO his.s (k, v, fee_status) VALUES (7, 'A7', '1'), (8, 'A8', '0');
SELECT is(his.entry('his.s', '7') || coalesce(his.entry('his.s', '8'), ''), 'post 1 20.00', 'a renamed status column is followed');

-- the price class of the encounter, the price of the day
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, price_class) VALUES ('STAFF', 'outpatient', 'C1', '2025-03-05', 'staff');
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'compute') \g /dev/null
SELECT his.charge(1, visit => 'STAFF'), his.charge(2, visit => 'STAFF', item => 'CT'), his.charge(3, visit => 'STAFF', class => 'standard'), his.charge(4, visit => 'OTHER'),
	his.charge(5, visit => 'STAFF2', class => 'staff'), his.charge(6, visit => 'STAFF3', class => 'nobility') \g /dev/null
SELECT is((SELECT string_agg(l.source_key || '=' || l.unit_price::numeric(8,2), ' ' ORDER BY l.source_key) FROM hospital_cost.ledger l WHERE l.source = 'his.fee'::regclass),
	'1=15.00 2=200.50 3=20.00 4=20.00 5=15.00', 'the class of the encounter, where the item has none its standard price; the line''s own class comes first');
SELECT is(his.issue('his.fee', '6'), 'no_price', 'and is taken at its word: no price, no zero');
SELECT is((SELECT string_agg(concat_ws(' ', q.line, q.item_code, q.quantity, q.unit_price, q.amount, q.issue), '; ' ORDER BY q.line)
	FROM hospital_cost.quote('STAFF', '[{"item": "BED", "quantity": 3}, {"item": "CT"}, {"item": "NONE"}, {"item": "FREE"}, {"item": "LAB", "price_class": "staff", "quantity": 2}]') q),
	'1 BED 3.0000 33.333333 100.00; 2 CT 1.0000 200.500000 200.50; 3 NONE 1.0000 unknown_item; 4 FREE 1.0000 no_price; 5 LAB 2.0000 15.000000 30.00', 'quote prices by the same code');
SELECT is((SELECT q.amount FROM hospital_cost.quote('STAFF', '[{"item": "LAB"}]') q), 15.00, 'of the encounter''s class');
SELECT throws_ok($$SELECT * FROM hospital_cost.quote('E', '{"item": "LAB"}')$$, 'MC218', NULL, 'a quote wants a list');
SELECT throws_ok($$SELECT * FROM hospital_cost.quote('E', '[{"quantity": 1}]')$$, 'MC218', NULL, 'of items');
SELECT throws_ok($$SELECT * FROM hospital_cost.quote('E', '[{"item": "LAB", "quantity": "many"}]')$$, 'MC218', NULL, 'and numbers');

-- the same message again: no unique index stands behind the key
SELECT his.make('his.m', 'k text'), his.attach('his.m') \g /dev/null
INSERT INTO his.m (k, v) VALUES ('A', 'M'), ('B', 'M2');
INSERT INTO his.m (k, v) VALUES ('A', 'M');
INSERT INTO his.m (k, v) VALUES ('C', 'M3'), ('C', 'M3');
SELECT is((SELECT string_agg(l.source_key, ',' ORDER BY l.source_key) FROM hospital_cost.ledger l WHERE l.source = 'his.m'::regclass), 'A,B,C', 'the same message twice is one entry');
SELECT is(his.issue('his.m', 'A'), NULL, 'and no issue');
INSERT INTO his.m (k, v, t) VALUES ('A', 'M', 21), ('B', 'M9', 20), ('C', 'M3', 22);
SELECT is(concat_ws('; ', his.issue('his.m', 'A'), his.issue('his.m', 'B'), his.issue('his.m', 'C')),
	'exists_with_different_amount 20.00 21.00; exists_with_different_encounter M9; exists_with_different_amount 20.00 22.00', 'with another content it is an issue that names the field');
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.source = 'his.m'::regclass), 60.00, 'and not a second entry');
SELECT is((SELECT i.entry_id FROM hospital_cost.posting_issue i WHERE i.source_key = 'A' AND i.state = 'open'), (SELECT l.entry_id FROM hospital_cost.ledger l WHERE l.source_key = 'A'), 'the issue points to the entry');
INSERT INTO his.m (k, v, d) VALUES ('D', 'M4', 'NO'), ('D', 'M4', 'T1');
SELECT is(his.entry('his.m', 'D'), 'post 1 20.00', 'a message that could not be posted does not stand in the way of the next');
SELECT his.agrees('messages');
DELETE FROM his.m WHERE k = 'B';
INSERT INTO his.m (k, v, t) VALUES ('B', 'M2', 25);
SELECT is(his.entry('his.m', 'B'), 'post 1 20.00, reverse 1 -20.00, post 2 25.00', 'deleted and sent again it is posted again');
SELECT is(his.pending('his.m'), 'exists 4', 'post_pending finds nothing to post');
SAVEPOINT s;
INSERT INTO his.m (k, v) VALUES ('E', 'M5');
ROLLBACK TO s;
INSERT INTO his.m (k, v) VALUES ('E', 'M5');
SELECT is(his.entry('his.m', 'E'), 'post 1 20.00', 'a message that was rolled back may come again');
UPDATE hospital_cost.attachment SET mode = 'strict' WHERE relation = 'his.m'::regclass;
SELECT throws_ok($$INSERT INTO his.m (k, v, t) VALUES ('A', 'M', 1)$$, 'MC239', NULL, 'strict: another content raises');
SELECT lives_ok($$INSERT INTO his.m (k, v) VALUES ('A', 'M')$$, 'the same content does not');
-- a unique index that goes
SELECT his.make('his.u', 'k int UNIQUE'), his.attach('his.u') \g /dev/null
INSERT INTO his.u (k, v) VALUES (1, 'U');
ALTER TABLE his.u DROP CONSTRAINT u_k_key;
INSERT INTO his.u (k, v) VALUES (1, 'U'), (2, 'U2');
SELECT is((SELECT string_agg(l.source_key, ',' ORDER BY l.source_key) FROM hospital_cost.ledger l WHERE l.source = 'his.u'::regclass), '1,2', 'once the unique index is dropped, keys are watched');

-- async: the key is set aside, post_pending follows
SELECT his.make('his.y') \g /dev/null
SELECT hospital_cost.attach_charges('his.y', his.plain('{"price_class": "note"}'), 'async', 'verify') \g /dev/null
INSERT INTO his.y (k, v, t) SELECT g, 'Y' || g, 200.5 FROM generate_series(1, 2500) g;
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.y'::regclass), 0::bigint, 'async posts nothing in the HIS transaction');
SELECT is(his.pending('his.y'), 'posted 2500', 'post_pending does');
SELECT is(his.pending('his.y'), NULL, 'once');
UPDATE his.y SET t = 190 WHERE k = 1;
UPDATE his.y SET v = 'MOVED' WHERE k = 2;
UPDATE his.y SET k = 4000 WHERE k = 3;
DELETE FROM his.y WHERE k = 4;
UPDATE his.y SET note = 'none' WHERE k = 5;
SELECT is(his.pending('his.y'), 'exists 1, exists_with_different_amount 1, exists_with_different_encounter 1, gone_reversed 2, posted 3', 'what changed is followed, what went is reversed');
SELECT is(his.entry('his.y', '1') || '; ' || his.entry('his.y', '4') || '; ' || his.entry('his.y', '4000'),
	'post 1 200.50, reverse 1 -200.50, post 2 190.00; post 1 200.50, reverse 1 -200.50; post 1 200.50', 'as the ledger shows');
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.y'::regclass AND l.source_key = '2' AND l.encounter_code = 'MOVED'), 1::bigint, 'a moved row too');
UPDATE hospital_cost.rule SET action = 'block' WHERE code IN ('CA02', 'CA04');
INSERT INTO his.y (k, v, t) VALUES (5001, 'Y9', 300), (5002, 'Y9', 300);
SELECT is(his.pending('his.y'), 'posted 2', 'a rule that blocks comes too late');
SELECT is((SELECT string_agg(DISTINCT f.code, ',') FROM hospital_cost.finding f WHERE f.source_key IN ('5001', '5002') AND f.class = 'conduct'), 'CA02', 'and leaves its finding');
SELECT his.agrees('async');

-- behind the triggers' back
ALTER TABLE his.s DISABLE TRIGGER USER;
UPDATE his.s SET t = 77 WHERE k = 2;
UPDATE his.s SET d = 'T2' WHERE k = 5;
DELETE FROM his.s WHERE k = 7;
INSERT INTO his.s (k, v, fee_status) VALUES (20, 'A20', '1'), (21, 'A21', '0');
ALTER TABLE his.s ENABLE TRIGGER USER;
SELECT is((SELECT string_agg(x.identity || ' ' || x.difference || ' ' || x.example, '; ' ORDER BY x.identity) FROM hospital_cost.verify_ledger('2025-03-01') x
	WHERE x.difference <> 0 AND x.identity ~ 'his.s: rows'),
	'his.s: rows = entries 1 7; his.s: rows that differ from their entry 3 2: amount; his.s: rows without an entry = blocking issues 1 20', 'verify_ledger names each');
SELECT is(his.pending('his.s'), 'exists 1, exists_with_different_amount 1, exists_with_different_performing_department 1, gone 1, posted 1', 'post_pending posts what is missing and tells the rest');
SELECT is(his.issue('his.s', '2') || '; ' || his.issue('his.s', '5'), 'exists_with_different_amount 20.00 77.00; exists_with_different_performing_department T2', 'as issues');
SELECT is(his.pending('his.s', correct => true), 'exists 2, exists_with_different_amount 1, exists_with_different_performing_department 1, gone_reversed 1, posted 2', 'asked to correct, it follows the table');
SELECT is(his.issue('his.s', '2'), NULL, 'and closes its issues');
SELECT his.agrees('behind the triggers');

SELECT * FROM finish();
ROLLBACK;
