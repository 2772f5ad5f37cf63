-- 20 posting: a closed month is sealed, and later held against its seal.

-- The digest of an entry: every column in the binary form that the wire protocol uses, which no setting, time zone or version changes. A column
-- that is added to the ledger belongs here. A view, because a function would be called for each row.
CREATE OR REPLACE VIEW hospital_cost._entry_digest AS
SELECT l.entry_id, l.period, sha256(int8send(l.entry_id) || int8send(l.source_key) || int8send(l.quantity) || int8send(l.unit_price)
	|| int8send(l.amount) || int8send(l.reverses) || timestamptz_send(l.charged_at) || int4send(l.item_id) || date_send(l.period)
	|| date_send(l.service_day) || int2send(l.source_id) || int2send(l.ordering_id) || int2send(l.performing_id) || int2send(l.ward_id)
	|| int2send(l.kind) || int2send(l.version) || int2send(l.flags) || int4send(octet_length(l.encounter_code))
	|| convert_to(l.encounter_code, 'UTF8') || convert_to(l.source_key_text, 'UTF8')) AS digest
FROM hospital_cost._ledger l;

CREATE OR REPLACE FUNCTION hospital_cost._block_digest(seal_id int, block int, entry_ids bigint[], row_digests bytea, content bytea)
RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN sha256(convert_to('hospital_cost block 1', 'UTF8') || int4send(seal_id) || int4send(block) || array_send(entry_ids)
	|| int4send(octet_length(row_digests)) || row_digests || content);

CREATE OR REPLACE FUNCTION hospital_cost._seal_digest(seal hospital_cost._seal) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN sha256(convert_to('hospital_cost seal 1', 'UTF8') || int4send((seal).seal_id) || date_send((seal).period) || int4send((seal).segment)
	|| int8send((seal).closing) || int4send((seal).blocks) || int8send((seal).entries) || timestamptz_send((seal).sealed_at)
	|| int4send(octet_length((seal).sealed_by)) || convert_to((seal).sealed_by, 'UTF8') || int4send(octet_length((seal).previous)) || (seal).previous
	|| coalesce((SELECT string_agg(b.digest, '' ORDER BY b.block) FROM hospital_cost._seal_block b WHERE b.seal_id = (seal).seal_id), ''));

CREATE OR REPLACE VIEW hospital_cost.seal AS
SELECT s.period::hospital_cost.period_month AS period, s.segment, s.blocks, s.entries, encode(s.digest, 'hex') AS head,
	encode(s.previous, 'hex') AS previous_head, s.sealed_at, s.sealed_by
FROM hospital_cost._seal s;

-- Each seal with whether it is whole and follows the one before, and whether the one after follows it.
CREATE OR REPLACE VIEW hospital_cost._seal_chain AS
SELECT s.seal_id, s.period, s.segment, s.blocks, s.entries, s.digest,
	hospital_cost._seal_digest(s) = s.digest AND s.seal_id = coalesce(lag(s.seal_id) OVER chain, 0) + 1
		AND s.previous = coalesce(lag(s.digest) OVER chain, '') AS follows,
	coalesce(lead(s.seal_id) OVER chain = s.seal_id + 1 AND lead(s.previous) OVER chain = s.digest, lead(s.seal_id) OVER chain IS NULL) AS followed
FROM hospital_cost._seal s
WINDOW chain AS (ORDER BY s.seal_id);

CREATE OR REPLACE TRIGGER guard_seal BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._seal FOR EACH STATEMENT
	EXECUTE FUNCTION hospital_cost._refuse_change('A seal is evidence: a month that changes after a reopening gets a further one.');
CREATE OR REPLACE TRIGGER guard_seal BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._seal_block FOR EACH STATEMENT
	EXECUTE FUNCTION hospital_cost._refuse_change('A seal is evidence: a month that changes after a reopening gets a further one.');

-- The entries of a month that no seal of it holds.
CREATE OR REPLACE FUNCTION hospital_cost._unsealed(period date) RETURNS TABLE (entry_id bigint, digest bytea)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT e.entry_id, e.digest FROM hospital_cost._entry_digest e
	WHERE e.period = _unsealed.period AND NOT EXISTS (
		SELECT FROM (SELECT unnest(b.entry_ids) AS entry_id FROM hospital_cost._seal s JOIN hospital_cost._seal_block b ON b.seal_id = s.seal_id
			WHERE s.period = _unsealed.period) sealed WHERE sealed.entry_id = e.entry_id);
