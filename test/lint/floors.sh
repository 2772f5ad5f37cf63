#!/bin/sh
# The floor rule: an #include points to its own floor or a lower one, entry > store > core; the core knows only C itself.
. test/lint/common.sh
# shellcheck disable=SC2016 # awk's dollars
complain "$(project_files -path './src/*/*.[ch]' | xargs awk '
	BEGIN { floor["core"] = 1; floor["store"] = 2; floor["entry"] = 3
		count = split("assert limits stdbool stddef stdint stdlib string", c, " ")
		for (i = 1; i <= count; i++) standard[c[i] ".h"] = 1
		for (i = 1; i < ARGC; i++) if (ARGV[i] ~ /\.h$/) { header = ARGV[i]; sub(/.*\//, "", header); ours[header] = 1 } }
	FNR == 1 { split(FILENAME, part, "/"); own = part[2] }
	/^[ \t]*#[ \t]*include/ {
		where = FILENAME ":" FNR ": "
		match($0, /["<][^">]*/); name = substr($0, RSTART + 1, RLENGTH - 1); quoted = $0 ~ /"/
		target = name; sub(/\/.*/, "", target)
		if (name ~ /\.\./ || (quoted && name in ours)) print where "write floor and name, \"floor/name.h\", not " name
		else if (quoted && target in floor) {
			if (floor[target] > floor[own]) print where own " includes the higher floor " name
		} else if (own == "core") {
			if (quoted) print where "the core includes " name ", which is not of the core"
			else if (!(name in standard)) print where "the core includes <" name ">, which is more than C99 arithmetic needs"
		}
	}')"
