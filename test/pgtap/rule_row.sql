-- Contract of the rules that judge a row by itself, and of the details of charges that most of them need: just inside each limit nothing is found.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(46);
\ir fixture/rule.sql
SELECT hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT hospital_cost.detach_charges('his.fee') \g /dev/null
SELECT set_eq($$SELECT s.code, s.needs FROM hospital_cost.rule_state s WHERE s.code IN ('CA22', 'CA32', 'CA42', 'CA45', 'CA47') AND s.state = 'inactive'$$,
	$$VALUES ('CA22' COLLATE "C", '{knowledge,charge.days}'::text[]), ('CA32', '{charge.reimbursable,charge.fund_amount}'), ('CA42', '{charge.trace_code}'),
		('CA45', '{charge.order}'), ('CA47', '{charge.discount,authority}')$$, 'without its fields a rule says what it wants');
CREATE TABLE his.full_fee (id bigint PRIMARY KEY, visit text, item text DEFAULT 'LAB', qty numeric DEFAULT 1, price numeric, done_by text DEFAULT 'T1',
	at timestamptz DEFAULT '2025-03-05 10:00+08', refund_of bigint, ordered text DEFAULT 'C1', op text DEFAULT 'K1', doc text DEFAULT 'D1', ord text DEFAULT 'O1', off text,
	ok_by text, days int, fund numeric, scope text, trace text, bill text);
SELECT hospital_cost.attach_charges('his.full_fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price",
	"performing_department": "done_by", "charged_at": "at", "reverses_key": "refund_of", "ordering_department": "ordered", "operator": "op", "doctor": "doc", "order": "ord", "discount": "off",
	"approved_by": "ok_by", "days": "days", "fund_amount": "fund", "reimbursable": "scope", "trace_code": "trace", "settlement": "bill"}', pricing => 'trust') \g /dev/null
