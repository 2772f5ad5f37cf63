#!/bin/sh
# Sizes: C file 400 lines, function 60, SQL file 250, script 250, README 150.
. test/lint/common.sh
# shellcheck disable=SC2016 # awk's dollars
complain "$(
	project_files \( -name '*.[ch]' -o -name '*.sql' -o -name '*.sh' -o -name hc -o -name 'README*' \) | while read -r file; do
		lines=$(wc -l <"$file")
		case $file in *.[ch]) most=400 ;; *README*) most=150 ;; *) most=250 ;; esac
		[ "$lines" -le $most ] || echo "$file: $lines lines, at most $most"
	done
	project_files -name '*.c' | xargs -r awk '
		FNR == 1 { start = 0; before = "" }
		/^[a-zA-Z_].*\(/ { head = $0 }
		(/^\{/ && head != "") || /^[a-zA-Z_].*\)[ \t]*\{$/ { start = FNR; name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); next }
		/^\}/ && start { if (FNR - start - 1 > 60) print FILENAME ":" start ": function " name " has " FNR - start - 1 " lines, at most 60"; start = 0 }
		/^\}/ { head = "" }'
)"
