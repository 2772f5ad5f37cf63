-- Contract of posting: every issue by its name and SQLSTATE, the three ways of pricing, price classes and days, refunds, changed rows.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(75);

CREATE FUNCTION his.entry(key bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s %s', l.kind, l.version, l.quantity, l.unit_price, l.amount, l.flags)
	FROM hospital_cost.ledger l WHERE l.source = 'his.fee'::regclass AND l.source_key = key::text ORDER BY l.entry_id $$;
CREATE FUNCTION his.issue(key bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s', i.code, i.severity, i.field, i.expected, i.observed)
	FROM hospital_cost.posting_issue i WHERE i.source_key = key::text AND i.state = 'open' ORDER BY i.issue_id $$;

-- flag, verify: what was billed is posted and held against the list
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT his.charge(1, price => 20, total => 40, qty => 2) \g /dev/null
SELECT results_eq('SELECT his.entry(1)', ARRAY['post 1 2.0000 20.000000 40.00 {}'], 'a clean line is one entry');
SELECT is_empty('SELECT his.issue(1)', 'a clean line has no issue');
SELECT his.charge(2, qty => 2) \g /dev/null
SELECT results_eq('SELECT his.entry(2)', ARRAY['post 1 2.0000 20.000000 40.00 {}'], 'verify: a line without price takes the list price');
SELECT his.charge(3, price => 19) \g /dev/null
SELECT results_eq('SELECT his.entry(3)', ARRAY['post 1 1.0000 19.000000 19.00 {price_differs}'], 'verify: the price billed is posted');
SELECT results_eq('SELECT his.issue(3)', ARRAY['price_differs warning unit_price 20.000000 19.000000'], 'and the list price is kept beside it');
SELECT his.charge(4, price => 20, total => 41, qty => 2) \g /dev/null
SELECT results_eq('SELECT his.entry(4)', ARRAY['post 1 2.0000 20.000000 41.00 {amount_differs}'], 'the amount billed is posted');
SELECT results_eq('SELECT his.issue(4)', ARRAY['amount_differs warning amount 40.00 41.00'], 'and the product is kept beside it');
SELECT his.charge(5, item => 'FREE', price => 7) \g /dev/null
SELECT results_eq('SELECT his.entry(5)', ARRAY['post 1 1.0000 7.000000 7.00 {}'], 'an item without a list price is posted as billed');
SELECT results_eq('SELECT his.issue(5)', ARRAY['no_list_price warning unit_price  7.000000'], 'with a warning');
SELECT his.charge(6, item => 'FREE', qty => 3, total => 10) \g /dev/null
SELECT results_eq('SELECT his.entry(6)', ARRAY['post 1 3.0000 3.333333 10.00 {}'], 'a price is found from the amount where there is no other');
SELECT his.charge(7, qty => 1.00005, price => 20, total => 20) \g /dev/null
SELECT results_eq('SELECT his.issue(7)', ARRAY['rounded warning   '], 'a fifth decimal of a quantity is rounded');
SELECT results_eq('SELECT his.entry(7)', ARRAY['post 1 1.0001 20.000000 20.00 {rounded}'], 'half away from zero, flagged');
SELECT his.charge(8, item => 'BED', qty => 3) \g /dev/null
SELECT results_eq('SELECT his.entry(8)', ARRAY['post 1 3.0000 33.333333 100.00 {}'], 'six decimals of price give an amount in cents');
SELECT his.charge(9, price => 15, class => 'staff') \g /dev/null
SELECT is_empty('SELECT his.issue(9)', 'a price class has its own list price');
SELECT his.charge(10, class => 'nobody', price => 20) \g /dev/null
SELECT results_eq('SELECT his.issue(10)', ARRAY['no_list_price warning unit_price  20.000000'], 'a class without a price has none');

-- what blocks: the row stays, no entry is made, both are said
SELECT his.charge(20, item => NULL), his.charge(21, visit => ''), his.charge(22, done_by => ' '), his.charge(23, qty => NULL),
	his.charge(24, at => NULL), his.charge(25, qty => 'NaN'), his.charge(26, at => 'infinity'), his.charge(27, price => 1e30),
	his.charge(28, item => 'NONE'), his.charge(29, done_by => 'TX'), his.charge(30, ordered_by => 'CX'),
	his.charge(31, item => 'FREE'), his.charge(32, at => '2025-04-01 00:00+08'), his.charge(33, qty => 9e9, price => 9e9) \g /dev/null
SELECT results_eq($$SELECT format('%s %s %s', i.source_key, i.code, i.field) COLLATE "default" FROM hospital_cost.posting_issue i
	WHERE i.severity = 'blocking' ORDER BY i.issue_id$$, ARRAY['20 missing_value item', '21 missing_value encounter',
	'22 missing_value performing_department', '23 missing_value quantity', '24 missing_value charged_at', '25 unreadable_value quantity',
	'26 unreadable_value charged_at', '27 unreadable_value unit_price', '28 unknown_item item', '29 unknown_department performing_department',
	'30 unknown_department ordering_department', '31 no_amount amount', '32 period_not_open ', '33 unreadable_value unit_price'],
	'every blocking issue names its field');
SELECT is((SELECT count(*) FROM his.fee WHERE id BETWEEN 20 AND 33), 14::bigint, 'blocked rows stay in the hospital''s table');
SELECT is_empty('SELECT his.entry(k) FROM generate_series(20, 33) k', 'and have no entry');
SELECT results_eq($$SELECT u.source_key::int FROM hospital_cost.unposted('his.fee') u ORDER BY 1$$,
	'SELECT generate_series(20, 33)', 'unposted() lists exactly them');
SELECT is((SELECT u.issue FROM hospital_cost.unposted('his.fee') u WHERE u.source_key = '28'), 'unknown_item',
	'with the issue that blocks');
UPDATE his.fee SET item = 'LAB' WHERE id = 28;
SELECT results_eq('SELECT his.entry(28)', ARRAY['post 1 1.0000 20.000000 20.00 {}'], 'a blocked row is posted once it is mended');
SELECT is_empty('SELECT his.issue(28)', 'and its issue is resolved');
DELETE FROM his.fee WHERE id = 29;
SELECT is_empty('SELECT his.issue(29)', 'a row that goes takes its issue along');

-- refunds
SELECT his.charge(40, visit => 'R', qty => 2), his.charge(41, visit => 'R', qty => -1, refund_of => 40) \g /dev/null
SELECT results_eq('SELECT his.entry(41)', ARRAY['reverse 1 -1.0000 20.000000 -20.00 {}'], 'a refund that names its original reverses');
SELECT is((SELECT o.source_key FROM hospital_cost.ledger r JOIN hospital_cost.ledger o ON o.entry_id = r.reverses WHERE r.source_key = '41'),
	'40', 'and points to it');
SELECT his.charge(42, visit => 'R', qty => -1) \g /dev/null
SELECT results_eq('SELECT his.entry(42)', ARRAY['adjust 1 -1.0000 20.000000 -20.00 {}'], 'one that names none adjusts');
SELECT results_eq('SELECT his.issue(42)', ARRAY['no_original warning reverses_key  '], 'with a warning');
SELECT his.charge(43, visit => 'R', qty => -1, refund_of => 4711) \g /dev/null
SELECT results_eq('SELECT his.entry(43)', ARRAY['adjust 1 -1.0000 20.000000 -20.00 {}'], 'one whose original is not there adjusts');
SELECT results_eq('SELECT his.issue(43)', ARRAY['original_not_found warning reverses_key  4711'], 'with the key it named');
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at, refund_of) VALUES
	(44, 'R2', 'CT', 1, 'C1', 'T2', '2025-03-06 08:00+08', NULL), (45, 'R2', 'CT', -1, 'C1', 'T2', '2025-03-06 09:00+08', 44);
SELECT results_eq('SELECT his.entry(45)', ARRAY['reverse 1 -1.0000 200.500000 -200.50 {}'], 'original and refund may come in one statement');

-- changed and deleted rows
UPDATE his.fee SET qty = 3, total = 60 WHERE id = 1;
SELECT results_eq('SELECT his.entry(1)', ARRAY['post 1 2.0000 20.000000 40.00 {}', 'reverse 1 -2.0000 20.000000 -40.00 {source_changed}',
	'post 2 3.0000 20.000000 60.00 {}'], 'a change is a reversal and a new entry');
UPDATE his.fee SET qty = qty;
SELECT is((SELECT count(*) FROM his.entry(1)), 3::bigint, 'an update that changes nothing posts nothing');
UPDATE his.fee SET id = 101 WHERE id = 1;
SELECT results_eq('SELECT his.entry(101)', ARRAY['post 3 3.0000 20.000000 60.00 {}'], 'a new key is a new entry');
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.source_key = '1'), 0.00, 'and the old key is empty');
DELETE FROM his.fee WHERE id = 2;
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.source_key = '2'), 0.00, 'a deleted row is reversed');
SELECT his.charge(2, qty => 1) \g /dev/null
SELECT is((SELECT sum(l.quantity) FROM hospital_cost.ledger l WHERE l.source_key = '2'), 1.0000, 'a key may come again after it went');
SAVEPOINT s;
SELECT his.charge(50) \g /dev/null
ROLLBACK TO s;
SELECT is_empty('SELECT his.entry(50)', 'what the hospital rolls back was never posted');
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at) VALUES (2, 'E2', 'LAB', 4, 'C1', 'T1', '2025-03-05 10:00+08')
	ON CONFLICT (id) DO UPDATE SET qty = excluded.qty;
