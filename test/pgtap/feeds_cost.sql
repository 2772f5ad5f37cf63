-- Contract of attach_costs: vouchers, payroll, stores, depreciation become direct cost, which is never changed, only taken back.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/feed.sql
SELECT plan(34);
CREATE FUNCTION his.booked() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', c.source_key, to_char(c.period, 'YYYY-MM'), c.department_code, c.cost_item_code, c.funding_source, trim_scale(c.amount))
	FROM hospital_cost.direct_cost c ORDER BY c.direct_cost_id $$;
CREATE FUNCTION his.costs_of(change jsonb) RETURNS text LANGUAGE sql RETURN format('SELECT hospital_cost.attach_costs(%L, %L, %L, %L)', 'his.voucher',
	'{"source_key": ["no", "line"], "period": ["year", "month"], "department": "dept", "cost_item": "account", "amount": "debit", "credit": "credit"}'::jsonb || coalesce(change -> 'columns', '{}'),
	coalesce(change ->> 'mode', 'flag'), '{"values": {"cost_item": {"5001.01": "personnel", "5001.02": "materials"}}, "status": {"column": "state", "valid": ["记账"], "planned": ["未记账"], "void": ["作废"]}}');
SELECT throws_ok(his.costs_of('{"columns": {"period": null}}'), 'MC201', NULL, 'a cost has a month');
SELECT throws_ok(his.costs_of('{"columns": {"amount": null}}'), 'MC201', NULL, 'and an amount');
SELECT throws_ok(his.costs_of('{"columns": {"source_key": null}}'), 'MC201', NULL, 'and a key');
SELECT throws_ok(his.costs_of('{"mode": "async"}'), 'MC203', NULL, 'no async');
SELECT lives_ok(his.costs_of('{}'), 'vouchers: account codes translated, debit less credit, year and month apart');

INSERT INTO his.voucher VALUES ('A', 1, 2025, 3, 'C1', '5001.01', 100, NULL, '记账'), ('A', 2, 2025, 3, 'C1', '5001.02', 100, 30.123456789, '记账'), ('A', 3, 2025, 3, NULL, 'depreciation', NULL, 5, '记账'),
	('A', 4, 2025, 3, 'C1', '5001.01', 7, 7, '记账'), ('A', 5, 2025, 3, 'C1', '5001.01', 9, NULL, '未记账');
SELECT results_eq('SELECT his.booked()', ARRAY['A|1 2025-03 C1 personnel own 100', 'A|2 2025-03 C1 materials own 69.87654321', 'A|3 2025-03 depreciation own -5'],
	'a row that comes to nothing and one not booked yet are no cost; without a department it is the hospital''s');
SELECT is((SELECT DISTINCT c.source || ' ' || c.written_by FROM hospital_cost.direct_cost c), 'his.voucher ' || session_user, 'with the table and the login');
UPDATE his.voucher SET debit = 120 WHERE line = 1;
UPDATE his.voucher SET dept = 'C2', state = '记账' WHERE line IN (2, 5);
DELETE FROM his.voucher WHERE line = 3;
UPDATE his.voucher SET state = '作废' WHERE line = 5;
SELECT results_eq('SELECT his.booked() OFFSET 3', ARRAY['A|1 2025-03 C1 personnel own -100', 'A|1 2025-03 C1 personnel own 120', 'A|2 2025-03 C1 materials own -69.87654321', 'A|2 2025-03 C2 materials own 69.87654321',
	'A|5 2025-03 C2 personnel own 9', 'A|3 2025-03 depreciation own 5', 'A|5 2025-03 C2 personnel own -9'], 'a change takes back and books anew, a deletion and a void take back');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.voucher') v WHERE v.difference <> 0$$, 'row for row and in sum');
UPDATE his.voucher SET debit = debit;
INSERT INTO his.voucher VALUES ('A', 1, 2025, 3, 'C1', '5001.01', 120) ON CONFLICT DO NOTHING;
INSERT INTO his.voucher VALUES ('A', 1, 2025, 3, 'C1', '5001.01', 120) ON CONFLICT (no, line) DO UPDATE SET debit = excluded.debit;
SELECT is((SELECT count(*) FROM hospital_cost.direct_cost), 10::bigint, 'the same again books nothing');
UPDATE his.voucher SET no = 'B' WHERE line = 1;
SELECT results_eq('SELECT his.booked() OFFSET 10', ARRAY['A|1 2025-03 C1 personnel own -120', 'B|1 2025-03 C1 personnel own 120'], 'a key that moves takes its cost along');
MERGE INTO his.voucher v USING (VALUES ('A', 2), ('M', 1)) AS n (no, line) ON (n.no, n.line) = (v.no, v.line) WHEN MATCHED THEN DELETE
	WHEN NOT MATCHED THEN INSERT VALUES (n.no, n.line, 2025, 3, 'T1', 'drugs', 1, NULL, '记账');
