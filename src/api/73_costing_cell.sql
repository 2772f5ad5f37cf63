-- 70 costing: the cell table of a run and how it is made.

CREATE OR REPLACE FUNCTION hospital_cost._cost_encounters(run int, service_units boolean) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'hc_cost_encounters'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- Called again in the same mode it computes the parts whose facts are not what they were; the others stand, row by row.
CREATE OR REPLACE FUNCTION hospital_cost.cost_objects(run int, mode text DEFAULT 'ward_full', "full" boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run;
	result bigint[];
	all_cells bigint;
	started timestamptz := clock_timestamp();
BEGIN
	PERFORM pg_advisory_xact_lock(18503, run); -- one computation of a run at a time
	-- Neither goes nor becomes official meanwhile.
	SELECT * INTO r FROM hospital_cost._run x WHERE x.run_id = run FOR SHARE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'run % does not exist', run USING ERRCODE = 'MC614', HINT = 'See hospital_cost.run.';
	ELSIF mode IS NULL OR mode NOT IN ('ward_full', 'service_units') THEN
		RAISE EXCEPTION 'costing mode "%" is not known', mode USING ERRCODE = 'MC703', HINT = 'Say ward_full or service_units.';
	END IF;
	IF r.official AND hospital_cost._period_is_closed(r.period) AND EXISTS (SELECT FROM hospital_cost._costing c WHERE c.run_id = run) THEN
		RAISE EXCEPTION 'run % is the official one of %, which is closed', run, to_char(r.period, 'YYYY-MM') USING ERRCODE = 'MC701',
			HINT = 'Its results stand. A correction is a new run of the reopened month.';
	END IF;
	IF cost_objects."full" IS NOT FALSE OR NOT EXISTS (SELECT FROM hospital_cost._costing c WHERE c.run_id = run AND c.mode = cost_objects.mode) THEN
		DELETE FROM hospital_cost._costing_part p WHERE p.run_id = run;
		DELETE FROM hospital_cost._item_costing i WHERE i.run_id = run;
	END IF;
	DELETE FROM hospital_cost._costing_case c WHERE c.run_id = run;
	DELETE FROM hospital_cost._costing_case_cost c WHERE c.run_id = run;
	INSERT INTO hospital_cost._costing AS c (run_id, mode, computed_at) VALUES (run, cost_objects.mode, started)
	ON CONFLICT (run_id) DO UPDATE SET mode = excluded.mode, computed_at = excluded.computed_at, computed_by = excluded.computed_by;
	result := hospital_cost._cost_encounters(run, cost_objects.mode = 'service_units');
	PERFORM hospital_cost._compute_item_cost(run), hospital_cost._keep_cases(run);
	SELECT coalesce(sum(p.cells), 0) INTO all_cells FROM hospital_cost._costing_part p WHERE p.run_id = run;
	UPDATE hospital_cost._costing c
	SET entries = result[1], cells = all_cells, cells_written = result[2], not_taken = result[3] * 0.01,
		seconds = extract(epoch FROM clock_timestamp() - started)
	WHERE c.run_id = run;
	RETURN all_cells;
END $$;

-- What was computed from a run goes with it.
CREATE OR REPLACE FUNCTION hospital_cost._costing_gone() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM hospital_cost._encounter_cost c WHERE c.run_id = OLD.run_id;
	DELETE FROM hospital_cost._item_cost c WHERE c.run_id = OLD.run_id;
	DELETE FROM hospital_cost._costing_part p WHERE p.run_id = OLD.run_id;
	DELETE FROM hospital_cost._item_costing i WHERE i.run_id = OLD.run_id;
	DELETE FROM hospital_cost._costing_case c WHERE c.run_id = OLD.run_id;
	DELETE FROM hospital_cost._costing_case_cost c WHERE c.run_id = OLD.run_id;
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER remove_cells AFTER DELETE ON hospital_cost._costing FOR EACH ROW EXECUTE FUNCTION hospital_cost._costing_gone();

CREATE OR REPLACE VIEW hospital_cost.costing AS
SELECT c.run_id, r.period, c.mode, r.official, p.state AS period_state, c.entries, c.cells, c.not_taken, c.seconds, c.computed_at, c.computed_by,
	c.cells_written, c.cases, c.missing_months
FROM hospital_cost._costing c
JOIN hospital_cost._run r ON r.run_id = c.run_id
LEFT JOIN hospital_cost.period p ON p.period = r.period;

-- What was computed when, and what had changed.
CREATE OR REPLACE VIEW hospital_cost.costing_part AS
SELECT p.run_id, r.period, p.department_code, p.funding_group, p.cells, p.computed_at, p.computed_at >= c.computed_at AS computed_last,
	CASE WHEN cardinality(p.changed) = 0 THEN 'all' ELSE array_to_string(p.changed, ', ') END AS reason, r.official
FROM hospital_cost._costing_part p
JOIN hospital_cost._costing c ON c.run_id = p.run_id
JOIN hospital_cost._run r ON r.run_id = p.run_id;

CREATE OR REPLACE VIEW hospital_cost.encounter_cost AS
SELECT c.run_id, r.period, c.encounter_code, c.department_code, c.funding_group,
	(c.personnel * 0.00000001)::numeric(22,8) AS personnel, (c.materials * 0.00000001)::numeric(22,8) AS materials,
	(c.billable_materials * 0.00000001)::numeric(22,8) AS billable_materials, (c.drugs * 0.00000001)::numeric(22,8) AS drugs,
	(c.depreciation * 0.00000001)::numeric(22,8) AS depreciation, (c.amortisation * 0.00000001)::numeric(22,8) AS amortisation,
	(c.risk_fund * 0.00000001)::numeric(22,8) AS risk_fund, (c.other * 0.00000001)::numeric(22,8) AS other,
	((c.personnel::numeric + c.materials + c.billable_materials + c.drugs + c.depreciation + c.amortisation + c.risk_fund + c.other)
		* 0.00000001)::numeric(22,8) AS total,
	CASE WHEN c.status <= 1 THEN 'patient' WHEN c.status <= 4 THEN 'unmatched' WHEN c.status = 5 THEN 'idle' ELSE 'excluded' END AS matched,
	CASE c.status WHEN 2 THEN 'workload' WHEN 3 THEN 'charges' WHEN 4 THEN 'no_activity' WHEN 5 THEN 'capacity'
		WHEN 6 THEN 'hospital_level' WHEN 7 THEN 'not_allocated' WHEN 8 THEN 'external' END AS reason,
	c.status = 1 AS in_progress, r.official
FROM hospital_cost._encounter_cost c
JOIN hospital_cost._run r ON r.run_id = c.run_id;

-- An encounter over the official runs of its months, by scope.
CREATE OR REPLACE VIEW hospital_cost.patient_cost AS
WITH part AS (
	SELECT c.encounter_code, s.scope, count(DISTINCT r.period) AS months, min(r.period) AS first_period, max(r.period) AS last_period,
		sum(c.personnel) AS personnel, sum(c.materials) AS materials, sum(c.billable_materials) AS billable_materials, sum(c.drugs) AS drugs,
		sum(c.depreciation) AS depreciation, sum(c.amortisation) AS amortisation, sum(c.risk_fund) AS risk_fund, sum(c.other) AS other
	FROM hospital_cost._encounter_cost c
	JOIN hospital_cost._run r ON r.run_id = c.run_id AND r.official
	JOIN hospital_cost._scope s ON c.funding_group <= s.groups
	WHERE c.encounter_code IS NOT NULL
	GROUP BY c.encounter_code, s.scope
)
SELECT p.encounter_code, e.patient_code, e.kind, p.scope, p.months, p.first_period::hospital_cost.period_month AS first_period,
	p.last_period::hospital_cost.period_month AS last_period,
	e.kind = 'inpatient' AND (e.ended_at IS NULL
		OR e.ended_at >= (p.last_period + interval '1 month') AT TIME ZONE hospital_cost.hospital_timezone()) AS in_progress,
	(p.personnel * 0.00000001)::numeric(22,8) AS personnel, (p.materials * 0.00000001)::numeric(22,8) AS materials,
	(p.billable_materials * 0.00000001)::numeric(22,8) AS billable_materials, (p.drugs * 0.00000001)::numeric(22,8) AS drugs,
	(p.depreciation * 0.00000001)::numeric(22,8) AS depreciation, (p.amortisation * 0.00000001)::numeric(22,8) AS amortisation,
	(p.risk_fund * 0.00000001)::numeric(22,8) AS risk_fund, (p.other * 0.00000001)::numeric(22,8) AS other,
	((p.personnel + p.materials + p.billable_materials + p.drugs + p.depreciation + p.amortisation + p.risk_fund + p.other)
		* 0.00000001)::numeric(22,8) AS total,
	(SELECT coalesce(sum(l.amount), 0) * 0.01 FROM hospital_cost._ledger l JOIN hospital_cost._run r ON r.period = l.period AND r.official
		WHERE l.encounter_code = p.encounter_code AND EXISTS (SELECT FROM hospital_cost._costing k WHERE k.run_id = r.run_id))::numeric(18,2) AS income
FROM part p
JOIN hospital_cost.encounter e ON e.code = p.encounter_code;
