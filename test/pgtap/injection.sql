-- Contract against injection: whatever a caller or a hospital's table calls things and writes into them is a value or a name, never SQL. And what the
-- catalogue must say of functions that run with the owner's rights.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(23);
\ir fixture/hospital.sql
\ir fixture/access.sql
SELECT hospital_cost.setup_roles('hc test') \g /dev/null

-- the catalogue
CREATE TEMP VIEW routine AS SELECT p.* FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	AND d.refobjid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'hospital_cost');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname IN ('sql', 'plpgsql')
	AND (p.prosecdef OR p.proname ~ '^_') AND pg_get_functiondef(p.oid) ~* '\m(current_user|current_role)\M'$$, 'who works is never asked of current_user, which is the owner within definer rights');
SELECT is_empty($$SELECT p.oid::regprocedure, t.typname FROM routine p, unnest(p.proargtypes) a (type) JOIN pg_type t ON t.oid = a.type
	WHERE t.typtype = 'p' OR t.typnamespace NOT IN ('pg_catalog'::regnamespace, 'hospital_cost'::regnamespace)$$, 'no argument is of a type that the caller makes');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p JOIN pg_language l ON l.oid = p.prolang WHERE p.proleakproof OR l.lanname NOT IN ('sql', 'plpgsql', 'c', 'internal')$$,
	'none claims to leak nothing, none is in another language');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p WHERE p.proowner <> (SELECT e.extowner FROM pg_extension e WHERE e.extname = 'hospital_cost')$$, 'all belong to the owner of the extension');
SELECT is_empty($$SELECT a.grantee::regrole, a.privilege_type FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
	WHERE n.nspname = 'hospital_cost' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner$$, 'nobody else creates anything in the schema');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname = 'sql' AND p.prosqlbody IS NULL$$,
	'SQL functions are parsed when they are made, not by the search_path of a call');
SELECT is_empty($$SELECT DISTINCT p.oid::regprocedure FROM routine p CROSS JOIN LATERAL aclexplode(p.proacl) a JOIN pg_roles r ON r.oid = a.grantee
	WHERE r.rolname LIKE 'hc test\_%' AND p.provolatile = 'v' AND NOT p.prosecdef AND p.prorettype <> 'trigger'::regtype AND p.proname NOT IN ('create_charge_table', '_progress')$$,
	'what a role may call to write runs with the owner''s rights, so that it needs none on the tables; but a charge table is made as the caller''s own');

