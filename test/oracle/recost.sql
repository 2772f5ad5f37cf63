-- Oracle of costing again: on a random hospital whose month goes on (late charges, reversals, corrected stays, encounters that come, leave or are cancelled,
-- loaded workload, capacity, parameters of items), cost_objects() called again in each mode is held against a run of the same inputs that computes everything:
-- cells, item costs and what they were computed from, byte for byte. Rows of parts it says it left alone are the same rows (place and xmin), and what it
-- computed again had reason to be. HC_SEED repeats a failure; the seed of this run is printed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(69);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, timezone) VALUES ('H1', 'x', 'Asia/Shanghai');
CREATE SCHEMA twin;
CREATE FUNCTION twin.pick(list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[1 + floor(random() * cardinality(list))::int];
CREATE FUNCTION twin.at() RETURNS timestamptz LANGUAGE sql VOLATILE RETURN timestamptz '2025-02-20 00:00+08' + random() * interval '45 days';

INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A1', 'x', 'administrative', 'none'), ('B1', 'x', 'auxiliary', 'none'),
	('T1', 'x', 'technical', 'none'), ('T2', 'x', 'technical', 'none'), ('T3', 'x', 'technical', 'none'), ('T4', 'x', 'technical', 'none'), ('X1', 'x', 'external', 'none'),
	('C1', 'x', 'clinical', 'outpatient'), ('C2', 'x', 'clinical', 'emergency'), ('C3', 'x', 'clinical', 'inpatient'), ('C4', 'x', 'clinical', 'inpatient'),
	('C5', 'x', 'clinical', 'inpatient'), ('C6', 'x', 'clinical', 'none');
INSERT INTO hospital_cost.cost_item (code, name, category, billable) VALUES ('implants', 'x', 'materials', true);
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
SELECT '2025-03-01', d.code, i.code, f, c, round((random() * 200000)::numeric, 2 + floor(random() * 7)::int)
FROM hospital_cost.department d, hospital_cost.cost_item i, unnest('{own,fiscal_project,science_education}'::text[]) f, unnest('{medical,other}'::text[]) c
WHERE random() < CASE WHEN f = 'own' AND c = 'medical' THEN 0.7 ELSE 0.15 END;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, cost_class, amount) VALUES ('2025-03-01', NULL, 'other', 'disposal', 77.7);
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity)
SELECT '2025-03-01', v, d.code, 1 + floor(random() * 30) FROM hospital_cost.department d, unnest('{headcount,service_quantity}'::text[]) v WHERE d.class <> 'administrative';
INSERT INTO hospital_cost.allocation_plan (code, zero_base) VALUES ('p', 'unallocated');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code) VALUES
	('p', 1, 'administrative', '{auxiliary,technical,clinical}', 'headcount'), ('p', 2, 'auxiliary', '{technical,clinical,external}', 'service_quantity'),
	('p', 3, 'technical', '{clinical,external}', 'headcount');

CREATE FUNCTION twin.admit(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	kind text := twin.pick('{inpatient,inpatient,outpatient,outpatient,emergency,checkup}');
	start timestamptz := timestamptz '2025-02-10 00:00+08' + random() * interval '50 days';
	length interval := CASE WHEN random() < 0.2 THEN random() * interval '10 hours' ELSE interval '1 hour' + random() * interval '25 days' END;
	gone boolean := random() > 0.1;
BEGIN
	INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at)
	VALUES ('E' || n, kind, CASE kind WHEN 'inpatient' THEN 'C3' WHEN 'emergency' THEN 'C2' ELSE twin.pick('{C1,C1,C2,C6}') END, start, CASE WHEN gone THEN start + length END);
	INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at)
	SELECT 'E' || n, twin.pick('{C3,C4,C5,C5}'), start + length * (w - 1) / 2, CASE WHEN w < 2 OR gone THEN start + length * w / 2 END
	FROM generate_series(1, 2) w WHERE kind = 'inpatient';
