#!/bin/sh
# costing, closing a month of the demo hospital: allocation, all cost objects and all prescribed forms.
# One figure in seconds; nothing is held against it.
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
dropdb bench
