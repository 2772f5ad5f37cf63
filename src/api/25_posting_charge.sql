-- 20 posting: charge tables (费用明细).

-- Brings the options of a charge table to their stored shape. The status column joins the mapping, so that it is followed like any other.
CREATE OR REPLACE FUNCTION hospital_cost._check_charge_options(relation regclass, mapping jsonb, options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problem text;
	status jsonb := options -> 'status';
	word text;
BEGIN
	SELECT string_agg(quote_ident(k.key), ', ' ORDER BY k.key) INTO problem
	FROM jsonb_object_keys(CASE jsonb_typeof(options) WHEN 'object' THEN options ELSE '{"not an object": 0}' END) AS k (key)
	WHERE k.key NOT IN ('status', 'refund_reason', 'backfill', 'continues');
	IF problem IS NULL AND NOT coalesce(options ->> 'refund_reason', 'optional') IN ('optional', 'required', 'coded') THEN
		problem := 'refund_reason ' || (options ->> 'refund_reason');
	ELSIF problem IS NULL AND options ->> 'refund_reason' <> 'optional' AND NOT mapping ? 'reason' THEN
		problem := 'refund_reason without a mapped column "reason"';
	ELSIF problem IS NULL AND jsonb_typeof(coalesce(options -> 'backfill', 'true')) <> 'boolean' THEN
		problem := 'backfill ' || (options ->> 'backfill');
	ELSIF problem IS NULL AND jsonb_typeof(coalesce(options -> 'continues', 'true')) <> 'boolean' THEN
		problem := 'continues ' || (options ->> 'continues');
	ELSIF problem IS NULL AND status IS NOT NULL THEN
		SELECT 'status: ' || string_agg(e.key, ', ') INTO problem FROM jsonb_each(CASE jsonb_typeof(status) WHEN 'object' THEN status ELSE '{"?": 0}' END) e
		WHERE e.key NOT IN ('column', 'planned', 'charged', 'void')
			OR jsonb_typeof(e.value) <> CASE e.key WHEN 'column' THEN 'string' ELSE 'array' END
			OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END) AS v (value)
				WHERE jsonb_typeof(v.value) NOT IN ('string', 'number'));
		IF problem IS NULL THEN
			SELECT 'status: value ' || v.value INTO problem
			FROM (SELECT x.value FROM unnest('{planned,charged,void}'::text[]) AS w (word),
				jsonb_array_elements_text(CASE jsonb_typeof(status -> w.word) WHEN 'array' THEN status -> w.word ELSE '[]' END) AS x (value)) v
			GROUP BY v.value HAVING count(*) > 1 LIMIT 1;
		END IF;
		IF problem IS NULL AND (NOT status ? 'column' OR coalesce(jsonb_array_length(status -> 'charged'), 0) = 0) THEN
			problem := 'status without "column" or without values that mean "charged"';
		END IF;
	END IF;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'cannot attach % with these options: %', relation, problem USING ERRCODE = 'MC203',
			HINT = 'Options: {"status": {"column": "…", "planned": […], "charged": […], "void": […]}, "refund_reason": "optional|required|coded", "backfill": true, "continues": true}; a status value stands in one list, "" for null.';
	END IF;
	IF status IS NULL THEN
		RETURN mapping;
	END IF;
	PERFORM hospital_cost._check_columns(relation, 'status', 'code', ARRAY[status ->> 'column']);
	RETURN mapping || jsonb_build_object('status', jsonb_build_object('columns', jsonb_build_array(status ->> 'column')));
END $$;

