-- Contract of disease and DRG cost: only discharged patients with all their months, three methods, what failed grouping apart, what is paid; and F11 to F17.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(30);
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01') \g /dev/null
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('T1', '检验科', 'technical', 'none'), ('C4', '外科病区', 'clinical', 'inpatient');
INSERT INTO hospital_cost.charge_item (code, name, unit, category, kind) VALUES ('LAB', '血常规', '次', '04', 'service'), ('BED', '床位', '日', '01', 'service'), ('DRUG', '药', NULL, '09', 'drug'), ('MAT', '材料', NULL, '08', 'material');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('LAB', 10), ('BED', 100), ('DRUG', 1), ('MAT', 1);
INSERT INTO hospital_cost.cost_item (code, name, category, behaviour, billable) VALUES ('billed', '单独收费材料', 'materials', 'variable', true);
-- A 8 days, B 4, C 8 that failed grouping, D still there, E from February into March: 3 days then, 1 midnight now.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, diagnosis_code, drg_code, payer) VALUES
	('A', 'inpatient', 'C4', '2025-03-01 08:00+08', '2025-03-09 09:00+08', 'K35.9', 'GD29', '310'), ('B', 'inpatient', 'C4', '2025-03-02 08:00+08', '2025-03-06 09:00+08', 'K35.1', 'GD29', '390'),
	('C', 'inpatient', 'C4', '2025-03-02 08:00+08', '2025-03-10 09:00+08', 'K80', '0000', '310'), ('D', 'inpatient', 'C4', '2025-03-20 08:00+08', NULL, 'K35.9', 'GD29', '310'),
	('E', 'inpatient', 'C4', '2025-02-26 08:00+08', '2025-03-01 09:00+08', 'K35.2', 'P01', '310');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) SELECT code, 'C4', started_at, ended_at FROM hospital_cost.encounter;
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge') \g /dev/null
INSERT INTO his.charge (encounter_code, item_code, quantity, ordering_department, performing_department, charged_at)
SELECT v.e, v.item, v.quantity, 'C4', CASE v.item WHEN 'LAB' THEN 'T1' ELSE 'C4' END, v.at::timestamptz
FROM (VALUES ('A', 'DRUG', 1200, '2025-03-05 10:00+08'), ('A', 'MAT', 500, '2025-03-05 10:00+08'), ('A', 'LAB', 3, '2025-03-05 10:00+08'), ('A', 'BED', 8, '2025-03-05 10:00+08'),
	('B', 'DRUG', 100, '2025-03-05 10:00+08'), ('B', 'LAB', 1, '2025-03-05 10:00+08'), ('B', 'BED', 4, '2025-03-05 10:00+08'), ('C', 'BED', 8, '2025-03-05 10:00+08'),
	('D', 'BED', 12, '2025-03-25 10:00+08'), ('D', 'LAB', 6, '2025-03-25 10:00+08'), ('E', 'BED', 3, '2025-02-27 10:00+08')) AS v (e, item, quantity, at);
-- March: 3200 of the ward and 50 of the laboratory for 32 bed-days, 101.5625 each; February: 600 for the three nights of E.
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C4', 'personnel', 3200), ('2025-03-01', 'C4', 'drugs', 1300), ('2025-03-01', 'C4', 'billed', 500),
	('2025-03-01', 'T1', 'personnel', 50), ('2025-02-01', 'C4', 'personnel', 600);
