-- 47 anomaly: what waits for whom, how good the rules are, and what was learnt.

-- Who must act: at first who is nearest, then the controller, at last the auditor. How long each has follows from how sure the finding is.
CREATE OR REPLACE VIEW hospital_cost.worklist AS
SELECT f.finding_id, f.code, f.rule_name, f.rule_name_en, f.severity, f.amount_at_risk, f.observed, f.limit_value, f.excess_quantity,
	f.source, f.source_key, f.encounter_code, f.item_code, f.item_name, f.subject, f.subject_code, f.period, f.found_at, f.deadline,
	greatest(now() - f.deadline, interval '0') AS overdue, l.level,
	CASE WHEN l.level > 2 THEN 'auditor' WHEN l.level = 2 OR NOT m.is_money THEN 'controller' ELSE 'cashier_leader' END AS role,
	g.assignee, g.at AS assigned_at, x.note AS explanation, x.at AS explained_at, x.done_by AS explained_by
FROM hospital_cost.finding f
CROSS JOIN LATERAL (SELECT CASE f.severity WHEN 'definite' THEN interval '1 day' WHEN 'suspect' THEN '3 days' ELSE '7 days' END AS step) s
CROSS JOIN LATERAL (SELECT CASE WHEN f.deadline IS NULL OR now() <= f.deadline THEN 0 WHEN now() <= f.deadline + s.step THEN 1
	WHEN now() <= f.deadline + 3 * s.step THEN 2 ELSE 3 END AS level) l
CROSS JOIN LATERAL (SELECT coalesce(f.subject IN ('cashier', 'operator', 'shift', 'payment', 'cashier_window'), false)
	OR EXISTS (SELECT FROM hospital_cost.attachment a WHERE a.feed = 'payments' AND a.relation = f.source) AS is_money) m
LEFT JOIN LATERAL (SELECT e.assignee, e.at FROM hospital_cost._finding_event e
	WHERE e.finding_id = f.finding_id AND e.event = 'assigned' ORDER BY e.event_id DESC LIMIT 1) g ON true
LEFT JOIN LATERAL (SELECT e.note, e.at, e.done_by FROM hospital_cost._finding_event e
	WHERE e.finding_id = f.finding_id AND e.event = 'explained' ORDER BY e.event_id DESC LIMIT 1) x ON true
WHERE f.class = 'conduct' AND f.state = 'open'
ORDER BY f.amount_at_risk DESC NULLS LAST, f.deadline, f.finding_id;

CREATE OR REPLACE VIEW hospital_cost.overdue_finding AS
SELECT w.* FROM hospital_cost.worklist w WHERE w.level > 0
ORDER BY w.level DESC, w.amount_at_risk DESC NULLS LAST, w.finding_id;

-- Wilson's interval of 95 %: 1.96² = 3.8416. It holds for few reviews too, where the share alone would say 0 or 1.
CREATE OR REPLACE VIEW hospital_cost.rule_quality AS
SELECT q.code, q.version, r.name AS rule_name, r.name_en AS rule_name_en, q.findings, q.waiting, q.closed_itself, q.reviewed, q.confirmed, q.corrected, q.false_positives,
	round((q.confirmed + q.corrected) / nullif(q.reviewed, 0)::numeric, 4) AS precision,
	round(w.centre - w.half, 4) AS precision_low, round(w.centre + w.half, 4) AS precision_high,
	q.amount_confirmed, q.median_time, q.false_positives >= 3 AS review_again
FROM (
	SELECT f.code, f.rule_version AS version, count(*) AS findings, count(*) FILTER (WHERE f.state = 'open') AS waiting,
		count(*) FILTER (WHERE f.state = 'resolved') AS closed_itself, count(*) FILTER (WHERE f.state IN ('confirmed', 'corrected', 'false_positive')) AS reviewed,
		count(*) FILTER (WHERE f.state = 'confirmed') AS confirmed, count(*) FILTER (WHERE f.state = 'corrected') AS corrected,
		count(*) FILTER (WHERE f.state = 'false_positive') AS false_positives,
		coalesce(sum(f.amount_at_risk) FILTER (WHERE f.state IN ('confirmed', 'corrected')), 0)::numeric(18,2) AS amount_confirmed,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY f.closed_at - f.found_at) FILTER (WHERE f.state IN ('confirmed', 'corrected', 'false_positive')) AS median_time
	FROM hospital_cost._finding f WHERE f.class = 'conduct' GROUP BY f.code, f.rule_version) q
CROSS JOIN LATERAL (SELECT nullif(q.reviewed, 0)::numeric AS n, (q.confirmed + q.corrected)::numeric AS k) c
CROSS JOIN LATERAL (SELECT (c.k + 1.9208) / (c.n + 3.8416) AS centre,
	1.96 * sqrt(c.k * (c.n - c.k) / c.n + 0.9604) / (c.n + 3.8416) AS half) w
LEFT JOIN hospital_cost.rule r ON r.code = q.code AND r.version = q.version;

-- Nobody is in it: no encounter, no key, no subject but a department. What was observed is shown where it is a figure of what was charged: not an entry,
-- nor the age or diagnosis of a patient, nor the day he came.
CREATE OR REPLACE VIEW hospital_cost.case_library AS
SELECT f.code, f.rule_version, r.name AS rule_name, r.name_en AS rule_name_en, f.severity, f.period, f.item_code, i.name AS item_name,
	d.code AS department_code, d.name AS department_name, f.field,
	CASE WHEN f.observed ~ '^-?[0-9]+([.][0-9]+)?( days)?$' AND r.kind NOT IN ('same_item_same_day', 'item_pair', 'item_patient', 'day_outside_stay') THEN f.observed END AS observed,
	CASE WHEN r.kind <> 'day_outside_stay' THEN f.expected END AS limit_value, f.excess_quantity, f.amount_at_risk, f.state AS verdict, f.note, r.legal_basis
FROM hospital_cost._finding f
LEFT JOIN hospital_cost.rule r ON r.code = f.code AND r.version = f.rule_version
LEFT JOIN hospital_cost.charge_item i ON i.code = f.item_code
LEFT JOIN hospital_cost._ledger l ON l.encounter_code = f.encounter_code AND l.entry_id = f.entry_id
LEFT JOIN hospital_cost.department d ON d.department_id = l.performing_id OR (f.subject = 'department' AND d.code = f.subject_code)
WHERE f.class = 'conduct' AND f.state IN ('confirmed', 'false_positive', 'corrected');
