#!/bin/sh
# The version is written in the control file; META.json and the newest heading of CHANGELOG.md say the same.
. test/lint/common.sh
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" hospital_cost.control)
complain "$(
	[ -n "$version" ] || echo "hospital_cost.control: no default_version"
	sed -n 's/^ *"version": "\(.*\)".*/\1/p' META.json | sed '/^1\.0\.0$/{$d}' | while read -r found; do
		[ "$found" = "$version" ] || echo "META.json: version $found, hospital_cost.control says $version"
	done
	found=$(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)
	[ "$found" = "$version" ] || echo "CHANGELOG.md: newest heading is $found, hospital_cost.control says $version"
)"
