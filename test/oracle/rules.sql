-- Oracle of the rules over lines: random knowledge and a random stream of charges, refunds, corrections and deletions over a few patients, so that windows are full;
-- after it, what is open must be what comparing every line with every other says, found in the posting transactions; and looking through the ledger must
-- add nothing to that, take nothing away, and find the same from nothing.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(16);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('T1', 'x', 'technical');
SELECT hospital_cost.open_period(m::date) FROM generate_series(date '2025-02-01', '2025-07-01', '1 month') m \g /dev/null
SET timezone = 'America/New_York';
CREATE SCHEMA model;
CREATE FUNCTION model.any(anyarray) RETURNS anyelement LANGUAGE sql AS $$ SELECT ($1)[1 + floor(random() * cardinality($1))::int] $$;
INSERT INTO hospital_cost.charge_item (code, name, national_code) SELECT 'I' || i, 'x', CASE WHEN i <= 3 THEN '00110900001000' || 1 + i / 2 END FROM generate_series(1, 10) i;
INSERT INTO hospital_cost.item_code_map (item_code, national_code, valid) VALUES ('I4', '001109000010002', '[2025-03-15,)'), ('I5', '001109000010001', '(,)');
-- Encounters of four patients, some that nobody knows.
INSERT INTO hospital_cost.encounter (code, kind, patient_code, department_code, started_at, ended_at, sex, birth_date)
SELECT 'E' || i, model.any('{inpatient,inpatient,outpatient,emergency}'::text[]), CASE WHEN i % 7 > 0 THEN 'P' || i % 4 END, 'T1',
	'2025-03-10 08:00+08'::timestamptz + i * interval '5 days', '2025-03-10 08:00+08'::timestamptz + i * interval '5 days' + (i % 9) * interval '30 hours',
	model.any('{M,F,U}'::text[]), CASE WHEN i % 5 > 0 THEN date '2009-03-28' - i * 9 END
FROM generate_series(1, 14) i;

-- Knowledge: every window, single items and groups, own codes and national ones, validity that ends within the stream.
DELETE FROM hospital_cost.rule WHERE code NOT IN ('CA02', 'CA18', 'CA19', 'CA23');
INSERT INTO hospital_cost.rule (code, name, name_en, kind, valid) SELECT 'L' || i, 'x', 'x', 'item_limit', CASE i WHEN 3 THEN '[2025-03-01,2025-03-31)' ELSE '(,)' END::daterange FROM generate_series(1, 4) i;
INSERT INTO hospital_cost.rule (code, version, name, name_en, kind, valid) VALUES ('L3', 2, 'x', 'x', 'item_limit', '[2025-04-02,)');
INSERT INTO hospital_cost.rule (code, name, name_en, kind) SELECT 'P' || i, 'x', 'x', model.any('{item_pair,item_quantity_pair}'::text[]) FROM generate_series(1, 3) i;
INSERT INTO hospital_cost.item_limit (rule_code, item_code, group_code, "window", window_days, max_quantity, max_per_stay_day, max_days, min_gap_days, valid)
SELECT 'L' || 1 + i % 4, model.any('{I1,I2,I3,I4,I5,I6,I7,I8,I9,I10,001109000010001,001109000010002}'::text[]), model.any('{NULL,NULL,G1,G2}'::text[]), w,
	CASE w WHEN 'ROLL_n_DAYS' THEN 2 + i % 3 * 5 END, CASE WHEN short OR dice < 0.6 OR dice >= 0.9 THEN model.any('{0.5,1,2,3,6}'::numeric[]) END,
	CASE WHEN w = 'STAY' AND random() < 0.7 THEN 1 END, CASE WHEN NOT short AND dice BETWEEN 0.5 AND 0.8 THEN 1 + i % 4 END,
	CASE WHEN NOT short AND dice BETWEEN 0.7 AND 0.95 THEN 2 + i % 6 END, model.any('{"(,)","(,)","[2025-03-12,2025-04-05)"}'::daterange[])
FROM (SELECT i, w, w IN ('LINE', 'HOUR', 'DAY', 'ROLL_6H') AS short, random() AS dice
	FROM (SELECT i, (ARRAY['LINE', 'HOUR', 'ROLL_6H', 'DAY', 'ENCOUNTER', 'STAY', 'ROLL_n_DAYS', 'MONTH', 'QUARTER', 'YEAR'])[1 + i % 10] AS w FROM generate_series(1, 40) i) x) y
