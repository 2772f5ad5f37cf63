-- 60 allocation: what a run stored stays as it is; a run of an open month may go as a whole, one of a closed month may not.

CREATE OR REPLACE FUNCTION hospital_cost._run_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND OLD.total_full IS NULL THEN
		RETURN NEW; -- allocate is still at it
	ELSIF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'official' <> to_jsonb(NEW) - 'official' THEN
		RAISE EXCEPTION 'run % is finished', OLD.run_id USING ERRCODE = 'MC006', DETAIL = 'Its inputs and results are never changed.',
			HINT = 'Correct the inputs and allocate again.';
	ELSIF hospital_cost._period_is_closed(OLD.period) THEN
		RAISE EXCEPTION 'run % belongs to the closed period %', OLD.run_id, to_char(OLD.period, 'YYYY-MM') USING ERRCODE = 'MC616',
			DETAIL = format('%s was refused.', TG_OP), HINT = 'Reopen it with hospital_cost.reopen_period(period, reason) and allocate again.';
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER guard_run BEFORE UPDATE OR DELETE ON hospital_cost._run FOR EACH ROW EXECUTE FUNCTION hospital_cost._run_guard();
CREATE OR REPLACE TRIGGER guard_truncate BEFORE TRUNCATE ON hospital_cost._run
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('Remove a run of an open period with hospital_cost.delete_run(run).');

-- Rows of a run go with the run and not before it.
CREATE OR REPLACE FUNCTION hospital_cost._run_part_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kept int := (SELECT min(r.run_id) FROM hospital_cost._run r WHERE r.run_id IN (SELECT g.run_id FROM gone g));
BEGIN
	IF kept IS NOT NULL THEN
		RAISE EXCEPTION 'run % is finished', kept USING ERRCODE = 'MC006', DETAIL = format('Its rows in %s are never deleted.', TG_TABLE_NAME),
			HINT = 'Remove a run of an open period with hospital_cost.delete_run(run).';
	END IF;
	RETURN NULL;
END $$;
DO $$
DECLARE
	part text;
BEGIN
	FOREACH part IN ARRAY ARRAY['_run_department', '_run_direct', '_run_driver', '_run_step', '_run_cost_item', '_run_spread', '_run_spread_row',
			'_department_cost'] LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER guard_part AFTER DELETE ON hospital_cost.%I REFERENCING OLD TABLE AS gone
			FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._run_part_guard()', part);
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER guard_change BEFORE UPDATE OR TRUNCATE ON hospital_cost.%I
			FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change(%L)', part, 'Correct the inputs and allocate again.');
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.delete_run(run int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost._run := hospital_cost._require_run(run);
BEGIN
	IF r.official THEN
		RAISE EXCEPTION 'run % is the official one of %', run, to_char(r.period, 'YYYY-MM') USING ERRCODE = 'MC617',
			HINT = 'Make another run official first: hospital_cost.make_official(run).';
	END IF;
	DELETE FROM hospital_cost._run x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_department x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_direct x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_driver x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_step x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_cost_item x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_spread x WHERE x.run_id = run;
	DELETE FROM hospital_cost._run_spread_row x WHERE x.run_id = run;
	DELETE FROM hospital_cost._department_cost x WHERE x.run_id = run;
END $$;

COMMENT ON FUNCTION hospital_cost.delete_run(int) IS 'Removes a run that is not official (MC617) and whose month is not closed (MC616), with all it stored and all that was computed from it. MC614';
COMMENT ON FUNCTION hospital_cost._run_guard() IS 'Guard trigger: a finished run changes only in being official or not (MC006), and one of a closed month not at all (MC616)';
COMMENT ON FUNCTION hospital_cost._run_part_guard() IS 'Guard trigger: what a run stored goes with the run only (MC006)';
