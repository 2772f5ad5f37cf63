#!/bin/sh
# anomaly: what fifty rules, five hundred pairs and limits on a fifth of the items cost beside none, in COPY and in one-row INSERTs of eight sessions; what a
# quarter of a million rows of knowledge more cost; and looking through a month of the ledger against reading it once.
# ROWS=1000000 lines of COPY, DETECT_ROWS=2000000 entries of the month (the goal speaks of 10000000).
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"
ROWS=${ROWS:-1000000} DETECT_ROWS=${DETECT_ROWS:-2000000}

# in_base DATABASE: bench_sql in another one.
in_base() {
	base=$1
	shift
	psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$base" "$@"
}

# prepare LINES: masters and rules; the lines are in a file.
prepare() {
	bench_database -v rows="$1" -f "$(dirname "$0")/posting.sql"
	bench_sql -v rows="$1" -v more=0 -f "$(dirname "$0")/anomaly.sql" >"$HC_DIR/setup"
	bench_sql -c "COPY work.line TO STDOUT (FORMAT csv)" >"$HC_DIR/lines.csv"
	bench_sql -c 'DROP TABLE work.line'
	chmod 644 "$HC_DIR/lines.csv"
}

# copy RULES: CPU ticks of one COPY with the rules or without, taken back; then the entries and findings it made.
copy() {
	bench_sql -c 'DELETE FROM hospital_cost.rule'
	[ "$1" = none ] || bench_sql -c 'INSERT INTO hospital_cost.rule SELECT * FROM work.rule'
	bench_sql -v file="$HC_DIR/lines.csv" <<-'SQL' | tr '|' ' '
		CHECKPOINT;
		BEGIN;
		SELECT work.cpu() AS cpu \gset
		COPY his.fee FROM :'file' (FORMAT csv);
		SELECT work.cpu() - :cpu AS cpu \gset
		SELECT :cpu, (SELECT count(*) FROM hospital_cost._ledger), (SELECT count(*) FROM hospital_cost._finding);
		ROLLBACK;
		VACUUM hospital_cost._ledger, hospital_cost._charge_delta, hospital_cost._finding, his.fee;
	SQL
}

measure_copy() {
	prepare "$ROWS"
	: >"$HC_DIR/copies"
	{ copy none; copy rules; } >"$HC_DIR/warm"
	for _ in $(seq "$BENCH_PAIRS"); do echo "$(copy rules) $(copy none)" >>"$HC_DIR/copies"; done
	# Entries of every line on both sides, and something to find on one alone: or the figure is of work that was not done.
	awk -v rows="$ROWS" '$2 != rows || $5 != rows || $3 == 0 || $6 != 0 { print "bad run: " $0; exit 1 }' "$HC_DIR/copies"
	bench_ratio "$HC_DIR/copies" 1 4 | report anomaly_copy_cpu '<=' 1.35
	awk 'NR == 1 { print "  " $3 " findings in " $2 " lines" }' "$HC_DIR/copies"
}

# tps_of DATABASE CLIENTS
tps_of() {
	pgbench -n -M prepared -j 2 -c "$2" -T "$SECONDS_A_RUN" -f "$HC_DIR/one" "$1" >"$HC_DIR/pgbench" 2>&1 || { cat "$HC_DIR/pgbench" >&2; exit 1; }
	awk '/^tps = / { print $3 }' "$HC_DIR/pgbench"
}

# between A B CLIENTS: interleaved runs of two databases into $HC_DIR/pairs.
between() {
	{ tps_of "$1" "$3"; tps_of "$2" "$3"; } >"$HC_DIR/warm"
	: >"$HC_DIR/pairs"
	for pair in $(seq "$BENCH_PAIRS"); do
		[ $((pair % 2)) -eq 0 ] || second=$(tps_of "$2" "$3")
		first=$(tps_of "$1" "$3")
		[ $((pair % 2)) -eq 1 ] || second=$(tps_of "$2" "$3")
		echo "$first $second" >>"$HC_DIR/pairs"
	done
}

