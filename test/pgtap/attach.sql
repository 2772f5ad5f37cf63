-- Contract of attaching: mappings that cannot work, relations that may not, shapes of tables that do, and what detaching leaves.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(51);
CREATE FUNCTION his.attach(change jsonb) RETURNS text LANGUAGE sql RETURN format('SELECT hospital_cost.attach_charges(%L, %L)', 'his.fee', his.mapping() || change);
ALTER TABLE his.fee ADD COLUMN flag boolean, ADD COLUMN tags text[], ADD COLUMN day date, ADD COLUMN clock time, ADD COLUMN wall timestamp;

-- mappings
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', '[]')$$, 'MC201', NULL, 'a mapping is an object');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', NULL)$$, 'MC201', NULL, 'NULL is none');
SELECT throws_ok(his.attach('{"colour": "item"}'), 'MC201', NULL, 'a key that charges do not have');
SELECT throws_ok(format('SELECT hospital_cost.attach_charges(%L, %L)', 'his.fee', his.mapping(ARRAY[k])), 'MC201', NULL, 'lacks ' || k)
FROM unnest(ARRAY['source_key', 'encounter', 'item', 'quantity', 'performing_department', 'charged_at']) AS k;
SELECT throws_ok(his.attach('{"item": null}'), 'MC201', NULL, 'null does not map a required key');
SELECT throws_ok(his.attach('{"item": "no_such_column"}'), 'MC201', NULL, 'a column that is not there');
SELECT throws_ok(his.attach('{"item": "ctid"}'), 'MC201', NULL, 'a system column');
SELECT throws_ok(his.attach('{"item": 7}'), 'MC201', NULL, 'a number is no column');
SELECT throws_ok(his.attach('{"item": []}'), 'MC201', NULL, 'no column at all');
SELECT throws_ok(his.attach('{"item": ["item", "class"]}'), 'MC201', NULL, 'two columns for one item');
SELECT throws_ok(his.attach('{"quantity": "flag"}'), 'MC201', NULL, 'a quantity of type boolean');
SELECT throws_ok(his.attach('{"item": "tags"}'), 'MC201', NULL, 'an item of type array');
SELECT throws_ok(his.attach('{"charged_at": "visit"}'), 'MC201', NULL, 'a time of type text');
SELECT throws_ok(his.attach('{"charged_at": ["at", "clock"]}'), 'MC201', NULL, 'an instant and a time');
SELECT throws_ok(his.attach('{"encounter": {"constant": "E1"}}'), 'MC201', NULL, 'one encounter for all');
SELECT throws_ok(his.attach('{"source_key": {"constant": "1"}}'), 'MC201', NULL, 'one key for all');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'loose')$$, 'MC203', NULL, 'an unknown mode');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping(), NULL)$$, 'MC203', NULL, 'no mode');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'guess')$$, 'MC203', NULL, 'an unknown pricing');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'verify', '{"x": 1}')$$, 'MC203', NULL, 'an unknown option');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping('{unit_price,amount}'), 'flag', 'compute')$$, 'MC201', NULL,
	'compute needs a column for what it computes');
SELECT is((SELECT count(*) FROM hospital_cost.attachment), 0::bigint, 'nothing was attached by all that');

-- relations
CREATE VIEW his.v AS TABLE his.fee;
CREATE TEMP TABLE t (LIKE his.fee);
CREATE TABLE his.parted (LIKE his.fee) PARTITION BY RANGE (at);
CREATE TABLE his.parted_1 PARTITION OF his.parted FOR VALUES FROM ('2025-03-01') TO ('2025-03-10');
CREATE TABLE his.parted_2 PARTITION OF his.parted FOR VALUES FROM ('2025-03-10') TO ('2025-05-01');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.v', his.mapping())$$, 'MC202', NULL, 'a view');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('pg_temp.t', his.mapping())$$, 'MC202', NULL, 'a temporary table');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.parted_1', his.mapping())$$, 'MC202', NULL, 'a partition');
SELECT throws_ok($$SELECT hospital_cost.attach_charges('hospital_cost._ledger', his.mapping())$$, 'MC202', NULL, 'a table of the extension');
SELECT throws_ok($$SELECT hospital_cost.detach_charges('his.fee')$$, 'MC204', NULL, 'what is not attached cannot be detached');
SELECT throws_ok($$SELECT * FROM hospital_cost.unposted('his.fee')$$, 'MC204', NULL, 'nor asked for what is not posted');
CREATE TRIGGER stray AFTER INSERT ON his.fee REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.post_charges();
SELECT throws_ok('SELECT his.charge(1)', 'MC204', NULL, 'our trigger on a table that is not attached refuses to work');
DROP TRIGGER stray ON his.fee;
CREATE TRIGGER stray AFTER INSERT ON his.fee FOR EACH ROW EXECUTE FUNCTION hospital_cost.post_charges();
SELECT throws_ok('SELECT his.charge(1)', '39P01', NULL, 'and as a row trigger');
DROP TRIGGER stray ON his.fee;

-- shapes: composite text key, date and time, constants, float quantity, partitions, a generated column, a domain-free wall clock
CREATE TABLE his.odd (kind text, no int, day date, clock time, item varchar(10), n double precision, "Äußerst ""seltsam""" char(6),
	PRIMARY KEY (kind, no));
