-- The golden hospital on the prescribed forms: every form held against figures worked out by hand.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\if `test -f "$HC_DATA/golden_hospital/departments.csv" && echo true || echo false`
BEGIN;
SELECT plan(40);
\ir fixture/golden.sql
INSERT INTO hospital_cost.hospital (code, name) VALUES ('G', '金标准医院');
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'C2', 'discharges', 150), ('2025-03-01', 'C4', 'discharges', 250),
	('2025-03-01', 'C2', 'discharged_bed_days', 1440), ('2025-03-01', 'C4', 'discharged_bed_days', 2160);
INSERT INTO hospital_cost.capacity (period, department_code, resource, quantity) VALUES ('2025-03-01', 'C2', 'beds', 50), ('2025-03-01', 'C4', 'beds', 75);

-- What was charged. Laboratory and imaging as the driver says, drugs at cost, one image without an order.
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('LAB', '化验', '04', 'service'), ('IMG', '检查', '03', 'service'), ('DRUG', '西药', '09', 'drug'),
	('HERB', '饮片', '10', 'drug'), ('MAT', '材料', '08', 'material'), ('BED', '床位', '01', 'service'), ('REG', '挂号', '13', 'service'), ('NURSE', '护理', '07', 'service'), ('OP', '手术', '06', 'service');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('LAB', 100000), ('IMG', 50000), ('DRUG', 100000), ('HERB', 10000), ('MAT', 1000), ('BED', 100), ('REG', 10), ('NURSE', 50), ('OP', 100000);
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge') \g /dev/null
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at)
SELECT 'E', v.item, v.quantity, v.ordering, coalesce(v.performing, v.ordering), '2025-03-10 10:00+08'
FROM (VALUES ('LAB', 3, 'C1', 'T1'), ('LAB', 4, 'C2', 'T1'), ('LAB', 1, 'C3', 'T1'), ('LAB', 2, 'C4', 'T1'), ('IMG', 4, 'C1', 'T2'), ('IMG', 4, 'C2', 'T2'), ('IMG', 3, 'C3', 'T2'),
	('IMG', 5, 'C4', 'T2'), ('IMG', 1, NULL, 'T2'), ('DRUG', 4, 'C1', NULL), ('DRUG', 4, 'C2', NULL), ('HERB', 10, 'C2', NULL), ('DRUG', 1, 'C3', NULL), ('HERB', 2, 'C3', NULL), ('DRUG', 3, 'C4', NULL),
	('BED', 1500, 'C2', NULL), ('BED', 2000, 'C4', NULL), ('REG', 6000, 'C1', NULL), ('REG', 4000, 'C3', NULL), ('NURSE', 200, 'C1', NULL), ('NURSE', 2000, 'C4', NULL),
	('OP', 20, 'C4', NULL), ('MAT', 700, 'C4', NULL), ('MAT', 30, 'C3', NULL)) AS v (item, quantity, ordering, performing);
SELECT is((SELECT count(*) FROM hospital_cost.ledger), 24::bigint, 'every charge is posted');
SELECT hospital_cost.allocate('2025-03-01', 'golden') AS run \gset

