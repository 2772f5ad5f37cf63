#!/bin/sh
# Roles are set up, the extension is updated, the database is dumped and restored: nobody loses or gains a right.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

own_install
new_cluster main
new_hospital origin
state origin "$WORK/origin"
is "roles were given rights" "$([ "$(grep -c '^acl .*life_' "$WORK/origin")" -gt 10 ] && echo yes)" yes

sh "$HC_ROOT/src/compose" update "$VERSION" 99.0.0 >"$EXTENSIONS/hospital_cost--$VERSION--99.0.0.sql"
sed -i "s/^default_version.*/default_version = '99.0.0'/" "$EXTENSIONS/hospital_cost.control"
succeeds "ALTER EXTENSION UPDATE" sql origin "ALTER EXTENSION hospital_cost UPDATE"
is "the version is the new one" "$(sql origin "SELECT extversion FROM pg_extension WHERE extname = 'hospital_cost'")" 99.0.0
state origin "$WORK/updated"
same "updated: every row of every table" "$WORK/origin" "$WORK/updated" table
same "updated: every sequence" "$WORK/origin" "$WORK/updated" sequence
same "updated: every privilege" "$WORK/origin" "$WORK/updated" acl
same "updated: every trigger on hospital tables" "$WORK/origin" "$WORK/updated" trigger

createdb copy
pg_dump origin | psql -X -q -v ON_ERROR_STOP=1 -d copy >/dev/null
state copy "$WORK/copy"
same "updated, then restored: every privilege" "$WORK/origin" "$WORK/copy" acl
same "updated, then restored: everything else" "$WORK/updated" "$WORK/copy" 'table|sequence|trigger'
charge_posts_once copy "updated, then restored"
finish
