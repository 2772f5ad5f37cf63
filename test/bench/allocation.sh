#!/bin/sh
# allocation: allocate() with everything it does (snapshot of the inputs, compute, controlled rounding, store) against a set-based SQL twin
# that only moves numeric amounts level by level and stores the cells: no closing of splits, no rounding, no stored inputs.
set -eu
. "$(dirname "$0")/lib.sh"

dropdb --if-exists bench
createdb bench
bench_sql -v departments="${DEPARTMENTS:-300}" -v items="${ITEMS:-30}" -f "$(dirname "$0")/allocation.sql" >"$HC_DIR/setup" 2>&1

# one STATEMENT: CPU ticks of the server process.
one() {
	bench_sql <<-SQL
		BEGIN;
		SELECT work.cpu() AS cpu \gset
		SELECT $1 AS ignored \gset
		SELECT work.cpu() - :cpu;
		ROLLBACK;
	SQL
}

one "work.twin()" >"$HC_DIR/warm"
one "hospital_cost.allocate('2025-03-01', 'four_class_three_level')" >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do
	twin=$(one "work.twin()")
	ours=$(one "hospital_cost.allocate('2025-03-01', 'four_class_three_level')")
	echo "$twin $ours" >>"$HC_DIR/pairs"
done
awk '{ print $1 / ($2 > 0 ? $2 : 0.5) }' "$HC_DIR/pairs" | report allocation_against_sql '>=' 30
awk '{ print "  twin " $1 * 10 " ms, allocate " $2 * 10 " ms of CPU" }' "$HC_DIR/pairs" | sort | tail -n 1
dropdb bench
