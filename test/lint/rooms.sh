#!/bin/sh
# The room rule: a room uses only rooms with a smaller number, in includes, SQL references and foreign keys.
. test/lint/common.sh
files=$(project_files -path './src/*' \( -name '*.[ch]' -o -name '[0-9][0-9]_*.sql' \))
stray=$(project_files -path './src/*' -name '*.sql' | grep -Ev '^src/(schema|api)/[0-9]{2}_[a-z0-9_]+\.sql$|^src/migrate/[0-9.]+--[0-9.]+\.sql$' |
	sed 's/$/: an SQL part is called NN_room.sql/')
# Two passes over the same files: who owns a name, then who mentions it.
# shellcheck disable=SC2086 # names of the tree, no spaces
complain "$(echo "$stray" | grep .; awk '
	FILENAME ~ /rooms\.txt$/ {
		if ($0 ~ /^#/) next
		if ($1 == "-") for (i = 2; i <= NF; i++) serves_all[$i] = 1
		else { number[++rooms] = $1 + 0; for (i = 2; i <= NF; i++) room_of[$i] = $1 + 0 }
		next
	}
	FNR == 1 {
		pass = ++seen[FILENAME]; own = -1; quoted = 0
		base = FILENAME; sub(/.*\//, "", base); noun = base; sub(/[_.].*/, "", noun)
		if (base ~ /\.sql$/) { for (i = 1; i <= rooms; i++) if (number[i] <= base + 0) own = number[i] }
		else if (noun in room_of) own = room_of[noun]
		else if (pass == 1 && !(noun in serves_all)) print FILENAME ": which room is \"" noun "\"? Name the file after its room, or add the noun to test/lint/rooms.txt"
	}
	own < 0 { next }
	{ line = $0 }
	# A comment may speak of any room; what it is on must not.
	FILENAME ~ /\.sql$/ { sub(/--.*/, "", line); if (line ~ /^COMMENT ON/) sub(/ IS .*/, "", line) }
	pass == 1 && FILENAME ~ /\.sql$/ && match(line, /^CREATE (OR REPLACE )?(TABLE|VIEW|FUNCTION|PROCEDURE|SEQUENCE|DOMAIN|TYPE|AGGREGATE) hospital_cost\.[a-z0-9_]+/) {
		name = substr(line, RSTART, RLENGTH); sub(/.*\./, "", name)
		if (!(name in owner) || own < owner[name]) { owner[name] = own; place[name] = FILENAME }
	}
	pass == 2 && match(line, /^[ \t]*#[ \t]*include[ \t]*"(core|store|entry)\/[a-z0-9_]+/) {
		name = substr(line, RSTART, RLENGTH); sub(/.*\//, "", name); noun = name; sub(/_.*/, "", noun)
		if (noun in room_of && room_of[noun] > own) print FILENAME ":" FNR ": room " own " includes " name " of room " room_of[noun]
	}
	# C names a relation without its schema only through this function.
	pass == 2 { gsub(/ground_relation\("/, "&hospital_cost.", line) }
	pass == 2 {
		while (match(line, /hospital_cost\.[a-z0-9_]+/)) {
			name = substr(line, RSTART + 14, RLENGTH - 14); line = substr(line, RSTART + RLENGTH)
			if (name in owner && owner[name] > own) print FILENAME ":" FNR ": room " own " mentions " name " of room " owner[name] " (" place[name] ")"
		}
	}' test/lint/rooms.txt $files $files)"
