-- Planted faults: of each deterministic rule, breaches and what lies just inside the limit are put into a hospital that charges as it should, at midnight and over the
-- end of a month. Each line says itself what must be found of it; nothing here reads a rule, knowledge or the engine to know it. All of it must be
-- found, nothing else; and all must close when everything is given back. A rule that is shipped and has no breach planted here fails.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, level) VALUES ('H1', 'x', '三级');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('T1', 'x', 'technical'), ('T2', 'x', 'technical');
SELECT hospital_cost.open_period(m::date) FROM generate_series(date '2025-02-01', '2025-06-01', '1 month') m \g /dev/null
SET timezone = 'America/New_York';
CREATE SCHEMA plant;
CREATE TABLE plant.item (code text PRIMARY KEY, price numeric, national_code text);
\ir model/planted_case.sql

INSERT INTO hospital_cost.charge_item (code, name, category, national_code) SELECT i.code, i.code, '04', i.national_code FROM plant.item i;
INSERT INTO hospital_cost.price (item_code, unit_price) SELECT i.code, i.price FROM plant.item i WHERE i.code <> 'listed';
INSERT INTO hospital_cost.price (item_code, valid, unit_price, ceiling) VALUES ('listed', '(,2025-04-01)', 20, 25), ('listed', '[2025-04-01,)', 30, 25);

-- Each case begins in the middle of a month, on its last day, and two days before the end of February.
CREATE TABLE plant.planted AS
SELECT row_number() OVER (ORDER BY c.rule, c.name, a.day) AS n, c.*, a.day
FROM plant.case c CROSS JOIN (VALUES (date '2025-03-12'), ('2025-03-31'), ('2025-02-27')) a (day)
WHERE c.only_from IS NULL OR c.only_from = a.day;
CREATE FUNCTION plant.at(day date, after int, clock text) RETURNS timestamptz LANGUAGE sql STABLE RETURN (day + after + clock::time) AT TIME ZONE 'Asia/Shanghai';
-- A line: [visit/]item quantity price day time [!rule:excess:yuan …]. Price - is the list's; days count from the first one; "back" gives the line before it back.
CREATE TABLE plant.line AS
SELECT row_number() OVER (ORDER BY p.n, l.ord)::int AS id, p.n, p.rule, p.department, format('V%s.%s', p.n, coalesce(substring(w.w[1] FROM '^(\d)/'), '1')) AS visit,
	regexp_replace(w.w[1], '^\d/', '') AS item, w.w[2]::numeric AS quantity, nullif(w.w[3], '-')::numeric AS price, plant.at(p.day, w.w[4]::int, w.w[5]) AS at, w.w[6:] AS found
FROM plant.planted p CROSS JOIN LATERAL regexp_split_to_table(btrim(p.lines, E' \n\t'), '\s*;\s*') WITH ORDINALITY AS l (line, ord)
CROSS JOIN LATERAL (SELECT regexp_split_to_array(l.line, '\s+')) w (w);
CREATE TABLE plant.expected AS
SELECT m[1] AS code, l.id::text AS source_key, m[2]::numeric(16,4) AS excess, m[3]::numeric(18,2) AS amount
FROM plant.line l CROSS JOIN LATERAL unnest(l.found) AS f (mark) CROSS JOIN LATERAL regexp_match(f.mark, '^!(\w+):([0-9.]+):([0-9.]+)$') AS m;

INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at, sex, birth_date, payer, diagnosis_code)
SELECT v.visit, 'P' || p.n, p.kind, 'T1', plant.at(p.day, coalesce(p.admitted, 0), '09:00'), plant.at(p.day, p.discharged, '10:00'), coalesce(p.sex, 'U'),
	(p.day + coalesce(p.birthday_in, 0) - p.age)::date, p.payer, p.diagnosis
FROM plant.planted p JOIN (SELECT DISTINCT l.n, l.visit FROM plant.line l) v ON v.n = p.n;

