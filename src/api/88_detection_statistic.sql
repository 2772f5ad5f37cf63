-- 88 detection: statistical alerts. A value is far out where it is beyond k robust deviations of its history (by median and MAD), and the
-- difference matters, and there were cases enough to tell. MAD 0: any difference is beyond, so that the others decide.

INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES
	('examination_income', 'batch', '{"factor": {"type": "number", "minimum": 0, "default": 3, "description": "robust z = 0.6745 (x - median) / MAD above this"},
		"minimum_effect": {"type": "number", "minimum": 0, "default": 0.2, "description": "above the median by more than this part of it"},
		"minimum_cases": {"type": "integer", "minimum": 1, "default": 30, "description": "visits or bed-days of a month; months with fewer are not there"},
		"history_months": {"type": "integer", "minimum": 2, "maximum": 120, "default": 12, "description": "months before"},
		"minimum_months": {"type": "integer", "minimum": 2, "default": 6, "description": "fewer months before: no finding"},
		"minimum_peers": {"type": "integer", "minimum": 1, "default": 3, "description": "fewer others of its setting: the season is not taken out"},
		"categories": {"type": "items", "default": ["03"], "description": "charge categories: 03 examination, 04 laboratory"}}',
		'{}', 'hospital_cost._detect_examination', 'Examination income of a department per visit or bed-day, far above its history and the season (科室检查费异常偏高)'),
	('cost_trend', 'batch', '{"factor": {"type": "number", "minimum": 0, "default": 3, "description": "beyond so many robust deviations, 1.4826 MAD"},
		"minimum_effect": {"type": "number", "minimum": 0, "default": 0.2, "description": "and by more than this part of the median"},
		"minimum_amount": {"type": "number", "minimum": 0, "default": 1000, "description": "and by more than so many yuan"},
		"history_months": {"type": "integer", "minimum": 2, "maximum": 120, "default": 12, "description": "months before"},
		"minimum_months": {"type": "integer", "minimum": 2, "default": 6, "description": "fewer months before: no finding"}}',
		'{direct_cost}', 'hospital_cost._detect_cost_trend', 'Direct cost of a department and cost item far from its last months (成本异常波动)')
ON CONFLICT (kind) DO UPDATE SET timing = excluded.timing, parameters = excluded.parameters, needs = excluded.needs,
	detector = excluded.detector, description = excluded.description;

INSERT INTO hospital_cost._shipped_rule (code, name, name_en, kind, severity, message, message_en, legal_basis) VALUES
	('SD07', '科室检查费异常偏高', 'high examination income of a department', 'examination_income', 'lead', '科室检查费异常偏高，请核对编码', 'Check the lines and codes behind it', 'CA37'),
	('SD09', '成本异常波动', 'unusual movement of cost', 'cost_trend', 'lead', '科室成本异常波动，请分析原因', 'Find out why the cost moved', NULL)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parameters = excluded.parameters,
	severity = excluded.severity, message = excluded.message, message_en = excluded.message_en, legal_basis = excluded.legal_basis;

