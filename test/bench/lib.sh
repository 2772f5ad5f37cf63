# What every benchmark shares. Sourced; expects PGHOST … of a throw-away cluster and HC_DIR.
#
# A figure is a ratio of two things measured side by side in one run: pairs are interleaved, the median counts, the spread is printed.
# What "./hc bench NAME" runs are the executable files whose names begin with NAME; the rest is theirs to source.

BENCH_PAIRS=${BENCH_PAIRS:-5}

bench_sql() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 -d bench "$@"
}

# bench_database [-v …] -f FILE …: a new database for one benchmark. What the setup says is shown only when it fails.
bench_database() {
	dropdb --if-exists --force bench 2>"$HC_DIR/setup"
	createdb bench
	bench_sql "$@" >"$HC_DIR/setup" 2>&1 || { cat "$HC_DIR/setup"; exit 1; }
}

# bench_ratio FILE A B: column A over column B, line by line. A tick is the least there is to measure.
bench_ratio() {
	awk -v a="$2" -v b="$3" '{ print $a / ($b > 0 ? $b : 0.5) }' "$1"
}

# report NAME OPERATOR TARGET: reads ratios, one a line, and says their median against the target.
report() {
	sort -g | awk -v name="$1" -v op="$2" -v target="$3" '
		{ v[NR] = $1 }
		END {
			if (NR == 0) { print "bench " name " was not measured"; exit 1 }
			m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
			met = op == "<=" ? m <= target : m >= target
			printf "bench %s %.3f target %s %s %s\n", name, m, op, target, met ? "met" : "missed"
			printf "  spread %.3f … %.3f in %d pairs\n", v[1], v[NR], NR
		}'
}
