#!/bin/sh
# Every function that other files can call has a comment, before its definition or before its declaration in a header.
. test/lint/common.sh
headers=$(project_files -path './src/*.h')
sources=$(project_files -path './src/*.c')
[ -n "$sources" ] || { echo "there is no C file in src"; exit 1; }
# shellcheck disable=SC2086 # names of the tree, no spaces
complain "$(awk '
	function name_of(text) { sub(/[ \t]*\(.*/, "", text); sub(/.*[ \t*]/, "", text); return text }
	FNR == 1 { told = 0; head = ""; header = FILENAME ~ /\.h$/; inside = 0 }
	/^\/\*/ { inside = 1 }
	inside { if (/\*\//) { inside = 0; told = 1 } head = ""; next }
	/^[ \t]*$/ { told = 0; head = ""; next }
	/^#/ || /^PG_FUNCTION_INFO_V1/ || /^HC_[A-Z0-9_]+\([a-z0-9_]+\);?$/ { next }
	/^[a-zA-Z_]/ { if (head == "") commented = told; head = head " " $0 }
	# A declaration in a header; one comment serves the lines that follow it without a gap.
	header && /;[ \t]*$/ && head ~ /\(/ { if (commented) known[name_of(head)] = 1; head = ""; next }
	!header && /;[ \t]*$/ && /^[^ \t]/ { head = ""; told = 0; next }
	!header && (/^\{/ || /^[a-zA-Z_].*\)[ \t]*\{$/) {
		if (head ~ /\(/ && head !~ /(^| )(static|typedef|struct [a-zA-Z_]+ *$)/ && head !~ /=/ && !commented) {
			missing[++count] = FILENAME ":" FNR ": " name_of(head) " has no comment"; of[count] = name_of(head)
		}
		head = ""; told = 0
	}
	/^\}/ { head = ""; told = 0 }
	END { for (i = 1; i <= count; i++) if (!(of[i] in known)) print missing[i] }' $headers $sources)"
