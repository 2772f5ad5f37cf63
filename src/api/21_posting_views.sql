-- 20 posting: what the ledger says.

CREATE OR REPLACE VIEW hospital_cost.ledger AS
SELECT l.entry_id,
	CASE l.kind WHEN 1 THEN 'post' WHEN 2 THEN 'reverse' ELSE 'adjust' END AS kind,
	a.relation AS source,
	CASE WHEN l.source_key_text = '' THEN l.source_key::text ELSE l.source_key_text END AS source_key,
	l.version,
	l.encounter_code,
	i.code AS item_code, i.name AS item_name, i.category,
	od.code AS ordering_department_code, pd.code AS performing_department_code, wd.code AS ward_department_code,
	(l.quantity * 0.0001)::numeric(16,4) AS quantity,
	(l.unit_price * 0.000001)::numeric(16,6) AS unit_price,
	(l.amount * 0.01)::numeric(18,2) AS amount,
	l.charged_at, l.service_day, l.period,
	array_remove(ARRAY[
		CASE WHEN l.flags & 1 <> 0 THEN 'price_differs' END, CASE WHEN l.flags & 2 <> 0 THEN 'amount_differs' END,
		CASE WHEN l.flags & 4 <> 0 THEN 'late' END, CASE WHEN l.flags & 8 <> 0 THEN 'closes_line' END,
		CASE WHEN l.flags & 16 <> 0 THEN 'above_limit' END, CASE WHEN l.flags & 32 <> 0 THEN 'rounded' END,
		CASE WHEN l.flags & 64 <> 0 THEN 'source_changed' END], NULL) AS flags,
	nullif(l.reverses, 0) AS reverses,
	a.relation_name AS source_name,
	d.operator, d.doctor, d."order", d.discount, d.approved_by, d.days, d.fund_amount, d.reimbursable, d.trace_code, d.settlement
FROM hospital_cost._ledger l
JOIN hospital_cost.attachment a ON a.source_id = l.source_id
JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
JOIN hospital_cost.department pd ON pd.department_id = l.performing_id
LEFT JOIN hospital_cost.department od ON od.department_id = l.ordering_id
LEFT JOIN hospital_cost.department wd ON wd.department_id = l.ward_id
LEFT JOIN hospital_cost._charge_detail d ON d.entry_id = l.entry_id;

CREATE OR REPLACE VIEW hospital_cost._item_total AS
SELECT t.period, t.ordering_id, t.performing_id, t.item_id,
	sum(t.entries)::bigint AS entries, sum(t.quantity) AS quantity, sum(t.amount) AS amount
FROM (TABLE hospital_cost._charge_total UNION ALL TABLE hospital_cost._charge_delta) t
GROUP BY t.period, t.ordering_id, t.performing_id, t.item_id;

-- Aggregated once, by numbers; names come last, to a few rows.
CREATE OR REPLACE VIEW hospital_cost.charge_total AS
SELECT t.period, od.code AS ordering_department_code, pd.code AS performing_department_code, t.category,
	coalesce(od.setting, pd.setting) AS setting, t.entries::bigint AS entries, (t.amount * 0.01)::numeric(18,2) AS amount
FROM (SELECT x.period, x.ordering_id, x.performing_id, i.category, sum(x.entries) AS entries, sum(x.amount) AS amount
	FROM (TABLE hospital_cost._charge_total UNION ALL TABLE hospital_cost._charge_delta) x
	JOIN hospital_cost.charge_item i ON i.item_id = x.item_id
	GROUP BY x.period, x.ordering_id, x.performing_id, i.category) t
JOIN hospital_cost.department pd ON pd.department_id = t.performing_id
LEFT JOIN hospital_cost.department od ON od.department_id = t.ordering_id;

CREATE OR REPLACE VIEW hospital_cost.posting_issue AS
SELECT f.finding_id AS issue_id, a.relation AS source, f.source_key, f.code, f.severity, f.field, f.expected, f.observed,
	f.encounter_code, f.item_code, f.period, f.entry_id, f.state, f.found_at, f.closed_at,
	a.relation_name AS source_name, f.finding_id, f.class, f.closed_by, f.note
FROM hospital_cost._finding f
JOIN hospital_cost.attachment a ON a.source_id = f.source_id
WHERE f.class = 'data';

