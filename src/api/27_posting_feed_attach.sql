-- 20 posting: attaching tables of encounters, stays, service use, orders, stock; other rooms attach theirs by the same function.

-- Brings options to their stored shape: the words of options.status become translations of the field status.
CREATE OR REPLACE FUNCTION hospital_cost._check_feed_options(relation regclass, feed text, mapping jsonb, options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problem text;
	status jsonb := options -> 'status';
	words text[] := (SELECT c.allowed FROM hospital_cost._feed_column c WHERE c.feed = _check_feed_options.feed AND c.field = 'status');
	translated jsonb;
BEGIN
	SELECT string_agg(quote_ident(k.key), ', ' ORDER BY k.key) INTO problem
	FROM jsonb_object_keys(CASE jsonb_typeof(options) WHEN 'object' THEN options ELSE '{"not an object": 0}' END) AS k (key)
	WHERE k.key NOT IN ('status', 'values', 'backfill');
	IF problem IS NULL AND jsonb_typeof(coalesce(options -> 'backfill', 'true')) <> 'boolean' THEN
		problem := 'backfill ' || (options ->> 'backfill');
	ELSIF problem IS NULL THEN
		SELECT 'values: ' || string_agg(e.key, ', ') INTO problem
		FROM jsonb_each(CASE jsonb_typeof(coalesce(options -> 'values', '{}')) WHEN 'object' THEN coalesce(options -> 'values', '{}') ELSE '{"?": 0}' END) e
		WHERE e.key = 'encounter' OR NOT mapping ? e.key AND NOT (e.key = 'status' AND status IS NOT NULL) OR jsonb_typeof(e.value) <> 'object'
			OR NOT EXISTS (SELECT FROM hospital_cost._feed_column c WHERE c.feed = _check_feed_options.feed AND c.field = e.key AND c.type = 'code')
			OR EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(e.value) WHEN 'object' THEN e.value ELSE '{}' END) v WHERE jsonb_typeof(v.value) <> 'string');
	END IF;
	IF problem IS NULL AND status IS NOT NULL THEN
		SELECT 'status: ' || string_agg(e.key, ', ') INTO problem FROM jsonb_each(CASE jsonb_typeof(status) WHEN 'object' THEN status ELSE '{"?": 0}' END) e
		WHERE e.key <> 'column' AND e.key <> ALL (words) OR jsonb_typeof(e.value) <> CASE e.key WHEN 'column' THEN 'string' ELSE 'array' END
			OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END) AS v (value)
				WHERE jsonb_typeof(v.value) NOT IN ('string', 'number'));
		problem := coalesce(problem, (SELECT 'status: value ' || min(v.value) FROM (SELECT x.value FROM unnest(words) AS w (word),
			jsonb_array_elements_text(CASE jsonb_typeof(status -> w.word) WHEN 'array' THEN status -> w.word ELSE '[]' END) AS x (value)) v
		GROUP BY v.value HAVING count(*) > 1 LIMIT 1));
		IF problem IS NULL AND (NOT status ? 'column' OR mapping ? 'status') THEN
			problem := 'status without "column", or beside a mapped status';
		END IF;
	END IF;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'cannot attach % with these options: %', relation, problem USING ERRCODE = 'MC203',
			HINT = format('Options: {"status": {"column": "…", "%s": […]}, "values": {"field": {"theirs": "ours"}}, "backfill": true}; a status value stands in one list.',
				array_to_string(words, '": […], "'));
	ELSIF status IS NULL THEN
		RETURN options - 'backfill';
	END IF;
	PERFORM hospital_cost._check_columns(relation, 'status', 'code', ARRAY[status ->> 'column']);
	SELECT coalesce(jsonb_object_agg(v.value, w.word), '{}') INTO translated
	FROM unnest(words) AS w (word), jsonb_array_elements_text(coalesce(status -> w.word, '[]')) AS v (value);
	RETURN (options - 'backfill') || jsonb_build_object('values', coalesce(options -> 'values', '{}') || jsonb_build_object('status', translated));
END $$;

