#!/bin/sh
# A dump restores into an empty database, by pg_restore and as plain SQL, and goes on from where the original stood.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

new_cluster main
new_hospital origin
state origin "$WORK/origin"
books_agree origin "original: the books agree"

createdb by_archive
pg_dump -Fc -f "$WORK/archive" origin
succeeds "pg_restore raises no error" pg_restore --exit-on-error -d by_archive "$WORK/archive"
state by_archive "$WORK/by_archive"
# With several jobs pg_restore forgets which table of an extension refers to which (the foreign keys are there before the rows),
# so the keys are not checked while it runs.
createdb by_jobs
succeeds "pg_restore with two jobs raises no error" env PGOPTIONS='-c session_replication_role=replica' \
	pg_restore --exit-on-error -j 2 -d by_jobs "$WORK/archive"
state by_jobs "$WORK/by_jobs"
createdb by_script
pg_dump -f "$WORK/script" origin
succeeds "the plain dump runs without an error" psql -X -q -v ON_ERROR_STOP=1 -d by_script -f "$WORK/script"
state by_script "$WORK/by_script"

for copy in by_archive by_jobs by_script; do
	same "$copy: every row of every table" "$WORK/origin" "$WORK/$copy" table
	same "$copy: every sequence stands where it stood" "$WORK/origin" "$WORK/$copy" sequence
	same "$copy: every privilege" "$WORK/origin" "$WORK/$copy" acl
	same "$copy: every trigger on hospital tables" "$WORK/origin" "$WORK/$copy" trigger
	charge_posts_once $copy $copy
done

# A second generation: what the copy added survives as well.
createdb second
pg_dump by_script | psql -X -q -v ON_ERROR_STOP=1 -d second >/dev/null
state by_script "$WORK/by_script"
state second "$WORK/second"
same "a dump of the copy is a whole copy again" "$WORK/by_script" "$WORK/second"
finish
