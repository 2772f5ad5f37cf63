-- 10 catalogue: the supervision knowledge that is shipped, by national codes; the hospital adds its own and the authority's batches.

DO $$
DECLARE
	knowledge text;
BEGIN
	FOREACH knowledge IN ARRAY ARRAY['item_code_map', 'item_limit', 'item_pair', 'item_bundle', 'surgery_group'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.%I
			FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters()', knowledge);
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._load_default_knowledge() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- 限定频次: unit 日 once a day, unit 小时 24 a day
	INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity, severity, source_batch, note)
	SELECT v.rule, v.item, 'DAY', v.quantity, 'definite', '两库2025', v.note
	FROM (VALUES
		('CA10', '001102000040000', 1, '门急诊留观诊查费'), ('CA10', '001102000050000', 1, '住院诊查费'),
		('CA10', '001103000010000', 1, '急诊监护费'), ('CA10', '001107000010000', 1, '病房取暖费'),
		('CA10', '001108000010000', 1, '病房空调降温费'), ('CA10', '001109000010000', 1, '普通病房床位费'),
		('CA10', '001109000020000', 1, '层流洁净病房床位费'), ('CA10', '001109000030000', 1, '监护病房床位费'),
		('CA10', '001109000050000', 1, '急诊观察床位费'), ('CA10', '001201000030000', 1, 'Ⅰ级护理'),
		('CA10', '001201000040000', 1, 'Ⅱ级护理'), ('CA10', '001201000050000', 1, 'Ⅲ级护理'),
		('CA10', '001201000100000', 1, '气管切开护理'), ('CA10', '001209000010000', 1, '胃肠减压'),
		('CA10', '001216000030000', 1, '持续膀胱冲洗'),
		('CA11', '003106030010000', 24, '呼吸机辅助呼吸'), ('CA11', '003106030020000', 24, '无创辅助通气'),
		('CA11', '003107010080000', 24, '遥测心电监护'), ('CA11', '003107010220000', 24, '心电监测'),
		('CA11', '003107010250000', 24, '动脉内压力监测'), ('CA11', '003107010280000', 24, '血氧饱和度监测'),
		('CA11', '003110000110000', 24, '连续性血液净化'), ('CA11', '003301000150000', 24, '麻醉中监测'),
		('CA11', '003308030250000', 24, '体外人工膜肺')
	) AS v (rule, item, quantity, note)
	ON CONFLICT DO NOTHING;
	-- 周期超频次, 限支付疗程
	INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", window_days, max_quantity, min_gap_days, max_days, severity, source_batch, note)
	SELECT v.rule, v.item, v.within, v.days, v.quantity, v.gap, v.max_days, 'suspect', '两库2025', v.note
	FROM (VALUES
		('CA13', '003104010220000', 'ROLL_n_DAYS', 14, NULL, 14, NULL, '平衡试验'),
		('CA13', '003402000050000', 'ROLL_n_DAYS', 14, NULL, 14, NULL, '手功能评定'),
		('CA13', '003402000390000', 'ROLL_n_DAYS', 14, NULL, 14, NULL, '康复评定'),
		('CA13', '003402000350000', 'ROLL_n_DAYS', 7, 1, NULL, NULL, '儿童听力障碍语言训练'),
		('CA21', '003402000050000', 'STAY', NULL, NULL, NULL, 90, '手功能评定'),
		('CA21', '003402000210000', 'STAY', NULL, NULL, NULL, 30, '减重支持系统训练'),
		('CA21', '003402000220000', 'STAY', NULL, NULL, NULL, 30, '轮椅功能训练'),
		('CA21', '003402000240000', 'STAY', NULL, NULL, NULL, 90, '平衡功能训练')
	) AS v (rule, item, within, days, quantity, gap, max_days, note)
	ON CONFLICT DO NOTHING;
	-- 收费床日数, 护理天数 > 住院天数: all beds together, all levels of nursing together, one a day of the stay
	INSERT INTO hospital_cost.item_limit (rule_code, item_code, group_code, "window", max_per_stay_day, severity, source_batch, note)
	SELECT v.rule, v.item, v.grouped, 'STAY', 1, 'definite', '两库2025', v.note
	FROM (VALUES
		('CA14', '001109000010000', 'bed', '普通病房床位费'), ('CA14', '001109000020000', 'bed', '层流洁净病房床位费'),
		('CA14', '001109000030000', 'bed', '监护病房床位费'), ('CA15', '001201000030000', 'nursing_level', 'Ⅰ级护理'),
		('CA15', '001201000040000', 'nursing_level', 'Ⅱ级护理'), ('CA15', '001201000050000', 'nursing_level', 'Ⅲ级护理'),
		('CA15', '001102000050000', NULL, '住院诊查费'), ('CA15', '001107000010000', NULL, '病房取暖费'),
		('CA15', '001108000010000', NULL, '病房空调降温费')
	) AS v (rule, item, grouped, note)
	ON CONFLICT DO NOTHING;
	-- 限定性别, 限定年龄
	INSERT INTO hospital_cost.item_limit (rule_code, item_code, sex, age_from, age_below, severity, source_batch, note)
	SELECT v.rule, v.item, v.sex, v.age_from::interval, v.age_below::interval, 'definite', '两库2025', v.note
	FROM (VALUES
		('CA18', '002101030280000', 'M', NULL, NULL, '阴茎海绵体造影'), ('CA18', '002101030290000', 'M', NULL, NULL, '输精管造影'),
		('CA19', '003105120040000', NULL, NULL, '18 years', '儿童前牙树脂冠修复'),
		('CA19', '001302000010000', NULL, NULL, '18 years', '儿童龋齿预防保健'),
		('CA19', '003402000320000', NULL, '16 years', '61 years', '职业功能训练')
	) AS v (rule, item, sex, age_from, age_below, note)
	ON CONFLICT DO NOTHING;
	-- 重复收费: A holds B; 同日互斥: levels of nursing
	INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window", severity, source_batch, note)
	SELECT v.rule, v.a, v.b, v.within, v.severity, '两库2025', v.note
	FROM (VALUES
		('CA01', '001103000010000', '001102000030000', 'DAY', 'definite', '急诊监护费 / 急诊诊查费'),
		('CA01', '001103000010000', '001109000010000', 'DAY', 'definite', '急诊监护费 / 普通病房床位费'),
		('CA01', '001103000010000', '001201000110000', 'DAY', 'definite', '急诊监护费 / 吸痰护理'),
		('CA01', '002501030010000', '002506010020000', 'DAY', 'definite', '粪便常规 / 粪寄生虫卵集卵镜检'),
		('CA01', '003102050010000', '002503020010200', 'DAY', 'definite', '葡萄糖耐量试验 / 葡萄糖测定 各种酶法'),
		('CA01', '003110000100000', '003110000060100', 'DAY', 'definite', '血液灌流 / 血液透析 碳酸液'),
		('CA01', '003310050180000', '003310050140400', 'ENCOUNTER', 'definite', '肝移植术 / 肝左外叶切除术 萎缩'),
		('CA17', '001201000030000', '001201000040000', 'DAY', 'suspect', 'Ⅰ级护理 / Ⅱ级护理'),
		('CA17', '001201000030000', '001201000050000', 'DAY', 'suspect', 'Ⅰ级护理 / Ⅲ级护理'),
		('CA17', '001201000040000', '001201000050000', 'DAY', 'suspect', 'Ⅱ级护理 / Ⅲ级护理')
	) AS v (rule, a, b, within, severity, note)
	ON CONFLICT DO NOTHING;
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('load_defaults', '10', 'hospital_cost._load_default_knowledge')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;
