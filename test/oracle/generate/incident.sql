-- What happens around the charges: months, prices, masters, triggers that are switched off, statements that are rolled back, post_pending at any moment.
CREATE TABLE generate.outcome (step int, tab text, asked text, model text, engine text);

CREATE FUNCTION generate.post_pending(step int, tab text, correct boolean DEFAULT generate.chance(0.5), whole boolean DEFAULT generate.chance(0.4)) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	s model.source;
	by_model text;
	by_engine text;
	asked boolean := CASE WHEN whole THEN true END;
BEGIN
	SELECT * INTO s FROM model.source x WHERE x.name = tab;
	SELECT string_agg(format('%s %s', x.outcome, x.n), ', ' ORDER BY x.outcome COLLATE "C") INTO by_model FROM (
		SELECT p.outcome, sum(p.n) AS n FROM model.post_pending(s, coalesce(asked, NOT s.is_async), correct) p GROUP BY 1) x WHERE x.n > 0;
	SELECT string_agg(format('%s %s', x.outcome, x.row_count), ', ' ORDER BY x.outcome COLLATE "C") INTO by_engine
	FROM hospital_cost.post_pending(tab::regclass, asked, correct) x WHERE x.row_count > 0;
	INSERT INTO generate.outcome VALUES (step, tab, format('whole %s, correct %s', coalesce(asked, NOT s.is_async), correct), coalesce(by_model, ''), coalesce(by_engine, ''));
END $$;

-- An operation that no trigger sees.
CREATE FUNCTION generate.hide(tab text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	way text := generate.one_of('insert', 'change', 'change', 'delete', 'void', 'refund');
	-- What is no charge any more is found by its encounter alone, so that stays what it was.
	known his.line[] := generate.lines(tab, CASE way WHEN 'change' THEN 'coalesce(btrim(status), '''') NOT IN (''0'', ''9'')' WHEN 'void' THEN format(
		'NOT EXISTS (SELECT FROM model.entry e WHERE e.source = %L AND e.key = model.key(%2$s.tag, %2$s.id) AND e.is_live AND e.encounter <> model.code(visit))', tab, tab) ELSE 'true' END, 1);
	a his.line := known[1];
	switched boolean := generate.chance(0.3);
BEGIN
	IF a.id IS NULL THEN
		RETURN;
	END IF;
	IF switched THEN
		EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', tab);
	ELSE
		SET LOCAL session_replication_role = replica;
	END IF;
	CASE way
	WHEN 'insert' THEN
		EXECUTE format('INSERT INTO %s SELECT * FROM unnest($1)', tab) USING ARRAY[generate.line(tab), generate.line(tab)];
	WHEN 'refund' THEN
		EXECUTE format('INSERT INTO %s SELECT * FROM unnest($1)', tab) USING ARRAY[generate.refund(a), generate.refund(a)];
	WHEN 'change' THEN
		EXECUTE format('UPDATE %s SET %s WHERE msg = $1', tab, generate.one_of('qty = qty + 1', 'visit = ''E7''', 'item = ''I2''', 'total = 11', 'done_by = ''T1''', 'ward = ''C1''',
			'at = ''2025-03-07 12:00+08''', 'ordered_by = ''C1''', 'item = ''I5''', 'price = 3', 'at = at + interval ''1 second''')) USING a.msg;
	WHEN 'void' THEN
		EXECUTE format('UPDATE %s SET status = CASE status WHEN ''9'' THEN ''1'' ELSE ''9'' END WHERE msg = $1', tab) USING a.msg;
	ELSE
		EXECUTE format('DELETE FROM %s WHERE msg = $1', tab) USING a.msg;
	END CASE;
	IF switched THEN
		EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', tab);
		-- what attaching enables for replication only stays so
		EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER zz_hospital_cost_replica', tab);
	ELSE
		SET LOCAL session_replication_role = origin;
	END IF;
END $$;

