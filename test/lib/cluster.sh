# Build, private installation, throw-away cluster. Sourced.

make_extension() {
	make -s -j"$(nproc)" with_llvm=no
}

# One build at a time in a tree; the lock ends with the subshell.
build_and_install() {
	mkdir -p "$HC_LOGS"
	HC_DIR=$(mktemp -d /tmp/hospital_cost.XXXXXX)
	chmod 755 "$HC_DIR"
	trap 'rm -rf "$HC_DIR"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	# The server reads the installation as another user, who may not be able to enter the folder of this checkout.
	HC_INSTALL=$HC_DIR/debian/hospital_cost
	export HC_DIR HC_INSTALL
	(
		flock 9
		quietly build make_extension &&
			quietly install make -s with_llvm=no install DESTDIR="$HC_INSTALL"
	) 9>"$HC_LOGS/.lock"
}

# in_cluster COMMAND [ARGUMENT]: runs test/lib/inside.sh with a server of its own. What pg_virtualenv says goes into a log.
# The port is spread by process number, as two clusters that look for a free one at the same moment find the same.
in_cluster() {
	for attempt in 0 1 2; do
		rm -f "$HC_DIR/started"
		rc=0
		(
			cd "$HC_DIR"
			PGPORT=$((15432 + ($$ + 4999 * attempt) % 15000)) \
			pg_virtualenv -t -p hospital_cost -v "$HC_MAJOR" -i '--encoding=UTF8 --locale=C.UTF-8' \
				-o shared_buffers=512MB -o maintenance_work_mem=256MB -o work_mem=32MB \
				-o max_wal_size=4GB -o checkpoint_timeout=30min -o synchronous_commit=off -o full_page_writes=off \
				-o dynamic_shared_memory_type=mmap -o jit=off -o log_checkpoints=off \
				sh "$HC_ROOT/test/lib/inside.sh" "$@"
		) 3>&1 >"$HC_LOGS/cluster.log" 2>&1 || rc=$?
		[ ! -f "$HC_DIR/started" ] || return $rc
		grep -qE 'Port conflict|could not bind|Address already in use' "$HC_LOGS/cluster.log" || break
	done
	echo "FAIL cluster"
	cause "$HC_LOGS/cluster.log"
	return 1
}
