-- Contract of department_head: he sees the figures of his departments, all of them and no others, by whatever way he asks.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(48);
\ir fixture/hospital.sql
\ir fixture/access.sql
SELECT hospital_cost.setup_roles('hc test') \g /dev/null

-- who sees what, and by hand which departments that are; '' is the hospital
CREATE TABLE his.head (login text, codes text[]);
INSERT INTO his.head VALUES ('h none', '{}'), ('h ward', '{C2}'), ('h surgery', '{W,W1,W11}'), ('h one', '{W}'), ('h two', '{C1,T1}'), ('h total', '{C2,""}'),
	('h all', '{A1,C1,C2,T1,T2,W,W1,W11,""}'), ('h old', '{}'), ('h both', '{C1,T1,C2}'), ('h below', '{W1,W11}');
SELECT format('CREATE ROLE %I; GRANT "hc test_department_head" TO %I', h.login, h.login) FROM his.head h \gexec
GRANT "h two", "h ward" TO "h both";
SELECT is_empty('SELECT * FROM hospital_cost.own_department', 'before anybody has access, nobody sees anything');
SET LOCAL ROLE "hc test_controller";
INSERT INTO hospital_cost.department_access (role_name, department_code, below, hospital_totals, encounters, valid) VALUES ('h ward', 'C2', true, false, false, '(,)'),
	('h surgery', 'W', true, false, true, '(,)'), ('h one', 'W', false, false, false, '(,)'), ('h two', 'C1', true, false, true, '(,)'), ('h two', 'T1', true, false, false, '(,)'),
	('h total', 'C2', true, true, false, '(,)'), ('h all', NULL, true, true, false, '(,)'), ('h old', 'C2', true, true, true, '(,2026-01-01)'), ('h below', 'W1', true, false, false, '(,)'),
	('h nobody', 'C1', true, true, true, '(,)');
RESET ROLE;
SELECT results_eq('SELECT s.cure FROM hospital_cost.check_setup() s WHERE s.room = ''98''', ARRAY['CREATE ROLE "h nobody"; or DELETE FROM hospital_cost.department_access WHERE role_name = ''h nobody'''],
	'check_setup() names a role that is not there');

