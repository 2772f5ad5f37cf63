-- Contract of post_pending(): rows that waited are posted once, in their month, by the same rules; what still cannot be posted keeps its issue.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(18);
CREATE FUNCTION his.pending() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT string_agg(format('%s %s', p.outcome, p.row_count), ', ' ORDER BY p.outcome) FROM hospital_cost.post_pending('his.fee') p WHERE p.outcome IN ('posted', 'refused') $$;
CREATE FUNCTION his.entry(key bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', l.kind, l.version, l.amount), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source_key = key::text $$;

SELECT throws_ok('SELECT his.pending()', 'MC204', NULL, 'a table that is not attached has nothing pending');
-- Rows from before the table was attached are rows the triggers never saw.
SELECT his.charge(1), his.charge(2, qty => 3), his.charge(3, at => '2025-06-01 10:00+08') \g /dev/null
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost.ledger), 0::bigint, 'attaching posts nothing by itself');
SELECT is(his.pending(), 'posted 2, refused 1', 'rows from before are posted on demand');
SELECT is((SELECT string_agg(format('%s %s %s', i.source_key, i.code, i.state), ', ') FROM hospital_cost.posting_issue i), '3 period_not_open open', 'what cannot be has an issue');
SELECT is(his.pending(), 'posted 0, refused 1', 'a second time posts nothing twice');
SELECT is((SELECT count(*) FROM hospital_cost.posting_issue i WHERE i.source_key = '3' AND i.state = 'open'), 1::bigint, 'and says nothing twice');
SELECT hospital_cost.open_period('2025-06-01') \g /dev/null
SELECT is(his.pending(), 'posted 1, refused 0', 'the month is opened: the row that waited for it is posted');
SELECT is((SELECT format('%s %s', l.service_day, l.period) FROM hospital_cost.ledger l WHERE l.source_key = '3'), '2025-06-01 2025-06-01', 'in its own month');
SELECT is((SELECT i.state FROM hospital_cost.posting_issue i WHERE i.source_key = '3'), 'resolved', 'and its issue is resolved');

-- each cause, mended
SELECT his.charge(10, item => 'NONE', price => 1), his.charge(11, done_by => 'TX'), his.charge(12, item => 'FREE'), his.charge(13, qty => 'NaN') \g /dev/null
SELECT is(his.pending(), 'posted 0, refused 4', 'nothing is mended yet');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('NONE', 'x');
INSERT INTO hospital_cost.department (code, name, class) VALUES ('TX', 'x', 'technical');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('FREE', 9);
SELECT is(his.pending(), 'posted 3, refused 1', 'item, department and price are there now');
SELECT is(his.entry(10) || '; ' || his.entry(11) || '; ' || his.entry(12), 'post 1 1.00; post 1 20.00; post 1 9.00', 'posted as a trigger would have');
SELECT is((SELECT string_agg(u.source_key || ' ' || u.issue, ', ') FROM hospital_cost.unposted('his.fee') u), '13 unreadable_value', 'only what nobody can read waits on');

-- a row that was posted, taken back and now waits again
UPDATE his.fee SET item = 'LATER' WHERE id = 1;
SELECT is(his.entry(1), 'post 1 20.00, reverse 1 -20.00', 'a row changed to what cannot be posted is taken back');
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('LATER', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('LATER', 4);
SELECT is(his.pending(), 'posted 1, refused 1', 'and posted again');
SELECT is(his.entry(1), 'post 1 20.00, reverse 1 -20.00, post 2 4.00', 'as a further version');
-- rules look at what was pending too
SELECT his.charge(20, visit => 'P', item => 'SOON'), his.charge(21, visit => 'P', item => 'SOON') \g /dev/null
INSERT INTO hospital_cost.charge_item (code, name) VALUES ('SOON', 'x');
INSERT INTO hospital_cost.price (item_code, unit_price) VALUES ('SOON', 4);
SELECT his.pending() \g /dev/null
SELECT is((SELECT count(*) FROM hospital_cost.finding f WHERE f.class = 'conduct' AND f.code = 'CA02' AND f.encounter_code = 'P'), 1::bigint, 'the same item twice is found among rows that waited');
DELETE FROM his.fee WHERE id = 13;
SELECT is_empty($$SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v WHERE v.difference <> 0$$, 'every identity holds');

SELECT * FROM finish();
ROLLBACK;
