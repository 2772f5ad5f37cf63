#!/bin/sh
# The server is killed in the middle of posting. After recovery every committed row is posted once, and no other.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

CHARGES="SELECT 'V' || to_char(1 + i % 120, 'FM000'), 'S1', 1, 20, 20, 'C1', 'T1', timestamptz '2025-03-16 08:00+08' + i * interval '1 second'"
COLUMNS="visit, item, qty, price, total, dept_by, dept_at, at"

# kill_server CLUSTER: the postmaster and all its children, at once, by their numbers.
kill_server() {
	pids="$(head -n 1 "$WORK/$1/postmaster.pid") $(sql hospital "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE pid <> pg_backend_pid()")"
	# shellcheck disable=SC2086 # a list of numbers
	kill -9 $pids 2>/dev/null || true
	for pid in $pids; do
		# A container without an init leaves the dead as zombies, which no longer hold memory or files.
		while state=$(cut -d ' ' -f 3 "/proc/$pid/stat" 2>/dev/null) && [ "$state" != Z ]; do sleep 0.1; done
	done
	# For the same reason their numbers still look taken, which would keep the server from starting.
	rm -f "$WORK/$1/postmaster.pid" "$WORK"/.s.PGSQL.*
}

new_cluster main
new_hospital hospital
before=$(sql hospital "SELECT count(*) FROM his.fee")

# One writer commits batch after batch; another feeds one COPY that never ends.
for _ in $(seq 2000); do echo "INSERT INTO his.fee ($COLUMNS) $CHARGES FROM generate_series(1, 500) AS i;"; done |
	psql -X -q -d hospital >"$WORK/writer" 2>&1 &
writer=$!
mkfifo "$WORK/pipe"
psql -X -q -d hospital -c "COPY his.fee ($COLUMNS) FROM STDIN" <"$WORK/pipe" >"$WORK/copier" 2>&1 &
copier=$!
{
	psql -X -q -At -F '	' -d hospital -c "$CHARGES FROM generate_series(1, 200000) AS i"
	exec sleep 60
} >"$WORK/pipe" 2>/dev/null &
feeder=$!
for _ in $(seq 300); do
	[ "$(sql hospital "SELECT (SELECT count(*) FROM his.fee) > $before + 5000 AND EXISTS (SELECT FROM pg_stat_progress_copy WHERE tuples_processed > 100000)")" != t ] || break
	sleep 0.1
done
copied=$(sql hospital "SELECT coalesce(max(tuples_processed), 0) FROM pg_stat_progress_copy")
is "killed in the middle of a COPY of 200000 rows" "$([ "$copied" -gt 100000 ] && echo yes)" yes
kill_server main
kill "$feeder" 2>/dev/null || true
wait "$writer" "$copier" 2>/dev/null || true

succeeds "the server recovers" start main
after=$(sql hospital "SELECT count(*) FROM his.fee")
is "batches committed before the kill are there" "$([ "$after" -ge $((before + 5000)) ] && echo yes)" yes
is "batches are whole, and the COPY left no row" $(((after - before) % 500)) 0
is "every row but the unknown item stands in the ledger" "$(sql hospital "SELECT count(*) FROM hospital_cost.unposted('his.fee')")" 1
books_agree hospital "the books agree"
charge_posts_once hospital "after recovery"
finish
