-- Charges: the HIS, the ledger, the totals. Cost: the general ledger, the direct cost, the full cost. Differences must be 0.00.
-- An identity that must be 0, and is, shows only in a count; one that fails stands out by its name.
SELECT x.identity, to_char(x.expected, '999,999,990.00') AS "       expected", to_char(x.actual, '999,999,990.00') AS "         actual",
	to_char(x.difference, '999,990.00') AS " difference"
FROM (
	SELECT CASE WHEN q.quiet THEN count(*) || ' further identities of verify_ledger() that must be 0' ELSE min(q.identity) END AS identity,
		sum(q.expected) AS expected, sum(q.actual) AS actual, sum(q.difference) AS difference, min(q.ordinality) + CASE WHEN q.quiet THEN 100 ELSE 0 END AS place
	FROM (SELECT v.*, v.expected = 0 AND v.actual = 0 AS quiet FROM hospital_cost.verify_ledger(:'period') WITH ORDINALITY AS v) q
	GROUP BY q.quiet, CASE WHEN q.quiet THEN 0 ELSE q.ordinality END
	UNION ALL
	SELECT 'his.fee_detail = ledger = charge_total', s.amount, l.amount, greatest(abs(s.amount - l.amount), abs(l.amount - t.amount)), 0
	FROM (SELECT sum(f.total) AS amount FROM his.fee_detail f) s,
		(SELECT sum(e.amount) AS amount FROM hospital_cost.ledger e WHERE e.period = :'period') l,
		(SELECT sum(c.amount) AS amount FROM hospital_cost.charge_total c WHERE c.period = :'period') t
) x ORDER BY x.place;

\pset title '   Accounts = direct cost = full cost (总账 = 直接成本 = 全成本), by cost item'
WITH book AS (
	SELECT t.cost_item_code AS item, sum(t.amount) AS amount FROM hospital_cost.cost_control_total t WHERE t.period = :'period' GROUP BY 1
), direct AS (
	SELECT c.cost_item_code AS item, sum(c.amount) AS amount FROM hospital_cost.direct_cost c
	WHERE c.period = :'period' AND c.cost_class = 'medical' GROUP BY 1
), allocated AS (
	SELECT d.cost_item_code AS item, sum(d.full_cost) AS amount FROM hospital_cost.department_cost d
	WHERE d.run_id = :run AND d.cost_class = 'medical' GROUP BY 1
)
SELECT CASE WHEN grouping(item) = 1 THEN '合计 total' ELSE max(i.name) END AS "成本项目 cost item",
	to_char(sum(b.amount), '99,999,990.00') AS " 总账 accounts", to_char(sum(d.amount), '99,999,990.00') AS "   直接 direct",
	to_char(sum(a.amount), '99,999,990.00') AS "   全成本 full", to_char(sum(abs(coalesce(b.amount, 0) - coalesce(d.amount, 0))
		+ abs(coalesce(d.amount, 0) - coalesce(a.amount, 0))), '999,990.00') AS " difference"
FROM book b FULL JOIN direct d USING (item) FULL JOIN allocated a USING (item)
LEFT JOIN hospital_cost.cost_item i ON i.code = item
GROUP BY ROLLUP (item) ORDER BY grouping(item), item;

\pset title '   The run re-told: verify_allocation()'
SELECT v.identity AS "identity", to_char(v.expected, '999,999,990.00') AS "       expected", to_char(v.actual, '999,999,990.00') AS "         actual",
	to_char(v.difference, '999,990.00') AS " difference"
FROM hospital_cost.verify_allocation(:run) WITH ORDINALITY AS v (identity, expected, actual, difference, place) ORDER BY v.place;

\pset title '   Everything that proves itself, in one line each: identities, and those that do not hold'
SELECT x.what AS "proof", count(*) AS "identities", count(*) FILTER (WHERE NOT x.holds) AS "broken", max(x.example) FILTER (WHERE NOT x.holds) AS "for example"
FROM (
	SELECT 1, 'verify_ledger: rows of the HIS = entries = totals', v.difference = 0, v.identity FROM hospital_cost.verify_ledger(:'period') v
	UNION ALL SELECT 2, 'verify_allocation: full cost = direct cost = accounts', v.difference = 0, v.identity FROM hospital_cost.verify_allocation(:run) v
	UNION ALL SELECT 3, 'replay: the stored inputs give the same run, byte for byte', r.holds, r.identity FROM hospital_cost.replay(:run) r
	UNION ALL SELECT 4, 'verify_costing: patients + unmatched + idle + excluded = run', v.difference = 0, v.identity FROM hospital_cost.verify_costing(:run) v
	UNION ALL SELECT 5, 'verify_item_cost: items + idle + unmatched = pools', v.difference = 0, v.identity FROM hospital_cost.verify_item_cost(:run) v
) AS x (place, what, holds, example) GROUP BY x.place, x.what ORDER BY x.place;
