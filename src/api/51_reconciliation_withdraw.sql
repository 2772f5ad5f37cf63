-- 50 reconciliation: a statement that is not to count.

-- Its matches are taken apart and their references are free: what was never said cannot have been matched. The trail keeps both.
CREATE OR REPLACE FUNCTION hospital_cost.withdraw_statement(statement bigint, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s hospital_cost.statement;
BEGIN
	IF btrim(reason) = '' THEN
		RAISE EXCEPTION 'no reason was given' USING ERRCODE = 'MC505', DETAIL = 'A statement is withdrawn for a reason that others can read.',
			HINT = 'Give a reason.';
	END IF;
	SELECT x.* INTO s FROM hospital_cost.statement x WHERE x.statement_id = withdraw_statement.statement;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'statement % is not there', statement USING ERRCODE = 'MC50A', DETAIL = 'No statement has this number.',
			HINT = 'See hospital_cost.statement.';
	END IF;
	PERFORM hospital_cost._reconciliation_lock(s.kind);
	INSERT INTO hospital_cost.statement_withdrawal (statement_id, reason) VALUES (s.statement_id, reason) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	PERFORM hospital_cost._reconciliation_undo(ARRAY(SELECT DISTINCT m.match_id FROM hospital_cost.statement_line l
		JOIN hospital_cost._reconciliation_match m ON m.line_id = l.line_id WHERE l.statement_id = s.statement_id), 'withdrawn', false, NULL, reason);
	WITH gone AS (
		DELETE FROM hospital_cost._reconciliation_difference d USING hospital_cost.statement_line l
		WHERE l.statement_id = s.statement_id AND d.line_id = l.line_id
		RETURNING d.line_id, d.entry_id, d.day, d.since, d.held, d.kind, d.outcome
	), told AS (
		-- Lines of matches have been told of.
		INSERT INTO hospital_cost._reconciliation_event (kind, event, line_id, entry_id, what, note)
		SELECT g.kind, 'withdrawn', g.line_id, g.entry_id, g.outcome, reason FROM gone g
		WHERE NOT EXISTS (SELECT FROM hospital_cost._reconciliation_event e WHERE e.line_id = g.line_id AND e.event = 'withdrawn')
	)
	INSERT INTO hospital_cost._reconciliation_difference (entry_id, day, since, held, kind, outcome)
	SELECT g.entry_id, g.day, g.since, g.held, g.kind, 'his_only' FROM gone g WHERE g.entry_id IS NOT NULL;
END $$;

COMMENT ON FUNCTION hospital_cost.withdraw_statement(bigint, text) IS 'Withdraws a statement that was wrong (对账单撤回): its lines count no more, its matches are taken apart, their payments are open and their references free; the trail tells all of it (withdrawn). Reconcile the day again afterwards. The second time changes nothing. Errors MC505 no reason, MC50A no such statement';
COMMENT ON TABLE hospital_cost.statement_withdrawal IS 'Statements that were withdrawn (已撤回对账单), by whom, when and why. INSERT only (MC006), by withdraw_statement';
COMMENT ON VIEW hospital_cost._standing_statement IS 'Statements that were not withdrawn';
