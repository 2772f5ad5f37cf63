-- What the sessions of 09_sessions.sh play with: three charge tables, and one random step, each in a transaction of its own.
SELECT hospital_cost.open_period('2025-04-01');
DELETE FROM hospital_cost.rule;
CREATE SCHEMA play;
CREATE TABLE play.line (id bigint PRIMARY KEY, visit text, item text, qty numeric, at timestamptz, refund_of bigint);
CREATE TABLE play.message (key text, visit text, item text, qty numeric, at timestamptz, refund_of text);
CREATE TABLE play.queue (LIKE play.line INCLUDING INDEXES);
SELECT hospital_cost.attach_charges(t.name::regclass, jsonb_build_object('source_key', t.key, 'encounter', 'visit', 'item', 'item', 'quantity', 'qty', 'charged_at', 'at',
	'reverses_key', 'refund_of', 'performing_department', '{"constant": "T1"}'::jsonb), t.mode)
FROM (VALUES ('play.line', 'id', 'flag'), ('play.message', 'key', 'flag'), ('play.queue', 'id', 'async')) AS t (name, key, mode);
CREATE SEQUENCE play.number START 1000;

-- Originals have the keys 1 to 60; they are never deleted nor made smaller, so that no refund can come to stand above one by right.
INSERT INTO play.line SELECT i, 'S' || i % 8, 'S1', 3, '2025-03-10 10:00+08' FROM generate_series(1, 60) i;
INSERT INTO play.queue SELECT i, 'S' || i % 8, 'S2', 3, '2025-03-11 10:00+08' FROM generate_series(1, 60) i;

CREATE FUNCTION play.act() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	tab text := CASE WHEN random() < 0.6 THEN 'play.line' ELSE 'play.queue' END;
	dice float := random();
	a int := 1 + floor(random() * 60);
	b int := 1 + floor(random() * 60);
	visit text := 'S' || floor(random() * 8);
	day timestamptz := CASE WHEN random() < 0.5 THEN '2025-03-20 10:00+08' ELSE '2025-04-05 10:00+08' END;
BEGIN
	IF dice < 0.30 THEN
		-- two refunds of the same few originals, one of them perhaps too much
		EXECUTE format('INSERT INTO %s SELECT nextval(''play.number''), f.visit, f.item, -1 - (random() < 0.3)::int, $2, f.id FROM %1$s f WHERE f.id IN ($1 %% 12 + 1, $1)', tab) USING a, day;
	ELSIF dice < 0.40 THEN
		EXECUTE format('UPDATE %s SET qty = qty + 1 WHERE id IN ($1, $2)', tab) USING least(a, b), greatest(a, b);
	ELSIF dice < 0.48 THEN
		EXECUTE format('UPDATE %s SET visit = $2 WHERE id = $1 OR refund_of = $1 AND random() < 0.5', tab) USING a % 12 + 1, visit;
	ELSIF dice < 0.56 THEN
		EXECUTE format('DELETE FROM %s WHERE id = (SELECT id FROM %1$s WHERE id >= 1000 ORDER BY random() LIMIT 1)', tab);
	ELSIF dice < 0.62 THEN
		EXECUTE format('INSERT INTO %s VALUES ($1, $2, ''S1'', 4, ''2025-03-10 10:00+08'') ON CONFLICT (id) DO UPDATE SET qty = %1$s.qty + 1', tab) USING a, visit;
	ELSIF dice < 0.68 THEN
		EXECUTE format('MERGE INTO %s f USING (VALUES ($1::bigint), (nextval(''play.number''))) v (id) ON f.id = v.id WHEN MATCHED THEN UPDATE SET qty = f.qty + 1
			WHEN NOT MATCHED THEN INSERT (id, visit, item, qty, at) VALUES (v.id, ''S1'', ''S1'', 1, $2)', tab) USING a, day;
	ELSIF dice < 0.82 THEN
		-- the same messages from everybody, refunds of them too
		INSERT INTO play.message SELECT 'M' || a + i, 'S' || (a + i) % 8, 'S1', 2, '2025-03-12 10:00+08', NULL FROM generate_series(0, 2) i ORDER BY random();
		INSERT INTO play.message SELECT 'R' || a % 10, 'S' || (a % 10) % 8, 'S1', -2, '2025-03-13 10:00+08', 'M' || a % 10 WHERE random() < 0.3;
	ELSIF dice < 0.90 THEN
		PERFORM hospital_cost.post_pending(CASE WHEN random() < 0.7 THEN 'play.queue' WHEN random() < 0.5 THEN 'play.line' ELSE 'play.message' END::regclass);
	ELSIF dice < 0.94 THEN
		PERFORM hospital_cost.compact_totals();
	ELSIF dice < 0.96 THEN
		PERFORM hospital_cost.close_period('2025-03-01', interval '50 ms');
	ELSIF dice < 0.98 THEN
		PERFORM hospital_cost.reopen_period('2025-03-01', 'play');
	ELSE
		UPDATE hospital_cost.price SET unit_price = unit_price + 0.1 WHERE item_code = 'S1'; -- never below what was given back
	END IF;
	IF random() < 0.1 THEN
		PERFORM pg_sleep(0.01); -- others meet an open transaction
	END IF;
	IF random() < 0.05 THEN
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	END IF;
END $$;
\ir play.sql
