#!/bin/sh
# The core is pure: its objects call nothing but each other, memory moves and the compiler's own arithmetic, and hold no writable data.
# To mend a complaint: take what is missing as an argument (memory, time, text), or make the table const.
. test/lint/common.sh
compiler=
for candidate in "${CC:-cc}" gcc clang; do
	if command -v "$candidate" >/dev/null; then compiler=$candidate; break; fi
done
if [ -z "$compiler" ] || ! command -v nm >/dev/null; then
	echo "there is no compiler"
	exit 77
fi
objects=$(mktemp -d) || exit 1
trap 'rm -rf "$objects"' EXIT
complain "$(
	# without -fno-pic a const table of pointers is relocated at load time and looks writable
	for source in src/core/*.c; do
		[ -f "$source" ] || { echo "there is no core"; break; }
		"$compiler" -std=c99 -O2 -fno-pic -Isrc -c "$source" -o "$objects/$(basename "$source" .c).o" 2>&1 |
			sed -n '1,5p'
	done
	nm -A "$objects"/*.o >"$objects/symbols"
	# "file:address type name"; an undefined symbol has no address
	awk '
		{ file = $1; sub(/:.*/, "", file); sub(/.*\//, "", file); type = $(NF - 1); name = $NF }
		type ~ /^[TtRrVW]$/ { defined[name] = 1 }
		type ~ /^[DdBbCSsGg]$/ { print file ": " name " is writable data" }
		type == "U" { wanted[file " " name] = name; of[file " " name] = file }
		END {
			for (key in wanted)
				if (!(wanted[key] in defined) && wanted[key] !~ \
					/^(mem(cpy|set|move|cmp)|strlen|__u?(div|mod|divmod)ti[34]|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$/)
					print of[key] ": calls " wanted[key]
		}' "$objects/symbols" | sort
)"
