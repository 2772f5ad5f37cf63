-- Contract of forms and indicators: months are added up and quotients made of the sums, layout is data, what one form says another says too.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(52);
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', '财务科', 'administrative', 'none'), ('C9', '麻醉门诊', 'clinical', 'none'), ('X', '体检中心', 'external', 'none');
INSERT INTO hospital_cost.cost_item (code, name, category, behaviour, billable) VALUES ('billed', '单独收费材料', 'materials', 'variable', true);
SELECT hospital_cost.open_period('2025-04-01'), hospital_cost.open_period('2025-05-01'), hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
-- March and April: the clinic costs 300 and 900 for 10 and 50 visits; the ward 1000 and 2000 for 20 bed-days and none.
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount) VALUES
	('2025-03-01', 'C1', 'personnel', 'own', 'medical', 200), ('2025-03-01', 'C1', 'drugs', 'own', 'medical', 60), ('2025-03-01', 'C1', 'billed', 'own', 'medical', 40),
	('2025-04-01', 'C1', 'personnel', 'fiscal_basic', 'medical', 500), ('2025-04-01', 'C1', 'drugs', 'own', 'medical', 240), ('2025-04-01', 'C1', 'materials', 'own', 'medical', 160),
	('2025-03-01', 'C2', 'personnel', 'own', 'medical', 1000), ('2025-04-01', 'C2', 'personnel', 'own', 'medical', 2000), ('2025-04-01', 'C2', 'depreciation', 'fiscal_project', 'medical', 70),
	('2025-03-01', 'C9', 'other', 'own', 'medical', 30), ('2025-03-01', 'X', 'other', 'own', 'medical', 5), ('2025-03-01', NULL, 'other', 'own', 'disposal', 7),
	('2025-03-01', 'C2', 'other', 'science_education', 'medical', 11), ('2025-03-01', 'A', 'personnel', 'own', 'medical', 100.005);
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES ('2025-03-01', 'headcount', 'C1', 1), ('2025-03-01', 'headcount', 'C2', 2);
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'C1', 'visits', 10), ('2025-04-01', 'C1', 'visits', 50), ('2025-03-01', 'C2', 'bed_days', 20);
SELECT his.charge(1, 'CT', 2, done_by => 'T2'), his.charge(2, 'LAB', 3, ordered_by => 'C2', at => '2025-04-02 10:00+08'), his.charge(3, 'LAB', 1, ordered_by => NULL) \g /dev/null
CREATE FUNCTION his.printed(code text, line text, first date DEFAULT '2025-03-01', last date DEFAULT NULL, scope text DEFAULT 'medical') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(coalesce(f.amount::text, '-'), ' ' ORDER BY f.col_no) FROM hospital_cost.form(code, first, last, scope) f WHERE f.row_code = line $$;

-- what is refused
SELECT throws_ok($$SELECT hospital_cost.form('F99', '2025-03-01')$$, 'MC901', 'form "F99" does not exist', 'a form that is not there');
SELECT throws_ok($$SELECT hospital_cost.form('F01', '2025-03-01')$$, 'MC904', 'there is no official run of 2025-03', 'a month that was not allocated');
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset
SELECT throws_ok($$SELECT hospital_cost.form('F01', '2025-03-01', '2025-05-01')$$, 'MC904', 'there is no official run of 2025-04, 2025-05', 'a range with gaps names them');
SELECT throws_ok($$SELECT hospital_cost.form('F01', '2025-03-01', '2025-02-01')$$, 'MC902', 'months from 2025-03 to 2025-02 are no range', 'a range backwards');
SELECT throws_ok($$SELECT hospital_cost.form('F01', NULL)$$, 'MC902', NULL, 'no month');
SELECT throws_ok($$SELECT hospital_cost.form('F01', '2025-03-02')$$, '23514', NULL, 'a day that begins no month');
SELECT throws_ok($$SELECT hospital_cost.form('F01', '2025-03-01', NULL, 'all')$$, 'MC903', 'cost scope "all" does not exist', 'a scope that is not there');
SELECT throws_ok($$SELECT hospital_cost.form('F01', '2025-03-01', language => 'fr')$$, 'MC903', 'language "fr" is not known', 'a language');
SELECT throws_ok($$SELECT hospital_cost.indicator('2025-04-01')$$, 'MC904', NULL, 'indicators of a month that was not allocated');
SELECT hospital_cost.allocate('2025-04-01', 'four_class_three_level') AS april \gset

