-- What a copy of a hospital must have in common with its original, one line a fact.
SET search_path = pg_catalog;
SET timezone = 'UTC';

SELECT format($q$SELECT 'table %s', count(*), md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text COLLATE "C"), '')) FROM %s t$q$,
	c.oid::regclass, c.oid::regclass)
FROM pg_class c WHERE c.relnamespace::regnamespace::text IN ('hospital_cost', 'his') AND c.relkind IN ('r', 'p')
ORDER BY c.oid::regclass::text COLLATE "C" \gexec

SELECT format('SELECT %L, last_value, is_called FROM %s', 'sequence ' || c.oid::regclass, c.oid::regclass)
FROM pg_class c WHERE c.relnamespace::regnamespace::text IN ('hospital_cost', 'his') AND c.relkind = 'S'
ORDER BY c.oid::regclass::text COLLATE "C" \gexec

WITH object (kind, name, owner, acl, acl_default) AS (
	SELECT 'relation', c.oid::regclass::text, c.relowner, c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
	FROM pg_class c WHERE c.relnamespace::regnamespace::text IN ('hospital_cost', 'his') AND c.relkind IN ('r', 'p', 'v', 'S')
	UNION ALL
	SELECT 'column', a.attrelid::regclass || '.' || a.attname, c.relowner, a.attacl, NULL
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	WHERE c.relnamespace::regnamespace::text IN ('hospital_cost', 'his') AND a.attacl IS NOT NULL
	UNION ALL
	SELECT 'function', p.oid::regprocedure::text, p.proowner, p.proacl, acldefault('f', p.proowner)
	FROM pg_proc p WHERE p.pronamespace::regnamespace::text IN ('hospital_cost', 'his')
	UNION ALL
	SELECT 'schema', n.nspname, n.nspowner, n.nspacl, acldefault('n', n.nspowner)
	FROM pg_namespace n WHERE n.nspname IN ('hospital_cost', 'his')
	UNION ALL
	SELECT 'domain', t.oid::regtype::text, t.typowner, t.typacl, acldefault('T', t.typowner)
	FROM pg_type t WHERE t.typnamespace::regnamespace::text IN ('hospital_cost', 'his') AND t.typtype = 'd'
)
SELECT 'acl ' || kind || ' ' || name, owner::regrole,
	array_to_string(ARRAY(SELECT e::text FROM unnest(coalesce(acl, acl_default)) AS e ORDER BY e::text COLLATE "C"), ' ')
FROM object ORDER BY kind, name COLLATE "C";

SELECT 'trigger ' || t.tgrelid::regclass, pg_get_triggerdef(t.oid), t.tgenabled
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace::regnamespace::text = 'his' AND NOT t.tgisinternal
ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname COLLATE "C";
