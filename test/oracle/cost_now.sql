-- Oracle of costing now and over time, on random months: effects add up and each is what another way of reckoning gives, what is said now of a month that
-- has its run is what the run says, before and after late charges. HC_SEED repeats a failure; the seed of this run is printed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(22);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SET timezone = 'America/New_York';
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01'), hospital_cost.open_period('2025-05-01'),
	hospital_cost.open_period('2025-06-01') \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, timezone) VALUES ('H1', 'x', 'Asia/Shanghai');
CREATE SCHEMA twin;
CREATE FUNCTION twin.pick(list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[1 + floor(random() * cardinality(list))::int];
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A1', 'x', 'administrative', 'none'), ('B1', 'x', 'auxiliary', 'none'),
	('T1', 'x', 'technical', 'none'), ('T2', 'x', 'technical', 'none'), ('C1', 'x', 'clinical', 'outpatient'), ('C2', 'x', 'clinical', 'emergency'),
	('C3', 'x', 'clinical', 'inpatient'), ('C4', 'x', 'clinical', 'inpatient'), ('C5', 'x', 'clinical', 'inpatient');
INSERT INTO hospital_cost.cost_item (code, name, category, billable) VALUES ('implants', 'x', 'materials', true);
-- Every input of April was there in March, so that March's shares are known for it; some of March's are gone in April. What April's inputs come to
-- in March's shares is a run of its own: May has the cost of April and the drivers of March.
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
SELECT '2025-03-01', d.code, i.code, f, c, round((1 + random() * 200000)::numeric, 2)
FROM hospital_cost.department d, hospital_cost.cost_item i, unnest('{own,fiscal_basic,fiscal_project,science_education}'::text[]) f, unnest('{medical,other}'::text[]) c
-- of each combination by itself: what only sources are asked for would be thrown once for all departments
WHERE random() + 0 * length(d.code || i.code) < CASE WHEN f = 'own' AND c = 'medical' THEN 0.8 ELSE 0.15 END;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) SELECT '2025-03-01', d, 'drugs', 50000 FROM unnest('{C1,C3,C4}'::text[]) d;
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
SELECT '2025-04-01', department_code, cost_item_code, funding_source, cost_class, round(amount * (0.5 + random())::numeric, 2)
FROM hospital_cost.direct_cost WHERE random() < 0.9 OR cost_item_code = 'drugs';
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
SELECT '2025-05-01', department_code, cost_item_code, funding_source, cost_class, amount FROM hospital_cost.direct_cost WHERE period = '2025-04-01';
INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity)
SELECT m, v, d.code, 1 + floor(random() * 30) FROM unnest('{2025-03-01,2025-04-01}'::date[]) m, hospital_cost.department d, unnest('{headcount,service_quantity}'::text[]) v WHERE d.class <> 'administrative';
INSERT INTO hospital_cost.driver_value SELECT '2025-05-01', driver_code, server_code, receiver_code, quantity FROM hospital_cost.driver_value WHERE period = '2025-03-01';
INSERT INTO hospital_cost.allocation_plan (code) VALUES ('p');
INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code) VALUES ('p', 1, 'administrative', '{auxiliary,technical,clinical}', 'headcount'),
	('p', 2, 'auxiliary', '{technical,clinical}', 'service_quantity'), ('p', 3, 'technical', '{clinical}', 'headcount');
-- Patients of March and April; wards with a day loaded above the counted, and one loaded below.
CREATE TEMP TABLE trip AS SELECT i AS n, timestamptz '2025-02-20 00:00+08' + random() * interval '68 days' AS from_at,
	CASE WHEN random() < 0.2 THEN random() * interval '10 hours' ELSE random() * interval '25 days' END AS length, 1 + floor(random() * 2)::int AS wards,
	twin.pick('{inpatient,outpatient,outpatient,emergency}') AS kind FROM generate_series(1, 120) i;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at, status) SELECT 'E' || n, kind,
	CASE kind WHEN 'inpatient' THEN 'C3' WHEN 'emergency' THEN 'C2' ELSE 'C1' END, from_at, from_at + length, CASE WHEN n % 41 = 0 THEN 'cancelled' ELSE 'active' END FROM trip;
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at) SELECT 'E' || n, twin.pick('{C3,C4,C5}'), from_at + length * (w - 1) / wards, from_at + length * w / wards
FROM trip, generate_series(1, wards) w WHERE kind = 'inpatient' AND length > '0';
INSERT INTO hospital_cost.workload_value SELECT w.period, w.department_code, w.measure, w.quantity + 17 FROM hospital_cost.workload w
	WHERE w.department_code IN ('C1', 'C4') AND w.measure IN ('visits', 'bed_days') AND w.period BETWEEN '2025-03-01' AND '2025-04-01';
