-- A random month with a random plan: departments of all classes, signed costs of several sources, drivers of every kind, every policy.
CREATE FUNCTION generate(n int, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	i int;
	plan text := 'P' || n;
	classes text[] := ARRAY['administrative', 'auxiliary', 'technical'];
	negatives boolean;
	d text;
BEGIN
	PERFORM hospital_cost.open_period(month);
	-- Departments belong to the month's plan alone; the others of the hospital end before it.
	UPDATE hospital_cost.department SET valid = '[1990-01-01,1990-02-01)', class = 'external' WHERE code NOT LIKE plan || '-%';
	FOR i IN 1 .. 5 + floor(random() * 7)::int LOOP
		INSERT INTO hospital_cost.department (code, name, class) VALUES (format('%s-%s', plan, substr(md5(n || '/' || i), 1, 4)), 'x',
			CASE WHEN i <= 2 THEN 'clinical' ELSE one_of('administrative', 'auxiliary', 'technical', 'clinical') END);
	END LOOP;
	INSERT INTO hospital_cost.direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
	SELECT month, x.code, c.item, s.source, 'medical', round((random() * power(10, 2 + floor(random() * 6)) * CASE WHEN chance(0.15) THEN -1 ELSE 1 END)::numeric, CASE WHEN chance(0.1) THEN 8 ELSE 2 END)
	FROM hospital_cost.department x, unnest(ARRAY['personnel', 'drugs', 'other']) AS c (item), unnest(ARRAY['own', 'fiscal_basic']) AS s (source)
	WHERE x.code LIKE plan || '-%' AND chance(0.6);
	IF chance(0.3) THEN
		INSERT INTO hospital_cost.direct_cost (period, cost_item_code, cost_class, amount) VALUES (month, 'other', 'other', 1234.56);
	END IF;
	negatives := chance(0.3);
	INSERT INTO hospital_cost.allocation_plan (code, flow_unit, cell_unit, multiplier_scale, residual_rule, zero_base, negative_statistic, credit_balance)
	VALUES (plan, one_of('0.00000001', '0.00000001', '0.01', '1')::numeric, one_of('0.01', '0.01', '1')::numeric,
		CASE WHEN chance(0.3) THEN floor(random() * 7)::int END, one_of('largest_remainder', 'largest_amount'),
		one_of('error', 'fallback', 'fallback', 'unallocated', 'equal'),
		one_of('error', 'zero', 'absolute', 'shift', 'signed'), one_of('allocate', 'keep'));
	FOR i IN 1 .. 5 LOOP
		INSERT INTO hospital_cost.driver (code, name, kind) VALUES (plan || '-d' || i, 'x',
			CASE i WHEN 1 THEN 'statistic' WHEN 2 THEN 'headcount' WHEN 3 THEN 'equal' WHEN 4 THEN 'accumulated_cost' ELSE 'fixed_share' END);
	END LOOP;
	-- Shared values for one driver, pairwise ones beside them for some servers; zero sums happen.
	INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity)
	SELECT month, plan || '-d' || v.k, NULL, x.code, CASE WHEN chance(0.15) THEN 0 ELSE round((random() * 1000)::numeric, floor(random() * 7)::int)
		* CASE WHEN negatives AND chance(0.15) THEN -1 ELSE 1 END END
	FROM hospital_cost.department x, generate_series(1, 2) AS v (k) WHERE x.code LIKE plan || '-%' AND chance(0.7);
	INSERT INTO hospital_cost.driver_value (period, driver_code, server_code, receiver_code, quantity)
	SELECT month, plan || '-d1', s.code, x.code, CASE WHEN chance(0.3) THEN 0 ELSE floor(random() * 20) END
	FROM (SELECT y.code FROM hospital_cost.department y WHERE y.code LIKE plan || '-%' AND y.class <> 'clinical' AND chance(0.5) OFFSET 0) s,
		hospital_cost.department x WHERE x.code LIKE plan || '-%' AND chance(0.6);
	INSERT INTO hospital_cost.driver_value (period, driver_code, receiver_code, quantity)
	SELECT month, plan || '-d5', c.code, CASE WHEN row_number() OVER (ORDER BY c.code) = 1 THEN 1 - 0.123457 * (count(*) OVER () - 1) ELSE 0.123457 END
	FROM (SELECT x.code FROM hospital_cost.department x WHERE x.code LIKE plan || '-%' AND x.class = 'clinical' ORDER BY x.code LIMIT 8) c;
	-- One group or several a class, and now and then a step of one department or one cost item that knows better.
	FOR i IN 1 .. 3 LOOP
		INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, receiver_classes, driver_code, fallback_driver_code)
		VALUES (plan, CASE WHEN chance(0.2) THEN 1 ELSE i END, classes[i], NULL, plan || '-d' || (1 + floor(random() * 5)::int), CASE WHEN chance(0.6) THEN plan || '-d3' END);
	END LOOP;
	UPDATE hospital_cost.allocation_step s SET receiver_classes = CASE WHEN chance(0.5) THEN ARRAY['auxiliary', 'technical', 'clinical'] ELSE ARRAY['clinical'] END
	WHERE s.plan_code = plan AND s.driver_code <> plan || '-d5' AND chance(0.6);
	FOR d IN SELECT x.code FROM hospital_cost.department x WHERE x.code LIKE plan || '-%' AND x.class <> 'clinical' AND chance(0.3) LOOP
		INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_code, driver_code, cost_item_code, fallback_driver_code)
		VALUES (plan, 1 + floor(random() * 4)::int, d, plan || '-d' || (1 + floor(random() * 4)::int), CASE WHEN chance(0.5) THEN one_of('personnel', 'drugs') END, plan || '-d3');
	END LOOP;
	IF chance(0.3) THEN
		INSERT INTO hospital_cost.allocation_step (plan_code, step_no, server_class, driver_code, cost_item_code, fallback_driver_code)
		VALUES (plan, 2, 'auxiliary', plan || '-d2', 'personnel', plan || '-d3');
	END IF;
END $$;
