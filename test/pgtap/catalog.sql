-- Contract of the catalogue: what every object of the extension owes its users, and the columns others rely on.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
SELECT plan(25);
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS what
FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hospital_cost');
CREATE TEMP VIEW relation AS SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid;
CREATE TEMP VIEW routine AS SELECT p.* FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

-- said
SELECT is_empty($$SELECT m.what FROM member m WHERE m.what !~ '^(sequence|type|schema)' AND m.what !~ '\[\]$' AND obj_description(m.objid, m.classid::regclass::name) IS NULL$$,
	'every table, view, function and domain has a comment');
SELECT isnt_empty('TABLE member', 'of members there are');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p WHERE p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') AND p.prosrc !~ '^hc_'$$, 'C symbols begin with hc_');

-- pinned
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname <> 'c' AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']$$,
	'no function lives by its caller''s search_path');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p WHERE p.prosecdef AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']$$,
	'definer rights least of all');
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p WHERE p.provolatile = 'v' AND p.proparallel <> 'u'$$, 'what writes is parallel unsafe');
SELECT is_empty($$SELECT m.what FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid WHERE p.pronamespace <> 'hospital_cost'::regnamespace
	UNION ALL SELECT m.what FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid WHERE c.relnamespace <> 'hospital_cost'::regnamespace$$,
	'everything is in the schema hospital_cost');

-- closed
SELECT is_empty($$SELECT p.oid::regprocedure FROM routine p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0$$,
	'no function is open to PUBLIC');
SELECT is_empty($$SELECT c.oid::regclass FROM relation c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE a.grantee = 0$$, 'nor is any table, view or sequence');
SELECT is_empty($$SELECT n.nspname FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a WHERE n.nspname = 'hospital_cost' AND a.grantee = 0$$, 'nor the schema');

-- dumped
SELECT results_eq($$SELECT c.relname::text COLLATE "default" FROM relation c WHERE c.relkind IN ('r', 'S') AND NOT c.oid = ANY (
	SELECT unnest(e.extconfig) FROM pg_extension e WHERE e.extname = 'hospital_cost') ORDER BY 1$$, ARRAY['_feed', '_feed_check', '_feed_column', '_feed_field', '_feed_issue', '_feed_target', '_hook', '_shipped_rule', 'period_check', 'rule_kind'],
	'every table and sequence that holds data is dumped; the registries, which the scripts fill, are not');
SELECT is_empty($$SELECT unnest(e.extcondition) FROM pg_extension e WHERE e.extname = 'hospital_cost' EXCEPT SELECT ''$$, 'whole, without a condition');
SELECT is_empty($$SELECT c.relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text
	FROM relation c WHERE c.relkind = 'r' AND c.oid = ANY (SELECT unnest(e.extconfig) FROM pg_extension e WHERE e.extname = 'hospital_cost')
	AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text <> '0'$$,
	'and holds no row after CREATE EXTENSION, which a restore would collide with');
-- A restore fires row triggers of INSERT: those there are must judge the row alone. Named here one by one, so that a new one is thought about.
SELECT results_eq($$SELECT format('%s %s', c.relname, t.tgname) COLLATE "default" FROM pg_trigger t JOIN relation c ON c.oid = t.tgrelid AND c.relkind = 'r'
	WHERE NOT t.tgisinternal AND t.tgtype & 4 <> 0 AND t.tgtype & 1 <> 0 ORDER BY 1$$, ARRAY['hospital guard_timezone', 'rule guard_parameters'], 'row triggers of INSERT on extension tables');
SELECT is_empty($$SELECT c.relname, t.tgname FROM pg_trigger t JOIN relation c ON c.oid = t.tgrelid AND c.relkind = 'r'
	WHERE NOT t.tgisinternal AND t.tgtype & 4 <> 0 AND t.tgtype & 1 = 0 AND t.tgfoid <> 'hospital_cost._forget_masters()'::regprocedure$$, 'statement triggers of INSERT only empty caches');
SELECT is_empty($$SELECT s.relname FROM relation s WHERE s.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)$$,
	'every sequence belongs to a column');

