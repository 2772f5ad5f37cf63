-- Contract of the day close: who may do what, what a close owns, how cash is expected, and that three logins see each of it.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/payment.sql
\ir fixture/cashier.sql
SELECT * FROM no_plan();
CREATE VIEW his.shift AS SELECT s.shift_id AS id, format('%s %s: %s in, %s out, expected %s, counted %s', s.cashier_code, s.state, s.cash_in, s.cash_out, s.expected, s.counted) AS said FROM hospital_cost.shift s;

-- the table of docs/cashier.md: what a role may call, and nothing else of it
CREATE TABLE his.duty (what text, who text[]);
INSERT INTO his.duty VALUES ('open_shift(text,text)', '{cashier}'), ('close_shift(bigint,numeric,numeric,numeric)', '{cashier}'), ('may(text,numeric)', '{cashier}'), ('void_receipt(text,text)', '{cashier,cashier_leader}'),
	('review_shift(bigint,text)', '{cashier_leader}'), ('approve(text,regclass,text,numeric,text)', '{cashier_leader}'), ('move_float(text,text,numeric,text)', '{cashier_leader}'),
	('issue_receipts(text,bigint,bigint,integer,text)', '{cashier_leader}'), ('count_float(text,numeric,text)', '{auditor,cashier_leader}'), ('handle_long_short(bigint,text,text,text)', '{accountant,cashier_leader}'),
	('audit_shift(bigint,integer,bigint)', '{accountant}'), ('verify_money(date)', '{accountant,auditor,cashier_leader,controller,pricing,reader}');
SELECT is(ARRAY(SELECT r FROM unnest('{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}'::text[]) r WHERE has_function_privilege('hc desk_' || r, 'hospital_cost.' || d.what, 'EXECUTE') ORDER BY r), d.who, d.what)
FROM his.duty d;
SELECT is(ARRAY(SELECT r FROM unnest('{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}'::text[]) r WHERE has_table_privilege('hc desk_' || r, 'hospital_cost.' || t, 'INSERT, UPDATE, DELETE') ORDER BY r),
	'{accountant}', 'who writes ' || t) FROM unnest('{cashier,cashier_window,payment_method,authority,ledger_account,long_short_cause}'::text[]) t;
