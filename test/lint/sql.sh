#!/bin/sh
# Every function of src/api and src/schema says how volatile and how parallel-safe it is and pins its search_path;
# every object is created with its schema, as nobody's search_path is ours.
. test/lint/common.sh
parts=$(project_files -path './src/*.sql')
[ -n "$parts" ] || { echo "there is no SQL part in src"; exit 1; }
# shellcheck disable=SC2086 # names of the tree, no spaces
complain "$(awk '
	function judge() {
		where = FILENAME ":" start ": " name
		if (text !~ /[ \t](IMMUTABLE|STABLE|VOLATILE)[ \t;]/) print where " does not say IMMUTABLE, STABLE or VOLATILE"
		if (text !~ /PARALLEL (SAFE|RESTRICTED|UNSAFE)/) print where " does not say PARALLEL SAFE, RESTRICTED or UNSAFE"
		pinned = text ~ /SET search_path = pg_catalog, pg_temp/
		if (text !~ /LANGUAGE [cC][ \t;]/ && !pinned) print where " does not SET search_path = pg_catalog, pg_temp"
		if (text ~ /SECURITY DEFINER/ && !pinned) print where " is SECURITY DEFINER without SET search_path = pg_catalog, pg_temp"
	}
	FNR == 1 { reading = 0; body = "" }
	{ line = $0 }
	# Inside a body nothing counts until its closing quote, or END of BEGIN ATOMIC.
	reading && body != "" {
		if (body == "END") { if (line ~ /^END;/) { body = ""; judge(); reading = 0 } next }
		if ((at = index(line, body)) == 0) next
		line = substr(line, at + length(body)); body = ""
	}
	{ sub(/--.*/, "", line) }
	!reading && line ~ /^CREATE / {
		if (line ~ /^CREATE (OR REPLACE )?(UNLOGGED )?(TABLE|VIEW|FUNCTION|PROCEDURE|SEQUENCE|DOMAIN|TYPE|AGGREGATE) / &&
			line !~ /(TABLE|VIEW|FUNCTION|PROCEDURE|SEQUENCE|DOMAIN|TYPE|AGGREGATE) hospital_cost\./)
			print FILENAME ":" FNR ": created without its schema: " line
		if (line ~ /IF NOT EXISTS/) print FILENAME ":" FNR ": IF NOT EXISTS adopts what somebody else planted"
	}
	!reading && line ~ /^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE) / {
		reading = 1; start = FNR; text = " "
		name = line; sub(/.*(FUNCTION|PROCEDURE) /, "", name); sub(/\(.*/, "", name)
	}
	reading {
		while (match(line, /\$[a-z_]*\$/)) {
			quote = substr(line, RSTART, RLENGTH)
			text = text " " substr(line, 1, RSTART - 1) " "; line = substr(line, RSTART + RLENGTH)
			if ((at = index(line, quote)) == 0) { body = quote; next }
			line = substr(line, at + length(quote))
		}
		if (line ~ /^BEGIN ATOMIC/) { body = "END"; next }
		text = text " " line " "
		if (line ~ /;[ \t]*$/) { judge(); reading = 0 }
	}' $parts)"
