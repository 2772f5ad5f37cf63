-- Contract of what happens behind the triggers' back, of rights, and the proof by random writers.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/feed.sql
SELECT plan(52);
CREATE FUNCTION his.refreshed(source regclass) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(r.feed || ' ' || r.outcome || ' ' || r.row_count, ', ' ORDER BY r.feed, r.outcome) FROM hospital_cost.refresh_feed(source) r WHERE r.row_count > 0 $$;
SELECT hospital_cost.attach_encounters('his.visit', his.visit_mapping(), 'flag', his.visit_options()) \g /dev/null
INSERT INTO his.visit (no) SELECT 'V' || i FROM generate_series(1, 5) AS i;

-- rows the triggers did not see
ALTER TABLE his.visit DISABLE TRIGGER ALL;
INSERT INTO his.visit (no, kind) VALUES ('H1', 2), ('H2', 9);
UPDATE his.visit SET kind = 2, day = '2025-03-02' WHERE no = 'V1';
DELETE FROM his.visit WHERE no = 'V2';
ALTER TABLE his.visit ENABLE TRIGGER ALL;
SELECT results_eq($$SELECT v.identity, v.expected, v.actual, v.example FROM hospital_cost.verify_feed('his.visit') v WHERE v.difference <> 0$$,
	$$VALUES ('his.visit as encounters: rows = rows of ours', 6::numeric, 5::numeric, 'H1'), ('his.visit as encounters: rows that differ in kind', 0, 1, 'V1'),
	('his.visit as encounters: rows that differ in started_at', 0, 1, 'V1')$$, 'the proof names each');
SELECT is(his.refreshed('his.visit'), 'encounters inserted 1, encounters refused 1, encounters removed 1, encounters unchanged 3, encounters updated 1', 'refresh_feed mends it');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.visit') v WHERE v.difference <> 0$$, 'all is well');
SELECT is(his.refreshed('his.visit'), 'encounters refused 1, encounters unchanged 5', 'a second call finds nothing to do');
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue f WHERE f.source_key = 'H2'), 1::bigint, 'and tells no issue twice');
DELETE FROM his.visit WHERE no = 'H2';
UPDATE hospital_cost.encounter SET sex = 'F', ended_at = '2025-04-01' WHERE code = 'V3';
DELETE FROM hospital_cost.encounter WHERE code = 'V4';
SELECT is((SELECT string_agg(substring(v.identity FROM '\w+$') || ' ' || v.example, ', ' ORDER BY v.ordinality) FROM hospital_cost.verify_feed('his.visit') WITH ORDINALITY v WHERE v.difference <> 0), 'ours V4, ended_at V3, sex V3', 'tampering with ours is found');
SELECT is(his.refreshed('his.visit'), 'encounters inserted 1, encounters unchanged 3, encounters updated 1', 'and mended');
SELECT throws_ok($$SELECT * FROM hospital_cost.refresh_feed('his.stay')$$, 'MC204', NULL, 'a table that is not attached');
SELECT throws_ok($$SELECT * FROM hospital_cost.verify_feed('his.stay')$$, 'MC204', NULL, 'cannot be proved');

-- what the DBA does to an attached table
SELECT is_empty($$SELECT s.problem FROM hospital_cost.check_setup() s WHERE s.problem LIKE '%his.visit%'$$, 'check_setup has nothing to say');
ALTER TABLE his.visit DISABLE TRIGGER zz_hospital_cost_encounters_update;
SELECT results_eq($$SELECT s.problem, s.cure FROM hospital_cost.check_setup() s WHERE s.problem LIKE '%his.visit%'$$, $$VALUES ('trigger zz_hospital_cost_encounters_update of his.visit is missing or switched off',
	'ALTER TABLE his.visit ENABLE TRIGGER zz_hospital_cost_encounters_update; or attach it again, then SELECT * FROM hospital_cost.refresh_feed(''his.visit'')')$$, 'a trigger switched off is told, with its cure');