SELECT is_empty($$SELECT t, r FROM unnest('{accountant,auditor,cashier,cashier_leader,clerk,controller,pricing,reader}'::text[]) r, pg_class t WHERE t.relnamespace = 'hospital_cost'::regnamespace AND t.relkind = 'r'
	AND t.relname ~ '^_(shift|closed|float|receipt|approval|long_short)' AND has_table_privilege('hc desk_' || r, t.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')$$, 'nobody touches what was closed');

-- opening: the login says who it is
SET SESSION AUTHORIZATION hc_acc;
SELECT throws_ok($$SELECT hospital_cost.open_shift()$$, '42501', NULL, 'an accountant opens no shift');
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok($$SELECT hospital_cost.open_shift('W1', 'B')$$, 'MC301', NULL, 'nor does one cashier for another');
SELECT throws_ok($$SELECT hospital_cost.open_shift('W9')$$, 'MC302', NULL, 'at a window that is not known');
SELECT hospital_cost.open_shift('W1') AS ann \gset
SELECT is(hospital_cost.open_shift('W2'), :ann::bigint, 'the open shift is the shift');
SELECT throws_ok($$TABLE hospital_cost.cashier_day$$, '42501', NULL, 'who has not counted yet does not see what is expected');
SELECT throws_ok($$SELECT hospital_cost.review_shift(1)$$, '42501', NULL, 'a cashier reviews nothing');
SELECT throws_ok($$SELECT hospital_cost.audit_shift(1)$$, '42501', NULL, 'and audits nothing');
SELECT throws_ok($$SELECT hospital_cost.move_float('A', 'issue', 100)$$, '42501', NULL, 'hands out no float');
SELECT throws_ok($$SELECT hospital_cost.approve('refund', 'his.payment', '1', 1, 'x')$$, '42501', NULL, 'approves nothing');
SELECT throws_ok($$UPDATE hospital_cost.authority SET limit_amount = 1e6$$, '42501', NULL, 'and sets no limit');
SET SESSION AUTHORIZATION hc_bob;
SELECT throws_ok(format('SELECT * FROM hospital_cost.close_shift(%s, 0)', :ann), 'MC301', NULL, 'nobody closes for another');
SELECT throws_ok($$SELECT * FROM hospital_cost.close_shift(999, 0)$$, 'MC304', NULL, 'nor what was never opened');

-- floats
SET SESSION AUTHORIZATION hc_lea;
SELECT lives_ok($$SELECT hospital_cost.move_float('A', 'issue', 500)$$, 'the leader hands out a float');
SELECT throws_ok($$SELECT hospital_cost.move_float('L', 'issue', 500)$$, 'MC303', NULL, 'but not to himself');
SELECT throws_ok(format('SELECT hospital_cost.move_float(%L, %L, %L)', c, k, m), 'MC302', NULL, format('no float: %s %s %s', c, k, m)) FROM (VALUES ('Z', 'issue', 1.0), ('A', 'gift', 1), ('A', 'issue', -1),
	('A', 'issue', 0), ('A', 'issue', 0.001), ('A', 'issue', 'NaN')) v (c, k, m);
SET SESSION AUTHORIZATION hc_aud;
SELECT lives_ok($$SELECT hospital_cost.count_float('A', 490, 'surprise')$$, 'the auditor counts it');
SELECT throws_ok($$SELECT hospital_cost.move_float('A', 'issue', 1)$$, '42501', NULL, 'and hands out none');
RESET SESSION AUTHORIZATION;

-- what a close owns
SELECT his.take(1, 100), his.take(2, 50, type => '2'), his.take(3, 80, way => 'wx'), his.take(4, 30, type => '3', refund_of => 1), his.take(5, 7, clerk => 'B'), his.take(6, 9, clerk => NULL) \g /dev/null
UPDATE his.payment SET money = 60 WHERE id = 2;
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok(format('SELECT * FROM hospital_cost.close_shift(%s, NULL)', :ann), 'MC305', NULL, 'no count, no close');
SELECT throws_ok(format('SELECT * FROM hospital_cost.close_shift(%s, %s)', :ann, a), 'MC305', NULL, 'no close with ' || a) FROM unnest(ARRAY['-1', '0.001', '''NaN''', '1e16', '1, NULL', '1, -1', '1, 0, -1']) a;
RESET SESSION AUTHORIZATION;
SELECT his.take(7, 1, way => 'seashell') \g /dev/null
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok(format('SELECT * FROM hospital_cost.close_shift(%s, 0)', :ann), 'MC306', NULL, 'nor with a method of which nobody knows whether it is cash');
RESET SESSION AUTHORIZATION;
DELETE FROM his.payment WHERE id = 7;
INSERT INTO hospital_cost.payment_method VALUES ('seashell', '贝', 'other', NULL);
SET SESSION AUTHORIZATION hc_ann;
SELECT results_eq(format('SELECT c.expected, c.counted_cash, c.difference, c.entries FROM hospital_cost.close_shift(%s, 110, 20) c', :ann), $$VALUES (110.00, 110.00, 0.00, 8::bigint)$$,
	'float 500 + cash 100 + 60 − 30 − banked 20 − float 500');
SELECT results_eq(format('SELECT c.expected, c.counted_cash, c.difference, c.entries FROM hospital_cost.close_shift(%s, 999) c', :ann), $$VALUES (110.00, 110.00, 0.00, 8::bigint)$$, 'closing again returns the same');
RESET SESSION AUTHORIZATION;
SELECT set_eq($$SELECT s.said FROM his.shift s$$, ARRAY['A closed: 160.00 in, 30.00 out, expected 110.00, counted 110.00'], 'nothing else was closed');
SELECT results_eq($$SELECT k.method, k.transactions, k.amount_in, k.amount_out FROM hospital_cost._shift_method k ORDER BY 1$$,
	$$VALUES ('cash' COLLATE "C", 3::bigint, 160.00, 30.00), ('seashell', 0, 0.00, 0.00), ('wx', 1, 80.00, 0.00)$$, 'by method; what was taken back counts nothing');
SELECT results_eq($$SELECT f.kind, f.amount, f.book, f.counted FROM hospital_cost.float_ledger f WHERE f.cashier_code = 'A' ORDER BY f.at, f.kind$$,
	$$VALUES ('count', 0.00, 500.00, 490.00), ('issue', 500.00, 500.00, NULL), ('close', 0.00, 500.00, 500.00)$$, 'the float ledger');

-- late money and corrections go to the next close, which begins where this one ended
UPDATE his.payment SET money = 90 WHERE id = 1;
SELECT his.take(8, 5, at => '2025-03-01 08:00+08') \g /dev/null
SET SESSION AUTHORIZATION hc_ann;
SELECT hospital_cost.open_shift() AS ann2 \gset
SELECT results_eq(format('SELECT c.expected, c.difference, c.entries FROM hospital_cost.close_shift(%s, 0, 0, 480) c', :ann2), $$VALUES (15.00, -15.00, 3::bigint)$$,
	'a correction of −10 and a late 5, and 20 less in the float');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT s.opened_at FROM hospital_cost.shift s WHERE s.shift_id = :ann2), (SELECT s.closed_at FROM hospital_cost.shift s WHERE s.shift_id = :ann), 'shifts tile time');