CREATE FUNCTION his.broke(first bigint, last bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', f.code, f.source_key, f.field, f.observed, f.limit_value, f.excess_quantity, f.amount_at_risk, f.state)
	FROM hospital_cost.finding f WHERE f.class = 'conduct' AND nullif(f.source_key, '')::bigint BETWEEN first AND last ORDER BY f.finding_id $$;

-- kept as they came
INSERT INTO his.full_fee (id, visit, price, off, ok_by, days, fund, scope, trace, bill) VALUES (1, 'A', 20, '1.50', 'L1', 3, 7.25, '1', 'T-1', 'S-1');
SELECT results_eq($$SELECT operator, doctor, "order", discount, approved_by, days, fund_amount, reimbursable, trace_code, settlement FROM hospital_cost.ledger WHERE source_key = '1'$$,
	$$VALUES ('K1' COLLATE "C", 'D1' COLLATE "C", 'O1' COLLATE "C", 1.50, 'L1' COLLATE "C", 3.0000, 7.25, true, 'T-1' COLLATE "C", 'S-1' COLLATE "C")$$, 'the ledger shows what the row said');
INSERT INTO his.full_fee (id, visit, price, doc, ord, op, off, scope) VALUES (2, 'A2', 20, NULL, '', repeat('x', 600), 'none', 'perhaps');
SELECT is((SELECT count(*) FROM hospital_cost.ledger WHERE source_key = '2'), 1::bigint, 'what cannot be read is no reason to refuse a charge');
SELECT results_eq($$SELECT operator, doctor, "order", discount, reimbursable FROM hospital_cost.ledger WHERE source_key = '2'$$,
	$$VALUES (NULL::text COLLATE "C", NULL::text COLLATE "C", NULL::text COLLATE "C", NULL::numeric, NULL::boolean)$$, 'but is absent');
SELECT throws_ok('DELETE FROM hospital_cost._charge_detail', 'MC006', NULL, 'details are append-only');
SELECT set_eq($$SELECT s.code FROM hospital_cost.rule_state s WHERE s.code IN ('CA22', 'CA32', 'CA42', 'CA43', 'CA45', 'CA46', 'CA47', 'CA48') AND s.state = 'active'$$,
	$$VALUES ('CA32' COLLATE "C"), ('CA42'), ('CA43'), ('CA45'), ('CA46'), ('CA48')$$, 'with its fields a rule is at work; what else it wants it still says');

-- CA45
SELECT results_eq('SELECT his.broke(1, 2)', $$VALUES ('CA45 2 order a value 0.0000 0.00 open')$$, 'CA45: what is missing is named, once a row');
UPDATE his.full_fee SET doc = 'D1', ord = 'O1', qty = 2 WHERE id = 2;
SELECT results_eq('SELECT his.broke(2, 2)', $$VALUES ('CA45 2 order a value 0.0000 0.00 resolved')$$, 'and closed with the row that is corrected');

-- CA43, CA46
INSERT INTO his.full_fee (id, visit, item, qty, price, at) VALUES (10, 'B', 'FREE', 2, 5, '2025-03-05 10:00+08'), (11, 'B', 'LAB', 3, 20, '2025-03-31 23:59:59+08'),
	(12, 'B', 'LAB', 3, 20, '2025-04-01 00:00+08'), (13, 'B', 'LAB', 3, 22, '2025-04-02 00:00+08'), (14, 'B', 'LAB', 3, 21, '2025-04-03 00:00+08');
SELECT results_eq('SELECT his.broke(10, 14)', $$VALUES ('CA43 10 item 5.000000 a list price of the day 2.0000 10.00 open'), ('CA46 12 unit_price 20.000000 22.000000 0.0000 0.00 open')$$,
	'CA43: no price of the day; CA46: a price that ended at midnight, dearer or cheaper');
UPDATE hospital_cost.price SET unit_price = 18 WHERE item_code = 'LAB' AND price_class = 'standard' AND valid @> date '2025-04-05';
INSERT INTO his.full_fee (id, visit, item, qty, price, at) VALUES (15, 'B2', 'LAB', 3, 20, '2025-04-01 00:00+08');
SELECT results_eq($$SELECT * FROM his.broke(15, 15) b WHERE b LIKE 'CA46%'$$, $$VALUES ('CA46 15 unit_price 20.000000 18.000000 0.0000 6.00 open')$$, 'what is charged too much is at risk');
INSERT INTO his.full_fee (id, visit, item, qty, price, at, refund_of) VALUES (16, 'B', 'FREE', -2, 5, '2025-03-06 10:00+08', 10);
SELECT results_eq('SELECT his.broke(10, 10)', $$VALUES ('CA43 10 item 5.000000 a list price of the day 2.0000 10.00 resolved')$$, 'what is given back is closed');
SELECT is_empty('SELECT his.broke(16, 16)', 'and breaks nothing');

-- CA22
INSERT INTO hospital_cost.item_limit (rule_code, item_code, max_supply_days, severity) VALUES ('CA22', 'A', 7, 'lead');
SELECT is((SELECT state FROM hospital_cost.rule_state WHERE code = 'CA22'), 'active', 'CA22 has its knowledge');
INSERT INTO his.full_fee (id, visit, item, qty, price, days) VALUES (20, 'C', 'A', 10, 10, 7), (21, 'C1', 'A', 10, 10, 10), (22, 'C2', 'A', 10, 10, NULL), (23, 'C3', 'B', 10, 10, 30);
SELECT results_eq('SELECT his.broke(20, 23)', $$VALUES ('CA22 21 days 10.0000 days 7 days 3.0000 30.00 open')$$, 'CA22: seven days are not too many, ten are by three');
SELECT is((SELECT severity FROM hospital_cost.finding WHERE code = 'CA22'), 'lead', 'with the severity of its knowledge');
SELECT isnt((SELECT knowledge_id FROM hospital_cost.finding WHERE code = 'CA22'), NULL, 'and its number');

-- CA32
INSERT INTO his.full_fee (id, visit, price, fund, scope) VALUES (30, 'F', 20, 12.5, '0'), (31, 'F1', 20, 12.5, '1'), (32, 'F2', 20, 0, '0'), (33, 'F3', 20, 12.5, NULL), (34, 'F4', 20, NULL, '0'), (35, 'F5', 20, 3, '否');
SELECT results_eq('SELECT his.broke(30, 35)', $$VALUES ('CA32 30 fund_amount 12.50 0.00 1.0000 12.50 open'), ('CA32 35 fund_amount 3.00 0.00 1.0000 3.00 open')$$, 'CA32: out of scope and paid; neither alone');

-- CA42
INSERT INTO his.full_fee (id, visit, item, price, trace, bill) VALUES (40, 'G', 'A', 10, 'P-1', 'S-10'), (41, 'G', 'A', 10, 'P-1', 'S-10'), (42, 'H', 'A', 10, 'P-2', 'S-11');
SELECT is_empty($$SELECT * FROM his.broke(40, 42) b WHERE b LIKE 'CA42%'$$, 'CA42: a settlement that is sent again, or another pack');
INSERT INTO his.full_fee (id, visit, item, price, trace, bill) VALUES (43, 'H', 'B', 10, 'P-2', 'S-12');
SELECT results_eq($$SELECT concat_ws(' ', f.source_key, f.amount_at_risk, l.source_key COLLATE "C") COLLATE "default" FROM hospital_cost.finding f JOIN hospital_cost.ledger l ON l.entry_id = f.entries[1] WHERE f.code = 'CA42'$$,
	$$VALUES ('43 10.00 42')$$, 'one pack in two settlements: the later line, with the earlier one');
INSERT INTO his.full_fee (id, visit, item, price, trace) VALUES (44, 'I', 'A', 10, 'P-3'), (45, 'I', 'A', 10, 'P-3'), (46, 'J', 'A', 10, 'P-3');
SELECT results_eq($$SELECT f.source_key FROM hospital_cost.finding f WHERE f.code = 'CA42' AND f.source_key > '43'$$, $$VALUES ('46' COLLATE "C")$$, 'where settlements are not known, two encounters; said once');
INSERT INTO his.full_fee (id, visit, item, price, trace, bill) VALUES (47, 'K', 'A', 10, 'P-4', 'S-13');
DELETE FROM his.full_fee WHERE id = 47;
INSERT INTO his.full_fee (id, visit, item, price, trace, bill) VALUES (48, 'L', 'A', 10, 'P-4', 'S-14'), (49, 'L', 'A', -1, 'P-5', 'S-15');
SELECT is_empty($$SELECT * FROM his.broke(47, 49) b WHERE b LIKE 'CA42%'$$, 'what was taken back is not settled');

-- CA47
INSERT INTO hospital_cost.cashier (code, name, role, login) VALUES ('K1', 'k', 'cashier', 'k1'), ('L1', 'l', 'cashier_leader', 'l1');
INSERT INTO his.full_fee (id, visit, price, off) VALUES (50, 'M', 20, '15');
SELECT is_empty('SELECT his.broke(50, 50)', 'CA47: without any limit there is none');
INSERT INTO hospital_cost.authority (role, action, limit_amount) VALUES ('cashier', 'discount', 5), ('cashier_leader', 'discount', 10);
INSERT INTO his.full_fee (id, visit, price, off, ok_by, op) VALUES (51, 'M1', 20, '5', NULL, 'K1'), (52, 'M2', 20, '5.01', NULL, 'K1'), (53, 'M3', 20, '10', 'L1', 'K1'), (54, 'M4', 20, '10.01', 'L1', 'K1'),
	(55, 'M5', 20, '5.01', 'K1', 'K1'), (56, 'M6', 20, '20', 'DIRECTOR', 'K1'), (57, 'M7', 20, '6', NULL, NULL), (58, 'M8', 20, '10', NULL, 'L1'), (59, 'M9', 20, '-20', NULL, 'K1');
SELECT results_eq('SELECT his.broke(51, 59)', $$VALUES ('CA47 52 discount 5.01 5.00 0.0000 0.01 open'), ('CA47 54 discount 10.01 10.00 0.0000 0.01 open'),
	('CA47 55 discount 5.01 5.00 0.0000 0.01 open'), ('CA47 57 discount 6.00 5.00 0.0000 1.00 open')$$, 'beyond the cashier, beyond the leader, approved by oneself, by nobody known');

-- detect and looks that come by leave them as they are
SELECT is((SELECT count(*) FROM hospital_cost.detect('2025-03-01') WHERE code IN ('CA22', 'CA32', 'CA42', 'CA43', 'CA45', 'CA46', 'CA47')), 0::bigint, 'detect does not speak of them');
SELECT is((SELECT count(*) FROM hospital_cost.finding WHERE state = 'open' AND source_key IN ('21', '30', '43', '52', '12')), 5::bigint, 'nor does it close them');

-- block
UPDATE hospital_cost.rule SET action = 'block' WHERE code IN ('CA32', 'CA42', 'CA43', 'CA46', 'CA47', 'CA22', 'CA45');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, price, fund, scope) VALUES (60, 'N', 20, 12.5, '0')$$, 'MC401', NULL, 'CA32 blocks');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, item, price, trace, bill) VALUES (61, 'N', 'A', 10, 'P-2', 'S-20')$$, 'MC401', NULL, 'CA42 blocks');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, item, price) VALUES (62, 'N', 'FREE', 10)$$, 'MC401', NULL, 'CA43 blocks');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, price, at) VALUES (63, 'N', 20, '2025-04-05 10:00+08')$$, 'MC401', NULL, 'CA46 blocks');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, price, off) VALUES (64, 'N', 20, '6')$$, 'MC401', NULL, 'CA47 blocks');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, item, price, days) VALUES (65, 'N', 'A', 10, 8)$$, 'MC401', NULL, 'CA22 blocks');
SELECT throws_ok($$INSERT INTO his.full_fee (id, visit, price, ord) VALUES (66, 'N', 20, ' ')$$, 'MC401', NULL, 'CA45 blocks');
SELECT is((SELECT count(*) FROM hospital_cost._charge_detail WHERE encounter_code = 'N'), 0::bigint, 'nothing of a row that is blocked stays');

