-- One day of :rows payments and as many lines, written straight into their tables, with 0.03 % planted differences: 50 of each type in 1,000,000.
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
CREATE SCHEMA work;
CREATE FUNCTION work.cpu() RETURNS int LANGUAGE sql
RETURN (SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') AS s);
INSERT INTO hospital_cost.hospital (code, name) VALUES ('BENCH', 'bench');
SELECT setval('hospital_cost.payment_seq', :rows);
INSERT INTO hospital_cost._payment (entry_id, paid_at, day, period, version, source_id, amount, entry, kind, method, source_key, encounter_code, external_reference)
SELECT i, CASE WHEN i % 20000 = 6 THEN '2025-03-05 23:30+08' ELSE timestamptz '2025-03-05 08:00+08' + i % 1000000 * interval '30 ms' END, '2025-03-05', '2025-03-01', 1, 1, 1 + i % 9973 / 100.0, 'post', 'payment', 'wechat', i::text,
	'E' || i, '42000020250305' || to_char(i * 7919::bigint % 1000003, 'FM0000000000')
FROM generate_series(1, :rows) i;
INSERT INTO hospital_cost.statement_format (kind, name, methods) VALUES ('wechat', 'x', '{wechat}');
INSERT INTO hospital_cost.statement (statement_id, kind, day) VALUES (1, 'wechat', '2025-03-05');
-- 20,000 a type: his_only, amount, status, duplicate, channel_only, in_transit
INSERT INTO hospital_cost.statement_line (statement_id, line_no, at, day, amount, failed, reference)
SELECT 1, row_number() OVER (), x.at, '2025-03-05', x.amount, x.failed, x.reference FROM (
	SELECT p.paid_at + interval '3 s' AS at, p.amount + CASE WHEN p.entry_id % 20000 = 2 THEN 0.01 ELSE 0 END AS amount, p.entry_id % 20000 = 3 AS failed,
		CASE WHEN p.entry_id % 20000 = 5 THEN 'X' ELSE '' END || p.external_reference AS reference
	FROM hospital_cost._payment p CROSS JOIN LATERAL generate_series(1, CASE p.entry_id % 20000 WHEN 1 THEN 0 WHEN 6 THEN 0 WHEN 4 THEN 2 ELSE 1 END) n) x
ORDER BY hashtext(x.reference);
VACUUM ANALYZE;
