-- Contract of service-item cost: what takes part, every method, what is shown and not spread, prices against cost, the proof and what it sees.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(58);
\ir fixture/hospital.sql
INSERT INTO hospital_cost.department (code, name, class) VALUES ('A1', '挂号处', 'auxiliary');
INSERT INTO hospital_cost.charge_item (code, name, category, kind, billable) VALUES ('PILL', '药片', '12', 'drug', true), ('STENT', '支架', '11', 'material', true);
INSERT INTO hospital_cost.cost_item (code, name, category, behaviour, billable) VALUES ('stents', '可收费材料', 'materials', 'variable', true);
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'trust') \g /dev/null
-- LAB: ten, two given back. Drugs and stents are no items; FREE is done where no cost stays.
SELECT his.charge(1, 'LAB', 10, 20), his.charge(2, 'CT', 2, 170), his.charge(3, 'PILL', 9, 100), his.charge(4, 'STENT', 1, 9000), his.charge(5, 'FREE', 3, 5, done_by => 'A1') \g /dev/null
SELECT his.charge(6, 'LAB', -2, 20, visit => 'E1', refund_of => 1) \g /dev/null
INSERT INTO hospital_cost.item_volume_value VALUES ('2025-03-01', 'T2', 'LAB', 4, NULL);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'T1', 'personnel', 1000), ('2025-03-01', 'T1', 'materials', 300),
	('2025-03-01', 'T1', 'other', 200), ('2025-03-01', 'T1', 'stents', 77), ('2025-03-01', 'T1', 'drugs', 50), ('2025-03-01', 'T2', 'personnel', 100);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount) VALUES ('2025-03-01', 'T1', 'depreciation', 'fiscal_project', 60);
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('none');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, driver_code) VALUES ('none', 1, 'administrative', 'headcount');
SELECT hospital_cost.allocate('2025-03-01', 'none') AS run \gset
CREATE SCHEMA told;
CREATE FUNCTION told.run() RETURNS int LANGUAGE sql RETURN (SELECT max(r.run_id) FROM hospital_cost.run r);
CREATE FUNCTION told.again() RETURNS void LANGUAGE sql RETURN hospital_cost._compute_item_cost(told.run());
CREATE FUNCTION told.use(m text) RETURNS void LANGUAGE sql BEGIN ATOMIC
	DELETE FROM hospital_cost.item_cost_method; INSERT INTO hospital_cost.item_cost_method (method) VALUES (m); SELECT told.again(); END;
CREATE VIEW told.t1 AS SELECT c.* FROM hospital_cost.item_cost c WHERE c.run_id = told.run() AND c.department_code = 'T1';
CREATE FUNCTION told.t1() RETURNS text LANGUAGE sql RETURN (SELECT string_agg(format('%s %s %s', t.matched, coalesce(t.item_code, '-'), round(t.total_cost, 2)), ', ' ORDER BY t.matched DESC, t.item_code) FROM told.t1 t);
SELECT told.again() \g /dev/null

-- what takes part
SELECT results_eq('SELECT v.department_code, v.item_code, v.quantity, v.income, v.origin FROM hospital_cost.item_volume v WHERE v.period = ''2025-03-01'' ORDER BY 1, 2',
	$$VALUES ('A1' COLLATE "C", 'FREE' COLLATE "C", 3::numeric(16,4), 15::numeric(18,2), 'counted'), ('T1', 'CT', 2, 340, 'counted'), ('T1', 'LAB', 8, 160, 'counted'), ('T2', 'LAB', 4, 80, 'loaded')$$,
	'performed, net of what was given back; drugs and materials charged by themselves are no items');
SELECT is(told.t1(), 'item CT 1020.00, item LAB 480.00', 'by income 340 : 160; drugs and billable materials are not in the pool');
SELECT is((SELECT string_agg(format('%s %s', c.item_code, c.matched), ', ') FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code = 'A1'), 'FREE excluded',
	'what is done where no cost stays takes none, and is shown');
INSERT INTO hospital_cost.item_volume_value VALUES ('2025-03-01', 'T1', 'LAB', 85, 1660);
SELECT told.again() \g /dev/null
SELECT is(told.t1(), 'item CT 255.00, item LAB 1245.00', 'loaded figures win over counted ones');
SELECT is((SELECT string_agg(v.identity || ' ' || v.difference, ', ') FROM hospital_cost.verify_item_cost(:run) v WHERE v.difference <> 0), NULL, 'all identities hold');
DELETE FROM hospital_cost.item_volume_value WHERE department_code = 'T1';
SELECT is((SELECT string_agg(v.difference::text, ', ') FROM hospital_cost.verify_item_cost(:run) v WHERE v.difference <> 0), '1500.00, 1', 'quantities that changed since are told');
SELECT told.again() \g /dev/null

