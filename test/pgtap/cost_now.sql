-- Contract of costing now and over time: the golden hospital of the standard (March) and an April whose every effect is worked out by hand.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(44);
SET timezone = 'UTC';
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('G', 'golden');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A1', 'x', 'administrative', 'none'), ('A2', 'x', 'administrative', 'none'),
	('B1', 'x', 'auxiliary', 'none'), ('B2', 'x', 'auxiliary', 'none'), ('T1', 'x', 'technical', 'none'), ('T2', 'x', 'technical', 'none'),
	('C1', 'x', 'clinical', 'outpatient'), ('C2', 'x', 'clinical', 'inpatient'), ('C3', 'x', 'clinical', 'outpatient'), ('C4', 'x', 'clinical', 'inpatient');
CREATE TEMP TABLE cost (department text, personnel numeric, materials numeric, drugs numeric, depreciation numeric, other numeric, heads numeric);
INSERT INTO cost VALUES ('A1', 100000, 0, 0, 5000, 15000, 0), ('A2', 150000, 0, 0, 10000, 40000, 0), ('B1', 60000, 0, 0, 0, 20000, 10), ('B2', 50000, 10000, 0, 20000, 0, 10),
	('T1', 200000, 300000, 0, 50000, 10000, 20), ('T2', 120000, 30000, 0, 200000, 20000, 10), ('C1', 300000, 20000, 400000, 10000, 20000, 20),
	('C2', 600000, 100000, 500000, 60000, 90000, 40), ('C3', 150000, 30000, 120000, 10000, 10000, 10), ('C4', 700000, 800000, 300000, 100000, 100000, 40);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount)
SELECT m, c.department, v.item, v.amount FROM unnest('{2025-03-01,2025-04-01}'::date[]) m, cost c,
	LATERAL (VALUES ('personnel', personnel), ('materials', materials), ('drugs', drugs), ('depreciation', depreciation), ('other', other)) v (item, amount) WHERE v.amount <> 0;
INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('visits', 'x', 'statistic'), ('packs', 'x', 'statistic'), ('tests', 'x', 'statistic');
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity)
SELECT m, 'headcount', c.department, c.heads FROM unnest('{2025-03-01,2025-04-01}'::date[]) m, cost c WHERE c.heads > 0;
INSERT INTO hospital_cost.driver_value SELECT m, v.* FROM unnest('{2025-03-01,2025-04-01}'::date[]) m, (VALUES ('visits', 'B1', 'C1', 6000), ('visits', 'B1', 'C3', 4000),
	('packs', 'B2', 'T2', 100), ('packs', 'B2', 'C2', 300), ('packs', 'B2', 'C4', 600), ('tests', 'T1', 'C1', 300000), ('tests', 'T1', 'C2', 400000), ('tests', 'T1', 'C3', 100000),
	('tests', 'T1', 'C4', 200000), ('tests', 'T2', 'C1', 200000), ('tests', 'T2', 'C2', 200000), ('tests', 'T2', 'C3', 150000), ('tests', 'T2', 'C4', 250000)) v;
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'C1', 'visits', 6000), ('2025-03-01', 'C3', 'visits', 4000), ('2025-03-01', 'C2', 'bed_days', 1500), ('2025-03-01', 'C4', 'bed_days', 2000);
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('golden');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, server_code, receiver_classes, driver_code) VALUES ('golden', 1, 'administrative', NULL, '{auxiliary,technical,clinical}', 'headcount'),
	('golden', 2, NULL, 'B1', NULL, 'visits'), ('golden', 2, NULL, 'B2', '{technical,clinical}', 'packs'), ('golden', 3, 'technical', NULL, '{clinical}', 'tests');
