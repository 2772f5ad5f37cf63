-- Contract of reconciliation: planted differences of every type are found, typed right, and nothing else is.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
\ir fixture/payment.sql
SELECT * FROM no_plan();
SELECT hospital_cost.attach_payments('his.payment', his.payment_mapping(), 'flag', his.kinds()) \g /dev/null
CREATE FUNCTION his.pay_by(id bigint, reference text, money numeric, at timestamptz DEFAULT '2025-03-05 10:00+08', way text DEFAULT 'wechat', type text DEFAULT '1') RETURNS void
LANGUAGE sql BEGIN ATOMIC
	INSERT INTO his.payment (id, type, money, visit, at, way, bank_no) VALUES (id, type, money, 'V' || id, at, way, reference);
END;
CREATE FUNCTION his.line(reference text, amount numeric, at text DEFAULT '2025-03-05 10:00:30', state text DEFAULT 'OK') RETURNS jsonb LANGUAGE sql
RETURN jsonb_build_object('交易单号', reference, '金额', amount, '时间', at, '状态', state);
CREATE FUNCTION his.open(kind text DEFAULT 'wechat') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', d.outcome, d.source_key, d.reference, d.difference) FROM hospital_cost.reconciliation_difference d WHERE d.kind = $1 $$;

-- statements
SELECT throws_ok($$SELECT hospital_cost.reconcile('wechat', '2025-03-05')$$, 'MC501', NULL, 'a kind without a format');
SELECT throws_ok($$SELECT hospital_cost.load_statement('wechat', '2025-03-05', '[]')$$, 'MC501', NULL, 'nor a statement of it');
INSERT INTO hospital_cost.statement_format (kind, name, methods, columns, failed_statuses, outgoing)
VALUES ('wechat', '微信', '{wechat}', '{"reference": "交易单号", "amount": "金额", "at": "时间", "status": "状态", "direction": "收支"}', '{FAIL}', '{支出}');
INSERT INTO hospital_cost.statement_format (kind, name, methods, sum_members, amount_window, transit_margin, transit_days)
VALUES ('bank', '银行', '{transfer}', 4, '2 days', '1 day', 3);
SELECT throws_ok($$INSERT INTO hospital_cost.statement_format (kind, name, methods) VALUES ('bank', 'x', '{y}')$$, '23P01', NULL, 'one format a day');
SELECT throws_ok($$SELECT hospital_cost.reconcile('wechat', '2025-03-05')$$, 'MC504', NULL, 'no statement is not an empty one');
SELECT throws_ok($$SELECT hospital_cost.load_statement('wechat', '2025-03-05', '{}')$$, 'MC502', NULL, 'lines are a list');
SELECT throws_ok(format('SELECT hospital_cost.load_statement(''wechat'', ''2025-03-05'', %L)', jsonb_build_array(his.line('W1', 1), jsonb_build_object('金额', x))), 'MC503',
	'statement "wechat" of 2025-03-05: line 2 has no amount that can be read', 'amount ' || x) FROM unnest('{NaN,1e5,"1,000",1.234,-}'::text[]) x;
SELECT throws_ok($$SELECT hospital_cost.load_statement('wechat', '2025-03-05', '[{"金额": null}]')$$, 'MC503', NULL, 'no amount');
SELECT hospital_cost.load_statement('wechat', '2025-03-01', jsonb_build_array(his.line(' W1 ', 1.10, '2025-03-01 23:30'), his.line('', 2, '2025-03-01T16:30:00Z', 'FAIL'),
	jsonb_build_object('金额', '3.00', '收支', '支出'))) AS s1 \gset
SELECT results_eq(format('SELECT line_no, day, at, amount, failed, reference COLLATE "default" FROM hospital_cost.statement_line WHERE statement_id = %s ORDER BY 1', :s1), $$VALUES
	(1, '2025-03-01'::date, '2025-03-01 23:30+08'::timestamptz, 1.10::numeric(18,2), false, 'W1'), (2, '2025-03-02', '2025-03-02 00:30+08', 2, true, NULL),
	(3, '2025-03-01', NULL, -3, false, NULL)$$, 'headings, clocks, directions and states are read as the format says');
