-- 150,291 real service lines of 1,143 patients over 39 months, in a table that knows nothing of this extension: attached by mapping, loaded
-- by one COPY, priced from a list. Whatever plain SQL says about the source table, the ledger and its totals must say too.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\if `test -f "$HC_DATA/event_logs/bpic2011_service_lines.csv" && echo true || echo false`
BEGIN;
SELECT plan(34);

-- the hospital's table, as the hospital made it
CREATE SCHEMA zis;
CREATE TABLE zis.event (
	case_id varchar(8) NOT NULL, activity text, activity_code text, "timestamp" timestamp NOT NULL, "group" text, producer_code text, section text,
	specialism_code text, number_of_executions int, "CASE_age" int, "CASE_diagnosis" text, "CASE_diagnosis_code" text, "CASE_treatment_code" text,
	"CASE_specialism_code" text, activity_instance_id int NOT NULL, PRIMARY KEY (case_id, activity_instance_id));

-- the catalogue: departments, items and a price made from the code, the same on every machine
CREATE TEMP TABLE line (LIKE zis.event);
\copy line from program 'cat "$HC_DATA/event_logs/bpic2011_service_lines.csv"' csv header
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, timezone) VALUES ('AMC', 'Academic hospital', 'Europe/Amsterdam');
INSERT INTO hospital_cost.department (code, name, class)
SELECT "group", "group", CASE WHEN "group" ~* 'lab|radio|pathology|microbiology|nuclear|operating' THEN 'technical' ELSE 'clinical' END
FROM line WHERE "group" IS NOT NULL GROUP BY "group";
INSERT INTO hospital_cost.charge_item (code, name, category)
SELECT activity_code, min(activity), lpad((1 + abs(hashtextextended(activity_code, 0) % 14))::text, 2, '0') FROM line GROUP BY activity_code;
CREATE FUNCTION zis.price(code text) RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN 1 + ('x' || substr(md5(code), 1, 6))::bit(24)::int % 100000 * 0.0137;
INSERT INTO hospital_cost.price (item_code, unit_price) SELECT code, zis.price(code) FROM hospital_cost.charge_item;
SELECT hospital_cost.open_period(m::date) FROM generate_series(date '2005-01-01', date '2008-03-01', interval '1 month') m \g /dev/null
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at)
SELECT case_id, 'inpatient', (array_agg("group" ORDER BY activity_instance_id))[1], min("timestamp") AT TIME ZONE 'Europe/Amsterdam', max("timestamp") AT TIME ZONE 'Europe/Amsterdam'
FROM line WHERE "group" IS NOT NULL GROUP BY case_id;

SELECT hospital_cost.attach_charges('zis.event', '{"source_key": ["case_id", "activity_instance_id"], "encounter": "case_id", "item": "activity_code",
	"quantity": "number_of_executions", "performing_department": "group", "charged_at": "timestamp"}') \g /dev/null
\copy zis.event from program 'cat "$HC_DATA/event_logs/bpic2011_service_lines.csv"' csv header
ANALYZE zis.event;

SELECT is((SELECT count(*) FROM zis.event), 150291::bigint, '150,291 lines came in');
SELECT is((SELECT format('%s %s %s', count(DISTINCT case_id), count(DISTINCT activity_code), count(DISTINCT coalesce("group", '-'))) FROM zis.event), '1143 675 43',
	'of 1,143 patients, 675 codes, 43 departments, one of which has no name');
SELECT is((SELECT count(*) FROM hospital_cost.encounter), (SELECT count(DISTINCT case_id) FROM zis.event WHERE "group" IS NOT NULL), 'every patient is an encounter');

-- the lines without a department: kept, explained, listed
SELECT is((SELECT count(*) FROM hospital_cost.ledger), 150275::bigint, 'all lines but sixteen became entries');
SELECT results_eq($$SELECT i.code COLLATE "default", i.severity, i.field, count(*) FROM hospital_cost.posting_issue i WHERE i.state = 'open' GROUP BY 1, 2, 3 ORDER BY 1$$,
	$$VALUES ('missing_value', 'blocking', 'performing_department', 16::bigint), ('no_original', 'warning', 'reverses_key', 1113)$$,
	'sixteen lines name no department, 1,113 negative lines name no original');
