-- Contract of costing: what cost_objects refuses, what it replaces, what a late charge changes, what stands where nothing can be divided, how capacity is read.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(45);
SET timezone = 'UTC';
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'x', 'administrative', 'none'), ('T', 'x', 'technical', 'none'), ('P', 'x', 'technical', 'none'),
	('O', 'x', 'clinical', 'outpatient'), ('I', 'x', 'clinical', 'inpatient'), ('J', 'x', 'clinical', 'inpatient');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'O', 'personnel', 1000), ('2025-03-01', 'O', 'drugs', 300),
	('2025-03-01', 'I', 'personnel', 5000), ('2025-03-01', 'I', 'materials', 1000), ('2025-03-01', 'J', 'depreciation', 900), ('2025-03-01', 'T', 'personnel', 600),
	('2025-04-01', 'I', 'personnel', 3000);
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES ('2025-03-01', 'headcount', 'I', 1), ('2025-04-01', 'headcount', 'I', 1);
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES ('V1', 'outpatient', 'O', '2025-03-04 02:00+00', NULL), ('V2', 'outpatient', 'O', '2025-03-04 02:00+00', NULL),
	('S1', 'inpatient', 'I', '2025-03-27 02:00+00', '2025-04-04 02:00+00'), ('S2', 'inpatient', 'I', '2025-03-05 02:00+00', '2025-03-10 02:00+00'), ('CHECK', 'checkup', 'O', '2025-03-05 02:00+00', NULL);
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) SELECT code, 'I', started_at, ended_at FROM hospital_cost.encounter WHERE kind = 'inpatient';
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('PILL', 'x', '09', 'drug'), ('STENT', 'x', '08', 'material'), ('LAB', 'x', '04', 'service');
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
CREATE FUNCTION his.post(encounter text, item text, ordering text, performing text, value numeric, at timestamptz DEFAULT '2025-03-06 04:00+00') RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	VALUES (encounter, item, 1, value, value, ordering, performing, at);
END;
SELECT his.post('V1', 'PILL', 'O', 'P', 100), his.post('S2', 'STENT', 'I', 'I', 400), his.post('S2', 'LAB', 'I', 'T', 60), his.post('CHECK', 'PILL', 'O', 'P', 50), his.post('V1', 'STENT', 'O', 'O', 7) \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset
SELECT hospital_cost.allocate('2025-04-01', 'four_class_three_level') AS april \gset
SELECT set_config('hc_test.run', :'run', true) \g /dev/null
CREATE TEMP VIEW cell AS SELECT c.* FROM hospital_cost.encounter_cost c WHERE c.run_id = current_setting('hc_test.run')::int;

-- refusals
SELECT throws_ok('SELECT hospital_cost.cost_objects(-1)', 'MC614', NULL, 'a run that is not there');
SELECT throws_ok(format('SELECT hospital_cost.cost_objects(%s, %L)', :run, 'other'), 'MC703', NULL, 'a mode that is not known');
SELECT throws_ok(format('SELECT hospital_cost.cost_objects(%s, NULL)', :run), 'MC703', NULL, 'or none');
SELECT throws_ok('SELECT hospital_cost.cost_objects(NULL)', 'MC614', NULL, 'no run');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s)', :run), 'what is not computed is not proved');

-- what it says
SELECT hospital_cost.cost_objects(:run) AS cells \gset
SELECT is(:cells::bigint, (SELECT count(*) FROM cell), 'it returns the number of cells');
SELECT results_eq($$SELECT encounter_code, department_code, total FROM cell WHERE encounter_code IS NOT NULL ORDER BY 1, 2$$,
	$$VALUES ('CHECK' COLLATE "C", 'O' COLLATE "C", 50.00000000::numeric(22,8)), ('S1', 'I', 3100.00000000), ('S2', 'I', 3500.00000000), ('V1', 'O', 675.00000000), ('V2', 'O', 575.00000000)$$,
	'visits with their drugs, five bed-days each, the stent on top; a check-up bears what it was charged and is no visit');
