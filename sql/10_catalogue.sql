-- 10 catalogue: charge items, and what one costs on a day for a class of patient.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
INSERT INTO hospital_cost.charge_item (code, name, unit, category) VALUES
	('250101015', '血细胞分析', '次', '04'),
	('110200001', '普通门诊诊察费', '次', '02');
-- A price holds for a range of days; the next begins where it ends.
INSERT INTO hospital_cost.price (item_code, price_class, valid, unit_price, ceiling) VALUES
	('250101015', 'standard', '[2024-01-01,2025-04-01)', 20, 25),
	('250101015', 'standard', '[2025-04-01,)', 18.5, 22),
	('250101015', 'staff', '(,)', 10, NULL);
SELECT day, hospital_cost.price_of('250101015', day) AS standard, hospital_cost.price_of('250101015', day, 'staff') AS staff
FROM (VALUES (date '2023-12-31'), ('2024-01-01'), ('2025-03-31'), ('2025-04-01')) AS d (day);

-- Two prices for one day are refused, and so is a price that is none.
SAVEPOINT s;
INSERT INTO hospital_cost.price (item_code, valid, unit_price) VALUES ('250101015', '[2025-03-31,2025-04-02)', 19);
ROLLBACK TO s;
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('110200001', -1);
ROLLBACK TO s;
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('110200001', 'NaN');
ROLLBACK TO s;
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('x', 'x', '15');
ROLLBACK TO s;
SELECT hospital_cost.price_of('999999999', '2025-03-01');
ROLLBACK TO s;

-- A change is seen at once; a change that is taken back was never there.
UPDATE hospital_cost.price SET unit_price = 21 WHERE item_code = '250101015' AND valid @> date '2025-03-01' AND price_class = 'standard';
SELECT hospital_cost.price_of('250101015', '2025-03-01');
ROLLBACK TO s;
SELECT hospital_cost.price_of('250101015', '2025-03-01');
SELECT hospital_cost.price_of('110200001', '2025-03-01') IS NULL AS no_price_yet;
SELECT problem FROM hospital_cost.check_setup() WHERE room = '10';
ROLLBACK;
