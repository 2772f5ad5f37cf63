#!/bin/sh
# Four sessions write to the same charges at once, each at random by a seed of its own: the same messages, refunds of the same originals, encounters that are merged,
# months that close under them. Whoever came first, the books agree. HC_SEED repeats the seeds, not the order in which the sessions met.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

new_cluster main
new_hospital hospital
play sessions.sql 200 MC002 MC003 MC004
is "most steps went through" "$(sql hospital "SELECT count(*) FILTER (WHERE sqlstate = '00000') > 0.7 * count(*) FROM play.done")" t
sql hospital "SELECT '# ' || sqlstate || ' ' || count(*) FROM play.done GROUP BY sqlstate ORDER BY 1"

sql hospital "SELECT hospital_cost.reopen_period(period, 'audit') FROM hospital_cost.period WHERE state = 'closed';
	SELECT hospital_cost.post_pending('play.queue')" >/dev/null
# Counted here from the entries themselves, by SQL of its own.
sql hospital "CREATE VIEW play.live AS SELECT l.* FROM hospital_cost._ledger l WHERE l.flags & 64 = 0
	AND NOT EXISTS (SELECT FROM hospital_cost._ledger r WHERE r.reverses = l.entry_id AND r.flags & 64 <> 0)"
is "no key has two live entries" \
	"$(sql hospital "SELECT count(*) FROM (SELECT source_id, source_key, source_key_text FROM play.live GROUP BY 1, 2, 3 HAVING count(*) > 1) x")" 0
is "no entry was taken back twice" \
	"$(sql hospital "SELECT count(*) FROM (SELECT reverses FROM hospital_cost._ledger WHERE flags & 64 <> 0 GROUP BY 1 HAVING count(*) > 1) x")" 0
is "no refunds above their original" "$(sql hospital "SELECT coalesce(string_agg(x.name, ' '), '') FROM (
	SELECT o.source_id || ':' || o.source_key AS name FROM (SELECT DISTINCT n.source_id, n.source_key, r.entry_id, r.quantity, r.amount
			FROM play.live r JOIN hospital_cost._ledger n ON n.entry_id = r.reverses) r
		JOIN play.live o ON o.source_id = r.source_id AND o.source_key = r.source_key AND o.reverses = 0
	GROUP BY o.source_id, o.source_key, o.quantity, o.amount HAVING o.quantity + sum(r.quantity) < 0 OR o.amount + sum(r.amount) < 0) x")" ""
is "some refunds were refused for that" "$(sql hospital "SELECT count(*) > 0 FROM hospital_cost.posting_issue WHERE code = 'refund_exceeds'")" t
is "each message is one entry, however often it came" \
	"$(sql hospital "SELECT (SELECT count(*) > count(DISTINCT key) FROM play.message), (SELECT count(DISTINCT key) FROM play.message) = (SELECT count(*) FROM play.live l
		JOIN hospital_cost.attachment a USING (source_id) WHERE a.relation = 'play.message'::regclass)")" "t|t"
is "totals are the entries" "$(sql hospital "SELECT count(*) FROM (
	(SELECT period, ordering_id, performing_id, item_id, sum(entries), sum(quantity), sum(amount) FROM (TABLE hospital_cost._charge_total UNION ALL TABLE hospital_cost._charge_delta) t GROUP BY 1, 2, 3, 4
	EXCEPT SELECT period, ordering_id, performing_id, item_id, count(*), sum(quantity), sum(amount) FROM hospital_cost._ledger GROUP BY 1, 2, 3, 4)
	UNION ALL (SELECT period, ordering_id, performing_id, item_id, count(*), sum(quantity), sum(amount) FROM hospital_cost._ledger GROUP BY 1, 2, 3, 4
	EXCEPT SELECT period, ordering_id, performing_id, item_id, sum(entries), sum(quantity), sum(amount) FROM (TABLE hospital_cost._charge_total UNION ALL TABLE hospital_cost._charge_delta) t GROUP BY 1, 2, 3, 4)) x")" 0
is "every row is posted or explained" "$(sql hospital "SELECT coalesce(string_agg(t.name || ' ' || u.source_key, ', '), '') FROM unnest('{play.line,play.message,play.queue}'::text[]) AS t (name)
	CROSS JOIN LATERAL hospital_cost.unposted(t.name::regclass) u WHERE u.issue IS NULL")" ""
is "every identity of every month" "$(sql hospital "SELECT coalesce(string_agg(v.identity || ': ' || v.difference || ' ' || v.example, '; '), '')
	FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v WHERE v.difference <> 0")" ""
finish
