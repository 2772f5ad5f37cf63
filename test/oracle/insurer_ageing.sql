-- Oracle of insurer_ageing: a random stream of settlements, cancellations, payments and refusals of single settlements and of whole months, and a twin that
-- covers one settlement after the other with what is left of the money, on several days.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\set seed `echo "${HC_SEED:-$(date +%s)}"`
BEGIN;
SELECT plan(6);
SELECT diag('HC_SEED=' || :'seed');
SELECT setseed((:seed % 1000003) / 1000003.0) \g /dev/null
SELECT hospital_cost.load_defaults() \g /dev/null
INSERT INTO hospital_cost.hospital (code, name) VALUES ('H1', 'x');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES ('A', 'a', 'clinical', 'inpatient');
INSERT INTO hospital_cost.benefit_scheme (code, name, mutual_aid) VALUES ('310', 'x', 'inside'), ('390', 'y', 'beside'), ('340', 'z', 'inside')
	ON CONFLICT (code) DO UPDATE SET mutual_aid = excluded.mutual_aid;
INSERT INTO hospital_cost.encounter (code, kind, department_code, started_at) SELECT 'E' || n, 'inpatient', 'A', '2025-01-01' FROM generate_series(1, 240) n;
CREATE SCHEMA his;
-- fund, account and mutual aid are what is claimed; the rest is the patient's
CREATE TABLE his.claim AS
SELECT n, 'E' || n AS encounter, (ARRAY['310', '390', '340'])[1 + floor(random() * 2.4)::int] AS scheme, date '2025-01-01' + floor(random() * 130)::int AS day,
	round((random() * 900)::numeric, 2) AS fund, round((random() * 90)::numeric, 2) AS account, round((random() * 20)::numeric, 2) AS aid,
	CASE WHEN random() < 0.1 THEN 'failed' ELSE 'success' END AS outcome, random() < 0.12 AS cancelled, floor(random() * 60)::int AS cancelled_after
FROM generate_series(1, 240) n;
INSERT INTO hospital_cost.settlement (encounter_code, scheme, stage, place, outcome, confirmation, finished_at, setl_id, medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, act_pay_dedc,
	hifp_pay, cvlserv_pay, hifes_pay, hifmi_pay, hifob_pay, maf_pay, oth_pay, fund_pay_sumamt, psn_part_amt, acct_pay, psn_cash_pay, acct_mulaid_pay, hosp_part_amt)
SELECT c.encounter, c.scheme, 'final', 'local', c.outcome, 'none', c.day::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '10 hours', 'S' || c.n, x.total, 0, 0, 0, x.total, 0, c.fund, 0, 0, 0, 0, 0, 0, c.fund, x.total - c.fund, c.account,
	x.total - c.fund - c.account - CASE c.scheme WHEN '390' THEN c.aid ELSE 0 END, CASE WHEN c.scheme = '390' THEN c.aid ELSE least(c.aid, c.account) END, 0
FROM his.claim c, LATERAL (SELECT c.fund + c.account + c.aid + 50 AS total) x ORDER BY random();
INSERT INTO hospital_cost.settlement (reverses, finished_at, setl_id)
SELECT s.settlement_id, (c.day + c.cancelled_after)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '11 hours', 'R' || c.n
FROM his.claim c JOIN hospital_cost.settlement s ON s.setl_id = 'S' || c.n WHERE c.cancelled AND c.outcome = 'success';
-- Notices: of single settlements, some above their claim, some with the wrong scheme; of months; corrections; some months final.
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, settlement_id, day, paid, refused, violation, reason)
SELECT 'N' || c.n, CASE WHEN random() < 0.4 THEN '310' ELSE c.scheme END, date_trunc('month', c.day::timestamp)::date, s.settlement_id, c.day + 20 + floor(random() * 90)::int, x.paid, x.refused,
	x.refused > 0 AND random() < 0.5, CASE WHEN x.refused > 0 THEN 'r' || c.n % 3 END
FROM his.claim c JOIN hospital_cost.settlement s ON s.setl_id = 'S' || c.n, LATERAL (SELECT round(c.fund * (random() * 1.2)::numeric, 2) AS paid,
	CASE WHEN random() < 0.3 THEN round(c.fund * 0.1, 2) ELSE 0 END AS refused) x WHERE c.n % 4 = 0;
INSERT INTO hospital_cost.insurer_clearing (clearing_no, scheme, period, day, paid, final)
SELECT 'M' || m || s || i, s, date '2025-01-01' + m * interval '1 month', date '2025-02-05' + m * 30 + i * 25 + floor(random() * 20)::int, round((random() * 4000)::numeric, 2), i = 3 AND random() < 0.4
FROM generate_series(0, 4) m, unnest('{310,390}'::text[]) s, generate_series(1, 3) i WHERE random() < 0.8;
INSERT INTO hospital_cost.insurer_clearing (clearing_no, line_no, scheme, period, day, paid)
SELECT x.clearing_no, 2, x.scheme, x.period, x.day + 3, -round(x.paid / 10, 2) FROM hospital_cost.insurer_clearing x WHERE x.settlement_id IS NULL AND x.clearing_no LIKE '%1';

CREATE FUNCTION his.twin(on_day date) RETURNS TABLE (scheme text, period date, claimed numeric, answered numeric, a numeric, b numeric, c numeric, d numeric, e numeric) LANGUAGE plpgsql AS $$
DECLARE
	g record;
	s record;
	n record;
	money numeric;
	rest numeric;
	age int;
