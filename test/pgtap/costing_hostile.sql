-- What a hostile reader of costing tries: runs that go, classes that change afterwards, clinics without cost, months that nobody costed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(35);
SET timezone = 'UTC';
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-01-01'), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, timezone) VALUES ('H1', 'x', 'UTC');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('T', 'x', 'technical', 'none'), ('O', 'x', 'clinical', 'outpatient'), ('Q', 'x', 'clinical', 'outpatient'),
	('I', 'x', 'clinical', 'inpatient');
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('PILL', 'x', '09', 'drug'), ('LAB', 'x', '04', 'service'), ('NIL', 'x', '04', 'service');
-- O has cost of its own and two visits, Q only the state's project and three; S came in January and left in March.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) SELECT 'V' || n, 'outpatient', CASE WHEN n <= 2 THEN 'O' ELSE 'Q' END, '2025-03-04 02:00+00', NULL
FROM generate_series(1, 5) AS n;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES ('S', 'inpatient', 'I', '2025-01-30 02:00+00', '2025-03-04 02:00+00');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) VALUES ('S', 'I', '2025-01-30 02:00+00', '2025-03-04 02:00+00');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount) VALUES ('2025-01-01', 'I', 'personnel', 'own', 200), ('2025-02-01', 'I', 'personnel', 'own', 2800),
	('2025-03-01', 'I', 'personnel', 'own', 300), ('2025-03-01', 'O', 'personnel', 'own', 100), ('2025-03-01', 'O', 'drugs', 'own', 60), ('2025-03-01', 'Q', 'depreciation', 'fiscal_project', 90),
	('2025-03-01', 'T', 'personnel', 'own', 40), ('2025-03-01', 'T', 'personnel', 'fiscal_project', 10);
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at) VALUES
	('S', 'LAB', 1, 20, 20, 'I', 'T', '2025-02-03 02:00+00'), ('S', 'PILL', 1, 7, 7, 'I', 'T', '2025-02-03 02:00+00'), ('S', 'LAB', 1, 20, 20, 'I', 'T', '2025-03-02 02:00+00'),
	('S', 'NIL', 2, 5, 10, 'I', 'T', '2025-03-02 02:00+00'), ('S', 'PILL', 1, 9, 9, 'I', 'T', '2024-12-30 02:00+00') \g /dev/null
INSERT INTO hospital_cost.disease VALUES ('D', 'x', '{K}');
UPDATE hospital_cost.encounter SET diagnosis_code = 'K1' WHERE code = 'S';
SELECT hospital_cost.allocate('2025-01-01', 'four_class_three_level') AS january, hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS march \gset
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS trial \gset

-- a clinic without cost in a scope has visits all the same
SELECT results_eq($$SELECT v.scope, v.quantity, v.unit_cost FROM hospital_cost.visit_cost v WHERE v.official AND v.department_code IS NULL ORDER BY v.scope$$,
	$$VALUES ('hospital_full', 5.0000::numeric(16,4), 50.00::numeric(18,2)), ('medical', 5.0000, 32.00), ('medical_full', 5.0000, 50.00)$$, 'a visit divides by all visits in every scope');
SELECT is((SELECT f.amount FROM hospital_cost.form('F08', '2025-03-01') f WHERE f.row_code = 'total' AND f.col_code = 'medical'),
	(SELECT v.unit_cost::numeric FROM hospital_cost.visit_cost v WHERE v.official AND v.department_code IS NULL AND v.scope = 'medical'), 'as F08 does');
SELECT is((SELECT format('%s %s', v.total_cost, v.unit_cost) FROM hospital_cost.visit_cost v WHERE v.official AND v.department_code = 'Q' AND v.scope = 'medical'), '0.00 0.00', 'the clinic is there');

-- a stay over a month that nobody allocated
SELECT hospital_cost.cost_objects(:march) \g /dev/null
CREATE FUNCTION his.case(kind text) RETURNS text LANGUAGE sql AS $$
	SELECT format('cost %s income %s uncosted %s', c.total_cost, c.income, c.uncosted_income) FROM hospital_cost.disease_cost c WHERE c.disease_code = 'D' AND c.scope = 'hospital_full' AND c.method = kind $$;
