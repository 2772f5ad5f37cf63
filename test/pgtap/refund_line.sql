-- Contract of lines and their refunds: a line that goes under its refunds is told, and told no more once they go too; a line that moves to another encounter takes
-- its limits along; so does one that comes back. However many refunds a statement has, an encounter is read once.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(40);
SELECT hospital_cost.open_period('2025-04-01'), hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
CREATE FUNCTION his.entry(key bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', l.kind, l.encounter_code, trim_scale(l.quantity)), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source_key = key::text $$;
CREATE FUNCTION his.issue(key bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', i.code, i.field, i.expected, i.observed), ', ' ORDER BY i.issue_id) FROM hospital_cost.posting_issue i WHERE i.source_key = key::text AND i.state = 'open' $$;
CREATE FUNCTION his.overdrawn() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(x.difference || ' ' || x.example, '; ') FROM hospital_cost.period p, LATERAL hospital_cost.verify_ledger(p.period) x WHERE x.difference <> 0 $$;
CREATE FUNCTION his.line(key bigint, visit text, quantity numeric) RETURNS void LANGUAGE sql AS $$
	SELECT his.charge(key, 'LAB', quantity, visit => visit) $$;
CREATE FUNCTION his.back(key bigint, original bigint, quantity numeric) RETURNS void LANGUAGE sql AS $$
	INSERT INTO his.fee (id, visit, qty, at, refund_of) SELECT key, f.visit, -quantity, '2025-03-10 10:00+08', original FROM his.fee f WHERE f.id = original $$;

-- deleted
SELECT his.line(1, 'A', 3), his.back(2, 1, 1), his.back(3, 1, 1) \g /dev/null
DELETE FROM his.fee WHERE id = 1;
SELECT is(his.entry(1), 'post A 3, reverse A -3', 'a line deleted under its refunds is taken back');
SELECT is(his.issue(1), 'below_refunds quantity 2.0000 0.0000', 'and told');
SELECT is(his.overdrawn(), '1 his.fee 1', 'as verify_ledger does');
DELETE FROM his.fee WHERE id = 2;
SELECT is(his.issue(1), 'below_refunds quantity 2.0000 0.0000', 'still, while one of them stays');
SELECT * FROM hospital_cost.post_pending('his.fee', correct => true) \g /dev/null
SELECT is(his.issue(1), 'below_refunds quantity 2.0000 0.0000', 'whatever waits');
DELETE FROM his.fee WHERE id = 3;
SELECT is(his.issue(1) || his.overdrawn(), NULL, 'no more when the last is gone');
SELECT is((SELECT count(*) FROM hospital_cost._refund_elsewhere), 0::bigint, 'and nothing is kept in mind of it');

-- at once, and by status
SELECT his.line(5, 'A', 3), his.back(6, 5, 1) \g /dev/null
DELETE FROM his.fee WHERE id IN (5, 6);
SELECT is(his.issue(5), NULL, 'a line deleted with its refunds leaves nothing to be told');
ALTER TABLE his.fee ADD COLUMN state text DEFAULT 'charged';
SELECT hospital_cost.attach_charges('his.fee', his.mapping(),
	options => '{"status": {"column": "state", "planned": ["planned"], "charged": ["charged"], "void": ["void"]}}') \g /dev/null
SELECT his.line(7, 'A', 3), his.back(8, 7, 3) \g /dev/null
UPDATE his.fee SET state = 'void' WHERE id = 7;
SELECT is(his.issue(7), 'below_refunds quantity 3.0000 0.0000', 'a line that is made void under its refunds is told');
UPDATE his.fee SET visit = 'B', qty = 2 WHERE id = 7;
UPDATE his.fee SET state = 'charged' WHERE id = 7;
SELECT is(his.issue(7), 'below_refunds quantity 3.0000 2.0000', 'comes it back elsewhere and smaller, it is judged again');
UPDATE his.fee SET qty = 4 WHERE id = 7;
SELECT is(his.issue(7), NULL, 'and is whole with enough in it');
SELECT his.back(9, 7, 2) \g /dev/null
SELECT is(his.issue(9), 'refund_exceeds quantity 1.0000 -2.0000', 'what was given back where it was before counts');
DELETE FROM his.fee WHERE id = 9;
SELECT is(his.overdrawn(), NULL, 'every identity holds');

-- moved
SELECT his.line(10, 'A', 5), his.back(11, 10, 3) \g /dev/null
UPDATE his.fee SET visit = 'B' WHERE id = 10;
SELECT is(his.issue(10), NULL, 'a line that moves is as good as before');
SELECT his.back(12, 10, 3) \g /dev/null
SELECT is(his.issue(12), 'refund_exceeds quantity 2.0000 -3.0000', 'what was given back where it was counts');
UPDATE his.fee SET visit = 'C', qty = 2 WHERE id = 10;
SELECT is(his.issue(10), 'below_refunds quantity 3.0000 2.0000', 'moved on and made smaller, it is too little for it');
UPDATE his.fee SET qty = -1 WHERE id = 11;
SELECT is(his.issue(10), NULL, 'until less is given back');
DELETE FROM his.fee WHERE id = 10;
SELECT is(his.issue(10), 'below_refunds quantity 1.0000 0.0000', 'it is missed where it is gone from');
SELECT his.line(10, 'D', 1) \g /dev/null
SELECT is(his.issue(10), NULL, 'and is welcome back, with its key alone');
UPDATE his.fee SET item = 'UNKNOWN' WHERE id = 10;
SELECT is(his.issue(10), 'unknown_item item UNKNOWN, below_refunds quantity 1.0000 0.0000', 'a change that cannot be posted leaves refunds alone, too');
UPDATE his.fee SET item = 'LAB' WHERE id = 10;
SELECT is(his.issue(10), NULL, 'until it can');
UPDATE his.fee SET id = 19 WHERE id = 10;
SELECT is(his.issue(10), 'below_refunds quantity 1.0000 0.0000', 'a line with another key is another line');
DELETE FROM his.fee WHERE id IN (11, 12);
SELECT is(concat(his.issue(10), his.overdrawn()), '', 'every identity holds again');

-- strict
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'strict') \g /dev/null
SELECT his.line(30, 'S', 3), his.back(31, 30, 2) \g /dev/null
SELECT throws_ok('DELETE FROM his.fee WHERE id = 30', 'MC23A', NULL, 'strict: a line cannot be deleted under its refunds');
SELECT throws_ok('UPDATE his.fee SET qty = 1 WHERE id = 30', 'MC23A', NULL, 'nor made smaller');
SELECT lives_ok($$UPDATE his.fee SET visit = 'S2' WHERE id = 30$$, 'it can move');
SELECT throws_ok($$SELECT his.back(32, 30, 2)$$, 'MC22B', NULL, 'with its limit');
SELECT throws_ok('DELETE FROM his.fee WHERE id = 30', 'MC23A', NULL, 'and cannot be deleted there');
SELECT lives_ok('DELETE FROM his.fee WHERE id IN (30, 31)', 'with its refunds it can');

-- changed oftener than versions count
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT his.line(50, 'V', 1) \g /dev/null
SET session_replication_role = replica;
UPDATE hospital_cost._ledger SET version = 32766 WHERE source_key = 50;
SET session_replication_role = origin;
UPDATE his.fee SET qty = 2 WHERE id = 50;
UPDATE his.fee SET qty = 3 WHERE id = 50;
SELECT is(his.entry(50), 'post V 1, reverse V -1, post V 2, reverse V -2, post V 3', 'a row can change as often as it likes');
SELECT is((SELECT format('%s to %s', min(l.version), max(l.version)) FROM hospital_cost._ledger l WHERE l.source_key = 50), '32766 to 32767', 'its versions end, and do not begin anew');
UPDATE his.fee SET item = 'UNKNOWN' WHERE id = 50;
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('UNKNOWN', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('UNKNOWN', 5);
SELECT is((SELECT jsonb_object_agg(outcome, row_count) -> 'posted' FROM hospital_cost.post_pending('his.fee')), '1', 'post_pending does not mind');
SELECT is(his.overdrawn(), NULL, 'nor does the proof');

-- a line that becomes a refund, and goes as one
SELECT his.line(80, 'H', 3), his.line(81, 'H', 2), his.back(82, 80, 1) \g /dev/null
UPDATE his.fee SET refund_of = 81, qty = -1 WHERE id = 80;
SELECT is(his.issue(80), 'below_refunds quantity 1.0000 0.0000', 'a line that becomes a refund leaves its own refunds without a line');
DELETE FROM his.fee WHERE id = 80;
SELECT is(his.issue(80), 'below_refunds quantity 1.0000 0.0000', 'and they are missed no less when that refund goes');
DELETE FROM his.fee WHERE id = 82;

-- many
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at) SELECT i, 'BIG', 'LAB', 1, 'C1', 'T1', '2025-03-10 10:00+08' FROM generate_series(1001, 6000) i;
CREATE FUNCTION his.locks(class int, mode text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = $1::oid AND l.mode = $2 AND l.pid = pg_backend_pid() $$;
CREATE TEMP TABLE before AS SELECT his.locks(18503, 'ExclusiveLock') AS locks;
INSERT INTO his.fee (id, visit, qty, at, refund_of) SELECT i + 10000, 'BIG', -1, '2025-03-11 10:00+08', i FROM generate_series(5701, 6000) i;
SELECT is(his.locks(18503, 'ExclusiveLock') - b.locks, 300::bigint, 'a lock for each original: strangers do not wait for each other') FROM before b;
DELETE FROM his.fee WHERE id > 15000;
CREATE TEMP TABLE start AS SELECT clock_timestamp() AS at;
INSERT INTO his.fee (id, visit, qty, at, refund_of) SELECT i + 5000, 'BIG', -1, '2025-03-11 10:00+08', i FROM generate_series(1001, 6000) i;
SELECT cmp_ok(clock_timestamp() - s.at, '<', interval '5 seconds', 'five thousand refunds of one encounter take no minute') FROM start s;
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.encounter_code = 'BIG'), 0.00, 'and give all of it back');
SELECT is(his.locks(18506, 'ExclusiveLock'), 1::bigint, 'which is locked as a whole');
SELECT cmp_ok(his.locks(18503, 'ExclusiveLock'), '<', 1000::bigint, 'so that locks do not fill the server');

SELECT * FROM finish();
ROLLBACK;
