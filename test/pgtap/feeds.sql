-- Contract of the other feeds: encounters, stays, service use, orders, stock follow the hospital's tables whoever writes them and however.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/feed.sql
SELECT plan(59);

-- encounters: what a registration table says, in its own words
SELECT throws_ok(format('SELECT hospital_cost.attach_encounters(%L, %L)', 'his.visit', his.visit_mapping() - 'kind'), 'MC201', NULL, 'an encounter has a kind');
SELECT throws_ok(format('SELECT hospital_cost.attach_encounters(%L, %L)', 'his.visit', his.visit_mapping() || '{"source_key": "no"}'), 'MC201', NULL, 'and its code is its key');
SELECT throws_ok(format('SELECT hospital_cost.attach_encounters(%L, %L, %L)', 'his.visit', his.visit_mapping(), 'async'), 'MC203', NULL, 'no later than the row itself');
SELECT throws_ok(format('SELECT hospital_cost.attach_encounters(%L, %L, %L, %L)', 'his.visit', his.visit_mapping(), 'flag', o), 'MC203', NULL, 'options that cannot be: ' || o)
FROM unnest(ARRAY['[]', '{"colour": 1}', '{"values": {"kind": 1}}', '{"values": {"started_at": {"a": "b"}}}', '{"values": {"encounter": {"a": "b"}}}',
	'{"status": {"column": "zt", "charged": ["1"]}}', '{"status": {"active": ["1"]}}', '{"status": {"column": "zt", "active": ["1"], "void": ["1"]}}']) AS o;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('V1', 'emergency', 'C2', '2025-01-01 00:00+08'), ('HAND', 'emergency', 'C2', '2025-01-01 00:00+08');
INSERT INTO his.visit (no, born) VALUES ('V1', '1940-06-01');
SELECT hospital_cost.attach_encounters('his.visit', his.visit_mapping(), 'flag', his.visit_options() || '{"backfill": true}') \g /dev/null
SELECT is((SELECT e::text FROM hospital_cost.encounter e WHERE e.code = 'V1'),
	(SELECT format('(V1,P1,active,outpatient,C1,"%s",,,standard,M,1940-06-01,,,,%s)', '2025-03-01 08:00+08'::timestamptz, a.source_id) FROM hospital_cost.attachment a),
	'back-filled: codes translated, date and time in the hospital''s zone, defaults; the row written by hand is the table''s now');
INSERT INTO his.visit (no, kind, sex, zt, day, clock) VALUES (' V2 ', 2, '?', '1', '2025-03-31', '24:00'), ('V3', 1, '女', '预约', DEFAULT, DEFAULT), ('V4', 1, NULL, '退号', DEFAULT, DEFAULT);
SELECT results_eq($$SELECT e.code COLLATE "default", e.kind, e.sex, e.status, hospital_cost.hospital_day(e.started_at)::text FROM hospital_cost.encounter e WHERE e.source_id IS NOT NULL ORDER BY e.code COLLATE "C"$$,
	$$VALUES ('V1', 'outpatient', 'M', 'active', '2025-03-01'), ('V2', 'inpatient', 'U', 'active', '2025-04-01'), ('V4', 'outpatient', 'U', 'cancelled', '2025-03-01')$$,
	'several rows: midnight is the next day, any other sex, a visit planned is none yet, one cancelled is');
SELECT is((SELECT sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'visits' AND w.period = '2025-03-01'), 1.0000, 'the workload follows');
UPDATE his.visit SET zt = '1' WHERE no IN ('V3', 'V4');
SELECT is((SELECT sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'visits' AND w.period = '2025-03-01'), 3.0000, 'when a plan comes true too');

-- what is wrong with a row, told once, for as long as it is wrong
INSERT INTO his.visit (no, kind, dept, day, ended) VALUES ('W1', 9, 'C1', '2025-03-01', NULL), ('W2', 1, 'XX', '2025-03-01', NULL), ('W3', 1, NULL, '2025-03-01', NULL),
	('W4', 1, 'C1', '2025-03-01', '2025-02-01'), ('W5', 1, 'C1', 'infinity', NULL), ('W6', 1, 'C1', '2025-03-01', '2025-03-01 09:00'), ('', 1, 'C1', '2025-03-01', NULL);
