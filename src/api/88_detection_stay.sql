-- 88 detection: rules over patients, stays, stock and shares that need a month at once.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES
	('outpatient_in_stay', 'batch', '{"except_payers": {"type": "items", "default": ["self", "自费"], "description": "payers of the visit that are let pass"}}',
		'{encounter}', 'hospital_cost._detect_outpatient_in_stay', 'Outpatient charge on a day within a stay of the same patient, its first and last day apart (住院期间门诊收费)'),
	('material_issued', 'batch', '{}', '{stock}', 'hospital_cost._detect_material', 'More of a material charged than was issued, by patient where issues name one, else by month (耗材数量大于出库)'),
	('drug_balance', 'batch', '{"tolerance": {"type": "number", "minimum": 0, "default": 0, "description": "units that are let pass"}}',
		'{stock}', 'hospital_cost._detect_drug_balance', 'More of a drug charged in a month than opening + received − closing stock (药品进销存不平)'),
	('routine_test', 'batch', '{"factor": {"type": "number", "minimum": 1, "default": 3, "description": "times the median of the units"},
		"minimum_cases": {"type": "integer", "minimum": 1, "default": 30, "description": "patients of a unit; fewer are not judged and no peers"},
		"minimum_units": {"type": "integer", "minimum": 2, "default": 3, "description": "units compared; fewer: no finding"},
		"categories": {"type": "items", "default": ["03", "04"], "description": "charge categories of tests"}}',
		'{}', 'hospital_cost._detect_routine_test', 'Test that a unit orders for a far larger share of its patients than others (普遍开展检查)'),
	('split_stay', 'batch', '{"days": {"type": "integer", "minimum": 0, "maximum": 366, "default": 15, "description": "days between discharge and admission, or fewer"},
		"diagnosis_characters": {"type": "integer", "minimum": 1, "maximum": 10, "default": 3, "description": "characters of the main diagnosis that are the same"},
		"except_diagnoses": {"type": "items", "default": ["Z49", "Z51"], "description": "beginnings of diagnoses that come back by plan: dialysis, cycles of chemo- or radiotherapy"}}',
		'{encounter}', 'hospital_cost._detect_split_stay', 'Admitted again soon after discharge with the same diagnosis (分解住院)'),
	('frequent_visits', 'batch', '{"visits": {"type": "integer", "minimum": 0, "default": 20, "description": "outpatient visits a month; more"},
		"drug_days": {"type": "integer", "minimum": 0, "default": 10, "description": "days a month on which drugs were bought; more"},
		"stays": {"type": "integer", "minimum": 0, "default": 6, "description": "stays in a calendar year; more"}}',
		'{encounter}', 'hospital_cost._detect_frequent', 'Very frequent visits, purchases of drugs or stays (频繁门诊、购药、住院)'),
	('fee_share', 'batch', '{"drug": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.35, "description": "share of drugs, without herbs"},
		"lab": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.40, "description": "share of laboratory"},
		"material": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.25, "description": "share of materials"},
		"treatment": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.45, "description": "share of treatment"},
		"ct": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.08, "description": "share of CT"},
		"mri": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.05, "description": "share of MRI"},
		"ct_name": {"type": "text", "default": "CT", "description": "what names of CT items contain, among examinations"},
		"mri_name": {"type": "text", "default": "磁共振|MRI", "description": "what names of MRI items match"},
		"minimum_entries": {"type": "integer", "minimum": 1, "default": 30, "description": "charges of a department; fewer are not judged"}}',
		'{}', 'hospital_cost._detect_fee_share', 'Share of drugs, tests, materials … of what a department orders above a limit (费用占比异常)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en, legal_basis) VALUES
	('CA24', '住院期间门诊收费', 'outpatient charge in a stay', 'outpatient_in_stay', 'suspect', '患者住院期间发生门诊收费', 'An outpatient charge falls into the patient''s stay', NULL),
	('CA30', '耗材数量大于出库', 'more material than was issued', 'material_issued', 'definite', '收费耗材数量大于出库数量', 'More of the material is charged than was issued', '两库规则 2-03-001'),
	('CA31', '药品进销存不平', 'drugs do not balance', 'drug_balance', 'definite', '药品销售数量大于进销存推算数量', 'More of the drug is charged than the stock accounts for', '两库规则 2-02-001'),
	('CA36', '普遍开展检查', 'test ordered for everybody', 'routine_test', 'suspect', '检查检验开展比例远高于其他科室', 'The unit orders the test far more often than others', '违法违规典型问题清单 102–126'),
	('CA38', '分解住院', 'split stay', 'split_stay', 'suspect', '短期内相同诊断再次住院', 'Admitted again soon with the same diagnosis', '两库规则 2-04-001'),
	('CA40', '频繁门诊、购药、住院', 'frequent visits', 'frequent_visits', 'suspect', '就诊、购药或住院过于频繁', 'Visits, purchases of drugs or stays are very frequent', '两库规则 2-04-002'),
	('CA44', '费用占比异常', 'unusual share of fees', 'fee_share', 'lead', '费用占比超过限值', 'The share of fees is above its limit', '两库规则 ZB 001–006')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

