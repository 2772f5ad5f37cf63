-- 90 reporting: the columns of the forms that ship, and the lines of HY02F1 (会医02表附表01).

CREATE OR REPLACE FUNCTION hospital_cost._load_form_columns(made text[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components)
	SELECT 'F01', 'column', i.no, i.code, i.zh, i.en, '{direct}', i.components
	FROM hospital_cost._cost_item_line() i WHERE 'F01' = ANY (_load_form_columns.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components)
	SELECT 'F03', 'column', 3 * (i.no - 1) + k.no, i.code || '_' || k.code, i.zh || k.zh, i.en || k.en, k.measures, i.components
	FROM hospital_cost._cost_item_line() i CROSS JOIN hospital_cost._cost_way_line() k WHERE 'F03' = ANY (_load_form_columns.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components, origins)
	SELECT 'F02', 'column', s.no, s.code, s.zh, s.en, '{direct}'::text[], s.components, s.origins
	FROM hospital_cost._cost_ladder_line() s WHERE 'F02' = ANY (_load_form_columns.made)
	UNION ALL
	SELECT 'F04', 'column', 3 * (s.no - 1) + k.no, s.code || '_' || k.code, s.zh || k.zh, s.en || k.en, k.measures, s.components, s.origins
	FROM hospital_cost._cost_ladder_line() s CROSS JOIN hospital_cost._cost_way_line() k WHERE 'F04' = ANY (_load_form_columns.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, each_member, classes)
	SELECT 'F05', 'column', c.no, c.code, c.zh, c.en, c.no = 1, '{clinical}'
	FROM (VALUES (1, 'unit', '临床服务类科室', 'Clinical department'), (2, 'total', '各临床服务类科室合计', 'All clinical departments'))
		AS c (no, code, zh, en)
	WHERE 'F05' = ANY (_load_form_columns.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures)
	SELECT 'F06', 'column', c.no, c.measure, c.zh, c.en, ARRAY[c.measure]
	FROM (VALUES (1, 'direct', '直接成本', 'Direct cost'), (2, 'level1', '分摊行政后勤类科室成本', 'From administrative departments'),
		(3, 'level2', '分摊医疗辅助类科室成本', 'From auxiliary departments'), (4, 'level3', '分摊医疗技术类科室成本', 'From technical departments'),
		(5, 'rounding', '其他结转与尾差', 'Other transfers and rounding'), (6, 'full', '科室全成本', 'Full cost')) AS c (no, measure, zh, en)
	WHERE 'F06' = ANY (_load_form_columns.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, origins, per)
	SELECT k.form, 'column', s.no, s.code, s.zh, s.en, s.origins, k.per
	FROM (VALUES ('F07', 'visits'), ('F09', 'bed_days')) AS k (form, per)
	JOIN unnest(_load_form_columns.made) AS f ON f = k.form
	CROSS JOIN (SELECT * FROM hospital_cost._cost_ladder_line() l WHERE l.code IN ('medical', 'medical_full', 'hospital_full')) s;
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components, origins, per)
	SELECT k.form, 'column', c.no, c.code, replace(c.zh, '单位', k.zh), replace(c.en, 'unit', k.en), c.measures, c.components, c.origins,
		CASE WHEN c.unit THEN k.per END
	FROM (VALUES ('F08', 'visits', '诊次', 'visit'), ('F10', 'bed_days', '床日', 'bed-day')) AS k (form, per, zh, en)
	JOIN unnest(_load_form_columns.made) AS f ON f = k.form
	CROSS JOIN LATERAL (VALUES
		(1, 'quantity', CASE k.per WHEN 'visits' THEN '门急诊人次' ELSE '实际占用床日数' END, CASE k.per WHEN 'visits' THEN 'Visits' ELSE 'Bed-days' END,
			ARRAY[k.per], NULL::text[], NULL::text[], false),
		(2, 'total_cost', '总成本', 'Total cost', '{full}', NULL, NULL, false),
		(3, 'medical', '单位成本（医疗成本）', 'Cost a unit (medical)', '{full}', NULL, '{own}', true),
		(4, 'medical_full', '单位成本（医疗全成本）', 'Cost a unit (medical full)', '{full}', NULL, '{own,fiscal}', true),
		(5, 'hospital_full', '单位成本（医院全成本）', 'Cost a unit (hospital full)', '{full}', NULL,
			'{own,fiscal,science_education,disposal,remittance,subsidy,other}', true),
		(6, 'without_drugs', '单位成本（不含药）', 'Cost a unit without drugs', '{full}',
			'{personnel,materials,billable_materials,depreciation,amortisation,risk_fund,other}', NULL, true),
		(7, 'without_drugs_and_materials', '单位成本（不含药和单独收费材料）', 'Cost a unit without drugs and billable materials', '{full}',
			'{personnel,materials,depreciation,amortisation,risk_fund,other}', NULL, true),
		(8, 'income', '总收入', 'Income', '{income}', NULL, NULL, false), (9, 'result', '收益', 'Result', '{income,-full}', NULL, NULL, false),
		(10, 'unit_income', '单位收入', 'Income a unit', '{income}', NULL, NULL, true),
		(11, 'unit_result', '单位收益', 'Result a unit', '{income,-full}', NULL, NULL, true))
		AS c (no, code, zh, en, measures, components, origins, unit);
END;

