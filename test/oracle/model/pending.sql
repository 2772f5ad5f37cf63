-- The auditor's second opinion, fourth part: what post_pending() finds and does, from the table as it stands.

-- The rows that are charges, in the order of the table. Hidden changes are seen here too: this reads the table, not the triggers.
CREATE FUNCTION model.rows(s model.source) RETURNS SETOF model.charge LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT (x.c).* FROM (SELECT model.read($1, ROW(r.*)::his.line) AS c FROM %s r ORDER BY r.ctid OFFSET 0) x WHERE (x.c).state = ''charged''', s.name) USING s;
END $$;

-- One row that waited. What it finds decides; "correct" lets the ledger follow.
CREATE FUNCTION model.settle(s model.source, c model.charge, correct boolean) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	e model.entry := model.live(c);
	field text := model.differs(s, c, e);
BEGIN
	IF e.id IS NULL THEN
		IF NOT s.is_unique AND cardinality(c.issues) = 0 THEN
			DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key;
		END IF;
		RETURN ARRAY[model.post(s, c, true)];
	ELSIF field IS NULL THEN
		RETURN '{exists}';
	ELSIF correct AND s.is_unique THEN
		RETURN ARRAY['exists_with_different_' || field, CASE WHEN model.take_back(c) THEN model.post(s, c, true) END];
	ELSIF NOT EXISTS (SELECT FROM model.issue i WHERE i.source = c.source AND i.key = c.key AND i.is_blocking) THEN
		PERFORM model.say(c, 'exists_with_different_' || field, false, date_trunc('month', c.day)::date);
	END IF;
	RETURN ARRAY['exists_with_different_' || field];
END $$;

CREATE FUNCTION model.charge_of(source text, key text) RETURNS model.charge LANGUAGE plpgsql AS $$
DECLARE
	c model.charge;
BEGIN
	c.source := source;
	c.key := key;
	RETURN c;
END $$;

CREATE FUNCTION model.post_pending(s model.source, whole boolean, correct boolean) RETURNS TABLE (outcome text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
	c model.charge;
	k text;
	said text[] := '{}';
	-- what was set aside, and what was refused before
	queued text[] := ARRAY(SELECT q.key FROM model.queue q WHERE q.source = s.name UNION SELECT i.key FROM model.issue i WHERE i.source = s.name AND i.is_blocking);
	by_queue boolean := s.is_async AND NOT whole AND NOT correct;
BEGIN
	DELETE FROM model.queue q WHERE q.source = s.name;
	CREATE TEMP TABLE here ON COMMIT DROP AS SELECT row_number() OVER () AS place, r AS charge, r.key FROM model.rows(s) r;
	IF NOT by_queue THEN
		-- What a closed month refused is made first; and refunds that came before their originals come again.
		PERFORM model.take_back(model.charge_of(s.name, i.key)) FROM (SELECT DISTINCT x.key FROM model.issue x JOIN model.entry e ON e.source = x.source AND e.key = x.key
			AND e.is_live WHERE x.source = s.name
			AND (x.code LIKE 'period_%' OR (x.code = 'original_not_found' AND EXISTS (SELECT FROM model.entry o WHERE o.source = x.source AND o.key = x.names AND o.is_live)))) i;
		PERFORM model.settle_lines();
	END IF;
	FOR k IN SELECT e.key FROM model.entry e WHERE e.source = s.name AND e.is_live AND (NOT by_queue OR e.key = ANY (queued))
		AND NOT EXISTS (SELECT FROM here h WHERE h.key = e.key) LOOP
		IF NOT by_queue AND NOT correct THEN
			said := said || 'gone'::text;
		ELSIF model.take_back(model.charge_of(s.name, k)) THEN
			said := said || 'gone_reversed'::text;
		END IF;
	END LOOP;
	PERFORM model.settle_lines();
	-- A row that is gone, and has no entry, takes its issue along, but not that of refunds it left behind.
	DELETE FROM model.issue i WHERE i.source = s.name AND (NOT by_queue OR i.key = ANY (queued)) AND i.code <> 'below_refunds'
		AND NOT EXISTS (SELECT FROM here h WHERE h.key = i.key)
		AND NOT EXISTS (SELECT FROM model.entry e WHERE e.source = i.source AND e.key = i.key AND e.is_live);
	-- Of rows that repeat a key the one that fits best speaks for all.
	CREATE TEMP TABLE fits ON COMMIT DROP AS SELECT DISTINCT h.key FROM here h JOIN model.entry e ON e.source = s.name AND e.key = h.key AND e.is_live
		WHERE NOT by_queue AND model.differs(s, h.charge, e) IS NULL;
	RETURN QUERY SELECT 'exists', count(*) FROM fits;
	FOR c IN SELECT (h.charge).* FROM here h WHERE (by_queue AND h.key = ANY (queued)) OR (NOT by_queue AND NOT EXISTS (SELECT FROM fits f WHERE f.key = h.key))
		ORDER BY model.is_refund(h.charge), h.place LOOP
		said := said || model.settle(s, c, correct OR by_queue);
	END LOOP;
	PERFORM model.settle_lines();
	DROP TABLE here, fits;
	RETURN QUERY SELECT o, count(*) FROM unnest(said) AS o WHERE o IS NOT NULL GROUP BY o;
END $$;
