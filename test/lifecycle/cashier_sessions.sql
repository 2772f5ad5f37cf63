-- What the sessions of 11_cashier_sessions.sh play with: a payment table, three cashiers, a channel, and one random step, each in a transaction of its own.
SELECT hospital_cost.load_defaults();
CREATE SCHEMA play;
CREATE TABLE play.pay (id bigint PRIMARY KEY, visit text, type text, way text, money numeric(12,2), at timestamptz, clerk text, refund_of bigint, ref text);
SELECT hospital_cost.attach_payments('play.pay', '{"source_key": "id", "encounter": "visit", "kind": "type", "method": "way", "amount": "money", "paid_at": "at",
	"reverses_key": "refund_of", "operator": "clerk", "external_reference": "ref"}');
INSERT INTO hospital_cost.cashier (code, name, login) SELECT c, c, session_user FROM unnest('{A,B,C}'::text[]) c;
INSERT INTO hospital_cost.payment_method (code, name, channel) VALUES ('cash', 'x', 'cash'), ('wx', 'x', 'wechat');
INSERT INTO hospital_cost.statement_format (kind, name, methods, transit_days) VALUES ('wx', 'x', '{wx}', 0);
CREATE TABLE play.stated (id bigint PRIMARY KEY);
CREATE SEQUENCE play.number;

-- What the channel says: of each payment once, as it is then; of some nothing, of some a cent more.
CREATE FUNCTION play.state(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	lines jsonb;
BEGIN
	WITH fresh AS (
		INSERT INTO play.stated SELECT p.id FROM play.pay p WHERE p.way = 'wx' AND p.at::date = day AND p.id % 31 > 0 ON CONFLICT DO NOTHING RETURNING id
	)
	SELECT coalesce(jsonb_agg(jsonb_build_object('reference', p.ref, 'at', p.at,
		'amount', CASE WHEN p.type LIKE '%refund' THEN -p.money ELSE p.money END + CASE WHEN p.id % 37 = 0 THEN 0.01 ELSE 0 END)), '[]') INTO lines
	FROM fresh f JOIN play.pay p USING (id);
	PERFORM hospital_cost.load_statement('wx', day, lines);
END $$;
CREATE FUNCTION play.act() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	dice float := random();
	whose text := substr('ABC', 1 + floor(random() * 3)::int, 1);
	chosen bigint := (SELECT p.id FROM play.pay p ORDER BY random() LIMIT 1);
BEGIN
	IF dice < 0.45 THEN
		INSERT INTO play.pay SELECT n.id, 'V' || n.id % 20, CASE WHEN random() < 0.7 THEN 'payment' ELSE 'deposit' END, CASE WHEN random() < 0.5 THEN 'cash' ELSE 'wx' END,
			round((random() * 100)::numeric, 2), date '2025-03-05' + (random() < 0.5)::int + time '10:00', whose, NULL, 'X' || n.id
		FROM (SELECT nextval('play.number') AS id FROM generate_series(1, 1 + floor(random() * 4)::int)) n;
	ELSIF dice < 0.60 THEN
		INSERT INTO play.pay SELECT n.id, p.visit, CASE p.type WHEN 'payment' THEN 'refund' ELSE 'deposit_refund' END, p.way, round(p.money * random()::numeric * 1.1, 2), p.at, whose, p.id, 'X' || n.id
		FROM play.pay p, (SELECT nextval('play.number') AS id) n WHERE p.id = chosen AND p.type IN ('payment', 'deposit');
	ELSIF dice < 0.68 THEN
		UPDATE play.pay SET money = round(money * random()::numeric, 2) WHERE id = chosen;
	ELSIF dice < 0.74 THEN
		UPDATE play.pay p SET clerk = whose WHERE p.id = chosen;
	ELSIF dice < 0.80 THEN
		DELETE FROM play.pay WHERE id = chosen;
	ELSIF dice < 0.92 THEN
		PERFORM hospital_cost.close_shift(hospital_cost.open_shift(cashier => whose), floor(random() * 500)::int, floor(random() * 20)::int);
	ELSE
		PERFORM play.state(d.day), hospital_cost.reconcile('wx', d.day) FROM (SELECT date '2025-03-05' + (random() < 0.5)::int AS day) d;
	END IF;
	IF random() < 0.2 THEN
		PERFORM pg_sleep(random() * 0.03); -- others meet an open transaction
	END IF;
	IF random() < 0.05 THEN
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	END IF;
END $$;
\ir play.sql
