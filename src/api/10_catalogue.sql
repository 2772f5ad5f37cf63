-- 10 catalogue: the price a day and a class would post, and the cache behind it.

CREATE OR REPLACE FUNCTION hospital_cost.price_of(item text, day date, price_class text DEFAULT 'standard')
RETURNS numeric
AS 'MODULE_PATHNAME', 'hc_price_of'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE; -- the cache is filled with a latest snapshot, which parallel queries do not have

CREATE OR REPLACE FUNCTION hospital_cost._forget_masters() RETURNS trigger
AS 'MODULE_PATHNAME', 'hc_forget_masters'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- These write nothing; they tell every session's cache to read again. Safe during a restore.
CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.price
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();
CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.charge_item
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();
CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.department
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();
CREATE OR REPLACE TRIGGER forget_masters AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hospital_cost.hospital
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._forget_masters();

CREATE OR REPLACE FUNCTION hospital_cost._catalogue_setup() RETURNS TABLE (problem text, cure text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'there is no charge item', 'INSERT INTO hospital_cost.charge_item (code, name, category) VALUES (…)'
	WHERE NOT EXISTS (SELECT FROM hospital_cost.charge_item)
	UNION ALL
	SELECT format('%s charge items have no price at all', count(*)),
		'INSERT INTO hospital_cost.price (item_code, unit_price) VALUES (…)'
	FROM hospital_cost.charge_item i
	WHERE NOT EXISTS (SELECT FROM hospital_cost.price p WHERE p.item_code = i.code)
	HAVING count(*) > 0;
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('check_setup', '10', 'hospital_cost._catalogue_setup')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;

COMMENT ON TABLE hospital_cost.charge_item IS 'Charge item (收费项目): a service, drug or material that can be charged';
COMMENT ON COLUMN hospital_cost.charge_item.national_code IS 'National item code (国家医保项目编码)';
COMMENT ON COLUMN hospital_cost.charge_item.category IS 'National charge category (收费项目类别): 01 床位费 02 诊察费 03 检查费 04 化验费 05 治疗费 06 手术费 07 护理费 08 卫生材料费 09 西药费 10 中药饮片费 11 中成药费 12 一般诊疗费 13 挂号费 14 其他费';
COMMENT ON TABLE hospital_cost.price IS 'Price list (价格表): one unit price of an item for a price class and a range of days; ranges of one item and class never overlap (23P01)';
COMMENT ON COLUMN hospital_cost.price.unit_price IS 'Yuan a unit, six decimals';
COMMENT ON COLUMN hospital_cost.price.ceiling IS 'Highest price allowed by the authority (最高限价), yuan a unit; null: none';
COMMENT ON TABLE hospital_cost.reason_code IS 'Reason codes (原因代码) of refunds 退费, discounts 优惠, reversals 冲销 and reopenings 反结账: by purpose, with what the reason feeds. Charge tables attached with refund_reason "coded" accept no other reason of a refund (MC22A)';
COMMENT ON COLUMN hospital_cost.reason_code.feeds IS 'Whom the reason should teach, in the hospital''s words, such as purchasing (采购) or order change (医嘱变更)';
COMMENT ON COLUMN hospital_cost.reason_code.active IS 'Whether new rows may give it';
COMMENT ON FUNCTION hospital_cost.price_of(text, date, text) IS 'Unit price in yuan that posting would use for an item on a day; null if there is none. Item not known: MC101';
COMMENT ON FUNCTION hospital_cost._forget_masters() IS 'Trigger: tells the caches of all sessions that items, prices, departments or the hospital changed';
COMMENT ON FUNCTION hospital_cost._catalogue_setup() IS 'check_setup of the catalogue room';