-- unit figures
SELECT is((SELECT string_agg(x, ' ') FROM unnest('{run_id,period,department_code,item_code,method,quantity,total_cost,unit_cost,personnel,materials,billable_materials,drugs,depreciation,amortisation,risk_fund,other,price,unit_result,result,margin,break_even_quantity}'::text[]) x
	WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'hospital_cost.item_cost'::regclass AND a.attname = x)), NULL, 'the columns others rely on are there');
SELECT results_eq($$SELECT t.quantity, t.unit_cost, t.price, t.unit_result, t.result, t.margin, t.unit_variable_cost, t.break_even_quantity FROM told.t1 t WHERE t.item_code = 'LAB'$$,
	'VALUES (8::numeric, 60::numeric, 20::numeric, -40::numeric, -320::numeric, -2::numeric, 16::numeric, 88::numeric)',
	'unit cost, result, margin and break-even: materials vary, half of other, personnel does not');
SELECT is((SELECT format('%s %s %s %s', t.personnel, t.materials, t.other, t.drugs + t.billable_materials) FROM told.t1 t WHERE t.item_code = 'LAB'),
	'320.00000000 96.00000000 64.00000000 0.00000000', 'by component');
INSERT INTO hospital_cost.variable_share (cost_item_code, share) VALUES ('other', 1);
SELECT told.again() \g /dev/null
SELECT is((SELECT t.unit_variable_cost FROM told.t1 t WHERE t.item_code = 'LAB'), 20::numeric, 'how much of a cost item varies may be said');
SELECT is((SELECT t.break_even_quantity FROM told.t1 t WHERE t.item_code = 'LAB'), NULL, 'a price that does not exceed the variable cost breaks even never');
DELETE FROM hospital_cost.variable_share;
SELECT told.again() \g /dev/null
SELECT results_eq($$SELECT c.quantity, c.total_cost, c.unit_cost, c.price, c.method FROM hospital_cost.item_cost c WHERE c.run_id = told.run() AND c.department_code IS NULL AND c.item_code = 'LAB'$$,
	$$VALUES (12::numeric, 580::numeric, 48.333333, 20::numeric, 'ratio_income')$$, 'the hospital''s unit cost is the mean weighted by quantity');
SELECT results_eq($$SELECT s.scope, s.total_cost FROM hospital_cost.item_cost_scope s WHERE s.run_id = told.run() AND s.department_code = 'T1' AND s.item_code = 'CT' ORDER BY 2, 1$$,
	$$VALUES ('medical', 1020::numeric), ('hospital_full', 1060.8), ('medical_full', 1060.8)$$, 'wider scopes add their funds');
SELECT results_eq(format($$SELECT f.department_code, f.short_term_floor, f.long_term_floor, f.price, f.covers FROM hospital_cost.price_floor(%s, 'LAB') f$$, :run),
	$$VALUES (NULL, 10.666667, 48.333333, 20::numeric, 'variable'), ('T1', 16, 60, 20, 'variable'), ('T2', 0, 25, 20, 'variable')$$, 'the lowest prices: variable cost for a while, full cost in the long run');
SELECT results_eq($$SELECT k.rank, k.item_code, k.contribution, k.contribution_ratio, k.cumulative_contribution FROM hospital_cost.item_ranking('2025-03-01') k$$,
	$$VALUES (1::bigint, 'LAB', 112::numeric, 0.466667, 112::numeric), (2, 'CT', 68, 0.2, 180)$$, 'items by contribution, of the official run of a month');
SELECT is((SELECT count(*) FROM hospital_cost.item_ranking(run => :run)), 2::bigint, 'or of a run');
SELECT is((SELECT count(*) FROM hospital_cost.item_ranking('2025-04-01')), 0::bigint, 'a month without a run has none');