INSERT INTO hospital_cost.disease VALUES ('D1', '阑尾炎', '{K35}'), ('D2', '阑尾炎伴腹膜炎', '{K35.2,K36}');
INSERT INTO hospital_cost.payment_group (kind, code, name, weight, failed) VALUES ('drg', 'GD29', '阑尾切除', 0.8, false), ('drg', '0000', '未入组', 0, true), ('dip', 'P01', '阑尾炎：保守', 120, false);
INSERT INTO hospital_cost.payment_rate (kind, payer, rate, valid) VALUES ('drg', NULL, 5000, '(,)'), ('drg', '390', 4000, '(,)'), ('dip', NULL, 9.5, '[2025-03-01,)'), ('dip', NULL, 8, '(,2025-03-01)');
SELECT hospital_cost.allocate('2025-02-01', 'four_class_three_level') AS february, hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS march \gset
SELECT throws_ok($$SELECT hospital_cost.form('F12', '2025-03-01')$$, 'MC905', NULL, 'a form of diseases needs the cost objects');
SELECT is((SELECT count(*) FROM hospital_cost.verify_forms('2025-03-01')), 40::bigint, 'without them the forms of departments are proved');
SELECT results_eq($$SELECT DISTINCT c.method FROM hospital_cost.disease_cost c$$, ARRAY['cost_to_charge'], 'one method does not need them');
SELECT is((SELECT count(*) FROM hospital_cost.form_f12), 0::bigint, 'and views show no month that has none');
SELECT hospital_cost.cost_objects(:february), hospital_cost.cost_objects(:march) \g /dev/null
SELECT results_eq($$SELECT c.department_code, c.cost::numeric(18,2), c.income, c.ratio FROM hospital_cost.cost_to_charge c WHERE c.period = '2025-03-01' ORDER BY 1$$,
	$$VALUES ('C4' COLLATE "C", 3200.00::numeric(18,2), 3200.00::numeric(18,2), 1.000000), ('T1', 50.00, 100.00, 0.500000)$$, 'cost to income after two levels');

CREATE FUNCTION his.case(want text, kind text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s cases, total %s, mean %s, median %s, services %s, drugs %s, materials %s, %s days, income %s, result %s, uncosted %s', c.cases, c.total_cost, c.unit_cost, c.median_cost, c.service_cost, c.drugs,
		c.billable_materials, c.bed_days, c.income, c.result, c.uncosted_income)
	FROM hospital_cost.disease_cost c WHERE c.period = '2025-03-01' AND c.scope = 'medical' AND c.method = kind AND c.disease_code IS NOT DISTINCT FROM want $$;
SELECT is(his.case('D1', 'top_down'), '2 cases, total 3018.75, mean 1509.38, median 1509.38, services 1218.75, drugs 1300.00, materials 500.00, 12 days, income 3040.00, result 21.25, uncosted 0.00', 'top-down: twelve bed-days, drugs and materials');
SELECT is(his.case('D1', 'bottom_up'), '2 cases, total 3020.00, mean 1510.00, median 1510.00, services 1220.00, drugs 1300.00, materials 500.00, 12 days, income 3040.00, result 20.00, uncosted 0.00', 'bottom-up: items by their unit cost');
SELECT is(his.case('D1', 'cost_to_charge'), '2 cases, total 3020.00, mean 1510.00, median 1510.00, services 1220.00, drugs 1300.00, materials 500.00, 12 days, income 3040.00, result 20.00, uncosted 0.00', 'cost to income: income by the ratio of the department');
SELECT is(his.case('D2', 'top_down'), '1 cases, total 600.00, mean 600.00, median 600.00, services 600.00, drugs 0.00, materials 0.00, 3 days, income 300.00, result -300.00, uncosted 0.00',
	'a stay of two months has the cost of both, and the longer prefix wins');
