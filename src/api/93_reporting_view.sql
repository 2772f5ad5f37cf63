-- 90 reporting: forms whose columns are fixed, one line a row, of every month that has an official run. Where a line is taken out of a
-- layout its column is null.

CREATE OR REPLACE VIEW hospital_cost.form_f01 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'personnel') AS personnel,
	max(f.amount) FILTER (WHERE f.col_code = 'materials') AS materials, max(f.amount) FILTER (WHERE f.col_code = 'drugs') AS drugs,
	max(f.amount) FILTER (WHERE f.col_code = 'depreciation') AS depreciation,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation') AS amortisation, max(f.amount) FILTER (WHERE f.col_code = 'risk_fund') AS risk_fund,
	max(f.amount) FILTER (WHERE f.col_code = 'other') AS other, max(f.amount) FILTER (WHERE f.col_code = 'total') AS total
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F01', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f02 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'medical') AS medical,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_depreciation') AS fiscal_depreciation,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_amortisation') AS fiscal_amortisation,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_other') AS fiscal_other,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full') AS medical_full,
	max(f.amount) FILTER (WHERE f.col_code = 'science_education') AS science_education,
	max(f.amount) FILTER (WHERE f.col_code = 'disposal') AS disposal, max(f.amount) FILTER (WHERE f.col_code = 'remittance') AS remittance,
	max(f.amount) FILTER (WHERE f.col_code = 'subsidy') AS subsidy, max(f.amount) FILTER (WHERE f.col_code = 'other') AS other,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F02', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f03 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'personnel_direct_cost') AS personnel_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'personnel_indirect_cost') AS personnel_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'personnel_full_cost') AS personnel_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'materials_direct_cost') AS materials_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'materials_indirect_cost') AS materials_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'materials_full_cost') AS materials_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'drugs_direct_cost') AS drugs_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'drugs_indirect_cost') AS drugs_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'drugs_full_cost') AS drugs_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'depreciation_direct_cost') AS depreciation_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'depreciation_indirect_cost') AS depreciation_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'depreciation_full_cost') AS depreciation_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation_direct_cost') AS amortisation_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation_indirect_cost') AS amortisation_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'amortisation_full_cost') AS amortisation_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'risk_fund_direct_cost') AS risk_fund_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'risk_fund_indirect_cost') AS risk_fund_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'risk_fund_full_cost') AS risk_fund_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'other_direct_cost') AS other_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'other_indirect_cost') AS other_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'other_full_cost') AS other_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'total_direct_cost') AS total_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'total_indirect_cost') AS total_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'total_full_cost') AS total_full_cost
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F03', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f04 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'medical_direct_cost') AS medical_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_indirect_cost') AS medical_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full_cost') AS medical_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_depreciation_direct_cost') AS fiscal_depreciation_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_depreciation_indirect_cost') AS fiscal_depreciation_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_depreciation_full_cost') AS fiscal_depreciation_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_amortisation_direct_cost') AS fiscal_amortisation_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_amortisation_indirect_cost') AS fiscal_amortisation_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_amortisation_full_cost') AS fiscal_amortisation_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_other_direct_cost') AS fiscal_other_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_other_indirect_cost') AS fiscal_other_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'fiscal_other_full_cost') AS fiscal_other_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full_direct_cost') AS medical_full_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full_indirect_cost') AS medical_full_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full_full_cost') AS medical_full_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'science_education_direct_cost') AS science_education_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'science_education_indirect_cost') AS science_education_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'science_education_full_cost') AS science_education_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'disposal_direct_cost') AS disposal_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'disposal_indirect_cost') AS disposal_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'disposal_full_cost') AS disposal_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'remittance_direct_cost') AS remittance_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'remittance_indirect_cost') AS remittance_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'remittance_full_cost') AS remittance_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'subsidy_direct_cost') AS subsidy_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'subsidy_indirect_cost') AS subsidy_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'subsidy_full_cost') AS subsidy_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'other_direct_cost') AS other_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'other_indirect_cost') AS other_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'other_full_cost') AS other_full_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full_direct_cost') AS hospital_full_direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full_indirect_cost') AS hospital_full_indirect_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full_full_cost') AS hospital_full_full_cost
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F04', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

