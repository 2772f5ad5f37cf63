-- 20 posting: what a mapping says: which column of the hospital's table holds which field.

-- The kinds of table that can be attached, and their fields. Rooms above add theirs.
INSERT INTO hospital_cost._feed (feed, room, function, row_function, entries, pending, partitions) VALUES
	('charges', '20', 'hospital_cost.post_charges', 'hospital_cost.post_charge_row', 'hospital_cost._ledger', 'hospital_cost.post_pending', true)
ON CONFLICT (feed) DO UPDATE SET room = excluded.room, function = excluded.function, row_function = excluded.row_function, entries = excluded.entries,
	pending = excluded.pending, partitions = excluded.partitions;
INSERT INTO hospital_cost._feed_field (feed, field, required, type) VALUES
	('charges', 'source_key', true, 'key'), ('charges', 'encounter', true, 'code'), ('charges', 'item', true, 'code'),
	('charges', 'quantity', true, 'number'), ('charges', 'performing_department', true, 'code'), ('charges', 'charged_at', true, 'time'),
	('charges', 'unit_price', false, 'number'), ('charges', 'amount', false, 'number'), ('charges', 'ordering_department', false, 'code'),
	('charges', 'ward_department', false, 'code'), ('charges', 'reverses_key', false, 'key'), ('charges', 'reason', false, 'code'),
	('charges', 'operator', false, 'code'), ('charges', 'doctor', false, 'code'), ('charges', 'price_class', false, 'code'),
	('charges', 'order', false, 'code'), ('charges', 'discount', false, 'number'), ('charges', 'approved_by', false, 'code'),
	('charges', 'days', false, 'number'), ('charges', 'fund_amount', false, 'number'), ('charges', 'reimbursable', false, 'flag'),
	('charges', 'trace_code', false, 'code'), ('charges', 'settlement', false, 'code'), ('charges', 'status', false, 'code')
ON CONFLICT (feed, field) DO UPDATE SET required = excluded.required, type = excluded.type;