-- In March 300,000 of drugs and 700,000 of materials were charged in C4, and 6,000 tests: T1's 600,000 make 100 a test. Time is loaded.
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('DRUG', 'x', '09', 'drug'), ('STENT', 'x', '08', 'material'), ('TEST', 'x', '04', 'service'), ('SCAN', 'x', '03', 'service');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES ('P0', 'inpatient', 'C4', '2025-03-05 02:00+00', '2025-03-06 02:00+00'),
	('P1', 'inpatient', 'C4', '2025-04-05 02:00+00', '2025-04-13 01:00+00'), ('GONE', 'outpatient', 'C1', '2025-04-05 02:00+00', NULL), ('EARLY', 'outpatient', 'C1', '2025-02-05 02:00+00', NULL),
	('LONG', 'inpatient', 'C2', '2025-03-31 02:00+00', '2025-04-03 02:00+00');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) SELECT code, department_code, started_at, ended_at FROM hospital_cost.encounter WHERE kind = 'inpatient';
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
CREATE FUNCTION his.post(encounter text, item text, ordering text, performing text, times numeric, price numeric, at timestamptz) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	VALUES (encounter, item, times, price, times * price, ordering, performing, at);
END;
SELECT his.post('P0', 'DRUG', 'C4', 'C4', 1, 300000, '2025-03-05 04:00+00'), his.post('P0', 'STENT', 'C4', 'C4', 1, 700000, '2025-03-05 04:00+00'),
	his.post('P0', 'TEST', 'C4', 'T1', 6000, 200, '2025-03-05 04:00+00') \g /dev/null

-- nothing to rest on yet
SELECT is((SELECT string_agg(DISTINCT reason, ' ' ORDER BY reason) FROM hospital_cost.department_cost_now('2025-04-01')), 'no_costed_run no_official_run passed_on', 'before the first run every figure is null, with its reason');
SELECT is((SELECT count(*) FROM hospital_cost.department_cost_now('2025-04-01') WHERE cost IS NULL AND provisional), 10::bigint, 'for each department');
SELECT is((SELECT direct_cost FROM hospital_cost.department_cost_now('2025-04-01') WHERE department_code = 'C2'), 1350000.00, 'what is booked stands beside it');
SELECT results_eq($$SELECT object, cost, reason FROM hospital_cost.encounter_cost_now('P1')$$, $$VALUES ('bed_day', NULL::numeric(22,8), 'no_official_run')$$, 'nor has a patient a cost');

SELECT hospital_cost.allocate('2025-03-01', 'golden') AS march \gset
SELECT hospital_cost.cost_objects(:march) \g /dev/null
-- April: C2 sees 150 bed-days more, C3 1,000 visits more.
INSERT INTO hospital_cost.workload_value VALUES ('2025-04-01', 'C1', 'visits', 6000), ('2025-04-01', 'C3', 'visits', 5000), ('2025-04-01', 'C2', 'bed_days', 1650), ('2025-04-01', 'C4', 'bed_days', 2000);
INSERT INTO hospital_cost.department (code, name, class, setting, valid) VALUES ('C9', 'x', 'clinical', 'inpatient', '[2025-04-10,)');
SELECT results_eq($$SELECT department_code, object, quantity, unit_cost, cost, provisional, reason FROM hospital_cost.department_cost_now('2025-04-01') WHERE class = 'clinical'$$,
	$$VALUES ('C1', 'visit', 6000.0000::numeric(16,4), 188.33::numeric(18,2), 1130000.00::numeric(18,2), true, NULL), ('C2', 'bed_day', 1650, 1200, 1980000, true, NULL),
		('C3', 'visit', 5000, 128.75, 643750, true, NULL), ('C4', 'bed_day', 2000, 1192.5, 2385000, true, NULL), ('C9', 'bed_day', 0, NULL, NULL, true, 'no_cost_then')$$,
	'an open month: unit cost of March × workload of April, not the rounded unit cost; a new ward has none');
SELECT results_eq($$SELECT base_run, base_period, base_quantity, base_cost, as_of FROM hospital_cost.department_cost_now('2025-04-01') WHERE department_code = 'C2'$$,
	format('VALUES (%s, date %L, 1500.0000::numeric(16,4), 1800000.00::numeric(18,2), now())', :march, '2025-03-01'), 'it says what it rests on');
SELECT results_eq($$SELECT department_code, total_cost FROM (SELECT department_code, total_cost FROM hospital_cost.visit_cost WHERE scope = 'medical' UNION ALL
		SELECT department_code, total_cost FROM hospital_cost.bed_day_cost WHERE scope = 'medical') x WHERE department_code IS NOT NULL ORDER BY 1$$,
	$$SELECT department_code COLLATE "C", cost FROM hospital_cost.department_cost_now('2025-03-01') WHERE class = 'clinical' AND cost IS NOT NULL ORDER BY 1$$, 'March by its own run is what the run says');
