-- 90 reporting: the layouts that ship. A form whose code is there already is left alone, with all its lines.

-- The seven cost items and their total, as lines of either axis.
CREATE OR REPLACE FUNCTION hospital_cost._cost_item_line()
RETURNS TABLE (no int, code text, zh text, en text, components text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES (1, 'personnel', '人员经费', 'Personnel', '{personnel}'::text[]),
		(2, 'materials', '卫生材料费', 'Materials', '{materials,billable_materials}'), (3, 'drugs', '药品费', 'Drugs', '{drugs}'),
		(4, 'depreciation', '固定资产折旧费', 'Depreciation', '{depreciation}'),
		(5, 'amortisation', '无形资产摊销费', 'Amortisation', '{amortisation}'),
		(6, 'risk_fund', '提取医疗风险基金', 'Medical risk fund', '{risk_fund}'),
		(7, 'other', '其他运行费用', 'Other running cost', '{other}'), (8, 'total', '合计', 'Total', NULL);
END;

-- The three ways in which cost is shown on F03 and F04.
CREATE OR REPLACE FUNCTION hospital_cost._cost_way_line()
RETURNS TABLE (no int, code text, zh text, en text, measures text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES (1, 'direct_cost', '（直接成本）', ', direct', '{direct}'::text[]), (2, 'indirect_cost', '（间接成本）', ', indirect', '{indirect}'),
		(3, 'full_cost', '（全成本）', ', full', '{full}');
END;

-- The ladder of scopes with what each step adds, the columns of F02 and F04.
CREATE OR REPLACE FUNCTION hospital_cost._cost_ladder_line()
RETURNS TABLE (no int, code text, zh text, en text, components text[], origins text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES (1, 'medical', '医疗成本', 'Medical cost', NULL::text[], '{own}'::text[]),
		(2, 'fiscal_depreciation', '财政项目拨款经费形成的固定资产折旧', 'Fiscal funds: depreciation', '{depreciation}', '{fiscal}'),
		(3, 'fiscal_amortisation', '财政项目拨款经费形成的无形资产摊销', 'Fiscal funds: amortisation', '{amortisation}', '{fiscal}'),
		(4, 'fiscal_other', '财政项目拨款经费形成的其他成本', 'Fiscal funds: other cost',
			'{personnel,materials,billable_materials,drugs,risk_fund,other}', '{fiscal}'),
		(5, 'medical_full', '医疗全成本', 'Medical full cost', NULL, '{own,fiscal}'),
		(6, 'science_education', '科教经费形成的成本', 'Science and education funds', NULL, '{science_education}'),
		(7, 'disposal', '资产处置费用', 'Disposal of assets', NULL, '{disposal}'),
		(8, 'remittance', '上缴上级费用', 'Remittance to superiors', NULL, '{remittance}'),
		(9, 'subsidy', '对附属单位补助费用', 'Subsidy to affiliates', NULL, '{subsidy}'), (10, 'other', '其他费用', 'Other expense', NULL, '{other}'),
		(11, 'hospital_full', '医院全成本', 'Hospital full cost', NULL,
			'{own,fiscal,science_education,disposal,remittance,subsidy,other}');
END;

-- Official numbers are those of 2010 where there is one. Column sets of F06 to F17 are reconstructions: what the authority prescribes
-- is the hospital's to enter.
CREATE OR REPLACE FUNCTION hospital_cost._load_form_heads() RETURNS text[]
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH made AS (
		INSERT INTO hospital_cost.form_layout (code, official_number, title_zh, title_en, object)
		VALUES
			('F01', '成本医01表', '医院各科室直接成本表（医疗成本）', 'Direct cost of departments (medical cost)', 'department'),
			('F02', NULL, '医院各科室直接成本表（医疗全成本和医院全成本）', 'Direct cost of departments (medical full and hospital full cost)', 'department'),
			('F03', '成本医02表', '医院临床服务类科室全成本表（医疗成本）', 'Full cost of clinical departments (medical cost)', 'department'),
			('F04', NULL, '医院临床服务类科室全成本表（医疗全成本和医院全成本）',
				'Full cost of clinical departments (medical full and hospital full cost)', 'department'),
			('F05', '成本医03表', '医院临床服务类科室全成本构成分析表', 'Composition of the full cost of clinical departments', 'department'),
			('F06', NULL, '医院科室成本分摊汇总表', 'Summary of cost allocation', 'department'),
			('F07', NULL, '医院诊次成本构成表', 'Composition of the cost of a visit', 'department'),
			('F08', NULL, '医院科室诊次成本表', 'Cost of a visit by department', 'department'),
			('F09', NULL, '医院床日成本构成表', 'Composition of the cost of a bed-day', 'department'),
			('F10', NULL, '医院科室床日成本表', 'Cost of a bed-day by department', 'department'),
			('F11', NULL, '医院医疗服务项目成本汇总表', 'Summary of the cost of service items', 'item'),
			('F12', NULL, '医院病种成本明细表', 'Cost of diseases', 'disease'),
			('F13', NULL, '医院病种成本构成明细表', 'Composition of the cost of diseases', 'disease'),
			('F14', NULL, '医院服务单元病种成本构成明细表', 'Cost of diseases by service unit', 'disease'),
			('F15', NULL, '医院DRG成本明细表', 'Cost of DRG groups', 'drg'),
			('F16', NULL, '医院DRG成本构成明细表', 'Composition of the cost of DRG groups', 'drg'),
			('F17', NULL, '医院服务单元DRG成本构成明细表', 'Cost of DRG groups by service unit', 'drg'),
			('HY02F1', '会医02表附表01', '医疗收入费用明细表', 'Medical income and expense in detail', 'department')
		ON CONFLICT DO NOTHING RETURNING code
	)
	SELECT coalesce(array_agg(m.code), '{}') FROM made m;
END;

-- Rows: departments in the order of their classes (F01, F02, F06), clinical ones (F03, F04, F08, F10), the seven cost items (F05, F07, F09).
CREATE OR REPLACE FUNCTION hospital_cost._load_form_rows(made text[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, each_member, classes)
	SELECT f, 'row', r.no, r.code, r.zh, r.en, r.each_member, r.classes
	FROM unnest(_load_form_rows.made) AS f CROSS JOIN (VALUES
		(10, 'clinical_unit', '临床服务类科室', 'Clinical department', true, '{clinical}'::text[]),
		(20, 'clinical', '临床服务类科室小计', 'Clinical departments', false, '{clinical}'),
		(30, 'technical_unit', '医疗技术类科室', 'Technical department', true, '{technical}'),
		(40, 'technical', '医疗技术类科室小计', 'Technical departments', false, '{technical}'),
		(50, 'auxiliary_unit', '医疗辅助类科室', 'Auxiliary department', true, '{auxiliary}'),
		(60, 'auxiliary', '医疗辅助类科室小计', 'Auxiliary departments', false, '{auxiliary}'),
		(65, 'external_unit', '院外单位', 'External unit', true, '{external}'),
		(70, 'operating', '医疗业务成本合计', 'Medical operating cost', false, '{clinical,technical,auxiliary,external}'),
		(80, 'administrative_unit', '行政后勤类科室', 'Administrative department', true, '{administrative}'),
		(90, 'administrative', '行政后勤类科室小计', 'Administrative departments', false, '{administrative}'),
		(95, 'unassigned', '医院本级（未归集到科室）', 'Hospital as a whole', true, '{unassigned}'),
		(99, 'total', '合计', 'Total', false, NULL)) AS r (no, code, zh, en, each_member, classes)
	WHERE f IN ('F01', 'F02', 'F06');
	UPDATE hospital_cost.form_line l SET name_zh = '医疗成本合计', name_en = 'Medical cost'
	WHERE l.form_code = 'F01' AND l.axis = 'row' AND l.code = 'total' AND 'F01' = ANY (_load_form_rows.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, each_member, classes, settings)
	SELECT f, 'row', r.no, r.code, r.zh, r.en, r.each_member, r.classes, r.settings
	FROM unnest(_load_form_rows.made) AS f JOIN (VALUES
		('F03', 10, 'clinical_unit', '临床服务类科室', 'Clinical department', true, '{clinical}'::text[], NULL::text[]),
		('F03', 20, 'total', '科室全成本合计', 'Full cost of departments', false, '{clinical}', NULL),
		('F04', 10, 'clinical_unit', '临床服务类科室', 'Clinical department', true, '{clinical}', NULL),
		('F04', 20, 'clinical', '科室全成本合计', 'Full cost of departments', false, '{clinical}', NULL),
		('F04', 30, 'unassigned', '医院本级（未归集到科室）', 'Hospital as a whole', true, '{unassigned}', NULL),
		('F04', 40, 'total', '合计', 'Total', false, '{clinical,unassigned}', NULL),
		('F08', 10, 'clinic', '门急诊科室', 'Clinic', true, '{clinical}', '{outpatient,emergency}'),
		('F08', 20, 'total', '全院', 'Hospital', false, '{clinical}', '{outpatient,emergency}'),
		('F10', 10, 'ward', '住院科室', 'Ward', true, '{clinical}', '{inpatient}'),
		('F10', 20, 'total', '全院', 'Hospital', false, '{clinical}', '{inpatient}'))
		AS r (form, no, code, zh, en, each_member, classes, settings) ON r.form = f;
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, classes, settings, measures, components, ratio_of)
	SELECT k.form, 'row', r.no, r.code, r.zh, r.en, '{clinical}', k.settings, '{full}', r.components, 'total'
	FROM (VALUES ('F05', NULL::text[]), ('F07', '{outpatient,emergency}'), ('F09', '{inpatient}')) AS k (form, settings)
	JOIN unnest(_load_form_rows.made) AS f ON f = k.form
	CROSS JOIN hospital_cost._cost_item_line() r;
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, classes, settings, measures, per)
	SELECT 'F05', 'row', r.no, r.code, r.zh, r.en, '{clinical}', r.settings, r.measures, r.per
	FROM (VALUES (20, 'income', '科室收入', 'Income', NULL::text[], '{income}'::text[], NULL),
		(30, 'result', '收入－成本', 'Income − cost', NULL, '{income,-full}', NULL),
		(40, 'bed_day_cost', '床日成本', 'Cost of a bed-day', '{inpatient}', '{full}', 'bed_days'),
		(50, 'visit_cost', '诊次成本', 'Cost of a visit', '{outpatient,emergency}', '{full}', 'visits'))
		AS r (no, code, zh, en, settings, measures, per)
	WHERE 'F05' = ANY (_load_form_rows.made);
END;
