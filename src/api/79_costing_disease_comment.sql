-- 70 costing, diseases and DRG groups: what the names mean.

COMMENT ON TABLE hospital_cost.disease IS 'Diseases (病种) whose cost is computed: a case belongs to the one with the longest matching prefix of its main diagnosis';
COMMENT ON COLUMN hospital_cost.disease.diagnosis_codes IS 'Prefixes of ICD-10 codes of the main diagnosis (主要诊断), such as {K35,K36}';
COMMENT ON TABLE hospital_cost.payment_group IS 'Groups that are paid by case (付费病组): DRG with its weight (RW), DIP with its points (分值); encounter.drg_code names them';
COMMENT ON COLUMN hospital_cost.payment_group.kind IS 'drg or dip';
COMMENT ON COLUMN hospital_cost.payment_group.weight IS 'Weight (权重) of a DRG, points (分值) of a DIP group';
COMMENT ON COLUMN hospital_cost.payment_group.failed IS 'The code says why a case could not be grouped (未入组), such as 0000 or QY: such cases are counted and left out';
COMMENT ON TABLE hospital_cost.payment_rate IS 'Rates (费率) of DRG in yuan a weight of 1, values (点值) of DIP in yuan a point, by payer and date';
COMMENT ON COLUMN hospital_cost.payment_rate.payer IS 'As in encounter.payer; null: whoever has no rate of his own';
COMMENT ON VIEW hospital_cost.cost_to_charge IS 'Cost to income (成本收入比) of clinical and technical departments by run and funding group: cost after two levels without drugs and billable materials, over what was charged for services they performed. ratio is null where nothing was charged';
COMMENT ON VIEW hospital_cost.disease_cost IS 'Disease cost (病种成本) by month of discharge, method, scope and disease; only discharged inpatients, with the cost of all months of their stay. method top_down 自上而下 (encounter_cost), bottom_up 自下而上 (items × unit cost + drugs + billable materials), cost_to_charge 成本收入比 (income × ratio of the department + drugs + billable materials). disease_code null: cases of no disease, which are in none. Official runs; top_down and bottom_up after cost_objects()';
COMMENT ON COLUMN hospital_cost.disease_cost.unit_cost IS 'Mean cost of a case (病种单位成本), yuan';
COMMENT ON COLUMN hospital_cost.disease_cost.median_cost IS 'Median cost of a case, yuan';
COMMENT ON COLUMN hospital_cost.disease_cost.service_cost IS 'Cost without drugs and billable materials (医疗服务项目成本), yuan';
COMMENT ON COLUMN hospital_cost.disease_cost.result IS 'Income − cost (盈亏), yuan';
COMMENT ON COLUMN hospital_cost.disease_cost.uncosted_income IS 'Charged for services that have no unit cost, or whose department has no ratio: their cost is missing in bottom_up and cost_to_charge, yuan';
COMMENT ON VIEW hospital_cost.drg_cost IS 'DRG and DIP cost (DRG成本) by month of discharge, method, scope and group, as disease_cost. drg_code null: cases that failed grouping (未入组), counted and in no group';
COMMENT ON COLUMN hospital_cost.drg_cost.weight IS 'Sum of weights (Σ RW), of DIP of points';
COMMENT ON COLUMN hospital_cost.drg_cost.cmi IS 'Mean weight; over several groups Σ weight ÷ Σ cases is the case mix index (CMI)';
COMMENT ON COLUMN hospital_cost.drg_cost.payment IS 'Weight × rate, points × value of the day of discharge (医保支付标准), yuan, of the cases that have a rate';
COMMENT ON COLUMN hospital_cost.drg_cost.unpaid_cases IS 'Cases without a rate: neither in payment nor in result';
COMMENT ON COLUMN hospital_cost.drg_cost.result IS 'Payment − cost (结余), yuan';
COMMENT ON COLUMN hospital_cost.drg_cost.income_result IS 'Income − cost, yuan';
COMMENT ON FUNCTION hospital_cost._discharged_case(date) IS 'Inpatients discharged in a month, with what was charged to them up to its end';
COMMENT ON FUNCTION hospital_cost._case_line(date) IS 'What was charged to patients discharged in a month, by run, department and item';
COMMENT ON FUNCTION hospital_cost._case_cost(date) IS 'Cost of patients discharged in a month, by method, department and funding group';
COMMENT ON FUNCTION hospital_cost._case_group(date) IS 'Disease, payment group and payment of patients discharged in a month';
COMMENT ON FUNCTION hospital_cost._case_result(date) IS 'Patients discharged in a month with their groups and cost, by method and scope';
