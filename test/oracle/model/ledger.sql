-- The auditor's second opinion, second part: his own books. One row an entry, one an open issue, one a key that waits.
CREATE TABLE model.entry (id bigserial PRIMARY KEY, source text, key text, kind text, encounter text, item text, ordering text, performing text, ward text,
	quantity numeric, price numeric, amount numeric, at timestamptz, day date, period date, flags text[], of_key text, reverses bigint,
	is_live boolean NOT NULL DEFAULT true, takes_back boolean NOT NULL DEFAULT false,
	copies int NOT NULL DEFAULT 1); -- rows that say what the entry says, where keys may come twice
CREATE INDEX ON model.entry (source, key) WHERE is_live;
CREATE INDEX ON model.entry (source, of_key) WHERE of_key IS NOT NULL;
CREATE TABLE model.issue (source text, key text, code text, is_blocking boolean, period date, names text, PRIMARY KEY (source, key, code));
CREATE TABLE model.touched (source text, key text); -- whose refunds are to be looked at again
CREATE TABLE model.queue (source text, key text, PRIMARY KEY (source, key));

CREATE FUNCTION model.live(c model.charge) RETURNS model.entry LANGUAGE sql STABLE AS $$
	SELECT e FROM model.entry e WHERE e.source = c.source AND e.key = c.key AND e.is_live $$;
CREATE FUNCTION model.say(c model.charge, code text, is_blocking boolean, period date) RETURNS void LANGUAGE sql AS $$
	INSERT INTO model.issue VALUES (c.source, c.key, code, is_blocking, period, c.original) ON CONFLICT DO NOTHING $$;

-- Takes back what a key has. False if its month refuses that: then the key keeps its entry, and an issue.
CREATE FUNCTION model.take_back(c model.charge) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	e model.entry := model.live(c);
	m record;
BEGIN
	IF e.id IS NOT NULL THEN
		SELECT * INTO m FROM model.month(e.day);
		IF m.problem IS NOT NULL THEN
			PERFORM model.say(c, m.problem, true, e.period);
			RETURN false;
		END IF;
		INSERT INTO model.touched SELECT e.source, e.of_key WHERE e.of_key IS NOT NULL;
		UPDATE model.entry x SET is_live = false WHERE x.id = e.id;
		INSERT INTO model.entry SELECT x.* FROM jsonb_populate_record(e, jsonb_build_object('id', nextval('model.entry_id_seq'), 'kind', 'reverse',
			'quantity', -e.quantity, 'amount', -e.amount, 'period', m.period, 'reverses', e.id, 'is_live', false, 'takes_back', true, 'of_key', NULL,
			'flags', CASE WHEN m.period = e.period THEN '{source_changed}' ELSE '{late,source_changed}' END::text[])) x;
	END IF;
	DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key;
	INSERT INTO model.touched VALUES (c.source, c.key);
	RETURN true;
END $$;
-- What was taken back may have left refunds without a line that bears them, or have been all that was wrong with a line.
CREATE FUNCTION model.settle_lines() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
	e model.entry;
	too_much boolean;
BEGIN
	FOR t IN SELECT DISTINCT x.source, x.key FROM model.touched x LOOP
		SELECT x.* INTO e FROM model.entry x WHERE x.source = t.source AND x.key = t.key AND x.is_live AND x.kind = 'post';
		SELECT coalesce(e.quantity, 0) + sum(r.quantity) < 0 OR coalesce(e.amount, 0) + sum(r.amount) < 0 INTO too_much
		FROM model.entry r WHERE r.source = t.source AND r.of_key = t.key AND r.is_live;
		IF NOT coalesce(too_much, false) THEN
			DELETE FROM model.issue i WHERE i.source = t.source AND i.key = t.key AND i.code = 'below_refunds';
		ELSIF e.id IS NULL THEN
			INSERT INTO model.issue VALUES (t.source, t.key, 'below_refunds', false) ON CONFLICT DO NOTHING;
		END IF;
	END LOOP;
	DELETE FROM model.touched;
