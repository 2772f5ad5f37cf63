-- 30 cashier: what a stay counts for the insurer: its lines by class, and what its year used up before.

-- Charges net by the row that they began with, as it stands now: what was given back takes from its original, in the class of the original's day.
CREATE OR REPLACE FUNCTION hospital_cost._net_charge(encounter text, span daterange)
RETURNS TABLE (entry_id bigint, item_id int, service_day date, quantity numeric, amount numeric)
-- The planner takes what a query made for small, and would go through it once a line.
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
BEGIN ATOMIC
	WITH RECURSIVE e AS MATERIALIZED (
		SELECT l.entry_id, l.reverses, l.item_id, l.service_day, l.quantity, l.amount, l.version, (l.source_id, l.source_key, l.source_key_text)::text AS row_key
		FROM hospital_cost._ledger l
		WHERE l.encounter_code = _net_charge.encounter AND l.service_day <@ _net_charge.span
	), chain AS (
		SELECT e.entry_id, e.entry_id AS root, e.version, e.row_key FROM e WHERE NOT EXISTS (SELECT FROM e o WHERE o.entry_id = e.reverses)
		UNION ALL SELECT e.entry_id, c.root, c.version, c.row_key FROM chain c JOIN e ON e.reverses = c.entry_id
	), line AS (
		SELECT (array_agg(c.root ORDER BY c.version DESC, c.root))[1] AS root, sum(e.quantity) * 0.0001 AS quantity, sum(e.amount) * 0.01 AS amount
		FROM chain c JOIN e ON e.entry_id = c.entry_id GROUP BY c.row_key
	)
	SELECT l.root, e.item_id, e.service_day, l.quantity, l.amount FROM line l JOIN e ON e.entry_id = l.root WHERE l.amount <> 0;
END;

