-- 40 anomaly: what was found, and what people say of it.

CREATE OR REPLACE VIEW hospital_cost.finding AS
SELECT f.finding_id, f.class, f.code, f.rule_version, r.name AS rule_name, r.name_en AS rule_name_en, f.severity,
	a.relation AS source, f.source_key, f.encounter_code, f.item_code, i.name AS item_name, f.period,
	array_remove(ARRAY[f.related_entry_id, f.entry_id], NULL) AS entries,
	f.field, f.observed, f.expected AS limit_value, f.excess_quantity, f.amount_at_risk,
	jsonb_strip_nulls(jsonb_build_object('field', f.field, 'observed', f.observed, 'limit', f.expected,
		'entry', f.entry_id, 'related_entry', f.related_entry_id, 'knowledge', f.knowledge_id)) || coalesce(f.evidence, '{}') AS evidence,
	f.state, f.found_at, f.deadline, f.closed_at, f.closed_by, f.note,
	r.message, r.message_en, f.knowledge_id, f.subject, f.subject_code, f.fact,
	f.expected, f.entry_id, a.relation_name AS source_name
FROM hospital_cost._finding f
LEFT JOIN hospital_cost.attachment a ON a.source_id = f.source_id
LEFT JOIN hospital_cost.rule r ON f.class = 'conduct' AND r.code = f.code AND r.version = f.rule_version
LEFT JOIN hospital_cost.charge_item i ON i.code = f.item_code;