SELECT results_eq($$SELECT u.source_key FROM hospital_cost.unposted('zis.event') u ORDER BY 1$$,
	$$SELECT case_id || '|' || activity_instance_id FROM zis.event WHERE "group" IS NULL ORDER BY 1$$, 'unposted() lists those sixteen');
SELECT throws_ok(format('SELECT hospital_cost.close_period(%L)', date_trunc('month', min("timestamp"))::date), 'MC004', NULL, 'their month cannot be closed')
FROM zis.event WHERE "group" IS NULL;
INSERT INTO hospital_cost.department (code, name, class) VALUES ('(none)', 'no group given', 'clinical');
UPDATE zis.event SET "group" = '(none)' WHERE "group" IS NULL;
SELECT is_empty($$SELECT * FROM hospital_cost.unposted('zis.event')$$, 'given a department, they are posted');
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue i WHERE i.state = 'open' AND i.severity = 'blocking'), 0::bigint, 'and nothing blocks any more');

-- what plain SQL says, and what the ledger says
SELECT is((SELECT count(*) FROM hospital_cost.ledger), 150291::bigint, 'one entry a line');
SELECT results_eq($$SELECT l.kind, count(*) FROM hospital_cost.ledger l GROUP BY 1 ORDER BY 1$$, $$VALUES ('adjust', 1113::bigint), ('post', 149178)$$, 'negative lines adjust');
CREATE TEMP VIEW source AS
SELECT e."group" AS department, date_trunc('month', e."timestamp")::date AS period, e.activity_code AS item, e.number_of_executions AS quantity,
	round(e.number_of_executions * zis.price(e.activity_code), 2) AS amount FROM zis.event e;
CREATE TEMP VIEW entry AS
SELECT l.performing_department_code AS department, l.period::date AS period, l.item_code AS item, l.quantity, l.amount FROM hospital_cost.ledger l;
SELECT is_empty($$(SELECT department COLLATE "C", count(*), sum(quantity), sum(amount) FROM source GROUP BY 1) EXCEPT (SELECT department, count(*), sum(quantity), sum(amount) FROM entry GROUP BY 1)$$,
	'lines, quantity and amount by department');
SELECT is_empty($$(SELECT period, count(*), sum(quantity), sum(amount) FROM source GROUP BY 1) EXCEPT (SELECT period, count(*), sum(quantity), sum(amount) FROM entry GROUP BY 1)$$,
	'by month');
SELECT is_empty($$(SELECT item COLLATE "C", count(*), sum(quantity), sum(amount) FROM source GROUP BY 1) EXCEPT (SELECT item, count(*), sum(quantity), sum(amount) FROM entry GROUP BY 1)$$,
	'by code');
SELECT is_empty($$(SELECT department COLLATE "C", period, count(*), sum(amount) FROM source GROUP BY 1, 2)
	EXCEPT (SELECT performing_department_code, period, sum(entries), sum(amount) FROM hospital_cost.charge_total GROUP BY 1, 2)$$, 'charge_total, by department and month');
SELECT is_empty($$(SELECT performing_department_code, period::date, sum(entries), sum(amount) FROM hospital_cost.charge_total GROUP BY 1, 2)
	EXCEPT (SELECT department COLLATE "C", period, count(*), sum(amount) FROM source GROUP BY 1, 2)$$, 'and nothing beside it');
SELECT is((SELECT count(*) FROM (SELECT performing_department_code FROM hospital_cost.charge_total GROUP BY 1) x), 43::bigint, 'all 43 departments have a total');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t), (SELECT sum(amount) FROM source), 'the grand total');
SELECT is_empty($$SELECT FROM hospital_cost.ledger l JOIN zis.event e ON l.source_key = e.case_id || '|' || e.activity_instance_id
	WHERE (l.encounter_code, l.item_code, l.service_day, l.charged_at, l.unit_price)
	IS DISTINCT FROM (e.case_id, e.activity_code, e."timestamp"::date, e."timestamp" AT TIME ZONE 'Europe/Amsterdam', zis.price(e.activity_code))$$,
	'every entry carries its line''s patient, code, day, instant and price');
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v
	WHERE p.period IN ('2005-01-01', '2005-02-01', '2006-07-01', '2008-03-01') AND v.difference <> 0$$,
	'every identity holds in a few months');