SELECT is(his.case('D2', 'bottom_up'), '1 cases, total 600.00, mean 600.00, median 600.00, services 600.00, drugs 0.00, materials 0.00, 3 days, income 300.00, result -300.00, uncosted 0.00', 'by the unit cost of the month it was charged in');
SELECT is(his.case(NULL, 'top_down'), '1 cases, total 812.50, mean 812.50, median 812.50, services 812.50, drugs 0.00, materials 0.00, 8 days, income 800.00, result -12.50, uncosted 0.00', 'a case of no disease is told and in none');
SELECT is_empty($$SELECT FROM hospital_cost.disease_cost c WHERE c.period = '2025-02-01'$$, 'nobody left in February');
CREATE FUNCTION his.drg(want text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s cases %s weight %s cmi %s cost %s payment %s result %s unpaid %s', c.kind, c.matched, c.cases, c.weight, c.cmi, c.total_cost, c.payment, c.result, c.unpaid_cases)
	FROM hospital_cost.drg_cost c WHERE c.period = '2025-03-01' AND c.scope = 'medical' AND c.method = 'top_down' AND c.drg_code IS NOT DISTINCT FROM want $$;
SELECT is(his.drg('GD29'), 'drg case cases 2 weight 1.6000 cmi 0.8000 cost 3018.75 payment 7200.00 result 4181.25 unpaid 0', 'a DRG: 0.8 × 5000 and, of the payer with a rate of his own, × 4000');
SELECT is(his.drg('P01'), 'dip case cases 1 weight 120.0000 cmi 120.0000 cost 600.00 payment 1140.00 result 540.00 unpaid 0', 'a DIP group: points × the value of the day of discharge');
SELECT is(his.drg(NULL), ' not grouped cases 1 weight  cmi  cost 812.50 payment  result  unpaid 1', 'what failed grouping is counted and in no group');
UPDATE hospital_cost.encounter SET diagnosis_code = 'K35' WHERE code = 'C';
SELECT hospital_cost.cost_objects(:march) \g /dev/null
SELECT is((SELECT format('%s %s %s', c.cases, c.unit_cost, c.median_cost) FROM hospital_cost.disease_cost c WHERE c.disease_code = 'D1' AND c.scope = 'medical' AND c.method = 'top_down'), '3 1277.08 812.50', 'the median of three is not their mean');
UPDATE hospital_cost.encounter SET diagnosis_code = 'K80' WHERE code = 'C';
SELECT hospital_cost.cost_objects(:march) \g /dev/null
SELECT throws_ok($$INSERT INTO hospital_cost.payment_group (code, name, weight) VALUES ('GD29', 'x', 1)$$, '23P01', NULL, 'a group has one weight a day');
SELECT throws_ok($$INSERT INTO hospital_cost.payment_rate (kind, rate) VALUES ('drg', 1)$$, '23P01', NULL, 'and a payer one rate');

-- forms
CREATE FUNCTION his.printed(code text, line text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(coalesce(f.amount::text, '-'), ' ' ORDER BY f.col_no) FROM hospital_cost.form(code, '2025-03-01') f WHERE f.row_code = line $$;
SELECT is((SELECT DISTINCT f.row_name FROM hospital_cost.form('F11', '2025-03-01') f WHERE f.row_code = 'LAB'), '血常规（次）', 'an item with its unit');
SELECT is(his.printed('F11', 'LAB'), '10.00 5.000000 0.000000 0.000000 0.000000 0.000000 0.000000 0.000000 5.000000 10.000000 5.000000 50.00 100.00 50.00', 'F11 an item');
SELECT is(his.printed('F11', 'total'), '0.00 - - - - - - - - - - 3250.00 3300.00 50.00', 'F11 all items: no quantity, no unit cost');
SELECT is(his.printed('F12', 'total'), '3.00 5.00 3618.75 1206.25 1300.00 500.00 1818.75 3340.00 -278.75', 'F12 all diseases');
SELECT is(his.printed('F13', 'D1'), '1218.75 500.00 1300.00 0.00 0.00 0.00 0.00 3018.75', 'F13 by cost item');
SELECT is(his.printed('F14', 'D1'), '1218.75 0.00 0.00 0.00 0.00 1300.00 500.00 0.00 3018.75', 'F14 by service unit: the ward carries what others did for it');
SELECT is(his.printed('F15', 'GD29'), '2.00 6.00 3018.75 1509.38 1300.00 500.00 1218.75 3040.00 21.25 1.60 0.8000 7200.00 4181.25 0.00', 'F15 a DRG');
SELECT is(his.printed('F16', 'total'), '1818.75 500.00 1300.00 0.00 0.00 0.00 0.00 3618.75', 'F16 by cost item');
SELECT is(his.printed('F15', 'failed'), '1.00 8.00 812.50 812.50 0.00 0.00 812.50 800.00 -12.50 0.00 0.0000 0.00 0.00 1.00', 'F15 cases that failed grouping');
SELECT hospital_cost.cost_objects(:march, 'service_units') \g /dev/null
SELECT is(his.printed('F17', 'GD29'), '1200.00 0.00 0.00 0.00 20.00 1300.00 500.00 0.00 3020.00', 'F17 by service unit: the laboratory by itself');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_forms('2025-02-01', '2025-03-01') v WHERE v.difference IS DISTINCT FROM 0$$, 'every identity holds');
SELECT is((SELECT format('%s %s', v.expected::numeric(18,2), v.actual::numeric(18,2)) FROM hospital_cost.verify_forms('2025-03-01') v WHERE v.identity = 'F12 diseases + no disease = cost of discharged patients'), '4420.00 4420.00', 'and is about something');
SELECT * FROM finish();
ROLLBACK;
