-- Contract of what goes into a run: corrections that name what they correct, the accounts against direct cost, hospital-level cost that is spread, drivers that count by themselves.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/allocation.sql
SELECT plan(62);
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'd', NULL, 'C1', 1), ('2025-03-01', 'd', NULL, 'C2', 1), ('2025-03-01', 'd', NULL, 'C3', 1);
SELECT plan.make('p') \g /dev/null

-- corrections
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, amount) VALUES ('2025-03-01', 'C1', 'drugs', 'non_peer', 100) RETURNING direct_cost_id AS first \gset
CREATE FUNCTION plan.row(id bigint) RETURNS SETOF text LANGUAGE sql RETURN (SELECT format('%s %s %s %s %s %s', to_char(c.period, 'MM'), c.department_code, c.cost_item_code, c.funding_source, c.cost_class, trim_scale(c.amount))
	FROM hospital_cost.direct_cost c WHERE c.direct_cost_id = id);
INSERT INTO hospital_cost.direct_cost (corrects, amount) VALUES (:first, -30) RETURNING direct_cost_id AS part \gset
SELECT is(plan.row(:part), '03 C1 drugs non_peer medical -30', 'a correction names what it corrects, and takes the rest from there');
INSERT INTO hospital_cost.direct_cost (corrects, period) VALUES (:first, '2025-04-01') RETURNING direct_cost_id AS part \gset
SELECT is(plan.row(:part), '04 C1 drugs non_peer medical -70', 'without an amount it takes back all that is left; in a later month, if that is said');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects) VALUES (%s)', :first), 'MC635', NULL, 'then nothing is left');
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'C1', 'other', -8) RETURNING direct_cost_id AS credit \gset
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, amount) VALUES (%s, -1)', :credit), 'MC635', NULL, 'a correction has the opposite sign');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, amount) VALUES (%s, 8.00000001)', :credit), 'MC635', NULL, 'and is no more than the row');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, amount) VALUES (%s, 0)', :credit), 'MC635', NULL, 'nor nothing');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, department_code) VALUES (%s, %L)', :credit, 'C2'), 'MC633', NULL, 'of the same department');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, cost_item_code) VALUES (%s, %L)', :credit, 'drugs'), 'MC633', NULL, 'cost item');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, funding_source) VALUES (%s, %L)', :credit, 'non_peer'), 'MC633', NULL, 'source');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, cost_class) VALUES (%s, %L)', :credit, 'subsidy'), 'MC633', NULL, 'and class');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, period) VALUES (%s, %L)', :credit, '2025-02-01'), 'MC633', NULL, 'and not of an earlier month');
SELECT throws_ok('INSERT INTO hospital_cost.direct_cost (corrects) VALUES (-1)', 'MC633', NULL, 'of a row that is there');
SELECT throws_ok(format('INSERT INTO hospital_cost.direct_cost (corrects) VALUES (%s)', :part), 'MC633', NULL, 'and no correction itself');
SELECT lives_ok(format('INSERT INTO hospital_cost.direct_cost (corrects, department_code, cost_item_code, amount) VALUES (%s, %L, %L, 8)', :credit, 'C1', 'other'), 'a credit is taken back by a debit');
CREATE TABLE plan.voucher (id int PRIMARY KEY, month text, amount numeric);
SELECT hospital_cost.attach_costs('plan.voucher', '{"source_key": "id", "period": "month", "amount": "amount", "department": {"constant": "C1"}, "cost_item": {"constant": "other"}}') \g /dev/null
INSERT INTO plan.voucher VALUES (1, '2025-03', 5);
SELECT throws_ok('INSERT INTO hospital_cost.direct_cost (corrects) SELECT direct_cost_id FROM hospital_cost.direct_cost WHERE source_key = ''1''', 'MC634', NULL, 'what an attached table booked, it takes back');
DELETE FROM plan.voucher;
SELECT throws_ok('UPDATE hospital_cost.direct_cost SET amount = 0', 'MC006', NULL, 'never an UPDATE');