COPY his.voucher FROM PROGRAM 'printf "%s\n" "P	1	2025	3	T1	drugs	2	\\N	记账"';
SAVEPOINT before;
DELETE FROM his.voucher;
SELECT is((SELECT sum(c.amount) FROM hospital_cost.direct_cost c), 0.00000000, 'everything deleted comes to nothing');
ROLLBACK TO before;
SELECT is((SELECT sum(c.amount) FROM hospital_cost.direct_cost c), 123.00000000, 'rolled back to the savepoint, it stands; MERGE and COPY have booked');

-- issues
INSERT INTO his.voucher (no, line, year, month, dept, account, debit, state) VALUES ('X', 1, 2025, 13, 'C1', '5001.01', 1, '记账'), ('X', 2, 2025, NULL, 'C1', '5001.01', 1, '记账'), ('X', 3, 2025, 3, 'C1', '5001.99', 1, '记账'), ('X', 4, 2025, 3, 'C1', NULL, 1, '记账'), ('X', 5, 2025, 3, 'ZZ', '5001.01', 1, '记账'),
	('X', 6, 2025, 3, 'C1', '5001.01', NULL, '记账'), ('X', 7, 2025, 3, 'C1', '5001.01', 80000000000, '记账'), ('X', 8, 2025, 3, 'C1', '5001.01', 1, '?');
SELECT results_eq($$SELECT * FROM his.issues('his.voucher')$$, ARRAY['X|1 unreadable_value period 2025|13', 'X|2 missing_value period', 'X|3 unknown_cost_item cost_item 5001.99', 'X|4 missing_value cost_item',
	'X|5 unknown_department department ZZ', 'X|6 missing_value amount', 'X|7 unreadable_value amount 80000000000', 'X|8 unknown_status status ?'], 'what cannot be booked');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.voucher') v WHERE v.difference <> 0$$, 'is explained');
DELETE FROM his.voucher WHERE no = 'X';
SELECT is_empty($$SELECT * FROM his.issues('his.voucher')$$, 'and resolved once it is gone');

-- closed months
INSERT INTO his.voucher VALUES ('C', 1, 2025, 2, 'C1', '5001.01', 50);
SELECT hospital_cost.open_period('2025-02-01') \g /dev/null
SELECT hospital_cost.close_period('2025-02-01') \g /dev/null
UPDATE his.voucher SET debit = 60 WHERE no = 'C';
INSERT INTO his.voucher VALUES ('C', 2, 2025, 2, 'C1', '5001.01', 5), ('C', 3, 2025, 3, 'C1', '5001.01', 6);
UPDATE his.voucher SET month = 2 WHERE no = 'M';
SELECT results_eq($$SELECT * FROM his.issues('his.voucher')$$, ARRAY['C|1 period_closed period 2025-02', 'C|2 period_closed period 2025-02', 'M|1 period_closed period 2025-02'], 'nothing is booked into a closed month, nor out of it');
SELECT is((SELECT sum(c.amount) FILTER (WHERE c.period = '2025-02-01') || ' ' || sum(c.amount) FILTER (WHERE c.source_key = 'M|1') FROM hospital_cost.direct_cost c), '50.00000000 1.00000000', 'what was booked stands');
SELECT is((SELECT sum(c.amount) FROM hospital_cost.direct_cost c WHERE c.source_key = 'C|3'), 6.00000000, 'the other rows of the statement are booked');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_feed('his.voucher') v WHERE v.difference <> 0$$, 'the issues explain the rest');
SELECT lives_ok($$SELECT hospital_cost.reopen_period('2025-02-01', '补记')$$, 'the month is reopened');
SELECT results_eq($$SELECT r.outcome, r.row_count FROM hospital_cost.refresh_feed('his.voucher') r$$,
	$$VALUES ('inserted', 1::bigint), ('updated', 2), ('removed', 0), ('unchanged', 3), ('refused', 0)$$, 'and refresh_feed books what waited');
