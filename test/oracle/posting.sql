-- Oracle of posting: an auditor with books of his own beside ours, under a random stream of what happens to charge tables. He is told of each statement by triggers of
-- his own and reads the tables; entries, totals, issues, unposted rows, outcomes of post_pending() and of closing must be what he says they are, all along.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set steps `echo "${HC_STEPS:-1500}"`
\set seed `echo "${HC_SEED:-$(date +%s)}"`
SELECT set_config('model.steps', :'steps', false), set_config('model.seed', :'seed', false) \g /dev/null
BEGIN;
SELECT plan(15);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('T1', 'x', 'technical'), ('T2', 'x', 'technical'), ('C1', 'x', 'clinical');
INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('I1', 'x', '03'), ('I2', 'x', '04'), ('I3', 'x', '04');
INSERT INTO hospital_cost.price (item_code, unit_price, ceiling) VALUES ('I1', 20, 25), ('I2', 33.333333, NULL);
INSERT INTO hospital_cost.reason_code (purpose, code, name) VALUES ('refund', 'R1', 'x');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) SELECT 'E' || i, 'outpatient', 'C1', '2025-02-01' FROM generate_series(1, 40, 2) i;
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-03-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
CREATE SCHEMA his;
\ir generate/charge.sql
\ir model/charge.sql
\ir model/ledger.sql
\ir model/statement.sql
\ir model/pending.sql
\ir model/compare.sql
\ir generate/incident.sql
-- The seed decides how each table is priced, and how strictly reasons of refunds are asked for.
SELECT model.audit('his.fee', true, 'flag', (ARRAY['verify', 'trust', 'verify', 'compute'])[1 + :seed % 4], (ARRAY['optional', 'required', 'coded'])[1 + :seed % 3], '{}'),
	model.audit('his.feed', false, 'flag', (ARRAY['trust', 'verify'])[1 + :seed % 2], 'optional', '{"source_key": ["tag", "id"], "reverses_key": ["ref_tag", "refund_of"]}'),
	model.audit('his.slow', true, 'async', (ARRAY['verify', 'verify', 'trust'])[1 + :seed % 3], 'optional', '{}') \g /dev/null
DO $$
DECLARE
	steps int := current_setting('model.steps')::int;
BEGIN
	FOR step IN 1 .. steps LOOP
		BEGIN
			PERFORM generate.step(step);
		EXCEPTION WHEN OTHERS THEN
			-- Nothing the stream does may fail: whatever is raised is a difference.
			INSERT INTO model.difference VALUES (step, 'raised', SQLSTATE || ' ' || SQLERRM);
		END;
		IF step = steps / 3 THEN
			PERFORM generate.close_in_earnest(step, '2025-02-01');
		ELSIF step = steps / 2 THEN
			INSERT INTO hospital_cost.charge_item (code, name, category) VALUES ('I4', 'x', '03');
		ELSIF step = steps * 2 / 3 THEN
			INSERT INTO hospital_cost.department (code, name, class) VALUES ('TX', 'x', 'technical');
		END IF;
		IF step % 250 = 0 OR step = steps THEN
			PERFORM model.compare(step);
			EXIT WHEN EXISTS (SELECT FROM model.difference);
		END IF;
	END LOOP;
END $$;

SELECT is_empty('SELECT * FROM model.difference ORDER BY step, what LIMIT 12', 'the ledger, its totals, issues and proofs are what the auditor says, all along');
SELECT is_empty('SELECT * FROM generate.outcome o WHERE o.model <> o.engine ORDER BY step LIMIT 8', 'so are the outcomes of post_pending() and of closing');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.ledger), '>', (:steps)::bigint, 'much was posted');
SELECT cmp_ok((SELECT count(*) FROM model.unposted()), '>', 0::bigint, 'some rows could not be');
SELECT is_empty($$SELECT k FROM unnest('{reverse,adjust,late,closes_line,source_changed,rounded}'::text[]) k
	WHERE NOT EXISTS (SELECT FROM model.engine_entry e WHERE e.kind = k OR k = ANY (e.flags))$$, 'entries of every kind, late ones, and refunds that close their line, came about');
