-- Oracle of payments: random operations of a HIS, and what must be true after them, worked out from the hospital's table alone. A payment or deposit that can be
-- read is posted, as it is. Of refunds the order of events decides which are posted, so the model says what any order owes: none exceeds, none waits
-- without need. Accounts, issues and the list of unposted rows must agree with that.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set steps 600
\set seed `echo "${HC_SEED:-$(date +%s)}"`
SELECT set_config('model.steps', :'steps', false) \g /dev/null
BEGIN;
SELECT plan(7);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
CREATE SCHEMA his;
-- A key that can come twice for a while is settled in SQL; one that cannot is, for ordinary payments, entered in C. Both in turn.
SELECT CASE WHEN :seed % 2 = 0 THEN 'DEFERRABLE' ELSE '' END AS deferrable, set_config('model.deferrable', (:seed % 2 = 0)::text, false) \gset
CREATE TABLE his.payment (id int PRIMARY KEY :deferrable, visit text, type text, way text, money numeric, at timestamptz, refund_of int, note text);
SELECT hospital_cost.attach_payments('his.payment', '{"source_key": "id", "encounter": "visit", "kind": "type", "method": "way", "amount": "money", "paid_at": "at",
	"reverses_key": "refund_of"}') \g /dev/null

CREATE SCHEMA model;
CREATE FUNCTION model.any(anyarray) RETURNS anyelement LANGUAGE sql AS $$ SELECT ($1)[1 + floor(random() * cardinality($1))::int] $$;
CREATE FUNCTION model.visit() RETURNS text LANGUAGE sql RETURN model.any(ARRAY['E1', 'E2', 'E3', 'E4', ' E1', '']);
CREATE FUNCTION model.id() RETURNS int LANGUAGE sql RETURN 1 + floor(random() * 60)::int;
CREATE FUNCTION model.rows(n int) RETURNS SETOF his.payment LANGUAGE sql AS $$
	SELECT DISTINCT ON (id) model.id() AS id, model.visit(), k.kind, model.any(ARRAY['cash', 'card', 'cash', NULL]),
		round((random() * 100)::numeric, model.any(ARRAY[0, 2, 3])) * CASE WHEN random() < 0.1 THEN -1 ELSE 1 END,
		model.any(ARRAY['2025-02-28 23:30+08', '2025-03-05 10:00+08', '2025-04-01 00:00+08', 'infinity']::timestamptz[]),
		CASE WHEN k.kind LIKE '%refund' AND random() < 0.8 THEN model.id() END, NULL
	FROM generate_series(1, n) i
	CROSS JOIN LATERAL (SELECT model.any(ARRAY['payment', 'payment', 'deposit', 'refund', 'refund', 'deposit_refund', 'gift']) AS kind WHERE i > 0) k
	ORDER BY 1 $$;
CREATE FUNCTION model.step() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE floor(random() * 10)
	WHEN 0, 1 THEN INSERT INTO his.payment SELECT r.* FROM model.rows(1 + floor(random() * 8)::int) r WHERE NOT EXISTS (SELECT FROM his.payment p WHERE p.id = r.id);
	WHEN 2 THEN
		MERGE INTO his.payment p USING (SELECT * FROM model.rows(6)) r ON p.id = r.id
		WHEN MATCHED AND r.money < 20 THEN DELETE WHEN MATCHED THEN UPDATE SET money = r.money, visit = r.visit, refund_of = r.refund_of
		WHEN NOT MATCHED THEN INSERT VALUES (r.id, r.visit, r.type, r.way, r.money, r.at, r.refund_of, r.note);
	WHEN 3 THEN UPDATE his.payment SET money = round(money * (random() * 2)::numeric, 2) WHERE id % 7 = floor(random() * 7);
	WHEN 4 THEN UPDATE his.payment SET visit = model.visit(), way = 'cash' WHERE id = model.id();
	WHEN 5 THEN UPDATE his.payment SET type = model.any(ARRAY['payment', 'deposit', 'refund', 'deposit_refund']), note = 'x' WHERE id = model.id();
	WHEN 6 THEN DELETE FROM his.payment WHERE id BETWEEN model.id() AND model.id() AND random() < 0.3;
	WHEN 7 THEN IF current_setting('model.deferrable')::boolean THEN
			UPDATE his.payment SET id = CASE id % 2 WHEN 0 THEN id - 1 ELSE id + 1 END WHERE (id + 1) / 2 BETWEEN 5 AND 8;
		ELSE
			UPDATE his.payment SET id = -CASE id % 2 WHEN 0 THEN id - 1 ELSE id + 1 END WHERE (id + 1) / 2 BETWEEN 5 AND 8;
			UPDATE his.payment SET id = -id WHERE id < 0;
		END IF;
	WHEN 8 THEN UPDATE his.payment SET refund_of = model.id() WHERE type LIKE '%refund' AND id % 5 = floor(random() * 5);
	ELSE WITH gone AS (DELETE FROM his.payment WHERE id % 9 = 3 RETURNING *) INSERT INTO his.payment SELECT id + 1000, visit, type, way, money, at, refund_of, note FROM gone;
		UPDATE his.payment SET id = id - 1000 WHERE id > 1000;
	END CASE;
