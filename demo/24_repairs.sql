-- The rows that could not be posted wait in posting_issue; each is mended where the mistake was made.

-- A code with a slip of the pen, a quantity with two zeros too many, a line for an examination that never was.
UPDATE his.fee_detail SET item_code = 'C0401' WHERE item_code = 'C0401x';
UPDATE his.fee_detail f SET qty = 1, total = f.price
FROM demo.incident i WHERE i.fee_id = f.fee_id AND i.what = 'mistyped quantity';
DELETE FROM his.fee_detail f USING demo.incident i WHERE i.fee_id = f.fee_id AND i.what = 'charged in error';

-- The pricing office enters the new examination; the lines that waited for it are posted now.
INSERT INTO hospital_cost.charge_item (code, name, unit, category) VALUES ('C0336', '胶囊内镜检查', '次', '03');
INSERT INTO hospital_cost.price (item_code, valid, unit_price) VALUES ('C0336', '[2025-01-01,)', 680);
SELECT * FROM hospital_cost.post_pending('his.fee_detail') \g /dev/null