CREATE OR REPLACE FUNCTION hospital_cost._benefit_line(encounter text, span daterange, scheme text, care text, rule_day date)
RETURNS TABLE (entry_id bigint, item_code text, service_day date, quantity numeric, amount numeric, class text, ratio numeric,
	fulamt_ownpay_amt numeric, overlmt_amt numeric, preselfpay_amt numeric, inscp_scp_amt numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH classed AS (
		SELECT l.entry_id AS root, i.code, l.service_day, l.quantity, l.amount, b.class, b.price_limit,
			CASE WHEN b.class <> '03' THEN coalesce(b.ratio, r.ratio, CASE b.class WHEN '01' THEN 0 END) END AS ratio -- null: wholly own
		FROM hospital_cost._net_charge(_benefit_line.encounter, _benefit_line.span) l JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
		LEFT JOIN LATERAL (SELECT x.class, x.ratio, x.price_limit FROM hospital_cost.item_benefit x
			WHERE x.item_code = i.code AND x.scheme IN (_benefit_line.scheme, '') AND x.valid @> l.service_day ORDER BY x.scheme DESC LIMIT 1) b ON true
		LEFT JOIN hospital_cost.benefit_rule r ON r.scheme = _benefit_line.scheme AND r.care = _benefit_line.care AND r.kind = 'class'
			AND r.class = b.class AND r.valid @> _benefit_line.rule_day
	), limited AS (
		SELECT c.*, CASE WHEN c.ratio IS NULL THEN 0 ELSE sign(c.amount) * greatest(abs(c.amount) - round(c.price_limit * abs(c.quantity), 2), 0) END AS over
		FROM classed c
	)
	SELECT l.root, l.code, l.service_day, l.quantity, l.amount, l.class, l.ratio, CASE WHEN l.ratio IS NULL THEN l.amount ELSE 0 END, coalesce(l.over, 0),
		coalesce(round((l.amount - coalesce(l.over, 0)) * l.ratio, 2), 0),
		CASE WHEN l.ratio IS NULL THEN 0 ELSE l.amount - coalesce(l.over, 0) - round((l.amount - coalesce(l.over, 0)) * l.ratio, 2) END
	FROM limited l;
END;

-- What settlements before this one used up, in this stay or in the year of the patient, one key a field of the interface; "stays" are the others of the year.
CREATE OR REPLACE FUNCTION hospital_cost._benefit_used(encounter text, patient text, scheme text, care text, year int, before bigint)
RETURNS TABLE (per text, used jsonb)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH other AS MATERIALIZED (
		SELECT s.* FROM hospital_cost._settlement s JOIN hospital_cost._settlement_standing o ON o.settlement_id = s.settlement_id
		LEFT JOIN hospital_cost.encounter e ON e.code = s.encounter_code
		WHERE s.scheme = _benefit_used.scheme AND (s.encounter_code = _benefit_used.encounter OR (s.patient_code = _benefit_used.patient
				AND EXTRACT(year FROM s.rule_day) = _benefit_used.year
				AND CASE WHEN e.kind = 'inpatient' THEN 'inpatient' ELSE 'outpatient' END = _benefit_used.care))
			AND (s.settlement_id < before OR before IS NULL)
	), told AS (
		SELECT x.* FROM hospital_cost.benefit_elsewhere x WHERE x.patient_code = _benefit_used.patient AND x.scheme = _benefit_used.scheme
			AND x.care = _benefit_used.care AND x.year = _benefit_used.year ORDER BY x.told_id DESC LIMIT 1
	), summed AS (
		SELECT p.per, count(DISTINCT o.encounter_code) FILTER (WHERE o.encounter_code <> _benefit_used.encounter) AS stays, coalesce(sum(o.inscp_scp_amt), 0) AS inscp,
			coalesce(sum(o.act_pay_dedc), 0) AS dedc, coalesce(sum(o.hifp_pay), 0) AS hifp, coalesce(sum(o.hifob_pay), 0) AS hifob,
			coalesce(sum(o.hifmi_pay), 0) AS hifmi, coalesce(sum(o.hifes_pay), 0) AS hifes, coalesce(sum(o.cvlserv_pay), 0) AS cvlserv,
			coalesce(sum(o.maf_pay), 0) AS maf, coalesce(sum(o.oth_pay), 0) AS oth
		FROM (VALUES ('stay'), ('year')) p (per)
		LEFT JOIN other o ON CASE p.per WHEN 'stay' THEN o.encounter_code = _benefit_used.encounter
			ELSE EXTRACT(year FROM o.rule_day) = _benefit_used.year END
		GROUP BY p.per
	)
	SELECT s.per, jsonb_build_object('stays', s.stays + coalesce(t.stays, 0), 'inscp_scp_amt', s.inscp + coalesce(t.inscp_scp_amt, 0),
		'act_pay_dedc', s.dedc + coalesce(t.act_pay_dedc, 0), 'hifp_pay', s.hifp + coalesce((t.paid ->> 'hifp_pay')::numeric, 0),
		'hifob_pay', s.hifob + coalesce((t.paid ->> 'hifob_pay')::numeric, 0), 'hifmi_pay', s.hifmi + coalesce((t.paid ->> 'hifmi_pay')::numeric, 0),
		'hifes_pay', s.hifes + coalesce((t.paid ->> 'hifes_pay')::numeric, 0), 'cvlserv_pay', s.cvlserv + coalesce((t.paid ->> 'cvlserv_pay')::numeric, 0),
		'maf_pay', s.maf + coalesce((t.paid ->> 'maf_pay')::numeric, 0), 'oth_pay', s.oth + coalesce((t.paid ->> 'oth_pay')::numeric, 0))
	FROM summed s LEFT JOIN told t ON s.per = 'year';
END;

-- One layer of the insurance over one base: deductible, bands, cap. "before" is how much of such a base the bands have seen already.
CREATE OR REPLACE FUNCTION hospital_cost._benefit_layer(layer text, rules hospital_cost.benefit_rule[], base numeric, before numeric,
	deductible_used jsonb, paid_used jsonb, OUT deductible numeric, OUT paid numeric, OUT above numeric, OUT steps jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r hospital_cost.benefit_rule;
	cap hospital_cost.benefit_rule;
	room numeric; -- what the cap leaves
	room_left numeric; -- the same, walking up the bands with unrounded shares
	width numeric;
	exceeded boolean := false;
BEGIN
	deductible := 0;
	paid := 0;
	above := 0;
	steps := '[]';
	SELECT x.* INTO r FROM unnest(rules) x WHERE x.kind = 'deductible' ORDER BY x.hospital_level DESC, x.from_nth DESC LIMIT 1;
	IF FOUND THEN
		deductible := least(greatest(r.amount - (deductible_used ->> r.per)::numeric, 0), greatest(base, 0));
		steps := steps || jsonb_build_object('field', CASE layer WHEN 'hifp_pay' THEN 'act_pay_dedc' ELSE layer END, 'what', 'deductible', 'rule', r.rule_id,
			'base', base, 'limit', r.amount, 'used', (deductible_used ->> r.per)::numeric, 'amount', deductible);
	END IF;
	SELECT x.* INTO cap FROM unnest(rules) x WHERE x.kind = 'cap' ORDER BY x.hospital_level DESC LIMIT 1;
	room := CASE WHEN cap.rule_id IS NOT NULL THEN greatest(cap.amount - (paid_used ->> cap.per)::numeric, 0) END;
	room_left := room;
	FOR r IN SELECT x.* FROM unnest(rules) x WHERE x.kind = 'ratio'
		AND x.hospital_level = (SELECT max(y.hospital_level) FROM unnest(rules) y WHERE y.kind = 'ratio') ORDER BY x.band LOOP
		width := least(before + base, coalesce(upper(r.band), before + base)) - greatest(before + deductible, lower(r.band));
		CONTINUE WHEN width <= 0;
		paid := paid + round(width * r.ratio, 2);
		steps := steps || jsonb_build_object('field', layer, 'what', 'band', 'rule', r.rule_id, 'base', width, 'from', greatest(before + deductible, lower(r.band)),
			'to', greatest(before + deductible, lower(r.band)) + width, 'ratio', r.ratio, 'amount', round(width * r.ratio, 2));
		IF exceeded OR room_left = 0 THEN
			above := above + width;
			exceeded := true;
		ELSIF width * r.ratio > room_left THEN
			above := width - ceil(room_left * 100 / r.ratio) / 100;
			exceeded := true;
		ELSE
			room_left := room_left - width * r.ratio;
		END IF;
	END LOOP;
	IF paid > room THEN
		steps := steps || jsonb_build_object('field', layer, 'what', 'cap', 'rule', cap.rule_id, 'base', paid, 'limit', cap.amount,
			'used', (paid_used ->> cap.per)::numeric, 'amount', room - paid);
		paid := room;
	END IF;
END $$;
