-- Contract of posting against what is written to it: months that refuse, values beyond all measure, a DBA's indexes, corrections out of order.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/table.sql
SELECT plan(87);
CREATE FUNCTION his.pending(name text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(format('%s %s', p.outcome, p.row_count), ', ' ORDER BY p.outcome) FROM hospital_cost.post_pending(name::regclass) p WHERE p.outcome IN ('posted', 'refused') $$;
CREATE FUNCTION his.agrees(why text) RETURNS text LANGUAGE sql AS $$
	SELECT is((SELECT string_agg(format('%s: %s', x.identity, x.difference), '; ') FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.difference <> 0),
		NULL, why || ': every identity holds') $$;
CREATE FUNCTION his.repeated(visit text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s', f.source_key, f.state), ', ' ORDER BY f.source_key) FROM hospital_cost.finding f WHERE f.code = 'CA02' AND f.encounter_code = visit $$;
CREATE FUNCTION his.blocked(name text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s', i.source_key, i.code), ', ' ORDER BY i.source_key COLLATE "C", i.issue_id) FROM hospital_cost.posting_issue i
	WHERE i.source = name::regclass AND i.severity = 'blocking' AND i.state = 'open' $$;
CREATE FUNCTION his.entry(name text, key text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', l.kind, l.version, l.amount), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l
	WHERE l.source = name::regclass AND l.source_key = key $$;
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null

-- a DBA's own indexes on the ledger
CREATE FUNCTION his.cents(bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 / 100; END $$;
CREATE INDEX dba_expression ON hospital_cost._ledger ((amount / 100));
CREATE INDEX dba_function ON hospital_cost._ledger (his.cents(amount), lower(encounter_code));
CREATE INDEX dba_partial ON hospital_cost._ledger (item_id) WHERE period > '2026-01-01';
CREATE INDEX dba_part_expression ON hospital_cost._ledger ((item_id + 1)) INCLUDE (amount) WHERE his.cents(amount) > 3;
CREATE UNIQUE INDEX dba_unique ON hospital_cost._ledger (entry_id);
SELECT lives_ok($$SELECT his.charge(1, visit => 'X1'), his.charge(2, visit => 'X1', at => '2025-03-05 11:00+08'), his.charge(3, visit => 'X2', item => 'CT')$$,
	'indexes on expressions and partial ones: inserts work');
SELECT is(his.repeated('X1'), '2 open', 'the same item twice is found still');
UPDATE his.fee SET qty = 2 WHERE id IN (1, 3);
DELETE FROM his.fee WHERE id = 2;
SELECT is(his.repeated('X1'), '1 resolved, 2 resolved', 'and resolved');
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM hospital_cost._ledger WHERE amount / 100 = 401), (SELECT count(*) FROM hospital_cost.ledger WHERE amount = 401), 'the index on an expression knows every entry');
SELECT is((SELECT count(*) FROM hospital_cost._ledger WHERE his.cents(amount) = 40 AND lower(encounter_code) = 'x1'), 1::bigint, 'so does the one on functions');
SELECT is((SELECT count(*) FROM hospital_cost._ledger WHERE item_id + 1 > 0 AND his.cents(amount) > 3),
	(SELECT count(*) FROM hospital_cost.ledger WHERE amount >= 4), 'and the partial one those it is for');
RESET enable_seqscan;
DROP INDEX hospital_cost.dba_expression, hospital_cost.dba_function, hospital_cost.dba_partial, hospital_cost.dba_part_expression, hospital_cost.dba_unique;
SELECT his.agrees('a DBA''s indexes');

-- refunds, corrections and charges out of order
SELECT his.charge(10, visit => 'R1'), his.charge(11, visit => 'R1', qty => -1, refund_of => 10) \g /dev/null
UPDATE his.fee SET ordered_by = 'C2' WHERE id = 10;
SELECT his.charge(12, visit => 'R1') \g /dev/null
SELECT is(his.repeated('R1'), NULL, 'charged, refunded, the refunded line corrected, charged again: once');
SELECT his.charge(13, visit => 'R1') \g /dev/null
SELECT is(his.repeated('R1'), '13 open', 'and again: twice');
SELECT his.charge(14, visit => 'R2'), his.charge(15, visit => 'R2', qty => -1, refund_of => 14) \g /dev/null
UPDATE his.fee SET price = 19 WHERE id = 15;
UPDATE his.fee SET price = 19 WHERE id = 14;
UPDATE his.fee SET price = 20 WHERE id IN (14, 15);
SELECT his.charge(16, visit => 'R2') \g /dev/null
SELECT is(his.repeated('R2'), NULL, 'refund and line corrected several times, charged again: once');
SELECT his.agrees('corrections');

-- a month that refuses
UPDATE hospital_cost.hospital SET late_policy = 'refuse';
SELECT his.charge(20), his.charge(21, item => 'CT'), his.charge(22) \g /dev/null
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
DELETE FROM his.fee WHERE id = 20;
UPDATE his.fee SET qty = 2 WHERE id = 21;
SELECT is(his.blocked('his.fee'), '20 period_closed, 21 period_closed', 'delete and update of a closed month leave issues');
SELECT is(his.entry('his.fee', '20') || '; ' || his.entry('his.fee', '21'), 'post 1 20.00; post 1 200.50', 'and its entries');
SELECT is(his.pending('his.fee'), 'posted 0, refused 0', 'post_pending does nothing while it is closed');
SELECT hospital_cost.reopen_period('2025-03-01', 'two lines were wrong') \g /dev/null
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'MC004', NULL, 'reopened, it does not close over them');
SELECT is(his.pending('his.fee'), 'posted 1, refused 0', 'post_pending mends both');
SELECT is(his.entry('his.fee', '20') || '; ' || his.entry('his.fee', '21'), 'post 1 20.00, reverse 1 -20.00; post 1 200.50, reverse 1 -200.50, post 2 401.00', 'the ledger is the table');
SELECT is(his.blocked('his.fee'), NULL, 'no issue is open');
SELECT his.agrees('after post_pending');
SELECT lives_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'and the month closes');
UPDATE his.fee SET qty = 3 WHERE id = 22;
SELECT hospital_cost.reopen_period('2025-03-01', 'another') \g /dev/null
UPDATE his.fee SET qty = 4 WHERE id = 22;
SELECT is(his.entry('his.fee', '22'), 'post 1 20.00, reverse 1 -20.00, post 2 80.00', 'a change after reopening takes the refused one with it');
SELECT is(his.blocked('his.fee'), NULL, 'and resolves its issue');
SELECT his.charge(20) \g /dev/null
DELETE FROM his.fee WHERE id = 20;
SELECT his.agrees('a key that comes back');
SELECT lives_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'closed again');
SELECT hospital_cost.reopen_period('2025-03-01', 'for the rest') \g /dev/null
UPDATE hospital_cost.hospital SET late_policy = 'to_open_period';

