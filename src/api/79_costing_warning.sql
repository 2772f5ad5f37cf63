-- 70 costing: what to know before a figure is used.

-- What a costing kept of its cases and what they are now, field by field.
CREATE OR REPLACE VIEW hospital_cost.case_change AS
WITH kept AS (
	SELECT k.run_id, r.period, r.official, ARRAY(SELECT c.encounter_code FROM hospital_cost._costing_case c WHERE c.run_id = k.run_id AND c.late) AS late_ones
	FROM hospital_cost._costing k JOIN hospital_cost._run r ON r.run_id = k.run_id
)
SELECT k.run_id, k.period, d.encounter_code, v.field, v.kept, v.now, k.official
FROM kept k
CROSS JOIN LATERAL (
	SELECT coalesce(c.encounter_code, f.encounter_code) AS encounter_code, to_jsonb(c) - '{run_id,incomplete}'::text[] AS kept, to_jsonb(f) AS now
	FROM (SELECT * FROM hospital_cost._costing_case x WHERE x.run_id = k.run_id) c
	FULL JOIN hospital_cost._case_fact(k.period, k.late_ones) f ON f.encounter_code = c.encounter_code
	WHERE (c.department_code, c.diagnosis_code, c.procedure_code, c.drg_code, c.payer, c.price_class, c.admitted_on, c.discharged_on, c.late, c.disease_code,
			c.disease_name, c.group_kind, c.group_code, c.group_name, c.weight, c.rate)
		IS DISTINCT FROM (f.department_code, f.diagnosis_code, f.procedure_code, f.drg_code, f.payer, f.price_class, f.admitted_on, f.discharged_on, f.late,
			f.disease_code, f.disease_name, f.group_kind, f.group_code, f.group_name, f.weight, f.rate)) d
CROSS JOIN LATERAL (
	SELECT 'case' AS field, CASE WHEN d.kept IS NULL THEN 'no' ELSE 'yes' END AS kept, CASE WHEN d.now IS NULL THEN 'no' ELSE 'yes' END AS now
	WHERE d.kept IS NULL OR d.now IS NULL
	UNION ALL
	SELECT f.key, d.kept ->> f.key, d.now ->> f.key FROM jsonb_object_keys(d.now) AS f (key)
	WHERE d.kept IS NOT NULL AND d.kept -> f.key IS DISTINCT FROM d.now -> f.key) v;

