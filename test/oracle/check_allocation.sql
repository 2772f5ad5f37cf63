-- Oracle of what goes into a run, on random hospitals: check_allocation has an error if and only if allocate stops, with its SQLSTATE; and hospital-level cost
-- is spread as a second computation in exact decimals says, row by row and department by department.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(9);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01') \g /dev/null
INSERT INTO hospital_cost.department (code, name, class) SELECT c || i, 'x', k FROM (VALUES ('A', 'administrative'), ('X', 'auxiliary'), ('T', 'technical'), ('C', 'clinical')) v (c, k), generate_series(1, 3) i;
INSERT INTO hospital_cost.driver (code, name, kind) VALUES ('s1', 'x', 'statistic'), ('s2', 'x', 'headcount'), ('f', 'x', 'fixed_share'), ('eq', 'x', 'equal'), ('ac', 'x', 'accumulated_cost'), ('meter', 'x', 'statistic');
CREATE FUNCTION pg_temp.pick(a text[]) RETURNS text LANGUAGE sql VOLATILE RETURN a[1 + floor(random() * cardinality(a))::int];
CREATE FUNCTION pg_temp.hospital() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO hospital_cost.allocation_plan (code, flow_unit, zero_base, negative_statistic, credit_balance)
	VALUES ('p', pg_temp.pick('{0.00000001,0.01,1,0.03}')::numeric, pg_temp.pick('{error,fallback,unallocated,equal}'), pg_temp.pick('{error,zero,absolute,shift,signed}'), pg_temp.pick('{allocate,keep}'));
	INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, server_code, receiver_classes, driver_code, fallback_driver_code, cost_item_code)
	SELECT 'p', floor(random() * 3) + 1, CASE WHEN r < 0.8 THEN k END, CASE WHEN r >= 0.8 THEN pg_temp.pick('{A1,A2,X1,T1}') END, CASE WHEN random() < 0.7 THEN ARRAY['clinical', pg_temp.pick('{technical,auxiliary,clinical}')] END,
		pg_temp.pick('{s1,s2,s1,s2,f,eq,ac}'), CASE WHEN random() < 0.5 THEN pg_temp.pick('{s1,s2,eq,ac}') END, CASE WHEN random() < 0.2 THEN pg_temp.pick('{drugs,other}') END
	FROM (SELECT random() r, pg_temp.pick('{administrative,auxiliary,technical}') k FROM generate_series(1, 1 + floor(random() * 4)::int)) q ON CONFLICT DO NOTHING;
	INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount)
	SELECT '2025-03-01', d.code, i, round((random() * 100 - 10)::numeric, 2) FROM hospital_cost.department d, unnest('{drugs,other}'::text[]) i WHERE random() < 0.4;
	INSERT INTO hospital_cost.driver_value SELECT '2025-03-01', dr, s, d.code, CASE WHEN random() < 0.05 THEN -3 ELSE floor(random() * 4) END
	FROM hospital_cost.department d, unnest('{s1,s2}'::text[]) dr, (SELECT unnest(ARRAY[NULL, pg_temp.pick('{A1,X1,T1}')]) s) v WHERE random() < 0.35;
	INSERT INTO hospital_cost.driver_value SELECT '2025-03-01', 'f', NULL, c, 0.5 FROM unnest('{C1,C2}'::text[]) c WHERE random() < 0.9;
	INSERT INTO hospital_cost.driver_value SELECT '2025-03-01', 'meter', NULL, d.code, round((random() * 30)::numeric, 3) FROM hospital_cost.department d WHERE random() < 0.2;
	INSERT INTO hospital_cost.direct_cost (period, cost_item_code, amount, source_key) SELECT '2025-03-01', pg_temp.pick('{materials,personnel}'), round((random() * 1000 - 100)::numeric, 1 + i % 8), i::text
	FROM generate_series(1, floor(random() * 6)::int) i WHERE random() < 0.7;
	INSERT INTO hospital_cost.spread_rule (cost_item_code, metered_driver_code, metered_price, metered_share_rest, driver_code, receiver_classes)
	SELECT i, CASE m WHEN 1 THEN 'meter' END, CASE m WHEN 1 THEN round((random() * 3 + 0.01)::numeric, 6) END, random() < 0.5, pg_temp.pick('{s1,s2,eq,f}'), CASE WHEN random() < 0.3 THEN '{clinical,technical}'::text[] END
	FROM unnest('{materials,personnel}'::text[]) i, (SELECT floor(random() * 2)::int AS m) x WHERE random() < 0.95;
END $$;
-- What of an amount each weight gets in units of "unit": whole units, then one each to the largest remainders, the odd rest to the first of them.
CREATE FUNCTION pg_temp.parts(amount numeric, unit numeric, weights numeric[]) RETURNS numeric[] LANGUAGE sql RETURN
	(WITH w AS (SELECT q, ord, abs(amount) * q AS exact, sum(q) OVER () * unit AS divisor FROM unnest(weights) WITH ORDINALITY u (q, ord)),
	c AS (SELECT ord, div(exact, divisor) * unit AS whole, mod(exact, divisor) AS cut FROM w),
	r AS (SELECT *, row_number() OVER (ORDER BY cut DESC, ord) AS rank, abs(amount) - sum(whole) OVER () AS rest FROM c)
	SELECT array_agg(sign(amount) * (whole + CASE WHEN rank <= div(rest, unit) THEN unit ELSE 0 END + CASE WHEN rank = 1 THEN mod(rest, unit) ELSE 0 END) ORDER BY ord) FROM r);

