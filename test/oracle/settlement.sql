-- Oracle of settlements: random rules (levels, nth stay, bands, caps, classes, layers, a year switch), random stays with interim settlements, partial refunds,
-- corrections and cancelled settlements. A slow twin reads the hospital's own table and walks every cent of in-scope money by itself; it keeps its own book of
-- what a year used up. Then refunds: every share is the floor or the ceiling of its exact quota, the ceilings go to the largest remainders, nothing exceeds.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set patients 45
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(9);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name, level) VALUES ('H1', 'x', '3');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('C2', 'x', 'clinical', 'inpatient');
SELECT hospital_cost.open_period(m::date) FROM generate_series('2025-11-01'::timestamp, '2026-03-01', '1 month') m \g /dev/null
INSERT INTO hospital_cost.charge_item (code, name) SELECT 'I' || i, 'x' FROM generate_series(1, 6) i;
CREATE SCHEMA his;
CREATE SCHEMA model;
CREATE TABLE his.fee (id bigint PRIMARY KEY, visit text, item text, qty numeric, price numeric, total numeric, at timestamptz, refund_of bigint);
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "id", "encounter": "visit", "item": "item", "quantity": "qty", "unit_price": "price", "amount": "total", "performing_department": {"constant": "C2"},
	"charged_at": "at", "reverses_key": "refund_of"}', 'flag', 'trust') \g /dev/null
CREATE FUNCTION model.any(list anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS $$ SELECT list[1 + floor(random() * cardinality(list))::int] $$;
CREATE TABLE model.used (settlement bigint PRIMARY KEY, patient text, visit text, year int, stage text, scope int, dedc int, paid jsonb);
CREATE TABLE model.difference (what text, said text);

-- Rules of a patient's own scheme; amounts are small, so that every cent can be walked.
CREATE FUNCTION model.rules(scheme text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v daterange;
	cut int[];
	layer text;
BEGIN
	INSERT INTO hospital_cost.benefit_scheme (code, name, rule_day, bands_per) VALUES (scheme, 'x', model.any(ARRAY['settlement', 'admission']), model.any(ARRAY['stay', 'year']));
	FOREACH v IN ARRAY '{"(,2026-01-01)","[2026-01-01,)"}'::daterange[] LOOP
		FOREACH layer IN ARRAY '{hifp_pay,hifob_pay,hifmi_pay,cvlserv_pay}'::text[] LOOP
			CONTINUE WHEN layer <> 'hifp_pay' AND random() < 0.4;
			cut := ARRAY[0, (random() * 3000)::int, (3001 + random() * 4000)::int, (8000 + random() * 8000)::int];
			INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, layer, base, hospital_level, band, ratio, valid)
			SELECT scheme, 'inpatient', 'ratio', layer, CASE layer WHEN 'hifob_pay' THEN b.base ELSE 'own' END, l.level, numrange(cut[i] * 0.01, CASE WHEN i < 3 OR b.ends THEN cut[i + 1] * 0.01 END),
				round(random()::numeric, model.any(ARRAY[1, 2, 6])), v
			FROM (SELECT model.any(ARRAY['', '', '3']) AS level) l, (SELECT model.any(ARRAY['own', 'above_cap']) AS base, random() < 0.2 AS ends) b, generate_series(1, 3) i WHERE i = 3 OR cut[i] < cut[i + 1];
			INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, layer, per, hospital_level, from_nth, amount, valid)
			SELECT scheme, 'inpatient', 'deductible', layer, d.per, d.level, d.nth, round((random() * 12)::numeric, 2), v
			FROM (VALUES (model.any(ARRAY['stay', 'year']), '', 1), (model.any(ARRAY['stay', 'year']), '3', 2), (model.any(ARRAY['stay', 'year']), '', 3), ('stay', '2', 1)) d (per, level, nth) WHERE random() < 0.6;
			INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, layer, per, amount, valid)
			SELECT scheme, 'inpatient', 'cap', layer, model.any(ARRAY['stay', 'year']), round((random() * 60)::numeric, 2), v WHERE random() < 0.6;
		END LOOP;
		INSERT INTO hospital_cost.benefit_rule (scheme, care, kind, class, ratio, valid) SELECT scheme, 'inpatient', 'class', '02', round(random()::numeric, 2), v WHERE random() < 0.8;
		INSERT INTO hospital_cost.item_benefit (item_code, scheme, class, ratio, price_limit, valid) SELECT 'I' || i, scheme, model.any(ARRAY['01', '02', '02', '03']), CASE WHEN random() < 0.3 THEN round(random()::numeric, 3) END,
			CASE WHEN random() < 0.3 THEN round((random() * 12)::numeric, 3) END, v FROM generate_series(1, 6) i WHERE random() < 0.85;
	END LOOP;
