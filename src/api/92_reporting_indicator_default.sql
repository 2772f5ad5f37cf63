-- 90 reporting: the indicators that ship.

CREATE OR REPLACE FUNCTION hospital_cost._load_indicators() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.indicator_layout (position, code, name_zh, name_en, unit, factor, numerator, denominator)
	SELECT r.position, r.code, r.zh, r.en, r.unit, CASE WHEN r.unit = '%' THEN 100 WHEN r.code LIKE '%\_per\_100\_%' THEN 100 ELSE 1 END,
		r.numerator, r.denominator
	FROM (VALUES
		(10, 'visits', '门急诊人次', 'Outpatient and emergency visits', '人次', '{visits}'::text[], NULL::text[]),
		(11, 'bed_days', '实际占用床日', 'Occupied bed-days', '床日', '{bed_days}', NULL),
		(12, 'employees', '在职职工人数', 'Employees', '人', '{employees}', NULL),
		(13, 'income', '医疗收入', 'Medical income', '元', '{income}', NULL), (14, 'cost', '医疗成本', 'Medical cost', '元', '{cost}', NULL),
		(15, 'result', '医疗收益', 'Medical result', '元', '{income,-cost}', NULL),
		(20, 'employee_income', '每职工平均医疗收入', 'Medical income an employee', '元', '{income}', '{employees}'),
		(21, 'employee_cost', '每职工平均医疗成本', 'Medical cost an employee', '元', '{cost}', '{employees}'),
		(22, 'employee_result', '每职工平均医疗收益', 'Medical result an employee', '元', '{income,-cost}', '{employees}'),
		(30, 'drug_income_rate', '药品收入占医疗收入比重', 'Drugs in medical income', '%', '{income_drugs}', '{income}'),
		(31, 'drug_share', '药占比（不含中药饮片）', 'Drugs without herbal slices in medical income', '%', '{income_drugs,-income_herbs}', '{income}'),
		(32, 'material_share', '耗占比', 'Materials in medical income', '%', '{income_materials}', '{income}'),
		(40, 'fixed_cost_rate', '固定成本率', 'Fixed cost', '%', '{cost_fixed}', '{cost}'),
		(41, 'variable_cost_rate', '变动成本率', 'Variable cost', '%', '{cost_variable}', '{cost}'),
		(42, 'mixed_cost_rate', '混合成本率', 'Mixed cost', '%', '{cost_mixed}', '{cost}'),
		(43, 'personnel_cost_rate', '人员经费成本率', 'Personnel in medical cost', '%', '{cost_personnel}', '{cost}'),
		(44, 'material_cost_rate', '卫生材料成本率', 'Materials in medical cost', '%', '{cost_materials}', '{cost}'),
		(45, 'drug_cost_rate', '药品成本率', 'Drugs in medical cost', '%', '{cost_drugs}', '{cost}'),
		(46, 'depreciation_cost_rate', '固定资产折旧成本率', 'Depreciation in medical cost', '%', '{cost_depreciation}', '{cost}'),
		(50, 'income_margin', '医疗收入收益率', 'Result of medical income', '%', '{income,-cost}', '{income}'),
		(51, 'outpatient_income_margin', '门诊收入收益率', 'Result of outpatient income', '%', '{income_outpatient,-cost_outpatient}', '{income_outpatient}'),
		(52, 'inpatient_income_margin', '住院收入收益率', 'Result of inpatient income', '%', '{income_inpatient,-cost_inpatient}', '{income_inpatient}'),
		(53, 'drug_income_margin', '药品收入收益率', 'Result of drug income', '%', '{income_drugs,-cost_drugs}', '{income_drugs}'),
		(54, 'cost_margin', '医疗成本收益率', 'Result of medical cost', '%', '{income,-cost}', '{cost}'),
		(55, 'outpatient_cost_margin', '门诊成本收益率', 'Result of outpatient cost', '%', '{income_outpatient,-cost_outpatient}', '{cost_outpatient}'),
		(56, 'inpatient_cost_margin', '住院成本收益率', 'Result of inpatient cost', '%', '{income_inpatient,-cost_inpatient}', '{cost_inpatient}'),
		(57, 'drug_cost_margin', '药品成本收益率', 'Result of drug cost', '%', '{income_drugs,-cost_drugs}', '{cost_drugs}'),
		(60, 'visit_charge', '每门急诊人次平均收费水平（门诊次均费用）', 'Charge a visit', '元', '{income_outpatient}', '{visits}'),
		(61, 'visit_cost', '每门急诊人次平均医疗成本', 'Cost a visit', '元', '{cost_outpatient}', '{visits}'),
		(62, 'visit_result', '每门急诊人次平均收益', 'Result a visit', '元', '{income_outpatient,-cost_outpatient}', '{visits}'),
		(63, 'bed_day_charge', '每床日平均收费水平', 'Charge a bed-day', '元', '{income_inpatient}', '{bed_days}'),
		(64, 'bed_day_cost', '每床日平均医疗成本', 'Cost a bed-day', '元', '{cost_inpatient}', '{bed_days}'),
		(65, 'bed_day_result', '每床日平均收益', 'Result a bed-day', '元', '{income_inpatient,-cost_inpatient}', '{bed_days}'),
		(66, 'discharge_charge', '出院患者次均费用', 'Charge a discharge', '元', '{income_inpatient}', '{discharges}'),
		(70, 'cost_per_100_outpatient_income', '百元门诊收入消耗成本', 'Cost of 100 yuan of outpatient income', '元', '{cost_outpatient}', '{income_outpatient}'),
		(71, 'cost_per_100_inpatient_income', '百元住院收入消耗成本', 'Cost of 100 yuan of inpatient income', '元', '{cost_inpatient}', '{income_inpatient}'),
		(72, 'drugs_per_100_income', '百元医疗收入消耗药品', 'Drugs of 100 yuan of medical income', '元', '{cost_drugs}', '{income}'),
		(73, 'materials_per_100_income', '百元医疗收入消耗卫生材料', 'Materials of 100 yuan of medical income', '元', '{cost_materials}', '{income}'),
		(74, 'materials_per_100_income_without_drugs', '百元医疗收入（不含药）消耗卫生材料', 'Materials of 100 yuan of income without drugs', '元',
			'{cost_materials}', '{income,-income_drugs}'),
		(80, 'break_even_visits', '门急诊保本人次', 'Break-even visits', '人次', '{fixed_visits}', '{income_outpatient,-cost_outpatient_variable}'),
		(81, 'break_even_bed_days', '保本床日', 'Break-even bed-days', '床日', '{fixed_bed_days}', '{income_inpatient,-cost_inpatient_variable}'),
		(90, 'bed_occupancy', '病床使用率', 'Bed occupancy', '%', '{bed_days}', '{open_bed_days}'),
		(91, 'bed_turnover', '病床周转次数', 'Bed turnover', '次', '{discharges_x_days}', '{open_bed_days}'),
		(92, 'bed_working_days', '病床工作日', 'Days a bed was used', '日', '{bed_days_x_days}', '{open_bed_days}'),
		(93, 'length_of_stay', '出院者平均住院日', 'Length of stay', '日', '{discharged_bed_days}', '{discharges}'),
		(94, 'unused_bed_days', '空床日', 'Unused bed-days', '床日', '{open_bed_days,-bed_days}', NULL))
		AS r (position, code, zh, en, unit, numerator, denominator)
	ON CONFLICT DO NOTHING;
END;