-- shaped: codes compare by bytes, no floats for money, every table has a key
SELECT is_empty($$SELECT c.relname, a.attname FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE a.atttypid IN ('float4'::regtype, 'float8'::regtype, 'money'::regtype)$$, 'no float and no money type anywhere');
SELECT is_empty($$SELECT c.relname, a.attname FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relkind = 'r' AND c.relname NOT IN ('_hook') AND a.atttypid = 'text'::regtype AND (a.attname = 'code' OR a.attname ~ '_code$') AND a.attcollation <> 'pg_catalog."C"'::regcollation$$, 'codes are COLLATE "C"');
SELECT is_empty($$SELECT c.relname FROM relation c WHERE c.relkind = 'r' AND c.relname NOT IN ('_ledger', '_charge_delta', '_pending', '_encounter_cost')
	AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x'))$$, 'every table has a key, but those that are only appended to');
SELECT is_empty($$SELECT c.conrelid::regclass, c.conname FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid WHERE c.contype IN ('c', 'f', 'u', 'x') AND NOT c.convalidated$$, 'every constraint is validated');

-- named: a range of months is period_from to period_to everywhere, of days day_from to day_to, a run is run
SELECT is_empty($$SELECT p.oid::regprocedure, a.name FROM routine p, unnest(p.proargnames) WITH ORDINALITY a (name, n)
	WHERE (p.proallargtypes IS NULL OR p.proargmodes[a.n] IN ('i', 'b', 'v')) AND (a.name IN ('month_from', 'month_to', 'from_month', 'to_month', 'from_period', 'to_period', 'from_day', 'to_day', 'since', 'until')
		OR a.name = 'run_id' AND p.proname !~ '^_')$$, 'arguments of one meaning have one name');

-- the columns loaders and acceptance checks rely on
CREATE TEMP TABLE contract (relation text, columns text);
INSERT INTO contract VALUES
	('department', 'code name class setting campus parent_code valid'),
	('charge_item', 'code national_code name unit category kind billable surgery_group'),
	('price', 'item_code price_class valid unit_price ceiling'),
	('encounter', 'code patient_code status kind department_code started_at ended_at payer price_class sex birth_date diagnosis_code drg_code'),
	('department_stay', 'encounter_code department_code bed from_at to_at'),
	('workload_value', 'period department_code measure quantity'),
	('workload', 'period department_code measure quantity'),
	('cost_item', 'code parent_code name category behaviour controllable billable'),
	('direct_cost', 'period department_code cost_item_code funding_source cost_class amount source source_key'),
	('cost_control_total', 'period cost_item_code funding_source amount'),
	('driver', 'code name kind unit'),
	('driver_value', 'period driver_code server_code receiver_code quantity'),
	('allocation_plan', 'code version method flow_unit cell_unit multiplier_scale residual_rule zero_base negative_statistic credit_balance'),
	('allocation_step', 'plan_code plan_version step_no server_class server_code receiver_classes driver_code cost_item_code fallback_driver_code'),
	('department_cost', 'run_id period department_code department_name class cost_item_code funding_source direct level1 level2 level3 received sent full_cost rounding'),
	('visit_cost', 'run_id period department_code scope quantity total_cost unit_cost unit_cost_without_drugs unit_cost_without_drugs_and_materials unit_income unit_result'),
	('bed_day_cost', 'run_id period department_code scope quantity total_cost unit_cost unit_cost_without_drugs unit_cost_without_drugs_and_materials unit_income unit_result'),
	('posting_issue', 'finding_id class source source_key code severity field expected observed state'),
	('finding', 'class code rule_version period entries expected observed limit_value excess_quantity amount_at_risk evidence state deadline'),
	('ledger', 'kind source source_key item_code ordering_department_code performing_department_code ward_department_code quantity unit_price amount service_day period flags reverses'),
	('seal', 'period segment blocks entries head previous_head sealed_at sealed_by'),
	('settlement', 'encounter_code scheme clr_type place credential outcome pre_audit started_at finished_at state medfee_sumamt fulamt_ownpay_amt overlmt_selfpay preselfpay_amt inscp_scp_amt act_pay_dedc hifp_pay cvlserv_pay hifes_pay hifmi_pay hifob_pay maf_pay oth_pay fund_pay_sumamt psn_part_amt acct_pay psn_cash_pay acct_mulaid_pay hosp_part_amt raw'),
	('benefit_rule', 'scheme care kind layer hospital_level from_nth class band amount ratio valid'),
	('charge_total', 'period ordering_department_code performing_department_code category setting amount');
SELECT is_empty($$SELECT c.relation, x FROM contract c, unnest(string_to_array(c.columns, ' ')) x WHERE NOT EXISTS (
	SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass('hospital_cost.' || c.relation) AND a.attname = x)$$, 'the columns of the public contract are there');
SELECT is_empty($$SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relname IN (SELECT relation FROM contract) AND c.relkind = 'v' AND format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM CASE
		WHEN a.attname IN ('direct', 'level1', 'level2', 'level3', 'received', 'sent', 'rounding') THEN 'numeric(22,8)'
		WHEN a.attname IN ('full_cost', 'total_cost', 'unit_cost', 'unit_cost_without_drugs', 'unit_cost_without_drugs_and_materials', 'unit_income', 'unit_result') THEN 'numeric(18,2)'
		WHEN c.relname IN ('ledger', 'charge_total') AND a.attname = 'amount' THEN 'numeric(18,2)'
		WHEN c.relname IN ('ledger', 'workload', 'workload_value') AND a.attname = 'quantity' THEN 'numeric(16,4)'
		WHEN a.attname = 'unit_price' THEN 'numeric(16,6)' WHEN a.attname = 'period' AND c.relname <> 'finding' AND c.relname <> 'posting_issue' THEN 'hospital_cost.period_month'
		ELSE format_type(a.atttypid, a.atttypmod) END$$, 'with the types it promises');
SELECT is_empty($$SELECT f FROM unnest(ARRAY['open_period(date)', 'close_period(date,interval)', 'reopen_period(date,text)', 'load_defaults()', 'check_setup()', 'setup_roles(text)',
	'price_of(text,date,text)', 'attach_charges(regclass,jsonb,text,text,jsonb)', 'detach_charges(regclass)', 'create_charge_table(text,text,text)', 'post_pending(regclass,boolean,boolean)',
	'unposted(regclass)', 'verify_ledger(date)', 'seal_period(date)', 'verify_seal(date,text)', 'review_finding(bigint,text,text)', 'allocate(date,text,integer)', 'make_official(integer)', 'allocation_flow(integer,text,text)', 'estimate_settlement(text,date,numeric)', 'confirm_settlement(bigint,text)', 'verify_money(date)']) f
	WHERE to_regprocedure('hospital_cost.' || f) IS NULL$$, 'and so are its functions');
SELECT is_empty($$SELECT f.x FROM unnest(ARRAY['step_no', 'from_code', 'to_code', 'cost_item_code', 'funding_source', 'driver_code', 'quantity', 'quantity_total', 'base', 'amount']) f (x)
	WHERE NOT f.x = ANY ((SELECT p.proargnames FROM pg_proc p WHERE p.oid = 'hospital_cost.allocation_flow(integer,text,text)'::regprocedure)::text[])$$, 'flows have the columns promised');

SELECT * FROM finish();
ROLLBACK;