ON CONFLICT DO NOTHING;
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window", window_days, relation, ratio, valid)
SELECT * FROM (SELECT 'P' || 1 + i % 3, model.any('{I1,I2,I3,I6,I7,I8,001109000010001}'::text[]) AS a, model.any('{I4,I5,I6,I8,I9,I10,001109000010002}'::text[]) AS b, w,
	CASE w WHEN 'ROLL_n_DAYS' THEN 3 END, model.any('{exclude,exclude,quantity}'::text[]), model.any('{0.5,1,2.5}'::numeric[]), model.any('{"(,)","[2025-03-12,2025-04-05)"}'::daterange[])
	FROM (SELECT i, (ARRAY['HOUR', 'ROLL_6H', 'DAY', 'ENCOUNTER', 'STAY', 'ROLL_n_DAYS', 'MONTH', 'QUARTER', 'YEAR'])[1 + i % 9] AS w FROM generate_series(1, 27) i) x) y
WHERE a <> b ON CONFLICT DO NOTHING;
INSERT INTO hospital_cost.item_limit (rule_code, item_code, sex, age_from, age_below) VALUES ('CA18', 'I9', 'F', NULL, NULL), ('CA19', 'I10', NULL, '16 years', NULL),
	('CA19', '001109000010002', NULL, NULL, '5863 days');

CREATE SCHEMA his;
CREATE TABLE his.fee (id int PRIMARY KEY, visit text, item text, qty numeric, price numeric, at timestamptz, refund_of int, dept text DEFAULT 'T1');
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price", "charged_at": "at",
	"reverses_key": "refund_of", "performing_department": "dept"}', pricing => 'trust') \g /dev/null
\ir model/rule.sql

-- Moments lie close together, at midnight and six hours apart more often than chance would have it.
CREATE FUNCTION model.moment(visit text) RETURNS timestamptz LANGUAGE sql AS $$
	SELECT date_trunc('day', coalesce(e.started_at, '2025-03-28 12:00+08'), 'Asia/Shanghai') + floor(random() * 5) * interval '1 day'
		+ model.any(ARRAY['0', '6 hours', '12 hours', '23:59:59', '05:59:59', '10:10', '10:50', (random() * 24)::text || ' hours', '-1 second']::interval[])
	FROM (SELECT) x LEFT JOIN hospital_cost.encounter e ON e.code = visit $$;
CREATE FUNCTION model.line(i int) RETURNS his.fee LANGUAGE sql AS $$
	SELECT i, v, 'I' || 1 + floor(random() * 10)::int, model.any('{0.5,1,1,1,2,3}'::numeric[]), model.any('{10,3.33,0.125,0}'::numeric[]), model.moment(v), NULL::int, 'T1'
	FROM (SELECT 'E' || 1 + floor(random() * 17)::int AS v) x $$;