END $$;
SELECT twin.admit(n) FROM generate_series(1, 160) n \g /dev/null
INSERT INTO hospital_cost.charge_item (code, name, category, kind, billable) VALUES ('D1', 'x', '09', 'drug', true), ('D2', 'x', '10', 'drug', false),
	('M1', 'x', '08', 'material', true), ('M2', 'x', '08', 'material', false), ('S1', 'x', '04', 'service', true), ('S2', 'x', '03', 'service', true), ('S3', 'x', '03', 'service', true);
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'flag', 'trust') \g /dev/null
-- Encounters to 200: forty of them come later, or never.
CREATE FUNCTION twin.charge(n int, places text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	SELECT 'E' || 1 + floor(random() * 200), twin.pick('{D1,D1,D2,M1,M2,S1,S2,S2,S3}'), 1, x.price, x.price, CASE WHEN random() < 0.9 THEN twin.pick(places) END, twin.pick(places), twin.at()
	FROM (SELECT round((random() * CASE WHEN random() < 0.1 THEN 3000 ELSE 90 END)::numeric, 2) AS price FROM generate_series(1, n)) x $$;
SELECT twin.charge(1500, '{C1,C2,C3,C4,C5,C6,T1,T2,T3,X1,B1}') \g /dev/null
CREATE FUNCTION twin.use(n int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO hospital_cost.service_use (source_key, encounter_code, department_code, resource, quantity, started_at)
	SELECT (SELECT count(*) FROM hospital_cost.service_use) + i, CASE WHEN random() > 0.1 THEN 'E' || 1 + floor(random() * 200) END, twin.pick('{T2,T3,C5}'), twin.pick('{mri,table}'),
		round((random() * 90)::numeric, 3), twin.at() FROM generate_series(1, n) i $$;
SELECT twin.use(300) \g /dev/null
INSERT INTO hospital_cost.service_unit VALUES ('T2', 'technical', 'resource', 'mri', true), ('T3', 'theatre', 'resource', NULL, false), ('T4', 'pharmacy', 'income', NULL, false),
	('C5', 'icu', 'bed_days', NULL, true), ('C4', 'ward', 'quantity', NULL, false);
INSERT INTO hospital_cost.capacity VALUES ('2025-03-01', 'T2', 'mri', 60000), ('2025-03-01', 'C5', 'beds', 60);
INSERT INTO hospital_cost.activity (department_code, code, name) SELECT 'T1', a, 'x' FROM unnest('{a,b}'::text[]) a;
INSERT INTO hospital_cost.activity_item (department_code, activity_code, item_code, times, minutes) SELECT 'T1', a, i, 1, 5 FROM unnest('{a,b}'::text[]) a, unnest('{S1,S2}'::text[]) i;
INSERT INTO hospital_cost.item_cost_method (department_code, method) VALUES ('T1', 'activity'), ('C3', 'equivalent');
INSERT INTO hospital_cost.item_equivalent (item_code, equivalent) VALUES ('S1', 1), ('S2', 2);

-- What may happen while the month is open.
CREATE FUNCTION twin.change(what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	ward text := twin.pick('{C3,C4,C5}');
BEGIN
	CASE what
	WHEN 'late charges' THEN PERFORM twin.charge(1 + floor(random() * 4)::int, ARRAY[twin.pick('{C1,C2,C3,C4,C5,C6,T1,T2,X1}')]);
	WHEN 'reversal' THEN DELETE FROM his.charge WHERE charge_id = (SELECT charge_id FROM his.charge ORDER BY random() LIMIT 1);
	WHEN 'other price' THEN UPDATE his.charge SET amount = amount + 1.11, unit_price = unit_price + 1.11 WHERE ordering_department = ward AND random() < 0.2;
	WHEN 'other patient' THEN UPDATE his.charge SET encounter_code = 'E' || 1 + floor(random() * 200) WHERE charge_id = (SELECT charge_id FROM his.charge ORDER BY random() LIMIT 1);
	WHEN 'other ward' THEN UPDATE hospital_cost.department_stay SET department_code = ward WHERE (encounter_code, from_at) = (SELECT s.encounter_code, s.from_at FROM hospital_cost.department_stay s ORDER BY random() LIMIT 1);
	WHEN 'left earlier' THEN UPDATE hospital_cost.department_stay SET to_at = from_at + (to_at - from_at) * random()
		WHERE (encounter_code, from_at) = (SELECT s.encounter_code, s.from_at FROM hospital_cost.department_stay s WHERE to_at IS NOT NULL ORDER BY random() LIMIT 1);
	WHEN 'came' THEN PERFORM twin.admit((SELECT count(*) + 1 FROM hospital_cost.encounter)::int);
	WHEN 'cancelled' THEN UPDATE hospital_cost.encounter SET status = CASE status WHEN 'active' THEN 'cancelled' ELSE 'active' END
		WHERE code = (SELECT e.code FROM hospital_cost.encounter e ORDER BY e.status = 'active', random() LIMIT 1) OR code = 'E' || 1 + floor(random() * 160)::int;
	WHEN 'still there' THEN UPDATE hospital_cost.encounter SET ended_at = CASE WHEN ended_at IS NULL THEN greatest(started_at, '2025-03-20 12:00+08') END
		WHERE code = (SELECT e.code FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' ORDER BY random() LIMIT 1);
	WHEN 'use' THEN PERFORM twin.use(2);
	WHEN 'workload' THEN
		DELETE FROM hospital_cost.workload_value WHERE department_code = ward;
		INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', ward, 'bed_days', floor(random() * 900));
	WHEN 'capacity' THEN UPDATE hospital_cost.capacity SET quantity = quantity + 100 WHERE department_code = twin.pick('{T2,C5}');
	WHEN 'basis' THEN UPDATE hospital_cost.service_unit SET basis = twin.pick('{quantity,income,bed_days}') WHERE department_code = 'C4';
	WHEN 'item kind' THEN UPDATE hospital_cost.charge_item SET kind = CASE kind WHEN 'service' THEN 'drug' ELSE 'service' END WHERE code = 'S3';
	WHEN 'volume' THEN
		DELETE FROM hospital_cost.item_volume_value WHERE department_code = 'T1' AND item_code = 'S2';
		INSERT INTO hospital_cost.item_volume_value (period, department_code, item_code, quantity) SELECT '2025-03-01', 'T1', 'S2', floor(random() * 90) WHERE random() < 0.7;
	WHEN 'volume outside' THEN
		DELETE FROM hospital_cost.item_volume_value WHERE department_code = 'A1';
		IF NOT FOUND THEN
			INSERT INTO hospital_cost.item_volume_value (period, department_code, item_code, quantity) VALUES ('2025-03-01', 'A1', 'S2', 7);
		END IF;
	WHEN 'minutes' THEN UPDATE hospital_cost.activity_item SET times = 1 + floor(random() * 5) WHERE activity_code = 'a' AND item_code = 'S1';
	WHEN 'equivalent' THEN UPDATE hospital_cost.item_equivalent SET equivalent = 1 + floor(random() * 9) WHERE item_code = 'S1';
	WHEN 'method' THEN UPDATE hospital_cost.item_cost_method SET method = twin.pick('{equivalent,ratio_income,ratio_quantity}') WHERE department_code = 'C3';
	WHEN 'nothing' THEN NULL;
	END CASE;
END $$;

-- Two runs that are costed again and again, and one that computes everything each time.
SELECT hospital_cost.allocate('2025-03-01', 'p') AS full_run \gset
CREATE TABLE twin.again AS SELECT m.mode, hospital_cost.allocate('2025-03-01', 'p') AS run_id FROM unnest('{ward_full,service_units}'::text[]) AS m (mode);
-- A transaction of its own, as far as xmin tells.
CREATE FUNCTION twin.cost(run int, mode text, fresh boolean) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN hospital_cost.cost_objects(run, mode, fresh);
EXCEPTION WHEN division_by_zero THEN RETURN -1;
END $$;
CREATE TABLE twin.step (step int, mode text, what text, same_cells boolean, same_items boolean, same_header boolean, same_facts boolean, kept bigint, cells bigint, kept_rightly boolean, parts bigint, due bigint,
	items_kept_rightly boolean, items_due bigint);

CREATE FUNCTION twin.rows_of(run int) RETURNS TABLE (place text, kind text, department_code text, funding_group int, content text) LANGUAGE sql AS $$
	SELECT format('%s %s', c.ctid, c.xmin), 'cell', coalesce(c.department_code, ''), c.funding_group, (to_jsonb(c) - 'run_id')::text FROM hospital_cost._encounter_cost c WHERE c.run_id = run
	UNION ALL SELECT format('%s %s', c.ctid, c.xmin), 'item', c.department_code, NULL, (to_jsonb(c) - 'run_id')::text FROM hospital_cost._item_cost c WHERE c.run_id = run $$;
CREATE FUNCTION twin.facts_of(run int) RETURNS SETOF jsonb LANGUAGE sql AS $$
	SELECT to_jsonb(p) - '{run_id,computed_at,changed}'::text[] FROM hospital_cost._costing_part p WHERE p.run_id = run
	UNION ALL SELECT to_jsonb(i) - '{run_id,computed_at,changed}'::text[] FROM hospital_cost._item_costing i WHERE i.run_id = run $$;

CREATE FUNCTION twin.step(n int, what text, full_run int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a record;
	since timestamptz;
BEGIN
	FOR a IN SELECT * FROM twin.again LOOP
		CREATE TEMP TABLE before ON COMMIT DROP AS SELECT * FROM twin.rows_of(a.run_id);
		CREATE TEMP TABLE facts_before ON COMMIT DROP AS SELECT p.department_code, p.funding_group, p.activity, p.charges, p.terms FROM hospital_cost._costing_part p WHERE p.run_id = a.run_id;
		since := clock_timestamp();
		PERFORM twin.cost(a.run_id, a.mode, false), twin.cost(full_run, a.mode, true);
		CREATE TEMP TABLE after ON COMMIT DROP AS SELECT * FROM twin.rows_of(a.run_id);
		CREATE TEMP TABLE fresh ON COMMIT DROP AS SELECT * FROM twin.rows_of(full_run);
		CREATE TEMP TABLE part ON COMMIT DROP AS SELECT p.*, p.computed_at >= since AS due FROM hospital_cost._costing_part p WHERE p.run_id = a.run_id;
		INSERT INTO twin.step SELECT n, a.mode, what,
			NOT EXISTS ((SELECT kind, content FROM after WHERE kind = 'cell' EXCEPT ALL SELECT kind, content FROM fresh) UNION ALL (SELECT kind, content FROM fresh WHERE kind = 'cell' EXCEPT ALL SELECT kind, content FROM after)),
			NOT EXISTS ((SELECT kind, content FROM after WHERE kind = 'item' EXCEPT ALL SELECT kind, content FROM fresh) UNION ALL (SELECT kind, content FROM fresh WHERE kind = 'item' EXCEPT ALL SELECT kind, content FROM after)),
			(SELECT (c.entries, c.cells, c.not_taken) FROM hospital_cost.costing c WHERE c.run_id = a.run_id) IS NOT DISTINCT FROM (SELECT (c.entries, c.cells, c.not_taken) FROM hospital_cost.costing c WHERE c.run_id = full_run)
				AND (SELECT c.cells FROM hospital_cost.costing c WHERE c.run_id = a.run_id) = (SELECT count(*) FROM after WHERE kind = 'cell'),
			NOT EXISTS ((SELECT twin.facts_of(a.run_id) EXCEPT ALL SELECT twin.facts_of(full_run)) UNION ALL (SELECT twin.facts_of(full_run) EXCEPT ALL SELECT twin.facts_of(a.run_id))),
			(SELECT count(*) FROM after JOIN before USING (place, kind, content) WHERE kind = 'cell'), (SELECT count(*) FROM after WHERE kind = 'cell'),
			-- Rows stand exactly where the part was not computed again.
			NOT EXISTS (SELECT FROM after x LEFT JOIN before b USING (place, kind, content) JOIN part p ON (coalesce(p.department_code, ''), p.funding_group) = (x.department_code, x.funding_group)
				WHERE x.kind = 'cell' AND p.due = (b.place IS NOT NULL))
				AND NOT EXISTS (SELECT FROM before b LEFT JOIN after x USING (place, kind, content) JOIN part p ON (coalesce(p.department_code, ''), p.funding_group) = (b.department_code, b.funding_group)
				WHERE b.kind = 'cell' AND p.due = (x.place IS NOT NULL))
				AND NOT EXISTS (SELECT FROM part p JOIN facts_before f ON (coalesce(f.department_code, ''), f.funding_group) = (coalesce(p.department_code, ''), p.funding_group)
				WHERE p.due = ((f.activity, f.charges, f.terms) = (p.activity, p.charges, p.terms))),
			(SELECT count(*) FROM part), (SELECT count(*) FROM part WHERE due),
			NOT EXISTS (SELECT FROM after x LEFT JOIN before b USING (place, kind, content) JOIN hospital_cost._item_costing i ON i.run_id = a.run_id AND i.department_code = x.department_code
				WHERE x.kind = 'item' AND (i.computed_at >= since) = (b.place IS NOT NULL)),
			(SELECT count(*) FROM hospital_cost._item_costing i WHERE i.run_id = a.run_id AND i.computed_at >= since);
		DROP TABLE before, facts_before, after, fresh, part;
	END LOOP;
END $$;
SELECT twin.step(0, 'first', :full_run) \g /dev/null
CREATE TABLE twin.plan AS SELECT row_number() OVER (ORDER BY random()) AS step, w AS what FROM unnest('{late charges,late charges,late charges,reversal,reversal,other price,other price,other patient,other patient,other ward,left earlier,
	came,came,cancelled,cancelled,still there,use,workload,workload,capacity,basis,item kind,volume,volume outside,volume outside,volume outside,minutes,equivalent,method,nothing}'::text[]) w;
DO $$ DECLARE s record; BEGIN
	FOR s IN SELECT * FROM twin.plan ORDER BY step LOOP
		PERFORM twin.change(s.what);
		PERFORM twin.step(s.step::int, s.what, (SELECT min(r.run_id) FROM hospital_cost._run r));
	END LOOP;
END $$;
SELECT ok(s.same_cells AND s.same_items AND s.same_header AND s.same_facts AND s.kept_rightly AND s.items_kept_rightly, format('%s %s %s: cells %s items %s header %s facts %s; kept %s %s, %s of %s parts due, %s rows kept of %s',
	s.step, s.what, s.mode, s.same_cells, s.same_items, s.same_header, s.same_facts, s.kept_rightly, s.items_kept_rightly, s.due, s.parts, s.kept, s.cells)) FROM twin.step s ORDER BY s.step, s.mode;
SELECT ok(bool_and(s.due = 0 AND s.items_due = 0 AND s.kept = s.cells), 'where nothing happened, nothing is computed') FROM twin.step s WHERE s.what = 'nothing';
SELECT ok(bool_and(s.due = s.parts AND s.kept = 0), 'all was computed at first') FROM twin.step s WHERE s.what = 'first';
SELECT cmp_ok(avg(s.kept::numeric / s.cells), '>', 0.3, 'much stands when one thing changes') FROM twin.step s WHERE s.what <> 'first';
SELECT is(twin.cost(run_id, mode, false), (SELECT count(*) FROM hospital_cost._encounter_cost c WHERE c.run_id = a.run_id), 'returns the cells there are: ' || mode) FROM twin.again a ORDER BY mode;
SELECT is_empty(format('SELECT * FROM hospital_cost.verify_costing(%s) v WHERE v.difference <> 0', run_id), 'every identity holds: ' || mode) FROM twin.again ORDER BY mode;
SELECT * FROM finish();
ROLLBACK;
