-- One random operation of a HIS on his.fee: clean and unclean rows, one or several at once, some of it rolled back.
CREATE FUNCTION model.one_of(variadic choices text[]) RETURNS text LANGUAGE sql VOLATILE RETURN choices[1 + floor(random() * cardinality(choices))::int];
CREATE FUNCTION model.row(at timestamptz DEFAULT timestamptz '2025-02-01 00:00+08' + random() * interval '89 days') RETURNS TABLE (visit text, item text, qty numeric,
	price numeric, total numeric, ordered_by text, done_by text, happened timestamptz) LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN random() < 0.02 THEN ' ' ELSE 'E' || floor(random() * 40) END,
		CASE WHEN random() < 0.05 THEN 'I4' ELSE model.one_of('I1', 'I2', 'I3', ' I1', 'I2 ') END,
		CASE WHEN random() < 0.02 THEN NULL WHEN random() < 0.02 THEN 'NaN' WHEN random() < 0.1 THEN round((random() * 10)::numeric, 6) ELSE floor(random() * 5)::numeric + 1 END,
		CASE WHEN random() < 0.4 THEN NULL ELSE round((random() * 50)::numeric, floor(random() * 8)::int) END,
		CASE WHEN random() < 0.7 THEN NULL ELSE round((random() * 99)::numeric, 3) END,
		model.one_of('C1', 'T1', NULL, ''), CASE WHEN random() < 0.03 THEN 'TX' ELSE model.one_of('T1', 'T2', ' T2 ') END,
		CASE WHEN random() < 0.02 THEN 'infinity' WHEN random() < 0.02 THEN '2025-06-01 10:00+08' ELSE at END $$;
CREATE FUNCTION model.operate() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	dice float := random();
	top bigint := (SELECT coalesce(max(id), 0) FROM his.fee);
	a bigint := (SELECT id FROM his.fee ORDER BY random() LIMIT 1);
	b bigint := (SELECT id FROM his.fee WHERE id <> a ORDER BY random() LIMIT 1);
BEGIN
	IF dice < 0.40 OR a IS NULL THEN
		INSERT INTO his.fee (id, visit, item, qty, price, total, ordered_by, done_by, at)
		SELECT top + i, r.* FROM generate_series(1, 1 + floor(random() * 4)::int) i CROSS JOIN LATERAL (SELECT x.* FROM model.row() x WHERE i > 0) r;
	ELSIF dice < 0.48 THEN
		INSERT INTO his.fee (id, visit, item, qty, price, ordered_by, done_by, at, refund_of)
		SELECT top + 1, f.visit, f.item, -f.qty, f.price, f.ordered_by, f.done_by, f.at, CASE WHEN random() < 0.7 THEN a WHEN random() < 0.5 THEN -5 END
		FROM his.fee f WHERE f.id = a AND f.qty > 0;
	ELSIF dice < 0.62 THEN
		UPDATE his.fee f SET visit = r.visit, item = r.item, qty = r.qty, price = r.price, total = r.total, ordered_by = r.ordered_by, done_by = r.done_by, at = r.happened
		FROM model.row() r WHERE f.id IN (a, b);
	ELSIF dice < 0.70 THEN
		UPDATE his.fee SET qty = qty + 1 WHERE id % 17 = a % 17;
	ELSIF dice < 0.74 THEN
		UPDATE his.fee SET note = 'seen', visit = visit WHERE id % 5 = a % 5;
	ELSIF dice < 0.78 THEN
		UPDATE his.fee SET id = CASE id WHEN a THEN b ELSE a END WHERE id IN (a, b);
	ELSIF dice < 0.81 THEN
		UPDATE his.fee SET id = top + 1 WHERE id = a;
	ELSIF dice < 0.85 THEN
		MERGE INTO his.fee f USING (VALUES (a), (top + 1)) AS v (id) ON f.id = v.id
			WHEN MATCHED AND f.qty > 3 THEN DELETE
			WHEN MATCHED THEN UPDATE SET qty = 5
			WHEN NOT MATCHED THEN INSERT (id, visit, item, qty, done_by, at) VALUES (v.id, 'E1', 'I1', 2, 'T1', '2025-03-05 10:00+08');
	ELSIF dice < 0.95 THEN
		DELETE FROM his.fee WHERE id IN (a, CASE WHEN random() < 0.5 THEN b END);
	ELSIF dice < 0.97 THEN
		WITH gone AS (DELETE FROM his.fee WHERE id = a RETURNING *)
		INSERT INTO his.fee (id, visit, item, qty, price, total, ordered_by, done_by, at) SELECT g.id, g.visit, g.item, g.qty + 1, g.price, g.total, g.ordered_by, g.done_by, g.at FROM gone g;
	ELSE
		PERFORM hospital_cost.compact_totals();
	END IF;
END $$;
CREATE FUNCTION model.step(step int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM model.operate();
	IF random() < 0.15 THEN
		BEGIN
			PERFORM model.operate();
			PERFORM model.operate();
			RAISE EXCEPTION USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			NULL;
		END;
	END IF;
END $$;