SELECT results_eq($$SELECT matched, reason, total, depreciation FROM cell WHERE department_code = 'J'$$, $$VALUES ('unmatched', 'no_activity', 900.00000000::numeric(22,8), 900.00000000::numeric(22,8))$$,
	'a ward without a patient: its cost is not spread');
SELECT results_eq($$SELECT in_progress FROM cell WHERE encounter_code IN ('S1', 'S2', 'V1') ORDER BY encounter_code$$, 'VALUES (true), (false), (false)', 'who has not left is in progress; a visit never is');
SELECT is((SELECT c.not_taken FROM hospital_cost.costing c WHERE c.run_id = :run), 7.00, 'a stent of a clinic that has no materials is nobody''s cost, and counted');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'every identity holds');
SELECT results_eq(format('SELECT code, department_code, amount FROM hospital_cost.costing_warning WHERE run_id = %s ORDER BY 1', :run),
	$$VALUES ('charged_without_cost', NULL COLLATE "C", 7.00::numeric), ('no_activity', 'J', 900.00), ('no_bed_days', 'J', 900.00)$$, 'warnings say so');
SELECT is((SELECT b.unit_cost FROM hospital_cost.bed_day_cost b WHERE b.run_id = :run AND b.department_code = 'J' AND b.scope = 'medical'), NULL::numeric, 'by zero bed-days nothing is divided');
SELECT results_eq(format('SELECT cost_item_code, total_cost, unit_cost, ratio FROM hospital_cost.visit_cost_item WHERE run_id = %s AND department_code = %L AND scope = %L ORDER BY 1', :run, 'O', 'medical'),
	$$VALUES ('drugs' COLLATE "C", 300.00::numeric(18,2), 150.00::numeric(18,2), 0.230769::numeric(12,6)), ('personnel', 1000.00, 500.00, 0.769231)$$, 'a visit by cost item, with composition');
SELECT is_empty($$SELECT u.run_id, u.department_code, u.scope FROM hospital_cost.bed_day_cost u WHERE u.total_cost IS DISTINCT FROM
	(SELECT sum(i.total_cost) FROM hospital_cost.bed_day_cost_item i WHERE (i.run_id, i.scope) = (u.run_id, u.scope) AND i.department_code IS NOT DISTINCT FROM u.department_code)$$, 'the items of a bed-day add up to it');
SELECT is((SELECT sum(i.unit_cost) FROM hospital_cost.bed_day_cost_item i WHERE i.department_code = 'J' AND i.run_id = :run), NULL::numeric, 'and are null where it is');

-- a patient over two months
SELECT cmp_ok(hospital_cost.cost_objects(:april), '>', 0::bigint, 'the next month');
SELECT results_eq($$SELECT months, first_period::date, last_period::date, in_progress, total, income FROM hospital_cost.patient_cost WHERE encounter_code = 'S1' AND scope = 'medical'$$,
	$$VALUES (2::bigint, date '2025-03-01', date '2025-04-01', false, 6100.00000000::numeric(22,8), 0.00::numeric(18,2))$$, 'five nights of March and three of April');
SELECT results_eq($$SELECT total, income FROM hospital_cost.patient_cost WHERE encounter_code = 'S2' AND scope = 'hospital_full'$$, 'VALUES (3500.00000000::numeric(22,8), 460.00::numeric(18,2))', 'cost beside what was charged');

