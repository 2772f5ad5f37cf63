-- The golden hospital's patients: four wards' and clinics' cost spread over encounters, the case worked by hand in the standard among them.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\if `test -f "$HC_DATA/golden_hospital/departments.csv" && echo true || echo false`
BEGIN;
SELECT plan(19);
\ir fixture/golden.sql
INSERT INTO hospital_cost.hospital (code, name) VALUES ('G', 'golden');

-- A hundred patients of the ward C4 with 8, 12 and 10 bed-days fill 1,000 of its 2,000; 300,000 of drugs and 700,000 of materials were charged.
CREATE FUNCTION pg_temp.stay(code text, ward text, first_day date, days int) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at)
	VALUES (code, 'inpatient', ward, (first_day + time '10:00') AT TIME ZONE 'Asia/Shanghai', (first_day + days + time '09:00') AT TIME ZONE 'Asia/Shanghai');
	INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at)
	VALUES (code, ward, (first_day + time '10:00') AT TIME ZONE 'Asia/Shanghai', (first_day + days + time '09:00') AT TIME ZONE 'Asia/Shanghai');
END;
SELECT pg_temp.stay('P1', 'C4', '2025-03-05', 8) \g /dev/null
SELECT pg_temp.stay('P2', 'C4', '2025-03-05', 12) \g /dev/null
SELECT pg_temp.stay('Q' || i, 'C4', '2025-03-10', 10) FROM generate_series(1, 98) i \g /dev/null
SELECT pg_temp.stay('OPEN', 'C2', '2025-03-29', 40) \g /dev/null
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) SELECT 'V' || i, 'outpatient', 'C1', '2025-03-20 09:00+08' FROM generate_series(1, 7) i;
INSERT INTO hospital_cost.charge_item (code, name, category, kind, billable) VALUES ('DRUG', 'x', '09', 'drug', true), ('MATERIAL', 'x', '08', 'material', true),
	('GAUZE', 'x', '08', 'material', false), ('TEST', 'x', '04', 'service', true);
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
CREATE FUNCTION pg_temp.charge(encounter text, item text, department text, value numeric) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	VALUES (encounter, item, 1, value, value, department, department, '2025-03-12 10:00+08');
END;
SELECT pg_temp.charge('P1', 'DRUG', 'C4', 1200), pg_temp.charge('P1', 'MATERIAL', 'C4', 5000), pg_temp.charge('P1', 'TEST', 'T1', 35), pg_temp.charge('P1', 'GAUZE', 'C4', 9),
	pg_temp.charge('P2', 'DRUG', 'C4', 298800), pg_temp.charge('P2', 'MATERIAL', 'C4', 695000) \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'golden') AS run \gset
SELECT set_config('hc_test.run', :'run', false) \g /dev/null
SELECT cmp_ok(hospital_cost.cost_objects(:run), '>', 100::bigint, 'cells are computed');
CREATE TEMP VIEW cell AS SELECT * FROM hospital_cost.encounter_cost c WHERE c.run_id = current_setting('hc_test.run')::int;

SELECT is((SELECT sum(total) FROM cell WHERE encounter_code = 'P1' AND funding_group = 1), 11740.00000000, 'eight days, drugs 1200, materials 5000: 11740.00');
SELECT results_eq($$SELECT drugs, billable_materials, total - drugs - billable_materials FROM cell WHERE encounter_code = 'P1' AND funding_group = 1$$,
	'VALUES (1200.00000000, 5000.00000000, 5540.00000000)', 'of which 692.50 a bed-day; a test of the laboratory and material not charged by itself change nothing');
SELECT is((SELECT round(sum(total), 6) FROM cell WHERE encounter_code = 'Q7' AND funding_group = 1), 6925.000000, 'ten days of another');
SELECT is((SELECT sum(total) FROM cell WHERE department_code = 'C4' AND matched = 'unmatched' AND reason = 'workload'), 692500.00000000,
	'the thousand bed-days of nobody we know are a row of their own');
SELECT results_eq($$SELECT department_code, sum(total)::numeric(18,2) FROM cell WHERE funding_group = 1 AND department_code LIKE 'C%' GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('C1' COLLATE "C", 1130000.00::numeric(18,2)), ('C2', 1800000), ('C3', 515000), ('C4', 2385000)$$, 'each unit comes to its full cost');
SELECT is((SELECT sum(total) FROM cell), 5910000.00000000, 'all cells are the cost of the hospital');
SELECT results_eq($$SELECT matched, reason, department_code, total FROM cell WHERE matched = 'excluded'$$,
	$$VALUES ('excluded', 'hospital_level', NULL COLLATE "C", 10000.00000000::numeric(22,8))$$, 'what belongs to the hospital as a whole is excluded, and says so');
SELECT results_eq($$SELECT funding_group::int, total FROM cell WHERE encounter_code = 'OPEN' ORDER BY 1$$,
	$$VALUES (1, 3600.00000000::numeric(22,8)), (2, 100.00000000), (3, 40.00000000)$$, 'three nights of March at 1200 a bed-day, and what the state and science paid');
SELECT is((SELECT bool_and(in_progress) FROM cell WHERE encounter_code = 'OPEN'), true, 'he is still there: work in progress');
SELECT is((SELECT round(avg(total), 2) FROM cell WHERE encounter_code LIKE 'V%'), 188.33, 'a visit of C1');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'every identity holds');
SELECT is((SELECT count(*) FROM hospital_cost.verify_costing(:run)), 14::bigint, 'all fourteen');

-- service units: the laboratory and imaging keep their cost and spread it by what they charged
SELECT pg_temp.charge('P2', 'TEST', 'T1', 105), pg_temp.charge('NOBODY', 'TEST', 'T1', 60) \g /dev/null
SELECT cmp_ok(hospital_cost.cost_objects(:run, 'service_units'), '>', 100::bigint, 'the other mode');
SELECT results_eq($$SELECT department_code, sum(total)::numeric(18,2) FROM cell WHERE funding_group = 1 GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('C1' COLLATE "C", 850000.00::numeric(18,2)), ('C2', 1460000), ('C3', 380000), ('C4', 2140000), ('T1', 600000), ('T2', 400000)$$, 'pools after two levels');
SELECT results_eq($$SELECT coalesce(encounter_code, reason), total FROM cell WHERE department_code = 'T1' ORDER BY 1$$,
	$$VALUES ('P1' COLLATE "C", 105000.00000000::numeric(22,8)), ('P2', 315000.00000000), ('workload', 180000.00000000)$$, 'the laboratory by income, the part of nobody shown');
SELECT results_eq($$SELECT matched, reason, total FROM cell WHERE department_code = 'T2'$$, $$VALUES ('unmatched', 'no_activity', 400000.00000000::numeric(22,8))$$,
	'imaging charged nothing: its cost is not spread');
SELECT is((SELECT sum(total) FROM cell), 5910000.00000000, 'nothing is counted twice');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'every identity holds again');
SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('the golden hospital is not here: HC_DATA names no folder with golden_hospital in it', 1);
SELECT * FROM finish();
\endif
