-- 30 cashier: a day at a window, closed by three logins; every payment is in one close, and what differs has a case.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', '市第一人民医院');
SELECT hospital_cost.open_period('2025-03-01');
CREATE SCHEMA his;
CREATE TABLE his.payment (id int PRIMARY KEY, visit text, type text DEFAULT 'payment', way text DEFAULT '现金', money numeric, at timestamptz DEFAULT '2025-03-05 10:00+08',
	clerk text DEFAULT '007', receipt text, refund_of int);
SELECT hospital_cost.attach_payments('his.payment', '{"source_key": "id", "encounter": "visit", "kind": "type", "method": "way", "amount": "money",
	"paid_at": "at", "operator": "clerk", "receipt_no": "receipt", "reverses_key": "refund_of"}');

-- Who is who: roles, logins, methods, and what a cashier may give back alone.
SELECT count(*) FROM hospital_cost.setup_roles('story');
CREATE ROLE story_wang LOGIN IN ROLE story_cashier;
CREATE ROLE story_chen LOGIN IN ROLE story_cashier_leader;
CREATE ROLE story_zhao LOGIN IN ROLE story_accountant;
GRANT USAGE ON SCHEMA his TO story_chen;
INSERT INTO hospital_cost.cashier (code, name, login) VALUES ('007', '王', 'story_wang');
INSERT INTO hospital_cost.payment_method (code, name, channel) VALUES ('现金', '现金', 'cash'), ('微信', '微信', 'wechat');
INSERT INTO hospital_cost.authority (role, action, limit_amount) VALUES ('cashier', 'refund', 100);

SET SESSION AUTHORIZATION story_chen;
SELECT hospital_cost.move_float('007', 'issue', 500) > 0 AS float, hospital_cost.issue_receipts('P', 1, 1000, 6, '007') > 0 AS receipts;
SET SESSION AUTHORIZATION story_wang;
SELECT hospital_cost.open_shift() AS shift \gset
RESET SESSION AUTHORIZATION;
INSERT INTO his.payment (id, visit, money, way, receipt) VALUES (1, 'E1', 300, '现金', 'P000001'), (2, 'E1', 50, '微信', 'P000001'), (3, 'E2', 80, '现金', 'P000003');
INSERT INTO his.payment (id, visit, type, money, refund_of) VALUES (4, 'E1', 'refund', 120, 1);

-- Counted first, told then: 300 + 80 − 120, and five yuan too much.
SET SESSION AUTHORIZATION story_wang;
SAVEPOINT uncounted;
SELECT expected FROM hospital_cost.close_shift(:shift, NULL);
ROLLBACK TO uncounted;
SELECT expected, counted_cash, difference, entries FROM hospital_cost.close_shift(:shift, 265);
SELECT expected, counted_cash, difference, entries FROM hospital_cost.close_shift(:shift, 260);

-- What comes after the close is in the next one.
RESET SESSION AUTHORIZATION;
UPDATE his.payment SET money = 90 WHERE id = 3;
SELECT cashier_code, channel, shift_id = :shift AS closed, transactions, amount_in, amount_out, amount FROM hospital_cost.cashier_day ORDER BY shift_id, channel;
SELECT kind, difference, state, deadline - found_at AS within FROM hospital_cost.long_short;

-- The refund is above the limit: the leader approves, then reviews, then the accountant draws a sample.
SET SESSION AUTHORIZATION story_chen;
SAVEPOINT waiting;
SELECT hospital_cost.review_shift(:shift);
ROLLBACK TO waiting;
SELECT hospital_cost.approve('refund', 'his.payment', '4', 120, '未做检查') > 0 AS approved;
SELECT hospital_cost.review_shift(:shift) IS NOT NULL AS reviewed;
SELECT hospital_cost.handle_long_short(:shift, 'change', 'liability');
SET SESSION AUTHORIZATION story_zhao;
SELECT source_key, kind, amount FROM hospital_cost.audit_shift(:shift, 2, 42);
RESET SESSION AUTHORIZATION;
SELECT state, closed_by, reviewed_by, audited_by, expected, counted, difference, seed FROM hospital_cost.shift;
SELECT kind, difference, state, cause_name, treatment, handled_by FROM hospital_cost.long_short;

-- Receipts, vouchers and the proof of the day.
SELECT receipt_no, state, payments, amount, given_back FROM hospital_cost.receipt ORDER BY receipt_no;
SELECT event, account_code, account_name, debit, credit FROM hospital_cost.voucher WHERE day = '2025-03-05' ORDER BY event, side DESC, account_code;
SELECT identity, expected, actual, difference FROM hospital_cost.verify_money('2025-03-05');
ROLLBACK;