SELECT is(hospital_cost.load_statement('wechat', '2025-03-01', jsonb_build_array(his.line(' W1 ', 1.10, '2025-03-01 23:30'), his.line('', 2, '2025-03-01T16:30:00Z', 'FAIL'),
	jsonb_build_object('金额', '3.00', '收支', '支出'))), :s1::bigint, 'the same content twice is one statement');
SELECT throws_ok(s, 'MC006', NULL, s) FROM unnest(ARRAY['UPDATE hospital_cost.statement SET day = day', 'DELETE FROM hospital_cost.statement_line', 'TRUNCATE hospital_cost.statement CASCADE',
	'DELETE FROM hospital_cost._reconciliation_event', 'UPDATE hospital_cost._reconciliation_run SET ours = 1']) s;
SELECT hospital_cost.load_statement('wechat', '2025-03-02', '[]') \g /dev/null
SELECT hospital_cost.reconcile('wechat', '2025-03-02') \g /dev/null
SELECT set_eq('SELECT his.open()', ARRAY['channel_only W1 1.10', 'channel_only -3.00'], 'what the channel alone has; a failed line that nobody missed is nothing');

-- 3,000 payments with everything planted; every 50th without a reference, refunds among them
SELECT setseed(0.5) \g /dev/null
INSERT INTO his.payment (id, type, money, visit, at, way, bank_no)
SELECT i, '1', 1 + (random() * 20000)::int / 100.0, 'V' || i, '2025-03-05 08:00+08'::timestamptz + i * interval '10 seconds', 'wechat', CASE WHEN i % 50 > 0 THEN 'W2025' || lpad(i::text, 8, '0') END
FROM generate_series(1001, 4000) i;
INSERT INTO his.payment (id, type, money, visit, at, way, bank_no, refund_of)
SELECT 4000 + i, '3', p.money, p.visit, p.at + interval '1 hour', 'wechat', 'R2025' || i, p.id FROM generate_series(1, 60) i JOIN his.payment p ON p.id = 1000 + i * 49;
CREATE TEMP TABLE planted AS SELECT v.* FROM (VALUES (1010, 'his_only'), (1011, 'his_only'), (1050, 'his_only'), (2020, 'amount_differs'), (2021, 'amount_differs'), (3030, 'status_differs'), (3031, 'undone'),
	(2500, 'his_only'), (1777, 'duplicate'), (4010, 'his_only'), (4011, 'amount_differs')) v (id, plant);
SELECT hospital_cost.load_statement('wechat', '2025-03-05', (SELECT jsonb_agg(x.line ORDER BY x.line ->> '金额', x.line) FROM (
	SELECT his.line(p.bank_no, CASE WHEN p.type = '3' THEN -p.money ELSE p.money END + CASE WHEN n.plant = 'amount_differs' THEN 0.01 ELSE 0 END,
		to_char(p.at AT TIME ZONE 'Asia/Shanghai' + interval '20 seconds', 'YYYY-MM-DD HH24:MI:SS'), CASE WHEN n.plant = 'status_differs' THEN 'FAIL' ELSE 'OK' END) AS line
	FROM his.payment p LEFT JOIN planted n ON n.id = p.id WHERE p.id BETWEEN 1001 AND 4060 AND n.plant IS DISTINCT FROM 'his_only'
	UNION ALL SELECT his.line(p.bank_no, p.money, '2025-03-05 20:00:00') FROM his.payment p JOIN planted n ON n.id = p.id AND n.plant = 'duplicate'
	UNION ALL SELECT his.line('X' || i, i, '2025-03-05 11:00:00') FROM generate_series(301, 304) i
	UNION ALL SELECT his.line(NULL, 777.77, '2025-03-05 11:00:00') UNION ALL SELECT his.line('FAILED', 5, '2025-03-05 12:00:00', 'FAIL')) x)) AS s2 \gset
