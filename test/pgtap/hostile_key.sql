-- Contract of posting against keys that turn on it: absent, too long, deferred, of another type than yesterday, and written twice by one statement.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/table.sql
SELECT plan(22);
-- What each key is worth in the ledger, and how many entries were written to get there.
CREATE FUNCTION his.worth(source text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s=%s', s.source_key, s.amount), ', ' ORDER BY s.source_key COLLATE "C") FROM (SELECT l.source_key, sum(l.amount) AS amount
		FROM hospital_cost.ledger l WHERE l.source = worth.source::regclass GROUP BY 1 HAVING sum(l.amount) <> 0) s $$;
CREATE FUNCTION his.pending(name text, correct boolean DEFAULT false) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(format('%s %s', p.outcome, p.row_count), ', ' ORDER BY p.outcome)
	FROM hospital_cost.post_pending(name::regclass, correct => correct) p WHERE p.row_count > 0 $$;

-- A row without a key, or with one that is cut off, has no entry: the one it seems to have belongs to another row.
SELECT his.make('his.absent', 'k int UNIQUE'), his.attach('his.absent') \g /dev/null
INSERT INTO his.absent (k, t) VALUES (0, 20), (NULL, 30);
DELETE FROM his.absent WHERE k IS NULL;
SELECT is(his.worth('his.absent'), '0=20.00', 'a row without a key goes, and the row with key 0 keeps its entry');
SELECT his.make('his.long', 'k text UNIQUE'), his.attach('his.long') \g /dev/null
INSERT INTO his.long (k, t) VALUES (repeat('x', 512), 20), (repeat('x', 513), 30);
UPDATE his.long SET t = 40 WHERE length(k) = 513;
DELETE FROM his.long WHERE length(k) = 513;
SELECT is(his.worth('his.long'), repeat('x', 512) || '=20.00', 'neither does a row whose key is too long take the entry of the one whose key just fits');

-- Blanks tell two keys apart where the table's index does, and what names a row names it as it is spelled.
SELECT his.make('his.blank', 'k text UNIQUE, r text'), his.attach('his.blank', '{"reverses_key": "r"}') \g /dev/null
INSERT INTO his.blank (k, t) VALUES ('a', 20), ('a ', 30), (' a', 40);
SELECT is(his.worth('his.blank'), ' a=40.00, a=20.00, a =30.00', 'keys that differ by blanks are keys of their own');
UPDATE his.blank SET t = 31 WHERE k = 'a ';
DELETE FROM his.blank WHERE k = ' a';
SELECT is(his.worth('his.blank'), 'a=20.00, a =31.00', 'so are their changes');
INSERT INTO his.blank (k, q, t, r) VALUES ('b', -1, -31, 'a '), ('c', 1, 7, '  ');
SELECT is((SELECT o.source_key FROM hospital_cost.ledger l JOIN hospital_cost.ledger o ON o.entry_id = l.reverses WHERE l.source_key = 'b'), 'a ', 'and their refunds');
ALTER TABLE his.blank DISABLE TRIGGER USER;
UPDATE his.blank SET t = 21 WHERE k = 'a';
INSERT INTO his.blank (k, t) VALUES ('d ', 5);
ALTER TABLE his.blank ENABLE TRIGGER USER;
ALTER TABLE his.blank ENABLE REPLICA TRIGGER zz_hospital_cost_replica;
SELECT is(his.pending('his.blank', true), 'exists 3, exists_with_different_amount 1, posted 2', 'post_pending reads them so');
SELECT is(his.pending('his.blank'), 'exists 5', 'and then nothing is left');
SELECT his.make('his.filled', 'k char(6) UNIQUE'), his.attach('his.filled') \g /dev/null
INSERT INTO his.filled (k, t) VALUES ('a ', 20);
UPDATE his.filled SET k = 'a', t = 30;
SELECT is(his.worth('his.filled'), 'a=30.00', 'a char has no blanks at its end');

-- Where prices are computed, the column holds what its type can: a row without a unique key is its entry all the same.
CREATE TABLE his.computed (id int, visit text, item text, qty numeric, price numeric(10,2), done_by text, at timestamptz);
SELECT hospital_cost.attach_charges('his.computed', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price",
	"performing_department": "done_by", "charged_at": "at"}', 'flag', 'compute') \g /dev/null