-- months and scopes
SELECT is(his.printed('F01', 'C1'), '200.00 40.00 60.00 0.00 0.00 0.00 0.00 300.00', 'one month');
SELECT is(his.printed('F01', 'C1', last => '2025-04-01'), '700.00 200.00 300.00 0.00 0.00 0.00 0.00 1200.00', 'two months are their sum, basic fiscal funds among medical cost');
SELECT is(his.printed('F01', 'C2', last => '2025-04-01'), '3000.00 0.00 0.00 0.00 0.00 0.00 0.00 3000.00', 'medical cost leaves the state''s project out');
SELECT is(his.printed('F01', 'C2', last => '2025-04-01', scope => 'medical_full'), '3000.00 0.00 0.00 70.00 0.00 0.00 0.00 3070.00', 'medical full cost has it');
SELECT is(his.printed('F01', 'C2', last => '2025-04-01', scope => 'hospital_full'), '3000.00 0.00 0.00 70.00 0.00 0.00 11.00 3081.00', 'hospital full cost has science too');
SELECT is(his.printed('F01', 'unassigned'), NULL, 'what belongs to the hospital as a whole is no line of medical cost');
SELECT is(his.printed('F01', 'unassigned', scope => 'hospital_full'), '0.00 0.00 0.00 0.00 0.00 0.00 7.00 7.00', 'but of hospital full cost');
SELECT is(his.printed('F01', 'X'), '0.00 0.00 0.00 0.00 0.00 0.00 5.00 5.00', 'a unit outside has its line');
SELECT is(his.printed('F01', 'A'), '100.01 0.00 0.00 0.00 0.00 0.00 0.00 100.01', 'direct cost finer than a cent is told to the cent');
SELECT is((SELECT string_agg(DISTINCT f.row_name, ' ') FROM hospital_cost.form('F01', '2025-03-01') f WHERE f.row_code IN ('A', 'total')), '医疗成本合计 财务科', 'names in Chinese');
SELECT is((SELECT string_agg(DISTINCT f.row_name || '/' || f.col_name, ' ') FROM hospital_cost.form('F01', '2025-03-01', language => 'en') f WHERE f.row_code IN ('total') AND f.col_no = 1), 'Medical cost/Personnel', 'and English');
SELECT is(his.printed('F06', 'A'), '100.01 -100.00 0.00 0.00 -0.01 0.00', 'a department that was emptied shows what went out');
SELECT is((SELECT f.amount FROM hospital_cost.form('F06', '2025-03-01') f WHERE f.row_code = 'C2' AND f.col_code = 'level1'), 66.67, 'two of three heads');

-- quotients of sums: 1200 + 33.33 over 60 visits, not the mean of 33.33 and 18
SELECT is(his.printed('F08', 'total', last => '2025-04-01'), '60.00 1233.33 20.56 20.56 20.56 15.56 14.89 401.00 -832.33 6.68 -13.87', 'a visit in two months');
SELECT is((SELECT f.ratio FROM hospital_cost.form('F07', '2025-03-01', '2025-04-01') f WHERE f.row_code = 'drugs' AND f.col_code = 'medical'), 0.243244, 'its composition, from sums');
SELECT is(his.printed('F10', 'total', '2025-04-01'), '0.00 2000.00 - - - - - 66.00 -1934.00 - -', 'no bed-day: nothing to divide by, so nothing is said');
SELECT is(his.printed('HY02F1', 'income', '2025-04-01'), '66.00 487.00', 'the month, and the year so far');
SELECT is(his.printed('HY02F1', 'cost_total', '2025-04-01'), '2900.00 4335.01', 'of cost too');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-02-01', 'C1', 'other', 1);
SELECT throws_ok($$SELECT hospital_cost.form('HY02F1', '2025-04-01')$$, 'MC904', 'there is no official run of 2025-02', 'a year is not told with a month missing');
SELECT lives_ok($$SELECT hospital_cost.form('F01', '2025-04-01')$$, 'which does not concern others');
SELECT hospital_cost.allocate('2025-02-01', 'four_class_three_level') \g /dev/null
SELECT is(his.printed('HY02F1', 'cost_other', '2025-04-01'), '0.00 36.00', 'allocated, it counts');

