#!/bin/sh
# The library shows the server its entry points, for SQL and for parallel workers, and nothing else: a global name could be bound to another extension's.
. test/lint/common.sh
library=hospital_cost.so
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" hospital_cost.control)
script=build/hospital_cost--$version.sql
if [ ! -f $library ] || [ ! -f "$script" ] || ! command -v nm >/dev/null; then
	echo "the library is not built"
	exit 77
fi
shown=$(mktemp) && called=$(mktemp) || exit 1
trap 'rm -f "$shown" "$called"' EXIT
nm -D --defined-only $library | awk '{ print $NF }' |
	grep -vxE 'Pg_magic_func|_PG_init|_init|_fini|__bss_start|_edata|_end' | sed 's/^pg_finfo_//' | sort -u >"$shown"
{
	grep -oE "'MODULE_PATHNAME', *'[a-z0-9_]+'" "$script" | sed "s/.*'\(.*\)'/\1/"
	grep -ohE 'CreateParallelContext\([^,]*, *"[a-z0-9_]+"' src/*/*.c | sed 's/.*"\(.*\)"/\1/'
} | sort -u >"$called"
complain "$(
	[ -s "$called" ] || echo "$script calls no function of the library"
	comm -23 "$shown" "$called" | sed 's/$/ is a dynamic symbol that neither SQL nor a parallel worker calls: make it static, or hidden/'
	comm -13 "$shown" "$called" | sed 's/$/ is called and not exported/'
)"