INSERT INTO his.computed (id, visit, item, qty, done_by, at) VALUES (1, 'V', 'BED', 3, 'C2', '2025-03-05 10:00+08');
UPDATE his.computed SET qty = 2;
SELECT is(his.worth('his.computed'), '1=66.67', 'a computed row that changes takes its entry back');
DELETE FROM his.computed;
SELECT is(his.worth('his.computed'), NULL, 'and one that goes');

-- A unique constraint that waits for the end of the transaction lets a key stand twice until then.
SELECT his.make('his.late', 'k int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED'), his.attach('his.late') \g /dev/null
INSERT INTO his.late (k, t) VALUES (1, 20);
INSERT INTO his.late (k, t) VALUES (1, 50);
DELETE FROM his.late WHERE t = 20;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is((SELECT NOT key_is_unique FROM hospital_cost.attachment WHERE relation = 'his.late'::regclass), true, 'a deferrable constraint keeps no key unique');
SELECT is(his.worth('his.late'), NULL, 'the row that went takes its own entry, not that of the one that replaced it');
SELECT is(his.pending('his.late') || '; ' || his.worth('his.late'), 'posted 1; 1=50.00', 'and the new one is posted by post_pending');

-- Rows of one key that were there before: the entry goes with the last of them, as it does with rows that came by themselves.
SELECT his.make('his.twice', 'k text') \g /dev/null
INSERT INTO his.twice (k) VALUES ('a'), ('a'), ('a');
SELECT his.attach('his.twice') \g /dev/null
SELECT is(his.pending('his.twice'), 'exists 2, posted 1', 'of three rows of one key one is posted');
DELETE FROM his.twice WHERE ctid = (SELECT min(ctid) FROM his.twice);
DELETE FROM his.twice WHERE ctid = (SELECT min(ctid) FROM his.twice);
SELECT is(his.worth('his.twice'), 'a=20.00', 'the last of them still has the entry');
DELETE FROM his.twice;
SELECT is(his.worth('his.twice'), NULL, 'and takes it along');

-- The key becomes a text, or an integer: the same row still has the same entry.
SELECT his.make('his.grown'), his.attach('his.grown') \g /dev/null
INSERT INTO his.grown (k) VALUES (1), (2), (3);
ALTER TABLE his.grown ALTER k TYPE text;
UPDATE his.grown SET t = 25 WHERE k = '1';
DELETE FROM his.grown WHERE k = '2';
SELECT is(his.worth('his.grown'), '1=25.00, 3=20.00', 'integer to text: changed and deleted rows take back what they had');
ALTER TABLE his.grown ALTER k TYPE bigint USING k::bigint;
UPDATE his.grown SET t = t + 1;
SELECT is(his.worth('his.grown'), '1=26.00, 3=21.00', 'and back');

-- A function of the HIS writes to the row that the statement around it has just written: the later image counts.
SELECT his.make('his.done'), his.attach('his.done') \g /dev/null
CREATE FUNCTION his.finish(int) RETURNS numeric LANGUAGE sql VOLATILE AS 'UPDATE his.done SET t = t + 1 WHERE k = $1 RETURNING t';
INSERT INTO his.done (k, t) VALUES (1, 20) RETURNING his.finish(k) \g /dev/null
SELECT is(his.worth('his.done'), '1=21.00', 'called by RETURNING of an insertion');
WITH u AS (UPDATE his.done SET t = 50 RETURNING k) SELECT his.finish(k) FROM u \g /dev/null
SELECT is(his.worth('his.done'), '1=51.00', 'called with what an update in WITH returns');
DO $$ DECLARE x numeric; BEGIN UPDATE his.done SET t = 70 RETURNING his.finish(k) INTO x; END $$;
SELECT is(his.worth('his.done'), '1=71.00', 'called within a block of the HIS');
SELECT is((SELECT string_agg(format('%s: %s', x.identity, x.difference), '; ') FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.difference <> 0),
	NULL, 'every identity holds');
SELECT * FROM finish();
ROLLBACK;
