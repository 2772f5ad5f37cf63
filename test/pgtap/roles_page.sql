-- The table of docs/roles.md says of every right of every role what the catalogue says, and nothing else.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(7);
\set page `cat docs/roles.md`
SELECT hospital_cost.setup_roles('hc page') \g /dev/null
CREATE TEMP TABLE role AS SELECT r.name, 'hc page_' || r.name AS login
FROM unnest('{reader,department_head,clerk,pricing,cashier,cashier_leader,accountant,controller,auditor}'::text[]) AS r (name);
SELECT set_eq('SELECT DISTINCT g.role FROM hospital_cost._grant() g', 'SELECT r.name FROM role r', 'these are the roles');
SELECT set_eq(format($$SELECT m[1] FROM regexp_matches(%L, '^\| `([a-z_]+)` \| ', 'gn') m$$, split_part(:'page', '## Heads of departments', 1)), 'SELECT r.name FROM role r', 'the page tells of each');

-- | may | PRIVILEGE …: `object` … | role … | yes |
CREATE TEMP TABLE told AS
SELECT DISTINCT p.privilege, o.match[1] AS object, w.name AS role, c.cell[5] ~ 'yes' AS patients
FROM string_to_table(split_part(:'page', '## Rights', 2), E'\n') AS line
CROSS JOIN LATERAL (SELECT string_to_array(line, '|') AS cell) c
CROSS JOIN LATERAL string_to_table(split_part(btrim(c.cell[3]), ':', 1), ' ') AS p (privilege)
CROSS JOIN LATERAL regexp_matches(c.cell[3], '`([a-z0-9_]+)`', 'g') AS o (match)
CROSS JOIN LATERAL string_to_table(replace(replace(btrim(c.cell[4]), 'heads', 'readers department_head'), 'readers', 'reader pricing cashier_leader accountant controller auditor'), ' ') AS w (name);
CREATE TEMP TABLE object AS
SELECT c.relname::text AS name, c.oid, c.relkind::text AS kind, CASE WHEN c.relkind = 'S' THEN '{USAGE,SELECT,UPDATE}' ELSE '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}' END::text[] AS privileges,
	EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('encounter_code', 'patient_code')) AS patients
FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S')
UNION ALL
SELECT p.proname, p.oid, 'function', '{EXECUTE}', coalesce(p.proargnames && '{encounter,encounter_code,patient,patient_code}', false)
	OR EXISTS (SELECT FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid WHERE t.oid = p.prorettype AND a.attname IN ('encounter_code', 'patient_code'))
FROM pg_proc p WHERE p.pronamespace = 'hospital_cost'::regnamespace;
CREATE TEMP TABLE held AS
SELECT v.privilege, o.name AS object, r.name AS role, o.patients
FROM object o CROSS JOIN role r CROSS JOIN LATERAL unnest(o.privileges) AS v (privilege)
WHERE CASE o.kind WHEN 'function' THEN has_function_privilege(r.login, o.oid, v.privilege) WHEN 'S' THEN has_sequence_privilege(r.login, o.oid, v.privilege)
	ELSE has_table_privilege(r.login, o.oid, v.privilege) OR v.privilege IN ('SELECT', 'INSERT', 'UPDATE') AND has_any_column_privilege(r.login, o.oid, v.privilege) END;

SELECT cmp_ok((SELECT count(*) FROM told), '>', 1000::bigint, 'the page tells of rights');
-- What is wrong is printed as a row of the page.
CREATE FUNCTION pg_temp.as_rows(held text, but text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN
	RETURN QUERY EXECUTE format('WITH wrong AS (SELECT privilege, object, role FROM %I EXCEPT SELECT privilege, object, role FROM %I),
		what AS (SELECT object, string_agg(privilege, '' '' ORDER BY privilege) AS privileges, role FROM wrong GROUP BY object, role),
		who AS (SELECT object, privileges, string_agg(role, '' '' ORDER BY role) AS roles FROM what GROUP BY object, privileges)
		SELECT format(''| … | %%s: %%s | %%s | |'', privileges, string_agg(format(''`%%s`'', object), '' '' ORDER BY object), roles) FROM who GROUP BY privileges, roles', held, but);
END $$;
SELECT is_empty($$SELECT * FROM pg_temp.as_rows('told', 'held')$$, 'what the page says a role may, it may');
SELECT is_empty($$SELECT * FROM pg_temp.as_rows('held', 'told')$$, 'what a role may, the page says');
SELECT is_empty('SELECT t.object, t.patients FROM told t JOIN held h USING (privilege, object, role) GROUP BY t.object, t.patients HAVING t.patients <> bool_or(h.patients)',
	'and whether it names patients');
SELECT is_empty($$SELECT o.name FROM object o JOIN role r ON o.kind = 'function' AND o.name <> 'hospital_day' GROUP BY o.name
	HAVING count(*) > 1 AND bool_or(has_function_privilege(r.login, o.oid, 'EXECUTE')) AND EXISTS (SELECT FROM role x JOIN object y ON y.name = o.name AND y.kind = 'function'
		GROUP BY x.name HAVING bool_or(has_function_privilege(x.login, y.oid, 'EXECUTE')) <> bool_and(has_function_privilege(x.login, y.oid, 'EXECUTE')))$$,
	'functions of one name are open to the same roles, so a name is enough');

SELECT * FROM finish();
ROLLBACK;