-- late charges and corrections: computing again is computing from nothing
SELECT his.post('S1', 'STENT', 'I', 'I', 200), his.post('UNKNOWN', 'STENT', 'I', 'I', 30) \g /dev/null
UPDATE his.charge SET unit_price = 500, amount = 500 WHERE encounter_code = 'S2' AND item_code = 'STENT';
SELECT isnt_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'a late charge shows in the proof');
CREATE TEMP TABLE stale AS SELECT * FROM hospital_cost._encounter_cost WHERE run_id = :run;
SELECT cmp_ok(hospital_cost.cost_objects(:run), '>', 0::bigint, 'computed again');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'it holds');
SELECT results_eq($$SELECT coalesce(encounter_code, reason), total, billable_materials FROM cell WHERE department_code = 'I' ORDER BY 1$$,
	$$VALUES ('S1' COLLATE "C", 3135.00000000::numeric(22,8), 200.00000000::numeric(22,8)), ('S2', 3435.00000000, 500.00000000), ('charges', 30.00000000, 30.00000000)$$,
	'the correction, the late line, and the one of nobody we know');
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS fresh \gset
SELECT hospital_cost.cost_objects(:fresh) \g /dev/null
SELECT is_empty(format('SELECT to_jsonb(e) - %L FROM hospital_cost._encounter_cost e WHERE run_id = %s EXCEPT ALL SELECT to_jsonb(e) - %L FROM hospital_cost._encounter_cost e WHERE run_id = %s',
	'run_id', :run, 'run_id', :fresh), 'a new run gives just that');
SELECT is_empty(format('SELECT to_jsonb(e) - %L FROM hospital_cost._encounter_cost e WHERE run_id = %s EXCEPT ALL SELECT to_jsonb(e) - %L FROM hospital_cost._encounter_cost e WHERE run_id = %s',
	'run_id', :fresh, 'run_id', :run), 'and nothing else');
DELETE FROM his.charge WHERE encounter_code IN ('S1', 'UNKNOWN');
UPDATE his.charge SET unit_price = 400, amount = 400 WHERE encounter_code = 'S2' AND item_code = 'STENT';
SELECT hospital_cost.cost_objects(:run) \g /dev/null
SELECT is_empty(format('(TABLE stale EXCEPT ALL SELECT * FROM hospital_cost._encounter_cost WHERE run_id = %s) UNION ALL (SELECT * FROM hospital_cost._encounter_cost WHERE run_id = %s EXCEPT ALL TABLE stale)', :run, :run),
	'what is taken back leaves no trace');

-- service units
INSERT INTO hospital_cost.service_unit VALUES ('T', 'technical', 'resource', 'bench', true);
INSERT INTO hospital_cost.service_use (source_key, encounter_code, department_code, resource, quantity, started_at) VALUES ('1', 'S2', 'T', 'bench', 30, '2025-03-06 04:00+00'),
	('2', NULL, 'T', 'bench', 10, '2025-03-06 04:00+00'), ('3', 'S2', 'T', 'centrifuge', 99, '2025-03-06 04:00+00'), ('4', 'S2', 'T', 'bench', 99, '2025-04-06 04:00+00');
INSERT INTO hospital_cost.capacity VALUES ('2025-03-01', 'T', 'bench', 100), ('2025-03-01', 'I', 'beds', 2), ('2025-03-01', 'J', 'beds', 0), ('2025-03-01', 'O', 'visits', 10);
SELECT hospital_cost.cost_objects(:run, 'service_units') \g /dev/null
SELECT results_eq($$SELECT coalesce(encounter_code, reason), matched, total FROM cell WHERE department_code = 'T' ORDER BY 1$$,
	$$VALUES ('S2' COLLATE "C", 'patient', 180.00000000::numeric(22,8)), ('capacity', 'idle', 360.00000000), ('workload', 'unmatched', 60.00000000)$$, 'minutes used, minutes of nobody, minutes unused');
SELECT is((SELECT sum(total) FROM cell), 8800.00000000, 'all of it once');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'every identity holds');
SELECT is((SELECT c.mode FROM hospital_cost.costing c WHERE c.run_id = :run), 'service_units', 'the costing says how');
SELECT throws_ok($$INSERT INTO hospital_cost.service_unit VALUES ('O', 'clinic', 'visits', 'bench')$$, '23514', NULL, 'a resource belongs to a basis of that name');
SELECT throws_ok($$INSERT INTO hospital_cost.service_unit VALUES ('O', 'clinic', 'dice')$$, '23514', NULL, 'which must be one we know');

