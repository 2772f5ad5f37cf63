-- 20 posting: a month held against its seals, and the first bad row named.

-- The entries of a month put back into the blocks of its seals, a row a block; those that are in none make the row without a block. Only
-- digests are carried along, so that a month of millions is one join.
CREATE OR REPLACE FUNCTION hospital_cost._seal_match(period date)
RETURNS TABLE (seal_id int, segment int, block int, entries bigint, first_entry bigint, agrees boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH place AS (
		SELECT b.seal_id, b.block, u.entry_id, u.place
		FROM hospital_cost._seal s JOIN hospital_cost._seal_block b ON b.seal_id = s.seal_id,
			unnest(b.entry_ids) WITH ORDINALITY AS u (entry_id, place)
		WHERE s.period = _seal_match.period
	), entry AS (
		-- The OFFSET keeps digests from being computed as late as above the sort, which then would carry whole entries.
		SELECT e.entry_id, e.digest FROM hospital_cost._entry_digest e WHERE e.period = _seal_match.period OFFSET 0
	), match AS (
		SELECT p.seal_id, p.block, count(*) AS entries, min(e.entry_id) AS first_entry,
			sha256(coalesce(string_agg(e.digest, '' ORDER BY p.place), '')) AS content
		FROM place p FULL JOIN entry e ON e.entry_id = p.entry_id GROUP BY p.seal_id, p.block
	)
	SELECT m.seal_id, s.segment, m.block, m.entries, m.first_entry, b.content = m.content
	FROM match m
	LEFT JOIN hospital_cost._seal_block b ON b.seal_id = m.seal_id AND b.block = m.block
	LEFT JOIN hospital_cost._seal s ON s.seal_id = b.seal_id;
END;

-- The entries of some blocks that are not as they were sealed. What has a number that comes twice is told apart by its digest.
CREATE OR REPLACE FUNCTION hospital_cost._seal_difference(period date, seal_ids int[], blocks int[])
RETURNS TABLE (segment int, block int, entry_id bigint, changed numeric, gone numeric, extra numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- The empty text and the materialization take the digests out of their storage once a block, not once an entry.
	WITH sealed AS MATERIALIZED (
		SELECT s.segment, b.block, b.entry_ids, b.row_digests || ''::bytea AS row_digests
		FROM unnest(seal_ids, blocks) AS w (seal_id, block)
		JOIN hospital_cost._seal_block b ON b.seal_id = w.seal_id AND b.block = w.block JOIN hospital_cost._seal s ON s.seal_id = b.seal_id
	), side AS (
		SELECT s.segment, s.block, u.entry_id, substr(s.row_digests, (u.place * 8 - 7)::int, 8) AS digest, 1 AS there
		FROM sealed s, unnest(s.entry_ids) WITH ORDINALITY AS u (entry_id, place)
		UNION ALL
		SELECT NULL, NULL, e.entry_id, substr(e.digest, 1, 8), -1 FROM hospital_cost._entry_digest e
		WHERE e.period = _seal_difference.period AND e.entry_id IN (SELECT unnest(s.entry_ids) FROM sealed s)
	), said AS (
		SELECT min(s.segment) AS segment, min(s.block) AS block, s.entry_id, sum(s.there) AS rest FROM side s GROUP BY s.entry_id, s.digest
	), entry AS (
		SELECT min(s.segment) AS segment, min(s.block) AS block, s.entry_id, coalesce(sum(s.rest) FILTER (WHERE s.rest > 0), 0) AS want,
			coalesce(-sum(s.rest) FILTER (WHERE s.rest < 0), 0) AS have
		FROM said s GROUP BY s.entry_id
	)
	SELECT e.segment, e.block, e.entry_id, least(e.want, e.have), greatest(e.want - e.have, 0), greatest(e.have - e.want, 0)
	FROM entry e WHERE e.want + e.have > 0;
END;

-- Blocks of a seal against its head: how many are not as they were sealed, and the first of them.
CREATE OR REPLACE FUNCTION hospital_cost._seal_blocks(seal_id int, blocks int) RETURNS TABLE (bad bigint, first_bad int)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH whole AS MATERIALIZED (
		SELECT b.block, row_number() OVER (ORDER BY b.block) AS place FROM hospital_cost._seal_block b
		WHERE b.seal_id = _seal_blocks.seal_id AND b.block BETWEEN 1 AND _seal_blocks.blocks
			AND b.digest = hospital_cost._block_digest(b.seal_id, b.block, b.entry_ids, b.row_digests, b.content)
	)
	SELECT greatest(_seal_blocks.blocks, (SELECT count(*) FROM hospital_cost._seal_block b WHERE b.seal_id = _seal_blocks.seal_id)) - count(*),
		coalesce(min(w.place) FILTER (WHERE w.block <> w.place), count(*) + 1)::int
	FROM whole w;
END;

-- How many seals of a month a head kept outside vouches for: those from which the chain leads to it unbroken.
CREATE OR REPLACE FUNCTION hospital_cost._seal_covered(period date, head text) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH chain AS MATERIALIZED (SELECT c.seal_id, c.period, c.digest, c.follows FROM hospital_cost._seal_chain c)
	SELECT count(*) FROM chain s JOIN chain h ON h.seal_id >= s.seal_id AND encode(h.digest, 'hex') = lower(btrim(_seal_covered.head))
	WHERE s.period = _seal_covered.period AND NOT EXISTS (SELECT FROM chain c WHERE c.seal_id BETWEEN s.seal_id AND h.seal_id AND NOT c.follows);
END;

CREATE OR REPLACE FUNCTION hospital_cost._seal_finding(period date, head text)
RETURNS TABLE (identity text, expected numeric, actual numeric, segment int, block int, entry_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH state AS (
		SELECT coalesce(bool_or(p.state = 'closed'), false) AS closed,
			(SELECT coalesce(max(e.event_id), 0) FROM hospital_cost.period_event e WHERE e.period = _seal_finding.period) AS closing
		FROM hospital_cost.period p WHERE p.period = _seal_finding.period
	), seal AS (
		SELECT count(*) AS seals, coalesce(sum(s.entries), 0) AS entries, coalesce(max(s.closing), -1) AS closing FROM hospital_cost._seal s
		WHERE s.period = _seal_finding.period
	), link AS (SELECT count(*) AS bad, min(c.segment) AS segment FROM hospital_cost._seal_chain c
		WHERE c.period = _seal_finding.period AND NOT (c.follows AND c.followed)
	), form AS (
		SELECT coalesce(sum(b.bad), 0) AS bad, min(s.segment) FILTER (WHERE b.bad > 0) AS segment,
			(array_agg(b.first_bad ORDER BY s.segment) FILTER (WHERE b.bad > 0))[1] AS block
		FROM hospital_cost._seal s, hospital_cost._seal_blocks(s.seal_id, s.blocks) b WHERE s.period = _seal_finding.period
	), match AS MATERIALIZED (SELECT * FROM hospital_cost._seal_match(period)
	), content AS (
		SELECT count(*) AS bad, array_agg(m.seal_id) AS seal_ids, array_agg(m.block) AS blocks, min(m.segment) AS segment,
			(array_agg(m.block ORDER BY m.segment, m.block))[1] AS block
		FROM match m WHERE NOT m.agrees
	), difference AS MATERIALIZED (
		SELECT d.* FROM content c, hospital_cost._seal_difference(period, c.seal_ids, c.blocks) d WHERE c.bad > 0
	), total AS (
		SELECT (SELECT coalesce(sum(m.entries), 0) FROM match m WHERE m.block IS NOT NULL) AS placed,
			(SELECT coalesce(sum(m.entries), 0) FROM match m WHERE m.block IS NULL) AS strange,
			(SELECT min(m.first_entry) FROM match m WHERE m.block IS NULL) AS stranger,
			coalesce(sum(d.changed), 0) AS changed, coalesce(sum(d.gone), 0) AS gone, coalesce(sum(d.extra), 0) AS extra
		FROM difference d
	)
	SELECT 'last closing is sealed', closed::int, (closed AND seal.closing >= state.closing)::int, NULL::int, NULL::int, NULL::bigint FROM state, seal
	UNION ALL SELECT 'seals that break the chain', 0, l.bad, l.segment, NULL, NULL FROM link l
	UNION ALL SELECT 'blocks that are not as they were sealed', 0, f.bad, f.segment, f.block, NULL FROM form f
	UNION ALL SELECT 'blocks whose entries do not give their digest', 0, c.bad, c.segment, c.block, NULL FROM content c
	UNION ALL SELECT 'entries that are as they were sealed', s.entries, t.placed - t.changed - t.gone - t.extra, NULL, NULL, NULL FROM seal s, total t
	UNION ALL SELECT 'sealed entries that were changed', 0, t.changed, d.segment, d.block, d.entry_id
		FROM total t LEFT JOIN (SELECT * FROM difference d WHERE d.changed > 0 ORDER BY d.segment, d.block, d.entry_id LIMIT 1) d ON true
	UNION ALL SELECT 'sealed entries that are gone', 0, t.gone, d.segment, d.block, d.entry_id
		FROM total t LEFT JOIN (SELECT * FROM difference d WHERE d.gone > 0 ORDER BY d.segment, d.block, d.entry_id LIMIT 1) d ON true
	-- In a month that was reopened entries may come; the next sealing takes them.
	UNION ALL SELECT 'entries that are in no seal', CASE WHEN s.closed THEN 0 ELSE t.strange END, t.strange + t.extra, NULL, NULL,
		coalesce(d.entry_id, CASE WHEN s.closed THEN t.stranger END)
		FROM state s, total t LEFT JOIN (SELECT * FROM difference d WHERE d.extra > 0 ORDER BY d.entry_id LIMIT 1) d ON true
	UNION ALL SELECT 'seals that the head kept outside vouches for', s.seals, hospital_cost._seal_covered(period, head), NULL, NULL, NULL
		FROM seal s WHERE head IS NOT NULL;
END;

-- An entry that was moved to another month is still found by its number; of one that was deleted the number is all there is.
CREATE OR REPLACE FUNCTION hospital_cost.verify_seal(period date, head text DEFAULT NULL)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric, segment int, block int, entry_id bigint,
	source regclass, source_key text)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT f.identity, f.expected, f.actual, f.actual - f.expected, f.segment, f.block, f.entry_id, a.relation, l.source_key
	FROM hospital_cost._seal_finding(period, head) WITH ORDINALITY AS f (identity, expected, actual, segment, block, entry_id, place)
	LEFT JOIN LATERAL (
		SELECT l.source_id, CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END AS source_key
		FROM hospital_cost._ledger l WHERE f.entry_id IS NOT NULL AND l.entry_id = f.entry_id
		ORDER BY l.period = verify_seal.period DESC LIMIT 1) l ON true
	LEFT JOIN hospital_cost.attachment a ON a.source_id = l.source_id
	ORDER BY f.place;
END;

COMMENT ON TABLE hospital_cost._seal IS 'Seals behind the view seal, numbered in the order of sealing over all months; closing is the period_event that was sealed. Append-only';
COMMENT ON TABLE hospital_cost._seal_block IS 'Blocks of seals: entry numbers in order, the first 8 bytes of the SHA-256 of each entry, the SHA-256 of all of them whole (content), and of all that (digest). Append-only';
COMMENT ON VIEW hospital_cost.seal IS 'Seals of closed months (月度封存), one row a sealed closing; a month that was reopened has several segments. Made by seal_period, proved by verify_seal, never changed (MC006)';
COMMENT ON COLUMN hospital_cost.seal.segment IS '1 for the first seal of the month, one more for each sealed closing after a reopening';
COMMENT ON COLUMN hospital_cost.seal.blocks IS 'Number of blocks of up to 10,000 entries';
COMMENT ON COLUMN hospital_cost.seal.entries IS 'Entries this seal holds: those of the month that no earlier segment holds';
COMMENT ON COLUMN hospital_cost.seal.head IS 'SHA-256 of the seal in hex (封存码), which stands for its entries and for every seal made before. Keep it outside the database';
COMMENT ON COLUMN hospital_cost.seal.previous_head IS 'Head of the seal made before this one, of whatever month; empty for the first of all';
COMMENT ON COLUMN hospital_cost.seal.sealed_by IS 'Login that sealed';
COMMENT ON VIEW hospital_cost._entry_digest IS 'SHA-256 of every ledger entry over all of its columns';
COMMENT ON VIEW hospital_cost._seal_chain IS 'Each seal with whether it is whole and follows the one before (follows), and is followed by the one after, if any (followed)';
COMMENT ON FUNCTION hospital_cost.seal_period(date) IS 'Seals a closed month (封存): hashes its entries and chains the hash to the seal made before, of whatever month. After a reopening and closing, another call seals what came in between as a further segment; without one it changes nothing and returns the same. Returns segments, blocks and entries of the month, and its head in hex, to be kept outside the database. Nobody who posts waits for it. MC214 if the month is not closed, MC215 if entries came after the seal without a reopening, MC208 outside READ COMMITTED';
COMMENT ON FUNCTION hospital_cost.verify_seal(date, text) IS 'Proof that a month is as it was sealed (封存校验): difference is 0 in each row if it is. Where it is not, the first bad one is named by segment and block, entry_id, source and source_key; of an entry that was deleted only its number is known. With a head kept outside, of this month or of any sealed later, even a chain that was computed anew is found. Reads the month''s entries once';
COMMENT ON FUNCTION hospital_cost._block_digest(int, int, bigint[], bytea, bytea) IS 'SHA-256 of a block of a seal';
COMMENT ON FUNCTION hospital_cost._seal_digest(hospital_cost._seal) IS 'SHA-256 of a seal: what it says of itself, the digest of the seal before, and its blocks';
COMMENT ON FUNCTION hospital_cost._unsealed(date) IS 'Entries of a month that no seal of it holds, with their digests';
COMMENT ON FUNCTION hospital_cost._seal_match(date) IS 'Blocks of the seals of a month and whether its entries still give their content; without a block: entries that are in none';
COMMENT ON FUNCTION hospital_cost._seal_difference(date, int[], int[]) IS 'Entries of some blocks that are changed, gone, or there more than once';
COMMENT ON FUNCTION hospital_cost._seal_blocks(int, int) IS 'Blocks of a seal that are not as they were sealed: how many, and the first';
COMMENT ON FUNCTION hospital_cost._seal_covered(date, text) IS 'How many seals of a month a head vouches for';
COMMENT ON FUNCTION hospital_cost._seal_finding(date, text) IS 'The rows of verify_seal, without the source of the entry that is named';
