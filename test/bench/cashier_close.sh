#!/bin/sh
# cashier_close: a shift of 2,000 payments is closed while eight sessions keep paying and commit to disk. p99.9 of a payer while closes run one after
# the other, above that of the same load without a close; each close owns 2,000 entries of an office that took BEFORE=200,000 before.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"
SECONDS_A_RUN=${SECONDS_A_RUN:-5}
before=${BEFORE:-200000}

# one_payment: what a window writes. 400 a second of all are more than any hospital takes, and leave the machine room for a close.
one_payment() {
	cat <<-'SCRIPT'
		\set visit random(1, 1000000)
		INSERT INTO his.pay (visit_no, kind, method, amount, paid_at, started_at, clerk, desk, receipt_no, memo)
		VALUES ('V' || :visit, 'payment', 'wechat', 12.50, '2025-03-15 10:00+08', '2025-03-15 09:59+08', 'C' || 1 + :client_id, 'W1', 'R' || :visit, 'x');
	SCRIPT
}

# payers: eight sessions for a run; the 99.9th percentile of their latency in ms.
payers() {
	rm -f "$HC_DIR"/pgbench_log.*
	(cd "$HC_DIR" && pgbench -n -M prepared -j 2 -c 8 -R 400 -T "$SECONDS_A_RUN" -l --log-prefix=pgbench_log -f "$HC_DIR/pay" bench) >"$HC_DIR/pgbench" 2>&1
	cat "$HC_DIR"/pgbench_log.* | awk '{ print ($3 - $NF) / 1000 }' | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR - 1) * 0.999) + 1] }'
}

# closes: opens a shift, gives it 2,000 payments at once, and closes it, until the file goes; says how long each close took, in ms.
closes() {
	while [ -f "$HC_DIR/closing" ]; do
		bench_sql <<-'SQL'
			SELECT hospital_cost.open_shift(cashier => 'C0') AS shift \gset
			INSERT INTO his.pay (visit_no, kind, method, amount, paid_at, clerk) SELECT 'V' || i, 'payment', 'cash', 1, '2025-03-15 10:00+08', 'C0' FROM generate_series(1, 2000) i;
			SELECT clock_timestamp() AS began \gset
			SELECT work.expect('entries of the close', 2000, c.entries) FROM hospital_cost.close_shift(:shift, 2000) c \g /dev/null
			SELECT extract(epoch FROM clock_timestamp() - :'began') * 1000;
		SQL
	done
}

trap usual EXIT
bench_database -v rows=1000 -f "$(dirname "$0")/posting.sql" -f "$(dirname "$0")/cashier.sql"
bench_sql -c "INSERT INTO his.pay (visit_no, kind, method, amount, paid_at, clerk)
	SELECT 'V' || i, 'payment', 'cash', 1, '2025-03-14 10:00+08', 'C' || i % 17 FROM generate_series(1, $before) i" -c 'VACUUM ANALYZE'
for _ in 1 2 3; do bench_sql -c "SELECT hospital_cost.close_shift(hospital_cost.open_shift(cashier => 'C0'), 0)" >"$HC_DIR/first"; done
durable >"$HC_DIR/durable"
one_payment >"$HC_DIR/pay"
payers >"$HC_DIR/warm"
: >"$HC_DIR/pairs"
: >"$HC_DIR/took"
for _ in $(seq "$BENCH_PAIRS"); do
	alone=$(payers)
	touch "$HC_DIR/closing"
	closes >>"$HC_DIR/took" &
	beside=$(payers)
	rm "$HC_DIR/closing"
	wait
	echo "$beside $alone" >>"$HC_DIR/pairs"
done
awk '{ print $1 - $2 }' "$HC_DIR/pairs" | report cashier_close_p999_above_ms '<=' 50
awk '{ printf "  p99.9 of a payer %.1f ms beside closes, %.1f without\n", $1, $2 }' "$HC_DIR/pairs" | sort | tail -n 1
sort -g "$HC_DIR/took" | awk '{ v[NR] = $1 } END { printf "  %d closes of 2,000 payments, half of them within %.0f ms, the slowest %.0f\n", NR, v[int((NR + 1) / 2)], v[NR] }'
bench_sql -c "SELECT work.expect('money in two closes or none', 0, count(*)) FROM hospital_cost._payment p WHERE p.operator = 'C0'
	AND NOT EXISTS (SELECT FROM hospital_cost._closed_payment c WHERE c.entry_id = p.entry_id)" >"$HC_DIR/proof"
dropdb bench
