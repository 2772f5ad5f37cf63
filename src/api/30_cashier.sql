-- 30 cashier: who a login is, what he may do alone, and what waits for his leader.

-- The cashier that a login is: the login is what counts, a code only says which one where it has several.
CREATE OR REPLACE FUNCTION hospital_cost._own_cashier(cashier text) RETURNS hospital_cost.cashier
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c hospital_cost.cashier;
BEGIN
	SELECT x.* INTO c FROM hospital_cost.cashier x
	WHERE x.login = session_user AND x.valid @> hospital_cost.hospital_day(now()) AND x.code = coalesce(cashier, x.code)
	ORDER BY x.code LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'login "%" is not cashier "%"', session_user, coalesce(cashier, '(any)') USING ERRCODE = 'MC301',
			HINT = 'Whoever takes money closes for himself: hospital_cost.cashier.login says who that is, and valid since when.';
	ELSIF cashier IS NULL AND (SELECT count(*) > 1 FROM hospital_cost.cashier x
		WHERE x.login = session_user AND x.valid @> hospital_cost.hospital_day(now())) THEN
		RAISE EXCEPTION 'login "%" is several cashiers', session_user USING ERRCODE = 'MC301', HINT = 'Name the one that is meant.';
	END IF;
	RETURN c;
END $$;

-- What a role may give back or let off alone on a day. Once there is any row of an action, a day without one is a day without authority;
-- a hospital that never wrote one has no limits.
CREATE OR REPLACE FUNCTION hospital_cost._authority_limit(role text, action text, day date) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN EXISTS (SELECT FROM hospital_cost.authority a WHERE a.action = _authority_limit.action)
	THEN coalesce((SELECT a.limit_amount FROM hospital_cost.authority a
		WHERE a.role = _authority_limit.role AND a.action = _authority_limit.action AND a.valid @> day), 0) END;

CREATE OR REPLACE FUNCTION hospital_cost.may(action text, amount numeric) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF action NOT IN ('refund', 'discount') THEN
		RAISE EXCEPTION 'action "%" is not known', action USING ERRCODE = 'MC302', HINT = 'Use refund or discount.';
	END IF;
	-- No limit is no row; who is no cashier may nothing.
	RETURN coalesce((SELECT bool_or(amount <= coalesce(hospital_cost._authority_limit(c.role, action, hospital_cost.hospital_day(now())), amount))
		FROM hospital_cost.cashier c WHERE c.login = session_user AND c.valid @> hospital_cost.hospital_day(now())), false);
END $$;

CREATE OR REPLACE VIEW hospital_cost._live_payment AS
SELECT p.*, p.operator COLLATE "C" AS cashier_code
FROM hospital_cost._payment p
WHERE p.entry <> 'reverse' AND NOT EXISTS (SELECT FROM hospital_cost._payment r WHERE r.source_id = p.source_id AND r.source_key = p.source_key
	AND r.version = p.version AND (r.entry = 'reverse'));

-- Refunds above the limit of whoever gave them. A login that is the cashier's never approves: the view says so again, whatever the order of events.
CREATE OR REPLACE VIEW hospital_cost.refund_approval AS
SELECT p.entry_id, a.relation AS source, p.source_key, p.cashier_code, c.name AS cashier_name, p.day, p.method, -p.amount AS amount,
	l.limit_amount::numeric(18,2) AS limit_amount, p.reason, CASE WHEN k.approved_by IS NULL THEN 'waiting' ELSE 'approved' END AS state,
	k.approved_by, k.approved_at, k.note, o.shift_id
FROM hospital_cost._live_payment p
JOIN hospital_cost.attachment a ON a.source_id = p.source_id
LEFT JOIN hospital_cost.cashier c ON c.code = p.cashier_code
CROSS JOIN LATERAL (SELECT hospital_cost._authority_limit(coalesce(c.role, 'cashier'), 'refund', p.day) AS limit_amount) l
LEFT JOIN LATERAL (
	SELECT x.approved_by, x.approved_at, x.note FROM hospital_cost._approval x
	WHERE x.action = 'refund' AND x.source_id = p.source_id AND x.source_key = p.source_key AND x.amount >= -p.amount
		AND x.approved_by IS DISTINCT FROM c.login
	ORDER BY x.approval_id LIMIT 1) k ON true
LEFT JOIN hospital_cost._closed_payment o ON o.entry_id = p.entry_id
WHERE p.kind IN ('refund', 'deposit_refund') AND -p.amount > l.limit_amount;

