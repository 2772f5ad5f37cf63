-- 30 cashier: settlements are written through a view that holds the insurer's amounts against one another.

CREATE OR REPLACE VIEW hospital_cost.settlement AS
SELECT s.*, r.settlement_id AS reversed_by, c.confirmed_at, c.confirmed_by, c.note AS confirmation_note,
	CASE WHEN r.settlement_id IS NOT NULL THEN 'reversed' WHEN s.outcome <> 'success' THEN s.outcome WHEN s.reverses IS NOT NULL THEN 'reversal'
		WHEN s.confirmation = 'required' AND c.settlement_id IS NULL THEN 'to_confirm' ELSE 'settled' END AS state
FROM hospital_cost._settlement s
LEFT JOIN hospital_cost._settlement r ON r.reverses = s.settlement_id AND r.outcome = 'success'
LEFT JOIN hospital_cost._settlement_confirmation c ON c.settlement_id = s.settlement_id;

-- What must be equal in every answer of the interface.
CREATE OR REPLACE FUNCTION hospital_cost._settlement_identity(s hospital_cost._settlement, mutual_aid text)
RETURNS TABLE (identity text, expected numeric, actual numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES ('medfee_sumamt = fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt', s.medfee_sumamt,
			s.fulamt_ownpay_amt + s.overlmt_selfpay + s.preselfpay_amt + s.inscp_scp_amt),
		('medfee_sumamt = fund_pay_sumamt + psn_part_amt + hosp_part_amt', s.medfee_sumamt, s.fund_pay_sumamt + s.psn_part_amt + s.hosp_part_amt),
		('fund_pay_sumamt = hifp_pay + cvlserv_pay + hifes_pay + hifmi_pay + hifob_pay + maf_pay + oth_pay', s.fund_pay_sumamt,
			s.hifp_pay + s.cvlserv_pay + s.hifes_pay + s.hifmi_pay + s.hifob_pay + s.maf_pay + s.oth_pay),
		(CASE mutual_aid WHEN 'beside' THEN 'psn_part_amt = acct_pay + acct_mulaid_pay + psn_cash_pay' ELSE 'psn_part_amt = acct_pay + psn_cash_pay' END,
			s.psn_part_amt, s.acct_pay + CASE mutual_aid WHEN 'beside' THEN s.acct_mulaid_pay ELSE 0 END + s.psn_cash_pay);
END;

-- The amounts of the interface: what a reversal turns around.
CREATE OR REPLACE FUNCTION hospital_cost._settlement_amounts() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN '{medfee_sumamt,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt,act_pay_dedc,hifp_pay,cvlserv_pay,hifes_pay,hifmi_pay,hifob_pay,maf_pay,oth_pay,fund_pay_sumamt,psn_part_amt,acct_pay,psn_cash_pay,acct_mulaid_pay,hosp_part_amt}'::text[];

-- A row as it was given, completed by the insurer's answer as it came: its words are taken where the row says nothing.
CREATE OR REPLACE FUNCTION hospital_cost._settlement_given(given jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce((SELECT jsonb_object_agg(e.key, e.value)
		FROM jsonb_each(CASE WHEN jsonb_typeof(given #> '{raw,setlinfo}') = 'object' THEN given #> '{raw,setlinfo}'
			WHEN jsonb_typeof(given -> 'raw') = 'object' THEN given -> 'raw' ELSE '{}' END) e
		-- Whether a cancellation is answered with or without a sign differs from place to place: its amounts are those it cancels.
		WHERE e.value NOT IN ('null', '""') AND ((e.key = ANY (hospital_cost._settlement_amounts()) AND given -> 'reverses' = 'null')
			OR e.key IN ('pool_prop_selfpay', 'balc', 'setl_id', 'medins_setl_id', 'clr_optins', 'clr_way', 'clr_type', 'med_type'))), '{}')
		|| jsonb_strip_nulls(given - '{reversed_by,confirmed_at,confirmed_by,confirmation_note,state,settlement_id,written_at,written_by,day,rule_day}'::text[])
		|| jsonb_build_object('raw', given -> 'raw');
END;

-- What a reversal takes from the settlement that it cancels: everything but its own number, time and answer.
CREATE OR REPLACE FUNCTION hospital_cost._reversal_given(given jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o hospital_cost._settlement;
	opposite jsonb;
	wrong text;
BEGIN
	SELECT * INTO o FROM hospital_cost._settlement s WHERE s.settlement_id = (given ->> 'reverses')::bigint;
	IF o.settlement_id IS NULL OR o.reverses IS NOT NULL OR o.outcome = 'failed' THEN
		RAISE EXCEPTION 'settlement % cannot be reversed', given ->> 'reverses' USING ERRCODE = 'MC30D',
			DETAIL = CASE WHEN o.settlement_id IS NULL THEN 'There is none of this number.' WHEN o.reverses IS NOT NULL THEN 'It is a reversal itself.'
				ELSE 'It failed: there is nothing to take back.' END, HINT = 'Name the settlement_id of a settlement that stands.';
	ELSIF EXISTS (SELECT FROM hospital_cost._settlement s WHERE s.reverses = o.settlement_id AND s.outcome = 'success') THEN
		RAISE EXCEPTION 'settlement % is reversed already', o.settlement_id USING ERRCODE = 'MC30D', HINT = 'Settle again: a new settlement takes its place.';
	END IF;
	SELECT jsonb_object_agg(e.key, -(e.value::text)::numeric) INTO opposite FROM jsonb_each(to_jsonb(o)) e WHERE e.key = ANY (hospital_cost._settlement_amounts());
	SELECT min(e.key) INTO wrong FROM jsonb_each(opposite) e WHERE given ? e.key AND (given ->> e.key)::numeric <> (e.value::text)::numeric;
	IF wrong IS NOT NULL OR (given ->> 'encounter_code' <> o.encounter_code) IS TRUE THEN
		RAISE EXCEPTION 'the reversal of settlement % is not its opposite in "%"', o.settlement_id, coalesce(wrong, 'encounter_code') USING ERRCODE = 'MC30D',
			DETAIL = CASE WHEN wrong IS NOT NULL THEN format('It says %s, the opposite is %s.', given ->> wrong, opposite ->> wrong) END,
			HINT = 'A settlement is cancelled whole: leave the amounts out, and settle the rest again.';
	END IF;
	RETURN (to_jsonb(o) - '{settlement_id,reverses,outcome,raw,started_at,finished_at,setl_id,medins_setl_id,operator,reason,written_at,written_by,day}'::text[])
		|| (given - '{span,rule_day,scheme,patient_code,confirmation}'::text[]) || opposite || '{"confirmation": "none"}';
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._write_settlement() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	given jsonb := hospital_cost._settlement_given(to_jsonb(NEW));
	s hospital_cost._settlement;
	e hospital_cost.encounter;
	b hospital_cost.benefit_scheme;
	i record;
BEGIN
	IF given ? 'reverses' THEN
		given := hospital_cost._reversal_given(given);
	END IF;
	s := jsonb_populate_record(NULL::hospital_cost._settlement, (SELECT jsonb_object_agg(a, 0) FROM unnest(hospital_cost._settlement_amounts()) AS a)
		|| '{"stage": "final", "place": "local", "outcome": "success", "confirmation": "none", "span": "(,)"}'
		|| jsonb_build_object('settlement_id', nextval('hospital_cost.settlement_seq'), 'finished_at', now(), 'written_at', now(), 'written_by', session_user)
		|| given);
	SELECT * INTO e FROM hospital_cost.encounter x WHERE x.code = s.encounter_code;
	b := hospital_cost._benefit_scheme(coalesce(s.scheme, e.payer));
	s.scheme := coalesce(b.code, s.scheme, e.payer);
	s.patient_code := coalesce(s.patient_code, e.patient_code);
	s.day := hospital_cost.hospital_day(s.finished_at);
	s.rule_day := coalesce(s.rule_day, CASE WHEN b.rule_day = 'admission' THEN hospital_cost.hospital_day(e.started_at) END, s.day);
	IF s.reverses IS NULL AND (s.hifmi_pay <> 0 OR s.hifob_pay <> 0) THEN
		s.confirmation := 'required';
	END IF;
	IF s.outcome = 'success' AND s.reverses IS NULL THEN
		FOR i IN SELECT * FROM hospital_cost._settlement_identity(s, b.mutual_aid) d WHERE abs(d.actual - d.expected) > coalesce(b.tolerance, 0.01) LOOP
			RAISE EXCEPTION 'amounts of settlement "%" do not agree', coalesce(s.setl_id, s.encounter_code) USING ERRCODE = 'MC30C',
				DETAIL = format('%s: %s on the left, %s on the right, difference %s.', i.identity, i.expected, i.actual, i.actual - i.expected),
				HINT = 'Write the amounts as the interface answered them; whether mutual aid (acct_mulaid_pay) is inside acct_pay is told by benefit_scheme.mutual_aid.';
		END LOOP;
	END IF;
	PERFORM hospital_cost._enter_settlement(s, coalesce(b.charges, 'flag') = 'strict');
	RETURN jsonb_populate_record(NEW, to_jsonb(s));
END $$;
CREATE OR REPLACE TRIGGER write_settlement INSTEAD OF INSERT ON hospital_cost.settlement
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._write_settlement();
CREATE OR REPLACE TRIGGER guard_settlement INSTEAD OF UPDATE OR DELETE ON hospital_cost.settlement
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._refuse_change('A settlement is cancelled by a row that reverses it: INSERT INTO hospital_cost.settlement (reverses, …).');
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{_settlement,_settlement_confirmation,settlement_line,settlement_fund,settlement_estimate,settlement_refund,settlement_refund_part,
		benefit_elsewhere}'::pg_catalog.text[] LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER guard_history BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost.%I FOR EACH STATEMENT '
			'EXECUTE FUNCTION hospital_cost._refuse_change(%L)', name, 'What was settled stays: write what reverses or follows it.');
	END LOOP;
END $$;
