-- What goes wrong in a month, planted on lines chosen by hash: about 150 lines of several hundred thousand at factor 1.
CREATE FUNCTION demo.some(number numeric, at_least int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(at_least, round(number * :factor))::int;

CREATE TABLE demo.incident AS
WITH fee AS (
	SELECT f.*, i.category, i.kind FROM demo.fee f JOIN demo.item i ON i.code = f.item_code
), picked AS (
	-- 旧价目: after the price cut one counter keeps the old CT price for three days
	(SELECT 'old list price' AS what, f.fee_id FROM fee f
		WHERE f.item_code = 'C0301' AND f.fee_time >= '2025-03-16' AND (f.fee_time < '2025-03-19' OR :factor < 0.5) AND f.ward IS NULL
		ORDER BY demo.u(f.fee_id, 1), 2 LIMIT demo.some(16, 2))
	UNION ALL
	-- 超标准收费: a fifth more than the list, most of it in 检查, 化验 and 治疗
	(SELECT 'above list', f.fee_id FROM fee f
		WHERE f.category IN ('03', '04', '05') AND f.price >= 20 AND f.item_code <> 'C0301'
		ORDER BY demo.u(f.fee_id, 2), 2 LIMIT demo.some(24, 3))
	UNION ALL
	(SELECT 'below list', f.fee_id FROM fee f WHERE f.category = '08' ORDER BY demo.u(f.fee_id, 3), 2 LIMIT demo.some(6, 1))
	UNION ALL
	-- 重复收费: the same line again some minutes later
	(SELECT 'duplicate', f.fee_id FROM fee f WHERE f.category IN ('01', '02', '03', '04', '05', '07') AND f.price >= 15
		ORDER BY demo.u(f.fee_id, 4), 2 LIMIT demo.some(36, 4))
	UNION ALL
	(SELECT 'refund', f.fee_id FROM fee f WHERE f.ward IS NULL AND f.category IN ('03', '04', '05', '09', '11') AND f.price >= 10
		ORDER BY demo.u(f.fee_id, 5), 2 LIMIT demo.some(64, 4))
	UNION ALL
	-- a negative line that does not say what it takes back
	(SELECT 'refund without original', f.fee_id FROM fee f WHERE f.ward IS NOT NULL AND f.kind = 'drug' AND f.price >= 10
		ORDER BY demo.u(f.fee_id, 6), 2 LIMIT demo.some(8, 1))
	UNION ALL
	-- a new examination is charged before the pricing office has entered it
	(SELECT 'not in the catalogue', f.fee_id FROM fee f WHERE f.item_code = 'C0332'
		ORDER BY demo.u(f.fee_id, 7), 2 LIMIT demo.some(4, 2))
	UNION ALL
	(SELECT 'mistyped code', f.fee_id FROM fee f WHERE f.item_code = 'C0401' ORDER BY demo.u(f.fee_id, 8), 2 LIMIT 1)
	UNION ALL
	(SELECT 'mistyped quantity', f.fee_id FROM fee f WHERE f.item_code = 'Y0120' AND f.qty = 1 ORDER BY demo.u(f.fee_id, 9), 2 LIMIT 1)
	UNION ALL
	(SELECT 'charged in error', f.fee_id FROM fee f WHERE f.item_code = 'C0311' ORDER BY demo.u(f.fee_id, 10), 2 LIMIT 1)
)
-- One incident a line, whatever is drawn first.
SELECT DISTINCT ON (p.fee_id) p.fee_id, p.what FROM picked p ORDER BY p.fee_id, p.what COLLATE "C";

UPDATE demo.fee f SET
	price = CASE i.what WHEN 'old list price' THEN 240 WHEN 'above list' THEN round(f.price * 1.2, 2) WHEN 'below list' THEN round(f.price * 0.8, 2)
		WHEN 'not in the catalogue' THEN 680 ELSE f.price END,
	item_code = CASE i.what WHEN 'not in the catalogue' THEN 'C0336' WHEN 'mistyped code' THEN 'C0401x' ELSE f.item_code END,
	qty = CASE i.what WHEN 'mistyped quantity' THEN 100 ELSE f.qty END
FROM demo.incident i
WHERE i.fee_id = f.fee_id AND i.what IN ('old list price', 'above list', 'below list', 'not in the catalogue', 'mistyped code', 'mistyped quantity');

-- New lines get the next numbers; a refund comes the same day or up to three days later, within the month.
INSERT INTO demo.fee
SELECT m.last + row_number() OVER (ORDER BY i.fee_id), f.visit_no, f.item_code,
	CASE i.what WHEN 'duplicate' THEN f.qty WHEN 'refund' THEN -f.qty ELSE -1 END, f.price, f.order_dept, f.exec_dept, f.ward,
	CASE i.what WHEN 'duplicate' THEN f.fee_time + make_interval(mins => 2 + floor(demo.u(f.fee_id, 20) * 8)::int)
		ELSE least(f.fee_time + make_interval(mins => 40 + floor(demo.u(f.fee_id, 21) * 4000)::int), greatest(f.fee_time, '2025-03-31 17:30')) END,
	CASE i.what WHEN 'refund' THEN f.fee_id END, f.operator
FROM demo.incident i JOIN demo.fee f ON f.fee_id = i.fee_id, (SELECT max(fee_id) AS last FROM demo.fee) m
WHERE i.what IN ('duplicate', 'refund', 'refund without original');
ANALYZE demo.fee;
