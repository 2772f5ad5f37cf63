-- The auditor's second opinion, third part: what a statement of the HIS does to the books. An update takes everything back before it posts anything, in order.

-- The first field in which a row differs from the entry its key has; null if none. A refund has the dimensions of its original, a computed price that
-- of the list.
CREATE FUNCTION model.differs(s model.source, c model.charge, e model.entry) RETURNS text LANGUAGE sql STABLE
RETURN CASE
	WHEN e.kind <> 'reverse' AND c.encounter IS DISTINCT FROM e.encounter THEN 'encounter'
	WHEN e.kind <> 'reverse' AND c.item IS DISTINCT FROM e.item THEN 'item'
	WHEN coalesce(c.quantity, 0) <> e.quantity THEN 'quantity'
	WHEN c.amount <> e.amount THEN 'amount'
	WHEN s.pricing <> 'compute' AND c.price <> e.price THEN 'unit_price'
	WHEN c.at IS DISTINCT FROM e.at THEN 'charged_at'
	WHEN e.kind <> 'reverse' AND c.ordering IS DISTINCT FROM e.ordering THEN 'ordering_department'
	WHEN e.kind <> 'reverse' AND c.performing IS DISTINCT FROM e.performing THEN 'performing_department'
	WHEN e.kind <> 'reverse' AND c.ward IS DISTINCT FROM e.ward THEN 'ward_department' END;

CREATE FUNCTION model.is_refund(c model.charge) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN c.original IS NOT NULL AND (coalesce(c.quantity < 0, false) OR coalesce(c.amount < 0, false));

-- Where keys may come twice: the same message again is no charge again; with another content it is an issue.
CREATE FUNCTION model.post_once(s model.source, c model.charge) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e model.entry := model.live(c);
	field text := model.differs(s, c, e);
BEGIN
	IF cardinality(c.issues) > 0 THEN
		PERFORM model.post(s, c, false);
	ELSIF e.id IS NULL THEN
		-- What was said of the key is said again, or no longer true.
		DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key;
		PERFORM model.post(s, c, false);
	ELSIF field IS NOT NULL THEN
		PERFORM model.say(c, 'exists_with_different_' || field, false, date_trunc('month', c.day)::date);
	ELSE
		UPDATE model.entry x SET copies = x.copies + 1 WHERE x.id = e.id;
	END IF;
END $$;
-- There, an entry goes with the last row that says what it says. Whether this one takes it along.
CREATE FUNCTION model.releases(s model.source, c model.charge) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	e model.entry := model.live(c);
BEGIN
	IF c.state <> 'charged' THEN
		RETURN false;
	ELSIF e.id IS NULL THEN
		RETURN true;
	ELSIF model.differs(s, c, e) IS NULL THEN
		UPDATE model.entry x SET copies = greatest(x.copies - 1, 0) WHERE x.id = e.id RETURNING x.copies INTO e.copies;
		RETURN e.copies = 0;
	END IF;
	DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key AND i.code <> 'below_refunds';
	RETURN false;
END $$;

CREATE FUNCTION model.statement(s model.source, old his.line[], new his.line[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	o model.charge;
	n model.charge;
	stays boolean[];
BEGIN
	IF s.is_async THEN
		INSERT INTO model.queue SELECT s.name, model.key(r.tag, r.id) FROM unnest(old || new) r ON CONFLICT DO NOTHING;
		RETURN;
	END IF;
	FOR i IN 1 .. coalesce(cardinality(old), 0) LOOP
		o := model.read(s, old[i]);
		IF new IS NOT NULL THEN
			n := model.read(s, new[i]);
			IF o IS NOT DISTINCT FROM n OR (o.state <> 'charged' AND n.state <> 'charged') THEN
				stays[i] := true;
				CONTINUE;
			END IF;
		END IF;
		CONTINUE WHEN NOT s.is_unique AND NOT model.releases(s, o);
		stays[i] := NOT model.take_back(o);
		IF stays[i] AND new IS NOT NULL AND n.key <> o.key AND n.state = 'charged' THEN
			-- The row goes by another key now, which has nothing: it says so too.
			PERFORM model.say(n, i.code, true, i.period) FROM model.issue i WHERE i.source = o.source AND i.key = o.key AND i.code LIKE 'period_%';
		END IF;
	END LOOP;
	-- Refunds come last: they may stand before what they name.
	FOR pass IN 0 .. 1 LOOP
		FOR i IN 1 .. coalesce(cardinality(new), 0) LOOP
			CONTINUE WHEN coalesce(stays[i], false);
			n := model.read(s, new[i]);
			CONTINUE WHEN n.state <> 'charged' OR model.is_refund(n) <> (pass = 1);
			IF s.is_unique THEN
				PERFORM model.post(s, n, false);
			ELSE
				PERFORM model.post_once(s, n);
			END IF;
		END LOOP;
	END LOOP;
	PERFORM model.settle_lines();
END $$;

CREATE FUNCTION model.follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	s model.source;
	old his.line[];
	new his.line[];
BEGIN
	SELECT * INTO s FROM model.source x WHERE x.name = TG_RELID::regclass::text;
	IF TG_OP <> 'INSERT' THEN
		old := ARRAY(SELECT ROW(g.*)::his.line FROM gone g);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		new := ARRAY(SELECT ROW(c.*)::his.line FROM came c);
	END IF;
	PERFORM model.statement(s, old, new);
	RETURN NULL;
END $$;

-- Hangs the model on a table, ahead of the extension's triggers, and attaches the table.
CREATE FUNCTION model.audit(name text, is_unique boolean, mode text, pricing text, reason text, mapping jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO model.source VALUES (name, is_unique, mode = 'async', pricing, reason);
	EXECUTE format('CREATE TRIGGER aa_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION model.follow()', name);
	EXECUTE format('CREATE TRIGGER aa_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION model.follow()', name);
	EXECUTE format('CREATE TRIGGER aa_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION model.follow()', name);
	PERFORM hospital_cost.attach_charges(name::regclass, '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price", "amount": "total",
		"ordering_department": "ordered_by", "performing_department": "done_by", "ward_department": "ward", "charged_at": "at", "reverses_key": "refund_of",
		"price_class": "class", "reason": "reason"}'::jsonb || mapping, mode, pricing,
		jsonb_build_object('refund_reason', reason, 'status', '{"column": "status", "planned": ["0"], "charged": ["1", ""], "void": ["9"]}'::jsonb));
	-- Their keys are deferrable only so that one statement may move them all; none ever comes twice.
	UPDATE hospital_cost.attachment a SET key_is_unique = audit.is_unique WHERE a.relation = name::regclass;
END $$;