-- only official runs count
SELECT hospital_cost.allocate('2025-04-01', 'four_class_three_level') AS second \gset
SELECT is(his.printed('F01', 'total', '2025-04-01'), '2500.00 160.00 240.00 0.00 0.00 0.00 0.00 2900.00', 'a second run adds nothing');

-- views
SELECT is((SELECT string_agg(format('%s %s', v.period, v.total), ', ' ORDER BY v.period) FROM hospital_cost.form_f01 v WHERE v.row_code = 'C1'), '2025-02-01 1.00, 2025-03-01 300.00, 2025-04-01 900.00', 'a view has a month of official runs by itself');
SELECT is((SELECT format('%s %s %s %s', v.total, v.drugs_ratio, v.visit_cost, v.result) FROM hospital_cost.form_f05 v WHERE v.row_code = 'C1' AND v.period = '2025-04-01'), '900.00 0.266667 18.00 -900.00', 'composition by department');
SELECT is((SELECT format('%s %s', v.month, v.year_to_date) FROM hospital_cost.form_hy02f1 v WHERE v.row_code = 'income' AND v.period = '2025-04-01'), '66.00 487.00', 'income and expense');
SELECT is((SELECT format('%s|%s|%s|%s|%s', h.official_number, h.title, h.hospital, array_length(h.runs, 1), h.provisional) FROM hospital_cost.form_head('F01', '2025-03-01', '2025-04-01') h),
	'成本医01表|医院各科室直接成本表（医疗成本）|市一院|2|t', 'what stands above a form');
SELECT is((SELECT h.title FROM hospital_cost.form_head('F01', '2025-03-01', language => 'en') h), 'Direct cost of departments (medical cost)', 'in English');

-- identities, and what they see
SELECT is_empty($$SELECT * FROM hospital_cost.verify_forms('2025-03-01', '2025-04-01') v WHERE v.difference IS DISTINCT FROM 0$$, 'every identity holds over two months');
SELECT is_empty($$SELECT f.code, s.scope, x.row_code, x.col_code, x.amount FROM unnest('{F01,F02,F03,F04,F06,HY02F1}'::text[]) AS f (code) CROSS JOIN unnest('{medical,medical_full,hospital_full}'::text[]) AS s (scope)
	CROSS JOIN LATERAL hospital_cost.form(f.code, '2025-03-01', '2025-04-01', s.scope) x WHERE x.amount <> round(x.amount, 2)$$, 'nothing is told finer than a cent');
SELECT is((SELECT format('%s %s', v.expected, v.actual) FROM hospital_cost.verify_forms('2025-03-01') v WHERE v.identity = 'F03 total = F06 clinical departments'), '1430.00 1430.00', 'and is about something');
UPDATE hospital_cost.form_line SET components = '{materials}' WHERE form_code = 'F01' AND axis = 'column' AND code = 'materials';
SELECT is((SELECT string_agg(v.identity, ', ') FROM hospital_cost.verify_forms('2025-03-01') v WHERE v.difference IS DISTINCT FROM 0), 'F01 cost items = total', 'a column that leaves something out is found');
DELETE FROM hospital_cost.form_line WHERE form_code = 'F01' AND axis = 'row' AND code = 'administrative';
SELECT is((SELECT string_agg(v.identity, ', ') FROM hospital_cost.verify_forms('2025-03-01') v WHERE v.difference IS NULL), 'F01 subtotals = total', 'and a line that is gone');
ALTER TABLE hospital_cost._department_cost DISABLE TRIGGER USER;
UPDATE hospital_cost._department_cost SET full_cost = full_cost + 1 WHERE run_id = :run AND department_code = 'C1' AND cost_item_code = 'drugs';
SELECT is((SELECT string_agg(v.identity || ' ' || v.difference, ', ') FROM hospital_cost.verify_forms('2025-03-01') v WHERE v.difference <> 0 AND v.identity !~ 'F01'),
	'full cost of the runs = their direct cost, to the cell unit 0.99500000', 'a yuan that came from nowhere');