-- every view: exactly the rows of the view it is taken from that belong to the departments told by hand
CREATE FUNCTION his.rows_as(login text, query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', login);
	EXECUTE 'SELECT count(*) FROM (' || query || ') AS q' INTO n;
	RESET ROLE;
	RETURN n;
END $$;
CREATE FUNCTION his.differs(text, text, belongs text) RETURNS TABLE (login text, name text, seen bigint, wrong bigint, of_all bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', $1);
	EXECUTE format('CREATE TEMP TABLE seen AS TABLE hospital_cost.own_%s', $2);
	RESET ROLE;
	RETURN QUERY EXECUTE format('WITH due AS (SELECT b.* FROM hospital_cost.%s b, his.head h WHERE h.login = %L AND (%s))
		SELECT %2$L::text, %1$L::text, (SELECT count(*) FROM seen), (SELECT count(*) FROM (SELECT * FROM ((TABLE seen EXCEPT ALL TABLE due) UNION ALL (TABLE due EXCEPT ALL TABLE seen)) x) y),
			(SELECT count(*) FROM hospital_cost.%1$s)', $2, $1, $3);
	DROP TABLE seen;
END $$;
CREATE TABLE his.compared AS SELECT d.* FROM his.head h, unnest('{department_cost,department_result,visit_cost,bed_day_cost,visit_cost_item,bed_day_cost_item,item_cost,activity_cost,
	idle_capacity,bed_use,unused_capacity,workload,charge_total}'::text[]) v, LATERAL his.differs(h.login, v, CASE v WHEN 'charge_total'
		THEN 'b.performing_department_code = ANY (h.codes) OR b.ordering_department_code = ANY (h.codes)' ELSE 'coalesce(b.department_code, '''') = ANY (h.codes)' END) d;
SELECT is_empty('SELECT c.login, c.name, c.wrong FROM his.compared c WHERE c.wrong <> 0', 'each head sees exactly the rows of his departments, in every view');
SELECT is((SELECT count(*) FROM his.compared), 130::bigint, 'ten heads, thirteen views');
SELECT is_empty('SELECT c.name FROM his.compared c GROUP BY c.name HAVING bool_or(c.login = ''h all'' AND c.seen <> c.of_all) OR NOT bool_or(c.seen > 0 AND c.seen < c.of_all)',
	'whoever sees all sees all, and of every view somebody sees a part');
SELECT results_eq($$SELECT v.name COLLATE "default" FROM (SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relname ~ '^own_' AND c.relkind = 'v') v
	WHERE v.name <> 'own_department' AND NOT EXISTS (SELECT FROM his.compared c WHERE 'own_' || c.name = v.name)$$, '{}'::text[], 'no own_ view was forgotten here');
SELECT results_eq($$SELECT h.login, his.rows_as(h.login, 'TABLE hospital_cost.own_department') FROM his.head h ORDER BY h.login COLLATE "C"$$,
	$$SELECT h.login, cardinality(array_remove(h.codes, ''))::bigint FROM his.head h ORDER BY h.login COLLATE "C"$$, 'own_department lists them');
SET LOCAL ROLE "h two";
SELECT results_eq('SELECT o.department_code, o.encounters FROM hospital_cost.own_department o ORDER BY 1', $$VALUES ('C1', true), ('T1', false)$$, 'and says where he sees patients');
RESET ROLE;
UPDATE hospital_cost.department SET parent_code = 'W11' WHERE code = 'W';
SELECT is(his.rows_as('h below', 'TABLE hospital_cost.own_department'), 3::bigint, 'a ring of departments is walked once');
UPDATE hospital_cost.department SET parent_code = NULL WHERE code = 'W';

-- what is asked for by month, run or department
SELECT is(his.rows_as('h surgery', $$SELECT FROM hospital_cost.own_department_cost_now('2025-03-01')$$), 3::bigint, 'cost by now, of own departments');
SELECT results_eq($$SELECT his.rows_as(h.login, 'SELECT FROM hospital_cost.own_cost_change(''2025-03-01'', ''2025-03-01'') WHERE cost_after > 0') FROM his.head h ORDER BY h.login COLLATE "C"$$,
	$$SELECT (SELECT count(*) FROM hospital_cost.cost_change('2025-03-01', '2025-03-01') c WHERE c.cost_after > 0 AND coalesce(c.department_code, '') = ANY (h.codes)) FROM his.head h ORDER BY h.login COLLATE "C"$$,
	'and why it changed');
SELECT results_eq($$SELECT his.rows_as(h.login, 'SELECT FROM hospital_cost.own_encounter_cost(''2025-03-01'') WHERE encounter_code IS NOT NULL') FROM his.head h ORDER BY h.login COLLATE "C"$$,
	$$SELECT (SELECT count(*) FROM hospital_cost.encounter_cost c WHERE c.encounter_code IS NOT NULL AND c.department_code = ANY (CASE h.login WHEN 'h surgery' THEN '{W,W1,W11}' WHEN 'h two' THEN '{C1}'
		WHEN 'h both' THEN '{C1}' ELSE '{}'::text[] END)) FROM his.head h ORDER BY h.login COLLATE "C"$$, 'patients only where the access says so');
SELECT is(his.rows_as('h surgery', $$SELECT FROM hospital_cost.own_encounter_cost('2025-03-01') WHERE encounter_code = 'SW'$$) > 0, true, 'there are some');
SELECT is(his.rows_as('h two', $$SELECT FROM hospital_cost.own_encounter_cost('2025-03-01') WHERE department_code = 'T1'$$) > 0, true, 'what no patient took is seen without that');
SELECT is(his.rows_as('h two', $$SELECT FROM hospital_cost.own_encounter_cost('2025-03-01') WHERE department_code = 'T1' AND encounter_code IS NOT NULL$$), 0::bigint, 'and is no patient');
SELECT is((SELECT string_agg(DISTINCT format('%s %s %s', l.source_key, l.performing_department_code, l.ordering_department_code), ', ') FROM hospital_cost.finding x
	JOIN hospital_cost.ledger l ON l.entry_id = ANY (x.entries) WHERE x.item_code = 'LAB'), '1 T1 C1, 2 T1 C2, 3 T1 W1', 'three lines with findings');
INSERT INTO hospital_cost._finding (class, code, severity, source_id, source_key, period, subject, subject_code, expected, observed)
SELECT 'conduct', 'X', 'lead', 0, '', '2025-04-01', s.subject, s.code, 10, 20 FROM (VALUES ('department', 'C1'), ('department', 'C2'), ('cashier', 'C2'), ('patient', 'P2')) AS s (subject, code);
SET LOCAL ROLE "h ward";
SELECT results_eq('SELECT DISTINCT f.department_code, f.encounter_code, f.source, f.source_key, f.entries, f.observed, f.expected, f.note FROM hospital_cost.own_finding(''2025-03-01'') f',
	$$VALUES ('C2', NULL::text, NULL::regclass, NULL::text, NULL::bigint[], NULL::text, NULL::text, NULL::text)$$, 'a head sees findings about his department without the patient');
SELECT ok((SELECT bool_and(f.item_code = 'LAB' AND f.state = 'open') FROM hospital_cost.own_finding('2025-03-01') f), 'with item and state');
SELECT is((SELECT count(*) FROM hospital_cost.own_finding('2025-04-01')), 1::bigint, 'by month');
SELECT is((SELECT format('%s %s %s', f.department_code, f.expected, f.observed) FROM hospital_cost.own_finding('2025-04-01') f), 'C2 10 20', 'what a rule says of his department he sees with its figures');
SET LOCAL ROLE "h two";
SELECT results_eq('SELECT DISTINCT f.department_code, f.encounter_code, f.source_key FROM hospital_cost.own_finding(''2025-03-01'') f ORDER BY 1, 2', $$VALUES ('C1', 'V1', '1'), ('T1', NULL, NULL)$$,
	'of two own departments that with patients counts');
SELECT results_eq($$SELECT t.origin_code, t.path, t.direct_cost_id IS NULL, t.source, t.source_key FROM hospital_cost.own_trace_cost(current_setting('hc_test.run')::int, 'C1') t WHERE t.path <> 'rounding'$$,
	$$VALUES ('C1', 'direct', false, 'payroll', 'C1-1'), ('A1', 'straight', true, NULL, NULL)$$, 'a trace tells own rows one by one and of others the sum');
RESET ROLE;
CREATE FUNCTION his.traced(run int, department text) RETURNS numeric LANGUAGE sql RETURN (SELECT sum(t.amount) FROM hospital_cost.trace_cost(run, department) t);
SELECT is((SELECT his.rows_as('h surgery', format('SELECT FROM hospital_cost.own_trace_cost(%s, ''W1'') HAVING sum(amount) = %s', :run, his.traced(:run, 'W1')))), 1::bigint, 'with the same sum');

-- departments of others, and those that are not there, are refused with the same words
SET LOCAL ROLE "h ward";
SELECT throws_ok(format('SELECT * FROM hospital_cost.own_trace_cost(%s, %L)', current_setting('hc_test.run'), d), 'MC981', format('department "%s" is not one of yours', d), 'asking for ' || d)
FROM unnest(ARRAY['C1', 'nowhere', '']) d;
SELECT throws_ok($$SELECT * FROM hospital_cost.own_form('F01', '2025-03-01')$$, 'MC982', NULL, 'a form is of all departments');
SELECT throws_ok($$SELECT * FROM hospital_cost.own_indicator('2025-03-01')$$, 'MC982', NULL, 'indicators are of the hospital');
SET LOCAL ROLE "h total";
SELECT lives_ok($$SELECT * FROM hospital_cost.own_indicator('2025-03-01')$$, 'which hospital_totals opens');
SELECT throws_ok($$SELECT * FROM hospital_cost.own_form('F01', '2025-03-01')$$, 'MC982', NULL, 'but not the form');
SET LOCAL ROLE "h all";
SELECT isnt_empty($$SELECT * FROM hospital_cost.own_form('F01', '2025-03-01')$$, 'every department and the totals do');
RESET ROLE;

-- a cheap function in WHERE is told own rows only; behind a view without a barrier it is told others', so it would be
CREATE FUNCTION his.peek(code text) RETURNS boolean LANGUAGE plpgsql STABLE COST 0.0001 AS $$ BEGIN
	PERFORM set_config('hc_test.peek', concat_ws(' ', nullif(current_setting('hc_test.peek', true), ''), code), true); RETURN true; END $$;
CREATE FUNCTION his.peeked() RETURNS text LANGUAGE sql RETURN (SELECT string_agg(DISTINCT x, ' ' ORDER BY x) FROM string_to_table(current_setting('hc_test.peek'), ' ') x);
CREATE VIEW his.naive AS SELECT c.* FROM hospital_cost._department_cost c WHERE c.department_code || '' = 'C2';
GRANT USAGE ON SCHEMA his TO PUBLIC;
GRANT SELECT ON his.naive TO PUBLIC;
SET LOCAL ROLE "h ward";
SELECT count(*) FROM his.naive n WHERE his.peek(n.department_code) \g /dev/null
RESET ROLE;
SELECT matches(his.peeked(), 'T1', 'a view without a barrier leaks');
SELECT set_config('hc_test.peek', '', true) \g /dev/null
SELECT is((SELECT sum(his.rows_as('h ward', format('SELECT FROM hospital_cost.own_%s WHERE his.peek(department_code)', c.name))) FROM his.compared c WHERE c.login = 'h ward' AND c.name <> 'charge_total'),
	(SELECT sum(c.seen) FROM his.compared c WHERE c.login = 'h ward' AND c.name <> 'charge_total'), 'own_ views give the same rows through it');
SELECT is(his.peeked(), 'C2', 'and tell it of no other department');

-- plans tell nothing
CREATE FUNCTION his.plan_as(login text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; told text := '';
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', login);
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, ANALYZE, TIMING off, SUMMARY off, BUFFERS off) ' || query LOOP told := told || line || E'\n'; END LOOP;
	RESET ROLE;
	RETURN told;
END $$;
SELECT is_empty($$SELECT c.name FROM his.compared c WHERE c.login = 'h ward' AND c.name <> 'charge_total'
	AND his.plan_as('h ward', format('SELECT * FROM hospital_cost.own_%s WHERE department_code = ''T1''', c.name)) !~ '^Function Scan on [^\n]*\n *Output: [^\n]*\n *Function Call: [^\n]*\n *Filter: [^\n]*(\n *Rows Removed by Filter: \d+)?\n$'$$,
	'a plan is a scan of a function, whatever is asked');
