-- Contract of seals: a closed month is sealed once a closing, and whatever is done to it afterwards with whatever rights is found and named.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(56);
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null

-- What verify_seal finds after a superuser has done something with all guards off; undone before it returns.
CREATE FUNCTION his.found(tampering text, head text DEFAULT NULL, period date DEFAULT '2025-03-01') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM set_config('session_replication_role', 'replica', true);
	EXECUTE tampering;
	SELECT string_agg(concat_ws(' ', v.identity, v.difference, 'segment ' || v.segment, 'block ' || v.block, 'entry ' || v.entry_id, v.source, v.source_key), E'\n')
	INTO said FROM hospital_cost.verify_seal(period, head) v WHERE v.difference <> 0;
	RAISE SQLSTATE 'HC000';
EXCEPTION WHEN SQLSTATE 'HC000' THEN
	RETURN coalesce(said, 'nothing');
END $$;
CREATE FUNCTION his.entry(key bigint) RETURNS bigint LANGUAGE sql RETURN (SELECT min(l.entry_id) FROM hospital_cost._ledger l WHERE l.source_key = key);
-- Computes blocks and seals anew from what the tables say now, as a forger with the source of the extension would.
CREATE FUNCTION his.forge() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s hospital_cost._seal;
BEGIN
	UPDATE hospital_cost._seal_block b SET digest = hospital_cost._block_digest(b.seal_id, b.block, b.entry_ids, b.row_digests, b.content);
	FOR s IN SELECT * FROM hospital_cost._seal ORDER BY seal_id LOOP
		s.previous := coalesce((SELECT p.digest FROM hospital_cost._seal p WHERE p.seal_id = s.seal_id - 1), '');
		UPDATE hospital_cost._seal p SET previous = s.previous, digest = hospital_cost._seal_digest(s) WHERE p.seal_id = s.seal_id;
	END LOOP;
END $$;

-- sealing
INSERT INTO his.fee (id, visit, item, qty, price, ordered_by, done_by, at)
SELECT g, 'V' || g, 'LAB', 1, 20, 'C1', 'T1', '2025-03-05 10:00+08' FROM generate_series(1, 11999) g;
SELECT throws_ok($$SELECT * FROM hospital_cost.seal_period('2025-03-01')$$, 'MC214', NULL, 'an open month is not sealed');
SELECT throws_ok($$SELECT * FROM hospital_cost.seal_period('2025-06-01')$$, 'MC214', NULL, 'nor one that was never opened');
SELECT throws_ok($$SELECT * FROM hospital_cost.seal_period('2025-03-02')$$, '23514', NULL, 'nor half a month');
SELECT is(his.found('SELECT 1'), 'nothing', 'an open month owes no seal');
UPDATE his.fee SET qty = 2 WHERE id = 11999;
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT is(his.found('SELECT 1'), E'last closing is sealed -1\nentries that are in no seal 12001 entry ' || his.entry(1) || ' his.fee 1', 'a closed month that is not sealed says so');
SELECT results_eq($$SELECT s.segments, s.blocks, s.entries FROM hospital_cost.seal_period('2025-03-01') s$$, $$VALUES (1, 2::bigint, 12001::bigint)$$,
	'a closed month is sealed in blocks of ten thousand');