DELETE FROM his.payment WHERE id = 3031;
SELECT his.pay_by(5001, 'NIGHT', 88.88, '2025-03-05 23:55+08') \g /dev/null
CREATE TEMP TABLE expected AS SELECT * FROM unnest(ARRAY(SELECT concat_ws(' ', n.plant, n.id, p.bank_no, CASE n.plant WHEN 'amount_differs' THEN 0.01 WHEN 'status_differs' THEN 0.00
		ELSE CASE WHEN p.type = '3' THEN p.money ELSE -p.money END END::numeric(18,2)) FROM planted n JOIN his.payment p ON p.id = n.id WHERE n.plant <> 'duplicate')
	|| ARRAY(SELECT 'channel_only X' || i || ' ' || i || '.00' FROM generate_series(301, 304) i) || ARRAY['channel_only 777.77', 'in_transit 5001 NIGHT -88.88', 'status_differs 3031 W202500003031 0.00']
	|| ARRAY(SELECT concat_ws(' ', 'duplicate', p.bank_no, p.money::numeric(18,2)) FROM his.payment p WHERE p.id = 1777) || ARRAY['channel_only W1 1.10', 'channel_only -3.00']) AS t (what);
SELECT hospital_cost.reconcile('wechat', '2025-03-05') \g /dev/null
SELECT set_eq('SELECT his.open()', 'SELECT what FROM expected', 'every planted difference is found, typed right, and nothing else');
SELECT results_eq($$SELECT count(DISTINCT d.outcome) FROM hospital_cost.reconciliation_difference d$$, ARRAY[6::bigint], 'and every type was planted');
SELECT set_eq($$SELECT m.rule, count(*) FROM hospital_cost.reconciliation_match m GROUP BY 1$$, $$VALUES ('key', 2992::bigint), ('amount', 58)$$, 'matches say by which rule');
SELECT is_empty($$SELECT m.match_id FROM hospital_cost.reconciliation_match m GROUP BY 1 HAVING sum(m.amount) IS DISTINCT FROM sum(m.line_amount)$$, 'and are exact');
SELECT results_eq($$SELECT ours, lines, differences, in_transit, open FROM hospital_cost.reconciliation_rate WHERE day = '2025-03-05'$$,
	$$VALUES (3060::bigint, 3060::bigint, 16::bigint, 1::bigint, 16::bigint)$$, 'the rate counts them');
CREATE TEMP TABLE before AS SELECT * FROM hospital_cost._reconciliation_match;
SELECT count(*) AS events FROM hospital_cost.reconciliation_event \gset
SELECT hospital_cost.reconcile('wechat', '2025-03-05') \g /dev/null
SELECT set_eq('SELECT his.open()', 'SELECT what FROM expected', 'a second run says the same');
SELECT set_eq('TABLE hospital_cost._reconciliation_match', 'TABLE before', 'changes no match');
SELECT is((SELECT count(*) FROM hospital_cost.reconciliation_event), :events::bigint, 'and leaves nothing in the trail');

-- in transit: clears itself, or is overdue
SELECT his.pay_by(5002, 'NIGHT2', 1.23, '2025-03-05 23:59+08') \g /dev/null
SELECT hospital_cost.reconcile('wechat', '2025-03-05') \g /dev/null
SELECT set_has('SELECT his.open()', $$SELECT unnest(ARRAY['in_transit 5001 NIGHT -88.88', 'in_transit 5002 NIGHT2 -1.23'])$$, 'just before midnight both are in transit');
SELECT hospital_cost.load_statement('wechat', '2025-03-06', jsonb_build_array(his.line('NIGHT', 88.88, '2025-03-06 00:01'), his.line('W202500001777', 9.99, '2025-03-06 09:00'))) AS s3 \gset
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT results_eq($$SELECT rule, day, line_day FROM hospital_cost.reconciliation_match WHERE source_key = '5001'$$, $$VALUES ('key', '2025-03-05'::date, '2025-03-06'::date)$$, 'it clears itself when the other side comes');
SELECT results_eq($$SELECT outcome, overdue FROM hospital_cost.reconciliation_difference WHERE source_key = '5002'$$, $$VALUES ('his_only', true)$$, 'or is overdue');
SELECT results_eq($$SELECT event, what FROM hospital_cost.reconciliation_event e WHERE entry_id = (SELECT entry_id FROM hospital_cost.payment_ledger WHERE source_key = '5002') ORDER BY event_id$$,
	$$VALUES ('appeared', 'in_transit'), ('appeared', 'his_only'), ('cleared', 'in_transit')$$, 'and the trail tells');
