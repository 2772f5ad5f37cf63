#!/bin/sh
# The HIS has a server of its own: only its fee table is replicated, and the ledger is made here, by the row trigger that apply workers fire.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

caught_up() {
	select_cluster his
	position=$(sql hospital "SELECT pg_current_wal_lsn()")
	wait_for "$1" "SELECT count(*) = 1 AND bool_and(state = 'streaming' AND replay_lsn >= '$position') FROM pg_stat_replication"
	select_cluster books
}
entries() { sql hospital "SELECT count(*) || ' ' || coalesce(sum(amount), 0) FROM hospital_cost.ledger l WHERE l.source = 'his.bill'::regclass"; }
bill='CREATE TABLE his.bill (no bigint, day date, visit text, item text, qty numeric, total numeric, dept text, PRIMARY KEY (no, day)) PARTITION BY RANGE (day);
	CREATE TABLE his.bill_03 PARTITION OF his.bill FOR VALUES FROM ('"'2025-03-01'"') TO ('"'2025-04-01'"')'

new_cluster his "wal_level = logical"
createdb hospital
sql hospital "CREATE SCHEMA his; $bill"
sql hospital "INSERT INTO his.bill SELECT g, '2025-03-05', 'L' || g, 'S1', 1, 18, 'T1' FROM generate_series(1, 500) g"
sql hospital "CREATE PUBLICATION bills FOR TABLE his.bill"

new_cluster books
new_hospital hospital
sql hospital "$bill"
sql hospital "SELECT hospital_cost.attach_charges('his.bill', '{\"source_key\": [\"no\", \"day\"], \"encounter\": \"visit\", \"item\": \"item\", \"quantity\": \"qty\",
	\"amount\": \"total\", \"performing_department\": \"dept\", \"charged_at\": \"day\"}', 'strict', 'verify')"
sql hospital "CREATE SUBSCRIPTION bills CONNECTION 'host=$WORK port=$(port_of his) user=postgres dbname=hospital' PUBLICATION bills" 2>/dev/null
wait_for "initial copy" "SELECT count(*) >= 1 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel"
is "rows of the initial copy are posted" "$(entries)" "500 9000.00"

select_cluster his
sql hospital "INSERT INTO his.bill SELECT g, '2025-03-06', 'L' || g, 'S1', 2, 36, 'T1' FROM generate_series(501, 520) g;
	UPDATE his.bill SET qty = 2, total = 36 WHERE no <= 10; DELETE FROM his.bill WHERE no BETWEEN 11 AND 15"
sql hospital "BEGIN; INSERT INTO his.bill VALUES (600, '2025-03-07', 'L600', 'S1', 1, 18, 'T1'); ROLLBACK"
caught_up "changes"
is "insert, update and delete are posted as they are applied" "$(entries)" "545 9810.00"
books_agree hospital "the books agree"

select_cluster his
sql hospital "INSERT INTO his.bill VALUES (700, '2025-03-07', 'L700', 'NONE', 1, 18, 'T1'), (701, '2025-03-07', 'L701', 'S1', 1, 99, 'T1')"
caught_up "rows that are not clean"
is "what is not clean does not stop the apply worker, even in mode strict" \
	"$(sql hospital "SELECT string_agg(code, ',' ORDER BY code) FROM hospital_cost.posting_issue WHERE source_key LIKE '70%'")" "amount_differs,unknown_item"

# A session that switches triggers off means it; unposted() and post_pending() find its rows.
sql hospital "SET session_replication_role = replica; INSERT INTO his.bill VALUES (800, '2025-03-07', 'L800', 'S1', 1, 18, 'T1')"
is "session_replication_role: not posted" "$(sql hospital "SELECT string_agg(source_key, ',') FROM hospital_cost.unposted('his.bill') WHERE issue IS NULL")" "800|2025-03-07"
is "and posted on demand" "$(sql hospital "SELECT row_count FROM hospital_cost.post_pending('his.bill') WHERE outcome = 'posted'")" 1

# Mode async: the apply worker only notes the keys.
sql hospital "UPDATE hospital_cost.attachment SET mode = 'async' WHERE relation = 'his.bill'::regclass"
before=$(entries)
select_cluster his
sql hospital "DELETE FROM his.bill WHERE no = 520; UPDATE his.bill SET visit = 'L1x' WHERE no = 1"
caught_up "async"
is "async: nothing is posted yet" "$(entries)" "$before"
is "then it is, and what was refused before is tried again" "$(sql hospital "SELECT string_agg(outcome || ' ' || row_count, ', ' ORDER BY outcome) FROM hospital_cost.post_pending('his.bill') WHERE row_count > 0")" \
	"exists_with_different_encounter 1, gone_reversed 1, posted 1, refused 1"
sql hospital "DELETE FROM his.bill WHERE no = 700"
books_agree hospital "the books agree in the end"
sql hospital "ALTER SUBSCRIPTION bills DISABLE" 2>/dev/null
finish
