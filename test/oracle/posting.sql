-- Oracle of posting: a model in row triggers of plpgsql beside our statement triggers, under a random stream of the operations a HIS makes.
-- The model knows what each row should stand for; the ledger, the totals and the list of unposted rows must agree with it all along.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set steps 1500
\set seed `echo "${HC_SEED:-$(date +%s)}"`
SELECT set_config('model.steps', :'steps', false) \g /dev/null
BEGIN;
SELECT plan(12);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('T1', 'x', 'technical'), ('T2', 'x', 'technical'), ('C1', 'x', 'clinical');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('I1', 'x', '03'), ('I2', 'x', '04'), ('I3', 'x', '04');
INSERT INTO hospital_cost.price (item_code, unit_price, ceiling) VALUES ('I1', 20, 25), ('I2', 33.333333, NULL);
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null

CREATE SCHEMA his;
CREATE TABLE his.fee (uid bigserial, id bigint PRIMARY KEY DEFERRABLE, visit text, item text, qty numeric, price numeric, total numeric,
	ordered_by text, done_by text, at timestamptz, refund_of bigint, note text);
CREATE SCHEMA model;
CREATE TABLE model.live (uid bigint PRIMARY KEY, key bigint, visit text, item text, dept text, day date, quantity numeric, price numeric, amount numeric);
CREATE TABLE model.total (period date, dept text, item text, entries bigint, quantity numeric, amount numeric, PRIMARY KEY (period, dept, item));

CREATE FUNCTION model.period(day date) RETURNS date LANGUAGE sql
RETURN (SELECT min(p.period) FROM hospital_cost.period p WHERE p.state = 'open' AND p.period >= date_trunc('month', day));
CREATE FUNCTION model.book(e model.live, sign int) RETURNS void LANGUAGE sql BEGIN ATOMIC
	INSERT INTO model.total AS t VALUES (model.period(e.day), e.dept, e.item, 1, sign * e.quantity, sign * e.amount)
	ON CONFLICT (period, dept, item) DO UPDATE SET entries = t.entries + 1, quantity = t.quantity + excluded.quantity, amount = t.amount + excluded.amount;
END;
-- What a row should stand for, or nothing if it cannot be posted.
CREATE FUNCTION model.expect(r his.fee) RETURNS SETOF model.live LANGUAGE sql AS $$
	SELECT r.uid, r.id, btrim(r.visit), btrim(r.item), btrim(r.done_by), d.day, round(r.qty, 4), p.price, coalesce(round(r.total, 2), round(round(r.qty, 4) * p.price, 2))
	FROM (SELECT (r.at AT TIME ZONE 'Asia/Shanghai')::date AS day WHERE isfinite(r.at)) d
	CROSS JOIN LATERAL (SELECT coalesce(round(r.price, 6),
		(SELECT x.unit_price FROM hospital_cost.price x WHERE x.item_code = btrim(r.item) AND x.valid @> d.day),
		CASE WHEN r.total IS NOT NULL THEN coalesce(round(round(r.total, 2) / nullif(round(r.qty, 4), 0), 6), 0) END) AS price) p
	WHERE btrim(r.visit) <> '' AND r.qty <> 'NaN' AND p.price IS NOT NULL AND model.period(d.day) IS NOT NULL
		AND EXISTS (SELECT FROM hospital_cost.charge_item i WHERE i.code = btrim(r.item))
		AND EXISTS (SELECT FROM hospital_cost.department x WHERE x.code = btrim(r.done_by))
		AND (coalesce(btrim(r.ordered_by), '') = '' OR EXISTS (SELECT FROM hospital_cost.department x WHERE x.code = btrim(r.ordered_by))) $$;
CREATE FUNCTION model.follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	e model.live;
BEGIN
	IF TG_OP = 'UPDATE' AND (to_jsonb(OLD) - 'note') = (to_jsonb(NEW) - 'note') THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		DELETE FROM model.live l WHERE l.uid = OLD.uid RETURNING * INTO e;
		IF FOUND THEN
			PERFORM model.book(e, -1);
		END IF;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO model.live SELECT * FROM model.expect(NEW) RETURNING * INTO e;
		IF FOUND THEN
			PERFORM model.book(e, 1);
		END IF;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER aa_model AFTER INSERT OR UPDATE OR DELETE ON his.fee FOR EACH ROW EXECUTE FUNCTION model.follow();
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price",
	"amount": "total", "ordering_department": "ordered_by", "performing_department": "done_by", "charged_at": "at", "reverses_key": "refund_of"}') \g /dev/null

-- An entry is live unless a changed row made it or took it back.
CREATE VIEW model.ledger AS
SELECT l.source_key::bigint AS key, l.encounter_code AS visit, l.item_code AS item, l.performing_department_code AS dept, l.service_day AS day, l.quantity, l.unit_price AS price, l.amount
FROM hospital_cost.ledger l
WHERE NOT 'source_changed' = ANY (l.flags)
	AND NOT EXISTS (SELECT FROM hospital_cost.ledger r WHERE r.reverses = l.entry_id AND 'source_changed' = ANY (r.flags));
