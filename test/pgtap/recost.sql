-- Contract of costing again: what a late charge, a reversal, a stay, loaded workload touches, and nothing else; what forces all; what a run that stands says of
-- inputs that changed since; runs that are not there.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(47);
SET timezone = 'UTC';
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'x', 'administrative', 'none'), ('T', 'x', 'technical', 'none'), ('P', 'x', 'technical', 'none'),
	('O', 'x', 'clinical', 'outpatient'), ('I', 'x', 'clinical', 'inpatient'), ('J', 'x', 'clinical', 'inpatient');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount) VALUES ('2025-03-01', 'A', 'other', 'own', 90), ('2025-03-01', 'O', 'personnel', 'own', 1000),
	('2025-03-01', 'O', 'drugs', 'own', 300), ('2025-03-01', 'I', 'personnel', 'own', 5000), ('2025-03-01', 'I', 'personnel', 'fiscal_project', 70), ('2025-03-01', 'J', 'depreciation', 'own', 900),
	('2025-03-01', 'T', 'personnel', 'own', 600), ('2025-03-01', 'T', 'other', 'own', 100);
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at) VALUES ('V1', 'outpatient', 'O', '2025-03-04 02:00+00', NULL), ('V2', 'outpatient', 'O', '2025-03-04 02:00+00', NULL),
	('S1', 'inpatient', 'I', '2025-03-27 02:00+00', '2025-04-04 02:00+00'), ('S2', 'inpatient', 'I', '2025-03-05 02:00+00', '2025-03-10 02:00+00'), ('S3', 'inpatient', 'J', '2025-03-05 02:00+00', '2025-03-10 02:00+00');
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) SELECT code, department_code, started_at, ended_at FROM hospital_cost.encounter WHERE kind = 'inpatient';
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('PILL', 'x', '09', 'drug'), ('LAB', 'x', '04', 'service'), ('CT', 'x', '04', 'service');
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
CREATE FUNCTION his.post(encounter text, item text, ordering text, performing text, value numeric) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	VALUES (encounter, item, 1, value, value, ordering, performing, '2025-03-06 04:00+00');
END;
SELECT his.post('V1', 'PILL', 'O', 'P', 150), his.post('S2', 'LAB', 'I', 'T', 60), his.post('S2', 'CT', 'I', 'T', 300) \g /dev/null
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('by_income');
INSERT INTO hospital_cost.driver (code, name, kind, measure) VALUES ('income', 'x', 'revenue', 'ordered');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code) VALUES ('by_income', 1, 'administrative', '{clinical}', 'income');
SELECT hospital_cost.allocate('2025-03-01', 'by_income') AS run \gset
SELECT set_config('hc_test.run', :'run', true) \g /dev/null

-- Costs in a transaction of its own, as far as xmin tells; says which rows are new, by part, and why.
CREATE TEMP TABLE stood AS SELECT ''::text AS place, ''::text AS what;
CREATE FUNCTION his.place() RETURNS TABLE (place text, what text) LANGUAGE sql AS $$
	SELECT format('%s %s', c.ctid, c.xmin), concat(coalesce(c.department_code, '-'), c.funding_group) FROM hospital_cost._encounter_cost c WHERE c.run_id = current_setting('hc_test.run')::int
	UNION ALL SELECT format('%s %s', c.ctid, c.xmin), concat('item ', c.department_code) FROM hospital_cost._item_cost c WHERE c.run_id = current_setting('hc_test.run')::int $$;
CREATE FUNCTION his.again(fresh boolean DEFAULT false, mode text DEFAULT 'ward_full') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	DELETE FROM stood;
	INSERT INTO stood SELECT * FROM his.place();
	BEGIN
		PERFORM hospital_cost.cost_objects(current_setting('hc_test.run')::int, mode, fresh);
	EXCEPTION WHEN division_by_zero THEN NULL;
	END;
	SELECT coalesce(string_agg(DISTINCT p.what, ', ' ORDER BY p.what), 'nothing') INTO told FROM (SELECT * FROM his.place() EXCEPT SELECT * FROM stood) p;
	RETURN told;
END $$;
CREATE TEMP VIEW part AS SELECT concat(coalesce(p.department_code, '-'), p.funding_group) COLLATE "default" AS part, p.reason FROM hospital_cost.costing_part p WHERE p.computed_last AND p.run_id = current_setting('hc_test.run')::int ORDER BY 1;
CREATE FUNCTION his.drugs(encounter text) RETURNS text LANGUAGE sql AS $$
	SELECT trim_scale(c.total)::text FROM hospital_cost.encounter_cost c WHERE c.run_id = current_setting('hc_test.run')::int AND c.encounter_code = encounter AND c.department_code = 'O' $$;