SELECT is((SELECT count(*) FROM hospital_cost.period), 39::bigint, 'of 39 months');

-- repetition: the rule against a plain count, for pairs that no refund touches
CREATE TEMP TABLE refunded AS SELECT DISTINCT case_id COLLATE "C" AS visit, activity_code COLLATE "C" AS item FROM zis.event WHERE number_of_executions < 0;
SELECT is((SELECT count(*) FROM hospital_cost.finding f WHERE f.code = 'CA02' AND f.state = 'open' AND (f.encounter_code, f.item_code) NOT IN (TABLE refunded)),
	(SELECT sum(x.n - 1)::bigint FROM (SELECT count(*) AS n FROM zis.event e WHERE (e.case_id, e.activity_code) NOT IN (TABLE refunded)
		GROUP BY e.case_id, e.activity_code, e."timestamp"::date) x), 'every repetition of a code on a day is found, and no other');
SELECT is((SELECT count(*) FROM hospital_cost.finding f WHERE f.code = 'CA04'), 0::bigint, 'no price is above its list');

-- the table goes on living
ALTER TABLE zis.event DROP COLUMN "CASE_age", ADD COLUMN note text DEFAULT 'added later';
INSERT INTO zis.event (case_id, activity_instance_id, activity_code, "timestamp", "group", number_of_executions, note)
SELECT case_id, activity_instance_id + 1000000, activity_code, "timestamp", "group", 2, 'again' FROM zis.event WHERE activity_instance_id <= 1000;
SELECT is((SELECT count(*) FROM hospital_cost.ledger), 151291::bigint, 'columns come and go, lines are posted');
UPDATE zis.event SET number_of_executions = 3 WHERE note = 'again' AND activity_instance_id % 2 = 0;
DELETE FROM zis.event WHERE note = 'again' AND activity_instance_id % 5 = 0;
SELECT is((SELECT sum(quantity) FROM entry), (SELECT sum(quantity)::numeric FROM source), 'changed and deleted lines follow');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t), (SELECT sum(amount) FROM source), 'the grand total again');
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v WHERE v.difference <> 0$$,
	'every identity of every month again');
SELECT cmp_ok(hospital_cost.compact_totals(), '>', 0::bigint, 'totals are compacted');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t), (SELECT sum(amount) FROM source), 'and stay');

-- a month is closed; what comes late goes to the next and keeps its day
SELECT lives_ok($$SELECT hospital_cost.close_period('2005-01-01')$$, 'January 2005 is closed');
UPDATE zis.event SET number_of_executions = number_of_executions + 1 WHERE case_id = '00000000' AND activity_instance_id = 1;
SELECT results_eq($$SELECT l.kind, l.period::date, l.quantity FROM hospital_cost.ledger l WHERE l.source_key = '00000000|1' ORDER BY l.entry_id$$,
	$$VALUES ('post', '2005-01-01'::date, 1::numeric(16,4)), ('reverse', '2005-02-01', -1), ('post', '2005-02-01', 2)$$, 'its correction is posted in February');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t WHERE t.period = '2005-01-01'),
	(SELECT sum(amount) FROM entry WHERE period = '2005-01-01'), 'January stays as it was closed');
DELETE FROM zis.event;
SELECT is((SELECT sum(abs(t.amount)) FROM (SELECT sum(amount) AS amount FROM hospital_cost.charge_total GROUP BY performing_department_code) t), 0.00,
	'when every line goes, every department comes to nothing');
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v
	WHERE p.period IN ('2005-01-01', '2005-02-01', '2006-07-01', '2008-03-01') AND v.difference <> 0$$,
	'and every identity holds to the end');

SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('the service lines are not here: HC_DATA names no folder with event_logs/bpic2011_service_lines.csv in it', 1);
SELECT * FROM finish();
\endif
