-- Oracle of bills: random charges, refunds, payments, settlements, and a twin that walks each encounter day by day: what it owes since when, what its daily bills
-- say, whose deposit does not last, and what reminders must be there after every evening, whatever was paid, said or sent in between.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(11);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'a', 'clinical', 'inpatient'), ('B', 'b', 'clinical', 'outpatient');
INSERT INTO hospital_cost.charge_item (code, name, category) SELECT 'X' || n, 'x', lpad((1 + n % 5)::text, 2, '0') FROM generate_series(1, 9) n;
INSERT INTO hospital_cost.payment_method (code, name, channel) VALUES ('cash', 'x', 'cash'), ('fund', 'x', 'insurer_fund'), ('acct', 'x', 'insurer_account');
SELECT hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
DELETE FROM hospital_cost.reminder_rule;
INSERT INTO hospital_cost.reminder_rule (kind, department_code, payer, minimum_amount, minimum_balance, own_share, grace, repeat_days, due_days) VALUES
	('unpaid', '', '', 5, 0, 1, '1 day', 4, 3), ('unpaid', 'B', '', 20, 0, 1, '0', 2, 1), ('deposit', '', '', 1, 500, 1, '0', 3, 1), ('deposit', '', 'x', 1, 100, 0.4, '0', 1, 2);
CREATE SCHEMA his;
CREATE TABLE his.fee (id serial PRIMARY KEY, visit text, item text, qty numeric, total numeric, dept text, at timestamptz, refund_of int);
CREATE TABLE his.payment (id serial PRIMARY KEY, visit text, kind text, method text, money numeric, at timestamptz, refund_of int);
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "amount": "total", "performing_department": "dept",
	"charged_at": "at", "reverses_key": "refund_of"}', 'flag', 'trust'),
	hospital_cost.attach_payments('his.payment', '{"source_key": "id", "encounter": "visit", "kind": "kind", "method": "method", "amount": "money", "paid_at": "at", "reverses_key": "refund_of"}') \g /dev/null
INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at, payer, status)
SELECT 'E' || n, 'P' || n % 40, CASE WHEN n % 2 = 0 THEN 'inpatient' ELSE 'outpatient' END, CASE WHEN n % 2 = 0 THEN 'A' ELSE 'B' END, x.at, CASE WHEN n % 2 = 1 THEN x.at + interval '1 hour'
	WHEN random() < 0.6 THEN x.at + random() * interval '12 days' END, CASE WHEN random() < 0.4 THEN 'x' END, CASE WHEN random() < 0.05 THEN 'cancelled' ELSE 'active' END
FROM generate_series(1, 90) n, LATERAL (SELECT '2025-03-01 00:10+08'::timestamptz + random() * (n * 0 + 20) * interval '1 day' AS at) x;
INSERT INTO his.fee (visit, item, qty, total, dept, at)
SELECT e.code, 'X' || 1 + floor(random() * 9)::int, 2, round((random() * 60)::numeric, 2), e.department_code, e.started_at + random() ^ 2 * CASE e.kind WHEN 'inpatient' THEN 10 ELSE 0.05 END * interval '1 day'
FROM hospital_cost.encounter e, generate_series(1, 20) g WHERE random() < CASE e.kind WHEN 'inpatient' THEN 1 ELSE 0.2 END;
INSERT INTO his.fee (visit, item, qty, total, dept, at, refund_of)
SELECT f.visit, f.item, -q, CASE q WHEN 2 THEN -f.total ELSE -round(f.total / 2, 2) END, f.dept, f.at + random() * interval '3 days', f.id FROM his.fee f, LATERAL (SELECT 1 + floor(random() * 2 + f.id * 0) AS q) x WHERE f.id % 6 = 0;
INSERT INTO his.payment (visit, kind, method, money, at)
SELECT e.code, CASE WHEN random() < 0.5 THEN 'deposit' ELSE 'payment' END, (ARRAY['cash', 'cash', 'fund', 'acct'])[1 + floor(random() * 4)::int], round((random() * 300)::numeric, 2), e.started_at + random() ^ 2 * interval '12 days'
FROM hospital_cost.encounter e, generate_series(1, 3) g WHERE random() < 0.6;
-- Some pay what they owe to the cent.
INSERT INTO his.payment (visit, kind, method, money, at)
SELECT a.encounter_code, 'payment', 'cash', -a.balance, '2025-03-25 10:00+08' FROM hospital_cost.encounter e, hospital_cost.encounter_account(e.code) a WHERE e.code LIKE '%7' AND a.balance < 0;
INSERT INTO his.payment (visit, kind, method, money, at, refund_of)
SELECT p.visit, CASE p.kind WHEN 'deposit' THEN 'deposit_refund' ELSE 'refund' END, p.method, round(p.money / 3, 2), p.at + interval '1 day', p.id FROM his.payment p WHERE p.id % 7 = 0;
INSERT INTO hospital_cost.settlement (encounter_code, scheme, stage, place, outcome, confirmation, finished_at, setl_id, medfee_sumamt, inscp_scp_amt, hifp_pay, fund_pay_sumamt, psn_part_amt, acct_pay, psn_cash_pay)
SELECT e.code, '310', 'final', 'local', CASE WHEN random() < 0.2 THEN 'failed' ELSE 'success' END, 'none', e.ended_at, 'S' || e.code, 200, 200, x.fund, x.fund, 200 - x.fund, 10, 190 - x.fund
FROM hospital_cost.encounter e, LATERAL (SELECT round((50 + random() * 100)::numeric, 2) AS fund) x WHERE e.ended_at IS NOT NULL AND e.payer = 'x' AND e.code <> 'none';
INSERT INTO hospital_cost.settlement (reverses, finished_at, setl_id) SELECT s.settlement_id, s.finished_at + interval '2 days', 'R' || s.setl_id FROM hospital_cost.settlement s WHERE s.outcome = 'success' AND random() < 0.25;
ANALYZE;

