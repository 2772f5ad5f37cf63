# Packages: only what is missing, and never at the cost of a cluster that runs here. Sourced.

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -q -o DPkg::Lock::Timeout=120 "$@"
}

missing_of() {
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
	done
}

# Upgrading a server package restarts its clusters. That is for the one who runs them to decide.
refuse_restart() {
	for major in $(apt-get -s install --no-install-recommends "$@" 2>/dev/null |
		sed -n 's/^Inst postgresql-\([0-9][0-9]*\) \[.*/\1/p'); do
		command -v pg_lsclusters >/dev/null || continue
		pg_lsclusters -h | awk -v major="$major" '$1 == major && $4 ~ /^online/ { running = 1 } END { exit !running }' || continue
		die "installing $* would upgrade postgresql-$major and restart its running cluster.
    At a quiet hour run: apt-get install --no-install-recommends $*"
	done
}

# The server package makes and starts a cluster called main unless it is told not to.
CREATECLUSTER=/etc/postgresql-common/createcluster.d/hospital_cost.conf

install_server_without_cluster() {
	if [ -n "$(missing_of postgresql-common)" ]; then
		quietly "packages postgresql-common" apt install --no-install-recommends postgresql-common
	fi
	trap 'as_root rm -f "$CREATECLUSTER"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	as_root mkdir -p "${CREATECLUSTER%/*}"
	echo 'create_main_cluster = false' | as_root tee "$CREATECLUSTER" >/dev/null
	quietly "packages postgresql-$HC_MAJOR, without a cluster" apt install --no-install-recommends "postgresql-$HC_MAJOR"
	as_root rm -f "$CREATECLUSTER"
	trap - EXIT INT TERM HUP
}

# shellcheck disable=SC2086 # lists of words
ensure_packages() {
	missing=$(missing_of "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || die "missing here, and there is no apt-get to install them: $missing"
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || die "run as root, or install sudo; packages missing: $missing"
	quietly "packages: apt-get update" apt update
	refuse_restart $missing
	case " $missing" in *" postgresql-$HC_MAJOR "*) install_server_without_cluster ;; esac
	missing=$(missing_of "$@" | tr '\n' ' ')
	[ -z "$missing" ] || quietly "packages $missing" apt install --no-install-recommends $missing
}