CREATE OR REPLACE FUNCTION hospital_cost.approve(action text, source regclass, source_key text, amount numeric, note text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	result bigint;
BEGIN
	IF (action IN ('refund', 'discount')) IS NOT TRUE THEN
		RAISE EXCEPTION 'action "%" is not known', action USING ERRCODE = 'MC302', HINT = 'Use refund or discount.';
	ELSIF coalesce(btrim(note), '') = '' OR coalesce(source_key, '') = '' OR (amount > 0 AND amount < 1e15 AND amount = round(amount, 2)) IS NOT TRUE THEN
		RAISE EXCEPTION 'an approval of "%" is not complete', source_key USING ERRCODE = 'MC302',
			HINT = 'Give the key of the row, an amount in yuan and cents above zero, and a note that says why.';
	END IF;
	SELECT t.* INTO a FROM hospital_cost.attachment t
	WHERE t.relation = source AND t.feed = CASE action WHEN 'refund' THEN 'payments' ELSE 'charges' END AND t.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table "%" is not attached', source USING ERRCODE = 'MC204', HINT = 'See hospital_cost.attachment.';
	END IF;
	IF EXISTS (SELECT FROM hospital_cost._live_payment p JOIN hospital_cost.cashier c ON c.code = p.cashier_code
		WHERE p.source_id = a.source_id AND p.source_key = approve.source_key AND c.login = session_user) THEN
		RAISE EXCEPTION 'login "%" cannot approve "%", which is his own', session_user, source_key USING ERRCODE = 'MC303',
			HINT = 'Another leader approves it.';
	END IF;
	INSERT INTO hospital_cost._approval AS x (action, source_id, source_key, amount, note)
	VALUES (approve.action, a.source_id, approve.source_key, approve.amount, approve.note) RETURNING x.approval_id INTO result;
	RETURN result;
END $$;

CREATE OR REPLACE VIEW hospital_cost.approval AS
SELECT x.approval_id, x.action, a.relation AS source, x.source_key, x.amount, x.note, x.approved_at, x.approved_by
FROM hospital_cost._approval x
JOIN hospital_cost.attachment a ON a.source_id = x.source_id;

CREATE OR REPLACE TRIGGER guard_approval BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._approval
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('What was approved stays on record.');

CREATE OR REPLACE FUNCTION hospital_cost._load_default_cashier() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.long_short_cause (code, name, name_en)
	VALUES ('change', '找零差错', 'wrong change'), ('method', '支付方式记错', 'payment recorded under another method'),
		('unrecorded', '收退款漏记', 'payment or refund not recorded'), ('duplicate', '重复记账', 'recorded twice'),
		('counterfeit', '假币', 'counterfeit note'), ('float', '备用金差错', 'float differs'), ('unknown', '原因不明', 'unknown')
	ON CONFLICT (code) DO NOTHING;
	INSERT INTO hospital_cost.benefit_scheme (code, name)
	VALUES ('310', '职工基本医疗保险'), ('320', '公务员医疗补助'), ('330', '大额医疗费用补助'), ('340', '离休人员医疗保障'), ('350', '一至六级残疾军人医疗补助'),
		('390', '城乡居民基本医疗保险'), ('510', '生育保险')
	ON CONFLICT (code) DO NOTHING;
	INSERT INTO hospital_cost.ledger_account (purpose, account_code, name)
	VALUES ('cash', '1001', '库存现金'), ('bank_card', '1002', '银行存款'), ('bank_transfer', '1002', '银行存款'), ('cheque', '1002', '银行存款'),
		('wechat', '1021', '其他货币资金'), ('alipay', '1021', '其他货币资金'), ('insurer_account', '12120201', '应收医保款'),
		('insurer_fund', '12120201', '应收医保款'), ('patient_account', '2305', '预收医疗款'), ('other', '1218', '其他应收款'),
		('receivable_outpatient', '12120202', '门急诊病人欠费'), ('receivable_inpatient', '121201', '应收在院病人医疗款'),
		('deposit', '2305', '预收医疗款'),
		('cash_long', '2307', '其他应付款'), ('cash_short', '1218', '其他应收款')
	ON CONFLICT (purpose) DO NOTHING;
	INSERT INTO hospital_cost.ledger_account (purpose, account_code, name)
	SELECT 'income_' || s.setting || '_' || c.category, s.prefix || CASE s.setting WHEN 'outpatient' THEN c.outpatient ELSE c.inpatient END,
		s.name || c.name
	FROM (VALUES ('outpatient', '41010101', '门急诊收入-'), ('inpatient', '41010102', '住院收入-')) AS s (setting, prefix, name)
	CROSS JOIN (VALUES ('01', '09', '01', '床位'), ('02', '02', '02', '诊察'), ('03', '03', '03', '检查'), ('04', '04', '04', '化验'),
		('05', '05', '05', '治疗'), ('06', '06', '06', '手术'), ('07', '05', '07', '护理'), ('08', '07', '08', '卫生材料'), ('09', '0801', '0901', '西药'),
		('10', '0803', '0903', '中药饮片'), ('11', '0802', '0902', '中成药'), ('12', '02', '10', '一般诊疗'), ('13', '01', '10', '挂号'),
		('14', '09', '10', '其他')) AS c (category, outpatient, inpatient, name)
	ON CONFLICT (purpose) DO NOTHING;
	INSERT INTO hospital_cost.reminder_rule (kind, minimum_amount, minimum_balance, grace, repeat_days, due_days)
	SELECT v.* FROM (VALUES ('unpaid', 1, 0, interval '2 hours', 7, 3), ('deposit', 1, 1000, interval '0', 1, 1))
		AS v (kind, minimum_amount, minimum_balance, grace, repeat_days, due_days)
	WHERE NOT EXISTS (SELECT FROM hospital_cost.reminder_rule r WHERE r.kind = v.kind);
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('load_defaults', '30', 'hospital_cost._load_default_cashier')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;
