-- 60 allocation: what goes in, and what ships.

CREATE OR REPLACE VIEW hospital_cost.direct_cost AS
SELECT d.period, d.department_code, d.cost_item_code, d.funding_source, d.cost_class, d.amount, d.source, d.source_key,
	d.direct_cost_id, d.written_at, d.written_by, d.corrects
FROM hospital_cost._direct_cost d;

CREATE OR REPLACE FUNCTION hospital_cost._write_direct_cost() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		RAISE EXCEPTION 'rows of direct_cost are never changed' USING ERRCODE = 'MC006',
			DETAIL = format('%s was refused.', TG_OP), HINT = 'Take it back by a row that names it, INSERT INTO hospital_cost.direct_cost (corrects) VALUES (…), then write the right one.';
	END IF;
	IF NEW.corrects IS NOT NULL THEN
		NEW := hospital_cost._correct_direct_cost(NEW);
	END IF;
	PERFORM hospital_cost._period_guard(NEW.period);
	NEW.funding_source := coalesce(NEW.funding_source, 'own');
	NEW.cost_class := coalesce(NEW.cost_class, 'medical');
	IF NEW.cost_item_code IS NULL AND NEW.cost_class <> 'medical' THEN
		NEW.cost_item_code := 'other';
	END IF;
	INSERT INTO hospital_cost._direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount, source, source_key, corrects)
	VALUES (NEW.period, NEW.department_code, NEW.cost_item_code, NEW.funding_source, NEW.cost_class, NEW.amount, NEW.source, NEW.source_key, NEW.corrects)
	RETURNING direct_cost_id, written_at, written_by INTO NEW.direct_cost_id, NEW.written_at, NEW.written_by;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER write_direct_cost INSTEAD OF INSERT OR UPDATE OR DELETE ON hospital_cost.direct_cost
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._write_direct_cost();
CREATE OR REPLACE TRIGGER guard_direct_cost BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._direct_cost
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('Write a row with the opposite sign, then the right one.');

CREATE OR REPLACE VIEW hospital_cost.driver_value AS
SELECT v.period, v.driver_code, v.server_code, v.receiver_code, v.quantity FROM hospital_cost._driver_value v;

CREATE OR REPLACE FUNCTION hospital_cost._write_driver_value() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM hospital_cost._period_guard(OLD.period);
		DELETE FROM hospital_cost._driver_value v
		WHERE (v.period, v.driver_code, v.receiver_code) = (OLD.period, OLD.driver_code, OLD.receiver_code)
			AND v.server_code IS NOT DISTINCT FROM OLD.server_code;
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	PERFORM hospital_cost._period_guard(NEW.period);
	INSERT INTO hospital_cost._driver_value (period, driver_code, server_code, receiver_code, quantity)
	VALUES (NEW.period, NEW.driver_code, NEW.server_code, NEW.receiver_code, NEW.quantity);
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER write_driver_value INSTEAD OF INSERT OR UPDATE OR DELETE ON hospital_cost.driver_value
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._write_driver_value();

CREATE OR REPLACE FUNCTION hospital_cost._load_default_costs() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.cost_item (code, name, category, behaviour, billable)
	VALUES ('personnel', '人员经费', 'personnel', 'fixed', false), ('materials', '卫生材料费', 'materials', 'variable', false),
		('drugs', '药品费', 'drugs', 'variable', true), ('depreciation', '固定资产折旧费', 'depreciation', 'fixed', false),
		('amortisation', '无形资产摊销费', 'amortisation', 'fixed', false), ('risk_fund', '提取医疗风险基金', 'risk_fund', 'variable', false),
		('other', '其他运行费用', 'other', 'mixed', false)
	ON CONFLICT DO NOTHING;
	INSERT INTO hospital_cost.driver (code, name, kind, unit)
	VALUES ('headcount', '人员数', 'headcount', '人'), ('area', '房屋面积', 'area', 'm²'),
		('service_quantity', '内部服务量', 'statistic', '次'), ('ordered_revenue', '开单收入', 'revenue', '元')
	ON CONFLICT DO NOTHING;
	WITH made AS (
		INSERT INTO hospital_cost.allocation_plan (code, version, name, zero_base)
		VALUES ('four_class_three_level', 1, '四类三级分项逐级结转', 'fallback')
		ON CONFLICT DO NOTHING RETURNING code, version
	)
	INSERT INTO hospital_cost.allocation_step
		(plan_code, plan_version, step_no, server_class, receiver_classes, driver_code, fallback_driver_code)
	SELECT m.code, m.version, s.step_no, s.server_class, s.receivers, s.driver, s.fallback
	FROM made m CROSS JOIN (VALUES
		(1, 'administrative', '{auxiliary,technical,clinical}'::text[], 'headcount', NULL),
		(2, 'auxiliary', '{technical,clinical}'::text[], 'service_quantity', 'headcount'),
		(3, 'technical', '{clinical}'::text[], 'ordered_revenue', 'headcount')
	) AS s (step_no, server_class, receivers, driver, fallback);
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('load_defaults', '60', 'hospital_cost._load_default_costs')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;

-- A plan that runs were made with stays as it is; a change is a new version.
CREATE OR REPLACE FUNCTION hospital_cost._plan_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ran record;
BEGIN
	-- A step may not move into a plan that was run either; one that was added since may go again.
	SELECT r.plan_code AS code, r.plan_version AS version INTO ran
	FROM (VALUES (to_jsonb(OLD), true), (CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(NEW) END, false)) AS p (j, before)
	JOIN hospital_cost._run r ON r.plan_code = coalesce(p.j ->> 'plan_code', p.j ->> 'code')
		AND r.plan_version = coalesce(p.j ->> 'plan_version', p.j ->> 'version')::int
	WHERE NOT p.before OR p.j ->> 'step_id' IS NULL
		OR EXISTS (SELECT FROM hospital_cost._run_step s WHERE s.run_id = r.run_id AND s.step_id = (p.j ->> 'step_id')::bigint) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'plan "%" version % has been run', ran.code, ran.version USING ERRCODE = 'MC613',
			HINT = 'Insert the changed plan and its steps as a new version.';
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER guard_run BEFORE UPDATE OR DELETE ON hospital_cost.allocation_plan
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._plan_guard();
CREATE OR REPLACE TRIGGER guard_run BEFORE UPDATE OR DELETE ON hospital_cost.allocation_step
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._plan_guard();
