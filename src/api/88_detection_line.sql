-- 88 detection: alerts over charges beside stock, orders, national codes, what is unpaid; cost of items; errors of cashiers.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES
	('drug_without_stock', 'batch', '{}', '{stock,payments}', 'hospital_cost._detect_without_stock',
		'Drug paid for while the pharmacy held less than was charged (缴费后无药可取)'),
	('order_not_checked', 'batch', '{"kinds": {"type": "items", "values": ["outpatient", "emergency", "inpatient", "checkup"], "default": ["inpatient"], "description": "kinds of encounter"}}',
		'{orders,encounter}', 'hospital_cost._detect_not_checked', 'Charge from an order that no nurse had checked (未经护士审核医嘱收费)'),
	('no_national_code', 'batch', '{}', '{}', 'hospital_cost._detect_no_code', 'Charged item without a national code, or with one that is over, on the service day (编码缺失或失效)'),
	('unpaid_open', 'batch', '{"after": {"type": "interval", "default": "2 hours", "description": "since the oldest charge that is not paid"}}',
		'{payments}', 'hospital_cost._detect_unpaid', 'Charges of patients who are not in the house, unpaid for longer (待缴费提醒)'),
	('item_at_a_loss', 'batch', '{"margin": {"type": "number", "default": 0, "description": "unit result ÷ price; below this"},
		"minimum_quantity": {"type": "number", "minimum": 0, "default": 30, "description": "items done less often are not judged"}}',
		'{item_cost}', 'hospital_cost._detect_loss', 'Item whose unit cost is above its price, in the official run (成本高于收费)'),
	('cashier_errors', 'batch', '{"new_days": {"type": "integer", "minimum": 1, "default": 90, "description": "days since a cashier began, for which he is new"},
		"excess": {"type": "number", "minimum": 0, "default": 0.15, "description": "error rate above that of the others, as a part of it"},
		"minimum_transactions": {"type": "integer", "minimum": 1, "default": 30, "description": "fewer: no finding"},
		"minimum_errors": {"type": "integer", "minimum": 1, "default": 5, "description": "fewer: no finding"}}',
		'{payments,cashier}', 'hospital_cost._detect_cashier_errors', 'New cashier with more errors than the others (新员工差错率高)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en) VALUES
	('SD10', '成本高于收费', 'item at a loss', 'item_at_a_loss', 'lead', '项目成本高于收费价格', 'The item costs more than it brings in'),
	('SD13', '缴费后无药可取', 'paid drug without stock', 'drug_without_stock', 'suspect', '缴费时药房库存不足', 'The pharmacy held too little when the drug was paid for'),
	('SD15', '未经护士审核医嘱收费', 'charge from an unchecked order', 'order_not_checked', 'suspect', '收费时医嘱未经护士审核', 'No nurse had checked the order when it was charged'),
	('SD17', '编码缺失或失效', 'no valid national code', 'no_national_code', 'suspect', '收费项目没有有效的国家编码', 'The item has no national code on the day'),
	('SD29', '待缴费提醒', 'unpaid charges', 'unpaid_open', 'lead', '有已计价未缴费的费用', 'There are charges that nobody paid'),
	('SD31', '新员工差错率高', 'errors of a new cashier', 'cashier_errors', 'lead', '新收费员差错率高于他人', 'A new cashier makes more errors than the others')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