-- The hospital around them: a hundred stays of one to nine days, a bed, a level of nursing and one round a day, tests; two hundred visits of two tests.
CREATE TABLE plant.stay AS
SELECT i, format('S%s', i) AS visit, date '2025-02-10' + i * 7 % 70 AS day, 1 + i * 5 % 9 AS days FROM generate_series(1, 100) i;
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at, sex, birth_date)
SELECT s.visit, 'PS' || s.i, 'inpatient', 'T1', plant.at(s.day, 0, '00:00'), plant.at(s.day, s.days, '00:00'), 'F', date '1960-02-29' + s.i FROM plant.stay s
UNION ALL SELECT format('O%s', i), 'PO' || i % 150, 'outpatient', 'T1', plant.at(date '2025-02-10', i % 80, '23:59:59'), NULL, 'M', date '2000-02-29' + i FROM generate_series(1, 200) i;
CREATE SCHEMA his;
CREATE TABLE his.fee (id bigint PRIMARY KEY, visit text, item text, qty numeric, price numeric, at timestamptz, refund_of bigint, dept text);
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price", "charged_at": "at",
	"reverses_key": "refund_of", "performing_department": "dept"}', pricing => 'verify') \g /dev/null
INSERT INTO his.fee (id, visit, item, qty, at, dept)
SELECT 1000000 + row_number() OVER (), s.visit, x.item, 1, plant.at(s.day, d, x.clock), 'T1'
FROM plant.stay s CROSS JOIN generate_series(0, s.days - 1) d CROSS JOIN (VALUES ('bed', '00:00'), ('nursing2', '23:59:59'), ('round', '08:00'), ('plain1', '09:00'), ('plain2', '00:00')) x (item, clock);
INSERT INTO his.fee (id, visit, item, qty, at, dept)
SELECT 2000000 + row_number() OVER (), format('O%s', i), x.item, 1, plant.at(date '2025-02-10', i % 80, '23:59:59'), 'T1' FROM generate_series(1, 200) i CROSS JOIN (VALUES ('plain1'), ('plain2')) x (item);
-- The planted lines, one after the other, as a hospital writes them.
INSERT INTO his.fee (id, visit, item, qty, price, at, refund_of, dept)
SELECT l.id, l.visit, CASE l.item WHEN 'back' THEN b.item ELSE l.item END, CASE l.item WHEN 'back' THEN -b.quantity ELSE l.quantity END, CASE l.item WHEN 'back' THEN b.price ELSE l.price END,
	l.at, CASE l.item WHEN 'back' THEN b.id END, coalesce(l.department, 'T1')
FROM plant.line l LEFT JOIN plant.line b ON b.id = l.id - 1 ORDER BY l.id;

CREATE VIEW plant.found AS
SELECT f.code::text, f.source_key::text, f.excess_quantity AS excess, f.amount_at_risk AS amount FROM hospital_cost.finding f
WHERE f.class = 'conduct' AND f.state = 'open' AND f.code IN (SELECT d.rule FROM plant.deterministic d);
-- Rules over fields that this table has not, over stock, and over months of a patient: their breaches and near misses are planted one by one elsewhere.
CREATE TABLE plant.elsewhere AS SELECT * FROM (VALUES ('CA22', 'pgtap/rule_row.sql'), ('CA32', 'pgtap/rule_row.sql'), ('CA42', 'pgtap/rule_row.sql'), ('CA43', 'pgtap/rule_row.sql'),
	('CA45', 'pgtap/rule_row.sql'), ('CA46', 'pgtap/rule_row.sql'), ('CA47', 'pgtap/rule_row.sql'), ('CA48', 'pgtap/rule_row.sql'), ('CA24', 'pgtap/detection_stay.sql'),
	('CA30', 'pgtap/detection_stay.sql'), ('CA31', 'pgtap/detection_stay.sql'), ('CA38', 'pgtap/detection_stay.sql'), ('CA40', 'pgtap/detection_stay.sql')) AS v (rule, test);
CREATE TABLE plant.shipped AS SELECT DISTINCT d.rule FROM plant.deterministic d JOIN hospital_cost.rule r ON r.code = d.rule WHERE d.rule NOT IN (SELECT e.rule FROM plant.elsewhere e);