-- capacity
SELECT results_eq($$SELECT department_code, beds, days, bed_days, discharges, occupancy, turnover, length_of_stay FROM hospital_cost.bed_use ORDER BY 1$$,
	$$VALUES ('I' COLLATE "C", 2.0000::numeric(16,4), 31, 10.0000::numeric(16,4), 1.0000::numeric(16,4), 0.161290::numeric(12,6), 0.5000::numeric(16,4), 5.00::numeric(10,2)),
		('J', 0.0000, 31, 0.0000, 0.0000, NULL, NULL, NULL)$$, 'use of beds');
SELECT results_eq($$SELECT department_code, resource, available, used, unused, utilisation, unused_cost FROM hospital_cost.unused_capacity ORDER BY 1, 2$$,
	$$VALUES ('I' COLLATE "C", 'beds' COLLATE "C", 62.0000::numeric(18,4), 10.0000::numeric(18,4), 52.0000::numeric(18,4), 0.161290::numeric(12,6), 4193.55::numeric(18,2)),
		('J', 'beds', 0.0000, 0.0000, 0.0000, NULL, NULL), ('O', 'visits', 10.0000, 2.0000, 8.0000, 0.200000, 800.00), ('T', 'bench', 100.0000, 40.0000, 60.0000, 0.400000, 360.00)$$, 'and of anything else');
SELECT throws_ok($$INSERT INTO hospital_cost.capacity VALUES ('2025-03-01', 'T', 'bench', 1)$$, '23505', NULL, 'one figure a month');
SELECT throws_ok($$INSERT INTO hospital_cost.capacity VALUES ('2025-04-01', 'T', 'bench', -1)$$, '23514', NULL, 'which is not negative');
INSERT INTO hospital_cost.capacity SELECT date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date, 'J', 'beds', 3;
SELECT is((SELECT b.days FROM hospital_cost.bed_use b WHERE b.beds = 3), extract(day FROM now() AT TIME ZONE 'Asia/Shanghai')::int - 1, 'a month that goes on counts up to last midnight');

-- an unfinished month: a patient who came today and one from yesterday on
SELECT hospital_cost.open_period(date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date) \g /dev/null
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) VALUES ('NOW', 'inpatient', 'J', now() - interval '1 minute'), ('LONG', 'inpatient', 'J', now() - interval '70 days');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at) SELECT code, 'J', started_at FROM hospital_cost.encounter WHERE code IN ('NOW', 'LONG');
SELECT is((SELECT sum(t.quantity) FROM hospital_cost._encounter_time(date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date) t WHERE t.encounter_code = 'LONG'),
	nullif(extract(day FROM now() AT TIME ZONE 'Asia/Shanghai')::int - 1, 0)::numeric, 'days to come do not count');

-- closed months
SELECT hospital_cost.make_official(:run), hospital_cost.close_period('2025-03-01') \g /dev/null
SELECT throws_ok(format('SELECT hospital_cost.cost_objects(%s)', :run), 'MC701', NULL, 'the results of a closed month stand');
SELECT lives_ok(format('SELECT hospital_cost.cost_objects(%s)', :fresh), 'another run of it may be computed');
SELECT hospital_cost.reopen_period('2025-03-01', 'test') \g /dev/null
SELECT lives_ok(format('SELECT hospital_cost.cost_objects(%s)', :run), 'reopened, it may');

-- who may
SELECT hospital_cost.setup_roles('hc cost') \g /dev/null
SET LOCAL ROLE "hc cost_reader";
SELECT throws_ok('SELECT hospital_cost.cost_objects(1)', '42501', NULL, 'a reader computes nothing');
SELECT lives_ok(format('SELECT * FROM hospital_cost.verify_costing(%s)', :run), 'and may have it proved');
RESET ROLE;
SET LOCAL ROLE "hc cost_controller";
SELECT lives_ok(format('SELECT hospital_cost.cost_objects(%s)', :run), 'the controller computes');
SELECT throws_ok('DELETE FROM hospital_cost._encounter_cost', '42501', NULL, 'but changes no cell');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
