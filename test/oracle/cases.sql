-- Oracle of cases: a twin that goes encounter by encounter through plain SQL and knows nothing of what is kept, held against disease and DRG cost of a random
-- hospital over three months, case by case and three ways; then random corrections, which must change nothing until the months are costed again, and then
-- everything. HC_SEED repeats a failure; the seed of this run is printed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(24);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SET timezone = 'America/New_York';
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-01-01'), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, timezone) VALUES ('H1', 'x', 'Asia/Shanghai');
CREATE SCHEMA twin;
CREATE FUNCTION twin.pick(list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[1 + floor(random() * cardinality(list))::int];
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'x', 'administrative', 'none'), ('T1', 'x', 'technical', 'none'), ('T2', 'x', 'technical', 'none'),
	('C1', 'x', 'clinical', 'outpatient'), ('I1', 'x', 'clinical', 'inpatient'), ('I2', 'x', 'clinical', 'inpatient'), ('I3', 'x', 'clinical', 'inpatient');
INSERT INTO hospital_cost.cost_item (code, name, category, billable) VALUES ('implants', 'x', 'materials', true);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount)
SELECT m, d.code, i.code, f, round((random() * 90000)::numeric, 2 + floor(random() * 7)::int)
FROM unnest('{2025-01-01,2025-02-01,2025-03-01}'::date[]) m, hospital_cost.department d, hospital_cost.cost_item i, unnest('{own,fiscal_project,science_education}'::text[]) f
WHERE random() < CASE f WHEN 'own' THEN 0.8 ELSE 0.2 END;
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity)
SELECT m, 'headcount', d.code, 1 + floor(random() * 30) FROM unnest('{2025-01-01,2025-02-01,2025-03-01}'::date[]) m, hospital_cost.department d WHERE d.class <> 'administrative';
INSERT INTO hospital_cost.disease (code, name, diagnosis_codes, procedure_codes)
SELECT 'D' || i, 'x', ARRAY[twin.pick('{K,K3,K35,K35.2,J18,J,I1}'), twin.pick('{K3,M5,I10}')], CASE WHEN random() < 0.5 THEN ARRAY[twin.pick('{4,47,47.0,47.01}'), twin.pick('{53,53.0}')] END
FROM generate_series(1, 9) i;
INSERT INTO hospital_cost.payment_group (code, name, weight, failed, valid) SELECT 'G' || i, 'x', round((random() * 3)::numeric, 4), i = 6, v
FROM generate_series(1, 6) i, unnest('{"(,2025-02-15)","[2025-02-15,)"}'::daterange[]) v;
INSERT INTO hospital_cost.payment_rate (payer, rate) VALUES (NULL, 4321.5), ('310', 5000), ('390', 4000);

-- Stays of up to two months; some are cancelled, some go on; some charges come before admission, some after discharge.
CREATE TEMP TABLE trip AS SELECT i AS n, timestamptz '2024-12-28 00:00+08' + random() * interval '90 days' AS from_at, random() * random() * interval '60 days' AS length, random() AS dice
FROM generate_series(1, 240) i;
CREATE FUNCTION twin.diagnosis() RETURNS text LANGUAGE sql VOLATILE RETURN twin.pick('{K35.2,K35.9,K30,J18.9,I10,M54.5,Z00,NULL}');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, status, diagnosis_code, procedure_code, drg_code, payer)
SELECT 'E' || n, CASE WHEN n % 4 = 0 THEN 'outpatient' ELSE 'inpatient' END, CASE WHEN n % 4 = 0 THEN 'C1' ELSE 'I1' END, from_at, CASE WHEN dice > 0.1 THEN from_at + length END,
	CASE WHEN n % 31 = 0 THEN 'cancelled' ELSE 'active' END, nullif(twin.diagnosis(), 'NULL'), CASE WHEN random() < 0.6 THEN twin.pick('{47.01,47.09,53.05,88.1}') END,
	twin.pick('{G1,G2,G3,G4,G5,G6,G7}'), twin.pick('{310,390,510}') FROM trip;
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at)
SELECT 'E' || n, twin.pick('{I1,I2,I3}'), from_at, CASE WHEN dice > 0.1 THEN from_at + length END FROM trip WHERE n % 4 <> 0;
INSERT INTO hospital_cost.charge_item (code, name, category, kind) VALUES ('P1', 'x', '09', 'drug'), ('M1', 'x', '08', 'material'), ('S1', 'x', '04', 'service'), ('S2', 'x', '03', 'service'), ('S3', 'x', '01', 'service');
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'flag', 'trust') \g /dev/null
INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
SELECT x.code, x.item, x.q, x.price, round(x.q * x.price, 2), 'I' || 1 + floor(random() * 3)::int, CASE WHEN x.item IN ('S1', 'S2') THEN twin.pick('{T1,T2}') ELSE twin.pick('{I1,I2,I3}') END, x.at
FROM (SELECT 'E' || n AS code, twin.pick('{P1,M1,S1,S2,S3,S1}') AS item, (1 + floor(random() * 5))::numeric AS q, round((random() * 200)::numeric, 2) AS price,
		from_at - interval '3 days' + random() * (length + interval '30 days') AS at FROM trip, generate_series(1, 12)) x