SELECT is(his.case('top_down'), 'cost 350.00 income 66.00 uncosted 36.00', 'top-down: what was charged in months without cost objects is told');
SELECT is(his.case('bottom_up'), 'cost 66.00 income 66.00 uncosted 20.00', 'bottom-up: so is the service of a month without a run; drugs cost what they cost');
SELECT is(his.case('cost_to_charge'), 'cost 66.00 income 66.00 uncosted 20.00', 'cost to income the same');
SELECT hospital_cost.cost_objects(:january) \g /dev/null
SELECT is(his.case('top_down'), 'cost 350.00 income 66.00 uncosted 36.00', 'January costed since: March stays as it was told');
SELECT is((SELECT format('%s %s %s', w.code, w.amount, w.cure) FROM hospital_cost.costing_warning w WHERE w.run_id = :march AND w.code LIKE 'earlier%'),
	format('earlier_months_changed_since 1 hospital_cost.cost_objects(%s)', :march), 'and says so');
INSERT INTO hospital_cost.item_volume_value (period, department_code, item_code, quantity, income) VALUES ('2025-03-01', 'T', 'NIL', 0, 10);
SELECT hospital_cost.cost_objects(:march) \g /dev/null
SELECT is(his.case('bottom_up'), 'cost 49.33 income 66.00 uncosted 30.00', 'a service of no quantity counts once as uncosted, in whatever scopes it has cost');
SELECT is(his.case('top_down'), 'cost 550.00 income 66.00 uncosted 27.00', 'January taken in: February still lacks');
SELECT is((SELECT c.incomplete_cases FROM hospital_cost.disease_cost c WHERE c.period = '2025-03-01' AND c.scope = 'medical' AND c.method = 'top_down'), 1::bigint, 'which is told beside the figure');
SELECT throws_ok($$SELECT hospital_cost.form('F14', '2025-03-01')$$, 'MC906', 'form "F14" lacks the cost of stays in 2025-02', 'a form of diseases names the months it lacks');
SELECT lives_ok($$SELECT hospital_cost.form('F11', '2025-03-01')$$, 'one of items lacks nothing');
SELECT is((SELECT count(*) FROM hospital_cost.form_f12 f WHERE f.period = '2025-03-01'), 0::bigint, 'views leave the month out');
SELECT hospital_cost.allocate('2025-02-01', 'four_class_three_level') AS february \gset
SELECT is((SELECT count(*) FROM hospital_cost.verify_forms('2025-03-01')), 42::bigint, 'and so does the proof');
SELECT lives_ok(format('SELECT hospital_cost.cost_objects(%s)', :february), 'February is costed');
SELECT throws_ok($$SELECT hospital_cost.form('F14', '2025-01-01', '2025-03-01')$$, 'MC906', NULL, 'that alone is not enough, March was told without it');
SELECT hospital_cost.cost_objects(:march) \g /dev/null
SELECT is(his.case('top_down'), 'cost 3350.00 income 66.00 uncosted 0.00', 'taken in');

-- classes that change later leave past runs alone
CREATE TEMP TABLE before AS SELECT 'cell' AS what, to_jsonb(c) AS row FROM hospital_cost.encounter_cost c
	UNION ALL SELECT 'item', to_jsonb(c) FROM hospital_cost.item_cost c
	UNION ALL SELECT 'visit', to_jsonb(v) FROM hospital_cost.visit_cost v
	UNION ALL SELECT 'F01', to_jsonb(f) FROM hospital_cost.form('F01', '2025-03-01') f
	UNION ALL SELECT 'F12', to_jsonb(f) FROM hospital_cost.form('F14', '2025-03-01') f
	UNION ALL SELECT 'indicator', to_jsonb(i) FROM hospital_cost.indicator('2025-03-01') i;
UPDATE hospital_cost.cost_item SET category = 'other', behaviour = 'variable' WHERE code = 'personnel';
UPDATE hospital_cost.cost_item SET category = 'materials', billable = true WHERE code = 'drugs';
UPDATE hospital_cost.department SET name = 'renamed', class = 'administrative', setting = 'none' WHERE code IN ('I', 'O');
SELECT hospital_cost.cost_objects(:march) \g /dev/null
CREATE TEMP TABLE later AS SELECT 'cell' AS what, to_jsonb(c) AS row FROM hospital_cost.encounter_cost c
	UNION ALL SELECT 'item', to_jsonb(c) FROM hospital_cost.item_cost c
	UNION ALL SELECT 'visit', to_jsonb(v) FROM hospital_cost.visit_cost v
	UNION ALL SELECT 'F01', to_jsonb(f) FROM hospital_cost.form('F01', '2025-03-01') f
	UNION ALL SELECT 'F12', to_jsonb(f) FROM hospital_cost.form('F14', '2025-03-01') f
	UNION ALL SELECT 'indicator', to_jsonb(i) FROM hospital_cost.indicator('2025-03-01') i;
