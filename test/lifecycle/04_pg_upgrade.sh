#!/bin/sh
# pg_upgrade carries the hospital into a new cluster, whole.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

new_cluster old
new_hospital hospital
state hospital "$WORK/before"
stop old
new_cluster new
stop new
bin=/usr/lib/postgresql/$HC_MAJOR/bin
succeeds "pg_upgrade" as_server pg_upgrade -b "$bin" -B "$bin" -d "$WORK/old" -D "$WORK/new" -U postgres -s "$WORK" \
	-p "$(port_of old)" -P "$(port_of new)" --jobs=2
start new
state hospital "$WORK/after"
same "every row of every table" "$WORK/before" "$WORK/after" table
same "every sequence" "$WORK/before" "$WORK/after" sequence
same "every privilege" "$WORK/before" "$WORK/after" acl
same "every trigger on hospital tables" "$WORK/before" "$WORK/after" trigger
charge_posts_once hospital "upgraded"
createdb copy
pg_dump hospital | psql -X -q -v ON_ERROR_STOP=1 -d copy >/dev/null
state hospital "$WORK/after"
state copy "$WORK/copy"
same "the upgraded hospital dumps and restores" "$WORK/after" "$WORK/copy"
finish