-- the other bases
SELECT told.use('ratio_quantity') \g /dev/null
SELECT is(told.t1(), 'item CT 300.00, item LAB 1200.00', 'by quantity 2 : 8');
SELECT told.use('ratio_time') \g /dev/null
SELECT is(told.t1(), 'unmatched - 1500.00, excluded CT 0.00, excluded LAB 0.00', 'without minutes nobody takes the pool: it is shown, not spread');
INSERT INTO hospital_cost.item_time (item_code, minutes) VALUES ('LAB', 5), ('CT', 30);
SELECT told.again() \g /dev/null
SELECT is(told.t1(), 'item CT 900.00, item LAB 600.00', 'by time 60 : 40');
INSERT INTO hospital_cost.item_time (department_code, item_code, minutes) VALUES ('T1', 'LAB', 20);
SELECT told.again() \g /dev/null
SELECT is(told.t1(), 'item CT 409.09, item LAB 1090.91', 'minutes of the department go before those of all');
SELECT is((SELECT sum(t.total_cost) FROM told.t1 t), 1500.00000000, 'shares that do not come out even add up all the same');
SELECT told.use('equivalent') \g /dev/null
INSERT INTO hospital_cost.item_equivalent (item_code, equivalent, valid) VALUES ('LAB', 1, '(,)'), ('CT', 6, '[,2025-03-31)'), ('CT', 11, '[2025-03-31,)');
SELECT told.again() \g /dev/null
SELECT is(told.t1(), 'item CT 1100.00, item LAB 400.00', 'by equivalents 22 : 8: of a month, the row of its last day');
DELETE FROM hospital_cost.item_equivalent WHERE item_code = 'LAB';
SELECT told.again() \g /dev/null
SELECT is(told.t1(), 'item CT 1500.00, excluded LAB 0.00', 'an item without an equivalent takes no cost');
SELECT results_eq(format($$SELECT k.item_code, k.problem FROM hospital_cost.check_item_cost(%s) k WHERE k.department_code = 'T1'$$, :run),
	$$VALUES ('LAB', 'no base for method equivalent: it takes no cost')$$, 'and is told by name');
SELECT results_eq(format('SELECT m.item_code, m.quantity, m.activity, m.equivalent, m.ratio_income, m.ratio_time, m.ratio_quantity FROM hospital_cost.compare_item_methods(%s, ''T1'') m', :run),
	$$VALUES ('CT', 2::numeric, NULL::numeric, 750::numeric, 510::numeric, 204.545455, 150::numeric), ('LAB', 8, NULL, NULL, 60, 136.363636, 150)$$, 'all methods side by side, stored by none');
SELECT is((SELECT count(*) FROM told.t1 t WHERE t.method <> 'equivalent'), 0::bigint, 'what is stored stays');

-- activities: personnel by minutes, the rest by machine hours; a kit of 10 is traced to each CT
INSERT INTO hospital_cost.item_cost_method (department_code, method) VALUES ('T1', 'activity');
SELECT told.again() \g /dev/null
SELECT is(told.t1(), 'unmatched - 1500.00, excluded CT 0.00, excluded LAB 0.00', 'a department without activities shows its pool');
INSERT INTO hospital_cost.activity VALUES ('T1', 'prepare', '准备', 'count'), ('T1', 'examine', '检查', 'time'), ('T1', 'judge', '判读', 'difficulty'), ('T1', 'guard', '看护', 'risk'), ('T1', 'clean', '清洁', 'count');
INSERT INTO hospital_cost.activity_item (department_code, activity_code, item_code, times, minutes, difficulty, risk) VALUES ('T1', 'prepare', 'LAB', 1, 0, 1, 1), ('T1', 'prepare', 'CT', 2, 0, 1, 1),
	('T1', 'examine', 'CT', 1, 30, 1, 1), ('T1', 'examine', 'LAB', 1, 5, 1, 1), ('T1', 'judge', 'CT', 1, 0, 4, 1), ('T1', 'judge', 'LAB', 1, 0, 1, 1), ('T1', 'guard', 'CT', 1, 0, 1, 6), ('T1', 'guard', 'LAB', 1, 0, 1, 1);
INSERT INTO hospital_cost.staff_rate (department_code, role, practical_minutes, personnel_cost) VALUES ('T1', 'doctor', 150, 30), ('T1', 'nurse', 400, 20);
INSERT INTO hospital_cost.activity_staff (department_code, activity_code, item_code, role, persons, minutes) VALUES ('T1', 'judge', 'CT', 'doctor', 1, 20), ('T1', 'judge', 'LAB', 'doctor', 1, 5),
	('T1', 'prepare', 'CT', 'nurse', 2, 25), ('T1', 'prepare', 'LAB', 'nurse', 1, 10);
