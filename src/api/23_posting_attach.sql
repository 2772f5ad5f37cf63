-- 20 posting: attaching hospital tables. Their triggers belong to them, so a dump restores data first and triggers last.

CREATE OR REPLACE FUNCTION hospital_cost.post_charges() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_post_charges'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost.post_charge_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_post_charge_row'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost.price_charge() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_price_charge'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- PostgreSQL fires alphabetically, and the triggers of the HIS must have had their say: hence zz.
CREATE OR REPLACE FUNCTION hospital_cost._trigger_name(feed text, event text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN 'zz_hospital_cost_' || CASE feed WHEN 'charges' THEN '' ELSE feed || '_' END || event;

CREATE OR REPLACE FUNCTION hospital_cost._drop_triggers(relation regclass, feed text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT g.tgname, g.tgrelid FROM pg_trigger g
		JOIN unnest('{insert,update,delete,truncate,replica,price}'::text[]) AS e (event) ON g.tgname = hospital_cost._trigger_name(feed, e.event)
		WHERE g.tgrelid IN (SELECT relation UNION SELECT p.relid FROM pg_partition_tree(relation) p) AND NOT g.tgisinternal AND g.tgparentid = 0 LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass);
	END LOOP;
END $$;

-- The statement triggers of one table: three, because a transition table wants an event of its own.
CREATE OR REPLACE FUNCTION hospital_cost._create_statement_triggers(relation regclass, k hospital_cost._feed) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS hospital_cost_new FOR EACH STATEMENT EXECUTE FUNCTION %s()',
		hospital_cost._trigger_name(k.feed, 'insert'), relation, k.function);
	EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS hospital_cost_old NEW TABLE AS hospital_cost_new
		FOR EACH STATEMENT EXECUTE FUNCTION %s()', hospital_cost._trigger_name(k.feed, 'update'), relation, k.function);
	EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS hospital_cost_old FOR EACH STATEMENT EXECUTE FUNCTION %s()',
		hospital_cost._trigger_name(k.feed, 'delete'), relation, k.function);
	EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_truncate()',
		hospital_cost._trigger_name(k.feed, 'truncate'), relation);
END $$;

-- Statement triggers fire for the table a statement names, so each partition has its own: whoever writes into one directly is seen too. The row
-- trigger, which PostgreSQL clones to partitions, is for rows that logical replication brings.
CREATE OR REPLACE FUNCTION hospital_cost._create_triggers(relation regclass, feed text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k hospital_cost._feed;
BEGIN
	SELECT * INTO STRICT k FROM hospital_cost._feed x WHERE x.feed = _create_triggers.feed;
	PERFORM hospital_cost._drop_triggers(relation, feed);
	PERFORM hospital_cost._create_statement_triggers(t.relid, k)
	FROM (SELECT relation UNION SELECT p.relid FROM pg_partition_tree(relation) p WHERE k.partitions) AS t (relid);
	IF k.row_function IS NOT NULL THEN
		EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s()',
			hospital_cost._trigger_name(feed, 'replica'), relation, k.row_function);
		EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', relation, hospital_cost._trigger_name(feed, 'replica'));
	END IF;
END $$;

-- Whether some unique index keeps a source key from coming twice. One that is deferrable does not, until its transaction is over.
CREATE OR REPLACE FUNCTION hospital_cost._key_is_unique(relation regclass, columns jsonb) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
	SELECT FROM pg_index i WHERE i.indrelid = relation AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
		AND (i.indkey::int2[])[0 : i.indnkeyatts - 1] <@ (
			SELECT array_agg(a.attnum) FROM pg_attribute a WHERE a.attrelid = relation
				AND a.attname IN (SELECT jsonb_array_elements_text(columns #> '{source_key,columns}'))));

-- Enters or replaces an attachment whose mapping and options have been checked, and hangs the triggers on the table.
CREATE OR REPLACE FUNCTION hospital_cost._attach(relation regclass, feed text, mapping jsonb, mode text, pricing text, options jsonb)
RETURNS hospital_cost.attachment
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
	entries text := (SELECT k.entries FROM hospital_cost._feed k WHERE k.feed = _attach.feed);
	posted boolean;
	is_unique boolean := hospital_cost._key_is_unique(relation, mapping);
BEGIN
	SELECT * INTO a FROM hospital_cost.attachment t WHERE t.relation = _attach.relation AND t.feed = _attach.feed;
	IF a.columns -> 'source_key' <> mapping -> 'source_key' AND entries IS NOT NULL THEN
		EXECUTE format('SELECT EXISTS (SELECT FROM %s e WHERE e.source_id = $1)', entries) INTO posted USING a.source_id;
		IF posted THEN
			RAISE EXCEPTION 'the source_key of % cannot change once its rows are posted', relation USING ERRCODE = 'MC209',
				HINT = 'Every entry is found again by its key: keep the key, and change the rest of the mapping as you like.';
		END IF;
	END IF;
	IF NOT is_unique THEN
		RAISE WARNING 'no unique index of % lies within its source_key', relation USING
			HINT = CASE WHEN pricing IS NULL THEN 'Rows of one key that say different things are refused. A unique index on the key makes following it faster.'
			ELSE 'A row whose key came before is taken for a repetition and not posted again. A unique index on the key makes posting faster.' END;
	END IF;
	INSERT INTO hospital_cost.attachment AS t (relation, relation_name, feed, mode, pricing, columns, options, key_is_unique)
	VALUES (relation, relation::text, feed, mode, pricing, mapping, options, is_unique)
	ON CONFLICT ON CONSTRAINT attachment_relation_key DO UPDATE
		SET relation_name = excluded.relation_name, mode = excluded.mode, pricing = excluded.pricing, columns = excluded.columns,
			options = excluded.options, key_is_unique = excluded.key_is_unique, attached_at = now(), attached_by = session_user, detached_at = NULL
	RETURNING * INTO a;
	PERFORM hospital_cost._create_triggers(relation, feed);
	RETURN a;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._detach(relation regclass, feed text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	UPDATE hospital_cost.attachment a SET detached_at = now()
	WHERE a.relation = _detach.relation AND a.feed = _detach.feed AND a.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204',
			HINT = 'See hospital_cost.attachment for the tables that are.';
	END IF;
	PERFORM hospital_cost._drop_triggers(relation, feed);
END $$;

-- An attachment that is live, for those who work on it; its owner alone may.
CREATE OR REPLACE FUNCTION hospital_cost._attached(relation regclass, feed text) RETURNS hospital_cost.attachment
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment;
BEGIN
	PERFORM hospital_cost._require_owner(relation);
	SELECT * INTO a FROM hospital_cost.attachment t
	WHERE t.relation = _attached.relation AND t.feed = _attached.feed AND t.detached_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not attached', relation USING ERRCODE = 'MC204',
			HINT = 'See hospital_cost.attachment for the tables that are.';
	END IF;
	PERFORM hospital_cost._require_columns(a);
	RETURN a;
END $$;
