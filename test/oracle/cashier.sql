-- Oracle of the day close: a random stream of what an office does (pay, refund, correct, delete, late money, floats, closes, reviews) and what each close must
-- expect, foretold from the hospital's own table: all closes of a cashier so far together hold exactly what that table says of him at that moment, so a close
-- holds the change since his last one. Counts are planted with differences, and long_short must name these and no others.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set steps 700
\set seed `echo "${HC_SEED:-$(date +%s)}"`
SELECT set_config('model.steps', :'steps', false) \g /dev/null
BEGIN;
SELECT plan(12);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
CREATE ROLE model_desk;
CREATE ROLE model_lead;
GRANT USAGE ON SCHEMA hospital_cost TO model_desk, model_lead;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA hospital_cost TO model_desk, model_lead;
INSERT INTO hospital_cost.cashier (code, name, login) VALUES ('A', 'a', 'model_desk'), ('B', 'b', 'model_desk'), ('C', 'c', 'model_desk');
INSERT INTO hospital_cost.payment_method (code, name, channel) VALUES ('cash', 'x', 'cash'), ('coins', 'x', 'cash'), ('wx', 'x', 'wechat');
CREATE SCHEMA his;
CREATE TABLE his.payment (id int PRIMARY KEY, visit text, type text, way text, money numeric, at timestamptz, refund_of int, clerk text);
SELECT hospital_cost.attach_payments('his.payment', '{"source_key": "id", "encounter": "visit", "kind": "type", "method": "way", "amount": "money", "paid_at": "at", "reverses_key": "refund_of",
	"operator": "clerk"}') \g /dev/null