SELECT plan(9 + 2 * (SELECT count(*)::int FROM plant.shipped));
SELECT diag('not planted here: ' || string_agg(d.rule || coalesce(' (' || e.test || ')', ' (not shipped)'), ', ' ORDER BY d.rule)) FROM plant.deterministic d LEFT JOIN plant.elsewhere e ON e.rule = d.rule
WHERE d.rule NOT IN (TABLE plant.shipped);
SELECT is_empty($$SELECT i.code, i.source_key, i.field, i.observed FROM hospital_cost.posting_issue i WHERE i.severity = 'blocking'$$, 'everything is posted');
SELECT is_empty('TABLE plant.shipped EXCEPT SELECT e.code FROM plant.expected e', 'each shipped rule has a breach planted');
SELECT is_empty($$SELECT s.rule FROM plant.shipped s WHERE NOT EXISTS (SELECT FROM plant.line l WHERE l.rule = s.rule AND l.found = '{}' GROUP BY l.n HAVING count(*) = (SELECT count(*) FROM plant.line m WHERE m.n = l.n))$$,
	'and something just inside its limit');
SELECT is_empty($$SELECT s.rule FROM plant.shipped s JOIN hospital_cost.rule_state r ON r.code = s.rule WHERE r.state <> 'active'$$, 'and is at work');
SELECT is((SELECT count(*) FROM (SELECT l.n, l.found FROM plant.line l, unnest(l.found) f WHERE f !~ '^!(\w+):([0-9.]+):([0-9.]+)$') x), 0::bigint, 'what the planter expects can be read');
-- rule by rule
SELECT is_empty(format('SELECT * FROM plant.expected e WHERE e.code = %1$L EXCEPT ALL SELECT * FROM plant.found f WHERE f.code = %1$L', s.rule), s.rule || ' finds what was planted')
FROM plant.shipped s ORDER BY s.rule;
SELECT is_empty(format('SELECT * FROM plant.found f WHERE f.code = %1$L EXCEPT ALL SELECT * FROM plant.expected e WHERE e.code = %1$L', s.rule), s.rule || ' finds nothing else')
FROM plant.shipped s ORDER BY s.rule;
SELECT is_empty($$SELECT * FROM plant.found f WHERE f.source_key::int >= 1000000$$, 'nothing is found of those who charge as they should');
SELECT diag(format('planted %s breaches in %s cases, %s of them without one, among %s lines', (SELECT count(*) FROM plant.expected), (SELECT count(*) FROM plant.planted),
	(SELECT count(*) FROM plant.planted p WHERE NOT EXISTS (SELECT FROM plant.line l WHERE l.n = p.n AND l.found <> '{}')), (SELECT count(*) FROM his.fee)));
SELECT is((SELECT coalesce(sum(d.added), 0) FROM generate_series(date '2025-02-01', '2025-06-01', '1 month') m, LATERAL hospital_cost._detect_lines(m::date) d), 0::numeric, 'looking through the ledger finds nothing new');
-- Everything planted is given back.
INSERT INTO his.fee (id, visit, item, qty, price, at, refund_of, dept)
SELECT 3000000 + f.id, f.visit, f.item, -f.qty, f.price, f.at, f.id, f.dept FROM his.fee f
WHERE f.id < 1000000 AND f.refund_of IS NULL AND NOT EXISTS (SELECT FROM his.fee r WHERE r.refund_of = f.id);
SELECT is_empty('SELECT * FROM plant.found', 'what was given back closes itself');
SELECT is_empty($$SELECT e.code, e.source_key FROM plant.expected e WHERE e.code IN (TABLE plant.shipped)
	EXCEPT ALL SELECT f.code, f.source_key FROM hospital_cost.finding f WHERE f.class = 'conduct' AND f.state = 'resolved' AND f.closed_by = session_user$$, 'every finding is kept as resolved');
SELECT * FROM finish();
ROLLBACK;