-- A key that the mapping does not name is made of the fields that tell rows apart.
CREATE OR REPLACE FUNCTION hospital_cost._feed_key(feed text, mapping jsonb) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN mapping ? 'source_key' THEN mapping
		ELSE mapping || jsonb_build_object('source_key', jsonb_build_object('columns', (
			SELECT jsonb_agg(c.name ORDER BY k.ord, c.ord) FROM unnest(t.default_key) WITH ORDINALITY AS k (field, ord),
				jsonb_array_elements_text(coalesce(mapping #> ARRAY[k.field, 'columns'], '[]')) WITH ORDINALITY AS c (name, ord)))) END
	FROM hospital_cost._feed_target t WHERE t.feed = _feed_key.feed;
END;

CREATE OR REPLACE FUNCTION hospital_cost._attach_feed(relation regclass, feed text, columns jsonb, mode text, options jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping jsonb;
	kept jsonb;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	PERFORM hospital_cost._require_visible(relation);
	IF (mode IN ('strict', 'flag')) IS NOT TRUE THEN
		RAISE EXCEPTION 'cannot attach % with mode "%"', relation, mode USING ERRCODE = 'MC203', HINT = 'mode: strict or flag.';
	END IF;
	mapping := hospital_cost._check_mapping(relation, feed, columns);
	kept := hospital_cost._check_feed_options(relation, feed, mapping, coalesce(options, '{}'));
	IF kept ? 'status' THEN
		mapping := mapping || jsonb_build_object('status', jsonb_build_object('columns', jsonb_build_array(kept #>> '{status,column}')));
	END IF;
	mapping := hospital_cost._feed_key(feed, mapping);
	IF mapping #> '{source_key,columns}' = 'null' THEN
		RAISE EXCEPTION 'the mapping of % has no key', relation USING ERRCODE = 'MC201', HINT = 'Map source_key.';
	END IF;
	-- A table dropped and replaced by one of its name goes on with the rows we have of it.
	UPDATE hospital_cost.attachment t SET relation = _attach_feed.relation
	WHERE t.source_id = (SELECT max(x.source_id) FROM hospital_cost.attachment x WHERE x.feed = _attach_feed.feed AND x.relation_name = _attach_feed.relation::text
			AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = x.relation))
		AND NOT EXISTS (SELECT FROM hospital_cost.attachment own WHERE own.relation = _attach_feed.relation AND own.feed = _attach_feed.feed);
	PERFORM hospital_cost._attach(relation, feed, mapping, mode, NULL, kept);
	IF (options ->> 'backfill')::boolean THEN
		PERFORM hospital_cost._refresh_feed(t) FROM hospital_cost.attachment t WHERE t.relation = _attach_feed.relation AND t.feed = _attach_feed.feed;
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_encounters(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._attach_feed(relation, 'encounters', columns, mode, options);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_stays(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._attach_feed(relation, 'stays', columns, mode, options);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_service_use(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._attach_feed(relation, 'service_use', columns, mode, options);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_orders(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._attach_feed(relation, 'orders', columns, mode, options);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.attach_stock(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._attach_feed(relation, 'stock', columns, mode, options);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detach_encounters(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._detach(relation, 'encounters');
CREATE OR REPLACE FUNCTION hospital_cost.detach_stays(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._detach(relation, 'stays');
CREATE OR REPLACE FUNCTION hospital_cost.detach_service_use(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._detach(relation, 'service_use');
CREATE OR REPLACE FUNCTION hospital_cost.detach_orders(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._detach(relation, 'orders');
CREATE OR REPLACE FUNCTION hospital_cost.detach_stock(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._detach(relation, 'stock');

COMMENT ON FUNCTION hospital_cost._check_feed_options(regclass, text, jsonb, jsonb) IS 'Refuses options that the feed does not have (MC203); returns them as they are stored';
COMMENT ON FUNCTION hospital_cost._feed_key(text, jsonb) IS 'The mapping with a key';
COMMENT ON FUNCTION hospital_cost._attach_feed(regclass, text, jsonb, text, jsonb) IS 'Checks and attaches a table to a feed that is followed row by row';
COMMENT ON FUNCTION hospital_cost.attach_encounters(regclass, jsonb, text, jsonb) IS
'Attaches a table of visits and admissions (挂接就诊表: 挂号, 入院登记): from now on hospital_cost.encounter follows it in the same transaction. The caller must own the table (42501). Attaching again replaces mapping, mode and options; refresh_feed then applies them to the rows that are there.
Keys that must be mapped: encounter (就诊号, the key of the row), kind (就诊类型: outpatient, emergency, inpatient, checkup), department (就诊科室), started_at (就诊或入院时间). Others: patient (患者号), status (active, cancelled 退号), ended_at (出院时间), payer (费别), price_class, sex (M, F, U), birth_date, diagnosis (主要诊断编码), drg (DRG 编码). A value is a column, [date, time] for a time, or {"constant": "text"}.
mode flag: a row that cannot be taken over stays without one of ours and shows in posting_issue; strict: it raises. options: values {"kind": {"1": "outpatient", "*": "checkup"}} translates theirs to ours, "*" any other, "" an empty one. status {"column": name, "active": [values], "cancelled": [values], "planned": [values], "void": [values]}: planned (预约) and void rows are not ours. backfill true: rows that are there already are taken over at once.
A row written by hand with the same code becomes that of the table. A row deleted there is deleted here, or has the status cancelled where stays, use, orders or ledger entries speak of it.
Errors: MC201 mapping, MC202 not a table that can be attached, MC203 mode or options; in mode strict those of the issues: MC221, MC222, MC224, MC229, MC151 to MC156';
COMMENT ON FUNCTION hospital_cost.attach_stays(regclass, jsonb, text, jsonb) IS
'Attaches a table of ward stays (挂接科室住院段表: 转科, 床位): hospital_cost.department_stay follows it. Keys that must be mapped: encounter (就诊号), department (病区), from_at (入科时间). Others: source_key (the key of the row; else encounter and from_at), to_at (出科时间; empty while he is there), bed (床号), status (valid, planned, void). The encounter must be there (unknown_encounter); stays of one encounter may not overlap (overlapping_stay): the earlier one stands. Modes, options and errors as attach_encounters; a table may be attached as both';
COMMENT ON FUNCTION hospital_cost.attach_service_use(regclass, jsonb, text, jsonb) IS
'Attaches a table of theatre minutes, ICU hours, machine hours (挂接服务使用表: 手术, 麻醉, 监护, 设备): hospital_cost.service_use follows it. Keys that must be mapped: source_key, department (执行科室), resource (资源, such as theatre or a machine), quantity (数量), started_at. Others: encounter, item, unit (单位), ended_at, status (valid, planned, void). Modes, options and errors as attach_encounters';
COMMENT ON FUNCTION hospital_cost.attach_orders(regclass, jsonb, text, jsonb) IS
'Attaches a table of orders (挂接医嘱表): hospital_cost.order_line follows it. Keys that must be mapped: order (医嘱号), encounter, item (医嘱项目), ordered_at (开立时间). Others: source_key (the key of the row; else order), quantity (一次剂量或数量), unit, frequency (频次), times_per_day (每日次数), days (天数), executed_quantity (已执行数量), ordering_department, performing_department, doctor, nurse_checked_at (护士审核时间), executed_at (执行时间), stopped_at (停止时间), status (ordered, executed, stopped, cancelled; planned and void rows are not ours). Modes, options and errors as attach_encounters';
COMMENT ON FUNCTION hospital_cost.attach_stock(regclass, jsonb, text, jsonb) IS
'Attaches a table of what pharmacies and stores hold, received or issued (挂接库存表: 库存, 入库, 出库): hospital_cost.stock follows it. Keys that must be mapped: department (药房或库房), item (品种), quantity (数量). Others: source_key (the key of the row; else department, item and batch), batch (批号), kind (on_hand 现存, received 入库, issued 出库), encounter (who it was issued for), unit, as_of (时点; empty: as the table stands now), status (valid, planned, void). Modes, options and errors as attach_encounters';
COMMENT ON FUNCTION hospital_cost.detach_encounters(regclass) IS 'Ends the attachment of a table of encounters (MC204 if there is none); what was taken over stays';
COMMENT ON FUNCTION hospital_cost.detach_stays(regclass) IS 'Ends the attachment of a table of stays (MC204 if there is none); what was taken over stays';
COMMENT ON FUNCTION hospital_cost.detach_service_use(regclass) IS 'Ends the attachment of a table of service use (MC204 if there is none); what was taken over stays';
COMMENT ON FUNCTION hospital_cost.detach_orders(regclass) IS 'Ends the attachment of a table of orders (MC204 if there is none); what was taken over stays';
COMMENT ON FUNCTION hospital_cost.detach_stock(regclass) IS 'Ends the attachment of a table of stock (MC204 if there is none); what was taken over stays';