-- HY02F1: income by kind of patient and category of charge, cost by nature and by function; months asked for, and the year so far.
CREATE OR REPLACE FUNCTION hospital_cost._load_form_income(made text[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH category (no, code, zh, en, outpatient, inpatient) AS (VALUES
		(1, 'registration', '挂号收入', 'Registration', '{13}'::text[], NULL::text[]), (2, 'bed', '床位收入', 'Beds', NULL, '{01}'),
		(3, 'consultation', '诊察收入', 'Consultation', '{02,12}', '{02,12}'), (4, 'examination', '检查收入', 'Examination', '{03}', '{03}'),
		(5, 'laboratory', '化验收入', 'Laboratory', '{04}', '{04}'), (6, 'treatment', '治疗收入', 'Treatment', '{05,07}', '{05}'),
		(7, 'surgery', '手术收入', 'Surgery', '{06}', '{06}'), (8, 'nursing', '护理收入', 'Nursing', NULL, '{07}'),
		(9, 'materials', '卫生材料收入', 'Materials', '{08}', '{08}'), (10, 'drugs', '药品收入', 'Drugs', '{09,10,11}', '{09,10,11}'),
		(11, 'western_drugs', '其中：西药', 'of which western drugs', '{09}', '{09}'),
		(12, 'herbal_drugs', '其中：中草药', 'of which herbal drugs', '{10}', '{10}'),
		(13, 'patent_drugs', '其中：中成药', 'of which Chinese patent drugs', '{11}', '{11}'),
		(14, 'pharmacy_service', '药事服务费收入', 'Pharmacy service', '{}', '{}'), (15, 'other', '其他收入', 'Other', '{01,14}', '{13,14}'),
		(16, 'income', '合计', 'Total', '{01,02,03,04,05,06,07,08,09,10,11,12,13,14}', '{01,02,03,04,05,06,07,08,09,10,11,12,13,14}'))
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, settings, measures, components)
	SELECT 'HY02F1', 'row', 100 + c.no, 'outpatient_' || c.code, '门诊' || c.zh, 'Outpatient: ' || c.en, '{outpatient,emergency}'::text[],
		'{income}'::text[], c.outpatient
	FROM category c WHERE c.outpatient IS NOT NULL AND 'HY02F1' = ANY (_load_form_income.made)
	UNION ALL
	SELECT 'HY02F1', 'row', 200 + c.no, 'inpatient_' || c.code, '住院' || c.zh, 'Inpatient: ' || c.en, '{inpatient}', '{income}', c.inpatient
	FROM category c WHERE c.inpatient IS NOT NULL AND 'HY02F1' = ANY (_load_form_income.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, classes, settings, measures, components)
	SELECT 'HY02F1', 'row', r.no, r.code, r.zh, r.en, r.classes, r.settings, r.measures, r.components
	FROM (SELECT 400 + i.no, 'cost_' || i.code, CASE i.code WHEN 'total' THEN '医疗成本（按性质）合计' ELSE i.zh END,
			CASE i.code WHEN 'total' THEN 'Medical cost by nature' ELSE i.en END, NULL::text[], NULL::text[], '{direct}'::text[], i.components
		FROM hospital_cost._cost_item_line() i
		UNION ALL
		VALUES (300, 'unassigned_income', '未分门诊、住院的收入', 'Income neither outpatient nor inpatient', NULL::text[],
				'{none}'::text[], '{income}'::text[], NULL::text[]),
			(310, 'income', '医疗收入合计', 'Medical income', NULL, NULL, '{income}', NULL),
			(500, 'operating', '医疗业务成本', 'Medical operating cost', '{clinical,technical,auxiliary,external}', NULL, '{direct}', NULL),
			(501, 'clinical', '临床服务成本', 'Clinical services', '{clinical}', NULL, '{direct}', NULL),
			(502, 'technical', '医疗技术成本', 'Medical technology', '{technical}', NULL, '{direct}', NULL),
			(503, 'auxiliary', '医疗辅助成本', 'Auxiliary services', '{auxiliary,external}', NULL, '{direct}', NULL),
			(504, 'administration', '管理费用', 'Administration', '{administrative,unassigned}', NULL, '{direct}', NULL),
			(505, 'function_total', '医疗成本（按功能）合计', 'Medical cost by function',
				'{clinical,technical,auxiliary,external,administrative,unassigned}', NULL, '{direct}', NULL))
		AS r (no, code, zh, en, classes, settings, measures, components)
	WHERE 'HY02F1' = ANY (_load_form_income.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, span)
	SELECT 'HY02F1', 'column', c.no, c.code, c.zh, c.en, c.span
	FROM (VALUES (1, 'period', '本月数', 'Month', 'range'), (2, 'year', '本年累计数', 'Year to date', 'year')) AS c (no, code, zh, en, span)
	WHERE 'HY02F1' = ANY (_load_form_income.made);
END;

CREATE OR REPLACE FUNCTION hospital_cost._load_default_forms() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made text[] := hospital_cost._load_form_heads();
BEGIN
	PERFORM hospital_cost._load_form_rows(made), hospital_cost._load_form_columns(made), hospital_cost._load_form_income(made),
		hospital_cost._load_form_cases(made);
	PERFORM hospital_cost._load_indicators();
END $$;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('load_defaults', '90', 'hospital_cost._load_default_forms')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;