BEGIN
	FOR g IN SELECT DISTINCT x.scheme, x.period FROM (SELECT k.scheme, date_trunc('month', k.day::timestamp)::date AS period FROM his.claim k WHERE k.outcome = 'success' AND k.day <= on_day
		UNION SELECT k.scheme, k.period FROM hospital_cost.insurer_clearing k WHERE k.day <= on_day) x LOOP
		scheme := g.scheme; period := g.period; claimed := 0; a := 0; b := 0; c := 0; d := 0; e := 0;
		SELECT coalesce(sum(k.paid + k.refused), 0) INTO answered FROM hospital_cost.insurer_clearing k WHERE k.scheme = g.scheme AND k.period = g.period AND k.day <= on_day;
		-- Money that names a settlement of this month goes there first; all else is for whoever is oldest.
		SELECT coalesce(sum(k.paid + k.refused), 0) INTO money FROM hospital_cost.insurer_clearing k WHERE k.scheme = g.scheme AND k.period = g.period AND k.day <= on_day
			AND NOT EXISTS (SELECT FROM hospital_cost.settlement t JOIN his.claim m ON t.setl_id = 'S' || m.n WHERE t.settlement_id = k.settlement_id AND m.scheme = g.scheme AND m.outcome = 'success'
				AND date_trunc('month', m.day::timestamp)::date = g.period AND m.day <= on_day);
		CREATE TEMP TABLE owed ON COMMIT DROP AS
		SELECT t.settlement_id AS id, m.day, x.amount, x.amount - coalesce((SELECT sum(k.paid + k.refused) FROM hospital_cost.insurer_clearing k WHERE k.settlement_id = t.settlement_id AND k.scheme = g.scheme
				AND k.period = g.period AND k.day <= on_day), 0) AS rest
		FROM his.claim m JOIN hospital_cost.settlement t ON t.setl_id = 'S' || m.n,
			LATERAL (SELECT CASE WHEN m.cancelled AND m.day + m.cancelled_after <= on_day THEN 0 ELSE m.fund + m.account + CASE m.scheme WHEN '390' THEN m.aid ELSE 0 END END AS amount) x
		WHERE m.outcome = 'success' AND m.scheme = g.scheme AND date_trunc('month', m.day::timestamp)::date = g.period AND m.day <= on_day;
		FOR s IN SELECT * FROM owed LOOP
			claimed := claimed + s.amount;
			IF s.rest < 0 THEN
				money := money - s.rest;
			END IF;
		END LOOP;
		FOR s IN SELECT * FROM owed o WHERE o.rest > 0 ORDER BY o.day, o.id LOOP
			rest := s.rest - least(s.rest, money);
			money := money - (s.rest - rest);
			age := on_day - s.day;
			IF age <= 30 THEN a := a + rest; ELSIF age <= 90 THEN b := b + rest; ELSIF age <= 180 THEN c := c + rest; ELSIF age <= 365 THEN d := d + rest; ELSE e := e + rest; END IF;
		END LOOP;
		DROP TABLE owed;
		RETURN NEXT;
	END LOOP;
END $$;
CREATE TABLE his.day AS SELECT d FROM unnest('{2025-01-20,2025-02-28,2025-04-10,2025-06-01,2025-09-01,2026-03-15}'::date[]) d;
CREATE TABLE his.told AS SELECT d.d, g.* FROM his.day d CROSS JOIN LATERAL hospital_cost.insurer_ageing(d.d) g;
SELECT is_empty($$SELECT * FROM (SELECT d.d, t.scheme, t.period, t.claimed, t.answered FROM his.day d CROSS JOIN LATERAL his.twin(d.d) t) w
	FULL JOIN his.told g USING (d, scheme, period) WHERE (w.claimed, w.answered) IS DISTINCT FROM (g.claimed, g.paid + g.refused)$$, 'claimed and answered are what the twin says, month by month');
SELECT is_empty($$SELECT g.d, g.scheme, g.period FROM his.told g JOIN his.day d USING (d) JOIN LATERAL his.twin(d.d) t ON t.scheme = g.scheme AND t.period = g.period
	WHERE NOT g.final AND (g.open_0_30, g.open_31_90, g.open_91_180, g.open_181_365, g.open_over_365) IS DISTINCT FROM (t.a, t.b, t.c, t.d, t.e)$$, 'and so is what is open, by age');
SELECT is_empty($$SELECT g.d FROM his.told g WHERE g.claimed <> g.paid + g.refused_violation - g.difference + g.open$$, 'claimed = paid + bad debt − difference + open');
SELECT is_empty($$SELECT g.d FROM his.told g WHERE g.open_0_30 + g.open_31_90 + g.open_91_180 + g.open_181_365 + g.open_over_365 <> greatest(g.open, 0)$$, 'the ages add up to what is open');
SELECT cmp_ok((SELECT count(*) FROM his.told g WHERE g.final AND g.difference <> 0), '>', 0::bigint, 'some months are cleared with a difference');
SELECT ok((SELECT bool_or(g.open_91_180 > 0) AND bool_or(g.open_over_365 > 0) AND bool_or(g.open < 0) FROM his.told g), 'some money is old, some was too much');
SELECT * FROM finish();
ROLLBACK;
