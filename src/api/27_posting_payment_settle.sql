-- 20 posting: rows of a payment table become entries.

-- The rows of these keys as they are now, locked against change. An index finds a key only as it is spelled there: where rows are known to be
-- there, those that it does not find are looked for without one.
CREATE OR REPLACE FUNCTION hospital_cost._payments_now(a hospital_cost.attachment, keys text[], locks boolean, are_there boolean)
RETURNS hospital_cost._payment_row[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	query text := format('%s WHERE %s AND %%s%s', replace(hospital_cost._payment_query(a, a.relation::text), '%', '%%'),
		replace(hospital_cost._source_filter(a), '%', '%%'), CASE WHEN locks THEN ' FOR UPDATE' ELSE '' END);
	found hospital_cost._payment_row[] := ARRAY(SELECT ROW(q.*, NULL, NULL, NULL, NULL, NULL)::hospital_cost._payment_row
		FROM hospital_cost._read_payments(a.relation, format(query, hospital_cost._payment_key_filter(a, keys)), keys) q);
	missing text[];
BEGIN
	IF are_there AND EXISTS (SELECT FROM pg_attribute c WHERE c.attrelid = a.relation AND a.columns #> '{source_key,columns}' ? c.attname::text
		AND c.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)) THEN
		missing := ARRAY(SELECT k FROM unnest(keys) AS k EXCEPT SELECT f.source_key FROM unnest(found) f);
	END IF;
	IF cardinality(missing) > 0 THEN
		found := found || ARRAY(SELECT ROW(q.*, NULL, NULL, NULL, NULL, NULL)::hospital_cost._payment_row
			FROM hospital_cost._read_payments(a.relation, format(query, format('(%s) OPERATOR(pg_catalog.=) ANY ($1)',
				hospital_cost._source_sql(a.relation, a.columns, 'source_key'))), missing) q);
	END IF;
	RETURN found;
END $$;

-- Refunds that a change of these entries and keys may concern, outside those keys.
CREATE OR REPLACE FUNCTION hospital_cost._concerned_refunds(source_id smallint, keys text[], back hospital_cost._payment[], posted text[],
	OUT source smallint, OUT concerned text[])
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone text[] := ARRAY(SELECT b.source_key FROM unnest(back) b WHERE b.kind IN ('payment', 'deposit')) || posted;
	freed text[] := gone || ARRAY(SELECT b.reverses_key FROM unnest(back) b WHERE b.reverses_key IS NOT NULL);
	less text[] := ARRAY(SELECT coalesce(b.encounter_code, b.patient_code) FROM unnest(back) b WHERE b.kind = 'deposit');
	moved text[] := ARRAY(SELECT coalesce(b.encounter_code, b.patient_code) FROM unnest(back) b WHERE b.kind <> 'payment')
		|| ARRAY(SELECT coalesce(l.encounter_code, l.patient_code)
			FROM hospital_cost._live_payments(_concerned_refunds.source_id, posted) l WHERE l.kind = 'deposit');
BEGIN
	RETURN QUERY
	SELECT x.s, array_agg(DISTINCT x.k) FROM (
		SELECT p.source_id AS s, p.source_key AS k FROM hospital_cost._payment p
		WHERE p.source_id = _concerned_refunds.source_id AND p.reverses_key = ANY (gone) AND p.entry = 'refund'
			AND NOT EXISTS (SELECT FROM hospital_cost._payment v WHERE v.reverses = p.entry_id AND v.source_id = p.source_id AND v.source_key = p.source_key
				AND v.version = p.version AND v.entry = 'reverse')
		UNION ALL SELECT p.source_id, p.source_key FROM hospital_cost._payment p
		WHERE COALESCE(p.encounter_code, p.patient_code) = ANY (less) AND p.entry = 'refund' AND p.kind = 'deposit_refund'
			AND NOT EXISTS (SELECT FROM hospital_cost._payment v WHERE v.source_id = p.source_id AND v.source_key = p.source_key
				AND v.version = p.version AND v.entry = 'reverse')
		UNION ALL SELECT b.source_id, b.source_key FROM hospital_cost._payment_blocked b
		WHERE b.source_id = _concerned_refunds.source_id AND b.reverses_key = ANY (freed)
		UNION ALL SELECT b.source_id, b.source_key FROM hospital_cost._payment_blocked b WHERE b.account = ANY (moved)) x
	WHERE x.s <> _concerned_refunds.source_id OR NOT x.k = ANY (keys)
	GROUP BY x.s;
END $$;