END $$;

-- The twin: one layer, cent by cent, in whole cents.
CREATE FUNCTION model.walk(pays text, rules hospital_cost.benefit_rule[], base int, seen int, deductible_seen jsonb, paid_seen jsonb, OUT dedc int, OUT paid int, OUT above int) LANGUAGE plpgsql AS $$
DECLARE
	d hospital_cost.benefit_rule;
	c hospital_cost.benefit_rule;
	room int;
BEGIN
	dedc := 0;
	FOR d IN SELECT r.* FROM unnest(rules) r WHERE r.kind = 'deductible' AND (r.hospital_level = '3' OR NOT EXISTS (SELECT FROM unnest(rules) o WHERE o.kind = 'deductible' AND o.hospital_level = '3')) ORDER BY r.from_nth LOOP
		dedc := least(base, greatest(0, d.amount * 100 - (deductible_seen ->> d.per)::int)); -- the last one of them holds
	END LOOP;
	SELECT r.* INTO c FROM unnest(rules) r WHERE r.kind = 'cap';
	room := CASE WHEN c.rule_id IS NOT NULL THEN greatest(0, c.amount * 100 - (paid_seen ->> c.per)::int) END;
	WITH cent AS (
		SELECT b.rule_id, b.ratio, sum(b.ratio) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
		FROM generate_series(dedc + 1, base) k
		JOIN unnest(rules) b ON b.kind = 'ratio' AND seen + k > lower(b.band) * 100 AND (upper(b.band) IS NULL OR seen + k <= upper(b.band) * 100)
			AND (b.hospital_level = '3' OR NOT EXISTS (SELECT FROM unnest(rules) o WHERE o.kind = 'ratio' AND o.hospital_level = '3'))
	), band AS (
		SELECT floor(count(*) * t.ratio + 0.5) AS share, count(*) FILTER (WHERE coalesce(t.before, 0) >= room) AS above FROM cent t GROUP BY t.rule_id, t.ratio
	)
	SELECT coalesce(sum(b.share), 0), coalesce(sum(b.above), 0) INTO paid, above FROM band b;
	paid := least(paid, room);