-- The season of a month is what the others of the setting did in it: the median of their ratios to their own medians. It is taken out of every month.
CREATE OR REPLACE FUNCTION hospital_cost._detect_examination(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'factor')::numeric AS factor, hospital_cost._parameter(rule, 'minimum_effect')::numeric AS effect,
			hospital_cost._parameter(rule, 'minimum_cases')::int AS cases, hospital_cost._parameter(rule, 'history_months')::int AS months,
			hospital_cost._parameter(rule, 'minimum_months')::int AS least, hospital_cost._parameter(rule, 'minimum_peers')::int AS peers,
			hospital_cost._parameter(rule, 'categories')::jsonb AS categories
	), cases AS MATERIALIZED (
		SELECT d.department_id, d.code, d.setting, w.period AS month, w.quantity FROM hospital_cost.workload w
		JOIN hospital_cost.department d ON d.code = w.department_code AND w.measure = CASE d.setting WHEN 'inpatient' THEN 'bed_days' ELSE 'visits' END
		CROSS JOIN o
		WHERE w.period <= _detect_examination.period AND w.period >= _detect_examination.period - o.months * interval '1 month' AND w.quantity >= o.cases
	), income AS MATERIALIZED (
		SELECT t.ordering_id, t.period AS month, sum(t.amount) * 0.01 AS amount FROM hospital_cost._item_total t CROSS JOIN o
		JOIN hospital_cost.charge_item i ON i.item_id = t.item_id AND o.categories ? i.category
		WHERE t.period <= _detect_examination.period AND t.period >= _detect_examination.period - o.months * interval '1 month' GROUP BY t.ordering_id, t.period
	), value AS MATERIALIZED (
		SELECT c.department_id, c.code, c.setting, c.month, c.quantity, round(coalesce(n.amount, 0) / c.quantity, 6) AS x FROM cases c
		LEFT JOIN income n ON n.ordering_id = c.department_id AND n.month = c.month
	), based AS MATERIALIZED (
		SELECT v.*, v.x / m.base AS ratio FROM value v
		JOIN (SELECT h.department_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY h.x)::numeric AS base FROM value h
			WHERE h.month < _detect_examination.period GROUP BY h.department_id) m ON m.department_id = v.department_id AND m.base > 0
	), adjusted AS MATERIALIZED (
		SELECT b.*, coalesce(s.season, 1) AS season, round(b.x / coalesce(s.season, 1), 6) AS y FROM based b CROSS JOIN o
		LEFT JOIN LATERAL (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY p.ratio)::numeric, 6) AS season FROM based p
			WHERE p.setting = b.setting AND p.month = b.month AND p.department_id <> b.department_id HAVING count(*) >= o.peers) s ON s.season > 0
	), own AS (
		SELECT b.*, m.median, m.months FROM adjusted b CROSS JOIN o
		CROSS JOIN LATERAL (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY h.y)::numeric, 6) AS median, count(*) AS months FROM adjusted h
			WHERE h.department_id = b.department_id AND h.month < _detect_examination.period) m
		WHERE b.month = _detect_examination.period AND m.months >= o.least AND m.median > 0
	), judged AS (
		SELECT n.*, d.mad FROM own n
		CROSS JOIN LATERAL (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h.y - n.median))::numeric, 6) AS mad FROM adjusted h
			WHERE h.department_id = n.department_id AND h.month < _detect_examination.period) d
	)
	SELECT 'department', a.code, '', NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'income_per_case', a.x::text,
		round(a.season * greatest(a.median * (1 + o.effect), a.median + o.factor * a.mad / 0.6745), 6)::text, NULL::numeric,
		round((a.y - a.median) * a.season * a.quantity, 2),
		jsonb_build_object('median', a.median, 'mad', a.mad, 'z', CASE WHEN a.mad > 0 THEN round(0.6745 * (a.y - a.median) / a.mad, 4) END, 'season', a.season,
			'cases', a.quantity, 'months', a.months, 'categories', o.categories)
	FROM judged a CROSS JOIN o
	WHERE a.y > a.median * (1 + o.effect) AND 0.6745 * (a.y - a.median) > o.factor * a.mad;
END;

CREATE OR REPLACE FUNCTION hospital_cost._detect_cost_trend(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH o AS MATERIALIZED (
		SELECT hospital_cost._parameter(rule, 'factor')::numeric AS factor, hospital_cost._parameter(rule, 'minimum_effect')::numeric AS effect,
			hospital_cost._parameter(rule, 'minimum_amount')::numeric AS amount, hospital_cost._parameter(rule, 'history_months')::int AS months,
			hospital_cost._parameter(rule, 'minimum_months')::int AS least
	), value AS MATERIALIZED (
		SELECT c.department_code, c.cost_item_code, c.period AS month, sum(c.amount) AS x FROM hospital_cost.direct_cost c CROSS JOIN o
		WHERE c.cost_class = 'medical' AND c.department_code IS NOT NULL AND c.period <= _detect_cost_trend.period
			AND c.period >= _detect_cost_trend.period - o.months * interval '1 month'
		GROUP BY c.department_code, c.cost_item_code, c.period
	), history AS (
		SELECT v.*, m.median, m.months FROM value v
		CROSS JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY h.x)::numeric AS median, count(*) AS months FROM value h
			WHERE h.department_code = v.department_code AND h.cost_item_code = v.cost_item_code AND h.month < _detect_cost_trend.period) m CROSS JOIN o
		WHERE v.month = _detect_cost_trend.period AND m.months >= o.least
	), judged AS (
		SELECT n.*, abs(n.x - n.median) AS away, d.mad FROM history n
		CROSS JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h.x - n.median))::numeric AS mad FROM value h
			WHERE h.department_code = n.department_code AND h.cost_item_code = n.cost_item_code AND h.month < _detect_cost_trend.period) d
	)
	SELECT 'department', j.department_code, j.cost_item_code, NULL::text, NULL::text, NULL::smallint, NULL::text, NULL::bigint, NULL::bigint, 'direct_cost', round(j.x, 2)::text,
		round(j.median + sign(j.x - j.median) * greatest(o.factor * 1.4826 * j.mad, o.effect * abs(j.median), o.amount), 2)::text, NULL::numeric, round(j.away, 2),
		jsonb_build_object('cost_item', j.cost_item_code, 'median', round(j.median, 2), 'mad', round(j.mad, 2), 'months', j.months)
	FROM judged j CROSS JOIN o
	WHERE j.away > o.factor * 1.4826 * j.mad AND j.away > o.effect * abs(j.median) AND j.away > o.amount;
END;

COMMENT ON FUNCTION hospital_cost._detect_examination(date, hospital_cost.rule) IS 'SD07: departments whose examination income per case of a month is far above their history';
COMMENT ON FUNCTION hospital_cost._detect_cost_trend(date, hospital_cost.rule) IS 'SD09: cost of departments and cost items of a month far from the months before';