-- The column types a field can be read from; readable_type() in C says the same for charges.
CREATE OR REPLACE FUNCTION hospital_cost._field_types(type text, columns int) RETURNS oid[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN type = 'number' THEN '{int2,int4,int8,numeric,float4,float8,text,varchar,bpchar}'::regtype[]
	WHEN type = 'time' AND columns = 1 THEN '{timestamptz,timestamp,date}'::regtype[]
	WHEN type = 'time' THEN '{date,time}'::regtype[]
	WHEN type = 'key' THEN '{int2,int4,int8,numeric,text,varchar,bpchar,uuid,date,timestamptz,timestamp}'::regtype[]
	WHEN type = 'flag' THEN '{bool,int2,int4,int8,text,varchar,bpchar}'::regtype[]
	WHEN type = 'row_key' THEN '{int2,int4,int8,numeric,text,varchar,bpchar,uuid,date,timestamptz,timestamp,time}'::regtype[]
	ELSE '{int2,int4,int8,numeric,text,varchar,bpchar,uuid,date}'::regtype[] END::oid[];

-- Refuses a field that names columns it cannot be read from.
CREATE OR REPLACE FUNCTION hospital_cost._check_columns(relation regclass, field text, type text, names text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problem text;
BEGIN
	SELECT string_agg(format('%s (%s)', quote_ident(n), coalesce(format_type(a.atttypid, a.atttypmod), 'no such column')), ', ')
	INTO problem
	FROM unnest(names) AS n LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped
	WHERE a.atttypid IS NULL OR NOT a.atttypid = ANY (hospital_cost._field_types(type, cardinality(names)));
	IF problem IS NULL AND type = 'time' AND cardinality(names) = 2 AND 1 <> (SELECT count(*) FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attname = ANY (names) AND a.atttypid = 'date'::regtype) THEN
		problem := array_to_string(names, ', ') || ', which are not one date and one time';
	END IF;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'the mapping of % cannot read "%" from: %', relation, field, problem USING ERRCODE = 'MC201',
			HINT = 'Name existing columns of plain types: whole numbers, numeric, text, uuid; date, timestamp or timestamptz for a time.';
	END IF;
END $$;

-- Brings a mapping to one shape, {"field": {"columns": [...]}} or {"field": {"constant": "..."}}, and refuses what cannot work.
CREATE OR REPLACE FUNCTION hospital_cost._check_mapping(relation regclass, feed text, columns jsonb) RETURNS jsonb
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
	FROM jsonb_object_keys(columns) AS k (key) WHERE k.key = 'status' AND feed IN ('charges', 'payments') OR k.key NOT IN (
		SELECT d.field FROM hospital_cost._feed_field d WHERE d.feed = _check_mapping.feed);
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'the mapping of % has keys that % do not have: %', relation, feed, problem USING ERRCODE = 'MC201',
			HINT = format('The keys are listed in the comment of hospital_cost.attach_%s; a status column of charges or payments is named in options.', feed);
	END IF;
	SELECT string_agg(d.field, ', ' ORDER BY d.field) INTO problem
	FROM hospital_cost._feed_field d
	WHERE d.feed = _check_mapping.feed AND d.required AND coalesce(columns -> d.field, 'null') = 'null';
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'the mapping of % lacks: %', relation, problem USING ERRCODE = 'MC201',
			HINT = 'Name the column that holds it, or {"constant": "…"}.';
	END IF;
	FOR f IN SELECT e.key, e.value, d.type FROM jsonb_each(columns) e
		JOIN hospital_cost._feed_field d ON d.feed = _check_mapping.feed AND d.field = e.key WHERE e.value <> 'null' LOOP
		IF jsonb_typeof(f.value) = 'object' AND f.value ? 'constant' AND f.type NOT IN ('key', 'row_key', 'time') AND f.key <> 'encounter' THEN
			IF coalesce(f.value ->> 'constant', '') = '' OR jsonb_typeof(f.value -> 'constant') NOT IN ('string', 'number')
				OR (f.type = 'number' AND f.value ->> 'constant' !~ '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$') THEN
				RAISE EXCEPTION 'the mapping of % cannot take % for "%"', relation, f.value, f.key USING ERRCODE = 'MC201',
					HINT = 'A constant is a text that is not empty; for a number a plain decimal.';
			END IF;
			result := result || jsonb_build_object(f.key, jsonb_build_object('constant', f.value ->> 'constant'));
			CONTINUE;
		END IF;
		SELECT array_agg(a.name ORDER BY a.ord) INTO names
		FROM jsonb_array_elements_text(CASE jsonb_typeof(f.value) WHEN 'array' THEN f.value WHEN 'string' THEN jsonb_build_array(f.value) END)
			WITH ORDINALITY AS a (name, ord);
		IF names IS NULL OR (cardinality(names) > 1 AND f.type NOT IN ('key', 'row_key', 'time', 'month'))
			OR (f.type IN ('time', 'month') AND cardinality(names) > 2) OR cardinality(names) > 8 THEN
			RAISE EXCEPTION 'the mapping of % cannot take % for "%"', relation, f.value, f.key USING ERRCODE = 'MC201',
				HINT = 'Give one column; several only for a key (a composite key), for a time (a date and a time) and for a period (a year and a month).';
		END IF;
		PERFORM hospital_cost._check_columns(relation, f.key, f.type, names);
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
	reason text;
BEGIN
	SELECT * INTO c FROM pg_class k WHERE k.oid = relation;
	reason := CASE
		WHEN relation IS NULL THEN 'no table is named'
		WHEN c.oid IS NULL THEN 'it does not exist'
		WHEN c.relkind = 'v' THEN 'it is a view: attach the table that is written to'
		WHEN c.relkind = 'm' THEN 'it is a materialized view, which nobody writes to'
		WHEN c.relkind = 'f' THEN 'it is a foreign table, whose rows change without this server knowing'
		WHEN c.relkind NOT IN ('r', 'p') THEN 'it is not a table'
		WHEN c.relispartition THEN 'it is a partition: attach its parent'
		WHEN c.relpersistence = 't' THEN 'it is temporary'
		WHEN c.relpersistence = 'u' THEN 'it is unlogged: a crash would take its rows and leave their entries'
		WHEN c.relnamespace = 'hospital_cost'::regnamespace THEN 'it belongs to the extension'
		WHEN c.relnamespace = 'pg_catalog'::regnamespace THEN 'it is a system catalogue' END;
	IF reason IS NOT NULL THEN
		RAISE EXCEPTION '% cannot be attached', coalesce(relation::text, 'null') USING ERRCODE = 'MC202',
			DETAIL = format('Reason: %s.', reason),
			HINT = 'Attach an ordinary or partitioned table, or make one with hospital_cost.create_charge_table(name).';
	ELSIF NOT pg_has_role(hospital_cost._outer_user()::name, c.relowner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of table %', relation USING ERRCODE = 'insufficient_privilege';
	END IF;
END $$;

-- Rows are read as the owner.
CREATE OR REPLACE FUNCTION hospital_cost._require_visible(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_class c WHERE c.oid = relation AND c.relrowsecurity AND c.relforcerowsecurity) THEN
		RAISE EXCEPTION '% cannot be attached', relation USING ERRCODE = 'MC202', DETAIL = 'Reason: its policies hide rows from its owner too.',
			HINT = format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY.', relation);
	END IF;
END $$;

CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.attachment
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();
