-- The forms of the twin: what they are made of is taken once, then each cell by a query of its own. The layouts are those the hospital edits.
CREATE TABLE work.fact (object text, member text, class text, setting text, measure text, component text, origin text, amount numeric);
CREATE TABLE work.place (axis text, no int, member text, class text, line hospital_cost.form_line);
CREATE TABLE work.form_cell (form text, row_no int, col_no int, total numeric, amount numeric, ratio numeric, PRIMARY KEY (form, row_no, col_no));

CREATE FUNCTION work.department_facts(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c record;
	class text;
	setting text;
	component text;
	origin text;
BEGIN
	FOR c IN SELECT * FROM work.cost LOOP
		SELECT coalesce(max(d.class), 'unassigned'), coalesce(max(d.setting), 'none') INTO class, setting FROM hospital_cost.department d WHERE d.code = c.department;
		SELECT CASE WHEN i.category = 'materials' AND i.billable THEN 'billable_materials' ELSE i.category END INTO component FROM hospital_cost.cost_item i WHERE i.code = c.item;
		origin := hospital_cost._cost_origin(c.source, c.class);
		INSERT INTO work.fact
		SELECT 'department', coalesce(c.department, ''), class, setting, m.measure, component, origin, m.amount
		FROM (VALUES ('direct', c.direct), ('indirect', c.level1 + c.level2 + c.level3 - c.sent), ('full', c.direct + c.level1 + c.level2 + c.level3 - c.sent),
			('level1', c.level1 - CASE class WHEN 'administrative' THEN c.sent ELSE 0 END), ('level2', c.level2 - CASE class WHEN 'auxiliary' THEN c.sent ELSE 0 END),
			('level3', c.level3 - CASE class WHEN 'technical' THEN c.sent ELSE 0 END), ('rounding', 0)) AS m (measure, amount);
	END LOOP;
	INSERT INTO work.fact SELECT 'department', d.code, d.class, t.setting, 'income', t.category, NULL, sum(t.amount)
	FROM hospital_cost.charge_total t JOIN hospital_cost.department d ON d.code = coalesce(t.ordering_department_code, t.performing_department_code)
	WHERE t.period = month GROUP BY d.code, d.class, t.setting, t.category;
	INSERT INTO work.fact SELECT 'department', d.code, d.class, d.setting, s.measure, NULL, NULL, sum(s.quantity)
	FROM work.spent s JOIN hospital_cost.department d ON d.code = s.department GROUP BY d.code, d.class, d.setting, s.measure;
	INSERT INTO work.fact SELECT 'department', d.code, d.class, d.setting, 'listed', NULL, NULL, 0 FROM hospital_cost.department d;
END $$;

CREATE FUNCTION work.item_and_case_facts(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	names text[] := '{personnel,materials,billable_materials,drugs,depreciation,amortisation,risk_fund,other}';
	origins text[] := '{own,fiscal,science_education}';
	p record;
BEGIN
	FOR p IN SELECT i.item, i.funding_group, k.no, sum(i.component[k.no]) AS amount FROM work.item i CROSS JOIN generate_series(1, 8) AS k (no) GROUP BY 1, 2, 3 LOOP
		INSERT INTO work.fact VALUES ('item', coalesce(p.item, ''), CASE WHEN p.item IS NULL THEN 'unmatched' ELSE 'item' END, '', 'cost', names[p.no], origins[p.funding_group], p.amount);
	END LOOP;
	INSERT INTO work.fact SELECT 'item', v.item, 'item', m.setting, m.measure, NULL, NULL, sum(m.amount)
	FROM work.volume v CROSS JOIN LATERAL (VALUES ('quantity', 'item', v.quantity), ('income', '', v.income)) AS m (measure, setting, amount)
	WHERE EXISTS (SELECT FROM work.item i WHERE i.department = v.department AND i.item = v.item) GROUP BY v.item, m.setting, m.measure;
	-- Patients discharged in the month. The hospital has no diseases, groups or rates yet, so that all of them are of none.
	CREATE TEMP TABLE gone AS
	SELECT e.code, greatest(1, (e.ended_at AT TIME ZONE 'Asia/Shanghai')::date - (e.started_at AT TIME ZONE 'Asia/Shanghai')::date) AS days,
		(SELECT coalesce(sum(l.amount), 0) / 100.0 FROM hospital_cost._ledger l WHERE l.encounter_code = e.code AND l.period = month) AS income
	FROM hospital_cost.encounter e WHERE e.status = 'active' AND e.kind = 'inpatient' AND (e.ended_at AT TIME ZONE 'Asia/Shanghai')::date >= month
		AND (e.ended_at AT TIME ZONE 'Asia/Shanghai')::date < month + interval '1 month';
	FOR p IN SELECT CASE d.setting WHEN 'inpatient' THEN 'ward' ELSE 'other_unit' END AS kind, x.funding_group, k.no, sum(x.component[k.no]) AS amount
		FROM gone g JOIN work.patient x ON x.encounter = g.code JOIN hospital_cost.department d ON d.code = x.department CROSS JOIN generate_series(1, 8) AS k (no) GROUP BY 1, 2, 3 LOOP
		INSERT INTO work.fact SELECT o, '', 'failed', CASE p.no WHEN 4 THEN 'drugs' WHEN 3 THEN 'materials' ELSE p.kind END, 'cost', names[p.no], origins[p.funding_group], p.amount
		FROM unnest('{disease,drg}'::text[]) AS o;
	END LOOP;
	INSERT INTO work.fact SELECT o, '', 'failed', '', m.measure, NULL, NULL, sum(m.amount) FROM unnest('{disease,drg}'::text[]) AS o CROSS JOIN gone g
	CROSS JOIN LATERAL (VALUES ('cases', 1), ('bed_days', g.days), ('income', g.income), ('unpaid_cases', 1)) AS m (measure, amount) GROUP BY o, m.measure;
	DROP TABLE gone;
	CREATE INDEX ON work.fact (object, measure, member);
	ANALYZE work.fact;
END $$;

-- What a form counts on an axis: a line, or each member that has something in it.
CREATE FUNCTION work.make_places(form text, object text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	l hospital_cost.form_line;
	m record;
	n int;
	side text;
	wanted text[];
	origins text[];
BEGIN
	DELETE FROM work.place;
	SELECT array_agg(ltrim(x, '-')) || '{listed}' INTO wanted FROM hospital_cost.form_line f, unnest(f.measures || f.per) AS x WHERE f.form_code = form AND x IS NOT NULL;
	SELECT array_agg(x) INTO origins FROM hospital_cost.form_line f, unnest(coalesce(f.origins, '{own}')) AS x WHERE f.form_code = form AND f.axis = 'column';
	FOREACH side IN ARRAY '{row,column}'::text[] LOOP
		n := 0;
		FOR l IN SELECT * FROM hospital_cost.form_line f WHERE f.form_code = form AND f.axis = side ORDER BY f.position LOOP
			IF NOT l.each_member THEN
				n := n + 1;
				INSERT INTO work.place VALUES (side, n, NULL, NULL, l);
				CONTINUE;
			END IF;
			FOR m IN SELECT f.member, f.class FROM work.fact f WHERE f.object = make_places.object AND f.measure = ANY (wanted) AND (f.origin = ANY (origins)) IS NOT FALSE
				AND (f.class = ANY (l.classes)) IS NOT FALSE AND (f.setting = ANY (l.settings)) IS NOT FALSE GROUP BY f.member, f.class ORDER BY f.member COLLATE "C", f.class LOOP
				n := n + 1;
				INSERT INTO work.place VALUES (side, n, m.member, m.class, l);
			END LOOP;
		END LOOP;
	END LOOP;
END $$;

CREATE FUNCTION work.make_cell(form text, object text, r work.place, c work.place) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	rl hospital_cost.form_line := r.line;
	cl hospital_cost.form_line := c.line;
	measures text[] := coalesce(rl.measures, cl.measures);
	per text := coalesce(rl.per, cl.per);
	total numeric := 0;
	divisor numeric;
	f record;
BEGIN
	FOR f IN SELECT x.measure, sum(x.amount) AS amount FROM work.fact x
		WHERE x.object = make_cell.object AND x.measure = ANY (array_append(string_to_array(replace(array_to_string(measures, ','), '-', ''), ','), per))
			AND (r.member IS NULL OR x.member = r.member AND x.class = r.class) AND (c.member IS NULL OR x.member = c.member AND x.class = c.class)
			AND (x.class = ANY (rl.classes)) IS NOT FALSE AND (x.class = ANY (cl.classes)) IS NOT FALSE
			AND (x.setting = ANY (rl.settings)) IS NOT FALSE AND (x.setting = ANY (cl.settings)) IS NOT FALSE
			AND (x.component = ANY (rl.components)) IS NOT FALSE AND (x.component = ANY (cl.components)) IS NOT FALSE
			AND (x.origin = ANY (coalesce(rl.origins, cl.origins, '{own}'))) IS NOT FALSE GROUP BY x.measure LOOP
		IF f.measure = per THEN
			divisor := f.amount;
		END IF;
		IF f.measure = ANY (measures) THEN
			total := total + f.amount;
		ELSIF '-' || f.measure = ANY (measures) THEN
			total := total - f.amount;
		END IF;
	END LOOP;
	INSERT INTO work.form_cell VALUES (form, r.no, c.no, total, CASE WHEN per IS NULL THEN total ELSE round(total / nullif(divisor, 0), greatest(rl.decimals, cl.decimals)) END);
END $$;

CREATE FUNCTION work.twin_forms() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	y hospital_cost.form_layout;
	r work.place;
	c work.place;
	whole numeric;
BEGIN
	FOR y IN SELECT * FROM hospital_cost.form_layout LOOP
		PERFORM work.make_places(y.code, y.object);
		FOR r IN SELECT * FROM work.place p WHERE p.axis = 'row' LOOP
			FOR c IN SELECT * FROM work.place p WHERE p.axis = 'column' LOOP
				PERFORM work.make_cell(y.code, y.object, r, c);
			END LOOP;
		END LOOP;
		-- Ratios are of a total line.
		FOR r IN SELECT * FROM work.place p WHERE p.axis = 'row' LOOP
			FOR c IN SELECT * FROM work.place p WHERE p.axis = 'column' AND coalesce((r.line).ratio_of, (p.line).ratio_of) IS NOT NULL LOOP
				SELECT x.total INTO whole FROM work.form_cell x WHERE x.form = y.code
					AND x.row_no = coalesce((SELECT p.no FROM work.place p WHERE p.axis = 'row' AND p.member IS NULL AND (p.line).code = (r.line).ratio_of), r.no)
					AND x.col_no = CASE WHEN (r.line).ratio_of IS NOT NULL THEN c.no
						ELSE (SELECT p.no FROM work.place p WHERE p.axis = 'column' AND p.member IS NULL AND (p.line).code = (c.line).ratio_of) END;
				UPDATE work.form_cell x SET ratio = round(x.total / nullif(whole, 0), 6) WHERE x.form = y.code AND x.row_no = r.no AND x.col_no = c.no;
			END LOOP;
		END LOOP;
	END LOOP;
END $$;

CREATE FUNCTION work.twin(month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM work.twin_allocate(month), work.twin_activity(month), work.twin_patients(), work.twin_items(month);
	PERFORM work.department_facts(month), work.item_and_case_facts(month), work.twin_forms();
END $$;

-- Both have closed the month: departments and encounters to a cent, every cell of every form to five of them, as the twin rounds share by share.
CREATE FUNCTION work.compare(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	run int := (SELECT r.run_id FROM hospital_cost.run r WHERE r.period = month AND r.official);
	n bigint;
BEGIN
	SELECT count(*) INTO n FROM (SELECT coalesce(c.department, '') AS code, sum(c.direct + c.level1 + c.level2 + c.level3 - c.sent) AS full_cost FROM work.cost c GROUP BY 1) t
	FULL JOIN (SELECT coalesce(c.department_code, '') AS code, sum(c.full_cost) AS full_cost FROM hospital_cost.department_cost c WHERE c.run_id = run GROUP BY 1) o USING (code)
	WHERE (abs(t.full_cost - o.full_cost) <= 0.01) IS NOT TRUE;
	ASSERT n = 0, format('%s departments differ', n);
	SELECT count(*) INTO n FROM (SELECT p.encounter, sum((SELECT sum(x) FROM unnest(p.component) x)) AS total FROM work.patient p GROUP BY 1) t
	FULL JOIN (SELECT c.encounter_code AS encounter, sum(c.total) AS total FROM hospital_cost.encounter_cost c WHERE c.run_id = run AND c.encounter_code IS NOT NULL GROUP BY 1) o USING (encounter)
	WHERE (abs(t.total - o.total) <= 0.01) IS NOT TRUE;
	ASSERT n = 0, format('%s encounters differ', n);
	SELECT count(*) INTO n FROM work.form_cell t
	FULL JOIN (SELECT l.code AS form, f.row_no, f.col_no, f.amount, f.ratio FROM hospital_cost.form_layout l CROSS JOIN LATERAL hospital_cost.form(l.code, month) f) o USING (form, row_no, col_no)
	WHERE t.col_no IS NULL OR o.col_no IS NULL OR (t.amount IS NULL) <> (o.amount IS NULL) OR abs(t.amount - o.amount) > 0.05
		OR (t.ratio IS NULL) <> (o.ratio IS NULL) OR abs(t.ratio - o.ratio) > 0.0001;
	ASSERT n = 0, format('%s cells of forms differ', n);
	ASSERT (SELECT count(*) FROM work.form_cell) > 5000, 'the forms are empty';
END $$;
