-- A month of :rows charges of :encounters encounters, written straight into the ledger: 200 departments, 2,000 items, a third of them drugs and materials.
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
CREATE SCHEMA work;
CREATE FUNCTION work.cpu() RETURNS int LANGUAGE sql
RETURN (SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') AS s);
INSERT INTO hospital_cost.hospital (code, name) VALUES ('BENCH', 'bench');
SELECT hospital_cost.open_period('2025-03-01');
INSERT INTO hospital_cost.department (code, name, class, setting)
SELECT 'D' || to_char(i, 'FM0000'), 'x', CASE WHEN i <= 20 THEN 'administrative' WHEN i <= 80 THEN 'technical' ELSE 'clinical' END,
	CASE WHEN i <= 80 THEN 'none' WHEN i % 2 = 0 THEN 'inpatient' ELSE 'outpatient' END FROM generate_series(1, 200) i;
INSERT INTO hospital_cost.charge_item (code, name, category, kind) SELECT 'I' || i, 'x', '04', CASE i % 6 WHEN 0 THEN 'drug' WHEN 1 THEN 'material' ELSE 'service' END FROM generate_series(1, 2000) i;
INSERT INTO hospital_cost._direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
SELECT '2025-03-01', d.code, k.code, s, 'medical', 1000000 + (d.department_id * 7919) % 100000 / 100.0
FROM hospital_cost.department d, hospital_cost.cost_item k, unnest('{own,fiscal_project}'::text[]) s;
INSERT INTO hospital_cost._driver_value SELECT '2025-03-01', 'headcount', NULL, d.code, 1 + d.department_id % 40 FROM hospital_cost.department d WHERE d.class <> 'administrative';
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, ended_at)
SELECT 'ZY' || to_char(20250000000 + i, 'FM00000000000'), CASE WHEN i % 2 = 0 THEN 'inpatient' ELSE 'outpatient' END, 'D' || to_char(81 + i % 120, 'FM0000'),
	timestamptz '2025-03-01 08:00+08' + i % 20 * interval '1 day', timestamptz '2025-03-01 08:00+08' + (i % 20 + i % 9 + 1) * interval '1 day' FROM generate_series(1, :encounters) i;
INSERT INTO hospital_cost.department_stay (encounter_code, department_code, from_at, to_at)
SELECT code, CASE WHEN department_code > 'D0100' THEN 'D0100' ELSE 'D0082' END, started_at, ended_at FROM hospital_cost.encounter WHERE kind = 'inpatient';
-- The ledger as appending makes it: days in order, encounters and items mixed as by chance; the orders of an encounter come from two departments, an item is
-- performed by ten. The btree is built behind the rows: at 20,000,000 of them it would take most of the time.
SELECT pg_get_indexdef('hospital_cost.ledger_encounter_idx'::regclass) AS btree \gset
DROP INDEX hospital_cost.ledger_encounter_idx;
INSERT INTO hospital_cost._ledger
SELECT i, i, 10000, 1000000 + i % 977 * 10000, 100 + i % 977, 0, timestamptz '2025-03-01 08:00+08', item, '2025-03-01', date '2025-03-01' + (i * 30 / :rows)::int, 1,
	(81 + (encounter + i % 7 / 5) % 120)::smallint, (21 + (item * 7 + i % 10) % 180)::smallint, 0, 1, 1, 0, 'ZY' || to_char(20250000000 + encounter, 'FM00000000000'), ''
FROM (SELECT i, 1 + (hashint8(i) & 2147483647) % :encounters AS encounter, 1 + (hashint8(-i) & 2147483647) % 2000 AS item FROM generate_series(1, :rows::bigint) i) l;
:btree;
INSERT INTO hospital_cost._charge_total SELECT period, ordering_id, performing_id, item_id, count(*), sum(quantity), sum(amount) FROM hospital_cost._ledger GROUP BY 1, 2, 3, 4;
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run;
CREATE STATISTICS work.ledger (ndistinct) ON performing_id, item_id, ordering_id FROM hospital_cost._ledger;
CREATE STATISTICS work.encounter (ndistinct) ON encounter_code, ordering_id FROM hospital_cost._ledger;
ALTER TABLE hospital_cost._ledger SET (autovacuum_enabled = false);
VACUUM ANALYZE;

