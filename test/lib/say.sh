# How hc speaks: one line for an action, and the cause when one fails. Sourced.

HC_LOGS=$HC_ROOT/build/log

die() {
	echo "hc: $*" >&2
	exit 1
}

# cause LOG: the lines of a log that say why, forty at most; its last lines where none stands out.
cause() {
	found=$(awk '
		# pg_prove names the file before its tests.
		/^test\/.*\.sql \.\.+ *$/ { file = $1; next }
		/^not ok|\[  FAILED  \]|\[  ERROR|\[   LINE|FAILED|[Ee]rror:|ERROR:|FATAL:|PANIC:|DETAIL:|HINT:|runtime error|Sanitizer:|^E: / {
			if (file != "") print file; file = ""
			print; follow = 8; next
		}
		follow > 0 && /^[ \t]*#|^[ \t]|^psql:/ { print; follow--; next }
		{ follow = 0 }' "$1" | head -n 40)
	if [ -n "$found" ]; then echo "$found"; else tail -n 15 "$1"; fi | sed 's/^/    /'
	echo "    (all of it: ${1#"$HC_ROOT"/})"
}

# quietly TEXT COMMAND...: one line; what the command says goes into a log named after the first word of TEXT.
quietly() {
	text=$1 log=$HC_LOGS/${1%%[ :]*}.log
	shift
	mkdir -p "$HC_LOGS"
	rc=0
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ $rc -eq 0 ]; then
		echo "ok   $text"
	else
		echo "FAIL $text"
		cause "$log"
	fi
	return $rc
}
