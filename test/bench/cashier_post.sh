#!/bin/sh
# cashier_post: eight sessions that take a payment each and commit to disk, attached against bare. Prepared statements, SECONDS_A_RUN=3 a run.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

# one_payment TABLE: pgbench's script for one INSERT, as a window writes it.
one_payment() {
	cat <<-SCRIPT
		\\set visit random(1, 1000000)
		\\set cents random(100, 99999)
		INSERT INTO his.$1 (visit_no, kind, method, amount, paid_at, started_at, clerk, desk, receipt_no, settlement, bank_no, memo)
		VALUES ('V' || :visit, 'payment', 'wechat', :cents / 100.0, '2025-03-15 10:00+08', '2025-03-15 09:59+08', 'C' || :client_id, 'W' || :client_id,
			'R' || :visit, 'S' || :visit, '4200002025031500' || :visit, 'memo of some length');
	SCRIPT
}

trap usual EXIT
bench_database -v rows=1000 -f "$(dirname "$0")/posting.sql" -f "$(dirname "$0")/cashier.sql"
durable >"$HC_DIR/durable"
for table in pay pay_bare; do one_payment $table >"$HC_DIR/one_$table"; done
pairs one_pay one_pay_bare 8
bench_ratio "$HC_DIR/pairs" 1 2 | report cashier_payment_8_clients_tps '>=' 0.80
say_tps attached bare
bench_sql >"$HC_DIR/proof" <<-'SQL'
	SELECT work.expect('entries', (SELECT count(*) FROM his.pay), count(*)) FROM hospital_cost._payment;
	SELECT work.expect('issues', 0, count(*)) FROM hospital_cost._finding WHERE class = 'data';
SQL
dropdb bench
