-- 60 allocation: everything that would stop or distort a run: cost, statistics, steps, the month; and the question itself.

CREATE OR REPLACE FUNCTION hospital_cost._check_cost(month date, plan hospital_cost.allocation_plan)
RETURNS TABLE (severity text, code text, sqlstate text, identifier text, facts text, cure text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH days AS (SELECT daterange(_check_cost.month, (_check_cost.month + interval '1 month')::date) AS of_month),
	cost AS MATERIALIZED (
		SELECT c.department_code, c.cost_item_code, c.funding_source, c.cost_class, sum(c.amount) AS amount
		FROM hospital_cost._direct_cost c WHERE c.period = _check_cost.month GROUP BY 1, 2, 3, 4
	), step AS MATERIALIZED (
		SELECT s.* FROM hospital_cost.allocation_step s WHERE s.plan_code = (_check_cost.plan).code AND s.plan_version = (_check_cost.plan).version
	)
	SELECT 'warning', 'period_' || coalesce(p.state, 'missing'), NULL, to_char(_check_cost.month, 'YYYY-MM'),
		CASE p.state WHEN 'closed' THEN 'the month is closed: a run of it cannot become official' ELSE 'the month was never opened: nothing is posted into it' END,
		CASE p.state WHEN 'closed' THEN format('SELECT hospital_cost.reopen_period(%L, ''…'')', _check_cost.month) ELSE format('SELECT hospital_cost.open_period(%L)', _check_cost.month) END
	FROM (SELECT (SELECT x.state FROM hospital_cost.period x WHERE x.period = _check_cost.month) AS state) p WHERE p.state IS DISTINCT FROM 'open'
	UNION ALL
	SELECT 'warning', 'no_cost', NULL, to_char(_check_cost.month, 'YYYY-MM'), 'the month has no direct cost',
		format('INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, amount) VALUES (%L, ''…'', ''…'', …)', _check_cost.month)
	WHERE NOT EXISTS (SELECT FROM cost)
	UNION ALL
	SELECT 'error', CASE s.problem[1] WHEN 'MC612' THEN 'no_spread_rule' ELSE 'spread_rule' END, s.problem[1], format('hospital-level cost of "%s" (%s)', s.cost_item_code, s.funding_source),
		format('%s yuan: %s', trim_scale(s.base), s.problem[2]),
		CASE s.problem[1] WHEN 'MC612' THEN format('INSERT INTO hospital_cost.spread_rule (cost_item_code, driver_code) VALUES (%L, ''…'')', s.cost_item_code)
			ELSE format('UPDATE hospital_cost.spread_rule SET … WHERE rule_id = %s', s.rule_id) END
	FROM hospital_cost._spread_month(_check_cost.month, (_check_cost.plan).flow_unit) s WHERE s.problem IS NOT NULL
	UNION ALL
	SELECT 'warning', 'control_total_differs', NULL, format('cost item "%s" (%s)', d.cost_item_code, d.funding_source),
		format('accounts %s, direct cost %s, difference %s', coalesce(d.control_total::text, 'none'), trim_scale(d.direct_cost), trim_scale(d.difference)),
		format('SELECT * FROM hospital_cost.cost_control_difference(%L)', _check_cost.month)
	FROM hospital_cost.cost_control_difference(_check_cost.month) d
	WHERE d.difference <> 0 AND EXISTS (SELECT FROM hospital_cost.cost_control_total t WHERE t.period = _check_cost.month)
	UNION ALL
	SELECT 'error', 'too_large', 'MC606', format('cost item "%s" (%s)', c.cost_item_code, c.funding_source), format('%s yuan in one cell or in all', max(c.size)),
		format('SELECT * FROM hospital_cost.direct_cost WHERE period = %L AND cost_item_code = %L ORDER BY abs(amount) DESC', _check_cost.month, c.cost_item_code)
	FROM (SELECT k.cost_item_code, k.funding_source, greatest(abs(k.amount), abs(sum(k.amount) OVER (PARTITION BY k.cost_item_code, k.funding_source, k.cost_class))) AS size
		FROM cost k) c WHERE c.size > 92233720368.54775807 GROUP BY c.cost_item_code, c.funding_source
	UNION ALL
	SELECT 'warning', 'cost_stays', NULL, format('department "%s"', d.code), format('%s yuan, class %s: no step of the plan lets it serve', trim_scale(sum(c.amount)), d.class),
		format('INSERT INTO hospital_cost.allocation_step (plan_code, plan_version, step_no, server_class, driver_code) VALUES (%L, %s, …, %L, ''…'')',
			(_check_cost.plan).code, (_check_cost.plan).version, d.class)
	FROM cost c JOIN hospital_cost.department d ON d.code = c.department_code
	WHERE d.class <> 'clinical' AND NOT EXISTS (SELECT FROM step s WHERE (s.server_code = d.code OR s.server_class = d.class) AND coalesce(s.cost_item_code, c.cost_item_code) = c.cost_item_code)
	GROUP BY d.code, d.class HAVING sum(c.amount) <> 0
	UNION ALL
	SELECT 'warning', 'department_not_valid', NULL, format('department "%s"', d.code),
		format('valid %s, but it has %s in the month', d.valid, concat_ws(' and ', CASE WHEN x.cost THEN 'cost' END, CASE WHEN x.value THEN 'driver values' END, CASE WHEN x.step THEN 'a step' END)),
		format('UPDATE hospital_cost.department SET valid = ''…'' WHERE code = %L', d.code)
	FROM hospital_cost.department d CROSS JOIN days y CROSS JOIN LATERAL (SELECT
		EXISTS (SELECT FROM cost c WHERE c.department_code = d.code AND c.amount <> 0) AS cost, EXISTS (SELECT FROM step s WHERE s.server_code = d.code) AS step,
		EXISTS (SELECT FROM hospital_cost._driver_value v WHERE v.period = _check_cost.month AND v.quantity <> 0 AND d.code IN (v.server_code, v.receiver_code)) AS value) x
	WHERE NOT d.valid && y.of_month AND (x.cost OR x.value OR x.step)
	UNION ALL
	SELECT 'warning', 'cost_on_parent_item', NULL, format('cost item "%s"', i.code), format('%s yuan on an item that has items below it', trim_scale(sum(c.amount))),
		format('SELECT * FROM hospital_cost.direct_cost WHERE period = %L AND cost_item_code = %L', _check_cost.month, i.code)
	FROM cost c JOIN hospital_cost.cost_item i ON i.code = c.cost_item_code
	WHERE EXISTS (SELECT FROM hospital_cost.cost_item b WHERE b.parent_code = i.code) GROUP BY i.code HAVING sum(c.amount) <> 0
	UNION ALL
	SELECT 'note', 'credit_balance', NULL, format('department "%s", cost item "%s" (%s)', c.department_code, c.cost_item_code, c.funding_source),
		format('%s yuan before its turn; the plan says credit_balance %s', trim_scale(c.amount), (_check_cost.plan).credit_balance), NULL
	FROM cost c JOIN hospital_cost.department d ON d.code = c.department_code
	WHERE c.amount < 0 AND EXISTS (SELECT FROM step s WHERE s.server_code = d.code OR s.server_class = d.class);
END;

CREATE OR REPLACE FUNCTION hospital_cost._check_driver(month date, plan hospital_cost.allocation_plan)
RETURNS TABLE (severity text, code text, sqlstate text, identifier text, facts text, cure text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH step AS MATERIALIZED (
		SELECT s.* FROM hospital_cost.allocation_step s WHERE s.plan_code = (_check_driver.plan).code AND s.plan_version = (_check_driver.plan).version
	), used AS MATERIALIZED (
		SELECT DISTINCT d.code, d.kind, d.measure FROM step s JOIN hospital_cost.driver d ON d.code IN (s.driver_code, s.fallback_driver_code)
	), value AS MATERIALIZED (
		SELECT v.driver_code, v.server_code, v.receiver_code, v.quantity FROM hospital_cost._driver_value v WHERE v.period = _check_driver.month
	), member AS MATERIALIZED (
		SELECT d.code, d.class FROM hospital_cost.department d WHERE d.valid && daterange(_check_driver.month, (_check_driver.month + interval '1 month')::date)
	), closed AS MATERIALIZED (
		SELECT m.code, min(s.step_no) AS since FROM step s JOIN member m ON m.code = coalesce(s.server_code, m.code) AND m.class = coalesce(s.server_class, m.class) GROUP BY m.code
	)
	SELECT 'warning', 'driver_empty', NULL, format('driver "%s"', u.code), 'it has no value in the month, though a step names it',
		hospital_cost._driver_value_cure(_check_driver.month, u.code, NULL)
	FROM used u WHERE u.kind NOT IN ('equal', 'accumulated_cost') AND NOT EXISTS (SELECT FROM hospital_cost._driver_quantity(_check_driver.month, u.code) q WHERE q.quantity <> 0)
	UNION ALL
	SELECT 'note', 'driver_unused', NULL, format('driver "%s"', v.driver_code), format('%s values in the month, but no step of the plan and no spread rule names it', count(*)), NULL
	FROM value v WHERE NOT EXISTS (SELECT FROM used u WHERE u.code = v.driver_code)
		AND NOT EXISTS (SELECT FROM hospital_cost.spread_rule r WHERE r.valid @> _check_driver.month AND v.driver_code IN (r.driver_code, r.metered_driver_code))
	GROUP BY v.driver_code
	UNION ALL
	SELECT 'warning', 'driver_value_missing', NULL, format('driver "%s", department "%s"', u.code, m.code), format('no value in the month: it receives nothing in step %s', min(s.step_no)),
		format('INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity) VALUES (%L, %L, %L, …)', _check_driver.month, u.code, m.code)
	FROM used u JOIN step s ON s.driver_code = u.code JOIN member m ON m.class = ANY (s.receiver_classes) LEFT JOIN closed c ON c.code = m.code
	WHERE u.kind IN ('headcount', 'area') AND coalesce(c.since > s.step_no, true) AND EXISTS (SELECT FROM value v WHERE v.driver_code = u.code)
		AND NOT EXISTS (SELECT FROM value v WHERE v.driver_code = u.code AND v.receiver_code = m.code)
	GROUP BY u.code, m.code
	UNION ALL
	SELECT 'note', 'receiver_left_out', NULL, format('step %s, driver "%s"', s.step_no, s.driver_code),
		format('values of %s departments do not count, because they have served or serve here, or are of another class: %s%s', count(DISTINCT v.receiver_code),
			array_to_string((array_agg(DISTINCT v.receiver_code ORDER BY v.receiver_code))[1:5], ', '), CASE WHEN count(DISTINCT v.receiver_code) > 5 THEN ' …' ELSE '' END), NULL
	FROM step s JOIN value v ON v.driver_code = s.driver_code AND v.quantity <> 0 JOIN hospital_cost.department d ON d.code = v.receiver_code LEFT JOIN closed c ON c.code = d.code
	WHERE d.class <> ALL (s.receiver_classes) OR (c.since <= s.step_no AND (_check_driver.plan).method = 'step_down') GROUP BY s.step_id, s.step_no, s.driver_code
	UNION ALL
	SELECT 'warning', 'revenue_without_order', NULL, format('driver "%s"', u.code), format('%s yuan of the month name no ordering department, so they weigh in no pair', sum(t.amount)),
		format('SELECT * FROM hospital_cost.ledger WHERE period = %L AND ordering_department_code IS NULL', _check_driver.month)
	FROM used u JOIN hospital_cost.charge_total t ON t.period = _check_driver.month AND t.ordering_department_code IS NULL
	WHERE u.kind = 'revenue' AND u.measure IS NULL AND NOT EXISTS (SELECT FROM value v WHERE v.driver_code = u.code) GROUP BY u.code HAVING sum(t.amount) <> 0
	UNION ALL
	SELECT 'warning', 'posting_open', NULL, format('driver "%s"', u.code), format('%s charges of the month are not posted yet, so revenue lacks them', count(*)),
		format('SELECT * FROM hospital_cost.posting_issue WHERE period = %L AND severity = ''blocking'' AND state = ''open''', _check_driver.month)
	FROM used u JOIN hospital_cost._finding f ON f.period = _check_driver.month AND f.severity = 'blocking' AND f.state = 'open'
	WHERE u.kind = 'revenue' AND NOT EXISTS (SELECT FROM value v WHERE v.driver_code = u.code) GROUP BY u.code
	UNION ALL
	SELECT 'note', 'step_without_server', NULL, format('step %s', s.step_no), format('no department is of class %s', s.server_class), NULL
	FROM step s WHERE s.server_class IS NOT NULL AND NOT EXISTS (SELECT FROM member m WHERE m.class = s.server_class)
	UNION ALL
	SELECT 'note', 'step_without_cost', NULL, format('step %s', s.step_no), format('the month has no cost of item "%s"', s.cost_item_code), NULL
	FROM step s WHERE s.cost_item_code IS NOT NULL
		AND NOT EXISTS (SELECT FROM hospital_cost._direct_cost c WHERE c.period = _check_driver.month AND c.cost_item_code = s.cost_item_code)
	UNION ALL
	SELECT 'warning', 'fallback_is_driver', NULL, format('step %s, driver "%s"', s.step_no, s.driver_code), 'the fallback driver is the driver itself',
		format('UPDATE hospital_cost.allocation_step SET fallback_driver_code = ''…'' WHERE step_id = %s', s.step_id)
	FROM step s WHERE s.fallback_driver_code = s.driver_code
	UNION ALL
	SELECT 'note', 'fallback_unused', NULL, format('step %s, driver "%s"', s.step_no, s.fallback_driver_code), format('a fallback driver, but the plan says zero_base %s', (_check_driver.plan).zero_base),
		format('UPDATE hospital_cost.allocation_plan SET zero_base = ''fallback'' WHERE code = %L AND version = %s', (_check_driver.plan).code, (_check_driver.plan).version)
	FROM step s WHERE s.fallback_driver_code IS NOT NULL AND (_check_driver.plan).zero_base <> 'fallback';
END;

-- Tries a run and rolls it back: the SQLSTATE, message, detail and hint it stops with, or null.
CREATE OR REPLACE FUNCTION hospital_cost._rehearse(period date, plan text, version int) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	passed boolean := false;
	said text;
	detail text;
	hint text;
BEGIN
	PERFORM hospital_cost.allocate(_rehearse.period, _rehearse.plan, _rehearse.version);
	passed := true;
	RAISE EXCEPTION 'the rehearsal is over';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN CASE WHEN NOT passed THEN ARRAY[SQLSTATE, said, detail, hint] END;
END $$;

-- The run is rehearsed, so that whatever would stop it is told, also what nobody thought of here; and what is found and does not stop it is no error.
-- Cures are copied and pasted elsewhere, so their dates are written in ISO, whatever the session's style.
CREATE OR REPLACE FUNCTION hospital_cost.check_allocation(period date, plan text, version int DEFAULT NULL)
RETURNS TABLE (severity text, code text, sqlstate text, identifier text, facts text, cure text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
	chosen hospital_cost.allocation_plan;
	rehearsed boolean := NOT current_setting('transaction_read_only')::boolean;
	stop text[];
	f record;
BEGIN
	IF rehearsed THEN
		stop := hospital_cost._rehearse(check_allocation.period, check_allocation.plan, check_allocation.version);
	END IF;
	SELECT * INTO chosen FROM hospital_cost.allocation_plan p
	WHERE p.code = check_allocation.plan AND p.version = coalesce(check_allocation.version, p.version) ORDER BY p.version DESC LIMIT 1;
	IF chosen.code IS NOT NULL AND isfinite(period) AND extract(day FROM period) = 1 THEN
		FOR f IN SELECT c.severity = 'error' AND rehearsed AND stop IS NULL AS harmless, c.* FROM (
			SELECT * FROM hospital_cost._check_cost(check_allocation.period, chosen)
			UNION ALL SELECT * FROM hospital_cost._check_driver(check_allocation.period, chosen)
			UNION ALL SELECT * FROM hospital_cost._check_base(check_allocation.period, chosen, (SELECT coalesce(jsonb_object_agg(k.code, true), '{}')
				FROM (SELECT d.department_code FROM hospital_cost._direct_cost d WHERE d.period = check_allocation.period
					GROUP BY d.department_code, d.cost_item_code, d.funding_source, d.cost_class HAVING sum(d.amount) <> 0
					UNION SELECT s.department_code FROM hospital_cost._spread_month(check_allocation.period, chosen.flow_unit) s) k (code) WHERE k.code IS NOT NULL))) c
			ORDER BY array_position(ARRAY['error', 'warning', 'note'], c.severity), c.code COLLATE "C", c.identifier COLLATE "C" LOOP
			stop := CASE WHEN f.sqlstate = stop[1] THEN ARRAY[NULL::text] ELSE stop END;
			RETURN QUERY SELECT CASE WHEN f.harmless THEN 'warning' ELSE f.severity END, f.code, CASE WHEN NOT f.harmless THEN f.sqlstate END, f.identifier,
				f.facts || CASE WHEN f.harmless THEN ', though no cost comes to it now' ELSE '' END, f.cure;
		END LOOP;
	END IF;
	IF stop[1] IS NOT NULL THEN
		RETURN QUERY SELECT 'error', CASE stop[1] WHEN 'MC610' THEN 'no_plan' WHEN 'MC611' THEN 'no_steps' WHEN '23514' THEN 'no_month' ELSE 'run_stops' END,
			stop[1], coalesce(check_allocation.plan, ''), concat_ws('. ', stop[2], nullif(stop[3], '')), coalesce(nullif(stop[4], ''), 'Months are written as their first day.');
	END IF;
END $$;

COMMENT ON FUNCTION hospital_cost._check_cost(date, hospital_cost.allocation_plan) IS 'check_allocation: month, cost, spread rules, control totals';
COMMENT ON FUNCTION hospital_cost._rehearse(date, text, int) IS 'check_allocation: what a run would stop with';
COMMENT ON FUNCTION hospital_cost._check_driver(date, hospital_cost.allocation_plan) IS 'check_allocation: drivers and steps';
COMMENT ON FUNCTION hospital_cost.check_allocation(date, text, int) IS 'Everything that would stop or distort a run of a month by a plan (分摊前检查), before it runs: one row a finding. severity: error stops the run (sqlstate is what allocate would raise), warning distorts it, note is good to know; identifier names what it is about, facts the figures, cure the statement that mends it, with … where only the hospital knows. Never raises for what it finds. The run is rehearsed and rolled back (it takes as long as a run, and a run number), so there is an error if and only if allocate would raise one; a read-only transaction is spared that';
