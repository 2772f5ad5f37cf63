#!/bin/sh
# cashier_peak: the peak day. Eight windows write RECEIPTS=2,000 receipts as fast as they can, each 10 lines and a payment in one transaction, with both
# inline rules, committed to disk; then the same on the day the year changes: lines of both sides of midnight, while all prices are replaced.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"
receipts=${RECEIPTS:-2000}

# receipt INSTANT: items without repetition in one receipt, each at the list price of its day.
receipt() {
	cat <<-SCRIPT
		\\set visit random(1, 100000000)
		\\set first random(1, 490) * 10
		BEGIN;
		INSERT INTO his.fee (visit_no, item_code, qty, price, total, order_dept, exec_dept, fee_time, operator)
		SELECT 'V' || :visit, 'I' || i, 1, p.unit_price, p.unit_price, 'D' || 1 + :client_id, 'D' || 1 + i % 40, t.at, 'C' || :client_id
		FROM generate_series(:first::int, :first::int + 9) i
		CROSS JOIN (SELECT timestamptz '$1' + (:visit % 7200 - 3600) * interval '1 second' AS at) t
		JOIN his.list_price p ON p.item = i AND p.year = extract(year FROM t.at AT TIME ZONE 'Asia/Shanghai');
		INSERT INTO his.pay (visit_no, kind, method, amount, paid_at, clerk, desk, receipt_no)
		VALUES ('V' || :visit, 'payment', 'wechat', 100, timestamptz '$1' + (:visit % 7200 - 3600) * interval '1 second', 'C' || :client_id, 'W1', 'R' || :visit);
		COMMIT;
	SCRIPT
}

# p99 SCRIPT: writes the receipts; the 99th percentile of a transaction in seconds.
p99() {
	rm -f "$HC_DIR"/pgbench_log.*
	(cd "$HC_DIR" && pgbench -n -M prepared -j 2 -c 8 -t $((receipts / 8)) -l --log-prefix=pgbench_log -f "$HC_DIR/$1" bench) >"$HC_DIR/pgbench" 2>&1 || {
		cat "$HC_DIR/pgbench" >&2
		exit 1
	}
	cat "$HC_DIR"/pgbench_log.* | awk '{ print $3 / 1000000 }' | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR - 1) * 0.99) + 1] }'
}

trap usual EXIT
bench_database -v rows=1000 -f "$(dirname "$0")/posting.sql" -f "$(dirname "$0")/cashier.sql"
bench_sql <<-'SQL' >"$HC_DIR/setup"
	SELECT hospital_cost.open_period('2025-12-01'), hospital_cost.open_period('2026-01-01');
	INSERT INTO hospital_cost.rule (code, name, name_en, kind) VALUES ('R1', 'x', 'x', 'price_above_limit'), ('R2', 'x', 'x', 'same_item_same_day');
	CREATE TABLE his.list_price (item int, year int, unit_price numeric, PRIMARY KEY (item, year));
	INSERT INTO his.list_price SELECT i, y, 1 + (i + y - 2025) % 500 FROM generate_series(1, 5000) i, generate_series(2025, 2026) y;
	ANALYZE;
SQL
durable >"$HC_DIR/durable"
receipt '2025-03-15 10:00+08' >"$HC_DIR/peak"
receipt '2026-01-01 00:00+08' >"$HC_DIR/switch"
p99 peak >"$HC_DIR/warm"
for _ in $(seq "$BENCH_PAIRS"); do p99 peak; done | report cashier_peak_receipt_p99_seconds '<=' 1
for _ in 1; do
	bench_sql -c 'SELECT pg_sleep(0.3)' -c "UPDATE hospital_cost.price SET valid = daterange(lower(valid), '2026-01-01')" -c "INSERT INTO hospital_cost.price (item_code, unit_price, valid)
		SELECT 'I' || p.item, p.unit_price, '[2026-01-01,)' FROM his.list_price p WHERE p.year = 2026" >"$HC_DIR/prices" &
	p99 switch
	wait
done | report cashier_year_switch_receipt_p99_seconds '<=' 1
bench_sql >"$HC_DIR/proof" <<-'SQL'
	SELECT work.expect('charges', (SELECT count(*) FROM his.fee), count(*)) FROM hospital_cost._ledger;
	SELECT work.expect('payments', (SELECT count(*) FROM his.pay), count(*)) FROM hospital_cost._payment;
SQL
bench_sql -c "SELECT format('  %s receipts, %s lines, %s of them found above the list price by an inline rule while prices changed', (SELECT count(*) FROM his.pay),
	(SELECT count(*) FROM his.fee), (SELECT count(*) FROM hospital_cost._finding WHERE code = 'R1'))"
dropdb bench
