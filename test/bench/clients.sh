# What benchmarks of many sessions share. Sourced after lib.sh; SECONDS_A_RUN=3 a run.

SECONDS_A_RUN=${SECONDS_A_RUN:-3}

# What a hospital's server does: COMMIT waits for the disk, pages are logged whole. A checkpoint or a vacuum would hit one of a pair only.
durable() {
	bench_sql <<-'SQL'
		ALTER SYSTEM SET fsync = on;
		ALTER SYSTEM SET synchronous_commit = on;
		ALTER SYSTEM SET full_page_writes = on;
		ALTER SYSTEM SET autovacuum = off;
		SELECT pg_reload_conf();
	SQL
}

usual() {
	psql -X -q -d postgres -c 'ALTER SYSTEM RESET ALL' -c 'SELECT pg_reload_conf()' >"$HC_DIR/usual"
}

# tps SCRIPT CLIENTS
tps() {
	pgbench -n -M prepared -j 2 -c "$2" -T "$SECONDS_A_RUN" -f "$HC_DIR/$1" bench >"$HC_DIR/pgbench" 2>&1 || { cat "$HC_DIR/pgbench" >&2; exit 1; }
	awk '/^tps = / { print $3 }' "$HC_DIR/pgbench"
}

deadlocks() {
	bench_sql -c "SELECT deadlocks FROM pg_stat_database WHERE datname = 'bench'"
}

# pairs OURS BARE CLIENTS: interleaved runs into $HC_DIR/pairs, after one of each that does not count; the third column counts deadlocks.
pairs() {
	before=$(deadlocks)
	{ tps "$1" "$3"; tps "$2" "$3"; } >"$HC_DIR/warm"
	: >"$HC_DIR/pairs"
	for pair in $(seq "$BENCH_PAIRS"); do
		# By turns first, so that a machine that grows slower or faster favours nobody.
		[ $((pair % 2)) -eq 0 ] || bare=$(tps "$2" "$3")
		ours=$(tps "$1" "$3")
		[ $((pair % 2)) -eq 1 ] || bare=$(tps "$2" "$3")
		echo "$ours $bare $(($(deadlocks) - before))" >>"$HC_DIR/pairs"
	done
}

# say_tps WHAT WHAT: the middle of both sides, which a ratio hides.
say_tps() {
	awk -v ours="$1" -v bare="$2" '{ a += $1; b += $2 }
		END { printf "  %s %.0f, %s %.0f transactions a second on average\n", ours, a / NR, bare, b / NR }' "$HC_DIR/pairs"
}