SELECT bag_eq($$SELECT provisional FROM hospital_cost.department_cost_now('2025-03-01')$$, 'SELECT true FROM generate_series(1, 10)', 'and provisional while it is open');

-- a patient still with us: 8 × 692.50 + 1200 + 5000
SELECT his.post('P1', 'DRUG', 'C4', 'C4', 2, 600, '2025-04-06 04:00+00'), his.post('P1', 'STENT', 'C4', 'C4', 1, 5000, '2025-04-06 04:00+00'), his.post('P1', 'TEST', 'C4', 'T1', 3, 210, '2025-04-06 04:00+00') \g /dev/null
SELECT results_eq($$SELECT object, item_code, quantity, unit_cost, cost, income, provisional, reason FROM hospital_cost.encounter_cost_now('P1')$$,
	$$VALUES ('bed_day', NULL::text, 8.0000::numeric(16,4), 692.500000::numeric(18,6), 5540.00000000::numeric(22,8), NULL::numeric(18,2), true, NULL),
		('drug', 'DRUG', 2, 600, 1200, 1200, true, NULL), ('material', 'STENT', 1, 5000, 5000, 5000, true, NULL)$$, 'the case of the standard, while it happens');
SELECT is((SELECT sum(cost) FROM hospital_cost.encounter_cost_now('P1')), 11740.00000000, '11740.00');
SELECT results_eq($$SELECT object, item_code, quantity, unit_cost, cost, income FROM hospital_cost.encounter_cost_now('P1', 'medical', 'bottom_up') WHERE object = 'item'$$,
	$$VALUES ('item', 'TEST', 3.0000::numeric(16,4), 100.000000::numeric(18,6), 300.00000000::numeric(22,8), 630.00::numeric(18,2))$$, 'bottom up: three tests at what a test cost in March');
SELECT is((SELECT sum(cost) FROM hospital_cost.encounter_cost_now('P1', 'medical', 'bottom_up')), 6500.00000000, 'with drugs and materials');
SELECT his.post('GONE', 'STENT', 'C2', 'C2', 1, 70, '2025-04-06 04:00+00'), his.post('GONE', 'DRUG', 'T2', 'T2', 1, 30, '2025-04-06 04:00+00'), his.post('GONE', 'SCAN', 'C1', 'T2', 1, 90, '2025-04-06 04:00+00') \g /dev/null
SELECT results_eq($$SELECT department_code, object, cost, reason FROM hospital_cost.encounter_cost_now('GONE') ORDER BY 2$$,
	$$VALUES ('T2', 'drug', NULL::numeric(22,8), 'no_such_cost_then'), ('C2', 'material', 70.00000000, NULL), ('C1', 'visit', 188.33333333, NULL)$$,
	'a drug that no unit has cost for is not taken, and said to be');
SELECT results_eq($$SELECT object, cost, reason FROM hospital_cost.encounter_cost_now('GONE', 'medical', 'bottom_up') WHERE object = 'item'$$, $$VALUES ('item', NULL::numeric(22,8), 'no_cost_then')$$, 'nor is an item without a unit cost');
SELECT results_eq($$SELECT department_code, cost, base_cost, uncosted_income, reason FROM hospital_cost.department_cost_now('2025-04-01') WHERE class = 'technical'$$,
	$$VALUES ('T1', 300.00::numeric(18,2), 600000.00::numeric(18,2), 0.00::numeric(18,2), NULL), ('T2', NULL, NULL, 90, 'no_cost_then')$$, 'technical units by their items');
SELECT results_eq($$SELECT object, cost, reason FROM hospital_cost.encounter_cost_now('EARLY')$$, $$VALUES ('visit', NULL::numeric(22,8), 'no_official_run')$$, 'a month before the first run');
UPDATE hospital_cost.encounter SET status = 'cancelled' WHERE code = 'GONE';
SELECT is_empty($$SELECT * FROM hospital_cost.encounter_cost_now('GONE')$$, 'a cancelled visit has no cost');
DELETE FROM his.charge WHERE encounter_code = 'GONE';