SELECT s.head FROM hospital_cost.seal s WHERE s.period = '2025-03-01' \gset
SELECT matches(:'head'::text, '^[0-9a-f]{64}$', 'its head is a SHA-256 in hex');
SELECT is((SELECT s.head FROM hospital_cost.seal_period('2025-03-01') s), :'head', 'sealing again changes nothing');
SELECT results_eq($$SELECT s.segment, s.blocks, s.entries, s.previous_head, s.sealed_by FROM hospital_cost.seal s$$,
	format('VALUES (1, 2, 12001::bigint, '''', %L)', session_user), 'there is one seal, and who made it is known');
SELECT results_eq($$SELECT cardinality(b.entry_ids), octet_length(b.row_digests) FROM hospital_cost._seal_block b ORDER BY b.block$$,
	$$VALUES (10000, 80000), (2001, 16008)$$, 'eight bytes an entry');

-- proving
SELECT results_eq($$SELECT count(*), sum(v.expected), sum(abs(v.difference)) FROM hospital_cost.verify_seal('2025-03-01') v$$,
	$$VALUES (8::bigint, 12002::numeric, 0::numeric)$$, 'a month that is as it was sealed differs in nothing');
SELECT is(his.found('SELECT 1', :'head'), 'nothing', 'and the head kept outside says so too');
SELECT is(his.found('SELECT 1', '  ' || upper(:'head') || ' '), 'nothing', 'however it is written');
SELECT is(his.found($$SET LOCAL datestyle = 'German'; SET LOCAL timezone = 'America/St_Johns'; SET LOCAL intervalstyle = 'sql_standard'; SET LOCAL bytea_output = 'escape';
	SET LOCAL extra_float_digits = -15; SET LOCAL client_encoding = 'GBK'; SET LOCAL standard_conforming_strings = off; SET LOCAL search_path = his; SET LOCAL array_nulls = off$$,
	:'head'), 'nothing', 'no setting of the session matters');

-- an entry changed: each column in turn, so that none that is added to the ledger can be forgotten
CREATE TEMP TABLE change AS
SELECT a.attname, his.found(format('UPDATE hospital_cost._ledger SET %1$I = %1$I %2$s WHERE source_key = 10500', a.attname,
	CASE a.atttypid WHEN 'text'::regtype THEN $$|| ' '$$ WHEN 'timestamptz'::regtype THEN $$+ interval '1 microsecond'$$
		WHEN 'hospital_cost.period_month'::regtype THEN $$+ interval '1 month'$$ ELSE '+ 1::int2' END)) AS said
FROM pg_attribute a WHERE a.attrelid = 'hospital_cost._ledger'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
SELECT ok(count(*) >= 19, 'every column of the ledger was tried') FROM change;
SELECT is_empty($$SELECT c.attname, c.said FROM change c WHERE c.attname NOT IN ('entry_id', 'period', 'source_id', 'source_key', 'source_key_text')
	AND c.said <> format(E'blocks whose entries do not give their digest 1 segment 1 block 2\nentries that are as they were sealed -1\nsealed entries that were changed 1 segment 1 block 2 entry %s his.fee 10500',
		his.entry(10500))$$, 'a change of any column is found, and the entry named with its row');
SELECT is_empty($$SELECT c.attname, c.said FROM change c WHERE c.attname IN ('source_id', 'source_key', 'source_key_text')
	AND c.said !~ format('sealed entries that were changed 1 segment 1 block 2 entry %s', his.entry(10500))$$, 'also where it is the name of the row that was changed');
SELECT is((SELECT c.said FROM change c WHERE c.attname = 'period'), format(E'blocks whose entries do not give their digest 1 segment 1 block 2\nentries that are as they were sealed -1\n'
	'sealed entries that are gone 1 segment 1 block 2 entry %s his.fee 10500', his.entry(10500)), 'an entry moved to another month is gone, and still named');
SELECT is(his.found('UPDATE hospital_cost._ledger SET entry_id = -5 WHERE source_key = 7'), format(E'blocks whose entries do not give their digest 1 segment 1 block 1\n'
	'entries that are as they were sealed -1\nsealed entries that are gone 1 segment 1 block 1 entry %s\nentries that are in no seal 1 entry -5 his.fee 7', his.entry(7)),
	'one with another number is gone, and a stranger there');
SELECT is(his.found($$UPDATE hospital_cost._ledger SET encounter_code = 'V1050', source_key_text = '0' WHERE source_key = 10500$$),
	format(E'blocks whose entries do not give their digest 1 segment 1 block 2\nentries that are as they were sealed -1\nsealed entries that were changed 1 segment 1 block 2 entry %s his.fee 0',
	his.entry(10500)), 'texts do not run into each other');
SELECT matches(his.found($$UPDATE hospital_cost._ledger SET charged_at = 'infinity', service_day = '-infinity' WHERE source_key = 1$$), 'changed 1 segment 1 block 1', 'infinity is a change, not an error');
SELECT matches(his.found('UPDATE hospital_cost._ledger SET amount = 0 WHERE source_key IN (11900, 10900, 3)'), format('changed 3 segment 1 block 1 entry %s his.fee 3', his.entry(3)), 'of several the first is named');
SELECT matches(his.found('UPDATE hospital_cost._ledger SET amount = amount + 1'), format('changed 12001 segment 1 block 1 entry %s his.fee 1$', his.entry(1)), 'all of them are counted');

-- by either way around the guards
CREATE FUNCTION his.disabled(tampering text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
	PERFORM set_config('session_replication_role', 'origin', true);
	ALTER TABLE hospital_cost._ledger DISABLE TRIGGER USER;
	EXECUTE tampering;
	ALTER TABLE hospital_cost._ledger ENABLE TRIGGER USER;
END $$;
SELECT matches(his.found($$SELECT his.disabled('UPDATE hospital_cost._ledger SET amount = 1 WHERE source_key = 8')$$), 'changed 1 segment 1 block 1', 'guards switched off or passed by, it is the same');

-- gone and come
SELECT is(his.found('DELETE FROM hospital_cost._ledger WHERE source_key = 11500'), format(E'blocks whose entries do not give their digest 1 segment 1 block 2\n'
	'entries that are as they were sealed -1\nsealed entries that are gone 1 segment 1 block 2 entry %s', his.entry(11500)), 'an entry deleted is missed');
SELECT matches(his.found('DELETE FROM hospital_cost._ledger'), 'gone 12001 segment 1 block 1', 'all of them deleted are');
SELECT matches(his.found($$CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM hospital_cost._ledger WHERE source_key = 9; UPDATE copy SET entry_id = 900000000, source_key = 77;
	INSERT INTO hospital_cost._ledger TABLE copy$$), '^entries that are in no seal 1 entry 900000000 his.fee 77$', 'an entry smuggled in is found');
SELECT is(his.found('INSERT INTO hospital_cost._ledger SELECT * FROM hospital_cost._ledger WHERE source_key = 9'), format(E'blocks whose entries do not give their digest 1 segment 1 block 1\n'
	'entries that are in no seal 1 entry %s his.fee 9', his.entry(9)), 'and so is an exact copy of one that is there');
SELECT matches(his.found(format($$CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM hospital_cost._ledger WHERE source_key = 9; UPDATE copy SET amount = 1; INSERT INTO hospital_cost._ledger TABLE copy$$)),
	format('entries that are in no seal 1 entry %s his.fee 9$', his.entry(9)), 'or one of other content under its number');
CREATE FUNCTION his.smuggle() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO hospital_cost._ledger SELECT * FROM hospital_cost.copy; RETURN (SELECT s.head FROM hospital_cost.seal_period('2025-03-01') s);
END $$;
CREATE TABLE hospital_cost.copy AS SELECT * FROM hospital_cost._ledger WHERE source_key = 9;
UPDATE hospital_cost.copy SET entry_id = 900000000;
SELECT throws_ok('SELECT his.smuggle()', 'MC215', NULL, 'sealing again does not make it honest');

-- the seal itself
SELECT throws_ok(format('UPDATE hospital_cost.%I SET seal_id = 5', t), 'MC006', NULL, t || ' is not updated') FROM unnest(ARRAY['_seal', '_seal_block']) t;
SELECT throws_ok(format('DELETE FROM hospital_cost.%I', t), 'MC006', NULL, t || ' is not deleted from') FROM unnest(ARRAY['_seal', '_seal_block']) t;
SELECT throws_ok('TRUNCATE hospital_cost._seal, hospital_cost._seal_block', 'MC006', NULL, 'nor truncated');
CREATE TEMP TABLE forged AS
SELECT c.relname, a.attname, his.found(format('UPDATE hospital_cost.%I SET %2$I = %3$s %4$s', c.relname, a.attname,
	CASE a.atttypid WHEN 'bytea'::regtype THEN format($$CASE octet_length(%1$I) WHEN 0 THEN '\x00' ELSE set_byte(%1$I, 0, get_byte(%1$I, 0) # 1) END$$, a.attname) WHEN 'int8[]'::regtype THEN 'entry_ids || 1::bigint'
		WHEN 'text'::regtype THEN format('reverse(%I)', a.attname) WHEN 'timestamptz'::regtype THEN $$'infinity'$$ ELSE quote_ident(a.attname) || ' + 1' END,
	CASE c.relname WHEN '_seal_block' THEN 'WHERE block = 2' END)) AS said
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid IN ('hospital_cost._seal'::regclass, 'hospital_cost._seal_block'::regclass) AND NOT (c.relname = '_seal_block' AND a.attname = 'block');
SELECT is_empty($$SELECT * FROM forged f WHERE f.relname = '_seal' AND f.attname <> 'period' AND f.said !~ 'seals that break the chain 1 segment'$$, 'a seal changed in any column breaks the chain');
SELECT matches((SELECT f.said FROM forged f WHERE f.attname = 'period'), 'last closing is sealed -1', 'or leaves its month without one');
SELECT is_empty($$SELECT * FROM forged f WHERE f.relname = '_seal_block' AND f.said !~ 'blocks that are not as they were sealed 1 segment 1 block 2(\n|$)'$$, 'a block changed in any column is named');
SELECT matches(his.found('UPDATE hospital_cost._seal_block SET block = 9 WHERE block = 2'), 'not as they were sealed 1 segment 1 block 2', 'renumbered too');
SELECT matches(his.found('DELETE FROM hospital_cost._seal_block WHERE block = 1'), 'not as they were sealed 1 segment 1 block 1', 'and so is one that was deleted');
SELECT matches(his.found('DELETE FROM hospital_cost._seal'), '^last closing is sealed -1', 'a seal deleted is missed');
-- The eight bytes kept of each entry are for naming it. Whoever finds another content with the same eight is found by the whole digests.
SELECT is(his.found($$UPDATE hospital_cost._ledger SET amount = 1 WHERE source_key = 1;
	UPDATE hospital_cost._seal_block b SET row_digests = overlay(b.row_digests PLACING (SELECT substr(e.digest, 1, 8) FROM hospital_cost._entry_digest e WHERE e.entry_id = b.entry_ids[1]) FROM 1) WHERE block = 1;
	SELECT his.forge()$$), 'blocks whose entries do not give their digest 1 segment 1 block 1', 'a change that keeps the short digest is found in the long one');
SELECT is(his.found('UPDATE hospital_cost._ledger SET amount = 1 WHERE source_key = 1; TRUNCATE hospital_cost._seal, hospital_cost._seal_block; SELECT hospital_cost.seal_period(''2025-03-01'')', :'head'),
	'seals that the head kept outside vouches for -1', 'a seal made anew over changed books is found by the head kept outside');
SELECT is(his.found('UPDATE hospital_cost._ledger SET amount = 1 WHERE source_key = 1; TRUNCATE hospital_cost._seal, hospital_cost._seal_block; SELECT hospital_cost.seal_period(''2025-03-01'')'),
	'nothing', 'and by nothing else');
SELECT is(his.found('SELECT 1', 'no hex at all'), 'seals that the head kept outside vouches for -1', 'what is no head vouches for nothing');

-- reopened: a further segment; months chain in the order of sealing
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.close_period('2025-02-01') \g /dev/null
SELECT hospital_cost.seal_period('2025-02-01') \g /dev/null
SELECT results_eq($$SELECT s.blocks, s.entries, s.previous_head FROM hospital_cost.seal s WHERE s.period = '2025-02-01'$$, format('VALUES (0, 0::bigint, %L)', :'head'),
	'a month without entries is sealed too, after the one that was sealed before');
SELECT hospital_cost.reopen_period('2025-03-01', 'auditor') \g /dev/null
SELECT his.charge(30001), his.charge(30002) \g /dev/null
SELECT is(his.found('SELECT 1', :'head'), 'nothing', 'what is posted into a reopened month is no difference');
SELECT throws_ok($$SELECT * FROM hospital_cost.seal_period('2025-03-01')$$, 'MC214', NULL, 'until it is closed');
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT results_eq($$SELECT s.segments, s.blocks, s.entries FROM hospital_cost.seal_period('2025-03-01') s$$, $$VALUES (2, 3::bigint, 12003::bigint)$$, 'then what came in between is a segment of its own');
SELECT s.head AS later FROM hospital_cost.seal s WHERE s.period = '2025-03-01' AND s.segment = 2 \gset
SELECT is(his.found('SELECT 1', :'later'), 'nothing', 'the head of the last vouches for all');
SELECT is(his.found('SELECT 1', :'head'), 'seals that the head kept outside vouches for -1', 'that of the first for the first');
SELECT is(his.found('SELECT 1', :'later', '2025-02-01'), 'nothing', 'a head of a month sealed later does as well');
SELECT matches(his.found('UPDATE hospital_cost._ledger SET amount = 1 WHERE source_key = 30002'), format('changed 1 segment 2 block 1 entry %s his.fee 30002', his.entry(30002)), 'an entry of the second segment is named there');
SELECT matches(his.found('UPDATE hospital_cost._seal SET previous = digest WHERE segment = 2', :'later', '2025-02-01'), 'chain 1 segment 1\nseals that the head kept outside vouches for -1',
	'what comes after a seal must follow it');
SELECT is(his.found($$UPDATE hospital_cost._seal s SET sealed_by = 'x', digest = hospital_cost._seal_digest(jsonb_populate_record(s, '{"sealed_by": "x"}')) WHERE period = '2025-02-01'$$),
	'seals that break the chain 1 segment 2', 'nor is a seal in between made anew without a trace in the next');
SELECT matches(his.found('DELETE FROM hospital_cost._seal WHERE period = ''2025-02-01'''), 'seals that break the chain 2 segment 1', 'a seal that is missing in between is noticed on both sides');

SELECT * FROM finish();
ROLLBACK;
