-- 30 cashier: what an encounter will come to, told from encounters like it that were over by then.

-- Cases like each target, by keys that get wider level by level: over before its day, as long in the house as it is, begun where the books had begun.
-- The latest 200 of the first level that has 20; of the widest, whatever there is.
CREATE OR REPLACE FUNCTION hospital_cost._like_cases(encounters text[], days date[], narrowest int,
	OUT target int[], OUT likeness int[], OUT like_code text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rest int[] := ARRAY(SELECT generate_subscripts(encounters, 1));
	level int := narrowest;
	zone text := hospital_cost.hospital_timezone();
	like_query text := $q$
		WITH t AS MATERIALIZED (
			SELECT x.n::int AS n, e.code, x.day, x.day - (e.started_at AT TIME ZONE $4)::date + 1 AS stay_day, %1$s AS key
			FROM unnest($1, $2) WITH ORDINALITY AS x (code, day, n) JOIN hospital_cost.encounter e ON e.code = x.code
			WHERE x.n = ANY ($3)
		), kept AS MATERIALIZED (
			SELECT e.code, (e.started_at AT TIME ZONE $4)::date AS first_day, (e.ended_at AT TIME ZONE $4)::date AS last_day, %1$s AS key
			FROM hospital_cost.encounter e
			WHERE e.status = 'active' AND e.ended_at IS NOT NULL AND %1$s = ANY (ARRAY(SELECT DISTINCT t.key FROM t))
		), pool AS MATERIALIZED (
			SELECT k.* FROM kept k WHERE k.last_day < (SELECT max(t.day) FROM t) AND k.last_day >= (SELECT min(t.day) - 730 FROM t)
				AND EXISTS (SELECT FROM hospital_cost._ledger l WHERE l.encounter_code = k.code AND l.service_day <= k.first_day + 1)
		), pair AS (
			SELECT t.n, p.code, row_number() OVER (PARTITION BY t.n ORDER BY p.last_day DESC, p.code) AS rank, count(*) OVER (PARTITION BY t.n) AS cases
			FROM t JOIN pool p ON p.key = t.key AND p.last_day < t.day AND p.last_day >= t.day - 730 AND p.last_day - p.first_day + 1 >= t.stay_day
				AND p.code <> t.code
		)
		SELECT coalesce(array_agg(p.n ORDER BY p.n, p.rank), '{}'), coalesce(array_agg(p.code ORDER BY p.n, p.rank), '{}')
		FROM pair p WHERE p.rank <= 200 AND (p.cases >= 20 OR $5)$q$;
	keys text[] := '{e.drg_code,e.department_code,e.drg_code,"",e.diagnosis_code,e.department_code,e.diagnosis_code,"",e.department_code,"","",""}';
	key text;
	found_target int[];
	found_code text[];
BEGIN
	target := '{}'; likeness := '{}'; like_code := '{}';
	WHILE level <= 6 AND cardinality(rest) > 0 LOOP
		-- Codes are joined by a character that no code has; what a level needs and an encounter does not have makes its key null.
		key := concat_ws($q$ || E'\x1f' || $q$, 'e.kind', nullif(keys[2 * level - 1], ''), nullif(keys[2 * level], ''));
		EXECUTE format(like_query, key) INTO found_target, found_code USING encounters, days, rest, zone, level = 6;
		target := target || found_target;
		likeness := likeness || array_fill(level, ARRAY[cardinality(found_target)]);
		like_code := like_code || found_code;
		rest := ARRAY(SELECT r FROM unnest(rest) AS r EXCEPT SELECT f FROM unnest(found_target) AS f ORDER BY 1);
		level := level + 1;
	END LOOP;
END $$;

-- What is still to come is what came to the like cases after the same day of their stay, scaled by what was charged up to it: at most halved or
-- doubled.
CREATE OR REPLACE FUNCTION hospital_cost._predict(encounters text[], days date[], narrowest int DEFAULT 1)
RETURNS TABLE (encounter_code text, day date, day_of_stay int, charges numeric, likeness int, cases bigint, like_so_far numeric, median numeric,
	p80 numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	l record := hospital_cost._like_cases(encounters, days, narrowest);
	distinct_cases text[] := ARRAY(SELECT DISTINCT u COLLATE "C" FROM unnest(l.like_code) AS u);
	zone text := hospital_cost.hospital_timezone();
BEGIN
	RETURN QUERY
	WITH t AS MATERIALIZED (
		SELECT x.n::int AS n, e.code, x.day, x.day - (e.started_at AT TIME ZONE zone)::date + 1 AS stay_day,
			(SELECT coalesce(sum(b.amount), 0) FROM hospital_cost._ledger b WHERE b.encounter_code = e.code AND b.service_day <= x.day) AS charges
		FROM unnest(encounters, days) WITH ORDINALITY AS x (code, day, n) JOIN hospital_cost.encounter e ON e.code = x.code
	), pair AS MATERIALIZED (
		SELECT u.n, u.likeness, u.code, t.stay_day FROM unnest(l.target, l.likeness, l.like_code) AS u (n, likeness, code) JOIN t ON t.n = u.n
	), daily AS MATERIALIZED (
		SELECT b.encounter_code AS code, b.service_day - (e.started_at AT TIME ZONE zone)::date + 1 AS stay_day, b.amount
		FROM (SELECT c.encounter_code, c.service_day, sum(c.amount) AS amount FROM hospital_cost._ledger c
			WHERE c.encounter_code = ANY (distinct_cases) GROUP BY c.encounter_code, c.service_day) b
		JOIN hospital_cost.encounter e ON e.code = b.encounter_code
	), part AS MATERIALIZED (
		SELECT d.code, n.stay_day, sum(d.amount) AS total, coalesce(sum(d.amount) FILTER (WHERE d.stay_day <= n.stay_day), 0) AS so_far
		FROM (SELECT DISTINCT p.code, p.stay_day FROM pair p) n JOIN daily d ON d.code = n.code GROUP BY d.code, n.stay_day
	), typical AS (
		SELECT p.n, min(p.likeness) AS likeness, count(*) AS cases, percentile_disc(0.5) WITHIN GROUP (ORDER BY a.so_far) AS so_far
		FROM pair p JOIN part a ON a.code = p.code AND a.stay_day = p.stay_day GROUP BY p.n
	), scaled AS (
		SELECT t.n, CASE WHEN t.charges > 0 AND y.so_far > 0 THEN least(greatest(t.charges / y.so_far, 0.5), 2) ELSE 1 END AS scale,
			y.likeness, y.cases, y.so_far
		FROM t JOIN typical y ON y.n = t.n
	), final AS (
		SELECT p.n, round(CASE WHEN t.charges > 0 THEN t.charges + s.scale * (a.total - a.so_far) ELSE a.total END) * 0.01 AS amount
		FROM pair p JOIN part a ON a.code = p.code AND a.stay_day = p.stay_day JOIN t ON t.n = p.n JOIN scaled s ON s.n = p.n
	)
	SELECT t.code, t.day, t.stay_day, round(t.charges * 0.01, 2), s.likeness, coalesce(s.cases, 0), round(s.so_far * 0.01, 2), f.median, f.p80
	FROM t LEFT JOIN scaled s ON s.n = t.n
	LEFT JOIN (SELECT x.n, percentile_disc(0.5) WITHIN GROUP (ORDER BY x.amount) AS median, percentile_disc(0.8) WITHIN GROUP (ORDER BY x.amount) AS p80
		FROM final x GROUP BY x.n) f ON f.n = t.n
	ORDER BY t.n;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.predict_charges(encounter text, day date DEFAULT NULL)
RETURNS TABLE (encounter_code text, as_of date, day_of_stay int, charges numeric, median numeric, p80 numeric, cases bigint, likeness text,
	state text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	e hospital_cost.encounter;
	first_day date;
	on_day date;
	zone text := hospital_cost.hospital_timezone();
BEGIN
	SELECT x.* INTO e FROM hospital_cost.encounter x WHERE x.code = encounter;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'encounter is not known' USING ERRCODE = 'MC244',
			DETAIL = 'It has no row in hospital_cost.encounter.', HINT = 'Check the number that was asked for.';
	END IF;
	first_day := (e.started_at AT TIME ZONE zone)::date;
	-- By default the last day that was charged: a night that is not charged yet would look like a cheap patient.
	on_day := greatest(coalesce(day, (SELECT max(l.service_day) FROM hospital_cost._ledger l WHERE l.encounter_code = encounter), first_day), first_day);
	IF day < first_day OR NOT isfinite(day) THEN
		RAISE EXCEPTION 'the encounter begins on %, after %', first_day, day USING ERRCODE = 'MC30Z',
			HINT = 'Name a day of the stay, or none for the last one charged.';
	END IF;
	IF e.ended_at IS NOT NULL AND (day IS NULL OR (e.ended_at AT TIME ZONE zone)::date < day) THEN
		RETURN QUERY SELECT e.code, on_day, on_day - first_day + 1, x.amount, x.amount, x.amount, NULL::bigint, NULL::text, 'over'
			FROM (SELECT round(coalesce(sum(l.amount), 0) * 0.01, 2) AS amount FROM hospital_cost._ledger l WHERE l.encounter_code = e.code) x;
	ELSE
		RETURN QUERY SELECT p.encounter_code, p.day, p.day_of_stay, p.charges, p.median, p.p80, p.cases,
			('{drg_department,drg,diagnosis_department,diagnosis,department,kind}'::text[])[p.likeness], CASE WHEN p.cases = 0 THEN 'no_cases'
				WHEN p.cases < 20 THEN 'few_cases' ELSE 'predicted' END
			FROM hospital_cost._predict(ARRAY[e.code], ARRAY[on_day]) p;
	END IF;
END $$;

-- The past predicted with what was known then: each case from those over before its day. Its DRG is found after discharge, so it is not used.
CREATE OR REPLACE FUNCTION hospital_cost.predict_charges_error(day_from date, day_to date, day_of_stay int DEFAULT 1, sample int DEFAULT 2000,
	kind text DEFAULT 'inpatient')
RETURNS TABLE (likeness text, cases bigint, without_cases bigint, mape numeric, median_error numeric, bias numeric, p80_coverage numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	codes text[];
	days date[];
	zone text := hospital_cost.hospital_timezone();
BEGIN
	IF day_from > day_to OR day_of_stay < 1 OR sample < 1 THEN
		RAISE EXCEPTION 'a back-test of % to %, day %, sample % is not possible', day_from, day_to, day_of_stay, sample USING ERRCODE = 'MC30Z',
			HINT = 'Give first and last day, the day of the stay from 1, and how many cases at most.';
	END IF;
	SELECT array_agg(x.code ORDER BY x.code), array_agg(x.first_day + day_of_stay - 1 ORDER BY x.code) INTO codes, days FROM (
		SELECT e.code, (e.started_at AT TIME ZONE zone)::date AS first_day FROM hospital_cost.encounter e
		WHERE e.kind = predict_charges_error.kind AND e.status = 'active' AND (e.ended_at AT TIME ZONE zone)::date >= day_from
			AND (e.ended_at AT TIME ZONE zone)::date <= day_to
			AND (e.ended_at AT TIME ZONE zone)::date - (e.started_at AT TIME ZONE zone)::date >= day_of_stay - 1
			AND EXISTS (SELECT FROM hospital_cost._ledger l WHERE l.encounter_code = e.code AND l.service_day <= (e.started_at AT TIME ZONE zone)::date + 1)
		ORDER BY md5(e.code) COLLATE "C", e.code LIMIT sample) x;
	RETURN QUERY
	WITH told AS MATERIALIZED (SELECT p.* FROM hospital_cost._predict(codes, days, 3) p), actual AS (
		SELECT l.encounter_code AS code, sum(l.amount) * 0.01 AS amount FROM hospital_cost._ledger l WHERE l.encounter_code = ANY (codes) GROUP BY 1
	), error AS (
		SELECT p.likeness, p.median, a.amount, (p.median - a.amount) / a.amount AS error, a.amount <= p.p80 AS covered
		FROM told p JOIN actual a ON a.code = p.encounter_code AND a.amount > 0
	)
	SELECT CASE WHEN grouping(x.likeness) = 1 THEN 'all'
			ELSE coalesce(('{drg_department,drg,diagnosis_department,diagnosis,department,kind}'::text[])[x.likeness], 'none') END,
		count(x.median), count(*) - count(x.median), round(100 * avg(abs(x.error)), 2),
		round(100 * percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(x.error)), 2),
		round(100 * (sum(x.median) - sum(x.amount) FILTER (WHERE x.median IS NOT NULL)) / nullif(sum(x.amount) FILTER (WHERE x.median IS NOT NULL), 0), 2),
		round(100.0 * count(*) FILTER (WHERE x.covered) / nullif(count(x.median), 0), 2)
	FROM error x GROUP BY GROUPING SETS ((x.likeness), ()) ORDER BY grouping(x.likeness), x.likeness NULLS LAST;
END $$;

COMMENT ON FUNCTION hospital_cost._like_cases(text[], date[], int) IS 'Cases like each target as known on its day, from the narrowest likeness that has enough; three arrays in step';
COMMENT ON FUNCTION hospital_cost._predict(text[], date[], int) IS 'Predictions of many encounters at once, each on its day; narrowest: the first likeness to try (3 leaves out DRG)';
COMMENT ON FUNCTION hospital_cost.predict_charges(text, date) IS 'Expected final bill (住院费用预测) from the first day on, yuan: charges so far plus what like cases (同病种/DRG/科室) were charged after the same day of their stay, scaled by charges so far (½ to 2). median, and p80 that four in five stay below. Like cases ended before the day, at most two years earlier; likeness says which they are, widened until there are 20, the latest 200 count.
day: null for the last one charged. state: predicted, few_cases, no_cases (nothing to go by), over (the encounter has ended: the bill itself). MC244 unknown encounter, MC30Z day before the stay';
COMMENT ON FUNCTION hospital_cost.predict_charges_error(date, date, int, int, text) IS 'Back-test of predict_charges (预测误差回测) over encounters of a kind that ended from day_from to day_to (both included), as it would have said on a day of their stay from what was over by then, without their DRG; a fixed sample. By likeness and for all: mape, median_error and bias of the median in percent of the bill; p80_coverage: percent of bills not above p80. MC30Z no such range';
