#!/bin/sh
# posting_size: what a ledger of LEDGER=10000000 entries costs: a post into it, the total of its month, and its bytes.
# POSTS=10000 one-row posts a run, each its own transaction; CPU of the server process. ROWS=200000 lines to weigh.
set -eu
. "$(dirname "$0")/lib.sh"
LEDGER=${LEDGER:-10000000} POSTS=${POSTS:-10000} ROWS=${ROWS:-200000}

# Two databases that differ in nothing but the ledger.
prepare() {
	bench_database -v rows="$ROWS" -f "$(dirname "$0")/posting.sql"
	dropdb --if-exists --force bench_full 2>"$HC_DIR/setup"
	createdb -T bench bench_full
	psql -X -q -v ON_ERROR_STOP=1 -v lines="$LEDGER" -d bench_full -f "$(dirname "$0")/posting_ledger.sql" >"$HC_DIR/setup" 2>&1 ||
		{ cat "$HC_DIR/setup"; exit 1; }
}

# ticks REPEATS QUERY: CPU of a query of the full database, in hundredths of a tick. Without workers, whose share this process does not see.
ticks() {
	bench_sql -d bench_full <<-SQL
		SET max_parallel_workers_per_gather = 0;
		SELECT work.cpu() AS cpu \gset
		DO \$\$ BEGIN FOR i IN 1 .. $1 LOOP PERFORM * FROM ($2) q; END LOOP; END \$\$;
		SELECT (work.cpu() - :cpu) * 100 / $1;
	SQL
}

month_total() {
	bench_sql -d bench_full -c "SELECT work.expect('entries of the month', $LEDGER, sum(entries)::bigint) FROM hospital_cost.charge_total" \
		>"$HC_DIR/proof"
	: >"$HC_DIR/totals"
	for _ in $(seq "$BENCH_PAIRS"); do
		counted=$(ticks 1 "SELECT count(*) FROM hospital_cost._ledger WHERE period = '2025-03-01'")
		total=$(ticks 20 "SELECT * FROM hospital_cost.charge_total WHERE period = '2025-03-01'")
		echo "$total $counted" >>"$HC_DIR/totals"
	done
	bench_ratio "$HC_DIR/totals" 1 2 | report posting_month_total_against_count '<=' 0.02
	awk 'NR == 1 { printf "  charge_total %.1f ms, count(*) %.0f ms of CPU in the first pair\n", $1 / 10, $2 / 10 }' "$HC_DIR/totals"
}

# post DATABASE RUN VISITS: CPU ticks of POSTS charges of patients among the last VISITS the ledger knows. A run has a day of its own,
# and up to 10,000 posts it charges no item twice: no post is a duplicate.
post() {
	bench_sql -d "$1" <<-SQL
		SELECT work.cpu() AS cpu \gset
		DO \$\$
		DECLARE
			visit bigint;
			item int;
		BEGIN
			FOR i IN 1 .. $POSTS LOOP
				visit := $LEDGER / 25 - 1 - ($2 * 7368787 + i * 104729::bigint) % $3;
				item := 1 + (i * 7 + $2 * 13) % 5000;
				INSERT INTO his.fee (fee_id, visit_no, item_code, qty, price, total, order_dept, exec_dept, fee_time)
				VALUES ($LEDGER + $2 * $POSTS + i, 'V' || visit, 'I' || item, 1, 1 + item % 500, 1 + item % 500, 'D7', 'D9',
					'2025-03-01 10:00+08'::timestamptz + $2 % 28 * interval '1 day');
				COMMIT;
			END LOOP;
		END \$\$;
		SELECT work.cpu() - :cpu;
		SELECT work.expect('entries', $POSTS, count(*)) AS proof FROM hospital_cost._ledger
		WHERE source_key > $LEDGER + $2 * $POSTS \gset
	SQL
}

# posts VISITS FIRST: interleaved runs into $HC_DIR/posts, after one of each that does not count. FIRST is the first run's number.
posts() {
	{ post bench "$2" "$1"; post bench_full "$2" "$1"; } >"$HC_DIR/warm"
	: >"$HC_DIR/posts"
	for run in $(seq $(($2 + 1)) $(($2 + BENCH_PAIRS))); do
		echo "$(post bench_full "$run" "$1") $(post bench "$run" "$1")" >>"$HC_DIR/posts"
	done
}

# A hospital charges the patients it has; charging everybody who was ever there shows what the size of the index alone costs.
one_post() {
	posts 2000 0
	bench_ratio "$HC_DIR/posts" 1 2 | report posting_into_full_ledger '<=' 1.10
	awk -v posts="$POSTS" '{ a += $1; b += $2 } END { printf "  full %.0f, empty %.0f microseconds of CPU a post on average\n",
		a * 10000 / NR / posts, b * 10000 / NR / posts }' "$HC_DIR/posts"
	posts $((LEDGER / 25)) 100
	bench_ratio "$HC_DIR/posts" 1 2 | sort -g | awk '{ v[NR] = $1 } END { printf "  patients from anywhere in the ledger: %.3f\n", v[int((NR + 1) / 2)] }'
}

# Bytes with their indexes, entry by charge line, after each fifth of the load.
bytes() {
	bench_database -v rows="$ROWS" -f "$(dirname "$0")/posting.sql"
	: >"$HC_DIR/bytes"
	for fifth in 1 2 3 4 5; do
		bench_sql <<-SQL | tr '|' ' ' >>"$HC_DIR/bytes"
			INSERT INTO his.fee SELECT * FROM work.line WHERE fee_id * 5 > $ROWS * ($fifth - 1) AND fee_id * 5 <= $ROWS * $fifth;
			SELECT work.expect('entries', (SELECT count(*) FROM his.fee), count(*)) AS proof FROM hospital_cost._ledger \gset
			SELECT pg_total_relation_size('hospital_cost._ledger'), pg_total_relation_size('his.fee');
		SQL
	done
	bench_ratio "$HC_DIR/bytes" 1 2 | report posting_bytes '<=' 0.8
	awk -v rows="$ROWS" 'END { printf "  entry %.0f, charge line %.0f bytes\n", $1 / rows, $2 / rows }' "$HC_DIR/bytes"
	dropdb bench
}

prepare
echo "posting_size: $LEDGER entries, $POSTS posts a run, $ROWS lines weighed"
month_total
one_post
dropdb bench_full
bytes
