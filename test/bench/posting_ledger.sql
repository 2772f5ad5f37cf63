-- A month of :lines entries as posting would have left them, written past the triggers: entries, totals, and a tail of 10,000 delta rows.
SELECT min(item_id) - 1 AS item, (SELECT min(department_id) - 1 FROM hospital_cost.department) AS department
FROM hospital_cost.charge_item \gset
INSERT INTO hospital_cost._ledger
SELECT i, i, 10000 * (1 + i % 3), 1000000 * p::bigint, 100 * p * (1 + i % 3), 0,
	'2025-03-01 00:00+08'::timestamptz + i * (interval '31 days' / (:lines + 1)), :item + item, '2025-03-01',
	'2025-03-01'::date + (i * 31 / (:lines + 1))::int, a.source_id, :department + 1 + v % 200, :department + 1 + item % 40, 0, 1, 1, 0,
	'V' || v, ''
FROM (SELECT i, i / 25 AS v, 1 + (i / 25 % 200 * 25 + (i % 25) * 4 + i / 5000 % 4) % 5000 AS item FROM generate_series(1, :lines::bigint) i) x
CROSS JOIN LATERAL (SELECT 1 + item % 500 AS p) y
CROSS JOIN (SELECT source_id FROM hospital_cost.attachment WHERE relation = 'his.fee'::regclass) a;
SELECT setval('hospital_cost.ledger_seq', :lines);

INSERT INTO hospital_cost._charge_total
SELECT period, ordering_id, performing_id, item_id, count(*), sum(quantity), sum(amount)
FROM hospital_cost._ledger WHERE entry_id <= :lines - 10000 GROUP BY 1, 2, 3, 4;
INSERT INTO hospital_cost._charge_delta
SELECT period, ordering_id, performing_id, item_id, 1, quantity, amount FROM hospital_cost._ledger WHERE entry_id > :lines - 10000;
VACUUM ANALYZE;
CHECKPOINT;