SELECT is((SELECT sum(c.amount) FROM hospital_cost.direct_cost c WHERE c.period = '2025-02-01'), 66.00000000, 'once');
SELECT is_empty($$SELECT * FROM his.issues('his.voucher')$$, 'no issue is left');

-- months in other words, and by the day of booking
CREATE TABLE his.payroll (id int PRIMARY KEY, month text, at timestamptz, pay double precision);
SELECT hospital_cost.attach_costs('his.payroll', '{"source_key": "id", "period": "month", "booked_at": "at", "department": {"constant": "C2"}, "cost_item": {"constant": "personnel"}, "amount": "pay",
	"funding_source": {"constant": "fiscal_basic"}}') \g /dev/null
INSERT INTO his.payroll VALUES (1, '2025-03', NULL, 0.1), (2, '202503', NULL, 0.2), (3, ' 2025/3 ', NULL, 0.3), (4, '2025年03月', NULL, 0.4), (5, '2025-03-31', NULL, 0.5), (6, NULL, '2025-03-31 23:59:59+08', 0.6),
	(7, NULL, '2025-04-01 00:00+08', 0.7), (8, '2025-3-1x', NULL, 1), (9, NULL, NULL, 1), (10, '25-03', NULL, 1);
SELECT results_eq($$SELECT c.period::text, sum(c.amount), count(*) FROM hospital_cost.direct_cost c WHERE c.source = 'his.payroll' GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('2025-03-01', 2.10000000, 6::bigint), ('2025-04-01', 0.70000000, 1)$$, 'months as they are written, and the day in the hospital''s zone');
SELECT results_eq($$SELECT * FROM his.issues('his.payroll')$$, ARRAY['10 unreadable_value period 25-03', '8 unreadable_value period 2025-3-1x', '9 missing_value period'], 'and what is no month');
SELECT is((SELECT count(*) FROM hospital_cost.verify_feed('his.payroll') v WHERE v.difference = 0), 3::bigint, 'to the last cent');

-- strict, and the truth that stays
SELECT his.costs_of('{"mode": "strict"}') AS sql \gset
:sql \g /dev/null
SELECT throws_ok($$INSERT INTO his.voucher VALUES ('S', 1, 2025, 3, 'C1', '5001.99', 1)$$, 'MC621', NULL, 'strict raises');
DELETE FROM his.payroll WHERE id > 7;
SELECT hospital_cost.close_period('2025-02-01') \g /dev/null
SELECT throws_ok($$DELETE FROM his.voucher WHERE no = 'C'$$, 'MC227', 'his.voucher refused by costs: period_closed', 'for a closed month too');
SELECT throws_ok(his.costs_of('{"columns": {"source_key": "no"}}'), 'MC209', NULL, 'the key stays once rows are booked');
SELECT lives_ok($$SELECT hospital_cost.detach_costs('his.voucher')$$, 'detached');
DELETE FROM his.voucher;
SELECT is((SELECT sum(c.amount) FROM hospital_cost.direct_cost c WHERE c.source = 'his.voucher'), 194.00000000, 'what was booked stays');
CREATE TABLE his.payroll_copy AS TABLE his.payroll;
DROP TABLE his.payroll;
ALTER TABLE his.payroll_copy RENAME TO payroll;
ALTER TABLE his.payroll ADD PRIMARY KEY (id);
UPDATE his.payroll SET pay = pay + 1 WHERE id = 1;
SELECT hospital_cost.attach_costs('his.payroll', '{"source_key": "id", "period": "month", "booked_at": "at", "department": {"constant": "C2"}, "cost_item": {"constant": "personnel"}, "amount": "pay",
	"funding_source": {"constant": "fiscal_basic"}}', 'flag', '{"backfill": true}') \g /dev/null
SELECT is((SELECT sum(c.amount) || ' ' || count(*) FROM hospital_cost.direct_cost c WHERE c.source = 'his.payroll'), '3.80000000 9', 'a table replaced by its copy goes on: what it had is not booked twice');
SELECT throws_ok($$DELETE FROM hospital_cost._direct_cost$$, 'MC006', NULL, 'whoever asks');
SELECT * FROM finish();
ROLLBACK;