SELECT is(his.again(), 'I1, I2, J1, O1, T1, item I, item J, item O, item T', 'everything at first');
SELECT results_eq('TABLE part', $$VALUES ('I1', 'all'), ('I2', 'all'), ('J1', 'all'), ('O1', 'all'), ('T1', 'all')$$, 'and says so; administrative cost is gone, so has no part');
SELECT is((SELECT c.cells_written = c.cells AND c.cells = 8 FROM hospital_cost.costing c WHERE c.run_id = :run), true, 'eight cells');
SELECT is(his.again(), 'nothing', 'nothing happened: no row is written');
SELECT is((SELECT format('%s of %s', c.cells_written, c.cells) FROM hospital_cost.costing c WHERE c.run_id = :run), '0 of 8', 'of eight');
SELECT is(hospital_cost.cost_objects(:run), 8::bigint, 'the cells there are, returned');
SELECT is_empty('TABLE part', 'no part was computed last');

-- a late drug: O has 300 of drugs, 150 charged, so (300 − 150) ÷ 2 = 75 a visit; 40 more and 55 are left
CREATE TEMP TABLE first AS SELECT c.encounter_code, c.drugs, c.total FROM hospital_cost.encounter_cost c WHERE c.run_id = :run AND c.department_code = 'O';
SELECT results_eq($$SELECT drugs FROM first ORDER BY encounter_code$$, 'VALUES (225.00000000::numeric(22,8)), (75.00000000)', 'drugs charged, and half of the rest each');
SELECT his.post('V2', 'PILL', 'O', 'P', 40) \g /dev/null
SELECT is(his.again(), 'O1', 'a late drug touches the clinic that ordered it, and no items');
SELECT results_eq('TABLE part', $$VALUES ('O1', 'charges')$$, 'because of what was charged');
SELECT results_eq($$SELECT c.drugs FROM hospital_cost.encounter_cost c WHERE c.run_id = current_setting('hc_test.run')::int AND c.department_code = 'O' ORDER BY c.encounter_code$$,
	'VALUES (205.00000000::numeric(22,8)), (95.00000000)', '150 + 55 and 40 + 55');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'every identity holds');
DELETE FROM his.charge WHERE amount = 40;
SELECT is(his.again(), 'O1', 'its reversal the same');
SELECT is_empty($$SELECT c.encounter_code, c.drugs, c.total FROM hospital_cost.encounter_cost c WHERE c.run_id = current_setting('hc_test.run')::int AND c.department_code = 'O' EXCEPT TABLE first$$,
	'and all is as it was');
-- a service is no single cost: wards go by time, so only the items of who performed it
SELECT his.post('S1', 'LAB', 'I', 'T', 60) \g /dev/null
SELECT is(his.again(), 'item T', 'a late service touches the items of the laboratory');
-- standing of an encounter
UPDATE hospital_cost.encounter SET ended_at = '2025-03-30 02:00+00' WHERE code = 'S1';
UPDATE hospital_cost.department_stay SET to_at = '2025-03-30 02:00+00' WHERE encounter_code = 'S1';
SELECT is(his.again(), 'I1, I2', 'a stay that ended earlier: the ward, in each funding group');
SELECT results_eq('TABLE part', $$VALUES ('I1', 'activity'), ('I2', 'activity')$$, 'because of its bed-days');
UPDATE hospital_cost.encounter SET ended_at = NULL WHERE code = 'S2';
SELECT is(his.again(), 'I1, I2', 'a patient who has not left, with the same bed-days');
UPDATE hospital_cost.department_stay SET department_code = 'J' WHERE encounter_code = 'S2';
SELECT is(his.again(), 'I1, I2, J1', 'a stay in another ward: both');
UPDATE hospital_cost.encounter SET status = 'cancelled' WHERE code = 'V1';
SELECT is(his.again(), 'O1', 'a visit cancelled');
SELECT results_eq('TABLE part', $$VALUES ('O1', 'activity, charges')$$, 'whose drugs are nobody''s now');
-- terms
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'J', 'bed_days', 100), ('2025-03-01', 'I', 'bed_days', 1), ('2025-03-01', 'O', 'visits', 0);
SELECT is(his.again(), 'I1, I2, J1, O1', 'loaded workload');
SELECT is((SELECT reason FROM part WHERE part = 'J1'), 'terms', 'is a term');
-- how warnings count
SET LOCAL track_functions = 'all';
CREATE TEMP TABLE calls AS SELECT coalesce(sum(s.calls), 0) AS n FROM pg_stat_xact_user_functions s WHERE s.funcname = '_encounter_time';
SELECT results_eq(format('SELECT w.department_code, w.amount FROM hospital_cost.costing_warning w WHERE w.run_id = %s AND w.code = %L ORDER BY 1', :run, 'loaded_below_counted'),
	$$VALUES ('I' COLLATE "C", 2.00::numeric), ('O', 1.00)$$, 'loaded below the counted: three days in I, one visit in O');
SELECT is((SELECT sum(s.calls) - c.n FROM pg_stat_xact_user_functions s, calls c WHERE s.funcname = '_encounter_time' GROUP BY c.n), 1::numeric, 'time is counted once a run');