END $$;

-- Rows in the words of the ledger, as far as they can be read by themselves.
CREATE VIEW model.row AS
SELECT p.id, nullif(btrim(p.visit), '') AS visit, p.type AS kind, p.way AS method, round(p.money, 2) * CASE WHEN p.type LIKE '%refund' THEN -sign(p.money) ELSE 1 END AS amount,
	(p.at AT TIME ZONE 'Asia/Shanghai')::date AS day, p.refund_of
FROM (SELECT * FROM his.payment x WHERE isfinite(x.at)) p
WHERE p.type <> 'gift' AND p.way IS NOT NULL AND p.money IS NOT NULL AND (p.money >= 0 OR p.type LIKE '%refund')
	AND (btrim(p.visit) <> '' OR p.type LIKE '%refund' AND p.refund_of IS NOT NULL);
CREATE VIEW model.live AS
SELECT l.source_key::int AS id, l.* FROM hospital_cost.payment_ledger l WHERE l.entry <> 'reverse'
	AND NOT EXISTS (SELECT FROM hospital_cost.payment_ledger r WHERE r.reverses = l.entry_id AND r.entry = 'reverse');
-- What a refund has to draw on, were it not there itself. One that names a deposit takes from the deposits, whatever it is called.
CREATE VIEW model.deposit_move AS
SELECT l.id, l.encounter_code AS visit, l.amount FROM model.live l WHERE l.kind IN ('deposit', 'deposit_refund')
UNION ALL SELECT l.id, d.encounter_code, l.amount FROM model.live l JOIN model.live d ON d.id::text = l.reverses_key AND d.kind = 'deposit' WHERE l.kind = 'refund';
CREATE VIEW model.refund AS
SELECT r.*, o.visit AS original_visit, o.id IS NOT NULL AS has_original, l.id IS NOT NULL AS posted, r.kind = 'refund' AND o.kind IS DISTINCT FROM 'deposit' AS is_plain,
	o.amount + coalesce((SELECT sum(x.amount) FROM model.live x WHERE x.reverses_key = r.refund_of::text AND x.id <> r.id AND x.kind LIKE '%refund'), 0) AS room,
	(SELECT coalesce(sum(x.amount), 0) FROM model.deposit_move x WHERE x.visit = CASE r.kind WHEN 'refund' THEN o.visit ELSE coalesce(r.visit, o.visit) END AND x.id <> r.id) AS deposits
