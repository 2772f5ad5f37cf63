-- Oracle of the step-down: a slow twin in plpgsql with exact numerics, held against allocate() on random plans, flow by flow and cell by
-- cell. HC_SEED repeats a failure; the seed of this run is printed.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set cases 60
\set seed `echo "${HC_SEED:-$(date +%s)}"`
SELECT set_config('twin.cases', :'cases', false) \g /dev/null
BEGIN;
SELECT plan(9);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
CREATE SCHEMA twin;
SET search_path = twin, public;
CREATE TABLE flow (run_id int, step_no int, from_code text, to_code text, cost_item_code text, funding_source text, cost_class text,
	driver_code text, quantity numeric, quantity_total numeric, base numeric, amount numeric, level int);
CREATE TABLE balance (department text, item text, source text, class text, amount numeric, PRIMARY KEY (department, item, source, class));
CREATE TABLE closed (department text PRIMARY KEY, since int);
CREATE TABLE weight (department text COLLATE "C", w numeric, share numeric, rest numeric);

-- What may serve, by which step, for which pool: the most telling step of a number wins, of equals the later one.
CREATE FUNCTION turn(plan text) RETURNS TABLE (step_no int, server text, item text, source text, class text, driver text, fallback text, classes text[])
LANGUAGE sql AS $$
	SELECT DISTINCT ON (s.step_no, d.code, p.item, p.source, p.class) s.step_no, d.code, p.item, p.source, p.class,
		s.driver_code, s.fallback_driver_code, s.receiver_classes
	FROM hospital_cost.allocation_step s
	JOIN hospital_cost.department d ON d.code = s.server_code OR d.class = s.server_class
	JOIN (SELECT DISTINCT item, source, class FROM twin.balance) p ON s.cost_item_code IS NULL OR s.cost_item_code = p.item
	WHERE s.plan_code = plan AND upper_inf(d.valid)
	ORDER BY s.step_no, d.code, p.item, p.source, p.class, s.server_code IS NOT NULL DESC, s.cost_item_code IS NOT NULL DESC, s.step_id DESC $$;

