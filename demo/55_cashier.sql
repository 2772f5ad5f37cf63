-- The cashier office on the last day of the month, and what patients are told.
\pset title '6a  The day of the cashier office (日清日结), 31 March: closed by the cashier, reviewed by the leader, audited by the accountant'
SELECT s.window_code AS "窗口", s.entries AS "笔数", to_char(s.amount, '9,999,990.00') AS "净收 net", to_char(s.cash_in - s.cash_out, '9,999,990.00') AS "现金 cash",
	to_char(s.expected, '9,999,990.00') AS "应缴", to_char(s.counted, '9,999,990.00') AS "实缴", to_char(nullif(s.difference, 0), 'S990.00') AS "长短款",
	s.state AS "state", l.state AS "case"
FROM hospital_cost.shift s LEFT JOIN hospital_cost.long_short l ON l.shift_id = s.shift_id ORDER BY s.window_code;
\pset title '6b  WeChat''s statement against the books (对账): every difference with its type'
SELECT d.outcome_zh AS "类型", d.outcome AS "type", d.reference AS "流水号", to_char(d.our_amount, '99,990.00') AS "账上 ours",
	to_char(d.line_amount, '99,990.00') AS "对账单 theirs", to_char(d.difference, 'S9,990.00') AS "差额"
FROM hospital_cost.reconciliation_difference d WHERE d.kind = 'wechat' AND d.day = '2025-03-31' ORDER BY d.outcome, d.reference;
\pset title '6c  A daily bill (一日清单): of who came in the week before, the patient who owes most, 30 March'
SELECT u.encounter_code AS patient FROM hospital_cost.unpaid u JOIN hospital_cost.encounter e ON e.code = u.encounter_code
WHERE u.state = 'in_house' AND e.started_at >= '2025-03-24' ORDER BY u.unpaid DESC, u.encounter_code LIMIT 1 \gset
WITH b AS (SELECT x.*, row_number() OVER (PARTITION BY x.section ORDER BY x.amount DESC, x.row_no) AS place FROM hospital_cost.daily_bill(:'patient', '2025-03-30') x)
SELECT b.section, b.name AS "项目", to_char(b.quantity, '990.9') AS "数量", to_char(b.unit_price, '9,990.00') AS "单价", to_char(b.amount, '999,990.00') AS "金额"
FROM b WHERE b.section <> 'item' OR b.place <= 5 ORDER BY b.row_no;
\pset title '6d  What his stay will come to (费用预测), and who else must be asked for money (预交金不足, 欠费)'
SELECT x.what AS "指标", x.figure AS "figure" FROM (
	SELECT 1, format('day %s of the stay, charged so far', p.day_of_stay), to_char(p.charges, '999,990.00') FROM hospital_cost.predict_charges(:'patient') p
	UNION ALL SELECT 2, format('expected: median of %s like cases (%s)', p.cases, p.likeness), to_char(p.median, '999,990.00') FROM hospital_cost.predict_charges(:'patient') p
	UNION ALL SELECT 3, 'expected: four in five stay below', to_char(p.p80, '999,990.00') FROM hospital_cost.predict_charges(:'patient') p
	UNION ALL SELECT 4, format('back-test: %s stays that ended from 20 March, on day 3, with a month of history', e.cases),
		format('MAPE %s %%, %s %% not above P80', e.mape, e.p80_coverage)
		FROM hospital_cost.predict_charges_error('2025-03-20', '2025-03-31', 3, 300) e WHERE e.likeness = 'all'
	UNION ALL SELECT 5, format('in the house, deposit %s', CASE s.why WHEN 'below_minimum' THEN 'below the minimum (低于下限)' ELSE 'below what is expected (不足预计费用)' END),
		count(*) || ' patients, ' || to_char(sum(s.shortfall), 'FM9,999,990.00') FROM hospital_cost.deposit_shortfall s GROUP BY s.why
	UNION ALL SELECT 6, 'left on the day without paying (欠费)', count(*) || ' patients, ' || to_char(coalesce(sum(u.unpaid), 0), 'FM9,999,990.00')
		FROM hospital_cost.unpaid u WHERE u.state = 'left' AND u.since >= '2025-03-31' AND u.kind <> 'inpatient'
) AS x (place, what, figure) ORDER BY x.place, x.what;