SELECT is((SELECT sum(l.quantity) FROM hospital_cost.ledger l WHERE l.source_key = '2'), 4.0000, 'INSERT ON CONFLICT DO UPDATE follows');
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at) VALUES (2, 'E2', 'LAB', 9, 'C1', 'T1', '2025-03-05 10:00+08')
	ON CONFLICT DO NOTHING;
SELECT is((SELECT sum(l.quantity) FROM hospital_cost.ledger l WHERE l.source_key = '2'), 4.0000, 'ON CONFLICT DO NOTHING posts nothing');
MERGE INTO his.fee f USING (VALUES (2::bigint, 5), (60, 1)) AS v (id, qty) ON f.id = v.id
	WHEN MATCHED THEN UPDATE SET qty = v.qty
	WHEN NOT MATCHED THEN INSERT (id, visit, item, qty, ordered_by, done_by, at) VALUES (v.id, 'E60', 'LAB', v.qty, 'C1', 'T1', '2025-03-05 10:00+08');
SELECT is((SELECT sum(l.quantity) FROM hospital_cost.ledger l WHERE l.source_key IN ('2', '60')), 6.0000, 'MERGE follows');
WITH gone AS (DELETE FROM his.fee WHERE id = 60 RETURNING *)
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at) SELECT id, visit, item, 8, ordered_by, done_by, at FROM gone;
SELECT is((SELECT sum(l.quantity) FROM hospital_cost.ledger l WHERE l.source_key = '60'), 8.0000, 'delete and insert of one key in one statement');
SELECT throws_ok('TRUNCATE his.fee', 'MC206', NULL, 'TRUNCATE would lose the rows and is refused');
SELECT is_empty($$SELECT * FROM hospital_cost.verify_ledger('2025-03-01') v WHERE v.difference <> 0$$, 'every identity holds');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t), (SELECT sum(l.amount) FROM hospital_cost.ledger l), 'totals are the ledger');
SELECT ok(hospital_cost.compact_totals() > 0, 'totals are compacted');
SELECT is((SELECT sum(t.amount) FROM hospital_cost.charge_total t), (SELECT sum(l.amount) FROM hospital_cost.ledger l), 'and stay the same');