-- What stands in the way of a figure, or makes it say less than it seems to; and what has changed since it was computed.
CREATE OR REPLACE VIEW hospital_cost.costing_warning AS
WITH warning AS (
	SELECT u.run_id, u.period, u.department_code, 'no_' || u.object || 's' AS code, u.total_cost AS amount, u.official
	FROM hospital_cost._unit_cost u
	WHERE u.scope = 'hospital_full' AND u.quantity = 0 AND u.total_cost <> 0 AND u.department_code IS NOT NULL
	UNION ALL
	SELECT c.run_id, r.period, c.department_code, CASE c.status WHEN 2 THEN 'workload_without_encounter' WHEN 3 THEN 'charges_without_encounter'
			WHEN 4 THEN 'no_activity' WHEN 7 THEN 'not_allocated' ELSE 'external' END,
		(sum(c.personnel::numeric + c.materials + c.billable_materials + c.drugs + c.depreciation + c.amortisation + c.risk_fund + c.other)
			* 0.00000001)::numeric(18,2), r.official
	FROM hospital_cost._encounter_cost c JOIN hospital_cost._run r ON r.run_id = c.run_id
	WHERE c.encounter_code IS NULL AND c.status IN (2, 3, 4, 7, 8)
	GROUP BY c.run_id, r.period, c.department_code, c.status, r.official
	UNION ALL
	SELECT c.run_id, c.period, NULL, 'charged_without_cost', c.not_taken, c.official FROM hospital_cost.costing c WHERE c.not_taken <> 0
	UNION ALL
	SELECT r.run_id, r.period, n.department_code, 'loaded_below_counted', n.above::numeric(18,2), r.official
	FROM hospital_cost.costing r
	-- Counted once a run, whatever the order of joins; and not at all where nothing was loaded.
	CROSS JOIN LATERAL (
		WITH counted AS MATERIALIZED (
			SELECT t.department_code, t.measure, sum(t.quantity) AS quantity FROM hospital_cost._encounter_time(r.period) t
			WHERE EXISTS (SELECT FROM hospital_cost._workload_value w WHERE w.period = r.period AND w.measure IN ('visits', 'bed_days'))
			GROUP BY t.department_code, t.measure
		)
		SELECT c.department_code, c.quantity - w.quantity AS above
		FROM counted c JOIN hospital_cost._workload_value w ON w.period = r.period AND w.department_code = c.department_code AND w.measure = c.measure
		WHERE c.quantity > w.quantity) n
	UNION ALL
	SELECT c.run_id, c.period, NULL, 'cases_changed_since', count(DISTINCT c.encounter_code), c.official
	FROM hospital_cost.case_change c GROUP BY c.run_id, c.period, c.official
	UNION ALL
	SELECT k.run_id, r.period, NULL, 'charges_changed_since', t.entries - k.entries, r.official
	FROM hospital_cost._costing k
	JOIN hospital_cost._run r ON r.run_id = k.run_id
	CROSS JOIN LATERAL (SELECT coalesce(sum(i.entries), 0) AS entries FROM hospital_cost._item_total i WHERE i.period = r.period) t
	WHERE t.entries <> k.entries
	UNION ALL
	-- Runs the cases took cost from that are no longer official or costed, those that are now, and those costed anew.
	SELECT k.run_id, r.period, NULL, 'earlier_months_changed_since', count(*), r.official
	FROM hospital_cost._costing k
	JOIN hospital_cost._run r ON r.run_id = k.run_id
	CROSS JOIN LATERAL (SELECT hospital_cost._case_first_month(min(c.admitted_on)) AS month FROM hospital_cost._costing_case c
		WHERE c.run_id = k.run_id AND NOT c.late) first
	CROSS JOIN LATERAL (SELECT FROM unnest(k.case_runs) AS u (run_id)
		FULL JOIN (SELECT o.run_id, b.computed_at FROM hospital_cost._run o JOIN hospital_cost._costing b ON b.run_id = o.run_id
			WHERE o.official AND o.period >= first.month AND o.period < r.period) n ON n.run_id = u.run_id
		WHERE u.run_id IS NULL OR n.run_id IS NULL OR n.computed_at > k.computed_at) x
	GROUP BY k.run_id, r.period, r.official
	UNION ALL
	SELECT c.run_id, r.period, NULL, 'incomplete_stays', count(*), r.official
	FROM hospital_cost._costing_case c JOIN hospital_cost._run r ON r.run_id = c.run_id
	WHERE c.incomplete GROUP BY c.run_id, r.period, r.official
)
SELECT w.run_id, w.period, w.department_code, w.code, w.amount, w.official,
	CASE WHEN w.code LIKE '%changed_since' THEN 'hospital_cost.cost_objects(' || w.run_id || ')'
			|| CASE WHEN w.official AND p.state = 'closed' THEN ' after hospital_cost.reopen_period: the month is closed and stays as it was told' ELSE '' END
		WHEN w.code = 'incomplete_stays' THEN 'allocate and cost the months before, then hospital_cost.cost_objects(' || w.run_id || ')' END AS cure
FROM warning w
LEFT JOIN hospital_cost.period p ON p.period = w.period;

COMMENT ON VIEW hospital_cost.case_change IS 'What has changed since a costing kept its cases (病例变更): discharged inpatients that differ from what they are now, field by field; field case: no longer, or not yet, one of the month. The figures stay until cost_objects is called again. Filter official, or one run_id';
COMMENT ON COLUMN hospital_cost.case_change.field IS 'As in encounter; disease_*, group_*: the disease and payment group it belongs to; rate: what a weight of 1 or a point is paid';
COMMENT ON COLUMN hospital_cost.case_change.kept IS 'As the costing has it';
COMMENT ON COLUMN hospital_cost.case_change.now IS 'As it is now';
COMMENT ON VIEW hospital_cost.costing_warning IS 'What to know before a figure is used (核算提示): no_visits, no_bed_days (unit cost is null), workload_without_encounter, charges_without_encounter, no_activity, not_allocated, external, charged_without_cost (amount in yuan), loaded_below_counted (amount in visits or bed-days), incomplete_stays (amount in cases; a month of the stay is not costed); cases_changed_since (in cases, see case_change), charges_changed_since (in ledger entries), earlier_months_changed_since (in runs gone, new or costed anew). Filter official, or one run_id';
COMMENT ON COLUMN hospital_cost.costing_warning.cure IS 'What brings the figure up to date; null: it follows what is loaded';