-- modes, and force
SELECT is(his.again(false, 'service_units'), 'I1, I2, J1, O1, T1, item I, item J, item O, item T', 'another mode computes everything');
SELECT is((SELECT string_agg(DISTINCT reason, ' ') FROM part), 'all', 'and says so');
SELECT his.post('S1', 'LAB', 'I', 'T', 10) \g /dev/null
SELECT is(his.again(false, 'service_units'), 'T1, item T', 'a late service there is income of the laboratory, by which it is spread');
SELECT is(his.again(), 'I1, I2, J1, O1, T1, item I, item J, item O, item T', 'back again, everything');
SELECT is(his.again(true), 'I1, I2, J1, O1, T1, item I, item J, item O, item T', 'full forces it');
DELETE FROM hospital_cost._encounter_cost c WHERE c.run_id = :run AND c.encounter_code = 'V2';
SELECT isnt_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'a row that was taken away behind its back is seen by the proof');
SELECT his.again(true) \g /dev/null
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', :run), 'and full puts it back');

-- what goes by income in the allocation stays what the run is
CREATE TEMP TABLE run_before AS SELECT to_jsonb(c) AS row FROM hospital_cost.department_cost c WHERE c.run_id = :run;
SELECT his.post('V2', 'LAB', 'O', 'T', 9000) \g /dev/null
SELECT his.again() \g /dev/null
SELECT is_empty($$SELECT to_jsonb(c) FROM hospital_cost.department_cost c WHERE c.run_id = current_setting('hc_test.run')::int EXCEPT TABLE run_before$$, 'the run stays what it was though its driver is income');
SELECT hospital_cost.allocate('2025-03-01', 'by_income') AS new_run \gset
SELECT cmp_ok((SELECT sum(c.received) FROM hospital_cost.department_cost c WHERE c.run_id = :new_run AND c.department_code = 'O'), '>',
	(SELECT sum(c.received) FROM hospital_cost.department_cost c WHERE c.run_id = :run AND c.department_code = 'O'), 'a new run sees the charge');

-- parameters of items that are edited later
INSERT INTO hospital_cost.item_cost_method (department_code, method) VALUES ('T', 'equivalent');
INSERT INTO hospital_cost.item_equivalent (item_code, equivalent) VALUES ('LAB', 1), ('CT', 4);
SELECT is(his.again(), 'item T', 'another method: the items of its department');
CREATE TEMP TABLE items AS SELECT to_jsonb(i) AS row FROM hospital_cost.item_cost i WHERE i.run_id = :run;
SELECT hospital_cost.make_official(:run), hospital_cost.close_period('2025-03-01') \g /dev/null
UPDATE hospital_cost.item_equivalent SET equivalent = 9 WHERE item_code = 'LAB';
SELECT results_eq(format('SELECT v.identity, v.difference FROM hospital_cost.verify_item_cost(%s) v WHERE v.difference <> 0', :run), $$VALUES ('inputs changed since: departments', 1::numeric)$$,
	'an equivalent edited later: the proof of the past run says that, and nothing else');
INSERT INTO hospital_cost.variable_share (cost_item_code, share) VALUES ('personnel', 0.9);
SELECT results_eq(format('SELECT v.identity, v.difference FROM hospital_cost.verify_item_cost(%s) v WHERE v.difference <> 0', :run), $$VALUES ('inputs changed since: departments', 3::numeric)$$,
	'a variable share: of the departments that have such cost');
SELECT results_eq(format('SELECT c.department_code, c.problem FROM hospital_cost.check_item_cost(%s) c WHERE c.problem LIKE %L', :run, '%since%'),
	$$SELECT d, 'parameters changed since it was costed' FROM unnest('{I,O,T}'::text[]) d$$, 'which ones is told');
SELECT is_empty(format('SELECT to_jsonb(i) - %L FROM hospital_cost.item_cost i WHERE i.run_id = %s EXCEPT SELECT row - %L FROM items', 'official', :run, 'official'), 'its figures stand');
SELECT throws_ok(format('SELECT hospital_cost.cost_objects(%s)', :run), 'MC701', NULL, 'the official run of a closed month is not costed again');
SELECT throws_ok(format('SELECT hospital_cost.cost_objects(%s, %L, true)', :run, 'ward_full'), 'MC701', NULL, 'nor by force');

-- runs that are not there
SELECT throws_ok(format('SELECT * FROM hospital_cost.%s(-1)', f), 'MC614', NULL, f || ' of a run that is not there')
FROM unnest('{verify_costing,verify_item_cost,check_item_cost,compare_item_methods,spread_cost}'::text[]) f;
SELECT hospital_cost.reopen_period('2025-03-01', 'x'), hospital_cost.cost_objects(:new_run), hospital_cost.delete_run(:new_run) \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost._costing_part p FULL JOIN hospital_cost._item_costing i USING (run_id) WHERE run_id = :new_run), 0::bigint, 'what a run was costed from goes with it');
SELECT * FROM finish();
ROLLBACK;
