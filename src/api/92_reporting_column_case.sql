-- 90 reporting: the lines of F11 to F17, which need the cost objects of their months.

CREATE OR REPLACE FUNCTION hospital_cost._load_form_cases(made text[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, each_member, classes, settings)
	SELECT f, 'row', r.no, r.code, r.zh, r.en, r.each_member, r.classes, CASE WHEN f = 'F11' AND NOT r.each_member THEN '{""}'::text[] END
	FROM unnest(_load_form_cases.made) AS f JOIN (VALUES
		('F11', 10, 'item', '医疗服务项目', 'Service item', true, '{item}'::text[]), ('F11', 20, 'total', '项目合计', 'Items', false, '{item}'),
		('F11', 30, 'idle', '闲置产能', 'Idle capacity', false, '{idle}'), ('F11', 40, 'unmatched', '未匹配', 'Unmatched', false, '{unmatched}'),
		('F11', 50, 'excluded', '不计入', 'Excluded', false, '{excluded}'), ('F11', 60, 'all', '合计', 'Total', false, NULL),
		('F1[2-4]', 10, 'disease', '病种', 'Disease', true, '{grouped}'), ('F1[2-4]', 20, 'total', '合计', 'Total', false, '{grouped}'),
		('F1[2-4]', 30, 'failed', '未归入病种', 'Cases of no disease', false, '{failed}'),
		('F1[2-7]', 40, 'late', '出院后发生', 'After discharge', false, '{late}'), ('F1[5-7]', 10, 'drg', 'DRG组', 'DRG group', true, '{grouped}'),
		('F1[5-7]', 20, 'total', '合计', 'Total', false, '{grouped}'), ('F1[5-7]', 30, 'failed', '未入组', 'Cases not grouped', false, '{failed}'))
		AS r (form, no, code, zh, en, each_member, classes) ON f ~ ('^' || r.form || '$');
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components, per, decimals)
	SELECT 'F11', 'column', 10 + i.no, CASE i.code WHEN 'total' THEN 'unit_cost' ELSE i.code END, '单位成本：' || i.zh, 'Unit cost: ' || i.en, '{cost}'::text[],
		i.components, 'quantity', 6
	FROM hospital_cost._cost_item_line() i WHERE 'F11' = ANY (_load_form_cases.made)
	UNION ALL
	SELECT 'F11', 'column', c.no, c.code, c.zh, c.en, c.measures, NULL, c.per, 6
	FROM (VALUES (1, 'quantity', '操作数量', 'Quantity', '{quantity}'::text[], NULL), (20, 'price', '收费价格', 'Price', '{income}', 'quantity'),
		(21, 'unit_result', '单位盈亏', 'Result a unit', '{income,-cost}', 'quantity'), (22, 'total_cost', '总成本', 'Total cost', '{whole_cost}', NULL),
		(23, 'income', '总收入', 'Income', '{income}', NULL), (24, 'result', '总盈亏', 'Result', '{income,-whole_cost}', NULL))
		AS c (no, code, zh, en, measures, per)
	WHERE 'F11' = ANY (_load_form_cases.made);
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components, per, decimals)
	SELECT f, 'column', c.no, c.code, c.zh, c.en, c.measures, c.components, c.per, CASE c.code WHEN 'cmi' THEN 4 ELSE 2 END
	FROM unnest(_load_form_cases.made) AS f CROSS JOIN (VALUES (1, 'cases', '例数', 'Cases', '{cases}'::text[], NULL::text[], NULL),
		(2, 'average_stay', '平均住院日', 'Length of stay', '{bed_days}', NULL, 'cases'), (3, 'total_cost', '总成本', 'Total cost', '{cost}', NULL, NULL),
		(4, 'unit_cost', '单位成本', 'Cost a case', '{cost}', NULL, 'cases'), (5, 'drugs', '其中：药品', 'of which drugs', '{cost}', '{drugs}', NULL),
		(6, 'billable_materials', '其中：单独收费卫生材料', 'of which billable materials', '{cost}', '{billable_materials}', NULL),
		(7, 'services', '其中：医疗服务项目', 'of which services', '{cost}', '{personnel,materials,depreciation,amortisation,risk_fund,other}', NULL),
		(8, 'income', '收入', 'Income', '{income}', NULL, NULL), (9, 'result', '盈亏', 'Result', '{income,-cost}', NULL, NULL),
		(10, 'weight', '总权重', 'Weights', '{weight}', NULL, NULL), (11, 'cmi', 'CMI', 'CMI', '{weight}', NULL, 'cases'),
		(12, 'payment', '医保支付标准', 'Payment', '{payment}', NULL, NULL), (13, 'balance', '结余', 'Payment − cost', '{payment,-paid_cost}', NULL, NULL),
		(14, 'unpaid_cases', '无支付标准例数', 'Cases without a rate', '{unpaid_cases}', NULL, NULL)) AS c (no, code, zh, en, measures, components, per)
	WHERE f = 'F15' OR f = 'F12' AND c.no < 10;
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, components, ratio_of)
	SELECT f, 'column', i.no, i.code, i.zh, i.en, '{cost}', i.components, 'total'
	FROM unnest(_load_form_cases.made) AS f CROSS JOIN hospital_cost._cost_item_line() i WHERE f IN ('F13', 'F16');
	INSERT INTO hospital_cost.form_line (form_code, axis, position, code, name_zh, name_en, measures, settings, ratio_of)
	SELECT f, 'column', c.no, c.code, c.zh, c.en, '{cost}', CASE WHEN c.code <> 'total' THEN ARRAY[c.code] END, 'total'
	FROM unnest(_load_form_cases.made) AS f CROSS JOIN (VALUES (1, 'ward', '病房', 'Ward'), (2, 'icu', 'ICU', 'Intensive care'),
		(3, 'theatre', '手术麻醉', 'Theatre'), (4, 'examination', '检查', 'Examination'), (5, 'laboratory', '检验', 'Laboratory'), (6, 'drugs', '药品', 'Drugs'),
		(7, 'materials', '耗材', 'Billable materials'), (8, 'other_unit', '其他', 'Other'), (9, 'total', '合计', 'Total')) AS c (no, code, zh, en)
	WHERE f IN ('F14', 'F17');
END;
