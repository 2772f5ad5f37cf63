-- 20 posting: history, and questions about one encounter.

-- Months from the newest to the oldest; in each the rows without an entry. What is posted is not posted again, so a second call goes on where the first
-- stopped, after an error or after step_rows.
CREATE OR REPLACE FUNCTION hospital_cost.backfill(relation regclass, day_from date DEFAULT '-infinity', day_to date DEFAULT 'infinity',
	step_rows bigint DEFAULT NULL)
RETURNS TABLE (period hospital_cost.period_month, outcome text, row_count bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a hospital_cost.attachment := hospital_cost._attached(relation, 'charges');
	m record;
	room bigint := step_rows;
	wanted text[];
	versions smallint[];
BEGIN
	PERFORM hospital_cost._require_read_committed();
	IF (day_from < day_to) IS NOT TRUE OR step_rows <= 0 THEN
		RAISE EXCEPTION 'nothing lies between % and %', day_from, day_to USING ERRCODE = 'MC217',
			DETAIL = format('step_rows is %s.', coalesce(step_rows::text, 'null')),
			HINT = 'Give the first day and the day after the last, and a positive number of rows or null.';
	END IF;
	PERFORM pg_advisory_xact_lock(18500, a.source_id);
	FOR m IN
		WITH state AS MATERIALIZED (
			SELECT s.* FROM hospital_cost._source_state(a) s
			WHERE s.has_row AND s.entries <= 0 AND s.source_key IS NOT NULL AND s.day >= day_from AND s.day < day_to AND isfinite(s.day)
		)
		-- A refund waits for the month of what it gives back.
		SELECT hospital_cost.period_of(least(s.day, o.day)) AS month, array_agg(s.source_key ORDER BY s.source_key COLLATE "C") AS keys,
			array_agg(coalesce(s.last_version, 0)::smallint ORDER BY s.source_key COLLATE "C") AS versions
		FROM state s LEFT JOIN (SELECT x.source_key, min(x.day) AS day FROM state x GROUP BY x.source_key) o ON o.source_key = s.reverses
		GROUP BY 1 ORDER BY 1 DESC LOOP
		wanted := m.keys[: coalesce(room, cardinality(m.keys))];
		versions := m.versions[: coalesce(room, cardinality(m.keys))];
		RETURN QUERY SELECT m.month, p.outcome, p.row_count FROM hospital_cost._post_keys(a, wanted, versions, false) p WHERE p.row_count > 0;
		IF cardinality(wanted) < cardinality(m.keys) THEN
			RETURN QUERY VALUES (m.month, 'waiting', (cardinality(m.keys) - cardinality(wanted))::bigint);
		END IF;
		room := room - cardinality(wanted);
	END LOOP;
END $$;

-- The same code as posting, over no table.
CREATE OR REPLACE FUNCTION hospital_cost._quote_line(encounter text, item text, quantity numeric, day date, price_class text)
RETURNS TABLE (price_class text, unit_price numeric, amount numeric, issue text)
AS 'MODULE_PATHNAME', 'hc_quote_line'
LANGUAGE C STABLE PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost.quote(encounter text, items jsonb)
RETURNS TABLE (line bigint, item_code text, item_name text, quantity numeric, unit_price numeric, amount numeric, issue text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF jsonb_typeof(items) IS DISTINCT FROM 'array' OR EXISTS (SELECT FROM jsonb_array_elements(items) AS x (v)
		WHERE jsonb_typeof(x.v) <> 'object' OR coalesce(x.v ->> 'item', '') = '' OR jsonb_typeof(coalesce(x.v -> 'quantity', '1')) <> 'number') THEN
		RAISE EXCEPTION 'the items of a quote are not a list of items' USING ERRCODE = 'MC218',
			HINT = 'Write [{"item": "code", "quantity": 1}, …]; "price_class" may be added to each.';
	END IF;
	RETURN QUERY
	SELECT x.ord, x.v ->> 'item', i.name, coalesce((x.v ->> 'quantity')::numeric, 1)::numeric(16,4), q.unit_price::numeric(16,6), q.amount::numeric(18,2), q.issue
	FROM jsonb_array_elements(items) WITH ORDINALITY AS x (v, ord)
	LEFT JOIN hospital_cost.charge_item i ON i.code = x.v ->> 'item'
	CROSS JOIN LATERAL hospital_cost._quote_line(encounter, x.v ->> 'item', coalesce((x.v ->> 'quantity')::numeric, 1),
		hospital_cost.hospital_day(now()), x.v ->> 'price_class') q
	ORDER BY x.ord;
END $$;

COMMENT ON FUNCTION hospital_cost.backfill(regclass, date, date, bigint) IS 'Posts the history of an attached table (历史补录): rows of the days day_from to before day_to that have no entry, newest month first, at most step_rows of them in one call. Returns by month what became of them, and how many wait for the next call. To be called again until nothing waits; what is posted is never posted twice. MC204, MC208 as post_pending, MC217 no days';
COMMENT ON FUNCTION hospital_cost._quote_line(text, text, numeric, date, text) IS 'Price and amount of one line as posting would compute them, and the issue that would block it';
COMMENT ON FUNCTION hospital_cost.quote(text, jsonb) IS 'What items would cost a patient today (费用试算), by the code that posts: items is [{"item": code, "quantity": 1}]; the price class is that of the line, else of the encounter, else standard. A line that could not be posted has an issue and no amount. Writes nothing. MC218 items cannot be read';
