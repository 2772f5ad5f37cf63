#!/bin/sh
# costing: one pass over the ledger against count(*) and the best SQL, and patient cost with its cells written against an SQL twin. HC_ROWS charges
# (2,000,000) of HC_ROWS / 100 encounters; the growth is against a tenth of them, which takes turns with all.
set -eu
. "$(dirname "$0")/lib.sh"
rows=${HC_ROWS:-2000000}

# one DATABASE STATEMENT [WORKERS] [MEMORY]: CPU ticks of the server process, and the milliseconds on the clock.
one() {
	bench_sql -d "$1" <<-SQL
		SET max_parallel_workers_per_gather = ${3:-0};
		SET work_mem = '${4:-256MB}';
		BEGIN;
		SELECT work.cpu() AS cpu, clock_timestamp() AS started \gset
		$2 \g /dev/null
		SELECT work.cpu() - :cpu || ' ' || round(1000 * extract(epoch FROM clock_timestamp() - :'started'));
		ROLLBACK;
	SQL
}

cpu() {
	one "$@" | cut -d ' ' -f 1
}

# memory DATABASE STATEMENT: the most memory of the process that is not shared, beyond its start, in MiB; looked at twenty times a second.
memory() {
	: >"$HC_DIR/pid"
	bench_sql -d "$1" -c "SELECT pg_backend_pid()" -c "SET work_mem = '4MB'" -c "SET max_parallel_workers_per_gather = 0" -c "SELECT pg_sleep(0.5)" -c "BEGIN" -c "$2" -c "ROLLBACK" >"$HC_DIR/pid" &
	while [ ! -s "$HC_DIR/pid" ]; do sleep 0.05; done
	pid=$(head -n 1 "$HC_DIR/pid")
	while anonymous=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$anonymous" ]; do
		echo "$anonymous"
		sleep 0.05
	done | awk 'NR == 1 { start = $1 } $1 > most { most = $1 } END { printf "%.1f\n", (most - start) / 1024 }'
	wait
}

of() {
	echo "ARRAY(SELECT department_id FROM hospital_cost.department WHERE setting = '$1')"
}
count="SELECT count(*) FROM hospital_cost._ledger"
totals="SELECT count(*), sum(entries), sum(amount) FROM"
ours="$totals hospital_cost._recount_charges('2025-03-01', $(of outpatient), $(of emergency), $(of inpatient))"
patients="SELECT hospital_cost._cost_encounters(1, false)"

setup() {
	bench_database -v rows="$1" -v encounters="$(($1 / 100))" -f "$(dirname "$0")/costing.sql"
}

# The small ledger first: the large one takes its place in shared buffers, so that neither is found there.
setup $((rows / 10))
dropdb --if-exists --force bench_small 2>"$HC_DIR/setup"
bench_sql -d postgres -c 'ALTER DATABASE bench RENAME TO bench_small'
setup "$rows"
for work in "$patients" "SELECT work.twin(1)"; do one bench "$work" >"$HC_DIR/warm"; done
one bench_small "$patients" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do
	echo "$(cpu bench "$count") $(cpu bench "$ours") $(cpu bench "$totals work.totals") $(cpu bench "$totals work.totals_by_join") $(cpu bench "SELECT work.twin(1)") \
		$(cpu bench "$patients") $(cpu bench_small "$patients") $(cpu bench_small "$count")" >>"$HC_DIR/pairs"
done
bench_ratio "$HC_DIR/pairs" 2 1 | report costing_totals_against_count '<=' 2.2
awk '{ print ($3 < $4 ? $3 : $4) / ($2 > 0 ? $2 : 0.5) }' "$HC_DIR/pairs" | report costing_totals_against_sql '>=' 1.5
bench_ratio "$HC_DIR/pairs" 5 6 | report costing_patients_against_sql '>=' 2
bench_ratio "$HC_DIR/pairs" 6 7 | report costing_growth_tenfold '<=' 11
awk '{ print "  count " $1 * 10 " (a tenth " $8 * 10 "), totals " $2 * 10 ", SQL " $3 * 10 " or " $4 * 10 ", twin " $5 * 10 ", patients " $6 * 10 " (a tenth " $7 * 10 ") ms of CPU" }' "$HC_DIR/pairs" | sort
echo "bench costing_memory_mib $(memory bench "$patients") of $rows charges, $(memory bench_small "$patients") of a tenth, work_mem 4 MB"
for workers in 0 1 2; do
	for _ in 1 2 3; do echo "$(one bench "$ours" $workers | cut -d ' ' -f 2) $(one bench "$patients" $workers | cut -d ' ' -f 2)"; done >"$HC_DIR/clock"
	echo "bench costing_parallel $workers workers: totals $(sort -n "$HC_DIR/clock" | sed -n '2s/ .*//p'), patients $(sort -n -k 2 "$HC_DIR/clock" | sed -n '2s/.* //p') ms on the clock"
done
dropdb bench
dropdb bench_small