CREATE OR REPLACE FUNCTION hospital_cost.compact_totals() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH gone AS (
		DELETE FROM hospital_cost._charge_delta d RETURNING d.*
	), merged AS (
		INSERT INTO hospital_cost._charge_total AS t
		SELECT g.period, g.ordering_id, g.performing_id, g.item_id, sum(g.entries), sum(g.quantity), sum(g.amount)
		FROM gone g GROUP BY 1, 2, 3, 4
		ON CONFLICT (period, ordering_id, performing_id, item_id) DO UPDATE
			SET entries = t.entries + excluded.entries, quantity = t.quantity + excluded.quantity,
				amount = t.amount + excluded.amount
	)
	SELECT count(*) FROM gone;
END;

CREATE OR REPLACE TRIGGER guard_ledger BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._ledger FOR EACH STATEMENT
	EXECUTE FUNCTION hospital_cost._refuse_change('The ledger is append-only: correct the row in the hospital''s table, it is reversed and posted again.');

CREATE OR REPLACE TRIGGER guard_charge_detail BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost._charge_detail FOR EACH STATEMENT
	EXECUTE FUNCTION hospital_cost._refuse_change('Details of charges are append-only, as the ledger is: correct the row in the hospital''s table.');

CREATE OR REPLACE FUNCTION hospital_cost._refuse_truncate() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION 'table % is attached and cannot be truncated', TG_RELID::regclass USING ERRCODE = 'MC206',
		HINT = 'Delete rows, so that each is reversed in the ledger, or detach the table first.';
END $$;

-- Masters that entries point to stay: the hot path has no foreign keys, so the guard stands here.
CREATE OR REPLACE FUNCTION hospital_cost._master_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Charges that are being posted are not seen yet. Waiting for them would make every poster wait behind us, so this does not wait.
	BEGIN
		LOCK TABLE hospital_cost._ledger IN SHARE MODE NOWAIT;
	EXCEPTION WHEN lock_not_available THEN
		RAISE EXCEPTION 'charges are being posted, so nobody can tell whether this row of % is used', TG_TABLE_NAME
			USING ERRCODE = 'MC213', HINT = 'Try again; most often the moment is over in milliseconds.';
	END;
	IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT FROM hospital_cost._ledger) THEN
		RETURN NULL;
	ELSIF TG_OP <> 'TRUNCATE' AND NOT EXISTS (
		SELECT FROM hospital_cost._ledger l
		WHERE CASE TG_TABLE_NAME WHEN 'charge_item' THEN l.item_id = (to_jsonb(OLD) ->> 'item_id')::int
			ELSE (to_jsonb(OLD) ->> 'department_id')::int IN (l.ordering_id, l.performing_id, l.ward_id) END) THEN
		RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
	END IF;
	RAISE EXCEPTION '% is used by the ledger', CASE TG_OP WHEN 'TRUNCATE' THEN TG_TABLE_NAME::text
		ELSE format('%s "%s"', TG_TABLE_NAME, OLD.code) END
		USING ERRCODE = 'MC211', HINT = 'End its validity instead, or give it another name; the code of what was charged stays.';
END $$;
CREATE OR REPLACE TRIGGER guard_used BEFORE DELETE ON hospital_cost.charge_item
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._master_guard();
CREATE OR REPLACE TRIGGER guard_used_key BEFORE UPDATE OF item_id, code ON hospital_cost.charge_item FOR EACH ROW
	WHEN (OLD.item_id <> NEW.item_id OR OLD.code <> NEW.code) EXECUTE FUNCTION hospital_cost._master_guard();
CREATE OR REPLACE TRIGGER guard_used_all BEFORE TRUNCATE ON hospital_cost.charge_item
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._master_guard();
CREATE OR REPLACE TRIGGER guard_used BEFORE DELETE ON hospital_cost.department
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._master_guard();
CREATE OR REPLACE TRIGGER guard_used_key BEFORE UPDATE OF department_id, code ON hospital_cost.department FOR EACH ROW
	WHEN (OLD.department_id <> NEW.department_id OR OLD.code <> NEW.code) EXECUTE FUNCTION hospital_cost._master_guard();
CREATE OR REPLACE TRIGGER guard_used_all BEFORE TRUNCATE ON hospital_cost.department
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._master_guard();

CREATE OR REPLACE FUNCTION hospital_cost._timezone_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM hospital_cost._ledger) OR EXISTS (SELECT FROM hospital_cost._payment) THEN
		RAISE EXCEPTION 'the time zone cannot change once charges or payments are posted' USING ERRCODE = 'MC212',
			DETAIL = format('It is "%s"; every day in the ledger was decided by it.', OLD.timezone),
			HINT = 'Keep the time zone of the posted days.';
	END IF;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_timezone_posted BEFORE UPDATE OF timezone ON hospital_cost.hospital FOR EACH ROW
	WHEN (OLD.timezone <> NEW.timezone) EXECUTE FUNCTION hospital_cost._timezone_guard();