-- the accounts
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'A', 'personnel', 300), ('2025-03-01', NULL, 'materials', 20.5), ('2025-03-01', 'A', 'depreciation', 7);
INSERT INTO hospital_cost.direct_cost (period, cost_class, amount) VALUES ('2025-03-01', 'subsidy', 99);
INSERT INTO hospital_cost.cost_control_total (period, cost_item_code, amount) VALUES ('2025-03-01', 'personnel', 300), ('2025-03-01', 'materials', 20), ('2025-03-01', 'risk_fund', 4);
SELECT results_eq($$SELECT format('%s %s %s %s', c.cost_item_code, coalesce(c.control_total::text, 'none'), round(c.direct_cost, 2), round(c.difference, 2)) FROM hospital_cost.cost_control_difference('2025-03-01') c$$,
	ARRAY['depreciation none 7.00 7.00', 'drugs none 70.00 70.00', 'materials 20.00 20.50 0.50', 'other none 0.00 0.00', 'personnel 300.00 300.00 0.00', 'risk_fund 4.00 0.00 -4.00'], 'the accounts against direct cost, item by item');
SELECT is_empty($$SELECT * FROM hospital_cost.cost_control_difference('2020-01-01')$$, 'a month without either has none');

-- hospital-level cost
CREATE FUNCTION plan.spread(code text DEFAULT 'p') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	run int := hospital_cost.allocate('2025-03-01', code);
BEGIN
	RETURN QUERY SELECT format('%s %s %s %s', s.cost_item_code, s.part, s.department_code, trim_scale(sum(s.amount))) FROM hospital_cost.spread_cost(run) s
	GROUP BY s.cost_item_code, s.funding_source, s.part, s.department_code ORDER BY s.cost_item_code, s.funding_source, s.part DESC, s.department_code;
END $$;
INSERT INTO hospital_cost.driver (code, name, kind, measure) VALUES ('meter', 'x', 'statistic', NULL), ('m2', 'x', 'area', NULL), ('portion', 'x', 'fixed_share', NULL), ('seen', 'x', 'workload', 'visits'), ('pair', 'x', 'revenue', NULL),
	('ordered', 'x', 'revenue', 'ordered'), ('performed', 'x', 'revenue', 'performed');
