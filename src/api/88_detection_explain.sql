-- 88 detection: two-way check (双向校验): from a finding or a figure to the entries behind it, and from an entry to its findings.

-- Entries that a finding names; else the charges of what it is about, in its month.
CREATE OR REPLACE FUNCTION hospital_cost.explain_finding(finding_id bigint)
RETURNS TABLE (what text, entry_id bigint, source_name text, source_key text, encounter_code text, item_code text, item_name text, national_code text,
	department_code text, operator text, day date, quantity numeric, unit_price numeric, amount numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f record;
	payments bigint[];
BEGIN
	SELECT x.* INTO f FROM hospital_cost.finding x WHERE x.finding_id = explain_finding.finding_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'finding % is not known', explain_finding.finding_id USING ERRCODE = 'MC881', HINT = 'See hospital_cost.finding.';
	END IF;
	payments := ARRAY(SELECT p.id::bigint FROM jsonb_array_elements_text(coalesce(f.evidence -> 'payments', '[]')) AS p (id));
	IF f.subject = 'shift' THEN
		payments := ARRAY(SELECT c.entry_id FROM hospital_cost._closed_payment c WHERE c.shift_id = f.subject_code::bigint);
	END IF;
	RETURN QUERY
	SELECT 'payment', p.entry_id, a.relation_name, p.source_key, p.encounter_code, NULL::text, NULL::text, NULL::text, NULL::text, p.operator, p.day,
		NULL::numeric, NULL::numeric, p.amount::numeric
	FROM hospital_cost._payment p JOIN hospital_cost.attachment a ON a.source_id = p.source_id WHERE p.entry_id = ANY (payments)
	UNION ALL
	SELECT 'charge', l.entry_id, l.source_name, l.source_key, l.encounter_code, l.item_code, l.item_name, i.national_code, l.ordering_department_code, NULL, l.service_day,
		l.quantity, l.unit_price, l.amount
	FROM hospital_cost.ledger l JOIN hospital_cost.charge_item i ON i.code = l.item_code
	WHERE CASE
		WHEN f.subject = 'department' THEN l.period = f.period AND l.ordering_department_code = f.subject_code AND l.item_code = coalesce(f.item_code, l.item_code)
			AND (NOT f.evidence ? 'categories' OR f.evidence -> 'categories' ? l.category)
		WHEN f.subject = 'item' THEN l.item_code = f.subject_code AND l.service_day >= f.period AND l.service_day < f.period + interval '1 month'
		WHEN f.subject = 'encounter' THEN l.encounter_code = f.subject_code AND l.item_code = coalesce(f.item_code, l.item_code)
		ELSE l.entry_id = ANY (f.entries) END
	ORDER BY 1, 11, 2;
END $$;

-- What a department ordered in a month, line by line, each with the findings that it is in.
CREATE OR REPLACE FUNCTION hospital_cost.department_entries(period date, department text, category text DEFAULT NULL)
RETURNS TABLE (entry_id bigint, source_name text, source_key text, encounter_code text, item_code text, item_name text, national_code text, category_code text,
	performing_department_code text, service_day date, quantity numeric, unit_price numeric, amount numeric, findings bigint[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT l.entry_id, l.source_name, l.source_key, l.encounter_code, l.item_code, l.item_name, i.national_code, l.category, l.performing_department_code,
		l.service_day, l.quantity, l.unit_price, l.amount, f.findings
	FROM hospital_cost.ledger l JOIN hospital_cost.charge_item i ON i.code = l.item_code
	LEFT JOIN (SELECT e.id, array_agg(x.finding_id ORDER BY x.finding_id) AS findings FROM hospital_cost._finding x
		CROSS JOIN LATERAL (SELECT x.entry_id AS id UNION SELECT x.related_entry_id) e WHERE x.class = 'conduct' AND e.id IS NOT NULL GROUP BY e.id) f ON f.id = l.entry_id
	WHERE l.period = hospital_cost.period_of(department_entries.period) AND l.ordering_department_code = department
		AND l.category = coalesce(department_entries.category, l.category)
	ORDER BY l.service_day, l.entry_id;
END;

COMMENT ON FUNCTION hospital_cost.explain_finding(bigint) IS 'The entries and codes behind a finding (疑点溯源): payments and charges that it names, or the charges of its department, item or encounter; yuan. Error MC881: no such finding';
COMMENT ON FUNCTION hospital_cost.department_entries(date, text, text) IS 'What a department ordered that was posted in a month, line by line with codes and the findings of each line (科室费用溯源); of one charge category, or all. The sum of amount is the figure of charge_total';
