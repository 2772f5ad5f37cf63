-- The rules over lines, said in SQL by comparing every line with every other: what is open must be what model.breach says. Reads the hospital's table, the
-- knowledge and the ledger's entry numbers; nothing of the engine.

-- What each row of his.fee is worth now, less what refunds name it.
CREATE VIEW model.net AS
SELECT f.id, f.visit, coalesce(e.patient_code, 'visit ' || f.visit) AS patient, f.item, f.at, (f.at AT TIME ZONE 'Asia/Shanghai')::date AS day,
	date_trunc('hour', f.at AT TIME ZONE 'Asia/Shanghai') AS hour, f.qty, f.price, round(f.qty * f.price, 2) AS amount,
	f.qty + coalesce((SELECT sum(r.qty) FROM his.fee r WHERE r.refund_of = f.id), 0) AS rest,
	(SELECT max(l.entry_id) FROM hospital_cost.ledger l WHERE l.source_key = f.id::text AND l.kind = 'post') AS entry
FROM his.fee f LEFT JOIN hospital_cost.encounter e ON e.code = f.visit
WHERE f.refund_of IS NULL;

-- By which codes an item goes.
CREATE VIEW model.code AS
SELECT i.code AS item, i.code, '(,)'::daterange AS days FROM hospital_cost.charge_item i
UNION SELECT i.code, i.national_code, '(,)' FROM hospital_cost.charge_item i WHERE i.national_code IS NOT NULL
UNION SELECT m.item_code, m.national_code, m.valid FROM hospital_cost.item_code_map m;

CREATE FUNCTION model.is(line_item text, code text, day date) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM model.code c WHERE c.item = line_item AND c.code = $2 AND c.days @> day) $$;
CREATE FUNCTION model.in_force(rule text, day date) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM hospital_cost.rule r WHERE r.code = rule AND r.valid @> day) $$;
CREATE FUNCTION model.is_long(w text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT w IN ('ROLL_n_DAYS', 'MONTH', 'QUARTER', 'YEAR') $$;
-- Whether two lines are in one window, the other's order aside.
CREATE FUNCTION model.together(w text, n int, a model.net, b model.net) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN model.is_long(w) THEN a.patient = b.patient ELSE a.visit = b.visit END AND CASE w
		WHEN 'LINE' THEN a.id = b.id
		WHEN 'HOUR' THEN a.hour = b.hour
		WHEN 'ROLL_6H' THEN a.at - b.at < interval '6 hours' AND b.at - a.at < interval '6 hours'
		WHEN 'DAY' THEN a.day = b.day
		WHEN 'ROLL_n_DAYS' THEN abs(a.day - b.day) < n
		WHEN 'MONTH' THEN date_trunc('month', a.day) = date_trunc('month', b.day)
		WHEN 'QUARTER' THEN date_trunc('quarter', a.day) = date_trunc('quarter', b.day)
		WHEN 'YEAR' THEN date_trunc('year', a.day) = date_trunc('year', b.day)
		ELSE true END $$;
-- Whether b comes up to a.
CREATE FUNCTION model.up_to(w text, a model.net, b model.net) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE w WHEN 'ROLL_6H' THEN (b.at, b.entry) <= (a.at, a.entry) WHEN 'ROLL_n_DAYS' THEN (b.day, b.entry) <= (a.day, a.entry)
		ELSE b.entry <= a.entry END $$;
-- Whether a line counts in what a limit sums.
CREATE FUNCTION model.counts(k hospital_cost.item_limit, b model.net) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM hospital_cost.item_limit m WHERE m.rule_code = k.rule_code AND m."window" = k."window" AND m.window_days IS NOT DISTINCT FROM k.window_days
		AND m.group_code IS NOT DISTINCT FROM k.group_code AND (k.group_code IS NOT NULL OR m.item_code = k.item_code)
		AND m.valid @> b.day AND model.is(b.item, m.item_code, b.day)) $$;

CREATE FUNCTION model.limit_breach() RETURNS TABLE (code text, knowledge int, id int, excess numeric) LANGUAGE sql STABLE AS $$
	WITH net AS MATERIALIZED (SELECT n FROM model.net n WHERE n.rest > 0 AND n.qty > 0),
	counted AS MATERIALIZED (SELECT k, n.n FROM hospital_cost.item_limit k, net n WHERE k.rule_code LIKE 'L%' AND model.counts(k, n.n)),
	judged AS (SELECT c.k, c.n AS a FROM counted c WHERE (c.k).valid @> (c.n).day AND model.is((c.n).item, (c.k).item_code, (c.n).day) AND model.in_force((c.k).rule_code, (c.n).day)),
	figures AS (
		SELECT j.k, j.a,
			(SELECT sum((c.n).rest) FROM counted c WHERE (c.k).knowledge_id = (j.k).knowledge_id AND model.together((j.k)."window", (j.k).window_days, j.a, c.n)
				AND model.up_to((j.k)."window", j.a, c.n)) AS total,
			(SELECT count(DISTINCT (c.n).day) FROM counted c WHERE (c.k).knowledge_id = (j.k).knowledge_id AND model.together((j.k)."window", (j.k).window_days, j.a, c.n)
				AND (c.n).day <= (j.a).day) AS days,
			(SELECT min((j.a).day - (c.n).day) FROM counted c WHERE (c.k).knowledge_id = (j.k).knowledge_id AND (c.n).day < (j.a).day
				AND CASE WHEN (j.k)."window" IN ('ENCOUNTER', 'STAY') THEN (c.n).visit = (j.a).visit ELSE (c.n).patient = (j.a).patient END
				AND ((j.k)."window" NOT IN ('MONTH', 'QUARTER', 'YEAR') OR model.together((j.k)."window", NULL, j.a, c.n))) AS gap,
			least((j.k).max_quantity, (SELECT (j.k).max_per_stay_day * greatest(1, (e.ended_at AT TIME ZONE 'Asia/Shanghai')::date - (e.started_at AT TIME ZONE 'Asia/Shanghai')::date)
				FROM hospital_cost.encounter e WHERE e.code = (j.a).visit AND e.kind = 'inpatient')) AS allowed
		FROM judged j
		WHERE (j.k)."window" <> 'STAY' OR NOT EXISTS (SELECT FROM hospital_cost.encounter e WHERE e.code = (j.a).visit AND e.kind <> 'inpatient')
	)
	SELECT (f.k).rule_code, (f.k).knowledge_id, (f.a).id,
		CASE WHEN f.total > f.allowed THEN least((f.a).rest, f.total - f.allowed) ELSE (f.a).rest END
	FROM figures f
	WHERE f.total > f.allowed OR f.days > (f.k).max_days OR f.gap < (f.k).min_gap_days $$;

