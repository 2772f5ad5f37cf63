-- Contract of kept cases: what a month was told to cost stays, whatever is corrected afterwards, and says what has changed; cost that comes after discharge
-- is told by itself and ties; a disease is a diagnosis and a treatment.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(43);
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('T', '检验科', 'technical', 'none'), ('I', '病区', 'clinical', 'inpatient'), ('U', '重症', 'clinical', 'inpatient'),
	('O', '门诊', 'clinical', 'outpatient');
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('LAB', 'x', '04', 'service'), ('BED', 'x', '01', 'service'), ('PILL', 'x', '09', 'drug');
INSERT INTO hospital_cost.disease (code, name, diagnosis_codes, procedure_codes) VALUES ('APP', '阑尾炎', '{K35}', NULL), ('APPX', '阑尾炎：阑尾切除', '{K35}', '{47.0,47.1}'),
	('APPL', '阑尾炎：腹腔镜', '{K35}', '{47.01}'), ('PERI', '腹膜炎', '{K35.2}', NULL);
INSERT INTO hospital_cost.payment_group (code, name, weight) VALUES ('GD29', '阑尾', 0.8), ('GZ19', '其他', 1.1);
INSERT INTO hospital_cost.payment_rate (rate) VALUES (5000);
-- A to E leave in March, F is still there, V visits.
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, diagnosis_code, procedure_code, drg_code, payer) VALUES
	('A', 'inpatient', 'I', '2025-03-01 08:00+08', '2025-03-11 09:00+08', 'K35.9', NULL, 'GD29', '310'), ('B', 'inpatient', 'I', '2025-03-02 08:00+08', '2025-03-06 09:00+08', 'K35.8', '47.09', 'GD29', '310'),
	('C', 'inpatient', 'I', '2025-03-02 08:00+08', '2025-03-05 09:00+08', 'K35.8', '47.0100x001', 'GD29', '390'), ('D', 'inpatient', 'I', '2025-03-03 08:00+08', '2025-03-05 09:00+08', 'K35.2', '47.01', 'GZ19', NULL),
	('E', 'inpatient', 'I', '2025-03-03 08:00+08', '2025-03-04 09:00+08', 'I10', NULL, 'QY', NULL), ('F', 'inpatient', 'U', '2025-03-25 08:00+08', '2025-04-03 09:00+08', 'K35.3', '45.1', 'GZ19', NULL),
	('V', 'outpatient', 'O', '2025-03-03 08:00+08', NULL, NULL, NULL, NULL, NULL);
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) SELECT code, department_code, started_at, ended_at FROM hospital_cost.encounter WHERE kind = 'inpatient';
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount) VALUES ('2025-03-01', 'I', 'personnel', 'own', 2000.03), ('2025-03-01', 'I', 'depreciation', 'fiscal_project', 77.77),
	('2025-03-01', 'I', 'drugs', 'own', 300), ('2025-03-01', 'U', 'personnel', 'own', 700), ('2025-03-01', 'O', 'personnel', 'own', 50), ('2025-03-01', 'T', 'personnel', 'own', 31.01),
	('2025-04-01', 'I', 'drugs', 'own', 40), ('2025-04-01', 'U', 'personnel', 'own', 500), ('2025-04-01', 'T', 'personnel', 'own', 10);
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
CREATE FUNCTION his.post(encounter text, item text, performing text, value numeric, at timestamptz) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	VALUES (encounter, item, 1, value, value, 'I', performing, at);
END;
SELECT his.post('A', 'PILL', 'I', 120, '2025-03-05 10:00+08'), his.post('A', 'LAB', 'T', 20, '2025-03-05 10:00+08'), his.post('B', 'LAB', 'T', 20, '2025-03-05 10:00+08'),
	his.post('F', 'LAB', 'T', 20, '2025-03-26 10:00+08'), his.post('A', 'PILL', 'I', 30, '2025-04-02 10:00+08'), his.post('E', 'LAB', 'T', 20, '2025-04-02 10:00+08') \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS march, hospital_cost.allocate('2025-04-01', 'four_class_three_level') AS april \gset
SELECT set_config('hc_test.march', :'march', true), hospital_cost.cost_objects(:march), hospital_cost.cost_objects(:april) \g /dev/null
CREATE FUNCTION his.told() RETURNS TABLE (what text, told jsonb) LANGUAGE sql AS $$
	SELECT f.code, to_jsonb(x) FROM unnest('{F11,F12,F13,F14,F15,F16,F17}'::text[]) AS f (code) CROSS JOIN LATERAL hospital_cost.form(f.code, '2025-03-01', scope => 'hospital_full') x
	UNION ALL SELECT 'disease', to_jsonb(d) FROM hospital_cost.disease_cost d WHERE d.period = '2025-03-01'
	UNION ALL SELECT 'drg', to_jsonb(d) FROM hospital_cost.drg_cost d WHERE d.period = '2025-03-01' $$;
