#!/bin/sh
# What a page tells its reader to type is what a regress story runs: each sql block of the page stands, line by line and in order, in the story.
. test/lint/common.sh

# compare PAGE STORY: what of the page is not in the story.
compare() {
	for file in "$@"; do
		[ -f "$file" ] || { echo "$file is missing"; return; }
	done
	awk -v page="$1" '
		{ sub(/[ \t\r]+$/, "") }
		FILENAME ~ /\.sql$/ { if ($0 != "") story[++lines] = $0; next }
		/^```sql$/ { reading = 1; start = FNR; count = 0; blocks++; next }
		/^```/ && reading {
			reading = 0
			for (first = position + 1; first + count - 1 <= lines; first++) {
				for (i = 0; i < count && story[first + i] == block[i]; i++);
				if (i == count) break
			}
			if (first + count - 1 > lines) print FILENAME ":" start ": this block is not in the story, or not in this order: " block[0]
			else position = first + count - 1
			next
		}
		reading && $0 != "" { block[count++] = $0 }
		END { if (!blocks) print page " has no sql block" }' "$2" "$1"
}

complain "$(compare docs/tutorial.md sql/95_tutorial.sql && compare docs/integration.md sql/25_integration.sql &&
	compare docs/allocation.md sql/65_allocation_page.sql)"
