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

-- Where keys may come twice: the same message again is no charge again; with another content it is an issue.
CREATE FUNCTION model.post_once(s model.source, c model.charge) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e model.entry := model.live(c);
	field text := model.differs(s, c, e);
BEGIN
	IF cardinality(c.issues) > 0 THEN
		PERFORM model.post(s, c);
	ELSIF e.id IS NULL THEN
		-- What was said of the key is said again, or no longer true.
		DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key;
		PERFORM model.post(s, c);
	ELSIF field IS NOT NULL THEN
		PERFORM model.say(c, 'exists_with_different_' || field, false, date_trunc('month', c.day)::date);
	END IF;
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
		IF o.state <> 'charged' AND NOT s.is_unique AND NOT EXISTS (SELECT FROM model.issue x WHERE x.source = o.source AND x.key = o.key AND x.code LIKE 'period_%') THEN
			-- Where keys come twice, what is live belongs to another row of the key.
			DELETE FROM model.issue x WHERE x.source = o.source AND x.key = o.key;
			CONTINUE;
		END IF;
		stays[i] := NOT model.take_back(o);
		IF stays[i] AND new IS NOT NULL AND n.key <> o.key AND n.state = 'charged' THEN
			-- The row goes by another key now, which has nothing: it says so too.
			PERFORM model.say(n, i.code, true, i.period) FROM model.issue i WHERE i.source = o.source AND i.key = o.key AND i.code LIKE 'period_%';
		END IF;
	END LOOP;
	FOR i IN 1 .. coalesce(cardinality(new), 0) LOOP
		n := model.read(s, new[i]);
		CONTINUE WHEN coalesce(stays[i], false) OR n.state <> 'charged';
		IF s.is_unique THEN
			PERFORM model.post(s, n);
		ELSE
			PERFORM model.post_once(s, n);
		END IF;
	END LOOP;
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
END $$;
