-- 70 costing: the proof of a run's cost objects.

-- Each identity is counted two ways: from the cells, and from what they were made of.
CREATE OR REPLACE FUNCTION hospital_cost.verify_costing(run int)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._require_run(verify_costing.run);
	WITH k AS MATERIALIZED (SELECT c.run_id, c.mode, r.period FROM hospital_cost._costing c JOIN hospital_cost._run r ON r.run_id = c.run_id
		WHERE c.run_id = verify_costing.run),
	cell AS MATERIALIZED (
		SELECT c.department_code, c.funding_group, c.status, sum(c.personnel) AS c0, sum(c.materials) + sum(c.billable_materials) AS c1,
			sum(c.billable_materials) AS billable, sum(c.drugs) AS c3, sum(c.depreciation) AS c4, sum(c.amortisation) AS c5, sum(c.risk_fund) AS c6,
			sum(c.other) AS c7
		FROM hospital_cost._encounter_cost c WHERE c.run_id = verify_costing.run
		GROUP BY c.department_code, c.funding_group, c.status
	), long AS MATERIALIZED (
		SELECT c.department_code, c.funding_group, v.component, c.status, v.amount
		FROM cell c CROSS JOIN LATERAL (VALUES (0, c.c0), (1, c.c1), (3, c.c3), (4, c.c4), (5, c.c5), (6, c.c6), (7, c.c7)) AS v (component, amount)
	), pool AS MATERIALIZED (
		SELECT p.department_code, p.funding_group, CASE p.component WHEN 2 THEN 1 ELSE p.component END AS component, sum(p.amount) AS amount
		FROM k CROSS JOIN LATERAL hospital_cost._costing_pool(k.run_id, k.mode) p GROUP BY 1, 2, 3
	), off AS (
		SELECT coalesce(l.amount, 0) - coalesce(p.amount, 0) AS difference
		FROM (SELECT x.department_code, x.funding_group, x.component, sum(x.amount) AS amount FROM long x GROUP BY 1, 2, 3) l
		FULL JOIN pool p ON (p.funding_group, p.component, coalesce(p.department_code, '')) = (l.funding_group, l.component, coalesce(l.department_code, ''))
	), exact AS (
		SELECT coalesce(sum(d.direct + d.received - d.sent), 0) AS amount FROM k JOIN hospital_cost._department_cost d ON d.run_id = k.run_id
	), named AS (
		SELECT count(*)::numeric AS n FROM k JOIN hospital_cost._encounter_cost c ON c.run_id = k.run_id AND c.encounter_code IS NOT NULL
		WHERE NOT EXISTS (SELECT FROM hospital_cost.encounter e WHERE e.code = c.encounter_code AND e.status = 'active')
	), taken AS (
		SELECT t.materials, t.not_taken FROM hospital_cost._charged_taken(verify_costing.run) t
	)
	SELECT v.name, v.want, v.have, v.have - v.want
	FROM (SELECT (SELECT e.amount FROM exact e) AS exact,
		(SELECT coalesce(sum(l.amount), 0) * 0.00000001 FROM long l) AS cells,
		(SELECT coalesce(sum(l.amount) FILTER (WHERE l.status <= 1), 0) * 0.00000001 FROM long l) AS patients,
		(SELECT coalesce(sum(l.amount) FILTER (WHERE l.status BETWEEN 2 AND 4), 0) * 0.00000001 FROM long l) AS unmatched,
		(SELECT coalesce(sum(l.amount) FILTER (WHERE l.status = 5), 0) * 0.00000001 FROM long l) AS idle,
		(SELECT coalesce(sum(l.amount) FILTER (WHERE l.status >= 6), 0) * 0.00000001 FROM long l) AS excluded,
		(SELECT count(*) FROM off o WHERE o.difference <> 0)::numeric AS off,
		(SELECT coalesce(sum(c.billable), 0) * 0.00000001 FROM cell c WHERE c.funding_group = 1 AND c.status <= 3) AS billable,
		(SELECT n.n FROM named n) AS nobody,
		(SELECT t.materials FROM taken t) AS taken, (SELECT t.not_taken FROM taken t) AS left_out,
		(SELECT c.not_taken FROM hospital_cost._costing c JOIN k ON k.run_id = c.run_id) AS not_taken
	) t
	CROSS JOIN LATERAL (VALUES
		(1, 'full cost of the run = all cells', t.exact, t.cells),
		(2, 'patients + unmatched + idle + excluded = full cost', t.exact, t.patients + t.unmatched + t.idle + t.excluded),
		(3, 'department × funding group × component whose cells differ from its pool', 0, t.off),
		(4, 'billable materials charged = billable materials in the cells', t.taken, t.billable),
		(5, 'drugs and materials charged where no unit has such cost', t.left_out, t.not_taken),
		(6, 'cells of encounters that are not known', 0, t.nobody)
	) AS v (ord, name, want, have)
	WHERE EXISTS (SELECT FROM k)
	UNION ALL
	SELECT i.identity, i.expected, i.actual, i.difference
	FROM k CROSS JOIN LATERAL hospital_cost.verify_item_cost(k.run_id) i
	UNION ALL
	-- The cost of a case belongs to the month of discharge, so the month tells besides its own cells what the stays brought along from those before.
	SELECT 'diseases + no disease + late − months before + in progress + visits = patients', p.patients, x.amount, x.amount - p.patients
	FROM k
	CROSS JOIN LATERAL (SELECT coalesce(sum(f.total), 0) AS patients, coalesce(sum(f.total) FILTER (WHERE f.in_progress), 0) AS in_progress,
			coalesce(sum(f.total) FILTER (WHERE NOT f.in_progress AND n.encounter_code IS NULL), 0) AS visits
		FROM hospital_cost.encounter_cost f
		LEFT JOIN hospital_cost._costing_case n ON n.run_id = f.run_id AND n.encounter_code = f.encounter_code
		WHERE f.run_id = k.run_id AND f.encounter_code IS NOT NULL) p
	CROSS JOIN LATERAL (SELECT coalesce(sum(c.personnel::numeric + c.materials + c.billable_materials + c.drugs + c.depreciation + c.amortisation + c.risk_fund
			+ c.other), 0) * 0.00000001 AS amount
		FROM hospital_cost._costing_case_cost c WHERE c.run_id = k.run_id AND c.method = 1) c
	CROSS JOIN LATERAL (SELECT coalesce(sum(f.total), 0) AS amount
		FROM hospital_cost._costing_case n
		JOIN hospital_cost.encounter_cost f ON f.encounter_code = n.encounter_code
			AND f.run_id IN (SELECT u.run_id FROM hospital_cost._costing g CROSS JOIN LATERAL unnest(g.case_runs) AS u (run_id) WHERE g.run_id = k.run_id)
		WHERE n.run_id = k.run_id AND NOT n.late) b
	CROSS JOIN LATERAL (SELECT c.amount - b.amount + p.in_progress + p.visits AS amount) x
	UNION ALL
	SELECT 'cells of inpatients who had left and are no case', 0, c.n, c.n
	FROM k
	CROSS JOIN LATERAL (SELECT count(*)::numeric AS n FROM hospital_cost._encounter_cost f
		JOIN hospital_cost.encounter e ON e.code = f.encounter_code AND e.kind = 'inpatient' AND e.status = 'active'
		WHERE f.run_id = k.run_id AND f.status = 0
			AND NOT EXISTS (SELECT FROM hospital_cost._costing_case n WHERE n.run_id = f.run_id AND n.encounter_code = f.encounter_code)) c;
END;

COMMENT ON FUNCTION hospital_cost.verify_costing(int) IS 'Proof of a costing (勾稽): cells against the run''s exact cost, unit by unit and component by component, and against what was charged; the identities of verify_item_cost; the kept cost of cases against the cells of the month and of those before; difference is 0 in each row if all is well. A charge posted since shows until cost_objects is called again. No rows: the run has no costing. MC614';