CREATE VIEW model.entry_total AS
SELECT l.period::date AS period, l.performing_department_code AS dept, l.item_code AS item, count(*) AS entries, sum(l.quantity) AS quantity, sum(l.amount) AS amount
FROM hospital_cost.ledger l GROUP BY 1, 2, 3;
CREATE TABLE model.difference (step int, what text, detail text);
CREATE FUNCTION model.compare(step int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO model.difference
	(SELECT step, 'in the model only', x::text FROM (SELECT key, visit, item, dept, day, quantity, price, amount FROM model.live EXCEPT ALL TABLE model.ledger) x LIMIT 3);
	INSERT INTO model.difference
	(SELECT step, 'in the ledger only', x::text FROM (TABLE model.ledger EXCEPT ALL SELECT key, visit, item, dept, day, quantity, price, amount FROM model.live) x LIMIT 3);
	INSERT INTO model.difference
	(SELECT step, 'total of entries', x::text FROM (TABLE model.entry_total EXCEPT TABLE model.total) x LIMIT 3);
	INSERT INTO model.difference
	(SELECT step, 'charge_total', x::text FROM (SELECT t.period::date, t.performing_department_code, i.category, sum(t.entries), sum(t.amount) FROM hospital_cost.charge_total t
		JOIN (SELECT DISTINCT category FROM hospital_cost.charge_item) i USING (category) GROUP BY 1, 2, 3
		EXCEPT SELECT t.period, t.dept, i.category, sum(t.entries), sum(t.amount) FROM model.total t JOIN hospital_cost.charge_item i ON i.code = t.item GROUP BY 1, 2, 3) x LIMIT 3);
	INSERT INTO model.difference
	(SELECT step, 'unposted', coalesce(u.source_key, f.id::text) FROM hospital_cost.unposted('his.fee') u
		FULL JOIN (SELECT f.id FROM his.fee f WHERE NOT EXISTS (SELECT FROM model.live l WHERE l.uid = f.uid)) f ON f.id::text = u.source_key
		WHERE u.source_key IS NULL OR f.id IS NULL LIMIT 3);
	INSERT INTO model.difference
	(SELECT step, 'unposted without an open blocking issue', u.source_key FROM hospital_cost.unposted('his.fee') u WHERE u.issue IS NULL LIMIT 3);
	INSERT INTO model.difference
	(SELECT step, 'blocking issue of a posted row', i.source_key FROM hospital_cost.posting_issue i JOIN model.live l ON l.key::text = i.source_key
		WHERE i.severity = 'blocking' AND i.state = 'open' LIMIT 3); $$;
\ir generate/charge.sql
DO $$
DECLARE
	steps int := current_setting('model.steps')::int;
BEGIN
	FOR step IN 1 .. steps LOOP
		PERFORM model.step(step);
		IF step = steps / 3 THEN
			-- February is closed: what concerns it from now on is late.
			DELETE FROM his.fee f WHERE NOT EXISTS (SELECT FROM model.live l WHERE l.uid = f.uid);
			PERFORM hospital_cost.close_period('2025-02-01');
		ELSIF step = steps / 2 THEN
			INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('I4', 'x', '03');
		END IF;
		IF step % 100 = 0 THEN
			PERFORM model.compare(step);
		END IF;
	END LOOP;
END $$;

SELECT is_empty('SELECT * FROM model.difference ORDER BY step, what LIMIT 8', 'ledger, totals and unposted rows agree with the model, all along');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.ledger), '>', (:steps)::bigint, 'much was posted');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.unposted('his.fee')), '>', 0::bigint, 'some rows could not be');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.ledger l WHERE 'late' = ANY (l.flags)), '>', 0::bigint, 'some came late');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.ledger l WHERE l.kind = 'reverse' AND NOT 'source_changed' = ANY (l.flags)), '>', 0::bigint, 'some gave back');
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v WHERE v.difference <> 0$$,
	'every identity of every month holds');
SELECT is_empty($$SELECT r.entry_id FROM hospital_cost.ledger r JOIN hospital_cost.ledger o ON o.entry_id = r.reverses
	WHERE 'source_changed' = ANY (r.flags) AND (r.quantity, r.amount, r.item_code, r.encounter_code, r.service_day)
	IS DISTINCT FROM (-o.quantity, -o.amount, o.item_code, o.encounter_code, o.service_day)$$, 'a reversal mirrors what it reverses');
SELECT is_empty('SELECT reverses FROM hospital_cost.ledger WHERE ''source_changed'' = ANY (flags) GROUP BY 1 HAVING count(*) > 1', 'no entry is taken back twice');

-- keys that move up by one, across the batches of one statement: each row keeps its own entry
DELETE FROM hospital_cost.rule;
DELETE FROM his.fee;
INSERT INTO his.fee (id, visit, item, qty, done_by, at) SELECT i, 'K' || i % 3, 'I1', i % 7 + 1, 'T1', '2025-03-10 10:00+08' FROM generate_series(1, 1300) i;
UPDATE his.fee SET id = id + 1;
DELETE FROM model.difference;
SELECT model.compare(0) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 4', 'keys moved up by one in one statement');
UPDATE his.fee SET item = 'UNKNOWN' WHERE id % 2 = 0;
UPDATE his.fee SET id = id + 1;
SELECT model.compare(0) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 4', 'and again with rows that cannot be posted among them');
UPDATE hospital_cost.charge_item SET code = 'UNKNOWN' WHERE code = 'I4' AND NOT EXISTS (SELECT FROM hospital_cost.ledger WHERE item_code = 'I4');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('UNKNOWN', 'x') ON CONFLICT DO NOTHING;
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('UNKNOWN', 5);
SELECT results_eq($$SELECT p.row_count FROM hospital_cost.post_pending('his.fee') p WHERE p.outcome = 'posted'$$,
	$$SELECT count(*) FROM his.fee WHERE item = 'UNKNOWN'$$, 'post_pending() posts what waited, once its item is known');
SELECT is_empty($$SELECT v.* FROM hospital_cost.verify_ledger('2025-03-01') v WHERE v.difference <> 0$$, 'every identity holds at the end');

SELECT * FROM finish();
ROLLBACK;