SELECT hospital_cost.attach_charges('his.odd', '{"source_key": ["kind", "no"], "encounter": "Äußerst \"seltsam\"", "item": "item", "quantity": "n",
	"performing_department": {"constant": "T1"}, "charged_at": ["day", "clock"]}') \g /dev/null
INSERT INTO his.odd VALUES ('a', 1, '2025-03-05', '23:30', 'LAB', 1.5, 'E1'), ('a', 2, '2025-03-05', '00:00', ' LAB ', 1, 'E2');
CREATE FUNCTION his.entries(source regclass) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s', l.source_key, l.kind, l.encounter_code, l.quantity, l.charged_at AT TIME ZONE 'Asia/Shanghai')
	FROM hospital_cost.ledger l WHERE l.source = entries.source ORDER BY l.entry_id $$;
SELECT results_eq($$SELECT his.entries('his.odd')$$, ARRAY['a|1 post E1 1.5000 2025-03-05 23:30:00', 'a|2 post E2 1.0000 2025-03-05 00:00:00'], 'a composite key, a date and a time, a constant department, odd names');
DELETE FROM his.odd WHERE no = 1;
SELECT is((SELECT sum(quantity) FROM hospital_cost.ledger), 1.0000, 'a composite key is found again');
SELECT hospital_cost.attach_charges('his.parted', his.mapping()) \g /dev/null
INSERT INTO his.parted (id, visit, item, qty, done_by, at) VALUES (1, 'P', 'LAB', 1, 'T1', '2025-03-05 10:00+08'), (2, 'P', 'CT', 1, 'T1', '2025-03-12 10:00+08');
UPDATE his.parted SET at = at + interval '7 days' WHERE id = 1;
SELECT results_eq($$SELECT his.entries('his.parted')$$, ARRAY['1 post P 1.0000 2025-03-05 10:00:00', '2 post P 1.0000 2025-03-12 10:00:00',
	'1 reverse P -1.0000 2025-03-05 10:00:00', '1 post P 1.0000 2025-03-12 10:00:00'],
	'a partitioned table, and a row that moves to another partition');
INSERT INTO his.parted_1 (id, visit, item, qty, done_by, at) VALUES (3, 'P', 'BED', 1, 'T1', '2025-03-05 10:00+08');
SELECT is((SELECT string_agg(u.source_key, ' ') FROM hospital_cost.unposted('his.parted') u), NULL, 'a row written past the parent is posted too');
ALTER TABLE his.parted_1 DISABLE TRIGGER USER;
INSERT INTO his.parted_1 (id, visit, item, qty, done_by, at) VALUES (4, 'P4', 'BED', 1, 'T1', '2025-03-05 10:00+08');
SELECT is((SELECT v.example FROM hospital_cost.verify_ledger('2025-03-01') v WHERE v.identity = 'his.parted: rows without an entry = blocking issues' AND v.difference = 1), '4',
	'unless its triggers are switched off: then it is a difference of its month');

-- columns come and go
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
DROP VIEW his.v;
ALTER TABLE his.fee DROP COLUMN tags, ADD COLUMN more text;
SELECT lives_ok('SELECT his.charge(1)', 'another column may go and one may come');
ALTER TABLE his.fee RENAME COLUMN class TO price_class;
SELECT is((SELECT a.columns #>> '{price_class,columns,0}' FROM hospital_cost.attachment a WHERE a.relation = 'his.fee'::regclass), 'price_class', 'a renamed column is followed');
SELECT lives_ok($$INSERT INTO his.fee (id, visit, item, qty, done_by, at) VALUES (2, 'E', 'LAB', 1, 'T1', '2025-03-05 10:00+08')$$, 'and rows post on');
ALTER TABLE his.fee RENAME TO fee_line;
SELECT lives_ok($$INSERT INTO his.fee_line (id, visit, item, qty, done_by, at) VALUES (3, 'E', 'CT', 1, 'T1', '2025-03-05 10:00+08')$$, 'the table itself may be renamed');
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.fee_line'::regclass), 3::bigint, 'and its entries go by its new name');

-- detaching
SELECT lives_ok($$SELECT hospital_cost.detach_charges('his.fee_line')$$, 'detached');
INSERT INTO his.fee_line (id, visit, item, qty, done_by, at) VALUES (4, 'E', 'CT', 1, 'T1', '2025-03-05 10:00+08');
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.fee_line'::regclass), 3::bigint, 'nothing more is posted');
SELECT hasnt_trigger('his', 'fee_line', 'zz_hospital_cost_insert', 'no trigger is left');
SELECT lives_ok('TRUNCATE his.fee_line', 'and the table may be truncated');

-- a ready table
SELECT throws_ok($$SELECT hospital_cost.create_charge_table('charge')$$, 'MC205', NULL, 'a charge table is named with its schema');
SELECT hospital_cost.create_charge_table('his."Charge"') \g /dev/null
SELECT results_eq($$INSERT INTO his."Charge" (encounter_code, item_code, quantity, performing_department, charged_at)
	VALUES ('E', 'CT', 2, 'T2', '2025-03-05 10:00+08') RETURNING unit_price, amount$$, 'VALUES (200.5::numeric(16,6), 401::numeric(18,2))',
	'a ready charge table computes its prices');

SELECT * FROM finish();
ROLLBACK;
