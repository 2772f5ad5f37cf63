-- Findings of conduct (rules) and of data (posting issues) stand in one inbox: counts, then the dearest of each rule with its reason.
SELECT f.code AS "规则 rule", coalesce(f.rule_name, CASE f.code WHEN 'unknown_item' THEN '项目不在目录' WHEN 'price_differs' THEN '单价与价表不符'
		WHEN 'no_original' THEN '退费未指明原收费' ELSE f.code END) AS "含义", f.severity, f.state, count(*) AS "n",
	to_char(sum(f.amount_at_risk), '999,990.00') AS "涉及金额 at risk"
FROM hospital_cost.finding f
WHERE f.period = :'period' OR f.period IS NULL
GROUP BY f.class, f.code, f.rule_name, f.severity, f.state ORDER BY f.class, f.code, f.state;

\pset title '   The dearest of each rule (样例), with the reason'
SELECT s.code AS "规则", s.encounter_code AS "就诊", s.source_key AS "fee line", s.item_name AS "项目", CASE s.code
		WHEN 'CA04' THEN format('单价 %s > 价表 %s', round(s.observed::numeric, 2), round(s.limit_value::numeric, 2))
		WHEN 'CA02' THEN (SELECT '同日两次: ' || string_agg(to_char(l.charged_at, 'DD日 HH24:MI'), ' 与 ' ORDER BY l.entry_id)
			FROM hospital_cost.ledger l WHERE l.entry_id = ANY (s.entries))
		ELSE s.observed || ' / ' || s.limit_value END AS "原因 reason",
	to_char(s.amount_at_risk, '9,990.00') AS "at risk"
FROM (
	SELECT f.*, row_number() OVER (PARTITION BY f.code ORDER BY f.amount_at_risk DESC, f.source_key) AS place
	FROM hospital_cost.finding f WHERE f.period = :'period' AND f.class = 'conduct' AND f.state = 'open'
) s WHERE s.place <= 3 ORDER BY s.code, s.place;
