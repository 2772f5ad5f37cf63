-- 90 reporting: the cells of a form, from its layout and its facts. A ratio is a quotient of sums, never a mean of ratios.
-- The planner takes a layout for a handful of lines; a form of all items has cells by the ten thousand, and looping over them takes their square.

CREATE OR REPLACE FUNCTION hospital_cost._form_cell(form text, period_from date, period_to date, scope text, language text, first date)
RETURNS TABLE (row_no int, row_code text, row_name text, col_no int, col_code text, col_name text, amount numeric, ratio numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
BEGIN ATOMIC
	WITH line AS MATERIALIZED (
		SELECT l.* FROM hospital_cost.form_line l WHERE l.form_code = _form_cell.form
	), ladder AS (
		SELECT CASE _form_cell.scope WHEN 'medical' THEN '{own}'::text[] WHEN 'medical_full' THEN '{own,fiscal}'
			ELSE '{own,fiscal,science_education,disposal,remittance,subsidy,other}' END AS origins
	), wanted AS MATERIALIZED (
		SELECT array_agg(DISTINCT ltrim(m.measure, '-')) || 'listed'::text AS measures,
			(SELECT array_agg(DISTINCT o.origin) FROM line c CROSS JOIN ladder s CROSS JOIN LATERAL unnest(coalesce(c.origins, s.origins)) AS o (origin)
				WHERE c.axis = 'column') AS origins
		FROM line l CROSS JOIN LATERAL unnest(l.measures || l.per) AS m (measure) WHERE m.measure IS NOT NULL
	), fact AS MATERIALIZED (
		SELECT f.in_range, f.in_year, f.member, max(f.name) AS name, f.class, f.setting, f.measure, f.component, f.origin, sum(f.amount) AS amount
		FROM hospital_cost.form_layout y CROSS JOIN wanted w
		CROSS JOIN LATERAL hospital_cost._form_fact(y.object, _form_cell.period_from, _form_cell.period_to, w.measures, _form_cell.first) f
		WHERE y.code = _form_cell.form
		GROUP BY f.in_range, f.in_year, f.member, f.class, f.setting, f.measure, f.component, f.origin
	), place AS MATERIALIZED (
		-- A line of each member becomes one place for every member that passes its filters.
		SELECT l.axis, l.code AS line_code, l.each_member, m.member, m.class, l.classes, l.settings, l.measures, l.components, l.origins, l.per,
			l.decimals, l.ratio_of, l.span, coalesce(nullif(m.member, ''), l.code) AS code,
			coalesce(m.name, CASE _form_cell.language WHEN 'en' THEN l.name_en ELSE l.name_zh END) AS name,
			(row_number() OVER (PARTITION BY l.axis ORDER BY l.position, m.member, m.class))::int AS no
		FROM line l
		LEFT JOIN LATERAL (
			SELECT f.member, f.class, max(f.name) AS name FROM fact f CROSS JOIN wanted w
			WHERE l.each_member AND f.in_range AND (f.origin = ANY (w.origins)) IS NOT FALSE
				AND (f.class = ANY (l.classes)) IS NOT FALSE AND (f.setting = ANY (l.settings)) IS NOT FALSE
			GROUP BY f.member, f.class) m ON true
		WHERE NOT l.each_member OR m.member IS NOT NULL
	), in_row AS (
		SELECT r.no AS row_no, f.* FROM place r JOIN fact f ON f.member = r.member AND f.class = r.class
		WHERE r.axis = 'row' AND r.each_member AND (f.setting = ANY (r.settings)) IS NOT FALSE AND (f.component = ANY (r.components)) IS NOT FALSE
		UNION ALL
		SELECT r.no, f.* FROM place r JOIN fact f ON (f.class = ANY (r.classes)) IS NOT FALSE AND (f.setting = ANY (r.settings)) IS NOT FALSE
		WHERE r.axis = 'row' AND NOT r.each_member AND (f.component = ANY (r.components)) IS NOT FALSE
	), in_cell AS (
		SELECT f.row_no, c.no AS col_no, f.in_range, f.in_year, f.measure, f.origin, f.amount
		FROM place c JOIN in_row f ON f.member = c.member AND f.class = c.class
		WHERE c.axis = 'column' AND c.each_member AND (f.setting = ANY (c.settings)) IS NOT FALSE AND (f.component = ANY (c.components)) IS NOT FALSE
		UNION ALL
		SELECT f.row_no, c.no, f.in_range, f.in_year, f.measure, f.origin, f.amount
		FROM place c JOIN in_row f ON (f.class = ANY (c.classes)) IS NOT FALSE AND (f.setting = ANY (c.settings)) IS NOT FALSE
		WHERE c.axis = 'column' AND NOT c.each_member AND (f.component = ANY (c.components)) IS NOT FALSE
	), crossing AS MATERIALIZED (
		SELECT r.no AS row_no, c.no AS col_no, coalesce(r.measures, c.measures) AS measures, coalesce(r.per, c.per) AS per,
			coalesce(r.origins, c.origins, s.origins) AS origins,
			'year' IN (r.span, c.span) AS year
		FROM place r CROSS JOIN place c CROSS JOIN ladder s WHERE r.axis = 'row' AND c.axis = 'column'
	), total AS MATERIALIZED (
		SELECT x.row_no, x.col_no, x.per,
			coalesce(sum(CASE WHEN f.measure = ANY (x.measures) THEN f.amount ELSE -f.amount END)
				FILTER (WHERE f.measure = ANY (x.measures) OR '-' || f.measure = ANY (x.measures)), 0) AS amount,
			sum(f.amount) FILTER (WHERE f.measure = x.per) AS divisor
		FROM crossing x
		LEFT JOIN in_cell f ON f.row_no = x.row_no AND f.col_no = x.col_no AND CASE WHEN x.year THEN f.in_year ELSE f.in_range END
			AND (f.origin = ANY (x.origins)) IS NOT FALSE
		GROUP BY x.row_no, x.col_no, x.per
	)
	SELECT r.no, r.code, r.name, c.no, c.code, c.name,
		CASE WHEN t.per IS NOT NULL THEN round(t.amount / nullif(t.divisor, 0), greatest(r.decimals, c.decimals))
			WHEN t.amount = round(t.amount, 2) THEN round(t.amount, 2) ELSE trim_scale(t.amount) END,
		round(t.amount / nullif(whole.amount, 0), 6)
	FROM total t
	JOIN place r ON r.axis = 'row' AND r.no = t.row_no
	JOIN place c ON c.axis = 'column' AND c.no = t.col_no
	LEFT JOIN place wr ON wr.axis = 'row' AND NOT wr.each_member AND wr.line_code = r.ratio_of
	LEFT JOIN place wc ON wc.axis = 'column' AND NOT wc.each_member AND wc.line_code = c.ratio_of AND r.ratio_of IS NULL
	LEFT JOIN total whole ON whole.row_no = coalesce(wr.no, r.no) AND whole.col_no = coalesce(wc.no, c.no)
		AND (wr.no IS NOT NULL OR wc.no IS NOT NULL);
END;