INSERT INTO hospital_cost.activity_resource (department_code, activity_code, driver, quantity) VALUES ('T1', NULL, 'hours', 28), ('T1', 'prepare', 'hours', 6), ('T1', 'examine', 'hours', 10), ('T1', 'judge', 'hours', 4), ('T1', 'guard', 'hours', 2), ('T1', 'clean', 'hours', 2);
INSERT INTO hospital_cost.resource_driver (department_code, component, driver) VALUES (NULL, 'other', 'area'), ('T1', 'other', 'hours');
INSERT INTO hospital_cost.item_consumption (department_code, item_code, component, amount) VALUES ('T1', 'CT', 'materials', 10);
SELECT told.again() \g /dev/null
-- doctors 600 / 150 = 4 a minute, CT 40 LAB 40 minutes; nurses 400 / 400 = 1, CT 100 LAB 80; 480 / 28 an hour: 6 by 4 : 8, 10 by 60 : 40, 4 by 8 : 8, 2 by 12 : 8, 2 by none, 4 idle
SELECT is(told.t1(), 'item CT 472.00, item LAB 425.14, idle - 602.86', 'by activities; idle is what roles, machines and activities had left');
SELECT results_eq($$SELECT i.kind, i.resource, i.capacity, i.used, i.unused, i.rate, i.idle_cost FROM hospital_cost.idle_capacity i WHERE i.run_id = told.run() ORDER BY 1, 2$$,
	$$VALUES ('driver', 'hours', 28::numeric, 24::numeric, 4::numeric, 17.14285714, 68.57142857), ('role', 'doctor', 150, 80, 70, 4, 280), ('role', 'nurse', 400, 180, 220, 1, 220)$$, 'what each could supply, what was used, at which rate');
SELECT results_eq($$SELECT a.activity_code, round(sum(a.total_cost), 2) FROM hospital_cost.activity_cost a WHERE a.run_id = told.run() GROUP BY 1 ORDER BY 2 DESC, 1$$,
	$$VALUES ('judge' COLLATE "C", 388.57), ('prepare', 282.86), ('examine', 171.43), ('clean', 34.29), ('guard', 34.29)$$, 'cost of activities');
SELECT is((SELECT string_agg(format('%s %s %s', coalesce(a.item_code, '-'), a.matched, round(a.total_cost, 2)), ', ') FROM hospital_cost.activity_cost a WHERE a.run_id = told.run() AND a.activity_code = 'clean'),
	'- idle 34.29', 'an activity that no item causes is idle');
SELECT is((SELECT string_agg(v.identity, ', ') FROM hospital_cost.verify_item_cost(:run) v WHERE v.difference <> 0), NULL, 'all identities hold');
SELECT is((SELECT c.method FROM hospital_cost.item_cost c WHERE c.run_id = :run AND c.department_code IS NULL AND c.item_code = 'LAB' AND c.matched = 'item'), 'activity', 'T2 has no equivalent for LAB: it takes no part in the mean');
SELECT is_empty(format($$SELECT * FROM hospital_cost.check_item_cost(%s) k WHERE k.department_code = 'T1'$$, :run), 'nothing is left to be said of T1');
UPDATE hospital_cost.staff_rate SET practical_minutes = 60 WHERE role = 'doctor';
SELECT told.again() \g /dev/null
SELECT is((SELECT i.idle_cost FROM hospital_cost.idle_capacity i WHERE i.run_id = :run AND i.resource = 'doctor'), -200::numeric, 'used beyond capacity: at its rate, and what is lacking is negative');
SELECT results_eq(format($$SELECT k.problem FROM hospital_cost.check_item_cost(%s) k WHERE k.department_code = 'T1'$$, :run), $$VALUES ('doctor is used beyond its capacity: 80.0000 of 60.0000')$$, 'and is told');
DELETE FROM hospital_cost.activity_staff WHERE activity_code = 'prepare';
DELETE FROM hospital_cost.activity_item WHERE item_code = 'LAB' AND activity_code <> 'judge';
SELECT told.again() \g /dev/null
SELECT ok('fewer than two activities' IN (SELECT k.problem FROM hospital_cost.check_item_cost(:run) k WHERE k.item_code = 'LAB'), 'an item of one activity is told');