CREATE OR REPLACE FUNCTION hospital_cost._detect_outpatient_in_stay(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH stay AS MATERIALIZED (
		SELECT e.patient_code, e.code, hospital_cost.hospital_day(e.started_at) AS first_day, coalesce(hospital_cost.hospital_day(e.ended_at), 'infinity') AS last_day
		FROM hospital_cost.encounter e WHERE e.kind = 'inpatient' AND e.status = 'active' AND e.patient_code IS NOT NULL
			AND hospital_cost.hospital_day(e.started_at) < _detect_outpatient_in_stay.period + interval '1 month'
			AND coalesce(hospital_cost.hospital_day(e.ended_at), 'infinity') > _detect_outpatient_in_stay.period
	)
	SELECT 'encounter', l.encounter_code, l.service_day::text, l.encounter_code, NULL::text, NULL::smallint, NULL::text, min(l.entry_id), NULL::bigint, 'service_day', l.service_day::text,
		min(format('%s %s/%s', s.code, s.first_day, s.last_day)), NULL::numeric, sum(l.amount) * 0.01, jsonb_build_object('stay', min(s.code), 'patient', v.patient_code)
	FROM hospital_cost.encounter v
	JOIN stay s ON s.patient_code = v.patient_code
	JOIN hospital_cost._ledger l ON l.encounter_code = v.code AND l.service_day > s.first_day AND l.service_day < s.last_day
	WHERE v.kind IN ('outpatient', 'emergency') AND v.status = 'active' AND NOT hospital_cost._parameter(rule, 'except_payers')::jsonb ? coalesce(v.payer, '')
		AND l.service_day >= _detect_outpatient_in_stay.period AND l.service_day < _detect_outpatient_in_stay.period + interval '1 month'
	GROUP BY l.encounter_code, l.service_day, v.patient_code HAVING sum(l.amount) > 0;
END;

-- By patient, what was charged and issued up to the end of the month: an issue of the month before serves a charge of this one.
CREATE OR REPLACE FUNCTION hospital_cost._detect_material(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH kept AS MATERIALIZED (
		SELECT s.item_code, i.item_id, bool_or(s.kind = 'issued' AND s.encounter_code IS NOT NULL) AS by_patient FROM hospital_cost.stock s
		JOIN hospital_cost.charge_item i ON i.code = s.item_code AND i.kind = 'material' GROUP BY s.item_code, i.item_id
	), issued AS MATERIALIZED (
		SELECT s.item_code, CASE WHEN k.by_patient THEN s.encounter_code END AS code, sum(s.quantity) AS quantity
		FROM hospital_cost.stock s JOIN kept k ON k.item_code = s.item_code CROSS JOIN LATERAL (SELECT hospital_cost.hospital_day(s.as_of) AS day) d
		WHERE s.kind = 'issued' AND d.day < _detect_material.period + interval '1 month' AND (k.by_patient OR d.day >= _detect_material.period) GROUP BY 1, 2
	), charged AS (
		SELECT k.item_code, CASE WHEN k.by_patient THEN l.encounter_code END AS code, sum(l.quantity) * 0.0001 AS quantity, sum(l.amount) * 0.01 AS amount,
			max(l.entry_id) AS entry_id
		FROM hospital_cost._ledger l JOIN kept k ON k.item_id = l.item_id
		WHERE l.service_day < _detect_material.period + interval '1 month' AND (k.by_patient OR l.service_day >= _detect_material.period)
		GROUP BY 1, 2 HAVING sum(l.quantity) > 0 AND max(l.service_day) >= _detect_material.period
	)
	SELECT CASE WHEN c.code IS NULL THEN 'item' ELSE 'encounter' END, coalesce(c.code, c.item_code), c.item_code, c.code, c.item_code, NULL::smallint, NULL::text, c.entry_id,
		NULL::bigint, 'quantity', trim_scale(c.quantity)::text, trim_scale(coalesce(u.quantity, 0))::text, c.quantity - coalesce(u.quantity, 0),
		round(c.amount * (c.quantity - coalesce(u.quantity, 0)) / c.quantity, 2), NULL::jsonb
	FROM charged c LEFT JOIN issued u ON u.item_code = c.item_code AND u.code IS NOT DISTINCT FROM c.code
	WHERE c.quantity > coalesce(u.quantity, 0);
END;

-- A count holds for its department; the last one up to a midnight is the stock of that midnight.
CREATE OR REPLACE FUNCTION hospital_cost._detect_drug_balance(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH bound AS MATERIALIZED (
		SELECT _detect_drug_balance.period::timestamp AT TIME ZONE hospital_cost.hospital_timezone() AS begins,
			(_detect_drug_balance.period + interval '1 month') AT TIME ZONE hospital_cost.hospital_timezone() AS ends
	), counted AS MATERIALIZED (
		SELECT s.item_code, s.department_code, s.as_of, s.as_of <= b.begins AS opens, s.quantity,
			max(s.as_of) OVER (PARTITION BY s.item_code, s.department_code, s.as_of <= b.begins) AS last_of
		FROM hospital_cost.stock s JOIN hospital_cost.charge_item i ON i.code = s.item_code AND i.kind = 'drug' CROSS JOIN bound b
		WHERE s.kind = 'on_hand' AND s.as_of <= b.ends
	), balance AS (
		SELECT c.item_code, sum(c.quantity) FILTER (WHERE c.opens) AS opening, sum(c.quantity) FILTER (WHERE NOT c.opens) AS closing
		FROM counted c WHERE c.as_of = c.last_of GROUP BY c.item_code
	), received AS (
		SELECT s.item_code, sum(s.quantity) AS quantity FROM hospital_cost.stock s CROSS JOIN bound b
		WHERE s.kind = 'received' AND s.as_of > b.begins AND s.as_of <= b.ends GROUP BY s.item_code
	), charged AS (
		SELECT i.code, sum(l.quantity) * 0.0001 AS quantity, sum(l.amount) * 0.01 AS amount, max(l.entry_id) AS entry_id
		FROM hospital_cost._ledger l JOIN hospital_cost.charge_item i ON i.item_id = l.item_id AND i.kind = 'drug'
		WHERE l.service_day >= _detect_drug_balance.period AND l.service_day < _detect_drug_balance.period + interval '1 month'
		GROUP BY i.code HAVING sum(l.quantity) > 0
	)
	SELECT 'item', c.code, '', NULL::text, c.code, NULL::smallint, NULL::text, c.entry_id, NULL::bigint, 'quantity', trim_scale(c.quantity)::text,
		trim_scale(a.used)::text, c.quantity - a.used, round(c.amount * (c.quantity - greatest(a.used, 0)) / c.quantity, 2),
		jsonb_build_object('opening', b.opening, 'received', coalesce(r.quantity, 0), 'closing', b.closing)
	FROM charged c JOIN balance b ON b.item_code = c.code LEFT JOIN received r ON r.item_code = c.code
	CROSS JOIN LATERAL (SELECT b.opening + coalesce(r.quantity, 0) - b.closing AS used) a
	WHERE c.quantity > a.used + hospital_cost._parameter(rule, 'tolerance')::numeric;
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_split_stay(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'days')::int AS days, hospital_cost._parameter(rule, 'diagnosis_characters')::int AS characters,
			hospital_cost._parameter(rule, 'except_diagnoses')::jsonb AS planned
	), stay AS MATERIALIZED (
		SELECT e.patient_code, e.code, hospital_cost.hospital_day(e.started_at) AS day, left(e.diagnosis_code, o.characters) AS diagnosis,
			lag(hospital_cost.hospital_day(e.ended_at)) OVER w AS before_day, lag(e.code) OVER w AS before, left(lag(e.diagnosis_code) OVER w, o.characters) AS before_diagnosis
		FROM hospital_cost.encounter e CROSS JOIN o
		WHERE e.kind = 'inpatient' AND e.status = 'active' AND e.patient_code IS NOT NULL
		WINDOW w AS (PARTITION BY e.patient_code ORDER BY e.started_at, e.code)
	)
	SELECT 'patient', s.patient_code, s.code, s.code, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'days', (s.day - s.before_day)::text, o.days::text,
		NULL::numeric, (SELECT sum(l.amount) * 0.01 FROM hospital_cost._ledger l WHERE l.encounter_code = s.code),
		jsonb_build_object('before', s.before, 'discharged', s.before_day, 'admitted', s.day, 'diagnosis', s.diagnosis)
	FROM stay s CROSS JOIN o
	WHERE s.day >= _detect_split_stay.period AND s.day < _detect_split_stay.period + interval '1 month' AND s.day - s.before_day BETWEEN 0 AND o.days
		AND s.diagnosis = s.before_diagnosis AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(o.planned) AS p (code) WHERE starts_with(s.diagnosis, p.code));
END;

COMMENT ON FUNCTION hospital_cost._detect_outpatient_in_stay(date, hospital_cost.rule) IS 'CA24: outpatient charges of a month within a stay';
COMMENT ON FUNCTION hospital_cost._detect_material(date, hospital_cost.rule) IS 'CA30: materials charged in a month beyond what was issued';
COMMENT ON FUNCTION hospital_cost._detect_drug_balance(date, hospital_cost.rule) IS 'CA31: drugs charged in a month beyond what the stock accounts for';
COMMENT ON FUNCTION hospital_cost._detect_split_stay(date, hospital_cost.rule) IS 'CA38: stays that began in a month soon after one with the same diagnosis';
