-- The auditor's books against the ledger, all of them. What does not fit is kept with the step at which it was first seen.
CREATE TABLE model.difference (step int, what text, detail text);

-- Every entry ever made. Numbers of the two books differ, so a reversal is told by the key and the amount of what it reverses.
CREATE VIEW model.engine_entry AS
SELECT l.source::text AS source, l.source_key AS key, l.kind, l.encounter_code AS encounter, l.item_code AS item, l.ordering_department_code AS ordering,
	l.performing_department_code AS performing, l.ward_department_code AS ward, l.quantity, l.unit_price AS price, l.amount, l.charged_at AS at, l.service_day AS day,
	l.period::date AS period, ARRAY(SELECT f FROM unnest(l.flags) AS f ORDER BY f) AS flags, o.source_key AS of_key, o.amount AS of_amount,
	NOT 'source_changed' = ANY (l.flags) AND NOT EXISTS (SELECT FROM hospital_cost._ledger r WHERE r.reverses = l.entry_id AND r.flags & 64 <> 0) AS is_live
FROM hospital_cost.ledger l LEFT JOIN hospital_cost.ledger o ON o.entry_id = l.reverses;
CREATE VIEW model.model_entry AS
SELECT e.source, e.key, e.kind, e.encounter, e.item, e.ordering, e.performing, e.ward, e.quantity, e.price, e.amount, e.at, e.day, e.period, e.flags,
	o.key AS of_key, o.amount AS of_amount, e.is_live
FROM model.entry e LEFT JOIN model.entry o ON o.id = e.reverses;
CREATE VIEW model.total AS
SELECT e.period, e.ordering, e.performing, i.category, coalesce(od.setting, pd.setting) AS setting, count(*) AS entries, sum(e.amount) AS amount
FROM model.entry e JOIN hospital_cost.charge_item i ON i.code = e.item JOIN hospital_cost.department pd ON pd.code = e.performing
LEFT JOIN hospital_cost.department od ON od.code = e.ordering GROUP BY 1, 2, 3, 4, 5;

-- Source rows without an entry, with whether something says why.
CREATE FUNCTION model.unposted() RETURNS TABLE (source text, key text, is_explained boolean) LANGUAGE sql AS $$
	SELECT s.name, r.key, EXISTS (SELECT FROM model.issue i WHERE i.source = s.name AND i.key = r.key AND i.is_blocking)
	FROM model.source s CROSS JOIN LATERAL model.rows(s) r
	WHERE NOT EXISTS (SELECT FROM model.entry e WHERE e.source = s.name AND e.key = r.key AND e.is_live) $$;
-- Tables whose rows and entries do not agree: changed behind the triggers, waiting in a queue, held by a closed month, one of two messages with one key gone.
CREATE FUNCTION model.disagrees() RETURNS TABLE (source text, key text) LANGUAGE plpgsql AS $$
DECLARE
	s model.source;
BEGIN
	FOR s IN SELECT * FROM model.source LOOP
		RETURN QUERY
		WITH here AS MATERIALIZED (SELECT r AS charge, r.key FROM model.rows(s) r), live AS MATERIALIZED (SELECT e FROM model.entry e WHERE e.source = s.name AND e.is_live)
		SELECT s.name, x.key FROM (
			SELECT coalesce(h.key, (l.e).key) AS key, count((l.e).id) > 0 AS has_entry, count(h.key) > 0 AS has_row, bool_or(model.differs(s, h.charge, l.e) IS NULL) AS agrees
			FROM here h FULL JOIN live l ON (l.e).key = h.key GROUP BY 1) x
		WHERE CASE WHEN NOT x.has_entry THEN NOT EXISTS (SELECT FROM model.issue i WHERE i.source = s.name AND i.key = x.key AND i.is_blocking)
			ELSE NOT (x.has_row AND x.agrees) END;
	END LOOP;
END $$;
-- Originals that stand below what was given back, because they were changed later: by month of their refunds.
CREATE VIEW model.overdrawn AS
SELECT r.period, count(DISTINCT (r.source, r.of_key)) AS n FROM model.entry r
WHERE r.of_key IS NOT NULL AND EXISTS (
	SELECT FROM (SELECT e.quantity, e.amount FROM model.entry e WHERE e.source = r.source AND e.key = r.of_key AND e.is_live
		UNION ALL SELECT e.quantity, e.amount FROM model.entry e WHERE e.source = r.source AND e.of_key = r.of_key AND e.is_live) x
	HAVING sum(x.quantity) < 0 OR sum(x.amount) < 0)
GROUP BY 1;

CREATE FUNCTION model.compare(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	bad text[];
BEGIN
	ANALYZE hospital_cost._ledger, hospital_cost._finding, model.entry, model.issue;
	bad := ARRAY(SELECT DISTINCT d.source FROM model.disagrees() d);
	INSERT INTO model.difference
	(SELECT step, 'entry in the model only', x::text FROM (TABLE model.model_entry EXCEPT ALL TABLE model.engine_entry) x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'entry in the ledger only', x::text FROM (TABLE model.engine_entry EXCEPT ALL TABLE model.model_entry) x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'two live entries', x::text FROM (SELECT e.source, e.key FROM model.engine_entry e WHERE e.is_live GROUP BY 1, 2 HAVING count(*) > 1) x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'charge_total', x::text FROM ((TABLE model.total EXCEPT TABLE hospital_cost.charge_total) UNION ALL (TABLE hospital_cost.charge_total EXCEPT TABLE model.total)) x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'issue in the model only', x::text FROM (SELECT i.source, i.key, i.code, i.is_blocking FROM model.issue i
		EXCEPT SELECT i.source::text, i.source_key, i.code, i.severity = 'blocking' FROM hospital_cost.posting_issue i WHERE i.state = 'open') x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'issue in posting_issue only', x::text FROM (SELECT i.source::text, i.source_key, i.code, i.severity = 'blocking' FROM hospital_cost.posting_issue i WHERE i.state = 'open'
		EXCEPT SELECT i.source, i.key, i.code, i.is_blocking FROM model.issue i) x LIMIT 4);
	INSERT INTO model.difference
	(WITH m AS MATERIALIZED (SELECT * FROM model.unposted()),
		e AS MATERIALIZED (SELECT s.name, u.source_key, u.issue IS NOT NULL FROM model.source s CROSS JOIN LATERAL hospital_cost.unposted(s.name::regclass) u)
	SELECT step, 'unposted', x::text FROM ((SELECT 'model', m.* FROM (TABLE m EXCEPT ALL TABLE e) m) UNION ALL (SELECT 'engine', e.* FROM (TABLE e EXCEPT ALL TABLE m) e)) x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'keys set aside', x::text FROM ((SELECT q.key FROM model.queue q EXCEPT SELECT p.source_key FROM hospital_cost._pending p)
		UNION ALL (SELECT p.source_key FROM hospital_cost._pending p EXCEPT SELECT q.key FROM model.queue q)) x LIMIT 4);
	INSERT INTO model.difference
	(SELECT step, 'verify_ledger', x::text FROM (SELECT p.period, v.* FROM hospital_cost.period p CROSS JOIN LATERAL hospital_cost.verify_ledger(p.period) v
		LEFT JOIN model.overdrawn o ON o.period = p.period AND v.identity = 'refunds above their original'
		WHERE v.difference <> coalesce(o.n, 0) AND NOT split_part(v.identity, ':', 1) = ANY (bad)) x LIMIT 4);
END $$;
