-- 40 anomaly: rules over a month. Detectors of batch rules only say what they see; what is new, and what is over, is decided here for all of them.

-- Writes what one rule sees in a month and nobody knows yet, and closes what it sees no more. A fact found under another version stays with that version.
CREATE OR REPLACE FUNCTION hospital_cost._detect_rule(period date, rule hospital_cost.rule, detector text, OUT added bigint, OUT resolved bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE format($sql$
		WITH seen AS MATERIALIZED (
			SELECT DISTINCT ON (d.subject, d.subject_code, d.fact) d.* FROM %s($1, $2) d ORDER BY d.subject, d.subject_code, d.fact, d.entry_id
		), known AS MATERIALIZED (
			SELECT f.finding_id, f.subject, f.subject_code, f.fact, f.rule_version, f.state FROM hospital_cost._finding f
			WHERE f.code = ($2).code AND f.period = $1 AND f.subject IS NOT NULL
		), fresh AS (
			INSERT INTO hospital_cost._finding (class, code, rule_version, severity, source_id, source_key, entry_id, related_entry_id, period, encounter_code,
				item_code, field, expected, observed, excess_quantity, amount_at_risk, deadline, subject, subject_code, fact, evidence)
			SELECT 'conduct', ($2).code, ($2).version, ($2).severity, coalesce(s.source_id, 0), coalesce(s.source_key, ''), s.entry_id, s.related_entry_id, $1,
				s.encounter_code, s.item_code, s.field, s.limit_value, s.observed, s.excess_quantity, s.amount_at_risk, now() + ($2).respond_within,
				s.subject, coalesce(s.subject_code, ''), coalesce(s.fact, ''), s.evidence
			FROM seen s
			WHERE NOT EXISTS (SELECT FROM known k WHERE k.subject = s.subject AND k.subject_code = coalesce(s.subject_code, '')
				AND k.fact = coalesce(s.fact, '') AND k.state <> 'resolved')
			ORDER BY s.subject, s.subject_code, s.fact
			RETURNING 1
		), gone AS (
			UPDATE hospital_cost._finding f SET state = 'resolved', closed_at = now(), closed_by = session_user, note = 'the cause is gone'
			FROM known k
			WHERE f.finding_id = k.finding_id AND k.state = 'open' AND k.rule_version = ($2).version
				AND NOT EXISTS (SELECT FROM seen s WHERE s.subject = k.subject AND coalesce(s.subject_code, '') = k.subject_code AND coalesce(s.fact, '') = k.fact)
			RETURNING 1
		)
		SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM gone)
	$sql$, detector) INTO added, resolved USING period, rule;
END $$;

-- Inline rules that look at lines beside a row: the others are judged when the row is posted, and never again.
CREATE OR REPLACE FUNCTION hospital_cost._kinds_of_lines() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN '{same_item_same_day,day_outside_stay,item_limit,item_patient,item_place,item_pair,item_quantity_pair,item_bundle,surgery_discount}'::text[];
COMMENT ON FUNCTION hospital_cost._kinds_of_lines() IS 'Kinds of inline rule that detect looks for in the ledger';

-- The rules over lines, all in one pass over the ledger. A rule that is in force in the month says how many even if none.
CREATE OR REPLACE FUNCTION hospital_cost._detect_inline(month date, rule text)
RETURNS TABLE (code text, version int, added bigint, resolved bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost.rule k JOIN hospital_cost.rule_kind t ON t.kind = k.kind
		WHERE t.kind = ANY (hospital_cost._kinds_of_lines()) AND k.code = coalesce(_detect_inline.rule, k.code)) THEN
		RETURN;
	END IF;
	RETURN QUERY
		WITH told AS MATERIALIZED (SELECT l.* FROM hospital_cost._detect_lines(_detect_inline.month, _detect_inline.rule) l), sought AS (
			SELECT k.code, k.version
			FROM hospital_cost.rule k JOIN hospital_cost.rule_kind t ON t.kind = k.kind
			WHERE t.kind = ANY (hospital_cost._kinds_of_lines()) AND k.code = coalesce(_detect_inline.rule, k.code)
				AND k.valid && daterange(_detect_inline.month, (_detect_inline.month + interval '1 month')::date)
				AND NOT EXISTS (SELECT FROM unnest(t.needs) AS n (input) WHERE NOT hospital_cost._has_input(n.input, k.code)))
		SELECT code, version, coalesce(t.added, 0), coalesce(t.resolved, 0)
		FROM sought s FULL JOIN told t USING (code, version)
		ORDER BY 1, 2;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detect(period date, rule text DEFAULT NULL)
RETURNS TABLE (code text, version int, added bigint, resolved bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	month date := hospital_cost.period_of(detect.period);
	r record;
BEGIN
	IF detect.rule IS NOT NULL AND NOT EXISTS (SELECT FROM hospital_cost.rule k WHERE k.code = detect.rule) THEN
		RAISE EXCEPTION 'there is no rule "%"', detect.rule USING ERRCODE = 'MC415', HINT = 'See hospital_cost.rule_state.';
	END IF;
	-- One at a time: two runs side by side would both find what neither had written.
	PERFORM pg_advisory_xact_lock('hospital_cost.rule'::regclass::oid::int, 0);
	FOR r IN
		-- the version of the month's last day that falls into its validity
		SELECT DISTINCT ON (k.code) k AS rule, t.detector
		FROM hospital_cost.rule k JOIN hospital_cost.rule_kind t ON t.kind = k.kind
		WHERE t.detector IS NOT NULL AND k.code = coalesce(detect.rule, k.code) AND k.valid && daterange(month, (month + interval '1 month')::date)
			AND NOT EXISTS (SELECT FROM unnest(t.needs) AS n (input) WHERE NOT hospital_cost._has_input(n.input, k.code))
		ORDER BY k.code, lower(k.valid) DESC NULLS LAST
	LOOP
		code := (r.rule).code;
		version := (r.rule).version;
		SELECT d.added, d.resolved INTO added, resolved FROM hospital_cost._detect_rule(month, r.rule, r.detector) d;
		RETURN NEXT;
	END LOOP;
	RETURN QUERY SELECT i.code, i.version, i.added, i.resolved FROM hospital_cost._detect_inline(month, detect.rule) i;
END $$;
