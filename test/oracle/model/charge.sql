-- The auditor's second opinion, first part: what a row of a HIS says, and what that is worth. Written from the contract of attach_charges, not from the code
-- that posts. Included inside BEGIN … ROLLBACK.
CREATE SCHEMA model;
-- The tables under audit, as they are attached.
CREATE TABLE model.source (name text PRIMARY KEY, is_unique boolean, is_async boolean, pricing text, reason text);
CREATE TYPE model.charge AS (source text, key text, state text, encounter text, item text, ordering text, performing text, ward text, original text, class text,
	reason text, quantity numeric, price numeric, amount numeric, at timestamptz, day date, issues text[], is_rounded boolean);

CREATE FUNCTION model.key(tag text, id bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN tag IS NULL THEN id::text ELSE replace(replace(tag, '\', '\\'), '|', '\|') || '|' || id END;
CREATE FUNCTION model.code(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN nullif(btrim(value), '');
-- A number as the ledger keeps it; null if it is none that the ledger can keep.
CREATE FUNCTION model.number(value numeric, scale int, bound numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN CASE WHEN value <> 'NaN' AND abs(value) < bound THEN round(value, scale) END;

CREATE FUNCTION model.read(s model.source, r his.line) RETURNS model.charge LANGUAGE plpgsql STABLE AS $$
DECLARE
	c model.charge;
	gives_back boolean;
BEGIN
	c.source := s.name;
	c.key := model.key(r.tag, r.id);
	c.encounter := model.code(r.visit);
	c.item := model.code(r.item);
	c.ordering := model.code(r.ordered_by);
	c.performing := model.code(r.done_by);
	c.ward := model.code(r.ward);
	c.original := model.key(r.ref_tag, r.refund_of);
	c.class := model.code(r.class);
	c.reason := CASE WHEN s.reason <> 'optional' THEN model.code(r.reason) END;
	c.quantity := model.number(r.qty, 4, 1e12);
	c.price := model.number(r.price, 6, 1e10);
	c.amount := model.number(r.total, 2, 1e13);
	c.at := CASE WHEN isfinite(r.at) THEN r.at END;
	c.day := (c.at AT TIME ZONE 'Asia/Shanghai')::date;
	c.is_rounded := coalesce(c.quantity <> r.qty, false) OR coalesce(c.price <> r.price, false) OR coalesce(c.amount <> r.total, false);
	c.state := CASE btrim(coalesce(r.status, '')) WHEN '0' THEN 'planned' WHEN '9' THEN 'void' ELSE 'charged' END;
	gives_back := coalesce(c.quantity < 0, false) OR coalesce(c.amount < 0, false);
	c.issues := ARRAY(SELECT x.code FROM (VALUES
		('missing_value', c.encounter IS NULL OR r.at IS NULL OR (r.qty IS NULL AND isfinite(r.at)) OR (gives_back AND s.reason <> 'optional' AND c.reason IS NULL)
			OR (NOT (gives_back AND c.original IS NOT NULL) AND (c.item IS NULL OR c.performing IS NULL))),
		('unreadable_value', NOT isfinite(r.at) OR num_nonnulls(c.quantity, c.price, c.amount) <> num_nonnulls(r.qty, r.price, r.total)),
		('unknown_status', btrim(coalesce(r.status, '')) NOT IN ('', '0', '1', '9'))) AS x (code, is_so) WHERE x.is_so);
	RETURN c;
END $$;

-- What the list says of an item on a day, and the highest price allowed: by the row's own class; else by the encounter's, and the standard one if there is none for it.
CREATE FUNCTION model.list(c model.charge, OUT price numeric, OUT bound numeric) LANGUAGE sql STABLE AS $$
	SELECT p.unit_price, least(p.unit_price, p.ceiling) FROM hospital_cost.price p
	WHERE p.item_code = c.item AND p.valid @> c.day AND p.price_class IN (c.class, CASE WHEN c.class IS NULL THEN 'standard' END,
		CASE WHEN c.class IS NULL THEN (SELECT e.price_class FROM hospital_cost.encounter e WHERE e.code = c.encounter) END)
	ORDER BY p.price_class = 'standard' LIMIT 1 $$;

-- The month a day is posted into; what stands in its way, if anything.
CREATE FUNCTION model.month(day date, OUT period date, OUT problem text) LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN own.state = 'open' THEN own.month WHEN h.late_policy <> 'refuse' THEN later.month END,
		CASE WHEN own.state = 'open' OR (h.late_policy <> 'refuse' AND later.month IS NOT NULL) THEN NULL
			WHEN own.state IS NULL THEN 'period_not_open' ELSE 'period_closed' END
	FROM hospital_cost.hospital h
	CROSS JOIN LATERAL (SELECT date_trunc('month', day)::date AS month, (SELECT p.state FROM hospital_cost.period p WHERE p.period = date_trunc('month', day)::date) AS state) own
	CROSS JOIN LATERAL (SELECT min(p.period)::date AS month FROM hospital_cost.period p WHERE p.state = 'open' AND p.period >= own.month) later $$;