-- The twin, from the hospital's own tables.
CREATE FUNCTION his.day(timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT ($1 AT TIME ZONE 'Asia/Shanghai')::date $$;
CREATE VIEW his.charge AS SELECT f.*, his.day(f.at) AS day FROM his.fee f WHERE NOT EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.source_name = 'his.fee' AND i.source_key = f.id::text AND i.state = 'open' AND i.severity = 'blocking');
CREATE VIEW his.money AS SELECT p.*, his.day(p.at) AS day, CASE WHEN p.kind LIKE '%refund' THEN -p.money ELSE p.money END AS amount FROM his.payment p
	WHERE NOT EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.source_name = 'his.payment' AND i.source_key = p.id::text AND i.state = 'open' AND i.severity = 'blocking');
CREATE FUNCTION his.owes(until date) RETURNS TABLE (visit text, unpaid numeric, insurer numeric, since timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	v text;
	charged numeric;
	paid numeric;
	left_over numeric;
	d record;
BEGIN
	FOR v IN SELECT DISTINCT c.visit FROM his.charge c WHERE c.day <= until LOOP
		SELECT sum(c.total) INTO charged FROM his.charge c WHERE c.visit = v AND c.day <= until;
		SELECT coalesce(sum(m.amount), 0) INTO paid FROM his.money m WHERE m.visit = v AND m.day <= until;
		insurer := 0;
		FOR d IN SELECT * FROM hospital_cost.settlement s WHERE s.encounter_code = v AND s.outcome = 'success' AND his.day(s.finished_at) <= until LOOP
			insurer := insurer + d.fund_pay_sumamt + d.acct_pay;
		END LOOP;
		insurer := greatest(insurer - coalesce((SELECT sum(m.amount) FROM his.money m WHERE m.visit = v AND m.method IN ('fund', 'acct') AND m.day <= until), 0), 0);
		CONTINUE WHEN charged <= greatest(paid + insurer, 0) AND charged <= paid + insurer OR charged <= 0;
		visit := v;
		unpaid := charged - paid - insurer;
		-- Back from the last day: as long as what was charged until then was more than all that was paid.
		left_over := charged;
		FOR d IN SELECT c.day, sum(c.total) AS total, min(c.at) AS at FROM his.charge c WHERE c.visit = v AND c.day <= until GROUP BY c.day ORDER BY c.day DESC LOOP
			EXIT WHEN left_over <= paid + insurer;
			since := d.at;
			left_over := left_over - d.total;
		END LOOP;
		RETURN NEXT;
	END LOOP;
END $$;
CREATE TABLE his.evening AS SELECT d::date AS day FROM generate_series('2025-03-01'::timestamp, '2025-04-05', '1 day') d;
SELECT is_empty($$SELECT * FROM (SELECT e.day, u.encounter_code, u.unpaid, u.insurer, u.since FROM his.evening e CROSS JOIN LATERAL hospital_cost._unpaid_at(e.day) u) a
	FULL JOIN (SELECT e.day, o.* FROM his.evening e CROSS JOIN LATERAL his.owes(e.day) o) b ON b.day = a.day AND b.visit = a.encounter_code
	WHERE (a.unpaid, a.insurer, a.since) IS DISTINCT FROM (b.unpaid, b.insurer, b.since) LIMIT 5$$, 'who owes, how much, since when: every evening as the twin says');
SELECT cmp_ok((SELECT count(*) FROM his.owes('2025-04-05') o WHERE o.insurer > 0), '>', 0::bigint, 'insurers among them');
SELECT set_eq('SELECT u.encounter_code, u.unpaid FROM hospital_cost.unpaid u', $$SELECT o.visit, o.unpaid FROM his.owes('infinity') o$$, 'the view is the last evening');

-- daily bills
CREATE TABLE his.bill AS SELECT e.code, d.day, b.section, b.amount FROM hospital_cost.encounter e CROSS JOIN his.evening d CROSS JOIN LATERAL hospital_cost.daily_bill(e.code, d.day) b WHERE e.code LIKE '%4' OR e.code LIKE '%9';
SELECT is_empty($$SELECT x.code, x.day FROM (SELECT b.code, b.day, sum(b.amount) FILTER (WHERE b.section = 'item') AS items, sum(b.amount) FILTER (WHERE b.section = 'category') AS categories, sum(b.amount) FILTER (WHERE b.section = 'day') AS of_day,
	(SELECT sum(c.total) FROM his.charge c WHERE c.visit = b.code AND c.day = b.day) AS twin FROM his.bill b GROUP BY 1, 2) x
	WHERE x.of_day <> coalesce(x.twin, 0) OR coalesce(x.items, 0) <> x.of_day OR coalesce(x.categories, 0) <> x.of_day$$, 'items = categories = the day = the fee lines');
SELECT is_empty($$SELECT b.code, b.day, b.section FROM his.bill b WHERE b.amount <> CASE b.section WHEN 'to_date' THEN (SELECT coalesce(sum(c.total), 0) FROM his.charge c WHERE c.visit = b.code AND c.day <= b.day)
	WHEN 'deposits' THEN (SELECT coalesce(sum(m.amount), 0) FROM his.money m WHERE m.visit = b.code AND m.day <= b.day AND m.kind LIKE 'deposit%')
	WHEN 'payments' THEN (SELECT coalesce(sum(m.amount), 0) FROM his.money m WHERE m.visit = b.code AND m.day <= b.day AND m.kind NOT LIKE 'deposit%')
	WHEN 'balance' THEN (SELECT coalesce(sum(m.amount), 0) FROM his.money m WHERE m.visit = b.code AND m.day <= b.day) - (SELECT coalesce(sum(c.total), 0) FROM his.charge c WHERE c.visit = b.code AND c.day <= b.day) END$$,
	'and what was charged and paid until then');

-- deposits: by the prediction of each patient, one by one
CREATE FUNCTION his.short(until date) RETURNS TABLE (visit text, shortfall numeric, why text) LANGUAGE plpgsql AS $$
DECLARE
	e hospital_cost.encounter;
	p record;
	least_balance numeric;
	share numeric;
	balance numeric;
	further numeric;
BEGIN
	FOR e IN SELECT * FROM hospital_cost.encounter n WHERE n.kind = 'inpatient' AND n.status = 'active' AND his.day(n.started_at) <= until AND (n.ended_at IS NULL OR his.day(n.ended_at) > until) LOOP
		SELECT * INTO p FROM hospital_cost.predict_charges(e.code, until);
		least_balance := CASE WHEN e.payer = 'x' THEN 100 ELSE 500 END;
		share := CASE WHEN e.payer = 'x' THEN 0.4 ELSE 1 END;
		balance := coalesce((SELECT sum(m.amount) FROM his.money m WHERE m.visit = e.code AND m.day <= until), 0)
			- round(coalesce((SELECT sum(c.total) FROM his.charge c WHERE c.visit = e.code AND c.day <= until), 0) * share, 2);
		further := CASE WHEN p.median > p.charges THEN round((p.median - p.charges) * share, 2) ELSE 0 END;
		visit := e.code;
		shortfall := greatest(least_balance - balance, CASE WHEN p.median IS NOT NULL THEN further - balance END);
		why := CASE WHEN balance < least_balance THEN 'below_minimum' ELSE 'below_expected' END;
		IF balance < least_balance OR (p.median IS NOT NULL AND balance < further) THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END $$;
SELECT is_empty($$SELECT * FROM (SELECT e.day, s.encounter_code, s.shortfall, s.why FROM his.evening e CROSS JOIN LATERAL hospital_cost._deposit_shortfall_at(e.day) s WHERE extract(day FROM e.day)::int % 4 = 0) a
	FULL JOIN (SELECT e.day, s.* FROM his.evening e CROSS JOIN LATERAL his.short(e.day) s WHERE extract(day FROM e.day)::int % 4 = 0) b ON b.day = a.day AND b.visit = a.encounter_code
	WHERE (a.shortfall, a.why) IS DISTINCT FROM (b.shortfall, b.why) LIMIT 5$$, 'whose deposit does not last, and by how much');

-- reminders, evening by evening
CREATE TABLE his.said (kind text, visit text, day date, amount numeric, state text DEFAULT 'pending');
CREATE TABLE his.wrong (day date, what text);
DO $$
DECLARE
	d date;
	made bigint;
	foretold bigint;
BEGIN
	FOR d IN SELECT e.day FROM his.evening e WHERE e.day >= '2025-03-05' ORDER BY e.day LOOP
		CREATE TEMP TABLE due ON COMMIT DROP AS
		SELECT 'unpaid' AS kind, o.visit, o.unpaid AS amount, CASE e.department_code WHEN 'B' THEN 2 ELSE 4 END AS repeat FROM his.owes(d) o JOIN hospital_cost.encounter e ON e.code = o.visit
		WHERE (e.kind = 'outpatient' OR his.day(e.ended_at) <= d) AND CASE e.department_code WHEN 'B' THEN o.unpaid >= 20 ELSE o.unpaid >= 5 AND o.since + interval '1 day' <= (d + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' END
		UNION ALL SELECT 'deposit', s.visit, s.shortfall, CASE WHEN e.payer = 'x' THEN 1 ELSE 3 END FROM his.short(d) s JOIN hospital_cost.encounter e ON e.code = s.visit WHERE s.shortfall >= 1;
		UPDATE his.said s SET state = 'withdrawn' WHERE s.state = 'pending' AND NOT EXISTS (SELECT FROM due WHERE due.visit = s.visit AND due.kind = s.kind);
		INSERT INTO his.said (kind, visit, day, amount) SELECT u.kind, u.visit, d, u.amount FROM due u
		WHERE NOT EXISTS (SELECT FROM his.said s WHERE s.kind = u.kind AND s.visit = u.visit AND d - s.day < u.repeat AND s.state <> 'withdrawn');
		GET DIAGNOSTICS foretold = ROW_COUNT;
		DROP TABLE due;
		made := hospital_cost.make_reminders(d);
		IF made <> foretold OR hospital_cost.make_reminders(d) <> 0 THEN
			INSERT INTO his.wrong VALUES (d, format('made %s, foretold %s', made, foretold));
		END IF;
		-- Some are sent on the way.
		UPDATE his.said s SET state = 'sent' WHERE s.state = 'pending' AND hashtext(s.visit || d) % 3 = 0;
		PERFORM hospital_cost.mark_reminder(m.reminder_id, 'sent', 'sms') FROM hospital_cost.reminder m WHERE m.state = 'pending' AND hashtext(m.encounter_code || d) % 3 = 0;
	END LOOP;
END $$;
SELECT is_empty('TABLE his.wrong', 'each evening makes the reminders that the twin foretells, once');
SELECT set_eq('SELECT m.kind, m.encounter_code, m.day, m.amount, m.state FROM hospital_cost.reminder m', 'SELECT s.kind, s.visit, s.day, s.amount, s.state FROM his.said s', 'and what became of each is the same');
SELECT cmp_ok((SELECT count(*) FROM his.said s WHERE s.state = 'withdrawn'), '>', 3::bigint, 'some were withdrawn');
SELECT cmp_ok((SELECT count(*) FROM his.said s WHERE s.state = 'sent'), '>', 10::bigint, 'some sent');
SELECT cmp_ok((SELECT count(DISTINCT s.kind) FROM his.said s), '=', 2::bigint, 'of both kinds');
SELECT * FROM finish();
ROLLBACK;