-- The open receivers of a driver with their weights, into table weight; the sum after the policy for negatives.
CREATE FUNCTION weigh(month date, driver text, server text, classes text[], grp int, negative text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	k text := (SELECT d.kind FROM hospital_cost.driver d WHERE d.code = driver);
	measured boolean := k NOT IN ('equal', 'accumulated_cost');
	own boolean := measured AND EXISTS (SELECT FROM hospital_cost.driver_value v WHERE v.period = month AND v.driver_code = driver AND v.server_code = server);
	lowest numeric;
BEGIN
	DELETE FROM weight;
	INSERT INTO weight (department, w)
	SELECT d.code, CASE k WHEN 'equal' THEN 1 WHEN 'accumulated_cost' THEN coalesce((SELECT a.amount FROM accumulated a WHERE a.department = d.code), 0)
		ELSE coalesce(v.quantity, 0) END
	FROM hospital_cost.department d
	LEFT JOIN hospital_cost.driver_value v ON measured AND v.period = month AND v.driver_code = driver AND v.receiver_code = d.code
		AND v.server_code IS NOT DISTINCT FROM CASE WHEN own THEN server END
	WHERE d.valid @> month AND (CASE WHEN classes IS NOT NULL THEN d.class = ANY (classes) ELSE NOT measured OR v.quantity IS NOT NULL END)
		AND NOT EXISTS (SELECT FROM closed c WHERE c.department = d.code AND c.since <= grp);
	SELECT min(w) INTO lowest FROM weight;
	IF lowest < 0 THEN
		IF negative = 'error' THEN
			RAISE EXCEPTION 'negative' USING ERRCODE = 'MC602';
		END IF;
		UPDATE weight SET w = CASE negative WHEN 'shift' THEN w - lowest WHEN 'absolute' THEN abs(w) WHEN 'zero' THEN greatest(w, 0) ELSE w END;
	END IF;
	IF (SELECT sum(w) FROM weight) < 0 THEN
		RAISE EXCEPTION 'base below zero' USING ERRCODE = 'MC603';
	END IF;
	RETURN coalesce((SELECT sum(w) FROM weight), 0);
END $$;

-- Largest remainder in whole units, ties by code; what is less than a unit goes to the first in rank; negative amounts are mirrored.
CREATE FUNCTION split(amount numeric, unit numeric) RETURNS void LANGUAGE sql AS $$
	WITH exact AS (
		SELECT department, abs(amount) * w AS part, (SELECT sum(w) FROM twin.weight) * unit AS whole FROM twin.weight WHERE w <> 0
	), cut AS (
		SELECT department, div(part, whole) - CASE WHEN part < 0 AND mod(part, whole) <> 0 THEN 1 ELSE 0 END AS units,
			mod(part, whole) + CASE WHEN part < 0 AND mod(part, whole) <> 0 THEN whole ELSE 0 END AS remainder FROM exact
	), ranked AS (
		SELECT department, units, row_number() OVER (ORDER BY remainder DESC, department) AS place,
			abs(amount) - sum(units) OVER () * unit AS remaining FROM cut
	)
	UPDATE twin.weight t SET rest = sign(amount) * (units * unit + CASE WHEN place <= div(remaining, unit) THEN unit ELSE 0 END
		+ CASE WHEN place = 1 THEN mod(remaining, unit) ELSE 0 END)
	FROM ranked r WHERE r.department = t.department $$;

CREATE FUNCTION share_out(amount numeric, plan hospital_cost.allocation_plan) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	multiplier numeric;
BEGIN
	DELETE FROM weight WHERE w = 0;
	IF plan.multiplier_scale IS NULL THEN
		PERFORM split(amount, plan.flow_unit);
		UPDATE weight SET share = rest;
		RETURN;
	END IF;
	multiplier := round(amount / (SELECT sum(w) FROM weight), plan.multiplier_scale);
	UPDATE weight SET share = round(multiplier * w / plan.flow_unit) * plan.flow_unit;
	IF plan.residual_rule = 'largest_remainder' THEN
		PERFORM split(amount - (SELECT sum(share) FROM weight), plan.flow_unit);
		UPDATE weight SET share = share + coalesce(rest, 0);
	ELSE
		UPDATE weight t SET share = t.share + amount - (SELECT sum(x.share) FROM weight x)
		WHERE t.department = (SELECT x.department FROM weight x WHERE x.w > 0 ORDER BY sign(amount) * x.share DESC, x.department LIMIT 1);
	END IF;
END $$;

CREATE FUNCTION step_down(month date, plan_code text, run int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	p hospital_cost.allocation_plan := (SELECT x FROM hospital_cost.allocation_plan x WHERE x.code = plan_code);
	t record;
	have numeric;
	total numeric;
	used text;
	last_group int := -1;
BEGIN
	DELETE FROM balance;
	DELETE FROM closed;
	INSERT INTO balance SELECT coalesce(d.department_code, ''), d.cost_item_code, d.funding_source, d.cost_class, sum(d.amount)
	FROM hospital_cost.direct_cost d WHERE d.period = month GROUP BY 1, 2, 3, 4;
	INSERT INTO closed SELECT x.server, min(x.step_no) FROM turn(plan_code) x GROUP BY 1;
	FOR t IN SELECT x.*, (SELECT d.class FROM hospital_cost.department d WHERE d.code = x.server) AS server_class FROM turn(plan_code) x
		ORDER BY x.step_no, x.server COLLATE "C", x.item COLLATE "C", x.source COLLATE "C", x.class COLLATE "C" LOOP
		IF t.step_no <> last_group THEN
			DROP TABLE IF EXISTS accumulated;
			CREATE TEMP TABLE accumulated AS SELECT department, sum(amount) AS amount FROM balance GROUP BY 1;
			last_group := t.step_no;
		END IF;
		SELECT b.amount INTO have FROM balance b WHERE (b.department, b.item, b.source, b.class) = (t.server, t.item, t.source, t.class);
		CONTINUE WHEN coalesce(have, 0) = 0 OR (have < 0 AND p.credit_balance = 'keep');
		used := t.driver;
		total := weigh(month, used, t.server, t.classes, t.step_no, p.negative_statistic);
		IF total = 0 AND p.zero_base = 'fallback' AND t.fallback IS NOT NULL THEN
			used := t.fallback;
			total := weigh(month, used, t.server, t.classes, t.step_no, p.negative_statistic);
		END IF;
		CONTINUE WHEN total = 0 AND p.zero_base = 'unallocated';
		IF total = 0 AND p.zero_base = 'equal' THEN
			UPDATE weight SET w = 1;
		END IF;
		IF coalesce((SELECT sum(w) FROM weight), 0) = 0 THEN
			RAISE EXCEPTION 'no base' USING ERRCODE = 'MC601';
		END IF;
		PERFORM share_out(have, p);
		INSERT INTO flow SELECT run, t.step_no, t.server, department, t.item, t.source, t.class, used, w, sum(w) OVER (), have, share,
			CASE t.server_class WHEN 'administrative' THEN 1 WHEN 'auxiliary' THEN 2 WHEN 'technical' THEN 3 END FROM weight;
		INSERT INTO balance SELECT department, t.item, t.source, t.class, share FROM weight
		ON CONFLICT (department, item, source, class) DO UPDATE SET amount = balance.amount + excluded.amount;
		UPDATE balance SET amount = 0 WHERE (department, item, source, class) = (t.server, t.item, t.source, t.class);
		DELETE FROM flow WHERE amount = 0;
	END LOOP;
END $$;

CREATE FUNCTION one_of(variadic choices text[]) RETURNS text LANGUAGE sql VOLATILE RETURN choices[1 + floor(random() * cardinality(choices))::int];
CREATE FUNCTION chance(p float) RETURNS boolean LANGUAGE sql VOLATILE RETURN random() < p;
\ir generate/plan.sql
CREATE TABLE outcome (n int PRIMARY KEY, month date, plan text, run_id int, engine text, oracle text);
DO $$
DECLARE
	month date;
	run int;
	engine text;
	oracle text;
BEGIN
	FOR n IN 1 .. current_setting('twin.cases')::int LOOP
		month := (date '2000-01-01' + n * interval '1 month')::date;
		PERFORM generate(n, month);
		engine := 'ok';
		oracle := 'ok';
		run := -n;
		BEGIN
			run := hospital_cost.allocate(month, 'P' || n);
		EXCEPTION WHEN OTHERS THEN
			engine := SQLSTATE;
		END;
		BEGIN
			PERFORM step_down(month, 'P' || n, run);
		EXCEPTION WHEN OTHERS THEN
			oracle := SQLSTATE || CASE WHEN SQLSTATE LIKE 'MC%' THEN '' ELSE ' ' || SQLERRM END;
		END;
		INSERT INTO outcome VALUES (n, month, 'P' || n, run, engine, oracle);
	END LOOP;
END $$;
CREATE VIEW done AS SELECT * FROM outcome WHERE engine = 'ok';
CREATE TABLE engine_flow AS SELECT o.run_id, f.* FROM done o CROSS JOIN LATERAL hospital_cost.allocation_flow(o.run_id) f;

SELECT is_empty('SELECT n, engine, oracle FROM outcome WHERE engine <> oracle', 'twin and engine stop for the same cause, or both arrive');
SELECT cmp_ok((SELECT count(*) FROM done), '>=', (:cases / 2)::bigint, 'most plans arrive');
SELECT cmp_ok((SELECT count(*) FROM flow), '>', (:cases * 10)::bigint, 'and move cost');
SELECT is_empty($$(SELECT run_id, step_no, from_code, to_code, cost_item_code, funding_source, cost_class, driver_code, quantity, quantity_total, base, amount FROM engine_flow
	EXCEPT SELECT run_id, step_no, from_code, to_code, cost_item_code, funding_source, cost_class, driver_code, quantity, quantity_total, base, amount FROM flow)
	UNION ALL (SELECT run_id, step_no, from_code, to_code, cost_item_code, funding_source, cost_class, driver_code, quantity, quantity_total, base, amount FROM flow
	EXCEPT SELECT run_id, step_no, from_code, to_code, cost_item_code, funding_source, cost_class, driver_code, quantity, quantity_total, base, amount FROM engine_flow)
	ORDER BY 1, 2, 3, 4 LIMIT 6$$, 'every flow of every plan: driver, weights, base and amount');
CREATE VIEW cell AS SELECT c.*, c.direct + c.received - c.sent AS exact, (SELECT p.cell_unit FROM hospital_cost.allocation_plan p WHERE p.code = o.plan) AS unit
FROM done o JOIN hospital_cost.department_cost c ON c.run_id = o.run_id;
SELECT is_empty($$SELECT c.run_id, c.department_code, c.cost_item_code, c.direct, x.* FROM cell c
	CROSS JOIN LATERAL (SELECT coalesce(sum(d.amount), 0) AS direct FROM hospital_cost.direct_cost d WHERE d.period = c.period AND d.cost_class = c.cost_class
		AND d.cost_item_code = c.cost_item_code AND d.funding_source = c.funding_source AND d.department_code IS NOT DISTINCT FROM c.department_code) d
	CROSS JOIN LATERAL (SELECT coalesce(sum(f.amount) FILTER (WHERE f.to_code = c.department_code AND f.level = 1), 0) AS one,
			coalesce(sum(f.amount) FILTER (WHERE f.to_code = c.department_code AND f.level = 2), 0) AS two,
			coalesce(sum(f.amount) FILTER (WHERE f.to_code = c.department_code AND f.level = 3), 0) AS three,
			coalesce(sum(f.amount) FILTER (WHERE f.to_code = c.department_code), 0) AS received,
			coalesce(sum(f.amount) FILTER (WHERE f.from_code = c.department_code), 0) AS sent
		FROM flow f WHERE f.run_id = c.run_id AND f.cost_item_code = c.cost_item_code AND f.funding_source = c.funding_source AND f.cost_class = c.cost_class) x
	WHERE (c.direct, c.level1, c.level2, c.level3, c.received, c.sent) IS DISTINCT FROM (d.direct, x.one, x.two, x.three, x.received, x.sent)$$,
	'every cell: direct cost, levels, received and sent');
SELECT is_empty($$SELECT o.n FROM done o WHERE (SELECT sum(c.exact) FROM cell c WHERE c.run_id = o.run_id)
	IS DISTINCT FROM (SELECT sum(d.amount) FROM hospital_cost.direct_cost d WHERE d.period = o.month)$$, 'nothing is lost or made');
SELECT is_empty($$SELECT c.run_id FROM cell c WHERE mod(c.full_cost, c.unit) <> 0$$, 'rounded cells are whole units');
SELECT is_empty($$WITH margin AS (
	SELECT run_id, 'cell' AS what, unit, full_cost AS rounded, exact FROM cell
	UNION ALL SELECT run_id, 'department', min(unit), sum(full_cost), sum(exact) FROM cell GROUP BY run_id, department_code
	UNION ALL SELECT run_id, 'department and source', min(unit), sum(full_cost), sum(exact) FROM cell GROUP BY run_id, department_code, funding_source
	UNION ALL SELECT run_id, 'cost item', min(unit), sum(full_cost), sum(exact) FROM cell GROUP BY run_id, cost_item_code, funding_source, cost_class
	UNION ALL SELECT run_id, 'all', min(unit), sum(full_cost), sum(exact) FROM cell GROUP BY run_id)
	SELECT * FROM margin WHERE rounded <> exact AND (abs(rounded - exact) >= unit OR mod(exact, unit) = 0)$$,
	'cells, both margins and the total lie at the neighbouring unit, and stay where they are whole');
SELECT is_empty($$SELECT o.n, v.* FROM done o CROSS JOIN LATERAL hospital_cost.verify_allocation(o.run_id) v WHERE v.difference <> 0$$, 'every identity of every run holds');

SELECT * FROM finish();
ROLLBACK;
