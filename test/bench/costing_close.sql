-- Closing a month: everything between the books of the finance office and the printed forms.
CREATE SCHEMA work;
CREATE FUNCTION work.cpu() RETURNS int LANGUAGE sql
RETURN (SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') AS s);

CREATE FUNCTION work.ours(month date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	run int := hospital_cost.allocate(month, 'four_class_three_level');
BEGIN
	PERFORM hospital_cost.make_official(run), hospital_cost.cost_objects(run);
	RETURN (SELECT count(*) FROM hospital_cost.form_layout l CROSS JOIN LATERAL hospital_cost.form(l.code, month) f);
END $$;

-- A drug more on the orders of a ward, and the run costed again.
CREATE FUNCTION work.late(fresh boolean) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO his.fee_detail
	SELECT (SELECT max(m.fee_id) + 1 FROM his.fee_detail m), f.visit_no, f.item_code, f.qty, f.price, f.total, f.order_dept, f.exec_dept, f.ward, f.fee_time, NULL, f.operator
	FROM his.fee_detail f JOIN hospital_cost.charge_item i ON i.code = f.item_code AND i.kind = 'drug' WHERE f.order_dept = 'BQ01' AND f.refund_of IS NULL LIMIT 1;
	RETURN hospital_cost.cost_objects(1, 'ward_full', fresh);
END $$;
VACUUM ANALYZE;
