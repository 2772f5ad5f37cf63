#!/bin/sh
# Four sessions pay, give back, correct, delete, close and reconcile at once, each at random by a seed of its own. However they met: every entry is in one close,
# the closes of a cashier hold what the hospital's table says of him, and payments are statements and open differences. HC_SEED repeats the seeds,
# not the order in which the sessions met.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

new_cluster main
new_hospital hospital
play cashier_sessions.sql 150
is "most steps went through" "$(sql hospital "SELECT count(*) FILTER (WHERE sqlstate = '00000') > 0.8 * count(*) FROM play.done")" t
is "there were closes, and money that came too late for one" "$(sql hospital "SELECT count(*) > 20, (SELECT count(*) > 0 FROM hospital_cost._closed_payment o
	JOIN hospital_cost._payment p USING (entry_id) JOIN hospital_cost._shift_close k USING (shift_id) WHERE p.entry_id <= (
		SELECT max(b.drawn) FROM hospital_cost._shift_close b WHERE b.cashier_code = k.cashier_code AND upper(b.span) <= lower(k.span))) FROM hospital_cost._shift_close")" "t|t"

# The last close of each, with nobody beside it; the last run of each day.
sql hospital "SELECT hospital_cost.close_shift(hospital_cost.open_shift(cashier => c.code), 0) FROM hospital_cost.cashier c;
	SELECT play.state(d::date), hospital_cost.reconcile('wx', d::date) FROM unnest('{2025-03-05,2025-03-06}'::date[]) d" >/dev/null
is "every entry is in one close, and of its cashier" "$(sql hospital "SELECT count(*) - count(o.entry_id), count(*) FILTER (WHERE p.operator <> s.cashier_code)
	FROM hospital_cost._payment p LEFT JOIN hospital_cost._closed_payment o USING (entry_id) LEFT JOIN hospital_cost._shift s USING (shift_id)
	WHERE p.operator IS NOT NULL")" "0|0"
# Foretold from the hospital's table alone, but for which refunds were too much.
is "the closes of a cashier hold what the table says of him" "$(sql hospital "SELECT coalesce(string_agg(concat_ws(' ', t.clerk, t.amount, k.amount, t.cash, k.cash), '; '), '') FROM (
	SELECT p.clerk, sum(m.amount) AS amount, coalesce(sum(m.amount) FILTER (WHERE p.way = 'cash'), 0) AS cash FROM play.pay p
	CROSS JOIN LATERAL (SELECT CASE WHEN p.type LIKE '%refund' THEN -p.money ELSE p.money END AS amount) m
	WHERE NOT EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.source = 'play.pay'::regclass AND i.source_key = p.id::text AND i.state = 'open' AND i.severity = 'blocking') GROUP BY p.clerk) t
	FULL JOIN (SELECT c.cashier_code AS clerk, sum(c.amount) AS amount, sum(c.cash_in - c.cash_out) AS cash FROM hospital_cost._shift_close c GROUP BY 1) k USING (clerk)
	WHERE (t.amount, t.cash) IS DISTINCT FROM (k.amount, k.cash)")" ""
is "what is expected of each close, from the entries it owns" "$(sql hospital "SELECT count(*) FROM hospital_cost._shift_close k WHERE k.expected IS DISTINCT FROM
	k.float_start + k.float_moved - k.banked - k.float_end + (SELECT coalesce(sum(p.amount) FILTER (WHERE p.method = 'cash'), 0) FROM hospital_cost._closed_payment o
	JOIN hospital_cost._payment p USING (entry_id) WHERE o.shift_id = k.shift_id)")" 0
is "long and short cash are these and no others" "$(sql hospital "SELECT count(*) FROM hospital_cost._shift_close k FULL JOIN hospital_cost.long_short c USING (shift_id)
	WHERE (k.counted <> k.expected) IS DISTINCT FROM (c.shift_id IS NOT NULL)")" 0
is "matches are exact, and no reference is matched twice" "$(sql hospital "SELECT count(*) FROM (SELECT match_id FROM hospital_cost.reconciliation_match GROUP BY 1
	HAVING sum(amount) IS DISTINCT FROM sum(line_amount) UNION ALL SELECT count(*) FROM hospital_cost.reconciliation_match GROUP BY reference, line_amount < 0 HAVING count(*) > 1) x")" 0
# Planted: the missing and those that are a cent off, unless they were corrected since.
is "what was planted is open" "$(sql hospital "SELECT count(*) FROM play.pay p JOIN hospital_cost.reconciliation_match m ON m.source_key = p.id::text WHERE p.id % 31 = 0 OR p.id % 37 = 0
	AND m.line_amount = m.amount AND NOT EXISTS (SELECT FROM hospital_cost._payment r WHERE r.source_key = p.id::text AND r.entry = 'reverse')")" 0
is "every identity of every day" "$(sql hospital "SELECT coalesce(string_agg(v.identity || ': ' || v.difference || ' ' || v.example, '; '), '')
	FROM (VALUES ('2025-03-05'::date), ('2025-03-06'), (hospital_cost.hospital_day(now()))) d (day) CROSS JOIN LATERAL hospital_cost.verify_money(d.day) v WHERE v.difference <> 0")" ""
is "and of the month" "$(sql hospital "SELECT coalesce(string_agg(v.identity || ': ' || v.difference, '; '), '') FROM hospital_cost.verify_payments('2025-03-01') v WHERE v.difference <> 0")" ""
sql hospital "SELECT '# ' || (SELECT count(*) FROM hospital_cost._payment) || ' entries, ' || (SELECT count(*) FROM hospital_cost._shift_close) || ' closes, '
	|| (SELECT count(*) FROM hospital_cost._reconciliation_run) || ' runs, ' || (SELECT count(DISTINCT match_id) FROM hospital_cost._reconciliation_match) || ' matches'"
finish
