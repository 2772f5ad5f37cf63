-- Fifty rules with what they know, over the tables of posting.sql: limits on a fifth of the items, five hundred pairs in the shares of windows that the official
-- list has. Items of a visit are four numbers apart, so pairs two apart never meet; ten pairs do, now and then. Wants :rows, :more (rows of knowledge beside that).
INSERT INTO hospital_cost.rule (code, name, name_en, kind, severity)
SELECT format('X%s', i), 'x', 'x', (ARRAY['item_limit', 'item_limit', 'item_pair', 'item_patient', 'item_place'])[1 + i % 5], 'suspect'
FROM generate_series(1, 50 - (SELECT count(*)::int FROM hospital_cost.rule)) i;
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", window_days, max_quantity)
SELECT 'CA10', 'I' || i, w, CASE w WHEN 'ROLL_n_DAYS' THEN 7 END, 3
FROM (SELECT i, CASE WHEN i % 100 < 75 THEN 'DAY' WHEN i % 100 < 85 THEN 'LINE' WHEN i % 100 < 95 THEN 'ENCOUNTER' ELSE 'ROLL_n_DAYS' END AS w
	FROM generate_series(5, 5000, 5) i) x;
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window")
SELECT 'CA01', 'I' || i * 10, 'I' || i * 10 + CASE WHEN i <= 10 THEN 4 ELSE 2 END,
	CASE WHEN i % 500 < 246 THEN 'DAY' WHEN i < 482 THEN 'ENCOUNTER' WHEN i < 492 THEN 'ROLL_6H' ELSE 'HOUR' END
FROM generate_series(1, 499) i;
INSERT INTO hospital_cost.item_limit (rule_code, item_code, sex) SELECT 'CA18', 'I' || i, 'F' FROM generate_series(7, 5000, 250) i;
-- Two hundred thousand limits and fifty thousand pairs over twenty thousand items that nobody charges, and over those that are.
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity)
SELECT 'X' || r, 'I' || i, 'DAY', 1000 FROM generate_series(1, (:more * 4 / 5) / 20000) r, generate_series(1, 20000) i;
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window")
SELECT 'CA17', 'I' || 5000 + i % 20000, 'I' || 25001 + i, 'DAY' FROM generate_series(1, :more / 5) i;
INSERT INTO hospital_cost.encounter (code, kind, patient_code, department_code, started_at, ended_at, sex)
SELECT 'V' || v, CASE v % 10 WHEN 0 THEN 'inpatient' ELSE 'outpatient' END, 'P' || v / 3, 'D1', '2025-03-01 00:00+08', '2025-03-31 23:00+08', 'F'
FROM generate_series(0, :rows / 25) v;
CREATE TABLE work.rule AS TABLE hospital_cost.rule;
ANALYZE;