-- values beyond all measure
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'trust') \g /dev/null
SELECT his.charge(30, total => 1e13), his.charge(31, total => -1e13), his.charge(32, total => 5e16), his.charge(33, total => 92233720368547758.07),
	his.charge(34, qty => 99999999, price => 999999), his.charge(35, qty => 1e11, price => 1e9), his.charge(36, qty => 1e12, price => 1), his.charge(37, total => 1e300) \g /dev/null
SELECT is(his.blocked('his.fee'), '30 unreadable_value, 31 unreadable_value, 32 unreadable_value, 33 unreadable_value, 34 unreadable_value, 35 unreadable_value, 36 unreadable_value, 37 unreadable_value',
	'amounts of 10^13 yuan and products that do not fit are blocking issues');
SELECT his.charge(38, visit => 'BIG', total => 9999999999999.99), his.charge(39, visit => 'BIG2', total => 9999999999999.99) \g /dev/null
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.source_key IN ('38', '39')), 19999999999999.98, 'one cent less is posted, and read');
SELECT lives_ok(format('SELECT count(v::text) FROM hospital_cost.%I v', v.name), v.name || ' is readable')
FROM unnest(ARRAY['ledger', 'charge_total', 'posting_issue', 'finding']) AS v (name);
SELECT his.agrees('huge values');
SELECT hospital_cost.compact_totals() \g /dev/null
SELECT his.agrees('huge values compacted');
DELETE FROM his.fee WHERE id BETWEEN 30 AND 39;
SELECT is(his.blocked('his.fee'), NULL, 'gone with their rows');
SELECT his.make('his.w'), his.attach('his.w') \g /dev/null
ALTER TABLE his.w ALTER at TYPE timestamp;
SELECT hospital_cost.detach_charges('his.w'), his.attach('his.w') \g /dev/null
SELECT lives_ok($$INSERT INTO his.w (k, at) VALUES (1, '4714-11-24 00:00 BC'), (2, '294276-12-31 23:59:59'), (3, 'infinity')$$, 'times at the ends of the calendar do not raise');
SELECT lives_ok($$INSERT INTO his.w (k, v) SELECT 4, string_agg(md5(g::text), '') FROM generate_series(1, 512) g$$, 'nor does an encounter code of 16 kB');
SELECT lives_ok($$INSERT INTO his.w (k, i, d) SELECT 5, string_agg(md5(g::text), ''), string_agg(md5(g::text), '') FROM generate_series(1, 512) g$$, 'or such an item and department');
SELECT is((SELECT string_agg(DISTINCT i.source_key, ',') FROM hospital_cost.posting_issue i WHERE i.source = 'his.w'::regclass AND i.severity = 'blocking'),
	'1,2,3,4,5', 'each is a blocking issue');
