-- Contract of refunds: the price and the dimensions of the original, never more than is left of it, the last part to the cent.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(47);
ALTER TABLE his.fee ADD COLUMN why text;
SELECT hospital_cost.open_period('2025-04-01'), hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
CREATE FUNCTION his.entry(key bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', l.kind, l.quantity, l.amount), ', ' ORDER BY l.entry_id) FROM hospital_cost.ledger l WHERE l.source_key = key::text $$;
CREATE FUNCTION his.issue(key bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', i.code, i.field, i.expected, i.observed), ', ' ORDER BY i.issue_id) FROM hospital_cost.posting_issue i WHERE i.source_key = key::text AND i.state = 'open' $$;
CREATE FUNCTION his.agrees(why text) RETURNS text LANGUAGE sql AS $$
	SELECT is((SELECT string_agg(format('%s: %s', x.identity, x.difference), '; ') FROM hospital_cost.period p,
		LATERAL hospital_cost.verify_ledger(p.period) x WHERE x.difference <> 0), NULL, why || ': every identity holds') $$;

-- three bed-days of 33.333333 cost 100.00; given back one by one they must be 100.00 again
SELECT his.charge(1, 'BED', 3, visit => 'B', at => '2025-03-05 10:00+08') \g /dev/null
SELECT his.charge(2, 'BED', -1, visit => 'B', refund_of => 1), his.charge(3, 'BED', -1, visit => 'B', refund_of => 1) \g /dev/null
SELECT is(his.entry(2) || '; ' || his.entry(3), 'reverse -1.0000 -33.33; reverse -1.0000 -33.33', 'two parts by quantity × price');
SELECT his.charge(4, 'BED', -1, visit => 'B', refund_of => 1) \g /dev/null
SELECT is(his.entry(4), 'reverse -1.0000 -33.34', 'the last part closes the line to the cent');
SELECT is((SELECT l.flags FROM hospital_cost.ledger l WHERE l.source_key = '4'), '{closes_line}', 'and says so');
SELECT is((SELECT count(DISTINCT l.reverses) FROM hospital_cost.ledger l WHERE l.kind = 'reverse'), 1::bigint, 'all name the original');
SELECT is(his.issue(2) || his.issue(3) || his.issue(4), NULL, 'without an issue');
SELECT his.charge(5, 'BED', -0.5, visit => 'B', refund_of => 1) \g /dev/null
SELECT is(his.issue(5), 'refund_exceeds quantity 0.0000 -0.5000', 'nothing is left: the next one is not posted');
SELECT is(his.entry(5), NULL, 'and has no entry');
UPDATE his.fee SET qty = -0.5 WHERE id = 4;
SELECT is(his.entry(4), 'reverse -1.0000 -33.34, reverse 1.0000 33.34, reverse -0.5000 -16.67', 'a refund made smaller leaves room');
SELECT * FROM hospital_cost.post_pending('his.fee') \g /dev/null
SELECT is(his.entry(5), 'reverse -0.5000 -16.67', 'which the waiting one takes, to the cent');
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.encounter_code = 'B'), 0.00, 'charge and refunds are nothing');
DELETE FROM his.fee WHERE id IN (2, 3);
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.encounter_code = 'B'), 66.66, 'refunds that are deleted count no more');
SELECT his.agrees('parts');

-- dimensions and price are those of the original
SELECT his.charge(10, 'LAB', 2, visit => 'D') \g /dev/null
INSERT INTO his.fee (id, visit, qty, at, refund_of) VALUES (11, 'D', -1, '2025-04-10 10:00+08', 10);
SELECT is((SELECT format('%s %s %s %s %s %s', l.item_code, l.ordering_department_code, l.performing_department_code, l.unit_price, l.amount, l.period) FROM hospital_cost.ledger l
	WHERE l.source_key = '11'), 'LAB C1 T1 20.000000 -20.00 2025-04-01', 'a refund that names only its original has all of it, at the price of then, in the month of now');