CREATE SCHEMA model;
CREATE FUNCTION model.any(anyarray) RETURNS anyelement LANGUAGE sql AS $$ SELECT ($1)[1 + floor(random() * cardinality($1))::int] $$;
-- What the table says of a cashier now, of rows that were accepted: those that are posted as they stand.
CREATE VIEW model.row AS
SELECT p.id, p.clerk, p.way, CASE WHEN p.type LIKE '%refund' THEN -p.money ELSE p.money END AS amount FROM his.payment p
WHERE NOT EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.source_key = p.id::text AND i.state = 'open' AND i.severity = 'blocking');
CREATE VIEW model.now AS
SELECT c.code AS clerk, coalesce(sum(r.amount), 0) AS amount, coalesce(sum(r.amount) FILTER (WHERE r.way IN ('cash', 'coins')), 0) AS cash
FROM hospital_cost.cashier c LEFT JOIN model.row r ON r.clerk = c.code GROUP BY c.code;
-- What the model knows of each cashier: closed so far, the float in the drawer, handed out since the last close.
CREATE TABLE model.desk (clerk text PRIMARY KEY, amount numeric DEFAULT 0, cash numeric DEFAULT 0, drawer numeric DEFAULT 0, moved numeric DEFAULT 0, closes int DEFAULT 0);
INSERT INTO model.desk (clerk) VALUES ('A'), ('B'), ('C');
CREATE TABLE model.planted (shift_id bigint PRIMARY KEY, difference numeric);
CREATE TABLE model.difference (step int, what text, detail text);
CREATE FUNCTION model.as(login text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
	EXECUTE statement INTO result;
	RESET SESSION AUTHORIZATION;
	RETURN result;
END $$;
CREATE FUNCTION model.close(step int, who text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d model.desk;
	n record;
	shift bigint;
	foretold numeric;
	planted numeric := model.any(ARRAY[0, 0, 0, 5, -3.5]);
	banked numeric := model.any(ARRAY[0, 0, 12.25]);
	kept numeric;
	found text;
	again text;
BEGIN
	shift := model.as('model_desk', format('SELECT hospital_cost.open_shift(NULL, %L)', who));
	SELECT * INTO d FROM model.desk x WHERE x.clerk = who;
	SELECT * INTO n FROM model.now x WHERE x.clerk = who;
	kept := greatest(d.drawer + d.moved + model.any(ARRAY[0, 0, -10]), 0);
	foretold := d.drawer + d.moved + (n.cash - d.cash) - banked - kept;
	-- Where more cash went out than came in, nobody can hand in less than nothing.
	planted := greatest(planted, -foretold);
	found := model.as('model_desk', format('SELECT ROW(c.expected, c.difference, c.entries)::text FROM hospital_cost.close_shift(%s, %s, %s, %s) c', shift, foretold + planted, banked, kept));
	again := model.as('model_desk', format('SELECT ROW(c.expected, c.difference, c.entries)::text FROM hospital_cost.close_shift(%s, 1) c', shift));
	IF found NOT LIKE format('(%s,%s,%%', foretold::numeric(18,2), planted::numeric(18,2)) OR again <> found THEN
		INSERT INTO model.difference VALUES (step, 'close', format('%s: foretold %s, %s; found %s, again %s', who, foretold, planted, found, again));
	END IF;
	IF (SELECT k.amount FROM hospital_cost._shift_close k WHERE k.shift_id = shift) <> n.amount - d.amount THEN
		INSERT INTO model.difference VALUES (step, 'amount of a close', who);
	END IF;
	IF planted <> 0 THEN
		INSERT INTO model.planted VALUES (shift, planted);
	END IF;
	UPDATE model.desk x SET amount = n.amount, cash = n.cash, drawer = kept, moved = 0, closes = x.closes + 1 WHERE x.clerk = who;
	IF random() < 0.5 THEN
		PERFORM model.as('model_lead', format('SELECT hospital_cost.review_shift(%s)', shift));
	END IF;
END $$;
CREATE FUNCTION model.step(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	who text := model.any(ARRAY['A', 'B', 'C']);
	sum_moved numeric := round((random() * 100)::numeric, 2) + 1;
BEGIN
	CASE floor(random() * 12)
	WHEN 0, 1, 2, 3 THEN
		INSERT INTO his.payment SELECT step * 10 + i, model.any(ARRAY['E1', 'E2', 'E3']), model.any(ARRAY['payment', 'payment', 'deposit']), model.any(ARRAY['cash', 'coins', 'wx']), round((random() * 200)::numeric, 2),
			model.any(ARRAY['2025-02-10 10:00+08', '2025-03-05 10:00+08', '2025-04-01 00:00+08']::timestamptz[]), NULL, who FROM generate_series(1, 1 + floor(random() * 5)::int) i;
	WHEN 4, 5 THEN
		-- The refund may be given by another cashier, in another method, and may be too much.
		INSERT INTO his.payment SELECT step * 10, p.visit, CASE p.type WHEN 'deposit' THEN 'deposit_refund' ELSE 'refund' END, model.any(ARRAY['cash', p.way]), round(p.money * (random() * 1.1)::numeric, 2), p.at, p.id, who
		FROM his.payment p WHERE p.type IN ('payment', 'deposit') ORDER BY md5(p.id::text || step) LIMIT 1;
	WHEN 6 THEN UPDATE his.payment SET money = round(money * (random() * 1.5)::numeric, 2) WHERE id % 11 = step % 11 AND clerk = who;
	WHEN 7 THEN UPDATE his.payment SET clerk = who WHERE id % 23 = step % 23;
	WHEN 8 THEN UPDATE his.payment SET way = model.any(ARRAY['cash', 'coins', 'wx']) WHERE id % 17 = step % 17;
	WHEN 9 THEN DELETE FROM his.payment WHERE id % 29 = step % 29;
	WHEN 10 THEN
		IF random() < 0.7 THEN
			PERFORM model.as('model_lead', format('SELECT hospital_cost.move_float(%L, %L, %s)', who, model.any(ARRAY['issue', 'top_up']), sum_moved));
			UPDATE model.desk SET moved = moved + sum_moved WHERE clerk = who;
		ELSIF (SELECT d.drawer + d.moved > sum_moved FROM model.desk d WHERE d.clerk = who) THEN
			PERFORM model.as('model_lead', format('SELECT hospital_cost.move_float(%L, %L, %s)', who, 'return', sum_moved));
			PERFORM model.as('model_lead', format('SELECT hospital_cost.count_float(%L, %s)', who, sum_moved));
			UPDATE model.desk SET moved = moved - sum_moved WHERE clerk = who;
		END IF;
	ELSE
		-- A shift that gave back more cash than it has cannot hand in what is below zero: it is closed later.
		IF (SELECT d.drawer + d.moved + n.cash - d.cash - 12.25 - greatest(d.drawer + d.moved, 0) >= 0 FROM model.desk d JOIN model.now n USING (clerk) WHERE d.clerk = who) THEN
			PERFORM model.close(step, who);
		END IF;
	END CASE;
END $$;
DO $$
DECLARE
	steps int := current_setting('model.steps')::int;
BEGIN
	FOR step IN 1 .. steps LOOP
		BEGIN
			PERFORM model.step(step);
			IF random() < 0.1 THEN
				RAISE EXCEPTION 'taken back' USING ERRCODE = 'HC000';
			END IF;
		EXCEPTION WHEN SQLSTATE 'HC000' THEN NULL;
		END;
		IF step = steps / 2 THEN
			DELETE FROM his.payment p WHERE NOT EXISTS (SELECT FROM model.row r WHERE r.id = p.id);
			PERFORM hospital_cost.close_period('2025-02-01');
		END IF;
		EXIT WHEN EXISTS (SELECT FROM model.difference);
	END LOOP;
END $$;
SELECT is_empty('SELECT * FROM model.difference ORDER BY step LIMIT 8', 'each close expects what the hospital''s table foretells, and says so again');
SELECT set_eq('SELECT l.shift_id, l.difference FROM hospital_cost.long_short l', 'SELECT p.shift_id, p.difference FROM model.planted p', 'long and short are what was planted, and nothing else');
SELECT is((SELECT sum(s.amount) FROM hospital_cost.shift s), (SELECT sum(d.amount) FROM model.desk d), 'all closes together hold what the table said at the last of each cashier');
SELECT is((SELECT sum(c.amount) FROM hospital_cost.cashier_day c), (SELECT sum(r.amount) FROM model.row r), 'the reports hold what the table says now');
SELECT is((SELECT sum(h.not_closed) FROM hospital_cost.hospital_day h), (SELECT sum(n.amount) - (SELECT sum(d.amount) FROM model.desk d) FROM model.now n), 'what is not closed is the difference of the two');
SELECT is_empty($$SELECT a.shift_id FROM hospital_cost._shift_close a JOIN hospital_cost._shift_close b ON b.cashier_code = a.cashier_code AND b.shift_id <> a.shift_id WHERE a.span && b.span$$, 'no two shifts of a cashier overlap');
SELECT is_empty($$SELECT x FROM (SELECT lower(k.span) <> lag(upper(k.span)) OVER (PARTITION BY k.cashier_code ORDER BY k.span) AS x FROM hospital_cost._shift_close k) y WHERE x$$, 'nor leave a gap');
SELECT is_empty($$SELECT d.day, v.* FROM (SELECT h.day FROM hospital_cost.hospital_day h UNION SELECT hospital_cost.hospital_day(now())) d CROSS JOIN LATERAL hospital_cost.verify_money(d.day) v WHERE v.difference <> 0$$,
	'the money of every day is proved');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost._shift_close), '>', (:steps / 50)::bigint, 'many shifts were closed');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost._closed_payment o JOIN hospital_cost.payment_ledger l USING (entry_id) WHERE l.entry = 'reverse'), '>', (:steps / 20)::bigint, 'corrections among them');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.payment_ledger l WHERE 'late' = ANY (l.flags)), '>', 0::bigint, 'some of it late');
SELECT cmp_ok((SELECT count(*) FROM model.planted), '>', 3::bigint, 'and some long or short');
SELECT * FROM finish();
ROLLBACK;
