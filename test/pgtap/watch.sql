-- Contract of what happens to an attached table behind our back, of the extension being dropped, and of history posted later.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/table.sql
SELECT plan(55);
CREATE FUNCTION his.agrees(why text) RETURNS text LANGUAGE sql AS $$
	SELECT is((SELECT string_agg(format('%s: %s', x.identity, x.difference), '; ') FROM hospital_cost.period p,
		LATERAL hospital_cost.verify_ledger(p.period) x WHERE x.difference <> 0), NULL, why || ': every identity holds') $$;
CREATE FUNCTION his.posted(name text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(l.source_key, ',' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source_name = name AND l.kind = 'post' $$;

-- renamed: column, composite key, table, schema, through a parent
SELECT his.make('his.a', 'k1 int, k2 text, PRIMARY KEY (k1, k2)'), his.attach('his.a', '{"source_key": ["k1", "k2"]}') \g /dev/null
ALTER TABLE his.a RENAME k2 TO part;
ALTER TABLE his.a RENAME COLUMN at TO "charged, at";
ALTER TABLE his.a RENAME TO "fee ""line""";
CREATE SCHEMA other;
ALTER TABLE his."fee ""line""" SET SCHEMA other;
ALTER SCHEMA other RENAME TO third;
INSERT INTO third."fee ""line""" (k1, part, v) VALUES (1, 'x', 'A');
SELECT is((SELECT a.columns -> 'source_key' ->> 'columns' FROM hospital_cost.attachment a WHERE a.relation = 'third."fee ""line"""'::regclass), '["k1", "part"]', 'a renamed column of a composite key is followed');
SELECT is(his.posted('third."fee ""line"""'), '1|x', 'rows post, and go by the table''s new name');
SELECT his.agrees('renamed');
CREATE TABLE his.parent (k int, v text, i text DEFAULT 'CT', q numeric DEFAULT 1, t numeric DEFAULT 20, d text DEFAULT 'T1', at timestamptz DEFAULT '2025-03-05 10:00+08');
CREATE TABLE his.child (PRIMARY KEY (k)) INHERITS (his.parent);
SELECT his.attach('his.child') \g /dev/null
ALTER TABLE his.parent RENAME v TO visit;
INSERT INTO his.child (k, visit) VALUES (1, 'A');
SELECT is(his.posted('his.child'), '1', 'a column renamed in a parent it inherits from is followed');
-- two columns that change names
ALTER TABLE his.child ADD COLUMN spare text;
ALTER TABLE his.parent RENAME visit TO v;
SELECT lives_ok('DO $$ BEGIN ALTER TABLE his.parent RENAME v TO tmp; ALTER TABLE his.parent RENAME i TO v; ALTER TABLE his.parent RENAME tmp TO i; END $$', 'two columns exchange their names');
INSERT INTO his.child (k, i, v) VALUES (2, 'B', 'LAB');
SELECT is((SELECT l.encounter_code || ' ' || l.item_code FROM hospital_cost.ledger l WHERE l.source_key = '2'), 'B LAB', 'each is read by its own');
-- a column dropped while the hospital works on
ALTER TABLE his.parent DROP COLUMN t CASCADE;
SELECT lives_ok($$INSERT INTO his.child (k, i, v) VALUES (3, 'C', 'CT')$$, 'a mapped column is dropped: the hospital works on');
SELECT is((SELECT string_agg(f.source_key || ' ' || f.code || ' ' || f.field, ',') FROM hospital_cost.posting_issue f WHERE f.source = 'his.child'::regclass), '3 column_gone amount', 'and each row says why it waits');
SELECT lives_ok($$UPDATE his.child SET i = 'D' WHERE k = 1$$, 'an update too');
SELECT lives_ok($$DELETE FROM his.child WHERE k = 2$$, 'and a delete');
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.child'::regclass AND l.source_key = '2'), 2::bigint, 'which takes its entry back');
SELECT ok(EXISTS (SELECT FROM hospital_cost.check_setup() c WHERE c.problem ~ 'his.child.*gone.*: t$'), 'check_setup names the column');
SELECT hospital_cost.attach_charges('his.child', his.plain('{"encounter": "i", "item": "v", "amount": null}'), 'flag', 'verify') \g /dev/null
SELECT is((SELECT row_count FROM hospital_cost.post_pending('his.child') WHERE outcome = 'posted'), 2::bigint, 'attached anew, what waited is posted');
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue f WHERE f.source = 'his.child'::regclass AND f.state = 'open' AND f.severity = 'blocking'), 0::bigint, 'and the issues close');