CREATE FUNCTION model.step(i int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	dice float := random();
	victim int := (SELECT f.id FROM his.fee f WHERE f.refund_of IS NULL ORDER BY random() LIMIT 1);
	given numeric;
BEGIN
	IF dice < 0.5 OR victim IS NULL THEN
		INSERT INTO his.fee SELECT (model.line(i * 10)).*;
	ELSIF dice < 0.65 THEN
		INSERT INTO his.fee SELECT l.* FROM generate_series(1, 8) g, model.line(i * 10 + g) l;
	ELSIF dice < 0.75 THEN
		-- a refund, of part or of all that is left
		SELECT f.qty + coalesce((SELECT sum(r.qty) FROM his.fee r WHERE r.refund_of = f.id), 0) INTO given FROM his.fee f WHERE f.id = victim;
		IF given > 0 THEN
			INSERT INTO his.fee SELECT i * 10, f.visit, f.item, -CASE WHEN random() < 0.5 THEN given ELSE least(given, 0.5) END, f.price, f.at + interval '1 day' * floor(random() * 3), f.id FROM his.fee f WHERE f.id = victim;
		END IF;
	ELSIF dice < 0.85 THEN
		-- a correction of lines nothing was given back of
		UPDATE his.fee f SET qty = model.any('{0.5,1,2,3}'::numeric[]), item = 'I' || 1 + floor(random() * 10)::int, at = model.moment(f.visit)
		WHERE f.id IN (victim, (SELECT min(g.id) FROM his.fee g WHERE g.id > victim)) AND f.refund_of IS NULL AND NOT EXISTS (SELECT FROM his.fee r WHERE r.refund_of = f.id);
	ELSIF dice < 0.93 THEN
		DELETE FROM his.fee f WHERE f.id = victim AND NOT EXISTS (SELECT FROM his.fee r WHERE r.refund_of = f.id);
	ELSE
		DELETE FROM his.fee f WHERE f.id = (SELECT r.id FROM his.fee r WHERE r.refund_of IS NOT NULL ORDER BY random() LIMIT 1);
	END IF;
END $$;
SELECT model.step(i) FROM generate_series(1, 450) i \g /dev/null

SELECT cmp_ok((SELECT count(*) FROM model.net), '>', 300::bigint, 'there are lines');
SELECT is_empty($$SELECT i.code, i.source_key FROM hospital_cost.posting_issue i WHERE i.severity = 'blocking'$$, 'all of them are posted');
CREATE TEMP TABLE expected AS TABLE model.breach;
SELECT is((SELECT count(DISTINCT k."window") FROM expected e JOIN hospital_cost.item_limit k ON k.knowledge_id = e.knowledge WHERE k.rule_code LIKE 'L%'), 10::bigint, 'limits are broken in every window');
SELECT cmp_ok((SELECT count(DISTINCT (k."window", k.relation)) FROM expected e JOIN hospital_cost.item_pair k ON k.knowledge_id = e.knowledge), '>', 8::bigint, 'pairs in most');
SELECT is((SELECT count(DISTINCT e.code) FROM expected e WHERE e.code LIKE 'CA%'), 4::bigint, 'and the rules without windows');
CREATE TEMP TABLE inline AS TABLE model.seen;
SELECT is_empty('SELECT * FROM expected EXCEPT ALL SELECT * FROM inline', 'what is broken is open');
SELECT is_empty('SELECT * FROM inline EXCEPT ALL SELECT * FROM expected', 'what is open is broken');
SELECT is((SELECT coalesce(sum(l.added), 0) FROM generate_series(date '2025-02-01', '2025-07-01', '1 month') m, hospital_cost._detect_lines(m::date) l), 0::numeric, 'looking through the ledger finds nothing new');
SELECT is_empty('SELECT * FROM model.seen EXCEPT ALL SELECT * FROM expected', 'nothing more is open');
SELECT is_empty('SELECT * FROM expected EXCEPT ALL SELECT * FROM model.seen', 'nor less');
-- from nothing
SET LOCAL session_replication_role = replica;
DELETE FROM hospital_cost._finding;
SET LOCAL session_replication_role = origin;
SELECT is((SELECT coalesce(sum(l.added), 0) FROM generate_series(date '2025-02-01', '2025-07-01', '1 month') m, hospital_cost._detect_lines(m::date) l), (SELECT count(*) FROM expected)::numeric, 'from nothing it finds as many');
SELECT is_empty('SELECT * FROM model.seen EXCEPT ALL SELECT * FROM expected', 'the same');
SELECT is_empty('SELECT * FROM expected EXCEPT ALL SELECT * FROM model.seen', 'all of them');
-- encounters change behind the lines
UPDATE hospital_cost.encounter SET ended_at = started_at + interval '40 hours', sex = model.any('{M,F}'::text[]), patient_code = 'P' || floor(random() * 3)::int WHERE code IN ('E1', 'E3', 'E5', 'E8', 'E10');
CREATE TEMP TABLE changed AS TABLE model.breach;
SELECT cmp_ok((SELECT coalesce(sum(l.added), 0) FROM generate_series(date '2025-02-01', '2025-07-01', '1 month') m, hospital_cost._detect_lines(m::date) l), '>', 0::numeric, 'encounters that change show something new');
SELECT is_empty('SELECT * FROM model.seen EXCEPT ALL SELECT * FROM changed', 'what is over is closed');
SELECT is_empty('SELECT * FROM changed EXCEPT ALL SELECT * FROM model.seen', 'what is new is found');
SELECT * FROM finish();
ROLLBACK;