INSERT INTO hospital_cost.charge_item (code, name, category, kind, billable) VALUES ('PILL', 'x', '09', 'drug', true), ('STENT', 'x', '08', 'material', true), ('GAUZE', 'x', '08', 'material', false),
	('LAB', 'x', '04', 'service', true), ('SCAN', 'x', '03', 'service', true);
CREATE SCHEMA his;
SELECT hospital_cost.create_charge_table('his.charge', 'strict', 'trust') \g /dev/null
CREATE FUNCTION twin.charge(lines int) RETURNS void LANGUAGE sql VOLATILE BEGIN ATOMIC
	INSERT INTO his.charge (encounter_code, item_code, quantity, unit_price, amount, ordering_department, performing_department, charged_at)
	SELECT 'E' || 1 + floor(random() * 125)::int, twin.pick('{PILL,STENT,GAUZE,LAB,SCAN}'), q, p, q * p, twin.pick('{C1,C2,C3,C4,C5,NULL}'), twin.pick('{T1,T2,C3}'),
		timestamptz '2025-03-01 12:00+08' + floor(random() * 60) * interval '1 day'
	FROM (SELECT 1 + floor(random() * 5) AS q, round((1 + random() * 300)::numeric, 2) AS p FROM generate_series(1, lines)) x;
END;
SELECT twin.charge(600) \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'p') AS run0 \gset
SELECT hospital_cost.allocate('2025-04-01', 'p') AS run1 \gset
SELECT hospital_cost.allocate('2025-05-01', 'p') AS run2 \gset
SELECT hospital_cost.cost_objects(:run0), hospital_cost.cost_objects(:run1) \g /dev/null
CREATE VIEW twin.unit AS SELECT run_id, 'visit' AS object, department_code, scope, quantity, total_cost FROM hospital_cost.visit_cost UNION ALL
	SELECT run_id, 'bed_day', department_code, scope, quantity, total_cost FROM hospital_cost.bed_day_cost;