CREATE TEMP TABLE cell AS SELECT l.code AS form, f.* FROM hospital_cost.form_layout l CROSS JOIN LATERAL hospital_cost.form(l.code, '2025-03-01') f WHERE l.object = 'department';
-- A line of a form as it is printed: the amounts in the order of the columns.
CREATE FUNCTION pg_temp.printed(form text, line text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(coalesce(c.amount::text, '-'), ' ' ORDER BY c.col_no) FROM cell c WHERE c.form = printed.form AND c.row_code = line $$;
SELECT is((SELECT string_agg(x.row_code, ' ' ORDER BY x.row_no) FROM (SELECT DISTINCT row_no, row_code FROM cell WHERE form = 'F01') x),
	'C1 C2 C3 C4 clinical T1 T2 technical B1 B2 auxiliary operating A1 A2 administrative total', 'F01: departments by class, subtotals after each');
SELECT is(pg_temp.printed('F01', x.line), x.amounts, 'F01 ' || x.line) FROM (VALUES
	('C4', '700000.00 800000.00 300000.00 100000.00 0.00 0.00 100000.00 2000000.00'),
	('clinical', '1750000.00 950000.00 1320000.00 180000.00 0.00 0.00 220000.00 4420000.00'),
	('operating', '2180000.00 1290000.00 1320000.00 450000.00 0.00 0.00 270000.00 5510000.00'),
	('total', '2430000.00 1290000.00 1320000.00 465000.00 0.00 0.00 325000.00 5830000.00')) AS x (line, amounts);
SELECT is(pg_temp.printed('F02', x.line), x.amounts, 'F02 ' || x.line) FROM (VALUES
	('C2', '1350000.00 50000.00 0.00 0.00 1400000.00 20000.00 0.00 0.00 0.00 0.00 1420000.00'),
	('unassigned', '0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 10000.00 10000.00'),
	('total', '5830000.00 50000.00 0.00 0.00 5880000.00 20000.00 0.00 0.00 0.00 10000.00 5910000.00')) AS x (line, amounts);
SELECT is(pg_temp.printed('F03', x.line), x.amounts, 'F03 ' || x.line) FROM (VALUES
	('C3', '150000.00 95660.16 245660.16 30000.00 35812.50 65812.50 120000.00 0.00 120000.00 10000.00 44568.36 54568.36 0.00 0.00 0.00 0.00 0.00 0.00 10000.00 18958.98 28958.98 320000.00 195000.00 515000.00'),
	('total', '1750000.00 680000.00 2430000.00 950000.00 340000.00 1290000.00 1320000.00 0.00 1320000.00 180000.00 285000.00 465000.00 0.00 0.00 0.00 0.00 0.00 0.00 220000.00 105000.00 325000.00 4420000.00 1410000.00 5830000.00'))
	AS x (line, amounts);
SELECT is(pg_temp.printed('F04', x.line), x.amounts, 'F04 ' || x.line) FROM (VALUES
	('C2', '1350000.00 450000.00 1800000.00 50000.00 0.00 50000.00 0.00 0.00 0.00 0.00 0.00 0.00 1400000.00 450000.00 1850000.00 20000.00 0.00 20000.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 1420000.00 450000.00 1870000.00'),
	('total', '4420000.00 1410000.00 5830000.00 50000.00 0.00 50000.00 0.00 0.00 0.00 0.00 0.00 0.00 4470000.00 1410000.00 5880000.00 20000.00 0.00 20000.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 10000.00 0.00 10000.00 4500000.00 1410000.00 5910000.00'))
	AS x (line, amounts);
SELECT is(pg_temp.printed('F05', x.line), x.amounts, 'F05 ' || x.line) FROM (VALUES
	('total', '1130000.00 1800000.00 515000.00 2385000.00 5830000.00'), ('income', '970000.00 1250000.00 440000.00 3750000.00 6410000.00'),
	('result', '-160000.00 -550000.00 -75000.00 1365000.00 580000.00'), ('bed_day_cost', '- 1200.00 - 1192.50 1195.71'), ('visit_cost', '188.33 - 128.75 - 164.50')) AS x (line, amounts);
SELECT is((SELECT string_agg(c.ratio::text, ' ' ORDER BY c.row_no) FROM cell c WHERE c.form = 'F05' AND c.col_code = 'C4'),
	'0.374238 0.367165 0.125786 0.079721 0.000000 0.000000 0.053090 1.000000', 'F05 composition of a ward');
SELECT is(pg_temp.printed('F06', x.line), x.amounts, 'F06 ' || x.line) FROM (VALUES
	('A1', '120000.00 -120000.00 0.00 0.00 0.00 0.00'), ('B1', '80000.00 20000.00 -100000.00 0.00 0.00 0.00'), ('T2', '370000.00 20000.00 10000.00 -400000.00 0.00 0.00'),
	('C4', '2000000.00 80000.00 60000.00 245000.00 0.00 2385000.00'), ('total', '5830000.00 0.00 0.00 0.00 0.00 5830000.00')) AS x (line, amounts);
SELECT is((SELECT string_agg(format('%s %s', c.amount, c.ratio), ', ' ORDER BY c.row_no) FROM cell c WHERE c.form = 'F07' AND c.col_code = 'medical' AND c.amount <> 0),
	'72.72 0.442071, 18.36 0.111588, 52.00 0.316109, 13.33 0.081049, 8.09 0.049182, 164.50 1.000000', 'F07 composition of a visit');
SELECT is(pg_temp.printed('F08', x.line), x.amounts, 'F08 ' || x.line) FROM (VALUES
	('C1', '6000.00 1130000.00 188.33 188.33 188.33 121.67 121.67 970000.00 -160000.00 161.67 -26.67'),
	('C3', '4000.00 515000.00 128.75 128.75 128.75 98.75 98.75 440000.00 -75000.00 110.00 -18.75'),
	('total', '10000.00 1645000.00 164.50 164.50 164.50 112.50 112.50 1410000.00 -235000.00 141.00 -23.50')) AS x (line, amounts);
SELECT is(pg_temp.printed('F09', x.line), x.amounts, 'F09 ' || x.line) FROM (VALUES ('personnel', '486.51 486.51 486.51'), ('depreciation', '94.76 109.05 109.05'),
	('other', '69.74 69.74 75.46'), ('total', '1195.71 1210.00 1215.71')) AS x (line, amounts);
SELECT is(pg_temp.printed('F10', x.line), x.amounts, 'F10 ' || x.line) FROM (VALUES
	('C2', '1500.00 1800000.00 1200.00 1233.33 1246.67 866.67 866.67 1250000.00 -550000.00 833.33 -366.67'),
	('total', '3500.00 4185000.00 1195.71 1210.00 1215.71 967.14 967.14 5000000.00 815000.00 1428.57 232.86')) AS x (line, amounts);
SELECT is((SELECT string_agg(format('%s %s', c.row_code, c.amount), ', ' ORDER BY c.row_no) FROM cell c WHERE c.form = 'HY02F1' AND c.col_code = 'period' AND c.amount <> 0 AND c.row_code ~ 'income|patient'),
	'outpatient_registration 100000.00, outpatient_examination 350000.00, outpatient_laboratory 400000.00, outpatient_treatment 10000.00, outpatient_materials 30000.00, outpatient_drugs 520000.00, '
	'outpatient_western_drugs 500000.00, outpatient_herbal_drugs 20000.00, outpatient_income 1410000.00, inpatient_bed 350000.00, inpatient_examination 450000.00, inpatient_laboratory 600000.00, '
	'inpatient_surgery 2000000.00, inpatient_nursing 100000.00, inpatient_materials 700000.00, inpatient_drugs 800000.00, inpatient_western_drugs 700000.00, inpatient_herbal_drugs 100000.00, '
	'inpatient_income 5000000.00, unassigned_income 50000.00, income 6460000.00', 'HY02F1 income');
SELECT is((SELECT string_agg(format('%s %s', c.row_code, c.amount), ', ' ORDER BY c.row_no) FROM cell c WHERE c.form = 'HY02F1' AND c.col_code = 'year' AND c.amount <> 0 AND c.row_code !~ 'income|patient'),
	'cost_personnel 2430000.00, cost_materials 1290000.00, cost_drugs 1320000.00, cost_depreciation 465000.00, cost_other 325000.00, cost_total 5830000.00, operating 5510000.00, clinical 4420000.00, '
	'technical 930000.00, auxiliary 160000.00, administration 320000.00, function_total 5830000.00', 'HY02F1 cost, the year so far');

SELECT results_eq($$SELECT c.department_code, c.cost::numeric(18,2), c.income, c.ratio FROM hospital_cost.cost_to_charge c WHERE c.department_code LIKE 'T%' AND c.funding_group = 1 ORDER BY 1$$,
	$$VALUES ('T1' COLLATE "C", 600000.00::numeric(18,2), 1000000.00::numeric(18,2), 0.600000), ('T2', 400000.00, 850000.00, 0.470588)$$, 'cost to income of the laboratory and of imaging, the image without an order among it');

-- all forms against each other
SELECT is_empty($$SELECT * FROM hospital_cost.verify_forms('2025-03-01') v WHERE v.difference IS DISTINCT FROM 0$$, 'every identity holds');
SELECT is((SELECT count(*) FROM hospital_cost.verify_forms('2025-03-01')), 40::bigint, 'forty of them');

-- indicators: income 6,460,000 of which outpatient 1,410,000 and inpatient 5,000,000; cost 5,830,000; drugs 1,320,000 of both; 125 beds of 31 days
SELECT is((SELECT string_agg(format('%s %s', i.code, i.value), ', ' ORDER BY i.indicator_no) FROM hospital_cost.indicator('2025-03-01') i),
	'visits 10000.00, bed_days 3500.00, employees 160.00, income 6460000.00, cost 5830000.00, result 630000.00, employee_income 40375.00, employee_cost 36437.50, employee_result 3937.50, '
	'drug_income_rate 20.43, drug_share 18.58, material_share 11.30, fixed_cost_rate 49.66, variable_cost_rate 44.77, mixed_cost_rate 5.57, personnel_cost_rate 41.68, material_cost_rate 22.13, '
	'drug_cost_rate 22.64, depreciation_cost_rate 7.98, income_margin 9.75, outpatient_income_margin -16.67, inpatient_income_margin 16.30, drug_income_margin 0.00, cost_margin 10.81, '
	'outpatient_cost_margin -14.29, inpatient_cost_margin 19.47, drug_cost_margin 0.00, visit_charge 141.00, visit_cost 164.50, visit_result -23.50, bed_day_charge 1428.57, bed_day_cost 1195.71, '
	'bed_day_result 232.86, discharge_charge 12500.00, cost_per_100_outpatient_income 116.67, cost_per_100_inpatient_income 83.70, drugs_per_100_income 20.43, materials_per_100_income 19.97, '
	'materials_per_100_income_without_drugs 25.10, break_even_visits 13326.55, break_even_bed_days 2577.92, bed_occupancy 90.32, bed_turnover 3.20, bed_working_days 28.00, length_of_stay 9.00, unused_bed_days 375.00',
	'every indicator');
SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('the golden hospital is not here: HC_DATA names no folder with golden_hospital in it', 1);
SELECT * FROM finish();
\endif