-- the day and the month are the hospital's, whatever the session says
SET LOCAL timezone = 'America/New_York';
SELECT his.charge(70, at => '2025-03-31 23:59:59+08'), his.charge(71, at => '2025-03-01 00:00:00+08') \g /dev/null
SELECT results_eq($$SELECT l.service_day FROM hospital_cost.ledger l WHERE l.source_key IN ('70', '71') ORDER BY 1$$,
	ARRAY['2025-03-01', '2025-03-31']::date[], 'days begin at the hospital''s midnight');
RESET timezone;

-- strict: the HIS sees the SQLSTATE and nothing is written
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'strict') \g /dev/null
SELECT throws_ok('SELECT his.charge(80, item => NULL)', 'MC221', NULL, 'strict: missing_value');
SELECT throws_ok('SELECT his.charge(80, qty => ''NaN'')', 'MC222', NULL, 'strict: unreadable_value');
SELECT throws_ok('SELECT his.charge(80, item => ''NONE'')', 'MC223', NULL, 'strict: unknown_item');
SELECT throws_ok('SELECT his.charge(80, done_by => ''TX'')', 'MC224', NULL, 'strict: unknown_department');
SELECT throws_ok('SELECT his.charge(80, item => ''FREE'')', 'MC226', NULL, 'strict: no_amount');
SELECT throws_ok('SELECT his.charge(80, at => ''2025-04-05 10:00+08'')', 'MC228', NULL, 'strict: period_not_open');
SELECT throws_ok('SELECT his.charge(80, price => 19)', 'MC231', NULL, 'strict: price_differs');
SELECT throws_ok('SELECT his.charge(80, price => 20, total => 21)', 'MC232', NULL, 'strict: amount_differs');
SELECT throws_ok('SELECT his.charge(80, item => ''FREE'', price => 1)', 'MC233', NULL, 'strict: no_list_price');
SELECT throws_ok('SELECT his.charge(80, qty => -1)', 'MC234', NULL, 'strict: no_original');
SELECT throws_ok('SELECT his.charge(80, qty => -1, refund_of => 4711)', 'MC235', NULL, 'strict: original_not_found');
SELECT is_empty('SELECT his.entry(80) UNION ALL SELECT his.issue(80)', 'what was refused left nothing');
SELECT lives_ok('SELECT his.charge(80, qty => 1.00005)', 'strict: rounded is posted');
SELECT lives_ok('SELECT his.charge(81, at => ''2025-02-05 10:00+08'')', 'strict: late is posted');
SELECT results_eq('SELECT his.issue(81)', ARRAY['late warning   '], 'and said');
SELECT is((SELECT format('%s %s', l.service_day, l.period) FROM hospital_cost.ledger l WHERE l.source_key = '81'), '2025-02-05 2025-03-01',
	'a late line keeps its day and counts in the open month');

