#!/bin/sh
# Every SQLSTATE of class MC that src raises is explained in docs/errors.md, and nothing else is.
. test/lint/common.sh
[ -f docs/errors.md ] || { echo "docs/errors.md is missing"; exit 1; }
raised=$(mktemp) && told=$(mktemp) || exit 1
trap 'rm -f "$raised" "$told"' EXIT
# 'MC201' in SQL and in strings, MAKE_SQLSTATE('M', 'C', '2', '0', '1') in C.
project_files -path './src/*' -name '*.[chs]*' | xargs cat |
	sed "s/MAKE_SQLSTATE('M', *'C', *'\(.\)', *'\(.\)', *'\(.\)')/MC\1\2\3/g" |
	grep -oE '\bMC[0-9]{2}[0-9A-Z]\b' | sort -u >"$raised"
grep -oE '\bMC[0-9]{2}[0-9A-Z]\b' docs/errors.md | sort -u >"$told"
complain "$(
	[ -s "$raised" ] || echo "src raises no SQLSTATE of class MC at all"
	comm -23 "$raised" "$told" | sed 's/$/ is raised in src and not explained in docs\/errors.md/'
	comm -13 "$raised" "$told" | sed 's/$/ is explained in docs\/errors.md and raised nowhere/'
)"