END;

-- Shares the month's lock as posters do: closing and reopening wait, posters never. Seals are made one at a time, as each needs the one before.
CREATE OR REPLACE FUNCTION hospital_cost.seal_period(period date) RETURNS TABLE (segments int, blocks bigint, entries bigint, head text)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made hospital_cost._seal;
	latest hospital_cost._seal;
	strangers bigint;
	stranger bigint;
BEGIN
	PERFORM period::hospital_cost.period_month;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'a period is sealed in a read committed transaction' USING ERRCODE = 'MC208',
			HINT = 'Begin the transaction with ISOLATION LEVEL READ COMMITTED.';
	END IF;
	PERFORM pg_advisory_xact_lock(18502, 0);
	PERFORM pg_advisory_xact_lock_shared(18499, hospital_cost._period_number(period));
	IF (SELECT p.state FROM hospital_cost.period p WHERE p.period = seal_period.period) IS DISTINCT FROM 'closed' THEN
		RAISE EXCEPTION 'period % is not closed', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC214',
			HINT = 'Close it with hospital_cost.close_period(period), then seal it.';
	END IF;
	SELECT * INTO latest FROM hospital_cost._seal s WHERE s.period = seal_period.period ORDER BY s.segment DESC LIMIT 1;
	made.closing := coalesce((SELECT max(e.event_id) FROM hospital_cost.period_event e WHERE e.period = seal_period.period), 0);
	IF made.closing > coalesce(latest.closing, -1) THEN
		made.seal_id := coalesce((SELECT max(s.seal_id) FROM hospital_cost._seal s), 0) + 1;
		made.previous := coalesce((SELECT s.digest FROM hospital_cost._seal s WHERE s.seal_id = made.seal_id - 1), '');
		made.period := period;
		made.segment := coalesce(latest.segment, 0) + 1;
		made.sealed_at := clock_timestamp();
		made.sealed_by := session_user;
		INSERT INTO hospital_cost._seal_block (seal_id, block, entry_ids, row_digests, content, digest)
		SELECT made.seal_id, b.block, b.entry_ids, b.row_digests, b.content,
			hospital_cost._block_digest(made.seal_id, b.block, b.entry_ids, b.row_digests, b.content)
		FROM (SELECT ((u.place - 1) / 10000 + 1)::int AS block, array_agg(u.entry_id ORDER BY u.place) AS entry_ids,
				string_agg(substr(u.digest, 1, 8), '' ORDER BY u.place) AS row_digests, sha256(string_agg(u.digest, '' ORDER BY u.place)) AS content
			FROM (SELECT e.entry_id, e.digest, row_number() OVER (ORDER BY e.entry_id, e.digest) AS place FROM hospital_cost._unsealed(period) e) u
			GROUP BY 1) b;
		SELECT count(*), coalesce(sum(cardinality(b.entry_ids)), 0) INTO made.blocks, made.entries
		FROM hospital_cost._seal_block b WHERE b.seal_id = made.seal_id;
		made.digest := hospital_cost._seal_digest(made);
		INSERT INTO hospital_cost._seal SELECT made.*;
	ELSE
		-- Sealing them would make them look as if they had been there when the month was closed.
		SELECT count(*), min(u.entry_id) INTO strangers, stranger FROM hospital_cost._unsealed(period) u;
		IF strangers > 0 THEN
			RAISE EXCEPTION 'period % has entries that came after its seal, and was not reopened', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC215',
				DETAIL = format('Entries: %s, the first is %s.', strangers, stranger),
				HINT = 'See hospital_cost.verify_seal(period). Nothing the extension does posts into a closed period: find out who wrote them.';
		END IF;
	END IF;
	RETURN QUERY SELECT count(*)::int, sum(s.blocks), sum(s.entries)::bigint, (array_agg(encode(s.digest, 'hex') ORDER BY s.segment DESC))[1]
	FROM hospital_cost._seal s WHERE s.period = seal_period.period;
END $$;
