-- Contract of posting against tables that turn on it: code of their owners, odd columns, keys that look alike, triggers that write back.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/table.sql
SELECT plan(61);
-- What a table is worth in the ledger, key by key, and everything that was written to get there.
CREATE FUNCTION his.worth(source text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s=%s', s.source_key, s.amount), ', ' ORDER BY s.source_key COLLATE "C") FROM (SELECT l.source_key, sum(l.amount) AS amount
		FROM hospital_cost.ledger l WHERE l.source = worth.source::regclass GROUP BY 1 HAVING sum(l.amount) <> 0) s $$;
CREATE FUNCTION his.written(source text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = written.source::regclass $$;
CREATE FUNCTION his.pending(name text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(format('%s %s', p.outcome, p.row_count), ', ' ORDER BY p.outcome) FROM hospital_cost.post_pending(name::regclass) p WHERE p.outcome IN ('posted', 'refused') $$;
CREATE FUNCTION his.agrees(why text) RETURNS text LANGUAGE sql AS $$
	SELECT is((SELECT string_agg(format('%s: %s', x.identity, x.difference), '; ') FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.difference <> 0),
		NULL, why || ': every identity holds') $$;
-- The owner's own code runs as he: his index and his cast try to make him a superuser whenever others have the table read.
CREATE ROLE hc_reader;
CREATE ROLE hc_evil;
CREATE SCHEMA ev AUTHORIZATION hc_evil;
GRANT USAGE ON SCHEMA hospital_cost TO hc_evil, hc_reader;
GRANT EXECUTE ON FUNCTION hospital_cost.verify_ledger(date) TO hc_reader;
GRANT EXECUTE ON FUNCTION hospital_cost.post_charges() TO hc_evil;
SELECT his.make('ev.t', 'k text PRIMARY KEY'), his.make('ev.c') \g /dev/null
SELECT his.attach('ev.t'), his.attach('ev.c') \g /dev/null
ALTER TABLE ev.t OWNER TO hc_evil;
ALTER TABLE ev.c OWNER TO hc_evil;
SET LOCAL ROLE hc_evil;
-- Sequences remember what an error would undo.
CREATE SEQUENCE ev.as_owner MINVALUE 0;
CREATE SEQUENCE ev.as_other MINVALUE 0;
CREATE FUNCTION ev.rise() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	PERFORM nextval(CASE current_user WHEN 'hc_evil' THEN 'ev.as_owner' ELSE 'ev.as_other' END);
	BEGIN
		ALTER ROLE hc_evil SUPERUSER;
	EXCEPTION WHEN insufficient_privilege THEN NULL;
	END;
	RETURN true;
END $$;
CREATE FUNCTION ev.looks_harmless(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN ev.rise(); END $$;
INSERT INTO ev.t (k, t) VALUES ('1', 200), ('2', 200);
CREATE INDEX trap ON ev.t (k) WHERE ev.looks_harmless('x');
CREATE INDEX ON ev.t ((ev.looks_harmless(k)));
INSERT INTO ev.c (k, t) VALUES (1, 200);
CREATE TYPE ev.key AS ENUM ('1', '2', '3');
CREATE FUNCTION ev.key_text(ev.key) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN ev.rise() THEN '1' END; END $$;
ALTER TABLE ev.c DROP CONSTRAINT c_pkey;
ALTER TABLE ev.c ALTER k TYPE ev.key USING k::text::ev.key;
CREATE CAST (ev.key AS text) WITH FUNCTION ev.key_text(ev.key);
RESET ROLE;
CREATE FUNCTION ev.outcome(statement text, caller text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	-- A predicate once read is kept: the index is touched so that it is read again.
	ALTER INDEX ev.trap SET (fillfactor = 90);
	PERFORM setval('ev.as_owner', 0), setval('ev.as_other', 0);
	EXECUTE format('SET LOCAL ROLE %s', caller);
	BEGIN
		EXECUTE statement;
	EXCEPTION WHEN others THEN NULL;
	END;
	RESET ROLE;
	RETURN (SELECT format('as owner %s, as others %s, superuser %s', o.last_value > 0, x.last_value > 0, r.rolsuper)
		FROM ev.as_owner o, ev.as_other x, pg_roles r WHERE r.rolname = 'hc_evil');
END $$;
SELECT is(ev.outcome(c.statement, c.caller), format('as owner %s, as others f, superuser f', c.runs),
	format('%s by %s: the code of the table''s owner runs as he if at all, and raises nobody', c.what, replace(c.caller, 'none', 'superuser')))
FROM (VALUES ('unposted, index', $$SELECT * FROM hospital_cost.unposted('ev.t')$$, 'none', true),
	('post_pending, index', $$SELECT * FROM hospital_cost.post_pending('ev.t')$$, 'none', true),
	-- a column of another type than was attached is not read at all
	('unposted, cast', $$SELECT * FROM hospital_cost.unposted('ev.c')$$, 'none', false),
	('post_pending, cast', $$SELECT * FROM hospital_cost.post_pending('ev.c')$$, 'none', false),
	('verify_ledger', $$SELECT * FROM hospital_cost.verify_ledger('2025-03-01')$$, 'none', true),
	('verify_ledger', $$SELECT * FROM hospital_cost.verify_ledger('2025-03-01')$$, 'hc_reader', true)) AS c (what, statement, caller, runs);
SELECT hospital_cost.detach_charges('ev.t'), hospital_cost.detach_charges('ev.c') \g /dev/null
DROP SCHEMA ev CASCADE;

-- a mapped column takes another type after attaching
CREATE DOMAIN his.small AS int;
CREATE DOMAIN his.label AS text;
SELECT his.make('his.m' || n), his.attach('his.m' || n) FROM generate_series(1, 5) n \g /dev/null
ALTER TABLE his.m1 ALTER q TYPE his.small;
ALTER TABLE his.m2 ALTER v TYPE his.label;
ALTER TABLE his.m3 ALTER at TYPE text;
ALTER TABLE his.m4 ALTER q DROP DEFAULT, ALTER q TYPE boolean USING true;
ALTER TABLE his.m5 ALTER k TYPE money;
SELECT lives_ok(format('INSERT INTO his.m%s (k, q, at) VALUES (1, %L, ''2025-03-05'')', m.n, m.q), 'a mapped column turned into ' || m.what)
FROM (VALUES (1, '1', 'a domain of int'), (2, '1', 'a domain of text'), (3, '1', 'a text that was a time'), (4, 'true', 'a boolean'), (5, '1', 'money')) AS m (n, q, what);
SELECT is((SELECT string_agg(DISTINCT i.code, ', ') FROM hospital_cost.posting_issue i WHERE i.source = ('his.m' || n)::regclass), 'column_gone', 'm' || n || ': an issue')
FROM generate_series(1, 5) n;
SELECT is((SELECT sum(his.written('his.m' || n)) FROM generate_series(1, 5) n), 0::numeric, 'none of them posts anything');
UPDATE hospital_cost.attachment SET mode = 'strict' WHERE relation = 'his.m1'::regclass;
SELECT throws_ok($$INSERT INTO his.m1 (k, at) VALUES (2, '2025-03-05')$$, 'MC207', NULL, 'in mode strict the write is refused');
DROP TABLE his.m1, his.m2, his.m3, his.m4, his.m5;
SELECT is((SELECT count(*) FROM hospital_cost.attachment a WHERE a.relation_name LIKE 'his.m_' AND a.relation IS NULL AND a.detached_at IS NOT NULL), 5::bigint,
	'a dropped table ends its attachment, which keeps its name');

-- row triggers of the hospital's own that write the same table again
CREATE FUNCTION his.back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	CASE NEW.class
	WHEN 'raise' THEN IF pg_trigger_depth() = 1 THEN UPDATE his.fee SET total = total + 5 WHERE id = NEW.id; END IF;
	WHEN 'twice' THEN IF pg_trigger_depth() < 3 THEN UPDATE his.fee SET qty = qty + 1, total = 20 * (qty + 1) WHERE id = NEW.id; END IF;
	WHEN 'away' THEN DELETE FROM his.fee WHERE id = NEW.id;
	WHEN 'move' THEN IF pg_trigger_depth() = 1 THEN UPDATE his.fee SET id = id + 1000 WHERE id = NEW.id; END IF;
	WHEN 'swap' THEN
		DELETE FROM his.fee WHERE id = NEW.id;
		NEW.class := '';
		INSERT INTO his.fee SELECT (NEW).*;
		UPDATE his.fee SET total = 7 WHERE id = NEW.id;
	WHEN 'undone' THEN
		BEGIN
			UPDATE his.fee SET total = 999 WHERE id = NEW.id AND total <> 999;
			INSERT INTO his.fee (id, visit, item, qty, total, done_by, at) VALUES (NEW.id + 5000, 'U', 'CT', 1, 1, 'T1', NEW.at);
			DELETE FROM his.fee WHERE id = NEW.id;
			RAISE EXCEPTION 'undo';
		EXCEPTION WHEN raise_exception THEN NULL;
		END;
	WHEN 'more' THEN INSERT INTO his.fee SELECT NEW.id + 1, NEW.visit, 'CT', 1, NULL, 1, NULL, 'T1', NULL, NEW.at, NULL, CASE WHEN NEW.id % 10 < 4 THEN 'more' END;
	ELSE NULL;
	END CASE;
	RETURN NULL;
END $$;
SELECT hospital_cost.attach_charges('his.fee', his.mapping('{price_class}'), 'flag', 'trust') \g /dev/null
CREATE TRIGGER back AFTER INSERT ON his.fee FOR EACH ROW EXECUTE FUNCTION his.back();
CREATE FUNCTION his.rest(low bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s=%s', f.id, f.total::numeric(18,2)), ', ' ORDER BY f.id::text COLLATE "C") FROM his.fee f WHERE f.id % 1000 / 100 = low $$;
CREATE FUNCTION his.held(low bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s=%s', s.key, s.amount), ', ' ORDER BY s.key COLLATE "C") FROM (SELECT l.source_key AS key, sum(l.amount) AS amount
		FROM hospital_cost.ledger l WHERE l.source = 'his.fee'::regclass AND l.source_key::bigint % 1000 / 100 = low GROUP BY 1 HAVING sum(l.amount) <> 0) s $$;
CREATE FUNCTION his.lines(low int, class text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO his.fee (id, visit, item, qty, total, ordered_by, done_by, at, class)
	SELECT low * 100 + g * 10, 'V' || low * 100 + g, 'LAB', 1, 20, 'C1', 'T1', '2025-03-05 10:00+08', class FROM generate_series(1, 3) g $$;
SELECT his.lines(1, 'raise'), his.lines(2, 'twice'), his.lines(3, 'away'), his.lines(4, 'move'), his.lines(5, 'swap'), his.lines(6, 'undone'), his.lines(7, 'more') \g /dev/null
SELECT is(his.held(b.low), his.rest(b.low), 'AFTER INSERT ROW ' || b.what || ': the ledger is the table')
FROM (VALUES (1, 'updates the row'), (2, 'updates it twice, nested'), (3, 'deletes it'), (4, 'moves its key'), (5, 'deletes, inserts, updates it'),
	(6, 'does all that and rolls it back'), (7, 'inserts more rows, nested')) AS b (low, what);
SELECT is(his.rest(1), '110=25.00, 120=25.00, 130=25.00', 'those triggers did write');
SELECT his.agrees('row triggers on INSERT');
DROP TRIGGER back ON his.fee;
CREATE TRIGGER back AFTER UPDATE ON his.fee FOR EACH ROW EXECUTE FUNCTION his.back();
SELECT his.lines(8, k.class) FROM (VALUES ('')) AS k (class) \g /dev/null
UPDATE his.fee SET class = (ARRAY['raise', 'twice', 'move'])[(id - 800) / 10], total = 30 WHERE id BETWEEN 800 AND 899;
SELECT is(his.held(8), his.rest(8), 'AFTER UPDATE ROW updates again and moves keys: the ledger is the table');
SELECT his.lines(9, '') \g /dev/null
UPDATE his.fee SET class = (ARRAY['away', 'undone', 'swap'])[(id - 900) / 10], total = 30 WHERE id BETWEEN 900 AND 999;
SELECT is(his.held(9), his.rest(9), 'AFTER UPDATE ROW deletes, rolls back, inserts again: the ledger is the table');
DO $$ BEGIN
	UPDATE his.fee SET class = 'raise', total = 1;
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN NULL;
END $$;
SELECT his.agrees('row triggers on UPDATE, and a block that rolls all back');
UPDATE his.fee SET class = 'raise', total = total + 1;
DELETE FROM his.fee WHERE id % 20 = 0;
SELECT his.agrees('after that');
DROP TRIGGER back ON his.fee;
-- A trigger that only looks on, under a statement that runs in another table's trigger.
CREATE FUNCTION his.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM NEW.total; RETURN NULL; END $$;
CREATE TRIGGER look AFTER UPDATE ON his.fee FOR EACH ROW EXECUTE FUNCTION his.look();
CREATE TABLE his.visit_order (id int);
CREATE FUNCTION his.sync() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE his.fee SET total = total + 5 WHERE id % 1000 / 100 = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER sync AFTER INSERT ON his.visit_order FOR EACH ROW EXECUTE FUNCTION his.sync();
INSERT INTO his.visit_order VALUES (1), (6);
SELECT is(his.held(6), his.rest(6), 'updated from another table''s trigger, with an audit trigger on: the ledger is the table');
DROP TRIGGER look ON his.fee;

-- keys that change places, over the borders of batches too
SELECT his.make('his.k', 'k int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, u int UNIQUE DEFERRABLE'), his.attach('his.k') \g /dev/null
CREATE FUNCTION his.misplaced() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM his.k FULL JOIN (SELECT l.source_key::int AS key, sum(l.amount) AS amount FROM hospital_cost.ledger l
		WHERE l.source = 'his.k'::regclass GROUP BY 1 HAVING sum(l.amount) <> 0) x ON x.key = k.k WHERE x.amount IS DISTINCT FROM k.t $$;
INSERT INTO his.k (k, u, t, v) SELECT g, g, g, 'K' || g FROM generate_series(1, 2500) g;
UPDATE his.k SET k = k + 1;
SELECT is(his.misplaced(), 0::bigint, 'keys moved up by one, 2,500 rows');
UPDATE his.k SET k = k - 1, v = 'K';
SELECT is(his.misplaced(), 0::bigint, 'and down, encounters changed');
UPDATE his.k SET k = 2502 - k, t = t + 0.5 WHERE k <= 2500;
SELECT is(his.misplaced(), 0::bigint, 'turned round, amounts changed');
UPDATE his.k SET k = CASE k WHEN 2 THEN 2501 ELSE 2 END WHERE k IN (2, 2501);
SELECT is(his.misplaced(), 0::bigint, 'two swapped');
SELECT his.agrees('moved keys');
SELECT hospital_cost.detach_charges('his.k') \g /dev/null

-- keys that look alike or read otherwise elsewhere
SELECT his.make('his.b', 'k varchar(20) PRIMARY KEY'), his.make('his.p', 'k char(6) PRIMARY KEY'), his.attach('his.b'), his.attach('his.p') \g /dev/null
INSERT INTO his.b (k, v) VALUES (' A1', 'A'), ('B1 ', 'B'), ('  C1  ', 'C'), (E'\tD1', 'D');
INSERT INTO his.p (k) VALUES ('A'), (' B');
SELECT is_empty($$SELECT u.* FROM unnest(ARRAY['his.b', 'his.p']) n, hospital_cost.unposted(n::regclass) u$$, 'text keys with blanks at their ends are all posted');
SELECT is(his.pending('his.b') || '; ' || his.pending('his.p'), 'posted 0, refused 0; posted 0, refused 0', 'post_pending posts none of them again');
SELECT is(his.written('his.b') + his.written('his.p'), 6::bigint, 'one entry each');
UPDATE his.b SET t = 30;
DELETE FROM his.p;
SELECT is((SELECT count(*) FROM hospital_cost.ledger l WHERE l.source = 'his.b'::regclass AND l.kind = 'reverse'), 4::bigint, 'and each is found again');
SELECT is(his.worth('his.p'), NULL, 'padded ones too');
SELECT his.make('his.d', 'day date DEFAULT ''2025-03-05'', no int, PRIMARY KEY (day, no)'), his.attach('his.d', '{"source_key": ["day", "no"]}') \g /dev/null
INSERT INTO his.d (no, v) VALUES (1, 'A'), (2, 'B'), (3, 'C');
SET LOCAL datestyle = 'German';
UPDATE his.d SET t = 30 WHERE no = 1;
SELECT is(his.pending('his.d'), 'posted 0, refused 0', 'a date in the key under another DateStyle is the same key');
SET LOCAL datestyle = 'SQL, DMY';
DELETE FROM his.d WHERE no = 2;
INSERT INTO his.d (no, v) VALUES (4, 'D');
RESET datestyle;
SELECT is(his.worth('his.d'), '2025-03-05|1=30.00, 2025-03-05|3=20.00, 2025-03-05|4=20.00', 'when it is changed, deleted and inserted too');
SELECT is(his.pending('his.d'), 'posted 0, refused 0', 'and back under the first');
SELECT his.make('his.bar', 'a text, b text, PRIMARY KEY (a, b)'), his.attach('his.bar', '{"source_key": ["a", "b"]}') \g /dev/null
INSERT INTO his.bar (a, b, t) VALUES ('x|y', 'z', 20), ('x', 'y|z', 50), ('x\', 'z', 3), ('x', '\z', 4), ('x\|y', 'z', 5), ('', '|', 6), ('|', '', 7);
SELECT is((SELECT count(DISTINCT l.source_key) FROM hospital_cost.ledger l WHERE l.source = 'his.bar'::regclass), 7::bigint, 'composite keys with | and \ stay apart');
DELETE FROM his.bar WHERE a = 'x|y';
UPDATE his.bar SET t = 51 WHERE b = 'y|z';
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.source = 'his.bar'::regclass), (SELECT sum(t) FROM his.bar)::numeric, 'and each is found again');
SELECT is(his.pending('his.bar'), 'posted 0, refused 0', 'in SQL as in C');
SELECT his.make('his.twice', 'k int'), his.attach('his.twice') \g /dev/null
INSERT INTO his.twice (k, t) VALUES (1, 20), (1, 50);
DELETE FROM his.twice;
SELECT is(his.worth('his.twice'), NULL, 'a key without a unique index, there twice, deleted: nothing is left of it');
INSERT INTO his.twice (k, t) VALUES (1, 20), (1, 50);
DELETE FROM his.twice WHERE t = 20;
DELETE FROM his.twice;
SELECT is(his.worth('his.twice'), NULL, 'nor when they go one by one');
SELECT his.agrees('odd keys');

-- columns that come with a default are not stored in the rows that were there
SELECT his.make('his.f'), his.attach('his.f') \g /dev/null
INSERT INTO his.f (k, v) VALUES (1, 'A'), (2, 'B'), (3, 'C');
ALTER TABLE his.f ADD COLUMN ward text NOT NULL DEFAULT 'C2', ADD COLUMN done_by text NOT NULL DEFAULT 'T2', ADD COLUMN org uuid NOT NULL DEFAULT '11111111-1111-1111-1111-111111111111';
SELECT his.attach('his.f', '{"ward_department": "ward", "performing_department": "done_by"}') \g /dev/null
INSERT INTO his.f (k, v) VALUES (4, 'D');
SELECT is((SELECT format('%s %s', l.performing_department_code, l.ward_department_code) FROM hospital_cost.ledger l WHERE l.source = 'his.f'::regclass AND l.source_key = '4'),
	'T2 C2', 'attached again with a column that came with a default');
UPDATE his.f SET note = 'x';
SELECT is(his.written('his.f'), 4::bigint, 'an update of what is not mapped makes no entry');
SELECT is(his.pending('his.f'), 'posted 0, refused 0', 'nothing waits');
UPDATE his.f SET t = 30 WHERE k = 1;
SELECT is((SELECT string_agg(format('%s %s %s', l.kind, l.performing_department_code, l.amount), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l
	WHERE l.source = 'his.f'::regclass AND l.source_key = '1'), 'post T1 20.00, reverse T1 -20.00, post T2 30.00', 'an update of what is mapped posts the default');
SELECT throws_ok($$SELECT his.attach('his.f', '{"source_key": "org"}')$$, 'MC209', NULL, 'another source_key is refused once rows are posted');
SELECT throws_ok($$SELECT his.attach('his.f', '{"source_key": ["k", "org"]}')$$, 'MC209', NULL, 'a longer one too');
SELECT lives_ok($$SELECT his.attach('his.f', '{"ward_department": "ward"}')$$, 'the rest of the mapping may change');
SELECT is((SELECT string_agg(format('%s %s', p.outcome, p.row_count), ', ' ORDER BY p.outcome) FROM hospital_cost.post_pending('his.f', correct => true) p),
	'exists 0, exists_with_different_performing_department 2, exists_with_different_ward_department 2, posted 4, refused 0', 'another mapping: the ledger follows the table where that is asked for');
SELECT his.agrees('defaults');

SELECT * FROM finish();
ROLLBACK;