UPDATE hospital_cost._department_cost SET full_cost = full_cost - 1 WHERE run_id = :run AND department_code = 'C1' AND cost_item_code = 'drugs';

-- layout is the hospital's
UPDATE hospital_cost.form_layout SET official_number = 'X-1', title_zh = '直接成本' WHERE code = 'F01';
UPDATE hospital_cost.form_line SET name_zh = '材料' WHERE form_code = 'F01' AND axis = 'column' AND code = 'materials';
SELECT hospital_cost.load_defaults() \g /dev/null
SELECT is((SELECT h.official_number || h.title FROM hospital_cost.form_head('F01', '2025-03-01') h), 'X-1直接成本', 'titles and numbers are the hospital''s');
SELECT is((SELECT DISTINCT f.col_name FROM hospital_cost.form('F01', '2025-03-01') f WHERE f.col_code = 'materials'), '材料', 'and so are the names of columns');
SELECT is_empty($$SELECT FROM hospital_cost.form_line WHERE form_code = 'F01' AND axis = 'row' AND code = 'administrative'$$, 'loading the defaults again gives nothing back that was taken out');
INSERT INTO hospital_cost.form_layout (code, title_zh, title_en) VALUES ('OWN', '自编表', 'My own');
INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, each_member, classes, measures, per, decimals) VALUES ('OWN', 'row', 1, 'unit', '科室', 'Unit', true, '{clinical}', NULL, NULL, 2),
	('OWN', 'column', 1, 'ccr', '成本收入比', 'Cost to charge', false, NULL, '{full}', 'income', 4);
SELECT is((SELECT string_agg(format('%s %s', f.row_code, f.amount), ', ' ORDER BY f.row_no) FROM hospital_cost.form('OWN', '2025-04-01') f), 'C1 , C2 30.3030, C9 ', 'a form of one''s own: cost by income');

-- indicators
SELECT is((SELECT format('%s %s %s %s %s', i.name, i.value, i.previous_month, i.change_month, i.year_ago) FROM hospital_cost.indicator('2025-04-01') i WHERE i.code = 'visit_cost'),
	'每门急诊人次平均医疗成本 18.00 33.33 -0.459946 ', 'cost a visit, with the month before; nothing is known of a year ago');
SELECT is((SELECT format('%s %s', i.name, i.value) FROM hospital_cost.indicator('2025-04-01', 'en') i WHERE i.code = 'bed_occupancy'), 'Bed occupancy ', 'no beds: nothing to divide by');
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'C2', 'open_bed_days', 40);
SELECT is((SELECT i.value FROM hospital_cost.indicator('2025-03-01') i WHERE i.code = 'bed_occupancy'), 50.00, 'twenty of forty');
INSERT INTO hospital_cost.indicator_layout (code, position, name_zh, name_en, numerator, denominator) VALUES ('mine', 1, '自编', 'Mine', '{cost,-cost_fixed}', '{visits}'), ('odd', 2, '自编', 'Mine', '{cost,no_such_sum}', NULL);
SELECT is((SELECT i.value FROM hospital_cost.indicator('2025-04-01') i WHERE i.code = 'mine'), 8.00, 'an indicator of one''s own');
SELECT is((SELECT i.value FROM hospital_cost.indicator('2025-04-01') i WHERE i.code = 'odd'), NULL, 'a name that is not known says nothing rather than something wrong');
SELECT is((SELECT i.value FROM hospital_cost.indicator('2025-04-01') i WHERE i.code = 'break_even_bed_days'), 0.00, 'bed-days that cover a ward that earns by nothing');
SELECT * FROM finish();
ROLLBACK;
