-- 30 cashier: what a settlement would come to, step by step, by the rules of its day.

CREATE OR REPLACE FUNCTION hospital_cost._estimate(encounter text, on_day date, account_balance numeric, settled hospital_cost._settlement)
RETURNS hospital_cost.settlement_estimate
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	x hospital_cost.settlement_estimate;
	e hospital_cost.encounter;
	b hospital_cost.benefit_scheme;
	final hospital_cost._settlement; -- the one that stands already
	of_care text;
	used jsonb; -- {"stay": {...}, "year": {...}}
	rules hospital_cost.benefit_rule[];
	level text := coalesce((SELECT h.level FROM hospital_cost.hospital h), '');
	payer text;
	earlier text[] := '{}'; -- layers below this one
	own numeric; -- in scope, and not paid by a layer yet
	base numeric;
	above numeric := 0;
	is_above boolean;
	share record;
	paid jsonb := '{"hifp_pay": 0, "hifob_pay": 0, "hifmi_pay": 0, "hifes_pay": 0, "cvlserv_pay": 0, "maf_pay": 0, "oth_pay": 0}';
	seen jsonb; -- of this layer's base, by stay and by year
	account hospital_cost.benefit_rule;
	able numeric;
BEGIN
	SELECT * INTO e FROM hospital_cost.encounter n WHERE n.code = encounter;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'encounter is not known' USING ERRCODE = 'MC244', HINT = 'It has no row in hospital_cost.encounter; check the number that was asked for.';
	END IF;
	SELECT s.* INTO final FROM hospital_cost._settlement s JOIN hospital_cost._settlement_standing o ON o.settlement_id = s.settlement_id
	WHERE s.encounter_code = encounter AND s.stage = 'final' ORDER BY s.settlement_id DESC LIMIT 1;
	b := hospital_cost._benefit_scheme(coalesce(settled.scheme, final.scheme, e.payer));
	IF b.code IS NULL THEN
		RAISE EXCEPTION 'the scheme of encounter "%" is not known', encounter USING ERRCODE = 'MC30G',
			HINT = 'encounter.payer is the code of a benefit_scheme, or stands in its payers.';
	END IF;
	of_care := CASE WHEN e.kind = 'inpatient' THEN 'inpatient' ELSE 'outpatient' END;
	x.encounter_code := encounter;
	x.scheme := b.code;
	x.rule_day := CASE WHEN settled.settlement_id IS NOT NULL THEN settled.rule_day WHEN b.rule_day = 'admission' THEN hospital_cost.hospital_day(e.started_at)
		ELSE coalesce(on_day, final.day, hospital_cost.hospital_day(e.ended_at), hospital_cost.hospital_day(now())) END;
	SELECT jsonb_object_agg(u.per, u.used) INTO used FROM hospital_cost._benefit_used(encounter, e.patient_code, b.code, of_care,
		EXTRACT(year FROM x.rule_day)::int, final.settlement_id) u;
	rules := ARRAY(SELECT r FROM hospital_cost.benefit_rule r WHERE r.scheme = b.code AND r.care = of_care AND r.valid @> x.rule_day
		AND r.hospital_level IN (level, '') AND r.from_nth <= (used #>> '{year,stays}')::int + 1);
	IF NOT EXISTS (SELECT FROM unnest(rules) r WHERE r.kind = 'ratio') THEN
		RAISE EXCEPTION 'scheme "%" has no benefit rules for % on %', b.code, of_care, x.rule_day USING ERRCODE = 'MC30I',
			HINT = 'Insert the ratios of its bands into hospital_cost.benefit_rule, with the days on which they hold.';
	END IF;

	SELECT coalesce(sum(l.amount), 0), coalesce(sum(l.fulamt_ownpay_amt), 0), coalesce(sum(l.overlmt_amt), 0), coalesce(sum(l.preselfpay_amt), 0),
		coalesce(sum(l.inscp_scp_amt), 0)
	INTO x.medfee_sumamt, x.fulamt_ownpay_amt, x.overlmt_selfpay, x.preselfpay_amt, x.inscp_scp_amt
	FROM hospital_cost._benefit_line(encounter, coalesce(settled.span, '(,)'), b.code, of_care, x.rule_day) l
	WHERE settled.settlement_id IS NOT NULL OR NOT EXISTS (SELECT FROM hospital_cost._settlement_standing o JOIN hospital_cost._settlement s ON s.settlement_id = o.settlement_id
		WHERE o.encounter_code = encounter AND s.stage = 'interim' AND o.span @> l.service_day);
	SELECT jsonb_agg(s.step) INTO x.steps FROM (SELECT jsonb_build_object('field', f.field, 'what', 'lines', 'amount', f.amount) AS step
		FROM (VALUES (1, 'medfee_sumamt', x.medfee_sumamt), (2, 'fulamt_ownpay_amt', x.fulamt_ownpay_amt), (3, 'overlmt_selfpay', x.overlmt_selfpay),
			(4, 'preselfpay_amt', x.preselfpay_amt), (5, 'inscp_scp_amt', x.inscp_scp_amt)) f (n, field, amount) ORDER BY f.n) s;

	own := x.inscp_scp_amt;
	x.act_pay_dedc := 0;
	FOREACH payer IN ARRAY '{hifp_pay,hifob_pay,hifmi_pay,hifes_pay,cvlserv_pay,maf_pay,oth_pay}'::text[] LOOP
		CONTINUE WHEN NOT EXISTS (SELECT FROM unnest(rules) r WHERE r.layer = payer AND r.kind = 'ratio');
		is_above := EXISTS (SELECT FROM unnest(rules) r WHERE r.layer = payer AND r.kind = 'ratio' AND r.base = 'above_cap');
		base := CASE WHEN is_above THEN least(above, own) ELSE own END;
		-- What is above a cap is not kept apart in settlements: its bands begin with each.
		seen := (SELECT jsonb_object_agg(u.key, CASE WHEN is_above THEN 0 ELSE (u.value ->> 'inscp_scp_amt')::numeric
			- coalesce((SELECT sum((u.value ->> f)::numeric) FROM unnest(earlier) AS f), 0) END) FROM jsonb_each(used) u);
		SELECT * INTO share FROM hospital_cost._benefit_layer(payer, ARRAY(SELECT r FROM unnest(rules) r WHERE r.layer = payer), base,
			(seen ->> b.bands_per)::numeric, CASE payer WHEN 'hifp_pay' THEN jsonb_build_object('stay', used #> '{stay,act_pay_dedc}', 'year', used #> '{year,act_pay_dedc}')
				ELSE seen END, jsonb_build_object('stay', used #> ARRAY['stay', payer], 'year', used #> ARRAY['year', payer]));
		IF payer = 'hifp_pay' THEN
			x.act_pay_dedc := share.deductible;
			above := share.above;
		END IF;
		paid := paid || jsonb_build_object(payer, share.paid);
		own := own - share.paid;
		x.steps := x.steps || share.steps;
		earlier := earlier || payer;
	END LOOP;
	x.hifp_pay := paid ->> 'hifp_pay';
	x.hifob_pay := paid ->> 'hifob_pay';
	x.hifmi_pay := paid ->> 'hifmi_pay';
	x.hifes_pay := paid ->> 'hifes_pay';
	x.cvlserv_pay := paid ->> 'cvlserv_pay';
	x.maf_pay := paid ->> 'maf_pay';
	x.oth_pay := paid ->> 'oth_pay';
	x.fund_pay_sumamt := x.inscp_scp_amt - own;
	x.psn_part_amt := x.medfee_sumamt - x.fund_pay_sumamt;

	SELECT r.* INTO account FROM unnest(rules) r WHERE r.kind = 'account' ORDER BY r.hospital_level DESC LIMIT 1;
	able := CASE WHEN account.base = 'all' THEN x.psn_part_amt ELSE x.preselfpay_amt + own END;
	x.acct_pay := 0;
	IF account.rule_id IS NOT NULL THEN
		account_balance := greatest(coalesce(account_balance, (SELECT s.balc FROM hospital_cost._settlement s
			JOIN hospital_cost._settlement_standing o ON o.settlement_id = s.settlement_id
			WHERE s.patient_code = e.patient_code AND s.scheme = b.code AND s.balc IS NOT NULL AND (final.settlement_id IS NULL OR s.settlement_id < final.settlement_id)
			ORDER BY s.settlement_id DESC LIMIT 1), 0), 0);
		x.acct_pay := greatest(least(account_balance, round(able * account.ratio, 2)), 0);
		x.steps := x.steps || jsonb_build_object('field', 'acct_pay', 'what', 'account', 'rule', account.rule_id, 'base', able, 'ratio', account.ratio,
			'limit', account_balance, 'amount', x.acct_pay);
	END IF;
	x.psn_cash_pay := x.psn_part_amt - x.acct_pay;
	x.steps := x.steps || jsonb_build_array(jsonb_build_object('field', 'fund_pay_sumamt', 'what', 'sum', 'amount', x.fund_pay_sumamt),
		jsonb_build_object('field', 'psn_part_amt', 'what', 'sum', 'amount', x.psn_part_amt),
		jsonb_build_object('field', 'psn_cash_pay', 'what', 'sum', 'amount', x.psn_cash_pay));
	x.made_at := now();
	x.made_by := session_user;
	RETURN x;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.estimate_settlement(encounter text, day date DEFAULT NULL, account_balance numeric DEFAULT NULL)
RETURNS hospital_cost.settlement_estimate
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._estimate(encounter, day, account_balance, NULL);

CREATE OR REPLACE FUNCTION hospital_cost.explain_estimate(encounter text, day date DEFAULT NULL, account_balance numeric DEFAULT NULL)
RETURNS TABLE (step_no int, field text, what text, base numeric, from_amount numeric, to_amount numeric, ratio numeric, limit_amount numeric, used numeric,
	amount numeric, rule_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT s.n::int, s.step ->> 'field', s.step ->> 'what', (s.step ->> 'base')::numeric, (s.step ->> 'from')::numeric, (s.step ->> 'to')::numeric,
		(s.step ->> 'ratio')::numeric, (s.step ->> 'limit')::numeric, (s.step ->> 'used')::numeric, (s.step ->> 'amount')::numeric, (s.step ->> 'rule')::bigint
	FROM jsonb_array_elements((hospital_cost._estimate(encounter, day, account_balance, NULL)).steps) WITH ORDINALITY s (step, n) ORDER BY s.n;
END;

-- The estimate that belongs to a settlement is made with it, where there are rules to make it by; it never stands in its way.
CREATE OR REPLACE FUNCTION hospital_cost._keep_estimate(settled hospital_cost._settlement) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	e hospital_cost.encounter;
	x hospital_cost.settlement_estimate;
BEGIN
	SELECT n.* INTO e FROM hospital_cost.encounter n WHERE n.code = settled.encounter_code;
	IF e.code IS NOT NULL AND EXISTS (SELECT FROM hospital_cost.benefit_rule r WHERE r.scheme = settled.scheme AND r.kind = 'ratio'
		AND r.care = CASE WHEN e.kind = 'inpatient' THEN 'inpatient' ELSE 'outpatient' END AND r.valid @> settled.rule_day
		AND r.hospital_level IN ('', (SELECT h.level FROM hospital_cost.hospital h))) THEN
		x := hospital_cost._estimate(e.code, NULL, settled.acct_pay + settled.balc, settled);
		x.estimate_id := nextval('hospital_cost.settlement_estimate_seq');
		x.settlement_id := settled.settlement_id;
		INSERT INTO hospital_cost.settlement_estimate SELECT x.*;
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.keep_estimate(encounter text, day date DEFAULT NULL, account_balance numeric DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	x hospital_cost.settlement_estimate := hospital_cost._estimate(encounter, day, account_balance, NULL);
BEGIN
	x.estimate_id := nextval('hospital_cost.settlement_estimate_seq');
	INSERT INTO hospital_cost.settlement_estimate SELECT x.*;
	RETURN x.estimate_id;
END $$;

CREATE OR REPLACE VIEW hospital_cost.settlement_difference AS
SELECT s.settlement_id, s.setl_id, s.encounter_code, s.scheme, s.day, f.field, f.estimated, f.settled, f.settled - f.estimated AS difference,
	x.made_at AS estimated_at, x.settlement_id IS NOT NULL AS at_settlement, x.estimate_id
FROM hospital_cost._settlement s
JOIN hospital_cost._settlement_standing o ON o.settlement_id = s.settlement_id
JOIN hospital_cost.settlement_estimate x ON x.settlement_id = s.settlement_id
	OR (x.settlement_id IS NULL AND x.encounter_code = s.encounter_code AND x.made_at <= s.written_at AND s.stage = 'final')
CROSS JOIN LATERAL (VALUES (1, 'medfee_sumamt', x.medfee_sumamt, s.medfee_sumamt), (2, 'inscp_scp_amt', x.inscp_scp_amt, s.inscp_scp_amt),
	(3, 'act_pay_dedc', x.act_pay_dedc, s.act_pay_dedc), (4, 'hifp_pay', x.hifp_pay, s.hifp_pay), (5, 'fund_pay_sumamt', x.fund_pay_sumamt, s.fund_pay_sumamt),
	(6, 'psn_part_amt', x.psn_part_amt, s.psn_part_amt), (7, 'psn_cash_pay', x.psn_cash_pay, s.psn_cash_pay)) f (n, field, estimated, settled);
