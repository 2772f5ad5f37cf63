-- 60 allocation: direct cost from the hospital's tables: HRP vouchers, payroll, stores issues, depreciation.

INSERT INTO hospital_cost._feed (feed, room, function, entries, partitions) VALUES
	('costs', '60', 'hospital_cost.follow_feed', 'hospital_cost._direct_cost', true)
ON CONFLICT (feed) DO UPDATE SET room = excluded.room, function = excluded.function, entries = excluded.entries, partitions = excluded.partitions;

INSERT INTO hospital_cost._feed_target (feed, target, style, key_column, month_of, nothing, write_order, proof) VALUES
	('costs', 'hospital_cost._direct_cost', 'journal', 'source_key', 'COALESCE(period, (booked_at AT TIME ZONE {zone})::date)',
		'(amount IS NOT NULL OR credit IS NOT NULL) AND COALESCE(amount, 0) = COALESCE(credit, 0)', 'source_key', 'hospital_cost._verify_costs')
ON CONFLICT (feed) DO UPDATE SET target = excluded.target, style = excluded.style, key_column = excluded.key_column, month_of = excluded.month_of,
	nothing = excluded.nothing, write_order = excluded.write_order, proof = excluded.proof;

INSERT INTO hospital_cost._feed_column (feed, position, field, type, required, target, target_type, expression, fallback, allowed, master, unknown) VALUES
	('costs', 1, 'period', 'month', false, 'period', 'date',
		'COALESCE(period, hospital_cost.period_of((booked_at AT TIME ZONE {zone})::date))', NULL, NULL, NULL, NULL),
	('costs', 2, 'booked_at', 'time', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('costs', 3, 'department', 'code', false, 'department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('costs', 4, 'cost_item', 'code', false, 'cost_item_code', 'text', 'CASE WHEN cost_item IS NULL THEN ''other'' ELSE cost_item END', NULL, NULL,
		'hospital_cost.cost_item', 'unknown_cost_item'),
	('costs', 5, 'funding_source', 'code', false, 'funding_source', 'text', NULL, 'own',
		'{own,fiscal_basic,fiscal_project,non_peer,science_education}', NULL, 'unknown_value'),
	('costs', 6, 'cost_class', 'code', false, 'cost_class', 'text', NULL, 'medical', '{medical,disposal,remittance,subsidy,other}', NULL, 'unknown_value'),
	('costs', 7, 'amount', 'number', false, 'amount', 'numeric(22,8)', 'COALESCE(amount, 0) - COALESCE(credit, 0)', NULL, NULL, NULL, NULL),
	('costs', 8, 'credit', 'number', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('costs', 9, 'status', 'code', false, NULL, NULL, NULL, 'valid', '{valid,planned,void}', NULL, 'unknown_status')
ON CONFLICT (feed, position) DO UPDATE SET field = excluded.field, type = excluded.type, required = excluded.required, target = excluded.target,
	target_type = excluded.target_type, expression = excluded.expression, fallback = excluded.fallback, allowed = excluded.allowed,
	master = excluded.master, unknown = excluded.unknown;
INSERT INTO hospital_cost._feed_field (feed, field, required, type)
SELECT c.feed, c.field, c.field = 'amount', c.type FROM hospital_cost._feed_column c WHERE c.feed = 'costs' UNION ALL VALUES ('costs', 'source_key', true, 'row_key')
ON CONFLICT (feed, field) DO UPDATE SET required = excluded.required, type = excluded.type;

INSERT INTO hospital_cost._feed_check (feed, position, code, field, condition, expected, observed) VALUES
	('costs', 1, 'missing_value', 'period', 'period IS NULL AND booked_at IS NULL', NULL, NULL),
	('costs', 2, 'missing_value', 'amount', 'amount IS NULL AND credit IS NULL', NULL, NULL),
	('costs', 3, 'missing_value', 'cost_item', 'cost_item IS NULL AND cost_class = ''medical''', NULL, NULL),
	('costs', 4, 'unknown_cost_item', 'cost_item', 'cost_item IS NULL AND NOT EXISTS (SELECT FROM hospital_cost.cost_item i WHERE i.code = ''other'')', '''other''', NULL),
	('costs', 5, 'unreadable_value', 'amount', 'abs(COALESCE(amount, 0) - COALESCE(credit, 0)) >= 80000000000', NULL, 'COALESCE(amount, 0) - COALESCE(credit, 0)')
ON CONFLICT (feed, position) DO UPDATE SET code = excluded.code, field = excluded.field, condition = excluded.condition, expected = excluded.expected,
	observed = excluded.observed;
INSERT INTO hospital_cost._feed_issue (code, sqlstate, hint) VALUES
	('unknown_cost_item', 'MC621', 'Insert it into hospital_cost.cost_item, or attach the table again with this value in options.values.')
ON CONFLICT (code) DO UPDATE SET sqlstate = excluded.sqlstate, hint = excluded.hint;

CREATE OR REPLACE FUNCTION hospital_cost.attach_costs(relation regclass, columns jsonb, mode text DEFAULT 'flag', options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF jsonb_typeof(columns) = 'object' AND coalesce(columns -> 'period', 'null') = 'null' AND coalesce(columns -> 'booked_at', 'null') = 'null' THEN
		RAISE EXCEPTION 'the mapping of % lacks: period or booked_at', relation USING ERRCODE = 'MC201',
			HINT = 'Name the column of the accounting month, or that of the day it was booked.';
	END IF;
	PERFORM hospital_cost._attach_feed(relation, 'costs', columns, mode, options);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.detach_costs(relation regclass) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hospital_cost._detach(relation, 'costs');

-- What source rows that are not refused come to, by key, against what is booked for them. A key that a closed month keeps from being corrected is
-- explained by its issue.
CREATE OR REPLACE FUNCTION hospital_cost._verify_costs(a hospital_cost.attachment) RETURNS TABLE (identity text, expected numeric, actual numeric, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text := format('%s as %s', a.relation, a.feed);
BEGIN
	RETURN QUERY
	WITH cell AS MATERIALIZED (
		SELECT e.source_key, jsonb_object(ARRAY(SELECT c.field FROM hospital_cost._feed_column c WHERE c.feed = a.feed ORDER BY c.position), e.cells) AS f
		FROM hospital_cost._feed_expected(a, false) e
	), theirs AS (
		SELECT c.source_key, round(coalesce((c.f ->> 'amount')::numeric, 0) - coalesce((c.f ->> 'credit')::numeric, 0), 8) AS amount,
			c.f ->> 'department' AS department, coalesce(c.f ->> 'cost_item', 'other') AS cost_item, c.f ->> 'funding_source' AS funding_source,
			c.f ->> 'cost_class' AS cost_class, CASE WHEN c.f ->> 'period' IS NULL
				THEN to_char((c.f ->> 'booked_at')::timestamptz AT TIME ZONE hospital_cost.hospital_timezone(), 'YYYYMM')
				ELSE (SELECT m[1] || lpad(m[2], 2, '0') FROM regexp_match(c.f ->> 'period', '^(\d{4})\D?(1[0-2]|0?[1-9])') AS m) END AS period
		FROM cell c
	), ours AS (
		SELECT d.source_key, to_char(d.period, 'YYYYMM') AS period, d.department_code AS department, d.cost_item_code AS cost_item, d.funding_source, d.cost_class,
			sum(d.amount) AS amount
		FROM hospital_cost._direct_cost d WHERE d.source_id = a.source_id AND NOT EXISTS (SELECT FROM hospital_cost._finding f
			WHERE f.source_id = a.source_id AND f.source_key = d.source_key AND f.code = 'period_closed' AND f.state = 'open')
		GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(d.amount) <> 0
	), pair AS (
		SELECT coalesce(t.source_key, o.source_key) AS key, t.amount AS theirs, o.amount AS ours
		FROM (SELECT * FROM theirs x WHERE x.amount <> 0) t
		FULL JOIN ours o ON o.source_key = t.source_key AND (o.period, o.cost_item, o.funding_source, o.cost_class, coalesce(o.department, ''))
			= (t.period, t.cost_item, t.funding_source, t.cost_class, coalesce(t.department, ''))
	)
	SELECT v.* FROM (SELECT count(p.theirs)::numeric AS tc, count(p.ours)::numeric AS oc, coalesce(sum(p.theirs), 0) AS ta, coalesce(sum(p.ours), 0) AS oa,
		count(*) FILTER (WHERE p.theirs IS DISTINCT FROM p.ours)::numeric AS bad, min(p.key) FILTER (WHERE p.theirs IS DISTINCT FROM p.ours) AS first_bad FROM pair p) s
	CROSS JOIN LATERAL (VALUES (name || ': rows = rows booked', tc, oc, first_bad), (name || ': amount of rows = amount booked', ta, oa, first_bad),
		(name || ': rows that differ from what is booked', 0, bad, first_bad)) AS v (identity, expected, actual, example);
END $$;

COMMENT ON FUNCTION hospital_cost.attach_costs(regclass, jsonb, text, jsonb) IS
'Attaches a table of cost (挂接成本凭证表: HRP 凭证, 工资, 库房出库, 折旧): its rows are booked into direct_cost in the same transaction. direct_cost is append-only: a row that is changed or deleted there is taken back by a row with the opposite sign, and booked anew. A row whose month is closed, or whose booking stands in a closed month, is an issue (period_closed) and changes nothing until the month is reopened and refresh_feed called.
Keys that must be mapped: source_key (the key of the row, e.g. voucher and line), amount (金额; with credit mapped, the debit 借方), and period (会计期间: a date, 2025-03, 202503 or [year, month]) or booked_at (入账时间, whose day in the hospital''s time zone gives the month). Others: credit (贷方, subtracted), department (成本科室; empty: hospital level), cost_item (成本项目; only cost that is not medical may have none), funding_source (own, fiscal_basic, fiscal_project, non_peer, science_education), cost_class (medical, disposal, remittance, subsidy, other), status (valid, planned 未记账, void 作废; a planned or void row is not booked). Rows that come to nothing are not booked.
options: values {"cost_item": {"5001.02": "P01"}} translates account codes (科目) to cost items, "*" any other; status and backfill as attach_encounters.
Errors: as attach_encounters; in mode strict MC221, MC222, MC224, MC227, MC229, MC155, MC156, MC621. MC209: another source_key after booking';
COMMENT ON FUNCTION hospital_cost.detach_costs(regclass) IS 'Ends the attachment of a cost table (MC204 if there is none); what was booked stays';
COMMENT ON FUNCTION hospital_cost._verify_costs(hospital_cost.attachment) IS 'Identities between an attached cost table and what is booked from it';
