-- The same month closed by stored procedures, as they are written in hospitals: a department after the other, an encounter after the other, a cell of a form
-- after the other, results kept in tables with the indexes they need. Sums that one statement gives are taken by one statement. Shares are rounded one by
-- one, nothing is closed to the last unit, no input is kept for a replay.
CREATE TABLE work.cost (department text COLLATE "C", item text, source text, class text, direct numeric NOT NULL, level1 numeric NOT NULL DEFAULT 0,
	level2 numeric NOT NULL DEFAULT 0, level3 numeric NOT NULL DEFAULT 0, sent numeric NOT NULL DEFAULT 0);
CREATE INDEX ON work.cost (department, item, source, class);
CREATE TABLE work.spent (encounter text COLLATE "C", department text COLLATE "C", measure text, quantity numeric);
CREATE TABLE work.charged (encounter text COLLATE "C", department text COLLATE "C", drugs numeric, materials numeric, PRIMARY KEY (department, encounter));
CREATE TABLE work.patient (encounter text COLLATE "C", department text COLLATE "C", funding_group int, component numeric[]);
CREATE TABLE work.volume (department text COLLATE "C", item text COLLATE "C", quantity numeric, income numeric, PRIMARY KEY (department, item));
CREATE TABLE work.item (department text, item text, funding_group int, component numeric[], quantity numeric, income numeric);
CREATE FUNCTION work.step(month date, server text, level int, driver text, receivers text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	codes text[];
	quantities numeric[];
	total numeric;
	share numeric;
	l work.cost;
BEGIN
	IF driver = 'ordered_revenue' THEN
		SELECT array_agg(x.code), array_agg(x.quantity), sum(x.quantity) INTO codes, quantities, total
		FROM (SELECT o.code, sum(t.amount) AS quantity FROM hospital_cost.department s JOIN hospital_cost._item_total t ON t.performing_id = s.department_id AND t.period = month
			JOIN hospital_cost.department o ON o.department_id = t.ordering_id WHERE s.code = server AND o.class = ANY (receivers) GROUP BY 1) x;
	ELSE
		SELECT array_agg(v.receiver_code), array_agg(v.quantity), sum(v.quantity) INTO codes, quantities, total
		FROM hospital_cost.driver_value v JOIN hospital_cost.department d ON d.code = v.receiver_code
		WHERE v.period = month AND v.driver_code = driver AND d.class = ANY (receivers) AND v.server_code IS NOT DISTINCT FROM CASE driver WHEN 'service_quantity' THEN server END;
	END IF;
	IF coalesce(total, 0) = 0 THEN
		PERFORM work.step(month, server, level, 'headcount', receivers);
		RETURN;
	END IF;
	FOR l IN SELECT * FROM work.cost c WHERE c.department = server LOOP
		FOR i IN 1 .. cardinality(codes) LOOP
			share := round((l.direct + l.level1 + l.level2 + l.level3) * quantities[i] / total, 8);
			CONTINUE WHEN share = 0;
			UPDATE work.cost c SET level1 = c.level1 + CASE level WHEN 1 THEN share ELSE 0 END, level2 = c.level2 + CASE level WHEN 2 THEN share ELSE 0 END,
				level3 = c.level3 + CASE level WHEN 3 THEN share ELSE 0 END
			WHERE c.department = codes[i] AND c.item = l.item AND c.source = l.source AND c.class = l.class;
			IF NOT FOUND THEN
				INSERT INTO work.cost VALUES (codes[i], l.item, l.source, l.class, 0, CASE level WHEN 1 THEN share ELSE 0 END, CASE level WHEN 2 THEN share ELSE 0 END,
					CASE level WHEN 3 THEN share ELSE 0 END, 0);
			END IF;
		END LOOP;
	END LOOP;
	UPDATE work.cost c SET sent = c.direct + c.level1 + c.level2 + c.level3 WHERE c.department = server;
END $$;

CREATE FUNCTION work.twin_allocate(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s hospital_cost.allocation_step;
	server text;
BEGIN
	INSERT INTO work.cost (department, item, source, class, direct)
	SELECT c.department_code, c.cost_item_code, c.funding_source, c.cost_class, sum(c.amount) FROM hospital_cost.direct_cost c WHERE c.period = month GROUP BY 1, 2, 3, 4;
	FOR s IN SELECT * FROM hospital_cost.allocation_step x WHERE x.plan_code = 'four_class_three_level' ORDER BY x.step_no LOOP
		FOR server IN SELECT d.code FROM hospital_cost.department d WHERE d.class = s.server_class ORDER BY d.code LOOP
			PERFORM work.step(month, server, s.step_no, s.driver_code, s.receiver_classes);
		END LOOP;
	END LOOP;
END $$;

-- Bed-days of each stay, visits of each outpatient; then what was charged by itself.
CREATE FUNCTION work.twin_activity(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s record;
	first_day date;
	last_day date;
	next_month date := month + interval '1 month';
BEGIN
	FOR s IN SELECT t.encounter_code, t.department_code, (t.from_at AT TIME ZONE 'Asia/Shanghai')::date AS came,
			(least(t.to_at, greatest(now(), t.from_at)) AT TIME ZONE 'Asia/Shanghai')::date AS went, e.ended_at
		FROM hospital_cost.department_stay t JOIN hospital_cost.encounter e ON e.code = t.encounter_code
		WHERE e.status = 'active' AND e.kind = 'inpatient' ORDER BY t.from_at DESC LOOP
		first_day := greatest(s.came, month);
		last_day := least(s.went, next_month);
		IF last_day > first_day THEN
			INSERT INTO work.spent VALUES (s.encounter_code, s.department_code, 'bed_days', last_day - first_day);
		ELSIF s.came = s.went AND s.came >= month AND s.came < next_month AND s.ended_at IS NOT NULL THEN
			-- Came and went on a day: one, in the last department, if that was all of it.
			IF NOT EXISTS (SELECT FROM hospital_cost.department_stay o WHERE o.encounter_code = s.encounter_code
				AND ((o.from_at AT TIME ZONE 'Asia/Shanghai')::date, (o.to_at AT TIME ZONE 'Asia/Shanghai')::date) <> (s.came, s.came))
				AND NOT EXISTS (SELECT FROM hospital_cost.department_stay o WHERE o.encounter_code = s.encounter_code AND o.from_at > (SELECT max(x.from_at)
					FROM hospital_cost.department_stay x WHERE x.encounter_code = s.encounter_code AND x.department_code = s.department_code)) THEN
				INSERT INTO work.spent VALUES (s.encounter_code, s.department_code, 'bed_days', 1);
			END IF;
		END IF;
	END LOOP;
	INSERT INTO work.spent SELECT e.code, e.department_code, 'visits', 1 FROM hospital_cost.encounter e
	WHERE e.status = 'active' AND e.kind IN ('outpatient', 'emergency') AND (e.started_at AT TIME ZONE 'Asia/Shanghai')::date >= month
		AND (e.started_at AT TIME ZONE 'Asia/Shanghai')::date < next_month;
	CREATE INDEX ON work.spent (department, encounter);
	INSERT INTO work.charged SELECT l.encounter_code, d.code, sum(l.amount) FILTER (WHERE i.kind = 'drug') / 100.0, sum(l.amount) FILTER (WHERE i.kind = 'material') / 100.0
	FROM hospital_cost._ledger l JOIN hospital_cost.charge_item i ON i.item_id = l.item_id AND (i.kind = 'drug' OR i.kind = 'material' AND i.billable)
	JOIN hospital_cost.department d ON d.department_id = l.ordering_id WHERE l.period = month GROUP BY 1, 2;
	ANALYZE work.spent, work.charged;
END $$;

-- Components: personnel, materials, billable materials, drugs, depreciation, amortisation, risk fund, other.
CREATE FUNCTION work.component_no(item text) RETURNS int LANGUAGE sql IMMUTABLE
RETURN array_position('{personnel,materials,materials_billed,drugs,depreciation,amortisation,risk_fund,other}', item);

CREATE FUNCTION work.pool(dept text, fund int, last_level int) RETURNS numeric[] LANGUAGE plpgsql AS $$
DECLARE
	pool numeric[] := '{0,0,0,0,0,0,0,0}';
	l record;
BEGIN
	FOR l IN SELECT work.component_no(c.item) AS no, sum(c.direct + c.level1 + c.level2 + CASE last_level WHEN 3 THEN c.level3 - c.sent ELSE 0 END) AS amount
		FROM work.cost c WHERE c.department = dept AND hospital_cost._funding_group(c.class, c.source) = fund GROUP BY 1 LOOP
		pool[l.no] := l.amount;
	END LOOP;
	RETURN pool;
END $$;

CREATE FUNCTION work.twin_patients() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d record;
	e record;
	total numeric;
	taken record;
	pool numeric[];
	share numeric[];
BEGIN
	FOR d IN SELECT x.code, CASE x.setting WHEN 'inpatient' THEN 'bed_days' ELSE 'visits' END AS measure FROM hospital_cost.department x WHERE x.class = 'clinical' LOOP
		SELECT sum(s.quantity) INTO total FROM work.spent s WHERE s.department = d.code AND s.measure = d.measure;
		SELECT coalesce(sum(c.drugs), 0) AS drugs, coalesce(sum(c.materials), 0) AS materials INTO taken FROM work.charged c WHERE c.department = d.code;
		FOR fund IN 1 .. 3 LOOP
			pool := work.pool(d.code, fund, 3);
			pool[2] := pool[2] + pool[3] - CASE fund WHEN 1 THEN taken.materials ELSE 0 END;
			pool[3] := 0;
			pool[4] := pool[4] - CASE fund WHEN 1 THEN taken.drugs ELSE 0 END;
			CONTINUE WHEN fund > 1 AND pool = '{0,0,0,0,0,0,0,0}';
			FOR e IN SELECT encounter, coalesce(s.quantity, 0) AS quantity, coalesce(c.drugs, 0) AS drugs, coalesce(c.materials, 0) AS materials
				FROM (SELECT x.encounter, sum(x.quantity) AS quantity FROM work.spent x WHERE x.department = d.code AND x.measure = d.measure GROUP BY 1) s
				FULL JOIN (SELECT * FROM work.charged x WHERE x.department = d.code) c USING (encounter) LOOP
				CONTINUE WHEN fund > 1 AND e.quantity = 0;
				FOR k IN 1 .. 8 LOOP
					share[k] := round(pool[k] * e.quantity / total, 8);
				END LOOP;
				IF fund = 1 THEN
					share[3] := share[3] + e.materials;
					share[4] := share[4] + e.drugs;
				END IF;
				INSERT INTO work.patient VALUES (e.encounter, d.code, fund, share);
			END LOOP;
		END LOOP;
	END LOOP;
	CREATE INDEX ON work.patient (encounter);
	ANALYZE work.patient;
END $$;

-- By income, from what a department has after two levels, without drugs and materials charged by themselves.
CREATE FUNCTION work.twin_items(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d text;
	total numeric;
	pool numeric[];
	share numeric[];
	i record;
BEGIN
	INSERT INTO work.volume SELECT v.department_code, v.item_code, v.quantity, v.income FROM hospital_cost.item_volume v WHERE v.period = month;
	FOR d IN SELECT x.code FROM hospital_cost.department x WHERE x.class IN ('clinical', 'technical') LOOP
		SELECT sum(v.income) INTO total FROM work.volume v WHERE v.department = d;
		FOR fund IN 1 .. 3 LOOP
			pool := work.pool(d, fund, 2);
			pool[3] := 0;
			pool[4] := 0;
			CONTINUE WHEN pool = '{0,0,0,0,0,0,0,0}';
			IF coalesce(total, 0) = 0 THEN
				INSERT INTO work.item VALUES (d, NULL, fund, pool, NULL, NULL);
				CONTINUE;
			END IF;
			FOR i IN SELECT v.item, v.quantity, v.income FROM work.volume v WHERE v.department = d LOOP
				FOR k IN 1 .. 8 LOOP
					share[k] := round(pool[k] * i.income / total, 8);
				END LOOP;
				INSERT INTO work.item VALUES (d, i.item, fund, share, i.quantity, i.income);
			END LOOP;
		END LOOP;
	END LOOP;
END $$;
