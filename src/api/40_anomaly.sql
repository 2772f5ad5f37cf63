-- 40 anomaly: kinds of rule, their parameters, and which rules are at work.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, description) VALUES
	('price_above_limit', 'inline', '{"tolerance": {"type": "number", "minimum": 0, "default": 0, "description": "yuan a unit that is let pass"}}', '{price}',
		'Unit price above the list price or the ceiling of the service day (超限定单价)'),
	('same_item_same_day', 'inline', '{"except_items": {"type": "items", "default": [], "description": "item codes that may repeat"}}', '{}',
		'Same item more than once for the same encounter and service day, net of reversals (重复收费)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;
INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en, legal_basis) VALUES
	('CA04', '超限定单价', 'price above list price or ceiling', 'price_above_limit', 'definite', '单价高于当日目录价或最高限价',
		'The unit price is above the list price or the ceiling of the day', '两库规则 1-02-001'),
	('CA02', '同日重复收费', 'same item twice on one day', 'same_item_same_day', 'suspect', '同一项目同日重复收费',
		'The item is charged more than once on one day', '两库规则 1-02-012')
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

-- What is wrong with the value of one parameter, null if nothing.
CREATE OR REPLACE FUNCTION hospital_cost._parameter_fault(name text, value jsonb, spec jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	given text := jsonb_typeof(value);
	plain text := value #>> '{}';
BEGIN
	CASE spec ->> 'type'
		WHEN 'number', 'integer' THEN
			IF given <> 'number' OR (spec ->> 'type' = 'integer' AND plain::numeric <> trunc(plain::numeric)) THEN
				RETURN format('%s must be %s', name, CASE spec ->> 'type' WHEN 'integer' THEN 'a whole number' ELSE 'a number' END);
			ELSIF plain::numeric < (spec ->> 'minimum')::numeric THEN
				RETURN format('%s must be at least %s', name, spec ->> 'minimum');
			ELSIF plain::numeric > (spec ->> 'maximum')::numeric THEN
				RETURN format('%s must be at most %s', name, spec ->> 'maximum');
			END IF;
		WHEN 'boolean' THEN
			IF given <> 'boolean' THEN RETURN format('%s must be true or false', name); END IF;
		WHEN 'text' THEN
			IF given <> 'string' THEN
				RETURN format('%s must be a text', name);
			ELSIF spec ? 'values' AND NOT spec -> 'values' @> value THEN
				RETURN format('%s must be one of %s', name, spec -> 'values');
			END IF;
		WHEN 'items' THEN
			IF given <> 'array' OR jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string")') IS NOT FALSE THEN
				RETURN format('%s must be an array of codes', name);
			ELSIF spec ? 'values' AND NOT spec -> 'values' @> value THEN
				RETURN format('%s must be codes out of %s', name, spec -> 'values');
			END IF;
		WHEN 'interval' THEN
			IF given <> 'string' OR plain::interval < '0' THEN RETURN format('%s must be a length of time of at least 0', name); END IF;
	END CASE;
	RETURN NULL;
EXCEPTION WHEN data_exception THEN
	RETURN format('%s cannot be read', name);
END $$;

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
	ELSIF NEW.timing = 'batch' AND NEW.action = 'block' THEN
		RAISE EXCEPTION 'rule "%": kind "%" is evaluated after the fact and cannot block', NEW.code, NEW.kind USING ERRCODE = 'MC411',
			HINT = 'Set action to note or warn.';
	END IF;
	IF jsonb_typeof(NEW.parameters) <> 'object' THEN
		wrong := 'parameters must be an object';
	ELSE
		SELECT string_agg(w.fault, ', ' ORDER BY w.fault) INTO wrong
		FROM jsonb_each(NEW.parameters) AS p
		CROSS JOIN LATERAL (SELECT CASE WHEN known.parameters ? p.key
			THEN hospital_cost._parameter_fault(p.key, p.value, known.parameters -> p.key) ELSE quote_ident(p.key) || ' is not known' END) AS w (fault)
		WHERE w.fault IS NOT NULL;
		SELECT concat_ws(', ', wrong, string_agg(q.key || ' is required', ', ' ORDER BY q.key)) INTO wrong
		FROM jsonb_each(known.parameters) AS q WHERE q.value -> 'required' = 'true' AND NOT NEW.parameters ? q.key;
	END IF;
	IF wrong <> '' THEN
		RAISE EXCEPTION 'rule "%": parameters do not fit kind "%"', NEW.code, NEW.kind USING ERRCODE = 'MC412',
			DETAIL = format('Wrong: %s. Known: %s.', wrong, known.parameters), HINT = 'Correct the parameters.';
	END IF;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_parameters BEFORE INSERT OR UPDATE ON hospital_cost.rule
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._rule_guard();
CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.rule
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();

-- A parameter of a rule, or the default of its kind.
CREATE OR REPLACE FUNCTION hospital_cost._parameter(rule hospital_cost.rule, name text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce((rule).parameters ->> name, (SELECT k.parameters -> name ->> 'default' FROM hospital_cost.rule_kind k WHERE k.kind = (rule).kind));
END;

CREATE OR REPLACE FUNCTION hospital_cost._load_default_rules() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO hospital_cost.rule (code, name, name_en, kind, parameters, severity, timing, action, respond_within, message, message_en, legal_basis)
	SELECT s.code, s.name, s.name_en, s.kind, s.parameters, s.severity, k.timing, s.action, s.respond_within, s.message, s.message_en, s.legal_basis
	FROM hospital_cost._shipped_rule s JOIN hospital_cost.rule_kind k ON k.kind = s.kind
	WHERE NOT EXISTS (SELECT FROM hospital_cost.rule r WHERE r.code = s.code)
	ORDER BY s.code;
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('load_defaults', '40', 'hospital_cost._load_default_rules')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;