SET SESSION AUTHORIZATION hc_ann;
SELECT hospital_cost.open_shift() AS ann3 \gset
SELECT is((SELECT s.float_start FROM hospital_cost.shift s WHERE s.shift_id = :ann3), 480.00, 'the float goes on as it was counted');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT s.cash_in FROM hospital_cost.shift s WHERE s.shift_id = :ann), 160.00, 'and what was closed stays');
SET SESSION AUTHORIZATION hc_lea;
SELECT hospital_cost.move_float('B', 'return', 3) \g /dev/null
SET SESSION AUTHORIZATION hc_bob;
SELECT results_eq($$SELECT c.expected, c.difference FROM hospital_cost.close_shift(hospital_cost.open_shift(), 4) c$$, $$VALUES (4.00, 0.00)$$, 'a float returned out of the takings leaves none, not less');
RESET SESSION AUTHORIZATION;
SELECT throws_ok(format('%s hospital_cost.%I%s', v.verb, t, v.rest), 'MC006', NULL, v.verb || ' ' || t) FROM unnest('{_shift,_shift_close,_closed_payment,_shift_method,_float_move,_closed_float,_shift_review,
	_shift_audit,_shift_audit_entry,_long_short_handling,_receipt_range,_receipt_void,_approval}'::text[]) t, (VALUES ('DELETE FROM', ''), ('TRUNCATE', ' CASCADE')) v (verb, rest);
SELECT throws_ok(format('INSERT INTO hospital_cost._closed_payment SELECT entry_id, %s FROM hospital_cost._closed_payment LIMIT 1', :ann2), '23505', NULL, 'an entry is in one close');

-- long and short
SELECT results_eq($$SELECT l.kind, l.difference, l.state, l.deadline - l.found_at FROM hospital_cost.long_short l$$, $$VALUES ('short', -15.00, 'open', interval '24 hours')$$, 'a case of short cash');
SET SESSION AUTHORIZATION hc_lea;
SELECT throws_ok(format('SELECT hospital_cost.handle_long_short(%s, %L, %L)', s, c, t), code, NULL, format('no case: %s %s %s', s, c, t)) FROM (VALUES (:ann, 'float', 'explained', 'MC309'), (:ann2, 'magic', 'explained', 'MC309'),
	(:ann2, 'float', 'liability', 'MC309'), (:ann2, 'float', NULL, 'MC309'), (:ann3, 'float', 'explained', 'MC304')) v (s, c, t, code);
