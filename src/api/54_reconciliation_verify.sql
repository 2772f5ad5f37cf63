-- 50 reconciliation: the proof of a day's money, with what statements say of it for each kind that was reconciled on the day.

-- Payments = what is matched + open differences, lines likewise, and a match is the same on both sides: so payments = statements + open differences.
-- A payment or line that came after the last run is in neither, until the day is reconciled again.
CREATE OR REPLACE FUNCTION hospital_cost._verify_statements(day date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost.statement_format;
BEGIN
	FOR f IN SELECT x.* FROM hospital_cost.statement_format x WHERE x.valid @> _verify_statements.day AND EXISTS (
		SELECT FROM hospital_cost._reconciliation_run r WHERE r.kind = x.kind AND r.day = _verify_statements.day) ORDER BY x.kind LOOP
		RETURN QUERY
		SELECT format('%s: payments of the day = matched + open differences', f.kind), coalesce(sum(p.amount), 0),
			coalesce(sum(p.amount) FILTER (WHERE p.is_told), 0), 'entry ' || min(p.entry_id) FILTER (WHERE NOT p.is_told)
		FROM (SELECT l.entry_id, l.amount, m.entry_id IS NOT NULL OR d.entry_id IS NOT NULL OR t.entry_id IS NOT NULL AS is_told
			FROM hospital_cost._live_payment l
			LEFT JOIN hospital_cost._reconciliation_match m ON m.entry_id = l.entry_id
			LEFT JOIN hospital_cost._reconciliation_difference d ON d.entry_id = l.entry_id
			LEFT JOIN hospital_cost._settled_by_total(f.kind, _verify_statements.day, _verify_statements.day) t (entry_id) ON t.entry_id = l.entry_id
			WHERE l.day = _verify_statements.day AND l.method = ANY (f.methods)) p;
		RETURN QUERY
		SELECT format('%s: lines of the day = matched + open differences', f.kind), coalesce(sum(x.amount), 0),
			coalesce(sum(x.amount) FILTER (WHERE x.is_told), 0), 'line ' || min(x.line_id) FILTER (WHERE NOT x.is_told)
		FROM (SELECT l.line_id, l.amount, m.line_id IS NOT NULL OR d.line_id IS NOT NULL AS is_told FROM hospital_cost.statement_line l
			JOIN hospital_cost._standing_statement s ON s.statement_id = l.statement_id AND s.kind = f.kind
			LEFT JOIN hospital_cost._reconciliation_match m ON m.line_id = l.line_id
			LEFT JOIN hospital_cost._reconciliation_difference d ON d.line_id = l.line_id
			WHERE l.day = _verify_statements.day AND NOT l.failed) x;
		RETURN QUERY
		WITH match AS MATERIALIZED (
			SELECT m.match_id FROM hospital_cost._payment p JOIN hospital_cost._reconciliation_match m ON m.entry_id = p.entry_id AND m.kind = f.kind
			WHERE p.day = _verify_statements.day
			UNION SELECT m.match_id FROM hospital_cost.statement_line l JOIN hospital_cost._reconciliation_match m ON m.line_id = l.line_id AND m.kind = f.kind
			WHERE l.day = _verify_statements.day
		), side AS MATERIALIZED (
			SELECT r.match_id, sum(p.amount) AS ours, sum(l.amount) AS theirs FROM match c
			JOIN hospital_cost._reconciliation_match r ON r.match_id = c.match_id
			LEFT JOIN hospital_cost._payment p ON p.entry_id = r.entry_id
			LEFT JOIN hospital_cost.statement_line l ON l.line_id = r.line_id
			GROUP BY r.match_id
		)
		SELECT format('%s: matches whose payments are not their lines', f.kind), 0::numeric, count(*)::numeric, 'match ' || min(s.match_id)
		FROM side s WHERE s.ours IS DISTINCT FROM s.theirs;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.verify_money(day date)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT x.identity, x.expected, x.actual, x.actual - x.expected, CASE WHEN x.actual <> x.expected THEN x.example END
	FROM (SELECT * FROM hospital_cost._verify_cashier(verify_money.day)
		UNION ALL SELECT * FROM hospital_cost._verify_statements(verify_money.day)) x;
END;

COMMENT ON FUNCTION hospital_cost.verify_money(date) IS 'Proof of a day''s money (资金勾稽): payments against closes and reports, closes against the entries they own, tiling of shifts and floats, vouchers, receipts, and payments against statements where the day was reconciled; difference is 0 in each row if all is well, else example names the first offender';
COMMENT ON FUNCTION hospital_cost._verify_statements(date) IS 'Identities between a day''s payments and the lines of its statements, for each kind that was reconciled on it';