-- Transposed: a department a line, as its columns are the hospital's.
CREATE OR REPLACE VIEW hospital_cost.form_f05 AS
SELECT r.period, f.col_no AS row_no, f.col_code AS row_code, f.col_name AS row_name,
	max(f.amount) FILTER (WHERE f.row_code = 'personnel') AS personnel, max(f.ratio) FILTER (WHERE f.row_code = 'personnel') AS personnel_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'materials') AS materials, max(f.ratio) FILTER (WHERE f.row_code = 'materials') AS materials_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'drugs') AS drugs, max(f.ratio) FILTER (WHERE f.row_code = 'drugs') AS drugs_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'depreciation') AS depreciation,
	max(f.ratio) FILTER (WHERE f.row_code = 'depreciation') AS depreciation_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'amortisation') AS amortisation,
	max(f.ratio) FILTER (WHERE f.row_code = 'amortisation') AS amortisation_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'risk_fund') AS risk_fund, max(f.ratio) FILTER (WHERE f.row_code = 'risk_fund') AS risk_fund_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'other') AS other, max(f.ratio) FILTER (WHERE f.row_code = 'other') AS other_ratio,
	max(f.amount) FILTER (WHERE f.row_code = 'total') AS total, max(f.amount) FILTER (WHERE f.row_code = 'income') AS income,
	max(f.amount) FILTER (WHERE f.row_code = 'result') AS result, max(f.amount) FILTER (WHERE f.row_code = 'bed_day_cost') AS bed_day_cost,
	max(f.amount) FILTER (WHERE f.row_code = 'visit_cost') AS visit_cost
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F05', r.period) f
WHERE r.official
GROUP BY r.period, f.col_no, f.col_code, f.col_name;

CREATE OR REPLACE VIEW hospital_cost.form_f06 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'direct') AS direct_cost,
	max(f.amount) FILTER (WHERE f.col_code = 'level1') AS level1, max(f.amount) FILTER (WHERE f.col_code = 'level2') AS level2,
	max(f.amount) FILTER (WHERE f.col_code = 'level3') AS level3, max(f.amount) FILTER (WHERE f.col_code = 'rounding') AS rounding,
	max(f.amount) FILTER (WHERE f.col_code = 'full') AS full_cost
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F06', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f07 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'medical') AS medical,
	max(f.ratio) FILTER (WHERE f.col_code = 'medical') AS medical_ratio, max(f.amount) FILTER (WHERE f.col_code = 'medical_full') AS medical_full,
	max(f.ratio) FILTER (WHERE f.col_code = 'medical_full') AS medical_full_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full,
	max(f.ratio) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full_ratio
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F07', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f08 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'quantity') AS quantity,
	max(f.amount) FILTER (WHERE f.col_code = 'total_cost') AS total_cost, max(f.amount) FILTER (WHERE f.col_code = 'medical') AS medical,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full') AS medical_full,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full,
	max(f.amount) FILTER (WHERE f.col_code = 'without_drugs') AS without_drugs,
	max(f.amount) FILTER (WHERE f.col_code = 'without_drugs_and_materials') AS without_drugs_and_materials,
	max(f.amount) FILTER (WHERE f.col_code = 'income') AS income, max(f.amount) FILTER (WHERE f.col_code = 'result') AS result,
	max(f.amount) FILTER (WHERE f.col_code = 'unit_income') AS unit_income, max(f.amount) FILTER (WHERE f.col_code = 'unit_result') AS unit_result
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F08', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f09 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'medical') AS medical,
	max(f.ratio) FILTER (WHERE f.col_code = 'medical') AS medical_ratio, max(f.amount) FILTER (WHERE f.col_code = 'medical_full') AS medical_full,
	max(f.ratio) FILTER (WHERE f.col_code = 'medical_full') AS medical_full_ratio,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full,
	max(f.ratio) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full_ratio
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F09', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_f10 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'quantity') AS quantity,
	max(f.amount) FILTER (WHERE f.col_code = 'total_cost') AS total_cost, max(f.amount) FILTER (WHERE f.col_code = 'medical') AS medical,
	max(f.amount) FILTER (WHERE f.col_code = 'medical_full') AS medical_full,
	max(f.amount) FILTER (WHERE f.col_code = 'hospital_full') AS hospital_full,
	max(f.amount) FILTER (WHERE f.col_code = 'without_drugs') AS without_drugs,
	max(f.amount) FILTER (WHERE f.col_code = 'without_drugs_and_materials') AS without_drugs_and_materials,
	max(f.amount) FILTER (WHERE f.col_code = 'income') AS income, max(f.amount) FILTER (WHERE f.col_code = 'result') AS result,
	max(f.amount) FILTER (WHERE f.col_code = 'unit_income') AS unit_income, max(f.amount) FILTER (WHERE f.col_code = 'unit_result') AS unit_result
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('F10', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;

CREATE OR REPLACE VIEW hospital_cost.form_hy02f1 AS
SELECT r.period, f.row_no, f.row_code, f.row_name, max(f.amount) FILTER (WHERE f.col_code = 'period') AS month,
	max(f.amount) FILTER (WHERE f.col_code = 'year') AS year_to_date
FROM hospital_cost.run r CROSS JOIN LATERAL hospital_cost.form('HY02F1', r.period) f
WHERE r.official
GROUP BY r.period, f.row_no, f.row_code, f.row_name;
