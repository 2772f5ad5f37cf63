-- One random operation of a HIS on one of its charge tables: clean and unclean rows, one or several at once, refunds of all kinds.
CREATE TYPE his.line AS (id bigint, tag text, visit text, item text, qty numeric, price numeric, total numeric, ordered_by text, done_by text, ward text,
	at timestamptz, refund_of bigint, ref_tag text, status text, class text, reason text, note text, msg bigint);
CREATE SEQUENCE his.number;
CREATE SEQUENCE his.message;
CREATE TABLE his.fee OF his.line (PRIMARY KEY (id) DEFERRABLE, UNIQUE (msg), msg WITH OPTIONS DEFAULT nextval('his.message'));
CREATE TABLE his.feed OF his.line (UNIQUE (msg), msg WITH OPTIONS DEFAULT nextval('his.message'));
CREATE INDEX ON his.feed (id);
CREATE TABLE his.slow OF his.line (PRIMARY KEY (id) DEFERRABLE, UNIQUE (msg), msg WITH OPTIONS DEFAULT nextval('his.message'));

CREATE SCHEMA generate;
CREATE FUNCTION generate.one_of(variadic choices text[]) RETURNS text LANGUAGE sql VOLATILE RETURN choices[1 + floor(random() * cardinality(choices))::int];
CREATE FUNCTION generate.some(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE FUNCTION generate.chance(p float) RETURNS boolean LANGUAGE sql VOLATILE RETURN random() < p;
CREATE FUNCTION generate.line(tab text) RETURNS his.line LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r his.line;
BEGIN
	r.id := nextval('his.number');
	r.tag := CASE tab WHEN 'his.feed' THEN generate.one_of('A', ' A ', 'B|C', 'D\') END;
	r.visit := CASE WHEN generate.chance(0.01) THEN ' ' ELSE 'E' || generate.some(40) END;
	r.item := CASE WHEN generate.chance(0.03) THEN 'I4' ELSE generate.one_of('I1', 'I2', 'I3', ' I1', 'I2 ') END;
	r.qty := CASE WHEN generate.chance(0.01) THEN NULL WHEN generate.chance(0.01) THEN 'NaN' WHEN generate.chance(0.01) THEN 2e12
		WHEN generate.chance(0.1) THEN round((random() * 10)::numeric, 6) ELSE generate.some(5) END;
	r.price := CASE WHEN generate.chance(0.5) THEN NULL ELSE round((random() * 50)::numeric, generate.some(8) - 1) END;
	r.total := CASE WHEN generate.chance(0.7) THEN NULL ELSE round((random() * 99)::numeric, generate.some(3)) END;
	r.ordered_by := generate.one_of('C1', 'T1', NULL, '');
	r.done_by := CASE WHEN generate.chance(0.02) THEN 'TX' ELSE generate.one_of('T1', 'T2', ' T2 ') END;
	r.ward := generate.one_of('C1', NULL, NULL);
	r.at := CASE WHEN generate.chance(0.01) THEN 'infinity' WHEN generate.chance(0.01) THEN '2025-06-01 10:00+08'
		ELSE timestamptz '2025-02-01 00:00+08' + random() * interval '89 days' END;
	r.status := CASE WHEN generate.chance(0.08) THEN generate.one_of('0', '9') WHEN generate.chance(0.01) THEN '?' ELSE generate.one_of('1', ' 1 ', NULL) END;
	r.class := CASE WHEN generate.chance(0.1) THEN generate.one_of('staff', 'none') END;
	r.reason := generate.one_of('R1', 'R1', NULL, 'R0');
	r.msg := nextval('his.message');
	RETURN r;
END $$;
-- What gives a line back: a part, the whole, the rest, more than there is, money only; sometimes of another visit or item, sometimes at another price.
CREATE FUNCTION generate.refund(f his.line) RETURNS his.line LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r his.line := f;
	quantity numeric := CASE WHEN f.qty BETWEEN 0.0001 AND 1000 THEN f.qty ELSE 1 END;
BEGIN
	r.id := nextval('his.number');
	r.msg := nextval('his.message');
	r.refund_of := CASE WHEN generate.chance(0.04) THEN -5 WHEN generate.chance(0.96) THEN f.id END;
	r.ref_tag := CASE WHEN r.refund_of IS NOT NULL THEN f.tag END;
	r.status := '1';
	r.qty := -CASE generate.some(6) WHEN 1 THEN quantity WHEN 2 THEN quantity + generate.some(2) WHEN 3 THEN round(quantity / 3, 4) WHEN 4 THEN round(quantity / 2, 4)
		WHEN 5 THEN least(1, quantity) ELSE CASE WHEN generate.chance(0.2) THEN 0 ELSE quantity END END;
	r.total := CASE WHEN r.qty = 0 OR generate.chance(0.15) THEN -round((random() * 30)::numeric, 2) END;
	r.price := CASE WHEN generate.chance(0.6) THEN NULL WHEN generate.chance(0.9) THEN f.price ELSE 7 END;
	r.item := CASE WHEN generate.chance(0.8) THEN f.item ELSE generate.one_of('I1', 'I3', NULL) END;
	r.done_by := CASE WHEN generate.chance(0.8) THEN f.done_by END;
	r.visit := CASE WHEN generate.chance(0.85) THEN f.visit ELSE 'E' || generate.some(40) END;
	r.at := least(f.at, '2025-04-28 10:00+08') + random() * interval '40 hours';
	r.reason := generate.one_of('R1', 'R1', 'R1', 'R1', 'R0', NULL);
	RETURN r;
END $$;
CREATE FUNCTION generate.lines(tab text, condition text, n int) RETURNS his.line[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	result his.line[];
BEGIN
	EXECUTE format('SELECT array_agg(ROW(f.*)::his.line) FROM (SELECT * FROM %s WHERE %s ORDER BY random() LIMIT %s) f', tab, condition, n) INTO result;
	RETURN coalesce(result, '{}');
END $$;

CREATE FUNCTION generate.insert(tab text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	way text := generate.one_of('lines', 'lines', 'lines', 'refund', 'refund', 'refund', 'together', 'together', 'copy', 'again', 'chain');
	known his.line[] := generate.lines(tab, CASE WHEN generate.chance(0.9) THEN 'qty > 0' ELSE 'true' END, generate.some(2));
	came his.line[];
	one his.line;
BEGIN
	IF way = 'again' AND tab = 'his.feed' THEN
		-- the message once more, at times with another content
		came := ARRAY(SELECT ROW(k.id, k.tag, k.visit, k.item, k.qty + CASE WHEN generate.chance(0.3) THEN 1 ELSE 0 END, k.price, k.total, k.ordered_by, k.done_by, k.ward, k.at,
			k.refund_of, k.ref_tag, k.status, k.class, k.reason, k.note, nextval('his.message'))::his.line FROM unnest(known) k);
	ELSIF way = 'refund' THEN
		came := ARRAY(SELECT generate.refund(k) FROM unnest(known) k, generate_series(1, generate.some(2)));
	ELSIF way = 'together' THEN
		one := generate.line(tab);
		came := ARRAY[one, generate.refund(one), generate.refund(one), generate.line(tab)];
		IF generate.chance(0.3) THEN
			came := ARRAY[came[2], came[1], came[3]];
		END IF;
	ELSIF way = 'chain' THEN
		-- the refund of a refund
		known := generate.lines(tab, 'refund_of > 0', 1);
		came := ARRAY(SELECT generate.refund(k) FROM unnest(known) k);
	ELSE
		came := ARRAY(SELECT generate.line(tab) FROM generate_series(1, generate.some(4)));
	END IF;
	IF way = 'copy' THEN
		EXECUTE format('COPY %s FROM PROGRAM %L', tab, 'cat <<''ROWS''' || E'\n' || (SELECT string_agg((SELECT string_agg(coalesce(replace(v.value, '\', '\\'), '\N'), E'\t' ORDER BY v.ord)
			FROM json_each_text(to_json(c)) WITH ORDINALITY AS v (key, value, ord)), E'\n') FROM unnest(came) c) || E'\nROWS\n');
	ELSIF generate.chance(0.2) THEN
		EXECUTE format('WITH x AS MATERIALIZED (SELECT * FROM unnest($1)), y AS (INSERT INTO %s SELECT * FROM x RETURNING id) SELECT count(*) FROM y', tab) USING came;
	ELSE
		EXECUTE format('INSERT INTO %s SELECT * FROM unnest($1)', tab) USING came;
	END IF;
END $$;

-- Whether the entry of a line will be taken back with it: else its key must not come to mean another row. A closed month, or a line made void unseen, keeps it.
CREATE FUNCTION generate.is_free(tab text, f his.line) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN NOT EXISTS (SELECT FROM model.entry e CROSS JOIN LATERAL model.month(e.day) m
		WHERE e.source = tab AND e.key = model.key(f.tag, f.id) AND e.is_live
			AND (m.problem IS NOT NULL OR btrim(f.status) IN ('0', '9')));
END $$;

-- Whether a line may go to another encounter while it is changed to whatever comes. One that has no entry for a while is looked for in the encounter it has.
CREATE FUNCTION generate.may_move(tab text, k text, status text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(btrim(status), '1') = '1' AND EXISTS (SELECT FROM model.entry e WHERE e.source = tab AND e.key = k AND e.is_live);
END $$;

CREATE FUNCTION generate.update(tab text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	way text := generate.one_of('content', 'content', 'content', 'quantity', 'quantity', 'note', 'swap', 'move', 'status', 'status', 'encounter', 'together');
	known his.line[] := generate.lines(tab, 'true', 2);
	a his.line := known[1];
	b his.line := known[2];
	new his.line := generate.line(tab);
BEGIN
	IF way = 'swap' AND NOT (generate.is_free(tab, a) AND generate.is_free(tab, b)) THEN
		way := 'move';
	END IF;
	CASE way
	WHEN 'content' THEN
		EXECUTE format('UPDATE %s f SET visit = CASE WHEN generate.may_move($4, model.key(f.tag, f.id), f.status) THEN coalesce(model.code($1.visit), f.visit) ELSE f.visit END,
			item = $1.item, qty = $1.qty, price = $1.price, total = $1.total, ordered_by = $1.ordered_by, done_by = $1.done_by, at = $1.at, class = $1.class, ward = $1.ward,
			status = $1.status WHERE f.msg IN ($2, $3) AND (f.refund_of IS NULL OR random() < 0.3)', tab) USING new, a.msg, b.msg, tab;
	WHEN 'quantity' THEN
		EXECUTE format('UPDATE %s SET qty = qty + $2 WHERE msg %% 131 = $1 %% 131', tab) USING a.msg, generate.some(2) - 1.5;
	WHEN 'note' THEN
		EXECUTE format('UPDATE %s SET note = ''seen'', visit = visit WHERE msg %% 31 = $1 %% 31', tab) USING a.msg;
	WHEN 'swap' THEN
		EXECUTE format('UPDATE %s SET id = CASE msg WHEN $1 THEN $4 ELSE $3 END, tag = CASE msg WHEN $1 THEN $6 ELSE $5 END WHERE msg IN ($1, $2)', tab)
			USING a.msg, b.msg, a.id, b.id, a.tag, b.tag;
	WHEN 'move' THEN
		EXECUTE format('UPDATE %s SET id = $2 WHERE msg = $1', tab) USING a.msg, new.id;
	WHEN 'status' THEN
		EXECUTE format('UPDATE %s SET status = $2 WHERE msg %% 151 = $1 %% 151', tab) USING a.msg, generate.one_of('0', '1', '1', '1', '9');
	WHEN 'encounter' THEN
		EXECUTE format('UPDATE %s SET visit = $2 WHERE msg IN (SELECT msg FROM %1$s WHERE visit = $1 AND btrim(status) = ''1'' ORDER BY msg DESC LIMIT 6)', tab) USING a.visit, coalesce(model.code(new.visit), 'E1');
	ELSE
		-- originals and their refunds at once
		EXECUTE format('UPDATE %s SET note = ''u'', qty = qty * 2, ward = ''C1'' WHERE id = $1 OR refund_of = $1 OR id = $2 OR refund_of = $2', tab) USING a.id, a.refund_of;
	END CASE;
END $$;

CREATE FUNCTION generate.other(tab text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	way text := generate.one_of('delete', 'delete', 'delete', 'conflict', 'conflict', 'merge', 'replace', 'compact');
	known his.line[] := generate.lines(tab, 'true', 2);
	a his.line := known[1];
	b his.line := known[2];
	new his.line := generate.line(tab);
BEGIN
	IF way = 'replace' AND NOT generate.is_free(tab, a) THEN
		way := 'delete';
	END IF;
	CASE way
	WHEN 'delete' THEN
		EXECUTE format('DELETE FROM %s WHERE msg IN ($1, $2)', tab) USING a.msg, CASE WHEN generate.chance(0.5) THEN b.msg END;
	WHEN 'conflict' THEN
		EXECUTE format('INSERT INTO %s SELECT * FROM unnest($1) ON CONFLICT (msg) DO %s', tab,
			generate.one_of('NOTHING', 'UPDATE SET qty = excluded.qty + 1', 'UPDATE SET item = excluded.item, total = excluded.total')) USING ARRAY[a, new, b];
	WHEN 'merge' THEN
		EXECUTE format('MERGE INTO %s f USING unnest($1) v ON f.msg = v.msg
			WHEN MATCHED AND f.qty > 3 THEN DELETE
			WHEN MATCHED THEN UPDATE SET qty = 5
			WHEN NOT MATCHED THEN INSERT (id, tag, visit, item, qty, done_by, at, msg) VALUES (v.id, v.tag, v.visit, v.item, 2, v.done_by, v.at, v.msg)', tab) USING ARRAY[a, new, b];
	WHEN 'replace' THEN
		EXECUTE format('WITH gone AS (DELETE FROM %s WHERE msg = $1 RETURNING *)
			INSERT INTO %1$s SELECT g.id, g.tag, g.visit, g.item, g.qty + 1, g.price, g.total, g.ordered_by, g.done_by, g.ward, g.at, g.refund_of, g.ref_tag, g.status, g.class,
				g.reason, g.note, $2 FROM gone g', tab) USING a.msg, new.msg;
	ELSE
		PERFORM hospital_cost.compact_totals();
	END CASE;
END $$;
CREATE FUNCTION generate.operate(tab text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	dice float := random();
BEGIN
	IF dice < 0.48 OR cardinality(generate.lines(tab, 'true', 5)) < 5 THEN
		PERFORM generate.insert(tab);
	ELSIF dice < 0.78 THEN
		PERFORM generate.update(tab);
	ELSE
		PERFORM generate.other(tab);
	END IF;
END $$;