SELECT throws_like($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, '%"materials" (own)%', 'hospital-level cost without a rule is named');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'MC612', NULL, 'MC612');
INSERT INTO hospital_cost.spread_rule (driver_code) VALUES ('m2');
SELECT throws_ok($$SELECT hospital_cost.allocate('2025-03-01', 'p')$$, 'MC601', NULL, 'a rule whose base is zero');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'm2', NULL, 'C1', 1), ('2025-03-01', 'm2', NULL, 'C2', 2), ('2025-03-01', 'm2', NULL, 'T', 4);
SELECT results_eq('SELECT plan.spread()', ARRAY['materials base C1 2.92857143', 'materials base C2 5.85714286', 'materials base T 11.71428571'], 'by area, to the flow unit, the largest remainder up');
SELECT plan.make('cent', '{"flow_unit": 0.01}') \g /dev/null
SELECT results_eq($$SELECT plan.spread('cent')$$, ARRAY['materials base C1 2.93', 'materials base C2 5.86', 'materials base T 11.71'], 'in cents, if the plan says so');
UPDATE hospital_cost.spread_rule SET driver_code = 'same', receiver_classes = '{clinical}';
SELECT results_eq('SELECT plan.spread()', ARRAY['materials base C1 6.83333334', 'materials base C2 6.83333333', 'materials base C3 6.83333333'], 'equally; on a tie the lower code');
UPDATE hospital_cost.spread_rule SET driver_code = 'cost', receiver_classes = NULL;
SELECT results_eq('SELECT plan.spread()', ARRAY['materials base A 16.69363395', 'materials base C1 3.80636605'], 'by the cost they have');
UPDATE hospital_cost.spread_rule SET driver_code = 'portion';
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'portion', NULL, 'C1', 0.5), ('2025-03-01', 'portion', NULL, 'C2', 0.3);
SELECT throws_ok('SELECT plan.spread()', 'MC604', NULL, 'fixed shares must be whole');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'portion', NULL, 'T', 0.2);
SELECT results_eq('SELECT plan.spread()', ARRAY['materials base C1 10.25', 'materials base C2 6.15', 'materials base T 4.1'], 'by fixed shares');
-- metered first
UPDATE hospital_cost.spread_rule SET metered_driver_code = 'meter', metered_price = 0.5, driver_code = 'm2';
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'meter', NULL, 'T', 20), ('2025-03-01', 'meter', NULL, 'C3', 0);
SELECT results_eq('SELECT plan.spread()', ARRAY['materials metered T 10', 'materials base C1 3.5', 'materials base C2 7'], 'what is metered goes first; who has a meter takes no part in the rest');
UPDATE hospital_cost.spread_rule SET metered_share_rest = true;
SELECT results_eq('SELECT plan.spread()', ARRAY['materials metered T 10', 'materials base C1 1.5', 'materials base C2 3', 'materials base T 6'], 'but if the rule says so');
UPDATE hospital_cost.spread_rule SET metered_driver_code = 'portion', metered_price = NULL, metered_share_rest = false;
UPDATE hospital_cost.driver_value SET quantity = 0.25 WHERE driver_code = 'portion' AND receiver_code = 'T';
DELETE FROM hospital_cost.driver_value WHERE driver_code = 'portion' AND receiver_code <> 'T';
SELECT results_eq('SELECT plan.spread()', ARRAY['materials metered T 5.125', 'materials base C1 5.125', 'materials base C2 10.25'], 'a metered share of the amount');
UPDATE hospital_cost.driver_value SET quantity = 1.01 WHERE driver_code = 'portion';
SELECT throws_ok('SELECT plan.spread()', 'MC604', NULL, 'of at most all');
UPDATE hospital_cost.spread_rule SET metered_driver_code = 'meter';
SELECT throws_ok('SELECT plan.spread()', 'MC632', NULL, 'readings need a price');
UPDATE hospital_cost.spread_rule SET metered_price = 2;
SELECT throws_ok('SELECT plan.spread()', 'MC631', NULL, 'and must not exceed the amount');
UPDATE hospital_cost.spread_rule SET metered_price = 1, driver_code = NULL;
SELECT throws_ok('SELECT plan.spread()', 'MC601', NULL, 'a rest needs a base');
UPDATE hospital_cost.spread_rule SET metered_price = 1.025;
SELECT results_eq('SELECT plan.spread()', ARRAY['materials metered T 20.5'], 'but where the meters measure everything');
UPDATE hospital_cost.driver_value SET quantity = -1 WHERE driver_code = 'meter' AND receiver_code = 'C3';
SELECT throws_ok('SELECT plan.spread()', 'MC602', NULL, 'no reading is negative');
-- which rule
UPDATE hospital_cost.spread_rule SET metered_driver_code = NULL, metered_price = NULL, driver_code = 'same', receiver_classes = '{clinical}';
INSERT INTO hospital_cost.spread_rule (cost_item_code, funding_source, valid, driver_code, receiver_classes) VALUES ('materials', NULL, '(,2025-04-01)', 'same', '{technical}'), ('materials', 'own', '[2025-04-01,)', 'same', '{administrative}');
SELECT results_eq('SELECT plan.spread()', ARRAY['materials base T 20.5'], 'the rule of the cost item goes before that of all; one of another month does not hold');
UPDATE hospital_cost.spread_rule SET valid = '(,)' WHERE funding_source = 'own';
SELECT results_eq('SELECT plan.spread()', ARRAY['materials base A 20.5'], 'that of item and source before that of the item');
SELECT throws_ok($$INSERT INTO hospital_cost.spread_rule (cost_item_code, valid, driver_code) VALUES ('materials', '[2025-03-31,)', 'd')$$, '23P01', NULL, 'rules do not overlap');
SELECT throws_ok($$INSERT INTO hospital_cost.spread_rule (cost_item_code) VALUES ('drugs')$$, '23514', NULL, 'and name a driver');
SELECT throws_ok($$INSERT INTO hospital_cost.spread_rule (cost_item_code, driver_code, metered_price) VALUES ('drugs', 'd', 1)$$, '23514', NULL, 'a price is one of a meter');
DELETE FROM hospital_cost.spread_rule WHERE cost_item_code IS NOT NULL;
-- back to the row
INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount, source, source_key) VALUES ('2025-03-01', 'materials', 10, 'bill', 'B1'), ('2025-03-01', 'materials', -3.33, 'bill', 'B2'), ('2025-03-01', 'drugs', 1, 'bill', 'B3'), ('2025-03-01', 'risk_fund', 1, 'bill', 'B4'), ('2025-03-01', 'risk_fund', -1, 'bill', 'B5');
SELECT hospital_cost.allocate('2025-03-01', 'p') AS run \gset
SELECT is_empty(format($$SELECT c.source_key, c.amount, sum(s.amount) FROM hospital_cost.direct_cost c LEFT JOIN hospital_cost.spread_cost(%s) s USING (direct_cost_id)
	WHERE c.department_code IS NULL AND c.cost_class = 'medical' AND c.cost_item_code <> 'risk_fund' GROUP BY c.direct_cost_id, c.source_key, c.amount HAVING c.amount IS DISTINCT FROM sum(s.amount)$$, :run), 'the parts of a row add up to the row');