-- A bite is remembered whatever is rolled back.
CREATE SEQUENCE his.bitten;
CREATE FUNCTION his.bite() RETURNS text LANGUAGE sql AS $$ SELECT nextval('his.bitten')::text $$;
CREATE FUNCTION his.bites() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM his.bitten s); END $$;
GRANT USAGE ON SCHEMA his TO PUBLIC;
GRANT USAGE ON SEQUENCE his.bitten TO PUBLIC;
CREATE TABLE his.payload (n serial, text text);
INSERT INTO his.payload (text) VALUES ($x$'||his.bite()||'$x$), ($x$''||his.bite()||''$x$), ($x$"||his.bite()||"$x$), ($x$')||his.bite()||('$x$), ($x$'; SELECT his.bite(); --$x$),
	($x$$$||his.bite()||$$$x$), ($x$%s%I%L%1$s%$x$), ($x$\'||his.bite()--$x$), ($x${zone}'||his.bite()||'{zone}$x$), ($x$$1$2 :x ?$x$), ($x$his.bite()$x$), ($x$(SELECT his.bite())$x$), ($x$$x$);
SELECT is((SELECT count(*) FROM pg_proc WHERE his.bite() IS NOT NULL AND oid = 'now'::regproc) + his.bites(), 2::bigint, 'a bite would be seen');
SELECT setval('his.bitten', 1, false) \g /dev/null

-- every function a role may call, with each payload in each text argument alone and in all, each call undone
CREATE FUNCTION his.literal(name text, type regtype, hostile text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE type::text WHEN 'text' THEN format('%L::text', coalesce(hostile, '{"plan": "heads", "department": "C1", "item": "LAB", "scope": "medical", "code": "F01", "mode": "flag", "pricing": "trust",
			"encounter": "V1", "language": "en", "kind": "pos", "cashier": "L", "verdict": "confirmed", "cost_item": "personnel", "method": "top_down", "reason": "x", "action": "refund", "cause": "x",
			"treatment": "x", "prefix": "X", "name": "his.made", "purpose": "x", "rule": "CA04", "to_month": "2025-03"}'::jsonb ->> name, 'x'))
		WHEN 'regclass' THEN '''his.fee''::regclass' WHEN 'date' THEN '''2025-03-01''::date' WHEN 'jsonb' THEN format('%L::jsonb', CASE WHEN hostile IS NULL THEN '[]'
			ELSE jsonb_build_object(hostile, hostile, 'source_key', hostile, 'encounter', jsonb_build_object('constant', hostile), 'values', jsonb_build_object(hostile, hostile)) END)
		WHEN 'integer' THEN CASE name WHEN 'run' THEN current_setting('hc_test.run') ELSE '1' END
		WHEN 'text[]' THEN format('ARRAY[%L]::text[]', hostile) WHEN 'bigint[]' THEN '''{1}''::bigint[]' WHEN 'interval' THEN '''1 ms''::interval'
		WHEN 'boolean' THEN 'true' WHEN 'timestamp with time zone' THEN '''2025-03-05''::timestamptz' ELSE format('1::%s', type) END $$;
CREATE TABLE his.called (function regprocedure, state text, message text);
CREATE FUNCTION his.call(f regprocedure, victim int, hostile text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	args text := (SELECT string_agg(his.literal(p.proargnames[a.n], a.type, CASE WHEN victim IN (a.n, 0) THEN hostile END), ', ' ORDER BY a.n)
		FROM pg_proc p, unnest(p.proargtypes) WITH ORDINALITY AS a (type, n) WHERE p.oid = f);
	problem text;
BEGIN
	EXECUTE format('SELECT * FROM %s(%s)', f::regproc, coalesce(args, ''));
	RAISE EXCEPTION 'undone' USING ERRCODE = 'HC000';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
	INSERT INTO his.called VALUES (f, SQLSTATE, problem);
END $$;
-- Most of them have something to work on, so that the text comes as far as it can.
INSERT INTO hospital_cost.statement_format (kind, name, methods) VALUES ('pos', 'POS', '{card}');
SELECT hospital_cost.load_statement('pos', '2025-03-01', '[{"amount": 1}]', 's', 0, 1), hospital_cost.reconcile('pos', '2025-03-01') \g /dev/null
INSERT INTO hospital_cost.department_access (role_name, hospital_totals) VALUES (session_user, true);
INSERT INTO hospital_cost.cashier (code, name, login) VALUES ('K', 'x', session_user), ('L', 'x', 'somebody else');
INSERT INTO hospital_cost.cashier_window (code, name) VALUES ('x', 'x');
CREATE TABLE his.target AS SELECT p.oid::regprocedure AS f, a.n::int, p.proname FROM routine p
	CROSS JOIN LATERAL (SELECT u.n FROM unnest(p.proargtypes) WITH ORDINALITY AS u (type, n) WHERE u.type IN ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype) UNION SELECT 0) a
	WHERE p.proname !~ '^_' AND p.prorettype <> 'trigger'::regtype AND EXISTS (SELECT FROM unnest(p.proargtypes) t WHERE t IN ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype))
		AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname LIKE 'hc test\_%' AND has_function_privilege(r.oid, p.oid, 'EXECUTE'));
SELECT his.call(t.f, t.n, p.text) FROM his.target t CROSS JOIN his.payload p \g /dev/null
SELECT his.call(t.f, -1, NULL) FROM (SELECT DISTINCT f FROM his.target) t \g /dev/null
SELECT is(his.bites(), 0::bigint, 'no argument of any function is run');
SELECT is_empty($$SELECT c.function, c.state, c.message FROM his.called c WHERE c.state !~ '^(MC...|HC000|42501|22...|23...|42P06|42602)$'$$, 'or breaks the SQL that it comes into');
SELECT cmp_ok((SELECT count(DISTINCT function) FROM his.called), '>=', 40::bigint, 'of all functions with such arguments');
SELECT cmp_ok((SELECT count(DISTINCT function) FROM his.called WHERE state = 'HC000'), '>=', 30::bigint, 'most of which also succeed');

-- tables, columns, constants, translations, states and rows that are called so
CREATE FUNCTION his.field(feed text, field text) RETURNS text LANGUAGE sql RETURN left(format($x$%s'||his.bite()||'"%%s$1{zone}$x$, field), 63);
CREATE FUNCTION his.hostile(feed text) RETURNS text LANGUAGE sql RETURN format($x$t'||his.bite()||'"%%s %%I $1 {zone} %s$x$, feed);
CREATE FUNCTION his.plausible(feed text, field text, n int) RETURNS text LANGUAGE sql RETURN CASE field WHEN 'kind' THEN CASE feed WHEN 'payments' THEN 'payment' WHEN 'stock' THEN 'on_hand' ELSE 'outpatient' END
	WHEN 'encounter' THEN CASE feed WHEN 'encounters' THEN 'N' || n ELSE 'V1' END WHEN 'item' THEN 'LAB' WHEN 'method' THEN 'cash' WHEN 'cost_item' THEN 'other' WHEN 'cost_class' THEN 'medical'
	WHEN 'funding_source' THEN 'own' WHEN 'period' THEN '2025-03' WHEN 'sex' THEN 'U' WHEN 'status' THEN 'ok' WHEN 'price_class' THEN 'standard' WHEN 'order' THEN 'O' || n WHEN 'reverses_key' THEN NULL
	WHEN 'batch' THEN 'B' || n ELSE CASE WHEN field ~ 'department' THEN 'C1' WHEN field ~ '_at$|as_of' THEN (timestamptz '2025-03-05 10:00+08' + n * interval '1 hour')::text WHEN field = 'birth_date' THEN '2000-01-01'
	WHEN field = 'credit' THEN NULL WHEN field ~ 'quantity|amount|price|times|days' THEN '1' WHEN field = 'reimbursable' THEN 'true' WHEN field = 'discount' THEN '0' ELSE 'x' END END;
CREATE FUNCTION his.assail(feed text, payload text) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	t text := format('his.%I', his.hostile(feed) || left(md5(payload), 6));
	fields text[]; mapping jsonb; options jsonb; n int;
BEGIN
	SELECT array_agg(f.field ORDER BY f.field), jsonb_object_agg(f.field, CASE WHEN f.field IN ('operator', 'payer', 'unit', 'bed') THEN jsonb_build_object('constant', payload)
		ELSE to_jsonb(his.field(feed, f.field)) END) FILTER (WHERE f.field NOT IN ('status', 'booked_at')) INTO fields, mapping FROM hospital_cost._feed_field f WHERE f.feed = assail.feed;
	EXECUTE format('CREATE TABLE %s (%s, UNIQUE (%I))', t, (SELECT string_agg(format('%I %s', his.field(feed, f), CASE WHEN f ~ '_at$|_date$|as_of' THEN 'timestamptz' WHEN f ~ 'quantity|amount|price$|times|days|discount|credit'
		THEN 'numeric' WHEN f = 'reimbursable' THEN 'boolean' ELSE 'text' END), ', ') FROM unnest(fields) f), his.field(feed, CASE WHEN 'source_key' = ANY (fields) THEN 'source_key' ELSE 'encounter' END));
	options := CASE feed WHEN 'charges' THEN jsonb_build_object('status', jsonb_build_object('column', his.field(feed, 'status'), 'charged', jsonb_build_array('ok', payload)))
		WHEN 'payments' THEN jsonb_build_object('kind', jsonb_build_object('payment', jsonb_build_array('payment', payload)))
		WHEN 'encounters' THEN jsonb_build_object('values', jsonb_build_object('kind', jsonb_build_object('outpatient', 'outpatient', payload || '!', payload, '*', 'inpatient')),
			'status', jsonb_build_object('column', his.field(feed, 'status'), 'active', jsonb_build_array('ok', payload)))
		WHEN 'orders' THEN jsonb_build_object('status', jsonb_build_object('column', his.field(feed, 'status'), 'ordered', jsonb_build_array('ok', payload)))
		WHEN 'costs' THEN jsonb_build_object('status', jsonb_build_object('column', his.field(feed, 'status'), 'valid', jsonb_build_array('ok', payload)), 'values', jsonb_build_object('cost_item', jsonb_build_object('other', 'other', payload || '!', payload)))
		ELSE jsonb_build_object('values', jsonb_build_object('department', jsonb_build_object('C1', 'C1', payload || '!', payload))) END;
	EXECUTE format('SELECT hospital_cost.attach_%s($1, $2, ''flag'', options => $3)', feed) USING t::regclass, mapping, options;
	-- A plausible row whose key is hostile, one that is hostile wherever text may stand, one that does as the other after an update.
	FOR n IN 1 .. 3 LOOP
		EXECUTE format('INSERT INTO %s VALUES (%s)', t, (SELECT string_agg(CASE WHEN f = 'source_key' THEN quote_literal(payload || repeat('!', n)) WHEN n = 2 AND his.plausible(feed, f, n) !~ '^[0-9]|^true$'
			THEN quote_literal(payload || '!') ELSE quote_nullable(his.plausible(feed, f, n)) END, ', ' ORDER BY f) FROM unnest(fields) f));
	END LOOP;
	EXECUTE format('UPDATE %s SET %I = $1 WHERE %2$I = ''C1''', t, his.field(feed, CASE feed WHEN 'payments' THEN 'receipt_no' WHEN 'charges' THEN 'ordering_department' WHEN 'orders' THEN 'ordering_department'
		ELSE 'department' END)) USING payload;
	EXECUTE format('UPDATE %s SET %I = NULL', t, his.field(feed, CASE WHEN 'source_key' = ANY (fields) THEN 'source_key' ELSE 'encounter' END));
	EXECUTE format('DELETE FROM %s', t);
	IF feed = 'charges' THEN
		PERFORM hospital_cost.unposted(t::regclass), hospital_cost.post_pending(t::regclass, true), hospital_cost.backfill(t::regclass);
	ELSIF feed = 'payments' THEN
		PERFORM hospital_cost.unposted_payments(t::regclass), hospital_cost.post_pending_payments(t::regclass, true);
	ELSE
		PERFORM hospital_cost.refresh_feed(t::regclass), hospital_cost.verify_feed(t::regclass);
	END IF;
	EXECUTE format('SELECT hospital_cost.detach_%s($1)', feed) USING t::regclass;
	EXECUTE format('DROP TABLE %s', t);
END $$;
SELECT lives_ok(format('SELECT his.assail(%L, p.text) FROM his.payload p WHERE p.text <> '''' ORDER BY p.n', f.feed), 'attached as ' || f.feed)
FROM (SELECT DISTINCT feed FROM hospital_cost._feed_field) f ORDER BY f.feed;
SELECT is(his.bites(), 0::bigint, 'no name and no value of a table is run');
SELECT is_empty($$SELECT p.text FROM his.payload p WHERE p.text <> '' AND NOT EXISTS (SELECT FROM hospital_cost.ledger l WHERE l.source_key = p.text || '!')$$, 'keys stand in the ledger as they came');
SELECT is_empty($$SELECT p.text FROM his.payload p WHERE p.text <> '' AND NOT EXISTS (SELECT FROM hospital_cost.posting_issue i WHERE i.observed = p.text OR i.observed = p.text || '!')$$, 'and in issues');

SELECT * FROM finish();
ROLLBACK;
