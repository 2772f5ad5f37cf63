-- 98 roles: figures of the departments that a role has access to. Row security does not hold behind views that a superuser owns, and a barrier
-- view tells by its plan what it hides (EXPLAIN ANALYZE counts the rows that a filter removed, and leakproof conditions of the caller go below it).
-- So each view reads a definer function: nothing of the caller's is evaluated inside, and his plan is a Function Scan.

-- Whoever works now, with the roles whose rights he has: the role he set, else his login. '' is the hospital as a whole.
CREATE OR REPLACE FUNCTION hospital_cost._own_department() RETURNS TABLE (department_code text, encounters boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH RECURSIVE held AS MATERIALIZED (
		SELECT a.department_code, a.below, a.hospital_totals, a.encounters
		FROM hospital_cost.department_access a JOIN pg_roles r ON r.rolname = a.role_name
		WHERE a.valid @> hospital_cost.hospital_day(now()) AND pg_has_role(hospital_cost._outer_user()::name, r.oid, 'USAGE')
	), tree AS (
		SELECT d.code, h.below, h.encounters
		FROM held h JOIN hospital_cost.department d ON d.code = h.department_code OR h.department_code IS NULL
		UNION
		SELECT d.code, true, t.encounters FROM tree t JOIN hospital_cost.department d ON d.parent_code = t.code WHERE t.below
	)
	SELECT t.code, bool_or(t.encounters) FROM tree t GROUP BY t.code
	UNION ALL
	SELECT '', false WHERE EXISTS (SELECT FROM held h WHERE h.hospital_totals);
END;

-- The same words for a department that is another's and for one that is not there.
CREATE OR REPLACE FUNCTION hospital_cost._require_own(department text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost._own_department() o WHERE o.department_code = department AND department <> '') THEN
		RAISE EXCEPTION 'department "%" is not one of yours', department USING ERRCODE = 'MC981',
			DETAIL = format('It was asked for by role "%s".', hospital_cost._outer_user()), HINT = 'See hospital_cost.own_department.';
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._require_whole(all_departments boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost._own_department() o WHERE o.department_code = '')
		OR all_departments AND EXISTS (
			SELECT d.code FROM hospital_cost.department d EXCEPT SELECT o.department_code FROM hospital_cost._own_department() o) THEN
		RAISE EXCEPTION 'role "%" does not see the whole hospital', hospital_cost._outer_user() USING ERRCODE = 'MC982',
			HINT = 'It needs a row of hospital_cost.department_access with hospital_totals, for a form also one without department_code.';
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._own_departments()
RETURNS TABLE (department_code text, name text, class text, setting text, parent_code text, encounters boolean)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT d.code, d.name, d.class, d.setting, d.parent_code, o.encounters
	FROM hospital_cost.department d JOIN hospital_cost._own_department() o ON o.department_code = d.code;
END;
CREATE OR REPLACE VIEW hospital_cost.own_department WITH (security_barrier) AS SELECT * FROM hospital_cost._own_departments();

CREATE OR REPLACE FUNCTION hospital_cost._own_department_cost() RETURNS SETOF hospital_cost.department_cost
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.department_cost c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_department_cost WITH (security_barrier) AS SELECT * FROM hospital_cost._own_department_cost();

CREATE OR REPLACE FUNCTION hospital_cost._own_department_result() RETURNS SETOF hospital_cost.department_result
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.department_result c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_department_result WITH (security_barrier) AS SELECT * FROM hospital_cost._own_department_result();

CREATE OR REPLACE FUNCTION hospital_cost._own_visit_cost() RETURNS SETOF hospital_cost.visit_cost
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.visit_cost c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_visit_cost WITH (security_barrier) AS SELECT * FROM hospital_cost._own_visit_cost();

CREATE OR REPLACE FUNCTION hospital_cost._own_bed_day_cost() RETURNS SETOF hospital_cost.bed_day_cost
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.bed_day_cost c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_bed_day_cost WITH (security_barrier) AS SELECT * FROM hospital_cost._own_bed_day_cost();

CREATE OR REPLACE FUNCTION hospital_cost._own_visit_cost_item() RETURNS SETOF hospital_cost.visit_cost_item
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.visit_cost_item c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_visit_cost_item WITH (security_barrier) AS SELECT * FROM hospital_cost._own_visit_cost_item();

CREATE OR REPLACE FUNCTION hospital_cost._own_bed_day_cost_item() RETURNS SETOF hospital_cost.bed_day_cost_item
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.bed_day_cost_item c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_bed_day_cost_item WITH (security_barrier) AS SELECT * FROM hospital_cost._own_bed_day_cost_item();

CREATE OR REPLACE FUNCTION hospital_cost._own_item_cost() RETURNS SETOF hospital_cost.item_cost
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.item_cost c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_item_cost WITH (security_barrier) AS SELECT * FROM hospital_cost._own_item_cost();

CREATE OR REPLACE FUNCTION hospital_cost._own_activity_cost() RETURNS SETOF hospital_cost.activity_cost
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.activity_cost c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_activity_cost WITH (security_barrier) AS SELECT * FROM hospital_cost._own_activity_cost();

CREATE OR REPLACE FUNCTION hospital_cost._own_idle_capacity() RETURNS SETOF hospital_cost.idle_capacity
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.idle_capacity c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_idle_capacity WITH (security_barrier) AS SELECT * FROM hospital_cost._own_idle_capacity();

CREATE OR REPLACE FUNCTION hospital_cost._own_bed_use() RETURNS SETOF hospital_cost.bed_use
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.bed_use c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_bed_use WITH (security_barrier) AS SELECT * FROM hospital_cost._own_bed_use();

CREATE OR REPLACE FUNCTION hospital_cost._own_unused_capacity() RETURNS SETOF hospital_cost.unused_capacity
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.unused_capacity c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_unused_capacity WITH (security_barrier) AS SELECT * FROM hospital_cost._own_unused_capacity();

CREATE OR REPLACE FUNCTION hospital_cost._own_workload() RETURNS SETOF hospital_cost.workload
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.workload c
	WHERE coalesce(c.department_code, '') IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_workload WITH (security_barrier) AS SELECT * FROM hospital_cost._own_workload();

-- What others ordered from us and what we ordered from them are our figures both.
CREATE OR REPLACE FUNCTION hospital_cost._own_charge_total() RETURNS SETOF hospital_cost.charge_total
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.* FROM hospital_cost.charge_total c
	WHERE c.performing_department_code IN (SELECT o.department_code FROM hospital_cost._own_department() o)
		OR c.ordering_department_code IN (SELECT o.department_code FROM hospital_cost._own_department() o);
END;
CREATE OR REPLACE VIEW hospital_cost.own_charge_total WITH (security_barrier) AS SELECT * FROM hospital_cost._own_charge_total();
