# What every benchmark shares. Sourced; expects PGHOST … of a throw-away cluster and HC_DIR.
#
# A figure is a ratio of two things measured side by side in one run: pairs are interleaved, the median counts, the spread is printed.

BENCH_PAIRS=${BENCH_PAIRS:-5}

bench_sql() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 -d bench "$@"
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