CREATE FUNCTION his.same(before text, after text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('(SELECT to_jsonb(x) FROM (TABLE %1$I EXCEPT ALL TABLE %2$I) x) UNION ALL (SELECT to_jsonb(x) FROM (TABLE %2$I EXCEPT ALL TABLE %1$I) x)', before, after);
END $$;
CREATE FUNCTION his.changes() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s→%s', c.encounter_code, c.field, c.kept, c.now), ', ' ORDER BY c.encounter_code, c.field) FROM hospital_cost.case_change c
	WHERE c.run_id = current_setting('hc_test.march')::int AND c.field NOT LIKE '%name' $$;

-- a disease is a diagnosis and a treatment
CREATE FUNCTION his.cases(month date) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s', coalesce(c.disease_code, '-'), c.cases), ', ' ORDER BY c.disease_code) FROM hospital_cost.disease_cost c
	WHERE c.period = month AND c.scope = 'medical' AND c.method = 'top_down' $$;
SELECT is(his.cases('2025-03-01'), 'APP 1, APPL 1, APPX 1, PERI 1, - 1', 'without treatment, laparoscopic, otherwise operated; the longer diagnosis goes first');
SELECT is(his.cases('2025-04-01'), 'APP 1, - 0', 'a treatment that no disease names is any; nobody of no disease left in April');
SELECT throws_ok($$INSERT INTO hospital_cost.disease VALUES ('X', 'x', '{K}', '{}')$$, '23514', NULL, 'no list of no treatment');
CREATE TABLE his.visit (no text PRIMARY KEY, dept text, at timestamptz, diagnosis text, operation text);
INSERT INTO his.visit VALUES ('H1', 'I', '2025-04-05 08:00+08', 'K35', '47.01');
SELECT lives_ok($$SELECT hospital_cost.attach_encounters('his.visit', '{"encounter": "no", "department": "dept", "started_at": "at", "diagnosis": "diagnosis", "procedure": "operation", "kind": {"constant": "inpatient"}}');
	SELECT hospital_cost.refresh_feed('his.visit')$$, 'the mapping knows the procedure');
SELECT is((SELECT e.procedure_code FROM hospital_cost.encounter e WHERE e.code = 'H1'), '47.01', 'and brings it');

-- cost after discharge is the month's it came in, told by itself
CREATE FUNCTION his.late(want text, kind text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s cases %s late %s charged %s', c.cases, c.total_cost, c.late_cost, c.late_income) FROM hospital_cost.disease_cost c
	WHERE c.period = '2025-04-01' AND c.scope = 'medical' AND c.method = kind AND c.disease_code IS NOT DISTINCT FROM want $$;
SELECT is(his.late('APP', 'top_down'), '1 cases 1200.00 late 30.00 charged 30.00', 'a pill charged three weeks after discharge, beside the case of the month');
SELECT is(his.late(NULL, 'bottom_up'), '0 cases  late 10.00 charged 20.00', 'a test, of a patient of no disease');
SELECT is(his.late(NULL, 'top_down'), '0 cases  late 0.00 charged 20.00', 'whose cost the ward has, top-down');
SELECT is((SELECT string_agg(coalesce(f.amount::text, '-'), ' ' ORDER BY f.col_no) FROM hospital_cost.form('F12', '2025-04-01') f WHERE f.row_code = 'late'), '0.00 - 30.00 - 30.00 0.00 0.00 50.00 20.00', 'F12 has a row for it');
SELECT is((SELECT f.amount FROM hospital_cost.form('F12', '2025-04-01') f WHERE f.row_code = 'total' AND f.col_code = 'total_cost'), 1200.00, 'which is not in the total');
SELECT is((SELECT sum(d.total_cost + d.late_cost) FROM hospital_cost.disease_cost d WHERE d.scope = 'medical' AND d.method = 'top_down'),
	(SELECT sum(p.total) FROM hospital_cost.patient_cost p WHERE p.scope = 'medical' AND p.kind = 'inpatient'), 'all diseases, no disease and late = all inpatients, once all have left');

-- brute force: each month by the encounters themselves, with nothing of what is kept
CREATE FUNCTION his.brute(first date) RETURNS TABLE (cases numeric, late numeric, progress numeric, visits numeric, before numeric, pool numeric) LANGUAGE sql AS $$
	SELECT coalesce(sum(c.total) FILTER (WHERE out.month = first AND c.period <= first), 0), coalesce(sum(c.total) FILTER (WHERE out.month < first AND c.period = first), 0),
		coalesce(sum(c.total) FILTER (WHERE out.month > first AND c.period = first), 0), coalesce(sum(c.total) FILTER (WHERE e.kind <> 'inpatient' AND c.period = first), 0),
		coalesce(sum(c.total) FILTER (WHERE out.month = first AND c.period < first), 0), coalesce(sum(c.total) FILTER (WHERE c.period = first), 0)
	FROM hospital_cost.encounter_cost c JOIN hospital_cost.encounter e ON e.code = c.encounter_code
	CROSS JOIN LATERAL (SELECT CASE WHEN e.kind = 'inpatient' THEN date_trunc('month', e.ended_at AT TIME ZONE 'Asia/Shanghai')::date END AS month) out
	WHERE c.official AND c.funding_group = 1 $$;
SELECT is((SELECT b.cases + b.late - b.before + b.progress + b.visits FROM his.brute(m::date) b), (SELECT b.pool FROM his.brute(m::date) b), m || ': cases + late − months before + in progress + visits = patients')
FROM unnest('{2025-03-01,2025-04-01}'::text[]) AS m;
SELECT is((SELECT sum(d.total_cost) FROM hospital_cost.disease_cost d WHERE d.period = m::date AND d.scope = 'medical' AND d.method = 'top_down'), (SELECT b.cases::numeric(18,2) FROM his.brute(m::date) b), m || ': diseases are those cases')
FROM unnest('{2025-03-01,2025-04-01}'::text[]) AS m;
SELECT is((SELECT sum(d.late_cost) FROM hospital_cost.disease_cost d WHERE d.period = '2025-04-01' AND d.scope = 'medical' AND d.method = 'top_down'), (SELECT b.late::numeric(18,2) FROM his.brute('2025-04-01') b), 'late cost is that');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference IS DISTINCT FROM 0', r), 'and the proof says so') FROM unnest(ARRAY[:march, :april]) AS r;
SELECT is_empty($$SELECT * FROM hospital_cost.verify_forms('2025-03-01', '2025-04-01') v WHERE v.difference IS DISTINCT FROM 0$$, 'as do the forms');
SELECT is_empty($$SELECT f.code, x.* FROM unnest('{F12,F13,F14,F15,F16,F17}'::text[]) AS f (code) CROSS JOIN unnest('{medical,medical_full,hospital_full}'::text[]) AS s (scope)
	CROSS JOIN LATERAL hospital_cost.form(f.code, '2025-03-01', scope => s.scope) x WHERE x.amount <> round(x.amount, 2) AND x.col_code <> 'cmi'$$, 'money is told to the cent');
SELECT is_empty($$SELECT x.* FROM hospital_cost.form('F11', '2025-03-01', '2025-04-01') x WHERE x.amount <> round(x.amount, 2) AND x.col_code IN ('total_cost', 'result', 'income')$$, 'of items too');
SELECT is_empty($$SELECT d.disease_code, d.scope, d.total_cost, x.amount FROM hospital_cost.disease_cost d CROSS JOIN LATERAL hospital_cost.form('F12', d.period, scope => d.scope) x
	WHERE d.method = 'top_down' AND x.row_code = d.disease_code AND x.col_code = 'total_cost' AND x.amount <> d.total_cost$$, 'and every disease has the same cost in the view and on the form, in every scope');

-- whatever is corrected, a month stays as it was told
SELECT is(his.changes(), NULL, 'nothing has changed');
CREATE TEMP TABLE before AS SELECT * FROM his.told();
UPDATE hospital_cost.encounter SET diagnosis_code = 'I10' WHERE code = 'A';
UPDATE hospital_cost.encounter SET drg_code = 'GZ19' WHERE code = 'B';
UPDATE hospital_cost.encounter SET status = 'cancelled' WHERE code = 'D';
UPDATE hospital_cost.encounter SET ended_at = '2025-03-30 09:00+08' WHERE code = 'F';
UPDATE hospital_cost.payment_group SET weight = 2, name = '改名' WHERE code = 'GZ19';
UPDATE hospital_cost.payment_rate SET rate = 5500;
UPDATE hospital_cost.disease SET procedure_codes = '{99}' WHERE code = 'APPL';
UPDATE hospital_cost.charge_item SET kind = 'drug' WHERE code = 'LAB';
INSERT INTO hospital_cost.service_unit (department_code, kind, basis) VALUES ('I', 'icu', 'bed_days');
CREATE TEMP TABLE after AS SELECT * FROM his.told();
SELECT is_empty($$SELECT his.same('before', 'after')$$, 'diagnosis, group, status, discharge, weight, rate, disease, kind of item and of unit corrected: forms and costs stay');
SELECT cmp_ok((SELECT count(*) FROM before), '>', 300::bigint, 'of which there is something');
SELECT is(his.changes(), 'A diagnosis_code K35.9→I10, A disease_code APP→, A rate 5000.000000→5500.000000, B drg_code GD29→GZ19, B group_code GD29→GZ19, B rate 5000.000000→5500.000000, '
	'B weight 0.8000→2.0000, C disease_code APPL→APPX, C rate 5000.000000→5500.000000, D case yes→no, F case no→yes', 'what has changed is told, field by field');
SELECT is((SELECT format('%s %s', w.amount, w.cure) FROM hospital_cost.costing_warning w WHERE w.run_id = :march AND w.code = 'cases_changed_since'), format('5 hospital_cost.cost_objects(%s)', :march),
	'and is a warning, with its cure');
SELECT results_eq(format($$SELECT 1 FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0 AND v.identity LIKE 'diseases%%'$$, :march), ARRAY[]::int[], 'what was told still ties');
SELECT his.post('A', 'PILL', 'I', 10, '2025-03-07 10:00+08') \g /dev/null
SELECT is((SELECT w.amount FROM hospital_cost.costing_warning w WHERE w.run_id = :march AND w.code = 'charges_changed_since'), 1::numeric, 'a late charge is a warning too');
TRUNCATE after;
INSERT INTO after SELECT * FROM his.told();
SELECT is_empty($$SELECT his.same('before', 'after') AS x EXCEPT SELECT x FROM his.same('before', 'after') AS x WHERE x ->> 'what' = 'F11'$$, 'and changes no case');

-- the cure takes it in
SELECT hospital_cost.cost_objects(:march), hospital_cost.cost_objects(:april) \g /dev/null
SELECT is(his.changes(), NULL, 'costed again, nothing is left');
SELECT is((SELECT count(*) FROM hospital_cost.costing_warning w WHERE w.code LIKE '%since'), 0::bigint, 'no warning either');
SELECT is(his.cases('2025-03-01'), 'APP 1, APPX 2, - 2', 'F left in March, D is cancelled, A has no disease');
SELECT is((SELECT format('%s %s %s', d.cases, d.weight, d.payment) FROM hospital_cost.drg_cost d WHERE d.period = '2025-03-01' AND d.drg_code = 'GZ19' AND d.scope = 'medical' AND d.method = 'top_down'),
	'2 4.0000 22000.00', 'B and F at the new weight and rate');
SELECT isnt((SELECT f.amount FROM hospital_cost.form('F14', '2025-03-01') f WHERE f.row_code = 'total' AND f.col_code = 'icu'), 0.00, 'the unit is what it is now');
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference IS DISTINCT FROM 0', r), 'it ties again') FROM unnest(ARRAY[:march, :april]) AS r;

-- another run of the month has cases of its own
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS trial \gset
SELECT hospital_cost.cost_objects(:trial, 'service_units') \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost._costing_case c WHERE c.run_id = :trial), (SELECT count(*) FROM hospital_cost._costing_case c WHERE c.run_id = :march), 'a trial run keeps its own');
SELECT lives_ok(format('SELECT hospital_cost.delete_run(%s)', :trial), 'and is removed');
SELECT is((SELECT count(*) FROM hospital_cost._costing_case c WHERE c.run_id = :trial) + (SELECT count(*) FROM hospital_cost._costing_case_cost c WHERE c.run_id = :trial), 0::bigint, 'with them');

-- a locked run keeps its cases for ever
TRUNCATE before;
INSERT INTO before SELECT * FROM his.told();
UPDATE hospital_cost.period SET state = 'closed' WHERE period = '2025-03-01';
UPDATE hospital_cost.encounter SET diagnosis_code = 'K35.9' WHERE code = 'A';
SELECT throws_ok(format('SELECT hospital_cost.cost_objects(%s)', :march), 'MC701', NULL, 'the official run of a closed month is not costed again');
TRUNCATE after;
INSERT INTO after SELECT * FROM his.told();
SELECT is_empty($$SELECT his.same('before', 'after')$$, 'and stays');
SELECT matches((SELECT w.cure FROM hospital_cost.costing_warning w WHERE w.run_id = :march AND w.code = 'cases_changed_since'), 'closed', 'the change is told all the same, with the way back');
SELECT * FROM finish();
ROLLBACK;
