-- What was charged: fee lines of every visit and of every day in bed in March, in demo.line first, so that they can be numbered.

CREATE TABLE demo.choice AS
WITH item AS (SELECT i.*, 100 + row_number() OVER (ORDER BY i.code) AS no FROM demo.item i)
SELECT t.tag, CASE WHEN c.way = 1 THEN 'out' ELSE i.mode END AS mode, i.code AS item, i.no, i.doer, i.kind,
	i.out_weight AS weight, i.stays, i.days, i.most
FROM item i, LATERAL (VALUES (1, i.out_tags), (2, i.in_tags)) AS c (way, tags), (SELECT DISTINCT tag FROM demo.unit WHERE tag IS NOT NULL) t
WHERE c.tags = '*' OR t.tag = ANY (string_to_array(c.tags, ' '));
ANALYZE demo.choice;
ANALYZE demo.visit;
ANALYZE demo.stay;

-- Where each patient lay at 24:00 of each day of March; who comes and goes on one day counts that day.
CREATE TABLE demo.bed AS
SELECT s.k, s.k * 64 + (d.day - date '2025-03-01') AS kd, s.visit_no, s.ward, s.tag, s.home_tag, s.nights, d.day, d.day - v.day AS night
FROM demo.stay s JOIN demo.visit v ON v.k = s.k
JOIN demo.day d ON d.in_month AND d.day >= s.first_day AND d.day < greatest(s.past_day, s.first_day + 1);
ANALYZE demo.bed;

CREATE UNLOGGED TABLE demo.line (visit_no text COLLATE "C", item text COLLATE "C", qty numeric, order_dept text, exec_dept text, ward text,
	fee_time timestamptz, operator text);

-- 门诊: registration, consultation, and three to eight lines drawn by weight from what the specialty orders.
INSERT INTO demo.line
WITH visit AS (
	SELECT v.k, v.visit_no, v.dept, v.tag, v.setting, v.reg_time, '收费' || lpad((1 + floor(demo.u(v.k, 31) * 14))::text, 2, '0') AS operator,
		(ARRAY[3, 3, 3, 4, 4, 4, 5, 5, 6, 8])[1 + floor(demo.u(v.k, 30) * 10)::int] AS lines
	FROM demo.visit v WHERE v.setting <> 'inpatient' AND NOT v.cancelled
), drawn AS (
	SELECT v.*, c.*, row_number() OVER (PARTITION BY v.k ORDER BY demo.u(v.k, c.no) / c.weight, c.item) AS place
	FROM visit v JOIN demo.choice c ON c.tag = v.tag AND c.mode = 'out'
)
SELECT d.visit_no, d.item, (1 + floor(demo.u(d.k, d.no + 200) * CASE d.kind WHEN 'drug' THEN 3 ELSE least(d.most, 2) END))::numeric,
	d.dept, CASE d.doer WHEN '@' THEN d.dept ELSE d.doer END, NULL,
	d.reg_time + make_interval(mins => 12 + floor(demo.u(d.k, 32) * 45)::int), d.operator
FROM drawn d WHERE d.place <= d.lines
UNION ALL
SELECT v.visit_no, f.item, 1, v.dept, v.dept, NULL, v.reg_time, v.operator
FROM visit v, LATERAL (VALUES ('C0201'), (CASE WHEN v.setting = 'emergency' THEN 'C0204' WHEN demo.u(v.k, 33) < 0.35 THEN 'C0203' ELSE 'C0202' END)) AS f (item);

-- 夜间记账: the night job books bed, consultation, nursing, and heating until the season ends on 15 March.
INSERT INTO demo.line
SELECT b.visit_no, f.item, 1, b.ward, b.ward, b.ward, b.day + time '23:30', '夜间记账'
FROM demo.bed b, LATERAL (VALUES
	(CASE WHEN b.tag = 'icu' THEN 'C0103' WHEN demo.u(b.k, 34) < 0.25 THEN 'C0105' ELSE 'C0101' END), ('C0206'),
	(CASE WHEN b.tag = 'icu' THEN NULL WHEN b.night < 2 AND demo.u(b.k, 35) < 0.6 THEN 'C0701'
		WHEN b.night > 4 AND demo.u(b.k, 35) < 0.3 THEN 'C0703' ELSE 'C0702' END),
	(CASE WHEN b.day <= '2025-03-15' THEN 'C0106' END)) AS f (item)