-- The refunds of a settlement, one after the other. Those that stand come first, the youngest of them first, so that it falls before its elders;
-- then those that do not stand, or no longer, in order.
CREATE OR REPLACE FUNCTION hospital_cost._settle_refunds(a hospital_cost.attachment, refunds hospital_cost._payment_row[],
	OUT posted bigint, OUT lost text[], OUT issues hospital_cost._finding[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	standing hospital_cost._payment[] := ARRAY(SELECT l FROM hospital_cost._live_payments(a.source_id, ARRAY(SELECT x.source_key FROM unnest(refunds) x)) l);
	fallen text[] := '{}';
	f record;
	result record;
BEGIN
	posted := 0;
	lost := '{}';
	issues := '{}';
	FOR f IN SELECT x AS r FROM unnest(refunds) x JOIN unnest(standing) l ON l.source_key = x.source_key ORDER BY l.entry_id DESC LOOP
		SELECT * INTO result FROM hospital_cost._settle_refund(a, f.r);
		IF result.outcome = 'refused' THEN
			fallen := fallen || ARRAY[(f.r).source_key];
		ELSE
			posted := posted + (result.outcome = 'posted')::int;
			issues := issues || result.issues;
		END IF;
	END LOOP;
	FOR f IN SELECT x AS r FROM unnest(refunds) x LEFT JOIN unnest(standing) l ON l.source_key = x.source_key
		WHERE l.entry_id IS NULL OR x.source_key = ANY (fallen) ORDER BY l.entry_id NULLS LAST, x.paid_at, x.source_key COLLATE "C" LOOP
		SELECT * INTO result FROM hospital_cost._settle_refund(a, f.r);
		posted := posted + (result.outcome = 'posted')::int;
		issues := issues || result.issues;
		IF result.outcome = 'lost' THEN
			lost := lost || ARRAY[(f.r).source_key];
		END IF;
	END LOOP;
END $$;

-- Brings the entries of these keys to what their rows say. "given" are rows as a statement left them; careful: an entry is taken back only once the table
-- has been asked, because another trigger may have written the row since. Neither careful nor by hand: keys can come twice, and the first stays.
CREATE OR REPLACE FUNCTION hospital_cost._settle_payments(a hospital_cost.attachment, keys text[], given hospital_cost._payment_row[],
	careful boolean, by_hand boolean)
RETURNS TABLE (outcome text, row_count bigint)
-- Keys are looked for by index, whatever statistics from when the tables were empty say.
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
	standing hospital_cost._payment[] := ARRAY(SELECT l FROM hospital_cost._live_payments(a.source_id, keys) l);
	picked hospital_cost._payment_row[]; -- one row a key
	back hospital_cost._payment[] := '{}'; -- entries that are taken back
	held text[]; -- keys whose entry stays whatever the row says
	issues hospital_cost._finding[];
	posted text[];
	lost text[];
	clean text[]; -- posted, and nothing more to be said
	refunds record;
	concerned jsonb; -- keys of refunds to be judged again, by table
	mine text[];
	refused bigint;
BEGIN
	given := ARRAY(SELECT j FROM hospital_cost._judge_payments(a, given) j);
	IF careful AND cardinality(standing) > 0 THEN
		given := hospital_cost._replace_stale(a, standing, given);
	END IF;
	picked := ARRAY(SELECT DISTINCT ON ((c.g).source_key) c.g
		FROM (SELECT g, row_number() OVER () AS ord FROM unnest(given) g WHERE g.source_key IS NOT NULL) c
		LEFT JOIN unnest(standing) l ON l.source_key = (c.g).source_key
		ORDER BY (c.g).source_key, (l.entry_id IS NOT NULL AND (c.g).issue IS NULL AND hospital_cost._payment_difference(l, c.g) IS NULL) DESC,
			(c.g).issue IS NOT NULL, c.ord);
	issues := ARRAY(SELECT hospital_cost._payment_issue(a.source_id, r, r.issue, r.field, NULL, r.observed)
		FROM (SELECT p.* FROM unnest(picked) p WHERE p.issue IS NOT NULL UNION ALL SELECT g.* FROM unnest(given) g WHERE g.source_key IS NULL) r);
	IF careful OR by_hand THEN
		back := ARRAY(SELECT l FROM unnest(standing) l LEFT JOIN unnest(picked) r ON r.source_key = l.source_key
			WHERE r.source_key IS NULL OR r.issue IS NOT NULL OR hospital_cost._payment_difference(l, r) IS NOT NULL);
	END IF;
	PERFORM hospital_cost._lock_payments(a.source_id,
		ARRAY(SELECT r.reverses_key FROM unnest(picked) r WHERE r.reverses_key IS NOT NULL AND r.kind IN ('refund', 'deposit_refund')
			UNION SELECT b.source_key FROM unnest(back) b WHERE b.kind IN ('payment', 'deposit')),
		ARRAY(SELECT coalesce(r.encounter_code, r.patient_code) FROM unnest(picked) r WHERE r.kind = 'deposit_refund' AND r.issue IS NULL
			AND coalesce(r.encounter_code, r.patient_code) IS NOT NULL
			UNION SELECT coalesce(b.encounter_code, b.patient_code) FROM unnest(back) b WHERE b.kind = 'deposit'
			-- Whatever the hospital calls it: what gives back a deposit takes from the deposits.
			UNION SELECT coalesce(l.encounter_code, l.patient_code) FROM hospital_cost._live_payments(a.source_id, ARRAY(SELECT r.reverses_key FROM unnest(picked) r
				WHERE r.reverses_key IS NOT NULL AND r.kind = 'refund')) l WHERE l.kind = 'deposit'));
	held := '{}';
	IF cardinality(back) > 0 THEN
		SELECT coalesce(array_agg(b.source_key) FILTER (WHERE v.outcome <> 'found'), '{}'), issues || coalesce(array_agg(hospital_cost._payment_issue(a.source_id,
			jsonb_populate_record(NULL::hospital_cost._payment_row, to_jsonb(b)), v.outcome)) FILTER (WHERE v.outcome <> 'found'), '{}')
		INTO held, issues FROM hospital_cost._reverse_payments(back) v JOIN unnest(back) b ON b.entry_id = v.entry_id;
	END IF;
	DELETE FROM hospital_cost._payment_blocked b WHERE b.source_id = a.source_id AND b.source_key = ANY (keys);
	back := ARRAY(SELECT b FROM unnest(back) b WHERE NOT b.source_key = ANY (held));
	held := held || ARRAY(SELECT l.source_key FROM unnest(standing) l WHERE NOT EXISTS (SELECT FROM unnest(back) b WHERE b.entry_id = l.entry_id));

	SELECT coalesce(array_agg(e.source_key) FILTER (WHERE e.outcome = 'posted'), '{}'), coalesce(array_agg(e.source_key) FILTER (WHERE e.outcome = 'lost'), '{}'),
		issues || coalesce(array_agg(hospital_cost._payment_issue(a.source_id, r, e.outcome)) FILTER (WHERE e.outcome LIKE 'period%'), '{}'),
		coalesce(array_agg(e.source_key) FILTER (WHERE e.flags = 0 AND a.key_is_unique), '{}')
	INTO posted, lost, issues, clean
	FROM hospital_cost._enter_payments(a.source_id, ARRAY(SELECT r FROM unnest(picked) r
		WHERE r.issue IS NULL AND r.kind IN ('payment', 'deposit') AND NOT r.source_key = ANY (held))) e
	JOIN unnest(picked) r ON r.source_key = e.source_key;

	-- A refund that stands is judged again with the rest; where keys come twice, only if it says the same.
	picked := ARRAY(SELECT r FROM unnest(picked) r LEFT JOIN unnest(standing) l ON l.source_key = r.source_key
		WHERE r.issue IS NULL AND r.kind IN ('refund', 'deposit_refund')
			AND (NOT r.source_key = ANY (held) OR hospital_cost._payment_difference(l, r) IS NULL));
	concerned := (SELECT jsonb_object_agg(c.source, c.concerned) FROM hospital_cost._concerned_refunds(a.source_id, keys, back, posted) c);
	IF concerned ? a.source_id::text THEN
		mine := ARRAY(SELECT jsonb_array_elements_text(concerned -> a.source_id::text));
		picked := picked || ARRAY(SELECT j FROM hospital_cost._judge_payments(a, hospital_cost._payments_now(a, mine, false, true)) j
			WHERE j.issue IS NULL AND j.kind IN ('refund', 'deposit_refund') AND j.source_key = ANY (mine));
		keys := keys || ARRAY(SELECT p.source_key FROM unnest(picked) p WHERE NOT p.source_key = ANY (keys));
	END IF;
	SELECT * INTO refunds FROM hospital_cost._settle_refunds(a, picked);
	PERFORM hospital_cost._settle_elsewhere(o.key::smallint, ARRAY(SELECT jsonb_array_elements_text(o.value)))
	FROM jsonb_each(concerned) o WHERE o.key::smallint <> a.source_id;
	lost := lost || refunds.lost;
	issues := issues || refunds.issues;
	issues := issues || ARRAY(SELECT w FROM hospital_cost._payment_warnings(a.source_id,
		ARRAY(SELECT g FROM unnest(given || picked) g WHERE NOT g.source_key = ANY (clean || lost)), issues) w);
	PERFORM hospital_cost._tell_payment_issues(a, array_remove(keys, NULL), issues, NOT by_hand);

	refused := (SELECT count(DISTINCT i.source_key) FROM unnest(issues) i WHERE i.severity = 'blocking');
	RETURN QUERY SELECT 'posted', cardinality(posted) + refunds.posted
		UNION ALL SELECT 'refused', refused
		UNION ALL SELECT i.code, count(*) FROM unnest(issues) i WHERE i.code LIKE 'exists\_with%' GROUP BY i.code;
	IF cardinality(lost) > 0 THEN
		-- Another session was faster with these keys: look again.
		RETURN QUERY SELECT * FROM hospital_cost._settle_payments(a, lost, ARRAY(SELECT g FROM unnest(given) g WHERE g.source_key = ANY (lost)),
			careful OR by_hand, by_hand);
	END IF;
END $$;