INSERT INTO his.visit (no, zt) VALUES ('W7', '?');
SELECT results_eq($$SELECT * FROM his.issues('his.visit')$$, ARRAY[' missing_value source_key', 'W1 unknown_value kind 9', 'W2 unknown_department department XX', 'W3 missing_value department',
	'W4 end_before_start ended_at 2025-02-01 00:00:00', 'W5 unreadable_value started_at infinity', 'W7 unknown_status status ?'], 'each issue with its key, field and value');
SELECT is((SELECT string_agg(e.code, ' ' ORDER BY e.code COLLATE "C") FROM hospital_cost.encounter e), 'HAND V1 V2 V3 V4 W6', 'the clean row of the statement is there');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.visit') v WHERE v.difference <> 0$$, 'and the proof expects no more');
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'MC004', NULL, 'no month closes over them');
UPDATE his.visit SET kind = 1 WHERE no = 'W1';
UPDATE his.visit SET dept = 'YY' WHERE no = 'W2';
UPDATE his.visit SET no = 'W33', dept = 'C1' WHERE no = 'W3';
DELETE FROM his.visit WHERE no IN ('W4', 'W5', 'W7', '');
SELECT results_eq($$SELECT * FROM his.issues('his.visit')$$, ARRAY['W2 unknown_department department YY'], 'corrected, moved and deleted rows have theirs resolved, another value has a new one');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('YY', '新科室', 'clinical');
UPDATE his.visit SET note = 'x' WHERE no = 'W2';
SELECT is_empty($$SELECT * FROM his.issues('his.visit')$$, 'once the cause is mended, any touch of the row takes it over');
SELECT is_empty($$SELECT f.source_key FROM hospital_cost.posting_issue f WHERE f.state = 'resolved' AND f.closed_at IS NULL$$, 'with the time it was resolved');

-- every way to write
INSERT INTO his.visit (no) VALUES ('V1') ON CONFLICT DO NOTHING;
INSERT INTO his.visit (no, kind) VALUES ('V1', 2), ('N1', 2) ON CONFLICT (no) DO UPDATE SET kind = excluded.kind;
SELECT is(his.kinds(), 'HAND:e N1:i V1:i V2:i V3:o V4:o W1:o W2:o W33:o W6:o', 'ON CONFLICT both ways');
MERGE INTO his.visit v USING (VALUES ('V1', 1), ('V3', NULL), ('N2', 2)) AS n (no, kind) ON n.no = v.no
	WHEN MATCHED AND n.kind IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET kind = n.kind WHEN NOT MATCHED THEN INSERT (no, kind) VALUES (n.no, n.kind);
SELECT is(his.kinds(), 'HAND:e N1:i N2:i V1:o V2:i V4:o W1:o W2:o W33:o W6:o', 'MERGE');
COPY his.visit (no, kind) FROM PROGRAM 'printf "%s\n" "K1	1" "K2	2"';
SELECT is(his.kinds('K%'), 'K1:o K2:i', 'COPY');
WITH gone AS (DELETE FROM his.visit WHERE no = 'K1' RETURNING no), come AS (INSERT INTO his.visit (no, kind) VALUES ('K3', 2)) UPDATE his.visit SET kind = 1 WHERE no = 'K2';
SELECT is(his.kinds('K%'), 'K2:o K3:i', 'three changes in one statement');
SAVEPOINT before;
DELETE FROM his.visit WHERE no LIKE 'K%';
INSERT INTO his.visit (no, kind) VALUES ('K4', 7);
ROLLBACK TO before;
SELECT is(his.kinds('K%'), 'K2:o K3:i', 'nothing is left of a savepoint rolled back');
UPDATE his.visit SET no = CASE no WHEN 'K2' THEN 'K9' ELSE 'K8' END WHERE no IN ('K2', 'K3');
SELECT is(his.kinds('K%'), 'K8:i K9:o', 'keys move within a statement');
CREATE FUNCTION his.correct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE his.visit SET kind = 2 WHERE no = NEW.no AND kind = 3; RETURN NULL; END $$;
CREATE TRIGGER correct AFTER INSERT ON his.visit FOR EACH ROW EXECUTE FUNCTION his.correct();
INSERT INTO his.visit (no, kind) VALUES ('K5', 3);
SELECT is(his.kinds('K5'), 'K5:i', 'what a trigger of theirs made of the row counts');
SELECT is_empty($$SELECT * FROM his.issues('his.visit')$$, 'and not what it was before');
SELECT throws_ok('TRUNCATE his.visit', 'MC206', NULL, 'TRUNCATE tells nobody which rows went');

