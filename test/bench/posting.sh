#!/bin/sh
# posting: COPY into an attached table against the same table bare, and against the plpgsql row trigger a careful DBA would write.
# CPU of the server process from /proc, WAL from the log position. ROWS=200000 by default; the indexes are those of a real fee table.
set -eu
. "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-200000}
DATA=$HC_DIR/charges.csv

dropdb --if-exists bench
createdb bench
bench_sql -v rows="$ROWS" -f "$(dirname "$0")/posting.sql" >"$HC_DIR/setup" 2>&1
bench_sql -c "\\copy (SELECT * FROM work.line) TO '$DATA' (FORMAT csv)"
chmod 644 "$DATA"

# one TABLE: CPU ticks and WAL bytes of one COPY, which is taken back so that every run meets the same table.
one() {
	bench_sql -v table="$1" -v file="$DATA" <<-'SQL'
		CHECKPOINT;
		BEGIN;
		SELECT work.cpu() AS cpu, pg_current_wal_insert_lsn() AS lsn \gset
		SET enable_seqscan = off;
		COPY :table FROM :'file' (FORMAT csv);
		SELECT work.cpu() - :cpu, pg_current_wal_insert_lsn() - :'lsn';
		ROLLBACK;
		VACUUM hospital_cost._ledger, hospital_cost._charge_delta, hospital_cost._finding, :table;
	SQL
}

for table in his.bare his.fee his.twin; do one $table >"$HC_DIR/warm"; done
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do
	echo "$(one his.bare | tr '|' ' ') $(one his.fee | tr '|' ' ') $(one his.twin | tr '|' ' ')" >>"$HC_DIR/pairs"
done
awk '{ print $3 / $1 }' "$HC_DIR/pairs" | report posting_copy_cpu '<=' 1.5
awk '{ print $4 / $2 }' "$HC_DIR/pairs" | report posting_copy_wal '<=' 1.6
awk '{ print ($5 - $1) / ($3 - $1 > 0 ? $3 - $1 : 0.5) }' "$HC_DIR/pairs" | report posting_against_row_trigger_added_cpu '>=' 4
dropdb bench
