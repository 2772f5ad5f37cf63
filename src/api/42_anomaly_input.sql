-- 40 anomaly: whether what a rule rests on is there, so that no rule is silent without saying why.

-- An input is a table of ours (it is there if it has a row), "knowledge" (a row for this rule), a feed, or "charge." and a mapping key of charges.
CREATE OR REPLACE FUNCTION hospital_cost._has_input(input text, rule_code text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rows_of text := CASE input WHEN 'orders' THEN 'order_line' WHEN 'encounters' THEN 'encounter' WHEN 'stays' THEN 'department_stay'
		WHEN 'payments' THEN '_payment' ELSE input END;
	found boolean;
BEGIN
	IF input = 'knowledge' THEN
		RETURN EXISTS (SELECT FROM hospital_cost.item_limit k WHERE k.rule_code = _has_input.rule_code)
			OR EXISTS (SELECT FROM hospital_cost.item_pair k WHERE k.rule_code = _has_input.rule_code)
			OR EXISTS (SELECT FROM hospital_cost.item_bundle k WHERE k.rule_code = _has_input.rule_code)
			OR EXISTS (SELECT FROM hospital_cost.surgery_group k WHERE k.rule_code = _has_input.rule_code);
	ELSIF starts_with(input, 'charge.') THEN
		RETURN EXISTS (SELECT FROM hospital_cost.attachment a
			WHERE a.feed = 'charges' AND a.detached_at IS NULL AND a.columns ? substr(_has_input.input, 8));
	ELSIF EXISTS (SELECT FROM hospital_cost.attachment a JOIN hospital_cost._feed f ON f.feed = a.feed
		WHERE a.feed = _has_input.input AND a.detached_at IS NULL) THEN
		RETURN true;
	ELSIF to_regclass(format('hospital_cost.%I', rows_of)) IS NULL THEN
		RETURN false;
	END IF;
	EXECUTE format('SELECT EXISTS (SELECT FROM hospital_cost.%I)', rows_of) INTO found;
	RETURN found;
END $$;

-- The inputs of a rule: those of its kind, and the mapping keys it asks for.
CREATE OR REPLACE FUNCTION hospital_cost._rule_needs(rule hospital_cost.rule) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT k.needs || CASE WHEN k.kind = 'missing_field' THEN ARRAY(SELECT 'charge.' || f.name
		FROM jsonb_array_elements_text(rule.parameters -> 'fields') WITH ORDINALITY AS f (name, position) ORDER BY f.position) ELSE '{}' END
	FROM hospital_cost.rule_kind k WHERE k.kind = rule.kind;
END;
COMMENT ON FUNCTION hospital_cost._rule_needs(hospital_cost.rule) IS 'Inputs of a rule: those of its kind, and charge fields named in its parameters';

-- Whether a rule is at work today, and if not, for want of what.
CREATE OR REPLACE FUNCTION hospital_cost._rule_state()
RETURNS TABLE (code text, version int, name text, name_en text, kind text, timing text, action text, state text, needs text[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.code, r.version, r.name, r.name_en, r.kind, r.timing, r.action,
		CASE WHEN lower(r.valid) > t.day THEN 'not_yet' WHEN upper(r.valid) <= t.day THEN 'over'
			WHEN cardinality(lacking.needs) > 0 THEN 'inactive' ELSE 'active' END,
		lacking.needs
	FROM hospital_cost.rule r
	CROSS JOIN LATERAL (SELECT ARRAY(SELECT n.input FROM unnest(hospital_cost._rule_needs(r)) AS n (input)
		WHERE NOT hospital_cost._has_input(n.input, r.code))) AS lacking (needs)
	CROSS JOIN LATERAL (SELECT hospital_cost.hospital_day(now())) AS t (day);
END;
CREATE OR REPLACE VIEW hospital_cost.rule_state AS
SELECT s.code, s.version, s.name, s.name_en, s.kind, s.timing, s.action, s.state, s.needs FROM hospital_cost._rule_state() s;