SELECT lives_ok(format('SELECT hospital_cost.handle_long_short(%s, %L, %L)', :ann2, 'float', 'compensated'), 'is handled');
SELECT results_eq($$SELECT l.state, l.cause_code, l.treatment, l.handled_by FROM hospital_cost.long_short l$$, $$VALUES ('handled', 'float' COLLATE "C", 'compensated', 'hc_lea' COLLATE "C")$$, 'by whom, and how');
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok(format('SELECT hospital_cost.handle_long_short(%s, %L, %L)', :ann2, 'float', 'explained'), '42501', NULL, 'not by the cashier');
RESET SESSION AUTHORIZATION;

-- refunds above the limit wait for the leader, who is never himself
SELECT ok(NOT EXISTS (TABLE hospital_cost.refund_approval), 'without any authority row nothing waits');
INSERT INTO hospital_cost.authority (role, action, limit_amount, valid) VALUES ('cashier', 'refund', 20, '[2025-03-01,)'), ('cashier_leader', 'refund', 1000, '(,)'), ('cashier', 'discount', 5, '(,)');
SELECT throws_ok($$INSERT INTO hospital_cost.authority (role, action, limit_amount) VALUES ('cashier', 'refund', 30)$$, '23P01', NULL, 'one limit a day');
SELECT results_eq($$SELECT r.source_key, r.amount, r.limit_amount, r.state FROM hospital_cost.refund_approval r$$, $$VALUES ('4' COLLATE "C", 30.00, 20.00, 'waiting')$$, 'a refund above the limit waits');
SET SESSION AUTHORIZATION hc_ann;
SELECT is(ARRAY[hospital_cost.may('refund', 20), hospital_cost.may('refund', 20.01), hospital_cost.may('discount', 5), hospital_cost.may('discount', 6)], '{t,f,t,f}', 'a cashier may what is within');
SELECT throws_ok($$SELECT hospital_cost.may('gift', 1)$$, 'MC302', NULL, 'and no gifts');
SET SESSION AUTHORIZATION hc_lea;
SELECT throws_ok(format('SELECT hospital_cost.review_shift(%s)', :ann), 'MC307', NULL, 'no review while it waits');
SELECT throws_ok(format('SELECT hospital_cost.approve(%L, %L, %L, %L, %L)', a, 'his.payment', k, m, n), 'MC302', NULL, format('no approval: %s %s %s %s', a, k, m, n)) FROM (VALUES ('gift', '4', 30.0, 'x'), ('refund', '', 30, 'x'),
	('refund', '4', 0, 'x'), ('refund', '4', 'NaN', 'x'), ('refund', '4', 30, ' ')) v (a, k, m, n);
SELECT throws_ok($$SELECT hospital_cost.approve('refund', 'his.fee', '4', 30, 'x')$$, 'MC204', NULL, 'of a table that is not attached');
SELECT lives_ok($$SELECT hospital_cost.approve('refund', 'his.payment', '4', 29.99, 'not enough')$$, 'a leader approves less');
SELECT throws_ok(format('SELECT hospital_cost.review_shift(%s)', :ann), 'MC307', NULL, 'which is not enough');
SELECT lives_ok($$SELECT hospital_cost.approve('refund', 'his.payment', '4', 30, 'drug returned')$$, 'and all of it');
RESET SESSION AUTHORIZATION;
UPDATE hospital_cost.cashier SET login = 'hc_lea' WHERE code = 'B';
SELECT his.take(20, 5000, clerk => 'B'), his.take(21, 40, clerk => 'B', type => '3', refund_of => 20), his.take(22, 50, clerk => 'L', type => '3', refund_of => 20) \g /dev/null
SET SESSION AUTHORIZATION hc_lea;
SELECT throws_ok($$SELECT hospital_cost.approve('refund', 'his.payment', '21', 40, 'my own')$$, 'MC303', NULL, 'not his own');
SELECT lives_ok($$SELECT hospital_cost.approve('refund', 'his.payment', '23', 40, 'beforehand')$$, 'beforehand nobody knows whose it will be');
RESET SESSION AUTHORIZATION;
SELECT his.take(23, 40, clerk => 'B', type => '3', refund_of => 20) \g /dev/null
SELECT set_eq($$SELECT r.source_key || ' ' || r.state FROM hospital_cost.refund_approval r$$, ARRAY['4 approved', '21 waiting', '23 waiting'], 'then it does not count for himself; 50 is within the leader''s own limit');
UPDATE hospital_cost.cashier SET login = 'hc_bob' WHERE code = 'B';

