#!/bin/sh
# allocation: allocate() with everything it does (snapshot of the inputs, compute, controlled rounding, store) against a set-based SQL twin
# that only moves numeric amounts level by level and stores the cells: no closing of splits, no rounding, no stored inputs.
set -eu
. "$(dirname "$0")/lib.sh"

# hospital DEPARTMENTS ITEMS SPARSE: a database of that size.
hospital() {
	bench_database -v departments="$1" -v items="$2" -v sparse="$3" -f "$(dirname "$0")/allocation.sql"
}
hospital "${DEPARTMENTS:-300}" "${ITEMS:-30}" 0

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

# Growth, as the ratio of the smallest of a few runs each: the two sizes cannot take turns in one database.
least() {
	for _ in $(seq "$BENCH_PAIRS"); do
		one "hospital_cost.allocate('2025-03-01', 'four_class_three_level')"
	done | sort -n | head -n 1
}
hospital 1000 "${ITEMS:-30}" 1
small=$(least)
hospital 2000 "${ITEMS:-30}" 1
large=$(least)
awk -v a="$large" -v b="$small" 'BEGIN { print a / b }' | report allocation_growth '<=' 2.3
echo "  1,000 departments $((small * 10)) ms, 2,000 departments $((large * 10)) ms of CPU"

# Memory of the process that is not shared, looked at ten times a second while it allocates: MEMORY_DEPARTMENTS is 5,000 for the figure that counts.
hospital "${MEMORY_DEPARTMENTS:-1000}" "${MEMORY_ITEMS:-60}" 0
: >"$HC_DIR/pid"
bench_sql -c "SELECT pg_backend_pid()" -c "SELECT pg_sleep(0.5)" -c "SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level')" >"$HC_DIR/pid" &
while [ ! -s "$HC_DIR/pid" ]; do sleep 0.1; done
pid=$(head -n 1 "$HC_DIR/pid")
while anonymous=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$anonymous" ]; do
	echo "$anonymous"
	sleep 0.1
done >"$HC_DIR/memory"
wait
awk 'NR == 1 { start = $1 } $1 > most { most = $1 } END { print (most - start) / 1024 }' "$HC_DIR/memory" | report allocation_memory_mib '<=' 300
dropdb bench
