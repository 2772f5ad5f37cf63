-- Contract of the alerts over cash and refunds: each with what is just above its limit and what is just inside, at midnight and at the ends of the month.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT * FROM no_plan();
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-02-01'), hospital_cost.open_period('2025-04-01') \g /dev/null
SELECT is((SELECT string_agg(format('%s %s %s', s.code, s.state, s.needs), ', ' ORDER BY s.code) FROM hospital_cost.rule_state s WHERE s.code IN ('SD01', 'SD03', 'SD04', 'SD05', 'SD06')),
	'SD01 inactive {payments}, SD03 inactive {payments}, SD04 inactive {payments}, SD05 inactive {payments}, SD06 inactive {payments}', 'without payments the alerts say what they lack');
\ir fixture/payment.sql
\ir fixture/cashier.sql
-- One cash receipt, cashier, patient and time; the key is the next number.
CREATE SEQUENCE his.no;
CREATE FUNCTION his.put(money numeric, at timestamptz, clerk text DEFAULT 'K', visit text DEFAULT NULL, type text DEFAULT '1', way text DEFAULT 'cash', desk text DEFAULT 'W1',
	refund_of bigint DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	no bigint := nextval('his.no');
BEGIN
	PERFORM his.take(no, money, clerk, type, way, refund_of, coalesce(visit, 'X' || no), NULL, at, NULL, desk);
	RETURN no;
END $$;
CREATE FUNCTION his.found(rule text, month date DEFAULT '2025-03-01') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hospital_cost.detect(month, rule);
	RETURN QUERY SELECT format('%s %s %s: %s > %s', f.subject, f.subject_code, f.fact, f.observed, f.limit_value) FROM hospital_cost.finding f
		WHERE f.code = rule AND f.period = month AND f.state = 'open' ORDER BY 1;
END $$;
CREATE FUNCTION his.with(rule text, parameters jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE hospital_cost.rule r SET parameters = "with".parameters WHERE r.code = rule;
	RETURN QUERY SELECT his.found(rule);
END $$;
CREATE FUNCTION his.back(visit text, days date[], clerk text DEFAULT 'K') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d date;
BEGIN
	FOREACH d IN ARRAY days LOOP
		PERFORM his.put(1, (d + time '00:00') AT TIME ZONE 'Asia/Shanghai', clerk, visit, '3', refund_of => his.put(10, (d + time '00:00') AT TIME ZONE 'Asia/Shanghai', clerk, visit));
	END LOOP;
END $$;
SAVEPOINT s;

-- SD01: strictly above; a day of several, told once; other methods, refunds, other months not
SELECT his.put(5000.01, '2025-03-01 00:00+08', visit => 'A'), his.put(5000, '2025-03-05 10:00+08', visit => 'B'), his.put(9000, '2025-03-05 10:00+08', way => 'wx'),
	his.put(5000.01, '2025-03-31 23:59:59.999999+08', type => '2', visit => 'C'), his.put(6000, '2025-02-28 23:59:59.999999+08'), his.put(6000, '2025-04-01 00:00+08'),
	his.put(3000, '2025-03-06 23:59:59+08', visit => 'D'), his.put(2000.01, '2025-03-06 00:00+08', visit => 'D'),
	his.put(3000, '2025-03-07 23:59:59+08', visit => 'E'), his.put(2000.01, '2025-03-08 00:00+08', visit => 'E'),
	his.put(3000, '2025-03-09 10:00+08', visit => 'F'), his.put(2000, '2025-03-09 11:00+08', visit => 'F'), his.put(7000, '2025-03-10 10:00+08', visit => 'G') \g /dev/null
DELETE FROM his.payment WHERE visit = 'G';
SELECT results_eq($$SELECT his.found('SD01')$$, $$VALUES ('patient D 2025-03-06: 5000.01 > 5000'), ('payment 1 : 5000.01 > 5000'), ('payment 4 : 5000.01 > 5000')$$, 'SD01: more than 5000, by one payment or by one patient on one day');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01', 'SD01') d WHERE d.added + d.resolved <> 0$$, 'a second run adds nothing');
SELECT results_eq($$SELECT his.found('SD01', '2025-02-01')$$, ARRAY['payment 5 : 6000.00 > 5000'], 'the last microsecond of February is February');
SELECT results_eq($$SELECT his.found('SD01', '2025-04-01')$$, ARRAY['payment 6 : 6000.00 > 5000'], 'and midnight is April');
SELECT is((SELECT f.amount_at_risk || ' ' || (f.evidence ->> 'payments') || ' ' || f.source_key FROM hospital_cost.finding f WHERE f.code = 'SD01' AND f.subject_code = '1'),
	(SELECT format('5000.01 [%s] 1', p.entry_id) FROM hospital_cost.payment_ledger p WHERE p.source_key = '1'), 'with the yuan and the payment');
SELECT results_eq($$SELECT x.what, x.source_key::text, x.amount FROM hospital_cost.finding f, hospital_cost.explain_finding(f.finding_id) x WHERE f.code = 'SD01' AND f.subject_code = 'D' ORDER BY 2$$,
	$$VALUES ('payment', '7', 3000.00), ('payment', '8', 2000.01)$$, 'which explain_finding tells');
DELETE FROM his.payment WHERE id = 1;
SELECT results_eq($$SELECT his.found('SD01')$$, $$VALUES ('patient D 2025-03-06: 5000.01 > 5000'), ('payment 4 : 5000.01 > 5000')$$, 'what was taken back closes itself');
UPDATE hospital_cost.rule SET parameters = '{"per": "payment", "limit": 4999.99}' WHERE code = 'SD01';
SELECT results_eq($$SELECT his.found('SD01')$$, $$VALUES ('payment 2 : 5000.00 > 4999.99'), ('payment 4 : 5000.01 > 5000')$$, 'limit and unit are parameters; what is known keeps its limit');

-- SD06: as much, or more, in and out
SELECT his.put(5000, '2025-03-11 10:00+08', visit => 'R', type => '3', refund_of => 2), his.put(4999.99, '2025-03-11 10:00+08') \g /dev/null
SELECT results_eq($$SELECT his.found('SD06')$$, $$VALUES ('payment 14 : -5000.00 > 5000'), ('payment 2 : 5000.00 > 5000'), ('payment 4 : 5000.01 > 5000')$$, 'SD06: 5000 or more, a refund too');
UPDATE hospital_cost.rule SET parameters = '{"limit": 5000.01}' WHERE code = 'SD06';
SELECT results_eq($$SELECT his.found('SD06')$$, ARRAY['payment 4 : 5000.01 > 5000'], 'by a limit of its own');
ROLLBACK TO s;

-- SD03: three days running, each above 10000; A: across the end of February, B: a day of exactly 10000 between, L: a gap, K: three days in several payments
SELECT his.put(10000.01, (d + time '10:00') AT TIME ZONE 'Asia/Shanghai', 'A') FROM unnest('{2025-02-27,2025-02-28,2025-03-01}'::date[]) d \g /dev/null
SELECT his.put(m, (d + time '23:59:59') AT TIME ZONE 'Asia/Shanghai', 'B') FROM (VALUES (date '2025-03-04', 20000), ('2025-03-05', 10000), ('2025-03-06', 20000)) v (d, m) \g /dev/null
SELECT his.put(10000.01, (d + time '00:00') AT TIME ZONE 'Asia/Shanghai', 'L') FROM unnest('{2025-03-04,2025-03-05,2025-03-07}'::date[]) d \g /dev/null
SELECT his.put(5000.01, (d + t) AT TIME ZONE 'Asia/Shanghai', 'K') FROM unnest('{2025-03-10,2025-03-11,2025-03-12,2025-03-13}'::date[]) d, unnest('{00:00,23:59:59.999}'::time[]) t \g /dev/null
SELECT his.put(-9000, '2025-03-11 10:00+08', 'K', type => '3'), his.put(90000, '2025-03-06 10:00+08', 'L', way => 'card') \g /dev/null
SELECT results_eq($$SELECT his.found('SD03')$$, $$VALUES ('cashier A 2025-02-27: 30000.03 > 10000'), ('cashier K 2025-03-10: 30000.06 > 10000')$$, 'SD03: three days running, each above 10000, told on the third');
SELECT is_empty($$SELECT his.found('SD03', '2025-02-01')$$, 'not before it is complete');
SELECT is_empty($$SELECT his.found('SD03', '2025-04-01')$$, 'nor again');
DELETE FROM hospital_cost._finding;
SELECT results_eq($$SELECT his.with('SD03', '{"consecutive": "worked"}')$$, $$VALUES ('cashier A 2025-02-27: 30000.03 > 10000'), ('cashier K 2025-03-10: 30000.06 > 10000')$$,
	'days worked: L took other money on the day between');
DELETE FROM his.payment WHERE clerk = 'L' AND way = 'card';
SELECT results_eq($$SELECT his.found('SD03')$$, $$VALUES ('cashier A 2025-02-27: 30000.03 > 10000'), ('cashier K 2025-03-10: 30000.06 > 10000'), ('cashier L 2025-03-04: 30000.03 > 10000')$$,
	'without it the gap is no working day');
SELECT results_eq($$SELECT his.with('SD03', '{"net": true}')$$, $$VALUES ('cashier A 2025-02-27: 30000.03 > 10000')$$, 'net: what is given back counts');
SELECT results_eq($$SELECT x FROM his.with('SD03', '{"subject": "hospital", "limit": 25000}') x WHERE x ~ 'hospital'$$, $$SELECT NULL::text WHERE false$$, 'the hospital as a whole, below');
SELECT results_eq($$SELECT x FROM his.with('SD03', '{"subject": "window"}') x WHERE x ~ 'window'$$, $$VALUES ('window W1 2025-02-27: 30000.03 > 10000'), ('window W1 2025-03-04: 70000.02 > 10000'), ('window W1 2025-03-10: 30000.06 > 10000')$$, 'windows');
SELECT results_eq($$SELECT x FROM his.with('SD03', '{"mode": "sum_of_k_days", "limit": 49999.99}') x WHERE x ~ ' B '$$, $$VALUES ('cashier B 2025-03-06: 50000.00 > 49999.99')$$, 'the sum of three days');
SELECT is_empty($$SELECT x FROM his.with('SD03', '{"mode": "sum_of_k_days", "limit": 50000}') x WHERE x ~ ' B ' AND x ~ '> 50000$'$$, 'strictly above');
ROLLBACK TO s;

-- SD04: P three within seven days, Q the third a day too late, R two; S five within thirty; the pair of a month's end
SELECT his.back('P', '{2025-03-01,2025-03-04,2025-03-07}'), his.back('Q', '{2025-03-01,2025-03-04,2025-03-08}'), his.back('R', '{2025-03-01,2025-03-02}'),
	his.back('S', '{2025-03-01,2025-03-08,2025-03-15,2025-03-22,2025-03-30}'), his.back('T', '{2025-03-01,2025-03-08,2025-03-15,2025-03-22,2025-03-31}'),
	his.back('U', '{2025-03-30,2025-03-31,2025-04-01}'), his.back('V', '{2025-02-27,2025-02-28,2025-03-01}'), his.back('W', '{2025-03-10,2025-03-10,2025-03-11,2025-03-12,2025-03-13}') \g /dev/null
SELECT results_eq($$SELECT his.found('SD04')$$, $$VALUES ('patient P 2025-03-07: 3 > 3'), ('patient S 2025-03-30: 5 > 5'), ('patient V 2025-03-01: 3 > 3'), ('patient W 2025-03-11: 3 > 3')$$,
	'SD04: three in seven days or five in thirty, told once, in the month that completes them');
SELECT results_eq($$SELECT his.found('SD04', '2025-04-01')$$, $$VALUES ('patient U 2025-04-01: 3 > 3')$$, 'April completes U');
DELETE FROM his.payment WHERE visit = 'P' AND type = '3' AND at::date < '2025-03-03';
SELECT is_empty($$SELECT x FROM his.found('SD04') x WHERE x ~ ' P '$$, 'a refund that was taken back counts no more');
ROLLBACK TO s;

-- SD05: A six on a day, B five; P three, Q two; midnight parts days; voided payments count
SELECT his.back('P' || n, '{2025-03-05}', 'A') FROM generate_series(1, 6) n \g /dev/null
SELECT his.back('Q' || n, '{2025-03-05}', 'B') FROM generate_series(1, 5) n \g /dev/null
SELECT his.back('Z', '{2025-03-06,2025-03-06,2025-03-06}'), his.back('Y', '{2025-03-06,2025-03-06,2025-03-07}') \g /dev/null
SELECT results_eq($$SELECT his.found('SD05')$$, $$VALUES ('cashier A 2025-03-05: 6 > 5'), ('patient Z 2025-03-06: 3 > 2')$$, 'SD05: more than five by one cashier, more than two to one patient; too few days to judge the hospital');
SELECT his.put(10, '2025-03-05 10:00+08', 'B', 'void') \g /dev/null
UPDATE his.payment SET note = 'x', money = 11 WHERE visit = 'void';
SELECT is_empty($$SELECT x FROM his.found('SD05') x WHERE x ~ ' B '$$, 'a corrected payment is none');
DELETE FROM his.payment WHERE visit = 'void';
SELECT results_eq($$SELECT x FROM his.found('SD05') x WHERE x ~ ' B '$$, ARRAY['cashier B 2025-03-05: 6 > 5'], 'one that was taken back is');
SELECT is_empty($$SELECT x FROM his.with('SD05', '{"voided": false}') x WHERE x ~ ' B '$$, 'unless the rule says otherwise');
-- the hospital: 40 days of one refund and none in turn, then a day of four; mean 0.5, deviation 0.5064, so above 2.0191
ROLLBACK TO s;
SELECT his.put(1, '2025-02-01 08:00+08') \g /dev/null
SELECT his.back('H' || n, ARRAY[date '2025-02-01' + n]) FROM generate_series(0, 38, 2) n \g /dev/null
SELECT his.back('J' || n, '{2025-03-13}', 'K' || n) FROM generate_series(1, 2) n \g /dev/null
SELECT is_empty($$SELECT his.found('SD05')$$, 'the hospital: two are within three deviations');
SELECT his.back('J3', '{2025-03-13}', 'K3') \g /dev/null
SELECT results_eq($$SELECT his.found('SD05')$$, ARRAY['hospital hospital 2025-03-13: 3 > 2.0191'], 'three are above');
SELECT is_empty($$SELECT his.with('SD05', '{"minimum_days": 41}')$$, 'no finding from fewer days than the minimum');
SELECT * FROM finish();
ROLLBACK;
