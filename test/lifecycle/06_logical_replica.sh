#!/bin/sh
# A logical replica FOR ALL TABLES gets ledger and hospital tables alike, and posts nothing itself.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

tables_only() { state hospital "$1.all" && grep '^table' "$1.all" >"$1"; }

caught_up() {
	select_cluster publisher
	position=$(sql hospital "SELECT pg_current_wal_lsn()")
	wait_for "$1" "SELECT count(*) = 1 AND bool_and(state = 'streaming' AND replay_lsn >= '$position') FROM pg_stat_replication"
}

new_cluster publisher "wal_level = logical"
new_hospital hospital
sql hospital "CREATE PUBLICATION everything FOR ALL TABLES"
pg_dump -s --no-publications hospital >"$WORK/definitions"
pg_dumpall --roles-only | grep -v 'ROLE postgres' >"$WORK/roles"

new_cluster subscriber
psql -X -q -d postgres -f "$WORK/roles" >/dev/null
createdb hospital
succeeds "the definitions restore on the subscriber" psql -X -q -v ON_ERROR_STOP=1 -d hospital -f "$WORK/definitions"
# The registries come with the extension and with the publication too; the subscriber's own rows make room (operations.md).
sql hospital "TRUNCATE hospital_cost.period_check, hospital_cost.rule_kind, hospital_cost._shipped_rule, hospital_cost._hook, hospital_cost._feed, hospital_cost._feed_field, hospital_cost._feed_target, hospital_cost._feed_column, hospital_cost._feed_check, hospital_cost._feed_issue"
sql hospital "CREATE SUBSCRIPTION everything CONNECTION 'host=$WORK port=$(port_of publisher) user=postgres dbname=hospital' PUBLICATION everything" 2>/dev/null
wait_for "initial copy" "SELECT count(*) > 10 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel"
tables_only "$WORK/subscriber.1"
select_cluster publisher
tables_only "$WORK/publisher.1"
same "after the initial copy: every row of every table" "$WORK/publisher.1" "$WORK/subscriber.1"

charge_posts_once hospital publisher
sql hospital "UPDATE his.fee SET qty = 3, total = 37.05 WHERE item = 'D1' AND id % 16 = 7; DELETE FROM his.fee WHERE item = 'S2' AND id % 40 = 1"
succeeds "compaction under a publication" sql hospital "SELECT hospital_cost.compact_totals()"
sql hospital "INSERT INTO his.fee (visit, item, qty, price, total, dept_by, dept_at, at) SELECT 'V005', 'B1', 1, 45, 45, 'C2', 'C2', '2025-03-21 10:00+08' FROM generate_series(1, 50)"
sql hospital "UPDATE hospital_cost.department SET name = '医学检验科' WHERE code = 'T1'"
tables_only "$WORK/publisher.2"
caught_up "later changes"
select_cluster subscriber
tables_only "$WORK/subscriber.2"
same "after later changes: every row of every table, nothing posted twice" "$WORK/publisher.2" "$WORK/subscriber.2"
books_agree hospital "subscriber: the books agree"
sql hospital "ALTER SUBSCRIPTION everything DISABLE" 2>/dev/null
finish
