#!/bin/sh
# hc: see, test and measure hospital_cost with one command, on a cluster that is thrown away afterwards.
#
# Debian 12, as root or with sudo. Packages that are missing are installed, from the mirrors the machine is configured for;
# everything else happens in build/ and in temporary folders. No existing cluster is touched.
set -eu
umask 022

usage() {
	cat <<-'USAGE'
		usage: ./hc demo              a hospital's month: load, post, flag, allocate, trace, cost, report, prove
		       ./hc test [STEP]       every lint and every test, or the steps whose names begin with STEP
		       ./hc psql              the demo hospital, left open in psql; all is dropped when psql ends
		       ./hc bench [NAME]      every benchmark of test/bench, or those whose names begin with NAME
		       ./hc fuzz [SECONDS]    libFuzzer on the arithmetic core, 60 seconds a target
		       ./hc lint              the rules of the house alone, without a server
		HC_FACTOR scales the demo hospital (1), HC_SEED changes it (20250301), HC_DATA names the folder of real data.
		HC_ROWS is the number of charges of ./hc bench costing (2000000).
	USAGE
}

HC_ROOT=$(cd "$(dirname "$0")" && pwd)
HC_MAJOR=15
PG_CONFIG=/usr/lib/postgresql/$HC_MAJOR/bin/pg_config
HC_FACTOR=${HC_FACTOR:-1} HC_SEED=${HC_SEED:-20250301}
# Nothing of the caller's reaches the throw-away cluster: no locale, no server of his, no flags of an outer make.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGPASSFILE PGDATABASE PGSERVICE PGOPTIONS PGDATA PGCLUSTER MAKEFLAGS MAKELEVEL MFLAGS
LC_ALL=C.UTF-8 TMPDIR=/tmp
export HC_ROOT HC_MAJOR HC_FACTOR HC_SEED PG_CONFIG LC_ALL TMPDIR
cd "$HC_ROOT"

. test/lib/say.sh
. test/lib/packages.sh
. test/lib/cluster.sh
. test/lib/step.sh

PACKAGES="make gcc libc6-dev postgresql-$HC_MAJOR postgresql-server-dev-$HC_MAJOR"
TEST_PACKAGES="postgresql-$HC_MAJOR-pgtap libtap-parser-sourcehandler-pgtap-perl libcmocka-dev libgmp-dev"

find_data() {
	if [ -n "${HC_DATA:-}" ]; then
		[ -d "$HC_DATA" ] || die "HC_DATA names $HC_DATA, which is no folder"
		HC_DATA=$(cd "$HC_DATA" && pwd)
	elif [ -d ../shared/data ]; then
		HC_DATA=$(cd ../shared/data && pwd)
	fi
	HC_DATA=${HC_DATA:-}
	export HC_DATA
}

# Everything that can run does run; the closing line counts it, and nothing passed is a failure too.
run_tests() {
	find_data
	tally_open
	if build_and_install; then built=yes; else built=no; tally_failure; fi
	step lint sh test/lint/all
	step core make -s -C test/core check
	if [ $built = yes ]; then
		! wanted regress isolation pgtap oracle real reference || in_cluster test || tally_failure
		for story in test/lifecycle/[0-9][0-9]_*.sh; do
			step "lifecycle $(basename "$story" .sh)" sh "$story"
		done
	fi
	tally_close
}

# shellcheck disable=SC2086 # lists of words
case "${1:-}" in
demo)
	ensure_packages $PACKAGES
	build_and_install
	in_cluster demo
	;;
psql)
	ensure_packages $PACKAGES
	build_and_install
	in_cluster psql
	;;
bench)
	ensure_packages $PACKAGES liblapack-dev
	build_and_install
	in_cluster bench "${2:-}"
	;;
test)
	ensure_packages $PACKAGES $TEST_PACKAGES
	HC_ONLY=${2:-}
	export HC_ONLY
	run_tests
	;;
fuzz)
	ensure_packages make gcc libc6-dev clang libclang-rt-14-dev
	make -s -C test/fuzz fuzz T="${2:-60}"
	;;
lint)
	sh test/lint/all
	;;
*)
	usage >&2
	exit 2
	;;
esac
