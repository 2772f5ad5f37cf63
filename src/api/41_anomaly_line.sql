-- 40 anomaly: kinds of rule over lines and relations, judged by the inline engine, and the rules of these kinds that are shipped.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, description) VALUES
	('item_limit', 'inline', '{}', '{knowledge}',
		'Net quantity, days with the item or days between, in a window (限定频次, 周期超频次, 限支付疗程, 收费天数): item_limit'),
	('item_patient', 'inline', '{}', '{knowledge,encounter}', 'Item that is for another sex or age (限定性别, 限定年龄): item_limit'),
	('item_place', 'inline', '{}', '{knowledge}',
		'Item that another department, kind of encounter, level of hospital, payer or diagnosis may have (限科室, 限就医方式, 限险种, 限适应症): item_limit'),
	('item_pair', 'inline', '{}', '{knowledge}', 'Two items that exclude each other in a window, both net above 0 (重复收费, 同日互斥): item_pair'),
	('item_quantity_pair', 'inline', '{}', '{knowledge}', 'More of one item than of another, times a ratio, in a window (数量超另一项): item_pair'),
	('item_bundle', 'inline', '{}', '{knowledge,price}', 'Parts charged singly for more than their bundle costs (分解收费, 组套拆分): item_bundle'),
	('surgery_discount', 'inline', '{}', '{knowledge,price}',
		'Second and further operations of a group on one day above their share of the list price (手术未折价): surgery_group'),
	('day_outside_stay', 'inline', '{"grace_days": {"type": "integer", "minimum": 0, "maximum": 366, "default": 0,
		"description": "days before admission and after discharge that are let pass"}}', '{encounter}',
		'Service day of an inpatient before admission or after discharge (计费日期与住院时间不符)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en, legal_basis) VALUES
	('CA01', '重复收费', 'item that another one contains', 'item_pair', 'definite', '已收取包含该项目的收费项目',
		'An item was charged that contains this one', '两库规则 1-02-012'),
	('CA03', '项目与耗材重复收费', 'material that a service contains', 'item_pair', 'definite', '项目内涵已含该耗材',
		'The service contains the material', '两库规则 2025-30'),
	('CA06', '手术未折价', 'operation without discount', 'surgery_discount', 'definite', '同组第二个及以后手术未按规定折价',
		'A second operation of the group is charged above its share', '两库规则 1-02-002'),
	('CA07', '分解收费', 'bundle charged by its parts', 'item_bundle', 'definite', '组合项目被拆分收费', 'A bundle is charged by its parts', '两库规则 1-02-013'),
	('CA08', '检验组套拆分', 'laboratory panel charged by its tests', 'item_bundle', 'definite', '检验组套拆分为单项收费',
		'A panel is charged by its tests', '违法违规典型问题清单'),
	('CA10', '超限定频次（日）', 'more than a day allows', 'item_limit', 'definite', '当日数量超过限定频次', 'The quantity of the day is above the limit', '两库规则 1-02-014'),
	('CA11', '超限定频次（小时）', 'more hours than a day has', 'item_limit', 'definite', '当日计时数量超过24小时',
		'The hours of the day are above the limit', '两库规则 1-02-014'),
	('CA12', '超限定频次（每次住院）', 'more than a stay allows', 'item_limit', 'definite', '本次住院数量超过限定频次',
		'The quantity of the stay is above the limit', '两库规则 1-02-014'),
	('CA13', '周期超频次', 'too often in a cycle', 'item_limit', 'suspect', '周期内次数或间隔超过限定', 'The item comes too often, or too soon again', '两库规则 2025-31'),
	('CA14', '床位费天数超过住院天数', 'more bed days than days of stay', 'item_limit', 'definite', '床位费天数超过实际住院天数',
		'More bed days are charged than the stay has', '两库规则 1-02-014'),
	('CA15', '按日项目天数超过住院天数', 'more daily items than days of stay', 'item_limit', 'definite', '护理等按日项目天数超过实际住院天数',
		'More of a daily item is charged than the stay has days', '两库规则 1-02-014'),
	('CA16', '数量超过关联项目', 'more than a related item', 'item_quantity_pair', 'suspect', '数量超过关联项目数量', 'More is charged than the related item allows', NULL),
	('CA17', '同日互斥项目', 'items that exclude each other', 'item_pair', 'suspect', '互斥项目同时收费', 'Items are charged that exclude each other', '两库规则 1-02-012'),
	('CA18', '限定性别', 'item for the other sex', 'item_patient', 'definite', '项目与患者性别不符', 'The item is for the other sex', '两库规则 3-02-004'),
	('CA19', '限定年龄', 'item for another age', 'item_patient', 'definite', '项目与患者年龄不符', 'The item is for another age', '两库规则 1-02-006'),
	('CA20', '限定科室、级别、就医方式或险种', 'item for another place or payer', 'item_place', 'definite', '项目超出限定科室、级别、就医方式、险种或适应症',
		'The item is not for this department, hospital, encounter, payer or diagnosis', '两库规则 1-02-008'),
	('CA21', '限支付疗程', 'more days than a course has', 'item_limit', 'definite', '支付天数超过限定疗程', 'The item is charged on more days than its course has', '两库规则 1-02-010'),
	('CA23', '计费日期与住院时间不符', 'charge outside the stay', 'day_outside_stay', 'definite', '计费日期不在住院期间',
		'The service day is not within the stay', '两库规则 2-01-008'),
	('CA25', '单日计量超物理上限', 'more than a day can hold', 'item_limit', 'definite', '单日计量超过物理上限', 'More is charged than a day can hold', NULL),
	('CA33', '影像平扫与增强重复收费', 'imaging charged twice', 'item_pair', 'definite', '影像项目重复收费', 'Imaging of one region is charged twice', '违法违规典型问题清单'),
	('CA35', '计算值收费', 'calculated value charged', 'item_limit', 'definite', '计算得出的参数不应收费', 'A calculated value is charged', '违法违规典型问题清单')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

CREATE OR REPLACE FUNCTION hospital_cost._detect_lines(period date, rule text DEFAULT NULL)
RETURNS TABLE (code text, version int, added bigint, resolved bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'hc_detect_lines';
COMMENT ON FUNCTION hospital_cost._detect_lines(date, text) IS 'Looks through the ledger for breaches of the rules over lines, in encounters with a service day in the month: findings that the posting transaction could not make (knowledge or encounters that came later, halves rolled back) are written, those whose cause is gone closed. One rule, or all (null). Returns, of each version of a rule with anything new or over, how many; a second run has none';