-- three logins
SET SESSION AUTHORIZATION hc_acc;
SELECT throws_ok(format('SELECT * FROM hospital_cost.audit_shift(%s)', :ann), 'MC308', NULL, 'no audit before the review');
SET SESSION AUTHORIZATION hc_lea;
SELECT throws_ok(format('SELECT hospital_cost.review_shift(%s)', :ann3), 'MC304', NULL, 'no review before the close');
SELECT lives_ok(format('SELECT hospital_cost.review_shift(%s, %L)', :ann, 'seen'), 'the leader reviews');
SELECT lives_ok(format('SELECT hospital_cost.review_shift(%s)', :ann), 'and again, which changes nothing');
RESET SESSION AUTHORIZATION;
GRANT "hc desk_accountant" TO hc_lea, hc_ann;
GRANT "hc desk_cashier_leader" TO hc_ann;
SET SESSION AUTHORIZATION hc_lea;
SELECT throws_ok(format('SELECT * FROM hospital_cost.audit_shift(%s)', :ann), 'MC303', NULL, 'who reviewed does not audit, whatever his roles');
SET SESSION AUTHORIZATION hc_ann;
SELECT throws_ok(format('SELECT * FROM hospital_cost.audit_shift(%s)', :ann), 'MC303', NULL, 'who closed does not audit');
SELECT throws_ok(format('SELECT hospital_cost.review_shift(%s)', :ann2), 'MC303', NULL, 'nor review');
SELECT throws_ok(format('SELECT hospital_cost.handle_long_short(%s, %L, %L)', :ann2, 'float', 'explained'), 'MC303', NULL, 'nor explain his own difference');
SET SESSION AUTHORIZATION hc_acc;
SELECT throws_ok(format('SELECT * FROM hospital_cost.audit_shift(%s, %s)', :ann, n), 'MC302', NULL, 'no sample of ' || n) FROM unnest('{0,-1,10001}'::int[]) n;
SELECT is((SELECT count(*) FROM hospital_cost.audit_shift(:ann, 3, 42)), 3::bigint, 'the accountant draws a sample');
SELECT set_eq(format('SELECT a.entry_id FROM hospital_cost.audit_shift(%s, 5, 7) a', :ann), format($$SELECT o.entry_id FROM (SELECT (unnest(ARRAY(SELECT e.entry_id FROM hospital_cost.payment_ledger e
	WHERE e.operator = 'A' AND e.entry_id <= (SELECT max(x.entry_id) FROM hospital_cost.payment_ledger x WHERE x.source_key = '7') AND e.source_key IN ('1', '2', '3', '4', '7')))) AS entry_id) o
	ORDER BY md5('42:' || o.entry_id) COLLATE "C" LIMIT 3$$), 'the first one stands, and its seed draws it again');
RESET SESSION AUTHORIZATION;
SELECT results_eq(format('SELECT s.state, s.closed_by, s.reviewed_by, s.audited_by, s.seed, s.sample_size FROM hospital_cost.shift s WHERE s.shift_id = %s', :ann),
	$$VALUES ('audited', 'hc_ann' COLLATE "C", 'hc_lea' COLLATE "C", 'hc_acc' COLLATE "C", 42::bigint, 3)$$, 'three logins, and the seed');
SELECT set_eq($$SELECT regexp_replace(w, '\d+$', 'n') FROM his.wrong_money() w$$, ARRAY['payments that nobody can close: no such cashier: 1, example entry n'], 'money of nobody is told');
DELETE FROM his.payment WHERE id = 6;
SELECT is_empty('SELECT his.wrong_money()', 'and the proof of the day holds');
SELECT * FROM finish();
ROLLBACK;