SELECT is_empty($$SELECT c.name FROM his.compared c WHERE c.login = 'h ward' AND c.name <> 'charge_total'
	AND coalesce(substring(his.plan_as('h ward', format('SELECT * FROM hospital_cost.own_%s WHERE department_code = ''T1''', c.name)) FROM 'Removed by Filter: (\d+)')::bigint, 0) <> c.seen$$,
	'it filters own rows only');
SELECT is(replace(his.plan_as('h ward', $$SELECT * FROM hospital_cost.own_department_cost WHERE department_code = 'T1'$$), '''T1''', '''NO'''),
	his.plan_as('h ward', $$SELECT * FROM hospital_cost.own_department_cost WHERE department_code = 'NO'$$), 'and estimates the same for a department that is not there');

-- nothing else is open
SELECT set_eq($$SELECT c.relname::text COLLATE "default" FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND c.relname !~ '^own_'
	AND (CASE c.relkind WHEN 'S' THEN has_sequence_privilege('h ward', c.oid, 'SELECT,USAGE,UPDATE')
		ELSE has_table_privilege('h ward', c.oid, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER') OR has_any_column_privilege('h ward', c.oid, 'SELECT,INSERT,UPDATE,REFERENCES') END)$$,
	ARRAY['period', 'cost_item', 'charge_item'], 'beside own_ a head reads months and the names of items');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'hospital_cost'::regnamespace AND p.proname !~ '^_?own_' AND has_function_privilege('h ward', p.oid, 'EXECUTE')$$,
	'and calls nothing else');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'hospital_cost'::regnamespace AND p.proname IN ('_own_department', '_require_own', '_require_whole')
	AND has_function_privilege('h ward', p.oid, 'EXECUTE')$$, 'not even what decides');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'hospital_cost'::regnamespace AND c.relname ~ '^own_' AND c.relkind = 'v'
	AND (NOT coalesce(c.reloptions, '{}') @> '{security_barrier=true}' OR has_table_privilege('h ward', c.oid, 'INSERT,UPDATE,DELETE'))$$, 'own_ views are barriers, and read only');