-- partitions: those that are there, those that come, those that go, and one within another
CREATE TABLE his.big (k int, v text DEFAULT 'B', i text DEFAULT 'CT', q numeric DEFAULT 1, t numeric DEFAULT 20, d text DEFAULT 'T1', at timestamptz NOT NULL, PRIMARY KEY (k, at)) PARTITION BY RANGE (at);
CREATE TABLE his.big_a PARTITION OF his.big FOR VALUES FROM ('2025-03-01') TO ('2025-03-10');
SELECT hospital_cost.attach_charges('his.big', his.plain('{"source_key": ["k", "at"]}'), 'flag', 'trust') \g /dev/null
CREATE FUNCTION his.keys() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(l.kind || ' ' || split_part(l.source_key, '|', 1), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source_name = 'his.big' $$;
INSERT INTO his.big (k, at) VALUES (1, '2025-03-05');
INSERT INTO his.big_a (k, at) VALUES (2, '2025-03-05');
SELECT is(his.keys(), 'post 1, post 2', 'a row written straight into a partition is posted at once');
CREATE TABLE his.big_b PARTITION OF his.big FOR VALUES FROM ('2025-03-10') TO ('2025-03-20') PARTITION BY RANGE (k);
CREATE TABLE his.big_b1 PARTITION OF his.big_b FOR VALUES FROM (0) TO (100);
CREATE TABLE his.big_c (d text DEFAULT 'T1', extra int, at timestamptz NOT NULL DEFAULT '2025-03-21', t numeric DEFAULT 20, q numeric DEFAULT 1, i text DEFAULT 'CT', v text DEFAULT 'B', k int, PRIMARY KEY (k, at));
ALTER TABLE his.big_c DROP COLUMN extra;
INSERT INTO his.big_c (k) VALUES (5);
ALTER TABLE his.big ATTACH PARTITION his.big_c FOR VALUES FROM ('2025-03-20') TO ('2025-04-01');
INSERT INTO his.big_b1 (k, at) VALUES (3, '2025-03-11');
INSERT INTO his.big_b (k, at) VALUES (4, '2025-03-11');
INSERT INTO his.big_c (k) VALUES (6);
UPDATE his.big_c SET q = 2 WHERE k = 6;
DELETE FROM his.big_b1 WHERE k = 3;
SELECT is(his.keys(), 'post 1, post 2, post 3, post 4, post 6, reverse 6, post 6, reverse 3', 'so are those of partitions that came later, by their own columns');
SELECT is((SELECT string_agg(u.source_key, ',') FROM hospital_cost.unposted('his.big') u), '5|2025-03-21T00:00:00.000000Z', 'rows a partition brought with it are not posted yet');
SELECT is((SELECT row_count FROM hospital_cost.post_pending('his.big') WHERE outcome = 'posted'), 1::bigint, 'post_pending does');
SELECT throws_ok('TRUNCATE his.big_c', 'MC206', NULL, 'a partition is not truncated either');
SELECT his.agrees('partitions');
ALTER TABLE his.big DETACH PARTITION his.big_c;
SELECT lives_ok($$INSERT INTO his.big_c (k) VALUES (9)$$, 'a detached partition is an ordinary table');
SELECT is((SELECT row_count FROM hospital_cost.post_pending('his.big') WHERE outcome = 'gone'), 2::bigint, 'whose entries stay and are told');
ALTER TABLE his.big ATTACH PARTITION his.big_c FOR VALUES FROM ('2025-03-20') TO ('2025-04-01');
DELETE FROM his.big_c WHERE k = 9;
SELECT his.agrees('a partition that came back');
SELECT is_empty($$SELECT c.* FROM hospital_cost.check_setup() c WHERE c.problem ~ 'his.big'$$, 'check_setup is content');
SELECT hospital_cost.detach_charges('his.big') \g /dev/null
SELECT lives_ok($$INSERT INTO his.big_a (k, at) VALUES (10, '2025-03-05')$$, 'detaching takes the triggers off all');

-- dropped
SELECT his.make('his.gone'), his.attach('his.gone') \g /dev/null
INSERT INTO his.gone (k, v) VALUES (1, 'G');
DROP TABLE his.gone;
SELECT is((SELECT concat_ws(' ', a.relation_name, a.relation IS NULL, a.detached_at IS NOT NULL) FROM hospital_cost.attachment a WHERE a.relation_name = 'his.gone'), 'his.gone t t', 'a dropped table ends its attachment');
SELECT is((SELECT l.source_name || ' ' || (l.source IS NULL) FROM hospital_cost.ledger l WHERE l.encounter_code = 'G'), 'his.gone true', 'its entries stay and know its name');
SELECT his.make('his.gone') \g /dev/null
INSERT INTO his.gone (k, v) VALUES (1, 'G'), (2, 'G2');
SELECT throws_ok($$SELECT his.attach('his.gone')$$, 'MC219', NULL, 'a new table of that name may be a copy of the old: that must be said');
SELECT hospital_cost.attach_charges('his.gone', his.plain(), 'flag', 'trust', '{"continues": true, "backfill": true}') \g /dev/null
SELECT is((SELECT string_agg(l.encounter_code || ' ' || l.source, ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source_name = 'his.gone'), 'G his.gone, G2 his.gone', 'a copy continues: what was posted is not posted again');
DROP TABLE his.gone;
SELECT his.make('his.gone') \g /dev/null
SELECT hospital_cost.attach_charges('his.gone', his.plain(), 'flag', 'trust', '{"continues": false}') \g /dev/null
INSERT INTO his.gone (k, v) VALUES (1, 'G3');
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.gone'::regclass), 1::bigint, 'or the table begins anew');
CREATE TEMP TABLE his_gone (x int);
SELECT lives_ok('DROP TABLE his_gone', 'other tables may go');

-- what is not a table
CREATE VIEW his.view AS SELECT 1 AS k;
CREATE MATERIALIZED VIEW his.matview AS SELECT 1 AS k;
CREATE UNLOGGED TABLE his.unlogged (k int);
CREATE TEMP TABLE temporary (k int);
CREATE TABLE his.part (k int, day date) PARTITION BY RANGE (day);
CREATE TABLE his.part1 PARTITION OF his.part FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
CREATE SEQUENCE his.seq;
SELECT throws_ok(format('SELECT hospital_cost.attach_charges(%L, %L)', r, '{}'), 'MC202', NULL, r || ' is refused')
FROM unnest(ARRAY['his.view', 'his.matview', 'his.unlogged', 'temporary', 'his.part1', 'his.seq', 'hospital_cost._ledger', 'pg_catalog.pg_class']) AS r;

-- the books
SELECT throws_ok('DROP EXTENSION hospital_cost CASCADE', 'MC216', NULL, 'the extension is not dropped while the ledger has entries');
SELECT throws_ok('DROP SCHEMA hospital_cost CASCADE', 'MC216', NULL, 'nor with its schema');
SELECT throws_ok('DROP EXTENSION btree_gist CASCADE', 'MC216', NULL, 'nor with what it needs');
SAVEPOINT books;
SET LOCAL hospital_cost.posting_allow_drop = on;
SELECT lives_ok('DROP EXTENSION hospital_cost CASCADE', 'a superuser may mean it');
ROLLBACK TO books;
SELECT his.agrees('still there');

-- history, newest month first, in steps
SELECT hospital_cost.open_period('2025-01-01'), hospital_cost.open_period('2025-02-01'), his.make('his.old') \g /dev/null
INSERT INTO his.old (k, v, at) SELECT g, 'H' || g, '2025-01-10'::timestamptz + g % 3 * interval '1 month' FROM generate_series(1, 30) g;
INSERT INTO his.old (k, v, d) VALUES (31, 'H31', 'NO');
SELECT his.attach('his.old') \g /dev/null
SELECT results_eq($$SELECT period::text, outcome, row_count FROM hospital_cost.backfill('his.old', step_rows => 15)$$,
	$$VALUES ('2025-03-01', 'posted', 10::bigint), ('2025-03-01', 'refused', 1), ('2025-02-01', 'posted', 4), ('2025-02-01', 'waiting', 6), ('2025-01-01', 'waiting', 10)$$,
	'backfill begins with the newest month and stops after so many rows');
SELECT results_eq($$SELECT period::text, outcome, row_count FROM hospital_cost.backfill('his.old', '2025-02-01', '2025-03-01')$$,
	$$VALUES ('2025-02-01', 'posted', 6::bigint)$$, 'goes on where it stopped, within the days asked for');
SELECT results_eq($$SELECT period::text, outcome, row_count FROM hospital_cost.backfill('his.old')$$,
	$$VALUES ('2025-03-01', 'refused', 1::bigint), ('2025-01-01', 'posted', 10)$$, 'to the end');
SELECT is((SELECT count(*) FROM hospital_cost.unposted('his.old')), 1::bigint, 'only what nobody can post waits');
SELECT throws_ok($$SELECT * FROM hospital_cost.backfill('his.old', '2025-03-01', '2025-03-01')$$, 'MC217', NULL, 'no days');
SELECT throws_ok($$SELECT * FROM hospital_cost.backfill('his.old', step_rows => 0)$$, 'MC217', NULL, 'no rows');
SELECT his.make('his.older') \g /dev/null
INSERT INTO his.older (k, v) VALUES (1, 'O1'), (2, 'O2');
SELECT hospital_cost.attach_charges('his.older', his.plain(), 'flag', 'trust', '{"backfill": true}') \g /dev/null
SELECT is(his.posted('his.older'), '1,2', 'attaching posts the rows that are there, if asked to');
SELECT is((SELECT a.options FROM hospital_cost.attachment a WHERE a.relation = 'his.older'::regclass), '{}'::jsonb, 'once');
SELECT his.make('his.refunds', 'k int PRIMARY KEY, r int') \g /dev/null
INSERT INTO his.refunds (k, v, q, t, r, at) VALUES (1, 'HR', 1, 20, NULL, '2025-01-20'), (2, 'HR', -1, -20, 1, '2025-03-20');
SELECT his.attach('his.refunds', '{"reverses_key": "r"}') \g /dev/null
SELECT is((SELECT string_agg(concat_ws(' ', b.period, b.outcome, b.row_count), ', ') FROM hospital_cost.backfill('his.refunds') b), '2025-01-01 posted 2', 'a refund waits for the month of its original');
SELECT is((SELECT string_agg(concat_ws(' ', l.kind, l.period), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.encounter_code = 'HR'), 'post 2025-01-01, reverse 2025-03-01', 'and is posted in its own');
SELECT his.agrees('history');

SELECT * FROM finish();
ROLLBACK;
