-- 50 reconciliation: a run over a day, and what a person does about it.

-- One run or one hand at a time for a kind, and each sees what the one before it committed.
CREATE OR REPLACE FUNCTION hospital_cost._reconciliation_lock(kind text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'statements are reconciled in a read committed transaction' USING ERRCODE = 'MC50B',
			DETAIL = 'An older snapshot does not see what another run matched.', HINT = 'Begin the transaction with ISOLATION LEVEL READ COMMITTED.';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('hospital_cost reconciliation ' || kind, 0));
END $$;

-- Takes matches apart; their items are open again, as if the other side had never come.
CREATE OR REPLACE FUNCTION hospital_cost._reconciliation_undo(matches bigint[], event text, held boolean, run int, note text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH gone AS (
		DELETE FROM hospital_cost._reconciliation_match m WHERE m.match_id = ANY (_reconciliation_undo.matches)
		RETURNING m.kind, m.line_id, m.entry_id, m.rule
	), told AS (
		INSERT INTO hospital_cost._reconciliation_event (kind, event, line_id, entry_id, what, run_id, note)
		SELECT g.kind, _reconciliation_undo.event, g.line_id, g.entry_id, g.rule, _reconciliation_undo.run, _reconciliation_undo.note FROM gone g
	)
	INSERT INTO hospital_cost._reconciliation_difference (line_id, entry_id, day, since, held, kind, outcome)
	SELECT g.line_id, NULL, l.day, l.day, _reconciliation_undo.held, g.kind, 'channel_only'
	FROM gone g JOIN hospital_cost.statement_line l ON l.line_id = g.line_id
	UNION ALL
	SELECT NULL, g.entry_id, p.day, p.day, _reconciliation_undo.held, g.kind, 'his_only'
	FROM gone g JOIN hospital_cost._payment p ON p.entry_id = g.entry_id;
END;

-- What was open up to a day gives way to what is open now; the trail tells what appeared and what cleared.
CREATE OR REPLACE FUNCTION hospital_cost._reconciliation_replace(kind text, day date, run int, fresh hospital_cost._reconciliation_difference[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	old hospital_cost._reconciliation_difference[];
BEGIN
	WITH gone AS (
		DELETE FROM hospital_cost._reconciliation_difference d
		WHERE d.kind = _reconciliation_replace.kind AND d.day <= _reconciliation_replace.day AND NOT d.held RETURNING d.*
	)
	SELECT array_agg(g::hospital_cost._reconciliation_difference) INTO old FROM gone g;
	INSERT INTO hospital_cost._reconciliation_difference (line_id, entry_id, day, since, kind, outcome)
	SELECT n.line_id, n.entry_id, n.day, least(l.since, e.since, _reconciliation_replace.day), n.kind, n.outcome
	FROM unnest(fresh) n
	LEFT JOIN unnest(old) l ON l.line_id = n.line_id
	LEFT JOIN unnest(old) e ON e.entry_id = n.entry_id;
	INSERT INTO hospital_cost._reconciliation_event (kind, event, line_id, entry_id, what, run_id)
	SELECT _reconciliation_replace.kind, CASE WHEN o.kind IS NULL THEN 'appeared' ELSE 'cleared' END, coalesce(n.line_id, o.line_id),
		coalesce(n.entry_id, o.entry_id), coalesce(n.outcome, o.outcome), run
	FROM unnest(fresh) n
	FULL JOIN unnest(old) o ON coalesce(o.line_id, -1) = coalesce(n.line_id, -1) AND coalesce(o.entry_id, -1) = coalesce(n.entry_id, -1)
		AND o.outcome = n.outcome
	WHERE o.kind IS NULL OR n.kind IS NULL;
END $$;

-- How the items of the day itself stand after the run.
CREATE OR REPLACE FUNCTION hospital_cost._reconciliation_count(f hospital_cost.statement_format, day date, run int) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH ours AS (
		SELECT coalesce(sum(CASE p.entry WHEN 'reverse' THEN -1 ELSE 1 END), 0) AS items, coalesce(sum(p.amount), 0) AS amount
		FROM hospital_cost._payment p WHERE p.day = _reconciliation_count.day AND p.method = ANY (f.methods)
	), line AS (
		SELECT count(*) AS items, coalesce(sum(l.amount), 0) AS amount FROM hospital_cost.statement_line l
		JOIN hospital_cost._standing_statement s ON s.statement_id = l.statement_id AND s.kind = f.kind
		WHERE l.day = _reconciliation_count.day AND NOT l.failed
	), open AS (
		SELECT d.outcome, count(*) AS items, sum(p.amount) AS ours, sum(l.amount) AS lines
		FROM hospital_cost._reconciliation_difference d
		LEFT JOIN hospital_cost._payment p ON p.entry_id = d.entry_id
		LEFT JOIN hospital_cost.statement_line l ON l.line_id = d.line_id
		WHERE d.kind = f.kind AND d.day = _reconciliation_count.day GROUP BY d.outcome
	)
	INSERT INTO hospital_cost._reconciliation_run (run_id, kind, day, ours, lines, our_amount, line_amount, outcomes)
	SELECT run, f.kind, _reconciliation_count.day, o.items, l.items, o.amount, l.amount,
		(SELECT coalesce(jsonb_object_agg(x.outcome, jsonb_build_object('items', x.items, 'ours', x.ours, 'lines', x.lines)), '{}') FROM open x)
	FROM ours o CROSS JOIN line l;
END;

CREATE OR REPLACE FUNCTION hospital_cost.reconcile(kind text, day date) RETURNS TABLE (outcome text, items bigint, our_amount numeric, line_amount numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost.statement_format := hospital_cost._statement_format(kind, day);
	run int;
	undone bigint[];
	fresh hospital_cost._reconciliation_difference[];
BEGIN
	PERFORM hospital_cost._reconciliation_lock(kind);
	IF NOT EXISTS (SELECT FROM hospital_cost._standing_statement s WHERE s.kind = reconcile.kind AND s.day >= reconcile.day) THEN
		RAISE EXCEPTION 'no statement of kind "%" tells of %', kind, day USING ERRCODE = 'MC504',
			DETAIL = 'Every payment of the day would be called missing.', HINT = 'Load the statement of the day; one without lines is a statement too.';
	END IF;
	run := nextval('hospital_cost.reconciliation_run_seq');
	-- A payment that was taken back after it was matched is no longer what the line is.
	SELECT array_agg(DISTINCT m.match_id) INTO undone FROM hospital_cost._payment r
	JOIN hospital_cost._reconciliation_match m ON m.entry_id = r.reverses AND m.kind = reconcile.kind
	WHERE r.entry = 'reverse' AND r.method = ANY (f.methods);
	IF undone IS NOT NULL THEN
		PERFORM hospital_cost._reconciliation_undo(undone, 'taken_back', false, run, NULL);
	END IF;
	SELECT array_agg(ROW(r.line_id, r.entry_id, coalesce(p.day, l.day), reconcile.day, false, reconcile.kind, r.outcome)::hospital_cost._reconciliation_difference)
	INTO fresh FROM hospital_cost._reconcile(kind, day, run) r
	LEFT JOIN hospital_cost._payment p ON p.entry_id = r.entry_id
	LEFT JOIN hospital_cost.statement_line l ON l.line_id = r.line_id
	WHERE NOT (r.outcome IN ('his_only', 'in_transit') AND r.entry_id IN (
		SELECT t.* FROM hospital_cost._settled_by_total(reconcile.kind, reconcile.day - f.look_back_days, reconcile.day) t));
	PERFORM hospital_cost._reconciliation_replace(kind, day, run, fresh);
	PERFORM hospital_cost._reconciliation_count(f, day, run);
	RETURN QUERY SELECT o.key, (o.value ->> 'items')::bigint, (o.value ->> 'ours')::numeric, (o.value ->> 'lines')::numeric
		FROM hospital_cost._reconciliation_run x, jsonb_each(x.outcomes) o WHERE x.run_id = run ORDER BY o.key;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.unmatch(match_id bigint, note text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	of_kind text := (SELECT m.kind FROM hospital_cost._reconciliation_match m WHERE m.match_id = unmatch.match_id LIMIT 1);
BEGIN
	IF btrim(note) = '' THEN
		RAISE EXCEPTION 'no reason was given' USING ERRCODE = 'MC505', DETAIL = 'A match is taken apart for a reason that others can read.',
			HINT = 'Give a note.';
	END IF;
	PERFORM hospital_cost._reconciliation_lock(coalesce(of_kind, ''));
	IF NOT EXISTS (SELECT FROM hospital_cost._reconciliation_match m WHERE m.match_id = unmatch.match_id) THEN
		RAISE EXCEPTION 'match % is not there', match_id USING ERRCODE = 'MC506', DETAIL = 'It never was, or was taken apart already.',
			HINT = 'See hospital_cost.reconciliation_match.';
	END IF;
	PERFORM hospital_cost._reconciliation_undo(ARRAY[match_id], 'unmatched', true, NULL, note);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.match_by_hand(lines bigint[], entries bigint[], note text) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l record;
	p record;
BEGIN
	IF btrim(note) = '' THEN
		RAISE EXCEPTION 'no reason was given' USING ERRCODE = 'MC505', DETAIL = 'A match made by hand says why.', HINT = 'Give a note.';
	END IF;
	SELECT count(*) AS items, min(s.kind) AS kind, count(DISTINCT s.kind) AS kinds, sum(x.amount) AS amount, min(x.line_id) AS first INTO l
	FROM hospital_cost.statement_line x JOIN hospital_cost._standing_statement s ON s.statement_id = x.statement_id WHERE x.line_id = ANY (lines) AND NOT x.failed;
	PERFORM hospital_cost._reconciliation_lock(coalesce(l.kind, ''));
	SELECT count(*) AS items, sum(x.amount) AS amount INTO p FROM hospital_cost._payment x
	WHERE x.entry_id = ANY (entries) AND x.entry <> 'reverse' AND NOT EXISTS (SELECT FROM hospital_cost._payment r
		WHERE r.source_id = x.source_id AND r.source_key = x.source_key AND r.version = x.version AND r.entry = 'reverse');
	IF l.items = 0 OR l.items <> cardinality(lines) OR p.items = 0 OR p.items <> cardinality(entries) OR l.kinds <> 1
		OR EXISTS (SELECT FROM hospital_cost._reconciliation_match m WHERE m.line_id = ANY (lines) OR m.entry_id = ANY (entries)) THEN
		RAISE EXCEPTION 'these lines and payments cannot be matched' USING ERRCODE = 'MC507',
			DETAIL = format('Good lines of one kind %s of %s, live payments %s of %s; or one of them is matched.', l.items, cardinality(lines), p.items,
				cardinality(entries)), HINT = 'Name each item of hospital_cost.reconciliation_difference once.';
	END IF;
	IF l.amount <> p.amount THEN
		RAISE EXCEPTION 'the lines come to %, the payments to %', l.amount, p.amount USING ERRCODE = 'MC508',
			DETAIL = 'A match is exact.', HINT = 'Add what is missing, or have the payment corrected.';
	END IF;
	DELETE FROM hospital_cost._reconciliation_difference d WHERE d.line_id = ANY (lines) OR d.entry_id = ANY (entries);
	INSERT INTO hospital_cost._reconciliation_match (match_id, line_id, entry_id, rule, kind, outgoing, reference)
	SELECT l.first, a.line_id, b.entry_id, 'hand', l.kind, l.amount < 0, CASE WHEN t.kind IS NULL AND a.line_id = (
		SELECT min(y.line_id) FROM hospital_cost.statement_line y WHERE y.line_id = ANY (lines) AND y.reference = a.reference) THEN a.reference END
	FROM (SELECT x.line_id, x.reference, row_number() OVER (ORDER BY x.line_id) AS n FROM hospital_cost.statement_line x WHERE x.line_id = ANY (lines)) a
	FULL JOIN (SELECT e.entry_id, row_number() OVER (ORDER BY e.entry_id) AS n FROM unnest(entries) AS e (entry_id)) b ON b.n = a.n
	LEFT JOIN hospital_cost._reconciliation_match t ON t.kind = l.kind AND t.reference = a.reference AND t.outgoing = (l.amount < 0);
	INSERT INTO hospital_cost._reconciliation_event (kind, event, line_id, entry_id, what, note)
	SELECT m.kind, 'matched', m.line_id, m.entry_id, 'hand', match_by_hand.note FROM hospital_cost._reconciliation_match m WHERE m.match_id = l.first;
	RETURN l.first;
END $$;