ALTER TABLE his.visit ENABLE TRIGGER ALL;
ALTER TABLE his.visit RENAME COLUMN kind TO lb;
INSERT INTO his.visit (no, lb) VALUES ('R1', 2);
SELECT is(his.kinds('R%'), 'R1:i', 'a renamed column is followed');
ALTER TABLE his.visit ALTER COLUMN lb TYPE text;
INSERT INTO his.visit (no, lb) VALUES ('R2', ' 2 ');
SELECT is(his.kinds('R%'), 'R1:i R2:i', 'and one of another type that can be read');
ALTER TABLE his.visit ALTER COLUMN lb DROP DEFAULT, ALTER COLUMN lb TYPE text[] USING ARRAY[lb];
ALTER TABLE his.visit ALTER COLUMN lb SET DEFAULT '{1}';
INSERT INTO his.visit (no) VALUES ('R3'), ('R4');
SELECT results_eq($$SELECT * FROM his.issues('his.visit')$$, ARRAY[' column_gone lb'], 'one that cannot is told once, and stops nobody');
SELECT throws_ok($$SELECT * FROM hospital_cost.refresh_feed('his.visit')$$, 'MC207', NULL, 'but who asks');
ALTER TABLE his.visit ALTER COLUMN lb DROP DEFAULT;
ALTER TABLE his.visit ALTER COLUMN lb TYPE int USING btrim(lb[1])::int, ALTER COLUMN lb SET DEFAULT 1;
SELECT is(his.refreshed('his.visit'), 'encounters inserted 2, encounters unchanged 7', 'mended, and taken over');
SELECT is_empty($$SELECT * FROM his.issues('his.visit')$$, 'the issue is resolved');
-- the owner may not read his own table any more
CREATE ROLE "feed test owner";
GRANT USAGE ON SCHEMA his TO "feed test owner";
ALTER TABLE his.visit OWNER TO "feed test owner";
REVOKE SELECT ON his.visit FROM "feed test owner";
SELECT lives_ok($$INSERT INTO his.visit (no) VALUES ('R6')$$, 'the owner lost SELECT: the HIS goes on');
SELECT lives_ok($$INSERT INTO his.visit (no) VALUES ('R7')$$, 'and on');
SELECT results_eq($$SELECT * FROM his.issues('his.visit')$$, ARRAY[' not_readable'], 'told once');
GRANT SELECT ON his.visit TO "feed test owner";
REVOKE USAGE ON SCHEMA his FROM "feed test owner";
SELECT lives_ok($$DELETE FROM his.visit WHERE no = 'R7'$$, 'nor is the schema needed to write');
GRANT USAGE ON SCHEMA his TO "feed test owner";
SELECT is((SELECT string_agg(p.outcome || ' ' || p.row_count, ', ' ORDER BY 1) FROM hospital_cost.post_pending() p WHERE p.relation = 'his.visit'::regclass AND p.row_count > 0),
	'inserted 1, unchanged 9', 'post_pending() without a table refreshes what is followed, too');
SELECT is_empty($$SELECT * FROM his.issues('his.visit')$$, 'and the issue is resolved');
DELETE FROM his.visit WHERE no = 'R6';
SELECT hospital_cost.attach_encounters('his.visit', his.visit_mapping() || '{"kind": "lb"}', 'strict', his.visit_options()) \g /dev/null
ALTER TABLE his.visit DROP COLUMN lb;
SELECT throws_ok($$INSERT INTO his.visit (no) VALUES ('R5')$$, 'MC207', NULL, 'strict raises');
SELECT hospital_cost.attach_encounters('his.visit', his.visit_mapping() || '{"kind": {"constant": "checkup"}}', 'flag', his.visit_options() || '{"backfill": true}') \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost.encounter e WHERE e.kind = 'checkup'), 9::bigint, 'attached again with another mapping, back-filled');
ALTER TABLE his.visit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT throws_ok($$SELECT hospital_cost.attach_encounters('his.visit', his.visit_mapping() || '{"kind": {"constant": "checkup"}}')$$, 'MC202', NULL, 'a table that hides rows from its owner cannot be followed');
ALTER TABLE his.visit NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
SELECT throws_ok($$SELECT hospital_cost.detach_stays('his.visit')$$, 'MC204', NULL, 'what is not attached as stays is not detached as stays');
SELECT lives_ok($$SELECT hospital_cost.detach_encounters('his.visit')$$, 'detached');
TRUNCATE his.visit;
SELECT is((SELECT count(*) FROM hospital_cost.encounter e WHERE e.source_id IS NOT NULL), 9::bigint, 'what was taken over stays');
CREATE TRIGGER zz_hospital_cost_encounters_insert AFTER INSERT ON his.visit REFERENCING NEW TABLE AS hospital_cost_new FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.follow_feed();
SELECT throws_ok($$INSERT INTO his.visit (no) VALUES ('R5')$$, 'MC204', NULL, 'our trigger on a table that is not attached refuses to work');
DROP TRIGGER zz_hospital_cost_encounters_insert ON his.visit;
CREATE TRIGGER stray BEFORE INSERT ON his.visit FOR EACH ROW EXECUTE FUNCTION hospital_cost.follow_feed();
SELECT throws_ok($$INSERT INTO his.visit (no) VALUES ('R5')$$, '39P01', NULL, 'and as a row trigger');
DROP TRIGGER stray ON his.visit;