-- Held is the last count before the payment with what came and went since. Where the performing department keeps no stock, that of all counts.
CREATE OR REPLACE FUNCTION hospital_cost._detect_without_stock(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH store AS MATERIALIZED (
		SELECT DISTINCT s.department_code FROM hospital_cost.stock s
	), line AS (
		SELECT l.encounter_code, l.item_id, l.performing_id, sum(l.quantity) * 0.0001 AS quantity, sum(l.amount) * 0.01 AS amount, min(l.charged_at) AS charged_at,
			min(l.entry_id) AS entry_id
		FROM hospital_cost._ledger l JOIN hospital_cost.charge_item i ON i.item_id = l.item_id AND i.kind = 'drug'
		WHERE l.service_day >= _detect_without_stock.period AND l.service_day < _detect_without_stock.period + interval '1 month'
		GROUP BY l.encounter_code, l.item_id, l.performing_id, l.service_day HAVING sum(l.quantity) > 0
	), paid AS (
		SELECT n.*, i.code AS item_code, d.code AS department_code, s.department_code IS NOT NULL AS is_store, p.at
		FROM line n JOIN hospital_cost.charge_item i ON i.item_id = n.item_id JOIN hospital_cost.department d ON d.department_id = n.performing_id
		LEFT JOIN hospital_cost.encounter e ON e.code = n.encounter_code
		LEFT JOIN store s ON s.department_code = d.code
		CROSS JOIN LATERAL (SELECT min(p.paid_at) AS at FROM hospital_cost._live_payment p
			WHERE coalesce(p.encounter_code, p.patient_code) = n.encounter_code AND p.encounter_code = n.encounter_code AND p.kind = 'payment' AND p.paid_at >= n.charged_at) p
		WHERE p.at IS NOT NULL AND e.kind IS DISTINCT FROM 'inpatient'
	), held AS (
		SELECT p.*, h.held FROM paid p
		CROSS JOIN LATERAL (
			SELECT sum(CASE WHEN s.kind = 'on_hand' THEN CASE WHEN coalesce(s.as_of, '-infinity') = c.at THEN s.quantity ELSE 0 END
				WHEN coalesce(s.as_of, '-infinity') > c.at OR c.at IS NULL THEN CASE s.kind WHEN 'received' THEN s.quantity ELSE -s.quantity END ELSE 0 END) AS held
			FROM hospital_cost.stock s
			CROSS JOIN LATERAL (SELECT max(coalesce(x.as_of, '-infinity')) AS at FROM hospital_cost.stock x WHERE x.item_code = s.item_code
				AND x.department_code = s.department_code AND x.kind = 'on_hand' AND coalesce(x.as_of, '-infinity') <= p.at) c
			WHERE s.item_code = p.item_code AND (s.department_code = p.department_code OR NOT p.is_store) AND coalesce(s.as_of, '-infinity') <= p.at) h
	)
	SELECT 'encounter', h.encounter_code, h.item_code || ' ' || h.entry_id, h.encounter_code, h.item_code, NULL::smallint, NULL::text, h.entry_id, NULL::bigint, 'quantity',
		trim_scale(h.quantity)::text, trim_scale(h.held)::text, h.quantity - h.held, round(h.amount * (h.quantity - greatest(h.held, 0)) / h.quantity, 2),
		jsonb_build_object('department', h.department_code, 'paid_at', h.at)
	FROM held h WHERE h.held < h.quantity;
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_not_checked(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH ordered AS MATERIALIZED (
		SELECT o.encounter_code, i.item_id, i.code AS item_code, min(o.nurse_checked_at) AS checked_at, min(o.order_no) AS order_no
		FROM hospital_cost.order_line o JOIN hospital_cost.charge_item i ON i.code = o.item_code
		JOIN hospital_cost.encounter e ON e.code = o.encounter_code AND hospital_cost._parameter(rule, 'kinds')::jsonb ? e.kind
		WHERE o.status <> 'cancelled' GROUP BY o.encounter_code, i.item_id, i.code
	)
	SELECT 'encounter', l.encounter_code, o.item_code || ' ' || l.service_day, l.encounter_code, o.item_code, NULL::smallint, NULL::text, min(l.entry_id), NULL::bigint, 'order',
		coalesce(o.checked_at::text, 'not checked'), min(l.charged_at)::text, sum(l.quantity) * 0.0001, sum(l.amount) * 0.01, jsonb_build_object('order', o.order_no)
	FROM hospital_cost._ledger l JOIN ordered o ON o.encounter_code = l.encounter_code AND o.item_id = l.item_id
	WHERE l.service_day >= _detect_not_checked.period AND l.service_day < _detect_not_checked.period + interval '1 month'
	GROUP BY l.encounter_code, o.item_code, l.service_day, o.checked_at, o.order_no
	HAVING sum(l.quantity) > 0 AND (o.checked_at IS NULL OR o.checked_at > min(l.charged_at));
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_no_code(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH used AS (
		SELECT l.item_id, l.service_day, sum(l.quantity) AS quantity, sum(l.amount) AS amount, count(*) AS entries, min(l.entry_id) AS entry_id FROM hospital_cost._ledger l
		WHERE l.service_day >= _detect_no_code.period AND l.service_day < _detect_no_code.period + interval '1 month'
		GROUP BY l.item_id, l.service_day HAVING sum(l.quantity) <> 0
	), judged AS (
		SELECT u.*, i.code, CASE WHEN EXISTS (SELECT FROM hospital_cost.item_code_map m WHERE m.item_code = i.code AND m.valid @> u.service_day) THEN 'valid'
			WHEN EXISTS (SELECT FROM hospital_cost.item_code_map m WHERE m.item_code = i.code) THEN 'expired'
			WHEN coalesce(i.national_code, '') = '' THEN 'none' ELSE 'valid' END AS state
		FROM used u JOIN hospital_cost.charge_item i ON i.item_id = u.item_id
	)
	SELECT 'item', j.code, j.state, NULL::text, j.code, NULL::smallint, NULL::text, min(j.entry_id), NULL::bigint, 'national_code', j.state, 'valid', sum(j.quantity) * 0.0001,
		sum(j.amount) * 0.01, jsonb_build_object('entries', sum(j.entries), 'first_day', min(j.service_day), 'last_day', max(j.service_day))
	FROM judged j WHERE j.state <> 'valid' GROUP BY j.code, j.state;
END;

-- As things stand now: a payment closes it.
CREATE OR REPLACE FUNCTION hospital_cost._detect_unpaid(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'encounter', u.encounter_code, '', u.encounter_code, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'unpaid', u.unpaid::text, '0',
		NULL::numeric, u.unpaid, jsonb_build_object('since', u.since, 'charges', u.charges, 'payments', u.payments, 'deposits', u.deposits)
	FROM hospital_cost._unpaid_at() u LEFT JOIN hospital_cost.encounter e ON e.code = u.encounter_code
	WHERE hospital_cost.period_of(hospital_cost.hospital_day(u.since)) = _detect_unpaid.period
		AND u.since + hospital_cost._parameter(rule, 'after')::interval < now() AND NOT (coalesce(e.kind, '') = 'inpatient' AND e.ended_at IS NULL AND e.status = 'active');
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_loss(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'item', c.item_code, 'run ' || c.run_id, NULL::text, c.item_code, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'unit_cost', c.unit_cost::text, c.price::text,
		NULL::numeric, round(-c.unit_result * c.quantity, 2), jsonb_build_object('margin', c.margin, 'quantity', c.quantity)
	FROM hospital_cost.item_cost c
	WHERE c.period = _detect_loss.period AND c.official AND c.department_code IS NULL AND c.matched = 'item'
		AND c.margin < hospital_cost._parameter(rule, 'margin')::numeric AND c.quantity >= hospital_cost._parameter(rule, 'minimum_quantity')::numeric;
END;

-- An error is a payment that was taken back, corrected, or given back on its own day. The others are all who are not new.
CREATE OR REPLACE FUNCTION hospital_cost._detect_cashier_errors(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH taken AS (
		SELECT p.operator COLLATE "C" AS cashier_code, p.source_id, p.source_key,
			bool_or(p.entry = 'reverse') OR bool_or(EXISTS (SELECT FROM hospital_cost._payment r WHERE r.source_id = p.source_id AND r.reverses_key = p.source_key
				AND r.entry = 'refund' AND r.day = p.day)) AS wrong
		FROM hospital_cost._payment p WHERE p.kind IN ('payment', 'deposit') AND p.operator IS NOT NULL
			AND p.day >= _detect_cashier_errors.period AND p.day < _detect_cashier_errors.period + interval '1 month'
		GROUP BY p.operator COLLATE "C", p.source_id, p.source_key
	), counted AS MATERIALIZED (
		SELECT t.cashier_code, count(*) AS transactions, count(*) FILTER (WHERE t.wrong) AS errors, coalesce(bool_or(lower(c.valid) >
			(_detect_cashier_errors.period + interval '1 month')::date - hospital_cost._parameter(rule, 'new_days')::int), false) AS is_new
		FROM taken t LEFT JOIN hospital_cost.cashier c ON c.code = t.cashier_code GROUP BY t.cashier_code
	), others AS (
		SELECT sum(c.transactions) AS transactions, sum(c.errors) / sum(c.transactions) AS rate FROM counted c WHERE NOT c.is_new
	)
	SELECT 'cashier', c.cashier_code, '', NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'error_rate',
		round(c.errors::numeric / c.transactions, 6)::text, round(o.rate * (1 + hospital_cost._parameter(rule, 'excess')::numeric), 6)::text, NULL::numeric, NULL::numeric,
		jsonb_build_object('transactions', c.transactions, 'errors', c.errors, 'rate_of_others', round(o.rate, 6))
	FROM counted c CROSS JOIN others o
	WHERE c.is_new AND least(c.transactions, o.transactions) >= hospital_cost._parameter(rule, 'minimum_transactions')::int
		AND c.errors >= hospital_cost._parameter(rule, 'minimum_errors')::int
		AND c.errors::numeric / c.transactions > o.rate * (1 + hospital_cost._parameter(rule, 'excess')::numeric);
END;

COMMENT ON FUNCTION hospital_cost._detect_without_stock(date, hospital_cost.rule) IS 'SD13: drugs of a month that were paid for while the stock was less';
COMMENT ON FUNCTION hospital_cost._detect_not_checked(date, hospital_cost.rule) IS 'SD15: charges of a month from orders that no nurse had checked';
COMMENT ON FUNCTION hospital_cost._detect_no_code(date, hospital_cost.rule) IS 'SD17: items charged in a month on days without a national code';
COMMENT ON FUNCTION hospital_cost._detect_unpaid(date, hospital_cost.rule) IS 'SD29: encounters that owe since a day of a month';
COMMENT ON FUNCTION hospital_cost._detect_loss(date, hospital_cost.rule) IS 'SD10: items of a month''s official run that cost more than their price';
COMMENT ON FUNCTION hospital_cost._detect_cashier_errors(date, hospital_cost.rule) IS 'SD31: new cashiers with more errors than the others in a month';