CREATE TEMP TABLE found (n int, stopped text, errors text[], codes text[]);
CREATE TEMP TABLE spread (n int, unit numeric, item text, amount numeric, shares numeric, rows_differ bigint, parts_differ bigint, metered bigint);
CREATE PROCEDURE pg_temp.play(times int) LANGUAGE plpgsql AS $$
DECLARE
	run int;
	said text;
	told record;
	kept record;
	kept_spread spread[];
BEGIN
	FOR n IN 1 .. times LOOP
		BEGIN
			PERFORM pg_temp.hospital();
			SELECT array_agg(DISTINCT c.sqlstate) FILTER (WHERE c.severity = 'error') AS errors, array_agg(DISTINCT c.code) AS codes INTO told FROM hospital_cost.check_allocation('2025-03-01', 'p') c;
			said := NULL;
			kept_spread := NULL;
			BEGIN
				run := hospital_cost.allocate('2025-03-01', 'p');
				kept_spread := ARRAY(SELECT ROW(n, p.flow_unit, s.cost_item_code, s.amount, (SELECT sum(x.amount) FROM hospital_cost._run_spread x WHERE x.run_id = run AND x.cost_item_code = s.cost_item_code),
					(SELECT count(*) FROM (SELECT 1 FROM hospital_cost._run_spread_row o LEFT JOIN hospital_cost.spread_cost(run) c USING (direct_cost_id) WHERE o.run_id = run AND o.cost_item_code = s.cost_item_code
						GROUP BY o.direct_cost_id, o.amount HAVING o.amount IS DISTINCT FROM coalesce(sum(c.amount), 0)) y),
					(SELECT count(*) FROM (SELECT x.department_code, x.part FROM hospital_cost._run_spread x LEFT JOIN hospital_cost.spread_cost(run) c USING (department_code, cost_item_code, part)
						WHERE x.run_id = run AND x.cost_item_code = s.cost_item_code GROUP BY x.department_code, x.part, x.amount HAVING x.amount <> coalesce(sum(c.amount), 0)) y)
					+ (SELECT count(*) FROM (SELECT array_agg(x.amount ORDER BY x.department_code) AS have, pg_temp.parts(min(x.base), p.flow_unit, array_agg(x.quantity ORDER BY x.department_code)) AS want
						FROM hospital_cost._run_spread x WHERE x.run_id = run AND x.cost_item_code = s.cost_item_code AND x.part = 'base') y WHERE y.have <> y.want)
					+ (SELECT count(*) FROM hospital_cost._run_spread x WHERE x.run_id = run AND x.cost_item_code = s.cost_item_code AND x.part = 'metered' AND x.amount <> round(x.quantity * x.metered_price / p.flow_unit) * p.flow_unit),
					(SELECT count(*) FROM hospital_cost._run_spread x WHERE x.run_id = run AND x.cost_item_code = s.cost_item_code AND x.part = 'metered'))::spread
					FROM (SELECT o.cost_item_code, sum(o.amount) AS amount FROM hospital_cost._run_spread_row o WHERE o.run_id = run GROUP BY 1 HAVING sum(o.amount) <> 0) s, hospital_cost.allocation_plan p WHERE p.code = 'p');
			EXCEPTION WHEN OTHERS THEN
				said := SQLSTATE;
			END;
			RAISE EXCEPTION USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			INSERT INTO found VALUES (n, said, told.errors, told.codes);
			INSERT INTO spread SELECT * FROM unnest(kept_spread);
		END;
	END LOOP;
END $$;
CALL pg_temp.play(150);

SELECT is_empty($$SELECT n, stopped, errors FROM found WHERE stopped IS NOT NULL AND stopped <> ALL (coalesce(errors, '{}'))$$, 'what stops a run is told beforehand');
SELECT is_empty($$SELECT n, errors FROM found WHERE stopped IS NULL AND errors IS NOT NULL$$, 'what does not stop it is no error');
SELECT cmp_ok((SELECT count(*) FROM found WHERE stopped IS NULL), '>', 15::bigint, 'many runs go through');
SELECT cmp_ok((SELECT count(*) FROM found WHERE stopped IS NOT NULL), '>', 15::bigint, 'and many stop');
SELECT cmp_ok((SELECT count(*) FROM found WHERE stopped IS NOT NULL AND NOT 'run_stops' = ANY (codes)), '>', (SELECT count(*) * 3 / 4 FROM found WHERE stopped IS NOT NULL), 'mostly found where they arise, not only by rehearsal');
SELECT is_empty($$SELECT * FROM spread WHERE amount <> shares$$, 'hospital-level cost is spread to the last unit');
SELECT is_empty($$SELECT * FROM spread WHERE rows_differ <> 0$$, 'the parts of a row add up to the row');
SELECT is_empty($$SELECT * FROM spread WHERE parts_differ <> 0$$, 'those of a department to its share, which is quantity × price or by largest remainder');
SELECT cmp_ok((SELECT count(*) FROM spread), '>', 5::bigint, 'and there was something to spread');
SELECT * FROM finish();
ROLLBACK;
