-- 50 reconciliation: an insurer's totals (3201) first; details (3202) where they differ.

-- The word that a map of words to lists of words gives: {"310": ["employee"]} makes 310 of employee; a word that stands nowhere stays.
CREATE OR REPLACE FUNCTION hospital_cost._statement_word(map jsonb, word text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce((SELECT min(e.key) FROM jsonb_each(map) e WHERE e.value ? word), word, '');
END;

-- Payments of a day with scheme and clearing class of their encounter. A reversal takes one away.
CREATE OR REPLACE FUNCTION hospital_cost._reconciliation_classed(kind text, day date)
RETURNS TABLE (entry_id bigint, entry text, scheme text, clearing_class text, refund boolean, amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT p.entry_id, p.entry, hospital_cost._statement_word(f.schemes, e.payer), hospital_cost._statement_word(f.clearing_classes, e.kind),
		p.kind IN ('refund', 'deposit_refund'), p.amount
	FROM hospital_cost.statement_format f
	JOIN hospital_cost._payment p ON p.method = ANY (f.methods) AND p.day = _reconciliation_classed.day
	LEFT JOIN hospital_cost.encounter e ON e.code = p.encounter_code
	WHERE f.kind = _reconciliation_classed.kind AND f.valid @> _reconciliation_classed.day;
END;

CREATE OR REPLACE FUNCTION hospital_cost.compare_totals(kind text, day date)
RETURNS TABLE (scheme text, clearing_class text, refund boolean, our_items bigint, our_amount numeric, their_items bigint, their_amount numeric, equal boolean)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._statement_format(kind, day);
	RETURN QUERY
	WITH ours AS (
		SELECT c.scheme COLLATE "C" AS scheme, c.clearing_class COLLATE "C" AS clearing_class, c.refund,
			sum(CASE c.entry WHEN 'reverse' THEN -1 ELSE 1 END)::bigint AS items, sum(c.amount) AS amount
		FROM hospital_cost._reconciliation_classed(kind, day) c GROUP BY 1, 2, 3
	), theirs AS (
		SELECT t.scheme, t.clearing_class, t.refund, sum(t.items)::bigint AS items, sum(t.amount) AS amount
		FROM hospital_cost.statement_total t JOIN hospital_cost._standing_statement s ON s.statement_id = t.statement_id
		WHERE s.kind = compare_totals.kind AND s.day = compare_totals.day GROUP BY 1, 2, 3
	)
	SELECT coalesce(o.scheme, t.scheme)::text, coalesce(o.clearing_class, t.clearing_class)::text, coalesce(o.refund, t.refund), coalesce(o.items, 0),
		coalesce(o.amount, 0), coalesce(t.items, 0), coalesce(t.amount, 0),
		coalesce(o.items, 0) = coalesce(t.items, 0) AND coalesce(o.amount, 0) = coalesce(t.amount, 0)
	FROM ours o FULL JOIN theirs t ON t.scheme = o.scheme AND t.clearing_class = o.clearing_class AND t.refund = o.refund
	WHERE coalesce(o.items, 0) <> 0 OR coalesce(o.amount, 0) <> 0 OR coalesce(t.items, 0) <> 0 OR coalesce(t.amount, 0) <> 0
	ORDER BY 1, 2, 3;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detail_request(kind text, day date)
RETURNS TABLE (scheme text, clearing_class text, refund boolean, entry_id bigint, source_key text, reference text, amount numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT c.scheme, c.clearing_class, c.refund, p.entry_id, p.source_key::text, coalesce(p.settlement, p.external_reference), p.amount::numeric
	FROM hospital_cost.compare_totals(kind, day) t
	JOIN hospital_cost._reconciliation_classed(kind, day) c ON c.scheme = t.scheme AND c.clearing_class = t.clearing_class AND c.refund = t.refund
	JOIN hospital_cost._payment p ON p.entry_id = c.entry_id
	WHERE NOT t.equal AND c.entry <> 'reverse' AND NOT EXISTS (SELECT FROM hospital_cost._payment r
		WHERE r.source_id = p.source_id AND r.source_key = p.source_key AND r.version = p.version AND r.entry = 'reverse')
	ORDER BY c.scheme, c.clearing_class, c.refund, p.source_key;
END $$;

-- Payments that need no line of their own: the totals of their group are equal.
CREATE OR REPLACE FUNCTION hospital_cost._settled_by_total(kind text, day_from date, day_to date) RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.entry_id
	FROM (SELECT DISTINCT s.day FROM hospital_cost._standing_statement s WHERE s.kind = _settled_by_total.kind AND s.day BETWEEN day_from AND day_to
		AND EXISTS (SELECT FROM hospital_cost.statement_total t WHERE t.statement_id = s.statement_id)) d
	CROSS JOIN LATERAL hospital_cost.compare_totals(_settled_by_total.kind, d.day) t
	JOIN LATERAL hospital_cost._reconciliation_classed(_settled_by_total.kind, d.day) c
		ON c.scheme = t.scheme AND c.clearing_class = t.clearing_class AND c.refund = t.refund
	WHERE t.equal;
END;

COMMENT ON TABLE hospital_cost.statement_total IS 'Totals an insurer tells of a day (总额对账 3201): scheme (险种), clearing class (清算类别), payments and refunds apart, count and yuan. INSERT only (MC006)';
COMMENT ON FUNCTION hospital_cost._statement_word(jsonb, text) IS 'Their word for ours, by a map of their words to lists of ours; ours where it stands nowhere, empty for null';
COMMENT ON FUNCTION hospital_cost._reconciliation_classed(text, date) IS 'Payments of a kind and day with scheme and clearing class of their encounter';
COMMENT ON FUNCTION hospital_cost.compare_totals(text, date) IS 'An insurer''s totals of a day beside ours (总额对账 3201), by scheme and clearing class, as statement_format translates payer and kind of the encounter; equal: count and amount are. Error MC501 no format';
COMMENT ON FUNCTION hospital_cost.detail_request(text, date) IS 'Our payments in the groups whose totals differ: what is sent for detail (明细对账 3202); the answer is loaded as lines of a statement and reconciled. Error MC501 no format';
COMMENT ON FUNCTION hospital_cost._settled_by_total(text, date, date) IS 'Payments of groups whose totals are equal to the insurer''s, which need no line of their own';
