-- Contract of periods: opening, closing, reopening, and where a charge of a closed month goes.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(36);
CREATE FUNCTION his.posted(key bigint) RETURNS text LANGUAGE sql RETURN (
	SELECT format('%s %s %s', l.service_day, l.period, l.flags) FROM hospital_cost.ledger l
	WHERE l.source_key = key::text ORDER BY l.entry_id DESC LIMIT 1);
CREATE FUNCTION his.issue(key bigint) RETURNS text LANGUAGE sql RETURN (
	SELECT string_agg(format('%s %s %s', i.code, i.severity, i.period), ', ' ORDER BY i.issue_id) FROM hospital_cost.posting_issue i
	WHERE i.source_key = key::text AND i.state = 'open');
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null

SELECT throws_ok($$SELECT hospital_cost.open_period('2025-03-02')$$, '23514', NULL, 'a period is written as its first day');
SELECT lives_ok($$SELECT hospital_cost.open_period('2025-03-01')$$, 'opening an open month changes nothing');
SELECT is((SELECT count(*) FROM hospital_cost.period_event e), 1::bigint, 'and is no event');
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-05-01')$$, 'MC003', NULL, 'a month that was never opened cannot be closed');
SELECT throws_ok($$SELECT hospital_cost.reopen_period('2025-03-01', 'why not')$$, 'MC003', NULL, 'an open month cannot be reopened');
SELECT throws_ok($$SELECT hospital_cost.reopen_period('2025-03-01', ' ')$$, 'MC005', NULL, 'nor any month without a reason');
SELECT throws_ok($$SELECT hospital_cost.reopen_period('2025-03-01', NULL)$$, 'MC005', NULL, 'NULL is no reason');

-- the checks before a close
SELECT his.charge(1), his.charge(2, item => 'NONE', price => 1) \g /dev/null
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'MC004', NULL, 'a month with rows that are not posted is not complete');
UPDATE his.fee SET item = 'CT', price = NULL WHERE id = 2;
SELECT lives_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'mended, it closes');
SELECT is((SELECT format('%s %s', p.state, p.closed_by) FROM hospital_cost.period p WHERE p.period = '2025-03-01'), format('closed %s', session_user), 'who closed it is known');
SELECT throws_ok($$SELECT hospital_cost.open_period('2025-03-01')$$, 'MC001', NULL, 'a closed month is not opened by open_period');
SELECT throws_ok($$SELECT hospital_cost.close_period('2025-03-01')$$, 'MC003', NULL, 'a closed month is not closed again');

-- no month is open: nothing can be posted, nothing is lost
SELECT his.charge(3) \g /dev/null
SELECT is(his.issue(3), 'period_closed blocking 2025-03-01', 'without an open month a charge of a closed one is blocked');
DELETE FROM his.fee WHERE id = 1;
SELECT is(his.issue(1), 'period_closed blocking 2025-03-01', 'and so is the reversal of a row that went');
SELECT is((SELECT sum(amount) FROM hospital_cost.ledger WHERE source_key = '1'), 20.00, 'its entry stands');

-- a later month is open
SELECT hospital_cost.open_period('2025-05-01') \g /dev/null
SELECT his.charge(4), his.charge(5, at => '2025-04-10 10:00+08') \g /dev/null
SELECT is(his.posted(4), '2025-03-05 2025-05-01 {late}', 'late: posted into the next open month, the day kept');
SELECT is(his.posted(5), '2025-04-10 2025-05-01 {late}', 'also if its own month was never opened');
SELECT is(his.issue(4), 'late warning 2025-05-01', 'late is said');
UPDATE his.fee SET qty = 2 WHERE id = 2;
SELECT results_eq($$SELECT l.kind, l.period::date, l.quantity, l.flags FROM hospital_cost.ledger l WHERE l.source_key = '2' ORDER BY l.entry_id$$,
	$$VALUES ('post', '2025-03-01'::date, 1.0000::numeric(16,4), '{}'::text[]), ('reverse', '2025-05-01', -1.0000, '{late,source_changed}'),
		('post', '2025-05-01', 2.0000, '{late}')$$, 'a correction of a closed month is posted into the open one');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t WHERE t.period = '2025-03-01'), 220.50, 'the closed month keeps its total');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_ledger('2025-05-01') v WHERE v.difference <> 0$$, 'every identity of the open month holds');
SELECT results_eq($$SELECT v.difference FROM hospital_cost.verify_ledger('2025-03-01') v WHERE v.identity = 'his.fee: rows that differ from their entry'$$,
	ARRAY[1::numeric], 'and the row that could not be taken back shows as a difference of its month');
SELECT his.charge(6, at => '2025-06-01 10:00+08') \g /dev/null
SELECT is(his.issue(6), 'period_not_open blocking 2025-06-01', 'a charge of the future waits for its month');

-- late charges refused by policy
UPDATE hospital_cost.hospital SET late_policy = 'refuse';
SELECT his.charge(7), his.charge(8, at => '2025-04-10 10:00+08') \g /dev/null
SELECT is(his.issue(7), 'period_closed blocking 2025-03-01', 'refuse: a closed month takes nothing');
SELECT is(his.issue(8), 'period_not_open blocking 2025-04-01', 'refuse: nor does one that was never opened');
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'strict') \g /dev/null
SELECT throws_ok('SELECT his.charge(9)', 'MC227', NULL, 'strict: period_closed');
SELECT throws_ok('DELETE FROM his.fee WHERE id = 2', NULL, NULL, 'strict: a row of a closed month cannot go');

-- reopening
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT lives_ok($$SELECT hospital_cost.reopen_period('2025-03-01', 'auditor asked for it')$$, 'a closed month is reopened with a reason');
SELECT his.charge(10) \g /dev/null
SELECT is(his.posted(10), '2025-03-05 2025-03-01 {}', 'and takes charges again');
SELECT results_eq($$SELECT e.event, e.reason FROM hospital_cost.period_event e WHERE e.period = '2025-03-01' ORDER BY e.event_id$$,
	$$VALUES ('open', NULL), ('close', NULL), ('reopen', 'auditor asked for it')$$, 'its history says all that');
SELECT throws_ok('DELETE FROM hospital_cost.period_event', 'MC006', NULL, 'the history is append-only');
SELECT throws_ok($$UPDATE hospital_cost.period_event SET reason = ''$$, 'MC006', NULL, 'for updates too');

-- figures loaded for a closed month
SELECT hospital_cost.open_period('2025-02-01'), hospital_cost.close_period('2025-02-01') \g /dev/null
SELECT throws_ok($$INSERT INTO hospital_cost.workload_value VALUES ('2025-02-01', 'C1', 'visits', 1)$$, 'MC001', NULL,
	'workload of a closed month is refused');
SELECT lives_ok($$INSERT INTO hospital_cost.workload_value VALUES ('2025-03-01', 'C1', 'visits', 1)$$, 'of an open month it is taken');
SELECT throws_ok($$UPDATE hospital_cost.hospital SET timezone = 'Mars/Olympus'$$, 'MC007', NULL, 'the time zone must exist');
SELECT throws_ok($$SELECT hospital_cost.open_period('infinity')$$, '23514', NULL, 'infinity is no month');

SELECT * FROM finish();
ROLLBACK;