CREATE FUNCTION model.pair_breach() RETURNS TABLE (code text, knowledge int, id int, excess numeric) LANGUAGE sql STABLE AS $$
	WITH net AS MATERIALIZED (SELECT n FROM model.net n WHERE n.rest > 0 AND n.qty > 0),
	side AS MATERIALIZED (
		SELECT k, n.n, s.s FROM hospital_cost.item_pair k, net n, (VALUES ('a'), ('b')) s (s)
		WHERE k.rule_code LIKE 'P%' AND k.valid @> (n.n).day AND model.is((n.n).item, CASE s.s WHEN 'a' THEN k.item_a ELSE k.item_b END, (n.n).day)),
	judged AS (
		SELECT x.k, x.n AS a FROM side x
		WHERE x.s = CASE (x.k).relation WHEN 'quantity' THEN 'a' ELSE 'b' END AND model.in_force((x.k).rule_code, (x.n).day)
			AND ((x.k)."window" <> 'STAY' OR NOT EXISTS (SELECT FROM hospital_cost.encounter e WHERE e.code = (x.n).visit AND e.kind <> 'inpatient'))),
	figures AS (
		SELECT j.k, j.a,
			EXISTS (SELECT FROM side o WHERE (o.k).knowledge_id = (j.k).knowledge_id AND o.s = 'a' AND (o.n).id <> (j.a).id
				AND model.together((j.k)."window", (j.k).window_days, j.a, o.n)) AS other,
			(SELECT coalesce(sum((o.n).rest), 0) FROM side o WHERE (o.k).knowledge_id = (j.k).knowledge_id AND o.s = 'b'
				AND model.together((j.k)."window", (j.k).window_days, j.a, o.n)) * (j.k).ratio AS allowed,
			(SELECT coalesce(sum((o.n).rest), 0) FROM side o WHERE (o.k).knowledge_id = (j.k).knowledge_id AND o.s = 'a'
				AND model.together((j.k)."window", (j.k).window_days, j.a, o.n) AND model.up_to((j.k)."window", j.a, o.n)) AS total
		FROM judged j
	)
	SELECT (f.k).rule_code, (f.k).knowledge_id, (f.a).id, CASE (f.k).relation WHEN 'quantity' THEN least((f.a).rest, f.total - trunc(f.allowed, 4)) ELSE (f.a).rest END
	FROM figures f
	WHERE CASE (f.k).relation WHEN 'quantity' THEN f.total > trunc(f.allowed, 4) ELSE f.other END $$;

CREATE FUNCTION model.other_breach() RETURNS TABLE (code text, knowledge int, id int, excess numeric) LANGUAGE sql STABLE AS $$
	WITH net AS MATERIALIZED (SELECT n.* FROM model.net n WHERE n.rest > 0 AND n.qty > 0)
	SELECT 'CA02', NULL::int, a.id, a.rest FROM net a
	WHERE EXISTS (SELECT FROM net b WHERE b.visit = a.visit AND b.item = a.item AND b.day = a.day AND b.entry < a.entry)
	UNION ALL
	SELECT 'CA23', NULL, a.id, a.rest FROM net a JOIN hospital_cost.encounter e ON e.code = a.visit AND e.kind = 'inpatient'
	WHERE a.day NOT BETWEEN (e.started_at AT TIME ZONE 'Asia/Shanghai')::date AND coalesce((e.ended_at AT TIME ZONE 'Asia/Shanghai')::date, 'infinity')
	UNION ALL
	SELECT k.rule_code, k.knowledge_id, a.id, a.rest
	FROM net a JOIN hospital_cost.encounter e ON e.code = a.visit JOIN hospital_cost.item_limit k ON k.rule_code IN ('CA18', 'CA19') AND k.valid @> a.day AND model.is(a.item, k.item_code, a.day)
	WHERE (e.sex IN ('M', 'F') AND e.sex <> k.sex) OR a.day < e.birth_date + k.age_from OR a.day >= e.birth_date + k.age_below $$;

CREATE VIEW model.breach AS
SELECT b.code, b.knowledge, b.id, b.excess, CASE WHEN b.excess = n.qty THEN n.amount ELSE round(b.excess * n.price, 2) END AS amount
FROM (SELECT DISTINCT x.* FROM (SELECT * FROM model.limit_breach() UNION ALL SELECT * FROM model.pair_breach() UNION ALL SELECT * FROM model.other_breach()) x) b
JOIN model.net n ON n.id = b.id;
CREATE VIEW model.seen AS
SELECT f.code::text, f.knowledge_id AS knowledge, f.source_key::int AS id, f.excess_quantity AS excess, f.amount_at_risk AS amount
FROM hospital_cost._finding f WHERE f.class = 'conduct' AND f.state = 'open' AND f.code <> 'CA04';
