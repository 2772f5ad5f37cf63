-- 70 costing: what its names mean.

COMMENT ON VIEW hospital_cost.visit_cost IS 'Cost of a visit (诊次成本) by run, clinic and cost scope, and for the hospital as a whole. Method (公立医院成本核算规范, 诊次成本): full cost of clinical outpatient and emergency units after the third level ÷ 门急诊人次; the hospital''s figure divides the sums, it is no mean of means. Filter official, or one run_id';
COMMENT ON COLUMN hospital_cost.visit_cost.department_code IS 'Clinic; null: the whole hospital (全院平均)';
COMMENT ON COLUMN hospital_cost.visit_cost.scope IS 'Cost scope (成本范围): medical 医疗成本 (own funds and basic fiscal funds), medical_full 医疗全成本 (and fiscal project and non-peer funds), hospital_full 医院全成本 (and science and education funds, and the classes disposal, remittance, subsidy, other booked on the unit). What is booked on the hospital as a whole is in no unit';
COMMENT ON COLUMN hospital_cost.visit_cost.quantity IS 'Visits of the month (门急诊人次), as in hospital_cost.workload now';
COMMENT ON COLUMN hospital_cost.visit_cost.total_cost IS 'Full cost in the scope, yuan';
COMMENT ON COLUMN hospital_cost.visit_cost.unit_cost IS 'Yuan a visit, rounded to the cent once; null where there was no visit, never 0';
COMMENT ON COLUMN hospital_cost.visit_cost.unit_cost_without_drugs IS 'Yuan a visit without drugs (不含药品)';
COMMENT ON COLUMN hospital_cost.visit_cost.unit_cost_without_drugs_and_materials IS 'Yuan a visit without drugs and without materials charged by themselves (不含药品和单独收费的卫生材料)';
COMMENT ON COLUMN hospital_cost.visit_cost.unit_income IS 'Yuan a visit charged on orders of the clinic, whoever performed them (诊次收入)';
COMMENT ON COLUMN hospital_cost.visit_cost.unit_result IS 'Income − cost, yuan a visit (诊次收益)';
COMMENT ON COLUMN hospital_cost.visit_cost.income IS 'Yuan, all visits';
COMMENT ON COLUMN hospital_cost.visit_cost.official IS 'Whether the run is the official one of its month';

COMMENT ON VIEW hospital_cost.bed_day_cost IS 'Cost of a bed-day (床日成本) by run, ward and cost scope, and for the hospital as a whole. Method (公立医院成本核算规范, 床日成本): full cost of clinical inpatient units after the third level ÷ 实际占用床日. Filter official, or one run_id';
COMMENT ON COLUMN hospital_cost.bed_day_cost.department_code IS 'Ward; null: the whole hospital (全院平均)';
COMMENT ON COLUMN hospital_cost.bed_day_cost.scope IS 'Cost scope (成本范围): medical, medical_full, hospital_full, as in visit_cost';
COMMENT ON COLUMN hospital_cost.bed_day_cost.quantity IS 'Occupied bed-days of the month (实际占用床日, at 24:00), as in hospital_cost.workload now';
COMMENT ON COLUMN hospital_cost.bed_day_cost.total_cost IS 'Full cost in the scope, yuan';
COMMENT ON COLUMN hospital_cost.bed_day_cost.unit_cost IS 'Yuan a bed-day, rounded to the cent once; null where there was none, never 0';
COMMENT ON COLUMN hospital_cost.bed_day_cost.unit_cost_without_drugs IS 'Yuan a bed-day without drugs (不含药品)';
COMMENT ON COLUMN hospital_cost.bed_day_cost.unit_cost_without_drugs_and_materials IS 'Yuan a bed-day without drugs and without materials charged by themselves (不含药品和单独收费的卫生材料)';
COMMENT ON COLUMN hospital_cost.bed_day_cost.unit_income IS 'Yuan a bed-day charged on orders of the ward, whoever performed them (床日收入)';
COMMENT ON COLUMN hospital_cost.bed_day_cost.unit_result IS 'Income − cost, yuan a bed-day (床日收益)';
COMMENT ON COLUMN hospital_cost.bed_day_cost.income IS 'Yuan, all bed-days';
COMMENT ON COLUMN hospital_cost.bed_day_cost.official IS 'Whether the run is the official one of its month';

COMMENT ON FUNCTION hospital_cost._funding_group(text, text) IS 'The funding group of a cost: 1 medical cost of own and basic fiscal money, 2 what medical_full adds, 3 what hospital_full adds';
COMMENT ON VIEW hospital_cost._scope IS 'Cost scopes (成本范围) and how many funding groups, from the first, each takes';
COMMENT ON VIEW hospital_cost._unit_cost_base IS 'Full cost of clinical units by object (visit, bed_day) and scope';
COMMENT ON VIEW hospital_cost._unit_income IS 'Income of departments by month, on their orders';
COMMENT ON VIEW hospital_cost._unit_cost IS 'Unit costs of both objects, behind visit_cost and bed_day_cost';
