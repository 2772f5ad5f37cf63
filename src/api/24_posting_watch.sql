-- 20 posting: what may happen to an attached table behind our back, followed where it can be followed and told where it cannot.

CREATE OR REPLACE FUNCTION hospital_cost._follow_tables() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'hc_follow_tables'
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE FUNCTION hospital_cost._guard_drop() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'hc_guard_drop'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- A column of a table, or of a parent it inherits from, has another name now.
CREATE OR REPLACE FUNCTION hospital_cost._follow_column(old_name text, new_name text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH RECURSIVE family AS (
		SELECT c.objid AS oid FROM pg_event_trigger_ddl_commands() c WHERE c.classid = 'pg_class'::regclass
		UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent
	)
	UPDATE hospital_cost.attachment a
	SET columns = (SELECT jsonb_object_agg(e.key, CASE WHEN e.value ? 'columns' THEN jsonb_build_object('columns',
			(SELECT jsonb_agg(CASE c.name WHEN old_name THEN new_name ELSE c.name END ORDER BY c.ord)
			FROM jsonb_array_elements_text(e.value -> 'columns') WITH ORDINALITY AS c (name, ord))) ELSE e.value END) FROM jsonb_each(a.columns) e)
	WHERE a.relation IN (SELECT f.oid FROM family f)
		AND EXISTS (SELECT FROM jsonb_each(a.columns) e WHERE e.value -> 'columns' ? old_name);
END;

CREATE OR REPLACE FUNCTION hospital_cost._follow_names() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	UPDATE hospital_cost.attachment a SET relation_name = a.relation::text
	FROM pg_class c WHERE c.oid = a.relation AND a.relation_name <> a.relation::text;
END;

-- A partition has come, with partitions of its own maybe.
CREATE OR REPLACE FUNCTION hospital_cost._follow_new_partition() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._create_statement_triggers(p.relid, k)
	FROM hospital_cost.attachment a
	JOIN pg_class c ON c.oid = a.relation AND c.relkind = 'p'
	JOIN hospital_cost._feed k ON k.feed = a.feed AND k.partitions
	CROSS JOIN LATERAL pg_partition_tree(a.relation) p
	WHERE a.detached_at IS NULL
		AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = p.relid AND g.tgname = hospital_cost._trigger_name(k.feed, 'insert'));
END;

-- A partition that went is no part of the attached table any more.
CREATE OR REPLACE FUNCTION hospital_cost._follow_old_partition() RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT hospital_cost._drop_triggers(x.relid, x.feed)
	FROM (SELECT DISTINCT g.tgrelid::regclass AS relid, k.feed FROM pg_trigger g
		JOIN hospital_cost._feed k ON g.tgname = hospital_cost._trigger_name(k.feed, 'insert') AND k.partitions
		WHERE g.tgparentid = 0 AND NOT EXISTS (SELECT FROM hospital_cost.attachment a WHERE a.feed = k.feed AND a.detached_at IS NULL
			AND a.relation IN (SELECT g.tgrelid UNION SELECT y.relid FROM pg_partition_ancestors(g.tgrelid) y))) x;
END;

-- An attached table is dropped: the entries stay, the attachment ends. A unique index is dropped: from now on keys may come twice.
CREATE OR REPLACE FUNCTION hospital_cost._follow_drop() RETURNS event_trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	UPDATE hospital_cost.attachment t SET relation = NULL, detached_at = coalesce(t.detached_at, now())
	FROM pg_event_trigger_dropped_objects() d
	WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND t.relation = d.objid;
	IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d WHERE d.object_type IN ('index', 'table constraint', 'table column')) THEN
		FOR a IN UPDATE hospital_cost.attachment t SET key_is_unique = false
			WHERE t.key_is_unique AND t.detached_at IS NULL AND NOT hospital_cost._key_is_unique(t.relation, t.columns)
			RETURNING t.* LOOP
			INSERT INTO hospital_cost._posted_key (source_id, source_key)
			SELECT a.source_id, e.source_key FROM hospital_cost._live_entry(a.source_id) e WHERE a.feed = 'charges' ON CONFLICT DO NOTHING;
		END LOOP;
	END IF;
END $$;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger t WHERE t.evtname = 'hospital_cost_drop') THEN
		CREATE EVENT TRIGGER hospital_cost_drop ON sql_drop EXECUTE FUNCTION hospital_cost._follow_drop();
		CREATE EVENT TRIGGER hospital_cost_follow ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'ALTER SCHEMA', 'CREATE TABLE')
			EXECUTE FUNCTION hospital_cost._follow_tables();
		CREATE EVENT TRIGGER hospital_cost_guard ON ddl_command_start WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED')
			EXECUTE FUNCTION hospital_cost._guard_drop();
	END IF;
END $$;