-- change
CREATE TABLE twin.change AS SELECT s.scope, c.* FROM unnest('{medical,medical_full,hospital_full}'::text[]) AS s (scope), hospital_cost.cost_change('2025-03-01', '2025-04-01', s.scope) c;
SELECT is((SELECT count(*) FROM twin.change), 21::bigint, 'five departments and two kinds of object, in three scopes');
SELECT is_empty('SELECT * FROM twin.change c WHERE c.quantity_effect + c.mix_effect + c.price_effect + c.driver_effect <> c.change OR c.cost_after - c.cost_before <> c.change', 'effects add up to the change, to the cent');
SELECT is_empty(format('SELECT c.scope, c.object, c.department_code COLLATE "C", c.cost_before, c.cost_after FROM twin.change c EXCEPT
	SELECT a.scope, a.object, a.department_code, a.total_cost, b.total_cost FROM twin.unit a JOIN twin.unit b ON (b.object, b.scope) = (a.object, a.scope)
		AND b.department_code IS NOT DISTINCT FROM a.department_code WHERE a.run_id = %s AND b.run_id = %s', :run0, :run1), 'which is that of the official figures');
SELECT is_empty('SELECT scope, object FROM twin.change GROUP BY scope, object HAVING sum(quantity_effect) <> 2 * max(quantity_effect) FILTER (WHERE department_code IS NULL)
	OR sum(driver_effect) <> 2 * max(driver_effect) FILTER (WHERE department_code IS NULL)', 'the hospital is the sum of its departments');
SELECT is_empty(format($$SELECT c.object, c.department_code, c.quantity_effect, c.mix_effect, u.total_cost FROM twin.change c
	JOIN twin.unit u ON u.run_id = %s AND (u.object, u.scope, u.department_code) = (c.object, c.scope, c.department_code)
	JOIN twin.unit h ON h.run_id = u.run_id AND (h.object, h.scope) = (c.object, c.scope) AND h.department_code IS NULL
	JOIN twin.unit a ON a.run_id = %s AND (a.object, a.scope, a.department_code) = (c.object, c.scope, c.department_code)
	JOIN twin.unit ha ON ha.run_id = a.run_id AND (ha.object, ha.scope) = (c.object, c.scope) AND ha.department_code IS NULL
	WHERE abs(c.quantity_effect - u.total_cost * (ha.quantity - h.quantity) / h.quantity) > 0.01
		OR abs(c.mix_effect - u.total_cost / u.quantity * ha.quantity * (a.quantity / ha.quantity - u.quantity / h.quantity)) > 0.02$$, :run0, :run1),
	'quantity and mix as cost accounting writes them');
SELECT is_empty(format('SELECT c.scope, c.object, c.department_code, c.cost_after - c.driver_effect AS have, u.total_cost AS want FROM twin.change c
	JOIN twin.unit u ON u.run_id = %s AND (u.object, u.scope, u.department_code) = (c.object, c.scope, c.department_code)
	WHERE abs(c.cost_after - c.driver_effect - u.total_cost) > 0.05', :run2), 'without the new shares, cost is what a run of the new inputs with the old drivers gives');
SELECT is((SELECT count(*) FROM twin.unit u WHERE u.run_id = :run2 AND u.department_code IS NOT NULL), 15::bigint, 'all of them');
SELECT cmp_ok((SELECT max(abs(driver_effect)) FROM twin.change WHERE scope = 'medical'), '>', 100.0, 'the shares did change');
SELECT is_empty($$SELECT c.object, c.department_code, c.driver_effect FROM hospital_cost.cost_change('2025-03-01', '2025-05-01') c WHERE abs(c.driver_effect) > 0.05$$, 'and where they did not, they have no effect');
SELECT is_empty($$SELECT b.object, b.department_code, b.change FROM hospital_cost.cost_change('2025-04-01', '2025-03-01') b JOIN twin.change c ON c.scope = 'medical' AND c.object = b.object
	AND c.department_code IS NOT DISTINCT FROM b.department_code WHERE b.change <> -c.change OR b.quantity_effect + b.mix_effect + b.price_effect + b.driver_effect <> b.change$$, 'backwards, too');

SELECT is_empty($$SELECT * FROM hospital_cost.item_cost_change('2025-03-01', '2025-04-01', 'hospital_full') c WHERE c.quantity_effect + c.mix_effect + c.price_effect + c.driver_effect <> c.change$$, 'effects on items add up');
SELECT is_empty(format($$SELECT c.department_code, c.item_code, c.cost_before, c.cost_after FROM hospital_cost.item_cost_change('2025-03-01', '2025-04-01') c FULL JOIN
	(SELECT x.department_code, x.item_code, sum(x.total_cost) FILTER (WHERE x.run_id = %1$s) AS c0, sum(x.total_cost) FILTER (WHERE x.run_id = %2$s) AS c1 FROM hospital_cost.item_cost x
		WHERE x.run_id IN (%1$s, %2$s) AND x.matched = 'item' AND x.department_code IS NOT NULL GROUP BY 1, 2) u ON u.department_code = c.department_code AND u.item_code = c.item_code
	WHERE c.cost_before IS DISTINCT FROM coalesce(u.c0, 0) OR c.cost_after IS DISTINCT FROM coalesce(u.c1, 0)$$, :run0, :run1), 'to the change of item_cost');

-- now
SELECT is_empty(format($$SELECT s.scope, n.department_code, n.cost, u.total_cost FROM unnest('{medical,hospital_full}'::text[]) AS s (scope)
	CROSS JOIN LATERAL hospital_cost.department_cost_now('2025-04-01', s.scope) n
	LEFT JOIN twin.unit u ON u.run_id = %s AND u.scope = s.scope AND u.department_code = n.department_code WHERE n.class = 'clinical' AND n.cost IS DISTINCT FROM u.total_cost$$, :run1),
	'a month with a run, unchanged, costs now what the run says');
SELECT is_empty(format($$SELECT n.department_code, n.cost, c.total FROM hospital_cost.department_cost_now('2025-04-01') n JOIN (SELECT department_code, round(sum(total_cost), 2) AS total
	FROM hospital_cost.item_cost WHERE run_id = %s AND matched = 'item' GROUP BY 1) c ON c.department_code = n.department_code WHERE n.object = 'item' AND n.cost <> c.total$$, :run1), 'technical units by their items');
INSERT INTO hospital_cost.workload_value SELECT '2025-06-01', d, m, floor(random() * 500) FROM (VALUES ('C1', 'visits'), ('C2', 'visits'), ('C3', 'bed_days'), ('C4', 'bed_days')) v (d, m);
INSERT INTO hospital_cost.workload_value SELECT '2025-05-01', d, m, 1 + floor(random() * 500) FROM (VALUES ('C1', 'visits'), ('C2', 'visits'), ('C3', 'bed_days'), ('C4', 'bed_days')) v (d, m);
SELECT results_eq($$SELECT n.department_code COLLATE "C", n.cost, n.base_run FROM hospital_cost.department_cost_now('2025-06-01') n WHERE n.class = 'clinical' AND n.department_code <> 'C5'$$,
	format($$SELECT u.department_code, round(u.total_cost * w.quantity / u.quantity, 2)::numeric(18,2), u.run_id FROM twin.unit u JOIN hospital_cost.workload_value w ON w.period = '2025-06-01'
		AND w.department_code = u.department_code WHERE u.run_id = %s AND u.scope = 'medical' ORDER BY 1$$, :run2), 'a month without one by the last before it');

-- An encounter in a month with a costed run: the cells, but for the last 1e-8 of each component.
CREATE FUNCTION twin.now_differs(method text DEFAULT 'top_down') RETURNS TABLE (scope text, encounter text, have numeric, want numeric) LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT s.scope, e.code, coalesce(n.cost, 0), coalesce(c.cost, 0)
	FROM (VALUES ('medical', 1), ('medical_full', 2), ('hospital_full', 3)) AS s (scope, groups)
	CROSS JOIN hospital_cost.encounter e
	CROSS JOIN (VALUES (date '2025-03-01'), (date '2025-04-01')) AS m (period)
	LEFT JOIN LATERAL (SELECT sum(x.cost) AS cost FROM hospital_cost.encounter_cost_now(e.code, s.scope) x WHERE x.period = m.period) n ON true
	LEFT JOIN LATERAL (SELECT sum(x.total) AS cost FROM hospital_cost.encounter_cost x WHERE x.official AND x.period = m.period AND x.encounter_code = e.code AND x.funding_group <= s.groups) c ON true
	WHERE substr(e.code, 2)::int % 3 = s.groups - 1 AND abs(coalesce(n.cost, 0) - coalesce(c.cost, 0)) > 0.000001;
END;
SELECT is_empty('SELECT * FROM twin.now_differs()', 'every patient of two months costs now what he was found to cost');
SELECT cmp_ok((SELECT count(DISTINCT encounter_code) FROM hospital_cost.encounter_cost WHERE official), '>', 80::bigint, 'many patients');
SELECT twin.charge(40) \g /dev/null
UPDATE his.charge SET quantity = quantity + 1, amount = (quantity + 1) * unit_price WHERE item_code IN ('PILL', 'STENT') AND random() < 0.1;
DELETE FROM his.charge WHERE random() < 0.02;
UPDATE hospital_cost.department_stay SET to_at = to_at - (to_at - from_at) / 2 WHERE encounter_code = (SELECT encounter_code FROM hospital_cost.department_stay ORDER BY to_at - from_at DESC LIMIT 1);
SELECT isnt_empty('SELECT * FROM twin.now_differs()', 'late charges, corrections and a shorter stay show at once');
CREATE TABLE twin.early AS SELECT e.code, n.period, n.department_code, n.object, n.item_code, n.cost FROM hospital_cost.encounter e, hospital_cost.encounter_cost_now(e.code) n;
SELECT hospital_cost.cost_objects(:run0), hospital_cost.cost_objects(:run1) \g /dev/null
SELECT is_empty('SELECT * FROM twin.now_differs()', 'and are what computing the months again gives');
SELECT is_empty('(TABLE twin.early EXCEPT SELECT e.code, n.period, n.department_code, n.object, n.item_code, n.cost FROM hospital_cost.encounter e, hospital_cost.encounter_cost_now(e.code) n)
	UNION ALL (SELECT e.code, n.period, n.department_code, n.object, n.item_code, n.cost FROM hospital_cost.encounter e, hospital_cost.encounter_cost_now(e.code) n EXCEPT TABLE twin.early)',
	'which changes nothing of what was said');
SELECT is_empty($$SELECT e.code, n.cost, x.cost FROM hospital_cost.encounter e
	CROSS JOIN LATERAL (SELECT sum(n.cost) AS cost FROM hospital_cost.encounter_cost_now(e.code, 'medical', 'bottom_up') n) n
	CROSS JOIN LATERAL (SELECT sum(CASE WHEN i.kind = 'drug' OR i.code = 'STENT' THEN l.amount ELSE l.quantity * c.total_cost / c.quantity END) AS cost FROM hospital_cost.ledger l
		JOIN hospital_cost.charge_item i ON i.code = l.item_code LEFT JOIN hospital_cost.item_cost c ON c.official AND c.period = l.period AND c.matched = 'item'
			AND (c.department_code, c.item_code) = (l.performing_department_code, l.item_code) AND c.quantity <> 0 WHERE l.encounter_code = e.code) x
	WHERE e.status = 'active' AND abs(coalesce(n.cost, 0) - coalesce(x.cost, 0)) > 0.00001$$, 'bottom up it is items at their unit cost, drugs and materials as charged');
SELECT is_empty($$SELECT r.period, r.scope, sum(r.full_cost), sum(r.income_ordered), sum(r.income_performed) FROM hospital_cost.department_result r
	JOIN (SELECT l.period, sum(l.amount) AS income FROM hospital_cost.ledger l GROUP BY 1) l ON l.period = r.period GROUP BY r.period, r.scope
	HAVING sum(r.income_ordered) <> max(l.income) OR sum(r.income_performed) <> max(l.income) OR sum(r.full_cost) <> sum(r.performed_cost)
		OR r.scope = 'hospital_full' AND sum(r.full_cost) <> (SELECT x.total_full FROM hospital_cost.run x WHERE x.period = r.period AND x.official)$$, 'results of departments add up to the month');
SELECT * FROM finish();
ROLLBACK;