-- partitions; odd names and types of keys
CREATE TABLE his.parted (id uuid, "Äu ""%s""" char(6), room text, n real, at timestamptz, PRIMARY KEY (id, "Äu ""%s""", at)) PARTITION BY RANGE (at);
CREATE TABLE his.parted_1 PARTITION OF his.parted FOR VALUES FROM ('2025-03-01') TO ('2025-03-10');
CREATE TABLE his.parted_2 PARTITION OF his.parted FOR VALUES FROM ('2025-03-10') TO ('2025-05-01');
SELECT hospital_cost.attach_service_use('his.parted', '{"source_key": ["id", "Äu \"%s\"", "at"], "department": {"constant": "T1"}, "resource": "room", "quantity": "n", "started_at": "at"}') \g /dev/null
INSERT INTO his.parted SELECT md5(i::text)::uuid, 'a|' || i, 'R', i, timestamptz '2025-03-05 10:00+08' + i * interval '1 day' FROM generate_series(1, 10) AS i;
UPDATE his.parted SET at = at + interval '7 days' WHERE n = 1;
DELETE FROM his.parted WHERE n = 2;
SELECT is((SELECT sum(u.quantity) || ' ' || count(*) FROM hospital_cost.service_use u), '53.0000 9', 'a partitioned table with a composite key, a row that moves between its partitions');
INSERT INTO his.parted_1 VALUES (md5('x')::uuid, 'x', 'R', 100, '2025-03-05 10:00+08');
CREATE TABLE his.parted_3 PARTITION OF his.parted FOR VALUES FROM ('2025-05-01') TO ('2025-06-01');
INSERT INTO his.parted_3 VALUES (md5('y')::uuid, 'y', 'R', 200, '2025-05-05 10:00+08');
SELECT is((SELECT sum(u.quantity) || ' ' || count(*) FROM hospital_cost.service_use u), '353.0000 11', 'rows written straight into partitions, old and new');
ALTER TABLE his.parted DETACH PARTITION his.parted_3;
INSERT INTO his.parted_3 VALUES (md5('z')::uuid, 'z', 'R', 200, '2025-05-06 10:00+08');
SELECT is(his.refreshed('his.parted'), 'service_use removed 1, service_use unchanged 10', 'a partition detached is no part of the table any more');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.parted') v WHERE v.difference <> 0$$, 'all is well');
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL timezone = 'America/New_York';
UPDATE his.parted SET n = n + 1;
SELECT is(his.refreshed('his.parted'), 'service_use unchanged 10', 'no setting of the session makes another key of the same');
RESET datestyle;
RESET timezone;

-- rights
CREATE ROLE hc_clerk;
CREATE ROLE hc_owner;
GRANT USAGE ON SCHEMA his, hospital_cost TO hc_clerk, hc_owner;
CREATE TABLE his.reg (LIKE his.visit INCLUDING ALL);
SELECT hospital_cost.attach_encounters('his.reg', his.visit_mapping() || '{"kind": {"constant": "outpatient"}}') \g /dev/null
GRANT INSERT ON his.reg TO hc_clerk;
SET LOCAL ROLE hc_clerk;
SELECT lives_ok($$INSERT INTO his.reg (no, sex, dept) VALUES ('C1', 'M', 'C1'), ('C2', '?', 'C1')$$, 'a clerk who may insert into the table, and nothing else, writes');
SELECT throws_ok('TABLE hospital_cost.encounter', '42501', NULL, 'he does not read what became of it');
SELECT throws_ok($$SELECT * FROM hospital_cost.refresh_feed('his.reg')$$, '42501', NULL, 'nor refresh');
SELECT throws_ok($$SELECT hospital_cost.attach_encounters('his.reg', '{}')$$, '42501', NULL, 'nor attach');
RESET ROLE;
SELECT is(his.kinds('C%'), 'C1:o', 'his row is there');
GRANT EXECUTE ON FUNCTION hospital_cost.attach_service_use(regclass, jsonb, text, jsonb), hospital_cost.detach_encounters(regclass), hospital_cost.refresh_feed(regclass),
	hospital_cost.verify_feed(regclass) TO hc_owner;
