#!/bin/sh
# costing, closing a month of the demo hospital: allocation, all cost objects and all prescribed forms.
# One figure in seconds; nothing is held against it. Then a late charge in a month that is costed: everything computed against what it touches.
set -eu
. "$(dirname "$0")/lib.sh"
month="'2025-03-01'"

# one STATEMENT: CPU ticks of the server process, and the seconds on the clock.
one() {
	bench_sql <<-SQL
		BEGIN;
		SELECT work.cpu() AS cpu, clock_timestamp() AS started \gset
		SELECT $1 \g /dev/null
		SELECT work.cpu() - :cpu || ' ' || extract(epoch FROM clock_timestamp() - :'started');
		ROLLBACK;
	SQL
}

bench_database -v factor="$HC_FACTOR" -v seed="$HC_SEED" -f demo/demo.sql
bench_sql -f "$(dirname "$0")/costing_close.sql" >"$HC_DIR/setup"
one "work.ours($month)" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in 1 2 3; do one "work.ours($month)" >>"$HC_DIR/pairs"; done
sort -n -k 2 "$HC_DIR/pairs" | sed -n 2p | awk '{ printf "bench costing_close_month %.3f seconds, %d ms of CPU\n", $2, $1 * 10 }'
one "work.late(false)" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do echo "$(one "work.late(true)") $(one "work.late(false)")" >>"$HC_DIR/pairs"; done
bench_ratio "$HC_DIR/pairs" 1 3 | sort -g | awk '{ v[NR] = $1 } END { printf "bench costing_late_charge %.2f\n", v[int((NR + 1) / 2)] }'
dropdb bench
