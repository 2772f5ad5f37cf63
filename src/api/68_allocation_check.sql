-- 60 allocation: everything that would stop or distort a run, before it runs: the bases of its steps.

-- For each server of each step its base as the run will see it: by the driver and by the fallback driver. Accumulated cost is not known yet and counts
-- one each. A receiver is open as the method and the order of the steps say; the server itself never is.
CREATE OR REPLACE FUNCTION hospital_cost._plan_base(month date, plan hospital_cost.allocation_plan)
RETURNS TABLE (step_no int, step_id bigint, server_code text, role text, driver_code text, kind text, own text, total numeric, lowest numeric,
	lowest_code text, receivers text[], listed bigint, shares numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH step AS MATERIALIZED (
		SELECT s.* FROM hospital_cost.allocation_step s WHERE s.plan_code = (_plan_base.plan).code AND s.plan_version = (_plan_base.plan).version
	), rule AS MATERIALIZED (
		SELECT p.j ->> 'method' AS method, coalesce(p.j ->> 'same_level', 'none') AS same_level, p.j ->> 'negative_statistic' AS negative
		FROM to_jsonb(_plan_base.plan) AS p (j)
	), member AS MATERIALIZED (
		SELECT d.code, d.class FROM hospital_cost.department d
		WHERE d.valid && daterange(_plan_base.month, (_plan_base.month + interval '1 month')::date)
			OR EXISTS (SELECT FROM hospital_cost._direct_cost c WHERE c.period = _plan_base.month AND c.department_code = d.code)
			OR EXISTS (SELECT FROM hospital_cost._driver_value v WHERE v.period = _plan_base.month AND d.code IN (v.server_code, v.receiver_code))
	), served AS MATERIALIZED (
		SELECT s.step_id, s.step_no, m.code FROM step s JOIN member m ON m.code = coalesce(s.server_code, m.code) AND m.class = coalesce(s.server_class, m.class)
	), closed AS MATERIALIZED (
		SELECT s.code, min(s.step_no) AS since FROM served s GROUP BY s.code
	), role AS MATERIALIZED (
		SELECT s.step_id, s.step_no, s.receiver_classes, r.role, r.driver, d.kind FROM step s
		CROSS JOIN LATERAL (VALUES ('driver', s.driver_code), ('fallback', s.fallback_driver_code)) AS r (role, driver)
		JOIN hospital_cost.driver d ON d.code = r.driver
	), value AS MATERIALIZED (
		SELECT d.driver, q.server_code AS own, q.receiver_code AS code, q.quantity
		FROM (SELECT DISTINCT r.driver FROM role r WHERE r.kind NOT IN ('equal', 'accumulated_cost')) d
		CROSS JOIN LATERAL hospital_cost._driver_quantity(_plan_base.month, d.driver) q
		UNION ALL
		SELECT d.driver, NULL, m.code, 1 FROM (SELECT DISTINCT r.driver FROM role r WHERE r.kind IN ('equal', 'accumulated_cost')) d CROSS JOIN member m
	), owner AS MATERIALIZED (
		SELECT DISTINCT v.driver, v.own FROM value v WHERE v.own IS NOT NULL
	), weight AS MATERIALIZED (
		SELECT r.step_id, r.role, v.own, v.code, v.quantity,
			c.since IS NULL OR CASE WHEN k.method = 'reciprocal' THEN true WHEN k.method = 'direct' THEN false
				ELSE c.since > r.step_no OR (c.since = r.step_no AND k.same_level <> 'none') END AS open
		FROM rule k CROSS JOIN role r
		JOIN value v ON v.driver = r.driver
		JOIN member m ON m.code = v.code AND (r.receiver_classes IS NULL OR m.class = ANY (r.receiver_classes))
		LEFT JOIN closed c ON c.code = v.code
	), base AS MATERIALIZED (
		SELECT w.step_id, w.role, w.own, w.lowest, sum(CASE WHEN NOT w.open THEN 0 WHEN k.negative = 'zero' THEN greatest(w.quantity, 0)
				WHEN k.negative = 'absolute' THEN abs(w.quantity) WHEN k.negative = 'shift' THEN w.quantity - least(w.lowest, 0) ELSE w.quantity END) AS total,
			min(w.code) FILTER (WHERE w.open AND w.quantity = w.lowest) AS lowest_code, array_agg(w.code) FILTER (WHERE w.open AND w.quantity <> 0) AS receivers,
			count(*) AS listed, sum(w.quantity) AS shares
		FROM (SELECT x.*, min(x.quantity) FILTER (WHERE x.open) OVER (PARTITION BY x.step_id, x.role, x.own) AS lowest FROM weight x) w CROSS JOIN rule k
		GROUP BY w.step_id, w.role, w.own, w.lowest
	)
	SELECT s.step_no, s.step_id, s.code, r.role, r.driver, r.kind, o.own, coalesce(b.total, 0) - coalesce(self.quantity, 0), b.lowest, b.lowest_code,
		array_remove(b.receivers, s.code), coalesce(b.listed, 0), coalesce(b.shares, 0)
	FROM served s
	JOIN role r ON r.step_id = s.step_id
	LEFT JOIN owner o ON o.driver = r.driver AND o.own = s.code
	LEFT JOIN base b ON b.step_id = r.step_id AND b.role = r.role AND b.own IS NOT DISTINCT FROM o.own
	LEFT JOIN weight self ON self.step_id = r.step_id AND self.role = r.role AND self.own IS NOT DISTINCT FROM o.own AND self.code = s.code AND self.open;
END;

-- Follows the steps in their order, as far as money can come, and judges the base of each server that may hold any.
CREATE OR REPLACE FUNCTION hospital_cost._check_base(month date, plan hospital_cost.allocation_plan, holders jsonb)
RETURNS TABLE (severity text, code text, sqlstate text, identifier text, facts text, cure text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	b record;
	fallback record;
	told text := 'step %s, department "%s", driver "%s"';
	passed jsonb := '{}';
BEGIN
	-- Where servers serve each other, money may come back to earlier ones.
	IF plan.method IN ('double', 'reciprocal') OR coalesce(to_jsonb(plan) ->> 'same_level', 'none') <> 'none' THEN
		holders := holders || (SELECT coalesce(jsonb_object_agg(d.code, true), '{}') FROM hospital_cost.department d);
	END IF;
	FOR b IN WITH base AS MATERIALIZED (SELECT * FROM hospital_cost._plan_base(month, plan))
		SELECT d.*, f.driver_code AS fallback_code, f.kind AS fallback_kind, f.total AS fallback_total, f.lowest AS fallback_lowest, f.lowest_code AS fallback_lowest_code,
			f.receivers AS fallback_receivers, f.own AS fallback_own, f.listed AS fallback_listed, f.shares AS fallback_shares,
			s.cost_item_code, EXISTS (SELECT FROM hospital_cost.department m WHERE m.class = ANY (s.receiver_classes)) AS has_members
		FROM base d
		JOIN hospital_cost.allocation_step s ON s.step_id = d.step_id AND (s.cost_item_code IS NULL OR EXISTS (SELECT FROM hospital_cost._direct_cost c
			WHERE c.period = month AND c.cost_item_code = s.cost_item_code))
		LEFT JOIN base f ON f.step_id = d.step_id AND f.server_code = d.server_code AND f.role = 'fallback'
		-- A step of the server itself goes before one of its class.
		WHERE d.role = 'driver' AND (s.server_code IS NOT NULL OR NOT EXISTS (SELECT FROM hospital_cost.allocation_step o WHERE o.plan_code = s.plan_code
			AND o.plan_version = s.plan_version AND o.step_no = s.step_no AND o.server_code = d.server_code AND coalesce(o.cost_item_code = s.cost_item_code, o.cost_item_code IS NULL)))
		ORDER BY d.step_no, d.server_code COLLATE "C" LOOP
		-- Fixed shares must be whole whether or not money comes by.
		RETURN QUERY SELECT 'error', 'fixed_share', 'MC604', format(told, b.step_no, b.server_code, x.driver), format('the shares add up to %s', trim_scale(x.shares)),
			format('UPDATE hospital_cost.driver_value SET quantity = … WHERE period = %L AND driver_code = %L AND server_code IS NOT DISTINCT FROM %s',
				month, x.driver, quote_nullable(x.own))
		FROM (VALUES (b.driver_code, b.kind, b.own, b.listed, b.shares), (b.fallback_code, b.fallback_kind, b.fallback_own, b.fallback_listed, b.fallback_shares))
			AS x (driver, kind, own, listed, shares)
		WHERE x.kind = 'fixed_share' AND x.shares <> 1 AND (x.listed > 0 OR b.has_members);
		CONTINUE WHEN NOT holders ? b.server_code;
		identifier := format(told, b.step_no, b.server_code, b.driver_code);
		IF b.total = 0 AND plan.zero_base = 'fallback' AND b.fallback_code IS NOT NULL THEN
			RETURN QUERY SELECT 'note', 'fallback_used', NULL, identifier, format('the driver adds up to zero; "%s" is used instead', b.fallback_code),
				hospital_cost._driver_value_cure(month, b.driver_code, b.own);
			b.driver_code := b.fallback_code;
			b.kind := b.fallback_kind;
			b.total := b.fallback_total;
			b.lowest := b.fallback_lowest;
			b.lowest_code := b.fallback_lowest_code;
			b.receivers := b.fallback_receivers;
			b.own := b.fallback_own;
			b.listed := b.fallback_listed;
			b.role := 'fallback';
			identifier := format(told, b.step_no, b.server_code, b.driver_code);
		END IF;
		IF b.lowest < 0 THEN
			RETURN QUERY SELECT CASE plan.negative_statistic WHEN 'error' THEN 'error' ELSE 'warning' END, 'negative_statistic',
				CASE plan.negative_statistic WHEN 'error' THEN 'MC602' END, identifier,
				format('receiver "%s" has %s; the plan says negative_statistic %s', b.lowest_code, trim_scale(b.lowest), plan.negative_statistic),
				format('UPDATE hospital_cost.driver_value SET quantity = … WHERE period = %L AND driver_code = %L AND receiver_code = %L', month, b.driver_code, b.lowest_code);
		END IF;
		IF b.total < 0 AND plan.negative_statistic = 'signed' THEN
			RETURN QUERY SELECT 'error', 'negative_base', 'MC603', identifier, format('the values add up to %s', trim_scale(b.total)),
				format('UPDATE hospital_cost.driver_value SET quantity = … WHERE period = %L AND driver_code = %L', month, b.driver_code);
		ELSIF abs(b.total) > 9223372036854 THEN
			RETURN QUERY SELECT 'error', 'too_large', 'MC606', identifier, format('the values add up to %s', trim_scale(b.total)),
				format('UPDATE hospital_cost.driver_value SET quantity = quantity / 1000 WHERE period = %L AND driver_code = %L', month, b.driver_code);
		ELSIF b.total = 0 THEN
			RETURN QUERY SELECT CASE z.policy WHEN 'error' THEN 'error' ELSE 'warning' END, 'zero_base', CASE z.policy WHEN 'error' THEN 'MC601' END, identifier,
				'no quantity for a department that may receive at its turn' || CASE z.policy WHEN 'unallocated' THEN '; the cost stays' WHEN 'equal' THEN '; shared equally' ELSE '' END,
				hospital_cost._driver_value_cure(month, b.driver_code, b.own)
			FROM (SELECT CASE WHEN plan.zero_base = 'unallocated' OR plan.zero_base = 'equal' AND (b.listed > 0 OR b.has_members) THEN plan.zero_base ELSE 'error' END AS policy) z;
		END IF;
		IF NOT passed ? concat(b.step_id, b.role, ' ', b.own) THEN
			passed := passed || jsonb_build_object(concat(b.step_id, b.role, ' ', b.own), true);
			holders := holders || coalesce(jsonb_object(b.receivers, b.receivers), '{}');
		END IF;
		-- Emptied, and closed from now on.
		IF plan.method = 'step_down' AND b.cost_item_code IS NULL AND b.total <> 0 AND plan.credit_balance <> 'keep' THEN
			holders := holders - b.server_code;
		END IF;
	END LOOP;
END $$;

-- The statement that loads a missing value; what only the hospital knows is left open.
CREATE OR REPLACE FUNCTION hospital_cost._driver_value_cure(month date, driver text, server text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity) VALUES (%L, %L, %s, ''…'', …)',
	month, driver, quote_nullable(server));

COMMENT ON FUNCTION hospital_cost._plan_base(date, hospital_cost.allocation_plan) IS 'The base of every server of every step of a plan, as a run of the month would see it';
COMMENT ON FUNCTION hospital_cost._check_base(date, hospital_cost.allocation_plan, jsonb) IS 'check_allocation: bases of the servers that money can come to';
COMMENT ON FUNCTION hospital_cost._driver_value_cure(date, text, text) IS 'check_allocation: the statement that loads a driver value';