WHERE x.at >= '2025-01-01 00:00+08' AND x.at < '2025-04-01 00:00+08';

CREATE TEMP TABLE run AS SELECT m AS period, hospital_cost.allocate(m, 'four_class_three_level') AS run_id FROM unnest('{2025-01-01,2025-02-01,2025-03-01}'::date[]) m;
CREATE FUNCTION twin.cost() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r run;
BEGIN
	FOR r IN SELECT * FROM run ORDER BY period LOOP
		PERFORM hospital_cost.cost_objects(r.run_id, twin.pick('{ward_full,service_units}'));
	END LOOP;
END $$;
SELECT twin.cost() \g /dev/null

-- Who is a case of a month, and of which disease: every disease and prefix is tried.
CREATE FUNCTION twin.disease(diagnosis text, operation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	d record;
	best text;
	best_key int[] := '{0,-1}';
	key int[];
BEGIN
	FOR d IN SELECT x.code, k.prefix, x.procedure_codes FROM hospital_cost.disease x, unnest(x.diagnosis_codes) AS k (prefix) ORDER BY x.code COLLATE "C" LOOP
		CONTINUE WHEN diagnosis IS NULL OR left(diagnosis, length(d.prefix)) <> d.prefix;
		key := ARRAY[length(d.prefix), CASE WHEN d.procedure_codes IS NULL THEN 0
			ELSE (SELECT max(length(p)) FROM unnest(d.procedure_codes) p WHERE left(operation, length(p)) = p) END];
		CONTINUE WHEN key[2] IS NULL OR key <= best_key;
		best := d.code; best_key := key;
	END LOOP;
	RETURN best;
END $$;
CREATE FUNCTION twin.gone() RETURNS TABLE (encounter_code text, period date, admitted date, disease text) LANGUAGE sql AS $$
	SELECT e.code, date_trunc('month', e.ended_at AT TIME ZONE 'Asia/Shanghai')::date, (e.started_at AT TIME ZONE 'Asia/Shanghai')::date, twin.disease(e.diagnosis_code, e.procedure_code)
	FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' AND e.status = 'active' AND e.ended_at < '2025-04-01 00:00+08' $$;
-- What each line cost: drugs and materials what was charged, services by unit cost or by the ratio of the department.
CREATE FUNCTION twin.part(most int) RETURNS TABLE (method text, encounter_code text, period date, amount numeric) LANGUAGE sql AS $$
	WITH item AS MATERIALIZED (SELECT c.run_id, c.department_code, c.item_code, sum(c.personnel + c.materials + c.depreciation + c.amortisation + c.risk_fund + c.other) / max(c.quantity) AS unit
		FROM hospital_cost._item_cost c WHERE c.matched = 'item' AND c.funding_group <= most GROUP BY 1, 2, 3),
	ratio AS MATERIALIZED (SELECT c.run_id, c.department_code, sum(c.cost) / nullif(max(c.income), 0) AS unit FROM hospital_cost.cost_to_charge c WHERE c.funding_group <= most GROUP BY 1, 2)
	SELECT 'top_down', c.encounter_code, c.period::date, c.total FROM hospital_cost.encounter_cost c WHERE c.official AND c.funding_group <= most AND c.encounter_code IS NOT NULL
	UNION ALL
	SELECT m.method, l.encounter_code, l.period::date, CASE WHEN k.kind <> 'service' THEN l.amount WHEN m.method = 'bottom_up' THEN l.quantity * i.unit ELSE l.amount * c.unit END
	FROM hospital_cost.ledger l JOIN run r ON r.period = l.period JOIN hospital_cost.charge_item k ON k.code = l.item_code
	LEFT JOIN item i ON i.run_id = r.run_id AND i.department_code = l.performing_department_code AND i.item_code = l.item_code
	LEFT JOIN ratio c ON c.run_id = r.run_id AND c.department_code = l.performing_department_code
	CROSS JOIN (VALUES ('bottom_up'), ('cost_to_charge')) AS m (method) $$;
CREATE FUNCTION twin.want() RETURNS TABLE (method text, scope text, period date, disease text, cases bigint, total numeric, late numeric) LANGUAGE sql AS $$
	WITH part AS MATERIALIZED (SELECT s.scope, p.* FROM (VALUES ('medical', 1), ('medical_full', 2), ('hospital_full', 3)) AS s (scope, most) CROSS JOIN LATERAL twin.part(s.most) p),
	gone AS MATERIALIZED (SELECT * FROM twin.gone()), month AS (SELECT r.period FROM run r)
	SELECT m.method, s.scope, x.period, g.disease, count(DISTINCT g.encounter_code) FILTER (WHERE g.period = x.period),
		coalesce(sum(p.amount) FILTER (WHERE g.period = x.period), 0), coalesce(sum(p.amount) FILTER (WHERE g.period < x.period), 0)
	FROM month x CROSS JOIN (VALUES ('top_down'), ('bottom_up'), ('cost_to_charge')) AS m (method) CROSS JOIN (VALUES ('medical'), ('medical_full'), ('hospital_full')) AS s (scope)
	JOIN gone g ON g.period <= x.period
	LEFT JOIN part p ON p.method = m.method AND p.scope = s.scope AND p.encounter_code = g.encounter_code
		AND CASE WHEN g.period = x.period THEN p.period <= x.period AND p.period >= date_trunc('month', (SELECT min(a.admitted) FROM gone a WHERE a.period = x.period)) - interval '1 month' ELSE p.period = x.period END
	GROUP BY 1, 2, 3, 4
	HAVING count(*) FILTER (WHERE g.period = x.period OR p.amount <> 0) > 0 $$;
CREATE FUNCTION twin.differs() RETURNS TABLE (method text, scope text, period date, disease text, want text, have text) LANGUAGE sql AS $$
	SELECT w.method, w.scope, w.period, w.disease, format('%s %s %s', w.cases, w.total, w.late), format('%s %s %s', d.cases, d.total_cost, d.late_cost)
	FROM twin.want() w
	FULL JOIN hospital_cost.disease_cost d ON d.method = w.method AND d.scope = w.scope AND d.period = w.period AND coalesce(d.disease_code, '') = coalesce(w.disease, '')
	WHERE coalesce(w.cases, 0) <> coalesce(d.cases, 0) OR abs(coalesce(w.total, 0) - coalesce(d.total_cost, 0)) > 0.00500001 OR abs(coalesce(w.late, 0) - coalesce(d.late_cost, 0)) > 0.00500001 $$;
CREATE FUNCTION twin.told() RETURNS TABLE (what text, told jsonb) LANGUAGE sql AS $$
	SELECT f.code || p.period || s.scope, to_jsonb(x) FROM unnest('{F12,F13,F14,F15,F16,F17}'::text[]) AS f (code) CROSS JOIN run p CROSS JOIN unnest('{medical,hospital_full}'::text[]) AS s (scope)
	CROSS JOIN LATERAL hospital_cost.form(f.code, p.period, scope => s.scope) x
	UNION ALL SELECT 'disease', to_jsonb(d) FROM hospital_cost.disease_cost d
	UNION ALL SELECT 'drg', to_jsonb(d) FROM hospital_cost.drg_cost d $$;
CREATE FUNCTION twin.holds(round text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is_empty('SELECT * FROM twin.differs()', round || ': every disease of every month, method and scope costs what the twin says')
	UNION ALL
	SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference IS DISTINCT FROM 0', r.run_id), round || ': the proof holds') FROM run r
	UNION ALL
	SELECT is_empty($q$SELECT * FROM hospital_cost.verify_forms('2025-01-01', '2025-03-01') v WHERE v.difference IS DISTINCT FROM 0$q$, round || ': and so do the forms')
	UNION ALL
	SELECT is_empty($q$SELECT d.period, d.scope, d.disease_code FROM hospital_cost.disease_cost d CROSS JOIN LATERAL hospital_cost.form('F13', d.period, scope => d.scope) f
		WHERE d.method = 'top_down' AND f.row_code = d.disease_code AND f.col_code = 'total' AND f.amount <> d.total_cost$q$, round || ': a form has the cost of the view')
	UNION ALL
	SELECT is((SELECT sum(c.total) FROM hospital_cost.encounter_cost c WHERE c.official AND c.funding_group = 1 AND c.matched = 'patient'),
		(SELECT sum(x.total) FILTER (WHERE NOT x.late) + sum(x.late_cost) FILTER (WHERE x.late) FROM run r CROSS JOIN LATERAL hospital_cost._case_result(r.period) x WHERE x.method = 'top_down' AND x.scope = 'medical')
		+ (SELECT sum(c.total) FROM hospital_cost.encounter_cost c JOIN hospital_cost.encounter e ON e.code = c.encounter_code WHERE c.official AND c.funding_group = 1
			AND (e.kind <> 'inpatient' OR e.ended_at IS NULL OR e.ended_at >= '2025-04-01 00:00+08')), round || ': cases + late + still there + visits = patients, over all months') $$;
SELECT twin.holds('costed');
SELECT cmp_ok((SELECT sum(d.late_cost) FROM hospital_cost.disease_cost d), '>', 0.0, 'there is late cost');
SELECT cmp_ok((SELECT count(*) FROM twin.gone() g WHERE g.period > date_trunc('month', g.admitted)), '>', 9::bigint, 'stays over months');
SELECT cmp_ok((SELECT count(DISTINCT d.disease_code) FROM hospital_cost.disease_cost d), '>', 2::bigint, 'and diseases');

-- corrections
CREATE TEMP TABLE before AS SELECT * FROM twin.told();
UPDATE hospital_cost.encounter SET diagnosis_code = nullif(twin.diagnosis(), 'NULL') WHERE random() < 0.1;
UPDATE hospital_cost.encounter SET procedure_code = twin.pick('{47.01,53.05}'), drg_code = twin.pick('{G1,G2,G6}'), payer = '390' WHERE random() < 0.1;
UPDATE hospital_cost.encounter SET status = CASE status WHEN 'active' THEN 'cancelled' ELSE 'active' END WHERE random() < 0.04;
UPDATE hospital_cost.payment_group SET weight = weight + 1 WHERE code = 'G2';
UPDATE hospital_cost.payment_rate SET rate = rate + 100 WHERE payer = '310';
UPDATE hospital_cost.disease SET procedure_codes = NULL WHERE code = 'D3';
CREATE TEMP TABLE moved AS SELECT e.code FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' AND e.ended_at IS NULL AND random() < 0.4;
UPDATE hospital_cost.department_stay s SET to_at = greatest(s.from_at, '2025-03-20 10:00+08') FROM moved m WHERE m.code = s.encounter_code;
UPDATE hospital_cost.encounter e SET ended_at = greatest(e.started_at, '2025-03-20 10:00+08') FROM moved m WHERE m.code = e.code;
CREATE TEMP TABLE after AS SELECT * FROM twin.told();
SELECT is_empty('(TABLE before EXCEPT ALL TABLE after) UNION ALL (TABLE after EXCEPT ALL TABLE before)', 'corrections change nothing that was told');
SELECT isnt_empty('SELECT * FROM twin.differs()', 'although the twin now says otherwise');
SELECT is((SELECT count(*) FROM run r WHERE NOT EXISTS (SELECT FROM hospital_cost.costing_warning w WHERE w.run_id = r.run_id AND w.code = 'cases_changed_since')), 0::bigint, 'every month warns');
SELECT is_empty($$SELECT r.period, g.encounter_code FROM run r JOIN twin.gone() g ON g.period = r.period
	LEFT JOIN hospital_cost._costing_case c ON c.run_id = r.run_id AND c.encounter_code = g.encounter_code AND NOT c.late
	WHERE c.disease_code IS DISTINCT FROM g.disease AND NOT EXISTS (SELECT FROM hospital_cost.case_change x WHERE x.run_id = r.run_id AND x.encounter_code = g.encounter_code)$$, 'and names every case whose disease is another');
SELECT twin.cost() \g /dev/null
SELECT twin.holds('costed again');
SELECT is_empty('SELECT * FROM hospital_cost.case_change', 'nothing is left to tell');
SELECT is_empty($$SELECT * FROM hospital_cost.costing_warning w WHERE w.code LIKE '%since'$$, 'nor to warn of');
SELECT isnt((SELECT count(*) FROM hospital_cost._costing_case c WHERE c.late), 0::bigint, 'late ones are among them');
SELECT * FROM finish();
ROLLBACK;
