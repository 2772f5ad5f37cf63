-- 40 anomaly: kinds of rule that judge a row by itself as it is posted, and the rules of these kinds that are shipped.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, description) VALUES
	('no_catalogue_price', 'inline', '{}', '{price}', 'Item without a list price on the service day (自立项目收费)'),
	('expired_price', 'inline', '{}', '{price}', 'Unit price that the list had before and has no more on the service day (价格版本错误)'),
	('supply_days', 'inline', '{}', '{knowledge,charge.days}', 'Handed out for more days than the item may be (超量开药): item_limit.max_supply_days'),
	('paid_out_of_scope', 'inline', '{}', '{charge.reimbursable,charge.fund_amount}',
		'The fund pays for a line that is out of its scope (范围外纳入结算)'),
	('missing_field', 'inline', '{"fields": {"type": "items", "required": true, "values": ["operator", "doctor", "order", "approved_by", "trace_code", "settlement",
		"discount", "days", "fund_amount", "reimbursable", "ordering_department", "ward_department"],
		"description": "mapping keys of charges that must have a value; one that is not mapped is not asked for"}}', '{}',
		'A mapped field that must be there is empty (数据缺失)'),
	('discount_authority', 'inline', '{}', '{charge.discount,authority}',
		'More is let off on a row than the operator, or who approved it, may (违规折扣减免): table authority, action discount'),
	('changed_after_settlement', 'inline', '{}', '{charge.settlement}',
		'A row that bears a settlement is changed or deleted, and bears it still (医保结算后改费)'),
	('trace_code_twice', 'inline', '{}', '{charge.trace_code}',
		'One drug trace code in two settlements, or two encounters where settlements are not mapped (同一追溯码重复结算)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, parameters, severity, message, message_en, legal_basis) VALUES
	('CA22', '超量开药', 'handed out for too many days', 'supply_days', '{}', 'suspect', '开药天数超过限定天数', 'The drug is handed out for more days than it may be', '处方管理办法'),
	('CA32', '范围外纳入结算', 'paid though out of scope', 'paid_out_of_scope', '{}', 'definite', '医保范围外项目由基金支付',
		'The fund pays for what is out of its scope', '限定支付'),
	('CA42', '同一追溯码重复结算', 'trace code settled twice', 'trace_code_twice', '{}', 'definite', '同一药品追溯码重复结算', 'One pack is settled twice', '药品追溯码监管'),
	('CA43', '自立项目收费', 'item without list price', 'no_catalogue_price', '{}', 'definite', '项目在计费日无目录价格', 'The item has no list price on the day', '违法违规典型问题清单'),
	('CA45', '数据缺失', 'value missing', 'missing_field', '{"fields": ["order"]}', 'suspect', '必填信息缺失',
		'A field that must be there is empty', '两库规则 2-01-001'),
	('CA46', '价格版本错误', 'price of an expired list', 'expired_price', '{}', 'definite', '单价为已失效版本的价格', 'The price is one of an expired list', NULL),
	('CA48', '医保结算后改费', 'changed after settlement', 'changed_after_settlement', '{}', 'definite', '结算后未撤销结算即修改或删除费用',
		'A charge is changed or deleted after it was settled', NULL),
	('CA47', '违规折扣减免', 'discount beyond authority', 'discount_authority', '{}', 'definite', '折扣减免超过授权限额', 'More is let off than may be', NULL)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

-- What may be let off on a row. An approver who is no cashier is taken at his word; nobody approves for himself. '' is nobody.
CREATE OR REPLACE FUNCTION hospital_cost._discount_limit(operator text, approved_by text, day date) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	approver_role text;
	own numeric := hospital_cost._authority_limit(coalesce((SELECT c.role FROM hospital_cost.cashier c
		WHERE c.code = _discount_limit.operator COLLATE "C" AND c.valid @> _discount_limit.day), 'cashier'), 'discount', day);
BEGIN
	IF own IS NULL OR approved_by = '' OR approved_by = operator THEN
		RETURN own;
	END IF;
	SELECT c.role INTO approver_role FROM hospital_cost.cashier c WHERE c.code = _discount_limit.approved_by COLLATE "C" AND c.valid @> _discount_limit.day;
	RETURN CASE WHEN FOUND THEN greatest(own, hospital_cost._authority_limit(approver_role, 'discount', day)) END;
END $$;
COMMENT ON FUNCTION hospital_cost._discount_limit(text, text, date) IS 'Yuan that operator and approver may let off on a row of a day together; null: no limit';