-- stays, from another table and from the same one
SELECT hospital_cost.attach_stays('his.stay', '{"encounter": "no", "department": "ward", "from_at": "a", "to_at": "b"}') \g /dev/null
INSERT INTO his.stay VALUES ('N1', 'C2', '2025-03-03', '2025-03-06'), ('N1', 'C1', '2025-03-05', '2025-03-08'), ('N1', 'C2', '2025-03-06', '2025-03-07'), ('XX', 'C2', '2025-03-05', NULL),
	('N1', 'C1', '2025-03-08', 'infinity');
SELECT results_eq($$SELECT format('%s %s-%s', s.department_code, hospital_cost.hospital_day(s.from_at), hospital_cost.hospital_day(s.to_at)) COLLATE "default" FROM hospital_cost.department_stay s ORDER BY s.from_at$$,
	ARRAY['C2 2025-03-03-2025-03-06', 'C2 2025-03-06-2025-03-07', 'C1 2025-03-08-'], 'of overlapping stays the earlier one stands, and the next that has room; no end is no end');
SELECT results_eq($$SELECT * FROM his.issues('his.stay')$$, ARRAY['N1|2025-03-05T00:00:00.000000 overlapping_stay source_key', 'XX|2025-03-05T00:00:00.000000 unknown_encounter encounter XX'], 'the others are told');
UPDATE his.stay SET a = a + interval '1 day', b = b + interval '1 day' WHERE no = 'N1';
SELECT is((SELECT string_agg(hospital_cost.hospital_day(s.from_at)::text, ' ' ORDER BY s.from_at) FROM hospital_cost.department_stay s), '2025-03-04 2025-03-07 2025-03-09', 'stays that move together make room for each other');
UPDATE his.visit SET ended = '2025-03-12' WHERE no = 'N1';
UPDATE his.stay SET b = '2025-03-12' WHERE b = 'infinity';
SELECT is((SELECT sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'bed_days' AND w.period = '2025-03-01'), 7.0000, 'bed-days follow');
INSERT INTO his.visit (no) VALUES ('XX');
SELECT results_eq($$SELECT r.feed, r.outcome, r.row_count FROM hospital_cost.refresh_feed('his.stay') r$$, $$VALUES ('stays', 'inserted', 1::bigint), ('stays', 'updated', 0), ('stays', 'removed', 0),
	('stays', 'unchanged', 3), ('stays', 'refused', 1)$$, 'a stay whose encounter came later is taken over by refresh_feed');