END $$;
CREATE FUNCTION model.estimate(p text, v text, span daterange, rule_day date, of_stage text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	m record;
	l record;
	u record;
	w record;
	rules hospital_cost.benefit_rule[];
	own int;
	above int := 0;
	paid jsonb := '{}';
	dedc int := 0;
	pays text;
	seen jsonb;
	is_above boolean;
	scope numeric := 0;
	own_expense numeric := 0;
	over numeric := 0;
	first_share numeric := 0;
	share numeric;
	cut numeric;
BEGIN
	FOR l IN SELECT f.id, f.item, (f.at AT TIME ZONE 'Asia/Shanghai')::date AS day, f.qty + coalesce(sum(r.qty), 0) AS qty, f.total + coalesce(sum(r.total), 0) AS total
		FROM his.fee f LEFT JOIN his.fee r ON r.refund_of = f.id WHERE f.visit = v AND f.refund_of IS NULL AND (f.at AT TIME ZONE 'Asia/Shanghai')::date <@ span GROUP BY f.id LOOP
		SELECT i.* INTO m FROM hospital_cost.item_benefit i WHERE i.item_code = l.item AND i.scheme = p AND i.valid @> l.day;
		share := coalesce(m.ratio, (SELECT r.ratio FROM hospital_cost.benefit_rule r WHERE r.scheme = p AND r.kind = 'class' AND r.class = m.class AND r.valid @> rule_day), CASE WHEN m.class = '01' THEN 0 END);
		IF m.class IS NULL OR m.class = '03' OR share IS NULL THEN
			own_expense := own_expense + l.total;
		ELSE
			cut := coalesce(greatest(0, l.total - floor(m.price_limit * l.qty * 100 + 0.5) / 100), 0);
			over := over + cut;
			first_share := first_share + floor((l.total - cut) * share * 100 + 0.5) / 100;
			scope := scope + l.total - cut - floor((l.total - cut) * share * 100 + 0.5) / 100;
		END IF;
	END LOOP;
	own := scope * 100;
	SELECT count(DISTINCT x.visit) FILTER (WHERE x.visit <> v AND x.year = extract(year FROM rule_day)) AS stays INTO u FROM model.used x WHERE x.patient = p;
	FOREACH pays IN ARRAY '{hifp_pay,hifob_pay,hifmi_pay,cvlserv_pay}'::text[] LOOP
		rules := ARRAY(SELECT r FROM hospital_cost.benefit_rule r WHERE r.scheme = p AND r.layer = pays AND r.kind <> 'class' AND r.valid @> rule_day AND r.hospital_level IN ('', '3') AND r.from_nth <= u.stays + 1);
		IF NOT EXISTS (SELECT FROM unnest(rules) r WHERE r.kind = 'ratio') THEN
			paid := paid || jsonb_build_object(pays, 0);
			CONTINUE;
		END IF;
		is_above := EXISTS (SELECT FROM unnest(rules) r WHERE r.base = 'above_cap');
		seen := (SELECT jsonb_build_object('stay', coalesce(sum(y.rest) FILTER (WHERE y.visit = v), 0), 'year', coalesce(sum(y.rest) FILTER (WHERE y.year = extract(year FROM rule_day)), 0))
			FROM (SELECT x.visit, x.year, CASE WHEN is_above THEN 0 ELSE x.scope - (SELECT coalesce(sum(e.value::int), 0) FROM jsonb_each_text(x.paid) e
				WHERE array_position('{hifp_pay,hifob_pay,hifmi_pay,cvlserv_pay}'::text[], e.key) < array_position('{hifp_pay,hifob_pay,hifmi_pay,cvlserv_pay}'::text[], pays) AND EXISTS (SELECT FROM hospital_cost.benefit_rule r
					WHERE r.scheme = p AND r.layer = e.key AND r.kind = 'ratio' AND r.valid @> rule_day)) END AS rest FROM model.used x WHERE x.patient = p) y);
		SELECT * INTO w FROM model.walk(pays, rules, CASE WHEN is_above THEN least(above, own) ELSE own END, (seen ->> (SELECT b.bands_per FROM hospital_cost.benefit_scheme b WHERE b.code = p))::int,
			CASE WHEN pays <> 'hifp_pay' THEN seen ELSE (SELECT jsonb_build_object('stay', coalesce(sum(x.dedc) FILTER (WHERE x.visit = v), 0), 'year', coalesce(sum(x.dedc) FILTER (WHERE x.year = extract(year FROM rule_day)), 0))
				FROM model.used x WHERE x.patient = p) END,
			(SELECT jsonb_build_object('stay', coalesce(sum((x.paid ->> pays)::int) FILTER (WHERE x.visit = v), 0), 'year', coalesce(sum((x.paid ->> pays)::int) FILTER (WHERE x.year = extract(year FROM rule_day)), 0))
				FROM model.used x WHERE x.patient = p));
		IF pays = 'hifp_pay' THEN
			dedc := w.dedc;
			above := w.above;
		END IF;
		own := own - w.paid;
		paid := paid || jsonb_build_object(pays, w.paid);
	END LOOP;
	RETURN jsonb_build_object('medfee_sumamt', own_expense + over + first_share + scope, 'fulamt_ownpay_amt', own_expense, 'overlmt_selfpay', over, 'preselfpay_amt', first_share, 'inscp_scp_amt', scope, 'act_pay_dedc', dedc * 0.01,
		'fund_pay_sumamt', scope - own * 0.01, 'psn_part_amt', own_expense + over + first_share + own * 0.01) || (SELECT jsonb_object_agg(e.key, e.value::int * 0.01) FROM jsonb_each_text(paid) e);
END $$;
CREATE FUNCTION model.compare(what text, said hospital_cost.settlement_estimate, foretold jsonb) RETURNS void LANGUAGE sql AS $$
	INSERT INTO model.difference SELECT what, string_agg(format('%s: foretold %s, found %s', e.key, e.value, to_jsonb(said) ->> e.key), '; ') FROM jsonb_each_text(foretold) e
	WHERE e.value::numeric IS DISTINCT FROM (to_jsonb(said) ->> e.key)::numeric HAVING count(*) > 0 $$;
CREATE TABLE model.done (n bigint, visit text, fund numeric, capped boolean);
CREATE FUNCTION model.settle(p text, v text, span daterange, of_stage text, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	foretold jsonb;
	said hospital_cost.settlement_estimate;
	n bigint;
	rule_day date := CASE WHEN (SELECT b.rule_day FROM hospital_cost.benefit_scheme b WHERE b.code = p) = 'admission' THEN (SELECT (e.started_at AT TIME ZONE 'Asia/Shanghai')::date FROM hospital_cost.encounter e WHERE e.code = v)
		ELSE (at AT TIME ZONE 'Asia/Shanghai')::date END;
BEGIN
	foretold := model.estimate(p, v, span, rule_day, of_stage);
	IF of_stage = 'final' THEN
		PERFORM model.compare('before ' || v, hospital_cost.estimate_settlement(v), foretold);
	END IF;
	INSERT INTO hospital_cost.settlement (encounter_code, stage, span, finished_at, setl_id, raw)
	VALUES (v, of_stage, span, at, v || of_stage || random(), foretold || jsonb_build_object('psn_cash_pay', foretold -> 'psn_part_amt')) RETURNING settlement_id INTO n;
	SELECT * INTO said FROM hospital_cost.settlement_estimate x WHERE x.settlement_id = n;
	PERFORM model.compare(of_stage || ' ' || v, said, foretold);
	IF random() < 0.2 THEN
		INSERT INTO hospital_cost.settlement (reverses, finished_at) VALUES (n, at);
		PERFORM model.settle(p, v, span, of_stage, at);
		RETURN;
	END IF;
	INSERT INTO model.used SELECT n, p, v, extract(year FROM rule_day), of_stage, (foretold ->> 'inscp_scp_amt')::numeric * 100, (foretold ->> 'act_pay_dedc')::numeric * 100,
		(SELECT jsonb_object_agg(k, ((foretold ->> k)::numeric * 100)::int) FROM unnest('{hifp_pay,hifob_pay,hifmi_pay,cvlserv_pay}'::text[]) k);
	INSERT INTO model.done VALUES (n, v, (foretold ->> 'fund_pay_sumamt')::numeric, said.steps @> '[{"what": "cap"}]');
	IF of_stage = 'final' THEN
		PERFORM model.compare('after ' || v, hospital_cost.estimate_settlement(v), foretold);
	END IF;
END $$;
CREATE FUNCTION model.stay(p text, nth int, admitted date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v text := p || '-' || nth;
	gone date := admitted + 1 + floor(random() * 14)::int;
	id_base bigint := (substr(p, 2)::int * 10 + nth) * 100;
	cut date := admitted + floor(random() * 5)::int;
BEGIN
	INSERT INTO hospital_cost.encounter (code, patient_code, kind, department_code, started_at, ended_at, payer) VALUES (v, p, 'inpatient', 'C2', admitted + time '08:00' AT TIME ZONE 'Asia/Shanghai', gone + time '09:00' AT TIME ZONE 'Asia/Shanghai', p);
	INSERT INTO his.fee SELECT id_base + i, v, 'I' || (1 + floor(random() * 6)::int), q.qty, q.price, round(q.qty * q.price, 2), (admitted + floor(random() * (gone - admitted + 1))::int) + time '10:00' AT TIME ZONE 'Asia/Shanghai'
	FROM generate_series(1, 3 + floor(random() * 10)::int) i, LATERAL (SELECT 1 + floor(random() * 4 + i * 0)::int AS qty, round((random() * 15)::numeric, 2) AS price) q;
	-- one of several is given back; lines are corrected after that, also those of which something was given back, or deleted
	INSERT INTO his.fee SELECT f.id + 50, v, f.item, -1, f.price, -round(f.total / f.qty, 2), f.at, f.id FROM his.fee f WHERE f.visit = v AND f.refund_of IS NULL AND f.qty > 1 AND random() < 0.3;
	UPDATE his.fee f SET item = 'I1' WHERE f.visit = v AND f.refund_of IS NULL AND random() < 0.2;
	DELETE FROM his.fee f WHERE f.visit = v AND f.refund_of IS NULL AND random() < 0.05 AND NOT EXISTS (SELECT FROM his.fee r WHERE r.refund_of = f.id);
	IF random() < 0.3 THEN
		PERFORM model.settle(p, v, daterange(NULL, cut), 'interim', cut + time '12:00' AT TIME ZONE 'Asia/Shanghai');
		PERFORM model.settle(p, v, daterange(cut, NULL), 'final', gone + time '12:00' AT TIME ZONE 'Asia/Shanghai');
	ELSE
		PERFORM model.settle(p, v, '(,)', 'final', gone + time '12:00' AT TIME ZONE 'Asia/Shanghai');
	END IF;
END $$;
DO $$
DECLARE
	p text;
BEGIN
	FOR i IN 1..45 LOOP
		p := 'P' || i;
		PERFORM model.rules(p);
		PERFORM model.stay(p, n, d) FROM (VALUES (1, '2025-11-03'::date), (2, '2025-11-25'), (3, '2025-12-23'), (4, '2026-01-10')) v (n, d) WHERE random() < 0.85 OR n = 3;
	END LOOP;
END $$;
SELECT is_empty('TABLE model.difference', 'every estimate is what the twin walked to, cent by cent');
SELECT cmp_ok((SELECT count(*) FROM model.done), '>', 100::bigint, 'of many settlements');
SELECT cmp_ok((SELECT count(*) FROM model.done d WHERE d.fund > 0), '>', 60::bigint, 'in which funds pay');
SELECT cmp_ok((SELECT count(*) FROM model.done d WHERE d.capped), '>', 5::bigint, 'some of them capped');
SELECT is_empty($$SELECT c.settlement_id, c.difference FROM hospital_cost.settlement_check c WHERE c.difference <> 0$$, 'Σ charges = total, throughout');
SELECT is((SELECT count(*) FROM hospital_cost.settlement s WHERE s.state IN ('settled', 'to_confirm')), (SELECT count(*) FROM model.used), 'what stands is what was not cancelled');

-- refunds of random amounts, until nothing is left
CREATE FUNCTION model.give_back(settlement bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	left_over numeric := (SELECT s.medfee_sumamt FROM hospital_cost.settlement s WHERE s.settlement_id = give_back.settlement);
	back numeric;
	r record;
BEGIN
	WHILE left_over > 0 LOOP
		back := CASE WHEN random() < 0.25 THEN left_over ELSE greatest(round(left_over * random()::numeric, 2), 0.01) END;
		FOR r IN WITH x AS (
				SELECT f.*, back * f.rest / sum(f.rest) OVER () AS quota, sum(f.amount_back) OVER () AS total FROM hospital_cost.refund_settlement(settlement, NULL, 'x', back) f WHERE f.kind = 'payer')
			SELECT x.* FROM x WHERE x.total <> back OR x.amount_back > x.rest OR x.amount_back NOT IN (floor(x.quota * 100) / 100, ceil(x.quota * 100) / 100)
				OR EXISTS (SELECT FROM x y WHERE x.amount_back > x.quota AND y.amount_back < y.quota AND round(y.quota * 100 - floor(y.quota * 100), 9) > round(x.quota * 100 - floor(x.quota * 100), 9)) LOOP
			INSERT INTO model.difference VALUES ('refund ' || settlement, format('%s of %s, rest %s, quota %s', r.amount_back, back, r.rest, r.quota));
		END LOOP;
		left_over := left_over - back;
	END LOOP;
END $$;
SELECT model.give_back(d.n) FROM (SELECT n FROM model.done ORDER BY n LIMIT 40) d \g /dev/null
SELECT is_empty('TABLE model.difference', 'shares of refunds are floors and ceilings of their quotas, by largest remainder');
SELECT is_empty($$SELECT r.settlement_id, p.part FROM hospital_cost.settlement_refund r JOIN hospital_cost.settlement_refund_part p USING (refund_id) JOIN hospital_cost.settlement s USING (settlement_id)
	WHERE p.kind = 'payer' GROUP BY 1, 2, s.settlement_id, to_jsonb(s) HAVING sum(p.amount) <> (to_jsonb(s) ->> p.part)::numeric$$, 'given back whole, every payer has exactly what he paid');
SELECT cmp_ok((SELECT count(*) FROM hospital_cost.settlement_refund), '>', 80::bigint, 'in many steps');
SELECT * FROM finish();
ROLLBACK;