SELECT is_empty($$SELECT c FROM unnest('{missing_value,unreadable_value,unknown_item,unknown_department,unknown_status,refund_exceeds,period_not_open,no_original,
	original_not_found,differs_from_original,below_refunds,late,rounded}'::text[]) c
	WHERE NOT EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.code = btrim(c, E' \n\t'))$$, 'so did the issues');
SELECT is_empty($$SELECT x FROM unnest('{posted,refused,exists,gone_reversed,exists_with_different_quantity}'::text[]) x
	WHERE NOT EXISTS (SELECT FROM generate.outcome o WHERE o.model ~ ('(^|, )' || x || ' '))$$, 'post_pending() had to say all it can say');

-- The ledger follows the tables in the end, and nothing is left to explain.
SELECT hospital_cost.reopen_period(p.period, 'audit') FROM hospital_cost.period p WHERE p.state = 'closed' \g /dev/null
UPDATE hospital_cost.hospital SET late_policy = 'to_open_period';
SELECT generate.post_pending(0, s.name, true, true), generate.post_pending(0, s.name, true, true) FROM model.source s ORDER BY s.name \g /dev/null
SELECT is_empty('SELECT * FROM generate.outcome o WHERE o.model <> o.engine', 'post_pending(correct) of every table');
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v
	WHERE v.difference <> 0 AND v.identity <> 'refunds above their original' AND split_part(v.identity, ':', 1) NOT IN (SELECT d.source FROM model.disagrees() d)$$,
	'leaves every identity of every month true');
DELETE FROM model.difference;
SELECT model.compare(0) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 8', 'and the books equal');

-- Large statements, over the borders of batches: refunds beside their originals, keys that move up by one.
DELETE FROM his.fee;
DELETE FROM his.feed;
SELECT model.compare(1) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 8', 'everything deleted');
INSERT INTO his.fee (id, visit, item, qty, price, done_by, at, refund_of, reason, msg)
SELECT x.id, 'K' || x.id % 800 % 40, 'I1', x.qty, 20, 'T1', '2025-03-10 10:00+08', x.refund_of, 'R1', 9000000 + x.id
FROM (SELECT i AS id, i % 7 + 1 AS qty, NULL::int AS refund_of FROM generate_series(1, 800) i
	UNION ALL SELECT 800 + i, -(i % 3 + 0.5), 1 + (i * 7) % 800 FROM generate_series(1, 800) i) x ORDER BY x.id % 800, x.id;
SELECT model.compare(2) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 8', '800 originals and 800 refunds in one statement');
UPDATE his.fee SET id = id + 1;
SELECT model.compare(3) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 8', 'keys moved up by one in one statement, refunds and all');
UPDATE his.fee SET item = 'UNKNOWN', price = NULL WHERE id % 2 = 0;
UPDATE his.fee SET id = id + 1;
-- each message twice, every fifth with another quantity
INSERT INTO his.feed (id, tag, visit, item, qty, price, done_by, at, msg) SELECT i % 800, 'A', 'K' || i % 800 % 40, 'I1', CASE WHEN i > 800 AND i % 5 = 0 THEN 2 ELSE 1 END, 20, 'T1',
	'2025-03-10 10:00+08', 9500000 + i FROM generate_series(1, 1600) i;
SELECT model.compare(4) \g /dev/null
SELECT is_empty('SELECT * FROM model.difference LIMIT 8', 'and again with rows that cannot be posted among them');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('UNKNOWN', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('UNKNOWN', 5);
SELECT generate.post_pending(5, 'his.fee', false, true), model.compare(5) \g /dev/null
SELECT is_empty('SELECT d.step, d.what, d.detail FROM model.difference d UNION ALL SELECT o.step, o.model, o.engine FROM generate.outcome o WHERE o.model <> o.engine LIMIT 8',
	'what waited is posted once its item is known');

SELECT * FROM finish();
ROLLBACK;