-- what is refused
DELETE FROM hospital_cost.staff_rate WHERE role = 'doctor';
SELECT throws_ok('SELECT told.again()', 'MC721', 'role "doctor" of department "T1" has no rate', 'minutes of a role without a rate');
SELECT throws_ok($$INSERT INTO hospital_cost.item_cost_method (method) VALUES ('ratio_time')$$, '23P01', NULL, 'two methods for one day');
SELECT throws_ok($$INSERT INTO hospital_cost.item_equivalent (department_code, item_code, equivalent, valid) VALUES ('T1', 'CT', 1, '(,)'), ('T1', 'CT', 2, '[2025-01-01,)')$$, '23P01', NULL, 'two equivalents for one day');
SELECT throws_ok($$INSERT INTO hospital_cost.activity_item (department_code, activity_code, item_code) VALUES ('T2', 'prepare', 'LAB')$$, '23503', NULL, 'an activity the department does not have');
SELECT throws_ok($$INSERT INTO hospital_cost.staff_rate (department_code, role, practical_minutes, personnel_cost) VALUES ('T1', 'x', 0, 1)$$, '23514', NULL, 'a role without minutes');
SELECT throws_ok($$INSERT INTO hospital_cost.item_cost_method (method, valid) VALUES ('guess', 'empty')$$, '23514', NULL, 'a method that is none');
INSERT INTO hospital_cost.item_volume_value VALUES ('2025-03-01', 'T2', 'CT', 999999999999, 1);
INSERT INTO hospital_cost.item_equivalent (department_code, item_code, equivalent) VALUES ('T2', 'CT', 99999999);
SELECT throws_ok($$SELECT * FROM hospital_cost._item_cost_rows(told.run(), 'equivalent')$$, 'MC606', NULL, 'weights that do not fit');
SELECT is((SELECT count(*) FROM hospital_cost._item_cost_rows(-1)), 0::bigint, 'a run that is not there has no items');

-- who may
SELECT hospital_cost.setup_roles('hc_item') \g /dev/null
GRANT USAGE ON SCHEMA told TO hc_item_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA told TO hc_item_reader;
SET LOCAL ROLE hc_item_reader;
SELECT throws_ok('SELECT * FROM hospital_cost.compare_item_methods(-1)', 'MC614', NULL, 'a reader compares methods, of a run that is there');
SELECT lives_ok($$SELECT * FROM hospital_cost.price_floor(told.run(), 'LAB'), hospital_cost.item_ranking('2025-03-01'),
	hospital_cost.verify_item_cost(told.run()), hospital_cost.check_item_cost(told.run())$$, 'a reader asks everything');
SELECT throws_ok('SELECT hospital_cost._compute_item_cost(1)', '42501', NULL, 'computes nothing');
SELECT throws_ok($$INSERT INTO hospital_cost.item_time (item_code, minutes) VALUES ('FREE', 1)$$, '42501', NULL, 'and sets no minutes');
SET LOCAL ROLE hc_item_accountant;
SELECT lives_ok($$INSERT INTO hospital_cost.item_time (item_code, minutes) VALUES ('FREE', 1)$$, 'an accountant does');
SELECT lives_ok($$INSERT INTO hospital_cost.item_volume_value VALUES ('2025-03-01', 'T2', 'FREE', 1, 1)$$, 'and loads quantities');
SELECT throws_ok($$INSERT INTO hospital_cost._item_cost SELECT * FROM hospital_cost._item_cost$$, '42501', NULL, 'but writes no result');
RESET ROLE;

-- again
SELECT hospital_cost.allocate('2025-03-01', 'none') \g /dev/null
DELETE FROM hospital_cost.activity_staff;
DELETE FROM hospital_cost.item_volume_value WHERE quantity > 999999;
SELECT told.again(), told.again() \g /dev/null
SELECT is((SELECT count(*) FROM told.t1 t WHERE t.item_code = 'CT' AND t.matched = 'item'), 1::bigint, 'computed again it replaces its own rows');

-- a closed month keeps what was loaded
SELECT hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT throws_ok($$INSERT INTO hospital_cost.item_volume_value VALUES ('2025-03-01', 'T2', 'FREE', 1, 1)$$, 'MC001', NULL, 'a closed month takes no quantities');
SELECT throws_ok($$UPDATE hospital_cost.item_volume_value SET quantity = 1$$, 'MC001', NULL, 'changes none');
SELECT throws_ok($$DELETE FROM hospital_cost.item_volume_value$$, 'MC001', NULL, 'and loses none');

SELECT throws_ok('SELECT * FROM hospital_cost.verify_item_cost(-1)', 'MC614', NULL, 'a run that is not there is not proved');
SELECT * FROM finish();
ROLLBACK;