SELECT is(his.issue(11), NULL, 'and no issue');
SELECT his.charge(12, 'CT', -1, visit => 'D', ordered_by => 'C2', done_by => 'T2', refund_of => 10) \g /dev/null
SELECT is((SELECT format('%s %s %s', l.item_code, l.performing_department_code, l.amount) FROM hospital_cost.ledger l WHERE l.source_key = '12'), 'LAB T1 -20.00', 'what it says otherwise is not believed');
SELECT is(his.issue(12), 'differs_from_original item CT', 'and told');
SELECT his.charge(13, 'LAB', 1, price => 19, visit => 'D2', at => '2025-03-06 10:00+08'), his.charge(14, 'LAB', -1, price => 19, visit => 'D2', refund_of => 13) \g /dev/null
SELECT is(his.issue(13) || ' / ' || coalesce(his.issue(14), 'none'), 'price_differs unit_price 20.000000 19.000000 / none', 'a refund at the price that was billed is clean');
SELECT his.charge(15, 'LAB', -1, visit => 'OTHER', refund_of => 10) \g /dev/null
SELECT is(his.issue(15), 'refund_exceeds quantity 0.0000 -1.0000', 'from another encounter it is found all the same, and there is nothing left');
DELETE FROM his.fee WHERE id = 15;
SELECT his.agrees('dimensions');

-- not a refund of anything
SELECT his.charge(20, qty => -1), his.charge(21, qty => -1, refund_of => 999), his.charge(22, 'CT', 1, visit => 'R'), his.charge(23, 'CT', -1, visit => 'R', refund_of => 22),
	his.charge(24, 'CT', -1, visit => 'R', refund_of => 23) \g /dev/null
SELECT is(his.issue(20), 'no_original reverses_key', 'a negative line without an original is posted, and told');
SELECT is(his.issue(21), 'original_not_found reverses_key 999', 'an original that is not there, too');
SELECT is(his.issue(24), 'original_not_found reverses_key 23', 'a refund is no original');
INSERT INTO his.fee (id, visit, qty, at, refund_of) VALUES (25, 'R', -1, '2025-03-10', 998);
SELECT is(his.issue(25), 'missing_value item', 'without an original nobody knows what was given back');
DELETE FROM his.fee WHERE id IN (20, 21, 24, 25);

-- money without quantity
SELECT his.charge(30, 'CT', 1, total => 200.5, visit => 'M'), his.charge(31, 'CT', 0, total => -50, visit => 'M', refund_of => 30) \g /dev/null
SELECT is(his.entry(31), 'reverse 0.0000 -50.00', 'a discount of an original');
SELECT his.charge(32, 'CT', -1, total => -200.5, visit => 'M', refund_of => 30) \g /dev/null
SELECT is(his.issue(32), 'refund_exceeds amount 150.50 -200.50', 'more money than is left is not given back');
UPDATE his.fee SET total = -150.5 WHERE id = 32;
SELECT is(his.entry(32), 'reverse -1.0000 -150.50', 'what is left is');
SELECT is(his.issue(32), NULL, 'and is what was to be expected');

-- everything in one statement; the order within it is the order of its rows
INSERT INTO his.fee (id, visit, item, qty, ordered_by, done_by, at, refund_of)
SELECT v.id, 'S', 'BED', v.qty, 'C1', 'T1', '2025-03-07 10:00+08', v.original
FROM (VALUES (41, -2, 40), (42, -1, 40), (40, 3, NULL::bigint), (43, -1, 40)) AS v (id, qty, original);
SELECT is(concat_ws('; ', his.entry(40), his.entry(41), his.entry(42), his.issue(43)),
	'post 3.0000 100.00; reverse -2.0000 -66.67; reverse -1.0000 -33.33; refund_exceeds quantity 0.0000 -1.0000', 'an original and its refunds in one statement, whatever stands first');
UPDATE his.fee SET qty = qty * 2 WHERE id IN (40, 41, 42);
SELECT is((SELECT sum(l.amount) FROM hospital_cost.ledger l WHERE l.encounter_code = 'S'), 0.00, 'changed in one statement: they close again');
SELECT is((SELECT string_agg(x.identity || ' ' || x.difference, '; ') FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.difference <> 0), NULL, 'and every identity holds');
DELETE FROM his.fee WHERE id = 43;
UPDATE his.fee SET qty = 1 WHERE id = 40;
SELECT is((SELECT x.difference || ' ' || x.example FROM hospital_cost.verify_ledger('2025-03-01') x WHERE x.identity = 'refunds above their original'), '1 his.fee 40',
	'an original made smaller than its refunds is found and named');
