-- Every table and sequence that holds the hospital's data is marked, or pg_dump would leave it out without a word. Re-runnable on purpose:
-- marks written once are lost on the update path. Registries (period_check, _hook, rule_kind, _feed …) are filled by the scripts and not marked.
DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT c.oid::pg_catalog.regclass AS name
		FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'S')
		WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'
			AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
			AND d.refobjid = (SELECT e.oid FROM pg_catalog.pg_extension e WHERE e.extname = 'hospital_cost')
			AND c.relname NOT IN ('period_check', '_hook', 'rule_kind', '_feed', '_feed_field', '_feed_target', '_feed_column', '_feed_check',
				'_feed_issue', '_shipped_rule')
		ORDER BY c.relname
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(member.name, '');
	END LOOP;
END $$;
