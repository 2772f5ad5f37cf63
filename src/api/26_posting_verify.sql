-- 20 posting: the proof of a month. Every identity of the ledger, recomputed by separate SQL; the first offender of each is named.

-- The source rows of a month (those with entries in it, and those of its days without any) against their entries.
CREATE OR REPLACE FUNCTION hospital_cost._verify_source(a hospital_cost.attachment, period date)
RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off AS $$
DECLARE
	name text := a.relation::text;
	next_month date := (_verify_source.period + interval '1 month')::date;
BEGIN
	RETURN QUERY
		SELECT v.identity, v.expected, v.actual, v.example FROM (SELECT
			count(*) FILTER (WHERE s.has_row AND s.entries > 0)::numeric AS rows, count(*) FILTER (WHERE s.entries > 0)::numeric AS live,
			coalesce(sum(s.quantity) FILTER (WHERE s.entries > 0), 0) AS sq, coalesce(sum(s.entry_quantity), 0) AS eq,
			coalesce(sum(s.amount) FILTER (WHERE s.entries > 0 AND s.has_row), 0) AS sa, coalesce(sum(s.entry_amount), 0) AS ea,
			count(*) FILTER (WHERE s.wrong IS NOT NULL)::numeric AS bad, min(s.source_key || ': ' || s.wrong) AS first_bad,
			min(s.source_key) FILTER (WHERE s.wrong = 'gone') AS first_gone,
			count(*) FILTER (WHERE s.missing)::numeric AS missing, count(DISTINCT f.source_key) FILTER (WHERE s.missing)::numeric AS explained,
			min(s.source_key) FILTER (WHERE s.missing AND f.source_key IS NULL) AS first_missing
			FROM (SELECT x.*, x.has_row AND x.entries = 0 AND x.day >= _verify_source.period AND x.day < next_month AS missing
				FROM hospital_cost._source_state(a, _verify_source.period) x) s
			LEFT JOIN (SELECT DISTINCT f.source_key FROM hospital_cost._finding f
				WHERE f.source_id = a.source_id AND f.severity = 'blocking' AND f.state = 'open') f ON f.source_key = s.source_key AND s.missing) t
		CROSS JOIN LATERAL (VALUES (name || ': rows = entries', rows, live, first_gone), (name || ': quantity of rows = of entries', sq, eq, first_bad),
			(name || ': amount of rows = of entries', sa, ea, first_bad), (name || ': rows that differ from their entry', 0, bad, first_bad),
			(name || ': rows without an entry = blocking issues', explained, missing, first_missing)) AS v (identity, expected, actual, example);
END $$;

