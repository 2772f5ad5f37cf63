# Helpers of the lifecycle stories, which take a small hospital through what happens to databases: dumps, updates, upgrades,
# replicas, crashes. Sourced by NN_story.sh. ./hc test says where the private installation is (HC_INSTALL).
#
# Each story has clusters of its own, reached through sockets in its own folder, so that any number can run at once.
set -eu
: "${HC_INSTALL:?is not set: run ./hc test lifecycle}" "${HC_ROOT:?}" "${HC_MAJOR:?}"
PATH=/usr/lib/postgresql/$HC_MAJOR/bin:$PATH
WORK=$(mktemp -d /tmp/hospital_cost_story.XXXXXX)
INSTALL=$HC_INSTALL
PGHOST=$WORK PGUSER=postgres PGPORT=5432
export PATH PGHOST PGUSER PGPORT
ports=5431 tests=0 failures=0 finished=no
[ "$(id -u)" -ne 0 ] || chown postgres: "$WORK"
chmod 700 "$WORK"

# The server refuses to run as root; its tools run as its own user then.
as_server() {
	if [ "$(id -u)" -eq 0 ]; then (cd "$WORK" && runuser -u postgres -- "$@"); else (cd "$WORK" && "$@"); fi
}

clean_up() {
	if [ $finished = no ]; then
		echo "not ok - the story ended before its end"
		grep -hE "ERROR|FATAL|PANIC|DETAIL|STATEMENT" "$WORK"/*.log 2>/dev/null | tail -n 6 | sed 's/^/# /'
	fi
	for data in "$WORK"/*/postmaster.pid; do
		[ ! -f "$data" ] || as_server pg_ctl -s -D "${data%/*}" -m immediate stop 2>/dev/null || true
	done
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- what is found, as TAP; a failed test shows what $WORK/said says
ok() { tests=$((tests + 1)) && echo "ok $tests - $1"; }
not_ok() {
	tests=$((tests + 1)) failures=$((failures + 1))
	echo "not ok $tests - $1"
	tail -n 20 "$WORK/said" | sed 's/^/# /'
}
is() {
	printf 'got:  %s\nwant: %s\n' "$2" "$3" >"$WORK/said"
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1"; fi
}
succeeds() {
	what=$1 && shift
	if "$@" >"$WORK/said" 2>&1; then ok "$what"; else not_ok "$what"; fi
}
# same WHAT FILE FILE [KINDS]: two states, or those lines of them that begin with one of KINDS (table|sequence|acl|trigger).
same() {
	grep -E "^(${4:-.*})" "$2" >"$WORK/left" || true
	grep -E "^(${4:-.*})" "$3" >"$WORK/right" || true
	if [ ! -s "$WORK/left" ]; then
		echo "there is nothing to compare" >"$WORK/said"
		not_ok "$1"
	elif diff "$WORK/left" "$WORK/right" >"$WORK/said"; then
		ok "$1"
	else
		not_ok "$1"
	fi
}
finish() {
	finished=yes
	echo "1..$tests"
	[ $failures -eq 0 ]
}

# ---- clusters
# new_cluster NAME [CONFIGURATION LINE...]: a cluster in $WORK/NAME with the private installation, started and selected.
new_cluster() {
	as_server initdb -D "$WORK/$1" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$WORK/$1.initdb"
	ports=$((ports + 1))
	cluster=$1 && shift
	{
		printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$WORK'" "port = $ports" "fsync = off" "jit = off" \
			"shared_buffers = 64MB" "extension_destdir = '$INSTALL'" \
			"dynamic_library_path = '$INSTALL/usr/lib/postgresql/$HC_MAJOR/lib:/usr/lib/postgresql/$HC_MAJOR/lib'" "$@"
	} >>"$WORK/$cluster/postgresql.conf"
	start "$cluster"
}
start() {
	as_server pg_ctl -s -w -t 60 -D "$WORK/$1" -l "$WORK/$1.log" start >/dev/null
	select_cluster "$1"
}
stop() { as_server pg_ctl -s -w -D "$WORK/$1" -m fast stop; }
select_cluster() { PGPORT=$(port_of "$1"); }
port_of() { sed -n 's/^port = //p' "$WORK/$1/postgresql.conf" | tail -n 1; }

# own_install: a copy of the installation that the story may change.
own_install() {
	cp -r "$HC_INSTALL" "$WORK/install"
	INSTALL=$WORK/install
	EXTENSIONS=$INSTALL/usr/share/postgresql/$HC_MAJOR/extension
	VERSION=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$EXTENSIONS/hospital_cost.control")
}

# ---- the hospital
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

new_hospital() {
	createdb "$1"
	psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f "$HC_ROOT/test/lifecycle/fixture.sql" >"$WORK/fixture" 2>&1 || { cat "$WORK/fixture"; return 1; }
	HEAD=$(sql "$1" "SELECT head FROM hospital_cost.seal WHERE period = '2025-02-01' ORDER BY segment DESC LIMIT 1")
}

# state DATABASE FILE: checksum of every table, every sequence's position, every privilege, every trigger on hospital tables.
state() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$1" -f "$HC_ROOT/test/lifecycle/state.sql" >"$2"; }

# The books of the month agree with themselves and with the hospital's rows.
books_agree() {
	is "$2" "$(sql "$1" "SELECT (count(*) > 3)::text || coalesce(string_agg(' ' || identity || ': ' || difference, ';') FILTER (WHERE difference <> 0), '')
		FROM hospital_cost.verify_ledger('2025-03-01')")" true
	# The closed month is what the head kept outside the database says, wherever it was carried.
	is "$2, the seal holds" "$(sql "$1" "SELECT count(*) || coalesce(string_agg(' ' || identity || ': ' || difference, ';') FILTER (WHERE difference <> 0), '')
		FROM hospital_cost.verify_seal('2025-02-01', '$HEAD')")" 9
}

# A new charge posts exactly once, under a number of its own, and the books still agree.
charge_posts_once() {
	before=$(sql "$1" "SELECT count(*) FROM hospital_cost._ledger")
	sql "$1" "INSERT INTO his.fee (visit, item, qty, price, total, dept_by, dept_at, at) VALUES ('V001', 'S1', 1, 20, 20, 'C1', 'T1', '2025-03-20 10:00+08')"
	is "$2: one more charge posts once" "$(sql "$1" "SELECT count(*) FROM hospital_cost._ledger")" $((before + 1))
	is "$2: no entry number twice" "$(sql "$1" "SELECT count(*) - count(DISTINCT entry_id) FROM hospital_cost._ledger")" 0
	books_agree "$1" "$2: the books agree"
}

# wait_for WHAT SQL: until SQL says t, a minute at most.
wait_for() {
	for _ in $(seq 300); do
		[ "$(sql hospital "$2")" != t ] || return 0
		sleep 0.2
	done
	echo "waited in vain: $2" >"$WORK/said"
	not_ok "$1"
	return 1
}

# play FIXTURE STEPS [SQLSTATE …]: four sessions at once call play.act() of a fixture, STEPS times each, by seeds of their own; states other than these nobody may raise.
play() {
	fixture=$1 steps=$2 seed=${HC_SEED:-$(date +%s)}
	shift 2
	allowed="'00000', '40P01'$(for state in "$@"; do printf ", '%s'" "$state"; done)"
	psql -X -q -v ON_ERROR_STOP=1 -d hospital -f "$HC_ROOT/test/lifecycle/$fixture" >"$WORK/fixture" 2>&1 || { cat "$WORK/fixture"; exit 1; }
	players=
	for session in 1 2 3 4; do
		echo "# session $session: seed $((seed + session))"
		sql hospital "CALL play.run($((seed + session)), $steps)" >"$WORK/player$session" 2>&1 &
		players="$players $!"
	done
	for player in $players; do wait "$player" || true; done
	is "every session came to its end" "$(cat "$WORK"/player?)" ""
	is "every step was made" "$(sql hospital "SELECT count(*) FROM play.done")" $((4 * steps))
	is "nothing was raised but what the sessions owe each other" \
		"$(sql hospital "SELECT string_agg(DISTINCT sqlstate || ' ' || said, '; ') FROM play.done WHERE sqlstate NOT IN ($allowed)")" ""
}