-- income against cost
SELECT results_eq($$SELECT department_code, income_ordered, full_cost, result, margin, income_performed, performed_cost, performed_result, performed_margin
	FROM hospital_cost.department_result WHERE scope = 'medical' AND period = '2025-03-01' AND department_code IN ('C1', 'C4', 'T1') ORDER BY 1$$,
	$$VALUES ('C1' COLLATE "C", 0.00::numeric(18,2), 1130000.00::numeric(18,2), -1130000.00::numeric(18,2), NULL::numeric, 0.00::numeric(18,2), 850000.00::numeric(22,8), -850000.00::numeric(22,8), NULL::numeric),
		('C4', 2200000, 2385000, -185000, -0.084091, 1000000, 2140000, -1140000, -1.140000), ('T1', 0, 0, 0, NULL, 1200000, 600000, 600000, 0.500000)$$, 'as ordered and as performed');
SELECT results_eq($$SELECT sum(full_cost), sum(performed_cost), sum(income_ordered), sum(income_performed) FROM hospital_cost.department_result WHERE scope = 'medical' AND period = '2025-03-01'$$,
	'VALUES (5830000.00, 5830000.00, 2200000.00, 2200000.00)', 'both pairs add up to the month');

-- April closes with more: C2 pays 60,000 more, T1 uses 50,000 more material, and a tenth of T1's tests moves from C1 to C2.
SELECT throws_ok($$SELECT * FROM hospital_cost.cost_change('2025-03-01', '2025-04-01')$$, 'MC734', NULL, 'a month without a run is compared with nothing');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-04-01', 'C2', 'personnel', 60000), ('2025-04-01', 'T1', 'materials', 50000);
UPDATE hospital_cost.driver_value SET quantity = CASE receiver_code WHEN 'C1' THEN 200000 ELSE 500000 END WHERE period = '2025-04-01' AND server_code = 'T1' AND receiver_code IN ('C1', 'C2');
SELECT hospital_cost.allocate('2025-04-01', 'golden') AS april \gset
SELECT results_eq($$SELECT object, department_code, cost_before, cost_after, quantity_effect, mix_effect, price_effect, driver_effect FROM hospital_cost.cost_change('2025-03-01', '2025-04-01') WHERE department_code LIKE 'C%' AND note IS NULL$$,
	$$VALUES ('bed_day', 'C2', 1800000.00::numeric(18,2), 1945000.00::numeric(18,2), 77142.86::numeric(18,2), 102857.14::numeric(18,2), -100000.00::numeric(18,2), 65000.00::numeric(18,2)),
		('bed_day', 'C4', 2385000, 2395000, 102214.29, -102214.29, 10000, 0), ('visit', 'C1', 1130000, 1080000, 113000, -113000, 15000, -65000), ('visit', 'C3', 515000, 520000, 51500, 77250, -123750, 0)$$,
	'workload, its mix, inputs at old shares, shares: by hand');
SELECT results_eq($$SELECT object, quantity_before, quantity_after, change, quantity_effect, mix_effect, price_effect, driver_effect FROM hospital_cost.cost_change('2025-03-01', '2025-04-01') WHERE department_code IS NULL$$,
	$$VALUES ('bed_day', 3500.0000::numeric(16,4), 3650.0000::numeric(16,4), 155000.00::numeric(18,2), 179357.15::numeric(18,2), 642.85::numeric(18,2), -90000.00::numeric(18,2), 65000.00::numeric(18,2)),
		('visit', 10000, 11000, -45000, 164500, -35750, -108750, -65000)$$, 'and the hospital');
SELECT is_empty($$SELECT * FROM hospital_cost.cost_change('2025-03-01', '2025-04-01') c WHERE change <> quantity_effect + mix_effect + price_effect + driver_effect OR change <> cost_after - cost_before$$, 'they add up');
SELECT is((SELECT sum(abs(quantity_effect) + abs(mix_effect) + abs(price_effect) + abs(driver_effect)) FROM hospital_cost.cost_change('2025-03-01', '2025-03-01')), 0.00, 'from a month to itself nothing changes');
SELECT results_eq($$SELECT department_code, cost, base_run FROM hospital_cost.department_cost_now('2025-04-01') WHERE class = 'clinical' AND cost IS NOT NULL$$,
	format($$VALUES ('C1', 1080000.00::numeric(18,2), %1$s), ('C2', 1945000, %1$s), ('C3', 520000, %1$s), ('C4', 2395000, %1$s)$$, :april), 'now April rests on itself');