SELECT hospital_cost.attach_stays('his.visit', '{"encounter": "no", "department": "dept", "from_at": ["day", "clock"], "to_at": "ended"}') \g /dev/null
INSERT INTO his.visit (no, kind, day, ended) VALUES ('B1', 2, '2025-03-20', '2025-03-21 07:00');
SELECT is((SELECT s.to_at FROM hospital_cost.department_stay s WHERE s.encounter_code = 'B1'), '2025-03-21 07:00+08'::timestamptz, 'one row may be both an encounter and its stay');
UPDATE his.visit SET no = 'B2' WHERE no = 'B1';
SELECT is((SELECT string_agg(e.code || ' ' || e.status, ', ' ORDER BY e.code) FROM hospital_cost.encounter e WHERE e.code LIKE 'B_'), 'B1 cancelled, B2 active', 'an encounter that is spoken of is cancelled, not deleted');
SELECT is((SELECT string_agg(s.encounter_code, ' ') FROM hospital_cost.department_stay s WHERE s.encounter_code LIKE 'B_'), 'B2', 'its stay moves with it');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.visit') v WHERE v.difference <> 0 AND v.identity LIKE '%as encounters%'$$, 'the proof knows why');
SELECT is((SELECT sum(r.row_count) FROM hospital_cost.refresh_feed('his.visit') r WHERE r.feed = 'encounters' AND r.outcome = 'removed'), 1::numeric, 'and it goes once nobody speaks of it');
DELETE FROM his.visit WHERE no = 'N1';
SELECT is((SELECT e.status FROM hospital_cost.encounter e WHERE e.code = 'N1'), 'cancelled', 'so when its row is deleted');
SELECT is((SELECT sum(w.quantity) FROM hospital_cost.workload w WHERE w.measure = 'bed_days' AND w.period = '2025-03-01' AND w.department_code = 'C2'), NULL::numeric, 'and it counts no more');

-- service use, orders, stock
SELECT hospital_cost.attach_service_use('his.theatre', '{"source_key": "id", "encounter": "no", "department": {"constant": "T2"}, "resource": "room", "quantity": "minutes",
	"unit": {"constant": "min"}, "started_at": "a", "ended_at": "b"}') \g /dev/null
INSERT INTO his.theatre VALUES (1, 'V1', 'OR1', '90', '2025-03-01 10:00+08', '2025-03-01 11:30+08'), (2, NULL, 'OR1', ' 12.5 ', '2025-03-01 10:00+08', NULL), (3, 'V1', 'OR1', '1,5', '2025-03-01 10:00+08', NULL),
	(4, 'V1', 'OR1', 'NaN', '2025-03-01 10:00+08', NULL), (5, 'V1', 'OR1', '1000000000000', '2025-03-01 10:00+08', NULL), (6, 'V1', 'OR1', NULL, '2025-03-01 10:00+08', NULL), (7, 'V1', 'OR1', '999999999999.99996', '2025-03-01 10:00+08', NULL);
SELECT results_eq($$SELECT u.source_key COLLATE "default", u.encounter_code COLLATE "default", u.quantity, u.unit, u.department_code COLLATE "default" FROM hospital_cost.service_use u ORDER BY 1$$,
	$$VALUES ('1', 'V1', 90.0000, 'min', 'T2'), ('2', NULL, 12.5000, 'min', 'T2')$$, 'use of a theatre, minutes as text');
SELECT results_eq($$SELECT * FROM his.issues('his.theatre')$$, ARRAY['3 unreadable_value quantity 1,5', '4 unreadable_value quantity NaN', '5 unreadable_value quantity 1000000000000', '6 missing_value quantity',
	'7 unreadable_value quantity 999999999999.99996'], 'numbers that are none, or too large');
SELECT hospital_cost.attach_orders('his.advice', '{"order": "no", "encounter": "visit", "item": "item", "quantity": "dose", "frequency": "freq", "times_per_day": "times", "days": "days",
	"ordering_department": "dept", "doctor": "doc", "ordered_at": "at", "nurse_checked_at": "checked", "executed_at": "done"}', 'flag',
	'{"status": {"column": "state", "ordered": ["0"], "executed": ["1"], "stopped": ["2"], "void": ["9"]}}') \g /dev/null