-- A table of this name was attached, posted and dropped: most often it was replaced by a copy, whose rows must not be posted a second time. Only the
-- caller knows.
CREATE OR REPLACE FUNCTION hospital_cost._continue(relation regclass, feed text, continues boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	former smallint;
BEGIN
	SELECT t.source_id INTO former FROM hospital_cost.attachment t
	WHERE t.feed = _continue.feed AND t.relation_name = _continue.relation::text AND t.relation IS DISTINCT FROM _continue.relation
		AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.relation) AND (EXISTS (SELECT FROM hospital_cost._ledger l WHERE l.source_id = t.source_id)
			OR EXISTS (SELECT FROM hospital_cost._payment l WHERE l.source_id = t.source_id))
		AND NOT EXISTS (SELECT FROM hospital_cost.attachment own WHERE own.relation = _continue.relation AND own.feed = _continue.feed)
	ORDER BY t.source_id DESC LIMIT 1;
	IF former IS NULL THEN
		RETURN;
	ELSIF continues IS NULL THEN
		RAISE EXCEPTION 'a table % was attached before, and its entries are in the ledger', relation USING ERRCODE = 'MC219',
			HINT = 'Add to options {"continues": true} if this table holds its rows with their keys, false if it begins anew.';
	ELSIF continues THEN
		UPDATE hospital_cost.attachment t SET relation = _continue.relation WHERE t.source_id = former;
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_charges(relation regclass, columns jsonb, mode text DEFAULT 'flag',
	pricing text DEFAULT 'verify', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping jsonb;
	a hospital_cost.attachment;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	IF (mode IN ('strict', 'flag', 'async') AND pricing IN ('compute', 'verify', 'trust')) IS NOT TRUE THEN
		RAISE EXCEPTION 'cannot attach % with mode "%", pricing "%"', relation, mode, pricing
			USING ERRCODE = 'MC203', HINT = 'mode: strict, flag or async; pricing: compute, verify or trust.';
	END IF;
	mapping := hospital_cost._check_mapping(relation, 'charges', columns);
	mapping := hospital_cost._check_charge_options(relation, mapping, coalesce(options, '{}'));
	-- A computed price needs a column that can hold it: one with decimals, not a generated one.
	IF pricing = 'compute' AND (SELECT count(*) = 0 OR bool_or(t.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) OR t.attgenerated <> '')
		FROM pg_attribute t WHERE t.attrelid = relation
			AND t.attname IN (mapping #>> '{unit_price,columns,0}', mapping #>> '{amount,columns,0}')) THEN
		RAISE EXCEPTION 'the mapping of % gives computed prices no place', relation USING ERRCODE = 'MC201',
			HINT = 'With pricing "compute" map unit_price or amount, or both, to columns with decimals that can be written.';
	END IF;
	PERFORM hospital_cost._continue(relation, 'charges', (options ->> 'continues')::boolean);
	a := hospital_cost._attach(relation, 'charges', mapping, mode, pricing, coalesce(options, '{}') - '{backfill,continues}'::text[]);
	IF NOT a.key_is_unique THEN
		INSERT INTO hospital_cost._posted_key (source_id, source_key)
		SELECT a.source_id, e.source_key FROM hospital_cost._live_entry(a.source_id) e ON CONFLICT DO NOTHING;
	END IF;
	IF pricing = 'compute' THEN
		EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION hospital_cost.price_charge()',
			hospital_cost._trigger_name('charges', 'price'), relation);
	END IF;
	IF (options ->> 'backfill')::boolean THEN
		PERFORM hospital_cost.backfill(relation);
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detach_charges(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._detach(relation, 'charges');
END;

CREATE OR REPLACE FUNCTION hospital_cost.create_charge_table(name text, mode text DEFAULT 'flag', pricing text DEFAULT 'compute')
RETURNS regclass
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parts text[] := parse_ident(name);
	made text := (SELECT string_agg(quote_ident(p), '.') FROM unnest(parts) AS p);
BEGIN
	IF cardinality(parts) <> 2 THEN
		RAISE EXCEPTION 'charge table "%" is not named with its schema', name USING ERRCODE = 'MC205',
			HINT = 'Write for example hospital_cost.create_charge_table(''his.charge'').';
	END IF;
	EXECUTE format('CREATE TABLE %s (
		charge_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
		encounter_code text NOT NULL,
		item_code text NOT NULL,
		quantity numeric(16,4) NOT NULL DEFAULT 1,
		unit_price numeric(16,6),
		amount numeric(18,2),
		ordering_department text,
		performing_department text NOT NULL,
		ward_department text,
		charged_at timestamptz NOT NULL DEFAULT now(),
		price_class text,
		reverses_charge_id bigint,
		reason text,
		operator text,
		doctor text)', made);
	EXECUTE format('CREATE INDEX ON %s (encounter_code)', made);
	PERFORM hospital_cost.attach_charges(made::regclass, '{"source_key": "charge_id", "encounter": "encounter_code",
		"item": "item_code", "quantity": "quantity", "unit_price": "unit_price", "amount": "amount",
		"ordering_department": "ordering_department", "performing_department": "performing_department",
		"ward_department": "ward_department", "charged_at": "charged_at", "price_class": "price_class",
		"reverses_key": "reverses_charge_id", "reason": "reason", "operator": "operator", "doctor": "doctor"}', mode, pricing);
	RETURN made::regclass;
END $$;
