-- 98 roles: what the names of own figures mean.

COMMENT ON TABLE hospital_cost.department_access IS 'Whose figures a role sees through the own_ views and functions (科室数据权限), one row a role and department. A login sees what the roles say whose rights it has (its own name counts); after SET ROLE what that role says. Written by the controller; it opens nothing to who has not the role department_head';
COMMENT ON COLUMN hospital_cost.department_access.role_name IS 'Role or login of the database, as pg_roles spells it; check_setup() names those that do not exist';
COMMENT ON COLUMN hospital_cost.department_access.department_code IS 'null: every department';
COMMENT ON COLUMN hospital_cost.department_access.below IS 'Departments below it (parent_code) too, to any depth';
COMMENT ON COLUMN hospital_cost.department_access.hospital_totals IS 'Also rows of the hospital as a whole (department_code null). Who sees a total and all departments but one knows that one';
COMMENT ON COLUMN hospital_cost.department_access.encounters IS 'Also rows of single patients of these departments: cells of patients, and what findings say of them';
COMMENT ON COLUMN hospital_cost.department_access.valid IS 'Days of the hospital on which it holds';
COMMENT ON FUNCTION hospital_cost._own_department() IS 'Departments of whoever works now, and whether he sees their patients; "" is the hospital as a whole';
COMMENT ON FUNCTION hospital_cost._require_own(text) IS 'MC981 if the department is not one of the caller''s';
COMMENT ON FUNCTION hospital_cost._require_whole(boolean) IS 'MC982 if the caller does not see hospital totals; with true: and every department';
COMMENT ON VIEW hospital_cost.own_department IS 'Departments whose figures the caller sees (本人可见科室); encounters: with their patients';
COMMENT ON FUNCTION hospital_cost.own_department_cost_now(date, text) IS 'department_cost_now() of own departments (本科室实时成本). MC731 scope';
COMMENT ON FUNCTION hospital_cost.own_cost_change(date, date, text) IS 'cost_change() of own departments (本科室成本变动), with hospital_totals the hospital''s rows too. MC731 scope, MC734 a month without an official run';
COMMENT ON FUNCTION hospital_cost.own_trace_cost(int, text, text) IS 'trace_cost() of an own department (本科室成本追溯): own rows of direct cost one by one, what came from other departments as sums by origin and path. Yuan; the rows of a cell sum to its full_cost. MC981 not an own department, MC614, MC618';
COMMENT ON FUNCTION hospital_cost.own_encounter_cost(date) IS 'Cells of own departments in the official run of a month (本科室患者成本): rows of patients where the access says so, else only what no patient took';
COMMENT ON FUNCTION hospital_cost.own_finding(date) IS 'Findings about own departments, and about what they performed, ordered or had on their wards (本科室疑点), of a month or all. Unless the access says encounters the columns from encounter_code on are null, and of single charges expected and observed too. A finding that names neither a department nor a ledger entry is not here';
COMMENT ON FUNCTION hospital_cost.own_form(text, date, date, text, text) IS 'form() for who sees every department and hospital totals. MC982, and as form()';
COMMENT ON FUNCTION hospital_cost.own_indicator(date, text) IS 'indicator() for who sees hospital totals. MC982, and as indicator()';
COMMENT ON FUNCTION hospital_cost._access_setup() IS 'check_setup of department_access';

-- The views say what those say that they are taken from, and show the rows of own departments.
DO $$
DECLARE
	v record;
BEGIN
	FOR v IN SELECT x.name FROM pg_catalog.unnest('{department_cost,department_result,visit_cost,bed_day_cost,visit_cost_item,bed_day_cost_item,item_cost,
			activity_cost,idle_capacity,bed_use,unused_capacity,workload,charge_total}'::text[]) AS x (name) LOOP
		EXECUTE pg_catalog.format('COMMENT ON VIEW hospital_cost.own_%s IS %L', v.name,
			pg_catalog.format('%s of own departments (本科室), those of own_department; with hospital_totals the hospital''s rows too. Columns as there', v.name));
		EXECUTE pg_catalog.format('COMMENT ON FUNCTION hospital_cost._own_%s() IS %L', v.name, pg_catalog.format('Behind own_%s', v.name));
	END LOOP;
END $$;
COMMENT ON FUNCTION hospital_cost._own_departments() IS 'Behind own_department';
