#!/bin/sh
# posting_clients: many sessions that write a charge or five and commit to disk, attached against bare. Prepared statements, pgbench,
# SECONDS_A_RUN=3 a run. A run is short and its partner follows at once, so that what else the machine does falls on both.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clients.sh"

# one_charge TABLE DEPARTMENTS: pgbench's script for one INSERT. A session charges for six departments of its own out of D1 … D<DEPARTMENTS>,
# and few items make most of the lines, as in a hospital: a session of three seconds must not be all first sights of items.
one_charge() {
	cat <<-SCRIPT
		\\set visit random(1, 1000000)
		\\set item random_zipfian(1, 5000, 1.1)
		\\set qty random(1, 3)
		\\set price 1 + :item % 500
		\\set total :qty * :price
		\\set orders 1 + (:client_id * 6 + random(0, 5)) % $2
		\\set performs 1 + (:client_id * 6 + random(0, 5)) % $2
		INSERT INTO his.$1 (visit_no, item_code, qty, price, total, order_dept, exec_dept, fee_time, operator, class, memo)
		VALUES ('V' || :visit, 'I' || :item, :qty, :price, :total, 'D' || :orders, 'D' || :performs, '2025-03-15 10:00+08', 'op1', 'std',
			'memo of some length');
	SCRIPT
}

scripts() {
	for table in bare fee; do
		one_charge $table 200 >"$HC_DIR/one_$table"
		{
			echo 'BEGIN;'
			for _ in 1 2 3 4 5; do one_charge $table 5; done
			echo 'COMMIT;'
		} >"$HC_DIR/five_$table"
	done
	for departments in 5 200; do
		{
			echo 'BEGIN;'
			one_charge fee $departments
			echo 'SELECT pg_sleep(0.005);'
			echo 'COMMIT;'
		} >"$HC_DIR/work_$departments"
	done
}

# Every row that was written must have its entry, and every entry its place in the totals.
prove_work() {
	bench_sql >"$HC_DIR/proof" <<-'SQL'
		SELECT work.expect('entries', (SELECT count(*) FROM his.fee), count(*)) FROM hospital_cost._ledger;
		SELECT work.expect('entries in totals', (SELECT count(*) FROM his.fee), sum(entries)::bigint) FROM hospital_cost._charge_delta;
		SELECT work.expect('issues', 0, count(*)) FROM hospital_cost._finding WHERE class = 'data';
	SQL
}

trap usual EXIT
bench_database -v rows=1000 -f "$(dirname "$0")/posting.sql"
durable >"$HC_DIR/durable"
scripts
for clients in 1 8 32; do
	pairs one_fee one_bare $clients
	bench_ratio "$HC_DIR/pairs" 1 2 | report "posting_one_row_${clients}_clients_tps" '>=' 0.80
	say_tps attached bare
done
pairs work_5 work_200 32
bench_ratio "$HC_DIR/pairs" 1 2 | report posting_hot_departments_tps '>=' 0.95
say_tps 'five departments' 'two hundred'
pairs five_fee five_bare 8
bench_ratio "$HC_DIR/pairs" 1 2 | report posting_five_charges_tps '>=' 0.65
say_tps attached bare
awk '{ print $3 }' "$HC_DIR/pairs" | report posting_five_charges_deadlocks '<=' 0
prove_work
dropdb bench