-- CA48
INSERT INTO his.full_fee (id, visit, price, bill) VALUES (80, 'Q', 20, 'S-40'), (81, 'Q1', 20, 'S-41'), (82, 'Q2', 20, 'S-42'), (83, 'Q3', 20, NULL), (84, 'Q4', 20, 'S-44'), (85, 'Q5', 20, 'S-45');
UPDATE his.full_fee SET qty = 2 WHERE id = 80;
UPDATE his.full_fee SET qty = 2, bill = NULL WHERE id = 81;
UPDATE his.full_fee SET bill = NULL WHERE id = 82;
UPDATE his.full_fee SET qty = 2 WHERE id IN (82, 83);
UPDATE his.full_fee SET ord = 'O2' WHERE id = 84;
DELETE FROM his.full_fee WHERE id = 85;
SELECT set_eq('SELECT his.broke(80, 85)', $$VALUES ('CA48 80 settlement S-40 cancelled first 1.0000 20.00 open'), ('CA48 85 settlement S-45 cancelled first 1.0000 20.00 open')$$,
	'CA48: changed or deleted while settled; not where the settlement is cancelled first, or with it, or never was');
INSERT INTO his.full_fee (id, visit, price) VALUES (86, 'Q', 20), (87, 'Q', 20);
DELETE FROM his.full_fee WHERE id = 87;
SELECT is((SELECT count(*) FROM his.broke(80, 80) b WHERE b LIKE 'CA48%open'), 1::bigint, 'it stays open when the encounter is judged again');
SELECT is((SELECT count(*) FROM hospital_cost.detect('2025-03-01', 'CA48')), 0::bigint, 'detect has nothing to say of it');
SELECT is((SELECT count(*) FROM his.broke(80, 80) b WHERE b LIKE 'CA48%open'), 1::bigint, 'and leaves it open');
UPDATE hospital_cost.rule SET action = 'block' WHERE code = 'CA48';
SELECT throws_ok('UPDATE his.full_fee SET qty = 3 WHERE id = 80', 'MC401', NULL, 'CA48 blocks');
SELECT lives_ok('UPDATE his.full_fee SET qty = 3, bill = NULL WHERE id = 80', 'but not a settlement that is cancelled');

