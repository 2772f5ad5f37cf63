-- 46 anomaly: the life of a finding: given to somebody, explained, judged by somebody else, opened again.

CREATE OR REPLACE TRIGGER guard_change BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._finding_event
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('The trail of findings is append-only.');

CREATE OR REPLACE VIEW hospital_cost.finding_event AS
SELECT e.event_id, e.finding_id, e.event, e.from_state, e.to_state, e.assignee, e.note, e.at, e.done_by FROM hospital_cost._finding_event e;

-- Whether a code that a cashier's office or the HIS writes means this login: the login itself, or a cashier who has it.
CREATE OR REPLACE FUNCTION hospital_cost._is_login(code text, login text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT _is_login.code = _is_login.login
		OR EXISTS (SELECT FROM hospital_cost.cashier c WHERE c.code = _is_login.code AND c.login = _is_login.login);
END;

-- Whether a finding speaks of what this login did: its subject is he or his shift, or he took or gave back the money.
CREATE OR REPLACE FUNCTION hospital_cost._is_about(finding hospital_cost._finding, login text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce((finding).subject IN ('cashier', 'operator', 'doctor') AND hospital_cost._is_login((finding).subject_code, login), false)
		OR coalesce((finding).subject = 'shift' AND EXISTS (SELECT FROM hospital_cost._shift s
			WHERE s.shift_id::text = (finding).subject_code AND hospital_cost._is_login(s.cashier_code, login)), false)
		OR EXISTS (SELECT FROM hospital_cost.attachment a JOIN hospital_cost._payment p ON p.source_id = a.source_id AND p.source_key = (finding).source_key
			WHERE a.feed = 'payments' AND a.source_id = (finding).source_id AND hospital_cost._is_login(p.operator, login))
		OR EXISTS (SELECT FROM unnest(ARRAY['cashier', 'operator', 'doctor']) AS who (key)
			WHERE hospital_cost._is_login((finding).evidence ->> who.key, login));
END;

-- The finding, locked, if it is conduct and in one of these states.
CREATE OR REPLACE FUNCTION hospital_cost._finding_in(finding_id bigint, states text[]) RETURNS hospital_cost._finding
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding;
BEGIN
	SELECT * INTO f FROM hospital_cost._finding x WHERE x.finding_id = _finding_in.finding_id AND x.class = 'conduct' FOR UPDATE;
	IF (f.state = ANY (states)) IS NOT TRUE THEN
		RAISE EXCEPTION 'finding % is not %', finding_id, CASE WHEN 'open' = ANY (states) THEN 'open' ELSE 'reviewed' END USING ERRCODE = 'MC414',
			DETAIL = format('It is %s.', coalesce(f.state, 'none of conduct')), HINT = 'Findings of conduct have states; see hospital_cost.finding.';
	END IF;
	RETURN f;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.review_finding(finding_id bigint, verdict text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding;
BEGIN
	IF (verdict IN ('confirmed', 'false_positive', 'corrected')) IS NOT TRUE THEN
		RAISE EXCEPTION 'verdict "%" is not known', verdict USING ERRCODE = 'MC413',
			HINT = 'Use confirmed, false_positive or corrected.';
	END IF;
	f := hospital_cost._finding_in(finding_id, '{open}');
	IF hospital_cost._is_about(f, session_user) THEN
		RAISE EXCEPTION 'finding % is about "%" himself', finding_id, session_user USING ERRCODE = 'MC416',
			HINT = 'Another login reviews it; answer_finding is open to you.';
	END IF;
	UPDATE hospital_cost._finding x SET state = verdict, note = review_finding.note, closed_at = now(), closed_by = session_user
	WHERE x.finding_id = f.finding_id;
	INSERT INTO hospital_cost._finding_event (finding_id, event, from_state, to_state, note) VALUES (f.finding_id, 'judged', f.state, verdict, note);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.reopen_finding(finding_id bigint, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding;
BEGIN
	IF coalesce(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'finding % is opened again without a reason', finding_id USING ERRCODE = 'MC417', HINT = 'Say why the verdict does not stand.';
	END IF;
	f := hospital_cost._finding_in(finding_id, '{confirmed,false_positive,corrected}');
	IF hospital_cost._is_about(f, session_user) THEN
		RAISE EXCEPTION 'finding % is about "%" himself', finding_id, session_user USING ERRCODE = 'MC416',
			HINT = 'Another login opens it again.';
	END IF;
	-- What was judged wrongly is due again, in the time its rule gave.
	UPDATE hospital_cost._finding x SET state = 'open', note = NULL, closed_at = NULL, closed_by = NULL, deadline = now() + (x.deadline - x.found_at)
	WHERE x.finding_id = f.finding_id;
	INSERT INTO hospital_cost._finding_event (finding_id, event, from_state, to_state, note) VALUES (f.finding_id, 'reopened', f.state, 'open', reason);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.assign_finding(finding_id bigint, assignee text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding := hospital_cost._finding_in(finding_id, '{open}');
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = assignee) THEN
		RAISE EXCEPTION 'there is no login "%"', assignee USING ERRCODE = 'MC418', HINT = 'Name the login that shall look at the finding.';
	ELSIF hospital_cost._is_about(f, assignee) THEN
		RAISE EXCEPTION 'finding % is about "%" himself', finding_id, assignee USING ERRCODE = 'MC416', HINT = 'Give it to another login.';
	END IF;
	INSERT INTO hospital_cost._finding_event (finding_id, event, from_state, to_state, assignee, note)
	VALUES (f.finding_id, 'assigned', f.state, f.state, assignee, assign_finding.note);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.answer_finding(finding_id bigint, note text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f hospital_cost._finding := hospital_cost._finding_in(finding_id, '{open}');
BEGIN
	IF coalesce(btrim(note), '') = '' THEN
		RAISE EXCEPTION 'finding % is explained without a word', finding_id USING ERRCODE = 'MC417', HINT = 'Say what happened.';
	END IF;
	INSERT INTO hospital_cost._finding_event (finding_id, event, from_state, to_state, note)
	VALUES (f.finding_id, 'explained', f.state, f.state, answer_finding.note);
END $$;