SET LOCAL ROLE "h ward";
SELECT throws_ok($$INSERT INTO hospital_cost.department_access (role_name) VALUES ('h ward')$$, '42501', NULL, 'nobody gives himself a department');
SELECT throws_ok($$TABLE hospital_cost.department_access$$, '42501', NULL, 'or reads what others have');
SELECT throws_ok($$TABLE hospital_cost.department_cost$$, '42501', NULL, 'or reads the view behind');
SET LOCAL ROLE "hc test_auditor";
SELECT is((SELECT count(*) FROM hospital_cost.department_access), 10::bigint, 'an auditor sees who sees what');
SELECT throws_ok($$DELETE FROM hospital_cost.department_access$$, '42501', NULL, 'and changes nothing');
RESET ROLE;

-- what a head makes of his figures for others shows them theirs
CREATE SCHEMA heads AUTHORIZATION "h ward";
GRANT USAGE ON SCHEMA heads TO PUBLIC;
SET LOCAL ROLE "h ward";
CREATE VIEW heads.mine AS SELECT DISTINCT d.department_code FROM hospital_cost.own_department_cost d;
GRANT SELECT ON heads.mine TO "h one";
SET LOCAL ROLE "h one";
SELECT is((SELECT string_agg(m.department_code, ' ') FROM heads.mine m), 'W', 'a view of a head shows each who reads it his own');
RESET ROLE;
SELECT throws_ok($$INSERT INTO hospital_cost.department_access (role_name, department_code) VALUES ('h ward', 'C2')$$, '23P01', NULL, 'one row a role, department and day');

SELECT * FROM finish();
ROLLBACK;