-- parameters
SELECT throws_ok($$INSERT INTO hospital_cost.rule (code, name, name_en, kind) VALUES ('M', 'm', 'm', 'missing_field')$$, 'MC412', NULL, 'fields are required');
SELECT throws_ok($$INSERT INTO hospital_cost.rule (code, name, name_en, kind, parameters) VALUES ('M', 'm', 'm', 'missing_field', '{"fields": ["colour"]}')$$, 'MC412', NULL, 'and known');
INSERT INTO hospital_cost.rule (code, name, name_en, kind, parameters) VALUES ('M', 'm', 'm', 'missing_field', '{"fields": ["ordering_department", "ward_department", "days"]}');
INSERT INTO his.full_fee (id, visit, price, ordered) VALUES (70, 'O', 20, NULL);
SELECT set_eq($$SELECT * FROM his.broke(70, 70) b WHERE b LIKE 'M %'$$, $$VALUES ('M 70 days, ordering_department a value 0.0000 0.00 open')$$, 'a field that is not mapped is not missed');
SELECT is((SELECT needs FROM hospital_cost.rule_state WHERE code = 'M'), '{charge.ward_department}'::text[], 'but the rule says it wants it');
-- a column that goes
ALTER TABLE his.full_fee DROP COLUMN trace;
INSERT INTO his.full_fee (id, visit, price, bill) VALUES (71, 'O', 20, 'S-30');
SELECT results_eq($$SELECT trace_code, settlement FROM hospital_cost.ledger WHERE source_key = '71'$$, $$VALUES (NULL::text COLLATE "C", 'S-30' COLLATE "C")$$, 'a detail whose column is gone is no more');
-- the ledger costs no more for who does not ask
SELECT is((SELECT count(*) FROM hospital_cost.ledger), (SELECT count(*) FROM hospital_cost._ledger), 'an entry shows once');
SELECT results_eq($$SELECT v.example::text COLLATE "default" FROM hospital_cost.verify_ledger('2025-03-01') v WHERE v.difference <> 0$$, $$VALUES ('trace')$$,
	'the ledger is proved as ever, and says of the column that it is gone');

SELECT * FROM finish();
ROLLBACK;
