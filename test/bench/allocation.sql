-- A dense three-level hospital: 20 % administrative, 10 % auxiliary, 20 % technical, the rest clinical; every driver filled for every pair; with :sparse twenty receivers a server.
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
CREATE SCHEMA work;
CREATE FUNCTION work.cpu() RETURNS int LANGUAGE sql
RETURN (SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') AS s);

INSERT INTO hospital_cost.hospital (code, name) VALUES ('BENCH', 'bench');
SELECT hospital_cost.open_period('2025-03-01');
INSERT INTO hospital_cost.department (code, name, class)
SELECT 'D' || to_char(i, 'FM0000'), 'D' || i, CASE WHEN i % 10 < 2 THEN 'administrative' WHEN i % 10 < 3 THEN 'auxiliary'
	WHEN i % 10 < 5 THEN 'technical' ELSE 'clinical' END
FROM generate_series(1, :departments) i;
INSERT INTO hospital_cost.cost_item (code, name, category) SELECT 'K' || i, 'K' || i, 'other' FROM generate_series(1, :items) i;
INSERT INTO hospital_cost._direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
SELECT '2025-03-01', d.code, 'K' || i, s, 'medical', 1000 + (d.department_id * 7919 + i * 104729) % 100000 / 100.0
FROM hospital_cost.department d, generate_series(1, :items) i, unnest('{own,fiscal_project,science_education}'::text[]) s;
\if :sparse
-- Each server has twenty receivers, all clinical.
INSERT INTO hospital_cost._driver_value
SELECT '2025-03-01', CASE a.class WHEN 'administrative' THEN 'headcount' WHEN 'auxiliary' THEN 'service_quantity' ELSE 'ordered_revenue' END, a.code, r.code,
	1 + (a.department_id * 31 + r.department_id * 17) % 1000
FROM hospital_cost.department a
JOIN (SELECT d.code, d.department_id, row_number() OVER (ORDER BY d.code) AS place FROM hospital_cost.department d WHERE d.class = 'clinical') r
	ON (r.place + a.department_id * 13) % (:departments / 40) = 0
WHERE a.class <> 'clinical';
\else
INSERT INTO hospital_cost._driver_value
SELECT '2025-03-01', 'headcount', NULL, d.code, 1 + d.department_id % 40 FROM hospital_cost.department d WHERE d.class <> 'administrative';
INSERT INTO hospital_cost._driver_value
SELECT '2025-03-01', CASE a.class WHEN 'auxiliary' THEN 'service_quantity' ELSE 'ordered_revenue' END, a.code, r.code,
	1 + (a.department_id * 31 + r.department_id * 17) % 1000
FROM hospital_cost.department a, hospital_cost.department r
WHERE a.class = 'auxiliary' AND r.class IN ('technical', 'clinical') OR a.class = 'technical' AND r.class = 'clinical';
\endif

CREATE TABLE work.cell (department text, item text, source text, amount numeric);
CREATE FUNCTION work.twin() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	level record;
BEGIN
	TRUNCATE work.cell;
	CREATE TEMP TABLE balance ON COMMIT DROP AS
		SELECT department_code AS department, cost_item_code AS item, funding_source AS source, sum(amount) AS amount
		FROM hospital_cost._direct_cost WHERE period = '2025-03-01' GROUP BY 1, 2, 3;
	FOR level IN SELECT * FROM (VALUES (1, 'administrative', 'headcount'), (2, 'auxiliary', 'service_quantity'),
		(3, 'technical', 'ordered_revenue')) v (no, class, driver) ORDER BY no LOOP
		CREATE TEMP TABLE moved ON COMMIT DROP AS
			WITH share AS (
				SELECT s.code AS server, v.receiver_code AS receiver, v.quantity / sum(v.quantity) OVER (PARTITION BY s.code) AS part
				FROM hospital_cost.department s
				JOIN hospital_cost._driver_value v ON v.driver_code = level.driver AND coalesce(v.server_code, s.code) = s.code
				WHERE s.class = level.class
			)
			SELECT h.receiver AS department, b.item, b.source, sum(round(b.amount * h.part, 8)) AS amount
			FROM balance b JOIN share h ON h.server = b.department GROUP BY 1, 2, 3;
		CREATE TEMP TABLE next_balance ON COMMIT DROP AS
			SELECT department, item, source, sum(amount) AS amount
			FROM (SELECT b.* FROM balance b JOIN hospital_cost.department d ON d.code = b.department AND d.class <> level.class
				UNION ALL SELECT * FROM moved) x GROUP BY 1, 2, 3;
		DROP TABLE balance, moved;
		ALTER TABLE next_balance RENAME TO balance;
	END LOOP;
	INSERT INTO work.cell SELECT * FROM balance;
	RETURN (SELECT count(*) FROM work.cell);
END $$;
ANALYZE;