SELECT results_eq(format($$SELECT s.department_code || ' ' || sum(s.amount) FROM hospital_cost.spread_cost(%s) s WHERE s.cost_item_code = 'materials' GROUP BY s.department_code ORDER BY 1$$, :run), ARRAY['C1 9.05666667', 'C2 9.05666667', 'C3 9.05666666'],
	'those of a department to its share');
SELECT is((SELECT count(*) FROM hospital_cost.spread_cost(:run) s WHERE s.cost_item_code = 'risk_fund'), 0::bigint, 'rows that cancel out go nowhere');
SELECT is((SELECT sum(c.direct) FROM hospital_cost.department_cost c WHERE c.run_id = :run AND c.department_code = 'C1' AND c.cost_item_code = 'materials'), 9.05666667, 'it is direct cost of the department');
SELECT is((SELECT string_agg(c.cost_item_code || ' ' || c.full_cost, ' ') FROM hospital_cost.department_cost c WHERE c.run_id = :run AND c.department_code IS NULL), 'other 99.00', 'only what is not medical stays with the hospital');
SELECT is_empty(format($$SELECT v.* FROM hospital_cost.verify_allocation(%s) v WHERE v.difference <> 0 AND v.identity !~ 'control total'$$, :run), 'and every identity holds');
SELECT throws_ok(format('DELETE FROM hospital_cost._run_spread WHERE run_id = %s', :run), 'MC006', NULL, 'what was spread stays with its run');
SAVEPOINT kept;
SELECT hospital_cost.delete_run(:run) \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost._run_spread s WHERE s.run_id = :run) + (SELECT count(*) FROM hospital_cost._run_spread_row s WHERE s.run_id = :run), 0::bigint, 'and goes with it');
ROLLBACK TO kept;
INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount) VALUES ('2025-03-01', 'materials', -50);
SELECT results_eq($$SELECT plan.spread()$$, ARRAY['drugs base C1 0.33333334', 'drugs base C2 0.33333333', 'drugs base C3 0.33333333', 'materials base C1 -7.61', 'materials base C2 -7.61', 'materials base C3 -7.61'], 'a credit is spread like a cost, mirrored');