SELECT is(his.entry('his.w', k::text), NULL, 'not posted: ' || k) FROM generate_series(1, 5) k;
DELETE FROM his.w;
SELECT is(his.blocked('his.w'), NULL, 'and goes with its row');
SELECT hospital_cost.detach_charges('his.w') \g /dev/null

-- numbers kept as text, and a column that goes
SELECT his.make('his.n'), his.attach('his.n', '{"quantity": "note"}') \g /dev/null
INSERT INTO his.n (k, v, note) SELECT g, 'N' || g, (ARRAY['１２', '', ' 1,000 ', '-', '.', '1e5', '0x10', 'NaN', ' 2 ', '+3', '4.', '.5', E'6\n'])[g] FROM generate_series(1, 13) g;
SELECT is((SELECT string_agg(i.source_key, ',' ORDER BY i.source_key::int) FROM hospital_cost.posting_issue i WHERE i.source = 'his.n'::regclass
	AND i.severity = 'blocking' AND i.field = 'quantity'), '1,2,3,4,5,6,7,8,13', 'texts that are no plain number are blocking issues');
SELECT is((SELECT string_agg(l.source_key || '=' || l.quantity, ',' ORDER BY l.source_key::int) FROM hospital_cost.ledger l WHERE l.source = 'his.n'::regclass),
	'9=2.0000,10=3.0000,11=4.0000,12=0.5000', 'the others are posted');
SELECT his.agrees('unreadable text');
SELECT is((SELECT count(*) FROM hospital_cost.unposted('his.n') u WHERE u.issue IS NOT NULL), 9::bigint, 'unposted() lists them with their issue');
ALTER TABLE his.n DROP COLUMN t;
SELECT is((SELECT string_agg(x.identity || ' ' || x.example || ' ' || x.difference, '; ') FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.difference <> 0),
	'his.n: columns of its mapping are gone or of another type t 1', 'a mapped column dropped: verify_ledger says so, and verifies the other tables');
SELECT throws_ok($$SELECT * FROM hospital_cost.unposted('his.n')$$, 'MC207', NULL, 'unposted() refuses');
SELECT throws_ok($$SELECT * FROM hospital_cost.post_pending('his.n')$$, 'MC207', NULL, 'post_pending() refuses');
SELECT lives_ok($$INSERT INTO his.n (k) VALUES (99)$$, 'a write does not stop the hospital');
SELECT is((SELECT i.code FROM hospital_cost.posting_issue i WHERE i.source = 'his.n'::regclass AND i.source_key = '99'), 'column_gone', 'and leaves an issue');
SELECT is((SELECT count(*) FROM hospital_cost.check_setup() c WHERE c.problem = 'the mapping of his.n names columns that are gone or of another type: t'), 1::bigint, 'check_setup() lists it');

-- mappings that are no values
SELECT his.make('his.c') \g /dev/null
ALTER TABLE his.c ADD COLUMN day date, ADD COLUMN day2 date, ADD COLUMN clock time, ADD COLUMN clock2 time, ADD COLUMN p int;
SELECT throws_ok(format('SELECT his.attach(''his.c'', %L)', m.change), 'MC201', NULL, 'refused: ' || m.change)
FROM unnest(ARRAY['{"performing_department": {"constant": null}}', '{"item": {"constant": ""}}', '{"item": {"constant": ["LAB"]}}',
	'{"quantity": {"constant": "one"}}', '{"quantity": {"constant": null}}', '{"quantity": {"constant": "1e3"}}', '{"charged_at": ["clock", "clock2"]}',
	'{"charged_at": ["day", "day2"]}', '{"charged_at": "clock"}', '{"charged_at": []}']) AS m (change);