END $$;

-- What is left of a charge after what its refunds gave back, of whatever version of it.
CREATE FUNCTION model.rest(e model.entry, OUT quantity numeric, OUT amount numeric) LANGUAGE sql STABLE AS $$
	SELECT e.quantity + coalesce(sum(r.quantity), 0), e.amount + coalesce(sum(r.amount), 0)
	FROM model.entry r WHERE r.source = e.source AND r.of_key = e.key AND r.is_live $$;

-- A charge becomes an entry, or is refused; returns the outcome. "waited" says that it comes by post_pending.
CREATE FUNCTION model.post(s model.source, row_says model.charge, waited boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c model.charge := row_says;
	e model.entry;
	o model.entry;
	list record;
	left_quantity numeric;
	left_amount numeric;
	m record;
	wants_back boolean := coalesce(c.original IS NOT NULL AND (c.quantity < 0 OR c.amount < 0), false);
	is_readable boolean := NOT c.issues && '{missing_value,unreadable_value}';
	bad text[] := c.issues;
	odd text[] := '{}';
	list_price numeric;
	computed numeric;
	closes boolean := false;
BEGIN
	IF EXISTS (SELECT FROM unnest(ARRAY[c.ordering, c.performing, c.ward]) AS d (code) WHERE d.code IS NOT NULL
		AND NOT EXISTS (SELECT FROM hospital_cost.department x WHERE x.code = d.code)) THEN
		bad := bad || 'unknown_department'::text;
	END IF;
	IF is_readable AND c.item IS NOT NULL AND NOT EXISTS (SELECT FROM hospital_cost.charge_item x WHERE x.code = c.item) THEN
		bad := bad || 'unknown_item'::text;
	END IF;
	IF is_readable THEN
		SELECT * INTO list FROM model.list(c);
		list_price := list.price;
		IF wants_back THEN
			IF s.reason = 'coded' AND NOT EXISTS (SELECT FROM hospital_cost.reason_code x WHERE x.purpose = 'refund' AND x.code = c.reason AND x.active) THEN
				bad := bad || 'unknown_reason'::text;
			END IF;
			SELECT x.* INTO o FROM model.entry x WHERE x.source = c.source AND x.key = c.original AND x.is_live AND x.kind = 'post';
			IF o.id IS NULL THEN
				odd := odd || 'original_not_found'::text;
				IF c.item IS NULL OR c.performing IS NULL THEN
					bad := bad || 'missing_value'::text;
					is_readable := false;
				END IF;
			ELSE
				IF c.encounter <> o.encounter OR c.item <> o.item OR (c.ordering <> o.ordering OR c.ordering IS NOT NULL AND o.ordering IS NULL) OR c.performing <> o.performing
					OR (c.ward <> o.ward OR c.ward IS NOT NULL AND o.ward IS NULL) THEN
					odd := odd || 'differs_from_original'::text;
				END IF;
				list_price := o.price;
				IF c.quantity > 0 THEN
					-- it would give money back and quantity out again
					bad := bad || 'unreadable_value'::text;
					is_readable := false;
				END IF;
				SELECT r.quantity, r.amount INTO left_quantity, left_amount FROM model.rest(o) r;
				IF is_readable AND (c.quantity < -left_quantity OR (c.amount < -left_amount AND s.pricing <> 'compute')) THEN
					bad := bad || 'refund_exceeds'::text;
				END IF;
			END IF;
		END IF;
	END IF;
	IF is_readable AND NOT 'unknown_item' = ANY (bad) THEN
		e.price := CASE WHEN s.pricing = 'compute' THEN list_price ELSE coalesce(c.price, CASE WHEN s.pricing = 'verify' OR o.id IS NOT NULL THEN list_price END,
			CASE WHEN c.amount IS NOT NULL THEN coalesce(round(c.amount / nullif(c.quantity, 0), 6), 0) END) END;
		IF e.price IS NULL THEN
			bad := bad || CASE s.pricing WHEN 'compute' THEN 'no_price' ELSE 'no_amount' END::text;
		ELSE
			computed := round(c.quantity * e.price, 2);
			IF o.id IS NOT NULL THEN
				closes := c.quantity <> 0 AND c.quantity = -left_quantity;
				IF closes AND computed <> -left_amount THEN
					computed := -left_amount;
					e.flags := e.flags || 'closes_line'::text;
				END IF;
			END IF;
			e.amount := CASE WHEN s.pricing <> 'compute' THEN coalesce(c.amount, computed) ELSE computed END;
			IF o.id IS NOT NULL AND e.amount < -left_amount THEN
				bad := bad || 'refund_exceeds'::text;
			END IF;
			IF o.id IS NULL AND c.quantity >= 0 AND e.amount >= 0 AND EXISTS (SELECT FROM model.entry r WHERE r.source = c.source AND r.of_key = c.key
				AND r.is_live HAVING c.quantity + sum(r.quantity) < 0 OR e.amount + sum(r.amount) < 0) THEN
				odd := odd || 'below_refunds'::text;
			END IF;
			IF s.pricing <> 'trust' AND list_price IS NULL THEN
				odd := odd || 'no_list_price'::text;
			ELSIF s.pricing <> 'trust' AND c.price <> list_price THEN
				odd := odd || 'price_differs'::text;
				e.flags := e.flags || 'price_differs'::text;
			END IF;
			IF s.pricing <> 'trust' AND c.amount <> computed THEN
				odd := odd || 'amount_differs'::text;
				e.flags := e.flags || 'amount_differs'::text;
			END IF;
			IF c.quantity > 0 AND o.id IS NULL AND e.price > list.bound THEN
				e.flags := e.flags || 'above_limit'::text;
			END IF;
			IF (c.quantity < 0 OR e.amount < 0) AND c.original IS NULL THEN
				odd := odd || 'no_original'::text;
			END IF;
		END IF;
	END IF;
	IF cardinality(bad) = 0 THEN
		SELECT * INTO m FROM model.month(c.day);
		IF m.problem IS NOT NULL THEN
			bad := bad || m.problem;
		ELSIF m.period <> date_trunc('month', c.day) THEN
			odd := odd || 'late'::text;
			e.flags := e.flags || 'late'::text;
		END IF;
	END IF;
	IF cardinality(bad) > 0 THEN
		PERFORM model.say(c, b.code, true, date_trunc('month', c.day)::date) FROM unnest(bad) AS b (code);
		RETURN 'refused';
	END IF;
	IF c.is_rounded THEN
		odd := odd || 'rounded'::text;
		e.flags := e.flags || 'rounded'::text;
	END IF;
	INSERT INTO model.entry (source, key, kind, encounter, item, ordering, performing, ward, quantity, price, amount, at, day, period, flags, of_key, reverses)
	SELECT c.source, c.key, CASE WHEN o.id IS NOT NULL THEN 'reverse' WHEN c.quantity < 0 OR e.amount < 0 THEN 'adjust' ELSE 'post' END,
		d.encounter, d.item, d.ordering, d.performing, d.ward, c.quantity, e.price, e.amount, c.at, c.day, m.period,
		ARRAY(SELECT f FROM unnest(e.flags) AS f ORDER BY f), o.key, o.id
	FROM (SELECT o.encounter, o.item, o.ordering, o.performing, o.ward WHERE o.id IS NOT NULL
		UNION ALL SELECT c.encounter, c.item, c.ordering, c.performing, c.ward WHERE o.id IS NULL) d;
	IF o.id IS NULL AND c.quantity >= 0 AND e.amount >= 0 THEN
		DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key AND (waited OR i.code = 'below_refunds');
	ELSIF waited THEN
		DELETE FROM model.issue i WHERE i.source = c.source AND i.key = c.key AND i.code <> 'below_refunds';
	END IF;
	PERFORM model.say(c, x.code, false, m.period) FROM unnest(odd) AS x (code);
	RETURN 'posted';
END $$;
