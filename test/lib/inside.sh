#!/bin/sh
# What hc does with a server of its own: called by pg_virtualenv, which has set PGHOST, PGPORT, PGUSER and PGPASSWORD.
set -eu
exec >&3 2>&3 3>&-
: >"$HC_DIR/started"
cd "$HC_ROOT"
. test/lib/say.sh
. test/lib/step.sh

load_demo() {
	createdb hospital
	(cd demo && psql -X -q -v ON_ERROR_STOP=1 -v factor="$HC_FACTOR" -v seed="$HC_SEED" -d hospital -f demo.sql)
}

open_psql() {
	quietly "demo hospital, a month" load_demo
	cat <<-'TEXT'
		Hospital charges lie in his.fee_detail, attached: change a row and every figure that hangs on it follows.
		Read  TABLE hospital_cost.charge_total;  TABLE hospital_cost.finding;  TABLE hospital_cost.department_cost;
		      TABLE hospital_cost.visit_cost;    TABLE hospital_cost.bed_day_cost;  \dv hospital_cost.*
		Trace SELECT * FROM hospital_cost.trace_cost(1, 'BQ01', 'personnel');  SELECT * FROM hospital_cost.compare_methods('2025-03-01', 'mutual');
		Cost  TABLE hospital_cost.item_cost;     TABLE hospital_cost.patient_cost;   SELECT * FROM hospital_cost.form('F01', '2025-03-01');
		Prove SELECT * FROM hospital_cost.verify_ledger('2025-03-01');  SELECT * FROM hospital_cost.replay(1);
		This server is dropped when you leave with \q.
	TEXT
	PGDATABASE=hospital exec psql -X
}

# run_benches NAME: those whose names begin with it, as with the steps of a test.
run_benches() {
	ran=0 rc=0
	for bench in test/bench/"$1"*.sh; do
		[ -x "$bench" ] || continue
		ran=$((ran + 1))
		"$bench" || rc=$?
	done
	[ $ran -gt 0 ] || die "there is no benchmark test/bench/$1*.sh"
	return $rc
}

run_regress() {
	mkdir -p build/regress
	rm -f build/regress/regression.diffs
	make -s installcheck ISOLATION= EXTRA_REGRESS_OPTS=--outputdir=build/regress && return 0
	cp build/regress/regression.diffs "$HC_DIR/diffs"
	return 1
}

run_isolation() {
	mkdir -p build/isolation
	rm -f build/isolation/regression.diffs
	make -s installcheck REGRESS= ISOLATION_OPTS="--inputdir=test/isolation --outputdir=build/isolation \
		--load-extension=btree_gist --load-extension=hospital_cost --dbname=isolation_regression" && return 0
	cp build/isolation/regression.diffs "$HC_DIR/diffs"
	return 1
}

# run_tap FOLDER: one fresh database a file, so that no file lives on what another left.
run_tap() {
	rc=0
	for file in test/"$1"/*.sql; do
		[ -f "$file" ] || continue
		dropdb --if-exists --force tap
		createdb tap
		pg_prove --verbose --ext .sql -d tap "$file" || rc=1
	done
	return $rc
}

# The reference is generated from the comments of the installed extension.
run_reference() {
	createdb reference
	psql -X -q -v ON_ERROR_STOP=1 -d reference -c 'CREATE EXTENSION hospital_cost CASCADE'
	PGDATABASE=reference sh docs/generate-reference --check || return 1
	echo "ok docs/reference.md is what the comments say"
}

server_stayed_up() {
	! grep -hE 'PANIC:|was terminated by signal' "$PGSYSCONFDIR"/../log/*.log || return 1
	echo "ok server stayed up"
}

case "$1" in
demo) load_demo ;;
psql) open_psql ;;
bench) run_benches "$2" ;;
test)
	step regress run_regress
	step isolation run_isolation
	for folder in pgtap oracle real; do step $folder run_tap $folder; done
	step reference run_reference
	HC_ONLY='' step server server_stayed_up
	;;
esac
