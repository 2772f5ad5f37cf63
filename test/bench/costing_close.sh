#!/bin/sh
# costing, closing a month of the demo hospital: allocation, all cost objects and all prescribed forms, against the same in stored procedures, whose results
# must be ours.
# Then a late charge in a month that is costed: everything computed against what it touches.
set -eu
. "$(dirname "$0")/lib.sh"
month="'2025-03-01'"

# one STATEMENT: CPU ticks of the server process, and the seconds on the clock. What was rolled back before is cleaned up first, as autovacuum would.
one() {
	bench_sql <<-SQL
		VACUUM ANALYZE;
		BEGIN;
		SELECT work.cpu() AS cpu, clock_timestamp() AS started \gset
		SELECT $1 \g /dev/null
		SELECT work.cpu() - :cpu || ' ' || extract(epoch FROM clock_timestamp() - :'started');
		ROLLBACK;
	SQL
}

bench_database -v factor="$HC_FACTOR" -v seed="$HC_SEED" -f demo/demo.sql
for part in close close_twin close_form; do
	bench_sql -f "$(dirname "$0")/costing_$part.sql" >"$HC_DIR/setup"
done
one "work.ours($month), work.twin($month), work.compare($month)" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do
	echo "$(one "work.ours($month)") $(one "work.twin($month)")" >>"$HC_DIR/pairs"
done
sort -n -k 2 "$HC_DIR/pairs" | sed -n "$(((BENCH_PAIRS + 1) / 2))p" | awk '{ printf "bench costing_close_month %.3f seconds, %d ms of CPU\n", $2, $1 * 10 }'
bench_ratio "$HC_DIR/pairs" 3 1 | report costing_close_against_plpgsql '>=' 20
awk '{ print "  ours " $1 * 10 ", twin " $3 * 10 " ms of CPU" }' "$HC_DIR/pairs" | sort | tail -n 1
one "work.late(false)" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do echo "$(one "work.late(true)") $(one "work.late(false)")" >>"$HC_DIR/pairs"; done
bench_ratio "$HC_DIR/pairs" 1 3 | sort -g | awk '{ v[NR] = $1 } END { printf "bench costing_late_charge %.2f\n", v[int((NR + 1) / 2)] }'
dropdb bench
