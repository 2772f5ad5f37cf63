-- The HIS writes its fee lines, one statement and one transaction a day; the triggers on his.fee_detail do the rest.
\set ON_ERROR_STOP on
SELECT format('INSERT INTO his.fee_detail (fee_id, visit_no, item_code, qty, price, total, order_dept, exec_dept, ward, fee_time, refund_of, operator)
	SELECT f.fee_id, f.visit_no, f.item_code, f.qty, f.price, round(f.qty * f.price, 2), f.order_dept, f.exec_dept, f.ward, f.fee_time, f.refund_of, f.operator
	FROM demo.fee f WHERE f.fee_time >= %L AND f.fee_time < %L ORDER BY f.fee_id', d.day, d.day + 1)
FROM demo.day d WHERE d.in_month ORDER BY d.day
\gexec