SELECT throws_ok(format('SELECT hospital_cost.attach_charges(''his.c'', his.plain(%L), ''flag'', ''compute'')', m.change), 'MC201', NULL,
	'compute cannot write cents into whole numbers: ' || m.change)
FROM unnest(ARRAY['{"unit_price": "p"}', '{"unit_price": "p", "amount": null}']) AS m (change);
SELECT lives_ok($$SELECT his.attach('his.c', '{"charged_at": ["day", "clock"], "quantity": {"constant": 2}, "performing_department": {"constant": "T1"}}')$$,
	'a day and a time of day, a plain number, a department');
INSERT INTO his.c (k, day, clock) VALUES (1, '2025-03-05', '10:00');
SELECT is(his.entry('his.c', '1'), 'post 1 20.00', 'are used');

-- a column named as the alias that reads the table
SELECT his.make('his.s'), his.make('his.s2') \g /dev/null
ALTER TABLE his.s ADD COLUMN s bigint DEFAULT 7;
ALTER TABLE his.s2 ADD COLUMN s text DEFAULT 'x';
SELECT his.attach('his.s'), his.attach('his.s2') \g /dev/null
INSERT INTO his.s (k, i) VALUES (1, 'SOON');
INSERT INTO his.s2 (k, i) VALUES (1, 'SOON');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('SOON', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('SOON', 5);
SELECT is(his.pending('his.s'), 'posted 1, refused 0', 'a column named s, a number: what waited is posted');
SELECT is(his.pending('his.s2'), 'posted 1, refused 0', 'a column named s, a text');
SELECT is(his.entry('his.s', '1') || ', ' || his.entry('his.s2', '1'), 'post 1 20.00, post 1 20.00', 'from its own columns');

-- settings that would hurt later
SELECT throws_ok(format('UPDATE hospital_cost.hospital SET timezone = %L', z), 'MC007', NULL, 'no name of a time zone: ' || z) FROM unnest(ARRAY['CST', '+08', 'CST6CDT5x', '']) z;
SELECT throws_ok(format('UPDATE hospital_cost.rule SET respond_within = %L', d), '23514', NULL, 'respond within ' || d) FROM unnest(ARRAY['293000 years', '-1 day']) d;
SELECT throws_ok($$INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('S0', 'inpatient', 'C2', '-infinity')$$, '23514', NULL, 'an encounter from the beginning of time');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('S1', 'inpatient', 'C2', '2025-03-01 08:00+08');
SELECT throws_ok(format('INSERT INTO hospital_cost.department_stay VALUES (''S1'', ''C2'', NULL, %L, %L)', s.low, s.high), '23514', NULL, format('a stay from %s to %s', s.low, s.high))
FROM (VALUES ('-infinity', NULL), ('2025-03-01', 'infinity'), ('infinity', NULL)) AS s (low, high);
SELECT throws_ok($$UPDATE hospital_cost.encounter SET ended_at = 'infinity'$$, '23514', NULL, 'an encounter that never ends');
SELECT lives_ok($$SELECT count(*) FROM hospital_cost.workload$$, 'workload is counted');
DO $$ BEGIN
	FOR i IN 1 .. 300 LOOP
		INSERT INTO hospital_cost.department (code, name, class) SELECT 'D' || g, 'd', 'clinical' FROM generate_series(1, 120) g ON CONFLICT (code) DO UPDATE SET name = excluded.name;
	END LOOP;
END $$;
SELECT ok(max(d.department_id) <= count(*), '300 synchronisations of 120 departments burn no numbers') FROM hospital_cost.department d;
SELECT lives_ok($$INSERT INTO hospital_cost.department (code, name, class) VALUES ('LAST', 'x', 'clinical')$$, 'there is a number for the next one');
SELECT lives_ok($$SELECT his.charge(90, total => 5, done_by => 'LAST', ordered_by => 'D120')$$, 'which posts');
SELECT is((SELECT format('%s %s', l.performing_department_code, l.ordering_department_code) FROM hospital_cost.ledger l WHERE l.source_key = '90'), 'LAST D120', 'under its name');
SELECT hospital_cost.setup_roles('hc test') \g /dev/null
SET LOCAL ROLE "hc test_reader";
SELECT lives_ok($$SELECT * FROM hospital_cost.check_setup()$$, 'a reader asks what is missing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