CREATE TABLE his.own (id int PRIMARY KEY, room text, n int, at timestamptz);
ALTER TABLE his.own OWNER TO hc_owner;
SET LOCAL ROLE hc_owner;
SELECT throws_ok($$SELECT hospital_cost.attach_service_use('his.reg', '{"source_key": "no", "resource": "no", "department": "dept", "quantity": "born", "started_at": "day"}')$$, '42501', NULL, 'an owner attaches his own tables only');
SELECT throws_ok($$SELECT hospital_cost.detach_encounters('his.reg')$$, '42501', NULL, 'detaches his own');
SELECT throws_ok($$SELECT * FROM hospital_cost.verify_feed('his.reg')$$, '42501', NULL, 'proves his own');
SELECT throws_ok($$SELECT * FROM hospital_cost.refresh_feed('his.reg')$$, '42501', NULL, 'refreshes his own');
SELECT lives_ok($$SELECT hospital_cost.attach_service_use('his.own', '{"source_key": "id", "resource": "room", "department": {"constant": "T1"}, "quantity": "n", "started_at": "at"}')$$, 'which he may');
-- A function of his in an index runs with his rights.
RESET ROLE;
GRANT CREATE ON SCHEMA his TO hc_owner;
CREATE FUNCTION his.trap(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN IF current_user <> 'hc_owner' THEN RAISE 'trapped as %', current_user; END IF; RETURN $1; END$$;
ALTER FUNCTION his.trap(int) OWNER TO hc_owner;
SET LOCAL ROLE hc_owner;
CREATE INDEX ON his.own (id) WHERE his.trap(1) = 1;
SELECT lives_ok($$INSERT INTO his.own VALUES (1, 'R', 1, '2025-03-05 10:00+08')$$, 'his index runs his code as him');
SELECT lives_ok($$SELECT * FROM hospital_cost.refresh_feed()$$, 'when all is refreshed too');
RESET ROLE;

-- a random writer: whatever he did, our rows are those of his tables, and nothing is left to refresh
CREATE FUNCTION his.write(steps int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	k text;
BEGIN
	FOR i IN 1..steps LOOP
		k := 'Z' || floor(random() * 12);
		BEGIN
			CASE floor(random() * 8)
				WHEN 0 THEN INSERT INTO his.visit2 (no, kind, day) VALUES (k, 1 + random() * 3, '2025-03-01'::date + (random() * 5)::int) ON CONFLICT (no) DO UPDATE SET kind = excluded.kind;
				WHEN 1 THEN UPDATE his.visit2 SET dept = (ARRAY['C1', 'C2', 'XX', NULL])[1 + floor(random() * 4)] WHERE no = k;
				WHEN 2 THEN DELETE FROM his.visit2 WHERE no = k;
				WHEN 3 THEN UPDATE his.visit2 SET no = 'Z' || floor(random() * 12), zt = (ARRAY['1', '退号', '预约', '?'])[1 + floor(random() * 4)] WHERE no = k;
				WHEN 4 THEN INSERT INTO his.stay SELECT k, 'C2', '2025-03-01'::date + (random() * 20)::int, '2025-03-10'::date + (random() * 20)::int FROM generate_series(1, 2);
				WHEN 5 THEN UPDATE his.stay SET a = a + interval '1 day' WHERE no = k;
				WHEN 6 THEN DELETE FROM his.stay WHERE no = k AND random() < 0.5;
				ELSE UPDATE his.stay SET no = 'Z' || floor(random() * 12), b = NULL WHERE no = k AND random() < 0.5;
			END CASE;
			IF random() < 0.1 THEN RAISE SQLSTATE 'ZZ000'; END IF;
		EXCEPTION WHEN unique_violation OR SQLSTATE 'ZZ000' THEN NULL;
		END;
	END LOOP;
END $$;
ALTER TABLE his.stay DROP CONSTRAINT stay_pkey, ADD PRIMARY KEY (no, a);
CREATE TABLE his.visit2 (LIKE his.visit INCLUDING ALL);
ALTER TABLE his.visit2 ADD COLUMN kind int DEFAULT 1;
SELECT hospital_cost.attach_encounters('his.visit2', his.visit_mapping(), 'flag', his.visit_options()) \g /dev/null
SELECT hospital_cost.attach_stays('his.stay', '{"encounter": "no", "department": "ward", "from_at": "a", "to_at": "b"}') \g /dev/null
\if :{?seed} \else \set seed 0.42 \endif
SELECT setseed(:seed) \g /dev/null
SELECT his.write(600) \g /dev/null
SELECT ok((SELECT count(*) FROM hospital_cost.posting_issue f WHERE f.source IN ('his.visit2'::regclass, 'his.stay'::regclass)) > 50, 'a random writer meets trouble');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.visit2') v WHERE v.difference <> 0$$, 'encounters are those of his table');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.stay') v WHERE v.difference <> 0$$, 'stays are those of his table');
CREATE TEMP TABLE was AS SELECT e.code, e::text AS content FROM hospital_cost.encounter e JOIN his.visit2 v ON v.no = e.code;
SELECT his.refreshed('his.visit2') \g /dev/null
SELECT is_empty($$SELECT w.code FROM was w WHERE w.content IS DISTINCT FROM (SELECT e::text FROM hospital_cost.encounter e WHERE e.code = w.code)$$, 'refreshing changes none of them');
SELECT * FROM finish();
ROLLBACK;