SELECT set_has('SELECT his.open()', $$SELECT unnest(ARRAY['duplicate W202500001777 9.99'])$$, 'a reference is matched once for ever, whatever the amount');

-- what was matched and is taken back; what a person takes apart
UPDATE his.payment SET money = money + 1 WHERE id = 1501;
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT set_has('SELECT his.open()', $$SELECT unnest(ARRAY['amount_differs 1501 W202500001501 -1.00'])$$, 'a payment corrected after its match is judged again');
UPDATE his.payment SET money = money - 1 WHERE id = 1501;
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT is((SELECT rule FROM hospital_cost.reconciliation_match WHERE source_key = '1501'), 'key', 'and matches when put right');
SELECT match_id AS m, entry_id AS e, line_id AS l FROM hospital_cost.reconciliation_match WHERE source_key = '1600' \gset
SELECT throws_ok(format('SELECT hospital_cost.unmatch(%s, '' '')', :m), 'MC505', NULL, 'a match is not taken apart without a word');
SELECT throws_ok('SELECT hospital_cost.unmatch(-1::bigint, ''x'')', 'MC506', NULL, 'nor one that is not there');
SELECT lives_ok(format('SELECT hospital_cost.unmatch(%s, ''another patient'')', :m), 'a match taken apart');
SELECT throws_ok(format('SELECT hospital_cost.unmatch(%s, ''again'')', :m), 'MC506', NULL, 'once');
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT results_eq(format('SELECT outcome, held FROM hospital_cost.reconciliation_difference WHERE line_id = %s OR entry_id = %s ORDER BY 1', :l, :e), $$VALUES ('channel_only', true), ('his_only', true)$$, 'is held for a person');
SELECT throws_ok(format('SELECT hospital_cost.match_by_hand(ARRAY[%s], ARRAY[%s, %s], ''x'')', :l, :e, :e), 'MC507', NULL, 'no item twice');
SELECT throws_ok(format('SELECT hospital_cost.match_by_hand(ARRAY[%s], ARRAY[%s], '''')', :l, :e), 'MC505', NULL, 'not without a note');
SELECT throws_ok(format('SELECT hospital_cost.match_by_hand(ARRAY[%s], ARRAY(SELECT entry_id FROM hospital_cost.reconciliation_difference WHERE source_key = ''1010''), ''x'')', :l), 'MC508', NULL, 'not with another sum');
SELECT is(hospital_cost.match_by_hand(ARRAY[:l], ARRAY[:e], 'it was he'), :l::bigint, 'matched by hand');
SELECT throws_ok(format('SELECT hospital_cost.match_by_hand(ARRAY[%s], ARRAY[%s], ''x'')', :l, :e), 'MC507', NULL, 'once');
SELECT results_eq(format('SELECT event, note FROM hospital_cost.reconciliation_event WHERE line_id = %s ORDER BY event_id', :l), $$VALUES ('unmatched', 'another patient'), ('matched', 'it was he')$$, 'the trail keeps both');

-- a statement that was wrong: withdrawn with all that hangs on it, and loaded again
SELECT his.pay_by(5101, 'D1', 21, '2025-03-06 10:00+08'), his.pay_by(5102, 'D2', 22, '2025-03-06 10:00+08'), his.pay_by(5103, 'D3', 23, '2025-03-06 10:00+08') \g /dev/null
CREATE FUNCTION his.wrong_day() RETURNS bigint LANGUAGE sql AS $$ SELECT hospital_cost.load_statement('wechat', '2025-03-06', jsonb_build_array(his.line('D1', 21), his.line('D2', 22.5), his.line('D4', 24))) $$;
SELECT his.wrong_day() AS s9 \gset
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT set_has('SELECT his.open()', $$SELECT unnest(ARRAY['amount_differs 5102 D2 0.50', 'channel_only D4 24.00', 'his_only 5103 D3 -23.00'])$$, 'before');
SELECT throws_ok(format('SELECT hospital_cost.withdraw_statement(%s, '' '')', :s9), 'MC505', NULL, 'a statement is not withdrawn without a word');
SELECT throws_ok('SELECT hospital_cost.withdraw_statement(-1::bigint, ''x'')', 'MC50A', NULL, 'nor one that is not there');
SELECT lives_ok(format('SELECT hospital_cost.withdraw_statement(%s, ''another shop'')', :s9), 'withdrawn');
SELECT lives_ok(format('SELECT hospital_cost.withdraw_statement(%s, ''again'')', :s9), 'the second time changes nothing');
SELECT results_eq(format('SELECT reason, withdrawn_by FROM hospital_cost.statement_withdrawal WHERE statement_id = %s', :s9), $$VALUES ('another shop', session_user::text COLLATE "default")$$, 'the first word stands');
SELECT set_eq(format($$SELECT format('%%s %%s', e.event, concat_ws(' ', e.what, p.source_key, l.reference, e.note)) FROM hospital_cost.reconciliation_event e LEFT JOIN hospital_cost.payment_ledger p USING (entry_id)
	JOIN hospital_cost.statement_line l USING (line_id) WHERE l.statement_id = %s AND e.event = 'withdrawn'$$, :s9), ARRAY['withdrawn key 5101 D1 another shop', 'withdrawn amount_differs 5102 D2 another shop',
	'withdrawn channel_only D4 another shop'], 'the trail tells what went');
SELECT set_eq($$SELECT w FROM his.open() w WHERE w COLLATE "C" ~ ' D[1-4] '$$, ARRAY['his_only 5101 D1 -21.00', 'his_only 5102 D2 -22.00', 'his_only 5103 D3 -23.00'], 'its payments are open');
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT set_eq($$SELECT w FROM his.open() w WHERE w COLLATE "C" ~ ' D[1-4] '$$, ARRAY['his_only 5101 D1 -21.00', 'his_only 5102 D2 -22.00', 'his_only 5103 D3 -23.00'], 'and a run does not see its lines');
SELECT cmp_ok(his.wrong_day(), '>', :s9::bigint, 'the same file is another statement now');
SELECT is(his.wrong_day(), max(statement_id), 'but once') FROM hospital_cost.statement;
SELECT hospital_cost.reconcile('wechat', '2025-03-06') \g /dev/null
SELECT set_eq($$SELECT w FROM his.open() w WHERE w COLLATE "C" ~ ' D[1-4] '$$, ARRAY['amount_differs 5102 D2 0.50', 'channel_only D4 24.00', 'his_only 5103 D3 -23.00'], 'a reference that was withdrawn is matched again');

-- the bank: sums, and its statement beside the books
SELECT his.pay_by(6001, NULL, 100, way => 'transfer'), his.pay_by(6002, NULL, 250, '2025-03-05 11:00+08', 'transfer'), his.pay_by(6003, NULL, 40, way => 'transfer', type => '3'),
	his.pay_by(6004, NULL, 500, '2025-03-07 09:00+08', 'transfer'), his.pay_by(6005, 'T5', 70, '2025-03-06 09:00+08', 'transfer') \g /dev/null
SELECT hospital_cost.load_statement('bank', '2025-03-07', '[{"reference": "B1", "amount": "350", "at": "2025-03-06"}, {"amount": 30, "at": "2025-03-06"}, {"amount": 40, "at": "2025-03-07"}, {"amount": -9.99, "reference": "FEE"}]', '', 1000, 1410.01) \g /dev/null
SELECT hospital_cost.load_statement('bank', '2025-03-05', '[]', '', 1000, 1000) \g /dev/null
SELECT hospital_cost.reconcile('bank', '2025-03-07') \g /dev/null
SELECT set_eq($$SELECT m.rule, sum(m.amount) AS a, sum(m.line_amount) AS b, count(m.entry_id) AS c, count(m.line_id) AS d FROM hospital_cost.reconciliation_match m WHERE m.kind = 'bank' GROUP BY 1, m.match_id$$,
	$$VALUES ('many_to_one', 350.00, 350.00, 2::bigint, 1::bigint), ('one_to_many', 70.00, 70.00, 1, 2)$$, 'several payments are one line, one payment several lines');
SELECT set_eq($$SELECT his.open('bank')$$, ARRAY['in_transit 6003 40.00', 'in_transit 6004 -500.00', 'in_transit FEE -9.99'], 'the rest is on its way');
SELECT results_eq($$SELECT row_no, items, amount FROM hospital_cost.bank_reconciliation('bank', '2025-03-07')$$, $$VALUES (1, 5::bigint, 1880.00), (2, 0, 0), (3, 1, 9.99), (4, NULL, 1870.01), (5, NULL, 1410.01),
	(6, 1, 500), (7, 1, 40), (8, NULL, 1870.01), (9, NULL, 0)$$, 'bank and books meet');
SELECT results_eq($$SELECT amount FROM hospital_cost.bank_reconciliation('bank', '2025-03-05') ORDER BY row_no$$, ARRAY[1310, 0, 0, 1310, 1000, 350, 40, 1310, 0]::numeric[], 'as of an earlier day too');
SELECT throws_ok($$SELECT hospital_cost.bank_reconciliation('wechat', '2025-03-07')$$, 'MC509', NULL, 'without balances there is none');

-- one reference of ours for several payments, which the lines do not know: amounts decide, and the reference is taken once
SELECT his.pay_by(6101, 'BATCH', 11, '2025-03-08 09:00+08'), his.pay_by(6102, 'BATCH', 12, '2025-03-08 09:00+08') \g /dev/null
SELECT hospital_cost.load_statement('wechat', '2025-03-08', jsonb_build_array(his.line(NULL, 11, '2025-03-08 09:01'), his.line(NULL, 12, '2025-03-08 09:01'))) \g /dev/null
SELECT lives_ok($$SELECT hospital_cost.reconcile('wechat', '2025-03-08')$$, 'payments of one reference against lines without any');
SELECT set_eq($$SELECT m.amount, m.rule FROM hospital_cost.reconciliation_match m WHERE m.source_key IN ('6101', '6102')$$, $$VALUES (11.00, 'amount'), (12.00, 'amount')$$, 'match by their amounts');
SELECT his.pay_by(6103, 'BATCH', 13, '2025-03-08 10:00+08') \g /dev/null
SELECT hospital_cost.reconcile('wechat', '2025-03-08') \g /dev/null
SELECT set_has('SELECT his.open()', $$SELECT unnest(ARRAY['duplicate 6103 BATCH -13.00'])$$, 'and later ones of the reference are duplicates');

-- the insurer: totals first, details where they differ
INSERT INTO hospital_cost.statement_format (kind, name, methods, our_reference, schemes, clearing_classes)
VALUES ('insurer', '医保', '{fund}', 'settlement', '{"310": ["employee"], "390": ["resident"]}', '{"11": ["outpatient", "emergency"], "21": ["inpatient"]}');
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at, payer)
SELECT 'I' || i, CASE WHEN i > 4 THEN 'inpatient' ELSE 'outpatient' END, 'C1', '2025-03-05 08:00+08', CASE WHEN i % 2 = 0 THEN 'employee' ELSE 'resident' END FROM generate_series(1, 6) i;
INSERT INTO his.payment (id, type, money, visit, at, way, bill) SELECT 7000 + i, '1', 100 * i, 'I' || i, '2025-03-05 09:00+08', 'fund', 'S' || i FROM generate_series(1, 6) i;
INSERT INTO his.payment (id, type, money, visit, at, way, bill) VALUES (7010, '1', 1, 'I1', '2025-03-05 09:00+08', 'fund', 'S10');
DELETE FROM his.payment WHERE id = 7010;
SELECT hospital_cost.load_statement('insurer', '2025-03-05', '[]') AS s4 \gset
INSERT INTO hospital_cost.statement_total VALUES (:s4, '310', '11', false, 2, 600), (:s4, '390', '11', false, 2, 399.99), (:s4, '310', '21', false, 1, 600), (:s4, '510', '21', true, 1, -5);
SELECT results_eq($$SELECT * FROM hospital_cost.compare_totals('insurer', '2025-03-05')$$, $$VALUES ('310', '11', false, 2::bigint, 600.00, 2::bigint, 600.00, true),
	('310', '21', false, 1, 600.00, 1, 600.00, true), ('390', '11', false, 2, 400.00, 2, 399.99, false), ('390', '21', false, 1, 500, 0, 0, false), ('510', '21', true, 0, 0, 1, -5, false)$$, 'totals by scheme and clearing class');
SELECT results_eq($$SELECT source_key, reference FROM hospital_cost.detail_request('insurer', '2025-03-05')$$, $$VALUES ('7001', 'S1'), ('7003', 'S3'), ('7005', 'S5')$$, 'details of those that differ');
SELECT hospital_cost.load_statement('insurer', '2025-03-05', '[{"reference": "S1", "amount": 99.99}, {"reference": "S3", "amount": 300}]') \g /dev/null
SELECT hospital_cost.reconcile('insurer', '2025-03-05') \g /dev/null
SELECT set_eq($$SELECT his.open('insurer') EXCEPT SELECT w FROM his.open('insurer') w WHERE w ~ '700[246]'$$, ARRAY['amount_differs 7001 S1 -0.01', 'his_only 7005 -500.00'], 'are matched by the number of the settlement; where the totals are equal no line is missed');
SELECT throws_ok($$SELECT * FROM hospital_cost.compare_totals('none', '2025-03-05')$$, 'MC501', NULL, 'totals of a kind without a format');

-- payments = statements + open differences, day by day; what came after the run is told
SELECT hospital_cost.reconcile(k, d::date) FROM unnest('{wechat,bank,insurer}'::text[]) k, generate_series('2025-03-05'::timestamp, '2025-03-08', '1 day') d
	WHERE EXISTS (SELECT FROM hospital_cost.statement s WHERE s.kind = k AND s.day >= d) ORDER BY d \g /dev/null
CREATE FUNCTION his.wrong(d date) RETURNS SETOF text LANGUAGE sql AS $$ SELECT concat_ws('|', v.identity, v.difference, v.example) FROM hospital_cost.verify_money(d) v WHERE v.identity ~ '^(wechat|bank|insurer): ' AND v.difference <> 0 $$;
SELECT is_empty(format('SELECT his.wrong(%L)', d), 'statements of ' || d::date) FROM generate_series('2025-03-05'::timestamp, '2025-03-08', '1 day') d;
SELECT is((SELECT count(*) FROM hospital_cost.verify_money('2025-03-05') v WHERE v.identity ~ '^(wechat|bank|insurer): '), 9::bigint, 'of three kinds');
SELECT his.pay_by(8001, 'LATE', 5, '2025-03-08 10:00+08') \g /dev/null
SELECT results_eq($$SELECT his.wrong('2025-03-08') ~ '^wechat: payments of the day = matched . open differences.-5.00.entry'$$, ARRAY[true], 'a payment after the run');
SELECT hospital_cost.load_statement('wechat', '2025-03-08', jsonb_build_array(his.line('LATE', 5, '2025-03-08 09:01'))) AS s8 \gset
SELECT results_eq($$SELECT count(*) FROM his.wrong('2025-03-08')$$, ARRAY[2::bigint], 'and a line');
SELECT hospital_cost.reconcile('wechat', '2025-03-08') \g /dev/null
SELECT is_empty($$SELECT his.wrong('2025-03-08')$$, 'are told by the next one');
SET LOCAL session_replication_role = replica;
UPDATE hospital_cost._payment SET amount = 6 WHERE source_key = '8001';
SET LOCAL session_replication_role = origin;
SELECT results_eq($$SELECT his.wrong('2025-03-08') ~ '^wechat: matches whose payments are not their lines.1.match'$$, ARRAY[true], 'money that was changed under its match is found');

SELECT * FROM finish();
ROLLBACK;
