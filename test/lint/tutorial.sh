#!/bin/sh
# What the tutorial tells its reader to type is what the regress story runs: each sql block of docs/tutorial.md stands, line by
# line and in order, in sql/95_tutorial.sql.
. test/lint/common.sh
for file in docs/tutorial.md sql/95_tutorial.sql; do
	[ -f $file ] || { echo "$file is missing"; exit 1; }
done
complain "$(awk '
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
	END { if (!blocks) print "docs/tutorial.md has no sql block" }' sql/95_tutorial.sql docs/tutorial.md)"