INSERT INTO his.advice VALUES ('M1', 'V1', 'AMX', 0.5, 'bid', 2, 3, 'C1', 'D7', '2025-03-01', NULL, NULL, '0'), ('M2', 'V1', 'AMX', 0.5, 'bid', 2, 3, NULL, 'D7', '2025-03-01', NULL, NULL, '9');
UPDATE his.advice SET checked = '2025-03-02', done = '2025-03-03', state = '1';
SELECT results_eq($$SELECT l.order_no COLLATE "default", l.quantity * l.times_per_day * l.days, hospital_cost.hospital_day(l.nurse_checked_at), hospital_cost.hospital_day(l.executed_at), l.status FROM hospital_cost.order_line l ORDER BY 1$$,
	$$VALUES ('M1', 3.000000000000, '2025-03-02'::date, '2025-03-03'::date, 'executed'), ('M2', 3.000000000000, '2025-03-02', '2025-03-03', 'executed')$$, 'orders, as they are checked and executed');
DELETE FROM his.advice WHERE no = 'M1';
SELECT is((SELECT string_agg(l.order_no, ' ') FROM hospital_cost.order_line l), 'M2', 'and deleted');
SELECT hospital_cost.attach_stock('his.shelf', '{"department": "d", "item": "i", "batch": "b", "quantity": "q"}') \g /dev/null
INSERT INTO his.shelf VALUES ('T1', 'AMX', 'B1', 10), ('T1', 'AMX', 'B2', 5), ('T1', 'AMX', 'B2', 5), ('T1', 'AMX', 'B3', 1), ('T1', 'AMX', 'B3', 2), ('T1', 'AMX', NULL, 2);
SELECT is((SELECT sum(s.quantity) FROM hospital_cost.stock s WHERE s.kind = 'on_hand'), 15.0000, 'stock, without a unique index: the same said twice is said once');
SELECT results_eq($$SELECT * FROM his.issues('his.shelf')$$, ARRAY[' missing_value source_key', 'T1|AMX|B3 duplicate_key source_key'], 'two rows of one key that say different things are refused, and a row without a key');
DELETE FROM his.shelf WHERE b = 'B3' AND q = 2;
UPDATE his.shelf SET q = q - 1 WHERE b = 'B1';
DELETE FROM his.shelf WHERE b IS NULL;
SELECT is((SELECT sum(s.quantity) FROM hospital_cost.stock s), 15.0000, 'until one of them is gone');
SELECT is_empty($$SELECT * FROM his.issues('his.shelf')$$, 'then all is well');

-- two tables, one code
CREATE TABLE his.admission (LIKE his.visit INCLUDING ALL);
SELECT hospital_cost.attach_encounters('his.admission', his.visit_mapping(), 'flag', his.visit_options()) \g /dev/null
INSERT INTO his.admission (no) VALUES ('V1'), ('A1');
SELECT results_eq($$SELECT * FROM his.issues('his.admission')$$, ARRAY['V1 key_taken source_key'], 'a code that another table has told is not taken from it');
DELETE FROM his.visit WHERE no = 'V1';
SELECT is((SELECT e.status FROM hospital_cost.encounter e WHERE e.code = 'V1'), 'cancelled', 'not even when its row is gone but spoken of');

-- strict
SELECT hospital_cost.attach_encounters('his.admission', his.visit_mapping(), 'strict', his.visit_options()) \g /dev/null
SELECT throws_ok($$INSERT INTO his.admission (no, dept) VALUES ('A2', 'C1'), ('A3', 'ZZ')$$, 'MC224', 'his.admission refused by encounters: unknown_department', 'strict raises');
SELECT throws_ok($$INSERT INTO his.admission (no, kind) VALUES ('A3', 9)$$, 'MC156', NULL, 'with a code for each cause');
SELECT throws_ok($$INSERT INTO his.admission (no, ended) VALUES ('A3', '2020-01-01')$$, 'MC153', NULL, 'end before start');
SELECT throws_ok($$INSERT INTO his.admission (no) VALUES ('V2')$$, 'MC154', NULL, 'key taken');
SELECT lives_ok($$INSERT INTO his.admission (no) VALUES ('A4')$$, 'and lets a clean row pass');
SELECT is(his.kinds('A%'), 'A1:o A4:o', 'as it should be');
SELECT * FROM finish();
ROLLBACK;