-- The best single statements for the totals: numbers only. The setting is found in an array, or by a hash join.
CREATE VIEW work.totals AS
SELECT l.performing_id, l.item_id, s.numbers[l.ordering_id] AS setting, count(*) AS entries, sum(l.amount) AS amount
FROM hospital_cost._ledger l
CROSS JOIN (SELECT ARRAY(SELECT array_position('{none,outpatient,emergency,inpatient}', d.setting)::smallint
	FROM generate_series(1, (SELECT max(department_id) FROM hospital_cost.department)) n LEFT JOIN hospital_cost.department d ON d.department_id = n ORDER BY n) AS numbers) s
WHERE l.period = '2025-03-01' GROUP BY 1, 2, 3;
CREATE VIEW work.totals_by_join AS
SELECT l.performing_id, l.item_id, d.setting, count(*) AS entries, sum(l.amount) AS amount FROM hospital_cost._ledger l
JOIN hospital_cost.department d ON d.department_id = l.ordering_id WHERE l.period = '2025-03-01' GROUP BY 1, 2, 3;

-- Patient cost as one would write it: charges by encounter and unit, time by encounter and unit, a rate a unit, int8 throughout, the same wide rows. It rounds each
-- share by itself, so nothing closes.
CREATE TABLE work.cell (LIKE hospital_cost._encounter_cost);
CREATE INDEX ON work.cell (run_id, encounter_code);
CREATE FUNCTION work.twin(run int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	TRUNCATE work.cell;
	WITH pool AS MATERIALIZED (
		SELECT d.department_id, p.department_code, p.funding_group, coalesce(sum(p.amount) FILTER (WHERE component = 0), 0)::bigint AS c0, coalesce(sum(p.amount) FILTER (WHERE component IN (1, 2)), 0)::bigint AS c1,
			coalesce(sum(p.amount) FILTER (WHERE component = 3), 0)::bigint AS c3, coalesce(sum(p.amount) FILTER (WHERE component = 4), 0)::bigint AS c4,
			coalesce(sum(p.amount) FILTER (WHERE component = 5), 0)::bigint AS c5, coalesce(sum(p.amount) FILTER (WHERE component = 6), 0)::bigint AS c6, coalesce(sum(p.amount) FILTER (WHERE component = 7), 0)::bigint AS c7
		FROM hospital_cost._costing_pool(run, 'ward_full') p JOIN hospital_cost.department d ON d.code = p.department_code GROUP BY 1, 2, 3
	), spent AS MATERIALIZED (
		SELECT t.encounter_code, d.department_id, t.quantity::bigint AS weight FROM hospital_cost._encounter_time('2025-03-01') t JOIN hospital_cost.department d ON d.code = t.department_code
	), charged AS MATERIALIZED (
		SELECT l.encounter_code, l.ordering_id AS department_id, (sum(l.amount) FILTER (WHERE i.kind = 'drug'))::bigint AS drugs, (sum(l.amount) FILTER (WHERE i.kind = 'material'))::bigint AS materials
		FROM hospital_cost._ledger l JOIN hospital_cost.charge_item i ON i.item_id = l.item_id AND i.kind <> 'service' WHERE l.period = '2025-03-01' GROUP BY 1, 2
	), unit AS (
		SELECT s.department_id, sum(s.weight) AS weight FROM spent s GROUP BY 1
	), taken AS (
		SELECT c.department_id, sum(c.drugs) * 1000000 AS drugs, sum(c.materials) * 1000000 AS materials FROM charged c GROUP BY 1
	), used AS (
		SELECT encounter_code, department_id, s.weight, c.drugs, c.materials FROM spent s FULL JOIN charged c USING (encounter_code, department_id)
	)
	INSERT INTO work.cell
	SELECT run, p.funding_group, 0, p.c0 * s.share, CASE WHEN p.funding_group = 1 THEN p.c1 - coalesce(t.materials, 0) ELSE p.c1 END * s.share, CASE WHEN p.funding_group = 1 THEN coalesce(u.materials, 0) * 1000000 ELSE 0 END,
		CASE WHEN p.funding_group = 1 THEN (p.c3 - coalesce(t.drugs, 0)) * s.share + coalesce(u.drugs, 0) * 1000000 ELSE p.c3 * s.share END, p.c4 * s.share, p.c5 * s.share, p.c6 * s.share, p.c7 * s.share,
		p.department_code, u.encounter_code
	FROM used u JOIN pool p ON p.department_id = u.department_id LEFT JOIN unit w ON w.department_id = u.department_id LEFT JOIN taken t ON t.department_id = u.department_id
	CROSS JOIN LATERAL (SELECT coalesce(u.weight::float8 / w.weight::float8, 0) AS share) s WHERE p.funding_group = 1 OR s.share <> 0;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
