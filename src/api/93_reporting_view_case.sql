-- 90 reporting: F11 to F17 with fixed columns, of every official month whose cost objects are computed. The mode is asked for so that no form is
-- made before its month is known to have them; those of diseases and groups tell no month that lacks stays (MC906).

CREATE OR REPLACE VIEW hospital_cost.form_f11 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'quantity') AS quantity,
	max(f.amount) FILTER (WHERE f.col_code = 'personnel') AS personnel, max(f.amount) FILTER (WHERE f.col_code = 'materials') AS materials,
	max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs, max(f.amount) FILTER (WHERE f.col_code = 'depreciation') AS depreciation,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation') AS amortisation, max(f.amount) FILTER (WHERE f.col_code = 'risk_fund') AS risk_fund,
	max(f.amount) FILTER (WHERE f.col_code = 'other') AS other, max(f.amount) FILTER (WHERE f.col_code = 'unit_cost') AS unit_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'price') AS price, max(f.amount) FILTER (WHERE f.col_code = 'unit_result') AS unit_result,
	max(f.amount) FILTER (WHERE f.col_code = 'total_cost') AS total_cost, max(f.amount) FILTER (WHERE f.col_code = 'income') AS income,
	max(f.amount) FILTER (WHERE f.col_code = 'result') AS result
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F11', CASE WHEN r.mode <> '' THEN r.period END) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f12 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'cases') AS cases,
	max(f.amount) FILTER (WHERE f.col_code = 'average_stay') AS average_stay, max(f.amount) FILTER (WHERE f.col_code = 'total_cost') AS total_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'unit_cost') AS unit_cost, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.amount) FILTER (WHERE f.col_code = 'billable_materials') AS billable_materials,
	max(f.amount) FILTER (WHERE f.col_code = 'services') AS services, max(f.amount) FILTER (WHERE f.col_code = 'income') AS income,
	max(f.amount) FILTER (WHERE f.col_code = 'result') AS result
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F12', CASE WHEN r.missing_months = '{}' THEN r.period END) f
WHERE r.official AND r.missing_months = '{}'
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f13 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'personnel') AS personnel,
	max(f.ratio) FILTER (WHERE f.col_code = 'personnel') AS personnel_ratio, max(f.amount) FILTER (WHERE f.col_code = 'materials') AS materials,
	max(f.ratio) FILTER (WHERE f.col_code = 'materials') AS materials_ratio, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.ratio) FILTER (WHERE f.col_code = 'drugs') AS drugs_ratio, max(f.amount) FILTER (WHERE f.col_code = 'depreciation') AS depreciation,
	max(f.ratio) FILTER (WHERE f.col_code = 'depreciation') AS depreciation_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation') AS amortisation,
	max(f.ratio) FILTER (WHERE f.col_code = 'amortisation') AS amortisation_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'risk_fund') AS risk_fund, max(f.ratio) FILTER (WHERE f.col_code = 'risk_fund') AS risk_fund_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'other') AS other, max(f.ratio) FILTER (WHERE f.col_code = 'other') AS other_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'total') AS total
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F13', CASE WHEN r.missing_months = '{}' THEN r.period END) f
WHERE r.official AND r.missing_months = '{}'
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f14 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'ward') AS ward,
	max(f.ratio) FILTER (WHERE f.col_code = 'ward') AS ward_ratio, max(f.amount) FILTER (WHERE f.col_code = 'icu') AS icu,
	max(f.ratio) FILTER (WHERE f.col_code = 'icu') AS icu_ratio, max(f.amount) FILTER (WHERE f.col_code = 'theatre') AS theatre,
	max(f.ratio) FILTER (WHERE f.col_code = 'theatre') AS theatre_ratio, max(f.amount) FILTER (WHERE f.col_code = 'examination') AS examination,
	max(f.ratio) FILTER (WHERE f.col_code = 'examination') AS examination_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'laboratory') AS laboratory,
	max(f.ratio) FILTER (WHERE f.col_code = 'laboratory') AS laboratory_ratio, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.ratio) FILTER (WHERE f.col_code = 'drugs') AS drugs_ratio, max(f.amount) FILTER (WHERE f.col_code = 'materials') AS materials,
	max(f.ratio) FILTER (WHERE f.col_code = 'materials') AS materials_ratio, max(f.amount) FILTER (WHERE f.col_code = 'other_unit') AS other_unit,
	max(f.ratio) FILTER (WHERE f.col_code = 'other_unit') AS other_unit_ratio, max(f.amount) FILTER (WHERE f.col_code = 'total') AS total
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F14', CASE WHEN r.missing_months = '{}' THEN r.period END) f
WHERE r.official AND r.missing_months = '{}'
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f15 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'cases') AS cases,
	max(f.amount) FILTER (WHERE f.col_code = 'average_stay') AS average_stay, max(f.amount) FILTER (WHERE f.col_code = 'total_cost') AS total_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'unit_cost') AS unit_cost, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.amount) FILTER (WHERE f.col_code = 'billable_materials') AS billable_materials,
	max(f.amount) FILTER (WHERE f.col_code = 'services') AS services, max(f.amount) FILTER (WHERE f.col_code = 'income') AS income,
	max(f.amount) FILTER (WHERE f.col_code = 'result') AS result, max(f.amount) FILTER (WHERE f.col_code = 'weight') AS weight,
	max(f.amount) FILTER (WHERE f.col_code = 'cmi') AS cmi, max(f.amount) FILTER (WHERE f.col_code = 'payment') AS payment,
	max(f.amount) FILTER (WHERE f.col_code = 'balance') AS balance, max(f.amount) FILTER (WHERE f.col_code = 'unpaid_cases') AS unpaid_cases
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F15', CASE WHEN r.missing_months = '{}' THEN r.period END) f
WHERE r.official AND r.missing_months = '{}'
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f16 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'personnel') AS personnel,
	max(f.ratio) FILTER (WHERE f.col_code = 'personnel') AS personnel_ratio, max(f.amount) FILTER (WHERE f.col_code = 'materials') AS materials,
	max(f.ratio) FILTER (WHERE f.col_code = 'materials') AS materials_ratio, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.ratio) FILTER (WHERE f.col_code = 'drugs') AS drugs_ratio, max(f.amount) FILTER (WHERE f.col_code = 'depreciation') AS depreciation,
	max(f.ratio) FILTER (WHERE f.col_code = 'depreciation') AS depreciation_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation') AS amortisation,
	max(f.ratio) FILTER (WHERE f.col_code = 'amortisation') AS amortisation_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'risk_fund') AS risk_fund, max(f.ratio) FILTER (WHERE f.col_code = 'risk_fund') AS risk_fund_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'other') AS other, max(f.ratio) FILTER (WHERE f.col_code = 'other') AS other_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'total') AS total
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F16', CASE WHEN r.missing_months = '{}' THEN r.period END) f
WHERE r.official AND r.missing_months = '{}'
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f17 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'ward') AS ward,
	max(f.ratio) FILTER (WHERE f.col_code = 'ward') AS ward_ratio, max(f.amount) FILTER (WHERE f.col_code = 'icu') AS icu,
	max(f.ratio) FILTER (WHERE f.col_code = 'icu') AS icu_ratio, max(f.amount) FILTER (WHERE f.col_code = 'theatre') AS theatre,
	max(f.ratio) FILTER (WHERE f.col_code = 'theatre') AS theatre_ratio, max(f.amount) FILTER (WHERE f.col_code = 'examination') AS examination,
	max(f.ratio) FILTER (WHERE f.col_code = 'examination') AS examination_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'laboratory') AS laboratory,
	max(f.ratio) FILTER (WHERE f.col_code = 'laboratory') AS laboratory_ratio, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.ratio) FILTER (WHERE f.col_code = 'drugs') AS drugs_ratio, max(f.amount) FILTER (WHERE f.col_code = 'materials') AS materials,
	max(f.ratio) FILTER (WHERE f.col_code = 'materials') AS materials_ratio, max(f.amount) FILTER (WHERE f.col_code = 'other_unit') AS other_unit,
	max(f.ratio) FILTER (WHERE f.col_code = 'other_unit') AS other_unit_ratio, max(f.amount) FILTER (WHERE f.col_code = 'total') AS total
FROM hospital_cost.costing r CROSS JOIN LATERAL hospital_cost.form('F17', CASE WHEN r.missing_months = '{}' THEN r.period END) f
WHERE r.official AND r.missing_months = '{}'
GROUP BY r.period, f.row_no, f.row_code, f.row_name;
