-- 60 allocation: hospital-level cost (计算计入) spread over departments: what is metered first, the rest by a base.

CREATE OR REPLACE FUNCTION hospital_cost._split(amount numeric, unit numeric, weights numeric[], scale int) RETURNS numeric[]
AS 'MODULE_PATHNAME', 'hc_split'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- The departments a driver spreads over, by code. Values for every server count if there are any, else those of all servers together.
CREATE OR REPLACE FUNCTION hospital_cost._spread_base(month date, driver text, classes text[])
RETURNS TABLE (department_code text, quantity numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH kind AS (SELECT d.kind FROM hospital_cost.driver d WHERE d.code = _spread_base.driver),
	measured AS MATERIALIZED (
		SELECT q.server_code, q.receiver_code, q.quantity FROM hospital_cost._driver_quantity(_spread_base.month, _spread_base.driver) q
		WHERE NOT EXISTS (SELECT FROM kind k WHERE k.kind IN ('equal', 'accumulated_cost'))
	), weight AS (
		SELECT m.receiver_code AS code, sum(m.quantity) AS quantity FROM measured m
		WHERE m.server_code IS NULL OR NOT EXISTS (SELECT FROM measured n WHERE n.server_code IS NULL)
		GROUP BY m.receiver_code
		UNION ALL
		SELECT d.code, 1 FROM hospital_cost.department d
		WHERE EXISTS (SELECT FROM kind k WHERE k.kind = 'equal') AND d.valid && daterange(_spread_base.month, (_spread_base.month + interval '1 month')::date)
			AND (_spread_base.classes IS NOT NULL OR d.class <> 'external')
		UNION ALL
		SELECT c.department_code, sum(c.amount) FROM hospital_cost._direct_cost c
		WHERE EXISTS (SELECT FROM kind k WHERE k.kind = 'accumulated_cost') AND c.period = _spread_base.month AND c.department_code IS NOT NULL
		GROUP BY c.department_code
	)
	SELECT w.code, w.quantity FROM weight w JOIN hospital_cost.department d ON d.code = w.code
	WHERE _spread_base.classes IS NULL OR d.class = ANY (_spread_base.classes)
	ORDER BY w.code COLLATE "C";
END;

-- The rule of a cost item and source in a month: the most telling one.
CREATE OR REPLACE FUNCTION hospital_cost._spread_rule(month date, item text, source text) RETURNS hospital_cost.spread_rule
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.* FROM hospital_cost.spread_rule r
	WHERE r.valid @> _spread_rule.month AND coalesce(r.cost_item_code, _spread_rule.item) = _spread_rule.item
		AND coalesce(r.funding_source, _spread_rule.source) = _spread_rule.source
	ORDER BY r.cost_item_code IS NULL, r.funding_source IS NULL LIMIT 1;
END;

-- Splits one part of an amount; problem is a SQLSTATE and what is wrong, or null. With a price the parts are quantity × price and do not exhaust the
-- amount; of metered shares the rest is what is missing to 1.
CREATE OR REPLACE FUNCTION hospital_cost._spread_part(amount numeric, unit numeric, driver text, price numeric, metered boolean, codes text[], weights numeric[],
	OUT parts numeric[], OUT total numeric, OUT problem text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k text := (SELECT d.kind FROM hospital_cost.driver d WHERE d.code = driver);
	scale int := CASE WHEN k = 'accumulated_cost' THEN 8 ELSE 6 END;
	receiver text;
BEGIN
	SELECT sum(w.q), min(w.code) FILTER (WHERE w.q < 0) INTO total, receiver FROM unnest(codes, weights) AS w (code, q);
	total := coalesce(total, 0);
	IF receiver IS NOT NULL THEN
		problem := ARRAY['MC602', format('department "%s" has a negative value of driver "%s"', receiver, driver)];
	ELSIF metered AND price IS NULL AND k <> 'fixed_share' THEN
		problem := ARRAY['MC632', format('the metered driver "%s" has neither a price nor fixed shares', driver)];
	ELSIF metered AND price IS NOT NULL THEN
		parts := ARRAY(SELECT round(w.q * price / unit) * unit FROM unnest(weights) WITH ORDINALITY AS w (q, ord) ORDER BY w.ord);
		total := (SELECT sum(p) FROM unnest(parts) p);
		IF total <> 0 AND (sign(total) <> sign(amount) OR abs(total) > abs(amount)) THEN
			problem := ARRAY['MC631', format('driver "%s" × %s comes to %s', driver, trim_scale(price), trim_scale(total))];
		END IF;
	ELSIF metered AND total > 1 OR NOT metered AND k = 'fixed_share' AND total <> 1 THEN
		problem := ARRAY['MC604', format('the shares of driver "%s" add up to %s', driver, trim_scale(total))];
	ELSIF metered THEN
		parts := trim_array(hospital_cost._split(amount, unit, weights || 1 - total, 6), 1);
	ELSIF total = 0 THEN
		problem := ARRAY['MC601', format('driver "%s" has no quantity for any department that may take part', driver)];
	ELSE
		parts := hospital_cost._split(amount, unit, weights, scale);
	END IF;
END $$;

-- What a month's hospital-level cost comes to, department by department, and what is in the way of it (problem). Writes nothing.
CREATE OR REPLACE FUNCTION hospital_cost._spread_month(month date, unit numeric)
RETURNS TABLE (cost_item_code text, funding_source text, rule_id bigint, part text, department_code text, driver_code text, quantity numeric,
	quantity_total numeric, metered_price numeric, base numeric, amount numeric, problem text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	pool record;
	rule hospital_cost.spread_rule;
	meters text[];
	codes text[];
	weights numeric[];
	rest numeric;
	made record;
BEGIN
	FOR pool IN SELECT d.cost_item_code AS item, d.funding_source AS source, sum(d.amount) AS amount FROM hospital_cost._direct_cost d
		WHERE d.period = month AND d.department_code IS NULL AND d.cost_class = 'medical'
		GROUP BY d.cost_item_code, d.funding_source HAVING sum(d.amount) <> 0 ORDER BY d.cost_item_code COLLATE "C", d.funding_source COLLATE "C" LOOP
		rule := hospital_cost._spread_rule(month, pool.item, pool.source);
		rest := pool.amount;
		meters := '{}';
		problem := CASE WHEN rule.rule_id IS NULL THEN ARRAY['MC612', 'no spread rule is valid for it'] END;
		FOREACH part IN ARRAY ARRAY['metered', 'base'] LOOP
			driver_code := CASE part WHEN 'metered' THEN rule.metered_driver_code ELSE rule.driver_code END;
			CONTINUE WHEN problem IS NOT NULL OR rest = 0 OR (part = 'metered' AND driver_code IS NULL);
			IF driver_code IS NULL THEN
				problem := ARRAY['MC601', format('%s is left after the metered part, and the rule names no base driver', trim_scale(rest))];
				CONTINUE;
			END IF;
			SELECT array_agg(b.department_code ORDER BY b.department_code COLLATE "C"), array_agg(b.quantity ORDER BY b.department_code COLLATE "C") INTO codes, weights
			FROM hospital_cost._spread_base(month, driver_code, rule.receiver_classes) b
			WHERE part = 'metered' OR rule.metered_share_rest OR b.department_code <> ALL (meters);
			SELECT s.* INTO made FROM hospital_cost._spread_part(rest, unit, driver_code, rule.metered_price, part = 'metered', coalesce(codes, '{}'), coalesce(weights, '{}')) s;
			problem := made.problem;
			RETURN QUERY SELECT pool.item, pool.source, rule.rule_id, part, p.code, driver_code, p.quantity,
				CASE WHEN rule.metered_price IS NULL OR part = 'base' THEN made.total END, CASE part WHEN 'metered' THEN rule.metered_price END, rest, p.amount, NULL::text[]
			FROM unnest(codes, weights, made.parts) AS p (code, quantity, amount) WHERE made.problem IS NULL AND p.quantity <> 0;
			meters := meters || codes;
			rest := rest - coalesce((SELECT sum(p) FROM unnest(made.parts) p), 0);
		END LOOP;
		IF problem IS NOT NULL THEN
			RETURN QUERY SELECT pool.item, pool.source, rule.rule_id, NULL, NULL, NULL, NULL::numeric, NULL::numeric, NULL::numeric, pool.amount, NULL::numeric, problem;
		END IF;
	END LOOP;
END $$;

-- The spread of a run, stored with its inputs. One statement, so that the rows and what is made of them are of one moment.
CREATE OR REPLACE FUNCTION hospital_cost._spread_costs(new_run int, month date, unit numeric) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	failed record;
BEGIN
	WITH made AS MATERIALIZED (
		SELECT * FROM hospital_cost._spread_month(month, unit)
	), kept AS (
		INSERT INTO hospital_cost._run_spread (run_id, cost_item_code, funding_source, part, department_code, rule_id, driver_code, quantity,
			quantity_total, metered_price, base, amount)
		SELECT new_run, m.cost_item_code, m.funding_source, m.part, m.department_code, m.rule_id, m.driver_code, m.quantity,
			m.quantity_total, m.metered_price, m.base, m.amount
		FROM made m WHERE m.problem IS NULL
	), named AS (
		INSERT INTO hospital_cost._run_spread_row (run_id, direct_cost_id, cost_item_code, funding_source, amount, source, source_key)
		SELECT new_run, d.direct_cost_id, d.cost_item_code, d.funding_source, d.amount, d.source, d.source_key
		FROM hospital_cost._direct_cost d WHERE d.period = month AND d.department_code IS NULL AND d.cost_class = 'medical'
	)
	SELECT m.problem[1] AS code, string_agg(format('"%s" (%s)', m.cost_item_code, m.funding_source), ', ') AS pools, min(m.problem[2]) AS detail INTO failed
	FROM made m WHERE m.problem IS NOT NULL GROUP BY m.problem[1] ORDER BY m.problem[1] DESC LIMIT 1;
	IF failed.code IS NOT NULL THEN
		RAISE EXCEPTION 'hospital-level cost of % in % cannot be spread', failed.pools, to_char(month, 'YYYY-MM') USING ERRCODE = failed.code,
			DETAIL = failed.detail, HINT = CASE failed.code
				WHEN 'MC612' THEN 'Insert a rule into hospital_cost.spread_rule, or write the cost with the departments that used it.'
				WHEN 'MC631' THEN 'Correct the meter readings or the price, or give the metered part as fixed shares.'
				WHEN 'MC632' THEN 'Give the rule a metered_price, or name a driver of kind fixed_share.'
				ELSE 'Correct hospital_cost.driver_value of the month, or hospital_cost.spread_rule.' END;
	END IF;
END $$;

-- Which hospital-level row went where. The rows of a pool are taken in their order: what a department has after each of them is its share of what they
-- come to so far, so the parts of a row add up to the row, and those of a department to its share.
CREATE OR REPLACE FUNCTION hospital_cost.spread_cost(run int)
RETURNS TABLE (department_code text, cost_item_code text, funding_source text, part text, driver_code text, quantity numeric, amount numeric,
	direct_cost_id bigint, source text, source_key text)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._require_run(spread_cost.run);
	WITH share AS MATERIALIZED (
		SELECT s.cost_item_code, s.funding_source, array_agg(abs(s.amount) ORDER BY s.part COLLATE "C" DESC, s.department_code COLLATE "C") AS weights
		FROM hospital_cost._run_spread s WHERE s.run_id = spread_cost.run
		GROUP BY s.cost_item_code, s.funding_source
	), place AS MATERIALIZED (
		SELECT s.*, row_number() OVER (PARTITION BY s.cost_item_code, s.funding_source ORDER BY s.part COLLATE "C" DESC, s.department_code COLLATE "C") AS ord
		FROM hospital_cost._run_spread s WHERE s.run_id = spread_cost.run
	), row_sum AS (
		SELECT r.*, sum(r.amount) OVER (PARTITION BY r.cost_item_code, r.funding_source ORDER BY r.direct_cost_id) AS so_far
		FROM hospital_cost._run_spread_row r WHERE r.run_id = spread_cost.run
	), reached AS (
		SELECT r.cost_item_code, r.funding_source, r.direct_cost_id, r.source, r.source_key, p.ord,
			p.part - lag(p.part, 1, 0::numeric) OVER (PARTITION BY r.cost_item_code, r.funding_source, p.ord ORDER BY r.direct_cost_id) AS amount
		FROM row_sum r JOIN share s ON s.cost_item_code = r.cost_item_code AND s.funding_source = r.funding_source
		CROSS JOIN LATERAL unnest(hospital_cost._split(r.so_far, 0.00000001, s.weights, 8)) WITH ORDINALITY AS p (part, ord)
	)
	SELECT p.department_code, p.cost_item_code, p.funding_source, p.part, p.driver_code, p.quantity, r.amount::numeric(22,8), r.direct_cost_id, r.source, r.source_key
	FROM reached r JOIN place p ON p.cost_item_code = r.cost_item_code AND p.funding_source = r.funding_source AND p.ord = r.ord
	WHERE r.amount <> 0
	ORDER BY p.cost_item_code, p.funding_source, r.direct_cost_id, p.ord;
END;

-- What the general ledger says against what the departments have, cost item by cost item.
CREATE OR REPLACE FUNCTION hospital_cost.cost_control_difference(period date)
RETURNS TABLE (cost_item_code text, cost_item_name text, funding_source text, control_total numeric, direct_cost numeric, difference numeric)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(t.cost_item_code, d.cost_item_code), i.name, coalesce(t.funding_source, d.funding_source), t.amount::numeric(18,2),
		coalesce(d.amount, 0)::numeric(22,8), (coalesce(d.amount, 0) - coalesce(t.amount, 0))::numeric(22,8)
	FROM (SELECT c.cost_item_code, c.funding_source, c.amount FROM hospital_cost.cost_control_total c
		WHERE c.period = cost_control_difference.period) t
	FULL JOIN (SELECT c.cost_item_code, c.funding_source, sum(c.amount) AS amount FROM hospital_cost._direct_cost c
		WHERE c.period = cost_control_difference.period AND c.cost_class = 'medical' GROUP BY 1, 2) d
		ON d.cost_item_code = t.cost_item_code AND d.funding_source = t.funding_source
	JOIN hospital_cost.cost_item i ON i.code = coalesce(t.cost_item_code, d.cost_item_code)
	ORDER BY 1, 3;
END;

COMMENT ON TABLE hospital_cost.spread_rule IS 'How hospital-level medical cost (计算计入: water, electricity, property services) is spread over departments before a run. The most telling rule that is valid on the first day of the month holds: cost item and source, cost item, source, neither. First the metered departments, then the rest by the base driver; every part a multiple of the plan''s flow unit, closed by largest remainder, ties by code';
COMMENT ON COLUMN hospital_cost.spread_rule.cost_item_code IS 'Holds for this cost item; null: for every one without a rule of its own';
COMMENT ON COLUMN hospital_cost.spread_rule.funding_source IS 'Holds for this source; null: for all';
COMMENT ON COLUMN hospital_cost.spread_rule.valid IS 'Days from and until; rules of one cost item and source never overlap (23P01)';
COMMENT ON COLUMN hospital_cost.spread_rule.metered_driver_code IS 'Departments with meters of their own (单独计量): meter readings, priced by metered_price, or a driver of kind fixed_share, shares of the amount that add up to at most 1';
COMMENT ON COLUMN hospital_cost.spread_rule.metered_price IS 'Yuan a unit of the metered driver, six decimals; null for fixed shares (MC632 for any other driver). MC631 if readings × price exceed the amount';
COMMENT ON COLUMN hospital_cost.spread_rule.metered_share_rest IS 'Whether departments with a meter take part in the rest, such as light in corridors';
COMMENT ON COLUMN hospital_cost.spread_rule.driver_code IS 'Base of the rest (分摊基数), such as area or headcount; null where the meters measure everything (MC601 if something is left). A server''s values count where there are none for all servers';
COMMENT ON COLUMN hospital_cost.spread_rule.receiver_classes IS 'Classes that take part; null: whoever has a quantity, for the driver equal all but external';
COMMENT ON TABLE hospital_cost._run_spread_row IS 'Hospital-level rows of direct cost that a run spread';
COMMENT ON TABLE hospital_cost._run_spread IS 'Share of each department in the hospital-level cost of a run';
COMMENT ON SEQUENCE hospital_cost.spread_rule_seq IS 'Numbers spread rules';
COMMENT ON FUNCTION hospital_cost._split(numeric, numeric, numeric[], int) IS 'Splits an amount in whole units by weights, by largest remainder, the first on a tie: the split of the allocation itself. MC606 if a number does not fit';
COMMENT ON FUNCTION hospital_cost._spread_base(date, text, text[]) IS 'Departments that a driver spreads over, with their quantities';
COMMENT ON FUNCTION hospital_cost._spread_rule(date, text, text) IS 'The spread rule of a month, cost item and source';
COMMENT ON FUNCTION hospital_cost._spread_part(numeric, numeric, text, numeric, boolean, text[], numeric[]) IS 'Splits one part of hospital-level cost, or says what is in the way';
COMMENT ON FUNCTION hospital_cost._spread_month(date, numeric) IS 'What hospital-level cost of a month comes to, department by department';
COMMENT ON FUNCTION hospital_cost._spread_costs(int, date, numeric) IS 'Spreads hospital-level cost for a run and stores it. MC601, MC602, MC604, MC612, MC631, MC632';
COMMENT ON FUNCTION hospital_cost.spread_cost(int) IS 'Hospital-level cost of a run (计算计入的去向): which row of direct cost became what of which department, by which driver; yuan, eight decimals. The parts of a row add up to the row, those of a department to its share. MC614';
COMMENT ON FUNCTION hospital_cost.cost_control_difference(date) IS 'The accounts against direct cost (总账与科室直接成本核对) of a month, class medical, by cost item and funding source, equal ones too: control_total (null: the accounts name none), direct_cost, and difference = direct cost − control total, yuan';
