-- 20 posting: attaching hospital tables. Their triggers belong to them, so a dump restores data first and triggers last.

CREATE OR REPLACE FUNCTION hospital_cost.post_charges() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_post_charges'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost.price_charge() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_price_charge'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- The keys a charge mapping may have; required ones are marked.
CREATE OR REPLACE FUNCTION hospital_cost._charge_field() RETURNS TABLE (field text, required boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES ('source_key', true), ('encounter', true), ('item', true), ('quantity', true), ('performing_department', true),
		('charged_at', true), ('unit_price', false), ('amount', false), ('ordering_department', false),
		('ward_department', false), ('reverses_key', false), ('reason', false), ('operator', false), ('doctor', false),
		('price_class', false), ('order', false), ('discount', false), ('approved_by', false), ('days', false),
		('fund_amount', false), ('reimbursable', false), ('trace_code', false), ('settlement', false);
END;

-- The column types a field can be read from; readable_type() in C says the same.
CREATE OR REPLACE FUNCTION hospital_cost._field_types(field text, columns int) RETURNS oid[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN field IN ('quantity', 'unit_price', 'amount', 'discount', 'days', 'fund_amount')
		THEN '{int2,int4,int8,numeric,float4,float8,text,varchar,bpchar}'::regtype[]
	WHEN field = 'charged_at' AND columns = 1 THEN '{timestamptz,timestamp,date}'::regtype[]
	WHEN field = 'charged_at' THEN '{date,time}'::regtype[]
	WHEN field = 'reimbursable' THEN '{bool,int2,int4,int8,text,varchar,bpchar}'::regtype[]
	ELSE '{int2,int4,int8,numeric,text,varchar,bpchar,uuid,date}'::regtype[] END::oid[];

-- Brings a mapping to one shape, {"field": {"columns": [...]}} or {"field": {"constant": "..."}}, and refuses what cannot work.
CREATE OR REPLACE FUNCTION hospital_cost._check_mapping(relation regclass, columns jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f record;
	names text[];
	problem text;
	result jsonb := '{}';
BEGIN
	IF jsonb_typeof(columns) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'the mapping of % is not a JSON object', relation USING ERRCODE = 'MC201',
			HINT = 'Write {"source_key": "id", "encounter": "visit_no", …}.';
	END IF;
	SELECT string_agg(quote_ident(k.key), ', ' ORDER BY k.key) INTO problem
	FROM jsonb_object_keys(columns) AS k (key) WHERE k.key NOT IN (SELECT c.field FROM hospital_cost._charge_field() c);
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'the mapping of % has keys that charges do not have: %', relation, problem USING ERRCODE = 'MC201',
			HINT = 'The keys are listed in the comment of hospital_cost.attach_charges.';
	END IF;
	SELECT string_agg(c.field, ', ' ORDER BY c.field) INTO problem
	FROM hospital_cost._charge_field() c WHERE c.required AND coalesce(columns -> c.field, 'null') = 'null';
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'the mapping of % lacks: %', relation, problem USING ERRCODE = 'MC201',
			HINT = 'Name the column that holds it, or {"constant": "…"}.';
	END IF;
	FOR f IN SELECT e.key, e.value FROM jsonb_each(columns) e WHERE e.value <> 'null' LOOP
		IF jsonb_typeof(f.value) = 'object' AND f.value ? 'constant' AND f.key NOT IN ('source_key', 'encounter', 'charged_at', 'reverses_key') THEN
			IF coalesce(f.value ->> 'constant', '') = '' OR jsonb_typeof(f.value -> 'constant') NOT IN ('string', 'number')
				OR (f.key IN ('quantity', 'unit_price', 'amount') AND f.value ->> 'constant' !~ '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$') THEN
				RAISE EXCEPTION 'the mapping of % cannot take % for "%"', relation, f.value, f.key USING ERRCODE = 'MC201',
					HINT = 'A constant is a text that is not empty; for quantity, unit_price and amount a plain number.';
			END IF;
			result := result || jsonb_build_object(f.key, jsonb_build_object('constant', f.value ->> 'constant'));
			CONTINUE;
		END IF;
		SELECT array_agg(a.name ORDER BY a.ord) INTO names
		FROM jsonb_array_elements_text(CASE jsonb_typeof(f.value) WHEN 'array' THEN f.value WHEN 'string' THEN jsonb_build_array(f.value) END)
			WITH ORDINALITY AS a (name, ord);
		IF names IS NULL OR (cardinality(names) > 1 AND f.key NOT IN ('source_key', 'charged_at', 'reverses_key'))
			OR (f.key = 'charged_at' AND cardinality(names) > 2) OR cardinality(names) > 8 THEN
			RAISE EXCEPTION 'the mapping of % cannot take % for "%"', relation, f.value, f.key USING ERRCODE = 'MC201',
				HINT = 'Give one column; several only for source_key, reverses_key (a composite key) and charged_at (a date and a time).';
		END IF;
		SELECT string_agg(format('%s (%s)', quote_ident(n), coalesce(format_type(a.atttypid, a.atttypmod), 'no such column')), ', ')
		INTO problem
		FROM unnest(names) AS n LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped
		WHERE a.atttypid IS NULL OR NOT a.atttypid = ANY (hospital_cost._field_types(f.key, cardinality(names)));
		IF problem IS NULL AND f.key = 'charged_at' AND cardinality(names) = 2 AND 1 <> (SELECT count(*) FROM pg_attribute a
			WHERE a.attrelid = relation AND a.attname = ANY (names) AND a.atttypid = 'date'::regtype) THEN
			problem := array_to_string(names, ', ') || ', which are not one date and one time';
		END IF;
		IF problem IS NOT NULL THEN
			RAISE EXCEPTION 'the mapping of % cannot read "%" from: %', relation, f.key, problem USING ERRCODE = 'MC201',
				HINT = 'Name existing columns of plain types: whole numbers, numeric, text, uuid; date, timestamp or timestamptz for charged_at.';
		END IF;
		result := result || jsonb_build_object(f.key, jsonb_build_object('columns', names));
	END LOOP;
	RETURN result;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._outer_user() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;

-- Whoever calls must own the table: the definer's rights are for our catalogue, not for other people's tables.
CREATE OR REPLACE FUNCTION hospital_cost._require_owner(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c pg_class;
BEGIN
	SELECT * INTO c FROM pg_class k WHERE k.oid = relation;
	IF (c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition) IS NOT TRUE THEN
		RAISE EXCEPTION '% is not a table that can be attached', relation USING ERRCODE = 'MC202',
			HINT = 'Attach an ordinary or partitioned table; for a partition attach its parent.';
	ELSIF c.relnamespace = 'hospital_cost'::regnamespace THEN
		RAISE EXCEPTION '% belongs to the extension and cannot be attached', relation USING ERRCODE = 'MC202',
			HINT = 'Attach the hospital''s own table, or make one with hospital_cost.create_charge_table(name).';
	ELSIF NOT pg_has_role(hospital_cost._outer_user()::name, c.relowner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of table %', relation USING ERRCODE = 'insufficient_privilege';
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_charges(relation regclass, columns jsonb, mode text DEFAULT 'flag',
	pricing text DEFAULT 'verify', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping jsonb;
	key_attributes int2[];
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	IF (mode IN ('strict', 'flag') AND pricing IN ('compute', 'verify', 'trust') AND options = '{}') IS NOT TRUE THEN
		RAISE EXCEPTION 'cannot attach % with mode "%", pricing "%", options %', relation, mode, pricing, options
			USING ERRCODE = 'MC203', HINT = 'mode: strict or flag; pricing: compute, verify or trust; options: none are known.';
	END IF;
	mapping := hospital_cost._check_mapping(relation, columns);
	-- A computed price needs a column that can hold it: one with decimals, not a generated one.
	IF pricing = 'compute' AND (SELECT count(*) = 0 OR bool_or(a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) OR a.attgenerated <> '')
		FROM pg_attribute a WHERE a.attrelid = relation
			AND a.attname IN (mapping #>> '{unit_price,columns,0}', mapping #>> '{amount,columns,0}')) THEN
		RAISE EXCEPTION 'the mapping of % gives computed prices no place', relation USING ERRCODE = 'MC201',
			HINT = 'With pricing "compute" map unit_price or amount, or both, to columns with decimals that can be written.';
	END IF;
	IF EXISTS (SELECT FROM hospital_cost.attachment a JOIN hospital_cost._ledger l ON l.source_id = a.source_id
		WHERE a.relation = attach_charges.relation AND a.columns -> 'source_key' <> mapping -> 'source_key') THEN
		RAISE EXCEPTION 'the source_key of % cannot change once its rows are posted', relation USING ERRCODE = 'MC209',
			HINT = 'Every entry is found again by its key: keep the key, and change the rest of the mapping as you like.';
	END IF;
	SELECT array_agg(a.attnum ORDER BY a.attnum) INTO key_attributes
	FROM pg_attribute a WHERE a.attrelid = relation AND a.attname IN (SELECT jsonb_array_elements_text(mapping #> '{source_key,columns}'));
	IF NOT EXISTS (
		SELECT FROM pg_index i WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
			AND i.indexprs IS NULL AND (i.indkey::int2[])[0 : i.indnkeyatts - 1] <@ key_attributes) THEN
		RAISE WARNING 'no unique index of % lies within its source_key', relation USING
			HINT = 'A key that comes twice would be posted twice. Create a unique index on the key columns.';
	END IF;
	UPDATE hospital_cost.attachment a
	SET mode = attach_charges.mode, pricing = attach_charges.pricing, columns = mapping,
		attached_at = now(), attached_by = session_user, detached_at = NULL
	WHERE a.relation = attach_charges.relation;
	IF NOT FOUND THEN
		INSERT INTO hospital_cost.attachment (relation, mode, pricing, columns) VALUES (relation, mode, pricing, mapping);
	END IF;
	PERFORM hospital_cost._drop_triggers(relation);
	EXECUTE format('CREATE TRIGGER zz_hospital_cost_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS hospital_cost_new
		FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.post_charges()', relation);
	EXECUTE format('CREATE TRIGGER zz_hospital_cost_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS hospital_cost_old
		NEW TABLE AS hospital_cost_new FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.post_charges()', relation);
	EXECUTE format('CREATE TRIGGER zz_hospital_cost_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS hospital_cost_old
		FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost.post_charges()', relation);
	EXECUTE format('CREATE TRIGGER zz_hospital_cost_truncate BEFORE TRUNCATE ON %s
		FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_truncate()', relation);
	IF pricing = 'compute' THEN
		EXECUTE format('CREATE TRIGGER zz_hospital_cost_price BEFORE INSERT OR UPDATE ON %s
			FOR EACH ROW EXECUTE FUNCTION hospital_cost.price_charge()', relation);
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._drop_triggers(relation regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT g.tgname FROM pg_trigger g
		WHERE g.tgrelid = relation AND g.tgname LIKE 'zz\_hospital\_cost\_%' AND NOT g.tgisinternal LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, relation);
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detach_charges(relation regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	UPDATE hospital_cost.attachment a SET detached_at = now()
	WHERE a.relation = detach_charges.relation AND a.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204',
			HINT = 'See hospital_cost.attachment for the tables that are.';
	END IF;
	PERFORM hospital_cost._drop_triggers(relation);
END $$;

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

CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.attachment
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();
