-- Our names on the left, the HIS's on the right. flag: accept every row and explain what is wrong with it; verify: post what was
-- billed and hold it against the list price of the day.
SELECT hospital_cost.attach_charges('his.fee_detail', '{
	"source_key": "fee_id", "encounter": "visit_no", "item": "item_code", "quantity": "qty", "unit_price": "price", "amount": "total",
	"ordering_department": "order_dept", "performing_department": "exec_dept", "ward_department": "ward",
	"charged_at": "fee_time", "reverses_key": "refund_of", "operator": "operator"}', 'flag', 'verify') \g /dev/null