-- drivers that count by themselves
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) SELECT 'V' || i, 'outpatient', CASE WHEN i < 4 THEN 'C1' ELSE 'C2' END, '2025-03-05 10:00+08' FROM generate_series(1, 4) i;
CREATE FUNCTION plan.values(driver text) RETURNS SETOF text LANGUAGE sql RETURN (SELECT string_agg(concat_ws(' ', q.server_code, q.receiver_code, trim_scale(q.quantity)), ', ' ORDER BY q.server_code, q.receiver_code) FROM hospital_cost._driver_quantity('2025-03-01', driver) q);
SELECT is(plan.values('seen'), 'C1 3, C2 1', 'workload is counted');
INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'C2', 'visits', 5);
SELECT is(plan.values('seen'), 'C1 3, C2 5', 'or loaded as workload');
SELECT plan.make('by_visits', step => '{"driver": "seen"}') \g /dev/null
SELECT hospital_cost.allocate('2025-03-01', 'by_visits') AS run \gset
SELECT is((SELECT string_agg(DISTINCT f.to_code || ' ' || f.quantity, ', ') FROM hospital_cost.allocation_flow(:run) f), 'C1 3.000000, C2 5.000000', 'and allocates');
INSERT INTO hospital_cost.driver_value VALUES ('2025-03-01', 'seen', NULL, 'C3', 7);
SELECT is(plan.values('seen'), 'C3 7', 'values of the driver itself win over both');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('X', 'x', '04');
CREATE TABLE plan.charge (id int PRIMARY KEY, visit text, item text, qty numeric, price numeric, by text, at text, day timestamptz DEFAULT '2025-03-05 10:00+08');
SELECT hospital_cost.attach_charges('plan.charge', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price", "ordering_department": "by", "performing_department": "at", "charged_at": "day"}', 'flag', 'trust') \g /dev/null
INSERT INTO plan.charge VALUES (1, 'V1', 'X', 1, 10, 'C1', 'T'), (2, 'V2', 'X', 2, 10, 'C2', 'T'), (3, 'V3', 'X', 1, 5, 'C1', 'C1'), (4, 'V4', 'X', 1, 2.5, NULL, 'C3');
SELECT is(plan.values('pair'), 'C1 C1 5, T C1 10, T C2 20', 'revenue of a pair: who performed, who ordered; what nobody ordered belongs to no pair');
SELECT is(plan.values('ordered'), 'C1 15, C2 20, C3 2.5', 'revenue ordered, whoever performed; what nobody ordered is his who performed');
SELECT is(plan.values('performed'), 'C1 5, C3 2.5, T 30', 'revenue performed');
SELECT plan.make('by_pair', step => '{"driver": "pair", "server": "technical"}'), plan.make('by_ordered', step => '{"driver": "ordered"}') \g /dev/null
INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES ('2025-03-01', 'T', 'amortisation', 9);
SELECT hospital_cost.allocate('2025-03-01', 'by_pair') AS pair, hospital_cost.allocate('2025-03-01', 'by_ordered') AS ordered \gset
SELECT is((SELECT string_agg(f.to_code || ' ' || trim_scale(f.quantity) || ' ' || trim_scale(f.amount), ', ' ORDER BY f.to_code) FROM hospital_cost.allocation_flow(:pair) f WHERE f.cost_item_code = 'amortisation'), 'C1 10 3, C2 20 6', 'by pair, live from the ledger');
SELECT is((SELECT string_agg(f.to_code || ' ' || trim_scale(f.quantity), ', ' ORDER BY f.to_code) FROM hospital_cost.allocation_flow(:ordered) f WHERE f.cost_item_code = 'personnel'), 'C1 15, C2 20, C3 2.5', 'for a server without revenue of its own');
DELETE FROM plan.charge WHERE id = 2;
SELECT is(plan.values('pair'), 'C1 C1 5, T C1 10', 'what is taken back in the ledger is taken back in the driver');
SELECT throws_ok($$INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('x', 'x', 'workload')$$, '23514', NULL, 'a workload driver says which measure');
SELECT throws_ok($$INSERT INTO hospital_cost.driver (code, name, kind, measure) VALUES ('x', 'x', 'revenue', 'both')$$, '23514', NULL, 'revenue knows two');
SELECT * FROM finish();
ROLLBACK;
