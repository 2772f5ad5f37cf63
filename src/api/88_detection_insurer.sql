-- 88 detection: alerts over settlements with insurers.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES
	('insurer_money_late', 'batch', '{"days": {"type": "integer", "minimum": 0, "maximum": 366, "default": 1, "description": "days after the settlement; at the end of the last one the money is there"}}',
		'{settlement}', 'hospital_cost._detect_insurer_money', 'Settlement whose fund money no statement or clearing shows at the cut-off (跨日未到账的医保结算)'),
	('settlement_not_audited', 'batch', '{"kinds": {"type": "items", "values": ["outpatient", "emergency", "inpatient", "checkup"], "default": ["inpatient"], "description": "kinds of encounter"}}',
		'{settlement}', 'hospital_cost._detect_not_audited', 'Settlement that stands without an answer of the insurer''s pre-audit (结算未经医保事前审核)'),
	('settlement_not_confirmed', 'batch', '{}', '{settlement}', 'hospital_cost._detect_not_confirmed',
		'Serious-illness settlement that nobody confirmed (大病医保结算未经专员确认)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en) VALUES
	('SD02', '跨日未到账的医保结算', 'insurer money not in next day', 'insurer_money_late', 'suspect', '医保结算款跨日未到账，请人工核对',
		'The insurer''s money for the settlement is not in: check it by hand'),
	('SD14', '住院结算未经医保事前审核', 'settlement without pre-audit', 'settlement_not_audited', 'definite', '住院结算没有医保审核应答',
		'The settlement was finished without the insurer''s pre-audit'),
	('SD18', '大病结算未经专员确认', 'serious-illness settlement not confirmed', 'settlement_not_confirmed', 'definite', '大病医保结算待专员确认',
		'The settlement waits for a person to confirm it')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

-- In is what a clearing notice pays, a line of a statement with the number of the settlement, or a payment of it that a statement has, by line or by total.
CREATE OR REPLACE FUNCTION hospital_cost._detect_insurer_money(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH due AS MATERIALIZED (
		SELECT s.settlement_id, s.setl_id, s.medins_setl_id, s.encounter_code, s.scheme, s.day, s.fund_pay_sumamt, s.day + o.days AS until
		FROM hospital_cost.settlement s CROSS JOIN (SELECT hospital_cost._parameter(rule, 'days')::int AS days OFFSET 0) o
		WHERE s.day >= _detect_insurer_money.period AND s.day < _detect_insurer_money.period + interval '1 month' AND s.state IN ('settled', 'to_confirm')
			AND s.fund_pay_sumamt > 0 AND hospital_cost.hospital_day(now()) > s.day + o.days
	), line AS MATERIALIZED (
		SELECT l.reference, min(l.day) AS day FROM hospital_cost.statement_line l
		JOIN hospital_cost._standing_statement t ON t.statement_id = l.statement_id
		WHERE NOT l.failed AND l.amount > 0 AND l.reference IN (SELECT d.setl_id FROM due d UNION SELECT d.medins_setl_id FROM due d) GROUP BY l.reference
	), total AS MATERIALIZED (
		SELECT DISTINCT e.entry_id FROM (SELECT DISTINCT t.kind FROM hospital_cost._standing_statement t
			WHERE EXISTS (SELECT FROM hospital_cost.statement_total x WHERE x.statement_id = t.statement_id)) k
		CROSS JOIN LATERAL hospital_cost._settled_by_total(k.kind, (SELECT min(d.day) FROM due d), (SELECT max(d.until) FROM due d)) AS e (entry_id)
	), paid AS MATERIALIZED (
		SELECT p.settlement COLLATE "C" AS settlement, min(CASE WHEN t.entry_id IS NOT NULL THEN p.day ELSE l.day END) AS day
		FROM hospital_cost._detection_payment p
		LEFT JOIN hospital_cost._reconciliation_match m ON m.entry_id = p.entry_id
		LEFT JOIN hospital_cost._reconciliation_match h ON h.match_id = m.match_id AND h.line_id IS NOT NULL
		LEFT JOIN hospital_cost.statement_line l ON l.line_id = h.line_id
		LEFT JOIN total t ON t.entry_id = p.entry_id
		WHERE p.settlement COLLATE "C" IN (SELECT d.setl_id FROM due d UNION SELECT d.medins_setl_id FROM due d)
			AND p.channel IN ('insurer_fund', 'insurer_account') AND p.is_receipt
		GROUP BY p.settlement COLLATE "C"
	)
	SELECT 'settlement', d.settlement_id::text, '', d.encounter_code, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'fund_pay_sumamt', 'not in',
		d.until::text, NULL::numeric, d.fund_pay_sumamt, jsonb_build_object('setl_id', d.setl_id, 'day', d.day, 'scheme', d.scheme)
	FROM due d
	WHERE NOT EXISTS (SELECT FROM line l WHERE l.reference IN (d.setl_id, d.medins_setl_id) AND l.day <= d.until)
		AND NOT EXISTS (SELECT FROM paid p WHERE p.settlement IN (d.setl_id, d.medins_setl_id) AND p.day <= d.until)
		AND NOT EXISTS (SELECT FROM hospital_cost.insurer_clearing c WHERE c.settlement_id = d.settlement_id AND c.day <= d.until HAVING sum(c.paid) > 0);
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_not_audited(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'settlement', s.settlement_id::text, '', s.encounter_code, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'pre_audit', 'none', NULL::text,
		NULL::numeric, s.fund_pay_sumamt, jsonb_build_object('setl_id', s.setl_id, 'day', s.day, 'scheme', s.scheme)
	FROM hospital_cost.settlement s LEFT JOIN hospital_cost.encounter e ON e.code = s.encounter_code
	WHERE s.day >= _detect_not_audited.period AND s.day < _detect_not_audited.period + interval '1 month' AND s.state IN ('settled', 'to_confirm')
		-- Kinds of treatment of the insurer that begin with 2 are those of inpatients.
		AND s.pre_audit IS NULL AND (hospital_cost._parameter(rule, 'kinds')::jsonb ? coalesce(e.kind, CASE WHEN s.med_type ~ '^2' THEN 'inpatient' ELSE 'outpatient' END));
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_not_confirmed(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'settlement', s.settlement_id::text, '', s.encounter_code, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'confirmation', s.confirmation,
		'required', NULL::numeric, s.hifmi_pay, jsonb_build_object('setl_id', s.setl_id, 'day', s.day, 'scheme', s.scheme)
	FROM hospital_cost.settlement s
	WHERE s.day >= _detect_not_confirmed.period AND s.day < _detect_not_confirmed.period + interval '1 month' AND s.state IN ('settled', 'to_confirm')
		AND s.confirmed_at IS NULL AND (s.confirmation = 'required' OR s.hifmi_pay > 0);
END;

COMMENT ON FUNCTION hospital_cost._detect_insurer_money(date, hospital_cost.rule) IS 'SD02: settlements of a month whose money was not in at the cut-off';
COMMENT ON FUNCTION hospital_cost._detect_not_audited(date, hospital_cost.rule) IS 'SD14: settlements of a month without pre-audit';
COMMENT ON FUNCTION hospital_cost._detect_not_confirmed(date, hospital_cost.rule) IS 'SD18: serious-illness settlements of a month that nobody confirmed';