-- The function that takes over what the triggers of a feed did not see.
CREATE OR REPLACE FUNCTION hospital_cost._cure(feed text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN EXISTS (SELECT FROM hospital_cost._feed_target t WHERE t.feed = _cure.feed) THEN 'hospital_cost.refresh_feed'
	ELSE (SELECT k.pending FROM hospital_cost._feed k WHERE k.feed = _cure.feed) END;

-- What would let charges pass unposted: tables gone, triggers missing or switched off, partitions written directly.
CREATE OR REPLACE FUNCTION hospital_cost._posting_setup() RETURNS TABLE (problem text, cure text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'no table is attached', $q$SELECT hospital_cost.create_charge_table('his.charge')$q$
	WHERE NOT EXISTS (SELECT FROM hospital_cost.attachment a WHERE a.detached_at IS NULL)
	UNION ALL
	SELECT format('attached table %s is gone', a.relation_name),
		format('UPDATE hospital_cost.attachment SET detached_at = now() WHERE source_id = %s', a.source_id)
	FROM hospital_cost.attachment a
	WHERE a.detached_at IS NULL AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation)
	UNION ALL
	SELECT 'index hospital_cost.ledger_encounter_idx is gone: no charge can be posted',
		'CREATE INDEX ledger_encounter_idx ON hospital_cost._ledger (encounter_code, service_day, item_id)'
	WHERE to_regclass('hospital_cost.ledger_encounter_idx') IS NULL
	UNION ALL
	SELECT format('the mapping of %s names columns that are gone or of another type: %s', a.relation, hospital_cost._gone_columns(a)),
		format('SELECT hospital_cost.attach_%s(%L, …) with its present columns', a.feed, a.relation)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation
	WHERE a.detached_at IS NULL AND hospital_cost._gone_columns(a) IS NOT NULL
	UNION ALL
	SELECT format('trigger %s of %s is missing or switched off', t.name, p.relid::regclass),
		format('ALTER TABLE %s ENABLE TRIGGER %s; or attach it again, then SELECT * FROM %s(%L)', p.relid::regclass, t.name,
			hospital_cost._cure(a.feed), a.relation)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation
	CROSS JOIN LATERAL (SELECT a.relation::oid UNION SELECT x.relid FROM pg_partition_tree(a.relation) x JOIN hospital_cost._feed k ON k.feed = a.feed AND k.partitions) AS p (relid)
	CROSS JOIN LATERAL (SELECT hospital_cost._trigger_name(a.feed, e.event) AS name FROM unnest('{insert,update,delete,truncate}'::text[]) AS e (event)) t
	WHERE a.detached_at IS NULL AND NOT EXISTS (SELECT FROM pg_trigger g
		WHERE g.tgrelid = p.relid AND g.tgname = t.name::name AND g.tgenabled IN ('O', 'A'))
	UNION ALL
	SELECT format('trigger %s of %s does not fire for replicated rows', hospital_cost._trigger_name(a.feed, 'replica'), a.relation),
		format('ALTER TABLE %s ENABLE REPLICA TRIGGER %s', a.relation, hospital_cost._trigger_name(a.feed, 'replica'))
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation JOIN hospital_cost._feed k ON k.feed = a.feed AND k.row_function IS NOT NULL
	WHERE a.detached_at IS NULL AND NOT EXISTS (SELECT FROM pg_trigger g
		WHERE g.tgrelid = a.relation AND g.tgname = hospital_cost._trigger_name(a.feed, 'replica')::name AND g.tgenabled IN ('R', 'A'))
	UNION ALL
	SELECT format('the key of %s is no longer kept from coming twice by a unique index', a.relation),
		format('CREATE UNIQUE INDEX … ON %s, or SELECT hospital_cost.attach_%s(%1$L, …) again', a.relation, a.feed)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation
	WHERE a.detached_at IS NULL AND a.key_is_unique AND NOT hospital_cost._key_is_unique(a.relation, a.columns)
	UNION ALL
	SELECT format('event trigger %s is missing or switched off', e.name), format('ALTER EVENT TRIGGER %s ENABLE', e.name)
	FROM unnest('{hospital_cost_follow,hospital_cost_drop,hospital_cost_guard}'::name[]) AS e (name)
	WHERE NOT EXISTS (SELECT FROM pg_event_trigger t WHERE t.evtname = e.name AND t.evtenabled IN ('O', 'A'))
	UNION ALL
	SELECT format('%s has heirs: rows written into them are not seen by its triggers', a.relation),
		format('REVOKE the right to write to them, or run SELECT * FROM %s(%L)', hospital_cost._cure(a.feed), a.relation)
	FROM hospital_cost.attachment a JOIN pg_class c ON c.oid = a.relation AND c.relkind = 'r' AND c.relhassubclass
	WHERE a.detached_at IS NULL;
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('check_setup', '20', 'hospital_cost._posting_setup')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;

COMMENT ON FUNCTION hospital_cost._cure(text) IS 'Name of the function that takes over what the triggers of a feed did not see';
COMMENT ON FUNCTION hospital_cost._posting_setup() IS 'check_setup of the posting room';
COMMENT ON FUNCTION hospital_cost._follow_tables() IS 'Event trigger: a renamed column, table or schema is followed in hospital_cost.attachment; a new partition gets its triggers, a detached one loses them';
COMMENT ON FUNCTION hospital_cost._guard_drop() IS 'Event trigger: loads the library, so that it refuses to drop a ledger with entries (MC216)';
COMMENT ON FUNCTION hospital_cost._follow_column(text, text) IS 'Puts the new name of a column into the mappings of a table and of its heirs';
COMMENT ON FUNCTION hospital_cost._follow_names() IS 'Brings attachment.relation_name up to date';
COMMENT ON FUNCTION hospital_cost._follow_new_partition() IS 'Gives new partitions of attached tables their triggers';
COMMENT ON FUNCTION hospital_cost._follow_old_partition() IS 'Takes the triggers off partitions that were detached';
COMMENT ON FUNCTION hospital_cost._follow_drop() IS 'Event trigger: ends the attachment of a dropped table, and notes that keys may come twice once their unique index is dropped';
COMMENT ON EVENT TRIGGER hospital_cost_drop IS 'Follows dropped tables and indexes';
COMMENT ON EVENT TRIGGER hospital_cost_follow IS 'Follows renamed columns, tables and schemas, and partitions that come and go';
COMMENT ON EVENT TRIGGER hospital_cost_guard IS 'Keeps the books: the extension is not dropped while the ledger has entries (MC216), unless hospital_cost.posting_allow_drop is on';
