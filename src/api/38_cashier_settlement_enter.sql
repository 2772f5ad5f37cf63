-- 30 cashier: a settlement stands beside the charges that it settles, and waits where a person has to look.

-- The scheme that a word means: its code, or what the hospital calls its payers.
CREATE OR REPLACE FUNCTION hospital_cost._benefit_scheme(word text) RETURNS hospital_cost.benefit_scheme
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT b FROM hospital_cost.benefit_scheme b WHERE b.code = word OR word = ANY (b.payers) ORDER BY b.code = word DESC, b.code LIMIT 1;
END;

CREATE OR REPLACE FUNCTION hospital_cost._enter_settlement(s hospital_cost._settlement, strict boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	other bigint;
	charges numeric;
BEGIN
	IF s.scheme IS NULL THEN
		RAISE EXCEPTION 'the scheme of encounter "%" is not known', s.encounter_code USING ERRCODE = 'MC30G',
			HINT = 'Write the scheme (insutype) with the settlement, or the payer of the encounter.';
	END IF;
	IF s.outcome = 'success' AND s.reverses IS NULL THEN
		SELECT o.settlement_id INTO other FROM hospital_cost._settlement_standing o WHERE o.encounter_code = s.encounter_code AND o.span && s.span LIMIT 1;
		IF other IS NULL THEN
			SELECT o.settlement_id INTO other FROM hospital_cost._settlement o WHERE o.setl_id = s.setl_id AND o.reverses IS NULL AND o.outcome = 'success'
				AND coalesce(o.clr_optins, '') = coalesce(s.clr_optins, '');
		END IF;
		IF strict THEN
			SELECT coalesce(sum(l.amount), 0) * 0.01 INTO charges FROM hospital_cost._ledger l
			WHERE l.encounter_code = s.encounter_code AND l.service_day <@ s.span;
		END IF;
		IF other IS NOT NULL THEN
			RAISE EXCEPTION 'settlement "%" was settled before', coalesce(s.setl_id, s.encounter_code) USING ERRCODE = 'MC30E',
				DETAIL = format('Settlement %s covers days of the same encounter, or has the same number.', other),
				HINT = 'Reverse that one first, or give each settlement its days in "span".';
		ELSIF charges <> s.medfee_sumamt THEN
			RAISE EXCEPTION 'settlement "%" is not the sum of its charges', coalesce(s.setl_id, s.encounter_code) USING ERRCODE = 'MC30F',
				DETAIL = format('medfee_sumamt is %s, the charges come to %s, difference %s.', s.medfee_sumamt, charges, charges - s.medfee_sumamt),
				HINT = 'Post what is missing first; benefit_scheme.charges = flag accepts and tells it in settlement_check.';
		END IF;
	END IF;
	INSERT INTO hospital_cost._settlement SELECT s.*;
	IF s.reverses IS NOT NULL AND s.outcome = 'success' THEN
		DELETE FROM hospital_cost._settlement_standing o WHERE o.settlement_id = s.reverses;
	ELSIF s.outcome = 'success' THEN
		PERFORM hospital_cost._keep_estimate(s);
		INSERT INTO hospital_cost._settlement_standing (settlement_id, encounter_code, span) VALUES (s.settlement_id, s.encounter_code, s.span);
	END IF;
EXCEPTION
	-- Another session was faster.
	WHEN exclusion_violation OR unique_violation THEN
		RAISE EXCEPTION 'settlement "%" was % before', coalesce(s.reverses::text, s.setl_id, s.encounter_code),
			CASE WHEN s.reverses IS NULL THEN 'settled' ELSE 'reversed' END USING ERRCODE = CASE WHEN s.reverses IS NULL THEN 'MC30E' ELSE 'MC30D' END,
			DETAIL = SQLERRM, HINT = 'Look at hospital_cost.settlement again: another session settled or reversed it at the same time.';
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.confirm_settlement(settlement bigint, note text) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s record;
	result timestamptz;
BEGIN
	SELECT x.* INTO s FROM hospital_cost.settlement x WHERE x.settlement_id = settlement;
	IF NOT FOUND OR s.state NOT IN ('to_confirm', 'settled') OR s.confirmation <> 'required' THEN
		RAISE EXCEPTION 'settlement % does not wait for a confirmation', settlement USING ERRCODE = 'MC30H', HINT = 'See the state in hospital_cost.settlement.';
	ELSIF s.written_by = session_user THEN
		RAISE EXCEPTION 'login "%" cannot confirm settlement %, which is his own', session_user, settlement USING ERRCODE = 'MC303',
			HINT = 'Another person looks at it.';
	ELSIF coalesce(btrim(note), '') = '' THEN
		RAISE EXCEPTION 'the confirmation of settlement % has no note', settlement USING ERRCODE = 'MC302', HINT = 'Say what was looked at.';
	END IF;
	INSERT INTO hospital_cost._settlement_confirmation (settlement_id, note) VALUES (settlement, confirm_settlement.note) ON CONFLICT DO NOTHING;
	SELECT c.confirmed_at INTO result FROM hospital_cost._settlement_confirmation c WHERE c.settlement_id = settlement;
	RETURN result;
END $$;

-- Charges go on coming after a settlement, and are given back: what stands is held against them at every look.
CREATE OR REPLACE VIEW hospital_cost.settlement_check AS
SELECT x.*, x.charges + x.refunded - x.medfee_sumamt AS difference,
	CASE WHEN x.charges + x.refunded = x.medfee_sumamt THEN 'equal' WHEN x.charges + x.refunded > x.medfee_sumamt THEN 'charges_came' ELSE 'charges_went' END AS state
FROM (SELECT s.settlement_id, s.setl_id, s.encounter_code, s.scheme, s.stage, s.span, s.day, s.medfee_sumamt,
		(SELECT (coalesce(sum(l.amount), 0) * 0.01)::numeric(18,2) FROM hospital_cost._ledger l
			WHERE l.encounter_code = s.encounter_code AND l.service_day <@ s.span) AS charges,
		(SELECT coalesce(sum(r.amount), 0)::numeric(18,2) FROM hospital_cost.settlement_refund r WHERE r.settlement_id = s.settlement_id) AS refunded,
		(SELECT sum(l.amount) FROM hospital_cost.settlement_line l WHERE l.settlement_id = s.settlement_id) AS lines,
		(SELECT sum(f.fund_payamt) FROM hospital_cost.settlement_fund f WHERE f.settlement_id = s.settlement_id) AS funds,
		s.fund_pay_sumamt
	FROM hospital_cost._settlement_standing o JOIN hospital_cost._settlement s ON s.settlement_id = o.settlement_id) x;