-- Refunds of a month against the originals they name, of whatever month these are.
CREATE OR REPLACE FUNCTION hospital_cost._verify_refunds(period date) RETURNS TABLE (actual numeric, example text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
	WITH named AS MATERIALIZED (
		SELECT DISTINCT o.source_id, o.source_key, o.source_key_text
		FROM hospital_cost._ledger r JOIN hospital_cost._ledger o ON o.entry_id = r.reverses
		WHERE r.period = _verify_refunds.period AND r.kind = 2 AND r.flags & 64 = 0
	), original AS MATERIALIZED (
		SELECT n.*, o.entry_id, o.quantity, o.amount FROM named n
		JOIN hospital_cost._ledger o ON o.source_id = n.source_id AND o.source_key = n.source_key AND o.source_key_text = n.source_key_text
	), refund AS MATERIALIZED (
		SELECT o.source_id, o.source_key, o.source_key_text, r.entry_id, r.quantity, r.amount
		FROM original o JOIN hospital_cost._ledger r ON r.reverses = o.entry_id AND r.flags & 64 = 0
	), part AS (
		SELECT o.source_id, o.source_key, o.source_key_text, o.quantity, o.amount FROM original o
		UNION ALL SELECT r.source_id, r.source_key, r.source_key_text, r.quantity, r.amount FROM refund r
		UNION ALL SELECT r.source_id, r.source_key, r.source_key_text, u.quantity, u.amount
		FROM refund r JOIN hospital_cost._ledger u ON u.reverses = r.entry_id AND u.flags & 64 <> 0
	), wrong AS (
		SELECT a.relation_name || ' ' || CASE p.source_key_text WHEN '' THEN p.source_key::text ELSE p.source_key_text END AS name
		FROM part p JOIN hospital_cost.attachment a ON a.source_id = p.source_id
		GROUP BY a.relation_name, p.source_key, p.source_key_text HAVING sum(p.quantity) < 0 OR sum(p.amount) < 0
	)
	SELECT count(*)::numeric, min(w.name) FROM wrong w;
END;

-- Totals against entries, reversals against what they take back, amounts against quantity × price. Totals are far fewer than entries, so they are hashed,
-- whatever the planner believes of a ledger that was never analysed.
CREATE OR REPLACE FUNCTION hospital_cost._verify_entries(period date) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET work_mem = '64MB' SET enable_nestloop = off SET enable_mergejoin = off SET enable_sort = off SET jit = off AS $$
BEGIN
	RETURN QUERY
	WITH entry AS (
		SELECT l.ordering_id, l.performing_id, l.item_id, count(*) AS entries, sum(l.quantity) AS quantity, sum(l.amount) AS amount
		FROM hospital_cost._ledger l WHERE l.period = _verify_entries.period GROUP BY 1, 2, 3
	), pair AS (
		SELECT coalesce(e.amount, 0) AS entry_amount, coalesce(t.amount, 0) AS total_amount,
			coalesce(e.entries, 0) AS entry_count, coalesce(t.entries, 0) AS total_count,
			(e.entries, e.quantity, e.amount) IS DISTINCT FROM (t.entries, t.quantity, t.amount) AS differs,
			coalesce(e.item_id, t.item_id) AS item_id, coalesce(e.performing_id, t.performing_id) AS performing_id
		FROM entry e
		FULL JOIN (SELECT * FROM hospital_cost._item_total i WHERE i.period = _verify_entries.period) t
			ON t.ordering_id = e.ordering_id AND t.performing_id = e.performing_id AND t.item_id = e.item_id
	), cell AS (
		SELECT coalesce(sum(p.entry_amount), 0) * 0.01 AS ea, coalesce(sum(p.total_amount), 0) * 0.01 AS ta,
			coalesce(sum(p.entry_count), 0) AS ec, coalesce(sum(p.total_count), 0) AS tc, count(*) FILTER (WHERE p.differs) AS bad,
			(SELECT min(format('%s × %s', d.code, i.code)) FROM pair x
				LEFT JOIN hospital_cost.charge_item i ON i.item_id = x.item_id
				LEFT JOIN hospital_cost.department d ON d.department_id = x.performing_id WHERE x.differs) AS first_bad
		FROM pair p
	)
	SELECT v.name, v.want, v.have, v.example FROM cell
	CROSS JOIN LATERAL (VALUES ('entries: amount = charge totals', ea, ta, first_bad), ('entries: count = charge totals', ec, tc, first_bad),
		('totals that differ from their entries', 0, bad::numeric, first_bad)) AS v (name, want, have, example);

	RETURN QUERY
	-- The few are hashed, not the ledger.
	WITH reversal AS MATERIALIZED (
		SELECT r.* FROM hospital_cost._ledger r WHERE r.period = _verify_entries.period AND r.flags & 64 <> 0
	)
	SELECT 'reversals that do not mirror their entry', 0::numeric, count(*)::numeric, 'entry ' || min(r.entry_id)
	FROM reversal r
	LEFT JOIN hospital_cost._ledger o ON o.entry_id = r.reverses AND o.source_id = r.source_id AND o.source_key = r.source_key
	WHERE (o.source_key_text, o.encounter_code, o.item_id, o.service_day, o.ordering_id, o.performing_id, o.ward_id, o.version,
			o.unit_price, o.quantity + r.quantity, o.amount + r.amount)
		IS DISTINCT FROM (r.source_key_text, r.encounter_code, r.item_id, r.service_day, r.ordering_id, r.performing_id, r.ward_id,
			r.version, r.unit_price, 0::bigint, 0::bigint);

	RETURN QUERY
	SELECT 'entries whose amount is not quantity × price and not flagged', 0::numeric, count(*)::numeric, 'entry ' || min(l.entry_id)
	FROM hospital_cost._ledger l
	JOIN hospital_cost.attachment t ON t.source_id = l.source_id AND t.pricing <> 'trust'
	WHERE l.period = _verify_entries.period AND l.flags & (2 | 8 | 64) = 0
		-- As whole numbers, where they cannot overflow and nothing is rounded; with any others at length.
		AND CASE WHEN l.quantity BETWEEN -1000000000 AND 1000000000 AND l.unit_price BETWEEN -9000000000 AND 9000000000
				AND l.amount BETWEEN -90000000000 AND 90000000000 AND l.quantity * l.unit_price = l.amount * 100000000 THEN false
			ELSE round(l.quantity::numeric * l.unit_price / 100000000) <> l.amount END;

	RETURN QUERY SELECT 'refunds above their original', 0::numeric, v.actual, v.example FROM hospital_cost._verify_refunds(period) v;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.verify_ledger(period date)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric, example text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	RETURN QUERY SELECT e.identity, e.expected, e.actual, e.actual - e.expected, CASE WHEN e.actual <> e.expected THEN e.example END
		FROM hospital_cost._verify_entries(period) e;
	FOR a IN SELECT t.* FROM hospital_cost.attachment t WHERE t.feed = 'charges' AND t.detached_at IS NULL ORDER BY t.source_id LOOP
		-- A table dropped while nobody watched has nothing left to be held against.
		IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation) THEN
			RETURN QUERY VALUES (format('attached table %s is gone', a.relation_name), 0::numeric, 1::numeric, 1::numeric, NULL::text);
		ELSIF hospital_cost._gone_columns(a) IS NOT NULL THEN
			RETURN QUERY VALUES (format('%s: columns of its mapping are gone or of another type', a.relation), 0::numeric, 1::numeric, 1::numeric,
				hospital_cost._gone_columns(a));
		ELSE
			RETURN QUERY SELECT s.identity, s.expected, s.actual, s.actual - s.expected, CASE WHEN s.actual <> s.expected THEN s.example END
				FROM hospital_cost._verify_source(a, period) s;
		END IF;
	END LOOP;
END $$;
