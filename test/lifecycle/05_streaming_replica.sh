#!/bin/sh
# A streaming replica holds the same hospital, and takes over when it is promoted.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

new_cluster primary
new_hospital hospital
as_server pg_basebackup -h "$WORK" -p "$(port_of primary)" -U postgres -D "$WORK/standby" -R -X stream -c fast --no-sync
echo "port = 5499" >>"$WORK/standby/postgresql.conf"
start standby

# Changes after the base backup travel as WAL.
select_cluster primary
charge_posts_once hospital primary
sql hospital "UPDATE his.fee SET qty = 3, total = 37.05 WHERE item = 'D1' AND id % 16 = 7;
	DELETE FROM his.fee WHERE item = 'S2' AND id % 40 = 1; SELECT hospital_cost.compact_totals()" >/dev/null
state hospital "$WORK/primary.state"
position=$(sql hospital "SELECT pg_current_wal_lsn()")
select_cluster standby
for _ in $(seq 100); do
	[ "$(sql hospital "SELECT pg_last_wal_replay_lsn() >= '$position'")" = f ] || break
	sleep 0.1
done
state hospital "$WORK/standby.state"
is "the copy is a standby" "$(sql hospital "SELECT pg_is_in_recovery()")" t
same "standby: every row of every table" "$WORK/primary.state" "$WORK/standby.state" table
same "standby: every privilege and trigger" "$WORK/primary.state" "$WORK/standby.state" 'acl|trigger'
books_agree hospital "standby: the books agree, read only"

stop primary
succeeds "promotion" as_server pg_ctl -s -w -D "$WORK/standby" promote
charge_posts_once hospital promoted
finish
