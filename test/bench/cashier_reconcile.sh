#!/bin/sh
# cashier_reconcile: ROWS payments (1,000,000) with as many lines, matched and kept, against one hash full join of the same tables on reference and amount.
set -eu
. "$(dirname "$0")/lib.sh"
rows=${ROWS:-1000000}

# one STATEMENT: CPU ticks of the server process. Serial on both sides; what it wrote is taken back.
one() {
	bench_sql <<-SQL
		SET max_parallel_workers_per_gather = 0;
		SET enable_mergejoin = off;
		SET work_mem = '512MB';
		BEGIN;
		SELECT work.cpu() AS cpu \gset
		$1 \g /dev/null
		SELECT work.cpu() - :cpu;
		ROLLBACK;
		VACUUM hospital_cost._reconciliation_match;
	SQL
}

join="SELECT count(*) FILTER (WHERE p.amount IS DISTINCT FROM l.amount) FROM (SELECT * FROM hospital_cost._payment WHERE day = '2025-03-05') p
	FULL JOIN (SELECT * FROM hospital_cost.statement_line WHERE day = '2025-03-05') l ON l.reference = p.external_reference"
ours="SELECT * FROM hospital_cost.reconcile('wechat', '2025-03-05')"

bench_database -v rows="$rows" -f "$(dirname "$0")/cashier_reconcile.sql"
bench_sql -c "$ours" >"$HC_DIR/found"
bench_sql -c "SELECT 'planted and found: ' || string_agg(outcome || ' ' || items, ', ') FROM (SELECT outcome, count(*) AS items FROM hospital_cost.reconciliation_difference GROUP BY 1 ORDER BY 1) x" |
	sed 's/^/  /'
bench_sql -c "TRUNCATE hospital_cost._reconciliation_match, hospital_cost._reconciliation_difference" -c "VACUUM ANALYZE"
one "$join" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do echo "$(one "$join") $(one "$ours")" >>"$HC_DIR/pairs"; done
bench_ratio "$HC_DIR/pairs" 2 1 | report cashier_reconcile_against_join '<=' 8
awk '{ print "  hash full join " $1 * 10 ", reconcile " $2 * 10 " ms of CPU" }' "$HC_DIR/pairs" | sort | tail -n 1
dropdb bench