-- A month is closed if nothing of it waits, and only then.
CREATE FUNCTION generate.close(step int, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	waits boolean := EXISTS (SELECT FROM model.queue) OR EXISTS (SELECT FROM model.issue i WHERE i.is_blocking AND (i.period = month OR i.period IS NULL));
	refused boolean := false;
BEGIN
	BEGIN
		PERFORM hospital_cost.close_period(month);
	EXCEPTION WHEN SQLSTATE 'MC004' THEN
		refused := true;
	END;
	INSERT INTO generate.outcome VALUES (step, 'close', month::text, waits::text, refused::text);
END $$;

-- Whoever keeps the tables makes rows that could not be posted good, or takes them away.
CREATE FUNCTION generate.mend(tab text, most int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	keys text[] := ARRAY(SELECT DISTINCT i.key FROM model.issue i WHERE i.source = tab AND i.is_blocking ORDER BY 1 LIMIT most);
BEGIN
	EXECUTE format('UPDATE %s SET visit = coalesce(model.code(visit), ''E1''), item = ''I1'', qty = 1, done_by = ''T1'', status = ''1'', refund_of = NULL, ref_tag = NULL, total = NULL,
		price = 20, at = CASE WHEN at < ''2025-05-01'' THEN at ELSE ''2025-04-05 10:00+08'' END, class = NULL, reason = ''R1''
		WHERE model.key(tag, id) = ANY ($1) AND random() < 0.7', tab) USING keys;
	EXECUTE format('DELETE FROM %s WHERE model.key(tag, id) = ANY ($1)', tab) USING ARRAY(SELECT DISTINCT i.key FROM model.issue i WHERE i.source = tab AND i.is_blocking
		AND i.key = ANY (keys));
END $$;

-- A month is closed in earnest: all that waits is mended first, and what comes from now on is late.
CREATE FUNCTION generate.close_in_earnest(step int, month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE hospital_cost.hospital SET late_policy = 'to_open_period';
	FOR attempt IN 1 .. 4 LOOP
		PERFORM generate.mend(s.name, 1000) FROM model.source s ORDER BY s.name;
		PERFORM generate.post_pending(step, s.name, true, true) FROM model.source s ORDER BY s.name;
	END LOOP;
	IF EXISTS (SELECT FROM hospital_cost.period p WHERE p.period = month AND p.state = 'open') THEN
		PERFORM generate.close(step, month);
	END IF;
END $$;

CREATE FUNCTION generate.incident(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	way text := generate.one_of('price', 'class', 'encounter', 'hide', 'hide', 'hide', 'pending', 'pending', 'queue', 'queue', 'queue', 'queue', 'close', 'reopen', 'reopen', 'policy', 'mend');
	tab text := generate.one_of('his.fee', 'his.feed', 'his.slow');
	month date := generate.one_of('2025-02-01', '2025-03-01')::date;
BEGIN
	CASE way
	WHEN 'price' THEN
		UPDATE hospital_cost.price SET unit_price = 15 + generate.some(20) WHERE item_code = generate.one_of('I1', 'I2');
	WHEN 'class' THEN
		IF EXISTS (SELECT FROM hospital_cost.price WHERE price_class = 'staff') THEN
			DELETE FROM hospital_cost.price WHERE price_class = 'staff';
		ELSE
			INSERT INTO hospital_cost.price (item_code, price_class, valid, unit_price) VALUES ('I1', 'staff', '[2025-03-01,)', 15), ('I3', 'staff', '(,)', 9.5);
		END IF;
	WHEN 'encounter' THEN
		UPDATE hospital_cost.encounter SET price_class = generate.one_of('staff', 'standard') WHERE code = 'E' || generate.some(40);
	WHEN 'hide' THEN
		PERFORM generate.hide(tab);
	WHEN 'pending' THEN
		PERFORM generate.post_pending(step, tab);
	WHEN 'queue' THEN
		PERFORM generate.post_pending(step, 'his.slow', false, false);
	WHEN 'close' THEN
		IF EXISTS (SELECT FROM hospital_cost.period p WHERE p.period = month AND p.state = 'open') THEN
			IF generate.chance(0.3) THEN
				PERFORM generate.close_in_earnest(step, month);
			ELSE
				PERFORM generate.close(step, month);
			END IF;
		END IF;
	WHEN 'reopen' THEN
		PERFORM hospital_cost.reopen_period(p.period, 'audit') FROM hospital_cost.period p WHERE p.period = month AND p.state = 'closed';
	WHEN 'policy' THEN
		UPDATE hospital_cost.hospital SET late_policy = CASE late_policy WHEN 'refuse' THEN 'to_open_period' ELSE generate.one_of('refuse', 'to_open_period') END;
	ELSE
		PERFORM generate.mend(tab, 5);
	END CASE;
END $$;

CREATE FUNCTION generate.step(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	tab text := generate.one_of('his.fee', 'his.fee', 'his.fee', 'his.feed', 'his.slow');
BEGIN
	IF generate.chance(0.12) THEN
		PERFORM generate.incident(step);
		RETURN;
	END IF;
	PERFORM generate.operate(tab);
	IF generate.chance(0.12) THEN
		BEGIN
			PERFORM generate.operate(tab);
			PERFORM generate.operate(generate.one_of('his.fee', 'his.feed', 'his.slow'));
			RAISE EXCEPTION USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			NULL;
		END;
	END IF;
END $$;