-- Items: T1 did 6,000 tests in March, 100 each, and no scan. In April 4,000 tests and 500 scans by equivalents 1 and 3: 650,000 ÷ 5,500 = 118.18 a test.
SELECT throws_ok($$SELECT * FROM hospital_cost.item_cost_change('2025-03-01', '2025-04-01')$$, 'MC735', NULL, 'items need a costed run');
INSERT INTO hospital_cost.item_cost_method VALUES ('T1', 'equivalent', '[2025-04-01,)');
INSERT INTO hospital_cost.item_equivalent (department_code, item_code, equivalent) VALUES ('T1', 'TEST', 1), ('T1', 'SCAN', 3);
INSERT INTO hospital_cost.item_volume_value VALUES ('2025-04-01', 'T1', 'TEST', 4000, 800000), ('2025-04-01', 'T1', 'SCAN', 500, 300000);
SELECT hospital_cost.cost_objects(:april) \g /dev/null
SELECT results_eq($$SELECT item_code, note, cost_before, cost_after, quantity_effect, mix_effect, price_effect, driver_effect FROM hospital_cost.item_cost_change('2025-03-01', '2025-04-01') WHERE department_code = 'T1' ORDER BY 1 DESC$$,
	$$VALUES ('TEST', NULL, 600000.00000000::numeric(22,8), 472727.27272727::numeric(22,8), -200000.00000000::numeric(22,8), 0.00000000::numeric(22,8), 72727.27272727::numeric(22,8), 0.00000000::numeric(22,8)),
		('SCAN', 'new', 0, 177272.72727273, 0, 177272.72727273, 0, 0)$$, 'fewer tests, dearer ones, and scans that are new');
-- Against a March in which T1 did both alike by income: 2,000 tests for 200,000 and 500 scans for 400,000.
INSERT INTO hospital_cost.item_volume_value VALUES ('2025-03-01', 'T1', 'TEST', 2000, 200000), ('2025-03-01', 'T1', 'SCAN', 500, 400000);
SELECT hospital_cost.cost_objects(:march) \g /dev/null
SELECT results_eq($$SELECT item_code, cost_before, cost_after, quantity_effect, mix_effect, price_effect, driver_effect FROM hospital_cost.item_cost_change('2025-03-01', '2025-04-01') WHERE department_code = 'T1' ORDER BY 1 DESC$$,
	$$VALUES ('TEST', 200000.00000000::numeric(22,8), 472727.27272727::numeric(22,8), 66666.66666667::numeric(22,8), 133333.33333333::numeric(22,8), -75000.00000000::numeric(22,8), 147727.27272727::numeric(22,8)),
		('SCAN', 400000, 177272.72727273, 133333.33333333, -133333.33333333, -75000, -147727.27272727)$$, 'twice the tests: a third more work; shared another way');
