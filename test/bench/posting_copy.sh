#!/bin/sh
# posting_copy: COPY into attached tables against the same tables bare, and against the triggers a careful DBA would write in plpgsql.
# CPU of the server process from /proc, WAL from the log position. ROWS=200000 by default, FEW_ROWS=40000 where rows are many times dearer.
# Each COPY is taken back, so that every run meets the same tables.
set -eu
. "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-200000} FEW_ROWS=${FEW_ROWS:-40000}

prepare() {
	bench_database -v rows="$ROWS" -f "$(dirname "$0")/posting.sql" -f "$(dirname "$0")/posting_twins.sql"
	bench_sql <<-SQL
		\\copy work.line TO '$HC_DIR/priced.csv' (FORMAT csv)
		\\copy (SELECT * FROM work.line LIMIT $FEW_ROWS) TO '$HC_DIR/few.csv' (FORMAT csv)
		ALTER TABLE work.line DROP price, DROP total;
		\\copy work.line TO '$HC_DIR/unpriced.csv' (FORMAT csv)
		DROP TABLE work.line;
	SQL
	chmod 644 "$HC_DIR"/*.csv
}

# columns_of FILE: what COPY must be told of a file that lacks the prices.
columns_of() {
	case $1 in unpriced) echo '(fee_id, visit_no, item_code, qty, order_dept, exec_dept, ward, fee_time, operator, class, memo)' ;; esac
}

# copy TABLE FILE: CPU ticks and WAL bytes of one COPY. Without sequential scans, or the row trigger would keep the plan made for empty tables.
copy() {
	case $1 in row_twin) scan=off ;; *) scan=on ;; esac
	bench_sql -v table="his.$1" -v file="$HC_DIR/$2.csv" -v list="$(columns_of "$2")" -v scan=$scan <<-'SQL' | tr '|' ' '
		CHECKPOINT;
		SET enable_seqscan = :scan;
		BEGIN;
		SELECT work.cpu() AS cpu, pg_current_wal_insert_lsn() AS lsn \gset
		COPY :table :list FROM :'file' (FORMAT csv);
		SELECT work.cpu() - :cpu, pg_current_wal_insert_lsn() - :'lsn';
		ROLLBACK;
		VACUUM hospital_cost._ledger, hospital_cost._charge_delta, hospital_cost._finding, work.row_journal, work.row_total,
			work.statement_journal, work.statement_delta, :table;
	SQL
}

# A figure counts only if everybody did the work: each line an entry, each entry in a total, no clean line flagged.
prove_work() {
	for work in 'fee few _ledger _charge_delta _finding' 'range few _ledger _charge_delta _finding' \
		'month few _ledger _charge_delta _finding' 'computed unpriced _ledger _charge_delta _finding' 'row_twin few row_journal row_total flagged' \
		'statement_twin few statement_journal statement_delta flagged'; do
		# shellcheck disable=SC2086 # a list of words
		prove_one $work
	done
}

# prove_one TABLE FILE JOURNAL TOTALS FLAGS
prove_one() {
	bench_sql -v table="his.$1" -v file="$HC_DIR/$2.csv" -v journal="$3" -v totals="$4" -v flags="$5" -v list="$(columns_of "$2")" <<-'SQL' \
		>"$HC_DIR/proof"
		SET search_path = work, hospital_cost;
		SET enable_seqscan = off;
		BEGIN;
		COPY :table :list FROM :'file' (FORMAT csv);
		SELECT count(*) AS lines FROM :table \gset
		SELECT work.expect('prices', :lines, count(*)) FROM :table JOIN hospital_cost.price p USING (item_code)
		WHERE price = p.unit_price AND total = qty * p.unit_price;
		SELECT work.expect('journal', :lines, count(*)) FROM :journal;
		SELECT work.expect('totals', :lines, sum(entries)::bigint) FROM :totals;
		SELECT work.expect('flags', 0, count(*)) FROM :flags;
		ROLLBACK;
		VACUUM;
	SQL
}

measure() {
	for table in bare fee computed range_bare range month_bare month row_twin statement_twin; do copy $table few >"$HC_DIR/warm"; done
	for _ in $(seq "$BENCH_PAIRS"); do
		echo "$(copy bare priced) $(copy fee priced) $(copy computed unpriced) $(copy statement_twin priced)" >>"$HC_DIR/copies"
		echo "$(copy range_bare priced) $(copy range priced) $(copy month_bare few) $(copy month few)" >>"$HC_DIR/partitions"
		echo "$(copy fee few) $(copy row_twin few)" >>"$HC_DIR/rows"
	done
}

prepare
prove_work
measure
echo "posting_copy: $ROWS lines, $FEW_ROWS for the row trigger and the partitions without a unique key"
bench_ratio "$HC_DIR/copies" 3 1 | report posting_copy_cpu '<=' 1.5
bench_ratio "$HC_DIR/copies" 4 2 | report posting_copy_wal '<=' 1.6
bench_ratio "$HC_DIR/copies" 5 1 | report posting_copy_computed_cpu '<=' 1.7
bench_ratio "$HC_DIR/partitions" 3 1 | report posting_copy_partitioned_cpu '<=' 2.0
bench_ratio "$HC_DIR/partitions" 7 5 | report posting_copy_partitioned_without_unique_key_cpu '<=' 2.0
bench_ratio "$HC_DIR/rows" 3 1 | report posting_row_trigger_against_ours_cpu '>=' 4
awk '{ print $7 - $1, $3 - $1 }' "$HC_DIR/copies" >"$HC_DIR/added"
bench_ratio "$HC_DIR/added" 1 2 | report posting_statement_trigger_against_ours_added_cpu '>=' 2
dropdb bench
