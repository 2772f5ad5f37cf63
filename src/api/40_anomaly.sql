-- 40 anomaly: rules, findings, reviews.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, description) VALUES
	('price_above_limit', 'inline', '{"tolerance": "yuan a unit that is let pass, default 0"}', 'price',
		'Unit price above the list price or the ceiling of the service day (超限定单价)'),
	('same_item_same_day', 'inline', '{"except_items": "array of item codes that may repeat, default none"}', NULL,
		'Same item more than once for the same encounter and service day, net of reversals (重复收费)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	description = excluded.description;

-- Judges the row alone; the registry it reads is filled by the install script, so it holds for rows being restored.
CREATE OR REPLACE FUNCTION hospital_cost._rule_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known hospital_cost.rule_kind;
	wrong text;
BEGIN
	SELECT * INTO known FROM hospital_cost.rule_kind k WHERE k.kind = NEW.kind;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'rule "%": kind "%" is not known', NEW.code, NEW.kind USING ERRCODE = 'MC411',
			HINT = 'See hospital_cost.rule_kind.';
	ELSIF NEW.timing <> known.timing THEN
		RAISE EXCEPTION 'rule "%": kind "%" is evaluated %', NEW.code, NEW.kind, known.timing USING ERRCODE = 'MC411',
			HINT = 'Set timing accordingly.';
	END IF;
	SELECT string_agg(quote_ident(p.key), ', ' ORDER BY p.key) INTO wrong
	FROM jsonb_object_keys(CASE jsonb_typeof(NEW.parameters) WHEN 'object' THEN NEW.parameters ELSE '{"(not an object)": 0}' END) AS p (key)
	WHERE NOT known.parameters ? p.key;
	IF wrong IS NULL AND NEW.parameters ? 'tolerance'
		AND (jsonb_typeof(NEW.parameters -> 'tolerance') <> 'number' OR (NEW.parameters ->> 'tolerance')::numeric < 0) THEN
		wrong := 'tolerance must be a number of at least 0';
	ELSIF wrong IS NULL AND NEW.parameters ? 'except_items'
		AND jsonb_path_exists(NEW.parameters, 'strict $.except_items[*] ? (@.type() != "string")', '{}', true) IS NOT FALSE THEN
		wrong := 'except_items must be an array of item codes';
	END IF;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'rule "%": parameters do not fit kind "%"', NEW.code, NEW.kind USING ERRCODE = 'MC412',
			DETAIL = format('Wrong: %s. Known: %s.', wrong, known.parameters), HINT = 'Correct the parameters.';
	END IF;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_parameters BEFORE INSERT OR UPDATE ON hospital_cost.rule
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._rule_guard();
CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.rule
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();

CREATE OR REPLACE VIEW hospital_cost.finding AS
SELECT f.finding_id, f.class, f.code, f.rule_version, r.name AS rule_name, r.name_en AS rule_name_en, f.severity,
	a.relation AS source, f.source_key, f.encounter_code, f.item_code, i.name AS item_name, f.period,
	array_remove(ARRAY[f.related_entry_id, f.entry_id], NULL) AS entries,
	f.field, f.observed, f.expected AS limit_value, f.excess_quantity, f.amount_at_risk,
	jsonb_strip_nulls(jsonb_build_object('field', f.field, 'observed', f.observed, 'limit', f.expected,
		'entry', f.entry_id, 'related_entry', f.related_entry_id)) AS evidence,
	f.state, f.found_at, f.deadline, f.closed_at, f.closed_by, f.note
FROM hospital_cost._finding f
JOIN hospital_cost.attachment a ON a.source_id = f.source_id
LEFT JOIN hospital_cost.rule r ON f.class = 'conduct' AND r.code = f.code AND r.version = f.rule_version
LEFT JOIN hospital_cost.charge_item i ON i.code = f.item_code;

CREATE OR REPLACE FUNCTION hospital_cost.review_finding(finding_id bigint, verdict text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF (verdict IN ('confirmed', 'false_positive', 'corrected')) IS NOT TRUE THEN
		RAISE EXCEPTION 'verdict "%" is not known', verdict USING ERRCODE = 'MC413',
			HINT = 'Use confirmed, false_positive or corrected.';
	END IF;
	UPDATE hospital_cost._finding f
	SET state = verdict, note = review_finding.note, closed_at = now(), closed_by = session_user
	WHERE f.finding_id = review_finding.finding_id AND f.class = 'conduct' AND f.state = 'open';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'finding % is not open', finding_id USING ERRCODE = 'MC414',
			HINT = 'Open findings of conduct are reviewed; see hospital_cost.finding.';
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._load_default_rules() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.rule (code, name, name_en, kind, severity, action, legal_basis)
	SELECT v.code, v.name, v.name_en, v.kind, v.severity, 'warn', v.basis
	FROM (VALUES
		('CA04', '超限定单价', 'price above list price or ceiling', 'price_above_limit', 'definite', '两库规则 1-02-001'),
		('CA02', '同日重复收费', 'same item twice on one day', 'same_item_same_day', 'suspect', '两库规则 1-02-012')
	) AS v (code, name, name_en, kind, severity, basis)
	WHERE NOT EXISTS (SELECT FROM hospital_cost.rule r WHERE r.code = v.code);
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('load_defaults', '40', 'hospital_cost._load_default_rules')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;
