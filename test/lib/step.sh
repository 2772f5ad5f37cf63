# Steps of ./hc test: each runs into a log, is counted test by test, and prints one line. Sourced.

HC_TALLY=${HC_TALLY:-}

tally_open() {
	HC_TALLY=$HC_LOGS/tally
	export HC_TALLY
	mkdir -p "$HC_LOGS"
	: >"$HC_TALLY"
}
tally_failure() { echo "0 1 0" >>"$HC_TALLY"; }

tally_close() {
	awk '{ passed += $1; failed += $2; skipped += $3 }
		END {
			printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed > 0 || passed == 0
		}' "$HC_TALLY"
}

# count_tests LOG: "passed failed skipped" of TAP, pg_regress and cmocka output alike.
count_tests() {
	awk '
		/^ok .*# *([Ss][Kk][Ii][Pp])/ { skipped++; next }
		/^not ok .*# *TODO/ { skipped++; next }
		/^ok ./ { passed++; next }
		/^not ok/ { failed++; next }
		/^(test |     ).* \.\.\. ok( |$)/ { passed++; next }
		/^(test |     ).* \.\.\. FAILED/ { failed++; next }
		/^\[  PASSED  \] [0-9]+ test/ { passed += $4; next }
		/^\[  FAILED  \] [0-9]+ test/ { failed += $4; next }
		/^\[  SKIPPED \] [0-9]+ test/ { skipped += $4; next }
		END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# wanted NAME...: is one of these steps asked for?
wanted() {
	for candidate in "$@"; do
		case $candidate in "${HC_ONLY:-}"*) return 0 ;; esac
	done
	return 1
}

# step NAME COMMAND...: always succeeds itself, so that the next step runs; the tally remembers.
step() {
	wanted "$1" || return 0
	name=$1 log=$HC_LOGS/$(echo "$1" | tr ' ' _).log start=$(date +%s) rc=0
	shift
	("$@") >"$log" 2>&1 </dev/null || rc=$?
	counts=$(count_tests "$log")
	seconds=$(($(date +%s) - start))
	passed=${counts%% *} skipped=${counts##* } failed=${counts#* }
	failed=${failed%% *} why=
	if [ "$skipped" -gt 0 ] && [ -n "${HC_DATA:-}" ] && [ "$name" != lint ]; then
		# The only reason to skip a test is data that is not there. Here it is.
		failed=$((failed + skipped)) skipped=0 why=", a test skips although its data is there"
	elif [ "$failed" -eq 0 ] && [ $rc -ne 0 ]; then
		failed=1 why=", ends with code $rc"
	elif [ $((passed + failed + skipped)) -eq 0 ]; then
		failed=1 why=", ran no test"
	fi
	echo "$passed $failed $skipped" >>"$HC_TALLY"
	if [ "$failed" -eq 0 ]; then
		echo "ok   $name ($seconds s): $passed passed, $skipped skipped"
		[ "$skipped" -eq 0 ] || sed -n 's/^ok .*# *[Ss][Kk][Ii][Pp]/     skipped:/p' "$log" | sort | uniq -c | head -n 5
	else
		echo "FAIL $name ($seconds s): $passed passed, $failed failed, $skipped skipped$why"
		cause "$log"
		[ ! -f "$HC_DIR/diffs" ] || { head -n 40 "$HC_DIR/diffs" | sed 's/^/    /'; rm -f "$HC_DIR/diffs"; }
	fi
}