SELECT is_empty($$SELECT * FROM hospital_cost.item_cost_change('2025-03-01', '2025-04-01', 'hospital_full') WHERE change <> quantity_effect + mix_effect + price_effect + driver_effect OR change <> cost_after - cost_before$$, 'they add up');
DELETE FROM hospital_cost.item_volume_value WHERE period = '2025-03-01';
SELECT hospital_cost.cost_objects(:march) \g /dev/null
-- a department that comes, one that goes, one that had nothing to do
SELECT hospital_cost.open_period('2025-05-01') \g /dev/null
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-05-01', 'C1', 'personnel', 500), ('2025-05-01', 'C9', 'personnel', 700), ('2025-05-01', 'C4', 'personnel', 900);
INSERT INTO hospital_cost.workload_value VALUES ('2025-05-01', 'C9', 'bed_days', 10);
INSERT INTO hospital_cost.driver_value SELECT '2025-05-01', driver_code, server_code, receiver_code, quantity FROM hospital_cost.driver_value WHERE period = '2025-04-01';
SELECT hospital_cost.allocate('2025-05-01', 'golden') \g /dev/null
SELECT results_eq($$SELECT object, department_code, note, change, quantity_effect, mix_effect, price_effect, driver_effect FROM hospital_cost.cost_change('2025-04-01', '2025-05-01') WHERE note IS NOT NULL$$,
	$$VALUES ('bed_day', 'C2', 'gone', -1945000.00::numeric(18,2), -1939671.23::numeric(18,2), -5328.77::numeric(18,2), 0.00::numeric(18,2), 0.00::numeric(18,2)),
		('bed_day', 'C4', 'no_quantity_after', -2394100, 0, 0, -2394100, 0), ('bed_day', 'C9', 'new', 700, 0, 700, 0, 0),
		('visit', 'C1', 'no_quantity_after', -1079500, 0, 0, -1079500, 0), ('visit', 'C3', 'gone', -520000, -520000, 0, 0, 0)$$, 'what cannot be compared says so');
SELECT is_empty($$SELECT * FROM hospital_cost.cost_change('2025-04-01', '2025-05-01', 'hospital_full') c WHERE change <> quantity_effect + mix_effect + price_effect + driver_effect$$, 'and adds up');

-- a closed month stands
SELECT results_eq($$SELECT period, object, quantity, cost, provisional FROM hospital_cost.encounter_cost_now('LONG')$$,
	$$VALUES (date '2025-03-01', 'bed_day', 1.0000::numeric(16,4), 1200.00000000::numeric(22,8), true), ('2025-04-01', 'bed_day', 2, 2357.57575758, true)$$, 'a stay over two open months, each by its own run');
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT results_eq($$SELECT period, object, round(cost, 6), provisional FROM hospital_cost.encounter_cost_now('LONG')$$,
	$$VALUES (date '2025-03-01', 'official', 1200.000000, false), ('2025-04-01', 'bed_day', 2357.575758, true)$$, 'closed, it is told as it stands');
SELECT is((SELECT bool_or(provisional) FROM hospital_cost.department_cost_now('2025-03-01') WHERE object IS NOT NULL), false, 'so are its departments');
SELECT is((SELECT c.cost FROM hospital_cost.encounter_cost_now('P0') c), (SELECT sum(c.total) FROM hospital_cost.encounter_cost c WHERE c.run_id = :march AND c.encounter_code = 'P0'), 'an old patient is told as costed');
SELECT is((SELECT sum(c.cost) FROM hospital_cost.encounter_cost_now('P0', 'medical', 'bottom_up') c), 1600000.00000000, 'bottom up from his items');

-- refusals and rights
SELECT throws_ok($$SELECT * FROM hospital_cost.department_cost_now('2025-04-01', 'x')$$, 'MC731', NULL, 'a scope that is not known');
SELECT throws_ok($$SELECT * FROM hospital_cost.department_cost_now('2025-04-02')$$, '23514', NULL, 'a day that is no month');
SELECT throws_ok($$SELECT * FROM hospital_cost.encounter_cost_now('nobody')$$, 'MC732', NULL, 'an encounter that is not known');
SELECT throws_ok($$SELECT * FROM hospital_cost.encounter_cost_now('P1', 'medical', 'x')$$, 'MC733', NULL, 'a method that is not known');
SELECT throws_ok($$SELECT * FROM hospital_cost.cost_change('2025-03-01', '2025-04-01', NULL)$$, 'MC731', NULL, 'no scope');
SELECT hospital_cost.setup_roles('hc now') \g /dev/null
SET LOCAL ROLE "hc now_reader";
SELECT lives_ok($$SELECT FROM hospital_cost.department_result, hospital_cost.department_cost_now('2025-04-01') LIMIT 1$$, 'a reader reads');
SELECT lives_ok($$SELECT FROM hospital_cost.encounter_cost_now('P1'), hospital_cost.cost_change('2025-03-01', '2025-04-01') LIMIT 1$$, 'all of it');
SELECT throws_ok($$SELECT * FROM hospital_cost._item_base(1, 1)$$, '42501', NULL, 'and nothing beneath');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