SELECT is_empty(format('(SELECT * FROM before EXCEPT ALL SELECT * FROM later) UNION ALL (SELECT * FROM later EXCEPT ALL SELECT * FROM before) -- %s', w), format('%s of the run is what it was', w))
FROM (VALUES ('everything')) AS t (w);
SELECT isnt((SELECT count(*) FROM before), 0::bigint, 'of which there is something');
UPDATE hospital_cost.department SET class = 'clinical', setting = CASE code WHEN 'I' THEN 'inpatient' ELSE 'outpatient' END WHERE code IN ('I', 'O');
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS anew \gset
SELECT is((SELECT string_agg(DISTINCT i.category, ' ' ORDER BY i.category) FROM hospital_cost._run_cost_item i WHERE i.run_id = :anew), 'depreciation materials other', 'a new run goes by the new classes');
SELECT throws_ok(format('DELETE FROM hospital_cost._run_cost_item i WHERE i.run_id = %s', :march), 'MC006', NULL, 'what a run saw is not deleted');
SELECT throws_ok('UPDATE hospital_cost._run_cost_item SET category = ''other''', 'MC006', NULL, 'nor changed');

-- a run that goes takes what was computed from it along
SELECT hospital_cost.cost_objects(:trial, 'service_units') \g /dev/null
SELECT isnt((SELECT count(*) FROM hospital_cost._item_cost c WHERE c.run_id = :trial), 0::bigint, 'a run that is not official is costed');
SELECT lives_ok(format('SELECT hospital_cost.delete_run(%s)', :trial), 'and removed');
SELECT is((SELECT count(*) FROM hospital_cost._costing c WHERE c.run_id = :trial) + (SELECT count(*) FROM hospital_cost._encounter_cost c WHERE c.run_id = :trial)
	+ (SELECT count(*) FROM hospital_cost._item_cost c WHERE c.run_id = :trial) + (SELECT count(*) FROM hospital_cost._run_cost_item c WHERE c.run_id = :trial), 0::bigint, 'with all its cells');
SELECT isnt((SELECT count(*) FROM hospital_cost._encounter_cost c WHERE c.run_id = :march), 0::bigint, 'others keep theirs');

-- verify_costing ties the item costs and the cases too
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference IS DISTINCT FROM 0', :march), 'every identity of the costing holds');
SELECT isnt((SELECT v.actual FROM hospital_cost.verify_costing(:march) v WHERE v.identity = 'pools after two levels = items + idle + unmatched'), 0.0, 'items are proved with the cells');
SELECT isnt((SELECT v.actual FROM hospital_cost.verify_costing(:march) v WHERE v.identity LIKE 'diseases + no disease + late%'), 0.0, 'diseases too');
UPDATE hospital_cost._item_cost SET other = other + 1 WHERE run_id = :march AND matched = 'item' AND item_code = 'LAB' AND funding_group = 1;
SELECT isnt((SELECT v.difference FROM hospital_cost.verify_costing(:march) v WHERE v.identity = 'pools after two levels = items + idle + unmatched'), 0.0, 'an item cost that was tampered with shows');
UPDATE hospital_cost._item_cost SET other = other - 1 WHERE run_id = :march AND matched = 'item' AND item_code = 'LAB' AND funding_group = 1;

-- emptiness
SELECT is((SELECT sum(c.total) FROM hospital_cost.encounter_cost c WHERE c.run_id = :february), 2800.00000000, 'a month of little closes');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_forms('2025-01-01', '2025-03-01') v WHERE v.difference IS DISTINCT FROM 0$$, 'forms over three months keep every identity');
SELECT hospital_cost.open_period('2030-01-01'), hospital_cost.allocate('2030-01-01', 'four_class_three_level') AS empty \gset
SELECT is(hospital_cost.cost_objects(:empty), 0::bigint, 'a month with nothing at all has no cell');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference IS DISTINCT FROM 0', :empty), 'and its proof holds');
SELECT * FROM finish();
ROLLBACK;