-- compute: the list makes the price, and the row shows it at once
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'compute') \g /dev/null
SELECT results_eq($$INSERT INTO his.fee (id, visit, item, qty, price, ordered_by, done_by, at) VALUES
	(90, 'E90', 'BED', 2, 99, 'C2', 'C2', '2025-03-05 10:00+08') RETURNING price, total$$, 'VALUES (33.333333::numeric, 66.67::numeric)',
	'compute: RETURNING shows list price and amount');
SELECT results_eq('SELECT his.entry(90)', ARRAY['post 1 2.0000 33.333333 66.67 {}'], 'and so does the ledger');
SELECT his.charge(91, item => 'FREE', price => 5) \g /dev/null
SELECT results_eq('SELECT his.issue(91)', ARRAY['no_price blocking unit_price  5.000000'], 'compute: without a list price nothing is posted');
SELECT is((SELECT price FROM his.fee WHERE id = 91), 5::numeric, 'and the row stays as it came');
UPDATE his.fee SET qty = 4 WHERE id = 90;
SELECT is((SELECT total FROM his.fee WHERE id = 90), 133.33, 'compute: a changed quantity changes the amount');
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'strict', 'compute') \g /dev/null
SELECT throws_ok('SELECT his.charge(92, item => ''FREE'')', 'MC225', NULL, 'strict: no_price');

-- trust: what was billed is posted and not held against anything
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'strict', 'trust') \g /dev/null
SELECT lives_ok('SELECT his.charge(95, price => 21, total => 23)', 'trust: price and amount as billed');
SELECT results_eq('SELECT his.entry(95)', ARRAY['post 1 1.0000 21.000000 23.00 {above_limit}'], 'in the ledger; the limit of the list holds all the same');
SELECT is_empty('SELECT his.issue(95)', 'without an issue');

-- prices change within the transaction that posts
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
UPDATE hospital_cost.price SET unit_price = 30 WHERE item_code = 'CT';
SELECT his.charge(96, item => 'CT') \g /dev/null
SELECT results_eq('SELECT his.entry(96)', ARRAY['post 1 1.0000 30.000000 30.00 {}'], 'a new price holds from the next statement on');
SELECT is(hospital_cost.price_of('LAB', '2025-04-01'), 22.000000, 'price_of: the price of the day');
SELECT throws_ok($$SELECT hospital_cost.price_of('NONE', '2025-04-01')$$, 'MC101', NULL, 'price_of: an unknown item is an error');

SELECT * FROM finish();
ROLLBACK;