# memory DATABASE: kilobytes of a session that has posted a hundred charges and waits.
memory() {
	in_base "$1" <<-'SQL'
		INSERT INTO his.fee (visit_no, item_code, qty, price, total, order_dept, exec_dept, fee_time)
		SELECT 'V' || i, 'I' || i * 47, 1, 1 + i * 47 % 500, 1 + i * 47 % 500, 'D1', 'D2', '2025-03-15 10:00+08' FROM generate_series(1, 100) i;
		SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts;
	SQL
}

measure_clients() {
	prepare 1000
	bench_sql -v rows=1000000 <<-'SQL'
		INSERT INTO hospital_cost.encounter (code, kind, patient_code, department_code, started_at, ended_at, sex)
		SELECT 'V' || v, 'outpatient', 'P' || v / 3, 'D1', '2025-03-01 00:00+08', '2025-03-31 23:00+08', 'F' FROM generate_series(1000, 40000) v;
		ANALYZE;
	SQL
	{ dropdb --if-exists --force bench_none; dropdb --if-exists --force bench_more; } 2>"$HC_DIR/setup"
	createdb -T bench bench_none
	createdb -T bench bench_more
	in_base bench_none -c 'DELETE FROM hospital_cost.rule'
	in_base bench_more <<-'SQL'
		INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity)
		SELECT 'X' || r, 'I' || i, 'DAY', 1000 FROM generate_series(1, 10) r, generate_series(1, 20000) i;
		INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window")
		SELECT 'CA17', 'I' || 1 + i % 20000, 'I' || 25001 + i, 'DAY' FROM generate_series(1, 50000) i;
		ANALYZE;
	SQL
	durable >"$HC_DIR/durable"
	cat >"$HC_DIR/one" <<-'SCRIPT'
		\set visit random(1, 40000)
		\set item random_zipfian(1, 5000, 1.1)
		\set price 1 + :item % 500
		\set performs 1 + (:client_id * 6 + random(0, 5)) % 200
		INSERT INTO his.fee (visit_no, item_code, qty, price, total, order_dept, exec_dept, fee_time, operator, class, memo)
		VALUES ('V' || :visit, 'I' || :item, 1, :price, :price, 'D1', 'D' || :performs, '2025-03-15 10:00+08', 'op1', 'std', 'memo of some length');
	SCRIPT
	between bench bench_none 8
	bench_ratio "$HC_DIR/pairs" 1 2 | report anomaly_one_row_8_clients_tps '>=' 0.85
	say_tps rules none
	between bench bench_more 1
	bench_ratio "$HC_DIR/pairs" 1 2 | report anomaly_250000_more_one_row_time '<=' 1.05
	say_tps few many
	echo "$(memory bench_more) $(memory bench)" | awk '{ print ($1 - $2) / 1024 }' | report anomaly_250000_more_idle_megabytes '<=' 2
	dropdb --force bench_none
	dropdb --force bench_more
	usual
}

# Seconds of both, one process each: the scan reads and adds up every entry, as whoever looks for something by hand would.
measure_detect() {
	prepare "$DETECT_ROWS"
	bench_sql -c "COPY his.fee FROM '$HC_DIR/lines.csv' (FORMAT csv)" -c 'TRUNCATE hospital_cost._finding' -c 'VACUUM ANALYZE'
	: >"$HC_DIR/passes"
	for _ in $(seq "$BENCH_PAIRS"); do
		bench_sql <<-'SQL' | tr '|' ' ' >>"$HC_DIR/passes"
			SET max_parallel_workers_per_gather = 0;
			SET jit = off;
			SELECT clock_timestamp() AS at \gset
			SELECT sum(amount) AS amount FROM hospital_cost._ledger \gset
			SELECT extract(epoch FROM clock_timestamp() - :'at') AS scan \gset
			SELECT clock_timestamp() AS at \gset
			SELECT sum(added) AS added FROM hospital_cost.detect('2025-03-01') \gset
			SELECT extract(epoch FROM clock_timestamp() - :'at'), :scan, :added;
		SQL
	done
	bench_ratio "$HC_DIR/passes" 1 2 | report anomaly_detect_against_scan '<=' 15
	awk '{ printf "  detect %.2f s, scan %.3f s, %d findings new\n", $1, $2, $3 }' "$HC_DIR/passes"
}

trap usual EXIT
echo "anomaly: COPY of $ROWS lines, detect over $DETECT_ROWS entries"
measure_copy
measure_clients
measure_detect
dropdb bench
