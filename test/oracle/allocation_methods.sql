-- Oracle of the methods: allocation in plain plpgsql with sixty decimals and no rounding, held against allocate() on random plans of every method and
-- same-level pass: no cell is farther from it than the error bound of the run. HC_SEED repeats a failure; the seed of this run is printed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set cases 48
\set seed `echo "${HC_SEED:-$(date +%s)}"`
SELECT set_config('twin.cases', :'cases', false) \g /dev/null
BEGIN;
SELECT plan(7);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
CREATE SCHEMA twin;
SET search_path = twin, public;
CREATE TABLE balance (department text COLLATE "C", pool text, amount numeric NOT NULL, PRIMARY KEY (department, pool));
CREATE TABLE start (LIKE balance INCLUDING ALL);
CREATE TABLE serve (step_no int, server text COLLATE "C", item text, pool text, driver text, fallback text, classes text[]);
CREATE TABLE cell (n int, department text COLLATE "C", pool text, amount numeric);
CREATE TABLE share (server text COLLATE "C", department text COLLATE "C", part numeric, PRIMARY KEY (server, department));
CREATE FUNCTION part(a numeric, b numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN (a + 0.000000000000000000000000000000000000000000000000000000000000) / b;

-- Turns of all steps; of a server's steps for a pool the most telling one of a number.
CREATE FUNCTION list_turns(plan text) RETURNS void LANGUAGE sql AS $$
	DELETE FROM twin.serve;
	INSERT INTO twin.serve SELECT DISTINCT ON (s.step_no, d.code, p.pool) s.step_no, d.code, p.item, p.pool, s.driver_code, s.fallback_driver_code, s.receiver_classes
	FROM hospital_cost.allocation_step s
	JOIN hospital_cost.department d ON d.code = s.server_code OR d.class = s.server_class
	JOIN (SELECT DISTINCT split_part(b.pool, '|', 1) AS item, b.pool FROM twin.balance b) p ON s.cost_item_code IS NULL OR s.cost_item_code = p.item
	WHERE s.plan_code = plan AND upper_inf(d.valid)
	ORDER BY s.step_no, d.code, p.pool, s.server_code IS NOT NULL DESC, s.cost_item_code IS NOT NULL DESC, s.step_id DESC $$;

-- The shares of one driver for a server, closed departments left out, into table share; the sum after the policy for negatives.
CREATE FUNCTION weigh(month date, driver text, of_server text, of_classes text[], shut text[], negative text, solving boolean) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	k text := (SELECT d.kind FROM hospital_cost.driver d WHERE d.code = driver);
	measured boolean := k NOT IN ('equal', 'accumulated_cost');
	own boolean := measured AND EXISTS (SELECT FROM hospital_cost.driver_value v WHERE v.period = month AND v.driver_code = driver AND v.server_code = of_server);
	lowest numeric;
BEGIN
	DELETE FROM share s WHERE s.server = of_server;
	INSERT INTO share SELECT of_server, d.code, CASE k WHEN 'equal' THEN 1 WHEN 'accumulated_cost' THEN
		coalesce((SELECT sum(a.amount) FROM start a WHERE a.department = d.code), 0) ELSE coalesce(v.quantity, 0) END
	FROM hospital_cost.department d
	LEFT JOIN hospital_cost.driver_value v ON measured AND v.period = month AND v.driver_code = driver AND v.receiver_code = d.code
		AND v.server_code IS NOT DISTINCT FROM CASE WHEN own THEN of_server END
	WHERE d.valid @> month AND d.code <> of_server AND d.code <> ALL (shut)
		AND (CASE WHEN of_classes IS NOT NULL THEN d.class = ANY (of_classes) ELSE NOT measured OR v.quantity IS NOT NULL END);
	SELECT min(s.part) INTO lowest FROM share s WHERE s.server = of_server;
	IF lowest < 0 THEN
		IF negative = 'error' OR (negative = 'signed' AND solving) THEN
			RAISE EXCEPTION 'negative' USING ERRCODE = CASE negative WHEN 'error' THEN 'MC602' ELSE 'MC608' END;
		END IF;
		UPDATE share s SET part = CASE negative WHEN 'shift' THEN s.part - lowest WHEN 'absolute' THEN abs(s.part) WHEN 'zero' THEN greatest(s.part, 0) ELSE s.part END
		WHERE s.server = of_server;
	END IF;
	IF (SELECT sum(s.part) FROM share s WHERE s.server = of_server) < 0 THEN
		RAISE EXCEPTION 'base below zero' USING ERRCODE = 'MC603';
	END IF;
	RETURN coalesce((SELECT sum(s.part) FROM share s WHERE s.server = of_server), 0);
END $$;

-- Parts of one for a turn; none if what the server has stays with it.
CREATE FUNCTION find_shares(month date, t serve, shut text[], p hospital_cost.allocation_plan, solving boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	total numeric := weigh(month, t.driver, t.server, t.classes, shut, p.negative_statistic, solving);
BEGIN
	IF total = 0 AND p.zero_base = 'fallback' AND t.fallback IS NOT NULL THEN
		total := weigh(month, t.fallback, t.server, t.classes, shut, p.negative_statistic, solving);
	END IF;
	IF total = 0 AND p.zero_base = 'equal' THEN
		UPDATE share s SET part = 1 WHERE s.server = t.server;
		total := (SELECT count(*) FROM share s WHERE s.server = t.server);
	END IF;
	IF total = 0 AND p.zero_base <> 'unallocated' THEN
		RAISE EXCEPTION 'no base' USING ERRCODE = 'MC601';
	END IF;
	DELETE FROM share s WHERE s.server = t.server AND total = 0;
	UPDATE share s SET part = part(s.part, total) WHERE s.server = t.server;
END $$;

CREATE FUNCTION pass_on(t serve, amount numeric) RETURNS void LANGUAGE sql AS $$
	INSERT INTO twin.balance SELECT s.department, (t).pool, s.part * amount FROM twin.share s WHERE s.server = (t).server AND s.part <> 0
	ON CONFLICT (department, pool) DO UPDATE SET amount = balance.amount + excluded.amount;
	INSERT INTO twin.balance SELECT (t).server, (t).pool, -pass_on.amount WHERE EXISTS (SELECT FROM twin.share s WHERE s.server = (t).server)
	ON CONFLICT (department, pool) DO UPDATE SET amount = balance.amount + excluded.amount $$;

CREATE FUNCTION one_turn(month date, t serve, shut text[], p hospital_cost.allocation_plan, amount numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF coalesce(amount, 0) <> 0 AND NOT (amount < 0 AND p.credit_balance = 'keep') THEN
		PERFORM find_shares(month, t, shut, p, false);
		PERFORM pass_on(t, amount);
	END IF;
END $$;

-- Solves x = b + W'x among the senders by elimination.
CREATE FUNCTION solve(of_pool text, senders text[]) RETURNS numeric[] LANGUAGE plpgsql AS $$
DECLARE
	n int := cardinality(senders);
	m numeric[];
	x numeric[];
	f numeric;
BEGIN
	m := array_fill(0::numeric, ARRAY[n, n + 1]);
	FOR i IN 1 .. n LOOP
		FOR j IN 1 .. n LOOP
			m[i][j] := CASE WHEN i = j THEN 1 ELSE 0 END - coalesce((SELECT s.part FROM share s WHERE s.server = senders[j] AND s.department = senders[i]), 0);
		END LOOP;
		m[i][n + 1] := coalesce((SELECT b.amount FROM start b WHERE b.department = senders[i] AND b.pool = of_pool), 0);
	END LOOP;
	FOR k IN 1 .. n LOOP
		IF abs(m[k][k]) < 1e-40 THEN
			RAISE EXCEPTION 'closed loop' USING ERRCODE = 'MC607';
		END IF;
		FOR i IN 1 .. n LOOP
			CONTINUE WHEN i = k OR m[i][k] = 0;
			f := part(m[i][k], m[k][k]);
			FOR j IN k .. n + 1 LOOP
				m[i][j] := round(m[i][j] - f * m[k][j], 60);
			END LOOP;
		END LOOP;
	END LOOP;
	FOR i IN 1 .. n LOOP
		x[i] := part(m[i][n + 1], m[i][i]);
	END LOOP;
	RETURN x;
END $$;

-- One pool of servers at once: senders are whom money comes to, or, if credits stay, who has more than nothing; their number only grows.
CREATE FUNCTION at_once(month date, of_pool text, turns serve[], shut text[], p hospital_cost.allocation_plan) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t serve;
	senders text[] := '{}';
	x numeric[] := '{}';
	have numeric;
	grown boolean := true;
	trouble text;
	stuck jsonb := '{}';
BEGIN
	DELETE FROM share;
	FOREACH t IN ARRAY turns LOOP
		BEGIN
			PERFORM find_shares(month, t, shut, p, true);
		EXCEPTION WHEN OTHERS THEN
			stuck := stuck || jsonb_build_object(t.server, SQLSTATE);
		END;
	END LOOP;
	WHILE grown LOOP
		grown := false;
		FOREACH t IN ARRAY turns LOOP
			CONTINUE WHEN t.server = ANY (senders) OR NOT EXISTS (SELECT FROM share s WHERE s.server = t.server);
			have := coalesce((SELECT b.amount FROM start b WHERE b.department = t.server AND b.pool = of_pool), 0);
			IF p.credit_balance = 'keep' THEN
				have := have + coalesce((SELECT sum(s.part * v.x) FROM share s JOIN unnest(senders, x) AS v (server, x) ON v.server = s.server WHERE s.department = t.server), 0);
				CONTINUE WHEN have <= 0;
			ELSE
				CONTINUE WHEN have = 0 AND NOT EXISTS (SELECT FROM share s WHERE s.server = ANY (senders) AND s.department = t.server AND s.part <> 0);
			END IF;
			senders := senders || t.server;
			x := x || 0::numeric;
			grown := true;
		END LOOP;
		x := solve(of_pool, senders);
	END LOOP;
	FOREACH t IN ARRAY turns LOOP
		IF t.server = ANY (senders) THEN
			PERFORM pass_on(t, x[array_position(senders, t.server)]);
		END IF;
	END LOOP;
	SELECT s.value INTO trouble FROM jsonb_each_text(stuck) s JOIN balance b ON b.department = s.key AND b.pool = of_pool
	WHERE b.amount > 0 OR (b.amount < 0 AND p.credit_balance <> 'keep') ORDER BY b.department LIMIT 1;
	IF trouble IS NOT NULL THEN
		RAISE EXCEPTION 'stuck' USING ERRCODE = trouble;
	END IF;
END $$;
\ir model/methods.sql
CREATE FUNCTION one_of(variadic choices text[]) RETURNS text LANGUAGE sql VOLATILE RETURN choices[1 + floor(random() * cardinality(choices))::int];
CREATE FUNCTION chance(p float) RETURNS boolean LANGUAGE sql VOLATILE RETURN random() < p;
\ir generate/plan.sql
CREATE TABLE outcome (n int PRIMARY KEY, month date, plan text, method text, run_id int, engine text, oracle text);
SELECT compare(n, (date '2000-01-01' + n * interval '1 month')::date) FROM generate_series(1, :cases) n \g /dev/null

SELECT is_empty('SELECT n, method, engine, oracle FROM outcome WHERE (engine = ''ok'') <> (oracle = ''ok'')', 'oracle and engine stop at the same plans');
SELECT cmp_ok((SELECT count(*) FROM outcome WHERE engine = 'ok'), '>=', (:cases * 2 / 5)::bigint, 'many arrive');
SELECT is((SELECT count(DISTINCT o.method) FROM outcome o WHERE o.engine = 'ok'), 6::bigint, 'by all methods');
SELECT cmp_ok((SELECT count(*) FROM outcome o JOIN hospital_cost.run r USING (run_id) WHERE r.error_bound IS NOT NULL), '>=', (:cases / 3)::bigint, 'and most say how exact they are');
CREATE VIEW off AS SELECT o.n, o.method, c.department_code, c.exact - coalesce(x.amount, 0) AS off, r.error_bound
FROM outcome o JOIN hospital_cost.run r USING (run_id)
JOIN (SELECT d.run_id, coalesce(d.department_code, '') AS department_code, concat_ws('|', d.cost_item_code, d.funding_source, d.cost_class) AS pool,
	d.direct + d.received - d.sent AS exact FROM hospital_cost.department_cost d) c USING (run_id)
LEFT JOIN cell x ON x.n = o.n AND x.department = c.department_code AND x.pool = c.pool
WHERE o.engine = 'ok' AND o.oracle = 'ok';
SELECT is_empty('SELECT * FROM off WHERE abs(off) > error_bound LIMIT 6', 'no cell is farther from exact arithmetic than its bound');
SELECT is_empty($$SELECT o.n FROM outcome o JOIN hospital_cost.department_cost c USING (run_id) GROUP BY o.n, o.month
	HAVING sum(c.direct + c.received - c.sent) <> (SELECT sum(d.amount) FROM hospital_cost.direct_cost d WHERE d.period = o.month)$$, 'nothing is lost or made');
SELECT is_empty($$SELECT o.n, o.method, v.* FROM outcome o CROSS JOIN LATERAL hospital_cost.verify_allocation(o.run_id) v WHERE o.engine = 'ok' AND v.difference <> 0$$,
	'every identity of every run holds');

SELECT * FROM finish();
ROLLBACK;