FROM model.row r
LEFT JOIN model.row o ON o.id = r.refund_of AND o.kind IN ('payment', 'deposit')
LEFT JOIN model.live l ON l.id = r.id
WHERE r.kind LIKE '%refund';
CREATE TABLE model.difference (step int, what text, detail text);
CREATE FUNCTION model.compare(step int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO model.difference
	SELECT step, 'payments', x::text FROM (
		(SELECT id, visit, kind, method, amount, day FROM model.row WHERE kind NOT LIKE '%refund'
			EXCEPT ALL SELECT id, encounter_code, kind, method, amount, day FROM model.live WHERE kind NOT LIKE '%refund')
		UNION ALL (SELECT id, encounter_code, kind, method, amount, day FROM model.live WHERE kind NOT LIKE '%refund'
			EXCEPT ALL SELECT id, visit, kind, method, amount, day FROM model.row WHERE kind NOT LIKE '%refund')) x;
	INSERT INTO model.difference
	SELECT step, 'refund posted that says otherwise', l.id::text FROM model.live l LEFT JOIN model.refund r ON r.id = l.id
	WHERE l.kind LIKE '%refund' AND (r.kind, r.method, r.amount, r.day, r.refund_of::text, coalesce(r.visit, r.original_visit))
		IS DISTINCT FROM (l.kind, l.method, l.amount, l.day, l.reverses_key, l.encounter_code);
	INSERT INTO model.difference
	SELECT step, CASE WHEN r.posted THEN 'refund that exceeds' ELSE 'refund that waits without need' END, format('%s: %s, room %s, deposits %s', r.id, r.amount, r.room, r.deposits)
	FROM model.refund r
	WHERE r.posted IS DISTINCT FROM (coalesce(r.visit, r.original_visit) IS NOT NULL AND coalesce(r.room + r.amount >= 0, true) AND (r.is_plain OR r.deposits + r.amount >= 0));
	INSERT INTO model.difference
	SELECT step, 'unposted', coalesce(u.source_key, p.id::text) FROM hospital_cost.unposted_payments('his.payment') u
	FULL JOIN (SELECT p.id FROM his.payment p WHERE NOT EXISTS (SELECT FROM model.live l WHERE l.id = p.id)) p ON p.id::text = u.source_key
	WHERE u.source_key IS NULL OR p.id IS NULL OR u.issue IS NULL;
	INSERT INTO model.difference
	SELECT step, 'issue of a row that is not there, or is posted', i.source_key FROM hospital_cost.posting_issue i WHERE i.state = 'open' AND CASE i.severity WHEN 'blocking'
		THEN EXISTS (SELECT FROM model.live l WHERE l.id::text = i.source_key) ELSE NOT EXISTS (SELECT FROM model.live l WHERE l.entry_id = i.entry_id) END;
	INSERT INTO model.difference
	SELECT step, 'warning', r.id::text FROM model.refund r WHERE r.posted AND (NOT r.has_original AND r.refund_of IS NOT NULL) <> EXISTS (
		SELECT FROM hospital_cost.posting_issue i WHERE i.source_key = r.id::text AND i.state = 'open' AND i.code = 'original_not_found');
	INSERT INTO model.difference
	SELECT step, 'account', v.visit FROM (SELECT DISTINCT encounter_code AS visit FROM hospital_cost.payment_ledger) v CROSS JOIN LATERAL hospital_cost.encounter_account(v.visit) a
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(l.amount) FILTER (WHERE l.kind = 'payment'), 0) AS payments, coalesce(sum(l.amount) FILTER (WHERE l.kind = 'deposit'), 0) AS deposits,
			-coalesce(sum(l.amount) FILTER (WHERE l.kind = 'refund'), 0) AS refunds, -coalesce(sum(l.amount) FILTER (WHERE l.kind = 'deposit_refund'), 0) AS deposit_refunds,
			coalesce(sum(l.amount), 0) AS balance
		FROM model.live l WHERE l.encounter_code = v.visit) m
	WHERE (a.payments, a.deposits, a.refunds, a.deposit_refunds, a.balance) IS DISTINCT FROM (m.payments, m.deposits, m.refunds, m.deposit_refunds, m.balance); $$;
DO $$
DECLARE
	steps int := current_setting('model.steps')::int;
BEGIN
	FOR step IN 1 .. steps LOOP
		BEGIN
			PERFORM model.step();
			IF random() < 0.1 THEN
				RAISE EXCEPTION 'taken back' USING ERRCODE = 'HC000';
			END IF;
		EXCEPTION WHEN SQLSTATE 'HC000' THEN NULL;
		END;
		IF step = steps / 2 THEN
			DELETE FROM his.payment p WHERE NOT EXISTS (SELECT FROM model.live l WHERE l.id = p.id);
			PERFORM hospital_cost.close_period('2025-02-01');
		END IF;
		IF step % 20 = 0 THEN
			PERFORM model.compare(step);
			EXIT WHEN EXISTS (SELECT FROM model.difference);
		END IF;
	END LOOP;
END $$;
SELECT is_empty('SELECT * FROM model.difference ORDER BY step, what LIMIT 8', 'entries, refunds, issues, unposted rows and accounts are what the table says, all along');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.payment_ledger), '>', (:steps)::bigint, 'much was posted');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.payment_ledger WHERE entry = 'refund'), '>', (:steps / 10)::bigint, 'some of it given back');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.posting_issue i WHERE i.code IN ('refund_exceeds', 'deposit_exceeded')), '>', (:steps / 20)::bigint, 'some was too much');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.payment_ledger l WHERE 'late' = ANY (l.flags)), '>', 0::bigint, 'some came late');
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_payments(p.period) v WHERE v.difference <> 0$$, 'every identity of every month holds');
SELECT is((SELECT jsonb_object_agg(outcome, row_count) -> 'posted' FROM hospital_cost.post_pending_payments('his.payment')), '0', 'and nothing is left for post_pending_payments()');
SELECT * FROM finish();
ROLLBACK;
