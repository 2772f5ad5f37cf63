#!/bin/sh
# A database updated to a version and one installed at it are the same: definitions, members, dump marks, registries.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

# fingerprint DATABASE FILE: the definitions as pg_upgrade would carry them, without object numbers; then what dumps do not show.
fingerprint() {
	pg_dump -s --binary-upgrade "$1" |
		grep -v -E 'binary_upgrade|^--|^$|^.(un)?restrict|SELECT pg_catalog|^UPDATE|^ *(SET|WHERE)' >"$2"
	sql "$1" "SET search_path = pg_catalog;
		SELECT 'dumped', c.oid::regclass, e.extcondition[n] FROM pg_extension e, unnest(e.extconfig) WITH ORDINALITY AS u (oid, n)
			JOIN pg_class c ON c.oid = u.oid WHERE e.extname = 'hospital_cost' ORDER BY c.oid::regclass::text COLLATE \"C\";
		SELECT 'member', pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
			WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'hospital_cost' ORDER BY pg_describe_object(d.classid, d.objid, 0) COLLATE \"C\";
		SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description FROM pg_description d
			JOIN pg_depend m ON m.classid = d.classoid AND m.objid = d.objoid AND m.deptype = 'e'
			ORDER BY pg_describe_object(d.classoid, d.objoid, d.objsubid) COLLATE \"C\"" >>"$2"
	state "$1" "$2.state"
	grep -E '^(table|acl|trigger)' "$2.state" >>"$2"
}

own_install
sh "$HC_ROOT/src/compose" update "$VERSION" 99.0.0 >"$EXTENSIONS/hospital_cost--$VERSION--99.0.0.sql"
sh "$HC_ROOT/src/compose" install >"$EXTENSIONS/hospital_cost--99.0.0.sql"
new_cluster main
createdb fresh
createdb updated
sql fresh "CREATE EXTENSION hospital_cost VERSION '99.0.0' CASCADE"
sql updated "CREATE EXTENSION hospital_cost VERSION '$VERSION' CASCADE"
succeeds "ALTER EXTENSION UPDATE" sql updated "ALTER EXTENSION hospital_cost UPDATE TO '99.0.0'"
fingerprint fresh "$WORK/fresh"
fingerprint updated "$WORK/updated"
same "definitions" "$WORK/fresh" "$WORK/updated" '[A-Z ]'
same "tables marked for dumps" "$WORK/fresh" "$WORK/updated" dumped
same "members of the extension" "$WORK/fresh" "$WORK/updated" member
same "comments" "$WORK/fresh" "$WORK/updated" comment
same "registries and privileges" "$WORK/fresh" "$WORK/updated" 'table|acl'
is "every table that holds data is marked for dumps" "$(sql fresh "SELECT coalesce(string_agg(c.oid::regclass::text, ' '), '')
	FROM pg_class c, pg_extension e WHERE e.extname = 'hospital_cost' AND c.relnamespace = e.extnamespace AND c.relkind IN ('r', 'S')
		AND c.oid <> ALL (e.extconfig) AND c.relname NOT IN ('period_check', 'rule_kind', '_shipped_rule', '_hook', '_feed', '_feed_field', '_feed_target', '_feed_column', '_feed_check', '_feed_issue')")" ""
finish
