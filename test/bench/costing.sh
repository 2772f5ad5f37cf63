#!/bin/sh
# costing: one pass over the ledger against count(*) and the best SQL, and patient cost with its cells written against an SQL twin. ROWS charges (2,000,000)
# of ROWS / 100 encounters; the growth is against a tenth of them.
set -eu
. "$(dirname "$0")/lib.sh"
rows=${ROWS:-2000000}

# one STATEMENT: CPU ticks of the server process. Serial on both sides.
one() {
	bench_sql <<-SQL
		SET max_parallel_workers_per_gather = 0;
		SET work_mem = '256MB';
		BEGIN;
		SELECT work.cpu() AS cpu \gset
		$1 \g /dev/null
		SELECT work.cpu() - :cpu;
		ROLLBACK;
	SQL
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
	one "$patients" >"$HC_DIR/warm"
}

setup $((rows / 10))
: >"$HC_DIR/small"
for _ in $(seq "$BENCH_PAIRS"); do one "$patients" >>"$HC_DIR/small"; done
small=$(sort -n "$HC_DIR/small" | sed -n "$(((BENCH_PAIRS + 1) / 2))p")

setup "$rows"
one "SELECT work.twin(1)" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do
	echo "$(one "$count") $(one "$ours") $(one "$totals work.totals") $(one "$totals work.totals_by_join") $(one "SELECT work.twin(1)") $(one "$patients")" >>"$HC_DIR/pairs"
done
bench_ratio "$HC_DIR/pairs" 2 1 | report costing_totals_against_count '<=' 2.2
awk '{ print ($3 < $4 ? $3 : $4) / ($2 > 0 ? $2 : 0.5) }' "$HC_DIR/pairs" | report costing_totals_against_sql '>=' 1.5
bench_ratio "$HC_DIR/pairs" 5 6 | report costing_patients_against_sql '>=' 2
awk -v small="$small" '{ print $6 / (small > 0 ? small : 0.5) }' "$HC_DIR/pairs" | report costing_growth_tenfold '<=' 11
awk '{ print "  count " $1 * 10 ", totals " $2 * 10 ", SQL " $3 * 10 " or " $4 * 10 ", twin " $5 * 10 ", patients " $6 * 10 " ms of CPU" }' "$HC_DIR/pairs" | sort | tail -n 1
dropdb bench