SELECT is(his.issue(40), 'below_refunds quantity 6.0000 1.0000', 'and is an issue');
UPDATE his.fee SET qty = 6 WHERE id = 40;
SELECT is(his.issue(40), NULL, 'until it is whole again');
SELECT his.agrees('one statement');

-- modes and prices
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'strict', 'verify') \g /dev/null
SELECT throws_ok($$SELECT his.charge(50, 'BED', -9, visit => 'S', refund_of => 40)$$, 'MC22B', NULL, 'strict: a refund of too much raises');
SELECT hospital_cost.attach_charges('his.fee', his.mapping(), 'flag', 'compute') \g /dev/null
SELECT his.charge(51, 'LAB', 3, visit => 'P', at => '2025-03-31 10:00+08') \g /dev/null
INSERT INTO his.fee (id, visit, qty, at, refund_of) VALUES (52, 'P', -1, '2025-04-02', 51) RETURNING is(format('%s %s', price, total), '20.000000 -20.00', 'compute: RETURNING shows the price of the original');
SELECT his.charge(53, 'BED', 3, visit => 'P2'), his.charge(54, 'BED', -1, visit => 'P2', refund_of => 53), his.charge(55, 'BED', -1, visit => 'P2', refund_of => 53) \g /dev/null
INSERT INTO his.fee (id, visit, qty, at, refund_of) VALUES (56, 'P2', -1, '2025-03-09', 53) RETURNING is(total, -33.34, 'and the last cent');
SELECT is(his.entry(56), 'reverse -1.0000 -33.34', 'as does the ledger');
SELECT his.agrees('computed');

-- reasons
SELECT throws_ok($$SELECT hospital_cost.attach_charges('his.fee', his.mapping(), options => '{"refund_reason": "required"}')$$, 'MC203', NULL, 'a reason can be asked for only where it is mapped');
SELECT hospital_cost.attach_charges('his.fee', his.mapping() || '{"reason": "why"}', options => '{"refund_reason": "required"}') \g /dev/null
SELECT his.charge(60, visit => 'W'), his.charge(61, qty => -1, visit => 'W', refund_of => 60) \g /dev/null
SELECT is(his.issue(61), 'missing_value reason', 'required: without a reason it waits');
UPDATE his.fee SET why = 'stock' WHERE id = 61;
SELECT is(his.entry(61) || coalesce(his.issue(61), ''), 'reverse -1.0000 -20.00', 'with one it is posted');
SELECT hospital_cost.attach_charges('his.fee', his.mapping() || '{"reason": "why"}', options => '{"refund_reason": "coded"}') \g /dev/null
INSERT INTO hospital_cost.reason_code (purpose, code, name, feeds, active) VALUES ('refund', 'R1', '药房缺货', '采购', true), ('refund', 'R9', 'x', NULL, false), ('discount', 'R2', 'x', NULL, true);
SELECT his.charge(62, visit => 'W2', qty => 4) \g /dev/null
INSERT INTO his.fee (id, visit, qty, at, refund_of, why) VALUES (63, 'W2', -1, '2025-03-09', 62, 'R1'), (64, 'W2', -1, '2025-03-09', 62, 'R2'), (65, 'W2', -1, '2025-03-09', 62, 'R9'), (66, 'W2', -1, '2025-03-09', 62, 'stock');
SELECT is(concat_ws('; ', his.entry(63), his.issue(64), his.issue(65), his.issue(66)),
	'reverse -1.0000 -20.00; unknown_reason reason R2; unknown_reason reason R9; unknown_reason reason stock', 'coded: only an active reason of refunds');
SELECT is((SELECT count(*) FROM hospital_cost.unposted('his.fee')), 3::bigint, 'the others wait');
SELECT lives_ok($$UPDATE his.fee SET why = 'R1' WHERE id > 63$$, 'the clerk corrects them');
SELECT is((SELECT count(*) FROM hospital_cost.unposted('his.fee')), 0::bigint, 'and none waits');
SELECT his.agrees('reasons');

SELECT * FROM finish();
ROLLBACK;