WHERE f.item IS NOT NULL;

-- 住院: what a patient is on (drawn once a stay and ward), day by day; admission; operation; drugs to take home.
INSERT INTO demo.line
WITH event AS (
	SELECT b.k, b.kd, b.visit_no, b.ward, b.tag, b.day, c.item, c.no, c.doer, c.most, demo.u(b.kd, c.no) / c.days AS v
	FROM (SELECT DISTINCT b.k, b.tag FROM demo.bed b) p
	JOIN demo.choice c ON c.mode = 'D' AND c.tag = p.tag AND demo.u(p.k, c.no) < c.stays
	JOIN demo.bed b ON b.k = p.k AND b.tag = p.tag AND demo.u(b.kd, c.no) < c.days
	UNION ALL
	SELECT b.k, b.kd, b.visit_no, b.ward, b.tag, b.day, c.item, c.no, c.doer, c.most, demo.u(b.k, c.no) / c.stays
	FROM demo.bed b JOIN demo.choice c ON c.mode = 'A' AND c.tag = b.tag AND demo.u(b.k, c.no) < c.stays
	WHERE b.night = 0
	UNION ALL
	SELECT s.k, s.k * 64 + (s.past_day - date '2025-03-01'), s.visit_no, s.ward, s.tag, s.past_day, c.item, c.no, c.doer, c.most,
		demo.u(s.k, c.no) / c.stays / 12
	FROM demo.stay s JOIN demo.choice c ON c.mode = 'X' AND c.tag = s.tag AND demo.u(s.k, c.no) < c.stays
	WHERE s.is_last AND s.nights > 0 AND s.past_day BETWEEN '2025-03-01' AND '2025-03-31'
	UNION ALL
	SELECT o.k, o.kd, o.visit_no, o.ward, o.home_tag, o.day, o.item, o.no, o.doer, o.most, o.v
	FROM (
		SELECT b.*, c.item, c.no, c.doer, c.most, c.mode, c.stays, demo.u(b.k, c.no) / c.stays AS v,
			row_number() OVER (PARTITION BY b.k, c.mode ORDER BY demo.u(b.k, c.no) / c.stays, c.item) AS place
		FROM demo.bed b JOIN demo.unit u ON u.tag = b.home_tag AND u.setting = 'inpatient' AND demo.u(b.k, 36) < u.operated
		JOIN demo.choice c ON c.mode IN ('O', 'S') AND c.tag = b.home_tag
		WHERE b.night = least(1 + floor(demo.u(b.k, 37) * 2)::int, b.nights - 1)
	) o
	WHERE o.mode = 'O' AND o.place = 1 OR o.mode = 'S' AND o.v < 1
)
SELECT e.visit_no, e.item, 1 + floor(demo.u(e.kd, e.no + 200) * e.most)::int, e.ward, CASE e.doer WHEN '@' THEN e.ward ELSE e.doer END, e.ward,
	greatest(e.day + make_interval(mins => 480 + floor(least(e.v, 0.999) * 480)::int),
		v.reg_time + make_interval(mins => 20 + floor(demo.u(e.kd, 38) * 60)::int)),
	'护士站' || right(e.ward, 2)
FROM event e JOIN demo.visit v ON v.k = e.k;

-- Price by the list of the day, number by time: the key the HIS would have given.
CREATE UNLOGGED TABLE demo.fee AS
SELECT row_number() OVER (ORDER BY l.fee_time, l.visit_no, l.item) + 250300000 AS fee_id, l.visit_no, l.item AS item_code, l.qty,
	p.unit_price AS price, l.order_dept, l.exec_dept, l.ward, l.fee_time, NULL::bigint AS refund_of, l.operator
FROM demo.line l JOIN hospital_cost.price p ON p.item_code = l.item AND p.valid @> l.fee_time::date;
ANALYZE demo.fee;
